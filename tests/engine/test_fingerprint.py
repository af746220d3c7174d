import json
import math
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridealong.engine import fingerprint
from ridealong.engine.fingerprint import (
    CELL_DIGITS,
    FEW_ROWS,
    HASH_DIGITS,
    ROWS_OF_CELLS,
    Column,
    Fingerprint,
    as_exact,
    digest_of,
    mark,
    measure_of,
    measures,
    misfit_in_words,
    number,
    of_error,
    of_rows,
    same_order,
    same_rows,
    token,
)

COLUMNS = [Column("city", "text"), Column("rides", "exact"), Column("share", "float")]
ROWS = [("Lakemont", 5, 0.25), ("Drymesa", 7, 1 / 3), ("Lakemont", 5, 0.25), (None, None, None)]


def stored(fingerprint):
    return Fingerprint.from_json(json.loads(json.dumps(fingerprint.to_json())))


def test_the_order_of_rows_plays_no_part():
    one, other = of_rows(ROWS, COLUMNS), of_rows(ROWS[::-1], COLUMNS)

    assert same_rows(one, other)
    assert one.digest == other.digest


def test_the_number_of_equal_rows_counts():
    assert not same_rows(of_rows(ROWS, COLUMNS), of_rows(ROWS[1:], COLUMNS))
    assert not same_rows(of_rows(ROWS, COLUMNS), of_rows([*ROWS[:3], ROWS[0]], COLUMNS))


def test_a_fingerprint_survives_the_catalogue():
    fingerprint = of_rows([*ROWS, ("x", 1, math.nan)], COLUMNS, keys=[1])

    assert same_rows(stored(fingerprint), fingerprint)
    assert stored(fingerprint).sequence == fingerprint.sequence
    assert stored(fingerprint).columns == fingerprint.columns


def test_a_fingerprint_does_not_tell_exact_cells():
    text = json.dumps(of_rows([("secret words", 12345678, 0.5)], COLUMNS).to_catalogue())

    assert "secret" not in text
    assert "12345678" not in text


def test_only_the_keys_decide_the_order():
    one = of_rows(ROWS[:3], COLUMNS, keys=[1])
    tied = of_rows([ROWS[2], ROWS[1], ROWS[0]], COLUMNS, keys=[1])
    other = of_rows([ROWS[1], ROWS[0], ROWS[2]], COLUMNS, keys=[1])

    assert same_order(one, tied)
    assert not same_order(one, other)


@given(st.lists(st.floats(-1e300, 1e300), max_size=30))
def test_floats_are_equal_within_a_billionth(values):
    columns = [Column("x", "float")]
    one = of_rows([(value,) for value in values], columns)
    near = of_rows([(value * (1 + 1e-12),) for value in reversed(values)], columns)

    assert same_rows(one, near)


@pytest.mark.parametrize("factor", [1 + 1e-8, 1 - 1e-8, -1, 2])
def test_floats_that_differ_more_are_not_equal(factor):
    columns = [Column("x", "float")]

    assert not same_rows(of_rows([(3.5,)], columns), of_rows([(3.5 * factor,)], columns))


def test_rows_whose_floats_sort_differently_by_a_last_digit_are_paired():
    columns = [Column("x", "float"), Column("y", "float")]
    one = of_rows([(1.0, 5.0), (1.0 + 1e-15, 2.0)], columns)
    other = of_rows([(1.0 + 1e-15, 5.0), (1.0, 2.0)], columns)

    assert same_rows(one, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("exact", 5, Decimal("5.00")),
        ("exact", 5, 5.0),
        ("exact", Decimal("-0.00"), 0),
        ("exact", Decimal("0E-10"), 0),
        ("exact", Decimal("18.30"), 18.300000000000001),
        ("time", date(2026, 3, 30), datetime(2026, 3, 30)),
    ],
)
def test_cells_of_one_value_are_equal(kind, one, other):
    column = Column("x", kind, scale=2)

    assert token(one, column) == token(other, column)


