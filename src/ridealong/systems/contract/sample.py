"""A value for a schema: from its examples, else made from its words, and valid in the end.

Every value is held against its own schema before it leaves: an example that breaks its schema is
passed over, a choice of `oneOf` that a neighbour also fits is tried again with the next. Work is
bounded, because a schema of a few lines can ask for a billion entries.
"""

from __future__ import annotations

import importlib
import math
import re
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final, Literal

from ridealong.systems.contract.parts import Document, is_pattern, matches

Direction = Literal["request", "response"]

MOST_VALUES: Final = 5_000
LONGEST_TEXT: Final = 100_000
MOST_TRIES: Final = 40
MOST_SECONDS: Final = 0.4
FULL_LEVELS: Final = 5  # below, only what is required is filled in
# With the contract's examples or without; and less and less of what may be left out, where all
# of it is too much.
_ATTEMPTS: Final = ((True, FULL_LEVELS), (True, 1), (False, FULL_LEVELS), (False, 1), (False, 0))

# JSON Schema validation, section 7.3 (https://json-schema.org/draft/2020-12); `{}` is a counter
# that lets several differ. Addresses are those that RFC 2606, 5737 and 3849 keep for examples.
_FORMATS: Final = {
    "date-time": "2026-01-31T09:{:02}:00Z",
    "date": "2026-01-{:02}",
    "time": "09:{:02}:00Z",
    "duration": "PT{}M",
    "email": "rider{}@example.com",
    "idn-email": "rider{}@example.com",
    "hostname": "host{}.example.com",
    "idn-hostname": "host{}.example.com",
    "ipv4": "192.0.2.{}",
    "ipv6": "2001:db8::{}",
    "uri": "https://example.com/{}",
    "uri-reference": "/{}",
    "iri": "https://example.com/{}",
    "iri-reference": "/{}",
    "uri-template": "https://example.com/{}/{{name}}",
    "uuid": "00000000-0000-4000-8000-{:012}",
    "json-pointer": "/{}",
    "relative-json-pointer": "{}",
    "regex": "^{}$",
    "byte": "cmlkZQ==",
    "base64": "cmlkZQ==",
}


class NoSample(ValueError):
    """No value could be made that fits the schema."""


def sample(
    document: Document,
    schema: Any,
    *,
    direction: Direction = "response",
    name: str = "text",
    number: int = 1,
) -> Any:
    """Return a value that fits a schema.

    Args:
        document: where the schema stands.
        schema: a schema as it stands in `document.content`.
        direction: a response leaves out what is `writeOnly`, a request what is `readOnly`.
        name: what a text without rules says.
        number: samples with different numbers differ where the schema lets them.

    Raises:
        NoSample: when none is found.
    """
    validator = document.validator(schema)
    for use_examples, full_levels in _ATTEMPTS:
        maker = _Maker(document, direction, number, use_examples, full_levels)
        try:
            for value in maker.values(schema, name, 0, ()):
                if validator.is_valid(value):
                    return value
                maker.tries += 1
                if maker.tries > MOST_TRIES:
                    break
        except _Spent:
            continue
    raise NoSample("no value was found that fits this schema")


class _Spent(Exception):
    """More was asked for than a sample may hold."""


class _Dead(Exception):
    """This branch holds itself, or nothing fits it."""


