"""`04_when_the_work_fails`: its tasks have room for right answers and none for wrong ideas, and what
its text says of retries, backlogs and dead letters is what the runs count."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ridealong.authoring import cells, sources
from ridealong.authoring.format import read
from ridealong.judging.evenings import EVENINGS
from ridealong.judging.queue import ALWAYS, LIMITS
from ridealong.systems.queues.design import read_design
from ridealong.systems.queues.stories import WORK_SECONDS, rides, story
from ridealong.systems.queues.virtual import Outcome, followed_up

from ..conftest import COURSE

FOLDER = COURSE / "solutions" / "09_queues"
NOTEBOOK = "04_when_the_work_fails.ipynb"
MODULE = sources.load(FOLDER)
TASKS = ("retries-and-dead-letters", "consumers-for-the-peak")
EVENING: dict[str, Any] = {
    "partitions": 4,
    "consumers": 4,
    "remember": "with_work",
    "unreadable": "dead_letter",
    "when_attempts_end": "dead_letter",
    "backoff_seconds": 1,
}
FEW = EVENING | {"attempts": 3}
PATIENT = EVENING | {"attempts": 8, "longest_backoff_seconds": 8}


def source(identifier: str) -> str:
    (cell,) = [cell for cell in read(FOLDER / NOTEBOOK).cells if cell.id == identifier]
    return str(cell.source)


def answers(task: str) -> dict[str, str]:
    """Return the reference under "", and each alternative and mistake."""
    exercise = MODULE.exercises[task]
    known = {each.name: each.answer for each in (*exercise.alternatives, *exercise.mistakes)}
    return {"": cells.solution(source(task)), **known}


def evenings(task: str, text: str) -> Iterator[tuple[Outcome, set[str]]]:
    """Yield each evening under an answer, with the limits that it breaks."""
    own = MODULE.exercises[task].own
    design = read_design({**own["given"], **yaml.safe_load(text)})
    for name, seed in EVENINGS:
        run = followed_up(
            design,
            story(
                name,
                seed=seed,
                troubles=own["troubles"],
                times_as_many=own.get("times_as_many", 1),
            ),
        )
        broken = {
            limit for limit, most in own["limits"].items() if not LIMITS[limit].holds(run, most)
        }
        yield run, broken | {each for each in ALWAYS if not ALWAYS[each].holds(run, 0)}


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (task, name)
        for task in TASKS
        for name in ("", *(each.name for each in MODULE.exercises[task].alternatives))
    ],
)
def test_right_answers_keep_a_twentieth_of_each_time_on_every_evening(task: str, name: str) -> None:
    limits = MODULE.exercises[task].own["limits"]
    for run, broken in evenings(task, answers(task)[name]):
        assert not broken
        for limit, most in limits.items():
            if limit.endswith("seconds"):
                assert LIMITS[limit].measured(run) < 0.95 * most, (run.story, limit)


@pytest.mark.parametrize("task", TASKS)
def test_the_form_that_a_task_shows_breaks_a_limit_on_every_evening(task: str) -> None:
    form = source(f"{task}-task").partition("```yaml\n")[2].partition("```")[0]
    assert all(broken for _, broken in evenings(task, form))


def test_attempts_that_are_nearly_long_enough_hold_on_the_public_evening_alone() -> None:
    text = answers("retries-and-dead-letters")["nearly-long-enough"]
    public, *hidden = (broken for _, broken in evenings("retries-and-dead-letters", text))
    assert public == set() and any(hidden)


@pytest.mark.weekly
@pytest.mark.parametrize(
    ("task", "name"),
    [(task, each.name) for task in TASKS for each in MODULE.exercises[task].mistakes],
)
def test_wrong_ideas_break_a_limit(task: str, name: str) -> None:
    assert any(broken for _, broken in evenings(task, answers(task)[name]))


def test_the_waits_of_the_table_add_up() -> None:
    for attempts, longest, total in ((3, 30, 3), (8, 8, 39)):
        design = read_design({"backoff_seconds": 1, "longest_backoff_seconds": longest})
        waits = [design.backoff(attempt) for attempt in range(1, attempts)]
        assert sum(waits) == total
        assert f"{', '.join(f'{each:g}' for each in waits)} s: together {total} s" in source(
            "section-away"
        ).replace("1 s, 2 s", "1, 2 s")


def test_the_demonstrations_do_not_give_the_answer_away() -> None:
    shown = {name: PATIENT[name] for name in PATIENT if name not in ("partitions", "consumers")}
    text = yaml.safe_dump({name: shown[name] for name in shown if name != "remember"})
    assert all(broken for _, broken in evenings("retries-and-dead-letters", text))


def test_three_attempts_give_up_in_an_outage_and_eight_outlast_it() -> None:
    few, patient = (
        followed_up(read_design(each), story(troubles=["outages"])) for each in (FEW, PATIENT)
    )
    assert {each.wanted for each in few.counted.values()} == {297}
    assert [sum(each.dead for each in run.counted.values()) for run in (few, patient)] == [9, 0]
    assert few.counted["charge"].dead > 1 and few.counted["receipt"].dead > 1, "several for each"
    assert f"{patient.counted['receipt'].delay(0.99):.1f}" == "21.0"


def test_one_refused_charge_ends_its_partition_or_is_one_dead_letter() -> None:
    refused = story(troubles=["refused"])
    assert len(refused.refused) == 1
    stop, patient = (
        followed_up(read_design(PATIENT | {"when_attempts_end": each}), refused)
        for each in ("stop", "dead_letter")
    )
    assert [len(each.lost) for each in stop.counted.values()] == [69, 0, 0]
    assert refused.refused[0][1] in stop.counted["charge"].lost
    assert [each.dead for each in patient.counted.values()] == [1, 0, 0]
    assert f"{patient.counted['charge'].delay(0.99):.1f}" == "38.8"


def test_the_numbers_of_the_peak_are_those_of_the_evenings() -> None:
    most: dict[int, float] = {}
    for seconds in (10, 60):
        for name, seed in EVENINGS:
            at = [e.happened_at for e in story(name, seed=seed, times_as_many=4).events]
            rate = max(sum(s <= t < s + seconds for t in at) for s in range(720)) / seconds
            most[seconds] = max(most.get(seconds, 0), rate)
    assert {seconds: round(rate, 1) for seconds, rate in most.items()} == {10: 4.5, 60: 2.6}
    assert WORK_SECONDS == {"charge": 0.9, "receipt": 1.2, "rating_prompt": 0.2}
    assert len(rides("public")) == 250


def test_the_arithmetic_of_the_backlog_is_right() -> None:
    got = yaml.safe_load(cells.solution(source("drain-time")))
    partitions, work, arrivals, outage = 12, 0.2, 12, 600
    waits = outage * arrivals
    assert got == {
        "waiting_messages": waits,
        "drain_seconds": round(waits / (4 / work - arrivals)),
        "least_consumers": next(n for n in range(1, 13) if n / work > arrivals),
        "most_useful_consumers": partitions,
        "shortest_drain_seconds": round(waits / (partitions / work - arrivals)),
        "saturday_growth_per_minute": round(60 * (24 - 4 / work)),
    }
    assert 9000 / (10 - 8) == 4500 and 9000 / (20 - 8) == 750, "the decision"
