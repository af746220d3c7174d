"""What a consumer does with one message, step by step, the same on a real broker and in virtual time.

`handling` yields what happens next: a point at which the consumer may be killed, time that passes,
a commit, a letter to the dead. Whoever drives it does that; what was done in the store is done.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from ridealong.systems.queues.design import Design

POINTS: Final = (
    "before the work",
    "between memory and work",
    "between work and memory",
    "between work and commit",
    "after the commit",
)
"""Where a consumer may be killed."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS effects (
    place INTEGER PRIMARY KEY, step TEXT NOT NULL, ride_id INTEGER NOT NULL,
    event_id TEXT NOT NULL, version INTEGER NOT NULL, happened_at REAL NOT NULL,
    done_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS handled (event_id TEXT PRIMARY KEY);
"""


class Unreadable(Exception):
    """A message that nobody can read, however often it is tried."""


@dataclass(frozen=True, slots=True)
class RideEvent:
    """That a ride was completed, or that its fare was corrected afterwards.

    Attributes:
        event_id: of this event, the same each time that it is sent.
        ride_id: of the ride.
        city_id: of the ride.
        version: 1 for the completed ride, then one more for each correction.
        happened_at: in seconds.
    """

    event_id: str
    ride_id: int
    city_id: int
    version: int
    happened_at: float

    def to_bytes(self) -> bytes:
        """Return the message."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}).encode()

    def key(self, design: Design) -> bytes | None:
        """Return the key of the message."""
        key = {"ride": self.ride_id, "city": self.city_id}.get(design.key)
        return None if key is None else str(key).encode()


def read_event(value: bytes) -> RideEvent:
    """Return the event in a message.

    Raises:
        Unreadable: when there is none.
    """
    try:
        return RideEvent(**json.loads(value))
    except (ValueError, TypeError) as error:
        raise Unreadable(f'cannot read "{value[:40].decode(errors="replace")}"') from error


@dataclass(frozen=True, slots=True)
class Point:
    """A point at which the consumer may be killed; `event_id` is "" for what nobody can read."""

    name: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Passes:
    """Time that passes: of the work itself, or before it is tried again."""

    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Commit:
    """The message counts as read."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The message goes to the dead-letter topic, with why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that has happened to a rider; for the timeline."""

    event: RideEvent
    repeated: bool


Happening = Point | Passes | Commit | DeadLetter | Effect


class Store:
    """The store of one step: what was done, and which events were handled.

    Args:
        step: charge, receipt or rating_prompt.
        path: a file, or `:memory:`.
    """

    def __init__(self, step: str, path: str = ":memory:") -> None:
        self.step = step
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10.0)
        if path != ":memory:":
            self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Let go of it."""
        self._db.close()

    def is_handled(self, event_id: str) -> bool:
        """Whether an event was noted as handled."""
        query = "SELECT 1 FROM handled WHERE event_id = ?"
        return self._db.execute(query, (event_id,)).fetchone() is not None

    def note(self, event_id: str) -> None:
        """Note an event as handled."""
        self._db.execute("INSERT OR IGNORE INTO handled VALUES (?)", (event_id,))

    def do(self, event: RideEvent, at: float, *, note: bool = False) -> bool | None:
        """Do the step, and note the event in the same transaction where that is asked for.

        Returns:
            Whether it had been done before for this event; None when the note kept it from
            being done.
        """
        with closing(self._db.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                if note:
                    cursor.execute("INSERT OR IGNORE INTO handled VALUES (?)", (event.event_id,))
                    if cursor.rowcount == 0:
                        cursor.execute("COMMIT")
                        return None
                before = cursor.execute(
                    "SELECT count(*) FROM effects WHERE event_id = ? AND step = ?",
                    (event.event_id, self.step),
                ).fetchone()[0]
                cursor.execute(
                    "INSERT INTO effects (step, ride_id, event_id, version, happened_at, done_at)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        self.step,
                        event.ride_id,
                        event.event_id,
                        event.version,
                        event.happened_at,
                        at,
                    ),
                )
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
        return bool(before)

    def effects(self) -> list[dict[str, Any]]:
        """Return what was done, in the order in which it was."""
        cursor = self._db.execute(
            "SELECT step, ride_id, event_id, version, happened_at, done_at FROM effects"
            " ORDER BY place"
        )
        names = [each[0] for each in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


class WorkFailed(Exception):
    """The work was tried and failed: whoever does it is away, or refuses this one."""


def handling(
    design: Design,
    store: Store,
    value: bytes,
    *,
    now: Any,
    work_seconds: float,
    is_away: Any,
    refused: Collection[str] = (),
) -> Iterator[Happening]:
    """Yield what happens while a consumer handles one message.

    Args:
        design: how.
        store: of the consumer's step.
        value: the message.
        now: returns the time in seconds.
        work_seconds: how long the work takes.
        is_away: tells whether who does the work does not answer now.
        refused: events whose work fails each time.
    """
    try:
        event = read_event(value)
    except Unreadable:
        event = None
    name = event.event_id if event else ""
    yield Point("before the work", name)
    if design.commit == "before_work":
        yield Commit()
        yield Point("between work and commit", name)  # here the commit comes first
    attempt = 1
    while True:
        try:
            yield from _work(design, store, event, value, now, work_seconds, is_away, refused)
            break
        except (WorkFailed, Unreadable) as error:
            if isinstance(error, Unreadable) and design.unreadable == "dead_letter":
                yield DeadLetter(str(error))
                break
            waits = attempt < design.attempts or design.when_attempts_end == "stop"
            if not waits:
                if design.when_attempts_end == "dead_letter":
                    yield DeadLetter(str(error))
                else:
                    yield Passes(0.0, f"{error}, tried {_times(attempt)}, then skipped")
                break
            yield Passes(design.backoff(attempt), f"{error}, tried {_times(attempt)}")
            attempt += 1
    if design.commit == "after_work":
        yield Point("between work and commit", name)
        yield Commit()
    yield Point("after the commit", name)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def killed_at(design: Design, point: str) -> str:
    """Return where a consumer was killed, in words: some designs commit before they work."""
    turned = design.commit == "before_work" and point == "between work and commit"
    return f"killed {'between commit and work' if turned else point}"


def _work(
    design: Design,
    store: Store,
    event: RideEvent | None,
    value: bytes,
    now: Any,
    work_seconds: float,
    is_away: Any,
    refused: Collection[str],
) -> Iterator[Happening]:
    if event is None:
        yield Passes(work_seconds, "reads")
        read_event(value)
        return
    if design.remember != "nothing" and store.is_handled(event.event_id):
        return
    yield Passes(work_seconds, "works")
    if is_away():
        raise WorkFailed("no answer")
    if event.event_id in refused:
        raise WorkFailed("refused")
    if design.remember == "before_work":
        store.note(event.event_id)
        yield Point("between memory and work", event.event_id)
    done = store.do(event, now(), note=design.remember == "with_work")
    if done is not None:
        yield Effect(event, done)
    if design.remember == "after_work":
        yield Point("between work and memory", event.event_id)
        store.note(event.event_id)
