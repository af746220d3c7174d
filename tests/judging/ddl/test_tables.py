"""What makes a schema and what does not, what its errors say, and what is left behind."""

import duckdb
import pytest

from ridealong.engine import sqltext
from ridealong.engine.statement import QueryFailed, QueryRefused
from ridealong.judging.ddl import names
from ridealong.judging.ddl import tables as ddl
from ridealong.judging.ddl.attacks import Refused
from ridealong.judging.ddl.tables import Tables, copies, needs_more

USERS = "CREATE TABLE users (user_id BIGINT PRIMARY KEY)"
RIDES = "CREATE TABLE rides (user_id BIGINT REFERENCES {} (user_id))"
EMPTY = "this answer starts in an empty database, so make a table before the one that refers to it"


def refusal(text, kind=QueryFailed):
    with pytest.raises(kind) as told:
        Tables(text).close()
    assert type(told.value) is kind
    return str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "create or replace table x (i int)",
        "CREATE TEMP TABLE x (i INT)",
        "CREATE TEMPORARY TABLE x (i INT)",
        "CREATE OR REPLACE TEMP TABLE x (i INT)",
        "CREATE TABLE public.x (i INT); INSERT INTO PUBLIC.x VALUES (1)",
        "CREATE TABLE x (public INT, temp INT)",
        (
            "CREATE TYPE t AS ENUM ('a'); CREATE SEQUENCE s; CREATE TABLE x (i t); "
            "CREATE UNIQUE INDEX u ON x (i); CREATE VIEW v AS SELECT 1; ALTER TABLE x ADD COLUMN j INT"
        ),
    ],
)
def test_what_makes_tables_is_a_schema(text):
    tables = Tables(text)
    found = [each.name for each in tables.structure.tables]
    tables.close()

    assert "x" in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (3, "the answer is an int, wanted statements"),
        ("", "no answer yet: the cell holds no statement"),
        ("SELECT 1", "the answer holds a SELECT statement; a schema is made of CREATE TABLE,"),
        ("FROM users", "the answer holds a FROM statement; "),
        ("WITH a AS (SELECT 1) SELECT 1", "the answer holds a WITH statement; "),
        ("COMMENT ON TABLE a IS 'x'", "the answer holds a COMMENT statement; "),
        ("UPDATE a SET b = 1", "the answer holds a UPDATE statement; "),
        ("CREATE SCHEMA x", "CREATE SCHEMA is not part of a schema here: make tables, views,"),
        ("CREATE TEMP VIEW x AS SELECT 1", "CREATE TEMP is not part of a schema here: "),
        ("CREATE TABLE main.x (i INT)", "a table is named with a schema before it: "),
        ("CREATE TABLE x (i INT)" + " " * 40_000, "the answer has 40,022 characters, 40,000 is"),
        (";".join([f"CREATE TABLE x{n} (i INT)" for n in range(41)]), "the answer makes 41 tables"),
        (USERS + ";DROP TABLE users" * 121, "the answer holds 122 statements, 120 is the most"),
    ],
    ids=lambda value: str(value)[:40].strip(),
)
def test_what_is_no_schema_is_refused_by_what_it_is(text, words):
    assert refusal(text, QueryRefused).startswith(words)


def test_the_largest_schema_is_read():
    Tables("; ".join(f"CREATE TABLE x{n} (i INT)" for n in range(40))).close()
    Tables("CREATE TABLE x (i INT)" + " " * (ddl.LONGEST_DDL - 22)).close()
    statements = ["CREATE TABLE x (i INT)", *["INSERT INTO x VALUES (1)"] * 119]
    Tables(";".join(statements)).close()


