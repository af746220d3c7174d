"""Judge a policy of who sees what: replay it, name what leaks and to whom, and whose job stops."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import yaml

from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.systems.access import (
    FIELDS,
    HIDDEN,
    JOBS,
    OPEN,
    PUBLIC,
    RIDES,
    STATES,
    WHEN,
    Blocked,
    Leak,
    Policy,
    PolicyError,
    Replay,
    Situation,
    read_policy,
    replay,
)
from ridealong.verdict import Property, Verdict

_WORDS: Final = {
    "ride": "the ride itself",
    "quoted_fare": "the agreed price",
    "fare": "what the rider paid",
    "driver_pay": "what the driver earned",
    "driver_name": "the driver's first name and car",
    "driver_phone": "the driver's phone number",
    "rider_name": "the rider's first name",
    "rider_phone": "the rider's phone number",
}


def judged(exercise_id: str, entry: Entry, value: object) -> Verdict:
    """Return the verdict on a policy.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise; its `mistakes` are recognised.
        value: the data of the answer.
    """
    try:
        policy = read_policy(value)
    except PolicyError as error:
        return refused(exercise_id, entry, {"error": str(error)}, str(error))
    run = replay(policy, _all())
    if run.passed:
        message = (
            f"{exercise_id} holds: in {run.calls} calls, for rides in every state, each of "
            f"{len(JOBS)} jobs can be done and nobody sees more"
        )
        return Verdict(exercise_id, True, message, tuple(_properties(run)))
    return refused(
        exercise_id, entry, _marks(run), _told(policy, run), tuple(_properties(run)), _share(run)
    )


def marks(value: object, entry: Entry) -> dict[str, Any]:
    """Return what a wrong policy is recognised by, nothing for a right one."""
    try:
        run = replay(read_policy(value), _all())
    except PolicyError as error:
        return {"error": str(error)}
    return {} if run.passed else _marks(run)


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right policy with one line changed each: another word, or the line dropped.

    What is not named is never seen, so a line that says `never` is not dropped.

    Args:
        reference: the policy as YAML.
        entry: the exercise, of which a policy needs nothing.
    """
    policy = yaml.safe_load(reference)
    written = yaml.safe_dump(policy, sort_keys=False)

    def changed(role: str, name: str, word: str | None) -> str:
        lines = {key: value for key, value in policy[role].items() if key != name or word}
        if word:
            lines[name] = word
        return str(yaml.safe_dump({**policy, role: lines}, sort_keys=False))

    def made() -> Iterator[Mutant]:
        for role, lines in policy.items():
            rest = {key: value for key, value in policy.items() if key != role}
            yield Mutant(f"without {role}", yaml.safe_dump(rest, sort_keys=False))
            for name, word in lines.items():
                for other in RIDES if name == "rides" else WHEN:
                    text = changed(role, name, other)
                    yield Mutant(f"{role}, {name}: {other} in place of {word}", text)
                if word != "never":
                    yield Mutant(f"{role}, {name}: dropped", changed(role, name, None))

    yield from distinct(made(), written)


def explained(run: Replay) -> Iterator[tuple[str, str, str, str]]:
    """Yield each leak and each impossible job: kind, who, what, in which states of the ride.

    Args:
        run: what came of a policy.
    """
    for leaks in _grouped(run.leaks, lambda leak: (leak.who, leak.field)):
        yield "leak", leaks[0].who, _WORDS[leaks[0].field], _states(leaks)
    for blocked in _grouped(run.blocked, lambda each: (each.job.name, each.field)):
        job = blocked[0].job
        name = _WORDS[blocked[0].field]
        what = f"cannot {job.says}: {name} {'are' if ' and ' in name else 'is'} missing"
        yield "job", f"a {job.role}" if job.role != "support" else "support", what, _states(blocked)


def _all() -> Sequence[Situation]:
    return (*PUBLIC, *HIDDEN)


@cache
def _open() -> Replay:
    return replay(OPEN, _all())


def _share(run: Replay) -> float:
    """Return the share of the jobs that can be done, less the share of what leaks."""
    done = 1 - len({each.job.name for each in run.blocked}) / len(JOBS)
    leaked = len({(each.role, each.field) for each in run.leaks})
    to_leak = len({(each.role, each.field) for each in _open().leaks})
    return max(0.0, done - leaked / to_leak)


def _marks(run: Replay) -> dict[str, Any]:
    return {
        "leaks": sorted({f"{each.role} {each.field} {each.status}" for each in run.leaks}),
        "blocked": sorted({f"{each.job.name} {each.field} {each.status}" for each in run.blocked}),
    }


def _told(policy: Policy, run: Replay) -> str:
    found = list(explained(run))
    more = len(found) - 1
    others = f" ({more} more below)" if more else ""
    if run.leaks:
        leak = run.leaks[0]
        _, who, what, states = found[0]
        seen = "reads" if leak.field == "ride" else f"sees {what} of"
        return (
            f"{who} {seen} a ride that is {states}, and has no job that needs it{others}. "
            f"{_narrow(policy, leak)}"
        )
    blocked = run.blocked[0]
    _, who, what, states = found[0]
    line = "rides" if blocked.field == "ride" else blocked.field
    return f"{who} {what} when the ride is {states}{others}. Widen `{line}` of {blocked.job.role}"


def _narrow(policy: Policy, leak: Leak) -> str:
    # A field leaks with the ride, so the ride comes first in any list of leaks.
    if leak.field == "ride":
        return f"Narrow `rides` of {leak.role}, which is {policy.rides[leak.role]}"
    word = policy.fields[leak.role][leak.field]
    if any(leak.field in job.fields for job in JOBS if job.role == leak.role):
        return f"Their jobs need it in fewer states than `{word}` gives: narrow `{leak.field}`"
    return f"Say never: `{leak.field}` of {leak.role} is {word}, and none of their jobs asks for it"


def _properties(run: Replay) -> Iterator[Property]:
    for job in JOBS:
        missing = [each for each in run.blocked if each.job == job]
        fields = dict.fromkeys(_WORDS[each.field] for each in missing)
        seen = (
            f"{' and '.join(fields)} missing, the ride being {_states(missing)}" if missing else ""
        )
        role = job.role.capitalize()
        yield Property(f"{role}: {job.says}", not missing, seen or "can be done")
    for role in FIELDS:
        leaks = [each for each in run.leaks if each.role == role]
        fields = dict.fromkeys(_WORDS[each.field] for each in leaks)
        who = dict.fromkeys(each.who for each in leaks)
        seen = (
            f"{', '.join(who)}: {', '.join(fields)}; of a ride that is {_states(leaks)}"
            if leaks
            else ""
        )
        name = f"{role.capitalize()}: nothing without a job"
        yield Property(name, not leaks, seen or "no leak")


def _grouped(found: Sequence[Any], key: Any) -> list[list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for each in found:
        groups.setdefault(key(each), []).append(each)
    return list(groups.values())


def _states(found: Sequence[Leak] | Sequence[Blocked]) -> str:
    states = {each.status for each in found}
    named = [state for state in STATES if state in states]
    if len(named) == len(STATES):
        return "in any state"
    return " or ".join(named)
