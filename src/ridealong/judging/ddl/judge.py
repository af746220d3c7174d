"""Judge a schema by what it does under attack, whatever its tables are called."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from ridealong.answer import Answer
from ridealong.engine.statement import QueryFailed, together
from ridealong.judging.ddl import attacks, names
from ridealong.judging.ddl import tables as ddl
from ridealong.judging.ddl.attacks import VARIANTS, Attack, Outcome
from ridealong.judging.ddl.structure import Structure
from ridealong.judging.kind import Task
from ridealong.judging.worker import Worker
from ridealong.verdict import Property, Verdict

LIMIT_SECONDS: Final = 8.0


@dataclass(frozen=True, slots=True)
class Battle:
    """What came of attacking one schema.

    Attributes:
        error: why it could not be attacked at all, in one line; empty when it could.
        outcomes: for each variant what each attack met, in the order in which they were asked for.
    """

    error: str = ""
    outcomes: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)

    def failed(self, variant: str) -> list[str]:
        """Return the ids of the attacks that the schema did not meet rightly."""
        return [each.attack for each in self.outcomes.get(variant, ()) if not each.held]

    def marks(self) -> dict[str, Any]:
        """Return what a mistake is recognised by, ready for `json`.

        It is what went wrong under each attack, with the kind of rule that refused an ordinary
        row: the same attack fails in several ways, and each is another mistake.
        """
        if self.error:
            return {"error": self.error}
        return {
            variant: [_mark(each) for each in self.outcomes.get(variant, ()) if not each.held]
            for variant in VARIANTS
        }

    def to_json(self) -> dict[str, Any]:
        """Return it as plain lists and dictionaries."""
        found = {
            variant: [[o.attack, o.held, o.did, o.reply, o.statement] for o in each]
            for variant, each in self.outcomes.items()
        }
        return {"error": self.error, "outcomes": found}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Battle":
        """Return what `to_json` gave."""
        return cls(
            content["error"],
            {variant: [Outcome(*each) for each in o] for variant, o in content["outcomes"].items()},
        )


def fight(
    text: str,
    fields: Mapping[str, Sequence[str]],
    wanted: Sequence[str],
    given: str = "",
    *,
    limit_seconds: float = LIMIT_SECONDS,
) -> Battle:
    """Attack a schema in this process, with the lesson's rows and with other ones.

    Args:
        text: the learner's statements, with `-- names: {...}` where tables are called otherwise.
        fields: the tables that the exercise asks for, each with its columns.
        wanted: ids of attacks.
        given: statements of the course that run before the learner's.
        limit_seconds: how long all of it may take.
    """
    try:
        own = names.in_comments(text)
        tables = ddl.copies(text, given, count=len(VARIANTS), limit_seconds=limit_seconds)
    except (QueryFailed, names.NamesError) as error:
        return Battle(str(error))
    structure = tables[0].structure
    try:
        found = _asked(structure, fields, own)
        outcomes = together(
            [each.connection for each in tables],
            limit_seconds,
            [
                partial(attacks.run, each, structure, found, wanted, variant)
                for each, variant in zip(tables, VARIANTS, strict=True)
            ],
        )
        return Battle(outcomes=dict(zip(VARIANTS, outcomes, strict=True)))
    except (QueryFailed, names.NamesError) as error:
        return Battle(str(error))
    finally:
        for each in tables:
            each.close()


def holds(
    text: str, fields: Mapping[str, Sequence[str]], wanted: Sequence[str], given: str = ""
) -> bool:
    """Return whether a schema meets every attack; none is tried after the first that it fails."""
    try:
        own = names.in_comments(text)
        tables = ddl.Tables(text, given)
    except (QueryFailed, names.NamesError):
        return False
    try:
        found = _asked(tables.structure, fields, own)
        return all(
            attacks.run(tables, tables.structure, found, [each], variant)[0].held
            for variant in VARIANTS
            for each in wanted
        )
    except names.NamesError:
        return False
    finally:
        tables.close()


def _asked(
    structure: Structure, fields: Mapping[str, Sequence[str]], own: Mapping[str, str]
) -> names.Names:
    """Return which tables and columns are meant, where none is missing.

    Raises:
        NamesError: when one is missing, or one more has to be filled, in one line.
    """
    found = names.resolve(structure, fields, own)
    problem = names.missing(structure, fields, found) or ddl.needs_more(
        structure, found.tables, found.columns
    )
    if problem:
        raise names.NamesError(problem)
    return found


def judge_schema(task: Task, answer: Answer, worker: Worker) -> Verdict:
    """Return the verdict on a schema, attacked in the worker's process."""
    entry = task.entry
    return verdict(task.id, entry, attacked(worker, answer.text, entry))


def attacked(worker: Worker, text: str, entry: Mapping[str, Any]) -> Battle:
    """Return what came of attacking a schema in the worker's process.

    Args:
        worker: that attacks it.
        text: the learner's statements.
        entry: of the exercise: `fields`, `attacks` and `given` as `fight` takes them.
    """
    arguments = {
        "text": text,
        "fields": {table: list(columns) for table, columns in entry["fields"].items()},
        "wanted": list(entry["attacks"]),
        "given": str(entry.get("given", "")),
        "limit_seconds": LIMIT_SECONDS,
    }
    try:
        return Battle.from_json(worker.ask("attack", arguments, LIMIT_SECONDS, what="schema"))
    except QueryFailed as error:
        return Battle(str(error))


def attack_job(**arguments: Any) -> dict[str, Any]:
    """Attack a schema in this process; see `fight`."""
    return fight(**arguments).to_json()


