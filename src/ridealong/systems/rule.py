"""A business rule as a decision table: every combination of its conditions belongs to one row.

A table is judged by what it decides. Whole numbers are tried once in each stretch that no limit
cuts, neither one of the rule nor one of the table, so nothing lies between two tried values.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Final

from ridealong.text import did_you_mean

MOST_ROWS: Final = 30
MOST_STRETCHES: Final = 10
_NUMBER: Final = r"(\d{1,9})"
_FORMS: Final[Mapping[str, Callable[[int], tuple[int, int | None]]]] = {
    rf"(?:at most|up to|no more than|not more than|<=|≤) ?{_NUMBER}|{_NUMBER} or (?:less|fewer)": (
        lambda n: (0, n)
    ),
    rf"(?:less than|fewer than|under|below|<) ?{_NUMBER}": lambda n: (0, n - 1),
    rf"(?:at least|no less than|not less than|>=|≥) ?{_NUMBER}|{_NUMBER} or more|{_NUMBER} ?\+": (
        lambda n: (n, None)
    ),
    rf"(?:more than|greater than|over|above|>) ?{_NUMBER}": lambda n: (n + 1, None),
    rf"exactly {_NUMBER}|{_NUMBER}": lambda n: (n, n),
}
_FROM_TO: Final = re.compile(rf"(?:from )?{_NUMBER}(?: to | ?[-\u2013] ?){_NUMBER}")
HOW_TO_SAY: Final = (
    "at most 120, less than 120, at least 120, more than 120, exactly 120 or 60 to 120"
)

Case = Mapping[str, str | int]
"""A combination: the value of each condition by its name."""

Stretch = tuple[int, int | None]
"""Whole numbers from the first to the last; None where there is no end."""

Allowed = Mapping[str, frozenset[str] | tuple[Stretch, ...]]
"""The words or stretches of whole numbers that each named condition may have."""


def fits(allowed: Allowed, case: Case) -> bool:
    """Return whether a combination has an allowed value in each named condition."""
    return all(_is_one_of(case[name], wanted) for name, wanted in allowed.items())


def _is_one_of(value: str | int, wanted: frozenset[str] | tuple[Stretch, ...]) -> bool:
    if isinstance(wanted, frozenset):
        return value in wanted
    return any(
        first <= int(value) and (last is None or int(value) <= last) for first, last in wanted
    )


def _starts(wanted: frozenset[str] | tuple[Stretch, ...]) -> set[int]:
    """Return where a stretch begins, and where the numbers behind one do."""
    if isinstance(wanted, frozenset):
        return set()
    return {first for first, _ in wanted} | {last + 1 for _, last in wanted if last is not None}


class TableError(ValueError):
    """A table that cannot be read; the text is one line for the learner."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a decision depends on.

    Attributes:
        name: as it is written in the table.
        told: a part of a sentence, with `{}` for the value.
        words: its values; none where it is a whole number.
        most: the largest whole number.
        units: of the number, as one may write them behind it.
    """

    name: str
    told: str
    words: tuple[str, ...] = ()
    most: int = 0
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a rule; the first one that applies decides.

    Attributes:
        text: for people.
        when: what it speaks of.
        outcome: what it decides.
    """

    text: str
    when: Allowed
    outcome: int


@dataclass(frozen=True)
class Rule:
    """A business rule.

    Attributes:
        name: as exercises call it.
        outcome: what the table calls the result.
        unit: of the result.
        outcomes: all results that there are.
        conditions: in the order in which a case is told.
        sentences: the first one that applies decides; the last one applies always.
    """

    name: str
    outcome: str
    unit: str
    outcomes: tuple[int, ...]
    conditions: tuple[Condition, ...]
    sentences: tuple[Sentence, ...]

    @cached_property
    def by_name(self) -> dict[str, Condition]:
        """The conditions by their names."""
        return {each.name: each for each in self.conditions}

    def decided(self, case: Case) -> Sentence:
        """Return the sentence that decides a case."""
        return next(each for each in self.sentences if fits(each.when, case))

    def told(self, case: Case) -> str:
        """Return a case in words."""
        return ", ".join(each.told.format(case[each.name]) for each in self.conditions)

    def limits(self, name: str) -> set[int]:
        """Return where the sentences cut a whole number: the first of each stretch."""
        starts = [_starts(each.when[name]) for each in self.sentences if name in each.when]
        return {0}.union(*starts)


_SECONDS: Final = ("seconds", "second", "secs", "sec", "s")
_MINUTES: Final = ("minutes", "minute", "mins", "min")

