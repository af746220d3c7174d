"""Judge a changed contract: no old client notices, and what was asked for is there."""

import re
from collections.abc import Iterator
from typing import Any

from ridealong.judging.kind import Entry, refused
from ridealong.systems.contract.parts import ContractError
from ridealong.systems.versions.request import WANTS, Tried, contract_with, tried
from ridealong.verdict import Property, Verdict


def judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
    """Return the verdict on a changed contract.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise, with its known mistakes.
        text: YAML, what is added to the rides contract or the whole new contract.
    """
    try:
        found = tried(contract_with(text))
    except ContractError as error:
        return refused(exercise_id, entry, {"error": _error(error)}, _error(error))
    if found.passed:
        message = (
            f"{exercise_id} holds: {len(WANTS)} of {len(WANTS)} wishes are there, and each of "
            f"{found.sent} requests of the old client is answered as before"
        )
        return Verdict(exercise_id, True, message, tuple(_properties(found)))
    unasked = any(not each.want for each in found.lacks)
    share = len(found.delivered) / (len(WANTS) + unasked)
    if found.changes or found.failures or found.silenced:
        message, share = _about_old_clients(found), 0.0
    else:
        message = _about_lacks(found) + _nullable(text, found)
    return refused(exercise_id, entry, _marks(found), message, tuple(_properties(found)), share)


def marks(text: str, entry: Entry) -> dict[str, Any]:
    """Return what a wrong answer is recognised by, nothing for a right one."""
    try:
        found = tried(contract_with(text))
    except ContractError as error:
        return {"error": _error(error)}
    return {} if found.passed else _marks(found)


def _error(error: ContractError) -> str:
    more = len(error.problems) - 1
    return f"{error.problems[0]}" + (f" ({more} more)" if more else "")


def _marks(found: Tried) -> dict[str, Any]:
    return {
        "changes": sorted({f"{each.kind} {each.place}" for each in found.changes}),
        "failures": sorted({each.says for each in found.failures}),
        "silenced": sorted({each.says for each in found.silenced}),
        "lacks": sorted({f"{each.want}: {each.what}" for each in found.lacks}),
    }


def _about_old_clients(found: Tried) -> str:
    if not found.changes and not found.failures:
        first = found.silenced[0]
        return f"old clients would notice: {first.seen}, and the service tells it today"
    if not found.changes:
        first = found.failures[0]
        return (
            f"{len(found.failures)} of {found.sent} requests of the old client fail. The first: it "
            f"{first.says}; {first.seen}, wanted {first.wanted}"
        )
    change = found.changes[0]
    places = {(each.kind, each.place) for each in found.changes}
    others = f" ({len(places) - 1} more such changes)" if len(places) > 1 else ""
    failing = (
        f"; {len(found.failures)} of {found.sent} requests of the old client fail"
        if found.failures
        else ""
    )
    where = f"{change.operation}: " if change.operation else ""
    return (
        f"old clients would notice. {where}{change.sentence}, which is {change.level}: "
        f"{change.client}{others}{failing}. Leave what is there as it is, and add beside it"
    )


def _about_lacks(found: Tried) -> str:
    first = found.lacks[0]
    done = len(found.delivered)
    so_far = f"no old client notices, and {done} of {len(WANTS)} wishes are there"
    if not first.want:
        return f"{so_far}. But {first.says}: no other new field is required in a ride"
    return f"{so_far}. Not yet that {WANTS[first.want]}: {first.says}"


def _nullable(text: str, found: Tried) -> str:
    # Where it is the cause is certain only if null is what is missing.
    if "null" in found.lacks[0].says and re.search(r"\bnullable\b", text):
        return (
            ". `nullable` is a word of OpenAPI 3.0, and 3.1 does not look at it: there 'null' is "
            "one of the types"
        )
    return ""


def _properties(found: Tried) -> Iterator[Property]:
    seen = found.changes[0].sentence if found.changes else ""
    yield Property("no change that a client of the old contract can notice", not seen, seen)
    failing = next(iter([*found.failures, *found.silenced]), None)
    yield Property(
        f"the old client's {found.sent} requests are answered as before",
        failing is None,
        f"it {failing.says}: {failing.seen}" if failing else "",
    )
    for name, says in WANTS.items():
        lack = next((each for each in found.lacks if each.want == name), None)
        yield Property(says, lack is None, lack.says if lack else "")
    if more := next((each for each in found.lacks if not each.want), None):
        yield Property("no other new field is required in a ride", False, more.says)
