"""Answers that are Python: a literal or arithmetic bound to a name, or a short function."""

import ast
from typing import Final

from ridealong.answer import Answer
from ridealong.judging.kind import Kind, Task
from ridealong.judging.worker import Worker
from ridealong.verdict import Verdict


def _judge(task: Task, answer: Answer, worker: Worker) -> Verdict:
    raise ValueError(f"no exercise is of the kind {answer.kind!r} yet, but {task.id!r} says so")


def _is_dots_alone(answer: Answer) -> bool:
    return answer.value is ...


def _has_no_code(answer: Answer) -> bool:
    (function,) = ast.parse(answer.text).body
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    code = [each for each in function.body if not _is_text(each)]
    return all(
        isinstance(each, ast.Pass) or (isinstance(each, ast.Expr) and _is_dots(each.value))
        for each in code
    )


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


VALUE: Final = Kind(
    name="value",
    wanted="a number, a text or a list",
    own="value",
    is_blank=_is_dots_alone,
    judge=_judge,
)
FUNCTION: Final = Kind(
    name="function",
    wanted="a function",
    own="function",
    is_blank=_has_no_code,
    judge=_judge,
)
