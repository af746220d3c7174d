"""Random schemas, changed in a random place: what JSON Schema refuses is never called safe.

A witness is a value that the sender's contract allows and the receiver's does not, by a validator
that knows nothing of ours. Where there is one, the change must be breaking or risky.
"""

import copy
import json
from random import Random
from typing import Any

import jsonschema
import pytest

from ridealong.systems.contract.changes import breaking_changes

PLAIN = [None, True, 0, 1, 2, 3, 5, 8, -1, 0.5, 2.5, "", "a", "b", "ab", "abc", "abcdef"]
NAMES = ["a", "b", "c"]
SMALL = ["integer", "number", "string", "values", "constant", "types"]
LARGE = ["object", "array", "object", "array", "oneOf", "anyOf", "allOf", "not"]
DEEPEST = 2


def drawn_schema(random: Random, depth: int = 0) -> dict[str, Any]:
    """Return a schema."""
    kind = random.choice(SMALL + (LARGE if depth < DEEPEST else []))
    maybe = lambda share: random.random() < share  # noqa: E731
    if kind in ("integer", "number"):
        schema: dict[str, Any] = {"type": kind}
        for word in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            if maybe(0.2):
                schema[word] = random.choice([0, 1, 2, 3, 5, 8])
        if maybe(0.2):
            schema["multipleOf"] = random.choice([1, 2, 3, 5])
        return schema
    if kind == "string":
        choices = {"minLength": [0, 1, 2], "maxLength": [1, 2, 3], "pattern": ["^a", "b$"]}
        return {"type": kind} | {w: random.choice(c) for w, c in choices.items() if maybe(0.3)}
    if kind == "values":
        return {"enum": random.sample(["a", "b", 1, 2, None], random.randint(1, 4))}
    if kind == "constant":
        return {"const": random.choice(["a", "b", 1])}
    if kind == "types":
        types = ["string", "integer", "null", "boolean", "number"]
        return {"type": random.sample(types, random.randint(1, 3))}
    if kind == "object":
        names = random.sample(NAMES, random.randint(1, 3))
        schema = {"type": kind, "properties": {n: drawn_schema(random, depth + 1) for n in names}}
        if maybe(0.5):
            schema["required"] = random.sample(NAMES, random.randint(1, 2))
        if maybe(0.4):
            rest = [True, False, drawn_schema(random, DEEPEST)]
            schema["additionalProperties"] = random.choice(rest)
        for word in ("minProperties", "maxProperties"):
            if maybe(0.1):
                schema[word] = random.randint(1, 2)
        if maybe(0.1):
            schema["dependentRequired"] = {random.choice(NAMES): [random.choice(NAMES)]}
        if maybe(0.1):
            schema["propertyNames"] = {"enum": ["a", "b"]}
        return schema
    if kind == "array":
        schema = {"type": kind}
        if maybe(0.8):
            schema["items"] = drawn_schema(random, depth + 1)
        if maybe(0.2):
            schema["prefixItems"] = [drawn_schema(random, depth + 1)]
        for word in ("minItems", "maxItems"):
            if maybe(0.2):
                schema[word] = random.randint(0, 3)
        if maybe(0.2):
            schema["uniqueItems"] = True
        if maybe(0.15):
            schema["contains"] = drawn_schema(random, DEEPEST)
        return schema
    if kind == "not":
        return {"type": ["string", "integer"], "not": drawn_schema(random, DEEPEST)}
    return {kind: [drawn_schema(random, depth + 1) for _ in range(random.randint(1, 3))]}


