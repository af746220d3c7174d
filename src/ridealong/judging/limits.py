"""Judge limits on requests by replaying days: no honest request is refused, runaways are held.

Any limits that do so pass, on the day that the notebook shows and on others. A mistake is named
from the first honest request that is refused, else from what runaway clients get.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import yaml

from ridealong.judging.mutants import Mutant, distinct
from ridealong.judging.yaml_text import read_yaml
from ridealong.systems import limits as lab
from ridealong.systems.limits import Limit, PolicyError, Replay
from ridealong.verdict import Property, Verdict

MISTAKES: Final = (
    *(f"{kind}-{what}" for kind in lab.KINDS for what in ("shared", "rate", "runaway")),
    "rider-burst",
    "support-burst",
    "several-runaway",
    "queue",
)
"""Every name of a mistake: a bucket that is shared, too small at once, too slow in the long run, or
too generous for a runaway client, so that no limits of the others make up for it; several that are
too generous together; and a queue that is too long although nobody gets too much."""

_ADVICE: Final = {
    "shared": "Give each caller a bucket: look at what per counts by.",
    "burst": "Compare burst with the most that this kind of caller sends at once.",
    "rate": "Add up what this caller sends until then: the bucket has to hold it at the start or "
    "get it back in time.",
    "runaway": "For each kind work out burst plus ten seconds of requests_per_second, times its "
    "runaway clients, and add the three up.",
    "queue": "Lower what may come at once.",
}
_NEEDED: Final = {"rider": 8 * 20, "partner": 124, "support": 2 * 13}
"""What the runaways of a kind get in ten seconds at least, whoever refuses no honest request."""

_SHARED: Final = {"address": "each address", "everyone": "everybody of this kind"}
_AT_ONCE: Final = {"rider": lab.RIDER_AT_ONCE, "support": lab.CASE_AT_ONCE, "partner": 1}


def judged(exercise_id: str, entry: Mapping[str, Any], text: str) -> Verdict:
    """Return the verdict on limits.

    Args:
        exercise_id: of the exercise.
        entry: its catalogue entry, with the messages of its mistakes.
        text: the answer, YAML as `systems.limits.read_policy` takes it.

    Raises:
        ValueError: in one line, when it is no YAML.
    """
    try:
        policy = lab.read_policy(read_yaml(text))
    except PolicyError as error:
        unread = Property("each kind of caller has a limit", False)
        return Verdict(exercise_id, False, str(error), (unread,))
    runs = _runs(policy)
    if not runs[-1].holds:
        mistake, seen = _explained(policy, runs[-1])
        for known in entry.get("mistakes", ()):
            if known["results"] == _mark(mistake):
                message, name = f"{seen} {known['message']}", known["name"]
                return Verdict(exercise_id, False, message, _properties(runs[-1]), name)
        message = f"{seen} {_ADVICE[mistake.rpartition('-')[2]]}"
        return Verdict(exercise_id, False, message, _properties(runs[-1]))
    honest = sum(group.sent for run in runs for group in run.groups if group.is_honest)
    most = max(run.runaway_in_window for run in runs)
    message = (
        f"{exercise_id} holds: on {len(runs)} days none of {honest:,} honest requests is refused, "
        f"and runaway clients get at most {most} in any ten seconds"
    )
    return Verdict(exercise_id, True, message, _properties(runs[0]))


def marks(text: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a wrong answer is recognised by, nothing for a right one."""
    try:
        policy = lab.read_policy(read_yaml(text))
    except (PolicyError, ValueError) as error:
        return {"error": str(error)}
    last = _runs(policy)[-1]
    return {} if last.holds else _mark(_explained(policy, last)[0])


def _runs(policy: Mapping[str, Limit]) -> list[Replay]:
    """Replay the days in their order, up to the first on which a promise is broken."""
    runs: list[Replay] = []
    for day in (lab.PUBLIC, *lab.HIDDEN):
        runs.append(lab.replay(policy, day))
        if not runs[-1].holds:
            break
    return runs


def _mark(mistake: str) -> dict[str, Any]:
    return {"mistake": mistake}


