"""Records of a learner in a JSON file that several kernels may write at once.

The file is read again under a lock before each change and replaced in one step. What cannot be
read is set aside, never overwritten; what cannot be written stays in memory until a later change
can be saved.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

from filelock import FileLock, Timeout

from ridealong import files

LOCK_TIMEOUT_SECONDS: Final = 10

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Saved:
    """What a change left: the entry, and why it is not in the file (empty when it is)."""

    entry: Entry
    problem: str = ""
    notice: str = ""  # what else the learner should know, such as a file set aside


@dataclass(frozen=True, slots=True)
class _Content:
    document: dict[str, Any]
    damage: str = ""


class RecordFile:
    """Entries by section and name in one JSON file; each kind of file says which sections."""

    file_name: ClassVar[str]
    sections: ClassVar[tuple[str, ...]]
    kept: ClassVar[str]  # what is in memory when the file cannot be written, and the next step

    def __init__(self, folder: Path) -> None:
        self.path = folder / self.file_name
        self._unsaved: dict[tuple[str, str], Entry] = {}

    def entries(self, section: str) -> dict[str, Entry]:
        """Return the entries of a section, with those not saved yet."""
        try:
            with self._lock():
                document = _read(self.path, self.sections).document
        except OSError:
            document = _empty(self.sections)
        entries: dict[str, Entry] = dict(document[section])
        entries.update(
            {key: entry for (part, key), entry in self._unsaved.items() if part == section}
        )
        return entries

    def update(self, section: str, identity: str, change: Callable[[Entry], None]) -> Saved:
        """Apply `change` to one entry as it stands in the file now, and save it.

        Never raises for a file or a folder that cannot be used: `problem` says it then.
        """
        try:
            with self._lock():
                content = _read(self.path, self.sections)
                for (part, key), entry in self._unsaved.items():
                    content.document[part][key] = entry
                entry = content.document[section].setdefault(identity, {})
                change(entry)
                entry["saved_at"] = datetime.now(UTC).isoformat(timespec="seconds")
                notice = self._set_aside(content.damage) if content.damage else ""
                _write(self.path, content.document)
        except OSError as error:
            entry = dict(self.entries(section).get(identity, {}))
            change(entry)
            self._unsaved[section, identity] = entry
            return Saved(entry, problem=f"{_not_saved(self.path, error)} {self.kept}")
        self._unsaved.clear()
        return Saved(entry, notice=notice)

    def add(self, entries: Mapping[str, Mapping[str, Entry]]) -> None:
        """Add entries by section and name, as they are; what the file holds already stays.

        Lists within an entry that the file has as well are joined, each part once.

        Raises:
            OSError: when the file cannot be written.
        """
        with self._lock():
            content = _read(self.path, self.sections)
            if content.damage:
                self._set_aside(content.damage)
            for section, named in entries.items():
                for identity, entry in named.items():
                    there = content.document[section].setdefault(identity, dict(entry))
                    for key, value in entry.items():
                        if isinstance(value, list) and isinstance(there.get(key), list):
                            more = [part for part in value if part not in there[key]]
                            there[key] = [*more, *there[key]]
            _write(self.path, content.document)

    def damage(self) -> str:
        """Return what of the file cannot be read, "" when all can.

        Raises:
            OSError: when it cannot be opened.
        """
        return _read(self.path, self.sections).damage

    def _set_aside(self, damage: str) -> str:
        """Copy a file that cannot be read as a whole to a new name; return the message."""
        content = self.path.read_bytes()
        number = 1
        while True:
            aside = self.path.with_name(f"{self.path.stem}.damaged-{number}.json")
            try:
                with aside.open("xb") as copy:
                    copy.write(content)
            except FileExistsError:
                number += 1
            else:
                return f"{self.path.name} could not be read ({damage}). It is kept as {aside.name}."

    @contextmanager
    def _lock(self) -> Iterator[None]:
        # In the temporary folder: a learner's folder is handed in whole, and may be read-only.
        user = getattr(os, "getuid", int)()
        name = hashlib.sha256(f"{user} {self.path.resolve()}".encode()).hexdigest()[:16]
        lock = FileLock(
            Path(tempfile.gettempdir()) / f"ridealong-quiz-{name}.lock",
            timeout=LOCK_TIMEOUT_SECONDS,
        )
        with lock:
            yield


def _empty(sections: Sequence[str]) -> dict[str, Any]:
    return {"version": 1} | {section: {} for section in sections}


def _read(path: Path, sections: Sequence[str]) -> _Content:
    """Return what can be read of a file, and what is wrong with the rest.

    Raises:
        OSError: when there is a file and it cannot be opened.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return _Content(_empty(sections))
    try:
        document = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return _Content(_empty(sections), f"{type(error).__name__}: {str(error)[:80]}")
    if not isinstance(document, dict):
        seen = f"a {type(document).__name__} where an object is expected"
        return _Content(_empty(sections), seen)
    damage = ""
    for section in sections:
        entries = document.setdefault(section, {})
        if not isinstance(entries, dict):
            damage = f"{section} is a {type(entries).__name__}"
            document[section] = {}
            continue
        for key in [key for key, entry in entries.items() if not isinstance(entry, dict)]:
            damage = f"the entry {key!r} is a {type(entries.pop(key)).__name__}"
    return _Content(document, damage)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    files.write(path, text.encode())


def _not_saved(path: Path, error: OSError) -> str:
    if isinstance(error, Timeout):
        reason = f"another notebook has been using it for {LOCK_TIMEOUT_SECONDS} seconds"
    else:
        reason = (error.strerror or str(error)).lower()
    return (
        f"Not saved: {path.name} in {path.parent.name or path.parent} cannot be written ({reason})."
    )
