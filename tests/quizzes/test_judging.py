from pathlib import Path
from typing import Any

import pytest

from ridealong.quizzes import bank
from ridealong.quizzes import question as schema
from ridealong.quizzes.judging import NO_ANSWER, _sentence, judge
from ridealong.quizzes.kinds import Remark

ORDER = ["from", "where", "group", "select"]


@pytest.mark.parametrize(
    ("quiz_id", "choice"),
    [
        ("clause-order", "b"),
        ("null-tests", ["is", "distinct"]),
        ("null-tests", ["distinct", "is"]),
        ("clause-steps", ORDER),
        ("downtime", 43.2),
        ("downtime", 43),
    ],
)
def test_right_answers_pass_with_and_without_confidence(
    folder: Path, quiz_id: str, choice: Any
) -> None:
    assert judge(quiz_id, {"choice": choice, "confidence": "certain"}).passed
    assert judge(quiz_id, choice).passed


@pytest.mark.parametrize(
    ("quiz_id", "choice", "words"),
    [
        ("clause-order", "a", "worked out late"),
        ("null-tests", ["is"], "Left out: driver_id IS NOT DISTINCT FROM NULL"),
        ("null-tests", ["is", "distinct", "zero"], "writes 0 for nobody"),
        ("clause-steps", list(reversed(ORDER)), "written first and worked out last"),
        ("downtime", 432, "More than that"),
        ("downtime", 4, "Less than that"),
    ],
)
def test_wrong_answers_get_the_words_of_the_option(
    folder: Path, quiz_id: str, choice: Any, words: str
) -> None:
    verdict = judge(quiz_id, {"choice": choice, "confidence": "guessing"})

    assert not verdict.passed
    assert words in verdict.message


@pytest.mark.parametrize("answer", [None, ..., "", {"choice": None}, {"choice": "  "}])
def test_nothing_chosen_is_no_answer_yet(folder: Path, answer: Any) -> None:
    verdict = judge("clause-order", answer)

    assert not verdict.passed
    assert verdict.message == NO_ANSWER
    assert verdict.message.startswith("no answer yet")
    assert verdict.mistake is None


@pytest.mark.parametrize(
    "answer",
    [
        12,
        ["b"],
        {"choice": {"b": 1}},
        {"confidence": 3},
        object(),
        "zz",
        b"b",
        {"choice": [[]]},
        1e400,
    ],
)
@pytest.mark.parametrize("quiz_id", ["clause-order", "null-tests", "clause-steps", "downtime"])
def test_answers_of_any_shape_fail_with_words(folder: Path, quiz_id: str, answer: Any) -> None:
    verdict = judge(quiz_id, answer)

    assert not verdict.passed
    if answer == {"confidence": 3}:
        assert verdict.message == NO_ANSWER
    elif (quiz_id, answer) == ("downtime", 12):  # a number: it can be judged, and is too small
        assert verdict.message == "Less than that: take 0.1% of all minutes of the month."
    else:
        assert verdict.message.startswith(f"this is not an answer to {quiz_id}: ")
        assert len(verdict.message) > len(f"this is not an answer to {quiz_id}: ") + 10
    assert verdict.mistake == ("chose 12" if "Less than" in verdict.message else None)


@pytest.mark.parametrize(
    ("quiz_id", "choice", "message", "mistake"),
    [
        (
            "clause-order",
            "a",
            "SELECT is written first and worked out late. It comes first only without a FROM.",
            "chose a",
        ),
        ("clause-order", "b", "Rows first, then the tests on them.", None),
        (
            "null-tests",
            ["is"],
            "Left out: driver_id IS NOT DISTINCT FROM NULL. This compares NULL as a value.",
            "chose is",
        ),
        (
            "null-tests",
            ["is", "distinct"],
            "IS NULL is true or false, never unknown. This compares NULL as a value.",
            None,
        ),
        (
            "null-tests",
            ["is", "zero"],
            (
                "Left out: driver_id IS NOT DISTINCT FROM NULL. This compares NULL as a value. "
                "0 is a value. It is right where a system writes 0 for nobody."
            ),
            "chose is+zero",
        ),
    ],
)
def test_the_message_holds_what_is_needed_and_nothing_else(
    folder: Path, quiz_id: str, choice: Any, message: str, mistake: str | None
) -> None:
    verdict = judge(quiz_id, {"choice": choice})

    assert verdict.message == message
    assert verdict.mistake == mistake
    assert verdict.passed is (mistake is None)
    assert verdict.exercise == quiz_id
    assert verdict.properties == ()


def test_a_full_stop_stands_once_behind_what_was_left_out() -> None:
    kept = Remark("missed", "It is `NULL`...", "`is` helps.")
    plain_words = Remark("wrong", "It is `NULL`.", "`is` helps.")

    assert _sentence(kept) == "Left out: It is NULL. is helps."
    assert _sentence(plain_words) == "is helps."


def test_a_key_held_back_is_recorded_and_not_graded(
    folder: Path, raw: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {"quizzes": {"clause-order": schema.without_key(raw["quiz"][0])}}
    monkeypatch.setattr(bank, "_tables", tables.__getitem__)

    verdict = judge("clause-order", {"choice": "b", "confidence": "certain"})

    assert not verdict.passed
    assert verdict.message == (
        "recorded, not graded yet: FROM, the rows must exist first. "
        "Feedback follows when your work is returned."
    )
    assert verdict.mistake is None


def test_an_unknown_quiz_names_the_nearest(folder: Path) -> None:
    with pytest.raises(bank.UnknownQuestion, match="clause-order"):
        judge("clause-ordr", "b")
