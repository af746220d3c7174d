"""The reference answers of `02_grain_before_sums` find the planted stories exactly."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ridealong import connect
from ridealong.authoring import cells
from ridealong.authoring.format import read
from ridealong.dataset import ensure_database
from ridealong.dataset.storage import truth_path

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "solutions" / "06_sql_two" / "02_grain_before_sums.ipynb"
SEEDS = (42, 7919)


def reference(identifier: str) -> str:
    (cell,) = [cell for cell in read(NOTEBOOK).cells if cell.id == identifier]
    return cells.solution(cell.source)


def told(seed: int, story: str) -> dict[str, Any]:
    ensure_database(1, seed)
    text = truth_path(1, seed).read_text("utf-8")
    found: dict[str, Any] = json.loads(text)[story]
    return found


def rows(seed: int, query: str) -> list[dict[str, Any]]:
    con: duckdb.DuckDBPyConnection = connect(scale=1, seed=seed)
    try:
        answer = con.execute(query)
        names = [column[0] for column in answer.description or []]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    finally:
        con.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_fraud_ring_is_found_and_the_family_is_not_accused(seed: int) -> None:
    story = told(seed, "S6")
    truth = story["truth"]

    pairs = rows(seed, reference("fraud-ring"))

    accused = sorted({pair["user_id"] for pair in pairs})
    assert accused == truth["user_ids"]
    assert sorted({pair["driver_id"] for pair in pairs}) == truth["driver_ids"]
    assert sum(pair["rides"] for pair in pairs) == truth["rides"]
    assert float(sum(pair["discount_dollars"] for pair in pairs)) == truth["discount_dollars"]
    assert min(pair["fewest_stars"] for pair in pairs) == truth["fewest_stars"]
    assert not set(accused) & set(story["naive_answers"]["family_with_one_tablet"])


@pytest.mark.parametrize("seed", SEEDS)
def test_late_day_is_found_with_its_version_and_its_events(seed: int) -> None:
    truth = told(seed, "S8")["truth"]

    (found,) = rows(seed, reference("late-version-days"))

    assert str(found["day"]) == truth["day"]
    assert found["app_version"] == truth["app_version"]
    assert found["events_two_days_late"] == truth["events_two_days_late"]
