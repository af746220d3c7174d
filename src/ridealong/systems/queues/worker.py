"""One consumer, a process of its own with its step's store, which ends when its parent does.

See `ridealong.child`: the first line says what to do; then each line on standard output is one entry
of the timeline. Where the story wants it to be killed it is killed, by its own hand and for good.
"""

import os
import signal
import sys
import threading
import time
from typing import Any

from ridealong.child import tell, wanted
from ridealong.systems.queues.design import read_design
from ridealong.systems.queues.work import (
    Commit,
    DeadLetter,
    Effect,
    Passes,
    Point,
    Store,
    Unreadable,
    handling,
    read_event,
)


def main() -> None:
    """Consume until standard input closes."""
    from confluent_kafka import Consumer, KafkaException, Producer

    asked = wanted()
    worker = _Worker(asked)
    consumer = Consumer(asked["consumer"])
    worker.producer = Producer(asked["producer"])
    worker.consumer = consumer
    stops = threading.Event()
    threading.Thread(target=_follow, args=(stops, worker), daemon=True).start()
    consumer.subscribe(
        [asked["topic"]],
        on_assign=lambda _, parts: worker.say("assigned", [each.partition for each in parts]),
        on_revoke=lambda _, parts: worker.say("revoked", [each.partition for each in parts]),
    )
    tell({"ready": True, "pid": os.getpid()})
    try:
        while not stops.is_set():
            message = consumer.poll(0.1)
            if message is None:
                continue
            error = message.error()
            if error:
                worker.say("error", error.str())
                continue
            worker.handle(message)
    except KafkaException as error:
        worker.say("error", str(error))
    finally:
        worker.store.close()
        consumer.close()
        worker.producer.flush(5)


def _follow(stops: threading.Event, worker: "_Worker") -> None:
    for line in sys.stdin.buffer:
        word, began = line.decode().split()
        if word == "began":
            worker.began = float(began)
    stops.set()
    ending = threading.Timer(8.0, os._exit, (1,))  # should the broker be gone
    ending.daemon = True
    ending.start()


class _Worker:
    """What a consumer has at hand."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.step: str = asked["step"]
        self.store = Store(self.step, asked["store"])
        self.design = read_design(asked["design"])
        self.consumer: Any = None
        self.producer: Any = None
        self._dead_topic = asked["dead_topic"]
        self._work_seconds: float = asked["work_seconds"]
        self._crashes = {(event_id, point) for event_id, point in asked["crashes"]}
        self._outages: list[tuple[float, float]] = asked["outages"]
        self._refused: list[str] = asked["refused"]
        self.began: float = asked["began"]

    def now(self) -> float:
        """The time of the story, in seconds."""
        return time.time() - self.began

    def say(self, what: str, about: Any = None) -> None:
        """Tell the parent something."""
        tell({"at": self.now(), "what": what, "about": about})

    def handle(self, message: Any) -> None:
        """Handle one message."""
        from confluent_kafka import KafkaException

        happens = handling(
            self.design,
            self.store,
            message.value(),
            now=self.now,
            work_seconds=self._work_seconds,
            is_away=lambda: any(begin <= self.now() < end for begin, end in self._outages),
            refused=self._refused,
        )
        for happening in happens:
            match happening:
                case Point(name, event_id):
                    if (event_id, name) in self._crashes:
                        about = {"event_id": event_id, "point": name}
                        self.say("killed", about | {"partition": message.partition()})
                        _die()
                case Passes(seconds, why):
                    if why != "works":
                        self.say("waits", why)
                    time.sleep(seconds)
                case Commit():
                    try:
                        self.consumer.commit(message, asynchronous=False)
                    except KafkaException as error:  # a rebalance: it will come again
                        self.say("not committed", str(error))
                case DeadLetter(reason):
                    self._bury(message, reason)
                case Effect(event, repeated):
                    self.say(
                        "done again" if repeated else "done",
                        {"event_id": event.event_id, "partition": message.partition()},
                    )

    def _bury(self, message: Any, reason: str) -> None:
        source = f"{message.topic()}/{message.partition()}/{message.offset()}"
        self.producer.produce(
            self._dead_topic,
            key=message.key(),
            value=message.value(),
            headers=[
                ("reason", reason.encode()),
                ("source", source.encode()),
                ("step", self.step.encode()),
            ],
        )
        if self.producer.flush(10):
            self.say("error", "the dead letter was not taken")
            return
        try:
            event_id = read_event(message.value()).event_id
        except Unreadable:
            event_id = ""
        self.say("dead letter", {"event_id": event_id, "reason": reason, "source": source})


def _die() -> None:
    """Be killed now: nothing is closed, nothing committed."""
    os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    time.sleep(60)


if __name__ == "__main__":
    main()
