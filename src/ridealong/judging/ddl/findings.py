"""What came of attacks, said as it was seen: what was tried, what refused it, what blocks a table.

An attack counts only when it could be run. Where ordinary rows do not get into a table at all, a
hostile row that bounces there proves nothing, and where the row before the hostile one is refused,
the hostile one was never tried.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from ridealong.engine import sqltext
from ridealong.judging.ddl import attacks
from ridealong.judging.ddl.attacks import Attack, Outcome
from ridealong.judging.ddl.names import Names
from ridealong.judging.ddl.structure import Structure, Table
from ridealong.verdict import Property

NOT_TRIED: Final = "could not be tried"
LET_IN: Final = "let it pass"
DEFAULT: Final = "DEFAULT "

_INSERTED = re.compile(r'INSERT INTO (?P<table>"(?:[^"]|"")+"|\w+)')
_KINDS: Final = (
    ("NOT NULL", "not null constraint failed|violates not-null"),
    ("CHECK", "check constraint"),
    ("UNIQUE", "duplicate key"),
    ("FOREIGN KEY", "foreign key constraint"),
    (
        "type",
        "conversion error|could not cast value|out of range|invalid input|is of type|value too long|overflow",
    ),
)
_NULL = re.compile(
    r'NOT NULL constraint failed: (?P<table>[^.]+)\.(?P<column>.+)$|null value in column "(?P<other>[^"]+)"'
)
_RULE = re.compile(
    r"expression CHECK\((?P<rule>.*?)\)?(?: \(Error: (?P<error>.*?)\)?)?$", re.DOTALL
)
_NAMED_RULE = re.compile(r'violates check constraint "(?P<rule>[^"]+)"')
_CHILDREN = re.compile(r"still referenced")
_KEY = re.compile(r'key "(?P<key>[^"]+)"|Key \((?P<columns>[^)]+)\)=\((?P<values>[^)]*)\)')
_CAST = re.compile(r"Unimplemented type for cast \((?P<given>.*) -> (?P<wanted>.*)\)")
_TEXT = re.compile(r"Could not convert string '(?P<value>.*)' to (?P<wanted>.*)", re.DOTALL)
_NUMBER = re.compile(
    r"(?:Type \w+ with value (?P<a>\S+) can't be cast .* type (?P<b>\w+)"
    r'|Casting value "(?P<c>[^"]+)" to type (?P<d>\S+) failed'
    r"|Could not cast value (?P<e>\S+) to (?P<f>\S+)"
    r"|cast decimal value (?P<g>\S+) to type (?P<h>\w+))"
)
_LOWERED = re.compile(r'(?:lower|upper)\((?P<column>"?\w+"?)\)', re.IGNORECASE)
_UPDATED = re.compile(r'UPDATE (?P<table>"(?:[^"]|"")+"|\w+)')
_TEXTS = re.compile(r"'(?:[^']|'')*'")
_VALUE = re.compile(r"'(?:[^']|'')*'|\b\d[\d.:-]*\b")
_TYPES: Final = {
    "INT8": "TINYINT", "INT16": "SMALLINT", "INT32": "INTEGER", "INT64": "BIGINT",
    "UINT8": "UTINYINT", "UINT16": "USMALLINT", "UINT32": "UINTEGER", "UINT64": "UBIGINT",
    "BOOL": "BOOLEAN",
}  # fmt: skip
_WHOLE: Final = frozenset(_TYPES.values()) | {"HUGEINT", "UHUGEINT"}
_MOMENT = re.compile(r"(?P<day>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d)")
_SPAN = re.compile(
    r"to_(?P<unit>second|minute|hour|day|week|month|year)s\("
    r"(?:CAST\(trunc\()?CAST\((?P<number>-?[\d.]+) AS \w+\)(?:\) AS \w+\))?\)"
)
_ENGINE = re.compile(r"^\w+(?: \w+)? Error: ")
_LONGEST_RULE: Final = 100
_LONGEST_REPLY: Final = 160  # of a database, in the table of attacks
MOST_VALUES: Final = 2  # of a refused row that a message shows


@dataclass(frozen=True, slots=True)
class Block:
    """A table that no ordinary row gets into.

    Attributes:
        table: as the learner calls it.
        cause: what refuses the rows, in words.
        step: what to try.
        alone: whether it is the same for all of them.
    """

    table: str
    cause: str
    step: str
    alone: bool = True

    def __str__(self) -> str:
        first = "" if self.alone else "first of all "
        return (
            f"No ordinary row that was tried gets into {self.table}. What refuses them: {first}{self.cause}. "
            f"Nothing that bounced there counts as refused yet. {self.step}"
        )


def blocks(outcomes: Sequence[Outcome], names: Names, structure: Structure) -> list[Block]:
    """Return the tables that no ordinary row gets into.

    Args:
        outcomes: of all attacks that were tried.
        names: the learner's tables and columns that the course's names mean.
        structure: the learner's schema.
    """
    refused: dict[str, list[Outcome]] = {}
    entered: set[str] = set()
    for each in outcomes:
        attack = attacks.attacks()[each.attack]
        if each.held is None:
            continue
        where = inserted(each.statement)
        stuck = not each.held and each.did not in (LET_IN, "could not be asked")
        stuck = stuck and not each.did.startswith("answered")
        if stuck and where and (attack.legal or each.did != "failed"):
            refused.setdefault(where, []).append(each)
            own = _own(attack, names)
            entered.update(own[: own.index(where)] if where in own else ())
        elif not stuck and attack.legal:
            entered.update(_own(attack, names))
        elif not stuck:  # what stands before the hostile row was ordinary and got in
            entered.update(_own(replace(attack, steps=attack.steps[:-1]), names))
    found = []
    for table, several in refused.items():
        if table in entered or not any(attacks.attacks()[e.attack].legal for e in several):
            continue
        alone = len({_class(each.reply) for each in several}) == 1
        first = next(e for e in several if attacks.attacks()[e.attack].legal)
        held = structure.table(table)
        assert held is not None  # a row was tried there
        found.append(
            Block(held.name, _blocking(first, held, structure), _way_out(first, held, names), alone)
        )
    return found


def explained(outcomes: Sequence[Outcome], structure: Structure, names: Names) -> list[Outcome]:
    """Return the outcomes with what refused a row in words, where the schema did wrong.

    Args:
        outcomes: of attacks.
        structure: the learner's schema.
        names: the learner's tables and columns that the course's names mean.
    """
    found = []
    for each in outcomes:
        if each.reply.startswith(attacks.WIDER):
            head, word, rule = each.reply.partition(" UNIQUE (")
            reply = f"{head}{word}{tidy(rule[:-1])})" if word else each.reply
            each = replace(each, reply=reply)
        elif not each.held and each.reply:
            each = replace(each, why=cause(each, structure))
            each = replace(each, is_aside=_is_aside(each, structure, names))
        found.append(each)
    return found


def _is_aside(outcome: Outcome, structure: Structure, names: Names) -> bool:
    """Return whether an ordinary row was refused for what its attack is not about.

    What is asked of the rows is not what a refusal is about, and neither is a rule over columns
    that the attack does not care for.
    """
    attack = attacks.attacks()[outcome.attack]
    table = _table(outcome, structure)
    if not attack.legal or outcome.did != "refused it" or table is None:
        return False
    if any("ask" in step for step in attack.steps):
        return True
    rule = _RULE.search(outcome.reply)
    told = rule["rule"] if rule else outcome.why.partition(" is no ")[0]
    spoken = {c.name.lower() for c in table.columns if _speaks_of(told, c.name)}
    about = {names.columns[each].lower() for each in _columns(attack) if each in names.columns}
    if kind(outcome.reply) == "UNIQUE":  # what several rows are about need not be a column
        return bool(spoken and about) and spoken.isdisjoint(about)
    return bool(spoken) and not spoken <= about


def _columns(attack: Attack) -> set[str]:
    """Return the columns that an attack is about, by the course's names."""
    found = {need for need in attack.needs if "." in need}
    for step in attack.steps:
        place = step.get("add") or step.get("change") or step.get("beyond", "")
        table = place.partition(".")[0]
        found |= {f"{table}.{c}" for c in (*step.get("set", {}), *step.get("each", {}))}
    return found


