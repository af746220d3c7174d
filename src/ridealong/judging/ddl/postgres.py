"""Make the tables that somebody else wrote in a PostgreSQL of their own, and leave nothing there.

All of it happens in one transaction that is never committed: the schema with its random name, its
tables and every attack. So nobody else ever sees them, and they are gone when the connection ends,
even when this process is killed. Only this module imports psycopg.
"""

import contextlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import psycopg
from psycopg import conninfo, errors

from ridealong.engine.statement import QueryFailed, stopped_text
from ridealong.judging.ddl import postgres_text
from ridealong.judging.ddl.attacks import Refused
from ridealong.judging.ddl.structure import Column, Reference, Structure, Table, words

STATEMENT_SECONDS: Final = 5
MAKING_SECONDS: Final = 15  # all statements of a learner together
LOCK_SECONDS: Final = 2
CONNECT_SECONDS: Final = 5

_SETTINGS: Final = {
    "TimeZone": "UTC",
    "standard_conforming_strings": "on",
    "idle_in_transaction_session_timeout": "10min",
}
# What DuckDB has and PostgreSQL has not, with the way around.
_ADVICE: Final = {
    'type "(u?tinyint|utinyint)" does not exist': "PostgreSQL's smallest number is SMALLINT",
    'type "double" does not exist': "PostgreSQL writes DOUBLE PRECISION",
    'type "(hugeint|uhugeint|ubigint|uinteger)" does not exist': "PostgreSQL writes NUMERIC",
    "function date_?diff": "PostgreSQL writes EXTRACT(EPOCH FROM later - earlier)",
    "cannot run inside a transaction block": "leave CONCURRENTLY out, the tables are empty here",
    "cannot use subquery in (check|index)": (
        "a rule sees only the row it stands in: what concerns other rows or tables is the work of "
        "keys, unique indexes and foreign keys"
    ),
    "no unique constraint matching": "a reference needs a key or a UNIQUE constraint to point to",
}
_KINDS: Final = {
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "time without time zone": "TIME",
    "character varying": "VARCHAR",
    "character": "CHAR",
    "text": "VARCHAR",
    "numeric": "DECIMAL",
    "double precision": "DOUBLE",
    "real": "FLOAT",
    "bytea": "BLOB",
}
_WANTED: Final = (
    "wanted is the form postgresql://name:password@host:5432/database, in which @ : / ? # of a "
    "name or password are written as %40 %3A %2F %3F %23"
)
_KIND = re.compile(r"(?P<name>[^(\[]+)(?P<size>\([^)]*\))?(?P<rest>.*)")


class Unreachable(Exception):
    """No connection to a PostgreSQL; the text is one line and holds no password."""


