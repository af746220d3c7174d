"""An OpenAPI document as the course's own code sees it, and the faults of one.

`document.load` makes it; what stands here asks it questions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

import jsonschema_rs
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from ridealong.systems.contract.reading import Read, pointer, steps_of
from ridealong.systems.contract.shape import METHODS
from ridealong.text import first_line

MOST_STEPS: Final = 100
BACKTRACK_LIMIT: Final = 100_000
LONGEST_MESSAGE: Final = 200
PLACEHOLDER: Final = re.compile(r"\{([^{}/]*)\}")
_ADDRESS: Final = "urn:contract"


@dataclass(frozen=True)
class Problem:
    """One fault of a document, or one trap that it got out of.

    Attributes:
        line: where, counted from 1.
        place: the same as a JSON pointer (RFC 6901); empty for the whole document.
        seen: what stands there.
        wanted: what would be right.
        step: what to do next.
    """

    line: int
    place: str
    seen: str
    wanted: str
    step: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.seen}; {self.wanted}: {self.step}"


class ContractError(ValueError):
    """A document that is no valid OpenAPI 3.0 or 3.1.

    Attributes:
        problems: what is wrong, by line; at least one and at most `MOST_PROBLEMS`.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(each) for each in problems))
        self.problems = problems


@dataclass(frozen=True)
class Operation:
    """One method on one path.

    Attributes:
        path: the path template, such as `/rides/{ride_id}`.
        method: in lower case, as the document writes it.
        content: what the document says about it.
        parameters: its own and those of its path, references followed; its own win.
        place: where it stands, as a JSON pointer.
    """

    path: str
    method: str
    content: dict[str, Any]
    parameters: list[dict[str, Any]]
    place: str

    @property
    def name(self) -> str:
        """`GET /rides`."""
        return f"{self.method.upper()} {self.path}"


class Document:
    """A valid OpenAPI document.

    Attributes:
        content: the whole document in the words of OpenAPI 3.1; `$ref`s stand as they were.
        version: the version that the text names, such as `3.0.3`.
        notes: traps that do no harm here but would elsewhere, and what is not checked.
        text: what was read.
    """

    def __init__(self, text: str, found: Read) -> None:
        self.text = text
        self.content: dict[str, Any] = found.data
        self.version = str(found.data["openapi"])
        self.notes: list[Problem] = []
        self._read = found
        self._schemas: dict[int, list[str]] = {}
        self._anchors: dict[str, dict[str, Any]] = {}
        self._kept: list[Any] = []  # what was cut out lives on: parts are known by their identity
        self._resolver: Any = None
        self._validators: dict[int, Validator] = {}

    def line(self, place: str) -> int:
        """Return the line of a JSON pointer, or of the nearest part above it that is there."""
        return self._read.line(steps_of(place.removeprefix("#")))

    def resolve(self, node: Any) -> Any:
        """Return what a node stands for: itself, or where its local `$ref`s lead.

        What stands beside a `$ref` is lost; for schemas, where it counts, see `validator`.

        Raises:
            LookupError: when a `$ref` leads nowhere, out of the document, or in a circle. In a
                document that `load` returned none does.
        """
        for _ in range(MOST_STEPS):
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return node
            node = self.at(node["$ref"])
        raise LookupError("this reference leads back to itself")

    def at(self, reference: str) -> Any:
        """Return what stands at a local reference such as `#/components/schemas/Ride`.

        Raises:
            LookupError: when nothing does, or it is not local.
        """
        place, hash_mark, fragment = reference.partition("#")
        if place or not hash_mark:
            raise LookupError(f"{reference} lies outside of the document")
        if fragment and not fragment.startswith("/"):
            return self._anchors[fragment]
        node: Any = self.content
        for step in steps_of(unquoted(fragment)):
            if isinstance(node, dict):
                node = node[step]
            elif isinstance(node, list) and step.isdecimal() and len(step) < 10:
                node = node[int(step)]
            else:
                raise LookupError(f"nothing stands at {reference}")
        return node

    def operations(self) -> Iterator[Operation]:
        """Yield every operation under `paths`, in the document's order."""
        for path, item in mapping(self.content.get("paths")).items():
            if path.startswith("x-"):
                continue
            place = pointer(["paths", path])
            while isinstance(item, dict) and isinstance(item.get("$ref"), str):
                place = item["$ref"].removeprefix("#")
                own = {key: value for key, value in item.items() if key != "$ref"}
                item = {**mapping(self.resolve(item)), **own}
            for method in METHODS:
                content = mapping(item).get(method)
                if isinstance(content, dict):
                    yield Operation(
                        path,
                        method,
                        content,
                        self._parameters(item.get("parameters"), content.get("parameters")),
                        f"{place}/{method}",
                    )

    def validator(self, schema: Any) -> Validator:
        """Return what tells whether a value fits a schema of this document.

        Args:
            schema: a schema, with `$ref`s into this document as they stand in `content`.
        """
        found = self._validators.get(id(schema)) if id(schema) in self._schemas else None
        if found is None:
            if self._resolver is None:
                whole = DRAFT202012.create_resource(self.content)
                self._resolver = Registry().with_resource(_ADDRESS, whole).resolver(_ADDRESS)
            # jsonschema passes the place where references begin under this name only.
            validator = _Bounded(schema, _resolver=self._resolver, format_checker=_FORMATS)
            found = Validator(validator)
            if id(schema) in self._schemas:
                self._validators[id(schema)] = found
        return found

    def _parameters(self, *lists: Any) -> list[dict[str, Any]]:
        found: dict[tuple[Any, Any], dict[str, Any]] = {}
        for each in lists:
            for node in each or ():
                parameter = self.resolve(node)
                found[parameter.get("name"), parameter.get("in")] = parameter
        return list(found.values())


