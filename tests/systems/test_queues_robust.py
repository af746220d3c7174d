"""A real run that is cut short leaves nothing behind, and says what happened in one line."""

import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any

import psutil
import pytest

from brokers import broker, kafka, small
from processes import SECONDS, is_gone
from ridealong.systems.broker.server import Broker, BrokerError
from ridealong.systems.queues.design import read_design
from ridealong.systems.queues.run import Running, followed_up_for_real
from ridealong.systems.queues.virtual import Story
from ridealong.systems.queues.work import RideEvent

__all__ = ["broker", "kafka", "small"]  # the fixtures that this file uses

WORK = {"charge": 0.02, "receipt": 0.02, "rating_prompt": 0.01}
STORY = Story(
    "cut short",
    tuple(RideEvent(f"{ride}-1", ride, 1, 1, ride * 0.1) for ride in range(1, 61)),
    WORK,
)
DESIGN = read_design({"partitions": 2})


def children(of: int | None = None) -> set[int]:
    return {each.pid for each in psutil.Process(of).children(recursive=True)}


def test_an_interrupt_ends_the_consumers(broker: Broker) -> None:
    before = children()

    def interrupts(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        followed_up_for_real(DESIGN, STORY, broker, name="interrupted", progress=interrupts)
    assert children() == before and broker.is_running
    again = followed_up_for_real(
        DESIGN, Story("again", STORY.events[:10], WORK), broker, name="after-it"
    )
    assert len(again.counted["charge"].delays) == 10


def test_a_broker_killed_in_the_middle_is_told_and_leaves_no_consumer() -> None:
    before = children()
    with Broker("built-in") as own:
        killer = threading.Timer(4.0, own.kill)
        killer.start()
        # By what it was asked for in that moment; where it went on asking, how far it had come.
        stopped = "the broker is stopped: start it with|does not answer.*restart|has not told where.*restart"
        with pytest.raises(BrokerError, match=stopped) as found:
            followed_up_for_real(DESIGN, STORY, own, name="killed")
        killer.join()
        assert "\n" not in str(found.value)
    assert children() == before


def test_a_consumer_that_is_killed_by_others_is_started_again(broker: Broker) -> None:
    with Running(DESIGN, broker, STORY, "by-others") as running:
        victim = running._consumers[0].child
        assert victim is not None
        victim.kill()
        running.hear()
        replaced = running._consumers[0].child
        assert replaced is not None and replaced is not victim and replaced.is_running
    assert not replaced.is_running


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; the pipe is the same there")
def test_nothing_stays_when_the_kernel_is_killed() -> None:
    code = """
import json, time
import psutil
from ridealong.systems.broker.server import Broker
from ridealong.systems.queues.run import Running
from tests_of_the_course import DESIGN, STORY
with Broker("built-in") as broker, Running(DESIGN, broker, STORY, "kernel"):
    print(json.dumps([each.pid for each in psutil.Process().children(recursive=True)]), flush=True)
    time.sleep(600)
""".replace("from tests_of_the_course import DESIGN, STORY", _SOURCE)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout
    try:
        pids: list[int] = json.loads(process.stdout.readline())
        assert len(pids) == 4, "a broker and three consumers"
        process.send_signal(signal.SIGKILL)
        process.wait(SECONDS)
        assert all(map(is_gone, pids))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


_SOURCE = """
from ridealong.systems.queues.design import read_design
from ridealong.systems.queues.virtual import Story
DESIGN = read_design({"partitions": 2})
STORY = Story("none", (), {"charge": 0.02, "receipt": 0.02, "rating_prompt": 0.01})
"""


def test_two_runs_at_once_have_their_own_topics(broker: Broker) -> None:
    few = Story("few", STORY.events[:10], WORK)
    found: dict[str, Any] = {}

    def runs(name: str) -> None:
        found[name] = followed_up_for_real(DESIGN, few, broker, name=name)

    threads = [threading.Thread(target=runs, args=(name,)) for name in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {len(each.counted["receipt"].delays) for each in found.values()} == {10}
