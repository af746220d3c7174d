"""A producer that is faster than its consumer, and three ways to live with it.

As a program it is the producer, see `ridealong.child`: it sends messages when they are due and asks
the broker how many the consumer has not committed. Where these reach a bound it takes no more, or
waits, or does not care. It begins with the line `began SECONDS`; then each line on standard output
is one look at the backlog.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from ridealong.child import Child, ChildError, tell, wanted
from ridealong.systems.broker.server import Broker, BrokerError
from ridealong.systems.queues.design import Design
from ridealong.systems.queues.run import Running
from ridealong.systems.queues.virtual import Story

WAYS: Final = ("keep all", "refuse", "slow down")
"""What a producer does when more waits than the bound: nothing, answer 429, or wait itself."""

LOOK_SECONDS: Final = 0.02
"""How often it asks how far the consumer is."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What came of one way.

    Attributes:
        way: of `WAYS`.
        sent: how many messages the producer sent.
        refused: how many it refused.
        held_back: how many were due and not sent, at most.
        delays: from when a message was due until its work was done, in seconds.
        backlog: how many messages were sent and not committed, over time.
    """

    way: str
    sent: int
    refused: int
    held_back: int
    delays: tuple[float, ...]
    backlog: tuple[tuple[float, int], ...]


def pressed_for_real(
    design: Design,
    story: Story,
    broker: Broker,
    bound: int,
    *,
    name: str,
    seconds: float = 30.0,
    progress: Callable[[float], None] = lambda share: None,
) -> list[Pressed]:
    """Return what comes of each of `WAYS`, at the same time: a topic, a producer, consumers each.

    Args:
        design: how the consumers work; one step is queued.
        story: what is due when.
        broker: one that runs.
        bound: of messages that wait in the broker.
        name: part of the topics' names, another one for each run.
        seconds: how long after the last message everything has to be done.
        progress: is told now and then which part is done, from 0 to 1.

    Raises:
        BrokerError: when the broker, a consumer or a producer does not answer.
    """
    (step,) = design.queued
    runs = {way: Running(design, broker, story, f"{name}-{way.replace(' ', '-')}") for way in WAYS}
    producers: dict[str, Child] = {}
    looks: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}

    def starts(way: str) -> None:
        run = runs[way].__enter__()
        asked = {
            "way": way,
            "bound": bound,
            "messages": [
                (each.happened_at, each.to_bytes().decode(), (each.key(design) or b"").decode())
                for each in story.events
            ],
            "topic": broker.topic(run.topic, design.partitions),
            "partitions": design.partitions,
            "producer": broker.producer_settings(),
            "consumer": broker.consumer_settings() | {"group.id": broker.group(run.group(step))},
        }
        producers[way] = Child("ridealong.systems.queues.pressure", asked)

    try:
        with ThreadPoolExecutor(len(WAYS)) as pool:  # an interrupt waits here for what starts
            for started in [pool.submit(starts, way) for way in WAYS]:
                started.result()
        for way, run in runs.items():
            run.begin()
            producers[way].send(f"began {run.began}")
        ends = time.monotonic() + max(each.happened_at for each in story.events) + seconds
        left = set(WAYS)
        while left:
            if time.monotonic() > ends:
                raise BrokerError(f"{len(left)} backlogs are not worked off: stop other programs")
            for way in sorted(left):
                runs[way].hear()
                while told := producers[way].hear(0):
                    if "error" in told:
                        raise BrokerError(f"{broker.described} does not answer: {told['error']}")
                    if "over" in told:
                        left.discard(way)
                    else:
                        looks[way].append(told)
                if way in left and not producers[way].is_running:
                    raise BrokerError("a producer has ended before it had sent all: try again")
            done = sum(each[-1]["sent"] - each[-1]["behind"] for each in looks.values() if each)
            progress(min(0.99, done / (len(WAYS) * len(story.events))))
            time.sleep(0.05)
        progress(1.0)
        return [_pressed(way, looks[way], runs[way].effects(step)) for way in WAYS]
    except ChildError as error:
        raise BrokerError(f"a producer did not start: {error}") from None
    finally:
        with ThreadPoolExecutor(2 * len(WAYS)) as pool:
            for producer in producers.values():
                pool.submit(producer.stop)
            for run in runs.values():
                pool.submit(run.stop)


def _pressed(way: str, looks: list[dict[str, Any]], effects: list[dict[str, Any]]) -> Pressed:
    return Pressed(
        way,
        looks[-1]["sent"],
        looks[-1]["refused"],
        max(each["due"] for each in looks),
        tuple(each["done_at"] - each["happened_at"] for each in effects),
        tuple((each["at"], each["behind"]) for each in looks),
    )


def main() -> None:
    """Send all messages, and look until they are committed or standard input closes."""
    from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

    asked = wanted()
    sends = Producer(asked["producer"])
    looks = Consumer(asked["consumer"])
    parts = [TopicPartition(asked["topic"], number) for number in range(asked["partitions"])]
    tell({"ready": True})
    line = sys.stdin.buffer.readline().split()
    if not line:  # whoever wanted it has gone
        return
    began = float(line[1])
    stops = threading.Event()
    threading.Thread(target=_follow, args=(stops,), daemon=True).start()
    counts = {"sent": 0, "refused": 0, "due": 0}
    messages, looked = list(asked["messages"]), 0.0
    committed = 0
    try:
        while not stops.is_set():
            now = time.time() - began
            if now - looked >= LOOK_SECONDS:
                looked = now
                found = looks.committed(parts, timeout=5)
                committed = sum(max(0, each.offset) for each in found)
                counts["due"] = sum(at <= now - LOOK_SECONDS for at, *_ in messages)
                tell({"at": now, "behind": counts["sent"] - committed, **counts})
                if not messages and committed == counts["sent"]:
                    break
            while messages and messages[0][0] <= now:
                _, value, key = messages[0]
                is_full = counts["sent"] - committed >= asked["bound"]
                if is_full and asked["way"] == "slow down":
                    break
                messages.pop(0)
                if is_full and asked["way"] == "refuse":
                    counts["refused"] += 1
                    continue
                sends.produce(asked["topic"], value=value.encode(), key=key)
                counts["sent"] += 1
            sends.poll(0)
            time.sleep(0.002)
        tell({"over": True})
    except KafkaException as error:
        tell({"error": str(error).partition("\n")[0]})
    finally:
        sends.flush(5)
        looks.close()


def _follow(stops: threading.Event) -> None:
    sys.stdin.buffer.read()
    stops.set()
    ending = threading.Timer(8.0, os._exit, (1,))  # should the broker be gone
    ending.daemon = True
    ending.start()


if __name__ == "__main__":
    main()
