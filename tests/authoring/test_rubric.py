"""A rubric task from its TOML table to the feedback of stock nbgrader."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from ridealong import answers
from ridealong.authoring import (
    catalogue,
    cells,
    docs,
    format,
    release,
    sources,
    steps,
)
from ridealong.authoring.problems import BuildError
from ridealong.authoring.steps import Memory, Options
from stock_nbgrader import nbgrader

from .conftest import REFERENCE_SHEET as SHEET

MODULE = "04_sql_one"
NOTEBOOK = "01_first_look.ipynb"


@pytest.fixture
def folder(with_rubric: Path) -> Path:
    return with_rubric / "solutions" / MODULE


def changed(folder: Path, old: str, new: str) -> None:
    path = folder / "exercises.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    head, mark, tail = text.partition("[[rubric]]")
    path.write_text(head + (mark + tail).replace(old, new, 1), encoding="utf-8")


def test_a_rubric_is_read(folder: Path) -> None:
    rubric = sources.load(folder).rubrics["capacity-sheet"]

    assert [criterion.name for criterion in rubric.criteria] == ["Load", "Decision"]
    assert [sample.scores for sample in rubric.samples] == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("points = 6", "points = 5", "'points' is 5, wanted 6: 3 for each of 2 criteria"),
        ("minutes = 10", "minuts = 10", "unknown key 'minuts'; did you mean \"minutes\"?"),
        ("minutes = 10", "", "rubric 'capacity-sheet': 'minutes' is missing"),
        ('"none", ', "", "criterion 'Decision': 'levels' are 4 texts"),
        ("scores = [0, 1]", "scores = [0]", "sample 'A thin sheet': 'scores' are [0], wanted one"),
        ("scores = [0, 1]", "scores = [0, 4]", "one whole number from 0 to 3"),
        ("scores = [0, 1]", "scores = [0, true]", "one whole number from 0 to 3"),
        ("why = ", "reason = ", "samples 1: unknown key 'reason'"),
        ('name = "Load"', 'nam = "Load"', "criteria 1: unknown key 'nam'; did you mean \"name\"?"),
        ('name = "Load"', 'name = "Decision"', "criteria: two are called 'Decision'"),
        ('id = "capacity-sheet"', 'id = "rider-rides"', "the id 'rider-rides' is used twice"),
        ('"D42"', '"D420"', "unknown syllabus id 'D420'; did you mean \"D42\"?"),
        ("[[rubric]]", "[[rubrik]]", "unknown table 'rubrik'; did you mean \"rubric\"?"),
        ('"Who reads it?", ', "", "'hints' holds 2, wanted 3 or more"),
    ],
)
def test_a_mistake_in_a_rubric_is_named(folder: Path, old: str, new: str, said: str) -> None:
    if old == "[[rubric]]":
        path = folder / "exercises.toml"
        text = path.read_text(encoding="utf-8").replace("rubric", "rubrik")
        path.write_text(text, encoding="utf-8")
    else:
        changed(folder, old, new)

    with pytest.raises(BuildError) as raised:
        sources.load(folder)

    assert said in str(raised.value)


def test_one_sample_is_too_few(folder: Path) -> None:
    path = folder / "exercises.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("[[rubric.samples]]")], encoding="utf-8")

    with pytest.raises(BuildError, match="'samples' holds 1, wanted 2 or more"):
        sources.load(folder)


def other_points(notebook: NotebookNode) -> None:
    notebook.cells[-2].metadata.nbgrader.points = 3


def without_markers(notebook: NotebookNode) -> None:
    notebook.cells[-2].source = SHEET


def empty_reference(notebook: NotebookNode) -> None:
    notebook.cells[-2].source = "<!-- BEGIN SOLUTION -->\n<!-- END SOLUTION -->"


def other_task(notebook: NotebookNode) -> None:
    notebook.cells[-2].metadata.nbgrader.grade_id = notebook.cells[-2].id = "capacity-shet"


def in_code(notebook: NotebookNode) -> None:
    flags = notebook.cells[-2].metadata
    notebook.cells[-2] = new_code_cell("1", id="capacity-sheet", metadata=flags)


def without_samples(notebook: NotebookNode) -> None:
    notebook.cells.pop()


def samples_first(notebook: NotebookNode) -> None:
    notebook.cells[-3], notebook.cells[-1] = notebook.cells[-1], notebook.cells[-3]


def other_rubric(notebook: NotebookNode) -> None:
    notebook.cells[-1].source = 'rubric("capacity-shet", samples=True)'


def without_cell(notebook: NotebookNode) -> None:
    del notebook.cells[-2]


def twice(notebook: NotebookNode) -> None:
    notebook.cells.insert(-1, format.node(dict(notebook.cells[-2])))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (other_points, "cell 'capacity-sheet': worth 3 points here and 6 in the TOML file"),
        (without_markers, "wanted the lines '<!-- BEGIN SOLUTION -->' and"),
        (empty_reference, "no solution between the markers"),
        (other_task, "exercises.toml has no rubric 'capacity-shet'; did you mean"),
        (in_code, "what a person grades is a markdown cell, and this is a code cell"),
        (without_samples, 'wanted in this order rubric("capacity-sheet"), the answer cell, '),
        (samples_first, 'the notebooks have rubric("capacity-sheet", samples=True), the answer'),
        (other_rubric, "shows the rubric 'capacity-shet', which is not in exercises.toml; did you"),
        (without_cell, "'capacity-sheet': the notebooks have rubric("),
        (twice, "the grade id 'capacity-sheet' is used 2 times"),
    ],
)
def test_what_is_wrong_with_a_rubric_task_is_said(
    folder: Path, spoil: Callable[[NotebookNode], None], said: str
) -> None:
    module = sources.load(folder)
    notebook = format.read(folder / NOTEBOOK)

    def problems() -> list[str]:
        return format.problems(notebook, module, "n") + format.module_problems(
            {"n": notebook}, module
        )

    assert problems() == []
    spoil(notebook)

    assert any(said in each for each in problems()), problems()


def test_tables_count_rubric_tasks(with_rubric: Path, folder: Path) -> None:
    module = sources.load(folder)
    assert docs.practice(module)["D42"] == ["rides-by-city", "clause-order", "capacity-sheet"]

    parts = ("modules", "coverage by module")
    marks = "".join(f"<!-- generated: {part} -->\n<!-- end -->\n" for part in parts)
    (with_rubric / "README.md").write_text(marks, encoding="utf-8")
    (step,) = docs.steps(with_rubric, [], Options())
    steps.run(step, Memory(with_rubric), lambda *_: None)

    text = (with_rubric / "README.md").read_text(encoding="utf-8")
    assert "| First look (`01_first_look.ipynb`) | 30 | 3 | 1 | 10 |" in text
    assert "| 3 | core | 10 | 6 |  | a person grades: Load, Decision |" in text
    assert "| `rides-by-city`, `capacity-sheet` | `clause-order` |" in text


def test_released_cell_holds_a_stub(with_rubric: Path, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / NOTEBOOK
    path.write_bytes(release.generate(with_rubric, folder)[NOTEBOOK])

    assert SHEET not in path.read_text(encoding="utf-8")
    source = {cell.id: cell.source for cell in format.read(path).cells}
    assert source["capacity-sheet"] == cells.TEXT_STUB


def test_a_text_without_markers_is_not_released(with_rubric: Path, folder: Path) -> None:
    notebook = format.read(folder / NOTEBOOK)
    without_markers(notebook)
    (folder / NOTEBOOK).write_text(format.text(notebook), encoding="utf-8")

    with pytest.raises(BuildError, match="answer cell 'capacity-sheet' has no 'BEGIN SOLUTION'"):
        release.generate(with_rubric, folder)


def test_a_text_for_a_person_is_no_answer(folder: Path) -> None:
    notebook = format.read(folder / NOTEBOOK)
    notebook.cells = notebook.cells[-4:]
    for written in (SHEET, "%%sql capacity_sheet\nSELECT 1", "capacity_sheet = 3"):
        notebook.cells[2].source = written
        (folder / NOTEBOOK).write_text(format.text(notebook), encoding="utf-8")

        found = answers.read(folder / NOTEBOOK)

        assert (dict(found), found.problems) == ({}, [])


@pytest.fixture
def course(with_rubric: Path, folder: Path) -> Path:
    """A course of rubric tasks only, with a catalogue that its notebook reads in the kernel."""
    text = (folder / "exercises.toml").read_text(encoding="utf-8")
    (folder / "exercises.toml").write_text(text[text.index("[[rubric]]") :], encoding="utf-8")
    (folder / "quizzes.toml").unlink()
    notebook = format.read(folder / NOTEBOOK)
    own = catalogue.path_of(with_rubric, MODULE).parent
    setup = (
        "from pathlib import Path\nfrom ridealong import catalogue, rubric\n"
        f"catalogue.files = lambda package: Path({str(own)!r})"
    )
    notebook.cells = [
        notebook.cells[0],
        new_code_cell(setup, id="setup"),
        *notebook.cells[-4:],
    ]
    (folder / NOTEBOOK).write_text(format.text(notebook), encoding="utf-8", newline="\n")
    (step,) = catalogue.steps(with_rubric, [folder], Options())
    assert steps.run(step, Memory(with_rubric), lambda *_: None).problems == []
    return with_rubric


def test_catalogue_holds_the_rubric_and_not_the_reference(course: Path) -> None:
    text = catalogue.path_of(course, MODULE).read_text(encoding="utf-8")
    entry = json.loads(text)["rubrics"]["capacity-sheet"]

    assert SHEET not in text
    assert (entry["notebook"], entry["points"]) == ("01_first_look", 6)
    assert entry["criteria"][0]["name"] == "Load"
    assert entry["samples"][1]["scores"] == [2, 3]


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own
def test_a_person_grades_what_was_changed(course: Path) -> None:
    nbgrader(course, "generate_assignment", MODULE)
    released = course / "notebooks" / MODULE / NOTEBOOK
    written = format.read(released)
    next(cell for cell in written.cells if cell.id == "capacity-sheet").source = "My own sheet."
    handed_in = {
        "blank": format.read(released),
        "written": written,
        "reference": format.read(course / "solutions" / MODULE / NOTEBOOK),
    }
    for learner, notebook in handed_in.items():
        path = course / "submitted" / learner / MODULE / NOTEBOOK
        path.parent.mkdir(parents=True)
        path.write_text(format.text(notebook), encoding="utf-8", newline="\n")
    nbgrader(course, "autograde", MODULE)

    run = format.read(course / "autograded" / "written" / MODULE / NOTEBOOK)
    shown = [cell.outputs for cell in run.cells if cell.cell_type == "code"]
    assert "Capacity sheet: 6 points" in shown[1][0]["data"]["text/plain"]
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "ridealong") as gradebook:
        grades = {
            learner: gradebook.find_grade("capacity-sheet", "01_first_look", MODULE, learner)
            for learner in handed_in
        }
        assert {learner: grade.score for learner, grade in grades.items()} == dict.fromkeys(
            handed_in, 0
        )
        waiting = {learner for learner, grade in grades.items() if grade.needs_manual_grade}
        assert waiting == {"written", "reference"}
        assert {grade.max_score for grade in grades.values()} == {6}

        # What formgrader stores when a person gives points and a comment.
        grades["written"].manual_score = 4
        grades["written"].needs_manual_grade = False
        comment = gradebook.find_comment("capacity-sheet", "01_first_look", MODULE, "written")
        comment.manual_comment = "The load has no unit."
        gradebook.db.commit()
    nbgrader(course, "generate_feedback", MODULE)

    page = course / "feedback" / "written" / MODULE / "01_first_look.html"
    text = page.read_text(encoding="utf-8")
    assert "Score: 4.0 / 6.0" in text
    assert "The load has no unit." in text
    assert "My own sheet." in text
