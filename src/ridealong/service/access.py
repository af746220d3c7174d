"""Who calls, and what they may see: credentials, scopes, roles, whose ride it is, which fields.

Three questions that are asked one after the other. Who calls: 401 when nobody knows. May this
role, with these scopes, use the operation at all: 403 when not. Is this very thing theirs: 404 when
not, so that a number tells nothing about other people's rides. A caller who passes the first two
is not safe yet: the third is the one that is forgotten most (OWASP API1:2023).
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from ridealong.service import store as tables
from ridealong.service.keys import ApiKey, ApiKeys, KeyRefused, looks_like_a_key
from ridealong.service.problems import NOT_FOUND, Problem
from ridealong.service.store import Store
from ridealong.service.tokens import Claims, TokenRefused
from ridealong.service.transitions import UNDER_WAY

TOKENS_KEPT: Final = 1_000
REALM: Final = 'Bearer realm="ridealong"'

PEOPLE: Final = frozenset({"rider", "driver"})
"""Roles whose subject is the number of a person."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request.

    Attributes:
        subject: such as rider-123, driver-57, support-1, or the name of a partner.
        role: rider, driver, support or partner.
        scopes: what the application may do for the subject.
        client_id: the application.
    """

    subject: str
    role: str
    scopes: frozenset[str]
    client_id: str

    @property
    def number(self) -> int:
        """The number of a rider or driver, whose subject is such as `rider-123`."""
        return int(self.subject.partition("-")[2])


class Gate:
    """Tells who calls from the header fields `Authorization` and `X-API-Key`.

    A verified token is kept until it expires, because verifying its signature takes longer than
    reading a ride; whether it was revoked meanwhile is asked every time.

    Args:
        verify: `tokens.Verifier.verify`.
        is_revoked: asked with the ids of a token and of its grant.
        keys: the API keys of partners.
    """

    def __init__(
        self,
        verify: Callable[[str], Claims],
        is_revoked: Callable[[str], bool],
        keys: ApiKeys,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._verify = verify
        self._is_revoked = is_revoked
        self._keys = keys
        self._clock = clock
        self._verified: dict[str, tuple[Caller, Claims]] = {}

    def caller(self, authorization: str, api_key: str) -> Caller:
        """Return the caller.

        Raises:
            Problem: 401 with `WWW-Authenticate` (RFC 9110, section 11.6.1; RFC 6750, section 3).
        """
        if api_key:
            return self._of_key(api_key)
        scheme, _, credential = authorization.partition(" ")
        if not authorization:
            raise _unknown("No credentials: send Authorization: Bearer with a token, or X-API-Key.")
        if scheme.lower() != "bearer" or not credential:
            raise _unknown("Authorization has to be: Bearer, a space, a token.", "invalid_request")
        if looks_like_a_key(credential):
            raise _unknown("This is an API key, not a token: send it as X-API-Key.")
        return self._of_token(credential)

    def _of_token(self, token: str) -> Caller:
        kept = self._verified.get(token)
        try:
            if kept is None or kept[1].expires_at_seconds <= self._clock():
                self._verified.pop(token, None)
                claims = self._verify(token)
                kept = (_caller(claims), claims)
                if len(self._verified) >= TOKENS_KEPT:
                    del self._verified[next(iter(self._verified))]
                self._verified[token] = kept
            caller, claims = kept
            if self._is_revoked(claims.token_id) or (
                claims.grant_id and self._is_revoked(claims.grant_id)
            ):
                raise TokenRefused("The token is revoked.")
        except TokenRefused as error:
            raise _unknown(error.reason, "invalid_token") from None
        return caller

    def _of_key(self, text: str) -> Caller:
        try:
            key = self._keys.verify(text)
        except KeyRefused as error:
            raise _unknown(error.reason) from None
        return Caller(key.client_id, "partner", key.scopes, key.client_id)


def _caller(claims: Claims) -> Caller:
    if claims.role in PEOPLE and not re.fullmatch(
        rf"{claims.role}-[0-9]{{1,15}}", claims.subject, re.ASCII
    ):
        raise TokenRefused(f"The token's subject is not such as {claims.role}-123.")
    return Caller(claims.subject, claims.role, claims.scopes, claims.client_id)


def _unknown(detail: str, error: str = "") -> Problem:
    challenge = f'{REALM}, error="{error}"' if error else REALM
    return Problem(401, "not-authenticated", detail, {"WWW-Authenticate": challenge})


def require(caller: Caller, scope: str, roles: frozenset[str]) -> None:
    """Refuse a role or an application that may not use an operation at all.

    Raises:
        Problem: 403; of a missing scope with the one that is wanted (RFC 6750, section 3.1).
    """
    if caller.role not in roles:
        allowed = ", ".join(sorted(roles))
        raise Problem(
            403, "role-not-allowed", f"You call as {caller.role}; this is for: {allowed}."
        )
    if scope not in caller.scopes:
        challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
        raise Problem(
            403,
            "scope-missing",
            f"The credentials lack the scope {scope}: ask for it when you get the token.",
            {"WWW-Authenticate": challenge},
        )


def may_see_ride(caller: Caller, ride: sa.Row[Any], city_of_driver: int | None) -> bool:
    """Return whether a ride exists for a caller.

    Riders see their own; drivers what is assigned to them, and what is offered: rides in their
    city that wait for a driver; support all.

    Args:
        caller: who asks.
        ride: a row of `rides`.
        city_of_driver: where a driver works, for the role driver.
    """
    match caller.role:
        case "rider":
            return bool(ride.user_id == caller.number)
        case "driver":
            if ride.driver_id is None:
                return bool(ride.status == "requested" and ride.city_id == city_of_driver)
            return bool(ride.driver_id == caller.number)
        case "support":
            return True
        case _:
            return False


def not_found() -> Problem:
    """Return the one answer for what is not there and for what is somebody else's."""
    return Problem(404, "not-found", NOT_FOUND)


