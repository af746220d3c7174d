"""What can be seen in a contract when it is held against a style guide.

Each check looks at one matter (how a path is written, what a list answers) and yields a `Site` for
every place that it judged, kept or broken. Which guide wants what stands in `style/*.toml`, which
name the checks by the names of their functions. A check judges what an OpenAPI document shows and
nothing behind it; where it has to guess what a name means (is `cancel` an action, is `fares`
plural), the lists it guesses by stand here, and what they do not know is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ridealong.systems.contract.reading import pointer

if TYPE_CHECKING:
    from ridealong.systems.contract.document import Document, Operation

MOST_PARTS: Final = 200
"""How many schemas behind `$ref` and `allOf` are followed for one body."""

_PATTERNS: Final = {
    "camel": re.compile(r"[a-z][a-zA-Z0-9]*\Z"),
    "snake": re.compile(r"[a-z_][a-z_0-9]*\Z"),
    "kebab": re.compile(r"[a-z][a-z\-0-9]*\Z"),
    "UPPER_SNAKE": re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\Z"),
}
_CASE_NAMES: Final = {"camel": "camelCase", "snake": "snake_case", "kebab": "kebab-case"}
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+")
_CAPITALS: Final = re.compile(r"[A-Z]{2}")
_VERSION: Final = re.compile(
    r"(?:[vV]\d+(?:[._]\d+)*(?:(?:alpha|beta)\d*)?|\d+(?:\.\d+)+|\d{4}-\d{2}-\d{2})\Z"
)
_MAJOR: Final = re.compile(r"v[1-9]\d*(?:(?:alpha|beta)\d*)?\Z")
_SEMANTIC: Final = re.compile(r"\d+\.\d+\.\d+\Z")
_ACTION: Final = re.compile(r"(.+):([A-Za-z][\w-]*)\Z")
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\b")
_PROBLEM: Final = "application/problem+json"


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VERBS: Final = _set("""
    accept activate add approve archive arrive assign authenticate authorize block calculate
    cancel capture charge claim clone close complete confirm connect convert copy create
    deactivate decline delete deliver disable disconnect dispatch enable end estimate execute
    export fetch finish get hide import invite join leave list lock login logout mark match
    merge move notify open pause pay ping process publish query quote rate read reassign
    recalculate refresh refund register reject release remove rename renew reopen replace report
    resend reserve reset resolve restart restore resume retry return revoke run save schedule
    search send set sign signin signout signup skip start stop submit subscribe suspend swap
    sync terminate test track transfer trigger unassign unblock undelete undo unlock unpublish
    unsubscribe update upload validate verify withdraw
""")
_NOUNS_TOO: Final = _set("""
    block book charge claim copy deliver end export fetch import list lock login logout match
    move pause ping process query quote rate refund release report reserve return run schedule
    search set start stop swap sync test track transfer trigger update upload
""")
"""Verbs that are nouns as well: `/rate-limits` and `/search` are no actions, `/rateDriver` is one."""
_PLURALS: Final = _set("""
    children content criteria data equipment feedback feet history indices info information
    inventory me media men metadata mice people phenomena self software staff teeth traffic
    vertices weather women
""")
"""Plurals that do not end in -s, and words that have none."""
_ANYTHING: Final = _set("content data info information")
_SINGULARS: Final = _set("""
    alias analysis atlas axis basis bonus bus campus canvas census consensus corpus crisis
    diagnosis emphasis focus gas genus hypothesis lens nexus plus radius status surplus thesis
    virus
