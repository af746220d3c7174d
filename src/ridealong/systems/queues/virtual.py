"""An evening of completed rides, followed up by a design, in virtual time.

The code of a consumer is that of the processes on a real broker (`work.handling`), and so are the
stores; the log of partitions, the groups and the clock are ours, so that an evening with crashes
passes in milliseconds, each time alike. `tests/systems/test_queues_alike.py` holds that the real
ones count the same.
"""

import heapq
import random
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from ridealong.systems.queues.design import STEPS, Design
from ridealong.systems.queues.work import (
    Commit,
    DeadLetter,
    Effect,
    Happening,
    Passes,
    Point,
    RideEvent,
    Store,
    Unreadable,
    handling,
    killed_at,
    read_event,
)

TAKEOVER_SECONDS: Final = 2.5
"""From the death of a consumer until its partitions are read again (measured: 1.6 to 3.3 s)."""

RELAY_SECONDS: Final = 0.2
"""How often the relay looks into the outbox."""

REQUEST_SECONDS: Final = 0.03
"""What the request of a completed ride takes without what follows it."""

LONGEST_SECONDS: Final = 1800.0
"""So long after the last ride everything has to be done."""


@dataclass(frozen=True, slots=True)
class Crash:
    """A program that is killed, once.

    Attributes:
        who: a step, whose consumer it is; `service` or `relay`.
        event_id: while it is at this event; "" for what nobody can read.
        point: one of `work.POINTS`; the service and the relay have one each.
    """

    who: str
    event_id: str
    point: str = ""


