"""A state machine that somebody wrote down, and what the company's back end really does.

The back end is asked as its clients ask it: every action, in every state, by everybody who may try
it, and then along walks on which one thing follows another. Every sentence of the comparison is
about one of these requests.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, Final, Literal

from ridealong.service.transitions import TRANSITIONS
from ridealong.systems.in_process import InProcess, company
from ridealong.text import did_you_mean

STATES: Final = ("requested", "accepted", "in_progress", "completed", "cancelled")
ACTIONS: Final[tuple[str, ...]] = tuple(TRANSITIONS)
ROLES: Final = ("rider", "driver", "support")
REFUSALS: Final = ("wrong_state", "wrong_role", "someone_elses")
BEGINS: Final = "requested"

Reason = Literal["", "wrong_state", "wrong_role", "someone_elses"]

CALLERS: Final[Mapping[str, tuple[str, int]]] = {
    "the rider": ("rider", 123),
    "the driver": ("driver", 57),
    "support": ("support", 1),
    "another rider": ("rider", 15),
    "another driver": ("driver", 1),
    "a driver of another city": ("driver", 4),
}
"""Who tries an action: role and number. The rides are those of `the rider`, in the city of both
`the driver` and `another driver`; `the driver` is the one who accepts them in the table."""

_WAY: Final = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}
_PATHS: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "requested": (),
    "accepted": (("the driver", "accept"),),
    "in_progress": (("the driver", "accept"), ("the driver", "start")),
    "completed": (("the driver", "accept"), ("the driver", "start"), ("the driver", "complete")),
    "cancelled": (("the driver", "accept"), ("the rider", "cancel")),
}
STEPS: Final = 5  # of a walk; there is one for each first step that somebody may take
_ROW_FORM: Final = "{from: [...], to: ..., by: [...]}"
_CODES_FORM: Final = "{" + ", ".join(f"{name}: ..." for name in REFUSALS) + "}"
_NATURAL: Final = {"requested": "accept", "accepted": "start", "in_progress": "complete"}


class MachineError(ValueError):
    """A text that is no state machine; one line for the learner."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way from some states to one: who may take it.

    Attributes:
        sources: the states in which it may be taken.
        target: the state afterwards.
        roles: who may take it.
    """

    sources: frozenset[str]
    target: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine as somebody wrote it down.

    Attributes:
        rows: by action, one or several.
        refusals: the status code for each kind of refusal.
    """

    rows: Mapping[str, tuple[Row, ...]]
    refusals: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of an attempt.

    Attributes:
        status: the HTTP status code.
        state: the ride's state afterwards.
        reason: why it was refused, where a machine says it; "" when it was not, or over HTTP.
    """

    status: int
    state: str
    reason: Reason = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tries an action on a ride.

    Attributes:
        state: of the ride before.
        action: one of `ACTIONS`.
        caller: one of `CALLERS`.
        driver: who has the ride, "" when nobody has.
        history: the attempts on the same ride before, in words; empty in the table.
    """

    state: str
    action: str
    caller: str
    driver: str
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """An attempt of which a machine says another outcome than the back end.

    Attributes:
        attempt: what was tried.
        said: by the machine.
        seen: of the back end.
    """

    attempt: Attempt
    said: Outcome
    seen: Outcome


def read(value: Any) -> Machine:
    """Return the machine in the data of an answer.

    Raises:
        MachineError: for data of another form, or a word that is not known.
    """
    if not isinstance(value, dict):
        raise MachineError(
            f"the answer is no table: begin a line with each of {', '.join(ACTIONS)} and refusals"
        )
    known = (*ACTIONS, "refusals")
    for name in value:
        if len(value) == 1 and isinstance(value[name], dict) and set(known) & set(value[name]):
            raise MachineError(
                f"the name {name!r} stands behind %%yaml already: take the line away, and begin "
                "the others at the margin"
            )
        if name not in known:
            raise MachineError(f"no action is called {name!r}{did_you_mean(name, known)}")
    for name in known:
        if name not in value:
            form = _CODES_FORM if name == "refusals" else _ROW_FORM
            raise MachineError(f"{name} is missing: write a line `{name}: {form}`")
    rows = {action: tuple(_rows(action, value[action])) for action in ACTIONS}
    for action, ways in rows.items():
        _one_target(action, ways)
    return Machine(rows, _refusals(value["refusals"]))


