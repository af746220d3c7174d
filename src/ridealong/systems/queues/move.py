"""A topic moved from one broker to another while rides end: in virtual time, and on two brokers.

What a plan may say, of which each line may be left out:

    copy_per_second: 60           # messages that the copy carries at most
    first: consumers              # or producers: who goes to the new broker first
    start_at: translated          # or earliest, latest: where the consumers begin there
    cut_over: pause               # or switch, dual_run: what the producers do at the cut-over
    cut_over_when_behind: 10      # messages that the copy may lack when the cut-over begins

The old broker's link carries so many messages a second, live reads, live writes and the copy
together; whoever asks for more gets more. The new broker has no such limit. The topic has one
partition, so the old broker keeps every ride's events in order.

Both kinds of move are the same steps of a tenth of a second; what differs are the logs and the
clock. On the brokers the messages, offsets and commits are real, and the times are measured; the
limit of the link is ours, since two brokers on one machine have none.
"""

import heapq
import itertools
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ridealong.systems.broker.server import ANSWER_SECONDS, Broker, BrokerError, patiently
from ridealong.systems.queues.work import RideEvent, read_event
from ridealong.text import meant

FIRST: Final = ("consumers", "producers")
START_AT: Final = ("translated", "earliest", "latest")
CUT_OVER: Final = ("pause", "switch", "dual_run")
MOST_COPY_PER_SECOND: Final = 1000
MOST_BEHIND: Final = 100_000
TICK_SECONDS: Final = 0.1


class PlanError(Exception):
    """A plan that cannot be followed: what was seen, what was wanted, what to try."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a topic is moved; see the module for what each word means.

    Attributes:
        copy_per_second: messages that the copy carries at most.
        first: who goes to the new broker first.
        start_at: where the consumers begin there.
        cut_over: what the producers do.
        cut_over_when_behind: messages that the copy may lack when the cut-over begins.
    """

    copy_per_second: float = 400.0
    first: str = "producers"
    start_at: str = "latest"
    cut_over: str = "switch"
    cut_over_when_behind: int = 100


LINES: Final = tuple(Plan.__dataclass_fields__)


def read_plan(value: object) -> Plan:
    """Return the plan that an answer holds; what it leaves out is as `Plan` has it.

    Args:
        value: the data of the `%%yaml` answer.

    Raises:
        PlanError: in one line.
    """
    if not isinstance(value, Mapping):
        what = "empty" if value is None else f"{value!r}"[:60]
        raise PlanError(f"the plan is {what}, wanted lines such as cut_over: pause")
    for name in value:
        if name not in LINES:
            raise PlanError(
                f"the plan has the line {str(name)[:40]!r}, not known: {meant(str(name), LINES)}"
            )
    plain = Plan()
    copy = value.get("copy_per_second", plain.copy_per_second)
    is_number = isinstance(copy, int | float) and not isinstance(copy, bool)
    if not is_number or not 1 <= copy <= MOST_COPY_PER_SECOND:
        raise PlanError(
            f"copy_per_second is {_shown(copy)}, wanted messages in a second, a number from 1 to "
            f"{MOST_COPY_PER_SECOND:,}"
        )
    behind = value.get("cut_over_when_behind", plain.cut_over_when_behind)
    if not isinstance(behind, int) or isinstance(behind, bool) or not 0 <= behind <= MOST_BEHIND:
        raise PlanError(
            f"cut_over_when_behind is {_shown(behind)}, wanted messages, a whole number from 0 to "
            f"{MOST_BEHIND:,}"
        )
    return Plan(
        float(copy),
        _word(value, "first", FIRST, plain.first),
        _word(value, "start_at", START_AT, plain.start_at),
        _word(value, "cut_over", CUT_OVER, plain.cut_over),
        behind,
    )


def _shown(value: object) -> str:
    return repr(value)[:60]


def _word(value: Mapping[Any, Any], name: str, words: tuple[str, ...], otherwise: str) -> str:
    given = value.get(name, otherwise)
    if not isinstance(given, str) or given not in words:
        raise PlanError(f"{name} is {_shown(given)}, wanted one of {', '.join(words)}")
    return given


