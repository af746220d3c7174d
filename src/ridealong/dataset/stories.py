"""The planted stories: what is true about each of them, and the wrong answers people come to.

A story is one file in `sql/truth/`. It is run on the freshly built database, in the connection that
still knows the story's parameters. It makes two one-row tables, `truth` and `naive`, and ends with a
query that lists the promises the data do not keep. A story that misses is an error, never a
surprise in a lesson.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

_FOLDER = Path(__file__).with_name("sql") / "truth"

SMALLEST_SCALE = 1
"""Below this size a story that does not fit is marked absent; from it on, all must be there."""

AT_EVERY_SCALE = ("S3", "S6", "S11", "S12", "S13")
"""The stories that do not need many riders: they are there at every size."""

TITLES = {
    "S1": "Concert evening with a price that does not move",
    "S2": "Riders charged twice while a provider times out",
    "S3": "A release that is slow for riders with many rides",
    "S4": "Onboarding loses people on one platform",
    "S5": "Two referral cohorts that stay",
    "S6": "A fraud ring",
    "S7": "Airport pickups lose stars; stale copies of ratings",
    "S8": "App events that arrive late",
    "S9": "Days of 25 and 23 hours",
    "S10": "Unknown values",
    "S11": "A settlement file with faults",
    "S12": "The same person twice",
    "S13": "Receipts pile up",
    "S14": "Availability that is ten minutes old",
    "S15": "Two experiments, one of them invalid",
}


class StoryMissing(RuntimeError):
    """The built data do not keep a story's promises."""


def tell(con: duckdb.DuckDBPyConnection, *, scale: float) -> dict[str, Any]:
    """Return the truth of every story, ready for JSON.

    Args:
        con: The connection that built the database, with the story parameters still set.
        scale: Size of the database.

    Returns:
        For each code ("S1" to "S15") its title, whether it is present, the truth and the naive
        answers. An absent story has its reasons instead.

    Raises:
        StoryMissing: A story's promise does not hold, at scale 1 or more or for a story that is
            there at every scale.
    """
    stories: dict[str, Any] = {}
    for path in sorted(_FOLDER.glob("s*.sql")):
        code = f"S{int(path.name[1:3])}"
        truth, naive, broken = _run(con, path)
        if broken and (scale >= SMALLEST_SCALE or code in AT_EVERY_SCALE):
            raise StoryMissing(
                f"story {code} ({TITLES[code]}) is not in the data: not true that "
                f"{'; nor that '.join(broken)}. What was found: {truth}, {naive}. "
                f"Change the story in sql/ or its promise in sql/truth/{path.name}"
            )
        if broken:
            stories[code] = {"title": TITLES[code], "present": False, "reasons": broken}
        else:
            stories[code] = {
                "title": TITLES[code],
                "present": True,
                "truth": truth,
                "naive_answers": naive,
            }
    return stories


def _run(
    con: duckdb.DuckDBPyConnection, path: Path
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Run one story file; return truth, naive answers and broken promises."""
    before = _temporary_tables(con)
    *preparation, promises = con.extract_statements(path.read_text(encoding="utf-8"))
    for statement in preparation:
        con.execute(statement)
    broken = [str(row[0]) for row in con.execute(promises).fetchall()]
    truth, naive = _one_row(con, "truth"), _one_row(con, "naive")
    for name in _temporary_tables(con) - before:
        con.execute(f'DROP TABLE temp."{name}"')
    return truth, naive, broken


def _temporary_tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    rows = con.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
    return {str(name) for (name,) in rows}


def _one_row(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, Any]:
    result = con.execute(f"FROM temp.{table}")
    names = [column[0] for column in result.description or ()]
    (row,) = result.fetchall()
    return {name: _plain(value) for name, value in zip(names, row, strict=True)}


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
