"""The course's modules and notebooks as parameters: a new one is covered when it exists."""

from collections import Counter
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
        "kinds_of": (
            ((k, m, p), f"{m.name}/{p.stem}-{'-'.join(k)}") for k, m, p in _kinds(modules)
        ),
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


def _kinds(
    modules: list[sources.Module],
) -> Iterator[tuple[tuple[str, ...], sources.Module, Path]]:
    """Yield for every kind of answer the notebook that knows the fewest mistakes of it."""
    fewest: dict[str, tuple[int, sources.Module, Path]] = {}
    for module in modules:
        for path in module.notebooks:
            known: Counter[str] = Counter()
            for cell in format.read(path).cells:
                if exercise := module.exercises.get(cell.id):
                    known[exercise.kind] += len(exercise.mistakes)
                elif cell.id in module.quizzes:
                    known["quiz"] += 1
            for kind, number in known.items():
                if kind not in fewest or number < fewest[kind][0]:
                    fewest[kind] = (number, module, path)
    for path in sorted({path for _, _, path in fewest.values()}):
        kinds = tuple(sorted(kind for kind, found in fewest.items() if found[2] == path))
        yield kinds, fewest[kinds[0]][1], path


@pytest.fixture
def notebook(notebook_path: Path) -> object:
    """The notebook at `notebook_path`, as it is stored."""
    return format.read(notebook_path)
