"""The attacks on a schema run in a real PostgreSQL and leave nothing there."""

import re
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import own_postgresql
from own_postgresql import PASSWORD, WRITTEN
from ridealong.engine.statement import QueryFailed, QueryRefused, QueryStopped, within_limit
from ridealong.judging.ddl import attacks, names, postgres, postgres_text
from ridealong.judging.ddl import tables as ddl
from ridealong.judging.ddl.attacks import Outcome, Refused
from ridealong.judging.ddl.postgres import PostgresTables
from ridealong.labs.schema import attack
from ridealong.labs.sql.database import LabError

HERE = Path(__file__).parent
REFERENCE = HERE.joinpath("schemas", "reference_postgresql.sql").read_text("utf-8")
IN_DUCKDB = HERE.joinpath("schemas", "reference.sql").read_text("utf-8")
CORPUS = tomllib.loads(HERE.joinpath("hostile_postgresql.toml").read_text("utf-8"))
OF_DUCKDB = tomllib.loads(HERE.joinpath("hostile_ddl.toml").read_text("utf-8"))
SECRET = "the-canary-sings"

OF_SOMEBODY_ELSE = """
    CREATE SCHEMA company;
    CREATE TABLE company.wages (wage INT); INSERT INTO company.wages VALUES (4711);
    CREATE TABLE public.wages (wage INT); INSERT INTO public.wages VALUES (4712);
    CREATE TABLE public.users (user_id BIGINT); INSERT INTO public.users VALUES (1);
    CREATE SEQUENCE company.numbers;
    CREATE FUNCTION company.fire() RETURNS INT LANGUAGE sql AS
        'DELETE FROM company.wages; SELECT 1';
    CREATE ROLE somebody"""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Start a PostgreSQL of its own and give the address of its database."""
    with own_postgresql.running() as url:
        with psycopg.connect(url, autocommit=True) as con:
            con.execute(OF_SOMEBODY_ELSE.encode())
        yield url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("canary")
    (path / "secret.csv").write_text(f"user_id\n{SECRET}\n", encoding="utf-8")
    return path


def left(url: str) -> dict[str, Any]:
    """All of a database and its server that somebody could have touched."""
    asked = {
        "schemas": "SELECT nspname, nspowner FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1",
        "relations": "SELECT relnamespace, relname, relkind, relowner, relnatts, relhasindex, "
        "reltablespace FROM pg_class ORDER BY 1, 2",
        "types": "SELECT count(*) FROM pg_type",
        "functions": "SELECT count(*) FROM pg_proc",
        "large objects": "SELECT oid FROM pg_largeobject_metadata",
        "roles": "SELECT rolname, rolsuper FROM pg_roles ORDER BY 1",
        "databases": "SELECT datname FROM pg_database ORDER BY 1",
        "settings": "SELECT name, setting FROM pg_settings WHERE name !~ 'application' ORDER BY 1",
        "wages": "SELECT (SELECT array_agg(wage) FROM company.wages), "
        "(SELECT array_agg(wage) FROM public.wages), (SELECT count(*) FROM public.users)",
        "numbers": "SELECT last_value, is_called FROM company.numbers",
    }
    with psycopg.connect(url) as con:
        return {name: con.execute(sql.encode()).fetchall() for name, sql in asked.items()}


def outcomes(url: str, text: str, wanted: Sequence[str], variant: str = "public") -> list[Outcome]:
    tables = PostgresTables(text, url)
    found = names.resolve(tables.structure, attacks.fields(), names.in_comments(text))
    try:
        return attacks.run(tables, tables.structure, found, wanted, variant)
    finally:
        tables.close()


def without_rules(url: str, *, only_text: bool = False) -> str:
    """The reference's tables without any constraint, and without types that refuse a text."""
    tables = PostgresTables(REFERENCE, url)
    tables.close()
    return ";".join(
        f"CREATE TABLE {table.name} ("
        + ", ".join(f"{c.name} {'TEXT' if only_text else wide(c.kind)}" for c in table.columns)
        + ")"
        for table in tables.structure.tables
        if not table.is_view
    )


