"""One step of the build: what it reads, what it writes, whether it is fresh."""

import hashlib
import io
import re
import token
import tokenize
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from ridealong.authoring.problems import BuildError
from ridealong.files import write as write  # authoring/catalogue.py takes it from here

MEMORY = ".ridealong"
"""What an author's own builds leave for later ones; git ignores it."""
BUILT: Final = "solutions/built.txt"
_HEADER: Final = """\
# What everything derived was made from, and what came of it: `ridealong build` writes this file.
# After a merge run `ridealong build`: it makes again what does not fit.
"""
_LINE: Final = re.compile(r"(?P<name>[^:#]+): (?P<inputs>[0-9a-f]{32}) (?P<targets>[0-9a-f]{32})")
# A string with replacement fields is several tokens from Python 3.12 on, and one before.
_HAS_PARTS: Final = re.compile(r"[rR]?[fFtT][rR]?[\"']")
_BEGIN_OF_PARTS: Final = {getattr(token, f"{kind}STRING_START", None) for kind in "FT"}
_END_OF_PARTS: Final = {getattr(token, f"{kind}STRING_END", None) for kind in "FT"}
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
        whole: whether all of it is made; a part leaves the rest to the next run.
    """

    name: str
    mend: str
    inputs: Callable[[], str]
    make: Callable[[Show], dict[Path, bytes]]
    targets: Callable[[], Iterable[Path]]
    same: Callable[[bytes, bytes], bool] = bytes.__eq__
    whole: bool = True


@dataclass(slots=True)
class Outcome:
    """What one step did, or would do: the files that changed, or the problems."""

    name: str
    mend: str
    changed: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    skipped: bool = False


class Memory:
    """What was made from what, in `solutions/built.txt`, which is committed.

    One line for each step holds the digest of all that decides what the step makes, and that of
    the files that it made. So a fresh clone knows what is fresh, and nothing has to be made to
    find out. Losing the file, or a line of it, costs time, never correctness: such a step is made
    again and compared with what is there.
    """

    def __init__(self, course: Path) -> None:
        """Read the file of the course, or start with nothing."""
        self._path = course / BUILT
        try:
            self._content = self._path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            self._content = ""
        found = map(_LINE.fullmatch, self._content.splitlines())
        self._steps = {line["name"]: (line["inputs"], line["targets"]) for line in found if line}

    def is_fresh(self, step: Step) -> bool:
        """Say whether the step was made from the same inputs and its files are untouched."""
        return self._steps.get(step.name) == self._now(step)

    def keep(self, step: Step) -> None:
        """Remember the step as made."""
        self._steps[step.name] = self._now(step)
        self._write()

    def keep_only(self, names: Collection[str]) -> None:
        """Forget the steps that there are no more, and put the file in order."""
        self._steps = {name: kept for name, kept in self._steps.items() if name in names}
        self._write()

    def _now(self, step: Step) -> tuple[str, str]:
        targets = digest_of_files(step.targets(), self._path.parents[1])
        return digest(step.inputs())[:32], targets[:32]

    def _write(self) -> None:
        lines = (f"{name}: {' '.join(kept)}\n" for name, kept in sorted(self._steps.items()))
        content = _HEADER + "".join(lines)
        if content != self._content:
            write(self._path, content.encode())
            self._content = content


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
    if step.whole:
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


def digest(*parts: str | bytes) -> str:
    """Return one digest of all parts, in their order."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()


def digest_of_files(paths: Iterable[Path], names: Path | None = None) -> str:
    """Return one digest of the names and contents of files; a missing one counts as such.

    How lines end does not count, and of Python neither comments nor docstrings.

    Args:
        paths: the files.
        names: the folder that names are taken relative to; by default full names count.
    """
    parts: list[str | bytes] = []
    for path in sorted(set(paths)):
        name = path.relative_to(names) if names else path
        parts += [name.as_posix(), _comparable(path) if path.is_file() else b"missing"]
    return digest(*parts)


@cache
def _own_code(path: Path) -> bytes:
    """Return what counts of a file of this package's code, which stays while it runs."""
    return _comparable(path)


def _comparable(path: Path) -> bytes:
    """Return what counts of a file: of text not how its lines end, of Python only what it does."""
    content = path.read_bytes()
    if b"\0" in content:
        return content
    content = content.replace(b"\r\n", b"\n")
    return _code(content) if path.suffix == ".py" else content


@cache
def _code(content: bytes) -> bytes:
    """Return Python without its comments, its docstrings and the way its lines are broken.

    It is the same under every version of Python, which a dump of the syntax tree is not.
    """
    text = content.decode()
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    kept: list[str] = []
    statement: list[tuple[int, str]] = []
    for kind, piece in _pieces(text, starts):
        if kind in (token.INDENT, token.DEDENT):
            kept.append("{" if kind == token.INDENT else "}")
        elif kind != token.NEWLINE:
            statement.append((kind, piece))
        else:
            if any(each != token.STRING for each, _ in statement):  # a lone string does nothing
                kept += [*(each for _, each in statement), "\n"]
            statement = []
    return "\0".join(kept).encode()


def _pieces(text: str, starts: list[int]) -> Iterator[tuple[int, str]]:
    """Yield the tokens that count, a string with replacement fields as one."""
    depth, begin = 0, 0
    for each in tokenize.generate_tokens(io.StringIO(text).readline):
        if each.type in _BEGIN_OF_PARTS:
            if not depth:
                begin = starts[each.start[0] - 1] + each.start[1]
            depth += 1
        elif each.type in _END_OF_PARTS:
            depth -= 1
            if not depth:
                yield token.OP, text[begin : starts[each.end[0] - 1] + each.end[1]]
        elif not depth and each.type not in (token.COMMENT, token.NL, token.ENDMARKER):
            yield token.OP if _HAS_PARTS.match(each.string) else each.type, each.string


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
    parts: list[str | bytes] = []
    for path in sorted(files):
        read = _own_code if path.suffix == ".py" else _comparable
        parts += [path.relative_to(package).as_posix(), read(path)]
    return digest(*parts)
