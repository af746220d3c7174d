"""A change request is judged by the clients that must not notice it, and by what it asks for."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ridealong.answer import Answer
from ridealong.judging import Worker, compatible, compatible_mutants
from ridealong.judging.kind import Task
from ridealong.judging.kinds import KINDS
from ridealong.systems.versions import request, rides_contract
from ridealong.verdict import Verdict

REFERENCE = (Path(__file__).parent / "contracts/four_wishes.yaml").read_text("utf-8")


def verdict(text: str, **entry: Any) -> Verdict:
    task = Task("change-request", {"judge": "compatible", **entry}, 7, 1)
    return KINDS["yaml"].judge(task, Answer("change_request", "yaml", text), Worker())


def replaced(old: str, new: str) -> str:
    assert REFERENCE.count(old) == 1
    return REFERENCE.replace(old, new)


def with_more(**more: Any) -> str:
    return yaml.safe_dump(request.merged(yaml.safe_load(REFERENCE), more), sort_keys=False)


def test_what_is_added_beside_the_old_passes() -> None:
    seen = verdict(REFERENCE)

    assert seen.passed
    assert "4 of 4 wishes" in seen.message
    assert "each of 16 requests of the old client" in seen.message
    assert all(each.held for each in seen.properties)


def test_a_whole_contract_is_taken_as_well() -> None:
    whole = request.merged(yaml.safe_load(rides_contract()), yaml.safe_load(REFERENCE))

    assert verdict(yaml.safe_dump(whole)).passed


def test_the_old_contract_earns_nothing() -> None:
    seen = verdict(rides_contract())

    assert (seen.passed, seen.share) == (False, 0.0)
    assert "0 of 4 wishes are there" in seen.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            with_more(
                components={
                    "schemas": {
                        "Ride": {
                            "properties": {
                                "status": {
                                    "enum": ["requested", "accepted", "arrived", "in_progress",
                                             "completed", "cancelled"]
                                }
                            }
                        }
                    }
                }
            ),
            "`status` of `Ride` in the answer may now also be `arrived`, which is risky",
        ),
        (
            with_more(components={"schemas": {"NewRide": {"required": ["pickup_at"]}}}),
            "`pickup_at` of `NewRide` in the request is new and must be sent",
        ),
        (with_more(security=[{"bearer": []}]), "a client that calls without credentials"),
        (replaced("paths:\n", "paths:\n  /zones: null\n"), "2 of 16 requests of the old client fail"),
        (
            with_more(
                components={"schemas": {"Ride": {"properties": {"fare": {"type": "integer"}}}}}
            ),
            "cannot be told at all (.fare: ",
        ),
        (
            with_more(
                components={
                    "schemas": {"Ride": {"properties": {"fare": {"type": ["integer", "null"]}}}}
                }
            ),
            "cannot be told with fare 18.4 any more",
        ),
    ],
    ids=["enum grown", "must be sent", "token everywhere", "path gone", "no fare yet gone",
         "parts of a dollar gone"],
)  # fmt: skip
def test_what_old_clients_notice_earns_nothing(text: str, told: str) -> None:
    seen = verdict(text)

    assert (seen.passed, seen.share) == (False, 0.0)
    assert told in seen.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (replaced("      security: [{bearer: []}]\n", ""), "a tip without a token gets 201"),
        (replaced("maximum: 10000", "maximum: 20000"), "a tip of 10001 cents gets 201"),
        (replaced(", pattern: '^[A-Z]{3}$'", ""), '"currency": "usd"'),
        (replaced("arrived_at, total]", "total]"), "may leave `arrived_at` out"),
        (replaced("fare: {deprecated: true}", "fare: {}"), "mark it with `deprecated: true`"),
    ],
    ids=["token", "too much", "currency", "arrived", "deprecated"],
)
def test_one_wish_of_four_that_is_not_there_is_named_and_costs_a_quarter(
    text: str, told: str
) -> None:
    seen = verdict(text)

    assert (seen.passed, seen.share) == (False, 0.75)
    assert told in seen.message
    assert sum(not each.held for each in seen.properties) == 1


def test_a_known_mistake_is_told_in_its_own_words() -> None:
    text = replaced("      security: [{bearer: []}]\n", "")
    known = {"name": "open", "message": "This is open.", "results": compatible.marks(text, {})}

    seen = verdict(text, mistakes=[known])

    assert (seen.mistake, seen.message, seen.share) == ("open", "This is open.", 0.75)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a list", "a mapping is wanted that begins with `paths:`"),
        ("a text", "a mapping is wanted"),
        ("components: [", "line 2"),
        ("paths:\n  /rides:\n    post:\n      responses: 7", "line 4"),
        ("openapi: 3.1.0", "`info`"),
    ],
)
def test_what_is_no_change_says_where(text: str, told: str) -> None:
    seen = verdict(text)

    assert (seen.passed, seen.share) == (False, 0.0)
    assert told in seen.message


MOMENT = "pickup_at: {type: string, format: date-time}"
CURRENCY = "currency: {type: string, pattern: '^[A-Z]{3}$'}"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (CURRENCY, "currency: {type: string, pattern: '[A-Z]{3}'}", 'currency": "USDX"'),
        (CURRENCY, "currency: {type: string, pattern: '^[A-Z]+$'}", 'currency": "US"'),
        (CURRENCY, "currency: {type: string, pattern: '[A-Z]{3}$'}", 'currency": "USDX"'),
        (CURRENCY, "currency: {enum: [USD, EUR, GBP]}", "may not have total"),
        (
            MOMENT,
            "pickup_at: {type: [string, 'null'], format: date-time}",
            "pickup_at null gets 201",
        ),
        (MOMENT, f"{MOMENT[:-1]}, default: '2026-04-01T07:30:00Z'}}", "by its default"),
        (MOMENT, "pickup_at: {type: string, format: date}", "is not a 'date'), wanted 201"),
        (
            "description: The tip.\n          content:\n            application/json:",
            "description: The tip.\n          content:\n            application/problem+json:",
            "201 to a tip is not described as application/json",
        ),
        ("type: [object, 'null']", "type: object\n      nullable: true", "a word of OpenAPI 3.0"),
    ],
)
def test_nearly_what_was_asked_for_costs_one_wish(old: str, new: str, told: str) -> None:
    seen = verdict(replaced(old, new))

    assert (seen.passed, seen.share) == (False, 0.75)
    assert told in seen.message


def test_a_body_without_a_type_may_be_a_list() -> None:
    whole = yaml.safe_load(REFERENCE)
    post = whole["paths"]["/rides/{ride_id}/tips"]["post"]
    for content in (post["requestBody"]["content"], post["responses"]["201"]["content"]):
        kept = content["application/json"]["schema"].pop("type")
        seen = verdict(yaml.safe_dump(whole))
        content["application/json"]["schema"]["type"] = kept

        assert (seen.passed, seen.share) == (False, 0.75)
        assert "does not say `type: object`" in seen.message


@pytest.mark.parametrize(
    "schema", [{"type": "boolean"}, {"enum": ["good"]}, {"$ref": "#/components/schemas/Zones"}, {}]
)
def test_another_required_field_is_told_and_spoils_no_wish(schema: dict[str, Any]) -> None:
    ride = yaml.safe_load(REFERENCE)["components"]["schemas"]["Ride"]
    more = {"required": [*ride["required"], "mood"], "properties": {"mood": schema}}

    zones = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 3}}
    seen = verdict(with_more(components={"schemas": {"Ride": more, "Zones": zones}}))

    assert (seen.passed, seen.share) == (False, 0.8)
    assert "4 of 4 wishes are there. But a ride that was just asked for has to have `mood`" in (
        seen.message
    )
    assert [each.name for each in seen.properties if not each.held] == [
        "no other new field is required in a ride"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Ride: {properties: {a: {}}}", "write `components:` and `schemas:` above `Ride:`"),
        ("schemas: {Ride: {}}", "write `components:` above `schemas:`"),
        ("/rides/{ride_id}/tips: {post: {}}", "write `paths:` above"),
        (
            REFERENCE.replace(
                "$ref: '#/components/schemas/Money'", "\n          $ref: #/Money\n        "
            ),
            "nothing follows `$ref:`, as # begins a comment",
        ),
        ("change_request: {paths: {}}", "take the line `change_request:` away"),
        (
            "components:\n  schemas: {Money: {type: object}}\n  paths: {/tips: {}}",
            "line 3: `paths` stands below `components`, further in",
        ),
        (
            REFERENCE.replace("    Money:\n      type: [object", "Money:\n      type: [object"),
            "`Money` stands at the left edge; it belongs under `components`, `schemas`",
        ),
        (
            "components:\n  schemas:\n    paths: {/tips: {}}",
            "line 3: `paths` stands below `schemas`, further in; it is a key of the document itself",
        ),
        (
            "paths:\n  components: {schemas: {Money: {type: object}}}",
            "write `components:` at the left edge, as far left as `paths:`",
        ),
    ],
)
def test_what_begins_in_the_middle_is_told_where_it_belongs(text: str, told: str) -> None:
    assert told in verdict(text).message
    assert "`openapi:`" not in verdict(text).message


@pytest.mark.parametrize(
    "text",
    [
        "paths: null",
        "paths: {}",
        "components: {schemas: {Ride: false}}",
        "components: {schemas: {Ride: true}}",
        "components: {schemas: {Ride: {allOf: [{$ref: '#/components/schemas/Ride'}]}}}",
        "components: {responses: {Ride: {content: null}}}",
        "components: {responses: {Ride: {content: {text/html: {schema: {type: string}}}}}}",
        "components: {schemas: {Ride: {properties: {ride_id: {type: string}}}}}",
        "components: {schemas: {NewRide: {not: {}}}}",
        "servers: [{url: https://elsewhere.example/api}]",
        "paths: {/rides/{ride_id}/tips: {post: {responses: {'201': {description: x}}}}}",
    ],
)
def test_a_strange_answer_gets_a_verdict(text: str) -> None:
    seen = verdict(text)

    assert not seen.passed
    assert seen.message


def test_mutants_are_of_the_answer_and_of_what_people_are_tempted_to() -> None:
    found = {each.change: each.text for each in compatible_mutants.mutants(REFERENCE, {})}

    assert "status may be arrived" in found
    assert "token for everything" in found
    assert any("minimum: 99" in change for change in found)
    assert len(found) > 80
    # All of them are judged when the mutants are built; here one of each sort.
    for change in ("zones are gone", "no cash", "components schemas Ride properties fare: dropped"):
        assert not verdict(found[change]).passed
