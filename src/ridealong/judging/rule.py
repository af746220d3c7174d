"""Judge a decision table: every combination belongs to one row, and that row decides rightly."""

import copy
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import yaml

from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.systems.rule import RULES, Rule, TableError, Tried, cases, read, tried
from ridealong.text import did_you_mean
from ridealong.verdict import Property, Verdict


def judged(exercise_id: str, entry: Entry, value: Any) -> Verdict:
    """Return the verdict on a decision table.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise; `rule` names one of `systems/rule.py`.
        value: the data of the answer.
    """
    rule = RULES[entry["rule"]]
    try:
        found = _Found(rule, value)
    except TableError as error:
        return refused(exercise_id, entry, {"error": str(error)}, str(error))
    if found.passed:
        message = (
            f"{exercise_id} holds: each of {len(found.all)} combinations belongs to exactly one "
            f"row, and its {rule.outcome} is what the sentences say"
        )
        return Verdict(exercise_id, True, message, tuple(found.properties()))
    return refused(
        exercise_id,
        entry,
        found.marks(),
        found.message(),
        tuple(found.properties()),
        found.share(),
        keeps_message=True,  # it tells the case, which belongs to the table that somebody wrote
    )


def marks(value: Any, entry: Entry) -> dict[str, Any]:
    """Return what a wrong table is recognised by, nothing for a right one."""
    try:
        found = _Found(RULES[entry["rule"]], value)
    except TableError as error:
        return {"error": str(error)}
    return {} if found.passed else found.marks()


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the keys of a decision table's exercise."""
    name = entry.get("rule")
    if name not in RULES:
        yield f"'rule' is {name!r}, wanted one of {', '.join(RULES)}{did_you_mean(name, RULES)}"


class _Found:
    """What came of a table."""

    def __init__(self, rule: Rule, value: Any) -> None:
        self.rule = rule
        self.rows = read(rule, value)
        self.all = list(tried(rule, self.rows))
        self.uncovered = [each for each in self.all if not each.rows]
        self.doubled = [each for each in self.all if len(each.rows) > 1]
        self.wrong = [each for each in self.all if self._is_wrong(each)]

    def _is_wrong(self, each: Tried) -> bool:
        return len(each.rows) == 1 and each.rows[0].outcome != self._wanted(each)

    def _wanted(self, each: Tried) -> int:
        return self.rule.decided(each.case).outcome

    @property
    def passed(self) -> bool:
        return not (self.uncovered or self.doubled or self.wrong)

    def message(self) -> str:
        count = len(self.all)
        if self.uncovered:
            return (
                f"no row covers {len(self.uncovered)} of {count} combinations, such as: "
                f"{self.rule.told(self.uncovered[0].case)}"
            )
        if self.doubled:
            return (
                f"{len(self.doubled)} of {count} combinations belong to more than one row, such as "
                f"to {_numbers(self.doubled[0])}: {self.rule.told(self.doubled[0].case)}"
            )
        return (
            f"{len(self.wrong)} of {count} combinations get another {self.rule.outcome} than the "
            f"sentences say. R{self._seen(self.wrong[0])[1:]}. The sentence that decides it: "
            f'"{self.rule.decided(self.wrong[0].case).text}"'
        )

    def _seen(self, each: Tried) -> str:
        case = self.rule.told(each.case)
        if not each.rows:
            return f"no row covers: {case}"
        if len(each.rows) > 1:
            return f"{_numbers(each)}: {case}"
        return f"row {each.rows[0].number} says {each.rows[0].outcome} for: {case}"

    def properties(self) -> Iterator[Property]:
        looked = [
            ("every combination belongs to a row", self.uncovered, "each does"),
            ("no combination belongs to two rows", self.doubled, "none does"),
        ]
        for sentence in self.rule.sentences:
            of_it = [each for each in self.all if self.rule.decided(each.case) is sentence]
            not_right = [each for each in of_it if len(each.rows) != 1 or self._is_wrong(each)]
            looked.append((sentence.text, not_right, "decided as it says"))
        for name, found, held in looked:
            yield Property(name, not found, self._seen(found[0]) if found else held)

    def share(self) -> float:
        """Return the part of the combinations that are right, of the outcome that fares worst.

        So a table that says the same of everything earns nothing.
        """
        shares = []
        for outcome in self.rule.outcomes:
            of_it = [each for each in self.all if self._wanted(each) == outcome]
            right = [each for each in of_it if len(each.rows) == 1 and not self._is_wrong(each)]
            shares.append(len(right) / len(of_it))
        return min(shares)

    def marks(self) -> dict[str, Any]:
        # By combinations that no table of a learner's changes: the same fault is known again.
        decided = [
            sorted(row.outcome for row in self.rows if row.covers(case))
            for case in cases(self.rule, around=True)
        ]
        text = json.dumps(decided)
        return {
            "uncovered": bool(self.uncovered),
            "doubled": bool(self.doubled),
            "wrong": bool(self.wrong),
            "decides": hashlib.sha256(text.encode()).hexdigest()[:12],
        }


