"""A contract is read, or refused in sentences; the traps of YAML among them."""

import json
import random
import time

import pytest

from ridealong.systems.contract import reading
from ridealong.systems.contract.document import ContractError, Document, load
from ridealong.systems.contract.server import create_app

SMALL = """\
openapi: 3.1.0
info:
  title: Rides
  version: "1.0"
paths:
  /rides:
    get:
      parameters:
        - name: limit
          in: query
          schema:
            type: integer
      responses:
        "200":
          description: Some rides.
          content:
            application/json:
              schema:
                $ref: "#/components/schemas/Ride"
  /rides/{ride_id}:
    get:
      parameters:
        - name: ride_id
          in: path
          required: true
          schema:
            type: integer
      responses:
        "200":
          description: One ride.
components:
  schemas:
    Ride:
      type: object
      required: [status]
      properties:
        status:
          type: string
          enum: [requested, done]
"""


def with_schemas(**schemas: object) -> str:
    """Return a document in JSON that answers GET /a with the schema A."""
    media = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {
                "/a": {"get": {"responses": {"200": {"description": "x", "content": media}}}}
            },
            "components": {"schemas": schemas},
        }
    )


def problems(text: str) -> list[str]:
    """Return the sentences with which a text is refused."""
    with pytest.raises(ContractError) as caught:
        load(text)
    assert caught.value.problems
    return str(caught.value).splitlines()


