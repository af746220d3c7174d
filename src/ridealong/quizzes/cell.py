"""The graded answer cell below a quiz: `%%quiz clause_order`.

Running it writes the answer into that very cell, so that the notebook alone carries it. The
front end replaces the source of the cell whose execution sent the request. Therefore the request
is made only while that cell runs: sent from a widget's callback it would wait, and then replace
the source of whatever cell the learner runs next.
"""

import json
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython

from ridealong.quizzes.bank import find_quiz
from ridealong.quizzes.kinds import KINDS, ChoiceError
from ridealong.quizzes.question import CONFIDENCES, Question
from ridealong.quizzes.record import STUB, answer_file, answer_of, current_answer, read_literal
from ridealong.records import Entry


def record_cell(name: str, body: str) -> object:
    """Run the answer cell of a quiz: bind its name, say what is recorded, write it down.

    Args:
        name: the quiz's id with '_' for '-', as in `%%quiz clause_order`.
        body: the cell's text below that line.

    Returns:
        The answer, such as `{"choice": "b", "confidence": "fairly sure"}`, or None.

    Raises:
        UnknownQuestion: when the course has no such quiz.
    """
    question = find_quiz(name.replace("_", "-"))
    file = answer_file()
    entry = file.entries("quizzes").get(question.id)
    try:
        literal, problem = read_literal(body), ""
    except ValueError as error:
        literal, problem = None, str(error)

    answer = current_answer(question.id, literal, Path.cwd())
    if problem and answer is None:
        print(f"{_capital(problem)}: choose above, delete the text, and run this cell again.")
    else:
        print(_line(question, answer))

    shell = get_ipython()
    if shell is not None:
        shell.user_ns[name] = answer
    if entry is not None:
        if not entry.get("in_cell") or answer != answer_of(entry):
            file.update("quizzes", question.id, lambda each: _put_in_cell(each, answer))
        if shell is not None and (problem or answer != literal):
            _write_source(shell, name, body, answer)
    return answer


def rewritten(body: str, answer: object) -> str:
    """Return the body of an answer cell with its literal replaced; comment lines stay."""
    literal = STUB if answer is None else json.dumps(answer, ensure_ascii=False)
    lines: list[str] = []
    written = False
    for line in body.strip("\n").splitlines():
        if line.strip() and (not line.lstrip().startswith("#") or line.strip() == STUB):
            if not written:
                lines.append(literal)
            written = True
        else:
            lines.append(line)
    if not written:
        # Between solution markers, else below the comments.
        at = next((n for n, line in enumerate(lines) if "END SOLUTION" in line), len(lines))
        lines.insert(at, literal)
    return "\n".join(lines).strip("\n")


def _put_in_cell(entry: Entry, answer: object) -> None:
    if isinstance(answer, dict):
        entry["choice"] = answer.get("choice")
        entry["confidence"] = answer.get("confidence")
    entry["in_cell"] = True


def _write_source(shell: Any, name: str, body: str, answer: object) -> None:
    """Ask the front end to replace the running cell's source, if it is this very cell."""
    source = _running_source(shell)
    first, _, rest = source.partition("\n")
    if first.split() != ["%%quiz", name] or rest.strip("\n") != body.strip("\n"):
        return
    text = f"{first}\n{rewritten(body, answer)}"
    if text != source.rstrip("\n"):
        shell.set_next_input(text, replace=True)


def _running_source(shell: Any) -> str:
    """Return the source of the cell that the front end is running now, else an empty text."""
    try:
        parent = shell.get_parent()
        if parent["header"]["msg_type"] == "execute_request":
            return str(parent["content"]["code"])
    except (AttributeError, KeyError, TypeError):
        pass  # not in a kernel, or no request yet
    return ""


def _line(question: Question, answer: object) -> str:
    if answer is None:
        return "No answer yet: choose above, then run this cell again."
    choice = answer.get("choice") if isinstance(answer, dict) else answer
    kind = KINDS[question.kind]
    try:
        words = kind.words(question, kind.read(question, choice))
    except ChoiceError as error:
        return f"This is not an answer to {question.id}: {error}. Choose above and run again."
    confidence = answer.get("confidence") if isinstance(answer, dict) else None
    sure = confidence if confidence in CONFIDENCES else "not said how sure"
    return f"Recorded: {words} ({sure})."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
