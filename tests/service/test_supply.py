"""Free drivers are counted through the cache exactly as the policy says, and without it as before."""

import dataclasses
import heapq
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from cache_servers import BEST, ON_ALL
from ridealong import service
from ridealong.service import Service, ServiceError, Settings
from ridealong.service import store as tables
from ridealong.service.caching import PolicyError, read_policy
from ridealong.systems.cache.replay import CACHE_SECONDS, Database, Measured, Situation, replayed
from ridealong.systems.cache.server import Cache
from ridealong.systems.cache.traffic import Car, Evening, evening
from service_callers import callers, ok

ZONES = {"key": "{city}:{zone}", "ttl_seconds": 5}
WIDE = {"requests_per_second": 100_000.0, "burst": 100_000}
HERE = "/v1/cities/1/available-drivers"


def settings(cache: Cache, policy: dict[str, Any], **more: Any) -> Settings:
    """How a service reads through a cache in these tests: it may take its time."""
    through = {"cache_url": cache.address, "cache_prefix": f"{cache.prefix}service:"}
    options = {"database": "", "cache_wait_seconds": 5.0, **WIDE, **through, **more}
    return Settings(cache_policy=policy, **options)


# ------------------------------------------------------------- the same as a replay without HTTP


def shared_sample(company: Service) -> Evening:
    """Some of the public evening, driven by the drivers that a service has."""
    locations, drivers = tables.driver_locations, tables.drivers
    query = sa.select(
        drivers.c.driver_id, drivers.c.city_id, locations.c.zone_code, locations.c.state
    ).join(locations, locations.c.driver_id == drivers.c.driver_id)
    rows = company._database().change(lambda connection: connection.execute(query).fetchall())
    cars = tuple(
        Car(row.driver_id, row.city_id, row.zone_code) for row in rows if row.state == "available"
    )
    by_city = {city: [car.driver for car in cars if car.city == city] for city in range(1, 6)}
    events = []
    for each in evening("public").events:
        if not 300 <= each.at < 312:
            continue
        driver = each.driver and by_city[each.city][each.driver % len(by_city[each.city])]
        busy = each.busy_seconds / 20  # so that some end within the sample
        events.append(dataclasses.replace(each, at=each.at - 300, driver=driver, busy_seconds=busy))
    return dataclasses.replace(evening("public"), cars=cars, events=tuple(events))


class OverHttp:
    """Drives a service through a sample, by a clock of its own; what happens is what the replay's
    database says."""

    def __init__(self, company: Service, sample: Evening) -> None:
        self.company, self.sample = company, sample
        self.database = Database(sample)
        self.support = company.client(support=True)
        self.as_driver: dict[int, httpx.Client] = {}
        self.ends: list[tuple[float, int, int, str]] = []
        self.seen: list[tuple[float, bool, int]] = []

    def run(self) -> list[tuple[float, bool, int]]:
        """Return of each look when it was answered, whether by the cache, and how many cars."""
        for event in self.sample.events:
            while self.ends and self.ends[0][0] <= event.at:
                at, _, driver, zone = heapq.heappop(self.ends)
                self.database.release(driver, zone, at)
                self.put(driver, zone, "available", at)
            if event.kind == "look":
                self.look(event.city, event.zone, event.at)
            elif event.kind == "ask":
                driver = self.database.accept(event.city, event.zone, event.rider, event.at)
                if driver:
                    self.put(driver, event.zone, "on_trip", event.at)
                    ends = event.at + event.busy_seconds
                    heapq.heappush(self.ends, (ends, event.number, driver, event.to_zone))
            elif self.database.move(event.driver, event.zone, event.at):
                self.put(event.driver, event.zone, "available", event.at)
        self.database.close()
        return sorted(self.seen, key=lambda each: each[0])

    def look(self, city: int, zone: str, at: float) -> None:
        answer = self.support.get(
            f"/v1/cities/{city}/available-drivers",
            params={"zone_code": zone},
            headers={"X-Virtual-Seconds": str(at)},
        )
        (shown,) = ok(answer)["zones"]
        assert shown["zone_code"] == zone
        is_hit = answer.headers["x-cache"] == "hit"
        seen_at = at + CACHE_SECONDS * is_hit
        self.seen.append((seen_at, is_hit, shown["available_drivers"]))

    def put(self, driver: int, zone: str, state: str, at: float) -> None:
        if driver not in self.as_driver:
            self.as_driver[driver] = self.company.client(driver=driver)
        there = f"/v1/drivers/{driver}/location"
        body = {"zone_code": zone, "state": state}
        headers = {"X-Virtual-Seconds": str(at)}
        ok(self.as_driver[driver].put(there, json=body, headers=headers))


