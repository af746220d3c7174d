"""An evening of traffic, replayed against a cache by a policy: what it saves, and what it shows.

The cache is a real one or a dictionary, the database is SQLite with a real constraint, and the
policy's code is the service's own, `service.caching`. The clock is virtual: it stands where the
event at hand puts it, so an evening passes in seconds, and a laptop that sleeps in between changes
nothing. How long a read of the database takes is part of the replay, so that riders meet who look
at the same time: `READ_SECONDS`, and more while others read; one of `ONE_SLOW` is slow.
"""

import heapq
import random
import sqlite3
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ridealong.service.caching import Found, Keeper, Policy, ReadThrough, Ticket
from ridealong.systems.cache.keepers import InMemory
from ridealong.systems.cache.traffic import Evening, Event

READ_SECONDS: Final = 0.04
READ_MORE_SECONDS: Final = 0.01
"""Of a read of the database: alone, and more for each other read at the same time."""

SLOW_SECONDS: Final = 0.8
ONE_SLOW: Final = 40
CACHE_SECONDS: Final = 0.001
WINDOW_SECONDS: Final = 10

_TABLES: Final = """
CREATE TABLE cars (
    driver_id INTEGER PRIMARY KEY, city_id INTEGER NOT NULL, zone_code TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('available', 'on_trip')));
CREATE INDEX cars_by_place ON cars (city_id, zone_code, state);
CREATE TABLE trips (
    trip_id INTEGER PRIMARY KEY, driver_id INTEGER NOT NULL, user_id INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX one_trip_at_a_time ON trips (driver_id) WHERE ended = 0;
"""


@dataclass(frozen=True, slots=True)
class Situation:
    """What an evening is like beside its traffic.

    Attributes:
        read_seconds: how long a read of the database takes; 0: no time at all, none is slow.
        zone_seconds: how much longer for each zone that it covers: one, or all of the city.
        warmed: whether the evening begins with every zone in the cache, all kept at one moment.
        emptied_at_seconds: when the cache loses everything, as after a restart.
    """

    read_seconds: float = READ_SECONDS
    zone_seconds: float = 0.0
    warmed: bool = False
    emptied_at_seconds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What one look at the map showed.

    Attributes:
        at: when the rider saw it, in seconds of the evening.
        city: number of the city.
        zone: where the rider is.
        shown: free cars there, on the map.
        there: free cars there, in truth.
        stale_seconds: for how long what was shown had not been true any more; 0 when it was.
        waited_ms: for the answer.
        hit: whether it came from the cache.
        mixed: whether it was the answer for another place.
        leaked: whether it held what was made for another rider.
    """

    at: float
    city: int
    zone: str
    shown: int
    there: int
    stale_seconds: float
    waited_ms: float
    hit: bool
    mixed: bool
    leaked: bool

    @property
    def is_ghost(self) -> bool:
        """Whether a car is shown where none is."""
        return self.shown > 0 and self.there == 0

    @property
    def is_hidden(self) -> bool:
        """Whether no car is shown where one is."""
        return self.shown == 0 and self.there > 0


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of an evening.

    Attributes:
        evening: its name.
        looks: each look at the map, in order.
        reads: when the database was read, and for which city, in order.
        asks: requests for a ride.
        in_vain: of those, how many were made for a car that was shown and was not there.
        double_bookings: cars with two riders; the database refuses them.
        memory_bytes: what the cache holds at the end.
        most_at_once: reads of the database under way at one moment, at most, and when.
        failures: calls that the cache did not answer.
        restarts: how often the cache was started again for that.
    """

    evening: str
    looks: tuple[Shown, ...]
    reads: tuple[tuple[float, int], ...]
    asks: int
    in_vain: int
    double_bookings: int
    memory_bytes: int
    most_at_once: tuple[int, float] = (0, 0.0)
    failures: int = 0
    restarts: int = 0

    @property
    def hit_ratio(self) -> float:
        """The share of the looks that the cache answered."""
        return sum(each.hit for each in self.looks) / len(self.looks)

    @property
    def reads_per_second(self) -> float:
        """Reads of the database per second, over the whole evening."""
        return len(self.reads) / (self.looks[-1].at or 1)

    @property
    def peak(self) -> tuple[float, float]:
        """The most reads of the database per second in any ten seconds, and when they begin."""
        most, begin = 0, 0.0
        times = [at for at, _ in self.reads]
        first = 0
        for last, at in enumerate(times):
            while at - times[first] >= WINDOW_SECONDS:
                first += 1
            if last - first + 1 > most:
                most, begin = last - first + 1, times[first]
        return most / WINDOW_SECONDS, begin

    def share(self, of: Callable[[Shown], bool]) -> float:
        """Return the share of the looks of which something holds."""
        return sum(map(of, self.looks)) / len(self.looks)

    def stale_seconds(self, share: float = 0.95) -> float:
        """Return the staleness that so large a share of the looks keeps to, in seconds."""
        return percentile([each.stale_seconds for each in self.looks], share)

    def waited_ms(self, share: float) -> float:
        """Return the wait that so large a share of the looks keeps to, in milliseconds."""
        return percentile([each.waited_ms for each in self.looks], share)

    def counts(self) -> dict[str, int]:
        """Return what two replays of the same evening have in common, whatever keeps the answers."""
        return {
            "looks": len(self.looks),
            "hits": sum(each.hit for each in self.looks),
            "reads": len(self.reads),
            "ghosts": sum(each.is_ghost for each in self.looks),
            "hidden": sum(each.is_hidden for each in self.looks),
            "mixed": sum(each.mixed for each in self.looks),
            "leaked": sum(each.leaked for each in self.looks),
            "in_vain": self.in_vain,
            "double_bookings": self.double_bookings,
        }


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that so large a share of the values keeps to (nearest rank)."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)]


