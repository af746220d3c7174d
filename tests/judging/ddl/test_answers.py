"""Answers to the exercises on schemas that a check once took for the opposite of what they are."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ridealong.authoring import sources
from ridealong.judging.ddl.judge import holds

TESTS = Path(__file__).parents[2]
CASES = tomllib.loads(TESTS.joinpath("judging", "answers_schema.toml").read_text(encoding="utf-8"))[
    "case"
]
EXERCISES = sources.load(TESTS.parent / "solutions" / "05_schema").exercises


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['exercise']}-{case['name']}")
def test_answer_is_taken_for_what_it_is(case: dict[str, Any]) -> None:
    own = EXERCISES[case["exercise"]].own

    assert holds(case["answer"], own["fields"], own["attacks"]) is case["right"]
