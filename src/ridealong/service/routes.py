"""The operations of the API, the same for each version: address, who may, what is documented."""

import base64
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from ridealong.service import bodies, rides
from ridealong.service.access import Caller, may_see_ride, not_found, require
from ridealong.service.events import Events
from ridealong.service.idempotency import Answer, Idempotency, fingerprint
from ridealong.service.problems import MEDIA_TYPE, Problem
from ridealong.service.store import Store
from ridealong.service.supply import Change, Supply, changes_of
from ridealong.service.transitions import Action
from ridealong.service.versions import Version

CURSOR: Final = r"^[A-Za-z0-9_-]{20}$"
_EPOCH: Final = datetime(1970, 1, 1)
_BEYOND: Final = {"before_time": datetime(9999, 1, 1), "before_ride": 0}
_LARGEST_ID: Final = 2**63 - 1
_KNOWN_FIELDS: Final = dict.fromkeys(bodies.FIELDS_OF_A_RIDE).keys()

RideId = Annotated[bodies.Number, Path(description="Number of the ride.", examples=[1000001])]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r"^[\x20-\x7e]{1,200}$",
        description="The ETag as you saw it last; if the ride changed meanwhile: 412.",
        examples=['"1-rider"'],
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="A key that you make, a new one for each request; send the same one when you "
        "ask again because no answer came.",
        examples=["0f8fad5b-d9cb-469f-a165-70867728950e"],
    ),
]


@dataclass(frozen=True)
class Company:
    """What the operations work with."""

    store: Store
    idempotency: Idempotency
    supply: Supply
    events: Events


class Allowed:
    """Who may use an operation at all."""

    def __init__(self, scope: str, *roles: str) -> None:
        self.scope = scope
        self.roles = frozenset(roles)

    def documented(self) -> dict[str, Any]:
        """Return the keys of the OpenAPI operation that say it."""
        security: list[dict[str, list[str]]] = [{"oauth2": [self.scope]}, {"bearer": []}]
        if "partner" in self.roles:
            security.append({"apiKey": []})
        return {"security": security, "x-roles": sorted(self.roles)}


class Guarded(APIRoute):
    """An operation that only some roles may use; what its documentation says is what is checked.

    Not a dependency of FastAPI: that is asked after the body is read, and takes as long as all the
    rest of reading a ride.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request: the check, then the operation."""
        answer = super().get_route_handler()
        documented = self.openapi_extra or {}
        (scope,) = documented["security"][0]["oauth2"]
        roles = frozenset(documented["x-roles"])

        async def guarded(request: Request) -> Response:
            require(caller_of(request), scope, roles)
            return await answer(request)

        return guarded


def caller_of(request: Request) -> Caller:
    """Return who calls, as `edge.py` found out."""
    caller: Caller = request.scope["state"]["caller"]
    return caller


