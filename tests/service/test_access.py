"""Who is let in: verified once, asked about revocation every time, forgotten in the end."""

import pytest

from ridealong.service.access import TOKENS_KEPT, Caller, Gate
from ridealong.service.keys import ApiKeys
from ridealong.service.problems import Problem
from ridealong.service.tokens import Claims, Issuer


class Doors:
    """A gate, its clock, what is revoked, and how often a signature was verified."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0
        self.revoked: set[str] = set()
        self.verified = 0
        self.issuer = Issuer("http://127.0.0.1:1", "ridealong-api", clock=lambda: self.seconds)
        self.keys = ApiKeys()
        self._verifier = self.issuer.verifier()
        self.gate = Gate(self.verify, self.revoked.__contains__, self.keys, lambda: self.seconds)

    def verify(self, token: str) -> Claims:
        self.verified += 1
        return self._verifier.verify(token)

    def token(self, subject: str = "rider-123", grant_id: str = "") -> str:
        return self.issuer.issue(
            subject=subject,
            role="rider",
            client_id="app",
            scopes=["rides:read"],
            ttl_seconds=600,
            grant_id=grant_id,
        )

    def enter(self, token: str) -> Caller:
        return self.gate.caller(f"Bearer {token}", "")


def test_token_is_verified_once_and_until_it_expires() -> None:
    doors = Doors()
    token = doors.token()
    callers = {doors.enter(token) for _ in range(5)}
    assert callers == {Caller("rider-123", "rider", frozenset({"rides:read"}), "app")}
    assert callers.pop().number == 123
    assert doors.verified == 1
    doors.seconds += 599
    doors.enter(token)
    doors.seconds += 1
    with pytest.raises(Problem, match="expired") as refused:
        doors.enter(token)
    assert refused.value.status == 401
    assert 'error="invalid_token"' in refused.value.headers["WWW-Authenticate"]


@pytest.mark.parametrize("by_grant", [False, True])
def test_revoked_token_is_refused_at_once(by_grant: bool) -> None:
    doors = Doors()
    token, other = doors.token(grant_id="consent-1"), doors.token(grant_id="consent-2")
    doors.enter(token)
    doors.revoked.add("consent-1" if by_grant else doors._verifier.verify(token).token_id)
    with pytest.raises(Problem, match="revoked"):
        doors.enter(token)
    doors.enter(other)


def test_refused_and_many_tokens_do_not_fill_the_memory() -> None:
    doors = Doors()
    for _ in range(50):
        with pytest.raises(Problem):
            doors.enter("no.token.atall")
    assert not doors.gate._verified
    doors.gate._verify = made_up_claims  # type: ignore[method-assign]
    for number in range(TOKENS_KEPT + 10):
        doors.enter(f"token-{number}")
    assert len(doors.gate._verified) == TOKENS_KEPT


def made_up_claims(token: str) -> Claims:
    return Claims(
        subject="rider-1",
        role="rider",
        client_id="app",
        scopes=frozenset(),
        issuer="",
        audience="",
        issued_at_seconds=0,
        not_before_seconds=0,
        expires_at_seconds=2_000_000,
        token_id=token,
        grant_id="",
    )


def test_api_key_is_a_partner_until_it_is_revoked() -> None:
    doors = Doors()
    text, key = doors.keys.issue(client_id="airport-display", scopes=["drivers:read"])
    caller = doors.gate.caller("", text)
    assert (caller.role, caller.subject) == ("partner", "airport-display")
    doors.keys.revoke(key.key_id)
    with pytest.raises(Problem, match="revoked") as refused:
        doors.gate.caller("", text)
    assert refused.value.status == 401
