"""An OpenAPI document as the course's own code sees it, and the faults of one.

`document.load` makes it; what stands here asks it questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

import jsonschema_rs

from ridealong.systems.contract.reading import Read, pointer, steps_of
from ridealong.systems.contract.shape import METHODS

if TYPE_CHECKING:
    from ridealong.systems.contract.validation import Validator

MOST_STEPS: Final = 100
BACKTRACK_LIMIT: Final = 100_000
LONGEST_MESSAGE: Final = 200
PLACEHOLDER: Final = re.compile(r"\{([^{}/]*)\}")
_ADDRESS: Final = "urn:contract"
_BOUNDED: Final = jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACK_LIMIT)


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
        self._registry: jsonschema_rs.Registry | None = None
        self._compiled: dict[int, jsonschema_rs.Validator | None] = {}

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
        from ridealong.systems.contract.validation import Validator, resolver

        found = self._validators.get(id(schema)) if id(schema) in self._schemas else None
        if found is None:
            if self._resolver is None:
                self._resolver = resolver(self.content)
            found = Validator(schema, self._resolver)
            if id(schema) in self._schemas:
                self._validators[id(schema)] = found
        return found

    def fits(self, schema: Any, value: Any) -> bool:
        """Return whether a value fits a schema of this document.

        The answer is that of `validator`, which takes a hundred times as long and can tell why.

        Args:
            schema: as `validator` takes it.
            value: that is not nested deep.
        """
        steps = self._schemas.get(id(schema))
        if steps is None:
            return self.validator(schema).is_valid(value)
        if id(schema) not in self._compiled:
            self._compiled[id(schema)] = self._compile(steps)
        compiled = self._compiled[id(schema)]
        return (compiled or self.validator(schema)).is_valid(value)

    def _compile(self, steps: list[str]) -> jsonschema_rs.Validator | None:
        """Return what tells whether a value fits the schema at a place, None where it cannot."""
        try:
            if self._registry is None:
                self._registry = jsonschema_rs.Registry([(_ADDRESS, self.content)])
            return jsonschema_rs.Draft202012Validator(
                {"$ref": f"{_ADDRESS}#{quote(pointer(steps))}"},
                registry=self._registry,
                pattern_options=_BOUNDED,
                validate_formats=True,
                offline=True,
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
            return None  # such as a text that is no pattern: there it is taken for none

    def _parameters(self, *lists: Any) -> list[dict[str, Any]]:
        found: dict[tuple[Any, Any], dict[str, Any]] = {}
        for each in lists:
            for node in each or ():
                parameter = self.resolve(node)
                found[parameter.get("name"), parameter.get("in")] = parameter
        return list(found.values())


@lru_cache(maxsize=10_000)
def _pattern(pattern: str) -> jsonschema_rs.Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator(
            {"pattern": pattern}, pattern_options=_BOUNDED, offline=True
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


def mapping(value: Any) -> dict[str, Any]:
    """Return a value if it is a dictionary, else an empty one."""
    return value if isinstance(value, dict) else {}


def unquoted(fragment: str) -> str:
    """Return the JSON pointer that a reference's fragment spells (RFC 6901 section 6)."""
    return unquote(fragment) if "%" in fragment else fragment
