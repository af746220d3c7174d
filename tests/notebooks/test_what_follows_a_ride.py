"""`01_what_follows_a_ride`: its tasks have room for right answers and none for wrong ideas, and what
its text says is what the labs and the evenings measure."""

from contextlib import closing
from typing import Any

import pytest
import yaml

from brokers import small
from ridealong.authoring import cells, sources
from ridealong.authoring.format import read
from ridealong.judging.evenings import EVENINGS
from ridealong.judging.queue import LIMITS
from ridealong.labs import queues
from ridealong.service import Service, Settings
from ridealong.systems.broker.server import Broker
from ridealong.systems.queues.design import STEPS, read_design
from ridealong.systems.queues.stories import TROUBLES, WORK_SECONDS, rides, story
from ridealong.systems.queues.virtual import (
    REQUEST_SECONDS,
    TAKEOVER_SECONDS,
    Outcome,
    followed_up,
)

from ..conftest import COURSE

__all__ = ["small"]  # the fixture that this file uses

FOLDER = COURSE / "solutions" / "09_queues"
NOTEBOOK = "01_what_follows_a_ride.ipynb"
MODULE = sources.load(FOLDER)
TASKS = ("what-stays", "one-topic-two-groups")
REST = MODULE.exercises["what-stays"].own["given"]
GROUPS = {"receipt": "receipt", "rating_prompt": "rating"}


def cell(identifier: str) -> str:
    (found,) = [each for each in read(FOLDER / NOTEBOOK).cells if each.id == identifier]
    return str(found.source)


def reference(identifier: str) -> str:
    return cells.solution(cell(identifier))


def runs(task: str, design: dict[str, Any]) -> list[Outcome]:
    own = MODULE.exercises[task].own
    whole = read_design({**own["given"], **design})
    return [
        followed_up(
            whole,
            story(
                name,
                seed=seed,
                troubles=own.get("troubles", TROUBLES),
                times_as_many=own.get("times_as_many", 1),
            ),
        )
        for name, seed in EVENINGS
    ]


def broken(task: str, design: dict[str, Any]) -> list[set[str]]:
    """Return the limits that each evening breaks, things done for no ride among them."""
    limits = MODULE.exercises[task].own["limits"]
    return [
        {name for name, most in limits.items() if LIMITS[name].measured(run) > most}
        | ({"ghosts"} if any(each.ghosts for each in run.counted.values()) else set())
        for run in runs(task, design)
    ]


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (task, name)
        for task in TASKS
        for name in ("", *(each.name for each in MODULE.exercises[task].alternatives))
    ],
)
def test_right_answers_leave_room_below_each_limit(task: str, name: str) -> None:
    exercise = MODULE.exercises[task]
    others = {each.name: each.answer for each in exercise.alternatives}
    answer = yaml.safe_load(others.get(name) or reference(task))

    for run in runs(task, answer):
        for limit, most in exercise.own["limits"].items():
            assert LIMITS[limit].measured(run) <= 0.94 * most, limit


@pytest.mark.weekly  # 24 designs on three evenings
def test_one_set_of_steps_is_left_whatever_the_event() -> None:
    kept = [
        (in_request, event)
        for place in range(2 ** len(STEPS))
        for event in ("outbox", "after_commit", "before_commit")
        if (in_request := [step for bit, step in enumerate(STEPS) if place >> bit & 1]) is not None
        and not any(broken("what-stays", {"in_request": in_request, "event": event}))
    ]
    assert kept == [(["charge"], "outbox")]


@pytest.mark.parametrize("task", TASKS)
def test_the_form_that_a_task_shows_breaks_limits_on_each_evening(task: str) -> None:
    form = yaml.safe_load(cell(f"{task}-task").partition("```yaml\n")[2].partition("```")[0])

    assert all(len(each) >= 2 for each in broken(task, form))


def test_two_consumers_are_enough_on_the_shown_evening_alone() -> None:
    shown, *others = broken(
        "one-topic-two-groups", {"groups": GROUPS, "partitions": 2, "consumers": 2}
    )
    assert not shown and all(each == {"receipt_p99_seconds"} for each in others)


@pytest.mark.parametrize(("partitions", "consumers"), [(1, 4), (2, 4), (4, 1), (4, 3), (8, 2)])
def test_too_few_at_once_or_uneven_shares_are_late(partitions: int, consumers: int) -> None:
    design = {"groups": GROUPS, "partitions": partitions, "consumers": consumers}

    assert any(each == {"receipt_p99_seconds"} for each in broken("one-topic-two-groups", design))


@pytest.mark.parametrize(("partitions", "consumers"), [(3, 3), (4, 4), (6, 3), (8, 4), (16, 4)])
def test_even_shares_and_more_than_two_are_in_time(partitions: int, consumers: int) -> None:
    design = {"groups": GROUPS, "partitions": partitions, "consumers": consumers}

    assert not any(broken("one-topic-two-groups", design))


