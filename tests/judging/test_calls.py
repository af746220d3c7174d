"""Requests are judged by what they bring about on the back end, in two worlds."""

from typing import Any

import pytest
import yaml

from ridealong.answer import Answer
from ridealong.judging import Worker
from ridealong.judging.kind import Known, Task
from ridealong.judging.kinds import KINDS
from ridealong.systems import calls as lab
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
ENTRY = {"judge": "calls", "calls": "first-ride"}
REFERENCE = """
- as: rider
  method: POST
  path: /v1/rides
  headers: {Idempotency-Key: my-first-ride}
  body: {pickup_location: "{pickup}", dropoff_location: "{dropoff}"}
- as: rider
  method: POST
  path: /v1/rides
  headers: {Idempotency-Key: my-first-ride}
  body: {pickup_location: "{pickup}", dropoff_location: "{dropoff}"}
  keep: {ride: /ride_id}
- as: rider
  method: GET
  path: /v1/rides/{ride}
"""
KEY = "  headers: {Idempotency-Key: my-first-ride}\n"
MISTAKES = {
    "no-key": REFERENCE.replace(KEY, ""),
    "asked-once": REFERENCE.replace(REFERENCE[: REFERENCE.index("- as", 2)], "\n"),
    "as-a-stranger": REFERENCE.replace("as: rider", "as: stranger"),
}


def verdict(text: str, **entry: Any) -> Verdict:
    task = Task("first-ride", {**ENTRY, **entry}, 7, 1)
    return YAML.judge(task, Answer("first_ride", "yaml", text), Worker())


@pytest.mark.parametrize(
    "written",
    [
        REFERENCE,
        REFERENCE.replace('"{pickup}"', "{pickup}"),  # YAML reads a mapping; what is meant is plain
        REFERENCE.replace("{ride: /ride_id}", "{there: Location}").replace(
            "/v1/rides/{ride}", "'{there}'"
        ),
        REFERENCE.replace("v1", "v2"),
        REFERENCE.replace("POST", "post"),
    ],
)
def test_right_requests_hold_however_they_are_written(written: str) -> None:
    seen = verdict(written)

    assert seen.passed, seen.message
    assert seen.message == "first-ride holds in both worlds: 3 requests, answered lost, 201, 200"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (KEY, "", "more than one new ride now, and two cars come"),
        ("{dropoff}", "{pickup}", "goes another way than"),
        ("as: rider", "as: stranger", "request 2: POST /v1/rides was answered 401 (No credentials"),
        ("as: rider", "as: ridr", 'nobody here is called `ridr`; did you mean "rider"?'),
        (
            "pickup_location",
            "pickup",
            "POST /v1/rides was answered 422 (body, /pickup_location: Field required",
        ),
        ("{ride}", "{rid}", "`{rid}` is neither given nor kept from an answer before; did you"),
        ("/ride_id", "/id", "was answered 201; there is no `/id` to keep in it"),
        ("{ride: /ride_id}", "ride_id", "`keep` is a mapping of names, as in `keep: {ride:"),
        (
            "/v1/rides/{ride}",
            "/v1/rides/{ride}x",
            "Your last request does not bring the rider this ride",
        ),
        ("path: /v1/rides/", "path: v1/rides/", "has to begin with a slash"),
        ("method: GET", "methode: GET", 'means nothing here; did you mean "method"?'),
        ("method: GET", "", "lacks its line `method`"),
        ("method: GET", "method: FETCH", "`FETCH` is no method"),
        (
            "- as: rider\n  method: GET",
            "- GET\n- as: rider\n  method: GET",
            "wanted lines such as `method: GET`",
        ),
        ("my-first-ride", "schlüssel-🚗", "cannot be sent"),
        ("/v1/rides/{ride}", "http://other.example/{ride}", "has to begin with a slash"),
        ("my-first-ride", "schlüssel", "header fields are plain ASCII, and there is a 'ü'"),
        ("/ride_id", "ride_id", "no `ride_id` to keep in it; did you mean `/ride_id`?"),
        ("my-first-ride", "", "more than one new ride now"),
        ('"{dropoff}"}', "MOON}", "was answered 422 (body, /dropoff_location: a code"),
        ("method: GET", "method: GET\n  as: driver", "`as` stands twice, again in line 15"),
        ("- as", "as", "no YAML"),
        (
            '{pickup_location: "{pickup}", dropoff_location: "{dropoff}"}',
            "'{}'",
            "request 1: `body` is a text, and the back end wants fields: leave out the quotes",
        ),
    ],
)
def test_what_goes_wrong_is_told_with_the_next_step(old: str, new: str, said: str) -> None:
    assert old in REFERENCE
    seen = verdict(REFERENCE.replace(old, new))

    assert not seen.passed
    assert said.lower() in seen.message.lower()


