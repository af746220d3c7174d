"""A completed ride is told: from the outbox at least once, by two writes sometimes not."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from brokers import ON_ALL, broker, kafka, small
from processes import is_gone
from ridealong.child import Child
from ridealong.service import Service, ServiceError, Settings
from ridealong.service.store import FIRST_NEW_ID
from ridealong.systems.broker.server import Broker
from ridealong.systems.queues.work import read_event
from service_callers import callers

__all__ = ["broker", "kafka", "small"]  # the fixtures that this file uses

SECONDS = 20


@contextmanager
def company(folder: Path, **settings: Any) -> Iterator[Service]:
    with Service(
        Settings(database=f"sqlite:///{folder / 'rides.sqlite'}", burst=10_000, **settings)
    ) as running:
        yield running


@contextmanager
def relay(folder: Path, broker: Broker, topic: str, killed_at: list[str]) -> Iterator[Child]:
    child = Child(
        "ridealong.service.relay",
        {
            "database": f"sqlite:///{folder / 'rides.sqlite'}",
            "broker": broker.bootstrap,
            "topic": topic,
            "killed_at": killed_at,
        },
    )
    try:
        yield child
    finally:
        child.stop()


def told(broker: Broker, topic: str) -> list[str]:
    return sorted(read_event(each.value()).event_id for each in broker.read(topic))


def waiting(folder: Path) -> int:
    with sqlite3.connect(folder / "rides.sqlite") as database:
        return int(
            database.execute("SELECT count(*) FROM outbox WHERE sent_at IS NULL").fetchone()[0]
        )


def until_sent(folder: Path) -> None:
    ends = time.monotonic() + SECONDS
    while waiting(folder):
        assert time.monotonic() < ends
        time.sleep(0.05)


@ON_ALL
def test_outbox_tells_each_ride_and_a_killed_relay_tells_one_twice(
    broker: Broker, tmp_path: Path
) -> None:
    topic = broker.topic("outbox", 2)
    with company(tmp_path, events="outbox") as running:
        rides = [callers(running).ride("accept", "start", "complete") for _ in range(3)]
        assert waiting(tmp_path) == 3, "nobody sends yet, and no ride failed for that"
        with relay(tmp_path, broker, topic, [f"{rides[1]}-1"]) as child:
            assert child.process.wait(SECONDS) != 0, "it is killed between the event and its note"
        assert waiting(tmp_path) == 2
        with relay(tmp_path, broker, topic, []):
            until_sent(tmp_path)
        again = callers(running).driver.patch(
            f"/v1/rides/{rides[0]}",
            json={"status": "completed"},
            headers={"Content-Type": "application/merge-patch+json"},
        )

    first, second, third = (f"{ride}-1" for ride in rides)
    assert told(broker, "outbox") == sorted([first, second, second, third])
    assert again.status_code == 200, "the same again is no second event"


@pytest.mark.parametrize("mode", ["after_commit", "before_commit"])
def test_two_writes_come_apart_when_one_is_killed_between_them(
    broker: Broker, tmp_path: Path, mode: str
) -> None:
    topic = broker.topic(mode, 1)
    settings = {"events": mode, "events_broker": broker.bootstrap, "events_topic": topic}
    killed = FIRST_NEW_ID + 1
    with company(tmp_path, killed_at_rides=(killed,), **settings) as running:
        pid = running.pid
        callers(running).ride("accept", "start", "complete")
        with pytest.raises(httpx.HTTPError):
            callers(running).ride("accept", "start", "complete")
        assert pid and is_gone(pid)
    with company(tmp_path, **settings) as running:
        support = callers(running).support
        status = support.get(f"/v1/rides/{killed}").json()["status"]

    seen = told(broker, mode)
    if mode == "after_commit":
        assert status == "completed" and seen == [f"{FIRST_NEW_ID}-1"], "a ride that nobody knows"
    else:
        assert status == "in_progress" and f"{killed}-1" in seen, "an event of no ride"


def test_a_broker_that_is_away_costs_the_ride_the_event_or_nothing(tmp_path: Path) -> None:
    statuses: dict[str, int] = {}
    for mode in ("outbox", "after_commit", "before_commit"):
        folder = tmp_path / mode
        folder.mkdir()
        settings = {"events": mode, "events_broker": "127.0.0.1:9", "events_topic": "nobody"}
        with company(folder, **settings) as running:
            ride = callers(running).ride("accept", "start")
            done = callers(running).driver.post(f"/v1/rides/{ride}/complete")
        statuses[mode] = done.status_code
    assert statuses == {"outbox": 200, "after_commit": 200, "before_commit": 503}
    assert waiting(tmp_path / "outbox") == 1, "told when there is a broker again"
    assert waiting(tmp_path / "after_commit") == 0, "told never"


def test_event_is_one_that_a_consumer_reads(broker: Broker, tmp_path: Path) -> None:
    broker.topic("one", 1)
    with company(tmp_path, events="outbox", events_key="city") as running:
        began = time.time()
        ride = callers(running).ride("accept", "start", "complete")
    with sqlite3.connect(tmp_path / "rides.sqlite") as database:
        (row,) = database.execute("SELECT event_id, event_key, body FROM outbox").fetchall()

    event = read_event(row[2].encode())
    assert (event.event_id, event.ride_id, event.version) == (f"{ride}-1", ride, 1)
    assert row[:2] == (event.event_id, str(event.city_id))
    assert began - 1 <= event.happened_at <= time.time() + 1
    assert json.loads(event.to_bytes()) == json.loads(row[2])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"events": "carrier_pigeon"}, "events is 'carrier_pigeon', wanted one of outbox"),
        ({"events": "after_commit"}, "events: after_commit needs events_broker and events_topic"),
        ({"events": "outbox", "events_key": "driver"}, "events_key is 'driver', wanted ride"),
    ],
)
def test_settings_that_tell_nobody_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ServiceError, match=words):
        Service(Settings(**settings)).start()
