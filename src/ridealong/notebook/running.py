"""Run what a learner writes in a cell: with a limit, and errors of one line."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import duckdb

from ridealong.answers.texts import limit_seconds
from ridealong.dataset.connection import current_connection
from ridealong.engine.errors import shorten
from ridealong.engine.sqltext import body, refusal
from ridealong.engine.statement import QueryFailed, QueryRefused, fetchable, prepared, within_limit
from ridealong.show.table import ROWS_SHOWN, ResultTable

_SCALARS: Final = (str, int, float, bool, Decimal, date, datetime, time, type(None))
_SHOWN: Final = {"SELECT", "EXPLAIN", "CALL", "PRAGMA", "EXECUTE", "MULTI", "RELATION"}


def run(text: str, variables: Mapping[str, Any], *, as_answer: bool) -> tuple[Any, dict[str, Any]]:
    """Run a cell's statements on the notebook's connection.

    Args:
        text: one or more statements.
        variables: of the notebook, for `$name` in the text.
        as_answer: whether the text has to be one SELECT.

    Returns:
        What to show (a `ResultTable`, a line of text, or None) and the values of the parameters.

    Raises:
        QueryFailed: in one line, when a statement fails, is refused or runs past the limit.
    """
    con = current_connection()
    statements = [prepared(text, con)] if as_answer else _statements(text, con)
    names = {name for statement in statements for name in statement.named_parameters}
    values = {name: _variable(name, variables) for name in sorted(names)}

    def work() -> Any:
        shown = None
        for statement in statements:
            shown = _run_one(con, statement, values)
        return shown

    try:
        return within_limit(con, limit_seconds(), work), values
    except duckdb.Error as error:
        parameters = [name for name, value in variables.items() if _may_be_asked_for(name, value)]
        raise QueryFailed(shorten(error, text, con, parameters)) from None
    except (MemoryError, RecursionError, UnicodeError, OverflowError, ValueError) as error:
        raise QueryFailed(f"the result cannot be shown: {type(error).__name__}: {error}") from None


def _statements(text: str, con: duckdb.DuckDBPyConnection) -> list[duckdb.Statement]:
    if problem := refusal(text):
        raise QueryRefused(problem)
    try:
        return con.extract_statements(text)
    except duckdb.Error as error:
        raise QueryFailed(shorten(error, text, con)) from None


def _variable(name: str, variables: Mapping[str, Any]) -> Any:
    """Return the value of a parameter from the notebook's variables."""
    if name.isdigit():
        raise QueryFailed(
            "the query asks for ?, wanted a name such as $rider_id: "
            "it is taken from the notebook's variable rider_id"
        )
    if name not in variables:
        raise QueryFailed(
            f"the query asks for ${name}, and the notebook has no variable {name}: "
            f"set it in a cell above, as in `{name} = 123`"
        )
    value = variables[name]
    item = getattr(value, "item", None)  # a number taken from a DataFrame
    if not isinstance(value, _SCALARS) and callable(item) and getattr(value, "ndim", 1) == 0:
        value = item()
    if isinstance(value, list | tuple) and all(isinstance(each, _SCALARS) for each in value):
        return list(value)
    if not isinstance(value, _SCALARS):
        raise QueryFailed(
            f"the variable {name} is a {type(value).__name__}, "
            "wanted a number, a text, a date or a list of them"
        )
    return value


def _may_be_asked_for(name: str, value: Any) -> bool:
    """Return whether a variable is a value that a learner set, not an answer or a module."""
    return type(value) in _SCALARS and value is not None and not name.startswith("_")


def _run_one(
    con: duckdb.DuckDBPyConnection, statement: duckdb.Statement, values: Mapping[str, Any]
) -> Any:
    """Run one statement and return what to show of it."""
    asked = {name: values[name] for name in statement.named_parameters} or None
    con.execute(statement, asked)
    kind = statement.type.name
    if kind not in _SHOWN or con.description is None:
        return f"{kind.replace('_', ' ')} done."
    columns = [column[0] for column in con.description]
    query = body(statement.query)
    if kind == "SELECT" and (castable := fetchable(con.description, query)):
        con.execute(castable, asked)
    rows = con.fetchmany(ROWS_SHOWN + 1)
    if columns == ["explain_key", "explain_value"]:
        return "\n".join(str(value).rstrip() for _, value in rows)
    count = len(rows)
    if count > ROWS_SHOWN:
        if kind == "SELECT":
            (count,) = con.execute(f"SELECT count(*) FROM (\n{query}\n)", asked).fetchall()[0]
        else:
            count += len(con.fetchall())
    return ResultTable(columns, rows[:ROWS_SHOWN], count)
