"""The reference answers of module 05's third notebook find S11, the settlement file with faults."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ridealong import connect
from ridealong.authoring import cells, format
from ridealong.dataset import ensure_database
from ridealong.dataset.storage import truth_path
from ridealong.systems.migration import STEPS

COURSE = Path(__file__).parents[2]
NOTEBOOK = COURSE / "solutions" / "05_schema" / "03_changing_a_live_schema.ipynb"
SEEDS = (42, 7919)


def reference(exercise: str) -> str:
    """The query between the solution markers of this exercise's answer cell."""
    (source,) = [cell.source for cell in format.read(NOTEBOOK).cells if cell.id == exercise]
    return cells.solution(source)


def told(seed: int) -> dict[str, Any]:
    """What the truth file of this seed says about S11."""
    ensure_database(1, seed)
    path = truth_path(1, seed)
    story: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["S11"]
    return story


def cents(dollars: float) -> Decimal:
    """A number of the truth file, which holds two places."""
    return Decimal(str(dollars)).quantize(Decimal("0.01"))


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_without_a_ride_are_the_planted_ones(seed: int) -> None:
    with connect(scale=1, seed=seed) as con:
        rows = con.execute(reference("lines-without-a-ride")).fetchall()

    assert len(rows) == len(set(rows)) == told(seed)["truth"]["unknown_rides"]


@pytest.mark.parametrize("seed", SEEDS)
def test_settlement_is_reconciled_to_the_cent(seed: int) -> None:
    truth = told(seed)["truth"]
    with connect(scale=1, seed=seed) as con:
        ((lines, dollars),) = con.execute(reference("settlement-reconciled")).fetchall()

    assert lines == truth["reconciled_lines"]
    assert dollars == cents(truth["reconciled_dollars"])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_naive_sum_is_another_number(seed: int) -> None:
    """The number that the notebook shows before the exercise, from the truth files."""
    story = told(seed)
    with connect(scale=1, seed=seed) as con:
        ((added,),) = con.execute(
            "SELECT sum(CAST(amount AS DECIMAL(12, 2))) FROM staging.payments_export"
        ).fetchall()

    assert added == cents(story["naive_answers"]["dollars_when_simply_added"])
    assert added > cents(story["truth"]["reconciled_dollars"]) * 4 / 3


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_notebook_says_about_the_file_holds(seed: int) -> None:
    """Both date formats, repeats, cents, blanks; early lines only where seconds are missing."""
    truth = told(seed)["truth"]
    with connect(scale=1, seed=seed) as con:
        formats = con.execute(reference("settled-before-the-end")).fetchall()
        ((repeats, in_cents, blanks),) = con.execute(
            "SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT * FROM staging.payments_export)),"
            " count(*) FILTER (WHERE amount NOT LIKE '%.%'), count(*) FILTER (WHERE status = '')"
            " FROM staging.payments_export"
        ).fetchall()
        namesakes = con.execute(reference("namesakes-in-the-list")).fetchall()

    assert len(formats) == truth["date_formats"]
    assert repeats == truth["repeated_lines"]
    assert in_cents == truth["amounts_in_cents"]
    assert blanks == truth["blank_statuses"]
    (minutes, seconds) = formats
    assert minutes[2] > 100 and seconds[2] == 0
    assert minutes[3] == seconds[3] == 0
    assert namesakes and all(addresses <= contacts for _, contacts, addresses in namesakes)


def test_every_step_of_a_migration_stands_in_the_notebook() -> None:
    """The table of steps is typed, in alphabetical order, so that it does not give the plan away."""
    text = "\n".join(cell.source for cell in format.read(NOTEBOOK).cells)
    listed = [
        line.split("`")[1]
        for line in text.splitlines()
        if line.startswith("| `") and ": " in line.split("`")[1]
    ]

    assert listed == sorted(STEPS)
