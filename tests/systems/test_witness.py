"""The three readings of the discount, against the back end's own price."""

import pytest

from ridealong.service import Service
from ridealong.systems.witness import cities, discount, priced


def test_the_fare_of_a_way_is_the_one_that_the_back_end_quotes() -> None:
    """The back end takes a way within one zone as a mile and a half."""
    with Service() as company:
        answer = company.client(rider=123).post(
            "/v1/quotes", json={"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}
        )
    fare_cents = round(answer.json()["fare"] * 100)
    harborview = cities()["Harborview"]
    quoted = {max(harborview.metered(quarters), 700) for quarters in range(6, 60, 3)}

    assert fare_cents in quoted


def test_a_discount_is_a_fifth_and_at_most_five_dollars() -> None:
    assert [discount(cents) for cents in (0, 4, 5, 999, 2499, 2500, 9999)] == [
        0, 0, 1, 199, 499, 500, 500,
    ]  # fmt: skip


@pytest.mark.parametrize("city", list(cities()))
def test_each_city_has_a_short_stretch_on_which_all_three_differ(city: str) -> None:
    parted = [n for n in range(1, 201) if len(set(priced(city, n).values())) == 3]

    assert len(parted) == 4
    assert parted == list(range(parted[0], parted[0] + 4))
