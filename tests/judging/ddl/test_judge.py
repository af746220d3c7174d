"""The verdict on a schema: what a message says about what came of the attacks, and what it earns."""

import pytest

from ridealong.answer import Answer
from ridealong.engine.statement import QueryFailed
from ridealong.judging.ddl import attacks
from ridealong.judging.ddl.attacks import Outcome
from ridealong.judging.ddl.judge import (
    Battle,
    attacked,
    fight,
    holds,
    judge_schema,
    recognised_by,
    results_of_schema,
    trial_of_schemas,
    verdict,
)
from ridealong.judging.kind import Known, Task

USERS = {"users": ["user_id", "name", "email", "created_at"]}
GOOD = """
    CREATE TABLE users (user_id BIGINT PRIMARY KEY, name VARCHAR NOT NULL,
                        email VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL);
    CREATE UNIQUE INDEX one_account ON users (lower(email));"""
WANTED = ["rider-without-name", "email-twice", "rider-joins"]
ENTRY = {"fields": USERS, "attacks": WANTED}

NOT_NULL = "Constraint Error: NOT NULL constraint failed: users.name"
BOUNCED = Outcome("rider-without-name", True, "refused it", NOT_NULL, "INSERT INTO users")
JOINED = Outcome("rider-joins", True, "let it pass")
GOT_IN = Outcome("rider-without-name", False, "let it pass")
COSTS = "The driver at the kerb cannot ask for anybody."


def battle(*public, hidden=None, **more):
    return Battle(
        outcomes={"public": public, "hidden": public if hidden is None else hidden}, **more
    )


def message(*public, **more):
    found = verdict("users-table", ENTRY, battle(*public, **more))
    assert not found.passed
    return found.message


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ([BOUNCED], "1 hostile row bounces"),
        ([JOINED], "1 ordinary case passes"),
        ([BOUNCED, JOINED], "1 hostile row bounces and 1 ordinary case passes"),
        (
            [BOUNCED, BOUNCED, JOINED, JOINED, JOINED],
            "2 hostile rows bounce and 3 ordinary cases pass",
        ),
    ],
)
def test_praise_counts_rows_and_cases(outcomes, words):
    found = verdict("users-table", ENTRY, battle(*outcomes))

    assert (found.exercise, found.passed, found.mistake) == ("users-table", True, None)
    assert found.message == f"users-table holds: {words}; the same with other values."
    assert len(found.properties) == len(outcomes)


def refused(did, reply="y", attack="rider-joins"):
    return Outcome(attack, False, did, reply)


TRIED = "This could not be tried: a rider without a name"
ORDINARY = "An ordinary case"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (GOT_IN, f"This gets in: a rider without a name. {COSTS}"),
        (
            refused("let it pass", "2", "rider-without-name"),
            f"This gets in: a rider without a name (2). {COSTS}",
        ),
        (
            refused("refused it", NOT_NULL),
            (
                f"{ORDINARY} is refused: two riders sign up. What refuses it: name is NOT NULL. "
                "Nobody can join."
            ),
        ),
        (
            refused("could not be asked", "oops"),
            (
                f"{ORDINARY} goes wrong: two riders sign up. The schema could not be asked (oops). "
                "Nobody can join."
            ),
        ),
        (
            refused("answered (1) instead of (2)", ""),
            (
                f"{ORDINARY} goes wrong: two riders sign up. The schema answered (1) instead of (2). "
                "Nobody can join."
            ),
        ),
        (refused("failed", "Binder Error: x!"), "This could not be tried: two riders sign up (x)."),
        (refused("failed", "x", "rider-without-name"), f"{TRIED} (x)."),
        (
            refused("refused an ordinary row before it", "x", "rider-without-name"),
            f"{TRIED}. A row before it was refused (x).",
        ),
    ],
)
def test_a_message_says_what_was_tried_and_what_came_of_it(outcome, words):
    assert message(outcome) == words
    assert message(outcome, GOT_IN, JOINED).endswith(" 1 more in the table above.")


def test_an_ordinary_case_is_spoken_of_first_and_what_was_not_tried_last():
    failed = refused("failed", "x", "rider-without-name")

    assert message(failed, GOT_IN, refused("refused it")).startswith(ORDINARY)
    assert message(failed, GOT_IN).startswith("This gets in")


