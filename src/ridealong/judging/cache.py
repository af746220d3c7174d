"""Judge a cache policy by replaying evenings: what it promises holds, on other evenings too.

Any policy that keeps the limits passes, on the evening that the notebook shows and on others with
another concert in another city. Three limits hold for every exercise: nobody is shown another
place, nobody is shown what was made for another rider, no car has two riders.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import yaml

from ridealong.judging.evenings import EVENINGS, Limit, Trial
from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.service.caching import (
    KEYS,
    LATE_FILLS,
    ON_WRITE,
    PLACES,
    WRITES,
    Policy,
    PolicyError,
    read_policy,
)
from ridealong.systems.cache.replay import WINDOW_SECONDS, Measured, Shown, Situation, replayed
from ridealong.systems.cache.traffic import SECONDS, evening
from ridealong.verdict import Verdict


def _most_of_it(run: Measured, places: Iterable[tuple[float, int]]) -> str:
    """Return the minute and the city that most of what breaks a limit comes from.

    Args:
        run: the evening.
        places: when and in which city something that counts against it happened, each time.
    """
    found = list(places)
    if not found:
        return ""
    minutes = Counter(int(at // 60) + 1 for at, _ in found)
    cities = Counter(city for _, city in found)
    minute = max(minutes, key=lambda each: (minutes[each], -each))
    city = max(cities, key=lambda each: (cities[each], -each))
    return f", most of it in minute {minute} and in {evening(run.evening).cities[city]}"


def _looks(counts: Callable[[Shown, float], bool]) -> Callable[[Measured, float], str]:
    return lambda run, most: _most_of_it(
        run, ((each.at, each.city) for each in run.looks if counts(each, most))
    )


def _reads(run: Measured, most: float) -> str:
    return _most_of_it(run, run.reads)


def _busiest_reads(run: Measured, most: float) -> str:
    begin = run.peak[1]
    return _most_of_it(
        run, (each for each in run.reads if begin <= each[0] < begin + WINDOW_SECONDS)
    )


def _reads_at_once(run: Measured, most: float) -> str:
    until = run.most_at_once[1]
    return _most_of_it(run, (each for each in run.reads if until - 1 < each[0] <= until))


ALWAYS: Final[Mapping[str, Limit[Measured]]] = {
    "mixed": Limit(
        "nobody is shown the cars of another place",
        lambda run: run.share(lambda each: each.mixed) * 100,
        "{:.1f}% of the looks",
        "A rider without a car nearby sees none of those that are there.",
        _looks(lambda each, most: each.mixed),
    ),
    "leaked": Limit(
        "nobody is shown what was made for another rider",
        lambda run: run.share(lambda each: each.leaked) * 100,
        "{:.1f}% of the looks",
        "One rider's price is on another rider's screen.",
        _looks(lambda each, most: each.leaked),
    ),
    "double_bookings": Limit(
        "no car has two riders",
        lambda run: run.double_bookings,
        "{:.0f} cars",
        "Two people wait for one car.",
    ),
}

LIMITS: Final[Mapping[str, Limit[Measured]]] = {
    "reads_per_second": Limit(
        "at most {most:g} reads of the database a second, over the whole evening",
        lambda run: run.reads_per_second,
        "{:.2f} reads a second",
        "Each read takes its part of a database that all other features need too.",
        _reads,
    ),
    "peak_reads_per_second": Limit(
        "at most {most:g} reads of the database a second, in any ten seconds",
        lambda run: run.peak[0],
        "{:.1f} reads a second",
        "In the busiest seconds the database is what everybody waits for.",
        _busiest_reads,
    ),
    "reads_at_once": Limit(
        "at most {most:g} reads of the database at one moment",
        lambda run: run.most_at_once[0],
        "{:.0f} at one moment",
        "Reads that all begin in one moment slow each other down.",
        _reads_at_once,
    ),
    "stale_p95_seconds": Limit(
        "95 of 100 looks show what was true at most {most:g} s ago",
        lambda run: run.stale_seconds(),
        "{:.1f} s",
        "A rider decides by what is no longer true.",
        _looks(lambda each, most: each.stale_seconds > most),
    ),
    "ghost_percent": Limit(
        "at most {most:g}% of the looks show a car where none is",
        lambda run: run.share(lambda each: each.is_ghost) * 100,
        "{:.1f}%",
        "The rider asks for a car that is not there, and waits.",
        _looks(lambda each, most: each.is_ghost),
    ),
    "hidden_percent": Limit(
        "at most {most:g}% of the looks show no car where one is",
        lambda run: run.share(lambda each: each.is_hidden) * 100,
        "{:.1f}%",
        "The rider goes away, and the driver stands and waits.",
        _looks(lambda each, most: each.is_hidden),
    ),
    "p95_wait_ms": Limit(
        "95 of 100 looks are answered within {most:g} ms",
        lambda run: run.waited_ms(0.95),
        "{:.0f} ms",
        "The screen stays grey for those who wait.",
        _looks(lambda each, most: each.waited_ms > most),
    ),
    "hit_percent": Limit(
        "at least {most:g}% of the looks are answered by the cache",
        lambda run: run.hit_ratio * 100,
        "{:.1f}%",
        "What the cache does not answer, the database has to.",
        _looks(lambda each, least: not each.hit),
        is_least=True,
    ),
}
"""What an exercise may ask for; always the lesser number is the better one, but for hits."""

_TRIAL: Final = Trial(ALWAYS, LIMITS)


def judged(exercise_id: str, entry: Entry, value: object) -> Verdict:
    """Return the verdict on a policy.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise: `limits`, and where they matter `read_seconds`, `zone_seconds`,
            `warmed`, `emptied_at_seconds`, and `key_holds`, the fields that its key has to hold.
        value: the data of the answer.
    """
    try:
        policy = _policy(value, entry)
    except PolicyError as error:
        return refused(exercise_id, entry, {"error": str(error)}, str(error))
    runs = _runs(policy, entry)
    held = f"{runs[0].hit_ratio:.0%} of the looks are answered by the cache"
    return _TRIAL.judged(exercise_id, entry, runs, lambda broken: _marks(policy, broken), held)


def marks(value: object, entry: Entry) -> dict[str, Any]:
    """Return what a wrong policy is recognised by, nothing for a right one."""
    try:
        policy = _policy(value, entry)
    except PolicyError as error:
        return {"error": str(error)}
    broken = _TRIAL.broken(_runs(policy, entry), entry)
    return _marks(policy, broken) if broken else {}


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the keys of an exercise."""
    yield from _TRIAL.problems(entry)
    for name in entry.get("key_holds", ()):
        if name not in PLACES:
            yield f"'key_holds': {name!r}, wanted fields of a read: {', '.join(PLACES)}"
    for at in entry.get("emptied_at_seconds", ()):
        if not isinstance(at, int | float) or isinstance(at, bool) or not 0 <= at < SECONDS:
            yield f"'emptied_at_seconds': {at!r}, wanted seconds from 0 to {SECONDS:g}"


