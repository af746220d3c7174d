"""One screen of trips, opened three times: what it has to show, and what it may cost."""

from typing import Any

import pytest
import yaml

from ridealong.judging import calls as judge
from ridealong.systems.calls import SCENARIOS, judged, read

FIELDS = "ride_id,status,dropoff_location,requested_at,fare"
ENTRY = {"calls": "one-screen"}


def opening(*, tag: str = "", keep: str = "", version: str = "v1", **query: Any) -> dict[str, Any]:
    """One request for the list."""
    asked = {"limit": 10, "include": "payments", "fields": FIELDS, **query}
    request: dict[str, Any] = {
        "as": "rider",
        "method": "GET",
        "path": f"/{version}/users/{{rider_id}}/rides",
        "query": {name: value for name, value in asked.items() if value is not None},
    }
    if tag:
        request["headers"] = {"If-None-Match": f"{{{tag}}}"}
    if keep:
        request["keep"] = {keep: "ETag"}
    return request


def three(**query: Any) -> list[dict[str, Any]]:
    """The three openings, each with the newest tag."""
    return [
        opening(keep="tag", **query),
        opening(tag="tag", keep="tag", **query),
        opening(tag="tag", **query),
    ]


def missed(requests: list[dict[str, Any]]) -> dict[str, Any]:
    return judge.marks(yaml.safe_dump(requests), ENTRY)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_newest_tag_each_time_holds_in_both_worlds(version: str) -> None:
    requests = three(version=version)
    scenario = SCENARIOS["one-screen"]

    assert missed(requests) == {}
    seen = [
        [call.status for call in judged(read(requests, scenario), scenario, world)[0].calls]
        for world in scenario.worlds
    ]
    assert seen == [[200, 304, 200], [200, 200, 304]], "the payment comes at two moments"


@pytest.mark.parametrize(
    ("requests", "goal"),
    [
        (three(limit=11), "ten-trips"),
        (three(limit=9), "ten-trips"),
        (three(limit=None), "ten-trips"),
        (three(include=None), "which-are-paid"),
        (three(fields="ride_id,status,requested_at,fare"), "what-it-shows"),
        (three(fields=None), "most-bytes"),
        (three()[:2], "three-openings"),
        ([opening(), opening(), opening()], "not-sent-again"),
        ([opening(keep="one"), opening(tag="one"), opening(tag="one")], "not-sent-again"),
        ([*three(), opening()], "most-requests"),
        ([{"as": "rider", "method": "GET", "path": "/v1/rides/15468"}], "ten-trips"),
    ],
)
def test_what_is_missing_is_named(requests: list[dict[str, Any]], goal: str) -> None:
    assert missed(requests)["goals"][0] == goal


def test_budget_of_bytes_is_told_with_what_was_measured() -> None:
    seen = judge.judged("one-screen", ENTRY, yaml.safe_dump(three(fields=None)))

    assert not seen.passed and seen.share > 0.5
    assert "8,000 is the most" in seen.message and "11," in seen.message


def test_first_tag_for_ever_fails_where_the_payment_comes_early() -> None:
    requests = [opening(keep="one"), opening(tag="one"), opening(tag="one")]

    assert missed(requests)["world"] == "hidden"


def test_parameters_in_the_path_and_under_query_are_both_sent() -> None:
    requests = three(limit=None)
    for each in requests:
        each["path"] += "?limit=10"

    assert missed(requests) == {}


def test_a_parameter_that_is_refused_is_told_with_what_is_wanted() -> None:
    assert "400 (query, /include: " in missed(three(include="payment"))["trouble"]


@pytest.mark.parametrize("header", ["If-None-Match", "if-match"])
def test_a_tag_without_its_braces_is_told(header: str) -> None:
    requests = three()
    requests[1]["headers"] = {header: "tag"}

    assert f'{header}: "{{tag}}"' in missed(requests)["trouble"]
    requests[1]["headers"] = {header: "another"}
    assert missed(requests)["goals"]
    requests[1]["headers"] = {header: ["tag"]}
    assert missed(requests)["goals"]


def test_what_a_trip_lacks_is_looked_for_among_the_fields() -> None:
    seen = judge.judged("one-screen", ENTRY, yaml.safe_dump(three(fields="ride_id,fare")))

    assert "lacks one of `ride_id`, `status`" in seen.message


def test_every_mutant_is_refused() -> None:
    found = list(judge.mutants(yaml.safe_dump(three()), ENTRY))

    assert len(found) >= 40
    assert [each.change for each in found if not judge.marks(each.text, ENTRY)] == []
