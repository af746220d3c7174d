import duckdb
import pytest

from ridealong.answer import Answer
from ridealong.catalogue import CatalogueError
from ridealong.engine.sqltext import asks_the_time
from ridealong.judging.sql import judge as sql_judge
from ridealong.judging.sql.compare import difference
from ridealong.judging.sql.query import VARIANTS, database, fingerprint
from small_course import judge


def failed(exercise, answer):
    verdict = judge(exercise, answer)

    assert not verdict.passed
    assert "\n" not in verdict.message
    return verdict


@pytest.mark.parametrize(
    "exercise",
    [
        "completed-by-city",
        "rider-history",
        "fares-by-city",
        "short-rides",
        "every-completed-ride",
        "riders",
        "every-rider",
    ],
)
def test_the_reference_answer_passes(course, exercise):
    verdict = judge(exercise, course[exercise])

    assert verdict.passed, verdict.message
    assert all(each.held for each in verdict.properties)


def test_an_answer_reaches_the_same_verdict_as_text_and_as_read_from_a_notebook(course):
    text = course["completed-by-city"].replace("count(*)", "count(*) + 1")

    assert judge("completed-by-city", text) == judge(
        "completed-by-city", Answer("completed_by_city", "sql", text)
    )


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ("count(*)", "sum(1)"),  # HUGEINT
        ("count(*)", "sum(1)::DOUBLE"),
        ("count(*)", "count(*)::DECIMAL(12, 4)"),
        ("c.name AS city, count(*) AS completed_rides", "count(*) AS Completed_Rides, c.name City"),
        ("SELECT", "/* a comment; */ SELECT -- and one more\n"),
        ("city\n", "city;;\n"),
    ],
)
def test_a_different_form_of_the_same_result_passes(course, change, by):
    text = course["completed-by-city"] + "\n"
    assert change in text

    verdict = judge("completed-by-city", text.replace(change, by))

    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ("avg(fare)", "sum(fare) / count(fare)"),
        ("avg(fare)", "avg(fare::DOUBLE) * (1 + 1e-11)"),
        ("sum(fare)", "sum(fare::DOUBLE)"),
        ("max(completed_at)", "max(completed_at) AT TIME ZONE 'UTC'"),
        ("max(completed_at)", "max(completed_at)::TIMESTAMP_NS"),
    ],
)
def test_numbers_and_times_are_compared_by_value(course, change, by):
    verdict = judge("fares-by-city", course["fares-by-city"].replace(change, by))

    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("change", "by", "seen"),
    [
        ("avg(fare)", "avg(fare) * (1 + 1e-7)", "differ by less than 1 %"),
        ("avg(fare)", "round(avg(fare), 1)", "Look at where you round"),
        ("sum(fare)", "sum(fare) + 0.01", "the values of bookings differ"),
        ("sum(fare)", "sum(fare)::DOUBLE + 1e-5", "wanted at most 2 decimals"),
        ("avg(fare)", "avg(fare)::FLOAT", "average_fare is a FLOAT, which keeps about 7 digits"),
        ("sum(fare)", "sum(fare)::FLOAT", "bookings is a FLOAT, which keeps about 7 digits"),
        ("avg(fare)", "avg(fare)::FLOAT * 2", "the values of average_fare differ"),
        (
            "count(driver_id)",
            "count(driver_id) / 3",
            ", wanted whole numbers. / gives a fraction: is a share asked for there, or a whole",
        ),
        ("count(driver_id)", "avg(driver_id)", "an average is a fraction"),
        ("max(completed_at)", "max(completed_at)::DATE", "the values of last_completed_at differ"),
        ("max(completed_at)", "max(completed_at)::VARCHAR", "holds text, wanted dates or times"),
        ("count(driver_id)", "CASE city_id WHEN 3 THEN NULL ELSE 1 END", "holds 1 NULL, wanted no"),
        ("count(driver_id)", "count(driver_id) > 3", "holds true or false, wanted numbers"),
    ],
)
def test_a_value_that_differs_is_named(course, change, by, seen):
    assert seen in failed("fares-by-city", course["fares-by-city"].replace(change, by)).message


def test_null_and_empty_text_are_told_apart(course):
    text = course["riders"].replace("signup_channel", "coalesce(signup_channel, '') signup_channel")

    message = failed("riders", text).message

    assert "signup_channel holds no NULL and" in message
    assert "empty text" in message


