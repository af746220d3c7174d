"""Say in words how a result differs from the one that is wanted."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ridealong.engine import sqltext
from ridealong.engine.fingerprint import (
    CELL_DIGITS,
    FEW_ROWS,
    HASH_DIGITS,
    Column,
    Fingerprint,
    Floats,
    close,
    measure_of,
    same_order,
    same_rows,
)

PROPERTIES = ("columns", "row count", "values", "order")
_NEARLY = 0.01
_OF_ROWS_ALONE = ("the columns of GROUP BY", "LIMIT", "DISTINCT")
_LONGEST_QUESTION = 240  # letters of all conditions in it
_MOST_CONDITIONS = 4
_NONE_RIGHT = "none of them is as wanted"
_ALL_RIGHT = ("every wanted row is there", "those you have are right")
_AGGREGATES = ("COUNT", "SUM", "AVG", "MIN", "MAX", "MEDIAN", "QUANTILE_CONT")
_FEWEST_OF_A_SHAPE = 3  # rows; of fewer a factor or a step may be chance
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
    seen: Fingerprint,
    wanted: Fingerprint,
    order: Sequence[str] = (),
    text: str = "",
    right: Collection[str] = (),
) -> Difference | None:
    """Return how a result differs from the wanted one, None when it does not.

    Args:
        seen: the result of an answer.
        wanted: the one of the reference.
        order: the keys that the task orders by.
        text: of the answer's query; the advice names what stands in it.
        right: hashes of parts that are known to be right, so that the advice asks about others.
    """
    if sorted(seen.names) != sorted(wanted.names):
        return _columns(seen, wanted, text)
    if seen.rows != wanted.rows:
        return _rows(seen, wanted, text, right)
    if not same_rows(seen, wanted):
        return _values(seen, wanted, text, right)
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


def _columns(seen: Fingerprint, wanted: Fingerprint, text: str) -> Difference:
    from ridealong.judging.sql import facts  # loads sqlglot, which a right answer never needs

    split = facts.about_columns(text, wanted.names)
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
            split or f"name it in SELECT: ... AS {missing[0]}",
        )
    if seen.fits_renamed and extra:
        return Difference(
            "columns",
            f"the rows are right, but {_named(extra)} {'is' if len(extra) == 1 else 'are'} "
            "not asked for",
            f"leave {'it' if len(extra) == 1 else 'them'} out of SELECT",
        )
    if split:
        return Difference(
            "columns", f"the columns are {given}; wanted are {asked}", split, certain=True
        )
    if twice:
        advice = f"two columns are called {twice[0]}; give each its own name with AS"
    elif missing and extra and seen.rows < wanted.rows and sqltext.has_word(text, "GROUP"):
        advice = (
            f"wanted are {_count(wanted.rows, 'row')} and there are {seen.rows:,}: GROUP BY makes "
            "one row of many, so ask what one row stands for"
        )
    elif missing and extra and seen.rows == wanted.rows:
        advice = "AS gives a column its name"
    elif missing and extra:
        advice = f"add {_named(missing)} to SELECT and leave {_named(extra)} out"
    elif missing:
        advice = f"add {_named(missing)} to SELECT"
    else:
        advice = f"leave {_named(extra)} out of SELECT"
    return Difference("columns", f"the columns are {given}; wanted are {asked}", advice)


def _rows(seen: Fingerprint, wanted: Fingerprint, text: str, right: Collection[str]) -> Difference:
    what = f"{_count(seen.rows, 'row')}, wanted {wanted.rows:,}{_example(seen)}"
    more = seen.rows > wanted.rows
    if seen.rows == 0:
        advice = "no row comes out; look at the tables that you read from"
        if sqltext.has_word(text, "WHERE", "HAVING", "QUALIFY", "ON", "USING"):
            advice = (
                "no row passes all conditions; take them away one by one to see which is too strict"
            )
            if asked := _asks_for_each(text, right):
                advice += f": {asked}"
        return Difference("row count", what, advice)
    found = _overlap(seen, wanted)
    if found:
        what = f"{_count(seen.rows, 'row')}, wanted {wanted.rows:,}: {found}{_example(seen)}"
    if more and _keeps_every_row(text):
        advice = (
            "OVER writes its value beside every row and leaves the rows as they are; "
            "GROUP BY makes one row of a group"
        )
        return Difference("row count", what, advice)
    if _repeats(seen, wanted):
        advice = "the same row comes more than once: ask what one row stands for"
        if sqltext.has_word(text, "JOIN"):
            advice += ", and which JOIN finds several partners for it"
        return Difference("row count", what, advice)
    if found == _NONE_RIGHT:
        return Difference("row count", what, _about_no_right_row(wanted, text, more=more))
    if sqltext.has_word(text, "EXISTS") and (read := _exists_in_words(text)):
        return Difference("row count", what, read)
    if (
        sqltext.limit(text) == seen.rows
        and found.startswith(_ALL_RIGHT)
        and not _is_right_limit(seen.rows, right)
    ):
        return Difference("row count", what, _about_limit(seen.rows, more))
    if more:
        return Difference("row count", what, _about_more(text, right))
    return Difference("row count", what, _about_fewer(text, right))


def _about_more(text: str, right: Collection[str]) -> str:
    """Return what to ask about a result that has too many rows, of what its query holds."""
    from ridealong.judging.sql import signs  # loads sqlglot, which a right answer never needs

    conditions = [condition.upper() for _, condition in _doubtful(text, right)]
    numbered = sqltext.has_call(text, "RANK", "DENSE_RANK") and not any(
        signs.is_right_part(f"calls {each}", right) for each in ("rank", "denserank", "dense_rank")
    )
    if conditions and (numbered or any("RANK" in each for each in conditions)):
        return (
            "RANK and DENSE_RANK give rows that tie the same number, so more rows may pass than "
            "that number says; ROW_NUMBER gives each row its own"
        )
    if sqltext.has_word(text, "WHERE", "HAVING", "QUALIFY", "ON", "USING"):
        causes = ["a condition is missing or lets too much through"]
    elif not sqltext.has_word(text, "GROUP"):
        causes = ["a condition is missing, or one row stands for less than the task asks"]
    else:
        causes = ["ask what one row stands for, in the task and in your result"]
    if sqltext.has_word(text, "LEFT", "RIGHT", "FULL"):
        causes.append("an outer JOIN keeps rows that have no partner")
    elif sqltext.has_word(text, "JOIN"):
        causes.append("a JOIN repeats rows")
    return _with_conditions(", or ".join(causes), text, right)


def _exists_in_words(text: str) -> str:
    from ridealong.judging.sql import facts  # loads sqlglot, which a right answer never needs

    return facts.exists_in_words(text)


def _about_no_right_row(wanted: Fingerprint, text: str, *, more: bool) -> str:
    """Return what to ask where not one row is as wanted."""
    if more and wanted.rows == 1 and not sqltext.has_call(text, *_AGGREGATES):
        return (
            "wanted is a single row: does the task ask for one value over all rows, as COUNT, SUM "
            "or AVG gives it?"
        )
    asked = "ask what one row stands for, in the task and in your result"
    if sqltext.has_word(text, "GROUP"):
        return f"{asked}; the columns of GROUP BY decide what one row is"
    if sqltext.has_word(text, "WHERE", "HAVING", "QUALIFY", "ON"):
        return (
            "no row is as wanted: look at whether a condition lets the wrong rows through, and at "
            "how each column is computed"
        )
    return asked


def _about_fewer(text: str, right: Collection[str]) -> str:
    """Return what to ask about a result that has too few rows, of what its query holds."""
    from ridealong.judging.sql import facts  # loads sqlglot, which a right answer never needs

    if distinct := facts.about_distinct(text, right):
        return distinct
    clauses = list(dict.fromkeys(clause for clause, _ in _doubtful(text, right)))
    causes = []
    if clauses and "WHERE" not in clauses:
        causes.append(f"{' or '.join(clauses)} takes too much away")
    elif clauses:
        causes.append("a condition takes too much away")
    if sqltext.has_word(text, "RIGHT"):
        causes.append("a RIGHT JOIN drops rows of the table before it that have no partner")
    elif sqltext.has_word(text, "LEFT"):
        causes.append("a LEFT JOIN drops rows of the table behind it that have no partner")
    elif sqltext.has_word(text, "JOIN"):
        causes.append("a JOIN drops rows")
    if sqltext.has_word(text, "GROUP"):
        causes.append("GROUP BY makes other groups than the task asks for")
    if sqltext.has_word(text, "QUALIFY"):
        causes.append("the window before it gives other values")
    if sqltext.has_word(text, "DISTINCT"):
        causes.append("DISTINCT makes one row of several")
    advice = ", or ".join(causes) or "ask what one row stands for, in the task and in your result"
    return _with_conditions(advice, text, right)


def _is_right_limit(number: int, right: Collection[str]) -> bool:
    from ridealong.judging.sql import signs  # loads sqlglot, which a right answer never needs

    return signs.is_right_part(f"+limit {number}", right)


def _about_limit(number: int, more: bool) -> str:
    """Return what to ask about a LIMIT that a result is exactly as long as."""
    if more:
        return f"LIMIT {number:,} lets that many rows through: how many does the task ask for?"
    return f"LIMIT cuts the rows: does the task name its number, {number:,}?"


def _doubtful(text: str, right: Collection[str]) -> list[tuple[str, str]]:
    """Return the conditions that are not known to be right, each behind its clause."""
    from ridealong.judging.sql import facts, signs  # load sqlglot, which a right answer never needs

    return [
        (clause, condition)
        for clause, condition in facts.conditions(text)
        if not signs.is_right_condition(condition, right, clause)
    ]


def _asks_for_each(text: str, right: Collection[str]) -> str:
    """Return the question whether conditions are wanted that are not known to be right."""
    own = list(dict.fromkeys(condition for _, condition in _doubtful(text, right)))
    if len(own) > _MOST_CONDITIONS or len("".join(own)) > _LONGEST_QUESTION:
        return ""
    if len(own) == 1:
        return f"is this what the task asks for, {own[0]}?"
    return f"does the task ask for each of {'; '.join(own)}?" if own else ""


def _with_conditions(advice: str, text: str, right: Collection[str]) -> str:
    """Return advice and the conditions that it may be about, if there are any."""
    if asked := _asks_for_each(text, right):
        return f"{advice}: {asked}"
    if own := _doubtful(text, right):
        looked = sqltext.row_filters(" AND ".join(condition for _, condition in own))
    else:
        looked = ["the columns of GROUP BY"] * sqltext.has_word(text, "GROUP")
    *others, last = looked or [""]
    return (
        f"{advice}; look at {', '.join(others)}{' and ' if others else ''}{last}"
        if last
        else advice
    )


def _keeps_every_row(text: str) -> bool:
    """Return whether a query has a window and nothing that makes fewer rows of many."""
    return sqltext.has_word(text, "OVER") and not sqltext.has_word(
        text, "GROUP", "DISTINCT", "QUALIFY", "WHERE"
    )


def _counted(result: Fingerprint) -> Counter[tuple[str, ...]] | None:
    """Return how often each row comes; None of a result with many rows."""
    if not result.rows or len(result.hashes) != result.rows * HASH_DIGITS:
        return None
    starts = range(0, len(result.hashes), HASH_DIGITS)
    exact = [result.hashes[start : start + HASH_DIGITS] for start in starts]
    beside: Sequence[Floats] = result.floats or [[]] * result.rows
    return Counter(
        (cells, *(f"{each:.9g}" if isinstance(each, float) else str(each) for each in floats))
        for cells, floats in zip(exact, beside, strict=True)
    )


def _repeats(seen: Fingerprint, wanted: Fingerprint) -> bool:
    """Return whether a result has each wanted row, some more often, and no other."""
    own, asked = _counted(seen), _counted(wanted)
    return bool(own and asked and own.keys() == asked.keys() and own > asked)


def _overlap(seen: Fingerprint, wanted: Fingerprint) -> str:
    """Return which of the wanted rows a result of another size holds."""
    own, asked = _counted(seen), _counted(wanted)
    if not own or not asked or wanted.floats or _repeats(seen, wanted):
        return ""
    missing, extra = (asked - own).total(), (own - asked).total()
    if not missing:
        return "every wanted row is there, and others too"
    if not extra:
        return f"those you have are right, {missing:,} {'is' if missing == 1 else 'are'} missing"
    if missing == wanted.rows:
        return _NONE_RIGHT
    return (
        f"{missing:,} wanted {'is' if missing == 1 else 'are'} missing and {extra:,} "
        f"{'is' if extra == 1 else 'are'} not wanted"
    )


def _values(
    seen: Fingerprint, wanted: Fingerprint, text: str, right: Collection[str]
) -> Difference:
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
                f"{_beside_null(seen, wanted, column)}{_example(seen)}",
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
            f"the numbers differ by less than 1 %{_in_columns(unlike)}{_example(seen)}",
            "look at where you round"
            if _rounds(text, [column.name for column, _ in unlike])
            else "look at which column and which rows are taken there: what is close and not equal "
            "comes from something small, such as a few rows too many",
        )
    return _effect(seen, wanted, pairs, unlike, text, right)


def _beside_null(seen: Fingerprint, wanted: Fingerprint, column: Column) -> str:
    """Return that other values of a column are wrong, too, where that is certain."""
    wrong = _rows_that_differ(seen, wanted, column.name)
    want = next(each for each in wanted.columns if each.name == column.name)
    if wrong and not wrong.endswith("every row"):
        rows = int(wrong.removeprefix(f"{column.name} is wrong in ").split()[0].replace(",", ""))
        return f", and {wrong}" if rows > abs(column.nulls - want.nulls) else ""
    if wrong:
        return ", and other values are wrong, too"
    # A NULL more or less does not change a mean.
    if column.kind != "time" and abs(column.nulls - want.nulls) * 20 > wanted.rows:
        return ""
    side = _side(column, want)
    return f", and its {'mean' if column.kind == 'time' else 'sum'} is {side}" if side else ""


def _in_columns(unlike: Sequence[tuple[Column, Column]]) -> str:
    """Return in which columns numbers differ, as a sentence goes on with it."""
    return f" in {_named([column.name for column, _ in unlike])}" if unlike else ""


def _effect(
    seen: Fingerprint,
    wanted: Fingerprint,
    pairs: Sequence[tuple[Column, Column]],
    unlike: Sequence[tuple[Column, Column]],
    text: str,
    right: Collection[str],
) -> Difference:
    """Describe in what way values differ."""
    names = _named([column.name for column, _ in unlike])
    which = f"the values of {names} differ" if names else "the values differ"
    others = len(pairs) - len(unlike)
    # A float column is known by its sum, and shares add up to 1 whatever they are.
    told = all(want.kind != "float" for _, want in pairs if want not in (w for _, w in unlike))
    agree = ", the other columns agree" if names and others > 1 and told else ""
    if changed := _changed_places(unlike):
        return Difference("values", changed, "look at what stands before each AS", True)
    alone = _measures_agree(pairs, unlike)
    for found, advice in _shapes(seen, wanted, unlike or pairs, text, right, alone):
        if len(unlike) == 1:  # it is named already
            own = unlike[0][0].name
            found = found.removeprefix(f"{own} is ").removeprefix(f"{own} ")
        return Difference("values", f"{which}{agree}: {found}{_example(seen)}", advice)
    if unlike and all(column.kind == "text" for column, _ in unlike):
        for literal in (each.text for each in sqltext.tokens(text) if each.kind == "string"):
            if "  " in literal:
                return Difference(
                    "values",
                    f"{which}{agree}{_example(seen)}",
                    f"{literal} holds several blanks in a row: does the task ask for each of them?",
                )
        if others:  # a JOIN or a condition would change other columns, too
            step = _about_values(text, [column.name for column, _ in unlike], right)
            return Difference("values", f"{which}{agree}{_example(seen)}", step or _OF_A_COLUMN)
    differing = [column.name for column, _ in unlike]
    step = _next_step(text, names=differing, right=right, alone=alone)
    return Difference("values", f"{which}{agree}{_example(seen)}", step)


def _measures_agree(
    pairs: Sequence[tuple[Column, Column]], unlike: Sequence[tuple[Column, Column]]
) -> bool:
    """Return whether another number is right, so that it is computed over the right rows."""
    return bool(unlike) and any(
        column.kind in ("exact", "float") and not _is_id(column)
        for column, want in pairs
        if (column, want) not in unlike
    )


def _changed_places(unlike: Sequence[tuple[Column, Column]]) -> str:
    """Return which columns hold each other's values."""
    for n, (one, wants_one) in enumerate(unlike):
        for other, wants_other in unlike[n + 1 :]:
            sums = (one.checksum, other.checksum, wants_one.checksum, wants_other.checksum)
            if (
                one.kind == other.kind
                and not _same_sums(sums[0], sums[1])
                and _same_sums(sums[0], sums[3])
                and _same_sums(sums[1], sums[2])
            ):
                return f"{one.name} holds the values of {other.name}, and the other way round"
    return ""


