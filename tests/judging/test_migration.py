"""A plan is judged by what happens to the clients while it runs, not by its order."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridealong.judging.migration import MISTAKES, judge_plan
from ridealong.labs.migration import migrate, steps_view
from ridealong.labs.sql.database import LabError
from ridealong.systems import migration as lab
from ridealong.systems.migration import (
    ADD,
    ALLOW_EMPTY,
    BACKFILL,
    BACKFILL_AT_ONCE,
    DROP,
    READ_NEW,
    RENAME,
    REQUIRE,
    RETIRE,
    STEPS,
    WAIT,
    WRITE_BOTH,
    WRITE_NEW,
)
from small_course import judge

RIGHT = [ADD, WRITE_BOTH, RETIRE, WAIT, BACKFILL, READ_NEW, REQUIRE, ALLOW_EMPTY, WRITE_NEW, DROP]
RIGHT_ORDERS = {
    "as in the lesson": RIGHT,
    "required last": [ADD, WRITE_BOTH, RETIRE, WAIT, BACKFILL, READ_NEW, ALLOW_EMPTY, WRITE_NEW,
                      DROP, REQUIRE],
    "empty allowed at once": [ALLOW_EMPTY, ADD, WRITE_BOTH, RETIRE, WAIT, BACKFILL, REQUIRE,
                              READ_NEW, WRITE_NEW, DROP],
    "backfilled twice": [ADD, WRITE_BOTH, BACKFILL, RETIRE, WAIT, BACKFILL, REQUIRE, READ_NEW,
                         ALLOW_EMPTY, WRITE_NEW, DROP],
}  # fmt: skip
BOTH = ("public", "hidden")


def without(*steps: str) -> list[str]:
    return [step for step in RIGHT if step not in steps]


def moved(step: str, *, before: str) -> list[str]:
    rest = without(step)
    return [*rest[: rest.index(before)], step, *rest[rest.index(before) :]]


WRONG: dict[str, Any] = {
    "rename-in-place": [RENAME, WRITE_BOTH, RETIRE, WAIT, READ_NEW],
    "rename-after-add": [ADD, WRITE_BOTH, RENAME],
    "dropped-before-retired": moved(DROP, before=RETIRE),
    "write-before-add": moved(ADD, before=RETIRE),
    "read-before-backfill": moved(READ_NEW, before=RETIRE),
    "backfill-before-double-writes": moved(BACKFILL, before=WRITE_BOTH),
    "backfill-before-retired": moved(BACKFILL, before=RETIRE),
    "backfill-while-old-client-leaves": moved(BACKFILL, before=WAIT),
    "step-before-add": moved(BACKFILL, before=ADD),
    "required-before-silent": [
        ADD,
        WRITE_BOTH,
        BACKFILL,
        RETIRE,
        REQUIRE,
        WAIT,
        BACKFILL,
        READ_NEW,
        ALLOW_EMPTY,
        WRITE_NEW,
        DROP,
    ],
    "required-before-backfill": moved(REQUIRE, before=BACKFILL),
    "backfill-in-one-transaction": [BACKFILL_AT_ONCE if s == BACKFILL else s for s in RIGHT],
    "stopped-before-reading-new": moved(READ_NEW, before=DROP),
    "stopped-while-required": without(ALLOW_EMPTY),
    "retired-before-replaced": moved(RETIRE, before=ADD),
    "wait-before-retire": moved(WAIT, before=RETIRE),
    "missing-step": without(DROP),
    "same-step-twice": [ADD, *RIGHT],
    "unknown-step": ["add: pickup_zone"],
    "not-a-list": {"add": "pickup_zone_code", "drop": "pickup_location"},
    "not-a-step": [["add", "pickup_zone_code"]],
    "too-long": [BACKFILL] * 31,
    "no-answer": [],
}


@pytest.mark.parametrize("traffic", BOTH)
@pytest.mark.parametrize("order", RIGHT_ORDERS)
def test_every_order_in_which_no_request_fails_passes(order: str, traffic: Any) -> None:
    seen = judge_plan(RIGHT_ORDERS[order], traffic=traffic)

    assert seen.passed, seen.message
    assert all(each.held for each in seen.properties)


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_plans_are_told_their_own_mistake(mistake: str) -> None:
    seen = [judge_plan(WRONG[mistake], traffic=traffic) for traffic in BOTH]  # type: ignore[arg-type]
    first = next(each for each in seen if not each.passed)

    assert first.mistake == mistake
    assert mistake in MISTAKES
    assert "\n" not in first.message


def test_old_client_that_goes_at_once_hides_a_mistake_and_a_slow_one_shows_it() -> None:
    hasty = without(WAIT)

    assert not all(judge_plan(hasty, traffic=traffic).passed for traffic in BOTH)  # type: ignore[arg-type]


@pytest.mark.parametrize("backfills", [7, lab.LONGEST_PLAN - len(RIGHT) + 2])
def test_steps_that_take_time_do_not_stand_in_for_a_wait(backfills: int) -> None:
    before, after = RIGHT[: RIGHT.index(WAIT)], RIGHT[RIGHT.index(BACKFILL) + 1 :]
    patient = [*before, *[BACKFILL] * backfills, *after]

    assert len(patient) <= lab.LONGEST_PLAN
    assert not judge_plan(patient, traffic="hidden").passed


def test_backfill_in_one_transaction_refuses_the_old_client_too() -> None:
    early = [ADD, BACKFILL_AT_ONCE, WRITE_BOTH, RETIRE, WAIT, BACKFILL, READ_NEW, REQUIRE,
             ALLOW_EMPTY, WRITE_NEW, DROP]  # fmt: skip
    for traffic in BOTH:
        seen = judge_plan(early, traffic=traffic)  # type: ignore[arg-type]

        assert seen.mistake == "backfill-in-one-transaction"
        assert "old client" in seen.message


def test_steps_written_as_mappings_are_the_same_plan() -> None:
    as_mappings = [dict([step.split(": ")]) for step in RIGHT]

    assert judge_plan(as_mappings).passed
    assert judge_plan({"steps": as_mappings}).passed


def test_failing_request_is_shown_with_its_statement_and_message() -> None:
    seen = migrate([DROP])

    assert seen.failure is not None
    assert "pickup_location" in seen.failure.statement
    assert "pickup_location" in str(seen)
    assert seen.failure.client == "old client"
    assert not seen.passed
    assert "seen:" in repr(seen)


def test_lab_shows_every_step_and_the_picture_in_words() -> None:
    seen = migrate(RIGHT)

    assert seen.passed
    assert len(seen.table) == len(RIGHT) + 1
    assert seen.picture is not None
    assert "no request fails" in seen.picture.alt
    assert repr(seen) == repr(migrate(RIGHT))


def test_lab_refuses_what_is_no_plan() -> None:
    with pytest.raises(LabError, match="no such step"):
        migrate(["add: pickup_zone"])
    assert len(steps_view().table) == len(STEPS)


def test_of_a_client_that_is_not_there_nothing_else_is_said() -> None:
    message = judge_plan([{"add": "pickup_zone_code"}]).message

    assert "the new client is not live" in message
    assert "the new client still reads" not in message
    assert "the new client writes" not in message


@pytest.mark.parametrize(
    ("step", "has", "lacks"),
    [
        ({"rollback": "pickup_location"}, "The steps are: ", "Did you mean"),
        ({"dropp": "pickup_location"}, "Did you mean `drop: pickup_location`", "The steps are"),
        ({"add": None}, "step 1 is `add:`, no such step. Did you mean `add:", "None"),
    ],
)
def test_a_step_is_not_taken_for_another_verb(
    step: dict[str, str | None], has: str, lacks: str
) -> None:
    message = judge_plan([step]).message

    assert has in message
    assert lacks not in message


def test_verdict_of_an_exercise_takes_both_kinds_of_traffic(monkeypatch: Any) -> None:
    from ridealong import catalogue

    entry = {"kind": "yaml", "judge": "migration", "points": 3, "mistakes": []}
    module = catalogue.Module("m", 1, 1.0, {"plan": entry})
    monkeypatch.setattr(catalogue, "modules", lambda: (module,))

    assert judge("plan", RIGHT).passed
    assert not judge("plan", without(WAIT)).passed
    assert "no answer yet" in judge("plan", None).message


@settings(max_examples=40, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(list(STEPS)),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
))  # fmt: skip
def test_whatever_is_written_gets_a_verdict(value: object) -> None:
    seen = judge_plan(value)

    # Six steps are too few, so nothing that is made up here is a plan that works.
    assert not seen.passed
    assert seen.message.strip()
    assert "\n" not in seen.message
