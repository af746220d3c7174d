"""A mutant differs from its reference in one place, in a way that somebody could have written."""

from functools import cache

import pytest

from ridealong.judging.sql.mutants import mutants

HISTORY = """
    SELECT ride_id, completed_at
    FROM basic.rides
    WHERE user_id = 123
      AND status = 'completed'
      AND completed_at >= as_of() - INTERVAL 30 DAY
      AND completed_at < as_of()
    ORDER BY completed_at DESC, ride_id DESC
"""
CITIES = """
    SELECT c.name, COUNT(r.ride_id) AS rides, COALESCE(SUM(r.fare), 0) AS bookings
    FROM cities AS c
    LEFT JOIN rides AS r ON r.city_id = c.city_id AND r.status IN ('completed', 'cancelled')
    GROUP BY c.city_id, c.name
    HAVING COUNT(r.ride_id) BETWEEN 1 AND 100
"""
NAMES = """
    SELECT d.name, COUNT(*) AS rides
    FROM drivers AS d JOIN rides AS r USING (driver_id) GROUP BY d.driver_id, d.name
"""
LOADS = """
    SELECT r.city_id, COUNT(r.ride_id) AS rides
    FROM rides AS r JOIN payments AS p ON p.ride_id = r.ride_id GROUP BY r.city_id
"""
PLACES = """
    SELECT ride_id FROM (
        SELECT ride_id, ROW_NUMBER() OVER (PARTITION BY city_id ORDER BY fare DESC) AS place
        FROM rides WHERE NOT fare IS NULL
    ) WHERE place <= 3
"""
BATCHES = "SELECT user_id, (user_id - 1) // 500 + 1 AS batch FROM basic.users"
SHARE = "SELECT AVG(CASE WHEN status = 'completed' THEN 1 ELSE 0 END) AS share FROM rides"
AIRPORTS = "SELECT DISTINCT pickup_location FROM rides WHERE pickup_location LIKE '%-AIR'"
INVITERS = """
    SELECT user_id FROM users AS u
    WHERE EXISTS (SELECT 1 FROM users AS i WHERE i.referred_by = u.user_id)
    UNION ALL SELECT user_id FROM users WHERE signup_channel = 'partner'
"""


@cache
def changes(query: str, *, ordered: bool = True) -> dict[str, str]:
    return {each.change: each.text for each in mutants(query, ordered=ordered)}


@pytest.mark.parametrize(
    ("query", "part"),
    [
        (HISTORY, "completed_at <= as_of()"),
        (HISTORY, "completed_at > as_of() - INTERVAL '30' DAY"),
        (HISTORY, "user_id = 124"),
        (HISTORY, "driver_id = 123"),
        (HISTORY, "status = 'cancelled'"),
        (HISTORY, "requested_at < as_of()"),
        (HISTORY, "INTERVAL '31' DAY"),
        (HISTORY, "INTERVAL '1' MONTH"),
        (HISTORY, "date_trunc('month', as_of())"),
        (HISTORY, "CAST(as_of() AS DATE) - INTERVAL '30' DAY"),
        (HISTORY, "CAST(completed_at AS DATE) >= "),
        (HISTORY, "completed_at < CAST(as_of() AS DATE)"),
        (HISTORY, "ORDER BY completed_at DESC, ride_id"),
        (HISTORY, "ORDER BY ride_id DESC"),
        (HISTORY, "ORDER BY ride_id DESC, completed_at DESC"),
        (HISTORY, "LIMIT 1000"),
        (HISTORY, "WHERE status = 'completed' AND completed_at >= as_of()"),
        (CITIES, "FROM cities AS c JOIN rides AS r"),
        (CITIES, "WHERE r.status IN ('completed', 'cancelled')"),
        (CITIES, "r.status IN ('completed')"),
        (CITIES, "'in_progress')"),
        (CITIES, "COUNT(*) AS rides"),
        (CITIES, "SUM(r.fare) AS bookings"),
        (CITIES, "COALESCE(SUM(r.driver_pay), 0)"),
        (NAMES, "GROUP BY d.name"),
        (CITIES, "COUNT(r.ride_id) > 1 AND COUNT(r.ride_id) <= 100"),
        (CITIES, "BETWEEN 1 AND 101"),
        (PLACES, "RANK() OVER"),
        (PLACES, "ROW_NUMBER() OVER (ORDER BY fare DESC)"),
        (PLACES, "ORDER BY fare DESC NULLS FIRST"),
        (LOADS, "COUNT(DISTINCT r.ride_id) AS rides"),
        (PLACES, "WHERE fare IS NULL"),
        (PLACES, "place < 3"),
        (BATCHES, "(user_id - 1) / 500"),
        (BATCHES, "user_id - 1 // 500"),
        (BATCHES, "(ROW_NUMBER() OVER (ORDER BY user_id) - 1) // 500"),
        (SHARE, "THEN 1 END"),
        (SHARE, "SUM(CASE"),
        (AIRPORTS, "ILIKE '%-AIR'"),
        (AIRPORTS, "LIKE '%AIR'"),
        (AIRPORTS, "SELECT pickup_location FROM"),
        (INVITERS, "NOT EXISTS"),
        (INVITERS, ") UNION SELECT"),
    ],
)
def test_a_typical_mistake_is_made(query: str, part: str) -> None:
    assert [text for text in changes(query).values() if part in text], sorted(changes(query))


