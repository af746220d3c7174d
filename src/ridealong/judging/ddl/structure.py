"""What a schema consists of, read back from the database that made it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from ridealong.engine import sqltext


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its type as the database writes it, and whether a row may leave it out.

    Where it has a default, `default` is its text.
    """

    name: str
    kind: str
    required: bool = False
    has_default: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: these columns hold a key of that table."""

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table or a view.

    Attributes:
        name: as it was written.
        columns: in their order.
        primary_key: its columns, empty where there is none.
        unique: the columns of each UNIQUE constraint and unique index.
        unique_rules: the text of each unique index over an expression.
        checks: the text of each CHECK.
        references: its foreign keys.
        is_view: whether it is a view.
    """

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    unique_rules: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    is_view: bool = False

    def column(self, name: str) -> Column | None:
        """Return a column by its name, whatever its case."""
        return next((c for c in self.columns if c.name.lower() == name.lower()), None)

    def unique_over(self) -> Iterator[tuple[str, list[Column]]]:
        """Yield each key and unique rule as it is written, with the columns that it speaks of."""
        for word, key in (("PRIMARY KEY", self.primary_key), *(("UNIQUE", k) for k in self.unique)):
            if key:
                yield f"{word} ({', '.join(key)})", [c for c in self.columns if c.name in key]
        for rule in self.unique_rules:
            spoken = {token.text.strip('"').lower() for token in sqltext.tokens(rule)}
            yield f"UNIQUE ({rule})", [c for c in self.columns if c.name.lower() in spoken]


@dataclass(frozen=True, slots=True)
class Structure:
    """All tables and views of a schema, in the order in which they were made.

    Attributes:
        tables: with the views.
        words: the texts that the statements hold: in a CHECK, an ENUM, a row of a list.
    """

    tables: tuple[Table, ...]
    words: tuple[str, ...] = ()

    def table(self, name: str) -> Table | None:
        """Return a table by its name, whatever its case."""
        return next((t for t in self.tables if t.name.lower() == name.lower()), None)

    def kind(self, table: str, column: str) -> str:
        """Return the type of a column, empty where there is none."""
        found = self.table(table)
        held = found.column(column) if found else None
        return held.kind if held else ""


_MOST_WORDS: Final = 60
_PART: Final = re.compile(r"[^\s|,;()^$%]+")


def words(text: str) -> tuple[str, ...]:
    """Return the texts that statements hold, and the parts of those that hold several words."""
    found: dict[str, None] = {}
    for token in sqltext.tokens(text):
        if token.kind == "string" and token.text.startswith("'"):
            word = token.text[1:-1].replace("''", "'")
            found.update(dict.fromkeys([word, *_PART.findall(word)]))
    found.pop("NULL", None)  # it stands for a missing value in an attack
    return tuple(found)[:_MOST_WORDS]


def read(con: duckdb.DuckDBPyConnection, schema: str) -> Structure:
    """Read the tables and views of one schema of a DuckDB database."""
    order = con.execute(
        "SELECT table_name, false, table_oid FROM duckdb_tables() WHERE schema_name = $1 "
        "UNION ALL SELECT view_name, true, view_oid FROM duckdb_views() "
        "WHERE schema_name = $1 AND NOT internal ORDER BY 3",
        [schema],
    ).fetchall()
    columns = con.execute(
        "SELECT table_name, column_name, data_type, NOT is_nullable, column_default "
        "FROM duckdb_columns() WHERE schema_name = $1 ORDER BY table_oid, column_index",
        [schema],
    ).fetchall()
    constraints = con.execute(
        "SELECT table_name, constraint_type, constraint_text, constraint_column_names, "
        "referenced_table, referenced_column_names FROM duckdb_constraints() "
        "WHERE schema_name = $1 ORDER BY table_oid, constraint_index",
        [schema],
    ).fetchall()
    indexes = con.execute(
        "SELECT table_name, expressions, sql FROM duckdb_indexes() "
        "WHERE schema_name = $1 AND is_unique ORDER BY index_oid",
        [schema],
    ).fetchall()
    tables = []
    for name, is_view, _ in order:
        own = tuple(
            Column(column, kind, bool(required), default is not None, default or "")
            for table, column, kind, required, default in columns
            if table == name
        )
        here = [entry[1:] for entry in constraints if entry[0] == name]
        plain, rules = _unique_indexes([e[1:] for e in indexes if e[0] == name], own)
        tables.append(
            Table(
                name,
                own,
                primary_key=next((tuple(c) for k, _, c, *_ in here if k == "PRIMARY KEY"), ()),
                unique=(*(tuple(c) for k, _, c, *_ in here if k == "UNIQUE"), *plain),
                unique_rules=tuple(rules),
                checks=tuple(_check_text(text) for k, text, *_ in here if k == "CHECK"),
                references=tuple(
                    Reference(tuple(c), target, tuple(targets))
                    for k, _, c, target, targets in here
                    if k == "FOREIGN KEY" and target is not None and target != ""
                ),
                is_view=bool(is_view),
            )
        )
    return Structure(tuple(tables))


def _check_text(text: str) -> str:
    inner = text.removeprefix("CHECK").strip()
    while inner.startswith("(") and inner.endswith(")") and _balanced(inner[1:-1]):
        inner = inner[1:-1].strip()
    return inner


def _balanced(text: str) -> bool:
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0


def _unique_indexes(
    found: list[tuple[Any, ...]], columns: tuple[Column, ...]
) -> tuple[list[tuple[str, ...]], list[str]]:
    """Return the unique indexes over plain columns, and the text of those over expressions."""
    known = {column.name.lower(): column.name for column in columns}
    plain, rules = [], []
    for _, sql in found:
        keys = list(_keys(str(sql)))
        if all(key.strip('"').lower() in known for key in keys):
            plain.append(tuple(known[key.strip('"').lower()] for key in keys))
        else:
            rules.append(", ".join(keys))
    return plain, rules


def _keys(sql: str) -> Iterator[str]:
    """Yield what stands between the outermost brackets of CREATE INDEX, divided at its commas."""
    inner = sql[sql.index("(") + 1 : sql.rindex(")")]
    depth, start = 0, 0
    for place, letter in enumerate(inner):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield _check_text(inner[start:place].strip())
            start = place + 1
    yield _check_text(inner[start:].strip())
