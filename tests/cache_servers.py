"""A cache for a test, once on each server that there is: two of the course's, and Debian's Redis."""

from collections.abc import Iterator

import pytest

import own_redis
from ridealong.systems.cache.server import VARIABLE, Cache

SERVERS = ("valkey", "fakeredis", "outside")
ON_ALL = pytest.mark.parametrize("cache", SERVERS, indirect=True)
ON_TWO = pytest.mark.parametrize("cache", ["valkey", "outside"], indirect=True)


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
    """A cache that runs, on the server that the test asks for, Valkey by default."""
    with make(getattr(request, "param", "valkey"), request) as running:
        yield running
