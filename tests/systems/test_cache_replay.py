"""A replay counts each look once, books no car twice, and is the same whatever keeps the answers."""

import dataclasses
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from cache_servers import BEST, ON_ALL, ON_TWO, OWN, part
from ridealong.service.caching import read_policy
from ridealong.systems.cache.keepers import InCache, InMemory, Outlasting
from ridealong.systems.cache.replay import (
    Database,
    Measured,
    Replay,
    Situation,
    by_minute,
    percentile,
    replayed,
)
from ridealong.systems.cache.server import Cache, CacheError
from ridealong.systems.cache.traffic import Evening, Event, evening

ZONES = {"key": "{city}:{zone}", "ttl_seconds": 5}
POLICIES = {
    "time alone": ZONES,
    "delete, refuse, one flies": ZONES
    | {"ttl_seconds": 20, "on_write": "delete", "late_fills": "refuse", "single_flight": True},
    "update, early, jitter": ZONES
    | {"on_write": "update", "refresh_ahead_seconds": 1, "jitter_percent": 30},
    "cities, empty not kept": {
        "key": "{city}", "ttl_seconds": 3, "empty_ttl_seconds": 0, "never_shared": ["offer"],
    },
    "no city": {"key": "cars", "ttl_seconds": 2, "on_write": "delete", "writes": ["accept"]},
}  # fmt: skip


def told(run: Measured) -> tuple[Any, ...]:
    """All that must be the same for two replays."""
    return run.counts(), run.peak, run.most_at_once, run.memory_bytes, run.looks


@pytest.mark.parametrize("name", POLICIES)
def test_each_look_is_a_hit_or_waits_for_a_read_and_each_car_has_one_rider(name: str) -> None:
    policy = read_policy(POLICIES[name])
    of = evening("public")
    run = replayed(policy, of)

    kinds = Counter(each.kind for each in of.events)
    assert len(run.looks) == kinds["look"] and run.asks == kinds["ask"]
    misses = sum(not each.hit for each in run.looks)
    if policy.single_flight:
        assert 0 < len(run.reads) <= misses
    elif policy.refresh_ahead_seconds or policy.on_write == "update":
        assert len(run.reads) > misses
    else:
        assert len(run.reads) == misses
    assert run.double_bookings == 0
    assert 0 <= run.in_vain <= run.asks and run.failures == 0
    assert sum(looks for _, looks, _ in by_minute(run)) == len(run.looks)
    assert sum(reads for _, _, reads in by_minute(run)) == len(run.reads)
    assert min(each.waited_ms for each in run.looks) == pytest.approx(1), "the cache's own"
    assert any(each.mixed for each in run.looks) == ("city" not in policy.key)
    assert any(each.leaked for each in run.looks) == ("offer" not in policy.never_shared)


def test_without_a_cache_every_look_reads_and_nothing_is_older_than_the_read() -> None:
    run = replayed(None, evening("public"))

    assert len(run.reads) == len(run.looks) and run.hit_ratio == 0 and run.memory_bytes == 0
    assert max(each.stale_seconds for each in run.looks) < 2
    assert all(each.shown == each.there for each in run.looks if each.waited_ms <= 1)


def test_same_seed_is_the_same_replay_and_another_is_not() -> None:
    policy, of = read_policy(POLICIES["update, early, jitter"]), evening("hidden")

    assert told(replayed(policy, of)) == told(replayed(policy, of))
    assert told(replayed(policy, of)) != told(replayed(policy, of, seed=1))


@ON_ALL
@pytest.mark.parametrize("name", POLICIES)
def test_a_real_cache_gives_the_counts_of_memory(cache: Cache, name: str) -> None:
    policy, of = read_policy(POLICIES[name]), part()

    assert told(replayed(policy, of, InCache(cache))) == told(replayed(policy, of))