def on_the_shown_evening(**lines: Any) -> Outcome:
    return followed_up(read_design({**REST, **lines}), story("public"))


def test_what_the_text_says_of_the_evening_is_measured() -> None:
    given = story("public")
    assert len(rides("public")) == 250 and len(given.events) == 297
    away = {each.who: each.ends - each.begins for each in given.outages}
    assert away == pytest.approx({"broker": 5, "receipt": 20, "charge": 20})

    after, before = (
        on_the_shown_evening(event=event) for event in ("after_commit", "before_commit")
    )
    assert sum(len(each.lost) for each in after.counted.values()) == 9
    assert {len(each.lost) for each in after.counted.values()} == {3}
    assert [each.ghosts for each in before.counted.values()] == [1, 1, 1]
    assert before.failed_requests == 2 and after.failed_requests == 0

    inside, later = (on_the_shown_evening(in_request=steps) for steps in (list(STEPS), []))
    assert inside.failed_requests == 16 and later.failed_requests == 0
    assert [each.ghosts for each in inside.counted.values()] == [10, 0, 0]
    assert round(max(inside.waits) * 1000) == 2330 and REQUEST_SECONDS == 0.03
    assert round(inside.counted["charge"].delay(0.99), 1) == 0.9
    assert round(later.counted["charge"].delay(0.99), 1) == 10.6
    assert WORK_SECONDS == {"charge": 0.9, "receipt": 1.2, "rating_prompt": 0.2}
    assert TAKEOVER_SECONDS == 2.5


def test_the_numbers_of_the_discussions_are_measured() -> None:
    stays = runs("what-stays", yaml.safe_load(reference("what-stays")))
    assert max(each.failed_requests for each in stays) == 13
    assert {round(max(each.waits) * 1000) for each in stays} == {930}

    events = len(story("public", times_as_many=3).events)
    assert round(events, -2) == 900 and round(events / 720, 2) == 1.25
    assert round(1 / 1.2, 2) == 0.83 and round(2 / 1.2, 2) == 1.67
    assert round(0.995**3, 3) == 0.985


def test_consumers_without_a_partition_change_nothing() -> None:
    two = {**REST, "in_request": ["charge"], "partitions": 2, "consumers": 2}
    view = queues.compare(two, {**two, "consumers": 4}, troubles=["crashes"], times_as_many=3)

    assert list(view.table["first"]) == list(view.table["second"])


def test_the_lines_called_rest_are_those_that_the_check_sets() -> None:
    names: dict[str, Any] = {"compare": lambda first, second: None}
    exec(cell("two-ways-without-an-outbox"), names)

    assert names["rest"] == REST


def test_a_step_that_fails_takes_the_ride_and_a_second_tap_charges_again() -> None:
    with queues._providers(0.0, "rating_prompt") as (address, books):
        steps = tuple(f"{address}/{step}" for step in STEPS)
        with Service(Settings(steps_in_request=steps)) as company:
            ride, answer, _ = queues._ride(company, queues.DRIVERS[0])
            assert answer == "502" and books == ["charge", "receipt"]
            with closing(company.client(driver=queues.DRIVERS[0])) as phone:
                again = phone.post(f"/v1/rides/{ride}/complete")
    assert again.status_code == 502 and books.count("charge") == 2


@pytest.mark.weekly  # the cell of the notebook is one of these in each run
@pytest.mark.parametrize("receipt_seconds", [0.6, 0.3, 0.1])
def test_a_receipt_fits_into_the_answer_at_some_of_the_times(receipt_seconds: float) -> None:
    view = queues.chain(receipt_seconds=receipt_seconds, failing="")
    inside, event = view.table["wait (ms)"]

    assert inside - event > receipt_seconds * 900, "a request of the same back end without it"
    assert "receipt" in view.table["was done before the answer"][0]
    assert view.table["was done before the answer"][1] == "nothing yet"


@pytest.mark.weekly  # in each run the cell of the notebook counts the same
def test_a_shared_group_splits_the_events(small: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_broker", small)
    shared = {"charge": "charge", "receipt": "mail", "rating_prompt": "mail"}
    view = queues.run({**REST, "groups": shared}, kill=[])

    charge, receipt, prompt = view.table["lost"]
    assert charge == 0 and receipt + prompt == 36 and receipt and prompt
    assert list(view.table["wanted"]) == [36, 36, 36]


@pytest.mark.weekly  # in each run the cell of the notebook does it
def test_a_producer_does_not_notice_a_consumer_that_is_down(
    small: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_broker", small)
    view = queues.consumer_down()

    down, _, running = view.table["the broker took one in (ms)"]
    assert list(view.table["receipt behind"]) == [30, 0, 0]
    assert 1 / 3 < down / running < 3
    assert "of 60 rides 60 have their receipt" in str(view)
