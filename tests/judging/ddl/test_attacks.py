"""What an attack does, statement by statement, and how its outcome is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from ridealong.judging.ddl import attacks, names
from ridealong.judging.ddl.attacks import Outcome, Refused
from ridealong.judging.ddl.structure import Column
from ridealong.judging.ddl.tables import Tables

REFERENCE = Path(__file__).parents[1].joinpath("schemas", "reference.sql").read_text("utf-8")


class Recorded:
    """A store that takes every statement, remembers it, and refuses or fails where told."""

    def __init__(self, refuses="", error=None, replies=()):
        self.refuses, self.error, self.replies = refuses, error or Refused("no"), list(replies)
        self.statements: list[str] = []
        self.begun: list[bool] = []

    def fresh(self, *, only_inserts=False):
        self.begun.append(only_inserts)

    def execute(self, sql):
        self.statements.append(sql)
        if self.refuses and self.refuses in sql:
            raise self.error
        return self.replies.pop(0) if sql.startswith("SELECT") and self.replies else []


def structure(text):
    tables = Tables(text)
    found = tables.structure
    tables.close()
    return found


@pytest.fixture(scope="module")
def reference():
    return structure(REFERENCE)


def attack(store, known, identity, variant="public", own=None):
    found = names.resolve(known, attacks.fields(), own or {})
    (outcome,) = attacks.run(store, known, found, [identity], variant)
    return outcome


USERS = "CREATE TABLE users (user_id BIGINT, name TEXT, email TEXT, created_at TIMESTAMP)"


def user(number, name, email, created_at):
    return (
        'INSERT INTO "users" ("user_id", "name", "email", "created_at") VALUES '
        f"({number}, '{name}', '{email}', TIMESTAMP '{created_at}')"
    )


def test_rows_are_inserted_one_after_the_other_and_the_last_decides():
    store = Recorded()

    outcome = attack(store, structure(USERS), "email-twice")

    assert store.statements == [
        user(1, "Ana Duarte", "ana.duarte@example.com", "2026-03-01 08:00:00"),
        user(2, "Ben Fischer", "ana.duarte@example.com", "2026-03-01 09:30:00"),
    ]
    assert store.begun == [True]
    assert outcome == Outcome("email-twice", False, "let it pass", "", store.statements[-1])


def test_other_values_are_other_numbers_texts_and_days():
    store = Recorded()

    attack(store, structure(USERS), "email-in-capitals", "hidden")

    assert store.statements == [
        user(500_001, "Ana Duarte", "ana.duarte@example.org", "2026-03-22 08:00:00"),
        user(500_002, "Ben Fischer", "Ana.Duarte@Example.org", "2026-03-22 09:30:00"),
    ]


@pytest.mark.parametrize(
    ("refuses", "error", "held", "did", "reply", "number"),
    [
        ("Ben", Refused("twice"), True, "refused it", "twice", -1),
        ("Ana", Refused("once"), False, "refused an ordinary row before it", "once", 0),
        ("Ana", ValueError(), False, "failed", "ValueError", 0),
        ("Ben", ValueError("no\nmore"), False, "failed", "no", -1),
    ],
)
def test_what_a_statement_meets_is_the_outcome(refuses, error, held, did, reply, number):
    store = Recorded(refuses, error)

    outcome = attack(store, structure(USERS), "email-twice")

    assert outcome == Outcome("email-twice", held, did, reply, store.statements[number])


def test_an_ordinary_case_holds_when_all_of_it_passes():
    store = Recorded()
    assert attack(store, structure(USERS), "rider-joins") == Outcome(
        "rider-joins", True, "let it pass"
    )

    refusing = Recorded("Ana")
    outcome = attack(refusing, structure(USERS), "rider-joins")
    assert (outcome.held, outcome.did, outcome.reply) == (False, "refused it", "no")


def test_a_row_stands_behind_those_it_points_to(reference):
    store = Recorded(replies=[[(1, 1)]])

    attack(store, reference, "rider-erased-with-rides")

    tables = [sql.split('"')[1] for sql in store.statements if sql.startswith("INSERT")]
    assert tables[-1] == "rides"
    assert {"cities", "users", "drivers"} == set(tables[:-1])
    assert tables.index("cities") < tables.index("users")
    assert len(tables) == len(set(tables)) or tables.count("cities") == 2
    assert 'DELETE FROM "users" WHERE "user_id" = 1' in store.statements
    assert store.begun == [False]


def test_a_change_names_the_row_by_its_key(reference):
    store = Recorded()

    outcome = attack(store, reference, "second-active-ride-by-update", "hidden")

    last = store.statements[-1]
    assert last == outcome.statement
    assert last.startswith(
        'UPDATE "rides" SET "status" = \'requested\', "cancelled_at" = NULL, "cancelled_by" = NULL '
        'WHERE "ride_id" = 5'
    )
    assert store.begun == [False]


CHILDREN = (
    "CREATE TABLE users (user_id BIGINT PRIMARY KEY); CREATE TABLE trips (ride_id BIGINT, "
    "rider BIGINT {})"
)
OWN = {"rides": "trips", "rides.user_id": "rider"}


@pytest.mark.parametrize(
    ("replies", "taken"),
    [
        ([[(0, 0)]], "the rows of trips went with it"),
        ([[(1, 0)]], "the rows of trips have lost their rider"),
        ([[(1, 1)]], ""),
    ],
)
def test_what_a_deletion_took_along_is_told(replies, taken):
    store = Recorded(replies=replies)

    outcome = attack(store, structure(CHILDREN.format("")), "rider-erased-with-rides", own=OWN)

    assert store.statements[-2:] == [
        'DELETE FROM "users" WHERE "user_id" = 1',
        'SELECT count(*), count("rider") FROM "trips"',
    ]
    assert (outcome.held, outcome.did, outcome.reply) == (False, "let it pass", taken)


def test_a_parent_that_is_kept_refuses_its_deletion():
    text = CHILDREN.format("REFERENCES users (user_id)")
    tables = Tables(text)
    outcome = attack(tables, tables.structure, "rider-erased-with-rides", own=OWN)
    tables.close()

    assert (outcome.held, outcome.did) == (True, "refused it")


def test_what_has_no_place_in_a_schema_is_not_tried():
    store = Recorded()

    outcome = attack(store, structure("CREATE TABLE rides (ride_id BIGINT)"), "second-active-ride")

    assert outcome == Outcome(
        "second-active-ride", None, "has no place for rides.user_id, rides.status"
    )
    assert store.statements == []


DRIVERS = "CREATE TABLE drivers (driver_id BIGINT, status TEXT CHECK (status IN ({})))"


def tried(text, identity="driver-status-unknown", **more):
    store = Recorded("INSERT", **more)
    outcome = attack(store, structure(text), identity)
    return [sql.rpartition(", ")[2].strip("')") for sql in store.statements], store, outcome


def test_words_beyond_a_list_are_tried_until_one_gets_in():
    words, store, outcome = tried(DRIVERS.format("'active', 'Parked'"))

    assert words == ["Parked", "banana", "inactive", "offline", "banned", "deleted"]
    assert (outcome.held, outcome.did) == (True, "refused it")
    assert store.begun == [False]
    taking = Recorded()
    let_in = attack(taking, structure(DRIVERS.format("'active'")), "driver-status-unknown")
    assert (let_in.held, let_in.reply, len(taking.statements)) == (False, "'banana'", 1)


RIDES = (
    "CREATE TABLE rides (ride_id BIGINT, status TEXT, cancelled_by TEXT, "
    "CHECK (cancelled_by IN ('rider', 'Rider ', 'towed')))"
)


def test_capitals_of_allowed_words_are_tried_where_the_attack_asks_for_them():
    words, *_ = tried(RIDES, "cancelled-by-unknown-side")

    assert {"RIDER", "Rider", "DRIVER", "Driver", "SYSTEM", "System"} <= set(words)
    assert {"Rider ", "towed", "bot", " rider", "admin"} <= set(words)
    assert not {"rider", "driver", "system"} & set(words)


def test_a_failure_is_told_with_the_value_that_was_tried():
    *_, outcome = tried(DRIVERS.format("'active'"), error=ValueError("odd"))

    assert (outcome.held, outcome.did, outcome.reply) == (False, "failed", "odd")


def test_each_of_several_values_and_columns_is_tried(reference):
    several = [each for each in attacks.attacks().values() if "each" in each.steps[-1]]
    without = [
        each
        for each in attacks.attacks().values()
        if isinstance(each.steps[-1].get("without"), list)
    ]
    assert several
    for each in several:
        store = Recorded()
        outcome = attack(store, reference, each.id)
        (first, *_), *_ = each.steps[-1]["each"].values()
        assert (outcome.did, outcome.reply) == ("let it pass", repr(first))
    for each in without:
        store = Recorded()
        outcome = attack(store, reference, each.id)
        assert outcome.reply == f"without {each.steps[-1]['without'][0]}"
        assert f'"{each.steps[-1]["without"][0]}"' not in store.statements[-1]


FARES = "CREATE TABLE rides (ride_id BIGINT, fare DECIMAL(10, 2))"


def test_a_question_is_asked_by_the_learners_names():
    known = structure("CREATE TABLE trips (ride_id BIGINT, price DECIMAL(10, 2))")
    own = {"rides": "trips", "rides.fare": "price"}
    identity = next(
        each.id
        for each in attacks.attacks().values()
        if each.steps[-1].get("ask", "").startswith("SELECT {rides.fare}")
        and set(each.needs) <= {"rides", "rides.fare", "rides.ride_id"}
    )

    store = Recorded(replies=[[("1234.56",)]])
    assert attack(store, known, identity, own=own).held
    assert store.statements[-1] == 'SELECT "price" FROM "trips"'
    wrong = attack(Recorded(replies=[[(None,), (True,)]]), known, identity, own=own)
    assert (wrong.held, wrong.did, wrong.reply) == (
        False,
        "answered (NULL) and (true) instead of (1234.56)",
        "",
    )
    assert attack(Recorded(replies=[[("4321.09",)]]), known, identity, "hidden", own).held
    asked = attack(Recorded("SELECT", ValueError("odd")), known, identity, own=own)
    assert (asked.held, asked.did, asked.reply) == (False, "could not be asked", "odd")
    assert asked.statement == 'SELECT "price" FROM "trips"'


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no row"),
        ([["1", "a"]], "(1, a)"),
        ([["1"], ["2"], ["3"], ["4"]], "(1) and (2) and (3) and (4)"),
        ([["1"]] * 6, "(1) and (1) and (1) and (1) and 2 more rows"),
    ],
)
def test_rows_are_told_in_one_line(rows, words):
    assert attacks._rows(rows) == words


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "NULL"), (True, "true"), (False, "false"), (1.5, "1.5"), ("A", "A")]
)
def test_a_value_is_shown_as_the_database_does(value, shown):
    assert attacks._shown(value) == shown


def test_a_long_reply_is_cut():
    limit = attacks._LONGEST_REPLY

    assert attacks._line(ValueError("x" * limit)) == "x" * limit
    assert attacks._line(ValueError("x" * (limit + 1))) == "x" * (limit - 4) + " ..."
    assert attacks._line(ValueError(" a\nb ")) == "a"
    assert attacks._line(ValueError("a. If this is an unexpected error")) == "a."


@pytest.mark.parametrize(
    ("column", "value", "hidden"),
    [
        ("ride_id", 7, 500_007),
        ("refund_of", 7, 500_007),
        ("stars", 7, 7),
        ("user_id", "NULL", "NULL"),
        ("at", "2026-03-31 10:00:00", "2026-04-21 10:00:00"),
        ("at", "on 2026-03-31 10:00:00", "on 2026-03-31 10:00:00"),
        ("email", "a@example.com", "a@example.org"),
        ("email", "A@EXAMPLE.COM", "A@EXAMPLE.ORG"),
        ("email", "A@Example.com", "A@Example.org"),
        ("license_number", "RL-1", "RX-441"),
        ("plate", "HBV 1", "PNW 1"),
        ("idempotency_key", "ride-4-tip", "trip-4-tip"),
        ("fare", 1.5, 1.5),
    ],
)
def test_a_hidden_value_is_another_of_the_same_shape(column, value, hidden):
    assert attacks._hidden(column, value) == hidden


@pytest.mark.parametrize(
    ("identity", "tables"),
    [
        ("rider-without-name", ["cities", "users"]),
        ("ride-of-nobody", ["cities", "rides"]),
        ("rider-erased-with-rides", ["cities", "users", "drivers", "rides"]),
        ("driver-status-unknown", ["cities", "drivers"]),
    ],
)
def test_the_tables_that_an_attack_fills_are_told_parents_first(reference, identity, tables):
    found = names.resolve(reference, attacks.fields(), {})

    seen = attacks.touched(attacks.attacks()[identity], found)

    assert sorted(seen) == sorted(tables)
    assert seen.index(tables[-1]) == len(seen) - 1 or identity == "rider-erased-with-rides"


@pytest.mark.parametrize(
    ("step", "tables"),
    [
        ({"add": "users.ana"}, ["cities", "users"]),
        ({"change": "users.ana", "set": {"name": "Bo"}}, ["cities", "users"]),
        ({"remove": "users.ana"}, ["cities", "users"]),
        ({"beyond": "drivers.status", "words": ["x"]}, ["cities", "drivers"]),
        ({"ask": "SELECT 1", "gives": []}, []),
    ],
)
def test_a_step_of_any_sort_touches_its_table(reference, step, tables):
    only = replace(attacks.attacks()["rider-joins"], steps=(step,))

    assert attacks.touched(only, names.resolve(reference, attacks.fields(), {})) == tables


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("BOOLEAN", ["true", "false"]),
        ("boolean", ["true", "false"]),
        *((kind, ["2", "7", "0", "1"]) for kind in (
            "TINYINT", "SMALLINT", "INT", "BIGINT", "HUGEINT", "UINT", "UBIGINT", "DECIMAL(3,1)",
            "DOUBLE", "FLOAT", "REAL", "NUMERIC",
        )),
        *((kind, ["'2026-03-05 12:00:00'", "'12:00:00'"]) for kind in ("TIMESTAMP", "TIME", "DATE")),
        ("VARCHAR", ["'it''s'", "'CA'", "'a second one'"]),
        ("MOOD", ["'it''s'", "'CA'", "'a second one'"]),
    ],
)  # fmt: skip
def test_other_values_of_a_column_suit_its_type(kind, values):
    column = Column("own", kind)

    assert list(attacks._others(column, ["it's"])) == [*values, "NULL"]


def test_an_attack_needs_the_columns_that_it_is_about():
    needs = {each.id: each.needs for each in attacks.attacks().values()}

    assert needs["rider-without-name"] == ("users.name", "users")
    assert needs["driver-status-unknown"] == ("drivers.status", "drivers")
    assert needs["address-left-out-of-a-sign-up"] == ("users.email", "users")
    assert needs["rider-joins"] == ("users",)
    assert attacks.attacks()["address-left-out-of-a-sign-up"].named_only
    assert not attacks.attacks()["rider-joins"].named_only
    assert attacks.attacks()["rider-joins"].legal
    assert not attacks.attacks()["email-twice"].legal


@pytest.mark.parametrize(
    ("steps", "more", "needs"),
    [
        ([{"beyond": "rides.status", "words": ["x"]}], {}, ("rides.status", "rides")),
        ([{"add": "users.ana", "set": {"name": "x"}}], {}, ("users.name", "users")),
        ([{"change": "users.ana", "each": {"name": ["x"]}}], {}, ("users.name", "users")),
        ([{"remove": "users.ana"}, {"ask": "SELECT 1"}], {}, ("users",)),
        ([{"add": "users.ana", "set": {"name": "x"}}], {"needs": ["a.b"]}, ("a.b", "users")),
    ],
)
def test_what_an_attack_needs_is_read_from_its_steps(steps, more, needs):
    entry = {"id": "x", "says": "a", "costs": "b", "steps": steps, **more}

    made = attacks._attack(entry)

    assert made == attacks.Attack("x", False, "a", "b", needs, tuple(steps))
    assert attacks._attack({**entry, "legal": True, "named_only": True}) == attacks.Attack(
        "x", True, "a", "b", needs, tuple(steps), True
    )


def test_the_fields_of_all_attacks_are_those_of_the_rows_and_of_what_is_asked():
    fields = attacks.fields()

    assert {"user_id", "name", "email", "created_at"} <= set(fields["users"])
    assert "mean_stars" in fields["driver_ratings"]
    assert "driver_ratings" not in attacks.filled()


def met(text, identity):
    """What an attack meets in a schema that is really made."""
    tables = Tables(text)
    outcome = attack(tables, tables.structure, identity)
    tables.close()
    return outcome


KEYED = """
CREATE TABLE cities (
    city_id BIGINT PRIMARY KEY, name VARCHAR NOT NULL, region VARCHAR, timezone VARCHAR,
    {column}, UNIQUE (name{more})
)"""


@pytest.mark.parametrize(
    "column",
    [
        "country VARCHAR DEFAULT 'US'",
        "is_open BOOLEAN DEFAULT true",
        "version INTEGER DEFAULT 1",
        "since TIMESTAMP DEFAULT TIMESTAMP '2026-01-01 00:00:00'",
        "kind VARCHAR DEFAULT 'town' CHECK (kind IN ('town', 'village'))",
        "share DECIMAL(3, 2) NOT NULL DEFAULT 1",
    ],
)
def test_a_column_of_the_learners_own_that_widens_a_key_is_named(column):
    name = column.partition(" ")[0]

    seen = met(KEYED.format(column=column, more=f", {name}"), "city-name-twice")

    assert (seen.held, seen.did) == (False, "let it pass")
    assert seen.reply == f"with another {name}, a column of your own in UNIQUE (name, {name})"


@pytest.mark.parametrize(
    ("column", "more"),
    [
        ("country VARCHAR DEFAULT 'US'", ""),
        ("country VARCHAR NOT NULL DEFAULT 'US' CHECK (country = 'US')", ", country"),
    ],
)
def test_a_column_of_the_learners_own_that_widens_nothing_does_no_harm(column, more):
    seen = met(KEYED.format(column=column, more=more), "city-name-twice")

    assert seen.held
    assert "duplicate key" in seen.reply


MANY = "CREATE TABLE users (user_id BIGINT PRIMARY KEY, email VARCHAR NOT NULL{rule})"


def test_many_rows_are_one_statement_that_counts():
    store = Recorded()

    attack(store, structure(MANY.format(rule="")), "two-hundred-addresses", "hidden")

    (statement,) = store.statements
    assert statement == (
        'INSERT INTO "users" ("user_id", "email") '
        "SELECT 500001 + n, 'rider' || n || '@example.org' "
        "FROM generate_series(0, 199) AS numbers (n)"
    )


def test_of_many_rows_the_one_that_is_refused_is_told():
    text = MANY.format(rule=" CHECK (email <> 'rider7@example.com')")

    seen = met(text, "two-hundred-addresses")

    assert (seen.held, seen.did) == (False, "refused it")
    assert seen.statement == (
        'INSERT INTO "users" ("user_id", "email") VALUES (8, \'rider7@example.com\')'
    )
