"""Judge a plan to move a topic, by what comes of it on three traffics.

Any plan that keeps the limits passes: on the traffic that the notebook shows, and on two others
with another peak, another backlog, another link. One limit holds for every exercise: the move ends.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import yaml

from ridealong.judging.evenings import Limit, Trial
from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.systems.queues.move import (
    CUT_OVER,
    FIRST,
    START_AT,
    Moved,
    Plan,
    PlanError,
    Traffic,
    moved,
    read_plan,
    traffic,
)
from ridealong.verdict import Verdict

TRAFFICS: Final[Mapping[str, Callable[[], Traffic]]] = {
    "on the traffic that you see": traffic,
    "where the peak comes early": lambda: traffic(
        history=3000, peak_per_second=36.0, peak=(40.0, 100.0), seed=1
    ),
    "where more lies there and the link is slower": lambda: traffic(
        history=4500, peak_per_second=32.0, peak=(200.0, 260.0), link_per_second=90.0, seed=2
    ),
}
"""What a plan has to hold on, by the words that a message names it with."""


def _begins(run: Moved, number: float) -> str:
    return "" if run.cut_over_at is None else f"; the cut-over begins at {run.cut_over_at:.0f} s"


def _lag_at(run: Moved, number: float) -> str:
    at, _ = max(run.lag, key=lambda each: each[1])
    return f", at {at:.0f} s{_begins(run, number)}"


def _paused_at(run: Moved, number: float) -> str:
    return f", for an event of second {run.paused_at:.0f}{_begins(run, number)}"


ALWAYS: Final[Mapping[str, Limit[Moved]]] = {
    "unfinished": Limit(
        "producers and consumers are on the new broker in the end",
        lambda run: math.inf if run.ended_at is None else 0.0,
        "{:.0f}",
        "The old broker cannot be switched off, and the work was for nothing.",
        never="not so: the copy never comes near enough for the cut-over to begin",
    ),
}

LIMITS: Final[Mapping[str, Limit[Moved]]] = {
    "lost": Limit(
        "at most {most:g} events never reach the consumers",
        lambda run: run.lost,
        "{:.0f} events",
        "A ride nobody is charged for.",
        _begins,
    ),
    "repeated": Limit(
        "at most {most:g} events reach the consumers again",
        lambda run: run.repeated,
        "{:.0f} events",
        "A second receipt, or a second charge, where consumers remember nothing.",
        _begins,
    ),
    "overtaken": Limit(
        "for at most {most:g} rides the older event comes last",
        lambda run: run.overtaken,
        "{:.0f} rides",
        "The receipt shows the fare before it was corrected.",
        _begins,
    ),
    "written_twice": Limit(
        "the producers write at most {most:g} events to both brokers",
        lambda run: run.written_twice,
        "{:.0f} events",
        "Producers that write to two brokers need code for when only one of the writes is done.",
        _begins,
    ),
    "wait_seconds": Limit(
        "no event waits longer than {most:g} s at the producers",
        lambda run: run.pause_seconds,
        "{:.1f} s",
        "The ride is over, and the app still tries to say so.",
        _paused_at,
    ),
    "lag_seconds": Limit(
        "the consumers have each event within {most:g} s",
        lambda run: run.largest_lag_seconds,
        "{:.1f} s",
        "Charges and receipts come late.",
        _lag_at,
    ),
    "ends_by_seconds": Limit(
        "the move ends by second {most:g}",
        lambda run: math.inf if run.ended_at is None else run.ended_at,
        "second {:.0f}",
        "The window that was announced is over.",
        never="never",
    ),
}
"""What an exercise may ask for; always the lesser number is the better one."""

_TRIAL: Final = Trial(ALWAYS, LIMITS, tuple(TRAFFICS), "traffics")


def judged(exercise_id: str, entry: Entry, value: object) -> Verdict:
    """Return the verdict on a plan.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise, with `limits`.
        value: the data of the answer.
    """
    try:
        plan = read_plan(value)
    except PlanError as error:
        return refused(exercise_id, entry, {"error": str(error)}, str(error))
    runs = _moves(plan)
    ends = runs[0].ended_at
    held = "" if ends is None else f"the move that you see ends at {ends:.0f} s"
    # What is told first is what riders lose; the catalogue has the limits in another order.
    ordered = {each: entry["limits"][each] for each in LIMITS if each in entry["limits"]}
    entry = {**entry, "limits": ordered}
    return _TRIAL.judged(
        exercise_id, entry, runs, lambda broken: _marks(plan, runs, broken, entry), held
    )


def marks(value: object, entry: Entry) -> dict[str, Any]:
    """Return what a wrong plan is recognised by, nothing for a right one."""
    try:
        plan = read_plan(value)
    except PlanError as error:
        return {"error": str(error)}
    runs = _moves(plan)
    broken = _TRIAL.broken(runs, entry)
    return _marks(plan, runs, broken, entry) if broken else {}


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the keys of an exercise."""
    yield from _TRIAL.problems(entry)


@lru_cache(maxsize=16)
def _moves(plan: Plan) -> tuple[Moved, ...]:
    return tuple(moved(plan, given) for given in _traffics())


@lru_cache(maxsize=1)
def _traffics() -> tuple[Traffic, ...]:
    return tuple(make() for make in TRAFFICS.values())


def _marks(plan: Plan, runs: tuple[Moved, ...], broken: list[str], entry: Entry) -> dict[str, Any]:
    # The words of the plan with what they lead to, and where: a wait before the cut-over has
    # another cause than one that begins with it. Where none has begun, the words did nothing.
    shown = bool(_TRIAL.broken(runs[:1], entry))
    bad = next(run for run in runs if _TRIAL.broken([run], entry))
    at = bad.cut_over_at
    return {
        "broken": sorted(broken),
        "shown": shown,
        "waits_before": at is None or bad.paused_at < at - 1,
        "plan": {} if at is None else {"start_at": plan.start_at, "cut_over": plan.cut_over},
    }


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right plan with one line changed each: dropped, another word, twice or half.

    Args:
        reference: the plan as YAML.
        entry: the exercise, of which nothing is needed.
    """
    plan = yaml.safe_load(reference)
    yield from distinct(_all(plan), reference, _text(plan))


def _all(plan: dict[str, Any]) -> Iterator[Mutant]:
    for name in plan:
        rest = {each: plan[each] for each in plan if each != name}
        yield Mutant(f"without {name}", _text(rest))
    for name, words in (("first", FIRST), ("start_at", START_AT), ("cut_over", CUT_OVER)):
        for word in words:
            if name in plan and plan[name] != word:
                yield _changed(plan, name, word, word)
    for name, least in (("copy_per_second", 1), ("cut_over_when_behind", 0)):
        if name in plan:
            for value, how in (
                (plan[name] * 2, "doubled"),
                (plan[name] // 2, "halved"),
                (plan[name] - 1, "one less"),
            ):
                if value >= least:
                    yield _changed(plan, name, value, how)


def _changed(plan: dict[str, Any], name: str, value: Any, how: str) -> Mutant:
    return Mutant(f"{name}: {how}", _text({**plan, name: value}))


def _text(plan: dict[str, Any]) -> str:
    return str(yaml.safe_dump(plan, sort_keys=False)) if plan else "{}\n"
