"""A broker that speaks Kafka's protocol, in a process of its own or outside: `Broker().start()`.

Embedded it is the one that librdkafka has built in. With Java it is Apache Kafka itself, of our
own: `Broker("kafka")`. Outside it is any cluster, by `RIDEALONG_KAFKA_BOOTSTRAP`.
"""

import atexit
import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from ridealong.child import Child, ChildError

if TYPE_CHECKING:
    from confluent_kafka import Consumer, TopicPartition
    from confluent_kafka.admin import AdminClient

Answer = TypeVar("Answer")

VARIABLE: Final = "RIDEALONG_KAFKA_BOOTSTRAP"
SERVERS: Final = ("built-in", "kafka")
FEATURES: Final = {
    "transactions": "hides what an aborted transaction has written",
    "durability": "has its messages after it was killed",
    "replication": "has more than one copy of a partition, and does without a node",
    "kill": "may be killed, because it is ours",
}
"""What not every broker has, or not every broker may be asked for."""

START_SECONDS: Final = 90.0
ANSWER_SECONDS: Final = 8.0
END_SECONDS: Final = 5.0
NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
MOST_PARTITIONS: Final = 64

QUICK: Final = {"session.timeout.ms": 1500, "heartbeat.interval.ms": 150}
"""A killed consumer is noticed soon; for a broker of our own, which allows it."""

OUTSIDE: Final = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 1000}


class BrokerError(Exception):
    """A broker that does not start or does not answer: what was seen, and what to try."""


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """How far a group is behind in one partition.

    Attributes:
        partition: its number.
        committed: the next offset that the group reads; 0 when it has committed nothing.
        end: the offset that the next message gets.
    """

    partition: int
    committed: int
    end: int

    @property
    def messages(self) -> int:
        """How many messages the group has not committed."""
        return max(0, self.end - self.committed)


@dataclass(frozen=True, slots=True)
class Partition:
    """What a broker tells of one partition.

    Attributes:
        number: of the partition.
        first: the oldest offset that is still there.
        end: the offset that the next message gets.
        copies: on how many nodes it lies.
    """

    number: int
    first: int
    end: int
    copies: int


