"""What only a real broker can show: transactions, messages that outlive a kill, and copies.

Where the running broker can do it, it is done. Where it cannot, what Apache Kafka did is shown from
`recorded_brokers.json`, and the title says so. `python -m ridealong.labs.real_broker` records it
anew, which needs Apache Kafka and takes two minutes.
"""

from __future__ import annotations

import itertools
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ridealong.labs import queues
from ridealong.labs.sql.database import LabError
from ridealong.labs.waits import progress
from ridealong.show import pictures
from ridealong.show.views import View, frame
from ridealong.systems.broker.apache import VERSION
from ridealong.systems.broker.server import Broker, BrokerError, patiently

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Message, Producer

RECORDED: Final = "recorded_brokers.json"
RIDES: Final = 3
WRITTEN: Final = 30
COMMITTED: Final = 12
WITH_ALL: Final = 20
WITHOUT_THE_LEADER: Final = 100
ASKED_ONCE: Final = 5
WAITING: Final = 20
EVERY_SECONDS: Final = 0.05
SECONDS: Final = 60.0
"""How long something that is sure to come is waited for."""

LACKS: Final = {
    "transactions": "the small broker does not hide what an aborted transaction has written",
    "durability": "the small broker has its messages in memory only",
    "replication": "this broker has one copy of a partition",
    "kill": "an outside cluster is not ours to kill",
}
"""Why something is not done on a broker."""

_names = itertools.count(1)


def aborted_transaction(broker: object = None) -> View:
    """Let a worker abort a transaction and repeat it, and see who sees what, and who was charged.

    The worker reads three rides, charges each at a provider outside, writes a message about it, and
    adds where it goes on reading to the same transaction. It aborts; started again, it commits.

    Args:
        broker: one that runs; by default that of this notebook.

    Raises:
        LabError: when no broker runs.
        BrokerError: when the broker does not answer.
    """
    chosen = _broker(broker)
    seen, notice = _seen(chosen, ("transactions",), "transaction", _transaction, "'kafka'")
    after = seen["aborted"], seen["committed"]
    rows = [
        [says, *(each[name] for each in after)]
        for says, name in (
            ("messages that read_uncommitted sees", "uncommitted"),
            ("messages that read_committed sees", "committed"),
            ("next offset of the topic", "end"),
            ("offset at which the group goes on", "goes_on"),
            ("charges in the provider's books", "charges"),
        )
    ]
    return View(
        _title("A transaction is aborted, then repeated", chosen, notice),
        frame(["measured", "after the abort", "after the commit"], rows),
        f"A reader with read_committed sees {after[1]['committed']} charges for {RIDES} rides; the "
        f"provider outside, who takes no part in the transaction, has {after[1]['charges']} in its "
        f"books.{notice}",
        picture=_log_picture(after[0]["end"], after[1]["end"]),
    )


def killed_broker(broker: object = None) -> View:
    """Write thirty messages, kill the broker, start it again, and count what is there.

    A group has read and committed twelve of them. The small broker is killed for real, beside what
    was recorded on Apache Kafka; all its topics are gone.

    Args:
        broker: one that runs; by default that of this notebook.

    Raises:
        LabError: when no broker runs.
        BrokerError: when the broker does not answer.
    """
    chosen = _broker(broker)
    needed = ("kill", "durability")
    kept, notice = _seen(chosen, needed, "kill", _kill, "'kafka'")
    shown = [(f"Apache Kafka{', recorded' if notice else ''}", kept)]
    if chosen.server == "built-in":
        with progress("Killing the small broker") as show:
            shown.insert(0, ("the small broker, just now", _kill(chosen, show)))
    rows = [
        [name, each["written"], each["committed"], each["there"],
         "the beginning" if each["goes_on"] is None else f"offset {each['goes_on']}",
         each["read_on"], round(each["seconds"], 1)]
        for name, each in shown
    ]  # fmt: skip
    columns = [
        "broker", "written", "read and committed", "there after the kill", "the group goes on at",
        "messages it then gets", "until it answers (s)",
    ]  # fmt: skip
    told = "; ".join(f"{name}: {each['there']} of {each['written']}" for name, each in shown)
    return View(
        _title(
            "A broker is killed and started again",
            chosen,
            notice,
            "Kafka's row: " if len(shown) > 1 else "",
        ),
        frame(columns, rows),
        f"Messages that are there afterwards: {told}. Killed is the process, not the machine: "
        f"against a power cut Kafka relies on copies on other nodes.{notice}",
    )


