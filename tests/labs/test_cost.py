"""What a query costs is counted, and read into words that are true."""

import re
import tomllib
from pathlib import Path

import duckdb
import pytest

from ridealong.answers.texts import SqlAnswer
from ridealong.authoring import cells, format, sources
from ridealong.dataset import connect
from ridealong.labs.sql import cost_of
from ridealong.labs.sql.database import LabError

COURSE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return connect()


def count(con: duckdb.DuckDBPyConnection, rest: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {rest}").fetchall()[0][0])


def test_three_tables_of_the_interview(con: duckdb.DuckDBPyConnection) -> None:
    joined = "rides AS r JOIN drivers AS d USING (driver_id) JOIN payments AS p USING (ride_id)"
    seen = cost_of(
        f"SELECT r.ride_id, d.name, p.amount FROM {joined} WHERE r.status = 'completed'",
        connection=con,
    )

    sizes = {name: count(con, name) for name in ("drivers", "payments", "rides")}
    completed = count(con, "rides WHERE status = 'completed'")
    answer = count(con, f"{joined} WHERE r.status = 'completed'")
    assert seen.tables == sizes
    assert seen.rows_scanned == sum(sizes.values())
    assert seen.rows_returned == answer > completed
    assert seen.rows_multiplied == pytest.approx(answer / completed)
    assert repr(seen).splitlines()[1] == (
        f"- The query starts from rides: {completed:,} rows become {answer:,} rows, "
        f"x {answer / completed:.2f}. A row that has several partners appears once for each."
    )


def test_two_one_to_many_joins_multiply(con: duckdb.DuckDBPyConnection) -> None:
    joined = "rides AS r JOIN payments AS p USING (ride_id) JOIN jobs AS j USING (ride_id)"
    seen = cost_of(f"SELECT r.city_id, sum(p.amount) FROM {joined} GROUP BY ALL", connection=con)

    rows = count(con, joined)
    assert rows > max(count(con, "jobs"), count(con, "payments"))
    assert seen.rows_multiplied == pytest.approx(rows / count(con, "rides"))
    assert f"gives {rows:,} rows: more than either side" in repr(seen)
    assert f"{rows:,} out" in repr(seen)
    assert "joining jobs with payments and rides handles" in seen.dominant_step


@pytest.mark.parametrize(
    "sql",
    [
        """WITH paid AS (SELECT ride_id, sum(amount) AS paid FROM payments GROUP BY ride_id)
           SELECT ride_id, paid FROM rides LEFT JOIN paid USING (ride_id)""",
        (
            "SELECT ride_id FROM rides AS r WHERE NOT EXISTS "
            "(SELECT 1 FROM payments AS p WHERE p.ride_id = r.ride_id)"
        ),
        "SELECT ride_id FROM rides WHERE ride_id IN (SELECT ride_id FROM payments)",
        "SELECT name, (SELECT count(*) FROM rides AS r WHERE r.city_id = c.city_id) FROM cities AS c",
        "SELECT ride_id, d.name FROM rides LEFT JOIN drivers AS d USING (driver_id)",
        (
            "SELECT day, count(ride_id) FROM generate_series(1, 9) AS t (day) "
            "LEFT JOIN rides ON city_id = day GROUP BY day"
        ),
        "SELECT ride_id, row_number() OVER (PARTITION BY user_id ORDER BY ride_id) FROM rides",
        "SELECT ride_id FROM rides UNION ALL SELECT ride_id FROM payments",
        "SELECT count(*) FROM basic.rides",
        "SELECT * FROM rides WHERE ride_id < 0",
        "SELECT 1 AS one",
    ],
)
def test_what_repeats_no_row_is_not_called_multiplying(
    con: duckdb.DuckDBPyConnection, sql: str
) -> None:
    seen = cost_of(sql, connection=con)

    assert seen.rows_multiplied == 1.0
    assert repr(seen).splitlines()[1].startswith("- No join multiplies rows")
    assert seen.rows_returned == count(con, f"({sql})")


def test_self_join_reads_a_table_twice_and_multiplies(con: duckdb.DuckDBPyConnection) -> None:
    pairs = "rides AS a JOIN rides AS b ON a.user_id = b.user_id AND a.ride_id < b.ride_id"
    seen = cost_of(f"SELECT a.ride_id FROM {pairs}", connection=con)

    assert seen.tables == {"rides": 2 * count(con, "rides")}
    assert "rides twice" in repr(seen)
    assert seen.rows_multiplied == pytest.approx(count(con, pairs) / count(con, "rides"))


def test_join_without_a_condition_is_pointed_out(con: duckdb.DuckDBPyConnection) -> None:
    seen = cost_of("SELECT count(*) FROM drivers, cities", connection=con)

    assert seen.rows_multiplied == count(con, "cities")
    assert "every row meets every row" in repr(seen)


@pytest.mark.parametrize("first", ["payments", "ratings"])
def test_tables_are_joined_in_the_order_of_the_query(
    con: duckdb.DuckDBPyConnection, first: str
) -> None:
    """DuckDB 2.0.0 and 2.0.1 choose different orders; what a lesson shows is the query's own."""
    second = {"payments": "ratings", "ratings": "payments"}[first]
    two = f"rides JOIN {first} USING (ride_id)"
    seen = cost_of(
        f"SELECT ride_id FROM {two} JOIN {second} USING (ride_id) JOIN drivers USING (driver_id)",
        connection=con,
    )

    joined = [line for line in repr(seen).splitlines() if line.startswith("- Joining")]
    assert any(f"gives {count(con, two):,} rows" in line for line in joined)
    assert not any("drivers and rides" in line and first in line for line in joined)


def test_tables_that_the_query_links_later_do_not_meet_in_every_pair(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """In the order of the query 10,000 riders would meet 97,555 payments."""
    tables = "users AS u, payments AS p, rides AS r"
    linked = "r.user_id = u.user_id AND p.ride_id = r.ride_id"
    seen = cost_of(f"SELECT count(*) FROM {tables} WHERE {linked}", connection=con)

    assert "every row meets every row" not in repr(seen)
    assert seen.rows_multiplied == pytest.approx(count(con, "payments") / count(con, "users"))
    assert seen.tables == {name: count(con, name) for name in ("payments", "rides", "users")}


def test_settings_of_the_connection_are_left_as_they_were(con: duckdb.DuckDBPyConnection) -> None:
    asked = "SELECT current_setting('disabled_optimizers'), current_setting('threads')"
    con.execute("SET disabled_optimizers = 'top_n'")
    try:
        before = con.execute(asked).fetchall()
        cost_of("SELECT count(*) FROM drivers, cities", connection=con)
        assert con.execute(asked).fetchall() == before
    finally:
        con.execute("SET disabled_optimizers = ''")


def test_numbers_do_not_depend_on_threads(con: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT d.name FROM rides JOIN drivers AS d USING (driver_id) LIMIT 7"
    seen = []
    for threads in (1, 2):
        con.execute(f"SET threads = {threads}")
        seen.append(repr(cost_of(sql, connection=con)))
        assert con.execute("SELECT current_setting('threads')").fetchall() == [(threads,)]

    assert seen[0] == seen[1]


def test_picture_says_in_words_what_it_shows(con: duckdb.DuckDBPyConnection) -> None:
    seen = cost_of("SELECT r.ride_id FROM rides AS r JOIN payments USING (ride_id)", connection=con)
    page = seen._repr_mimebundle_()["text/html"]

    alt = re.search(r'<img alt="([^"]+)"', page)
    assert alt
    for words in ("payments 97,555 read", "passes", "to the answer", "starts from rides"):
        assert words in alt[1]


def test_answer_brings_its_parameters(con: duckdb.DuckDBPyConnection) -> None:
    answer = SqlAnswer("SELECT ride_id FROM rides WHERE user_id = $rider_id", {"rider_id": 123})

    assert cost_of(answer, connection=con).rows_returned == count(con, "rides WHERE user_id = 123")


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        ("-- Write your query here.", "answer the exercise first"),
        ("SELECT 1; SELECT 2", "2 queries where one SELECT is expected"),
        ("DELETE FROM rides", "not a SELECT"),
        ("SELECT * FROM ridez", "no table ridez"),
        ("SELECT fair FROM rides", 'no column "fair"'),
        ("SELEC 1", "syntax"),
    ],
)
def test_what_cannot_be_costed_is_told(
    con: duckdb.DuckDBPyConnection, sql: str, wanted: str
) -> None:
    with pytest.raises(LabError, match=wanted):
        cost_of(sql, connection=con)


def references(module: str) -> list[tuple[str, str, dict[str, object]]]:
    folder = COURSE / "solutions" / module
    entries = tomllib.loads((folder / "exercises.toml").read_text(encoding="utf-8"))["exercise"]
    known = {e["id"]: e for e in entries if e["kind"] == "sql"}
    return [
        (cell.id, cells.solution(cell.source), (known[cell.id].get("parameters") or [{}])[0])
        for path in sources.notebooks(folder)
        for cell in format.read(path).cells
        if cell.id in known
    ]


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        pytest.param(sql, parameters, id=name, marks=[pytest.mark.weekly] if number % 3 else [])
        for module in ("04_sql_one", "06_sql_two")
        for number, (name, sql, parameters) in enumerate(references(module))
    ],
)
def test_every_reference_answer_has_a_cost(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, object]
) -> None:
    seen = cost_of(sql, parameters=parameters, connection=con)

    assert seen.rows_returned == len(con.execute(sql, parameters or None).fetchall())
    assert seen.rows_multiplied >= 1
    assert seen.rows_scanned == sum(seen.tables.values())
