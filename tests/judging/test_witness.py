"""A ride on which three readings of one ticket differ, and the question that parts them."""

from typing import Any

import pytest
import yaml

from ridealong.answer import Answer
from ridealong.judging import Worker
from ridealong.judging.kind import Task
from ridealong.judging.kinds import KINDS
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
ENTRY = {"judge": "witness"}
RIGHT = {"city": "Harborview", "distance_mi": 3, "question": "what-is-discounted"}


def verdict(**change: Any) -> Verdict:
    return judged(yaml.safe_dump({**RIGHT, **change}))


def judged(text: str, **entry: Any) -> Verdict:
    task = Task("three-readings", {**ENTRY, **entry}, 7, 1)
    return YAML.judge(task, Answer("three_readings", "yaml", text), Worker())


def test_three_prices_hold_and_are_told() -> None:
    seen = verdict()

    assert seen.passed
    assert "ask 6.24 dollars, 7.00 dollars and 7.64 dollars" in seen.message


@pytest.mark.parametrize(
    ("miles", "said"),
    [
        (
            1,
            "billing and receipt agree on this ride: both ask 7.00 dollars, and only app asks 5.60",
        ),
        (2.5, "billing and receipt agree"),
        (3.75, "app and billing agree"),
        (
            8,
            "app and billing agree on this ride: both ask 13.24 dollars, and only receipt asks 14.64",
        ),
        (30, "all three ask 50.05 dollars"),
    ],
)
def test_it_is_told_which_two_agree(miles: float, said: str) -> None:
    seen = verdict(distance_mi=miles)

    assert not seen.passed
    assert said in seen.message
    assert seen.share == 0


@pytest.mark.parametrize("miles", [2.75, 3.0, 3.25, 3.5])
def test_any_ride_between_holds(miles: float) -> None:
    assert verdict(distance_mi=miles).passed


def test_another_question_earns_half_and_is_told_why() -> None:
    seen = verdict(question="how-cents-are-cut")

    assert not seen.passed
    assert "so this ride parts them; how-cents-are-cut is not why" in seen.message
    assert seen.points(2) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"city": "Harborveiw"}, 'did you mean "Harborview"?'),
        ({"city": ["Harborview"]}, "wanted one of"),
        ({"question": "cents"}, "wanted one of"),
        ({"distance_mi": "3"}, "in steps of 0.25"),
        ({"distance_mi": True}, "in steps of 0.25"),
        ({"distance_mi": 3.1}, "in steps of 0.25"),
        ({"distance_mi": 0}, "in steps of 0.25"),
        ({"distance_mi": 50.25}, "in steps of 0.25"),
        ({"distance_mi": float("nan")}, "in steps of 0.25"),
        ({"distance_mi": float("inf")}, "in steps of 0.25"),
        ({"distance": 3}, 'did you mean "distance_mi"?'),
    ],
)
def test_what_is_no_ride_is_told_with_what_is_wanted(change: dict[str, Any], said: str) -> None:
    seen = verdict(**change)

    assert not seen.passed
    assert said in seen.message


def test_an_answer_of_another_form_is_told() -> None:
    assert "no mapping" in judged("[1]").message
    assert "question is missing" in judged("{city: Harborview, distance_mi: 3}").message


def test_a_known_mistake_is_named_behind_its_own_prices() -> None:
    told = [{"name": "long", "message": "Shorter.", "results": {"agree": ["app", "billing"]}}]
    seen = judged(yaml.safe_dump({**RIGHT, "distance_mi": 9}), mistakes=told)

    assert seen.mistake == "long"
    assert seen.message.startswith("app and billing agree")
    assert seen.message.endswith(". Shorter.")


def test_every_change_of_a_right_witness_is_refused() -> None:
    made = list(YAML.mutants(yaml.safe_dump(RIGHT, sort_keys=False), ENTRY))
    passes = YAML.trial(Task("three-readings", ENTRY, 7, 1))  # type: ignore[misc]

    assert len(made) > 10
    assert [each.change for each in made if passes(each.text)] == []


def test_a_city_and_a_question_hold_in_any_case() -> None:
    assert verdict(city="harborview", question="What-is-discounted").passed