def lost_node(broker: object = None) -> View:
    """Kill the leader of three nodes under a producer, then a second node, and start that again.

    Each partition has three copies, min.insync.replicas is 2, and the producers wait for all that
    are in sync (acks=all). One tries again until it is heard; one asks once.

    Args:
        broker: one that runs; by default that of this notebook.

    Raises:
        LabError: when no broker runs.
        BrokerError: when the broker does not answer.
    """
    chosen = _broker(broker)
    needed = ("kill", "replication")
    seen, notice = _seen(chosen, needed, "node", _node, "'kafka', nodes=3")
    rows = [
        [each["nodes"], each["producer"], each["written"], each["acknowledged"], each["answer"],
         each["there"], each["longest"]]
        for each in seen["phases"]
    ]  # fmt: skip
    columns = [
        "nodes that run", "the producer", "written", "acknowledged", "answer",
        "in the topic at the end", "longest wait (s)",
    ]  # fmt: skip
    acknowledged = sum(each["acknowledged"] for each in seen["phases"])
    without_leader, refused = seen["phases"][1], seen["phases"][3]
    return View(
        _title("Nodes of three are killed", chosen, notice),
        frame(columns, rows),
        f"Lost {seen['lost']} of {acknowledged} acknowledged messages. Without its leader a "
        f"partition takes no message for {without_leader['longest']:.1f} s; with one node of three "
        f"{refused['written'] - refused['acknowledged']} of {refused['written']} writes are refused "
        f"({refused['answer']}).{notice}",
        picture=_waits_picture(seen),
    )


# ------------------------------------------------------------------------------------------ choosing


def _broker(broker: object) -> Broker:
    chosen = queues.running() if broker is None else broker
    if not isinstance(chosen, Broker):
        raise LabError(f"broker is {chosen!r:.60}, wanted one such as start_broker() returns")
    if not chosen.is_running:
        raise LabError("the broker is stopped: start it with broker.start()")
    return chosen


def _seen(
    broker: Broker,
    needed: Sequence[str],
    name: str,
    trial: Callable[[Broker, Callable[[float], None]], dict[str, Any]],
    start: str,
) -> tuple[dict[str, Any], str]:
    """Return what the trial saw and "", or what is recorded and what to say about that."""
    lacking = [feature for feature in needed if not broker.has(feature)]
    if not lacking:
        with progress("Operating the broker") as show:
            return trial(broker, show), ""
    why = LACKS[lacking[0]]
    notice = f" Recorded, because {why}; start_broker({start}) and this cell again do it for real."
    return recorded()[name], notice


def recorded() -> dict[str, Any]:
    """Return what Apache Kafka did when it was last recorded, by the name of the trial."""
    found: dict[str, Any] = json.loads(
        files("ridealong.labs").joinpath(RECORDED).read_text(encoding="utf-8")
    )
    return found


def _title(what: str, broker: Broker, notice: str, row: str = "") -> str:
    if not notice:
        return f"{what}: {broker.described}"
    return f"{what} ({row}recorded on Apache Kafka {recorded()['version']})"


# -------------------------------------------------------------------------------------------- trials


