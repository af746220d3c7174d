"""A learner's OpenAPI document: read, checked, and every fault told in a sentence.

`load` reads OpenAPI 3.0 and 3.1, in YAML or JSON. A document of 3.0 is brought to 3.1's JSON
Schema in memory, so that whoever serves, judges or compares it knows one dialect only. A document
is data of a stranger: nothing outside it is opened, nothing in it is run, and its patterns are
matched by an engine whose time is bounded.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from ridealong.systems.contract.parts import (
    LONGEST_MESSAGE,
    MOST_STEPS,
    PLACEHOLDER,
    ContractError,
    Document,
    Operation,
    Problem,
    is_pattern,
    mapping,
    unquoted,
)
from ridealong.systems.contract.reading import (
    Plain,
    Read,
    Unreadable,
    pointer,
    read,
    shown,
    steps_of,
)
from ridealong.systems.contract.shape import (
    MAY_BE_REFERENCE,
    METHODS,
    OTHER_NAMES_OF_TYPES,
    PARTS,
    TYPES,
)
from ridealong.text import first_line, nearest

__all__ = ["ContractError", "Document", "Operation", "Problem", "load"]

MOST_PROBLEMS: Final = 20
MOST_NOTES: Final = 100
HEAVIEST_SCHEMA: Final = 20_000
_STATUS: Final = re.compile(r"[1-5](?:\d\d|XX)\Z|default\Z")


def load(text: str, *, strict: bool = True) -> Document:
    """Return the OpenAPI document that a text holds.

    Args:
        text: YAML or JSON.
        strict: refuse whatever OpenAPI does not allow; if false, what can be understood all the
            same (a key that is missing or is none, a parameter that the path does not name) is a
            note instead.

    Raises:
        ContractError: when it is none; its `problems` say where, what and what to do.
    """
    # A large document makes a million parts and drops none: looking for garbage meanwhile, again
    # and again, would take more than half of the time.
    was_on = gc.isenabled()
    gc.disable()
    try:
        return _Checker(text, read(text), strict).document()
    except Unreadable as error:
        problem = Problem(error.line, "", error.seen, error.wanted, error.step)
        raise ContractError([problem]) from None
    finally:
        if was_on:
            gc.enable()


@cache
def _published_schema(version: str) -> jsonschema_rs.Validator:
    """Return the published schema of OpenAPI 3.0 or 3.1, as openapi-spec-validator brings it."""
    # Its files are read without importing it, which takes a second and is of no use here: its own
    # walk compares every schema with all before it, minutes for a document of 5 MB.
    package = importlib.util.find_spec("openapi_spec_validator")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("openapi-spec-validator is not installed; run `ridealong doctor`")
    folder = Path(package.submodule_search_locations[0])
    file = folder / "resources" / "schemas" / f"v{version}" / "schema.json"
    # Patterns of another dialect are noted, not refused, so formats are left out.
    return jsonschema_rs.validator_for(
        json.loads(file.read_text("utf-8")), offline=True, validate_formats=False
    )


# By part: what may stand under each key, and which keys may not be missing.
_FIELDS: Final = {
    kind: (
        {key: wanted.rstrip("!") for key, wanted in fields.items()},
        tuple(key for key, wanted in fields.items() if wanted.endswith("!")),
    )
    for kind, fields in PARTS.items()
}
_IN_PLACE: Final = ("allOf", "anyOf", "oneOf")
_IN_PLACE_ONE: Final = ("not", "if", "then", "else")
_META: Final = jsonschema_rs.validator_for(
    {"$ref": "https://json-schema.org/draft/2020-12/schema"}, offline=True
)
_BESIDE: Final = frozenset({*_IN_PLACE, *_IN_PLACE_ONE, "$ref", "$dynamicRef", "dependentSchemas"})
_GLUED: Final = re.compile(r"""([A-Za-z$_][\w$.-]*):(['"#]?[^\s'"].*)\Z""")
_GLUED_BRACKET: Final = re.compile(r"([A-Za-z$_][\w$.-]*):([{\[].*)\Z")
_TO_COMPONENTS: Final = re.compile(r"""['"]#/components/(\w+)/([^'"/]+)['"]""")
_BESIDE_REFERENCE: Final = frozenset({"$ref", "summary", "description"})
_OF_DOCUMENT: Final = frozenset(PARTS["document"])
_OUTSIDE: Final = frozenset({"info", "contact", "license", "server", "components", "tag"})
_IN_OPERATIONS: Final = frozenset(PARTS["operation"].keys() | PARTS["path"].keys())
_SECTIONS: Final = {
    wanted[1:-1]: section
    for section, wanted in PARTS["components"].items()
    if wanted.startswith("{")
}
_FIRST_KEYS: Final = {
    "schema": "`type:`",
    "header": "`schema:`",
    "media type": "`schema:`",
    "parameter": "`name:`, `in:` and `schema:`",
    "path": "a method such as `get:`",
    "responses": "a code such as `'200':`",
    "components": "`schemas:`",
    "example": "`value:`",
}
_TEXTS_OF_SCHEMA: Final = ("default", "const", "example")


class _Checker:
    """Walks a document once, by the tables of `shape`, and collects what is wrong."""

    def __init__(self, text: str, found: Read, strict: bool) -> None:
        self.text = text
        self.found = found
        self.strict = strict
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.seen: dict[tuple[int, str], tuple[Any, list[str]]] = {}
        self.references: list[tuple[str, str, list[str]]] = []
        self.operation_ids: dict[str, str] = {}
        self.security: list[tuple[str, list[str]]] = []
        self.misplaced: set[str] = set()  # keys of the document that stand too far in
        self.strayed: set[str] = set()  # parts that stand at another depth than the others
        self.told: set[int] = set()  # identities of traps that a sentence names already
        self.version = "3.1"

    def document(self) -> Document:
        data = self.found.data
        self._version(data)
        document = Document(self.text, self.found)
        self.made = document
        self._visit("document", data, [])
        self._references()
        lost = {f"the document has no `{key}`" for key in self.misplaced}
        self.problems = [each for each in self.problems if each.place or each.seen not in lost]
        if not self.problems:
            if not {"paths", "components", "webhooks"} & data.keys():
                self.flaw(
                    [],
                    "the document has no `paths`",
                    "a contract has at least one path",
                    "write `paths:` and below it, further in, a path such as `/rides:`",
                )
            self._paths()
            self._security()
            self._circles()
        if not self.problems:
            self._published()
        if self.problems:
            self._raise()
        self._one_dialect()
        if self.problems:
            self._raise()
        if self.found.plain or self.found.keys:
            for schema in self._schemas():
                self._texts_of(schema)
            self._examples()
            self._traps()
        self.notes.sort(key=lambda each: each.line)
        document.notes = self.notes[:MOST_NOTES]
        return document

    # Telling

    def _raise(self) -> None:
        self.problems.sort(key=lambda each: each.line)
        raise ContractError(self.problems[:MOST_PROBLEMS])

    def problem(self, steps: list[str], seen: str, wanted: str, step: str) -> None:
        if len(self.problems) < 10 * MOST_PROBLEMS:
            self.problems.append(
                Problem(self.found.line(steps), pointer(steps), seen, wanted, step)
            )

    def flaw(self, steps: list[str], seen: str, wanted: str, step: str) -> None:
        """Tell of what is wrong and can be understood all the same."""
        (self.problem if self.strict else self.note)(steps, seen, wanted, step)

    def note(self, steps: list[str], seen: str, wanted: str, step: str) -> None:
        if len(self.notes) < 10 * MOST_NOTES:
            self.notes.append(Problem(self.found.line(steps), pointer(steps), seen, wanted, step))

    # The version

    def _version(self, data: Any) -> None:
        wanted, step = "a contract begins with `openapi: 3.1.0`", "write it as the first line"
        if not isinstance(data, dict):
            seen = "the document is empty" if data is None else f"the document is {shown(data)}"
            if isinstance(data, str):
                step = "write `openapi: 3.1.0` as the first line, with a space after each colon"
            self.problem([], seen, wanted, step)
            self._raise()
        if "openapi" not in data:
            if "swagger" in data:
                self.problem(
                    ["swagger"],
                    "this is a document of Swagger 2.0",
                    "OpenAPI 3.0 or 3.1 is read",
                    "convert it, for example with the Swagger Editor",
                )
            else:
                close = next((key for key in data if nearest(key, ["openapi"])), "")
                seen = (
                    f"the document has no `openapi`, and `{close}` is no key of it"
                    if close
                    else "the document has no `openapi`"
                )
                self.problem(
                    [close] if close else [],
                    seen,
                    wanted,
                    f"write `openapi:` in place of `{close}:`" if close else step,
                )
            self._raise()
        version = data["openapi"]
        plain = self.found.plain.get((id(data), "openapi"))
        if not isinstance(version, str):
            seen = (
                f"the version {shown(version)} is a number, because it has one dot and no quotation marks"
                if plain and plain.kind == "number"
                else f"`openapi` is {shown(version)}"
            )
            self.problem(
                ["openapi"], seen, "a version of OpenAPI has two dots", "write `openapi: 3.1.0`"
            )
            self._raise()
        if not re.match(r"3\.[01]\.\d+(-.+)?\Z", version):
            if re.match(r"3\.[01]\Z", version):
                self.problem(
                    ["openapi"],
                    f"the version {shown(version)} has one dot",
                    "a version of OpenAPI has two",
                    f"write `openapi: {version}.0`",
                )
            else:
                self.problem(
                    ["openapi"],
                    f"the version is {shown(version)}",
                    "OpenAPI 3.0 or 3.1 is read",
                    "write `openapi: 3.1.0` if the document keeps to it",
                )
            self._raise()
        self.version = version[:3]

    # The structure

    def _visit(self, kind: str, node: Any, steps: list[str], holder: Any = None) -> None:
        if kind == "any":
            return
        if kind in {"text", "truth", "whole", "number", "list"}:
            self._value(kind, node, steps, holder)
        elif kind.startswith("["):
            if self._is(list, node, steps, holder, "a list", "begin each entry with `- `"):
                for number, entry in enumerate(node):
                    self._visit(kind[1:-1], entry, [*steps, str(number)], node)
        elif kind.startswith("{"):
            if self._is(
                dict,
                node,
                steps,
                holder,
                "a set of keys",
                "write `name:` and below it, further in, what belongs to it",
            ):
                for key, entry in node.items():
                    if key.startswith("x-") and kind == "{path}":
                        continue
                    if self._is_of_the_document(key, entry, steps):
                        self._too_far_in(key, steps)
                    elif kind == "{text}" or not self._is_glued(key, entry, steps):
                        self._visit(kind[1:-1], entry, [*steps, key], node)
        else:
            self._part(kind, node, steps, holder)

    def _part(self, kind: str, node: Any, steps: list[str], holder: Any) -> None:
        if kind == "schema" and isinstance(node, bool):
            return
        if not isinstance(node, dict):
            self._is(dict, node, steps, holder, "a set of keys", self._first_step(kind, node))
            return
        if (id(node), kind) in self.seen:
            return
        self.seen[id(node), kind] = node, steps
        if kind in MAY_BE_REFERENCE and "$ref" in node:
            self._stands_alone(kind, node, steps)
            self._reference(kind, node, steps)
            return
        if kind in MAY_BE_REFERENCE and any(
            key.startswith("$ref:") and self._is_glued(key, entry, steps, {"$ref"})
            for key, entry in node.items()
        ):
            return
        if kind == "responses":
            self._responses(node, steps)
            return
        if kind == "callback":
            for key, entry in node.items():
                if not key.startswith("x-"):
                    self._visit("path", entry, [*steps, key], node)
            return
        if kind == "security requirement":
            self.security.extend((key, [*steps, key]) for key in node)
            for key, entry in node.items():
                self._visit("[text]", entry, [*steps, key], node)
            return
        if kind == "schema":
            self._schema(node, steps)
        fields, required = _FIELDS[kind]
        loose = self._loose(node, steps, fields) if kind == "schema" else ()
        meant: set[str] = set()
        if not node.keys() <= fields.keys():
            meant = self._unknown(kind, node, steps, fields, loose)
        for key in required:
            if key not in node and key not in meant:
                self._missing(kind, node, steps, key)
        for key, value in list(node.items()):
            wanted = fields.get(key, "any")
            if key in loose:
                continue
            if key == "required" and value is True and wanted == "[text]":
                continue  # a sentence of its own, in `_schema`
            if wanted == "any" or (wanted == "text" and type(value) is str):
                continue
            self._visit(wanted, value, [*steps, key], node)
        special = getattr(self, "_check_" + kind.replace(" ", "_"), None)
        if special:
            special(node, steps)

    def _first_step(self, kind: str, node: Any) -> str:
        """Return what to write in place of what is no set of keys."""
        if isinstance(node, str) and len(node) <= 200 and len(self.problems) < 10 * MOST_PROBLEMS:
            known = mapping(mapping(self.found.data.get("components")).get(_SECTIONS.get(kind, "")))
            word = node.strip()
            if kind == "security requirement":
                return f"write `{word}: []`"
            if kind in _SECTIONS and word.startswith("#/"):
                return f"write `{{$ref: '{word}'}}`"
            if kind in _SECTIONS and (
                close := word if word in known else nearest(word, known, cutoff=0.8)
            ):
                return f"write `{{$ref: '#/components/{_SECTIONS[kind]}/{close}'}}`"
            if kind in {"schema", "media type", "header"}:
                kinds = {each: each for each in TYPES} | OTHER_NAMES_OF_TYPES
                if word.lower() in kinds:
                    schema = f"{{type: {kinds[word.lower()]}}}"
                    return f"write `{schema if kind == 'schema' else f'{{schema: {schema}}}'}`"
            if kind in {"media type", "header"} and word in mapping(
                mapping(self.found.data.get("components")).get("schemas")
            ):
                return f"write `{{schema: {{$ref: '#/components/schemas/{word}'}}}}`"
        first = _FIRST_KEYS.get(kind) or " and ".join(
            f"`{each}:`" for each in _FIELDS.get(kind, ({}, ()))[1]
        )
        return f"write {first or 'its keys'} below it, further in"

    def _is_of_the_document(self, key: str, entry: Any, steps: list[str]) -> bool:
        """Return whether a name that is free where it stands is certainly a key of the top."""
        if steps == ["paths"]:
            return key in _OF_DOCUMENT
        if not isinstance(entry, dict) or not entry:
            return False
        if key in {"paths", "webhooks"}:
            return all(each.startswith("/") for each in entry)
        return key == "components" and entry.keys() <= PARTS["components"].keys()

    def _too_far_in(self, key: str, steps: list[str]) -> None:
        self.misplaced.add(key)
        (self.problem if steps == ["paths"] else self.flaw)(
            [*steps, key],
            f"`{key}` stands below `{steps[-1]}`, further in",
            "it is a key of the document itself",
            f"write `{key}:` at the left edge{self._beside_openapi()}",
        )

    def _beside_openapi(self) -> str:
        # What a contract is extended by has no such line.
        has_line = re.search("(?m)^openapi:", self.text)
        return ", as far left as `openapi:`" if has_line else ""

    def _belongs_to_components(self, kind: str, key: str, entry: Any, steps: list[str]) -> bool:
        """Tell of a part that stands at the left edge, or in `components` itself."""
        if kind not in {"document", "components"} or not isinstance(entry, dict):
            return False
        sections = [each for each in ("schemas", "responses") if (each, key) in self._referred_to]
        if not sections and (_is_like_a_schema(entry) or entry.keys() & {*_IN_PLACE}):
            sections = ["schemas"]
        if len(sections) != 1:
            return False
        self.strayed.add(key)
        below = "`components`, " if kind == "document" else ""
        where = "at the left edge" if kind == "document" else "in `components` itself"
        self.flaw(
            [*steps, key],
            f"`{key}` stands {where}",
            f"it belongs under {below}`{sections[0]}`",
            f"move it there, below `{sections[0]}:` and further in",
        )
        return True

    def _is_glued(self, key: str, entry: Any, steps: list[str], fields: Any = None) -> bool:
        """Tell of `{type:integer}`, which YAML takes for one long key without a value.

        Where no braces are around it, `ride_id:{type: integer}` is the key `ride_id:{type`.
        """
        split = _GLUED_BRACKET.match(key) if isinstance(entry, str) else None
        if split and entry[-1:] in {"}", "]"} and (fields is None or split[1] in fields):
            self.problem(
                [*steps, key],
                f"no space stands after the colon of `{split[1]}`, so `{key}` is one key",
                "YAML wants a space after the colon of a key",
                f"write `{split[1]}: {split[2]}: {entry}` with a space",
            )
            return True
        found = _GLUED.match(key) if entry is None else None
        if not found or (fields is not None and found[1] not in fields):
            return False
        lines = self.text.splitlines()[self.found.line([*steps, key]) - 1 :][:1]
        if any(f"{key}:" in line for line in lines):
            return False  # a key with a colon in it, and another behind it
        value = found[2] if len(found[2]) <= 100 else f"{found[2][:100]}…"
        if value.startswith("#"):
            value = f"'{value}'"
        (self.problem if fields is None else self.flaw)(
            [*steps, key],
            f"no space stands after the colon of `{found[1]}` in {shown(key)}, so all of it is one key",
            "YAML wants a space after the colon of a key",
            f"write `{found[1]}: {value}` with a space",
        )
        return True

    def _loose(
        self, node: dict[str, Any], steps: list[str], fields: Mapping[str, str]
    ) -> list[str]:
        """Tell of fields that stand in a schema itself, and return them.

        An unknown keyword may be meant, for JSON Schema lets it be; one whose value is a schema,
        where no keyword is near or the keyword wants no schema, is a field.
        """
        found = []
        for key, value in node.items():
            if not isinstance(value, dict) or key.startswith("x-") or key == "dependencies":
                continue
            wanted = fields.get(key)
            if wanted in {"text", "truth", "whole", "number", "list", "[text]"} or key == "type":
                certain = True
            else:
                free = [each for each in fields if each not in node]
                certain = wanted is None and not nearest(key, free, cutoff=0.8)
            if certain and _is_like_a_schema(value):
                found.append(key)
        strayed = self._strayed_schemas(node, steps, fields)
        if strayed:
            found = [*{*found, *strayed}]
            names = " and ".join(f"`{each}`" for each in strayed)
            several = len(strayed) > 1
            self.flaw(
                [*steps, strayed[0]],
                f"{names} {'stand' if several else 'stands'} in {self._name('schema', node, steps)} itself",
                f"a reference looks for {'them' if several else 'it'} beside it",
                f"move {'them' if several else 'it'} left, as far in as `{steps[-1]}:`",
            )
        elif found:
            names = " and ".join(f"`{each}`" for each in found[:3])
            if len(found) > 3:
                names = f"{', '.join(f'`{each}`' for each in found[:3])} and {len(found) - 3} more"
            below = "" if "properties" in node else "write `properties:` and "
            step = f"{below}move {'them' if len(found) > 1 else 'it'} below it, further in"
            tell = self.problem if fields.keys() & set(found) else self.flaw
            tell(
                [*steps, found[0]],
                f"{names} {'stand' if len(found) > 1 else 'stands'} in {self._name('schema', node, steps)} itself",
                "the fields of an object stand under `properties`",
                step if below else step.replace("below it", "below `properties:`"),
            )
        return found

    def _strayed_schemas(
        self, node: dict[str, Any], steps: list[str], fields: Mapping[str, str]
    ) -> list[str]:
        """Return schemas that a reference looks for under `components`, and that stand in another."""
        if steps[:2] != ["components", "schemas"] or len(steps) != 3:
            return []
        known = mapping(mapping(self.found.data.get("components")).get("schemas"))
        found = [
            key
            for key, value in node.items()
            if isinstance(value, dict)
            and key not in fields
            and key not in known
            and ("schemas", key) in self._referred_to
        ]
        self.strayed.update(found)
        return found

    @cached_property
    def _referred_to(self) -> frozenset[tuple[str, str]]:
        """The sections and names of `components` that stand behind a `$ref` in quotation marks."""
        return frozenset(_TO_COMPONENTS.findall(self.text))

    def _unknown(
        self,
        kind: str,
        node: dict[str, Any],
        steps: list[str],
        fields: Mapping[str, str],
        loose: Collection[str],
    ) -> set[str]:
        """Tell of keys that are none, and return those that were meant; of the loose one did."""
        meant = set()
        for key in node:
            if key in fields or key.startswith("x-"):
                continue
            if key in loose:
                continue
            if self._is_glued(key, node[key], steps, fields):
                meant.add(key.partition(":")[0])
                continue
            if key in _OF_DOCUMENT and (
                self._is_of_the_document(key, node[key], steps)
                if kind == "schema"
                else key not in _IN_OPERATIONS or kind in _OUTSIDE
            ):
                self._too_far_in(key, steps)
                continue
            if self._belongs_to_components(kind, key, node[key], steps):
                continue
            if kind == "header" and key in {"name", "in"}:
                self.flaw(
                    [*steps, key],
                    f"`{key}` stands in {self._name(kind, node, steps)}",
                    "a header is named by its own key and always stands in the header",
                    "delete it",
                )
                continue
            if kind in {"parameter", "header"} and key in {"type", "format", "enum"}:
                self.flaw(
                    [*steps, key],
                    f"`{key}` stands in {self._name(kind, node, steps)} itself",
                    "it belongs to its `schema`",
                    f"write `schema:` and below it, further in, `{key}:`",
                )
                continue
            if kind == "media type" and _is_like_a_schema(node[key]):
                self.flaw(
                    [*steps, key],
                    f"`{key}` stands in {self._name(kind, node, steps)} itself",
                    "the fields of an object stand under `properties` of its `schema`",
                    f"write `schema:`, in it `properties:` and below it, further in, `{key}:`",
                )
                continue
            free = [each for each in fields if each not in node]
            close = nearest(key, free, cutoff=0.7)
            if kind == "schema":
                # JSON Schema lets unknown keywords be, so this may be meant; and is worth a word.
                if self.version == "3.1" and close and nearest(key, free, cutoff=0.8):
                    self.note(
                        [*steps, key],
                        f"`{key}` is no keyword of a schema and does nothing",
                        f"`{close}` is one",
                        "correct the spelling if you mean it",
                    )
                    continue
                if self.version == "3.1":
                    continue
            meant.add(close)
            name = self._name(kind, node, steps)
            if close:
                self.flaw(
                    [*steps, key],
                    f"`{key}` is no key of {name}",
                    f"the nearest is `{close}`",
                    f"write `{close}:` if you mean it",
                )
            elif "{" in key or key.startswith("/"):
                self.flaw(
                    [*steps, key],
                    f"the path `{key}` stands in {name}",
                    "paths stand under `paths`",
                    "move it there, two spaces further in than `paths:`",
                )
            elif home := next(
                (
                    other
                    for other in (
                        "operation",
                        "path",
                        "parameter",
                        "response",
                        "media type",
                        "schema",
                        "document",
                        "info",
                    )
                    if key in PARTS[other]
                ),
                "",
            ):
                self.flaw(
                    [*steps, key],
                    f"`{key}` is no key of {name}",
                    f"it belongs to {_an(home)}",
                    "check how far the line is indented",
                )
            else:
                self.flaw(
                    [*steps, key],
                    f"`{key}` is no key of {name}",
                    f"its keys are {_listed(fields)}",
                    "delete it, or begin a key of your own with `x-`",
                )
        return meant

    def _missing(self, kind: str, node: Any, steps: list[str], key: str) -> None:
        name = self._name(kind, node, steps)
        wanted, step = {
            "responses": (
                "every operation answers",
                "write at least one, such as '200', with a `description`",
            ),
            "description": ("it is wanted", "write one sentence for the reader"),
            "info": ("it names the contract", "write `info:` with `title` and `version` below it"),
            "version": (
                "it is wanted",
                'write the version of your contract, such as `version: "1.0"`',
            ),
            "content": (
                "it says what is sent",
                "write `content:` with `application/json:` and a `schema` below it",
            ),
            "name": ("it is wanted", "write `name:` and the name"),
            "in": (
                "it says where the value stands",
                "write `in: query`, `path`, `header` or `cookie`",
            ),
        }.get(key, ("it is wanted", f"write `{key}:`"))
        # A parameter without a name or a place cannot be understood, however lenient one is.
        tell = self.problem if kind == "parameter" else self.flaw
        tell(steps, f"{name} has no `{key}`", wanted, step)

    def _is(
        self, wanted: type, node: Any, steps: list[str], holder: Any, what: str, step: str
    ) -> bool:
        if isinstance(node, wanted):
            return True
        name = (
            f"`{steps[-1]}`"
            if steps and not isinstance(holder, list)
            else "this entry"
            if steps
            else "the document"
        )
        if node is None:
            self.problem(steps, f"{name} is empty", f"{what} is wanted", step)
        elif isinstance(node, str) and (
            found := re.match(r"((?:[A-Za-z$/_]|[1-5]\d\d\b)[^\s:]*):([^\s/])", node)
        ):
            self.problem(
                steps,
                f"{name} is {shown(node)}, a text, because no space stands after the colon",
                f"{what} is wanted",
                f"write `{found[1]}: '#…'` with a space and quotation marks"
                if found[2] == "#"
                else f"write `{found[1]}: {found[2]}…` with a space",
            )
        elif wanted is list and isinstance(node, dict):
            self.problem(
                steps, f"{name} is {shown(node)}", "a list is wanted", "begin each entry with `- `"
            )
        elif wanted is dict and isinstance(node, list):
            step = "write no list there"
            if steps[-1] == "required" and steps[-2:-1] == ["properties"]:
                step = "write `required` beside `properties`, not in it"
            elif node and all(isinstance(each, str) for each in node) and "properties" in steps:
                step = "a list of words is written `enum: [...]`, further in"
            elif any(isinstance(each, dict) for each in node):
                step = "leave out the dash `- `"
            self.problem(steps, f"{name} is a list", f"{what} is wanted", step)
        else:
            self.problem(steps, f"{name} is {shown(node)}", f"{what} is wanted", step)
        return False

    def _value(self, kind: str, node: Any, steps: list[str], holder: Any) -> None:
        key = steps[-1]
        plain = self.found.plain.get((id(holder), int(key) if isinstance(holder, list) else key))
        name = f"`{key}`" if not isinstance(holder, list) else f"an entry of `{steps[-2]}`"
        number = isinstance(node, (int, float)) and not isinstance(node, bool)
        if kind == "text" and not isinstance(node, str):
            self._no_text(node, steps, name, plain, holder)
        elif kind == "truth" and not isinstance(node, bool):
            step = (
                f"write {node.lower()} without quotation marks"
                if isinstance(node, str) and node.lower() in {"true", "false"}
                else "write `true` or `false`"
            )
            self.problem(steps, f"{name} is {shown(node)}", "true or false is wanted", step)
        elif kind == "truth" and plain is not None and plain.kind == "word":
            self.told.add(id(plain))
            self.note(
                steps,
                f"{name} is {plain.text}, which this reader and many others take for {shown(node)}",
                "newer rules of YAML know only true and false",
                f"write `{shown(node)}`",
            )
        elif kind in {"whole", "number"} and not number:
            step = (
                "leave out the quotation marks"
                if isinstance(node, str) and re.match(r"-?\d+(\.\d+)?\Z", node)
                else "write a number"
            )
            self.problem(steps, f"{name} is {shown(node)}", "a number is wanted", step)
        elif kind == "whole" and (node < 0 or node != int(node)):
            self.problem(
                steps,
                f"{name} is {shown(node)}",
                "a whole number from 0 up is wanted",
                "write such a number",
            )
        elif kind == "list":
            self._is(
                list,
                node,
                steps,
                holder,
                "a list",
                "write `[one, another]` or begin each entry with `- `",
            )

    def _no_text(
        self, node: Any, steps: list[str], name: str, plain: Plain | None, holder: Any
    ) -> None:
        if plain is None or plain.kind == "null":
            if node is None and not self.strict and isinstance(holder, dict):
                self.note(
                    steps, f"{name} is empty", "a text is wanted", "write the text behind the colon"
                )
                del holder[steps[-1]]
                return
            what = f"{name} is empty" if node is None else f"{name} is {shown(node)}"
            self.problem(
                steps,
                what,
                "a text is wanted",
                "put it in quotation marks: behind `#` stands a comment"
                if node is None and steps[-1] == "$ref"
                else "write the text behind the colon"
                if node is None
                else "put it in quotation marks"
                if not isinstance(node, (dict, list))
                else "write a text",
            )
            return
        self.told.add(id(plain))
        if plain.kind in {"word", "bool"}:
            self.problem(
                steps,
                f"{name} is {plain.text} without quotation marks, which YAML reads as {shown(node)}",
                "a text is wanted",
                f'write "{plain.text}" with quotation marks',
            )
        else:
            self.problem(
                steps,
                f"{name} is {plain.text} without quotation marks, which YAML reads as a number",
                "a text is wanted",
                f'write "{plain.text}" with quotation marks',
            )

    def _responses(self, node: dict[str, Any], steps: list[str]) -> None:
        count = 0
        for key, entry in node.items():
            if key.startswith("x-"):
                continue
            if key in _OF_DOCUMENT and self._is_of_the_document(key, entry, steps):
                self._too_far_in(key, steps)
                continue
            if not _STATUS.match(key):
                if self._is_glued(key, entry, steps):
                    continue
                close = nearest(key, ["default"])
                step = (
                    f"write `{close}`"
                    if close
                    else "write a code such as '200', a range such as '4XX', or `default`"
                )
                self.problem(
                    [*steps, key],
                    f"`{key}` is no status code",
                    "a code from 100 to 599 is wanted",
                    step,
                )
                continue
            count += 1
            self._visit("response", entry, [*steps, key], node)
        if not count and not self.problems:
            self.problem(
                steps,
                f"`responses`{self._where(steps)} is empty",
                "every operation answers",
                "write at least one, such as '200', with a `description`",
            )

    def _check_parameter(self, node: dict[str, Any], steps: list[str]) -> None:
        place = node.get("in")
        name = self._name("parameter", node, steps)
        places = ("query", "path", "header", "cookie")
        if isinstance(place, str) and place not in places:
            if place in {"body", "formData"}:
                self.problem(
                    [*steps, "in"],
                    f"{name} stands in {shown(place)}, as in Swagger 2.0",
                    "since OpenAPI 3.0 a body has its own key",
                    "write `requestBody:` in the operation instead",
                )
            else:
                close = nearest(place, places)
                self.problem(
                    [*steps, "in"],
                    f"{name} stands in {shown(place)}",
                    "`in` is query, path, header or cookie",
                    f"write `in: {close or 'query'}`",
                )
        if place == "path" and node.get("required", False) is False:
            self.flaw(
                [*steps, "required"],
                f"{name} is in the path and not required",
                "a path without it would be another path",
                "write `required: true`",
            )
        # Where its keys stand a level too high, that is what is told of them.
        loose = {"type", "format", "enum"} & node.keys()
        if "schema" not in node and "content" not in node and not loose:
            self.flaw(
                steps,
                f"{name} has no `schema`",
                "it says which values are allowed",
                "write `schema:` and the type below it, further in",
            )

    def _check_header(self, node: dict[str, Any], steps: list[str]) -> None:
        loose = {"type", "format", "enum"} & node.keys()
        if "schema" not in node and "content" not in node and not loose:
            self.flaw(
                steps,
                f"{self._name('header', node, steps)} has no `schema`",
                "a header has a `schema`, which says which values are allowed",
                "write `schema: {type: string}` below it, further in",
            )

    def _check_security_scheme(self, node: dict[str, Any], steps: list[str]) -> None:
        wanted = {
            "apiKey": ("name", "in"),
            "http": ("scheme",),
            "oauth2": ("flows",),
            "openIdConnect": ("openIdConnectUrl",),
            "mutualTLS": (),
        }
        kind = node.get("type")
        name = self._name("security scheme", node, steps)
        if not isinstance(kind, str):
            return
        if kind not in wanted:
            close = nearest(kind, wanted)
            self.problem(
                [*steps, "type"],
                f"{name} has the type {shown(kind)}",
                "apiKey, http, oauth2, openIdConnect or mutualTLS is wanted",
                f"write `type: {close or 'http'}`",
            )
            return
        for key in wanted[kind]:
            if key not in node:
                self.problem(
                    steps,
                    f"{name} has no `{key}`",
                    f"a scheme of type {kind} needs it",
                    {"in": "write `in: header`", "scheme": "write `scheme: bearer`"}.get(
                        key, f"write `{key}:`"
                    ),
                )

    # Schemas

    def _schema(self, node: dict[str, Any], steps: list[str]) -> None:
        self.made._schemas[id(node)] = steps
        for key in ("$anchor", "$dynamicAnchor"):
            if isinstance(node.get(key), str):
                self.made._anchors.setdefault(node[key], node)
        if "$ref" in node:
            self._reference("schema", node, steps)
        if "type" in node and not _is_like_a_schema(node["type"]):
            self._type(node, steps)
        if node.get("required") is True:
            self.problem(
                [*steps, "required"],
                f"`required` is {shown(node['required'])} in {self._name('schema', node, steps)}",
                "a schema lists the names of required properties",
                f"write `required: [{steps[-1] if steps[-2:-1] == ['properties'] else 'name'}]` beside `properties`",
            )
        for key in ("exclusiveMinimum", "exclusiveMaximum"):
            if key in node and isinstance(node[key], bool) is (self.version == "3.1"):
                limit = key.removeprefix("exclusive").lower()
                if self.version == "3.1":
                    self.problem(
                        [*steps, key],
                        f"`{key}` is {shown(node[key])}, as in OpenAPI 3.0",
                        "3.1 wants the limit itself",
                        f"write `{key}: {shown(node.get(limit, 0))}` in place of `{limit}`",
                    )
        if "nullable" in node and self.version == "3.1":
            kind = node.get("type")
            self.note(
                [*steps, "nullable"],
                "`nullable` is a keyword of OpenAPI 3.0 and does nothing in 3.1",
                "3.1 lists the type null",
                f'write `type: [{kind if isinstance(kind, str) else "string"}, "null"]`',
            )
        patterns = [([*steps, "pattern"], node["pattern"])] if "pattern" in node else []
        for pattern in mapping(node.get("patternProperties")):
            patterns.append(([*steps, "patternProperties", pattern], pattern))
        for place, pattern in patterns:
            if isinstance(pattern, str) and not is_pattern(pattern):
                self.note(
                    place,
                    f"the pattern {shown(pattern)} is no regular expression that can be matched in bounded time",
                    "nothing is held against it",
                    "write it more simply",
                )

    def _type(self, node: dict[str, Any], steps: list[str]) -> None:
        kind = node["type"]
        plain = self.found.plain.get((id(node), "type"))
        if kind is None:
            null = plain is not None and plain.text
            self.problem(
                [*steps, "type"],
                "`type` is null without quotation marks, which YAML reads as nothing"
                if null
                else "`type` is empty",
                "the name of a type is wanted",
                'write "null" with quotation marks' if null else f"write one of {_listed(TYPES)}",
            )
            return
        several = kind if isinstance(kind, list) else [kind]
        if isinstance(kind, list) and self.version == "3.0":
            self.problem(
                [*steps, "type"],
                "`type` is a list",
                "OpenAPI 3.0 knows one type",
                "write one, with `nullable: true` for null, or `openapi: 3.1.0` at the top",
            )
            return
        for each in several:
            if each in TYPES if isinstance(each, str) else False:
                continue
            if each is None:
                self.problem(
                    [*steps, "type"],
                    "null stands in `type` without quotation marks, which YAML reads as nothing",
                    "the name of a type is wanted",
                    'write "null" with quotation marks',
                )
                continue
            close = OTHER_NAMES_OF_TYPES.get(str(each).lower()) or nearest(each, TYPES)
            step = f"write `type: {close}`" if close else "write the one that fits"
            if str(each).lower() in {"date", "datetime", "date-time", "uuid"}:
                step += f" and `format: {'date-time' if 'time' in str(each).lower() else str(each).lower()}`"
            self.problem(
                [*steps, "type"],
                f"{shown(each)} is no type",
                f"the types are {_listed(TYPES)}",
                step,
            )

    def _schemas(self) -> Iterator[dict[str, Any]]:
        for (_, kind), (node, _) in list(self.seen.items()):
            if kind == "schema":
                yield node

    def _steps(self, schema: dict[str, Any]) -> list[str]:
        return self.made._schemas.get(id(schema), [])

    # References

    def _reference(self, kind: str, node: dict[str, Any], steps: list[str]) -> None:
        reference = node["$ref"]
        if isinstance(reference, str):
            self.references.append((kind, reference, [*steps, "$ref"]))
        elif kind != "schema":
            self._value("text", reference, [*steps, "$ref"], node)

    def _stands_alone(self, kind: str, node: dict[str, Any], steps: list[str]) -> None:
        if self.version != "3.1":
            return  # 3.0 lets readers pass over what stands there
        for key in node:
            if key not in _BESIDE_REFERENCE and not key.startswith(("x-", "$ref:")):
                self.flaw(
                    [*steps, key],
                    f"`{key}` stands beside `$ref` in {self._name(kind, node, steps)}",
                    "`$ref` stands alone: it takes the whole part from elsewhere",
                    f"delete `{key}`, or write the part out in place of `$ref`",
                )

    def _check_path(self, node: dict[str, Any], steps: list[str]) -> None:
        if "$ref" in node:
            self._reference("path", node, steps)

    def _references(self) -> None:
        done: set[tuple[str, str]] = set()
        position = 0
        while position < len(self.references):  # looking at one may find others
            kind, reference, steps = self.references[position]
            position += 1
            if (kind, reference) in done and not self.problems:
                continue
            done.add((kind, reference))
            if not reference.startswith("#"):
                self.problem(
                    steps,
                    f"`$ref` leads to {shown(reference)}, outside of the document",
                    "other files and addresses are never opened",
                    "copy that part under `components` and write `#/components/…`",
                )
                continue
            try:
                target = self.made.at(reference)
            except (LookupError, ValueError):
                self._leads_nowhere(reference, steps)
                continue
            if target is not None and isinstance(target, dict):
                try:
                    self.made.resolve(target)
                except LookupError as error:
                    if "itself" in str(error):
                        self.problem(
                            steps,
                            f"the reference {shown(reference)} leads back to itself, or over more than {MOST_STEPS} others",
                            "a reference leads to a part",
                            "write the part itself in one of the places",
                        )
                    continue
            if reference.startswith("#/") or reference == "#":
                self._visit(kind, target, steps_of(unquoted(reference[1:])))

    def _leads_nowhere(self, reference: str, steps: list[str]) -> None:
        if reference.split("/")[1:2] and reference.split("/")[1] in self.misplaced:
            return  # where that stands is what is told
        if reference.rpartition("/")[2] in self.strayed:
            return
        parent, _, last = reference.rpartition("/")
        try:
            known = list(self.made.at(parent)) if parent.startswith("#") else []
        except (LookupError, ValueError, TypeError):
            known = []
        close = nearest(last, (str(each) for each in known))
        if not reference.startswith("#/"):
            step = "begin it with `#/components/`"
        elif close:
            step = f"did you mean `{parent}/{close}`?"
        else:
            step = "write that part, or correct the reference"
        self.problem(
            steps,
            f"nothing stands at {shown(reference)}",
            "a reference leads to a part of this document",
            step,
        )

    def _circles(self) -> None:
        """Refuse schemas that lead back to themselves, or multiply, without a step into a value."""
        weights: dict[int, int] = {}
        depths: dict[int, int] = {}
        for start in self._schemas():
            if id(start) in weights or not start.keys() & _BESIDE:
                continue
            stack: list[tuple[dict[str, Any], Iterator[Any], list[Any]]] = [(start, iter(()), [])]
            open_ids = {id(start)}
            stack[0] = (start, iter(self._beside(start)), [])
            while stack:
                node, rest, done = stack[-1]
                inner = next(rest, None)
                if inner is None:
                    weights[id(node)] = 1 + sum(weights[each] for each in done)
                    depths[id(node)] = 1 + max((depths[each] for each in done), default=0)
                    steps = self._steps(node)
                    if weights[id(node)] > HEAVIEST_SCHEMA or depths[id(node)] > MOST_STEPS:
                        self.problem(
                            steps,
                            f"{self._name('schema', node, steps)} unfolds to more than can be checked",
                            f"at most {MOST_STEPS} references one after another and {HEAVIEST_SCHEMA:,} schemas are",
                            "combine fewer schemas with `allOf`, `anyOf`, `oneOf`",
                        )
                        return
                    open_ids.discard(id(node))
                    stack.pop()
                    if stack:
                        stack[-1][2].append(id(node))
                elif id(inner) in open_ids:
                    steps = self._steps(inner)
                    self.problem(
                        steps,
                        f"{self._name('schema', inner, steps)} leads back to itself",
                        "a schema may hold itself only inside a property or a list",
                        "remove the `$ref` or the `allOf` that closes the circle",
                    )
                    return
                elif id(inner) in weights:
                    done.append(id(inner))
                else:
                    open_ids.add(id(inner))
                    stack.append((inner, iter(self._beside(inner)), []))

    def _beside(self, schema: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the schemas that hold for the same value as this one."""
        found: list[Any] = []
        for key in _IN_PLACE:
            if isinstance(schema.get(key), list):
                found.extend(schema[key])
        found.extend(schema[key] for key in _IN_PLACE_ONE if key in schema)
        found.extend(mapping(schema.get("dependentSchemas")).values())
        for key in ("$ref", "$dynamicRef"):
            if isinstance(schema.get(key), str):
                try:
                    found.append(self.made.at(schema[key]))
                except LookupError:
                    continue
        return [each for each in found if isinstance(each, dict)]

    # Paths

    def _paths(self) -> None:
        paths = mapping(self.found.data.get("paths"))
        templates: dict[str, str] = {}
        for path in paths:
            if path.startswith("x-"):
                continue
            steps = ["paths", path]
            if not path.startswith("/"):
                self.problem(
                    steps,
                    f"the path {shown(path)} does not begin with a slash",
                    "a path begins with /",
                    f"write `/{path}:`",
                )
                continue
            if "?" in path or "#" in path:
                self.note(
                    steps,
                    f"the path {shown(path)} goes on behind a ? or #",
                    "no request has that in its path, so it does not tell paths apart",
                    "write a query parameter",
                )
            names = PLACEHOLDER.findall(path)
            rest = PLACEHOLDER.sub("", path)
            if "{" in rest or "}" in rest or "" in names:
                self.problem(
                    steps,
                    f"the braces in the path {shown(path)} do not fit together",
                    "each parameter has a name in one pair of braces",
                    "write it like /rides/{ride_id}",
                )
                continue
            if len(set(names)) < len(names):
                self.problem(
                    steps,
                    f"the path {shown(path)} names a parameter twice",
                    "each has its own name",
                    "rename one of them",
                )
            same = PLACEHOLDER.sub("{}", path)
            if same in templates:
                self.problem(
                    steps,
                    f"{path} and {templates[same]} (line {self.found.line(['paths', templates[same]])}) are the same path, whatever the parameters are called",
                    "a path stands here once",
                    "merge the two",
                )
            templates[same] = path
        if self.problems:
            return
        for operation in self.made.operations():
            steps = steps_of(operation.place)
            identity = operation.content.get("operationId")
            if isinstance(identity, str):
                first = self.operation_ids.setdefault(identity, operation.name)
                if first != operation.name:
                    self.flaw(
                        [*steps, "operationId"],
                        f"{operation.name} and {self.operation_ids[identity]} have the same `operationId` {shown(identity)}",
                        "it names one operation",
                        "rename one of them",
                    )
            names = PLACEHOLDER.findall(operation.path)
            declared = [str(each["name"]) for each in operation.parameters if each["in"] == "path"]
            lost = [name for name in names if name not in declared]
            idle = [name for name in declared if name not in names]
            if len(lost) == len(idle) == 1:
                self.flaw(
                    steps,
                    f"{operation.name} has {lost[0]} in its path and describes the parameter {idle[0]}",
                    "both bear the same name",
                    f"write {{{idle[0]}}} into the path, or `name: {lost[0]}`",
                )
                continue
            for name in names:
                if name not in declared:
                    self.flaw(
                        steps,
                        f"{operation.name} has no parameter `{name}`",
                        "every name in braces is described among the parameters",
                        f"write a parameter with `name: {name}`, `in: path`, `required: true`",
                    )
            for name in declared:
                if name not in names:
                    self.flaw(
                        steps,
                        f"{operation.name} has a path parameter `{name}` that its path does not name",
                        "a path parameter stands in braces in the path",
                        f"write {{{name}}} into the path, or `in: query`",
                    )
            for own in (operation.content.get("parameters"),):
                known: set[tuple[Any, Any]] = set()
                for number, each in enumerate(own or ()):
                    parameter = self.made.resolve(each)
                    key = (parameter.get("name"), parameter.get("in"))
                    if key in known:
                        self.flaw(
                            [*steps, "parameters", str(number)],
                            f"{operation.name} has the parameter `{key[0]}` in {key[1]} twice",
                            "a parameter stands once in its place",
                            "delete one of the two",
                        )
                    known.add(key)

    def _security(self) -> None:
        schemes = mapping(mapping(self.found.data.get("components")).get("securitySchemes"))
        for name, steps in self.security:
            if name not in schemes:
                close = nearest(name, schemes)
                self.problem(
                    steps,
                    f"`security` asks for `{name}`, and no security scheme has this name",
                    "it is described under `components`, `securitySchemes`",
                    f"did you mean `{close}`?" if close else self._other_schemes(name, schemes),
                )

    def _other_schemes(self, name: str, schemes: Collection[str]) -> str:
        if not schemes:
            return f"describe `{name}` there"
        known = " or ".join(f"`{each}`" for each in list(schemes)[:3])
        return f"write {known}, which {'is' if len(schemes) == 1 else 'are'} there, or describe `{name}`"

    # The published schemas: what no sentence above has found

    def _published(self) -> None:
        for whole in _published_schema(self.version).iter_errors(self.found.data):
            error = _innermost(whole)
            steps = [str(each) for each in error.instance_path]
            message = first_line(error.message)
            if len(message) > LONGEST_MESSAGE:
                message = f"{message[: LONGEST_MESSAGE // 2]} … {message[-LONGEST_MESSAGE // 2 :]}"
            self.flaw(
                steps,
                f"`{steps[-1] if steps else 'the document'}` does not keep to OpenAPI {self.version}",
                message,
                "compare it with an example of the specification",
            )
            if len(self.problems) >= MOST_PROBLEMS:
                break

    # One dialect of JSON Schema for all documents

    def _one_dialect(self) -> None:
        """Bring all schemas to JSON Schema 2020-12 with references by place, and check them."""
        kept = self.made._kept
        for schema in self._schemas():
            steps = self._steps(schema)
            if "$id" in schema:
                self.note(
                    [*steps, "$id"],
                    "`$id` would move the start of references",
                    "here they begin at the top of the document",
                    "refer with `#/components/…`",
                )
            for key in ("$id", "$schema"):
                if key in schema:
                    kept.append(schema.pop(key))
            if "$dynamicRef" in schema:
                # Without `$id` there is one document, and the anchor that is found is the one.
                schema.setdefault("$ref", schema.pop("$dynamicRef"))
            reference = schema.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#/") and reference != "#":
                target = self.made._anchors.get(reference[1:])
                if target is None:
                    self._leads_nowhere(reference, [*steps, "$ref"])
                else:
                    schema["$ref"] = "#" + pointer(self._steps(target))
            if self.version == "3.0":
                self._upgrade(schema, steps)
        if self.problems:
            return
        for schema in self._schemas():
            steps = self._steps(schema)
            if steps[-1:] == ["schema"] or (len(steps) == 3 and steps[1] == "schemas"):
                self._meta(schema, steps)

    def _meta(self, schema: dict[str, Any], steps: list[str]) -> None:
        if _META.is_valid(schema):
            return
        for error in _META.iter_errors(schema):
            path = [str(each) for each in error.instance_path]
            if (
                path[-1:] in (["pattern"], ["patternProperties"])
                or len(self.problems) > MOST_PROBLEMS
            ):
                continue
            name = f"`{path[-1]}`" if path else "the schema"
            self.problem(
                [*steps, *path],
                f"{name} is not as JSON Schema wants it",
                first_line(error.message)[:200],
                "compare it with a schema that works",
            )

    def _upgrade(self, schema: dict[str, Any], steps: list[str]) -> None:
        """Bring a schema of OpenAPI 3.0 to 3.1, in place.

        See https://www.openapis.org/blog/2021/02/16/migrating-from-openapi-3-0-to-3-1-0.
        """
        if "$ref" in schema:
            # In 3.0 what stands beside `$ref` is ignored.
            for key in [each for each in schema if each not in {"$ref", "description", "summary"}]:
                self.made._kept.append(schema.pop(key))
            return
        for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            is_exclusive = schema.get(exclusive)
            if isinstance(is_exclusive, bool):
                del schema[exclusive]
                if is_exclusive and limit in schema:
                    schema[exclusive] = schema.pop(limit)
        if schema.pop("nullable", False) is True:
            kind = schema.get("type")
            combined = [key for key in ("allOf", "oneOf") if key in schema]
            place = "#" + pointer(steps) + "/"
            if isinstance(kind, str):
                schema["type"] = [kind, "null"]
            elif (
                combined
                and "anyOf" not in schema
                and not any(reference.startswith(place) for _, reference, _ in self.references)
            ):
                schema["anyOf"] = [{key: schema.pop(key) for key in combined}, {"type": "null"}]
        if "example" in schema and "examples" not in schema:
            schema["examples"] = [schema.pop("example")]

    # Traps that do no harm

    def _texts_of(self, schema: Any) -> None:
        if not isinstance(schema, dict):
            return
        for key in _TEXTS_OF_SCHEMA:
            if key in schema:
                self._align(schema, key, schema)
        for key in ("enum", "examples"):
            if isinstance(schema.get(key), list):
                for number in range(len(schema[key])):
                    self._align(schema[key], number, schema)

    def _examples(self) -> None:
        for (_, kind), (node, _) in list(self.seen.items()):
            if kind not in {"media type", "parameter", "header"}:
                continue
            schema = node.get("schema")
            if not isinstance(schema, dict):
                continue
            if "example" in node:
                self._align(node, "example", schema)
            for each in mapping(node.get("examples")).values():
                example = self.made.resolve(each)
                if isinstance(example, dict) and "value" in example:
                    self._align(example, "value", schema)

    def _align(self, holder: Any, key: Any, schema: Any, depth: int = 0) -> None:
        """Make a text of what the schema wants as text and YAML read as something else."""
        schema = self.made.resolve(schema)
        if not isinstance(schema, dict) or depth > MOST_STEPS:
            return
        value = holder[key]
        if isinstance(value, dict):
            properties = mapping(schema.get("properties"))
            for name in value:
                if name in properties:
                    self._align(value, name, properties[name], depth + 1)
        elif isinstance(value, list):
            for number in range(len(value)):
                self._align(value, number, schema.get("items"), depth + 1)
        else:
            plain = self.found.plain.get((id(holder), key))
            types = schema.get("type")
            types = types if isinstance(types, list) else [types]
            if plain is None or "string" not in types or isinstance(value, str):
                return
            if value is None or (isinstance(value, bool) and "boolean" in types):
                return
            if not isinstance(value, bool) and {"number", "integer"} & set(types):
                return
            holder[key] = plain.text
            if id(plain) not in self.told:
                self.told.add(id(plain))
                is_read = f"as {shown(value)}" if isinstance(value, bool) else "as a number"
                self.notes.append(
                    Problem(
                        plain.line,
                        "",
                        f"{plain.text} stands without quotation marks, which many readers of YAML take {is_read}",
                        "the schema wants a text, so it is taken for one here",
                        f'write "{plain.text}" with quotation marks',
                    )
                )

    def _traps(self) -> None:
        for key in self.found.keys:
            kind = {
                "word": "true or false",
                "bool": "true or false",
                "null": "nothing",
                "number": "a number",
                "huge": "a number",
                "date": "a date",
                "time": "a number",
            }[key.kind]
            self.notes.append(
                Problem(
                    key.line,
                    "",
                    f"the key {key.text or '(empty)'} stands without quotation marks, which YAML reads as {kind}",
                    "a key is a text, so it is taken for one here",
                    f"write '{key.text}' with quotation marks",
                )
            )
        for plain in self.found.plain.values():
            if id(plain) in self.told or plain.kind not in {"word", "date", "time"}:
                continue
            self.told.add(id(plain))
            if plain.kind == "word":
                value = "true" if plain.text.lower() in {"yes", "on"} else "false"
                self.notes.append(
                    Problem(
                        plain.line,
                        "",
                        f"{plain.text} stands without quotation marks, which YAML reads as {value}",
                        "true and false are clearer, and a text wants quotation marks",
                        f'write {value}, or "{plain.text}" with quotation marks',
                    )
                )
            else:
                kind = "a date" if plain.kind == "date" else "a number of seconds or minutes"
                self.notes.append(
                    Problem(
                        plain.line,
                        "",
                        f"{plain.text} stands without quotation marks, which some readers of YAML take for {kind}",
                        "it is taken for a text here",
                        f'write "{plain.text}" with quotation marks',
                    )
                )

    # Names for sentences

    def _where(self, steps: list[str]) -> str:
        if steps[:1] == ["paths"] and len(steps) > 2:
            return (
                f" of {steps[2].upper()} {steps[1]}" if steps[2] in METHODS else f" of {steps[1]}"
            )
        if steps[:1] == ["components"] and len(steps) > 3:
            return f" of `{steps[2]}` under `components`"
        return ""

    def _name(self, kind: str, node: Any, steps: list[str]) -> str:
        where, last = self._where(steps), steps[-1] if steps else ""
        if kind == "document":
            return "the document"
        if kind == "operation" and len(steps) == 3:
            return f"the operation {last.upper()} {steps[1]}"
        if kind in {"info", "components", "responses", "flows"}:
            return f"`{kind}`{where}"
        if kind == "parameter" and isinstance(node, dict) and isinstance(node.get("name"), str):
            return f"the parameter `{node['name']}`{where}"
        if kind == "schema":
            owner = (
                f" of the schema `{steps[2]}`"
                if steps[:2] == ["components", "schemas"] and len(steps) > 3
                else where
            )
            if steps[-2:-1] == ["properties"]:
                return f"the property `{last}`{owner}"
            if len(steps) == 3 and not owner:
                return f"the schema `{last}`"
            return (
                f"the schema{owner}"
                if last in {"schema", "items"} or last.isdecimal()
                else f"`{last}`{owner}"
            )
        if last.isdecimal() and kind != "response":
            return f"the {kind} number {int(last) + 1}{where}"
        return (
            f"the {kind} {last}{where}"
            if kind in {"response", "path"}
            else f"the {kind} `{last}`{where}"
        )


def _is_like_a_schema(value: Any) -> bool:
    """Return whether a value is certainly meant for a schema."""
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    return (
        (isinstance(kind, str) and (kind in TYPES or kind.lower() in OTHER_NAMES_OF_TYPES))
        or (isinstance(kind, list) and bool(kind) and all(each in TYPES for each in kind if each))
        or isinstance(value.get("$ref"), str)
        or isinstance(value.get("enum"), list)
        or isinstance(value.get("properties"), dict)
    )


def _innermost(error: Any) -> Any:
    """Return what is wrong farthest inside, where several forms are allowed and none fits."""
    inner = [each for branch in getattr(error.kind, "context", ()) for each in branch]
    return max(
        (_innermost(each) for each in inner),
        key=lambda each: len(each.instance_path),
        default=error,
    )


def _an(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _listed(words: Any) -> str:
    return ", ".join(words)
