"""Stampedes, cold starts and an outage: counted the same in every run, on every server."""

import dataclasses
import threading
import time
from typing import Any

import pytest

from cache_servers import ON_ALL
from ridealong.service.caching import Policy, ReadThrough
from ridealong.systems.cache import stampede
from ridealong.systems.cache.keepers import InCache, InMemory
from ridealong.systems.cache.server import Cache
from ridealong.systems.cache.stampede import (
    WAYS,
    Rush,
    cold_start,
    reads_after_warming,
    replayed_with_outage,
    rush,
)
from ridealong.systems.cache.traffic import Evening, evening

CLIENTS = 12
COUNTS = {
    "no cure": Rush(reads=12, at_once=12, waited=12),
    "lock, no second look": Rush(reads=12, at_once=1, waited=12),
    "single flight": Rush(reads=1, at_once=1, waited=12),
    "refresh ahead": Rush(reads=12, at_once=12, waited=0),
    "refresh ahead and single flight": Rush(reads=1, at_once=1, waited=0),
}


@ON_ALL
def test_what_one_key_costs_at_its_end(cache: Cache) -> None:
    assert {way: rush(way, cache, CLIENTS) for way in WAYS} == COUNTS


@pytest.mark.weekly
@ON_ALL
def test_costs_are_the_same_in_thirty_runs(cache: Cache) -> None:
    for _ in range(30):
        assert {way: rush(way, cache, CLIENTS) for way in WAYS} == COUNTS


@pytest.mark.parametrize("way", ["single flight", "lock, no second look", "refresh ahead"])
def test_rush_that_fails_leaves_no_thread_behind(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    before = threading.active_count()

    def broken(self: Any) -> None:
        raise OSError("the database is gone")

    monkeypatch.setattr(stampede._Clients, "_read", broken)
    begun = time.monotonic()
    with pytest.raises((OSError, threading.BrokenBarrierError)):
        rush(way, cache, CLIENTS)

    assert time.monotonic() - begun < stampede.MEETING_SECONDS / 2
    assert threading.active_count() == before


def test_client_that_was_held_up_between_look_and_lock_does_not_read_again() -> None:
    """It looked before the other had read, and takes the lock after the other has let go of it."""
    policy = Policy(key="{zone}", single_flight=True)
    place = {"city": 1, "zone": "BRK-DTN", "rider": 0}
    answer = {"cars": {"BRK-DTN": 4}}

    class HeldUp(InMemory):
        other: ReadThrough | None = None

        def add(self, key: str, text: str, seconds: float) -> bool:
            if self.other is not None:
                other, self.other = self.other, None
                found = other.look(place)
                assert found.ticket is not None
                other.keep(found.ticket, answer, 0.0)
            return super().add(key, text, seconds)

    keeper = HeldUp()
    reads = ReadThrough(policy, keeper, lambda: 1.0)
    keeper.other = reads

    found = reads.look(place)

    assert found.ticket is None and not found.waits
    assert found.answer == answer
    assert list(keeper.texts) == ["BRK-DTN"], "the lock is free again"


def test_jitter_parts_keys_that_were_kept_in_one_moment() -> None:
    plain, some, much = (
        reads_after_warming(percent, keys=60, ttl_seconds=30, seconds=120)
        for percent in (0, 20, 50)
    )

    assert [second for second, reads in enumerate(plain) if reads] == [30, 60, 90]
    assert max(plain) == plain[30] == 60
    assert max(plain) > 3 * max(some) > 3 * max(much)
    assert sum(plain) < sum(some) < sum(much), "times that are shorter cost reads"


def test_warming_counts_the_same_in_a_real_cache(cache: Cache) -> None:
    like: dict[str, Any] = {"keys": 10, "ttl_seconds": 8, "seconds": 30}

    assert reads_after_warming(30, **like) == reads_after_warming(30, **like, keeper=InCache(cache))


def test_cold_start_ends_with_single_flight_and_not_without() -> None:
    like: dict[str, Any] = {
        "keys": 300, "looks_per_second": 240, "database_reads_per_second": 12, "seconds": 90,
    }  # fmt: skip
    naive, single = (
        cold_start(Policy(key="{zone}", ttl_seconds=30, single_flight=flight), **like)
        for flight in (False, True)
    )

    assert naive.waiting[-1] > naive.waiting[29] > naive.waiting[9] > 300
    assert max(single.waiting) <= 300 and single.waiting[30] <= 12
    assert single.hits[80] > 0.9 > naive.hits[80]
    assert naive.hits[0] < 0.1 and single.hits[0] < 0.1
    assert all(0 <= share <= 1 + 1e-9 for share in naive.hits + single.hits)


def test_cold_start_of_a_database_that_bears_all_looks_is_over_at_once() -> None:
    run = cold_start(
        Policy(key="{zone}", ttl_seconds=30),
        keys=20, looks_per_second=40, database_reads_per_second=1_000, seconds=20,
    )  # fmt: skip

    assert max(run.waiting) <= 1 and run.hits[10] == pytest.approx(1)
    assert sum(run.reads[:15]) == 20, "each key once"


def part(seconds: float) -> Evening:
    """The beginning of the public evening."""
    whole = evening("public")
    return dataclasses.replace(
        whole, events=tuple(each for each in whole.events if each.at < seconds)
    )


@pytest.mark.parametrize("server", ["valkey", "fakeredis"])
def test_evening_goes_on_while_the_cache_is_away(server: str) -> None:
    policy = Policy(
        key="{city}:{zone}", ttl_seconds=15, single_flight=True, refresh_ahead_seconds=5
    )
    short = part(60)
    begun = time.monotonic()
    with Cache(server) as cache:
        run, again = (
            replayed_with_outage(policy, short, cache, killed_at=20, back_at=40) for _ in range(2)
        )
        assert cache.is_running and cache.keys()

    assert run.looks == again.looks and run.failures == again.failures > 0
    assert len(run.looks) == sum(each.kind == "look" for each in short.events)
    during = [each for each in run.looks if 20 <= each.at < 40]
    assert during and not any(each.hit for each in during)
    assert sum(20 <= at < 40 for at, _ in run.reads) >= len(during) - 5
    assert any(each.hit for each in run.looks if each.at >= 45)
    assert run.double_bookings == 0
    assert time.monotonic() - begun < 40, "a dead cache is a miss, not a wait"
