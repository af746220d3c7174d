"""A policy is read or refused in one line, and reading through a cache does what it says."""

import datetime
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
import redis

from ridealong.service import caching
from ridealong.service.caching import Found, PolicyError, ReadThrough, Surviving, read_policy
from ridealong.systems.cache.keepers import InMemory

HERE = {"city": 1, "zone": "HBV-DTN", "rider": 123}
THERE = {"city": 2, "zone": "BRK-UNI", "rider": 15}
RIGHT = {"key": "{city}:{zone}", "ttl_seconds": 5}
CARS = {"cars": {"HBV-DTN": 3}, "offer": 123}
NONE = {"cars": {"HBV-DTN": 0}, "offer": 123}


class Clock:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def through(clock: Clock | None = None, **policy: Any) -> ReadThrough:
    """Reads through a dictionary by the right policy with some lines changed."""
    return ReadThrough(
        read_policy(RIGHT | policy), InMemory(), clock or Clock(), random.Random("chance")
    )


def fill(reads: ReadThrough, answer: Mapping[str, Any] = CARS) -> bool:
    """Read the database for a look that missed, as fast as can be."""
    found = reads.look(HERE)
    assert found.answer is None and found.ticket is not None
    return reads.keep(found.ticket, answer, reads.clock())


def wrote(reads: ReadThrough, event: str = "accept", place: Mapping[str, Any] = HERE) -> bool:
    """Tell of a change, after which no car is there."""
    return reads.wrote(event, place, lambda: NONE)


def test_what_a_policy_leaves_out_is_as_documented() -> None:
    policy = read_policy(RIGHT)

    assert policy == caching.Policy(
        key="{city}:{zone}", ttl_seconds=5.0, empty_ttl_seconds=5.0, never_shared=frozenset()
    )
    assert (policy.on_write, policy.late_fills, policy.single_flight) == ("nothing", "keep", False)
    assert policy.key_of(HERE) == "1:HBV-DTN" and policy.fields == {"city", "zone"}
    assert read_policy(RIGHT | {"ttl_seconds": 30}).empty_ttl_seconds == 30


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (None, "the policy is empty, wanted lines such as ttl_seconds: 5"),
        ([], "the policy is []"),
        ("ttl_seconds = 5", "the policy is 'ttl_seconds = 5'"),
        ({}, 'the policy lacks key and ttl_seconds: write a line such as key: "{city}"'),
        ({"key": "{city}"}, "the policy lacks ttl_seconds: write a line such as ttl_seconds: 5"),
        ("ttl_seconds:5", "such as ttl_seconds: 5, with a space after each colon"),
        (RIGHT | {"ttl": 5}, "the line 'ttl', not known: there are key, ttl_seconds"),
        (RIGHT | {"ttl_second": 5}, "did you mean ttl_seconds?"),
        (RIGHT | {7: 5}, "the line '7', not known"),
        (RIGHT | {"x" * 10**6: 5}, "not known"),
        (RIGHT | {"ttl_seconds": 0}, "ttl_seconds is 0, wanted seconds from 0.001 to 86,400"),
        (RIGHT | {"ttl_seconds": -1}, "ttl_seconds is -1"),
        (RIGHT | {"ttl_seconds": 10**12}, "ttl_seconds is 1000000000000, wanted"),
        (RIGHT | {"ttl_seconds": float("nan")}, "ttl_seconds is nan"),
        (RIGHT | {"ttl_seconds": float("inf")}, "ttl_seconds is inf"),
        (RIGHT | {"ttl_seconds": True}, "ttl_seconds is true"),
        (RIGHT | {"ttl_seconds": None}, "ttl_seconds is empty, wanted"),
        (RIGHT | {"ttl_seconds": datetime.date(2026, 1, 2)}, "is 2026-01-02, a date, wanted"),
        (RIGHT | {"ttl_seconds": "5s"}, "'5s': leave the unit away, it stands in the name"),
        (RIGHT | {"ttl_seconds": "1.5 min"}, "leave the unit away"),
        (RIGHT | {"ttl_seconds": "3,5"}, "'3,5': write a point in place of the comma"),
        (RIGHT | {"ttl_seconds": "5"}, "ttl_seconds is '5', a text for its quotation marks"),
        (RIGHT | {"ttl_seconds": [5]}, "ttl_seconds is [5]"),
        (RIGHT | {"empty_ttl_seconds": -0.5}, "empty_ttl_seconds is -0.5, wanted seconds from 0"),
        (RIGHT | {"jitter_percent": 101}, "jitter_percent is 101, wanted a percentage from 0 to"),
        (RIGHT | {"jitter_percent": "20%"}, "'20%': leave the unit away"),
        (RIGHT | {"on_write": "drop"}, "on_write is 'drop', wanted one of nothing, delete, update"),
        (RIGHT | {"on_write": ["delete"]}, "on_write is ['delete']"),
        (RIGHT | {"writes": "accept"}, "wanted a list of accept, free, move: write [accept]"),
        (RIGHT | {"writes": ["accept", "sell"]}, "writes is ['accept', 'sell']"),
        (RIGHT | {"writes": [["accept"]]}, "writes is [['accept']]"),
        (RIGHT | {"writes": {"accept": 1}}, "wanted a list"),
        (RIGHT | {"late_fills": True}, "late_fills is true, wanted one of keep, refuse"),
        (RIGHT | {"single_flight": "on"}, "single_flight is 'on', wanted true or false"),
        (RIGHT | {"single_flight": 1}, "single_flight is 1, wanted true or false"),
        (RIGHT | {"refresh_ahead_seconds": 5}, "old as soon as it is kept"),
        (RIGHT | {"never_shared": ["cars"]}, "never_shared holds cars: then nothing is left"),
        (RIGHT | {"never_shared": "offer"}, "wanted a list of cars, offer: write [offer]"),
        (RIGHT | {"writes": "accept, free"}, "writes is 'accept, free', wanted a list of accept"),
        (RIGHT | {"ttl_seconds": 0.0005}, "ttl_seconds is 0.0005, wanted seconds from 0.001"),
        (RIGHT | {"never_shared": ["price"]}, "wanted a list of cars, offer, such as [offer]"),
        (RIGHT | {"key": ""}, "key is '', wanted a text with fields in braces"),
        (RIGHT | {"key": "  "}, "key is '  '"),
        (RIGHT | {"key": {"city": None}}, "in YAML it needs its quotation marks"),
        (RIGHT | {"key": [0] * 10**5}, "key is [0, 0"),
        (RIGHT | {"key": "{town}"}, "key holds {town}, which no read has"),
        (RIGHT | {"key": "{zones}"}, "did you mean {zone}?"),
        (RIGHT | {"key": "{city.__class__}"}, "key holds {city.__class__}, which no read has"),
        (RIGHT | {"key": "{city!r:>99999999}"}, "which no read has"),
        (RIGHT | {"key": "{0}{}"}, "key holds {0}"),
        (RIGHT | {"key": "{city}*"}, "key holds '*' beside its fields"),
        (RIGHT | {"key": "^(a+)+$"}, "beside its fields, wanted letters, digits and"),
        (RIGHT | {"key": "{city"}, "key holds '{city' beside its fields"),
        (RIGHT | {"key": "{{city}}"}, "key holds '{}' beside its fields"),
        (RIGHT | {"key": "{city}\nFLUSHALL"}, "beside its fields"),
        (RIGHT | {"key": "{city}" * 11}, "key has 66 characters, wanted at most 60"),
    ],
)  # fmt: skip
def test_what_is_no_policy_is_told_in_one_short_line(policy: object, words: str) -> None:
    with pytest.raises(PolicyError) as told:
        read_policy(policy)

    assert words in str(told.value)
    assert "\n" not in str(told.value) and len(str(told.value)) < 300


