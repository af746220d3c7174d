"""Run a query that somebody else wrote on a locked connection.

One SELECT, on data attached read-only, inside a transaction that is always rolled back; without
files, network, extensions, settings, Python variables or spilling to disk; with a limit on memory
and time.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import duckdb

from ridealong.engine.errors import shorten
from ridealong.engine.fingerprint import Fingerprint
from ridealong.engine.result import of_statement
from ridealong.engine.statement import QueryFailed, QueryStopped, bound, prepared, within_limit
from ridealong.engine.tables import Table, put

# A time of day of its own: "30 days before" and "midnight, 30 days before" are not the same then.
SHIFT: Final = "INTERVAL '45 days 7 hours 30 minutes'"
SHIFT_IN_WORDS: Final = "45 days and 7:30 hours"
LIMIT_SECONDS: Final = 5.0
MEMORY_LIMIT: Final = "1GB"
MOST_THREADS: Final = 4  # of each data set; more would only take address space

_OF_EACH_CONNECTION = {
    "TimeZone": "'UTC'",
    "enable_progress_bar": "false",
    "python_enable_replacements": "false",
}
_OF_THE_INSTANCE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "''",
    "enable_external_access": "false",
    "lock_configuration": "true",  # the last one: nothing can be set after it
}


class Engine:
    """Connections to the data sets, opened when first asked for and kept warm."""

    def __init__(self, limit_seconds: float = LIMIT_SECONDS, memory: str = MEMORY_LIMIT) -> None:
        self.limit_seconds = limit_seconds
        self.memory = memory
        self._connections: dict[tuple[Path | None, bool], duckdb.DuckDBPyConnection] = {}

    def close(self) -> None:
        """Close all connections; the next query opens new ones."""
        for con in self._connections.values():
            con.close()
        self._connections.clear()

    def run(
        self,
        text: object,
        path: Path | None,
        *,
        shifted: bool = False,
        parameters: Mapping[str, Any] | None = None,
        order: Sequence[str] = (),
        like: Fingerprint | None = None,
        cases: str = "",
        tables: Mapping[str, Table] | None = None,
    ) -> Fingerprint:
        """Return the fingerprint of a query's result.

        Args:
            text: the query.
            path: the database file; None for the data set of twelve rides.
            shifted: whether as_of() and now() lie `SHIFT` earlier.
            parameters: values for `$name` in the query.
            order: the keys that the task orders by, such as `"rides DESC"`.
            like: the result it will be compared to: columns are taken in its order and kinds.
            cases: statements of the course that add rows for this one query; they are undone.
            tables: what this one query finds beside the data set, by name.

        Raises:
            QueryFailed: when DuckDB reports an error, in one line.
            QueryRefused: when the text is not one SELECT.
            QueryStopped: when it runs past the limit of time or memory.
        """
        con = self.open(path, shifted)
        for name, table in (tables or {}).items():
            put(con, name, table)
        try:
            return self._run(text, path, shifted, parameters or {}, order, like, cases)
        finally:
            with suppress(duckdb.Error):  # a connection that broke is closed, and its tables gone
                for name in tables or ():
                    con.execute(f"DROP TABLE IF EXISTS temp.{name}")

    def _run(
        self,
        text: object,
        path: Path | None,
        shifted: bool,
        parameters: Mapping[str, Any],
        order: Sequence[str],
        like: Fingerprint | None,
        cases: str,
    ) -> Fingerprint:
        con = self.open(path, shifted)
        statement = prepared(text, con)
        assert isinstance(text, str)
        values = bound(statement, parameters)

        def work() -> Fingerprint:
            return of_statement(con, statement, text, values, order, like)

        try:
            con.execute("BEGIN TRANSACTION")
            try:
                if cases:
                    con.execute(cases)
                return within_limit(con, self.limit_seconds, work)
            finally:
                try:
                    con.execute("ROLLBACK")
                except duckdb.Error:
                    self.close()
        except duckdb.Error as error:
            if isinstance(error, duckdb.InternalException | duckdb.FatalException):
                self.close()  # DuckDB refuses everything on an instance that broke once
                con = self.open(path, shifted)
            if isinstance(error, duckdb.OutOfMemoryException):
                raise QueryStopped(
                    f"the query needs more than {self.memory} of memory and was stopped: "
                    "look for a JOIN without its condition, or aggregate before you join"
                ) from None
            raise QueryFailed(shorten(error, text, con, parameters)) from None
        except (MemoryError, RecursionError, UnicodeError, OverflowError, ValueError) as error:
            raise QueryFailed(
                f"the result cannot be read: {type(error).__name__}: {error}".splitlines()[0]
            ) from None

    def open(self, path: Path | None, shifted: bool = False) -> duckdb.DuckDBPyConnection:
        """Return the connection to a data set; None is the one of twelve rides."""
        if (path, shifted) not in self._connections:
            con = self._attached(path)
            back = con.cursor()
            back.execute("USE ridealong")
            (now,) = back.execute("SELECT as_of()").fetchall()[0]
            earlier = f"TIMESTAMP '{now}' - {SHIFT}"
            for name in ("as_of", "now"):
                back.execute(f"CREATE TEMP MACRO {name}() AS {earlier}")
            for each in (con, back):
                for setting, value in _OF_EACH_CONNECTION.items():
                    each.execute(f"SET {setting} = {value}")
            con.execute(f"SET memory_limit = '{self.memory}'")
            con.execute(f"SET threads = {min(MOST_THREADS, os.cpu_count() or 1)}")
            if path is None:
                # Groups of small numbers come out sorted by chance of the method: not here, where
                # an order that was not asked for shall show.
                con.execute("SET perfect_ht_threshold = 0")
            for setting, value in _OF_THE_INSTANCE.items():
                con.execute(f"SET {setting} = {value}")
            self._connections |= {(path, False): con, (path, True): back}
        return self._connections[path, shifted]

    def _attached(self, path: Path | None) -> duckdb.DuckDBPyConnection:
        from ridealong.dataset.connection import attach, edge_connection

        if path is None:
            return edge_connection()
        con = duckdb.connect()
        attach(con, path)
        return con
