"""What nbgrader is told about this course; `nbgrader_config.py` calls `configure`."""

import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path
from nbgrader import preprocessors, utils
from nbgrader.converters import GenerateAssignment
from traitlets import Unicode

from ridealong.authoring import cells, sources

# What lies beside the notebooks and is not for learners. nbgrader copies everything else.
NOT_RELEASED = [
    ".ipynb_checkpoints",
    "__pycache__",
    "*.pyc",
    "*.toml",
    "*.tmp",
    ".DS_Store",
    ".ridealong*",
    "README.md",
    "feedback",
]
SITE_EXCHANGE = Path("/usr/local/share/nbgrader/exchange")  # nbgrader's default


class ClearSolutions(preprocessors.ClearSolutions):  # type: ignore[misc]  # nbgrader has no types
    """Replace each solution by a stub that fits the kind of the cell."""

    text_stub = Unicode(cells.TEXT_STUB).tag(config=True)

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Set the stub for this cell, then let nbgrader cut out the solution."""
        if utils.is_solution(cell) and cells.BEGIN not in cell.source:
            raise RuntimeError(f"answer cell {cell.id!r} has no '{cells.BEGIN}' marker")
        if cell.cell_type == "code" and utils.is_solution(cell):
            self.code_stub = {resources["language"]: cells.stub(cell.source)}
        cleared: tuple[Any, Any] = super().preprocess_cell(cell, resources, cell_index)
        return cleared


def configure(config: Any, course: Path) -> None:
    """Set everything that nbgrader's commands and formgrader need for this course.

    Args:
        config: the configuration object, `c` in `nbgrader_config.py`.
        course: the folder of the course.
    """
    config.CourseDirectory.course_id = "ridealong"
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "notebooks"
    config.CourseDirectory.ignore = NOT_RELEASED

    stock = GenerateAssignment.class_traits()["preprocessors"].default_args[0]
    config.GenerateAssignment.preprocessors = [
        ClearSolutions if each is preprocessors.ClearSolutions else each for each in stock
    ]
    # What a learner's widgets saved is their work: never replaced by a file of ours.
    config.Autograde.exclude_overwriting = {
        folder.name: ["quiz_answers.json", "times.json"] for folder in sources.folders(course)
    }
    config.GenerateAssignment.post_convert_hook = f"{__name__}.{remove_saved_by_widgets.__name__}"
    # The first check of a new machine builds a database, once.
    config.ExecutePreprocessor.timeout = 180
    config.ExecutePreprocessor.shutdown_kernel = "immediate"
    # A check cell's value is the points earned; nbgrader would take them all for a library's
    # warning on stderr.
    config.IgnorePattern.enabled = True
    config.IgnorePattern.pattern = r"(?s).*"

    exchange = _exchange(course)
    if exchange is not None:
        config.Exchange.root = str(exchange)
    _put_scripts_on_path()


def remove_saved_by_widgets(assignment: str, **_: Any) -> None:
    """Remove an author's quiz answers and times from a module just released.

    A learner hands theirs in, so the files are not among those that nbgrader leaves out.

    nbgrader calls this with the course as the working folder.
    """
    for pattern in sources.SAVED_BY_WIDGETS:
        for path in Path("notebooks", assignment).glob(pattern):
            path.unlink()


def _exchange(course: Path) -> Path | None:
    """Return a folder for nbgrader's exchange, or None where the site has one.

    Without a folder that it can write to, formgrader warns on every page.
    """
    configured = (Path(folder, "nbgrader_config.py") for folder in jupyter_config_path())
    if os.access(SITE_EXCHANGE, os.W_OK) or any(map(os.path.isfile, configured)) or os.name == "nt":
        return None
    exchange = course / "exchange"
    exchange.mkdir(exist_ok=True)
    # The exchange refuses a folder that others cannot write to.
    exchange.chmod(0o777)
    return exchange


def _put_scripts_on_path() -> None:
    """Let nbgrader find `alembic`, which it starts by name to make a gradebook."""
    scripts = {sysconfig.get_path("scripts"), str(Path(sys.executable).parent)}
    path = os.environ.get("PATH", "").split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join([*sorted(scripts - set(path)), *path])
