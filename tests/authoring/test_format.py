"""The canonical form of a notebook, and what is said of cells that are wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from ridealong.authoring import format, sources
from ridealong.authoring.problems import BuildError


def stored(folder: Path, notebook: NotebookNode) -> Path:
    path = folder / "notebook.ipynb"
    nbformat.write(notebook, path)
    return path


def cell(notebook: NotebookNode, identifier: str) -> NotebookNode:
    return next(each for each in notebook.cells if each.id == identifier)


def test_canonical_form_is_its_own_canonical_form(tmp_path: Path, notebook: NotebookNode) -> None:
    path = stored(tmp_path, notebook)
    first = format.text(format.canonical(format.read(path)))
    path.write_text(first, encoding="utf-8")

    assert format.text(format.canonical(format.read(path))) == first
    assert first.endswith("}\n")


def test_only_known_metadata_is_kept(tmp_path: Path, notebook: NotebookNode) -> None:
    notebook.metadata.kernelspec = {"name": "other", "display_name": "x", "language": "python"}
    notebook.metadata.language_info = {"name": "python", "version": "3.12.1"}
    notebook.cells[1].metadata.execution = {"iopub.status.busy": "2026-01-01"}
    notebook.cells[3].metadata.nbgrader.cell_type = "code"

    made = format.canonical(format.read(stored(tmp_path, notebook)))

    assert made.metadata == {
        "kernelspec": {"display_name": "Python 3", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert {key for each in made.cells for key in each.metadata} == {"nbgrader", "tags"}
    assert "cell_type" not in made.cells[3].metadata.nbgrader


def test_cells_named_by_a_program_get_words(tmp_path: Path, notebook: NotebookNode) -> None:
    notebook.cells[2].id = "3f2a91bc"
    notebook.cells[3].id = "0c9f2f66-6b0e-4d0f-9a55-3c1f6d1f2a10"

    made = format.canonical(format.read(stored(tmp_path, notebook)))

    assert made.cells[2].id == "exercise-rides-per-city-points"
    assert made.cells[3].id == "rides-by-city"


def test_a_heading_that_repeats_gets_a_number(tmp_path: Path, notebook: NotebookNode) -> None:
    notebook.cells[2].id, notebook.cells[0].id = "3f2a91bc", "3f2a91bd"
    notebook.cells[0].source = notebook.cells[2].source

    made = format.canonical(format.read(stored(tmp_path, notebook)))

    assert len({each.id for each in made.cells}) == len(made.cells)
    assert made.cells[2].id.endswith("-2")


def test_empty_cells_at_the_end_are_dropped(tmp_path: Path, notebook: NotebookNode) -> None:
    count = len(notebook.cells)
    notebook.cells += [new_code_cell(""), new_code_cell(" \n")]

    assert len(format.canonical(format.read(stored(tmp_path, notebook))).cells) == count


def test_a_free_port_is_not_stored() -> None:
    page = {"text/html": '<iframe src="http://127.0.0.1:40123/-/docs">', "text/plain": "a page"}

    (stored,) = format.stable_outputs([new_output("execute_result", page)], 1)

    assert stored["data"]["text/html"] == '<iframe src="http://127.0.0.1:port/-/docs">'
    assert stored["data"]["text/plain"] == "a page"


def test_outputs_keep_what_is_stable() -> None:
    outputs = [
        new_output("stream", name="stdout", text="a\n"),
        new_output("stream", name="stdout", text="b\n"),
        new_output(
            "display_data",
            {"text/plain": "Quiz('x')", "application/vnd.jupyter.widget-view+json": {"a": 1}},
        ),
        new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"a": 1}}),
        new_output("execute_result", {"text/plain": "2"}, execution_count=99),
        new_output("error", ename="E", evalue="why", traceback=["Traceback ...", "/home/x/y.py"]),
    ]

    assert format.stable_outputs(outputs, 3) == [
        {"name": "stdout", "output_type": "stream", "text": "a\nb\n"},
        {"data": {"text/plain": "Quiz('x')"}, "metadata": {}, "output_type": "display_data"},
        {
            "data": {"text/plain": "2"},
            "metadata": {},
            "output_type": "execute_result",
            "execution_count": 3,
        },
        {"ename": "E", "evalue": "why", "output_type": "error", "traceback": ["E: why"]},
    ]


def test_two_cells_with_one_id_are_refused(tmp_path: Path, notebook: NotebookNode) -> None:
    path = stored(tmp_path, notebook)
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["cells"][1]["id"] = raw["cells"][0]["id"]
    path.write_text(json.dumps(raw), encoding="utf-8")

    with pytest.raises(BuildError, match="cell 'title': two cells have this id"):
        format.read(path)


@pytest.mark.parametrize("content", ["{", "[]", '{"nbformat": 3}', '{"cells": []}'])
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notebook.ipynb"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(BuildError, match=r"notebook\.ipynb"):
        format.read(path)


def without_markers(notebook: NotebookNode) -> None:
    cell(notebook, "rides-by-city").source = "%%sql rides_by_city\nSELECT 1"


def other_comment(notebook: NotebookNode) -> None:
    answer = cell(notebook, "rides-by-city")
    answer.source = answer.source.replace("-- BEGIN", "# BEGIN")


def begun_twice(notebook: NotebookNode) -> None:
    answer = cell(notebook, "rides-by-city")
    answer.source = answer.source.replace("-- BEGIN", "-- BEGIN SOLUTION\n-- BEGIN")


def other_name(notebook: NotebookNode) -> None:
    answer = cell(notebook, "rides-by-city")
    answer.source = answer.source.replace("%%sql rides_by_city", "%%sql rides")


def other_points(notebook: NotebookNode) -> None:
    cell(notebook, "rides-by-city-check").metadata.nbgrader.points = 5


def other_check(notebook: NotebookNode) -> None:
    cell(notebook, "rides-by-city-check").source = "check('rides-by-city')  # done"


def unknown_exercise(notebook: NotebookNode) -> None:
    answer = cell(notebook, "rides-by-city")
    answer.id = answer.metadata.nbgrader.grade_id = "ride-by-city"


def unknown_tag(notebook: NotebookNode) -> None:
    cell(notebook, "setup").metadata.tags = ["nbval-skp"]


def unknown_item(notebook: NotebookNode) -> None:
    cell(notebook, "setup").metadata.tags = ["demo:D99"]


def solution_elsewhere(notebook: NotebookNode) -> None:
    cell(notebook, "setup").source = "# BEGIN SOLUTION\n1\n# END SOLUTION"


def empty_solution(notebook: NotebookNode) -> None:
    cell(
        notebook, "rides-by-city"
    ).source = "%%sql rides_by_city\n-- BEGIN SOLUTION\n-- END SOLUTION"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without_markers, "cell 'rides-by-city': wanted the lines '-- BEGIN SOLUTION' and"),
        (without_markers, "'-- END SOLUTION' in turn, found neither"),
        (other_comment, "in turn, found '-- END SOLUTION'"),
        (begun_twice, "in turn, found '-- BEGIN SOLUTION', '-- BEGIN SOLUTION', '-- END SOLUTION'"),
        (other_name, "its answer is called 'rides', wanted 'rides_by_city'"),
        (other_points, "cell 'rides-by-city-check': worth 5 points here and 2 in the TOML file"),
        (other_check, 'wanted exactly the source check("rides-by-city")'),
        (unknown_exercise, 'did you mean "rides-by-city"?'),
        (unknown_tag, "unknown tag 'nbval-skp'; did you mean \"nbval-skip\"?"),
        (unknown_item, "unknown syllabus id"),
        (solution_elsewhere, "solution markers, but it is no answer cell"),
        (empty_solution, "no solution between the markers"),
    ],
)
def test_what_is_wrong_with_a_cell_is_said(
    sample: Path, notebook: NotebookNode, spoil: Callable[[NotebookNode], None], said: str
) -> None:
    module = sources.load(sample / "solutions" / "04_sql_one")
    assert format.problems(format.canonical(notebook), module, "n") == []

    spoil(notebook)

    assert any(said in each for each in format.problems(notebook, module, "n"))


def test_a_solution_may_stand_in_several_places(sample: Path, notebook: NotebookNode) -> None:
    module = sources.load(sample / "solutions" / "04_sql_one")
    answer = cell(notebook, "rides-by-city")
    answer.source += "\n-- BEGIN SOLUTION\n-- in order\n-- END SOLUTION"

    assert format.problems(format.canonical(notebook), module, "n") == []


def test_what_no_notebook_asks_is_said(sample: Path, notebook: NotebookNode) -> None:
    module = sources.load(sample / "solutions" / "04_sql_one")
    assert format.module_problems({"n": notebook}, module) == []

    notebook.cells = [
        each for each in notebook.cells if each.id not in ("rider-rides", "clause-order-quiz")
    ]

    assert format.module_problems({"n": notebook}, module) == [
        "solutions/04_sql_one/exercises.toml, 'rider-rides': no notebook has its answer cell",
        (
            "solutions/04_sql_one/quizzes.toml, 'clause-order': "
            'no notebook shows it with quiz("clause-order")'
        ),
    ]


def test_a_timed_exercise_without_clock_is_said(sample: Path, notebook: NotebookNode) -> None:
    path = sample / "solutions" / "04_sql_one" / "exercises.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("minutes = 2\n", "minutes = 2\ntimed = true\n"), encoding="utf-8")
    module = sources.load(sample / "solutions" / "04_sql_one")

    (said,) = format.module_problems({"n": notebook}, module)
    assert "'rider-rides': it is timed, and no notebook shows its clock with timer(" in said

    notebook.cells.append(new_code_cell('timer("rider-rides")', id="clock"))
    assert format.module_problems({"n": notebook}, module) == []


def test_an_id_graded_twice_is_said(sample: Path, notebook: NotebookNode) -> None:
    module = sources.load(sample / "solutions" / "04_sql_one")

    found = format.module_problems({"one": notebook, "two": notebook}, module)

    assert "one and two: the grade id 'rider-rides' is used 2 times" in found
