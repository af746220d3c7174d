"""What changed between two contracts: the rules, edit by edit, and a published list of pairs."""

import copy
import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
import yaml

from ridealong.systems.contract.changes import Change, breaking_changes, unchanged_components
from ridealong.systems.contract.document import load
from ridealong.systems.contract.meaning import Node, Side
from ridealong.systems.contract.schema_changes import LEVELS, Pair, SchemaComparison

CORPUS = Path(
    os.environ.get("RIDEALONG_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")
).resolve()
PAIRS = CORPUS / "openapi-changes"
PUBLIC = CORPUS / "openapi"
B, R, S, NONE = "breaking", "risky", "safe", "nothing"
TODAY = date(2026, 3, 30)

RIDES = yaml.safe_load("""
openapi: 3.1.0
info: {title: Rides, version: "1"}
servers: [{url: https://api.ridealong.example/v1}]
security: [{rider: [rides]}]
paths:
  /rides:
    parameters:
      - {name: trace, in: header, schema: {type: string}}
    post:
      operationId: bookRide
      tags: [rides]
      parameters:
        - {name: dry, in: query, schema: {type: boolean, default: false}}
        - {name: city, in: query, required: true, schema: {type: string}}
        - {name: lang, in: query, schema: {type: array, items: {type: string}}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/RideRequest'}
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {seats: {type: integer}}}
      responses:
        "201":
          description: Booked
          headers:
            Location: {required: true, schema: {type: string}}
            X-Left: {schema: {type: integer}}
          links:
            ride: {operationId: showRide}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Ride'}
            text/csv:
              schema: {type: string}
        "400": {description: Refused}
        default: {description: Anything else}
      callbacks:
        moved:
          '{$request.body#/callback}':
            post:
              requestBody:
                content: {application/json: {schema: {$ref: '#/components/schemas/Ride'}}}
              responses: {"204": {description: Seen}}
  /rides/{ride_id}:
    get:
      operationId: showRide
      security: [{rider: [rides]}, {support: []}]
      parameters: [{name: ride_id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: The ride
          content: {application/json: {schema: {$ref: '#/components/schemas/Ride'}}}
        "404": {description: No such ride}
  /status:
    get:
      security: []
      responses: {"200": {description: Up}}
webhooks:
  rideCompleted:
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Ride'}}}
      responses: {"200": {description: Seen}}
components:
  securitySchemes:
    rider:
      type: oauth2
      flows:
        authorizationCode:
          authorizationUrl: https://login.ridealong.example/authorize
          tokenUrl: https://login.ridealong.example/token
          scopes: {rides: your rides, rides.all: all rides}
    support: {type: apiKey, in: header, name: X-Support}
    idle: {type: http, scheme: basic}
  schemas:
    RideRequest:
      type: object
      required: [pickup, dropoff]
      properties:
        pickup: {type: string}
        dropoff: {type: string}
        note: {type: string}
        callback: {type: string}
    Ride:
      type: object
      required: [ride_id, status]
      properties:
        ride_id: {type: integer}
        status: {type: string, enum: [requested, started, completed]}
        driver: {$ref: '#/components/schemas/Driver'}
    Driver:
      type: object
      properties:
        name: {type: string}
        rides: {type: array, items: {$ref: '#/components/schemas/Ride'}}
    Unused: {type: string}
""")


def worst(changes: list[Change]) -> str:
    """Return the worst level of some changes."""
    return min((change.level for change in changes), key=LEVELS.index, default=NONE)


def told(changes: list[Change]) -> str:
    """Return the changes as text, for a failure."""
    return "\n".join(f"{c.level}: {c.kind}: {c.sentence} [{c.client}] {c.place}" for c in changes)


def at(document: Any, place: str) -> Any:
    """Return what stands at a JSON pointer."""
    for part in place.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


# -- single edits of a schema, in both directions of travel and of time ----------------------------


class Edit(NamedTuple):
    """A schema before and after, and the level that each way has."""

    old: dict[str, Any]
    new: dict[str, Any]
    sent: str
    received: str
    sent_back: str
    received_back: str


NARROWER = (B, S, S, B)  # allows less: breaks who sends; turned round, it breaks who receives
LIMIT_SET = (R, S, S, B)  # the limit may have been there all along
VALUE_GONE = (B, S, S, R)  # turned round, an old app meets a value that it does not know
OTHER = (B, B, B, B)
TEXT, WHOLE, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
LIST = {"type": "array", "items": TEXT}
RIDE = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": WHOLE, "city": TEXT, "zone": TEXT},
}
CAR = {
    "type": "object",
    "required": ["kind", "seats"],
    "properties": {"kind": {"const": "car"}, "seats": WHOLE},
}
BIKE = {
    "type": "object",
    "required": ["kind", "basket"],
    "properties": {"kind": {"const": "bike"}, "basket": {"type": "boolean"}},
}
SHORT_CAR = {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "car"}}}


def with_field(**field: Any) -> dict[str, Any]:
    """Return the ride with one more field."""
    return {**RIDE, "properties": {**RIDE["properties"], **field}}


def without(name: str, **more: Any) -> dict[str, Any]:
    """Return the ride without a field."""
    kept = {key: value for key, value in RIDE["properties"].items() if key != name}
    required = [key for key in RIDE["required"] if key != name]
    return {**RIDE, "required": required, "properties": kept, **more}


