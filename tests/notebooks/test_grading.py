"""What a learner hands in gets the points it deserves, from stock nbgrader.

All answers known for a module are graded as a few made-up learners: one hands in the reference,
one an untouched copy, one the first known answer beside the reference of every exercise, one the
second, and so on; known answers are the mistakes, then the alternatives. One run of
`nbgrader autograde` per processor grades them; each test then looks at one exercise. The same
answers are judged from the file alone, which has to give the same verdict. A rubric task waits for
a person once it is changed; nothing here gives its points.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from ridealong import answers, catalogue, checks
from ridealong.authoring import cells, format
from ridealong.authoring.sources import Exercise, Module, Quiz

REFERENCE, BLANK = "reference", "blank"


@dataclass(frozen=True)
class Graded:
    """What came of one submission of a module."""

    points: dict[str, float]
    waiting: set[str]  # for a person to grade them
    outputs: dict[str, str]
    files: list[Path]


def submission(notebook: NotebookNode, replaced: dict[str, str]) -> NotebookNode:
    """A notebook in which some answer cells hold a known answer and all others are blank.

    Cells that only show something are left out: no answer needs them, and they cost time.
    """
    copy = format.node(notebook)
    copy.cells = [cell for cell in copy.cells if not is_demo(cell)]
    for cell in copy.cells:
        if cells.part(cell.metadata) == "answer":
            first, _, _ = cell.source.partition("\n")
            cell.source = f"{first}\n{replaced.get(cell.id, '')}"
    return copy


def is_demo(cell: NotebookNode) -> bool:
    tags = cell.metadata.get("tags", [])
    return cell.cell_type == "code" and any(tag.startswith(format.DEMO_TAG) for tag in tags)


def wrong_choices(quiz: Quiz) -> list[Any]:
    """Wrong answers to a quiz, of the kind that it asks for."""
    options = quiz.entry.get("options", [])
    names = [option["id"] for option in options]
    match quiz.entry["kind"]:
        case "one":
            return [option["id"] for option in options if not option["right"]]
        case "several":
            right = [option["id"] for option in options if option["right"]]
            return [[name for name in names if name not in right], names if right != names else []]
        case "order":
            return [names[::-1], names[1:] + names[:1]]
        case _:
            off = abs(quiz.entry["tolerance"]) + 1
            return [quiz.entry["right_value"] + off, quiz.entry["right_value"] - off]


def literal(choice: Any) -> str:
    return repr({"choice": choice, "confidence": "certain"})


def known_answers(entry: Exercise | Quiz) -> list[str]:
    """The answers beside the reference: of an exercise its mistakes, then its alternatives."""
    if isinstance(entry, Exercise):
        return [known.answer for known in (*entry.mistakes, *entry.alternatives)]
    return [literal(choice) for choice in wrong_choices(entry)]


def learners(module: Module) -> dict[str, dict[Path, NotebookNode]]:
    """The made-up learners, each with the notebooks that they hand in."""
    solved = {path: format.read(path) for path in module.notebooks}
    handed_in = {REFERENCE: dict(solved)}
    entries: list[Exercise | Quiz] = [*module.exercises.values(), *module.quizzes.values()]
    columns = [[(entry.id, answer) for answer in known_answers(entry)] for entry in entries]
    for number, row in enumerate(zip_longest(*columns)):
        replaced = dict(pair for pair in row if pair)
        handed_in[known_answer(number)] = {
            path: submission(notebook, replaced)
            for path, notebook in solved.items()
            if replaced.keys() & {cell.id for cell in notebook.cells}
        }
    return handed_in


def known_answer(number: int) -> str:
    """The learner who hands in this known answer of every exercise, counted from 0."""
    return f"known-{number}"


@pytest.fixture(scope="session")
def graded(
    databases: None,
    copy_course: Callable[[Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Module, str], Graded]:
    """A function that gives the grades of one made-up learner, all graded at the first call."""
    done: dict[str, dict[str, Graded]] = {}

    def of(module: Module, learner: str) -> Graded:
        if module.name not in done:
            course = copy_course(tmp_path_factory.mktemp(module.name) / "course")
            done[module.name] = grade(module, course)
        return done[module.name][learner]

    return of


def grade(module: Module, course: Path) -> dict[str, Graded]:
    nbgrader(course, "generate_assignment", module.name)
    handed_in = learners(module)
    released = course / "notebooks" / module.name
    handed_in[BLANK] = {path: format.read(released / path.name) for path in module.notebooks}
    share = min(os.cpu_count() or 1, len(handed_in))
    names = {learner: f"{n % share}-{learner}" for n, learner in enumerate(handed_in)}
    for learner, notebooks in handed_in.items():
        folder = course / "submitted" / names[learner] / module.name
        folder.mkdir(parents=True)
        for path, notebook in notebooks.items():
            text = format.text(notebook)
            (folder / path.name).write_text(text, encoding="utf-8", newline="\n")
    with ThreadPoolExecutor(share) as pool:
        runs = [
            pool.submit(nbgrader, course, "autograde", module.name, f"--student={number}-*")
            for number in range(share)
        ]
        for run in runs:
            run.result()
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "ridealong") as gradebook:
        return {
            learner: collect(gradebook, course, module, name) for learner, name in names.items()
        }


def nbgrader(course: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments, "--force"],
        cwd=course,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stderr


def collect(gradebook: Gradebook, course: Path, module: Module, learner: str) -> Graded:
    points: dict[str, float] = {}
    waiting: set[str] = set()
    outputs: dict[str, str] = {}
    files = sorted((course / "submitted" / learner / module.name).glob("*.ipynb"))
    for path in files:
        stored = gradebook.find_submission_notebook(path.stem, module.name, learner)
        points |= {grade.name: grade.score for grade in stored.grades}
        waiting |= {grade.name for grade in stored.grades if grade.needs_manual_grade}
        run = format.read(course / "autograded" / learner / module.name / path.name)
        for cell in run.cells:
            if cells.part(cell.metadata) == "check":
                texts = [o.get("evalue", "") or o.get("text", "") for o in cell.outputs]
                outputs[cell.id] = "\n".join(texts)
    return Graded(points, waiting, outputs, files)


def words(text: str) -> str:
    return " ".join(text.split())


def verdict(handed_in: Graded, identifier: str) -> checks.Verdict:
    """The verdict from the submitted file alone."""
    name = identifier.replace("-", "_")
    for path in handed_in.files:
        found = answers.read(path)
        if name in found:
            return checks.judge(identifier, found[name])
    return checks.judge(identifier, None)


def agree(handed_in: Graded, identifier: str) -> bool:
    """Whether the answer earned all its points; the file alone has to give the same points."""
    seen = verdict(handed_in, identifier)
    quiz = catalogue.quizzes().get(identifier)
    of = float((quiz or catalogue.exercise(identifier)[1])["points"])
    points = handed_in.points[f"{identifier}-check"]
    assert points == seen.points(of), f"from the file: {seen.message}"
    earned = points == of
    assert earned == seen.passed
    if not earned:
        assert words(seen.message) in words(handed_in.outputs[f"{identifier}-check"])
    return earned


def test_reference_earns_full_marks(module: Module, graded: Callable[..., Graded]) -> None:
    earned = graded(module, REFERENCE)

    asked = {**module.exercises, **module.quizzes}
    full = {f"{name}-check": float(entry.points) for name, entry in asked.items()}
    assert earned.points == full | dict.fromkeys(module.rubrics, 0.0)
    assert earned.waiting == module.rubrics.keys()
    assert all(agree(earned, name) for name in asked)


def test_untouched_copy_earns_nothing(module: Module, graded: Callable[..., Graded]) -> None:
    earned = graded(module, BLANK)

    assert sum(earned.points.values()) == 0
    assert earned.waiting == set()
    for name in (*module.exercises, *module.quizzes):
        assert not agree(earned, name)
        assert "no answer yet" in earned.outputs[f"{name}-check"].lower()


def test_mistakes_lose_the_points_and_are_named(
    exercise_of: tuple[Module, Exercise], graded: Callable[..., Graded]
) -> None:
    module, exercise = exercise_of
    for number, mistake in enumerate(exercise.mistakes):
        earned = graded(module, known_answer(number))
        assert not agree(earned, exercise.id), f"{mistake.name} passes"
        said = earned.outputs[f"{exercise.id}-check"]
        assert words(mistake.message) in words(said), f"{mistake.name} is not recognised"
        assert verdict(earned, exercise.id).mistake == mistake.name


def test_alternatives_earn_the_points(
    exercise_of: tuple[Module, Exercise], graded: Callable[..., Graded]
) -> None:
    module, exercise = exercise_of
    for number, alternative in enumerate(exercise.alternatives, start=len(exercise.mistakes)):
        earned = graded(module, known_answer(number))
        said = earned.outputs[f"{exercise.id}-check"]
        assert agree(earned, exercise.id), f"{alternative.name}: {said}"


def test_wrong_choices_lose_the_points(
    quiz_of: tuple[Module, Quiz], graded: Callable[..., Graded]
) -> None:
    module, quiz = quiz_of
    assert known_answers(quiz)
    for number, _ in enumerate(known_answers(quiz)):
        assert not agree(graded(module, known_answer(number)), quiz.id)
