"""What is sent and answered, with examples: the two versions differ in money and in status names."""

import json
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from ridealong.service import store

LARGEST_NUMBER: Final = 2**53 - 1  # what every JSON reader takes (RFC 8259, section 6)


@cache
def zone_codes() -> tuple[str, ...]:
    """Return the codes of all zones that Ridealong serves."""
    zones = json.loads(store.SEED.read_text("utf-8"))["zones"]
    return tuple(zone["zone_code"] for zone in zones)


def _zone(code: str) -> str:
    if code not in zone_codes():
        raise ValueError("a code of one of our zones, such as HBV-AIR")
    return code


def _digits(value: object) -> object:
    # Python's int() reads more than digits: 1_0, +1, blanks.
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("a whole number, in digits")
    return value


def _utc(moment: datetime) -> str:
    return moment.isoformat() + "Z"


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _nothing_required(schema: dict[str, Any]) -> None:
    schema.pop("required", None)


def _optional(description: str, **rules: Any) -> Any:
    """Return a field that may be left out, and may not be null."""
    return Field(None, description=description, json_schema_extra=_without_default, **rules)


# The limits first: they belong to the number, and so into its schema.
Number = Annotated[int, Field(ge=1, le=LARGEST_NUMBER), BeforeValidator(_digits)]
PageLimit = Annotated[int, Field(ge=1, le=100), BeforeValidator(_digits)]
Zone = Annotated[
    str, AfterValidator(_zone), WithJsonSchema({"type": "string", "enum": list(zone_codes())})
]
Moment = Annotated[
    datetime,
    PlainSerializer(_utc, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


class Sent(BaseModel):
    """A body of a request: a field that is not in the contract is refused, not passed over."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Answered(BaseModel):
    """A body of an answer."""

    model_config = ConfigDict(extra="forbid")


class NewRide(Sent):
    """A ride that a rider asks for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}]
        }
    )
    pickup_location: Zone = Field(description="Code of the zone where the rider waits.")
    dropoff_location: Zone = Field(description="Code of the zone to go to, in the same city.")
    quote_id: str = _optional(
        "A quote to ride at, not expired and not used; without it the fare of now.",
        pattern=r"^q_[0-9a-f]{32}$",
    )


class NewQuote(Sent):
    """The way that a rider wants a price for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}]
        }
    )
    pickup_location: Zone
    dropoff_location: Zone


class NewPayment(Sent):
    """How a rider pays. The amount is the ride's fare: nobody sends it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"method": "card"}]})
    method: Literal["card", "wallet", "paypal"]


class NewLocation(Sent):
    """Where a driver is, and what they do there."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"zone_code": "HBV-AIR", "state": "available"}]}
    )
    zone_code: Zone
    state: Literal["available", "on_trip", "offline"]


class _RideChange(Sent):
    """A merge patch (RFC 7396): what is to be different; one field at least, and none of them null."""

    model_config = ConfigDict(
        json_schema_extra={
            "minProperties": 1,
            "examples": [{"status": "cancelled"}, {"dropoff_location": "HBV-OLD"}],
        }
    )
    dropoff_location: Zone = _optional("Where to go instead, by the rider and before the pickup.")

    @model_validator(mode="after")
    def _says_something(self) -> "_RideChange":
        if not self.model_fields_set:
            raise ValueError("one field at least: status or dropoff_location")
        return self


class RideChangeV1(_RideChange):
    """A merge patch (RFC 7396): what is to be different; one field at least, and none of them null."""

    status: Literal["accepted", "in_progress", "completed", "cancelled"] = _optional(
        "The state to move on to."
    )


class RideChangeV2(_RideChange):
    """A merge patch (RFC 7396): what is to be different; one field at least, and none of them null."""

    status: Literal["driver_assigned", "on_trip", "completed", "cancelled"] = _optional(
        "The state to move on to."
    )


class Money(Answered):
    """An amount in whole cents, so that nothing is rounded on the way."""

    amount_cents: int = Field(ge=0, examples=[1250])
    currency: Literal["USD"] = "USD"


Dollars = Annotated[float, Field(ge=0, examples=[12.5])]


class Driver(Answered):
    """What a rider is told about the driver."""

    first_name: str = Field(examples=["Bianca"])
    car: str = Field(examples=["blue Kia Niro"])
    phone: str | None = Field(
        None, description="Only while the ride is under way.", examples=["+1-201-555-0138"]
    )


class Rider(Answered):
    """What a driver is told about the rider."""

    first_name: str = Field(examples=["Priya"])
    phone: str | None = Field(
        None, description="Only while the ride is under way.", examples=["+1-323-555-0123"]
    )


class _Ride(Answered):
    ride_id: int = Field(examples=[1000001])
    user_id: int = Field(examples=[123])
    city_id: int = Field(examples=[1])
    pickup_location: str = Field(examples=["HBV-DTN"])
    dropoff_location: str = Field(examples=["HBV-AIR"])
    requested_at: Moment
    picked_up_at: Moment | None
    completed_at: Moment | None
    cancelled_at: Moment | None
    driver: Driver | None = Field(
        None, description="For riders and support; null until a driver has accepted."
    )
    rider: Rider | None = Field(None, description="For drivers and support.")


class RideV1(_Ride):
    """A ride; fields that are not for the caller's role are left out."""

    status: Literal["requested", "accepted", "in_progress", "completed", "cancelled"]
    quoted_fare: Dollars | None = Field(None, description="In US dollars; for rider and support.")
    fare: Dollars | None = Field(None, description="In US dollars; null until completed.")
    driver_pay: Dollars | None = Field(None, description="In US dollars; for driver and support.")


