"""Learners' notebooks are stock nbgrader's, with our stubs and nothing of the solutions."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ridealong.authoring import format, release
from ridealong.authoring.problems import BuildError

MODULE = "04_sql_one"
NOTEBOOK = "01_first_look.ipynb"


@pytest.fixture(scope="module")
def course(make_sample: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small course whose author has clicked on a quiz and started a clock."""
    course = make_sample(tmp_path_factory.mktemp("release"))
    for name in ("quiz_answers.json", "times.json", "times.damaged-1.json"):
        (course / "solutions" / MODULE / name).write_text("{}", encoding="utf-8")
    return course


@pytest.fixture(scope="module")
def generated(course: Path) -> dict[str, bytes]:
    """What is released of it."""
    return release.generate(course, course / "solutions" / MODULE)


@pytest.mark.parametrize(
    "options", [["--no-db"], pytest.param([], id="gradebook", marks=pytest.mark.weekly)]
)
def test_release_is_what_the_command_writes(
    course: Path, generated: dict[str, bytes], options: list[str]
) -> None:
    assert not (course / "gradebook.db").exists()

    subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", MODULE, "--force", *options],
        check=True,
        capture_output=True,
        cwd=course,
    )

    written = (course / "notebooks" / MODULE).iterdir()
    assert {path.name: path.read_bytes() for path in written} == generated


def test_only_notebooks_are_released(generated: dict[str, bytes]) -> None:
    assert list(generated) == [NOTEBOOK]


def test_stubs_fit_their_cells(generated: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "released.ipynb"
    path.write_bytes(generated[NOTEBOOK])
    source = {cell.id: cell.source for cell in format.read(path).cells}

    assert source["rides-by-city"] == "%%sql rides_by_city\n-- Write your query here."
    assert source["clause-order"] == (
        "%%quiz clause_order\n# Run this cell after choosing above: your answer is written here."
    )
    assert source["rides-by-city-check"] == 'check("rides-by-city")'


def test_an_answer_cell_without_markers_is_refused(sample: Path) -> None:
    folder = sample / "solutions" / MODULE
    path = folder / NOTEBOOK
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("-- BEGIN SOLUTION", "--").replace("-- END SOLUTION", "--"), encoding="utf-8"
    )

    with pytest.raises(BuildError, match="answer cell 'rides-by-city' has no 'BEGIN SOLUTION'"):
        release.generate(sample, folder)


@pytest.mark.parametrize("marker", ["BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME"])
def test_text_of_the_instructor_that_is_left_is_named(marker: str) -> None:
    left = release.left_over("04_sql_one", {"a.ipynb": b"x", "b.ipynb": f"# {marker}".encode()})

    assert left == [f"notebooks/04_sql_one/b.ipynb: '{marker}' is left in it"]
