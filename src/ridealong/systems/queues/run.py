"""An evening followed up for real: a broker, a process for each consumer, and kills that are kills."""

import contextlib
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ridealong.child import Child, ChildError
from ridealong.systems.broker.server import Broker, BrokerError
from ridealong.systems.queues.design import STEPS, Design
from ridealong.systems.queues.virtual import Entry, Outcome, Story, counted
from ridealong.systems.queues.work import RideEvent, Store, killed_at

if TYPE_CHECKING:
    from ridealong.systems.queues.company import Company

    _Started: TypeAlias = Callable[[], Company]

WORKER: Final = "ridealong.systems.queues.worker"
UNREADABLE: Final = b"{not an event"
UNREADABLE_KEY: Final = b"unreadable"
"""It comes with a key, so that it lies in the same partition in each run."""

SETTLE_SECONDS: Final = 20.0
"""Within which all consumers have their partitions."""

LOOK_SECONDS: Final = 0.25
"""How often the lag is looked at."""


@dataclass
class _Consumer:
    """A consumer's process, started again whenever it is killed."""

    step: str
    asked: dict[str, Any]
    child: Child | None = None
    partitions: list[int] = field(default_factory=list)


class Running:
    """A design on a broker: consumers that run, and what they told.

    Args:
        design: how a completed ride is followed up.
        broker: one that runs.
        story: crashes, outages and the time that work takes; its events are not sent from here.
        name: part of the topics' names, another one for each run.
        not_yet: steps whose consumers do not run until `start`.
    """

    def __init__(
        self,
        design: Design,
        broker: Broker,
        story: Story,
        name: str,
        *,
        not_yet: Collection[str] = (),
    ) -> None:
        self.design = design
        self.broker = broker
        self.story = story
        self.topic = f"ride-events-{name}"
        self.dead_topic = f"dead-letters-{name}"
        self.timeline: list[Entry] = []
        self.dead: dict[str, list[str]] = defaultdict(list)
        self.kills = 0
        self.began = 0.0
        self._name = name
        self._not_yet = set(not_yet)
        self._consumers: list[_Consumer] = []
        self._folder = tempfile.TemporaryDirectory(prefix="ridealong-stores-")

    def __enter__(self) -> "Running":
        try:
            self._start()
        except BaseException:  # an interrupt as well: no process stays behind
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def group(self, step: str) -> str:
        """Return the consumer group of a step, without the broker's prefix."""
        return f"{self.design.groups[step]}-{self._name}"

    def path(self, step: str) -> Path:
        """Return the file of a step's store."""
        return Path(self._folder.name) / f"{step}.sqlite"

    def now(self) -> float:
        """The time of the story, in seconds."""
        return time.time() - self.began

    def _start(self) -> None:
        broker, design = self.broker, self.design
        whole = broker.topic(self.topic, design.partitions)
        dead = broker.topic(self.dead_topic, 1)
        for step in STEPS:
            Store(step, str(self.path(step))).close()
        self.began = time.time() + 3600  # nothing is away, and no crash counts, before the story
        for step in design.queued:
            asked = {
                "step": step,
                "store": str(self.path(step)),
                "design": {
                    name: sorted(value) if isinstance(value, frozenset) else value
                    for name in design.__slots__
                    if (value := getattr(design, name)) is not None
                },
                "topic": whole,
                "dead_topic": dead,
                "consumer": broker.consumer_settings()
                | {"group.id": broker.group(self.group(step))},
                "producer": broker.producer_settings(),
                "work_seconds": self.story.work_seconds[step],
                "crashes": [
                    [each.event_id, each.point] for each in self.story.crashes if each.who == step
                ],
                "outages": [
                    [each.begins, each.ends] for each in self.story.outages if each.who == step
                ],
                "refused": [event for who, event in self.story.refused if who == step],
                "began": self.began,
            }
            self._consumers += [_Consumer(step, asked) for _ in range(design.consumers)]
        self._at_once([each for each in self._consumers if each.step not in self._not_yet])
        self._settle()

    def start(self, step: str) -> None:
        """Start the consumers of a step that was not to run yet, and wait for their partitions.

        Args:
            step: one of `not_yet`.

        Raises:
            BrokerError: when they do not start or get no partitions.
        """
        self._not_yet.discard(step)
        self._at_once([each for each in self._consumers if each.step == step])
        self._settle()

    def begin(self) -> None:
        """Let the story's clock begin now."""
        self.began = time.time()
        for consumer in self._consumers:
            consumer.asked["began"] = self.began
            if consumer.child is not None:
                consumer.child.send(f"began {self.began}")

    def _at_once(self, consumers: list[_Consumer]) -> None:
        errors: list[BaseException] = []

        def start(consumer: _Consumer) -> None:
            try:
                consumer.child = Child(WORKER, consumer.asked)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=start, args=(each,)) for each in consumers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            told = errors[0]
            raise BrokerError(f"a consumer did not start: {told}") from (
                told if isinstance(told, ChildError) else None
            )

    def _settle(self) -> None:
        ends = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < ends:
            self.hear()
            by_group: dict[str, int] = defaultdict(int)
            for each in self._consumers:
                if each.step not in self._not_yet:
                    by_group[self.group(each.step)] += len(each.partitions)
            if all(count == self.design.partitions for count in by_group.values()):
                return
            time.sleep(0.05)
        raise BrokerError(
            f"{self.broker.described} has not given the partitions to the consumers within "
            f"{SETTLE_SECONDS:.0f} s: stop other programs, and try again"
        )

    def hear(self) -> None:
        """Take down what the consumers told, and start again those that were killed."""
        for consumer in self._consumers:
            child = consumer.child
            if child is None:
                continue
            is_over = not child.is_running
            while told := child.hear(0.5 if is_over else 0):
                self._take_down(consumer, told)
            if is_over:
                consumer.partitions = []
                consumer.child = Child(WORKER, consumer.asked)

    def _take_down(self, consumer: _Consumer, told: dict[str, Any]) -> None:
        step, what, about = consumer.step, told["what"], told["about"]
        at = told["at"]
        if what == "assigned":
            consumer.partitions = sorted({*consumer.partitions, *about})
            return
        if what == "revoked":
            consumer.partitions = [each for each in consumer.partitions if each not in about]
            return
        if what == "killed":
            self.kills += 1
            crash = [about["event_id"], about["point"]]
            for each in self._consumers:
                if each.step == step:
                    each.asked["crashes"] = [
                        wanted for wanted in each.asked["crashes"] if wanted != crash
                    ]
            killed = killed_at(self.design, about["point"])
            self.timeline.append(Entry(at, step, killed, about["event_id"], about["partition"]))
        elif what == "dead letter":
            self.dead[step].append(about["event_id"])
            reason = f"to the dead letters: {about['reason']}"
            self.timeline.append(
                Entry(at, step, reason, about["event_id"], int(about["source"].split("/")[1]))
            )
        elif what in ("done", "done again"):
            self.timeline.append(Entry(at, step, what, about["event_id"], about["partition"]))
        else:
            self.timeline.append(Entry(at, step, f"{what}: {about}"))

    def lag(self) -> dict[str, int]:
        """Return how many messages each step's group has not committed."""
        return {
            step: sum(each.messages for each in self.broker.lag(self.topic, self.group(step)))
            for step in self.design.queued
        }

    def stop(self) -> None:
        """End the consumers; their stores can be read until then."""
        children = [each.child for each in self._consumers if each.child is not None]
        self._consumers = []
        threads = [threading.Thread(target=child.stop) for child in children]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._folder.cleanup()

    def effects(self, step: str, since: float = 0.0) -> list[dict[str, Any]]:
        """Return what the store of a step holds; the events' times are counted from `since`."""
        with contextlib.closing(Store(step, str(self.path(step)))) as store:
            return [each | {"happened_at": each["happened_at"] - since} for each in store.effects()]