@dataclass(frozen=True, slots=True)
class Outage:
    """Something that does not answer for a while.

    Attributes:
        who: a step, or `broker`.
        begins: in seconds.
        ends: in seconds.
    """

    who: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Story:
    """What happens on an evening.

    Attributes:
        name: of the evening.
        events: completed rides and corrected fares, in order of time.
        work_seconds: how long each step's work takes.
        unreadable_at: when a message comes that nobody can read.
        crashes: who is killed.
        outages: what does not answer.
        refused: steps and events whose work fails each time.
        seed: of what chance decides.
    """

    name: str
    events: tuple[RideEvent, ...]
    work_seconds: Mapping[str, float]
    unreadable_at: tuple[float, ...] = ()
    crashes: tuple[Crash, ...] = ()
    outages: tuple[Outage, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline.

    Attributes:
        at: in seconds.
        who: a step, the service, the relay or the broker.
        what: in words.
        event_id: of which event; "" for none.
        partition: where; -1 for none.
    """

    at: float
    who: str
    what: str
    event_id: str = ""
    partition: int = -1

    @property
    def ride_id(self) -> int:
        """Of which ride; 0 for none."""
        return int(self.event_id.partition("-")[0] or 0)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the store of one step holds at the end.

    Attributes:
        step: its name.
        wanted: for how many events it has to be done.
        lost: events for which it was not done, and nobody will.
        dead: events that wait in the dead-letter topic for a person.
        repeated: how many times it was done again.
        overtaken: rides for which an older event was handled after a newer one.
        ghosts: times that it was done for a ride that was not completed.
        delays: from the event until it was done the first time, in seconds.
    """

    step: str
    wanted: int
    lost: tuple[str, ...]
    dead: int
    repeated: int
    overtaken: int
    ghosts: int
    delays: tuple[float, ...]

    def delay(self, share: float) -> float:
        """Return the delay that so large a share of the events keeps to; infinity for lost ones."""
        ordered = sorted(self.delays) + [float("inf")] * (self.wanted - len(self.delays))
        return ordered[max(0, -int(-len(ordered) * share // 1) - 1)] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an evening.

    Attributes:
        story: its name.
        counted: each step.
        waits: how long each rider waited for the answer, in seconds.
        failed_requests: how many riders got an error.
        timeline: what happened, in order.
        backlog: how many messages no consumer has committed, over time, by step.
        unreadable_in_dead_letters: how many messages that nobody can read lie there.
    """

    story: str
    counted: Mapping[str, Counted]
    waits: tuple[float, ...]
    failed_requests: int
    timeline: tuple[Entry, ...]
    backlog: Mapping[str, tuple[tuple[float, int], ...]]
    unreadable_in_dead_letters: int


@dataclass
class _Member:
    """A consumer."""

    step: str
    group: "_Group"
    partitions: list[int] = field(default_factory=list)
    under_way: Iterator[Happening] | None = None
    at: tuple[int, int] = (0, 0)
    turn: int = 0


class _Group:
    """Consumers that share the partitions, and how far they have read."""

    def __init__(self, name: str, steps: list[str], design: Design) -> None:
        self.name = name
        self.members = [_Member(step, self) for step in steps for _ in range(design.consumers)]
        self.committed = [0] * design.partitions
        self.position = [0] * design.partitions
        for partition in range(design.partitions):
            self.members[partition % len(self.members)].partitions.append(partition)


class Evening:
    """One evening under a design; `run()` is the whole of it.

    Args:
        design: how a completed ride is followed up.
        story: what happens.
    """

    def __init__(self, design: Design, story: Story) -> None:
        self._design = design
        self._story = story
        self._now = 0.0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._turn = 0
        self._chance = random.Random(f"{story.name} {story.seed}")
        self._log: list[list[tuple[float, bytes]]] = [[] for _ in range(design.partitions)]
        self._stores = {step: Store(step) for step in STEPS}
        by_group: dict[str, list[str]] = defaultdict(list)
        for step in design.queued:
            by_group[design.groups[step]].append(step)
        self._groups = [_Group(name, steps, design) for name, steps in by_group.items()]
        self._crashes = {(each.who, each.event_id, each.point) for each in story.crashes}
        self._timeline: list[Entry] = []
        self._waits: list[float] = []
        self._failed = 0
        self._completed: set[str] = set()
        self._dead: dict[str, list[str]] = defaultdict(list)
        self._outbox: list[RideEvent] = []
        self._backlog: dict[str, list[tuple[float, int]]] = defaultdict(list)

    def run(self) -> Outcome:
        """Let the evening pass, and return what came of it."""
        try:
            for event in self._story.events:
                self._later(event.happened_at, partial(self._request, event))
            for at in self._story.unreadable_at:
                self._later(at, lambda: self._publish(b"{not an event", None, None))
            last = max((each.happened_at for each in self._story.events), default=0.0)
            if self._design.event == "outbox":
                self._later(RELAY_SECONDS, lambda: self._relay(last))
            while self._queue and self._queue[0][0] <= last + LONGEST_SECONDS:
                self._now, _, work = heapq.heappop(self._queue)
                work()
            return self._outcome()
        finally:
            for store in self._stores.values():
                store.close()

    def _later(self, at: float, work: Callable[[], None]) -> None:
        self._turn += 1
        heapq.heappush(self._queue, (at, self._turn, work))

    def _say(self, who: str, what: str, event_id: str = "", partition: int = -1) -> None:
        self._timeline.append(Entry(self._now, who, what, event_id, partition))

    def _is_away(self, who: str) -> bool:
        return any(
            each.who == who and each.begins <= self._now < each.ends for each in self._story.outages
        )

    def _is_killed(self, who: str, event_id: str, point: str = "") -> bool:
        crash = (who, event_id, point)
        if crash not in self._crashes:
            return False
        self._crashes.discard(crash)
        return True

    # ---------------------------------------------------------------------------------- the request

    def _request(self, event: RideEvent) -> None:
        wait = REQUEST_SECONDS
        done = ""
        for step in STEPS:
            if step not in self._design.in_request:
                continue
            wait += self._story.work_seconds[step]
            if self._is_away(step):
                self._failed += 1
                self._say(
                    "service", f"{done}{step} does not answer, the ride fails", event.event_id
                )
                return
            self._stores[step].do(event, event.happened_at + wait)
            done += f"{step} done, then "
        self._waits.append(wait)
        if not self._design.queued:
            self._completed.add(event.event_id)
            return
        killed = self._is_killed("service", event.event_id)
        if self._design.event == "before_commit":
            if self._is_away("broker"):
                self._failed += 1
                self._say(
                    "service", f"{done}the broker does not answer, the ride fails", event.event_id
                )
                return
            self._publish(event.to_bytes(), event.key(self._design), event)
            if killed:
                self._say("service", "killed after the event, before the commit", event.event_id)
                return
            self._completed.add(event.event_id)
            return
        self._completed.add(event.event_id)
        if self._design.event == "outbox":
            self._outbox.append(event)
        elif killed:
            self._say("service", "killed after the commit, before the event", event.event_id)
        elif self._is_away("broker"):
            self._say("service", "the broker does not answer, the event is gone", event.event_id)
        else:
            self._publish(event.to_bytes(), event.key(self._design), event)

    def _relay(self, last: float) -> None:
        again = RELAY_SECONDS
        while self._outbox and not self._is_away("broker"):
            event = self._outbox[0]
            self._publish(event.to_bytes(), event.key(self._design), event)
            if self._is_killed("relay", event.event_id):
                self._say("relay", "killed after the event, before its note", event.event_id)
                again = 1.0
                break
            self._outbox.pop(0)
        if self._outbox or self._now <= last:
            self._later(self._now + again, lambda: self._relay(last))

    def _publish(self, value: bytes, key: bytes | None, event: RideEvent | None) -> None:
        partitions = self._design.partitions
        partition = (
            self._chance.randrange(partitions) if key is None else zlib.crc32(key) % partitions
        )
        self._log[partition].append((self._now, value))
        if event is None:
            self._say("service", "a message that nobody can read", "", partition)
        for group in self._groups:
            for member in group.members:
                if partition in member.partitions and member.under_way is None:
                    self._take(member)
            self._count(group)

    # ----------------------------------------------------------------------------------- consumers

    def _take(self, member: _Member) -> None:
        """Take the next message, if there is one."""
        group = member.group
        for _ in member.partitions:
            partition = member.partitions[member.turn % len(member.partitions)]
            member.turn += 1
            offset = group.position[partition]
            if offset < len(self._log[partition]):
                group.position[partition] = offset + 1
                member.at = (partition, offset)
                member.under_way = handling(
                    self._design,
                    self._stores[member.step],
                    self._log[partition][offset][1],
                    now=lambda: self._now,
                    work_seconds=self._story.work_seconds[member.step],
                    is_away=lambda: self._is_away(member.step),
                    refused=[event for step, event in self._story.refused if step == member.step],
                )
                self._go_on(member)
                return

    def _go_on(self, member: _Member) -> None:
        assert member.under_way is not None
        partition, offset = member.at
        for happening in member.under_way:
            match happening:
                case Point(name, event_id) if self._is_killed(member.step, event_id, name):
                    self._say(member.step, killed_at(self._design, name), event_id, partition)
                    self._die(member)
                    return
                case Passes(seconds, why):
                    if why != "works":
                        self._say(member.step, why, self._event_at(partition, offset), partition)
                    self._later(self._now + seconds, lambda: self._go_on(member))
                    return
                case Commit():
                    group = member.group
                    group.committed[partition] = max(group.committed[partition], offset + 1)
                    self._count(group)
                case DeadLetter(reason):
                    event_id = self._event_at(partition, offset)
                    self._dead[member.step].append(event_id)
                    self._say(member.step, f"to the dead letters: {reason}", event_id, partition)
                case Effect(event, repeated):
                    what = "done again" if repeated else "done"
                    self._say(member.step, what, event.event_id, partition)
        member.under_way = None
        self._take(member)

    def _event_at(self, partition: int, offset: int) -> str:
        try:
            return read_event(self._log[partition][offset][1]).event_id
        except Unreadable:
            return ""

    def _die(self, member: _Member) -> None:
        assert member.under_way is not None
        member.under_way.close()  # type: ignore[attr-defined]  # a generator
        member.under_way = iter(())

        def is_read_again() -> None:
            for partition in member.partitions:
                member.group.position[partition] = member.group.committed[partition]
            member.under_way = None
            self._say(member.step, "its partitions are read again")
            self._take(member)

        self._later(self._now + TAKEOVER_SECONDS, is_read_again)

    def _count(self, group: _Group) -> None:
        behind = sum(map(len, self._log)) - sum(group.committed)
        for step in {member.step for member in group.members}:
            self._backlog[step].append((self._now, behind))

    # -------------------------------------------------------------------------------------- the end

    def _outcome(self) -> Outcome:
        counted = {step: self._counted(step) for step in STEPS}
        return Outcome(
            self._story.name,
            counted,
            tuple(self._waits),
            self._failed,
            tuple(self._timeline),
            {step: tuple(points) for step, points in self._backlog.items()},
            sum(each == "" for dead in self._dead.values() for each in dead),
        )

    def _counted(self, step: str) -> Counted:
        return counted(
            step, self._stores[step].effects(), self._completed, frozenset(self._dead[step])
        )


def counted(
    step: str, effects: list[dict[str, Any]], completed: set[str], dead: frozenset[str]
) -> Counted:
    """Count what a store holds, by hand of what had to be done.

    Args:
        step: of the store.
        effects: what it holds, in order.
        completed: the events whose ride is in the database.
        dead: the events in the dead-letter topic of the step.
    """
    first: dict[str, dict[str, Any]] = {}
    newest: dict[int, int] = {}
    overtaken: set[int] = set()
    repeated = ghosts = 0
    for effect in effects:
        if effect["event_id"] not in completed:
            ghosts += 1
            continue
        if effect["event_id"] in first:
            repeated += 1
            continue
        first[effect["event_id"]] = effect
        ride = effect["ride_id"]
        if effect["version"] < newest.get(ride, 0):
            overtaken.add(ride)
        newest[ride] = max(newest.get(ride, 0), effect["version"])
    waiting = completed & dead - first.keys()
    return Counted(
        step,
        len(completed),
        tuple(sorted(completed - first.keys() - dead)),
        len(waiting),
        repeated,
        len(overtaken),
        ghosts,
        tuple(each["done_at"] - each["happened_at"] for each in first.values()),
    )


def followed_up(design: Design, story: Story) -> Outcome:
    """Return what comes of an evening under a design."""
    return Evening(design, story).run()