def test_text_that_differs_in_case_alone_is_told_so(course):
    text = course["riders"].replace("name", "upper(name) AS name")

    assert "differ only in upper and lower case" in failed("riders", text).message


def test_values_in_the_wrong_rows_are_told_so(course):
    text = "SELECT user_id, name, lead(signup_channel, 1, first_channel) OVER (ORDER BY user_id) "
    text += "AS signup_channel FROM (SELECT *, first(signup_channel ORDER BY user_id) OVER () AS "
    text += "first_channel FROM users WHERE user_id < 200)"

    assert "not in the right rows" in failed("riders", text).message


@pytest.mark.parametrize(
    ("columns", "seen"),
    [
        ("c.name AS city, count(*) AS n", "n should be called completed_rides"),
        ("c.name AS city, count(*) AS completed_rides, 1 AS x", "x is not asked for"),
        ("c.name AS city, count(*) AS completed_rides, 1 AS x, 2 AS y", "x, y are not asked for"),
        ("c.name AS city", "Add completed_rides to SELECT"),
        ("c.name AS city, count(*) AS city", "two columns are called city"),
        (
            "c.name AS town, 1 AS n, 2 AS m",
            "the columns are town, n, m; wanted are city, completed",
        ),
    ],
)
def test_columns_that_differ_are_named(course, columns, seen):
    text = f"SELECT {columns} FROM rides r JOIN cities c USING (city_id) "
    text += "WHERE status = 'completed' GROUP BY c.name"

    assert seen.lower() in failed("completed-by-city", text).message.lower()


def test_rows_that_tie_on_all_keys_come_in_any_order(course):
    text = course["rider-history"]

    assert judge("rider-history", text + ", ride_id DESC").passed
    assert judge("rider-history", text + ", ride_id").passed


def test_a_wrong_order_is_told_with_the_order_that_is_wanted(course):
    text = course["completed-by-city"].replace("completed_rides DESC, city", "city DESC")

    message = failed("completed-by-city", text).message

    assert "their order is not" in message
    assert "completed_rides descending, then city ascending" in message


def test_a_missing_order_by_is_told_so(course):
    text = course["completed-by-city"].partition("ORDER BY")[0]
    inside = f"SELECT * FROM ({course['completed-by-city']})"

    for unordered in (inside, text):
        message = failed("completed-by-city", unordered).message
        assert "The task asks for an order and the query has no ORDER BY at its end" in message
        assert "completed_rides descending, then city ascending" in message


def test_a_limit_that_cuts_without_an_order_is_told_so(course):
    ordered = course["rider-history"]
    with duckdb.connect(database("public"), read_only=True) as con:
        rows = len(con.execute(ordered, {"rider_id": 123}).fetchall())
    text = ordered.partition("AND completed_at >=")[0]

    message = failed("rider-history", f"{text} LIMIT {rows}").message

    assert "the query has no ORDER BY at its end" in message
    assert "by hand" not in message


@pytest.mark.parametrize(
    ("change", "by", "advice"),
    [
        (
            "c.name\n",
            "c.name HAVING c.name <> 'Lakemont'\n",
            "takes too much away, or a JOIN drops",
        ),
        ("GROUP BY c.name", "GROUP BY c.name, r.user_id", "too much through, or a JOIN repeats"),
    ],
)
def test_a_join_is_named_where_the_query_has_one(course, change, by, advice):
    text = course["completed-by-city"]
    assert change in text

    assert advice in failed("completed-by-city", text.replace(change, by)).message


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (
            "SELECT user_id, name, signup_channel FROM users WHERE user_id <= 200",
            "lets too much through: is this what the task asks for, user_id <= 200?",
        ),
        (
            """SELECT user_id, name, signup_channel FROM users
               WHERE user_id < 200 AND signup_channel = 'referral' OR user_id IS NULL""",
            "what the task asks for, user_id < 200 AND signup_channel = 'referral' OR user_id IS NULL?",
        ),
        (
            "SELECT user_id, name, signup_channel FROM users",
            "A condition is missing, or one row stands for less than the task asks.",
        ),
        (
            "SELECT 1 AS user_id, 'a' AS name, 'b' AS signup_channel",
            "Ask what one row stands for, in the task and in your result.",
        ),
    ],
)
def test_a_join_is_blamed_only_where_the_query_has_one(course, text, advice):
    assert failed("riders", text).message.endswith(advice)


