"""The labs of a topic that is moved: what they show, and what they refuse."""

from typing import Any

import psutil
import pytest

from ridealong.labs import move
from ridealong.labs.sql.database import LabError

PLAN: dict[str, Any] = {
    "copy_per_second": 60,
    "first": "consumers",
    "start_at": "translated",
    "cut_over": "pause",
    "cut_over_when_behind": 5,
}


def value(view: Any, measured: str, column: str = "plan") -> Any:
    return view.table.set_index("measured").loc[measured, column]


def children() -> set[int]:
    return {each.pid for each in psutil.Process().children(recursive=True)}


def test_a_move_between_two_brokers_shows_lag_counts_and_the_cut_over() -> None:
    before = children()
    view = move.move({**PLAN, "start_at": "latest"})

    assert value(view, "events lost") > 0 == value(view, "events read again")
    assert "which the lab sets" in view.title
    assert f"{value(view, 'events lost')} events lost, 0 read again" in view.summary
    assert view.picture is not None and "the cut-over begins after" in view.picture.alt
    assert (
        0 < float(value(view, "the cut-over begins (s)")) < float(value(view, "the move ends (s)"))
    )
    assert children() == before


def test_a_move_that_never_ends_says_so() -> None:
    view = move.move({**PLAN, "copy_per_second": 20})
    assert value(view, "the move ends (s)") == value(view, "the cut-over begins (s)") == "never"
    assert "The copy never caught up, so all stay on the old broker; 0 events lost" in view.summary
    assert view.picture is not None and "no cut-over" in view.picture.alt


def test_an_interrupt_ends_both_brokers(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        assert len(children() - before) == 2, "two brokers"
        raise KeyboardInterrupt

    before = children()
    monkeypatch.setattr(move, "moved_for_real", interrupted)
    with pytest.raises(KeyboardInterrupt):
        move.move(PLAN)
    assert children() == before


def test_two_plans_side_by_side() -> None:
    view = move.compare_moves(PLAN, {**PLAN, "copy_per_second": 400})
    for measured in ("largest lag of the consumers (s)", "longest wait of a producer (s)"):
        assert float(value(view, measured, "second")) > 5 * float(value(view, measured, "first"))
    assert view.summary.startswith("First: All are on the new broker after")
    assert view.picture is not None and "second: 2" in view.picture.alt


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: move.move(None), "the plan is empty, wanted lines such as cut_over: pause"),
        (lambda: move.move({"first": "x"}), "first is 'x', wanted one of consumers, producers"),
        (lambda: move.compare_moves(PLAN, []), r"the plan is \[\], wanted lines"),
        (
            lambda: move.move({**PLAN, "copy_per_second": 2, "cut_over_when_behind": 200}),
            "the plan takes .* s on two brokers, wanted 11 at most: let the copy carry more",
        ),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(call: Any, says: str) -> None:
    with pytest.raises(LabError, match=says) as found:
        call()
    assert "\n" not in str(found.value)


def test_two_plans_on_another_traffic() -> None:
    other = move.compare_moves(
        PLAN, PLAN, messages=3000, peak_per_second=36, peak_begins_seconds=40, link_per_second=90
    )
    lag = "largest lag of the consumers (s)"
    assert float(value(other, lag, "first")) > 2 * float(
        value(move.compare_moves(PLAN, PLAN), lag, "first")
    )
    for name, number, says in (
        ("messages", True, "messages is True, wanted a number from 0 to 20,000"),
        ("peak_per_second", 61, "peak_per_second is 61, wanted a number from 1 to 60"),
        ("link_per_second", "90", "link_per_second is '90', wanted a number from 1 to 1,000"),
        ("peak_begins_seconds", float("nan"), "peak_begins_seconds is nan, wanted a number"),
    ):
        given: dict[str, Any] = {name: number}
        with pytest.raises(LabError, match=says):
            move.compare_moves(PLAN, PLAN, **given)
