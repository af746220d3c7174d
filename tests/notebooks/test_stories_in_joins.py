"""The reference answer of module 06's first notebook finds S12, the same person twice."""

import json
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from ridealong import connect
from ridealong.authoring import cells, format
from ridealong.dataset import ensure_database
from ridealong.dataset.storage import truth_path

COURSE = Path(__file__).parents[2]
NOTEBOOK = COURSE / "solutions" / "06_sql_two" / "01_joins_without_losses.ipynb"
SEEDS = (42, 7919)


def reference(exercise: str) -> str:
    """The query between the solution markers of this exercise's answer cell."""
    (source,) = [cell.source for cell in format.read(NOTEBOOK).cells if cell.id == exercise]
    return cells.solution(source)


def told(seed: int) -> dict[str, Any]:
    """What the truth file of this seed says about S12."""
    ensure_database(1, seed)
    path = truth_path(1, seed)
    story: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["S12"]
    return story


@pytest.mark.parametrize("seed", SEEDS)
def test_same_person_twice_is_the_planted_truth(seed: int) -> None:
    truth = told(seed)["truth"]
    with connect(scale=1, seed=seed) as con:
        rows = con.execute(reference("same-person-twice")).fetchall()

    assert sorted(second for _, second, _, _ in rows) == truth["second_accounts"]
    assert len(rows) == truth["people_with_two_accounts"]
    assert truth["accounts"] - len(rows) == truth["people"]
    # The truth counts the hours that begin between the two moments, as date_diff does.
    days = [
        (later.replace(minute=0, second=0) - earlier.replace(minute=0, second=0)).total_seconds()
        / 86400
        for _, _, earlier, later in rows
    ]
    assert mean(days) == pytest.approx(truth["days_between"], abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_naive_answers_are_another_number(seed: int) -> None:
    """The two numbers that the notebook shows before the exercise, from the truth files."""
    story = told(seed)
    with connect(scale=1, seed=seed) as con:
        counted = {
            column: con.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM users GROUP BY {column} HAVING count(*) > 1)"
            ).fetchall()[0][0]
            for column in ("email", "name")
        }

    assert counted["email"] == story["naive_answers"]["pairs_when_case_matters"]
    assert counted["name"] == story["naive_answers"]["names_that_occur_twice"]
    assert story["truth"]["people_with_two_accounts"] not in counted.values()
