"""A rubric and its sample answers, as a learner sees them."""

import re
from typing import Any

import pytest

from ridealong import catalogue, rubric
from ridealong.notebook.check import check, hint
from ridealong.notebook.rubrics import UnknownRubric
from ridealong.verdict import CheckFailed

ENTRY: dict[str, Any] = {
    "title": "Capacity <sheet>",
    "points": 6,
    "hints": ["Who reads it?", "Name the unit.", "At the peak ___."],
    "criteria": [
        {"name": "Load", "levels": ["no number", "a `rate`", "with <unit>", "with its source"]},
        {"name": "Decision", "levels": ["none", "a choice", "and a reason", "and a trigger"]},
    ],
    "samples": [
        {
            "name": "A thin sheet",
            "text": "We need **more**.\n\n- soon\n- <script>alert(1)</script>\n",
            "scores": [0, 1],
            "why": "It names no *number*.",
        },
        {"name": "A full sheet", "text": "40 per second.", "scores": [3, 2], "why": "No trigger."},
    ],
}


@pytest.fixture(autouse=True)
def course(monkeypatch: pytest.MonkeyPatch) -> None:
    module = catalogue.Module("01_scope", 7919, 1.0, rubrics={"capacity-sheet": ENTRY})
    monkeypatch.setattr(catalogue, "modules", lambda: (module,))


def shown(**options: Any) -> dict[str, str]:
    bundle: dict[str, str] = rubric("capacity-sheet", **options)._repr_mimebundle_()
    return bundle


def test_rubric_is_a_table_with_headings_of_rows_and_columns() -> None:
    table = shown()["text/html"]

    assert ">Capacity &lt;sheet&gt;: 6 points</caption>" in table
    columns = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table)
    assert columns == ["Criterion", "0 points", "1 point", "2 points", "3 points"]
    assert re.findall(r'<th scope="row"[^>]*>(.*?)</th>', table) == ["Load", "Decision"]
    assert "<code>rate</code>" in table
    assert "with &lt;unit&gt;" in table


def test_rubric_can_be_read_as_text() -> None:
    assert shown()["text/plain"].splitlines() == [
        "Capacity <sheet>: 6 points",
        "",
        "Load",
        "  0: no number",
        "  1: a `rate`",
        "  2: with <unit>",
        "  3: with its source",
        "",
        "Decision",
        "  0: none",
        "  1: a choice",
        "  2: and a reason",
        "  3: and a trigger",
    ]


def test_samples_are_folded_with_scores_sum_and_reasons() -> None:
    text = shown(samples=True)["text/html"]

    assert text.count("<details>") == text.count("</details>") == 2
    assert "<summary>A thin sheet</summary>" in text
    assert "<strong>more</strong>" in text
    assert "<li>soon</li>" in text
    assert "<script>" not in text
    assert ">1 of 6 points</caption>" in text
    assert "<em>number</em>" in text
    assert re.findall(r"<td[^>]*>(\d)</td>", text) == ["0", "1", "3", "2"]


def test_samples_can_be_read_as_text() -> None:
    text = shown(samples=True)["text/plain"]

    assert "A full sheet\n\n  40 per second.\n\n5 of 6 points\n  3: Load\n  2: Decision" in text


@pytest.mark.parametrize("wrong", ["capacity_sheet", "capacity-shet", "Capacity-Sheet"])
def test_an_unknown_rubric_names_the_nearest(wrong: str) -> None:
    with pytest.raises(UnknownRubric, match='did you mean "capacity-sheet"'):
        rubric(wrong)


def test_an_id_like_no_other_lists_what_there_is() -> None:
    with pytest.raises(
        UnknownRubric, match="no rubric 3 in this course, there are: capacity-sheet"
    ):
        rubric(3)  # type: ignore[arg-type]


def test_hints_are_those_of_the_task(capsys: pytest.CaptureFixture[str]) -> None:
    hint("capacity-sheet", level=2)

    assert capsys.readouterr().out == "Hint 2 of 3: Name the unit.\n"


def test_a_check_says_who_grades() -> None:
    with pytest.raises(CheckFailed, match=r'graded by a person.*rubric\("capacity-sheet", samples'):
        check("capacity-sheet")
