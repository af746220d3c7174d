"""Many that miss at once: real clients at one key, a warmed cache, a cold start, a cache that dies."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ridealong.labs.cache import _read, running
from ridealong.labs.sql.database import LabError
from ridealong.labs.waits import progress
from ridealong.service.caching import Policy
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural
from ridealong.systems.cache import stampede as systems
from ridealong.systems.cache.server import Cache, best
from ridealong.systems.cache.traffic import evening

if TYPE_CHECKING:
    from ridealong.systems.cache.replay import Measured

MOST_CLIENTS: Final = 100
MOST_KEYS: Final = 1_000
WARMED_SECONDS: Final = 135
"""Four and a half times the time to live: a fair share of reads, whether or not there is jitter."""

COLD_SECONDS: Final = 120
TTL_SECONDS: Final = 30
OUTAGE_SECONDS: Final = 420
KILLED_AT_SECONDS: Final = 180
BACK_AT_SECONDS: Final = 240


def stampede(clients: int = 50) -> View:
    """Let real clients look at one hot key at its end, in five ways, and count what each costs.

    The cache is the one that `start_cache()` started, or one for this moment.

    Args:
        clients: how many look, each in a thread of its own.

    Raises:
        LabError: for fewer than two, or more than a notebook can start.
    """
    if not 2 <= clients <= MOST_CLIENTS:
        raise LabError(f"{clients} clients: take 2 to {MOST_CLIENTS}")
    shared = running()
    kept = shared or Cache().start()
    try:
        found = {way: systems.rush(way, kept, clients) for way in systems.WAYS}
    finally:
        if shared is None:
            kept.stop()
    rows = [[way, each.reads, each.at_once, each.waited] for way, each in found.items()]
    columns = ["way", "reads of the database", "most at one moment", "clients that waited"]
    worst, cured = (found[way] for way in ("no cure", "single flight"))
    return View(
        f"{clients} clients look at one key at its end",
        frame(columns, rows),
        f"Without a cure one key costs {plural(worst.reads, 'read')}, with single flight "
        f"{cured.reads}.",
        picture=_stampede_picture(found, clients),
    )


def _stampede_picture(found: dict[str, systems.Rush], clients: int) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3.2)
        places = range(len(found))
        height = 0.38
        for shift, name, values, color, hatch in (
            (-height / 2, "reads of the database", [r.reads for r in found.values()],
             pictures.ORANGE, ""),
            (height / 2, "clients that waited", [r.waited for r in found.values()],
             pictures.SKY, "//"),
        ):  # fmt: skip
            bars = axes.barh(
                [place + shift for place in places], values, height, color=color, hatch=hatch,
                edgecolor=pictures.INK, linewidth=0.5, label=name,
            )  # fmt: skip
            axes.bar_label(bars, padding=3, fontsize=9)
        axes.set_yticks(list(places), list(found))
        axes.invert_yaxis()
        axes.set_xlim(0, clients * 1.3)
        axes.set_title("What one key costs at its end")
        axes.legend(loc="lower right", fontsize=9)
        told = "; ".join(
            f"{way}: {plural(each.reads, 'read')}, {each.waited} waited"
            for way, each in found.items()
        )
        return pictures.Picture(figure, f"Bars for {clients} clients. {told}.")


def warmed_at_once(jitter_percent: float = 20, *, keys: int = 60) -> View:
    """Show when the database is read after a job has kept all keys in one moment.

    Each key is asked for once a second for 135 seconds, and kept for thirty. On a clock of
    its own, in memory: the counts are those of the real cache (a test compares them).

    Args:
        jitter_percent: by how much of the time to live each time may be shorter.
        keys: how many the job keeps.

    Raises:
        LabError: for numbers that are no percentage or too many keys.
    """
    if not 0 < jitter_percent <= 100 or not 2 <= keys <= MOST_KEYS:
        raise LabError(
            f"jitter_percent {jitter_percent:g} and {keys} keys: take more than 0 and up to 100 "
            f"percent, and 2 to {MOST_KEYS:,} keys"
        )
    runs = {
        percent: systems.reads_after_warming(
            percent, keys=keys, ttl_seconds=TTL_SECONDS, seconds=WARMED_SECONDS
        )
        for percent in (0, jitter_percent)
    }
    rows = [
        [f"{percent:g}%", max(reads), sum(each > 0 for each in reads), sum(reads)]
        for percent, reads in runs.items()
    ]
    columns = ["jitter", "reads in the busiest second", "seconds with a read", "reads in all"]
    plain, spread = runs.values()
    return View(
        f"{keys} keys, all kept in the same moment for {TTL_SECONDS} s",
        frame(columns, rows),
        f"The busiest second goes from {max(plain)} to {max(spread)} reads, and the sum of "
        f"{WARMED_SECONDS} s from {sum(plain)} to {sum(spread)}.",
        picture=_warmed_picture(runs),
    )


def _warmed_picture(runs: dict[float, list[int]]) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        (none, plain), (percent, spread) = runs.items()
        seconds = range(WARMED_SECONDS)
        axes.bar(seconds, plain, 1.0, color=pictures.ORANGE, label=f"jitter {none:g}%")
        axes.step(
            seconds, spread, where="mid", color=pictures.BLUE, linewidth=1.5,
            label=f"jitter {percent:g}%",
        )  # fmt: skip
        axes.set_xlabel("seconds since the job kept them all")
        axes.set_ylabel("reads in that second")
        axes.set_title("When the keys come to their end")
        axes.legend(loc="upper left", fontsize=9)
        return pictures.Picture(
            figure,
            f"Reads in each of {WARMED_SECONDS} seconds: without jitter {max(plain)} of them fall "
            f"into one second and almost all others are empty; with {percent:g}% no second has "
            f"more than {max(spread)}.",
        )


def cold_start(
    keys: int = 600, looks_per_second: int = 480, database_reads_per_second: float = 24
) -> View:
    """Show two minutes after a restart: an empty cache, all riders, a database with a limit.

    Each answer is kept for thirty seconds. On a clock of its own, in memory.

    Args:
        keys: how many riders ask for, each as often as every other.
        looks_per_second: of all riders together.
        database_reads_per_second: what the database is able to do.

    Raises:
        LabError: for numbers that cannot be drawn.
    """
    if not (
        1 <= keys <= MOST_KEYS
        and 1 <= looks_per_second <= MOST_KEYS
        and 0 < database_reads_per_second <= 10_000
    ):
        raise LabError(
            f"{keys} keys, {looks_per_second} looks and {database_reads_per_second:g} reads a "
            f"second: take 1 to {MOST_KEYS:,} keys and looks, and more than 0 reads"
        )
    runs = {
        name: systems.cold_start(
            Policy(key="{zone}", ttl_seconds=TTL_SECONDS, jitter_percent=20, single_flight=single),
            keys=keys,
            looks_per_second=looks_per_second,
            database_reads_per_second=database_reads_per_second,
            seconds=COLD_SECONDS,
        )
        for name, single in (("each for themselves", False), ("single flight", True))
    }
    rows = [
        [name, end, f"{sum(run.hits[end - 10 : end]) / 10:.0%}", run.waiting[end - 1],
         round(run.waiting[end - 1] / database_reads_per_second)]
        for name, run in runs.items()
        for end in (10, 30, 60, COLD_SECONDS)
    ]  # fmt: skip
    columns = [
        "who reads", "second", "looks that hit, last 10 s", "reads that wait",
        "wait of the next read (s)",
    ]  # fmt: skip
    naive, single = (run.waiting[-1] for run in runs.values())
    return View(
        f"A cold start: {keys} keys, {looks_per_second} looks a second, a database for "
        f"{database_reads_per_second:g} reads a second",
        frame(columns, rows),
        f"After {COLD_SECONDS} s {plural(naive, 'read')} wait where each reads for themselves, and "
        f"{single} with single flight.",
        picture=_cold_picture(runs, database_reads_per_second),
        counts=("reads that wait",),
    )


def _cold_picture(runs: dict[str, systems.ColdStart], capacity: float) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        for (name, run), color, line in zip(
            runs.items(), (pictures.ORANGE, pictures.BLUE), ("-", "--"), strict=True
        ):
            wait = [each / capacity for each in run.waiting]
            axes.plot(range(len(wait)), wait, line, color=color, linewidth=2, label=name)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("seconds since the restart")
        axes.set_ylabel("wait of the next read (s)")
        axes.set_title("How long the queue in front of the database is")
        axes.legend(loc="upper left", fontsize=9)
        told = "; ".join(
            f"{name}: {max(run.waiting) / capacity:.0f} s at most, "
            f"{run.waiting[-1] / capacity:.0f} s at the end"
            for name, run in runs.items()
        )
        return pictures.Picture(figure, f"The wait of the next read over two minutes. {told}.")


def outage(policy: object) -> View:
    """Replay seven minutes against a real cache of its own that is killed after three of them.

    A minute later it is started again, empty.

    Args:
        policy: the data of a `%%yaml` answer.

    Raises:
        LabError: when it holds no policy.
    """
    by = _read(policy)
    whole = evening("public")
    part = replace(whole, events=tuple(each for each in whole.events if each.at < OUTAGE_SECONDS))
    with Cache(best()) as own, progress("Replaying the evening") as show:
        run = systems.replayed_with_outage(
            by,
            part,
            own,
            killed_at=KILLED_AT_SECONDS,
            back_at=BACK_AT_SECONDS,
            progress=show,
        )
    spans = [
        ("before", 60, KILLED_AT_SECONDS),
        ("killed", KILLED_AT_SECONDS, BACK_AT_SECONDS),
        ("back, first 5 s", BACK_AT_SECONDS, BACK_AT_SECONDS + 5),
        ("back, after that", BACK_AT_SECONDS + 5, OUTAGE_SECONDS),
    ]
    rows = [_span(run, *span) for span in spans]
    columns = ["the cache", "looks", "answered by the cache", "reads per second"]
    return View(
        f"A cache that is killed after {KILLED_AT_SECONDS} s and comes back after "
        f"{BACK_AT_SECONDS} s",
        frame(columns, rows),
        f"All {plural(len(run.looks), 'look')} are answered; {plural(run.failures, 'call')} of the "
        f"cache failed, and {plural(run.double_bookings, 'car')} have two riders.",
        picture=_outage_picture(run),
        counts=("looks",),
    )


def _span(run: Measured, name: str, begin: float, end: float) -> list[object]:
    looks = [each for each in run.looks if begin <= each.at < end]
    reads = sum(begin <= at < end for at, _ in run.reads)
    hits = sum(each.hit for each in looks)
    return [name, len(looks), f"{hits / len(looks):.0%}", round(reads / (end - begin), 1)]


def _outage_picture(run: Measured) -> pictures.Picture:
    step = 5
    places = range(OUTAGE_SECONDS // step)
    looks = Counter(int(each.at // step) for each in run.looks)
    reads = Counter(int(at // step) for at, _ in run.reads)
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        axes.axvspan(KILLED_AT_SECONDS, BACK_AT_SECONDS, color="#F1F2F4", label="no cache")
        for name, counts, color, line in (
            ("looks", looks, pictures.BLUE, "--"),
            ("reads of the database", reads, pictures.ORANGE, "-"),
        ):
            axes.plot(
                [place * step for place in places], [counts[place] / step for place in places],
                line, color=color, label=name,
            )  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.set_xlabel("seconds of the evening")
        axes.set_ylabel("per second")
        axes.set_title("What reaches the database")
        axes.legend(loc="center left", bbox_to_anchor=(0.02, 0.38), fontsize=9)
        during = sum(KILLED_AT_SECONDS <= at < BACK_AT_SECONDS for at, _ in run.reads)
        return pictures.Picture(
            figure,
            f"Looks and reads of the database per second over {OUTAGE_SECONDS} s: the reads lie far "
            f"below the looks, on them for the {BACK_AT_SECONDS - KILLED_AT_SECONDS} s without a "
            f"cache, with {plural(during, 'read')}, and far below again soon after it is back.",
        )


__all__ = ["cold_start", "outage", "stampede", "warmed_at_once"]
