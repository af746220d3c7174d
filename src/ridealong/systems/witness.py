"""One requirement, read three ways: the price of a ride with a discount code."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ridealong.service.store import SEED
from ridealong.text import did_you_mean

REQUIREMENT: Final = (
    "With the code HARBOR a rider pays 20 % less, at most 5 dollars less. "
    "No ride costs less than the minimum fare."
)
DISCOUNT_PERCENT: Final = 20
MOST_DISCOUNT_CENTS: Final = 500
LONGEST_MILES: Final = 50


class WitnessError(ValueError):
    """An answer that is no ride; the text is one line for the learner."""


@dataclass(frozen=True, slots=True)
class City:
    """What a ride costs in a city, in cents: the company's own rule."""

    base_fare_cents: int
    per_mile_cents: int
    minimum_fare_cents: int

    def metered(self, quarter_miles: int) -> int:
        """Return the fare of a way before the minimum is looked at, cut to whole cents."""
        return self.base_fare_cents + self.per_mile_cents * quarter_miles // 4


@cache
def cities() -> dict[str, City]:
    """Return the fares of the company's cities by name."""
    seed = json.loads(SEED.read_text("utf-8"))["cities"]
    keys = ("base_fare_cents", "per_mile_cents", "minimum_fare_cents")
    return {each["name"]: City(**{key: each[key] for key in keys}) for each in seed}


def discount(cents: int) -> int:
    """Return what the code takes off an amount, cut to whole cents."""
    return min(cents * DISCOUNT_PERCENT // 100, MOST_DISCOUNT_CENTS)


def app(city: City, quarter_miles: int) -> int:
    """Lift the fare to the minimum, then take the discount off."""
    fare = max(city.metered(quarter_miles), city.minimum_fare_cents)
    return fare - discount(fare)


def billing(city: City, quarter_miles: int) -> int:
    """Take the discount off, then lift what is left to the minimum."""
    fare = city.metered(quarter_miles)
    return max(fare - discount(fare), city.minimum_fare_cents)


def receipt(city: City, quarter_miles: int) -> int:
    """Leave the minimum alone and take the discount off what is above it."""
    fare = max(city.metered(quarter_miles), city.minimum_fare_cents)
    return fare - discount(fare - city.minimum_fare_cents)


TEAMS: Final[Mapping[str, Callable[[City, int], int]]] = {
    "app": app,
    "billing": billing,
    "receipt": receipt,
}
"""Who has built the requirement: each takes a city and quarter miles and gives cents."""

QUESTIONS: Final = {
    "what-is-discounted": "",
    "how-cents-are-cut": "All three cut to whole cents, and another way moves each by a cent at "
    "most",
    "how-often-a-code-is-used": "All three price one ride and count no uses of the code",
    "which-cities-take-part": "All three give the discount in every city",
}
"""Questions to the author of the requirement; why each of them does not part the three."""

RIGHT_QUESTION: Final = "what-is-discounted"


@dataclass(frozen=True, slots=True)
class Witness:
    """A ride, and what the three ask for it.

    Attributes:
        city: its name.
        quarter_miles: the distance.
        question: the word of `QUESTIONS` that would settle it.
        prices: in cents, by team.
    """

    city: str
    quarter_miles: int
    question: str
    prices: Mapping[str, int]

    @property
    def agree(self) -> tuple[str, ...]:
        """The teams that ask the same, none where all three differ."""
        amounts = list(self.prices.values())
        return tuple(team for team, cents in self.prices.items() if amounts.count(cents) > 1)


def priced(city: str, quarter_miles: int) -> dict[str, int]:
    """Return what each team asks for a ride, in cents."""
    return {team: price(cities()[city], quarter_miles) for team, price in TEAMS.items()}


def read(value: Any) -> Witness:
    """Return the ride of an answer with what the three ask for it.

    Raises:
        WitnessError: in one line, with what is wanted.
    """
    if not isinstance(value, Mapping):
        raise WitnessError("the answer is no mapping, wanted city, distance_mi and question")
    wanted = ("city", "distance_mi", "question")
    for key in value:
        if key not in wanted:
            near = did_you_mean(str(key), wanted)
            raise WitnessError(f"no field is called {key!r}, wanted {', '.join(wanted)}{near}")
    for key in wanted:
        if key not in value:
            raise WitnessError(f"{key} is missing, wanted {', '.join(wanted)}")
    city = city_name(value["city"])
    question = _one_of("question", value["question"], QUESTIONS)
    quarter_miles = quarters(value["distance_mi"])
    return Witness(city, quarter_miles, question, priced(city, quarter_miles))


def city_name(value: Any) -> str:
    """Return the name of one of the company's cities, in whatever case it is written.

    Raises:
        WitnessError: in one line, with the names that there are.
    """
    return _one_of("city", value, cities())


def _one_of(key: str, value: Any, known: Iterable[str]) -> str:
    """Return the known word that a value is, in whatever case it is written."""
    by_letters = {word.casefold(): word for word in known}
    word = by_letters.get(str(value).strip().casefold())
    if word is None:
        near = did_you_mean(str(value), by_letters.values())
        raise WitnessError(f"{key} is {value!r}, wanted one of {', '.join(known)}{near}")
    return word


def quarters(miles: Any) -> int:
    """Return a distance in quarter miles.

    Args:
        miles: a number from 0.25 to 50, in steps of a quarter.

    Raises:
        WitnessError: when it is none.
    """
    is_number = isinstance(miles, int | float) and not isinstance(miles, bool)
    if not is_number or not 0 < miles <= LONGEST_MILES or miles * 4 != int(miles * 4):
        raise WitnessError(
            f"distance_mi is {miles!r}, wanted a number of miles from 0.25 to {LONGEST_MILES}, in "
            "steps of 0.25"
        )
    return int(miles * 4)
