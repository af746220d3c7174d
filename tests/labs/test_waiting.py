"""Four screens of the same action: which one holds riders least depends on what is refused."""

from typing import Any

import pytest

from ridealong.labs.sql.database import LabError
from ridealong.labs.waiting import four_screens
from ridealong.show import pictures
from ridealong.show.views import rows_of


def winner(**choices: Any) -> str:
    """The screen that lets riders go on soonest."""
    return four_screens(**choices).summary.rpartition(": ")[2]


def test_what_is_refused_decides_which_screen_wins() -> None:
    seldom = {"answer_seconds": 3, "refused_percent": 0.1}

    assert winner(**seldom) == "shown as done at once."
    assert winner(**seldom | {"refused_percent": 0.5}) == "shown as done at once."
    faster = "nothing, and an answer in half the time."
    assert winner(**seldom | {"refused_percent": 0.6}) == faster
    assert winner(**seldom, most_taken_back=0) == faster


def test_a_sign_at_once_shortens_no_wait() -> None:
    shown = four_screens(answer_seconds=3, refused_percent=20)
    nothing, sign, promise, half = (row[1:] for row in rows_of(shown.table))

    assert (nothing, sign) == (("3.0", "3.0", 0), ("0.1", "3.0", 0))
    assert (promise, half) == (("0.1", "0.1", 200), ("1.5", "1.5", 0))
    assert shown.picture and "shown as done at once 0.1 s" in shown.picture.alt


def test_legend_says_what_the_bars_are(monkeypatch: pytest.MonkeyPatch) -> None:
    legends: list[str] = []

    def picture(figure: Any, alt: str) -> None:
        legends.extend(text.get_text() for text in figure.axes[0].get_legend().get_texts())

    monkeypatch.setattr(pictures, "Picture", picture)
    four_screens(answer_seconds=3, refused_percent=20)

    assert legends == ["until the rider may go on", "of it without any sign"]


def test_answer_that_is_quick_needs_no_promise() -> None:
    shown = four_screens(answer_seconds=0.05, refused_percent=0)

    assert {row[2] for row in rows_of(shown.table)} <= {"0.0", "0.1"}
    assert "half the time" in shown.summary


@pytest.mark.parametrize(
    "choice", [{"answer_seconds": 0}, {"answer_seconds": 61}, {"refused_percent": 101},
               {"refused_percent": -1}, {"most_taken_back": -1}]
)  # fmt: skip
def test_absurd_screens_are_refused(choice: dict[str, Any]) -> None:
    with pytest.raises(LabError, match="take up to 60 s"):
        four_screens(**{"answer_seconds": 3, "refused_percent": 1} | choice)