class Session:
    """A connection that can be stopped from another thread."""

    def __init__(self, con: psycopg.Connection[Any]) -> None:
        """Take over an open connection."""
        self._con = con
        self._stopped = False

    @property
    def is_open(self) -> bool:
        """Whether the server can still be asked."""
        return not self._con.closed

    def execute(self, sql: str, *, single: bool = False) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows.

        Args:
            sql: the statement.
            single: let PostgreSQL itself refuse a text of two statements.

        Raises:
            psycopg.Error: when it fails.
            QueryFailed: when the session was stopped before.
        """
        if self._stopped:
            raise QueryFailed(stopped_text(STATEMENT_SECONDS))
        cursor = self._con.execute(sql.encode(), binary=single)
        return cursor.fetchall() if cursor.description and not single else []

    def interrupt(self) -> None:
        """Stop the statement that runs, and run none any more."""
        self._stopped = True
        with contextlib.suppress(psycopg.Error):  # asked again, until it has ended
            self._con.cancel_safe(timeout=1.0)

    def close(self) -> None:
        """End the connection; what was not committed is gone."""
        self._con.close()


class PostgresTables:
    """A schema that begins anew, empty, as often as wanted, in a PostgreSQL database.

    The learner's statements see one schema with a random name and nothing else of the database.
    """

    def __init__(self, text: object, url: str, given: str = "") -> None:
        """Make it once, to see that it can be made.

        Args:
            text: the learner's statements.
            url: where the database is, as in `postgresql://name:password@host:5432/database`.
            given: statements of the course that run before them.

        Raises:
            Unreachable: when no PostgreSQL answers there, in one line without the password.
            QueryRefused: when the text holds anything else than a schema.
            QueryFailed: when a statement fails, in one line.
        """
        self._session = Session(connected(url))
        self._schema = f"ridealong_{secrets.token_hex(8)}"
        try:
            self._begin()
            schemas = {str(name) for (name,) in self._ask("SELECT nspname FROM pg_namespace")}
            changing = {
                str(name)
                for (name,) in self._ask(
                    "SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v' "
                    "AND pronamespace = 'pg_catalog'::regnamespace"
                )
            }
            for statement in postgres_text.statements(given, ()) if given else []:
                self._make(statement)
            ends = time.monotonic() + MAKING_SECONDS
            for statement in postgres_text.statements(text, schemas, changing):
                self._make(statement)
                if time.monotonic() > ends:
                    raise QueryFailed(stopped_text(MAKING_SECONDS))
            self.structure: Structure = replace(
                _structure(self._session, self._schema), words=words(f"{given}\n{text}")
            )
            self._ask("SAVEPOINT made")
        except psycopg.Error as error:
            self.close()
            raise QueryFailed(_failure(error)) from None
        except BaseException:
            self.close()
            raise

    @property
    def connection(self) -> Session:
        """The connection, for interrupting it."""
        return self._session

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self._session.execute(sql)

    def _begin(self) -> None:
        """Begin the one transaction, in a schema of its own."""
        limits = {
            "statement_timeout": f"{STATEMENT_SECONDS}s",
            "lock_timeout": f"{LOCK_SECONDS}s",
        }
        for setting, value in (_SETTINGS | limits).items():
            self._ask(f"SET LOCAL {setting} = '{value}'")
        try:
            self._ask(f"CREATE SCHEMA {self._schema}")
        except psycopg.Error as error:
            raise Unreachable(
                f"PostgreSQL makes no schema for the attacks ({_first(error)}): take another "
                "database, or let its owner run GRANT CREATE ON DATABASE ... TO your role"
            ) from None
        self._ask(f"SET LOCAL search_path = {self._schema}")
        # What may wait for the end of a transaction is checked at the end of each statement,
        # because each of them stands for a transaction of its own.
        self._ask("SET CONSTRAINTS ALL IMMEDIATE")

    def _make(self, statement: postgres_text.Statement) -> None:
        try:
            self._session.execute(statement.text, single=True)
        except psycopg.Error as error:
            place = int(error.diag.statement_position or 1) - 1
            line = statement.line + statement.text.count("\n", 0, place)
            raise QueryFailed(_failure(error, line)) from None

    def fresh(self, *, only_inserts: bool = False) -> None:
        """Begin with tables that hold what the statements put there, and nothing else.

        A transaction in PostgreSQL goes back to its savepoint exactly, so it is all one what
        will be tried.

        Raises:
            QueryFailed: when the server has gone away.
        """
        try:
            self._ask("ROLLBACK TO SAVEPOINT made")
        except psycopg.Error as error:
            raise QueryFailed(f"PostgreSQL does not answer any more: {_first(error)}") from None

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows.

        Raises:
            Refused: when a constraint or a type refuses it.
            psycopg.Error: when it fails for another reason.
        """
        self._ask("SAVEPOINT before")
        try:
            rows = self._ask(sql)
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            self._ask("ROLLBACK TO SAVEPOINT before")
            raise Refused(str(error)) from None
        except psycopg.Error:
            if self._session.is_open:
                self._ask("ROLLBACK TO SAVEPOINT before")
            raise
        self._ask("RELEASE SAVEPOINT before")
        return rows

    def close(self) -> None:
        """End the transaction: nothing of it was ever there."""
        self._session.close()