def counted(outcomes: Sequence[Outcome], blocked: Sequence[Block], names: Names) -> list[Outcome]:
    """Return the outcomes with what bounced for a foreign reason as a thing that was not tried.

    A hostile row proves nothing where no ordinary row gets in, and nothing where the same rule
    refuses the same values of an ordinary row.
    """
    tables = {each.table.lower() for each in blocked}
    ordinary = {
        _reason(each)
        for each in outcomes
        if not each.held and each.did in ("refused it", "refused an ordinary row before it")
    } - {()}
    return [
        replace(each, held=False, did=NOT_TRIED)
        if each.held
        and not attacks.attacks()[each.attack].legal
        # What changes or removes a row stands behind an ordinary one that got in.
        and (
            inserted(each.statement) in tables
            or (_reason(each) in ordinary and not _is_the_point(each, names))
        )
        else each
        for each in outcomes
    ]


def _reason(outcome: Outcome) -> tuple[str, ...]:
    """Return the rule that refused a row, with the row's values in it; empty where unknown."""
    if found := _NULL.search(outcome.reply):
        return ("NOT NULL", found["column"] or found["other"])
    rule = _RULE.search(outcome.reply)
    values = _values(outcome.statement)
    if rule:
        spoken = [column for column in values if _speaks_of(rule["rule"], column)]
        return ("CHECK", rule["rule"], *(f"{c} = {values[c]}" for c in spoken))
    for form in (_TEXT, _CAST, _NUMBER):
        if found := form.search(outcome.reply):
            return ("type", found[0])
    return ()


