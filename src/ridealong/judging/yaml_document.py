"""Answers in YAML: read safely, judged by the check that their exercise names."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ridealong.answer import Answer
from ridealong.judging import contract_mutants, migration_mutants, record, table, table_mutants
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


def _record_judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
    return record.judged(exercise_id, entry, read_yaml(text))


def _record_marks(text: str, entry: Entry) -> dict[str, Any]:
    try:
        return record.marks(read_yaml(text), entry)
    except ValueError as error:
        return {"error": str(error)}


# What judges contracts takes more than a second to load, and most notebooks hold none.


def _contract_judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
    from ridealong.judging import contract

    return contract.judged(exercise_id, entry, text)


def _contract_marks(text: str, entry: Entry) -> dict[str, Any]:
    from ridealong.judging import contract

    return contract.marks(text, entry)


def _contract_problems(entry: Entry) -> Iterator[str]:
    from ridealong.judging import contract

    yield from contract.problems(entry)


# So does the back end, on which requests are played.


def _calls_judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
    from ridealong.judging import calls

    return calls.judged(exercise_id, entry, text)


def _calls_marks(text: str, entry: Entry) -> dict[str, Any]:
    from ridealong.judging import calls

    return calls.marks(text, entry)


def _calls_mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    from ridealong.judging import calls

    yield from calls.mutants(reference, entry)


def _calls_problems(entry: Entry) -> Iterator[str]:
    from ridealong.judging import calls

    yield from calls.problems(entry)


CHECKS: Final = {
    "migration": Check(_plan_judged, _plan_marks, migration_mutants.mutants),
    "contract": Check(
        _contract_judged,
        _contract_marks,
        contract_mutants.mutants,
        keys={
            "operations": Key(list, minimum=1),
            "left_out": Key(list, required=False),
        },
        problems=_contract_problems,
    ),
    "record": Check(
        _record_judged,
        _record_marks,
        record.mutants,
        keys={"record": Key(dict, required=False)},
        problems=record.problems,
    ),
    "calls": Check(
        _calls_judged,
        _calls_marks,
        _calls_mutants,
        keys={"calls": Key(str)},
        problems=_calls_problems,
    ),
    "table": Check(
        table.judged,
        table.marks,
        table_mutants.mutants,
        keys={
            "rows": Key(list, minimum=1),
            "columns": Key(dict),
            "said": Key(dict, required=False),
        },
        problems=table.problems,
        results=table.results,
    ),
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
    own="plan",
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