def _transaction(broker: Broker, show: Callable[[float], None]) -> dict[str, Any]:
    from confluent_kafka import Producer

    number = next(_names)
    rides, charges = f"rides-{number}", f"charges-{number}"
    whole, out = broker.topic(rides), broker.topic(charges)
    group = broker.group(f"charge-{number}")
    writes = Producer(broker.producer_settings())
    for ride in range(101, 101 + RIDES):
        writes.produce(whole, key=str(ride), value=json.dumps({"ride_id": ride}))
    _flushed(writes)
    found: dict[str, Any] = {}
    with queues._providers(0.0, "") as (address, books):
        for step, ends in enumerate(("aborted", "committed")):
            producer = Producer(
                broker.producer_settings() | {"transactional.id": f"{broker.prefix}{group}"}
            )
            producer.init_transactions(SECONDS)
            with _consumer(broker, group) as consumer:
                consumer.subscribe([whole])
                messages = _polled(consumer, RIDES)
                producer.begin_transaction()
                for message in messages:
                    _post(f"{address}/charge", message.value() or b"")
                    producer.produce(out, key=message.key(), value=message.value())
                producer.send_offsets_to_transaction(
                    consumer.position(consumer.assignment()), consumer.consumer_group_metadata()
                )
                if ends == "aborted":
                    _flushed(producer)  # they lie in the topic, and only then is it aborted
                    producer.abort_transaction(SECONDS)
                else:
                    producer.commit_transaction(SECONDS)
            _settle(broker, out)
            found[ends] = {
                "uncommitted": len(_all(broker, out, "read_uncommitted")),
                "committed": len(_all(broker, out, "read_committed")),
                "end": broker.partitions()[charges][0].end,
                "goes_on": _goes_on(broker, group, whole) or 0,
                "charges": len(books),
            }
            show((step + 1) / 2)
    return found


def _kill(broker: Broker, show: Callable[[float], None]) -> dict[str, Any]:
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient

    name = f"rides-{next(_names)}"
    whole, group = broker.topic(name), broker.group(f"{name}-readers")
    producer = Producer(broker.producer_settings() | {"acks": "all"})
    for ride in range(WRITTEN):
        producer.produce(whole, value=str(ride))
    _flushed(producer)
    with _consumer(broker, group) as consumer:
        consumer.subscribe([whole])
        for message in _polled(consumer, COMMITTED):
            last = message
        consumer.commit(message=last, asynchronous=False)
    show(0.3)
    began = time.monotonic()
    broker.kill()
    broker.restart()
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    known = admin.list_topics(timeout=SECONDS).topics
    is_there = whole in known
    broker.topic(name)  # where it is gone, a new one that is empty
    there = len(_all(broker, whole, "read_uncommitted"))
    seconds = time.monotonic() - began
    show(0.7)
    goes_on = _goes_on(broker, group, whole)
    with _consumer(broker, group) as consumer:
        consumer.subscribe([whole])
        read_on = len(_polled(consumer, there - (goes_on or 0)))
    return {
        "written": WRITTEN,
        "committed": COMMITTED,
        "topic_is_there": is_there,
        "there": there,
        "goes_on": goes_on,
        "read_on": read_on,
        "seconds": round(seconds, 2),
    }


