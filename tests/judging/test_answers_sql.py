"""What a check says about wrong answers to the course's own exercises, read as a learner does."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ridealong import answers
from ridealong.engine.sqltext import tokens
from small_course import judge

SOLUTIONS = Path(__file__).parents[2] / "solutions"
MODULES = ["04_sql_one", "06_sql_two"]
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


def _code(text: str) -> set[tuple[str, ...]]:
    """Return the pieces of a text that are code: a comparison, or four tokens in a row."""
    bare = [token.text.lower() for token in tokens(re.sub(r"\b[a-z_]\w*\.(?=[a-z_])", "", text))]
    runs = {n: {tuple(bare[i : i + n]) for i in range(len(bare) - n + 1)} for n in (3, 4)}
    comparisons = {run for run in runs[3] if {"=", "<", ">"} & set(run)}
    return comparisons | {
        run for run in runs[4] if sum(len(word) > 1 or word in "<>=/" for word in run) >= 2
    }


def _exercises(module: str) -> Iterator[tuple[dict, str]]:
    references = {}
    for notebook in sorted((SOLUTIONS / module).glob("*.ipynb")):
        references |= answers.read(notebook)
    content = (SOLUTIONS / module / "exercises.toml").read_text(encoding="utf-8")
    for exercise in tomllib.loads(content)["exercise"]:
        yield exercise, references[exercise["id"].replace("-", "_")].text


@pytest.mark.parametrize("module", MODULES)
def test_no_message_prints_the_solution(module):
    for exercise, reference in _exercises(module):
        for mistake in exercise["mistakes"]:
            own = _code(mistake["answer"])
            printed = _code(mistake["message"]) & _code(reference) - own
            assert not printed, (exercise["id"], mistake["name"], printed)
