"""What a learner hands in gets the points it deserves: judged from the file, and by stock nbgrader.

All known answers, mistakes and alternatives, are judged from a submitted file, in this process.
Stock `nbgrader autograde` grades, for every module, the reference and an untouched copy, and for
every kind of answer one notebook in which each of its mistakes is handed in. To start few kernels,
all exercises of a module are asked in one notebook, and in the one of the mistakes each exercise as
often as it has some; once a week the notebooks are graded as they are, and all known answers of all
modules. A rubric task waits for a person once it is changed; nothing here gives its points.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.validator import Validator

from ridealong import answers, catalogue
from ridealong.answer import Answer
from ridealong.authoring import cells, format
from ridealong.authoring.sources import Exercise, Module, Quiz
from ridealong.verdict import Verdict
from small_course import judge
from stock_nbgrader import nbgrader

# Of nbgrader's own: it asks for what it has just added, before it is in its database.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

REFERENCE, BLANK, KNOWN = "reference", "blank", "known"


@dataclass(frozen=True)
class Graded:
    """What came of one submission.

    Attributes:
        points: by check, from the gradebook.
        waiting: for a person to grade them.
        cards: by check, what the cell shows where there is no HTML, and its HTML.
        errors: of all cells that are not meant to fail, by the cell's id.
        unsolved: the checks that `nbgrader validate` would list, told from the same outputs.
        feedback: the words of the page that the learner gets back, where one was made.
        files: the answers, read from the submitted files alone.
    """

    points: dict[str, float]
    waiting: set[str]
    cards: dict[str, tuple[str, str]]
    errors: dict[str, str]
    unsolved: set[str]
    feedback: str = ""
    files: dict[str, Answer] = field(default_factory=dict)


REPLAYED = 2
"""Mistakes of an exercise that is judged by whole evenings, in each run; in the weekly run all."""


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


def asked_again(
    notebook: NotebookNode, known: Mapping[str, Sequence[str]]
) -> tuple[NotebookNode, ...]:
    """The notebook with an answer and its check once for each known answer: source and submission.

    Answers without a known one are left out, and cells that only show something: no answer needs
    them, and they cost time.
    """
    source, handed_in = format.node(notebook), format.node(notebook)
    source.cells, handed_in.cells = [], []
    for cell in notebook.cells:
        part = cells.part(cell.metadata)
        if part in ("check", "manual"):
            continue  # a check comes with its answer, and a person's part is asked elsewhere
        if part != "answer":
            if cell.cell_type != "code" or not is_demo(cell):
                for copy in (source, handed_in):
                    copy.cells.append(format.node(cell))
            continue
        (check,) = [c for c in notebook.cells if c.id == cell.id + cells.CHECK_SUFFIX]
        for number, text in enumerate(known.get(cell.id, ())):
            for each in (cell, check):
                again = format.node(each)
                again.id = again.metadata.nbgrader.grade_id = numbered(each.id, number)
                source.cells.append(again)
                handed_in.cells.append(format.node(again))
                if each is cell:
                    handed_in.cells[-1].source = answer_of(cell, text)
    return source, handed_in


def in_one_notebook(module: Module) -> NotebookNode:
    """All that a module asks in one notebook, without what no answer needs and what costs time."""
    found = format.read(module.notebooks[0])
    (setup,) = [cell for cell in found.cells if cell.id == "setup"]
    notebooks = map(format.read, module.notebooks)
    asked = [cell for each in notebooks for cell in each.cells if cells.part(cell.metadata)]
    found.cells = [setup, *asked]
    return found


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


@pytest.fixture(scope="session")
def new_course(
    databases: None,
    copy_course: Callable[[Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], Path]:
    """A function that copies the course into a folder of its own."""
    return lambda: copy_course(tmp_path_factory.mktemp("grading") / "course")


@pytest.fixture(scope="session")
def graded(new_course: Callable[[], Path]) -> Callable[[Module, str], Graded]:
    """A function that gives the grades of one made-up learner, both graded at the first call."""

    done: dict[str, dict[str, Graded]] = {}

    def of(module: Module, learner: str) -> Graded:
        if module.name not in done:
            asked = {"everything": in_one_notebook(module)}
            done[module.name] = grade_reference_and_blank(module.name, asked, new_course())
        return done[module.name][learner]

    return of


def grade_reference_and_blank(
    assignment: str, notebooks: Mapping[str, NotebookNode], course: Path
) -> dict[str, Graded]:
    """Let nbgrader grade these notebooks, by file name: as they are, and as they are released."""
    asks_only(course, assignment, notebooks)
    nbgrader(course, "generate_assignment", assignment)
    for name, reference in notebooks.items():
        released = format.read(course / "notebooks" / assignment / f"{name}.ipynb")
        for learner, notebook in [(REFERENCE, reference), (BLANK, released)]:
            write(notebook, course / "submitted" / learner / assignment / f"{name}.ipynb")
    nbgrader(course, "autograde", assignment)
    nbgrader(course, "generate_feedback", assignment)
    return {learner: collect(course, assignment, learner) for learner in (REFERENCE, BLANK)}


def asks_only(course: Path, assignment: str, notebooks: Mapping[str, NotebookNode]) -> None:
    """Make the assignment of a course consist of these notebooks."""
    for path in (course / "solutions" / assignment).glob("*.ipynb"):
        path.unlink()
    for name, notebook in notebooks.items():
        write(notebook, course / "solutions" / assignment / f"{name}.ipynb")


def grade_known(notebooks: Mapping[Path, Mapping[str, Sequence[str]]], course: Path) -> Graded:
    """Let nbgrader grade notebooks in which each of these answers is handed in, by exercise."""
    for path, known in notebooks.items():
        asked, handed_in = asked_again(format.read(path), known)
        write(asked, course / "solutions" / KNOWN / path.name)
        write(handed_in, course / "submitted" / KNOWN / KNOWN / path.name)
    nbgrader(course, "generate_assignment", KNOWN)
    nbgrader(course, "autograde", KNOWN)
    return collect(course, KNOWN, KNOWN)


@pytest.fixture(scope="session")
def handed_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Module, str, int], Answer | None]:
    """A function that gives a known answer of an exercise or quiz, read from a submitted file."""

    done: dict[tuple[str, int], dict[str, Answer]] = {}

    def of(module: Module, identifier: str, number: int) -> Answer | None:
        if (module.name, number) not in done:
            known = all_known(module).items()
            replaced = {name: texts[number] for name, texts in known if number < len(texts)}
            notebooks = [submission(format.read(path), replaced) for path in module.notebooks]
            done[module.name, number] = read(notebooks, tmp_path_factory.mktemp("handed_in"))
        return done[module.name, number].get(identifier.replace("-", "_"))

    return of


def all_known(module: Module) -> dict[str, list[str]]:
    entries: list[Exercise | Quiz] = [*module.exercises.values(), *module.quizzes.values()]
    return {entry.id: known_answers(entry) for entry in entries}


def write(notebook: NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(format.text(notebook), encoding="utf-8", newline="\n")


def read(handed_in: list[NotebookNode], course: Path) -> dict[str, Answer]:
    """The answers in submitted files, read without running them."""
    found: dict[str, Answer] = {}
    for notebook in handed_in:
        path = course / "handed_in.ipynb"
        write(notebook, path)
        found |= answers.read(path)
    return found


def collect(course: Path, assignment: str, learner: str) -> Graded:
    points: dict[str, float] = {}
    waiting: set[str] = set()
    cards: dict[str, tuple[str, str]] = {}
    errors: dict[str, str] = {}
    unsolved: set[str] = set()
    pages = ""
    files = sorted((course / "submitted" / learner / assignment).glob("*.ipynb"))
    for path in files:
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "ridealong") as gradebook:
            stored = gradebook.find_submission_notebook(path.stem, assignment, learner)
            points |= {grade.name: grade.score for grade in stored.grades}
            waiting |= {grade.name for grade in stored.grades if grade.needs_manual_grade}
        run = format.read(course / "autograded" / learner / assignment / path.name)
        unsolved |= {cell.id for cell in Validator()._get_failed_cells(run)}
        page = course / "feedback" / learner / assignment / f"{path.stem}.html"
        pages += page.read_text(encoding="utf-8") if page.is_file() else ""
        for cell in run.cells:
            for output in cell.get("outputs", []):
                # JupyterLab goes on after a cell that is meant to fail.
                meant = "raises-exception" in cell.metadata.get("tags", [])
                if output.output_type == "error" and not meant:
                    errors[cell.id] = f"{output.ename}: {output.evalue}"
            if part_of(cell) == "check" and cell.id not in errors:
                cards[cell.id] = shown(cell)
    return Graded(
        points,
        waiting,
        cards,
        errors,
        unsolved,
        feedback=plain(pages),
        files=read([format.read(path) for path in files], course),
    )


def part_of(cell: NotebookNode) -> str | None:
    return cells.part(cell.metadata)


def shown(cell: NotebookNode) -> tuple[str, str]:
    """What a check cell shows without HTML, and the words of its HTML."""
    texts = [each.data["text/plain"] for each in cell.outputs]
    pages = [each.data["text/html"] for each in cell.outputs]
    return "\n".join(texts), plain("".join(pages))


def plain(page: str) -> str:
    """The words of HTML; code stands between backticks, as in messages."""
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"</?code>", "`", page)))


def words(text: str) -> str:
    return " ".join(text.split())


def points_of(identifier: str) -> float:
    quiz = catalogue.quizzes().get(identifier)
    return float((quiz or catalogue.exercise(identifier)[1])["points"])


def agree(earned: Graded, check: str, seen: Verdict) -> None:
    """What nbgrader gave is what the answer earns from the file alone, and the card says it."""
    of = points_of(seen.exercise)
    points = earned.points[check]
    assert points == seen.points(of), f"from the file: {seen.message}"
    assert (points == of) == seen.passed
    text, page = earned.cards[check]
    for said in (seen.message, f"{points:g} of {of:g} point"):
        assert words(said) in words(text)
        assert words(said) in words(page)
    assert text.splitlines()[-1] == f"{points:g}"
    assert (check in earned.unsolved) == (points < of)


def verdict(earned: Graded, identifier: str) -> Verdict:
    """The verdict from the submitted file alone."""
    return judged(identifier, earned.files.get(identifier.replace("-", "_")))


def judged(identifier: str, answer: Answer | None) -> Verdict:
    """The verdict about an answer, asked for once by all of these tests."""
    key = f"{identifier} {answer!r}"
    if key not in _VERDICTS:
        _VERDICTS[key] = judge(identifier, answer)
    return _VERDICTS[key]


_VERDICTS: dict[str, Verdict] = {}


def test_reference_earns_full_marks(module: Module, graded: Callable[..., Graded]) -> None:
    earns_full_marks(module, graded(module, REFERENCE))


def earns_full_marks(module: Module, earned: Graded) -> None:
    asked = {**module.exercises, **module.quizzes}
    full = {f"{name}-check": float(entry.points) for name, entry in asked.items()}
    assert earned.points == full | dict.fromkeys(module.rubrics, 0.0)
    assert earned.waiting == module.rubrics.keys()
    for name in asked:
        seen = verdict(earned, name)
        assert seen.passed
        agree(earned, f"{name}-check", seen)
        assert words(seen.message) in words(earned.feedback)


def test_untouched_copy_earns_nothing_and_stops_nowhere(
    module: Module, graded: Callable[..., Graded]
) -> None:
    earns_nothing(module, graded(module, BLANK))


@pytest.mark.weekly
def test_notebooks_as_they_are_earn_full_marks_and_untouched_ones_nothing(
    module: Module, new_course: Callable[[], Path]
) -> None:
    notebooks = {path.stem: format.read(path) for path in module.notebooks}
    earned = grade_reference_and_blank(module.name, notebooks, new_course())

    earns_full_marks(module, earned[REFERENCE])
    earns_nothing(module, earned[BLANK])


def earns_nothing(module: Module, earned: Graded) -> None:
    assert sum(earned.points.values()) == 0
    assert earned.waiting == set()
    assert earned.errors == {}
    for name in (*module.exercises, *module.quizzes):
        seen = verdict(earned, name)
        assert not seen.passed
        assert "no answer yet" in seen.message.lower()
        agree(earned, f"{name}-check", seen)
        assert words(seen.message) in words(earned.feedback)


@pytest.mark.parametrize("at_most", [REPLAYED, pytest.param(None, marks=pytest.mark.weekly)])
def test_mistakes_lose_the_points_and_are_named(
    exercise_of: tuple[Module, Exercise],
    handed_in: Callable[..., Answer | None],
    at_most: int | None,
) -> None:
    module, exercise = exercise_of
    is_replayed = exercise.own.get("judge") in ("cache", "queue", "move")
    if at_most is None and not is_replayed:
        pytest.skip("all of them are tested in each run")
    for number, mistake in enumerate(exercise.mistakes[: at_most if is_replayed else None]):
        seen = judged(exercise.id, handed_in(module, exercise.id, number))
        assert not seen.passed, f"{mistake.name} passes"
        assert seen.points(exercise.points) < exercise.points
        assert words(mistake.message) in words(seen.message), f"{mistake.name} is not recognised"
        assert seen.mistake == mistake.name


def test_alternatives_earn_the_points(
    exercise_of: tuple[Module, Exercise], handed_in: Callable[..., Answer | None]
) -> None:
    module, exercise = exercise_of
    for number, alternative in enumerate(exercise.alternatives, start=len(exercise.mistakes)):
        seen = judged(exercise.id, handed_in(module, exercise.id, number))
        assert seen.passed, f"{alternative.name}: {seen.message}"


def test_wrong_choices_lose_the_points(
    quiz_of: tuple[Module, Quiz], handed_in: Callable[..., Answer | None]
) -> None:
    module, quiz = quiz_of
    assert known_answers(quiz)
    for number, _ in enumerate(known_answers(quiz)):
        seen = judged(quiz.id, handed_in(module, quiz.id, number))
        assert not seen.passed
        assert "no answer yet" not in seen.message.lower()


def test_nbgrader_gives_what_the_mistakes_of_each_kind_earn(
    kinds_of: tuple[tuple[str, ...], Module, Path],
    new_course: Callable[[], Path],
    handed_in: Callable[..., Answer | None],
) -> None:
    kinds, module, path = kinds_of
    here = {cell.id for cell in format.read(path).cells}
    known = {
        entry.id: [mistake.answer for mistake in entry.mistakes]
        for entry in module.exercises.values()
        if entry.kind in kinds and entry.id in here
    }
    if "quiz" in kinds:
        known |= {
            name: known_answers(quiz) for name, quiz in module.quizzes.items() if name in here
        }

    same_from_nbgrader_and_file(module, {path: known}, new_course(), handed_in)


@pytest.mark.weekly
def test_nbgrader_gives_what_all_known_answers_earn(
    module: Module,
    new_course: Callable[[], Path],
    handed_in: Callable[..., Answer | None],
) -> None:
    asked = {path: all_known(module) for path in module.notebooks}

    same_from_nbgrader_and_file(module, asked, new_course(), handed_in)


def same_from_nbgrader_and_file(
    module: Module,
    asked: Mapping[Path, Mapping[str, Sequence[str]]],
    course: Path,
    handed_in: Callable[..., Answer | None],
) -> None:
    earned = grade_known(asked, course)

    known = {name: texts for each in asked.values() for name, texts in each.items()}
    assert known
    assert len(earned.points) == sum(map(len, known.values()))
    for name, texts in known.items():
        for number, _ in enumerate(texts):
            seen = judged(name, handed_in(module, name, number))
            agree(earned, numbered(f"{name}-check", number), seen)


def test_validate_lists_the_checks_that_are_unsolved(
    first_notebook: tuple[Module, Path], new_course: Callable[[], Path]
) -> None:
    """A half-solved notebook: every second answer is given."""
    module, path = first_notebook
    course = new_course()
    asks_only(course, module.name, {path.stem: format.read(path)})
    nbgrader(course, "generate_assignment", module.name)
    released = course / "notebooks" / module.name / path.name
    solved = {cell.id: cell for cell in format.read(path).cells if part_of(cell) == "answer"}
    given = set(list(solved)[::2])
    notebook = format.read(released)
    for cell in notebook.cells:
        if cell.id in given:
            cell.source = answer_of(cell, cells.answer(solved[cell.id].source))
    write(notebook, released)

    listed = nbgrader(course, "validate", str(released.relative_to(course)))

    assert f"FAILED ON {len(solved) - len(given)} CELL(S)" in listed
    for name in solved:
        assert (f'check("{name}")' in listed) == (name not in given)
