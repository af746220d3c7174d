"""Take a learner's text apart: one SELECT or a clear refusal, with its parameters and a limit."""

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Protocol, TypeVar

import duckdb

from ridealong.engine import sqltext
from ridealong.engine.errors import shorten

Result = TypeVar("Result")

_WAIT_SECONDS = 0.1
_NOT_A_QUERY = {"DESCRIBE", "DESC", "SHOW", "SUMMARIZE"}
_FETCHED = re.compile(
    r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(.*\)|VARCHAR|BOOLEAN|DOUBLE|FLOAT|DATE|TIMESTAMP"
)


class Interruptible(Protocol):
    """A connection whose running statement another thread can stop."""

    def interrupt(self) -> None:
        """Stop it."""


class QueryFailed(Exception):
    """A query that gives no result; the text is one line for the learner."""

    def __init__(self, message: str) -> None:
        # What a learner wrote can stand in it, with line breaks.
        super().__init__(" ".join(message.split()))

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback.
        return [str(self)]


class QueryRefused(QueryFailed):
    """A text that is not one SELECT, or too large to be read."""


class QueryStopped(QueryFailed):
    """A query that ran past the limit."""


def with_article(noun: str) -> str:
    """Return a noun behind `a` or `an`."""
    return f"an {noun}" if noun[:1].lower() in tuple("aeiou") else f"a {noun}"


def prepared(text: object, con: duckdb.DuckDBPyConnection) -> duckdb.Statement:
    """Return the one SELECT statement that a text holds.

    Raises:
        QueryRefused: when it holds anything else.
        QueryFailed: when it has a syntax error.
    """
    if not isinstance(text, str):
        raise QueryRefused(
            f"the answer is {with_article(type(text).__name__)}, wanted the text of a query"
        )
    if problem := sqltext.refusal(text):
        raise QueryRefused(problem)
    try:
        statements = con.extract_statements(text)
    except Exception as error:  # the parser raises more than its own errors
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
            f"the answer is {with_article(word or kind)} statement, wanted one SELECT: "
            "an answer reads the data and changes nothing"
        )
    return statements[0]


def bound(statement: duckdb.Statement, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the values for the parameters that a statement names."""
    names = statement.named_parameters
    unknown = sorted(names - parameters.keys())
    if unknown:
        for each in unknown:
            if each.isdigit() and f"${each}" in statement.query:
                raise QueryFailed(
                    f"${each} asks for a parameter: a number is written without the dollar sign, {each}"
                )
        given = ", ".join(f"${each}" for each in parameters) or "no parameter"
        asked = ", ".join({"?" if each.isdigit() else f"${each}": None for each in unknown})
        raise QueryFailed(f"the query asks for {asked}, this exercise gives {given}")
    return {name: parameters[name] for name in names} or None


def within_limit(con: Interruptible, seconds: float, work: Callable[[], Result]) -> Result:
    """Return what `work` returns, and interrupt its connection when it takes longer than a limit.

    The work runs in a thread of its own: while DuckDB computes, it looks at the keyboard only
    now and then, so that an interrupt of the learner would often be seen by nobody.

    Raises:
        QueryStopped: at the limit, or when the learner interrupts.
    """
    done: Future[Result] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # is raised in the thread that waits
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    stopped = ""
    ends = time.monotonic() + seconds
    while not stopped and not done.done():
        try:
            # In short waits, because Windows lets nothing interrupt a wait.
            wait([done], timeout=max(0.0, min(_WAIT_SECONDS, ends - time.monotonic())))
            stopped = "" if time.monotonic() < ends else stopped_text(seconds)
        except KeyboardInterrupt:
            stopped = "you stopped the query"
    if done.done():
        return done.result()
    while not done.done():
        con.interrupt()  # again and again: one between two statements is lost
        wait([done], timeout=_WAIT_SECONDS)
    raise QueryStopped(stopped)


def together(
    connections: Sequence[Interruptible], seconds: float, works: Sequence[Callable[[], Result]]
) -> list[Result]:
    """Return what several works return, done at the same time, each on its own connection.

    Raises:
        QueryStopped: at the limit, which holds for all of them, or when the learner interrupts.
    """
    with ThreadPoolExecutor(len(works)) as pool:
        return within_limit(
            _All(connections), seconds, lambda: list(pool.map(lambda work: work(), works))
        )


class _All:
    """Several connections that are interrupted as one."""

    def __init__(self, connections: Sequence[Interruptible]) -> None:
        self._connections = connections

    def interrupt(self) -> None:
        for connection in self._connections:
            connection.interrupt()


def stopped_text(seconds: float) -> str:
    """Return what a learner reads about a query that was stopped."""
    return (
        f"the query ran longer than {seconds:g} s and was stopped: look for a JOIN without "
        "its condition, for rows that are each compared with all others (one maximum per group is "
        "enough), or for a recursion without an end; try it on fewer rows first"
    )


def fetchable(description: Any, query: str, instants: str = "VARCHAR") -> str:
    """Return the query in a form whose cells Python can fetch; empty when it is one already.

    Time zones need a further package, and some types have no form in Python.

    Args:
        description: of the query, after it was executed.
        query: without a semicolon at its end.
        instants: the type that special kinds of TIMESTAMP are cast to.
    """
    kinds = [str(kind) for _, kind, *_ in description or ()]
    if all(_FETCHED.fullmatch(kind) for kind in kinds):
        return ""
    names = [f"c{i}" for i in range(len(kinds))]
    casts = [
        name
        if _FETCHED.fullmatch(kind)
        else f"{name}::{instants if kind.startswith('TIMESTAMP') else 'VARCHAR'} AS {name}"
        for name, kind in zip(names, kinds, strict=True)
    ]
    given = ", ".join(names)
    return f"WITH given({given}) AS (FROM (\n{query}\n)) SELECT {', '.join(casts)} FROM given"
