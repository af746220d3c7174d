"""Attack a schema: rows that it has to refuse, and rows that it has to allow.

The attacks stand in `attacks.toml` and speak of tables and columns by the course's names; a
schema that uses other names says which are meant. Each attack runs in an empty schema of its own,
statement by statement, so that what one leaves behind cannot help another. What counts is what
the database does: a hostile row is refused by an error of a constraint or a type, never by an
error about a name.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final, Protocol

from ridealong.judging.ddl.names import Names, quoted
from ridealong.judging.ddl.structure import Column, Structure

VARIANTS: Final = ("public", "hidden")
WITHOUT: Final = "without "  # stands before the column about which a try says nothing
WIDER: Final = "with another "  # stands before the column that widens a key
HIDDEN_ID_OFFSET: Final = 500_000  # more than SMALLINT holds
HIDDEN_DAYS: Final = 21

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_PLACE = re.compile(r"\{(?P<name>[a-z_]+(?:\.[a-z_]+)?)\}")
_REPEAT = re.compile(r"duplicate key", re.IGNORECASE)
_IS_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT|DECIMAL|DOUBLE|FLOAT|REAL|NUMERIC")
_MOST_OTHERS: Final = 12  # words of the learner's own that are tried in a column of the learner's
_LONGEST_REPLY = 800  # a rule stands in it before what is wrong with it


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    Attributes:
        id: in words, such as `orphan-ride`.
        legal: whether a good schema lets all of it pass; else its last step has to be refused.
        says: what is tried, in a few words.
        costs: what it costs the company when the schema gets it wrong.
        needs: the tables and columns without which it cannot be tried.
        steps: what is done, each `add` (one row, or as many `times` as it says), `change`,
            `remove` or `ask`; the last one may be tried with `each` of several values, `without`
            each of several columns, or with words `beyond` those that a column allows.
        named_only: whether it is left out when all attacks are tried.
    """

    id: str
    legal: bool
    says: str
    costs: str
    needs: tuple[str, ...]
    steps: tuple[Mapping[str, Any], ...]
    named_only: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a schema did under one attack.

    Attributes:
        attack: its id.
        held: whether the schema did right; None where the schema has no place for it.
        did: what it did, in a few words.
        reply: the database's message where it refused something, in one line.
        statement: the statement that decided.
        why: what refused it, in words; see `findings.explained`.
        is_aside: whether an ordinary row was refused for what the attack is not about, so that
            what the attack `costs` need not be true.
    """

    attack: str
    held: bool | None
    did: str
    reply: str = ""
    statement: str = ""
    why: str = ""
    is_aside: bool = False


class Store(Protocol):
    """A database in which a schema is made again and again."""

    def fresh(self, *, only_inserts: bool = False) -> None:
        """Begin with the learner's tables, empty; `only_inserts` tells what will be tried."""

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows.

        Raises:
            Refused: when a constraint or a type refuses it.
            Exception: when it fails for another reason.
        """


class Refused(Exception):
    """A constraint or a type refused a statement."""


@cache
def attacks() -> dict[str, Attack]:
    """Return all attacks by id, the hostile ones first."""
    return {entry["id"]: _attack(entry) for entry in _source()["attack"]}


@cache
def fields() -> dict[str, tuple[str, ...]]:
    """Return the tables that attacks speak of, each with its columns, by the course's names."""
    found: dict[str, dict[str, None]] = {}
    for table, rows in _source()["rows"].items():
        for row in rows.values():
            found.setdefault(table, {}).update(dict.fromkeys(row))
    for attack in attacks().values():
        for need in attack.needs:
            table, _, column = need.partition(".")
            if column:
                found.setdefault(table, {})[column] = None
    return {table: tuple(columns) for table, columns in found.items()}


@cache
def filled() -> frozenset[str]:
    """Return the tables that rows are put into; what else an exercise asks for is a view."""
    return frozenset(_source()["rows"])


@cache
def lists() -> frozenset[str]:
    """Return the columns whose words the tasks name, by the course's names."""
    return frozenset(_source()["words"])


