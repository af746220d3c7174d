"""A policy of who sees what, and the running service that follows the reference policy."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ridealong.service import Service
from ridealong.systems.access import (
    FIELDS,
    HIDDEN,
    JOBS,
    OPEN,
    PUBLIC,
    STATES,
    Caller,
    Policy,
    PolicyError,
    Ride,
    read_policy,
    replay,
)

RIGHT = {
    "rider": {
        "rides": "their_own",
        "quoted_fare": "always",
        "fare": "always",
        "driver_name": "always",
        "driver_phone": "while_under_way",
    },
    "driver": {
        "rides": "their_own_and_offered",
        "driver_pay": "always",
        "rider_name": "always",
        "rider_phone": "while_under_way",
    },
    "support": {
        "rides": "all",
        "quoted_fare": "always",
        "fare": "always",
        "driver_pay": "always",
        "driver_name": "always",
        "rider_name": "always",
    },
    "partner": {"rides": "none"},
}
WAY = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}
PLACES = {
    "quoted_fare": ("quoted_fare",),
    "fare": ("fare",),
    "driver_pay": ("driver_pay",),
    "driver_name": ("driver", "first_name"),
    "driver_phone": ("driver", "phone"),
    "rider_name": ("rider", "first_name"),
    "rider_phone": ("rider", "phone"),
}


def changed(role: str, name: str, word: str) -> dict[str, dict[str, str]]:
    return {**RIGHT, role: {**RIGHT[role], name: word}}


def test_the_right_policy_lets_everybody_work_and_shows_no_more() -> None:
    for situations in (PUBLIC, HIDDEN):
        run = replay(read_policy(RIGHT), situations)

        assert run.passed
        assert run.calls == len(situations)
        assert run.shown > 0


def test_everything_leaks_and_stops_no_job_and_nothing_the_other_way_round() -> None:
    shut = Policy(dict.fromkeys(FIELDS, "none"), {role: {} for role in FIELDS})

    assert replay(OPEN, HIDDEN).leaks
    assert not replay(OPEN, HIDDEN).blocked
    assert not replay(shut, HIDDEN).leaks
    assert {each.job.name for each in replay(shut, HIDDEN).blocked} == {job.name for job in JOBS}


@pytest.mark.parametrize(
    ("role", "name", "word", "leaks"),
    [
        ("rider", "driver_phone", "always", {("driver_phone", "completed", "the rider")}),
        ("driver", "fare", "once_completed", {("fare", "completed", "the driver")}),
    ],
)
def test_a_leak_says_what_and_when_and_to_whom(
    role: str, name: str, word: str, leaks: set[tuple[str, str, str]]
) -> None:
    found = replay(read_policy(changed(role, name, word)), PUBLIC).leaks

    assert {(each.field, each.status, each.who) for each in found} == leaks


def test_a_job_that_stops_says_what_is_missing() -> None:
    found = replay(read_policy(changed("driver", "rides", "their_own")), HIDDEN).blocked

    assert [(each.job.name, each.field, each.status) for each in found] == [
        ("weigh-an-offer", "ride", "requested")
    ]


@pytest.mark.parametrize(
    ("value", "mistake", "said"),
    [
        (None, "no-mapping", "empty"),
        (["rider"], "no-mapping", "a list"),
        ({**RIGHT, "stranger": {"rides": "none"}}, "unknown-role", "stranger"),
        ({"rider": RIGHT["rider"]}, "role-missing", "driver"),
        ({**RIGHT, "partner": "none"}, "no-mapping", "partner holds one text"),
        ({**RIGHT, "partner": {}}, "rides-missing", "partner has no line"),
        (changed("rider", "rides", "own"), "unknown-word", "their_own"),
        (changed("rider", "driver_fone", "always"), "unknown-field", "driver_phone"),
        (changed("rider", "rider_phone", "always"), "unknown-field", "need no line"),
        (changed("rider", "fare", "allways"), "unknown-word", 'mean "always"'),
        (changed("partner", "rides", "their_own"), "nothing-of-their-own", "none or all"),
        (changed("support", "rides", "their_own_and_offered"), "nothing-of-their-own", "riders"),
    ],
)
def test_what_is_no_policy_is_told_in_one_line(value: Any, mistake: str, said: str) -> None:
    with pytest.raises(PolicyError) as error:
        read_policy(value)

    assert error.value.mistake == mistake
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_service_follows_the_right_policy_in_every_state() -> None:
    policy = read_policy(RIGHT)
    with Service() as company:
        callers = {
            Caller("rider", 123, 1, ""): company.client(rider=123),
            Caller("rider", 124, 1, ""): company.client(rider=124),
            Caller("driver", 57, 1, ""): company.client(driver=57),
            Caller("driver", 40, 1, ""): company.client(driver=40),
            Caller("driver", 3, 4, ""): company.client(driver=3),
            Caller("support", 1, 0, ""): company.client(support=True),
            Caller("partner", 0, 1, ""): company.client(partner="planner"),
        }
        seen_states = set()
        for ride, number in _rides(company):
            seen_states.add(ride.status)
            for caller, client in callers.items():
                assert _seen(client, number) == policy.sees(caller, ride), (caller, ride)
    assert seen_states == set(STATES)


def _rides(company: Service) -> Iterator[tuple[Ride, int]]:
    rider, driver = company.client(rider=123), company.client(driver=57)
    for last in ("cancel", "accept-and-cancel", "complete"):
        number = rider.post("/v1/rides", json=WAY).json()["ride_id"]
        yield Ride("requested", 123, 0, 1), number
        steps = {
            "cancel": ["cancel"],
            "accept-and-cancel": ["accept", "cancel"],
            "complete": ["accept", "start", "complete"],
        }[last]
        for step in steps:
            answer = driver if step != "cancel" else rider
            ride = answer.post(f"/v1/rides/{number}/{step}").raise_for_status().json()
            taken = 0 if last == "cancel" else 57
            yield Ride(ride["status"], 123, taken, 1), number


def _seen(client: httpx.Client, number: int) -> frozenset[str] | None:
    answer = client.get(f"/v1/rides/{number}")
    if answer.status_code in (403, 404):
        return None
    body = answer.raise_for_status().json()
    found = set()
    for name, place in PLACES.items():
        value: Any = body
        for step in place:
            value = (value or {}).get(step)
        if value is not None:
            found.add(name)
    return frozenset(found)