def trial_of_schemas(task: Task) -> Callable[[str], bool]:
    """Return the question whether a schema would pass, asked quickly in this process."""
    entry = task.entry
    given = str(entry.get("given", ""))
    return lambda text: holds(text, entry["fields"], entry["attacks"], given)


def marks_of_schema(text: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a schema's mistake is recognised by; see `Battle.marks`."""
    given = str(entry.get("given", ""))
    return fight(text, entry["fields"], entry["attacks"], given).marks()


def verdict(exercise_id: str, entry: Mapping[str, Any], battle: Battle) -> Verdict:
    """Return the verdict on a schema from what came of attacking it."""
    mistake = _mistake(entry, battle)
    if battle.error:
        message = mistake["message"] if mistake else battle.error
        return Verdict(exercise_id, False, message, mistake=mistake["name"] if mistake else None)
    looked = [_property(outcome) for outcome in battle.outcomes["public"]]
    hidden = [
        outcome
        for outcome, shown in zip(battle.outcomes["hidden"], looked, strict=True)
        if not outcome.held and shown.held
    ]
    properties = (*looked, *(_property(outcome, hidden=True) for outcome in hidden))
    wrong = [each for each in (*battle.outcomes["public"], *hidden) if not each.held]
    if not wrong:
        return Verdict(exercise_id, True, _praise(exercise_id, looked, battle), properties)
    known = attacks.attacks()
    first = next((each for each in wrong if known[each.attack].legal), wrong[0])
    message = mistake["message"] if mistake else _message(known[first.attack], first, len(wrong))
    return Verdict(
        exercise_id,
        False,
        message,
        properties,
        mistake["name"] if mistake else None,
        share=_share(battle),
    )


_KINDS: Final = {
    "NOT NULL constraint failed": "NOT NULL",
    "CHECK constraint failed": "CHECK",
    "duplicate key": "UNIQUE",
    "foreign key constraint": "FOREIGN KEY",
    "Conversion Error": "type",
}


_COLUMN: Final = re.compile(
    r"NOT NULL constraint failed: \w+\.(?P<required>\w+)|key \"(?P<referred>\w+): "
)
_RULE: Final = re.compile(r"expression CHECK\((?P<rule>.*)", re.DOTALL)
_TEXT: Final = re.compile(r"'(?:[^']|'')*(?:'|$)")
_NAME: Final = re.compile(r"\b[a-z_]\w*\b(?!\()")  # keywords are in capitals there


def _mark(outcome: Outcome) -> str:
    reply = outcome.reply
    kind = next((kind for words, kind in _KINDS.items() if words.lower() in reply.lower()), "")
    if rule := _RULE.search(reply):
        # Which columns a rule speaks of tells apart what two rules of one table refuse.
        told = " ".join(sorted(set(_NAME.findall(_TEXT.sub("", rule["rule"])))))
    else:
        found = _COLUMN.search(reply)
        told = next((each for each in found.groups() if each), "") if found else ""
    return ": ".join(part for part in (outcome.attack, outcome.did, kind, told) if part)


def _share(battle: Battle) -> float:
    """Return which part of the points is earned.

    It is the part of the hostile attacks that are refused, less the part of the legal rows that
    are refused too, so that neither a schema that takes everything nor one that refuses
    everything earns any.
    """
    wrong = set(battle.failed("public")) | set(battle.failed("hidden"))
    known = [attacks.attacks()[each.attack] for each in battle.outcomes["public"]]
    hostile = [each for each in known if not each.legal]
    legal = [each for each in known if each.legal]
    refused = sum(each.id not in wrong for each in hostile) / max(1, len(hostile))
    barred = sum(each.id in wrong for each in legal) / max(1, len(legal))
    return max(0.0, refused - barred) if hostile else max(0.0, 1 - barred)


def _property(outcome: Outcome, *, hidden: bool = False) -> Property:
    attack = attacks.attacks()[outcome.attack]
    place = " (with other values)" if hidden else ""
    return Property(
        attack.says + place,
        bool(outcome.held),
        seen=outcome.did + (f": {outcome.reply}" if outcome.reply else ""),
        matters="" if outcome.held else attack.costs,
        legal=attack.legal,
    )


def _message(attack: Attack, outcome: Outcome, wrong: int) -> str:
    if attack.legal:
        reply = f" ({outcome.reply})" if outcome.reply else ""
        head = f'An ordinary case was refused: "{attack.says}"{reply}.'
        if outcome.did.startswith(("answered", "could not be asked")):
            head = f'"{attack.says}": the schema {outcome.did}{reply}.'
    elif outcome.did == "let it pass":
        head = f"This gets in: {attack.says}."
    else:
        head = f"Before {attack.says} could be tried, the schema {outcome.did} ({outcome.reply})."
    more = f" {wrong - 1} more in the table above." if wrong > 1 else ""
    return f"{head} {attack.costs}{more}"


def _praise(exercise_id: str, looked: Sequence[Property], battle: Battle) -> str:
    legal = sum(each.legal for each in looked)
    hostile = len(looked) - legal
    parts = []
    if hostile:
        parts.append(f"{hostile} hostile row{'s bounce' if hostile > 1 else ' bounces'}")
    if legal:
        parts.append(f"{legal} ordinary case{'s pass' if legal > 1 else ' passes'}")
    return f"{exercise_id} holds: {' and '.join(parts)}; the same with other values."


def _mistake(entry: Mapping[str, Any], battle: Battle) -> Mapping[str, Any] | None:
    """Return the known mistake that fails under exactly the same attacks."""
    marks = battle.marks()
    if not any(marks.values()):
        return None
    same = [each for each in entry.get("mistakes") or () if each["results"] == marks]
    return same[0] if len(same) == 1 else None
