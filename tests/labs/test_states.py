"""Attempts, machines and retries as a learner sees them."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ridealong.labs import states
from ridealong.labs.sql.database import LabError
from ridealong.service import Service
from ridealong.systems.transitions import STATES

MACHINE = yaml.safe_load("""
accept: {from: requested, to: accepted, by: driver}
start: {from: accepted, to: in_progress, by: driver}
complete: {from: in_progress, to: completed, by: driver}
cancel: {from: [requested, accepted], to: cancelled, by: [rider, support]}
refusals: {wrong_state: 409, wrong_role: 403, someone_elses: 404}
""")


@pytest.fixture(scope="module")
def company() -> Iterator[Service]:
    with Service() as running:
        yield running


def test_answers_show_who_asked_and_call_rides_by_letters(company: Service) -> None:
    rider, driver = company.client(rider=123), company.client(driver=57)
    first = rider.post("/v1/rides", json=states.WAY)
    second = rider.post("/v1/rides", json=states.WAY)
    early = driver.post(f"/v1/rides/{second.json()['ride_id']}/complete")
    view = states.answers(("rider", first), ("rider", second), ("driver", early))

    rows = view.table.values.tolist()
    assert rows[0] == ["rider", "POST /v1/rides", 201, "ride A is requested, to HBV-AIR"]
    assert rows[2][1:3] == ["POST /v1/rides/B/complete", 409]
    assert "Possible: accept, cancel" in rows[2][3]
    assert view.summary == "3 requests, 1 refused."


def test_a_machine_is_drawn_and_told_in_words() -> None:
    picture = states.drawn(MACHINE)

    assert "beginning with requested" in picture.alt
    assert "from requested to cancelled: cancel (rider, support)" in picture.alt
    assert "Nothing follows completed and cancelled." in picture.alt
    with pytest.raises(LabError, match="accept is missing"):
        states.drawn({})


def test_no_arrow_crosses_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = list[Any]()
    drawing = states._figure
    monkeypatch.setattr(
        states, "_figure", lambda arrows: figures.append(drawing(arrows)) or figures[-1]
    )
    states.drawn(MACHINE)

    (figure,) = figures
    written = [text for text in figure.axes[0].texts if text.get_text()]
    assert len(written) > len(STATES)
    assert all(text.get_bbox_patch() for text in written)  # each stands on its own white


def test_a_lost_answer_is_harmless_with_patch_and_an_error_with_the_action(
    company: Service,
) -> None:
    rows = states.lost_answers(company).table.values.tolist()

    assert rows == [
        ["PATCH with a status", 10, 10, 0, 0, 1],
        ["POST to the action", 10, 0, 10, 0, 2],
    ]


def test_what_cannot_be_measured_says_why(company: Service) -> None:
    rider, driver = company.client(rider=123), company.client(driver=57)
    ride = rider.post("/v1/rides", json=states.WAY).json()["ride_id"]
    driver.post(f"/v1/rides/{ride}/accept")

    with pytest.raises(LabError, match="You have a ride under way"):
        states.lost_answers(company)
