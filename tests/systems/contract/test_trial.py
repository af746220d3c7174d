"""A contract is tried against the running back end and against broken ones."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ridealong.service import Service, ServiceError, Settings
from ridealong.service.app import create_app
from ridealong.systems.contract import exchanges as exchanges_module
from ridealong.systems.contract.document import Document, load
from ridealong.systems.contract.exchanges import (
    OPERATIONS,
    READ,
    READ_EVERYWHERE,
    Exchange,
    record,
    recorded,
)
from ridealong.systems.contract.trial import Breakage, Names, Trial, breakages, said, tried

EVERYTHING = [[name] for name in OPERATIONS]
SCHEMAS = """\
openapi: 3.1.0
info: {{title: One, version: '1'}}
paths: {{}}
components: {{schemas: {{One: {}}}}}
"""


@pytest.fixture(scope="module")
def exchanges() -> tuple[Exchange, ...]:
    return recorded()


@pytest.fixture(scope="module")
def own_document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The OpenAPI document of the service itself, of version 1."""
    folder = tmp_path_factory.mktemp("service")
    document = create_app(Settings(database=f"sqlite:///{folder / 'own.db'}")).openapi()
    paths = {path: item for path, item in document["paths"].items() if path.startswith("/v1/")}
    return {**document, "paths": paths}


def of(document: object) -> Document:
    return load(json.dumps(document))


def test_the_service_keeps_to_its_own_document(
    own_document: dict[str, object], exchanges: tuple[Exchange, ...]
) -> None:
    trial = tried(of(own_document), exchanges, EVERYTHING, Names({}, {}))

    assert trial.missing == {}
    assert [str(each) for each in trial.deviations] == []


def test_what_an_operation_reads_is_what_the_service_says(own_document: dict[str, object]) -> None:
    operations = {
        f"{each.method.upper()} {each.path}": each for each in of(own_document).operations()
    }
    for name, (method, path) in OPERATIONS.items():
        own = operations.pop(f"{method} /v1{path}")
        read = {(p["in"], p["name"].lower()) for p in own.parameters if p["in"] != "path"}
        assert READ.get(name, frozenset()) == read, name
        assert not read & READ_EVERYWHERE
    assert operations == {}


def test_there_are_more_than_25_broken_services_and_each_is_another(
    exchanges: tuple[Exchange, ...],
) -> None:
    changed = {}
    for name, breakage in breakages().items():
        touched = [each for each in exchanges if breakage.touches(each)]
        assert touched, f"{name} touches no exchange"
        after = [breakage.applied(each, exchanges) for each in touched]
        for before, broken in zip(touched, after, strict=True):
            assert broken != before, f"{name} changes nothing at {before.step}"
        changed[name] = repr([(e.step, e.status, e.headers, e.body) for e in after])
    assert len(changed) > 25
    assert len(set(changed.values())) == len(changed)


def test_every_step_of_a_breakage_is_one_of_the_round(exchanges: tuple[Exchange, ...]) -> None:
    steps = {each.step for each in exchanges}
    for name, breakage in breakages().items():
        for step in breakage.steps:
            assert step in steps or "*" in step, f"{name}: no step {step}"


def test_the_round_is_the_same_each_time(exchanges: tuple[Exchange, ...]) -> None:
    again = record()

    assert [(e.step, e.status) for e in again] == [(e.step, e.status) for e in exchanges]
    assert {e.caller for e in again} >= {"rider", "other rider", "driver", "stranger", "runaway"}


