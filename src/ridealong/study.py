"""Start the course: the learner's own copy of the notebooks, the data, JupyterLab.

The notebooks in `notebooks/` are rewritten when the course is released, so nobody works there. The
learner works in `work/`, a copy that later starts bring up to date without touching what the
learner changed.
"""

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from ridealong import course, files
from ridealong.carry_over import Moved, carry_over, only_answers_differ

WORK: Final = "work"
RECORD: Final = ".ridealong.json"
WORKSPACES: Final = ".workspaces"
_NOT_COPIED: Final = frozenset({"quiz_answers.json", "times.json", "__pycache__"})
_HUB_VARIABLE: Final = "JUPYTERHUB_SERVICE_PREFIX"


class StudyError(Exception):
    """The course cannot be started here; the message gives the next step."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing done to the learner's copy, or one thing they should know."""

    path: str
    kind: Literal["added", "refreshed", "restored", "withdrawn", "beside", "record"]
    beside: str | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        match self.kind:
            case "added":
                return f"New: {WORK}/{self.path}"
            case "refreshed":
                return f"Brought up to date (you had not changed it): {WORK}/{self.path}"
            case "restored":
                return f"A fresh copy of the one you deleted: {WORK}/{self.path}"
            case "withdrawn":
                return f"No longer part of the course, removed unchanged: {WORK}/{self.path}"
            case "beside":
                return (
                    f"The course has a new version of {WORK}/{self.path}; "
                    f"yours is kept, the new one is beside it: {self.beside}"
                )
            case "record":
                return (
                    f"The record of what was copied was damaged and is set aside as "
                    f"{WORK}/{self.path}; every notebook there now counts as yours"
                )


def update_copy(shipped: Path, work: Path) -> list[Change | Moved]:
    """Bring the learner's copy of the notebooks up to date, losing nothing of theirs.

    A file counts as touched when any byte differs from what was copied last.

    | in the copy | in the course | what happens |
    | --- | --- | --- |
    | not there | new, or the learner deleted it | copied |
    | untouched | changed | replaced |
    | untouched | withdrawn | removed |
    | touched | changed | kept; the new version is put beside it, once |
    | touched | changed, and an answer in it is asked for elsewhere now | answers are carried over |
    | a module's folder of before | has another name | answers are carried over |
    | touched, or the learner's own | unchanged, or not there | kept |

    Args:
        shipped: The folder with the notebooks as the course gives them out.
        work: The learner's folder; made when it is not there.

    Returns:
        What was done, in the order of the paths; empty when there was nothing to do.

    Raises:
        StudyError: If there is nothing to copy, or something stands in the way of a copy.
    """
    names = list(_shipped_files(shipped))
    if not names:
        raise StudyError(
            f"{shipped} holds no notebooks. Bring them back with: git checkout -- {shipped.name}"
        )
    changes: list[Change | Moved] = []
    try:
        work.mkdir(parents=True, exist_ok=True)
        record, damaged = _read_record(work)
        copied = record.copied
        if damaged is not None:
            changes.append(Change(damaged, "record"))
            # Whatever has the name of a notebook may be an older one of the course.
            copied |= dict.fromkeys(_named_like_the_course(work), "")

        def save() -> None:
            files.write(work / RECORD, record.content())

        try:
            changes.extend(
                carry_over(shipped, work, copied, record.moving, digest=_digest, save=save)
            )
            for name in names:
                change = _update_file(name, shipped, work, copied)
                if change is not None:
                    changes.append(change)
            changes.extend(_withdraw(set(names), work, copied))
        finally:
            save()
    except OSError as error:
        raise StudyError(
            f"{error.filename or work}: {error.strerror or error}. "
            "If it is open in another program, close it there; "
            "if a file of yours stands in the way of a folder, rename it. Then try again."
        ) from error
    return changes