def wide(kind: str) -> str:
    """A type that takes everything; keys stay numbers, to be found again."""
    return kind if kind.endswith("INT") or kind == "INTEGER" else "TEXT"


@pytest.mark.parametrize("variant", attacks.VARIANTS)
def test_reference_schema_meets_every_attack(server: str, variant: str) -> None:
    seen = outcomes(server, REFERENCE, list(attacks.attacks()), variant)

    assert [each for each in seen if not each.held] == []


@pytest.mark.parametrize("variant", attacks.VARIANTS)
def test_every_hostile_row_gets_into_tables_without_rules(server: str, variant: str) -> None:
    hostile = [each.id for each in attacks.attacks().values() if not each.legal]
    words = [each for each in hostile if each.endswith(("-number-in-words", "-known-by-a-word"))]
    others = [each for each in hostile if each not in words]
    seen = outcomes(server, without_rules(server), others, variant)
    seen += outcomes(server, without_rules(server, only_text=True), words, variant)

    assert [each for each in seen if each.held is not False] == []
    assert {each.did for each in seen} == {"let it pass"}


def test_an_attack_leaves_nothing_for_the_next(server: str) -> None:
    every = list(attacks.attacks())

    assert outcomes(server, REFERENCE, every[::-1])[::-1] == outcomes(server, REFERENCE, every)


ROWS = (
    "INSERT INTO cities VALUES (1, 'Harborview', 'East', 'America/New_York')",
    "INSERT INTO users VALUES (1, 'Ana', 'ana@example.com', TIMESTAMP '2026-03-01 08:00:00', 1)",
    (
        "INSERT INTO rides (ride_id, user_id, city_id, pickup_location, dropoff_location, status, "
        "requested_at) VALUES (1, 1, 1, 'a', 'b', 'requested', TIMESTAMP '2026-03-02 10:00:00')"
    ),
    "INSERT INTO ride_events VALUES (1, 1, 'requested', TIMESTAMP '2026-03-02 10:00:00')",
)
CANCEL = (
    "UPDATE rides SET status = 'cancelled', cancelled_at = TIMESTAMP '2026-03-02 10:05:00', "
    "cancelled_by = 'rider' WHERE ride_id = 1"
)


def test_ride_with_a_history_changes_its_state_in_postgresql_only(server: str) -> None:
    here, there = PostgresTables(REFERENCE, server), ddl.Tables(IN_DUCKDB)
    for tables in (here, there):
        tables.fresh()
        for row in ROWS:
            tables.execute(row)

    assert here.execute(CANCEL) == []
    assert here.execute("SELECT status FROM rides") == [("cancelled",)]
    with pytest.raises(Refused, match="foreign key"):
        there.execute(CANCEL)
    here.close()
    there.close()


def test_refusal_ends_a_statement_and_not_the_connection(server: str) -> None:
    tables = PostgresTables("CREATE TABLE t (i SMALLINT NOT NULL UNIQUE)", server)

    tables.execute("INSERT INTO t VALUES (1)")
    for row in ("(1)", "(NULL)", "(70000)", "('x')"):
        with pytest.raises(Refused):
            tables.execute(f"INSERT INTO t VALUES {row}")
    with pytest.raises(psycopg.errors.UndefinedTable):
        tables.execute("INSERT INTO nowhere VALUES (1)")
    assert tables.execute("SELECT i FROM t") == [(1,)]
    tables.fresh()
    assert tables.execute("SELECT i FROM t") == []
    tables.close()


def test_rule_that_waits_for_the_end_is_checked_at_every_statement(server: str) -> None:
    text = """
        CREATE TABLE a (i INT PRIMARY KEY);
        CREATE TABLE b (i INT REFERENCES a (i) DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO a VALUES (1);
        ALTER TABLE a ADD COLUMN j INT"""
    tables = PostgresTables(text, server)

    for _ in range(2):
        tables.fresh()
        tables.execute("INSERT INTO b VALUES (1)")
        with pytest.raises(Refused, match="foreign key"):
            tables.execute("INSERT INTO b VALUES (2)")
    tables.close()