SCHEMA_EDITS: dict[str, Edit] = {
    # numbers
    "minimum raised": Edit({**WHOLE, "minimum": 1}, {**WHOLE, "minimum": 5}, *NARROWER),
    "maximum lowered": Edit({**NUMBER, "maximum": 9.5}, {**NUMBER, "maximum": 9}, *NARROWER),
    "minimum set": Edit(WHOLE, {**WHOLE, "minimum": 1}, *LIMIT_SET),
    "maximum set": Edit(NUMBER, {**NUMBER, "maximum": 1}, *LIMIT_SET),
    "minimum became exclusive": Edit(
        {**NUMBER, "minimum": 1}, {**NUMBER, "exclusiveMinimum": 1}, *NARROWER
    ),
    "exclusive maximum lowered": Edit(
        {**NUMBER, "exclusiveMaximum": 9}, {**NUMBER, "exclusiveMaximum": 8}, *NARROWER
    ),
    "step set": Edit(NUMBER, {**NUMBER, "multipleOf": 0.5}, *NARROWER),
    "step doubled": Edit({**WHOLE, "multipleOf": 5}, {**WHOLE, "multipleOf": 10}, *NARROWER),
    "step changed": Edit({**WHOLE, "multipleOf": 4}, {**WHOLE, "multipleOf": 6}, *OTHER),
    # texts
    "longest text shorter": Edit({**TEXT, "maxLength": 9}, {**TEXT, "maxLength": 8}, *NARROWER),
    "shortest text longer": Edit({**TEXT, "minLength": 1}, {**TEXT, "minLength": 2}, *NARROWER),
    "longest text set": Edit(TEXT, {**TEXT, "maxLength": 15}, *LIMIT_SET),
    "shortest text set": Edit(TEXT, {**TEXT, "minLength": 1}, *LIMIT_SET),
    "pattern added": Edit(TEXT, {**TEXT, "pattern": "^[a-z]+$"}, B, S, S, R),
    "pattern changed": Edit({**TEXT, "pattern": "^a"}, {**TEXT, "pattern": "^b"}, R, R, R, R),
    "format added": Edit(TEXT, {**TEXT, "format": "date"}, *NARROWER),
    "format changed": Edit({**TEXT, "format": "date"}, {**TEXT, "format": "uuid"}, *OTHER),
    "64 bits became 32": Edit({**WHOLE, "format": "int64"}, {**WHOLE, "format": "int32"}, *NARROWER),
    "double became float": Edit({**NUMBER, "format": "double"}, {**NUMBER, "format": "float"}, *NARROWER),
    "drawn as a password": Edit(TEXT, {**TEXT, "format": "password"}, S, S, S, S),
    "packed as base64": Edit(TEXT, {**TEXT, "contentEncoding": "base64"}, R, S, S, R),
    "packed otherwise": Edit(
        {**TEXT, "contentMediaType": "image/png"}, {**TEXT, "contentMediaType": "image/gif"}, *OTHER
    ),
    # types
    "whole numbers only": Edit(NUMBER, WHOLE, *NARROWER),
    "text became number": Edit(TEXT, NUMBER, *OTHER),
    "text became list": Edit(TEXT, LIST, *OTHER),
    "object became list": Edit(RIDE, {"type": "array", "items": RIDE}, *OTHER),
    "one type of two": Edit({"type": ["string", "integer"]}, TEXT, *NARROWER),
    "null forbidden": Edit({"type": ["string", "null"]}, TEXT, *NARROWER),
    "null forbidden in a oneOf": Edit({"oneOf": [RIDE, {"type": "null"}]}, RIDE, *NARROWER),
    "any type became text": Edit({}, TEXT, *NARROWER),
    "nothing is allowed": Edit(with_field(a=True), with_field(a=False), *NARROWER),
    # values
    "value removed": Edit({"enum": ["a", "b", "c"]}, {"enum": ["a", "b"]}, *VALUE_GONE),
    "value swapped": Edit({"enum": ["a", "b"]}, {"enum": ["a", "c"]}, B, R, B, R),
    "list of values added": Edit(TEXT, {**TEXT, "enum": ["a", "b"]}, *VALUE_GONE),
    "constant changed": Edit({"const": "a"}, {"const": "b"}, *OTHER),
    "constant from values": Edit({"enum": ["a", "b"]}, {"const": "a"}, *VALUE_GONE),
    "open value removed": Edit(
        {**TEXT, "x-extensible-enum": ["a", "b"]}, {**TEXT, "x-extensible-enum": ["a"]}, B, S, S, S
    ),
    # lists
    "most items fewer": Edit({**LIST, "maxItems": 5}, {**LIST, "maxItems": 4}, *NARROWER),
    "least items more": Edit({**LIST, "minItems": 1}, {**LIST, "minItems": 2}, *NARROWER),
    "most items set": Edit(LIST, {**LIST, "maxItems": 5}, *LIMIT_SET),
    "no item twice": Edit(LIST, {**LIST, "uniqueItems": True}, *NARROWER),
    "items narrowed": Edit({"type": "array", "items": NUMBER}, {"type": "array", "items": WHOLE}, *NARROWER),
    "items described": Edit({"type": "array"}, LIST, *NARROWER),
    "contains added": Edit(LIST, {**LIST, "contains": {"const": "a"}}, *NARROWER),
    "more must match": Edit(
        {**LIST, "contains": {"const": "a"}}, {**LIST, "contains": {"const": "a"}, "minContains": 2}, *NARROWER
    ),
    "fewer may match": Edit(
        {**LIST, "contains": {"const": "a"}, "maxContains": 3},
        {**LIST, "contains": {"const": "a"}, "maxContains": 2},
        *NARROWER,
    ),
    "first item described": Edit({"type": "array"}, {"type": "array", "prefixItems": [WHOLE]}, *NARROWER),
    "first item of another type": Edit(LIST, {**LIST, "prefixItems": [WHOLE]}, *OTHER),
    "pattern that allows all": Edit(TEXT, {**TEXT, "pattern": "^.*$"}, NONE, NONE, NONE, NONE),
    "second item like the rest": Edit(
        {**LIST, "prefixItems": [WHOLE]}, {**LIST, "prefixItems": [WHOLE, TEXT]}, NONE, NONE, NONE, NONE
    ),
    "no more items": Edit(
        {"type": "array", "prefixItems": [WHOLE]},
        {"type": "array", "prefixItems": [WHOLE], "items": False},
        *NARROWER,
    ),
    "unlisted items closed": Edit(
        {"type": "array", "prefixItems": [WHOLE]},
        {"type": "array", "prefixItems": [WHOLE], "unevaluatedItems": False},
        R, S, S, R,
    ),
    # objects
    "optional field added": Edit(RIDE, with_field(note=TEXT), S, S, R, R),
    "required field added": Edit(
        RIDE, {**with_field(note=TEXT), "required": ["id", "note"]}, B, S, R, B
    ),
    "required field with a default": Edit(
        RIDE, {**with_field(note={**TEXT, "default": "-"}), "required": ["id", "note"]}, B, S, R, B
    ),
    "field added where closed": Edit(
        {**RIDE, "additionalProperties": False}, {**with_field(note=TEXT), "additionalProperties": False},
        S, R, B, R,
    ),
    "field became required": Edit(RIDE, {**RIDE, "required": ["id", "city"]}, *NARROWER),
    "field renamed": Edit(without("zone"), {**without("zone", required=["id"]), "properties": {"id": WHOLE, "town": TEXT}}, R, R, R, R),
    "unlisted name required": Edit(RIDE, {**RIDE, "required": ["id", "other"]}, *NARROWER),
    "other fields refused": Edit(RIDE, {**RIDE, "additionalProperties": False}, R, S, S, R),
    "invited fields refused": Edit(
        {**RIDE, "additionalProperties": True}, {**RIDE, "additionalProperties": False}, B, S, S, R
    ),
    "other fields are texts": Edit(RIDE, {**RIDE, "additionalProperties": TEXT}, *NARROWER),
    "values of a map narrowed": Edit(
        {"type": "object", "additionalProperties": NUMBER},
        {"type": "object", "additionalProperties": WHOLE},
        *NARROWER,
    ),
    "unlisted fields closed": Edit(RIDE, {**RIDE, "unevaluatedProperties": False}, R, S, S, R),
    "most fields set": Edit(RIDE, {**RIDE, "maxProperties": 9}, *LIMIT_SET),
    "most fields fewer": Edit({**RIDE, "maxProperties": 9}, {**RIDE, "maxProperties": 8}, *NARROWER),
    "least fields more": Edit({**RIDE, "minProperties": 1}, {**RIDE, "minProperties": 2}, *NARROWER),
    "names by pattern": Edit(RIDE, {**RIDE, "patternProperties": {"^x": TEXT}}, *NARROWER),
    "names by pattern where closed": Edit(
        {**RIDE, "additionalProperties": False},
        {**RIDE, "additionalProperties": False, "patternProperties": {"^x": TEXT}},
        S, R, B, S,
    ),
    "rule for names": Edit(RIDE, {**RIDE, "propertyNames": {"maxLength": 9}}, *NARROWER),
    "needs a second field": Edit(RIDE, {**RIDE, "dependentRequired": {"zone": ["city"]}}, *NARROWER),
    "needs another field": Edit(
        {**RIDE, "dependentRequired": {"zone": ["city"]}}, {**RIDE, "dependentRequired": {"zone": ["id"]}}, *OTHER
    ),
    "rule with a field": Edit(
        RIDE, {**RIDE, "dependentSchemas": {"zone": {"required": ["city"]}}}, *NARROWER
    ),
    "field became read-only": Edit(
        RIDE, with_field(city={**TEXT, "readOnly": True}), R, NONE, S, NONE
    ),
    "required field became read-only": Edit(
        RIDE, with_field(id={**WHOLE, "readOnly": True}), R, NONE, B, NONE
    ),
    "field became write-only": Edit(
        RIDE, with_field(city={**TEXT, "writeOnly": True}), NONE, R, NONE, S
    ),
    "required field became write-only": Edit(
        RIDE, with_field(id={**WHOLE, "writeOnly": True}), NONE, B, NONE, S
    ),
    "read-only field narrowed": Edit(
        with_field(city={**TEXT, "readOnly": True, "enum": ["a", "b"]}),
        with_field(city={**TEXT, "readOnly": True, "enum": ["a"]}),
        NONE, S, NONE, R,
    ),
    "deep inside narrowed": Edit(
        with_field(stops={"type": "array", "items": with_field(at=NUMBER)}),
        with_field(stops={"type": "array", "items": with_field(at=WHOLE)}),
        *NARROWER,
    ),
    # what a value left out means
    "default changed": Edit(
        with_field(seats={**WHOLE, "default": 1}), with_field(seats={**WHOLE, "default": 2}), B, R, B, R
    ),
    "default added": Edit(
        with_field(seats=WHOLE), with_field(seats={**WHOLE, "default": 2}), R, R, B, R
    ),
    "default of a field always sent": Edit(
        with_field(id={**WHOLE, "default": 1}), with_field(id={**WHOLE, "default": 2}), NONE, R, NONE, R
    ),
    # composition
    "part added to an allOf": Edit(
        {"allOf": [RIDE]}, {"allOf": [RIDE, {"required": ["city"]}]}, *NARROWER
    ),
    "form removed from a oneOf": Edit({"oneOf": [CAR, BIKE]}, {"oneOf": [CAR]}, *NARROWER),
    "third form removed": Edit({"oneOf": [CAR, BIKE, TEXT]}, {"oneOf": [CAR, BIKE]}, *NARROWER),
    "form removed from an anyOf": Edit(
        {"anyOf": [CAR, BIKE, TEXT]}, {"anyOf": [CAR, BIKE]}, *NARROWER
    ),
    "anyOf with a form that another takes": Edit(
        {"anyOf": [TEXT, RIDE, SHORT_CAR, CAR]}, {"anyOf": [TEXT, RIDE, SHORT_CAR]}, R, S, S, S
    ),
    "form inside an anyOf narrowed": Edit(
        {"anyOf": [RIDE, LIST]}, {"anyOf": [{**RIDE, "required": ["id", "city"]}, LIST]}, *NARROWER
    ),
    "wrapped in an anyOf": Edit({"anyOf": [RIDE, LIST]}, RIDE, *NARROWER),
    "exactly one form": Edit({"anyOf": [CAR, BIKE]}, {"oneOf": [CAR, BIKE]}, R, S, S, R),
    "ruled out": Edit(TEXT, {**TEXT, "not": {"const": "a"}}, *NARROWER),
    "more ruled out": Edit(
        {**TEXT, "not": {"enum": ["a"]}}, {**TEXT, "not": {"enum": ["a", "b"]}}, *NARROWER
    ),
    "condition added": Edit(
        RIDE, {**RIDE, "if": {"required": ["zone"]}, "then": {"required": ["city"]}}, *NARROWER
    ),
    "condition's demand added": Edit(
        {**RIDE, "if": {"required": ["zone"]}, "then": {"required": ["city"]}},
        {**RIDE, "if": {"required": ["zone"]}, "then": {"required": ["city"]}, "else": {"required": ["id"]}},
        *NARROWER,
    ),
    "condition's case changed": Edit(
        {**RIDE, "if": {"required": ["zone"]}, "then": {"required": ["city"]}},
        {**RIDE, "if": {"required": ["id"]}, "then": {"required": ["city"]}},
        *OTHER,
    ),
    "discriminator of another name": Edit(
        {"oneOf": [CAR, BIKE], "discriminator": {"propertyName": "kind"}},
        {"oneOf": [CAR, BIKE], "discriminator": {"propertyName": "sort"}},
        *OTHER,
    ),
    "discriminator kind removed": Edit(
        {"oneOf": [CAR, BIKE], "discriminator": {"propertyName": "kind", "mapping": {"car": "C", "bike": "K"}}},
        {"oneOf": [CAR, BIKE], "discriminator": {"propertyName": "kind", "mapping": {"car": "C"}}},
        *VALUE_GONE,
    ),
    "discriminator kind means another": Edit(
        {"oneOf": [CAR, BIKE], "discriminator": {"propertyName": "kind", "mapping": {"car": "C"}}},
        {"oneOf": [CAR, BIKE], "discriminator": {"propertyName": "kind", "mapping": {"car": "K"}}},
        *OTHER,
    ),
    "discriminator added": Edit(
        {"oneOf": [CAR, BIKE]}, {"oneOf": [CAR, BIKE], "discriminator": {"propertyName": "kind"}}, R, S, S, R
    ),
    # words and other ways to write the same
    "description": Edit(TEXT, {**TEXT, "description": "where it goes"}, S, S, S, S),
    "deprecated": Edit(RIDE, with_field(zone={**TEXT, "deprecated": True}), S, S, S, S),
    "allOf of one": Edit(RIDE, {"allOf": [RIDE]}, NONE, NONE, NONE, NONE),
    "allOf of the halves": Edit(
        RIDE,
        {"allOf": [without("id"), {"type": "object", "required": ["id"], "properties": {"id": WHOLE}}]},
        NONE, NONE, NONE, NONE,
    ),
    "const as enum": Edit({"const": "a"}, {"enum": ["a"]}, NONE, NONE, NONE, NONE),
    "types as anyOf": Edit({"type": ["string", "integer"]}, {"anyOf": [TEXT, WHOLE]}, NONE, NONE, NONE, NONE),
    "null as anyOf": Edit(
        {"type": ["string", "null"], "maxLength": 5},
        {"anyOf": [{**TEXT, "maxLength": 5}, {"type": "null"}]},
        NONE, NONE, NONE, NONE,
    ),
    "more than 4 is at least 5": Edit(
        {**WHOLE, "minimum": 5}, {**WHOLE, "exclusiveMinimum": 4}, NONE, NONE, NONE, NONE
    ),
    "order of values": Edit({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, NONE, NONE, NONE, NONE),
    "order of forms": Edit({"oneOf": [CAR, BIKE]}, {"oneOf": [BIKE, CAR]}, NONE, NONE, NONE, NONE),
    "no length is no limit": Edit(TEXT, {**TEXT, "minLength": 0}, NONE, NONE, NONE, NONE),
    "5 is 5.0": Edit({**NUMBER, "maximum": 5}, {**NUMBER, "maximum": 5.0}, NONE, NONE, NONE, NONE),
}  # fmt: skip

WAYS = ("sent", "received", "sent_back", "received_back")
HOLDERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "field": lambda schema: {"type": "object", "required": ["it"], "properties": {"it": schema}},
    "item": lambda schema: {"type": "array", "items": schema},
    "map": lambda schema: {"type": "object", "additionalProperties": schema},
    "allOf": lambda schema: {"allOf": [{"type": "object"}, {"properties": {"it": schema}}]},
    "deep": lambda schema: {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"properties": {"it": schema}}}},
    },
    "named": lambda schema: {"type": "object", "properties": {"it": {"$ref": "#/components/schemas/It"}}},
}  # fmt: skip


