"""What a query returned, in a form that can be compared without knowing the rows.

Two results of up to `FEW_ROWS` rows are compared row by row; of larger ones, sums of hashes are
compared, which DuckDB computes (`large.py`). Either way the order of rows plays no part, except
for the sequence of the keys that a task orders by: rows that tie on all of them may come in any
order.

Two cells are equal when they are
- both NULL,
- whole numbers or DECIMAL of the same value (5 equals 5.00),
- DOUBLE within a relative 1e-9; a DOUBLE where an exact number is wanted has to be that number,
  rounded to the wanted decimals, within 1e-9; an exact number where a DOUBLE is wanted is taken
  as a DOUBLE,
- the same text, letter by letter,
- the same instant: a DATE equals the TIMESTAMP at its midnight, TIMESTAMPTZ is read as UTC,
- for every other type, of the same type and the same when written as text.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation, localcontext
from hashlib import blake2b
from typing import Any, Final

FEW_ROWS: Final = 2_000
TOLERANCE: Final = 1e-9
HASH_DIGITS: Final = 10
ROWS_OF_CELLS: Final = 60
CELL_DIGITS: Final = 4
_MEASURES: Final = ("total", "low", "high")

Row = tuple[Any, ...]
Floats = list[float | str | None]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result.

    Attributes:
        name: as the query gives it.
        kind: exact, float, text, time, bool, or the DuckDB type of anything else.
        scale: decimals of an exact column, 0 for the others.
        nulls: number of NULLs.
        empties: number of empty texts, or of zeros.
        checksum: of the multiset of its cells; of a float column their sum.
        folded: the same for texts in lower case without blanks around them, else empty.
        misfit: a number among its cells that has more decimals than the scale, else empty.
        single: whether the numbers come from a FLOAT, which keeps about 7 digits.
        total: sum of its numbers, or mean of its times in seconds since 1970; None without any.
            Of an exact column the catalogue holds it and the next two roughly.
        low: the smallest of them.
        high: the largest.
        measure: hash of the three, to try whether they are right but for a factor or a shift.
    """

    name: str
    kind: str
    scale: int = 0
    nulls: int = 0
    empties: int = 0
    checksum: str | float = ""
    folded: str = ""
    misfit: str = ""
    single: bool = False
    total: float | None = None
    low: float | None = None
    high: float | None = None
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The result of a query on one data set.

    Attributes:
        columns: in the order of the query, or of the result it is compared to.
        rows: number of rows.
        digest: of the multiset of rows, with column names; float cells rounded to 9 digits.
        sequence: of the order keys from first to last row; empty when no order is asked for, or
            when the query has no ORDER BY, so that its rows may come in any order.
        hashes: of the exact cells of each row, sorted, `HASH_DIGITS` each; of many rows one.
        floats: the float cells of each row, in the order of `hashes`; for many rows the sums
            that stand for them.
        cells: a short hash of each exact cell, row by row in the order of `hashes`, of a result
            of up to `ROWS_OF_CELLS` rows: which rows are right but for one column.
        error: DuckDB's message in place of a result.
        examples: what is wrong with some rows that the result it was compared to does not hold, or
            not as often. Not stored.
        fits_renamed: whether the rows are right apart from the names of columns. Not stored.
    """

    columns: tuple[Column, ...] = ()
    rows: int = 0
    digest: str = ""
    sequence: str = ""
    hashes: str = ""
    floats: tuple[Floats, ...] = ()
    cells: str = ""
    error: str = ""
    examples: tuple[str, ...] = ()
    fits_renamed: bool = False

    @property
    def names(self) -> list[str]:
        """Names of the columns, in lower case."""
        return [column.name.lower() for column in self.columns]

    def to_json(self) -> dict[str, Any]:
        """Return what the catalogue stores, ready for `json`."""
        if self.error:
            return {"error": self.error, "digest": self.digest}
        stored = asdict(self)
        stored["columns"] = [
            {
                key: value
                for key, value in column.items()
                if value not in ("", 0, None) or (key in _MEASURES and value is not None)
            }
            for column in stored["columns"]
        ]
        del stored["examples"], stored["fits_renamed"]
        return {key: value for key, value in stored.items() if value or key in ("rows", "columns")}

    def to_catalogue(self) -> dict[str, Any]:
        """Return what may be read by everybody: `to_json` without the values of exact columns."""
        rough = replace(self, columns=tuple(_rough(column) for column in self.columns))
        return rough.to_json()

    def recognised_by(self) -> dict[str, str]:
        """Return the part of `to_json` that is enough to recognise a mistake."""
        return {"digest": self.digest} | ({"sequence": self.sequence} if self.sequence else {})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Fingerprint":
        """Return the fingerprint that `to_json` wrote."""
        known = {each.name for each in fields(cls)}
        values = {key: value for key, value in stored.items() if key in known}
        values["columns"] = tuple(Column(**each) for each in stored.get("columns", ()))
        values["floats"] = tuple(stored.get("floats", ()))
        values["examples"] = tuple(stored.get("examples", ()))
        return cls(**values)


def of_error(message: str) -> Fingerprint:
    """Return the fingerprint of a query that fails."""
    first = message.partition("\n")[0]
    return Fingerprint(error=message, digest=digest_of(["error", first]))


def of_rows(
    rows: Sequence[Row],
    columns: Sequence[Column],
    keys: Sequence[int] = (),
    names: Sequence[str] = (),
) -> Fingerprint:
    """Return the fingerprint of up to `FEW_ROWS` rows.

    Args:
        rows: the cells as Python values; of kinds without a rule, as text.
        columns: kind and scale that every cell is taken as, and the names.
        keys: positions of the columns that the order is judged by.
        names: the names that enter the digest, in place of the columns' own.
    """
    exact = [i for i, column in enumerate(columns) if column.kind != "float"]
    inexact = [i for i, column in enumerate(columns) if column.kind == "float"]
    cells = {i: [token(row[i], columns[i]) for row in rows] for i in exact}
    numbers: dict[int, Floats] = {i: [number(row[i]) for row in rows] for i in inexact}

    lines = list(zip(*cells.values(), strict=True)) if exact else [()] * len(rows)
    hashed = [digest_of(line, HASH_DIGITS // 2) for line in lines]
    beside: list[Floats] = [[numbers[i][n] for i in inexact] for n in range(len(rows))]
    order = sorted(range(len(rows)), key=lambda n: (hashed[n], *map(_sortable, beside[n])))

    rounded = [hashed[n] + "".join(map(_rounded, beside[n])) for n in order]
    sequence = [
        "".join(_rounded(numbers[i][n]) if i in numbers else cells[i][n] + "\x1f" for i in keys)
        for n in range(len(rows))
    ]
    return Fingerprint(
        columns=tuple(
            _described(column, [row[i] for row in rows], cells.get(i), numbers.get(i))
            for i, column in enumerate(columns)
        ),
        rows=len(rows),
        digest=digest_of([*(names or [c.name.lower() for c in columns]), *sorted(rounded)]),
        sequence=digest_of(sequence) if keys else "",
        hashes="".join(hashed[n] for n in order),
        floats=tuple(beside[n] for n in order) if inexact else (),
        cells="".join(digest_of([cell], CELL_DIGITS // 2) for n in order for cell in lines[n])
        if len(rows) <= ROWS_OF_CELLS
        else "",
    )


def measures(total: float, low: float, high: float) -> dict[str, Any]:
    """Return the fields of a column for its sum or mean, its smallest and its largest value."""
    found = (float(total), float(low), float(high))
    if not all(map(math.isfinite, found)):
        return {}
    return dict(zip(_MEASURES, found, strict=True)) | {"measure": measure_of(*found)}


def measure_of(total: float, low: float, high: float) -> str:
    """Return a hash of sum or mean and ends, for comparing them without telling them."""
    return digest_of([f"{value + 0.0:.9g}" for value in (total, low, high)], HASH_DIGITS // 2)


def _measured(values: Sequence[Any], kind: str) -> dict[str, Any]:
    found = [value for value in map(_size, values) if value is not None]
    if not found:
        return {}
    return measures(_total(found) / (len(found) if kind == "time" else 1), min(found), max(found))


def _rough(column: Column) -> Column:
    """Return a column with measures that tell too high from too low, and no value."""
    if column.kind == "float" or column.total is None:
        return column
    rough: dict[str, Any] = {
        name: float(f"{value:.2g}") if column.kind == "exact" else round(value / 1e5) * 1e5
        for name in _MEASURES
        if (value := getattr(column, name)) is not None
    }
    return replace(column, **rough)


def _size(value: Any) -> float | None:
    """Return a number, or a time in seconds since 1970; None for everything else."""
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()
    if isinstance(value, date):
        return (value - date(1970, 1, 1)).days * 86_400.0
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        size = float(value)
    except (OverflowError, ValueError):
        return None
    return size if math.isfinite(size) else None


def _described(
    column: Column, values: list[Any], cells: list[str] | None, numbers: Floats | None
) -> Column:
    nulls = sum(value is None for value in values)
    if numbers is not None:
        finite = [each for each in numbers if isinstance(each, float)]
        return Column(
            column.name,
            column.kind,
            nulls=nulls,
            empties=sum(each == 0 for each in finite),
            checksum=_total(finite),
            single=column.single,
            **_measured(finite, column.kind),
        )
    misfits = [
        value
        for value in values
        if column.kind == "exact"
        and isinstance(value, float)
        and isinstance(as_exact(value, column.scale), float)
    ]
    texts = [value.strip().lower() for value in values if isinstance(value, str)]
    return Column(
        column.name,
        column.kind,
        column.scale,
        nulls,
        empties=sum(value == "" or _is_zero(value) for value in values),
        checksum=digest_of(sorted(cells or [])),
        folded=digest_of(sorted(texts)) if column.kind == "text" else "",
        misfit=misfit_in_words(min(misfits), column.scale) if misfits else "",
        single=column.single,
        **_measured(values, column.kind),
    )


def _total(values: Sequence[float]) -> float:
    try:
        return math.fsum(values)
    except OverflowError:
        return sys.float_info.max


def _is_zero(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and value == 0


def token(value: Any, column: Column) -> str:
    """Return a cell as a text that is equal exactly when two cells of this kind are."""
    if value is None:
        return "n"
    if column.kind == "exact":
        if isinstance(value, float):
            value = as_exact(value, column.scale)
        if isinstance(value, Decimal) and value.is_finite():
            written = format(value, "f")
            if "." in written:
                written = written.rstrip("0").rstrip(".")
            return "e0" if written == "-0" else f"e{written}"
        return f"e{value}"
    if column.kind == "time" and isinstance(value, date) and not isinstance(value, datetime):
        return f"t{value} 00:00:00"
    return f"{mark(column.kind)}{value}"


def mark(kind: str) -> str:
    """Return what a cell's text starts with, so that no two kinds are ever equal."""
    return {"exact": "e", "text": "s", "time": "t", "bool": "b"}.get(kind, f"{kind}:")