class Validator:
    """Tells whether a value fits one schema, in bounded time whatever its patterns are."""

    def __init__(self, validator: Any) -> None:
        self._validator = validator

    def is_valid(self, value: Any) -> bool:
        """Return whether a value fits."""
        try:
            return bool(self._validator.is_valid(value))
        except RecursionError:
            return False

    def faults(self, value: Any) -> Iterator[str]:
        """Yield what does not fit, each in a line that begins with the place: `.city: ...`."""
        try:
            for error in self._validator.iter_errors(value):
                error = _closest(error)
                where = "".join(f".{step}" for step in error.absolute_path)
                line = first_line(error.message)
                if len(line) > LONGEST_MESSAGE:
                    half = LONGEST_MESSAGE // 2
                    line = f"{line[:half]} … {line[-half:]}"
                yield f"{where}: {line}" if where else line
        except RecursionError:
            yield "it is nested too deep to be checked"


def _closest(error: Any) -> Any:
    """Return what an error comes from: of several schemas, in the one that a value fits best.

    A schema that names another state, by `enum` or `const`, is not the one that was meant. Where no
    schema is closer than the others, what is told is that none of them fits.
    """
    while error.validator in ("oneOf", "anyOf") and error.context:
        branches: dict[Any, list[Any]] = {}
        for each in error.context:
            branches.setdefault(each.relative_schema_path[0], []).append(each)
        meant = [
            errors
            for errors in branches.values()
            if not any(each.validator in ("enum", "const") for each in errors)
        ]
        meant = meant or list(branches.values())
        fewest = min(map(len, meant))
        closest = [errors for errors in meant if len(errors) == fewest]
        if len(closest) > 1:
            return best_match([error]) if error.absolute_path else error
        error = best_match(closest[0])
    return best_match([error])


@lru_cache(maxsize=10_000)
def _pattern(pattern: str) -> jsonschema_rs.Validator | None:
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACK_LIMIT)
    try:
        return jsonschema_rs.Draft202012Validator(
            {"pattern": pattern}, pattern_options=options, offline=True
        )
    except (jsonschema_rs.ValidationError, ValueError):
        return None


def is_pattern(pattern: str) -> bool:
    """Return whether a text is a regular expression that can be matched in bounded time."""
    return len(pattern) <= 10_000 and _pattern(pattern) is not None


