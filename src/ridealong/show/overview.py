"""What a learner asks first: which tables are there, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ridealong.dataset.connection import current_connection
from ridealong.dataset.dictionary import dictionary, table
from ridealong.dataset.structure import column_types

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ridealong.show.frame import Overview


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
    return _overview(listed, "table")


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
    return _overview(listed, "column")


def _overview(listed: Sequence[Mapping[str, object]], index: str) -> Overview:
    from ridealong.show.frame import Overview

    return Overview(listed).set_index(index)


def _row_count(name: str) -> int:
    full_name = name if "." in name else f"main.{name}"
    counted = (
        current_connection().cursor().execute(f"SELECT count(*) FROM ridealong.{full_name}")
    ).fetchone()
    assert counted is not None
    return int(counted[0])