def _is_the_point(outcome: Outcome, names: Names) -> bool:
    """Return whether an attack changes a column that its refusal speaks of."""
    step = attacks.attacks()[outcome.attack].steps[-1]
    place = step.get("add") or step.get("change") or step.get("beyond", "")
    table, _, column_beyond = place.partition(".")
    columns = [*step.get("set", {}), *step.get("each", {})]
    columns += [column_beyond] if "beyond" in step else []
    changed = [names.columns[f"{table}.{c}"] for c in columns if names.has(f"{table}.{c}")]
    _, *said = _reason(outcome) or ("",)
    return any(_speaks_of(each, column) for each in said for column in changed)


def was_tried(outcome: Outcome) -> bool:
    """Return whether an attack came as far as the row that decides."""
    if outcome.held:
        return True
    if attacks.attacks()[outcome.attack].legal:
        return outcome.did != "failed"
    return outcome.did == LET_IN


def shown(outcome: Outcome, *, hidden: bool = False) -> Property:
    """Return what came of an attack as a line of the report."""
    attack = attacks.attacks()[outcome.attack]
    tried = was_tried(outcome)
    did = outcome.did
    if not tried and did == "failed":
        did = NOT_TRIED
    elif not tried and did != NOT_TRIED:
        did = f"{NOT_TRIED}, {did}"
    return Property(
        attack.says + (" (with other values)" if hidden else ""),
        bool(outcome.held),
        seen=did + (f": {_cut(outcome.reply, _LONGEST_REPLY)}" if outcome.reply else ""),
        matters="" if outcome.held or not tried or outcome.is_aside else attack.costs,
        legal=attack.legal,
        tried=tried,
        plain=False,
    )


def inserted(statement: str) -> str:
    """Return the table that a row is inserted into, in small letters; empty for all else."""
    found = _INSERTED.match(statement)
    return found["table"].strip('"').replace('""', '"').lower() if found else ""


def kind(reply: str) -> str:
    """Return which kind of rule a database refused something by; empty when it says none."""
    return next((k for k, words in _KINDS if re.search(words, reply, re.IGNORECASE)), "")