def test_words_taken_out_leave_every_place_as_it_was():
    text = "CREATE TEMP TABLE\n public.x (i INT)"

    assert ddl._alone(text) == "CREATE      TABLE\n        x (i INT)"
    assert ddl._alone("CREATE TABLE a.public.x (i INT)") == "CREATE TABLE a.public.x (i INT)"
    assert ddl._alone("CREATE TABLE x (temp INT)") == "CREATE TABLE x (temp INT)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RIDES.format("users"), f"there is no table users yet: {EMPTY}"),
        (RIDES.format("users") + ";" + USERS, f"there is no table users yet: {EMPTY}"),
        (
            RIDES.format("userss") + ";" + USERS,
            f"there is no table userss yet: {EMPTY}; did you mean users?",
        ),
        (
            RIDES.format("userss") + ";" + USERS.replace("TABLE", "TABLE IF NOT EXISTS"),
            f"there is no table userss yet: {EMPTY}; did you mean users?",
        ),
        (
            USERS + ";" + USERS,
            (
                'Catalog Error: Table with name "users" already exists: make each of them once: take '
                "the second one out, or give it another name"
            ),
        ),
        (
            'CREATE TABLE a (i TEXT CHECK (i IN ("paid")))',
            (
                'Binder Error: Table does not contain column "paid" referenced in check constraint: '
                "double quotes name a column; a text stands in single quotes: 'paid'"
            ),
        ),
        *(
            (
                f"CREATE TABLE a (i TEXT CHECK ({check}))",
                (
                    'Binder Error: Table does not contain column "paid" referenced in check '
                    "constraint: a text stands in single quotes: 'paid'"
                ),
            )
            for check in (
                "i = paid",
                "i IN (paid, 'b')",
                "i IN ('b', paid)",
                "i IN ('b', 'c', paid)",
            )
        ),
        *(
            (
                f"CREATE TABLE a (i TEXT CHECK ({check}))",
                (
                    'Binder Error: Table does not contain column "paid" referenced in check '
                    "constraint: a rule speaks of columns of its own table only"
                ),
            )
            for check in ("paid = i", "coalesce(i, paid) = 'b'", "i > paid")
        ),
        (
            "CREATE TABLE a (name TEXT CHECK (nme = 1))",
            (
                'Binder Error: Table does not contain column "nme" referenced in check constraint: '
                "a rule speaks of columns of its own table only; did you mean name?"
            ),
        ),
        (
            'CREATE TABLE a ("name" TEXT CHECK (nme = 1))',
            (
                'Binder Error: Table does not contain column "nme" referenced in check constraint: '
                "a rule speaks of columns of its own table only; did you mean name?"
            ),
        ),
        (
            'CREATE TABLE a ("nameX" TEXT CHECK (namX = 1))',
            (
                'Binder Error: Table does not contain column "namX" referenced in check constraint: '
                "a rule speaks of columns of its own table only; did you mean nameX?"
            ),
        ),
        (
            "CREATE TABLE a (i INT CHECK (xyz = 1))",
            (
                'Binder Error: Table does not contain column "xyz" referenced in check constraint: '
                "a rule speaks of columns of its own table only"
            ),
        ),
        (
            "CREATE TABLE a (BIGINT user_id)",
            (
                "Catalog Error: Type with name user_id does not exist: the name of a column comes "
                "first, then its type: user_id BIGINT"
            ),
        ),
        (
            "CREATE TABLE a (m Mood); CREATE TYPE mood AS ENUM ('a')",
            (
                "Catalog Error: Type with name Mood does not exist: make the type before the table "
                "that uses it"
            ),
        ),
        (
            "CREATE TABLE a (i STRNG)",
            (
                "Catalog Error: Type with name STRNG does not exist: behind a column's name stands its "
                "type, such as BIGINT, VARCHAR, DECIMAL(10, 2) or TIMESTAMP; a list of your own is "
                "made before with CREATE TYPE"
            ),
        ),
        (
            "CREATE TABLE a (i SERIAL)",
            (
                "Catalog Error: Type with name SERIAL does not exist: a number that counts up by "
                "itself is a sequence here: CREATE SEQUENCE numbers, then BIGINT DEFAULT "
                "nextval('numbers')"
            ),
        ),
        (
            "CREATE TABLE a (i BIGINT(3))",
            (
                'Parser Error: syntax error at or near "(": whole numbers have no length here: write '
                "BIGINT alone"
            ),
        ),
        (
            "CREATE TABLE a (i INT CHECK (1 < i < 3))",
            (
                "Parser Error: Chained comparisons are not supported, use AND to combine comparisons: "
                "write column BETWEEN lowest AND highest, which includes both ends"
            ),
        ),
    ],
)
def test_an_error_of_the_database_is_told_with_the_next_step(text, words):
    assert refusal(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"{USERS}; CREATE UNIQUE INDEX x ON users (user_id) WHERE user_id > 3",
            "no partial index",
        ),
        (RIDES.format("users").replace("))", ") ON DELETE CASCADE)"), "knows no ON DELETE action"),
        (f"{USERS}; ALTER TABLE users ADD CHECK (user_id > 0)", "write it inside CREATE TABLE"),
        ("CREATE TABLE a (i INT UNIQUE DEFERRABLE)", "leave DEFERRABLE out"),
        ("CREATE TABLE a (i INT, j INT AS (i) UNIQUE)", "a unique index instead"),
        ("CREATE TABLE a (i INT CHECK (i IN (SELECT 1)))", "sees only the row it stands in"),
        ("CREATE TABLE a (i INT REFERENCES a (j))", "give that column PRIMARY KEY or UNIQUE"),
        ("CREATE TABLE a (i INT DEFAULT (j), j INT)", "computed in a view"),
        ("CREATE TABLE a (i INT PRIMARY KEY, j INT PRIMARY KEY)", "makes a pair the key"),
        ("CREATE TABLE a (i TEXT COLLATE foo)", "leave COLLATE out"),
        ("CREATE TABLE a (i DECIMAL(x))", "is a number, as in DECIMAL(10, 2)"),
    ],
)
def test_what_duckdb_has_not_is_told_with_the_way_around(text, words):
    assert words in refusal(text)


