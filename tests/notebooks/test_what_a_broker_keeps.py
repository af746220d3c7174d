"""`02_what_a_broker_keeps`: what its text says of topics, keys and queues is what the labs measure."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
import yaml

from brokers import broker, kafka, small
from ridealong.authoring import cells, sources
from ridealong.authoring.format import read
from ridealong.judging.evenings import EVENINGS
from ridealong.labs import queues, real_broker, topics
from ridealong.systems.broker.server import Broker
from ridealong.systems.queues.design import read_design
from ridealong.systems.queues.stories import WORK_SECONDS, story
from ridealong.systems.queues.virtual import Outcome, Story, followed_up

from ..conftest import COURSE

__all__ = ["broker", "kafka", "small"]  # the fixtures that this file uses

FOLDER = COURSE / "solutions" / "09_queues"
NOTEBOOK = "02_what_a_broker_keeps.ipynb"
MODULE = sources.load(FOLDER)
RIDE = {"key": "ride", "partitions": 4, "consumers": 4}
OWN = MODULE.exercises["key-for-order"].own


def source(identifier: str) -> str:
    (cell,) = [cell for cell in read(FOLDER / NOTEBOOK).cells if cell.id == identifier]
    return str(cell.source)


def reference(identifier: str) -> Any:
    return yaml.safe_load(cells.solution(source(identifier)))


@cache
def told(name: str, seed: int, times_as_many: int) -> Story:
    return story(name, seed=seed, troubles=(), times_as_many=times_as_many)


def measured(design: dict[str, Any], evening: tuple[str, int], times_as_many: int) -> Outcome:
    return followed_up(read_design(design), told(*evening, times_as_many))


def overtaken(run: Outcome) -> int:
    return sum(each.overtaken for each in run.counted.values())


def used(text: str, evenings: Sequence[tuple[str, int]] = EVENINGS) -> list[dict[str, float]]:
    """Return for each evening what a design for the concert uses of each limit."""
    design = OWN["given"] | yaml.safe_load(text)
    runs = [measured(design, each, OWN["times_as_many"]) for each in evenings]
    most = OWN["limits"]["receipt_p99_seconds"]
    return [
        {"overtaken": overtaken(run), "receipt": run.counted["receipt"].delay(0.99) / most}
        for run in runs
    ]


@pytest.fixture
def started(small: Broker, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """The lab's broker, the small one that the notebook starts."""
    monkeypatch.setattr(queues, "_broker", small)
    return small


def test_what_the_text_says_of_offsets_is_measured(started: Broker) -> None:
    topic = "told-of-offsets"
    assert "The broker has all 40" in str(topics.publish(40, topic))
    for group in ("charge", "receipt"):
        assert f"{group} has read 40 messages" in str(topics.read_as(group, topic))
    topics.publish(40, topic)
    topics.read_as("charge", topic)
    lag = {
        group: sum(each.messages for each in started.lag(topic, group))
        for group in ("charge", "receipt")
    }
    assert lag == {"charge": 0, "receipt": 40}

    died = topics.read_as("receipt", topic, most=5, commit=False)
    again = topics.read_as("receipt", topic, most=5)
    assert "has read 20 messages and died" in str(died) and "has read 20 messages" in str(again)
    assert list(died.table["begins at"]) == list(again.table["begins at"])
    assert "fraud has read 80 messages" in str(topics.read_as("fraud", topic))
    assert "receipt has read 80 messages" in str(topics.read_as("receipt", topic, begin="first"))


def test_brookfall_lies_in_one_partition_of_four(started: Broker) -> None:
    by_city = topics.publish(80, "told-of-cities", key="city").table
    by_ride = topics.publish(80, "told-of-rides", key="ride").table

    assert sum(number > 0 for number in by_city["of Brookfall"]) == 1
    assert all(number > 0 for number in by_ride["of Brookfall"])
    hot = by_city["of Brookfall"].max()
    assert hot == by_city["messages"].max() > by_ride["messages"].max()


@pytest.mark.parametrize(
    ("services", "workers", "got", "rounds"),
    [(2, 2, (12, 24), (6, 12)), (1, 4, (24, 24), (6, 6)), (1, 6, (24, 24), (4, 6))],
)
def test_the_winner_flips_with_readers_and_workers(
    started: Broker,
    services: int,
    workers: int,
    got: tuple[int, int],
    rounds: tuple[int, int],
) -> None:
    table = topics.queue_against_log(services, workers).table

    for place, number, last in zip(("queue", "log"), got, rounds, strict=True):
        rows = table[table["taken from"] == place]
        assert set(rows["got, of 24"]) == {number} and set(rows["rounds"]) == {last}
    assert dict(zip(table["taken from"], table["a new service gets"], strict=True)) == {
        "queue": 0,
        "log": 24,
    }


