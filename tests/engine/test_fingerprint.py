import json
import math
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridealong.engine.fingerprint import (
    Column,
    Fingerprint,
    as_exact,
    digest_of,
    measure_of,
    misfit_in_words,
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