# What was changed, the line, and what the sentence says: seen, wanted, next step.
FAULTS = {
    "a tab": ("    get:\n", "\tget:\n", 7, "a tab", "spaces only", "two spaces"),
    "a key twice": ("  schemas:", "  schemas: {}\n  schemas:", 33, "`schemas` stands here a second time; the first is in line 32", "once", "delete"),
    "indented wrongly": ("      responses:", "     responses:", 13, "indented by 5 spaces", "4 and 6", "indent it"),
    "no space after a colon": ("title: Rides", "title:Rides", 3, "no space stands after the colon of `title`", "a space", "`title: `"),
    "no colon": ("  title: Rides\n", "  title\n", 3, "no colon", "`key: value`", "write a colon"),
    "a second colon": ("description: Some", "description: Note: some", 15, "second colon", "quotation marks", "put"),
    "@ unquoted": ("title: Rides", "title: @rides", 3, 'begins with "@"', "keeps this character", "quotation marks"),
    "no is false": ("description: Some rides.", "description: no", 15, "is no without quotation marks, which YAML reads as false", "a text", 'write "no"'),
    "on is true": ("title: Rides", "title: on", 3, "reads as true", "a text", 'write "on"'),
    "200 is a number": ("description: Some rides.", "description: 200", 15, "200 without quotation marks, which YAML reads as a number", "a text", 'write "200"'),
    "1.0 is a number": ('version: "1.0"', "version: 1.0", 4, "1.0 without quotation marks, which YAML reads as a number", "a text", 'write "1.0"'),
    "3.1 is a number": ("openapi: 3.1.0", "openapi: 3.1", 1, "3.1 is a number", "two dots", "`openapi: 3.1.0`"),
    "3.1 as a text": ("openapi: 3.1.0", 'openapi: "3.1"', 1, "one dot", "two", "`openapi: 3.1.0`"),
    "an old version": ("openapi: 3.1.0", 'swagger: "2.0"', 1, "Swagger 2.0", "3.0 or 3.1", "convert"),
    "no version": ("openapi: 3.1.0\n", "", 1, "no `openapi`", "begins with", "first line"),
    "null is nothing": ("type: integer", "type: null", 12, "null without quotation marks, which YAML reads as nothing", "a type", 'write "null"'),
    "true in quotation marks": ("required: true", 'required: "true"', 25, '"true"', "true or false", "without quotation marks"),
    "a number in quotation marks": ("type: integer", 'type: integer\n            minimum: "1"', 13, '"1"', "a number", "leave out"),
    "a misspelt key": ("responses:", "reponses:", 13, "`reponses` is no key of the operation GET /rides", "`responses`", "write `responses:`"),
    "a misspelt body": ("      responses:", "      requredBody: {}\n      responses:", 13, "`requredBody`", "`requestBody`", "write"),
    "a misspelt method": ("    get:", "    gett:", 7, "`gett` is no key of the path /rides", "`get`", "write"),
    "no responses": ("responses:", "x-responses:", 7, "the operation GET /rides has no `responses`", "every operation answers", "such as '200'"),
    "no description": ("          description: Some rides.\n", "", 14, "the response 200 of GET /rides has no `description`", "wanted", "sentence"),
    "no such code": ('"200"', '"2000"', 14, "`2000` is no status code", "100 to 599", "'200'"),
    "no such type": ("type: integer", "type: int", 12, '"int" is no type', "string, number", "`type: integer`"),
    "no such place": ("in: query", "in: querry", 10, '"querry"', "query, path, header or cookie", "`in: query`"),
    "a body as a parameter": ("in: query", "in: body", 10, "Swagger 2.0", "its own key", "`requestBody:`"),
    "type beside schema": ("          schema:\n            type: integer\n", "          type: integer\n", 11, "`type` stands in the parameter `limit`", "its `schema`", "`schema:`"),
    "required in a property": ("enum: [requested, done]", "required: true", 39, "`required` is true in the property `status`", "lists the names", "[status]"),
    "an enum without a list": ("enum: [requested, done]", "enum: requested", 39, '"requested"', "a list", "- "),
    "a limit of 3.0": ("type: integer", "type: integer\n            exclusiveMinimum: true", 13, "as in OpenAPI 3.0", "the limit itself", "`exclusiveMinimum: 0`"),
    "a reference to nothing": ("schemas/Ride", "schemas/Rid", 19, "nothing stands at", "a part of this document", "did you mean `#/components/schemas/Ride`?"),
    "another name in the path": ("/rides/{ride_id}", "/rides/{id}", 21, "has id in its path and describes the parameter ride_id", "same name", "`name: id`"),
    "braces": ("/rides/{ride_id}", "/rides/{ride_id", 20, "the braces", "one pair", "/rides/{ride_id}"),
    "no slash": ("  /rides:", "  rides:", 6, 'the path "rides" does not begin with a slash', "begins with /", "`/rides:`"),
    "not required in the path": ("          required: true\n", "", 23, "in the path and not required", "another path", "`required: true`"),
    "an unknown scheme": ("paths:", "security:\n  - key: []\npaths:", 6, "`key`, and no security scheme", "`securitySchemes`", "describe"),
    "braces unquoted": ("title: Rides", "title: Rides\n  {a}: 1", 4, "begins with a brace", "a text", "quotation marks"),
    "two documents": ("components:", "---\ncomponents:", 31, "a second document begins", "one document", "delete"),
    "a tag": ("title: Rides", "title: !!python/name:os.system x", 3, "the tag", "plain values", "delete the tag"),
    "an open quotation mark": ('version: "1.0"', "version: '1.0", 4, "a quotation mark opens here", "ends with the mark", "close it"),
    "a list behind a colon": ("in: query", "in: - query", 10, "begins a list behind a colon", "a line of its own", "next line"),
    "a text behind quotation marks": ('version: "1.0"', 'version: "1.0" beta', 4, "behind its closing quotation mark", "the whole text", "move the mark"),
    "an entry below keys": ("        - name: limit\n          in: query\n", "        name: limit\n        - in: query\n", 10, "begins an entry of a list", "below its key", "delete"),
    "a bracket too many": ("[status]", "[status]]", 35, "`]` closes here", "its partner", "delete it"),
    "a backslash": ("type: integer", 'pattern: "\\d+"', 12, "a backslash", "special character", "single quotation marks"),
    "fields without properties": ("            type: integer\n", "            ride_id: {type: integer}\n            city: {$ref: '#/components/schemas/Ride'}\n", 12, "`ride_id` and `city` stand in the schema of GET /rides itself", "under `properties`", "write `properties:` and move them below it"),
    "a field beside properties": ("      required: [status]\n", "      zone: {enum: [a]}\n", 35, "`zone` stands in the schema `Ride` itself", "under `properties`", "move it below `properties:`"),
    "fields with names of keywords": ("            type: integer\n", "            title: {type: text}\n            type: {type: string}\n", 12, "`title` and `type` stand", "under `properties`", "move them"),
    "no space in braces": ("          schema:\n            type: integer\n", "          schema: {type:integer, minimum: 1}\n", 11, "no space stands after the colon of `type`", "a space", "write `type: integer` with a space"),
    "no space before a reference": ('              schema:\n                $ref: "#/components/schemas/Ride"\n', "              schema: {$ref:'#/components/schemas/Ride'}\n", 18, "after the colon of `$ref`", "a space", "write `$ref: '#/components/schemas/Ride'` with a space"),
    "no space nor quotation marks": ('              schema:\n                $ref: "#/components/schemas/Ride"\n', "              schema: {$ref:#/components/schemas/Ride}\n", 18, "after the colon of `$ref`", "a space", "write `$ref: '#/components/schemas/Ride'` with a space"),
    "no space in a reference below": ('$ref: "#', '$ref:"#', 18, "no space stands after the colon", "a set of keys", "with a space"),
    "no space before braces": ("        status:\n          type: string\n          enum: [requested, done]\n", "        status:{type: string}\n", 37, "no space stands after the colon of `status`", "a space", "write `status: {type: string}` with a space"),
    "no space before braces with two keys": ("        status:\n          type: string\n          enum: [requested, done]\n", "        status:{type: string, minLength: 1}\n", 37, "no space stands after the colon of `status`", "a space", "write `status: ` with a space"),
    "no space before braces with a list": ("        status:\n          type: string\n          enum: [requested, done]\n", "        status:{enum: [requested, done]}\n", 37, "no space stands after the colon of `status`", "a space", "write `status: ` with a space"),
    "a reference without braces": ('schema:\n                $ref: "#/components/schemas/Ride"\n', "schema: $ref: '#/components/schemas/Ride'\n", 18, "`$ref:` stands behind `schema:` in its line, without braces", "in braces", "write `schema: {$ref: '#/components/schemas/Ride'}`"),
    "a reference without braces and marks": ('schema:\n                $ref: "#/components/schemas/Ride"\n', "schema: $ref: #/components/schemas/Ride\n", 18, "without braces", "in braces", "write `schema: {$ref: '#/components/schemas/Ride'}`"),
    "something beside a reference": ("          description: One ride.\ncomponents:\n", "          $ref: '#/components/responses/Found'\n          headers: {}\ncomponents:\n  responses: {Found: {description: x}}\n", 31, "`headers` stands beside `$ref` in the response 200 of GET /rides/{ride_id}", "stands alone", "delete `headers`, or write the part out"),
    "a schema at the left edge": ("components:\n  schemas:\n    Ride:\n", "Ride:\n", 31, "`Ride` stands at the left edge", "it belongs under `components`, `schemas`", "below `schemas:` and further in"),
    "a schema that nobody uses at the left edge": ("components:\n", "Change: {type: object}\ncomponents:\n", 31, "`Change` stands at the left edge", "`components`, `schemas`", "below `schemas:`"),
    "a response at the left edge": ("          description: One ride.\n", "          $ref: '#/components/responses/Found'\nFound: {description: x}\n", 31, "`Found` stands at the left edge", "it belongs under `components`, `responses`", "below `responses:`"),
    "a schema in components": ("  schemas:\n    Ride:\n", "  Ride:\n", 32, "`Ride` stands in `components` itself", "it belongs under `schemas`", "below `schemas:`"),
    "a schema in another one": ("    Ride:\n      type: object\n", "    Zone:\n      type: object\n      Ride: {oneOf: [{type: string}]}\n", 35, "`Ride` stands in the schema `Zone` itself", "looks for it beside it", "move it left, as far in as `Zone:`"),
    "another scheme": ("components:\n", "security: [{bearer: []}]\ncomponents:\n  securitySchemes: {token: {type: http, scheme: bearer}, key: {type: http, scheme: basic}}\n", 31, "`bearer`, and no security scheme", "`securitySchemes`", "write `token` or `key`, which are there"),
    "paths in components": ("components:\n", "components:\n  paths: {/a: {}}\n", 32, "`paths` stands below `components`", "the document itself", "write `paths:` at the left edge"),
    "info in components": ("components:\n", "components:\n  tags: [{name: a}]\n", 32, "`tags` stands below `components`", "the document itself", "at the left edge"),
    "components in paths": ("components:\n  schemas:\n    Ride:\n", "  components:\n    schemas:\n     Ride:\n", 31, "`components` stands below `paths`", "the document itself", "write `components:` at the left edge"),
    "components in an operation": ("      responses:\n", "      components: {schemas: {A: {}}}\n      responses:\n", 13, "`components` stands below `get`", "the document itself", "at the left edge"),
    "components in the responses": ("      responses:\n", "      responses:\n        components: {schemas: {A: {}}}\n", 14, "`components` stands below `responses`", "the document itself", "at the left edge"),
    "paths in the schemas": ("  schemas:\n", "  schemas:\n    paths: {/a: {}}\n", 33, "`paths` stands below `schemas`", "the document itself", "at the left edge"),
    "the name of a response": ('"200":\n          description: One ride.\ncomponents:\n', '"200": Found\ncomponents:\n  responses: {Found: {description: x}}\n', 29, '`200` is "Found"', "a set of keys", "write `{$ref: '#/components/responses/Found'}`"),
    "a text for a response": ("\n          description: One ride.\n", " Found\n", 29, '`200` is "Found"', "a set of keys", "write `description:` below it"),
    "the name of a schema": ("          schema:\n            type: integer\n", "          schema: Ride\n", 11, '`schema` is "Ride"', "a set of keys", "write `{$ref: '#/components/schemas/Ride'}`"),
    "a place for a schema": ("          schema:\n            type: integer\n", "          schema: '#/components/schemas/Ride'\n", 11, "`schema` is", "a set of keys", "write `{$ref: '#/components/schemas/Ride'}`"),
    "a type for a schema": ("          schema:\n            type: integer\n", "          schema: int\n", 11, '`schema` is "int"', "a set of keys", "write `{type: integer}`"),
    "an empty schema": ("          schema:\n            type: integer\n", "          schema:\n", 11, "`schema` is empty", "a set of keys", "write `type:` below it"),
    "a schema for a body": ('\n              schema:\n                $ref: "#/components/schemas/Ride"\n', " Ride\n", 17, '`application/json` is "Ride"', "a set of keys", "write `{schema: {$ref: '#/components/schemas/Ride'}}`"),
    "the name of a scheme": ("paths:", "security: [key]\npaths:", 5, 'this entry is "key"', "a set of keys", "write `key: []`"),
    "a header without schema": ("One ride.", "One ride.\n          headers: {Location: {description: x}}", 31, "the header `Location` of GET /rides/{ride_id} has no `schema`", "a header has a `schema`", "write `schema: {type: string}`"),
    "a header with a type": ("One ride.", "One ride.\n          headers: {Location: {type: string}}", 31, "`type` stands in the header `Location`", "its `schema`", "`schema:`"),
    "a header with a name": ("One ride.", "One ride.\n          headers: {Location: {name: a, schema: {type: string}}}", 31, "`name` stands in the header", "its own key", "delete"),
    "no space before a reference to a header": ("One ride.", "One ride.\n          headers: {Location: {$ref:'#/components/headers/L'}}", 31, "after the colon of `$ref`", "a space", "write `$ref: '#/components/headers/L'` with a space"),
    "no space after a code": ('\n        "200":\n          description: One ride.\n', " 200:Found\n", 28, "no space stands after the colon", "a set of keys", "write `200: F…` with a space"),
    "fields without a schema": ('schema:\n                $ref: "#/components/schemas/Ride"\n', "ride_id: {type: integer}\n", 18, "`ride_id` stands in the media type `application/json` of GET /rides itself", "of its `schema`", "write `schema:`"),
    "a type like none": ("type: integer", "type: wheels", 12, '"wheels" is no type', "the types are", "write the one that fits"),
    "not as JSON Schema wants it": ("type: integer", "type: integer\n            multipleOf: 0", 13, "`multipleOf`", "0 is less", "compare"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "seen", "wanted", "step"), FAULTS.values(), ids=FAULTS
)
def test_a_fault_is_told_once_with_line_cause_and_next_step(
    old: str, new: str, line: int, seen: str, wanted: str, step: str
) -> None:
    assert old in SMALL

    with pytest.raises(ContractError) as caught:
        load(SMALL.replace(old, new, 1))

    (problem,) = caught.value.problems
    assert (problem.line, seen in problem.seen) == (line, True), str(problem)
    assert wanted in problem.wanted and step in problem.step, str(problem)
    assert "\n" not in str(problem) and str(problem).startswith(f"line {line}: ")


