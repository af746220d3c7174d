"""What a schema consists of, piece by piece: the signs by which a known mistake is certain.

Schemas that fail alike under attack are not yet the same mistake: a rule over a day and a rule over
a clock both refuse a ride past midnight. So a mistake is named only when what makes it differ from
the reference stands in the learner's schema too. Each piece of a schema is one fact, such as
"rides.driver_id is required", with the names of the course; only its hash is stored.
"""

import hashlib
import re
from collections.abc import Iterator

from ridealong.engine import sqltext
from ridealong.judging.ddl.names import Names
from ridealong.judging.ddl.structure import Structure, Table

_LETTERS = 8
# Types that are written in several ways and keep the same values.
_FAMILIES = (
    (re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?"), "whole number"),
    (re.compile(r"(DOUBLE|FLOAT|REAL)"), "binary fraction"),
    (re.compile(r"VARCHAR(\(.*\))?|TEXT|CHAR.*"), "text"),
    (re.compile(r"TIMESTAMP.*"), "moment"),
    (re.compile(r"ENUM\(.*", re.DOTALL), "list"),
)
# DuckDB forgets the length of a text, so it is read where it is written.
_LENGTH = re.compile(r"\b(?:VAR)?CHAR\s*\(\s*(\d+)\s*\)", re.IGNORECASE)
# What every rule is made of tells nothing about the one at hand.
_COMMON = frozenset(
    [
        "AND",
        "OR",
        "NOT",
        "IS",
        "NULL",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "IN",
        "BETWEEN",
        "CAST",
        "AS",
    ]
)


def signs(structure: Structure, names: Names, text: str = "") -> frozenset[str]:
    """Return the hashes of all that a schema consists of.

    Args:
        structure: the schema.
        names: which of its tables and columns are meant by the course's names.
        text: its statements; texts that they insert into lists count as well.
    """
    return frozenset(
        hashlib.sha256(each.encode()).hexdigest()[:_LETTERS]
        for each in facts(structure, names, text)
    )


def facts(structure: Structure, names: Names, text: str = "") -> set[str]:
    """Return all that a schema consists of, in words."""
    course = _Course(names)
    found = {each for table in structure.tables for each in _of_table(table, course)}
    found |= {f"text of {length[1]} letters" for length in _LENGTH.finditer(text)}
    for statement in _statements(text):
        if statement[0].text.upper() == "INSERT":
            found |= {f"rule with {each.text}" for each in statement if each.kind == "string"}
    return found


def _of_table(table: Table, course: "_Course") -> Iterator[str]:
    name = course.table(table.name)
    yield f"{name} is a {'view' if table.is_view else 'table'}"
    for column in table.columns:
        own = f"{name}.{course.column(table.name, column.name)}"
        yield f"{own} is {_family(column.kind)}"
        if column.required or column.name in table.primary_key:
            yield f"{own} is required"
        if not table.is_view and not any(_mentions(each, column.name) for each in table.checks):
            yield f"{own} is in no rule"
        if column.has_default:
            yield f"{own} has a default"
        if column.kind.startswith("ENUM("):
            yield from (f"rule with {each}" for each in _words(column.kind))
    for key in (table.primary_key, *table.unique):
        if key:
            columns = sorted(course.column(table.name, each) for each in key)
            yield f"{name} unique {', '.join(columns)}"
    for rule in table.unique_rules:
        columns = sorted(
            {course.column(table.name, c.name) for c in table.columns if _mentions(rule, c.name)}
        )
        yield f"{name} unique over {', '.join(columns)}"
        yield from (f"{name} unique over {', '.join(columns)} with {w}" for w in _words(rule))
    for check in table.checks:
        own_columns = {c.name.lower() for c in table.columns}
        yield from (f"rule with {w}" for w in _words(check) if w.lower() not in own_columns)
    for reference in table.references:
        columns = sorted(course.column(table.name, each) for each in reference.columns)
        yield f"{name} ({', '.join(columns)}) points to {course.table(reference.table)}"


def _family(kind: str) -> str:
    return next((family for form, family in _FAMILIES if form.fullmatch(kind)), kind)


def _words(rule: str) -> Iterator[str]:
    """Yield the texts, numbers, functions and types of a rule."""
    found = sqltext.tokens(rule)
    for here, token in enumerate(found):
        after = found[here + 1].text if here + 1 < len(found) else ""
        before = found[here - 1].text.upper() if here else ""
        word = token.text.upper()
        if token.kind in ("string", "number"):
            yield token.text
        elif token.kind == "word" and word not in _COMMON and (after == "(" or before == "AS"):
            yield word


def _mentions(rule: str, column: str) -> bool:
    return any(
        token.text.strip('"').lower() == column.lower()
        for token in sqltext.tokens(rule)
        if token.kind in ("word", "quoted")
    )


def _statements(text: str) -> Iterator[list[sqltext.Token]]:
    statement: list[sqltext.Token] = []
    for token in sqltext.tokens(text):
        if token.text != ";":
            statement.append(token)
        elif statement:
            yield statement
            statement = []
    if statement:
        yield statement


class _Course:
    """The course's names of a learner's tables and columns."""

    def __init__(self, names: Names) -> None:
        self._tables = {own.lower(): name for name, own in names.tables.items()}
        self._columns = {
            (names.tables[name.partition(".")[0]].lower(), own.lower()): name.partition(".")[2]
            for name, own in names.columns.items()
        }

    def table(self, own: str) -> str:
        return self._tables.get(own.lower(), own.lower())

    def column(self, table: str, own: str) -> str:
        return self._columns.get((table.lower(), own.lower()), own.lower())