@dataclass(slots=True)
class _Record:
    """What was copied, and what is being moved: see `carry_over`."""

    copied: dict[str, str] = field(default_factory=dict)
    moving: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        kept = {"copied": self.copied} | ({"moving": self.moving} if self.moving else {})
        return json.dumps(kept, indent=1).encode() + b"\n"


def _shipped_files(shipped: Path) -> Iterator[str]:
    """Yield the files to copy as paths with forward slashes, in order."""
    for path in sorted(shipped.rglob("*")):
        name = path.relative_to(shipped)
        hidden = any(part.startswith(".") or part in _NOT_COPIED for part in name.parts)
        if path.is_file() and not hidden:
            yield name.as_posix()


def _update_file(name: str, shipped: Path, work: Path, copied: dict[str, str]) -> Change | None:
    """Bring one file of the copy up to date, and note in `copied` what was given out."""
    new = (shipped / name).read_bytes()
    given = copied.get(name)
    mine = work / name
    change: Change | None = None
    if not mine.exists():
        files.write(mine, new)
        change = Change(name, "added" if given is None else "restored")
    elif (theirs := mine.read_bytes()) != new and given != _digest(new):
        if given == _digest(theirs):
            files.write(mine, new)
            change = Change(name, "refreshed")
        elif not only_answers_differ(theirs, new):
            change = Change(name, "beside", beside=_put_beside(mine, new))
    copied[name] = _digest(new)
    return change


def _put_beside(mine: Path, new: bytes) -> str:
    """Write the new version under the first free name beside `mine` and return that name."""
    number = 1
    while True:
        suffix = ".new" if number == 1 else f".new-{number}"
        beside = mine.with_name(mine.stem + suffix + mine.suffix)
        if not beside.exists():
            files.write(beside, new)
        elif not beside.is_file() or beside.read_bytes() != new:
            number += 1
            continue
        return beside.name


def _withdraw(names: set[str], work: Path, copied: dict[str, str]) -> Iterator[Change]:
    """Remove untouched copies of what the course no longer has."""
    for name in sorted(set(copied) - names):
        mine = work / name
        if mine.is_file() and _digest(mine.read_bytes()) == copied[name]:
            mine.unlink()
            _remove_what_is_left(mine, copied[name])
            yield Change(name, "withdrawn")
        del copied[name]


def _remove_what_is_left(mine: Path, given: str) -> None:
    """Remove JupyterLab's copy of an untouched notebook, and its folder when that is empty."""
    checkpoint = mine.parent / ".ipynb_checkpoints" / f"{mine.stem}-checkpoint{mine.suffix}"
    if checkpoint.is_file() and _digest(checkpoint.read_bytes()) == given:
        checkpoint.unlink()
    for folder in (checkpoint.parent, mine.parent):
        with contextlib.suppress(OSError):  # something of the learner's is in it
            folder.rmdir()


def _named_like_the_course(work: Path) -> Iterator[str]:
    for path in work.glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb"):
        yield path.relative_to(work).as_posix()


def _read_record(work: Path) -> tuple[_Record, str | None]:
    """Return the record, and the new name of a damaged one."""
    path = work / RECORD
    try:
        kept = json.loads(path.read_bytes())
        record = _Record(dict(kept["copied"]), dict(kept.get("moving", {})))
        names = [*record.copied, *record.moving, *record.moving.values()]
        digests = record.copied.values()
        if all(map(_inside, names)) and all(isinstance(digest, str) for digest in digests):
            return record, None
    except FileNotFoundError:
        return _Record(), None
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    number = 1
    while (aside := path.with_name(f".ridealong.damaged-{number}.json")).exists():
        number += 1
    path.rename(aside)
    return _Record(), aside.name


def _inside(name: str) -> bool:
    """Tell whether a recorded path stays in the learner's folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and ":" not in name


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def first_notebook(shipped: Path) -> str:
    """Return the path, inside the learner's folder, of the notebook to begin with."""
    names = sorted(name for name in _shipped_files(shipped) if name.endswith(".ipynb"))
    begun = (name for module in course.BEGINS_WITH for name in names if name.startswith(module))
    return next(begun, names[0] if names else "")


