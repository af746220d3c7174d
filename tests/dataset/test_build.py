"""The built database: its tables and views, what always holds in it, and that it is repeatable."""

import json
from pathlib import Path

import duckdb
import pytest

from ridealong.dataset import build, manifest
from ridealong.dataset.build import CORE_TABLES, STAGING_TABLES, TABLES, build_database

COURSE = Path(__file__).parents[2]
MANIFEST = COURSE / "data" / "manifest.json"
SEEDS = COURSE.parent / "shared" / "seeds"

BASIC_COLUMNS = {
    "users": ["user_id", "name", "email", "created_at"],
    "drivers": ["driver_id", "name", "license_number", "status", "rating"],
    "rides": [
        "ride_id",
        "user_id",
        "driver_id",
        "pickup_location",
        "dropoff_location",
        "status",
        "requested_at",
        "completed_at",
    ],
    "payments": ["payment_id", "ride_id", "amount", "method", "status", "processed_at"],
}

# The query of the course's founding document, word for word.
FOUNDING_QUERY = (
    "SELECT * FROM rides WHERE user_id = 123 AND status = 'completed' "
    "AND completed_at >= NOW() - INTERVAL '30 days' ORDER BY completed_at DESC;"
)

# Each query counts rows that must not exist.
NEVER = {
    "a repeated key of surge_snapshots": """
        SELECT count(*) - count(DISTINCT (city_id, snapshot_at)) FROM surge_snapshots""",
    "a repeated key of driver_pings": """
        SELECT count(*) - count(DISTINCT (driver_id, ping_at)) FROM driver_pings""",
    "a repeated key of ride_events": """
        SELECT count(*) - count(DISTINCT (ride_id, seq)) FROM ride_events""",
    "a repeated key of ratings": "SELECT count(*) - count(DISTINCT rating_id) FROM ratings",
    "a ride rated twice by one side": """
        SELECT count(*) - count(DISTINCT (ride_id, rated_by)) FROM ratings""",
    "a repeated key of jobs": "SELECT count(*) - count(DISTINCT job_id) FROM jobs",
    "a repeated key of api_requests": """
        SELECT count(*) - count(DISTINCT request_id) FROM api_requests""",
    "a repeated key of app_events": """
        SELECT count(*) - count(DISTINCT event_id) FROM app_events""",
    "two completed rides of one driver at a time": """
        SELECT count(*) FROM (
            SELECT requested_at, max(completed_at) OVER (
                PARTITION BY driver_id ORDER BY requested_at, ride_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
            FROM rides WHERE status = 'completed')
        WHERE busy_until > requested_at""",
    "a rider in two cars": """
        SELECT count(*) FROM (
            SELECT picked_up_at, max(completed_at) OVER (
                PARTITION BY user_id ORDER BY picked_up_at, ride_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
            FROM rides WHERE status = 'completed')
        WHERE busy_until > picked_up_at""",
    "a ride before its rider's account": """
        SELECT count(*) FROM rides JOIN users USING (user_id) WHERE requested_at < created_at""",
    "a ride after its rider's account was closed": """
        SELECT count(*) FROM rides JOIN users USING (user_id) WHERE requested_at >= deleted_at""",
    "a ride before its driver joined": """
        SELECT count(*) FROM rides JOIN drivers USING (driver_id) WHERE requested_at < joined_at""",
    "a ride of a driver from another city": """
        SELECT count(*) FROM rides AS r JOIN drivers AS d USING (driver_id)
        WHERE r.city_id <> d.city_id""",
    "a zone outside the ride's city": """
        SELECT count(*) FROM rides AS r
        JOIN zones AS p ON p.zone_code = r.pickup_location
        JOIN zones AS d ON d.zone_code = r.dropoff_location
        WHERE p.city_id <> r.city_id OR d.city_id <> r.city_id""",
    "times of a ride in the wrong order": """
        SELECT count(*) FROM rides
        WHERE picked_up_at <= requested_at OR completed_at <= picked_up_at
           OR cancelled_at < requested_at OR requested_at > as_of()
           OR completed_at > as_of() OR cancelled_at > as_of()""",
    "a completed ride with something missing": """
        SELECT count(*) FROM rides WHERE status = 'completed'
        AND (driver_id IS NULL OR picked_up_at IS NULL OR distance_mi IS NULL OR fare IS NULL
             OR driver_pay IS NULL)""",
    "a ride without end that has one": """
        SELECT count(*) FROM rides WHERE status <> 'completed'
        AND (completed_at IS NOT NULL OR distance_mi IS NOT NULL OR fare IS NOT NULL)""",
    "a cancelled ride without a canceller": """
        SELECT count(*) FROM rides WHERE (status = 'cancelled') <> (cancelled_by IS NOT NULL)""",
    "a driver's pay that is not 79 % of the fare": """
        SELECT count(*) FROM rides WHERE (driver_pay * 100)::BIGINT <> (fare * 100)::BIGINT * 79 // 100""",
    "a referral by somebody who came later": """
        SELECT count(*) FROM users WHERE referred_by >= user_id""",
    "events of a ride that do not end in its status": """
        SELECT count(*) FROM (
            SELECT ride_id, max_by(status, seq) AS status FROM ride_events GROUP BY ride_id) AS e
        FULL JOIN rides AS r USING (ride_id) WHERE e.status IS DISTINCT FROM r.status""",
    "a ride event out of order or recorded before it happened": """
        SELECT count(*) FROM (
            SELECT *, lag(occurred_at) OVER (PARTITION BY ride_id ORDER BY seq) AS earlier
            FROM ride_events)
        WHERE occurred_at < earlier OR recorded_at < occurred_at OR recorded_at > as_of()""",
    "a fare that is not the ride's fare less its discount": """
        SELECT count(*) FROM payments AS p JOIN rides AS r USING (ride_id)
        LEFT JOIN promo_redemptions AS o USING (ride_id)
        WHERE p.kind = 'fare' AND p.amount <> r.fare - coalesce(o.discount, 0)""",
    "a completed ride that nobody tried to charge": """
        SELECT count(*) FROM rides AS r WHERE status = 'completed'
        AND completed_at < as_of() - INTERVAL 1 MINUTE AND NOT EXISTS (
            SELECT * FROM payments AS p WHERE p.ride_id = r.ride_id AND p.kind = 'fare')""",
    "a refund without a refunded fare": """
        SELECT count(*) FROM payments AS p WHERE kind = 'refund' AND NOT EXISTS (
            SELECT * FROM payments AS f WHERE f.ride_id = p.ride_id AND f.kind = 'fare'
            AND f.status = 'refunded' AND f.amount = -p.amount)""",
    "a completed ride without its three jobs": """
        SELECT count(*) FROM rides AS r WHERE status = 'completed' AND 3 <> (
            SELECT count(*) FROM jobs AS j WHERE j.ride_id = r.ride_id)""",
    "a request to the API outside the last 28 days": """
        SELECT count(*) FROM api_requests
        WHERE occurred_at < as_of() - INTERVAL 28 DAY OR occurred_at > as_of()""",
    "a request for a ride by somebody without a payment method": """
        SELECT count(*) FROM app_events AS e WHERE event_name = 'first_request'
        AND occurred_at < as_of() - INTERVAL 3 DAY AND NOT EXISTS (
            SELECT * FROM app_events AS p WHERE p.user_id = e.user_id
            AND p.event_name = 'payment_added' AND p.occurred_at < e.occurred_at)""",
    "an event that has not arrived": """
        SELECT count(*) FROM app_events WHERE received_at > as_of() OR received_at < occurred_at""",
    "a rating after the end": "SELECT count(*) FROM ratings WHERE created_at > as_of()",
    "an address outside example.com": """
        SELECT count(*) FROM users WHERE lower(email) NOT LIKE '%@example.com'""",
}