# ---------------------------------------------------------------------------------- what is moved


@dataclass(frozen=True, slots=True)
class Traffic:
    """What lies in the topic, and what comes while it is moved.

    Attributes:
        history: read long ago and still kept, in order.
        live: what comes, in order of time; `happened_at` is in seconds after the copy began.
        seconds: how long it comes; a cut-over that has not begun by then never does.
        link_per_second: messages that the old broker's link carries.
        client_per_second: messages that the producers, and the consumers, move at most.
        handover_seconds: how long the consumers read nothing while they go over.
    """

    history: tuple[RideEvent, ...]
    live: tuple[RideEvent, ...]
    seconds: float
    link_per_second: float = 100.0
    client_per_second: float = 60.0
    handover_seconds: float = 2.0


def traffic(
    *,
    history: int = 4000,
    seconds: float = 300.0,
    live_per_second: float = 20.0,
    peak_per_second: float = 35.0,
    peak: tuple[float, float] = (150.0, 210.0),
    link_per_second: float = 100.0,
    handover_seconds: float = 2.0,
    corrected: int = 5,
    corrected_after_seconds: tuple[float, float] = (0.2, 5.0),
    seed: int = 0,
) -> Traffic:
    """Return a topic and its messages, made from a seed: no recorded rides.

    Args:
        history: messages that lie there.
        seconds: how long messages come.
        live_per_second: how many come.
        peak_per_second: how many come in the peak.
        peak: when it begins and ends, in seconds.
        link_per_second: messages that the old broker's link carries.
        handover_seconds: how long the consumers read nothing while they go over.
        corrected: the fare of one ride in so many is, by a second event.
        corrected_after_seconds: at least and at most.
        seed: another one, other rides.
    """
    chance = random.Random(f"move {seed}")
    old = tuple(
        RideEvent(f"{ride}-1", ride, ride % 5 + 1, 1, -1.0) for ride in range(1, history + 1)
    )
    live: list[RideEvent] = []
    at = 0.0
    for ride in itertools.count(history + 1):
        rate = peak_per_second if peak[0] <= at < peak[1] else live_per_second
        at += 1 / rate * (1 + 1 / corrected)  # each ride, with its share of corrections
        if at >= seconds:
            break
        live.append(RideEvent(f"{ride}-1", ride, ride % 5 + 1, 1, at))
        later = at + chance.uniform(*corrected_after_seconds)
        if chance.randrange(corrected) == 0 and later < seconds:
            live.append(RideEvent(f"{ride}-2", ride, ride % 5 + 1, 2, later))
    live.sort(key=lambda each: each.happened_at)
    return Traffic(old, tuple(live), seconds, link_per_second, handover_seconds=handover_seconds)


def sample() -> Traffic:
    """Return two hundred messages in five seconds, which two brokers can move in a lab."""
    return traffic(
        history=100,
        seconds=5.0,
        peak=(3.5, 4.5),
        handover_seconds=0.5,
        corrected=2,
        corrected_after_seconds=(0.2, 1.0),
    )


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of a move.

    Attributes:
        cut_over_at: when it began, in seconds; None when it never did.
        ended_at: when all were on the new broker and the copy had carried everything; None: never.
        largest_lag_seconds: the longest from an event until the consumers had it, if they ever did.
        pause_seconds: the longest that an event waited at the producers until it was written.
        lost: events that the consumers never had.
        repeated: how often they had an event again.
        overtaken: rides whose older event they had last.
        written_twice: events that the producers wrote to both brokers.
        seconds: until the consumers had all that they ever had.
        lag: times, and the age of the oldest event then that the consumers have not had yet.
        paused_at: when the event happened that waited longest at the producers.
    """

    cut_over_at: float | None
    ended_at: float | None
    largest_lag_seconds: float
    pause_seconds: float
    lost: int
    repeated: int
    overtaken: int
    written_twice: int
    seconds: float
    lag: tuple[tuple[float, float], ...]
    paused_at: float = 0.0

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many were lost, repeated and overtaken."""
        return self.lost, self.repeated, self.overtaken


