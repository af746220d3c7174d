"""What the answer cells of SQL and YAML bind to their names."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import duckdb

from ridealong.dataset.connection import current_connection
from ridealong.engine.errors import shorten
from ridealong.engine.sqltext import body
from ridealong.engine.statement import QueryFailed, fetchable, within_limit

if TYPE_CHECKING:
    import pandas as pd

LIMIT_SECONDS: Final = 10.0


class AnswerText(str):
    """The text of an answer as its name holds it; each kind that has one says which it is."""

    kind: ClassVar[str]


class SqlAnswer(AnswerText):
    """The text of a query; `.df()` gives its rows as a DataFrame."""

    kind = "sql"
    _parameters: Mapping[str, Any] | None

    def __new__(cls, text: str, parameters: Mapping[str, Any] | None = None) -> Self:
        """Keep the values of the query's `$name` parameters beside its text."""
        answer = super().__new__(cls, text)
        answer._parameters = parameters
        return answer

    def df(self) -> "pd.DataFrame":
        """Run the query again on the notebook's connection and return all its rows.

        Raises:
            QueryFailed: when it fails or runs past the limit.
        """
        return frame(str(self), self._parameters)


class DdlAnswer(AnswerText):
    """The text of the statements that make a schema."""

    kind = "ddl"


class YamlMapping(dict[Any, Any]):
    """The data of a YAML answer that is a mapping, with the text that it was read from."""

    text: str = ""


class YamlList(list[Any]):
    """The data of a YAML answer that is a list, with the text that it was read from."""

    text: str = ""


def with_text(value: Any, text: str) -> Any:
    """Return the data of a YAML answer so that it knows its text; a plain value as it is."""
    made: YamlMapping | YamlList
    if isinstance(value, dict):
        made = YamlMapping(value)
    elif isinstance(value, list):
        made = YamlList(value)
    else:
        return value
    made.text = text
    return made


def limit_seconds() -> float:
    """Return how long a query of the notebook may run."""
    try:
        seconds = float(os.environ.get("RIDEALONG_QUERY_LIMIT_SECONDS", ""))
    except ValueError:
        return LIMIT_SECONDS
    return seconds if seconds > 0 else LIMIT_SECONDS


def frame(text: str, parameters: Mapping[str, Any] | None) -> "pd.DataFrame":
    """Return all rows of a query.

    Raises:
        QueryFailed: in one line, when it fails or runs past the limit.
    """
    con = current_connection()
    values = dict(parameters or {}) or None

    def work() -> "pd.DataFrame":
        description = con.execute(text, values).description
        query = fetchable(description, body(text))
        if not query:
            return con.df()
        rows = con.execute(query, values).df()
        rows.columns = [column[0] for column in description]
        return rows

    try:
        return within_limit(con, limit_seconds(), work)
    except duckdb.Error as error:
        raise QueryFailed(shorten(error, text, con)) from None
