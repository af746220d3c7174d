import duckdb
import pytest

from ridealong.labs.sql import (
    LabError,
    bars,
    clause_steps,
    glued_or_bound,
    histogram,
    join_view,
    order_view,
    plan,
    range_view,
    row_by_row,
)

Connection = duckdb.DuckDBPyConnection


def test_row_by_row_shows_each_outcome_and_counts_all_rows(con: Connection) -> None:
    view = row_by_row("rating > 4.5", table="drivers", columns=["name"], connection=con)

    outcomes = dict(zip(view.table["name"], view.table["rating > 4.5"], strict=True))
    assert outcomes == {"Mara": "TRUE", "Noor": "NULL", "Otto": "FALSE"}
    assert list(view.table["row is"]) == ["kept", "dropped", "dropped"]
    assert "TRUE 1, FALSE 1, NULL 1" in view.summary


def test_row_by_row_gives_each_part_of_a_condition_its_own_column(con: Connection) -> None:
    view = row_by_row("rating > 4.5 AND status = 'active'", table="drivers", connection=con)

    assert {"rating > 4.5", "status = 'active'"} <= set(view.table.columns)


def test_row_by_row_names_the_nearest_column(con: Connection) -> None:
    with pytest.raises(LabError, match="rating"):
        row_by_row("ratings > 4.5", table="drivers", connection=con)


@pytest.mark.parametrize("condition", ["rating > 4.5; DROP TABLE drivers", "1 = 1 GROUP BY name"])
def test_row_by_row_takes_nothing_but_one_condition(con: Connection, condition: str) -> None:
    with pytest.raises(LabError):
        row_by_row(condition, table="drivers", connection=con)
    assert con.sql("SELECT count(*) FROM drivers").fetchall() == [(3,)]


def test_clause_steps_counts_the_rows_after_each_clause(con: Connection) -> None:
    view = clause_steps(
        "SELECT ride_id, count(*) AS n FROM payments WHERE amount > 2 GROUP BY ride_id "
        "HAVING count(*) > 1 ORDER BY n LIMIT 5",
        connection=con,
    )

    assert list(zip(view.table["clause"], view.table["rows left"], strict=True)) == [
        ("FROM", 5),
        ("WHERE", 4),
        ("GROUP BY", 3),
        ("HAVING", 1),
        ("SELECT", 1),
        ("ORDER BY", 1),
        ("LIMIT", 1),
    ]


def test_clause_steps_writes_an_interval_as_people_do(con: Connection) -> None:
    view = clause_steps(
        "SELECT ride_id FROM rides WHERE requested_at >= TIMESTAMP '2026-03-01' - INTERVAL 30 DAY",
        connection=con,
    )

    assert "INTERVAL 30 DAY" in view.table["what it does"][1]


def test_clause_steps_refuses_what_is_no_select(con: Connection) -> None:
    with pytest.raises(LabError, match="SELECT"):
        clause_steps("DELETE FROM rides", connection=con)
    assert con.sql("SELECT count(*) FROM rides").fetchall() == [(4,)]


def test_order_view_finds_the_tie_and_the_missing_key(con: Connection) -> None:
    view = order_view("SELECT ride_id, amount FROM payments ORDER BY amount DESC", connection=con)
    total = order_view(
        "SELECT payment_id, amount FROM payments ORDER BY amount DESC, payment_id", connection=con
    )

    assert "2 of 5 rows are tied" in view.summary
    assert "tied" not in total.summary


def test_range_view_counts_what_each_reading_holds(con: Connection) -> None:
    view = range_view(
        "SELECT requested_at FROM rides",
        {
            "between": "requested_at BETWEEN '2026-01-01' AND '2026-01-31'",
            "half-open": "requested_at >= '2026-01-01' AND requested_at < '2026-02-01'",
        },
        connection=con,
    )

    assert list(view.table["events inside"]) == [2, 3]
    assert list(view.table["only in this range"]) == [0, 1]
    assert view.table["to"][0] == "including 2026-01-31 00:00:00"
    assert view.table["to"][1] == "before 2026-02-01 00:00:00"


@pytest.mark.parametrize(
    ("events", "condition", "words"),
    [
        ("SELECT ride_id FROM rides", "ride_id > 1", "TIMESTAMP"),
        ("SELECT requested_at, ride_id FROM rides", "requested_at > '2026-01-01'", "2 columns"),
        ("SELECT requested_at FROM rides", "requested_at IS NOT NULL", "one stretch of time"),
        ("SELECT requested_at FROM rides WHERE false", "requested_at > '2026-01-01'", "no moment"),
    ],
)
def test_range_view_says_what_it_needs(
    con: Connection, events: str, condition: str, words: str
) -> None:
    with pytest.raises(LabError, match=words):
        range_view(events, {"range": condition}, connection=con)


