"""A contract is tried against the running back end and against broken ones."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ridealong.service import Service, Settings
from ridealong.service.app import create_app
from ridealong.systems.contract.document import Document, load
from ridealong.systems.contract.exchanges import OPERATIONS, Exchange, recorded
from ridealong.systems.contract.trial import Breakage, Names, Trial, breakages, tried

EVERYTHING = [[name] for name in OPERATIONS]


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

    assert trial.missing == []
    assert [str(each) for each in trial.deviations] == []


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
    recorded.cache_clear()
    again = recorded()

    assert [(e.step, e.status) for e in again] == [(e.step, e.status) for e in exchanges]
    assert {e.caller for e in again} >= {"rider", "other rider", "driver", "stranger", "runaway"}


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
    assert where in trial.overlooked[name]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("        '201':\n", "        '200':\n", "it answers 201 to a rider"),
        ("ride_id: {type: integer}\n        user_id", "ride_id: {type: string}\n        user_id",
         "is not of type 'string'"),
        ("{type: http, scheme: bearer}", "{type: http, scheme: basic}", "callers send a bearer token"),
        ("        - {name: cursor, in: query, schema: {type: string}}\n", "",
         "a request with the parameter cursor gets 200"),
        ("application/problem+json", "application/json", "comes as application/problem+json"),
    ],
)  # fmt: skip
def test_what_does_not_describe_the_service_is_told(
    changed: Callable[[str, str], Trial], old: str, new: str, said: str
) -> None:
    trial = changed(old, new)

    assert any(said in str(each) for each in trial.deviations), trial.deviations


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
    assert tried(load(text), exchanges, FOUR, Names({}, {}), LEFT_OUT).missing == ["list_rides"]
