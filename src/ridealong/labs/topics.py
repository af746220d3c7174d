"""A topic to write to and to read as a group, and the same messages in a queue and in a log."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ridealong.labs.queues import running
from ridealong.labs.sql.database import LabError
from ridealong.labs.waits import progress
from ridealong.show.views import View, frame, plural
from ridealong.systems.broker.server import MOST_PARTITIONS, Broker, BrokerError
from ridealong.systems.cache.server import Cache
from ridealong.systems.cache.traffic import evening
from ridealong.systems.queues.design import KEYS, STEPS, Design
from ridealong.systems.queues.stories import story
from ridealong.systems.queues.work import read_event
from ridealong.text import meant

if TYPE_CHECKING:
    from confluent_kafka import Consumer

TOPIC: Final = "ride-events"
BEGINS: Final = ("committed", "first")
MOST_SERVICES: Final = len(STEPS)
MOST_WORKERS: Final = 12
"""Of all services together."""

MOST_MESSAGES: Final = 60
MOST_ROUNDS: Final = 30
ANSWER_SECONDS: Final = 8.0
SETTLE_SECONDS: Final = 30.0
STILL_SECONDS: Final = 1.0
"""So long nobody gets or loses a partition once the consumers have them."""

_names = itertools.count(1)


def publish(
    events: int = 40, topic: str = TOPIC, *, key: str = "ride", partitions: int = 4
) -> View:
    """Write the next events of a concert evening to a topic, as the service does.

    Args:
        events: how many.
        topic: its name; it is made when it is not there.
        key: ride, city or none: which events stay in one partition.
        partitions: of the topic, when it is made.

    Raises:
        LabError: when no broker runs, or the evening has not so many events.
        BrokerError: when the broker does not answer.
    """
    from confluent_kafka import Producer

    broker = running()
    if key not in KEYS:
        raise LabError(f"key is {key!r}, wanted one of {', '.join(KEYS)}")
    if topic not in broker.topics():
        broker.topic(topic, partitions)
    before = broker.partitions()[topic]
    if len(before) != partitions:
        raise LabError(
            f"{topic} has {plural(len(before), 'partition')}, and partitions is {partitions!r}: "
            "take another name for a new topic"
        )
    written = sum(each.end for each in before)
    known = story(troubles=()).events
    if not isinstance(events, int) or not 1 <= events <= len(known) - written:
        raise LabError(f"events is {events!r}, wanted 1 to {len(known) - written} that are left")
    chosen = known[written : written + events]
    whole, design = broker.topic(topic), Design(key=key)
    producer = Producer(broker.producer_settings())
    for each in chosen:
        producer.produce(whole, value=each.to_bytes(), key=each.key(design))
    if producer.flush(ANSWER_SECONDS):
        raise BrokerError(f"{broker.described} has not taken the events within {ANSWER_SECONDS} s")
    cities = evening().cities
    by_partition: dict[int, Counter[str]] = {each.number: Counter() for each in before}
    ends = {each.number: each.end for each in before}
    for message in broker.read(topic):
        number = message.partition()
        if message.offset() >= ends[number]:
            by_partition[number][cities[read_event(message.value()).city_id]] += 1
    rows = [
        [number, found.total(), found["Brookfall"],
         ", ".join(sorted(found)) or "none", ends[number], ends[number] + found.total()]
        for number, found in by_partition.items()
    ]  # fmt: skip
    columns = ["partition", "messages", "of Brookfall", "cities", "first offset", "next offset"]
    fullest, most = max(
        ((number, found.total()) for number, found in by_partition.items()),
        key=lambda each: each[1],
    )
    return View(
        f"{plural(events, 'event')} written to {topic}, key {key}",
        frame(columns, rows),
        f"The broker has all {events}; partition {fullest} got most, {most}. No consumer has "
        "to run for that.",
    )


def read_as(
    group: str,
    topic: str = TOPIC,
    *,
    most: int = 1000,
    begin: str = "committed",
    commit: bool = True,
) -> View:
    """Read a topic as a consumer group, commit, and leave.

    Args:
        group: its name; one that has committed nothing begins at the first offset.
        topic: which is there.
        most: so many messages of each partition at most.
        begin: committed, or first: back to the first offset, whatever the group has committed.
        commit: whether the group commits what it has read; without, it dies before.

    Raises:
        LabError: when no broker runs, or there is no such topic.
        BrokerError: when the broker does not answer.
    """
    from confluent_kafka import Consumer, TopicPartition

    broker = running()
    if topic not in broker.topics():
        raise LabError(f"no topic is called {topic!r:.60}: {meant(topic, broker.topics())}")
    if begin not in BEGINS:
        raise LabError(f"begin is {begin!r}, wanted one of {', '.join(BEGINS)}")
    if not isinstance(most, int) or most < 1:
        raise LabError(f"most is {most!r}, wanted 1 or more messages of each partition")
    whole, known = broker.topic(topic), broker.partitions()[topic]
    committed = broker.committed().get(group, {}).get(topic, {}) if begin == "committed" else {}
    begins = {each.number: committed.get(each.number, each.first) for each in known}
    ends = {each.number: min(each.end, begins[each.number] + most) for each in known}
    consumer = Consumer(broker.consumer_settings() | {"group.id": broker.group(group)})
    try:
        left = sum(ends.values()) - sum(begins.values())
        consumer.assign([TopicPartition(whole, number, at) for number, at in begins.items()])
        stops = time.monotonic() + ANSWER_SECONDS
        at = dict(begins)
        while left:
            message = consumer.poll(0.1)
            if time.monotonic() > stops:
                raise BrokerError(f"{broker.described} has not sent {plural(left, 'message')}")
            if message is None or message.error():
                continue
            number, offset = message.partition() or 0, message.offset() or 0
            if offset == at[number] < ends[number]:
                at[number] += 1
                left -= 1
        if commit:
            consumer.commit(
                offsets=[TopicPartition(whole, number, end) for number, end in ends.items()],
                asynchronous=False,
            )
    finally:
        consumer.close()
    rows = [
        [each.number, begins[each.number], ends[each.number] - begins[each.number],
         ends[each.number] if commit else committed.get(each.number), each.end]
        for each in known
    ]  # fmt: skip
    read = sum(ends.values()) - sum(begins.values())
    behind = sum(each.end for each in known) - sum((ends if commit else begins).values())
    told = "and committed them" if commit else "and died before it committed"
    return View(
        f"{group} reads {topic}",
        frame(["partition", "begins at", "messages read", "committed", "next offset"], rows),
        f"{group} has read {plural(read, 'message')} {told}; its lag is {behind}, and the topic "
        f"still holds {sum(each.end - each.first for each in known)}.",
    )


# ------------------------------------------------------------------------- a queue, and a log


@dataclass
class _Worker:
    """One worker of a service, as the rounds go by."""

    service: str
    got: int = 0
    busy: int = 0
    holds: Any = None
    partitions: set[int] = field(default_factory=set)
    has_heard: bool = False
    consumer: Consumer | None = None


def queue_against_log(
    services: int = 1, workers: int = 2, *, partitions: int = 4, messages: int = 24, slow: int = 1
) -> View:
    """Work off the same messages from a queue and from a log, and count what each gave and kept.

    The queue is a list in Valkey: a worker takes a message, works, and deletes it. The log is a
    topic of this notebook's broker, with one consumer group for each service. In a round each
    worker that is free takes one message.

    Args:
        services: how many want the messages, up to three.
        workers: of each service.
        partitions: of the topic.
        messages: how many lie there when the rounds begin.
        slow: how many rounds the first message takes.

    Raises:
        LabError: when no broker runs, or the numbers do not fit.
        BrokerError: when the broker does not answer.
    """
    for name, value, most in (
        ("services", services, MOST_SERVICES),
        ("workers", workers, MOST_WORKERS),
        ("partitions", partitions, MOST_PARTITIONS),
        ("messages", messages, MOST_MESSAGES),
        ("slow", slow, MOST_ROUNDS),
    ):
        if not isinstance(value, int) or not 1 <= value <= most:
            raise LabError(f"{name} is {value!r}, wanted 1 to {most}")
    if services * workers > MOST_WORKERS:
        raise LabError(
            f"{services} services with {workers} workers each are {services * workers}, and there is "
            f"room for {MOST_WORKERS}: take fewer of one"
        )
    named = [step.replace("_", " ") for step in STEPS[:services]]
    with progress("Working off a queue and a log") as show:
        queue = _from_queue(named, workers, messages, slow)
        show(0.2)
        log = _from_log(running(), named, workers, partitions, messages, slow, show)
    rows = [
        [place, name, seen.got[name], seen.at_work[name], seen.rounds[name], seen.kept, seen.again]
        for place, seen in (("queue", queue), ("log", log))
        for name in named
    ]
    columns = [
        "taken from", "service", f"got, of {messages}", f"workers at work, of {workers}", "rounds",
        "kept afterwards", "a new service gets",
    ]  # fmt: skip
    each = "the service" if services == 1 else "each service"
    told = [
        f"From the {place} {each} got {_span(seen.got.values())} of {messages}, in "
        f"{max(seen.rounds.values())} rounds with {max(seen.at_work.values())} of {workers} workers"
        for place, seen in (("queue", queue), ("log", log))
    ]
    return View(
        f"{messages} messages, {plural(services, 'service')} with {plural(workers, 'worker')} each",
        frame(columns, rows),
        f"{told[0]}. {told[1]}. The queue keeps {queue.kept}, the log {log.kept}.",
    )


@dataclass(frozen=True, slots=True)
class _Worked:
    got: Mapping[str, int]
    at_work: Mapping[str, int]
    rounds: Mapping[str, int]
    kept: int
    again: int


def _span(values: Any) -> str:
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"


def _rounds(
    workers: Sequence[_Worker],
    slow: int,
    take: Callable[[_Worker], Any],
    done: Callable[[_Worker], None] = lambda worker: None,
) -> dict[str, int]:
    """Let everybody who is free take a message, round by round; return each service's last round."""
    last: dict[str, int] = {}
    for number in itertools.count(1):
        for worker in workers:
            if worker.busy == 0:
                worker.holds = take(worker)
                if worker.holds is not None:
                    worker.got += 1
                    worker.busy = slow if worker.holds == b"0" else 1
        if not any(worker.busy for worker in workers):
            return last
        for worker in workers:
            if worker.busy:
                worker.busy -= 1
                last[worker.service] = number
                if worker.busy == 0:
                    done(worker)
    raise AssertionError("rounds end")