@pytest.mark.parametrize("query", [HISTORY, CITIES, PLACES, BATCHES, SHARE, AIRPORTS, INVITERS])
def test_names_and_texts_are_used_once(query: str) -> None:
    made = list(mutants(query))

    assert len({each.change for each in made}) == len(made)
    assert len({each.text for each in made}) == len(made)
    assert all("\n" not in each.change for each in made)


def test_the_names_are_the_same_each_time() -> None:
    assert changes(HISTORY) == changes(HISTORY)


def test_a_change_is_named_by_what_it_changes() -> None:
    assert "completed_at < as_of(): < to <=" in changes(HISTORY)


def test_the_order_stays_where_the_task_asks_for_none() -> None:
    free = changes(HISTORY, ordered=False)

    assert not [change for change in free if change.startswith(("order by", "ORDER BY"))]
    assert all("ORDER BY completed_at DESC, ride_id DESC" in text for text in free.values())


def test_the_order_counts_where_a_limit_takes_the_first() -> None:
    ten = "SELECT ride_id FROM rides ORDER BY fare DESC LIMIT 10"

    assert "order by fare DESC: direction turned" in changes(ten, ordered=False)


def test_the_clock_of_the_course_stays() -> None:
    query = "SELECT ride_id FROM rides WHERE completed_at >= NOW() - INTERVAL 1 DAY"

    assert all("CURRENT_TIMESTAMP" not in text for text in changes(query).values())


def test_what_makes_no_difference_is_not_made() -> None:
    assert not [c for c in changes(INVITERS) if "1 to 2" in c], "EXISTS looks at no value"
    assert not [c for c in changes(SHARE) if c.startswith(("DISTINCT", "LIMIT"))], "one row"
    assert not [c for c in changes(HISTORY) if "driver_id IS NOT NULL" in c], "completed"
    assert "without status = 'completed'" not in changes(HISTORY), "it has a completed_at"
    assert not [c for c in changes(CITIES) if "COUNT(r.ride_id): DISTINCT" in c], "one city each"


def test_a_column_may_be_named_as_what_it_is_made_of() -> None:
    query = "SELECT CAST(week AS DATE) AS week FROM weeks ORDER BY week"

    assert "order by week: direction turned" in changes(query)


def test_a_join_that_always_finds_a_row_is_not_turned() -> None:
    by_rider = "SELECT r.ride_id FROM rides AS r JOIN users AS u ON u.user_id = r.user_id"
    by_driver = "SELECT r.ride_id FROM rides AS r JOIN drivers AS d ON d.driver_id = r.driver_id"

    assert "INNER JOIN users AS u: LEFT JOIN" not in changes(by_rider)
    assert "INNER JOIN drivers AS d: LEFT JOIN" in changes(by_driver), "not every ride has one"
    completed = f"{by_driver} WHERE r.status = 'completed'"
    assert "INNER JOIN drivers AS d: LEFT JOIN" not in changes(completed)
    active = f"{by_driver} WHERE d.status = 'active'"
    assert "INNER JOIN drivers AS d: LEFT JOIN" not in changes(active), "WHERE drops the others"