NOTES = {
    "a number for a code": ('"200"', "200", 14, "the key 200", "'200'"),
    "yes and no in a list of texts": ("[requested, done]", "[done, no]", 39, "no stands without quotation marks", '"no"'),
    "yes for true": ("required: true", "required: yes", 25, "yes", "`true`"),
    "a number for a text": ("type: integer", "type: string\n            example: 007", 13, "007", '"007"'),
    "a time": ("type: integer", "type: string\n            example: 12:30", 13, "12:30", '"12:30"'),
    "a date": ("type: integer", "type: string\n            example: 2026-01-31", 13, "a date", '"2026-01-31"'),
    "a misspelt keyword": ("required: [status]", "requred: [status]", 35, "`requred` is no keyword", "correct"),
    "a keyword of 3.0": ("type: integer", "type: integer\n            nullable: true", 13, "3.0", '[integer, "null"]'),
    "no pattern": ("type: integer", 'type: string\n            pattern: "(a"', 13, "no regular expression", "simply"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "seen", "step"), NOTES.values(), ids=NOTES)
def test_a_trap_that_does_no_harm_is_noted(
    old: str, new: str, line: int, seen: str, step: str
) -> None:
    assert old in SMALL

    (note,) = load(SMALL.replace(old, new, 1)).notes

    assert note.line == line and seen in note.seen and step in note.step, str(note)


