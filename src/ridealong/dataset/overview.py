"""What a learner asks first: which tables are there, and what is in them."""

from collections.abc import Callable

import pandas as pd

from ridealong.dataset.connection import current_connection
from ridealong.dataset.dictionary import dictionary, table
from ridealong.dataset.structure import column_types


class Overview(pd.DataFrame):
    """A data frame that shows itself whole, with no empty cell in its header."""

    @property
    def _constructor(self) -> type["Overview"]:
        return Overview

    def _repr_html_(self) -> str:
        # pandas gives the index name a header row of its own, whose other cells are empty: a
        # screen reader stops at each. As the name of the columns it stands in the first row.
        frame = pd.DataFrame(self).rename_axis(index=None, columns=self.index.name)
        return _whole(frame.to_html, notebook=True)

    def __repr__(self) -> str:
        frame = pd.DataFrame(self).rename_axis(index=None, columns=self.index.name)
        return _whole(frame.to_string)


def tables() -> Overview:
    """Return the tables of the company's data, with the number of rows and what one stands for.

    The index holds the names that a query uses. The rows are counted on the connection that
    `connect` gave last.
    """
    listed = [
        {
            "table": name,
            "family": entry.family,
            "rows": _row_count(name),
            "one row is": entry.row,
        }
        for name, entry in dictionary().items()
    ]
    return Overview(listed).set_index("table")


def describe(name: str) -> Overview:
    """Return the columns of a table: type, meaning, unit, and what an empty cell says.

    Args:
        name: a table as a query names it: `rides`, `basic.rides`, `staging.users_crm`.

    Raises:
        DatasetArgumentError: there is no such table; the message gives the nearest real name.

    Example:
        >>> describe("zones").loc["kind", "meaning"]
        'What the zone is used for'
    """
    entry = table(name)
    listed = [
        {
            "column": column.name,
            "type": column_types()[entry.name, column.name],
            "meaning": column.meaning,
            "unit": column.unit,
            "NULL means": column.null or "never NULL",
        }
        for column in entry.columns
    ]
    return Overview(listed).set_index("column")


def _row_count(name: str) -> int:
    full_name = name if "." in name else f"main.{name}"
    counted = (
        current_connection().cursor().execute(f"SELECT count(*) FROM ridealong.{full_name}")
    ).fetchone()
    assert counted is not None  # noqa: S101  count(*) always gives one row
    return int(counted[0])


def _whole(render: Callable[..., str], **options: object) -> str:
    with pd.option_context("display.max_colwidth", None):
        return render(**options)