def drawn_value(random: Random, schema: Any, depth: int = 0) -> Any:
    """Return a value that may well fit a schema; names of fields are taken from it alone."""
    if not isinstance(schema, dict) or depth > 4 or random.random() < 0.08:
        return random.choice(PLAIN)
    if "const" in schema or "enum" in schema:
        return random.choice(schema.get("enum", [schema.get("const")]))
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema:
            return drawn_value(random, random.choice(schema[word]), depth + 1)
    kind = schema.get("type")
    kind = random.choice(kind) if isinstance(kind, list) else kind
    if kind == "object":
        required = schema.get("required", [])
        found = {
            name: drawn_value(random, inner, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if name in required or random.random() < 0.6
        }
        return found | {name: random.choice(PLAIN) for name in required if name not in found}
    if kind == "array":
        items = [*schema.get("prefixItems", []), *[schema.get("items")] * 3]
        return [drawn_value(random, one, depth + 1) for one in items[: random.randint(0, 3)]]
    fitting = {
        "integer": range(-1, 11),
        "number": [0, 1, 2, 3, 5, 8, 0.5, 2.5],
        "string": ["", "a", "b", "ab", "abc"],
        "boolean": [True, False],
        "null": [None],
    }
    return random.choice(fitting.get(str(kind), PLAIN))


def spots(schema: Any) -> list[dict[str, Any]]:
    """Return a schema and all schemas in it."""
    if not isinstance(schema, dict):
        return []
    found = [schema]
    for word in ("items", "additionalProperties", "not", "contains", "propertyNames"):
        found += spots(schema.get(word))
    for word in ("oneOf", "anyOf", "allOf", "prefixItems"):
        found += [spot for one in schema.get(word, []) for spot in spots(one)]
    for inner in schema.get("properties", {}).values():
        found += spots(inner)
    return found


def changed(random: Random, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with a change in one place."""
    new = copy.deepcopy(schema)
    spot, other = random.choice(spots(new)), drawn_schema(random, 1)
    way = random.random()
    if way < 0.35:
        removable = sorted(set(spot) - {"type", "properties"})
        if removable and len(spot) > 1:
            del spot[random.choice(removable)]
    elif way < 0.55:
        word = random.choice(sorted(other))
        if not {"oneOf", "anyOf"} & (set(spot) | {word}):  # one union in a schema is enough
            spot[word] = other[word]
    elif way < 0.8:
        for word, value in list(spot.items()):
            if isinstance(value, int) and not isinstance(value, bool) and word != "const":
                spot[word] = random.choice([1, 2, 3, 5])
            elif isinstance(value, list) and len(value) > 1 and random.random() < 0.5:
                spot[word] = value[:-1]
    else:
        spot.clear()
        spot.update(other)
    return new


def contract(schema: dict[str, Any], sent: bool) -> dict[str, Any]:
    """Return a contract in which a schema is sent or received."""
    content = {"content": {"application/json": {"schema": schema}}}
    operation: dict[str, Any] = {"responses": {"200": {"description": "Done"}}}
    (operation.setdefault("requestBody", {}) if sent else operation["responses"]["200"]).update(
        content
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "It", "version": "1"},
        "paths": {"/it": {"post": operation}},
    }


def validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """Return a validator; the alternatives of a oneOf are taken to exclude each other."""
    return jsonschema.Draft202012Validator(json.loads(json.dumps(schema).replace("oneOf", "anyOf")))


def witnesses(first: int, count: int) -> int:
    """Look for witnesses of changes that are called safe; return how many changes had a witness."""
    found = 0
    for seed in range(first, first + count):
        random = Random(seed)
        old = drawn_schema(random)
        new = changed(random, old)
        for sent in (True, False):
            sender, receiver = (old, new) if sent else (new, old)
            allowed, accepted = validator(sender), validator(receiver)
            values = (drawn_value(random, sender) for _ in range(40))
            witness = next(
                ([v] for v in values if allowed.is_valid(v) and not accepted.is_valid(v)), None
            )
            changes = breaking_changes(contract(old, sent), contract(new, sent))
            if old == new:
                assert changes == []
            if witness:
                found += 1
                assert any(change.level != "safe" for change in changes), (
                    f"seed {seed}, {'sent' if sent else 'received'}: {witness} is refused\n"
                    f"{json.dumps(old)}\n{json.dumps(new)}\n{changes}"
                )
    return found


def test_what_a_validator_refuses_is_never_called_safe() -> None:
    assert witnesses(0, 400) > 100


@pytest.mark.weekly
def test_what_a_validator_refuses_is_never_called_safe_at_length() -> None:
    assert witnesses(10_000, 15_000) > 4_000