FOREIGN_KEYS = (
    ("zones", "city_id", "cities", "city_id"),
    ("city_events", "city_id", "cities", "city_id"),
    ("city_events", "zone_code", "zones", "zone_code"),
    ("surge_snapshots", "city_id", "cities", "city_id"),
    ("driver_pings", "driver_id", "drivers", "driver_id"),
    ("driver_pings", "zone_code", "zones", "zone_code"),
    ("users", "home_city_id", "cities", "city_id"),
    ("users", "referred_by", "users", "user_id"),
    ("drivers", "city_id", "cities", "city_id"),
    ("rides", "user_id", "users", "user_id"),
    ("rides", "driver_id", "drivers", "driver_id"),
    ("rides", "pickup_location", "zones", "zone_code"),
    ("rides", "dropoff_location", "zones", "zone_code"),
    ("rides", "city_id", "cities", "city_id"),
    ("ride_events", "ride_id", "rides", "ride_id"),
    ("ratings", "ride_id", "rides", "ride_id"),
    ("payments", "ride_id", "rides", "ride_id"),
    ("promo_redemptions", "user_id", "users", "user_id"),
    ("promo_redemptions", "ride_id", "rides", "ride_id"),
    ("jobs", "ride_id", "rides", "ride_id"),
    ("api_requests", "user_id", "users", "user_id"),
    ("api_requests", "ride_id", "rides", "ride_id"),
    ("api_requests", "city_id", "cities", "city_id"),
    ("incidents", "city_id", "cities", "city_id"),
    ("support_tickets", "user_id", "users", "user_id"),
    ("support_tickets", "ride_id", "rides", "ride_id"),
    ("app_events", "user_id", "users", "user_id"),
    ("experiment_assignments", "user_id", "users", "user_id"),
)