class _Writer:
    """A producer that waits for all copies in sync, and notes when what was written was heard.

    Args:
        broker: where to.
        topic: its whole name.
        kind: a letter that its messages begin with.
        again: whether it tries again until it is heard.
    """

    def __init__(self, broker: Broker, topic: str, kind: str, *, again: bool) -> None:
        from confluent_kafka import Producer

        own = (
            {"enable.idempotence": True, "message.timeout.ms": 120_000, "retry.backoff.max.ms": 200}
            if again
            else {"retries": 0, "request.timeout.ms": 1500}
        )
        settings = broker.producer_settings() | {"acks": "all"} | own
        self.producer: Producer = Producer(settings)
        self.topic = topic
        self.kind = kind
        self.heard: dict[str, tuple[float, str]] = {}  # value: when, and the error or ""
        self.began: dict[str, float] = {}

    def write(self, count: int) -> list[str]:
        """Write so many messages, one after the other, and return their values."""
        values = [f"{self.kind}{len(self.began) + place}" for place in range(count)]
        for value in values:
            self.began[value] = time.monotonic()
            self.producer.produce(self.topic, value=value, on_delivery=self._note)
            due = self.began[value] + EVERY_SECONDS
            while (left := due - time.monotonic()) > 0:
                self.producer.poll(left)
        return values

    def _note(self, error: Any, message: Message) -> None:
        value = (message.value() or b"").decode()
        self.heard[value] = (time.monotonic(), error.name() if error else "")

    def wait(self) -> None:
        """Wait until something was heard of every message."""
        _flushed(self.producer, 120)

    def told(self, values: Sequence[str], there: Mapping[str, int]) -> dict[str, Any]:
        """Return what became of these messages."""
        answers = {self.heard[value][1] for value in values}
        return {
            "producer": "tries again" if self.kind == "a" else "asks once",
            "written": len(values),
            "acknowledged": sum(not self.heard[value][1] for value in values),
            "answer": ", ".join(sorted(answer or "acknowledged" for answer in answers)),
            "there": sum(there.get(value, 0) for value in values),
            "longest": round(max(self.heard[each][0] - self.began[each] for each in values), 2),
        }


def _node(broker: Broker, show: Callable[[float], None]) -> dict[str, Any]:
    name = f"rides-{next(_names)}"
    whole = broker.topic(name)
    patient = _Writer(broker, whole, "a", again=True)
    once = _Writer(broker, whole, "b", again=False)
    for each in (patient, once):  # both know the leader before the clock begins
        each.write(1)
        each.wait()
    began = time.monotonic()
    marks: list[tuple[float, str]] = []

    def mark(what: str) -> None:
        marks.append((round(time.monotonic() - began, 2), what))

    killed = []
    try:
        with_all = patient.write(WITH_ALL)
        leader, _ = _in_sync(broker, whole, 3)
        mark("the leader is killed")
        killed.append(leader)
        broker.kill(leader)
        without_leader = patient.write(WITHOUT_THE_LEADER)
        patient.wait()
        show(0.4)
        leader, in_sync = _in_sync(broker, whole, 2)
        second = next(each for each in in_sync if each != leader)
        mark("a second node is killed")
        killed.append(second)
        broker.kill(second)
        in_doubt = once.write(1)
        once.wait()
        _in_sync(broker, whole, 1)
        refused = once.write(ASKED_ONCE)
        once.wait()
        show(0.7)
        waiting = patient.write(WAITING)
        mark("the second is started again")
        broker.restart(second)
        patient.wait()
        show(0.9)
    finally:
        for number in killed:
            broker.restart(number)
    there: dict[str, int] = {}
    for message in _all(broker, whole, "read_uncommitted"):
        value = (message.value() or b"").decode()
        there[value] = there.get(value, 0) + 1
    phases = [
        ("3", patient, with_all),
        ("2, the leader was killed", patient, without_leader),
        ("1, a second was just killed", once, in_doubt),
        ("1", once, refused),
        ("1, then 2 again", patient, waiting),
    ]
    return {
        "phases": [
            {"nodes": nodes, **writer.told(values, there)} for nodes, writer, values in phases
        ],
        "lost": sum(
            not error and value not in there
            for writer in (patient, once)
            for value, (_, error) in writer.heard.items()
        ),
        "twice": sum(count > 1 for count in there.values()),
        "marks": marks,
        "acknowledged_after": _after(patient, began),
        "refused_after": _after(once, began),
    }


def _after(writer: _Writer, began: float) -> list[list[float]]:
    """Return when each message was written, and after how long there was an answer."""
    return [
        [round(writer.began[value] - began, 2), round(at - writer.began[value], 2)]
        for value, (at, _) in writer.heard.items()
        if writer.began[value] >= began
    ]


# ----------------------------------------------------------------------------------- ask the broker


