"""Judge the steps of an assignment: in every order of two riders, what they are told is true."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.systems.assignment import CASES, WRONGS, Run, Step, StepsError, read, runs
from ridealong.verdict import Property, Verdict


def judged(exercise_id: str, entry: Entry, value: Any) -> Verdict:
    """Return the verdict on the steps of an assignment.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise, of which only the mistakes are needed.
        value: the data of the answer.
    """
    try:
        steps = read(value)
        tried = list(runs(steps))
    except StepsError as error:
        return refused(exercise_id, entry, {"error": str(error)}, str(error))
    properties = tuple(_properties(tried))
    if all(each.held for each in properties):
        message = (
            f"{exercise_id} holds: in {len(CASES)} cases and {len(tried)} orders what each rider is "
            "told is what the row of the car says"
        )
        return Verdict(exercise_id, True, message, properties)
    worst = min((each for each in tried if each.wrong), key=_badness)
    held = [each.held for each in properties]
    gives_cars = all(held[:2])  # who refuses everybody lies to nobody
    return refused(
        exercise_id,
        entry,
        _marks(steps, tried),
        _about(worst, tried),
        properties,
        sum(held) / len(held) if gives_cars else 0.0,
        keeps_message=True,  # it tells the order, which belongs to the steps that somebody wrote
    )


def marks(value: Any, entry: Entry) -> dict[str, Any]:
    """Return what wrong steps are recognised by, nothing for right ones."""
    try:
        steps = read(value)
        return _marks(steps, list(runs(steps)))
    except StepsError as error:
        return {"error": str(error)}


def _marks(steps: Sequence[Step], tried: list[Run]) -> dict[str, Any]:
    wrong = sorted({f"{each.case.name}: {each.wrong}" for each in tried if each.wrong})
    # The kinds of steps as well: the same cases may go wrong for other reasons.
    kinds = [f"{each.sql.split()[0].lower()}{', refuse' * each.refuses}" for each in steps]
    return {"wrong": wrong, "steps": kinds} if wrong else {}


def _badness(run: Run) -> tuple[int, int]:
    return list(WRONGS).index(run.wrong), CASES.index(run.case)


def _about(run: Run, tried: list[Run]) -> str:
    alike = [each for each in tried if each.case is run.case]
    count = sum(each.wrong == run.wrong for each in alike)
    how_often = f"in {count} of {len(alike)} orders" if len(alike) > 1 else "each time"
    says = WRONGS[run.wrong].format(run.count)
    return f"{run.case.told}: {how_often} {says}, such as in the order {run.order}"


def _properties(tried: list[Run]) -> Iterator[Property]:
    orders = Counter(each.case.name for each in tried)
    for case in CASES:
        bad = [each for each in tried if each.case is case and each.wrong]
        seen = ""
        if bad:
            worst = min(bad, key=_badness)
            seen = f"{WRONGS[worst.wrong].format(worst.count)}, in the order {worst.order}"
        count = orders[case.name]
        tried_in = f", in all {count} orders" if count > 1 else ""
        yield Property(f"{case.told}{tried_in}: what they are told is true", not bad, seen)


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield right steps with one change each: a step, a line, a condition or a value.

    Args:
        reference: the steps as YAML.
        entry: the exercise, of which nothing is needed.
    """
    steps = yaml.safe_load(reference)
    yield from distinct(_all(steps), reference, _text(steps))


def _all(steps: list[dict[str, Any]]) -> Iterator[Mutant]:
    for place, step in enumerate(steps):
        name = f"step {place + 1}"
        yield Mutant(f"{name}: dropped", _text([*steps[:place], *steps[place + 1 :]]))
        yield Mutant(f"{name}: twice", _text([*steps[: place + 1], step, *steps[place + 1 :]]))
        for key in step:
            if key != "sql":
                rest = {each: step[each] for each in step if each != key}
                yield _with(steps, place, rest, f"{name}: without {key}")
        for sql, change in _others(step["sql"]):
            yield _with(steps, place, {**step, "sql": sql}, f"{name}: {change}")


def _others(sql: str) -> Iterator[tuple[str, str]]:
    """Yield a statement with a condition, an assignment or a word changed, and what was."""
    before, where, after = sql.partition(" WHERE ")
    conditions = after.split(" AND ")
    for place, condition in enumerate(conditions if where else ()):
        rest = conditions[:place] + conditions[place + 1 :]
        yield before + (where + " AND ".join(rest) if rest else ""), f"without {condition.strip()}"
    if len(conditions) > 1:
        yield before + where + " OR ".join(conditions), "AND to OR"
    head, set_, assigned = before.partition(" SET ")
    assignments = re.split(r",\s*", assigned) if set_ else []
    for place, assignment in enumerate(assignments):
        rest = assignments[:place] + assignments[place + 1 :]
        if rest:
            yield head + set_ + ", ".join(rest) + where + after, f"without {assignment.strip()}"
    for found in re.finditer(r"'(available|on_trip|offline)'", sql):
        for word in ("available", "on_trip", "offline"):
            if word != found[1]:
                changed = f"{sql[: found.start(1)]}{word}{sql[found.end(1) :]}"
                yield changed, f"{found[1]} to {word}"
    for found in re.finditer(r"\s=\s(?='|:)", after):
        changed = f"{after[: found.start()]} <> {after[found.end() :]}"
        yield before + where + changed, "= to <>"


def _with(steps: list[Any], place: int, step: Any, change: str) -> Mutant:
    return Mutant(change, _text([*steps[:place], step, *steps[place + 1 :]]))


def _text(steps: Any) -> str:
    return yaml.safe_dump(steps, sort_keys=False) if steps else "[]\n"
