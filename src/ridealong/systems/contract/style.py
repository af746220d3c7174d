"""Three published style guides that disagree, and one contract held against each.

The guides are Google's API Improvement Proposals, the Microsoft Azure REST API Guidelines and the
Zalando RESTful API Guidelines. Their rules stand in `style/*.toml`, each with its number, its
strength and, in our own words, what it says; only what an OpenAPI document shows is judged. The
questions on which they differ stand in `style/questions.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

from ridealong.systems.contract.style_checks import CHECKS, Site, View
from ridealong.text import did_you_mean

if TYPE_CHECKING:
    from ridealong.systems.contract.document import Document

Strength = Literal["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"]

GUIDES: Final = ("google", "azure", "zalando")
"""The guides, by the names that every function here takes."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a rule has looked at.

    Attributes:
        name: the function of `style_checks`.
        question: the key of the question that it answers.
        strength: how strongly the guide wants this.
        options: what the guide wants.
    """

    name: str
    question: str
    strength: Strength
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a guide.

    Attributes:
        guide: `google`, `azure` or `zalando`.
        number: as the guide numbers it: `AIP-122`, `#118`; Azure names its rules by anchors.
        title: as the guide calls it, or nearly so.
        strength: the strongest word of what is judged here.
        says: what the guide says, in our own words.
        link: where it says so.
        checks: what is looked at.
    """

    guide: str
    number: str
    title: str
    strength: Strength
    says: str
    link: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """One published style guide.

    Attributes:
        key: `google`, `azure` or `zalando`.
        name: short, for a table's head.
        title: as it calls itself.
        home: its address.
        rules: those that are judged here.
    """

    key: str
    name: str
    title: str
    home: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One place of a contract that breaks a rule.

    Attributes:
        rule: the rule's number.
        check: what was looked at: the function of `style_checks`.
        title: the rule's title.
        strength: how strongly the guide wants this.
        link: where the guide says so.
        place: where in the document, as a JSON pointer.
        seen: what stands there.
        wanted: what the guide wants instead.
        document: the contract.
    """

    rule: str
    check: str
    title: str
    strength: Strength
    link: str
    place: str
    seen: str
    wanted: str
    document: Document = field(repr=False, compare=False)

    @property
    def line(self) -> int:
        """The place as a line, counted from 1.

        It is looked up when it is asked for: in 5 MB of JSON each look-up reads the text.
        """
        return self.document.line(self.place)

    def __str__(self) -> str:
        return f"line {self.line}: {self.seen}; {self.rule} wants {self.wanted}"


@dataclass(frozen=True, slots=True)
class Consistency:
    """How far a contract keeps to one guide.

    Attributes:
        guide: which.
        kept: the rules that the contract had occasion to break, and kept everywhere.
        broken: the rules that it breaks somewhere.
        not_met: the rules that it gives no occasion to keep or break, as that on money where
            there is none.
    """

    guide: str
    kept: tuple[Rule, ...]
    broken: tuple[Rule, ...]
    not_met: tuple[Rule, ...]

    @property
    def share(self) -> float:
        """The kept among the rules that it met, from 0 to 1; 0 for a contract that met none."""
        met = len(self.kept) + len(self.broken)
        return len(self.kept) / met if met else 0.0


@dataclass(frozen=True, slots=True)
class Cell:
    """What one guide says to one question about a contract.

    Attributes:
        answer: its answer in a word or two; empty where it is silent.
        rules: the numbers of its rules that are judged on the question.
        judged: how many places were judged.
        broken: how many of them break a rule.
    """

    answer: str
    rules: tuple[str, ...]
    judged: int
    broken: int

    def __str__(self) -> str:
        if not self.answer:
            return "silent"
        if not self.rules:
            return "not judged"
        if not self.judged:
            return "not met"
        return f"{self.broken} of {self.judged} broken" if self.broken else "kept"


@dataclass(frozen=True, slots=True)
class Row:
    """One question about a contract, under each guide."""

    question: str
    text: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a guide answers to a question.

    Attributes:
        guide: which.
        short: in a word or two; guides that agree have the same.
        says: in a sentence.
        number: the rule's number.
        strength: how strongly.
        link: where the guide says so.
    """

    guide: str
    short: str
    says: str
    number: str
    strength: Strength
    link: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question that at least one guide answers.

    Attributes:
        key: its name.
        text: as one would ask it.
        answers: by guide; a guide that is missing is silent.
    """

    key: str
    text: str
    answers: Mapping[str, Answer]

    @property
    def disputed(self) -> bool:
        """Whether two guides give different answers."""
        return len({answer.short for answer in self.answers.values()}) > 1

    @property
    def silent(self) -> tuple[str, ...]:
        """The guides that do not answer."""
        return tuple(guide for guide in GUIDES if guide not in self.answers)


@cache
def published(name: str) -> Guide:
    """Return a guide with its rules.

    Raises:
        ValueError: when there is no such guide.
    """
    if name not in GUIDES:
        raise ValueError(
            f"there is no style guide {name!r}{did_you_mean(name, GUIDES)}; "
            f"choose one of {', '.join(GUIDES)}"
        )
    raw = _toml(name)
    rules = tuple(_rule(name, raw, each) for each in raw["rule"])
    return Guide(name, raw["name"], raw["title"], raw["home"], rules)


def judged(document: Document, guide: str) -> list[Finding]:
    """Return where a contract breaks a guide, by the guide's rules and then the document's order.

    Args:
        document: the contract.
        guide: `google`, `azure` or `zalando`.

    Raises:
        ValueError: when there is no such guide.
    """
    view = View(document)
    return [
        Finding(
            rule.number,
            check.name,
            rule.title,
            check.strength,
            rule.link,
            site.place,
            site.seen,
            site.wanted,
            document,
        )
        for rule in published(guide).rules
        for check, site in _sites(view, rule)
        if not site.kept
    ]


def consistency(document: Document, guide: str) -> Consistency:
    """Tell how far a contract keeps to the guide that its author picked.

    A rule counts once, however often it is broken: naming forty properties wrong is one decision.

    Args:
        document: the contract.
        guide: `google`, `azure` or `zalando`.

    Raises:
        ValueError: when there is no such guide.
    """
    view = View(document)
    kept: list[Rule] = []
    broken: list[Rule] = []
    not_met: list[Rule] = []
    for rule in published(guide).rules:
        sites = [site for _, site in _sites(view, rule)]
        group = not_met if not sites else kept if all(site.kept for site in sites) else broken
        group.append(rule)
    return Consistency(guide, tuple(kept), tuple(broken), tuple(not_met))


def matrix(document: Document) -> list[Row]:
    """Judge a contract under every guide: questions as rows, guides as columns.

    The guides number their rules each in their own way, so a row is what they have in common: the
    question. Only questions on which at least one guide has a judged rule have a row.
    """
    view = View(document)
    sites: dict[tuple[str, str], list[Site]] = {}
    rules: dict[tuple[str, str], list[str]] = {}
    for name in GUIDES:
        for rule in published(name).rules:
            for check in rule.checks:
                key = check.question, name
                rules.setdefault(key, []).append(rule.number)
                sites.setdefault(key, []).extend(CHECKS[check.name](view, **check.options))
    rows = []
    for question in questions():
        if not any((question.key, name) in rules for name in GUIDES):
            continue
        cells = {}
        for name in GUIDES:
            answer = question.answers.get(name)
            found = sites.get((question.key, name), [])
            cells[name] = Cell(
                answer.short if answer else "",
                tuple(rules.get((question.key, name), ())),
                len(found),
                sum(not site.kept for site in found),
            )
        rows.append(Row(question.key, question.text, cells))
    return rows


@cache
def questions() -> tuple[Question, ...]:
    """Return every question, with each guide's answer."""
    found = []
    for raw in _toml("questions")["question"]:
        answers = {}
        for name in GUIDES:
            if name not in raw:
                continue
            answer = raw[name]
            answers[name] = Answer(
                name,
                answer["short"],
                answer["says"],
                answer["number"],
                answer.get("strength") or _strength(name, answer["number"], raw["key"]),
                _link(_toml(name), answer["number"]),
            )
        found.append(Question(raw["key"], raw["text"], answers))
    return tuple(found)


