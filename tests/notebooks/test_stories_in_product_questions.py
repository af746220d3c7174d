"""The reference answers of `04_product_questions` find the planted stories, whatever the seed."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ridealong import connect
from ridealong.authoring import cells, format
from ridealong.dataset import ensure_database
from ridealong.dataset.storage import truth_path

COURSE = Path(__file__).parents[2]
NOTEBOOK = COURSE / "solutions" / "06_sql_two" / "04_product_questions.ipynb"
SEEDS = (42, 7919)


def found(exercise: str, seed: int) -> pd.DataFrame:
    """What the reference answer of an exercise gives on the data of a seed."""
    (query,) = [
        cells.solution(cell.source) for cell in format.read(NOTEBOOK).cells if cell.id == exercise
    ]
    with connect(scale=1, seed=seed) as con:
        frame: pd.DataFrame = con.sql(query).df()
    return frame


def truth(story: str, seed: int) -> dict[str, Any]:
    """What was planted."""
    ensure_database(1, seed)
    path = truth_path(1, seed)
    planted: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))[story]["truth"]
    return planted


def near(value: float) -> Any:
    """A value as the truth file rounds it."""
    return pytest.approx(value, abs=5e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_surge_hours_are_the_concert_evening(seed: int) -> None:
    hours, planted = found("concert-evening", seed), truth("S1", seed)

    assert set(hours.city) == {planted["city"]}
    assert str(hours.local_hour.min()) == planted["starts_at_local"]
    assert hours.requests.sum() == planted["requests"]
    assert hours.ratio.min() == near(planted["smallest_hourly_ratio"])
    assert hours.ratio.max() == near(planted["largest_hourly_ratio"])
    assert hours.cancelled_rides.sum() / hours.requests.sum() == near(planted["unfulfilled_share"])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_funnel_breaks_where_it_was_broken(seed: int) -> None:
    (row, *others), planted = found("funnel-break", seed).to_dict("records"), truth("S4", seed)

    assert row["platform"] == planted["platform"]
    assert row["step"] == planted["step"]
    assert str(row["from_week"]) == planted["from_week"]
    assert row["people_affected"] == planted["people_affected"]
    assert row["rate_before"] == near(planted["rate_before"])
    assert row["rate_after"] == near(planted["rate_after"])
    assert len(others) == 3
    assert all(other["fall"] < row["fall"] / 3 for other in others)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_staying_cohorts_are_the_planted_ones(seed: int) -> None:
    (row,), planted = found("staying-cohorts", seed).to_dict("records"), truth("S5", seed)

    assert row["signup_channel"] == planted["channel"]
    assert str(row["first_week"]) == planted["first_week"]
    assert str(row["second_week"]) == planted["second_week"]
    assert row["riders"] == planted["riders"]
    assert row["week_4_retention"] == near(planted["week_4_retention"])
    assert row["week_4_retention_of_others"] == near(planted["week_4_retention_of_others"])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_experiment_with_the_broken_split_is_named(seed: int) -> None:
    rows = found("experiment-verdicts", seed).set_index("experiment")
    planted = truth("S15", seed)
    valid = rows.loc[planted["valid_experiment"]]
    invalid = rows.loc[planted["invalid_experiment"]]

    assert bool(valid.split_is_valid)
    assert not bool(invalid.split_is_valid)
    assert valid.chi_square == near(planted["valid_chi_square"])
    assert valid.control_cancel_rate == near(planted["control_cancel_rate"])
    assert valid.treatment_cancel_rate == near(planted["treatment_cancel_rate"])
    assert invalid.control_riders == planted["invalid_control"]
    assert invalid.treatment_riders == planted["invalid_treatment"]
    assert invalid.chi_square == near(planted["invalid_chi_square"])


def test_the_instructors_page_counts_riders_of_several_regions_rightly(databases: None) -> None:
    """61 rode in two regions and 2 in three: 65 rows too many, and 63 riders."""
    with connect(scale=1, seed=42) as con:
        regions = dict(
            con.execute(
                "SELECT regions, count(*) FROM (SELECT r.user_id, count(DISTINCT c.region) AS regions "
                "FROM rides AS r JOIN cities AS c USING (city_id) "
                "WHERE r.completed_at >= as_of() - INTERVAL 7 DAY AND r.completed_at < as_of() "
                "GROUP BY r.user_id) GROUP BY regions"
            ).fetchall()
        )
    page = (COURSE / "docs" / "instructors" / "05_schema.md").read_text(encoding="utf-8")

    assert set(regions) == {1, 2, 3}
    assert f"{regions[2]} rode in two regions and {regions[3]} in three" in page
    assert f"{sum(regions.values()):,} different riders" in page


def test_the_exercises_left_for_a_second_reading_fill_no_gap() -> None:
    """What the title says may be left out is not in the sentence at the end."""
    source = {cell.id: cell.source for cell in format.read(NOTEBOOK).cells}
    (left,) = re.findall(r"leave exercises (\d+) and (\d+) for a second reading", source["title"])
    for number in left:
        (task,) = [
            name for name, text in source.items() if text.startswith(f"### Exercise {number} ")
        ]
        answer = task.removesuffix("-task").replace("-", "_")
        assert answer.isidentifier()
        assert f"{{{answer}" not in source["say-it"]
