"""What is derived is fresh, and nothing of the solutions is in what learners get."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ridealong.authoring import cells, command, format, main, release, sources
from ridealong.authoring.sources import Exercise, Module
from ridealong.authoring.steps import BUILT, Options


@pytest.fixture(scope="session")
def generated(course_folder: Path) -> Callable[[Module], dict[str, bytes]]:
    """What nbgrader makes of a module now, made once."""
    made: dict[str, dict[str, bytes]] = {}

    def of(module: Module) -> dict[str, bytes]:
        if module.name not in made:
            made[module.name] = release.generate(course_folder, module.folder)
        return made[module.name]

    return of


def stored(course_folder: Path, module: Module) -> dict[str, bytes]:
    folder = course_folder / "notebooks" / module.name
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }


def test_notebooks_are_what_nbgrader_makes_of_the_solutions(
    course_folder: Path, module: Module, generated: Callable[[Module], dict[str, bytes]]
) -> None:
    wanted, found = generated(module), stored(course_folder, module)

    assert sorted(found) == sorted(wanted)
    stale = [name for name in wanted if found[name] != wanted[name]]
    assert stale == [], f"run: ridealong build release {module.name}"


@pytest.mark.parametrize("stage", ["format", "docs"])
def test_stage_is_fresh(
    course_folder: Path,
    stage: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Made anew, which takes a moment only."""
    monkeypatch.chdir(course_folder)

    assert main([stage, "--check", "--all"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("stage", ["catalogue", "mutants"])
def test_stage_was_made_from_what_stands_here(
    course_folder: Path,
    databases: None,
    stage: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By digests. That the catalogue is right is shown by the grading tests, which recognise every
    mistake and pass every alternative by it, and of the mutants some of each exercise are asked
    again in test_mutants.py."""
    monkeypatch.chdir(course_folder)

    assert main([stage, "--check"]) == 0, capsys.readouterr().err


def test_a_fresh_clone_knows_what_everything_was_made_from(course_folder: Path) -> None:
    """Without its line a step is made again to find out, which takes minutes."""
    folders = sources.folders(course_folder)
    wanted = [
        step.name
        for stage in command.STAGES
        for step in stage.steps(course_folder, folders, Options())
    ]
    text = (course_folder / BUILT).read_text(encoding="utf-8")
    written = [line.partition(":")[0] for line in text.splitlines() if not line.startswith("#")]

    assert written == sorted(wanted), "run: ridealong build"


@pytest.mark.weekly
@pytest.mark.parametrize("stage", ["catalogue", "execute", "manifest", "mutants"])
def test_what_takes_long_is_the_same_when_made_anew(
    course_folder: Path,
    databases: None,
    stage: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever `solutions/built.txt` says: nothing stored is trusted here."""
    monkeypatch.chdir(course_folder)

    assert main([stage, "--check", "--all"]) == 0, capsys.readouterr().err


def test_released_are_exactly_the_notebooks_of_the_module(
    course_folder: Path, module: Module
) -> None:
    assert sorted(stored(course_folder, module)) == sorted(path.name for path in module.notebooks)


def test_no_module_is_released_that_has_no_source(course_folder: Path) -> None:
    released = {path.name for path in (course_folder / "notebooks").iterdir() if path.is_dir()}
    sources = {path.name for path in (course_folder / "solutions").iterdir() if path.is_dir()}

    assert released - {".ipynb_checkpoints"} <= sources


def test_no_solution_is_left_in_the_released_notebook(
    notebook_path: Path, course_folder: Path
) -> None:
    released = course_folder / "notebooks" / notebook_path.parent.name / notebook_path.name
    sources = {cell.id: cell.source for cell in format.read(released).cells}
    everything = "\n".join(sources.values())
    answers = [
        cell
        for cell in format.read(notebook_path).cells
        if cells.part(cell.metadata) in ("answer", "manual")
    ]

    assert cells.BEGIN not in everything
    for answer in answers:
        solution = cells.solution(answer.source).strip()
        assert solution not in everything, f"the solution of {answer.id!r} is released"
        is_text = answer.cell_type == "markdown"
        stub = cells.TEXT_STUB if is_text else cells.stub(answer.source)
        assert stub in sources[answer.id]


def test_released_notebook_has_no_outputs(notebook_path: Path, course_folder: Path) -> None:
    released = format.read(
        course_folder / "notebooks" / notebook_path.parent.name / notebook_path.name
    )
    code = [cell for cell in released.cells if cell.cell_type == "code"]

    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_catalogue_holds_no_query(
    course_folder: Path, exercise_of: tuple[Module, Exercise]
) -> None:
    module, exercise = exercise_of
    path = course_folder / "src" / "ridealong" / "catalogue" / f"{module.name}.json"
    entry = json.loads(path.read_text(encoding="utf-8"))["exercises"][exercise.id]
    secret = [answer.answer for answer in (*exercise.mistakes, *exercise.alternatives)]

    text = json.dumps(entry, ensure_ascii=False)
    assert [answer for answer in secret if json.dumps(answer)[1:-1] in text] == []
