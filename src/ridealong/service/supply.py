"""How many drivers are free, counted through a cache where the service has one.

The cache is asked within the request: what it does not answer in a moment is read from the
database, and for a second it is not asked again (`caching.Surviving`).
"""

import asyncio
import random
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final, Literal

import sqlalchemy as sa

from ridealong.service import rides
from ridealong.service import store as tables
from ridealong.service.access import not_found
from ridealong.service.caching import InRedis, ReadThrough, Surviving, Ticket, read_policy
from ridealong.service.settings import Settings
from ridealong.service.store import Store

WAIT_TURNS: Final = 10
WAIT_SECONDS: Final = 0.01
"""How often and how long one waits for somebody else who reads the database for all."""

Change = tuple[str, int, str]
"""What happens to a car, one of `caching.WRITES`, in which city and zone."""

_ZONES: Final = sa.select(tables.zones.c.zone_code, tables.zones.c.city_id)
_LOCATION: Final = sa.select(
    tables.driver_locations.c.zone_code, tables.driver_locations.c.state, tables.zones.c.city_id
).join(tables.zones, tables.zones.c.zone_code == tables.driver_locations.c.zone_code)


class Supply:
    """Counts the free drivers of a city.

    Args:
        store: where they are.
        settings: with the cache, where there is one.

    Raises:
        PolicyError: when the policy of the cache cannot be followed.
        ValueError: for an address of a cache that is none.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._has_virtual_clock = settings.virtual_clock
        self._seconds: ContextVar[float | None] = ContextVar("seconds", default=None)
        self._through = None
        if settings.cache_url:
            cache = Surviving(InRedis(_client(settings), settings.cache_prefix))
            policy = read_policy(settings.cache_policy)
            self._through = ReadThrough(policy, cache, self._clock, random.Random())
        self._city_of_zone = {row.zone_code: row.city_id for row in store.read(_ZONES, {})}

    @property
    def is_cached(self) -> bool:
        """Whether there is a cache."""
        return self._through is not None

    def at(self, headers: Mapping[str, str]) -> None:
        """Let the cache age by a request's own clock, where the settings say so."""
        if self._has_virtual_clock and "x-virtual-seconds" in headers:
            self._seconds.set(float(headers["x-virtual-seconds"]))

    async def free(
        self, city_id: int, zone_code: str, subject: str
    ) -> tuple[dict[str, int], Literal["hit", "miss", ""]]:
        """Return free drivers by zone, and whether the cache knew them; "" where there is none.

        Args:
            city_id: of a city.
            zone_code: one zone alone; "" for all.
            subject: who asks.

        Raises:
            Problem: 404 for a city that is not there, or a zone that is not in it.
        """
        if zone_code:
            is_there = self._city_of_zone.get(zone_code) == city_id
        else:
            is_there = city_id in self._city_of_zone.values()
        if not is_there:
            raise not_found()
        through = self._through
        if through is None:
            return self._only(self._read(city_id), zone_code), ""
        if not zone_code and "zone" in through.policy.fields:
            return self._read(city_id), "miss"  # the key of no answer that is kept
        place = {"city": city_id, "zone": zone_code, "rider": subject}
        found = through.look(place)
        for _ in range(WAIT_TURNS):
            if not found.waits:
                break
            await asyncio.sleep(WAIT_SECONDS)
            found = through.look(place)
        if found.answer is not None:
            if found.ticket is not None:
                loop = asyncio.get_running_loop()
                loop.call_soon(self._fill, found.ticket, place)  # when this answer is on its way
            return self._only(found.answer["cars"], zone_code), "hit"
        if found.ticket is None:  # whoever reads for all takes too long
            return self._only(self._read(city_id), zone_code), "miss"
        return self._only(self._fill(found.ticket, place), zone_code), "miss"

    def location(self, connection: sa.Connection, driver_id: int | None) -> Any:
        """Return where a driver was seen last: zone, state and city; None where nobody knows."""
        statement = _LOCATION.where(tables.driver_locations.c.driver_id == driver_id)
        return connection.execute(statement).first()

    def changed(self, changes: list[Change]) -> None:
        """Tell the cache what has changed in the database."""
        for event, city_id, zone_code in changes if self._through else ():
            place = {"city": city_id, "zone": zone_code, "rider": ""}
            self._through.wrote(event, place, lambda place=place: self._answer(place))  # type: ignore[union-attr,misc]

    def _fill(self, ticket: Ticket, place: Mapping[str, Any]) -> dict[str, int]:
        assert self._through is not None
        read_at = self._clock()
        answer = self._answer(place)
        self._through.keep(ticket, answer, read_at)
        return answer["cars"]

    def _answer(self, place: Mapping[str, Any]) -> dict[str, dict[str, int]]:
        """Read the database: the free drivers that the key tells apart."""
        assert self._through is not None
        by_zone = "zone" in self._through.policy.fields
        return {"cars": self._only(self._read(place["city"]), place["zone"] if by_zone else "")}

    def _read(self, city_id: int) -> dict[str, int]:
        rows = self._store.read(rides.SUPPLY, {"city_id": city_id})
        return {row.zone_code: row.available_drivers for row in rows}

    @staticmethod
    def _only(cars: Mapping[str, int], zone_code: str) -> dict[str, int]:
        return {zone_code: cars.get(zone_code, 0)} if zone_code else dict(cars)

    def _clock(self) -> float:
        seconds = self._seconds.get()
        return time.time() if seconds is None else seconds


def changes_of(before: Any, after: Any) -> list[Change]:
    """Return what happens to a car when its driver says anew where it is.

    Args:
        before: its zone, state and city; None where nobody knew.
        after: the same, as it is now.
    """
    was = before is not None and before.state == "available"
    now = after.state == "available"
    if was and now:
        if before.zone_code == after.zone_code:
            return []
        return [("move", each.city_id, each.zone_code) for each in (before, after)]
    if was:
        return [("accept", before.city_id, before.zone_code)]
    return [("free", after.city_id, after.zone_code)] if now else []


def _client(settings: Settings) -> Any:
    import redis  # only here: a service without a cache starts sooner
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        return redis.Redis.from_url(
            settings.cache_url,
            decode_responses=True,
            socket_timeout=settings.cache_wait_seconds,
            socket_connect_timeout=settings.cache_wait_seconds,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        # Without its words: they may hold a part of the password.
        raise ValueError(
            "cache_url is no address of a cache: it looks like redis://127.0.0.1:6379/0"
        ) from None