def _numbers(each: Tried) -> str:
    numbers = [str(row.number) for row in each.rows]
    return f"rows {', '.join(numbers[:-1])} and {numbers[-1]}"


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right table with one change each, and no two alike.

    Args:
        reference: the table as YAML.
        entry: the exercise; `rule` names one of `systems/rule.py`.
    """
    table = yaml.safe_load(reference)
    made = (Mutant(change, _text(changed)) for change, changed in _all(table, RULES[entry["rule"]]))
    yield from distinct(made, reference, _text(table))


def _text(table: Any) -> str:
    return yaml.safe_dump(table, sort_keys=False) if table else "[]\n"


def _all(table: list[dict[str, Any]], rule: Rule) -> Iterator[tuple[str, Any]]:
    for place, row in enumerate(table):
        name = f"row {place + 1}"
        yield f"{name}: dropped", [*table[:place], *table[place + 1 :]]
        yield f"{name}: twice", [*table[: place + 1], copy.deepcopy(row), *table[place + 1 :]]
        for outcome in rule.outcomes:
            if outcome != row[rule.outcome]:
                yield (
                    f"{name}: {rule.outcome} {outcome}",
                    _with(table, place, {**row, rule.outcome: outcome}),
                )
        for key, value in row["when"].items():
            rest = {each: row["when"][each] for each in row["when"] if each != key}
            yield f"{name}: without {key}", _with(table, place, {**row, "when": rest})
            for other in _others(rule, key, value):
                shown = " or ".join(map(str, other)) if isinstance(other, list) else other
                changed = {**row, "when": {**row["when"], key: other}}
                yield f"{name}: {key} {shown}", _with(table, place, changed)
        for condition in rule.conditions:
            if condition.name not in row["when"]:
                for word in condition.words:
                    changed = {**row, "when": {**row["when"], condition.name: word}}
                    yield f"{name}: only {condition.name} {word}", _with(table, place, changed)


def _with(table: list[Any], place: int, row: Any) -> list[Any]:
    return [*table[:place], row, *table[place + 1 :]]


def _others(rule: Rule, key: str, value: Any) -> Iterator[Any]:
    """Yield other values of a condition, one word or one limit away."""
    words = rule.by_name[key].words
    if words:
        given = value if isinstance(value, list) else [value]
        for other in words:
            if other in given:
                if len(given) > 1:
                    yield [each for each in given if each != other]
                continue
            yield [*given, other]
            for one in given:
                yield [other if each == one else each for each in given]
        return
    relation, _, number = str(value).rpartition(" ")
    for near in (int(number) - 1, int(number) + 1):
        yield f"{relation} {near}"
    for words_of in ("at most", "less than", "at least", "more than", "exactly"):
        if words_of != relation:
            yield f"{words_of} {number}"
