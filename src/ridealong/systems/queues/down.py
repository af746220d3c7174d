"""Rides that end while the consumer of one step does not run, on a real broker."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from ridealong.systems.broker.server import Broker, BrokerError
from ridealong.systems.queues.design import STEPS, Design
from ridealong.systems.queues.run import Running
from ridealong.systems.queues.virtual import Story
from ridealong.systems.queues.work import RideEvent

EVERY_SECONDS: Final = 0.05
CATCH_UP_SECONDS: Final = 30.0
LOOK_EACH: Final = 6  # so many events sent


@dataclass(frozen=True, slots=True)
class Moment:
    """What is seen at one moment.

    Attributes:
        sent: how many events the broker has taken so far.
        took_ms: how long the broker took for one of the last ones, the median; None without any.
        behind: how many events the group of each step has not committed.
    """

    sent: int
    took_ms: float | None
    behind: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Down:
    """What came of it.

    Attributes:
        moments: the rides have ended; the consumer has caught up; as many again have ended.
        backlog: how many events no consumer has committed, over time, by step.
        wanted: how many times the step has to be done.
        done: for how many events it was.
    """

    moments: tuple[Moment, Moment, Moment]
    backlog: Mapping[str, tuple[tuple[float, int], ...]]
    wanted: int
    done: int


def down_for_real(
    design: Design,
    story: Story,
    broker: Broker,
    step: str,
    rides: int,
    *,
    name: str,
    progress: Callable[[float], None] = lambda share: None,
) -> Down:
    """Send events while a step's consumer does not run, start it, and send as many again.

    Args:
        design: with a group for each step.
        story: the time that work takes.
        broker: one that runs.
        step: whose consumer is down at first.
        rides: how many events are sent each time.
        name: part of the topic's name, another one for each run.
        progress: is told now and then which part is done, from 0 to 1.

    Raises:
        BrokerError: when the broker does not answer, or a group does not catch up.
    """
    from confluent_kafka import Producer

    with Running(design, broker, story, name, not_yet=(step,)) as running:
        producer = Producer(broker.producer_settings())
        producer.list_topics(timeout=10)  # connected before anything is measured
        topic = broker.topic(running.topic, design.partitions)
        backlog: dict[str, list[tuple[float, int]]] = defaultdict(list)
        running.begin()

        def look() -> dict[str, int]:
            running.hear()
            lag = running.lag()
            for each, behind in lag.items():
                backlog[each].append((running.now(), behind))
            return lag

        def wait_for(steps: tuple[str, ...]) -> dict[str, int]:
            ends = time.monotonic() + CATCH_UP_SECONDS
            while time.monotonic() < ends:
                lag = look()
                if not any(lag[each] for each in steps):
                    return lag
                time.sleep(0.1)
            raise BrokerError(f"a group is still behind after {CATCH_UP_SECONDS:.0f} s: {lag}")

        others = tuple(each for each in STEPS if each != step)
        first = _sent(producer, topic, design, running, 1, rides, look)
        down = Moment(rides, first, wait_for(others))
        progress(0.4)
        running.start(step)
        progress(0.6)
        caught_up = Moment(rides, None, wait_for(STEPS))
        progress(0.8)
        second = _sent(producer, topic, design, running, rides + 1, rides, look)
        again = Moment(2 * rides, second, wait_for(STEPS))
        done = len({each["event_id"] for each in running.effects(step)})
        progress(1.0)
        points = {each: tuple(told) for each, told in backlog.items()}
        return Down((down, caught_up, again), points, 2 * rides, done)


def _sent(
    producer: Any,
    topic: str,
    design: Design,
    running: Running,
    first: int,
    count: int,
    look: Callable[[], object],
) -> float:
    """Send events, each when the broker has the one before; return the median time of one, in ms."""
    took: list[float] = []
    for ride in range(first, first + count):
        event = RideEvent(f"{ride}-1", ride, ride % 5 + 1, 1, running.now())
        errors: list[Any] = []
        began = time.perf_counter()
        producer.produce(
            topic, value=event.to_bytes(), key=event.key(design),
            on_delivery=lambda error, _, errors=errors: errors.append(error),
        )  # fmt: skip
        while not errors and time.perf_counter() - began < 10:
            producer.poll(0.05)
        if not errors or errors[0] is not None:
            raise BrokerError(f"the broker has not taken an event: {errors or 'no answer'}")
        took.append((time.perf_counter() - began) * 1000)
        if ride % LOOK_EACH == 0:
            look()
        time.sleep(max(0.0, EVERY_SECONDS - (time.perf_counter() - began)))
    return median(took)
