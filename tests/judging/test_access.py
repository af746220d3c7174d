"""A policy as an answer: its verdict, its share, its known mistakes, its mutants."""

from typing import Any

import pytest
import yaml

from ridealong.answer import Answer
from ridealong.judging import Worker
from ridealong.judging.access import explained
from ridealong.judging.kind import Known, Task
from ridealong.judging.kinds import KINDS
from ridealong.judging.yaml_document import CHECKS
from ridealong.systems.access import OPEN, PUBLIC, read_policy, replay
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
YAML_CHECK = CHECKS["access"]
ENTRY = {"judge": "access"}
REFERENCE = """
rider:
  rides: their_own
  quoted_fare: always
  fare: always
  driver_pay: never
  driver_name: always
  driver_phone: while_under_way
driver:
  rides: their_own_and_offered
  quoted_fare: never
  fare: never
  driver_pay: always
  rider_name: always
  rider_phone: while_under_way
support:
  rides: all
  quoted_fare: always
  fare: always
  driver_pay: always
  driver_name: always
  driver_phone: never
  rider_name: always
  rider_phone: never
partner:
  rides: none
"""


def verdict(text: str, **entry: Any) -> Verdict:
    task = Task("ride-for-each-role", {**ENTRY, **entry}, 7, 1)
    return YAML.judge(task, Answer("ride_for_each_role", "yaml", text), Worker())


def with_lines(**changes: str) -> str:
    policy = yaml.safe_load(REFERENCE)
    for line, word in changes.items():
        role, _, name = line.partition("__")
        policy[role][name] = word
    return yaml.safe_dump(policy, sort_keys=False)


def test_a_right_policy_holds() -> None:
    seen = verdict(REFERENCE)

    assert seen.passed
    assert "each of 13 jobs can be done and nobody sees more" in seen.message
    assert all(each.held for each in seen.properties)


def test_a_leak_is_told_with_who_sees_what_and_when() -> None:
    seen = verdict(with_lines(rider__driver_phone="always"))

    assert not seen.passed
    assert "the rider sees the driver's phone number of a ride that is" in seen.message
    assert "completed" in seen.message
    assert "fewer states than `always`" in seen.message
    wrong = [each for each in seen.properties if not each.held]
    assert [each.name for each in wrong] == ["Rider: nothing without a job"]


def test_what_no_job_asks_for_and_rides_that_are_too_many_are_told_apart() -> None:
    assert "Say never: `fare` of driver" in verdict(with_lines(driver__fare="always")).message
    assert "Narrow `rides` of rider" in verdict(with_lines(rider__rides="all")).message


def test_a_job_that_stops_is_told_with_what_is_missing() -> None:
    seen = verdict(with_lines(rider__driver_phone="never"))

    assert "a rider cannot call the driver" in seen.message
    assert "when the ride is accepted or in_progress" in seen.message
    assert "Widen `driver_phone` of rider" in seen.message


def test_the_share_is_what_works_less_what_leaks() -> None:
    shut = yaml.safe_dump({role: {"rides": "none"} for role in OPEN.rides})
    everything = yaml.safe_dump(
        {role: {"rides": "all", **lines} for role, lines in OPEN.fields.items()}
    )

    assert verdict(shut).share == 0
    assert verdict(everything).share == 0
    assert 0.9 < verdict(with_lines(rider__driver_phone="never")).share < 1
    assert 0.9 < verdict(with_lines(rider__driver_phone="always")).share < 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("- rider", "a list"), ("rider:", "nothing about driver"), ("rider: [", "no YAML")],
)
def test_what_is_no_policy_is_told_and_earns_nothing(text: str, said: str) -> None:
    if said == "no YAML":  # the cell's reader tells it, before there is an answer
        assert said in YAML_CHECK.marks(text, ENTRY)["error"]
    else:
        seen = verdict(text)
        assert said in seen.message
        assert (seen.passed, seen.share) == (False, 0)


def test_known_mistakes_are_recognised() -> None:
    mistakes = {
        "phone-for-ever": with_lines(rider__driver_phone="always"),
        "no-offers": with_lines(driver__rides="their_own"),
        "no-role": "rider:\n  rides: all\n",
    }
    known = Known("ride-for-each-role", ENTRY, REFERENCE, {}, mistakes, 7)
    results = YAML.results(known)  # type: ignore[misc]
    told = [
        {"name": name, "message": f"This is {name}.", "results": found}
        for name, found in results["mistakes"].items()
    ]

    for name, text in mistakes.items():
        seen = verdict(text, mistakes=told)
        assert (seen.mistake, seen.message) == (name, f"This is {name}.")


def test_every_change_of_a_right_policy_is_refused_but_those_of_values_not_there_yet() -> None:
    made = list(YAML.mutants(REFERENCE, ENTRY))
    passes = YAML.trial(Task("ride-for-each-role", ENTRY, 7, 1))  # type: ignore[misc]

    assert len(made) > 70
    assert len({each.change for each in made}) == len(made)
    assert [each.change for each in made if passes(each.text)] == [
        "rider, fare: once_completed in place of always",
        "rider, driver_pay: while_under_way in place of never",
        "driver, fare: while_under_way in place of never",
        "driver, driver_pay: once_completed in place of always",
        "support, fare: once_completed in place of always",
        "support, driver_pay: once_completed in place of always",
    ]


def test_leaks_and_jobs_are_explained_in_the_words_of_the_product() -> None:
    policy = read_policy(yaml.safe_load(with_lines(support__rider_phone="always")))

    assert list(explained(replay(policy, PUBLIC))) == [
        (
            "leak",
            "a support agent",
            "the rider's phone number",
            "requested or accepted or completed",
        )
    ]
