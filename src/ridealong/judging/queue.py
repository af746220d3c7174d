"""Judge a design of what follows a completed ride, by evenings on which things go wrong.

Any design that keeps the limits passes, on the evening that the notebook shows and on others, where
other consumers are killed at other rides. One limit holds for every exercise: nothing is done for a
ride that was not completed.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import yaml

from ridealong.judging.evenings import EVENINGS, Limit, Trial
from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.systems.queues.design import (
    COMMITS,
    ENDS,
    KEYS,
    REMEMBER,
    STEPS,
    UNREADABLE,
    Design,
    DesignError,
    read_design,
    shown,
)
from ridealong.systems.queues.design import (
    EVENTS as WAYS,
)
from ridealong.systems.queues.stories import MORE_TROUBLES, TROUBLES, story
from ridealong.systems.queues.virtual import Counted, Outcome, followed_up
from ridealong.systems.queues.virtual import Entry as Line
from ridealong.systems.queues.work import POINTS
from ridealong.text import did_you_mean
from ridealong.verdict import Verdict

MOST_LINES: Final = 4
"""Of the timeline, in a message."""

MOST_TIMES: Final = 20


def _sum(of: Callable[[Counted], int]) -> Callable[[Outcome], float]:
    return lambda run: float(sum(of(each) for each in run.counted.values()))


def _slowest(step: str) -> Callable[[Outcome], float]:
    return lambda run: run.counted[step].delay(0.99)


def timeline(run: Outcome, event_id: str, who: str = "") -> str:
    """Return what became of an event, in one line, the last of it where it is much.

    Args:
        run: the evening.
        event_id: of the event.
        who: only what this step did, and the service and the relay.
    """
    lines = [
        each
        for each in run.timeline
        if each.event_id == event_id and (not who or each.who in (who, "service", "relay"))
    ]
    return "; ".join(map(_line, lines[-MOST_LINES:]))


def _line(line: Line) -> str:
    return f"{_clock(line)} {line.who.replace('_', ' ')}: {line.what}"


def _clock(line: Line) -> str:
    tenths = round(line.at * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def _named(event_id: str) -> str:
    ride, _, version = event_id.partition("-")
    return f"Ride {ride}" if version == "1" else f"The corrected fare of ride {ride}"


def _first(
    events: Callable[[Outcome, str], Iterator[str]],
) -> Callable[[Outcome, float], str]:
    def adds(run: Outcome, number: float) -> str:
        for step in STEPS:
            for event_id in events(run, step):
                told = timeline(run, event_id, step) or _without(run, event_id, step)
                return f". {_named(event_id)}: {told}"
        return ""

    return adds


def _without(run: Outcome, event_id: str, step: str) -> str:
    """Tell of an event that a step has never come to: who has, or what keeps the step."""
    name = step.replace("_", " ")
    others = timeline(run, event_id)
    if others:
        return f"{others}, and never {name}"
    kept = [each for each in run.timeline if each.who == step and "tried" in each.what]
    return f"never {name}" + (f", which is at another message: {_line(kept[-1])}" if kept else "")


def _overtaken(run: Outcome, number: float) -> str:
    for step in STEPS:
        newest: dict[int, Line] = {}
        for line in run.timeline:
            if line.who != step or line.what != "done":
                continue
            before = newest.get(line.ride_id)
            if before and before.event_id > line.event_id:
                name = step.replace("_", " ")
                return (
                    f". Ride {line.ride_id}: {_clock(before)} {name} done for the corrected fare "
                    f"(partition {before.partition}); {_clock(line)} {name} done for the first one "
                    f"(partition {line.partition})"
                )
            newest[line.ride_id] = line
    return ""


def _lost(run: Outcome, step: str) -> Iterator[str]:
    yield from run.counted[step].lost


def _said(what: str, who: str = "") -> Callable[[Outcome, str], Iterator[str]]:
    return lambda run, step: (
        each.event_id
        for each in run.timeline
        if each.event_id and each.who == (who or step) and what in each.what
    )


def _not_completed(run: Outcome, step: str) -> Iterator[str]:
    yield from _said("before the commit", "service")(run, step)
    yield from _said("done, then", "service")(run, step)


def _failed(run: Outcome, step: str) -> Iterator[str]:
    yield from _said("the ride fails", "service")(run, step)


ALWAYS: Final[Mapping[str, Limit[Outcome]]] = {
    "ghosts": Limit(
        "nothing is done for a ride that was not completed",
        _sum(lambda each: each.ghosts),
        "{:.0f} times",
        "Somebody pays for a ride that the company does not know.",
        _first(_not_completed),
    ),
}

LIMITS: Final[Mapping[str, Limit[Outcome]]] = {
    "lost": Limit(
        "of all rides at most {most:g} steps are never done",
        _sum(lambda each: len(each.lost)),
        "{:.0f}",
        "A ride nobody is charged for, or a receipt that never comes.",
        _first(_lost),
    ),
    "dead": Limit(
        "at most {most:g} steps wait in the dead letters for a person",
        _sum(lambda each: each.dead),
        "{:.0f}",
        "Somebody has to look at each of them, and the rider waits.",
        _first(_said("to the dead letters")),
    ),
    "repeated": Limit(
        "at most {most:g} steps are done twice",
        _sum(lambda each: each.repeated),
        "{:.0f}",
        "A second charge, a second receipt.",
        _first(_said("done again")),
    ),
    "overtaken": Limit(
        "for at most {most:g} rides an older event comes after a newer one",
        _sum(lambda each: each.overtaken),
        "{:.0f} rides",
        "The receipt shows the fare before it was corrected.",
        _overtaken,
    ),
    **{
        f"{step}_p99_seconds": Limit(
            f"99 of 100 times {step} is done within {{most:g}} s of the ride",
            _slowest(step),
            "{:.0f} s",
            "The app promises a time, and this is later.",
            never="never, for more than 1 in 100",
        )
        for step in STEPS
    },
    "failed_requests": Limit(
        "at most {most:g} riders get an error in place of a completed ride",
        lambda run: run.failed_requests,
        "{:.0f} riders",
        "The ride is over, and the app says that it is not.",
        _first(_failed),
    ),
    "p95_wait_ms": Limit(
        "95 of 100 riders have their answer within {most:g} ms",
        lambda run: _share(run.waits, 0.95) * 1000,
        "{:.0f} ms",
        "The driver stands at the kerb and waits for a receipt.",
    ),
}
"""What an exercise may ask for; always the lesser number is the better one."""

_TRIAL: Final = Trial(ALWAYS, LIMITS)


def _share(values: tuple[float, ...], share: float) -> float:
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)] if ordered else 0.0


def judged(exercise_id: str, entry: Entry, value: object) -> Verdict:
    """Return the verdict on a design.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise: `limits`, and where they matter `troubles`, `killed_at` and
            `times_as_many`, see `stories.story`, `most_consumers` and `given`, lines of the design
            that the task sets.
        value: the data of the answer.
    """
    try:
        design = _design(value, entry)
    except DesignError as error:
        return refused(exercise_id, entry, {"error": str(error)}, str(error))
    runs = _runs(design, entry)
    half = runs[0].counted["receipt"].delay(0.5)
    held = (
        "half of the receipts never come"
        if math.isinf(half)
        else f"half of the receipts are there {half:.1f} s after the ride"
    )
    return _TRIAL.judged(
        exercise_id, entry, runs, lambda broken: _marks(design, broken, entry), held
    )


def marks(value: object, entry: Entry) -> dict[str, Any]:
    """Return what a wrong design is recognised by, nothing for a right one."""
    try:
        design = _design(value, entry)
    except DesignError as error:
        return {"error": str(error)}
    broken = _TRIAL.broken(_runs(design, entry), entry)
    return _marks(design, broken, entry) if broken else {}


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the keys of an exercise."""
    yield from _TRIAL.problems(entry)
    for name, known in (("troubles", (*TROUBLES, *MORE_TROUBLES)), ("killed_at", POINTS)):
        for each in entry.get(name, ()):
            if each not in known:
                yield f"{name!r}: {each!r} is not known{did_you_mean(each, known)}"
    if not 1 <= entry.get("times_as_many", 1) <= MOST_TIMES:
        yield f"'times_as_many' is {entry['times_as_many']}, wanted 1 to {MOST_TIMES}"
    try:
        read_design(entry.get("given", {}))
    except DesignError as error:
        yield f"'given': {error}"


