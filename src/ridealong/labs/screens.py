"""What one screen of the app costs: the same trips, asked for in several ways, counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ridealong.labs.sql.database import LabError
from ridealong.show import pictures
from ridealong.show.views import View, frame

if TYPE_CHECKING:
    import httpx

    from ridealong.service import Service

RIDER, DRIVER = 123, 57
PLACES: Final = ("HBV-AIR", "HBV-OLD", "HBV-WST", "HBV-UNI", "HBV-LAK")
SHOWN: Final = "ride_id,status,dropoff_location,requested_at,fare"
METHODS_OF_PAYMENT: Final = ("card", "wallet", "paypal")


class Meter:
    """A phone that counts what a screen costs while it asks.

    Attributes:
        requests: so far, each one a round trip.
        bytes: of the bodies of their answers; header fields are not counted.
    """

    def __init__(self, client: httpx.Client) -> None:
        """Count the requests of one client."""
        self._client = client
        self.requests = 0
        self.bytes = 0
        self._kept: dict[str, tuple[str, Any]] = {}

    def get(self, path: str, *, cached: bool = False) -> Any:
        """Ask for a path and return what is there.

        Args:
            path: with its query.
            cached: whether to say with If-None-Match which copy the phone has kept.

        Raises:
            LabError: when the answer is an error.
        """
        tag, body = self._kept.get(path, ("", None))
        answer = self._client.get(path, headers={"If-None-Match": tag} if cached and tag else {})
        if answer.status_code not in (200, 304):
            raise LabError(f"GET {path} was answered {answer.status_code}: {answer.text}")
        self.requests += 1
        self.bytes += len(answer.content)
        if answer.status_code == 200:
            body = answer.json()
            self._kept[path] = (answer.headers.get("etag", ""), body)
        return body


def paid_trips(company: Service, trips: int = 10) -> None:
    """Let rider 123 take some trips with driver 57 and pay for all but the last one.

    Args:
        company: the running back end.
        trips: how many.

    Raises:
        LabError: when the back end does not let them.
    """
    rider, driver = company.client(rider=RIDER), company.client(driver=DRIVER)
    for number in range(trips):
        way = {"pickup_location": "HBV-DTN", "dropoff_location": PLACES[number % len(PLACES)]}
        there = f"/v1/rides/{_done(rider.post('/v1/rides', json=way))['ride_id']}"
        for action in ("accept", "start", "complete"):
            _done(driver.post(f"{there}/{action}"))
        if number < trips - 1:
            method = METHODS_OF_PAYMENT[number % len(METHODS_OF_PAYMENT)]
            _done(rider.post(f"{there}/payments", json={"method": method}))


def _done(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise LabError(f"{answer.request.method} was answered {answer.status_code}: {answer.text}")
    return answer.json()


def _chatty(meter: Meter, trips: int, *, fields: bool = False, cached: bool = False) -> None:
    """Ask for the list, then for each ride and for its payments."""
    page = f"/v1/users/{RIDER}/rides?limit={trips}" + ("&fields=ride_id" if fields else "")
    for ride in meter.get(page, cached=cached)["rides"]:
        there = f"/v1/rides/{ride['ride_id']}"
        meter.get(there + (f"?fields={SHOWN}" if fields else ""), cached=cached)
        meter.get(f"{there}/payments", cached=cached)


def _batched(meter: Meter, trips: int, *, fields: bool = False, cached: bool = False) -> None:
    """Ask once for the list with all that the screen shows."""
    page = f"/v1/users/{RIDER}/rides?limit={trips}&include=payments"
    meter.get(page + (f"&fields={SHOWN}" if fields else ""), cached=cached)


@dataclass(frozen=True, slots=True)
class _Way:
    ask: Callable[..., None]
    options: Mapping[str, bool] = field(default_factory=dict)
    is_second: bool = False


_WAYS: Final = {
    "chatty": _Way(_chatty),
    "batched": _Way(_batched),
    "chatty, fewer fields": _Way(_chatty, {"fields": True}),
    "chatty, opened again with ETags": _Way(_chatty, {"cached": True}, is_second=True),
    "batched, fewer fields": _Way(_batched, {"fields": True}),
    "the same, opened again with its ETag": _Way(
        _batched, {"fields": True, "cached": True}, is_second=True
    ),
}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Screens(View):
    """What the trips screen costs in six ways; `over` says how long that takes on a network.

    Attributes:
        trips: on the screen.
        counted: name of the way, round trips, bytes.
    """

    trips: int = 0
    counted: tuple[tuple[str, int, int], ...] = ()

    def over(self, *, round_trip_ms: float, kilobytes_per_second: float) -> View:
        """Say how long each way takes on a network, which is arithmetic.

        Each request waits for one round trip, one after the other over an open connection, and
        the bodies come at the given rate. What the back end itself takes is left out.

        Args:
            round_trip_ms: in milliseconds.
            kilobytes_per_second: a kilobyte is 1,000 bytes.

        Raises:
            LabError: for a network that is none.
        """
        if not (round_trip_ms >= 0 and kilobytes_per_second > 0):
            raise LabError(
                f"a round trip of {round_trip_ms} ms and {kilobytes_per_second} kB/s is no "
                "network: take 0 or more, and more than 0"
            )
        rows = [
            (name, requests * round_trip_ms / 1_000, size / 1_000 / kilobytes_per_second)
            for name, requests, size in self.counted
        ]
        told = [
            [name, f"{waiting:.2f}", f"{loading:.2f}", f"{waiting + loading:.2f}"]
            for name, waiting, loading in rows
        ]
        quicker = min(rows[1:3], key=lambda row: row[1] + row[2])[0]
        return View(
            f"{self.trips} trips, {round_trip_ms:g} ms a round trip, "
            f"{kilobytes_per_second:g} kB a second",
            frame(["the screen", "waiting (s)", "loading (s)", "in all (s)"], told),
            f"One change to the chatty screen at its first opening: {quicker!r} is the quicker.",
            picture=_picture(rows, round_trip_ms, kilobytes_per_second),
        )


def count_screens(company: Service, trips: int = 10) -> Screens:
    """Ask for the trips screen in six ways, and count round trips and bytes.

    Args:
        company: the running back end, after `paid_trips`, with limits that let some 150 requests
            pass at once.
        trips: on the screen.

    Raises:
        LabError: when the back end refuses a request.
    """
    client = company.client(rider=RIDER)
    counted = []
    for name, way in _WAYS.items():
        meter = Meter(client)
        way.ask(meter, trips, **way.options)
        if way.is_second:
            meter.requests = meter.bytes = 0
            way.ask(meter, trips, **way.options)
        counted.append((name, meter.requests, meter.bytes))
    return Screens(
        f"The same {trips} trips, asked for in {len(counted)} ways",
        frame(["the screen", "round trips", "bytes"], counted),
        "Bytes are those of the bodies; every request also costs header fields both ways.",
        counts=("round trips", "bytes"),
        trips=trips,
        counted=tuple(counted),
    )


def _picture(
    rows: list[tuple[str, float, float]], round_trip_ms: float, kilobytes_per_second: float
) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 2.8)
        names, waiting, loading = zip(*rows, strict=True)
        axes.barh(names, waiting, color=pictures.BLUE, label="waiting for round trips")
        axes.barh(
            names, loading, left=waiting, color=pictures.YELLOW, hatch="//",
            edgecolor=pictures.ORANGE, linewidth=0, label="loading bytes",
        )  # fmt: skip
        axes.invert_yaxis()
        axes.set_xlabel("seconds")
        axes.set_title(f"{round_trip_ms:g} ms a round trip, {kilobytes_per_second:g} kB a second")
        axes.legend(loc="lower right", fontsize=9)
        told = "; ".join(f"{name} {one + two:.2f} s" for name, one, two in rows)
        return pictures.Picture(figure, f"How long the screen takes: {told}.")


__all__ = ["Meter", "Screens", "count_screens", "paid_trips"]