def _due(story: Story) -> list[tuple[float, RideEvent | None]]:
    """Return each event with its time, in order; None for a message that nobody can read."""
    events: list[tuple[float, RideEvent | None]] = [
        (each.happened_at, each) for each in story.events
    ]
    events += [(at, None) for at in story.unreadable_at]
    return sorted(events, key=lambda each: each[0])


@contextlib.contextmanager
def _company(design: Design, broker: Broker, topic: str, story: Story) -> "Iterator[_Started]":
    """Start the back end and its relay beside whatever else starts; in the end they are stopped."""
    from ridealong.service import ServiceError
    from ridealong.systems.queues.company import Company

    company = Company(broker.bootstrap, topic, design.key)
    errors: list[BaseException] = []

    def start() -> None:
        try:
            company.start([each for each in story.events if each.version == 1])
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=start)

    def started() -> Company:
        thread.join()
        if not errors:
            return company
        if isinstance(errors[0], ChildError):
            raise ServiceError(f"the relay did not start: {errors[0]}") from None
        raise errors[0]

    thread.start()
    try:
        yield started
    finally:
        thread.join()
        company.stop()


def followed_up_for_real(
    design: Design,
    story: Story,
    broker: Broker,
    *,
    name: str,
    seconds: float = 30.0,
    progress: Callable[[float], None] = lambda share: None,
    from_service: bool = False,
) -> Outcome:
    """Return what comes of an evening on a broker.

    Args:
        design: how a completed ride is followed up.
        story: what happens; its seconds are real ones.
        broker: one that runs.
        name: part of the topics' names, another one for each run.
        seconds: how long after the last message everything has to be done.
        progress: is told now and then which part is done, from 0 to 1.
        from_service: whether the rides are completed at the real back end, whose relay sends the
            events; else they are sent from here. The numbers of rides are those of a new database.

    Raises:
        BrokerError: when the broker or a consumer does not answer.
        ServiceError: when the back end does not.
    """
    from confluent_kafka import Producer

    with contextlib.ExitStack() as stack:
        topic = broker.topic(f"ride-events-{name}", design.partitions)
        starts = (
            stack.enter_context(_company(design, broker, topic, story)) if from_service else None
        )
        running = stack.enter_context(Running(design, broker, story, name))
        company = starts() if starts else None
        producer = Producer(broker.producer_settings())
        backlog: dict[str, list[tuple[float, int]]] = defaultdict(list)
        messages = _due(story)
        last = messages[-1][0] if messages else 0.0
        running.begin()
        looked = 0.0
        while running.now() < last + seconds:
            while messages and messages[0][0] <= running.now():
                _, event = messages.pop(0)
                if event is None:
                    key = None if design.key == "none" else UNREADABLE_KEY
                    producer.produce(topic, value=UNREADABLE, key=key)
                elif company is None:
                    producer.produce(topic, value=event.to_bytes(), key=event.key(design))
                else:
                    company.tell(event, time.time())
            producer.poll(0)
            running.hear()
            if running.now() - looked >= LOOK_SECONDS:
                looked = running.now()
                is_sent = not messages and (company is None or company.has_sent_all())
                lag = running.lag()
                for step, behind in lag.items():
                    backlog[step].append((running.now(), behind))
                progress(min(0.99, running.now() / (last + 5)))
                if is_sent and not any(lag.values()):
                    break
            time.sleep(0.01)
        producer.flush(5)
        running.hear()
        progress(1.0)
        completed = {each.event_id for each in story.events}
        return Outcome(
            story.name,
            {
                step: counted(
                    step,
                    # The back end notes the time of day, the story its own.
                    running.effects(step, since=0.0 if company is None else running.began),
                    completed,
                    frozenset(running.dead[step]),
                )
                for step in STEPS
            },
            (),
            0,
            tuple(sorted(running.timeline, key=lambda each: each.at)),
            {step: tuple(points) for step, points in backlog.items()},
            sum(each == "" for dead in running.dead.values() for each in dead),
        )
