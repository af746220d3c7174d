"""What changed between two schemas, and whom it breaks in which direction.

What a client sends is a *request*: the service may come to accept more, never less. What a client
receives is an *answer*: the service may come to send less variety, never more. So the same edit
is harmless in one direction and breaks clients in the other.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ridealong.systems.contract.meaning import (
    JSON_TYPES,
    Node,
    Shape,
    Side,
    Union,
    component,
    form,
    references,
    shown,
)

Level = Literal["breaking", "risky", "safe"]
Direction = Literal["request", "answer"]
LEVELS: Final[tuple[Level, ...]] = ("breaking", "risky", "safe")

REFUSED: Final = "\0refused\0"
"""Stands in a text for "is refused with 400"; the operation decides which code it documents."""

_STEP: Final = re.compile(r"\[[^\]]*\]|[^.\[\]]+")
_DEEPEST: Final = 40  # below that, a comparison goes on from a queue
_MOST_PAIRINGS: Final = 100  # of alternatives that go with those that stay
_DEEPEST_GRADE: Final = 20  # alternatives of alternatives, each asked whether it fits another
_MOST_EFFORT: Final = 10_000  # comparisons made only to find out which alternatives belong together
_SCALARS: Final = frozenset({"boolean", "integer", "number", "string"})
_WIDER_FORMATS: Final = {("int32", "int64"), ("float", "double")}
_HINTS: Final = frozenset({"password"})  # tells a form how to draw a field, not what it may hold

_BOUNDS: Final = {
    "minLength": ("lower", "character", "shorter text"),
    "maxLength": ("upper", "character", "longer text"),
    "minItems": ("lower", "item", "fewer items"),
    "maxItems": ("upper", "item", "more items"),
    "minProperties": ("lower", "field", "fewer fields"),
    "maxProperties": ("upper", "field", "more fields"),
    "minContains": ("lower", "matching item", "fewer matching items"),
    "maxContains": ("upper", "matching item", "more matching items"),
}


@dataclass(frozen=True)
class Finding:
    """One difference, not yet tied to an operation."""

    level: Level
    kind: str
    place: str
    sentence: str
    client: str


@dataclass(frozen=True)
class Pair:
    """Two schemas to compare.

    Attributes:
        old: The schema in the old document.
        new: The schema in the new document.
        direction: Whether clients send it or receive it.
        name: What it is called in a sentence.
        written: Whether values travel as plain text (parameters, headers, forms), where a number
            cannot be told from its digits.
        must: Whether the value is always sent, so that a default never counts.
    """

    old: Node
    new: Node
    direction: Direction
    name: str
    written: bool = False
    must: bool = False

    @property
    def key(self) -> tuple[int, int, str, bool, bool]:
        """Return what makes two comparisons the same."""
        return id(self.old.raw), id(self.new.raw), self.direction, self.written, self.must


class SchemaComparison:
    """Compares schemas of two documents; everything is compared once.

    Args:
        old: The old document.
        new: The new document.
        unchanged: The names of components that are the same in both, with all they refer to.
    """

    def __init__(self, old: Side, new: Side, unchanged: frozenset[str] = frozenset()) -> None:
        self.old = old
        self.new = new
        self.unchanged = unchanged
        self._own: dict[tuple[Any, ...], tuple[list[Finding], list[Pair]]] = {}
        self._under_way: set[tuple[Any, ...]] = set()
        self._grades: dict[tuple[Any, ...], Level] = {}
        self._reached: dict[tuple[Any, ...], tuple[Finding, ...]] = {}
        self._met_unfinished = 0
        self._effort = 0
        self._kept: list[Node] = []

    def findings(self, start: Pair) -> Iterable[Finding]:
        """Return every difference between two schemas and all that they hold."""
        if self._under_way:  # a question within a comparison: what is found may not be all
            return self._walked(start)
        first = self._followed(start)
        if first is None:
            return ()
        if first.key not in self._reached:
            self._explore(first)
        return self._reached[first.key]

    def _walked(self, start: Pair) -> Iterator[Finding]:
        """Yield what is found from pair to pair, until the effort is spent."""
        queue = deque([start])
        seen: set[tuple[Any, ...]] = set()
        while queue:
            pair = self._followed(queue.popleft())
            if pair is None or pair.key in seen:
                continue
            seen.add(pair.key)
            self._effort += 1
            if self._effort > _MOST_EFFORT:
                return
            own, below = self._compare(pair)
            yield from own
            queue.extend(below)

    def _explore(self, first: Pair) -> None:
        """Note for a pair, and for each one below it, all that is found from there.

        Schemas that hold each other find the same, so they are taken together (Tarjan's strongly
        connected components): the cost is that of the schemas, not of operations times schemas.
        """
        index: dict[tuple[Any, ...], int] = {first.key: 0}
        low = {first.key: 0}
        open_keys, holding = [first.key], {first.key}
        pairs = {first.key: first}
        work = [(first.key, self._below(first))]
        while work:
            key, below = work[-1]
            child = next(below, None)
            if child is not None:
                if child.key in self._reached:
                    continue
                if child.key not in index:
                    index[child.key] = low[child.key] = len(index)
                    pairs[child.key] = child
                    open_keys.append(child.key)
                    holding.add(child.key)
                    work.append((child.key, self._below(child)))
                elif child.key in holding:
                    low[key] = min(low[key], index[child.key])
                continue
            work.pop()
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[key])
            if low[key] != index[key]:
                continue
            position = open_keys.index(key) if open_keys[-1] != key else len(open_keys) - 1
            together = open_keys[position:]
            del open_keys[position:]
            holding.difference_update(together)
            found: dict[Finding, None] = {}
            for member in together:
                found.update(dict.fromkeys(self._compare(pairs[member])[0]))
            for member in together:
                for lower in self._below(pairs[member]):
                    if lower.key in self._reached and lower.key not in together:
                        found.update(dict.fromkeys(self._reached[lower.key]))
            everything = tuple(found)
            for member in together:
                self._reached[member] = everything

    def keep(self, node: Node) -> None:
        """Keep a schema that is made here: another one must not get its id."""
        self._kept.append(node)

    def _below(self, pair: Pair) -> Iterator[Pair]:
        followed = map(self._followed, self._compare(pair)[1])
        return (one for one in followed if one is not None)

    def _followed(self, pair: Pair) -> Pair | None:
        """Return a pair without its `$ref`s; None where both lead to the same, unchanged schema."""
        old, new = pair.old.raw, pair.new.raw
        # The text of both tells `1` from `true`, which are equal in Python.
        alike = self.old.is_30 == self.new.is_30 and (old is new or repr(old) == repr(new))
        if alike and all(component(target) in self.unchanged for target in references(old)):
            return None
        return replace(pair, old=self.old.plain(pair.old), new=self.new.plain(pair.new))

    def grade(self, pair: Pair) -> Level:
        """Return how bad it is where the new schema stands in for the old one."""
        if self._tired():
            return "breaking"
        if pair.key not in self._grades:
            met = self._met_unfinished
            levels = {finding.level for finding in self.findings(pair)}
            found: Level = next((level for level in LEVELS if level in levels), "safe")
            if self._effort > _MOST_EFFORT:
                return "breaking"
            if self._met_unfinished != met:
                return found
            self._kept += [pair.old, pair.new]
            self._grades[pair.key] = found
        return self._grades[pair.key]

    def _tired(self) -> bool:
        """Return whether it takes too long to ask: what is not asked counts as not fitting."""
        return len(self._under_way) > _DEEPEST_GRADE or self._effort > _MOST_EFFORT

    def same(self, pair: Pair) -> bool:
        """Return whether two schemas mean the same in both directions."""
        if self._tired():
            return form(pair.old.raw) == form(pair.new.raw)
        turned = Pair(pair.old, pair.new, "answer", pair.name, pair.written, pair.must)
        asked = Pair(pair.old, pair.new, "request", pair.name, pair.written, pair.must)
        differs = any(
            finding.kind != "description changed"
            for one in (turned, asked)
            for finding in self.findings(one)
        )
        return not differs and not self._effort > _MOST_EFFORT

    def _compare(self, pair: Pair) -> tuple[list[Finding], list[Pair]]:
        key = pair.key
        if key in self._own:
            return self._own[key]
        if key in self._under_way:
            self._met_unfinished += 1
            return [], []
        self._under_way.add(key)
        comparison = _Comparison(self, pair)
        try:
            comparison.run(pair, "", 0)
        finally:
            self._under_way.discard(key)
        self._kept += [pair.old, pair.new]  # their ids are keys
        self._own[key] = (comparison.found, comparison.below)
        return self._own[key]


class _Comparison:
    """One pair of schemas down to the next `$ref`."""

    def __init__(self, whole: SchemaComparison, start: Pair) -> None:
        self.whole = whole
        self.start = start
        self.request = start.direction == "request"
        self.found: list[Finding] = []
        self.below: list[Pair] = []
        self._inside: set[tuple[Any, ...]] = set()

    # -- saying it -----------------------------------------------------------------------------

    def name(self, path: str) -> str:
        """Return what the thing at a path is called, with the direction."""
        side = "in the request" if self.request else "in the answer"
        start = self.start.name
        whole = _inside(path, start)
        return whole if "the " in start else f"{whole} {side}"

    def say(self, level: Level, kind: str, place: str, sentence: str, client: str) -> None:
        """Add a finding."""
        words = "request" if self.request else "answer"
        self.found.append(
            Finding(level, f"{words} {kind}", place, sentence[0].upper() + sentence[1:], client)
        )

    def narrower(
        self, kind: str, place: str, sentence: str, client: str, level: Level = "breaking"
    ) -> None:
        """Add a finding on a schema that allows less: it breaks who sends what is gone."""
        if self.request:
            self.say(level, kind, place, sentence, client)
        else:
            self.say(
                "safe", kind, place, sentence, "no client breaks: it receives only what it knew"
            )

    def wider(
        self, kind: str, place: str, sentence: str, client: str, level: Level = "breaking"
    ) -> None:
        """Add a finding on a schema that allows more: it breaks who receives what is new."""
        if self.request:
            self.say(
                "safe", kind, place, sentence, "no client breaks: all it sends is still accepted"
            )
        else:
            self.say(level, kind, place, sentence, client)

    # -- going down ----------------------------------------------------------------------------

    def child(self, old: Node, new: Node, path: str, depth: int, *, must: bool = False) -> None:
        """Compare what lies below, at once or, behind a `$ref`, later."""
        pair = Pair(old, new, self.start.direction, self.start.name, self.start.written, must)
        named = self.whole.new.reference(new) or self.whole.old.reference(old)
        if named is not None or depth > _DEEPEST:
            title = f"`{named}`" if named is not None else self.name(path)
            self.below.append(Pair(old, new, pair.direction, title, pair.written, must))
            return
        self.run(pair, path, depth + 1)

    def run(self, pair: Pair, path: str, depth: int) -> None:
        """Compare two schemas."""
        if pair.key in self._inside:
            return
        self._inside.add(pair.key)
        old, new = self.whole.old.shape(pair.old), self.whole.new.shape(pair.new)
        name = self.name(path)
        if old.words != new.words:
            self.found.append(
                Finding(
                    "safe",
                    "description changed",
                    new.place,
                    f"the description of {name} changed",
                    "no client breaks: nothing that travels changes",
                )
            )
        if old.opaque != new.opaque:
            self.say(
                "risky",
                "reference changed",
                new.place,
                f"{name} points to another description outside this document",
                "a client breaks if the two descriptions differ",
            )
        if old.never != new.never:
            report = self.narrower if new.never else self.wider
            report(
                "value forbidden" if new.never else "value allowed",
                new.place,
                f"{name} may {'no longer' if new.never else 'now'} be there at all",
                f"a client that sends it {REFUSED}"
                if new.never
                else "a client that was told that it never comes meets it",
            )
            return
        self.annotations(old, new, name, pair)
        if (len(old.unions), len(new.unions)) in ((0, 1), (1, 0)):
            self.wrapping(pair, old, new, name)
            return
        if not self.types(old, new, name, path, depth):
            return
        self.values(old, new, name)
        self.bounds(old, new, name)
        self.texts(old, new, name)
        self.objects(old, new, name, path, depth)
        self.arrays(old, new, name, path, depth)
        self.composition(pair, old, new, name, path, depth)

    # -- what a value is -----------------------------------------------------------------------

    def annotations(self, old: Shape, new: Shape, name: str, pair: Pair) -> None:
        """Compare default, deprecated and sunset."""
        if old.default != new.default and not (pair.must and self.request):
            self.default(old.default, new.default, new.where("default"), name)
        if old.deprecated != new.deprecated:
            kind = "deprecated" if new.deprecated else "no longer deprecated"
            self.say(
                "safe",
                kind,
                new.where("deprecated"),
                f"{name} is {kind}",
                "no client breaks today; whoever uses it should plan to stop"
                if new.deprecated
                else "no client breaks",
            )
        if old.sunset != new.sunset:
            self.say(
                "risky" if old.sunset and (not new.sunset or new.sunset < old.sunset) else "safe",
                "sunset changed",
                new.where("x-sunset"),
                f"the end of {name} is now {shown(new.sunset or 'open')} (before: {shown(old.sunset or 'open')})",
                "a client that planned its move by the old date",
            )

    def default(self, was: str | None, now: str | None, place: str, name: str) -> None:
        """Compare what a value that is left out means (AIP-180, default values)."""
        who = "a client that sends none" if self.request else "a client that receives none"
        if was is not None and now is not None:
            self.say(
                "breaking" if self.request else "risky",
                "default changed",
                place,
                f"{name} left out now means {_default(now)}, no longer {_default(was)}",
                f"{who} gets another meaning than before without a word",
            )
        else:
            kind = "default added" if was is None else "default removed"
            verb = "now means" if was is None else "no longer means"
            self.say(
                "breaking" if self.request and now is None else "risky",
                kind,
                place,
                f"{name} left out {verb} {_default(now or was)}",
                f"{who} had the word of the contract for what that means"
                if now is None
                else f"{who} relied on what the service did so far: ask whether that stays",
            )

    def types(self, old: Shape, new: Shape, name: str, path: str, depth: int) -> bool:
        """Compare types and null; return whether a comparison of the rest makes sense."""
        was, now = old.types, new.types
        place = new.where("type")
        null = self._null(self.whole.old, old), self._null(self.whole.new, new)
        if null[0] != null[1] and (was is None) == (now is None):
            if null[1]:
                self.wider(
                    "null allowed",
                    place,
                    f"{name} may now be null",
                    "a client that reads the value without asking for null",
                )
            else:
                self.narrower(
                    "null forbidden",
                    place,
                    f"{name} may no longer be null",
                    f"a client that sends null {REFUSED}",
                )
        if was == now:
            return True
        written = self.start.written
        keeps, gains = _covers(now, was, written), _covers(was, now, written)
        sentence = f"{name} is now {_type_words(now)}, no longer {_type_words(was)}"
        if keeps and gains:
            return True
        if (
            written
            and now == frozenset({"array"})
            and was is not None
            and was <= _SCALARS
            and self.request
        ):
            single = new.items or self.whole.new.anything
            before = Node({"type": sorted(was)}, old.place)
            self.whole.keep(before)
            fits = (
                new.counts.get("minItems", 0) <= 1
                and self.whole.grade(Pair(before, single, "request", name, written=True))
                != "breaking"
            )
            if fits:
                self.say(
                    "safe",
                    "type widened",
                    place,
                    f"{name} may now be given several times",
                    "no client breaks: one value is a list of one",
                )
                return False
        if keeps:
            self.wider(
                "type widened", place, sentence, "a client that expects the old type meets another"
            )
        elif gains:
            self.narrower(
                "type narrowed", place, sentence, f"a client that sends the other type {REFUSED}"
            )
        else:
            self.say(
                "breaking",
                "type changed",
                place,
                sentence,
                f"a client that sends {_type_words(was)} {REFUSED}"
                if self.request
                else f"a client that reads {_type_words(was)} gets {_type_words(now)}",
            )
            return False
        return True

    def _null(self, side: Side, shape: Shape) -> bool:
        """Return whether null is allowed, by the schema itself or by one of its alternatives."""
        if shape.types is None and shape.null is None and not shape.never:
            return all(
                any(side.shape(branch).null_allowed for branch in union.branches)
                for union in shape.unions
            )
        return shape.null_allowed

    def values(self, old: Shape, new: Shape, name: str) -> None:
        """Compare enum, const and x-extensible-enum."""
        place = new.where("enum")
        was, now = old.values, new.values
        if was is not None and now is not None:
            gone = [value for key, value in was.items() if key not in now]
            come = [value for key, value in now.items() if key not in was]
            if old.constant and new.constant and gone and come:
                self.say(
                    "breaking",
                    "constant changed",
                    place,
                    f"{name} is now always {shown(come[0])}, no longer {shown(gone[0])}",
                    f"a client that sends {shown(gone[0])} {REFUSED}"
                    if self.request
                    else f"a client that waits for {shown(gone[0])} never sees it",
                )
                return
            for value in gone:
                self.narrower(
                    "value removed",
                    place,
                    f"{name} may no longer be {shown(value)}",
                    f"a client that sends {shown(value)} {REFUSED}",
                )
            for value in come:
                self.wider(
                    "value added",
                    place,
                    f"{name} may now also be {shown(value)}",
                    f"an old app that knows {_count(len(was), 'value')} meets {shown(value)}",
                    "risky",
                )
        elif now is not None:
            self.narrower(
                "list of values added",
                place,
                f"{name} may now only be {_listing(now.values())}",
                f"a client that sends another value {REFUSED}",
            )
        elif was is not None:
            self.wider(
                "list of values removed",
                old.where("enum"),
                f"{name} may now be more than {_listing(was.values())}",
                f"an old app that knows {_count(len(was), 'value')} meets another one",
                "risky",
            )
        was, now = old.extensible, new.extensible
        if was is not None or now is not None:
            was, now = was or {}, now or {}
            place = new.where("x-extensible-enum")
            for key, value in was.items():
                if key not in now:
                    self.narrower(
                        "value removed",
                        place,
                        f"{name} may no longer be {shown(value)}",
                        f"a client that sends {shown(value)} {REFUSED}",
                    )
            for key, value in now.items():
                if key not in was:
                    self.say(
                        "safe",
                        "value added",
                        place,
                        f"{name} may now also be {shown(value)}",
                        "no client breaks: it was told that values may be added",
                    )

    def bounds(self, old: Shape, new: Shape, name: str) -> None:
        """Compare limits on numbers, lengths and counts, and steps."""
        for attribute, keyword in (("lower", "minimum"), ("upper", "maximum")):
            was, now = getattr(old, attribute), getattr(new, attribute)
            if was == now:
                continue
            other = "a smaller number" if attribute == "lower" else "a larger number"
            place = new.where(keyword) if now else old.where(keyword)
            tighter = _tighter(attribute, was, now)
            self._bound(
                keyword,
                place,
                name,
                tighter,
                other,
                _limit(attribute, was) if was else None,
                _limit(attribute, now) if now else None,
            )
        for keyword, (attribute, thing, other) in _BOUNDS.items():
            was, now = old.counts.get(keyword), new.counts.get(keyword)
            if keyword.endswith("Contains"):
                if old.contains is None or new.contains is None:
                    continue
                if keyword == "minContains":
                    was, now = 1 if was is None else was, 1 if now is None else now
            if was == now:
                continue
            place = new.where(keyword) if now is not None else old.where(keyword)
            tighter = _tighter(
                attribute,
                None if was is None else (was, False),
                None if now is None else (now, False),
            )
            self._bound(
                keyword,
                place,
                name,
                tighter,
                other,
                None if was is None else _amount(attribute, was, thing),
                None if now is None else _amount(attribute, now, thing),
            )
        if old.multiples != new.multiples:
            was, now = old.multiples, new.multiples
            place = new.where("multipleOf")
            words = (
                f"{name} must now be a multiple of {_numbers(now)}"
                if now
                else f"{name} may now be any number"
            )
            if was:
                words += f" (before: a multiple of {_numbers(was)})"
            if not was or (now and all(any(_divides(n, o) for n in now) for o in was)):
                self.narrower(
                    "step narrowed", place, words, f"a client that sends another number {REFUSED}"
                )
            elif not now or all(any(_divides(o, n) for o in was) for n in now):
                self.wider("step widened", place, words, "a client that relies on the old step")
            else:
                self.say(
                    "breaking",
                    "step changed",
                    place,
                    words,
                    f"a client that sends a multiple of {_numbers(was)} {REFUSED}"
                    if self.request
                    else "a client that relies on the old step",
                )

    def _bound(
        self,
        keyword: str,
        place: str,
        name: str,
        tighter: bool,
        other: str,
        was: str | None,
        now: str | None,
    ) -> None:
        if tighter and was is None:
            # Every field has some limit, if only the width of a column, and writing it down is
            # often no more than that. The document cannot tell, so it is a risk.
            self.narrower(
                f"{keyword} set",
                place,
                f"{name} has a limit now: {now}",
                f"a client that sends {other} {REFUSED}, unless it was refused already",
                "risky",
            )
        elif tighter:
            self.narrower(
                f"{keyword} narrowed",
                place,
                f"the limit on {name} is tighter: {now} (before: {was})",
                f"a client that goes on sending {other} {REFUSED}",
            )
        elif now is None:
            self.wider(
                f"{keyword} removed",
                place,
                f"{name} has no limit any more (before: {was})",
                f"a client that was built for the limit meets {other}",
            )
        else:
            self.wider(
                f"{keyword} widened",
                place,
                f"the limit on {name} is looser: {now} (before: {was})",
                f"a client that was built for the limit meets {other}",
            )

    def texts(self, old: Shape, new: Shape, name: str) -> None:
        """Compare format, pattern and the content of a text."""
        was, now = old.formats - _HINTS, new.formats - _HINTS
        if was != now:
            place = new.where("format")
            sentence = f"{name} is now written as {_words(now)} (before: {_words(was)})"
            pair = (next(iter(was), ""), next(iter(now), ""))
            if was < now or pair[::-1] in _WIDER_FORMATS:
                self.narrower(
                    "format narrowed",
                    place,
                    sentence,
                    f"a client that sends another form {REFUSED}",
                )
            elif now < was or pair in _WIDER_FORMATS:
                self.wider(
                    "format widened", place, sentence, "a client that reads only the old form"
                )
            else:
                self.say(
                    "breaking",
                    "format changed",
                    place,
                    sentence,
                    f"a client that sends the old form {REFUSED}"
                    if self.request
                    else "a client that reads the old form",
                )
        elif old.formats != new.formats:
            self.say(
                "safe",
                "format changed",
                new.where("format"),
                f"{name} is drawn differently in a form",
                "no client breaks",
            )
        if old.patterns != new.patterns:
            was, now = old.patterns, new.patterns
            place = new.where("pattern")
            if was < now:
                self.narrower(
                    "pattern added",
                    place,
                    f"{name} must now match {_words(now - was)}",
                    f"a client that sends another text {REFUSED}",
                )
            elif now < was:
                self.wider(
                    "pattern removed",
                    old.where("pattern"),
                    f"{name} need no longer match {_words(was - now)}",
                    "a client that cuts the text up by the old pattern",
                    "risky",
                )
            else:
                # Whether one pattern allows all that another does is not decided here, so it may
                # be a wider one for what is sent or a narrower one for what is received.
                self.say(
                    "risky",
                    "pattern changed",
                    place,
                    f"{name} must now match {_words(now)} (before: {_words(was)})",
                    f"a client that sends text of the old pattern {REFUSED} where the new one forbids it"
                    if self.request
                    else "a client that cuts the text up by the old pattern",
                )
        if old.unique != new.unique:
            report = self.narrower if new.unique else self.wider
            report(
                "repetition forbidden" if new.unique else "repetition allowed",
                new.where("uniqueItems"),
                f"{name} may {'no longer' if new.unique else 'now'} hold the same item twice",
                f"a client that sends one twice {REFUSED}"
                if new.unique
                else "a client that takes each item for one of its kind",
            )
        for keyword, attribute in (
            ("contentMediaType", "media_type"),
            ("contentEncoding", "encoding"),
        ):
            before, after = getattr(old, attribute), getattr(new, attribute)
            if before == after:
                continue
            place = new.where(keyword)
            sentence = f"the text in {name} is now {after or 'of any kind'} (before: {before or 'of any kind'})"
            if before is None:
                self.narrower(
                    "content of text said",
                    place,
                    sentence,
                    f"a client that sends text of another kind {REFUSED}",
                    "risky",
                )
            elif after is None:
                self.wider(
                    "content of text unsaid",
                    place,
                    sentence,
                    "a client that unpacks the text as it was told",
                    "risky",
                )
            else:
                self.say(
                    "breaking",
                    "content of text changed",
                    place,
                    sentence,
                    f"a client that packs the text the old way {REFUSED}"
                    if self.request
                    else "a client that unpacks the text the old way",
                )

    # -- objects -------------------------------------------------------------------------------

    def objects(self, old: Shape, new: Shape, name: str, path: str, depth: int) -> None:
        """Compare properties, required and the rules for other names."""
        for field in dict.fromkeys([*old.properties, *new.properties]):
            self.field(field, old, new, name, path, depth)
        for field in dict.fromkeys([*old.required, *new.required]):
            if (field in old.required) == (field in new.required):
                continue
            if (field in old.properties) != (field in new.properties):
                continue  # said where the property is
            if self._skipped(self._shape(new, field, self.whole.new)):
                continue
            self.required(field, field in new.required, old, new, name)
        self.other_names(old, new, name, path, depth)
        self.dependencies(old, new, name, path, depth)
        self.discriminators(old, new, name)

    def _shape(self, shape: Shape, field: str, side: Side) -> Shape | None:
        return side.shape(shape.properties[field]) if field in shape.properties else None

    def _skipped(self, shape: Shape | None) -> bool:
        """Whether a property does not travel in this direction."""
        if shape is None:
            return False
        return shape.read_only if self.request else shape.write_only

    def field(self, field: str, old: Shape, new: Shape, name: str, path: str, depth: int) -> None:
        """Compare one property."""
        was, now = self._shape(old, field, self.whole.old), self._shape(new, field, self.whole.new)
        title = f"`{field}`"
        here = self.name(f"{path}.{field}" if path else field)
        if was is None and now is not None:
            if self._skipped(now):
                return
            place = new.properties[field].place
            if not self.request:
                strict = self._is_never(old.additional, self.whole.old) or self._is_never(
                    old.unevaluated_properties, self.whole.old
                )
                if strict:
                    self.say(
                        "risky",
                        "property added",
                        place,
                        f"{here} is new, though no other field was to come",
                        f"a client that refuses an answer with an unknown field such as {title}",
                    )
                else:
                    self.say(
                        "safe",
                        "property added",
                        place,
                        f"{here} is new",
                        "no client breaks as long as it ignores fields that it does not know",
                    )
            elif field in new.required:
                self.say(
                    "breaking",
                    "required property added",
                    place,
                    f"{here} is new and must be sent",
                    f"a client that sends no {title} {REFUSED}",
                )
            else:
                self.say(
                    "safe",
                    "property added",
                    place,
                    f"{here} is new and may be left out",
                    "no client breaks: nobody has to send it",
                )
        elif now is None and was is not None:
            if self._skipped(was):
                return
            place = old.properties[field].place
            if not self.request:
                if field in old.required:
                    self.say(
                        "breaking",
                        "required property removed",
                        place,
                        f"{here} is gone",
                        f"a client that reads {title}, which was always there",
                    )
                else:
                    self.say(
                        "risky",
                        "property removed",
                        place,
                        f"{here}, which could be missing before, is gone",
                        f"a client that shows {title} has nothing to show",
                    )
            elif self._is_never(new.additional, self.whole.new) or self._is_never(
                new.unevaluated_properties, self.whole.new
            ):
                self.say(
                    "breaking",
                    "property removed",
                    place,
                    f"{here} is gone, and unknown fields are refused",
                    f"a client that sends {title} {REFUSED}",
                )
            else:
                self.say(
                    "risky",
                    "property removed",
                    place,
                    f"{here} is gone",
                    f"a client that sends {title}: it is ignored without a word, or refused",
                )
        elif was is not None and now is not None:
            self.mutability(field, was, now, old, new, here)
            if not (self._skipped(was) or self._skipped(now)):
                must = field in old.required and field in new.required
                self.child(
                    old.properties[field],
                    new.properties[field],
                    f"{path}.{field}" if path else field,
                    depth,
                    must=must,
                )

    def mutability(
        self, field: str, was: Shape, now: Shape, old: Shape, new: Shape, here: str
    ) -> None:
        """Compare readOnly and writeOnly of a property, in the direction that they close."""
        before, after = self._skipped(was), self._skipped(now)
        title = f"`{field}`"
        if before == after:
            return
        place = new.properties[field].place
        if self.request:
            if after:
                self.say(
                    "risky",
                    "property became read-only",
                    place,
                    f"{here} is now set by the service alone",
                    f"a client that sends {title}: it is ignored without a word, or refused",
                )
            elif field in new.required:
                self.say(
                    "breaking",
                    "property no longer read-only",
                    place,
                    f"{here} must now be sent",
                    f"a client that sends no {title} {REFUSED}",
                )
            else:
                self.say(
                    "safe",
                    "property no longer read-only",
                    place,
                    f"{here} may now be sent",
                    "no client breaks: nobody has to send it",
                )
        elif after:
            self.say(
                "breaking" if field in old.required else "risky",
                "property became write-only",
                place,
                f"{here} no longer comes back",
                f"a client that reads {title} finds nothing",
            )
        else:
            self.say(
                "safe",
                "property no longer write-only",
                place,
                f"{here} now comes back",
                "no client breaks as long as it ignores fields that it does not know",
            )

    def required(self, field: str, is_now: bool, old: Shape, new: Shape, name: str) -> None:
        """Report a property that has to be there, or no longer has to."""
        title = f"`{field}` of {name}"
        if is_now:
            self.narrower(
                "property became required",
                new.required[field],
                f"{title} must now be {'sent' if self.request else 'there'}",
                f"a client that sends no `{field}` {REFUSED}",
            )
        else:
            self.wider(
                "property became optional",
                old.required[field],
                f"{title} may now be missing",
                f"a client that reads `{field}` without asking whether it is there",
            )

    def _is_never(self, node: Node | None, side: Side) -> bool:
        return node is not None and side.shape(node).never

    def other_names(self, old: Shape, new: Shape, name: str, path: str, depth: int) -> None:
        """Compare additionalProperties, unevaluatedProperties, patternProperties, propertyNames."""
        for keyword, attribute, what in (
            ("additionalProperties", "additional", "field that is not listed"),
            ("unevaluatedProperties", "unevaluated_properties", "field that is not listed"),
            ("unevaluatedItems", "unevaluated_items", "item that is not listed"),
        ):
            self.rest(
                getattr(old, attribute),
                getattr(new, attribute),
                keyword,
                what,
                old,
                new,
                name,
                path,
                depth,
            )
        closed = (
            self._is_never(old.additional, self.whole.old),
            self._is_never(new.additional, self.whole.new),
        )
        for pattern in dict.fromkeys([*old.by_pattern, *new.by_pattern]):
            was, now = old.by_pattern.get(pattern), new.by_pattern.get(pattern)
            words = f"fields of {name} whose name matches {shown(pattern)}"
            if was is not None and now is not None:
                self.child(was, now, f"{path}.{pattern}" if path else pattern, depth)
            elif now is not None and closed[0]:
                self.wider(
                    "names by pattern added",
                    now.place,
                    f"{words} may now be there",
                    "a client that refuses unknown fields",
                    "risky",
                )
            elif now is not None:
                self.narrower(
                    "names by pattern added",
                    now.place,
                    f"{words} must now keep to a form",
                    f"a client that sends such a field in another form {REFUSED}",
                )
            elif was is not None and closed[1]:
                self.narrower(
                    "names by pattern removed",
                    was.place,
                    f"{words} may no longer be there",
                    f"a client that sends one {REFUSED}",
                )
            elif was is not None:
                self.wider(
                    "names by pattern removed",
                    was.place,
                    f"{words} may now be of any form",
                    "a client that reads them in the old form",
                )
        self.extra(
            "property names",
            old.property_names,
            new.property_names,
            f"the names of the fields of {name}",
            path,
            depth,
        )

    def rest(
        self,
        was: Node | None,
        now: Node | None,
        keyword: str,
        what: str,
        old: Shape,
        new: Shape,
        name: str,
        path: str,
        depth: int,
    ) -> None:
        """Compare what is allowed for what is not listed."""
        was_never, now_never = (
            self._is_never(was, self.whole.old),
            self._is_never(now, self.whole.new),
        )
        words = f"{name} may {{}} hold a {what}"
        if now_never and not was_never:
            # Who keeps to the contract sends only what it lists, unless it invited more in so many
            # words; an answer may hold less in either case.
            self.narrower(
                f"{keyword} closed",
                new.where(keyword),
                words.format("no longer"),
                f"a client that sends one more than the list {REFUSED}",
                "risky" if was is None else "breaking",
            )
        elif was_never and not now_never:
            self.wider(
                f"{keyword} opened",
                new.where(keyword) if now else old.where(keyword),
                words.format("now"),
                "a client that refuses what it does not know",
                "risky",
            )
        elif was is not None or now is not None:
            self.child(
                was or self.whole.old.anything,
                now or self._anything(new.place),
                f"{path}[each {what}]",
                depth,
            )

    def _anything(self, place: str) -> Node:
        return Node(self.whole.new.anything.raw, place)

    def extra(
        self, kind: str, was: Node | None, now: Node | None, words: str, path: str, depth: int
    ) -> None:
        """Compare one more rule that may be there or not."""
        if was is not None and now is not None:
            self.child(was, now, f"{path}[the {kind} rule]", depth)
        elif now is not None:
            self.narrower(
                f"{kind} added",
                now.place,
                f"there is a new rule on {words}",
                f"a client that sends what the rule forbids {REFUSED}",
            )
        elif was is not None:
            self.wider(
                f"{kind} removed",
                was.place,
                f"the rule on {words} is gone",
                "a client that relies on the rule",
            )

    def dependencies(self, old: Shape, new: Shape, name: str, path: str, depth: int) -> None:
        """Compare dependentRequired and dependentSchemas."""
        for field in dict.fromkeys([*old.dependent_required, *new.dependent_required]):
            was, now = (
                old.dependent_required.get(field, frozenset()),
                new.dependent_required.get(field, frozenset()),
            )
            words = f"with `{field}` in {name},"
            place = new.where("dependentRequired")
            if now - was:
                self.narrower(
                    "dependent property required",
                    place,
                    f"{words} {_words(now - was)} must now be there too",
                    f"a client that sends `{field}` without {_words(now - was)} {REFUSED}",
                )
            if was - now:
                self.wider(
                    "dependent property optional",
                    old.where("dependentRequired"),
                    f"{words} {_words(was - now)} may now be missing",
                    f"a client that reads {_words(was - now)} beside `{field}`",
                )
        for field in dict.fromkeys([*old.dependent_schemas, *new.dependent_schemas]):
            self.extra(
                "dependent schema",
                old.dependent_schemas.get(field),
                new.dependent_schemas.get(field),
                f"{name} with `{field}`",
                path,
                depth,
            )

    def discriminators(self, old: Shape, new: Shape, name: str) -> None:
        """Compare the field that says which alternative a value is."""
        was, now = old.discriminator, new.discriminator
        if not was and not now:
            return
        place = new.where("discriminator") if now else old.where("discriminator")
        if not was:
            field = str(now.get("propertyName"))
            self.narrower(
                "discriminator added",
                place,
                f"`{field}` of {name} now says which kind it is",
                f"a client that sends no `{field}`, if the service needs it to tell the kinds apart",
                "risky" if field not in new.required else "safe",
            )
            return
        if not now:
            field = str(was.get("propertyName"))
            self.wider(
                "discriminator removed",
                place,
                f"`{field}` of {name} no longer says which kind it is",
                f"a client that tells the kinds apart by `{field}`",
                "risky",
            )
            return
        before, after = str(was.get("propertyName")), str(now.get("propertyName"))
        if before != after:
            self.say(
                "breaking",
                "discriminator changed",
                place,
                f"`{after}` of {name} now says which kind it is, no longer `{before}`",
                f"a client that names the kind in `{before}` {REFUSED}"
                if self.request
                else f"a client that tells the kinds apart by `{before}`",
            )
        kinds, kinds_now = _mapping(was, old), _mapping(now, new)
        for kind in dict.fromkeys([*kinds, *kinds_now]):
            if kind not in kinds_now:
                if any(branch == kind for branch in _branch_names(new)):
                    continue  # a schema's own name is a kind without being listed
                self.narrower(
                    "kind removed",
                    place,
                    f"{name} no longer knows the kind {shown(kind)}",
                    f"a client that sends the kind {shown(kind)} {REFUSED}",
                )
            elif kind not in kinds:
                if any(branch == kind for branch in _branch_names(old)):
                    continue
                self.wider(
                    "kind added",
                    place,
                    f"{name} now knows the kind {shown(kind)}",
                    f"an old app that knows {_count(len(kinds), 'kind')} meets {shown(kind)}",
                    "risky",
                )
            elif kinds[kind] != kinds_now[kind]:
                self.say(
                    "breaking",
                    "kind changed",
                    place,
                    f"the kind {shown(kind)} of {name} now means {shown(kinds_now[kind])}, no longer {shown(kinds[kind])}",
                    f"a client that sends the old form of {shown(kind)} {REFUSED}"
                    if self.request
                    else f"a client that reads {shown(kind)} in the old form",
                )

    # -- arrays --------------------------------------------------------------------------------

    def arrays(self, old: Shape, new: Shape, name: str, path: str, depth: int) -> None:
        """Compare items, prefixItems and contains."""
        nothing_old, nothing_new = self.whole.old.anything, self._anything(new.place)
        if old.items is not None or new.items is not None:
            self.child(old.items or nothing_old, new.items or nothing_new, f"{path}[]", depth)
        for index in range(max(len(old.prefix), len(new.prefix))):
            was = old.prefix[index] if index < len(old.prefix) else old.items or nothing_old
            now = new.prefix[index] if index < len(new.prefix) else new.items or nothing_new
            self.child(was, now, f"{path}[{index}]", depth)
        self.extra("contains", old.contains, new.contains, f"the items of {name}", path, depth)
        self.extra(
            "content schema",
            old.content_schema,
            new.content_schema,
            f"what is packed in {name}",
            path,
            depth,
        )

    # -- composition ---------------------------------------------------------------------------

    def composition(
        self, pair: Pair, old: Shape, new: Shape, name: str, path: str, depth: int
    ) -> None:
        """Compare oneOf, anyOf, not and if-then-else."""
        if len(old.unions) == len(new.unions):
            for was, now in zip(old.unions, new.unions, strict=True):
                self.union(was, now, old, new, name, path, depth)
        else:
            self.say(
                "breaking",
                "alternatives changed",
                new.place,
                f"the alternatives of {name} are grouped in another way",
                f"a client that sends an alternative that is gone {REFUSED}"
                if self.request
                else "a client that meets an alternative that it does not know",
            )
        self.negations(old, new, name, path, depth)
        self.conditions(old, new, name, path, depth)

    def union(
        self, was: Union, now: Union, old: Shape, new: Shape, name: str, path: str, depth: int
    ) -> None:
        """Compare the alternatives of two unions; their order is no difference."""
        pairs, gone, come = self.matched(was, now)
        for one, other in pairs:
            self.child(one, other, path, depth)
        if was.word != now.word:
            report = self.narrower if now.word == "oneOf" else self.wider
            report(
                f"alternatives became {now.word}",
                now.branches[0].place,
                f"{name} must now fit {'exactly' if now.word == 'oneOf' else 'at least'} one of its alternatives",
                f"a client whose value fits two alternatives {REFUSED}"
                if now.word == "oneOf"
                else "a client that relies on exactly one alternative",
                "risky",
            )
        for branch in gone:
            title = _form_name(self.whole.old.reference(branch), "one of its forms")
            sentence = f"{name} may no longer be {title}"
            # Of a oneOf exactly one alternative fits, so no other one takes what this one took.
            level = self._mildest(
                (self._grade(branch, other, "request") for other in now.branches)
                if was.word == "anyOf" and len(gone) * len(now.branches) <= _MOST_PAIRINGS
                else ()
            )
            client = {
                "safe": "no client breaks: another alternative takes all of it",
                "risky": f"a client that sends {title}: what the others do not know is ignored, or refused",
                "breaking": f"a client that sends {title} {REFUSED}",
            }[level]
            self.narrower("alternative removed", branch.place, sentence, client, level)
        for branch in come:
            title = _form_name(self.whole.new.reference(branch), "one more form")
            level = self._mildest(
                (self._grade(other, branch, "answer") for other in was.branches)
                if now.word == "anyOf" and len(come) * len(was.branches) <= _MOST_PAIRINGS
                else ()
            )
            client = (
                "no client breaks: it reads as one of the forms that were there"
                if level == "safe"
                else f"an old app that knows {_count(len(was.branches), 'form')} meets another one"
            )
            self.wider(
                "alternative added",
                branch.place,
                f"{name} may now also be {title}",
                client,
                level,
            )

    @staticmethod
    def _mildest(levels: Iterable[Level]) -> Level:
        """Return the mildest of some levels; breaking where there is none."""
        return max(levels, key=LEVELS.index, default="breaking")

    def _grade(self, old: Node, new: Node, direction: Direction) -> Level:
        return self.whole.grade(Pair(old, new, direction, "it", self.start.written))

    def matched(
        self, was: Union, now: Union
    ) -> tuple[list[tuple[Node, Node]], list[Node], list[Node]]:
        """Pair the alternatives of two unions: by name, by being the same, by fitting, by type."""
        gone, come = list(was.branches), list(now.branches)
        pairs: list[tuple[Node, Node]] = []

        old, new = self.whole.old, self.whole.new

        def take(
            old_key: Callable[[Node], Any],
            new_key: Callable[[Node], Any],
            alike: Callable[[Node, Node], bool] = lambda one, other: True,
        ) -> None:
            """Pair what has the same key, None excepted, and is alike."""
            waiting: dict[Any, list[Node]] = {}
            for other in come:
                waiting.setdefault(new_key(other), []).append(other)
            for one in list(gone):
                key = old_key(one)
                others = waiting.get(key, []) if key is not None else []
                found = next((other for other in others if alike(one, other)), None)
                if found is not None:
                    pairs.append((one, found))
                    gone.remove(one)
                    come.remove(found)
                    others.remove(found)

        take(old.reference, new.reference)
        take(_own_text, _own_text)
        take(_title, _title)
        take(
            old.sketch,
            new.sketch,
            lambda one, other: self.whole.same(Pair(one, other, "request", "it")),
        )
        take(
            lambda one: old.shape(one).types,
            lambda other: new.shape(other).types,
            lambda one, other: not (old.reference(one) and new.reference(other)),
        )
        if len(gone) == len(come):
            take(lambda one: not old.reference(one) or None, lambda other: not new.reference(other))
        return pairs, gone, come

    def wrapping(self, pair: Pair, old: Shape, new: Shape, name: str) -> None:
        """Compare one form with several, or several with one; what all share counts with each."""
        if new.unions:
            self.wrapped(pair, old, new, name)
        else:
            self.unwrapped(pair, old, new, name)

    def wrapped(self, pair: Pair, old: Shape, new: Shape, name: str) -> None:
        """Compare one form with several."""
        union = new.unions[0]
        branches = [self.whole.new.branch(pair.new, new, branch) for branch in union.branches]
        place = union.branches[0].place
        sentence = f"{name} is now one of {_count(len(branches), 'form')}"
        grades = [self._grade(pair.old, b, self.start.direction) for b in branches]
        kind = "form wrapped in alternatives"
        if not self.request:
            level: Level = min(grades, key=LEVELS.index)
            client = (
                "no client breaks: each of them can be read as before"
                if level == "safe"
                else "a client that knows only the form of before"
            )
            self.say(level, kind, place, sentence, client)
            return
        level = self._mildest(grades)
        client = f"a client that sends the form of before {REFUSED}"
        if level == "safe" and union.word == "oneOf":
            if grades.count("safe") > 1:
                level, client = "breaking", f"{client}: it fits several, and exactly one may fit"
            elif not all(
                self._exclude(self.whole.old.shape(pair.old), self.whole.new.shape(branch))
                for branch, grade in zip(branches, grades, strict=True)
                if grade != "safe"
            ):
                level, client = "risky", f"{client} if it fits a second one by chance"
        if level == "safe":
            client = "no client breaks: one of them takes what was sent before"
        self.say(level, kind, place, sentence, client)

    def _exclude(self, old: Shape, new: Shape) -> bool:
        """Return whether no value has both forms: other types, or a field that tells them apart."""
        if old.types is not None and new.types is not None:
            both = (old.types & new.types) or ({"integer", "number"} <= old.types | new.types)
            if not both:
                return True
        for field in old.required.keys() & new.required.keys():
            was = self._shape(old, field, self.whole.old)
            now = self._shape(new, field, self.whole.new)
            if not was or not now or was.values is None or now.values is None:
                continue
            if not was.values.keys() & now.values.keys():
                return True
        return False

    def unwrapped(self, pair: Pair, old: Shape, new: Shape, name: str) -> None:
        """Compare several forms with one."""
        union = old.unions[0]
        branches = [self.whole.old.branch(pair.old, old, branch) for branch in union.branches]
        place = new.place
        sentence = f"{name} now has one form instead of {_count(len(branches), 'form')}"
        grades = [self._grade(branch, pair.new, self.start.direction) for branch in branches]
        level = min(grades, key=LEVELS.index) if self.request else self._mildest(grades)
        if level == "safe":
            what = "takes all that was sent before" if self.request else "is one that it knew"
            client = f"no client breaks: the form {what}"
        elif self.request:
            client = f"a client that sends a form that is gone {REFUSED}"
        else:
            client = "a client that knows only the forms of before"
        self.say(level, "alternatives replaced by one form", place, sentence, client)

    def negations(self, old: Shape, new: Shape, name: str, path: str, depth: int) -> None:
        """Compare `not`."""
        was, now = old.nots, new.nots
        if len(was) == len(now) == 1:
            # What is forbidden is turned round: the new rule may forbid only what the old one did.
            # Each document's schemas are read by their own side, so the pair keeps its order.
            one, other = Pair(was[0], now[0], "answer", name), Pair(was[0], now[0], "request", name)
            if self.whole.same(one):
                return
            less, more = self.whole.grade(one) == "safe", self.whole.grade(other) == "safe"
            if less:
                self.wider(
                    "exclusion widened",
                    now[0].place,
                    f"{name} may now be what was ruled out before",
                    "a client that relies on the rule",
                    "breaking",
                )
            elif more:
                self.narrower(
                    "exclusion narrowed",
                    now[0].place,
                    f"{name} may no longer be some values",
                    f"a client that sends one of them {REFUSED}",
                )
            else:
                self.say(
                    "breaking",
                    "exclusion changed",
                    now[0].place,
                    f"{name} rules out other values than before",
                    f"a client that sends one of them {REFUSED}"
                    if self.request
                    else "a client that relies on the rule",
                )
        elif len(now) > len(was):
            self.narrower(
                "exclusion added",
                now[-1].place,
                f"{name} may no longer be some values",
                f"a client that sends one of them {REFUSED}",
            )
        elif len(was) > len(now):
            self.wider(
                "exclusion removed",
                was[-1].place,
                f"{name} may now be what was ruled out before",
                "a client that relies on the rule",
            )

    def conditions(self, old: Shape, new: Shape, name: str, path: str, depth: int) -> None:
        """Compare `if`, `then` and `else`."""
        was, now = old.conditions, new.conditions
        if len(now) > len(was):
            self.narrower(
                "condition added",
                now[-1]["if"].place,
                f"there is a new rule on {name} that depends on its values",
                f"a client whose values the rule meets {REFUSED}",
            )
        elif len(was) > len(now):
            self.wider(
                "condition removed",
                was[-1]["if"].place,
                f"the rule on {name} that depends on its values is gone",
                "a client that relies on the rule",
            )
        for one, other in zip(was, now, strict=False):
            if not self.whole.same(Pair(one["if"], other["if"], "request", name)):
                self.say(
                    "breaking",
                    "condition changed",
                    other["if"].place,
                    f"the rule on {name} now holds in other cases",
                    f"a client whose values the rule now meets {REFUSED}"
                    if self.request
                    else "a client that relies on the rule",
                )
                continue
            for word in ("then", "else"):
                self.extra(f"condition ({word})", one.get(word), other.get(word), name, path, depth)


def _inside(path: str, start: str) -> str:
    """Return what lies at a path, in words: `tags[]` is each item of `tags`."""
    words, names = start, [""]
    tokens = _STEP.findall(path)
    for index, token in enumerate(tokens):
        named_next = index + 1 < len(tokens) and not tokens[index + 1].startswith("[")
        if not token.startswith("["):
            names.append(token)
        elif token == "[]" and len(names) > 1 and named_next:
            names[-1] += "[]"
        else:
            if len(names) > 1:
                words, names = f"`{'.'.join(names[1:])}` of {words}", [""]
            inner = token[1:-1]
            item = f"item {int(inner) + 1}" if inner.isdecimal() else inner or "each item"
            words = f"{item} of {words}"
    return f"`{'.'.join(names[1:])}` of {words}" if len(names) > 1 else words


def _covers(wide: frozenset[str] | None, narrow: frozenset[str] | None, written: bool) -> bool:
    """Return whether every value of the types `narrow` is one of the types `wide`."""
    if wide is None:
        return True
    if narrow is None:
        return wide >= JSON_TYPES - {"integer"}
    return all(
        name in wide
        or (name == "integer" and "number" in wide)
        or (written and "string" in wide and name in _SCALARS)
        for name in narrow
    )


def _tighter(
    attribute: str, was: tuple[float, bool] | None, now: tuple[float, bool] | None
) -> bool:
    if was is None or now is None:
        return was is None
    if was[0] == now[0]:
        return now[1]
    return now[0] > was[0] if attribute == "lower" else now[0] < was[0]


def _limit(attribute: str, bound: tuple[float, bool]) -> str:
    words = {"lower": ("at least", "more than"), "upper": ("at most", "less than")}[attribute]
    return f"{words[bound[1]]} {form(bound[0])}"


def _amount(attribute: str, number: int, thing: str) -> str:
    words = "at least" if attribute == "lower" else "at most"
    return f"{words} {number} {thing}{'' if number == 1 else 's'}"


def _divides(number: float, by: float) -> bool:
    return by != 0 and abs(number / by - round(number / by)) < 1e-9


def _numbers(numbers: Iterable[float]) -> str:
    return " and ".join(form(number) for number in sorted(numbers))


def _default(text: str | None) -> str:
    return shown(json.loads(text or "null"))


def _words(names: Iterable[str]) -> str:
    return " and ".join(shown(name) for name in sorted(names)) or "anything"


def _type_words(types: frozenset[str] | None) -> str:
    if not types:
        return "of any type" if types is None else "only null"
    articles = {
        "array": "a list",
        "object": "an object",
        "string": "a text",
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
    }
    return " or ".join(articles.get(name, name) for name in sorted(types))


_NUMBER_WORDS: Final = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
)


def _count(number: int, thing: str) -> str:
    word = _NUMBER_WORDS[number] if number < len(_NUMBER_WORDS) else str(number)
    return f"{word} {thing}{'' if number == 1 else 's'}"


def _listing(values: Iterable[Any]) -> str:
    found = [shown(value) for value in values]
    if len(found) > 6:
        found = [*found[:5], f"{len(found) - 5} more"]
    return ", ".join(found)


def _mapping(discriminator: Mapping[str, Any], shape: Shape) -> dict[str, str]:
    mapping = discriminator.get("mapping")
    if not isinstance(mapping, Mapping):
        return {name: name for name in _branch_names(shape)}
    return {str(kind): str(target).rsplit("/", 1)[-1] for kind, target in mapping.items()}


def _branch_names(shape: Shape) -> list[str]:
    return [
        str(branch.raw["$ref"]).rsplit("/", 1)[-1]
        for union in shape.unions
        for branch in union.branches
        if isinstance(branch.raw, Mapping) and isinstance(branch.raw.get("$ref"), str)
    ]


def _form_name(name: str | None, otherwise: str) -> str:
    return f"`{name}`" if name else otherwise


def _own_text(node: Node) -> str | None:
    is_reference = isinstance(node.raw, Mapping) and "$ref" in node.raw
    return None if is_reference else form(node.raw)


def _title(node: Node) -> str | None:
    return node.raw.get("title") if isinstance(node.raw, Mapping) else None