def test_a_schema_may_hold_unknown_keywords_that_are_no_fields() -> None:
    text = SMALL.replace(
        "      type: object\n",
        "      type: object\n      meaning: {of: rides}\n      unit: {type: wheels}\n"
        "      dependencies: {type: [status]}\n      example: {type: string}\n",
    )

    assert load(text).notes == []


def test_a_key_with_a_colon_in_it_is_one_key() -> None:
    flow = "{authorizationUrl: /a, tokenUrl: /t, scopes: {'read:rides': ''}}"
    text = SMALL.replace(
        "components:\n",
        f"components:\n  securitySchemes: {{o: {{type: oauth2, flows: {{authorizationCode: {flow}}}}}}}\n",
    )

    assert load(text).notes == []
    (told,) = problems(SMALL.replace("        status:", "        dc:title:\n        status:"))
    assert "is empty" in told


def test_a_reference_of_3_0_may_have_neighbours_and_one_of_3_1_a_description() -> None:
    found = "          $ref: '#/components/responses/Found'\n          {}\n"
    more = "components:\n  responses: {Found: {description: x}}\n"
    old = "          description: One ride.\ncomponents:\n"

    described = SMALL.replace(old, found.format("description: A ride.") + more)
    beside = SMALL.replace(old, found.format("headers: {}") + more)

    assert load(described).notes == []
    assert load(beside.replace("3.1.0", "3.0.3")).notes == []


def test_names_without_a_space_are_told_in_maps_too() -> None:
    (told,) = problems(
        SMALL.partition("      properties:")[0] + "      properties: {ride_id:integer}\n"
    )
    assert "no space stands after the colon of `ride_id`" in told


