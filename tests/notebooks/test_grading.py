"""What a learner hands in gets the points it deserves, from stock nbgrader.

All answers known for a module are graded as a few made-up submissions: the reference, an
untouched copy, the first mistake of every exercise, the second one, and so on; the alternatives
likewise. One run of `nbgrader autograde` per processor grades them; each test then looks at one
answer. The same answers are judged from the file alone, which has to give the same verdict.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from ridealong import answers, checks
from ridealong.authoring import cells, format
from ridealong.authoring.sources import Exercise, Module, Quiz

REFERENCE, BLANK, MISTAKE, ALTERNATIVE = "reference", "blank", "mistake", "alternative"


@dataclass(frozen=True)
class Graded:
    """What came of one submission of a module."""

    points: dict[str, float]
    outputs: dict[str, str]
    files: list[Path]


def submission(notebook: NotebookNode, replaced: dict[str, str]) -> NotebookNode:
    """A solved notebook in which some answer cells hold another answer."""
    copy = format.node(notebook)
    for cell in copy.cells:
        if cell.id in replaced:
            first, _, _ = cell.source.partition("\n")
            cell.source = f"{first}\n{replaced[cell.id]}"
    return copy


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


def submissions(module: Module) -> Iterator[tuple[str, dict[str, str]]]:
    """Each made-up learner with the answers that replace the reference."""
    yield REFERENCE, {}
    wrong = [[(e.id, m.answer) for m in e.mistakes] for e in module.exercises.values()]
    wrong += [[(q.id, literal(c)) for c in wrong_choices(q)] for q in module.quizzes.values()]
    other = [[(e.id, a.answer) for a in e.alternatives] for e in module.exercises.values()]
    for kind, columns in ((MISTAKE, wrong), (ALTERNATIVE, other)):
        for number, row in enumerate(zip_longest(*columns), start=1):
            yield f"{kind}-{number}", dict(pair for pair in row if pair)


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
    learners = [*submissions(module), (BLANK, {})]
    share = os.cpu_count() or 1
    names = {}
    for number, (learner, replaced) in enumerate(learners):
        names[learner] = f"{number % share}-{learner}"
        folder = course / "submitted" / names[learner] / module.name
        folder.mkdir(parents=True)
        for path in module.notebooks:
            released = course / "notebooks" / module.name / path.name
            notebook = format.read(released if learner == BLANK else path)
            text = format.text(submission(notebook, replaced))
            (folder / path.name).write_text(text, encoding="utf-8", newline="\n")
    with ThreadPoolExecutor(share) as pool:
        runs = [
            pool.submit(nbgrader, course, "autograde", module.name, f"--student={number}-*")
            for number in range(min(share, len(learners)))
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
    outputs: dict[str, str] = {}
    for path in module.notebooks:
        stored = gradebook.find_submission_notebook(path.stem, module.name, learner)
        points |= {grade.name: grade.score for grade in stored.grades}
        run = format.read(course / "autograded" / learner / module.name / path.name)
        for cell in run.cells:
            if cells.part(cell.metadata) == "check":
                texts = [o.get("evalue", "") or o.get("text", "") for o in cell.outputs]
                outputs[cell.id] = "\n".join(texts)
    folder = course / "submitted" / learner / module.name
    return Graded(points, outputs, [folder / path.name for path in module.notebooks])


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
    """Whether the answer earned its points; the file alone has to say the same."""
    seen = verdict(handed_in, identifier)
    earned = handed_in.points[f"{identifier}-check"] > 0
    assert seen.passed == earned, f"from the file: {seen.message}"
    if not earned:
        assert words(seen.message) in words(handed_in.outputs[f"{identifier}-check"])
    return earned


def test_reference_earns_full_marks(module: Module, graded: Callable[..., Graded]) -> None:
    earned = graded(module, REFERENCE)

    asked = {**module.exercises, **module.quizzes}
    assert earned.points == {f"{name}-check": float(entry.points) for name, entry in asked.items()}
    assert all(agree(earned, name) for name in asked)


def test_untouched_copy_earns_nothing(module: Module, graded: Callable[..., Graded]) -> None:
    earned = graded(module, BLANK)

    assert sum(earned.points.values()) == 0
    for name in (*module.exercises, *module.quizzes):
        assert not agree(earned, name)
        assert "no answer yet" in earned.outputs[f"{name}-check"].lower()


def test_mistakes_lose_the_points_and_are_named(
    exercise_of: tuple[Module, Exercise], graded: Callable[..., Graded]
) -> None:
    module, exercise = exercise_of
    for number, mistake in enumerate(exercise.mistakes, start=1):
        earned = graded(module, f"{MISTAKE}-{number}")
        assert not agree(earned, exercise.id), f"{mistake.name} passes"
        said = earned.outputs[f"{exercise.id}-check"]
        assert words(mistake.message) in words(said), f"{mistake.name} is not recognised"
        assert verdict(earned, exercise.id).mistake == mistake.name


def test_alternatives_earn_the_points(
    exercise_of: tuple[Module, Exercise], graded: Callable[..., Graded]
) -> None:
    module, exercise = exercise_of
    for number, alternative in enumerate(exercise.alternatives, start=1):
        earned = graded(module, f"{ALTERNATIVE}-{number}")
        said = earned.outputs[f"{exercise.id}-check"]
        assert agree(earned, exercise.id), f"{alternative.name}: {said}"


def test_wrong_choices_lose_the_points(
    quiz_of: tuple[Module, Quiz], graded: Callable[..., Graded]
) -> None:
    module, quiz = quiz_of
    for number, _ in enumerate(wrong_choices(quiz), start=1):
        assert not agree(graded(module, f"{MISTAKE}-{number}"), quiz.id)
