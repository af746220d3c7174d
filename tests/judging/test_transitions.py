"""A state machine as an answer: its verdict, its known mistakes, its mutants."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ridealong.answer import Answer
from ridealong.judging import Worker
from ridealong.judging.kind import Known, Task
from ridealong.judging.kinds import KINDS
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
ENTRY: dict[str, Any] = {"judge": "transitions"}
REFERENCE = """
accept: {from: [requested], to: accepted, by: [driver]}
start: {from: [accepted], to: in_progress, by: [driver]}
complete: {from: [in_progress], to: completed, by: [driver]}
cancel:
  - {from: [requested], to: cancelled, by: [rider, support]}
  - {from: [accepted], to: cancelled, by: [rider, driver, support]}
refusals: {wrong_state: 409, wrong_role: 403, someone_elses: 404}
"""


def verdict(text: str, **entry: Any) -> Verdict:
    task = Task("ride-states", {**ENTRY, **entry}, 7, 1)
    return YAML.judge(task, Answer("ride_states", "yaml", text), Worker())


def changed(**changes: Any) -> str:
    return yaml.safe_dump(yaml.safe_load(REFERENCE) | changes)


def test_a_right_machine_holds_however_it_is_written() -> None:
    by_role = [
        {"from": ["requested", "accepted"], "to": "cancelled", "by": ["rider", "support"]},
        {"from": "accepted", "to": "cancelled", "by": "driver"},
    ]

    assert "agree on each of 120 attempts" in verdict(REFERENCE).message
    assert verdict(changed(cancel=by_role)).passed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"start": {"from": ["requested", "accepted"], "to": "in_progress", "by": "driver"}},
            "starts a ride that is requested: your table allows it; the back end answers 409",
        ),
        (
            {"complete": {"from": "in_progress", "to": "accepted", "by": "driver"}},
            "then the back end's ride is completed, yours is accepted",
        ),
        (
            {"cancel": {"from": ["requested", "accepted"], "to": "cancelled", "by": "rider"}},
            "support cancels a ride that is requested: the back end allows it",
        ),
        (
            {"refusals": {"wrong_state": 400, "wrong_role": 403, "someone_elses": 404}},
            "both refuse, the back end with 409, yours with 400",
        ),
        ({"start": None}, "start wants from, to and by"),
        (  # what follows from a wrong row is not told in its place
            {"complete": {"from": "in_progress", "to": "completed", "by": ["driver", "rider"]}},
            "the rider completes a ride that is in_progress: your table allows it",
        ),
        (
            {
                "cancel": {
                    "from": ["requested", "accepted"],
                    "to": "cancelled",
                    "by": ["rider", "support"],
                }
            },
            "the driver cancels a ride that is accepted: the back end allows it",
        ),
    ],
)
def test_the_first_attempt_that_differs_is_told(changes: dict[str, Any], message: str) -> None:
    seen = verdict(changed(**changes))

    assert not seen.passed
    assert message in seen.message


def test_a_share_is_earned_for_each_action_and_refusal_that_is_right() -> None:
    seen = verdict(changed(refusals={"wrong_state": 400, "wrong_role": 403, "someone_elses": 404}))

    assert seen.share == pytest.approx(6 / 7)
    assert [each.name for each in seen.properties if not each.held] == ["refusals: wrong_state"]


@pytest.mark.parametrize(
    ("action", "row"),
    [
        (
            "cancel",
            {"from": ["requested", "accepted"], "to": "cancelled", "by": ["rider", "support"]},
        ),
        ("complete", {"from": "in_progress", "to": "completed", "by": ["driver", "rider"]}),
        ("accept", {"from": "requested", "to": "accepted", "by": ["driver", "support"]}),
    ],
)
def test_a_wrong_row_costs_its_action_and_no_code(action: str, row: dict[str, Any]) -> None:
    seen = verdict(changed(**{action: row}))

    assert seen.share == pytest.approx(6 / 7)
    assert [each.name[: len(action)] for each in seen.properties if not each.held] == [action]
    assert all(each.seen for each in seen.properties)  # a card counts only what it can show


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("complete", "complete is missing: write a line `complete: {from: [...], to: ..., by: "),
        ("refusals", "refusals is missing: write a line `refusals: {wrong_state: ..., wrong_role"),
    ],
)
def test_a_line_that_is_missing_is_told_with_its_form(name: str, message: str) -> None:
    data = yaml.safe_load(REFERENCE)
    del data[name]

    assert message in verdict(yaml.safe_dump(data)).message


def test_a_code_that_is_missing_is_told_with_its_form() -> None:
    seen = verdict(changed(refusals={"wrong_state": 409, "wrong_role": 403}))

    assert "someone_elses is missing: write a status code behind it, as in" in seen.message


def test_an_action_that_stands_twice_is_told() -> None:
    twice = REFERENCE + "start: {from: [accepted], to: in_progress, by: [driver]}\n"

    assert YAML.read("ride_states", REFERENCE, Path()) is not None
    with pytest.raises(ValueError, match="^`start` stands twice, again in line 9: keep one"):
        verdict(twice)


def test_known_mistakes_are_recognised_by_the_attempts_that_differ() -> None:
    mistakes = {
        "anyone": changed(
            cancel={"from": "requested", "to": "cancelled", "by": ["rider", "driver", "support"]}
        ),
        "conflict-for-all": changed(
            refusals={"wrong_state": 409, "wrong_role": 409, "someone_elses": 404}
        ),
    }
    results = YAML.results(Known("ride-states", ENTRY, REFERENCE, {}, mistakes, 7))  # type: ignore[misc]
    told = [
        {"name": name, "message": f"This is {name}.", "results": found}
        for name, found in results["mistakes"].items()
    ]

    for name, text in mistakes.items():
        assert verdict(text, mistakes=told).mistake == name
    assert "requested" not in str(results)  # what ships tells no cell of the table


def test_only_one_mutant_says_the_same_as_the_machine() -> None:
    found = {each.change: each.text for each in YAML.mutants(REFERENCE, ENTRY)}

    assert len(found) > 80
    assert [change for change, text in found.items() if verdict(text).passed] == [
        "cancel, row 1: from with accepted"  # the second row says it already
    ]