def test_what_goes_wrong_with_other_values_only_is_told_so():
    found = verdict("users-table", ENTRY, battle(BOUNCED, JOINED, hidden=(GOT_IN, JOINED)))

    assert found.message == (
        f"With other values than the lesson's: This gets in: a rider without a name. {COSTS}"
    )
    assert [(each.name, each.held) for each in found.properties] == [
        ("a rider without a name", True),
        ("two riders sign up", True),
        ("a rider without a name (with other values)", False),
    ]
    both = battle(GOT_IN, JOINED, hidden=(GOT_IN, JOINED))
    assert len(verdict("users-table", ENTRY, both).properties) == 2


def test_a_table_that_takes_no_row_is_all_there_is_to_say():
    assert message(GOT_IN, blocked=["No ordinary row.", "And here."]) == "No ordinary row."


def test_a_schema_that_cannot_be_attacked_is_told_why():
    found = verdict("users-table", ENTRY, Battle("no table users"))

    assert (found.passed, found.message, found.mistake) == (False, "no table users", None)


@pytest.mark.parametrize(
    ("attack", "sayings", "words"),
    [
        (
            "rider-without-name",
            {"users.name": ("name", "VARCHAR")},
            "name is VARCHAR, and no rule says more about it.",
        ),
        (
            "rider-without-name",
            {"users.name": ("name", "VARCHAR", "UNIQUE (name)")},
            "You say: name is VARCHAR, UNIQUE (name). None of that refuses it.",
        ),
        (
            "rider-without-name",
            {"users.name": ("name", "VARCHAR", "a", "b")},
            "You say: name is VARCHAR, a, b. None of that refuses it.",
        ),
        (
            "rider-without-name",
            {"users.name": ("name", "VARCHAR", "a", "b", "c")},
            "You say: name is VARCHAR, a, b and 1 more. None of that refuses it.",
        ),
        ("rider-without-name", {"users": ("users is a view",)}, "users is a view."),
        (
            "second-active-ride",
            {"rides.user_id": ("user_id", "INT"), "rides.status": ("status", "TEXT")},
            "user_id is INT and status is TEXT, and no rule says more about them.",
        ),
        (
            "second-active-ride",
            {
                "rides.user_id": ("user_id", "INT", "a (b)"),
                "rides.status": ("status", "TEXT", "a (b)"),
            },
            "You say: user_id is INT, a (b); status is TEXT. None of that refuses it.",
        ),
        (
            "ride-of-nobody",
            {"rides.user_id": ("user_id", "INT"), "users.user_id": ("user_id", "INT")},
            "rides.user_id is INT and users.user_id is INT, and no rule says more about them.",
        ),
        (
            "captured-twice-by-update",
            {f"payments.{c}": (c, "INT") for c in ("ride_id", "kind", "status")},
            "ride_id is INT, kind is INT and status is INT, and no rule says more about them.",
        ),
    ],
)
def test_what_the_schema_says_about_the_columns_is_shown(attack, sayings, words):
    found = message(Outcome(attack, False, "let it pass"), sayings=sayings)

    assert found.endswith(f"{attacks.attacks()[attack].costs} {words}")


@pytest.mark.parametrize("rule", ["UNIQUE (email)", "PRIMARY KEY (email)"])
def test_of_a_repeat_the_rules_about_repeats_are_shown_first(rule):
    sayings = {"users.email": ("email", "VARCHAR", "a", "b", rule)}

    found = message(Outcome("email-twice", False, "let it pass"), sayings=sayings)

    assert f"email is VARCHAR, {rule}, a and 1 more." in found


def test_of_more_columns_than_three_nothing_is_said():
    columns = ("requested_at", "accepted_at", "picked_up_at", "completed_at")
    sayings = {f"rides.{each}": (each, "DATE") for each in columns}

    assert "DATE" not in message(
        Outcome("ride-over-midnight", False, "answered 1 instead of 2"), sayings=sayings
    )


def test_what_went_wrong_in_an_ordinary_case_is_not_blamed_on_a_missing_rule():
    sayings = {f"rides.{c}": (c, "INT") for c in ("user_id", "driver_id", "status")}
    found = message(Outcome("rides-of-one-week", False, "answered 1 instead of 2"), sayings=sayings)

    assert found.endswith("You say: user_id is INT; driver_id is INT; status is INT.")


@pytest.mark.parametrize(
    ("public", "hidden", "share"),
    [
        ((GOT_IN, JOINED), None, 0.0),
        ((BOUNCED, refused("refused it")), None, 0.0),
        ((BOUNCED, JOINED), (GOT_IN, JOINED), 0.0),
    ],
)
def test_neither_open_nor_closed_tables_earn_a_share(public, hidden, share):
    assert verdict("users-table", ENTRY, battle(*public, hidden=hidden)).share == share


