"""The data frame that `tables` and `describe` give; apart, for pandas takes a second to load."""

from collections.abc import Callable

import pandas as pd


class Overview(pd.DataFrame):
    """A data frame that shows itself whole, with no empty cell in its header."""

    @property
    def _constructor(self) -> type["Overview"]:
        return Overview

    def _repr_html_(self) -> str:
        # pandas gives the index name a header row of its own, whose other cells are empty: a
        # screen reader stops at each. As the name of the columns it stands in the first row.
        return _whole(self._named().to_html, notebook=True)

    def __repr__(self) -> str:
        return _whole(self._named().to_string)

    def _named(self) -> pd.DataFrame:
        frame = pd.DataFrame(self)
        frame.columns.name, frame.index.name = self.index.name, None
        return frame


def _whole(render: Callable[..., str], **options: object) -> str:
    with pd.option_context("display.max_colwidth", None):
        return render(**options)
