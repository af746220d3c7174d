"""An answer, and the texts that the answer cells of SQL bind to their names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        name: that the answer is bound to, such as `completed_by_city`.
        kind: sql, ddl, yaml, quiz, value or function.
        text: as it stands in the cell, without the line of the magic and solution markers.
        value: of yaml, quiz and value; None for the others.
    """

    name: str
    kind: str
    text: str
    value: Any = None


class SqlAnswer(str):
    """The text of a query; `.df()` gives its rows as a DataFrame."""

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
        from ridealong.answers.running import frame

        return frame(str(self), self._parameters)


class DdlAnswer(str):
    """The text of the statements that make a schema."""
