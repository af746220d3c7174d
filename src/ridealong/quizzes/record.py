"""The learner's answers in `quiz_answers.json`, beside the notebook.

One entry of `quizzes` holds:

- `choice` (None after "clear") and `confidence`: as the widget shows them now;
- `first_choice`, `first_confidence`, `attempts`, `checked`: the first answer that was checked,
  the number of checks of a new choice, and the choice checked last;
- `in_cell`: whether the answer cell below the widget holds this answer. A click after that
  takes it away: then the file is newer than the cell;
- `saved_at`: when, UTC.
"""

import ast
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ridealong.records import Entry, RecordFile

FILE_NAME: Final = "quiz_answers.json"
SECTIONS: Final = ("quizzes", "predictions")
STUB: Final = "# Run this cell after choosing above: your answer is written here."


class AnswerFile(RecordFile):
    """The answers of one folder."""

    file_name = FILE_NAME
    sections = SECTIONS
    kept = (
        "Your answer stays until the kernel stops. Make the folder writable and answer once more."
    )


@lru_cache(maxsize=64)
def _answer_file(folder: Path) -> AnswerFile:
    return AnswerFile(folder)


def answer_file(folder: Path | None = None) -> AnswerFile:
    """Return the answers of `folder`; by default of the working folder, where the notebook is.

    One object per folder, so that answers that could not be saved are found again.
    """
    return _answer_file((folder or Path.cwd()).resolve())


def recorded(folder: Path) -> dict[str, dict[str, Entry]]:
    """Return what is recorded in a folder: `{"quizzes": {id: entry}, "predictions": {...}}`.

    Both are empty when nothing is recorded or nothing can be read.
    """
    return {section: answer_file(folder).entries(section) for section in SECTIONS}


def answer_of(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the answer literal of an entry, or None when no answer stands."""
    if entry.get("choice") is None:
        return None
    answer = {"choice": entry["choice"]}
    if entry.get("confidence") is not None:
        answer["confidence"] = entry["confidence"]
    return answer


def current_answer(quiz_id: str, literal: object, folder: Path) -> object:
    """Return the answer that counts: the newer of the file and the answer cell's literal.

    Args:
        quiz_id: such as "clause-order".
        literal: the value written in the answer cell, None when it holds none.
        folder: the notebook's folder.

    A click after the answer cell ran makes the file newer. Otherwise the literal counts, also
    one changed by hand, and alone it is enough: a notebook without the file loses nothing.
    """
    entry = answer_file(folder).entries("quizzes").get(quiz_id)
    if entry is None or (entry.get("in_cell") and literal is not None):
        return literal
    return answer_of(entry)


def read_literal(body: str) -> object:
    """Return the literal of an answer cell's body, None when it holds only comments.

    Raises:
        ValueError: when the body is something else than one Python literal.
    """
    if all(not line.strip() or line.lstrip().startswith("#") for line in body.splitlines()):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # of odd escapes: stderr costs points
            return ast.literal_eval(body.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError("the text of this cell is not an answer") from error