class RideV2(_Ride):
    """A ride; fields that are not for the caller's role are left out."""

    status: Literal["requested", "driver_assigned", "on_trip", "completed", "cancelled"]
    quoted_fare: Money | None = Field(None, description="For rider and support.")
    fare: Money | None = Field(None, description="For rider and support; null until completed.")
    driver_pay: Money | None = Field(None, description="For driver and support.")


class _Quote(Answered):
    quote_id: str = Field(examples=["q_0123456789abcdef0123456789abcdef"])
    city_id: int = Field(examples=[1])
    pickup_location: str = Field(examples=["HBV-DTN"])
    dropoff_location: str = Field(examples=["HBV-AIR"])
    expires_at: Moment


class QuoteV1(_Quote):
    """A fare that holds for five minutes."""

    fare: Dollars


class QuoteV2(_Quote):
    """A fare that holds for five minutes."""

    fare: Money


class _Payment(Answered):
    payment_id: int = Field(examples=[1000001])
    ride_id: int = Field(examples=[1000001])
    status: Literal["succeeded"]
    created_at: Moment
    method: Literal["card", "wallet", "paypal"] | None = Field(
        None, description="For the rider who paid."
    )
    provider_reference: str | None = Field(None, description="For the rider who paid.")


class PaymentV1(_Payment):
    """A payment for a ride; support sees that it was made, not with what."""

    amount: Dollars


class PaymentV2(_Payment):
    """A payment for a ride; support sees that it was made, not with what."""

    amount: Money


class PaymentsV1(Answered):
    """The payments for a ride."""

    payments: list[PaymentV1]


class PaymentsV2(Answered):
    """The payments for a ride."""

    payments: list[PaymentV2]


_PAYMENTS_OF_A_RIDE: Final = "With include=payments only; an empty list while nothing is paid."


class ListedRideV1(RideV1):
    """A ride in a list; fields that are not for the caller's role are left out."""

    payments: list[PaymentV1] = _optional(_PAYMENTS_OF_A_RIDE)


class ListedRideV2(RideV2):
    """A ride in a list; fields that are not for the caller's role are left out."""

    payments: list[PaymentV2] = _optional(_PAYMENTS_OF_A_RIDE)


class RidesV1(Answered):
    """A page of rides, the newest first."""

    rides: list[ListedRideV1]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


class RidesV2(Answered):
    """A page of rides, the newest first."""

    rides: list[ListedRideV2]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


# What is documented beside a whole ride for a request with `fields`; nothing is made of them.


class ChosenRideV1(RideV1):
    """Those fields of a ride that `fields` names and the caller may see."""

    model_config = ConfigDict(json_schema_extra=_nothing_required)


class ChosenRideV2(RideV2):
    """Those fields of a ride that `fields` names and the caller may see."""

    model_config = ConfigDict(json_schema_extra=_nothing_required)


class ChosenListedRideV1(ListedRideV1):
    """Those fields of a ride that `fields` names and the caller may see, and what is included."""

    model_config = ConfigDict(json_schema_extra=_nothing_required)


class ChosenListedRideV2(ListedRideV2):
    """Those fields of a ride that `fields` names and the caller may see, and what is included."""

    model_config = ConfigDict(json_schema_extra=_nothing_required)


class ChosenRidesV1(Answered):
    """A page of rides with some of their fields, the newest first."""

    rides: list[ChosenListedRideV1]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


class ChosenRidesV2(Answered):
    """A page of rides with some of their fields, the newest first."""

    rides: list[ChosenListedRideV2]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


FIELDS_OF_A_RIDE: Final = tuple(RideV2.model_fields)
"""What `fields` of a request may name, the same in both versions."""


class ZoneSupply(Answered):
    """How many drivers are free in a zone."""

    zone_code: str = Field(examples=["HBV-AIR"])
    available_drivers: int = Field(ge=0, examples=[3])


class AvailableDrivers(Answered):
    """How many drivers are free in a city: numbers, no persons."""

    city_id: int = Field(examples=[1])
    available_drivers: int = Field(ge=0, examples=[17])
    zones: list[ZoneSupply]


class Location(Answered):
    """Where a driver is."""

    driver_id: int = Field(examples=[57])
    zone_code: str = Field(examples=["HBV-AIR"])
    state: Literal["available", "on_trip", "offline"]
    updated_at: Moment


class ErrorPlace(Answered):
    """One broken rule of a request."""

    place: str = Field(alias="in", examples=["body"])
    pointer: str = Field(examples=["/pickup_location"])
    wanted: str = Field(examples=["a code of one of our zones, such as HBV-AIR"])


class ProblemDocument(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(examples=["https://ridealong.example/problems/illegal-transition"])
    title: str = Field(examples=["Illegal transition"])
    status: int = Field(ge=400, le=599, examples=[409])
    detail: str = Field(
        examples=["The ride is completed; from there one cannot cancel. Possible: nothing more."]
    )
    instance: str = Field(examples=["urn:ridealong:request:0f3c"])
    errors: list[ErrorPlace] = Field(default=[])