def one(con: duckdb.DuckDBPyConnection, query: str) -> object:
    """Return the single value of a query."""
    return con.execute(query).fetchall()[0][0]


# ------------------------------------------------------------------------------- structure


def test_main_holds_the_eighteen_tables(small):
    rows = small.con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' AND NOT temporary"
    ).fetchall()
    assert {name for (name,) in rows} == set(TABLES)
    assert len(TABLES) == 18


def test_staging_holds_the_exports(small):
    rows = small.con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'staging'"
    ).fetchall()
    assert {name for (name,) in rows} == set(STAGING_TABLES)


@pytest.mark.parametrize("view", BASIC_COLUMNS)
def test_basic_views_have_the_founding_documents_columns(small, view):
    rows = small.con.execute(f"DESCRIBE basic.{view}").fetchall()
    assert [row[0] for row in rows] == BASIC_COLUMNS[view]


def test_schema_file_is_what_the_builder_runs():
    written = (COURSE / "data" / "schema.sql").read_text(encoding="utf-8")
    assert written == build.schema_sql(), "write data/schema.sql again from build.schema_sql()"


def test_every_table_has_rows(small):
    empty = [name for name, rows in small.report.row_counts.items() if rows == 0]
    assert empty == []


def test_no_column_is_floating_point(small):
    rows = small.con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE schema_name IN ('main', 'staging') AND data_type IN ('FLOAT', 'DOUBLE')"
    ).fetchall()
    assert rows == []


def test_rows_are_stored_in_the_order_of_their_id(standard):
    keys = {
        "users": "user_id",
        "rides": "ride_id",
        "payments": "payment_id",
        "jobs": "job_id",
        "ride_events": "ride_id * 8 + seq",
        "api_requests": "request_id",
    }
    for table, key in keys.items():
        misplaced = one(
            standard.con,
            f"SELECT count(*) FROM (SELECT {key} AS id, lag({key}) OVER (ORDER BY rowid) AS earlier"
            f" FROM {table}) WHERE id <= earlier",
        )
        assert misplaced == 0, table