class Database:
    """The cars and their trips in SQLite, and what was true when."""

    def __init__(self, evening: Evening) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.executescript(_TABLES)
        self._db.executemany(
            "INSERT INTO cars VALUES (?, ?, ?, 'available')",
            [(car.driver, car.city, car.zone) for car in evening.cars],
        )
        self.changes: dict[str, list[float]] = defaultdict(list)
        """When the number of free cars of a zone changed."""
        self._counted: dict[str, tuple[int, int]] = {}  # of a zone: changes so far, free cars

    def close(self) -> None:
        """Let go of it."""
        self._db.close()

    def free(self, city: int, zone: str = "") -> dict[str, int]:
        """Return the free cars of a city by zone, or of one zone."""
        query = (
            "SELECT zone_code, count(*) FROM cars WHERE city_id = ? AND state = 'available'"
            f" {'AND zone_code = ?' if zone else ''} GROUP BY zone_code"
        )
        found = dict(self._db.execute(query, (city, zone) if zone else (city,)).fetchall())
        return found or ({zone: 0} if zone else {})

    def count(self, city: int, zone: str) -> int:
        """Return the free cars of a zone, counted anew only after a change."""
        changes, cars = self._counted.get(zone, (-1, 0))
        if changes != len(self.changes[zone]):
            cars = self.free(city, zone).get(zone, 0)
            self._counted[zone] = (len(self.changes[zone]), cars)
        return cars

    def accept(self, city: int, zone: str, rider: int, at: float) -> int:
        """Give the rider a free car of the zone; return its driver, 0 when there is none.

        The condition stands in the change itself: whoever comes second changes nothing.
        """
        found = self._db.execute(
            "UPDATE cars SET state = 'on_trip' WHERE driver_id = (SELECT min(driver_id) FROM cars"
            " WHERE city_id = ? AND zone_code = ? AND state = 'available')"
            " AND state = 'available' RETURNING driver_id",
            (city, zone),
        ).fetchall()
        if not found:
            return 0
        self._db.execute(
            "INSERT INTO trips (driver_id, user_id) VALUES (?, ?)", (found[0][0], rider)
        )
        self.changes[zone].append(at)
        return int(found[0][0])

    def release(self, driver: int, zone: str, at: float) -> None:
        """End the driver's trip in a zone."""
        self._db.execute("UPDATE trips SET ended = 1 WHERE driver_id = ? AND ended = 0", (driver,))
        self._db.execute(
            "UPDATE cars SET state = 'available', zone_code = ? WHERE driver_id = ?", (zone, driver)
        )
        self.changes[zone].append(at)

    def move(self, driver: int, zone: str, at: float) -> str:
        """Move a free car; return the zone that it left, "" when it is not free or stays."""
        found = self._db.execute(
            "SELECT zone_code FROM cars WHERE driver_id = ? AND state = 'available'"
            " AND zone_code <> ?",
            (driver, zone),
        ).fetchone()
        if found is None:
            return ""
        self._db.execute("UPDATE cars SET zone_code = ? WHERE driver_id = ?", (zone, driver))
        self.changes[found[0]].append(at)
        self.changes[zone].append(at)
        return str(found[0])

    def double_bookings(self) -> int:
        """Return how many cars have two riders at once."""
        query = "SELECT count(*) FROM (SELECT 1 FROM trips WHERE ended = 0 GROUP BY driver_id HAVING count(*) > 1)"
        return int(self._db.execute(query).fetchone()[0])

    def stale_since(self, zone: str, read_at: float) -> float:
        """Return when the zone changed first after something was read; infinity if it did not."""
        times = self.changes[zone]
        place = bisect_right(times, read_at)
        return times[place] if place < len(times) else float("inf")