# ------------------------------------------------------------------------------------- the steps


class _Reader(Protocol):
    def take(self, count: int) -> list[RideEvent]: ...


class _Log(Protocol):
    """A topic on one broker; `write` says at which offsets the events stand."""

    def length(self) -> int: ...
    def write(self, events: Sequence[RideEvent], *, copied: bool = False) -> list[int]: ...
    def copier(self) -> _Reader: ...
    def consumer(self, start_at: str | int) -> tuple[_Reader, int]: ...


class _Share:
    """What one of those who use the link may still move; parts of a message are kept for later."""

    def __init__(self) -> None:
        self._left = 0.0

    def whole(self, granted: float) -> int:
        self._left += granted
        count = int(self._left + 1e-9)
        self._left -= count
        return count


def shared(wanted: Sequence[float], carried: float) -> list[float]:
    """Return what each gets of a link that carries so much: all of it, or in proportion."""
    total = sum(wanted)
    part = min(1.0, carried / total) if total else 1.0
    return [each * part for each in wanted]


class _Move:
    """A move, in steps of a tenth of a second."""

    def __init__(self, plan: Plan, given: Traffic, old: _Log, new: _Log) -> None:
        self._plan, self._traffic = plan, given
        self._old, self._new = old, new
        self._now: Callable[[], float] = lambda: 0.0
        self._due = deque(given.live)
        self._waiting: deque[RideEvent] = deque()
        self._producers, self._consumers = "old", "old"
        self._copied = 0
        self._copy_ends: int | None = None  # where the producers began to write to both
        self._old_offset: dict[int, int] = {}  # of what stands at an offset of the new broker
        self._goes_over_at = 0.0
        self._shares = {name: _Share() for name in ("write", "copy", "read")}
        self._copier = old.copier()
        self._reader, self._position = old.consumer(old.length())
        self._written: dict[str, float] = {}
        self._reads: list[tuple[RideEvent, float]] = []
        self._written_twice = 0
        self._cut_over_at: float | None = None
        self._ended_at: float | None = None
        self._steps = 0

    @property
    def _behind(self) -> int:
        ends = self._old.length() if self._copy_ends is None else self._copy_ends
        return ends - self._copied

    @property
    def next_at(self) -> float:
        """When the next step is due, in seconds."""
        return (self._steps + 1) * TICK_SECONDS

    def step(self, now: Callable[[], float]) -> bool:
        """Do what happens in the next tenth of a second; tell whether it goes on.

        Args:
            now: returns the time in seconds, as it is noted.
        """
        self._now = now
        self._steps += 1
        at = self._steps * TICK_SECONDS
        while self._due and self._due[0].happened_at <= at:
            self._waiting.append(self._due.popleft())
        write, copy, read = self._granted()
        self._write(write)
        self._copy(copy)
        self._read(read)
        self._go_over(at)
        return not self._is_over(at)

    def _granted(self) -> tuple[int, int, int]:
        """Return how many messages are written, copied and read now."""
        client = self._traffic.client_per_second * TICK_SECONDS
        write = min(len(self._waiting), client) if self._producers != "paused" else 0.0
        new_here = write if self._producers in ("old", "both") else 0.0
        more = new_here if self._copy_ends is None else 0.0
        copy = min(self._behind + more, self._plan.copy_per_second * TICK_SECONDS)
        if self._cut_over_at is None and self._steps * TICK_SECONDS > self._traffic.seconds:
            copy = 0.0  # given up
        read = 0.0
        if self._consumers == "old":
            read = min(self._old.length() + new_here - self._position, client)
        elif self._consumers == "new":
            read = client
        uses = [new_here, copy, read if self._consumers == "old" else 0.0]
        on_link = shared(uses, self._traffic.link_per_second * TICK_SECONDS)
        return (
            self._shares["write"].whole(on_link[0] if new_here else write),
            self._shares["copy"].whole(on_link[1]),
            self._shares["read"].whole(on_link[2] if self._consumers == "old" else read),
        )

    def _write(self, count: int) -> None:
        events = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
        if not events:
            return
        offsets: Sequence[int] = []
        if self._producers in ("old", "both"):
            offsets = self._old.write(events)
        if self._producers in ("both", "new"):
            there = self._new.write(events)
            self._old_offset.update(zip(there, offsets, strict=False))
        self._written_twice += len(events) * (self._producers == "both")
        self._written.update(dict.fromkeys((each.event_id for each in events), self._now()))

    def _copy(self, count: int) -> None:
        events = self._copier.take(min(count, self._behind))
        if events:
            there = self._new.write(events, copied=True)
            self._old_offset.update(zip(there, range(self._copied, 10**9), strict=False))
            self._copied += len(events)

    def _read(self, count: int) -> None:
        if self._consumers == "moving":
            return
        log = self._old if self._consumers == "old" else self._new
        events = self._reader.take(min(count, log.length() - self._position))
        self._position += len(events)
        self._reads += [(each, self._now()) for each in events]

    def _go_over(self, at: float) -> None:
        plan, is_waiting = self._plan, self._cut_over_at is None
        if is_waiting and at <= self._traffic.seconds and self._behind <= plan.cut_over_when_behind:
            self._cut_over_at = self._now()
            if plan.first == "consumers":
                self._leave_old(at)
            else:
                self._cut_over()
        if self._consumers == "moving" and at >= self._goes_over_at - 1e-9:
            self._begin_on_new()
            if plan.first == "consumers":
                self._cut_over()
        if self._producers == "paused" and not self._behind:
            self._producers = "new"
        if self._producers == "both" and not self._behind and self._consumers == "new":
            self._producers = "new"
        if plan.first == "producers" and self._consumers == "old":
            has_all = self._producers == "new" and self._position == self._old.length()
            if has_all or (self._producers == "both" and not self._behind):
                self._leave_old(at)
        is_there = self._producers == self._consumers == "new"
        if self._ended_at is None and is_there and not self._behind:
            self._ended_at = self._now()

    def _cut_over(self) -> None:
        if self._plan.cut_over == "dual_run":
            self._copy_ends = self._old.length()
        self._producers = {"pause": "paused", "switch": "new", "dual_run": "both"}[
            self._plan.cut_over
        ]

    def _leave_old(self, at: float) -> None:
        self._consumers = "moving"
        self._goes_over_at = at + self._traffic.handover_seconds

    def _begin_on_new(self) -> None:
        start: str | int = self._plan.start_at
        if start == "translated":
            # The first message there that the consumers have not read on the old broker.
            ends = self._new.length()
            unread = (
                offset
                for offset in range(ends)
                if self._old_offset.get(offset, self._position) >= self._position
            )
            start = next(unread, ends)
        self._reader, self._position = self._new.consumer(start)
        self._consumers = "new"

    def _is_over(self, at: float) -> bool:
        if at <= self._traffic.seconds or self._due or self._waiting:
            return False
        if self._cut_over_at is None:
            return self._position >= self._old.length()
        return self._ended_at is not None and self._position >= self._new.length()

    def moved(self) -> Moved:
        """Return what came of it."""
        given = self._traffic
        first: dict[str, float] = {}
        times: Counter[str] = Counter(each.event_id for each in given.history)
        last: dict[int, int] = {}
        newest: dict[int, int] = {}
        for event, at in self._reads:
            first.setdefault(event.event_id, at)
            times[event.event_id] += 1
            last[event.ride_id] = event.version
            newest[event.ride_id] = max(newest.get(event.ride_id, 0), event.version)
        waited = [
            (each.happened_at, first[each.event_id])
            for each in given.live
            if each.event_id in first
        ]
        pause, paused_at = max(
            (
                (self._written[each.event_id] - each.happened_at, each.happened_at)
                for each in given.live
            ),
            default=(0.0, 0.0),
        )
        return Moved(
            self._cut_over_at,
            self._ended_at,
            max((end - begin for begin, end in waited), default=0.0),
            pause,
            sum(each.event_id not in first for each in given.live),
            sum(count - 1 for count in times.values() if count > 1),
            sum(version < newest[ride] for ride, version in last.items()),
            self._written_twice,
            self._now(),
            _lag(waited),
            paused_at,
        )


