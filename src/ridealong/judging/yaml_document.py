"""Answers in YAML: read safely, judged by the check that their exercise names."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ridealong.answer import Answer
from ridealong.judging import migration_mutants
from ridealong.judging.kind import (
    Entry,
    Key,
    Kind,
    Known,
    Task,
    holds_only_comments,
    results_by_marks,
)
from ridealong.judging.migration import judge_plan
from ridealong.judging.mutants import Mutant
from ridealong.judging.worker import Worker
from ridealong.judging.yaml_text import read_yaml
from ridealong.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """One check of documents, as `judge = "migration"` of an exercise names it.

    Attributes:
        judged: gives the verdict; takes the exercise's id and entry, and the answer's text.
        marks: what a wrong answer is recognised by, nothing for a right one; its entry has the
            exercise's `id`.
        mutants: changes the reference in one place.
        keys: of its exercises in `exercises.toml`, required for this check alone.
        problems: what is wrong with the values of these keys.
        results: runs the known answers, where the catalogue keeps more than the marks of mistakes.
    """

    judged: Callable[[str, Entry, str], Verdict]
    marks: Callable[[str, Entry], dict[str, Any]]
    mutants: Callable[[str, Entry], Iterator[Mutant]]
    keys: Mapping[str, Key] = field(default_factory=dict)
    problems: Callable[[Entry], Iterator[str]] = lambda entry: iter(())
    results: Callable[[Known], Mapping[str, Any]] | None = None


def _plan_judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
    value = read_yaml(text)
    for traffic in ("public", "hidden"):
        found = judge_plan(value, traffic=traffic)
        if not found.passed:
            mark = {"mistake": found.mistake or found.message}
            told = [m["message"] for m in entry.get("mistakes", ()) if m["results"] == mark]
            message = told[0] if told else found.message
            return Verdict(exercise_id, False, message, found.properties, found.mistake)
    return Verdict(exercise_id, True, f"{exercise_id} holds: {found.message}", found.properties)


def _plan_marks(text: str, entry: Entry) -> dict[str, Any]:
    try:
        seen = _plan_judged("", {}, text)
    except ValueError as error:
        return {"error": str(error)}
    return {} if seen.passed else {"mistake": seen.mistake or seen.message}


def _room(
    name: str,
    keys: Mapping[str, Key] | None = None,
    *,
    mutants_in: str = "",
    of_text: bool = False,
    results: bool = False,
) -> Check:
    """Return the check of a room of `judging`, which is loaded when it is used.

    What judges contracts, or plays requests on the back end, takes more than a second to load, and
    most notebooks hold no such task.

    Args:
        name: of the room: it has `judged`, `marks` and `mutants`, and where it has keys `problems`.
        keys: of its exercises.
        mutants_in: the room beside it that has `mutants`, where they have one of their own.
        of_text: whether the room reads the answer's text itself; else it is given the data.
        results: whether it has `results` of its own.
    """

    def loaded(room: str = name) -> Any:
        return import_module(f"ridealong.judging.{room}")

    read = str if of_text else read_yaml

    def judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
        verdict: Verdict = loaded().judged(exercise_id, entry, read(text))
        return verdict

    def marks(text: str, entry: Entry) -> dict[str, Any]:
        try:
            found: dict[str, Any] = loaded().marks(read(text), entry)
        except ValueError as error:
            return {"error": str(error)}
        return found

    def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
        yield from loaded(mutants_in or name).mutants(reference, entry)

    def problems(entry: Entry) -> Iterator[str]:
        if keys:
            yield from loaded().problems(entry)

    def run(known: Known) -> Mapping[str, Any]:
        found: Mapping[str, Any] = loaded().results(known)
        return found

    return Check(judged, marks, mutants, keys or {}, problems, run if results else None)


CHECKS: Final = {
    "migration": Check(_plan_judged, _plan_marks, migration_mutants.mutants),
    "contract": _room(
        "contract",
        {
            "operations": Key(list, minimum=1),
            "left_out": Key(list, required=False),
            "also": Key(list, required=False),
        },
        mutants_in="contract_mutants",
        of_text=True,
    ),
    "table": _room(
        "table",
        {"rows": Key(list, minimum=1), "columns": Key(dict), "said": Key(dict, required=False)},
        mutants_in="table_mutants",
        of_text=True,
        results=True,
    ),
    "calls": _room("calls", {"calls": Key(str)}, of_text=True),
    "compatible": _room("compatible", mutants_in="compatible_mutants", of_text=True),
    "limits": _room("limits", of_text=True),
    "headers": _room("headers", {"headers": Key(str)}, of_text=True),
    "style": _room("style", {"draft": Key(str)}, of_text=True),
    "record": _room("record", {"record": Key(dict, required=False)}),
    "rule": _room("rule", {"rule": Key(str)}),
    "assignment": _room("assignment"),
    "witness": _room("witness"),
    "numbers": _room("numbers", {"parts": Key(list, minimum=1)}, results=True),
    "access": _room("access"),
    "transitions": _room("transitions"),
    "cache": _room(
        "cache",
        {
            "limits": Key(dict),
            "read_seconds": Key(float, required=False),
            "zone_seconds": Key(float, required=False),
            "warmed": Key(bool, required=False),
            "emptied_at_seconds": Key(list, required=False),
            "key_holds": Key(list, required=False),
        },
    ),
    "queue": _room(
        "queue",
        {
            "limits": Key(dict),
            "troubles": Key(list, required=False),
            "killed_at": Key(list, required=False),
            "times_as_many": Key(int, required=False),
            "most_consumers": Key(int, required=False),
            "given": Key(dict, required=False),
        },
    ),
    "move": _room("move", {"limits": Key(dict)}),
}
"""The checks of documents, by name."""


def judge_document(task: Task, answer: Answer, worker: Worker) -> Verdict:
    """Return the verdict on a YAML answer, by the check that its exercise names."""
    return CHECKS[task.entry["judge"]].judged(task.id, task.entry, answer.text)


def _marks(text: str, entry: Entry) -> dict[str, Any]:
    return CHECKS[entry["judge"]].marks(text, entry)


def _mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    return CHECKS[entry["judge"]].mutants(reference, entry)


def _problems(entry: Entry) -> Iterator[str]:
    check = CHECKS.get(str(entry.get("judge")))
    if check is not None:
        yield from (
            f"{name!r} is missing"
            for name, key in check.keys.items()
            if key.required and name not in entry
        )
        yield from check.problems(entry)


def _trial(task: Task) -> Callable[[str], bool]:
    entry = {**task.entry, "id": task.id}
    return lambda text: not _marks(text, entry)


def _results(known: Known) -> Mapping[str, Any]:
    own = CHECKS[known.entry["judge"]].results
    if own is not None:
        return own(known)
    entry = {**known.entry, "id": known.id}
    return results_by_marks(replace(known, entry=entry), _marks)


def _read(name: str, text: str, folder: Path) -> Any:
    return read_yaml(text)


YAML: Final = Kind(
    name="yaml",
    wanted="YAML",
    own="answer",
    stub="# Your answer:",
    read=_read,
    is_blank=holds_only_comments,
    judge=judge_document,
    keys={
        "judge": Key(str, choices=tuple(CHECKS)),
        **{
            name: replace(key, required=False)
            for check in CHECKS.values()
            for name, key in check.keys.items()
        },
    },
    problems=_problems,
    results=_results,
    mutants=_mutants,
    trial=_trial,
)