def test_a_round_that_failed_is_recorded_anew_the_next_time(
    exchanges: tuple[Exchange, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> tuple[Exchange, ...]:
        raise ServiceError("no port is free")

    exchanges_module._begun.cache_clear()
    monkeypatch.setattr(exchanges_module, "record", fails)
    with pytest.raises(ServiceError, match="no port is free"):
        recorded()
    monkeypatch.setattr(exchanges_module, "record", lambda: exchanges)

    assert recorded() is exchanges
    assert recorded() is exchanges


@pytest.mark.parametrize("in_jupyter", [True, False])
def test_a_round_that_takes_long_shows_in_jupyter_that_something_goes_on(
    exchanges: tuple[Exchange, ...], monkeypatch: pytest.MonkeyPatch, in_jupyter: bool
) -> None:
    shown: list[str] = []
    go_on = threading.Event()

    @contextmanager
    def bar(*, hidden: bool) -> Iterator[Callable[[int, int, str], None]]:
        go_on.set()
        yield lambda done, total, what: None if hidden else shown.append(what)

    def slow() -> tuple[Exchange, ...]:
        assert go_on.wait(10)
        return exchanges

    monkeypatch.setattr(exchanges_module, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(exchanges_module, "progress_bar", bar)
    monkeypatch.setattr(exchanges_module, "record", slow)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    if in_jupyter:
        monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")
    exchanges_module._begun.cache_clear()

    assert recorded() is exchanges
    assert shown == ["Asking the back end what it answers"] * in_jupyter


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        yield from _texts([*node, *node.values()])
    elif isinstance(node, list | tuple):
        for each in node:
            yield from _texts(each)


@pytest.mark.parametrize(
    "name",
    ["date", "date-time", "time", "duration", "uuid", "uri", "uri-reference", "ipv4", "ipv6", "regex",
     "hostname", "json-pointer", "int32", "int64", "double", "password"],
)  # fmt: skip
def test_each_text_of_the_round_has_a_format_or_not_whoever_is_asked(
    exchanges: tuple[Exchange, ...], name: str
) -> None:
    document = load(SCHEMAS.format(f"{{type: string, format: {name}}}"))
    (schema,) = document.content["components"]["schemas"].values()
    validator = document.validator(schema)
    texts = set(_texts([[e.values, e.query, e.sent, e.headers, e.body] for e in exchanges]))

    assert len(texts) > 300
    assert [t for t in texts if document.fits(schema, t) != validator.is_valid(t)] == []


def test_what_a_breakage_says_is_what_a_broken_service_answers(
    exchanges: tuple[Exchange, ...],
) -> None:
    """The same change made by a proxy in front of the running service gives the same answers."""
    names = ["status-missing", "driver-address-leaks", "ride-for-strangers", "missing-ride-as-500"]
    with Service(Settings(requests_per_second=1_000, burst=1_000)) as company:
        rider, stranger = company.client(rider=123), company.client()
        ride = rider.post("/v1/rides", json=_sent(exchanges, "ask")).json()["ride_id"]
        calls = {
            "read": lambda: rider.get(f"/v1/rides/{ride}"),
            "read-as-stranger": lambda: stranger.get(f"/v1/rides/{ride}"),
            "read-nothing": lambda: rider.get("/v1/rides/999999999"),
        }
        for name in names:
            for step, call in calls.items():
                expected = next(each for each in exchanges if each.step == step)
                if not breakages()[name].touches(expected):
                    continue
                seen = _through(breakages()[name], expected, exchanges, call())
                told = breakages()[name].applied(expected, exchanges)
                assert seen.status_code == told.status
                assert _names(seen.json()) == _names(told.body)


def _sent(exchanges: tuple[Exchange, ...], step: str) -> object:
    return next(each.sent for each in exchanges if each.step == step)


def _through(
    breakage: Breakage, like: Exchange, exchanges: tuple[Exchange, ...], answer: httpx.Response
) -> httpx.Response:
    live = replace(like, status=answer.status_code, body=answer.json())
    broken = breakage.applied(live, exchanges)
    return httpx.Response(broken.status, json=broken.body)


def _names(body: object) -> object:
    if isinstance(body, dict):
        return {name: _names(each) for name, each in body.items()}
    return type(body).__name__


CONTRACT = (Path(__file__).parents[2] / "judging/contracts/four_operations.yaml").read_text("utf-8")
FOUR = [["create_ride"], ["read_ride"], ["change_ride"], ["list_rides"]]
LEFT_OUT = frozenset({"read-unchanged", "change-with-an-old-tag"})


@pytest.fixture
def changed(exchanges: tuple[Exchange, ...]) -> Callable[[str, str], Trial]:
    def trial_of(old: str, new: str) -> Trial:
        text = CONTRACT.replace(old, new)
        assert text != CONTRACT
        return tried(load(text), exchanges, FOUR, Names({}, {}), LEFT_OUT)

    return trial_of


def test_a_right_contract_passes(exchanges: tuple[Exchange, ...]) -> None:
    trial = tried(load(CONTRACT), exchanges, FOUR, Names({}, {}), LEFT_OUT)

    assert trial.passed, (trial.deviations, trial.overlooked)
    assert len(trial.noticed) > 50


@pytest.mark.parametrize(
    ("old", "new", "name", "where"),
    [
        ("required: [pickup_location, dropoff_location]", "required: [pickup_location]",
         "ride-without-dropoff", "POST /rides"),
        ("minimum: 1, maximum: 100", "minimum: 1", "page-without-end", "GET /users/{user_id}/rides"),
        ("Retry-After: {required: true,", "Retry-After: {", "no-retry-after", "PATCH /rides/{ride_id}"),
        ("        '409': {$ref", "        '4XX': {$ref", "illegal-as-400", "PATCH /rides/{ride_id}"),
        ("security:\n  - bearer: []\n", "", "ride-for-strangers", "GET /rides/{ride_id}"),
        ("required: [first_name, car]\n              additionalProperties: false",
         "required: [first_name, car]", "driver-address-leaks", "GET /rides/{ride_id}"),
    ],
)  # fmt: skip
def test_what_a_contract_leaves_open_is_overlooked(
    changed: Callable[[str, str], Trial], old: str, new: str, name: str, where: str
) -> None:
    trial = changed(old, new)

    assert trial.deviations == []
    assert where in map(str, trial.overlooked[name])


RIDE_WITH = "        ride_id: {type: integer}\n        user_id"
BODY_WITH = "        quote_id: {type: string}\n"


@pytest.mark.parametrize(
    ("old", "new", "name", "where"),
    [
        ("'401': {$ref: '#/components/responses/Error'}", "'401': {description: Who are you?}",
         "error-without-detail", "GET /rides/{ride_id}, answer 401"),
        ("'422': {$ref: '#/components/responses/Error'}", "'422': {description: No.}",
         "error-as-page", "POST /rides, answer 422"),
        ("    TooMany:\n      description: Too many requests.\n", ("    TooMany:\n      description: No.\n"
         "      headers:\n        Retry-After: {required: true, schema: {type: integer}}\n    Other:\n"
         "      description: No.\n"), "limit-without-reason", "POST /rides"),
        ("pickup_location: {type: string}\n        dropoff_location: {type: string}\n        requested",
         "pickup_location: {}\n        dropoff_location: {}\n        requested",
         "ride-end-as-number", "GET /rides/{ride_id}"),
        ("{type: string, format: date-time}", "{format: date-time}", "time-as-number",
         "GET /rides/{ride_id}"),
        ("dropoff_location: {type: string}\n        quote_id", "dropoff_location: {}\n        quote_id",
         "number-as-end", "POST /rides"),
        ("cancelled]}\n        pickup", "cancelled, no_show]}\n        pickup", "unknown-status",
         "GET /rides/{ride_id}, as with no_show"),
        ("cancelled]}\n                dropoff", "cancelled, late]}\n                dropoff",
         "state-that-does-not-exist", "PATCH /rides/{ride_id}, as with late"),
        ("enum: [accepted, in_progress", "enum: [requested, accepted, in_progress",
         "change-to-requested", "PATCH /rides/{ride_id}"),
        (RIDE_WITH, f"        rating: {{type: number}}\n{RIDE_WITH}", "ride-tells-more",
         "GET /rides/{ride_id}, as with rating"),
        (BODY_WITH, f"{BODY_WITH}        car: {{enum: [small, large]}}\n", "ride-with-more",
         "POST /rides, as with car"),
        ("next_cursor: {type: [string, 'null']}", ("next_cursor: {type: [string, 'null']}\n"
         "                  total: {type: integer}"), "history-has-more",
         "GET /users/{user_id}/rides, as with total"),
        ("maximum: 100}", "maximum: 101}", "page-one-too-long", "GET /users/{user_id}/rides"),
        ("        application/json:\n          schema: {$ref: '#/components/schemas/Ride'}\n",
         "        '*/*':\n          schema: {$ref: '#/components/schemas/Ride'}\n", "success-as-text",
         "GET /rides/{ride_id}"),
        ("        application/problem+json:", "        'application/*':", "refusal-as-plain-json",
         "PATCH /rides/{ride_id}"),
        ("{type: integer, minimum: 1, maximum: 100}", "{type: number, minimum: 1, maximum: 100}",
         "page-of-one-and-a-half", "GET /users/{user_id}/rides"),
        ("name: user_id, in: path, required: true, schema: {type: integer}",
         "name: user_id, in: path, required: true, schema: {type: number}",
         "number-and-a-half", "GET /users/{user_id}/rides"),
        ("{type: string, format: date-time}", "{type: [string, 'null'], format: date-time}",
         "ride-with-null", "GET /rides/{ride_id}, as with requested_at"),
        ("ride_id: {type: integer}\n        user", "ride_id: {type: number}\n        user",
         "number-with-a-fraction", "POST /rides"),
        ("ride_id: {type: integer}\n        user", "ride_id: {type: number}\n        user",
         "history-number-with-a-fraction", "GET /users/{user_id}/rides"),
        ("rides:\n                    type: array", "rides:\n                    type: [array, 'null']",
         "page-with-null", "GET /users/{user_id}/rides, as with rides"),
        ("car: {type: string}", "car: {type: [string, 'null']}", "driver-with-null",
         "GET /rides/{ride_id}, as with car"),
        ("quote_id: {type: string}", "quote_id: {type: [string, 'null']}", "null-as-quote",
         "POST /rides"),
        ("pickup_location: {type: string}\n        dropoff_location: {type: string}\n        quote",
         "pickup_location: {type: [string, 'null']}\n        dropoff_location: {type: string}\n        quote",
         "null-as-pickup", "POST /rides"),
        ("dropoff_location: {type: string}\n        quote",
         "dropoff_location: {type: [string, 'null']}\n        quote", "null-as-dropoff", "POST /rides"),
        ("                dropoff_location: {type: string}",
         "                dropoff_location: {type: [string, 'null']}", "change-way-to-null",
         "PATCH /rides/{ride_id}"),
        ("status: {enum: [accepted,", "status: {enum: [null, accepted,", "change-status-to-null",
         "PATCH /rides/{ride_id}"),
        ("detail: {type: string}", "detail: {type: [string, 'null']}", "refusal-with-null",
         "GET /rides/{ride_id}, as with detail"),
        ("status: {type: integer}", "status: {type: number}", "refusal-status-with-a-fraction",
         "PATCH /rides/{ride_id}"),
        ("Retry-After: {required: true, schema: {type: integer}}",
         "Retry-After: {required: true, schema: {type: number}}", "wait-with-a-fraction",
         "POST /rides"),
    ],
)  # fmt: skip
def test_what_is_open_at_one_answer_word_or_field_is_overlooked(
    changed: Callable[[str, str], Trial], old: str, new: str, name: str, where: str
) -> None:
    trial = changed(old, new)

    assert trial.deviations == []
    assert where in map(str, trial.overlooked[name])


@pytest.mark.parametrize("code", ["200", "400", "409", "503", "4XX", "default"])
def test_a_code_that_is_not_asked_for_hides_a_broken_service(
    exchanges: tuple[Exchange, ...], code: str
) -> None:
    more = f"        '403': {{$ref: '#/components/responses/Error'}}\n        '{code}': {{description: x}}\n"
    text = CONTRACT.replace("        '403': {$ref: '#/components/responses/Error'}\n", more)
    seen = tried(load(text), exchanges, FOUR, Names({}, {}), LEFT_OUT, only_these=True)
    name = f"another-{code}"
    allowed = LEFT_OUT | {name}

    assert [str(each) for each in seen.overlooked[name]] == ["POST /rides"]
    assert code in said(name)
    assert name not in tried(load(text), exchanges, FOUR, Names({}, {}), LEFT_OUT).overlooked
    assert (
        name
        not in tried(
            load(text), exchanges, FOUR, Names({}, {}), allowed, only_these=True
        ).overlooked
    )


def test_codes_of_steps_that_are_left_out_may_be_described(
    exchanges: tuple[Exchange, ...],
) -> None:
    text = CONTRACT.replace(
        "        '409': {$ref",
        "        '412': {$ref: '#/components/responses/Error'}\n        '409': {$ref",
    )

    assert tried(load(text), exchanges, FOUR, Names({}, {}), LEFT_OUT, only_these=True).passed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("        '201':\n", "        '200':\n", "it answers 201 to a rider"),
        ("ride_id: {type: integer}\n        user_id", "ride_id: {type: string}\n        user_id",
         "is not of type 'string'"),
        ("{type: http, scheme: bearer}", "{type: http, scheme: basic}", "callers send a bearer token"),
        ("        - {name: cursor, in: query, schema: {type: string}}\n", "",
         "a request with the parameter cursor in its query gets 200"),
        ("name: cursor, in: query", "name: cursor, in: header", "in the contract it stands in: header"),
        ("name: Idempotency-Key, in: header", "name: Idempotency-Key, in: query",
         "in the contract it stands in: query"),
        ("in: header, schema: {type: string}", "in: header, schema: {type: string, format: uuid}",
         "does not allow this value of Idempotency-Key"),
        ("{name: limit, in: query,", "{name: limit, in: query, required: true,",
         "a request without limit gets 200"),
        ("          application/json:\n            schema: {$ref: '#/components/schemas/NewRide'}",
         "          text/xml:\n            schema: {$ref: '#/components/schemas/NewRide'}",
         "a body as application/json gets 201; the contract says text/xml"),
        ("      summary: See a ride\n", "      requestBody: {content: {text/plain: {}}}\n",
         "a request without a body gets 200, and none is read"),
        ("application/problem+json", "application/json", "comes as application/problem+json"),
        ("              minProperties: 1\n",
         "              oneOf: [{required: [status]}, {required: [dropoff_location]}]\n",
         "a body with status, dropoff_location gets 200"),
        ("              minProperties: 1\n", "              minProperties: 1\n              maxProperties: 1\n",
         "a body with status, dropoff_location gets 200"),
        ("        - {name: cursor, in: query, schema: {type: string}}\n",
         ("        - {name: cursor, in: query, schema: {type: string}}\n"
          "        - {name: status, in: query, schema: {type: string}}\n"),
         "the service does not read `status` in the query; the contract promises that it means something: leave"),
        ("      summary: See a ride\n",
         "      parameters: [{name: if-none-match, in: query, schema: {type: string}}]\n",
         "it reads it in the header: write `in: header`"),
        ("  /rides:\n", "  /rides:\n    get: {responses: {'200': {description: All.}}}\n",
         "GET /rides: the service has no such operation; the contract promises an answer: leave the operation out"),
        ("  /rides:\n", "  /trips:\n    get: {responses: {'200': {description: All.}}}\n  /rides:\n",
         "GET /trips: the service has no such operation"),
    ],
)  # fmt: skip
def test_what_does_not_describe_the_service_is_told(
    changed: Callable[[str, str], Trial], old: str, new: str, said: str
) -> None:
    trial = changed(old, new)

    assert any(said in str(each) for each in trial.deviations), trial.deviations


VIEWS = {
    "oneOf": [
        {"properties": {"state": {"enum": ["open"]}, "fare": {"type": "null"}}},
        {"properties": {"state": {"enum": ["over"]}, "fare": {"type": "number"}}},
    ]
}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"state": "over", "fare": None}, ".fare: None is not of type 'number'"),
        ({"state": "open", "fare": 3}, ".fare: 3 is not of type 'null'"),
        ({"state": "gone", "fare": 3}, ".state: 'gone' is not one of ['over']"),
        ({"state": "gone"}, "{'state': 'gone'} is not valid under any of the given schemas"),
    ],
)
def test_what_fits_no_view_is_told_by_the_view_that_was_meant(value: object, said: str) -> None:
    assert list(load(CONTRACT).validator(VIEWS).faults(value)) == [said]


