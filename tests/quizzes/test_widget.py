from pathlib import Path
from typing import Any

import pytest

from ridealong.quizzes.bank import find_quiz
from ridealong.quizzes.widget import Prediction, Quiz, predict, prediction, quiz


def do(widget: Quiz | Prediction, what: str, value: Any = None) -> None:
    widget._receive(None, {"do": what, "value": value, "view": 1, "serial": 1})


def test_its_text_is_short_and_stable(folder: Path) -> None:
    assert repr(quiz("clause-order")) == "Quiz('clause-order')"
    assert repr(predict("null-share")) == "Prediction('null-share')"


def test_the_browser_never_gets_the_key_before_the_check(folder: Path) -> None:
    widget = quiz("clause-order")
    do(widget, "choose", "a")
    do(widget, "sure", "guessing")

    assert "worked out late" not in str(widget.question) + str(widget.state)
    assert "right" not in str(widget.question)

    do(widget, "check")
    assert widget.state["verdict"] == "wrong"
    assert "worked out late" in widget.state["remarks"][0]["html"]


def test_feedback_waits_for_choice_and_confidence(folder: Path) -> None:
    widget = quiz("clause-order")
    do(widget, "check")
    assert widget.state["status"] == "Choose an answer first."

    do(widget, "choose", "b")
    do(widget, "check")
    assert widget.state["status"] == "Say how sure you are first."
    assert widget.state["verdict"] == ""


def test_every_click_is_saved_at_once_and_shown_after_a_restart(folder: Path) -> None:
    do(quiz("clause-order"), "choose", "a")

    again = Quiz(find_quiz("clause-order"))

    assert again.state["choice"] == "a"
    assert "Your recorded answer is shown." in again.state["status"]


def test_the_first_answer_is_kept_beside_the_last(folder: Path) -> None:
    widget = quiz("clause-order")
    for choice in ("a", "b"):
        do(widget, "choose", choice)
        do(widget, "sure", "certain")
        do(widget, "check")

    entry = widget._entry
    assert (entry["first_choice"], entry["choice"], entry["attempts"]) == ("a", "b", 2)


def test_an_answer_can_be_cleared(folder: Path) -> None:
    widget = quiz("clause-order")
    do(widget, "choose", "a")
    do(widget, "clear")

    assert widget.state["choice"] is None
    assert quiz("clause-order").state["choice"] is None


@pytest.mark.parametrize(
    "message", [None, "x", {}, {"do": "format_disk"}, {"do": "choose", "value": {}}]
)
def test_odd_messages_change_nothing(folder: Path, message: Any) -> None:
    widget = quiz("clause-order")
    widget._receive(None, message)

    assert widget.state["choice"] is None


def test_an_option_that_does_not_exist_is_not_saved(folder: Path) -> None:
    widget = quiz("clause-order")
    do(widget, "choose", "zz")

    assert widget.state["problem"]
    assert widget.state["status"].startswith("Not saved")


def test_a_prediction_is_saved_and_never_judged(folder: Path) -> None:
    widget = predict("busiest-city")
    do(widget, "choose", "lisbon")

    assert widget.state["status"] == "Saved. Run the next cell to find out."
    assert widget.state["verdict"] == ""
    assert prediction("busiest-city") == "lisbon"
    assert prediction("null-share") is None


def test_without_a_front_end_the_question_can_be_read(folder: Path) -> None:
    readable = quiz("clause-order")._fallback()
    bundle = readable._repr_mimebundle_()

    assert "Which clause of this query is worked out first?" in bundle["text/html"]
    assert "FROM" in bundle["text/html"]
