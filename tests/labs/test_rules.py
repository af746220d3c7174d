"""What the notebook shows of a rule and of refusals."""

from collections.abc import Iterator

import pytest
import yaml

from ridealong.labs import rules
from ridealong.labs.refusals import refusals, unnoticed
from ridealong.labs.sql.database import LabError
from ridealong.service import Service

BLIND = """
openapi: 3.1.0
info: {title: Blind, version: 1.0.0}
paths:
  /rides/{ride_id}/cancel:
    post:
      parameters: [{name: ride_id, in: path, required: true, schema: {type: integer}}]
      responses: {default: {description: Anything.}}
"""


@pytest.fixture(scope="module")
def company() -> Iterator[Service]:
    with Service() as service:
        yield service


def test_cancelled_rides_are_charged_when_a_rider_is_late_and_then_not_always() -> None:
    table = rules.cancellations().table
    charged = table[table["charged"] > 0]

    assert len(charged) == 1
    (row,) = charged.to_dict("records")
    assert (row["cancelled by"], row["the ride was"]) == ("rider", "accepted")
    assert 0 < row["charged"] < row["rides"]


def test_three_readings_charge_different_rides() -> None:
    view = rules.readings_on_rides()

    assert list(view.table["team"]) == ["app", "billing", "support"]
    assert len(set(view.table["rides charged"])) == 3
    assert "do not agree" in view.summary


def test_gaps_and_overlaps_of_a_table_are_shown_without_its_outcomes() -> None:
    table = yaml.safe_load(
        "[{when: {cancelled_by: rider}, fee: 0}, {when: {cancelled_by: [rider, driver]}, fee: 8}]"
    )
    view = rules.covered(table)

    assert view.summary == "48 combinations: 16 belong to one row, 16 to none, 16 to more than one."
    assert set(view.table["belongs to"]) == {"no row", "rows 1 and 2"}
    with pytest.raises(LabError, match="wanted a list of rows"):
        rules.covered("free")


def test_tests_from_a_table_stand_on_its_limits() -> None:
    rows = "[{when: {cancelled_by: rider, status: accepted, seconds: at most 120}, fee: 0}]"
    view = rules.tested(yaml.safe_load(rows))

    assert view.table["seconds"].tolist() == [0, 120]
    assert view.table["billing"].tolist() == ["FAILS, 8", "FAILS, 5"]
    assert view.summary == "2 tests: app fails 0, billing fails 2, support fails 0."
    with pytest.raises(LabError, match="no row"):
        rules.tested([])


def test_prices_are_shown_in_dollars() -> None:
    view = rules.priced("Harborview", 3, 8)

    assert view.table.iloc[0].tolist() == ["3", "7.80", "6.24", "7.00", "7.64"]
    with pytest.raises(LabError, match="did you mean"):
        rules.priced("Harborveiw", 3)
    with pytest.raises(LabError, match="steps of 0.25"):
        rules.priced("Harborview", 3.1)


def test_prices_are_shown_for_a_city_in_any_case_and_for_no_other() -> None:
    view = rules.priced("lakemont", 8)

    assert "in Lakemont" in view.title
    assert view.summary == "The minimum fare in Lakemont is 7.00 dollars."
    with pytest.raises(LabError, match="city is 'Nowhere', wanted one of"):
        rules.priced("Nowhere")


def test_refusals_have_one_form(company: Service) -> None:
    view = refusals(company)

    assert list(view.table["status"]) == [400, 422, 409, 409, 404, 401]
    assert "application/problem+json with the fields detail, instance, status" in view.summary


def test_a_contract_that_allows_everything_notices_nothing() -> None:
    view = unnoticed(BLIND, "cancel_ride")
    broken, _, of = view.summary.split()[:3]

    assert broken == of
    assert int(of) > 20
    assert "keeps to it too" in view.summary
    with pytest.raises(LabError, match='did you mean "cancel_ride"'):
        unnoticed(BLIND, "cancel_rides")
