"""The request log: a table with one row for each request, written in batches by one writer."""

import asyncio
import sys
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from ridealong.service import store as tables
from ridealong.service.store import Store
from ridealong.text import first_line

FLUSH_SECONDS: Final = 0.25
ROWS_WAITING: Final = 20_000  # more than that are dropped rather than kept in memory
BATCH_ROWS: Final = 2_000
PATH_CHARACTERS: Final = 500

NEWEST: Final = (
    sa.select(tables.request_log)
    .order_by(tables.request_log.c.log_id.desc())
    .limit(sa.bindparam("rows"))
)


class RequestLog:
    """Rows that wait for their batch.

    Args:
        store: where the table is.
        rows_kept: in the table; the oldest go when there are more.
    """

    def __init__(self, store: Store, rows_kept: int) -> None:
        self._store = store
        self._rows_kept = rows_kept
        self._waiting: deque[dict[str, Any]] = deque(maxlen=ROWS_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    def add(self, row: dict[str, Any]) -> None:
        """Take a row; it is in the table after a quarter of a second."""
        self._waiting.append(row)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._later())

    async def flush(self) -> None:
        """Write all rows that wait."""
        async with self._lock:
            while self._waiting:
                batch = [
                    self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_ROWS))
                ]
                try:
                    await self._store.write(partial(self._write, rows=batch))
                except (sa.exc.SQLAlchemyError, RuntimeError) as error:
                    # The log is for looking at; no answer fails for it.
                    print(
                        f"{len(batch)} rows of the log are lost: {first_line(error)}",
                        file=sys.stderr,
                    )

    async def close(self) -> None:
        """Write what waits, and stop."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def _later(self) -> None:
        while self._waiting:
            await asyncio.sleep(FLUSH_SECONDS)
            await asyncio.shield(self.flush())

    def _write(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        log = tables.request_log
        connection.execute(log.insert(), rows)
        last = connection.execute(sa.select(sa.func.max(log.c.log_id))).scalar_one()
        connection.execute(log.delete().where(log.c.log_id <= last - self._rows_kept))