def _worked(
    workers: Sequence[_Worker], rounds: Mapping[str, int], kept: int, again: int
) -> _Worked:
    names = dict.fromkeys(worker.service for worker in workers)
    return _Worked(
        {name: sum(each.got for each in workers if each.service == name) for name in names},
        {name: sum(each.got > 0 for each in workers if each.service == name) for name in names},
        {name: rounds.get(name, 0) for name in names},
        kept,
        again,
    )


def _from_queue(named: Sequence[str], workers: int, messages: int, slow: int) -> _Worked:
    everybody = [_Worker(name) for _ in range(workers) for name in named]
    with Cache() as cache:
        client: Any = cache.client
        waiting, taken = cache.prefix + "waiting", cache.prefix + "taken"
        client.rpush(waiting, *map(str, range(messages)))

        def take() -> bytes | None:
            found = client.lmove(waiting, taken, "LEFT", "RIGHT")
            return found.encode() if isinstance(found, str) else found

        rounds = _rounds(
            everybody, slow, lambda _: take(), lambda worker: client.lrem(taken, 1, worker.holds)
        )
        kept = client.llen(waiting) + client.llen(taken)
        again = sum(1 for _ in iter(take, None))
    return _worked(everybody, rounds, kept, again)


def _from_log(
    broker: Broker,
    named: Sequence[str],
    workers: int,
    partitions: int,
    messages: int,
    slow: int,
    show: Callable[[float], None],
) -> _Worked:
    from confluent_kafka import Producer

    topic = f"same-messages-{next(_names)}"
    whole = broker.topic(topic, partitions)
    producer = Producer(broker.producer_settings())
    for number in range(messages):
        producer.produce(whole, value=str(number).encode(), partition=number % partitions)
    producer.flush(ANSWER_SECONDS)
    left = {
        (name, number): len(range(number, messages, partitions))
        for name in named
        for number in range(partitions)
    }
    everybody = [_Worker(name) for _ in range(workers) for name in named]
    with _joined(broker, whole, topic, everybody, partitions):
        show(0.8)

        def take(worker: _Worker) -> bytes | None:
            if not any(left[worker.service, number] for number in worker.partitions):
                return None
            assert worker.consumer is not None
            stops = time.monotonic() + ANSWER_SECONDS
            while time.monotonic() < stops:
                message = worker.consumer.poll(0.1)
                if message is not None and not message.error():
                    left[worker.service, message.partition() or 0] -= 1
                    return message.value()
            raise BrokerError(f"{broker.described} has not sent a message that lies there")

        rounds = _rounds(everybody, slow, take)
        for worker in everybody:
            if worker.got and worker.consumer is not None:
                worker.consumer.commit(asynchronous=False)
    kept = sum(each.end - each.first for each in broker.partitions()[topic])
    return _worked(everybody, rounds, kept, len(broker.read(topic)))


