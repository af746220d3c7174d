"""Run a query that somebody else wrote, on one of four data sets, and fingerprint its result.

The query meets a locked connection: one SELECT, on data attached read-only, inside a transaction
that is always rolled back; without files, network, extensions, settings, Python variables or
spilling to disk; with a limit on memory and time.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb

from ridealong.checks import large, sqltext
from ridealong.checks.errors import shorten
from ridealong.checks.fingerprint import (
    FEW_ROWS,
    HASH_DIGITS,
    Column,
    Fingerprint,
    Floats,
    Row,
    of_error,
    of_rows,
    same_rows,
)

VARIANTS: Final = ("public", "hidden", "edge", "shifted")
HIDDEN_SEED: Final = 7919
HIDDEN_SCALE: Final = 1.0
SHIFT_DAYS: Final = 45
LIMIT_SECONDS: Final = 5.0
MEMORY_LIMIT: Final = "1GB"
MOST_COLUMNS: Final = 200

_NOT_A_QUERY = {"DESCRIBE", "DESC", "SHOW", "SUMMARIZE"}
_EXACT = re.compile(
    r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,(?P<scale>\d+)\)|BIGNUM|VARINT"
)
_FETCHED = {"VARCHAR", "BOOLEAN", "DOUBLE", "FLOAT", "DATE", "TIMESTAMP"}


class QueryFailed(Exception):
    """A query that gives no result; the text is one line for the learner."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback.
        return [str(self)]


class QueryRefused(QueryFailed):
    """A text that is not one SELECT, or too large to be read."""


class QueryStopped(QueryFailed):
    """A query that ran past the limit."""


def prepared(text: object, con: duckdb.DuckDBPyConnection) -> duckdb.Statement:
    """Return the one SELECT statement that a text holds.

    Raises:
        QueryRefused: when it holds anything else.
        QueryFailed: when it has a syntax error.
    """
    if not isinstance(text, str):
        raise QueryRefused(f"the answer is a {type(text).__name__}, wanted the text of a query")
    if problem := sqltext.refusal(text):
        raise QueryRefused(problem)
    try:
        statements = con.extract_statements(text)
    except Exception as error:  # noqa: BLE001 - the parser raises more than its own errors
        raise QueryFailed(shorten(error, text, con)) from None
    if not statements:
        raise QueryRefused("no answer yet: the cell holds no query")
    if len(statements) > 1:
        raise QueryRefused(
            f"the answer holds {len(statements)} statements, wanted one SELECT: "
            "delete all but the last, or join them with WITH"
        )
    kind = statements[0].type.name
    word = sqltext.first_word(text)
    if kind == "MULTI":
        raise QueryRefused(
            "a PIVOT that takes its columns from the data has other columns on other data: "
            "list them, as in PIVOT ... ON status IN ('completed', 'cancelled')"
        )
    if kind != "SELECT" or word in _NOT_A_QUERY:
        raise QueryRefused(
            f"the answer is a {word or kind} statement, wanted one SELECT: "
            "an answer reads the data and changes nothing"
        )
    return statements[0]


