import pytest

from ridealong.engine import fingerprint as fingerprints_of
from ridealong.engine import result
from ridealong.engine.fingerprint import same_rows
from ridealong.engine.locked import Engine
from ridealong.engine.statement import QueryFailed, QueryRefused, QueryStopped
from ridealong.engine.tables import Table
from ridealong.judging.sql.query import (
    VARIANTS,
    database,
    fingerprint,
    fingerprints,
    log_of,
    parameter_sets,
    tables_of,
)


@pytest.fixture(scope="module")
def engine():
    engine = Engine(limit_seconds=3)  # far above what an honest query here takes
    yield engine
    engine.close()


def test_the_four_data_sets_differ(databases):
    found = fingerprints("SELECT count(*) AS rides, as_of() AS now FROM rides")

    assert list(found) == list(VARIANTS)
    assert len({each[0].digest for each in found.values()}) == len(VARIANTS)


def test_the_clock_is_moved_to_another_time_of_day_under_all_its_names(databases):
    shifted = fingerprint(
        "SELECT as_of() AS a, now() AS b, main.as_of() AS c FROM range(1)", "shifted"
    )
    by_hand = fingerprint(
        "SELECT TIMESTAMP '2026-02-12 16:30' AS a, TIMESTAMP '2026-02-12 16:30' AS b, "
        "TIMESTAMP '2026-02-12 16:30' AS c",
        "hidden",
    )

    assert same_rows(shifted, by_hand)


def test_the_first_parameters_are_public_and_all_are_hidden():
    sets = [{"rider_id": 1}, {"rider_id": 2}]

    assert parameter_sets("public", sets) == sets[:1]
    assert parameter_sets("hidden", sets) == sets
    assert parameter_sets("edge", []) == [{}]


def test_an_unknown_data_set_is_an_error():
    with pytest.raises(ValueError, match="there are: public, hidden, edge, shifted"):
        database("secret")


def test_an_error_of_the_query_is_a_result():
    assert fingerprint("SELECT nothing FROM rides", "edge").error.startswith("Binder Error")


def test_rows_of_an_exercise_are_there_for_its_query_on_the_edge_set_only(databases, engine):
    query = "SELECT count(*) AS cities FROM cities"
    cases = """
        INSERT INTO cities (city_id, name, region, timezone, launched_on, base_fare, per_mile, per_minute, min_fare)
        VALUES (7, 'Elmstead', 'East', 'America/New_York', '2024-01-01', 2, 2, 2, 2);
        DELETE FROM ratings"""

    found, plain = fingerprints(query, cases=cases), fingerprints(query)

    assert {name for name in VARIANTS if found[name] != plain[name]} == {"edge"}
    assert same_rows(engine.run(query, None, cases=cases), engine.run("SELECT 7 AS cities", None))
    assert same_rows(engine.run(query, None), plain["edge"][0])
    kept = engine.run("SELECT count(*) > 0 AS rated FROM ratings", None)
    assert same_rows(kept, engine.run("SELECT true AS rated", None))


def test_a_unit_of_time_as_a_name_needs_its_as():
    error = fingerprint("SELECT date_trunc('week', completed_at) week FROM rides", "edge").error

    assert "as the name of a column week needs AS before it" in error


def test_many_rows_and_few_rows_are_equal_by_the_same_rules(monkeypatch, engine):
    query = """
        SELECT range AS n, (range % 7)::DECIMAL(10, 2) AS amount, range / 3.0 AS third,
               'city ' || range % 5 AS city, nullif(range % 4, 0) AS quarter,
               DATE '2026-01-01' + (range % 90)::INT AS day, range % 2 = 0 AS even,
               INTERVAL (range) DAY AS span
        FROM range(1500) ORDER BY amount DESC, n"""
    equal = query.replace("::DECIMAL(10, 2)", "::DOUBLE").replace(
        "AS day", "+ INTERVAL 0 HOUR AS day"
    )
    unequal = {
        "amount": query.replace("(range % 7)", "((range + (range = 700)::INT) % 7)"),
        "third": query.replace("range / 3.0", "(range + (range = 700)::INT) / 3.0"),
        "city": query.replace("range % 5", "(range + (range = 700)::INT) % 5"),
        "quarter": query.replace("nullif(range % 4, 0)", "range % 4"),
        "day": query.replace("(range % 90)", "((range + (range = 700)::INT) % 90)"),
        "even": query.replace("range % 2 = 0", "range % 2 = 0 OR range = 701"),
        "span": query.replace("INTERVAL (range)", "INTERVAL (range + (range = 700)::INT)"),
    }
    order = ["amount DESC", "n"]
    for few_rows in (2_000, 1_000):
        for module in (fingerprints_of, result):
            monkeypatch.setattr(module, "FEW_ROWS", few_rows)
        wanted = engine.run(query, None, order=order)

        seen = engine.run(equal, None, order=order, like=wanted)
        assert same_rows(seen, wanted)
        assert seen.digest == wanted.digest
        assert seen.sequence == wanted.sequence != ""

        backwards = engine.run(query.replace("DESC, n", "DESC, n DESC"), None, order=order)
        assert same_rows(backwards, wanted)
        assert backwards.sequence != wanted.sequence

        for name, text in unequal.items():
            seen = engine.run(text, None, order=order, like=wanted)
            assert not same_rows(seen, wanted), (few_rows, name)
            differ = [
                column.name
                for column, want in zip(seen.columns, wanted.columns, strict=True)
                if column.checksum != want.checksum or column.nulls != want.nulls
            ]
            assert differ == [name]


