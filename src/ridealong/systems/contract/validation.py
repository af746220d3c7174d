"""Validation of a value against a schema of a document, each fault told in a line.

Apart from `parts`, for jsonschema takes a second to load.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from ridealong.systems.contract.parts import LONGEST_MESSAGE, is_pattern, mapping, matches
from ridealong.text import first_line

_ADDRESS: Final = "urn:contract"


def resolver(content: dict[str, Any]) -> Any:
    """Return what follows the references of a document's schemas."""
    whole = DRAFT202012.create_resource(content)
    return Registry().with_resource(_ADDRESS, whole).resolver(_ADDRESS)


class Validator:
    """Tells whether a value fits one schema, in bounded time whatever its patterns are.

    Args:
        schema: of a document, with `$ref`s into it.
        resolver: of the same document.
    """

    def __init__(self, schema: Any, resolver: Any) -> None:
        # jsonschema passes the place where references begin under this name only.
        self._validator = _Bounded(schema, _resolver=resolver, format_checker=_FORMATS)

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