def test_rows_that_a_limit_takes_without_order_are_not_taken_for_a_wrong_order(course):
    text = "SELECT ride_id, fare FROM rides LIMIT 5"

    verdict = failed("five-latest-rides", text)
    assert verdict.mistake is None
    assert "the query has no ORDER BY at its end" in verdict.message
    assert failed("five-latest-rides", text.replace("LIM", "ORDER BY 1 LIM")).mistake == "oldest"


def test_order_plays_no_part_where_none_is_asked_for(course):
    assert judge("fares-by-city", course["fares-by-city"] + " ORDER BY 2").passed


@pytest.mark.parametrize("name", ["every-status", "fewest-first"])
def test_a_known_mistake_is_named_with_its_message(course, exercises, name):
    mistakes = {
        "every-status": course["completed-by-city"].replace("WHERE r.status = 'completed'", ""),
        "fewest-first": course["completed-by-city"].replace("rides DESC", "rides ASC"),
    }
    messages = {m["name"]: m["message"] for m in exercises["completed-by-city"]["mistakes"]}

    verdict = failed("completed-by-city", mistakes[name])

    assert verdict.mistake == name
    assert verdict.message.endswith(messages[name])


def test_a_known_mistake_in_the_order_is_told_in_the_words_of_its_message_alone(course):
    text = course["completed-by-city"].replace("rides DESC", "rides ASC")

    message = failed("completed-by-city", text).message

    assert message == "The city with the fewest rides comes first."


def test_a_known_mistake_that_fails_is_told_without_general_advice(course):
    text = course["riders"].replace("name", "nmae")

    message = failed("riders", text).message

    assert message == "The query fails. The column is called name."


def test_a_known_mistake_is_told_without_general_advice(course):
    text = course["completed-by-city"].replace("WHERE r.status = 'completed'", "")

    first, rest = failed("completed-by-city", text).message.split(" Rides of every status ")

    assert first.startswith("On the public data: the values of completed_rides differ")
    assert rest == "are counted."
    assert "by hand" not in first


def test_a_mistake_written_another_way_is_recognised(course):
    text = course["completed-by-city"].replace("WHERE r.status = 'completed'", "")
    text = text.replace(
        "JOIN cities AS c USING (city_id)", ", cities c WHERE r.city_id = c.city_id"
    )
    ordinals = course["completed-by-city"].replace("completed_rides DESC, city", "2, 1")

    assert failed("completed-by-city", text).mistake == "every-status"
    assert failed("completed-by-city", ordinals).mistake == "fewest-first"


def test_a_result_alone_does_not_name_a_mistake(course):
    text = course["completed-by-city"].replace("r.status = 'completed'", "r.status IS NOT NULL")

    verdict = failed("completed-by-city", text)

    assert verdict.mistake is None
    assert "completed_rides differ: wrong in every row, and the sum is too high" in verdict.message


def test_a_wrong_order_elsewhere_is_not_taken_for_a_known_one(course):
    text = course["completed-by-city"].replace(", city", ", city DESC")

    verdict = failed("completed-by-city", text)

    assert verdict.mistake is None
    assert "12-row edge set" in verdict.message


def test_an_answer_that_misses_a_row_of_its_own_exercise_is_told_where(course):
    verdict = failed("short-rides", course["short-rides"].replace("<", "<="))

    assert verdict.message.startswith("On the 12-row edge set, with rows added for this task: ")
    assert "a value or a moment exactly on a limit" in verdict.message


def test_a_row_that_comes_twice_is_not_called_wrong(course):
    text = course["completed-by-city"].replace(
        "ORDER BY", "UNION ALL SELECT 'Lakemont', 0 ORDER BY"
    )
    twice = course["completed-by-city"].replace(
        "SELECT c.name AS city, count(*) AS completed_rides",
        "SELECT unnest([c.name, c.name]) AS city, count(*) AS completed_rides",
    )

    assert "(Lakemont, 0) should not be there" in failed("completed-by-city", text).message
    assert "is there more often than it should be" in failed("completed-by-city", twice).message


def test_an_empty_result_is_not_taken_for_a_known_mistake(course):
    text = "SELECT user_id, name, signup_channel FROM users WHERE user_id < 0"

    assert failed("riders", text).mistake is None


