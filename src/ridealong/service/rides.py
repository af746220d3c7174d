"""What the company does with a ride: each function works within one transaction of the caller's.

Whether a ride is there for a caller is asked here, beside the change, so that nothing can come in
between.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from ridealong.service import store as tables
from ridealong.service.access import Caller, may_see_ride, not_found
from ridealong.service.problems import Problem
from ridealong.service.transitions import LEADING_TO, TRANSITIONS, Action, legal_from

QUOTE_TTL: Final = timedelta(minutes=5)
DRIVER_SHARE_PERCENT: Final = 79  # of the fare, cut to whole cents

_rides, _drivers, _riders = tables.rides, tables.drivers, tables.riders
_BASE: Final = (
    sa.select(
        _rides,
        _drivers.c.name.label("driver_name"),
        _drivers.c.car,
        _drivers.c.phone.label("driver_phone"),
        _riders.c.name.label("rider_name"),
        _riders.c.phone.label("rider_phone"),
    )
    .select_from(_rides)
    .join(_riders, _riders.c.user_id == _rides.c.user_id)
    .outerjoin(_drivers, _drivers.c.driver_id == _rides.c.driver_id)
)
RIDE: Final = _BASE.where(_rides.c.ride_id == sa.bindparam("ride_id"))
"""A ride with the names of its people."""

PAGE: Final = (
    _BASE.where(
        _rides.c.user_id == sa.bindparam("user_id"),
        sa.tuple_(_rides.c.requested_at, _rides.c.ride_id)
        < sa.tuple_(
            sa.bindparam("before_time", type_=sa.DateTime),
            sa.bindparam("before_ride", type_=sa.BigInteger),
        ),
    )
    .order_by(_rides.c.requested_at.desc(), _rides.c.ride_id.desc())
    .limit(sa.bindparam("rows"))
)
"""Rides of a rider, the newest first; rides of the same moment by number, so the order is one."""

CITY_OF_DRIVER: Final = sa.select(_drivers.c.city_id).where(
    _drivers.c.driver_id == sa.bindparam("driver_id")
)
RIDER: Final = sa.select(_riders.c.user_id).where(_riders.c.user_id == sa.bindparam("user_id"))
CITY: Final = sa.select(tables.cities.c.city_id).where(
    tables.cities.c.city_id == sa.bindparam("city_id")
)
SUPPLY: Final = (
    sa.select(
        tables.zones.c.zone_code,
        sa.func.count(tables.driver_locations.c.driver_id).label("available_drivers"),
    )
    .select_from(tables.zones)
    .outerjoin(
        tables.driver_locations,
        sa.and_(
            tables.driver_locations.c.zone_code == tables.zones.c.zone_code,
            tables.driver_locations.c.state == "available",
        ),
    )
    .where(tables.zones.c.city_id == sa.bindparam("city_id"))
    .group_by(tables.zones.c.zone_code)
    .order_by(tables.zones.c.zone_code)
)
PAYMENTS: Final = (
    sa.select(tables.payments)
    .where(tables.payments.c.ride_id == sa.bindparam("ride_id"))
    .order_by(tables.payments.c.payment_id)
)

PAYMENTS_OF_A_PAGE: Final = (
    sa.select(tables.payments)
    .join(_rides, _rides.c.ride_id == tables.payments.c.ride_id)
    .where(
        _rides.c.user_id == sa.bindparam("user_id"),
        _rides.c.requested_at.between(
            sa.bindparam("oldest", type_=sa.DateTime), sa.bindparam("newest", type_=sa.DateTime)
        ),
    )
    .order_by(tables.payments.c.payment_id)
)
"""What a rider paid for the rides of a page, with one question for all of them."""

Told = Callable[[sa.Connection, sa.Row[Any]], None]
"""Is given a ride that has come to its end."""


def etag(row: sa.Row[Any], caller: Caller) -> str:
    """Return a strong entity tag (RFC 9110, section 8.8.3): one for each version and each view."""
    return f'"{row.version}-{caller.role}"'


def find(connection: sa.Connection, caller: Caller, ride_id: int) -> sa.Row[Any]:
    """Return a ride that is there for the caller; until the transaction ends nobody changes it.

    Raises:
        Problem: 404 when it is not there, or not theirs.
    """
    connection.execute(
        sa.select(_rides.c.ride_id).where(_rides.c.ride_id == ride_id).with_for_update()
    )
    row = connection.execute(RIDE, {"ride_id": ride_id}).first()
    city = city_of(connection, caller) if caller.role == "driver" else None
    if row is None or not may_see_ride(caller, row, city):
        raise not_found()
    return row


def city_of(connection: sa.Connection, caller: Caller) -> int | None:
    """Return where a driver works, None for somebody who is no driver of ours."""
    return connection.execute(CITY_OF_DRIVER, {"driver_id": caller.number}).scalar()


def create(connection: sa.Connection, caller: Caller, wish: dict[str, Any]) -> sa.Row[Any]:
    """Ask for a ride and return it.

    Raises:
        Problem: 404 for a rider who is not there, 409 for a way or quote that cannot be had.
    """
    rider = _rider(connection, caller)
    city, fare_cents = _price(connection, wish)
    quote_id = wish.get("quote_id")
    if quote_id is not None:
        fare_cents = _quoted(connection, rider, wish)
    moment = tables.now()
    ride_id = connection.execute(
        _rides.insert().returning(_rides.c.ride_id),
        {
            "user_id": rider,
            "city_id": city,
            "pickup_location": wish["pickup_location"],
            "dropoff_location": wish["dropoff_location"],
            "status": "requested",
            "requested_at": moment,
            "quote_id": quote_id,
            "quoted_fare_cents": fare_cents,
            "version": 1,
        },
    ).scalar_one()
    _record(connection, ride_id, 1, "requested", caller)
    return connection.execute(RIDE, {"ride_id": ride_id}).one()


def move(
    connection: sa.Connection,
    caller: Caller,
    ride_id: int,
    action: Action,
    if_match: str | None,
    completed: Told,
) -> sa.Row[Any]:
    """Take a ride on to its next state and return it.

    `completed` is given a ride that comes to its end here, within the transaction.

    Raises:
        Problem: 404 when it is not there for the caller, 403 for another's part, 412 when it
            changed meanwhile, 409 when the transition is not legal.
    """
    row = find(connection, caller, ride_id)
    _unchanged(row, caller, if_match)
    return _move(connection, caller, row, action, completed)


def change(
    connection: sa.Connection,
    caller: Caller,
    ride_id: int,
    wish: dict[str, Any],
    if_match: str | None,
    completed: Told,
) -> sa.Row[Any]:
    """Apply a merge patch to a ride and return it; the same patch again changes nothing more.

    `completed` is as for `move`.

    Raises:
        Problem: as `move` does.
    """
    row = find(connection, caller, ride_id)
    _unchanged(row, caller, if_match)
    place = wish.get("dropoff_location")
    if place is not None and place != row.dropoff_location:
        row = _redirect(connection, caller, row, place)
    status = wish.get("status")
    if status is not None and status != row.status:
        row = _move(connection, caller, row, LEADING_TO[status], completed)
    return row


def _move(
    connection: sa.Connection,
    caller: Caller,
    row: sa.Row[Any],
    action: Action,
    completed: Told,
) -> sa.Row[Any]:
    transition = TRANSITIONS[action]
    if caller.role not in transition.roles:
        allowed = ", ".join(sorted(transition.roles))
        raise Problem(403, "role-not-allowed", f"To {action} a ride is for: {allowed}.")
    if row.status not in transition.sources:
        legal = legal_from(row.status)
        raise Problem(
            409,
            "illegal-transition",
            f"The ride is {row.status}; from there one cannot {action}. "
            f"Possible: {', '.join(legal) or 'nothing more'}.",
            current_status=row.status,
            legal_actions=legal,
        )
    if caller.role == "driver" and action != "accept" and row.driver_id != caller.number:
        # A waiting ride is there for every driver of its city, and is nobody's yet.
        raise Problem(
            403, "not-its-driver", f"To {action} a ride is for the driver who has accepted it."
        )
    moment = tables.now()
    values: dict[str, Any] = {"status": transition.target, "version": row.version + 1}
    if action == "accept":
        busy = sa.select(_rides.c.ride_id).where(
            _rides.c.driver_id == caller.number,
            _rides.c.status.in_(("accepted", "in_progress")),
        )
        if connection.execute(busy).first() is not None:
            raise Problem(409, "driver-busy", "You have a ride under way: complete it first.")
        values["driver_id"] = caller.number
    if action == "start":
        values["picked_up_at"] = moment
    if action in ("complete", "cancel"):
        values["ended_at"] = moment
    if action == "complete":
        values["fare_cents"] = row.quoted_fare_cents
        values["driver_pay_cents"] = row.quoted_fare_cents * DRIVER_SHARE_PERCENT // 100
    connection.execute(_rides.update().where(_rides.c.ride_id == row.ride_id).values(values))
    seq = connection.execute(
        sa.select(sa.func.max(tables.ride_events.c.seq)).where(
            tables.ride_events.c.ride_id == row.ride_id
        )
    ).scalar_one()
    _record(connection, row.ride_id, seq + 1, transition.target, caller)
    moved = connection.execute(RIDE, {"ride_id": row.ride_id}).one()
    if action == "complete":
        completed(connection, moved)
    return moved


def _redirect(
    connection: sa.Connection, caller: Caller, row: sa.Row[Any], place: str
) -> sa.Row[Any]:
    if caller.role != "rider":
        raise Problem(403, "role-not-allowed", "To change where a ride goes is for: rider.")
    if row.status not in ("requested", "accepted"):
        raise Problem(
            409,
            "illegal-transition",
            f"The ride is {row.status}; where it goes can be changed before the pickup only.",
            current_status=row.status,
            legal_actions=legal_from(row.status),
        )
    way = {"pickup_location": row.pickup_location, "dropoff_location": place}
    _, fare_cents = _price(connection, way)
    values = {
        "dropoff_location": place,
        "quoted_fare_cents": fare_cents,
        "version": row.version + 1,
    }
    connection.execute(_rides.update().where(_rides.c.ride_id == row.ride_id).values(values))
    return connection.execute(RIDE, {"ride_id": row.ride_id}).one()


def quote(connection: sa.Connection, caller: Caller, wish: dict[str, Any]) -> dict[str, Any]:
    """Give a rider a price that holds for five minutes, and return the row."""
    rider = _rider(connection, caller)
    city, fare_cents = _price(connection, wish)
    moment = tables.now()
    row = {
        "quote_id": f"q_{secrets.token_hex(16)}",
        "user_id": rider,
        "city_id": city,
        "pickup_location": wish["pickup_location"],
        "dropoff_location": wish["dropoff_location"],
        "fare_cents": fare_cents,
        "created_at": moment,
        "expires_at": moment + QUOTE_TTL,
    }
    connection.execute(tables.quotes.insert(), row)
    return row


def pay(connection: sa.Connection, caller: Caller, ride_id: int, method: str) -> sa.Row[Any]:
    """Pay for a completed ride and return the payment.

    Raises:
        Problem: 404 when the ride is not theirs, 409 when there is nothing to pay.
    """
    row = find(connection, caller, ride_id)
    if row.status != "completed":
        raise Problem(
            409, "nothing-to-pay", f"The ride is {row.status}; one pays when it is completed."
        )
    if connection.execute(PAYMENTS, {"ride_id": ride_id}).first() is not None:
        raise Problem(409, "already-paid", "The ride is paid: nothing was charged again.")
    values = {
        "ride_id": ride_id,
        "amount_cents": row.fare_cents,
        "method": method,
        "status": "succeeded",
        "provider_reference": f"alpha-{secrets.token_hex(8)}",
        "created_at": tables.now(),
    }
    connection.execute(tables.payments.insert(), values)
    return connection.execute(PAYMENTS, {"ride_id": ride_id}).one()


def locate(
    connection: sa.Connection, caller: Caller, driver_id: int, wish: dict[str, Any]
) -> dict[str, Any]:
    """Keep where a driver is, in place of what was known before, and return it."""
    city = city_of(connection, caller)
    if caller.number != driver_id or city is None:
        raise not_found()
    if _city_of_zone(connection, wish["zone_code"]) != city:
        raise Problem(
            409, "other-city", f"The zone {wish['zone_code']} is not in the city where you drive."
        )
    row = {**wish, "updated_at": tables.now()}
    places = tables.driver_locations
    done = connection.execute(places.update().where(places.c.driver_id == driver_id).values(row))
    if done.rowcount == 0:
        connection.execute(places.insert(), {"driver_id": driver_id, **row})
    return {"driver_id": driver_id, **row}


def _rider(connection: sa.Connection, caller: Caller) -> int:
    found = connection.execute(RIDER, {"user_id": caller.number}).scalar()
    if found is None:
        raise not_found()
    return int(found)


def _price(connection: sa.Connection, way: dict[str, Any]) -> tuple[int, int]:
    """Return the city of a way and its fare in cents.

    The company's zones have no coordinates: a way is taken as a mile and a half, and three
    quarters of a mile for each zone that two are apart in the city's list.
    """
    city = _city_of_zone(connection, way["pickup_location"])
    if _city_of_zone(connection, way["dropoff_location"]) != city:
        raise Problem(
            409,
            "between-cities",
            "Pickup and dropoff are in different cities; Ridealong drives within one.",
        )
    codes = sa.select(tables.zones.c.zone_code).where(tables.zones.c.city_id == city)
    places = sorted(connection.execute(codes).scalars())
    apart = abs(places.index(way["pickup_location"]) - places.index(way["dropoff_location"]))
    quarter_miles = 6 + 3 * apart
    rule = connection.execute(sa.select(tables.cities).where(tables.cities.c.city_id == city)).one()
    cents = rule.base_fare_cents + rule.per_mile_cents * quarter_miles // 4
    return city, max(cents, rule.minimum_fare_cents)


def _city_of_zone(connection: sa.Connection, zone_code: str) -> int:
    statement = sa.select(tables.zones.c.city_id).where(tables.zones.c.zone_code == zone_code)
    return int(connection.execute(statement).scalar_one())


def _quoted(connection: sa.Connection, rider: int, wish: dict[str, Any]) -> int:
    found = connection.execute(
        sa.select(tables.quotes)
        .where(tables.quotes.c.quote_id == wish["quote_id"])
        .with_for_update()
    ).first()
    fits = (
        found is not None
        and found.user_id == rider
        and found.expires_at > tables.now()
        and found.pickup_location == wish["pickup_location"]
        and found.dropoff_location == wish["dropoff_location"]
        and connection.execute(
            sa.select(_rides.c.ride_id).where(_rides.c.quote_id == wish["quote_id"])
        ).first()
        is None
    )
    if found is None or not fits:
        raise Problem(
            409,
            "quote-not-usable",
            "The quote is not yours, for another way, used or expired: ask for a new one.",
        )
    return int(found.fare_cents)


def _record(connection: sa.Connection, ride_id: int, seq: int, status: str, caller: Caller) -> None:
    connection.execute(
        tables.ride_events.insert(),
        {
            "ride_id": ride_id,
            "seq": seq,
            "status": status,
            "occurred_at": tables.now(),
            "by_role": caller.role,
            "by_subject": caller.subject,
        },
    )


def matches(field: str | None, tag: str) -> bool:
    """Return whether one of the entity tags in a header field is this one (RFC 9110, 13.1.2).

    A weak tag counts as the strong one of the same text, which is right for `If-None-Match`.
    """
    if field is None:
        return False
    tags = {each.strip().removeprefix("W/") for each in field.split(",")}
    return "*" in tags or tag in tags


def _unchanged(row: sa.Row[Any], caller: Caller, if_match: str | None) -> None:
    # `If-Match` compares strongly: a weak tag never matches (RFC 9110, section 13.1.1).
    if if_match is None:
        return
    tags = {each.strip() for each in if_match.split(",")}
    if not tags & {"*", etag(row, caller)}:
        raise Problem(
            412,
            "changed-meanwhile",
            "The ride is not as you saw it last: get it again and look before you change it.",
            {"ETag": etag(row, caller)},
        )
