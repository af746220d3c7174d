"""The states of a ride, and who may move it from one to the next: a table, no code.

A status is not a field that one may write as one likes: each change is a transition with its own
permission, and what the table does not hold is answered with 409.
"""

from dataclasses import dataclass
from typing import Final, Literal

Status = Literal["requested", "accepted", "in_progress", "completed", "cancelled"]
Action = Literal["accept", "start", "complete", "cancel"]

UNDER_WAY: Final = ("accepted", "in_progress")
"""While a ride is in one of these, rider and driver may call each other."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One way a ride may go on.

    Attributes:
        sources: the states in which it is legal.
        target: the state afterwards.
        roles: who may ask for it; whose ride it has to be says `access.py`.
    """

    sources: frozenset[str]
    target: Status
    roles: frozenset[str]


TRANSITIONS: Final[dict[Action, Transition]] = {
    "accept": Transition(frozenset({"requested"}), "accepted", frozenset({"driver"})),
    "start": Transition(frozenset({"accepted"}), "in_progress", frozenset({"driver"})),
    "complete": Transition(frozenset({"in_progress"}), "completed", frozenset({"driver"})),
    "cancel": Transition(
        frozenset({"requested", "accepted"}), "cancelled", frozenset({"rider", "driver", "support"})
    ),
}

LEADING_TO: Final[dict[str, Action]] = {
    transition.target: action for action, transition in TRANSITIONS.items()
}
"""The action behind a status that somebody asks for with PATCH."""


def legal_from(status: str) -> list[Action]:
    """Return the actions that are legal in a state, in the order of the table."""
    return [action for action, each in TRANSITIONS.items() if status in each.sources]