@pytest.mark.parametrize(
    ("column", "advice"),
    [
        ("count(driver_id) / 0.0 * 0", "0 divided by 0 is NaN in DuckDB and not NULL"),
        ("coalesce(nullif(count(driver_id), 0), 0)", "COALESCE puts one in its place"),
        ("count(driver_id)", "a row without a value of its own got one"),
    ],
)
def test_a_value_where_none_is_wanted_is_explained(column, advice):
    wanted = fingerprint("SELECT 1 AS n, NULL::DOUBLE AS share", "edge")
    text = f"SELECT 1 AS n, {column}::DOUBLE AS share FROM rides WHERE false"

    found = difference(fingerprint(text, "edge", like=wanted), wanted, text=text)

    assert advice in found.advice.capitalize() or advice in found.advice


def test_shares_that_add_up_alike_are_not_said_to_agree():
    rows = "SELECT * FROM (VALUES (1, {}::DOUBLE), ({}, {}::DOUBLE)) AS t(n, share)"
    wanted = fingerprint(rows.format(0.25, 2, 0.75), "edge")
    text = rows.format(0.75, 3, 0.25)

    found = difference(fingerprint(text, "edge", like=wanted), wanted, text=text)

    assert found.seen.startswith("the values of n differ: ")
    assert "agree" not in found.seen


def test_a_row_that_should_not_be_there_is_shown(course):
    text = course["completed-by-city"].replace("GROUP BY", "AND c.name <> 'Lakemont' GROUP BY")
    text = text.replace("ORDER BY", "UNION ALL SELECT 'Atlantis', 7 ORDER BY")

    assert "(Atlantis, 7) should not be there" in failed("completed-by-city", text).message


def test_a_query_that_fits_the_public_data_only_is_told_its_literals(course):
    with duckdb.connect(database("public"), read_only=True) as con:
        ((first,),) = con.execute(
            "SELECT min(ride_id) FROM rides WHERE user_id = 123 AND status = 'completed' "
            "AND completed_at >= as_of() - INTERVAL 30 DAY"
        ).fetchall()
    by_hand = "SELECT ride_id, completed_at FROM rides WHERE user_id = $rider_id AND "
    by_hand += f"ride_id >= {first} AND status = 'completed' ORDER BY completed_at DESC"

    message = failed("rider-history", by_hand).message

    assert "On other data of the same shape" in message
    assert f"fits the public data only; look at {first}." in message


def test_a_status_is_not_accused_of_fitting_the_public_data_only(course):
    remainder = "(SELECT sum(fare::INT) % 97 FROM rides)"
    with duckdb.connect(database("public"), read_only=True) as con:
        ((public,),) = con.execute(f"SELECT {remainder}").fetchall()
    text = course["completed-by-city"].replace(
        "count(*)", f"count(*) + ({remainder} <> {public})::INT"
    )

    message = failed("completed-by-city", text).message

    assert message.startswith("On other data of the same shape: the values of completed_rides")
    assert "On the public data the result is right." in message
    assert "look at" not in message


@pytest.mark.parametrize("most", [100, 1000])
def test_a_limit_that_cuts_nothing_yet_is_refused(course, most):
    message = failed("completed-by-city", course["completed-by-city"] + f" LIMIT {most}").message

    assert message == (
        f"LIMIT {most:,} cuts nothing now and will cut the list once it is longer: the task asks "
        "for all of its rows, so leave LIMIT out."
    )


def test_a_limit_inside_a_query_is_its_own_business(course):
    text = f"SELECT * FROM ({course['completed-by-city']} LIMIT 1000)"

    assert judge("completed-by-city", f"{text} ORDER BY completed_rides DESC, city").passed


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        ("", "On the 12-row edge set"),
        ("DELETE FROM rides", "On the 12-row edge set, with rows added for this task"),
        (
            "CREATE OR REPLACE MACRO as_of() AS TIMESTAMP '2026-03-31 10:30:00'; DELETE FROM rides",
            "On the 12-row edge set, with rows added for this task and the clock at 2026-03-31 10:30:00",
        ),
    ],
)
def test_the_edge_set_is_named_with_what_a_task_adds(cases, words):
    assert sql_judge.where("edge", cases) == words


def test_a_fixed_date_is_named_when_the_clock_is_moved(course):
    text = course["rider-history"].replace("as_of()", "TIMESTAMP '2026-03-30'")

    message = failed("rider-history", text).message

    assert message.startswith("When the clock is moved 45 days and 7:30 hours back")
    assert "'2026-03-30' stays where it is: count back from NOW() or as_of()" in message