def test_a_share_is_what_bounces_less_what_is_refused_wrongly():
    twice = Outcome("email-twice", True, "refused it")
    without = Outcome("rider-without-email", True, "refused it")
    days = Outcome("rides-of-one-week", True, "let it pass")

    def share(*outcomes):
        return verdict("users-table", ENTRY, battle(*outcomes)).share

    assert share(GOT_IN, twice, without, JOINED) == pytest.approx(2 / 3)
    assert share(BOUNCED, twice, JOINED, refused("refused it", attack=days.attack)) == 0.5
    assert share(JOINED, refused("refused it", attack=days.attack)) == 0.5


@pytest.mark.parametrize(
    ("reply", "mark"),
    [
        ("Constraint Error: NOT NULL constraint failed: users.name", "NOT NULL: name"),
        ('Duplicate key "user_id: 1" violates', "UNIQUE: user_id"),
        ('violates foreign key constraint because key "user_id: 1" does', "FOREIGN KEY: user_id"),
        ("Conversion Error: Could not convert string 'x' to INT32", "type"),
        (
            "CHECK constraint failed on table users with expression CHECK((\"name\" <> 'email'))",
            "CHECK: name",
        ),
        ("something else", ""),
    ],
)
def test_a_mistake_is_recognised_by_the_rule_that_refused(reply, mark):
    marks = battle(refused("refused it", reply), JOINED).marks()

    wanted = "rider-joins: refused it" + (f": {mark}" if mark else "")
    assert marks == {"public": [wanted], "hidden": [wanted]}
    assert Battle("broken").marks() == {"error": "broken"}
    public = Battle(outcomes={"public": [refused("refused it", reply)]}).marks()
    assert (len(public["public"]), public["hidden"]) == (1, [])


def test_a_mistake_is_known_by_its_marks_and_its_sign():
    seen = battle(GOT_IN, JOINED, signs=frozenset({"a", "b"}))
    reference = battle(BOUNCED, JOINED, signs=frozenset({"a", "c"}))
    results = recognised_by(seen, reference)
    known = {"name": "nameless", "message": "Say NOT NULL.", "results": results}
    entry = {**ENTRY, "mistakes": [known]}

    assert results["sign"] == {"has": ["b"], "lacks": ["c"]}
    assert verdict("x", entry, seen).mistake == "nameless"
    assert verdict("x", entry, seen).message == "Say NOT NULL."
    for signs in ({"a"}, {"a", "b", "c"}):
        other = battle(GOT_IN, JOINED, signs=frozenset(signs))
        assert verdict("x", entry, other).mistake is None
    twins = {**entry, "mistakes": [known, {**known, "name": "twin"}]}
    assert verdict("x", twins, seen).mistake is None
    assert verdict("x", entry, reference).passed
    assert "sign" not in recognised_by(reference, reference)


def test_of_two_mistakes_that_fail_alike_the_more_special_one_is_named():
    reference = battle(BOUNCED, JOINED, signs=frozenset({"a"}))
    known = [
        {
            "name": name,
            "message": name,
            "results": recognised_by(battle(GOT_IN, JOINED, signs=frozenset(signs)), reference),
        }
        for name, signs in (("general", {"a", "b"}), ("special", {"a", "b", "d"}))
    ]
    entry = {**ENTRY, "mistakes": known}

    for signs, name in (("ab", "general"), ("abc", "general"), ("abd", "special"), ("a", None)):
        seen = battle(GOT_IN, JOINED, signs=frozenset(signs))
        assert verdict("x", entry, seen).mistake == name


def test_a_mistake_that_makes_no_schema_is_known_by_its_error():
    known = {"name": "typo", "message": "A typo.", "results": {"error": "no table"}}

    found = verdict("x", {**ENTRY, "mistakes": [known]}, Battle("no table"))

    assert (found.passed, found.message, found.mistake) == (False, "A typo.", "typo")
    assert recognised_by(Battle("no table"), Battle()) == {"error": "no table"}


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        (GOOD, True),
        (GOOD.replace("name VARCHAR NOT NULL", "name VARCHAR"), False),
        (GOOD.replace("lower(email)", "name"), False),
        (GOOD.replace("BIGINT", "DATE"), False),
        ("CREATE TABLE users (", False),
        ("-- names: {users}\n" + GOOD, False),
        (GOOD.replace("users", "people"), False),
        ('-- names: {"users": "people"}\n' + GOOD.replace("users", "people"), True),
    ],
)
def test_whether_a_schema_holds_is_asked_quickly_with_the_same_answer(text, is_good):
    found = fight(text, USERS, WANTED)

    assert holds(text, USERS, WANTED) is is_good
    assert trial_of_schemas(Task("users-table", ENTRY, 1, 1.0))(text) is is_good
    assert verdict("users-table", ENTRY, found).passed is is_good