def test_what_has_no_traps_has_no_notes() -> None:
    assert load(SMALL).notes == []


def test_a_text_that_yaml_takes_for_something_else_stays_a_text_where_one_is_wanted() -> None:
    document = load(
        SMALL.replace("[requested, done]", "[yes, no, 12:30, 007]").replace('"200"', "200")
    )

    status = document.at("#/components/schemas/Ride/properties/status")
    assert status["enum"] == ["yes", "no", "12:30", "007"]
    assert list(document.content["paths"]["/rides"]["get"]["responses"]) == ["200"]


def test_several_faults_are_told_in_the_order_of_their_lines() -> None:
    told = problems(SMALL.replace("type: integer", "type: int").replace("responses:", "response:"))

    lines = [int(each.split(":")[0].removeprefix("line ")) for each in told]
    assert lines == [12, 13, 27, 28]


@pytest.mark.parametrize("text", ["", "hello", "- a", "3", "{}", "[]", "null", "a: 1"])
def test_what_is_no_contract_is_told_how_one_begins(text: str) -> None:
    (told,) = problems(text)

    assert "openapi: 3.1.0" in told


def test_a_document_that_is_lenient_notes_what_can_be_understood() -> None:
    text = SMALL.replace("responses:", "x-responses:").replace("{ride_id}", "{ride_id}/{city}")

    document = load(text, strict=False)

    told = [str(each) for each in document.notes]
    assert any("GET /rides has no `responses`" in each for each in told)
    assert any("no parameter `city`" in each for each in told)
    assert any("GET /rides has no `responses`" in each for each in problems(text))


@pytest.mark.parametrize("key", ["name: limit", "in: query"])
def test_a_parameter_without_name_or_place_is_refused_even_by_a_lenient_reader(key: str) -> None:
    text = SMALL.replace(key, "description: x")

    with pytest.raises(ContractError, match=f"has no `{key.partition(':')[0]}`"):
        load(text, strict=False)


# Questions to a document


def test_operations_have_the_parameters_of_their_path_and_their_own_win(rides: str) -> None:
    document = load(
        rides.replace(
            "    patch:\n",
            "    patch:\n      parameters:\n"
            "        - {name: ride_id, in: path, required: true, schema: {type: string}}\n",
        )
    )

    found = {each.name: each for each in document.operations()}

    assert list(found)[:3] == ["GET /rides", "POST /rides", "GET /rides/{ride_id}"]
    assert found["GET /rides/{ride_id}"].parameters[0]["schema"]["type"] == "integer"
    assert [each["schema"]["type"] for each in found["PATCH /rides/{ride_id}"].parameters] == [
        "string"
    ]
    place = found["PATCH /rides/{ride_id}"].place
    assert document.line(place) == rides[: rides.index("    patch:")].count("\n") + 1


def test_lines_are_known_in_yaml_and_in_json() -> None:
    document = load(SMALL)
    pretty = json.dumps(document.content, indent=2)
    place = "/paths/~1rides~1{ride_id}/get/responses/200/description"

    assert document.line(place) == 30
    assert document.line(place + "/nothing/there") == 30
    line = load(pretty).line(place)
    assert "One ride." in pretty.splitlines()[line - 1]
    assert load(pretty).line("/paths/~1rides/get/parameters/0/name") == next(
        number for number, each in enumerate(pretty.splitlines(), 1) if '"limit"' in each
    )


def test_references_are_followed_and_nothing_else() -> None:
    document = load(with_schemas(A={"$ref": "#/components/schemas/B"}, B={"type": "integer"}))

    assert document.resolve(document.at("#/components/schemas/A")) == {"type": "integer"}
    assert document.resolve("a text") == "a text"
    for reference in ("#/components/schemas/C", "other.yaml#/a", "#nowhere", "https://example.com"):
        with pytest.raises(LookupError):
            document.at(reference)


def test_an_anchor_becomes_a_place() -> None:
    document = load(with_schemas(A={"$ref": "#ride"}, B={"$anchor": "ride", "type": "integer"}))

    assert document.at("#/components/schemas/A") == {"$ref": "#/components/schemas/B"}


def test_a_document_of_3_0_speaks_the_json_schema_of_3_1() -> None:
    text = with_schemas(
        A={
            "type": "object",
            "properties": {
                "maybe": {"type": "string", "nullable": True},
                "above": {"type": "integer", "minimum": 3, "exclusiveMinimum": True},
                "upto": {"type": "integer", "maximum": 3, "exclusiveMaximum": False},
                "shown": {"type": "integer", "example": 7},
                "both": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/B"}]},
                "beside": {"$ref": "#/components/schemas/B", "maxLength": 1},
            },
        },
        B={"type": "string"},
    ).replace("3.1.0", "3.0.3")

    document = load(text)

    assert document.version == "3.0.3"
    properties = document.at("#/components/schemas/A")["properties"]
    assert properties["maybe"] == {"type": ["string", "null"]}
    assert properties["above"] == {"type": "integer", "exclusiveMinimum": 3}
    assert properties["upto"] == {"type": "integer", "maximum": 3}
    assert properties["shown"] == {"type": "integer", "examples": [7]}
    assert properties["beside"] == {"$ref": "#/components/schemas/B"}
    validator = document.validator(document.at("#/components/schemas/A"))
    assert validator.is_valid({"both": None, "maybe": None, "above": 4, "upto": 3, "beside": "xx"})
    assert not validator.is_valid({"above": 3})
    assert not validator.is_valid({"both": 1})


