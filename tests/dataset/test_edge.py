"""The twelve rides hold the edges that they are there for."""

from collections.abc import Iterator

import duckdb
import pytest

from ridealong.dataset.connection import edge_connection

from .conftest import Built


@pytest.fixture(scope="module")
def edge() -> Iterator[duckdb.DuckDBPyConnection]:
    with edge_connection() as con:
        yield con


def columns(con: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    return con.execute(
        """
        SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
        WHERE table_schema IN ('main', 'basic', 'staging') ORDER BY ALL
        """
    ).fetchall()


def test_it_has_the_columns_and_types_of_a_build(
    edge: duckdb.DuckDBPyConnection, small: Built
) -> None:
    assert columns(edge) == columns(small.con)


def test_there_are_twelve_rides_in_every_state(edge: duckdb.DuckDBPyConnection) -> None:
    assert edge.execute("SELECT count(*) FROM rides").fetchall() == [(12,)]


@pytest.mark.parametrize(
    ("edge_case", "query"),
    [
        ("two rides of one distance", "SELECT 1 FROM rides WHERE distance_mi IS NOT NULL GROUP BY distance_mi HAVING count(*) > 1"),
        ("two rides of one fare", "SELECT 1 FROM rides WHERE fare IS NOT NULL GROUP BY fare HAVING count(*) > 1"),
        ("two rides completed in one second", "SELECT 1 FROM rides WHERE completed_at IS NOT NULL GROUP BY completed_at HAVING count(*) > 1"),
        ("a tie that is not stored in the order of its ids", "SELECT 1 FROM (SELECT ride_id, lag(ride_id) OVER (ORDER BY rowid) AS before FROM rides) WHERE before > ride_id"),
        ("a driver without a rating", "FROM drivers WHERE rating IS NULL"),
        ("a rating of exactly 4.5", "FROM drivers WHERE rating = 4.5"),
        ("a perfect rating on a single vote", "SELECT driver_id FROM ratings JOIN rides USING (ride_id) WHERE rated_by = 'user' GROUP BY driver_id HAVING count(*) = 1 AND avg(stars) = 5"),
        ("a rider without a home city", "FROM users WHERE home_city_id IS NULL"),
        ("a rider without a channel", "FROM users WHERE signup_channel IS NULL"),
        ("a city without a ride", "FROM cities WHERE city_id NOT IN (SELECT city_id FROM rides)"),
        ("a driver without a ride", "FROM drivers WHERE driver_id NOT IN (SELECT driver_id FROM rides WHERE driver_id IS NOT NULL)"),
        ("a rider without a ride", "FROM users WHERE user_id NOT IN (SELECT user_id FROM rides)"),
        ("a ride at the 30-day boundary", "FROM rides WHERE completed_at = as_of() - INTERVAL 30 DAY"),
        ("a sign-up at the 7-day boundary", "FROM users WHERE created_at = as_of() - INTERVAL 7 DAY"),
        ("a sign-up at the first instant of a month", "FROM users WHERE created_at = date_trunc('month', created_at)"),
        ("a ride requested at midnight", "FROM rides WHERE requested_at = date_trunc('day', requested_at)"),
        ("a ride that is still open", "FROM rides WHERE status IN ('requested', 'accepted', 'in_progress')"),
        ("a completed ride that nobody paid", "FROM rides WHERE status = 'completed' AND ride_id NOT IN (SELECT ride_id FROM payments)"),
        ("a ride with fare and tip", "SELECT ride_id FROM payments WHERE status = 'succeeded' AND kind IN ('fare', 'tip') GROUP BY ride_id HAVING count(DISTINCT kind) = 2"),
        ("a failed charge that then succeeded", "SELECT ride_id FROM payments WHERE kind = 'fare' GROUP BY ride_id HAVING count(DISTINCT status) = 2"),
        ("a refund", "FROM payments WHERE kind = 'refund'"),
        ("a pending payment", "FROM payments WHERE status = 'pending'"),
        ("an email that differs by case alone", "SELECT lower(email) FROM users GROUP BY 1 HAVING count(DISTINCT email) > 1"),
        ("a percent sign and an underscore", "FROM users WHERE name LIKE '%\\%%' ESCAPE '\\' OR email LIKE '%\\_%' ESCAPE '\\'"),
        ("an apostrophe", "FROM users WHERE name LIKE '%''%'"),
        ("rider 123", "FROM rides WHERE user_id = 123"),
        ("rider 77", "FROM rides WHERE user_id = 77"),
    ],
)  # fmt: skip
def test_an_edge_is_there(edge: duckdb.DuckDBPyConnection, edge_case: str, query: str) -> None:
    assert edge.execute(query).fetchall(), edge_case


def test_what_is_cancelled_was_cancelled_by_each_side(edge: duckdb.DuckDBPyConnection) -> None:
    found = edge.execute(
        "SELECT DISTINCT cancelled_by FROM rides WHERE status = 'cancelled' ORDER BY 1"
    ).fetchall()

    assert found == [("driver",), ("rider",), ("system",)]


def test_every_reference_points_to_a_row(edge: duckdb.DuckDBPyConnection) -> None:
    from ridealong.dataset.dictionary import dictionary

    for entry in dictionary().values():
        if entry.schema != "main":
            continue
        for column in entry.columns:
            if column.references:
                target = dictionary()[column.references].columns[0].name
                (orphans,) = edge.execute(
                    f"SELECT count(*) FROM {entry.name} WHERE {column.name} IS NOT NULL "
                    f"AND {column.name} NOT IN (SELECT {target} FROM {column.references})"
                ).fetchall()
                assert orphans == (0,), (entry.name, column.name)


def test_every_call_gives_a_fresh_copy() -> None:
    with edge_connection() as first:
        first.execute("DELETE FROM ratings")
    with edge_connection() as second:
        assert second.execute("SELECT count(*) > 0 FROM ratings").fetchall() == [(True,)]