@contextmanager
def _consumer(broker: Broker, group: str, isolation: str = "read_committed") -> Iterator[Consumer]:
    from confluent_kafka import Consumer

    settings = {"group.id": group, "isolation.level": isolation, "enable.partition.eof": True}
    consumer = Consumer(broker.consumer_settings() | settings)
    try:
        yield consumer
    finally:
        consumer.close()


def _polled(consumer: Consumer, count: int) -> list[Message]:
    """Return so many messages.

    Raises:
        BrokerError: when they do not come.
    """
    found: list[Message] = []
    ends = time.monotonic() + SECONDS
    while len(found) < count:
        if time.monotonic() > ends:
            raise BrokerError(
                f"the broker gave {len(found)} of {count} messages in {SECONDS:.0f} s: "
                "start it again with broker.restart(), then run this cell again"
            )
        message = consumer.poll(0.1)
        if message is not None and not message.error():
            found.append(message)
    return found


def _all(broker: Broker, topic: str, isolation: str) -> list[Message]:
    """Return the messages of a topic's only partition up to its end, as this isolation sees it."""
    from confluent_kafka import KafkaError, TopicPartition

    found: list[Message] = []
    ends = time.monotonic() + SECONDS
    with _consumer(broker, broker.group("reads-all"), isolation) as consumer:
        consumer.assign([TopicPartition(topic, 0, 0)])
        while time.monotonic() < ends:
            message = consumer.poll(0.1)
            if message is None:
                continue
            error = message.error()
            if error is None:
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                return found
    raise BrokerError(
        f"the broker has not given all messages in {SECONDS:.0f} s: "
        "start it again with broker.restart(), then run this cell again"
    )


def _goes_on(broker: Broker, group: str, topic: str) -> int | None:
    """Return where a group goes on, None when it has committed nothing."""
    from confluent_kafka import TopicPartition

    with _consumer(broker, group) as consumer:
        asked = [TopicPartition(topic, 0)]
        offset = patiently(lambda: consumer.committed(asked, timeout=SECONDS))[0].offset
    return offset if offset >= 0 else None


def _settle(broker: Broker, topic: str) -> None:
    """Wait until the end of a transaction is written into the topic: then none is open there."""
    from confluent_kafka import TopicPartition

    part = TopicPartition(topic, 0)
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        found = set()
        for isolation in ("read_committed", "read_uncommitted"):
            with _consumer(broker, broker.group("settles"), isolation) as consumer:
                found.add(consumer.get_watermark_offsets(part, timeout=SECONDS)[1])
        if len(found) == 1:
            return
    raise BrokerError(
        f"the transaction has not ended in {SECONDS:.0f} s: "
        "start the broker again with broker.restart(), then run this cell again"
    )


def _in_sync(broker: Broker, topic: str, count: int) -> tuple[int, list[int]]:
    """Wait until so many copies of a topic's only partition are in sync; return leader and copies."""
    from confluent_kafka.admin import AdminClient

    admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        known = admin.list_topics(topic, timeout=SECONDS).topics[topic].partitions.get(0)
        if known and len(known.isrs) == count and known.leader in known.isrs:
            return known.leader, list(known.isrs)
        time.sleep(0.05)
    raise BrokerError(
        f"{count} nodes are not in sync after {SECONDS:.0f} s: "
        "start them again with broker.restart(), then run this cell again"
    )


def _flushed(producer: Producer, seconds: float = SECONDS) -> None:
    if producer.flush(seconds):
        raise BrokerError(
            f"the broker has not taken all messages in {seconds:.0f} s: "
            "start it again with broker.restart(), then run this cell again"
        )


def _post(address: str, body: bytes) -> None:
    asked = urllib.request.Request(address, data=body, method="POST")
    with urllib.request.urlopen(asked, timeout=SECONDS) as answer:
        answer.read()


# ------------------------------------------------------------------------------------------ pictures