def test_a_rule_that_knows_the_lessons_values_only_does_not_hold():
    typed_in = GOOD.replace("lower(email)", "name").replace(
        "email VARCHAR NOT NULL",
        "email VARCHAR NOT NULL CHECK (name <> 'Ben Okafor' OR email <> 'ana.duarte@example.com')",
    )
    found = fight(typed_in, USERS, ["email-twice"])

    assert found.failed("hidden") == ["email-twice"]
    assert not holds(typed_in, USERS, ["email-twice"])


def test_what_the_course_gives_comes_first_when_a_mistake_is_recognised():
    given = "CREATE TABLE users (user_id BIGINT PRIMARY KEY);"
    fields = {"users": ["user_id"], "rides": ["ride_id", "user_id"]}
    entry = {"fields": fields, "attacks": ["ride-of-nobody"], "given": given}
    reference = (
        "CREATE TABLE rides (ride_id BIGINT PRIMARY KEY, "
        "user_id BIGINT NOT NULL REFERENCES users (user_id))"
    )
    mistake = reference.replace(" REFERENCES users (user_id)", "")
    known = Known("rides-table", entry, reference, {}, {"no-reference": mistake}, 1)

    results = results_of_schema(known)

    assert trial_of_schemas(Task("rides-table", entry, 1, 1.0))(reference)
    assert list(results["mistakes"]) == ["no-reference"]
    assert results["mistakes"]["no-reference"]["public"] == ["ride-of-nobody: let it pass"]


class Busy:
    """A worker that stops before it has an answer, and remembers what it was asked."""

    def ask(self, job, arguments, limit_seconds, **more):
        self.asked = (job, arguments, limit_seconds, more)
        raise QueryFailed("the schema ran too long")


def test_a_worker_is_asked_for_a_schema_and_its_failure_is_told():
    worker = Busy()

    found = attacked(worker, GOOD, {"fields": {"users": ("user_id",)}, "attacks": ("rider-joins",)})

    told = judge_schema(Task("users-table", ENTRY, 1, 1.0), Answer("users", "ddl", GOOD), Busy())
    assert (told.exercise, told.passed) == ("users-table", False)
    job, arguments, limit_seconds, more = worker.asked
    assert found == Battle("the schema ran too long")
    assert (job, more) == ("attack", {"what": "schema"})
    assert arguments == {
        "text": GOOD,
        "fields": {"users": ["user_id"]},
        "wanted": ["rider-joins"],
        "given": "",
        "limit_seconds": limit_seconds,
    }


def test_of_mistakes_that_fail_alike_one_without_a_sign_is_the_least_special():
    seen = battle(GOT_IN, JOINED, signs=frozenset({"a", "b"}))
    results = recognised_by(seen, battle(BOUNCED, JOINED, signs=frozenset({"a"})))
    plain = {"name": "plain", "message": "Plain.", "results": {**results}}
    del plain["results"]["sign"]
    special = {"name": "special", "message": "Special.", "results": results}

    for known in ([plain, special], [special, plain]):
        assert verdict("x", {**ENTRY, "mistakes": known}, seen).mistake == "special"


def test_all_rules_that_fill_a_column_are_told():
    outcome = Outcome("address-left-out-of-a-sign-up", False, "let it pass", "without email")
    sayings = {"users.email": ("email", "VARCHAR", "UNIQUE (email)", "CHECK (email > 'a')")}

    assert message(outcome, sayings=sayings).endswith(
        "email is VARCHAR, UNIQUE (email), CHECK (email > 'a'), so a row may leave it out."
    )


def test_known_answers_need_nothing_that_is_given():
    entry = {"fields": {"users": ["user_id"]}, "attacks": ["rider-number-twice"]}
    reference = "CREATE TABLE users (user_id BIGINT PRIMARY KEY)"
    known = Known("users-table", entry, reference, {}, {"no-key": reference[:-13] + ")"}, 1)

    assert results_of_schema(known)["mistakes"]["no-key"]["public"] == [
        "rider-number-twice: let it pass"
    ]
