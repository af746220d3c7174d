"""The steps of an assignment as an answer: what holds, what is told, and what a part is worth."""

from typing import Any

import pytest
import yaml

from ridealong.answer import Answer
from ridealong.judging import Worker
from ridealong.judging.kind import Task
from ridealong.judging.kinds import KINDS
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
ENTRY = {"judge": "assignment"}
TAKE = "UPDATE cars SET state = 'on_trip', user_id = :user_id WHERE driver_id = :driver_id"
RIGHT = [{"sql": f"{TAKE} AND state = 'available'", "no_row": "refuse"}]


def verdict(steps: Any) -> Verdict:
    text = steps if isinstance(steps, str) else yaml.safe_dump(steps)
    task = Task("who-gets-the-car", ENTRY, 7, 1)
    return YAML.judge(task, Answer("who_gets_the_car", "yaml", text), Worker())


def test_right_steps_hold_in_every_case() -> None:
    seen = verdict(RIGHT)

    assert seen.passed
    assert "in 7 cases and 10 orders" in seen.message
    assert len(seen.properties) == 7 and all(each.held for each in seen.properties)


def test_a_double_booking_is_told_with_its_order_and_earns_nothing() -> None:
    look = "SELECT state FROM cars WHERE driver_id = :driver_id AND state = 'available'"
    seen = verdict([{"sql": look, "no_row": "refuse"}, {"sql": TAKE}])

    assert seen.message == (
        "two riders ask for one free car: in 4 of 6 orders 2 riders are told that the same car is "
        "theirs, such as in the order Ann 1, Ben 1, Ann 2, Ben 2"
    )
    assert seen.share == 0


def test_steps_that_forget_one_case_earn_a_part() -> None:
    seen = verdict([{"sql": f"{TAKE} AND user_id IS NULL", "no_row": "refuse"}])

    assert not seen.passed
    assert seen.message.startswith("a rider asks for a car whose driver has gone home: each time")
    assert seen.share == pytest.approx(5 / 7)


def test_who_refuses_everybody_earns_nothing() -> None:
    seen = verdict([{"sql": "SELECT 1 AS one WHERE 1 = 0", "no_row": "refuse"}])

    assert "the car is free and nobody gets it" in seen.message
    assert seen.share == 0


def test_what_is_no_list_of_steps_is_told_in_one_line() -> None:
    seen = verdict("sql: BEGIN")

    assert not seen.passed
    assert "each step commits by itself" in seen.message and "\n" not in seen.message


def test_each_change_of_right_steps_is_refused() -> None:
    made = list(YAML.mutants(yaml.safe_dump(RIGHT), ENTRY))

    assert {"step 1: without state = 'available'", "step 1: without no_row"} <= {
        each.change for each in made
    }
    for mutant in made:
        assert not verdict(mutant.text).passed, mutant.change
