"""Find a quiz or a prediction in the course's catalogue."""

from collections.abc import Callable, Mapping
from typing import Any

from ridealong.quizzes.question import Question, prediction_question, quiz_question
from ridealong.text import did_you_mean


class UnknownQuestion(LookupError):
    """The catalogue holds no quiz or prediction of this name."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def find_quiz(quiz_id: str) -> Question:
    """Return a quiz of the course.

    Raises:
        UnknownQuestion: when there is none of this id; the text names the nearest.
    """
    return _find(quiz_id, "quizzes", "quiz", quiz_question)


def find_prediction(prediction_id: str) -> Question:
    """Return a prediction of the course.

    Raises:
        UnknownQuestion: when there is none of this id; the text names the nearest.
    """
    return _find(prediction_id, "predictions", "prediction", prediction_question)


def _find(
    identity: object,
    section: str,
    what: str,
    made: Callable[[Mapping[str, Any]], Question],
) -> Question:
    tables = _tables(section)
    if not isinstance(identity, str) or identity not in tables:
        known = (
            did_you_mean(identity, tables) or f", there are: {', '.join(sorted(tables)) or 'none'}"
        )
        raise UnknownQuestion(f"no {what} {identity!r} in this course{known}")
    return made(tables[identity])


def _tables(section: str) -> dict[str, Mapping[str, Any]]:
    """Return all tables of a section, by id, from the catalogue of every module."""
    from ridealong import catalogue

    return catalogue.quizzes() if section == "quizzes" else catalogue.predictions()
