"""One step of the build: what it reads, what it writes, whether it is fresh."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ridealong.authoring.problems import BuildError

MEMORY = ".ridealong"
Show = Callable[[int, int, str], None]
"""Called with the parts done, the parts in all (0: unknown) and what is going on."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller may choose.

    Attributes:
        hidden_seed: seed of the data that answers are checked on without being seen; None keeps
            the one that a module's catalogue has.
        hold_quiz_key: leave the right answers of quizzes out of the catalogue.
        exercises: the only ones whose mutants are judged; by default all that changed.
    """

    hidden_seed: int | None = None
    hold_quiz_key: bool = False
    exercises: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the build that is made, or found fresh, as a whole.

    Attributes:
        name: what to call it in a message, "execute 04_sql_one/01_first_look".
        mend: the command that makes it.
        inputs: gives the digest of everything that decides what is made.
        make: gives the wanted content of every file of this step.
        targets: the files that this step owns now; those not made are removed.
        same: whether a file's content is as good as the wanted one, in a check.
    """

    name: str
    mend: str
    inputs: Callable[[], str]
    make: Callable[[Show], dict[Path, bytes]]
    targets: Callable[[], Iterable[Path]]
    same: Callable[[bytes, bytes], bool] = bytes.__eq__


@dataclass(slots=True)
class Outcome:
    """What one step did, or would do: the files that changed, or the problems."""

    name: str
    mend: str
    changed: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    skipped: bool = False


class Memory:
    """What earlier builds made from what, in the git-ignored `.ridealong/build.json`.

    Losing it costs time, never correctness: a step that is not remembered is made again and
    compared with what is there.
    """

    def __init__(self, course: Path) -> None:
        """Read the file of the course, or start with nothing."""
        self._path = course / MEMORY / "build.json"
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            kept = {}
        self._steps: dict[str, list[str]] = kept if isinstance(kept, dict) else {}

    def is_fresh(self, step: Step) -> bool:
        """Say whether the step was made from the same inputs and its files are untouched."""
        return self._steps.get(step.name) == [step.inputs(), digest_of_files(step.targets())]

    def keep(self, step: Step) -> None:
        """Remember the step as made."""
        self._steps[step.name] = [step.inputs(), digest_of_files(step.targets())]
        content = json.dumps(self._steps, indent=1, sort_keys=True) + "\n"
        write(self._path, content.encode())


def run(step: Step, memory: Memory, show: Show, *, again: bool = False) -> Outcome:
    """Make a step unless it is fresh, and write only the files that differ."""
    outcome = Outcome(step.name, step.mend)
    wanted = _wanted(step, memory, show, outcome, again=again)
    for path, content in wanted.items():
        if not path.is_file() or path.read_bytes() != content:
            write(path, content)
            outcome.changed.append(path)
    if outcome.problems or outcome.skipped:
        return outcome
    for path in set(step.targets()) - wanted.keys():
        path.unlink()
        outcome.changed.append(path)
    memory.keep(step)
    return outcome


def check(step: Step, memory: Memory, show: Show, *, again: bool = False) -> Outcome:
    """Find the files of a step that are not what it would make; write nothing."""
    outcome = Outcome(step.name, step.mend)
    wanted = _wanted(step, memory, show, outcome, again=again)
    outcome.changed = [
        path
        for path, content in wanted.items()
        if not path.is_file() or not step.same(path.read_bytes(), content)
    ]
    if not (outcome.problems or outcome.skipped):
        outcome.changed += sorted(set(step.targets()) - wanted.keys())
    return outcome


def _wanted(
    step: Step, memory: Memory, show: Show, outcome: Outcome, *, again: bool
) -> dict[Path, bytes]:
    """Return what the step makes, nothing where it is fresh; note problems in the outcome."""
    try:
        if not again and memory.is_fresh(step):
            outcome.skipped = True
            return {}
        return step.make(show)
    except BuildError as error:
        outcome.problems = error.problems
        return error.made


def write(path: Path, content: bytes) -> None:
    """Write a file at once: whoever reads it meanwhile sees the old or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(unfinished, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def digest(*parts: str | bytes) -> str:
    """Return one digest of all parts, in their order."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()


def digest_of_files(paths: Iterable[Path], names: Path | None = None) -> str:
    """Return one digest of the names and contents of files; a missing one counts as such.

    Args:
        paths: the files.
        names: the folder that names are taken relative to; by default full names count.
    """
    parts: list[str | bytes] = []
    for path in sorted(set(paths)):
        name = path.relative_to(names) if names else path
        parts += [name.as_posix(), path.read_bytes() if path.is_file() else b"missing"]
    return digest(*parts)


def package_digest(*, only: Iterable[str] = (), without: Iterable[str] = ()) -> str:
    """Return the digest of this package's own files, or of some of its parts.

    Args:
        only: names of the folders and files that count; by default all.
        without: names of those that do not.
    """
    package = Path(__file__).parents[1]
    wanted = {package / name for name in only} or {package}
    skipped = {package / name for name in without}
    files = [
        path
        for path in package.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and wanted & {path, *path.parents}
        and not skipped & {path, *path.parents}
    ]
    return digest_of_files(files, package)
