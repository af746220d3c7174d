"""A contract as an answer: its verdict, its known mistakes, its mutants."""

from pathlib import Path
from typing import Any

import pytest

from ridealong.answer import Answer
from ridealong.judging import Worker
from ridealong.judging.kind import Known, KnownWrong, Task
from ridealong.judging.kinds import KINDS
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
REFERENCE = (Path(__file__).parent / "contracts/four_operations.yaml").read_text("utf-8")
ENTRY = {
    "judge": "contract",
    "operations": [["create_ride"], ["read_ride"], ["change_ride"], ["list_rides"]],
    "left_out": ["read-unchanged", "change-with-an-old-tag"],
}
MISTAKES = {
    "dropoff-optional": REFERENCE.replace(
        "required: [pickup_location, dropoff_location]", "required: [pickup_location]"
    ),
    "history-open": REFERENCE.replace("minimum: 1, maximum: 100", "minimum: 1"),
    "created-as-200": REFERENCE.replace("'201':", "'200':", 1),
    "no-history": REFERENCE.replace("/users/{user_id}/rides:", "/people/{user_id}/rides:"),
}


def verdict(text: str, **entry: Any) -> Verdict:
    task = Task("ride-contract", {**ENTRY, **entry}, 7, 1)
    return YAML.judge(task, Answer("ride_contract", "yaml", text), Worker())


def test_a_right_contract_holds_and_says_what_it_notices() -> None:
    seen = verdict(REFERENCE)

    assert seen.passed
    assert "describes what the service answers" in seen.message
    assert all(each.held for each in seen.properties)
    assert len(seen.properties) > 50


def test_known_mistakes_are_recognised_by_what_they_overlook() -> None:
    known = Known("ride-contract", ENTRY, REFERENCE, {}, MISTAKES, 7)
    results = YAML.results(known)  # type: ignore[misc]
    told = [
        {"name": name, "message": f"This is {name}.", "results": found}
        for name, found in results["mistakes"].items()
    ]

    for name, text in MISTAKES.items():
        seen = verdict(text, mistakes=told)
        assert (seen.mistake, seen.message) == (name, f"This is {name}.")


def test_an_alternative_that_fails_is_told_to_its_author() -> None:
    known = Known("ride-contract", ENTRY, REFERENCE, {"other": MISTAKES["history-open"]}, {}, 7)

    with pytest.raises(KnownWrong, match="alternative 'other' does not hold"):
        YAML.results(known)  # type: ignore[misc]


def test_a_contract_that_overlooks_little_earns_a_part() -> None:
    seen = verdict(MISTAKES["history-open"])

    assert not seen.passed
    assert "at GET /users/{user_id}/rides: A page of 1,000 rides is taken" in seen.message
    assert 0.9 < seen.share < 1
    assert verdict(MISTAKES["created-as-200"]).share == 0
    assert verdict(MISTAKES["no-history"]).share == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("responses:", "reponses:", "responses"),
        ("openapi: 3.1.0", "openapi: 3.1", "3.1.0"),
        ("  /rides:", "\t/rides:", "line 6"),
    ],
)
def test_what_is_no_contract_is_told_by_its_line(old: str, new: str, said: str) -> None:
    seen = verdict(REFERENCE.replace(old, new, 1))

    assert not seen.passed
    assert said in seen.message
    assert len(seen.message) < 500


def test_own_words_are_given_in_a_comment() -> None:
    own = REFERENCE.replace("pickup_location", "start_zone")

    assert not verdict(own).passed
    assert verdict('# names: {"pickup_location": "start_zone"}\n' + own).passed
    assert "# names:" in verdict("# names: rides\n" + own).message


def test_every_change_of_a_right_contract_is_refused() -> None:
    made = list(YAML.mutants(REFERENCE, ENTRY))
    passes = YAML.trial(Task("ride-contract", ENTRY, 7, 1))  # type: ignore[misc]

    assert len(made) > 150
    assert [each.change for each in made if passes(each.text)] == []
    assert len({each.change for each in made}) == len(made)


def test_an_operation_that_does_not_exist_is_told_to_the_author() -> None:
    told = list(YAML.problems({**ENTRY, "operations": [["create_rides"]]}))

    assert len(told) == 1
    assert "unknown operation 'create_rides'; did you mean" in told[0]
