"""What a schema of an OpenAPI document means, in one form, whichever way it is written.

OpenAPI 3.0 and 3.1 say the same thing in different words (`nullable: true` and a list of types,
`exclusiveMinimum: true` and `exclusiveMinimum: 5`), and one version has several words as well
(`allOf` of one part, `anyOf` of a type and null, a `$ref` or its text). A `Shape` is the same for
all of them, so that two shapes differ only where the contracts do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard
from urllib.parse import unquote

JSON_TYPES: Final = frozenset({"array", "boolean", "integer", "number", "object", "string"})
"""The types of JSON Schema except null, which `Shape.null` holds."""

_LOWER: Final = (("minimum", "exclusiveMinimum"), max)
_UPPER: Final = (("maximum", "exclusiveMaximum"), min)
_COUNTS: Final = {
    "minLength": max,
    "maxLength": min,
    "minItems": max,
    "maxItems": min,
    "minProperties": max,
    "maxProperties": min,
    "minContains": max,
    "maxContains": min,
}
_CHILDREN: Final = {
    "items": "items",
    "additionalProperties": "additional",
    "unevaluatedProperties": "unevaluated_properties",
    "unevaluatedItems": "unevaluated_items",
    "propertyNames": "property_names",
    "contains": "contains",
    "contentSchema": "content_schema",
}
_ANY_TEXT: Final = frozenset({"", ".*", "^.*", ".*$", "^.*$"})
_WORDS: Final = ("title", "description", "example", "examples", "externalDocs", "xml", "$comment")
_DEEPEST_MERGE: Final = 5
_LONGEST_CHAIN: Final = 100  # of a $ref to a $ref to a $ref


def form(value: object) -> str:
    """Return the one text of a JSON value: equal for equal values, whatever the order of keys."""
    return json.dumps(_plain(value), sort_keys=True, default=str)


def _plain(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def shown(value: object) -> str:
    """Return a value as a sentence shows it: short and on one line."""
    text = value if isinstance(value, str) else json.dumps(_plain(value), default=str)
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"


def step(place: str, *keys: object) -> str:
    """Return the JSON pointer of what lies below `place` (RFC 6901, section 3)."""
    for key in keys:
        place += "/" + str(key).replace("~", "~0").replace("/", "~1")
    return place


def as_map(value: object) -> Mapping[str, Any]:
    """Return `value` where it is a mapping with its keys as text, else an empty one."""
    if not isinstance(value, Mapping):
        return {}
    if all(isinstance(key, str) for key in value):
        return value
    return {_code(key): inner for key, inner in value.items()}


def _code(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def as_list(value: object) -> list[Any]:
    """Return `value` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


@dataclass(frozen=True, eq=False)
class Node:
    """A schema as it is written, with the place where it stands."""

    raw: Any
    place: str


@dataclass
class Union:
    """One `oneOf` or `anyOf`: its word, its alternatives, its discriminator."""

    word: str
    branches: list[Node]
    discriminator: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Shape:
    """What a schema means; see the module. `None` and empty: nothing is asked."""

    place: str
    types: frozenset[str] | None = None
    null: bool | None = None
    never: bool = False
    opaque: str | None = None
    values: dict[str, Any] | None = None
    constant: bool = False
    extensible: dict[str, Any] | None = None
    lower: tuple[float, bool] | None = None
    upper: tuple[float, bool] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    multiples: frozenset[float] = frozenset()
    patterns: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    unique: bool = False
    media_type: str | None = None
    encoding: str | None = None
    properties: dict[str, Node] = field(default_factory=dict)
    required: dict[str, str] = field(default_factory=dict)
    by_pattern: dict[str, Node] = field(default_factory=dict)
    prefix: list[Node] = field(default_factory=list)
    items: Node | None = None
    additional: Node | None = None
    unevaluated_properties: Node | None = None
    unevaluated_items: Node | None = None
    property_names: Node | None = None
    contains: Node | None = None
    content_schema: Node | None = None
    dependent_required: dict[str, frozenset[str]] = field(default_factory=dict)
    dependent_schemas: dict[str, Node] = field(default_factory=dict)
    unions: list[Union] = field(default_factory=list)
    nots: list[Node] = field(default_factory=list)
    conditions: list[dict[str, Node]] = field(default_factory=list)
    discriminator: Mapping[str, Any] = field(default_factory=dict)
    default: str | None = None
    read_only: bool = False
    write_only: bool = False
    deprecated: bool = False
    sunset: str | None = None
    words: str = "{}"
    places: dict[str, str] = field(default_factory=dict)

    @property
    def null_allowed(self) -> bool:
        """Whether null is a value of this schema."""
        return not self.never and (self.types is None if self.null is None else self.null)

    def where(self, keyword: str) -> str:
        """Return the pointer of a keyword, or of the schema where the keyword is absent."""
        return self.places.get(keyword, self.place)