@pytest.mark.parametrize("cache", [BEST, "outside"], indirect=True)
@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.weekly
def test_a_real_cache_gives_the_counts_of_memory_all_evening(cache: Cache, name: str) -> None:
    policy, of = read_policy(POLICIES[name]), evening("hidden")

    assert told(replayed(policy, of, InCache(cache))) == told(replayed(policy, of))


@pytest.mark.weekly
@ON_ALL
def test_thirty_in_a_row_are_the_same(cache: Cache) -> None:
    policy, of = read_policy(POLICIES["delete, refuse, one flies"]), part(20)
    expected = told(replayed(policy, of))

    for _ in range(30):
        cache.clear()
        assert told(replayed(policy, of, InCache(cache))) == expected


def test_reads_that_take_no_time_are_never_slow() -> None:
    run = replayed(read_policy(ZONES), evening("public"), None, Situation(read_seconds=0))

    assert run.most_at_once[0] == 1
    assert {round(each.waited_ms, 6) for each in run.looks} == {1.0}


def test_a_warmed_cache_begins_with_hits_and_ends_them_all_at_once() -> None:
    policy, of = read_policy(ZONES | {"ttl_seconds": 30}), evening("public")
    cold, warm = replayed(policy, of), replayed(policy, of, None, Situation(warmed=True))

    assert all(each.hit for each in warm.looks if each.at < 30)
    assert not all(each.hit for each in cold.looks if each.at < 30)
    assert not [at for at, _ in warm.reads if at < 29]


def test_a_cache_that_loses_everything_reads_anew() -> None:
    policy, of = read_policy(ZONES | {"ttl_seconds": 600}), evening("public")
    whole = replayed(policy, of)
    emptied = replayed(policy, of, None, Situation(emptied_at_seconds=(400.0,)))

    def late(run: Measured) -> int:
        return sum(400 <= at < 420 for at, _ in run.reads)

    assert [at for at, _ in whole.reads if at < 400] == [at for at, _ in emptied.reads if at < 400]
    assert late(emptied) > 2 * late(whole) + 10


def stream(*events: tuple[Any, ...]) -> Evening:
    """An evening of one city, of looks (at, zone, rider) and asks (at, zone, rider, to_zone)."""
    whole = evening("public")
    made = [
        Event(at, number, kind, 1, zone, rider, to_zone=to_zone, busy_seconds=10.0)
        for number, (at, kind, zone, rider, to_zone) in enumerate(events)
    ]
    return dataclasses.replace(whole, events=tuple(made))


def free_zones() -> list[str]:
    """Zones of the first city by how many cars begin there, those without first."""
    whole = evening("public")
    cars = Counter(car.zone for car in whole.cars if car.city == 1)
    return sorted(whole.zones[1], key=lambda zone: cars[zone])


def test_ghost_and_hidden_car_are_told_by_hand() -> None:
    zones = free_zones()
    one = next(zone for zone in zones if sum(car.zone == zone for car in evening().cars) == 1)
    empty = zones[0]
    assert not [car for car in evening().cars if car.zone == empty]
    of = stream(
        (0.0, "look", one, 1, ""),
        (0.5, "look", empty, 2, ""),
        (2.0, "ask", one, 3, empty),  # until 12.0; then the car is free where none was
        (3.0, "look", one, 1, ""),
        (4.0, "ask", one, 1, empty),  # for a car that was shown, and is not there
        (14.0, "look", empty, 2, ""),
    )
    run = replayed(read_policy(ZONES | {"ttl_seconds": 60}), of, None, Situation(read_seconds=0.0))

    first, second, ghost, hidden = run.looks
    assert first.shown == first.there == 1 and second.shown == second.there == 0
    assert ghost.is_ghost and ghost.hit and ghost.stale_seconds == pytest.approx(1.001)
    assert hidden.is_hidden and hidden.stale_seconds == pytest.approx(2.001)
    assert run.in_vain == 1 and run.asks == 2 and len(run.reads) == 2


