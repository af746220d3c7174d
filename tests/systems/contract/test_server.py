"""A contract is served as a real HTTP service that keeps to it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.specs.openapi import checks

from ridealong.systems.contract.document import Document, Operation, load
from ridealong.systems.contract.sample import sample
from ridealong.systems.contract.server import MOST_BODY_BYTES, Served, serve

KEY = {"X-Key": "mine"}


@pytest.fixture
def served(rides: str) -> Iterator[Served]:
    """Serve the contract with rides."""
    with serve(load(rides)) as service:
        yield service


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    """Return a client that carries the key."""
    with httpx.Client(base_url=served.url, headers=KEY, timeout=30) as found:
        yield found


def test_a_created_ride_can_be_read_listed_changed_and_deleted(client: httpx.Client) -> None:
    before = client.get("/rides").json()["rides"]
    created = client.post("/rides", json={"city": "Brookfall", "seats": 3})
    place = created.headers["Location"]
    ride = created.json()

    assert created.status_code == 201
    assert place == f"/rides/{ride['ride_id']}"
    assert (ride["city"], ride["seats"]) == ("Brookfall", 3)
    assert client.get(place).json() == ride
    assert client.get("/rides").json()["rides"] == [*before, ride]

    changed = client.patch(place, json={"city": "Coralgate"})
    assert changed.json() == {**ride, "city": "Coralgate"}
    assert client.get(place).json() == changed.json()
    other = client.post("/rides", json={"city": "Harborview"}).json()
    assert other["ride_id"] != ride["ride_id"]

    assert client.delete(place).status_code == 204
    for method, path in (("GET", place), ("PATCH", place), ("DELETE", place), ("POST", f"{place}:cancel")):  # fmt: skip
        body = {"city": "Lakemont"} if method == "PATCH" else None
        gone = client.request(method, path, json=body)
        assert gone.status_code == 404 and gone.json()["status"] == 404
    assert client.get("/rides").json()["rides"] == [*before, other]
    assert client.get("/rides?limit=1").json()["rides"] == [*before, other][:1]


def test_a_list_shows_what_was_created_and_no_password() -> None:
    text = """\
