"""The real thing counts as virtual time does: real processes, a real broker, real kills."""

from dataclasses import replace
from typing import Any

import pytest

from brokers import ON_ALL, broker, kafka, small
from ridealong.systems.broker.server import Broker
from ridealong.systems.queues.design import STEPS, read_design
from ridealong.systems.queues.run import followed_up_for_real
from ridealong.systems.queues.virtual import Crash, Outcome, Story, followed_up
from ridealong.systems.queues.work import RideEvent

__all__ = ["broker", "kafka", "small"]  # the fixtures that this file uses

CAREFUL: dict[str, Any] = {
    "commit": "after_work",
    "remember": "with_work",
    "attempts": 3,
    "backoff_seconds": 0.1,
    "when_attempts_end": "dead_letter",
    "unreadable": "dead_letter",
    "partitions": 3,
}


def shared_sample() -> Story:
    """Thirty rides in two seconds, a message that nobody can read, and three kills."""
    events = [
        RideEvent(f"{ride}-1", ride, ride % 5 + 1, 1, 0.06 * (ride - 100))
        for ride in range(100, 130)
    ]
    events += [
        replace(each, event_id=f"{each.ride_id}-2", version=2, happened_at=each.happened_at + 0.02)
        for each in events[::4]
    ]
    events.sort(key=lambda each: each.happened_at)
    crashes = (
        Crash("charge", "107-1", "between work and commit"),
        Crash("receipt", "112-1", "before the work"),
        Crash("rating_prompt", "117-1", "after the commit"),
    )
    work = {"charge": 0.02, "receipt": 0.02, "rating_prompt": 0.01}
    return Story("sample", tuple(events), work, unreadable_at=(0.5,), crashes=crashes)


def sums(seen: Outcome) -> dict[str, Any]:
    return {
        step: (each.wanted, each.lost, each.dead, each.repeated, each.overtaken, each.ghosts)
        for step, each in seen.counted.items()
    } | {"unreadable": seen.unreadable_in_dead_letters}


@ON_ALL
@pytest.mark.parametrize(
    ("name", "changes", "lost", "repeated"),
    [
        ("once", {}, 0, 0),
        ("at-most-once", {"commit": "before_work", "remember": "nothing"}, 1, 0),
        ("at-least-once", {"remember": "nothing"}, 0, 1),
    ],
)
def test_a_real_run_counts_as_virtual_time_does(
    broker: Broker, name: str, changes: dict[str, Any], lost: int, repeated: int
) -> None:
    design = read_design({**CAREFUL, **changes})
    real = followed_up_for_real(design, shared_sample(), broker, name=f"{name}-{broker.server}")

    assert sums(real) == sums(followed_up(design, shared_sample()))
    assert len(real.counted["charge"].lost) == lost and real.counted["charge"].repeated == repeated
    kills = [each for each in real.timeline if each.what.startswith("killed")]
    assert len(kills) == 3 and {each.who for each in kills} == set(STEPS)


def test_a_real_provider_refuses_as_the_virtual_one_does(small: Broker) -> None:
    design, told = read_design(CAREFUL), replace(shared_sample(), refused=(("charge", "109-1"),))
    real = followed_up_for_real(design, told, small, name="refused")
    assert sums(real) == sums(followed_up(design, told)) and real.counted["charge"].dead == 1


@pytest.mark.weekly
@ON_ALL
def test_thirty_runs_in_a_row_count_alike(broker: Broker) -> None:
    design = read_design(CAREFUL)
    wanted = sums(followed_up(design, shared_sample()))
    for turn in range(30):
        real = followed_up_for_real(
            design, shared_sample(), broker, name=f"turn-{turn}-{broker.server}"
        )
        assert sums(real) == wanted, f"in run {turn + 1}"