def _policy(value: object, entry: Entry) -> Policy:
    policy = read_policy(value)
    for name in entry.get("key_holds", ()):
        if name not in policy.fields:
            raise PolicyError(
                f"key is {policy.key!r}, and this task keeps an answer for each {name}: put "
                f"{{{name}}} into the key"
            )
    return policy


def situation(entry: Entry) -> Situation:
    """Return what the evenings of an exercise are like beside their traffic."""
    names = ("read_seconds", "zone_seconds", "warmed", "emptied_at_seconds")
    given = {name: entry[name] for name in names if name in entry}
    if "emptied_at_seconds" in given:
        given["emptied_at_seconds"] = tuple(given["emptied_at_seconds"])
    return Situation(**given)


def _runs(policy: Policy, entry: Entry) -> tuple[Measured, ...]:
    return _replays(policy, situation(entry))


@lru_cache(maxsize=4)  # each holds some 40,000 looks
def _replays(policy: Policy, like: Situation) -> tuple[Measured, ...]:
    return tuple(replayed(policy, evening(name, seed=seed), None, like) for name, seed in EVENINGS)


def _marks(policy: Policy, broken: list[str]) -> dict[str, Any]:
    # The words of the policy with what they lead to: the same limits may break for other reasons.
    # A zone stands in one city, and who shares with one rider alone does so in any city.
    fields = policy.fields - ({"city"} if policy.fields & {"zone", "rider"} else set())
    said: dict[str, Any] = {"key": sorted(fields)}
    if always := sorted(set(broken) & set(ALWAYS) - {"double_bookings"}):
        # What is shown to the wrong rider follows from the key and from what is never shared, which
        # does nothing else, whatever the other lines say.
        return {"broken": always, "policy": said}
    said |= {
        "on_write": policy.on_write,
        "writes": sorted(policy.writes) if policy.on_write != "nothing" else [],
        "late_fills": policy.late_fills,
        "single_flight": policy.single_flight,
        "jitter": policy.jitter_percent > 0,
        "refresh_ahead": policy.refresh_ahead_seconds > 0,
        "empty": _compared(policy.empty_ttl_seconds, policy.ttl_seconds),
    }
    return {"broken": sorted(broken), "policy": said}


def _compared(one: float, other: float) -> str:
    if one == 0:
        return "none"
    return "same" if one == other else "shorter" if one < other else "longer"


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right policy with one line changed each: dropped, another word, twice or half.

    Args:
        reference: the policy as YAML.
        entry: the exercise, of which nothing is needed.
    """
    policy = yaml.safe_load(reference)
    yield from distinct(_all(policy), reference, _text(policy))


def _all(policy: dict[str, Any]) -> Iterator[Mutant]:
    for name in policy:
        rest = {each: policy[each] for each in policy if each != name}
        yield Mutant(f"without {name}", _text(rest))
    for name in ("ttl_seconds", "empty_ttl_seconds", "refresh_ahead_seconds", "jitter_percent"):
        if policy.get(name):
            for factor, how in ((2, "doubled"), (0.5, "halved")):
                yield _changed(policy, name, policy[name] * factor, how)
            yield _changed(policy, name, 0, "0")
    for place in PLACES:
        field = f"{{{place}}}"
        if field in policy["key"]:
            yield _changed(policy, "key", policy["key"].replace(field, ""), f"without {place}")
        else:
            yield _changed(policy, "key", f"{policy['key']}:{field}", f"with {place}")
    for word in ON_WRITE:
        if policy.get("on_write", ON_WRITE[0]) != word:
            yield _changed(policy, "on_write", word, word)
    if policy.get("on_write", ON_WRITE[0]) != ON_WRITE[0]:  # else no line about writes matters
        for word in LATE_FILLS:
            if policy.get("late_fills", LATE_FILLS[0]) != word:
                yield _changed(policy, "late_fills", word, word)
        writes = policy.get("writes", list(WRITES))
        for word in writes:
            fewer = [each for each in writes if each != word]
            yield _changed(policy, "writes", fewer, f"without {word}")
    flag = not policy.get("single_flight", False)
    yield _changed(policy, "single_flight", flag, str(flag).lower())
    assert set(policy) <= set(KEYS)


def _changed(policy: dict[str, Any], name: str, value: Any, how: str) -> Mutant:
    return Mutant(f"{name}: {how}", _text({**policy, name: value}))


def _text(policy: dict[str, Any]) -> str:
    return str(yaml.safe_dump(policy, sort_keys=False)) if policy else "{}\n"