def as_exact(value: float, scale: int) -> Decimal | float:
    """Return a DOUBLE as the exact number it stands for, unchanged when it stands for none."""
    if not math.isfinite(value):
        return value
    with localcontext() as context:
        context.prec = 50
        try:
            near = Decimal(value).quantize(Decimal(1).scaleb(-scale))
        except InvalidOperation:
            return value
        allowed = Decimal(TOLERANCE) * max(Decimal(1), abs(near))
        return near if abs(Decimal(value) - near) <= allowed else value


def misfit_in_words(value: float, scale: int) -> str:
    """Return a DOUBLE that is no number of that scale, with as few digits as show it."""
    texts = (f"{value:.{digits}g}" for digits in (4, 9, 17))
    return next((text for text in texts if isinstance(as_exact(float(text), scale), float)), "")


def number(value: Any) -> float | str | None:
    """Return a cell of a float column in a form that JSON can hold."""
    if value is None:
        return None
    try:
        as_float = float(value)
    except (TypeError, ValueError, OverflowError):
        return str(value)
    return as_float if math.isfinite(as_float) else str(as_float)


def close(seen: float | str | None, wanted: float | str | None) -> bool:
    """Return whether two float cells are equal within the tolerance."""
    if isinstance(seen, float | int) and isinstance(wanted, float | int):
        return math.isclose(seen, wanted, rel_tol=TOLERANCE, abs_tol=1e-12)
    return seen == wanted