def test_null_zero_and_empty_text_differ_from_one_another_and_across_kinds():
    cells = [
        token(None, Column("x", "text")),
        token("", Column("x", "text")),
        token("n", Column("x", "text")),
        token(0, Column("x", "exact")),
        token("0", Column("x", "text")),
        token(False, Column("x", "bool")),
        token("2026-03-30 00:00:00", Column("x", "text")),
        token(datetime(2026, 3, 30), Column("x", "time")),
        token("2026-03-30 00:00:00", Column("x", "TIME")),
    ]

    assert len(set(cells)) == len(cells)


@pytest.mark.parametrize("value", [18.305, 18.3 + 1e-6, math.nan, math.inf, 1e300])
def test_a_double_that_is_no_exact_amount_stays_a_double(value):
    assert isinstance(as_exact(value, 2), float)


def test_nulls_and_empties_are_counted():
    rows = [(None, 0, 0.0), ("", None, None), ("a", 0, 1.0)]

    counts = [(each.nulls, each.empties) for each in of_rows(rows, COLUMNS).columns]

    assert counts == [(1, 1), (1, 2), (1, 1)]


def test_errors_are_told_apart_by_their_message():
    assert of_error("Binder Error: a").digest == of_error("Binder Error: a").digest
    assert of_error("Binder Error: a").digest != of_error("Binder Error: b").digest
    assert stored(of_error("Binder Error: a")) == of_error("Binder Error: a")


def test_what_the_catalogue_stores_is_what_is_needed_and_nothing_else():
    """The form is written into every catalogue: it changes only on purpose."""
    found = of_rows([("a", 0, 0.5), ("", 2, None)], COLUMNS, keys=[1])

    held = found.to_json()

    assert list(held)[:6] == ["columns", "rows", "digest", "sequence", "hashes", "floats"]
    assert not {"examples", "fits_renamed", "error"} & set(held)
    assert [
        set(column) & {"nulls", "empties", "folded", "scale"} for column in held["columns"]
    ] == [
        {"empties", "folded"},
        {"empties"},
        {"nulls"},
    ]
    assert all("" not in column.values() for column in held["columns"])
    assert held["rows"] == 2
    assert found.recognised_by() == {"digest": found.digest, "sequence": found.sequence}
    assert of_rows([], COLUMNS).to_json()["rows"] == 0
    assert of_rows([], []).to_json()["columns"] == []
    assert "sequence" not in of_rows([], COLUMNS).to_json()
    assert of_rows(ROWS, COLUMNS).recognised_by() == {"digest": of_rows(ROWS, COLUMNS).digest}


def test_examples_and_names_are_no_part_of_what_is_stored():
    told = Fingerprint(rows=1, examples=("one",), fits_renamed=True)

    assert set(told.to_json()) == {"columns", "rows"}
    assert Fingerprint.from_json({"rows": 1, "examples": ["one"], "unknown": 3}).examples == (
        "one",
    )


def test_an_error_is_known_by_its_first_line_and_is_no_row():
    one = of_error("Binder Error: a\nLINE 1: SELECT")

    assert one.error == "Binder Error: a\nLINE 1: SELECT"
    assert one.digest == of_error("Binder Error: a\nLINE 7: other").digest
    assert one.digest == digest_of(["error", "Binder Error: a"])
    assert one.to_json() == {"error": one.error, "digest": one.digest}


@pytest.mark.parametrize(
    ("value", "words"),
    [(18.305, "18.3"), (18.3049, "18.3"), (0.12345678, "0.1235"), (5.0, "")],
)
def test_a_misfit_is_shown_with_the_fewest_digits_that_show_it(value, words):
    shown = misfit_in_words(value, 2)

    assert shown == (words if words in ("", "0.1235") else f"{value:.9g}")
    assert not shown or isinstance(as_exact(float(shown), 2), float)


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (18.30 + 1.0e-8, Decimal("18.30")),  # within a billionth of 18.30
        (18.30 + 2.0e-8, None),
        (0.25 + 0.9e-9, Decimal("0.25")),  # below 1 the billionth is of 1
        (0.25 + 1.1e-9, None),
        (0.0, Decimal("0.00")),
        (-4.5, Decimal("-4.50")),
        (4.51, Decimal("4.51")),
    ],
)
def test_a_double_stands_for_an_amount_within_a_billionth(value, exact):
    taken = as_exact(value, 2)

    assert (taken if isinstance(taken, Decimal) else None) == exact


