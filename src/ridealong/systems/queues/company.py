"""Rides that end at the real back end, whose outbox a relay empties into a topic."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ridealong.child import Child
from ridealong.service import Service, ServiceError, Settings
from ridealong.service import store as tables
from ridealong.service.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from ridealong.systems.queues.work import RideEvent

CITIES: Final = (1, 2, 3, 4, 5)
RELAY: Final = "ridealong.service.relay"


class Company:
    """The back end in a process of its own, its database, and its relay in another one.

    Fares are corrected by a program of the billing desk, which the back end does not have: here it
    is this class. It writes what it did into the same outbox.

    Args:
        bootstrap: of the broker.
        topic: where the relay sends to, its whole name.
        key: which events stay in one partition, as in a design.
    """

    def __init__(self, bootstrap: str, topic: str, key: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ridealong-company-")
        self._database = f"sqlite:///{Path(self._folder.name).as_posix()}/rides.sqlite"
        self._relayed = {"database": self._database, "broker": bootstrap, "topic": topic}
        self._service = Service(
            Settings(
                database=self._database, events="outbox", events_key=key, requests_per_second=1000,
                burst=1000,
            )
        )  # fmt: skip
        self._key = key
        self._store: Store | None = None
        self._relay: Child | None = None
        self._caller: httpx.Client | None = None
        self._drivers: dict[int, str] = {}  # the tokens of those who drive, by ride
        self._written = 0
        self._sent = 0

    def start(self, rides: Sequence[RideEvent]) -> None:
        """Start it all, and let each ride be asked for, accepted and begun, by a driver of its own.

        Args:
            rides: the first event of each ride; their numbers begin at `store.FIRST_NEW_ID`.

        Raises:
            ServiceError: when the back end does not start, or refuses a ride.
            ChildError: when the relay does not start.
        """
        self._service.start()
        self._relay = Child(RELAY, {**self._relayed, "killed_at": []})
        self._store = Store(self._database)
        self._caller = self._service.client()
        free, ways = _drivers(), _ways()
        rider = self._service.token("rider-123", "rider")
        for event in rides:
            pickup, dropoff = ways[event.city_id]
            way = {"pickup_location": pickup, "dropoff_location": dropoff}
            made = self._post("/v1/rides", rider, 201, json=way)
            assert made["ride_id"] == event.ride_id, "the database is new, and counts up"
            driver = self._service.token(f"driver-{free[event.city_id].pop()}", "driver")
            self._drivers[event.ride_id] = driver
            for action in ("accept", "start"):
                self._post(f"/v1/rides/{event.ride_id}/{action}", driver, 200)

    def tell(self, event: RideEvent, now: float) -> None:
        """Complete the ride of an event, or correct its fare.

        Args:
            event: version 1 is a ride that ends, later ones are corrections.
            now: seconds since 1970.

        Raises:
            ServiceError: when the back end refuses.
        """
        self._written += 1
        if event.version == 1:
            driver = self._drivers[event.ride_id]
            self._post(f"/v1/rides/{event.ride_id}/complete", driver, 200)
            return
        field = {"ride": event.ride_id, "city": event.city_id}.get(self._key)
        body = {name: getattr(event, name) for name in event.__slots__} | {"happened_at": now}
        row = {
            "event_id": event.event_id,
            "event_key": None if field is None else str(field),
            "body": json.dumps(body),
            "created_at": tables.now(),
        }
        assert self._store is not None
        self._store.change(lambda connection: connection.execute(tables.outbox.insert(), row))

    def has_sent_all(self) -> bool:
        """Tell whether the relay has sent all that was written so far."""
        while self._relay is not None and (told := self._relay.hear(0)):
            self._sent += "sent" in told
        return self._sent >= self._written

    def stop(self) -> None:
        """End it all; twice is fine."""
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.stop()
        if self._store is not None:
            self._store.close()
        self._service.stop()
        self._folder.cleanup()

    def _post(self, path: str, token: str, wanted: int, **what: Any) -> dict[str, Any]:
        assert self._caller is not None
        answer = self._caller.post(path, headers={"Authorization": f"Bearer {token}"}, **what)
        if answer.status_code != wanted:
            raise ServiceError(f"{path} gave {answer.status_code}, wanted {wanted}: {answer.text}")
        body: dict[str, Any] = answer.json()
        return body


def _seed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        Path(tables.__file__).with_name("seed.json").read_text(encoding="utf-8")
    )
    return found


def _drivers() -> dict[int, list[int]]:
    """Return the drivers of each city; in a new database none has a ride under way."""
    seed = _seed()
    return {
        city: [each["driver_id"] for each in seed["drivers"] if each["city_id"] == city]
        for city in CITIES
    }


def _ways() -> dict[int, tuple[str, str]]:
    """Return two zones of each city."""
    zones: dict[int, list[str]] = {city: [] for city in CITIES}
    for each in _seed()["zones"]:
        zones[each["city_id"]].append(each["zone_code"])
    return {city: (codes[0], codes[1]) for city, codes in zones.items()}