def test_a_value_is_held_against_a_schema_with_patterns_formats_and_references() -> None:
    document = load(
        with_schemas(
            A={
                "type": "object",
                "properties": {"at": {"type": "string", "format": "date-time"}},
                "patternProperties": {"^x_": {"$ref": "#/components/schemas/B"}},
                "additionalProperties": False,
            },
            B={"type": "string", "pattern": "^[a-z]+$"},
            C={
                "allOf": [{"properties": {"a": {"type": "integer"}}}],
                "unevaluatedProperties": False,
                "patternProperties": {"^b": {}},
            },
            D={"uniqueItems": True},
        )
    )
    a, c, d = (document.validator(document.at(f"#/components/schemas/{each}")) for each in "ACD")

    assert a.is_valid({"at": "2026-01-31T09:00:00Z", "x_1": "abc"})
    assert list(a.faults({"x_1": "ABC"})) == [".x_1: 'ABC' does not match the pattern '^[a-z]+$'"]
    assert list(a.faults({"y": 1})) == ["'y' is no property here"]
    assert not a.is_valid({"at": "yesterday"})
    assert c.is_valid({"a": 1, "b2": 2}) and not c.is_valid({"c": 1})
    assert d.is_valid([{"a": 1}, {"a": 2}]) and not d.is_valid([{"a": 1}, {"a": 1}])


LONG = "a" * 40 + "!"
VALUES = (
    None, True, 0, 1, 1.0, 2, 3.5, 6, 10**30, -1, "", "a", "b", "xx", LONG, "ü😀", [], [1], [1, 1],
    [1, True], [1, "a"], [1, 2, 3], [{"a": 1}, {"a": 1}], {}, {"a": 1}, {"a": "x"}, {"a": 1, "b": "xx"},
    {"a": 1, "b": None}, {"a": 1, "b": "y"}, {"a": 1, "c": 1}, {"s": "a"}, {"s": "b", "t": 1}, {"s": "z"},
    {"name": "n", "more": [{"name": "m", "more": []}]}, {"name": "n", "more": [{"other": "m"}]}, {"k": 1},
    {"k": 1, "z": 1}, {"k": 2, "y": 1}, {"k": 1, "z": "a"}, {"x-a": "1"}, {"x-a": 1}, {"b": 1},
)  # fmt: skip
BASE = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
ONE_OF = [
    {"properties": {"s": {"const": "a"}}, "required": ["s"]},
    {"properties": {"s": {"enum": ["b", "c"]}}, "required": ["s"]},
]
K_IS_1 = {"properties": {"k": {"const": 1}}, "required": ["k"]}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"name": {"type": "string"}, "more": {"type": "array",
         "items": {"$ref": "#/components/schemas/One"}}}, "unevaluatedProperties": False},
        {"allOf": [BASE], "properties": {"b": {"type": ["string", "null"], "pattern": "^x+$"}},
         "unevaluatedProperties": False},
        {"oneOf": ONE_OF, "unevaluatedProperties": False},
        {"anyOf": [BASE, {"properties": {"b": {"type": "string"}}}], "unevaluatedProperties": False},
        {"if": K_IS_1, "then": {"properties": {"z": True}}, "unevaluatedProperties": False},
        {"dependentSchemas": {"k": {"properties": {"z": {"type": "integer"}}, "required": ["z"]}},
         "properties": {"k": {}}, "unevaluatedProperties": {"type": "string"}},
        {"not": BASE, "unevaluatedProperties": False},
        {"type": "string", "pattern": "(a+)+$"},
        {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False},
        {**BASE, "additionalProperties": {"type": "string"}},
        {"type": "array", "uniqueItems": True},
        {"type": "array", "prefixItems": [{"type": "integer"}], "unevaluatedItems": False},
        {"type": "array", "contains": {"type": "integer"}, "minContains": 1, "maxContains": 2},
        {"type": "integer", "minimum": 1, "maximum": 5, "multipleOf": 2},
        {"exclusiveMinimum": 0},
        {"const": 1},
        {"enum": [1, None, {"a": 1}]},
        {"minLength": 1, "maxLength": 2, "minProperties": 1, "maxProperties": 1, "maxItems": 2},
        {"propertyNames": {"maxLength": 1}, "dependentRequired": {"k": ["z"]}},
    ],
)  # fmt: skip
def test_whether_a_value_fits_is_said_alike_with_and_without_the_reason(
    schema: dict[str, object],
) -> None:
    document = load(with_schemas(A=schema, One=schema))
    one = document.at("#/components/schemas/One")
    validator = document.validator(one)
    fitting = [value for value in VALUES if validator.is_valid(value)]

    assert 0 < len(fitting) < len(VALUES)
    assert [value for value in VALUES if document.fits(one, value)] == fitting


