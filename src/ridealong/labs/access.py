"""Who sees what of a ride: asked of the running service, and of a copy that follows a policy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import httpx

from ridealong.judging.access import explained
from ridealong.labs.sql.database import LabError
from ridealong.service import rides
from ridealong.service.store import Store
from ridealong.show.views import View, frame, plural
from ridealong.systems.access import (
    FIELDS,
    PUBLIC,
    Caller,
    Policy,
    PolicyError,
    Ride,
    read_policy,
    replay,
)

if TYPE_CHECKING:
    from ridealong.service import Service

_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "agreed price": ("quoted_fare",),
    "fare": ("fare",),
    "driver's pay": ("driver_pay",),
    "driver's name and car": ("driver", "first_name"),
    "driver's phone": ("driver", "phone"),
    "rider's name": ("rider", "first_name"),
    "rider's phone": ("rider", "phone"),
}
"""What a person calls the fields of a ride, and where they stand in version 1's answer."""

_RIDERS: Final = (123, 15, 20, 32, 48, 3, 5, 7, 8, 9, 14, 16)
_DRIVERS: Final = (57, 1, 9, 11, 13, 27)
_WAY: Final = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}
_STEPS: Final = ("accept", "start", "complete")


def busy_evening(company: Service) -> list[int]:
    """Let twelve riders ask for a ride and six drivers take one, of which three arrive.

    Args:
        company: the running service.

    Returns:
        The numbers of the rides, which follow each other.
    """
    numbers = []
    for rider in _RIDERS:
        with company.client(rider=rider) as client:
            answer = client.post("/v1/rides", json=_WAY).raise_for_status()
        numbers.append(answer.json()["ride_id"])
    for place, driver in enumerate(_DRIVERS):
        with company.client(driver=driver) as client:
            for step in _STEPS if place % 2 else _STEPS[:1]:
                client.post(f"/v1/rides/{numbers[place]}/{step}").raise_for_status()
    return numbers


def seen_by(callers: Mapping[str, httpx.Client], ride_id: int) -> View:
    """Show what several callers get when they ask for one ride.

    Args:
        callers: a client for each, by the name that heads its column.
        ride_id: the ride's number.
    """
    answers = {name: client.get(f"/v1/rides/{ride_id}") for name, client in callers.items()}
    rows: list[list[object]] = [
        ["status code", *(str(answer.status_code) for answer in answers.values())]
    ]
    for field, place in _PLACES.items():
        rows.append([field, *(_shown(answer, place) for answer in answers.values())])
    found = sum(answer.is_success for answer in answers.values())
    return View(
        "One ride, asked for by several callers",
        frame(["part of the answer", *answers], rows),
        f"{found} of {plural(len(answers), 'caller')} find the ride; each sees a different part.",
    )


def _shown(answer: httpx.Response, place: tuple[str, ...]) -> str:
    if not answer.is_success:
        return "-"
    value: Any = answer.json()
    for step in place:
        value = value.get(step) if isinstance(value, Mapping) else None
    return "-" if value is None else "seen"


def walk(client: httpx.Client, numbers: Iterable[int]) -> View:
    """Ask for one ride number after the other and count what comes back.

    Args:
        client: who asks.
        numbers: the numbers that are tried.
    """
    statuses, names, phones = Counter[int](), Counter[int](), Counter[int]()
    for number in numbers:
        answer = client.get(f"/v1/rides/{number}")
        code = answer.status_code
        statuses[code] += 1
        if answer.is_success:
            people = [answer.json().get(role) or {} for role in ("rider", "driver")]
            names[code] += sum("first_name" in each for each in people)
            phones[code] += sum("phone" in each for each in people)
    rows = [[code, statuses[code], names[code], phones[code]] for code in sorted(statuses)]
    tried = plural(sum(statuses.values()), "number")
    return View(
        "What comes of counting up",
        frame(["status code", "answers", "first names", "phone numbers"], rows),
        f"{tried} tried: {plural(sum(phones.values()), 'phone number')} collected.",
    )


def phone_over_a_ride(company: Service, *, rider: int, driver: int) -> View:
    """Take a new ride from state to state and show after each step who sees whose number.

    Args:
        company: the running service.
        rider: who asks for the ride.
        driver: who takes it; must be free, and work in Harborview.
    """
    with (
        company.client(rider=rider) as asks,
        company.client(driver=driver) as drives,
        company.client(support=True) as helps,
    ):
        ride = asks.post("/v1/rides", json=_WAY).raise_for_status().json()
        path = f"/v1/rides/{ride['ride_id']}"
        rows = []
        for step in ("", *_STEPS):
            if step:
                drives.post(f"{path}/{step}").raise_for_status()
            seen = [client.get(path) for client in (asks, drives, helps)]
            rows.append(
                [
                    seen[0].json()["status"],
                    _shown(seen[0], _PLACES["driver's phone"]),
                    _shown(seen[1], _PLACES["rider's phone"]),
                    "seen"
                    if "seen"
                    in (
                        _shown(seen[2], _PLACES["driver's phone"]),
                        _shown(seen[2], _PLACES["rider's phone"]),
                    )
                    else "-",
                ]
            )
    columns = ["state", "rider: driver's number", "driver: rider's number", "support: any number"]
    return View(
        "Phone numbers over the life of a ride",
        frame(columns, rows),
        "Each number is there while the ride is under way, for the one who has to call.",
    )


