"""The learners' notebooks: exactly what stock nbgrader writes from `solutions/`."""

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path

from ridealong.authoring import cells, format, sources
from ridealong.authoring.problems import BuildError
from ridealong.authoring.steps import Options, Show, Step, digest, digest_of_files

_NEVER_RELEASED = (cells.BEGIN, cells.END, "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")


def steps(course: Path, modules: list[Path], options: Options) -> Iterator[Step]:
    """Yield one step per module: its folder in `notebooks/`."""
    for folder in modules:
        yield Step(
            name=f"release {folder.name}",
            mend=f"ridealong build release {folder.name}",
            inputs=partial(_inputs, course, folder),
            make=partial(_released, course, folder),
            targets=partial(_files, course / "notebooks" / folder.name),
        )


def _inputs(course: Path, folder: Path) -> str:
    notebooks = sources.notebooks(folder)
    beside = [path for path in _files(folder) if path not in notebooks]
    return digest(
        version("nbgrader"),
        *(path.name for path in notebooks),
        *(format.without_outputs(format.read(path)) for path in notebooks),
        digest_of_files(beside, folder),
        digest_of_files([course / "nbgrader_config.py"], course),
        digest_of_files(Path(__file__).parent.glob("*.py"), Path(__file__).parent),
    )


def _released(course: Path, folder: Path, show: Show) -> dict[Path, bytes]:
    show(0, 0, f"nbgrader generate_assignment {folder.name}")
    released = course / "notebooks" / folder.name
    return {released / name: content for name, content in generate(course, folder).items()}


def generate(course: Path, folder: Path) -> dict[str, bytes]:
    """Return what `nbgrader generate_assignment` makes of a module: file name to content.

    It runs in a copy, so the instructor's gradebook and `notebooks/` stay as they are, and in this
    process: to load nbgrader takes ten times as long as what it does.

    Raises:
        BuildError: When nbgrader refuses, or a solution is left in a learner's notebook.
    """
    with tempfile.TemporaryDirectory(prefix="ridealong-release-") as name:
        copy = Path(name).resolve()
        shutil.copy(course / "nbgrader_config.py", copy)
        shutil.copytree(folder, copy / "solutions" / folder.name)
        if told := _convert(copy, folder.name):
            errors = [line for line in told if "Error" in line] or told
            raise BuildError([f"solutions/{folder.name}: nbgrader: {line}" for line in errors[-3:]])
        released = copy / "notebooks" / folder.name
        made = {path.relative_to(released).as_posix(): _content(path) for path in _files(released)}
    if left := left_over(folder.name, made):
        raise BuildError(left)
    return made


class _Told(logging.Handler):
    """Keeps the lines of what went wrong."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [line for line in record.getMessage().splitlines() if line.strip()]


def _convert(course: Path, module: str) -> list[str]:
    """Let nbgrader write `notebooks/`; return what it said when it failed, else nothing."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config.loader import PyFileConfigLoader

    told = _Told()
    log = logging.Logger("nbgrader generate_assignment", logging.INFO)
    log.addHandler(told)
    path = os.environ.get("PATH", "")
    try:
        with contextlib.chdir(course):  # nbgrader calls the hook of the configuration there
            config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
            config.CourseDirectory.root = str(course)
            config.CourseDirectory.assignment_id = module
            config.GenerateAssignment.force = True
            # What `--no-db` sets.
            config.GenerateAssignment.no_database = True
            config.SaveCells.enabled = False
            folders = CourseDirectory(config=config, log=log)
            GenerateAssignment(coursedir=folders, config=config, log=log).start()
    except (NbGraderException, SystemExit) as error:
        return told.lines or [str(error) or "no message"]
    finally:
        os.environ["PATH"] = path
    return []


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    # nbgrader ends lines as the system does; the repository has one form everywhere.
    return content.replace(b"\r\n", b"\n") if path.suffix == ".ipynb" else content


def left_over(module: str, made: Mapping[str, bytes]) -> list[str]:
    """Return a problem for each released file that holds text for instructors."""
    return [
        f"notebooks/{module}/{name}: '{marker}' is left in it"
        for name, content in made.items()
        for marker in _NEVER_RELEASED
        if marker.encode() in content
    ]


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    ]
