"""Every notebook is built alike, so that a learner always knows where they are."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from nbformat import NotebookNode

from ridealong import catalogue, study
from ridealong.authoring import cells, docs, format, sources
from ridealong.authoring.sources import WORDS, Exercise, Module, Quiz, Rubric

LONGEST_CODE_LINES = 20
LONGEST_OUTPUT_LINES = 45
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|tmp|var|usr|opt)/|\b[A-Z]:\\\w")
BULLET = re.compile(r"^\s*[-*] +(.+(?:\n +.+)*)", re.MULTILINE)
EXERCISE = re.compile(
    r"^### Exercise (?P<number>\d+)\b.*\((?P<points>\d+) points?"
    r"(?:, (?P<minutes>\d+) minutes(?P<more>, more practice)?)?\)\s*$",
    re.MULTILINE,
)

# The form of a task: the question, what to hand in, what it looks like, the exact rules. A module
# is in this form as soon as one of its notebooks says reading and doing apart.
TITLE = re.compile(
    r"^(?P<total>\d+) minutes: (?P<reading>\d+) to read and watch, (?P<doing>\d+) to do\. "
    r"(?P<points>\d+) points?\.$"
    r"(?:\nMore practice: (?P<more_minutes>\d+) minutes, (?P<more_points>\d+) points?\.$)?",
    re.MULTILINE,
)
TASK = re.compile(
    r"^### .*\n\n(?P<question>(?:.+\n)+)\n(?P<hand_in>\*\*Hand in\*\* (?s:.+))", re.MULTILINE
)
RULES = re.compile(
    r"<details><summary>Exact rules</summary>\n\n(?:- .+\n)+\n</details>", re.MULTILINE
)
CALL = re.compile(r"^(?P<function>\w+)\(", re.MULTILINE)
PLACEHOLDER = re.compile(r"\{(?P<name>[a-z][a-z0-9_]*)(?:\.[a-z0-9_]+)?(?::[^}]*)?\}")
SHORTEST_MINUTES, LONGEST_MINUTES = 30, 45
LONGEST_QUESTION_WORDS = 60
FASTEST_WORDS_A_MINUTE = 150  # of prose in a second language
SHORTEST_LOOK_MINUTES = 0.5  # at a cell that shows something
SOLUTIONS = Path(__file__).parents[2] / "solutions"


def calls(notebook: NotebookNode, function: str) -> list[NotebookNode]:
    """The code cells that call this function of the course at the start of a line."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and function in CALL.findall(cell.source)
    ]


def paths_in_the_form() -> list[Path]:
    """The notebooks of every module that has begun to say reading and doing apart."""
    modules = [sources.notebooks(folder) for folder in sources.folders(SOLUTIONS.parent)]
    return [
        path
        for paths in modules
        if any(TITLE.search(format.read(each).cells[0].source) for each in paths)
        for path in paths
    ]


FORMED = paths_in_the_form()
formed = pytest.mark.parametrize(
    "path", FORMED, ids=[f"{path.parent.name}/{path.stem}" for path in FORMED]
)


@cache
def module_at(folder: Path) -> Module:
    return sources.load(folder)


def asked_in(notebook: NotebookNode, path: Path) -> list[Exercise | Quiz | Rubric]:
    """What a notebook asks for, in its order."""
    module = module_at(path.parent)
    known = {**module.exercises, **module.quizzes, **module.rubrics}
    return [
        known[cell.id.removesuffix(cells.CHECK_SUFFIX)]
        for cell in notebook.cells
        if cells.part(cell.metadata) in ("check", "manual")
    ]


def more_practice(notebook: NotebookNode) -> set[str]:
    """The ids of the exercises that are not on the path."""
    return {
        cell.id.removesuffix("-task")
        for cell in prose(notebook)
        if (heading := EXERCISE.search(cell.source)) and heading["more"]
    }


def by_id(notebook: NotebookNode, identifier: str) -> NotebookNode:
    """The cell of this id; the test fails in words when there is none."""
    found = [cell for cell in notebook.cells if cell.id == identifier]
    assert found, f"no cell has the id {identifier!r}"
    return found[0]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def stem(word: str) -> str:
    """A word without its ending, so that 'sort' and 'sorted' agree."""
    return re.sub(r"(?:ing|ed|es|s|e)$", "", word.lower())


def content_words(text: str) -> set[str]:
    return {stem(word) for word in re.findall(r"[\w*]{4,}|`[^`]+`", text)}