def test_generator_leaves_nothing_of_its_own_behind(small):
    macros = small.con.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() "
        "WHERE function_type = 'macro' AND NOT internal"
    ).fetchall()
    assert {name for (name,) in macros} == {"as_of", "now"}


def test_build_table_says_what_was_built(small):
    row = small.con.execute("SELECT generator_version, scale, seed FROM meta.build").fetchone()
    assert row is not None
    assert (row[0], float(row[1]), row[2]) == (build.GENERATOR_VERSION, 0.1, 42)


# ---------------------------------------------------------------------------------- content


@pytest.mark.parametrize("what", NEVER)
def test_never(standard, what):
    assert one(standard.con, NEVER[what]) == 0


@pytest.mark.parametrize(("table", "column", "other", "key"), FOREIGN_KEYS)
def test_reference_points_to_a_row(standard, table, column, other, key):
    orphans = one(
        standard.con,
        f"SELECT count(*) FROM {table} AS t LEFT JOIN {other} AS o ON o.{key} = t.{column} "
        f"WHERE t.{column} IS NOT NULL AND o.{key} IS NULL",
    )
    assert orphans == 0


def test_scale_one_has_ten_thousand_users_and_about_ninety_thousand_rides(standard):
    assert standard.report.row_counts["users"] == 10_000
    assert 75_000 <= standard.report.row_counts["rides"] <= 120_000
    assert standard.report.row_counts["surge_snapshots"] == 104_832
    assert standard.report.row_counts["zones"] == 72


def test_clock_stands_still(small):
    assert one(small.con, "SELECT as_of() = TIMESTAMP '2026-03-30 00:00:00' AND now() = as_of()")


def test_clock_works_after_attaching_read_only(small):
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{small.path.as_posix()}' AS ridealong (READ_ONLY)")
        con.execute("USE ridealong")
        assert one(con, "SELECT now() = TIMESTAMP '2026-03-30 00:00:00'")
        assert one(con, "SELECT count(*) FROM basic.users") == 1_000


@pytest.mark.parametrize("schema", ["main", "basic"])
def test_founding_query_runs_word_for_word(standard, schema):
    con = standard.con.cursor()
    con.execute(f"SET schema = '{schema}'")
    rows = con.execute(FOUNDING_QUERY).fetchall()
    assert len(rows) >= 6


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"the founding documents are not at {SEEDS}")
def test_founding_query_is_the_documents(standard):
    (document,) = SEEDS.glob("003_*.txt")
    text = " ".join(document.read_text(encoding="utf-8").split())
    assert FOUNDING_QUERY in text


def test_rider_123_is_as_promised(standard):
    con = standard.con
    recent = "user_id = 123 AND requested_at >= TIMESTAMP '2026-02-15 00:00:00'"
    in_window = f"{recent} AND completed_at >= as_of() - INTERVAL 30 DAY"
    assert one(con, f"SELECT count(*) FROM rides WHERE {in_window}") == 8
    assert one(con, f"SELECT count(*) FROM rides WHERE {recent} AND status = 'cancelled'") == 2
    boundary = "completed_at = TIMESTAMP '2026-02-28 00:00:00'"
    assert one(con, f"SELECT count(*) FROM rides WHERE {recent} AND {boundary}") == 1
    straddling = (
        "requested_at < TIMESTAMP '2026-02-28 00:00:00' "
        "AND completed_at > TIMESTAMP '2026-02-28 00:00:00'"
    )
    assert one(con, f"SELECT count(*) FROM rides WHERE {recent} AND {straddling}") == 1


def test_comments_suit_a_lesson_on_patterns(standard):
    for pattern in ("%''%", r"%\%%' ESCAPE '\ "[:-1], r"%\_%' ESCAPE '\ "[:-1]):
        found = one(standard.con, f"SELECT count(*) FROM ratings WHERE comment LIKE '{pattern}'")
        assert found > 0, pattern
    spellings = one(
        standard.con,
        "SELECT count(DISTINCT comment) FROM ratings WHERE comment ILIKE '%on time%'",
    )
    assert spellings >= 3


