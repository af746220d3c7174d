"""A policy is judged by what it leads to, on evenings that its author has not seen as well."""

import dataclasses
from typing import Any

import pytest
import yaml

from ridealong.judging import cache
from ridealong.judging.cache import ALWAYS, LIMITS
from ridealong.judging.evenings import Limit
from ridealong.service.caching import PolicyError, read_policy
from ridealong.systems.cache.replay import Measured, Shown, Situation
from ridealong.systems.cache.traffic import evening

RIGHT: dict[str, Any] = {
    "key": "{city}:{zone}",
    "ttl_seconds": 15,
    "jitter_percent": 20,
    "on_write": "delete",
    "writes": ["accept", "free", "move"],
    "late_fills": "refuse",
    "empty_ttl_seconds": 5,
    "single_flight": True,
    "never_shared": ["offer"],
}
ENTRY: dict[str, Any] = {"limits": {"reads_per_second": 4.5, "ghost_percent": 2}}


def judged(policy: object, entry: dict[str, Any] = ENTRY) -> Any:
    return cache.judged("map-policy", entry, policy)


def test_a_policy_that_keeps_its_limits_holds_on_every_evening() -> None:
    seen = judged(RIGHT)

    assert seen.passed and all(each.held for each in seen.properties)
    assert len(seen.properties) == len(ALWAYS) + 2
    assert "on 3 evenings each of 5 limits is kept, and 79% of the looks" in seen.message
    assert cache.marks(RIGHT, ENTRY) == {}


def test_a_policy_that_fits_the_public_evening_alone_is_told_where_it_broke() -> None:
    policy = {"key": "{city}:{zone}", "ttl_seconds": 5, "never_shared": ["offer"]}
    seen = judged(policy)

    assert not seen.passed and seen.share == 0.5, "one of two limits is kept"
    assert seen.message == (
        "wanted: at most 2% of the looks show a car where none is; on another evening it is 2.2%, "
        "most of it in minute 11 and in Lakemont"
    )
    public = next(each for each in seen.properties if "a car where none is" in each.name)
    assert not public.held and public.seen == "2.2%"
    found = cache.marks(policy, ENTRY)
    assert found["broken"] == ["ghost_percent"] and found["policy"]["on_write"] == "nothing"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": "{zone}:{rider}"}, "wanted: at most 4.5 reads of the database a second, over"),
        ({"key": "cars"}, "wanted: nobody is shown the cars of another place; on your evening it"),
        ({"never_shared": []}, "wanted: nobody is shown what was made for another rider; on your"),
    ],
)
def test_message_says_what_was_wanted_and_what_was_seen(change: dict[str, Any], words: str) -> None:
    seen = judged(RIGHT | change)

    assert not seen.passed and seen.message.startswith(words)
    assert "most of it in minute " in seen.message and "\n" not in seen.message


def test_a_limit_that_always_holds_costs_all_points_when_it_breaks() -> None:
    assert judged(RIGHT | {"never_shared": []}).share == 0


def test_words_of_the_author_follow_what_was_seen() -> None:
    policy = RIGHT | {"never_shared": []}
    mistake = {
        "name": "shared-offer",
        "message": "Own words.",
        "results": cache.marks(policy, ENTRY),
    }
    seen = judged(policy, ENTRY | {"mistakes": [mistake]})

    assert seen.mistake == "shared-offer" and seen.message.endswith(". Own words.")
    assert "wanted: nobody is shown what was made for another rider" in seen.message


def test_what_breaks_a_limit_narrowly_is_told_with_the_digits_that_show_it() -> None:
    looks = tuple(look(float(n), 1, shown=0, there=int(n < 6)) for n in range(958))
    limit = LIMITS["hidden_percent"]

    assert limit.seen(run(looks=looks), 0.6) == "0.63%", "6 of 958, and 0.6% is the limit"
    assert limit.seen(run(looks=looks), 0.5) == "0.6%"
    one = (look(0.0, 1, mixed=True), *(look(1.0, 1) for _ in range(3_000)))
    assert ALWAYS["mixed"].seen(run(looks=one), 0.0) == "0.03% of the looks"