def _log_picture(aborted: int, end: int) -> pictures.Picture:
    """Draw each offset of the topic: what was aborted, what was committed, and the two markers."""
    kinds = [
        *["aborted"] * (aborted - 1), "marker", *["committed"] * (end - aborted - 1), "marker",
    ]  # fmt: skip
    looks = {
        "aborted": (pictures.ORANGE, "//", "message, aborted"),
        "committed": (pictures.SKY, "", "message, committed"),
        "marker": (pictures.INK, "", "end of a transaction"),
    }
    with pictures.style():
        figure, axes = pictures.axes(7.5, 1.7)
        for kind, (color, hatch, says) in looks.items():
            places = [place for place, each in enumerate(kinds) if each == kind]
            axes.bar(
                places, [1] * len(places), width=0.9, color=color, hatch=hatch, edgecolor="white",
                label=says,
            )  # fmt: skip
        axes.set_xticks(range(len(kinds)))
        axes.set_yticks([])
        axes.set_xlabel("offset")
        axes.set_title("What lies in the topic after the commit")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8)
        told = "; ".join(f"offset {place}: {looks[kind][2]}" for place, kind in enumerate(kinds))
        return pictures.Picture(figure, f"A box for each offset of the topic. {told}.")


def _waits_picture(seen: Mapping[str, Any]) -> pictures.Picture:
    """Draw how long each acknowledged message waited, and when nodes were killed."""
    points, marks = seen["acknowledged_after"], seen["marks"]
    longest = max(wait for _, wait in points)
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        for name, marker, color, says in (
            ("acknowledged_after", "o", pictures.BLUE, "acknowledged"),
            ("refused_after", "X", pictures.INK, "not acknowledged"),
        ):
            axes.plot(
                [at for at, _ in seen[name]], [wait for _, wait in seen[name]], marker,
                color=color, markersize=4 if marker == "o" else 7, linestyle="none", label=says,
            )  # fmt: skip
        for place, (at, what) in enumerate(marks):
            is_last = place == len(marks) - 1
            axes.axvline(at, color=pictures.ORANGE, linestyle="--")
            axes.annotate(
                what, (at, longest * (1.2 if is_last else 1.36)), va="top", fontsize=8,
                xytext=(-4 if is_last else 4, 0), textcoords="offset points",
                ha="right" if is_last else "left",
            )  # fmt: skip
        axes.set_ylim(-0.05 * longest, 1.4 * longest)
        axes.set_xlabel("written at (seconds)")
        axes.set_ylabel("answered after (seconds)")
        axes.set_title("How long messages wait for an answer")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2, fontsize=9)
        told = "; ".join(f"{what} after {at:.1f} s" for at, what in marks)
        return pictures.Picture(
            figure,
            "How long each message waited for an answer, by when it was written. "
            f"{told[0].upper()}{told[1:]}. The longest wait is {longest:.1f} s; "
            f"{len(seen['refused_after'])} messages of a producer that asks once are not acknowledged.",
        )


# ----------------------------------------------------------------------------------------- recording


def record(one: Broker, three: Broker) -> dict[str, Any]:
    """Return what Apache Kafka does, by the name of the trial.

    Args:
        one: with one node.
        three: with three.
    """
    return {
        "version": VERSION,
        "transaction": _transaction(one, lambda share: None),
        "kill": _kill(one, lambda share: None),
        "node": _node(three, lambda share: None),
    }


def _written(found: Mapping[str, Any]) -> str:
    """Return what was recorded as JSON; lists of numbers stay in one line."""
    text = json.dumps(found, indent=1)
    return re.sub(r"\[[^\[\]{}]*\]", lambda each: re.sub(r"\n *", "", each[0]), text) + "\n"


if __name__ == "__main__":
    with Broker("kafka") as single, Broker("kafka", nodes=3) as several:
        text = _written(record(single, several))
    Path(__file__).with_name(RECORDED).write_text(text, encoding="utf-8")


__all__ = ["aborted_transaction", "killed_broker", "lost_node"]
