"""What the right result of a query looks like: its columns, its size, and two or three rows.

Learners see this before they write a query, and nothing else of the result ships. So it never
holds more than a third of the rows: a result of one row or two shows none, one of three one.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cmp_to_key
from itertools import groupby, islice
from typing import Any, Final

import duckdb

from ridealong.engine import sqltext
from ridealong.engine.result import key_name
from ridealong.engine.statement import bound, fetchable, prepared

MOST_ROWS: Final = 3
SHOWN_OF: Final = 3  # at most one row of so many
DIGITS: Final = 8  # of a float: the last ones depend on the order in which threads add

_WORDS: Final = {
    "BOOLEAN": "true or false",
    "DATE": "date",
    "DOUBLE": "decimal number",
    "FLOAT": "decimal number",
    "INTERVAL": "length of time",
    "TIME": "time of day",
    "TIMESTAMP": "timestamp",
    "UUID": "UUID",
    "VARCHAR": "text",
}
_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_DECIMAL = re.compile(r"DECIMAL\(\d+,(?P<scale>\d+)\)")

Row = tuple[Any, ...]


def sample(
    con: duckdb.DuckDBPyConnection,
    text: str,
    order: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what shows a learner the right result of a query, ready for `json`.

    The rows are the first in the asked order, one with NULL if there is one, and the last. Rows
    that tie in that order are taken in the order of their values, so that every run shows the
    same.

    Args:
        con: where the query runs.
        text: one SELECT.
        order: the order keys of the task, such as `"rides DESC"`; none when it asks for no order.
        parameters: values for `$name` in the query.

    Returns:
        `columns`, each with its name and its type in words; `row_count`; `rows`, each as long as
        the columns; for an ordered result `places`, the number of each of these rows from 1; for
        a query with parameters their `parameters`.
    """
    statement = prepared(text, con)
    values = bound(statement, parameters or {})
    con.execute(statement, values)
    description = con.description or []
    columns = [[str(name), in_words(str(kind))] for name, kind, *_ in description]
    if castable := fetchable(description, sqltext.body(text)):
        con.execute(castable, values)
    rows = _steady(con.fetchall(), _key_places(order, columns))
    chosen = _chosen(rows)
    return {
        "columns": columns,
        "row_count": len(rows),
        "rows": [[_plain(cell) for cell in rows[place]] for place in chosen],
        **({"places": [place + 1 for place in chosen]} if order else {}),
        **({"parameters": dict(parameters)} if parameters else {}),
    }


def in_words(kind: str) -> str:
    """Return a type of DuckDB in a learner's words."""
    if kind.endswith("[]"):
        return f"list of {in_words(kind[:-2])}"
    if found := _DECIMAL.fullmatch(kind):
        return "decimal number" if int(found["scale"]) else "whole number"
    if _WHOLE.fullmatch(kind):
        return "whole number"
    if kind.startswith("TIMESTAMP"):
        return "timestamp"
    if kind.startswith("ENUM("):
        return "text"
    return _WORDS.get(kind, kind.lower())


def _key_places(order: Sequence[str], columns: Sequence[Sequence[str]]) -> list[int]:
    names = [name.lower() for name, _ in columns]
    return [names.index(key) for key in map(key_name, order) if key in names]


def _steady(rows: Iterable[Row], keys: Sequence[int]) -> list[Row]:
    """Return rows in their order, those that tie on all keys by their values."""

    def tie(row: Row) -> Row:
        return tuple(row[key] for key in keys)

    return [row for _, tied in groupby(rows, tie) for row in sorted(tied, key=_BY_VALUES)]


def _compare(left: Row, right: Row) -> int:
    """Compare two rows cell by cell, NULL last; what has no order of its own by its text."""
    for one, other in zip(left, right, strict=True):
        if one == other:
            continue
        if one is None or other is None:
            return 1 if one is None else -1
        try:
            return -1 if one < other else 1
        except TypeError:
            return -1 if str(one) < str(other) else 1
    return 0


_BY_VALUES: Final = cmp_to_key(_compare)


def _chosen(rows: Sequence[Row]) -> list[int]:
    """Return the places of the rows to show, in their order."""
    most = min(MOST_ROWS, len(rows) // SHOWN_OF)
    chosen: list[int] = []
    for place in _wanted(rows):
        if len(chosen) < most and place not in chosen:
            chosen.append(place)
    return sorted(chosen)


def _wanted(rows: Sequence[Row]) -> Iterator[int]:
    """Yield the places of rows that help to understand, the most helpful one first."""
    yield 0
    yield from islice((place for place, row in enumerate(rows) if _has_null(row)), 1)
    yield len(rows) - 1
    yield 1


def _has_null(row: Row) -> bool:
    return any(cell is None for cell in row)


def _plain(cell: Any) -> Any:
    """Return a cell as JSON holds it: times and exact decimals as the text that is shown."""
    if isinstance(cell, float) and math.isfinite(cell):
        return float(f"{cell:.{DIGITS}g}")
    return cell if cell is None or isinstance(cell, str | bool | int) else str(cell)
