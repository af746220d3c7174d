"""How late a step is: by load, by trouble, with those that are never done among the late ones."""

from typing import Any

import pytest

from ridealong.labs.lateness import how_late
from ridealong.labs.sql.database import LabError

PATIENT: dict[str, Any] = {
    "consumers": 2,
    "attempts": 8,
    "when_attempts_end": "dead_letter",
    "unreadable": "dead_letter",
}


def test_trouble_makes_a_step_later_and_the_picture_says_so() -> None:
    view = how_late(PATIENT, within_seconds=5, times_as_many=(1,))
    calm, troubled = (float(each) for each in view.table["p99 (s)"])

    assert list(view.table["what goes wrong"]) == ["nothing", "everything"] and calm < troubled
    assert float(view.table["within 5 s (%)"][1]) < 100 == float(view.table["within 5 s (%)"][0])
    assert f"within {calm} s on the best" in view.summary and f"{troubled} s on the" in view.summary
    assert "1 times the rides, nothing goes wrong: 100.0 of 100 within 5 s" in str(view)


def test_what_is_never_done_is_late_by_any_time() -> None:
    view = how_late({}, "charge", times_as_many=(1,))
    assert (
        view.table["p99 (s)"][1] == "never" and "more than 1 of 100 is never done" in view.summary
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"design": {"key": "rider"}}, "key is 'rider'"),
        ({"step": "receipts"}, "no step is called 'receipts'"),
        ({"within_seconds": 0}, "within_seconds is 0"),
        ({"times_as_many": (1, 2, 4)}, "one or two whole numbers from 1 to 10"),
        ({"times_as_many": 4}, "such as (1, 4)"),
        ({"times_as_many": (40,)}, "wanted one or two"),
    ],
)
def test_what_does_not_fit_is_told(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(LabError, match=words.replace("(", r"\(").replace(")", r"\)")):
        how_late(**{"design": PATIENT, **arguments})
