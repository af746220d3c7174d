"""The course's modules and notebooks as parameters: a new one is covered when it exists."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ridealong.authoring import format, mutants, sources

COURSE = Path(__file__).parents[2]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fill the arguments named below with what the course, or the wanted modules, hold now."""
    wanted = metafunc.config.getoption("--module")
    modules = [module for module in _modules() if not wanted or module.name in wanted]
    found: dict[str, Iterator[tuple[object, str]]] = {
        "module": ((m, m.name) for m in modules),
        "notebook_path": ((p, f"{m.name}/{p.stem}") for m in modules for p in m.notebooks),
        "exercise_of": (
            ((m, e), f"{m.name}/{e.id}") for m in modules for e in m.exercises.values()
        ),
        "first_notebook": (((m, m.notebooks[0]), m.name) for m in modules[:1]),
        "kind_of": (((k, m, p), f"{m.name}/{p.stem}-{k}") for k, m, p in _kinds(modules)),
        "mutated": (
            ((m, name, reference), f"{m.name}/{name}")
            for m in modules
            for name, reference in mutants.references(m).items()
        ),
        "quiz_of": (((m, q), f"{m.name}/{q.id}") for m in modules for q in m.quizzes.values()),
    }
    marks = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    filled = {name for names in marks if not isinstance(names, str) for name in names}
    filled |= {
        name.strip() for names in marks if isinstance(names, str) for name in names.split(",")
    }
    for name, cases in found.items():
        if name in metafunc.fixturenames and name not in filled:
            values = list(cases)
            metafunc.parametrize(
                name, [v for v, _ in values], ids=[i for _, i in values], scope="session"
            )


@cache
def _modules() -> list[sources.Module]:
    return [sources.load(folder) for folder in sources.folders(COURSE)]


def _kinds(modules: list[sources.Module]) -> Iterator[tuple[str, sources.Module, Path]]:
    """Yield for every kind of answer the first notebook that asks for one."""
    seen: set[str] = set()
    for module in modules:
        kinds = {name: exercise.kind for name, exercise in module.exercises.items()}
        kinds |= dict.fromkeys(module.quizzes, "quiz")
        for path in module.notebooks if not set(kinds.values()) <= seen else ():
            for cell in format.read(path).cells:
                if kinds.get(cell.id, "") not in {"", *seen}:
                    seen.add(kinds[cell.id])
                    yield kinds[cell.id], module, path


@pytest.fixture
def notebook(notebook_path: Path) -> object:
    """The notebook at `notebook_path`, as it is stored."""
    return format.read(notebook_path)