def test_structure_is_read_back(server: str) -> None:
    text = """
        CREATE TYPE state AS ENUM ('open', 'it''s closed');
        CREATE DOMAIN moment AS TIMESTAMP(0) NOT NULL;
        CREATE TABLE parents (id BIGINT PRIMARY KEY, code VARCHAR(8), UNIQUE (code, id));
        CREATE TABLE "Children" (
            id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent BIGINT NOT NULL
            REFERENCES parents, state state DEFAULT 'open', born moment, seen TIMESTAMPTZ,
            cost NUMERIC(10, 2) CHECK (cost BETWEEN 1 AND 5), size DOUBLE PRECISION, notes TEXT[]);
        CREATE UNIQUE INDEX ON "Children" (born, seen) INCLUDE (cost);
        CREATE UNIQUE INDEX ON "Children" (parent, lower(notes[1])) WHERE state = 'open';
        CREATE INDEX ON "Children" (size);
        CREATE VIEW v AS SELECT id FROM parents"""
    tables = PostgresTables(text, server)
    tables.close()
    parents, children, view = tables.structure.tables

    assert (parents.name, parents.primary_key, parents.unique) == (
        "parents",
        ("id",),
        (("code", "id"),),
    )
    assert [column.kind for column in parents.columns] == ["BIGINT", "VARCHAR(8)"]
    assert [column.kind for column in children.columns] == [
        *("BIGINT", "BIGINT", "ENUM('open', 'it''s closed')", "TIMESTAMP"),
        *("TIMESTAMP WITH TIME ZONE", "DECIMAL(10,2)", "DOUBLE", "VARCHAR[]"),
    ]
    assert [c.name for c in children.columns if c.required] == ["id", "parent", "born"]
    assert [c.name for c in children.columns if c.has_default] == ["id", "state"]
    assert children.unique == (("born", "seen"),)
    assert children.unique_rules == ("parent, lower(notes[1]) WHERE state = 'open'::state",)
    assert children.checks == ("cost >= 1::numeric AND cost <= 5::numeric",)
    assert [(r.columns, r.table, r.targets) for r in children.references] == [
        (("parent",), "parents", ("id",))
    ]
    assert view.is_view and [column.name for column in view.columns] == ["id"]


def test_names_are_written_as_postgresql_holds_them(server: str) -> None:
    text = """
        -- names: {"users": "User", "users.user_id": "order"}
        CREATE TABLE "User" ("order" BIGINT PRIMARY KEY, "Name" TEXT NOT NULL,
                             email TEXT NOT NULL, created_at TIMESTAMP NOT NULL)"""

    seen = outcomes(server, text, ["rider-joins", "rider-without-name", "rider-number-twice"])

    assert [each.held for each in seen] == [True, True, True]


def test_tables_of_the_course_come_first(server: str) -> None:
    tables = PostgresTables(
        "CREATE TABLE b (i INT REFERENCES a (i))", server, "CREATE TABLE a (i INT PRIMARY KEY);"
    )
    tables.close()

    assert [table.name for table in tables.structure.tables] == ["a", "b"]


HOSTILE = [
    pytest.param(text, group, id=f"{group}-{number}")
    for corpus in (CORPUS, {f"duckdb_{name}": texts for name, texts in OF_DUCKDB.items()})
    for group, texts in corpus.items()
    for number, text in enumerate(texts)
]