def cause(outcome: Outcome, structure: Structure) -> str:
    """Return in words what refused a row; the database's words where they say no more."""
    reply = outcome.reply
    if found := _NULL.search(reply):
        return f"{found['column'] or found['other']} is NOT NULL"
    if found := _RULE.search(reply):
        if found["error"]:
            return f"the rule CHECK {_cut(_bracketed(found['rule']))}, with {found['error']}"
        rule, table = found["rule"], _table(outcome, structure)
        said = f"the rule CHECK {_cut(_bracketed(rule))}{_void(rule)}"
        return said + _at(outcome, rule, table)
    if found := _NAMED_RULE.search(reply):
        return f"the rule {found['rule']}"
    key = _KEY.search(reply)
    what = (key["key"] or f"{key['columns']}: {key['values']}") if key else ""
    if kind(reply) == "FOREIGN KEY" and what:
        if _CHILDREN.search(reply):
            return f"rows of another table point to {what}"
        return _pointing(outcome, what, structure)
    if kind(reply) == "UNIQUE" and what:
        return _repeated(outcome, what, structure)
    if found := _CAST.search(reply):
        return f"{_noun(found['given'])} does not fit into {_type(found['wanted'])}"
    if found := _TEXT.search(reply):
        value = f"'{found['value']}'"
        given = [c for c, v in _values(outcome.statement).items() if v == value]
        value = f"{given[0]} = {value}" if len(given) == 1 else value
        return f"{value} does not fit into {_cut(_type(found['wanted']))}"
    if found := _NUMBER.search(reply):
        value, wanted = (each for each in found.groups() if each)
        return _too_big(outcome, value, _type(wanted), structure)
    return _ENGINE.sub("", reply).rstrip(".!")


def _table(outcome: Outcome, structure: Structure) -> Table | None:
    """Return the learner's table that a statement of ours writes to."""
    written = inserted(outcome.statement)
    if not written and (found := _UPDATED.match(outcome.statement)):
        written = found["table"].strip('"').replace('""', '"')
    return structure.table(written) if written else None


def _pairs(key: str) -> dict[str, str]:
    """Return the columns of a key that DuckDB shows, each with its value.

    An index over an expression is shown with its expression, which may hold commas of its own.
    """
    parts, depth, start = [], 0, 0
    bare = _TEXTS.sub(lambda text: "'" * len(text[0]), key)
    for place, letter in enumerate(bare):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and bare[place : place + 2] == ", ":
            parts.append(key[start:place])
            start = place + 2
    parts.append(key[start:])
    return {c.lower(): v for c, _, v in (each.partition(": ") for each in parts)}


def _pointing(outcome: Outcome, key: str, structure: Structure) -> str:
    """Return which reference points nowhere. DuckDB names the column that it points to."""
    shown, values = _pairs(key), _values(outcome.statement)
    table = _table(outcome, structure)
    fitting = [
        each
        for each in (table.references if table else ())
        if [t.lower() for t in each.targets] == list(shown)
        and all(
            _plain(values.get(own, "")) == value
            for own, value in zip(each.columns, shown.values(), strict=True)
        )
    ]
    if len(fitting) != 1:
        return f"no row that a reference points to has {key.replace(': ', ' = ')}"
    (only,) = fitting
    own, target = ", ".join(only.columns), ", ".join(only.targets)
    if len(only.columns) > 1:
        given = ", ".join(shown.values())
        return f"({given}) is no ({target}) of {only.table}, and ({own}) REFERENCES it"
    return (
        f"{own} = {values[own]} is no {target} of {only.table}, "
        f"and {own} REFERENCES {only.table} ({target})"
    )


def _repeated(outcome: Outcome, key: str, structure: Structure) -> str:
    """Return which key a row repeats, where it is certain.

    DuckDB names the columns of a key, the expression of an index, or nothing but the values.
    """
    table = _table(outcome, structure)
    if table is None:
        return f"there is a row with {key} already, and a key or UNIQUE forbids a second"
    shown, given = _pairs(key), _values(outcome.statement)
    values = list(shown.values()) if ": " in key else key.split(", ")
    is_named = all(map(table.column, shown))
    keys = []
    for rule, word in ((table.primary_key, "PRIMARY KEY"), *((k, "UNIQUE") for k in table.unique)):
        alike = [c.lower() for c in rule] == list(shown) or (
            ": " not in key
            and len(rule) == len(values)
            and all(
                _is_same(_plain(given.get(c, "")), v) for c, v in zip(rule, values, strict=True)
            )
        )
        if rule and alike:
            keys.append((f"{word} ({', '.join(rule)})", rule))
    rules = [] if is_named else [r for r in table.unique_rules if _may_give(r, values, outcome)]
    if len(keys) == 1 and not rules:
        ((forbids, columns),) = keys
        pairs = zip(columns, values, strict=True)
        what = " and ".join(f"{column} = {value}" for column, value in pairs)
    else:
        alone = len(rules) == 1 and not keys
        forbids = f"UNIQUE {_cut(_bracketed(rules[0]))}" if alone else "a key or UNIQUE"
        what = ", ".join(values)
    return f"there is a row with {what} already, and {forbids} of {table.name} forbids a second"