@pytest.mark.parametrize("key", ["cars", "{city}{zone}{rider}", "v1/{city}-{zone}.{rider}:x"])
def test_any_plain_text_with_fields_is_a_key(key: str) -> None:
    assert read_policy(RIGHT | {"key": key}).key == key


def test_an_answer_is_there_until_its_time_and_not_after() -> None:
    clock = Clock()
    reads = through(clock)
    assert fill(reads)

    clock.now += 4.999
    assert reads.look(HERE) == Found(CARS, 100.0)
    clock.now += 0.001
    assert reads.look(HERE).answer is None
    assert reads.look(THERE).answer is None, "of another place"


def test_time_begins_when_the_answer_is_kept_and_says_when_it_was_read() -> None:
    clock = Clock()
    reads = through(clock)
    ticket = reads.look(HERE).ticket
    assert ticket is not None
    clock.now += 3
    reads.keep(ticket, CARS, 100.0)

    clock.now += 4
    assert reads.look(HERE).read_at == 100.0


def test_jitter_shortens_by_up_to_its_percentage() -> None:
    ends = []
    for _ in range(3):
        reads = through(jitter_percent=40)
        reads.chance = random.Random(len(ends))
        for _ in range(100):
            reads.cache.delete("1:HBV-DTN")
            fill(reads)
            ends.append(json.loads(str(reads.cache.get("1:HBV-DTN")))["until"] - 100)
    assert 3.0 <= min(ends) < 3.1 and 4.9 < max(ends) <= 5.0


@pytest.mark.parametrize(("seconds", "kept"), [(0, False), (1, True)])
def test_an_answer_without_cars_has_a_time_of_its_own(seconds: float, kept: bool) -> None:
    clock = Clock()
    reads = through(clock, empty_ttl_seconds=seconds)

    assert fill(reads, NONE) == kept
    assert (reads.look(HERE).answer is not None) == kept
    clock.now += 1
    assert reads.look(HERE).answer is None


