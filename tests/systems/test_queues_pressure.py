"""Producers under pressure leave nothing behind, and say in one line what went wrong."""

import threading

import psutil
import pytest

from brokers import broker, kafka, small
from ridealong.systems.broker.server import Broker, BrokerError
from ridealong.systems.queues.design import read_design
from ridealong.systems.queues.pressure import WAYS, pressed_for_real
from ridealong.systems.queues.virtual import Story
from ridealong.systems.queues.work import RideEvent

__all__ = ["broker", "kafka", "small"]  # the fixtures that this file uses

DESIGN = read_design({"in_request": ["receipt", "rating_prompt"], "partitions": 1})
STORY = Story(
    "too fast",
    tuple(RideEvent(f"{ride}-1", ride, 1, 1, ride * 0.01) for ride in range(1, 201)),
    {"charge": 0.02, "receipt": 0.02, "rating_prompt": 0.02},
)


def children() -> set[int]:
    return {each.pid for each in psutil.Process().children(recursive=True)}


def test_an_interrupt_ends_producers_and_consumers(broker: Broker) -> None:
    before = children()

    def interrupts(share: float) -> None:
        assert len(children() - before) == 2 * len(WAYS)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pressed_for_real(DESIGN, STORY, broker, 5, name="interrupted", progress=interrupts)
    assert children() == before and broker.is_running


def test_a_broker_that_is_killed_is_told_and_leaves_no_process() -> None:
    before = children()
    with Broker("built-in") as own:
        looked: list[float] = []

        def kills(share: float) -> None:
            if not looked:
                threading.Thread(target=own.kill).start()
            looked.append(share)

        with pytest.raises(BrokerError) as found:
            pressed_for_real(DESIGN, STORY, own, 5, name="killed", progress=kills)
        assert "the small broker" in str(found.value) and "\n" not in str(found.value)
    assert children() == before


def test_each_message_is_done_once_or_refused(broker: Broker) -> None:
    few = Story("few", STORY.events[:40], STORY.work_seconds)
    for seen in pressed_for_real(DESIGN, few, broker, 5, name="few"):
        assert seen.sent + seen.refused == 40 and len(seen.delays) == seen.sent
        assert seen.backlog[-1][1] == 0
