"""Values of parameters: from the text of a request to what the schema calls for."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import unquote

from starlette.requests import Request

from ridealong.systems.contract.parts import Document

_LEVELS: Final = 20
_DELIMITERS: Final = {"spaceDelimited": " ", "pipeDelimited": "|"}


class Unfit(ValueError):
    """A parameter whose value does not fit its schema."""


def types_of(document: Document, schema: Any, level: int = 0) -> set[str]:
    """Return the types that a schema allows, as far as it names any."""
    if not isinstance(schema, dict) or level > _LEVELS:
        return set()
    kind = schema.get("type")
    found = set(kind) if isinstance(kind, list) else {kind} if isinstance(kind, str) else set()
    for each in (*_beside(document, schema),):
        found |= types_of(document, each, level + 1)
    if not found and "properties" in schema:
        found.add("object")
    return found


def property_schemas(document: Document, schema: Any, level: int = 0) -> dict[str, Any]:
    """Return the schemas of an object's properties by name, those of combined schemas too."""
    if not isinstance(schema, dict) or level > _LEVELS:
        return {}
    found: dict[str, Any] = {}
    for each in _beside(document, schema):
        found.update(property_schemas(document, each, level + 1))
    own = schema.get("properties")
    return {**found, **own} if isinstance(own, dict) else found


def typed(document: Document, text: str, schema: Any) -> Any:
    """Return what a text stands for where a schema may want a number, true or false."""
    types = types_of(document, schema)
    if {"integer", "number"} & types:
        if re.fullmatch(r"-?(0|[1-9][0-9]{0,300})", text):
            return int(text)
        if "number" in types and re.fullmatch(
            r"-?[0-9]{1,300}(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?", text
        ):
            return float(text)
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    if "null" in types and text in {"", "null"} and "string" not in types:
        return None
    return text


def read_parameter(
    document: Document, parameter: dict[str, Any], request: Request, path_values: dict[str, str]
) -> tuple[bool, Any]:
    """Return whether a parameter is there, and its value.

    Styles are those of OpenAPI 3.1.1 section 4.8.12.6.

    Raises:
        Unfit: when it is there and does not fit its schema.
    """
    name, place = str(parameter["name"]), str(parameter["in"])
    if "content" in parameter:
        return _as_content(document, parameter, _texts(request, path_values, name, place))
    schema = parameter.get("schema", True)
    types = types_of(document, schema)
    style = str(parameter.get("style", "form" if place in {"query", "cookie"} else "simple"))
    explode = bool(parameter.get("explode", style == "form"))
    items = items_of(document, schema)
    texts = _texts(request, path_values, name, place)
    value: Any
    if "object" in types and not types & {"string", "array"}:
        pairs = _pairs(document, parameter, schema, request, texts, style, explode)
        if not pairs:
            return False, None
        properties = property_schemas(document, schema)
        value = {
            key: typed(document, text, properties.get(key, True)) for key, text in pairs.items()
        }
    elif not texts:
        return False, None
    elif "array" in types and "string" not in types:
        if place in {"query", "cookie"} and explode and style == "form":
            parts = texts
        else:
            text = _bare(texts[-1], name, style)
            separator = "." if style == "label" and explode else _DELIMITERS.get(style, ",")
            parts = text.split(separator) if text else []
        value = [typed(document, part, items) for part in parts]
    else:
        text = _bare(texts[-1], name, style)
        if not text and parameter.get("allowEmptyValue"):
            return True, text
        value = typed(document, text, schema)
    for fault in document.validator(schema).faults(value):
        raise Unfit(fault)
    return True, value


def _beside(document: Document, schema: dict[str, Any]) -> list[Any]:
    found = [each for key in ("allOf", "anyOf", "oneOf") for each in schema.get(key) or ()]
    if isinstance(schema.get("$ref"), str):
        try:
            found.append(document.at(schema["$ref"]))
        except LookupError:
            return found
    return found


def items_of(document: Document, schema: Any) -> Any:
    """Return the schema of a list's entries, True where a schema says nothing of them."""
    for each in (schema, *(_beside(document, schema) if isinstance(schema, dict) else ())):
        resolved = document.resolve(each)
        if isinstance(resolved, dict) and "items" in resolved:
            return resolved["items"]
    return True


def _texts(request: Request, path_values: dict[str, str], name: str, place: str) -> list[str]:
    if place == "query":
        return request.query_params.getlist(name)
    if place == "header":
        found = request.headers.getlist(name)
        return [", ".join(found)] if found else []
    if place == "cookie":
        return [unquote(request.cookies[name])] if name in request.cookies else []
    return [path_values[name]] if name in path_values else []


def _bare(text: str, name: str, style: str) -> str:
    if style == "label":
        return text.removeprefix(".")
    if style == "matrix":
        return text.removeprefix(f";{name}=").removeprefix(f";{name}")
    return text


def _pairs(
    document: Document,
    parameter: dict[str, Any],
    schema: Any,
    request: Request,
    texts: list[str],
    style: str,
    explode: bool,
) -> dict[str, str]:
    name = str(parameter["name"])
    if style == "deepObject":
        found = {}
        for key, text in request.query_params.multi_items():
            if key.startswith(f"{name}[") and key.endswith("]"):
                found[key[len(name) + 1 : -1]] = text
        return found
    if style == "form" and explode and parameter["in"] == "query":
        names = property_schemas(document, schema)
        return {key: text for key, text in request.query_params.multi_items() if key in names}
    if not texts:
        return {}
    parts = _bare(texts[-1], name, style).split(",")
    if explode:
        return dict(part.partition("=")[::2] for part in parts)
    return dict(zip(parts[::2], parts[1::2], strict=False))


def _as_content(
    document: Document, parameter: dict[str, Any], texts: list[str]
) -> tuple[bool, Any]:
    if not texts:
        return False, None
    media_type, media = next(iter(parameter["content"].items()))
    value: Any = texts[-1]
    if "json" in media_type:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise Unfit("it is no JSON") from None
    for fault in document.validator(media.get("schema", True)).faults(value):
        raise Unfit(fault)
    return True, value
