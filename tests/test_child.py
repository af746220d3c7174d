"""A child that does not start says why, and nothing of it stays."""

import sys

import psutil
import pytest

from processes import is_gone
from ridealong.child import Child, ChildError

CACHE = "ridealong.systems.cache.process"
FAKE = {"server": "fakeredis", "port": 0}


def children() -> list[int]:
    return [each.pid for each in psutil.Process().children()]


def test_a_child_is_ready_when_it_is_made_and_ends_once() -> None:
    child = Child(CACHE, FAKE | {"folder": ""})

    assert child.is_running and child.ready["port"] > 0
    child.stop()
    assert not child.is_running and is_gone(child.pid)
    child.stop()
    child.send("to nobody")
    assert child.hear(1) == {}, "it has ended"


def test_a_child_that_gives_a_reason_is_heard() -> None:
    before = children()
    with pytest.raises(ChildError, match="port -1 on 127.0.0.1 cannot be had") as found:
        Child(CACHE, FAKE | {"port": -1, "folder": ""})

    assert found.value.told == str(found.value) and children() == before


def test_a_child_that_breaks_leaves_its_last_words() -> None:
    before = children()
    with pytest.raises(ChildError) as found:
        Child(CACHE, {})

    assert found.value.told == "" and found.value.last_words == "KeyError: 'server'"
    assert str(found.value) == "KeyError: 'server'" and children() == before


def test_a_child_that_is_silent_is_ended() -> None:
    before = children()
    with pytest.raises(ChildError, match="it said nothing") as found:
        Child(CACHE, FAKE | {"folder": ""}, start_seconds=0.0)

    assert (found.value.told, found.value.last_words) == ("", "") and children() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_child_that_is_killed_is_waited_for() -> None:
    child = Child(CACHE, FAKE | {"folder": ""})
    child.kill()

    assert child.process.returncode < 0 and not child.is_running