def connected(url: str) -> psycopg.Connection[Any]:
    """Return a connection to the database of an address.

    Raises:
        Unreachable: when no PostgreSQL answers there, in one line without the password.
    """
    if not isinstance(url, str):
        raise Unreachable(f"the address of the database is a {type(url).__name__}; {_WANTED}")
    try:
        given = conninfo.conninfo_to_dict(url)
    except (psycopg.Error, ValueError):
        raise Unreachable(f"the address of the database cannot be read; {_WANTED}") from None
    if not _is_plain(given):
        raise Unreachable(f"the address of the database cannot be read; {_WANTED}")
    where = _place(given)
    try:
        return psycopg.connect(
            url,
            connect_timeout=CONNECT_SECONDS,
            application_name="ridealong",
            client_encoding="utf8",
            prepare_threshold=None,
        )
    except (psycopg.Error, OSError, ValueError) as error:
        raise Unreachable(_unreached(str(error), where, given)) from None


def _is_plain(given: Mapping[str, Any]) -> bool:
    """Return whether no part of a password can have slipped into what is shown."""
    host, port = str(given.get("host", "")), str(given.get("port", ""))
    return (
        not any("@" in str(given.get(part, "")) for part in ("host", "port", "dbname", "hostaddr"))
        and re.fullmatch(r"[\d,]*", port) is not None
        and re.fullmatch(r"[\w.,:/\\ ~-]*", host) is not None
    )


def _place(given: Mapping[str, Any]) -> str:
    host = given.get("host") or given.get("hostaddr") or "this computer"
    return f"{host}, port {given.get('port') or 5432}"


def _unreached(message: str, where: str, given: Mapping[str, Any]) -> str:
    """Return why there is no connection, in words that hold no password."""
    role = str(given.get("user") or "your own name")
    if not re.fullmatch(r"[\w. -]+", role):
        role = "that name"  # a slip of the pen may have put the password there
    for pattern, seen, remedy in (
        (
            "refused|No such file|not running",
            f"no PostgreSQL answers at {where}",
            "start the server, or correct host and port",
        ),
        (
            "timeout|timed out",
            f"nothing answers at {where} within {CONNECT_SECONDS} s",
            "look whether the server runs and a firewall stands between, or correct host and port",
        ),
        (
            "resolve|translate host|Name or service|nodename|getaddrinfo",
            f"there is no computer {given.get('host')}",
            "correct the host",
        ),
        (
            "closed the connection",
            f"what answers at {where} hangs up, as if it were no PostgreSQL",
            "correct host and port",
        ),
        (
            "no password supplied",
            f"PostgreSQL at {where} wants a password of {role}",
            "write name:password@ before the host",
        ),
        (
            "authentication failed",
            f"PostgreSQL at {where} does not accept the password of {role}",
            "correct name and password",
        ),
        (
            "database .* does not exist",
            f"PostgreSQL at {where} has no database {given.get('dbname') or role}",
            "correct its name, or make it with createdb",
        ),
        (
            "role .* does not exist",
            f"PostgreSQL at {where} knows no role {role}",
            "correct the name before the password",
        ),
    ):
        if re.search(pattern, message, re.IGNORECASE):
            return f"{seen}: {remedy}"
    first = " ".join((message.strip().splitlines() or ["no reason given"])[0].split())
    if secret := str(given.get("password") or ""):
        first = first.replace(secret, "***")
    return f"no connection to PostgreSQL at {where} ({first}): correct the address"


def _first(error: psycopg.Error) -> str:
    return error.diag.message_primary or (str(error).strip().splitlines() or ["no reason"])[0]


def _failure(error: psycopg.Error, line: int = 0) -> str:
    """Return an error of PostgreSQL in one line, with the way around where it is known."""
    if isinstance(error, errors.QueryCanceled):
        return stopped_text(STATEMENT_SECONDS)
    first = " ".join(_first(error).split())
    where = f" (line {line})" if line else ""
    for pattern, advice in _ADVICE.items():
        if re.search(pattern, first, re.IGNORECASE):
            return f"{first}{where}: {advice}"
    return f"{first}{where}"