def touched(attack: Attack, names: Names) -> list[str]:
    """Return the tables that an attack puts rows into, by the course's names, parents first."""
    found: dict[str, None] = {}

    def add(table: str, row: Mapping[str, Any], above: str = "") -> None:
        for column, value in row.items():
            parent = _source()["parents"].get(f"{table}.{column}", "")
            if parent in ("", table, above) or not names.has(f"{table}.{column}"):
                continue
            first = value[0] if isinstance(value, list) else value
            key = _source()["keys"][parent]
            for other in _source()["rows"][parent].values():
                if names.has(parent) and other[key] == first:
                    add(parent, other, table)
                    break
        found[table] = None

    for step in attack.steps:
        place = step.get("add") or step.get("change") or step.get("remove")
        table, _, row = (place or step.get("beyond", "")).partition(".")
        if table and names.has(table):
            rows = _source()["rows"][table]
            ordinary = rows.get(row) or next(iter(rows.values()))  # `beyond` names a column
            add(table, {**ordinary, **step.get("set", {})})
    return list(found)


def run(
    store: Store,
    structure: Structure,
    names: Names,
    wanted: Sequence[str],
    variant: str = "public",
) -> list[Outcome]:
    """Run attacks against a schema.

    Args:
        store: where the schema is made.
        structure: its tables and columns.
        names: which of them are meant by the course's names.
        wanted: ids of attacks.
        variant: `hidden` tries other numbers, texts and days.

    Raises:
        KeyError: when there is no such attack.
    """
    return [
        _Run(store, structure, names, variant).outcome(attacks()[identity]) for identity in wanted
    ]


