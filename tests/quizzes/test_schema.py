import copy
from collections.abc import Callable
from typing import Any

import pytest

from ridealong.quizzes import question as schema

Raw = dict[str, Any]


def test_the_sample_questions_have_no_problem(raw: Raw) -> None:
    assert schema.validate(raw) == []


def _without_feedback(raw: Raw) -> None:
    del raw["quiz"][0]["options"][2]["feedback"]


def _two_right(raw: Raw) -> None:
    raw["quiz"][0]["options"][0]["right"] = True


def _none_right(raw: Raw) -> None:
    for option in raw["quiz"][1]["options"]:
        option.pop("right", None)


def _twice_the_same_option(raw: Raw) -> None:
    raw["quiz"][0]["options"][1]["id"] = "a"


def _twice_the_same_quiz(raw: Raw) -> None:
    raw["quiz"].append(copy.deepcopy(raw["quiz"][0]))


def _short_order(raw: Raw) -> None:
    raw["quiz"][2]["options"] = raw["quiz"][2]["options"][:2]


def _number_without_unit(raw: Raw) -> None:
    del raw["quiz"][3]["unit"]


def _misspelt_key(raw: Raw) -> None:
    raw["quiz"][0]["qestion"] = raw["quiz"][0].pop("question")


def _two_hints(raw: Raw) -> None:
    raw["quiz"][0]["hints"].pop()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_without_feedback, "feedback"),
        (_two_right, "right"),
        (_none_right, "right"),
        (_twice_the_same_option, "a"),
        (_twice_the_same_quiz, "used twice"),
        (_short_order, "options"),
        (_number_without_unit, "unit"),
        (_misspelt_key, "question"),
        (_two_hints, "hints"),
    ],
)
def test_a_question_that_is_not_complete_is_named(
    raw: Raw, spoil: Callable[[Raw], None], words: str
) -> None:
    spoil(raw)

    problems = schema.validate(raw)

    assert problems
    assert any(words in problem for problem in problems), problems


@pytest.mark.parametrize("number", range(4))
def test_a_question_handed_out_before_grading_holds_no_key(raw: Raw, number: int) -> None:
    kept = schema.without_key(raw["quiz"][number])

    assert "feedback" not in str(kept)
    assert not {"right", "right_value", "tolerance"} & set(kept)
    assert all("right" not in option for option in kept.get("options", []))


def test_an_order_question_handed_out_does_not_stand_in_the_right_order(raw: Raw) -> None:
    right = [option["id"] for option in raw["quiz"][2]["options"]]

    assert [option["id"] for option in schema.without_key(raw["quiz"][2])["options"]] != right