@contextlib.contextmanager
def _joined(
    broker: Broker, whole: str, topic: str, everybody: Sequence[_Worker], partitions: int
) -> Iterator[None]:
    """Let the workers join their groups, until each knows which partitions it has."""
    from confluent_kafka import Consumer

    changed = [time.monotonic()]

    def told(worker: _Worker, *, gives: bool) -> Callable[[Any, Any], None]:
        def take_down(consumer: Any, parts: Any) -> None:
            numbers = {each.partition for each in parts}
            worker.partitions = numbers if gives else worker.partitions - numbers
            if gives and parts:  # until all have theirs nobody reads: they ask, and get nothing
                consumer.assign(parts)
                consumer.pause(parts)
            worker.has_heard = gives
            changed[0] = time.monotonic()

        return take_down

    try:
        for worker in everybody:
            group = broker.group(f"{worker.service.replace(' ', '-')}-{topic}")
            worker.consumer = Consumer(broker.consumer_settings() | {"group.id": group})
            worker.consumer.subscribe(
                [whole],
                on_assign=told(worker, gives=True),
                on_revoke=told(worker, gives=False),
            )
        stops = time.monotonic() + SETTLE_SECONDS
        services = len({worker.service for worker in everybody})
        while True:
            for worker in everybody:
                if worker.consumer is not None:
                    worker.consumer.poll(0.01)
            has_all = sum(len(each.partitions) for each in everybody) == partitions * services
            is_still = time.monotonic() - changed[0] > STILL_SECONDS
            if has_all and all(each.has_heard for each in everybody) and is_still:
                break
            if time.monotonic() > stops:
                raise BrokerError(
                    f"{broker.described} has not given the partitions to {len(everybody)} consumers "
                    f"within {SETTLE_SECONDS:.0f} s: stop other programs, and try again"
                )
        for worker in everybody:
            if worker.consumer is not None:
                worker.consumer.resume(worker.consumer.assignment())
        yield
    finally:
        for worker in everybody:
            if worker.consumer is not None:
                worker.consumer.close()


__all__ = ["publish", "queue_against_log", "read_as"]