def test_a_name_alone_needs_no_quotes_in_a_path() -> None:
    kept = REFERENCE.replace("{ride: /ride_id}", "{there: Location}")

    assert verdict(kept.replace("/v1/rides/{ride}", "{there}")).passed


def test_a_number_that_was_copied_fails_in_the_other_world() -> None:
    seen = verdict(REFERENCE.replace("{ride}\n", "1000004\n"))

    assert not seen.passed
    assert seen.message.startswith("For another rider, elsewhere, your requests do not do it. They")
    assert "They hold `1000004`, which is right for the first rider only" in seen.message


def test_nothing_can_be_kept_from_an_answer_that_got_lost() -> None:
    text = REFERENCE.replace("  keep: {ride: /ride_id}\n", "").replace(
        "- as: rider\n", "- as: rider\n  keep: {ride: /ride_id}\n", 1
    )

    assert "its answer got lost, so nothing can be kept" in verdict(text).message


def test_a_refusal_that_got_lost_is_told_where_there_is_no_other() -> None:
    text = "- {as: rider, method: POST, path: /v1/rides, body: {pickup_location: HBV-DTN}}"
    said = verdict(text).message

    assert "Request 1: POST /v1/rides was answered 422 (body, /dropoff_location: Field" in said
    assert said.endswith("), which got lost on its way back.")


def test_a_request_that_holds_itself_is_told() -> None:
    text = "- &a {as: rider, method: POST, path: /v1/rides, body: {x: *a}}"

    assert verdict(text).message.startswith("A request holds itself")


@pytest.mark.parametrize("text", ["rider: GET", "[]", "5", "- 5"])
def test_another_thing_than_requests_is_told(text: str) -> None:
    seen = verdict(text)

    assert not seen.passed
    assert seen.share == 0


def test_known_mistakes_are_recognised_and_goals_earn_a_part() -> None:
    found = YAML.results(Known("first-ride", ENTRY, REFERENCE, {}, MISTAKES, 7))  # type: ignore[misc]
    told = [
        {"name": name, "message": f"This is {name}.", "results": marked}
        for name, marked in found["mistakes"].items()
    ]
    for name, text in MISTAKES.items():
        seen = verdict(text, mistakes=told)
        assert (seen.mistake, seen.message) == (name, f"This is {name}.")
    assert 0 < verdict(MISTAKES["no-key"]).share < 1
    assert verdict(MISTAKES["as-a-stranger"]).share == 0


def test_every_mutant_of_the_reference_is_refused() -> None:
    made = list(YAML.mutants(REFERENCE, ENTRY))
    passes = YAML.trial(Task("first-ride", ENTRY, 7, 1))  # type: ignore[misc]
    names = [each.change for each in made]

    assert passes(REFERENCE)
    assert len(made) > 40
    assert "request 1 without Idempotency-Key" in names
    assert "request 1 with HBV-DTN for pickup" in names
    assert [each.change for each in made if passes(each.text)] == []
    assert all(isinstance(yaml.safe_load(each.text), list) for each in made)


def test_an_unknown_scenario_is_told_to_its_author() -> None:
    (said,) = YAML.problems({"judge": "calls", "calls": "first-rid"})
    assert 'did you mean "first-ride"?' in said
    assert list(YAML.problems({"judge": "calls"})) == ["'calls' is missing"]


PAGES = """
- as: rider
  method: GET
  path: /v1/users/{rider_id}/rides
  query: {limit: 5}
  keep: {second: /next_cursor}
- as: rider
  method: GET
  path: /v1/users/{rider_id}/rides
  query: {limit: 5, cursor: "{second}"}
  keep: {third: /next_cursor}
- as: rider
  method: GET
  path: /v1/users/{rider_id}/rides
  query: {limit: 5, cursor: "{third}"}
"""


def walked(text: str) -> Verdict:
    entry = {"judge": "calls", "calls": "page-walk"}
    return YAML.judge(Task("page-walk", entry, 7, 1), Answer("page_walk", "yaml", text), Worker())


