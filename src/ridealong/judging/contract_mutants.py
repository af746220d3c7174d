"""Change a contract in one place, as somebody could have written it."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from ridealong.judging.mutants import Mutant, distinct

_METHODS: Final = ("get", "put", "post", "patch", "delete")
_OTHER_STATUS: Final = {
    "200": "201",
    "201": "200",
    "401": "403",
    "404": "400",
    "409": "400",
    "422": "400",
    "429": "503",
    "412": "409",
    "403": "401",
    "400": "422",
}


def mutants(reference: str, entry: Mapping[str, Any]) -> Iterator[Mutant]:
    """Yield a right contract with one change each, and no two alike.

    Args:
        reference: the contract as YAML.
        entry: the exercise, of which a contract needs nothing.
    """
    head = "".join(line + "\n" for line in reference.split("\n") if line.startswith("# names"))
    document = yaml.safe_load(reference)
    made = (Mutant(change, head + written(changed)) for change, changed in changes(document))
    yield from distinct(made, head + written(document))


def written(document: Any) -> str:
    """Return a document as a mutant writes it."""
    # What the reference says once and refers to by an anchor is written out.
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def changes(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield a document with one change each, behind the name of the change."""
    for steps, change in _places(document, ()):
        for name, edit in change:
            changed = copy.deepcopy(document)
            node = changed
            for step in steps[:-1]:
                node = node[step]
            edit(node, steps[-1])
            yield f"{_shown(steps)}: {name}", changed


def _places(node: Any, steps: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], list[Any]]]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        place = (*steps, key)
        if found := list(_edits(place, value)):
            yield place, found
        is_text_of_people = key in ("example", "examples", "description", "summary", "info", "tags")
        if isinstance(value, dict | list) and not is_text_of_people:
            yield from _places(value, place)


def _edits(place: tuple[Any, ...], value: Any) -> Iterator[tuple[str, Any]]:
    above = place[-2] if len(place) > 1 else ""
    key = place[-1]
    if above == "responses":
        yield "dropped", _drop
        if (other := _OTHER_STATUS.get(str(key))) is not None:
            yield f"{other} in its place", lambda node, key: _rename(node, key, other)
        if "default" not in (key,):
            yield "default in its place", lambda node, key: _rename(node, key, "default")
    elif key == "security":
        yield "dropped", _drop
        yield "optional", lambda node, key: node[key].append({})
    elif key == "required" and isinstance(value, list):
        for name in value:
            yield f"without {name}", lambda node, key, name=name: node[key].remove(name)
    elif key == "required" and value is True:
        yield "false", _put(False)
    elif key == "enum" and isinstance(value, list):
        yield "one more", lambda node, key: node[key].append("paused")
        for member in value:
            yield f"without {member}", lambda node, key, member=member: node[key].remove(member)
    elif key == "additionalProperties" and value is False:
        yield "dropped", _drop
    elif key == "type" and isinstance(value, str) and above != "securitySchemes":
        for other in ("string", "integer"):
            if value in ("string", "integer", "number") and value != other:
                yield f"{other} in place of {value}", _put(other)
    elif (
        key in ("maximum", "minimum", "maxLength", "minLength", "maxItems", "format", "pattern")
        or (above == "parameters" and isinstance(key, int))
        or above == "paths"
        or (key in _METHODS and "paths" in place[:1])
        or (key == "content" and "responses" in place)
    ):
        yield "dropped", _drop
    elif above == "content":
        yield "as text/html", lambda node, key: _rename(node, key, "text/html")
    elif above == "headers" or (above == "properties" and len(place) > 2):
        yield "dropped", _drop


def _drop(node: Any, key: Any) -> None:
    del node[key]


def _put(value: Any) -> Any:
    def put(node: Any, key: Any) -> None:
        node[key] = value

    return put


def _rename(node: dict[str, Any], key: str, other: str) -> None:
    if other not in node:
        node[other] = node.pop(key)


def _shown(steps: tuple[Any, ...]) -> str:
    return " ".join(str(step) for step in steps)
