"""Codes, refresh tokens and revocations in the database: once, for all, and after a restart."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from own_postgresql import free_port
from ridealong.labs.tokens import finished_flow
from ridealong.service import Service, Settings
from ridealong.service.authorization import Ticket
from ridealong.service.grants import StoredGrants
from ridealong.service.store import Store

HISTORY = "/v1/users/123/rides"


class Clock:
    now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def grants(company: Service, clock: Clock) -> Iterator[StoredGrants]:
    store = Store(company.settings.database)
    yield StoredGrants(store, clock=clock)
    store.close()


def ticket(clock: Clock, digest: str) -> Ticket:
    return Ticket(
        kind="code",
        digest=digest,
        grant_id=f"consent of {digest}",
        client_id="trip-diary",
        subject="rider-123",
        scope="rides:read",
        redirect_uri="http://127.0.0.1/callback",
        code_challenge="a-challenge",
        expires_at_seconds=clock.now + 60,
        keep_until_seconds=clock.now + 100,
    )


def test_a_ticket_is_found_as_it_was_kept(grants: StoredGrants, clock: Clock) -> None:
    kept = ticket(clock, "found")
    grants.add(kept)
    grants.add(replace(kept, kind="refresh", redirect_uri="", code_challenge=""))

    assert grants.find("code", "found") == kept
    assert grants.find("refresh", "found") == replace(
        kept, kind="refresh", redirect_uri="", code_challenge=""
    )
    assert grants.find("code", "another") is None


def test_of_many_at_once_one_uses_a_ticket(grants: StoredGrants, clock: Clock) -> None:
    kept = ticket(clock, "raced for")
    grants.add(kept)
    won: list[bool] = []
    threads = [
        threading.Thread(target=lambda: won.append(grants.use("code", "raced for")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == [False] * 7 + [True]
    assert grants.find("code", "raced for") == replace(kept, used=True)
    assert not grants.use("code", "never there")


def test_what_is_past_its_time_goes(grants: StoredGrants, clock: Clock) -> None:
    grants.add(ticket(clock, "old"))
    grants.revoke("old consent", clock.now + 100)
    clock.now += 99
    grants.add(ticket(clock, "middle"))
    grants.revoke("middle consent", clock.now + 100)

    assert grants.find("code", "old") is not None
    assert grants.is_revoked("old consent")

    clock.now += 1
    grants.add(ticket(clock, "new"))
    grants.revoke("new consent", clock.now + 100)

    assert grants.find("code", "old") is None
    assert grants.find("code", "middle") is not None
    assert not grants.is_revoked("old consent")
    assert grants.is_revoked("middle consent")


def test_a_second_revocation_makes_none_shorter(grants: StoredGrants, clock: Clock) -> None:
    grants.revoke("twice", clock.now + 100)
    grants.revoke("twice", clock.now + 10)
    clock.now += 50
    grants.revoke("another", clock.now + 10)
    assert grants.is_revoked("twice")

    grants.revoke("twice", clock.now + 100)
    clock.now += 60
    grants.revoke("yet another", clock.now + 10)
    assert grants.is_revoked("twice")


def test_a_restart_forgets_no_revocation_and_no_used_code(company: Service) -> None:
    settings = Settings(database=company.settings.database, port=free_port())
    with Service(settings) as before:
        kept = finished_flow(before, "trip-diary", ["rides:read"], "rider-123")
        kept.exchange()
        lost = finished_flow(before, "trip-diary", ["rides:read"], "rider-123")
        lost.exchange()
        assert lost.revoke().status_code == 200

    with Service(settings) as after:

        def asked(token: str) -> httpx.Response:
            return after.client(token=token).get(HISTORY)

        refused = asked(lost.access_token)
        assert (refused.status_code, refused.json()["detail"]) == (401, "The token is revoked.")
        assert asked(kept.access_token).status_code == 200

        kept.company = after
        again = kept.redeem()
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
        assert asked(kept.access_token).status_code == 401  # a second use takes all of it back


def test_a_refresh_token_outlives_a_restart_and_is_good_once(company: Service) -> None:
    settings = Settings(database=company.settings.database, port=free_port())
    with Service(settings) as before:
        flow = finished_flow(before, "trip-diary", ["rides:read"], "rider-123")
        flow.exchange()

    form = {
        "grant_type": "refresh_token",
        "client_id": "trip-diary",
        "refresh_token": flow.refresh_token,
    }
    with Service(settings) as after, after.client() as client:
        renewed = client.post("/oauth/token", data=form)
        assert renewed.status_code == 200
        assert renewed.json()["scope"] == "rides:read"
        assert client.post("/oauth/token", data=form).json()["error"] == "invalid_grant"