def carried(schema: dict[str, Any], sent: bool, holder: str) -> dict[str, Any]:
    """Return a contract in which a schema is sent, or received, inside something."""
    content = {"content": {"application/json": {"schema": HOLDERS[holder](schema)}}}
    operation: dict[str, Any] = {"responses": {"200": {"description": "Done"}}}
    if sent:
        operation["requestBody"] = content
    else:
        operation["responses"]["200"] |= content
    return {
        "openapi": "3.1.0",
        "info": {"title": "It", "version": "1"},
        "paths": {"/it": {"post": operation}},
        "components": {"schemas": {"It": schema} if holder == "named" else {}},
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SCHEMA_EDITS)
def test_an_edit_of_a_schema_has_its_level_by_the_way_it_travels(name: str, way: str) -> None:
    edit = SCHEMA_EDITS[name]
    holder = Random(f"{name} {way}").choice(list(HOLDERS))
    sent, turned = way.startswith("sent"), way.endswith("back")
    schemas = (edit.new, edit.old) if turned else (edit.old, edit.new)
    old, new = (carried(copy.deepcopy(schema), sent, holder) for schema in schemas)
    changes = breaking_changes(old, new)
    assert worst(changes) == getattr(edit, way), f"inside a {holder}\n{told(changes)}"
    assert all(change.operation == "POST /it" for change in changes)
    for change in changes:
        assert at_either(old, new, change.place), change.place


