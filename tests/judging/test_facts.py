import pytest

from ridealong.judging.sql.facts import (
    about_columns,
    about_values,
    conditions,
    doubtful_numbers,
    exists_in_words,
    fact,
    rare_case,
)
from ridealong.judging.sql.signs import right_parts


@pytest.mark.parametrize(
    ("text", "rows", "told"),
    [
        ("SELECT 1 FROM drivers WHERE rating = NULL", "", "rating = NULL is never true"),
        ("SELECT CASE name WHEN NULL THEN 1 END FROM users", "", "WHEN NULL never fires"),
        (
            "SELECT 1 FROM drivers WHERE status = 'Suspended'",
            "",
            "status is never 'Suspended': upper and lower case count, and it is stored as",
        ),
        ("SELECT 1 FROM rides r WHERE r.status IN ('done')", "", "its values are 'requested'"),
        ("SELECT 1 FROM rides WHERE fare BETWEEN 30 AND 20", "", "the smaller end comes first"),
        (
            "SELECT 1 FROM rides WHERE completed_at BETWEEN NOW() AND NOW() - INTERVAL 3 DAY",
            "",
            "the earlier end comes first",
        ),
        ("SELECT 1 FROM rides WHERE fare >= 20 OR fare <= 30", "", "OR asks for one of the two"),
        ("SELECT 1 FROM rides WHERE code <> 'a' OR code <> 'b'", "", "OR asks for one of"),
        ("SELECT 1 FROM rides WHERE status <> 'done'", "", "its values are 'requested'"),
        ("SELECT 1 FROM rides WHERE requested_at > NOW() + INTERVAL 1 DAY", "none", "the future"),
        ("SELECT 1 FROM users WHERE name = 'A%'", "", "only with LIKE"),
        ("SELECT 1 FROM users WHERE name = 'A' AND name = 'B'", "", "AND asks for both at once"),
        ("SELECT COUNT(status = 'completed') FROM rides", "", "where that is false, too"),
        ("SELECT COUNT(DISTINCT u.name) FROM users u", "", "two people of one name as one"),
        ("SELECT CAST(COUNT(fare) / COUNT(*) AS INT) FROM rides", "", "nearest whole number"),
        (
            "SELECT 1 FROM users WHERE NOT EXISTS (SELECT 1 FROM rides WHERE fare > 3)",
            "",
            "the same for every row",
        ),
        (
            "SELECT * FROM (SELECT fare FROM rides LIMIT 10) ORDER BY fare",
            "",
            "the LIMIT inside takes any rows",
        ),
        (
            "SELECT 1 FROM users WHERE user_id NOT IN (SELECT referred_by FROM users)",
            "none",
            "referred_by has some",
        ),
        (
            "SELECT 1 FROM users u LEFT JOIN rides r USING (user_id) WHERE r.fare > 3",
            "too few",
            "dropped again",
        ),
        (
            "SELECT 1 FROM users WHERE created_at BETWEEN '2026-01-01' AND '2026-01-31'",
            "too few",
            "the first moment of that day",
        ),
        ("SELECT 1 FROM rides WHERE fare > 2000", "none", "kept in USD"),
        ("SELECT 1 FROM drivers WHERE rating IN (NULL)", "", "IN finds no NULL"),
        ("SELECT 1 FROM drivers WHERE rating < 3 OR NULL", "", "OR NULL adds no row"),
        ("SELECT NOW() - INTERVAL '30'", "", "it means seconds"),
        ("SELECT fare FROM rides ORDER BY fare AND ride_id", "", "stands a comma, not AND"),
        ("SELECT 1 FROM rides WHERE pickup_location LIKE '*-AIR'", "none", "a star and no more"),
        ("SELECT 1 FROM drivers WHERE COALESCE(rating, 5) > 4", "too many", "gives 5 to a row"),
        (
            "SELECT 1 FROM rides HAVING COUNT(*) FILTER (WHERE fare > 3) / COUNT(*) < 88",
            "",
            "88 is above that",
        ),
        (
            "SELECT 1 FROM rides WHERE status = 'completed' OR city_id = 1 AND fare > 3",
            "too many",
            "AND binds tighter than OR",
        ),
        (
            """SELECT 1 FROM rides r LEFT JOIN drivers d
               ON d.driver_id = r.driver_id AND r.fare > 3""",
            "too many",
            "r.fare > 3 stands behind ON of a LEFT JOIN",
        ),
    ],
)
def test_a_fact_is_seen_in_the_text(text, rows, told):
    assert told in fact(text, rows=rows)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("SELECT 1 FROM drivers WHERE rating IS NULL OR status = 'suspended'", "none"),
        ("SELECT 1 FROM users u WHERE EXISTS (FROM rides r WHERE r.user_id = u.user_id)", ""),
        ("SELECT 1 FROM users WHERE EXISTS (FROM rides WHERE rides.user_id = users.user_id)", ""),
        ("SELECT COUNT(*) FILTER (WHERE status = 'completed') FROM rides", ""),
        ("SELECT 1 FROM users u LEFT JOIN rides r USING (user_id) WHERE r.fare IS NULL", "too few"),
        (
            "SELECT 1 FROM users WHERE user_id NOT IN (SELECT referred_by FROM users u WHERE referred_by IS NOT NULL)",
            "none",
        ),
        ("SELECT * FROM (SELECT fare FROM rides ORDER BY fare LIMIT 10) ORDER BY fare", ""),
        ("not sql at all", "none"),
        ("SELECT 1 FROM drivers WHERE rating > 4.5", "none"),
        ("SELECT NOW() - INTERVAL '30 days'", ""),
        ("SELECT 1 FROM drivers WHERE COALESCE(rating, 0) > 4", "too many"),
        ("(" * 90, "none"),
        ("SELECT 1 FROM rides WHERE fare <= 20 OR fare >= 30", "too many"),
        ("SELECT 1 FROM rides r WHERE fare > 3 AND tip > 1 OR r.ride_id IS NULL", "too many"),
    ],
)
def test_no_fact_is_invented(text, rows):
    assert fact(text, rows=rows) == ""