def test_numbers_that_do_not_fit_are_told_apart_from_null_in_few_rows_and_in_many(
    monkeypatch, engine
):
    query = "SELECT range + 1 AS n, nullif(range % 4, 0) AS part FROM range(1500)"
    for few_rows in (2_000, 1_000):
        for module in (fingerprints_of, result):
            monkeypatch.setattr(module, "FEW_ROWS", few_rows)
        wanted = engine.run(query, None)
        seen = engine.run(query.replace("range % 4", "range % 4 / 2"), None, like=wanted)

        assert [column.misfit for column in seen.columns] == ["", "0.5"]
        assert [column.nulls for column in seen.columns] == [0, 375]
        assert not same_rows(seen, wanted)


def test_swapped_floats_are_seen_among_many_rows(engine):
    wanted = engine.run("SELECT range AS n, sqrt(range) AS x FROM range(5000)", None)
    swapped = engine.run(
        "SELECT range AS n, sqrt(CASE range WHEN 70 THEN 71 WHEN 71 THEN 70 ELSE range END) AS x "
        "FROM range(5000)",
        None,
        like=wanted,
    )

    assert not same_rows(swapped, wanted)


def test_columns_are_matched_by_name_in_any_order_and_case(engine):
    wanted = engine.run("SELECT 1 AS rides, 'x' AS city", None)

    seen = engine.run("SELECT 'x' AS CITY, 1 AS Rides", None, like=wanted)

    assert same_rows(seen, wanted)
    assert seen.digest == wanted.digest


def test_an_answer_cannot_change_the_data_of_the_next_one(engine):
    count = "SELECT count(*) AS n FROM cities"
    before = engine.run(count, None)

    inserted = "WITH x AS (INSERT INTO cities SELECT 99, 'Atlantis', * EXCLUDE (city_id, name) "
    inserted += "FROM cities LIMIT 1 RETURNING *) SELECT count(*) AS n FROM x"
    engine.run(inserted, None)

    assert same_rows(engine.run(count, None), before)


def test_a_broken_or_stopped_query_leaves_the_engine_working(engine):
    for text, error in [
        (
            "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range*b.range%7=3",
            QueryStopped,
        ),
        ("SELECT list(range) FROM range(1000000000)", QueryStopped),
        ("SELECT error('mine')", QueryFailed),
        ("SELECT 1; SELECT 2", QueryRefused),
    ]:
        with pytest.raises(error):
            engine.run(text, None)

        assert engine.run("SELECT 1 AS a", None).rows == 1


@pytest.mark.parametrize("shifted", [False, True])
def test_every_connection_is_locked(engine, shifted):
    settings = engine.run(
        "SELECT name, value FROM duckdb_settings() WHERE name IN ('enable_external_access', "
        "'lock_configuration', 'python_enable_replacements', 'temp_directory', 'TimeZone')",
        None,
        shifted=shifted,
    )
    wanted = engine.run(
        "VALUES ('enable_external_access', 'false'), ('lock_configuration', 'true'), "
        "('python_enable_replacements', 'false'), ('temp_directory', ''), ('TimeZone', 'UTC')",
        None,
    )

    assert settings.hashes == wanted.hashes


def test_too_many_columns_are_refused(engine):
    with pytest.raises(QueryRefused, match="201 columns, 200 is the most"):
        engine.run("SELECT " + ", ".join(map(str, range(201))), None)


POLICY = {"key": "{city}", "ttl_seconds": 5, "never_shared": ["offer"]}
LOOKS = "SELECT count(*) AS looks FROM replay_log"


def test_a_query_finds_the_log_of_another_evening_on_the_hidden_data(databases):
    found = fingerprints(LOOKS, policy=POLICY)

    assert found["public"][0].digest != found["hidden"][0].digest
    assert found["hidden"][0].digest == found["shifted"][0].digest
    again = fingerprint(LOOKS, "hidden", policy=POLICY, hidden_seed=11)
    assert again.digest != found["hidden"][0].digest


def test_the_log_of_the_edge_set_holds_what_the_exercise_adds():
    one = "INSERT INTO replay_log VALUES (3.0, 1, 'HBV-DTN', true, 1, 0, 3.0, 1.0)"
    asked = "SELECT stale_seconds FROM replay_log"

    filled = fingerprint(asked, "edge", policy=POLICY, cases=one)
    assert same_rows(filled, fingerprint("SELECT 3.0::DOUBLE AS stale_seconds", "edge"))
    assert fingerprint(asked, "edge", policy=POLICY).rows == 0


def test_without_a_policy_there_is_no_log(engine):
    assert log_of("public", {}) is None and tables_of(None) == {}
    assert "replay_log does not exist" in fingerprint(LOOKS, "edge").error


def test_a_table_is_there_for_one_query_alone(engine):
    tables = {"guests": Table({"guest_id": "INTEGER"}, [(1,), (2,)])}
    asked = "SELECT count(*) AS n FROM guests JOIN cities ON city_id = guest_id"

    assert engine.run(asked, None, tables=tables).rows == 1
    with pytest.raises(QueryFailed, match="guests does not exist"):
        engine.run(asked, None)
    with pytest.raises(QueryFailed, match="the nearest column is guests.guest_id"):
        engine.run("SELECT gust_id FROM guests", None, tables=tables)
    assert engine.run(asked, None, tables=tables).rows == 1, "it can be put there again"