@pytest.mark.parametrize(("text", "group"), HOSTILE)
def test_hostile_text_touches_nothing_outside(
    server: str, folder: Path, text: str, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_SECONDS", 1)
    before = left(server)
    files = {path: path.read_bytes() for path in folder.rglob("*")}
    error, refused = "", False
    try:
        PostgresTables(text.replace("{folder}", folder.as_posix()), server).close()
    except QueryFailed as failed:
        error, refused = str(failed), isinstance(failed, QueryRefused)

    assert left(server) == before
    assert {path: path.read_bytes() for path in folder.rglob("*")} == files
    assert "\n" not in error
    assert SECRET not in error
    if group == "inside":
        assert error == ""
    elif group == "expensive":
        assert "longer than 1 s" in error
    elif not group.startswith("duckdb"):  # much of what DuckDB has not is good PostgreSQL
        assert refused or (group == "read_in_two_ways" and "syntax error" in error), error


def test_two_statements_are_never_run_as_one(server: str) -> None:
    session = postgres.Session(postgres.connected(server))
    with pytest.raises(psycopg.errors.SyntaxError, match="multiple commands"):
        session.execute("SELECT 1; SELECT 2", single=True)
    session.close()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["CREATE", "TABLE", "users", "(", ")", ",", ";", ".", "i", "INT", "CHECK", "UNIQUE",
             "INDEX", "ON", "DELETE", "UPDATE", "AS", "SELECT", "TYPE", "ENUM", "'x'", "COPY", "--",
             "/*", "*/", "\n", '"', "'", "$", "$a$", "E'", "U&", "ALTER", "ADD", "DROP", "IF",
             "EXISTS", "ONLY", "SET", "INSERT", "INTO", "WITH", "nextval", "DO", "company"]
        ) | st.text(max_size=4),
        max_size=25,
    ).map(" ".join)
)  # fmt: skip
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    try:
        found = postgres_text.statements(text, {"company"}, {"fire"})
    except QueryRefused as error:
        found, told = [], str(error)
    else:
        told = ""
    assert "\n" not in told
    assert all(
        each.text and ";" not in re.sub(r"'[^']*'|\"[^\"]*\"", "", each.text) for each in found
    )


def test_everything_is_gone_afterwards_and_nobody_sees_it_before(server: str) -> None:
    before = left(server)
    tables = PostgresTables("CREATE TABLE t (i INT)", server)
    during = left(server)
    tables.execute("INSERT INTO t VALUES (1)")
    tables.close()
    with pytest.raises(QueryFailed, match="already exists"):
        PostgresTables("CREATE TABLE t (i INT); CREATE TABLE t (i INT)", server)

    assert before == during == left(server)
    with psycopg.connect(server) as con:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ridealong'"
        ends = time.monotonic() + 5
        while con.execute(asked.encode()).fetchone() != (0,) and time.monotonic() < ends:
            con.rollback()
            time.sleep(0.05)
        assert con.execute(asked.encode()).fetchone() == (0,)


def test_slow_statement_is_stopped(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_SECONDS", 1)
    slow = "CREATE TABLE t AS SELECT count(*) FROM generate_series(1, 1000000000) i"
    with pytest.raises(QueryFailed, match="longer than 1 s"):
        PostgresTables(slow, server)
    monkeypatch.setattr(postgres, "STATEMENT_SECONDS", 60)
    tables = PostgresTables("CREATE TABLE t (i INT)", server)
    with pytest.raises(QueryStopped, match="longer than 0.2 s"):
        within_limit(tables.connection, 0.2, lambda: tables.execute("SELECT pg_sleep(60)"))
    tables.close()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "CREATE TABLE t (\n  i INT,\n  j TINYINT)",
            r'"tinyint" does not exist \(line 3\): .*SMALL',
        ),
        ("-- one\n\nCREATE TABLE t (i INT);\nCREATE TABEL u (i INT)", "TABEL is not part"),
        ("CREATE TABLE t (i INT,)", r'syntax error at or near "\)" \(line 1\)'),
        ("CREATE TABLE t (i INT); CREATE INDEX CONCURRENTLY x ON t (i)", "leave CONCURRENTLY out"),
        ("CREATE TABLE public.t (i INT)", "has the schema public before it"),
        ("DO 'x'", "holds a DO statement; a schema is made of CREATE TABLE"),
        ("CREATE FUNCTION f()", "CREATE FUNCTION is not part of a schema"),
        ("", "holds no statement"),
        (5, "the answer is a int"),
    ],
)
def test_what_fails_is_told_in_one_line(server: str, text: object, wanted: str) -> None:
    with pytest.raises(QueryFailed, match=wanted) as error:
        PostgresTables(text, server)

    assert "\n" not in str(error.value)


