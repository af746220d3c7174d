"""`ridealong test`: pytest for the whole course, or for what concerns some of its modules."""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence

from ridealong import course
from ridealong.text import did_you_mean


def arguments(modules: Sequence[str]) -> list[str]:
    """Return what pytest is given: nothing for the whole course.

    For a module that is its notebooks, run and compared with their stored outputs, and all of
    `tests/notebooks`, narrowed to the module: grading, mutants, anatomy, release, syllabus.
    """
    if not modules:
        return []
    narrowed = [f"--module={module}" for module in modules]
    return [*narrowed, *(f"solutions/{module}" for module in modules), "tests/notebooks"]


def run(modules: Sequence[str], extra: Sequence[str] = ()) -> int:
    """Run pytest and return its exit code; 2 when it cannot be run."""
    root = course.root()
    if root is None:
        print("Not in a course folder: change to your clone and try again.", file=sys.stderr)
        return 2
    known = sorted(path.name for path in (root / "solutions").iterdir() if path.is_dir())
    for module in modules:
        if module not in known:
            print(f"{module!r} is no module{did_you_mean(module, known)}", file=sys.stderr)
            return 2
    if importlib.util.find_spec("pytest") is None:
        install = f'"{sys.executable}" -m pip install -c constraints.txt -e ".[test]"'
        print(f"pytest is missing. Install what the tests need: {install}", file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "pytest", *arguments(modules), *extra]
    return subprocess.run(command, cwd=root, check=False).returncode