KEYS = "    bearer: {type: http, scheme: bearer}\n    key: {type: apiKey, in: header, name: X-API-Key}\n"


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ("  - bearer: []\n    key: []\n", "asks for a bearer token and an API key"),
        ("  - key: []\n", "asks for an API key"),
        ("  - key: []\n  - bearer: []\n", ""),
    ],
)
def test_each_entry_of_security_asks_for_all_of_its_schemes(
    exchanges: tuple[Exchange, ...], entries: str, told: str
) -> None:
    text = CONTRACT.replace("    bearer: {type: http, scheme: bearer}\n", KEYS).replace(
        "security:\n  - bearer: []\n", f"security:\n{entries}"
    )
    trial = tried(load(text), exchanges, FOUR, Names({}, {}), LEFT_OUT)

    assert bool(trial.deviations) == bool(told)
    assert all(str(each).endswith(told) for each in trial.deviations)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("      summary: See a ride\n",
         "      parameters: [{name: fields, in: query, schema: {type: string}}]\n"),
        ("      summary: Change a ride\n",
         ("      parameters: [{name: If-Match, in: header, schema: {type: string}},"
          " {name: X-Request-ID, in: header, schema: {type: string}},"
          " {name: Accept, in: header, schema: {type: string}}]\n")),
        ("  /rides:\n", ("  /v1/rides/{id}/accept:\n    parameters: [{name: id, in: path, required: true,"
         " schema: {}}]\n    post: {responses: {'200': {description: Yes.}}}\n  /rides:\n")),
        ("  /rides:\n", "  /rides/any:\n    options: {responses: {'204': {description: Yes.}}}\n  /rides:\n"),
    ],
)  # fmt: skip
def test_what_the_service_has_beside_what_is_asked_may_be_described(
    changed: Callable[[str, str], Trial], old: str, new: str
) -> None:
    assert changed(old, new).passed


