"""What a check gives back: a verdict, and the exception that shows it in one line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an answer that was looked at, such as its columns on the public data."""

    name: str
    held: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of judging one answer.

    Attributes:
        exercise: id of the exercise or quiz.
        passed: whether the answer earns its points.
        message: one line; what holds, or what was seen, what was wanted and what to try.
        properties: what was looked at, in order, each with its outcome.
        mistake: name of the known mistake that was recognised, if any.
    """

    exercise: str
    passed: bool
    message: str
    properties: tuple[Property, ...] = ()
    mistake: str | None = None


class CheckFailed(Exception):
    """An answer that does not hold yet; shown in a notebook as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback.
        return [f"{type(self).__name__}: {self}"]
