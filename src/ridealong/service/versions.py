"""Version 1 and version 2 of the API, side by side over the same rides.

Version 2 breaks with version 1 in one way that is worth a version: an amount is whole cents with a
currency instead of a number of dollars, and two states have the names that riders see. Version 1
is deprecated: each of its answers says so, until when it is there, and what comes after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel

from ridealong.service import bodies
from ridealong.service.access import FIELDS, Caller, sees_phone

FIELDS_OF_V1: Final = (
    # Structured field: a date as seconds since 1970 (RFC 9745, section 2); 2026-03-30.
    (b"deprecation", b"@1774828800"),
    (b"sunset", b"Tue, 30 Mar 2027 00:00:00 GMT"),  # RFC 8594, section 3
    (b"link", b'</v2>; rel="successor-version"'),
)

_RENAMED: Final = {"accepted": "driver_assigned", "in_progress": "on_trip"}


@dataclass(frozen=True)
class Version:
    """One version of the API.

    Attributes:
        name: as in the path.
        money: how an amount is written.
        status_names: the names of states that differ from those in the tables.
    """

    name: str
    money: Any
    status_names: Mapping[str, str]
    ride_model: type[BaseModel]
    chosen_ride_model: type[BaseModel]
    listed_ride_model: type[BaseModel]
    rides_model: type[BaseModel]
    chosen_rides_model: type[BaseModel]
    ride_change: type[BaseModel]
    quote_model: type[BaseModel]
    payment_model: type[BaseModel]
    payments_model: type[BaseModel]

    def status_in_tables(self, name: str) -> str:
        """Return what a state is called in the tables."""
        return next((ours for ours, theirs in self.status_names.items() if theirs == name), name)

    def ride(
        self, row: sa.Row[Any], caller: Caller, payments: Sequence[sa.Row[Any]] | None = None
    ) -> BaseModel:
        """Return a ride as a caller may see it.

        Args:
            row: of `rides.RIDE`, with the names of rider and driver.
            caller: whose role decides which fields there are.
            payments: what was paid for it, when that is to stand in it.
        """
        visible = FIELDS[caller.role]
        status = row.status
        fields: dict[str, Any] = {
            "ride_id": row.ride_id,
            "user_id": row.user_id,
            "city_id": row.city_id,
            "status": self.status_names.get(status, status),
            "pickup_location": row.pickup_location,
            "dropoff_location": row.dropoff_location,
            "requested_at": row.requested_at,
            "picked_up_at": row.picked_up_at,
            "completed_at": row.ended_at if status == "completed" else None,
            "cancelled_at": row.ended_at if status == "cancelled" else None,
        }
        for name in ("quoted_fare", "fare", "driver_pay"):
            if name in visible:
                fields[name] = self.money(getattr(row, f"{name}_cents"))
        phone = sees_phone(caller, status)
        if "driver" in visible:
            fields["driver"] = None
            if row.driver_id is not None:
                driver = {"first_name": row.driver_name.split()[0], "car": row.car}
                if phone:
                    driver["phone"] = row.driver_phone
                fields["driver"] = bodies.Driver.model_construct(**driver)
        if "rider" in visible:
            rider = {"first_name": row.rider_name.split()[0]}
            if phone:
                rider["phone"] = row.rider_phone
            fields["rider"] = bodies.Rider.model_construct(**rider)
        if payments is None:
            return self.ride_model.model_construct(**fields)
        fields["payments"] = [self.payment(each, caller) for each in payments]
        return self.listed_ride_model.model_construct(**fields)

    def quote(self, row: Mapping[str, Any]) -> BaseModel:
        """Return a quote."""
        return self.quote_model.model_construct(
            quote_id=row["quote_id"],
            city_id=row["city_id"],
            pickup_location=row["pickup_location"],
            dropoff_location=row["dropoff_location"],
            expires_at=row["expires_at"],
            fare=self.money(row["fare_cents"]),
        )

    def payment(self, row: sa.Row[Any], caller: Caller) -> BaseModel:
        """Return a payment; with what it was made, the rider alone is told."""
        fields: dict[str, Any] = {
            "payment_id": row.payment_id,
            "ride_id": row.ride_id,
            "status": row.status,
            "created_at": row.created_at,
            "amount": self.money(row.amount_cents),
        }
        if caller.role == "rider":
            fields["method"] = row.method
            fields["provider_reference"] = row.provider_reference
        return self.payment_model.model_construct(**fields)


def _dollars(cents: int | None) -> float | None:
    return None if cents is None else cents / 100


def _cents(cents: int | None) -> bodies.Money | None:
    return (
        None if cents is None else bodies.Money.model_construct(amount_cents=cents, currency="USD")
    )


V1: Final = Version(
    "v1",
    _dollars,
    {},
    bodies.RideV1,
    bodies.ChosenRideV1,
    bodies.ListedRideV1,
    bodies.RidesV1,
    bodies.ChosenRidesV1,
    bodies.RideChangeV1,
    bodies.QuoteV1,
    bodies.PaymentV1,
    bodies.PaymentsV1,
)
V2: Final = Version(
    "v2",
    _cents,
    _RENAMED,
    bodies.RideV2,
    bodies.ChosenRideV2,
    bodies.ListedRideV2,
    bodies.RidesV2,
    bodies.ChosenRidesV2,
    bodies.RideChangeV2,
    bodies.QuoteV2,
    bodies.PaymentV2,
    bodies.PaymentsV2,
)
