"""What happens when many miss at once: real clients on a real cache, and a cache that goes away.

The clients are threads that meet twice, so that what is counted is the same in every run: all of
them have looked in the cache before one of them goes on, and the database answers only when each of
them has its answer, waits for one, or is reading. That is the worst case of a moment that real
clients come near to, some of them a little earlier and some a little later.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from ridealong.service.caching import Keeper, Policy, ReadThrough, Ticket
from ridealong.systems.cache.keepers import InCache, InMemory, Outlasting
from ridealong.systems.cache.replay import Measured, Replay, Situation
from ridealong.systems.cache.server import Cache
from ridealong.systems.cache.traffic import Evening

TTL_SECONDS: Final = 30.0
AHEAD_SECONDS: Final = 10.0
_NO_SECOND_LOOK: Final = "lock, no second look"
WAYS: Final[dict[str, Policy]] = {
    "no cure": Policy(ttl_seconds=TTL_SECONDS),
    _NO_SECOND_LOOK: Policy(ttl_seconds=TTL_SECONDS),
    "single flight": Policy(ttl_seconds=TTL_SECONDS, single_flight=True),
    "refresh ahead": Policy(ttl_seconds=TTL_SECONDS, refresh_ahead_seconds=AHEAD_SECONDS),
    "refresh ahead and single flight": Policy(
        ttl_seconds=TTL_SECONDS, refresh_ahead_seconds=AHEAD_SECONDS, single_flight=True
    ),
}
"""What clients may do when a key that all of them ask for comes to its end."""

READ_SECONDS: Final = 0.01
POLL_SECONDS: Final = 0.005
MEETING_SECONDS: Final = 20.0
LOCK_SECONDS: Final = 60.0
_PLACE: Final = {"city": 1, "zone": "BRK-DTN", "rider": 0}
_ANSWER: Final = {"cars": {"BRK-DTN": 4}, "offer": 0}


@dataclass(frozen=True, slots=True)
class Rush:
    """What came of many clients that look at one key at its end.

    Attributes:
        reads: of the database.
        at_once: reads under way at one moment, at most.
        waited: clients whose answer came from a read, their own or another's.
    """

    reads: int
    at_once: int
    waited: int


class _Meeting(threading.Barrier):
    """A place where each of some threads waits once until all are there."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads, timeout=MEETING_SECONDS)
        self._been = threading.local()

    def attend(self) -> None:
        """Wait for the others, the first time."""
        if not hasattr(self._been, "there"):
            self._been.there = True
            self.wait()


class _LookingTogether(InCache):
    """A real cache; whoever looks for the first time goes on when all the others have looked."""

    def __init__(self, cache: Cache, looked: _Meeting) -> None:
        super().__init__(cache)
        self._looked = looked

    def get(self, key: str) -> Any:
        """Return what is kept, or None."""
        text = super().get(key)
        self._looked.attend()
        return text


class _Clients:
    def __init__(self, way: str, cache: Cache, clients: int) -> None:
        policy = WAYS[way]
        self._keeper = _LookingTogether(cache, looked := _Meeting(clients))
        self._now = 0.0
        self._through = ReadThrough(policy, self._keeper, lambda: self._now)
        self._looked, self._arrived = looked, _Meeting(clients)
        self._client = self._careless if way == _NO_SECOND_LOOK else self._reading_through
        self._counting = threading.Lock()
        self._reads = self._at_work = self._at_once = self._waited = 0
        self._clients = clients
        cache.clear()
        self._through.keep(Ticket(policy.key_of(_PLACE)), _ANSWER, 0.0)
        # Just over, or, for those who read ahead, near enough to it.
        self._now = TTL_SECONDS - (AHEAD_SECONDS / 2 if policy.refresh_ahead_seconds else 0)

    def run(self) -> Rush:
        with ThreadPoolExecutor(self._clients) as threads:
            try:
                for done in [threads.submit(self._one) for _ in range(self._clients)]:
                    done.result()
            except BaseException:  # an interrupt as well
                self._give_up()
                raise
        return Rush(self._reads, self._at_once, self._waited)

    def _one(self) -> None:
        try:
            self._client()
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        """Let nobody wait for those who never come."""
        self._looked.abort()
        self._arrived.abort()

    def _wait_a_moment(self) -> None:
        self._arrived.attend()
        if self._arrived.broken:
            raise threading.BrokenBarrierError
        time.sleep(POLL_SECONDS)

    def _reading_through(self) -> None:
        found = self._through.look(_PLACE)
        self._count(waited=found.answer is None)
        while found.waits:
            self._wait_a_moment()
            found = self._through.look(_PLACE)
        if found.ticket is not None:
            self._through.keep(found.ticket, self._read(), self._now)
        self._arrived.attend()

    def _careless(self) -> None:
        key = self._through.policy.key_of(_PLACE)
        self._keeper.get(key)
        self._count(waited=True)
        while not self._keeper.add(f"lock:{key}", "1", LOCK_SECONDS):
            self._wait_a_moment()
        # Here the second look is missing.
        self._through.keep(Ticket(key, holds_lock=True), self._read(), self._now)

    def _read(self) -> dict[str, Any]:
        """Read the database, which answers when everybody has arrived."""
        with self._counting:
            self._reads += 1
            self._at_work += 1
            self._at_once = max(self._at_once, self._at_work)
        self._arrived.attend()
        time.sleep(READ_SECONDS)
        with self._counting:
            self._at_work -= 1
        return _ANSWER

    def _count(self, *, waited: bool) -> None:
        with self._counting:
            self._waited += waited