class _Run:
    """One attack in one empty schema."""

    def __init__(self, store: Store, structure: Structure, names: Names, variant: str) -> None:
        self.store = store
        self.structure = structure
        self.names = names
        self.variant = variant
        self.singly = False  # whether rows that are added many times have a statement each
        self.added: set[tuple[str, str]] = set()  # rows that stand there, by table and key

    def outcome(self, attack: Attack) -> Outcome:
        missing = [need for need in attack.needs if not self.names.has(need)]
        if missing:
            return Outcome(attack.id, None, f"has no place for {', '.join(missing)}")
        found = self._tried(attack)
        if found.held is False and any("times" in step for step in attack.steps):
            self.singly = True  # which of the rows was refused, one statement does not say
            return self._tried(attack)
        if found.held and not attack.legal and _REPEAT.search(found.reply):
            return self._widened(attack) or found
        return found

    def _widened(self, attack: Attack) -> Outcome | None:
        """Try a repeat again, with other values in the learner's own columns of the key.

        No row of an attack speaks of a column that the task does not ask for, so its DEFAULT stands
        in all of them, and a key over such a column seems to forbid what it only forbids to those
        who leave the column out.
        """
        step = attack.steps[-1]
        if "beyond" in step or "remove" in step:
            return None
        course = (step.get("add") or step["change"]).partition(".")[0]
        table = self.structure.table(self.names.tables[course])
        if table is None:
            return None
        asked = {own for name, own in self.names.columns.items() if name.startswith(f"{course}.")}
        for rule, columns in table.unique_over():
            for column in columns:
                if column.name in asked:
                    continue
                for value in _others(column, self.structure.words):
                    wider = replace(
                        attack, steps=(*attack.steps[:-1], {**step, "own": {column.name: value}})
                    )
                    try:
                        found = self._tried(wider)
                    except Exception:  # a column that is computed takes no value
                        continue
                    if found.held is False and found.did == "let it pass":
                        shown = f"{WIDER}{column.name}, a column of your own in {rule}"
                        return replace(found, reply=shown)
        return None

    def _tried(self, attack: Attack) -> Outcome:
        self.added.clear()
        tries = list(self._tries(attack.steps[-1]))
        # What is refused leaves nothing behind, so many tries can go on in the same tables; only
        # a refusal inside a transaction would take the rows before it along.
        self.store.fresh(
            only_inserts=len(tries) == 1
            and not any("change" in step or "remove" in step for step in attack.steps)
        )
        for step in attack.steps[:-1]:
            if problem := self._step(attack, step, decides=False):
                return problem
        if not tries:
            return Outcome(attack.id, None, "has no place for what is tried")
        refused = None
        for step, shown in tries:
            seen = self._step(attack, step, decides=not attack.legal)
            if seen and not seen.held:
                return (
                    replace(seen, reply=shown or seen.reply) if seen.did == "let it pass" else seen
                )
            refused = refused or seen
        return refused or Outcome(attack.id, True, "let it pass")

    def _tries(self, step: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Yield a last step as often as it is tried, each with the value that stands for it."""
        if "each" in step:
            table = step.get("add", step.get("change", "")).partition(".")[0]
            for column, values in step["each"].items():
                for value in values if self.names.has(f"{table}.{column}") else ():
                    yield {**step, "set": {**step.get("set", {}), column: value}}, repr(value)
        elif "without" in step:
            table = step["add"].partition(".")[0]
            for column in step["without"]:
                if self.names.has(f"{table}.{column}"):
                    yield {**step, "without": column}, f"{WITHOUT}{column}"
        elif "beyond" in step:
            column = step["beyond"].partition(".")[2]
            for word, place in _words_beyond(step, self.structure.words):
                yield {"add": place, "set": {**step.get("set", {}), column: word}}, repr(word)
        else:
            yield step, ""

    def _step(self, attack: Attack, step: Mapping[str, Any], *, decides: bool) -> Outcome | None:
        """Run one step; None when all is as it should be.

        The last statement of the step that decides has to be refused, all others accepted.
        """
        identity = attack.id
        if "ask" in step:
            return self._ask(identity, step)
        statements = list(self._statements(step))
        for number, sql in enumerate(statements):
            hostile = decides and number == len(statements) - 1
            try:
                self.store.execute(sql)
            except Refused as refusal:
                if hostile:
                    return Outcome(identity, True, "refused it", _line(refusal), sql)
                did = "refused it" if attack.legal else "refused an ordinary row before it"
                return Outcome(identity, False, did, _line(refusal), sql)
            except Exception as error:
                return Outcome(identity, False, "failed", _line(error), sql)
            if hostile:
                taken = self._taken(step["remove"]) if "remove" in step else ""
                return Outcome(identity, False, "let it pass", taken, sql)
        return None

    def _taken(self, removed: str) -> str:
        """Return what a deletion that passed did to the rows that pointed to the deleted one."""
        gone, empty = [], []
        for place, parent in _source()["parents"].items():
            table = place.partition(".")[0]
            if parent != removed.partition(".")[0] or not self.names.has(place):
                continue
            if table == parent or table not in {each for each, _ in self.added}:
                continue
            own, key = self.names.written(table), self.names.written(place)
            ((rows, held),) = self.store.execute(f"SELECT count(*), count({key}) FROM {own}")
            if not rows:
                gone.append(f"the rows of {self.names.tables[table]} went with it")
            elif not held:
                lost = self.names.columns[place]
                empty.append(f"the rows of {self.names.tables[table]} have lost their {lost}")
        return " and ".join(gone + empty)

    def _ask(self, identity: str, step: Mapping[str, Any]) -> Outcome | None:
        sql = _PLACE.sub(lambda found: self.names.written(found["name"]), step["ask"])
        wanted = step.get(f"gives_{self.variant}", step["gives"])
        try:
            rows = [[_shown(value) for value in row] for row in self.store.execute(sql)]
        except Exception as error:
            return Outcome(identity, False, "could not be asked", _line(error), sql)
        if rows != wanted:
            did = f"answered {_rows(rows)} instead of {_rows(wanted)}"
            return Outcome(identity, False, did, "", sql)
        return None

    def _statements(self, step: Mapping[str, Any]) -> Iterator[str]:
        if "add" in step:
            silent = step.get("without", "")
            yield from self._add(step["add"], step.get("set", {}), silent, explicit=step)
            return
        table, _, name = (step.get("change") or step["remove"]).partition(".")
        key = _source()["keys"][table]
        where = f"{self.names.written(f'{table}.{key}')} = " + self._literal(
            table, key, _source()["rows"][table][name][key]
        )
        if "remove" in step:
            yield f"DELETE FROM {self.names.written(table)} WHERE {where}"
            return
        changes = ", ".join(
            f"{self.names.written(f'{table}.{column}')} = {self._literal(table, column, value)}"
            for column, value in step["set"].items()
            if self.names.has(f"{table}.{column}")
        )
        changes += "".join(f", {quoted(c)} = {value}" for c, value in step.get("own", {}).items())
        if changes:
            yield f"UPDATE {self.names.written(table)} SET {changes} WHERE {where}"

    def _add(
        self,
        place: str,
        changed: Mapping[str, Any],
        silent: str = "",
        *,
        explicit: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """Yield the INSERT of a row, behind those of the rows it points to.

        It says nothing about the column `silent`. A row that a step adds `explicit` may stand there
        several `times`, with its key and the columns that are `counted` one higher each time.
        """
        table, _, name = place.partition(".")
        if not self.names.has(table):
            return
        step = explicit or {}
        first = {**_source()["rows"][table][name], **changed}
        key = _source()["keys"][table]
        if explicit is None and (table, str(self._value(first[key]))) in self.added:
            return
        rows: list[Mapping[str, Any]] = [first]
        counted = (key, *step.get("counted", ()))
        if "times" in step:
            rows = [_numbered(first, number, counted) for number in range(step["times"])]
        self.added.update((table, str(self._value(row[key]))) for row in rows)
        for column in first:
            parent = _source()["parents"].get(f"{table}.{column}")
            if parent and self.names.has(f"{table}.{column}"):
                for row in rows if column in counted else rows[:1]:
                    yield from self._parent(parent, self._value(row[column]))
        held = [c for c in first if c != silent and self.names.has(f"{table}.{c}")]
        own = step.get("own", {})
        columns = ", ".join(
            [*(self.names.written(f"{table}.{column}") for column in held), *map(quoted, own)]
        )
        into = f"INSERT INTO {self.names.written(table)} ({columns})"
        if len(rows) > 1 and not self.singly:  # DuckDB takes 15 times as long for so many VALUES
            yield f"{into} {self._series(table, first, held, counted, len(rows))}"
            return
        for row in rows:
            values = ", ".join([*(self._literal(table, c, row[c]) for c in held), *own.values()])
            yield f"{into} VALUES ({values})"

    def _series(
        self,
        table: str,
        row: Mapping[str, Any],
        held: Sequence[str],
        counted: Sequence[str],
        times: int,
    ) -> str:
        """Return the query of rows that differ by a number."""
        values = ", ".join(
            self._literal(table, column, row[column]).replace("{n}", "' || n || '")
            + " + n" * (column in counted)
            for column in held
        )
        return f"SELECT {values} FROM generate_series(0, {times - 1}) AS numbers (n)"

    def _parent(self, table: str, wanted: Any) -> Iterator[str]:
        if (table, str(wanted)) in self.added:
            return
        key = _source()["keys"][table]
        for name, row in _source()["rows"][table].items():
            if row[key] == wanted:
                yield from self._add(f"{table}.{name}", {})
                return

    def _value(self, value: Any) -> Any:
        """Return the value of this run where a lesson's and a hidden one are given."""
        return value[VARIANTS.index(self.variant)] if isinstance(value, list) else value

    def _literal(self, table: str, column: str, value: Any) -> str:
        value = self._value(value)
        if self.variant == "hidden":
            value = _hidden(column, value)
        if value == "NULL":
            return "NULL"
        if isinstance(value, int | float):
            return repr(value)
        text = str(value).replace("'", "''")
        kind = self.structure.kind(
            self.names.tables[table], self.names.columns[f"{table}.{column}"]
        )
        return f"TIMESTAMP '{text}'" if kind.startswith("TIMESTAMP") else f"'{text}'"


def _words_beyond(step: Mapping[str, Any], own: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield words that a column must refuse, each with the ordinary row that is to carry it.

    They are the words that the learner's statements hold and the task does not allow there, the
    allowed ones in capitals, and a few that somebody else might have in such a list. Which row a
    foreign word needs to get in, nobody knows, so each row is tried; a word that belongs into
    another list is tried with one.
    """
    allowed = _source()["words"][step["beyond"]]
    rows = list(dict.fromkeys(allowed.values()))
    elsewhere = {word for words in _source()["words"].values() for word in words}
    found: dict[tuple[str, str], None] = {}
    words, capitals = step.get("words", ()), bool(step.get("capitals"))

    def meant(word: str) -> list[str]:
        return [row for known, row in allowed.items() if known == word.strip().lower()]

    for number, word in enumerate(own):
        alike = meant(word)
        if word not in allowed and (capitals if alike else words):
            places = [rows[number % len(rows)]] if word in elsewhere else alike or rows
            found.update(dict.fromkeys((word, place) for place in places))
    for word, place in allowed.items() if capitals else ():
        found.update(dict.fromkeys([(word.upper(), place), (word.capitalize(), place)]))
    for number, word in enumerate(words):
        found[word, (meant(word) or rows)[number % len(meant(word) or rows)]] = None
    yield from found


def _others(column: Column, words: Sequence[str]) -> Iterator[str]:
    """Yield values, as literals, that may differ from what a column has by its DEFAULT."""
    kind = column.kind.upper()
    if kind == "BOOLEAN":
        yield from ("true", "false")
    elif _IS_NUMBER.match(kind):
        yield from ("2", "7", "0", "1")
    elif kind.startswith("TIME") or kind == "DATE":
        yield from (f"{each}" for each in ("'2026-03-05 12:00:00'", "'12:00:00'"))
    else:
        texts = (*words[:_MOST_OTHERS], "CA", "a second one")
        yield from ("'" + each.replace("'", "''") + "'" for each in texts)
    yield "NULL"


def _numbered(row: Mapping[str, Any], number: int, counted: Sequence[str]) -> Mapping[str, Any]:
    """Return a row that is added for the `number`th time; `{n}` in a text is that number."""

    def held(column: str, value: Any) -> Any:
        if column in counted:
            return value + number
        return value.replace("{n}", str(number)) if isinstance(value, str) else value

    return {column: held(column, value) for column, value in row.items()}


def _hidden(column: str, value: Any) -> Any:
    """Return what stands in the hidden run for a value of the lesson."""
    if isinstance(value, int) and (column.endswith("_id") or column == "refund_of"):
        return value + HIDDEN_ID_OFFSET
    if not isinstance(value, str) or value == "NULL":
        return value
    if _TIME.fullmatch(value):
        moved = datetime.fromisoformat(value) + timedelta(days=HIDDEN_DAYS)
        return moved.isoformat(sep=" ")
    for lesson, other in (("example.com", "example.org"), ("EXAMPLE.COM", "EXAMPLE.ORG"),
                          ("Example.com", "Example.org"), ("RL-", "RX-44"), ("HBV", "PNW"),
                          ("ride-", "trip-")):  # fmt: skip
        value = value.replace(lesson, other)
    return value


@cache
def _source() -> Mapping[str, Any]:
    text = files(__package__).joinpath("attacks.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _attack(entry: Mapping[str, Any]) -> Attack:
    steps = tuple(entry["steps"])
    needs: dict[str, None] = dict.fromkeys(entry.get("needs", ()))
    for step in steps:
        place = (
            step.get("add") or step.get("change") or step.get("remove") or step.get("beyond", "")
        )
        table = place.partition(".")[0]
        if table and "needs" not in entry:
            columns = [*step.get("set", {}), *step.get("each", {})]
            columns += [place.partition(".")[2]] if "beyond" in step else []
            needs |= dict.fromkeys(f"{table}.{column}" for column in columns)
        if table:
            needs[table] = None
    return Attack(
        id=entry["id"],
        legal=bool(entry.get("legal")),
        says=entry["says"],
        costs=entry["costs"],
        needs=tuple(needs),
        steps=steps,
        named_only=bool(entry.get("named_only")),
    )


def _line(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    first = first.partition(" If this is an unexpected")[0]
    return first if len(first) <= _LONGEST_REPLY else f"{first[: _LONGEST_REPLY - 4]} ..."


def _shown(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rows(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "no row"
    shown = " and ".join("(" + ", ".join(row) + ")" for row in rows[:4])
    return shown if len(rows) <= 4 else f"{shown} and {len(rows) - 4} more rows"
