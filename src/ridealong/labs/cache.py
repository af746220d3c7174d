"""A cache to operate: start one, replay an evening against it by your policy, compare two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ridealong.dataset.connection import current_connection
from ridealong.engine.tables import put
from ridealong.labs.sql.database import LabError
from ridealong.labs.waits import progress
from ridealong.service.caching import Policy, PolicyError, read_policy
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural
from ridealong.systems.cache import log
from ridealong.systems.cache.keepers import InMemory, Outlasting
from ridealong.systems.cache.replay import READ_SECONDS, Measured, Replay, Situation, by_minute
from ridealong.systems.cache.server import Cache
from ridealong.systems.cache.traffic import EVENINGS, FASTER, SECONDS, Evening, evening

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SLOWEST_READ_SECONDS: Final = 60

_cache: Cache | None = None


def start_cache(
    server: str = "", *, memory_bytes: int = 0, append_only_file: bool = False
) -> Cache:
    """Start a cache for this notebook; one that was started before is stopped.

    Args:
        server: valkey or fakeredis; by default the outside one of `RIDEALONG_REDIS_URL`, else the
            best that is installed.
        memory_bytes: how much it may hold before it forgets something, rather what was not used
            for long.
        append_only_file: whether it writes each change to a file, and has it after a restart.

    Raises:
        CacheError: when it does not start.
    """
    global _cache
    if _cache is not None:
        _cache.stop()
        _cache = None
    cache = Cache(server, memory_bytes=memory_bytes, append_only_file=append_only_file)
    _cache = cache.start()
    return _cache


def running() -> Cache | None:
    """Return the cache of this notebook, None when none runs."""
    return _cache if _cache is not None and _cache.is_running else None


def traffic(name: str = "public") -> View:
    """Show the evening that is replayed: looks at the map and requests for rides, by city.

    Args:
        name: of the evening.
    """
    of = _evening(name)
    looks = Counter(event.city for event in of.events if event.kind == "look")
    asks = Counter(event.city for event in of.events if event.kind == "ask")
    cars = Counter(car.city for car in of.cars)
    rows = [
        [label, cars[city], looks[city], asks[city], round(looks[city] / SECONDS, 1)]
        for city, label in of.cities.items()
    ]
    return View(
        f"A concert evening in five cities, {FASTER} times as busy",
        frame(["city", "cars", "looks at the map", "requests", "looks per second"], rows),
        f"{plural(sum(looks.values()), 'look')} in {SECONDS / 60:g} minutes, "
        f"{sum(looks.values()) / SECONDS:.1f} a second.",
        picture=_traffic_picture(name),
        counts=("looks at the map",),
    )


def _traffic_picture(name: str) -> pictures.Picture:
    of = _evening(name)
    looks = Counter(
        (event.city, int(event.at // 20)) for event in of.events if event.kind == "look"
    )
    steps = range(int(SECONDS // 20))
    busiest = max(of.cities, key=lambda city: sum(looks[city, step] for step in steps))
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        for city, label in of.cities.items():
            is_busiest = city == busiest
            axes.plot(
                [step / 3 for step in steps],
                [looks[city, step] / 20 for step in steps],
                color=pictures.ORANGE if is_busiest else pictures.BLUE,
                linewidth=2 if is_busiest else 1,
                label=label
                if is_busiest
                else ("the other four" if city == _other(of.cities, busiest) else None),
            )
        axes.set_xlabel("minutes of the evening")
        axes.set_ylabel("looks per second")
        axes.set_title("How often riders look at the map")
        most = max(looks[busiest, step] for step in steps) / 20
        axes.set_ylim(0, most * 1.25)  # room for the legend above the lines
        axes.legend(loc="upper right", fontsize=9, ncols=2)
        return pictures.Picture(
            figure,
            f"Looks per second over twelve minutes: {of.cities[busiest]}, where the concert is, "
            f"reaches {most:.1f}; the other four cities stay below.",
        )


def _other(cities: Mapping[int, str], busiest: int) -> int:
    return next(city for city in cities if city != busiest)


def replay(policy: object = None, name: str = "public", **situation: Any) -> View:
    """Replay an evening by a policy, against the cache that runs, and show what comes of it.

    Args:
        policy: the data of a `%%yaml` answer, or None for no cache at all.
        name: of the evening.
        situation: `read_seconds`, `zone_seconds`, `warmed`, `emptied_at_seconds`, see
            `Situation`.

    Raises:
        LabError: when it holds no policy.
    """
    run = measured(policy, name, **situation)
    where = "no cache" if policy is None else _where()
    return View(
        f"An evening with {where}",
        frame(["measured", "value"], [[says, told(run)] for says, told in _MEASURES.items()]),
        _summary(run),
        picture=_picture(run),
    )


def compare(first: object, second: object, name: str = "public", **situation: Any) -> View:
    """Replay the same evening by two policies and show both.

    Args:
        first: the data of a `%%yaml` answer, or None for no cache.
        second: the same.
        name: of the evening.
        situation: as for `replay`.

    Raises:
        LabError: when one holds no policy.
    """
    runs = [measured(each, name, **situation) for each in (first, second)]
    rows = [[says, *(told(run) for run in runs)] for says, told in _MEASURES.items()]
    more = len(runs[1].reads) / max(1, len(runs[0].reads))
    return View(
        "The same evening by two policies",
        frame(["measured", "first", "second"], rows),
        f"The second reads the database {_times(more)} as often as the first, and shows a car "
        f"where none is {_ghosts(runs[1])} in place of {_ghosts(runs[0])} times in 1,000 looks.",
    )


def sweep(
    policy: object, ttl_seconds: Sequence[float], name: str = "public", **situation: Any
) -> View:
    """Replay the same evening with one time to live after the other, and draw both prices.

    In memory, for time: the counts are those of the real cache (a test compares them).

    Args:
        policy: the data of a `%%yaml` answer; its `ttl_seconds` is replaced.
        ttl_seconds: the times to try.
        name: of the evening.
        situation: as for `replay`.

    Raises:
        LabError: when it holds no policy, or more than twelve times are asked for.
    """
    if not ttl_seconds or len(ttl_seconds) > 12:
        raise LabError(f"{len(ttl_seconds)} times to live: give one to twelve, such as [1, 5, 15]")
    if not isinstance(policy, Mapping):
        _read(policy)
    runs = []
    with progress("Replaying the evening") as show:
        for number, ttl in enumerate(ttl_seconds):
            show(number / len(ttl_seconds))
            changed = {**policy, "ttl_seconds": ttl}  # type: ignore[dict-item]
            like = _situation(situation)
            runs.append(Replay(_read(changed), _evening(name), InMemory(), like).run())
    rows = [
        [
            ttl,
            f"{run.hit_ratio:.0%}",
            round(run.peak[0], 1),
            round(run.stale_seconds(), 1),
            _ghosts(run),
        ]
        for ttl, run in zip(ttl_seconds, runs, strict=True)
    ]
    columns = [
        "time to live (s)", "hits", "reads per second, busiest 10 s", "staleness p95 (s)",
        "ghost cars in 1,000 looks",
    ]  # fmt: skip
    return View(
        "One time to live after the other",
        frame(columns, rows),
        f"From {ttl_seconds[0]:g} to {ttl_seconds[-1]:g} s the busiest ten seconds go from "
        f"{runs[0].peak[0]:.1f} to {runs[-1].peak[0]:.1f} reads a second, and ghost cars from "
        f"{_ghosts(runs[0])} to {_ghosts(runs[-1])} in 1,000 looks.",
        picture=_sweep_picture(ttl_seconds, runs),
    )


def replay_log(policy: object, name: str = "public", **situation: Any) -> View:
    """Replay an evening and put each look into the table `replay_log`, for `%%sql`.

    Args:
        policy: the data of a `%%yaml` answer, or None for no cache at all.
        name: of the evening.
        situation: as for `replay`.

    Raises:
        LabError: when it holds no policy.

    Example:
        replay_log(my_policy)
        %%sql
        SELECT city_id, COUNT(*) AS looks FROM replay_log GROUP BY city_id
    """
    run = measured(policy, name, **situation)
    table = log.table_of(run)
    put(current_connection(), log.NAME, table)
    return View(
        "The table replay_log",
        frame(["column", "type", "what stands there"], [[n, *of] for n, of in log.LOG.items()]),
        f"{plural(len(table.rows), 'look')}, one row each: ask it with %%sql.",
    )


def measured(policy: object, name: str = "public", *, city: int = 0, **situation: Any) -> Measured:
    """Replay an evening and return what was measured, to work with.

    Args:
        policy: the data of a `%%yaml` answer, or None for no cache at all.
        name: of the evening.
        city: number of the one city to replay, 0 for all of them.
        situation: as for `replay`.

    Raises:
        LabError: when it holds no policy, there is no such evening, or the situation is none.
    """
    of = _evening(name)
    if city:
        events = tuple(event for event in of.events if event.city == city)
        of = replace(of, events=events)
    read = None if policy is None else _read(policy)
    like = _situation(situation)
    with progress("Replaying the evening") as show:
        kept = InMemory() if read is None else keeper()
        return Replay(read, of, kept, like).run(show)


def keeper() -> Any:
    """Return what keeps answers now, empty: the cache that runs, or else a dictionary."""
    if _cache is None or not _cache.is_running:
        return InMemory()
    _empty(_cache)
    return Outlasting(_cache)


def _empty(cache: Cache) -> None:
    import redis

    try:
        cache.clear()
    except redis.RedisError as error:
        told = str(error).partition("\n")[0].rstrip(".")
        raise LabError(
            f"{cache.described} does not answer any more: {told}. start_cache() starts anew"
        ) from None


def _evening(name: str) -> Evening:
    if name not in EVENINGS:
        raise LabError(f"no evening is called {name!r}: there are {', '.join(EVENINGS)}")
    return evening(name)


def _read(policy: object) -> Policy:
    try:
        return read_policy(policy)
    except PolicyError as error:
        raise LabError(str(error)) from None


def _situation(given: Mapping[str, Any]) -> Situation:
    known = Situation.__dataclass_fields__
    for name in given:
        if name not in known:
            raise LabError(f"a situation has {name}: known are {', '.join(known)}")
    read_seconds = given.get("read_seconds", READ_SECONDS)
    zone_seconds = given.get("zone_seconds", 0.0)
    for name, seconds in (("read_seconds", read_seconds), ("zone_seconds", zone_seconds)):
        if not _is_seconds(seconds, SLOWEST_READ_SECONDS):
            wanted = f"seconds from 0 to {SLOWEST_READ_SECONDS}"
            raise LabError(f"{name} is {seconds!r}, wanted {wanted}")
    warmed = given.get("warmed", False)
    if not isinstance(warmed, bool):
        raise LabError(f"warmed is {warmed!r}, wanted True or False")
    emptied = given.get("emptied_at_seconds", ())
    if not isinstance(emptied, list | tuple) or not all(_is_seconds(at, SECONDS) for at in emptied):
        wanted = f"a list of seconds from 0 to {SECONDS:g}"
        raise LabError(f"emptied_at_seconds is {emptied!r}, wanted {wanted}")
    return Situation(float(read_seconds), float(zone_seconds), warmed, tuple(emptied))


def _is_seconds(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def _where() -> str:
    if _cache is None or not _cache.is_running:
        return "a dictionary in place of a cache: start_cache() starts a real one"
    return _cache.described


def _ghosts(run: Measured) -> int:
    return round(run.share(lambda each: each.is_ghost) * 1000)


def _hidden(run: Measured) -> int:
    return round(run.share(lambda each: each.is_hidden) * 1000)


def _times(ratio: float) -> str:
    if ratio == 1:
        return "just"
    told = f"{ratio:.2g}"
    return "about" if told == "1" else f"{told} times"


_MEASURES: Final[Mapping[str, Callable[[Measured], object]]] = {
    "looks that the cache answers": lambda run: f"{run.hit_ratio:.1%}",
    "reads of the database per second": lambda run: round(run.reads_per_second, 1),
    "the same in the busiest ten seconds": lambda run: round(run.peak[0], 1),
    "most reads at one moment": lambda run: run.most_at_once[0],
    "wait, p50 (ms)": lambda run: round(run.waited_ms(0.5)),
    "wait, p95 (ms)": lambda run: round(run.waited_ms(0.95)),
    "staleness, p95 (s)": lambda run: round(run.stale_seconds(), 1),
    "ghost cars shown, in 1,000 looks": _ghosts,
    "free cars not shown, in 1,000 looks": _hidden,
    "looks that show another place": lambda run: sum(each.mixed for each in run.looks),
    "looks that show another rider's offer": lambda run: sum(each.leaked for each in run.looks),
    "requests for a car that was not there": lambda run: run.in_vain,
    "cars with two riders": lambda run: run.double_bookings,
    "kept in the cache (bytes)": lambda run: run.memory_bytes,
}


def _summary(run: Measured) -> str:
    told = (
        f"{run.hit_ratio:.1%} of {plural(len(run.looks), 'look')} are answered by the cache, the "
        f"rest by {plural(len(run.reads), 'read')} of the database"
    )
    if run.failures:
        told += f"; {plural(run.failures, 'call')} of the cache failed and went to the database"
    if run.restarts:
        told += ", and the cache was started again, empty unless it keeps a file"
    return told + "."


def _picture(run: Measured) -> pictures.Picture:
    """Draw reads over time, and how stale what was shown is."""
    from matplotlib.figure import Figure

    # What was asked in the last minute may arrive after it; that rest is no minute.
    minutes = [each for each in by_minute(run) if each[0] < SECONDS / 60]
    with pictures.style():
        figure = Figure(figsize=(7.5, 3), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(
            [minute for minute, _, _ in minutes], [looks / 60 for _, looks, _ in minutes],
            color=pictures.BLUE, linewidth=4, label="looks",  # seen beneath the reads
        )  # fmt: skip
        left.plot(
            [minute for minute, _, _ in minutes], [reads / 60 for _, _, reads in minutes],
            color=pictures.ORANGE, label="reads of the database",
        )  # fmt: skip
        left.set_ylim(bottom=0)
        left.set_xlabel("minutes of the evening")
        left.set_ylabel("per second")
        left.set_title("What reaches the database")
        left.legend(fontsize=8)
        _draw_staleness(right, run)
        return pictures.Picture(
            figure,
            f"Left: {run.looks[-1].at / 60:.0f} minutes, looks and reads of the database per second; "
            f"on average {len(run.looks) / run.looks[-1].at:.1f} looks lead to "
            f"{run.reads_per_second:.1f} reads. Right: the share of looks by how stale they are; "
            f"{run.share(lambda each: each.stale_seconds == 0):.0%} are true, 95 of 100 are stale "
            f"for at most {run.stale_seconds():.1f} s.",
        )


def _draw_staleness(axes: Axes, run: Measured) -> None:
    values = sorted(each.stale_seconds for each in run.looks)
    steps = [number / 200 for number in range(201)]
    seconds = [values[min(len(values) - 1, int(step * len(values)))] for step in steps]
    axes.plot(seconds, [step * 100 for step in steps], color=pictures.BLUE)
    axes.axhline(95, color=pictures.INK, linestyle="--", linewidth=1)
    axes.set_xlim(left=0, right=max(1.0, seconds[-1]))
    axes.set_ylim(0, 101)
    axes.set_xlabel("seconds since it was true")
    axes.set_ylabel("% of the looks, up to there")
    axes.set_title("How stale what is shown is")


def _sweep_picture(ttl_seconds: Sequence[float], runs: Sequence[Measured]) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        other = axes.twinx()
        axes.plot(ttl_seconds, [run.peak[0] for run in runs], "o-", color=pictures.BLUE)
        other.plot(ttl_seconds, [_ghosts(run) for run in runs], "s--", color=pictures.ORANGE)
        axes.set_xlabel("time to live (s)")
        axes.set_ylabel("● reads per second, busiest 10 s", color=pictures.BLUE, fontsize=9)
        other.set_ylabel("■ ghost cars in 1,000 looks", color=pictures.ORANGE, fontsize=9)
        axes.set_ylim(bottom=0)
        other.set_ylim(bottom=0)
        axes.set_title("The knee: where the first falls no more and the second still grows")
        return pictures.Picture(
            figure,
            "Reads of the database fall steeply with the first seconds of time to live and then "
            "hardly more, while ghost cars grow with each second: "
            + "; ".join(
                f"{ttl:g} s {run.peak[0]:.1f} reads and {_ghosts(run)} ghosts"
                for ttl, run in zip(ttl_seconds, runs, strict=True)
            )
            + ".",
        )


__all__ = ["compare", "measured", "replay", "replay_log", "start_cache", "sweep", "traffic"]
