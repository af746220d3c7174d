"""A plan to move a topic is judged by what comes of it, on traffics its author has not seen too."""

from typing import Any

import pytest
import yaml

from ridealong.judging import move
from ridealong.judging.move import ALWAYS, LIMITS, TRAFFICS

RIGHT: dict[str, Any] = {
    "copy_per_second": 47,
    "first": "producers",
    "start_at": "translated",
    "cut_over": "pause",
    "cut_over_when_behind": 5,
}
ENTRY: dict[str, Any] = {
    "limits": {
        "lost": 0,
        "repeated": 0,
        "overtaken": 0,
        "written_twice": 0,
        "wait_seconds": 2,
        "lag_seconds": 3,
        "ends_by_seconds": 295,
    },
}


def judged(plan: object, entry: dict[str, Any] = ENTRY) -> Any:
    return move.judged("move-plan", entry, plan)


def test_a_plan_that_keeps_its_limits_holds_on_every_traffic() -> None:
    seen = judged(RIGHT)

    assert seen.passed and all(each.held for each in seen.properties)
    assert len(seen.properties) == len(ALWAYS) + len(ENTRY["limits"])
    assert "on 3 traffics each of 8 limits is kept, and the move that you see ends" in seen.message
    assert move.marks(RIGHT, ENTRY) == {}


@pytest.mark.parametrize(
    ("change", "broken", "words"),
    [
        ({"copy_per_second": 30}, "unfinished", "is not so: the copy never comes near enough"),
        ({"copy_per_second": 400}, "lag_seconds", "no event waits longer than 2 s at the producer"),
        ({"start_at": "latest"}, "lost", "at most 0 events never reach the consumers; on the tra"),
        ({"start_at": "earliest"}, "repeated", "at most 0 events reach the consumers again; on th"),
        ({"cut_over": "switch", "cut_over_when_behind": 100}, "overtaken", "consumers again"),
        ({"cut_over_when_behind": 200}, "wait_seconds", "for an event of second "),
        ({"cut_over": "dual_run"}, "written_twice", "write at most 0 events to both brokers"),
    ],
)
def test_each_wrong_choice_breaks_its_limit_and_is_told_with_its_traffic(
    change: dict[str, Any], broken: str, words: str
) -> None:
    plan = RIGHT | change
    seen = judged(plan)

    assert not seen.passed and words in seen.message and "\n" not in seen.message
    assert "on the traffic that you see it is " in seen.message
    found = move.marks(plan, ENTRY)
    assert broken in found["broken"] and found["shown"] is True
    told = {name: found["plan"][name] for name in change if name in found["plan"]}
    assert told.items() <= change.items()


@pytest.mark.parametrize(
    ("change", "where", "second"),
    [
        ({"copy_per_second": 60}, "where the peak comes early", "of second 99"),
        ({"copy_per_second": 42}, "where more lies there and the link is slower", "second 29"),
    ],
)
def test_a_plan_that_fits_the_shown_traffic_alone_fails(
    change: dict[str, Any], where: str, second: str
) -> None:
    seen = judged(RIGHT | change)
    assert not seen.passed and f"; {where} it is " in seen.message and second in seen.message
    assert move.marks(RIGHT | change, ENTRY)["shown"] is False


def test_a_wait_before_the_cut_over_is_told_from_one_that_begins_with_it() -> None:
    starved = move.marks(RIGHT | {"copy_per_second": 400}, ENTRY)
    paused = move.marks(RIGHT | {"cut_over_when_behind": 200}, ENTRY)
    assert starved["waits_before"] is True and paused["waits_before"] is False


def test_what_riders_lose_is_told_before_what_they_wait_for() -> None:
    entry = ENTRY | {"limits": dict(sorted(ENTRY["limits"].items()))}
    message = judged(RIGHT | {"start_at": "earliest"}, entry).message
    assert message.startswith("wanted: at most 0 events reach the consumers again; "), message


def test_words_of_a_plan_that_came_to_nothing_say_nothing() -> None:
    stays = [
        move.marks(RIGHT | {"copy_per_second": 20, "start_at": each}, ENTRY)
        for each in ("translated", "latest")
    ]
    assert stays[0] == stays[1] and stays[0]["plan"] == {}


def test_the_second_that_is_told_is_that_of_the_largest_lag() -> None:
    entry = ENTRY | {"limits": {"lag_seconds": 3}}
    message = judged(RIGHT | {"copy_per_second": 400}, entry).message
    assert (
        "on the traffic that you see it is 27.3 s, at 63 s; the cut-over begins at 61 s" in message
    )


def test_limits_that_hold_give_their_points_and_a_move_without_an_end_gives_none() -> None:
    assert judged(RIGHT | {"cut_over": "dual_run"}).share == pytest.approx(6 / 7)
    stays = judged(RIGHT | {"copy_per_second": 20})
    assert not stays.passed and stays.share == 0, "a plan that does nothing breaks nothing else"


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (None, "the plan is empty"),
        ({"first": "riders"}, "first is 'riders'"),
        ({"copy": 5}, "the plan has the line 'copy', not known"),
    ],
)
def test_what_is_no_plan_is_told(plan: object, words: str) -> None:
    seen = judged(plan)
    assert not seen.passed and words in seen.message
    assert move.marks(plan, ENTRY)["error"].startswith(words)


def test_keys_of_an_exercise_are_looked_at() -> None:
    assert list(move.problems(ENTRY)) == []
    (told,) = move.problems({"limits": {"lots": 0}})
    assert "no limit is called 'lots'; did you mean \"lost\"?" in told
    assert list(move.problems({"limits": {}})) == ["'limits' is empty, wanted one limit at least"]


def test_mutants_change_one_line_each() -> None:
    changes = {each.change for each in move.mutants(yaml.safe_dump(RIGHT), ENTRY)}
    assert changes >= {
        "without start_at",
        "first: consumers",
        "start_at: latest",
        "cut_over: dual_run",
        "copy_per_second: halved",
        "copy_per_second: doubled",
        "copy_per_second: one less",
        "cut_over_when_behind: one less",
    }
    for mutant in move.mutants(yaml.safe_dump(RIGHT), ENTRY):
        assert yaml.safe_load(mutant.text) != RIGHT


def test_every_limit_can_break() -> None:
    for name, limit in {**ALWAYS, **LIMITS}.items():
        assert limit.matters.endswith(".") and "{" in limit.shown, name
    assert len(TRAFFICS) == 3
