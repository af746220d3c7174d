"""Codes, refresh tokens and revocations in the service's database (`authorization.Store`).

In memory they would end with the process, and the key that signs access tokens need not: a token
that was taken back would be good again after a restart, and until its end.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa

from ridealong.service import store as tables
from ridealong.service.authorization import Kind, Ticket
from ridealong.service.store import Store

_tickets, _revoked = tables.oauth_tickets, tables.oauth_revocations
_TICKET: Final = sa.select(_tickets).where(
    _tickets.c.kind == sa.bindparam("kind"), _tickets.c.digest == sa.bindparam("digest")
)
_REVOKED: Final = sa.select(_revoked.c.identifier).where(
    _revoked.c.identifier == sa.bindparam("identifier")
)


class StoredGrants:
    """What an authorization server has to remember, kept as long as it matters.

    Args:
        store: the database.
        clock: seconds since 1970-01-01 UTC.
    """

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def add(self, ticket: Ticket) -> None:
        """Keep a new ticket; those that are past their time go."""

        def work(connection: sa.Connection) -> None:
            connection.execute(
                _tickets.delete().where(_tickets.c.keep_until_seconds <= self._clock())
            )
            connection.execute(_tickets.insert(), asdict(ticket))

        self._store.change(work)

    def find(self, kind: Kind, digest: str) -> Ticket | None:
        """Return the ticket with this digest, used or not."""
        for row in self._store.read(_TICKET, {"kind": kind, "digest": digest}):
            return Ticket(**(row._asdict() | {"used": bool(row.used)}))
        return None

    def use(self, kind: Kind, digest: str) -> bool:
        """Mark a ticket as used; True for exactly one of all callers, also at the same time."""
        statement = (
            _tickets.update()
            .where(_tickets.c.kind == kind, _tickets.c.digest == digest, _tickets.c.used.is_(False))
            .values(used=True)
        )
        return self._store.change(lambda connection: connection.execute(statement).rowcount) == 1

    def revoke(self, identifier: str, until_seconds: float) -> None:
        """Remember a token's or a grant's id as revoked, at least until then."""
        mine = _revoked.c.identifier == identifier

        def work(connection: sa.Connection) -> None:
            connection.execute(_revoked.delete().where(_revoked.c.until_seconds <= self._clock()))
            kept: Any = connection.execute(sa.select(_revoked.c.until_seconds).where(mine)).scalar()
            if kept is None:
                values = {"identifier": identifier, "until_seconds": until_seconds}
                connection.execute(_revoked.insert(), values)
            elif kept < until_seconds:
                connection.execute(
                    _revoked.update().where(mine).values(until_seconds=until_seconds)
                )

        self._store.change(work)

    def is_revoked(self, identifier: str) -> bool:
        """Return whether this id is revoked."""
        return bool(self._store.read(_REVOKED, {"identifier": identifier}))
