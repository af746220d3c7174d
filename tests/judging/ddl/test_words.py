"""What stands in a learner's own lists is tried, and a name of any word is understood."""

import json

import duckdb
import pytest

from ridealong.judging.ddl import structure
from ridealong.judging.ddl.judge import fight, holds

RIDES = {"rides": ["ride_id", "status"]}
WANTED = ["ride-status-unknown", "ride-number-twice"]
STATES = "'requested', 'accepted', 'in_progress', 'completed', 'cancelled'"
DRIVERS = {"drivers": ["driver_id", "status"]}
LISTS = {
    "a check": "CREATE TABLE rides (ride_id BIGINT PRIMARY KEY, "
    "status VARCHAR NOT NULL CHECK (status IN ({words})));",
    "a type": "CREATE TYPE state AS ENUM ({words}); "
    "CREATE TABLE rides (ride_id BIGINT PRIMARY KEY, status state NOT NULL);",
    "a list of its own": "CREATE TABLE states (state VARCHAR PRIMARY KEY); "
    "INSERT INTO states SELECT unnest([{words}]); CREATE TABLE rides "
    "(ride_id BIGINT PRIMARY KEY, status VARCHAR NOT NULL REFERENCES states (state));",
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("word", ["towed", "Completed", "kept'n", " requested", "CANCELLED", "x y"])
def test_word_too_many_in_a_list_is_found(kind: str, word: str) -> None:
    made = LISTS[kind]
    literal = "'" + word.replace("'", "''") + "'"

    assert holds(made.format(words=STATES), RIDES, WANTED)
    seen = fight(made.format(words=f"{STATES}, {literal}"), RIDES, WANTED)

    assert seen.failed("public") == seen.failed("hidden") == ["ride-status-unknown"]
    assert seen.outcomes["public"][0].did == "let it pass"
    assert seen.outcomes["public"][0].reply == repr(word)


def test_word_that_only_a_pattern_holds_is_found() -> None:
    pattern = "|".join(json.loads(f"[{STATES}]".replace("'", '"')))
    made = (
        "CREATE TABLE rides (ride_id BIGINT PRIMARY KEY, status VARCHAR NOT NULL "
        "CHECK (regexp_full_match(status, '{}')));"
    )

    assert holds(made.format(pattern), RIDES, WANTED)
    assert not holds(made.format(f"{pattern}|towed"), RIDES, WANTED)


def test_word_that_needs_another_row_is_found() -> None:
    made = (
        "CREATE TABLE rides (ride_id BIGINT PRIMARY KEY, completed_at TIMESTAMP, "
        f"status VARCHAR NOT NULL CHECK (status IN ({STATES}, 'towed')), "
        "CHECK ((status IN ('completed', 'towed')) = (completed_at IS NOT NULL)));"
    )
    fields = {"rides": ["ride_id", "completed_at", "status"]}

    assert not holds(made, fields, WANTED)


def test_words_are_read_from_statements_and_not_from_comments() -> None:
    text = "CREATE TYPE s AS ENUM ('a', 'it''s'); -- 'no'\nCHECK (x ~ '^(b|c)$') /* 'nor this' */"

    assert structure.words(text) == ("a", "it's", "^(b|c)$", "b", "c")
    assert len(structure.words("SELECT " + ", ".join(f"'w{n}'" for n in range(1000)))) < 100


def test_other_words_in_capitals_are_told_apart_from_other_words() -> None:
    made = (
        "CREATE TABLE drivers (driver_id BIGINT PRIMARY KEY, status VARCHAR NOT NULL "
        "CHECK ({} IN ('pending', 'active', 'suspended', 'offboarded')));"
    )
    wanted = ["driver-status-unknown", "driver-status-capitalised", "driver-status-nearly-right"]

    assert fight(made.format("status"), DRIVERS, wanted).failed("public") == []
    assert fight(made.format("lower(status)"), DRIVERS, wanted).failed("public") == wanted[1:2]
    assert fight(made.format("trim(status)"), DRIVERS, wanted).failed("public") == wanted[2:]


def keywords() -> list[str]:
    with duckdb.connect() as con:
        found = con.execute("SELECT DISTINCT keyword_name FROM duckdb_keywords() ORDER BY 1")
        return [str(name) for (name,) in found.fetchall()]


def test_every_keyword_may_name_a_table_and_a_column() -> None:
    fields = {"ratings": ["rating_id", "rated_by", "stars"]}
    wanted = ["nine-stars", "stars-come-back-whole"]
    refused = [
        word
        for word in keywords()
        if not holds(
            f'-- names: {{"ratings": "{word}", "ratings.rated_by": "{word}"}}\n'
            f'CREATE TABLE "{word}" (rating_id BIGINT, "{word}" VARCHAR, '
            "stars TINYINT CHECK (stars BETWEEN 1 AND 5));",
            fields,
            wanted,
        )
    ]

    assert len(keywords()) > 400
    assert refused == []


@pytest.mark.parametrize("name", ['say "ride"', "it's", "Trip No. 1", "straße", "a.b"])
def test_any_sign_may_stand_in_a_name(name: str) -> None:
    meant = json.dumps({"rides": name.replace("a.b", "a b"), "rides.status": "state of it"})
    quoted = '"' + name.replace("a.b", "a b").replace('"', '""') + '"'
    made = f'CREATE TABLE {quoted} (ride_id BIGINT PRIMARY KEY, "state of it" VARCHAR NOT NULL);'

    assert holds(f"-- names: {meant}\n{made}", RIDES, ["ride-number-twice", "ride-status-missing"])


@pytest.mark.parametrize("before", ["public.", "TEMP", "TEMPORARY", "or replace temp"])
def test_words_that_mean_nothing_here_change_nothing(before: str) -> None:
    table = before if before.endswith(".") else ""
    made = "" if table else before
    text = (
        f"CREATE {made} TABLE {table}users (user_id BIGINT PRIMARY KEY, email VARCHAR); "
        f"CREATE UNIQUE INDEX one ON {table}users (lower(email));"
    )
    fields = {"users": ["user_id", "email"]}

    assert holds(text, fields, ["rider-number-twice", "email-in-capitals", "rider-joins"])
