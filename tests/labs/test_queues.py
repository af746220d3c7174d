"""The labs of what follows a completed ride: what they show, and what they refuse."""

import json
import re
import time
from typing import Any

import psutil
import pytest
from confluent_kafka import Consumer, Producer

from brokers import broker, kafka, needs_kafka, small
from ridealong.labs import queues
from ridealong.labs.sql.database import LabError
from ridealong.service import Service, ServiceError
from ridealong.service.store import FIRST_NEW_ID
from ridealong.systems.broker.server import Broker
from ridealong.systems.queues.run import UNREADABLE

__all__ = ["broker", "kafka", "small"]  # the fixtures that this file uses

DESIGN: dict[str, Any] = {
    "remember": "with_work",
    "attempts": 10,
    "backoff_seconds": 0.1,
    "longest_backoff_seconds": 4,
    "when_attempts_end": "dead_letter",
    "unreadable": "dead_letter",
}


# On Apache Kafka each week; tests/systems/test_broker.py is on it in each run.
@pytest.fixture(params=["built-in", pytest.param("kafka", marks=pytest.mark.weekly)])
def started(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """The lab's broker, one of those that the tests share."""
    shared = request.getfixturevalue("small" if request.param == "built-in" else "kafka")
    monkeypatch.setattr(queues, "_broker", shared)
    return shared


def column(view: Any, name: str) -> list[Any]:
    return list(view.table[name])


def test_a_kill_between_work_and_commit_is_seen_in_the_stores(started: Broker) -> None:
    view = queues.run({**DESIGN, "remember": "nothing"}, unreadable=True)

    assert column(view, "lost") == [0, 0, 0] and column(view, "done twice") == [0, 1, 0]
    assert "1 program killed; 0 steps lost, 1 done twice, 3 messages nobody can read" in str(view)
    assert "receipt: 36 done, 1 times killed" in str(view)


@pytest.mark.weekly  # starts back end and relay for thirty rides
def test_rides_of_the_back_end_are_followed_up_alike(
    small: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_broker", small)
    before = set(small.topics())
    design = {**DESIGN, "remember": "nothing", "key": "city"}
    view = queues.run(design, unreadable=True, from_service=True)

    assert view.title.startswith("30 rides of the back end on the small broker")
    assert column(view, "lost") == [0, 0, 0] and column(view, "done twice") == [0, 1, 0]
    assert "1 program killed; 0 steps lost, 1 done twice, 3 messages nobody can read" in str(view)
    assert all(0 < float(seconds) < 30 for seconds in column(view, "p99 (s)"))
    (topic,) = (each for each in set(small.topics()) - before if each.startswith("ride-events"))
    sent = [each for each in small.read(topic) if each.value() != UNREADABLE]
    told = [json.loads(each.value()) for each in sent]
    assert sorted(each["event_id"] for each in told) == sorted(
        f"{ride}-{version}"
        for ride in range(FIRST_NEW_ID, FIRST_NEW_ID + 30)
        for version in ((1, 2) if (ride - FIRST_NEW_ID) % 5 == 0 else (1,))
    )
    assert [each.key().decode() for each in sent] == [str(each["city_id"]) for each in told]


def test_a_back_end_that_does_not_start_is_told_and_leaves_nothing(
    small: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(self: Service) -> Service:
        raise ServiceError("the database is away: start it")

    monkeypatch.setattr(queues, "_broker", small)
    monkeypatch.setattr(Service, "start", refuses)
    before = psutil.Process().children(recursive=True)
    with pytest.raises(ServiceError, match="the database is away: start it"):
        queues.run(DESIGN, from_service=True)
    assert psutil.Process().children(recursive=True) == before


def test_a_provider_that_is_away_is_tried_again(started: Broker) -> None:
    view = queues.run(DESIGN, kill=[], away="receipt")
    assert column(view, "lost") == column(view, "done twice") == [0, 0, 0]
    assert column(view, "dead letters") == [0, 0, 0]


@pytest.mark.weekly  # in each run a notebook does it
def test_what_nobody_can_read_holds_its_partition_or_is_put_aside_with_its_reason(
    started: Broker,
) -> None:
    design = {**DESIGN, "partitions": 2, "consumers": 2, "longest_backoff_seconds": 1}
    endless = {**design, "unreadable": "retry", "when_attempts_end": "stop"}
    view = queues.run(endless, kill=[], unreadable=True, patience_seconds=3)
    assert column(view, "wanted") == [36, 36, 36] and column(view, "lost") == [8, 8, 8]
    assert "Nothing was put aside." in str(queues.dead_letters())

    view = queues.run(design, kill=[], unreadable=True)
    assert column(view, "lost") == [0, 0, 0]
    letters = queues.dead_letters()
    assert column(letters, "message") == ["{not an event"] * 3
    assert column(letters, "header step") == ["charge", "rating_prompt", "receipt"]
    assert set(column(letters, "header reason")) == {'cannot read "{not an event"'}
    (source,) = set(column(letters, "header source"))
    assert re.fullmatch(r"ride-events-\d+/1/10", source)
    assert "3 messages put aside by 3 steps." in str(letters)


@pytest.mark.weekly  # in each run a notebook does it
def test_more_consumers_drain_sooner_up_to_the_partitions(started: Broker) -> None:
    view = queues.drain({**DESIGN, "partitions": 4}, 100, [1, 4])

    one, four = column(view, "measured (s)")
    assert column(view, "arithmetic (s)") == [2.0, 0.5] and four < 0.75 * one
    assert column(view, "partitions of the busiest") == [4, 1]


def test_quicker_work_drains_sooner_where_more_consumers_do_not(
    small: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_broker", small)
    view = queues.drain(DESIGN, 100, [4], work_ms=10)
    assert column(view, "arithmetic (s)") == [0.2] and "100 messages of 10 ms" in str(view)


def test_without_a_run_there_is_no_dead_letter_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    with Broker() as own:
        monkeypatch.setattr(queues, "_broker", own)
        with pytest.raises(LabError, match=r"no dead-letter topic yet: run\(design\) makes one"):
            queues.dead_letters()


@pytest.mark.weekly  # in each run a notebook does it
def test_a_producer_that_is_too_fast_fills_the_broker_refuses_or_waits(started: Broker) -> None:
    view = queues.backpressure(90, times_as_fast=4, bound=10)

    keeps, refuses, slows = column(view, "largest backlog")
    assert keeps > 40 and refuses <= 10 and slows <= 10
    assert column(view, "the producer") == ["keep all", "refuse", "slow down"]
    assert column(view, "sent")[::2] == [90, 90]
    refused = column(view, "refused (429)")
    assert refused[::2] == [0, 0] and refused[1] + column(view, "sent")[1] == 90
    assert refused[1] > 30 and column(view, "held back at most")[2] > 30
    kept, short, slowed = column(view, "oldest when done (s)")
    assert short < 0.7 * min(kept, slowed), "who is let in is served soon"
    assert column(view, "backlog by arithmetic") == [68, 10, 10]
    assert f"{refused[1]} riders got 429" in str(view) and "keep all: " in str(view)


@pytest.mark.weekly  # in each run a notebook does it
def test_a_slow_receipt_makes_the_rider_wait_and_a_failing_prompt_fails_the_ride() -> None:
    view = queues.chain(receipt_seconds=0.6, failing="rating_prompt")

    (waits, queued), answers = column(view, "wait (ms)"), column(view, "answer")
    assert answers == ["502", "200"] and waits > 600 > 2 * queued
    assert column(view, "the ride is") == ["in_progress", "completed"]
    assert column(view, "was done before the answer") == ["charge, receipt", "nothing yet"]


@pytest.mark.weekly
def test_a_chain_without_a_failure_is_only_slow() -> None:
    view = queues.chain(receipt_seconds=0.3, failing="", in_request=["receipt"])
    assert column(view, "answer") == ["200", "200"]
    assert column(view, "was done before the answer")[0] == "receipt"


@pytest.mark.weekly  # in each run a notebook does it
@pytest.mark.parametrize(
    ("way", "apart", "events"),
    [
        # Each starts the back end twice; the notebook on kills runs all three in each run.
        pytest.param("after_commit", 1, [1, 0, 1], marks=pytest.mark.weekly),
        pytest.param("before_commit", 1, [1, 1, 1], marks=pytest.mark.weekly),
        ("outbox", 0, [1, 2, 1]),
    ],
)
def test_two_writes_come_apart_and_an_outbox_does_not(
    small: Broker, monkeypatch: pytest.MonkeyPatch, way: str, apart: int, events: list[int]
) -> None:
    monkeypatch.setattr(queues, "_broker", small)
    view = queues.two_writes(way)
    assert column(view, "events in the topic") == events
    assert f"disagree about {apart} ride" in str(view)


def test_an_evening_in_virtual_time_and_two_side_by_side() -> None:
    view = queues.evening(DESIGN)
    assert column(view, "lost") == [0, 0, 0] and "10 programs killed" in str(view)
    both = queues.compare(DESIGN, {**DESIGN, "key": "none"}, times_as_many=3)
    first, second = both.table.set_index("measured").loc["rides with the older event last"]
    assert first == 0 < second


@pytest.mark.parametrize("server", ["built-in", "kafka"])
def test_a_broker_is_looked_into_partition_by_partition(server: str) -> None:
    if server == "kafka":
        needs_kafka()
    with Broker(server) as own:
        with pytest.raises(LabError, match=r"has no topic yet: run\(design\) makes some"):
            queues.look_inside(own)
        own.topic("rides", 3)
        own.topic("silent")
        sent(own, "rides", 30)
        committed(own, "rides", "charge", 12)

        view = queues.look_inside(own)
        assert column(view, "topic") == ["rides"] * 3 + ["silent"]
        assert sum(column(view, "messages")) == 30
        assert column(view, "next offset")[:3] == column(view, "messages")[:3]
        assert column(view, "group") == ["charge"] * 3 + ["nobody"]
        assert sum(column(view, "lag")[:3]) == 18 and column(view, "lag")[3] is None
        told = str(view)
        assert "30 messages in 4 partitions of 2 topics; furthest behind is charge, by 18" in told
        assert "rides, partition 2: offsets 0 to" in told and "one copy of a partition" in told
        is_small = server == "built-in"
        assert ("hides what an aborted transaction has written" in told) == is_small
        assert set(column(view, "kept")) == {
            "the newest 5 MB of each partition" if is_small else "7 days"
        }
        assert set(column(queues.look_inside(own, "silent"), "topic")) == {"silent"}
        committed(own, "rides", "charge", 18)
        assert "no group is behind" in str(queues.look_inside(own))
        with pytest.raises(LabError, match="no topic is called 'ride': did you mean rides"):
            queues.look_inside(own, "ride")
    with pytest.raises(LabError, match=r"the broker is stopped: start it with broker.start\(\)"):
        queues.look_inside(own)


def test_of_many_topics_the_newest_are_shown() -> None:
    with Broker("built-in") as own:
        for number in range(7):
            own.topic(f"t{number}", 4)
        view = queues.look_inside(own)
        assert column(view, "topic")[::4] == ["t3", "t4", "t5", "t6"]
        assert view.gaps == ((0, "3 older topics: look_inside(topic=...) shows one"),)


def sent(broker: Broker, topic: str, count: int) -> None:
    producer = Producer(broker.producer_settings())
    for number in range(count):
        producer.produce(broker.prefix + topic, value=b"x", key=str(number))
    assert producer.flush(10) == 0


def committed(broker: Broker, topic: str, group: str, count: int) -> None:
    settings = broker.consumer_settings() | {"group.id": broker.group(group)}
    consumer = Consumer(settings)
    consumer.subscribe([broker.prefix + topic])
    ends = time.monotonic() + 30
    while count:
        assert time.monotonic() < ends
        message = consumer.poll(0.1)
        if message is not None and not message.error():
            consumer.commit(message, asynchronous=False)
            count -= 1
    consumer.close()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: queues.look_inside("kafka"), "broker is 'kafka', wanted one such as start_br"),
        (lambda: queues.run({"key": "x"}), "key is 'x', wanted one of ride, city, none"),
        (lambda: queues.evening(DESIGN, "tonight"), "no evening is called 'tonight'"),
        (lambda: queues.evening(DESIGN, troubles=["rain"]), "no trouble is called 'rain'"),
        (lambda: queues.evening(DESIGN, times_as_many=0), "times_as_many is 0, wanted 1 to 20"),
        (lambda: queues.compare(DESIGN, None), "the design is empty"),
        (lambda: queues.chain(receipt_seconds=9), "receipt_seconds is 9, wanted 0 to 3"),
        (lambda: queues.chain(failing="mail"), "failing is 'mail', wanted one of charge"),
        (lambda: queues.chain(in_request=["mail"]), "in_request is .*mail.*, wanted a list"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(call: Any, says: str) -> None:
    with pytest.raises(LabError, match=says) as found:
        call()
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: queues.run(DESIGN, [("receipt", "at lunch")]), "kill holds .*at lunch"),
        (lambda: queues.run(DESIGN, ["receipt"]), "kill holds 'receipt', wanted pairs"),
        (lambda: queues.run(DESIGN, away="mail"), "away is 'mail', wanted one of charge"),
        (lambda: queues.drain(DESIGN, 10_000), "backlog is 10000, wanted 10 to 400 messages"),
        (lambda: queues.drain(DESIGN, 100, []), "0 runs: name one to four"),
        (lambda: queues.drain(DESIGN, 100, work_ms=1), "work_ms is 1, wanted 5 to 40"),
        (lambda: queues.run(DESIGN, patience_seconds=0), "patience_seconds is 0, wanted 1 to 30"),
        (lambda: queues.backpressure(1000), "messages is 1000, wanted 30 to 300"),
        (lambda: queues.backpressure(90.5), "messages is 90.5, wanted 30 to 300"),
        (lambda: queues.backpressure(times_as_fast="3"), "times_as_fast is '3', wanted 1.5 to 10"),
        (lambda: queues.backpressure(times_as_fast=1), "times_as_fast is 1, wanted 1.5 to 10"),
        (lambda: queues.backpressure(bound=True), "bound is True, wanted 1 to 100"),
        (lambda: queues.two_writes("both"), "way is 'both', wanted after_commit"),
    ],
)
def test_what_cannot_be_run_is_told_in_one_line(
    small: Broker, monkeypatch: pytest.MonkeyPatch, call: Any, says: str
) -> None:
    monkeypatch.setattr(queues, "_broker", small)
    with pytest.raises(LabError, match=says) as found:
        call()
    assert "\n" not in str(found.value)


def test_without_a_broker_it_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_broker", None)
    with pytest.raises(LabError, match=r"no broker runs: start_broker\(\) starts one"):
        queues.run(DESIGN)


def test_run_all_twice_leaves_one_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_broker", None)
    first = queues.start_broker("built-in")
    second = queues.start_broker("built-in")
    try:
        assert not first.is_running and queues.running() is second
    finally:
        second.stop()


@pytest.mark.parametrize("step", ["receipt", "charge"])
def test_a_consumer_that_does_not_run_holds_up_its_own_group_alone(
    started: Broker, step: str
) -> None:
    view = queues.consumer_down(step, rides=12)

    name = step.replace("_", " ")
    behind = {
        each: column(view, f"{each} behind") for each in ("charge", "receipt", "rating prompt")
    }
    assert behind.pop(name) == [12, 0, 0] and set(map(tuple, behind.values())) == {(0, 0, 0)}
    assert column(view, "events sent") == [12, 12, 24]
    down, _, running = column(view, "the broker took one in (ms)")
    assert down < 10 * running, "who sends does not notice"
    assert f"12 events wait for the {name}" in str(view) and "of 24 rides 24 have" in str(view)
    assert f"{name}: 12 when all are sent; the other steps: 0" in str(view)


def test_consumer_down_refuses_what_it_cannot_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_broker", None)
    with pytest.raises(LabError, match="wanted one of charge, receipt, rating_prompt"):
        queues.consumer_down("mail")
    with pytest.raises(LabError, match="rides is 1000, wanted 10 to 60"):
        queues.consumer_down(rides=1000)
    with pytest.raises(LabError, match="no broker runs"):
        queues.consumer_down()