def test_most_reads_of_any_ten_seconds_are_found_wherever_they_begin() -> None:
    run = dataclasses.replace(
        replayed(None, part(5)),
        reads=tuple((at, 1) for at in (0.0, 8.0, 9.0, 11.0, 12.0, 17.9, 18.0, 40.0)),
    )

    assert run.peak == (0.5, 8.0)
    assert dataclasses.replace(run, reads=()).peak == (0.0, 0.0)


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=60), st.floats(0.01, 1))
@runs(max_examples=100, deadline=None)
def test_percentile_is_the_smallest_value_that_the_share_keeps_to(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)

    assert sum(each <= found for each in values) >= share * len(values) - 1e-9
    assert sum(each < found for each in values) < share * len(values)


def test_no_values_have_a_percentile_of_zero() -> None:
    assert percentile([], 0.95) == 0


def test_assignment_is_refused_to_whoever_comes_second() -> None:
    zones = free_zones()
    database = Database(evening())
    cars = sum(car.zone == zones[-1] for car in evening().cars)
    drivers = [database.accept(1, zones[-1], rider, 1.0) for rider in range(1, cars + 4)]

    assert sorted(drivers)[:3] == [0, 0, 0] and len(set(drivers)) == cars + 1
    assert database.double_bookings() == 0
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        database._db.execute(
            "INSERT INTO trips (driver_id, user_id) VALUES (?, 99)", (max(drivers),)
        )
    database.release(max(drivers), zones[0], 2.0)
    assert database.free(1, zones[0]) == {zones[0]: 1}
    database.close()


class Sabotaged(InMemory):
    """A dictionary in which something happens at one of the looks."""

    def __init__(self, turn: int, happens: Callable[[], None]) -> None:
        super().__init__()
        self.turn, self.happens = turn, happens

    def get(self, key: str) -> str | None:
        self.turn -= 1
        if self.turn == 0:
            self.happens()
        return super().get(key)


def test_a_laptop_that_sleeps_in_the_middle_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy, of = read_policy(POLICIES["delete, refuse, one flies"]), part()
    expected = told(replayed(policy, of))

    def sleep() -> None:
        for module, name in ((time, "time"), (time, "monotonic"), (time, "perf_counter")):
            before = getattr(module, name)
            monkeypatch.setattr(module, name, lambda before=before: before() + 3600)

    keeper = Sabotaged(100, sleep)
    assert told(replayed(policy, of, keeper)) == expected
    assert keeper.turn < 0, "it slept"


@ON_ALL
def test_what_a_replay_keeps_outlasts_a_night(cache: Cache) -> None:
    keeper = InCache(cache)
    policy = POLICIES["delete, refuse, one flies"]
    Replay(read_policy(policy), part(), keeper).run()
    keeper.add("lock:x", "1", 5)

    kept = cache.keys()
    seconds = [cache.client.ttl(cache.prefix + key) for key in kept]
    assert len(seconds) > 10 and min(seconds) > 12 * 3600


class Killing(Outlasting):
    """A real cache that is killed at one of the looks."""

    def __init__(self, cache: Cache, turn: int, happens: Callable[[], None]) -> None:
        super().__init__(cache)
        self.turn, self.happens = turn, happens

    def get(self, key: str) -> bytes | str | None:
        self.turn -= 1
        if self.turn == 0:
            self.happens()
        return super().get(key)


@pytest.mark.parametrize("cache", OWN, indirect=True)
@pytest.mark.parametrize("name", ["time alone", "delete, refuse, one flies"])
def test_a_cache_killed_in_the_middle_is_started_again(cache: Cache, name: str) -> None:
    policy, of = read_policy(POLICIES[name]), part()
    keeper = Killing(cache, 100, cache.kill)
    run = Replay(policy, of, keeper).run()

    assert len(run.looks) == sum(each.kind == "look" for each in of.events)
    assert run.failures == 1 and keeper.restarts == 1 and cache.is_running
    assert run.double_bookings == 0 and run.hit_ratio > 0.5
    assert run.memory_bytes > 0, "it keeps again"


