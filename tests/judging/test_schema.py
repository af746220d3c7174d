"""A schema is judged by what it does under attack, whatever its tables are called."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridealong.engine.statement import QueryFailed, QueryStopped
from ridealong.judging.ddl import attacks, names
from ridealong.judging.ddl import judge as schema
from ridealong.judging.ddl import tables as ddl
from ridealong.judging.ddl.attacks import Outcome
from ridealong.judging.ddl.judge import Battle, attacked, fight
from small_course import WORKER

REFERENCE = Path(__file__).with_name("schemas").joinpath("reference.sql").read_text("utf-8")
CORPUS = tomllib.loads(Path(__file__).with_name("hostile_ddl.toml").read_text(encoding="utf-8"))
SECRET = "the-canary-sings"

USERS = {"users": ["user_id", "name", "email", "created_at"]}
USERS_ATTACKS = ["rider-without-name", "email-twice", "email-in-capitals", "rider-joins"]
GOOD_USERS = """
    CREATE TABLE users (user_id BIGINT PRIMARY KEY, name VARCHAR NOT NULL,
                        email VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL);
    CREATE UNIQUE INDEX one_account ON users (lower(email));"""


def outcomes(
    text: str, wanted: Sequence[str], variant: str = "public", *, remake: bool = False
) -> list[Outcome]:
    tables = ddl.Tables(text)
    if remake:
        tables._has_fixed_rows = True
    found = names.resolve(tables.structure, attacks.fields(), names.in_comments(text))
    try:
        return attacks.run(tables, tables.structure, found, wanted, variant)
    finally:
        tables.close()


def without_rules(text: str, *, only_text: bool = False) -> str:
    """The same tables without any constraint, and with types that take everything."""
    tables = ddl.Tables(text)
    found = tables.structure.tables
    tables.close()
    return ";".join(
        f"CREATE TABLE {table.name} ("
        + ", ".join(f"{c.name} {'VARCHAR' if only_text else wide(c.kind)}" for c in table.columns)
        + ")"
        for table in found
        if not table.is_view
    )


def wide(kind: str) -> str:
    """A type that refuses nothing; keys stay numbers, so that rows find each other."""
    return kind if "INT" in kind else "VARCHAR"


def test_there_are_enough_attacks_of_both_kinds() -> None:
    known = attacks.attacks().values()

    assert sum(not each.legal for each in known) >= 30
    assert sum(each.legal for each in known) >= 20
    assert all(each.says and each.costs and each.needs for each in known)


@pytest.mark.parametrize("variant", attacks.VARIANTS)
def test_reference_schema_meets_every_attack(variant: str) -> None:
    wrong = [
        each for each in outcomes(REFERENCE, list(attacks.attacks()), variant) if not each.held
    ]

    assert wrong == []


@pytest.mark.parametrize("variant", attacks.VARIANTS)
def test_every_hostile_row_gets_into_tables_without_rules(variant: str) -> None:
    hostile = [each.id for each in attacks.attacks().values() if not each.legal]
    words = [each for each in hostile if each.endswith(("-number-in-words", "-known-by-a-word"))]
    seen = outcomes(without_rules(REFERENCE), [e for e in hostile if e not in words], variant)
    seen += outcomes(without_rules(REFERENCE, only_text=True), words, variant)

    assert [each for each in seen if each.held is not False] == []
    assert {each.did for each in seen} == {"let it pass"}


def test_emptied_tables_are_as_good_as_new_ones() -> None:
    every = list(attacks.attacks())

    assert outcomes(REFERENCE, every) == outcomes(REFERENCE, every, remake=True)
    backwards = outcomes(REFERENCE, every[::-1])
    assert backwards[::-1] == outcomes(REFERENCE, every)


def test_rule_that_knows_only_the_lessons_value_is_found_out() -> None:
    typed_in = GOOD_USERS.replace(
        "email VARCHAR NOT NULL", "email VARCHAR NOT NULL CHECK (email <> 'ANA.DUARTE@EXAMPLE.COM')"
    ).replace("lower(email)", "email")

    seen = fight(typed_in, USERS, USERS_ATTACKS)

    assert seen.failed("public") == []
    assert seen.failed("hidden") == ["email-in-capitals"]


def test_lookup_table_filled_by_the_schema_keeps_its_rows() -> None:
    text = """
        CREATE TABLE states (state VARCHAR PRIMARY KEY);
        INSERT INTO states VALUES ('requested'), ('accepted'), ('in_progress'), ('completed'),
                                  ('cancelled');
        CREATE TABLE rides (ride_id BIGINT PRIMARY KEY, user_id BIGINT,
                            status VARCHAR NOT NULL REFERENCES states (state));"""
    fields = {"rides": ["ride_id", "user_id", "status"]}

    seen = fight(text, fields, ["ride-status-unknown", "ride-status-missing", "two-riders-at-once"])

    assert seen.error == ""
    assert seen.failed("public") == seen.failed("hidden") == []


def test_other_names_are_mapped_by_a_dictionary() -> None:
    renamed = """
        -- names: {"users": "Riders", "users.user_id": "rider no",
        --         "users.email": "riders.mail"}
        CREATE TABLE riders ("rider no" BIGINT PRIMARY KEY, name VARCHAR NOT NULL,
                             mail VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL);
        CREATE UNIQUE INDEX one_account ON riders (lower(mail));"""

    seen = fight(renamed, USERS, USERS_ATTACKS)

    assert seen.error == ""
    assert not any(seen.marks().values())


def test_name_too_many_does_no_harm_where_nothing_is_missing() -> None:
    seen = fight(f'-- names: {{"users.phone": "tel"}}\n{GOOD_USERS}', USERS, USERS_ATTACKS)

    assert not any(seen.marks().values())


@pytest.mark.parametrize(
    ("given_names", "text", "wanted"),
    [
        ('{"users": "people"}', GOOD_USERS, "there is none of that name"),
        ('{"user": "people"}', GOOD_USERS.replace("users", "people"), 'did you mean "users"'),
        ('{"users.email": "mail"}', GOOD_USERS, 'did you mean "email"'),
        ('{"users.email": "name"}', GOOD_USERS, "two meanings"),
        ('{"users.email": "drivers.email"}', GOOD_USERS, "stands in the table of its row"),
        ("{users: people}", GOOD_USERS, "holds no dictionary"),
        ('{"users": 3}', GOOD_USERS, "other things than texts"),
        ("{}", GOOD_USERS.replace("users", "people"), "has no table or view users; it has people"),
        ("{}", "DROP TABLE IF EXISTS t", "at the end the schema has no table at all; make users"),
        ("{}", GOOD_USERS.replace("email", "mail"), "has no column email; it has user_id"),
    ],
)
def test_wrong_mapping_is_told(given_names: str, text: str, wanted: str) -> None:
    seen = fight(f"-- names: {given_names}\n{text}", USERS, USERS_ATTACKS)

    assert wanted in seen.error
    assert "\n" not in seen.error


def test_required_column_that_nobody_fills_is_told() -> None:
    text = GOOD_USERS.replace(
        "created_at TIMESTAMP NOT NULL", "created_at TIMESTAMP, phone VARCHAR NOT NULL"
    )

    assert "requires a value in phone" in fight(text, USERS, USERS_ATTACKS).error


def test_what_only_postgresql_has_is_told_with_the_way_around() -> None:
    partial = GOOD_USERS.replace("(lower(email))", "(email) WHERE email IS NOT NULL")

    assert "CASE WHEN condition THEN column END" in fight(partial, USERS, USERS_ATTACKS).error


def test_marks_tell_which_rule_refused_an_ordinary_row() -> None:
    def refused_by(rule: str) -> set[str]:
        text = GOOD_USERS.replace("created_at TIMESTAMP NOT NULL", f"created_at TIMESTAMP, {rule}")
        marks = fight(text, USERS, ["rider-joins"]).marks()["public"]
        assert len(marks) == 1
        return {mark.partition("refused it: ")[2] for mark in marks}

    assert refused_by("CHECK (name LIKE '%user_id%' AND lower(email) = 'x')") == {
        "CHECK: email name"
    }
    assert refused_by("CHECK (name <> 'Ana Duarte')") == {"CHECK: name"}
    assert refused_by("twin BIGINT DEFAULT 9 REFERENCES users (user_id)") == {
        "FOREIGN KEY: user_id"
    }


ENTRY = {"fields": USERS, "attacks": USERS_ATTACKS, "mistakes": [], "points": 3}


def test_verdict_names_what_gets_in_and_what_it_costs() -> None:
    text = GOOD_USERS.replace("lower(email)", "email")

    seen = schema.verdict("users-table", ENTRY, fight(text, USERS, USERS_ATTACKS))

    assert not seen.passed
    assert "This gets in: two riders whose e-mail addresses differ only by case" in seen.message
    assert "welcome discount" in seen.message
    assert seen.points(3) == 2.0
    assert [each.held for each in seen.properties] == [True, True, False, True]


def test_neither_open_nor_closed_tables_earn_points() -> None:
    closed = GOOD_USERS.replace(
        "name VARCHAR NOT NULL", "name VARCHAR NOT NULL CHECK (name IS NULL)"
    )

    for text in (without_rules(GOOD_USERS), closed):
        seen = schema.verdict("users-table", ENTRY, fight(text, USERS, USERS_ATTACKS))
        assert not seen.passed
        assert seen.points(3) == 0


def test_known_mistake_is_recognised_by_what_gets_in() -> None:
    text = GOOD_USERS.replace("lower(email)", "email")
    battle = fight(text, USERS, USERS_ATTACKS)
    mistake = {"name": "case-matters", "message": "Fold the case.", "results": battle.marks()}

    seen = schema.verdict("users-table", ENTRY | {"mistakes": [mistake]}, battle)
    other = schema.verdict(
        "users-table",
        ENTRY | {"mistakes": [mistake]},
        fight(without_rules(GOOD_USERS), USERS, USERS_ATTACKS),
    )

    assert (seen.mistake, seen.message) == ("case-matters", "Fold the case.")
    assert other.mistake is None


def test_battle_survives_json() -> None:
    battle = fight(without_rules(GOOD_USERS), USERS, USERS_ATTACKS)

    assert Battle.from_json(json.loads(json.dumps(battle.to_json()))) == battle


def test_worker_gives_the_same_as_this_process() -> None:
    text = GOOD_USERS.replace("lower(email)", "email")

    assert attacked(WORKER, text, {"fields": USERS, "attacks": USERS_ATTACKS}) == fight(
        text, USERS, USERS_ATTACKS
    )


def test_nothing_of_one_schema_is_left_for_the_next() -> None:
    stray = "CREATE TABLE main.users (user_id BIGINT); CREATE TABLE users (user_id BIGINT)"
    odd = "CREATE TYPE mood AS ENUM ('a'); CREATE SEQUENCE s; CREATE MACRO f(a) AS a;" + GOOD_USERS

    assert "before it" in fight(stray, USERS, USERS_ATTACKS).error
    for _ in range(3):
        assert not any(fight(odd, USERS, USERS_ATTACKS).marks().values())
    tables = ddl.Tables("CREATE TABLE one (i INT)")
    assert [table.name for table in tables.structure.tables] == ["one"]
    assert len(tables.connection.execute(ddl._LEFT).fetchall()) == 1
    tables.close()


def test_tables_of_the_course_come_first() -> None:
    given_users = "CREATE TABLE users (user_id BIGINT PRIMARY KEY);"
    text = "CREATE TABLE rides (ride_id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL REFERENCES users (user_id));"
    fields = {"users": ["user_id"], "rides": ["ride_id", "user_id"]}

    seen = fight(text, fields, ["ride-of-nobody", "ride-without-driver-yet"], given_users)

    assert seen.error == ""
    assert not any(seen.marks().values())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("canary")
    (path / "secret.csv").write_text(f"user_id\n{SECRET}\n", encoding="utf-8")
    return path


HOSTILE = [
    pytest.param(text, id=f"{group}-{number}")
    for group, texts in CORPUS.items()
    for number, text in enumerate(texts)
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_schema_ends_in_one_line_and_touches_nothing(
    text: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "LIMIT_SECONDS", 0.5)
    before = {path: path.read_bytes() for path in folder.rglob("*")}

    entry = {"fields": {"users": ["user_id"]}, "attacks": ["rider-joins"]}
    seen = attacked(WORKER, text.replace("{folder}", folder.as_posix()), entry)

    assert seen.error
    assert "\n" not in seen.error
    assert SECRET not in seen.error
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("".join(f"CREATE TABLE t{n} (i INT);" for n in range(1000)), "1,000 tables"),
        ("ALTER TABLE users ADD COLUMN x INT;" * 200, "200 statements"),
        ("CREATE TABLE users (user_id BIGINT);" + " " * 50_000, "50,036 characters"),
        ("CREATE TABLE users (user_id " + "(" * 5_000 + ")", "nested"),
    ],
)
def test_too_much_is_refused_by_name(text: str, wanted: str) -> None:
    assert wanted in fight(text, {"users": ["user_id"]}, ["rider-joins"]).error


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["CREATE", "TABLE", "users", "(", ")", ",", ";", "user_id", "BIGINT", "PRIMARY KEY",
             "NOT NULL", "CHECK", "UNIQUE", "INDEX", "ON", "REFERENCES", "VIEW", "AS", "SELECT",
             "1", "'x'", "COPY", "TO", "ATTACH", "PRAGMA", "SET", "--", "/*", "*/", "\n", '"', "'",
             "-- names:", "{", "}", "INSERT INTO", "VALUES", "ALTER", "DROP", "TYPE", "ENUM"]
        ) | st.text(max_size=6),
        max_size=30,
    ).map(" ".join)
)  # fmt: skip
def test_whatever_is_written_ends_in_a_battle(text: str) -> None:
    seen = fight(text, {"users": ["user_id"]}, ["rider-joins"])

    assert isinstance(seen, Battle)
    assert "\n" not in seen.error


def test_tables_refuse_what_the_parser_cannot_read() -> None:
    with pytest.raises(QueryFailed, match="syntax error"):
        ddl.Tables("CREATE TABEL users (user_id BIGINT)")


def test_statement_without_an_end_is_stopped_at_the_limit() -> None:
    endless = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) FROM r"

    with pytest.raises(QueryStopped, match=r"the schema ran longer than 0\.3 s"):
        ddl.Tables(f"CREATE TABLE users AS {endless}", limit_seconds=0.3)

    tables = ddl.Tables("CREATE TABLE one (i INT)")
    assert [table.name for table in tables.structure.tables] == ["one"]
    tables.close()
