"""The kinds of question: how each reads a choice, marks it and says it in words.

A new kind is one class here, listed in `KINDS`, and one function of the same name in
`widget.js`.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from ridealong.quizzes.markup import plain
from ridealong.quizzes.question import (
    Option,
    Question,
    is_number,
    option_problems,
    text_problems,
)
from ridealong.text import did_you_mean

Choice = str | int | float | list[str]


class ChoiceError(ValueError):
    """What was given is no answer to this question; the text says what is expected."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of feedback: what it is about, how it stands, and the text."""

    mark: str  # "right", "wrong" or "missed"
    about: str
    text: str


class Kind:
    """How one kind of question behaves."""

    name: ClassVar[str]
    view_keys: ClassVar[frozenset[str]]  # keys of the table that every learner may see
    secret_keys: ClassVar[frozenset[str]]  # keys left out while the key is held back
    option_keys: ClassVar[tuple[str, ...]] = ()

    @property
    def keys(self) -> frozenset[str]:
        """Keys of the table that belong to this kind."""
        return self.view_keys | self.secret_keys

    def view_problems(
        self, table: Mapping[str, Any], where: str, option_keys: Sequence[str]
    ) -> list[str]:
        """Return what is wrong with the part that the learner sees."""
        raise NotImplementedError

    def key_problems(self, table: Mapping[str, Any], where: str) -> list[str]:
        """Return what is wrong with the right answer and the feedback."""
        raise NotImplementedError

    def read(self, question: Question, given: object) -> Choice:
        """Return `given` as a well-formed choice.

        Raises:
            ChoiceError: when it is none.
        """
        raise NotImplementedError

    def mark(self, question: Question, choice: Choice) -> tuple[bool, list[Remark]]:
        """Return whether `choice` (from `read`) is right, and the remarks on it."""
        raise NotImplementedError

    def words(self, question: Question, choice: Choice) -> str:
        """Return `choice` (from `read`) as the learner saw it."""
        raise NotImplementedError


class One(Kind):
    """One option of several is right."""

    name = "one"
    view_keys = frozenset({"options"})
    secret_keys = frozenset()
    option_keys = ("id", "text", "right", "feedback")

    def view_problems(
        self, table: Mapping[str, Any], where: str, option_keys: Sequence[str]
    ) -> list[str]:
        return option_problems(table, where, option_keys, least=2)

    def key_problems(self, table: Mapping[str, Any], where: str) -> list[str]:
        problems = _feedback_problems(table, where) + _right_problems(table, where)
        count = sum(option.get("right") is True for option in _option_tables(table))
        if count != 1:
            problems.append(f"{where}: {count} options are right, expected exactly 1")
        return problems

    def read(self, question: Question, given: object) -> Choice:
        return _known_option(question, given).id

    def mark(self, question: Question, choice: Choice) -> tuple[bool, list[Remark]]:
        option = _known_option(question, choice)
        right = option.right is True
        return right, [Remark("right" if right else "wrong", "", option.feedback)]

    def words(self, question: Question, choice: Choice) -> str:
        return plain(_known_option(question, choice).text)


class Several(Kind):
    """Any number of options is right, at least one; all of them and no other are wanted."""

    name = "several"
    view_keys = frozenset({"options"})
    secret_keys = frozenset()
    option_keys = ("id", "text", "right", "feedback")

    def view_problems(
        self, table: Mapping[str, Any], where: str, option_keys: Sequence[str]
    ) -> list[str]:
        return option_problems(table, where, option_keys, least=2)

    def key_problems(self, table: Mapping[str, Any], where: str) -> list[str]:
        problems = _feedback_problems(table, where) + _right_problems(table, where)
        if not any(option.get("right") is True for option in _option_tables(table)):
            problems.append(f"{where}: no option is right, expected at least 1")
        return problems

    def read(self, question: Question, given: object) -> Choice:
        chosen = {option.id for option in _listed_options(question, given)}
        if not chosen:
            raise ChoiceError("no option is chosen, expected at least 1")
        return [option.id for option in question.options if option.id in chosen]

    def mark(self, question: Question, choice: Choice) -> tuple[bool, list[Remark]]:
        chosen = {option.id for option in _listed_options(question, choice)}
        remarks = []
        for option in question.options:
            if option.id in chosen:
                mark = "right" if option.right else "wrong"
                remarks.append(Remark(mark, option.text, option.feedback))
            elif option.right:
                remarks.append(Remark("missed", option.text, option.feedback))
        return all(remark.mark == "right" for remark in remarks), remarks

    def words(self, question: Question, choice: Choice) -> str:
        return "; ".join(plain(option.text) for option in _listed_options(question, choice))


