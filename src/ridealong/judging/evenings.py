"""Judge a choice by what it leads to: limits that hold on the shown evening, and on others."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from ridealong.judging.kind import Entry, refused
from ridealong.text import did_you_mean
from ridealong.verdict import Property, Verdict

EVENINGS: Final = (("public", 0), ("hidden", 0), ("hidden", 1))
"""The evenings that a choice has to hold on: name, and seed of what the data do not record."""

_DIGITS: Final = re.compile(r"\.(\d)f")
_MOST_DIGITS: Final = 6

Run = TypeVar("Run")
"""What came of an evening."""


@dataclass(frozen=True, slots=True)
class Limit(Generic[Run]):
    """What may be asked of a choice.

    Attributes:
        says: what it is, in words, with `{most}` for the number.
        measured: the same of an evening.
        shown: how a measured value is written.
        matters: what it costs when it does not hold.
        adds: what is said after a value that breaks it: where, when; takes the evening and the
            number.
        is_least: whether the number is the least and not the most.
        never: how a time is written that does not end.
    """

    says: str
    measured: Callable[[Run], float]
    shown: str
    matters: str
    adds: Callable[[Run, float], str] = lambda run, number: ""
    is_least: bool = False
    never: str = "never"

    def holds(self, run: Run, number: float) -> bool:
        """Whether an evening keeps to a number."""
        return self._keeps(self.measured(run), number)

    def seen(self, run: Run, number: float) -> str:
        """Return what was measured, with the digits that tell it from a number that it breaks."""
        value, shown = self.measured(run), self.shown
        if math.isinf(value):
            return self.never
        if self._keeps(value, number):
            return shown.format(value)
        digits = int(_DIGITS.findall(shown)[0])
        while digits < _MOST_DIGITS and self._keeps(round(value, digits), number):
            digits += 1
        return _DIGITS.sub(f".{digits}f", shown).format(value)

    def _keeps(self, value: float, number: float) -> bool:
        return value >= number if self.is_least else value <= number


@dataclass(frozen=True, slots=True)
class Trial(Generic[Run]):
    """The limits of one kind of choice.

    Attributes:
        always: those that hold for every exercise, at 0.
        limits: those that an exercise may ask for.
        where: for each run, the words that stand before what was measured in it.
        tried_on: the runs in words, as in "on 3 evenings".
    """

    always: Mapping[str, Limit[Run]]
    limits: Mapping[str, Limit[Run]]
    where: Sequence[str] = ("on your evening", "on another evening", "on another evening")
    tried_on: str = "evenings"

    def asked(self, entry: Entry) -> dict[str, float]:
        """Return the limits of an exercise with their numbers."""
        return {**dict.fromkeys(self.always, 0.0), **entry["limits"]}

    def broken(self, runs: Sequence[Run], entry: Entry) -> list[str]:
        """Return the limits that some evening breaks, in order."""
        return [
            name
            for name, number in self.asked(entry).items()
            if not all(self._limit(name).holds(run, number) for run in runs)
        ]

    def judged(
        self,
        exercise_id: str,
        entry: Entry,
        runs: Sequence[Run],
        found: Callable[[list[str]], dict[str, Any]],
        held: str,
    ) -> Verdict:
        """Return the verdict on what a choice has led to.

        Args:
            exercise_id: of the exercise.
            entry: of the exercise, with `limits`.
            runs: what came of `EVENINGS`, or of whatever `where` names.
            found: returns what a wrong choice is recognised by, of the limits that it breaks.
            held: what is said beside of one that holds, after the limits that are kept.
        """
        limits = self.asked(entry)
        properties = tuple(self._property(runs, name, limits[name]) for name in limits)
        broken = self.broken(runs, entry)
        if not broken:
            message = (
                f"{exercise_id} holds: on {len(runs)} {self.tried_on} each of {len(limits)} limits is "
                f"kept, and {held}"
            )
            return Verdict(exercise_id, True, message, properties)
        message = self._about(runs, broken[0], limits[broken[0]])
        if len(broken) > 1:
            message += f" ({len(broken) - 1} more)"
        asked = [name for name in limits if name not in self.always]
        kept = [name for name in asked if name not in broken]
        share = 0.0 if set(broken) & set(self.always) else len(kept) / len(asked)
        return refused(
            exercise_id, entry, found(broken), message, properties, share, keeps_message=True
        )

    def problems(self, entry: Entry) -> Iterator[str]:
        """Yield what is wrong with the limits of an exercise."""
        limits = entry.get("limits", {})
        if not limits:
            yield "'limits' is empty, wanted one limit at least"
        for name, number in limits.items():
            if name not in self.limits:
                yield f"'limits': no limit is called {name!r}{did_you_mean(name, self.limits)}"
            elif not isinstance(number, int | float) or isinstance(number, bool):
                yield f"'limits': {name} is {number!r}, wanted a number"

    def _limit(self, name: str) -> Limit[Run]:
        return self.always[name] if name in self.always else self.limits[name]

    def _about(self, runs: Sequence[Run], name: str, number: float) -> str:
        limit = self._limit(name)
        place, run = next(
            (place, run) for place, run in enumerate(runs) if not limit.holds(run, number)
        )
        says = limit.says.format(most=number)
        seen = limit.seen(run, number)
        return f"wanted: {says}; {self.where[place]} it is {seen}{limit.adds(run, number)}"

    def _property(self, runs: Sequence[Run], name: str, number: float) -> Property:
        limit = self._limit(name)
        bad = next((run for run in runs if not limit.holds(run, number)), None)
        seen = "" if bad is None else limit.seen(bad, number)
        return Property(limit.says.format(most=number), bad is None, seen, limit.matters)