CANCELLATION_FEE: Final = Rule(
    name="cancellation-fee",
    outcome="fee",
    unit="dollars",
    outcomes=(0, 5, 8),
    conditions=(
        Condition("cancelled_by", "cancelled by the {}", ("rider", "driver", "system")),
        Condition("status", "the ride was {}", ("requested", "accepted")),
        Condition("seconds", "{} seconds after the request", most=3600, units=_SECONDS),
        Condition("minutes_late", "{} minutes past the promised pickup", most=60, units=_MINUTES),
        Condition("pickup", "pickup {}", ("airport", "elsewhere")),
    ),
    sentences=(
        Sentence(
            "Only a cancellation by the rider costs anything.",
            {"cancelled_by": frozenset({"driver", "system"})},
            0,
        ),
        Sentence(
            "As long as the ride is requested, which means that no driver has accepted it, "
            "cancelling is free.",
            {"status": frozenset({"requested"})},
            0,
        ),
        Sentence(
            "The first 120 seconds after the request are free, second 120 included.",
            {"seconds": ((0, 120),)},
            0,
        ),
        Sentence(
            "From 5 full minutes past the promised pickup on, cancelling is free.",
            {"minutes_late": ((5, None),)},
            0,
        ),
        Sentence(
            "Otherwise it costs 8 dollars where the pickup is an airport.",
            {"pickup": frozenset({"airport"})},
            8,
        ),
        Sentence("Otherwise it costs 5 dollars.", {}, 5),
    ),
)
"""What a rider pays for calling a ride off, as the head of operations has settled it."""

PROSE: Final = "A ride that is cancelled late costs the rider 5 dollars, 8 at an airport."
"""The same rule as the ticket has it."""

LATE_SECONDS: Final = 120


def _fee(case: Case) -> int:
    return 8 if case["pickup"] == "airport" else 5


def _app(case: Case) -> int:
    late = case["cancelled_by"] == "rider" and int(case["seconds"]) > LATE_SECONDS
    return _fee(case) if late else 0


def _billing(case: Case) -> int:
    late = case["cancelled_by"] == "rider" and case["status"] == "accepted"
    return _fee(case) if late else 0


def _support(case: Case) -> int:
    return _fee(case) if int(case["seconds"]) > LATE_SECONDS else 0


READINGS: Final[Mapping[str, tuple[str, Callable[[Case], int]]]] = {
    "app": ("the rider cancels more than two minutes after the request", _app),
    "billing": ("the rider cancels when a driver has accepted", _billing),
    "support": ("anybody cancels more than two minutes after the request", _support),
}
"""Three teams that have built the prose: what each takes for late, and the fee it charges."""

RULES: Final = {rule.name: rule for rule in (CANCELLATION_FEE,)}
"""The business rules by name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a learner's table.

    Attributes:
        number: from 1.
        when: the combinations that it covers.
        outcome: what it decides.
    """

    number: int
    when: Allowed
    outcome: int

    def covers(self, case: Case) -> bool:
        """Return whether a case belongs to this row."""
        return fits(self.when, case)


@dataclass(frozen=True, slots=True)
class Tried:
    """A combination, and what a table makes of it.

    Attributes:
        case: the combination.
        rows: that cover it.
    """

    case: Case
    rows: tuple[Row, ...]


def read(rule: Rule, value: Any) -> tuple[Row, ...]:
    """Return the rows of a table.

    Args:
        rule: that the table is for.
        value: the data of the answer: a list of rows, `when` and the outcome each.

    Raises:
        TableError: in one line, with the row's number and the nearest right word.
    """
    form = f"- when: {{{rule.conditions[0].name}: {rule.conditions[0].words[0]}}}"
    if not isinstance(value, list):
        raise TableError(
            f"the answer is a {_kind(value)}, wanted a list of rows, each as in {form} "
            f"and {rule.outcome}: {rule.outcomes[0]} below it"
        )
    if len(value) > MOST_ROWS:
        raise TableError(f"the table has {len(value)} rows, {MOST_ROWS} is the most: join some")
    return tuple(_row(rule, number, each) for number, each in enumerate(value, start=1))


def tried(rule: Rule, rows: Sequence[Row]) -> Iterator[Tried]:
    """Yield every combination, whole numbers at the first of each stretch that no limit cuts."""
    for case in cases(rule, rows):
        yield Tried(case, tuple(row for row in rows if row.covers(case)))


def cases(rule: Rule, rows: Sequence[Row] = (), *, around: bool = False) -> Iterator[Case]:
    """Yield every combination; without rows those that the rule itself tells apart.

    Args:
        rule: that is asked about.
        rows: whose limits cut the whole numbers as well.
        around: whether the two numbers below and the one above each limit are combinations too,
            and the largest: a limit that is one off differs from one that is far off.
    """
    values: list[Sequence[str | int]] = []
    for condition in rule.conditions:
        if condition.words:
            values.append(condition.words)
            continue
        limits = rule.limits(condition.name)
        for row in rows:
            limits |= _starts(row.when.get(condition.name, ()))
        if around:
            limits |= {each + step for each in limits for step in (-2, -1, 1)} | {condition.most}
        values.append(sorted(each for each in limits if 0 <= each <= condition.most))
    names = [each.name for each in rule.conditions]
    for combination in product(*values):
        yield dict(zip(names, combination, strict=True))


