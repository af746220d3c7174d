"""A change request for the rides contract, and the clients that may not notice it.

The new contract is compared with the old one, served, and called by a client that was built for
the old one: it sends what it always sent and reads each answer by the old contract alone. Then
it is asked for what the change request wants, with values that the learner has not seen as well.
"""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from types import MappingProxyType
from typing import Any, Final

import httpx

from ridealong.systems.contract import server
from ridealong.systems.contract.changes import Change, breaking_changes
from ridealong.systems.contract.document import Document, Operation, load
from ridealong.systems.contract.parts import ContractError, Problem, mapping
from ridealong.systems.contract.reading import Read, Unreadable, read, steps_of
from ridealong.systems.contract.sample import NoSample, sample
from ridealong.systems.versions import rides_contract

TOKEN: Final = {"Authorization": "Bearer a.b.c"}
_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_REFUSED: Final = range(400, 500)

WANTS: Final = {
    "later": "a rider can be picked up later",
    "cents": "an amount is in whole cents with its currency",
    "arrived": "the app can say that the driver is here",
    "tip": "a rider can tip",
}
"""What the change request asks for, by name."""


# -- the new contract -----------------------------------------------------------------------------


def merged(old: Any, patch: Any) -> Any:
    """Return a document with a merge patch (RFC 7396) applied; neither is changed.

    Args:
        old: plain data.
        patch: what to add or replace; null takes away, a list takes the place of the old one.
    """
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    result = copy.deepcopy(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def contract_with(answer: str) -> Document:
    """Return the rides contract with an answer's changes.

    Args:
        answer: YAML, a merge patch to the rides contract or a whole contract, which has `openapi`.

    Raises:
        ContractError: when it is neither, or the outcome is no contract.
    """
    try:
        found = read(answer)
    except Unreadable as error:
        problem = Problem(error.line, "", error.seen, error.wanted, error.step)
        raise ContractError([problem]) from None
    patch = found.data
    if isinstance(patch, Mapping) and "openapi" in patch:
        return load(answer)
    if not isinstance(patch, Mapping):
        problem = Problem(
            1,
            "",
            "this is "
            + ("nothing" if patch is None else "a list" if isinstance(patch, list) else "a text"),
            "a mapping is wanted that begins with `paths:` or `components:`",
            "write what you add under the keys under which it stands in the contract",
        )
        raise ContractError([problem])
    old = read(rides_contract()).data
    _begins_at_the_top(found, patch, old)
    _has_no_empty_reference(found, patch, ())
    try:
        return load(json.dumps(merged(old, patch)))
    except ContractError as error:
        # Lines of the answer, not of what it was merged into.
        raise ContractError(
            [replace(each, line=found.line(steps_of(each.place))) for each in error.problems]
        ) from None


def _has_no_empty_reference(found: Read, node: Any, steps: tuple[str, ...]) -> None:
    """Raise an error for a `$ref` without a value, which a merge would take away in silence."""
    if not isinstance(node, Mapping | list):
        return
    for key, value in node.items() if isinstance(node, Mapping) else enumerate(node):
        place = (*steps, str(key))
        if key == "$ref" and value is None:
            problem = Problem(
                found.line(list(place)),
                "",
                "nothing follows `$ref:`, as # begins a comment in YAML",
                "the address of a part is wanted",
                "put it between quotation marks, as in '#/components/schemas/Ride'",
            )
            raise ContractError([problem])
        _has_no_empty_reference(found, value, place)


def _begins_at_the_top(found: Read, patch: Mapping[str, Any], old: Mapping[str, Any]) -> None:
    """Raise an error for a key that stands at another depth, or is the answer's own name."""
    for key, value in patch.items():
        inner = set(value) if isinstance(value, Mapping) else set()
        if key in old and (deeper := inner & {"paths", "components"}):
            below = deeper.pop()
            problem = Problem(
                found.line([key, below]),
                "",
                f"`{below}` stands below `{key}`, further in",
                "it is a key of the contract itself",
                f"write `{below}:` at the left edge, as far left as `{key}:`",
            )
            raise ContractError([problem])
        if key in old["components"]:
            step = f"write `components:` above `{key}:`, and move it two spaces in"
        elif key in old["components"]["schemas"]:
            step = f"write `components:` and `schemas:` above `{key}:`, and move it in"
        elif key.startswith("/"):
            step = f"write `paths:` above `{key}:`, and move it two spaces in"
        elif len(patch) == 1 and inner & {*old, "openapi"}:
            step = f"take the line `{key}:` away, and begin the lines below it at the margin"
        else:
            continue
        seen = f"`{key}` is no key at the top of the contract"
        problem = Problem(found.line([key]), "", seen, "its place in the contract is wanted", step)
        raise ContractError([problem])


# -- the old client -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the old client sends.

    Attributes:
        says: what the client does, in words.
        method: such as `GET`.
        path: with values in it; `{ride}` stands for the ride that was asked for before.
        template: the same as a path of the contract.
        body: None without one.
        headers: that it sends.
        status: that it gets from the old service.
    """

    says: str
    method: str
    path: str
    template: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=lambda: TOKEN)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """A request of the old client that does not go as it used to."""

    says: str
    seen: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Values:
    """What requests hold; there are values that learners see and others."""

    rider: int
    way: tuple[str, str]
    limit: int
    method: str
    moments: tuple[str, ...]
    no_moments: tuple[Any, ...]
    tips: tuple[int, ...]
    no_tips: tuple[Any, ...]
    totals: tuple[Any, ...]
    no_totals: tuple[Any, ...]


PUBLIC: Final = Values(
    123,
    ("HBV-DTN", "HBV-AIR"),
    20,
    "card",
    ("2026-04-01T07:30:00Z",),
    ("soon",),
    (100, 300, 10_000),
    (99, 10_001, "300"),
    ({"amount_cents": 1840, "currency": "USD"}, None),
    ({"amount_cents": 18.4, "currency": "USD"}, {"amount_cents": 1840}),
)
HIDDEN: Final = Values(
    124,
    ("HBV-OLD", "HBV-DTN"),
    100,
    "cash",
    ("2027-01-15T23:05:00+02:00", "2026-12-31T23:59:59Z"),
    ("tomorrow at 8", 7, "2026-04-01", ""),
    (101, 2_500, 9_999),
    (-300, 0, 300.5, 10_000_000, None),
    (
        {"amount_cents": 0, "currency": "EUR"},
        {"amount_cents": 250_000, "currency": "GBP"},
        {"amount_cents": 990, "currency": "CHF"},
        {"amount_cents": 12_345, "currency": "ZAR"},
    ),
    (
        {"amount_cents": -1, "currency": "USD"},
        {"amount_cents": "1840", "currency": "USD"},
        {"currency": "USD"},
        {"amount_cents": 1840, "currency": "usd"},
        {"amount_cents": 1840, "currency": "dollars"},
        {"amount_cents": 1840, "currency": "US"},
        {"amount_cents": 1840, "currency": "USDX"},
        {"amount_cents": 1840, "currency": "xUSD"},
        {"amount_cents": 1840, "currency": 840},
        {"amount_cents": None, "currency": "USD"},
        1840,
    ),
)


def requests(values: Values) -> Iterator[Request]:
    """Yield what the old client sends, in its order."""
    pickup, dropoff = values.way
    way = {"pickup_location": pickup, "dropoff_location": dropoff}
    key = {"Idempotency-Key": "0f8fad5b-d9cb-469f-a165-70867728950e"}
    yield Request(
        "asks where one can be picked up, without a token", "GET", "/zones", "/zones", headers={}
    )
    yield Request("asks for a ride", "POST", "/rides", "/rides", way, status=201)
    yield Request(
        "asks for a ride with a key and a way to pay",
        "POST", "/rides", "/rides", {**way, "payment_method": values.method}, TOKEN | key, 201,
    )  # fmt: skip
    yield Request("asks for a ride without a token", "POST", "/rides", "/rides", way, {}, 401)
    yield Request("looks at the ride", "GET", "/rides/{ride}", "/rides/{ride_id}")
    yield Request("cancels the ride", "POST", "/rides/{ride}/cancel", "/rides/{ride_id}/cancel")
    history, template = f"/users/{values.rider}/rides", "/users/{user_id}/rides"
    yield Request("looks at the history", "GET", history, template)
    yield Request(
        "looks at a part of the history", "GET", f"{history}?limit={values.limit}", template
    )


def old_client(new: httpx.Client, old: Document, values: Values) -> Iterator[Failure | None]:
    """Send what the old client sends and read the answers as it does.

    Args:
        new: calls the service that it meets.
        old: the contract that it was built for.
        values: what its requests hold.

    Yields:
        For each request what went wrong, None when all is as it was.
    """
    ride = "1"
    for each in requests(values):
        path = each.path.replace("{ride}", ride)
        answer = new.request(each.method, path, json=each.body, headers=each.headers)
        if answer.status_code != each.status:
            told = mapping(_json(answer)).get("detail", "")
            seen = f"{each.method} {each.template} gets {answer.status_code}"
            yield Failure(each.says, f"{seen} ({told})" if told else seen, str(each.status))
            continue
        fault = _unread(old, each, answer)
        if fault:
            seen = f"the answer {answer.status_code} of {each.method} {each.template} has {fault}"
            yield Failure(each.says, seen, "what the old contract says")
            continue
        if each.template == "/rides" and each.status == 201:
            ride = str(_json(answer)["ride_id"])
        yield None


def _json(answer: httpx.Response) -> Any:
    """Return what a body holds, None when it is no JSON."""
    try:
        return answer.json()
    except ValueError:
        return None


def _unread(old: Document, request: Request, answer: httpx.Response) -> str:
    """Return what a client that knows the old contract alone cannot read, "" when it reads all."""
    operation = _operation(old, request.method, request.template)
    assert operation is not None
    schema = _schema(old, operation, answer.status_code)
    return next(old.validator(schema).faults(_json(answer)), "") if schema is not None else ""


def silenced(contract: Document) -> Iterator[Failure]:
    """Yield what the old service told its clients and the new contract has no word for.

    A comparison calls an answer that has become narrower safe; the ride that it cannot describe
    any more is still driven.
    """
    told = [(name, value) for name, values in _TOLD.items() for value in values]
    choices = [dict(zip(_TOLD, each, strict=True)) for each in product(*_TOLD.values())]
    for says, good, bad in _rides(contract):
        possible = [each for each in choices if good(each)]
        if not possible:
            fault = bad({})
            # Else something new is required or refused, and that is a lack.
            if any(f".{name}:" in fault for name in _TOLD):
                yield Failure("tells", f"{says} cannot be told at all ({fault})", "a ride")
            continue
        for name, value in told:
            if not any(each[name] == value for each in possible):
                fault = bad({**possible[0], name: value})
                yield Failure(
                    f"tells {name} {json.dumps(value)}",
                    f"{says} cannot be told with {name} {json.dumps(value)} any more ({fault})",
                    "what the old service tells",
                )


_TOLD: Final[Mapping[str, Sequence[Any]]] = {
    "status": ("requested", "accepted", "in_progress", "completed", "cancelled"),
    "fare": (18.4, None),
    "driver": ({"first_name": "Ana", "car": "Kia Niro"}, None),
}


# -- what is wanted -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that the change request asks for and the new contract does not deliver.

    Attributes:
        want: one of `WANTS`; empty for what was not asked for.
        what: what is not delivered, stays the same whatever the values are.
        says: the same in a sentence, with what was seen.
    """

    want: str
    what: str
    says: str


def lacks(new: httpx.Client, contract: Document, values: Values) -> Iterator[Lack]:
    """Yield what a served contract does not deliver of the change request."""
    yield from _demanded(contract)
    yield from _later(new, contract, values)
    yield from _cents(contract, values)
    yield from _arrived(contract, values)
    yield from _tips(new, contract, values)


def _demanded(contract: Document) -> Iterator[Lack]:
    for says, _, schema, _ in _answers_with_a_ride(contract):
        for name in _other_required(contract, schema):
            yield Lack(
                "", f"required {name}", f"{says} has to have `{name}`, which nobody asked for"
            )


def _later(new: httpx.Client, contract: Document, values: Values) -> Iterator[Lack]:
    way = dict(zip(("pickup_location", "dropoff_location"), values.way, strict=True))
    properties = _properties(contract, _sent(contract, "POST", "/rides"))
    if "pickup_at" not in properties:
        yield Lack(
            "later",
            "asked",
            "who asks for a ride cannot say `pickup_at`: POST /rides does not know it",
        )
        return
    if (default := mapping(contract.resolve(properties["pickup_at"])).get("default")) is not None:
        yield Lack(
            "later",
            "default",
            f"who leaves `pickup_at` out gets {default} by its default, and old clients, who want "
            "a ride now, leave it out",
        )
    for moment in values.moments:
        seen, told = _status(new, "POST", "/rides", {**way, "pickup_at": moment})
        if seen != 201:
            yield Lack(
                "later", "moment", f"a ride with pickup_at {moment} gets {seen}{told}, wanted 201"
            )
    for other in (*values.no_moments, None):
        seen, _ = _status(new, "POST", "/rides", {**way, "pickup_at": other})
        if seen not in _REFUSED:
            yield Lack(
                "later",
                "no moment" if other is not None else "null",
                f"a ride with pickup_at {json.dumps(other)} gets {seen}, wanted a refusal: it is no "
                "moment, and nobody can be picked up then",
            )
    yield from _moment_or_null(contract, "later", "pickup_at", values)


def _moment_or_null(contract: Document, want: str, name: str, values: Values) -> Iterator[Lack]:
    for says, good, bad in _rides(contract):
        if good({name: _ABSENT}):
            yield Lack(
                want, "absent", f"{says} may leave `{name}` out, so the app cannot count on it"
            )
        for value in (*values.moments, None):
            if fault := bad({name: value}):
                yield Lack(
                    want, "answer", f"{says} may not have {name} {json.dumps(value)} ({fault})"
                )
        for value in values.no_moments:
            if good({name: value}):
                yield Lack(
                    want,
                    "other answer",
                    f"{says} may have {name} {json.dumps(value)}, which is no moment",
                )


def _cents(contract: Document, values: Values) -> Iterator[Lack]:
    for says, good, bad in _rides(contract):
        if good({"total": _ABSENT}):
            yield Lack(
                "cents",
                "absent",
                f"{says} may leave `total` out, so the app still needs the dollars",
            )
        for value in values.totals:
            if fault := bad({"total": value}):
                yield Lack(
                    "cents", "answer", f"{says} may not have total {json.dumps(value)} ({fault})"
                )
        for value in values.no_totals:
            if good({"total": value}):
                yield Lack("cents", "other answer", f"{says} may have total {json.dumps(value)}")
    schema = _answered(contract, "GET", "/rides/{ride_id}", 200)
    fare = contract.resolve(_properties(contract, schema).get("fare", {}))
    if mapping(fare).get("deprecated") is not True:
        yield Lack(
            "cents",
            "deprecated",
            "nothing tells who writes a new client to leave `fare` alone: mark it with `deprecated: true`",
        )


def _arrived(contract: Document, values: Values) -> Iterator[Lack]:
    for _, good, _ in _rides(contract):
        if good({"status": "arrived"}):
            return  # that this breaks clients is told by the comparison
    yield from _moment_or_null(contract, "arrived", "arrived_at", values)


def _tips(new: httpx.Client, contract: Document, values: Values) -> Iterator[Lack]:
    template = "/rides/{ride_id}/tips"
    operation = _operation(contract, "POST", template)
    if operation is None:
        yield Lack("tip", "operation", f"there is no POST {template}")
        return
    path = "/rides/1/tips"
    for cents in values.tips:
        seen, told = _status(new, "POST", path, {"amount_cents": cents})
        if seen != 201:
            yield Lack("tip", "amount", f"a tip of {cents} cents gets {seen}{told}, wanted 201")
    for other in values.no_tips:
        seen, _ = _status(new, "POST", path, {"amount_cents": other})
        if seen not in _REFUSED:
            yield Lack(
                "tip",
                "other amount",
                f"a tip of {json.dumps(other)} cents gets {seen}, wanted a refusal",
            )
    for what, body in (("no body", None), ("no amount", {}), ("a list for its body", [])):
        if (seen := _status(new, "POST", path, body)[0]) not in _REFUSED:
            step = ": its schema does not say `type: object`" if body == [] else ""
            yield Lack("tip", what, f"a tip with {what} gets {seen}, wanted a refusal{step}")
    if (seen := new.post(path, json={"amount_cents": values.tips[0]}).status_code) != 401:
        yield Lack(
            "tip",
            "token",
            f"a tip without a token gets {seen}, wanted 401: anybody could spend a rider's money",
        )
    if (
        new.post(
            "/rides/abc/tips", json={"amount_cents": values.tips[0]}, headers=TOKEN
        ).status_code
        == 201
    ):
        yield Lack("tip", "ride", "a tip for ride abc gets 201, wanted a whole number as `ride_id`")
    yield from _tip_answers(contract, operation, values)


def _tip_answers(contract: Document, operation: Operation, values: Values) -> Iterator[Lack]:
    described = operation.content.get("responses", {})
    schema = _schema(contract, operation, 201) if "201" in described else None
    good = {"tip_id": 9, "ride_id": 7, "amount_cents": values.tips[0]}
    if schema is None:
        yield Lack("tip", "201", "nothing says what the answer 201 to a tip holds")
    elif _JSON not in mapping(_response(contract, operation, 201).get("content")):
        yield Lack("tip", "media type", f"the answer 201 to a tip is not described as {_JSON}")
    else:
        valid = contract.validator(schema).is_valid
        if not valid(good):
            yield Lack("tip", "answer", f"the answer 201 to a tip may not be {json.dumps(good)}")
        if valid([]):
            yield Lack(
                "tip",
                "no object",
                "the answer 201 to a tip may be a list: its schema does not say `type: object`",
            )
        for name in good:
            if valid({key: value for key, value in good.items() if key != name}):
                yield Lack(
                    "tip",
                    f"answer without {name}",
                    f"the answer 201 to a tip may leave `{name}` out",
                )
            if valid({**good, name: "x"}) or valid({**good, name: 1.5}):
                yield Lack(
                    "tip",
                    f"other {name}",
                    f"the answer 201 to a tip may have another {name} than a whole number",
                )
    for status, why in _ERRORS.items():
        problem = {"title": "t", "status": status, "detail": "d"}
        fits = _schema(contract, operation, status) if str(status) in described else None
        if fits is None:
            yield Lack(
                "tip", str(status), f"nothing says what is answered {why}: describe {status}"
            )
            continue
        valid = contract.validator(fits).is_valid
        if not valid(problem) or valid({}) or not _as_problem(contract, operation, status):
            yield Lack(
                "tip",
                f"problem {status}",
                f"{status} to a tip is no problem like those of the other operations",
            )


_ERRORS: Final = {
    401: "without a token",
    404: "for a ride that there is not",
    409: "for a ride that is not completed, or has its tip",
    422: "to an amount out of bounds",
}
_ABSENT: Final = object()


# -- reading a contract ---------------------------------------------------------------------------


def _operation(contract: Document, method: str, template: str) -> Operation | None:
    for each in contract.operations():
        if each.method.upper() == method and each.path == template:
            return each
    return None


def _response(contract: Document, operation: Operation, status: int) -> Mapping[str, Any]:
    return mapping(contract.resolve(operation.content.get("responses", {}).get(str(status), {})))


def _as_problem(contract: Document, operation: Operation, status: int) -> bool:
    return _PROBLEM in mapping(_response(contract, operation, status).get("content"))


def _schema(contract: Document, operation: Operation, status: int) -> Any:
    content = mapping(_response(contract, operation, status).get("content"))
    media = content.get(_JSON, content.get(_PROBLEM))
    return mapping(media).get("schema") if media is not None else None


def _answered(contract: Document, method: str, template: str, status: int) -> Any:
    operation = _operation(contract, method, template)
    return None if operation is None else _schema(contract, operation, status)


def _sent(contract: Document, method: str, template: str) -> Any:
    operation = _operation(contract, method, template)
    body = contract.resolve(operation.content.get("requestBody", {})) if operation else {}
    return mapping(mapping(mapping(body).get("content")).get(_JSON)).get("schema")


def _properties(contract: Document, schema: Any) -> Mapping[str, Any]:
    schema = mapping(contract.resolve(schema))
    found = dict(mapping(schema.get("properties")))
    for part in schema.get("allOf", ()):
        found |= _properties(contract, part)
    return found


_RIDE: Final = {
    "ride_id": 7,
    "status": "accepted",
    "pickup_location": "HBV-DTN",
    "dropoff_location": "HBV-AIR",
    "requested_at": "2026-03-30T08:00:00Z",
    "fare": None,
    "driver": {"first_name": "Ana", "car": "Kia Niro"},
}
_NEW: Final = {
    "pickup_at": (None, PUBLIC.moments[0]),
    "arrived_at": (None, PUBLIC.moments[0]),
    "total": (None, PUBLIC.totals[0]),
}
_ANSWERS: Final = (
    ("a ride that was just asked for", "POST", "/rides", 201),
    ("a ride that is looked at", "GET", "/rides/{ride_id}", 200),
    ("a ride that was cancelled", "POST", "/rides/{ride_id}/cancel", 200),
    ("a ride of the history", "GET", "/users/{user_id}/rides", 200),
)


def _answers_with_a_ride(contract: Document) -> Iterator[tuple[str, str, Any, Any]]:
    """Yield for each answer with a ride: its name, its path, the ride's schema, the answer's."""
    for says, method, template, status in _ANSWERS:
        whole = _answered(contract, method, template, status)
        if whole is None:
            continue  # told by the comparison
        ride = whole
        if template.startswith("/users"):
            rides = contract.resolve(_properties(contract, whole).get("rides", {}))
            ride = mapping(rides).get("items", {})
        yield says, template, ride, whole


def _other_required(contract: Document, schema: Any) -> dict[str, Any]:
    """Return the fields that a ride has to have and nobody asked for, with their schemas."""
    known = {*_RIDE, *_NEW}
    properties = _properties(contract, schema)
    names = [name for name in _required(contract, schema) if name not in known]
    return {name: properties.get(name, {}) for name in names}


def _required(contract: Document, schema: Any) -> list[str]:
    schema = mapping(contract.resolve(schema))
    found = [name for name in schema.get("required", ()) if isinstance(name, str)]
    for part in schema.get("allOf", ()):
        found += _required(contract, part)
    return list(dict.fromkeys(found))


def _some_value(contract: Document, schema: Any) -> Any:
    """Return a value that a schema allows, None when none is found."""
    try:
        return sample(contract, schema)
    except NoSample:
        return None


def _rides(contract: Document) -> Iterator[tuple[str, Any, Any]]:
    """Yield for each answer with a ride: its name, whether fields may be, and what is wrong."""
    for says, template, of_ride, schema in _answers_with_a_ride(contract):
        validator = contract.validator(schema)
        # What else is demanded is told by itself; it must not spoil the rest.
        more = {
            name: _some_value(contract, each)
            for name, each in _other_required(contract, of_ride).items()
        }

        def body(
            fields: Mapping[str, Any],
            template: str = template,
            more: Mapping[str, Any] = more,
            new: Mapping[str, Any] = MappingProxyType({}),
        ) -> Any:
            ride = {**_RIDE, **more, **new, **fields}
            ride = {name: value for name, value in ride.items() if value is not _ABSENT}
            return {"rides": [ride]} if template.startswith("/users") else ride

        # A new field that is at fault must not spoil what is asked about another one.
        choices = (dict(zip(_NEW, each, strict=True)) for each in product(*_NEW.values()))
        usual = dict.fromkeys(_NEW)
        new = next((each for each in choices if validator.is_valid(body(each))), usual)
        body = partial(body, new=new)

        def good(fields: Mapping[str, Any], body: Any = body, validator: Any = validator) -> bool:
            return bool(validator.is_valid(body(fields)))

        def bad(fields: Mapping[str, Any], body: Any = body, validator: Any = validator) -> str:
            return str(next(validator.faults(body(fields)), ""))

        yield says, good, bad


def _status(client: httpx.Client, method: str, path: str, body: Any) -> tuple[int, str]:
    """Return the status of an answer, and in brackets what it says."""
    answer = client.request(method, path, json=body, headers=TOKEN)
    said = mapping(_json(answer)).get("detail", "") if answer.status_code >= 400 else ""
    return answer.status_code, f" ({said})" if said else ""


# -- the trial ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a new contract.

    Attributes:
        changes: what is not safe for clients of the old one.
        failures: requests of the old client that fail.
        sent: how many requests it sent.
        silenced: what the old service told its clients and the new contract has no word for.
        lacks: what is not delivered of the change request.
    """

    changes: Sequence[Change]
    failures: Sequence[Failure]
    sent: int
    silenced: Sequence[Failure]
    lacks: Sequence[Lack]

    @property
    def passed(self) -> bool:
        """Whether no old client notices and all that is wanted is there."""
        return not (self.changes or self.failures or self.silenced or self.lacks)

    @property
    def delivered(self) -> list[str]:
        """The wants of which nothing is missing."""
        missing = {each.want for each in self.lacks}
        return [name for name in WANTS if name not in missing]


def tried(contract: Document) -> Tried:
    """Compare a new contract with the old one, serve it, and call it as the clients do.

    Raises:
        OSError: when it cannot be served.
    """
    old = load(rides_contract())
    changes = [each for each in breaking_changes(old, contract) if each.level != "safe"]
    with (
        server.serve(contract) as served,
        httpx.Client(base_url=served.url, trust_env=False, timeout=30.0) as client,
    ):
        called = [each for values in (PUBLIC, HIDDEN) for each in old_client(client, old, values)]
        lacking = [each for values in (PUBLIC, HIDDEN) for each in lacks(client, contract, values)]
    failures = [each for each in called if each is not None]
    return Tried(changes, failures, len(called), list(silenced(contract)), lacking)