class Release:
    """A copy of `GET /v1/rides/{ride_id}` that follows a policy, over the rides of the service.

    It runs inside the notebook: a client of it opens no connection.

    Args:
        company: the running service.
        policy: who sees what, as data.

    Raises:
        LabError: when it is no policy.
    """

    def __init__(self, company: Service, policy: object) -> None:
        self._company = company
        self._policy = _read(policy)

    def __repr__(self) -> str:
        return "<a copy of the service that follows a policy>"

    def client(
        self,
        *,
        rider: int | None = None,
        driver: int | None = None,
        support: bool = False,
        partner: str | None = None,
    ) -> httpx.Client:
        """Return a client that calls as somebody, or as a stranger when nobody is named."""
        caller = None
        if rider is not None:
            caller = Caller("rider", rider, 1, "")
        elif driver is not None:
            caller = Caller("driver", driver, self._city(driver), "")
        elif support:
            caller = Caller("support", 1, 0, "")
        elif partner is not None:
            caller = Caller("partner", 0, 0, "")
        transport = httpx.MockTransport(lambda request: self._answer(request, caller))
        return httpx.Client(transport=transport, base_url="http://release.example")

    def _city(self, driver: int) -> int:
        rows = self._rows(rides.CITY_OF_DRIVER, {"driver_id": driver})
        return int(rows[0].city_id) if rows else 0

    def _rows(self, statement: Any, values: Mapping[str, Any]) -> Any:
        store = Store(self._company.settings.database)
        try:
            return store.read(statement, values)
        finally:
            store.close()

    def _answer(self, request: httpx.Request, caller: Caller | None) -> httpx.Response:
        if caller is None:
            return httpx.Response(401)
        asked = re.fullmatch(r"/v1/rides/(\d{1,15})", request.url.path)
        rows = self._rows(rides.RIDE, {"ride_id": int(asked[1])}) if asked else []
        if not rows:
            return httpx.Response(404)
        row = rows[0]
        seen = self._policy.sees(
            caller, Ride(row.status, row.user_id, row.driver_id or 0, row.city_id)
        )
        if seen is None:
            return httpx.Response(404)
        body: dict[str, Any] = {"ride_id": row.ride_id, "status": row.status}
        for name in ("quoted_fare", "fare", "driver_pay"):
            if name in seen:
                body[name] = getattr(row, f"{name}_cents") / 100
        for role in ("rider", "driver"):
            if f"{role}_name" in seen:
                body.setdefault(role, {})["first_name"] = getattr(row, f"{role}_name").split()[0]
            if f"{role}_phone" in seen:
                body.setdefault(role, {})["phone"] = getattr(row, f"{role}_phone")
        return httpx.Response(200, json=body)


def everything() -> dict[str, dict[str, str]]:
    """Return the policy of a service that hands out whatever it has to whoever is logged in."""
    return {
        role: {"rides": "all", **dict.fromkeys(names, "always")} for role, names in FIELDS.items()
    }


def in_words(policy: object, role: str, field: str) -> str:
    """Return when a policy shows a field to a role, such as `while under way`.

    Args:
        policy: who sees what, as data.
        role: such as `rider`.
        field: such as `driver_phone`.

    Raises:
        LabError: when it is no policy.
    """
    return _read(policy).fields[role].get(field, "never").replace("_", " ")


def replayed(policy: object) -> View:
    """Show what leaks under a policy and whose job stops, for rides in three of the five states.

    Args:
        policy: who sees what, as data.

    Raises:
        LabError: when it is no policy.
    """
    run = replay(_read(policy), PUBLIC)
    rows = [list(each) for each in explained(run)]
    leaks = sum(kind == "leak" for kind, *_ in rows)
    return View(
        "What leaks, and whose job stops",
        frame(["kind", "who", "what", "when the ride is"], rows),
        f"{plural(run.calls, 'call')}: {plural(leaks, 'leak')}, "
        f"{plural(len(rows) - leaks, 'job')} that cannot be done.",
    )


def _read(policy: object) -> Policy:
    try:
        return read_policy(policy)
    except PolicyError as error:
        raise LabError(str(error)) from None
