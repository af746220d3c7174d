"""Carry a learner's answers over when the course moves its exercises.

A module gets another folder name, a notebook is split, an exercise stands in another notebook: the
learner's answers follow to the cell of the same id, wherever it is now. What they wrote in is kept
as it was in `before the move/`, and nothing that they wrote in the new place is replaced. When
modules move, the notebooks of the others that have changed are renewed in the same way.

An interrupted move is taken up by the next start. A folder that has another name now is read from
its old place and gets out of the way last, so until then it can be read again. A notebook that is
old and new under one name is copied first, and the record of the copy names it until all is done.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

from ridealong import course, files
from ridealong.records import Entry, RecordFile

KEPT: Final = "before the move"
CHECK_SUFFIX: Final = "-check"
_NAMED_IN_FULL: Final = 6
_CHECKPOINTS: Final = ".ipynb_checkpoints"
_MAGIC: Final = re.compile(r"%%[a-z]+[ \t]+(?P<name>[^\W\d]\w*)[ \t]*\r?(?:\n|\Z)")
_PREDICTION: Final = re.compile(r"\bpredict\(\s*[\"'](?P<id>[\w-]+)[\"']")
# Cells of the course have words as their ids, a cell that the learner added has one like these.
_ADDED_BY_A_LEARNER: Final = re.compile(
    r"(?=.*[0-9])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=.*[0-9])[0-9a-f]{8}"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that the learner should know about a move."""

    path: str  # inside the learner's folder, where to look now
    kind: Literal["carried", "kept", "unreadable", "two answers", "no place"]
    what: str
    folder: str = "work"

    def __str__(self) -> str:
        """Say it in one line."""
        place = f"{self.folder}/{self.path}"
        match self.kind:
            case "carried":
                return f"Your answers are in their new place, {place}: {self.what}"
            case "kept":
                return f"What you had in {self.folder}/{self.what} is kept as it was in {place}"
            case "unreadable":
                return f"{place} {self.what}, so no answer could be taken from it; it is kept"
            case "two answers":
                return f"Two answers to {self.what}: the other one is kept in {place}"
            case "no place":
                return f"The course no longer asks for {self.what}: your answer is kept in {place}"


