"""Run one statement and fingerprint its result, in the columns and kinds it is compared in."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import duckdb

from ridealong.engine import large_result as large
from ridealong.engine import sqltext
from ridealong.engine.fingerprint import (
    FEW_ROWS,
    HASH_DIGITS,
    Column,
    Fingerprint,
    Floats,
    Row,
    of_rows,
    same_rows,
)
from ridealong.engine.statement import QueryRefused, fetchable

MOST_COLUMNS: Final = 200
_EXACT = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,(?P<scale>\d+)\)")


def of_statement(
    con: duckdb.DuckDBPyConnection,
    statement: duckdb.Statement,
    text: str,
    values: Mapping[str, Any] | None,
    order: Sequence[str],
    like: Fingerprint | None,
) -> Fingerprint:
    """Return the fingerprint of a statement's result, taken `like` another where that is given.

    Args:
        con: where it runs.
        statement: one SELECT.
        text: the text it was parsed from.
        values: of the parameters it names.
        order: the order keys of the task.
        like: the result it will be compared to.
    """
    con.execute(statement, values)
    types = [(str(name), str(kind)) for name, kind, *_ in con.description or []]
    if len(types) > MOST_COLUMNS:
        raise QueryRefused(f"the result has {len(types)} columns, {MOST_COLUMNS} is the most")
    seen = [_column(name, kind) for name, kind in types]
    query = sqltext.body(text)
    keyed = order if sqltext.is_ordered(text) else ()
    if castable := fetchable(con.description, query, "TIMESTAMP"):
        con.execute(castable, values)
    rows = con.fetchmany(FEW_ROWS + 1)

    def fingerprint(places: Sequence[int], wanted: Sequence[Column]) -> Fingerprint:
        columns = [_taken(seen[place], want) for place, want in zip(places, wanted, strict=True)]
        names = [column.name.lower() for column in wanted]
        keys = _key_places(keyed, names)
        if len(rows) <= FEW_ROWS:
            taken = [tuple(row[place] for place in places) for row in rows]
            return of_rows(taken, columns, keys, names)
        return large.of_query(
            query,
            columns,
            [seen[place] for place in places],
            places,
            keys,
            names,
            lambda statement: con.execute(statement, values).fetchall(),
        )

    if like is None or like.error:
        return fingerprint(range(len(seen)), seen)
    given = [column.name.lower() for column in seen]
    if sorted(given) == sorted(like.names) and len(set(given)) == len(given):
        result = fingerprint([given.index(name) for name in like.names], like.columns)
        if len(rows) > FEW_ROWS or same_rows(result, like):
            return result
        taken = [tuple(row[given.index(name)] for name in like.names) for row in rows]
        return replace(result, examples=_surplus(taken, result, like))
    renamed = _renamed_places(given, like.names)
    return replace(
        fingerprint(range(len(seen)), seen),
        fits_renamed=bool(renamed) and same_rows(fingerprint(renamed, like.columns), like),
    )


def _column(name: str, kind: str) -> Column:
    if found := _EXACT.fullmatch(kind):
        return Column(name, "exact", int(found["scale"] or 0))
    if kind in ("FLOAT", "DOUBLE"):
        return Column(name, "float", single=kind == "FLOAT")
    if kind == "BOOLEAN":
        return Column(name, "bool")
    if kind == "VARCHAR" or kind.startswith("ENUM("):
        return Column(name, "text")
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return Column(name, "time")
    return Column(name, kind.strip('"'))


def _taken(seen: Column, wanted: Column) -> Column:
    """Return the kind that a column is compared as: the wanted one where numbers allow it."""
    if (seen.kind, wanted.kind) == ("exact", "float"):
        return Column(seen.name, "float")
    if (seen.kind, wanted.kind) == ("float", "exact"):
        return Column(seen.name, "exact", wanted.scale, single=seen.single)
    return seen


def _key_places(order: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return the positions of the order keys, none when one of them is no column."""
    keys = [key_name(each) for each in order]
    return [names.index(key) for key in keys] if all(key in names for key in keys) else []


def key_name(key: str) -> str:
    """Return the column of an order key such as `"rides DESC"`, in lower case."""
    return key.split()[0].strip('"').lower()


def _renamed_places(given: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return for each wanted column the place of the one given by its name, else by position."""
    spare = [i for i, name in enumerate(given) if name not in wanted or given.index(name) != i]
    missing = [name for name in wanted if name not in given]
    if len(missing) > len(spare) or (missing and len(given) != len(wanted)):
        return []
    return [given.index(name) if name in given else spare.pop(0) for name in wanted]


def _surplus(rows: Sequence[Row], seen: Fingerprint, like: Fingerprint) -> tuple[str, ...]:
    """Say of the smallest rows of a result that the other does not hold, or not as often."""
    if len(like.hashes) != like.rows * HASH_DIGITS:
        return ()
    wanted = Counter(_cells(like))
    spare = wanted.copy()
    found = []
    for row in rows:
        (cells,) = _cells(of_rows([row], seen.columns))
        if spare[cells] > 0:
            spare[cells] -= 1
        else:
            often = "is there more often than it should be"
            found.append((shown(row), often if wanted[cells] else "should not be there"))
    smallest = sorted(found, key=lambda each: (len(each[0]), each))[:3]
    return tuple(" ".join(each) for each in smallest)


def _cells(result: Fingerprint) -> list[str]:
    """Return one text per row, equal for rows that are equal up to the rounding of floats."""
    hashes = [result.hashes[i : i + HASH_DIGITS] for i in range(0, len(result.hashes), HASH_DIGITS)]
    floats: Sequence[Floats] = result.floats or [[]] * len(hashes)
    return [
        each + "".join(f"|{x:.8g}" if isinstance(x, float) else f"|{x}" for x in beside)
        for each, beside in zip(hashes, floats, strict=True)
    ]


def shown(row: Row, longest: int = 100) -> str:
    """Return a row as a learner reads it: `(Lakemont, 12, NULL)`."""
    cells = ("NULL" if cell is None else "''" if cell == "" else f"{cell}" for cell in row)
    # Blanks stay as they are: two of them may be all that is wrong with a text.
    text = re.sub(r" *[^\S ]\s*", " ", f"({', '.join(each[:40] for each in cells)})")
    return text if len(text) <= longest else f"{text[: longest - 4]} ...)"
