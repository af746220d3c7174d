"""An answer, as it is read from a notebook or bound in a kernel."""

from dataclasses import dataclass
from typing import Any


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