_COLUMNS: Final = """
    SELECT c.oid::bigint, c.relname, c.relkind IN ('v', 'm'), a.attname,
           format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid),
                       CASE WHEN t.typbasetype = 0 THEN a.atttypmod ELSE t.typtypmod END),
           a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '',
           (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
            FROM pg_enum e WHERE e.enumtypid = t.oid)
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_type t ON t.oid = a.atttypid
    WHERE n.nspname = '{schema}' AND c.relkind IN ('r', 'p', 'v', 'm')
    ORDER BY c.oid, a.attnum"""
_CONSTRAINTS: Final = """
    SELECT k.conrelid::bigint, k.contype::text,
           CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid, true)
                ELSE pg_get_constraintdef(k.oid, true) END,
           ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (number, place)
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
                 ORDER BY u.place),
           f.relname,
           ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u (number, place)
                 JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number
                 ORDER BY u.place)
    FROM pg_constraint k
    JOIN pg_namespace n ON n.oid = k.connamespace
    LEFT JOIN pg_class f ON f.oid = k.confrelid
    WHERE n.nspname = '{schema}' AND k.conrelid <> 0
    ORDER BY k.oid"""
_INDEXES: Final = """
    SELECT i.indrelid::bigint, i.indexprs IS NULL AND i.indpred IS NULL,
           ARRAY(SELECT pg_get_indexdef(i.indexrelid, place, true)
                 FROM generate_series(1, i.indnkeyatts) place ORDER BY place),
           ARRAY(SELECT a.attname::text
                 FROM unnest(i.indkey::int2[]) WITH ORDINALITY u (number, place)
                 JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
                 WHERE u.place <= i.indnkeyatts ORDER BY u.place),
           pg_get_expr(i.indpred, i.indrelid, true)
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = '{schema}' AND i.indisunique
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
                      AND k.contype IN ('p', 'u', 'x'))
    ORDER BY i.indexrelid"""


def _structure(session: Session, schema: str) -> Structure:
    """Read the tables and views of one schema of a PostgreSQL database."""
    columns = session.execute(_COLUMNS.format(schema=schema))
    constraints = session.execute(_CONSTRAINTS.format(schema=schema))
    indexes = session.execute(_INDEXES.format(schema=schema))
    tables = []
    for number, name, is_view in dict.fromkeys(entry[:3] for entry in columns):
        here = [entry[1:] for entry in constraints if entry[0] == number]
        own = [entry[1:] for entry in indexes if entry[0] == number]
        tables.append(
            Table(
                name,
                tuple(
                    Column(column, _kind(kind, labels), bool(required), bool(default))
                    for table, _, _, column, kind, required, default, labels in columns
                    if table == number and column is not None
                ),
                primary_key=next((tuple(c) for k, _, c, *_ in here if k == "p"), ()),
                unique=(
                    *(tuple(c) for k, _, c, *_ in here if k == "u"),
                    *(tuple(names) for plain, _, names, _ in own if plain),
                ),
                unique_rules=(
                    *(_rule(keys, where) for plain, keys, _, where in own if not plain),
                    *(text for k, text, *_ in here if k == "x"),
                ),
                checks=tuple(text for k, text, *_ in here if k == "c"),
                references=tuple(
                    Reference(tuple(c), target, tuple(targets))
                    for k, _, c, target, targets in here
                    if k == "f" and target is not None
                ),
                is_view=bool(is_view),
            )
        )
    return Structure(tuple(tables))


def _rule(keys: list[str], where: str | None) -> str:
    return ", ".join(keys) + (f" WHERE {where}" if where else "")


def _kind(written: str, labels: str | None) -> str:
    """Return a type as DuckDB writes it, as far as DuckDB has it."""
    if labels:
        return f"ENUM({labels})"
    found = _KIND.fullmatch(written)
    if found is None:
        return written.upper()
    size, rest = found["size"] or "", found["rest"]
    name = f"{found['name'].strip()}{rest}" if rest.startswith(" ") else found["name"].strip()
    array = "" if rest.startswith(" ") else rest
    if name.startswith(("time", "interval")):
        size = ""
    return f"{_KINDS.get(name, name.upper())}{size.replace(' ', '')}{array}"
