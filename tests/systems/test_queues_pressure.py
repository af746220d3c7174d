"""Producers under pressure leave nothing behind, and say in one line what went wrong."""

import json
import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest

from brokers import broker, kafka, small
from processes import SECONDS, is_gone
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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; the pipe is the same there")
def test_nothing_stays_when_the_kernel_is_killed() -> None:
    code = """
import json, time
import psutil
from ridealong.systems.broker.server import Broker
from ridealong.systems.queues.design import read_design
from ridealong.systems.queues.pressure import pressed_for_real
from ridealong.systems.queues.virtual import Story
from ridealong.systems.queues.work import RideEvent
def waits(share):
    print(json.dumps([each.pid for each in psutil.Process().children(recursive=True)]), flush=True)
    time.sleep(600)
design = read_design({"in_request": ["receipt", "rating_prompt"], "partitions": 1})
events = tuple(RideEvent(f"{ride}-1", ride, 1, 1, ride * 0.01) for ride in range(1, 201))
with Broker("built-in") as broker:
    story = Story("killed", events, {"charge": 0.02})
    pressed_for_real(design, story, broker, 5, name="kernel", progress=waits)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout
    try:
        pids: list[int] = json.loads(process.stdout.readline())
        assert len(pids) == 1 + 2 * len(WAYS), "a broker, producers and consumers"
        process.send_signal(signal.SIGKILL)
        process.wait(SECONDS)
        assert all(map(is_gone, pids))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_each_message_is_done_once_or_refused(broker: Broker) -> None:
    few = Story("few", STORY.events[:40], STORY.work_seconds)
    for seen in pressed_for_real(DESIGN, few, broker, 5, name="few"):
        assert seen.sent + seen.refused == 40 and len(seen.delays) == seen.sent
        assert seen.backlog[-1][1] == 0