def _may_give(rule: str, values: Sequence[str], outcome: Outcome) -> bool:
    """Return whether an index over an expression may have given a value; a plain CASE is certain."""
    case = _CASE.search(" ".join(rule.split()))
    sent = _values(outcome.statement)
    if lowered := _LOWERED.fullmatch(_bare(" ".join(rule.split()))):
        told = sent.get(lowered["column"].strip('"'))
        return told is None or [_plain(told).lower()] == [each.lower() for each in values]
    if case is None:
        return True
    given = sent.get(_bare(case["column"]).strip('"'))
    if given is None and outcome.statement.startswith("INSERT"):
        return False  # NULL stands there, and NULL repeats nothing
    return given is None or [_plain(given)] == list(values)


def _is_same(sent: str, shown: str) -> bool:
    """Return whether a value that was sent is the one that DuckDB shows: -5.0 comes as -5.00."""
    try:
        return sent == shown or Decimal(sent) == Decimal(shown)
    except ArithmeticError:
        return False


def _plain(value: str) -> str:
    """Return a value of a statement as DuckDB shows it in a key."""
    return value.removeprefix("TIMESTAMP ").strip("'")


def _too_big(outcome: Outcome, value: str, kind_wanted: str, structure: Structure) -> str:
    """Return which column a number does not fit into. DuckDB's INT8 has 8 bits, SQL's 8 bytes."""
    table = _table(outcome, structure)
    given = [
        column.name
        for name, v in _values(outcome.statement).items()
        if table and (column := table.column(name)) and column.kind == kind_wanted and v == value
    ]
    if kind_wanted.endswith("INT") or kind_wanted == "INTEGER":
        rest = "; a number of this company is a BIGINT" * (kind_wanted != "BIGINT")
    else:
        rest = ""
        if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind_wanted):
            before = int(found[1]) - int(found[2])
            rest = f": it has {before or 'no'} digit{'s' * (before != 1)} before the point"
    if len(given) != 1:
        return f"{kind_wanted} holds no {value}{rest}"
    return f"{given[0]} is {kind_wanted} and holds no {value}{rest}"


def _at(outcome: Outcome, rule: str, table: Table | None) -> str:
    """Return the values that a rule refused, where they are few, and what is kept of them."""
    values = {
        column: value
        for column, value in _values(outcome.statement).items()
        if _speaks_of(rule, column)
    }
    if not 1 <= len(values) <= MOST_VALUES:
        return ""
    kept = [
        f"; {column.name} is {_type(column.kind)} and keeps {stored}"
        for name, value in values.items()
        if table and (column := table.column(name)) and (stored := _stored(value, column.kind))
    ]
    shown = " and ".join(f"{column} = {value}" for column, value in values.items())
    return f", at {shown}{''.join(kept)}"


def _stored(value: str, kind_kept: str) -> str:
    """Return what a column keeps of a value, where that is less than was sent; else nothing."""
    if kind_kept == "DATE" and (moment := _MOMENT.search(value)):
        return f"{moment['day']} 00:00:00" if moment["time"] != "00:00:00" else ""
    digits = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", kind_kept)
    if (digits or kind_kept in _WHOLE) and re.fullmatch(r"-?\d+\.\d+", value):
        places = Decimal(1).scaleb(-int(digits[1])) if digits else Decimal(1)
        kept = Decimal(value).quantize(places, ROUND_HALF_UP)
        return f"{abs(kept) if kept == 0 else kept}" if kept != Decimal(value) else ""
    return ""


def _values(statement: str) -> dict[str, str]:
    """Return the values that an INSERT or UPDATE of ours gives to columns."""
    found = [token.text for token in sqltext.tokens(statement)]
    if found[:1] == ["UPDATE"]:
        parts = found[found.index("SET") + 1 : found.index("WHERE")]
        return dict(
            pair for each in _divided(parts) if (pair := (each[0].strip('"'), " ".join(each[2:])))
        )
    if found[:1] != ["INSERT"] or "VALUES" not in found:
        return {}
    middle = found.index("VALUES")
    columns = [each[0].strip('"') for each in _divided(found[found.index("(") + 1 : middle - 1])]
    values = [" ".join(each).replace("- ", "-") for each in _divided(found[middle + 2 : -1])]
    return dict(zip(columns, values, strict=False))


