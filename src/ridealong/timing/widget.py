"""The clock in the notebook, and the table of times.

The kernel keeps when the clock was started, so a check can stop it in any later kernel; the
browser only counts on. A clock blocks nothing, and no time is an input to points.
"""

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

import anywidget
import traitlets

from ridealong import catalogue
from ridealong.records import Saved
from ridealong.show.table import Cell, html_table
from ridealong.timing import record
from ridealong.timing.record import LONGEST_SECONDS, Time, TimesFile, times_file

_HERE = Path(__file__).parent


class NotTimed(LookupError):
    """The exercise has no clock."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback.
        return [str(self)]


class Clock(anywidget.AnyWidget):
    """The clock of one exercise: it counts up from the start to the passed check."""

    _esm = _HERE / "widget.js"
    _css = _HERE / "widget.css"

    question = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, exercise_id: str, minutes: int, file: TimesFile | None = None) -> None:
        super().__init__()
        self.exercise_id = exercise_id
        self._minutes = minutes
        self._file = file or times_file()
        self._sent = 0
        self.question = {"id": exercise_id, "target_seconds": self._target_seconds}
        self.show("The clock is still running." if record.begun(self._entry()) else "")
        self.on_msg(self._receive)
        _shown.add(self)

    def __repr__(self) -> str:
        unit = "minute" if self._minutes == 1 else "minutes"
        return f"timed question: {self.exercise_id}, {self._minutes} {unit}"

    def show(self, status: str, *, problem: bool = False) -> None:
        """Send the whole state to the browser, with what to say now."""
        entry = self._entry()
        begun = record.begun(entry)
        self._sent += 1  # a state that equals the last one would not be sent
        self.state = {
            "running": begun is not None,
            "elapsed_seconds": _seconds_since(begun) if begun else 0,
            "hidden": record.is_hidden(),
            "summary": _summary(record.taken(entry)),
            "status": status,
            "problem": problem,
            "sent": self._sent,
        }

    @property
    def _target_seconds(self) -> int:
        return self._minutes * 60

    def _entry(self) -> dict[str, Any]:
        return self._file.entries("times").get(self.exercise_id, {})

    def _receive(self, _: object, content: object, buffers: object = None) -> None:
        """Handle what the learner did: {"do": ...}."""
        if not isinstance(content, dict):
            return
        done = getattr(self, f"_do_{content.get('do')}", None)
        if done is not None:
            done()

    def _do_look(self) -> None:
        # A page just opened shows an old state: tell it how much time has passed since.
        self.show(str(self.state["status"]), problem=bool(self.state["problem"]))

    def _do_start(self) -> None:
        self._say(record.start(self._file, self.exercise_id, self._target_seconds), "Started.")

    def _do_stop(self) -> None:
        begun = record.begun(self._entry())
        if begun is None:
            self.show("")
            return
        seconds = round(_seconds_since(begun))
        self._say(
            record.stop(self._file, self.exercise_id),
            f"Stopped at {_clock(seconds)}, not recorded: a passed check records the time.",
        )

    def _do_hide(self) -> None:
        self._set_hidden(True)

    def _do_show(self) -> None:
        self._set_hidden(False)

    def _set_hidden(self, hidden: bool) -> None:
        saved = record.hide(hidden)
        said = "The clock is hidden in the whole course." if hidden else "The clock is shown."
        for other in [clock for clock in _shown if clock is not self]:
            other._do_look()
        self._say(saved, said)

    def _say(self, saved: Saved, status: str) -> None:
        words = saved.problem or " ".join(filter(None, (saved.notice, status)))
        self.show(words, problem=bool(saved.problem))


_shown: WeakSet[Clock] = WeakSet()


@dataclass(frozen=True, slots=True, repr=False)
class Times:
    """The times recorded in one folder, by exercise, shown as a table."""

    taken: dict[str, list[Time]]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def __repr__(self) -> str:
        if not self.taken:
            return _NO_TIMES
        return "\n".join(
            f"{name}: {_summary(times)} Last on {times[-1].date}."
            for name, times in self.taken.items()
        )

    def _html(self) -> str:
        if not self.taken:
            return f"<p>{_NO_TIMES}</p>"
        names = ("Exercise", "Target", "Times", "Best", "Last", "Last on")
        rows: list[tuple[str | Cell, ...]] = [
            (Cell(name, heads=True, is_bold=True), *_row(times))
            for name, times in self.taken.items()
        ]
        caption = "Times from start to passed check, in minutes:seconds"
        return html_table(names, rows, caption=caption)


_NO_TIMES: Final = (
    "No times are recorded in this folder yet: start the clock of a timed question and pass its "
    "check."
)


def timer(exercise_id: str | None = None) -> Clock | Times:
    """Show the clock of a timed exercise; without an id the times recorded in this module.

    Args:
        exercise_id: the id in the exercise's heading; its minutes are the target.

    Raises:
        CatalogueError: when the course has no such exercise; the text names the nearest.
        NotTimed: when the exercise is not a timed one; the text names those that are.
    """
    if exercise_id is None:
        entries = times_file().entries("times").items()
        found = {name: times for name, entry in entries if (times := record.taken(entry))}
        return Times(dict(sorted(found.items())))
    module, entry = catalogue.exercise(exercise_id)
    if not entry.get("timed"):
        timed = [name for name, each in module.exercises.items() if each.get("timed")]
        raise NotTimed(
            f'the exercise "{exercise_id}" has no clock: '
            f"timed in {module.name} are {', '.join(timed) or 'none'}"
        )
    return Clock(exercise_id, int(entry["minutes"]))


def passed(exercise_id: str) -> None:
    """Stop the clock of an exercise whose check has passed, and record the time taken.

    Does nothing when no clock runs or nbgrader runs the notebook, and never raises: a clock must
    not hurt a check.
    """
    if os.environ.get("NBGRADER_EXECUTION"):  # "validate" or "autograde"
        return
    with contextlib.suppress(Exception):
        finished = record.finish(times_file(), exercise_id)
        if finished is None:
            return
        time, saved = finished
        if time is None:
            hours = LONGEST_SECONDS // 3600
            said = f"The clock ran for more than {hours} hours, so no time is recorded."
        else:
            target = _clock(time.target_seconds)
            said = f"Passed in {_clock(time.seconds)}, the target is {target}."
        for clock in list(_shown):
            if clock.exercise_id == exercise_id:
                clock._say(saved, said)


def _seconds_since(begun: datetime) -> float:
    return max(0.0, (datetime.now(UTC) - begun).total_seconds())


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _summary(times: list[Time]) -> str:
    if not times:
        return ""
    best = min(time.seconds for time in times)
    return f"Best {_clock(best)}, last {_clock(times[-1].seconds)}."


def _row(times: list[Time]) -> list[str]:
    last = times[-1]
    best = min(time.seconds for time in times)
    return [
        _clock(last.target_seconds),
        str(len(times)),
        _clock(best),
        _clock(last.seconds),
        last.date,
    ]