def test_what_the_text_says_of_keys_is_measured() -> None:
    ride, none, city = (
        measured({**RIDE, "key": key}, EVENINGS[0], 3) for key in ("ride", "none", "city")
    )
    more = measured({"key": "city", "partitions": 8, "consumers": 8}, EVENINGS[0], 3)

    assert [overtaken(run) for run in (ride, none, city, more)] == [0, 12, 0, 0]
    receipts = [run.counted["receipt"].delay(0.99) for run in (none, ride, city, more)]
    assert receipts[0] < receipts[1]
    assert [round(each, 1) for each in receipts[1:]] == [7.3, 20.3, 20.3]


def test_a_city_is_more_than_one_consumer_gets_done() -> None:
    a_minute = 60 / WORK_SECONDS["receipt"]
    busy, planned = (told(*EVENINGS[0], many).events for many in (3, 6))
    of_brookfall = [each for each in busy if each.city_id == 2]
    minutes = Counter(int(each.happened_at // 60) for each in of_brookfall)

    assert a_minute == 50 and max(minutes.values()) == 56
    assert (sum(each.city_id == 2 for each in planned), len(planned)) == (826, 1781)


def keeps_a_tenth(text: str) -> bool:
    return all(each["overtaken"] == 0 and each["receipt"] < 0.9 for each in used(text))


def test_the_reference_keeps_a_tenth_of_each_limit_on_every_evening() -> None:
    assert keeps_a_tenth(yaml.safe_dump(reference("key-for-order")))


@pytest.mark.weekly
@pytest.mark.parametrize("name", ["two-partitions-each", "one-consumer-to-spare"])
def test_other_right_keys_keep_it_too(name: str) -> None:
    (answer,) = [
        each.answer for each in MODULE.exercises["key-for-order"].alternatives if each.name == name
    ]
    assert keeps_a_tenth(answer)


@pytest.mark.parametrize(
    ("partitions", "broken"),
    [
        pytest.param(4, {0, 1, 2}, marks=pytest.mark.weekly),
        pytest.param(9, {0, 1, 2}, marks=pytest.mark.weekly),
        (10, {1}),
    ],
)
def test_uneven_shares_are_late(partitions: int, broken: set[int]) -> None:
    parts = used(f"{{key: ride, partitions: {partitions}}}")

    assert {place for place, each in enumerate(parts) if each["receipt"] > 1.05} == broken


def test_the_form_that_the_task_shows_keeps_neither_limit() -> None:
    form = source("key-for-order-task").partition("```yaml\n")[2].partition("```")[0]

    assert all(each["receipt"] > 1.1 and each["overtaken"] > 5 for each in used(form, EVENINGS[:1]))


def test_copies_keep_what_was_acknowledged_and_a_lonely_node_refuses(started: Broker) -> None:
    told = str(real_broker.lost_node())

    assert "Lost 0 of " in told and "are refused (NOT_ENOUGH_REPLICAS)" in told


def test_the_table_of_offsets_gives_the_numbers_of_the_reference() -> None:
    rows = [
        [int(cell) for cell in line.strip("| ").split("|")]
        for line in source("offset-table-task").splitlines()
        if line.startswith("| ") and line[2].isdigit()
    ]
    answer = cells.solution(source("offset-table"))
    found = {
        name: sum(int(part) for part in value.split("+"))
        for name, _, value in (line.partition(":") for line in answer.strip().splitlines())
    }

    assert found == {
        "receipt_lag": sum(end - committed for _, _, end, committed, _ in rows),
        "fullest_partition": max(rows, key=lambda row: row[2] - row[1])[0],
        "safety_reads": sum(end - first for _, first, end, _, _ in rows),
        "gone_by_retention": sum(first for _, first, _, _, _ in rows),
        "read_again": 939 - rows[2][3] + 1,
    }


def test_each_word_fits_once() -> None:
    words = list(reference("terms-measured").values())

    assert sorted(words) == sorted(MODULE.exercises["terms-measured"].own["columns"]["answer"])