class Side:
    """One of the two documents: it follows `$ref`s and knows the shape of every schema.

    Args:
        content: The document as plain data.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        self.is_30 = str(content.get("openapi", "")).startswith("3.0")
        self._at: dict[str, Any] = {}
        self._shapes: dict[int, Shape] = {}
        self._kept: list[Any] = []  # what is made here must not be freed: its id is a key
        self._merged: dict[tuple[int, int], Node] = {}
        self._parts: dict[int, tuple[list[Node], Shape | None]] = {}
        self._depths: dict[int, int] = {}
        self._sketches: dict[tuple[int, int], int] = {}
        self._in_progress: set[int] = set()
        self.anything = Node({}, "")
        self._kept.append(self.anything)

    def at(self, pointer: str) -> Any:
        """Return what stands at a local pointer such as `#/components/schemas/Ride`, or None."""
        if pointer not in self._at:
            self._at[pointer] = self._find(pointer) if pointer.startswith("#") else None
        return self._at[pointer]

    def _find(self, pointer: str) -> Any:
        found: Any = self.content
        for part in unquote(pointer[1:]).split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list):
                found = found[int(key)] if key.isdecimal() and int(key) < len(found) else None
            elif isinstance(found, Mapping):
                found = found.get(key) if key in found else as_map(found).get(key)
            else:
                found = None
            if found is None:
                return None
        return found

    def follow(self, node: Node) -> Node:
        """Return the node that a `$ref` leads to; one that leads nowhere is returned as it is.

        Words beside the `$ref` (3.1) stay with the shape, see `shape`; objects other than schemas
        have none that matter.
        """
        for _ in range(_LONGEST_CHAIN):
            target = node.raw.get("$ref") if isinstance(node.raw, Mapping) else None
            if not isinstance(target, str):
                return node
            found = self.at(target)
            if found is None:
                return node
            node = Node(found, unquote(target[1:]))
        return node

    def plain(self, node: Node) -> Node:
        """Return the schema that a node is, without `$ref`s that have no words beside them."""
        for _ in range(_LONGEST_CHAIN):
            raw = node.raw
            if not isinstance(raw, Mapping) or not isinstance(raw.get("$ref"), str):
                break
            found = self.at(raw["$ref"])
            if found is None or (len(raw) > 1 and not self.is_30):
                break
            node = Node(found, unquote(raw["$ref"][1:]))
        return node

    def reference(self, node: Node | None) -> str | None:
        """Return the name of the component that a node refers to, and nothing but refers to."""
        raw = node.raw if node is not None else None
        if isinstance(raw, Mapping) and isinstance(raw.get("$ref"), str):
            return unquote(str(raw["$ref"])).rsplit("/", 1)[-1]
        return None

    def shape(self, node: Node) -> Shape:
        """Return what a schema means. The same schema gives the same object."""
        key = id(node.raw)
        if key in self._shapes:
            return self._shapes[key]
        if key in self._in_progress:  # a schema that is an allOf of itself asks nothing more
            return Shape(node.place)
        self._in_progress.add(key)
        try:
            shape = self._read(node)
        finally:
            self._in_progress.discard(key)
        if isinstance(node.raw, Mapping | list):
            self._kept.append(node.raw)
            self._shapes[key] = shape
        return shape

    def sketch(self, node: Node, depth: int = 3) -> int:
        """Return a number that two schemas share if they are alike `depth` `$ref`s down.

        Names of components do not count, nor what is said for people.
        """
        if depth < 0:
            return 0
        key = (id(node.raw), depth)
        if key not in self._sketches:
            self._kept.append(node.raw)
            self._sketches[key] = 0  # for a schema that holds itself without a `$ref`
            self._sketches[key] = self._sketch(node, depth)
        return self._sketches[key]

    def _sketch(self, node: Node, depth: int) -> int:
        raw = node.raw
        if isinstance(raw, list):
            return hash(tuple(sorted(self.sketch(Node(one, ""), depth) for one in raw)))
        if not isinstance(raw, Mapping):
            return hash(form(raw))
        if isinstance(raw.get("$ref"), str):
            found = self.at(raw["$ref"])
            return self.sketch(Node(found, ""), depth - 1)
        parts = (
            (str(k), self.sketch(Node(v, ""), depth)) for k, v in raw.items() if k not in _WORDS
        )
        return hash(tuple(sorted(parts)))

    def both(self, one: Node, other: Node) -> Node:
        """Return the schema that asks what both ask."""
        if one.raw is other.raw:
            return one
        made = self._made((id(one.raw), id(other.raw)), [one, other])
        return made or one

    def branch(self, node: Node, shape: Shape, branch: Node) -> Node:
        """Return an alternative of a union together with what `shape` asks beside its unions."""
        made = self._made((id(shape), id(branch.raw)), [node, branch], shape)
        return made or branch

    def _made(
        self, key: tuple[int, int], parts: list[Node], base: Shape | None = None
    ) -> Node | None:
        """Return a schema of several parts; None where parts are made of parts without an end."""
        if key not in self._merged:
            depth = 1 + max(self._depths.get(id(part.raw), 0) for part in parts)
            if depth > _DEEPEST_MERGE:
                return None
            made = Node({"allOf": [part.raw for part in parts]}, parts[-1].place)
            self._kept += [made.raw, parts, base]
            self._depths[id(made.raw)] = depth
            self._parts[id(made.raw)] = (parts, base)
            self._merged[key] = made
        return self._merged[key]

    def _read(self, node: Node) -> Shape:
        raw, place = node.raw, node.place
        if id(raw) in self._parts:  # made here, its parts have places of their own
            nodes, base = self._parts[id(raw)]
            if base is None:
                return self._merge([self.shape(part) for part in nodes], place)
            plain = Shape(**{**vars(base), "unions": [], "discriminator": {}})
            merged = self._merge([plain, self.shape(nodes[-1])], place)
            if base.null and base.types is None:  # null was one of the alternatives
                merged.null, merged.never = True, base.never
            return merged
        if raw is False:
            return Shape(place, never=True)
        if not isinstance(raw, Mapping):
            return Shape(place)
        parts: list[Shape] = []
        target = raw.get("$ref")
        if isinstance(target, str):
            found = self.follow(node)
            if found is node:
                return Shape(place, opaque=target)
            beside = {} if self.is_30 else {k: v for k, v in raw.items() if k != "$ref"}
            if not beside:
                return self.shape(found)
            parts.append(self.shape(found))
            raw = beside
            self._kept.append(beside)
        own = self._own(raw, place)
        for index, part in enumerate(as_list(raw.get("allOf"))):
            parts.append(self.shape(Node(part, step(place, "allOf", index))))
        if not parts:
            return own
        return self._merge([own, *parts], place)

    def _own(self, raw: Mapping[str, Any], place: str) -> Shape:
        shape = Shape(place)
        shape.places = {str(key): step(place, key) for key in raw}
        self._types(raw, shape)
        self._values(raw, shape)
        self._bounds(raw, shape)
        self._children(raw, shape, place)
        shape.formats = _texts(raw.get("format"))
        shape.patterns = _texts(raw.get("pattern")) - _ANY_TEXT
        shape.unique = raw.get("uniqueItems") is True
        shape.media_type = _text(raw.get("contentMediaType"))
        shape.encoding = _text(raw.get("contentEncoding"))
        shape.read_only = raw.get("readOnly") is True
        shape.write_only = raw.get("writeOnly") is True
        shape.deprecated = raw.get("deprecated") is True
        shape.sunset = _text(raw.get("x-sunset"))
        shape.words = form({word: raw[word] for word in _WORDS if word in raw})
        if "default" in raw:
            shape.default = form(raw["default"])
        for union in shape.unions:
            if shape.discriminator and not union.discriminator:
                union.discriminator = shape.discriminator
        self._collapse(shape)
        return shape

    @staticmethod
    def _types(raw: Mapping[str, Any], shape: Shape) -> None:
        written = raw.get("type")
        names = [written] if isinstance(written, str) else as_list(written)
        if names:
            shape.types = frozenset(str(name) for name in names if name not in ("null", None))
            shape.null = any(name in ("null", None) for name in names)
        if raw.get("nullable") is True:
            shape.null = True

    def _values(self, raw: Mapping[str, Any], shape: Shape) -> None:
        values = as_list(raw.get("enum")) if isinstance(raw.get("enum"), list) else None
        if "const" in raw:
            listed = values is None or form(raw["const"]) in map(form, values)
            values = [raw["const"]] if listed else []
            shape.constant = raw["const"] is not None
            shape.places.setdefault("enum", shape.where("const"))
        if values is not None:
            shape.values = {form(value): value for value in values if value is not None}
            types = frozenset(map(_type_of, shape.values.values()))
            shape.types = types if shape.types is None else _overlap(shape.types, types)
            if not self.is_30:
                shape.null = None in values and shape.null is not False
            elif None in values:
                shape.null = True  # 3.0 wants `nullable` as well, and contracts leave it out
            shape.never = not shape.values and not shape.null
        if isinstance(raw.get("x-extensible-enum"), list):
            shape.extensible = {form(value): value for value in raw["x-extensible-enum"]}

    @staticmethod
    def _bounds(raw: Mapping[str, Any], shape: Shape) -> None:
        for attribute, (words, tighter) in (("lower", _LOWER), ("upper", _UPPER)):
            plain, exclusive = (raw.get(word) for word in words)
            if exclusive is True and _number(plain):  # 3.0: a yes or no beside the bound
                plain, exclusive = None, plain
            found = [(plain, False)] if _number(plain) else []
            if _number(exclusive):
                found.append((exclusive, True))
                shape.places.setdefault(words[0], shape.where(words[1]))
            if raw.get("type") == "integer":  # more than 4 is at least 5
                move = 1 if attribute == "lower" else -1
                found = [
                    (int(value) + move, False)
                    if strict and float(value).is_integer()
                    else (value, strict)
                    for value, strict in found
                ]
            if found:
                setattr(shape, attribute, _tightest(found, tighter))
        for word in _COUNTS:
            value = raw.get(word)
            if _number(value) and not (
                word.startswith("min") and word != "minContains" and value == 0
            ):
                shape.counts[word] = int(value)
        if _number(raw.get("multipleOf")):
            shape.multiples = frozenset({float(raw["multipleOf"])})

    def _children(self, raw: Mapping[str, Any], shape: Shape, place: str) -> None:
        for word, attribute in _CHILDREN.items():
            if isinstance(raw.get(word), Mapping | bool):
                setattr(shape, attribute, Node(raw[word], step(place, word)))
        for word, target in (
            ("properties", shape.properties),
            ("patternProperties", shape.by_pattern),
            ("dependentSchemas", shape.dependent_schemas),
        ):
            for name, inner in as_map(raw.get(word)).items():
                target[name] = Node(inner, step(place, word, name))
        shape.required = {
            str(name): step(place, "required") for name in as_list(raw.get("required"))
        }
        shape.prefix = [
            Node(inner, step(place, "prefixItems", index))
            for index, inner in enumerate(as_list(raw.get("prefixItems")))
        ]
        shape.dependent_required = {
            name: frozenset(str(needed) for needed in as_list(names))
            for name, names in as_map(raw.get("dependentRequired")).items()
            if as_list(names)
        }
        for word in ("oneOf", "anyOf"):
            if as_list(raw.get(word)):
                branches = [Node(b, step(place, word, i)) for i, b in enumerate(raw[word])]
                shape.unions.append(Union(word, branches))
        shape.discriminator = as_map(raw.get("discriminator"))
        if "not" in raw:
            shape.nots = [Node(raw["not"], step(place, "not"))]
        condition = {w: Node(raw[w], step(place, w)) for w in ("if", "then", "else") if w in raw}
        if "if" in condition:
            shape.conditions = [condition]

    def _collapse(self, shape: Shape) -> None:
        """Write a union that is only a way to say null, one part or several types as what it is."""
        for union in list(shape.unions):
            shapes = [self.shape(branch) for branch in union.branches]
            rest = [
                branch
                for branch, inner in zip(union.branches, shapes, strict=True)
                if not (inner.types == frozenset() and inner.null)
            ]
            had_null = len(rest) < len(union.branches)
            simple = [
                set(raw) <= {"type", "title", "description"}
                for raw in (
                    branch.raw if isinstance(branch.raw, Mapping) else {"": 0} for branch in rest
                )
            ]
            if not rest:
                shape.unions.remove(union)
                shape.types, shape.null = frozenset(), True
            elif all(simple) and shape.types is None:
                shape.unions.remove(union)
                inner = [self.shape(branch) for branch in rest]
                if all(one.types is not None for one in inner):
                    shape.types = frozenset().union(*(one.types or frozenset() for one in inner))
                    shape.null = had_null or any(one.null for one in inner)
            elif len(rest) == 1:
                shape.unions.remove(union)
                alone = self._merge([shape, self.shape(rest[0])], shape.place)
                vars(shape).update(vars(alone))
                if had_null:
                    shape.null = True
            elif had_null:
                union.branches = rest
                shape.null = True

    def _merge(self, parts: list[Shape], place: str) -> Shape:
        """Return the shape that asks all that the parts ask (`allOf`)."""
        merged = Shape(place)
        for part in parts:
            self._take(merged, part)
        nothing = merged.types == frozenset() or merged.values == {}
        merged.never = merged.never or (nothing and not merged.null)
        merged.words = parts[0].words if parts[0].words != "{}" else merged.words
        return merged

    def _take(self, merged: Shape, part: Shape) -> None:
        first = merged.places == {} and merged.types is None
        merged.places = {**part.places, **merged.places}
        merged.never = merged.never or part.never
        merged.opaque = merged.opaque or part.opaque
        if part.types is not None:
            merged.types = (
                part.types if merged.types is None else _overlap(merged.types, part.types)
            )
        if part.null is not None:
            # 3.0: `nullable: true` beside an allOf of one $ref is meant to allow null.
            known = merged.null is not None
            either, both = bool(merged.null or part.null), bool(merged.null and part.null)
            merged.null = part.null if not known else either if self.is_30 else both
        if part.values is not None:
            merged.constant = part.constant or merged.constant
            merged.values = (
                dict(part.values)
                if merged.values is None
                else {key: value for key, value in merged.values.items() if key in part.values}
            )
        merged.extensible = merged.extensible or part.extensible
        for attribute, tighter in (("lower", max), ("upper", min)):
            found = [
                bound for bound in (getattr(merged, attribute), getattr(part, attribute)) if bound
            ]
            if found:
                setattr(merged, attribute, _tightest(found, tighter))
        for word, value in part.counts.items():
            merged.counts[word] = _COUNTS[word](merged.counts.get(word, value), value)
        merged.multiples |= part.multiples
        merged.patterns |= part.patterns
        merged.formats |= part.formats
        merged.unique = merged.unique or part.unique
        merged.media_type = merged.media_type or part.media_type
        merged.encoding = merged.encoding or part.encoding
        for mine, theirs in (
            (merged.properties, part.properties),
            (merged.by_pattern, part.by_pattern),
            (merged.dependent_schemas, part.dependent_schemas),
        ):
            for name, node in theirs.items():
                mine[name] = self.both(mine[name], node) if name in mine else node
        merged.required = {**part.required, **merged.required}
        for name, names in part.dependent_required.items():
            merged.dependent_required[name] = (
                merged.dependent_required.get(name, frozenset()) | names
            )
        for attribute in _CHILDREN.values():
            mine_node, node = getattr(merged, attribute), getattr(part, attribute)
            if node is not None:
                setattr(
                    merged, attribute, node if mine_node is None else self.both(mine_node, node)
                )
        merged.prefix = merged.prefix or part.prefix
        merged.unions = [*merged.unions, *part.unions]
        merged.nots = [*merged.nots, *part.nots]
        merged.conditions = [*merged.conditions, *part.conditions]
        merged.discriminator = merged.discriminator or part.discriminator
        merged.default = part.default if merged.default is None else merged.default
        merged.read_only = merged.read_only or part.read_only
        merged.write_only = merged.write_only or part.write_only
        merged.deprecated = merged.deprecated or part.deprecated
        merged.sunset = merged.sunset or part.sunset
        if first:
            merged.words = part.words


def references(value: object) -> Iterator[str]:
    """Yield every `$ref` below a value, also those in the mapping of a discriminator."""
    stack = [value]
    seen: set[int] = set()
    while stack:
        found = stack.pop()
        if id(found) in seen:
            continue
        if isinstance(found, Mapping):
            seen.add(id(found))
            target = found.get("$ref")
            if isinstance(target, str):
                yield target
            mapping = as_map(as_map(found.get("discriminator")).get("mapping"))
            yield from (name for name in mapping.values() if isinstance(name, str))
            stack.extend(found.values())
        elif isinstance(found, list):
            seen.add(id(found))
            stack.extend(found)


def component(target: str) -> str:
    """Return a `$ref` in full; the mapping of a discriminator may name a schema by its name."""
    return target if target.startswith("#") else f"#/components/schemas/{target}"


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Mapping):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, int | float):
        return "integer" if float(value).is_integer() else "number"
    return "string"


def _number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> frozenset[str]:
    return frozenset({value} if isinstance(value, str) else ())


def _tightest(found: list[tuple[Any, bool]], tighter: Any) -> tuple[Any, bool]:
    value = tighter(bound for bound, _ in found)
    return value, any(strict for bound, strict in found if bound == value)


def _overlap(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    both = one & other
    if ("integer" in one and "number" in other) or ("integer" in other and "number" in one):
        both |= {"integer"}
    return both
