"""Make the tables that somebody else wrote: only tables, only here, within limits."""

import itertools
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

import duckdb

from ridealong.engine import sqltext
from ridealong.engine.dialects import NO_PARTIAL_INDEX, dialect_hint
from ridealong.engine.errors import shorten
from ridealong.engine.statement import (
    QueryFailed,
    QueryRefused,
    QueryStopped,
    with_article,
    within_limit,
)
from ridealong.judging.ddl import structure
from ridealong.judging.ddl.attacks import Refused
from ridealong.judging.ddl.names import Names, quoted
from ridealong.judging.ddl.structure import Structure

MOST_STATEMENTS: Final = 120
MOST_TABLES: Final = 40
LONGEST_DDL: Final = 40_000
MEMORY_LIMIT: Final = "512MB"
LIMIT_SECONDS: Final = 10.0

_MADE: Final = ("TABLE", "VIEW", "TYPE", "INDEX", "SEQUENCE", "MACRO", "FUNCTION")
_CREATE = re.compile(r"CREATE(\s+OR\s+REPLACE)?(\s+UNIQUE)?\s+(?P<what>\w+)", re.IGNORECASE)
_TABLE_OF = re.compile(r"CREATE(\s+OR\s+REPLACE)?\s+TABLE\b", re.IGNORECASE)
_WRITTEN = re.compile(r'INSERT INTO (?P<table>"(?:[^"]|"")+")')
_ALLOWED: Final = {"CREATE", "ALTER", "INSERT", "DROP"}
_SETTINGS: Final = {
    "TimeZone": "'UTC'",
    "enable_progress_bar": "false",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "''",
    "threads": "1",
    "memory_limit": f"'{MEMORY_LIMIT}'",
    "enable_external_access": "false",
    "lock_configuration": "true",  # the last one: nothing can be set after it
}
# What PostgreSQL has and DuckDB 2.0 has not, with the way around that works here (trap T44).
_ADVICE: Final = {
    "partial ind": NO_PARTIAL_INDEX,
    "CASCADE, SET NULL or SET DEFAULT": (
        "DuckDB knows no ON DELETE action: leave it out, and a parent with children cannot be "
        "deleted"
    ),
    "No support for adding (CHECK|FOREIGN)": (
        "DuckDB cannot add a CHECK or a foreign key to a table that exists: write it inside "
        "CREATE TABLE"
    ),
    'near "(deferrable|initially)"': (
        "DuckDB checks every constraint at once and cannot wait for the end of the transaction: "
        "leave DEFERRABLE out"
    ),
    "Constraints on generated columns": (
        "put the expression into a unique index instead: "
        "CREATE UNIQUE INDEX name ON t ((expression))"
    ),
    "subqueries prohibited in CHECK": (
        "a CHECK sees only the row it stands in: what concerns other rows or tables is the work of "
        "keys, unique indexes and foreign keys"
    ),
    "no primary key or unique constraint for referenced table": (
        "a reference points to a column that identifies a row: give that column PRIMARY KEY or "
        "UNIQUE in its own table"
    ),
    "does not have a primary key or unique constraint on the columns": (
        "a reference points to the column that numbers the rows of its table, its PRIMARY KEY"
    ),
    "foreign key: referenced table .* does not have a column named": (
        "in the brackets behind REFERENCES stands a column of that table, its PRIMARY KEY"
    ),
    "foreign key: incompatible types": (
        "a reference and the column that it points to have one type: make both BIGINT"
    ),
    "Unknown index type": "leave USING out: the kind of an index is not chosen here",
    "DEFAULT value cannot contain column names": (
        "a text stands in single quotes; what other columns say is computed in a view"
    ),
    "has more than one primary key": (
        "a table has one: PRIMARY KEY (a, b) makes a pair the key, UNIQUE forbids repeats of a "
        "column besides"
    ),
    "already exists": "make each of them once: take the second one out, or give it another name",
    "does not take any type parameters": "write that type without brackets",
    "Collation with name": "leave COLLATE out: a unique index over lower(column) ignores capitals",
    "Chained comparisons": "write column BETWEEN lowest AND highest, which includes both ends",
    "Cannot (mix|compare) values of type": (
        "a rule compares values of one type: make a column that holds numbers DECIMAL or a whole "
        "number, one that holds moments TIMESTAMP"
    ),
    r"-\(TIME, TIME\)": "a TIME has no day: make both columns TIMESTAMP",
    r"does not accept type parameters \(DECIMAL\(3, ?1\)\)": (
        "a comma divides the two numbers: DECIMAL(10, 2)"
    ),
    "Expected a constant as type modifier": (
        "what stands in brackets behind a type is a number, as in DECIMAL(10, 2)"
    ),
}
_NO_COLUMN = re.compile(
    r'does not contain column "?(?P<a>[^"]+)"?|Referenced column "(?P<b>[^"]+)" not found'
    r'|[Cc]olumn "?(?P<c>[^" ]+)"? (?:named in key )?does not exist'
)
_PLAIN_TYPES: Final = (
    "INT",
    "INTEGER",
    "BIGINT",
    "TEXT",
    "VARCHAR",
    "DATE",
    "TIMESTAMP",
    "BOOLEAN",
)
_NO_TYPE = re.compile(r"Type with name (?P<name>\w+) does not exist")


