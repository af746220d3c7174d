"""A broker for a test, once on each that there is: the small one, and Apache Kafka."""

import os
import sys
from collections.abc import Iterator

import pytest

from ridealong.systems.broker import apache
from ridealong.systems.broker.server import VARIABLE, Broker

SERVERS = ("built-in", "kafka")
ON_ALL = pytest.mark.parametrize("broker", SERVERS, indirect=True)
ON_KAFKA = pytest.mark.parametrize("broker", ["kafka"], indirect=True)


def needs_kafka() -> None:
    """Skip the test where Apache Kafka cannot run; in CI on Linux it has to."""
    reason = apache.missing()
    if not reason:
        return
    if os.environ.get("CI") == "true" and sys.platform == "linux":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """Apache Kafka, for all tests that do not kill it: the outside one, else one node of our own."""
    is_outside = bool(os.environ.get(VARIABLE, "").strip())
    if not is_outside:
        needs_kafka()
    with Broker("" if is_outside else "kafka") as running:
        yield running


@pytest.fixture(scope="session")
def small() -> Iterator[Broker]:
    """The small broker, for all tests that do not kill it."""
    with Broker("built-in") as running:
        yield running


@pytest.fixture
def broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """A broker that runs, with topics of its own: an outside one to whoever asks."""
    kind = getattr(request, "param", "built-in")
    running: Broker = request.getfixturevalue("small" if kind == "built-in" else "kafka")
    monkeypatch.setenv(VARIABLE, running.bootstrap)
    if kind == "built-in":
        yield running  # its topics are made through its process alone
        return
    with Broker() as outside:
        yield outside