FIELDS: Final[dict[str, frozenset[str]]] = {
    "rider": frozenset({"quoted_fare", "fare", "driver"}),
    "driver": frozenset({"driver_pay", "rider"}),
    "support": frozenset({"quoted_fare", "fare", "driver_pay", "driver", "rider"}),
}
"""The fields of a ride that not everybody sees, by role; all others are for everybody."""


def sees_phone(caller: Caller, status: str) -> bool:
    """Return whether a rider or driver sees the other's number: while the ride is under way."""
    return caller.role in PEOPLE and status in UNDER_WAY


class StoredKeys:
    """API keys in the service's database (`keys.KeyStore`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""
        values = {
            "key_id": key.key_id,
            "client_id": key.client_id,
            "scopes": " ".join(sorted(key.scopes)),
            "digest": key.digest,
            "created_at_seconds": key.created_at_seconds,
        }
        self._store.change(
            lambda connection: connection.execute(tables.api_keys.insert(), values) and None
        )

    def find(self, key_id: str) -> ApiKey | None:
        """Return the key with this id, revoked or not."""
        for row in self._store.read(_KEY, {"key_id": key_id}):
            return ApiKey(
                row.key_id,
                row.client_id,
                frozenset(row.scopes.split()),
                row.digest,
                row.created_at_seconds,
                row.revoked_at_seconds,
            )
        return None

    def revoke(self, key_id: str, at_seconds: float) -> bool:
        """Mark a good key as revoked; return whether there was one."""
        keys = tables.api_keys
        statement = (
            keys.update()
            .where(keys.c.key_id == key_id, keys.c.revoked_at_seconds.is_(None))
            .values(revoked_at_seconds=at_seconds)
        )
        return self._store.change(lambda connection: connection.execute(statement).rowcount) == 1


_KEY: Final = sa.select(tables.api_keys).where(tables.api_keys.c.key_id == sa.bindparam("key_id"))
