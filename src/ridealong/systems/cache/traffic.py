"""The traffic that a cache of free cars meets: looks at the map, requests for rides, cars that move.

It is the evening of a concert as the company's data have it, for a company twenty times as busy:
four hours pass in twelve minutes. Who asks for a ride, where, when, and how long the ride takes is
recorded. What the data do not record is made from a seed: how often a rider looks at the map before
they ask, that two of three riders look and do not ask, and where free cars drive.

`python -m ridealong.systems.cache.traffic` makes `evenings.json` anew from the company's data.
"""

import json
import random
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

FASTER: Final = 20
RECORDED_SECONDS: Final = 4 * 3600
SECONDS: Final = RECORDED_SECONDS / FASTER

EVENINGS: Final = {"public": 42, "hidden": 7}
"""The seeds of the company's data whose concert evening each one is."""

LOOK_EVERY_SECONDS: Final = 4.0
LOOKS_BEFORE_ASKING: Final = (6, 20)
ONLY_LOOK: Final = 2  # for each rider who asks, so many look and put the phone away
MOVES_PER_HOUR: Final = 3.2  # of a free car, as the pings of Brookfall have it


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One thing that happens.

    Attributes:
        at: seconds since the evening began.
        number: of the event; two at the same time happen in this order.
        kind: look, ask or move.
        city: number of the city.
        zone: where the rider is, or the car drives to.
        rider: who looks or asks, else 0.
        driver: whose car moves, else 0.
        to_zone: where a ride ends.
        busy_seconds: how long the ride takes.
    """

    at: float
    number: int
    kind: str
    city: int
    zone: str
    rider: int = 0
    driver: int = 0
    to_zone: str = ""
    busy_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Car:
    """A car as the evening begins; all of them are free."""

    driver: int
    city: int
    zone: str


@dataclass(frozen=True, slots=True)
class Evening:
    """Some hours of five cities.

    Attributes:
        name: public or hidden.
        cities: names by number.
        zones: codes by number of the city.
        cars: how they stand when it begins.
        events: in order.
    """

    name: str
    cities: dict[int, str]
    zones: dict[int, list[str]]
    cars: tuple[Car, ...]
    events: tuple[Event, ...]


@cache
def evening(name: str = "public", *, seed: int = 0) -> Evening:
    """Return an evening; the same for the same seed.

    Args:
        name: one of `EVENINGS`.
        seed: of what the data do not record.
    """
    recorded = json.loads(files("ridealong.systems.cache").joinpath("evenings.json").read_text())
    data = recorded[str(EVENINGS[name])]
    chance = random.Random(f"{name} {seed}")
    cities: dict[int, str] = dict(recorded["cities"])
    zones: dict[int, list[str]] = {city: [] for city in cities}
    for city, zone in recorded["zones"]:
        zones[city].append(zone)
    cars = tuple(Car(driver, city, zone) for city, driver, zone in data["cars"])
    made = [*_looks_and_asks(data["asks"], chance), *_moves(cars, zones, chance)]
    made.sort(key=lambda each: each["at"])
    events = tuple(Event(number=number, **each) for number, each in enumerate(made))
    return Evening(name, cities, zones, cars, events)


def _looks_and_asks(asks: list[list[Any]], chance: random.Random) -> list[dict[str, Any]]:
    made = []
    for second, city, zone, to_zone, rider, busy in asks:
        asked = (second + chance.random()) / FASTER
        place = {"city": city, "zone": zone}
        usual = 600  # of a ride that was never driven: as long as an ordinary one
        made.append(
            {
                "at": asked,
                "kind": "ask",
                **place,
                "rider": rider,
                "to_zone": to_zone,
                "busy_seconds": (busy or usual) / FASTER,
            }
        )
        sessions = [(rider, asked)]
        for nth in range(ONLY_LOOK):
            sessions.append((-(rider * ONLY_LOOK + nth), asked + chance.uniform(-60, 60)))
        for looker, end in sessions:
            for turn in range(chance.randint(*LOOKS_BEFORE_ASKING)):
                at = end - 0.5 - turn * LOOK_EVERY_SECONDS * chance.uniform(0.9, 1.1)
                if 0 <= at < SECONDS:
                    made.append({"at": at, "kind": "look", **place, "rider": looker})
    return made


def _moves(
    cars: tuple[Car, ...], zones: dict[int, list[str]], chance: random.Random
) -> list[dict[str, Any]]:
    made = []
    for car in cars:
        at = 0.0
        while True:
            at += chance.expovariate(MOVES_PER_HOUR * FASTER / 3600)
            if at >= SECONDS:
                break
            zone = chance.choice(zones[car.city])
            made.append(
                {"at": at, "kind": "move", "city": car.city, "zone": zone, "driver": car.driver}
            )
    return made


def recorded() -> dict[str, Any]:
    """Return the evenings as the company's data have them, which takes some seconds to build."""
    from ridealong.dataset import connect

    query = files("ridealong.systems.cache").joinpath("evenings.sql").read_text(encoding="utf-8")
    found: dict[str, Any] = {}
    for seed in EVENINGS.values():
        with connect(seed=seed) as connection:
            connection.execute(query)
            found[str(seed)] = {
                name: [list(row) for row in connection.sql(f"SELECT * FROM {name}").fetchall()]
                for name in ("asks", "cars")
            }
            for name, columns in (("cities", "city_id, name"), ("zones", "city_id, zone_code")):
                rows = connection.sql(
                    f"SELECT {columns} FROM {name} WHERE city_id <= 5 ORDER BY ALL"
                )
                found[name] = [list(row) for row in rows.fetchall()]
    return found


if __name__ == "__main__":
    text = json.dumps(recorded(), separators=(",", ":")).replace("],[", "],\n[")
    Path(__file__).with_name("evenings.json").write_text(text + "\n", encoding="utf-8")