def rush(way: str, cache: Cache, clients: int) -> Rush:
    """Let so many clients look at one key at its end, and count what it costs.

    Args:
        way: one of `WAYS`.
        cache: a cache that runs; it is cleared.
        clients: how many threads.
    """
    return _Clients(way, cache, clients).run()


def reads_after_warming(
    jitter_percent: float,
    *,
    keys: int,
    ttl_seconds: float,
    seconds: int,
    keeper: Keeper | None = None,
) -> list[int]:
    """Return the reads of the database in each second after a job has filled the cache.

    Each key is asked for once a second, and who finds nothing reads at once.

    Args:
        jitter_percent: of the policy.
        keys: how many are kept in the first moment.
        ttl_seconds: of the policy.
        seconds: how long riders look.
        keeper: where answers are kept; in memory by default.
    """
    now = 0.0
    policy = Policy(
        key="{zone}",
        ttl_seconds=ttl_seconds,
        empty_ttl_seconds=ttl_seconds,
        jitter_percent=jitter_percent,
    )
    through = ReadThrough(policy, keeper or InMemory(), lambda: now, random.Random("jitter"))
    zones = [f"zone-{number}" for number in range(keys)]
    # A power of two, so that an end and the look at it are the same number: no sum is rounded.
    step = 0.5 ** max(1, keys - 1).bit_length()
    for zone in zones:
        through.keep(Ticket(zone), {"cars": {zone: 1}}, now)
    reads = [0] * seconds
    for second in range(seconds):
        for number, zone in enumerate(zones):
            now = second + number * step
            found = through.look({"zone": zone})
            if found.ticket is not None:
                reads[second] += 1
                through.keep(found.ticket, {"cars": {zone: 1}}, now)
    return reads


@dataclass(frozen=True, slots=True)
class ColdStart:
    """What came of a cache that was emptied under load.

    Attributes:
        reads: of the database, asked for in each second.
        waiting: reads that wait for the database at the end of each second.
        hits: the share of the looks in each second that the cache answered.
    """

    reads: list[int]
    waiting: list[int]
    hits: list[float]


def cold_start(
    policy: Policy,
    *,
    keys: int,
    looks_per_second: int,
    database_reads_per_second: float,
    seconds: int,
) -> ColdStart:
    """Let riders look, from its first second on, through a cache that holds nothing.

    The database answers so many reads a second in the order in which they come, and every key is as
    likely as every other.

    Args:
        policy: how answers are kept; its key is the zone.
        keys: how many riders ask for.
        looks_per_second: of all riders.
        database_reads_per_second: what the database is able to do.
        seconds: how long.
    """
    now = free_at = 0.0
    chance = random.Random("cold start")
    through = ReadThrough(policy, InMemory(), lambda: now, random.Random("jitter"))
    under_way: list[tuple[float, Ticket, dict[str, Any], float]] = []
    reads, waiting, hits = [0] * seconds, [0] * seconds, [0.0] * seconds
    done = 0
    for number in range(seconds * looks_per_second):
        at = number / looks_per_second
        while done < len(under_way) and under_way[done][0] <= at:
            now, ticket, answer, read_at = under_way[done]
            through.keep(ticket, answer, read_at)
            done += 1
        now = at
        zone = f"zone-{chance.randrange(keys)}"
        found = through.look({"city": 1, "zone": zone, "rider": 0})
        hits[int(at)] += (found.answer is not None) / looks_per_second
        if found.ticket is not None:
            begins = max(now, free_at)
            free_at = begins + 1 / database_reads_per_second
            reads[int(at)] += 1
            under_way.append((free_at, found.ticket, {"cars": {zone: 1}}, begins))
        waiting[int(at)] = len(under_way) - done
    return ColdStart(reads, waiting, hits)


class _Away(Outlasting):
    """A cache that may be away for a while: nobody starts it again but `back()`."""

    def back(self) -> None:
        """Start it again."""
        self._cache.restart()
        self.inner = InCache(self._cache)
        self._asked_again_at = 0.0

    def _failed(self) -> None:
        pass


def replayed_with_outage(
    policy: Policy,
    evening: Evening,
    cache: Cache,
    situation: Situation | None = None,
    *,
    killed_at: float,
    back_at: float,
    progress: Callable[[float], None] = lambda share: None,
) -> Measured:
    """Return what comes of an evening in which the cache is away for a while.

    Args:
        policy: how answers are kept.
        evening: the traffic.
        cache: one of our own that runs.
        situation: what the evening is like beside its traffic.
        killed_at: in seconds of the evening.
        back_at: likewise.
        progress: is told now and then which part is done.
    """
    cache.clear()
    away = _Away(cache)
    replay = Replay(policy, evening, away, situation)
    replay.at(killed_at, cache.kill)
    replay.at(back_at, away.back)
    return replay.run(progress)
