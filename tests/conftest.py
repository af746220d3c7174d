"""What all tests share: the course's folders, its databases, its notebooks found by looking."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

COURSE = Path(__file__).parents[1]
pytest_plugins = ["small_course"]


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


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the notebooks of `solutions/` that the options do not ask for."""
    if collection_path.suffix != ".ipynb" or collection_path.parents[1] != COURSE / "solutions":
        return None
    folder = collection_path.parent
    modules = config.getoption("--module")
    if modules and folder.name not in modules:
        return True
    if config.getoption("--one-notebook-per-module"):
        return collection_path != min(folder.glob("*.ipynb")) or None
    return None


def pytest_configure(config: pytest.Config) -> None:
    """Give every kernel the course's own data, and the backend that notebooks draw with."""
    os.environ.setdefault("RIDEALONG_DATA", str(COURSE / "data"))
    os.environ.pop("MPLBACKEND", None)


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