def test_false_is_no_zero_and_a_decimal_zero_is_one():
    columns = [Column("x", "bool"), Column("y", "exact", 2)]

    counted = [c.empties for c in of_rows([(False, Decimal("0.00")), (True, 1)], columns).columns]

    assert counted == [0, 1]


def test_the_catalogue_tells_too_high_from_too_low_and_a_factor_without_the_values():
    column = Column("cents", "exact")
    wanted = of_rows([(1234567,), (7654321,)], [column])
    kept = Fingerprint.from_json(json.loads(json.dumps(wanted.to_catalogue())))
    seen = of_rows([(123456700,), (765432100,)], [column]).columns[0]

    assert kept.columns[0].total == 8_900_000
    assert kept.columns[0].measure == measure_of(seen.total / 100, seen.low / 100, seen.high / 100)
    assert "1234567" not in json.dumps(wanted.to_catalogue())


def test_a_column_without_a_value_has_no_measure():
    column = Column("n", "exact")

    assert of_rows([(1,), (3,)], [column]).columns[0].total == 4
    assert of_rows([(None,)], [column]).columns[0].total is None


def test_the_hashes_of_rows_are_sorted_with_their_cells_and_floats_beside():
    found = of_rows(ROWS, COLUMNS)
    hashes = [found.hashes[n : n + HASH_DIGITS] for n in range(0, len(found.hashes), HASH_DIGITS)]

    assert hashes == sorted(hashes)
    assert len(hashes) == len(found.floats) == found.rows == 4
    assert sorted(found.floats, key=str) == [[0.25], [0.25], [1 / 3], [None]]
    assert len(found.cells) == 4 * 2 * CELL_DIGITS
    assert found.cells[:CELL_DIGITS] in {
        digest_of([token(row[0], COLUMNS[0])], CELL_DIGITS // 2) for row in ROWS
    }


@pytest.mark.parametrize(("rows", "has_cells"), [(ROWS_OF_CELLS, True), (ROWS_OF_CELLS + 1, False)])
def test_the_cells_of_few_rows_are_kept_one_by_one(rows, has_cells):
    found = of_rows([(n,) for n in range(rows)], [Column("n", "exact")])

    assert bool(found.cells) == has_cells
    assert found.floats == ()


def test_a_result_without_exact_columns_has_rows_all_the_same():
    found = of_rows([(0.5,), (0.25,)], [Column("x", "float")])

    assert len(found.hashes) == 2 * HASH_DIGITS
    assert found.floats == ([0.25], [0.5])
    assert found.cells == ""


def test_names_in_place_of_the_columns_own_enter_the_digest():
    columns = [Column("N", "exact")]

    assert of_rows([(1,)], columns).digest == of_rows([(1,)], [Column("n", "exact")]).digest
    assert of_rows([(1,)], columns, names=["m"]).digest != of_rows([(1,)], columns).digest
    assert (
        of_rows([(1,)], columns, names=["m"]).digest
        == of_rows([(1,)], [Column("m", "exact")]).digest
    )


@pytest.mark.parametrize(
    ("kind", "starts"),
    [("exact", "e"), ("text", "s"), ("time", "t"), ("bool", "b"), ("INTERVAL", "INTERVAL:")],
)
def test_a_cell_starts_with_its_kind(kind, starts):
    assert mark(kind) == starts
    assert token("x", Column("a", kind)) == f"{starts}x"
    assert token(None, Column("a", kind)) == "n"


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (None, None),
        (3, 3.0),
        (Decimal("0.5"), 0.5),
        ("odd", "odd"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (10**400, str(10**400)),
    ],
)
def test_a_float_cell_is_held_as_json_can(value, held):
    assert number(value) == held
    assert type(number(value)) is type(held)


