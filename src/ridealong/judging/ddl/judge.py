"""Judge a schema by what it does under attack, whatever its tables are called."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from ridealong.answer import Answer
from ridealong.engine.statement import QueryFailed, together
from ridealong.judging.ddl import attacks, findings, names, signs
from ridealong.judging.ddl import tables as ddl
from ridealong.judging.ddl.attacks import VARIANTS, WIDER, WITHOUT, Attack, Outcome
from ridealong.judging.ddl.structure import Structure
from ridealong.judging.kind import Known, Task, results_by_marks
from ridealong.judging.worker import Worker
from ridealong.verdict import Property, Verdict

LIMIT_SECONDS: Final = 8.0
MOST_COLUMNS: Final = 3  # that a message says something about
MOST_RULES: Final = 2  # of each of them
# The names under which it is said what in a schema binds nothing, and which indexes forbid nothing.
NOTES: Final = ""
INDEXES: Final = "indexes"


@dataclass(frozen=True, slots=True)
class Battle:
    """What came of attacking one schema.

    Attributes:
        error: why it could not be attacked at all, in one line; empty when it could.
        outcomes: for each variant what each attack met, in the order in which they were asked for.
        blocked: what keeps every ordinary row out of a table, in one line for each such table.
        signs: what the schema consists of, in hashes.
        sayings: what it says about each asked column, by the course's names, and under `NOTES` and
            `INDEXES` what of it binds nothing.
    """

    error: str = ""
    outcomes: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)
    blocked: Sequence[str] = ()
    signs: frozenset[str] = frozenset()
    sayings: Mapping[str, Sequence[str]] = field(default_factory=dict)

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
            variant: [
                [o.attack, o.held, o.did, o.reply, o.statement, o.why, o.is_aside] for o in each
            ]
            for variant, each in self.outcomes.items()
        }
        return {
            "error": self.error,
            "outcomes": found,
            "blocked": list(self.blocked),
            "signs": sorted(self.signs),
            "sayings": {name: list(said) for name, said in self.sayings.items()},
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Battle":
        """Return what `to_json` gave."""
        return cls(
            content["error"],
            {variant: [Outcome(*each) for each in o] for variant, o in content["outcomes"].items()},
            content["blocked"],
            frozenset(content["signs"]),
            content["sayings"],
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
        found = _asked(structure, fields, own, wanted)
        outcomes = together(
            [each.connection for each in tables],
            limit_seconds,
            [
                partial(attacks.run, each, structure, found, wanted, variant)
                for each, variant in zip(tables, VARIANTS, strict=True)
            ],
        )
        blocked = findings.blocks(outcomes[0], found, structure)
        return Battle(
            outcomes={
                variant: findings.explained(
                    findings.counted(each, blocked, found), structure, found
                )
                for variant, each in zip(VARIANTS, outcomes, strict=True)
            },
            blocked=[str(each) for each in blocked],
            signs=signs.signs(structure, found, text),
            sayings=findings.sayings(structure, found, text)
            | {NOTES: findings.notes(structure, text), INDEXES: findings.plain_indexes(text)},
        )
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
        found = _asked(tables.structure, fields, own, wanted)
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
    structure: Structure,
    fields: Mapping[str, Sequence[str]],
    own: Mapping[str, str],
    wanted: Sequence[str],
) -> names.Names:
    """Return which tables and columns are meant, where none is missing.

    Raises:
        NamesError: when one is missing, or one more has to be filled, in one line.
    """
    found = names.resolve(structure, fields, own)
    rows = {table for each in wanted for table in attacks.touched(attacks.attacks()[each], found)}
    problem = names.missing(structure, fields, found) or ddl.needs_more(structure, found, rows)
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


def results_of_schema(known: Known) -> Mapping[str, Any]:
    """Return what the known mistakes of a schema exercise are recognised by.

    Raises:
        KnownWrong: when a right answer fails, a wrong one holds, or two mistakes fail alike.
    """

    def seen(text: str, entry: Mapping[str, Any]) -> Battle:
        return fight(text, entry["fields"], entry["attacks"], str(entry.get("given", "")))

    reference = seen(known.reference, known.entry)
    return results_by_marks(known, lambda text, entry: recognised_by(seen(text, entry), reference))


def verdict(exercise_id: str, entry: Mapping[str, Any], battle: Battle) -> Verdict:
    """Return the verdict on a schema from what came of attacking it."""
    mistake = _mistake(entry, battle)
    name = mistake["name"] if mistake else None
    if battle.error:
        message = mistake["message"] if mistake else battle.error
        return Verdict(exercise_id, False, message, mistake=name)
    looked = [findings.shown(outcome) for outcome in battle.outcomes["public"]]
    hidden = [
        outcome
        for outcome, shown in zip(battle.outcomes["hidden"], looked, strict=True)
        if not outcome.held and shown.held
    ]
    properties = (*looked, *(findings.shown(outcome, hidden=True) for outcome in hidden))
    wrong = [each for each in (*battle.outcomes["public"], *hidden) if not each.held]
    if not wrong:
        return Verdict(exercise_id, True, _praise(exercise_id, looked), properties)
    if mistake:
        message = mistake["message"]
    elif battle.blocked:
        message = battle.blocked[0]
    else:
        message = _message(_first(wrong), battle, len(wrong))
        if wrong == hidden:
            message = f"With other values than the lesson's: {message}"
    return Verdict(exercise_id, False, message, properties, name, share=_share(battle))


def recognised_by(mistake: Battle, reference: Battle) -> dict[str, Any]:
    """Return what a known mistake is recognised by, ready for `json`.

    It is what goes wrong under each attack, and the sign: what of its schema the reference does
    not have, and what of the reference it lacks.
    """
    marks = mistake.marks()
    if mistake.error or not any(marks.values()):
        return marks
    sign = {
        "has": sorted(mistake.signs - reference.signs),
        "lacks": sorted(reference.signs - mistake.signs),
    }
    return marks | {"sign": sign}


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
    if reply.startswith(WIDER):
        return f"{outcome.attack}: {WIDER}column"
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


def _first(wrong: Sequence[Outcome]) -> Outcome:
    """Return what to speak of: an ordinary case, then a row that gets in, then what is not tried."""
    known = attacks.attacks()

    def rank(outcome: Outcome) -> int:
        return 2 * (not findings.was_tried(outcome)) + (not known[outcome.attack].legal)

    return min(wrong, key=rank)


def _message(outcome: Outcome, battle: Battle, wrong: int) -> str:
    """Return what was seen, what the schema says about it, and what it costs."""
    attack = attacks.attacks()[outcome.attack]
    why = outcome.why or (findings.cause(outcome, Structure(())) if outcome.reply else "")
    if not findings.was_tried(outcome):
        seen = "did not fit" if outcome.did == "failed" else "was refused"
        head = f"This could not be tried: {attack.says}. A row before it {seen} ({why})."
        if outcome.did == "failed":
            head = f"This could not be tried: {attack.says} ({why})."
        parts = [head, _said(attack, battle)]
    elif not attack.legal:
        what = f" ({outcome.reply})" if outcome.reply else ""
        parts = [f"This gets in: {attack.says}{what}."]
        if outcome.reply.startswith(WITHOUT):
            parts += _left_out(outcome, battle)
        elif outcome.reply.startswith(WIDER):
            column = outcome.reply.removeprefix(WIDER).partition(",")[0]
            parts += [attack.costs, f"Leave {column} out of that rule."]
        else:
            parts += [attack.costs, _said(attack, battle, "it")]
    elif outcome.did == "refused it":
        parts = [
            f"An ordinary case is refused: {attack.says}. What refuses it: {why}.",
            "" if outcome.is_aside else attack.costs,
        ]
    else:
        detail = f" ({why})" if why else ""
        head = f"An ordinary case goes wrong: {attack.says}. The schema {outcome.did}{detail}."
        parts = [head, attack.costs, _said(attack, battle)]
    if findings.was_tried(outcome):
        about = battle.sayings.get(INDEXES, ()) if _is_about_repeats(attack) else ()
        parts += [*about, *battle.sayings.get(NOTES, ())][:1]
    if wrong > 1:
        parts.append(f"{wrong - 1} more in the table above.")
    return " ".join(part for part in parts if part)


def _left_out(outcome: Outcome, battle: Battle) -> list[str]:
    """Return what the schema puts into a column about which a row said nothing."""
    attack = attacks.attacks()[outcome.attack]
    table = next(need.partition(".")[0] for need in attack.needs)
    own, *rules = battle.sayings.get(f"{table}.{outcome.reply.removeprefix(WITHOUT)}", [""])
    if default := next((rule for rule in rules if rule.startswith(findings.DEFAULT)), ""):
        return [attack.costs, f"{own} has {default}: leave that out."]
    return [f"{own} is {', '.join(rules)}, so a row may leave it out."] if rules else []


def _said(attack: Attack, battle: Battle, passes: str = "") -> str:
    """Return what the schema says about the columns that an attack is about."""
    for need in attack.needs:
        if told := battle.sayings.get(need.partition(".")[0]):
            return f"{told[0]}."
    needs = [need for need in attack.needs if "." in need and need in battle.sayings]
    if not 1 <= len(needs) <= MOST_COLUMNS:
        return ""
    columns = [battle.sayings[need] for need in needs]
    if len({need.partition(".")[0] for need in needs}) > 1:  # both may have a user_id
        columns = [
            [f"{need.partition('.')[0]}.{own}", *rules]
            for need, (own, *rules) in zip(needs, columns, strict=True)
        ]
    bare = passes and all(len(rules) == 1 for _, *rules in columns)
    seen: set[str] = set()
    said = []
    for own, kind, *rules in columns:
        new = [rule for rule in rules if rule not in seen]
        if _is_about_repeats(attack):
            new.sort(key=lambda rule: not rule.startswith(("UNIQUE", "PRIMARY KEY")))
        shown = new[:MOST_RULES]
        seen.update(rule for rule in shown if "(" in rule)  # such a rule may be of several columns
        more = len(new) - MOST_RULES
        rest = f" and {more} more" if more > 0 else ""
        said.append(f"{own} is {', '.join([kind, *shown])}{rest}")
    if bare:
        return f"{_and(said)}, and no rule says more about {'it' if len(said) == 1 else 'them'}."
    return f"You say: {'; '.join(said)}." + (" None of that refuses it." if passes else "")


def _is_about_repeats(attack: Attack) -> bool:
    """Return whether the row that decides stands beside another one of its table."""
    places = [step.get("add") or step.get("change") or "" for step in attack.steps]
    tables = [place.partition(".")[0] for place in places]
    return not attack.legal and tables.count(tables[-1]) > 1


def _and(parts: Sequence[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _praise(exercise_id: str, looked: Sequence[Property]) -> str:
    legal = sum(each.legal for each in looked)
    hostile = len(looked) - legal
    parts = []
    if hostile:
        parts.append(f"{hostile} hostile row{'s bounce' if hostile > 1 else ' bounces'}")
    if legal:
        parts.append(f"{legal} ordinary case{'s pass' if legal > 1 else ' passes'}")
    return f"{exercise_id} holds: {' and '.join(parts)}; the same with other values."


def _mistake(entry: Mapping[str, Any], battle: Battle) -> Mapping[str, Any] | None:
    """Return the known mistake that fails under exactly the same attacks and has its sign here."""
    marks = battle.marks()
    if not any(marks.values()):
        return None
    same = [
        each
        for each in entry.get("mistakes") or ()
        if {name: value for name, value in each["results"].items() if name != "sign"} == marks
        and _has_sign(battle, each["results"].get("sign"))
    ]
    # One that another one's sign holds as well is the more general: what is special is certain too.
    special = [
        each
        for each in same
        if all(_has(each) > _has(other) for other in same if other is not each)
    ]
    return special[0] if len(special) == 1 else None


def _has(mistake: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(mistake["results"].get("sign", {}).get("has", ()))


def _has_sign(battle: Battle, sign: Mapping[str, Sequence[str]] | None) -> bool:
    """Return whether a schema has what makes a mistake, and lacks what the mistake lacks."""
    return sign is None or (
        battle.signs.issuperset(sign["has"]) and battle.signs.isdisjoint(sign["lacks"])
    )
