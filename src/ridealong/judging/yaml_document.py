"""Answers in YAML: read safely, judged by the check that their exercise names."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import yaml

from ridealong.answer import Answer
from ridealong.judging.kind import Entry, Key, Kind, Task, holds_only_comments, results_by_marks
from ridealong.judging.migration import judge_plan
from ridealong.judging.migration_mutants import mutants
from ridealong.judging.worker import Worker
from ridealong.text import first_line
from ridealong.verdict import Verdict

LONGEST_YAML: Final = 100_000


def read_yaml(text: str) -> Any:
    """Return the data that a YAML text holds, None when it holds none.

    Raises:
        ValueError: in one line, when it is no YAML, or too long.
    """
    if len(text) > LONGEST_YAML:
        raise ValueError(f"the YAML has {len(text):,} characters, {LONGEST_YAML:,} is the most")
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"this is no YAML: {error.problem}{where}") from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"this is no YAML: {first_line(error)}") from None


def judge_document(task: Task, answer: Answer, worker: Worker) -> Verdict:
    """Return the verdict on the data that a YAML answer holds."""
    return _judged(task.id, task.entry, answer.value)


def _judged(exercise_id: str, entry: Mapping[str, Any], value: object) -> Verdict:
    for traffic in ("public", "hidden"):
        found = judge_plan(value, traffic=traffic)
        if not found.passed:
            mark = {"mistake": found.mistake or found.message}
            told = [m["message"] for m in entry.get("mistakes", ()) if m["results"] == mark]
            message = told[0] if told else found.message
            return Verdict(exercise_id, False, message, found.properties, found.mistake)
    return Verdict(exercise_id, True, f"{exercise_id} holds: {found.message}", found.properties)


def _marks(text: str, entry: Entry) -> dict[str, Any]:
    try:
        value = read_yaml(text)
    except ValueError as error:
        return {"error": str(error)}
    seen = _judged("", {}, value)
    return {} if seen.passed else {"mistake": seen.mistake or seen.message}


def _trial(task: Task) -> Callable[[str], bool]:
    return lambda text: not _marks(text, task.entry)


def _read(name: str, text: str, folder: Path) -> Any:
    return read_yaml(text)


YAML: Final = Kind(
    name="yaml",
    wanted="YAML",
    own="plan",
    stub="# Your answer:",
    read=_read,
    is_blank=holds_only_comments,
    judge=judge_document,
    keys={"judge": Key(str, choices=("migration",))},
    results=partial(results_by_marks, marks=_marks),
    mutants=mutants,
    trial=_trial,
)