def statements(text: object, con: duckdb.DuckDBPyConnection) -> list[duckdb.Statement]:
    """Return the statements of a schema, or refuse them.

    Raises:
        QueryRefused: when the text holds anything but statements that make or change tables,
            or too much of it.
        QueryFailed: when it has a syntax error.
    """
    if not isinstance(text, str):
        raise QueryRefused(f"the answer is {with_article(type(text).__name__)}, wanted statements")
    text = _alone(text)
    if len(text) > LONGEST_DDL:
        raise QueryRefused(
            f"the answer has {len(text):,} characters, {LONGEST_DDL:,} is the most that is read"
        )
    if problem := sqltext.refusal(text):
        raise QueryRefused(problem)
    made = len(_TABLE_OF.findall(text))
    if made > MOST_TABLES:
        raise QueryRefused(
            f"the answer makes {made:,} tables, {MOST_TABLES} is the most that is looked at: "
            "a schema of this company needs fewer than ten"
        )
    try:
        found = con.extract_statements(text)
    except Exception as error:  # the parser raises more than its own errors
        raise QueryFailed(failure(error, text)) from None
    if not found:
        raise QueryRefused("no answer yet: the cell holds no statement")
    if len(found) > MOST_STATEMENTS:
        raise QueryRefused(
            f"the answer holds {len(found):,} statements, {MOST_STATEMENTS} is the most that is run"
        )
    for statement in found:
        _refuse_other(statement)
    return found


def _alone(text: str) -> str:
    """Return statements without the words that mean nothing in a database of one's own.

    PostgreSQL's `public.` before a name and TEMP before TABLE change no rule. Blanks take their
    place, so that a line and a column in a message stay right.
    """
    if len(text) > LONGEST_DDL:
        return text  # it is refused for that
    found = sqltext.tokens(text)
    for before, token, after in zip(found, found[1:], found[2:], strict=False):
        word = token.text.upper()
        if word == "PUBLIC" and after.text == "." and before.text != ".":
            text = _blanked(text, token.start, after.start + 1)
        elif (
            word in ("TEMP", "TEMPORARY")
            and after.text.upper() == "TABLE"
            and before.text.upper() in ("CREATE", "REPLACE")
        ):
            text = _blanked(text, token.start, token.start + len(word))
    return text