def _lag(waited: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return the age of the oldest event that waited, over time."""
    ends = max((end for _, end in waited), default=0.0)
    every = max(TICK_SECONDS, ends / 600)
    coming = deque(sorted(waited))
    there: list[tuple[float, float]] = []
    points = []
    for place in range(int(ends / every) + 2):
        at = place * every
        while coming and coming[0][0] <= at:
            heapq.heappush(there, coming.popleft())
        while there and there[0][1] <= at:
            heapq.heappop(there)
        points.append((at, at - there[0][0] if there else 0.0))
    return tuple(points)


# ---------------------------------------------------------------------------------- virtual time


class _List:
    """A log in virtual time."""

    def __init__(self, events: Sequence[RideEvent] = ()) -> None:
        self.events = list(events)

    def length(self) -> int:
        return len(self.events)

    def write(self, events: Sequence[RideEvent], *, copied: bool = False) -> list[int]:
        began = len(self.events)
        self.events += events
        return list(range(began, len(self.events)))

    def copier(self) -> _Reader:
        return _ListReader(self, 0)

    def consumer(self, start_at: str | int) -> tuple[_Reader, int]:
        if isinstance(start_at, int):
            position = start_at
        else:
            position = len(self.events) if start_at == "latest" else 0
        return _ListReader(self, position), position


class _ListReader:
    def __init__(self, log: _List, position: int) -> None:
        self._log, self._position = log, position

    def take(self, count: int) -> list[RideEvent]:
        found = self._log.events[self._position : self._position + max(0, count)]
        self._position += len(found)
        return found


def moved(plan: Plan, given: Traffic) -> Moved:
    """Return what comes of a plan, in virtual time."""
    move = _Move(plan, given, _List(given.history), _List())
    goes_on = True
    while goes_on:
        at = move.next_at
        goes_on = move.step(lambda at=at: at)  # type: ignore[misc]
    return move.moved()


# --------------------------------------------------------------------------------- on two brokers


class _Topic:
    """A log on a broker, with one partition: its producers, its copier and its consumers.

    Args:
        broker: one that runs.
        name: of the topic and its group.
        reset: where the consumers begin when the group has committed nothing.
        stack: closes the consumers.
    """

    def __init__(self, broker: Broker, name: str, reset: str, stack: ExitStack) -> None:
        from confluent_kafka import Producer, TopicPartition

        self._broker, self._stack = broker, stack
        self._topic, self._group = broker.topic(name), broker.group(name)
        self._length = 0
        self._producer = Producer(broker.producer_settings())
        self._copies = Producer(broker.producer_settings())
        self._consumers = self._consumer(self._group, reset)
        # Whom to ask about the group is found out now, which may take a second.
        part = TopicPartition(self._topic, 0)
        patiently(lambda: self._consumers.committed([part], timeout=ANSWER_SECONDS))

    def length(self) -> int:
        return self._length

    def write(self, events: Sequence[RideEvent], *, copied: bool = False) -> list[int]:
        producer = self._copies if copied else self._producer
        offsets: list[int] = []
        errors: list[str] = []

        def told(error: Any, message: Any) -> None:
            if error:
                errors.append(error.str())
            else:
                offsets.append(message.offset())

        for event in events:
            key = str(event.ride_id).encode()
            producer.produce(self._topic, value=event.to_bytes(), key=key, on_delivery=told)
        ends = time.monotonic() + ANSWER_SECONDS
        while len(offsets) < len(events):
            producer.poll(0.02)
            self._see_that_it_runs(ends, errors)
        self._length += len(events)
        return sorted(offsets)

    def copier(self) -> _Reader:
        from confluent_kafka import TopicPartition

        consumer = self._consumer(f"{self._group}-copy", "earliest")
        consumer.assign([TopicPartition(self._topic, 0, 0)])
        return _TopicReader(self, consumer)

    def consumer(self, start_at: str | int) -> tuple[_Reader, int]:
        from confluent_kafka import OFFSET_STORED, TopicPartition

        consumer = self._consumers
        if isinstance(start_at, int):
            begins = [TopicPartition(self._topic, 0, start_at)]
            patiently(lambda: consumer.commit(offsets=begins, asynchronous=False))
        consumer.list_topics(self._topic, timeout=ANSWER_SECONDS)  # else it looks once a second
        part = TopicPartition(self._topic, 0, OFFSET_STORED)
        consumer.assign([part])
        reader = _TopicReader(self, consumer)
        ends = time.monotonic() + ANSWER_SECONDS
        while (high := consumer.get_watermark_offsets(part, cached=True)[1]) < 0:
            reader.look(0.02)
            self._see_that_it_runs(ends)
        if isinstance(start_at, int):
            return reader, start_at
        return reader, high if start_at == "latest" else 0

    def _consumer(self, group: str, reset: str) -> Any:
        from confluent_kafka import Consumer

        settings = self._broker.consumer_settings()
        consumer = Consumer({**settings, "group.id": group, "auto.offset.reset": reset})
        self._stack.callback(consumer.close)
        return consumer

    def _see_that_it_runs(self, ends: float, errors: Sequence[str] = ()) -> None:
        """Raise a BrokerError when it is stopped, refuses, or has not answered until then."""
        assert self._broker.bootstrap
        if errors or time.monotonic() > ends:
            told = errors[0] if errors else f"nothing for {ANSWER_SECONDS:.0f} s"
            raise BrokerError(f"{self._broker.described} does not answer: {told}")


class _TopicReader:
    """A consumer that takes so many messages as it is told, and commits them."""

    def __init__(self, topic: _Topic, consumer: Any) -> None:
        self._topic, self._consumer = topic, consumer
        self._there: deque[Any] = deque()

    def look(self, seconds: float) -> None:
        """Wait so long for a message, and keep it."""
        message = self._consumer.poll(seconds)
        if message is not None and not message.error():
            self._there.append(message)

    def take(self, count: int) -> list[RideEvent]:
        if count <= 0:
            return []
        ends = time.monotonic() + ANSWER_SECONDS
        while len(self._there) < count:
            self.look(0.02)
            self._topic._see_that_it_runs(ends)
        taken = [self._there.popleft() for _ in range(count)]
        patiently(lambda: self._consumer.commit(message=taken[-1], asynchronous=False))
        return [read_event(each.value()) for each in taken]


def moved_for_real(
    plan: Plan,
    given: Traffic,
    old: Broker,
    new: Broker,
    *,
    name: str,
    progress: Callable[[float], None] = lambda share: None,
) -> Moved:
    """Return what comes of a plan on two brokers; times are measured.

    Args:
        plan: how the topic is moved.
        given: what is moved; its seconds are real ones.
        old: the broker on which the topic is.
        new: the one to which it goes.
        name: part of the topics' names, another one for each run.
        progress: is told now and then which part is done, from 0 to 1.

    Raises:
        BrokerError: when one of the brokers does not answer.
    """
    from confluent_kafka import KafkaException

    try:
        with ExitStack() as stack:
            reset = "latest" if plan.start_at == "latest" else "earliest"
            here = _Topic(old, f"move-{name}-old", "earliest", stack)
            there = _Topic(new, f"move-{name}-new", reset, stack)
            here.write(given.history)
            move = _Move(plan, given, here, there)
            expected = moved(plan, given).seconds
            began = time.monotonic()
            goes_on = True
            while goes_on:
                time.sleep(max(0.0, began + move.next_at - time.monotonic()))
                goes_on = move.step(lambda: time.monotonic() - began)
                progress(min(0.99, move.next_at / expected))
            progress(1.0)
            return move.moved()
    except KafkaException as error:
        told = str(error).partition("\n")[0][:200]
        raise BrokerError(f"one of the two brokers does not answer: {told}") from error
