"""A value is made for a schema, and it fits; or it is said that none was found."""

import json
import time
from typing import Any

import pytest

from ridealong.systems.contract.document import Document, load
from ridealong.systems.contract.sample import NoSample, sample


def schema(**schemas: Any) -> tuple[Document, Any]:
    """Return a document with these schemas, and the one called A."""
    document = load(
        json.dumps(
            {
                "openapi": "3.1.0",
                "info": {"title": "t", "version": "1"},
                "paths": {},
                "components": {"schemas": schemas},
            }
        )
    )
    return document, document.at("#/components/schemas/A")


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


FITTING: dict[str, dict[str, Any]] = {
    "nothing said": {"A": {}},
    "true": {"A": True},
    "an object": {"A": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {}}}},
    "a list of itself": {"A": {"type": "object", "properties": {"inner": {"type": "array", "items": ref("A")}}}},
    "itself or null": {"A": {"type": "object", "required": ["next"], "properties": {"next": {"anyOf": [ref("A"), {"type": "null"}]}}}},
    "two that hold each other": {"A": {"type": "object", "properties": {"b": ref("B")}}, "B": {"type": "object", "properties": {"a": ref("A")}}},
    "all of": {
        "A": {"allOf": [ref("B"), {"required": ["b"], "properties": {"a": {"maximum": 6}, "b": {"const": 3}}}]},
        "B": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 5}}},
    },
    "one of two that overlap": {"A": {"oneOf": [{"type": "integer"}, {"type": "number"}]}},
    "one of, below": {"A": {"type": "object", "required": ["a"], "properties": {"a": {"oneOf": [{"type": "string"}, {"type": "string", "maxLength": 4}]}}}},
    "any of": {"A": {"anyOf": [{"type": "string", "minLength": 3}, {"type": "null"}]}},
    "not a text": {"A": {"not": {"type": "string"}}},
    "if and then": {"A": {"type": "object", "required": ["k"], "properties": {"k": {"enum": ["x", "y"]}}, "if": {"properties": {"k": {"const": "x"}}}, "then": {"required": ["z"], "properties": {"z": {"type": "integer"}}}}},
    "beside a reference": {"A": {**ref("B"), "maxLength": 2}, "B": {"type": "string"}},
    "a pattern": {"A": {"type": "string", "pattern": r"^[A-Z]{3}-\d{4,}(foo|bar)$"}},
    "a pattern and a length": {"A": {"type": "string", "pattern": r"^[a-z]+-\w+$", "minLength": 30, "maxLength": 40}},
    "a pattern that looks ahead": {"A": {"type": "string", "pattern": r"^(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,}$"}},
    "lengths": {"A": {"type": "string", "minLength": 20, "maxLength": 21}},
    "short": {"A": {"type": "string", "maxLength": 1}},
    "several that differ": {"A": {"type": "array", "minItems": 4, "uniqueItems": True, "items": {"type": "string", "format": "uuid"}}},
    "several of a few": {"A": {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}}},
    "a tuple": {"A": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False}},
    "contains": {"A": {"type": "array", "contains": {"const": 7}, "items": {"type": "integer"}, "minItems": 2}},
    "cents": {"A": {"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0, "maximum": 0.02}},
    "between": {"A": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}},
    "negative": {"A": {"type": "integer", "maximum": -3}},
    "a multiple": {"A": {"type": "integer", "minimum": 10, "multipleOf": 7}},
    "huge": {"A": {"type": "integer", "minimum": 10**300}},
    "names by pattern": {"A": {"type": "object", "minProperties": 3, "propertyNames": {"pattern": "^[a-z]{3}$"}, "additionalProperties": {"type": "integer"}}},
    "names of a kind": {"A": {"type": "object", "minProperties": 1, "patternProperties": {"^x-[a-z]+$": {"type": "integer"}}, "additionalProperties": False}},
    "one needs another": {"A": {"type": "object", "properties": {"a": {"type": "integer"}}, "dependentRequired": {"a": ["b"]}}},
    "several types": {"A": {"type": ["null", "integer"]}},
    "an example that does not fit": {"A": {"type": "integer", "example": "x", "default": "y", "examples": ["z"]}},
    "more than fits that may be left out": {
        "A": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, **{f"p{n}": ref("A") for n in range(40)}, **{f"q{n}": ref("B") for n in range(40)}}},
        "B": {"type": "object", "properties": {f"p{n}": ref(name) for n in range(20) for name in "AC"}},
        "C": {"type": "object", "properties": {f"p{n}": ref(name) for n in range(20) for name in "AB"}},
    },
    "nothing else": {"A": {"type": "object", "properties": {"a": {"type": "string"}}, "unevaluatedProperties": False}},
    **{f"the format {name}": {"A": {"type": "string", "format": name}} for name in ("date-time", "date", "time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname", "duration", "byte", "made-up")},
}  # fmt: skip


