"""Fingerprints of results with too many rows to look at one by one, computed inside DuckDB.

Every row is written as one text and hashed with MD5, the one hash that all versions of DuckDB
share; a sum of hashes does not depend on the order of rows. Plain sums of each column say which
column differs. A float column is summed once more, weighted by the hash of the exact cells beside
it, so that a value in the wrong row is seen.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ridealong.engine.fingerprint import (
    TOLERANCE,
    Column,
    Fingerprint,
    digest_of,
    mark,
    measures,
    misfit_in_words,
)

Fetch = Callable[[str], list[tuple[Any, ...]]]

_MODULUS = 2**61 - 1
_REMAINDER = 1_000_003
_SUMS_OF_FLOAT = 9
_SUMS_OF_OTHERS = 8
_MEASURES = 3


def of_query(
    query: str,
    columns: Sequence[Column],
    seen: Sequence[Column],
    places: Sequence[int],
    keys: Sequence[int],
    names: Sequence[str],
    fetch: Fetch,
) -> Fingerprint:
    """Return the fingerprint of a query with many rows.

    Args:
        query: without a semicolon, so that it can stand in brackets.
        columns: names, kinds and scales the result is taken as, in the order of comparison.
        seen: what the query gives in those columns.
        places: position of each of those columns in the query's own result.
        keys: positions in `columns` that the order is judged by.
        names: the names that enter the digest.
        fetch: runs a statement and returns its rows.
    """
    given = ", ".join(f"c{i}" for i in range(max(places, default=-1) + 1))
    cells = []
    for i, (place, column, own) in enumerate(zip(places, columns, seen, strict=True)):
        cells += [f"{_value(f'c{place}', column, own)} AS v{i}"]
        cells += [f"CASE WHEN v{i} IS NULL THEN c{place}::DOUBLE END AS m{i}"] * _is_narrowed(
            column, own
        )
    exact = [i for i, column in enumerate(columns) if column.kind != "float"]
    tokens = [f"{_token(f'v{i}', columns[i], seen[i])} AS t{i}" for i in exact]
    numbered = "row_number() OVER ()::HUGEINT" if keys else "0::HUGEINT"
    wanted = [
        "count(*)",
        f"sum({_hash('line')}::HUGEINT)",
        f"sum(place * ({_hash('key')} % 2147483647)::HUGEINT)" if keys else "0",
        *(
            each
            for i, (column, own) in enumerate(zip(columns, seen, strict=True))
            for each in (*_sums(i, column, own), *_measures(i, column))
        ),
    ]
    (sums,) = fetch(
        f"WITH given({given}) AS (FROM (\n{query}\n)),\n"
        f"taken AS (SELECT {', '.join(cells)}, {numbered} AS place FROM given),\n"
        f"cells AS (SELECT {', '.join(['*', *tokens])} FROM taken),\n"
        f"lines AS (SELECT *, {_joined(exact)} AS line, {_joined(keys)} AS key FROM cells)\n"
        f"SELECT {', '.join(wanted)} FROM lines"
    )
    rows, of_lines, of_keys = sums[:3]
    described, floats = _described(columns, sums[3:])
    of_rows = digest_of([str(of_lines % _MODULUS)])
    return Fingerprint(
        columns=described,
        rows=rows,
        digest=digest_of([*names, str(rows), of_rows, *(f"{x:.8g}" for f in floats for x in f)]),
        sequence=digest_of([str(of_keys)]) if keys else "",
        hashes=of_rows,
        floats=tuple(list[float | str | None](each) for each in floats),
    )


def _value(cell: str, column: Column, own: Column) -> str:
    """Return SQL of a cell as the kind it is compared as."""
    if column.kind == "float":
        return f"{cell}::DOUBLE"
    if _is_narrowed(column, own):
        # Taken as the exact number only when it is one, see the rules in `fingerprint`.
        cell = f"{cell}::DOUBLE"
        near = f"round({cell}, {column.scale})"
        fits = f"abs({cell} - {near}) <= {TOLERANCE} * greatest(1, abs({near}))"
        return f"CASE WHEN {fits} THEN try_cast({near} AS DECIMAL(38, {column.scale})) END"
    if column.kind == "time":
        return f"{cell}::TIMESTAMP"
    return cell if column.kind in ("exact", "bool") else f"{cell}::VARCHAR"


def _is_narrowed(column: Column, own: Column) -> bool:
    """Return whether a DOUBLE is taken as an exact number, so that it may not fit."""
    return column.kind == "exact" and own.kind == "float"


def _token(value: str, column: Column, own: Column) -> str:
    """Return SQL of a cell as text, in the one form that all cells of its kind have."""
    text = f"{value}::VARCHAR"
    if column.kind == "exact" and (own.scale or own.kind == "float"):
        text = (
            f"CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
        )
    return f"coalesce('{mark(column.kind)}' || {text}, 'n')"


def _joined(places: Sequence[int]) -> str:
    cells = ", ".join(f"t{i}" for i in places)
    return f"concat_ws(chr(30), {cells})" if cells else "''"


def _hash(text: str) -> str:
    return f"md5_number_lower({text})"


def _sums(i: int, column: Column, own: Column) -> list[str]:
    """Return the aggregates of a column: NULLs, misfits, one of them, folded, empties, sums."""
    value = f"v{i}"
    nulls = [f"count(*) - count({value})", "0", "NULL", "NULL"]
    if _is_narrowed(column, own):
        nulls[1:3] = [f"count(m{i})", f"min(m{i})"]
    if column.kind == "text":
        nulls[3] = f"sum({_hash(f'lower(trim({value}))')}::HUGEINT)"
    if column.kind == "float":
        finite = f"CASE WHEN isfinite({value}) THEN {value} ELSE 12345.678 END"
        weighted = f"{finite} * ({_hash('line')} % {_REMAINDER})::DOUBLE"
        sums = [f"sum({each})" for each in (finite, f"abs({finite})", weighted, f"abs({weighted})")]
        return [*nulls, f"count_if({value} = 0)", *sums]
    if column.kind == "exact":
        return [
            *nulls,
            f"count_if({value} = 0)",
            f"sum({value} % {_REMAINDER})",
            f"min({value})",
            f"max({value})",
        ]
    if column.kind == "time":
        total = f"sum(epoch_us({value}) % {_REMAINDER})"
        return [*nulls, "0", total, f"min({value})::VARCHAR", f"max({value})::VARCHAR"]
    total = f"sum({_hash(f't{i}')}::HUGEINT)"
    empties = f"count_if({value} = '')" if column.kind == "text" else "0"
    return [*nulls, empties, total, f"min({value})::VARCHAR", f"max({value})::VARCHAR"]


def _measures(i: int, column: Column) -> list[str]:
    """Return the aggregates for sum, smallest and largest value of a column, as numbers."""
    size = {
        "float": f"CASE WHEN isfinite(v{i}) THEN v{i} END",
        "exact": f"v{i}",
        "time": f"epoch(v{i})",
    }.get(column.kind, "NULL")
    whole = "avg" if column.kind == "time" else "sum"
    return [f"{whole}({size})::DOUBLE", f"min({size})::DOUBLE", f"max({size})::DOUBLE"]


def _described(
    columns: Sequence[Column], sums: Sequence[Any]
) -> tuple[tuple[Column, ...], list[list[float]]]:
    """Return the columns with their checksums, and four sums for each float column."""
    described: list[Column] = []
    floats: list[list[float]] = []
    here = 0
    for column in columns:
        size = _SUMS_OF_FLOAT if column.kind == "float" else _SUMS_OF_OTHERS
        nulls, misfits, misfit, folded, empties, *others = sums[here : here + size]
        here += size + _MEASURES
        measured = sums[here - _MEASURES : here]
        checksum: str | float = digest_of([_plain(each) for each in others])
        if column.kind == "float":
            floats.append([float(each or 0) for each in others])
            checksum = floats[-1][0]
        described.append(
            replace(
                column,
                nulls=nulls - misfits,
                empties=empties,
                checksum=checksum,
                folded="" if folded is None else digest_of([str(folded)]),
                misfit="" if misfit is None else misfit_in_words(misfit, column.scale),
                **(measures(*measured) if None not in measured else {}),
            )
        )
    return tuple(described), floats


def _plain(value: Any) -> str:
    """Return a sum as text; 5.00 is written as 5."""
    if not isinstance(value, Decimal):
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