def matches(pattern: str, text: str) -> bool:
    """Return whether a text matches a document's pattern somewhere (JSON Schema validation 6.3.3).

    Python's own `re` may take longer than the universe on a pattern such as `(a+)+$`; the engine
    that is asked here takes time in proportion to the text, or gives up and says no. What is no
    pattern matches everything.
    """
    found = _pattern(pattern) if is_pattern(pattern) else None
    return found is None or bool(found.is_valid(text))


# jsonschema walks a schema as far as a value needs it, so a document with thousands of schemas
# that refer to each other costs nothing up front. What it would match with `re`, or compare in
# quadratic time, is replaced here.


def _check_pattern(
    validator: Any, pattern: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    if isinstance(value, str) and isinstance(pattern, str) and not matches(pattern, value):
        yield ValidationError(f"{value!r} does not match the pattern {pattern!r}")


def _check_pattern_properties(
    validator: Any, patterns: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        for pattern, inner in mapping(patterns).items():
            for key, each in value.items():
                if is_pattern(pattern) and matches(pattern, key):
                    yield from validator.descend(each, inner, path=key, schema_path=pattern)


def _extra(value: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    patterns = [each for each in mapping(schema.get("patternProperties")) if is_pattern(each)]
    named = mapping(schema.get("properties"))
    return [
        key
        for key in value
        if key not in named and not any(matches(each, key) for each in patterns)
    ]


def _check_additional(
    validator: Any, inner: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    if isinstance(value, dict) and inner is not True:
        for key in _extra(value, schema):
            if inner is False:
                yield ValidationError(f"{key!r} is no property here")
            else:
                yield from validator.descend(value[key], inner, path=key)


def _evaluated(validator: Any, value: dict[str, Any], schema: Any) -> set[str]:
    """Return the keys that a schema or one beside it says something of (JSON Schema core 11.3)."""
    if not isinstance(schema, dict):
        return set()
    found = set(mapping(schema.get("properties"))) & set(value)
    if "patternProperties" in schema or "additionalProperties" in schema:
        found |= set(value) - set(_extra(value, {**schema, "properties": {}}))
        if "additionalProperties" in schema:
            found |= set(_extra(value, schema))
    if "$ref" in schema:
        target = validator._resolver.lookup(schema["$ref"])
        inner = validator.evolve(schema=target.contents, _resolver=target.resolver)
        found |= _evaluated(inner, value, target.contents)
    for key in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(key) or ():
            if validator.evolve(schema=each).is_valid(value):
                found |= _evaluated(validator, value, each)
    for key, each in mapping(schema.get("dependentSchemas")).items():
        if key in value:
            found |= _evaluated(validator, value, each)
    if "if" in schema:
        holds = validator.evolve(schema=schema["if"]).is_valid(value)
        if holds:
            found |= _evaluated(validator, value, schema["if"])
        found |= _evaluated(validator, value, schema.get("then" if holds else "else"))
    if "unevaluatedProperties" in schema:
        found = set(value)
    return found


def _check_unevaluated(
    validator: Any, inner: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    if isinstance(value, dict) and inner is not True:
        own = {key: each for key, each in schema.items() if key != "unevaluatedProperties"}
        for key in [each for each in value if each not in _evaluated(validator, value, own)]:
            if inner is False:
                yield ValidationError(f"{key!r} is no property here")
            else:
                yield from validator.descend(value[key], inner, path=key)


def _check_unique(
    validator: Any, wanted: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    if wanted is True and isinstance(value, list):
        forms = {json.dumps(each, sort_keys=True, default=str) for each in value}
        if len(forms) != len(value):
            yield ValidationError("two entries are the same")


_FORMATS: Final = Draft202012Validator.FORMAT_CHECKER
_Bounded: Final[Any] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "pattern": _check_pattern,
        "patternProperties": _check_pattern_properties,
        "additionalProperties": _check_additional,
        "unevaluatedProperties": _check_unevaluated,
        "uniqueItems": _check_unique,
    },
)


def mapping(value: Any) -> dict[str, Any]:
    """Return a value if it is a dictionary, else an empty one."""
    return value if isinstance(value, dict) else {}


def unquoted(fragment: str) -> str:
    """Return the JSON pointer that a reference's fragment spells (RFC 6901 section 6)."""
    return unquote(fragment) if "%" in fragment else fragment
