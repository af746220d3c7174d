"""What the back end really does with every attempt, and what a machine says of it."""

from typing import Any

import pytest
import yaml

from ridealong.service.transitions import TRANSITIONS
from ridealong.systems import transitions as lab

REFERENCE = """
accept: {from: [requested], to: accepted, by: [driver]}
start: {from: [accepted], to: in_progress, by: [driver]}
complete: {from: [in_progress], to: completed, by: [driver]}
cancel:
  - {from: [requested], to: cancelled, by: [rider, support]}
  - {from: [accepted], to: cancelled, by: [rider, driver, support]}
refusals: {wrong_state: 409, wrong_role: 403, someone_elses: 404}
"""


def machine(**changes: Any) -> lab.Machine:
    return lab.read(yaml.safe_load(REFERENCE) | changes)


def test_every_state_action_and_caller_is_tried() -> None:
    table, walks = lab.observed()

    assert len(table) == len(lab.STATES) * len(lab.ACTIONS) * len(lab.CALLERS)
    assert {each.status for each in table.values()} == {200, 403, 404, 409}
    assert {each.status for each in walks.values()} == {200, 403, 404, 409}
    assert len(walks) == len(lab.CALLERS) * len(lab.ACTIONS) * lab.STEPS
    assert {each.state for each in walks} == set(lab.STATES)


def test_what_is_seen_is_what_the_service_has_in_its_table() -> None:
    table, _ = lab.observed()
    for attempt, seen in table.items():
        transition = TRANSITIONS[attempt.action]  # type: ignore[index]  # a word of the table
        role = lab.CALLERS[attempt.caller][0]
        if seen.status == 200:
            assert attempt.state in transition.sources and role in transition.roles
            assert seen.state == transition.target
        else:
            assert seen.state == attempt.state


def test_a_right_machine_differs_nowhere() -> None:
    assert lab.differences(machine()) == []
    assert lab.differences(machine(), hidden=True) == []


def test_a_driver_who_has_not_accepted_cannot_cancel() -> None:
    wide = machine(
        cancel={"from": ["requested", "accepted"], "to": "cancelled", "by": list(lab.ROLES)}
    )
    found = lab.differences(wide)

    assert {(each.attempt.caller, each.seen.status) for each in found} == {
        ("the driver", 403),
        ("another driver", 403),
    }
    assert lab.differences(wide, hidden=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"refuse": {}}, "no action is called 'refuse'; did you mean \"refusals\"?"),
        ({"accept": "driver"}, "accept wants from, to and by"),
        ({"accept": {"from": "requested", "to": "accepted"}}, "accept does not say 'by'"),
        (
            {"accept": {"from": ["request"], "to": "accepted", "by": "driver"}},
            "no state is called 'request'; did you mean \"requested\"?",
        ),
        (
            {"accept": {"from": "requested", "to": "accepted", "by": "partner"}},
            "no role is called 'partner'; there are rider, driver, support",
        ),
        ({"accept": {"form": 1}}, "accept has 'form', wanted from, to and by"),
        ({"refusals": {"wrong_state": 409}}, "wrong_role is missing"),
        (
            {"refusals": {"wrong_state": "409 Conflict"}},
            "wrong_state is '409 Conflict', wanted a status code from 400 to 499",
        ),
        (
            {"accept": {"from": "requested", "to": "accepted", "by": [["rider"], "driver"]}},
            "accept, by: a list stands in the list",
        ),
        (
            {"cancel": {"from": "requested, accepted", "to": "cancelled", "by": "rider"}},
            "is one text; several are a list, as in [requested, accepted]",
        ),
        (
            {"accept": {"from": "requested", "to": ["accepted"], "by": "driver"}},
            "accept, to: a list stands here; a row leads to one state",
        ),
        ({"refusals": {"wrong_states": 409}}, 'did you mean "wrong_state"?'),
        ({"refusals": 409}, "refusals wants a status code for each"),
        (
            {
                "start": [
                    {"from": "accepted", "to": "in_progress", "by": "driver"},
                    {"from": "accepted", "to": "completed", "by": "driver"},
                ]
            },
            "start leads from accepted to in_progress in one row and to completed in another",
        ),
    ],
)
def test_another_form_is_told_which_form_is_wanted(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(lab.MachineError, match=r".") as told:
        machine(**changes)
    assert message in str(told.value)


def test_an_action_that_is_missing_is_told() -> None:
    value = yaml.safe_load(REFERENCE)
    del value["start"]
    with pytest.raises(lab.MachineError, match="start is missing"):
        lab.read(value)
    with pytest.raises(lab.MachineError, match="'ride_states' stands behind %%yaml already"):
        lab.read({"ride_states": value})
    with pytest.raises(lab.MachineError, match="is no table"):
        lab.read(["accept"])
