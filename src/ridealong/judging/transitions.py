"""Judge a state machine: it says of every attempt what the back end does."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.systems.transitions import (
    ACTIONS,
    CALLERS,
    REFUSALS,
    ROLES,
    STATES,
    Difference,
    Machine,
    MachineError,
    Outcome,
    differences,
    read,
    wrong_codes,
)
from ridealong.verdict import Property, Verdict

CODES: Final = (400, 401, 403, 404, 405, 409, 412, 422, 428, 429)
"""The status codes that a mutant tries for each kind of refusal."""

_PAST: Final = {
    "accept": "accepts",
    "start": "starts",
    "complete": "completes",
    "cancel": "cancels",
}
_AGREES: Final = "as the back end does it"
_WHERE: Final = {
    "wrong_state": "no row of it begins in this state",
    "wrong_role": "no row of it from this state lists this role",
    "someone_elses": "to them the ride is somebody else's",
}


def judged(exercise_id: str, entry: Entry, value: Any) -> Verdict:
    """Return the verdict on a state machine.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise.
        value: the data of the answer.
    """
    try:
        machine = read(value)
    except MachineError as error:
        return refused(exercise_id, entry, {"error": str(error)}, str(error))
    found = differences(machine)
    wrong = found + differences(machine, hidden=True)
    properties = tuple(_properties(machine, wrong))
    if not wrong:
        told = (
            f"{exercise_id} holds: your table and the back end agree on each of "
            f"{len(STATES) * len(ACTIONS) * len(CALLERS)} attempts and on all walks"
        )
        return Verdict(exercise_id, True, told, properties)
    more = len(found) - 1
    differ = "1 more attempt differs" if more == 1 else f"{more} more attempts differ"
    # Who may is the cause; a refusal with another code is often what follows from it.
    first = next((each for each in wrong if 200 in (each.said.status, each.seen.status)), wrong[0])
    message = explained(first) + (f" ({differ})" if more > 0 else "")
    share = sum(each.held for each in properties) / len(properties)
    return refused(exercise_id, entry, _marks(wrong), message, properties, share)


def marks(value: Any, entry: Entry) -> dict[str, Any]:
    """Return what a wrong machine is recognised by, nothing for a right one."""
    try:
        machine = read(value)
    except MachineError as error:
        return {"error": str(error)}
    wrong = differences(machine) + differences(machine, hidden=True)
    return _marks(wrong) if wrong else {}


def _marks(wrong: list[Difference]) -> dict[str, Any]:
    # A digest: the attempts in clear would tell a reader of the catalogue the whole table.
    lines = sorted(
        f"{each.attempt.state} {each.attempt.action} {each.attempt.caller} "
        f"{each.said.status} {each.said.state} {each.attempt.history}"
        for each in wrong
    )
    return {"differs": hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]}


def _properties(machine: Machine, wrong: list[Difference]) -> Iterator[Property]:
    """Yield whether each action and each kind of refusal is as the back end has it."""
    # A wrong code differs wherever it is said; that is no fault of the action. And a wrong row
    # says a right code in the wrong place.
    codes = wrong_codes(machine)
    for action in ACTIONS:
        found = [
            each
            for each in wrong
            if each.attempt.action == action and 200 in (each.said.status, each.seen.status)
        ]
        yield Property(
            f"{action}: from which states, to which, by whom",
            not found,
            explained(found[0]) if found else _AGREES,
        )
    for kind, code in machine.refusals.items():
        seen = f"{code}; the back end answers another code" if kind in codes else _AGREES
        yield Property(f"refusals: {kind}", kind not in codes, seen)


def explained(difference: Difference) -> str:
    """Return what the machine says and what the back end does, in a sentence."""
    attempt, said, seen = difference.attempt, difference.said, difference.seen
    does = f"{attempt.caller} {_PAST[attempt.action]} a ride that is {attempt.state}"
    after = f" after [{'; '.join(attempt.history)}]" if attempt.history else ""
    if said.status == seen.status == 200:
        return f"{does}{after}: then the back end's ride is {seen.state}, yours is {said.state}"
    if seen.status == 200:
        return (
            f"{does}{after}: the back end allows it, and the ride is {seen.state}; your table "
            f"answers {said.status}, as {_WHERE[said.reason]}"
        )
    if said.status == 200:
        return f"{does}{after}: your table allows it; the back end answers {seen.status}"
    return (
        f"{does}{after}: both refuse, the back end with {seen.status}, yours with {said.status}, "
        f"as {_where(said)}"
    )


def _where(said: Outcome) -> str:
    return f"{_WHERE[said.reason]}, and refusals has {said.status} for {said.reason}"


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right machine with one change each: a state, a role, a target, a code.

    Args:
        reference: the machine as YAML.
        entry: the exercise, of which a machine needs nothing.
    """
    value = yaml.safe_load(reference)
    yield from distinct(_changed(value), _written(value))


def _written(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(value), sort_keys=False)


def _changed(value: Mapping[str, Any]) -> Iterator[Mutant]:
    for action in ACTIONS:
        rest = {key: each for key, each in value.items() if key != action}
        yield Mutant(f"without {action}", _written(rest))
        rows = value[action] if isinstance(value[action], list) else [value[action]]
        for place, row in enumerate(rows):
            name = f"{action}, row {place + 1}"
            if len(rows) > 1:
                fewer = [*rows[:place], *rows[place + 1 :]]
                yield Mutant(f"{name}: gone", _written({**value, action: fewer}))
            for change, other in _rows_changed(row):
                new = [*rows[:place], other, *rows[place + 1 :]]
                yield Mutant(f"{name}: {change}", _written({**value, action: new}))
    for kind in REFUSALS:
        for code in CODES:
            if code != value["refusals"][kind]:
                refusals = {**value["refusals"], kind: code}
                yield Mutant(f"{kind}: {code}", _written({**value, "refusals": refusals}))


def _rows_changed(row: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, known in (("from", STATES), ("by", ROLES)):
        words = row[key] if isinstance(row[key], list) else [row[key]]
        for word in known:
            if word in words:
                fewer = [each for each in words if each != word]
                yield f"{key} without {word}", {**row, key: fewer}
            else:
                yield f"{key} with {word}", {**row, key: [*words, word]}
    for target in STATES:
        if target != row["to"]:
            yield f"to {target}", {**row, "to": target}