""")
"""Singulars that do end in -s, beside all in -ss."""
_MONEY: Final = _set("amount price fare fee cost charge tip payout cents")
_TOTALS: Final = frozenset(
    ("total", "count", "total count", "total size", "total items", "total results", "item count")
)


@dataclass(frozen=True, slots=True)
class Site:
    """One place that a check judged.

    Attributes:
        place: where, as a JSON pointer.
        seen: what stands there; empty where it is as the guide wants it.
        wanted: what the guide wants instead.
    """

    place: str
    seen: str = ""
    wanted: str = ""

    @property
    def kept(self) -> bool:
        """Whether the place is as the guide wants it."""
        return not self.seen


@dataclass(frozen=True, slots=True)
class Response:
    """One answer of an operation, its reference followed."""

    code: str
    place: str
    content: dict[str, Any]
    reference: str


@dataclass(frozen=True)
class Act:
    """One operation, seen as a style guide sees it.

    Attributes:
        operation: as the document has it.
        segments: the parts of its path between slashes, without the action after a colon.
        action: what stands after a colon at the end of the path, as `cancel`; or empty.
    """

    operation: Operation
    segments: tuple[str, ...]
    action: str

    @property
    def method(self) -> str:
        return self.operation.method

    @property
    def name(self) -> str:
        return self.operation.name

    @property
    def place(self) -> str:
        return self.operation.place

    @cached_property
    def ends_in_id(self) -> bool:
        """Whether the path leads to one resource, as `/rides/{ride_id}`."""
        return bool(self.segments) and _is_parameter(self.segments[-1]) and not self.action

    @cached_property
    def verb(self) -> str:
        """The verb that ends the path after a slash, as in `/rides/{ride_id}/cancel`; or empty."""
        if self.action or not self.segments or _is_parameter(self.segments[-1]):
            return ""
        last = self.segments[-1]
        words = words_of(last)
        if not words or words[0] not in _VERBS:
            return ""
        if len(words) > 1:
            return "" if words[0] in _NOUNS_TOO and is_plural(last) else last
        changes = self.method in {"post", "put", "patch"} and len(self.segments) > 1
        after_id = len(self.segments) > 1 and _is_parameter(self.segments[-2])
        return last if changes and (after_id or last not in _NOUNS_TOO) else ""


class View:
    """A document, looked at once for all checks."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._responses: dict[str, list[Response]] = {}

    @cached_property
    def acts(self) -> tuple[Act, ...]:
        """Every operation."""
        return tuple(_act(each) for each in self.document.operations())

    @cached_property
    def paths(self) -> Mapping[str, Act]:
        """One operation for every path."""
        found: dict[str, Act] = {}
        for act in self.acts:
            found.setdefault(act.operation.path, act)
        return found

    @cached_property
    def bases(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The path of each server's address, with its place."""
        servers = self.document.content.get("servers")
        found = []
        for number, server in enumerate(servers if isinstance(servers, list) else ()):
            url = str(mapping(server).get("url", ""))
            _, marks, rest = url.partition("://")
            path = rest.partition("/")[2] if marks else url
            parts = tuple(part for part in path.split("?")[0].split("/") if part)
            found.append((pointer(["servers", str(number), "url"]), parts))
        return tuple(found)

    @cached_property
    def schemas(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Every schema that is written out in the document, with its place, each once."""
        return tuple(_schemas(self.document.content))

    @cached_property
    def properties(self) -> tuple[tuple[str, str, dict[str, Any], dict[str, Any]], ...]:
        """Every property that is written out: its name, place, schema and the schema that has it."""
        found = []
        for place, schema in self.schemas:
            for name, node in mapping(schema.get("properties")).items():
                found.append(
                    (name, f"{place}{pointer(['properties', name])}", mapping(node), schema)
                )
        return tuple(found)

    def resolved(self, node: Any) -> dict[str, Any]:
        """Return what a node stands for, or nothing where its reference leads nowhere."""
        try:
            return mapping(self.document.resolve(node))
        except (LookupError, TypeError, ValueError):
            return {}

    def responses(self, act: Act) -> list[Response]:
        """Return the answers of an operation, in the document's order."""
        if act.place not in self._responses:
            self._responses[act.place] = [
                Response(
                    code,
                    f"{act.place}{pointer(['responses', code])}",
                    self.resolved(node),
                    str(mapping(node).get("$ref", "")),
                )
                for code, node in mapping(act.operation.content.get("responses")).items()
                if not code.startswith("x-")
            ]
        return self._responses[act.place]

    def successes(self, act: Act) -> list[Response]:
        """Return the answers of success (2xx)."""
        return [each for each in self.responses(act) if each.code.startswith("2")]

    def errors(self, act: Act) -> list[Response]:
        """Return the answers of error: 4xx, 5xx and default."""
        return [
            each for each in self.responses(act) if each.code[0] in "45" or each.code == "default"
        ]

    def creates(self, act: Act) -> bool:
        """Whether an operation adds one resource to a collection, as far as one can see."""
        return (
            act.method == "post"
            and not act.action
            and not act.verb
            and bool(act.segments)
            and not _is_parameter(act.segments[-1])
            and is_plural(act.segments[-1])
            and not _is_bulk(act)
            and not any(self.is_array(self.json(each.content)) for each in self.successes(act))
        )

    def body(self, act: Act) -> dict[str, Any]:
        """Return the body that an operation takes."""
        return self.resolved(act.operation.content.get("requestBody"))

    def json(self, holder: Mapping[str, Any]) -> Any:
        """Return the schema of the JSON that a body or an answer holds, or None."""
        for media_type, content in mapping(holder.get("content")).items():
            if _JSON.match(media_type):
                return mapping(content).get("schema", {})
        return None

    def parts(self, node: Any) -> Iterator[dict[str, Any]]:
        """Yield a schema and those that it is made of, through `$ref` and `allOf`, each once."""
        waiting, met = [node], set[int]()
        while waiting and len(met) < MOST_PARTS:
            schema = self.resolved(waiting.pop(0))
            if id(schema) in met:
                continue
            met.add(id(schema))
            yield schema
            every = schema.get("allOf")
            waiting.extend(every if isinstance(every, list) else ())

    def fields(self, node: Any) -> dict[str, Any]:
        """Return the properties of an object's schema, those of its parts included."""
        found: dict[str, Any] = {}
        for part in self.parts(node):
            for name, schema in mapping(part.get("properties")).items():
                found.setdefault(name, schema)
        return found

    def types(self, node: Any) -> set[str]:
        """Return the types that a schema names, without null; empty where it names none."""
        found: set[str] = set()
        for part in self.parts(node):
            named = part.get("type")
            found.update([named] if isinstance(named, str) else named or ())
        return found - {"null"}

    def is_array(self, node: Any) -> bool:
        """Whether a schema is that of an array."""
        return "array" in self.types(node) or any("items" in part for part in self.parts(node))

    def arrays_of_objects(self, node: Any) -> list[str]:
        """Return the fields of an object that are arrays of objects."""
        return [
            name
            for name, schema in self.fields(node).items()
            if self.is_array(schema) and any(self._is_object(each) for each in self._items(schema))
        ]

    @cached_property
    def lists(self) -> tuple[tuple[Act, Response, Any], ...]:
        """What lists a collection: operation, answer and the answer's schema."""
        found = []
        for act in self.acts:
            if act.method != "get" or not act.segments or _is_parameter(act.segments[-1]):
                continue
            for response in self.successes(act):
                schema = self.json(response.content)
                if schema is None:
                    continue
                if self.is_array(schema) or self.arrays_of_objects(schema):
                    found.append((act, response, schema))
                break
        return tuple(found)

    def header_names(self, response: Response) -> set[str]:
        """Return the names of an answer's headers, in lower case."""
        return {name.lower() for name in mapping(response.content.get("headers"))}

    def _items(self, node: Any) -> Iterator[Any]:
        for part in self.parts(node):
            if "items" in part:
                yield part["items"]

    def _is_object(self, node: Any) -> bool:
        return any(
            "properties" in part
            or part.get("type") == "object"
            or "oneOf" in part
            or "anyOf" in part
            for part in self.parts(node)
        )


def mapping(value: Any) -> dict[str, Any]:
    """Return a value that is a mapping, or an empty one."""
    return value if isinstance(value, dict) else {}


def words_of(name: str) -> list[str]:
    """Return the words of a name in any case: `driverPhone` and `driver_phone` have the same two."""
    return [word.lower() for word in _WORD.findall(name)]


def in_case(name: str, case: str) -> str:
    """Return a name rewritten in camel, snake, kebab or UPPER_SNAKE case."""
    words = words_of(name)
    if case == "camel":
        return "".join([*words[:1], *(word.capitalize() for word in words[1:])])
    if case == "UPPER_SNAKE":
        return "_".join(words).upper()
    return {"snake": "_", "kebab": "-"}[case].join(words)


def is_plural(name: str) -> bool:
    """Whether the last word of a name is a plural, or has none."""
    last = next((word for word in reversed(words_of(name)) if not word.isdecimal()), "")
    if len(last) < 3 or last in _PLURALS:
        return True
    return last.endswith("s") and not last.endswith("ss") and last not in _SINGULARS


def plural_of(name: str) -> str:
    """Return a regular plural of a name: `cities` of `city`, `addresses` of `address`."""
    if re.search(r"[^aeiou]y\Z", name):
        return f"{name[:-1]}ies"
    return f"{name}es" if re.search(r"(?:s|x|ch|sh)\Z", name) else f"{name}s"


def _is_parameter(segment: str) -> bool:
    return "{" in segment


def _is_bulk(act: Act) -> bool:
    last = act.action or (act.segments[-1] if act.segments else "")
    return act.method == "post" and bool({"batch", "bulk"} & set(words_of(last)))


def _act(operation: Operation) -> Act:
    path, action = operation.path, ""
    # A colon within braces belongs to the parameter; `/rides/{ride}:cancel` ends in an action.
    found = _ACTION.match(path)
    if found and "/" not in found[2] and found[1].count("{") == found[1].count("}"):
        path, action = found[1], found[2]
    segments = re.split(r"/(?![^{]*\})", path)
    return Act(operation, tuple(segment for segment in segments if segment), action)


_SCHEMA_MAPS: Final = (
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
)
_SCHEMA_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCHEMA_ONES: Final = (
    "items",
    "additionalProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contains",
    "not",
    "if",
    "then",
    "else",
)
_NO_STRUCTURE: Final = frozenset(("example", "examples", "default", "enum", "const", "security"))


def _schemas(content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema with its place: those under `schema` and `components/schemas`, and theirs."""
    met: set[int] = set()
    waiting: list[tuple[str, Any, bool]] = [("", content, False)]
    while waiting:
        place, node, is_schema = waiting.pop()
        if isinstance(node, list):
            waiting.extend(
                (f"{place}/{number}", each, is_schema)
                for number, each in reversed(list(enumerate(node)))
            )
            continue
        # By an alias of YAML one object may stand in many places: it is looked at in the first.
        if not isinstance(node, dict) or id(node) in met:
            continue
        met.add(id(node))
        inner: list[tuple[str, Any, bool]] = []
        if is_schema:
            yield place, node
            for key in _SCHEMA_MAPS:
                inner += [
                    (f"{place}{pointer([key, name])}", each, True)
                    for name, each in mapping(node.get(key)).items()
                ]
            inner += [(f"{place}/{key}", node[key], True) for key in _SCHEMA_LISTS if key in node]
            inner += [(f"{place}/{key}", node[key], True) for key in _SCHEMA_ONES if key in node]
        else:
            for key, value in node.items():
                if key in _NO_STRUCTURE or str(key).startswith("x-"):
                    continue
                inner_place = f"{place}{pointer([str(key)])}"
                if place == "/components" and key == "schemas":
                    inner += [
                        (f"{inner_place}{pointer([name])}", each, True)
                        for name, each in mapping(value).items()
                    ]
                else:
                    inner.append((inner_place, value, key == "schema"))
        waiting.extend(reversed(inner))


# --- Names and paths -----------------------------------------------------------------------------


def segment_case(view: View, cases: Sequence[str]) -> Iterator[Site]:
    """Path segments are written in one of some cases."""
    met: set[str] = set()
    for act in view.paths.values():
        for segment in act.segments:
            if segment in met or _is_parameter(segment) or _VERSION.match(segment):
                continue
            met.add(segment)
            if any(_PATTERNS[case].match(segment) for case in cases):
                yield Site(act.place)
            else:
                ways = " or ".join(dict.fromkeys(f"`{in_case(segment, case)}`" for case in cases))
                yield Site(act.place, f"the path has the segment `{segment}`", ways)


def plural_collections(view: View) -> Iterator[Site]:
    """What holds many resources has a plural name."""
    met: set[str] = set()
    listed = {act.operation.path for act, _, _ in view.lists}
    for path, act in view.paths.items():
        for number, segment in enumerate(act.segments):
            if segment in met or _is_parameter(segment) or _VERSION.match(segment):
                continue
            last = number == len(act.segments) - 1
            holds_many = (not last and _is_parameter(act.segments[number + 1])) or (
                last and path in listed
            )
            if not holds_many:
                continue
            met.add(segment)
            if is_plural(segment):
                yield Site(act.place)
            else:
                yield Site(
                    act.place,
                    f"the collection `{segment}` has a singular name",
                    f"a plural, such as `{plural_of(segment)}`",
                )


def normal_paths(view: View) -> Iterator[Site]:
    """Paths have no empty segment and no slash at the end."""
    for path, act in view.paths.items():
        if "//" in path or (path != "/" and path.endswith("/")):
            right = re.sub("/+", "/", path).rstrip("/") or "/"
            yield Site(act.place, f"the path is `{path}`", f"`{right}`")
        else:
            yield Site(act.place)


def query_case(view: View, case: str, **options: Any) -> Iterator[Site]:
    """Query parameters are written in one case."""
    excepted = set(options.get("except", ()))
    met: set[str] = set()
    for act in view.acts:
        for parameter in act.operation.parameters:
            name = str(parameter.get("name", "")).partition("[")[0]
            if parameter.get("in") != "query" or name in met or name in excepted:
                continue
            met.add(name)
            if _PATTERNS[case].match(name):
                yield Site(act.place)
            else:
                yield Site(
                    act.place,
                    f"the query parameter `{name}` is not {_CASE_NAMES[case]}",
                    f"`{in_case(name, case)}`",
                )


def property_case(view: View, case: str, acronyms: bool = True) -> Iterator[Site]:
    """Properties are written in one case; each name is told once."""
    met: set[str] = set()
    for name, place, _, _ in view.properties:
        if name in met or name.startswith(("@", "$")):
            continue
        met.add(name)
        right = in_case(name, case)
        if not _PATTERNS[case].match(name):
            yield Site(
                place,
                f"the property `{name}` is not {_CASE_NAMES[case]}",
                f"`{right}`" if right else _CASE_NAMES[case],
            )
        elif not acronyms and _CAPITALS.search(name):
            yield Site(place, f"the property `{name}` has an acronym in capitals", f"`{right}`")
        else:
            yield Site(place)


def array_names(view: View) -> Iterator[Site]:
    """Properties that are arrays have plural names; each name is told once."""
    met: set[str] = set()
    for name, place, schema, _ in view.properties:
        if name in met or not view.is_array(schema):
            continue
        met.add(name)
        if is_plural(name):
            yield Site(place)
        else:
            yield Site(
                place,
                f"the array `{name}` has a singular name",
                f"a plural, such as `{plural_of(name)}`",
            )


def enum_case(view: View) -> Iterator[Site]:
    """Values of enumerations are in UPPER_SNAKE_CASE."""
    for place, schema in view.schemas:
        values = schema.get("enum") or schema.get("x-extensible-enum")
        texts = [value for value in values or () if isinstance(value, str) and value]
        if not texts:
            continue
        other = next((text for text in texts if not _PATTERNS["UPPER_SNAKE"].match(text)), "")
        if other:
            right = in_case(other, "UPPER_SNAKE") or "UPPER_SNAKE_CASE"
            yield Site(place, f"the enumeration has the value `{other}`", f"`{right}`")
        else:
            yield Site(place)


def open_enums(view: View) -> Iterator[Site]:
    """Enumerations of texts say that values may be added."""
    for place, schema in view.schemas:
        if not any(isinstance(value, str) for value in schema.get("enum") or ()):
            continue
        if mapping(schema.get("x-ms-enum")).get("modelAsString") is True:
            yield Site(place)
        else:
            yield Site(
                place,
                "the enumeration is closed: a new value would break clients",
                "`x-ms-enum` with a name and `modelAsString: true`",
            )


def ids_are_strings(view: View) -> Iterator[Site]:
    """What identifies a resource is a text; each name is told once."""
    met: set[str] = set()
    found = [(name, place, schema) for name, place, schema, _ in view.properties]
    for act in view.acts:
        for parameter in act.operation.parameters:
            if parameter.get("in") == "path":
                found.append((str(parameter.get("name")), act.place, parameter.get("schema", {})))
    for name, place, schema in found:
        words = words_of(name)
        types = view.types(schema)
        if not words or words[-1] != "id" or name in met or not types:
            continue
        if types & {"integer", "number"}:
            met.add(name)
            yield Site(place, f"the id `{name}` is a number", "`type: string`")
        elif "string" in types:
            yield Site(place)


def boolean_names(view: View) -> Iterator[Site]:
    """Properties of yes or no do without `is`."""
    for name, place, schema, _ in view.properties:
        if view.types(schema) == {"boolean"}:
            words = words_of(name)
            if words[:1] == ["is"] and len(words) > 1:
                yield Site(
                    place,
                    f"the property `{name}` begins with `is`",
                    f"`{_like(name, words[1:], 'camel')}`",
                )
            else:
                yield Site(place)


def uri_names(view: View) -> Iterator[Site]:
    """Addresses are called `uri`, not `url`."""
    for name, place, _, _ in view.properties:
        words = words_of(name)
        if "url" in words:
            right = _like(name, ["uri" if word == "url" else word for word in words], "camel")
            yield Site(place, f"the property `{name}` says `url`", f"`{right}`")
        elif "uri" in words:
            yield Site(place)


def count_names(view: View) -> Iterator[Site]:
    """Numbers of items end in `count`."""
    for name, place, _, _ in view.properties:
        words = words_of(name)
        if words[:1] == ["num"] and len(words) > 1:
            last = words[-1].removesuffix("s")
            right = _like(name, [*words[1:-1], last, "count"], "camel")
            yield Site(place, f"the property `{name}` begins with `num`", f"`{right}`")
        elif words[-1:] == ["count"] and len(words) > 1:
            yield Site(place)


def standard_names(
    view: View, instead_of: Mapping[str, str], case: str = "camel"
) -> Iterator[Site]:
    """What has a standard name bears it, and no other."""
    right_names = set(instead_of.values())
    for name, place, _, _ in view.properties:
        words = " ".join(words_of(name))
        if words in instead_of:
            right = _like(name, instead_of[words].split(), case)
            yield Site(place, f"the property is called `{name}`", f"`{right}`")
        elif words in right_names:
            yield Site(place)


def time_format(view: View) -> Iterator[Site]:
    """Points in time are texts in a standard format."""
    for name, place, schema, _ in view.properties:
        types = view.types(schema)
        last = (words_of(name) or [""])[-1]
        formats = {part.get("format") for part in view.parts(schema)} - {None}
        if formats & {"date-time", "date"} and "string" in types:
            yield Site(place)
        elif last in {"at", "date", "timestamp"} and len(name) > 2:
            if types & {"integer", "number"}:
                yield Site(
                    place, f"the time `{name}` is a number", "a string with `format: date-time`"
                )
            elif types == {"string"} and not formats:
                yield Site(
                    place, f"the time `{name}` has no format", "`format: date-time` (or `date`)"
                )


def time_names(
    view: View, last_words: Sequence[str], words: Sequence[str] = (), case: str = "camel"
) -> Iterator[Site]:
    """Points in time are recognised by their names; each name is told once."""
    met: set[str] = set()
    for name, place, schema, _ in view.properties:
        if name in met or not any(part.get("format") == "date-time" for part in view.parts(schema)):
            continue
        met.add(name)
        own = words_of(name)
        if (own and own[-1] in last_words) or set(own) & set(words):
            yield Site(place)
        else:
            stem = own
            if last_words[0] == "time":  # createTime rather than createdTime or dateCreatedTime
                kept = [word for word in own if word not in {"at", "on", "date", "timestamp"}]
                stem = [_imperative(word) for word in kept]
            right = _like(name, [*stem, last_words[0]], case)
            yield Site(place, f"the point in time is called `{name}`", f"`{right}`")


def state_names(view: View) -> Iterator[Site]:
    """Where a resource stands in its life is its state; status is kept for HTTP's."""
    for name, place, schema, holder in view.properties:
        words = words_of(name)
        enumerated = any("enum" in part for part in view.parts(schema))
        in_error = {"code", "message"} <= set(mapping(holder.get("properties")))
        if not enumerated or in_error or not words or words[-1] not in {"state", "status"}:
            continue
        if words[-1] == "status":
            right = _like(name, [*words[:-1], "state"], "camel")
            yield Site(place, f"the enumeration is called `{name}`", f"`{right}`")
        else:
            yield Site(place)


def _like(name: str, words: Sequence[str], case: str) -> str:
    """Write words in the case of a name, which only one of several words shows, or else in a case."""
    shown = "snake" if "_" in name else "camel" if len(words_of(name)) > 1 else case
    return in_case("_".join(words), shown)


def _imperative(word: str) -> str:
    """Return the plain form of a past tense, as `create` of `created`."""
    known = {"began": "begin", "sent": "send", "paid": "pay", "started": "start"}
    if word in known:
        return known[word]
    if word.endswith(("eted", "ated", "ised", "ized", "eased", "osed", "ived")):
        return word[:-1]
    if word.endswith(("elled",)):
        return word[:-3]
    return word.removesuffix("ed") if len(word) > 5 else word


# --- Methods and actions -------------------------------------------------------------------------


def actions_after_colon(view: View) -> Iterator[Site]:
    """What is no create, read, update or delete is a verb after a colon."""
    for act in view.acts:
        if act.action:
            yield Site(act.place)
        elif act.verb:
            holder = "/".join(["", *act.segments[:-1]])
            right = f"{holder}:{in_case(act.verb, 'camel')}"
            yield Site(act.place, f"`{act.name}` ends in a verb after a slash", f"`{right}`")


def no_actions(view: View) -> Iterator[Site]:
    """Paths hold no verbs."""
    for act in view.acts:
        verb = act.action or act.verb
        if verb:
            yield Site(
                act.place,
                f"`{act.name}` has the verb `{verb}` in its path",
                "a resource that is created or changed instead, as `cancellations` stands for `cancel`",
            )
        else:
            yield Site(act.place)


def action_methods(view: View, methods: Sequence[str]) -> Iterator[Site]:
    """Actions are called by some methods only."""
    for act in view.acts:
        if not act.action:
            continue
        if act.method in methods:
            yield Site(act.place)
        else:
            ways = " or ".join(method.upper() for method in methods)
            yield Site(act.place, f"the action `{act.name}` is a {act.method.upper()}", ways)


def no_request_body(view: View, methods: Sequence[str]) -> Iterator[Site]:
    """Some methods take no body."""
    for act in view.acts:
        if act.method not in methods:
            continue
        if "requestBody" in act.operation.content:
            yield Site(f"{act.place}/requestBody", f"`{act.name}` takes a body", "no body")
        else:
            yield Site(act.place)


def no_put(view: View) -> Iterator[Site]:
    """Updates are PATCH."""
    for act in view.acts:
        if act.method == "put":
            yield Site(act.place, f"`{act.name}` replaces the whole resource", "PATCH")
        elif act.method == "patch":
            yield Site(act.place)


def update_mask(view: View) -> Iterator[Site]:
    """A PATCH tells which fields it changes in the query parameter update_mask."""
    for act in view.acts:
        if act.method != "patch":
            continue
        names = {
            str(each.get("name")) for each in act.operation.parameters if each.get("in") == "query"
        }
        if names & {"updateMask", "update_mask"}:
            yield Site(act.place)
        else:
            yield Site(
                act.place, f"`{act.name}` has no field mask", "a query parameter `updateMask`"
            )


def patch_media_type(view: View, media_types: Sequence[str]) -> Iterator[Site]:
    """A PATCH takes a standard patch document."""
    for act in view.acts:
        taken = list(mapping(view.body(act).get("content")))
        if act.method != "patch" or not taken:
            continue
        others = [each for each in taken if each.partition(";")[0].strip() not in media_types]
        if others:
            yield Site(
                f"{act.place}/requestBody",
                f"`{act.name}` takes `{others[0]}`",
                " or ".join(f"`{each}`" for each in media_types),
            )
        else:
            yield Site(act.place)


def state_not_writable(view: View) -> Iterator[Site]:
    """An update or a create does not set the state of a resource."""
    for act in view.acts:
        if act.method not in {"patch", "put"} and not view.creates(act):
            continue
        schema = view.json(view.body(act))
        if schema is None:
            continue
        writable = [
            name
            for name, node in view.fields(schema).items()
            if (words_of(name) or [""])[-1] in {"state", "status"}
            and any("enum" in part for part in view.parts(node))
            and not any(part.get("readOnly") is True for part in view.parts(node))
            and mapping(node).get("readOnly") is not True
        ]
        if writable:
            yield Site(
                f"{act.place}/requestBody",
                f"`{act.name}` sets `{writable[0]}` directly",
                "`readOnly: true` there, and a custom method such as `:cancel` for each change of state",
            )
        else:
            yield Site(act.place)


def batch_path(view: View) -> Iterator[Site]:
    """Many at once is a custom method of the collection that begins with `batch`."""
    for act in view.acts:
        if not _is_bulk(act):
            continue
        if act.action.startswith("batch") and len(act.action) > 5:
            yield Site(act.place)
        else:
            yield Site(
                act.place, f"`{act.name}` works on many", "a path that ends in `:batchCreate`"
            )


def bulk_207(view: View) -> Iterator[Site]:
    """Many at once answer 207."""
    for act in view.acts:
        if not _is_bulk(act):
            continue
        codes = [each.code for each in view.successes(act)]
        if "207" in codes:
            yield Site(act.place)
        else:
            yield Site(
                f"{act.place}/responses",
                f"`{act.name}` answers {_either(codes)}",
                "207 with a status for each item",
            )


# --- Answers -------------------------------------------------------------------------------------


def success_codes(view: View, **allowed: Sequence[str]) -> Iterator[Site]:
    """Each method answers success with certain codes.

    Args:
        view: the document.
        **allowed: the codes by method; `create` and `action` for the two kinds of POST.
    """
    for act in view.acts:
        kind = act.method
        if kind == "post":
            kind = "create" if view.creates(act) else "action" if act.action or act.verb else ""
        if kind not in allowed:
            continue
        codes = allowed[kind]
        for response in view.successes(act):
            if response.code in codes or response.code == "2XX":
                yield Site(response.place)
            else:
                yield Site(response.place, f"`{act.name}` answers {response.code}", _either(codes))


def delete_has_body(view: View) -> Iterator[Site]:
    """A DELETE answers with an object, if an empty one."""
    for act in view.acts:
        if act.method != "delete":
            continue
        for response in view.successes(act):
            if view.json(response.content) is None:
                yield Site(
                    response.place,
                    f"`{act.name}` answers {response.code} without a body",
                    "200 with an empty object (or with the resource, if it can be restored)",
                )
            else:
                yield Site(response.place)


def create_returns_resource(view: View) -> Iterator[Site]:
    """A create answers with the resource."""
    for act in view.acts:
        if not view.creates(act):
            continue
        for response in view.successes(act):
            schema = view.json(response.content)
            if schema is None or view.is_array(schema):
                seen = f"`{act.name}` answers {response.code} without the resource"
                yield Site(response.place, seen, "the resource itself as the body")
            else:
                yield Site(response.place)


def location_header(view: View) -> Iterator[Site]:
    """A 201 tells where the new resource is."""
    for act in view.acts:
        for response in view.successes(act):
            if response.code != "201" or act.method != "post":
                continue
            if "location" in view.header_names(response):
                yield Site(response.place)
            else:
                seen = f"the 201 of `{act.name}` does not tell the new address"
                yield Site(response.place, seen, "a header `Location`")


def object_on_top(view: View, lists_only: bool = False) -> Iterator[Site]:
    """The body of an answer is an object and no array."""
    if lists_only:
        found = list(view.lists)
    else:
        found = [
            (act, response, view.json(response.content))
            for act in view.acts
            for response in view.successes(act)
        ]
    for act, response, schema in found:
        if schema is None:
            continue
        if view.is_array(schema):
            yield Site(
                response.place, f"`{act.name}` answers with an array", "an object that holds it"
            )
        else:
            yield Site(response.place)


def list_envelope(view: View, name: str = "") -> Iterator[Site]:
    """A list is an object with one array of resources, of a certain name or that of its path."""
    for act, response, schema in view.lists:
        arrays = [each for each, node in view.fields(schema).items() if view.is_array(node)]
        if view.is_array(schema):
            right = f"an object with the array in `{name or in_case(act.segments[-1], 'camel')}`"
            yield Site(response.place, f"`{act.name}` answers with a bare array", right)
        elif name and name not in arrays:
            seen = f"`{act.name}` holds its resources in `{view.arrays_of_objects(schema)[0]}`"
            yield Site(response.place, seen, f"`{name}`, unless another name says more")
        elif not name and len(arrays) > 1:
            seen = f"`{act.name}` answers with the arrays `{'`, `'.join(arrays)}`"
            yield Site(response.place, seen, "one array, that of the resources")
        elif not name and _is_of_another(arrays[0], act):
            seen = f"`{act.name}` holds its resources in `{arrays[0]}`"
            right = in_case(act.segments[-1], "camel")
            yield Site(response.place, seen, f"`{right}`, as the path calls them")
        else:
            yield Site(response.place)


def _is_of_another(array: str, act: Act) -> bool:
    """Whether an array certainly bears another name than the collection that a path ends in."""
    called, listed = words_of(array)[-1:], words_of(act.segments[-1])[-1:]
    if act.action or not called or not listed:
        return False
    if listed[0] in _PLURALS or called[0] in _PLURALS - _ANYTHING:
        return False  # of `history` one cannot tell what it holds, nor of `people` whether it is riders
    return listed[0] not in (called[0], plural_of(called[0]))


def page_tokens(view: View) -> Iterator[Site]:
    """A list takes pageSize and pageToken, both optional, and answers nextPageToken."""
    for act, response, schema in view.lists:
        parameters = {
            in_case(str(each.get("name")), "camel"): each.get("required") is True
            for each in act.operation.parameters
            if each.get("in") == "query"
        }
        missing = [name for name in ("pageSize", "pageToken") if name not in parameters]
        required = [name for name in ("pageSize", "pageToken") if parameters.get(name)]
        answered = {in_case(name, "camel") for name in view.fields(schema)}
        if missing:
            yield Site(
                act.place,
                f"`{act.name}` cannot be asked for a page",
                f"the query parameter{'s' * (len(missing) > 1)} `{'` and `'.join(missing)}`",
            )
        elif required:
            yield Site(act.place, f"`{act.name}` requires `{required[0]}`", "it to be optional")
        if "nextPageToken" not in answered:
            seen = f"`{act.name}` does not tell where the next page begins"
            yield Site(response.place, seen, "a field `nextPageToken`")
        elif not missing and not required:
            yield Site(response.place)


def next_link(view: View, name: str) -> Iterator[Site]:
    """A page holds the link to the next one."""
    for act, response, schema in view.lists:
        fields = view.fields(schema)
        inner = {
            each
            for holder in ("cursors", "links", "_links")
            for each in view.fields(fields.get(holder, {}))
        }
        if name in fields or (name == "next" and name in inner):
            yield Site(response.place)
        else:
            seen = f"`{act.name}` has no link to the next page"
            yield Site(response.place, seen, f"a field `{name}`")


def cursor_or_offset(view: View) -> Iterator[Site]:
    """A list can be asked for a page."""
    for act, response, _ in view.lists:
        names = {
            str(each.get("name")) for each in act.operation.parameters if each.get("in") == "query"
        }
        if names & {"cursor", "offset"}:
            yield Site(response.place)
        else:
            seen = f"`{act.name}` cannot be asked for a page"
            yield Site(act.place, seen, "the query parameters `cursor` and `limit`")


def no_offset(view: View) -> Iterator[Site]:
    """Pages are found by a cursor."""
    for act in view.acts:
        for parameter in act.operation.parameters:
            name = str(parameter.get("name"))
            if parameter.get("in") != "query" or act.method != "get":
                continue
            if name in {"offset", "page", "skip"}:
                seen = f"`{act.name}` counts its pages by `{name}`"
                yield Site(act.place, seen, "a query parameter `cursor`")
            elif name == "cursor":
                yield Site(act.place)


def conventional_parameters(
    view: View, instead_of: Mapping[str, str], conventional: Sequence[str]
) -> Iterator[Site]:
    """Query parameters for paging and sorting bear the conventional names; each is told once."""
    met: set[str] = set()
    for act in view.acts:
        for parameter in act.operation.parameters:
            name = str(parameter.get("name"))
            if parameter.get("in") != "query" or name in met:
                continue
            met.add(name)
            right = instead_of.get(" ".join(words_of(name)))
            if right:
                yield Site(act.place, f"the query parameter is called `{name}`", f"`{right}`")
            elif name in conventional:
                yield Site(act.place)


def no_total(view: View) -> Iterator[Site]:
    """A list does not tell the number of all its items."""
    for act, response, schema in view.lists:
        totals = [name for name in view.fields(schema) if " ".join(words_of(name)) in _TOTALS]
        if totals:
            yield Site(
                response.place, f"`{act.name}` tells `{totals[0]}`", "no number of all items"
            )
        else:
            yield Site(response.place)


def etag_header(view: View) -> Iterator[Site]:
    """Whatever returns or updates one resource returns its ETag."""
    for act in view.acts:
        if not (act.ends_in_id and act.method in {"get", "put", "patch"}):
            continue
        for response in view.successes(act):
            if "etag" in view.header_names(response):
                yield Site(response.place)
            else:
                seen = f"the {response.code} of `{act.name}` has no ETag"
                yield Site(response.place, seen, "a header `ETag`")


def rate_limit_headers(view: View) -> Iterator[Site]:
    """A 429 tells how long to wait."""
    trio = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
    for act, response in _once(view, lambda act: view.errors(act)):
        if response.code != "429":
            continue
        names = view.header_names(response)
        if "retry-after" in names or trio <= names:
            yield Site(response.place)
        else:
            seen = f"the 429 of `{act.name}` does not tell how long to wait"
            yield Site(response.place, seen, "a header `Retry-After`")


# --- Errors --------------------------------------------------------------------------------------


def error_object(view: View, fields: Sequence[str]) -> Iterator[Site]:
    """The body of an error is an object `error` with certain fields."""
    shape = f"an object `error` with {_listed(fields)}"
    for act, response in _once(view, lambda act: view.errors(act)):
        schema = view.json(response.content)
        if schema is None:
            seen = f"the error {response.code} of `{act.name}` has no body of JSON"
            yield Site(response.place, seen, shape)
            continue
        own = view.fields(schema)
        missing = [each for each in fields if each not in view.fields(own.get("error", {}))]
        if "error" not in own:
            seen = f"the error {response.code} of `{act.name}` has no `error`"
            yield Site(response.place, seen, shape)
        elif missing:
            seen = f"the error {response.code} of `{act.name}` has no `error.{missing[0]}`"
            yield Site(response.place, seen, shape)
        else:
            yield Site(response.place)


def problem_json(view: View) -> Iterator[Site]:
    """The body of an error is application/problem+json."""
    for act, response in _once(view, lambda act: view.errors(act)):
        media_types = [each.partition(";")[0] for each in mapping(response.content.get("content"))]
        if _PROBLEM in media_types:
            yield Site(response.place)
        else:
            what = f"is `{media_types[0]}`" if media_types else "has no body"
            seen = f"the error {response.code} of `{act.name}` {what}"
            yield Site(response.place, seen, f"`{_PROBLEM}`")


def problem_schema(view: View) -> Iterator[Site]:
    """A schema says what a body of application/problem+json holds."""
    for act, response in _once(view, lambda act: view.errors(act)):
        for media_type, media in mapping(response.content.get("content")).items():
            if media_type.partition(";")[0] != _PROBLEM:
                continue
            if view.resolved(mapping(media).get("schema")):
                yield Site(response.place)
            else:
                has = "a schema that says nothing" if "schema" in mapping(media) else "no schema"
                seen = f"the error {response.code} of `{act.name}` is `{_PROBLEM}` with {has}"
                right = "the schema of a problem: `title`, `status`, `detail`"
                yield Site(response.place, seen, right)


def error_header(view: View, header: str) -> Iterator[Site]:
    """An error carries its code in a header."""
    for act, response in _once(view, lambda act: view.errors(act)):
        if header in view.header_names(response):
            yield Site(response.place)
        else:
            seen = f"the error {response.code} of `{act.name}` has no header `{header}`"
            yield Site(response.place, seen, f"a header `{header}`")


def default_errors(view: View) -> Iterator[Site]:
    """Errors are told by `default`, single ones only where their body is another."""
    for act in view.acts:
        errors = view.errors(act)
        default = next((each for each in errors if each.code == "default"), None)
        usual = view.json(default.content) if default else None
        single = [
            each
            for each in errors
            if each.code != "default" and (default is None or view.json(each.content) == usual)
        ]
        if single:
            yield Site(
                single[0].place,
                f"`{act.name}` lists the error {single[0].code}",
                "`default`, which tells all errors that have its body",
            )
        elif default:
            yield Site(default.place)


def errors_listed(view: View) -> Iterator[Site]:
    """Every operation tells a success and its errors."""
    for act in view.acts:
        if not view.errors(act):
            seen = f"`{act.name}` tells no error"
            yield Site(
                f"{act.place}/responses", seen, "its own errors, and `default` for the others"
            )
        elif not any(each.code[0] in "23" for each in view.responses(act)):
            yield Site(f"{act.place}/responses", f"`{act.name}` tells no success", "its success")
        else:
            yield Site(act.place)


def status_codes(view: View, instead_of: Mapping[str, str]) -> Iterator[Site]:
    """Some codes are not used."""
    for act in view.acts:
        broken = False
        for response in view.responses(act):
            if response.code in instead_of:
                broken = True
                seen = f"`{act.name}` answers {response.code}"
                yield Site(response.place, seen, instead_of[response.code])
        if not broken and any(each.code != "default" for each in view.errors(act)):
            yield Site(act.place)


def no_redirects(view: View) -> Iterator[Site]:
    """No answer is a redirection."""
    for act in view.acts:
        others = [
            each for each in view.responses(act) if each.code[0] == "3" and each.code != "304"
        ]
        for response in others:
            seen = f"`{act.name}` answers {response.code}"
            yield Site(
                response.place, seen, "no redirection, but clients that know the new address"
            )
        if not others:
            yield Site(act.place)


# --- Versions, deprecation, protocol -------------------------------------------------------------


def version_first_in_path(view: View) -> Iterator[Site]:
    """The first part of a path is the major version."""
    in_server = any(parts and _VERSION.match(parts[-1]) for _, parts in view.bases)
    for place, parts in view.bases:
        for part in parts:
            if _VERSION.match(part) and not _MAJOR.match(part):
                yield Site(place, f"the server's address has the version `{part}`", "`v1`")
    for path, act in view.paths.items():
        if not act.segments:
            continue
        first = act.segments[0]
        if _MAJOR.match(first) or (in_server and not _VERSION.match(first)):
            yield Site(act.place)
        elif _VERSION.match(first):
            yield Site(act.place, f"`{path}` has the version `{first}`", "a major version as `v1`")
        else:
            yield Site(act.place, f"`{path}` does not begin with a version", f"`/v1{path}`")


def no_version_in_path(view: View) -> Iterator[Site]:
    """No path holds a version."""
    for place, parts in view.bases:
        version = next((part for part in parts if _VERSION.match(part)), "")
        if version:
            yield Site(place, f"the server's address has the version `{version}`", "none")
    for path, act in view.paths.items():
        version = next((part for part in act.segments if _VERSION.match(part)), "")
        if version:
            yield Site(act.place, f"`{path}` has the version `{version}`", "no version in a path")
        else:
            yield Site(act.place)


def version_parameter(view: View, name: str) -> Iterator[Site]:
    """Every operation takes the version as a required query parameter."""
    for act in view.acts:
        found = [
            each
            for each in act.operation.parameters
            if each.get("in") == "query" and each.get("name") == name
        ]
        if not found:
            yield Site(
                act.place, f"`{act.name}` takes no `{name}`", f"a required query parameter `{name}`"
            )
        elif found[0].get("required") is not True:
            yield Site(act.place, f"`{name}` of `{act.name}` is optional", "`required: true`")
        else:
            yield Site(act.place)


def semantic_version(view: View) -> Iterator[Site]:
    """The version of the contract is MAJOR.MINOR.PATCH."""
    version = str(mapping(view.document.content.get("info")).get("version", ""))
    if _SEMANTIC.match(version):
        yield Site("/info/version")
    else:
        yield Site(
            "/info/version", f"the contract's version is `{version}`", "three numbers: `1.0.0`"
        )


def deprecated_description(view: View, prefix: str) -> Iterator[Site]:
    """What is deprecated says so in its description."""
    wanted = (
        f"a description that begins with `{prefix}`" if prefix else "a description of what to use"
    )
    for name, place, node in _deprecated(view):
        description = str(node.get("description") or "").strip()
        if description and description.startswith(prefix):
            yield Site(place)
        else:
            yield Site(place, f"{name} is deprecated without saying what to use", wanted)


def deprecation_header(view: View, header: str) -> Iterator[Site]:
    """The answers of what is deprecated carry a header."""
    for act in view.acts:
        if act.operation.content.get("deprecated") is not True:
            continue
        for response in view.successes(act):
            if header.lower() in view.header_names(response):
                yield Site(response.place)
            else:
                seen = f"the {response.code} of the deprecated `{act.name}` has no `{header}`"
                yield Site(response.place, seen, f"a header `{header}`")


def request_headers(view: View, methods: Sequence[str], headers: Sequence[str]) -> Iterator[Site]:
    """Some methods take certain headers."""
    for act in view.acts:
        if act.method not in methods:
            continue
        taken = {
            str(each.get("name")).lower()
            for each in act.operation.parameters
            if each.get("in") == "header"
        }
        missing = [each for each in headers if each.lower() not in taken]
        if missing:
            seen = f"`{act.name}` takes no header `{missing[0]}`"
            yield Site(act.place, seen, f"the headers {_listed(headers)}")
        else:
            yield Site(act.place)


def no_x_headers(view: View, **options: Any) -> Iterator[Site]:
    """Headers do not begin with x-; each name is told once."""
    excepted = tuple(options.get("except", ()))
    met: set[str] = set()
    for act in view.acts:
        names = [
            (act.place, str(each.get("name")))
            for each in act.operation.parameters
            if each.get("in") == "header"
        ]
        for response in view.responses(act):
            names += [(response.place, each) for each in mapping(response.content.get("headers"))]
        for place, name in names:
            low = name.lower()
            if low in met or low.startswith(excepted):
                continue
            met.add(low)
            if low.startswith("x-"):
                yield Site(place, f"the header `{name}` begins with `X-`", f"`{name[2:]}`")
            else:
                yield Site(place)


def security(view: View) -> Iterator[Site]:
    """Every operation asks who calls."""
    for act, requirements in _requirements(view):
        if not requirements or {} in requirements:
            yield Site(act.place, f"`{act.name}` can be called by anybody", "a `security` scheme")
        else:
            yield Site(act.place)


def scopes(view: View) -> Iterator[Site]:
    """Every operation asks for a permission."""
    for act, requirements in _requirements(view):
        if not requirements or {} in requirements:
            continue
        if all(any(wanted for wanted in each.values()) for each in requirements):
            yield Site(act.place)
        else:
            seen = f"`{act.name}` asks who calls, but for no permission"
            yield Site(act.place, seen, "at least one scope, such as `rides.read`")


def open_objects(view: View) -> Iterator[Site]:
    """No object is closed to further properties."""
    for place, schema in view.schemas:
        if schema.get("additionalProperties") is False:
            yield Site(place, "the object has `additionalProperties: false`", "no such line")
        elif "properties" in schema:
            yield Site(place)


def number_format(view: View) -> Iterator[Site]:
    """Numbers tell their precision."""
    for place, schema in view.schemas:
        named = schema.get("type")
        types = {named} if isinstance(named, str) else set(named or ())
        if not types & {"integer", "number"} or "enum" in schema:
            continue
        if schema.get("format"):
            yield Site(place)
        elif "integer" in types:
            yield Site(place, "an integer without a format", "`format: int32` or `int64`")
        else:
            yield Site(place, "a number without a format", "`format: decimal`, `float` or `double`")


def money(view: View, fields: Sequence[str], case: str = "camel") -> Iterator[Site]:
    """Amounts of money are objects of certain fields."""
    right = f"an object of {_listed([in_case('_'.join(each.split()), case) for each in fields])}"
    for place, schema in view.schemas:
        own = {" ".join(words_of(name)): name for name in mapping(schema.get("properties"))}
        if set(fields[:2]) <= set(own):
            if set(own) <= set(fields):
                yield Site(place)
            else:
                first, second = (own[each] for each in fields[:2])
                seen = f"`{first}` and `{second}` stand among other properties"
                yield Site(place, seen, f"{right} only")
            continue
        for words, name in own.items():
            last = (words.split() or [""])[-1]
            types = view.types(schema["properties"][name])
            if last in _MONEY and types & {"integer", "number"}:
                property_place = f"{place}{pointer(['properties', name])}"
                yield Site(property_place, f"the amount `{name}` is a bare number", right)


def _requirements(view: View) -> Iterator[tuple[Act, list[Any]]]:
    general = view.document.content.get("security")
    for act in view.acts:
        own = act.operation.content.get("security", general)
        yield act, [mapping(each) for each in own] if isinstance(own, list) else []


def _deprecated(view: View) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for act in view.acts:
        if act.operation.content.get("deprecated") is True:
            yield f"`{act.name}`", act.place, act.operation.content
        for parameter in act.operation.parameters:
            if parameter.get("deprecated") is True:
                yield f"the parameter `{parameter.get('name')}`", act.place, parameter
    for name, place, schema, _ in view.properties:
        if schema.get("deprecated") is True:
            yield f"the property `{name}`", place, schema


def _once(
    view: View, responses: Callable[[Act], Iterable[Response]]
) -> Iterator[tuple[Act, Response]]:
    """Yield answers; one that many operations refer to only once."""
    met: set[str] = set()
    for act in view.acts:
        for response in responses(act):
            if response.reference and response.reference in met:
                continue
            met.add(response.reference)
            yield act, response


def _either(codes: Sequence[str]) -> str:
    return " or ".join(codes) if codes else "no code of success"


def _listed(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names]
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]


CHECKS: Final[Mapping[str, Callable[..., Iterator[Site]]]] = {
    check.__name__: check
    for check in (
        action_methods,
        actions_after_colon,
        array_names,
        batch_path,
        boolean_names,
        bulk_207,
        conventional_parameters,
        count_names,
        create_returns_resource,
        cursor_or_offset,
        default_errors,
        delete_has_body,
        deprecated_description,
        deprecation_header,
        enum_case,
        error_header,
        error_object,
        errors_listed,
        etag_header,
        ids_are_strings,
        list_envelope,
        location_header,
        money,
        next_link,
        no_actions,
        no_offset,
        no_put,
        no_redirects,
        no_request_body,
        no_total,
        no_version_in_path,
        no_x_headers,
        normal_paths,
        number_format,
        object_on_top,
        open_enums,
        open_objects,
        page_tokens,
        patch_media_type,
        plural_collections,
        problem_json,
        problem_schema,
        property_case,
        query_case,
        rate_limit_headers,
        request_headers,
        scopes,
        security,
        segment_case,
        semantic_version,
        standard_names,
        state_names,
        state_not_writable,
        status_codes,
        success_codes,
        time_format,
        time_names,
        update_mask,
        uri_names,
        version_first_in_path,
        version_parameter,
    )
}
"""The checks by their names."""