def test_cells_have_names_in_words(notebook: NotebookNode) -> None:
    unnamed = [cell.id for cell in notebook.cells if not WORDS.fullmatch(cell.id)]

    assert unnamed == []


def test_title_says_minutes_and_points_that_add_up(
    notebook: NotebookNode, notebook_path: Path
) -> None:
    title = notebook.cells[0]
    later = more_practice(notebook)
    points = sum(each.points for each in asked_in(notebook, notebook_path) if each.id not in later)

    assert title.id == "title"
    assert title.source.startswith("# ")
    assert 15 <= docs.minutes(notebook) <= 60
    said = re.search(r"\b(\d+) points?\b", title.source)
    assert said, "the title cell says no points"
    assert int(said[1]) == points


def test_points_of_the_checks_are_those_of_the_exercises(
    notebook: NotebookNode, notebook_path: Path
) -> None:
    given = [
        cell.metadata.nbgrader.points
        for cell in notebook.cells
        if cells.part(cell.metadata) in ("check", "manual")
    ]

    assert given == [each.points for each in asked_in(notebook, notebook_path)]


def test_minutes_of_the_exercises_fit_into_the_notebook(
    notebook: NotebookNode, notebook_path: Path
) -> None:
    later = more_practice(notebook)
    asked = asked_in(notebook, notebook_path)
    minutes = sum(each.minutes for each in asked if each.id not in later)

    assert 0 < minutes <= docs.minutes(notebook)


def test_a_module_is_in_the_form() -> None:
    assert FORMED, "no module says reading and doing apart: the tests of the form test nothing"


@formed
def test_minutes_are_said_apart_for_reading_and_doing(path: Path) -> None:
    notebook = format.read(path)
    later = more_practice(notebook)
    asked = asked_in(notebook, path)
    path_minutes = sum(each.minutes for each in asked if each.id not in later)

    said = TITLE.search(notebook.cells[0].source)
    assert said, (
        "the title ends with a line such as '40 minutes: 16 to read and watch, 24 to do. 6 points.'"
    )
    assert int(said["total"]) == int(said["reading"]) + int(said["doing"])
    assert SHORTEST_MINUTES <= int(said["total"]) <= LONGEST_MINUTES
    assert int(said["doing"]) == path_minutes
    assert int(said["reading"]) >= reading_minutes(notebook)
    more = [each for each in asked if each.id in later]
    assert int(said["more_minutes"] or 0) == sum(each.minutes for each in more)
    assert int(said["more_points"] or 0) == sum(each.points for each in more)


@formed
def test_instructors_are_told_the_same_minutes(path: Path) -> None:
    page = SOLUTIONS.parent / "docs" / "instructors" / f"{path.parent.name}.md"
    minutes = docs.minutes(format.read(path))

    assert f"| `{path.stem}` | {minutes} minutes |" in page.read_text(encoding="utf-8")


def reading_minutes(notebook: NotebookNode) -> float:
    """The least time for the prose around the tasks and for looking at what cells show."""
    words = sum(
        len(re.findall(r"\w+", cell.source))
        for cell in prose(notebook)
        # A written answer is not read: the learner's cell is empty.
        if not cell.id.endswith(("-task", "-rules")) and not cells.part(cell.metadata)
    )
    shown = [
        cell
        for cell in code_cells(notebook)
        if not cells.part(cell.metadata) and not cell.id.endswith("-expected")
    ]
    return words / FASTEST_WORDS_A_MINUTE + len(shown) * SHORTEST_LOOK_MINUTES


@formed
def test_every_task_has_the_form(path: Path) -> None:
    notebook = format.read(path)
    ids = [cell.id for cell in notebook.cells if not cell.source.startswith("timer(")]
    exercises = [e for e in asked_in(notebook, path) if isinstance(e, Exercise)]
    for exercise in exercises:
        drawn = [f"{exercise.id}-expected"] if exercise.kind == "sql" else []
        order = [f"{exercise.id}-task", *drawn, f"{exercise.id}-rules", exercise.id]
        place = ids.index(exercise.id) + 1
        assert ids[place - len(order) : place] == order

        task = by_id(notebook, f"{exercise.id}-task").source
        heading, said = EXERCISE.search(task), TASK.search(task)
        assert heading, f"{exercise.id}: a heading '### Exercise N - Title (P points, M minutes)'"
        assert int(heading["minutes"] or 0) == exercise.minutes, exercise.id
        assert said, f"{exercise.id}: a question, then a paragraph that starts with **Hand in**"
        words = len(re.findall(r"[\w'%-]+", said["question"]))
        assert words <= LONGEST_QUESTION_WORDS, f"{exercise.id}: the question has {words} words"
        assert f"**Hand in** `{exercise.answer_name}`" in said["hand_in"]
        if exercise.kind == "sql":
            assert any_order(said["hand_in"]) == (not exercise.own.get("order")), exercise.id
            call = by_id(notebook, f"{exercise.id}-expected").source
            assert call == f'expected("{exercise.id}")'
        rules = by_id(notebook, f"{exercise.id}-rules").source
        assert RULES.fullmatch(rules.strip()), f"{exercise.id}: one rule a line, folded"