def test_what_a_schema_outside_of_a_document_allows_is_said_too() -> None:
    document = load(with_schemas(A={"type": "string", "maxLength": 3}))
    outside = {"$ref": "#/components/schemas/A"}

    assert document.fits(outside, "abc") and not document.fits(outside, "abcd")


def test_a_text_that_is_no_pattern_matches_everything() -> None:
    document = load(with_schemas(A={"type": "string", "pattern": "(?P<year"}))
    one = document.at("#/components/schemas/A")

    assert document.fits(one, "abc") and not document.fits(one, 1)


# Size


def large(characters: int) -> str:
    """Return a valid document of about that many characters."""
    parts = [SMALL.partition("  /rides/{ride_id}")[0]]
    one = """\
  /rides{0}/{{ride_id}}:
    get:
      summary: The ride of number {0}, as the rider who asked for it sees it
      parameters:
        - name: ride_id
          in: path
          required: true
          schema: {{type: integer, minimum: 1}}
      responses:
        "200":
          description: The ride with its stops and what it cost
          content:
            application/json:
              schema:
                type: object
                required: [city, stops]
                properties:
                  city: {{type: string, enum: [Harborview, Lakemont, Brookfall]}}
                  fare_cents: {{type: integer, minimum: 0}}
                  stops:
                    type: array
                    items:
                      anyOf:
                        - $ref: "#/components/schemas/Ride"
                        - type: object
                          properties:
                            zone_code: {{type: string, pattern: "^[A-Z]{{3}}-[A-Z]{{3}}$"}}
                            description: {{type: string}}
"""
    count = (characters - len(SMALL)) // len(one.format(1000))
    parts += [one.format(number) for number in range(count)]
    return "".join(parts) + "components:" + SMALL.partition("components:")[2]


@pytest.mark.parametrize("as_json", [False, True], ids=["yaml", "json"])
def test_a_document_of_5_mb_is_read_and_ready_to_serve_in_less_than_10_seconds(
    as_json: bool,
) -> None:
    text = large(5_000_000)
    if as_json:
        content = load(large(20_000)).content
        item = content["paths"].pop("/rides1/{ride_id}")
        content["paths"] |= {f"/rides{number}/{{ride_id}}": item for number in range(3_350)}
        text = json.dumps(content, indent=1)
    assert 4_500_000 < len(text) < reading.LONGEST_TEXT

    start = time.process_time()
    document = load(text)
    create_app(document)
    seconds = time.process_time() - start

    assert len(list(document.operations())) > 3_000
    assert seconds < 10


def test_without_libyaml_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = load(SMALL).content
    monkeypatch.setattr(reading, "_PARSER", None)

    assert load(SMALL).content == expected
    for old, new, line, seen, *_ in FAULTS.values():
        with pytest.raises(ContractError) as caught:
            load(SMALL.replace(old, new, 1))
        if "reads as" in seen or "is no key" in seen:
            assert caught.value.problems[0].line == line
    (told,) = problems(large(600_000))
    assert "no fast YAML reader" in told


# Hostile documents: a clear error, and little time. The bounds are generous; what they guard
# against takes minutes, gigabytes or ends the process.

