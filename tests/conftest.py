"""What all tests share: the course's folders, its databases, its notebooks found by looking."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COURSE = Path(__file__).parents[1]
pytest_plugins = ["small_course", "cache_servers"]

# What takes long, the longest first, so that several processes (`-n 2`) end at the same time.
# A name stands for all that begins with it; what is not named comes last.
LONGEST_FIRST = (
    "tests/browser/test_learner_path.py",
    "tests/notebooks/test_grading.py",
    "tests/notebooks/test_mutants.py",
    "solutions/",
    "tests/service/test_process.py",
    "tests/service/",
    "tests/systems/",
    "tests/judging/test_hostile_queries.py",
    "tests/authoring/test_rubric.py",
    "tests/judging/",
    "tests/dataset/",
    "tests/authoring/test_release.py",
    "tests/notebooks/",
    "tests/labs/",
    "tests/test_style.py",
    "tests/test_carry_over.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be narrowed to modules, or to one notebook of each."""
    parser.addoption(
        "--module",
        action="append",
        default=[],
        metavar="NAME",
        help="only notebooks and tests/notebooks of this module; may be given again",
    )
    parser.addoption(
        "--one-notebook-per-module",
        action="store_true",
        help="run the first notebook of each module and no other",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the options do not ask for: notebooks, and tests of other modules."""
    modules = config.getoption("--module")
    one_each = config.getoption("--one-notebook-per-module")

    def is_wanted(item: pytest.Item) -> bool:
        if item.path.suffix == ".ipynb":
            module: str | None = item.path.parent.name
            if one_each and item.path != min(item.path.parent.glob("*.ipynb")):
                return False
        else:
            module = module_of(item.nodeid)
        return not modules or module is None or module in modules

    left_out = [item for item in items if not is_wanted(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if is_wanted(item)]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests out file by file, and those of modules module by module."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class LongestFirst(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return part_of(nodeid)

        def _assign_work_unit(self, node: Any) -> None:
            longest = min(self.workqueue, key=lambda part: (rank(part), -len(self.workqueue[part])))
            self.workqueue.move_to_end(longest, last=False)
            super()._assign_work_unit(node)

    return LongestFirst(config, log)


def part_of(nodeid: str) -> str:
    """Return what stays in one process: a file, or what it tests of one module.

    Kernels, submissions and grades are made once for a file or a module and shared by its tests.
    """
    file, module = nodeid.partition("::")[0], module_of(nodeid)
    return f"{file}[{module}]" if module else file


def module_of(nodeid: str) -> str | None:
    """Return the module that a test of `tests/notebooks/` is about, None when it names none."""
    file, _, rest = nodeid.partition("::")
    found = re.search(r"\[(\d\d_\w+)", rest)
    return found[1] if found and file.startswith("tests/notebooks/") else None


def rank(part: str) -> int:
    """Return where a part stands among those that take long."""
    named = (place for place, name in enumerate(LONGEST_FIRST) if part.startswith(name))
    return next(named, len(LONGEST_FIRST))


def pytest_configure(config: pytest.Config) -> None:
    """Give every kernel the course's own data, its own cache, the backend that notebooks draw with."""
    os.environ.setdefault("RIDEALONG_DATA", str(COURSE / "data"))
    for name in ("MPLBACKEND", "RIDEALONG_REDIS_URL"):
        os.environ.pop(name, None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the databases before the first notebook runs: a build inside a cell would show.

    Under xdist every worker comes here; a lock lets one build while the others wait.
    """
    if session.config.option.collectonly:
        return
    if any(item.path.suffix == ".ipynb" for item in session.items):
        build_databases()


def build_databases() -> None:
    """Build the public and the hidden database, unless they are there."""
    from ridealong.dataset import ensure_database
    from ridealong.judging.sql.query import HIDDEN_SEED

    ensure_database(1, 42)
    ensure_database(1, HIDDEN_SEED)


@pytest.fixture(scope="session")
def databases() -> None:
    """The public and the hidden database are built."""
    build_databases()


@pytest.fixture(scope="session")
def course_folder() -> Path:
    """The folder of this course."""
    return COURSE


@pytest.fixture(scope="session")
def copy_course() -> Callable[[Path], Path]:
    """A function that copies what nbgrader needs of this course into an empty folder."""

    def copy(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(COURSE / "nbgrader_config.py", folder)
        shutil.copytree(
            COURSE / "solutions",
            folder / "solutions",
            ignore=shutil.ignore_patterns(".ipynb_checkpoints"),
        )
        return folder

    return copy
