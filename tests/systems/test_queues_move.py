"""A topic moved between brokers: each wrong choice has its price, and two real ones count alike."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from brokers import ON_ALL, broker, kafka, small
from processes import SECONDS, is_gone
from ridealong.systems.broker.server import Broker, BrokerError
from ridealong.systems.queues.move import (
    Moved,
    Plan,
    PlanError,
    Traffic,
    moved,
    moved_for_real,
    read_plan,
    sample,
    shared,
    traffic,
)
from ridealong.systems.queues.work import RideEvent

__all__ = ["broker", "kafka", "small"]  # the fixtures that this file uses

CAREFUL: dict[str, Any] = {
    "copy_per_second": 60,
    "first": "consumers",
    "start_at": "translated",
    "cut_over": "pause",
    "cut_over_when_behind": 5,
}


def outcome(given: Traffic | None = None, **changes: Any) -> Moved:
    return moved(read_plan({**CAREFUL, **changes}), given or traffic())


# --------------------------------------------------------------------------------------- the plan


def test_what_is_left_out_is_plain() -> None:
    assert read_plan({}) == Plan()
    assert read_plan(CAREFUL) == Plan(60.0, "consumers", "translated", "pause", 5)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "the plan is empty, wanted lines such as cut_over: pause"),
        ([], r"the plan is \[\], wanted lines"),
        ({"copy": 3}, "the plan has the line 'copy', not known: "),
        ({1: 2}, "the plan has the line '1', not known: "),
        (
            {"copy_per_second": 0},
            "copy_per_second is 0, wanted messages in a second, a number from",
        ),
        ({"copy_per_second": 1e9}, "copy_per_second is 1000000000.0, wanted .* from 1 to 1,000"),
        ({"copy_per_second": float("nan")}, "copy_per_second is nan, wanted messages"),
        ({"copy_per_second": True}, "copy_per_second is True, wanted messages"),
        ({"copy_per_second": "60/s"}, "copy_per_second is '60/s', wanted messages"),
        ({"first": "both"}, "first is 'both', wanted one of consumers, producers"),
        ({"start_at": "end"}, "start_at is 'end', wanted one of translated, earliest, latest"),
        (
            {"cut_over": ["pause"]},
            r"cut_over is \['pause'\], wanted one of pause, switch, dual_run",
        ),
        ({"cut_over_when_behind": -1}, "cut_over_when_behind is -1, wanted messages, a whole"),
        ({"cut_over_when_behind": 2.5}, "cut_over_when_behind is 2.5, wanted messages, a whole"),
        ({"cut_over_when_behind": True}, "cut_over_when_behind is True, wanted messages"),
        ({"cut_over_when_behind": 10**9}, "is 1000000000, wanted .* from 0 to 100,000"),
    ],
)
def test_what_cannot_be_followed_is_told_in_one_line(value: Any, words: str) -> None:
    with pytest.raises(PlanError, match=words) as found:
        read_plan(value)
    assert "\n" not in str(found.value) and len(str(found.value)) < 300


# ----------------------------------------------------------------------------------- virtual time


@pytest.mark.parametrize("first", ["consumers", "producers"])
@pytest.mark.parametrize("cut_over", ["pause", "switch", "dual_run"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_careful_plan_loses_repeats_and_overtakes_nothing(
    first: str, cut_over: str, seed: int
) -> None:
    behind = 0 if cut_over == "switch" else 5
    seen = outcome(traffic(seed=seed), first=first, cut_over=cut_over, cut_over_when_behind=behind)
    assert seen.counts == (0, 0, 0)
    assert seen.cut_over_at is not None and seen.ended_at is not None
    assert seen.cut_over_at < seen.ended_at < 150, "it is over before the peak"
    assert seen.lag[-1][1] == 0
    assert (seen.written_twice > 0) == (cut_over == "dual_run" and first == "producers")


def test_same_seed_is_the_same_move_and_another_is_not() -> None:
    assert outcome() == outcome()
    assert traffic(seed=1) != traffic()
    times = [each.happened_at for each in traffic().live]
    off_peak = sum(at < 60 for at in times)
    in_peak = sum(150 <= at < 210 for at in times)
    assert 1.5 < in_peak / off_peak < 2, "35 a second, and 20"


def test_a_copy_too_fast_starves_those_who_use_the_link_as_well() -> None:
    fast, careful = outcome(copy_per_second=400), outcome()
    assert fast.largest_lag_seconds > 5 * careful.largest_lag_seconds
    assert fast.pause_seconds > 20 * careful.pause_seconds
    assert fast.cut_over_at and careful.cut_over_at and fast.cut_over_at < careful.cut_over_at


def test_a_copy_too_slow_never_catches_up() -> None:
    for slow in (1, 20, 30):
        seen = outcome(copy_per_second=slow)
        assert seen.cut_over_at is None and seen.ended_at is None
        assert seen.counts == (0, 0, 0), "nobody has left the old broker"


def test_a_peak_keeps_a_copy_from_catching_up() -> None:
    flat, peak = traffic(peak_per_second=20.0), traffic(peak=(60.0, 300.0))
    ended = outcome(flat, copy_per_second=40).ended_at
    assert ended is not None and outcome(peak, copy_per_second=40).ended_at is None


@pytest.mark.parametrize("first", ["consumers", "producers"])
def test_latest_loses_and_earliest_repeats_everything(first: str) -> None:
    given = traffic()
    latest = outcome(given, first=first, start_at="latest")
    assert latest.lost > 0 == latest.repeated
    earliest = outcome(given, first=first, start_at="earliest")
    assert earliest.lost == 0 and earliest.repeated > len(given.history)
    assert earliest.largest_lag_seconds > 10 * outcome(given, first=first).largest_lag_seconds


@pytest.mark.parametrize("first", ["consumers", "producers"])
def test_a_switch_with_a_copy_that_is_behind_breaks_the_order(first: str) -> None:
    behind = outcome(first=first, cut_over="switch", cut_over_when_behind=500)
    assert behind.overtaken > 0 and behind.repeated > 300
    assert outcome(first=first, cut_over="switch").overtaken == 0


def test_a_pause_with_much_behind_waits_long_and_keeps_the_order() -> None:
    behind, careful = outcome(cut_over_when_behind=2000), outcome()
    assert behind.pause_seconds > 50 * careful.pause_seconds
    assert behind.overtaken == behind.lost == 0
    assert behind.repeated > 1000, "the consumers go back to what was copied"


def test_a_dual_run_costs_writes_and_needs_the_consumers_to_stay() -> None:
    stay = outcome(first="producers", cut_over="dual_run", cut_over_when_behind=500)
    assert stay.counts == (0, 0, 0) and stay.written_twice > 100
    careful = outcome(first="producers", cut_over="dual_run")
    assert stay.written_twice > 2 * careful.written_twice
    go = outcome(first="consumers", cut_over="dual_run", cut_over_when_behind=500)
    assert go.overtaken > 0 and go.repeated > 300


def test_whatever_the_plan_the_move_ends_or_never_begins() -> None:
    choices = itertools.product(
        (20.0, 60.0, 400.0),
        ("consumers", "producers"),
        ("translated", "earliest", "latest"),
        ("pause", "switch", "dual_run"),
        (0, 50, 1000),
    )
    for plan in itertools.starmap(Plan, choices):
        seen = moved(plan, sample())
        assert (seen.cut_over_at is None) == (seen.ended_at is None), plan
        assert seen.cut_over_at is not None or seen.counts == (0, 0, 0), plan
        assert plan.start_at == "latest" or seen.lost == 0, plan
        assert plan.cut_over != "pause" or seen.overtaken == 0, plan
        assert seen.lag[-1][1] == 0, "nothing is left"


def test_latest_behind_a_copy_that_lags_repeats_what_it_lags() -> None:
    seen = outcome(start_at="latest", cut_over_when_behind=2000)
    assert seen.lost == 0 < seen.repeated, "the end of the new topic is before where they were"


def test_counts_are_told_by_hand() -> None:
    # Nothing lies there; two events of one ride, and the consumers are away for ten seconds.
    one = RideEvent("1-1", 1, 1, 1, 0.35)
    two = RideEvent("1-2", 1, 1, 2, 5.0)
    given = Traffic((), (one, two), 20.0, handover_seconds=10.0)
    seen = outcome(given, start_at="latest", cut_over="switch", cut_over_when_behind=0)

    assert seen.cut_over_at == pytest.approx(0.1), "nothing is behind"
    assert seen.counts == (2, 0, 0), "both came while the consumers were away"
    careful = outcome(given)
    assert careful.counts == (0, 0, 0)
    assert careful.largest_lag_seconds == pytest.approx(10.2 - one.happened_at)


def test_the_link_goes_to_whoever_asks_for_more() -> None:
    assert shared([2, 4, 2], 10) == [2, 4, 2]
    assert shared([2, 16, 2], 10) == [1, 8, 1]
    assert shared([0, 0, 0], 10) == [0, 0, 0]


# --------------------------------------------------------------------------------- on two brokers


@pytest.fixture(scope="module")
def second() -> Iterator[Broker]:
    """Another small broker."""
    with Broker("built-in") as running:
        yield running


@ON_ALL
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("careful", {}),
        pytest.param("latest", {"start_at": "latest"}, marks=pytest.mark.weekly),
        pytest.param("earliest", {"start_at": "earliest"}, marks=pytest.mark.weekly),
        ("switch", {"cut_over": "switch", "cut_over_when_behind": 50}),
        pytest.param(
            "stay",
            {"first": "producers", "cut_over": "dual_run", "cut_over_when_behind": 50},
            marks=pytest.mark.weekly,
        ),
        pytest.param("never", {"copy_per_second": 20}, marks=pytest.mark.weekly),
    ],
)
def test_two_brokers_count_as_virtual_time_does(
    broker: Broker, second: Broker, name: str, changes: dict[str, Any]
) -> None:
    plan = read_plan({**CAREFUL, **changes})
    virtual = moved(plan, sample())
    # Each is once the one that is left, and once the one that is moved to.
    pair = (second, broker) if name in ("latest", "earliest", "stay") else (broker, second)
    real = moved_for_real(plan, sample(), *pair, name=f"{name}-{broker.server}")

    assert real.counts == virtual.counts and real.written_twice == virtual.written_twice
    assert (real.ended_at is None) == (virtual.ended_at is None) == (name == "never")
    if name == "latest":
        assert real.lost > 0
    if name == "earliest":
        assert real.repeated > len(sample().history)
    if name == "switch":
        assert real.overtaken > 0


def test_on_two_brokers_a_pause_with_much_behind_waits_longer(
    small: Broker, second: Broker
) -> None:
    waits = [
        moved_for_real(
            read_plan({**CAREFUL, "cut_over_when_behind": behind}),
            sample(),
            small,
            second,
            name=f"pause-{behind}",
        ).pause_seconds
        for behind in (5, 100)
    ]
    assert waits[1] > 2 * waits[0]


def children() -> set[int]:
    return {each.pid for each in psutil.Process().children(recursive=True)}


def test_an_interrupt_leaves_nothing_and_the_brokers_can_go_on(
    small: Broker, second: Broker
) -> None:
    processes, threads = children(), threading.active_count()

    def interrupts(share: float) -> None:
        if share > 0.2:
            raise KeyboardInterrupt

    plan = read_plan(CAREFUL)
    with pytest.raises(KeyboardInterrupt):
        moved_for_real(plan, sample(), small, second, name="cut-short", progress=interrupts)
    assert children() == processes and threading.active_count() == threads
    again = moved_for_real(plan, sample(), small, second, name="again")
    assert again.counts == moved(plan, sample()).counts


@pytest.mark.parametrize("killed", ["old", "new"])
def test_a_broker_killed_in_the_middle_is_told_in_one_line(killed: str) -> None:
    with Broker("built-in") as old, Broker("built-in") as new:
        began = time.monotonic()

        def kills(share: float) -> None:
            if share > 0.2:
                (old if killed == "old" else new).kill()

        with pytest.raises(BrokerError, match="the broker is stopped: start it with") as found:
            moved_for_real(read_plan(CAREFUL), sample(), old, new, name="killed", progress=kills)
        assert "\n" not in str(found.value)
        assert time.monotonic() - began < SECONDS, "nobody waits for it for ever"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; the pipe is the same there")
def test_nothing_stays_when_the_kernel_is_killed() -> None:
    code = """
import json, time
import psutil
from ridealong.systems.broker.server import Broker
from ridealong.systems.queues.move import moved_for_real, read_plan, sample

def tells(share):
    print(json.dumps([each.pid for each in psutil.Process().children(recursive=True)]), flush=True)
    time.sleep(600)

with Broker("built-in") as old, Broker("built-in") as new:
    moved_for_real(read_plan({}), sample(), old, new, name="kernel", progress=tells)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout
    try:
        pids: list[int] = json.loads(process.stdout.readline())
        assert len(pids) == 2, "two brokers"
        process.send_signal(signal.SIGKILL)
        process.wait(SECONDS)
        assert all(map(is_gone, pids))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
