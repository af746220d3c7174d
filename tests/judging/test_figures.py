"""A few numbers are judged each by itself, and every wrong one gets one line that helps."""

from typing import Any

import pytest

from ridealong.judging.figures import judged, marks, mutants, problems
from ridealong.judging.yaml_text import read_yaml

FIGURES = {
    "reads": {"right": 40, "unit": "reads", "low": "More miss.", "high": "Fewer miss."},
    "seconds": {
        "right": 25, "unit": "s", "low": "It is slower.", "high": "It is faster.", "within": 0.05,
    },
}  # fmt: skip
MISTAKE = {
    "name": "minutes", "message": "In seconds.", "results": {"wrong": {"seconds": 0.4}},
}  # fmt: skip
ENTRY = {"figures": FIGURES, "mistakes": [MISTAKE]}
RIGHT = {"reads": 40, "seconds": 25}


def message(value: object) -> str:
    """What is said of numbers."""
    return judged("sizes", ENTRY, value).message


@pytest.mark.parametrize(
    "value", [RIGHT, {"reads": 40.4, "seconds": 23.8}, {"seconds": 26.2, "reads": 39.6}]
)
def test_right_numbers_pass_within_what_rounding_changes(value: dict[str, float]) -> None:
    verdict = judged("sizes", ENTRY, value)

    assert verdict.passed and verdict.message == "sizes holds: all of 2 numbers"
    assert marks(value, ENTRY) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reads": 39}, "reads: 39 reads is too low. More miss."),
        ({"reads": 4000}, "reads: 4,000 reads is too high. Fewer miss."),
        ({"seconds": 0.4}, "In seconds."),
        ({"reads": True}, "reads is True, wanted one number: work it out, and leave the unit away (reads)"),
        ({"reads": "40 reads"}, "wanted one number"),
        ({"reads": float("nan")}, "wanted one number"),
        ({"reads": float("inf")}, "wanted one number"),
        ({"seconds": None}, "seconds is None, wanted one number"),
        ({"second": 25}, "no number is called 'second'; did you mean"),
    ],
)  # fmt: skip
def test_wrong_number_is_said_in_one_line(change: dict[str, Any], said: str) -> None:
    assert said in message(RIGHT | change)
    assert "\n" not in message(RIGHT | change)


@pytest.mark.parametrize("value", [None, [40, 25], "40", 40, {}])
def test_what_holds_no_numbers_is_said(value: object) -> None:
    assert "wanted one line" in message(value) or "there is no line reads" in message(value)


def test_points_are_shared_and_a_missing_line_keeps_the_rest() -> None:
    assert judged("sizes", ENTRY, RIGHT | {"reads": 1}).share == 0.5
    assert judged("sizes", ENTRY, {"reads": 40}).share == 0.5
    assert judged("sizes", ENTRY, RIGHT | {"third": 3}).share == 0.5, "not all, though both hold"
    assert judged("sizes", ENTRY, {"reads": 1, "seconds": 1}).message.endswith(
        "(0 of 2 numbers hold)"
    )
    assert judged("sizes", ENTRY, RIGHT | {"seconds": 0.4}).mistake == "minutes"


def test_first_wrong_number_of_the_answer_is_told_first() -> None:
    assert message({"seconds": 1, "reads": 1}).startswith("seconds: 1 s is too low")
    assert message({"reads": 1, "seconds": 1}).startswith("reads: 1 reads is too low")


def test_every_mutant_is_refused() -> None:
    found = {each.change: each.text for each in mutants("reads: 40\nseconds: 25\n", ENTRY)}

    assert {"without reads", "seconds: halved", "reads: a tenth more"} <= set(found)
    assert all(marks(read_yaml(text), ENTRY) for text in found.values())


def test_table_of_a_number_is_checked() -> None:
    bad = {"figures": {"reads": 40, "seconds": {"right": "25", "unit": "s", "low": "", "hi": ""}}}

    said = "\n".join(problems(bad))
    assert "reads is 40" in said and "seconds lacks 'right'" in said
    assert "seconds lacks 'high'" in said and "seconds has 'hi'" in said
    assert list(problems(ENTRY)) == []
