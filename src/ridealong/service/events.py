"""What the rest of the company is told when a ride is completed, and how the event gets there.

Three ways, by `Settings.events`. `outbox`: the event is a row beside the ride, in the same
transaction, and `service.relay` sends it. `after_commit` and `before_commit` write to two systems,
one after the other; whoever is killed in between has told one of them only.
"""

import json
import os
import signal
import time
import urllib.request
from datetime import UTC
from typing import Any, Final

import sqlalchemy as sa

from ridealong.service import store as tables
from ridealong.service.problems import Problem
from ridealong.service.producing import producer
from ridealong.service.settings import Settings

MODES: Final = ("outbox", "after_commit", "before_commit")
KEYS: Final = ("ride", "city", "none")
ANSWER_SECONDS: Final = 2.0
"""Within which the broker has to take an event that is sent before the commit."""

STEP_SECONDS: Final = 5.0
"""Within which a step in the request has to answer."""


class Events:
    """Tells the company of completed rides; by default nobody.

    Args:
        settings: with `events` and what stands beside it.

    Raises:
        ValueError: for a way that does not exist, or one that lacks its broker.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None
        if not settings.events:
            return
        if settings.events not in MODES:
            raise ValueError(f"events is {settings.events!r}, wanted one of {', '.join(MODES)}")
        if settings.events_key not in KEYS:
            raise ValueError(f"events_key is {settings.events_key!r}, wanted {', '.join(KEYS)}")
        if settings.events != "outbox":
            if not settings.events_broker or not settings.events_topic:
                raise ValueError(
                    f"events: {settings.events} needs events_broker and events_topic: where to"
                )
            self._producer = producer(settings.events_broker)

    def completed(
        self, connection: sa.Connection, row: sa.Row[Any], told: list[dict[str, Any]]
    ) -> None:
        """Tell of a completed ride from within its transaction.

        Args:
            connection: of the transaction.
            row: the ride as it is now.
            told: gets the event; `committed` is to be given it when the ride is in the database.

        Raises:
            Problem: 502 when a step in the request fails, 503 when the broker has to take the event
                first, and does not.
        """
        mode, steps = self._settings.events, self._settings.steps_in_request
        if not mode and not steps:
            return
        event = event_of(row)
        for address in steps:
            _call(address, event)
        if not mode:
            return
        if mode == "outbox":
            connection.execute(
                tables.outbox.insert(),
                {
                    "event_id": event["event_id"],
                    "event_key": self._key(event),
                    "body": json.dumps(event),
                    "created_at": tables.now(),
                },
            )
        elif mode == "before_commit":
            self._send(event)
            if self._producer.flush(ANSWER_SECONDS):
                self._producer.purge()
                raise Problem(503, "broker-away", "Try again in a moment.", {"Retry-After": "1"})
            self._die_at(event)
        told.append(event)

    def committed(self, told: list[dict[str, Any]]) -> None:
        """Tell of what is in the database now, where that is told after it."""
        if self._settings.events != "after_commit":
            return
        for event in told:
            self._die_at(event)
            self._send(event)
        self._producer.poll(0)

    def close(self) -> None:
        """Let go of the broker; what it has not taken by now is lost."""
        if self._producer is not None:
            self._producer.flush(ANSWER_SECONDS)

    def _send(self, event: dict[str, Any]) -> None:
        key = self._key(event)
        self._producer.produce(
            self._settings.events_topic,
            key=None if key is None else key.encode(),
            value=json.dumps(event).encode(),
        )

    def _key(self, event: dict[str, Any]) -> str | None:
        field = {"ride": "ride_id", "city": "city_id"}.get(self._settings.events_key)
        return None if field is None else str(event[field])

    def _die_at(self, event: dict[str, Any]) -> None:
        if event["ride_id"] in self._settings.killed_at_rides:
            os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            time.sleep(60)


def _call(address: str, event: dict[str, Any]) -> None:
    asked = urllib.request.Request(
        address, json.dumps(event).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=STEP_SECONDS):
            pass
    except OSError as error:  # an answer that says no is one as well
        step = address.rpartition("/")[2]
        raise Problem(502, "step-failed", f"The step {step} did not work: {error}.") from error


def event_of(row: sa.Row[Any]) -> dict[str, Any]:
    """Return the event of a completed ride."""
    return {
        "event_id": f"{row.ride_id}-1",
        "ride_id": row.ride_id,
        "city_id": row.city_id,
        "version": 1,
        "happened_at": row.ended_at.replace(tzinfo=UTC).timestamp(),
    }