class Broker:
    """One broker for one notebook: its topics and groups begin with a prefix that nobody else has.

    `start()` and `stop()` may be called, or `with` used; both end what was started, and so does the
    end of this program, however it comes. In an outside cluster nothing but our own topics is
    touched, and they are removed at the end.

    Args:
        server: built-in, or kafka for Apache Kafka of our own; without it the outside one of
            `RIDEALONG_KAFKA_BOOTSTRAP`, else the built-in one.
        nodes: how many Apache Kafka has.

    Attributes:
        prefix: of all our topics and groups.
        server: built-in, kafka or outside.
    """

    def __init__(self, server: str = "", *, nodes: int = 1) -> None:
        if server not in ("", *SERVERS):
            raise BrokerError(f"server is {server!r}, wanted one of {', '.join(SERVERS)}, or none")
        if nodes not in (1, 3):
            raise BrokerError(f"nodes is {nodes!r}, wanted 1 or 3")
        if nodes != 1 and server != "kafka":
            raise BrokerError('nodes goes with Broker("kafka"): the others are what they are')
        self.prefix = f"ridealong-{secrets.token_hex(4)}-"
        self._outside = "" if server else os.environ.get(VARIABLE, "").strip()
        self.server = "outside" if self._outside else server or "built-in"
        self.nodes = nodes
        self._bootstrap = ""
        self._child: Child | None = None
        self._admin: AdminClient | None = None
        self._made: dict[str, None] = {}  # in the order in which they were made
        self._groups: dict[str, None] = {}

    def __repr__(self) -> str:
        return f"<broker: {self.described}, {'running' if self.is_running else 'stopped'}>"

    @property
    def described(self) -> str:
        """What runs, in words."""
        if self.server == "outside":
            return f"the outside cluster {self._outside}"
        if self.server == "kafka":
            return "Apache Kafka" + (f" with {self.nodes} nodes" if self.nodes > 1 else "")
        return "the small broker (Kafka's protocol, one copy, in memory)"

    def has(self, feature: str) -> bool:
        """Tell whether the broker has what differs between brokers.

        Args:
            feature: one of `FEATURES`.

        Raises:
            BrokerError: for another word.
        """
        if feature not in FEATURES:
            raise BrokerError(f"no feature is called {feature!r}: there are {', '.join(FEATURES)}")
        if feature == "kill":
            return self.server != "outside"
        if feature == "replication":
            return self.server == "kafka" and self.nodes > 1
        return self.server != "built-in"

    @property
    def is_running(self) -> bool:
        """Whether it is there: the process of our own, or the connection to the outside one."""
        if self.server == "outside":
            return self._admin is not None
        return self._child is not None and self._child.is_running

    @property
    def bootstrap(self) -> str:
        """Where it is, as `bootstrap.servers` wants it.

        Raises:
            BrokerError: when it is stopped.
        """
        if not self.is_running:
            raise BrokerError("the broker is stopped: start it with broker.start()")
        return self._bootstrap

    def start(self) -> Self:
        """Start it, or connect, and wait until it answers; started twice it is one.

        Raises:
            BrokerError: when it does not start or cannot be reached.
        """
        if self.is_running:
            return self
        try:
            if self.server == "outside":
                self._bootstrap = self._outside
            else:
                self._start_child()
            self._admin = self._connect()
        except BaseException:  # an interrupt as well: no process stays behind
            self.stop()
            raise
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """End it; in an outside cluster our topics and groups are removed, no others. Twice is fine."""
        atexit.unregister(self.stop)
        admin, self._admin = self._admin, None
        if admin is not None and self.server == "outside":
            for names, remove in (
                (self._made, admin.delete_topics),
                (self._groups, admin.delete_consumer_groups),
            ):
                for future in remove(sorted(names)).values() if names else ():
                    with contextlib.suppress(Exception):  # it may be gone, or never have been there
                        future.result(ANSWER_SECONDS)
        self._made.clear()
        self._groups.clear()
        child, self._child = self._child, None
        if child is not None:
            child.stop()

    def kill(self, node: int = 0) -> None:
        """Kill it as a crash would, and leave it to others to notice; `restart()` starts it again.

        Args:
            node: of several; all of them by default.

        Raises:
            BrokerError: when it is not ours to kill.
        """
        if not self.has("kill"):
            raise BrokerError(
                f"{self.described} is not ours to kill: unset {VARIABLE} for one of your own"
            )
        if self._child is None:
            return
        if self.server == "kafka":
            self._order(f"kill {node}")
        else:
            self._child.kill()

    def restart(self, node: int = 0) -> Self:
        """Start it again after a kill: Apache Kafka with its messages, the small one without.

        Raises:
            BrokerError: when it does not start, or is not ours to start.
        """
        if not self.has("kill"):
            raise BrokerError(
                f"{self.described} is not ours to start: unset {VARIABLE} for one of your own"
            )
        if self.server == "kafka" and self._child is not None:
            self._order(f"start {node}")
        elif not self.is_running:
            self._made.clear()
            self._groups.clear()
            self._start_child()
            self._admin = self._connect()
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # ------------------------------------------------------------------ topics, groups and clients

    def topic(self, name: str, partitions: int = 1) -> str:
        """Make a topic and return its whole name; one that is there stays as it is.

        Args:
            name: without the prefix.
            partitions: how many.

        Raises:
            BrokerError: for a name or a number that cannot be, or a broker that refuses.
        """
        if not NAME.fullmatch(name):
            raise BrokerError(
                f"topic is called {name!r}, wanted up to 100 letters, digits and . _ - between them"
            )
        if not isinstance(partitions, int) or not 1 <= partitions <= MOST_PARTITIONS:
            raise BrokerError(f"partitions is {partitions!r}, wanted 1 to {MOST_PARTITIONS}")
        whole = self.prefix + name
        if whole in self._made:
            return whole
        if self.server == "built-in":
            said = self._order(f"topic {whole} {partitions}")
            if said.get("code"):
                raise BrokerError(f"the topic {name} was not made: code {said['code']}")
        else:
            self._make(whole, partitions)
        self._made[whole] = None
        return whole

    def group(self, name: str) -> str:
        """Return the whole name of a consumer group."""
        whole = self.prefix + name
        self._groups[whole] = None
        return whole

    def topics(self) -> list[str]:
        """Return our topics without their prefix, in order."""
        return sorted(name[len(self.prefix) :] for name in self._made)

    def consumer_settings(self) -> dict[str, Any]:
        """Return what a consumer of the course is set to, beside its group."""
        return {
            "bootstrap.servers": self.bootstrap,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
            "topic.metadata.refresh.fast.interval.ms": 50,
            "reconnect.backoff.max.ms": 500,
            "log_level": 0,
            **(OUTSIDE if self.server == "outside" else QUICK),
        }

    def producer_settings(self) -> dict[str, Any]:
        """Return what a producer of the course is set to."""
        return {
            "bootstrap.servers": self.bootstrap,
            "linger.ms": 2,
            "topic.metadata.refresh.fast.interval.ms": 50,
            "message.timeout.ms": 10_000,
            "log_level": 0,
        }

    def lag(self, topic: str, group: str) -> list[PartitionLag]:
        """Return how far a group is behind, partition by partition.

        Where each partition ends is taken from fetch answers, which are right on every broker.

        Args:
            topic: without the prefix.
            group: without the prefix.

        Raises:
            BrokerError: when the broker does not answer.
        """
        from confluent_kafka import OFFSET_INVALID, KafkaException, TopicPartition

        whole = self.prefix + topic
        try:
            with self._reader(self.prefix + group) as consumer:
                known = consumer.list_topics(whole, timeout=ANSWER_SECONDS).topics[whole]
                parts = [TopicPartition(whole, number) for number in sorted(known.partitions)]
                committed = patiently(lambda: consumer.committed(parts, timeout=ANSWER_SECONDS))
                begins = {
                    each.partition: 0 if each.offset == OFFSET_INVALID else max(0, each.offset)
                    for each in committed
                }
                ends = self._ends(consumer, whole, begins)
        except KafkaException as error:
            raise BrokerError(self._silent(error)) from error
        return [PartitionLag(number, begins[number], ends[number]) for number in sorted(begins)]

    def partitions(self) -> dict[str, list[Partition]]:
        """Return the partitions of each of our topics, in the order in which they were made.

        Raises:
            BrokerError: when the broker does not answer.
        """
        from confluent_kafka import KafkaException, TopicPartition

        found: dict[str, list[Partition]] = {}
        try:
            with self._reader(self.prefix + "looks") as consumer:
                for whole in self._made:
                    known = consumer.list_topics(whole, timeout=ANSWER_SECONDS).topics[whole]
                    firsts = {
                        number: self._first(consumer, TopicPartition(whole, number))
                        for number in sorted(known.partitions)
                    }
                    ends = self._ends(consumer, whole, firsts)
                    found[whole[len(self.prefix) :]] = [
                        Partition(
                            number, first, ends[number], len(known.partitions[number].replicas)
                        )
                        for number, first in firsts.items()
                    ]
        except KafkaException as error:
            raise BrokerError(self._silent(error)) from error
        return found

    @staticmethod
    def _first(consumer: "Consumer", partition: "TopicPartition") -> int:
        """Return the first offset of a partition, of a new one as soon as it has a leader."""
        ends = patiently(lambda: consumer.get_watermark_offsets(partition, timeout=ANSWER_SECONDS))
        return int(ends[0])

    def committed(self) -> dict[str, dict[str, dict[int, int]]]:
        """Return where each of our groups goes on, by group, topic and partition.

        A partition of which a group has committed nothing is left out, and so is a group that has
        committed nothing at all. The small broker lists no groups: there they are those that
        `group()` has named.

        Raises:
            BrokerError: when the broker does not answer.
        """
        from confluent_kafka import KafkaException, TopicPartition

        found: dict[str, dict[str, dict[int, int]]] = {}
        begins = len(self.prefix)
        try:
            for group in self._known_groups():
                with self._reader(group) as consumer:
                    parts = [
                        TopicPartition(whole, number)
                        for whole in self._made
                        for number in consumer.list_topics(whole, timeout=ANSWER_SECONDS)
                        .topics[whole]
                        .partitions
                    ]
                    asks = partial(consumer.committed, parts, timeout=ANSWER_SECONDS)
                    seen = patiently(asks) if parts else []
                for each in seen:
                    if each.offset >= 0:
                        of_group = found.setdefault(group[begins:], {})
                        of_group.setdefault(each.topic[begins:], {})[each.partition] = each.offset
        except KafkaException as error:
            raise BrokerError(self._silent(error)) from error
        return found

    def _known_groups(self) -> list[str]:
        known = dict(self._groups)
        if self.server != "built-in" and self._admin is not None:
            listed = self._admin.list_consumer_groups(request_timeout=ANSWER_SECONDS)
            for each in listed.result(ANSWER_SECONDS).valid:
                if each.group_id.startswith(self.prefix):
                    known.setdefault(each.group_id)
        return list(known)

    def retention(self, topic: str) -> str:
        """Return how long the messages of a topic are kept, in words such as `7 days`.

        Args:
            topic: without the prefix.

        Raises:
            BrokerError: when the broker does not answer.
        """
        from confluent_kafka import KafkaError, KafkaException
        from confluent_kafka.admin import (  # type: ignore[attr-defined]
            ConfigResource,
            ResourceType,
        )

        if self.server == "built-in":
            return "the newest 5 MB of each partition"
        if self._admin is None:
            raise BrokerError("the broker is stopped: start it with broker.start()")
        asked = ConfigResource(ResourceType.TOPIC, self.prefix + topic)
        try:
            futures = self._admin.describe_configs([asked], request_timeout=ANSWER_SECONDS)
            told = futures[asked].result(ANSWER_SECONDS)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                return "not told: the right to ask is missing"
            raise BrokerError(self._silent(error)) from error
        return _kept(int(told["retention.ms"].value), int(told["retention.bytes"].value))

    def read(self, topic: str, *, limit: int = 10_000) -> list[Any]:
        """Return the messages of a topic, partition by partition, without a group.

        Args:
            topic: without the prefix.
            limit: how many at most.

        Raises:
            BrokerError: when the broker does not answer.
        """
        from confluent_kafka import KafkaException, TopicPartition

        whole = self.prefix + topic
        found: list[Any] = []
        try:
            with self._reader(self.group("reads")) as consumer:
                known = consumer.list_topics(whole, timeout=ANSWER_SECONDS).topics[whole]
                begins = dict.fromkeys(sorted(known.partitions), 0)
                ends = self._ends(consumer, whole, begins)
                left = {number for number, end in ends.items() if end}
                consumer.assign([TopicPartition(whole, number, 0) for number in sorted(left)])
                stops = time.monotonic() + ANSWER_SECONDS
                while left and len(found) < limit and time.monotonic() < stops:
                    message = consumer.poll(0.1)
                    if message is None or message.error():
                        continue
                    found.append(message)
                    stops = time.monotonic() + ANSWER_SECONDS
                    number = message.partition() or 0
                    if (message.offset() or 0) + 1 >= ends[number]:
                        left.discard(number)
        except KafkaException as error:
            raise BrokerError(self._silent(error)) from error
        return sorted(found, key=lambda each: (each.partition(), each.offset()))

    @contextlib.contextmanager
    def _reader(self, group: str) -> "Iterator[Consumer]":
        from confluent_kafka import Consumer

        settings = self.consumer_settings() | {
            "group.id": group,
            "isolation.level": "read_uncommitted",
        }
        consumer = Consumer(settings)
        try:
            yield consumer
        finally:
            consumer.close()

    def _ends(self, consumer: Any, topic: str, begins: Mapping[int, int]) -> dict[int, int]:
        from confluent_kafka import TopicPartition

        parts = [TopicPartition(topic, number, offset) for number, offset in begins.items()]
        consumer.assign(parts)
        ends: dict[int, int] = {}
        stops = time.monotonic() + ANSWER_SECONDS
        while len(ends) < len(parts):
            if time.monotonic() > stops:
                raise BrokerError(
                    f"{self.described} has not told where partitions "
                    f"{_listed(set(begins) - set(ends))} of {topic} end. {self._next_step}"
                )
            consumer.poll(0.02)
            for part in parts:
                high = consumer.get_watermark_offsets(part, cached=True)[1]
                if high >= begins[part.partition]:
                    ends[part.partition] = high
        consumer.unassign()
        return ends

    # ------------------------------------------------------------------------------- start and ask

    def _start_child(self) -> None:
        module, asked = {
            "built-in": ("ridealong.systems.broker.process", {"brokers": 1}),
            "kafka": ("ridealong.systems.broker.apache", {"nodes": self.nodes}),
        }[self.server]
        try:
            patience = START_SECONDS * (2 if self.nodes > 1 else 1)  # several start at once
            self._child = Child(module, asked, start_seconds=patience, end_seconds=END_SECONDS)
        except ChildError as error:
            raise BrokerError(f"{self.described} did not start: {error}") from None
        self._bootstrap = self._child.ready["bootstrap"]

    def _order(self, line: str) -> dict[str, Any]:
        if self._child is None or not self._child.is_running:
            raise BrokerError("the broker is stopped: start it with broker.start()")
        self._child.send(line)
        said = self._child.hear(START_SECONDS)
        if not said or "error" in said:
            raise BrokerError(
                f"{self.described} did not do it: {said.get('error', 'it said nothing')}"
            )
        if said.get("pids"):
            self._child.ready["pids"] = said["pids"]
        return said

    def _connect(self) -> "AdminClient":
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        problems: list[str] = []
        settings: dict[str, Any] = {
            "bootstrap.servers": self._bootstrap,
            "log_level": 0,
            "error_cb": lambda error: problems.append(error.str()),
            "socket.timeout.ms": int(ANSWER_SECONDS * 1000),
            "reconnect.backoff.max.ms": 500,
        }
        try:
            admin = AdminClient(settings)
            admin.list_topics(timeout=ANSWER_SECONDS)
        except (KafkaException, ValueError, TypeError) as error:
            raise BrokerError(self._silent(error, problems)) from error
        return admin

    def _silent(self, error: Exception, problems: Iterable[str] = ()) -> str:
        told = next(iter(problems), "") or str(error)
        told = told.partition("\n")[0].rstrip(".")[:200]
        return f"{self.described} does not answer: {told}. {self._next_step}"

    @property
    def _next_step(self) -> str:
        if self.server == "outside":
            return (
                f"See that it runs and that {VARIABLE} is right (host:port), or unset it for one "
                "of your own"
            )
        return "Start it again with broker.restart()"

    def _make(self, whole: str, partitions: int) -> None:
        from confluent_kafka import KafkaError, KafkaException
        from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

        if self._admin is None:
            raise BrokerError("the broker is stopped: start it with broker.start()")
        copies = self.nodes if self.server == "kafka" else -1  # -1: as the cluster has it
        try:
            futures = self._admin.create_topics(
                [NewTopic(whole, partitions, copies)], operation_timeout=ANSWER_SECONDS
            )
            futures[whole].result(ANSWER_SECONDS)
        except KafkaException as error:
            reason = error.args[0]
            if reason.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise BrokerError(
                    f"{self.described} forbids to make topics: ask for the right to make those "
                    f"that begin with ridealong-, or unset {VARIABLE}"
                ) from error
            raise BrokerError(self._silent(error)) from error
        self._wait_for(whole, partitions)

    def _wait_for(self, whole: str, partitions: int) -> None:
        """Wait until everybody is told of a new topic and who leads its partitions."""
        assert self._admin is not None
        stops = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < stops:
            known = self._admin.list_topics(whole, timeout=ANSWER_SECONDS).topics.get(whole)
            if (
                known
                and not known.error
                and len(known.partitions) == partitions
                and all(each.leader >= 0 for each in known.partitions.values())
            ):
                return
            time.sleep(0.05)
        raise BrokerError(
            f"{self.described} has not made the topic {whole} ready. {self._next_step}"
        )


