"""A schema is known by what it consists of, whatever it is called and however it is written."""

import json

import pytest

from ridealong.judging.ddl import judge, names, signs
from ridealong.judging.ddl import tables as ddl
from ridealong.judging.ddl.judge import Battle, fight

FIELDS = {"drivers": ["driver_id", "status", "rating"]}
PLAIN = """
    CREATE TABLE drivers (
        driver_id BIGINT PRIMARY KEY, status VARCHAR NOT NULL CHECK (status IN ('active', 'left')),
        rating DECIMAL(3, 2) CHECK (rating BETWEEN 1 AND 5));"""


def facts(text: str) -> set[str]:
    tables = ddl.Tables(text)
    try:
        found = names.resolve(tables.structure, FIELDS, names.in_comments(text))
        return signs.facts(tables.structure, found, text)
    finally:
        tables.close()


@pytest.mark.parametrize(
    "same",
    [
        PLAIN.replace("VARCHAR", "TEXT").replace("BIGINT", "INTEGER"),
        PLAIN.replace("BIGINT PRIMARY KEY", "BIGINT NOT NULL UNIQUE"),
        PLAIN.replace("BETWEEN 1 AND 5", ">= 1 AND rating <= 5"),
        '-- names: {"drivers": "people", "drivers.rating": "mean"}\n'
        + PLAIN.replace("drivers", "people").replace("rating", "mean"),
    ],
)
def test_another_way_to_write_a_schema_has_the_same_signs(same: str) -> None:
    assert facts(same) == facts(PLAIN)


@pytest.mark.parametrize(
    ("change", "more", "less"),
    [
        (("NOT NULL CHECK", "CHECK"), set(), {"drivers.status is required"}),
        (("'left'", "'gone'"), {"rule with 'gone'"}, {"rule with 'left'"}),
        (("BETWEEN 1", "BETWEEN 0"), {"rule with 0"}, {"rule with 1"}),
        (("DECIMAL(3, 2)", "DOUBLE"), {"drivers.rating is binary fraction"}, {"DECIMAL(3,2)"}),
        (("(status IN", "(lower(status) IN"), {"rule with LOWER"}, set()),
        (("BIGINT PRIMARY KEY", "BIGINT NOT NULL"), set(), {"drivers unique driver_id"}),
        (("5))", "5), UNIQUE (status, rating))"), {"drivers unique rating, status"}, set()),
        (("DECIMAL(3, 2) ", "DECIMAL(3, 2) DEFAULT 5 "), {"drivers.rating has a default"}, set()),
    ],
)
def test_a_change_is_a_sign_of_its_own(
    change: tuple[str, str], more: set[str], less: set[str]
) -> None:
    other = facts(PLAIN.replace(*change))

    assert other - facts(PLAIN) == more
    assert {each.removeprefix("drivers.rating is ") for each in facts(PLAIN) - other} == less


def test_a_mistake_is_named_only_where_its_sign_is_found() -> None:
    wanted = ["driver-status-unknown", "driver-joins"]
    wrong = PLAIN.replace(" CHECK (status IN ('active', 'left'))", "")
    right = fight(PLAIN, FIELDS, wanted)
    known = judge.recognised_by(fight(wrong, FIELDS, wanted), right)
    entry = {"mistakes": [{"name": "no-list", "message": "There is no list.", "results": known}]}
    in_vain = PLAIN.replace("'left'", "'left', NULL")

    assert judge.verdict("x", entry, fight(wrong, FIELDS, wanted)).mistake == "no-list"
    seen = judge.verdict("x", entry, fight(in_vain, FIELDS, wanted))
    assert seen.mistake is None
    assert "NULL stands in its list" in seen.message


def test_all_that_was_seen_comes_back_from_json() -> None:
    battle = fight(PLAIN.replace("BIGINT", "UUID"), FIELDS, ["driver-joins", "driver-number-twice"])

    assert battle.blocked
    assert Battle.from_json(json.loads(json.dumps(battle.to_json()))) == battle


def test_the_length_of_a_text_is_a_sign_although_the_database_forgets_it() -> None:
    assert "text of 3 letters" in facts("CREATE TABLE payments (currency VARCHAR ( 3 ))")
    assert not any("letters" in each for each in facts("CREATE TABLE payments (currency TEXT)"))


def test_a_column_that_no_rule_speaks_of_is_a_sign() -> None:
    ruled = facts("CREATE TABLE payments (kind TEXT, amount INTEGER CHECK (amount > 0))")

    assert "payments.kind is in no rule" in ruled
    assert "payments.amount is in no rule" not in ruled