def test_what_is_never_shared_is_not_in_the_cache() -> None:
    kept, held_back = through(), through(never_shared=["offer"])
    for reads in (kept, held_back):
        fill(reads)

    assert kept.look(HERE).answer == CARS
    assert held_back.look(HERE).answer == {"cars": CARS["cars"]}
    assert "offer" not in str(held_back.cache.get("1:HBV-DTN"))


def test_a_change_does_nothing_by_default() -> None:
    reads = through()
    fill(reads)

    assert not wrote(reads) and reads.look(HERE).answer == CARS


def test_a_change_deletes_its_own_place_alone() -> None:
    reads = through(on_write="delete")
    fill(reads)

    assert not wrote(reads, place=THERE) and reads.look(HERE).answer == CARS
    assert not wrote(reads) and reads.look(HERE).answer is None


def test_a_change_writes_the_new_answer() -> None:
    reads = through(on_write="update")
    fill(reads)

    assert wrote(reads), "the database was read"
    assert reads.look(HERE).answer == NONE


def test_only_changes_that_are_named_count() -> None:
    reads = through(on_write="delete", writes=["free"])
    fill(reads)

    wrote(reads, "accept")
    assert reads.look(HERE).answer == CARS
    wrote(reads, "free")
    assert reads.look(HERE).answer is None


def test_a_key_with_a_rider_is_not_found_by_a_change() -> None:
    reads = through(key="{city}:{zone}:{rider}", on_write="delete")
    fill(reads)

    assert not wrote(reads) and reads.look(HERE).answer == CARS


@pytest.mark.parametrize("on_write", ["delete", "update"])
@pytest.mark.parametrize("late_fills", ["keep", "refuse"])
@pytest.mark.parametrize("changes_before", [0, 1])
def test_a_slow_reader_puts_the_old_answer_back_unless_it_is_refused(
    on_write: str, late_fills: str, changes_before: int
) -> None:
    reads = through(on_write=on_write, late_fills=late_fills)
    for _ in range(changes_before):
        wrote(reads, place=HERE)
        reads.cache.delete("1:HBV-DTN")
    slow = reads.look(HERE).ticket
    assert slow is not None
    wrote(reads)

    kept = reads.keep(slow, CARS, 100.0)

    assert kept == (late_fills == "keep")
    now = reads.look(HERE).answer
    assert now == (CARS if kept else {"delete": None, "update": NONE}[on_write])


def test_a_change_elsewhere_refuses_nothing() -> None:
    reads = through(on_write="delete", late_fills="refuse")
    slow = reads.look(HERE).ticket
    assert slow is not None
    wrote(reads, place=THERE)

    assert reads.keep(slow, CARS, 100.0)


def test_one_reads_for_all_and_the_next_time_another_may() -> None:
    clock = Clock()
    reads = through(clock, single_flight=True)
    first = reads.look(HERE)
    assert first.ticket is not None and first.ticket.holds_lock
    assert reads.look(HERE) == Found(waits=True)
    assert reads.look(THERE).ticket is not None, "another key"

    reads.keep(first.ticket, CARS, 100.0)
    assert reads.look(HERE).answer == CARS
    clock.now += 5
    assert reads.look(HERE).ticket is not None


def test_without_single_flight_all_read() -> None:
    reads = through()

    tickets = [reads.look(HERE).ticket for _ in range(50)]
    assert None not in tickets


@pytest.mark.parametrize("single_flight", [False, True])
def test_early_refresh_shows_the_old_answer_and_asks_for_the_new_one(single_flight: bool) -> None:
    clock = Clock()
    reads = through(clock, refresh_ahead_seconds=1, single_flight=single_flight)
    fill(reads)
    clock.now += 3.9
    assert reads.look(HERE).ticket is None

    clock.now += 0.1
    found = reads.look(HERE)
    assert found.answer == CARS and found.ticket is not None and not found.waits
    assert (reads.look(HERE).ticket is None) == single_flight, "one of all, where one flies"
    assert reads.look(HERE).answer == CARS
    reads.keep(found.ticket, NONE, clock.now)
    assert reads.look(HERE) == Found(NONE, 104.0)


class Broken:
    """A cache that does not answer, and counts how often it was asked."""

    asked = 0

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any) -> None:
            Broken.asked += 1
            raise redis.ConnectionError("gone")

        return fail


def test_a_cache_that_fails_is_a_miss_and_is_left_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(caching.time, "monotonic", lambda: now)
    Broken.asked = 0
    cache = Surviving(Broken())
    reads = ReadThrough(
        read_policy(RIGHT | {"on_write": "delete", "late_fills": "refuse", "single_flight": True}),
        cache,
        Clock(),
    )
    for _ in range(10):
        assert not fill(reads)
        wrote(reads)

    assert Broken.asked == 1 and cache.failures > 50
    now += caching.PAUSE_SECONDS
    assert cache.get("x") is None and Broken.asked == 2
    cache.inner = InMemory()
    now += caching.PAUSE_SECONDS
    assert fill(reads) and reads.look(HERE).answer == CARS