def test_a_walk_by_cursor_brings_every_ride_once() -> None:
    seen = walked(PAGES)

    assert seen.passed, seen.message
    assert seen.message.endswith("3 requests, answered 200, 200, 200")
    with_query = PAGES.replace(
        'rides\n  query: {limit: 5, cursor: "{third}"}', "rides?limit=5&cursor={third}"
    )
    assert walked(with_query).passed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (', cursor: "{third}"', "", "begins at the top of the history again"),
        ("{third}", "{second}", "A ride arrived twice"),
        ("limit: 5", "limit: 4", "A request is not for five rides"),
        ("{limit: 5}", "{limit: 500}", "answered 400"),
        ("{rider_id}", "123", "They hold `123`, which is right for the first rider only"),
        ("/rides\n", "\n", "no `/next_cursor` to keep in it"),
        ("{third}", "no-such-place", "brought no page of the rider's history"),
        ("as: rider", "as: stranger", "answered 401"),
    ],
)
def test_a_walk_that_loses_its_way_is_told(old: str, new: str, said: str) -> None:
    seen = walked(PAGES.replace(old, new))

    assert not seen.passed
    assert said in seen.message


def test_a_walk_that_stops_early_misses_rides() -> None:
    first_two = PAGES[: PAGES.rindex("- as")]

    assert "has not arrived" in walked(first_two).message


def test_copying_is_told_only_where_something_was_copied() -> None:
    scenario = lab.SCENARIOS["first-ride"]
    other, elsewhere = scenario.worlds
    with_copies = {
        REFERENCE: "",
        REFERENCE.replace('"{pickup}"', "HBV-DTN"): "HBV-DTN",
        REFERENCE.replace("my-first-ride", "ride-of-2026"): "",
        REFERENCE.replace("{ride}\n", "1000004?limit=5\n"): "1000004",
    }
    for text, copied in with_copies.items():
        requests = lab.read(yaml.safe_load(text), scenario)
        assert lab.copied(requests, lab.play(requests, scenario, other)) == copied
    assert other.values != elsewhere.values


def test_a_mistake_is_named_only_where_its_requests_were_sent() -> None:
    """Two posts, of which the first keeps from its lost answer, are not an app that asks once."""
    found = YAML.results(Known("first-ride", ENTRY, REFERENCE, {}, MISTAKES, 7))  # type: ignore[misc]
    told = [
        {"name": name, "message": f"This is {name}.", "results": marked}
        for name, marked in found["mistakes"].items()
    ]
    kept = REFERENCE.replace("- as: rider\n", "- as: rider\n  keep: {ride: /ride_id}\n", 1)
    seen = verdict(kept.replace("keep: {ride: /ride_id}\n- as", "query: {}\n- as"), mistakes=told)

    assert seen.mistake is None
    assert seen.message.startswith("Request 1: its answer got lost")


def test_a_query_hides_no_post_from_the_tunnel() -> None:
    text = REFERENCE.replace("path: /v1/rides\n", "path: /v1/rides?now=1\n", 1)

    assert "answered lost, 201, 200" in verdict(text).message


def test_null_is_not_sent_and_may_be_kept() -> None:
    first = PAGES.replace("{limit: 5}", "{limit: 5, cursor: null}")
    assert walked(first).passed
    assert walked(PAGES + "  keep: {fourth: /next_cursor}\n").passed
    more = PAGES + "  keep: {end: /next_cursor}\n" + PAGES[PAGES.rindex("- as") :]
    seen = walked(more[::-1].replace("}driht{", "}dne{", 1)[::-1])
    told = "request 4: `{end}` was kept from the answer to request 3, in which it is null"
    assert told in seen.message.lower()
    assert "look at what request 3 asks for, or leave request 4 out" in seen.message


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit: 5, fields: ride_id,status", "`status` became a parameter of its own"),
        ("limit: 5, fields: [ride_id, status]", "`fields` in `query` is no text: write one text"),
        ("limit: {five: 5}", "`limit` in `query` is no text"),
    ],
)
def test_a_parameter_that_yaml_takes_apart_is_told(query: str, said: str) -> None:
    assert said in walked(PAGES.replace("limit: 5", query, 1)).message


def test_pages_without_numbers_are_no_pages() -> None:
    seen = walked(PAGES.replace("limit: 5", "limit: 5, fields: status"))

    assert "brought no page of the rider's history" in seen.message
