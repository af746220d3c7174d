"""The relay: sends what lies in the outbox, a process of its own that ends when its parent does.

It sends a row and then notes that it did. Killed between the two it sends the row once more when it
is started again: at least once, never not at all. See `ridealong.child` for how it is called.
"""

import os
import signal
import sys
import threading
import time
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from ridealong.child import tell, wanted
from ridealong.service import store as tables
from ridealong.service.producing import producer
from ridealong.service.store import Store

ROWS: Final = 100
LOOK_SECONDS: Final = 0.1
SEND_SECONDS: Final = 5.0

_WAITING: Final = (
    sa.select(
        tables.outbox.c.outbox_id,
        tables.outbox.c.event_id,
        tables.outbox.c.event_key,
        tables.outbox.c.body,
    )
    .where(tables.outbox.c.sent_at.is_(None))
    .order_by(tables.outbox.c.outbox_id)
    .limit(ROWS)
)


def main() -> None:
    """Send until standard input closes."""
    asked = wanted()
    store = Store(asked["database"])
    sender = producer(asked["broker"])
    stops = threading.Event()
    threading.Thread(target=_follow, args=(stops,), daemon=True).start()
    tell({"ready": True})
    while not stops.is_set():
        rows = store.change(lambda connection: connection.execute(_WAITING).fetchall())
        for row in rows:
            if stops.is_set() or not _sent(sender, asked["topic"], row):
                break
            if row.event_id in asked["killed_at"]:
                tell({"killed": row.event_id})
                os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
                time.sleep(60)
            noted = (
                tables.outbox.update()
                .where(tables.outbox.c.outbox_id == row.outbox_id)
                .values(sent_at=tables.now())
            )
            store.change(partial(_execute, noted))
            tell({"sent": row.event_id})
        else:
            stops.wait(0 if len(rows) == ROWS else LOOK_SECONDS)
            continue
        stops.wait(LOOK_SECONDS)
    store.close()


def _execute(statement: Any, connection: sa.Connection) -> Any:
    return connection.execute(statement)


def _sent(sender: Any, topic: str, row: Any) -> bool:
    """Send one row and wait until the broker has it; tell whether it has."""
    errors: list[Any] = []
    sender.produce(
        topic,
        key=None if row.event_key is None else row.event_key.encode(),
        value=row.body.encode(),
        on_delivery=lambda error, _: errors.append(error),
    )
    return not sender.flush(SEND_SECONDS) and errors == [None]


def _follow(stops: threading.Event) -> None:
    for _ in sys.stdin.buffer:
        pass
    stops.set()
    ending = threading.Timer(SEND_SECONDS + 3, os._exit, (1,))
    ending.daemon = True
    ending.start()


if __name__ == "__main__":
    main()