def test_an_answer_for_one_rider_is_told_to_ask_for_the_parameter(course):
    text = course["rider-history"].replace("$rider_id", "123")

    message = failed("rider-history", text).message

    assert "with $rider_id = 77" in message
    assert "ask for $rider_id" in message


def test_a_parameter_without_its_sign_is_told_so(course):
    for column in ("rider_id", "r.rider_id"):
        text = course["rider-history"].replace("$rider_id", column)
        text = text.replace("FROM rides", "FROM rides AS r")
        message = failed("rider-history", text).message
        assert ("rider_id is a parameter, not a column: write $rider_id" in message) is (
            column == "rider_id"
        )


def test_an_unknown_parameter_is_named_with_those_there_are(course):
    text = course["rider-history"].replace("$rider_id", "$user")

    message = failed("rider-history", text).message

    assert "asks for $user, this exercise gives $rider_id" in message


@pytest.mark.parametrize(
    ("condition", "name"),
    [
        ("r.requested_at < current_timestamp", "current_timestamp"),
        ("r.requested_at::DATE <= current_date", "current_date"),
        ("r.requested_at::DATE <= today()", "today()"),
        ("r.requested_at < get_current_timestamp()", "get_current_timestamp()"),
        ("random() >= 0", "random()"),
        ("uuid() IS NOT NULL", "uuid()"),
    ],
)
def test_what_changes_by_itself_fails_even_where_the_result_is_right(course, condition, name):
    text = course["completed-by-city"].replace("WHERE", f"WHERE {condition} AND")

    assert f"uses {name}" in failed("completed-by-city", text).message


def test_now_and_columns_called_like_a_clock_are_no_offence(course):
    text = course["completed-by-city"].replace("WHERE", "WHERE now() IS NOT NULL AND")
    text = f"""
        SELECT city, today AS completed_rides
        FROM (SELECT city, completed_rides AS today FROM ({text})) ORDER BY 2 DESC, 1"""

    verdict = judge("completed-by-city", text)

    assert verdict.passed, verdict.message


def test_an_unsteady_answer_is_told_so(course):
    text = "SELECT city_id, 0.5 AS average_fare, 1 AS bookings, 2 AS with_driver, "
    text += "to_timestamp(txid_current())::TIMESTAMP AS last_completed_at FROM cities"

    assert "A second run gave other rows" in failed("fares-by-city", text).message


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("SELECT citty FROM rides", "the nearest column is rides.city_id"),
        ("SELECT referred_by FROM basic.users", "basic.users has no referred_by; the full table"),
        ("SELECT u.referred_by FROM basic.users AS u", "the full table users has it"),
        ("SELECT rides.distance_mi FROM basic.rides", "the full table rides has it"),
        ("SELECT nam FROM basic.users", "the nearest column is basic.users.name"),
        ("SELECT name + email FROM users", "'+(VARCHAR, VARCHAR)': text is joined with ||"),
        ("SELECT name + ' ' FROM users", "text is joined with ||"),
        ("SELECT count(DISTINCT user_id, city_id) FROM rides", "COUNT(DISTINCT (a, b))"),
        ("SELECT * FROM rides WHERE status = completed", "single quotes: 'completed'"),
        ("SELECT * FROM rides r WHERE r.status <> done", "single quotes: 'done'"),
        ("SELECT * FROM rides WHERE status NOT IN ('x', done)", "single quotes: 'done'"),
        ("SELECT * FROM rides WHERE fare = fair", "the nearest column is rides.fare"),
        ("SELECT fare FROM rides WHERE user_id = rider_id", "the nearest column is rides.ride_id"),
        ("SELECT * FROM ridez", "the nearest table is rides"),
        ('SELECT * FROM rides WHERE status = "completed"', "single quotes: 'completed'"),
        ("SELCT 1", "did you mean SELECT?"),
        ("SELECT 1; SELECT 2", "holds 2 statements, wanted one SELECT"),
        ("DROP TABLE rides", "is a DROP statement, wanted one SELECT"),
        ("DESCRIBE rides", "is a DESCRIBE statement, wanted one SELECT"),
        ("PIVOT rides ON status USING count(*)", "list them, as in PIVOT"),
        ("", "no answer yet"),
        ("-- Write your query here.", "no answer yet"),
        (None, "no answer yet"),
        (..., "no answer yet"),
        (12, "holds an int, wanted a query"),
    ],
)
def test_what_is_no_right_query_is_told_in_one_line(course, text, seen):
    assert seen in failed("completed-by-city", text).message


