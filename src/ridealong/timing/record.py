"""The learner's times in `times.json`, beside the notebook, and whether the clock is shown.

One entry of `times` holds:

- `started_at`: when the clock was started, UTC; not there while it stands;
- `target_seconds`: of the exercise when the clock was started;
- `taken`: the times of passed checks, oldest first: `date`, `seconds`, `target_seconds`;
- `saved_at`: when, UTC.

Whether the clock is shown is one setting of the learner for the whole course, so it lies in the
user's own configuration folder.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import platformdirs

from ridealong.records import Entry, RecordFile, Saved

FILE_NAME: Final = "times.json"
LONGEST_SECONDS: Final = 3 * 60 * 60  # beyond it the clock was forgotten


@dataclass(frozen=True, slots=True)
class Time:
    """The time from the start of the clock to a passed check; `date` is the day in UTC."""

    date: str
    seconds: int
    target_seconds: int


class TimesFile(RecordFile):
    """The times of one folder."""

    file_name = FILE_NAME
    sections = ("times",)
    kept = "The time stays until the kernel stops. Make the folder writable and try once more."


class SettingsFile(RecordFile):
    """What the learner has set for the whole course."""

    file_name = "settings.json"
    sections = ("clock",)
    kept = "The setting holds until the kernel stops."


@lru_cache(maxsize=64)
def _times_file(folder: Path) -> TimesFile:
    return TimesFile(folder)


@lru_cache(maxsize=4)
def _settings_file(folder: Path) -> SettingsFile:
    return SettingsFile(folder)


def times_file() -> TimesFile:
    """Return the times of the working folder, where the notebook is.

    One object per folder, so that a time that could not be saved is found again.
    """
    return _times_file(Path.cwd().resolve())


def settings_folder() -> Path:
    """Return the folder of the learner's settings."""
    return Path(platformdirs.user_config_path("ridealong"))


def is_hidden() -> bool:
    """Return whether the learner has hidden the clock."""
    clock = _settings_file(settings_folder()).entries("clock").get("shown", {})
    return clock.get("hidden") is True


def hide(hidden: bool) -> Saved:
    """Keep whether the clock is hidden; `problem` of the result says why it was not saved."""
    folder = settings_folder()
    with contextlib.suppress(OSError):  # saving fails for the same reason, and says it
        folder.mkdir(parents=True, exist_ok=True)
    return _settings_file(folder).update("clock", "shown", lambda each: each.update(hidden=hidden))


def begun(entry: Mapping[str, Any]) -> datetime | None:
    """Return when the clock of an entry was started, None when it stands."""
    try:
        return datetime.fromisoformat(entry["started_at"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return None


def taken(entry: Mapping[str, Any]) -> list[Time]:
    """Return the times of an entry, oldest first; what is damaged is left out."""
    found = []
    for each in _listed(entry):
        try:
            found.append(Time(str(each["date"]), int(each["seconds"]), int(each["target_seconds"])))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return found


def start(file: TimesFile, exercise_id: str, target_seconds: int) -> Saved:
    """Start the clock of an exercise, anew if it runs."""

    def change(entry: Entry) -> None:
        entry["started_at"] = datetime.now(UTC).isoformat()
        entry["target_seconds"] = target_seconds

    return file.update("times", exercise_id, change)


def stop(file: TimesFile, exercise_id: str) -> Saved:
    """Stop the clock of an exercise without recording a time."""
    return file.update("times", exercise_id, lambda entry: entry.pop("started_at", None))


def finish(file: TimesFile, exercise_id: str) -> tuple[Time | None, Saved] | None:
    """Stop the running clock of an exercise and record the time taken.

    Returns:
        None when no clock runs. Otherwise the time, None for a clock that was forgotten, and
        what came of saving it.
    """
    entry = file.entries("times").get(exercise_id, {})
    started_at = begun(entry)
    if started_at is None:
        return None
    now = datetime.now(UTC)
    seconds = round((now - started_at).total_seconds())
    time = None
    if 0 <= seconds <= LONGEST_SECONDS:
        target = entry.get("target_seconds")
        time = Time(now.date().isoformat(), seconds, target if isinstance(target, int) else 0)

    def change(entry: Entry) -> None:
        entry.pop("started_at", None)
        if time is not None:
            entry["taken"] = [*_listed(entry), asdict(time)]

    return time, file.update("times", exercise_id, change)


def _listed(entry: Mapping[str, Any]) -> list[Any]:
    listed = entry.get("taken")
    return listed if isinstance(listed, list) else []
