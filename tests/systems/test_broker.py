"""A broker starts, ends with whoever started it, and tells what it is not: on each that there is."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from confluent_kafka import Consumer, Producer

from brokers import ON_ALL, ON_KAFKA, broker, kafka, needs_kafka, small
from processes import SECONDS, is_gone
from ridealong.systems.broker import apache
from ridealong.systems.broker import server as serving
from ridealong.systems.broker.server import VARIABLE, Broker, BrokerError

__all__ = ["broker", "kafka", "small"]  # the fixtures that this file uses

STARTED = """
import json, sys, time
from ridealong.systems.broker.server import Broker
import psutil
broker = Broker(sys.argv[1]).start()
guard = psutil.Process(broker._child.pid)
pids = [guard.pid, *(each.pid for each in guard.children(recursive=True))]
print(json.dumps(pids), flush=True)
"""


def processes(broker: Broker) -> list[int]:
    assert broker._child is not None
    guard = psutil.Process(broker._child.pid)
    return [guard.pid, *(each.pid for each in guard.children(recursive=True))]


def sent(broker: Broker, topic: str, values: list[str], key: str | None = None) -> None:
    producer = Producer(broker.producer_settings())
    for value in values:
        producer.produce(broker.prefix + topic, value=value.encode(), key=key)
    assert producer.flush(10) == 0


@contextmanager
def parent(code: str, server: str) -> Iterator[tuple["subprocess.Popen[str]", list[int]]]:
    process = subprocess.Popen(
        [sys.executable, "-c", STARTED + code, server],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_start_stop_with_and_start_again() -> None:
    with Broker("built-in") as broker:
        pids = processes(broker)
        assert broker.start() is broker and processes(broker) == pids, "started twice it is one"
        assert broker.topic("rides", 3) == broker.topic("rides", 3) == f"{broker.prefix}rides"
        assert broker.topics() == ["rides"] and "running" in repr(broker)
    assert all(map(is_gone, pids))
    broker.stop()
    with pytest.raises(BrokerError, match=r"start it with broker.start\(\)"):
        _ = broker.bootstrap
    assert "stopped" in repr(broker)
    with broker:
        assert broker.topics() == [], "a new one is empty"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; the pipe is the same there")
@pytest.mark.parametrize(
    "server", ["built-in", pytest.param("kafka", marks=pytest.mark.xdist_group("kafka"))]
)
def test_nothing_stays_when_the_kernel_is_killed(server: str) -> None:
    if server == "kafka":
        needs_kafka()
    with parent("time.sleep(600)", server) as (process, pids):
        assert len(pids) == (2 if server == "kafka" else 1)
        process.kill()
        process.wait()
        assert all(map(is_gone, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal is Linux' own")
def test_nothing_stays_when_kernel_and_watcher_are_killed_together() -> None:
    needs_kafka()
    with parent("time.sleep(600)", "kafka") as (process, pids):
        os.kill(process.pid, signal.SIGSTOP)  # it cannot notice anything any more
        os.kill(pids[0], signal.SIGKILL)
        process.kill()
        assert all(map(is_gone, pids))


@ON_ALL
def test_topics_lag_and_messages(broker: Broker) -> None:
    broker.topic("looks", 3)
    assert [each.messages for each in broker.lag("looks", "none-yet")] == [0, 0, 0]
    sent(broker, "looks", [str(number) for number in range(30)], "one-key")

    lags = broker.lag("looks", "readers")
    assert sorted(each.messages for each in lags) == [0, 0, 30]
    read_and_commit(broker, "looks", broker.group("readers"), 12)
    assert sum(each.messages for each in broker.lag("looks", "readers")) == 18
    found = broker.read("looks")
    assert [each.value() for each in found] == [str(number).encode() for number in range(30)]
    assert len(broker.read("looks", limit=7)) == 7


@ON_ALL
def test_partitions_and_where_groups_go_on(broker: Broker) -> None:
    broker.topic("held", 2)
    broker.topic("empty")
    sent(broker, "held", [str(number) for number in range(10)], "one-key")
    read_and_commit(broker, "held", broker.group("halfway"), 6)
    broker.group("never-read")

    held = broker.partitions()
    assert [each.first for each in held["held"]] == [0, 0]
    assert sorted(each.end for each in held["held"]) == [0, 10]
    assert {each.copies for each in held["held"]} == {1}
    assert [each.end for each in held["empty"]] == [0]
    full = next(each.number for each in held["held"] if each.end)
    found = broker.committed()
    assert found["halfway"] == {"held": {full: 6}} and "never-read" not in found


def read_and_commit(broker: Broker, topic: str, group: str, count: int) -> None:
    consumer = Consumer(broker.consumer_settings() | {"group.id": group})
    consumer.subscribe([broker.prefix + topic])
    ends, seen = time.monotonic() + SECONDS, 0
    while seen < count:
        assert time.monotonic() < ends
        message = consumer.poll(0.1)
        if message is not None and not message.error():
            seen += 1
            if seen == count:
                consumer.commit(message, asynchronous=False)
    consumer.close()


@ON_KAFKA
def test_groups_that_others_have_named_are_found_by_the_prefix(broker: Broker) -> None:
    broker.topic("shared")
    sent(broker, "shared", ["one", "two"])
    read_and_commit(broker, "shared", f"{broker.prefix}by-hand", 1)
    assert broker.committed()["by-hand"] == {"shared": {0: 1}}
    assert broker.retention("shared") == "7 days"


def test_the_small_broker_keeps_the_newest_megabytes() -> None:
    with Broker("built-in") as broker:
        broker.topic("large")
        producer = Producer(broker.producer_settings() | {"batch.num.messages": 1})
        for _ in range(80):
            producer.produce(broker.prefix + "large", value=b"x" * 100_000)
        assert producer.flush(10) == 0
        (large,) = broker.partitions()["large"]
        assert large.end == 80 and 40 <= large.end - large.first <= 60, "5 MB of 100 kB each"
        assert broker.retention("large") == "the newest 5 MB of each partition"


@pytest.mark.parametrize(
    ("milliseconds", "size", "words"),
    [
        (604_800_000, -1, "7 days"),
        (86_400_000, -1, "1 day"),
        (5_400_000, -1, "1.5 hours"),
        (500, -1, "0.5 seconds"),
        (-1, -1, "for ever"),
        (-1, 5_000_000, "the newest 5.0 MB of each partition"),
        (60_000, 5_000_000, "1 minute, at most the newest 5.0 MB of each partition"),
    ],
)
def test_retention_is_told_in_words(milliseconds: int, size: int, words: str) -> None:
    assert serving._kept(milliseconds, size) == words


@ON_ALL
def test_an_empty_topic_is_read_at_once(broker: Broker) -> None:
    broker.topic("silence", 2)
    began = time.monotonic()
    assert broker.read("silence") == []
    assert time.monotonic() - began < serving.ANSWER_SECONDS


@pytest.mark.parametrize(
    ("name", "partitions", "words"),
    [
        ("with space", 1, "topic is called 'with space', wanted up to 100 letters"),
        ("x" * 101, 1, "wanted up to 100 letters"),
        ("rides", 0, "partitions is 0, wanted 1 to 64"),
        ("rides", 65, "partitions is 65"),
        ("rides", "4", "partitions is '4'"),
    ],
)
def test_topics_that_cannot_be_are_told(
    broker: Broker, name: str, partitions: Any, words: str
) -> None:
    with pytest.raises(BrokerError, match=words):
        broker.topic(name, partitions)


def test_a_killed_small_broker_is_started_again_without_its_messages() -> None:
    with Broker("built-in") as broker:
        broker.topic("rides")
        sent(broker, "rides", ["one"])
        broker.kill()
        assert not broker.is_running and not broker.has("durability")
        with pytest.raises(BrokerError, match="start it with broker.start"):
            broker.lag("rides", "readers")
        broker.restart()
        broker.topic("rides")
        assert broker.read("rides") == []


def test_a_killed_kafka_has_its_messages_and_takes_new_ones() -> None:
    needs_kafka()
    with Broker("kafka") as broker:
        assert broker.has("durability") and not broker.has("replication")
        broker.topic("rides")
        sent(broker, "rides", ["one", "two"])
        before = processes(broker)
        broker.kill()
        assert is_gone(before[1]) and not is_running(before[1])
        broker.restart()
        sent(broker, "rides", ["three"])
        assert [each.value() for each in broker.read("rides")] == [b"one", b"two", b"three"]


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@ON_KAFKA
def test_messages_of_an_aborted_transaction_are_hidden(broker: Broker) -> None:
    assert broker.has("transactions")
    assert aborted(broker) == ["kept"]


def test_the_small_broker_shows_what_was_aborted() -> None:
    with Broker("built-in") as broker:
        assert not broker.has("transactions")
        assert aborted(broker) == ["aborted", "kept"]


def aborted(broker: Broker) -> list[str]:
    """What a reader of committed messages sees after one transaction that was, and one that was not."""
    whole = broker.topic("paid", 1)
    producer = Producer(broker.producer_settings() | {"transactional.id": f"{broker.prefix}t"})
    producer.init_transactions(20)
    for value, ends in (
        ("aborted", producer.abort_transaction),
        ("kept", producer.commit_transaction),
    ):
        producer.begin_transaction()
        producer.produce(whole, value=value.encode())
        producer.flush(10)
        ends(20)
    settings = broker.consumer_settings() | {
        "group.id": broker.group("committed"),
        "isolation.level": "read_committed",
    }
    consumer = Consumer(settings)
    consumer.subscribe([whole])
    seen: list[str] = []
    ends_at = time.monotonic() + SECONDS
    while "kept" not in seen and time.monotonic() < ends_at:
        message = consumer.poll(0.1)
        if message is not None and not message.error():
            seen.append((message.value() or b"").decode())
    consumer.close()
    return seen


@pytest.mark.weekly
def test_three_nodes_do_without_one() -> None:
    needs_kafka()
    with Broker("kafka", nodes=3) as broker:
        assert broker.has("replication")
        assert len(processes(broker)) == 5, "the watcher, three brokers, and the controller apart"
        broker.topic("rides", 3)
        sent(broker, "rides", ["one"])
        broker.kill(2)
        sent(broker, "rides", ["two"])
        assert sorted(each.value() for each in broker.read("rides")) == [b"one", b"two"]
        broker.restart(2)
        sent(broker, "rides", ["three"])


def test_what_differs_can_be_asked() -> None:
    broker = Broker("built-in")
    assert [each for each in serving.FEATURES if broker.has(each)] == ["kill"]
    with pytest.raises(BrokerError, match="no feature is called 'speed': there are transactions"):
        broker.has("speed")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"server": "rabbit"}, "server is 'rabbit', wanted one of built-in, kafka, or none"),
        ({"server": "kafka", "nodes": 2}, "nodes is 2, wanted 1 or 3"),
        ({"server": "built-in", "nodes": 3}, r"nodes goes with Broker\(\"kafka\"\)"),
    ],
)
def test_what_cannot_be_set_is_told(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(BrokerError, match=words):
        Broker(**arguments)


def test_partitions_whose_end_is_not_told_have_a_next_step(
    small: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        def assign(self, parts: Any) -> None:
            assert len(parts) == 2

    monkeypatch.setattr(serving, "ANSWER_SECONDS", -1.0)
    words = r"has not told where partitions 0, 3 of rides end. Start it again with broker.restart"
    with pytest.raises(BrokerError, match=words):
        small._ends(Silent(), "rides", {0: 0, 3: 5})


def test_start_that_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "START_SECONDS", 0.0)
    broker = Broker("built-in")
    with pytest.raises(BrokerError, match="did not start: it said nothing"):
        broker.start()
    assert broker._child is None


def test_kafka_without_java_or_maven_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(apache, "libraries_folder", lambda: tmp_path)
    monkeypatch.setattr(apache.shutil, "which", lambda name: None)
    assert apache.missing().startswith("Java is missing: install Java 17 or newer")
    monkeypatch.setattr(apache.shutil, "which", lambda name: name if name == "java" else None)
    assert apache.missing().startswith("Maven is missing, which fetches Kafka once")
    with pytest.raises(apache.NoKafka, match="Maven is missing"):
        apache.fetch()


def test_version_is_that_of_the_pom() -> None:
    from importlib.resources import files

    pom = (files("ridealong.systems.broker") / "pom.xml").read_text()
    assert f"<version>{apache.VERSION}</version>" in pom


# ---------------------------------------------------------------------------- an outside cluster


@ON_KAFKA
def test_only_our_topics_are_removed_at_the_end(broker: Broker, kafka: Broker) -> None:
    kafka.topic("somebody-else-s")
    with Broker() as ours:
        assert ours.server == "outside"
        name = ours.topic("mine", 2)
        sent(ours, "mine", ["one"])
        consumer = Consumer(ours.consumer_settings() | {"group.id": ours.group("readers")})
        consumer.subscribe([name])
        while not (message := consumer.poll(0.1)) or message.error():
            pass
        consumer.commit(message, asynchronous=False)
        consumer.close()
        assert name in known(kafka) and f"{ours.prefix}readers" in groups(kafka)
    assert f"{ours.prefix}readers" not in groups(kafka)
    assert name not in known(kafka) and f"{kafka.prefix}somebody-else-s" in known(kafka)


def groups(broker: Broker) -> set[str]:
    assert broker._admin is not None
    return {each.group_id for each in broker._admin.list_consumer_groups().result(10).valid}


def known(broker: Broker) -> set[str]:
    assert broker._admin is not None
    return set(broker._admin.list_topics(timeout=10).topics)


def test_outside_cluster_is_not_ours_to_kill_or_start(
    small: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, small.bootstrap)
    with Broker() as broker:
        for act in (broker.kill, broker.restart):
            with pytest.raises(BrokerError, match="is not ours to"):
                act()
    assert small.is_running


@pytest.mark.parametrize("address", ["127.0.0.1:9", "not an address", "localhost:kafka", ""])
def test_cluster_that_is_not_there_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "ANSWER_SECONDS", 1.5)
    monkeypatch.setenv(VARIABLE, address)
    broker = Broker()
    if not address:
        assert broker.server == "built-in", "an empty variable is none"
        return
    with pytest.raises(BrokerError, match=f"does not answer: .*{VARIABLE} is right") as found:
        broker.start()
    assert "\n" not in str(found.value) and not broker.is_running


def test_cluster_that_takes_the_call_and_says_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "ANSWER_SECONDS", 1.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        monkeypatch.setenv(VARIABLE, f"127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(BrokerError, match="does not answer"):
            Broker().start()
        assert time.monotonic() - began < SECONDS
