"""The answers of `06_sql_two/03_case_and_windows` find the planted stories, to the last digit."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ridealong import connect
from ridealong.authoring import cells, format
from ridealong.dataset import ensure_database
from ridealong.dataset.storage import truth_path

COURSE = Path(__file__).parents[2]
NOTEBOOK = COURSE / "solutions" / "06_sql_two" / "03_case_and_windows.ipynb"
SEEDS = (42, 7919)

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module", params=SEEDS)
def seed(request: pytest.FixtureRequest) -> int:
    value: int = request.param
    return value


@pytest.fixture(scope="module")
def company(seed: int) -> duckdb.DuckDBPyConnection:
    return connect(scale=1, seed=seed)


@pytest.fixture(scope="module")
def stories(seed: int) -> dict[str, Any]:
    ensure_database(1, seed)
    path = truth_path(1, seed)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def rows_of(exercise: str, company: duckdb.DuckDBPyConnection) -> Rows:
    """The result of the notebook's own answer to an exercise."""
    (cell,) = [cell for cell in format.read(NOTEBOOK).cells if cell.id == exercise]
    result = company.execute(cells.solution(cell.source))
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_slow_release_is_found(company: duckdb.DuckDBPyConnection, stories: dict[str, Any]) -> None:
    truth, naive = stories["S3"]["truth"], stories["S3"]["naive_answers"]
    slowest, second = rows_of("slow-release", company)[:2]

    assert slowest["endpoint"] == truth["endpoint"]
    assert slowest["server_version"] == truth["server_version"]
    assert slowest["p95_before"] == pytest.approx(truth["p95_before_ms"], abs=1e-6)
    assert slowest["p95_after"] == pytest.approx(truth["p95_after_ms"], abs=1e-6)
    assert slowest["p50_before"] == naive["median_before_ms"]
    assert slowest["p50_after"] == naive["median_after_ms"]
    assert slowest["p95_ratio"] > 3 > 1.5 > second["p95_ratio"]


def test_effect_of_the_airport_is_found(
    company: duckdb.DuckDBPyConnection, stories: dict[str, Any]
) -> None:
    truth, naive = stories["S7"]["truth"], stories["S7"]["naive_answers"]
    (row,) = rows_of("airport-effect", company)

    assert row["airport_effect"] == pytest.approx(truth["effect_within_drivers"], abs=1e-6)
    assert row["airport_effect"] != pytest.approx(naive["effect_across_drivers"], abs=1e-4)


def test_stale_copies_are_found(
    company: duckdb.DuckDBPyConnection, stories: dict[str, Any]
) -> None:
    truth = stories["S7"]["truth"]
    warned = rows_of("stale-ratings", company)
    wrongly = [row for row in warned if row["wrongly_below"]]

    assert sorted(row["driver_id"] for row in wrongly) == truth["wrongly_below_4_6"]
    assert sorted(row["driver_id"] for row in wrongly) == truth["stale_driver_ids"]
    assert len(warned) > len(wrongly)
    rightly = [row for row in warned if not row["wrongly_below"]]
    assert all(abs(float(row["cached_rating"]) - row["mean_stars"]) < 0.02 for row in rightly)


def test_odd_days_are_found(company: duckdb.DuckDBPyConnection, stories: dict[str, Any]) -> None:
    truth, naive = stories["S9"]["truth"], stories["S9"]["naive_answers"]
    days = rows_of("clock-change-days", company)
    autumn = [row for row in days if str(row["local_day"]) == "2025-11-02"]
    spring = [row for row in days if str(row["local_day"]) == "2026-03-08"]
    (drymesa,) = [row for row in spring if row["city"] == "Drymesa"]

    def of_changing(rows: Rows, column: str) -> set[int]:
        return {row[column] for row in rows if row["city"] != "Drymesa"}

    def sum_of_changing(rows: Rows, column: str) -> int:
        return sum(row[column] for row in rows if row["city"] != "Drymesa")

    assert of_changing(autumn, "day_hours") == {truth["hours_of_2025_11_02"]}
    assert of_changing(spring, "day_hours") == {truth["hours_of_2026_03_08"]}
    assert drymesa["day_hours"] == truth["hours_of_2026_03_08_in_drymesa"]
    assert drymesa["rides"] == truth["rides_in_drymesa_that_day"]
    assert sum_of_changing(autumn, "rides_hour_1") == truth["rides_in_the_repeated_hour"]
    assert sum_of_changing(autumn, "rides_hour_0") == truth["rides_in_the_hour_before"]
    assert sum_of_changing(spring, "rides_hour_2") == truth["rides_in_the_skipped_hour"]
    assert sum(row["rides"] for row in autumn) == naive["rides_of_the_local_day"]