@pytest.mark.parametrize(
    "policy",
    [
        {"key": "{city}", "ttl_seconds": 4, "empty_ttl_seconds": 0},
        ZONES
        | {"ttl_seconds": 20, "on_write": "delete", "late_fills": "refuse", "single_flight": True},
        ZONES | {"ttl_seconds": 20, "on_write": "update", "writes": ["accept", "free"]},
        ZONES | {"refresh_ahead_seconds": 2, "single_flight": True, "never_shared": ["offer"]},
    ],
    ids=["cities", "delete, refuse", "update", "early"],
)
def test_over_http_and_in_a_replay_the_same_is_shown_hit_and_read(
    cache: Cache, policy: dict[str, Any]
) -> None:
    with Service(settings(cache, policy, virtual_clock=True)) as company:
        sample = shared_sample(company)
        seen = OverHttp(company, sample).run()
    run = replayed(read_policy(policy), sample, None, Situation(read_seconds=0.0))

    assert seen == [(each.at, each.hit, each.shown) for each in run.looks]
    assert len(seen) > 150 and 0.2 < run.hit_ratio < 1
    misses = sum(not hit for _, hit, _ in seen)
    assert misses == reads_of_looks(run, policy)


def reads_of_looks(run: Measured, policy: dict[str, Any]) -> int:
    """How many reads the looks of a replay waited for: not those of a change or ahead of time."""
    if policy.get("on_write") == "update" or "refresh_ahead_seconds" in policy:
        return sum(not each.hit for each in run.looks)
    return len(run.reads)


# --------------------------------------------------------------------------------- one at a time


FORGETFUL = ZONES | {"ttl_seconds": 600, "on_write": "delete"}


@pytest.fixture(scope="module")
def forgetful() -> Iterator[tuple[Cache, Service]]:
    """A cache, and a service that makes it forget at each change."""
    with Cache(BEST) as cache, Service(settings(cache, FORGETFUL)) as running:
        yield cache, running


@pytest.fixture
def company(cache: Cache) -> Iterator[Service]:
    """A service that makes the cache of the test forget at each change."""
    with Service(settings(cache, FORGETFUL)) as running:
        yield running


@pytest.fixture
def both(forgetful: tuple[Cache, Service]) -> tuple[Cache, Service]:
    """The same with an empty cache."""
    forgetful[0].clear()
    return forgetful


def kept(cache: Cache) -> set[str]:
    """The keys of the service's answers."""
    return {key.removeprefix("service:") for key in cache.keys()}  # noqa: SIM118


def found(company: Service, zone: str = "HBV-DTN") -> str:
    """Whether a count of a zone is a hit or a miss."""
    answer = company.client(support=True).get(HERE, params={"zone_code": zone})
    ok(answer)
    return str(answer.headers["x-cache"])


@ON_ALL
def test_second_look_is_a_hit_and_a_change_is_seen(cache: Cache, company: Service) -> None:
    driver = company.client(driver=57)

    def put(zone: str, state: str = "available") -> None:
        place = {"zone_code": zone, "state": state}
        ok(driver.put("/v2/drivers/57/location", json=place))

    def count(zone: str) -> int:
        answer = company.client(rider=123).get(HERE, params={"zone_code": zone})
        return int(ok(answer)["available_drivers"])

    put("HBV-DTN")
    before = count("HBV-DTN")
    assert found(company) == "hit"
    put("HBV-DTN")
    assert found(company) == "hit", "nothing has changed"
    put("HBV-AIR")
    assert found(company) == "miss" and count("HBV-DTN") == before - 1
    there = count("HBV-AIR")
    put("HBV-AIR", "on_trip")
    assert count("HBV-AIR") == there - 1
    put("HBV-AIR", "offline")
    assert found(company, "HBV-AIR") == "hit", "it was not counted before either"
    put("HBV-AIR")
    assert count("HBV-AIR") == there
    assert kept(cache) == {"1:HBV-DTN", "1:HBV-AIR"}