def _design(value: object, entry: Entry) -> Design:
    given = entry.get("given", {})
    if isinstance(value, Mapping):
        for name in given:
            if name in value and not _alike(value[name], given[name]):
                raise DesignError(
                    f"{name} is {shown(value[name])}, and this task sets it: leave the line away, or "
                    f"write {name}: {given[name]}"
                )
        value = {**given, **value}
    design = read_design(value)
    most = entry.get("most_consumers", 0)
    if most and design.consumers > most:
        raise DesignError(
            f"consumers is {design.consumers}, and there is room for {most} in each group: lower it"
        )
    return design


def _alike(one: object, other: object) -> bool:
    """Whether two values of a line say the same; the order of `in_request` says nothing."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(each in other for each in one)
    return one == other


def _runs(design: Design, entry: Entry) -> tuple[Outcome, ...]:
    return _evenings(
        _hashable(design),
        tuple(entry.get("troubles", TROUBLES)),
        tuple(entry.get("killed_at", POINTS)),
        entry.get("times_as_many", 1),
    )


def _hashable(design: Design) -> str:
    lines = {name: getattr(design, name) for name in Design.__slots__}
    lines |= {"in_request": sorted(design.in_request), "groups": dict(design.groups)}
    return str(yaml.safe_dump(lines))


@lru_cache(maxsize=8)
def _evenings(
    design: str, troubles: tuple[str, ...], points: tuple[str, ...], times_as_many: int
) -> tuple[Outcome, ...]:
    read = read_design(yaml.safe_load(design))
    return tuple(
        followed_up(
            read,
            story(name, seed=seed, troubles=troubles, points=points, times_as_many=times_as_many),
        )
        for name, seed in EVENINGS
    )


def _marks(design: Design, broken: list[str], entry: Entry) -> dict[str, Any]:
    # The words of the design with what they lead to: the same limits may break for other reasons.
    groups = list(design.groups.values())
    found: dict[str, Any] = {
        "broken": sorted(broken),
        "design": {
            "in_request": sorted(design.in_request),
            "event": design.event,
            "key": design.key,
            "shared_group": len(set(groups)) < len(groups),
            "commit": design.commit,
            "remember": design.remember,
            "when_attempts_end": design.when_attempts_end,
            "unreadable": design.unreadable,
        },
    }
    if "most_consumers" in entry:  # where their number is asked for
        found["consumers"] = (
            "some without a partition"
            if design.consumers > design.partitions
            else "some with one partition more"
            if design.partitions % design.consumers
            else "all alike"
        )
    return found


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right design with one line changed each: dropped, another word, twice or half.

    Args:
        reference: the design as YAML.
        entry: the exercise, of which nothing is needed.
    """
    design = yaml.safe_load(reference)
    yield from distinct(_all(design), reference, _text(design))