def at_either(old: Any, new: Any, place: str) -> bool:
    """Return whether a place is found in the new document or, for what is gone, in the old one."""
    for document in (new, old):
        try:
            at(document, place)
        except (KeyError, IndexError, ValueError, TypeError):
            continue
        return True
    return False


def test_there_are_enough_cases_and_each_level_is_among_them() -> None:
    levels = [level for edit in SCHEMA_EDITS.values() for level in edit[2:]]
    assert len(levels) + 2 * len(DOCUMENT_EDITS) >= 150
    assert {B, R, S, NONE} == set(levels)


# -- single edits of the rest of a contract ----------------------------------------------------------


def put(place: str, value: Any) -> Callable[[Any], None]:
    """Return an edit that writes a value at a place, or appends it to a list at `-`."""

    def edit(document: Any) -> None:
        holder, _, key = place.rpartition("/")
        target = at(document, holder)
        key = key.replace("~1", "/").replace("~0", "~")
        if isinstance(target, list):
            if key == "-":
                target.append(value)
            else:
                target[int(key)] = value
        else:
            target[key] = value

    return edit


def drop(place: str) -> Callable[[Any], None]:
    """Return an edit that takes away what stands at a place."""

    def edit(document: Any) -> None:
        holder, _, key = place.rpartition("/")
        target = at(document, holder)
        del target[int(key) if isinstance(target, list) else key.replace("~1", "/")]

    return edit