@dataclass(frozen=True, slots=True)
class _Cell:
    content: dict[str, Any]  # of the file itself: what is changed here is changed there
    identity: str
    source: str
    mark: Mapping[str, Any]  # nbgrader's metadata

    @property
    def is_answer(self) -> bool:
        return self.mark.get("solution") is True

    @property
    def named(self) -> str:
        """The id of the answer that the first line names, "" without such a line."""
        found = _MAGIC.match(self.source.lstrip("\n"))
        return found["name"].replace("_", "-") if found else ""


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the course asks for what."""

    notebooks: dict[str, bytes]
    notebook_of: dict[str, str]  # id of an answer -> path of its notebook
    blank: dict[str, str]  # id of an answer -> what stands in its cell before it is answered
    folder_of_prediction: dict[str, str]

    def folder_of(self, identity: str) -> str | None:
        """Return the folder of the quiz, the prediction or the exercise with this id."""
        notebook = self.notebook_of.get(identity)
        if notebook is not None:
            return notebook.rpartition("/")[0]
        return self.folder_of_prediction.get(identity)


@dataclass(slots=True)
class _Found:
    """An answer of the learner in a notebook of before."""

    identity: str
    source: str
    where: str  # as the learner will find it
    rank: tuple[bool, bool, float]


@dataclass(slots=True)
class _Source:
    """A notebook of before: where it lies now, what it was called, where it will be kept."""

    path: Path
    name: str
    kept: str
    cells: list[_Cell] | None = field(default=None)  # None: it cannot be read


def carry_over(
    shipped: Path,
    work: Path,
    copied: dict[str, str],
    moving: dict[str, str],
    *,
    digest: Callable[[bytes], str],
    save: Callable[[], None],
) -> list[Moved]:
    """Carry answers to where the course asks for them now; see the module's text.

    Args:
        shipped: the folder with the notebooks as the course gives them out.
        work: the learner's folder.
        copied: path to digest of what the course gave out; brought up to date here.
        moving: kept path to old path of the notebooks of a move that is not finished; filled
            while a move goes on and empty afterwards.
        digest: gives the digest of a file's content as `copied` has it.
        save: writes `copied` and `moving` down.

    Returns:
        What the learner should know; empty when nothing had moved.

    Raises:
        OSError: when a file cannot be read or written. What was done is not undone, and the
            next call goes on from there.
    """
    return _Move(shipped, work, copied, moving, digest, save).carry()


class _Move:
    def __init__(
        self,
        shipped: Path,
        work: Path,
        copied: dict[str, str],
        moving: dict[str, str],
        digest: Callable[[bytes], str],
        save: Callable[[], None],
    ) -> None:
        self.shipped, self.work = shipped, work
        self.copied, self.moving = copied, moving
        self.digest, self.save = digest, save
        self.told: list[Moved] = []

    def carry(self) -> list[Moved]:
        """Do what `carry_over` says."""
        folders = self._old_folders()
        if not folders and not self.moving and not self._has_changed_notebooks():
            return []
        self.places = _places(self.shipped)
        sources = [source for folder in folders for source in self._in_folder(folder)]
        sources += self._unfinished()
        replaced = {source.name: source for source in self._renewed(every=bool(folders))}
        answers = self._answers([*sources, *replaced.values()])
        while more := self._in_the_way(answers, replaced):
            replaced |= {source.name: source for source in more}
            answers = self._answers([*sources, *replaced.values()])
        if not (folders or self.moving or replaced):
            return []
        self._keep(replaced)
        self._tell_of_sources([*sources, *replaced.values()], answers)
        self._write(answers, replaced)
        self._carry_records([self.work / folder for folder in folders])
        for folder, kept in folders.items():
            self._set_aside(folder, kept)
        for kept in self.moving:
            self.told.append(Moved(kept, "kept", self.moving[kept]))
        self.moving.clear()
        self.save()
        return self.told

    # ------------------------------------------------------------------- what is of before

    def _old_folders(self) -> dict[str, str]:
        """Return the folders of before that hold something of the learner's, and their new names."""
        found = {}
        for name in course.MOVED:
            folder = self.work / name
            if not folder.is_dir() or (self.shipped / name).is_dir():
                continue
            if any(self._is_theirs(path) for path in _files(folder)):
                found[name] = self._free(name)
        return found

    def _is_theirs(self, path: Path) -> bool:
        given = self.copied.get(path.relative_to(self.work).as_posix())
        return given is None or given != self.digest(path.read_bytes())

    def _free(self, name: str) -> str:
        """Return the first free name among what is kept."""
        return next(kept for kept in _numbered(name) if not (self.work / kept).exists())

    def _in_folder(self, folder: str) -> Iterator[_Source]:
        for path in _files(self.work / folder):
            if path.suffix == ".ipynb":
                inside = path.relative_to(self.work / folder).as_posix()
                kept = f"{self._free(folder)}/{inside}"
                yield _Source(path, f"{folder}/{inside}", kept, _cells(_notebook(path)))

    def _unfinished(self) -> Iterator[_Source]:
        for kept, name in self.moving.items():
            path = self.work / kept
            if path.is_file():
                yield _Source(path, name, kept, _cells(_notebook(path)))

    def _has_changed_notebooks(self) -> bool:
        """Tell whether a notebook that the learner wrote in has changed in the course."""
        return any(True for _ in self._changed())

    def _changed(self) -> Iterator[str]:
        for name, given in self.copied.items():
            mine, new = self.work / name, self.shipped / name
            if not name.endswith(".ipynb") or not mine.is_file():
                continue
            if name.partition("/")[0] in course.MOVED and not new.is_file():
                continue  # comes with its folder
            changed = not new.is_file() or self.digest(new.read_bytes()) != given
            if changed and self.digest(mine.read_bytes()) != given:
                yield name

    def _renewed(self, *, every: bool) -> Iterator[_Source]:
        """Yield the notebooks of an older version to be renewed under their own name.

        Those are the ones with answers that are now asked for elsewhere; and in a move of whole
        modules every one, so that a learner does not go on in notebooks of two versions.
        """
        for name in self._changed():
            mine, new = self.work / name, self.places.notebooks.get(name)
            cells = _cells(_notebook(mine))
            if cells is None or (new and only_answers_differ(mine.read_bytes(), new)):
                continue
            if (every and new) or any(self._belongs_elsewhere(cell, name) for cell in cells):
                yield _Source(mine, name, self._kept_copy(name), cells)

    def _belongs_elsewhere(self, cell: _Cell, name: str) -> bool:
        place = self.places.notebook_of.get(cell.identity)
        return cell.is_answer and place not in (None, name) and self._is_written(cell)

    def _kept_copy(self, name: str) -> str:
        """Return where a notebook is kept: where it is already, or the first free name."""
        content = (self.work / name).read_bytes()
        for kept in _numbered(name):
            path = self.work / kept
            if not path.exists() or (path.is_file() and path.read_bytes() == content):
                return kept
        raise AssertionError  # the numbers do not end

    # ---------------------------------------------------------------------------- answers

    def _is_written(self, cell: _Cell) -> bool:
        """Tell whether a cell holds more than what the course gave out in it."""
        source = cell.source.strip()
        blank = self.places.blank.get(cell.named or cell.identity, "")
        return source not in ("", blank.strip()) and not _is_as_given(cell)

    def _answers(self, sources: Iterable[_Source]) -> dict[str, list[_Found]]:
        """Return the answers by id, the one that counts first."""
        found: dict[str, list[_Found]] = {}
        for source in sources:
            for identity, cell, official in self._written(source.cells or []):
                is_given = source.name in self.copied or source.kept in self.moving
                changed = source.path.stat().st_mtime
                answer = _Found(identity, cell.source, source.kept, (official, is_given, changed))
                found.setdefault(identity, []).append(answer)
        for answers in found.values():
            answers.sort(key=lambda answer: answer.rank, reverse=True)
        return found

    def _written(self, cells: list[_Cell]) -> Iterator[tuple[str, _Cell, bool]]:
        """Yield for each answer of a notebook its id, its cell, and whether it has its own place.

        As when the notebook is run, the last cell above the check counts that names the answer.
        A cell that names another one answers that one only.
        """
        by_name: dict[str, list[int]] = {}
        by_id: dict[str, list[int]] = {}
        checks: dict[str, int] = {}
        for number, cell in enumerate(cells):
            if cell.identity.endswith(CHECK_SUFFIX):
                checks[cell.identity.removesuffix(CHECK_SUFFIX)] = number
            elif cell.named in self.places.blank and not _is_manual(cell):
                by_name.setdefault(cell.named, []).append(number)
            elif cell.identity in self.places.blank or cell.is_answer:
                by_id.setdefault(cell.identity, []).append(number)
        for identity in [*by_name, *(each for each in by_id if each not in by_name)]:
            places = [*by_id.get(identity, []), *by_name.get(identity, [])]
            written = [number for number in places if self._is_written(cells[number])]
            check = checks.get(identity, len(cells))
            counting = [n for n in written if n < check] or written
            if counting:
                official = any(cells[number].identity == identity for number in places)
                yield identity, cells[counting[-1]], official

    # ------------------------------------------------------------------------- new places

    def _in_the_way(
        self, answers: Mapping[str, list[_Found]], replaced: Mapping[str, _Source]
    ) -> list[_Source]:
        """Return the learner's notebooks that lack the cell for an answer carried to them."""
        found: dict[str, _Source] = {}
        for identity in answers:
            name = self.places.notebook_of.get(identity, "")
            mine = self.work / name
            if not name or name in replaced or name in found or not mine.is_file():
                continue
            if self._is_untouched(name, mine.read_bytes()):
                continue
            cells = _cells(_notebook(mine))
            if cells is None or not _cells_of(identity, cells):
                found[name] = _Source(mine, name, self._kept_copy(name), cells)
        return list(found.values())

    def _is_untouched(self, name: str, content: bytes) -> bool:
        """Tell whether a file of the copy is one that the course gave out, as it was given."""
        return content == self.places.notebooks[name] or self.copied.get(name) == self.digest(
            content
        )

    def _keep(self, replaced: Mapping[str, _Source]) -> None:
        """Copy what will be replaced under its own name, and note it down."""
        if not replaced:
            return
        for name, source in replaced.items():
            files.write(self.work / source.kept, source.path.read_bytes())
            shutil.copystat(source.path, self.work / source.kept)
            self.moving[source.kept] = name
        self.save()

    def _write(self, answers: Mapping[str, list[_Found]], replaced: Mapping[str, _Source]) -> None:
        wanted: dict[str, list[_Found]] = {name: [] for name in replaced}
        for identity, found in answers.items():
            if identity in self.places.notebook_of:
                wanted.setdefault(self.places.notebook_of[identity], []).append(found[0])
        # What is replaced comes last: until then it can be read where it was.
        for name in sorted(wanted, key=lambda name: (name in replaced, name)):
            if name in self.places.notebooks:
                self._fill(name, wanted[name], anew=name in replaced)
            else:
                (self.work / name).unlink()
                self.copied.pop(name, None)

    def _fill(self, name: str, answers: list[_Found], *, anew: bool) -> None:
        """Write the answers into one notebook of the copy, where nothing is written yet."""
        mine, new = self.work / name, self.places.notebooks[name]
        old = mine.read_bytes() if mine.is_file() else None
        fresh = anew or old is None or self._is_untouched(name, old)
        notebook = _notebook_of(new if fresh or old is None else old)
        assert notebook is not None, f"{name} is no notebook"  # _in_the_way has looked
        cells = _cells(notebook) or []
        carried = []
        for answer in answers:
            places = _cells_of(answer.identity, cells)
            theirs = [cell for cell in places if self._is_written(cell)]
            if not theirs:
                _set_source(places[0].content, answer.source)
                carried.append(answer.identity)
            elif all(_text(cell.source) != _text(answer.source) for cell in theirs):
                self.told.append(Moved(answer.where, "two answers", answer.identity))
        if carried or anew or old is None:
            files.write(mine, _dumped(notebook) if carried else new)
            self.copied[name] = self.digest(new) if fresh else self.copied.get(name, "")
        if carried:
            self.told.append(Moved(name, "carried", _listed(carried)))

    def _tell_of_sources(
        self, sources: Iterable[_Source], answers: Mapping[str, list[_Found]]
    ) -> None:
        for source in sources:
            if source.cells is None:
                self.told.append(Moved(source.kept, "unreadable", "cannot be read as a notebook"))
        for identity, found in answers.items():
            if identity not in self.places.notebook_of:
                self.told.append(Moved(found[0].where, "no place", identity))
            texts = {_text(found[0].source)}
            for other in found[1:]:
                if _text(other.source) not in texts:
                    texts.add(_text(other.source))
                    self.told.append(Moved(other.where, "two answers", identity))

    # ---------------------------------------------------------------------------- records

    def _carry_records(self, folders: Iterable[Path]) -> None:
        """Carry answers to quizzes, predictions and times to the folders of their new places."""
        from ridealong.quizzes.record import AnswerFile
        from ridealong.timing.record import TimesFile

        gone_from = {*folders, *((self.work / name).parent for name in self.moving.values())}
        for folder in sorted(gone_from):
            for kind in (AnswerFile, TimesFile):
                self._carry_record(kind, folder)

    def _carry_record(self, kind: type[RecordFile], folder: Path) -> None:
        file = kind(folder)
        if not file.path.is_file():
            return
        name = folder.relative_to(self.work).as_posix()
        if damage := file.damage():
            where = (
                f"{self._free(name)}/{file.path.name}"
                if name in course.MOVED
                else (f"{name}/{file.path.name}")
            )
            self.told.append(Moved(where, "unreadable", f"is damaged ({damage})"))
        wanted: dict[str, dict[str, dict[str, Entry]]] = {}
        for section in kind.sections:
            for identity, entry in file.entries(section).items():
                place = self.places.folder_of(identity)
                if place is not None and self.work / place != folder:
                    wanted.setdefault(place, {}).setdefault(section, {})[identity] = entry
        for place, entries in wanted.items():
            (self.work / place).mkdir(parents=True, exist_ok=True)
            kind(self.work / place).add(entries)

    # ------------------------------------------------------------------------------- kept

    def _set_aside(self, folder: str, kept: str) -> None:
        own = self._own(folder)
        (self.work / kept).parent.mkdir(parents=True, exist_ok=True)
        files.replace(self.work / folder, self.work / kept)
        for name in [name for name in self.copied if name.startswith(f"{folder}/")]:
            del self.copied[name]
        self.told.append(Moved(kept, "kept", f"{folder}{own}"))

    def _own(self, folder: str) -> str:
        """Say what of the learner's own stands in the folder and nowhere else."""
        added = 0
        for path in _files(self.work / folder):
            for cell in (_cells(_notebook(path)) or []) if path.suffix == ".ipynb" else []:
                is_added = _ADDED_BY_A_LEARNER.fullmatch(str(cell.content.get("id", "")))
                is_answer = cell.mark or cell.named in self.places.blank
                added += bool(is_added and cell.source.strip() and not is_answer)
        if not added:
            return " (notes and cells of your own are only there)"
        cells = "one cell" if added == 1 else f"{added} cells"
        return f" ({cells} that you added and your notes are only there)"