def test_the_measures_of_a_column_are_its_sum_and_its_ends():
    one = of_rows([(3,), (None,), (-1,)], [Column("n", "exact")]).columns[0]
    days = of_rows([(date(1970, 1, 3),), (datetime(1970, 1, 2),)], [Column("d", "time")]).columns[0]
    text = of_rows([("a",)], [Column("t", "text")]).columns[0]
    yes = of_rows([(True,)], [Column("b", "bool")]).columns[0]

    assert (one.total, one.low, one.high) == (2.0, -1.0, 3.0)
    assert (days.total, days.low, days.high) == (1.5 * 86_400, 86_400.0, 2 * 86_400.0)
    assert (text.total, text.measure, yes.total) == (None, "", None)
    assert one.measure == measure_of(2.0, -1.0, 3.0)
    assert measures(1, 2, 3) == {
        "total": 1.0,
        "low": 2.0,
        "high": 3.0,
        "measure": measure_of(1, 2, 3),
    }
    assert measures(math.inf, 1, 2) == measures(1, 1, math.nan) == {}
    assert len(one.measure) == HASH_DIGITS
    assert measure_of(-0.0, 0, 0) == measure_of(0.0, 0, 0)


def test_a_column_is_described_by_what_it_holds():
    rows = [(" A", 0.5, 1.0), ("", 0.25, 0.0), (None, 2.0, None)]
    columns = [Column("t", "text"), Column("e", "exact", 1, single=True), Column("f", "float")]

    text, exact, inexact = of_rows(rows, columns).columns

    assert text.folded == digest_of(sorted(["a", ""]))
    assert text.checksum == digest_of(sorted(["s A", "s", "n"]))
    assert (text.scale, text.nulls, text.empties) == (0, 1, 1)
    assert (exact.folded, exact.misfit, exact.single, exact.scale) == ("", "0.25", True, 1)
    assert (inexact.checksum, inexact.nulls, inexact.empties, inexact.single) == (1.0, 1, 1, False)
    assert (inexact.name, inexact.kind) == ("f", "float")


def test_the_catalogue_holds_two_digits_of_a_number_and_a_day_of_a_time():
    columns = [Column("n", "exact"), Column("t", "time"), Column("f", "float")]
    found = of_rows([(123_456, datetime(2026, 3, 30, 7, 16, 40), 0.123456)], columns)

    number_, time, share = Fingerprint.from_json(found.to_catalogue()).columns

    assert (number_.total, number_.low, number_.high) == (120_000.0,) * 3
    moment = found.columns[1].total
    assert time.total == round(moment / 100_000) * 100_000
    assert time.total % 100_000 == 0
    assert abs(time.total - moment) <= 50_000
    assert share == found.columns[2]
    assert number_.measure == found.columns[0].measure


def many(*sums):
    column = Column("x", "float", checksum=sums[0])
    return Fingerprint((column,), FEW_ROWS + 1, hashes="same", floats=(list(sums),))


@pytest.mark.parametrize(
    ("seen", "is_same"),
    [
        ((10.0, 20.0, 30.0, 40.0), True),
        ((10.0 + 1.5e-8, 20.0, 30.0, 40.0), True),
        ((10.0 + 2.5e-8, 20.0, 30.0, 40.0), False),
        ((10.0, 20.0, 30.0 + 3.5e-8, 40.0), True),
        ((10.0, 20.0, 30.0 + 4.5e-8, 40.0), False),
        ((10.0, 20.0 + 1e-6, 30.0, 40.0), False),
        ((None, 20.0, 30.0, 40.0), False),
    ],
)
def test_the_sums_of_many_rows_agree_within_a_billionth_of_their_sizes(seen, is_same):
    assert same_rows(many(*seen), many(10.0, 20.0, 30.0, 40.0)) is is_same


