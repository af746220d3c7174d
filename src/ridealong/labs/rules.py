"""A business rule as something to operate: read three ways, cut into cases, tested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ridealong.dataset import connect
from ridealong.labs.sql.database import LabError
from ridealong.show.views import View, frame, plural
from ridealong.systems import witness
from ridealong.systems.rule import (
    CANCELLATION_FEE,
    READINGS,
    Case,
    Row,
    TableError,
    Tried,
    read,
    tried,
)

MOST_SHOWN: Final = 6
_RULE: Final = CANCELLATION_FEE
_CANCELLED: Final = """
SELECT
    r.cancelled_by,
    CASE WHEN r.driver_id IS NULL THEN 'requested' ELSE 'accepted' END AS status,
    CAST(date_diff('second', r.requested_at, r.cancelled_at) AS BIGINT) AS seconds,
    0 AS minutes_late,
    CASE WHEN z.kind = 'airport' THEN 'airport' ELSE 'elsewhere' END AS pickup,
    EXISTS (
        SELECT 1 FROM payments AS p WHERE p.ride_id = r.ride_id AND p.kind = 'cancel_fee'
    ) AS charged
FROM rides AS r JOIN zones AS z ON z.zone_code = r.pickup_location
WHERE r.status = 'cancelled'
ORDER BY r.ride_id
"""


def _cancelled() -> list[tuple[Case, bool]]:
    rows = connect().execute(_CANCELLED).fetchall()
    names = [each.name for each in _RULE.conditions]
    return [(dict(zip(names, row[:-1], strict=True)), bool(row[-1])) for row in rows]


def cancellations() -> View:
    """Show the company's cancelled rides by who cancelled and when, and how many were charged."""
    counted: dict[tuple[str, str, str], list[int]] = {}
    for case, is_charged in _cancelled():
        when = "more than 120" if int(case["seconds"]) > 120 else "up to 120"
        count = counted.setdefault((str(case["cancelled_by"]), str(case["status"]), when), [0, 0])
        count[0] += 1
        count[1] += is_charged
    rows: list[list[Any]] = [[*key, rides, fees] for key, (rides, fees) in sorted(counted.items())]
    total, fees = sum(row[3] for row in rows), sum(row[4] for row in rows)
    return View(
        "Cancelled rides, and how many were charged a fee",
        frame(
            ["cancelled by", "the ride was", "seconds after the request", "rides", "charged"], rows
        ),
        f"{total:,} cancelled rides, {fees:,} of them charged.",
        counts=("rides", "charged"),
    )


def readings_on_rides() -> View:
    """Show what three readings of the ticket would have charged on the company's rides."""
    cases = [case for case, _ in _cancelled()]
    fees = {team: [charge(case) for case in cases] for team, (_, charge) in READINGS.items()}
    rows = [
        [team, READINGS[team][0], sum(1 for fee in charged if fee), sum(charged)]
        for team, charged in fees.items()
    ]
    differ = sum(len(set(of_ride)) > 1 for of_ride in zip(*fees.values(), strict=True))
    return View(
        "One sentence, three readings, the same cancelled rides",
        frame(["team", "late means that", "rides charged", "dollars"], rows),
        f"On {differ:,} of {len(cases):,} rides the three do not agree.",
        counts=("rides charged", "dollars"),
    )


def covered(table: Any) -> View:
    """Show which combinations a decision table leaves out, and which belong to several rows.

    It says nothing about whether an outcome is right.

    Args:
        table: the data of the answer: a list of rows.

    Raises:
        LabError: when it cannot be read; with the row and what is wanted.
    """
    found = list(tried(_RULE, _rows(table)))
    none = [each for each in found if not each.rows]
    several = [each for each in found if len(each.rows) > 1]
    rows = [["no row", *each.case.values()] for each in none[:MOST_SHOWN]]
    rows += [[_named(each), *each.case.values()] for each in several[:MOST_SHOWN]]
    once = len(found) - len(none) - len(several)
    return View(
        "Combinations that do not belong to exactly one row",
        frame(["belongs to", *_RULE.by_name], rows),
        f"{plural(len(found), 'combination')}: {once} belong to one row, {len(none)} to none, "
        f"{len(several)} to more than one.",
    )


def _named(each: Tried) -> str:
    return "rows " + " and ".join(str(row.number) for row in each.rows)


def tested(table: Any) -> View:
    """Turn a decision table into tests at its limits, and run them on the three readings.

    Args:
        table: the data of the answer: a list of rows.

    Raises:
        LabError: when it cannot be read, or has no row.
    """
    tests = list(_tests(_rows(table)))
    if not tests:
        raise LabError("the table has no row, so no test follows from it: write the rows first")
    failed = dict.fromkeys(READINGS, 0)
    rows = []
    for number, case, wanted in tests:
        row: list[Any] = [number, *case.values(), wanted]
        for team, (_, charge) in READINGS.items():
            charged = charge(case)
            failed[team] += charged != wanted
            row.append("passes" if charged == wanted else f"FAILS, {charged}")
        rows.append(row)
    told = ", ".join(f"{team} fails {count}" for team, count in failed.items())
    return View(
        "Tests from the table, run on what three teams built from the ticket",
        frame(["row", *_RULE.by_name, "fee", *READINGS], rows),
        f"{plural(len(tests), 'test')}: {told}.",
    )


def _tests(rows: tuple[Row, ...]) -> Iterator[tuple[int, Case, int]]:
    """Yield two tests per row: its combination with the smallest numbers, and with the largest."""
    for row in rows:
        corners: list[dict[str, str | int]] = [{}, {}]
        for condition in _RULE.conditions:
            allowed: Any = row.when.get(condition.name)
            if condition.words:
                fitting = [each for each in condition.words if allowed is None or each in allowed]
                ends: tuple[str | int, str | int] = (fitting[0], fitting[-1])
            else:
                stretches = allowed or ((0, None),)
                last = max(condition.most if last is None else last for _, last in stretches)
                ends = min(first for first, _ in stretches), min(last, condition.most)
            corners[0][condition.name], corners[1][condition.name] = ends
        for corner in corners if corners[0] != corners[1] else corners[:1]:
            yield row.number, corner, row.outcome


def _rows(table: Any) -> tuple[Row, ...]:
    try:
        return read(_RULE, table)
    except TableError as error:
        raise LabError(str(error)) from None


def priced(city: str, *distances_mi: float) -> View:
    """Show what three teams ask for rides with the discount code.

    Args:
        city: name of one of the company's cities.
        distances_mi: miles, in steps of 0.25.

    Raises:
        LabError: for a city or distance that there is not.
    """
    rows = []
    try:
        name = witness.city_name(city)
        for miles in distances_mi:
            quarter_miles = witness.quarters(miles)
            metered = witness.cities()[name].metered(quarter_miles)
            amounts = [metered, *witness.priced(name, quarter_miles).values()]
            rows.append([f"{miles:g}", *(f"{cents / 100:.2f}" for cents in amounts)])
    except witness.WitnessError as error:
        raise LabError(str(error)) from None
    least = witness.cities()[name].minimum_fare_cents
    return View(
        f"The price with the code HARBOR in {name}, in dollars",
        frame(["miles", "metered fare", *witness.TEAMS], rows),
        f"The minimum fare in {name} is {least / 100:.2f} dollars.",
    )