class Order(Kind):
    """Lines to put in order. The table lists them in the right order."""

    name = "order"
    view_keys = frozenset({"options"})
    secret_keys = frozenset({"feedback_right"})
    option_keys = ("id", "text", "feedback")

    def view_problems(
        self, table: Mapping[str, Any], where: str, option_keys: Sequence[str]
    ) -> list[str]:
        return option_problems(table, where, option_keys, least=3)

    def key_problems(self, table: Mapping[str, Any], where: str) -> list[str]:
        problems = _feedback_problems(table, where)
        ids = [str(option.get("id")) for option in _option_tables(table)]
        if len(ids) > 2 and ids in (sorted(ids), sorted(ids, reverse=True)):
            problems.append(f"{where}: the alphabet gives the order of the ids away, use words")
        if "feedback_right" in table:
            problems += text_problems(table, ("feedback_right",), where)
        return problems

    def read(self, question: Question, given: object) -> Choice:
        options = _listed_options(question, given)
        ids = [option.id for option in options]
        if len(ids) != len(question.options) or len(set(ids)) != len(ids):
            raise ChoiceError(f"{len(set(ids))} of {len(question.options)} lines are in the list")
        return ids

    def mark(self, question: Question, choice: Choice) -> tuple[bool, list[Remark]]:
        placed = _listed_options(question, choice)
        for number, (there, wanted) in enumerate(zip(placed, question.options, strict=True)):
            if there.id != wanted.id:
                so_far = _COUNTED.get(number, f"The first {number} lines stand right. ")
                text = f"{so_far}Line {number + 1}: {there.feedback}"
                return False, [Remark("wrong", "", text)]
        text = question.feedback_right or "Every line stands where it belongs."
        return True, [Remark("right", "", text)]

    def words(self, question: Question, choice: Choice) -> str:
        return ", ".join(plain(option.text) for option in _listed_options(question, choice))


class Number(Kind):
    """A number with its unit, right within `tolerance` (in the same unit)."""

    name = "number"
    view_keys = frozenset({"unit"})
    secret_keys = frozenset(
        ["right_value", "tolerance", "feedback_low", "feedback_high", "feedback_right"]
    )

    def view_problems(
        self, table: Mapping[str, Any], where: str, option_keys: Sequence[str]
    ) -> list[str]:
        return text_problems(table, ("unit",), where)

    def key_problems(self, table: Mapping[str, Any], where: str) -> list[str]:
        keys = ("feedback_low", "feedback_high", "feedback_right")
        problems = text_problems(table, keys, where)
        for key in ("right_value", "tolerance"):
            if not is_number(table.get(key)):
                problems.append(f"{where}: {key} is {table.get(key)!r}, expected a number")
        if is_number(table.get("tolerance")) and table["tolerance"] < 0:
            problems.append(f"{where}: tolerance is {table['tolerance']!r}, expected 0 or more")
        return problems

    def read(self, question: Question, given: object) -> Choice:
        if isinstance(given, str):
            return _parsed_number(given, question.unit)
        if not is_number(given):
            raise ChoiceError(f"{_short(given)} is no number, expected a number of {question.unit}")
        assert isinstance(given, int | float)
        return given

    def mark(self, question: Question, choice: Choice) -> tuple[bool, list[Remark]]:
        assert isinstance(choice, int | float) and question.right_value is not None
        difference = choice - question.right_value
        # A hair more than the tolerance, so that 0.3 - 0.2 counts as 0.1.
        if abs(difference) <= question.tolerance + 1e-12 * max(1.0, abs(question.right_value)):
            return True, [Remark("right", "", question.feedback_right)]
        text = question.feedback_low if difference < 0 else question.feedback_high
        return False, [Remark("wrong", "", text)]

    def words(self, question: Question, choice: Choice) -> str:
        return f"{choice} {question.unit}".strip()


KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in (One(), Several(), Order(), Number())}

_COUNTED: Final = {0: "", 1: "The first line stands right. "}


def shown_options(question: Question) -> tuple[Option, ...]:
    """Return the options in the order in which they are shown.

    Lines to put in order are shuffled, the same way every time and never into the right order.
    With the key held back they are already listed as shown.
    """
    if question.kind != "order" or question.key_held_back:
        return question.options
    shuffled = list(question.options)
    generator = random.Random(question.id)
    while True:
        generator.shuffle(shuffled)
        if tuple(shuffled) != question.options:
            return tuple(shuffled)


def _option_tables(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    options = table.get("options")
    if not isinstance(options, list):
        return []
    return [option for option in options if isinstance(option, Mapping)]


def _feedback_problems(table: Mapping[str, Any], where: str) -> list[str]:
    return [
        problem
        for option in _option_tables(table)
        for problem in text_problems(option, ("feedback",), f"{where}, option {option.get('id')!r}")
    ]


def _right_problems(table: Mapping[str, Any], where: str) -> list[str]:
    return [
        f"{where}, option {option.get('id')!r}: right is {option['right']!r}, expected true or false"
        for option in _option_tables(table)
        if not isinstance(option.get("right", False), bool)
    ]


def _short(given: object) -> str:
    """Return what was given in at most 40 characters, whatever it is."""
    try:
        text = repr(given) if isinstance(given, str | int | float) else f"a {type(given).__name__}"
    except ValueError:  # an int of more than 4300 digits has no repr
        text = "a huge number"
    return text if len(text) <= 40 else text[:37] + "..."


def _known_option(question: Question, given: object) -> Option:
    option = question.option(given) if isinstance(given, str) else None
    if option is None:
        ids = [option.id for option in question.options]
        hint = did_you_mean(given, ids) if isinstance(given, str) and len(given) < 100 else ""
        raise ChoiceError(f"{_short(given)} is no option{hint or ', options: ' + ', '.join(ids)}")
    return option


def _listed_options(question: Question, given: object) -> list[Option]:
    if not isinstance(given, list | tuple):
        raise ChoiceError(f"{_short(given)} is no list, expected a list of option ids")
    if len(given) > 10 * len(question.options):
        raise ChoiceError(f"{len(given)} options are listed, the question has fewer")
    return [_known_option(question, each) for each in given]


_GROUPED = re.compile(r"[+-]?\d{1,3}([  ']\d{3})+")


def _parsed_number(given: str, unit: str) -> int | float:
    """Return the number that was typed.

    One comma or point is a decimal sign, but a comma before exactly three digits may also
    separate thousands, so it is asked back.
    """
    text = given.strip().replace("\N{MINUS SIGN}", "-")
    if unit and text.lower().endswith(unit.lower()):
        text = text[: -len(unit)].strip()
    if len(text) > 40:
        raise ChoiceError(f"{len(text)} characters are no number, expected a number of {unit}")
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[  ']", "", text)
    if re.fullmatch(r"[+-]?\d{1,3},\d{3}", text):
        joined = text.replace(",", "")
        raise ChoiceError(
            f"{given.strip()!r} may be {joined} or {text.replace(',', '.')}: write it without comma"
        )
    if re.fullmatch(r"[+-]?\d*,\d+", text):
        text = text.replace(",", ".")
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d{1,2})?|[+-]?\d+[eE][+-]?\d{1,2}", text):
        return float(text)
    raise ChoiceError(f"{_short(given)} is no number, expected a number of {unit}")