def rename(place: str, old: str, new: str) -> Callable[[Any], None]:
    """Return an edit that gives what a mapping holds another key."""

    def edit(document: Any) -> None:
        holder = at(document, place)
        holder[new] = holder.pop(old)

    return edit


POST, SHOW = "/paths/~1rides/post", "/paths/~1rides~1{ride_id}/get"
SCHEMES = "/components/securitySchemes"
BOOKED = f"{POST}/responses/201"
FLOW = f"{SCHEMES}/rider/flows/authorizationCode"
TEXT_PARAMETER = {"name": "x", "in": "query", "schema": {"type": "string"}}
HOOK = "/webhooks/rideCompleted/post"

# The edit, and the level forwards and backwards.
DOCUMENT_EDITS: dict[str, tuple[Callable[[Any], None], str, str]] = {
    "path removed": (drop("/paths/~1status"), B, S),
    "operation removed": (drop(SHOW), B, S),
    "optional parameter": (put(f"{POST}/parameters/-", TEXT_PARAMETER), S, R),
    "required parameter": (put(f"{POST}/parameters/-", {**TEXT_PARAMETER, "required": True}), B, R),
    "parameter of the path": (drop("/paths/~1rides/parameters"), R, S),
    "parameter became required": (put(f"{POST}/parameters/0/required", True), B, S),
    "parameter moved": (put(f"{POST}/parameters/1/in", "header"), B, B),
    "parameter type": (put(f"{POST}/parameters/1/schema/type", "integer"), B, S),
    "parameter values": (put(f"{POST}/parameters/1/schema/enum", ["a", "b"]), B, S),
    "parameter pattern": (put(f"{POST}/parameters/1/schema/pattern", "^a"), B, S),
    "parameter limit": (put(f"{POST}/parameters/1/schema/maxLength", 9), R, S),
    "parameter format": (put(f"{POST}/parameters/1/schema/format", "date"), B, S),
    "parameter default": (put(f"{POST}/parameters/0/schema/default", True), B, B),
    "parameter default gone": (drop(f"{POST}/parameters/0/schema/default"), B, R),
    "parameter style": (put(f"{POST}/parameters/2/style", "pipeDelimited"), B, B),
    "parameter explode": (put(f"{POST}/parameters/2/explode", False), B, B),
    "parameter reserved": (put(f"{POST}/parameters/1/allowReserved", True), S, B),
    "parameter empty": (put(f"{POST}/parameters/1/allowEmptyValue", True), S, B),
    "parameter list": (put(f"{POST}/parameters/1/schema", {"type": "array", "items": TEXT}), S, B),
    "parameter as JSON": (
        put(f"{POST}/parameters/2", {"name": "lang", "in": "query", "content": {"application/json": {}}}), B, B,
    ),
    "parameter deprecated": (put(f"{POST}/parameters/1/deprecated", True), S, S),
    "parameter described": (put(f"{POST}/parameters/1/description", "where"), S, S),
    "usual style written": (put(f"{POST}/parameters/2/style", "form"), NONE, NONE),
    "body removed": (drop(f"{POST}/requestBody"), B, B),
    "body optional": (drop(f"{POST}/requestBody/required"), S, B),
    "body media type": (put(f"{POST}/requestBody/content/text~1csv", {"schema": TEXT}), S, B),
    "form field as text": (
        put(f"{POST}/requestBody/content/application~1x-www-form-urlencoded/schema/properties/seats/type", "string"),
        S, B,
    ),
    "request field required": (put("/components/schemas/RideRequest/required/-", "note"), B, S),
    "answer in a range": (rename(f"{BOOKED}/content", "text/csv", "text/*"), B, S),
    "answer with a parameter": (
        rename(f"{BOOKED}/content", "text/csv", "text/csv; header=absent"), B, B,
    ),
    "answer with a charset": (
        rename(f"{BOOKED}/content", "text/csv", "text/csv; charset=utf-8"), R, R,
    ),
    "body in a range": (
        rename(f"{POST}/requestBody/content", "application/json", "application/*"), S, B,
    ),
    "success gone": (put(f"{POST}/responses", {"202": {"description": "Later"}}), B, B),
    "success added": (put(f"{POST}/responses/202", {"description": "Later"}), R, B),
    "error added": (put(f"{SHOW}/responses/410", {"description": "Gone"}), S, S),
    "error under default": (drop(f"{POST}/responses/400"), S, S),
    "answer media type": (drop(f"{BOOKED}/content/text~1csv"), B, S),
    "answer without body": (drop(f"{BOOKED}/content"), B, S),
    "header always there gone": (drop(f"{BOOKED}/headers/Location"), B, S),
    "header gone": (drop(f"{BOOKED}/headers/X-Left"), R, S),
    "header may be missing": (drop(f"{BOOKED}/headers/Location/required"), B, S),
    "header type": (put(f"{BOOKED}/headers/X-Left/schema/type", "number"), B, S),
    "link gone": (drop(f"{BOOKED}/links"), R, S),
    "status in every answer": (put("/components/schemas/Ride/properties/status/enum/-", "paused"), R, S),
    "security for all gone": (drop("/security"), R, B),
    "security of one": (put("/paths/~1status/get/security", [{"support": []}]), B, R),
    "one more permission": (put("/security/0/rider/-", "rides.all"), B, S),
    "one more way in": (put("/security/-", {"support": []}), S, B),
    "one way in gone": (drop(f"{SHOW}/security/1"), B, S),
    "both at once": (put(f"{SHOW}/security", [{"rider": ["rides"], "support": []}]), B, S),
    "key in another place": (put(f"{SCHEMES}/support/in", "query"), B, B),
    "key of another name": (put(f"{SCHEMES}/support/name", "X-Help"), B, B),
    "idle scheme": (put(f"{SCHEMES}/idle/scheme", "digest"), S, S),
    "idle scheme gone": (drop(f"{SCHEMES}/idle"), S, S),
    "login elsewhere": (put(f"{FLOW}/tokenUrl", "https://id.ridealong.example/token"), R, R),
    "permission gone": (drop(f"{FLOW}/scopes/rides.all"), R, S),
    "flow swapped": (
        put(f"{SCHEMES}/rider/flows", {"clientCredentials": {"tokenUrl": "https://t.example", "scopes": {}}}), B, B,
    ),
    "server moved": (put("/servers/0/url", "https://api.ridealong.example/v2"), B, B),
    "server added": (put("/servers/-", {"url": "https://eu.ridealong.example"}), S, B),
    "servers unwritten": (drop("/servers"), R, R),
    "server of one operation": (put(f"{SHOW}/servers", [{"url": "https://x.example"}]), B, B),
    "operation id": (put(f"{POST}/operationId", "createRide"), R, R),
    "tag": (put(f"{POST}/tags", ["booking"]), S, S),
    "summary": (put(f"{POST}/summary", "Book a ride"), S, S),
    "operation deprecated": (put(f"{POST}/deprecated", True), S, S),
    "extension": (put(f"{POST}/x-team", "riders"), S, S),
    "version": (put("/info/version", "2"), S, S),
    "webhook gone": (drop("/webhooks/rideCompleted"), B, S),
    "webhook body optional": (drop(f"{HOOK}/requestBody/required"), B, S),
    "webhook field": (
        put(f"{HOOK}/requestBody/content/application~1json/schema", {"type": "object"}), B, S,
    ),
    "callback gone": (drop(f"{POST}/callbacks"), B, S),
    "callback elsewhere": (
        put(f"{POST}/callbacks/moved", {"{$request.query.callback}": RIDES["paths"]["/rides"]["post"]["callbacks"]["moved"]["{$request.body#/callback}"]}),
        B, B,
    ),
    "unused component": (drop("/components/schemas/Unused"), S, S),
}  # fmt: skip


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("name", DOCUMENT_EDITS)
def test_an_edit_of_a_contract_has_its_level(name: str, backwards: bool) -> None:
    edit, forwards_level, backwards_level = DOCUMENT_EDITS[name]
    old, new = copy.deepcopy(RIDES), copy.deepcopy(RIDES)
    edit(new)
    if backwards:
        old, new = new, old
    changes = breaking_changes(old, new)
    assert worst(changes) == (backwards_level if backwards else forwards_level), told(changes)
    for change in changes:
        assert at_either(old, new, change.place), change.place