openapi: 3.1.0
info: {title: Drivers, version: "1.0"}
paths:
  /drivers:
    get:
      responses:
        "200": {description: All., content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Driver"}}, example: []}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Driver"}}}}
      responses:
        "201": {description: Made.}
  /drivers/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string, pattern: "^[a-z]{4}$"}}]
    get:
      responses:
        "200": {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Driver"}}}}
components:
  schemas:
    Driver: {type: object, properties: {phone: {type: string}, pin: {type: string, writeOnly: true}}}
"""
    with serve(load(text)) as service, httpx.Client(base_url=service.url) as client:
        place = client.post("/drivers", json={"phone": "555-0100", "pin": "1234"}).headers[
            "Location"
        ]

        assert client.get("/drivers").json() == [{"phone": "555-0100"}]
        assert client.get(place).json() == {"phone": "555-0100"}
        assert len(place) == len("/drivers/abcd")


def test_a_ride_that_nobody_created_is_an_example_with_its_number(client: httpx.Client) -> None:
    assert client.get("/rides/99").json()["ride_id"] == 99


def test_the_most_specific_path_wins_and_parts_of_a_segment_are_told_apart(
    client: httpx.Client,
) -> None:
    assert client.get("/rides/mine").json() == "mine"
    assert client.post("/rides/5:cancel").status_code == 204
    assert client.post("/rides/x:cancel").status_code == 400
    assert client.get("/files/fares.2026.pdf").status_code == 400  # {ext} takes what is left
    assert client.get("/files/fares.pdf").status_code == 200
    assert client.get("/files/a%2Fb.csv").status_code == 200
    assert client.get("/files/.pdf").status_code == 404
    assert client.get("/rides/").status_code == 404  # a parameter has a character at least


def test_a_request_is_held_against_the_contract(client: httpx.Client) -> None:
    for query, told in (
        ("limit=0", "query parameter limit: 0 is less than the minimum of 1"),
        ("limit=ten", "query parameter limit: 'ten' is not of type 'integer'"),
        ("status=requested&status=lost", "query parameter status: .1: 'lost' is not one of"),
    ):
        refused = client.get(f"/rides?{query}")
        assert refused.status_code == 400 and told in refused.json()["detail"]
    assert client.get("/rides?status=requested&status=completed&unknown=1").status_code == 200

    for body, told in (
        ('{"city": "L"}', "body.city: 'L' is too short"),
        ('{"seats": 7, "city": "Lakemont"}', "body.seats: 7 is greater"),
        ("{}", "'city' is a required property"),
        ('{"city"', "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("NaN", "it is no JSON"),
        ("", "body: it is required and empty"),
    ):
        refused = client.post("/rides", content=body, headers={"Content-Type": "application/json"})
        # The contract names 422 for this operation, not 400.
        assert refused.status_code == 422 and told in refused.json()["detail"], refused.text
        assert refused.headers["content-type"] == "application/problem+json"

    text = client.post("/rides", content="a", headers={"Content-Type": "text/plain"})
    assert text.status_code == 415 and "application/json" in text.headers["Accept"]
    huge = client.post("/rides", content=b"1" * (MOST_BODY_BYTES + 1), headers={"Content-Type": "application/json"})  # fmt: skip
    assert huge.status_code == 413
    deep = client.post("/rides", content='{"city": ' + "[" * 900 + "]" * 900 + "}", headers={"Content-Type": "application/json"})  # fmt: skip
    assert deep.status_code == 422


def test_what_the_contract_does_not_have_is_refused_with_a_problem(client: httpx.Client) -> None:
    put = client.put("/rides", json={})
    assert put.status_code == 405 and put.headers["Allow"] == "GET, POST"
    nowhere = client.get("/drivers")
    assert nowhere.status_code == 404
    assert nowhere.headers["content-type"] == "application/problem+json"
    assert set(nowhere.json()) == {"type", "title", "status", "detail"}
    html = client.get("/rides/1", headers={"Accept": "text/html"})
    assert html.status_code == 406
    assert client.get("/rides/1", headers={"Accept": "text/html, */*;q=0.1"}).status_code == 200
    assert client.head("/rides/1").status_code == 200


def test_prefer_chooses_another_code_or_example(client: httpx.Client) -> None:
    missing = client.get("/rides/1", headers={"Prefer": "code=404"})
    assert missing.status_code == 404 and missing.headers["Preference-Applied"] == "code=404"
    assert set(missing.json()) >= {"title", "status", "detail"}
    teapot = client.get("/rides/1", headers={"Prefer": "code=418"})
    assert teapot.status_code == 400 and "200, 400, 401, 404" in teapot.json()["detail"]

    first = client.post("/rides", json={"city": "Lakemont"}, headers={"Prefer": "example=first"})
    assert first.status_code == 201 and first.json()["requested_at"] == "2026-01-31T09:00:00Z"
    for name, told in (("broken", "does not fit its own schema"), ("second", "first, broken")):
        headers = {"Prefer": f"example={name}"}
        refused = client.post("/rides", json={"city": "Lakemont"}, headers=headers)
        assert told in refused.json()["detail"]


SCHEMES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a key in a header": ({"type": "apiKey", "in": "header", "name": "X-Key"}, {"headers": {"X-Key": "a"}}, "ApiKey"),
    "a key in the query": ({"type": "apiKey", "in": "query", "name": "key"}, {"params": {"key": "a"}}, "ApiKey"),
    "a key in a cookie": ({"type": "apiKey", "in": "cookie", "name": "key"}, {"headers": {"Cookie": "key=a"}}, "ApiKey"),
    "bearer": ({"type": "http", "scheme": "bearer"}, {"headers": {"Authorization": "Bearer a"}}, "Bearer"),
    "basic": ({"type": "http", "scheme": "basic"}, {"auth": ("a", "b")}, "Basic"),
    "OAuth": ({"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://example.com", "scopes": {}}}}, {"headers": {"Authorization": "Bearer a"}}, "Bearer"),
}  # fmt: skip


@pytest.mark.parametrize(("scheme", "right", "challenge"), SCHEMES.values(), ids=SCHEMES)
def test_an_operation_without_its_credentials_is_401(
    scheme: dict[str, Any], right: dict[str, Any], challenge: str, rides: str
) -> None:
    content = load(rides).content
    content["components"]["securitySchemes"]["key"] = scheme

    with serve(load(json.dumps(content))) as service, httpx.Client(base_url=service.url) as client:
        refused = client.get("/rides")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith(challenge + " ")
        assert refused.json()["status"] == 401  # the contract's own error
        assert client.get("/rides", headers={"Authorization": "Digest a"}).status_code == 401
        assert client.get("/rides", **right).status_code == 200
        assert client.get("/rides/mine").status_code == 200


def test_the_documentation_needs_no_other_address(served: Served) -> None:
    page = httpx.get(served.docs_url)

    assert (
        page.status_code == 200 and "default-src 'self'" in page.headers["Content-Security-Policy"]
    )
    assert "http://" not in page.text and "https://" not in page.text
    folder = served.docs_url.rpartition("/")[0]
    for name in ("viewer/swagger-ui-bundle.js", "viewer/swagger-ui.css", "start.js"):
        assert f'"{name}"' in page.text
        assert httpx.get(f"{folder}/{name}").status_code == 200
    content = httpx.get(f"{folder}/openapi.json").json()
    assert content["paths"] == served.document.content["paths"]
    assert content["servers"] == [{"url": "../"}]


def test_paths_below_a_server_s_base_are_found(rides: str) -> None:
    text = rides.replace("paths:\n", "servers:\n  - {url: 'https://api.example.com/{v}', variables: {v: {default: v1}}}\npaths:\n", 1)  # fmt: skip

    with serve(load(text)) as service:
        assert httpx.get(service.url + "/v1/rides/mine").json() == "mine"
        assert httpx.get(service.url + "/rides/mine").json() == "mine"
        assert httpx.get(service.url + "/v2/rides/mine").status_code == 404


def test_an_answer_keeps_the_headers_that_say_how_it_is_sent() -> None:
    headers = {
        name: {"schema": {"type": "string"}, "example": text}
        for name, text in (("Content-Encoding", "gzip"), ("Content-Length", "7"), ("X-Rate", "5"), ("X-Bad", "a\r\nb"))
    }  # fmt: skip
    media = {"application/json": {"example": "hello"}}
    answer = {"description": "x", "headers": headers, "content": media}
    content = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a#one": {"get": {"responses": {"200": answer}}}},
    }
    document = load(json.dumps(content))

    with serve(document) as service:
        found = httpx.get(service.url + "/a")

    assert found.json() == "hello" and found.headers["X-Rate"] == "5"
    assert "X-Bad" not in found.headers
    assert "no request has that in its path" in str(document.notes[0])


def test_a_schema_that_nothing_fits_is_told(rides: str) -> None:
    text = rides.replace("schema: {type: string}, example: mine", "schema: {enum: []}")

    with serve(load(text)) as service:
        answer = httpx.get(service.url + "/rides/mine")

    assert answer.status_code == 501 and "Give it an example" in answer.json()["detail"]


def test_a_service_stops_twice_and_two_serve_at_once(rides: str) -> None:
    document = load(rides)
    one, other = serve(document), serve(document)
    threads = threading.active_count()

    assert one.url != other.url
    one.stop()
    one.stop()

    with pytest.raises(httpx.ConnectError):
        httpx.get(one.url)
    assert httpx.get(other.url + "/rides/mine").status_code == 200
    other.stop()
    assert threading.active_count() <= threads - 2


def test_a_service_ends_with_its_process(rides: str) -> None:
    code = (
        "import sys; from ridealong.systems.contract.document import load;"
        "from ridealong.systems.contract.server import serve;"
        "print(serve(load(sys.stdin.readline().replace(chr(7), chr(10)))).url, flush=True);"
        "sys.stdin.readline()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(rides.replace("\n", "\a") + "\n")
    child.stdin.flush()
    url = child.stdout.readline().strip()
    assert httpx.get(f"{url}/rides/mine").status_code == 200

    child.kill()
    child.wait(20)
    child.stdin.close()
    child.stdout.close()

    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_as_many_paths_as_are_read_are_served(rides: str) -> None:
    text = rides.partition("paths:")[0] + "paths:\n" + "".join(
        f"  /{{a}}/{{b}}-{{c}}{number}:\n    get: {{security: [], parameters: [{', '.join(f'{{name: {name}, in: path, required: true, schema: {{}}}}' for name in 'abc')}], responses: {{'204': {{description: x}}}}}}\n"
        for number in range(2_000)
    ) + "components:" + rides.partition("components:")[2]  # fmt: skip

    with serve(load(text)) as service:
        assert httpx.get(service.url + "/x/y-z1999").status_code == 204
        assert httpx.get(service.url + "/x/" + "-" * 5_000, timeout=30).status_code == 404


# Contracts that nobody here wrote, and a fuzzer


def call(document: Document, operation: Operation, client: httpx.Client) -> httpx.Response:
    """Call an operation as its contract wants it."""
    path, query, headers = operation.path, {}, {"Authorization": "Bearer a", "X-Key": "a"}
    schemes = (document.content.get("components") or {}).get("securitySchemes") or {}
    if any(each.get("scheme") == "basic" for each in schemes.values()):
        headers["Authorization"] = "Basic YTpi"
    for parameter in operation.parameters:
        if parameter.get("required"):
            value = sample(document, parameter.get("schema", True), direction="request", name=parameter["name"])  # fmt: skip
            text = value if isinstance(value, str) else json.dumps(value)
            path = path.replace("{" + parameter["name"] + "}", quote(text, safe=""))
            if parameter["in"] == "query":
                query[parameter["name"]] = text
            elif parameter["in"] == "header":
                headers[parameter["name"]] = text
    body: dict[str, Any] = {}
    if "requestBody" in operation.content:
        content = document.resolve(operation.content["requestBody"])["content"]
        media_type, media = next(iter(content.items()))
        value = sample(document, media.get("schema", True), direction="request")
        if "form" in media_type:
            body["data"] = {key: each if isinstance(each, (str, list)) else json.dumps(each) for key, each in value.items()}  # fmt: skip
        else:
            body["content"] = json.dumps(value)
            headers["Content-Type"] = media_type
    return client.request(operation.method, path, params=query, headers=headers, **body)


def test_every_operation_of_a_public_contract_answers_as_it_says(public_contract: Any) -> None:
    document = load(public_contract.read_text("utf-8"))
    operations = list(document.operations())
    # What is deleted stays deleted, so that comes last, the innermost first.
    operations.sort(key=lambda each: (each.method == "delete", -each.path.count("/")))
    assert operations

    with serve(document) as service, httpx.Client(base_url=service.url, timeout=30) as client:
        for operation in operations:
            answer = call(document, operation, client)

            responses = operation.content["responses"]
            code = str(answer.status_code)
            key = next((each for each in (code, f"{code[0]}XX", "default") if each in responses), None)  # fmt: skip
            assert key is not None and answer.status_code < 400, f"{operation.name}: {answer.text}"
            response = document.resolve(responses[key])
            media = (response.get("content") or {}).get(answer.headers.get("Content-Type", ""), {})
            if "json" in answer.headers.get("Content-Type", "") and "schema" in media:
                faults = list(document.validator(media["schema"]).faults(answer.json()))
                assert not faults, f"{operation.name}: {faults}"


@pytest.mark.parametrize("examples", [15, pytest.param(200, marks=pytest.mark.weekly)])
def test_a_fuzzer_finds_no_answer_that_the_contract_does_not_describe(
    examples: int, rides: str, served: Served
) -> None:
    content = json.loads(json.dumps(load(rides).content))
    fuzzed = 0
    for operation in schemathesis.openapi.from_dict(content).get_all_operations():
        found = operation.ok()

        @seed(8)
        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )  # fmt: skip
        @given(case=found.as_strategy())
        def holds(case: Any) -> None:
            # A contract says that a key is wanted, not which keys are right.
            case.call_and_validate(
                base_url=served.url, headers=KEY, excluded_checks=[checks.ignored_auth]
            )

        holds()
        fuzzed += 1

    assert fuzzed == 8
