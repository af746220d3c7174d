"""What a check says about wrong answers to the course's own exercises, read as a learner does."""

import tomllib
from pathlib import Path

import pytest

from ridealong.judging.sql.judge import judge

CASES = tomllib.loads(Path(__file__).with_name("answers_sql.toml").read_text(encoding="utf-8"))
NEVER = ["by hand", "a comma, a bracket or a keyword is missing"]


@pytest.mark.parametrize(
    "case", CASES["case"], ids=lambda case: f"{case['exercise']}-{case['name']}"
)
def test_a_wrong_answer_is_told_what_is_true_and_of_use(databases, case):
    verdict = judge(case["exercise"], case["answer"])

    message = verdict.message.lower()
    assert not verdict.passed
    assert "\n" not in message
    for part in case["says"]:
        assert part.lower() in message
    for part in [*NEVER, *case.get("never", [])]:
        assert part.lower() not in message
