"""A mutant of a schema differs from it in one rule, as somebody could have written it."""

from functools import cache

import pytest

from ridealong.judging.ddl import tables
from ridealong.judging.ddl.mutants import mutants, written

SCHEMA = """
CREATE TABLE users (user_id BIGINT PRIMARY KEY, name VARCHAR NOT NULL);
CREATE TABLE drivers (driver_id BIGINT PRIMARY KEY);
CREATE TABLE rides (
    ride_id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (user_id),
    status VARCHAR NOT NULL CHECK (status IN ('requested', 'cancelled')),
    stars TINYINT CHECK (stars BETWEEN 1 AND 5),
    fare DECIMAL(10, 2) CHECK (fare >= 0),
    cancelled_at TIMESTAMP,
    plate VARCHAR UNIQUE,
    parent BIGINT REFERENCES rides (ride_id),
    UNIQUE (user_id, cancelled_at),
    CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)),
    CHECK (status <> 'cancelled' OR fare IS NULL)
);
CREATE TABLE shares (ride_id BIGINT, user_id BIGINT, since TIMESTAMP, PRIMARY KEY (ride_id, user_id));
CREATE UNIQUE INDEX one_plate ON rides (lower(plate));
CREATE VIEW fares AS SELECT ride_id, fare FROM rides WHERE fare > 10;
"""


@cache
def changes() -> dict[str, str]:
    return {each.change: each.text for each in mutants(SCHEMA, {})}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("users.name without NOT NULL", "name TEXT)"),
        ("rides.stars with NOT NULL", "stars TINYINT CHECK (stars BETWEEN 1 AND 5) NOT NULL"),
        ("rides.stars without CHECK (stars BETWEEN 1 AND 5)", "stars TINYINT,"),
        ("rides: CHECK (stars BETWEEN 1 AND 5): stars BETWEEN 1 AND 5, high end 6", "1 AND 6"),
        ("rides: CHECK (stars BETWEEN 1 AND 5): stars BETWEEN 1 AND 5, low end 0", "0 AND 5"),
        ("rides: CHECK (fare >= 0): fare >= 0 as fare > 0", "CHECK (fare > 0)"),
        ("rides: CHECK (fare >= 0): -1 for 0", "CHECK (fare >= -1)"),
        (
            "rides: CHECK (status IN ('requested', 'cancelled')): list with 'no_show' too",
            "'cancelled', 'no_show')",
        ),
        (
            "rides: CHECK (status IN ('requested', 'cancelled')): list with 'REQUESTED' too",
            "'cancelled', 'REQUESTED')",
        ),
        (
            "rides: CHECK (status IN ('requested', 'cancelled')): list without 'requested'",
            "IN ('cancelled'))",
        ),
        ("PRIMARY KEY (ride_id, user_id) without user_id", "PRIMARY KEY (ride_id)"),
        (
            "PRIMARY KEY (ride_id, user_id) widened by since",
            "PRIMARY KEY (ride_id, user_id, since)",
        ),
        ("rides.ride_id: PRIMARY KEY widened by plate", "UNIQUE (ride_id, plate)"),
        ("rides.plate: UNIQUE widened by status", "UNIQUE (plate, status)"),
        ("UNIQUE (user_id, cancelled_at) widened by fare", "UNIQUE (user_id, cancelled_at, fare)"),
        ("rides.user_id without REFERENCES users (user_id)", "user_id BIGINT NOT NULL,"),
        ("rides.user_id REFERENCES users (user_id) to drivers instead", "drivers (driver_id)"),
        (
            "rides.parent REFERENCES rides (ride_id) as CHECK (parent < ride_id)",
            "parent BIGINT CHECK (parent < ride_id)",
        ),
        ("rides.fare: DECIMAL(9, 2) in place of DECIMAL(10, 2)", "fare DECIMAL(9, 2)"),
        ("rides.fare: DOUBLE in place of DECIMAL(10, 2)", "fare DOUBLE"),
        ("rides.cancelled_at: DATE in place of TIMESTAMP", "cancelled_at DATE"),
        ("rides.user_id: SMALLINT in place of BIGINT", "user_id SMALLINT"),
        ("rides.user_id: TEXT in place of BIGINT", "user_id TEXT"),
        ("rides.status with DEFAULT 'requested'", "DEFAULT 'requested'"),
        ("rides.fare with DEFAULT 0", "DEFAULT 0"),
        ("without the index one_plate", ""),
        ("index one_plate widened by status", "(LOWER(plate), status)"),
        ("index one_plate without UNIQUE", "CREATE INDEX one_plate"),
        ("index one_plate: without LOWER", "one_plate ON rides(plate)"),
    ],
)
def test_one_rule_is_changed(change: str, part: str) -> None:
    assert part in changes()[change]


def test_a_view_is_changed_as_a_query_is() -> None:
    assert any(change.startswith("view fares: fare > 10") for change in changes())


def test_no_two_are_alike_and_none_is_the_reference() -> None:
    found = list(mutants(SCHEMA, {}))

    assert len({each.text for each in found}) == len(found) > 150
    assert len({each.change for each in found}) == len(found)
    assert written(SCHEMA) not in {each.text for each in found}


def test_nearly_all_of_them_are_schemas() -> None:
    made = 0
    for text in changes().values():
        try:
            tables.Tables(text).close()
            made += 1
        except tables.QueryFailed:
            pass

    assert made > 0.75 * len(changes())
    tables.Tables(written(SCHEMA)).close()