def test_plan_counts_the_rows_of_each_step(con: Connection) -> None:
    view = plan(
        "SELECT r.ride_id, p.amount FROM rides AS r JOIN payments AS p USING (ride_id) "
        "WHERE r.status = 'completed'",
        connection=con,
    )

    rows = {what: (rows_in, rows_out) for what, rows_in, rows_out in zip(
        view.table["what"], view.table["rows in"], view.table["rows out"], strict=True)}  # fmt: skip
    assert rows["read rides"] == (4, 3)
    assert rows["read payments"] == (5, 5)
    assert rows["join"] == (8, 5)
    assert "5 rows come out" in view.summary


def test_plan_is_the_same_on_every_run_and_leaves_settings_alone(con: Connection) -> None:
    con.execute("SET disabled_optimizers = 'top_n'")
    query = "SELECT status, count(*) FROM rides GROUP BY status ORDER BY status LIMIT 1"

    shown = {str(plan(query, connection=con)) for _ in range(5)}

    assert len(shown) == 1
    assert con.sql("SELECT current_setting('disabled_optimizers')").fetchall() == [("top_n",)]


def test_join_view_keeps_or_drops_the_row_without_a_partner(con: Connection) -> None:
    left = "SELECT ride_id, driver_id FROM rides ORDER BY ride_id"
    right = "SELECT driver_id, name FROM drivers ORDER BY driver_id"

    inner = join_view(left, right, on="driver_id", connection=con)
    outer = join_view(left, right, on="driver_id", how="left", connection=con)

    assert sum(inner.table["rows in the result"]) == 3
    assert sum(outer.table["rows in the result"]) == 4
    assert "right rows without a match: 1" in inner.summary


def test_join_view_shows_how_rows_multiply(con: Connection) -> None:
    view = join_view(
        "SELECT ride_id FROM rides ORDER BY ride_id", "FROM payments", on="ride_id", connection=con
    )

    assert list(view.table["rows in the result"]) == [2, 1, 2, 0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"on": "driver"}, "driver_id"),
        ({"on": "driver_id", "how": "outer"}, "'inner' and 'left'"),
    ],
)
def test_join_view_names_the_mistake(
    con: Connection, arguments: dict[str, str], words: str
) -> None:
    with pytest.raises(LabError, match=words):
        join_view("FROM rides", "FROM drivers", connection=con, **arguments)


def test_glued_text_opens_every_row_and_bound_text_does_not(con: Connection) -> None:
    view = glued_or_bound(
        "SELECT ride_id FROM rides WHERE driver_id = ", "1 OR true", connection=con
    )

    assert view.table["result"][0] == "4 rows"
    assert view.table["result"][1].startswith("refused")


def test_glued_text_cannot_change_anything(con: Connection) -> None:
    view = glued_or_bound(
        "SELECT * FROM rides WHERE ride_id = ", "1; DROP TABLE rides", connection=con
    )

    assert view.table["result"][0].startswith("refused")
    assert con.sql("SELECT count(*) FROM rides").fetchall() == [(4,)]


def test_charts_describe_themselves(con: Connection) -> None:
    bar = bars(
        "SELECT name, driver_id FROM drivers ORDER BY 2", x="name", y="driver_id", title="Numbers",
        connection=con,
    )  # fmt: skip
    waits = histogram("SELECT amount FROM payments", x="amount", title="Amounts", unit="dollars",
                      connection=con)  # fmt: skip

    assert bar.alt == "Bar chart, Numbers: Mara 1, Noor 2, Otto 3."
    assert "median 9" in waits.alt
    assert waits.png.startswith(b"\x89PNG")


def test_charts_refuse_what_cannot_be_drawn(con: Connection) -> None:
    with pytest.raises(LabError, match="numbers are needed"):
        bars("SELECT name, status FROM drivers", x="name", y="status", title="x", connection=con)
    with pytest.raises(LabError, match="no rows"):
        histogram("SELECT amount FROM payments WHERE false", x="amount", title="x", connection=con)


def test_views_show_tables_without_an_empty_heading_and_pictures_with_words(
    con: Connection,
) -> None:
    view = clause_steps("SELECT * FROM rides LIMIT 2", connection=con)
    bundle = view._repr_mimebundle_()

    assert "<th></th>" not in bundle["text/html"]
    assert 'alt="Bars of the rows left' in bundle["text/html"]
    assert bundle["text/plain"].startswith("What is left after each clause")
