"""Answers to quizzes: the literal in the cell, or a newer click in the file beside it."""

from pathlib import Path
from typing import Any, Final

from ridealong.answer import Answer
from ridealong.judging.kind import Kind, Task, holds_only_comments
from ridealong.judging.worker import Worker
from ridealong.quizzes.judging import judge
from ridealong.quizzes.record import STUB, current_answer, read_literal
from ridealong.verdict import Verdict


def _judge(task: Task, answer: Answer, worker: Worker) -> Verdict:
    return judge(task.id, answer.value)


def _read(name: str, text: str, folder: Path) -> Any:
    identity = name.replace("_", "-")
    try:
        literal = read_literal(text)
    except ValueError:
        recorded = current_answer(identity, None, folder)
        if recorded is None:
            raise
        return recorded
    return current_answer(identity, literal, folder)


QUIZ: Final = Kind(
    name="quiz",
    wanted="the answer to a quiz",
    own="answer",
    stub=STUB,
    read=_read,
    is_blank=holds_only_comments,
    judge=_judge,
)