def test_a_ride_s_states_forget_where_its_driver_is(both: tuple[Cache, Service]) -> None:
    cache, company = both
    them = callers(company)
    place = {"zone_code": "HBV-DTN", "state": "available"}
    ok(them.driver.put("/v1/drivers/57/location", json=place))

    def forgets(act: Callable[[], Any]) -> bool:
        found(company)
        assert "1:HBV-DTN" in kept(cache)
        ok(act())
        return "1:HBV-DTN" not in kept(cache)

    ride = them.ride()
    assert forgets(lambda: them.driver.post(f"/v1/rides/{ride}/accept"))
    assert not forgets(lambda: them.driver.post(f"/v1/rides/{ride}/start"))
    assert forgets(lambda: them.driver.post(f"/v1/rides/{ride}/complete"))
    ride = them.ride("accept")
    assert forgets(lambda: them.rider.post(f"/v1/rides/{ride}/cancel"))
    ride = them.ride()
    accept = {"status": "accepted"}
    assert forgets(lambda: them.driver.patch(f"/v1/rides/{ride}", json=accept))
    way = {"dropoff_location": "HBV-WST"}
    assert not forgets(lambda: them.rider.patch(f"/v1/rides/{ride}", json=way))
    assert forgets(lambda: them.driver.post(f"/v1/rides/{ride}/cancel"))
    ride = them.ride()
    assert not forgets(lambda: them.rider.post(f"/v1/rides/{ride}/cancel")), "nobody's car"


def test_a_change_that_is_refused_forgets_nothing(both: tuple[Cache, Service]) -> None:
    cache, company = both
    found(company)
    driver = company.client(driver=57)
    place = {"zone_code": "BRK-AIR", "state": "available"}
    assert driver.put("/v1/drivers/57/location", json=place).status_code == 409
    assert driver.post("/v1/rides/15468/accept").status_code in (404, 409)
    assert kept(cache) == {"1:HBV-DTN"}


def test_a_whole_city_has_no_key_where_keys_have_zones(both: tuple[Cache, Service]) -> None:
    cache, company = both
    support = company.client(support=True)
    for _ in range(2):
        answer = support.get(HERE)
        assert len(ok(answer)["zones"]) == 12 and answer.headers["x-cache"] == "miss"
    assert kept(cache) == set()


def test_a_city_is_kept_whole_where_keys_have_none(cache: Cache) -> None:
    with Service(settings(cache, {"key": "{city}", "ttl_seconds": 600})) as company:
        support = company.client(support=True)
        whole = ok(support.get(HERE))
        one = support.get(HERE, params={"zone_code": "HBV-AIR"})
        assert one.headers["x-cache"] == "hit"
        zones = {zone["zone_code"]: zone["available_drivers"] for zone in whole["zones"]}
        assert ok(one)["zones"] == [{"zone_code": "HBV-AIR", "available_drivers": zones["HBV-AIR"]}]
        assert ok(one)["available_drivers"] == zones["HBV-AIR"]
        assert support.get(HERE).headers["x-cache"] == "hit" and support.get(HERE).json() == whole
        assert kept(cache) == {"1"}


def test_a_key_with_the_rider_is_each_caller_s_own(cache: Cache) -> None:
    with Service(settings(cache, ZONES | {"key": "{zone}:{rider}"})) as company:
        for rider in (123, 15):
            answer = company.client(rider=rider).get(HERE, params={"zone_code": "HBV-AIR"})
            assert answer.headers["x-cache"] == "miss"
        assert kept(cache) == {"HBV-AIR:rider-123", "HBV-AIR:rider-15"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/cities/99/available-drivers", 404),
        ("/v1/cities/99/available-drivers?zone_code=HBV-AIR", 404),
        (f"{HERE}?zone_code=BRK-AIR", 404),
        (f"{HERE}?zone_code=nowhere", 400),
        (f"{HERE}?zone_code=", 400),
        ("/v1/cities/9000000000/available-drivers", 404),
    ],
)
def test_what_is_not_there_is_not_there_with_a_cache_either(
    both: tuple[Cache, Service], path: str, status: int
) -> None:
    cache, company = both
    answer = company.client(support=True).get(path)
    assert answer.status_code == status, answer.text
    assert "x-cache" not in answer.headers and kept(cache) == set()


def test_who_waits_for_a_reader_that_died_reads_at_last(cache: Cache) -> None:
    with Service(settings(cache, ZONES | {"single_flight": True})) as company:
        lock = f"{cache.prefix}service:lock:1:HBV-DTN"
        cache.client.set(lock, "1", px=60_000)
        assert found(company) == "miss"
        assert kept(cache) == {"lock:1:HBV-DTN"}, "whoever has no ticket keeps nothing"
        cache.client.delete(lock)
        assert found(company) == "miss" and found(company) == "hit"


def test_two_services_share_what_one_of_them_has_read(cache: Cache) -> None:
    options = settings(cache, ZONES | {"ttl_seconds": 600})
    with Service(options) as one, Service(options) as other:
        assert found(one) == "miss" and found(other) == "hit"