def build_databases() -> None:
    """Build what the notebooks and their checks ask: the company's data, and the hidden data."""
    from ridealong import catalogue
    from ridealong.dataset import ensure_database

    wanted = {(1.0, 42)}
    for module in catalogue.modules():
        wanted.add((float(module.hidden_scale), module.hidden_seed))
    for scale, seed in sorted(wanted, key=lambda pair: pair != (1.0, 42)):
        ensure_database(scale=scale, seed=seed)


def jupyter_arguments(
    work: Path, *, first: str | None, port: int | None, browser: bool, extra: Sequence[str]
) -> list[str]:
    """Return JupyterLab's command line for the learner's folder.

    Only this machine can reach the server, and it asks for its token.

    Args:
        work: the learner's folder.
        first: the notebook to show; None shows what was open last, which is kept apart from the
            learner's other work.
        port: port on 127.0.0.1; None takes JupyterLab's own.
        browser: open the page in the browser.
        extra: more arguments.
    """
    arguments = [
        f"--ServerApp.root_dir={work}",
        "--ServerApp.ip=127.0.0.1",
        "--log-level=WARN",
        f"--LabApp.workspaces_dir={work / WORKSPACES}",
    ]
    if first is not None:
        arguments.append(f"--LabApp.default_url=/lab/tree/{first}")
    if port is not None:
        arguments.append(f"--ServerApp.port={port}")
    if not browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    return [*arguments, *extra]


def start_jupyterlab(root: Path, arguments: list[str]) -> None:
    """Run JupyterLab in this process until it is stopped.

    It starts in the course folder, where nbgrader's Validate finds its settings.
    """
    settings = str(Path(__file__).parent / "jupyter")
    paths = [settings, *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(paths)
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])
    os.chdir(root)
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(argv=arguments)


def study(
    *,
    copy_only: bool = False,
    browser: bool = True,
    port: int | None = None,
    extra: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> None:
    """Do what `ridealong study` says.

    Args:
        copy_only: Bring the copy up to date and stop.
        browser: Open the page in the browser.
        port: Port on 127.0.0.1; JupyterLab takes the next free one when it is taken.
        extra: More arguments for JupyterLab.
        say: Gets each line for the learner.

    Raises:
        StudyError: If this is not a course folder, or the copy cannot be made.
    """
    root = course.root() or course.root(Path(__file__))
    if root is None:
        raise StudyError(
            f"{Path.cwd()} is not in a copy of the course (a folder with nbgrader_config.py and "
            "solutions/). Change to the folder that you cloned and try again."
        )
    work = root / WORK
    first_start = not (work / WORKSPACES).is_dir()
    first_copy = not (work / RECORD).exists()
    changes = update_copy(root / "notebooks", work)
    first = first_notebook(root / "notebooks")
    # After a move the notebooks that were open last are no longer where they were.
    shows_first = first_start or any(isinstance(change, Moved) for change in changes)
    if first_copy and all(change.kind == "added" for change in changes):
        say(f"{len(changes)} files copied to {WORK}/: that folder is yours, work there.")
    else:
        for change in changes:
            say(str(change))
    if copy_only:
        if not changes:
            say(f"{WORK}/ is up to date.")
        return
    with contextlib.chdir(root):  # where the data lies depends on it
        build_databases()
    if os.environ.get(_HUB_VARIABLE):
        say(f"Your JupyterHub is running already: open {WORK}/{first} in it.")
        return
    say("JupyterLab starts. To stop it: Ctrl+C here, twice.")
    start_jupyterlab(
        root,
        jupyter_arguments(
            work, first=first if shows_first else None, port=port, browser=browser, extra=extra
        ),
    )
