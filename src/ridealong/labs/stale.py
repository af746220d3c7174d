"""What is not true any more: ghosts at one corner, a slow reader, delete or update, write-through."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ridealong.labs import cache as caches
from ridealong.labs.sql.database import LabError
from ridealong.service.caching import LATE_FILLS, Policy, ReadThrough
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural
from ridealong.systems.cache.keepers import InMemory
from ridealong.systems.cache.replay import READ_SECONDS, Replay, Shown, Situation
from ridealong.systems.cache.traffic import Car, Evening, Event, evening

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ZONE: Final = "HBV-DTN"
WRITERS: Final = (
    "the back end, to database and cache",
    "support's script, to the database alone",
    "the back end, which a deployment stops after the database",
)
MOST_LOOKS: Final = 100
CORNER_SECONDS: Final = 120.0
_PATIENCE_SECONDS: Final = 10.0


def at_one_corner(policy: object, **situation: Any) -> View:
    """Replay an evening and look at its busiest zone: what the map shows there, and what is there.

    Only the zone's own city is replayed, for time.

    Args:
        policy: the data of a `%%yaml` answer.
        situation: `read_seconds`, `warmed`, `emptied_at_seconds`, see `Situation`.

    Raises:
        LabError: when it holds no policy, or the situation is none.
    """
    city, zone = busiest_zone()
    run = caches.measured(policy, city=city, **situation)
    looks = [each for each in run.looks if each.zone == zone]
    ghosts = [each for each in looks if each.is_ghost]
    hidden = sum(each.is_hidden for each in looks)
    oldest = max((each.stale_seconds for each in ghosts), default=0.0)
    rows = [
        ["looks at the map", len(looks)],
        ["of these: a car is shown, and none is there", len(ghosts)],
        ["of these: no car is shown, and one is there", hidden],
        ["the longest that a shown car was gone (s)", round(oldest, 1)],
        ["requests in the city for a car that was shown and was gone", run.in_vain],
    ]
    return View(
        f"One corner: {zone}",
        frame(["measured", "value"], rows),
        f"Of {plural(len(looks), 'look')} {len(ghosts)} show a ghost and {hidden} hide a car.",
        picture=_corner_picture(looks, zone),
    )


def busiest_zone() -> tuple[int, str]:
    """Return the city and the zone that riders look at most."""
    looks = (event for event in evening().events if event.kind == "look")
    counts = Counter((event.city, event.zone) for event in looks)
    return max(sorted(counts), key=lambda place: counts[place])


def _corner_picture(looks: Sequence[Shown], zone: str) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        minutes = [each.at / 60 for each in looks]
        axes.step(
            minutes, [each.there for each in looks], where="post", color=pictures.BLUE,
            label="free cars there",
        )  # fmt: skip
        axes.step(
            minutes, [each.shown for each in looks], where="post", color=pictures.GREY,
            linestyle="--", linewidth=1, label="free cars shown",
        )  # fmt: skip
        _mark(axes, [each for each in looks if each.is_ghost], "x", pictures.ORANGE, "ghost")
        _mark(axes, [each for each in looks if each.is_hidden], "o", pictures.PINK, "hidden")
        axes.set_ylim(bottom=-0.3)
        axes.set_xlabel("minutes of the evening")
        axes.set_ylabel("free cars")
        axes.set_title(f"What the map shows in {zone}, and what is there")
        axes.legend(loc="upper right", fontsize=8, ncols=2)
        ghosts = sum(each.is_ghost for each in looks)
        return pictures.Picture(
            figure,
            f"Free cars in {zone} over the evening, in truth and on the map. {len(looks)} looks; "
            f"{ghosts} of them show a car where none is, "
            f"{sum(each.is_hidden for each in looks)} show none where one is.",
        )


def _mark(axes: Axes, looks: Sequence[Shown], marker: str, color: str, label: str) -> None:
    if looks:
        axes.plot(
            [each.at / 60 for each in looks], [each.shown for each in looks], marker,
            color=color, markersize=5, fillstyle="none", linestyle="none", label=label,
        )  # fmt: skip


@dataclass
class _Corner:
    """One zone in a database and in the cache that runs, and what happened to both.

    Attributes:
        through: the service's own code.
        now: the lab's clock, in seconds.
        rows: what happened: the second, who, what, cars in the cache, cars in the database.
    """

    policy: Policy
    now: float = 0.0
    rows: list[list[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keeper = caches.keeper()
        self.through = ReadThrough(self.policy, self.keeper, lambda: self.now)
        self.place = {"city": 1, "zone": ZONE, "rider": 0}
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("CREATE TABLE cars (driver_id INTEGER PRIMARY KEY, state TEXT NOT NULL)")
        self._db.execute("INSERT INTO cars VALUES (7, 'available')")

    def close(self) -> None:
        self._db.close()

    def read(self) -> dict[str, Any]:
        """Return the answer that the database gives now."""
        query = "SELECT count(*) FROM cars WHERE state = 'available'"
        return {"cars": {ZONE: int(self._db.execute(query).fetchone()[0])}}

    def accept(self) -> None:
        """Let the driver take a ride."""
        self._db.execute(
            "UPDATE cars SET state = 'on_trip' WHERE driver_id = 7 AND state = 'available'"
        )

    def free(self) -> None:
        """End the ride."""
        self._db.execute("UPDATE cars SET state = 'available' WHERE driver_id = 7")

    def wrote(self, event: str) -> None:
        """Tell the cache of it."""
        self.through.wrote(event, self.place, self.read)

    def tell(self, who: str, what: str) -> None:
        """Write down what happened, with what cache and database hold then."""
        kept = self.keeper.get(self.policy.key_of(self.place))
        entry = json.loads(kept) if kept else None
        is_there = entry is not None and self.now < entry["until"]
        cached = entry["answer"]["cars"][ZONE] if entry is not None and is_there else "-"
        self.rows.append([self.now, who, what, cached, self.read()["cars"][ZONE]])

    def look(self, who: str) -> bool:
        """Let a rider look at the map, and tell whether what they see is true."""
        found = self.through.look(self.place)
        answer, source = found.answer, "from the cache"
        if answer is None:
            answer, source = self.read(), "from the database"
            assert found.ticket is not None
            self.through.keep(found.ticket, answer, self.now)
        shown = int(answer["cars"][ZONE])
        is_true = shown == int(self.read()["cars"][ZONE])
        self.tell(who, f"sees {plural(shown, 'car')}, {source}{'' if is_true else ': NOT TRUE'}")
        return is_true

    def view(self, title: str, summary: str) -> View:
        """Return what happened."""
        columns = ["second", "who", "what happens", "cars in the cache", "cars in the database"]
        return View(title, frame(columns, self.rows), summary)


def slow_reader(late_fills: str = "keep", ttl_seconds: float = 60) -> View:
    """Let a slow reader and a writer, two threads, meet at the cache that runs.

    The reader misses and reads the database; before its answer is kept, a driver takes the ride and
    the writer deletes what is kept. The threads wait for each other at these points; the clock of
    the time to live is the lab's.

    Args:
        late_fills: keep or refuse, as in a policy.
        ttl_seconds: how long an answer is kept.

    Raises:
        LabError: for another word, or a time that is none.
    """
    if late_fills not in LATE_FILLS:
        raise LabError(f"late_fills is {late_fills!r}, wanted one of {', '.join(LATE_FILLS)}")
    if not 3 <= ttl_seconds <= 3600:
        raise LabError(f"ttl_seconds is {ttl_seconds!r}, wanted 3 to 3,600: the lab looks at 2 s")
    policy = Policy(
        key="{city}:{zone}", ttl_seconds=ttl_seconds, empty_ttl_seconds=ttl_seconds,
        on_write="delete", late_fills=late_fills,
    )  # fmt: skip
    with closing(_Corner(policy)) as corner:
        _meet(corner)
        wrong_until = 0.0
        for at in sorted({2.0, ttl_seconds - 1, ttl_seconds + 1}):
            corner.now = at
            if not corner.look(f"a rider at {at:g} s"):
                wrong_until = at
        shown = (
            f"The car left at second 0, and riders see it until second {wrong_until:g} at least; "
            f"after {ttl_seconds:g} s its time to live ends that."
            if wrong_until
            else "The car left at second 0, and no later rider sees it."
        )
        return corner.view(f"A slow reader, late fills: {late_fills}", shown)


def _meet(corner: _Corner) -> None:
    """Run the two threads; each step waits for the one before it."""
    has_read, has_written = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def reader() -> None:
        found = corner.through.look(corner.place)
        assert found.ticket is not None
        corner.tell("the slow reader", "looks in the cache and finds nothing")
        answer = corner.read()
        corner.tell("the slow reader", f"reads {plural(answer['cars'][ZONE], 'free car')}")
        has_read.set()
        _wait(has_written)
        kept = corner.through.keep(found.ticket, answer, corner.now)
        did = "keeps what it read" if kept else "wants to keep what it read, and is refused"
        corner.tell("the slow reader", did)

    def writer() -> None:
        _wait(has_read)
        corner.accept()
        corner.tell("the writer", "writes that the driver has accepted")
        corner.wrote("accept")
        corner.tell("the writer", "deletes the entry of the zone")
        has_written.set()

    def caught(work: Callable[[], None]) -> Callable[[], None]:
        def safe() -> None:
            try:
                work()
            except BaseException as error:
                errors.append(error)

        return safe

    threads = [threading.Thread(target=caught(work), daemon=True) for work in (reader, writer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * _PATIENCE_SECONDS)
    if errors:
        raise LabError(f"the two threads did not meet: {errors[0]}. Run the cell again")


def _wait(event: threading.Event) -> None:
    if not event.wait(_PATIENCE_SECONDS):
        raise TimeoutError("one of them waited for too long")


def write_through(ttl_seconds: float = 60) -> View:
    """Write a change to the database and then to the cache that runs, three times.

    Once as planned, once by a writer who knows nothing of the cache, once by one that ends between
    its two writes.

    Args:
        ttl_seconds: how long an answer is kept.

    Raises:
        LabError: for a time that is none.
    """
    if not 3 <= ttl_seconds <= 3600:
        raise LabError(f"ttl_seconds is {ttl_seconds!r}, wanted 3 to 3,600: the lab looks at 2 s")
    policy = Policy(
        key="{city}:{zone}", ttl_seconds=ttl_seconds, empty_ttl_seconds=ttl_seconds,
        on_write="update",
    )  # fmt: skip
    rows = []
    for writer in WRITERS:
        with closing(_Corner(policy)) as corner:
            corner.look("a rider")
            corner.accept()
            if writer == WRITERS[0]:
                corner.wrote("accept")
            for corner.now in (2.0, ttl_seconds + 1):
                corner.look("a rider")
            (*_, first, cached, free), (*_, last, _, _) = corner.rows[-2:]
            sees = [each.removeprefix("sees ") for each in (first, last)]
            rows.append([writer, free, cached, *sees])
    columns = [
        "who writes that the car is taken", "free cars, database", "free cars, cache",
        "a rider at 2 s sees", f"a rider at {ttl_seconds + 1:g} s sees",
    ]  # fmt: skip
    stale = sum("NOT TRUE" in row[3] for row in rows)
    return View(
        "Write-through, three writers",
        frame(columns, rows),
        f"{stale} of {len(rows)} leave a car on the map that is gone, for {ttl_seconds:g} s.",
    )


def delete_or_update(
    looks_per_second: Sequence[float],
    changes_per_second: float = 1,
    read_seconds: float = READ_SECONDS,
    *,
    single_flight: bool = False,
) -> View:
    """Replay two minutes at one corner with both answers to a change, for each rate of looks.

    In memory, for time. The cache is warm at the start, and no answer is too old in these minutes.

    Args:
        looks_per_second: at the corner, one to eight rates.
        changes_per_second: how often its number of free cars changes.
        read_seconds: how long a read of the database takes.
        single_flight: whether one reads for all who miss, as in a policy.

    Raises:
        LabError: for rates that make no traffic, or too much.
    """
    rates = list(looks_per_second) if isinstance(looks_per_second, Sequence) else []
    if not 1 <= len(rates) <= 8 or not all(0.05 <= each <= MOST_LOOKS for each in rates):
        raise LabError(
            f"looks_per_second is {looks_per_second!r}, wanted a list of one to eight numbers from "
            f"0.05 to {MOST_LOOKS}, such as [0.2, 5]"
        )
    if not 0.05 <= changes_per_second <= 10:
        raise LabError(f"changes_per_second is {changes_per_second!r}, wanted 0.05 to 10")
    if not 0.001 <= read_seconds <= 5:
        raise LabError(f"read_seconds is {read_seconds!r}, wanted 0.001 to 5")
    rows: list[list[Any]] = []
    for rate in rates:
        corner = _one_corner(rate, changes_per_second)
        like = Situation(read_seconds=read_seconds, warmed=True)
        runs = [
            Replay(_on_write(word, single_flight=single_flight), corner, InMemory(), like).run()
            for word in ("delete", "update")
        ]
        reads = [len(run.reads) / CORNER_SECONDS for run in runs]
        misses = [sum(not each.hit for each in run.looks) for run in runs]
        rows.append([rate, *(round(each, 2) for each in reads), *misses, _fewer(*reads)])
    columns = [
        "looks per second", "reads per second, delete", "reads per second, update",
        "looks that wait, delete", "looks that wait, update", "fewer reads",
    ]  # fmt: skip
    winners = [row[-1] for row in rows]
    said = [
        f"{word} at {', '.join(f'{row[0]:g}' for row in rows if row[-1] == word)}"
        for word in ("delete", "update", "neither")
        if word in winners
    ]
    return View(
        f"Delete or update, {_changes(changes_per_second)} a second, "
        f"{read_seconds * 1000:g} ms for a read{', one reads for all' * single_flight}",
        frame(columns, rows),
        f"Fewer reads of the database by looks per second: {'; '.join(said)}.",
        picture=_rates_picture(rows, changes_per_second) if len(rows) > 1 else None,
    )


def _changes(per_second: float) -> str:
    return f"{per_second:g} change{'s' * (per_second != 1)}"


def _fewer(delete: float, update: float) -> str:
    if abs(delete - update) < 0.05 * max(delete, update):
        return "neither"
    return "delete" if delete < update else "update"


def _on_write(word: str, *, single_flight: bool) -> Policy:
    kept_seconds = 10 * CORNER_SECONDS
    return Policy(
        key="{city}:{zone}", ttl_seconds=kept_seconds, empty_ttl_seconds=kept_seconds,
        on_write=word, late_fills="refuse", single_flight=single_flight,
    )  # fmt: skip


def _one_corner(looks: float, changes: float) -> Evening:
    """Return two minutes at one zone: a car is taken and is free again, riders look."""
    chance = random.Random(f"corner {looks}")
    made = [(CORNER_SECONDS, "look")]  # the replay ends with its last event, after all changes
    at = chance.expovariate(looks)
    while at < CORNER_SECONDS:
        made.append((at, "look"))
        at += chance.expovariate(looks)
    # Each request is two changes: the car is taken, and one step later it is free again.
    step = 1 / changes
    made += [((2 * turn + 0.5) * step, "ask") for turn in range(int(CORNER_SECONDS * changes / 2))]
    events = tuple(
        Event(at, number, kind, 1, ZONE, number, to_zone=ZONE, busy_seconds=step)
        for number, (at, kind) in enumerate(sorted(made))
    )
    cars = tuple(Car(driver, 1, ZONE) for driver in range(1, 4))
    return Evening("corner", {1: "Harborview"}, {1: [ZONE]}, cars, events)


def _rates_picture(rows: Sequence[Sequence[Any]], changes_per_second: float) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        rates = [row[0] for row in rows]
        for place, (word, color, form) in enumerate(
            (("delete", pictures.BLUE, "o-"), ("update", pictures.ORANGE, "s--")), start=1
        ):
            axes.plot(rates, [row[place] for row in rows], form, color=color, label=word)
        axes.set_xscale("log")
        axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel("looks per second at the corner")
        axes.set_ylabel("reads of the database per second")
        axes.set_title(f"What changes cost, {_changes(changes_per_second)} a second")
        axes.legend(loc="lower right", fontsize=9)
        return pictures.Picture(
            figure,
            "Reads of the database per second by looks per second: "
            + "; ".join(f"{row[0]:g} looks: delete {row[1]}, update {row[2]}" for row in rows)
            + ".",
        )


__all__ = ["at_one_corner", "delete_or_update", "slow_reader", "write_through"]