def test_lessons_on_unknown_values_and_ties_have_material(standard):
    con = standard.con
    assert 150 <= one(con, "SELECT count(*) FROM users WHERE home_city_id IS NULL") <= 260
    assert one(con, "SELECT count(*) FROM users WHERE signup_channel IS NULL") > 100
    assert one(con, "SELECT count(*) FROM drivers WHERE status = 'suspended'") > 10
    open_rides = "status IN ('requested', 'accepted', 'in_progress')"
    assert 20 <= one(con, f"SELECT count(*) FROM rides WHERE {open_rides}") <= 45
    for column in ("fare", "distance_mi", "completed_at"):
        ties = one(con, f"SELECT count({column}) - count(DISTINCT {column}) FROM rides")
        assert ties > 0, column


# ------------------------------------------------------------------------------ time zones


def test_local_hours_follow_the_weights_in_every_zone(standard):
    """At four in the morning a city sleeps, at eight in the evening it does not."""
    rows = standard.con.execute(
        "SELECT city_id, count(*) FILTER (WHERE hour(t) = 3) / count(*) FILTER (WHERE hour(t) = 18)"
        " FROM (SELECT city_id, requested_at AT TIME ZONE 'UTC' AT TIME ZONE timezone AS t"
        " FROM rides JOIN cities USING (city_id)) GROUP BY city_id"
    ).fetchall()
    assert len(rows) == 6
    assert all(ratio < 0.35 for _, ratio in rows)


def test_offsets_agree_with_the_time_zone_database(standard):
    """The generator's winter offset and its two clock changes, hour by hour, in every city."""
    con = standard.con.cursor()
    con.execute("SET TimeZone = 'UTC'")
    for file in ("03_arithmetic.sql",):
        for statement in con.extract_statements(build.sql_text(file)):
            con.execute(statement)
    mapping = build.sql_text("05_map.sql")
    for start in (
        "SET VARIABLE dst_ends_s",
        "SET VARIABLE dst_begins_s",
        "CREATE TEMP MACRO to_utc",
    ):
        con.execute(mapping[mapping.index(start) :].split(";")[0])
    clock = mapping[mapping.index("CREATE TEMP TABLE city_clock") :].split(";")[0]
    con.execute(clock)
    wrong = con.execute(
        """
        SELECT count(*)
        FROM cities AS c JOIN city_clock USING (city_id), range(26 * 168) AS hours (n)
        WHERE at_second(n * 3600)
              <> at_second(to_utc(n * 3600, behind_utc_s, observes_dst, false)) AT TIME ZONE 'UTC'
                 AT TIME ZONE c.timezone
          -- the hour that does not exist
          AND NOT (observes_dst AND n = 160 * 24 + 2)
        """
    ).fetchall()
    assert wrong == [(0,)]
    second_time = con.execute(
        """
        SELECT count(*)
        FROM cities AS c JOIN city_clock USING (city_id)
        WHERE observes_dst
          AND at_second(to_utc(2941200, behind_utc_s, observes_dst, true)) AT TIME ZONE 'UTC'
              AT TIME ZONE c.timezone = TIMESTAMP '2025-11-02 01:00:00'
          AND to_utc(2941200, behind_utc_s, observes_dst, true)
              = to_utc(2941200, behind_utc_s, observes_dst, false) + 3600
        """
    ).fetchall()
    assert second_time == [(5,)]


def test_repeated_hour_is_filled_both_times(standard):
    rows = standard.con.execute(
        "SELECT date_trunc('hour', requested_at), count(*) FROM rides WHERE city_id IN (1, 2) "
        "AND requested_at >= TIMESTAMP '2025-11-02 05:00:00' "
        "AND requested_at < TIMESTAMP '2025-11-02 07:00:00' GROUP BY ALL"
    ).fetchall()
    assert len(rows) == 2
    counts = sorted(count for _, count in rows)
    assert counts[0] * 4 > counts[1]