@pytest.mark.parametrize("schemas", FITTING.values(), ids=FITTING)
def test_a_value_fits_its_schema(schemas: dict[str, Any]) -> None:
    document, wanted = schema(**schemas)

    value = sample(document, wanted)

    assert document.validator(wanted).is_valid(value)
    json.dumps(value)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"type": "integer", "example": 4}, 4),
        ({"type": "integer", "examples": [5]}, 5),
        ({"type": "integer", "default": 6}, 6),
        ({"const": 7}, 7),
        ({"enum": [8, 9]}, 8),
        ({"type": "integer", "examples": ["no", 9]}, 9),
        ({"allOf": [{"type": "integer", "example": 3}]}, 3),
    ],
)
def test_what_the_contract_gives_comes_first(given: dict[str, Any], value: int) -> None:
    document, wanted = schema(A=given)

    assert sample(document, wanted) == value


def test_samples_with_other_numbers_differ() -> None:
    document, wanted = schema(
        A={"type": "object", "properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}}}
    )  # fmt: skip

    several = [sample(document, wanted, number=number) for number in range(1, 20)]

    assert len({each["id"] for each in several}) == len({each["at"] for each in several}) == 19
    assert all(document.validator(wanted).is_valid(each) for each in several)


def test_an_answer_tells_no_password_and_a_request_no_id() -> None:
    document, wanted = schema(
        A={
            "type": "object",
            "properties": {
                "id": {"type": "integer", "readOnly": True},
                "password": ref("B"),
                "name": {"type": "string"},
            },
        },
        B={"type": "string", "writeOnly": True},
    )

    assert set(sample(document, wanted)) == {"id", "name"}
    assert set(sample(document, wanted, direction="request")) == {"password", "name"}


NONE: dict[str, dict[str, Any]] = {
    "false": {"A": False},
    "a contradiction": {"A": {"allOf": [{"type": "string"}, {"type": "integer"}]}},
    "it must hold itself": {"A": {"type": "object", "required": ["a"], "properties": {"a": ref("A")}}},
    "a billion entries": {"A": {"type": "array", "minItems": 10**9}},
    "a billion characters": {"A": {"type": "string", "minLength": 10**9}},
    "a billion keys": {"A": {"type": "object", "minProperties": 10**9}},
    "an empty list of values": {"A": {"enum": []}},
    "2 to the 60 parts": {
        "A": ref("A0"),
        "A60": {"type": "string"},
        **{f"A{n}": {"type": "object", "required": ["a", "b"], "properties": {"a": ref(f"A{n + 1}"), "b": ref(f"A{n + 1}")}} for n in range(60)},
    },
    "3 to the 30 choices": {
        "A": ref("A0"),
        "A30": False,
        **{f"A{n}": {"oneOf": [{"type": "object", "required": ["a"], "properties": {"a": ref(f"A{n + 1}")}}] * 3} for n in range(30)},
    },
    "4,000 levels": {
        "A": ref("A0"),
        "A4000": {"type": "string"},
        **{f"A{n}": {"type": "object", "required": ["a"], "properties": {"a": ref(f"A{n + 1}")}} for n in range(4_000)},
    },
}  # fmt: skip


@pytest.mark.parametrize("schemas", NONE.values(), ids=NONE)
def test_where_no_value_is_found_it_is_said_soon(schemas: dict[str, Any]) -> None:
    document, wanted = schema(**schemas)

    start = time.process_time()
    with pytest.raises(NoSample, match="fits this schema"):
        sample(document, wanted)

    assert time.process_time() - start < 4


def test_every_schema_of_a_public_contract_has_a_value(public_contract: Any) -> None:
    document = load(public_contract.read_text("utf-8"))
    bodies = [
        media["schema"]
        for operation in document.operations()
        for response in operation.content["responses"].values()
        for media in document.resolve(response).get("content", {}).values()
        if "schema" in media
    ]
    components = (document.content.get("components") or {}).get("schemas") or {}

    for wanted in (*bodies, *components.values()):
        for direction in ("response", "request"):
            value = sample(document, wanted, direction=direction)  # type: ignore[arg-type]
            assert document.validator(wanted).is_valid(value)
