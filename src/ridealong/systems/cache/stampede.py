"""What happens when many miss at once: real clients on a real cache, and a cache that goes away.

The clients are threads that meet twice, so that what is counted is the same in every run: all of
them have looked in the cache before one of them goes on, and the database answers only when each of
them has its answer, waits for one, or is reading. That is the worst case of a moment that real
clients come near to, some of them a little earlier and some a little later.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from ridealong.service.caching import Keeper, Policy, ReadThrough, Ticket
from ridealong.systems.cache.keepers import InCache
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
                for done in [threads.submit(self._client) for _ in range(self._clients)]:
                    done.result()
            except BaseException:  # an interrupt as well: nobody waits for those who never come
                self._looked.abort()
                self._arrived.abort()
                raise
        return Rush(self._reads, self._at_once, self._waited)

    def _reading_through(self) -> None:
        found = self._through.look(_PLACE)
        self._count(waited=found.answer is None)
        while found.waits:
            self._arrived.attend()
            time.sleep(POLL_SECONDS)
            found = self._through.look(_PLACE)
        if found.ticket is not None:
            self._through.keep(found.ticket, self._read(), self._now)
        self._arrived.attend()

    def _careless(self) -> None:
        key = self._through.policy.key_of(_PLACE)
        self._keeper.get(key)
        self._count(waited=True)
        while not self._keeper.add(f"lock:{key}", "1", LOCK_SECONDS):
            self._arrived.attend()
            time.sleep(POLL_SECONDS)
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
    keeper: Keeper, jitter_percent: float, *, keys: int, ttl_seconds: float, seconds: int
) -> list[int]:
    """Return the reads of the database in each second after a job has filled the cache.

    Each key is asked for once a second, and who finds nothing reads at once.

    Args:
        keeper: where answers are kept.
        jitter_percent: of the policy.
        keys: how many are kept in the first moment.
        ttl_seconds: of the policy.
        seconds: how long riders look.
    """
    now = 0.0
    policy = Policy(
        key="{zone}",
        ttl_seconds=ttl_seconds,
        empty_ttl_seconds=ttl_seconds,
        jitter_percent=jitter_percent,
    )
    import random

    through = ReadThrough(policy, keeper, lambda: now, random.Random("jitter"))
    zones = [f"zone-{number}" for number in range(keys)]
    for zone in zones:
        through.keep(Ticket(zone), {"cars": {zone: 1}}, now)
    reads = [0] * seconds
    for second in range(seconds):
        for number, zone in enumerate(zones):
            now = second + number / keys
            found = through.look({"zone": zone})
            if found.ticket is not None:
                reads[second] += 1
                through.keep(found.ticket, {"cars": {zone: 1}}, now)
    return reads


class Gone:
    """A cache that may be away: what it does not answer is a miss, and is counted.

    Args:
        cache: a cache that runs.

    Attributes:
        failures: calls that it did not answer.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._inner = InCache(cache)
        self.failures = 0

    def back(self) -> None:
        """Start it again."""
        self._cache.restart()
        self._inner = InCache(self._cache)

    def __getattr__(self, name: str) -> Any:
        import redis

        call = getattr(self._inner, name)

        def safe(*arguments: Any) -> Any:
            try:
                return call(*arguments)
            except redis.exceptions.RedisError:
                self.failures += 1
                return name == "add" or None  # nobody else has a lock there, so whoever asks reads

        return safe


class ReplayWithOutage(Replay):
    """An evening in which the cache is killed, and started again later.

    Args:
        policy: how answers are kept.
        evening: the traffic.
        cache: one of our own that runs.
        situation: what the evening is like beside its traffic.
        killed_at: in seconds of the evening.
        back_at: likewise.
    """

    def __init__(
        self,
        policy: Policy,
        evening: Evening,
        cache: Cache,
        situation: Situation,
        *,
        killed_at: float,
        back_at: float,
    ) -> None:
        cache.clear()
        gone = Gone(cache)
        super().__init__(policy, evening, gone, situation)
        self._later(killed_at, cache.kill)
        self._later(back_at, gone.back)


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
    replay = ReplayWithOutage(
        policy, evening, cache, situation or Situation(), killed_at=killed_at, back_at=back_at
    )
    return replay.run(progress)