class Engine:
    """Connections to the data sets, opened when first asked for and kept warm."""

    def __init__(self, limit_seconds: float = LIMIT_SECONDS, memory: str = MEMORY_LIMIT) -> None:
        self.limit_seconds = limit_seconds
        self.memory = memory
        self._instances: dict[Path | None, duckdb.DuckDBPyConnection] = {}
        self._connections: dict[tuple[Path | None, bool], duckdb.DuckDBPyConnection] = {}

    def close(self) -> None:
        """Close all connections; the next query opens new ones."""
        for con in [*self._connections.values(), *self._instances.values()]:
            con.close()
        self._connections.clear()
        self._instances.clear()

    def run(
        self,
        text: object,
        path: Path | None,
        *,
        shifted: bool = False,
        parameters: Mapping[str, Any] | None = None,
        order: Sequence[str] = (),
        like: Fingerprint | None = None,
    ) -> Fingerprint:
        """Return the fingerprint of a query's result.

        Args:
            text: the query.
            path: the database file; None for the data set of twelve rides.
            shifted: whether as_of() and now() lie `SHIFT_DAYS` earlier.
            parameters: values for `$name` in the query.
            order: the keys that the task orders by, such as `"rides DESC"`.
            like: the result it will be compared to: columns are taken in its order and kinds.

        Raises:
            QueryFailed: when DuckDB reports an error, in one line.
            QueryRefused: when the text is not one SELECT.
            QueryStopped: when it runs past the limit of time or memory.
        """
        con = self.open(path, shifted)
        statement = prepared(text, con)
        assert isinstance(text, str)
        values = _bound(statement, parameters or {})
        try:
            with self._guarded(con):
                return _fingerprint(con, statement, text, values, order, like)
        except duckdb.Error as error:
            if isinstance(error, duckdb.InternalException | duckdb.FatalException):
                self.close()  # DuckDB refuses everything on an instance that broke once
                con = self.open(path, shifted)
            if isinstance(error, duckdb.OutOfMemoryException):
                raise QueryStopped(
                    f"the query needs more than {self.memory} of memory and was stopped: "
                    "look for a JOIN without its condition, or aggregate before you join"
                ) from None
            raise QueryFailed(shorten(error, text, con)) from None
        except (MemoryError, RecursionError, UnicodeError, OverflowError, ValueError) as error:
            raise QueryFailed(
                f"the result cannot be read: {type(error).__name__}: {error}".splitlines()[0]
            ) from None

    @contextmanager
    def _guarded(self, con: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Run inside a transaction that is rolled back, and interrupt it at the limit."""
        con.execute("BEGIN TRANSACTION")
        try:
            with time_limit(con, self.limit_seconds):
                yield
        finally:
            try:
                con.execute("ROLLBACK")
            except duckdb.Error:
                self.close()

    def open(self, path: Path | None, shifted: bool = False) -> duckdb.DuckDBPyConnection:
        """Return the connection to a data set; None is the one of twelve rides."""
        if (path, shifted) not in self._connections:
            if path not in self._instances:
                self._instances[path] = self._opened(path)
            con = self._instances[path].cursor()
            con.execute("USE ridealong")
            if shifted:
                (now,) = con.execute("SELECT as_of()").fetchall()[0]
                for name in ("as_of", "now"):
                    con.execute(
                        f"CREATE TEMP MACRO {name}() AS "
                        f"TIMESTAMP '{now}' - INTERVAL {SHIFT_DAYS} DAY"
                    )
            self._connections[path, shifted] = con
        return self._connections[path, shifted]

    def _opened(self, path: Path | None) -> duckdb.DuckDBPyConnection:
        from ridealong.dataset.connection import attach, edge_connection

        if path is None:
            con = edge_connection()
        else:
            con = duckdb.connect()
            attach(con, path)
        for setting, value in _SETTINGS.items():
            con.execute(f"SET {setting} = {value}")
        con.execute(f"SET memory_limit = '{self.memory}'")
        con.execute("SET lock_configuration = true")
        return con


_SETTINGS = {
    "TimeZone": "'UTC'",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_progress_bar": "false",
    "python_enable_replacements": "false",
    "temp_directory": "''",
    "enable_external_access": "false",
}


def database(
    variant: str, hidden_seed: int = HIDDEN_SEED, hidden_scale: float = HIDDEN_SCALE
) -> Path | None:
    """Return the database file of a data set, built where needed; None for the edge set.

    Raises:
        ValueError: when there is no such data set.
        DatasetError: when it can be neither found nor built.
    """
    if variant not in VARIANTS:
        raise ValueError(f"no data set {variant!r}, there are: {', '.join(VARIANTS)}")
    if variant == "edge":
        return None
    scale, seed = (1.0, 42) if variant == "public" else (hidden_scale, hidden_seed)
    if (scale, seed) not in _databases or not _databases[scale, seed].is_file():
        from ridealong.dataset.storage import ensure_database

        _databases[scale, seed] = ensure_database(scale, seed)
    return _databases[scale, seed]


_databases: dict[tuple[float, int], Path] = {}


def parameter_sets(
    variant: str, parameters: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Return the parameter sets used on a data set: the first on the public one, else all."""
    if not parameters:
        return [{}]
    return parameters[:1] if variant == "public" else parameters


def fingerprint(
    sql: str,
    variant: str,
    parameters: Mapping[str, Any] | None = None,
    order: Sequence[str] = (),
    *,
    like: Fingerprint | None = None,
    hidden_seed: int = HIDDEN_SEED,
    hidden_scale: float = HIDDEN_SCALE,
) -> Fingerprint:
    """Return the fingerprint of a query on one data set, run in this process.

    An error of DuckDB is a result too. Known mistakes are taken `like` the expected result, as
    answers are, so that their digests can be compared.

    Raises:
        QueryRefused: when the text is not one SELECT.
        QueryStopped: when it runs past the limit of time or memory.
    """
    path = database(variant, hidden_seed, hidden_scale)
    try:
        return _engine().run(
            sql, path, shifted=variant == "shifted", parameters=parameters, order=order, like=like
        )
    except (QueryRefused, QueryStopped):
        raise
    except QueryFailed as error:
        return of_error(str(error))


def fingerprints(
    sql: str,
    parameters: Sequence[Mapping[str, Any]] = (),
    order: Sequence[str] = (),
    *,
    like: Mapping[str, Sequence[Fingerprint]] | None = None,
    hidden_seed: int = HIDDEN_SEED,
    hidden_scale: float = HIDDEN_SCALE,
) -> dict[str, list[Fingerprint]]:
    """Return the fingerprints on all four data sets, one per parameter set used there.

    Args:
        sql: the query.
        parameters: the exercise's parameter sets, if it has any.
        order: the exercise's order keys, if it asks for an order.
        like: the expected results in the same form, for a known mistake or an alternative.
        hidden_seed: seed of the hidden data.
        hidden_scale: its scale.

    Raises:
        QueryRefused: when the text is not one SELECT.
        QueryStopped: when it runs past the limit of time or memory.
    """
    return {
        variant: [
            fingerprint(
                sql,
                variant,
                values,
                order,
                like=like[variant][n] if like else None,
                hidden_seed=hidden_seed,
                hidden_scale=hidden_scale,
            )
            for n, values in enumerate(parameter_sets(variant, parameters))
        ]
        for variant in VARIANTS
    }


@cache
def _engine() -> Engine:
    return Engine()


@contextmanager
def time_limit(con: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt what runs on a connection when the block takes longer than a limit.

    Raises:
        QueryStopped: at the limit, or when the learner interrupts.
    """
    expired = threading.Event()

    def stop() -> None:
        expired.set()
        con.interrupt()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        raise QueryStopped("you stopped the query") from None
    except (duckdb.InterruptException, RuntimeError) as error:
        if expired.is_set():
            raise QueryStopped(stopped_text(seconds)) from None
        if "interrupt" in str(error).lower():
            raise QueryStopped("you stopped the query") from None
        raise
    finally:
        timer.cancel()
        timer.join()


def fetchable(description: Any, query: str, instants: str = "VARCHAR") -> str:
    """Return the query in a form whose cells Python can fetch; empty when it is one already.

    Time zones need a further package, and some types have no form in Python.

    Args:
        description: of the query, after it was executed.
        query: without a semicolon at its end.
        instants: the type that special kinds of TIMESTAMP are cast to.
    """
    kinds = [str(kind) for _, kind, *_ in description or ()]
    if all(kind in _FETCHED or _EXACT.fullmatch(kind) for kind in kinds):
        return ""
    names = [f"c{i}" for i in range(len(kinds))]
    casts = [
        name
        if kind in _FETCHED or _EXACT.fullmatch(kind)
        else f"{name}::{instants if kind.startswith('TIMESTAMP') else 'VARCHAR'} AS {name}"
        for name, kind in zip(names, kinds, strict=True)
    ]
    given = ", ".join(names)
    return f"WITH given({given}) AS (FROM (\n{query}\n)) SELECT {', '.join(casts)} FROM given"


def stopped_text(seconds: float) -> str:
    """Return what a learner reads about a query that was stopped."""
    return (
        f"the query ran longer than {seconds:g} s and was stopped: look for a JOIN without "
        "its condition, or a recursion without an end; try it on fewer rows first"
    )


def _bound(statement: duckdb.Statement, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the values for the parameters that a statement names."""
    names = statement.named_parameters
    unknown = sorted(names - parameters.keys())
    if unknown:
        given = ", ".join(f"${each}" for each in parameters) or "no parameter"
        asked = ", ".join("?" if each.isdigit() else f"${each}" for each in unknown)
        raise QueryFailed(f"the query asks for {asked}, this exercise gives {given}")
    return {name: parameters[name] for name in names} or None


def _fingerprint(
    con: duckdb.DuckDBPyConnection,
    statement: duckdb.Statement,
    text: str,
    values: dict[str, Any] | None,
    order: Sequence[str],
    like: Fingerprint | None,
) -> Fingerprint:
    con.execute(statement, values)
    types = [(str(name), str(kind)) for name, kind, *_ in con.description or []]
    if len(types) > MOST_COLUMNS:
        raise QueryRefused(f"the result has {len(types)} columns, {MOST_COLUMNS} is the most")
    seen = [_column(name, kind) for name, kind in types]
    query = sqltext.body(text)
    if castable := fetchable(con.description, query, "TIMESTAMP"):
        con.execute(castable, values)
    rows = con.fetchmany(FEW_ROWS + 1)

    def fingerprint(places: Sequence[int], wanted: Sequence[Column]) -> Fingerprint:
        columns = [_taken(seen[place], want) for place, want in zip(places, wanted, strict=True)]
        names = [column.name.lower() for column in wanted]
        keys = _key_places(order, names)
        if len(rows) <= FEW_ROWS:
            taken = [tuple(row[place] for place in places) for row in rows]
            return of_rows(taken, columns, keys, names)
        return large.of_query(
            query,
            columns,
            [seen[place] for place in places],
            places,
            keys,
            names,
            lambda statement: con.execute(statement, values).fetchall(),
        )

    if like is None or like.error:
        return fingerprint(range(len(seen)), seen)
    given = [column.name.lower() for column in seen]
    if sorted(given) == sorted(like.names) and len(set(given)) == len(given):
        result = fingerprint([given.index(name) for name in like.names], like.columns)
        if len(rows) > FEW_ROWS or same_rows(result, like):
            return result
        taken = [tuple(row[given.index(name)] for name in like.names) for row in rows]
        return replace(result, examples=_surplus(taken, result, like))
    renamed = _renamed_places(given, like.names)
    return replace(
        fingerprint(range(len(seen)), seen),
        fits_renamed=bool(renamed) and same_rows(fingerprint(renamed, like.columns), like),
    )


def _column(name: str, kind: str) -> Column:
    if found := _EXACT.fullmatch(kind):
        return Column(name, "exact", int(found["scale"] or 0))
    if kind in ("FLOAT", "DOUBLE"):
        return Column(name, "float")
    if kind == "BOOLEAN":
        return Column(name, "bool")
    if kind == "VARCHAR" or kind.startswith("ENUM("):
        return Column(name, "text")
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return Column(name, "time")
    return Column(name, kind.strip('"'))


def _taken(seen: Column, wanted: Column) -> Column:
    """Return the kind that a column is compared as: the wanted one where numbers allow it."""
    if (seen.kind, wanted.kind) == ("exact", "float"):
        return Column(seen.name, "float")
    if (seen.kind, wanted.kind) == ("float", "exact"):
        return Column(seen.name, "exact", wanted.scale)
    return seen


def _key_places(order: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return the positions of the order keys, none when one of them is no column."""
    keys = [key_name(each) for each in order]
    return [names.index(key) for key in keys] if all(key in names for key in keys) else []


def key_name(key: str) -> str:
    """Return the column of an order key such as `"rides DESC"`, in lower case."""
    return key.split()[0].strip('"').lower()


def _renamed_places(given: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return for each wanted column the place of the one given by its name, else by position."""
    spare = [i for i, name in enumerate(given) if name not in wanted or given.index(name) != i]
    missing = [name for name in wanted if name not in given]
    if len(missing) > len(spare) or (missing and len(given) != len(wanted)):
        return []
    return [given.index(name) if name in given else spare.pop(0) for name in wanted]


def _surplus(rows: Sequence[Row], seen: Fingerprint, like: Fingerprint) -> tuple[str, ...]:
    """Return the smallest rows of a result, as text, that the other result does not hold."""
    if len(like.hashes) != like.rows * HASH_DIGITS:
        return ()
    spare = Counter(_cells(like))
    found = []
    for row in rows:
        (cells,) = _cells(of_rows([row], seen.columns))
        if spare[cells] > 0:
            spare[cells] -= 1
        else:
            found.append(shown(row))
    return tuple(sorted(found, key=lambda each: (len(each), each))[:3])


def _cells(result: Fingerprint) -> list[str]:
    """Return one text per row, equal for rows that are equal up to the rounding of floats."""
    hashes = [result.hashes[i : i + HASH_DIGITS] for i in range(0, len(result.hashes), HASH_DIGITS)]
    floats: Sequence[Floats] = result.floats or [[]] * len(hashes)
    return [
        each + "".join(f"|{x:.8g}" if isinstance(x, float) else f"|{x}" for x in beside)
        for each, beside in zip(hashes, floats, strict=True)
    ]


def shown(row: Row, longest: int = 100) -> str:
    """Return a row as a learner reads it: `(Lakemont, 12, NULL)`."""
    cells = ("NULL" if cell is None else "''" if cell == "" else f"{cell}" for cell in row)
    text = " ".join(f"({', '.join(each[:40] for each in cells)})".split())
    return text if len(text) <= longest else f"{text[: longest - 4]} ...)"
