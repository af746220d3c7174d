"""The service, once for each kind of database, and those who call it."""

from collections.abc import Iterator

import pytest

import own_postgresql
from ridealong.service import Service, Settings
from service_callers import Callers, callers, sqlite_url


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL of our own."""
    with own_postgresql.running() as url:
        yield url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service on one kind of database, with limits that tests do not meet by chance."""
    if request.param == "postgresql":
        database = request.getfixturevalue("postgresql")
    else:
        database = sqlite_url(tmp_path_factory.mktemp("service"))
    with Service(
        Settings(
            database=database, requests_per_second=100_000, burst=100_000, slow_client_seconds=1.0
        )
    ) as running:
        yield running


@pytest.fixture
def calling(company: Service) -> Iterator[Callers]:
    """Those who call; afterwards the driver is free again."""
    them = callers(company)
    yield them
    them.freed()
    for client in vars(them).values():
        client.close()
