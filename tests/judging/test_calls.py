"""Requests are judged by what they bring about on the back end, in two worlds."""

from typing import Any

import pytest
import yaml

from ridealong.answer import Answer
from ridealong.judging import Worker
from ridealong.judging.kind import Known, Task
from ridealong.judging.kinds import KINDS
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
        ("pickup_location", "pickup", "POST /v1/rides was answered 422 (The body breaks a rule"),
        ("{ride}", "{rid}", "`{rid}` is neither given nor kept from an answer before; did you"),
        ("/ride_id", "/id", "was answered 201; there is no `/id` to keep in it"),
        ("{ride: /ride_id}", "ride_id", "`keep` is a mapping of names, as in `keep: {ride:"),
        ("/v1/rides/{ride}", "/v1/rides/{ride}x", "The last request is not a `GET`"),
        ("path: /v1/rides/", "path: v1/rides/", "begins with a slash"),
        ("method: GET", "methode: GET", 'means nothing here; did you mean "method"?'),
        ("method: GET", "", "lacks its line `method`"),
        ("method: GET", "method: FETCH", "`FETCH` is no method"),
        (
            "- as: rider\n  method: GET",
            "- GET\n- as: rider\n  method: GET",
            "wanted lines such as `method: GET`",
        ),
        ("my-first-ride", "schlüssel-🚗", "cannot be sent"),
        ("/v1/rides/{ride}", "http://other.example/{ride}", "begins with a slash"),
        ("- as", "as", "no YAML"),
    ],
)
def test_what_goes_wrong_is_told_with_the_next_step(old: str, new: str, said: str) -> None:
    assert old in REFERENCE
    seen = verdict(REFERENCE.replace(old, new))

    assert not seen.passed
    assert said.lower() in seen.message.lower()


def test_a_number_that_was_copied_fails_in_the_other_world() -> None:
    seen = verdict(REFERENCE.replace("{ride}\n", "1000004\n"))

    assert not seen.passed
    assert seen.message.startswith("In another world, with another rider")


def test_nothing_can_be_kept_from_an_answer_that_got_lost() -> None:
    text = REFERENCE.replace("  keep: {ride: /ride_id}\n", "").replace(
        "- as: rider\n", "- as: rider\n  keep: {ride: /ride_id}\n", 1
    )

    assert "its answer got lost, so nothing can be kept" in verdict(text).message


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