@dataclass
class _Looking:
    """A look at the map that waits for its answer."""

    event: Event
    hit: bool = False


@dataclass
class _Read:
    """A read of the database on its way."""

    ticket: Ticket
    place: Mapping[str, Any]
    answer: Mapping[str, Any]
    read_at: float
    waiting: list[_Looking] = field(default_factory=list)


class Replay:
    """One evening under way; `run()` is the whole of it.

    Args:
        policy: how answers are kept; None reads the database for each look.
        evening: the traffic.
        keeper: where answers are kept; in memory by default.
        situation: what the evening is like beside its traffic.
        seed: of the jitter and the slow reads.
    """

    def __init__(
        self,
        policy: Policy | None,
        evening: Evening,
        keeper: Keeper | None = None,
        situation: Situation | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self._situation = situation or Situation()
        self._now = 0.0
        self._evening = evening
        self._database = Database(evening)
        self._keeper: Any = InMemory() if keeper is None else keeper
        self._by_zone = policy is None or "zone" in policy.fields
        self._chance = random.Random(f"{evening.name} reads {seed}")
        self._through = (
            ReadThrough(policy, self._keeper, lambda: self._now, random.Random(f"jitter {seed}"))
            if policy
            else None
        )
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._turn = 0
        self._reading: dict[str, _Read] = {}
        self._at_work = 0
        self._most = (0, 0.0)
        self._looks: list[Shown] = []
        self._reads: list[tuple[float, int]] = []
        self._last_shown: dict[int, int] = {}
        self._asks = self._in_vain = self._double = 0
        self._is_over = False  # what is under way ends, and no longer counts

    def run(self, progress: Callable[[float], None] = lambda share: None) -> Measured:
        """Replay the evening and return what came of it.

        Args:
            progress: is told now and then which part is done, from 0 to 1.
        """
        try:
            events = self._evening.events
            if self._situation.warmed:
                self._warm()
            for at in self._situation.emptied_at_seconds:
                self.at(at, self._keeper.clear)
            for number, event in enumerate(events):
                self._until(event.at)
                self._now = event.at
                {"look": self._look, "ask": self._ask, "move": self._move}[event.kind](event)
                if number % 500 == 0:
                    progress(number / len(events))
            self._is_over = True
            self._until(float("inf"))
            progress(1.0)
            return Measured(
                self._evening.name,
                tuple(sorted(self._looks, key=lambda each: each.at)),
                tuple(self._reads),
                self._asks,
                self._in_vain,
                self._double,
                self._keeper.memory_bytes(),
                self._most,
                getattr(self._keeper, "failures", 0),
                getattr(self._keeper, "restarts", 0),
            )
        finally:
            self._database.close()

    def _warm(self) -> None:
        """Keep an answer for each zone, as a job does before it lets riders in."""
        if self._through is None:
            return
        for city, zones in self._evening.zones.items():
            for zone in zones:
                place = {"city": city, "zone": zone, "rider": 0}
                key = self._through.policy.key_of(place)
                self._through.keep(Ticket(key), self._answer(place), self._now)

    def _until(self, at: float) -> None:
        while self._queue and self._queue[0][0] <= at:
            self._now, _, work = heapq.heappop(self._queue)
            work()

    def at(self, at: float, work: Callable[[], None]) -> None:
        """Do something at a moment of the evening."""
        self._turn += 1
        heapq.heappush(self._queue, (at, self._turn, work))

    def _look(self, event: Event) -> None:
        place = {"city": event.city, "zone": event.zone, "rider": event.rider}
        looking = _Looking(event)
        if self._through is None:
            self._read(Ticket(""), place, looking)
            return
        found = self._through.look(place)
        if found.answer is not None:
            looking.hit = True
            self._show(looking, found)
            if found.ticket is not None:
                self._read(found.ticket, place, None)
        elif found.ticket is not None:
            self._read(found.ticket, place, looking)
        else:
            reading = self._reading.get(self._through.policy.key_of(place))
            if reading is None:  # somebody has the lock and nobody reads: their program ended
                self._read(Ticket(self._through.policy.key_of(place)), place, looking)
            else:
                reading.waiting.append(looking)

    def _answer(self, place: Mapping[str, Any]) -> dict[str, Any]:
        """Read the database: the free cars that the key tells apart, and the rider's own offer."""
        cars = self._database.free(place["city"], place["zone"] if self._by_zone else "")
        return {"cars": cars, "offer": place["rider"]}

    def _read(self, ticket: Ticket, place: Mapping[str, Any], looking: _Looking | None) -> None:
        self._reads.append((self._now, place["city"]))
        takes = self._situation.read_seconds
        if takes:
            zones = 1 if self._by_zone else len(self._evening.zones[place["city"]])
            slow = SLOW_SECONDS if self._chance.randrange(ONE_SLOW) == 0 else 0.0
            takes += self._situation.zone_seconds * zones + READ_MORE_SECONDS * self._at_work + slow
        self._at_work += 1
        if self._at_work > self._most[0]:
            self._most = (self._at_work, self._now)
        read = _Read(ticket, place, self._answer(place), self._now)
        if looking is not None:
            read.waiting.append(looking)
        if ticket.holds_lock:
            self._reading[ticket.key] = read
        self.at(self._now + takes, lambda: self._have_read(read))

    def _have_read(self, read: _Read) -> None:
        self._at_work -= 1
        if self._through is not None:
            self._through.keep(read.ticket, read.answer, read.read_at)
            if read.ticket.holds_lock:
                self._reading.pop(read.ticket.key, None)
        for looking in read.waiting:
            self._show(looking, Found(read.answer, read.read_at))

    def _show(self, looking: _Looking, found: Found) -> None:
        event, answer = looking.event, found.answer
        assert answer is not None
        now = self._now + (CACHE_SECONDS if looking.hit else 0)
        zones = self._evening.zones[event.city]
        there = self._database.count(event.city, event.zone)
        shown = int(answer["cars"].get(event.zone, 0))
        since = self._database.stale_since(event.zone, found.read_at)
        self._last_shown[event.rider] = shown
        self._looks.append(
            Shown(
                now,
                event.city,
                event.zone,
                shown,
                there,
                max(0.0, now - since) if shown != there else 0.0,
                (now - event.at) * 1000 + (0 if looking.hit else CACHE_SECONDS * 1000),
                looking.hit,
                bool(answer["cars"]) and not set(answer["cars"]) <= set(zones),
                looking.hit and answer.get("offer", event.rider) != event.rider,
            )
        )

    def _ask(self, event: Event) -> None:
        self._asks += 1
        driver = self._database.accept(event.city, event.zone, event.rider, self._now)
        if not driver:
            self._in_vain += self._last_shown.get(event.rider, 0) > 0
            return
        self._double += self._database.double_bookings()
        self._wrote("accept", event.city, event.zone)
        self.at(self._now + event.busy_seconds, lambda: self._release(event, driver))

    def _release(self, event: Event, driver: int) -> None:
        self._database.release(driver, event.to_zone, self._now)
        self._wrote("free", event.city, event.to_zone)

    def _move(self, event: Event) -> None:
        left = self._database.move(event.driver, event.zone, self._now)
        if left:
            self._wrote("move", event.city, left)
            self._wrote("move", event.city, event.zone)

    def _wrote(self, kind: str, city: int, zone: str) -> None:
        if self._through is None or self._is_over:
            return
        place = {"city": city, "zone": zone, "rider": 0}
        self._through.wrote(
            kind,
            place,
            lambda: self._answer(place),
            lambda ticket: self._read(ticket, place, None),  # a read as slow as any other
        )


def replayed(
    policy: Policy | None,
    evening: Evening,
    keeper: Keeper | None = None,
    situation: Situation | None = None,
    *,
    seed: int = 0,
) -> Measured:
    """Return what comes of an evening under a policy."""
    return Replay(policy, evening, keeper, situation, seed=seed).run()


def by_minute(measured: Measured) -> Iterator[tuple[int, int, int]]:
    """Yield each minute of the evening with its looks and its reads of the database."""
    looks = Counter(int(each.at // 60) for each in measured.looks)
    reads = Counter(int(at // 60) for at, _ in measured.reads)
    for minute in range(max(looks, default=0) + 1):
        yield minute, looks[minute], reads[minute]