# ------------------------------------------------------------------------------ repeatable


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("database", ["small", pytest.param("standard", marks=pytest.mark.weekly)])
def test_checksums_do_not_depend_on_threads(request, tmp_path, database, threads):
    built = request.getfixturevalue(database)
    scale = {"small": 0.1, "standard": 1}[database]
    again = build_database(
        tmp_path / "again.duckdb", scale=scale, seed=42, threads=threads, checksums=True
    )
    assert again.checksums == built.report.checksums
    assert again.row_counts == built.report.row_counts


@pytest.mark.parametrize(("database", "scale"), [("small", "0.1"), ("standard", "1")])
def test_manifest_says_what_is_built(request, database, scale):
    promised = json.loads(MANIFEST.read_text(encoding="utf-8"))
    report = request.getfixturevalue(database).report
    assert promised["generator_version"] == build.GENERATOR_VERSION
    assert promised["seed"] == manifest.SEED
    assert promised["scales"][scale] == {
        name: {"rows": rows, "checksum": report.checksums[name]}
        for name, rows in report.row_counts.items()
    }


def test_manifest_check_names_what_differs(small, tmp_path):
    path = tmp_path / "manifest.json"
    wrong = {
        "generator_version": build.GENERATOR_VERSION,
        "seed": 42,
        "scales": {
            "0.1": {
                name: {"rows": rows, "checksum": small.report.checksums[name]}
                for name, rows in small.report.row_counts.items()
            }
        },
    }
    wrong["scales"]["0.1"]["rides"]["rows"] += 1
    path.write_text(json.dumps(wrong), encoding="utf-8")
    differences = manifest.check(path, [0.1])
    assert len(differences) == 1
    assert "rides" in differences[0]


def test_other_seed_gives_other_data(small, tmp_path):
    fixed = {"cities", "zones"}
    other = build_database(tmp_path / "other.duckdb", scale=0.1, seed=43, checksums=True)
    for name, checksum in other.checksums.items():
        assert (checksum == small.report.checksums[name]) == (name in fixed), name


def test_core_build_makes_the_same_core_tables(small, tmp_path):
    path = tmp_path / "core.duckdb"
    core = build_database(path, scale=0.1, tables="core", checksums=True)
    assert set(core.row_counts) == set(CORE_TABLES)
    # the full build also plants stale copies of ratings into drivers
    for name in ("users", "rides", "payments"):
        assert core.checksums[name] == small.report.checksums[name]


# -------------------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 0.01}, "scale is 0.01"),
        ({"scale": 5000}, "scale is 5000"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**32}, "seed is 4294967296"),
    ],
)
def test_impossible_sizes_are_refused(tmp_path, arguments, message):
    path = tmp_path / "never.duckdb"
    with pytest.raises(ValueError, match=message):
        build_database(path, **arguments)
    assert not path.exists()


def test_existing_file_is_never_overwritten(tmp_path):
    path = tmp_path / "kept.duckdb"
    path.write_bytes(b"somebody's work")
    with pytest.raises(FileExistsError, match="build into a new file"):
        build_database(path, scale=0.1)
    assert path.read_bytes() == b"somebody's work"


def test_progress_counts_up_to_the_total(tmp_path):
    seen: list[tuple[int, int, str]] = []

    def record(done: int, total: int, what: str) -> None:
        seen.append((done, total, what))

    build_database(tmp_path / "watched.duckdb", scale=0.1, tables="core", progress=record)
    totals = {total for _, total, _ in seen}
    assert len(totals) == 1
    assert [done for done, _, _ in seen] == list(range(totals.pop() + 1))
    assert all(what for _, _, what in seen)