def test_a_limit_is_told_of_ties_only_where_the_task_breaks_them():
    text = "SELECT fare FROM rides ORDER BY fare LIMIT 10"

    assert "among rows that tie" in fact(text, ["fare", "ride_id"])
    assert fact(text, ["fare"]) == ""


def test_of_another_order_no_tie_is_told():
    text = "SELECT ride_id, completed_at AS at FROM rides ORDER BY {} LIMIT 3"
    order = ["at DESC", "ride_id DESC"]

    for right in ("at DESC", "completed_at DESC", "2 DESC"):
        assert "among rows that tie" in fact(text.format(right), order)
    for wrong in ("ride_id DESC", "at", "1 DESC"):
        assert fact(text.format(wrong), order) == ""


def test_what_stands_in_a_right_answer_is_not_doubted():
    text = "SELECT date_diff('day', a, b) FROM rides WHERE distance_mi < 1.5"
    right = right_parts([text])

    assert "1.5 in the same unit" in fact(text, rows="none")
    assert fact(text, rows="none", right=right) == ""
    assert "midnights" in rare_case(text)
    assert rare_case("SELECT date_diff('day', c, d) FROM t", right) == ""


def test_what_makes_another_column_is_told():
    assert "a decimal point, 4.5" in about_columns("SELECT fare * 4,5 AS x FROM rides")
    assert "a Cyrillic letter" in about_columns("SELECT 1 AS lаbel")
    assert about_columns("SELECT 1 AS label") == ""
    text = "SELECT ride_id, status fare FROM rides"
    assert "a comma is missing between status and fare" in about_columns(text, ["status", "fare"])
    assert about_columns(text, ["fare"]) == ""


def test_conditions_are_given_as_they_are_written():
    text = "SELECT 1 FROM rides WHERE fare > 3 AND status <> 'completed'"

    assert conditions(text) == [("WHERE", "fare > 3"), ("WHERE", "status <> 'completed'")]
    either = "fare > 3 AND status <> 'completed' OR fare < 1"
    assert conditions(text + " OR fare < 1") == [("WHERE", either)]
    assert conditions("FROM rides QUALIFY n = 1") == [("QUALIFY", "n = 1")]
    assert conditions("SELECT 1 FROM rides") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT 1 FROM rides WHERE pickup_location LIKE '%_AIR'", "each _ stands for one letter"),
        ("SELECT NOW() - INTERVAL '1 month'", "28 to 31 days"),
        ("SELECT date_diff('day', completed_at, NOW()) FROM rides", "counts the midnights"),
        ("SELECT date_trunc('day', as_of())", "the midnight before the clock"),
        ("SELECT LAG(fare) OVER (ORDER BY ride_id) FROM rides", "the window goes by ride_id"),
        ("SELECT NOW() - INTERVAL 30 DAY", ""),
        ("SELECT date_trunc('day', completed_at) FROM rides", ""),
    ],
)
def test_what_surprises_in_a_rare_case_is_seen_in_the_text(text, told):
    assert told in rare_case(text) if told else rare_case(text) == ""


@pytest.mark.parametrize(
    ("computed", "told"),
    [
        ("SUM(DISTINCT fare)", "SUM(DISTINCT fare) takes each value once"),
        ("extract(second FROM picked_up_at - requested_at)", "one part of a span"),
        ("extract(hour FROM requested_at)", ""),
        ("COALESCE('none', status)", "'none' never is"),
        ("AVG(CASE WHEN fare > 3 THEN 1 END)", "CASE without ELSE"),
        ("SUM(fare)", ""),
    ],
)
def test_what_stands_behind_a_column_that_differs_is_looked_at(computed, told):
    text = f"SELECT {computed} AS value, COUNT(DISTINCT user_id) AS riders FROM rides"

    assert told in about_values(text, ["value"])
    assert bool(about_values(text, ["value"])) == bool(told)


def test_numbers_are_those_of_the_columns_that_differ():
    text = "SELECT fare * 100 AS cents, fare * 2 AS double FROM rides WHERE city_id = 3"

    assert doubtful_numbers(text, ["cents"], ()) == ["100"]


def test_what_exists_keeps_is_read_aloud():
    text = "SELECT 1 FROM users u WHERE NOT EXISTS (FROM users i WHERE i.user_id = u.referred_by)"

    assert "whose referred_by is the user_id of no row of users" in exists_in_words(text)
    assert "of some row of users" in exists_in_words(text.replace("NOT ", ""))
    assert exists_in_words(text.replace("i.user_id = u", "i.user_id = i")) == ""
