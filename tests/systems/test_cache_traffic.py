"""The evening that a cache meets is the company's own, and the same for the same seed."""

import json
from collections import Counter
from importlib.resources import files

import pytest

from ridealong.systems.cache import traffic
from ridealong.systems.cache.traffic import EVENINGS, SECONDS, Evening, evening

NAMES = tuple(EVENINGS)


@pytest.mark.usefixtures("databases")
def test_recorded_evenings_are_what_their_query_gives() -> None:
    kept = json.loads(files("ridealong.systems.cache").joinpath("evenings.json").read_text())

    assert json.loads(json.dumps(traffic.recorded())) == kept


def made(name: str, seed: int) -> Evening:
    """Make an evening anew, past the one that is kept."""
    return evening.__wrapped__(name, seed=seed)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_is_the_same_evening_and_another_is_not(name: str) -> None:
    first, again, other = made(name, 0), made(name, 0), made(name, 1)

    assert first is not again and first == again
    assert first.events != other.events
    assert [each for each in first.events if each.kind == "ask"] != []
    assert first.cars == other.cars, "what the data record stays"


def test_two_evenings_have_their_concerts_in_different_cities() -> None:
    busiest = {
        name: Counter(each.city for each in evening(name).events).most_common(1)[0][0]
        for name in NAMES
    }
    assert len(set(busiest.values())) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_evening_holds_together(name: str) -> None:
    of = evening(name)
    kinds = Counter(each.kind for each in of.events)
    assert kinds["look"] > 20 * kinds["ask"] > 20 * 300 and kinds["move"] > 1000
    assert [each.at for each in of.events] == sorted(each.at for each in of.events)
    assert [each.number for each in of.events] == list(range(len(of.events)))
    assert of.events[0].at >= 0 and of.events[-1].at < SECONDS + 1
    assert len(of.cities) == 5 and sum(map(len, of.zones.values())) == 60
    cars = {car.driver: car for car in of.cars}
    assert len(cars) == len(of.cars), "a car stands in one place"
    assert all(car.zone in of.zones[car.city] for car in of.cars)
    for each in of.events:
        assert each.zone in of.zones[each.city]
        assert (each.rider != 0) == (each.kind != "move") == (each.driver == 0)
        if each.kind == "ask":
            assert each.rider > 0 and each.to_zone in of.zones[each.city] and each.busy_seconds > 0
        if each.kind == "move":
            assert cars[each.driver].city == each.city


@pytest.mark.parametrize("name", NAMES)
def test_whoever_asks_has_looked_before(name: str) -> None:
    looked: dict[int, float] = {}
    early = 0
    for each in evening(name).events:
        if each.kind == "look":
            looked.setdefault(each.rider, each.at)
        elif each.kind == "ask" and each.rider not in looked:
            early += each.at < 60  # their looks would have been before the evening began
            assert each.at < 60, each
    assert early < 10