def _properties(run: Replay) -> tuple[Property, ...]:
    most = lab.SPARE_PER_SECOND * lab.WINDOW_SECONDS
    return (
        Property(
            "no honest request is refused",
            not run.refused,
            f"{len(run.refused):,} are refused",
            "A rider without an answer taps again, and a partner's tool shows old numbers.",
        ),
        Property(
            f"runaway clients together get at most {most} requests in any ten seconds",
            run.spare_is_kept,
            f"they get {run.runaway_in_window}",
            "What they get, honest callers do not.",
        ),
        Property(
            f"95 in 100 honest requests wait at most {lab.LONGEST_WAIT_SECONDS} s for the back end",
            run.wait_is_kept,
            f"they wait up to {run.wait_seconds:.2f} s",
            "Everybody waits in the same queue.",
        ),
    )


def _explained(policy: Mapping[str, Limit], run: Replay) -> tuple[str, str]:
    """Return the name of the first mistake, and what was seen of it."""
    if run.refused:
        first = run.refused[0]
        request = first.request
        limit = policy[request.kind]
        seen = (
            f"{request.caller} ({request.address}) is refused at "
            f"{run.day.clock(request.seconds)} as it {request.doing}: request number {first.place} "
            "of its day."
        )
        if limit.per != "caller":
            alone = {**policy, request.kind: replace(limit, per="caller")}
            if first not in lab.replay(alone, run.day).refused:
                return (
                    f"{request.kind}-shared",
                    f"{seen} Others had emptied the bucket, which is one for {_SHARED[limit.per]}.",
                )
        what = "burst" if limit.burst < _AT_ONCE[request.kind] else "rate"
        return f"{request.kind}-{what}", seen
    if not run.spare_is_kept:
        runaways = [group for group in run.groups if not group.is_honest]
        kind = _too_generous({group.kind: group.most_in_window for group in runaways})
        each = ", ".join(
            f"{group.kind} {group.most_in_window} ({group.callers})" for group in runaways
        )
        seen = (
            f"Runaway clients together get {run.runaway_in_window} requests in ten seconds, "
            f"{lab.SPARE_PER_SECOND * lab.WINDOW_SECONDS} is the most. By kind, with the number of "
            f"runaway clients: {each}."
        )
        return f"{kind}-runaway", seen
    seen = (
        f"Of 100 honest requests 5 wait {run.wait_seconds:.2f} s or longer, "
        f"{lab.LONGEST_WAIT_SECONDS} s is the most."
    )
    return "queue", seen


def _too_generous(most: Mapping[str, int]) -> str:
    """Return the kind that leaves the others less than they need, "several" where none alone does.

    Args:
        most: by kind, what its runaway clients get.
    """
    spare = lab.SPARE_PER_SECOND * lab.WINDOW_SECONDS - sum(_NEEDED.values())
    over = {kind: most[kind] - _NEEDED[kind] for kind in most}
    worst = max(over, key=lambda kind: over[kind])
    return worst if over[worst] > spare else "several"


def mutants(reference: str, entry: Mapping[str, Any]) -> Iterator[Mutant]:
    """Yield right limits with one change each: another bucket, a quarter or four times of a number."""
    policy = yaml.safe_load(reference)
    yield from distinct(_all(policy), _text(policy))


def _all(policy: dict[str, dict[str, Any]]) -> Iterator[Mutant]:
    for kind, limit in policy.items():
        rest = {name: value for name, value in policy.items() if name != kind}
        yield Mutant(f"without {kind}", _text(rest))
        for other in lab.PER:
            if other != limit["per"]:
                yield _mutant(policy, kind, per=other)
        for key in ("requests_per_second", "burst"):
            number = limit[key]
            smaller = max(1, number // 4) if key == "burst" else number / 4
            for value in (smaller, number * 4, 0):
                yield _mutant(policy, kind, **{key: value})
        for other, theirs in policy.items():
            # Two kinds that need about the same may change places.
            if max(limit["burst"], theirs["burst"]) > 2 * min(limit["burst"], theirs["burst"]):
                yield Mutant(f"{kind} as {other}", _text({**policy, kind: dict(theirs)}))


def _mutant(policy: dict[str, dict[str, Any]], kind: str, **change: Any) -> Mutant:
    ((key, value),) = change.items()
    return Mutant(f"{kind}.{key}: {value}", _text({**policy, kind: {**policy[kind], **change}}))


def _text(policy: dict[str, Any]) -> str:
    return yaml.safe_dump(policy, sort_keys=False) if policy else "{}\n"