HEAD = 'openapi: 3.1.0\ninfo: {title: t, version: "1"}\n'
OBJECT = {"type": "object"}
HOSTILE = {
    "anchors that explode": (
        HEAD
        + "x-0: &x0 [a, a, a, a, a, a, a, a, a]\n"
        + "".join(f"x-{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 30)),
        "repeats blow the document up",
    ),
    "a part that holds itself": (HEAD + "x-a: &a [*a]\n", "repeats the part in which it stands"),
    "brackets without end": (HEAD + "x-a: " + "[" * 100_000, "levels deep"),
    "braces without end": ('{"openapi":' * 100_000, "levels deep"),
    "dashes without end": ("- " * 100_000, "levels deep"),
    "a file": (with_schemas(A={"$ref": "file:///etc/passwd"}), "never opened"),
    "a path": (with_schemas(A={"$ref": "../../secret.yaml#/a"}), "never opened"),
    "an address": (with_schemas(A={"$ref": "http://127.0.0.1:9/a.yaml"}), "never opened"),
    "a reference to itself": (with_schemas(A={"$ref": "#/components/schemas/A"}), "leads back to itself"),
    "two references to each other": (
        with_schemas(A={"$ref": "#/components/schemas/B"}, B={"$ref": "#/components/schemas/A"}),
        "leads back to itself",
    ),
    "a schema that is all of itself": (
        with_schemas(A={"allOf": [{"$ref": "#/components/schemas/A"}]}),
        "leads back to itself",
    ),
    "a path that is itself": (HEAD + "paths: {/a: {$ref: '#/paths/~1a'}}", "leads back to itself"),
    "schemas that double": (
        with_schemas(
            A={"$ref": "#/components/schemas/A0"},
            A40=OBJECT,
            **{f"A{n}": {"allOf": [{"$ref": f"#/components/schemas/A{n + 1}"}] * 2} for n in range(40)},
        ),
        "unfolds to more",
    ),
    "10,000 paths": (
        HEAD
        + "paths:\n"
        + "".join(
            f"  /p{n}/{{id}}:\n    get:\n      parameters:\n"
            "        - {name: id, in: path, required: true, schema: {type: string}}\n"
            "      responses: {'200': {description: ok}}\n"
            for n in range(10_000)
        ),
        "more than 5,000 keys",
    ),
    "10,000 paths in JSON": (
        json.dumps({"openapi": "3.1.0", "paths": {f"/p{n}": {} for n in range(10_000)}}),
        "more than 5,000 keys",
    ),
    "a million values": ("[" + "0," * 1_000_001 + "0]", "more than 1,000,000 values"),
    "keys that are no texts": (HEAD + "? {a: b}\n: c\n", "no text"),
    "a list for a key": (HEAD + "[a, b]: c\n", "no text"),
    "a huge number": (HEAD + "x-a: 1" + "0" * 5_000, "no number"),
    "a huge number in JSON": ('{"openapi": 1' + "0" * 5_000 + "}", "no number"),
    "a huge power": (HEAD + "x-a: 1e999", "no number"),
    "infinity": ('{"openapi": Infinity}', "no number"),
    "100 MB": ("x" * 100_000_000, "at most 5 MB"),
    "2 MB of wide characters": ("€" * 2_000_000, "at most 5 MB"),
    "half a character": (HEAD + "x-a: \ud800", "half a character"),
    "a control character": (HEAD + "x-a: \x00", "the number 0"),
    "a call": (HEAD + "x-a: !!python/object/apply:os.system [exit]", "the tag"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_costs_a_clear_error_and_little_time(text: str, told: str) -> None:
    start = time.process_time()
    sentences = problems(text)
    seconds = time.process_time() - start

    assert any(told in each for each in sentences), sentences[:2]
    assert all(len(each) < 500 for each in sentences)
    assert seconds < 4  # two on the machine of this course's makers, half as fast elsewhere


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*a){25}$", "^(?=(a+)+b)a*$", r"^(\w+\s?)*$", "(((a{1,99}){1,99}){1,99}){1,99}$"],
)  # fmt: skip
@pytest.mark.parametrize("keyword", ["pattern", "patternProperties"])
def test_a_pattern_that_backtracks_ends_in_time(pattern: str, keyword: str) -> None:
    text, hostile = "a" * 5_000 + "!", {}
    if keyword == "pattern":
        hostile = {
            "type": "object",
            "properties": {text: {}},
            "propertyNames": {"pattern": pattern},
        }
    else:
        hostile = {
            "type": "object",
            "patternProperties": {pattern: {}},
            "additionalProperties": False,
        }

    start = time.process_time()
    document = load(with_schemas(A=hostile))
    validator = document.validator(document.at("#/components/schemas/A"))
    validator.is_valid({text: 1})
    list(validator.faults({text: 1}))

    assert time.process_time() - start < 4


def test_no_reference_out_of_the_document_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    for keyword in ("$id", "$schema"):
        document = load(with_schemas(A={keyword: "http://127.0.0.1:9/a", "type": "integer"}))
        assert document.validator(document.at("#/components/schemas/A")).is_valid(1)
    for kind in ("responses", "parameters", "schemas", "examples"):
        text = (
            HEAD + f"paths: {{}}\ncomponents: {{{kind}: {{A: {{$ref: 'http://127.0.0.1:9/a'}}}}}}"
        )
        assert "never opened" in problems(text)[0]


def broken(generator: random.Random, text: str) -> str:
    """Return a document with a few things cut, doubled, moved or put in at random."""
    for _ in range(generator.randint(1, 4)):
        start = generator.randrange(len(text) + 1)
        end = min(len(text), start + generator.randint(0, 30))
        put = generator.choice(
            ["", " ", "\t", "\n", ":", "- ", "{", "]", "'", '"', "&a ", "*a", "no", "null", "!!", "<<: ", "#", "% ", "1e999"]
        )  # fmt: skip
        text = generator.choice([text[:start] + put + text[end:], text[:end] + put + text[start:]])
    return text


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.weekly)])
def test_whatever_is_written_is_a_document_or_a_list_of_sentences(count: int, rides: str) -> None:
    generator = random.Random(8)
    refused = 0
    for _ in range(count):
        text = broken(generator, generator.choice([SMALL, rides, with_schemas(A=OBJECT)]))
        lines = max(text.count("\n") + 1, 1)
        try:
            assert isinstance(load(text), Document)
        except ContractError as error:
            refused += 1
            for problem in error.problems:
                assert (
                    1 <= problem.line <= lines + 1
                    and problem.seen
                    and problem.wanted
                    and problem.step
                )
                assert "\n" not in str(problem)

    assert refused > count / 3