def only_answers_differ(theirs: bytes, new: bytes) -> bool:
    """Tell whether a notebook is the course's, apart from its answers and outputs.

    It is the version that the course gives out then, whatever is recorded of it.
    """
    mine, given = _notebook_of(theirs), _notebook_of(new)
    if mine is None or given is None:
        return False
    return _without_answers(mine) == _without_answers(given)


# ---------------------------------------------------------------------------------- notebooks


def _places(shipped: Path) -> _Places:
    found = _Places({}, {}, {}, {})
    for path in sorted(shipped.rglob("*.ipynb")):
        name = path.relative_to(shipped).as_posix()
        if any(part.startswith(".") for part in path.relative_to(shipped).parts):
            continue
        found.notebooks[name] = path.read_bytes()
        for cell in _cells(_notebook(path)) or []:
            if cell.is_answer and cell.identity not in found.notebook_of:
                found.notebook_of[cell.identity] = name
                found.blank[cell.identity] = cell.source
            for prediction in _PREDICTION.finditer(cell.source):
                folder = name.rpartition("/")[0]
                found.folder_of_prediction.setdefault(prediction["id"], folder)
    return found


def _numbered(name: str) -> Iterator[str]:
    """Yield the names under which a file or a folder may be kept."""
    path = PurePosixPath(KEPT, name)
    yield path.as_posix()
    for number in count(2):
        yield path.with_name(f"{path.stem} {number}{path.suffix}").as_posix()


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and _CHECKPOINTS not in path.relative_to(folder).parts
    ]