def test_time_passes_by_the_clock_of_the_wall(cache: Cache) -> None:
    with Service(settings(cache, ZONES | {"ttl_seconds": 1.5})) as company:
        client = company.client(support=True)
        options = {"params": {"zone_code": "HBV-DTN"}, "headers": {"X-Virtual-Seconds": "0"}}
        seen = [client.get(HERE, **options).headers["x-cache"] for _ in range(2)]  # type: ignore[arg-type]
        time.sleep(1.6)
        seen.append(client.get(HERE, **options).headers["x-cache"])  # type: ignore[arg-type]
    assert seen[0] == seen[2] == "miss", "a request's own clock counts only where that is set"


def test_without_a_cache_there_is_no_word_of_one() -> None:
    with Service(Settings(database="", **WIDE)) as company:  # type: ignore[arg-type]
        client = company.client(support=True)
        answers = [client.get(HERE), client.get(HERE, params={"zone_code": "HBV-AIR"})]
        assert [len(ok(answer)["zones"]) for answer in answers] == [12, 1]
        assert not any("x-cache" in answer.headers for answer in answers)


# ------------------------------------------------------------------------------ a cache that fails


def test_a_dead_cache_is_a_miss_and_one_that_is_back_is_asked_again(
    cache: Cache, company: Service
) -> None:
    assert [found(company) for _ in range(2)] == ["miss", "hit"]
    cache.kill()
    assert [found(company) for _ in range(5)] == ["miss"] * 5
    place = {"zone_code": "HBV-DTN", "state": "offline"}
    ok(company.client(driver=57).put("/v1/drivers/57/location", json=place))
    cache.restart()
    time.sleep(1.1)
    assert [found(company) for _ in range(2)] == ["miss", "hit"]


def test_a_cache_that_hangs_costs_a_tenth_of_a_second_each_second(cache: Cache) -> None:
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def accept() -> None:
            while True:
                try:
                    asked.append(silent.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        hanging = settings(cache, ZONES, cache_url=url, cache_wait_seconds=0.1)
        with Service(hanging) as company:
            client = company.client(support=True)
            waits = []
            began = time.monotonic()
            for _ in range(60):
                since = time.monotonic()
                answer = client.get(HERE, params={"zone_code": "HBV-DTN"})
                waits.append(time.monotonic() - since)
                assert answer.headers["x-cache"] == "miss"
            seconds = time.monotonic() - began
        silent.shutdown(socket.SHUT_RDWR) if os.name != "nt" else None
    assert 1 <= len(asked) <= seconds + 1, "once a second, whatever a request asks the cache"
    assert max(waits) < statistics.median(waits) + 0.1 + 0.4, "0.4 s for a busy machine"
    for connection in asked:
        connection.close()


# ------------------------------------------------------------------------------------- starting it


def test_start_takes_a_cache_and_a_policy(cache: Cache) -> None:
    company = service.start(cache=cache, policy=ZONES, **WIDE)
    try:
        assert found(company) == "miss" and found(company) == "hit"
        assert kept(cache) == {"1:HBV-DTN"}
    finally:
        company.stop()


@pytest.mark.parametrize(
    ("choices", "error", "words"),
    [
        ({"policy": ZONES}, ServiceError, r"the cache is missing: start\(cache=cache, policy="),
        ({"cache": True}, ServiceError, "the policy is missing"),
        ({"cache": True, "policy": {"key": "{city}"}}, PolicyError, "the policy lacks ttl_seconds"),
        ({"cache_url": "redis://127.0.0.1:1"}, ServiceError, "cache_url and cache_policy go toge"),
        ({"cache_policy": ZONES}, ServiceError, "cache_url and cache_policy go together"),
        (
            {"cache_url": "http://:hush@127.0.0.1:1", "cache_policy": ZONES},
            ServiceError,
            "cache_url is no address of a cache: it looks like redis://",
        ),
        (
            {"cache_url": "redis://127.0.0.1:1", "cache_policy": {"key": "{town}"}},
            ServiceError,
            "the policy lacks ttl_seconds",
        ),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    cache: Cache, choices: dict[str, Any], error: type[Exception], words: str
) -> None:
    if "cache" in choices:
        choices = choices | {"cache": cache}
    with pytest.raises(error, match=words) as told:
        service.start(**choices)
    assert "\n" not in str(told.value) and "hush" not in str(told.value)


def test_a_stopped_cache_is_told(cache: Cache) -> None:
    cache.stop()
    with pytest.raises(Exception, match=r"the cache is stopped: start it with cache.start\(\)"):
        service.start(cache=cache, policy=ZONES)


def test_password_of_the_cache_is_not_shown() -> None:
    assert "hush" not in repr(Settings(cache_url="redis://:hush@127.0.0.1:1"))
