"""A topic that is written to and read as a group, and the same messages in a queue and in a log."""

from typing import Any

import pytest

from brokers import broker, kafka, small
from ridealong.labs import queues, topics
from ridealong.labs.sql.database import LabError
from ridealong.systems.broker.server import Broker

__all__ = ["broker", "kafka", "small"]  # the fixtures that this file uses


# On Apache Kafka each week; tests/systems/test_broker.py is on it in each run.
@pytest.fixture(params=["built-in", pytest.param("kafka", marks=pytest.mark.weekly)])
def started(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """The lab's broker, one of those that the tests share."""
    shared: Broker = request.getfixturevalue("small" if request.param == "built-in" else "kafka")
    monkeypatch.setattr(queues, "_broker", shared)
    return shared


def column(view: Any, name: str) -> list[Any]:
    return list(view.table[name])


def test_a_group_goes_on_where_it_committed_and_a_new_one_at_the_start(started: Broker) -> None:
    first = topics.publish(40, "t-goes-on")
    assert sum(column(first, "messages")) == 40 and column(first, "first offset") == [0] * 4
    assert "has read 40 messages and committed them; its lag is 0" in str(
        topics.read_as("receipt", "t-goes-on")
    )

    more = topics.publish(20, "t-goes-on")
    assert column(more, "first offset") == column(first, "next offset")
    died = topics.read_as("receipt", "t-goes-on", most=1, commit=False)
    assert "has read 4 messages and died before it committed; its lag is 20" in str(died)
    again = topics.read_as("receipt", "t-goes-on", most=1)
    assert column(again, "begins at") == column(died, "begins at")
    assert "its lag is 16, and the topic still holds 60" in str(again)

    assert "has read 60 messages" in str(topics.read_as("fraud", "t-goes-on"))
    assert "has read 60 messages" in str(topics.read_as("fraud", "t-goes-on", begin="first"))
    assert "has read 0 messages" in str(topics.read_as("fraud", "t-goes-on"))


def test_all_events_of_a_city_stay_in_one_partition(started: Broker) -> None:
    view = topics.publish(80, "t-by-city", key="city")

    of_brookfall = [number for number in column(view, "of Brookfall") if number]
    assert len(of_brookfall) == 1
    assert max(column(view, "messages")) >= of_brookfall[0]


@pytest.mark.parametrize(
    ("services", "workers", "queue", "log"),
    [
        (1, 4, (24, 4, 6), (24, 4, 6)),
        (1, 6, (24, 6, 4), (24, 4, 6)),
        (2, 2, (12, 2, 6), (24, 2, 12)),
    ],
)
def test_a_queue_divides_what_a_log_gives_to_everybody(
    started: Broker,
    services: int,
    workers: int,
    queue: tuple[int, int, int],
    log: tuple[int, int, int],
) -> None:
    view = topics.queue_against_log(services, workers)

    rows = [
        (row["got, of 24"], row[f"workers at work, of {workers}"], row["rounds"])
        for _, row in view.table.iterrows()
    ]
    assert rows == [queue] * services + [log] * services
    assert column(view, "kept afterwards") == [0] * services + [24] * services
    assert column(view, "a new service gets") == column(view, "kept afterwards")


def test_a_slow_message_holds_up_its_partition_and_not_the_queue(started: Broker) -> None:
    view = topics.queue_against_log(1, 4, slow=6)

    assert column(view, "rounds") == [8, 11]


def test_what_cannot_be_is_refused_in_words(small: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_broker", small)
    topics.publish(1, "t-refused")
    for call, said in (
        (lambda: topics.publish(0, "t-refused"), "events is 0, wanted 1 to"),
        (lambda: topics.publish(key="driver"), "key is 'driver', wanted one of ride, city, none"),
        (lambda: topics.publish(1, "t-refused", partitions=2), "t-refused has 4 partitions"),
        (lambda: topics.read_as("receipt", "rides"), "no topic is called 'rides'"),
        (lambda: topics.read_as("receipt", "t-refused", begin="now"), "begin is 'now'"),
        (lambda: topics.read_as("receipt", "t-refused", most=0), "most is 0"),
        (lambda: topics.queue_against_log(4), "services is 4, wanted 1 to 3"),
        (lambda: topics.queue_against_log(3, 5), "there is room for 12: take fewer of one"),
    ):
        with pytest.raises(LabError, match=said):
            call()