def _notebook(path: Path) -> dict[str, Any] | None:
    return _notebook_of(path.read_bytes())


def _notebook_of(content: bytes) -> dict[str, Any] | None:
    """Return a notebook's content, None when it is none of format 4."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    return notebook if isinstance(cells, list) else None


def _cells(notebook: dict[str, Any] | None) -> list[_Cell] | None:
    """Return the cells that have a text; None when the notebook cannot be read."""
    if notebook is None:
        return None
    return [cell for each in notebook["cells"] if (cell := _cell(each)) is not None]


def _cell(content: Any) -> _Cell | None:
    if not isinstance(content, dict):
        return None
    source = content.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    metadata = content.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    mark = mark if isinstance(mark, dict) else {}
    identity = mark.get("grade_id", content.get("id"))
    return _Cell(content, identity if isinstance(identity, str) else "", source, mark)


def _cells_of(identity: str, cells: Iterable[_Cell]) -> list[_Cell]:
    """Return the cells where an answer stands or belongs, its own place first."""
    own = [cell for cell in cells if cell.identity == identity]
    named = [cell for cell in cells if cell.named == identity and cell.identity != identity]
    return own + named


def _is_manual(cell: _Cell) -> bool:
    return cell.is_answer and cell.mark.get("grade") is True


def _is_as_given(cell: _Cell) -> bool:
    """Tell by nbgrader's checksum whether the cell is as the course gave it out."""
    checksum = cell.mark.get("checksum")
    if not checksum:
        return False
    import nbformat
    from nbgrader.utils import compute_checksum

    try:
        node = nbformat.from_dict(cell.content | {"source": cell.source})  # type: ignore[no-untyped-call]
        now = compute_checksum(node)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return bool(now == checksum)


def _without_answers(notebook: Mapping[str, Any]) -> list[object]:
    bare: list[object] = []
    for each in notebook["cells"]:
        cell = _cell(each)
        if cell is None:
            bare.append(each)
            continue
        bare.append((cell.identity, cell.mark, "" if cell.is_answer else _text(cell.source)))
    return bare


def _text(source: str) -> str:
    return source.replace("\r\n", "\n").strip()


def _set_source(content: dict[str, Any], source: str) -> None:
    content["source"] = source.splitlines(keepends=True)
    if content.get("cell_type") == "code":
        content["outputs"], content["execution_count"] = [], None


def _dumped(notebook: Mapping[str, Any]) -> bytes:
    """Return the file of a notebook, as nbformat writes it."""
    try:
        text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
        return f"{text}\n".encode()
    except UnicodeEncodeError:  # half of a pair of surrogates
        return (json.dumps(notebook, indent=1, sort_keys=True) + "\n").encode()


def _listed(names: list[str]) -> str:
    if len(names) <= _NAMED_IN_FULL:
        return ", ".join(names)
    return f"{', '.join(names[: _NAMED_IN_FULL - 1])} and {len(names) - _NAMED_IN_FULL + 1} more"