def _rows(action: str, value: Any) -> Iterator[Row]:
    for row in value if isinstance(value, list) else [value]:
        if not isinstance(row, dict) or not row:
            raise MachineError(
                f"{action} wants from, to and by, as in {{from: [a], to: b, by: [c]}}, "
                "or a list of several such rows"
            )
        for key in row:
            if key not in ("from", "to", "by"):
                raise MachineError(f"{action} has {key!r}, wanted from, to and by")
        for key in ("from", "to", "by"):
            if row.get(key) in (None, "", []):
                raise MachineError(f"{action} does not say {key!r}")
        target = row["to"]
        if isinstance(target, list):
            raise MachineError(f"{action}, to: a list stands here; a row leads to one state")
        _known(f"{action}, to", [target], STATES, "state")
        yield Row(
            frozenset(_known(f"{action}, from", _list(row["from"]), STATES, "state")),
            target,
            frozenset(_known(f"{action}, by", _list(row["by"]), ROLES, "role")),
        )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _known(where: str, words: list[Any], known: Sequence[str], what: str) -> list[str]:
    for word in words:
        if isinstance(word, list):
            raise MachineError(
                f"{where}: a list stands in the list; each {what} is one word of the same list"
            )
        several = re.findall(r"\w+", word) if isinstance(word, str) else []
        if len(several) > 1 and set(several) <= set(known):
            raise MachineError(
                f"{where}: {word!r} is one text; several are a list, as in [{', '.join(several)}]"
            )
        if not isinstance(word, str) or word not in known:
            near = did_you_mean(word, known) or f"; there are {', '.join(known)}"
            raise MachineError(f"{where}: no {what} is called {word!r}{near}")
    return words


def _one_target(action: str, rows: Sequence[Row]) -> None:
    for place, row in enumerate(rows):
        for other in rows[:place]:
            both = row.sources & other.sources
            if both and row.roles & other.roles and row.target != other.target:
                raise MachineError(
                    f"{action} leads from {sorted(both)[0]} to {other.target} in one row and to "
                    f"{row.target} in another"
                )