def _divided(parts: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for part in parts:
        if part == ",":
            found.append([])
        else:
            found[-1].append(part)
    return [each for each in found if each]


def _own(attack: Attack, names: Names) -> list[str]:
    """Return the learner's tables that an attack puts rows into, in small letters."""
    return [names.tables[table].lower() for table in attacks.touched(attack, names)]


def _class(reply: str) -> str:
    """Return a reply without the values in it, except for those of a rule."""
    if found := _RULE.search(reply):
        return f"CHECK {found['rule']}"
    if found := _TEXT.search(reply):
        return f"text to {found['wanted']}"
    return _VALUE.sub("", _KEY.sub("", reply))


def _blocking(outcome: Outcome, table: Table, structure: Structure) -> str:
    """Return what refuses every row of a table."""
    if found := _CAST.search(outcome.reply):
        columns = [c.name for c in table.columns if c.kind.upper() == found["wanted"].upper()]
        if columns:
            are = "is" if len(columns) == 1 else "are"
            are = f"{', '.join(columns[:-1])}{' and ' * (len(columns) > 1)}{columns[-1]} {are}"
            return f"{are} {found['wanted']}, and what goes in is {_noun(found['given'])}"
    return cause(outcome, structure)


def _way_out(outcome: Outcome, table: Table, names: Names) -> str:
    """Return what to try when a table takes no row."""
    reply = outcome.reply
    sent = _values(outcome.statement)
    if found := _CAST.search(reply):
        if found["given"].startswith(("INTEGER", "BIGINT")):
            return "Numbers are whole numbers here: make such columns BIGINT."
        return "Compare the types of your columns with the task's."
    text = _TEXT.search(reply)
    truths = [c.name for c in table.columns if c.kind == "BOOLEAN"]
    if text and any(sent.get(each) == f"'{text['value']}'" for each in truths):
        return "BOOLEAN holds true and false only: make a column of words VARCHAR."
    if re.search(r"Could not convert string .* to BOOL", reply):
        return (
            "AND and OR join whole conditions, so each side needs its own comparison; a list of "
            "words is column IN ('one', 'other')."
        )
    which = kind(reply)
    rule = _RULE.search(reply)
    if rule and " row(" in tidy(rule["rule"]):
        return "A list of allowed words is IN: column IN ('one', 'other')."
    if rule and re.search(r" !?~~ '[^']*[\[{^]", f" {rule['rule']}".replace(" LIKE ", " ~~ ")):
        return (
            "LIKE knows two signs only, % and _; a pattern with brackets is "
            "regexp_matches(column, '^[A-Z]{3}$')."
        )
    if rule and re.search(r"regexp_\w+\('", rule["rule"]):
        return "The text comes first, then the pattern: regexp_matches(column, '^[A-Z]{3}$')."
    if which == "CHECK" or (which == "type" and "ENUM" in reply):
        return (
            "Compare the words and bounds of that rule with the task's, letter by letter; a rule "
            "that the task does not ask for goes out."
        )
    if which == "FOREIGN KEY":
        silent = [
            each
            for reference in table.references
            for each in reference.columns
            if each not in sent and (column := table.column(each)) and column.has_default
        ]
        if silent:
            return f"No row says anything about {silent[0]}, so its DEFAULT stands there: leave it out."
        fixed = {names.columns[each].lower() for each in attacks.lists() if each in names.columns}
        if any(each.lower() in fixed for r in table.references for each in r.columns):
            return (
                "A reference needs its row: point it to the table that the task names, or fill "
                "your own list with INSERT INTO."
            )
        return (
            "A reference needs its row: point it to the table that the task names; where the task "
            "names none, leave the reference out."
        )
    if which == "NOT NULL":
        return "Ask whether every such row has that fact: what some lack, or not yet know, may be NULL."
    if which == "type":
        return "Compare the types of your columns with the task's."
    return "Compare the tables and columns with the task's."


def _bracketed(rule: str) -> str:
    return f"({tidy(rule)})"


def _cut(text: str, longest: int = _LONGEST_RULE) -> str:
    return text if len(text) <= longest else f"{text[: longest - 4]} ..."


def _type(name: str) -> str:
    return _TYPES.get(name, name)


def _noun(kind_of_value: str) -> str:
    name = kind_of_value.upper()
    if name.startswith(("INTEGER", "BIGINT", "TINYINT", "SMALLINT")):
        return "a whole number"
    if name.startswith("TIMESTAMP"):
        return "a moment"
    if name.startswith("DECIMAL"):
        return "a number"
    return f"a {kind_of_value}"


def sayings(structure: Structure, names: Names, text: str = "") -> dict[str, list[str]]:
    """Return what a schema says about each asked column: its name, its type, its rules.

    Rules that speak of fewer columns stand first. The keys are the course's names, such as
    `rides.status`; a table where the task asks for a view has one sentence, under its own name.
    """
    found: dict[str, list[str]] = {}
    for name, own in names.columns.items():
        table = structure.table(names.tables[name.partition(".")[0]])
        column = table.column(own) if table else None
        if table is None or column is None or table.is_view:
            continue
        course = name.partition(".")[0]
        if course not in attacks.filled():
            told = "is a table that nothing fills; a view computes its rows whenever it is asked"
            found[course] = [f"{table.name} {told}"]
            continue
        rules: list[tuple[int, str]] = []
        if own in table.primary_key:
            key = ", ".join(table.primary_key)
            alone = len(table.primary_key) == 1
            rules.append((0, "PRIMARY KEY" if alone else f"PRIMARY KEY ({key})"))
        elif column.required:
            rules.append((0, "NOT NULL"))
        if column.default and re.search(
            rf"\b{re.escape(own)}\b(?:\([^()]*\)|[^,;()])*\bGENERATED\b", text, re.I
        ):
            rules.append((0, f"GENERATED ALWAYS AS ({_cut(tidy(column.default))})"))
        elif column.default:
            rules.append((0, f"{DEFAULT}{_cut(tidy(column.default))}"))
        if re.search(rf"\b{re.escape(own)}\b[^,;]*\bCOLLATE\s+NOCASE\b", text, re.IGNORECASE):
            rules.append((0, "COLLATE NOCASE (capitals count as small letters)"))
        rules += [(len(key), f"UNIQUE ({', '.join(key)})") for key in table.unique if own in key]
        for each in table.references:
            if own in each.columns:
                rules.append((1, f"REFERENCES {each.table}"))
        for rule, word in (*((r, "UNIQUE") for r in table.unique_rules),
                           *((c, "CHECK") for c in table.checks)):  # fmt: skip
            spoken = [c.name for c in table.columns if _speaks_of(rule, c.name)]
            if own in spoken:
                rules.append((len(spoken), f"{word} {_cut(_bracketed(rule))}{_void(rule)}"))
        rules.sort(key=lambda each: each[0])
        found[name] = [own, _cut(column.kind), *dict.fromkeys(rule for _, rule in rules)]
    return found


def notes(structure: Structure, text: str) -> list[str]:
    """Return what in a schema binds nothing, where that is certain, in sentences."""
    found: dict[str, None] = {}
    allowed = {
        column.name.lower(): (column.name, words)
        for table in structure.tables
        for column in table.columns
        if not table.is_view and (words := _list_of(table, column.name))
    }
    rules = [each for table in structure.tables for each in table.unique_rules]
    for rule in [*rules, *_views(text)]:
        for column, word in _asked_words(rule):
            own, words = allowed.get(column.lower(), ("", frozenset()))
            if words and word not in words:
                found[f"You ask for {own} = '{word}', which the list of {own} never allows."] = None
    for table in structure.tables:
        for rule in table.unique_rules:
            case = _CASE.search(" ".join(rule.split()))
            column = _bare(case["column"]).strip('"') if case else ""
            if (column.strip("'"),) == table.primary_key and column[:1] != "'":
                found[f"{column} never repeats, so a unique index over it refuses nothing."] = None
            elif column[:1] == "'" and table.column(column.strip("'")):
                found[f"{column} in single quotes is a text; the column has no quotes."] = None
    return list(found)


def plain_indexes(text: str) -> list[str]:
    """Return what is to be said about the indexes of a schema that forbid no repeat."""
    names = _PLAIN_INDEX.findall(text)
    return [f"The index {name} is made without UNIQUE, so it refuses nothing." for name in names]


def _list_of(table: Table, column: str) -> frozenset[str]:
    """Return the only words that a column may hold; nothing where no list says so."""
    held = table.column(column)
    kind_held = held.kind if held else ""
    texts = [kind_held] if kind_held.startswith("ENUM(") else []
    texts += [
        found["words"]
        for check in table.checks
        if (found := _IN_LIST.fullmatch(tidy(check))) and found["column"].lower() == column.lower()
    ]
    return frozenset(each[1:-1] for each in _TEXTS.findall(texts[0])) if texts else frozenset()


def _asked_words(rule: str) -> Iterator[tuple[str, str]]:
    """Yield each column that a condition compares with a text, and the text."""
    for found in _ASKED.finditer(" ".join(rule.split())):
        for word in _TEXTS.findall(found["one"] or found["list"]):
            yield found["column"], word[1:-1]


def _views(text: str) -> list[str]:
    """Return the statements that make a view, without their comments."""
    made, statement = [], []
    for token in [*sqltext.tokens(text), None]:
        if token is not None and token.text != ";":
            statement.append(token.text)
            continue
        if "VIEW" in (each.upper() for each in statement[:4]):
            made.append(" ".join(statement))
        statement = []
    return made


_IN_LIST = re.compile(r"(?P<column>\w+) IN \((?P<words>[^()]*)\)")
_ASKED = re.compile(
    r"(?P<column>\w+)\"? (?:= (?P<one>'[^']*')|IN \( ?(?P<list>'[^()]*') ?\))", re.IGNORECASE
)
_PLAIN_INDEX = re.compile(
    r"\bCREATE\s+INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)\s+ON\b", re.IGNORECASE
)


def tidy(text: str) -> str:
    """Return an expression as people write it: DuckDB adds brackets and casts."""
    words = _QUOTED.sub(r"\1", " ".join(text.split()))
    words = _SPAN.sub(lambda span: f"INTERVAL {span['number']} {span['unit'].upper()}", words)
    words = words.replace(" !~~ ", " NOT LIKE ").replace(" ~~ ", " LIKE ").replace(" != ", " <> ")
    if case := _CASE.search(words):
        said = f"{_bare(case['column'])} where {_bare(case['condition'])}"
        words = f"{words[: case.start()]}{said}{words[case.end() :]}"
    return _bare(words)


_QUOTED = re.compile(r'"([a-z_][a-z0-9_]*)"(?=[^\']*(?:\'[^\']*\'[^\']*)*$)')
_CASE = re.compile(r"CASE WHEN \((?P<condition>.*?)\) THEN (?P<column>.*?) (?:ELSE NULL )?END")


def _bare(words: str) -> str:
    while words.startswith("(") and words.endswith(")") and _is_one(words):
        words = words[1:-1]
    return words


def _is_one(text: str) -> bool:
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and place < len(text) - 1:
            return False
    return True


_EVERY_NUMBER = re.compile(
    r"\((?P<column>\w+) >= (?P<low>-?[\d.]+)\) OR \((?P=column) <= (?P<high>-?[\d.]+)\)"
)


_ENDS = re.compile(r"\bBETWEEN (?P<low>-?[\d.]+) AND (?P<high>-?[\d.]+)")


def _void(rule: str) -> str:
    """Return why a rule refuses nothing, where that is certain."""
    words = tidy(_TEXTS.sub("''", rule))
    if re.fullmatch(r"\S+ IN \([^()]*\bNULL\b[^()]*\)", words):
        return " (it refuses nothing, because NULL stands in its list)"
    if re.fullmatch(r"\S+ (=|<>) NULL", words):
        return " (it refuses nothing: a comparison with NULL is never false)"
    if re.search(r" (=|<>) NULL\b", words):
        return " (a comparison with NULL is never false: write IS NULL or IS NOT NULL)"
    if (ends := _ENDS.search(words)) and float(ends["low"]) > float(ends["high"]):
        return " (no number lies there: the smaller end of BETWEEN comes first)"
    if (found := _EVERY_NUMBER.fullmatch(words)) and float(found["low"]) <= float(found["high"]):
        return " (it refuses nothing: every number is one or the other)"
    return ""


def _speaks_of(rule: str, column: str) -> bool:
    return any(
        token.text.strip('"').lower() == column.lower()
        for token in sqltext.tokens(rule)
        if token.kind in ("word", "quoted")
    )