def any_order(hand_in: str) -> bool:
    """Whether a task leaves the order of the rows open, or there is one row."""
    return "in any order" in hand_in or "gives one row" in hand_in


@formed
def test_more_practice_stands_after_the_path(path: Path) -> None:
    notebook = format.read(path)
    later = more_practice(notebook)
    asked = [each.id for each in asked_in(notebook, path)]

    assert later == set(asked[len(asked) - len(later) :])
    assert bool(later) == any(cell.id == "more-practice" for cell in prose(notebook))


@formed
def test_notebook_predicts_decides_and_says_its_own_numbers(path: Path) -> None:
    notebook = format.read(path)
    answers = {e.answer_name for e in asked_in(notebook, path) if isinstance(e, Exercise)}
    on_path = answers - {name.replace("-", "_") for name in more_practice(notebook)}

    assert calls(notebook, "predict"), "nothing is predicted before it is measured"
    assert "## Decide" in by_id(notebook, "decision").source
    spoken = [cell.source for cell in calls(notebook, "say")]
    assert len(spoken) == 1
    filled = set(PLACEHOLDER.findall(spoken[0]))
    assert filled, "the sentence holds none of the learner's own numbers"
    assert filled <= on_path | measured(notebook)


def measured(notebook: NotebookNode) -> set[str]:
    """The names that the notebook's own code binds: what it has measured."""
    code = [each.source for each in code_cells(notebook) if not each.source.startswith("%%")]
    nodes = (node for source in code for node in ast.walk(ast.parse(source)))
    return {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def test_first_notebook_shows_how_everything_works() -> None:
    """Each thing that a learner does is tried once, before the first exercise is over."""
    first = SOLUTIONS / study.first_notebook(SOLUTIONS)
    notebook = format.read(first)
    opening = notebook.cells[0].source
    before_setup = notebook.cells[: notebook.cells.index(by_id(notebook, "setup"))]

    assert "You are a product manager" in opening
    assert "Ridealong" in opening
    assert any("<kbd>Shift</kbd>" in cell.source for cell in before_setup)
    exercise = next(e for e in asked_in(notebook, first) if isinstance(e, Exercise))
    check = notebook.cells.index(by_id(notebook, exercise.id + cells.CHECK_SUFFIX))
    for function, last in (("predict", check), ("quiz", check), ("hint", check + 4)):
        tried = [notebook.cells.index(cell) for cell in calls(notebook, function)]
        assert tried, f"{function}() is not tried in {first.name}"
        assert tried[0] <= last, f"{function}() is tried late in {first.name}"
    assert exercise.level == 1


def test_summary_mirrors_the_objectives(notebook: NotebookNode) -> None:
    objectives = BULLET.findall(by_id(notebook, "objectives").source.split("interviewer")[0])
    summary = BULLET.findall(by_id(notebook, "summary").source.split("Say it")[0])

    assert 2 <= len(objectives) <= 6
    assert len(summary) == len(objectives)
    for objective, done in zip(objectives, summary, strict=True):
        assert content_words(objective) & content_words(done), f"{done!r} answers {objective!r}"


def test_notebook_ends_with_what_to_say_in_the_interview(notebook: NotebookNode) -> None:
    headings = [cell for cell in prose(notebook) if "Say it in the interview" in cell.source]

    assert headings, "no cell says 'Say it in the interview'"


def test_setup_is_short_and_comes_first(notebook: NotebookNode) -> None:
    setup = code_cells(notebook)[0]

    assert setup.id == "setup"
    assert len(setup.source.splitlines()) <= 6


def test_code_cells_are_short(notebook: NotebookNode) -> None:
    long = {
        cell.id: len(cell.source.splitlines())
        for cell in code_cells(notebook)
        if not cells.part(cell.metadata) and len(cell.source.splitlines()) > LONGEST_CODE_LINES
    }

    assert long == {}


def test_prose_stands_between_code_cells(notebook: NotebookNode) -> None:
    """Only an answer and its check, and a prediction and what it is about, stand together."""
    silent = [
        (first.id, second.id)
        for first, second in pairwise(notebook.cells)
        if first.cell_type == second.cell_type == "code"
        and not (cells.part(first.metadata) or cells.part(second.metadata))
        and not first.source.startswith("predict(")
    ]

    assert silent == []


def test_exercises_are_numbered_and_state_what_is_asked(
    notebook: NotebookNode, notebook_path: Path
) -> None:
    (module,) = [m for m in catalogue.modules() if m.name == notebook_path.parent.name]
    numbers = []
    asked = {**module.exercises, **module.rubrics}
    for statement, answer in statements(notebook, asked.keys()):
        heading = EXERCISE.search(statement)
        assert heading, f"{answer.id}: no heading '### Exercise N ... (P points)' above it"
        numbers.append(int(heading["number"]))
        entry = asked[answer.id]
        assert int(heading["points"]) == entry["points"], answer.id
        if answer.id in module.rubrics:
            continue
        name = answer.id.replace("-", "_")
        assert f"`{name}`" in statement, f"{answer.id}: the statement does not name `{name}`"
        if "all columns" in statement:
            continue
        unnamed = [c for c in asked_names(entry) if f"`{c}`" not in statement]
        assert unnamed == [], f"{answer.id}: the statement does not name these columns"

    assert numbers == list(range(1, len(numbers) + 1))


def statements(notebook: NotebookNode, exercises: object) -> Iterator[tuple[str, NotebookNode]]:
    """Each answer cell of an exercise or rubric task with the prose since the one before."""
    said: list[str] = []
    for cell in notebook.cells:
        part = cells.part(cell.metadata)
        if cell.cell_type == "markdown" and not part:
            said.append(cell.source)
        if part in ("answer", "manual") and cell.id in exercises:  # type: ignore[operator]
            yield "\n\n".join(said), cell
        if part in ("check", "manual"):
            said = []


def asked_names(entry: catalogue.Entry) -> list[str]:
    """The columns that a query has to give, or the tables and columns that a schema has to have."""
    if entry["kind"] != "sql":
        asked: dict[str, list[str]] = entry.get("fields", {})
        return [*asked, *(column for columns in asked.values() for column in columns)]
    expected = entry["expected"]["public"]
    first = expected[0] if isinstance(expected, list) else expected
    return [column["name"] for column in first["columns"]]


def test_pictures_are_described_in_words(notebook: NotebookNode) -> None:
    texts = {cell.id: cell.source for cell in prose(notebook)}
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            assert not [m for m in data if m.startswith("image/")], (
                f"{cell.id}: a bare picture has no alt text; show a ridealong.show.pictures.Picture"
            )
            texts[cell.id] = texts.get(cell.id, "") + data.get("text/html", "")
    for identifier, text in texts.items():
        assert not re.search(r"!\[\s*\]\(", text), f"{identifier}: a picture without alt text"
        for image in re.findall(r"<img\b[^>]*>", text):
            assert re.search(r'\balt="[^"]+"', image), f"{identifier}: an <img> without alt text"


def test_tables_have_no_empty_corner(notebook: NotebookNode) -> None:
    empty = [
        cell.id
        for cell in code_cells(notebook)
        for output in cell.outputs
        if re.search(r"<th[^>]*>\s*</th>", output.get("data", {}).get("text/html", ""))
    ]

    assert empty == []


def test_cells_hold_no_paths_of_a_machine(notebook: NotebookNode) -> None:
    found = {
        cell.id: match[0] for cell in notebook.cells if (match := ABSOLUTE_PATH.search(cell.source))
    }

    assert found == {}


def test_text_outputs_are_short(notebook: NotebookNode) -> None:
    long = {
        cell.id: lines
        for cell in code_cells(notebook)
        for output in cell.outputs
        if (lines := len(str(output.get("text", "")).splitlines())) > LONGEST_OUTPUT_LINES
    }

    assert long == {}


def test_notebook_was_run_once_from_top_to_bottom(notebook: NotebookNode) -> None:
    counts = [cell.execution_count for cell in code_cells(notebook)]

    assert counts == list(range(1, len(counts) + 1))


def test_module_folder_holds_only_sources(module: Module) -> None:
    strays = [
        path.name
        for path in module.folder.iterdir()
        if path.suffix not in (".ipynb", ".toml") and not path.name.startswith(".")
    ]

    assert strays == [], "these would be handed to learners: move them to docs/instructors/"