def test_a_driver_is_asked_for_a_ride_under_way(exchanges: tuple[Exchange, ...]) -> None:
    read = {e.step: e for e in exchanges if e.operation == "read_ride" and e.caller == "driver"}

    assert [each.body["status"] for each in read.values()] == ["accepted", "in_progress"]
    assert read["read-on-the-way-as-driver"].status == 200


def test_the_round_gets_the_codes_that_its_steps_ask_for(exchanges: tuple[Exchange, ...]) -> None:
    seen = {each.step: each.status for each in exchanges}

    assert seen["change-both"] == 200
    assert {seen[name] for name in ("list-a-half", "read-a-half", "list-of-a-half")} == {400}
    assert {code for step, code in seen.items() if "null" in step} == {422}
    assert {s.startswith("run-away") for s, code in seen.items() if code == 429} == {True}


def test_a_field_that_comes_as_null_is_named_in_the_words_of_the_learner(
    exchanges: tuple[Exchange, ...],
) -> None:
    text = CONTRACT.replace(
        "requested_at: {type: string,", "asked_at: {type: [string, 'null'],"
    ).replace("requested_at", "asked_at")
    seen = tried(load(text), exchanges, FOUR, Names.of({"requested_at": "asked_at"}), LEFT_OUT)

    assert [*map(str, seen.overlooked["ride-with-null"])] == [
        "GET /rides/{ride_id}, as with asked_at"
    ]


def test_counts_are_asked_for_with_a_token_and_with_a_key(exchanges: tuple[Exchange, ...]) -> None:
    counts = [each for each in exchanges if each.operation == "count_available_drivers"]

    assert {each.caller for each in counts if each.is_success} == {"partner", "driver"}


def test_names_and_paths_may_be_ones_own(exchanges: tuple[Exchange, ...]) -> None:
    text = (
        CONTRACT.replace("/users/{user_id}/rides", "/v3/riders/{rider}/trips")
        .replace("name: user_id", "name: rider")
        .replace("pickup_location", "from")
        .replace("next_cursor", "next")
    )
    own = {
        "/users/{user_id}/rides": "/riders/{rider}/trips",
        "pickup_location": "from",
        "next_cursor": "next",
    }

    assert tried(load(text), exchanges, FOUR, Names.of(own), LEFT_OUT).passed
    assert tried(load(text), exchanges, FOUR, Names({}, {}), LEFT_OUT).missing == {"list_rides": []}
