"""The data frame that `tables` and `describe` give; apart, for pandas takes a second to load."""

import pandas as pd

from ridealong.show.table import Cell, html_table, text_table


class Overview(pd.DataFrame):
    """A data frame that shows itself whole, with no empty cell in its header."""

    @property
    def _constructor(self) -> type["Overview"]:
        return Overview

    def _repr_html_(self) -> str:
        # pandas gives the index name a header row of its own, whose other cells are empty: a
        # screen reader stops at each. As the heading of its column it stands in the first row.
        headings, rows = self._texts()
        return html_table(
            headings, [(Cell(first, heads=True, is_bold=True), *rest) for first, *rest in rows]
        )

    def __repr__(self) -> str:
        headings, rows = self._texts()
        return text_table(headings, rows, right=range(1, len(headings)), rule=False)

    def _texts(self) -> tuple[list[str], list[list[str]]]:
        headings = [str(self.index.name or ""), *(str(name) for name in self.columns)]
        return headings, [[str(value) for value in row] for row in self.itertuples()]