TABLE = "CREATE TABLE users (user_id BIGINT, name TEXT, email TEXT, created_at TIMESTAMP)"


def address(server: str, **changed: object) -> str:
    """The server's address with another part."""
    found = re.fullmatch(r"postgresql://(\w+):(.*)@([\d.]+):(\d+)/(\w+)", server)
    assert found
    part = dict(zip(("user", "password", "host", "port", "database"), found.groups(), strict=True))
    part |= {name: str(value) for name, value in changed.items()}
    return "postgresql://{user}:{password}@{host}:{port}/{database}".format(**part)


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"password": "open-sesame-9"}, "does not accept the password of postgres"),
        ({"password": PASSWORD}, "cannot be read; wanted is the form"),
        ({"password": "moon@8"}, "cannot be read; wanted is the form"),
        ({"password": "mo%on"}, "cannot be read; wanted is the form"),
        ({"port": 1}, "no PostgreSQL answers at 127.0.0.1, port 1: start the server"),
        ({"port": "moon8"}, "cannot be read; wanted is the form"),
        ({"host": "nowhere.invalid"}, "there is no computer nowhere.invalid"),
        ({"database": "nowhere"}, "has no database nowhere: correct its name"),
        ({"user": "postgres" + WRITTEN, "password": "x"}, "the password of that name: correct"),
        ({"user": "nobody", "password": "open-sesame-9"}, "does not accept the password of nobody"),
    ],
)
def test_wrong_address_is_told_without_the_password(
    server: str, changed: dict[str, object], wanted: str
) -> None:
    with pytest.raises(LabError, match=wanted) as error:
        attack(TABLE, database_url=address(server, **changed))

    shown = str(error.value) + repr(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith("Without database_url only DuckDB is attacked")
    for secret in (PASSWORD, WRITTEN, "moon", "open-sesame-9"):
        assert secret not in shown


def test_wanted_password_is_told(server: str) -> None:
    bare = re.sub("://.*@", "://", server)
    with pytest.raises(LabError, match="wants a password of your own name: write name:password@"):
        attack(TABLE, database_url=bare)


def test_server_that_hangs_up_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        Thread(target=lambda: other.accept()[0].close(), daemon=True).start()
        port = other.getsockname()[1]
        with pytest.raises(LabError, match=f"port {port} hangs up"):
            attack(TABLE, database_url=f"postgresql://127.0.0.1:{port}/x?sslmode=disable")


def test_server_that_goes_away_is_told(server: str) -> None:
    tables = PostgresTables(TABLE, server)
    with psycopg.connect(server, autocommit=True) as con:
        gone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ridealong'"
        con.execute(gone.encode())
    with pytest.raises(QueryFailed, match="PostgreSQL does not answer any more"):
        tables.fresh()
    tables.close()


@pytest.mark.parametrize(
    "url", ["moon", "mysql://ana:moon@host/x", "sqlite:///moon", "postgresql://ana:moon"]
)
def test_what_is_no_address_is_told_without_showing_it(url: str) -> None:
    with pytest.raises(LabError, match="cannot be read; wanted is the form") as error:
        attack(TABLE, database_url=url)

    assert "moon" not in str(error.value)


def test_address_stands_in_the_environment(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIDEALONG_DATABASE_URL", server)
    assert attack(TABLE).postgresql is not None
    assert attack(TABLE, database_url="").postgresql is None

    monkeypatch.setenv("RIDEALONG_DATABASE_URL", address(server, port=1))
    with pytest.raises(LabError, match="Without RIDEALONG_DATABASE_URL only DuckDB is attacked"):
        attack(TABLE)


def test_without_an_address_psycopg_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys; from ridealong.labs.schema import attack; "
        f"print(attack({TABLE!r}, ['rider-joins'])); print('psycopg' in sys.modules)"
    )
    monkeypatch.delenv("RIDEALONG_DATABASE_URL", raising=False)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )

    assert "1 of 1 as it should be" in done.stdout
    assert done.stdout.strip().endswith("False")


