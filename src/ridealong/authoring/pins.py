"""Keep the pinned versions: `constraints.txt`, and the same list in `pyproject.toml` for uv.

pip and conda read `constraints.txt`. uv takes pins for `uv run` from `pyproject.toml` only, so the
list stands there a second time, between two marker lines, and is never edited by hand.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ridealong import course, files

CONSTRAINTS = "constraints.txt"
BEGIN = "# BEGIN pins"
END = "# END pins"
_HEADER = """\
# The versions this course is tested with, for every system and Python it supports.
# Made by `ridealong pins --upgrade`; `ridealong pins` copies them into pyproject.toml for uv.
"""


class PinsError(Exception):
    """The pins cannot be read, written or resolved; the message gives the next step."""


def read_constraints(text: str) -> list[str]:
    """Return the pins in the text of a constraints file, one `name==version ; marker` each."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def with_pins(pyproject: str, pins: list[str]) -> str:
    """Return the text of `pyproject.toml` with the list between the marker lines replaced.

    Raises:
        PinsError: If the two marker lines are not there exactly once, in order.
    """
    block = "".join(f'    "{pin}",\n' for pin in pins)
    pattern = re.compile(
        rf"^({re.escape(BEGIN)}[^\n]*\n)[^\n]*\n(?:    [^\n]*\n)*\]\n({re.escape(END)}[^\n]*)$",
        re.MULTILINE,
    )
    replaced, count = pattern.subn(
        lambda found: f"{found[1]}constraint-dependencies = [\n{block}]\n{found[2]}", pyproject
    )
    if count != 1:
        message = (
            f"pyproject.toml holds {count} lists between '{BEGIN}' and '{END}', expected 1: "
            "bring the two marker lines back under [tool.uv]"
        )
        raise PinsError(message)
    return replaced


def resolve(pyproject: str) -> str:
    """Return the text of a constraints file with the newest versions that fit `pyproject`.

    uv resolves for all systems and Pythons at once, in a folder of its own.

    Raises:
        PinsError: If uv is not there, or finds no versions that fit.
    """
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise PinsError("uv is needed to find new versions: python -m pip install uv")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(with_pins(pyproject, []), encoding="utf-8")
        command = [
            *(uv, "export", "--quiet", "--no-header", "--no-hashes", "--no-annotate"),
            *("--no-emit-project", "--all-extras"),
        ]
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    if done.returncode != 0:
        raise PinsError(f"uv found no versions that fit pyproject.toml:\n{done.stderr.strip()}")
    return _HEADER + done.stdout


def update(root: Path, *, upgrade: bool = False, check: bool = False) -> list[str]:
    """Bring the pins in `pyproject.toml` in step with `constraints.txt`.

    Args:
        root: The course folder.
        upgrade: First take the newest versions that fit into `constraints.txt`.
        check: Write nothing.

    Returns:
        The names of the files that changed (or, with `check`, would have changed).

    Raises:
        PinsError: As `with_pins` and `resolve` say, or if a file is missing.
    """
    constraints, pyproject = root / CONSTRAINTS, root / "pyproject.toml"
    try:
        old_pyproject = pyproject.read_text(encoding="utf-8")
        old_constraints = "" if upgrade else constraints.read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        message = f"{missing.filename} is missing: bring it back with `git checkout`"
        raise PinsError(message) from missing
    new_constraints = resolve(old_pyproject) if upgrade else old_constraints
    new_pyproject = with_pins(old_pyproject, read_constraints(new_constraints))
    wanted = {constraints: new_constraints, pyproject: new_pyproject}
    changed = []
    for path, text in wanted.items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        changed.append(path.name)
        if not check:
            files.write(path, text.encode())
    return changed


def run(*, upgrade: bool = False, check: bool = False) -> int:
    """Do what `ridealong pins` says, print one line, return the exit code."""
    root = course.root()
    if root is None:
        print("Not in a course folder: change to your clone and try again.", file=sys.stderr)
        return 2
    try:
        changed = update(root, upgrade=upgrade, check=check)
    except PinsError as error:
        print(error, file=sys.stderr)
        return 2
    if not changed:
        print(f"The pins in pyproject.toml are those of {CONSTRAINTS}.")
        return 0
    if check:
        print(f"Out of step with {CONSTRAINTS}: {', '.join(changed)}. Run: ridealong pins")
        return 1
    print(f"Written: {', '.join(changed)}.")
    return 0