def _kept(milliseconds: int, size: int) -> str:
    """Return a retention in words; a negative number is none."""
    words = []
    if milliseconds >= 0:
        seconds = milliseconds / 1000
        for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
            if seconds >= length or unit == "second":
                count = round(seconds / length, 1)
                words.append(f"{count:g} {unit}{'' if count == 1 else 's'}")
                break
    if size >= 0:
        words.append(f"the newest {size / 1e6:,.1f} MB of each partition")
    return ", at most ".join(words) or "for ever"


def patiently(call: Callable[[], Answer], seconds: float = 20.0) -> Answer:
    """Ask a broker until there is an answer: a new cluster refuses at first, and so does a new topic.

    Args:
        call: asks.
        seconds: how long a refusal is no reason to give up.

    Raises:
        KafkaException: for another error, or when the time is over.
    """
    from confluent_kafka import KafkaError, KafkaException

    refusals = (
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
    )
    ends = time.monotonic() + seconds
    while True:
        try:
            return call()
        except KafkaException as error:
            if error.args[0].code() not in refusals or time.monotonic() > ends:
                raise
            time.sleep(0.1)


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def serve(*, nodes: int = 1) -> None:
    """Run Apache Kafka in sight, until Control-C.

    Args:
        nodes: 1, or 3 with copies of each partition.

    Raises:
        BrokerError: when it cannot be fetched or does not start.
    """
    from ridealong.systems.broker import apache

    try:
        apache.fetch(lambda line: print(line, flush=True))
    except apache.NoKafka as error:
        raise BrokerError(str(error)) from None
    print("Apache Kafka starts, which takes some seconds.", flush=True)
    with contextlib.suppress(KeyboardInterrupt), Broker("kafka", nodes=nodes) as broker:
        print(f"{broker.described} answers. In another terminal, before you open the course:")
        print(f"    export {VARIABLE}={broker.bootstrap}")
        print("Control-C ends it, and its messages with it.", flush=True)
        while broker.is_running:
            time.sleep(0.5)