def test_an_operation_that_goes_is_judged_by_what_was_announced() -> None:
    for ended, level, kind in (
        ({}, B, "operation removed"),
        ({"deprecated": True}, R, "deprecated operation removed"),
        ({"deprecated": True, "x-sunset": "2026-03-29"}, R, "operation removed after its end"),
        ({"deprecated": True, "x-sunset": date(2026, 3, 29)}, R, "operation removed after its end"),
        ({"deprecated": True, "x-sunset": "2026-12-31"}, B, "operation removed before its end"),
        ({"deprecated": True, "x-sunset": "soon"}, B, "operation removed before its end"),
    ):
        old, new = copy.deepcopy(RIDES), copy.deepcopy(RIDES)
        at(old, SHOW).update(ended)
        del new["paths"]["/rides/{ride_id}"]
        (change,) = breaking_changes(old, new, today=TODAY)
        assert (change.level, change.kind) == (level, kind)
        assert change.operation == "GET /rides/{ride_id}" and change.place == SHOW


def test_an_end_that_comes_earlier_is_a_risk_and_a_later_one_is_none() -> None:
    old, new = copy.deepcopy(RIDES), copy.deepcopy(RIDES)
    at(old, SHOW).update({"deprecated": True, "x-sunset": "2026-06-30"})
    at(new, SHOW).update({"deprecated": True, "x-sunset": "2026-05-31"})
    assert worst(breaking_changes(old, new)) == R
    assert worst(breaking_changes(new, old)) == S


# -- the words -----------------------------------------------------------------------------------------


def test_the_client_that_breaks_is_named() -> None:
    old, new = copy.deepcopy(RIDES), copy.deepcopy(RIDES)
    old["components"]["schemas"]["RideRequest"]["required"] = ["pickup"]
    new["components"]["schemas"]["Ride"]["properties"]["status"]["enum"].append("paused")
    changes = breaking_changes(old, new)
    booked = next(change for change in changes if change.level == B)
    assert booked == Change(
        level="breaking",
        operation="POST /rides",
        place="/components/schemas/RideRequest/required",
        kind="request property became required",
        sentence="`dropoff` of `RideRequest` in the request must now be sent",
        client="a client that sends no `dropoff` is refused with 400",
    )
    paused = [change for change in changes if change.kind == "answer value added"]
    assert [change.operation for change in paused] == [
        "POST /rides",
        "POST /rides",  # once in its answer, once in its callback, which clients receive
        "GET /rides/{ride_id}",
        "webhook rideCompleted",
    ]
    assert paused[0].client == "an old app that knows three values meets `paused`"
    assert paused[0].sentence == "`status` of `Ride` in the answer may now also be `paused`"
    assert paused[3].sentence == "`status` of `Ride` that clients receive may now also be `paused`"


def test_a_refusal_has_the_code_that_the_operation_documents() -> None:
    old, new = copy.deepcopy(RIDES), copy.deepcopy(RIDES)
    for document in (old, new):
        responses = document["paths"]["/rides"]["post"]["responses"]
        responses["422"] = responses.pop("400")
    put(f"{POST}/parameters/0/required", True)(new)
    (change,) = breaking_changes(old, new)
    assert change.client == "a client that sends no `dry` is refused with 422"


def test_every_sentence_is_one_line_and_starts_with_a_capital_or_a_name() -> None:
    for edit, *_ in DOCUMENT_EDITS.values():
        new = copy.deepcopy(RIDES)
        edit(new)
        for change in (*breaking_changes(RIDES, new), *breaking_changes(new, RIDES)):
            for text in (change.sentence, change.client):
                assert "\n" not in text and "\0" not in text and "None" not in text, text
            assert change.sentence[0].isupper() or change.sentence[0] == "`", change.sentence


def test_what_is_no_document_is_told_with_the_next_step() -> None:
    with pytest.raises(TypeError, match="the new contract is a str, not a document"):
        breaking_changes(RIDES, "openapi: 3.1.0")  # type: ignore[arg-type]


# -- what changes nothing --------------------------------------------------------------------------------


