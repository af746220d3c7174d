"""What the company's back end answers: each request of a fixed round, with its answer.

The round calls the running service over HTTP as everybody who calls it in life: a rider, a driver,
another rider, a partner, a stranger without credentials, a client that has run away. It asks for
what is right and for what is wrong. A contract is judged by whether it describes these exchanges,
see `trial`.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, Final

import httpx

from ridealong.dataset.progress import progress_bar
from ridealong.service import Service, Settings

RIDER, OTHER_RIDER, SECOND_RIDER, DRIVER = 123, 124, 3, 57
BURST: Final = 60
PATIENCE_SECONDS: Final = 2
NOTHING: Final = {"Content-Type": "application/json"}
WAY: Final = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}

OPERATIONS: Final = {
    "create_quote": ("POST", "/quotes"),
    "create_ride": ("POST", "/rides"),
    "read_ride": ("GET", "/rides/{ride_id}"),
    "change_ride": ("PATCH", "/rides/{ride_id}"),
    "accept_ride": ("POST", "/rides/{ride_id}/accept"),
    "start_ride": ("POST", "/rides/{ride_id}/start"),
    "complete_ride": ("POST", "/rides/{ride_id}/complete"),
    "cancel_ride": ("POST", "/rides/{ride_id}/cancel"),
    "list_rides": ("GET", "/users/{user_id}/rides"),
    "create_payment": ("POST", "/rides/{ride_id}/payments"),
    "list_payments": ("GET", "/rides/{ride_id}/payments"),
    "count_available_drivers": ("GET", "/cities/{city_id}/available-drivers"),
    "put_location": ("PUT", "/drivers/{driver_id}/location"),
}
"""The operations of the back end by the names that exercises use: method and path template."""

READ_EVERYWHERE: Final = frozenset({("header", "x-api-key"), ("header", "x-request-id")})
_CHANGES_AT_A_TAG: Final = frozenset({("header", "if-match")})
_MADE_ONCE: Final = frozenset({("header", "idempotency-key")})
READ: Final[Mapping[str, frozenset[tuple[str, str]]]] = {
    "create_quote": _MADE_ONCE,
    "create_ride": _MADE_ONCE,
    "read_ride": frozenset({("query", "fields"), ("header", "if-none-match")}),
    "change_ride": _CHANGES_AT_A_TAG,
    "accept_ride": _CHANGES_AT_A_TAG,
    "start_ride": _CHANGES_AT_A_TAG,
    "complete_ride": _CHANGES_AT_A_TAG,
    "cancel_ride": _CHANGES_AT_A_TAG,
    "list_rides": frozenset(
        {
            *(("query", name) for name in ("limit", "cursor", "include", "fields")),
            ("header", "if-none-match"),
        }
    ),
    "create_payment": _MADE_ONCE,
    "count_available_drivers": frozenset({("query", "zone_code")}),
}
"""What an operation reads beside its path and its body: where, and the name in lower case."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        step: its name in the round, such as `read-foreign`.
        operation: one of `OPERATIONS`.
        caller: rider, other rider, second rider, driver, partner, stranger or runaway.
        values: of the path's parameters, as text.
        query: the parameters behind the question mark, as text.
        sent_headers: the header fields that matter, by name in lower case.
        sent: the body, None without one.
        status: of the answer.
        headers: of the answer, by name in lower case.
        body: of the answer, None without one.
    """

    step: str
    operation: str
    caller: str
    values: Mapping[str, str]
    query: Mapping[str, str]
    sent_headers: Mapping[str, str]
    sent: Any
    status: int
    headers: Mapping[str, str]
    body: Any = None

    @property
    def name(self) -> str:
        """`GET /rides/{ride_id}`."""
        return " ".join(OPERATIONS[self.operation])

    @property
    def is_success(self) -> bool:
        """Whether the service did what was asked for."""
        return 200 <= self.status < 300


@dataclass
class _Round:
    clients: dict[str, httpx.Client]
    made: list[Exchange] = field(default_factory=list)

    def call(
        self,
        step: str,
        operation: str,
        caller: str,
        sent: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Exchange:
        method, template = OPERATIONS[operation]
        texts = {name: str(value) for name, value in values.items()}
        answer = self.clients[caller].request(
            method,
            "/v1" + template.format(**texts),
            params=dict(query or {}),
            json=sent,
            headers=dict(headers or {}),
        )
        exchange = Exchange(
            step,
            operation,
            caller,
            texts,
            dict(query or {}),
            {name.lower(): value for name, value in (headers or {}).items()},
            sent,
            answer.status_code,
            {name.lower(): value for name, value in answer.headers.items()},
            answer.json() if answer.content else None,
        )
        self.made.append(exchange)
        return exchange


def recorded() -> tuple[Exchange, ...]:
    """Return the exchanges of one round with a service that is started for it, and stopped.

    Where that takes long, a notebook shows that something goes on.

    Raises:
        ServiceError: when it does not start.
    """
    begun = _begun()
    import_module("ridealong.service.app")  # its clients want it: loaded while it starts
    try:
        return begun.result(PATIENCE_SECONDS)
    except FutureTimeoutError:
        # As in `labs.sql.indexes`: a Jupyter server sets this name, elsewhere nobody looks on.
        with progress_bar(hidden="JPY_SESSION_NAME" not in os.environ) as show:
            show(0, 0, "Asking the back end what it answers")
            return begun.result()
    finally:
        if begun.done() and begun.exception():
            _begun.cache_clear()  # what was in its way may be gone the next time


def begin() -> None:
    """Begin to record what `recorded` returns, in the background: a service takes a while."""
    _begun()


@cache
def _begun() -> "Future[tuple[Exchange, ...]]":
    made = Future[tuple[Exchange, ...]]()

    def make() -> None:
        try:
            made.set_result(record())
        except Exception as error:
            made.set_exception(error)

    threading.Thread(target=make, daemon=True).start()
    return made


def record() -> tuple[Exchange, ...]:
    """Return the exchanges of a new round; `recorded` has one for the whole process.

    Raises:
        ServiceError: when the service does not start.
    """
    settings = Settings(burst=BURST, requests_per_second=0.5)
    with Service(settings) as company:
        clients = {
            "rider": company.client(rider=RIDER),
            "other rider": company.client(rider=OTHER_RIDER),
            "second rider": company.client(rider=SECOND_RIDER),
            "driver": company.client(driver=DRIVER),
            "partner": company.client(partner="city-trip-planner"),
            "stranger": company.client(),
            "runaway": company.client(support=True),
        }
        made = _Round(clients)
        _ask(made)
        _drive(made)
        _look(made)
        _refuse(made)
        _run_away(made)
    return tuple(made.made)


def _ask(made: _Round) -> None:
    key = {"Idempotency-Key": "0f8fad5b-d9cb-469f-a165-70867728950e"}
    quote = made.call("quote", "create_quote", "rider", WAY)
    made.call("quote-without-dropoff", "create_quote", "rider", _without("dropoff_location"))
    made.call("quote-as-stranger", "create_quote", "stranger", WAY)
    made.call("ask", "create_ride", "rider", WAY, headers=key)
    made.call("ask-again", "create_ride", "rider", WAY, headers=key)
    elsewhere = {**WAY, "dropoff_location": "HBV-OLD"}
    made.call("ask-with-a-used-key", "create_ride", "rider", elsewhere, headers=key)
    made.call("ask-without-dropoff", "create_ride", "rider", _without("dropoff_location"))
    made.call("ask-without-pickup", "create_ride", "rider", _without("pickup_location"))
    made.call("ask-with-a-status", "create_ride", "rider", {**WAY, "status": "completed"})
    made.call("ask-with-a-number", "create_ride", "rider", {**WAY, "pickup_location": 7})
    made.call("ask-without-a-body", "create_ride", "rider", headers=NOTHING)
    quoted = {**WAY, "quote_id": quote.body["quote_id"]}
    made.call("ask-at-a-price", "create_ride", "rider", quoted)
    made.call("ask-as-stranger", "create_ride", "stranger", WAY)
    made.call("ask-as-driver", "create_ride", "driver", WAY)


def _drive(made: _Round) -> None:
    ride: dict[str, Any] = {"ride_id": _ride(made, "ask")}
    made.call("read", "read_ride", "rider", **ride)
    made.call("start-too-early", "start_ride", "driver", **ride)
    accepted = made.call("accept", "accept_ride", "driver", **ride)
    made.call("accept-again", "accept_ride", "driver", **ride)
    made.call("accept-as-stranger", "accept_ride", "stranger", **ride)
    made.call("accept-as-rider", "accept_ride", "rider", **ride)
    made.call("complete-too-early", "complete_ride", "driver", **ride)
    made.call("start-as-stranger", "start_ride", "stranger", **ride)
    made.call("start-as-rider", "start_ride", "rider", **ride)
    made.call("read-under-way", "read_ride", "rider", **ride)
    known = {"If-None-Match": made.made[-1].headers["etag"]}
    made.call("read-unchanged", "read_ride", "rider", headers=known, **ride)
    made.call("list-while-accepted", "list_rides", "rider", query={"limit": "2"}, user_id=RIDER)
    made.call("read-as-driver", "read_ride", "driver", **ride)
    made.call("read-as-stranger", "read_ride", "stranger", **ride)
    made.call("read-foreign", "read_ride", "other rider", **ride)
    made.call("start", "start_ride", "driver", **ride)
    made.call("read-on-the-way", "read_ride", "rider", **ride)
    made.call("read-on-the-way-as-driver", "read_ride", "driver", **ride)
    made.call("list-on-the-way", "list_rides", "rider", query={"limit": "2"}, user_id=RIDER)
    made.call(
        "change-with-an-old-tag",
        "change_ride",
        "driver",
        {"status": "completed"},
        headers={"If-Match": accepted.headers["etag"]},
        **ride,
    )
    made.call("change-without-a-body", "change_ride", "driver", headers=NOTHING, **ride)
    made.call("change-to-paused", "change_ride", "driver", {"status": "paused"}, **ride)
    made.call("change-to-no-state", "change_ride", "driver", {"status": "teleported"}, **ride)
    made.call("change-nothing", "change_ride", "driver", {}, **ride)
    made.call("change-the-fare", "change_ride", "driver", {"fare": 1}, **ride)
    made.call("change-as-stranger", "change_ride", "stranger", {"status": "completed"}, **ride)
    made.call("change-foreign", "change_ride", "other rider", {"status": "cancelled"}, **ride)
    made.call("complete-as-stranger", "complete_ride", "stranger", **ride)
    made.call("complete-as-rider", "complete_ride", "rider", **ride)
    made.call("complete", "complete_ride", "driver", **ride)
    made.call("change-too-late", "change_ride", "rider", {"status": "cancelled"}, **ride)
    made.call("cancel-too-late", "cancel_ride", "rider", **ride)
    made.call("read-done", "read_ride", "rider", **ride)
    made.call("pay", "create_payment", "rider", {"method": "card"}, **ride)
    made.call("pay-twice", "create_payment", "rider", {"method": "card"}, **ride)
    made.call("pay-with-shells", "create_payment", "rider", {"method": "shells"}, **ride)
    made.call("pay-as-stranger", "create_payment", "stranger", {"method": "card"}, **ride)
    made.call("list-payments", "list_payments", "rider", **ride)
    made.call("list-payments-foreign", "list_payments", "other rider", **ride)

    own_key = {"Idempotency-Key": "tap-on-monday-0815"}
    made.call("ask-second", "create_ride", "rider", WAY, headers=own_key)
    ride = {"ride_id": _ride(made, "ask-second")}
    made.call("cancel-foreign", "cancel_ride", "other rider", **ride)
    made.call("cancel-as-stranger", "cancel_ride", "stranger", **ride)
    made.call("cancel", "cancel_ride", "rider", **ride)
    made.call("read-cancelled", "read_ride", "rider", **ride)
    made.call("ask-third", "create_ride", "rider", WAY)
    ride = {"ride_id": _ride(made, "ask-third")}
    made.call("change-way", "change_ride", "rider", {"dropoff_location": "HBV-OLD"}, **ride)
    made.call("change", "change_ride", "driver", {"status": "accepted"}, **ride)
    made.call("change-too-early", "change_ride", "driver", {"status": "completed"}, **ride)
    made.call("change-to-cancelled", "change_ride", "rider", {"status": "cancelled"}, **ride)
    made.call("ask-fourth", "create_ride", "rider", WAY)
    ride = {"ride_id": _ride(made, "ask-fourth")}
    for status in ("accepted", "in_progress", "completed"):
        made.call(f"change-to-{status}", "change_ride", "driver", {"status": status}, **ride)


def _look(made: _Round) -> None:
    made.call("read-nothing", "read_ride", "rider", ride_id=999_999_999)
    made.call("read-no-number", "read_ride", "rider", ride_id="abc")
    made.call("read-a-half", "read_ride", "rider", ride_id="1.5")
    first = made.call("list", "list_rides", "rider", query={"limit": "2"}, user_id=RIDER)
    following = {"limit": "2", "cursor": first.body["next_cursor"]}
    made.call("list-next", "list_rides", "rider", query=following, user_id=RIDER)
    made.call("list-all", "list_rides", "rider", query={"limit": "100"}, user_id=RIDER)
    made.call("list-too-many", "list_rides", "rider", query={"limit": "1000"}, user_id=RIDER)
    made.call("list-one-too-many", "list_rides", "rider", query={"limit": "101"}, user_id=RIDER)
    made.call("list-without-a-limit", "list_rides", "rider", user_id=RIDER)
    made.call("list-none", "list_rides", "rider", query={"limit": "0"}, user_id=RIDER)
    made.call("list-a-half", "list_rides", "rider", query={"limit": "1.5"}, user_id=RIDER)
    made.call("list-no-number", "list_rides", "rider", user_id="abc")
    made.call("list-of-a-half", "list_rides", "rider", user_id="1.5")
    made.call("list-bad-cursor", "list_rides", "rider", query={"cursor": "x"}, user_id=RIDER)
    made.call("list-foreign", "list_rides", "other rider", user_id=RIDER)
    made.call("list-as-stranger", "list_rides", "stranger", user_id=RIDER)
    made.call("count", "count_available_drivers", "partner", city_id=1)
    made.call("count-as-person", "count_available_drivers", "driver", city_id=1)
    made.call("count-as-stranger", "count_available_drivers", "stranger", city_id=1)
    made.call("count-nowhere", "count_available_drivers", "partner", city_id=999)
    here = {"zone_code": "HBV-AIR", "state": "available"}
    made.call("locate", "put_location", "driver", here, driver_id=DRIVER)
    made.call("locate-foreign", "put_location", "driver", here, driver_id=DRIVER + 1)
    made.call("locate-as-stranger", "put_location", "stranger", here, driver_id=DRIVER)


def _refuse(made: _Round) -> None:
    # As a second rider: the first one has little left of what may be asked for at once.
    quote: dict[str, Mapping[str, Any]] = {
        "quote-without-pickup": _without("pickup_location"),
        "quote-from-a-number": {**WAY, "pickup_location": 7},
        "quote-at-a-fare": {**WAY, "fare": 1},
        "quote-between-cities": {**WAY, "dropoff_location": "BRK-AIR"},
    }
    for step, sent in quote.items():
        made.call(step, "create_quote", "second rider", sent)
    for end, name in (("from", "pickup_location"), ("to", "dropoff_location")):
        nowhere = {**WAY, name: None}
        made.call(f"quote-{end}-null", "create_quote", "second rider", nowhere)
        made.call(f"ask-{end}-null", "create_ride", "second rider", nowhere)
    made.call("ask-at-null", "create_ride", "second rider", {**WAY, "quote_id": None})
    made.call("quote-to-a-number", "create_quote", "second rider", {**WAY, "dropoff_location": 7})
    made.call("ask-to-a-number", "create_ride", "second rider", {**WAY, "dropoff_location": 7})
    made.call("ask-at-a-number", "create_ride", "second rider", {**WAY, "quote_id": 7})
    ride: dict[str, Any] = {"ride_id": _ride(made, "ask-third")}
    for step, change in (
        ("change-to-a-number", {"dropoff_location": 7}),
        ("change-to-requested", {"status": "requested"}),
        ("change-way-to-null", {"dropoff_location": None}),
        ("change-status-to-null", {"status": None}),
    ):
        made.call(step, "change_ride", "driver", change, **ride)
    made.call("ask-fifth", "create_ride", "second rider", WAY)
    both = {"status": "cancelled", "dropoff_location": "HBV-OLD"}
    ride = {"ride_id": _ride(made, "ask-fifth")}
    made.call("change-both", "change_ride", "second rider", both, **ride)
    made.call("quote-without-a-body", "create_quote", "second rider", headers=NOTHING)
    here = {"zone_code": "HBV-AIR", "state": "available"}
    place: dict[str, Mapping[str, Any]] = {
        "locate-on-a-trip": {**here, "state": "on_trip"},
        "locate-offline": {**here, "state": "offline"},
        "locate-nowhere": {"state": "available"},
        "locate-without-state": {"zone_code": "HBV-AIR"},
        "locate-paused": {**here, "state": "paused"},
        "locate-at-a-number": {**here, "zone_code": 7},
        "locate-at-null": {**here, "zone_code": None},
        "locate-in-null": {**here, "state": None},
        "locate-at-a-speed": {**here, "speed": 35},
        "locate-in-another-city": {**here, "zone_code": "BRK-AIR"},
    }
    for step, sent in place.items():
        made.call(step, "put_location", "driver", sent, driver_id=DRIVER)
    made.call("locate-without-a-body", "put_location", "driver", headers=NOTHING, driver_id=DRIVER)


def _run_away(made: _Round) -> None:
    ride: dict[str, Any] = {"ride_id": _ride(made, "ask")}
    values: Mapping[str, Any] = {"user_id": RIDER, "city_id": 1, "driver_id": DRIVER, **ride}
    for operation, (_, template) in OPERATIONS.items():
        own = {name: value for name, value in values.items() if f"{{{name}}}" in template}
        while made.call(f"run-away-{operation}", operation, "runaway", **own).status != 429:
            made.made.pop()  # not yet: the limit is the caller's, whatever they ask for


def _ride(made: _Round, step: str) -> str:
    (body,) = [each.body for each in made.made if each.step == step]
    return str(body["ride_id"])


def _without(field_name: str) -> dict[str, str]:
    return {name: value for name, value in WAY.items() if name != field_name}


def of_operations(operations: Mapping[str, Any] | frozenset[str]) -> Iterator[Exchange]:
    """Yield the recorded exchanges of some operations."""
    return (each for each in recorded() if each.operation in operations)