def _row(rule: Rule, number: int, value: Any) -> Row:
    if not isinstance(value, Mapping):
        raise TableError(f"row {number} is a {_kind(value)}, wanted when and {rule.outcome}")
    for key in value:
        if key not in ("when", rule.outcome):
            near = did_you_mean(str(key), ["when", rule.outcome, *rule.by_name])
            inside = "; it belongs inside of when" if key in rule.by_name else near
            raise TableError(f"row {number} has {key!r}, wanted when and {rule.outcome}{inside}")
    for key in ("when", rule.outcome):
        if key not in value:
            is_inside = isinstance(value.get("when"), Mapping) and key in value["when"]
            step = f"; move {key} out of when, into the next line" if is_inside else ""
            raise TableError(
                f"row {number} has no {key!r}: every row has when and {rule.outcome}{step}"
            )
    outcome = value[rule.outcome]
    if isinstance(outcome, str) and outcome.strip().isdecimal():
        outcome = int(outcome)
    if isinstance(outcome, bool) or outcome not in rule.outcomes:
        wanted = ", ".join(map(str, rule.outcomes))
        shown = "nothing" if outcome is None else repr(outcome)
        raise TableError(
            f"row {number} has {rule.outcome}: {shown}, wanted one of {wanted} ({rule.unit})"
        )
    when = {} if value["when"] is None else value["when"]
    if not isinstance(when, Mapping):
        raise TableError(
            f"row {number}: when is a {_kind(when)}, wanted conditions with their values"
        )
    return Row(number, {n: _values(rule, number, n, v) for n, v in when.items()}, int(outcome))


def _values(rule: Rule, number: int, name: Any, value: Any) -> frozenset[str] | tuple[Stretch, ...]:
    condition = rule.by_name.get(name)
    if condition is None:
        near = _if_value(rule, str(name)) or did_you_mean(str(name), rule.by_name)
        raise TableError(f"row {number}: no condition is called {name!r}{near}")
    given = value if isinstance(value, list) else [value]
    if not given:
        raise TableError(f"row {number}: {name} is an empty list; leave it out when any value fits")
    if not condition.words:
        stretches = _joined(_stretch(number, condition, each) for each in given)
        if len(stretches) > MOST_STRETCHES:
            raise TableError(
                f"row {number}: {name} has {len(stretches)} stretches of numbers, "
                f"{MOST_STRETCHES} is the most"
            )
        return stretches
    for each in given:
        if str(each).lower() not in condition.words:
            near = did_you_mean(str(each), condition.words) or _if_any(each)
            raise TableError(
                f"row {number}: {name} is {each!r}, wanted {', '.join(condition.words)} or a list "
                f"of these{near}"
            )
    return frozenset(str(each).lower() for each in given)


def _if_value(rule: Rule, name: str) -> str:
    """Return what to do where the value of a condition stands in the place of a condition."""
    for condition in rule.conditions:
        if name.lower() in condition.words:
            return (
                f"; it is a value of {condition.name}: write `{condition.name}: {name}`, and two "
                "values in brackets, as in `[one, another]`"
            )
    return ""


_ANY: Final = ("*", "-", "any", "all", "every", "none", "")


def _if_any(value: Any) -> str:
    """Return what to do where somebody writes that any value fits."""
    is_any = str("" if value is None else value).strip().lower() in _ANY
    return "; leave it out where any value fits" if is_any else ""


def _joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Return the same numbers in as few stretches as there can be."""
    found: list[Stretch] = []
    for first, last in sorted(stretches, key=lambda each: each[0]):
        before = found[-1] if found else None
        if before is None or (before[1] is not None and first > before[1] + 1):
            found.append((first, last))
        elif before[1] is not None:
            found[-1] = (before[0], None if last is None else max(last, before[1]))
    return tuple(found)


def _stretch(number: int, condition: Condition, value: Any) -> Stretch:
    text = " ".join(str(value).lower().split())
    if condition.units:
        text = re.sub(rf"(?<=\d) ?(?:{'|'.join(condition.units)})\b", "", text)
    found: Stretch | None = None
    if between := _FROM_TO.fullmatch(text):
        found = int(between[1]), int(between[2])
    for form, stretch in _FORMS.items():
        if said := re.fullmatch(form, text):
            found = stretch(int(next(each for each in said.groups() if each)))
    if found is None or isinstance(value, bool):
        raise TableError(
            f"row {number}: {condition.name} is {value!r}, wanted a whole number in words such as "
            f"{HOW_TO_SAY}{_if_any(value)}"
        )
    first, last = found
    if first > condition.most or (last is not None and last < first):
        raise TableError(
            f"row {number}: {condition.name} is {value!r}, and no number from 0 to "
            f"{condition.most} fits that"
        )
    return found


def _kind(value: Any) -> str:
    return {"dict": "mapping", "str": "text", "NoneType": "blank", "int": "number"}.get(
        type(value).__name__, type(value).__name__
    )
