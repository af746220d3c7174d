"""Generated tables stand between their marks, and the text around them stays."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ridealong.authoring import docs, sources, steps
from ridealong.authoring.steps import Memory, Options, Outcome


@pytest.fixture
def write(sample: Path) -> Callable[[str], Outcome]:
    """A function that writes the README of the small course and fills its generated parts."""

    def run(text: str) -> Outcome:
        (sample / "README.md").write_text(text, encoding="utf-8", newline="\n")
        (step,) = docs.steps(sample, [], Options())
        return steps.run(step, Memory(sample), lambda *_: None)

    return run


def test_a_part_is_filled_and_the_rest_stays(sample: Path, write: Callable[[str], Outcome]) -> None:
    write("before\n<!-- generated: modules -->\nold\n<!-- end -->\nafter\n")

    text = (sample / "README.md").read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- generated: modules -->\n\n| Module |")
    assert text.endswith("|\n\n<!-- end -->\nafter\n")
    assert "| `04_sql_one` | First look (`01_first_look.ipynb`) | 30 | 2 | 1 | 4 |" in text
    assert "old" not in text


@pytest.mark.parametrize(
    "part",
    [
        "modules",
        "coverage",
        "coverage summary",
        "coverage by module",
        "derived files",
        "data dictionary",
        "calibration",
    ],
)
def test_filling_twice_changes_nothing(
    sample: Path, write: Callable[[str], Outcome], part: str
) -> None:
    write(f"a\n<!-- generated: {part} -->\n<!-- end -->\nb\n")
    once = (sample / "README.md").read_text(encoding="utf-8")

    assert write(once).changed == []


def test_an_unknown_part_is_named(write: Callable[[str], Outcome]) -> None:
    outcome = write("<!-- generated: module -->\n<!-- end -->\n")

    assert outcome.problems == [
        "README.md: unknown part 'generated: module'; did you mean \"modules\"?"
    ]


def test_a_part_without_end_is_named(write: Callable[[str], Outcome]) -> None:
    outcome = write("<!-- generated: modules -->\nthe rest of the file\n")

    assert outcome.problems == ["README.md: the part 'generated: modules' has no '<!-- end -->'"]


def test_coverage_tells_what_is_shown_and_practised(sample: Path) -> None:
    module = sources.load(sample / "solutions" / "04_sql_one")

    assert docs.demos(module) == {"D39": ["01 setup"]}
    assert docs.practice(module) == {
        "D39": ["rides-by-city"],
        "D42": ["rides-by-city", "clause-order"],
        "D38": ["rider-rides"],
    }


def test_an_item_is_covered_when_shown_and_practised(
    sample: Path, write: Callable[[str], Outcome]
) -> None:
    write("<!-- generated: coverage -->\n<!-- end -->\n")

    text = (sample / "README.md").read_text(encoding="utf-8")
    assert "| D39 | Filtering rows with WHERE | `04_sql_one` | covered |" in text
    assert "| D42 | Summarising with GROUP BY | `04_sql_one` | to come |" in text


def test_diagram_and_schema_are_written_beside_the_data_dictionary(sample: Path) -> None:
    (sample / "data").mkdir()
    (sample / "data" / "README.md").write_text("# Data\n", encoding="utf-8")

    written = [
        path
        for step in docs.steps(sample, [], Options())
        for path in steps.run(step, Memory(sample), lambda *_: None).changed
    ]

    assert [path.name for path in written] == ["er_diagram.svg", "schema.sql"]
    assert written[0].read_text(encoding="utf-8").startswith("<svg")
    assert "CREATE TABLE rides" in written[1].read_text(encoding="utf-8")