def test_missing_psycopg_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "ridealong.judging.ddl.postgres", raising=False)
    monkeypatch.delattr("ridealong.judging.ddl.postgres", raising=False)
    with pytest.raises(LabError, match=r"psycopg is missing: run .*pip install"):
        attack(TABLE, database_url="postgresql://host/x")


def test_table_shows_what_both_databases_did(server: str) -> None:
    seen = attack(IN_DUCKDB, postgresql=REFERENCE, database_url=server)

    assert seen.postgresql is not None
    assert (seen.let_in, seen.refused, seen.no_place) == (0, 0, ())
    assert (seen.postgresql.let_in, seen.postgresql.refused) == (0, 0)
    assert (seen.postgresql.bounced, seen.postgresql.passed) == (seen.bounced, seen.passed)
    page = seen._repr_html_()
    assert re.findall(r'scope="col"[^>]*>([^<]+)<', page) == [
        *("Tried", "Should", "DuckDB did", "PostgreSQL did", "What it costs the company"),
    ]
    assert page.count("<tr>") == seen.bounced + seen.passed + 1
    assert "DuckDB right: refused it" in repr(seen) and "PostgreSQL right: refused" in repr(seen)


def test_rows_in_which_the_databases_differ_come_first(server: str) -> None:
    ruled = (
        "CREATE TABLE users (user_id BIGINT, name TEXT NOT NULL, email TEXT, created_at TIMESTAMP)"
    )
    seen = attack(
        TABLE, ["rider-joins", "rider-without-name"], postgresql=ruled, database_url=server
    )

    assert repr(seen).splitlines()[0] == (
        "DuckDB: 0 of 1 hostile rows bounce, 1 of 1 ordinary cases pass. "
        "PostgreSQL: 1 of 1 hostile rows bounce, 1 of 1 ordinary cases pass."
    )
    assert (
        repr(seen)
        .splitlines()[1]
        .startswith(
            "a rider without a name: DuckDB WRONG: let it pass; PostgreSQL right: refused it: null"
        )
    )
    assert "cannot ask for anybody" in repr(seen).splitlines()[1]


def test_schema_that_one_database_cannot_make_is_told_in_one_line(server: str) -> None:
    partial = TABLE + "; CREATE UNIQUE INDEX i ON users (email) WHERE email IS NOT NULL"
    seen = attack(partial, ["email-twice"], database_url=server)
    assert (seen.bounced, seen.postgresql is not None) == (1, True)
    assert "DuckDB is left out: " in repr(seen) and "no partial index" in repr(seen)
    assert "DuckDB did" not in seen._repr_html_()

    tiny = TABLE.replace("BIGINT", "UTINYINT")
    seen = attack(tiny, ["email-twice"], database_url=server)
    assert (seen.let_in, seen.postgresql) == (1, None)
    assert 'PostgreSQL is left out: type "utinyint" does not exist' in repr(seen)

    with pytest.raises(LabError, match=r"DuckDB: .*COPY statement.*\. PostgreSQL: .*COPY") as error:
        attack("COPY users TO 'x'", database_url=server)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("CASCADE", "let it pass: the rows of rides went with it"),
        ("SET NULL", "let it pass: the rows of rides have lost their user_id"),
    ],
)
def test_what_a_deletion_takes_along_is_said(server: str, action: str, told: str) -> None:
    tables = f"""
        CREATE TABLE users (user_id BIGINT PRIMARY KEY);
        CREATE TABLE rides (ride_id BIGINT PRIMARY KEY,
                            user_id BIGINT REFERENCES users (user_id) ON DELETE {action});"""

    seen = attack(tables, ["rider-erased-with-rides"], database_url=server)

    assert told in repr(seen)