def conflicts() -> tuple[Question, ...]:
    """Return the questions on which the guides disagree, each with its number and link."""
    return tuple(question for question in questions() if question.disputed)


def _sites(view: View, rule: Rule) -> Iterator[tuple[Check, Site]]:
    for check in rule.checks:
        for site in CHECKS[check.name](view, **check.options):
            yield check, site


@cache
def _toml(name: str) -> dict[str, Any]:
    source = files("ridealong.systems.contract").joinpath("style", f"{name}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _rule(name: str, guide_raw: Mapping[str, Any], raw: Mapping[str, Any]) -> Rule:
    checks = []
    for each in raw["checks"]:
        options = dict(each)
        checks.append(
            Check(
                options.pop("check"),
                options.pop("question"),
                options.pop("strength", raw["strength"]),
                options,
            )
        )
    return Rule(
        name,
        raw["number"],
        raw["title"],
        raw["strength"],
        raw["says"],
        _link(guide_raw, raw["number"]),
        tuple(checks),
    )


def _link(guide_raw: Mapping[str, Any], number: str) -> str:
    bare = number.removeprefix(guide_raw["number_prefix"])
    return str(guide_raw["link"]).replace("{number}", bare)


def _strength(name: str, number: str, question: str) -> Strength:
    """Return how strongly the judged rule of a number answers a question."""
    rule = next(each for each in published(name).rules if each.number == number)
    return next((c.strength for c in rule.checks if c.question == question), rule.strength)
