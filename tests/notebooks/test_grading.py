"""What a learner hands in gets the points it deserves, from stock nbgrader.

Made-up learners are graded by one run of `nbgrader autograde` each. One hands in the reference, one
an untouched copy. One for each processor hands in some of the notebooks with all known answers
beside the reference, mistakes and alternatives: they ask every exercise as often as it has known
answers, so a kernel starts once for all of them. Each test then looks at one exercise. The same
answers are judged from a submitted file alone, which has to give the same verdict. A rubric task
waits for a person once it is changed; nothing here gives its points.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from ridealong import answers, catalogue
from ridealong.authoring import cells, format
from ridealong.authoring.sources import Exercise, Module, Quiz
from ridealong.verdict import Verdict
from small_course import judge

REFERENCE, BLANK, KNOWN = "reference", "blank", "known"
PROCESSORS = os.cpu_count() or 1


@dataclass(frozen=True)
class Graded:
    """What came of one submission, or of the known answers of one number."""

    points: dict[str, float]
    waiting: set[str]  # for a person to grade them
    outputs: dict[str, str]
    files: dict[str, answers.Answer]


def submission(notebook: NotebookNode, replaced: dict[str, str]) -> NotebookNode:
    """A notebook in which some answer cells hold a known answer and all others are blank."""
    copy = format.node(notebook)
    for cell in copy.cells:
        if cells.part(cell.metadata) == "answer":
            cell.source = answer_of(cell, replaced.get(cell.id, ""))
    return copy


def answer_of(cell: NotebookNode, text: str) -> str:
    """The source of an answer cell that holds this text."""
    first, _, _ = cell.source.partition("\n")
    return f"{first}\n{text}"


def asked_again(notebook: NotebookNode, known: dict[str, list[str]]) -> tuple[NotebookNode, ...]:
    """The notebook with every answer and check once for each known answer: source and submission.

    Cells that only show something are left out: no answer needs them, and they cost time.
    """
    source, handed_in = format.node(notebook), format.node(notebook)
    source.cells, handed_in.cells = [], []
    for cell in notebook.cells:
        part = cells.part(cell.metadata)
        if part == "check":
            continue  # comes with its answer
        if part != "answer":
            if cell.cell_type != "code" or not is_demo(cell):
                for copy in (source, handed_in):
                    copy.cells.append(format.node(cell))
            continue
        (check,) = [c for c in notebook.cells if c.id == cell.id + cells.CHECK_SUFFIX]
        for number, text in enumerate(known[cell.id]):
            for each in (cell, check):
                again = format.node(each)
                again.id = again.metadata.nbgrader.grade_id = numbered(each.id, number)
                source.cells.append(again)
                handed_in.cells.append(format.node(again))
                if each is cell:
                    handed_in.cells[-1].source = answer_of(cell, text)
    return source, handed_in


def numbered(name: str, number: int) -> str:
    """The id of a cell that holds, or checks, the known answer of this number."""
    return f"known-{number}-{name}"


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
    again = f"{module.name}_known"
    entries: list[Exercise | Quiz] = [*module.exercises.values(), *module.quizzes.values()]
    known = {entry.id: known_answers(entry) for entry in entries}
    solved = {path: format.read(path) for path in module.notebooks}
    released = course / "notebooks" / module.name
    source = course / "solutions" / again
    for number, (path, notebook) in enumerate(solved.items()):
        asked, handed_in = asked_again(notebook, known)
        write(asked, source / path.name)
        learner = f"{KNOWN}-{number % PROCESSORS}"  # all of them are graded at the same time
        write(handed_in, course / "submitted" / learner / again / path.name)
        write(notebook, course / "submitted" / REFERENCE / module.name / path.name)
    for name in (module.name, again):
        nbgrader(course, "generate_assignment", name)
    for path in module.notebooks:
        blank = course / "submitted" / BLANK / module.name / path.name
        write(format.read(released / path.name), blank)
    learners = sorted(path.name for path in course.glob(f"submitted/{KNOWN}-*"))
    with ThreadPoolExecutor(PROCESSORS) as pool:
        runs = [
            pool.submit(nbgrader, course, "autograde", name, f"--student={learner}")
            for name, learner in [
                *((again, learner) for learner in learners),
                (module.name, REFERENCE),
                (module.name, BLANK),
            ]
        ]
        for run in runs:
            run.result()
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "ridealong") as gradebook:
        graded = {
            learner: collect(gradebook, course, module.name, learner)
            for learner in (REFERENCE, BLANK)
        }
        parts = [collect(gradebook, course, again, learner) for learner in learners]
    points = {name: earned for part in parts for name, earned in part.points.items()}
    outputs = {name: said for part in parts for name, said in part.outputs.items()}
    for number in range(max(map(len, known.values()))):
        replaced = {name: texts[number] for name, texts in known.items() if number < len(texts)}
        checks_of = {f"{name}{cells.CHECK_SUFFIX}" for name in replaced}
        graded[known_answer(number)] = Graded(
            points={check: points[numbered(check, number)] for check in checks_of},
            waiting=set(),
            outputs={check: outputs[numbered(check, number)] for check in checks_of},
            files=read([submission(each, replaced) for each in solved.values()], course),
        )
    return graded


def write(notebook: NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(format.text(notebook), encoding="utf-8", newline="\n")


def read(handed_in: list[NotebookNode], course: Path) -> dict[str, answers.Answer]:
    """The answers in submitted files, read without running them."""
    found: dict[str, answers.Answer] = {}
    for notebook in handed_in:
        path = course / "handed_in.ipynb"
        write(notebook, path)
        found |= answers.read(path)
    return found


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


def collect(gradebook: Gradebook, course: Path, assignment: str, learner: str) -> Graded:
    points: dict[str, float] = {}
    waiting: set[str] = set()
    outputs: dict[str, str] = {}
    files = sorted((course / "submitted" / learner / assignment).glob("*.ipynb"))
    for path in files:
        stored = gradebook.find_submission_notebook(path.stem, assignment, learner)
        points |= {grade.name: grade.score for grade in stored.grades}
        waiting |= {grade.name for grade in stored.grades if grade.needs_manual_grade}
        run = format.read(course / "autograded" / learner / assignment / path.name)
        for cell in run.cells:
            if cells.part(cell.metadata) == "check":
                texts = [o.get("evalue", "") or o.get("text", "") for o in cell.outputs]
                outputs[cell.id] = "\n".join(texts)
    return Graded(points, waiting, outputs, read([format.read(path) for path in files], course))


def words(text: str) -> str:
    return " ".join(text.split())


def verdict(handed_in: Graded, identifier: str) -> Verdict:
    """The verdict from the submitted file alone."""
    return judge(identifier, handed_in.files.get(identifier.replace("-", "_")))


def agree(handed_in: Graded, identifier: str) -> Verdict:
    """The verdict on an answer, which gives the same points from the file alone and as graded."""
    seen = verdict(handed_in, identifier)
    quiz = catalogue.quizzes().get(identifier)
    of = float((quiz or catalogue.exercise(identifier)[1])["points"])
    points = handed_in.points[f"{identifier}-check"]
    assert points == seen.points(of), f"from the file: {seen.message}"
    assert (points == of) == seen.passed
    if not seen.passed:
        assert words(seen.message) in words(handed_in.outputs[f"{identifier}-check"])
    return seen


def test_reference_earns_full_marks(module: Module, graded: Callable[..., Graded]) -> None:
    earned = graded(module, REFERENCE)

    asked = {**module.exercises, **module.quizzes}
    full = {f"{name}-check": float(entry.points) for name, entry in asked.items()}
    assert earned.points == full | dict.fromkeys(module.rubrics, 0.0)
    assert earned.waiting == module.rubrics.keys()
    assert all(agree(earned, name).passed for name in asked)


def test_untouched_copy_earns_nothing(module: Module, graded: Callable[..., Graded]) -> None:
    earned = graded(module, BLANK)

    assert sum(earned.points.values()) == 0
    assert earned.waiting == set()
    for name in (*module.exercises, *module.quizzes):
        assert not agree(earned, name).passed
        assert "no answer yet" in earned.outputs[f"{name}-check"].lower()


def test_mistakes_lose_the_points_and_are_named(
    exercise_of: tuple[Module, Exercise], graded: Callable[..., Graded]
) -> None:
    module, exercise = exercise_of
    for number, mistake in enumerate(exercise.mistakes):
        earned = graded(module, known_answer(number))
        seen = agree(earned, exercise.id)
        assert not seen.passed, f"{mistake.name} passes"
        said = earned.outputs[f"{exercise.id}-check"]
        assert words(mistake.message) in words(said), f"{mistake.name} is not recognised"
        assert seen.mistake == mistake.name


def test_alternatives_earn_the_points(
    exercise_of: tuple[Module, Exercise], graded: Callable[..., Graded]
) -> None:
    module, exercise = exercise_of
    for number, alternative in enumerate(exercise.alternatives, start=len(exercise.mistakes)):
        earned = graded(module, known_answer(number))
        said = earned.outputs[f"{exercise.id}-check"]
        assert agree(earned, exercise.id).passed, f"{alternative.name}: {said}"


def test_wrong_choices_lose_the_points(
    quiz_of: tuple[Module, Quiz], graded: Callable[..., Graded]
) -> None:
    module, quiz = quiz_of
    assert known_answers(quiz)
    for number, _ in enumerate(known_answers(quiz)):
        assert not agree(graded(module, known_answer(number)), quiz.id).passed
