"""Answers that look right and are not are refused, with a true sentence."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ridealong.answer import Answer
from ridealong.judging import Worker, judge

ANSWERS = tomllib.loads(
    Path(__file__).with_name("answers_passing.toml").read_text(encoding="utf-8")
)["answer"]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """The process that runs the queries."""
    made = Worker()
    yield made
    made.close()


@pytest.mark.usefixtures("databases")
@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case['exercise']}/{case['name']}")
def test_it_is_refused(case: dict[str, Any], worker: Worker) -> None:
    exercise = case["exercise"]
    answer = Answer(exercise.replace("-", "_"), "sql", case["text"])

    verdict = judge(exercise, answer, worker)

    assert not verdict.passed
    assert case["says"] in verdict.message