def test_sums_of_nothing_are_equal():
    assert same_rows(many(None, None, None, None), many(0.0, 0.0, 0.0, 0.0))
    assert not same_rows(many(None, None, None, None), many(1.0, 1.0, 1.0, 1.0))


def test_results_of_other_shape_are_not_the_same():
    one = of_rows(ROWS, COLUMNS)

    assert not same_rows(one, Fingerprint(hashes=one.hashes, rows=one.rows))
    assert not same_rows(one, of_rows([("x", 5, 0.25), *ROWS[1:]], COLUMNS))
    assert same_rows(Fingerprint(), Fingerprint())


def test_floats_of_equal_rows_are_each_paired_once():
    columns = [Column("k", "text"), Column("x", "float"), Column("y", "float")]
    rows = [("a", 1.0, 5.0), ("a", 1.0 + 1e-15, 2.0), ("b", 1.0, 2.0)]
    swapped = [("a", 1.0 + 1e-15, 5.0), ("a", 1.0, 2.0), ("b", 1.0, 2.0)]
    twice = [("a", 1.0 + 1e-15, 5.0), ("a", 1.0, 5.0), ("b", 1.0, 2.0)]

    assert same_rows(of_rows(swapped, columns), of_rows(rows, columns))
    assert not same_rows(of_rows(twice, columns), of_rows(rows, columns))


def test_odd_float_cells_sort_before_numbers_and_nulls_before_them():
    columns = [Column("x", "float")]
    found = of_rows([(1.0,), (math.nan,), (None,), (-1.0,)], columns)

    assert found.floats == ([None], ["nan"], [-1.0], [1.0])
    assert of_rows([(-0.0,)], columns).digest == of_rows([(0.0,)], columns).digest
    assert of_rows([(0.1 + 1e-12,)], columns).digest == of_rows([(0.1,)], columns).digest
    assert of_rows([(0.1 + 1e-6,)], columns).digest != of_rows([(0.1,)], columns).digest


def test_the_order_of_floats_counts_where_it_is_asked_for():
    columns = [Column("k", "text"), Column("x", "float")]
    one = of_rows([("a", 1.0), ("b", 2.0)], columns, keys=[1])

    assert same_order(one, of_rows([("c", 1.0), ("d", 2.0)], columns, keys=[1]))
    assert not same_order(one, of_rows([("b", 2.0), ("a", 1.0)], columns, keys=[1]))
    assert one.sequence != of_rows([("a", 1.0), ("b", 2.0)], columns, keys=[0]).sequence
    split = of_rows([("a", 0.0), ("bc", 0.0)], columns, keys=[0]).sequence
    assert split != of_rows([("ab", 0.0), ("c", 0.0)], columns, keys=[0]).sequence


def test_an_unfit_text_has_a_digest_of_its_own():
    assert len(digest_of(["\ud800"])) == 16
    assert digest_of(["a", "b"]) != digest_of(["ab"])
    assert len(digest_of(["a"], 5)) == 10


@pytest.mark.parametrize("kind", ["float", "exact", "text"])
@pytest.mark.parametrize("single", [True, False])
def test_a_column_stays_one_of_a_float_with_few_digits(kind, single):
    value = "a" if kind == "text" else 1.5
    (found,) = of_rows([(value,)], [Column("n", kind, single=single)]).columns

    assert found.single == single


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), Decimal("Infinity")])
def test_what_is_no_finite_number_has_no_size(value):
    assert fingerprint._size(value) is None
    assert fingerprint._size(2) == 2.0


def test_floats_are_close_in_relation_to_their_size_and_next_to_zero():
    assert fingerprint.close(1e6, 1e6 + 1e-4)
    assert not fingerprint.close(1e6, 1e6 + 1e-2)
    assert fingerprint.close(0.0, 1e-13)
    assert not fingerprint.close(0.0, 1e-11)
