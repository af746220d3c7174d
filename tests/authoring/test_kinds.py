"""A kind of answer has one home: this file alone makes one up and takes it all the way."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ridealong import answers, catalogue
from ridealong.answer import Answer
from ridealong.authoring import catalogue as build
from ridealong.authoring import cells, format, steps
from ridealong.authoring.sources import load
from ridealong.authoring.steps import Memory, Options
from ridealong.judging import Worker, judge
from ridealong.judging.kind import Entry, Key, Kind, Task, results_by_marks
from ridealong.judging.kinds import KINDS
from ridealong.judging.mutants import Mutant
from ridealong.notebook import magics
from ridealong.verdict import Verdict

MODULE = "04_sql_one"


# A kind whose answers are stops of a route, one a line, with a first stop that the exercise wants.


def _read(name: str, text: str, folder: Path) -> Any:
    stops = [line.strip() for line in text.split("\n") if line.strip() and line[0] != "!"]
    if any("," in stop for stop in stops):
        raise ValueError("a stop holds a comma, wanted one stop a line")
    return stops or None


def _marks(text: str, entry: Entry) -> dict[str, Any]:
    stops = _read("", text, Path()) or [""]
    return {
        "first": "" if stops[0] == entry["first_stop"] else stops[0],
        "twice": sorted({stop for stop in stops if stops.count(stop) > 1}),
    }


def _judge(task: Task, answer: Answer, worker: Worker) -> Verdict:
    marks = _marks(answer.text, task.entry)
    if not any(marks.values()):
        return Verdict(task.id, True, "the route holds")
    known = [m for m in task.entry["mistakes"] if m["results"] == marks]
    return Verdict(task.id, False, known[0]["message"] if known else "the route does not hold")


def _mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    stops = reference.split("\n")
    yield Mutant("the stops turned", "\n".join(reversed(stops)))
    yield Mutant("the last stop twice", "\n".join([*stops, stops[-1]]))


ROUTE = Kind(
    name="route",
    wanted="a route",
    own="route",
    stub="! One stop a line.",
    comment="!",
    read=_read,
    is_blank=lambda answer: not answer.value,
    judge=_judge,
    keys={"first_stop": Key(str), "note_of_the_author": Key(str, required=False, ships=False)},
    results=lambda known: results_by_marks(known, _marks),
    mutants=_mutants,
)

EXERCISE = """
[[exercise]]
id = "first-route"
title = "The first route"
kind = "route"
syllabus = ["D39"]
level = 1
depth = "core"
minutes = 2
points = 2
first_stop = "Airport"
note_of_the_author = "stays here"
hints = ["Where does it start?", "Not in town.", "A..."]
mistakes = [
    { name = "from-town", answer = "Town", message = "It starts in town." },
    { name = "there-and-back", answer = "Airport\\nTown\\nAirport", message = "One stop is there twice." },
    { name = "from-harbour", answer = "Harbour", message = "It starts at the harbour." },
]
alternatives = [
    { name = "longer", answer = "Airport\\nTown\\nHarbour" },
    { name = "shorter", answer = "Airport" },
]
"""
SOURCE = "%%route first_route\n! BEGIN SOLUTION\nAirport\nTown\n! END SOLUTION"


@pytest.fixture
def course(course_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with one exercise of the made-up kind, and its catalogue."""
    monkeypatch.setitem(KINDS, ROUTE.name, ROUTE)
    folder = tmp_path / "solutions" / MODULE
    folder.mkdir(parents=True)
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Routes\n\n2 minutes, 2 points", id="title"),
            new_code_cell("1 + 1", id="setup", metadata={"tags": ["demo:D39"]}),
            new_markdown_cell("### Exercise 1 - The first route (2 points)", id="exercise-one"),
            new_code_cell(SOURCE, id="first-route", metadata=_graded("first-route", 0)),
            new_code_cell(
                'check("first-route")',
                id="first-route-check",
                metadata=_graded("first-route-check", 2),
            ),
        ]
    )
    path = folder / "01_routes.ipynb"
    path.write_text(format.text(format.canonical(notebook)), encoding="utf-8", newline="\n")
    (folder / "exercises.toml").write_text(EXERCISE, encoding="utf-8")
    (folder / "quizzes.toml").write_text("", encoding="utf-8")
    (step,) = build.steps(tmp_path, [folder], Options())
    outcome = steps.run(step, Memory(tmp_path), lambda *_: None)
    assert outcome.problems == []
    content = json.loads(build.path_of(tmp_path, MODULE).read_text(encoding="utf-8"))
    module = catalogue.Module(MODULE, 7919, 1.0, content["exercises"])
    monkeypatch.setattr(catalogue, "modules", lambda: (module,))
    return tmp_path


def _graded(grade_id: str, points: int) -> dict[str, Any]:
    flags = {"grade": bool(points), "grade_id": grade_id, "locked": bool(points)}
    flags |= {"schema_version": 3, "solution": not points, "task": False}
    return {"nbgrader": flags | ({"points": points} if points else {})}


def test_its_exercise_goes_from_toml_to_verdict(course: Path) -> None:
    notebook = course / "solutions" / MODULE / "01_routes.ipynb"
    exercise = load(notebook.parent).exercises["first-route"]
    worker = Worker()

    answer = answers.read(notebook)["first_route"]
    assert (answer.kind, answer.value) == ("route", ["Airport", "Town"])
    assert judge("first-route", answer, worker) == Verdict("first-route", True, "the route holds")
    for mistake in exercise.mistakes:
        wrong = Answer("first_route", "route", mistake.answer, _read("", mistake.answer, Path()))
        assert judge("first-route", wrong, worker).message == mistake.message
    assert judge("first-route", None, worker).message.startswith("no answer yet: write your route")
    for mutant in ROUTE.mutants(answer.text, exercise.own):
        wrong = Answer("first_route", "route", mutant.text, _read("", mutant.text, Path()))
        assert not judge("first-route", wrong, worker).passed, mutant.change


def test_its_own_keys_are_checked_and_ship_where_they_may(course: Path) -> None:
    entry = catalogue.exercise("first-route")[1]

    assert entry["first_stop"] == "Airport"
    assert "note_of_the_author" not in entry


def test_its_magic_runs_in_a_notebook(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell.instance()
    try:
        magics.register(shell)
        shell.run_cell("%%route first_route\nAirport\nHarbour")

        assert "['Airport', 'Harbour']" in capsys.readouterr().out
        bound = magics.bound(shell, "first_route")
        assert bound is not None and bound.kind == "route"
        assert judge("first-route", bound, Worker()).passed
    finally:
        InteractiveShell.clear_instance()


def test_its_stub_and_comments_stand_in_the_learner_s_cell(course: Path) -> None:
    assert cells.stub(SOURCE) == "! One stop a line."
    assert cells.comment_mark(SOURCE) == "!"