def test_a_key_lacks_a_field_that_the_exercise_keeps_answers_by() -> None:
    entry = ENTRY | {"key_holds": ["zone"]}
    seen = judged(RIGHT | {"key": "{city}"}, entry)

    assert not seen.passed and seen.share == 0
    assert seen.message == (
        "key is '{city}', and this task keeps an answer for each zone: put {zone} into the key"
    )
    assert cache.marks(RIGHT | {"key": "{city}"}, entry) == {"error": seen.message}
    assert judged(RIGHT, entry).passed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"key": "{zone}:{rider}"}, {"key": "{rider}:{city}:{zone}"}),
        ({"key": "{zone}", "ttl_seconds": 1}, {"ttl_seconds": 1}),
        ({"key": "{rider}"}, {"key": "{city}:{rider}", "never_shared": []}),
        ({"never_shared": []}, {"never_shared": [], "single_flight": False, "jitter_percent": 0}),
        ({"key": "cars"}, {"key": "all", "ttl_seconds": 3, "on_write": "nothing"}),
    ],
)
def test_what_is_wrong_for_one_reason_has_one_mark(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    marks = cache.marks(RIGHT | one, ENTRY)

    assert marks["broken"] and marks == cache.marks(RIGHT | other, ENTRY)


@pytest.mark.parametrize("value", [None, [], {"key": "{town}", "ttl_seconds": 5}])
def test_what_is_no_policy_is_told_in_one_line(value: object) -> None:
    seen = judged(value)

    assert not seen.passed and "\n" not in seen.message and seen.share == 0
    assert cache.marks(value, ENTRY) == {"error": seen.message}


def look(at: float, city: int, **seen: Any) -> Shown:
    """A look that shows what is true, from the cache, with some of it changed."""
    truth = Shown(at, city, "HBV-DTN", 1, 1, 0.0, 1.0, True, False, False)
    return dataclasses.replace(truth, **seen)


BAD: dict[str, dict[str, Any]] = {
    "mixed": {"mixed": True},
    "leaked": {"leaked": True},
    "stale_p95_seconds": {"stale_seconds": 9.0},
    "ghost_percent": {"there": 0},
    "hidden_percent": {"shown": 0},
    "p95_wait_ms": {"waited_ms": 900.0},
    "hit_percent": {"hit": False},
}


def run(**change: Any) -> Measured:
    """An evening on which nothing is wrong, with some of it changed."""
    good = Measured("public", (look(1.0, 1), look(700.0, 1)), (), 0, 0, 0, 0)
    return dataclasses.replace(good, **change)


@pytest.mark.parametrize("name", [*ALWAYS, *LIMITS])
def test_each_limit_measures_what_it_says_and_where(name: str) -> None:
    limit = {**ALWAYS, **LIMITS}[name]
    number = 100.0 if limit.is_least else 0.0
    if name in BAD:
        bad = run(looks=(look(1.0, 1), *(look(130.0 + n, 2, **BAD[name]) for n in range(9))))
        number = {"stale_p95_seconds": 5.0, "p95_wait_ms": 100.0}.get(name, number)
    elif name == "double_bookings":
        bad = run(double_bookings=1)
    else:
        bad = run(reads=tuple((130.0, 2) for _ in range(50)), most_at_once=(50, 130.0))
    assert limit.holds(run(), number) and not limit.holds(bad, number)
    said = cache._TRIAL._about((run(), bad), name, number)
    assert said.startswith("wanted: ") and "{" not in said
    assert said.endswith(", most of it in minute 3 and in Brookfall") == (name != "double_bookings")


def test_a_broken_limit_is_never_shown_as_kept() -> None:
    ghosts, true = look(1.0, 1, there=0), look(1.0, 1)
    bad = run(looks=(ghosts,) * 1_102 + (true,) * 98_898)
    limit = LIMITS["ghost_percent"]

    assert "; on your evening it is 1.102%" in cache._TRIAL._about((bad,), "ghost_percent", 1.1)
    assert cache._TRIAL._property((bad,), "ghost_percent", 1.1).seen == "1.102%"
    assert limit.seen(bad, 1) == "1.1%" and limit.seen(run(), 1.1) == "0.0%"


def test_ten_seconds_of_the_peak_are_where_it_is_said_to_be() -> None:
    reads = (*((float(at), 1) for at in range(0, 300, 6)), *((315.0 + n / 10, 4) for n in range(8)))
    limit = LIMITS["peak_reads_per_second"]

    seen = run(reads=reads)
    assert limit.adds(seen, 0.5).endswith(f"and in {evening(seen.evening).cities[4]}")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"limits": {}}, "'limits' is empty"),
        ({"limits": {"ghosts": 1}}, "no limit is called 'ghosts'"),
        ({"limits": {"ghost_percents": 1}}, "ghost_percent"),
        ({"limits": {"ghost_percent": "1"}}, "ghost_percent is '1', wanted a number"),
        ({"limits": {"ghost_percent": True}}, "ghost_percent is True, wanted a number"),
        (ENTRY | {"emptied_at_seconds": ["x"]}, "'x', wanted seconds from 0 to 720"),
        (ENTRY | {"key_holds": ["town"]}, "'town', wanted fields of a read: city, zone, rider"),
        (ENTRY | {"emptied_at_seconds": [720]}, "720, wanted seconds from 0 to 720"),
    ],
)
def test_keys_of_an_exercise_are_looked_at(keys: dict[str, Any], words: str) -> None:
    assert [problem for problem in cache.problems(keys) if words in problem]
    assert list(cache.problems(ENTRY | {"emptied_at_seconds": [360.0]})) == []


