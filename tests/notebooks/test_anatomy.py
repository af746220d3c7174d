"""Every notebook is built alike, so that a learner always knows where they are."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from nbformat import NotebookNode

from ridealong import catalogue
from ridealong.authoring import cells, docs
from ridealong.authoring.sources import WORDS, Module

LONGEST_CODE_LINES = 20
LONGEST_OUTPUT_LINES = 45
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|tmp|var|usr|opt)/|\b[A-Z]:\\\w")
BULLET = re.compile(r"^\s*[-*] +(.+(?:\n +.+)*)", re.MULTILINE)
EXERCISE = re.compile(
    r"^### Exercise (?P<number>\d+)\b.*\((?P<points>\d+) points?\)\s*$", re.MULTILINE
)


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
    points = sum(
        cell.metadata.nbgrader.points
        for cell in notebook.cells
        if cells.part(cell.metadata) in ("check", "manual")
    )

    assert title.id == "title"
    assert title.source.startswith("# ")
    assert 15 <= docs.minutes(notebook) <= 60
    said = re.search(r"\b(\d+) points?\b", title.source)
    assert said, "the title cell says no points"
    assert int(said[1]) == points


def test_minutes_of_the_exercises_fit_into_the_notebook(
    notebook: NotebookNode, notebook_path: Path
) -> None:
    asked = {cell.id.removesuffix("-check") for cell in notebook.cells}
    (module,) = [m for m in catalogue.modules() if m.name == notebook_path.parent.name]
    entries = {**module.exercises, **module.quizzes, **module.rubrics}
    minutes = sum(entry["minutes"] for name, entry in entries.items() if name in asked)

    assert 0 < minutes <= docs.minutes(notebook)


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