def shuffled(value: Any, random: Random) -> Any:
    """Return the same document with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key], random) for key in keys}
    if isinstance(value, list):
        return [shuffled(inner, random) for inner in value]
    return value


def test_the_same_document_in_any_order_of_keys_has_no_change() -> None:
    for seed in range(5):
        assert breaking_changes(RIDES, shuffled(RIDES, Random(seed))) == []


def test_a_component_may_be_moved_renamed_or_written_out() -> None:
    text = json.dumps(RIDES)
    renamed = json.loads(text.replace('schemas/Ride"', 'schemas/Trip"'))
    renamed["components"]["schemas"]["Trip"] = renamed["components"]["schemas"].pop("Ride")
    assert breaking_changes(RIDES, renamed) == []
    inlined = copy.deepcopy(RIDES)
    put(
        f"{POST}/requestBody/content/application~1json/schema",
        RIDES["components"]["schemas"]["RideRequest"],
    )(inlined)
    del inlined["components"]["schemas"]["RideRequest"]
    assert breaking_changes(RIDES, inlined) == breaking_changes(inlined, RIDES) == []
    moved = copy.deepcopy(RIDES)
    moved["components"]["responses"] = {"Booked": at(moved, BOOKED)}
    put(BOOKED, {"$ref": "#/components/responses/Booked"})(moved)
    assert breaking_changes(RIDES, moved) == []


def test_a_path_parameter_may_have_another_name() -> None:
    new = json.loads(
        json.dumps(RIDES).replace("ride_id}", "id}").replace('"name": "ride_id"', '"name": "id"')
    )
    (change,) = breaking_changes(RIDES, new)
    assert (change.level, change.kind) == (S, "path parameter renamed")
    at(new, "/paths/~1rides~1{id}/get/parameters/0/schema")["type"] = "string"
    assert worst(breaking_changes(new, RIDES)) == B


def test_the_same_contract_in_30_and_31_differs_in_nothing_but_the_version() -> None:
    def contract(version: str, fare: dict[str, Any], note: dict[str, Any]) -> dict[str, Any]:
        return carried(
            {"type": "object", "properties": {"fare": fare, "note": note}}, True, "field"
        ) | {"openapi": version}

    old = contract(
        "3.0.3",
        {"type": "number", "minimum": 0, "exclusiveMinimum": True},
        {"type": "string", "nullable": True, "enum": ["a", "b", None]},
    )
    new = contract(
        "3.1.0",
        {"type": "number", "exclusiveMinimum": 0},
        {"type": ["string", "null"], "enum": ["a", "b", None]},
    )
    (change,) = breaking_changes(old, new)
    assert (change.level, change.kind) == (S, "openapi version changed")


def test_a_document_that_was_read_is_compared_as_its_content() -> None:
    text = yaml.safe_dump(RIDES, sort_keys=False)
    new = copy.deepcopy(RIDES)
    put("/components/schemas/RideRequest/required/-", "note")(new)
    assert breaking_changes(load(text), load(text)) == []
    assert worst(breaking_changes(load(text), load(yaml.safe_dump(new, sort_keys=False)))) == B


# -- schemas that hold themselves, and large documents -------------------------------------------------


def recursive(**own: Any) -> dict[str, Any]:
    """Return a contract with schemas that hold themselves in every way."""
    ref = {"$ref": "#/components/schemas/Zone"}
    zone = {
        "type": "object",
        "properties": {
            "name": {"type": "string", **own},
            "inner": {"type": "array", "items": ref},
            "next": {"anyOf": [ref, {"type": "null"}]},
            "either": {"oneOf": [ref, {"type": "array", "items": ref}]},
        },
        "allOf": [ref, {"properties": {"inner": {"items": ref}}}],
        "not": {"required": ["none"], "properties": {"none": ref}},
        "additionalProperties": ref,
    }
    document = carried({}, False, "named")
    document["components"]["schemas"] = {
        "It": ref,
        "Zone": zone,
        "Loop": {"$ref": "#/components/schemas/Loop"},
    }
    put("/paths/~1it/post/responses/404", {"$ref": "#/components/responses/Loop"})(document)
    document["components"]["responses"] = {"Loop": {"$ref": "#/components/responses/Loop"}}
    return document


def test_schemas_that_hold_themselves_come_to_an_end() -> None:
    assert breaking_changes(recursive(), recursive()) == []
    kinds = {
        change.kind
        for change in breaking_changes(recursive(enum=["a"]), recursive(enum=["a", "b"]))
    }
    assert "answer value added" in kinds
    itself: dict[str, Any] = {"type": "object", "properties": {}}
    itself["properties"]["again"] = itself
    other: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}
    other["properties"]["again"] = other
    old, new = carried({}, True, "field"), carried({}, True, "field")
    place = "/paths/~1it/post/requestBody/content/application~1json/schema"
    put(place, itself)(old)
    put(place, other)(new)
    assert worst(breaking_changes(old, new)) == S


def test_a_schema_hundreds_of_levels_deep_is_compared_to_its_end() -> None:
    old: dict[str, Any] = {"type": "number"}
    new: dict[str, Any] = {"type": "integer"}
    for _ in range(150):
        old, new = ({"type": "array", "items": inner} for inner in (old, new))
    assert worst(breaking_changes(carried(old, True, "field"), carried(new, True, "field"))) == B


def test_a_component_is_compared_once_however_many_operations_use_it() -> None:
    """The cost of a large document grows with its text, not with operations times components."""
    names = [f"Thing{index}" for index in range(60)]
    document = carried({}, False, "field")
    for index, name in enumerate(names):
        ref = {"$ref": f"#/components/schemas/{names[index - 1]}"}
        document["components"]["schemas"][name] = {
            "type": "object",
            "properties": {"next": ref, "n": {"type": "integer"}},
        }
        put(
            f"/paths/~1{name}",
            {
                "get": {
                    "responses": {
                        "200": {
                            "description": name,
                            "content": {
                                "application/json": {
                                    "schema": {"$ref": f"#/components/schemas/{name}"}
                                }
                            },
                        }
                    }
                }
            },
        )(document)
    new = copy.deepcopy(document)
    new["components"]["schemas"]["Thing0"]["properties"]["n"]["type"] = "number"
    sides = Side(document), Side(new)
    whole = SchemaComparison(*sides, unchanged_components(*sides))
    for name in names:
        node = Node({"$ref": f"#/components/schemas/{name}"}, f"/{name}")
        found = list(whole.findings(Pair(node, node, "answer", name)))
        assert [finding.kind for finding in found] == ["answer type widened"]
    assert len(whole._own) <= 2 * len(names) + 1
    (change,) = breaking_changes(document, new)
    assert change.operation is None
    assert change.sentence.endswith("in 60 operations")
    assert change.place == "/components/schemas/Thing0/properties/n/type"


def alternatives(names: str, field: str) -> dict[str, Any]:
    """Return a contract with schemas each of which may be any of all."""
    every = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    document = carried(every[0], False, "field")
    for index, name in enumerate(names):
        own = {f"{field}{index}": every[index * 7 % len(every)]}
        document["components"]["schemas"][name] = {"anyOf": copy.deepcopy(every), "properties": own}
    return document


def test_the_search_for_alternatives_that_belong_together_has_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []
    compare = SchemaComparison._compare
    monkeypatch.setattr(
        SchemaComparison,
        "_compare",
        lambda self, pair: compared.append(pair) or compare(self, pair),
    )
    small = "abcdefghijklmnopqrstuvwxyz"
    assert breaking_changes(alternatives(small, "x"), alternatives(small, "x")) == []
    changes = breaking_changes(alternatives(small, "x"), alternatives(small.upper(), "y"))
    assert worst(changes) == B
    assert len(compared) < 40_000


# -- pairs that a published tool labels -----------------------------------------------------------------


class Disagreement(NamedTuple):
    """A pair on which we say otherwise, and why."""

    old: str
    new: str
    theirs_breaks: bool
    reason: str
    source: str


DISAGREEMENTS = [
    Disagreement(
        "api_security_global_added_base.yaml",
        "api_security_global_added_revision.yaml",
        False,
        "POST /subscribe has no security of its own, so it was open and now asks for a token: who calls "
        "without one is refused with 401. Newer versions of the tool say so as well "
        "(api-security-anonymous-access-removed, an error).",
        "OpenAPI 3.0.3, OpenAPI Object, security; RFC 9110 section 15.5.2",
    ),
    Disagreement(
        "request_body_default_value_changed_base.yaml",
        "request_body_default_value_changed_revision.yaml",
        False,
        "The pair takes application/json away as well, which the tool itself calls an error "
        "(request-body-media-type-removed); and another default gives the same request another meaning.",
        "RFC 9110 section 15.5.16; AIP-180, default values must not change",
    ),
    Disagreement(
        "request_property_any_of_removed_base.yaml",
        "request_property_any_of_removed_revision.yaml",
        True,
        "Rabbit is word for word Cat, and Breed3 is Breed1: every body that fitted the part that is gone "
        "fits one that stayed, so nothing that was accepted is refused.",
        "JSON Schema 2020-12 core, section 10.2.1.2 (anyOf)",
    ),
    Disagreement(
        "request_property_discriminator_added_revision.yaml",
        "request_property_discriminator_mapping_changed.yaml",
        False,
        "The kind `cat` is no longer in the mapping, `breed1` neither, and `breed2` means another schema: "
        "a client that names them as it was told is refused.",
        "OpenAPI 3.0.3, Discriminator Object, mapping",
    ),
    Disagreement(
        "response_property_discriminator_added_revision.yaml",
        "response_property_discriminator_added_property_name_changed.yaml",
        False,
        "The field that says which kind an answer is has another name: a client that tells the kinds apart "
        "by the old one finds nothing there.",
        "OpenAPI 3.0.3, Discriminator Object, propertyName; AIP-180, renaming a field",
    ),
]


def labelled() -> list[dict[str, Any]]:
    """Return the labelled pairs, with a skip where the folder is absent."""
    if not PAIRS.is_dir():
        pytest.skip(f"the labelled pairs are not at {PAIRS}")
    pairs: list[dict[str, Any]] = json.loads((PAIRS / "expected.json").read_text("utf-8"))
    return pairs


def read(path: Path) -> Any:
    """Return a document of the corpus as plain data."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text("utf-8"), Loader=loader)