def _same_sums(one: str | float, other: str | float) -> bool:
    """Return whether two checksums are equal, sums of floats up to their rounding."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return close(float(one), float(other))
    return one == other


def _shapes(
    seen: Fingerprint,
    wanted: Fingerprint,
    unlike: Sequence[tuple[Column, Column]],
    text: str,
    right: Collection[str],
    alone: bool,
) -> Iterator[tuple[str, str]]:
    """Yield in what way a column differs as a whole, with the step that follows from it."""
    from ridealong.judging.sql import facts  # loads sqlglot, which a right answer never needs

    for column, want in unlike:
        if column.total is None or want.total is None or column.low is None or _is_id(column):
            continue
        # The same factor of few rows, or of one value, may be chance; a share in percent is none.
        if seen.rows < _FEWEST_OF_A_SHAPE or want.low == want.high:
            if want.kind == "float" and "100 times" in (factor := _factor(column, want)):
                yield f"{column.name} is {factor}", _OF_A_FACTOR
            continue
        cut = facts.rounds(text, [column.name])
        if column.low == column.high:
            yield (
                f"{column.name} is the same in every row",
                "look at what is rounded or cut off there, and when"
                if cut
                else "look at what that column is computed from, and over which rows",
            )
        elif column.kind == "time" and (shift := _shift(column, want)):
            yield (
                f"every time in {column.name} lies {shift}",
                "look at where hours or days are added, and at AT TIME ZONE"
                if sqltext.has_word(text, "ZONE", "INTERVAL")
                else "look at which clock and which unit the task asks for",
            )
        elif column.kind != "time" and (factor := _factor(column, want)):
            yield f"{column.name} is {factor}", _OF_A_SIGN if "sign" in factor else _OF_A_FACTOR
        elif column.kind == "exact" and (step := _constant_step(column, want, seen.rows)):
            yield (
                f"every {column.name} is {step}",
                "look at what is rounded or cut off there"
                if cut
                else "look at where counting starts, and at what is added or taken away",
            )
    for column, want in unlike:
        if column.total is None or want.total is None or _is_id(column):
            continue
        if direction := _direction(seen, wanted, column, want):
            low, high = "too low" in direction, "too high" in direction
            names = [each.name for each, _ in unlike]
            counts = sqltext.has_call(text, *_AGGREGATES) and not sqltext.has_word(text, "JOIN")
            asked = _about_values(text, names, right)
            if not asked and low and counts and "/" not in text:
                asked = _asks_for_each(text, right)
            side = "low" if low and not high else "high" if high and not low else ""
            if column.kind == "time" and len(unlike) == 1:
                asked = _about_times(text)
            yield direction, asked or _next_step(text, side, names, right, alone=alone)
            return


def _about_values(text: str, names: Sequence[str], right: Collection[str]) -> str:
    """Return what to look at in the parts of SELECT that differ; empty when it is uncertain."""
    from ridealong.judging.sql import facts  # loads sqlglot, which a right answer never needs

    return facts.about_values(text, names, right)


def _rounds(text: str, names: Sequence[str]) -> bool:
    from ridealong.judging.sql import facts  # loads sqlglot, which a right answer never needs

    return facts.rounds(text, names)


def _about_times(text: str) -> str:
    """Return what to look at where nothing but times differ."""
    looked = ["the hours or days that are added"] * sqltext.has_word(text, "INTERVAL")
    looked += ["AT TIME ZONE"] * sqltext.has_word(text, "ZONE")
    return f"look at {' and at '.join(looked)}" if looked else ""


def _is_id(column: Column) -> bool:
    """Return whether a column names things, so that its sum says nothing."""
    return column.name.lower() in ("id", "number") or column.name.lower().endswith("_id")


_OF_A_COLUMN: Final = "look at how that column is computed, and from which columns"
_OF_A_SIGN: Final = (
    "look at which value is taken away from which, and which of two times comes first"
)
_OF_A_FACTOR: Final = (
    "look at the unit, at what is multiplied or divided, and at what is counted several times"
)
_FACTORS: Final = {
    100.0: "100 times too large",
    0.01: "100 times too small",
    10.0: "10 times too large",
    0.1: "10 times too small",
    1000.0: "1,000 times too large",
    0.001: "1,000 times too small",
    60.0: "60 times too large",
    1 / 60: "60 times too small",
    3600.0: "3,600 times too large",
    1 / 3600: "3,600 times too small",
    24.0: "24 times too large",
    1 / 24: "24 times too small",
    7.0: "7 times too large",
    1 / 7: "7 times too small",
    2.0: "twice as large as wanted",
    0.5: "half as large as wanted",
    -1.0: "right but for its sign",
}


def _factor(column: Column, want: Column) -> str:
    """Return by what factor all values of a column are wrong; empty when by none of these."""
    if column.total is None or column.low is None or column.high is None:
        return ""
    for factor, words in _FACTORS.items():
        low, high = sorted((column.low / factor, column.high / factor))
        if _is_measured(want, column.total / factor, low, high):
            return words
    return ""


def _shift(column: Column, want: Column) -> str:
    """Return by how much all times of a column are wrong; empty when not by whole half hours."""
    if column.total is None or column.low is None or column.high is None:
        return ""
    for half_hours in range(1, 2 * 24 * 7 + 1):
        for sign, side in ((1, "late"), (-1, "early")):
            shift = sign * half_hours * 1800
            if _is_measured(want, column.total - shift, column.low - shift, column.high - shift):
                hours = half_hours / 2
                long = _count(int(hours // 24), "day") if hours % 24 == 0 else f"{hours:g} hours"
                return f"{'1 hour' if hours == 1 else long} too {side}"
    return ""


def _constant_step(column: Column, want: Column, rows: int) -> str:
    """Return by what small whole number all values of a column are wrong."""
    if column.total is None or column.low is None or column.high is None:
        return ""
    valued = rows - column.nulls
    for step in (1, -1, 2, -2, 7, -7):
        if _is_measured(want, column.total - step * valued, column.low - step, column.high - step):
            return f"{abs(step)} too {'high' if step > 0 else 'low'}"
    return ""


def _is_measured(want: Column, total: float, low: float, high: float) -> bool:
    if want.measure:
        return measure_of(total, low, high) == want.measure
    return False


def _direction(seen: Fingerprint, wanted: Fingerprint, column: Column, want: Column) -> str:
    """Return whether a column is too high or too low, in how many rows where that is known."""
    if column.kind == "float" and len(wanted.floats) == wanted.rows == seen.rows > 1:
        place = [each.name for each in wanted.columns if each.kind == "float"].index(want.name)
        if seen.hashes == wanted.hashes:
            return _rows_of_floats(seen, wanted, column.name, place)
    some = _rows_that_differ(seen, wanted, column.name)
    side = _side(column, want)
    if some:
        return (
            some
            if not side
            else f"{some}, and the {'mean' if column.kind == 'time' else 'sum'} is {side}"
        )
    if seen.rows == 1:
        return f"{column.name} is {side}" if side else ""
    if not side:
        return ""
    if column.kind == "time":
        return f"{column.name} is {side} on average"
    return f"{column.name} adds up to a sum that is {side}"


def _side(column: Column, want: Column) -> str:
    """Return on which side of the wanted sum or mean one lies; empty when it is too near."""
    if column.total is None or want.total is None:
        return ""
    near = 1e5 if want.kind == "time" else 0.06 * abs(want.total)
    if want.kind == "float":
        near = 1e-9 * abs(want.total)
    if abs(column.total - want.total) <= near:
        return ""
    high = column.total > want.total
    if want.kind == "time":
        return "too late" if high else "too early"
    return "too high" if high else "too low"


def _rows_of_floats(seen: Fingerprint, wanted: Fingerprint, name: str, place: int) -> str:
    """Return in how many rows a float is too high or too low; the rows are the same otherwise."""
    pairs = [(a[place], b[place]) for a, b in zip(seen.floats, wanted.floats, strict=True)]
    both = [(a, b) for a, b in pairs if isinstance(a, float | int) and isinstance(b, float | int)]
    high = sum(a > b and not close(a, b) for a, b in both)
    low = sum(a < b and not close(a, b) for a, b in both)
    rows = len(pairs)
    if high == rows or low == rows:
        return f"{name} is too {'high' if high else 'low'} in every row"
    parts = [f"too high in {high:,}"] * bool(high) + [f"too low in {low:,}"] * bool(low)
    return f"{name} is {' and '.join(parts)} of {rows:,} rows" if parts else ""


def _rows_that_differ(seen: Fingerprint, wanted: Fingerprint, name: str) -> str:
    """Return in how many rows one exact column differs while all others agree."""
    exact = [each.name for each in wanted.columns if each.kind != "float"]
    if name not in exact or not wanted.cells or len(seen.cells) != len(wanted.cells):
        return ""
    place, width = exact.index(name), CELL_DIGITS * len(exact)

    def without(result: Fingerprint) -> list[tuple[str, str]]:
        rows = [result.cells[n : n + width] for n in range(0, len(result.cells), width)]
        start, end = place * CELL_DIGITS, (place + 1) * CELL_DIGITS
        return [(row[:start] + row[end:], row[start:end]) for row in rows]

    own, asked = dict(without(seen)), dict(without(wanted))
    if len(own) != seen.rows or own.keys() != asked.keys() or seen.rows < 2:
        return ""
    wrong = sum(own[key] != asked[key] for key in own)
    return f"{name} is wrong in {'every row' if wrong == seen.rows else f'{wrong:,} of {seen.rows:,} rows'}"


def _next_step(
    text: str,
    side: str = "",
    names: Sequence[str] = (),
    right: Collection[str] = (),
    *,
    alone: bool = False,
) -> str:
    """Return what to look at, of what the query holds.

    Args:
        text: of the query.
        side: "high" or "low" where known.
        names: of the columns that differ.
        right: hashes of parts that are known to be right.
        alone: whether a column of values that are computed alike holds the right ones, so that
            the rows are the right ones.
    """
    from ridealong.judging.sql import facts  # loads sqlglot, which a right answer never needs

    if told := _about_values(text, names, right):
        return told
    counts = sqltext.has_call(text, *_AGGREGATES)
    grouped = counts or sqltext.has_word(text, "GROUP", "DISTINCT", "OVER", "LIMIT")
    numbers = facts.doubtful_numbers(text, names, right)
    if 0 < len(numbers) <= 3 and (alone or not grouped):
        listed = ", ".join(numbers)
        return f"is each number of the formula what the task asks for ({listed})?"
    looked = facts.about_computing(text, names, right)
    if not grouped:
        pass
    elif not (alone and (own := facts.doubtful(text, names, right))):
        looked = [*_about_rows(text, side, right), *looked]
    elif sqltext.has_word(text, "JOIN") and facts.aggregates(own):
        looked = [_about_joins(side), *looked]
    if looked:
        return f"look at {'; at '.join([*dict.fromkeys(looked)][:3])}"
    return _OF_A_COLUMN


def _about_joins(side: str) -> str:
    does = {"high": "repeats", "low": "drops"}.get(side, "repeats or drops")
    return f"whether a JOIN {does} rows before they are counted or summed"


def _about_rows(text: str, side: str, right: Collection[str]) -> list[str]:
    """Return what in a query decides over which rows a value is computed."""
    from ridealong.judging.sql import facts  # loads sqlglot, which a right answer never needs

    looked = []
    if sqltext.has_word(text, "LIMIT"):
        looked.append("the order, and the numbers of LIMIT and OFFSET")
    if sqltext.has_word(text, "JOIN"):
        looked.append(_about_joins(side))
    if sqltext.has_word(text, "OVER"):
        looked.append("the rows that each window covers (PARTITION BY, ORDER BY, frame)")
    if "/" in (each.text for each in sqltext.tokens(text)) and sqltext.has_call(text, *_AGGREGATES):
        looked.append("which rows the number below the line counts")
    conditions = [condition for _, condition in _doubtful(text, right)]
    filters = sqltext.row_filters(
        " AND ".join(conditions) if facts.conditions(text) else text  # those of ON and FILTER
    )
    filters = [each for each in filters if each not in _OF_ROWS_ALONE]
    if moments := facts.moments(text):
        filters.append(f"the moment that the span of time is about ({', '.join(moments)})")
    if filters:
        *others, last = filters
        looked.append(f"{', '.join(others)}{' and ' if others else ''}{last}")
    return looked


def _misfit(column: Column, wanted: Column, text: str) -> Difference:
    """Say that a column holds numbers with more decimals than are wanted."""
    value = float(column.misfit)
    if column.single and abs(value - round(value, wanted.scale)) <= _OF_SINGLE * abs(value):
        return _single(column)
    if wanted.scale:
        what = f"numbers such as {column.misfit}, wanted at most {_count(wanted.scale, 'decimal')}"
        from ridealong.judging.sql import facts  # loads sqlglot, which a right answer never needs

        rounds = facts.rounds(text, [column.name])
        advice = "look at where you round" if rounds else "look at what is computed there"
        return Difference("values", f"column {column.name} holds {what}", advice, True)
    if "/" in (each.text for each in sqltext.tokens(text)):
        advice = "/ gives a fraction: is a share asked for there, or a whole number?"
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
        looked = []
        if wanted.nulls == 0 and sqltext.has_word(text, "COALESCE"):
            looked.append("COALESCE stands elsewhere, or NULL comes into being after it")
        if sqltext.has_word(text, "LEFT", "RIGHT", "FULL"):
            looked.append("an outer JOIN gives NULL where it finds no partner")
        if sqltext.has_word(text, "OVER"):
            looked.append("a window without a row gives NULL, as at the first row")
        if sqltext.has_word(text, "CASE"):
            looked.append("CASE without a branch that fits gives NULL")
        if sqltext.has_word(text, "NULLIF"):
            looked.append("NULLIF makes a NULL of a value")
        if sqltext.has_call(text, "SUM", "AVG", "MIN", "MAX"):
            looked.append("a sum or a mean of no row is NULL")
        kept = "NULL says that there is no value"
        if wanted.nulls == 0:
            kept = "the task wants a value in every row"
        return (
            "; ".join([kept, *looked[:2]]) if looked else f"{kept}; look at where NULL comes from"
        )
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