def test_an_error_on_other_data_only_says_where(course):
    text = course["fares-by-city"].replace("sum(fare)", "sum(fare) + 0 * error_if_few")
    text = text.replace("error_if_few", "(CASE WHEN count(*) < 100 THEN 'x' ELSE '1' END)::INT")

    message = failed("fares-by-city", text).message

    assert message.startswith("On the 12-row edge set: the query fails: Conversion Error")


def test_many_rows_are_compared_as_exactly_as_few(course):
    right = course["every-completed-ride"]
    wrong = [
        right.replace("fare,", "fare + CASE WHEN ride_id = 5003 THEN 0.01 ELSE 0 END AS fare,"),
        right.replace("/ 3", "/ 3 + CASE WHEN ride_id = 5003 THEN 0.01 ELSE 0 END"),
        right + " AND ride_id <> 5003",
        right + " UNION ALL SELECT 0, 0, 0",
        right.replace("fare,", "lead(fare, 1, 9.99) OVER (ORDER BY ride_id) AS fare,"),
    ]

    for text in [right + " ORDER BY fare", right.replace("fare,", "fare::DOUBLE AS fare,")]:
        verdict = judge("every-completed-ride", text)
        assert verdict.passed, verdict.message
    for text in wrong:
        failed("every-completed-ride", text)


@pytest.mark.parametrize(
    ("change", "by", "seen"),
    [
        (
            "ride_id,",
            "ride_id / 500 AS ride_id,",
            "ride_id holds fractions such as 0.002, wanted whole numbers. / gives a fraction",
        ),
        ("fare,", "fare * 1.001 AS fare,", "the values of fare differ"),
        ("fare,", "fare / 3 AS fare,", "wanted at most 2 decimals"),
        ("fare,", "fare::FLOAT AS fare,", "fare is a FLOAT"),
        ("distance_mi / 3", "(distance_mi / 3)::FLOAT", "third is a FLOAT"),
        ("distance_mi / 3", "nullif(distance_mi / 3, 1)", "third holds"),
    ],
)
def test_a_value_that_differs_among_many_rows_is_named(course, change, by, seen):
    text = course["every-completed-ride"].replace(change, by)

    message = failed("every-completed-ride", text).message

    assert seen in message
    assert ("NULL" in message) is ("nullif" in by)


def test_text_of_another_case_among_many_rows_is_told_so(course):
    text = course["every-rider"].replace("name", "upper(name) AS name")

    assert "differ only in upper and lower case" in failed("every-rider", text).message
    other = course["every-rider"].replace("name", "reverse(name) AS name")
    assert "the values of name differ" in failed("every-rider", other).message


def test_properties_name_what_held_and_what_did_not(course):
    verdict = failed(
        "completed-by-city", course["completed-by-city"].replace("count(*)", "count(*) + 1")
    )

    by_name = {each.name: each.held for each in verdict.properties}
    assert by_name["columns on the public data"]
    assert by_name["row count on the public data"]
    assert not by_name["values on the public data"]


def test_an_unknown_exercise_is_an_error_that_names_the_nearest(course):
    with pytest.raises(CatalogueError, match='did you mean "completed-by-city"'):
        judge("complete-by-city", "SELECT 1")


@pytest.fixture
def asked(monkeypatch):
    """The data sets that queries are run on."""
    asked = []
    run = sql_judge.run

    def spy(worker, text, path, **options):
        asked.append((path and path.stem, options["shifted"]))
        return run(worker, text, path, **options)

    monkeypatch.setattr(sql_judge, "run", spy)
    return asked


def test_every_data_set_is_used(course, asked):
    text = course["completed-by-city"].replace("WHERE", "WHERE now() IS NOT NULL AND")

    assert judge("completed-by-city", text).passed
    assert len(asked) == len(set(asked)) == len(VARIANTS)


def test_without_the_time_the_clock_is_not_moved(course, asked):
    assert judge("completed-by-city", course["completed-by-city"]).passed
    assert [shifted for _, shifted in asked] == [False, False, False]


def test_no_view_asks_the_time_behind_the_query(databases):
    with duckdb.connect(database("public"), read_only=True) as con:
        views = con.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()

    assert views
    assert not [sql for (sql,) in views if asks_the_time(sql)]
