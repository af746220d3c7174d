"""The rows of a right result that learners see before they write the query."""

import duckdb
import pytest

from ridealong.judging.sql.sample import in_words, sample


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("CREATE TABLE numbers AS SELECT i, i % 3 AS rest FROM range(1, 13) AS t(i)")
        yield con


def test_columns_have_their_types_in_words(con):
    shown = sample(
        con,
        "SELECT 1 AS a, 1.50::DECIMAL(10, 2) AS b, 'x' AS c, NOW()::TIMESTAMP AS d, "
        "true AS e, DATE '2026-03-01' AS f, [1] AS g, 1::DOUBLE AS h",
    )

    assert [kind for _, kind in shown["columns"]] == [
        *("whole number", "decimal number", "text", "timestamp", "true or false", "date"),
        *("list of whole number", "decimal number"),
    ]
    assert [name for name, _ in shown["columns"]] == list("abcdefgh")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("UBIGINT", "whole number"),
        ("DECIMAL(38,0)", "whole number"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp"),
        ("ENUM('a', 'b')", "text"),
        ("VARCHAR[][]", "list of list of text"),
        ("BLOB", "blob"),
    ],
)
def test_a_type_is_said_in_words(kind, words):
    assert in_words(kind) == words


def test_an_ordered_result_shows_the_first_one_with_null_and_the_last(con):
    shown = sample(
        con,
        "SELECT i, nullif(rest, 1) AS rest FROM numbers ORDER BY i DESC",
        order=["i DESC"],
    )

    assert shown["rows"] == [[12, 0], [10, None], [1, None]]
    assert shown["places"] == [1, 3, 12]
    assert shown["row_count"] == 12


def test_without_null_the_second_row_is_shown(con):
    shown = sample(con, "SELECT i FROM numbers ORDER BY i", order=["i"])

    assert shown["places"] == [1, 2, 12]


@pytest.mark.parametrize(("rows", "most"), [(0, 0), (1, 0), (2, 0), (3, 1), (5, 1), (6, 2), (9, 3)])
def test_never_more_than_a_third_of_the_rows_is_shown(con, rows, most):
    shown = sample(con, f"SELECT i FROM numbers WHERE i <= {rows} ORDER BY i", order=["i"])

    assert len(shown["rows"]) == len(shown["places"]) == most
    assert shown["row_count"] == rows


def test_rows_that_tie_come_by_their_values_whatever_the_run_gives(con):
    rising = sample(con, "SELECT rest, i FROM numbers ORDER BY rest, i", order=["rest"])
    falling = sample(con, "SELECT rest, i FROM numbers ORDER BY rest, i DESC", order=["rest"])

    assert rising == falling
    assert rising["rows"] == [[0, 3], [0, 6], [2, 11]]


def test_an_unordered_result_is_the_same_in_any_order_and_has_no_places(con):
    query = "SELECT rest, i, NULL AS nothing, {'a': i} AS pair FROM numbers ORDER BY "

    assert sample(con, query + "random()") == sample(con, query + "i")
    assert "places" not in sample(con, query + "i")


def test_values_are_what_json_holds(con):
    shown = sample(
        con,
        "SELECT i, 1.50::DECIMAL(10, 2) AS dollars, 1 / 3 AS third, "
        "TIMESTAMP '2026-03-01 12:00:00' AS at, 'NaN'::DOUBLE AS odd FROM numbers",
    )

    assert shown["rows"][0] == [1, "1.50", 0.33333333, "2026-03-01 12:00:00", "nan"]


def test_parameters_are_told(con):
    shown = sample(con, "SELECT i FROM numbers WHERE i > $least", parameters={"least": 6})

    assert shown["row_count"] == 6
    assert shown["parameters"] == {"least": 6}
