"""The header field `Idempotency-Key`: the same request once more is answered, not done again.

Creating is not idempotent, and a phone that got no answer cannot know whether it was done. With a
key that the phone makes, it may ask again: the first answer is kept with the key, in the same
transaction as the ride, and comes back. The same key with another request is an error of the
client (422); while the first request is still at work, the second is told so (409). An answer that
is an error is not kept. (draft-ietf-httpapi-idempotency-key-header, section 2)
"""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from ridealong.service import store as tables
from ridealong.service.access import Caller
from ridealong.service.problems import Problem
from ridealong.service.store import Store

KEPT: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be given again, to the byte."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def fingerprint(method: str, path: str, content: Any) -> str:
    """Return what tells two requests apart: method, path and the body, whatever its spaces."""
    text = json.dumps([method, path, content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Idempotency:
    """Runs each keyed request once.

    Args:
        store: where the answers are kept, for 24 hours.
        pause_seconds: how long each change waits before it is written, as on a slow day.
    """

    def __init__(self, store: Store, pause_seconds: float = 0.0) -> None:
        self._store = store
        self._pause_seconds = pause_seconds
        self._at_work: set[tuple[str, str]] = set()

    async def once(
        self, caller: Caller, key: str | None, mark: str, work: Callable[[sa.Connection], Answer]
    ) -> Answer:
        """Return the answer of `work`, or the one that was given for this key before.

        Args:
            caller: keys of different callers are different keys.
            key: what the client made up; None does the work without more ado.
            mark: `fingerprint` of the request.
            work: makes the change within the given transaction.

        Raises:
            Problem: 409 while the first request is at work, 422 for another request.
        """
        if key is None:
            return await self._written(work)
        name = f"{caller.role}:{caller.subject}"
        if (name, key) in self._at_work:
            raise Problem(
                409,
                "request-at-work",
                "A request with this Idempotency-Key is still at work: ask again in a second.",
                {"Retry-After": "1"},
            )
        self._at_work.add((name, key))
        try:
            return await self._written(lambda connection: _once(connection, name, key, mark, work))
        finally:
            self._at_work.discard((name, key))

    async def _written(self, work: Callable[[sa.Connection], Answer]) -> Answer:
        if self._pause_seconds:
            await asyncio.sleep(self._pause_seconds)
        return await self._store.write(work)


def _once(
    connection: sa.Connection,
    name: str,
    key: str,
    mark: str,
    work: Callable[[sa.Connection], Answer],
) -> Answer:
    kept = tables.idempotency_records
    moment = tables.now()
    connection.execute(kept.delete().where(kept.c.created_at < moment - KEPT))
    found = connection.execute(
        sa.select(kept).where(kept.c.caller == name, kept.c.key == key)
    ).first()
    if found is not None:
        if found.fingerprint != mark:
            raise Problem(
                422,
                "key-of-another-request",
                "This Idempotency-Key was used for another request: make a new key for each "
                "new wish, and keep it for the same one.",
            )
        headers = json.loads(found.headers) | {"Idempotency-Replayed": "true"}
        return Answer(found.status, found.body.encode(), headers)
    answer = work(connection)
    connection.execute(
        kept.insert(),
        {
            "caller": name,
            "key": key,
            "fingerprint": mark,
            "status": answer.status,
            "headers": json.dumps(answer.headers),
            "body": answer.body.decode(),
            "created_at": moment,
        },
    )
    return answer