def test_the_line_of_an_error_is_kept():
    told = refusal("CREATE TABLE a (i INT);\nCREATE TABLE b (\n i INT UNIQUE DEFERRABLE)")

    assert 'near "DEFERRABLE" (line 3): DuckDB checks every constraint at once' in told


def test_only_the_first_line_of_an_error_is_read():
    error = duckdb.BinderException("Binder Error: no such thing!\nLINE 1: already exists")

    assert ddl.failure(error, "CREATE TABLE a (i INT)").startswith("Binder Error: no such thing")
    assert "make each of them once" not in ddl.failure(error, "CREATE TABLE a (i INT)")


def test_the_end_of_an_error_loses_its_stop_and_nothing_else():
    for end in ("", ".", "!"):
        error = duckdb.CatalogException(f"Catalog Error: Collation with name X{end}")
        assert ddl.failure(error, "CREATE TABLE a (i INT)").startswith(
            "Catalog Error: Collation with name X: leave COLLATE out"
        )


def test_a_table_begins_empty_and_keeps_what_the_schema_put_there():
    tables = Tables(
        "CREATE TABLE kinds (k INT); INSERT INTO kinds VALUES (1); CREATE TABLE a (i INT)"
    )
    for only_inserts in (True, False, True, False):
        tables.fresh(only_inserts=only_inserts)
        assert tables.execute("SELECT i FROM a") == []
        assert tables.execute("SELECT k FROM kinds") == [(1,)]
        assert tables.execute('INSERT INTO "a" (i) VALUES (1)') == []
        tables.execute('INSERT INTO "kinds" (k) VALUES (2)')
        assert tables.execute("SELECT i FROM a") == [(1,)]
    tables.close()


def test_rows_that_are_deleted_again_go_children_first():
    tables = Tables(f'{USERS}; {RIDES.format("users")}; CREATE TABLE "o""dd" (i INT)')
    schema = tables._schema
    for _ in range(2):
        tables.fresh()
        assert tables.execute("SELECT * FROM users") == []
        assert tables.execute("SELECT * FROM rides") == []
        assert tables.execute('SELECT * FROM "o""dd"') == []
        tables.execute('INSERT INTO "users" (user_id) VALUES (1)')
        tables.execute('INSERT INTO "rides" (user_id) VALUES (1)')
        tables.execute('INSERT INTO "o""dd" (i) VALUES (1)')
    tables.fresh()

    assert tables.execute("SELECT * FROM users") == []
    assert tables._schema == schema
    tables.close()


def test_a_constraint_or_a_type_refuses_and_another_error_is_one():
    tables = Tables("CREATE TABLE a (i TINYINT NOT NULL, j INT)")
    for sql in (
        'INSERT INTO "a" (i) VALUES (NULL)',
        "INSERT INTO \"a\" (i) VALUES ('x')",
        'INSERT INTO "a" (i) VALUES (1000)',
    ):
        with pytest.raises(Refused):
            tables.execute(sql)
    with pytest.raises(duckdb.BinderException):
        tables.execute('INSERT INTO "a" (k) VALUES (1)')
    tables.close()


