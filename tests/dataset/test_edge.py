"""The twelve rides hold the edges that they are there for."""

from collections.abc import Iterator

import duckdb
import pytest

from ridealong import catalogue
from ridealong.dataset.connection import edge_connection
from ridealong.engine import tables
from ridealong.judging.sql import query

from .conftest import Built

RULES = [
    ("nobody drives two rides at once", "FROM rides AS a JOIN rides AS b ON a.driver_id = b.driver_id AND a.ride_id < b.ride_id WHERE a.requested_at < coalesce(b.completed_at, b.cancelled_at, as_of()) AND b.requested_at < coalesce(a.completed_at, a.cancelled_at, as_of())"),
    ("nothing happens after now", "FROM rides WHERE requested_at > as_of() OR completed_at > as_of() OR cancelled_at > as_of()"),
    ("the events of a ride say what the ride says", "FROM ride_events AS e JOIN rides AS r USING (ride_id) WHERE e.occurred_at <> CASE e.status WHEN 'requested' THEN r.requested_at WHEN 'in_progress' THEN r.picked_up_at WHEN 'completed' THEN r.completed_at WHEN 'cancelled' THEN r.cancelled_at ELSE e.occurred_at END"),
    ("a ride has an event for the status it is in", "FROM rides AS r WHERE NOT EXISTS (FROM ride_events AS e WHERE e.ride_id = r.ride_id AND e.status = r.status)"),
    ("a fare is paid 79 % to the driver", "FROM rides WHERE abs(driver_pay - 0.79 * fare) >= 0.01"),
    ("a ride stays in one city, with a driver of that city", "FROM rides AS r JOIN zones AS p ON p.zone_code = r.pickup_location JOIN zones AS d ON d.zone_code = r.dropoff_location LEFT JOIN drivers AS w USING (driver_id) WHERE p.city_id <> r.city_id OR d.city_id <> r.city_id OR w.city_id <> r.city_id"),
    ("rider and driver joined before they rode", "FROM rides AS r JOIN users AS u USING (user_id) LEFT JOIN drivers AS d USING (driver_id) WHERE r.requested_at < u.created_at OR r.requested_at < d.joined_at"),
    ("a code is redeemed by the rider of the ride", "FROM promo_redemptions AS p JOIN rides AS r USING (ride_id) WHERE p.user_id <> r.user_id"),
    ("a complaint about a ride comes from its rider, after the request", "FROM support_tickets AS t JOIN rides AS r USING (ride_id) WHERE t.user_id <> r.user_id OR t.created_at < r.requested_at"),
    ("what is rated or charged has ended", "FROM rides AS r LEFT JOIN ratings AS g USING (ride_id) LEFT JOIN payments AS p USING (ride_id) WHERE g.created_at < r.completed_at OR p.created_at < coalesce(r.completed_at, r.cancelled_at)"),
]  # fmt: skip


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
        ("a tie in completed_at, on a page boundary, not stored in the order larger id first", "SELECT 1 FROM (SELECT user_id, completed_at, ride_id, rowid AS stored, row_number() OVER (PARTITION BY user_id ORDER BY completed_at DESC, ride_id DESC) AS place FROM rides WHERE status = 'completed') AS a JOIN rides AS b ON b.user_id = a.user_id AND b.completed_at = a.completed_at AND b.ride_id < a.ride_id WHERE a.place = 3 AND b.rowid < a.stored"),
        ("a rider with three newest rides by completion, and others by request and by id", "WITH places AS (SELECT user_id, ride_id, row_number() OVER (PARTITION BY user_id ORDER BY completed_at DESC, ride_id DESC) AS by_completion, row_number() OVER (PARTITION BY user_id ORDER BY requested_at DESC) AS by_request, row_number() OVER (PARTITION BY user_id ORDER BY ride_id DESC) AS by_id FROM rides WHERE status = 'completed') FROM places WHERE by_completion > 3 AND by_request <= 3 AND by_id <= 3"),
        ("the same inside the last 30 days of rider 123", "FROM rides AS a JOIN rides AS b ON a.completed_at > b.completed_at AND a.requested_at < b.requested_at AND a.ride_id < b.ride_id WHERE a.user_id = 123 AND b.user_id = 123 AND b.completed_at >= as_of() - INTERVAL 30 DAY AND a.completed_at < as_of()"),
        ("a cancelled ride of a rider with more than one page", "SELECT user_id FROM rides GROUP BY user_id HAVING count(completed_at) > 3 AND count(cancelled_at) > 0"),
        ("a driver without a rating", "FROM drivers WHERE rating IS NULL"),
        ("a rating of exactly 4.5", "FROM drivers WHERE rating = 4.5"),
        ("a perfect rating on a single vote", "SELECT driver_id FROM ratings JOIN rides USING (ride_id) WHERE rated_by = 'user' GROUP BY driver_id HAVING count(*) = 1 AND avg(stars) = 5"),
        ("a rider without a home city", "FROM users WHERE home_city_id IS NULL"),
        ("a rider without a channel", "FROM users WHERE signup_channel IS NULL"),
        ("a city without a ride", "FROM cities WHERE city_id NOT IN (SELECT city_id FROM rides)"),
        ("a driver without a ride", "FROM drivers WHERE driver_id NOT IN (SELECT driver_id FROM rides WHERE driver_id IS NOT NULL)"),
        ("a rider without a ride", "FROM users WHERE user_id NOT IN (SELECT user_id FROM rides)"),
        ("a ride at the 30-day boundary", "FROM rides WHERE completed_at = as_of() - INTERVAL 30 DAY"),
        ("a ride of rider 123 at the end of every window", "FROM rides WHERE user_id = 123 AND completed_at = as_of()"),
        ("a rider whose only ride of the week is at its start", "SELECT user_id FROM rides WHERE completed_at BETWEEN as_of() - INTERVAL 7 DAY AND as_of() GROUP BY user_id HAVING max(completed_at) = as_of() - INTERVAL 7 DAY"),
        ("a rider whose only ride of the week is at its end", "SELECT user_id FROM rides WHERE completed_at BETWEEN as_of() - INTERVAL 7 DAY AND as_of() GROUP BY user_id HAVING min(completed_at) = as_of()"),
        ("a route that is driven at the start of the week only", "SELECT pickup_location, dropoff_location FROM rides WHERE completed_at BETWEEN as_of() - INTERVAL 7 DAY AND as_of() GROUP BY ALL HAVING max(completed_at) = as_of() - INTERVAL 7 DAY"),
        ("a request at the 1-day boundary", "FROM rides WHERE requested_at = as_of() - INTERVAL 1 DAY"),
        ("a request at the end of the night of the clock change", "FROM rides WHERE city_id = 1 AND requested_at = '2025-11-02 08:00:00'"),
        ("a request at midnight of yesterday in Pinewater", "FROM rides WHERE city_id = 5 AND requested_at AT TIME ZONE 'UTC' AT TIME ZONE 'America/Los_Angeles' = TIMESTAMP '2026-03-28 00:00:00'"),
        ("a sign-up at the 7-day boundary", "FROM users WHERE created_at = as_of() - INTERVAL 7 DAY"),
        ("a sign-up at the first instant of a month", "FROM users WHERE created_at = date_trunc('month', created_at)"),
        ("a sign-up in January of another year", "FROM users WHERE month(created_at) = 1 AND year(created_at) < 2026"),
        ("a tie in created_at, larger id stored first", "FROM users AS a JOIN users AS b ON a.created_at = b.created_at AND a.user_id > b.user_id WHERE a.rowid < b.rowid"),
        ("two cities with as many completed rides, larger id stored first", "SELECT 1 FROM (SELECT city_id, count(*) AS completed, min(rowid) AS stored FROM rides WHERE status = 'completed' GROUP BY city_id) AS a JOIN (SELECT city_id, count(*) AS completed, min(rowid) AS stored FROM rides WHERE status = 'completed' GROUP BY city_id) AS b ON a.completed = b.completed AND a.city_id > b.city_id WHERE a.stored < b.stored"),
        ("a pending driver with a low rating", "FROM drivers WHERE status = 'pending' AND rating < 4.8"),
        ("a driver who left with a rating of exactly 4.8", "FROM drivers WHERE status = 'offboarded' AND rating = 4.8"),
        ("a suspended driver without a rating", "FROM drivers WHERE status = 'suspended' AND rating IS NULL"),
        ("a pickup where AIR is the end without being the airport", "FROM rides WHERE pickup_location LIKE '%AIR' AND pickup_location NOT LIKE '%-AIR'"),
        ("a pickup where -AIR is inside", "FROM rides WHERE pickup_location LIKE '%-AIR_%'"),
        ("a pickup in Lakemont of a ride that is still under way", "FROM rides WHERE city_id = 3 AND status = 'in_progress' AND picked_up_at IS NOT NULL"),
        ("a 90th percentile between two waits", "SELECT 1 FROM rides WHERE city_id = 3 AND picked_up_at IS NOT NULL HAVING quantile_cont(date_diff('second', requested_at, picked_up_at), 0.9) % 1 > 0.001"),
        ("fewer than ten completed rides, so that a LIMIT 10 shows others", "SELECT 1 FROM rides WHERE status = 'completed' HAVING count(*) < 10"),
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
        ("two rides of a rider requested at one moment", "FROM rides AS a JOIN rides AS b ON a.user_id = b.user_id AND a.ride_id < b.ride_id AND a.requested_at = b.requested_at"),
        ("two rides of a rider, close together, requested against the order of their ids", "FROM rides AS a JOIN rides AS b ON a.user_id = b.user_id AND a.ride_id < b.ride_id AND a.requested_at > b.requested_at AND a.requested_at <= b.requested_at + INTERVAL 30 MINUTE"),
        ("two addresses that differ by case alone, neither all lower case, under two names", "FROM users AS a JOIN users AS b ON lower(a.email) = lower(b.email) AND a.user_id < b.user_id WHERE a.email <> lower(a.email) AND b.email <> lower(b.email) AND a.name <> b.name"),
        ("an address that another, as a pattern, matches, the pattern having the larger id", "FROM users AS a JOIN users AS b ON a.email ILIKE b.email AND lower(a.email) <> lower(b.email) WHERE b.user_id > a.user_id"),
        ("the same, the pattern having the smaller id", "FROM users AS a JOIN users AS b ON a.email ILIKE b.email AND lower(a.email) <> lower(b.email) WHERE b.user_id < a.user_id"),
        ("a fare charged twice in the last 14 days", "SELECT ride_id FROM payments JOIN rides USING (ride_id) WHERE kind = 'fare' AND payments.status = 'succeeded' AND completed_at >= as_of() - INTERVAL 14 DAY GROUP BY ride_id HAVING count(*) = 2 AND count(DISTINCT amount) = 1"),
        ("a charged ride completed at the very instant of now", "FROM payments JOIN rides USING (ride_id) WHERE kind = 'fare' AND payments.status = 'succeeded' AND completed_at = as_of()"),
        ("a tip that failed", "FROM payments WHERE kind = 'tip' AND status = 'failed'"),
        ("two tips of one ride", "SELECT ride_id FROM payments WHERE kind = 'tip' AND status = 'succeeded' GROUP BY ride_id HAVING count(*) = 2"),
        ("a ticket about a ride that was picked up and not completed", "FROM support_tickets JOIN rides USING (ride_id) WHERE picked_up_at IS NOT NULL AND completed_at IS NULL"),
        ("a device with more than three redemptions on short rides with one driver, by fewer accounts", "SELECT device_id FROM promo_redemptions AS p JOIN rides USING (ride_id) WHERE distance_mi < 1.5 GROUP BY device_id, driver_id HAVING count(*) > 3 AND count(DISTINCT p.user_id) < 4"),
        ("rider 123", "FROM rides WHERE user_id = 123"),
        ("rider 77", "FROM rides WHERE user_id = 77"),
    ],
)  # fmt: skip
def test_an_edge_is_there(edge: duckdb.DuckDBPyConnection, edge_case: str, query: str) -> None:
    assert edge.execute(query).fetchall(), edge_case


@pytest.mark.parametrize(("rule", "exceptions"), RULES)
def test_the_rides_could_have_happened(
    edge: duckdb.DuckDBPyConnection, rule: str, exceptions: str
) -> None:
    assert edge.execute(exceptions).fetchall() == [], rule


ADDED = {
    name: entry
    for module in catalogue.modules()
    for name, entry in module.exercises.items()
    if entry.get("cases")
}


@pytest.mark.parametrize("exercise", ADDED)
def test_rows_that_an_exercise_adds_could_have_happened(exercise: str) -> None:
    entry = ADDED[exercise]
    log = query.log_of("edge", entry.get("replay_log", {}))
    with edge_connection() as con:
        for name, table in query.tables_of(log).items():
            tables.put(con, name, table)
        con.execute(str(entry["cases"]))
        broken = [rule for rule, exceptions in RULES if con.execute(exceptions).fetchall()]

    assert broken == []


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
