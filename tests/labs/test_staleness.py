from typing import Any

import duckdb
import pytest
from matplotlib.figure import Figure

from ridealong.dataset import connection
from ridealong.labs.sql.database import LabError
from ridealong.labs.staleness import KEPT, how_wrong, surge_told
from ridealong.show import pictures

_TABLES = """
CREATE TABLE driver_pings AS SELECT * FROM (VALUES
    (1, TIMESTAMP '2026-01-01 00:00:00', 'A', 'available'),
    (1, TIMESTAMP '2026-01-01 00:01:00', 'A', 'available'),
    (1, TIMESTAMP '2026-01-01 00:02:00', 'A', 'on_trip'),
    (1, TIMESTAMP '2026-01-01 00:03:00', 'A', 'on_trip'),
    (1, TIMESTAMP '2026-01-01 00:04:00', 'A', 'available'),
    (2, TIMESTAMP '2026-01-01 00:00:00', 'A', 'available'),
    (2, TIMESTAMP '2026-01-01 00:01:00', 'A', 'available'),
    (2, TIMESTAMP '2026-01-01 00:02:00', 'A', 'available'),
    (2, TIMESTAMP '2026-01-01 00:03:00', 'A', 'available'),
    (2, TIMESTAMP '2026-01-01 00:04:00', 'A', 'available'))
    AS t(driver_id, ping_at, zone_code, state);
CREATE TABLE surge_snapshots AS
SELECT 1 AS city_id, TIMESTAMP '2026-01-01' + to_seconds(900 * n) AS snapshot_at,
       (1 + n % 2)::DECIMAL(3, 2) AS multiplier
FROM range(96) AS quarters (n);
CREATE TABLE rides AS SELECT * FROM (VALUES
    (10, 1, 7, TIMESTAMP '2026-01-01 00:15:30', 20.00),
    (11, 1, 7, TIMESTAMP '2026-01-01 00:20:00', 20.00))
    AS t(ride_id, city_id, driver_id, requested_at, quoted_fare);
CREATE TABLE ratings AS SELECT * FROM (VALUES
    (10, 'user', 5, TIMESTAMP '2025-12-31 00:00:00'),
    (10, 'driver', 1, TIMESTAMP '2025-12-31 00:00:01'),
    (11, 'user', 1, TIMESTAMP '2026-01-01 00:16:00'))
    AS t(ride_id, rated_by, stars, created_at);
"""
_RIDE_EACH_MINUTE = """
CREATE OR REPLACE TABLE rides AS
SELECT n AS ride_id, 1 AS city_id, 7 AS driver_id,
       TIMESTAMP '2026-01-01 00:00:20' + to_seconds(60 * n) AS requested_at, 20.00 AS quoted_fare
FROM range(1440) AS minutes (n)
"""


@pytest.fixture
def con(monkeypatch: pytest.MonkeyPatch) -> duckdb.DuckDBPyConnection:
    """Five minutes of two drivers in one zone, two rides, a price that jumps each quarter hour."""
    con = duckdb.connect()
    con.execute(_TABLES)
    monkeypatch.setattr(connection, "_current", con)
    return con


def _wrong(ages: list[int]) -> dict[str, list[str]]:
    return {str(row[0]): [str(cell) for cell in row[1:]] for row in how_wrong(ages).table.values}


@pytest.mark.usefixtures("con")
def test_share_that_is_wrong_is_counted_by_age() -> None:
    assert _wrong([60, 300, 360]) == {
        # Minutes 2 and 4 of four differ from the one before; one driver is always there.
        "free cars of a zone, the number": ["500.0", "-", "-"],
        "free cars of a zone, any or none": ["0.0", "-", "-"],
        # The ride 30 s after the change, then also the one exactly five minutes after it.
        "surge multiplier": ["500.0", "500.0", "1,000.0"],
        # Five stars until 00:16, a mean of three from then on: only the second ride comes later.
        "driver rating, two decimals": ["0.0", "500.0", "500.0"],
        "driver rating, one decimal": ["0.0", "500.0", "500.0"],
    }


def test_lines_of_the_picture_go_from_young_to_old(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    con.execute(_RIDE_EACH_MINUTE)
    drawn: list[Figure] = []
    monkeypatch.setattr(pictures, "Picture", lambda figure, alt: drawn.append(figure))

    how_wrong([3_600, 300, 60, 900, 120])

    lines = drawn[0].axes[0].get_lines()
    ages = [list(line.get_xdata()) for line in lines]
    assert [60, 120, 300, 900, 3_600] in ages
    assert all(each == sorted(each) for each in ages)


@pytest.mark.usefixtures("con")
def test_picture_says_what_it_shows() -> None:
    picture = how_wrong([60, 3_600]).picture

    assert picture is not None
    assert "surge multiplier: 500.0 after 1 minute" in repr(picture)
    assert how_wrong([60]).picture is None


@pytest.mark.usefixtures("con")
@pytest.mark.parametrize("age", [0, 30, 90, 8 * 86_400, True, 60.0, "60", None])
def test_age_that_the_lab_cannot_show_is_named(age: Any) -> None:
    with pytest.raises(LabError, match="is no age for this lab: give seconds"):
        how_wrong([age])


@pytest.mark.usefixtures("con")
@pytest.mark.parametrize("ages", [[], [60, 120, 180, 240, 300, 360, 420]])
def test_none_or_too_many_ages_are_refused(ages: list[int]) -> None:
    with pytest.raises(LabError, match=f"{len(ages)} ages: give one to six"):
        how_wrong(ages)


def _told(late_seconds: float) -> dict[str, tuple[int, int, int]]:
    table = surge_told(late_seconds).table
    return {str(row[0]): (int(row[1]), int(row[2]), int(row[3])) for row in table.values}


def test_lateness_of_pricing_turns_the_order_of_two_ways(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_RIDE_EACH_MINUTE)
    minute, quarter = "a minute", "until the quarter hour ends"

    on_time, late = _told(0), _told(60)

    assert list(on_time) == list(KEPT)
    assert on_time[quarter][1:] == (0, 0)
    assert 0 < on_time[minute][1] < 70, "wrong for half a minute of fifteen, on average"
    assert on_time["15 minutes"][1] > 200
    # The look that comes before pricing is ready keeps the old price, for the rest of the quarter.
    assert late[quarter][1] > 800
    assert late[minute][1] < 100
    assert late[quarter][2] > 10 * late[minute][2]
    assert f"Kept {minute}, fewest" in surge_told(60).summary
    assert f"Kept {quarter}, fewest" in surge_told(0).summary
    assert _told(60) == late, "the same each time"


def test_nobody_is_told_a_wrong_price_where_it_never_changes(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(_RIDE_EACH_MINUTE)
    con.execute("UPDATE surge_snapshots SET multiplier = 1.3")

    assert [wrong for _, *wrong in _told(60).values()] == [[0, 0]] * 3


@pytest.mark.usefixtures("con")
@pytest.mark.parametrize("late", [-1, 900, float("nan"), "10", True, None])
def test_lateness_that_is_none_is_named(late: Any) -> None:
    with pytest.raises(LabError, match="wanted seconds from 0 to below 900"):
        surge_told(late)