def _refusals(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        raise MachineError(f"refusals wants a status code for each of {', '.join(REFUSALS)}")
    for name in value:
        if name not in REFUSALS:
            raise MachineError(
                f"refusals: no kind is called {name!r}{did_you_mean(name, REFUSALS)}"
            )
    for name in REFUSALS:
        code = value.get(name)
        if isinstance(code, str) and code.isdecimal():
            code = int(code)
        if isinstance(code, bool) or not isinstance(code, int) or not 400 <= code <= 499:
            raise MachineError(
                f"refusals: {name} is {code!r}, wanted a status code from 400 to 499, as in 418"
                if name in value
                else f"refusals: {name} is missing: write a status code behind it, as in "
                f"`{name}: 418`"
            )
    return {name: int(value[name]) for name in REFUSALS}


def outcome(machine: Machine, attempt: Attempt) -> Outcome:
    """Return what comes of an attempt by a machine.

    First the role is asked, as no other answer is to tell what is there; then whether the ride is
    there for the caller; then the state.
    """
    role = CALLERS[attempt.caller][0]
    rows = machine.rows[attempt.action]
    legal = [row for row in rows if attempt.state in row.sources]
    mine = [row for row in legal if role in row.roles]
    reason: Reason = ""
    if not any(role in row.roles for row in rows):
        reason = "wrong_role"
    elif not _is_there(attempt):
        reason = "someone_elses"
    elif not legal:
        reason = "wrong_state"
    elif not mine:
        reason = "wrong_role"
    if reason:
        return Outcome(machine.refusals[reason], attempt.state, reason)
    return Outcome(200, mine[0].target)


def _is_there(attempt: Attempt) -> bool:
    match CALLERS[attempt.caller][0]:
        case "rider":
            return attempt.caller == "the rider"
        case "driver" if attempt.driver:
            return attempt.caller == attempt.driver
        case "driver":
            return attempt.state == BEGINS and attempt.caller != "a driver of another city"
        case _:
            return True


def differences(machine: Machine, *, hidden: bool = False) -> list[Difference]:
    """Return the attempts of which a machine says another outcome than the back end.

    Args:
        machine: what somebody wrote down.
        hidden: along walks that the learner does not see, instead of in the table.

    """
    table, walks = observed()
    return [
        Difference(attempt, said, seen)
        for attempt, seen in (walks if hidden else table).items()
        if ((said := outcome(machine, attempt)).status, said.state) != (seen.status, seen.state)
    ]


def wrong_codes(machine: Machine) -> set[str]:
    """Return the kinds of refusal of which the back end never gives the machine's code."""
    right: dict[str, bool] = dict.fromkeys(REFUSALS, False)
    asked = set[str]()
    for attempt, seen in observed()[0].items():
        said = outcome(machine, attempt)
        if said.reason and seen.status != 200:
            asked.add(said.reason)
            right[said.reason] |= said.status == seen.status
    return {kind for kind in asked if not right[kind]}


@cache
def observed() -> tuple[Mapping[Attempt, Outcome], Mapping[Attempt, Outcome]]:
    """Return what the back end does: in the table, and along the walks.

    It is asked once in a program.
    """
    back_end = company()
    with back_end.lock:
        back_end.reset()
        return dict(_table(back_end)), dict(_walks(back_end))


def _table(back_end: InProcess) -> Iterator[tuple[Attempt, Outcome]]:
    for state, path in _PATHS.items():
        ride = None
        for action in ACTIONS:
            for caller in CALLERS:
                if ride is None:
                    ride = _Ride(back_end)
                    for step in path:
                        ride.tried(*step)
                attempt = Attempt(state, action, caller, ride.driver)
                seen = ride.tried(caller, action)
                yield attempt, seen
                if seen.status == 200:
                    ride.end()
                    ride = None
        if ride is not None:
            ride.end()


def _walks(back_end: InProcess) -> Iterator[tuple[Attempt, Outcome]]:
    chance = random.Random(1789)
    for first in product(CALLERS, ACTIONS):
        ride, history = _Ride(back_end), list[str]()
        for place in range(STEPS):
            caller, action = chance.choice(list(CALLERS)), chance.choice(ACTIONS)
            if place == 0:
                caller, action = first
            elif chance.random() < 0.4 and ride.state in _NATURAL:
                caller, action = ride.driver or "another driver", _NATURAL[ride.state]
            attempt = Attempt(ride.state, action, caller, ride.driver, tuple(history))
            seen = ride.tried(caller, action)
            yield attempt, seen
            history.append(f"{caller}: {action}, {seen.status}")
        ride.end()


class _Ride:
    """A new ride of the rider, and what became of it."""

    def __init__(self, back_end: InProcess) -> None:
        self._back_end = back_end
        rider = CALLERS["the rider"]
        created = back_end.request(rider, "POST", "/v1/rides", json=_WAY).json()
        self.there = f"/v1/rides/{created['ride_id']}"
        self.state: str = created["status"]
        self.driver = ""

    def tried(self, caller: str, action: str) -> Outcome:
        """Try an action and return what came of it."""
        answer = self._back_end.request(CALLERS[caller], "POST", f"{self.there}/{action}")
        if answer.status_code == 200:
            self.state = answer.json()["status"]
            self.driver = caller if action == "accept" else self.driver
        return Outcome(answer.status_code, self.state)

    def end(self) -> None:
        """Set its driver free."""
        seen = self._back_end.request(CALLERS["support"], "GET", self.there).json()["status"]
        assert seen == self.state, f"a refusal left {seen}, wanted {self.state}"
        if self.state == "in_progress":
            self.tried(self.driver, "complete")
        elif self.state in ("requested", "accepted"):
            self.tried("support", "cancel")