def test_we_agree_with_the_labelled_pairs_except_where_a_reason_is_given() -> None:
    pairs = labelled()
    found = {}
    for pair in pairs:
        changes = breaking_changes(read(PAIRS / pair["base"]), read(PAIRS / pair["revision"]))
        assert changes or pair["base"].startswith("request_property_all_of_removed"), pair
        if any(change.level == B for change in changes) != pair["breaking"]:
            found[pair["base"], pair["revision"]] = pair["breaking"]
    assert found == {(d.old, d.new): d.theirs_breaks for d in DISAGREEMENTS}
    assert len(found) <= len(pairs) * 0.1


def test_the_labelled_pairs_give_the_same_three_levels() -> None:
    """ERR is breaking, WARN risky, INFO safe, where a pair has labels of one level only."""
    wanted = {"ERR": B, "WARN": R, "INFO": S}
    listed = {(d.old, d.new) for d in DISAGREEMENTS}
    differing = []
    compared = 0
    for pair in labelled():
        levels = set(pair["changes"].values())
        if len(levels) != 1 or (pair["base"], pair["revision"]) in listed or "?" in levels:
            continue
        compared += 1
        level = worst(breaking_changes(read(PAIRS / pair["base"]), read(PAIRS / pair["revision"])))
        if level != wanted[levels.pop()]:
            differing.append((pair["base"], pair["revision"], level))
    assert compared > 20
    assert len(differing) <= compared * 0.2, differing


@pytest.mark.parametrize("name", sorted(p.name for p in PUBLIC.glob("oai-*")) or ["none"])
def test_a_public_contract_has_no_change_with_itself(name: str) -> None:
    if name == "none":
        pytest.skip(f"the public contracts are not at {PUBLIC}")
    document = read(PUBLIC / name)
    assert breaking_changes(document, copy.deepcopy(document)) == []
    assert breaking_changes(document, shuffled(document, Random(name))) == []


@pytest.mark.parametrize("name", sorted(p.name for p in PUBLIC.glob("twilio-*.json")) or ["none"])
def test_a_large_public_contract_loses_an_operation(name: str) -> None:
    if name == "none":
        pytest.skip(f"the public contracts are not at {PUBLIC}")
    document = json.loads((PUBLIC / name).read_text("utf-8"))
    new = copy.deepcopy(document)
    path = sorted(new["paths"])[0]
    del new["paths"][path]
    changes = breaking_changes(document, new)
    assert {change.kind for change in changes if change.level == B} == {"operation removed"}
    assert breaking_changes(document, copy.deepcopy(document)) == []
