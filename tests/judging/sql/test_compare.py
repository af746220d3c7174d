"""What is said about a result that is not the wanted one: what was seen, and what to try."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from ridealong.engine.fingerprint import FEW_ROWS, Column, Fingerprint, of_rows
from ridealong.judging.sql import compare
from ridealong.judging.sql.compare import Difference, difference, needless_limit, order_in_words

NOON = datetime(2026, 3, 30, 12)
FROM = "SELECT n FROM t "


def result(columns, *rows, keys=(), **changes):
    """A result whose columns are written as "city text, fare exact 2"."""
    made = []
    for each in columns.split(", "):
        name, kind, *scale = each.split()
        made.append(Column(name, kind, *map(int, scale)))
    return replace(of_rows(rows, made, keys=keys), **changes)


def one(kind, *values, keys=(), **changes):
    """A result of one column `n`."""
    return result(f"n {kind}", *((value,) for value in values), keys=keys, **changes)


def whole(*values, **changes):
    return one("exact", *values, **changes)


def floats(*values, **changes):
    return one("float", *values, **changes)


def from_single(found):
    """The same result where the query made its numbers FLOAT."""
    return replace(found, columns=tuple(replace(each, single=True) for each in found.columns))


def told(seen, wanted, text="SELECT 1", order=()) -> Difference:
    found = difference(seen, wanted, order, text)
    assert found is not None
    assert found.property in ("columns", "row count", "values", "order")
    return found


CITIES = result("city text, rides exact", ("Lakemont", 5), ("Drymesa", 7))
OTHER_NAMES = [
    ("city text, n exact", "the rows are right, but n should be called rides", "AS rides"),
    (
        "town text, n exact",
        "the rows are right, but town should be called city and n should be called rides",
        "AS city",
    ),
]


def test_nothing_is_said_about_a_result_that_is_right():
    assert difference(CITIES, CITIES, ["rides DESC"], "SELECT 1") is None


@pytest.mark.parametrize(("columns", "seen", "advice"), OTHER_NAMES)
def test_right_rows_under_another_name_need_the_name_only(columns, seen, advice):
    found = told(result(columns, ("Lakemont", 5), ("Drymesa", 7), fits_renamed=True), CITIES)

    assert (found.property, found.seen) == ("columns", seen)
    assert found.advice == f"name it in SELECT: ... {advice}"


@pytest.mark.parametrize(
    ("columns", "row", "seen", "advice"),
    [
        ("x exact", (1,), "x is not asked for", "leave it out of SELECT"),
        ("x exact, y exact", (1, 2), "x, y are not asked for", "leave them out of SELECT"),
    ],
)
def test_right_rows_with_columns_too_many_lose_them(columns, row, seen, advice):
    more = result(f"city text, rides exact, {columns}", ("Lakemont", 5, *row), fits_renamed=True)

    assert told(more, CITIES) == Difference("columns", f"the rows are right, but {seen}", advice)


@pytest.mark.parametrize(
    ("columns", "row", "advice"),
    [
        ("city text, rides exact, City text", ("a", 5, "b"), "two columns are called city"),
        ("town text, rides exact", ("a", 5), "add city to SELECT and leave town out"),
        ("city text", ("a",), "add rides to SELECT"),
        ("city text, rides exact, x exact, y exact", ("a", 5, 1, 2), "leave x, y out of SELECT"),
    ],
)
def test_other_columns_are_named_with_those_that_are_wanted(columns, row, advice):
    found = told(result(columns, row), CITIES)

    names = ", ".join(each.split()[0] for each in columns.split(", "))
    assert found.seen == f"the columns are {names}; wanted are city, rides"
    assert found.property == "columns"
    assert found.advice.startswith(advice)


def test_of_many_columns_a_dozen_are_named_and_long_names_are_cut():
    many = result(", ".join([f"c{n} exact" for n in range(13)]), range(13))
    long = result(f"{'x' * 41} exact, {'y' * 40} exact", (1, 2))

    assert told(many, CITIES).seen == (
        f"the columns are {', '.join(f'c{n}' for n in range(12))} and 1 more; "
        "wanted are city, rides"
    )
    assert told(long, CITIES).seen.startswith(f"the columns are {'x' * 36} ..., {'y' * 40};")


EVERY = "every wanted row is there, and others too"
ONE_ROW = "ask what one row stands for, in the task and in your result"
TOO_FEW = "a condition takes too much away"
TOO_MANY = "a condition is missing or lets too much through"
NO_ROW = "no row passes all conditions; take them away one by one to see which is too strict"
OVER = "SELECT sum(n) OVER () AS n FROM t "


@pytest.mark.parametrize(
    ("seen", "wanted", "text", "said", "advice"),
    [
        ((), (1, 2), FROM, "", "no row comes out; look at the tables that you read from"),
        ((), (1, 2), FROM + "WHERE a", "", NO_ROW),
        ((), (1, 2), FROM + "GROUP BY n HAVING a", "", NO_ROW),
        ((), (1, 2), FROM + "QUALIFY a", "", NO_ROW),
        ((), (1, 2), FROM + "JOIN u ON a", "", NO_ROW),
        ((), (1, 2), FROM + "JOIN u USING (a)", "", NO_ROW),
        ((1, 2, 3), (1, 2), OVER, EVERY, "OVER writes its value beside every row"),
        ((1, 2, 3), (1, 2), OVER + "GROUP BY n", EVERY, f"{ONE_ROW}; look at the columns of"),
        ((1, 2, 3), (1, 2), OVER + "WHERE n > 0", EVERY, f"{TOO_MANY}: is this what"),
        ((1, 2, 3), (1, 2), OVER + "QUALIFY n > 0", EVERY, f"{TOO_MANY}: is this what"),
        ((1, 2, 3), (1, 2), OVER.replace("sum", "DISTINCT sum"), EVERY, "a condition is missing,"),
        ((1,), (1, 2), OVER, "those you have are right, 1 is missing", ONE_ROW),
        ((1, 1, 2), (1, 2), FROM, "", "the same row comes more than once: ask what one row"),
        (
            (1, 1, 2),
            (1, 2),
            FROM + "JOIN u USING (a)",
            "",
            "the same row comes more than once: ask what one row stands for, and which JOIN finds",
        ),
        ((3, 4, 5), (1, 2), FROM, "none of them is as wanted", ONE_ROW),
        ((3,), (1, 2), FROM, "none of them is as wanted", ONE_ROW),
        ((3, 4, 5), (1, 2), FROM + "WHERE a", "none of them is as wanted", "no row is as wanted"),
        (
            (3, 4, 5),
            (1, 2),
            FROM + "JOIN u ON a",
            "none of them is as wanted",
            "no row is as wanted",
        ),
        ((3, 4, 5), (1, 2), FROM + "HAVING a", "none of them is as wanted", "no row is as wanted"),
        ((3, 4, 5), (1, 2), FROM + "QUALIFY a", "none of them is as wanted", "no row is as wanted"),
        (
            (3, 4, 5),
            (1, 2),
            FROM + "GROUP BY n",
            "none of them is as wanted",
            f"{ONE_ROW}; the columns of GROUP BY decide what one row is",
        ),
        (
            (1,),
            (1, 2),
            FROM + "LIMIT 1",
            "those you have are right, 1 is missing",
            "LIMIT cuts the rows: does the task name its number, 1?",
        ),
        ((1, 2, 3), (1, 2), FROM + "LIMIT 3", EVERY, "LIMIT 3 lets that many rows through"),
        (
            (1,),
            (1, 2),
            FROM + "WHERE n < 2",
            "those you have are right, 1 is missing",
            f"{TOO_FEW}: is this what the task asks for, n < 2?",
        ),
        (
            (1,),
            (1, 2, 3),
            FROM + "WHERE n < 2 AND a = 'x'",
            "those you have are right, 2 are missing",
            f"{TOO_FEW}: does the task ask for each of n < 2; a = 'x'?",
        ),
        ((1, 2, 3), (1, 2), FROM, EVERY, "a condition is missing, or one row stands for less"),
        ((1, 2, 3), (1, 2), FROM + "GROUP BY n", EVERY, f"{ONE_ROW}; look at the columns of"),
        (
            (1,),
            (1, 2),
            FROM + "JOIN u USING (a)",
            "those you have are right, 1 is missing",
            "a JOIN drops rows",
        ),
        (
            (1, 2, 3),
            (1, 2),
            FROM + "JOIN u USING (a)",
            EVERY,
            f"{TOO_MANY}, or a JOIN repeats rows",
        ),
        ((1, 9, 2), (1, 2, 3, 4), FROM, "2 wanted are missing and 1 is not wanted", ONE_ROW),
        ((1, 3, 9, 8), (1, 2, 3), FROM, "1 wanted is missing and 2 are not wanted", "a condition"),
    ],
)
def test_a_wrong_number_of_rows_is_told_with_what_of_the_query_decides_it(
    seen, wanted, text, said, advice
):
    found = told(whole(*seen), whole(*wanted), text)

    rows = f"{len(seen)} row{'' if len(seen) == 1 else 's'}, wanted {len(wanted)}"
    assert (found.property, found.seen) == ("row count", rows + (said and f": {said}"))
    assert found.advice.startswith(advice)
    assert not found.certain


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("SELECT user_id AS n FROM rides", True),
        ("SELECT count(*) AS n FROM rides GROUP BY user_id", False),
        ("SELECT sum(fare) AS n FROM rides", False),
    ],
)
def test_one_value_is_asked_about_where_nothing_adds_up_the_rows(text, is_asked):
    found = told(whole(1, 2, 3), whole(7), text)

    assert ("wanted is a single row" in found.advice) == is_asked


@pytest.mark.parametrize("function", ["RANK", "DENSE_RANK", "ROW_NUMBER"])
def test_ties_are_named_for_the_functions_that_give_them_one_number(function):
    text = (
        f"SELECT n FROM (SELECT n, {function}() OVER (ORDER BY n) AS place FROM rides) "
        "WHERE place <= 2"
    )
    found = told(whole(1, 2, 3), whole(1, 2), text)

    assert ("rows that tie" in found.advice) == (function != "ROW_NUMBER")


def test_many_rows_are_counted_in_thousands_and_an_example_follows():
    many = told(whole(rows=12_345, examples=("ride 7",)), whole(rows=2_345), FROM)
    few = told(whole(1, 2, 3, examples=("ride 7",)), whole(1, 2), FROM)
    none = told(whole(examples=("ride 7",)), whole(1), FROM)

    assert many.seen == "12,345 rows, wanted 2,345; for one, ride 7"
    assert few.seen == f"3 rows, wanted 2: {EVERY}; for one, ride 7"
    assert none.seen == "0 rows, wanted 1; for one, ride 7"


def test_rows_repeat_only_where_their_fractions_do_too():
    wanted = result("city text, share float", ("a", 0.25), ("b", 0.5))
    repeated = result("city text, share float", ("a", 0.25), ("b", 0.5), ("b", 0.5))
    others = result("city text, share float", ("a", 0.25), ("b", 0.5), ("b", 0.75))

    assert told(repeated, wanted, FROM).advice.startswith("the same row comes more than once")
    assert "the same row" not in told(others, wanted, FROM).advice


@pytest.mark.parametrize(
    ("kind", "value", "wanted", "seen", "want"),
    [
        ("text", "1", whole(1), "text", "numbers"),
        ("float", 1.5, one("text", "a"), "numbers", "text"),
        ("bool", True, one("time", NOON), "true or false", "dates or times"),
        ("INTERVAL", "1 day", one("bool", True), "INTERVAL", "true or false"),
    ],
)
def test_a_column_of_another_kind_is_told_in_plain_words(kind, value, wanted, seen, want):
    found = told(one(kind, value), wanted)

    assert found.seen == f"column n holds {seen}, wanted {want}"
    assert (found.property, found.certain) == ("values", False)
    assert "casts" in found.advice


def test_a_column_of_nulls_has_no_kind():
    assert "NULL" in told(one("text", None, None), whole(1, 2)).seen
    assert told(one("text", "a", None), whole(None, None)).seen == (
        "column n holds 1 NULL, wanted 2 NULL"
    )


WHOLE_NUMBERS = "column n holds fractions such as 2.5, wanted whole numbers"
DECIMALS = "column n holds numbers such as 2.55, wanted at most 1 decimal"
SINGLE = "column n is a FLOAT, which keeps about 7 digits only"


@pytest.mark.parametrize(
    ("seen", "wanted", "text", "said", "advice"),
    [
        (whole(2.5), whole(3), "SELECT 1", WHOLE_NUMBERS, "an average is a fraction, too"),
        (whole(2.5), whole(3), "SELECT a / b", WHOLE_NUMBERS, "is a share asked for"),
        (
            one("exact 1", 2.55),
            one("exact 1", 2),
            "SELECT round(a) AS n",
            DECIMALS,
            "where you round",
        ),
        (
            one("exact 1", 2.55),
            one("exact 1", 2),
            "SELECT CAST(a AS INT) AS n",
            DECIMALS,
            "you round",
        ),
        (one("exact 1", 2.55), one("exact 1", 2), "SELECT a", DECIMALS, "what is computed there"),
        (
            one("exact 2", 2.505),
            one("exact 2", Decimal("2.50")),
            "SELECT a",
            "column n holds numbers such as 2.505, wanted at most 2 decimals",
            "what is computed there",
        ),
        (
            from_single(one("exact 1", 2.5000001)),
            one("exact 1", 2.5),
            "SELECT a",
            SINGLE,
            "cast to DOUBLE",
        ),
        (from_single(one("exact 1", 2.55)), one("exact 1", 2.5), "SELECT a", DECIMALS, "computed"),
        (from_single(floats(1 / 3 + 1e-8)), floats(1 / 3), "SELECT a", SINGLE, "cast to DOUBLE"),
    ],
)
def test_digits_too_many_or_too_few_are_certain(seen, wanted, text, said, advice):
    found = told(seen, wanted, text)

    assert (found.property, found.seen, found.certain) == ("values", said, True)
    assert advice in found.advice


def test_a_float_that_is_far_from_the_wanted_number_is_wrong_for_another_reason():
    assert "FLOAT" not in told(from_single(floats(0.5)), floats(1 / 3)).seen
    assert "FLOAT" not in told(from_single(floats(0.5 + 1e-6)), from_single(floats(0.5))).seen


@pytest.mark.parametrize(
    ("kind", "seen", "wanted", "said"),
    [
        ("exact", (1, None, None), (1, 2, 3), "2 NULL, wanted no NULL"),
        ("exact", (1, 0, 0), (1, None, None), "no NULL and 2 zeroes, wanted 2 NULL"),
        ("exact", (1, 2, 0), (1, 2, None), "no NULL and 1 zero, wanted 1 NULL"),
        ("text", ("a", ""), ("a", None), "no NULL and 1 empty text, wanted 1 NULL"),
        ("text", ("", "", None), (None, None, "a"), "1 NULL and 2 empty texts, wanted 2 NULL"),
    ],
)
def test_nulls_are_counted_beside_zeros_and_empty_texts(kind, seen, wanted, said):
    found = told(one(kind, *seen), one(kind, *wanted))

    assert (found.property, found.seen) == ("values", f"column n holds {said}")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT COALESCE(a, 0) AS n FROM t", "COALESCE stands elsewhere"),
        ("SELECT n FROM t LEFT JOIN u USING (a)", "an outer JOIN gives NULL"),
        ("SELECT n FROM t RIGHT JOIN u USING (a)", "an outer JOIN gives NULL"),
        ("SELECT n FROM t FULL JOIN u USING (a)", "an outer JOIN gives NULL"),
        ("SELECT lag(a) OVER () AS n FROM t", "a window without a row gives NULL"),
        ("SELECT CASE WHEN a THEN 1 END AS n FROM t", "CASE without a branch that fits"),
        ("SELECT NULLIF(a, 0) AS n FROM t", "NULLIF makes a NULL of a value"),
        ("SELECT sum(a) AS n FROM t", "a sum or a mean of no row is NULL"),
        ("SELECT avg(a) AS n FROM t", "a sum or a mean of no row is NULL"),
        ("SELECT min(a) AS n FROM t", "a sum or a mean of no row is NULL"),
        ("SELECT max(a) AS n FROM t", "a sum or a mean of no row is NULL"),
        ("SELECT a AS n FROM t", "look at where NULL comes from"),
    ],
)
def test_where_a_null_may_come_from_is_read_from_the_query(query, why):
    none_wanted = told(whole(1, None), whole(1, 2), query).advice
    fewer_wanted = told(whole(None, None), whole(1, None), query).advice

    assert none_wanted.startswith(f"the task wants a value in every row; {why}")
    assert fewer_wanted.startswith("NULL says that there is no value; ")
    assert (why in fewer_wanted) == ("COALESCE" not in query)


def test_of_the_reasons_for_a_null_two_are_named():
    text = "SELECT COALESCE(lag(a) OVER (), 0) AS n FROM t LEFT JOIN u USING (a)"

    assert told(whole(1, None), whole(1, 2), text).advice == (
        "the task wants a value in every row; COALESCE stands elsewhere, or NULL comes into being "
        "after it; an outer JOIN gives NULL where it finds no partner"
    )


def test_a_value_in_place_of_null_comes_from_somewhere():
    nan = told(floats(1.0, float("nan")), floats(1.0, None), "SELECT a / b AS n")
    filled = told(whole(1, 0), whole(1, None), "SELECT COALESCE(a, 0) AS n FROM t")
    taken = told(whole(1, 5), whole(1, None), "SELECT a AS n FROM t")

    assert "divide by NULLIF(..., 0)" in nan.advice
    assert "COALESCE puts one in its place" in filled.advice
    assert "look at which rows that column is taken from" in taken.advice


def test_right_columns_in_wrong_rows_are_told_as_such():
    seen = result("city text, n exact", ("a", 1), ("b", 2), examples=("ride 7",))

    found = told(seen, result("city text, n exact", ("a", 2), ("b", 1)))

    assert found.seen == (
        "each column holds the right values, but not in the right rows; for one, ride 7"
    )
    assert found.property == "values"


def test_texts_that_differ_in_capitals_and_blanks_are_told_apart():
    assert told(one("text", "A ", "b"), one("text", "a", "b")).seen.startswith(
        "the texts in column n differ only in upper and lower case"
    )
    assert "upper and lower" not in told(one("text", "c", "b"), one("text", "a", "b")).seen


@pytest.mark.parametrize(
    ("value", "is_near"),
    [(1.005, True), (1.0101, True), (0.9902, True), (1.011, False), (0.98, False)],
)
def test_numbers_within_one_percent_are_near(value, is_near):
    assert ("less than 1 %" in told(floats(1.0, 2.0), floats(value, 2.0)).seen) == is_near


def test_near_numbers_may_be_rounded():
    assert told(floats(1.0), floats(1.005), "SELECT round(a) AS n").advice == (
        "look at where you round"
    )
    assert "something small" in told(floats(1.0), floats(1.005)).advice


def test_columns_that_hold_each_other_are_named():
    wanted = result("a exact, b exact, c text", (2, 1, "x"), (4, 3, "y"))
    found = told(result("a exact, b exact, c text", (1, 2, "x"), (3, 4, "y")), wanted)

    assert found == Difference(
        "values",
        "a holds the values of b, and the other way round",
        "look at what stands before each AS",
        True,
    )


@pytest.mark.parametrize("step", [1, -1, 2, -2, 7, -7])
@pytest.mark.parametrize("rest", [(), (None,)])
def test_the_same_step_in_every_row_is_told(step, rest):
    found = told(whole(10 + step, 20 + step, 40 + step, *rest), whole(10, 20, 40, *rest))

    side = "high" if step > 0 else "low"
    assert found.seen == f"the values of n differ: every n is {abs(step)} too {side}"
    assert "where counting starts" in found.advice


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (100, "100 times too large"),
        (1 / 100, "100 times too small"),
        (60, "60 times too large"),
        (1 / 3600, "3,600 times too small"),
        (2, "twice as large as wanted"),
        (0.5, "half as large as wanted"),
        (-1, "right but for its sign"),
    ],
)
def test_the_same_factor_in_every_row_is_told(factor, words):
    found = told(floats(1.5 * factor, 2.25 * factor, 4.0 * factor), floats(1.5, 2.25, 4.0))

    assert found.seen == f"the values of n differ: {words}"
    turned = "which value is taken away from which"
    assert (turned if factor == -1 else "at what is multiplied or divided") in found.advice


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.5, "0.5 hours too late"),
        (1, "1 hour too late"),
        (-1, "1 hour too early"),
        (1.5, "1.5 hours too late"),
        (24, "1 day too late"),
        (-26, "26 hours too early"),
        (7 * 24, "7 days too late"),
    ],
)
def test_the_same_span_in_every_time_is_told(hours, words):
    moved = NOON + timedelta(hours=hours)
    spans = [timedelta(hours=each) for each in (0, 3, 7)]

    found = told(
        one("time", *(moved + each for each in spans)),
        one("time", *(NOON + each for each in spans)),
    )

    assert found.seen == f"the values of n differ: every time in n lies {words}"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("SELECT a AT TIME ZONE 'UTC'", "and at AT TIME ZONE"),
        ("SELECT a + INTERVAL 1 HOUR", "where hours or days are added"),
        ("SELECT a", "which clock and which unit"),
    ],
)
def test_what_moves_a_time_is_read_from_the_query(text, advice):
    times = [NOON + timedelta(hours=each) for each in (0, 3, 7)]
    moved = one("time", *(each + timedelta(hours=1) for each in times))

    assert advice in told(moved, one("time", *times), text).advice


def test_a_span_of_more_than_a_week_is_no_clock_set_wrong():
    later = one("time", NOON + timedelta(hours=7 * 24 + 0.5))

    found = told(later, one("time", NOON), "SELECT a + INTERVAL 8 DAY AT TIME ZONE 'UTC'")

    assert found.seen == "the values of n differ: too late"
    assert found.advice == "look at the hours or days that are added and at AT TIME ZONE"


def test_times_that_differ_in_different_ways_are_early_or_late_on_average():
    week = [one("time", NOON, NOON + timedelta(days=days)) for days in (3, 9)]

    assert told(week[1], week[0]).seen == "the values of n differ: too late on average"
    assert told(week[0], week[1]).seen == "the values of n differ: too early on average"


def test_one_value_in_every_row_is_told():
    wanted = whole(1, 2, 4)

    found = told(whole(7, 7, 7), wanted)

    assert found.seen == "the values of n differ: the same in every row"
    assert "what that column is computed from" in found.advice
    assert "rounded" in told(whole(7, 7, 7), wanted, "SELECT floor(a) AS n").advice
    other = "SELECT floor(b) AS m, a AS n"
    assert "rounded" not in told(whole(7, 7, 7), wanted, other).advice


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (whole(7, 7), whole(1, 2)),
        (whole(11), whole(10)),
        (whole(11, 21), whole(10, 20)),
        (whole(20, 20, 20), whole(10, 10, 10)),
        (floats(3.0, 4.5), floats(1.5, 2.25)),
    ],
)
def test_of_two_rows_or_one_value_no_shape_is_told(seen, wanted):
    found = told(seen, wanted).seen

    assert not any(each in found for each in ("same in every row", "1 too high", "twice"))


@pytest.mark.parametrize(
    ("seen", "wanted", "words"),
    [
        (floats(10.0, 20.5, 3.0), floats(5.0, 2.0, 1.0), "too high in every row"),
        (floats(1.0, 2.0, 3.0), floats(5.0, 7.5, 8.0), "too low in every row"),
        (floats(1.0, 2.0, 4.0), floats(1.0, 2.0, 3.0), "too high in 1 of 3 rows"),
        (floats(1.0, None, 4.0), floats(1.0, None, 3.0), "too high in 1 of 3 rows"),
        (
            result("k text, n float", ("a", 1.0), ("b", 4.0), ("c", 3.0)),
            result("k text, n float", ("a", 2.5), ("b", 2.0), ("c", 3.0)),
            "too high in 1 and too low in 1 of 3 rows",
        ),
        (
            result("k text, n exact", ("a", 1), ("b", 9), ("c", 5)),
            result("k text, n exact", ("a", 1), ("b", 2), ("c", 5)),
            "wrong in 1 of 3 rows, and the sum is too high",
        ),
        (
            result("k text, n exact", ("a", 13), ("b", 2), ("c", 5)),
            result("k text, n exact", ("a", 10), ("b", 90), ("c", 50)),
            "wrong in every row, and the sum is too low",
        ),
        (
            result("k text, n time", ("a", NOON), ("b", NOON + timedelta(days=1))),
            result("k text, n time", ("a", NOON), ("b", NOON + timedelta(days=5))),
            "wrong in 1 of 2 rows, and the mean is too early",
        ),
        (whole(5), whole(61), "too low"),
        (whole(61), whole(5), "too high"),
        (whole(1, 12), whole(3, 90), "adds up to a sum that is too low"),
    ],
)
def test_where_a_column_is_wrong_and_on_which_side_is_told(seen, wanted, words):
    assert told(seen, wanted).seen == f"the values of n differ: {words}"


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (whole(5005), whole(5000)),  # the catalogue knows an exact sum roughly
        (whole(1000, 5005), whole(1000, 5000)),
        (
            result("ride_id exact, k text", (1, "a"), (2, "b")),
            result("ride_id exact, k text", (1, "a"), (9, "b")),
        ),
        (one("INTERVAL", "1 day"), one("INTERVAL", "2 days")),
    ],
)
def test_no_side_is_told_where_none_is_known(seen, wanted):
    assert told(seen, wanted).seen == f"the values of {seen.columns[0].name} differ"


def test_a_fraction_beside_other_rows_is_told_by_its_sum():
    seen = result("n float, k text", (1.0, "a"), (4.0, "b"))
    wanted = result("n float, k text", (1.0, "a"), (9.0, "c"))

    assert (
        told(seen, wanted).seen == "the values of n, k differ: n adds up to a sum that is too low"
    )


def test_what_agrees_is_told_where_it_is_certain():
    seen, wanted = [
        result("a text, b exact, c text", ("x", 1, "k"), ("y", last, "l")) for last in (2, 9)
    ]
    with_floats = [
        result("a text, b exact, c float", ("x", 1, 0.5), ("y", last, 0.5)) for last in (2, 9)
    ]

    assert "of b differ, the other columns agree:" in told(seen, wanted).seen
    assert "agree" not in told(*with_floats).seen
    assert "agree" not in told(whole(1), whole(50)).seen


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("SELECT a AS n FROM t ORDER BY a LIMIT 3", ["the numbers of LIMIT and OFFSET"]),
        ("SELECT count(*) AS n FROM t JOIN u USING (a)", ["a JOIN drops rows before they"]),
        ("SELECT lag(a) OVER () AS n FROM t", ["the rows that each window covers"]),
        ("SELECT sum(a) / count(*) AS n FROM t", ["the number below the line counts"]),
        ("SELECT sum(a) AS n FROM t", ["whether SUM(a) is what the task asks for"]),
        (
            "SELECT avg(a) + max(b) + min(c) AS n FROM t",
            ["whether AVG(a) + MAX(b) + MIN(c) is what"],
        ),
        ("SELECT date_diff('hour', a, b) AS n FROM t", ["the unit of date_diff"]),
        ("SELECT datediff('hour', a, b) AS n FROM t", ["the unit of date_diff"]),
        ("SELECT a::INT AS n FROM t", ["what is rounded or cut off"]),
        ("SELECT ceil(a) AS n FROM t", ["what is rounded or cut off"]),
        ("SELECT a * 3 + 4 AS n FROM t", ["each number of the formula", "(4, 3)?"]),
        ("SELECT a * 3 AS n FROM t", ["each number of the formula", "(3)?"]),
        ("SELECT a * 1 + 2 + 3 - 4 AS n FROM t", ["whether a * 1 + 2 + 3 - 4 is what"]),
        ("SELECT arg_max(a, b) AS n FROM t", ["which row arg_max takes where several tie"]),
        ("SELECT a AS n FROM t", ["how that column is computed"]),
    ],
)
def test_the_next_step_names_what_stands_in_the_query(text, parts):
    advice = told(whole(5), whole(61), text).advice

    for part in parts:
        assert part in advice


@pytest.mark.parametrize(
    ("text", "looks_at_rows"),
    [
        ("SELECT a AS n FROM t WHERE a > 3", False),
        ("SELECT a AS n FROM t WHERE a > 3 LIMIT 3", True),
        ("SELECT a AS n FROM t WHERE a > 3 GROUP BY a", True),
        ("SELECT DISTINCT a AS n FROM t WHERE a > 3", True),
        ("SELECT lag(a) OVER () AS n FROM t WHERE a > 3", True),
        ("SELECT max(a) AS n FROM t WHERE a > 3", True),
    ],
)
def test_conditions_matter_where_a_value_comes_from_several_rows(text, looks_at_rows):
    assert ("the bounds" in told(whole(61), whole(5), text).advice) == looks_at_rows


def test_what_certainly_splits_a_column_is_told_as_the_cause():
    found = told(
        result("city text, x exact", ("a", 5)), result("city text", ("a",)), "SELECT a, 1,5"
    )

    assert (found.property, found.certain) == ("columns", True)
    assert found.seen == "the columns are city, x; wanted are city"
    assert "1,5 is read as two columns" in found.advice


def test_the_side_of_a_sum_says_what_a_join_did():
    text = "SELECT count(*) AS n FROM t JOIN u USING (a)"

    assert "a JOIN repeats rows before" in told(whole(61), whole(5), text).advice
    assert "a JOIN repeats or drops rows" in told(whole(5005), whole(5000), text).advice


def test_a_count_that_is_too_low_asks_for_each_condition():
    text = "SELECT count(*) AS n FROM t WHERE status = 'done'"

    assert told(whole(5), whole(61), text).advice == (
        "is this what the task asks for, status = 'done'?"
    )
    assert "is this what" not in told(whole(61), whole(5), text).advice


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["rides DESC"], "rides descending"),
        (["city"], "city ascending"),
        (
            ["rides desc NULLS LAST", "city ASC"],
            "rides descending, NULLs last, then city ascending",
        ),
        (["a nulls first"], "a ascending, NULLs first"),
    ],
)
def test_an_order_is_told_in_words(keys, words):
    assert order_in_words(keys) == f"wanted is the order of {words}"


def test_the_order_of_right_rows_counts_where_one_is_asked_for():
    seen, wanted = whole(1, 2, keys=[0]), whole(2, 1, keys=[0])

    assert told(seen, wanted, order=["n DESC"]) == Difference(
        "order", "the rows are right, their order is not", "wanted is the order of n descending"
    )
    assert difference(seen, wanted) is None


@pytest.mark.parametrize(
    ("rows", "limit", "is_needless"),
    [(3, 4, True), (3, 3, False), (1, 4, False), (0, 4, False), (2, 3, True)],
)
def test_a_limit_that_cuts_nothing_is_needless(rows, limit, is_needless):
    results = [[whole(*range(rows))], [whole()]]

    found = needless_limit(f"SELECT n FROM t LIMIT {limit}", results)

    assert (found is not None) == is_needless
    assert found is None or found.startswith(f"LIMIT {limit} cuts nothing now")


def test_a_query_without_limit_has_no_needless_one():
    assert needless_limit("SELECT n FROM t", [[whole(1, 2)]]) is None
    assert needless_limit("SELECT n FROM t LIMIT 5", []) is None


def test_fractions_of_many_rows_are_near_by_their_sums():
    def many(total, kind="float"):
        # Plain and weighted sum, each with the sum of sizes behind it.
        column = Column("n", kind, checksum=total, total=total, low=1.0, high=9.0)
        sums = ([total, total, total * 2, total * 2],)
        return Fingerprint((column,), FEW_ROWS + 1, hashes="same", floats=sums)

    single = from_single(many(1000.0001))

    assert told(single, many(1000.0)).seen == SINGLE
    assert "FLOAT" not in told(from_single(many(1010.0)), many(1000.0)).seen


EMPTY = result("n exact")
MANY_MORE = whole(1, 2, 3, 8)


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("SELECT n FROM t", "a condition is missing, or one row stands for less than the task"),
        ("SELECT n FROM t GROUP BY n", "ask what one row stands for, in the task and in your"),
        *(
            (f"SELECT n FROM t {clause}", "a condition is missing or lets too much through")
            for clause in (
                "WHERE n > 3",
                "GROUP BY n HAVING n > 3",
                "QUALIFY n > 3",
                "JOIN u ON t.n = u.n",
                "JOIN u USING (n)",
            )
        ),
        *(
            (f"SELECT n FROM t {side} JOIN u USING (n)", "an outer JOIN keeps rows that have no")
            for side in ("LEFT", "RIGHT", "FULL")
        ),
        ("SELECT n FROM t JOIN u USING (n)", "a JOIN repeats rows"),
    ],
)
def test_of_rows_too_many_the_causes_are_read_from_the_query(query, cause):
    assert cause in told(MANY_MORE, whole(1, 2, 3), query).advice


@pytest.mark.parametrize(
    "clause", ["WHERE n > 3", "GROUP BY n HAVING n > 3", "QUALIFY n > 3", "JOIN u ON t.n > u.n"]
)
def test_of_no_row_at_all_a_condition_is_asked_for_where_there_is_one(clause):
    assert (
        "no row passes all conditions" in told(EMPTY, whole(1), f"SELECT n FROM t {clause}").advice
    )
    assert "the tables that you read from" in told(EMPTY, whole(1), "SELECT n FROM t").advice


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("SELECT n FROM t QUALIFY row_number() OVER () < 3", "the window before it gives other"),
        ("SELECT n FROM t GROUP BY n", "GROUP BY makes other groups than the task asks for"),
        ("SELECT n FROM t LEFT JOIN u USING (n)", "a LEFT JOIN drops rows of the table behind it"),
        ("SELECT n FROM t RIGHT JOIN u USING (n)", "a RIGHT JOIN drops rows of the table before"),
        ("SELECT n FROM t JOIN u USING (n)", "a JOIN drops rows"),
    ],
)
def test_of_rows_too_few_the_causes_are_read_from_the_query(query, cause):
    assert cause in told(whole(1, 2), whole(1, 2, 3), query).advice


def test_conditions_are_asked_for_one_by_one_where_they_are_few_and_short():
    def asked(*conditions):
        query = f"SELECT n FROM t WHERE {' AND '.join(conditions)}"
        return "does the task ask for each of" in told(EMPTY, whole(1), query).advice

    assert asked(*(f"{name} = 1" for name in "abcd"))
    assert not asked(*(f"{name} = 1" for name in "abcde"))
    assert not asked("a = 1", f"b = '{'x' * 240}'")


def test_other_wrong_values_beside_a_null_are_told_where_they_are_certain():
    def said(*values):
        named = [(f"k{n}", value) for n, value in enumerate(values)]
        wanted = [(f"k{n}", value) for n, value in enumerate((1, 2, 3, 4))]
        return told(result("k text, n exact", *named), result("k text, n exact", *wanted)).seen

    assert "wrong in" not in said(None, 2, 3, 4)
    assert said(None, 2, 3, 9).endswith(", and n is wrong in 2 of 4 rows")
    assert said(None, 8, 9, 7).endswith(", and other values are wrong, too")


def test_a_share_in_percent_is_told_of_a_single_row_too():
    assert "100 times too large" in told(floats(25.0), floats(0.25)).seen
    assert "100 times" not in told(whole(500), whole(5)).seen


@pytest.mark.parametrize(
    ("query", "asks"),
    [
        ("SELECT count(*) AS n FROM t WHERE status = 'done'", True),
        ("SELECT count(*) / 2 AS n FROM t WHERE status = 'done'", False),
        ("SELECT count(*) AS n FROM t JOIN u USING (a) WHERE status = 'done'", False),
        ("SELECT a AS n FROM t WHERE status = 'done'", False),
    ],
)
def test_a_count_that_is_too_low_asks_for_conditions_where_nothing_else_decides(query, asks):
    found = told(whole(5), whole(61), query).advice

    assert (found == "is this what the task asks for, status = 'done'?") == asks


@pytest.mark.parametrize(("far", "differs"), [(0.5e-9, False), (2.5e-9, True)])
def test_sums_of_small_fractions_are_equal_up_to_their_rounding(far, differs):
    seen, wanted = (replace(Column("n", "float"), checksum=0.25 + more) for more in (far, 0.0))

    assert (not compare._same_column(seen, wanted, 1)) == differs
    assert not compare._same_column(seen, replace(wanted, checksum=0.5), 1)


def test_columns_that_hold_each_other_are_of_one_kind_and_changed_both_ways():
    def changed(*rows):
        wanted = result("a exact, b exact", (2, 1), (4, 3))
        return "the other way round" in told(result("a exact, b exact", *rows), wanted).seen

    wanted = result("a float, b float", (2.5, 1.5), (4.5, 3.5))
    seen = result("a float, b float", (1.5, 2.5), (3.5, 4.5))
    assert "the other way round" in told(seen, wanted).seen
    assert changed((1, 2), (3, 4))
    assert not changed((1, 9), (3, 9))
    assert not changed((9, 2), (9, 4))


@pytest.mark.parametrize("query", ["SELECT count(*) AS n, a FROM t JOIN u USING (a) GROUP BY a"])
def test_a_join_is_looked_at_where_the_measure_beside_is_right(query):
    seen, wanted = (result("m exact, n exact", (10, last), (20, 70)) for last in (5, 61))
    alone, joined = (
        told(seen, wanted, text).advice for text in (query.replace("JOIN u USING (a)", ""), query)
    )

    assert "JOIN" in joined
    assert "JOIN" not in alone