def _blanked(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def _refuse_other(statement: duckdb.Statement) -> None:
    kind = statement.type.name
    words = [token.text.upper() for token in sqltext.tokens(statement.query)[:8]]
    first = " ".join(words[0].split())[:40] if words else kind
    if kind not in _ALLOWED or first in ("COMMENT", "FROM", "SELECT", "WITH"):
        raise QueryRefused(
            f"the answer holds a {first} statement; a schema is made of CREATE TABLE, CREATE TYPE, "
            "CREATE INDEX, CREATE VIEW, CREATE SEQUENCE, ALTER TABLE and INSERT for fixed lists: "
            "leave everything else out"
        )
    if kind == "CREATE":
        what = _CREATE.match(" ".join(words))
        if what is None or what["what"].upper() not in _MADE:
            thing = " ".join(words[1:2]) or "that"
            raise QueryRefused(
                f"CREATE {thing} is not part of a schema here: make tables, views, types, indexes "
                "and sequences, without TEMP and without a schema or database of their own"
            )


def failure(error: Exception, text: str, lines_before: int = 0) -> str:
    """Return an error of DuckDB in one line, with what to do next.

    Only its first line is read: below it DuckDB quotes what the learner wrote.

    Args:
        error: what DuckDB raised.
        text: the learner's statements.
        lines_before: how many lines of them stand before the statement that failed.
    """
    first = str(error).strip().partition("\n")[0]
    line = shorten(error, text, None, language="ddl", lines_before=lines_before)
    if dialect_hint(text, first, "ddl"):
        return line
    if missing := re.search(r'Table with name "?(\w+)"? does not exist', first):
        return (
            f"there is no table {missing[1]} yet: this answer starts in an empty database, so make "
            "a table before the one that refers to it"
            + _meant(missing[1], _made_names(text) - {missing[1]})
        )
    said = next((advice for seen, advice in _ADVICE.items() if re.search(seen, first, re.I)), "")
    if found := _NO_COLUMN.search(first):
        said = said or _no_column(str(found["a"] or found["b"] or found["c"]), text)
    if found := _NO_TYPE.search(first):
        said = "" if ": " in line.partition(found[0])[2] else _no_type(found["name"], text)
    if not said:
        return line
    place = re.search(r" \(line \d+\)", line)
    bare = " ".join(first.split()).rstrip(".!")
    return f"{bare}{place[0] if place else ''}: {said}"


def _no_column(name: str, text: str) -> str:
    """Return what to do about a column that a rule speaks of and the table has not."""
    found = sqltext.tokens(text)
    if any(each.kind == "quoted" and each.text == f'"{name}"' for each in found):
        return f"double quotes name a column; a text stands in single quotes: '{name}'"
    if _is_compared(name, found):
        return f"a text stands in single quotes: '{name}'"
    # Names and words of SQL; a near one that stands elsewhere in the text is most likely meant.
    others = {each.text.strip('"') for each in found if each.kind in ("word", "quoted")} - {name}
    return "a rule speaks of columns of its own table only" + _meant(name, others)


def _is_compared(name: str, found: Sequence[sqltext.Token]) -> bool:
    """Return whether a bare word stands where a value does: behind =, or in the list of an IN."""
    words = [each.text.upper() for each in found]
    for place, word in enumerate(words):
        if word != name.upper() or words[place + 1 : place + 2] in (["."], ["("]):
            continue
        back = place - 1
        while words[back] == "," and back > 1:
            back -= 2
        if (back == place - 1 and words[back] == "=") or words[back - 1 : back + 1] == ["IN", "("]:
            return True
    return False


def _no_type(name: str, text: str) -> str:
    found = sqltext.tokens(text)
    for before, token in itertools.pairwise(found):
        if token.text.strip('"').lower() == name.lower() and before.text.upper() in _PLAIN_TYPES:
            return f"the name of a column comes first, then its type: {name} {before.text}"
    made = re.findall(r"(?i)\bCREATE\s+TYPE\s+\"?(\w+)", text)
    if name.lower() in (each.lower() for each in made):
        return "make the type before the table that uses it"
    return (
        "behind a column's name stands its type, such as BIGINT, VARCHAR, DECIMAL(10, 2) or "
        "TIMESTAMP; a list of your own is made before with CREATE TYPE"
    )


def _made_names(text: str) -> set[str]:
    return set(re.findall(r'(?i)\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(\w+)', text))


def _meant(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return f"; did you mean {close[0]}?" if close else ""


# Opening a database takes longer than most attacks: one that is empty again is used again.
_idle: list[duckdb.DuckDBPyConnection] = []
_MOST_IDLE: Final = 2
_numbers = itertools.count(1)
_LEFT: Final = """
    SELECT schema_name FROM duckdb_schemas() WHERE NOT internal AND schema_name LIKE 'attempt%'
    UNION ALL SELECT table_name FROM duckdb_tables() WHERE NOT internal
    UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal
    UNION ALL SELECT type_name FROM duckdb_types() WHERE NOT internal
    UNION ALL SELECT sequence_name FROM duckdb_sequences()
    LIMIT 1"""
# A query of its own, because DuckDB takes longer to list its functions than to try ten attacks.
_LEFT_FUNCTIONS: Final = "SELECT 1 FROM duckdb_functions() WHERE NOT internal LIMIT 1"
_FUNCTION = re.compile(r"\b(MACRO|FUNCTION)\b", re.IGNORECASE)


class Tables:
    """A schema that is made anew, empty, as often as wanted, in one DuckDB in memory.

    Nothing outside of it can be reached: no files, no network, no extensions, no settings.
    """

    def __init__(
        self,
        text: object,
        given: str = "",
        *,
        limit_seconds: float = LIMIT_SECONDS,
        twin: "Tables | None" = None,
    ) -> None:
        """Make it once, to see that it can be made.

        Args:
            text: the learner's statements.
            given: statements of the course that run before them.
            limit_seconds: how long making it may take.
            twin: the same schema in another database, so that what it is need not be read again.

        Raises:
            QueryRefused: when the text holds anything else than a schema.
            QueryFailed: when a statement fails or runs past the limit, in one line.
        """
        self._con = _idle.pop() if _idle else _connected()
        self._touched: set[str] = set()  # tables that hold rows of an attack
        self._order: list[str] = []  # of all tables, the last one first
        self._has_fixed_rows = False
        self._in_transaction = False
        self._schema = ""
        self._text = str(text)
        self._statements: list[str] = []
        self._failing = ""  # the statement that is being run to make them
        self.structure: Structure
        try:
            within_limit(self._con, limit_seconds, lambda: self._begin(text, given, twin))
        except duckdb.Error as error:
            self.close()
            raise QueryFailed(failure(error, self._text, self._lines_before())) from None
        except QueryStopped as error:
            self.close()
            raise QueryStopped(str(error).replace("the query", "the schema")) from None
        except QueryFailed:
            self.close()
            raise

    def _begin(self, text: object, given: str, twin: "Tables | None") -> None:
        if twin is not None:
            self._statements = twin._statements
            self._make()
            self.structure = twin.structure
            self._order, self._has_fixed_rows = twin._order, twin._has_fixed_rows
            return
        found = statements(text, self._con)
        if given:
            found = [*self._con.extract_statements(given), *found]
        self._statements = [each.query for each in found]
        self._make()
        (strays,) = self._con.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'main'"
        ).fetchall()[0]
        if strays:
            raise QueryRefused(
                "a table is named with a schema before it: write CREATE TABLE rides, not "
                "CREATE TABLE main.rides"
            )
        self.structure = replace(
            structure.read(self._con, self._schema), words=structure.words(f"{given}\n{text}")
        )
        self._order = [t.name for t in reversed(self.structure.tables) if not t.is_view]
        self._has_fixed_rows = any(map(self._holds_rows, self._order))

    def _lines_before(self) -> int:
        """Return how many lines of the text stand before the statement that failed."""
        text, place = _alone(self._text), 0
        for statement in self._statements:
            # A statement of the course, which runs before the learner's, does not stand there.
            found = text.find(statement, place)
            if statement is self._failing:
                return text[: max(found, 0)].count("\n")
            place = found + len(statement) if found >= 0 else place
        return 0

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The database itself, for interrupting it."""
        return self._con

    def _make(self) -> None:
        self._drop()
        self._schema = f"attempt_{next(_numbers)}"
        self._con.execute(f"CREATE SCHEMA {self._schema}")
        self._con.execute(f"USE {self._schema}")
        for statement in self._statements:
            self._failing = statement
            self._con.execute(statement)
        self._failing = ""

    def _drop(self) -> None:
        if self._in_transaction:
            self._con.execute("ROLLBACK")
        self._con.execute("USE main")
        if self._schema:
            self._con.execute(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE")

    def _holds_rows(self, table: str) -> bool:
        return bool(self._con.execute(f"SELECT 1 FROM {quoted(table)} LIMIT 1").fetchall())

    def fresh(self, *, only_inserts: bool = False) -> None:
        """Begin with tables that hold what the statements put there, and nothing else.

        Rows that are only inserted can be rolled back, others are deleted again, and where that
        fails the tables are made anew: an UPDATE or DELETE of rows of the same transaction meets
        checks in DuckDB that it would not meet later.
        """
        if self._in_transaction:
            self._con.execute("ROLLBACK")
            self._in_transaction = False
        elif self._has_fixed_rows:
            self._make()
        else:
            try:
                for table in self._order:
                    if table.lower() in self._touched:
                        self._con.execute(f"DELETE FROM {quoted(table)}")
            except duckdb.Error:
                self._make()
        self._touched.clear()
        if only_inserts:
            self._con.execute("BEGIN TRANSACTION")
            self._in_transaction = True

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows.

        Raises:
            Refused: when a constraint or a type refuses it.
            duckdb.Error: when it fails for another reason.
        """
        if written := _WRITTEN.match(sql):
            self._touched.add(written["table"][1:-1].replace('""', '"').lower())
        try:
            result = self._con.execute(sql)
            # Fetching the count of an INSERT would take a quarter of its time.
            return result.fetchall() if sql.startswith("SELECT") else []
        except (
            duckdb.ConstraintException,
            duckdb.ConversionException,
            duckdb.OutOfRangeException,
        ) as error:
            raise Refused(str(error)) from None

    def close(self) -> None:
        """Drop the tables; keep the database for the next ones when nothing is left in it."""
        try:
            self._drop()
            if len(_idle) < _MOST_IDLE and not self._leaves_something():
                _idle.append(self._con)
                return
        except duckdb.Error:
            pass  # it is not used again
        self._con.close()

    def _leaves_something(self) -> bool:
        left = [_LEFT]
        if _FUNCTION.search(self._text):
            left.append(_LEFT_FUNCTIONS)
        return any(self._con.execute(query).fetchall() for query in left)


def copies(
    text: object, given: str = "", *, count: int, limit_seconds: float = LIMIT_SECONDS
) -> list[Tables]:
    """Return the same schema several times, each in a database of its own.

    Arguments and errors are those of `Tables`.
    """
    made: list[Tables] = []
    try:
        for number in range(count):
            twin = made[0] if number else None
            made.append(Tables(text, given, limit_seconds=limit_seconds, twin=twin))
    except QueryFailed:
        for each in made:
            each.close()
        raise
    return made


def _connected() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    for setting, value in _SETTINGS.items():
        con.execute(f"SET {setting} = {value}")
    return con


def needs_more(tables: Structure, names: Names, touched: Collection[str]) -> str | None:
    """Return the required column that no attack can fill; None when all is well.

    Args:
        tables: the schema.
        names: the learner's tables and columns that the course's names mean.
        touched: the tables that rows are put into, by the course's names.
    """
    for course in touched:
        own = names.tables[course]
        held = tables.table(own)
        if held is None or held.is_view:
            continue
        filled = {c.lower() for n, c in names.columns.items() if n.partition(".")[0] == course}
        for column in held.columns:
            if column.required and not column.has_default and column.name.lower() not in filled:
                way = "Give it a DEFAULT, or let it be NULL"
                if column.name in held.primary_key:
                    way = "Leave it out, or give it a DEFAULT, such as nextval of a sequence"
                return (
                    f"No row gets into {own}: it requires a value in {column.name}, which this "
                    f"task does not ask for, so no row has one. {way}. If it is one of the task's "
                    f"columns by another name, say so in the first line: "
                    f'-- names: {{"{course}.the_column": "{column.name}"}}'
                )
    return None