def _all(design: dict[str, Any]) -> Iterator[Mutant]:
    for name in design:
        yield Mutant(
            f"without {name}", _text({each: design[each] for each in design if each != name})
        )
    for name, words in (
        ("event", WAYS),
        ("key", KEYS),
        ("commit", COMMITS),
        ("remember", REMEMBER),
        ("when_attempts_end", ENDS),
        ("unreadable", UNREADABLE),
    ):
        for word in words:
            if name in design and design[name] != word:
                yield _changed(design, name, word, word)
    for name in ("partitions", "consumers", "attempts"):
        if name in design:
            for value, how in (
                (design[name] * 2, "doubled"),
                (design[name] // 2, "halved"),
                (design[name] - 1, "one less"),
            ):
                if value >= 1:
                    yield _changed(design, name, value, how)
    for name in ("backoff_seconds", "longest_backoff_seconds", "freshness_seconds"):
        if design.get(name):
            for factor, how in ((2, "doubled"), (0.5, "halved")):
                yield _changed(design, name, design[name] * factor, how)
    for step in STEPS:
        in_request = design.get("in_request", [])
        if step in in_request:
            fewer = [each for each in in_request if each != step]
            yield _changed(design, "in_request", fewer, f"without {step}")
        else:
            yield _changed(design, "in_request", [*in_request, step], f"with {step}")
    groups = design.get("groups")
    if isinstance(groups, Mapping) and len(groups) > 1:
        first = next(iter(groups.values()))
        yield _changed(design, "groups", dict.fromkeys(groups, first), "one for all")


def _changed(design: dict[str, Any], name: str, value: Any, how: str) -> Mutant:
    return Mutant(f"{name}: {how}", _text({**design, name: value}))


def _text(design: dict[str, Any]) -> str:
    return str(yaml.safe_dump(design, sort_keys=False)) if design else "{}\n"