READ_RIDES: Final = Allowed("rides:read", "rider", "driver", "support")
LIST_RIDES: Final = Allowed("rides:read", "rider", "support")
ASK_FOR_RIDES: Final = Allowed("rides:write", "rider")
CHANGE_RIDES: Final = Allowed("rides:write", "rider", "driver", "support")
DRIVE: Final = Allowed("rides:write", "driver")
ASK_FOR_PRICES: Final = Allowed("quotes:write", "rider")
SEE_SUPPLY: Final = Allowed("drivers:read", "rider", "driver", "support", "partner")
SAY_WHERE: Final = Allowed("locations:write", "driver")
PAY: Final = Allowed("payments:write", "rider")
SEE_PAYMENTS: Final = Allowed("payments:read", "rider", "support")


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of answers that are errors."""
    return {
        status: {
            "description": _MEANING[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status in sorted({*statuses, *_ANYWHERE})
    }


_ANYWHERE: Final = (400, 401, 403, 408, 413, 429, 431, 500, 503)
_MEANING: Final = {
    400: "What was sent cannot be read: a parameter, or a body that is no JSON.",
    401: "Nobody knows who calls: no credentials, or none that hold.",
    403: "This role, or an application with these scopes, may not do this.",
    404: "There is no such thing, or it is somebody else's.",
    408: "The request did not arrive in time.",
    409: "It does not fit how things stand.",
    412: "The ride changed since you saw it.",
    413: "The body is too large.",
    415: "The body does not come as JSON.",
    422: "The body can be read and breaks a rule.",
    429: "Too many requests: wait as long as Retry-After says.",
    431: "The header fields are too large.",
    500: "Our mistake.",
    503: "Too busy: try again after what Retry-After says.",
}
_BODY_ERRORS: Final = (415, 422)
_ETAG: Final = {
    "ETag": {
        "description": "Changes with the ride; for If-None-Match and If-Match.",
        "required": True,
        "schema": {"type": "string", "examples": ['"1-rider"']},
    }
}
_IF_NONE_MATCH: Final = {
    # Read from the request itself: as a parameter of FastAPI it would cost a tenth of the answer.
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag that you have; if it is still right: 304 without a body.",
    "schema": {"type": "string"},
    "example": '"1-rider"',
}
_FIELDS: Final = {
    # A list with commas, which FastAPI does not read: taken from the request itself as well.
    "name": "fields",
    "in": "query",
    "required": False,
    "description": "Only these fields of a ride, with commas between; all of them without it. "
    "A field that is not for the caller's role is left out.",
    "style": "form",
    "explode": False,
    "schema": {
        "type": "array",
        "items": {"type": "string", "enum": list(bodies.FIELDS_OF_A_RIDE)},
        "minItems": 1,
        "uniqueItems": True,
    },
    "example": ["ride_id", "status", "requested_at"],
}
_ETAG_OF_A_PAGE: Final = {
    "ETag": {
        "description": "Changes with anything on the page; for If-None-Match.",
        "required": True,
        "schema": {"type": "string", "examples": ['"4f6d2f0c5b1e4a7d9c3b8e6a1f0d2c4b"']},
    }
}
_IF_NONE_MATCH_OF_A_PAGE: Final = _IF_NONE_MATCH | {"example": '"4f6d2f0c5b1e4a7d9c3b8e6a1f0d2c4b"'}
_X_CACHE: Final = {
    "X-Cache": {
        "description": "Whether a cache knew the answer (hit) or the database was read (miss); "
        "only where the service has a cache.",
        "required": False,
        "schema": {"type": "string", "enum": ["hit", "miss"]},
    }
}
_EVENTS: Final = {"accepted": "accept", "completed": "free", "cancelled": "free"}
"""What a ride's state does to the car of its driver, in the words of a cache's policy."""

_LOCATION: Final = {
    "Location": {
        "description": "Where the new thing is.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    }
}


def add_routes(router: APIRouter, version: Version, company: Company) -> None:
    """Add the operations of one version to a router, which must take `Guarded` routes.

    Straight to the router of the application: an included router would be searched on the way.
    """
    store, idempotency, supply = company.store, company.idempotency, company.supply
    events = company.events
    prefix = f"/{version.name}"
    tag = version.name.upper()

    def operation(
        name: str, allowed: Allowed, summary: str, subject: str, **more: Any
    ) -> dict[str, Any]:
        return {
            "operation_id": f"{name}{tag}",
            "summary": summary,
            "tags": [subject],
            "deprecated": version.name == "v1" or None,
            "openapi_extra": allowed.documented() | more,
            "response_model_exclude_unset": True,
        }

    async def change(
        caller: Caller,
        request: Request,
        content: Any,
        key: str | None,
        work: Any,
        changes: list[Change] | None = None,
        told: list[dict[str, Any]] | None = None,
    ) -> Response:
        mark = fingerprint(request.method, request.url.path, content)
        answer = await idempotency.once(caller, key, mark, work)
        if changes:  # not before: what is not committed may still not come to be
            supply.at(request.headers)
            supply.changed(changes)
        if told:
            events.committed(told)
        return _given(answer)

    def moved_on(connection: Any, row: Any) -> list[Change]:
        """Return what a ride's new state means for its driver's car, where a cache wants to know."""
        event = _EVENTS.get(row.status)
        if not supply.is_cached or event is None or row.driver_id is None:
            return []
        seen = supply.location(connection, row.driver_id)
        return [(event, seen.city_id, seen.zone_code)] if seen is not None else []

    @router.post(
        prefix + "/rides",
        status_code=201,
        response_model=version.ride_model,
        responses={
            **errors(404, 409, *_BODY_ERRORS),
            201: {"description": "The ride that was asked for.", "headers": _LOCATION | _ETAG},
        },
        **operation("createRide", ASK_FOR_RIDES, "Ask for a ride", "rides"),
    )
    async def create_ride(
        request: Request,
        body: bodies.NewRide,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """A rider asks for a ride. Send an Idempotency-Key: without one, asking twice is two rides."""
        caller = caller_of(request)
        wish = body.model_dump(exclude_unset=True)

        def work(connection: Any) -> Answer:
            row = rides.create(connection, caller, wish)
            headers = {
                "Location": f"/{version.name}/rides/{row.ride_id}",
                "ETag": rides.etag(row, caller),
            }
            return Answer(201, _json(version.ride(row, caller)), headers)

        return await change(caller, request, wish, idempotency_key, work)

    @router.get(
        prefix + "/rides/{ride_id}",
        response_model=version.ride_model | version.chosen_ride_model,
        responses={
            **errors(404),
            200: {"description": "The ride, as the caller may see it.", "headers": _ETAG},
            304: {"description": "It is as you have it.", "headers": _ETAG},
        },
        **operation(
            "getRide", READ_RIDES, "See a ride", "rides", parameters=[_FIELDS, _IF_NONE_MATCH]
        ),
    )
    async def get_ride(request: Request, ride_id: RideId) -> Response:
        """Riders see their own rides, drivers what is offered or assigned to them, support all."""
        caller = caller_of(request)
        fields = _chosen(request)
        row = _ride(store, caller, ride_id)
        tag = rides.etag(row, caller)
        if rides.matches(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers={"ETag": tag})
        return _given(Answer(200, _json(version.ride(row, caller), fields), {"ETag": tag}))

    @router.patch(
        prefix + "/rides/{ride_id}",
        response_model=version.ride_model,
        responses={
            **errors(404, 409, 412, *_BODY_ERRORS),
            200: {"description": "The ride as it is now.", "headers": _ETAG},
        },
        **operation("changeRide", CHANGE_RIDES, "Change a ride", "rides"),
    )
    async def change_ride(
        request: Request,
        ride_id: RideId,
        body: Annotated[
            version.ride_change,  # type: ignore[name-defined]  # each version has its own
            Body(media_type="application/merge-patch+json"),
        ],
        if_match: IfMatch = None,
    ) -> Response:
        """A merge patch: its status, or where it goes before the pickup. The same again changes nothing."""
        caller = caller_of(request)
        wish = body.model_dump(exclude_unset=True)
        if "status" in wish:
            wish["status"] = version.status_in_tables(wish["status"])

        changes: list[Change] = []
        told: list[dict[str, Any]] = []

        def work(connection: Any) -> Answer:
            told.clear()  # a transaction may be begun anew
            row = rides.change(
                connection,
                caller,
                ride_id,
                wish,
                if_match,
                lambda connection, row: events.completed(connection, row, told),
            )
            changes[:] = moved_on(connection, row) if "status" in wish else []
            return _ride_answer(version, row, caller)

        return await change(caller, request, wish, None, work, changes, told)

    def transition(action: Action, allowed: Allowed, summary: str, text: str) -> None:
        async def go_on(
            request: Request,
            ride_id: RideId,
            if_match: IfMatch = None,
        ) -> Response:
            caller = caller_of(request)
            changes: list[Change] = []
            told: list[dict[str, Any]] = []

            def work(connection: Any) -> Answer:
                told.clear()  # a transaction may be begun anew
                row = rides.move(
                    connection,
                    caller,
                    ride_id,
                    action,
                    if_match,
                    lambda connection, row: events.completed(connection, row, told),
                )
                changes[:] = moved_on(connection, row)
                return _ride_answer(version, row, caller)

            return await change(caller, request, None, None, work, changes, told)

        router.add_api_route(
            f"{prefix}/rides/{{ride_id}}/{action}",
            go_on,
            methods=["POST"],
            response_model=version.ride_model,
            description=text,
            responses={
                **errors(404, 409, 412),
                200: {"description": "The ride as it is now.", "headers": _ETAG},
            },
            **operation(f"{action}Ride", allowed, summary, "transitions"),
        )

    transition("accept", DRIVE, "Accept a ride", "A driver takes a ride that is offered.")
    transition("start", DRIVE, "Start a ride", "The driver has picked the rider up.")
    transition("complete", DRIVE, "Complete a ride", "The driver has arrived; the fare is set.")
    transition("cancel", CHANGE_RIDES, "Cancel a ride", "Before the pickup.")

    @router.get(
        prefix + "/users/{user_id}/rides",
        response_model=version.rides_model | version.chosen_rides_model,
        responses={
            **errors(404),
            200: {"description": "A page of rides.", "headers": _ETAG_OF_A_PAGE},
            304: {"description": "It is as you have it.", "headers": _ETAG_OF_A_PAGE},
        },
        **operation(
            "listRides",
            LIST_RIDES,
            "See the rides of a rider",
            "rides",
            parameters=[_FIELDS, _IF_NONE_MATCH_OF_A_PAGE],
        ),
    )
    async def list_rides(
        request: Request,
        user_id: Annotated[bodies.Number, Path(description="Number of the rider.", examples=[123])],
        limit: Annotated[bodies.PageLimit, Query(description="How many rides at most.")] = 20,
        cursor: Annotated[
            str | None,
            Query(pattern=CURSOR, description="`next_cursor` of the page before; do not read it."),
        ] = None,
        include: Annotated[
            Literal["payments"] | None,
            Query(
                description="Put what was paid into each ride; for those who may see payments.",
                examples=["payments"],
            ),
        ] = None,
    ) -> Response:
        """The newest first. Pages by cursor: rides that come in meanwhile shift nothing.

        With `include=payments` a screen needs no request for each ride; that asks for the scope
        payments:read as well.
        """
        caller = caller_of(request)
        fields = _chosen(request)
        if include is not None:
            require(caller, SEE_PAYMENTS.scope, SEE_PAYMENTS.roles)
        if caller.role == "rider" and caller.number != user_id:
            raise not_found()
        if not store.read(rides.RIDER, {"user_id": user_id}):
            raise not_found()
        place = _BEYOND if cursor is None else _place(cursor)
        rows = store.read(rides.PAGE, {"user_id": user_id, "rows": limit + 1, **place})
        following = _cursor(rows[limit - 1]) if len(rows) > limit else None
        rows = rows[:limit]
        paid = None if include is None else _paid(store, user_id, rows)
        page = version.rides_model.model_construct(
            rides=[
                version.ride(row, caller, None if paid is None else paid.get(row.ride_id, ()))
                for row in rows
            ],
            next_cursor=following,
        )
        if fields is not None and paid is not None:
            fields = fields | {"payments"}
        body = _json(page, fields and {"rides": {"__all__": fields}, "next_cursor": True})
        # Of the page itself: one more query could not tell all that may have changed on it.
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if rides.matches(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers={"ETag": tag})
        return _given(Answer(200, body, {"ETag": tag}))

    @router.post(
        prefix + "/quotes",
        status_code=201,
        response_model=version.quote_model,
        responses={**errors(404, 409, *_BODY_ERRORS), 201: {"description": "The quote."}},
        **operation("createQuote", ASK_FOR_PRICES, "Ask for a price", "quotes"),
    )
    async def create_quote(
        request: Request,
        body: bodies.NewQuote,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """The price holds for five minutes: ask for the ride with its quote_id."""
        caller = caller_of(request)
        wish = body.model_dump()

        def work(connection: Any) -> Answer:
            return Answer(201, _json(version.quote(rides.quote(connection, caller, wish))))

        return await change(caller, request, wish, idempotency_key, work)

    @router.get(
        prefix + "/cities/{city_id}/available-drivers",
        response_model=bodies.AvailableDrivers,
        responses={
            **errors(404),
            200: {"description": "How many, by zone.", "headers": _X_CACHE},
        },
        **operation("countAvailableDrivers", SEE_SUPPLY, "Count free drivers", "drivers"),
    )
    async def available_drivers(
        request: Request,
        response: Response,
        city_id: Annotated[bodies.Number, Path(description="Number of the city.", examples=[1])],
        zone_code: Annotated[
            bodies.Zone | None,
            Query(description="This zone of the city alone.", examples=["HBV-AIR"]),
        ] = None,
    ) -> Any:
        """Numbers by zone and no persons: what a partner may see as well."""
        supply.at(request.headers)
        subject = caller_of(request).subject
        cars, found = await supply.free(city_id, zone_code or "", subject)
        if found:
            response.headers["X-Cache"] = found
        return bodies.AvailableDrivers.model_construct(
            city_id=city_id,
            available_drivers=sum(cars.values()),
            zones=[
                bodies.ZoneSupply.model_construct(zone_code=zone, available_drivers=count)
                for zone, count in cars.items()
            ],
        )

    @router.put(
        prefix + "/drivers/{driver_id}/location",
        response_model=bodies.Location,
        responses={
            **errors(404, 409, *_BODY_ERRORS),
            200: {"description": "What is known now."},
        },
        **operation("putDriverLocation", SAY_WHERE, "Say where a driver is", "drivers"),
    )
    async def put_location(
        request: Request,
        driver_id: Annotated[
            bodies.Number, Path(description="Number of the driver.", examples=[57])
        ],
        body: bodies.NewLocation,
    ) -> Response:
        """Replaces what was known: sent twice it is as good as once."""
        caller = caller_of(request)
        wish = body.model_dump()
        changes: list[Change] = []

        def work(connection: Any) -> Answer:
            before = supply.location(connection, driver_id) if supply.is_cached else None
            row = rides.locate(connection, caller, driver_id, wish)
            if supply.is_cached:
                changes[:] = changes_of(before, supply.location(connection, driver_id))
            return Answer(200, _json(bodies.Location.model_construct(**row)))

        return await change(caller, request, wish, None, work, changes)

    @router.post(
        prefix + "/rides/{ride_id}/payments",
        status_code=201,
        response_model=version.payment_model,
        responses={
            **errors(404, 409, *_BODY_ERRORS),
            201: {"description": "The payment.", "headers": _LOCATION},
        },
        **operation("createPayment", PAY, "Pay for a ride", "payments"),
    )
    async def create_payment(
        request: Request,
        ride_id: RideId,
        body: bodies.NewPayment,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """The rider pays the fare of a completed ride, once."""
        caller = caller_of(request)
        wish = body.model_dump()

        def work(connection: Any) -> Answer:
            row = rides.pay(connection, caller, ride_id, wish["method"])
            headers = {"Location": f"/{version.name}/rides/{ride_id}/payments"}
            return Answer(201, _json(version.payment(row, caller)), headers)

        return await change(caller, request, wish, idempotency_key, work)

    @router.get(
        prefix + "/rides/{ride_id}/payments",
        response_model=version.payments_model,
        responses={**errors(404), 200: {"description": "The payments."}},
        **operation("listPayments", SEE_PAYMENTS, "See the payments for a ride", "payments"),
    )
    async def list_payments(request: Request, ride_id: RideId) -> Any:
        """Support sees that a payment was made, not with what."""
        caller = caller_of(request)
        _ride(store, caller, ride_id)
        rows = store.read(rides.PAYMENTS, {"ride_id": ride_id})
        return version.payments_model.model_construct(
            payments=[version.payment(row, caller) for row in rows]
        )


def _ride(store: Store, caller: Caller, ride_id: int) -> Any:
    rows = store.read(rides.RIDE, {"ride_id": ride_id})
    city = None
    if rows and caller.role == "driver" and rows[0].driver_id is None:
        cities = store.read(rides.CITY_OF_DRIVER, {"driver_id": caller.number})
        city = cities[0].city_id if cities else None
    if not rows or not may_see_ride(caller, rows[0], city):
        raise not_found()
    return rows[0]


def _given(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers, "application/json")


def _ride_answer(version: Version, row: Any, caller: Caller) -> Answer:
    return Answer(200, _json(version.ride(row, caller)), {"ETag": rides.etag(row, caller)})


def _json(model: BaseModel, only: Any = None) -> bytes:
    return model.model_dump_json(exclude_unset=True, include=only).encode()


def _chosen(request: Request) -> set[str] | None:
    """Return the fields of a ride that a request names in `fields`, None for all of them.

    Raises:
        Problem: 400 for a field that no ride has, or one that is named twice.
    """
    if not request.scope["query_string"]:
        return None
    texts = request.query_params.getlist("fields")
    if not texts:
        return None
    names = ",".join(texts).split(",")
    if len(set(names)) < len(names) or not set(names) <= _KNOWN_FIELDS:
        known = ", ".join(_KNOWN_FIELDS)
        wanted = f"fields of a ride, each once, with commas and no blanks between: {known}"
        if "payments" in names:
            wanted += "; the payments of a list come with include=payments, without a field"
        place = {"in": "query", "pointer": "/fields", "wanted": wanted}
        raise Problem(
            400, "invalid-parameter", "A parameter is not what it has to be: see errors.",
            errors=[place],
        )  # fmt: skip
    return set(names)


def _paid(store: Store, user_id: int, rows: list[Any]) -> dict[int, list[Any]]:
    """Return the payments for the rides of a page, by ride."""
    found: dict[int, list[Any]] = {}
    if rows:
        values = {"user_id": user_id}
        span = {"oldest": rows[-1].requested_at, "newest": rows[0].requested_at}
        for payment in store.read(rides.PAYMENTS_OF_A_PAGE, values | span):
            found.setdefault(payment.ride_id, []).append(payment)
    return found


def _cursor(row: Any) -> str:
    microseconds = (row.requested_at - _EPOCH) // timedelta(microseconds=1)
    content = microseconds.to_bytes(7, "big") + row.ride_id.to_bytes(8, "big")
    return base64.urlsafe_b64encode(content).decode()


def _place(cursor: str) -> dict[str, Any]:
    """Return the ride before which a page begins; every cursor of the right form is one."""
    content = base64.urlsafe_b64decode(cursor)
    moment = _EPOCH + timedelta(microseconds=int.from_bytes(content[:7], "big"))
    ride_id = min(int.from_bytes(content[7:], "big"), _LARGEST_ID)
    return {"before_time": moment, "before_ride": ride_id}
