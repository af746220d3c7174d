"""Say in words how a result differs from the one that is wanted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ridealong.engine import sqltext
from ridealong.engine.fingerprint import FEW_ROWS, Column, Fingerprint, same_order, same_rows

PROPERTIES = ("columns", "row count", "values", "order")
_NEARLY = 0.01
_OF_SINGLE = 1e-6  # FLOAT keeps about seven digits


@dataclass(frozen=True, slots=True)
class Difference:
    """The first property of a result that does not hold.

    Attributes:
        property: its name.
        seen: what was seen, and what was wanted.
        advice: what to try.
        certain: whether the advice names the cause, so that no other is looked for.
    """

    property: str
    seen: str
    advice: str
    certain: bool = False


def difference(
    seen: Fingerprint, wanted: Fingerprint, order: Sequence[str] = (), text: str = ""
) -> Difference | None:
    """Return how a result differs from the wanted one, None when it does not.

    Args:
        seen: the result of an answer.
        wanted: the one of the reference.
        order: the keys that the task orders by.
        text: of the answer's query; the advice names what stands in it.
    """
    if sorted(seen.names) != sorted(wanted.names):
        return _columns(seen, wanted)
    if seen.rows != wanted.rows:
        return _rows(seen, wanted, text)
    if not same_rows(seen, wanted):
        return _values(seen, wanted, text)
    if order and not same_order(seen, wanted):
        return Difference(
            "order",
            "the rows are right, their order is not",
            order_in_words(order),
        )
    return None


def order_in_words(order: Sequence[str]) -> str:
    """Return what order a task asks for, from keys such as `"rides DESC"`."""
    return f"wanted is the order of {', then '.join(map(_key_in_words, order))}"


def needless_limit(text: str, results: Iterable[Sequence[Fingerprint]]) -> str | None:
    """Return what is wrong with a LIMIT that cuts nothing on any data, or None.

    The rows are right today, so the task did not ask for fewer; a longer list will lose some.
    """
    most = sqltext.limit(text)
    longest = max((each.rows for several in results for each in several), default=0)
    if most is None or not 1 < longest < most:
        return None
    return (
        f"LIMIT {most:,} cuts nothing now and will cut the list once it is longer: the task asks "
        "for all of its rows, so leave LIMIT out"
    )


def _columns(seen: Fingerprint, wanted: Fingerprint) -> Difference:
    missing = [column.name for column in wanted.columns if column.name.lower() not in seen.names]
    extra = [column.name for column in seen.columns if column.name.lower() not in wanted.names]
    twice = sorted({name for name in seen.names if seen.names.count(name) > 1})
    given, asked = (_named([each.name for each in one.columns]) for one in (seen, wanted))
    if seen.fits_renamed and len(missing) == len(extra) > 0:
        pairs = zip(extra, missing, strict=True)
        change = " and ".join(f"{old} should be called {new}" for old, new in pairs)
        return Difference(
            "columns",
            f"the rows are right, but {change}",
            f"name it in SELECT: ... AS {missing[0]}",
        )
    if seen.fits_renamed and extra:
        return Difference(
            "columns",
            f"the rows are right, but {_named(extra)} {'is' if len(extra) == 1 else 'are'} "
            "not asked for",
            f"leave {'it' if len(extra) == 1 else 'them'} out of SELECT",
        )
    if twice:
        advice = f"two columns are called {twice[0]}; give each its own name with AS"
    elif missing and extra:
        advice = "AS gives a column its name"
    elif missing:
        advice = f"add {_named(missing)} to SELECT"
    else:
        advice = f"leave {_named(extra)} out of SELECT"
    return Difference("columns", f"the columns are {given}; wanted are {asked}", advice)


def _rows(seen: Fingerprint, wanted: Fingerprint, text: str) -> Difference:
    what = f"{_count(seen.rows, 'row')}, wanted {wanted.rows:,}{_example(seen)}"
    if seen.rows == 0:
        advice = (
            "no row passes all conditions; take them away one by one to see which is too strict"
        )
        return Difference("row count", what, advice)
    more = seen.rows > wanted.rows
    conditions = sqltext.has_word(text, "WHERE", "HAVING", "QUALIFY", "ON", "USING")
    if more:
        advice = "a condition is missing" + (" or lets too much through" if conditions else "")
    elif conditions:
        advice = "a condition takes too much away"
    else:
        advice = "ask what one row stands for, in the task and in your result"
    if sqltext.has_word(text, "JOIN"):
        advice += f", or a JOIN {'repeats' if more else 'drops'} rows"
    if filters := sqltext.row_filters(text):
        *others, last = filters
        advice += f"; look at {', '.join(others)}{' and ' if others else ''}{last}"
    return Difference("row count", what, advice)


def _values(seen: Fingerprint, wanted: Fingerprint, text: str) -> Difference:
    pairs = list(zip(seen.columns, wanted.columns, strict=True))
    for column, want in pairs:
        if (
            _family(column) != _family(want)
            and want.nulls < wanted.rows
            and column.nulls < seen.rows
        ):
            return Difference(
                "values",
                f"column {column.name} holds {_family(column)}, wanted {_family(want)}",
                "look at what you compute there, and at casts",
            )
    for column, want in pairs:
        if column.misfit:
            return _misfit(column, want, text)
    for column, want in pairs:
        if column.nulls != want.nulls:
            return Difference(
                "values",
                f"column {column.name} holds {_special(column)}, wanted {_special(want)}"
                f"{_example(seen)}",
                _about_null(column, want, seen, text),
            )
    unlike = [
        (column, want) for column, want in pairs if not _same_column(column, want, wanted.rows)
    ]
    if not unlike and not _floats_differ(seen, wanted):
        return Difference(
            "values",
            f"each column holds the right values, but not in the right rows{_example(seen)}",
            "look at how the rows are joined or grouped, and whether a label or TRUE and FALSE are "
            "the wrong way round",
        )
    for column, want in unlike:
        if column.folded and column.folded == want.folded:
            return Difference(
                "values",
                f"the texts in column {column.name} differ only in upper and lower case, or in "
                f"blanks at their ends{_example(seen)}",
                "give the text as it is stored, unless the task says otherwise",
            )
    for column, want in pairs:
        if column.single and not want.single and _floats_within(seen, wanted, _OF_SINGLE):
            return _single(column)
    if wanted.rows <= FEW_ROWS and _floats_within(seen, wanted, _NEARLY):
        return Difference(
            "values",
            f"the numbers differ by less than 1 %{_example(seen)}",
            "look at where you round"
            if sqltext.has_word(text, "ROUND")
            else "close and not equal comes from another column, from a few rows too many or too "
            "few, or from rounding",
        )
    names = _named([column.name for column, _ in unlike])
    which = f"the values of {names} differ" if names else "the values differ"
    others = len(pairs) - len(unlike)
    # A float column is known by its sum, and shares add up to 1 whatever they are.
    told = all(want.kind != "float" for _, want in pairs if want not in (w for _, w in unlike))
    agree = ", the other columns agree" if names and others > 1 and told else ""
    return Difference("values", f"{which}{agree}{_example(seen)}", "work out one row by hand")


def _misfit(column: Column, wanted: Column, text: str) -> Difference:
    """Say that a column holds numbers with more decimals than are wanted."""
    value = float(column.misfit)
    if column.single and abs(value - round(value, wanted.scale)) <= _OF_SINGLE * abs(value):
        return _single(column)
    if wanted.scale:
        what = f"numbers such as {column.misfit}, wanted at most {_count(wanted.scale, 'decimal')}"
        return Difference(
            "values", f"column {column.name} holds {what}", "look at where you round", True
        )
    if "/" in (each.text for each in sqltext.tokens(text)):
        advice = "/ gives fractions; // divides whole numbers and drops the rest"
    else:
        advice = "look at what you compute there; an average is a fraction, too"
    return Difference(
        "values",
        f"column {column.name} holds fractions such as {column.misfit}, wanted whole numbers",
        advice,
        True,
    )


def _single(column: Column) -> Difference:
    return Difference(
        "values",
        f"column {column.name} is a FLOAT, which keeps about 7 digits only",
        "cast to DOUBLE, or divide without CAST",
        True,
    )


def _same_column(seen: Column, wanted: Column, rows: int) -> bool:
    if isinstance(wanted.checksum, float | int) and isinstance(seen.checksum, float | int):
        return abs(seen.checksum - wanted.checksum) <= 1e-9 * max(1.0, abs(wanted.checksum)) * rows
    return seen.checksum == wanted.checksum


def _floats_differ(seen: Fingerprint, wanted: Fingerprint) -> bool:
    return bool(wanted.floats) and seen.hashes == wanted.hashes


def _floats_within(seen: Fingerprint, wanted: Fingerprint, tolerance: float) -> bool:
    """Return whether only floats differ, and none by more than a relative tolerance."""
    if not wanted.floats or seen.hashes != wanted.hashes:
        return False
    pairs = list(zip(seen.floats, wanted.floats, strict=True))
    if wanted.rows > FEW_ROWS:  # a plain and a weighted sum, each with its sum of sizes behind it
        return all(
            abs(float(one[n] or 0) - float(other[n] or 0)) <= tolerance * float(other[n + 1] or 0)
            for one, other in pairs
            for n in (0, 2)
        )
    return all(
        abs(a - b) <= tolerance * abs(b)
        if isinstance(a, float | int) and isinstance(b, float | int)
        else a == b
        for one, other in pairs
        for a, b in zip(one, other, strict=True)
    )


def _about_null(column: Column, wanted: Column, seen: Fingerprint, text: str) -> str:
    """Return what to try where a column has too many NULLs, or too few."""
    if column.nulls > wanted.nulls:
        return "NULL is neither 0 nor an empty text; look at where it comes from, and at COALESCE"
    if any("nan" in row for row in seen.floats):
        return "0 divided by 0 is NaN in DuckDB and not NULL: divide by NULLIF(..., 0)"
    if sqltext.has_word(text, "COALESCE"):
        return "NULL says that there is no value; COALESCE puts one in its place"
    return "a row without a value of its own got one: look at which rows that column is taken from"


def _family(column: Column) -> str:
    """Return what a column holds, in a learner's words; numbers of all types are one family."""
    names = {
        "exact": "numbers",
        "float": "numbers",
        "text": "text",
        "bool": "true or false",
        "time": "dates or times",
    }
    return names.get(column.kind, column.kind)


def _special(column: Column) -> str:
    """Return how many NULLs a column holds, and how many zeros or empty texts."""
    parts = [f"{column.nulls:,} NULL" if column.nulls else "no NULL"]
    if column.empties:
        text = column.kind == "text"
        parts.append(_count(column.empties, "empty text" if text else "zero"))
    return " and ".join(parts)


def _example(seen: Fingerprint) -> str:
    return f"; for one, {seen.examples[0]}" if seen.examples else ""


def _named(names: Sequence[str]) -> str:
    shown = [name if len(name) <= 40 else f"{name[:36]} ..." for name in names[:12]]
    return ", ".join(shown) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _count(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("o") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def _key_in_words(key: str) -> str:
    name, *rest = key.split()
    words = " ".join(rest).upper()
    direction = "descending" if words.startswith("DESC") else "ascending"
    nulls = (
        ", NULLs first"
        if "NULLS FIRST" in words
        else ", NULLs last"
        if "NULLS LAST" in words
        else ""
    )
    return f"{name} {direction}{nulls}"