class _Maker:
    def __init__(
        self,
        document: Document,
        direction: Direction,
        number: int,
        examples: bool,
        full_levels: int = FULL_LEVELS,
    ) -> None:
        self.document = document
        self.full_levels = full_levels
        self.hidden = "writeOnly" if direction == "response" else "readOnly"
        self.number = number
        self.examples = examples
        self.made = self.tries = 0
        self.deadline = time.monotonic() + MOST_SECONDS

    def values(self, schema: Any, name: str, depth: int, above: tuple[int, ...]) -> Iterator[Any]:
        """Yield values that may fit, the likeliest first."""
        self._count()
        if schema is True or schema == {}:
            yield name
            return
        if schema is False or not isinstance(schema, dict):
            return
        if above.count(id(schema)) > 1 or len(above) > 60:
            return
        above = (*above, id(schema))
        if (self.examples and self.number == 1) or "const" in schema or "enum" in schema:
            yield from self._given(schema)
        for merged in self._merged(schema, 0):
            if self.examples and self.number == 1 and merged is not schema:
                yield from self._given(merged)
            if "const" in merged:
                yield merged["const"]
                continue
            if isinstance(merged.get("enum"), list):
                yield from merged["enum"]
                continue
            for kind in _kinds(merged):
                try:
                    yield from self._of_kind(kind, merged, name, depth, above)
                except _Dead:
                    continue

    def one(self, schema: Any, name: str, depth: int, above: tuple[int, ...]) -> Any:
        """Return the first value that fits, by the schema's own validator where it has one."""
        validator = None
        if isinstance(schema, dict) and any(key not in _SIMPLE for key in schema):
            validator = self.document.validator(schema)
        for tried, value in enumerate(self.values(schema, name, depth, above), start=1):
            if validator is None or validator.is_valid(value):
                return value
            self.tries += 1
            if tried > MOST_TRIES or self.tries > 10 * MOST_TRIES:
                break
        raise _Dead

    def _count(self) -> None:
        self.made += 1
        if self.made > MOST_VALUES or time.monotonic() > self.deadline:
            raise _Spent

    def _given(self, schema: dict[str, Any]) -> Iterator[Any]:
        if "const" in schema:
            yield schema["const"]
        if "example" in schema:
            yield schema["example"]
        if isinstance(schema.get("examples"), list):
            yield from schema["examples"]
        if "default" in schema:
            yield schema["default"]
        if isinstance(schema.get("enum"), list):
            entries = schema["enum"]
            turn = (self.number - 1) % len(entries) if entries else 0
            yield from entries[turn:] + entries[:turn]

    def _merged(self, schema: dict[str, Any], level: int) -> Iterator[dict[str, Any]]:
        """Yield the schema with what holds for the same value taken in, one choice each."""
        self._count()
        if level > 60:
            return
        parts: list[list[dict[str, Any]]] = []
        if isinstance(schema.get("$ref"), str):
            try:
                parts.append([self.document.at(schema["$ref"])])
            except LookupError:
                return
        parts.extend([each] for each in _list(schema.get("allOf")))
        parts.extend(_list(schema[key]) for key in ("oneOf", "anyOf") if _list(schema.get(key)))
        if "if" in schema:
            parts.append([schema.get("then", True), schema.get("else", True)])
        own = {key: value for key, value in schema.items() if key not in _COMBINING}
        if not parts:
            yield own if len(own) != len(schema) else schema
            return
        yield from self._combined(own, parts, level)

    def _combined(
        self, merged: dict[str, Any], parts: list[list[Any]], level: int
    ) -> Iterator[dict[str, Any]]:
        if not parts:
            yield merged
            return
        for choice in parts[0]:
            if choice is False:
                continue
            inner = [{}] if not isinstance(choice, dict) else self._merged(choice, level + 1)
            for each in inner:
                both = _both(merged, each)
                if both is not None:
                    yield from self._combined(both, parts[1:], level)

    def _of_kind(
        self, kind: str, schema: dict[str, Any], name: str, depth: int, above: tuple[int, ...]
    ) -> Iterator[Any]:
        if kind == "object":
            yield self._object(schema, depth, above)
        elif kind == "array":
            yield self._array(schema, name, depth, above)
        elif kind == "string":
            yield from self._texts(schema, name)
        elif kind in {"integer", "number"}:
            yield from self._numbers(kind, schema)
        elif kind == "boolean":
            yield from (True, False)
        elif kind == "null":
            yield None

    def _object(self, schema: dict[str, Any], depth: int, above: tuple[int, ...]) -> dict[str, Any]:
        properties = schema.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        required = [each for each in _list(schema.get("required")) if isinstance(each, str)]
        most = schema.get("maxProperties", math.inf)
        found: dict[str, Any] = {}
        optional = (
            [key for key in properties if key not in required] if depth < self.full_levels else []
        )
        for key in [*required, *optional]:
            if key in found or (key not in required and len(found) >= most):
                continue
            inner = properties.get(key, self._other(schema, key))
            if isinstance(inner, dict) and self._is_hidden(inner) and key not in required:
                continue
            try:
                found[key] = self.one(inner, key, depth + 1, above)
            except _Dead:
                if key in required:
                    raise
        for key, others in _mapping(schema.get("dependentRequired")).items():
            for other in others if key in found and isinstance(others, list) else ():
                if other not in found:
                    found[other] = self.one(properties.get(other, True), other, depth + 1, above)
        wanted = schema.get("minProperties", 0)
        if wanted > MOST_VALUES:
            raise _Spent
        names = self._names(schema)
        while len(found) < wanted:
            key = next(names)
            found[key] = self.one(self._other(schema, key), key, depth + 1, above)
        return found

    def _is_hidden(self, schema: dict[str, Any]) -> bool:
        try:
            target = self.document.resolve(schema)
        except LookupError:
            return False
        return schema.get(self.hidden) is True or _mapping(target).get(self.hidden) is True

    def _other(self, schema: dict[str, Any], key: str) -> Any:
        """Return the schema of a property that `properties` does not name."""
        for pattern, inner in _mapping(schema.get("patternProperties")).items():
            if is_pattern(pattern) and matches(pattern, key):
                return inner
        return schema.get("additionalProperties", True)

    def _names(self, schema: dict[str, Any]) -> Iterator[str]:
        rules = _mapping(schema.get("propertyNames"))
        if not rules:
            for pattern in _mapping(schema.get("patternProperties")):
                yield from _texts_for(pattern, 4)
        for turn in range(MOST_VALUES):
            if rules:
                maker = _Maker(self.document, "response", turn + 2, False)
                try:
                    yield str(maker.one({"type": "string", **rules}, "name", 1, ()))
                except _Dead:
                    return
            else:
                yield f"name_{turn + 1}"
        raise _Spent

    def _array(
        self, schema: dict[str, Any], name: str, depth: int, above: tuple[int, ...]
    ) -> list[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
        if least > MOST_VALUES:
            raise _Spent
        found: list[Any] = []
        prefix = _list(schema.get("prefixItems"))
        for inner in prefix[: int(min(most, len(prefix)))]:
            try:
                found.append(self.one(inner, name, depth + 1, above))
            except _Dead:
                if len(found) < least:
                    raise
                return found
        if "contains" in schema and len(found) < most:
            for _ in range(min(int(schema.get("minContains", 1)), MOST_VALUES)):
                found.append(self.one(schema["contains"], name, depth + 1, above))
        items = schema.get("items", True)
        wanted = (
            max(least, min(1, most))
            if items is not False and depth < 2 * self.full_levels
            else least
        )
        if "items" not in schema and least == 0:
            wanted = 0
        number = self.number
        turns = 0
        try:
            while len(found) < wanted:
                try:
                    value = self.one(items, name, depth + 1, above)
                except _Dead:
                    if len(found) < least:
                        raise
                    break
                self.number += 1
                turns += 1
                if schema.get("uniqueItems") and value in found and turns < least + MOST_TRIES:
                    continue
                found.append(value)
        finally:
            self.number = number
        return found

    def _texts(self, schema: dict[str, Any], name: str) -> Iterator[str]:
        least, most = schema.get("minLength", 0), schema.get("maxLength", LONGEST_TEXT)
        if least > LONGEST_TEXT:
            raise _Spent
        format_ = schema.get("format")
        pattern = schema.get("pattern")
        if isinstance(format_, str) and format_ in _FORMATS:
            turn = self.number % 28 + 1 if format_ in {"date", "date-time", "time"} else self.number
            yield _FORMATS[format_].format(turn)
        if isinstance(pattern, str):
            for text in _texts_for(pattern, self.number):
                if len(text) <= LONGEST_TEXT:
                    yield text
            yield from _MIXED
            for extra in (1, 2, 4, 8, 16, 32, 64, least):
                for text in _texts_for(pattern, self.number, min(extra, LONGEST_TEXT)):
                    if least <= len(text) <= most:
                        yield text
        text = name if self.number == 1 else f"{name} {self.number}"
        if len(text) > most:
            text = str(self.number)[: int(most)]
        yield text + "x" * int(least - len(text))
        # Other lengths, for choices that a length tells apart.
        for length in (20, 1, 100):
            if least <= length <= most:
                yield (text + "x" * length)[:length]

    def _numbers(self, kind: str, schema: dict[str, Any]) -> Iterator[int | float]:
        step = schema.get("multipleOf")
        low, high = schema.get("minimum"), schema.get("maximum")
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        unit = Fraction(str(step)) if step else Fraction(1)
        if kind == "integer" and unit.denominator != 1:
            unit = Fraction(unit.numerator)
        # The smallest multiple that is allowed, from 0 up where 0 is allowed.
        bounds = [Fraction(str(each)) for each in (low, above) if each is not None]
        tops = [Fraction(str(each)) for each in (high, below) if each is not None]
        start = max(bounds) if bounds else min([Fraction(0), *tops])
        first = math.ceil(start / unit) if bounds else math.floor(start / unit)
        for turn in (first + self.number, first + self.number - 1, first, first + 1, first - 1):
            yield _number(turn * unit, kind)
        if kind == "number" and bounds and tops:
            yield float((max(bounds) + min(tops)) / 2)
        if kind == "number":
            yield float((first + Fraction(1, 2)) * unit)


# For patterns that look ahead, as those of passwords do.
_MIXED: Final = ("Ab1Ab1Ab1Ab1", "Ab1!Ab1!Ab1!", "Ab1", "abc", "123")
_COMBINING: Final = frozenset({"$ref", "allOf", "oneOf", "anyOf", "not", "if", "then", "else"})
_SIMPLE: Final = frozenset(
    {"type", "properties", "required", "items", "title", "description", "format"}
    | {"deprecated", "readOnly", "writeOnly", "xml", "externalDocs", "additionalProperties"}
)


def _number(value: Fraction, kind: str) -> int | float:
    return int(value) if kind == "integer" or value.denominator == 1 else float(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _kinds(schema: dict[str, Any]) -> list[str]:
    """Return the types to try, those with something in them first."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return [kind]
    if isinstance(kind, list):
        return sorted(
            (each for each in kind if isinstance(each, str)), key=lambda each: each == "null"
        )
    for key, guess in _TOLD_BY.items():
        if key in schema:
            return [guess, "string", "integer", "boolean", "null"]
    return ["string", "object", "integer", "boolean", "array", "null"]


_TOLD_BY: Final = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "minProperties": "object",
    "patternProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "contains": "array",
    "pattern": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any] | None:
    """Return a schema for values that fit both, None where their types share nothing."""
    merged = dict(one)
    for key, value in other.items():
        if key not in merged or merged[key] == value:
            merged[key] = value
        elif key == "type":
            left, right = (
                each if isinstance(each, list) else [each] for each in (merged[key], value)
            )
            if "number" in left and "integer" in right and "integer" not in left:
                left = [*left, "integer"]
            if "number" in right and "integer" in left and "integer" not in right:
                right = [*right, "integer"]
            shared = [each for each in left if each in right]
            if not shared:
                return None
            merged[key] = shared
        elif key == "properties":
            together = dict(merged[key])
            for name, inner in value.items():
                together[name] = {"allOf": [together[name], inner]} if name in together else inner
            merged[key] = together
        elif key == "required":
            merged[key] = [*merged[key], *(each for each in value if each not in merged[key])]
        elif key == "enum":
            merged[key] = [each for each in merged[key] if each in value]
        elif key in {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}:
            merged[key] = max(merged[key], value)
        elif key in {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}:
            merged[key] = min(merged[key], value)
        elif key in {"items", "additionalProperties", "contains"}:
            merged[key] = {"allOf": [merged[key], value]}
        elif key in {"example", "examples", "default"}:
            continue
        else:
            merged[key] = value
    return merged


def _texts_for(pattern: str, number: int, extra: int = 0) -> Iterator[str] | list[str]:
    """Return texts that may match a pattern: the shortest, with `extra` more where it repeats."""
    if len(pattern) > 1_000:
        return []
    try:
        # Python's own reader of patterns: it only reads, nothing is matched here.
        tree = importlib.import_module("re._parser").parse(pattern)
        return [_text_of(tree, number, extra)]
    except (re.error, RecursionError, OverflowError, KeyError, ValueError):
        return []


def _text_of(tree: Any, number: int, extra: int) -> str:
    out: list[str] = []
    length = 0
    for operation, argument in tree:
        word = str(operation)
        if word == "LITERAL":
            out.append(chr(argument))
        elif word == "NOT_LITERAL":
            out.append("a" if argument != ord("a") else "b")
        elif word == "ANY":
            out.append("a")
        elif word == "IN":
            out.append(_character(argument, number))
        elif word == "BRANCH":
            branches = argument[1]
            out.append(_text_of(branches[(number - 1) % len(branches)], number, extra))
        elif word == "SUBPATTERN":
            out.append(_text_of(argument[3], number, extra))
        elif word in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            least, most, inner = argument
            times = min(int(most), int(least) + extra)
            if times > LONGEST_TEXT:
                raise ValueError("too long")
            part = _text_of(inner, number, 0)
            if length + times * len(part) > LONGEST_TEXT:
                raise ValueError("too long")
            out.append(part * times)
        elif word in {"AT", "ASSERT", "ASSERT_NOT"}:
            continue
        else:
            raise ValueError(f"{word} is not made up")
        length += len(out[-1]) if out else 0
    return "".join(out)


_CATEGORIES: Final = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": "abcdefghijklmnopqrstuvwxyz",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": "abc",
    "CATEGORY_NOT_WORD": "-",
    "CATEGORY_NOT_SPACE": "abc",
}


def _character(choices: Any, number: int) -> str:
    """Return one character of a set such as [A-Z0-9], another for another number."""
    negated = str(choices[0][0]) == "NEGATE"
    allowed: list[str] = []
    for operation, argument in choices:
        word = str(operation)
        if word == "LITERAL":
            allowed.append(chr(argument))
        elif word == "RANGE":
            allowed.extend(
                chr(each) for each in range(argument[0], min(argument[1], argument[0] + 99) + 1)
            )
        elif word == "CATEGORY":
            allowed.extend(_CATEGORIES.get(str(argument), ""))
    if negated:
        return next(
            each for each in "abcdefghijklmnopqrstuvwxyz0123456789-_ ./" if each not in allowed
        )
    return allowed[(number - 1) % len(allowed)]