def test_a_cache_that_cannot_be_started_again_is_done_without(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Cache) -> None:
        raise CacheError("no more")

    monkeypatch.setattr(Cache, "restart", fail)
    of = part()
    keeper = Killing(cache, 100, cache.kill)
    run = Replay(read_policy(ZONES), of, keeper).run()

    assert run.failures > 100 and keeper.restarts == 0 and run.memory_bytes == 0
    assert len(run.looks) == sum(each.kind == "look" for each in of.events)


@pytest.mark.parametrize("cache", ["outside"], indirect=True)
def test_an_outside_cache_that_hangs_costs_seconds_and_not_minutes(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang() -> None:
        keeper.inner = Hanging()

    class Hanging:
        asked = 0

        def __getattr__(self, name: str) -> Any:
            import redis

            def wait(*_: Any) -> None:
                Hanging.asked += 1
                time.sleep(0.2)
                raise redis.TimeoutError("no answer")

            return wait

    keeper = Killing(cache, 100, hang)
    run = Replay(read_policy(ZONES), part(), keeper).run()

    assert run.failures > 100 and 1 <= Hanging.asked < 10


def test_an_interrupt_ends_a_replay_and_the_next_one_is_whole(cache: Cache) -> None:
    policy, of = read_policy(POLICIES["delete, refuse, one flies"]), part()
    # A program that was started in the background may have been told to ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)

    try:
        with pytest.raises(KeyboardInterrupt):
            Replay(policy, of, Killing(cache, 100, interrupt)).run()
    finally:
        signal.signal(signal.SIGINT, before)
    cache.clear()
    assert told(replayed(policy, of, InCache(cache))) == told(replayed(policy, of))


@ON_TWO
def test_two_who_fill_late_at_the_same_moment_are_both_refused(cache: Cache) -> None:
    keeper = InCache(cache)
    keeper.count_up("changes:x", 60)
    kept: list[bool] = []

    def late() -> None:
        kept.append(InCache(cache).set_if("x", "old", 60, "changes:x", "0"))

    threads = [threading.Thread(target=late) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept == [False] * 8 and keeper.get("x") is None
    assert keeper.set_if("x", "new", 60, "changes:x", "1") and keeper.get("x") == "new"


@ON_ALL
def test_a_change_between_the_look_and_the_fill_is_seen(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real cache decides at the moment of the fill, whatever was read just before."""
    keeper, other = InCache(cache), InCache(cache)
    pipeline = keeper.client.pipeline

    def slow(*arguments: Any, **options: Any) -> Any:
        pipe = pipeline(*arguments, **options)
        execute = pipe.execute

        def change_first(*given: Any) -> Any:
            monkeypatch.undo()
            other.count_up("changes:x", 60)
            return execute(*given)

        pipe.execute = change_first
        return pipe

    monkeypatch.setattr(keeper.client, "pipeline", slow)
    assert not keeper.set_if("x", "old", 60, "changes:x", "0")
    assert other.get("x") is None


def test_progress_is_told_and_ends_at_the_whole() -> None:
    seen: list[float] = []
    Replay(read_policy(ZONES), evening("public")).run(seen.append)

    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == 1.0 and len(seen) > 20


def test_jitter_spreads_what_was_kept_at_one_moment() -> None:
    of = evening("public")
    most = {
        percent: replayed(
            read_policy(ZONES | {"ttl_seconds": 60, "jitter_percent": percent}),
            of,
            None,
            Situation(warmed=True),
        ).peak[0]
        for percent in (0, 50)
    }
    assert most[50] < most[0]


def test_chance_of_the_jitter_is_the_seed_s_alone() -> None:
    random.seed(1)
    first = replayed(read_policy(POLICIES["update, early, jitter"]), part())
    random.seed(2)
    assert told(first) == told(replayed(read_policy(POLICIES["update, early, jitter"]), part()))
