"""Which tables and columns of a learner's schema are meant by the course's names."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ridealong.judging.ddl.structure import Structure

_HEAD = re.compile(r"^\s*--\s*names\s*:\s*(?P<start>.*)$", re.IGNORECASE | re.MULTILINE)


def quoted(name: str) -> str:
    """Return a name as SQL understands it always, also `order` and `from`."""
    return '"' + name.replace('"', '""') + '"'


class NamesError(ValueError):
    """A dictionary of names that does not fit; the text is one line for the learner."""


@dataclass(frozen=True, slots=True)
class Names:
    """The course's name of each table and column with the learner's; made by `resolve`."""

    tables: Mapping[str, str]
    columns: Mapping[str, str]

    def has(self, name: str) -> bool:
        """Return whether the schema has `rides` or `rides.fare`."""
        return name in self.columns if "." in name else name in self.tables

    def written(self, name: str) -> str:
        """Return the learner's name of a table, or of a column alone, ready for SQL."""
        found = self.columns[name] if "." in name else self.tables[name]
        return quoted(found)


def in_comments(text: str) -> dict[str, str]:
    """Return the dictionary behind `-- names:` at the head of statements, empty where none is.

    It is JSON, and may go on over several comment lines:

        -- names: {"rides": "trips",
        --         "rides.user_id": "rider_id"}

    Raises:
        NamesError: when it is no dictionary of texts.
    """
    head = _HEAD.search(text)
    if not head:
        return {}
    given = head["start"]
    for line in text[head.end() :].lstrip("\n").split("\n"):
        if _is_json(given) or not line.strip().startswith("--"):
            break
        given += "\n" + line.strip().removeprefix("--")
    try:
        names = json.loads(given)
    except ValueError:
        raise NamesError(
            "the line `-- names:` holds no dictionary: write it as in "
            '-- names: {"rides": "trips", "rides.user_id": "rider_id"}'
        ) from None
    return _texts(names)


def resolve(
    structure: Structure, known: Mapping[str, Iterable[str]], names: Mapping[str, Any]
) -> Names:
    """Find the course's tables and columns in a schema.

    Args:
        structure: the learner's schema.
        known: the course's tables, each with the columns that are asked for.
        names: the learner's dictionary, from the course's name to the learner's:
            `{"rides": "trips", "rides.user_id": "rider_id"}`.

    Raises:
        NamesError: when the dictionary names something that one of both sides does not have.
    """
    given = _texts(names)
    asked = {f"{table}.{column}" for table, columns in known.items() for column in columns}
    strange = next((name for name in given if name not in asked and name not in known), None)
    tables = {}
    for table in known:
        own = given.get(table, table)
        found = structure.table(own)
        if found is None and table in given:
            raise NamesError(
                f'names says that "{table}" is your table {own}, and there is none of that name'
                f"{_nearest(own, [t.name for t in structure.tables])}"
            )
        if found is not None:
            tables[table] = found.name
    if len(set(tables.values())) < len(tables):
        twice = sorted({t for t in tables.values() if list(tables.values()).count(t) > 1})
        raise NamesError(f"names gives your table {twice[0]} two meanings: each table has one")
    columns: dict[str, str] = {}
    for name in sorted(asked):
        table, _, column = name.partition(".")
        if table not in tables:
            if name in given:
                raise NamesError(
                    f'names holds "{name}", and your schema has no table {table}: '
                    f'say which one is meant, as in "{table}": "your_table"'
                )
            continue
        own = given.get(name, column)
        where, _, last = own.rpartition(".")
        if where and where.lower() != tables[table].lower():
            raise NamesError(
                f'names looks for "{name}" in {where}, and "{table}" is your table {tables[table]}: '
                "a column stands in the table of its row"
            )
        held = structure.table(tables[table])
        assert held is not None
        found_column = held.column(last)
        if found_column is None and name in given:
            raise NamesError(
                f'names says that "{name}" is your column {last}, and {tables[table]} has none of '
                f"that name{_nearest(last, [c.name for c in held.columns])}"
            )
        if found_column is not None:
            columns[name] = found_column.name
    # A name too many does no harm where all that is asked for is found without it.
    if strange is not None and (len(tables) < len(known) or len(columns) < len(asked)):
        raise NamesError(
            f'names holds "{strange}", which this exercise does not ask for'
            f"{_nearest(strange, [*known, *asked])}"
        )
    for table in tables.values():
        meant = [c for n, c in columns.items() if tables[n.partition(".")[0]] == table]
        if len(set(meant)) < len(meant):
            twice = sorted({c for c in meant if meant.count(c) > 1})
            raise NamesError(
                f"names gives your column {table}.{twice[0]} two meanings: each column has one"
            )
    return Names(tables, columns)


def missing(structure: Structure, known: Mapping[str, Iterable[str]], names: Names) -> str | None:
    """Return what the schema has no place for, in one line; None when all is there."""
    for table, columns in known.items():
        if table not in names.tables:
            have = ", ".join(t.name for t in structure.tables)
            if not have:
                return f"at the end the schema has no table at all; make {table} with CREATE TABLE"
            if {t.name for t in structure.tables} <= set(names.tables.values()):
                return f"the schema has no table or view {table}; it has {have}. Make {table} too"
            return (
                f"the schema has no table or view {table}; it has {have}. If one of them is meant, say so "
                f'in the first line: -- names: {{"{table}": "your_table"}}'
            )
        absent = [column for column in columns if f"{table}.{column}" not in names.columns]
        if absent:
            own = names.tables[table]
            held = structure.table(own)
            have = ", ".join(c.name for c in held.columns) if held else ""
            return (
                f"{own} has no column {absent[0]}; it has {have}. If one of them is meant, say so "
                f'in the first line: -- names: {{"{table}.{absent[0]}": "your_column"}}'
            )
    return None


def _texts(names: Any) -> dict[str, str]:
    if not isinstance(names, Mapping) or not all(
        isinstance(key, str) and isinstance(value, str) for key, value in names.items()
    ):
        raise NamesError(
            f"names is {type(names).__name__} with other things than texts in it, wanted a "
            'dictionary such as {"rides": "trips", "rides.user_id": "rider_id"}'
        )
    return dict(names)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f'; did you mean "{close[0]}"?' if close else ""