def test_situation_of_an_exercise_is_that_of_its_evenings() -> None:
    said: dict[str, Any] = {"read_seconds": 0.2, "zone_seconds": 0.1, "warmed": True}

    assert cache.situation(ENTRY | said | {"emptied_at_seconds": [360]}) == Situation(
        **said, emptied_at_seconds=(360,)
    )
    assert cache.situation(ENTRY) == Situation()


def test_mutants_change_one_line_each_and_are_policies() -> None:
    found = list(cache.mutants(yaml.safe_dump(RIGHT), ENTRY))

    changes = [each.change for each in found]
    assert len(set(changes)) == len(changes) >= 20
    for change in ("ttl_seconds: doubled", "ttl_seconds: halved", "jitter_percent: 0",
                   "without on_write", "key: without city", "key: with rider",
                   "writes: without free", "on_write: nothing", "single_flight: false"):  # fmt: skip
        assert change in changes
    unreadable = {each.change for each in found if not is_policy(each.text)}
    assert unreadable == {"without key", "without ttl_seconds", "ttl_seconds: 0"}


def is_policy(text: str) -> bool:
    """Return whether a text holds a policy."""
    try:
        read_policy(yaml.safe_load(text))
    except PolicyError:
        return False
    return True


def test_policies_of_mutants_differ_from_the_reference() -> None:
    """Else a mutant would be equal by its writing alone; what is left out may be the default."""
    same = {
        each.change
        for each in cache.mutants(yaml.safe_dump(RIGHT), ENTRY)
        if is_policy(each.text) and read_policy(yaml.safe_load(each.text)) == read_policy(RIGHT)
    }
    assert same == {"without writes"}


@pytest.mark.parametrize("change", ["key: with rider", "on_write: nothing", "writes: without free"])
def test_changes_that_matter_are_refused_by_limits_that_are_tight(change: str) -> None:
    tight = {"limits": {"reads_per_second": 3.8, "ghost_percent": 0.1, "hidden_percent": 0.1}}
    found = {each.change: each.text for each in cache.mutants(yaml.safe_dump(RIGHT), tight)}

    assert cache.marks(RIGHT, tight) == {}
    assert cache.marks(yaml.safe_load(found[change]), tight)["broken"]


def test_limit_that_is_a_least_is_broken_from_below() -> None:
    limit = Limit("x", lambda run: 5.0, "{}", "", is_least=True)

    assert limit.holds(run(), 5.0) and limit.holds(run(), 4.9) and not limit.holds(run(), 5.1)


@pytest.mark.parametrize(
    ("name", "value", "number", "seen"),
    [
        ("hidden_percent", 1.62, 1.6, "1.62%"),
        ("ghost_percent", 8.04, 8, "8.04%"),
        ("ghost_percent", 9.7, 8, "9.7%"),
        ("reads_per_second", 2.1004, 2.1, "2.1004 reads a second"),
        ("p95_wait_ms", 200.4, 200, "200.4 ms"),
        ("hit_percent", 89.96, 90, "89.96%"),
        ("stale_p95_seconds", 22.0 + 1e-9, 22, "22.000000 s"),
    ],
)
def test_what_breaks_a_limit_does_not_read_as_if_it_kept_it(
    name: str, value: float, number: float, seen: str
) -> None:
    limit = dataclasses.replace(LIMITS[name], measured=lambda run: value)

    assert not limit.holds(run(), number)
    assert limit.seen(run(), number) == seen
