"""What a cache saves and what it costs: hits beside misses, a restart, a memory that is full."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Final

from ridealong.dataset.connection import current_connection
from ridealong.labs.sql.database import LabError
from ridealong.labs.waits import progress
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural
from ridealong.systems.cache.server import Cache

if TYPE_CHECKING:
    from ridealong.service import Service

TIMING_SECONDS: Final = 0.3
LEAST_TIMES: Final = 8
WORTH: Final = 10
"""Each read is timed so long and so often; the quickest counts: the machine only ever adds to it.
Told is only whether it takes ten times as long as a hit, which does not change from run to run."""

SLOW_READ: Final = """
SELECT city_id, date_trunc('day', occurred_at) AS day,
       quantile_cont(epoch(recorded_at - occurred_at), 0.95) AS late_p95_seconds
FROM ride_events JOIN rides USING (ride_id)
GROUP BY ALL ORDER BY ALL
"""

ROUTES: Final = """
SELECT pickup_location || ':' || dropoff_location
FROM rides WHERE status = 'completed'
ORDER BY requested_at DESC, ride_id DESC LIMIT 4000
"""
ROUTE_CHARACTERS: Final = 10_000
AT_ONCE: Final = 10
"""Looks that share a round trip, so that the lab takes seconds."""
MEGABYTE: Final = 1_000_000
ROOM_FOR_ALL: Final = 10
"""Megabytes in which all of these routes find room."""

RECORDED_ROUTES: Final = {2: (80, 0.18), 4: (278, 0.46), 6: (476, 0.69), 8: (674, 0.88)}
"""Routes kept and share of hits by megabytes, recorded on Valkey, where a server does not evict."""

RECORDED_BYTES: Final = {10: 56, 100: 160, 1_000: 1_072, 10_000: 10_080}
"""What Valkey 9 said that a key with a text of so many characters takes."""


def hit_or_miss(cache: Cache, company: Service) -> View:
    """Time the same kinds of read with and without the cache, each many times.

    Args:
        cache: a cache that runs.
        company: the running back end, for its database.

    Raises:
        CacheError: when the cache is stopped.
        ServiceError: when the back end is stopped.
    """
    import sqlalchemy as sa

    from ridealong.service import ServiceError
    from ridealong.service.store import Store, rides

    if not company.is_running:
        raise ServiceError("the back end is stopped: start it with company.start()")
    con = current_connection()
    key, client = f"{cache.prefix}hit-or-miss", cache.client
    client.set(key, "7", ex=600)
    variable = {"free cars": 7}
    store = Store(company.settings.database)
    one_ride = sa.select(rides.c.status).where(rides.c.ride_id == 1)
    timed: dict[str, float] = {}
    try:
        reads: dict[str, Callable[[], object]] = {
            "a variable of this program": lambda: variable["free cars"],
            "one ride by its number": lambda: store.read(one_ride, {}),
            "how late events are, by city and day": lambda: con.execute(SLOW_READ).fetchall(),
        }
        with progress("Timing reads") as show:
            hit = _quickest(lambda: client.get(key))
            for name, read in reads.items():
                show(len(timed) / len(reads))
                timed[name] = _quickest(read)
    finally:
        store.close()
        client.delete(key)
    rows = [[name, "yes" if taken > WORTH * hit else "no"] for name, taken in timed.items()]
    worth = [name for name, said in rows if said == "yes"]
    return View(
        "The same answer from its source, beside a hit in the cache",
        frame(["source", f"is a hit more than {WORTH} times quicker?"], rows),
        f"A hit is worth what it avoids: here {' and '.join(worth) or 'none of the three'}. The "
        "bars say how long each takes on this machine.",
        picture=_times_picture({"a hit in the cache": hit, **timed}),
    )


def _quickest(call: Callable[[], object]) -> float:
    best, times, end = float("inf"), 0, perf_counter() + TIMING_SECONDS
    while times < LEAST_TIMES or perf_counter() < end:
        begun = perf_counter()
        call()
        best = min(best, perf_counter() - begun)
        times += 1
    return best


def _times_picture(seconds: dict[str, float]) -> pictures.Picture:
    from matplotlib.ticker import NullLocator

    with pictures.style():
        figure, axes = pictures.axes(7.5, 2.4)
        names = list(seconds)
        colours = [pictures.ORANGE] + [pictures.BLUE] * (len(names) - 1)
        axes.barh(names, [each * 1e6 for each in seconds.values()], color=colours)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, place: f"{value:,.10g}")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.invert_yaxis()
        axes.set_xlabel("microseconds on this machine, each step ten times the last")
        axes.set_title("A hit, beside three other sources")
        told = ", ".join(names[1:])
        return pictures.Picture(
            figure,
            f"Bars on a logarithmic scale: {names[0]}, beside {told}. The variable is far below "
            "the hit, the question over all events far above it.",
        )


def after_a_restart(keys: int = 200) -> View:
    """Fill a cache, kill it, start it again, look for what was in it, and look once more.

    Once as it is, and once with an append-only file. A miss reads the database and keeps the
    answer.

    Args:
        keys: how many answers are kept.

    Raises:
        LabError: for no keys, or more than 2,000.
        CacheError: when the cache does not start.
    """
    if not 1 <= keys <= 2_000:
        raise LabError(f"{keys} keys: take 1 to 2,000")
    known = Cache()
    has_file = known.has("append-only file")
    with progress("Restarting a cache") as show:
        show(0)
        plain = _restarted(keys) if known.has("kill") else [keys, 0, keys]
        show(0.5)
        filed = _restarted(keys, append_only_file=True) if has_file else [keys, keys, keys]
    when = ["before the restart", "after the restart", "the second time after it"]
    rows = [list(row) for row in zip(when, plain, filed, strict=True)]
    note = "" if has_file else f" Recorded on Valkey, with the file: {known.described} has none."
    return View(
        f"{plural(keys, 'look')} around a restart",
        frame(["looks", "hits", "hits, with an append-only file"], rows),
        f"Right after the restart {keys - plain[1]} of {plural(keys, 'look')} go on to the "
        f"database, with the file {keys - filed[1]}.{note}",
    )


def _restarted(keys: int, *, append_only_file: bool = False) -> list[int]:
    """Return the hits before a restart, after it, and the second time after it."""
    with Cache(append_only_file=append_only_file) as cache:
        names = [f"{cache.prefix}answer:{number}" for number in range(keys)]
        _look(cache, names)
        hits = [_look(cache, names)]
        cache.kill()
        cache.restart()
        return [*hits, _look(cache, names), _look(cache, names)]


def _look(cache: Cache, names: Sequence[str]) -> int:
    """Return how many names were there; the others are there afterwards."""
    hits = 0
    for name in names:
        if cache.client.get(name) is not None:
            hits += 1
        else:
            cache.client.set(name, "as the database has it", ex=600)
    return hits


def bytes_per_key(cache: Cache) -> View:
    """Ask the server what keys take, with texts of four lengths.

    Args:
        cache: a cache that runs.

    Raises:
        CacheError: when it is stopped.
    """
    client, recorded = cache.client, not cache.has("info")
    used = {}
    for characters, known in RECORDED_BYTES.items():
        name = f"{cache.prefix}text"
        client.set(name, "x" * characters)
        used[characters] = known if recorded else int(client.memory_usage(name) or 0)
        client.delete(name)
    rows = [[characters, _lengths(taken / characters)] for characters, taken in used.items()]
    told = f" Recorded on Valkey: {cache.described} does not tell." if recorded else ""
    return View(
        "What one key takes in memory, as the server says",
        frame(["characters of the text", "bytes, beside its length"], rows),
        "Each key pays for its name and the server's books: much beside a short text, hardly "
        f"anything beside a long one.{told}",
        counts=("characters of the text",),
    )


def _lengths(ratio: float) -> str:
    return "more than 3 times" if ratio > 3 else "up to twice" if ratio > 1.2 else "about the same"


def under_pressure(megabytes: Sequence[int] = (2, 6, 10)) -> View:
    """Look up 4,000 routes of the company's rides in caches that may hold so much, and count.

    A route that is not there is computed and kept, 10,000 characters long. Counted is the second
    half of the looks, when the cache is warm.

    Args:
        megabytes: how much each cache may hold; one to five of them.

    Raises:
        LabError: for other sizes than 2 to 100.
        CacheError: when a cache does not start.
    """
    if not 1 <= len(megabytes) <= 5 or not all(2 <= each <= 100 for each in megabytes):
        raise LabError(f"megabytes is {megabytes}: give one to five whole numbers from 2 to 100")
    known = Cache()
    evicts = known.has("eviction")
    unknown = [each for each in megabytes if each not in RECORDED_ROUTES and each < ROOM_FOR_ALL]
    if unknown and not evicts:
        raise LabError(
            f"{known.described} does not evict, and recorded are {', '.join(map(str, RECORDED_ROUTES))} "
            f"MB: take one of these in place of {unknown[0]}, or {ROOM_FOR_ALL} and more"
        )
    routes = [row[0] for row in reversed(current_connection().execute(ROUTES).fetchall())]
    distinct = len(set(routes))
    found: list[tuple[int, float]] = []
    with progress("Looking up routes") as show:
        for number, each in enumerate(megabytes):
            if not evicts and each in RECORDED_ROUTES:
                found.append(RECORDED_ROUTES[each])
                continue

            def told(share: float, number: int = number) -> None:
                show((number + share) / len(megabytes))

            with Cache(memory_bytes=each * MEGABYTE if evicts else 0) as cache:
                found.append(_routes_kept(cache, routes, told))
    rows = [
        [
            size,
            f"all {distinct}" if kept == distinct else f"fewer than {kept - kept % -100}",
            _quarter(hit),
        ]
        for size, (kept, hit) in zip(megabytes, found, strict=True)
    ]
    note = (
        ""
        if evicts
        else f" Recorded on Valkey below {ROOM_FOR_ALL} MB: {known.described} does not evict."
    )
    return View(
        f"{distinct} routes in caches of {len(megabytes)} sizes",
        frame(["memory (MB)", "routes kept at the end", "looks answered"], rows),
        f"{len(routes):,} looks for {distinct} routes of {ROUTE_CHARACTERS:,} characters; with "
        f"{megabytes[0]} MB {rows[0][2]} of the looks find their route, with {megabytes[-1]} MB "
        f"{rows[-1][2]}.{note}",
        picture=_pressure_picture(megabytes, found),
    )


def _routes_kept(
    cache: Cache, routes: Sequence[str], show: Callable[[float], None]
) -> tuple[int, float]:
    """Return how many routes are in the cache at the end, and the share of hits when warm."""
    client, text, hits, warm = cache.client, "x" * ROUTE_CHARACTERS, 0, len(routes) // 2
    for first in range(0, len(routes), AT_ONCE):
        asked = [f"{cache.prefix}route:{route}" for route in routes[first : first + AT_ONCE]]
        kept = {name for name, found in zip(asked, client.mget(asked), strict=True) if found}
        filling = client.pipeline(transaction=False)
        for name in asked:
            hits += name in kept and first >= warm
            if name not in kept:
                kept.add(name)
                filling.set(name, text)
        filling.execute()
        show(first / len(routes))
    return len(cache.keys()), hits / (len(routes) - warm)


def _quarter(share: float) -> str:
    """Return a share in words that do not change from run to run."""
    words = ("less than a quarter", "a quarter to half", "half to three quarters")
    return words[int(share * 4)] if share < 0.75 else "more than three quarters"


def _pressure_picture(
    megabytes: Sequence[int], found: Sequence[tuple[int, float]]
) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 2.6)
        names = [f"{each} MB" for each in megabytes]
        hits = [hit * 100 for _, hit in found]
        axes.bar(names, hits, color=pictures.BLUE, width=0.5, label="hits")
        axes.bar(
            names, [100 - each for each in hits], bottom=hits, color=pictures.YELLOW, hatch="//",
            edgecolor=pictures.ORANGE, linewidth=0, width=0.5, label="misses",
        )  # fmt: skip
        axes.set_ylim(0, 100)
        axes.set_ylabel("of 100 looks")
        axes.set_title("The same looks, with more and more memory")
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)
        told = "; ".join(
            f"{name} {_quarter(hit)}" for name, (_, hit) in zip(names, found, strict=True)
        )
        return pictures.Picture(figure, f"Share of the looks that the cache answers: {told}.")


__all__ = ["after_a_restart", "bytes_per_key", "hit_or_miss", "under_pressure"]
