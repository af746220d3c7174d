"""What a check gives back: a verdict, and the exception that shows it in one line."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an answer that was looked at, such as its columns on the public data.

    Attributes:
        name: what was looked at.
        held: whether it is as it should be.
        seen: what was seen, where that is more than the name says.
        matters: what it costs when it does not hold.
        legal: of an attack on a schema, whether it had to be let pass.
        tried: whether it came to the point at all; what was not tried has not held either.
        plain: of anything but a schema: shown as what was looked at and what was seen, without
            what a schema should do.
    """

    name: str
    held: bool
    seen: str = ""
    matters: str = ""
    legal: bool = False
    tried: bool = True
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of judging one answer.

    Attributes:
        exercise: id of the exercise or quiz.
        passed: whether the answer earns its points.
        message: one line; what holds, or what was seen, what was wanted and what to try.
        properties: what was looked at, in order, each with its outcome.
        mistake: name of the known mistake that was recognised, if any.
        share: the part of the points that an answer earns which does not pass, from 0 to 1.
    """

    exercise: str
    passed: bool
    message: str
    properties: tuple[Property, ...] = ()
    mistake: str | None = None
    share: float = 0.0

    def points(self, of: float) -> float:
        """Return the points earned of `of`: all, or the earned share in steps of a half."""
        if self.passed:
            return of
        return max(0.0, min(math.floor(of * self.share * 2) / 2, of - 0.5))


class CheckFailed(Exception):
    """An answer that does not hold yet; shown in a notebook as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback.
        return [f"{type(self).__name__}: {self}"]
