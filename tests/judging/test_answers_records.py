"""Records of the course's own exercises: right ones in other words, wrong ones in the right form."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ridealong import answers
from ridealong.judging import record

MODULE = Path(__file__).parents[2] / "solutions" / "03_api"
CASES = tomllib.loads(Path(__file__).with_name("answers_records.toml").read_text(encoding="utf-8"))
EXERCISES = {
    each["id"]: each
    for each in tomllib.loads((MODULE / "exercises.toml").read_text(encoding="utf-8"))["exercise"]
    if each.get("judge") == "record"
}


@pytest.fixture(scope="module")
def references() -> Mapping[str, Any]:
    """The reference records by exercise."""
    texts = {}
    for notebook in sorted(MODULE.glob("*.ipynb")):
        texts |= answers.read(notebook)
    return {name: yaml.safe_load(texts[name.replace("-", "_")].text) for name in EXERCISES}


def _name(case: Mapping[str, Any]) -> str:
    return f"{case['exercise']}-{case['name']}"


def _broken(case: Mapping[str, Any], references: Mapping[str, Any]) -> list[str]:
    value = references[case["exercise"]] | case["fields"]
    return list(record.marks(value, EXERCISES[case["exercise"]]).get("broken", ()))


@pytest.mark.parametrize("case", CASES["right"], ids=_name)
def test_a_right_record_in_other_words_holds(case: Any, references: Mapping[str, Any]) -> None:
    assert _broken(case, references) == []


@pytest.mark.parametrize("case", CASES["wrong"], ids=_name)
def test_a_wrong_record_breaks_its_rule_or_waits_for_a_reader(
    case: Any, references: Mapping[str, Any]
) -> None:
    broken = _broken(case, references)

    assert case["breaks"] in broken if "breaks" in case else broken == []


@pytest.mark.parametrize(
    ("case", "side", "text"),
    [
        pytest.param(case, side, text, id=f"{case['field']}-{side}-{text}")
        for case in CASES["texts"]
        for side in ("right", "wrong")
        for text in case.get(side, ())
    ],
)
def test_a_text_is_judged_by_its_field(
    case: Any, side: str, text: str, references: Mapping[str, Any]
) -> None:
    broken = _broken(case | {"fields": {case["field"]: text}}, references)

    if side == "right":
        assert broken == []
    else:
        assert case["field"] in {each.partition(".")[0] for each in broken}


def test_every_record_exercise_is_attacked() -> None:
    for side in ("right", "wrong"):
        assert {case["exercise"] for case in CASES[side]} == set(EXERCISES)