def same_rows(seen: Fingerprint, wanted: Fingerprint) -> bool:
    """Return whether two results hold the same rows, in any order."""
    if (seen.rows, seen.hashes) != (wanted.rows, wanted.hashes):
        return False
    if len(seen.floats) != len(wanted.floats):
        return False
    if wanted.rows > FEW_ROWS:
        return all(map(_same_sums, seen.floats, wanted.floats))
    if all(all(map(close, *pair)) for pair in zip(seen.floats, wanted.floats, strict=True)):
        return True
    return _paired(seen, wanted)


def same_order(seen: Fingerprint, wanted: Fingerprint) -> bool:
    """Return whether the order keys follow one another in the same way."""
    return seen.sequence == wanted.sequence


def _same_sums(seen: Floats, wanted: Floats) -> bool:
    """Compare plain sum, sum of sizes, weighted sum and its sum of sizes, of one float column."""
    plain, sizes, weighted, weighted_sizes = (float(each or 0) for each in wanted)
    return (
        abs(float(seen[0] or 0) - plain) <= TOLERANCE * sizes
        and abs(float(seen[2] or 0) - weighted) <= TOLERANCE * weighted_sizes
        and math.isclose(float(seen[1] or 0), sizes, rel_tol=TOLERANCE)
    )


def _paired(seen: Fingerprint, wanted: Fingerprint) -> bool:
    """Pair rows of equal exact cells whose floats sort differently by a last digit."""
    groups: dict[str, list[Floats]] = {}
    for n, cells in enumerate(wanted.floats):
        groups.setdefault(wanted.hashes[n * HASH_DIGITS : (n + 1) * HASH_DIGITS], []).append(cells)
    for n, cells in enumerate(seen.floats):
        group = groups[seen.hashes[n * HASH_DIGITS : (n + 1) * HASH_DIGITS]]
        match = next((i for i, each in enumerate(group) if all(map(close, cells, each))), None)
        if match is None:
            return False
        del group[match]
    return True


def _sortable(value: float | str | None) -> tuple[int, float, str]:
    if isinstance(value, float):
        return (1, value, "")
    return (0, 0.0, value) if isinstance(value, str) else (-1, 0.0, "")


def _rounded(value: float | str | None) -> str:
    return f"|{value + 0.0:.9g}" if isinstance(value, float) else f"|{value}"


def digest_of(parts: Sequence[str], size: int = 8) -> str:
    """Return a hash of texts, as hexadecimal digits, two per byte of `size`."""
    joined = "\x1e".join(parts).encode(errors="surrogatepass")
    return blake2b(joined, digest_size=size).hexdigest()
