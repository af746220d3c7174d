"""Connections to the company's data: the learner's, and the twelve rides that test an answer."""

from functools import cache
from pathlib import Path
from typing import SupportsFloat, SupportsIndex

import duckdb

from ridealong import course
from ridealong.dataset.progress import in_kernel
from ridealong.dataset.storage import DatasetError, ensure_database, quoted

_current: duckdb.DuckDBPyConnection | None = None

NOTEBOOKS_NOTICE = (
    "You are in `notebooks/`, which every release of the course rewrites: what you save here "
    "will be lost. Work in `work/` instead; `ridealong study` makes it and opens it."
)


def connect(scale: SupportsFloat = 1, seed: SupportsIndex = 42) -> duckdb.DuckDBPyConnection:
    """Return a connection to the company's data, building the database on first use.

    The data is read-only, so any number of notebooks can use it at once. `CREATE TEMP TABLE`
    and `CREATE TEMP VIEW` work and last as long as the connection.

    Args:
        scale: size of the company; 1 is 10,000 users and roughly 100,000 rides.
        seed: which company; 42 is the one of the lessons.

    Raises:
        DatasetArgumentError: scale or seed is out of range or no number.
        DatasetError: the database can be neither found nor built.

    Example:
        >>> con = connect()
        >>> con.sql("SELECT as_of() AS now").fetchone()
        (datetime.datetime(2026, 3, 30, 0, 0),)
    """
    global _current
    path = ensure_database(scale, seed)
    con = duckdb.connect()
    attach(con, path)
    _current = con
    _warn_in_notebooks()
    return con


def current_connection() -> duckdb.DuckDBPyConnection:
    """Return the connection that `connect` gave last, or a new one when there is none open."""
    if _current is not None:
        try:
            _current.cursor().close()
        except duckdb.ConnectionException:
            pass
        else:
            return _current
    return connect()


def attach(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a database file read-only as `ridealong` and make it the one that names refer to.

    Raises:
        DatasetError: DuckDB cannot read the file.
    """
    _configure(con)
    try:
        con.execute(f"ATTACH {quoted(path)} AS ridealong (READ_ONLY)")
    except duckdb.Error as error:
        raise DatasetError(
            f"The course data {path} cannot be read ({str(error).splitlines()[0]}). "
            "Run connect() again: it builds a damaged file anew."
        ) from error
    con.execute("USE ridealong")


def edge_connection() -> duckdb.DuckDBPyConnection:
    """Return a new connection to the hand-written data set of twelve rides.

    Its schemas, types, constraints and macros are those of the real one; its rows hold the ties,
    NULLs, empty groups and boundaries that a query can get wrong (`edge.sql` says which row is
    which). It lies in memory, and every call gives a fresh copy.
    """
    con = duckdb.connect()
    _configure(con)
    con.execute("ATTACH ':memory:' AS ridealong")
    con.execute("USE ridealong")
    con.execute(_edge_script())
    return con


@cache
def _edge_script() -> str:
    folder = Path(__file__).parent
    scripts = ("sql/01_schema.sql", "sql/02_clock.sql", "edge.sql")
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in scripts)


def _configure(con: duckdb.DuckDBPyConnection) -> None:
    # The same answers on every machine, and no download or bar that would end up in an output.
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET autoinstall_known_extensions = false")
    con.execute("SET enable_progress_bar = false")
    # DuckDB 2.0.0: with it a join can end in "InternalException: dict-surviving cache".
    con.execute("SET enable_caching_operators = false")


def _warn_in_notebooks() -> None:
    root = course.root()
    if root is None or not Path.cwd().resolve().is_relative_to(root / "notebooks"):
        return
    if in_kernel():
        from IPython.display import display

        notice = {"text/markdown": f"**{NOTEBOOKS_NOTICE}**", "text/plain": NOTEBOOKS_NOTICE}
        display(notice, raw=True)  # type: ignore[no-untyped-call]
    else:
        print(NOTEBOOKS_NOTICE)