def test_copies_share_what_the_schema_is_and_no_row():
    one, other = copies("CREATE TABLE a (i INT)", count=2)
    one.execute('INSERT INTO "a" (i) VALUES (1)')

    assert one.connection is not other.connection
    assert other.structure is one.structure  # it is read once
    assert other.execute("SELECT i FROM a") == []
    one.close()
    other.close()


def test_what_the_course_gives_is_there_before_and_its_words_count():
    tables = Tables(
        "CREATE TABLE a (k TEXT CHECK (k IN ('mine')))", "CREATE TYPE t AS ENUM ('ours')"
    )

    assert {"mine", "ours"} <= set(tables.structure.words)
    tables.close()


def test_at_most_two_databases_are_kept_for_later():
    while ddl._idle:
        ddl._idle.pop().close()
    made = [Tables("CREATE TABLE a (i INT)") for _ in range(3)]
    for each in made:
        each.close()

    assert len(ddl._idle) == 2
    with pytest.raises(duckdb.ConnectionException):
        made[-1].connection.execute("SELECT 1")


def test_nothing_outside_of_the_database_can_be_reached():
    tables = Tables("CREATE TABLE a (i INT)")
    held = dict(
        tables.connection.execute(
            "SELECT name, value FROM duckdb_settings() WHERE name IN "
            "('enable_external_access', 'lock_configuration', 'threads', 'TimeZone', "
            "'autoload_known_extensions', 'autoinstall_known_extensions')"
        ).fetchall()
    )
    with pytest.raises(duckdb.InvalidInputException):
        tables.connection.execute("SET threads = 2")
    tables.close()

    assert held == {
        "TimeZone": "UTC",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_access": "false",
        "lock_configuration": "true",
        "threads": "1",
    }


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("user_id BIGINT PRIMARY KEY, phone TEXT NOT NULL", "Give it a DEFAULT, or let it be NULL"),
        ("user_id BIGINT, phone BIGINT PRIMARY KEY", "Leave it out, or give it a DEFAULT, such as"),
        ("user_id BIGINT PRIMARY KEY, phone TEXT NOT NULL DEFAULT 'x'", None),
        ("user_id BIGINT PRIMARY KEY, phone TEXT", None),
    ],
)
def test_a_required_column_that_nothing_fills_is_told(columns, words):
    tables = Tables(f"CREATE TABLE people ({columns})")
    own = {"users": "people"}
    found = names.resolve(tables.structure, {"users": ["user_id"]}, own)

    told = needs_more(tables.structure, found, ["users"])

    tables.close()
    assert (told is None) == (words is None)
    assert told is None or told.startswith("No row gets into people: it requires a value in phone,")
    assert told is None or f"{words}" in told
    assert told is None or told.endswith('-- names: {"users.the_column": "phone"}')
    assert needs_more(tables.structure, found, []) is None


@pytest.mark.parametrize(
    ("text", "is_value"),
    [
        ("CHECK (i = paid)", True),
        ("CHECK (i IN (paid))", True),
        ("CHECK (i IN ('a', 'b', paid))", True),
        ("CHECK (i IN (paid, 'a', 'b'))", True),
        ("CHECK (i <> 'a' AND i = paid)", True),
        ("CHECK (paid = i)", False),
        ("CHECK (i = paid.x)", False),
        ("CHECK (i = paid('a'))", False),
        ("CHECK (lower(paid) = 'a')", False),
        ("CHECK (greatest(i, 'a', paid) = 'a')", False),
        ("CHECK (i > paid)", False),
        ("CHECK (i = other)", False),
    ],
)
def test_a_bare_word_is_a_value_behind_an_equals_sign_and_in_a_list(text, is_value):
    assert ddl._is_compared("paid", sqltext.tokens(text)) == is_value


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('Table does not contain column "nme" referenced', "nme"),
        ('Referenced column "nme" not found in FROM', "nme"),
        ('Column "nme" does not exist', "nme"),
        ("column nme named in key does not exist", "nme"),
    ],
)
def test_a_column_that_is_not_there_is_named_in_each_form_of_the_error(said, name):
    told = ddl.failure(duckdb.BinderException(f"Binder Error: {said}"), "CREATE TABLE a (nm INT)")

    assert told.endswith("a rule speaks of columns of its own table only; did you mean nm?")
