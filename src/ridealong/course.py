"""Find the course folder: the clone that holds the sources and the learner's work."""

from pathlib import Path
from typing import Final

MOVED: Final = {"05_sql_one": "04_sql_one", "04_schema": "05_schema"}
"""What modules were called before: the folder that a learner may have -> the folder now."""

BEGINS_WITH: Final = ("00_start", "04_sql_one")
"""The module to begin with: the first of these that there is. It says how everything works."""


def root(start: Path | None = None) -> Path | None:
    """Return the course folder that holds `start`, or None outside of one.

    The course folder is the first one, walking up from `start` (default: the working
    folder), that holds both `nbgrader_config.py` and `solutions/`.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "nbgrader_config.py").is_file() and (folder / "solutions").is_dir():
            return folder
    return None
