"""Play a list of requests on the company's back end, in a scenario of which only the givens are known.

A scenario has two worlds: in the second one other people go other ways, so that a number that was
copied from an answer fails there. Between the requests things may happen: an answer gets lost, a
driver accepts, rides are inserted. At its end goals have to hold.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx
import sqlalchemy as sa

from ridealong.service import store as tables
from ridealong.systems.in_process import InProcess, Who, company
from ridealong.text import did_you_mean

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
KEYS: Final = ("as", "method", "path", "headers", "query", "body", "keep")
MOST_REQUESTS: Final = 50
STRANGER: Final = "stranger"

_NAME: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class CallsError(ValueError):
    """Requests that cannot be played on; one line for the learner."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the learner wrote it, with names such as `{ride}` in its texts.

    Attributes:
        caller: a name of the world's callers, or stranger.
        method: such as POST.
        path: such as /v1/rides/{ride}.
        headers: header fields by name.
        query: parameters by name.
        body: what is sent as JSON; `has_body` tells null from nothing.
        has_body: whether a body is sent.
        keep: names for parts of the answer: a JSON pointer into the body, such as /ride_id, or
            the name of a header field, such as Location.
    """

    caller: str
    method: str
    path: str
    headers: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    has_body: bool = False
    keep: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was sent, with its answer.

    Attributes:
        number: from 1.
        request: with every name replaced by its value.
        status: of the answer.
        headers: of the answer, by name in lower case.
        body: of the answer, None without one.
        bytes: of the answer's body.
        is_lost: whether the answer never arrived at the client.
    """

    number: int
    request: Request
    status: int
    headers: Mapping[str, str]
    body: Any
    bytes: int
    is_lost: bool = False

    def __str__(self) -> str:
        return f"{self.request.method} {self.request.path}"


@dataclass(frozen=True, slots=True)
class World:
    """Who and what there is in one run of a scenario.

    Attributes:
        values: the givens, by the names that a learner may use in braces.
        callers: who can send requests, by the name behind `as`; a stranger is always there.
    """

    values: Mapping[str, str | int]
    callers: Mapping[str, Who]


class Stage:
    """The back end while a scenario is played, for what happens there without the learner.

    Attributes:
        world: the one that is played.
        notes: what the scenario wants to remember between two requests.
    """

    def __init__(self, world: World, back_end: InProcess) -> None:
        self.world = world
        self.notes: dict[str, Any] = {}
        self._back_end = back_end

    def request(self, who: Who, method: str, path: str, **sent: Any) -> httpx.Response:
        """Send a request as somebody; it counts for no budget."""
        return self._back_end.request(who, method, path, **sent)

    def change(self, work: Callable[[sa.Connection], Any]) -> Any:
        """Change the database in one transaction."""
        return self._back_end.store.change(work)

    def rides_of(self, user_id: int) -> list[Any]:
        """Return the rides of a rider as rows of the table, the oldest number first."""
        wanted = sa.select(tables.rides).where(tables.rides.c.user_id == user_id)
        ordered = wanted.order_by(tables.rides.c.ride_id)
        return list(self.change(lambda connection: connection.execute(ordered).all()))


@dataclass(frozen=True, slots=True)
class Played:
    """A list of requests, played to its end.

    Attributes:
        world: in which.
        calls: each request with its answer.
        stage: the back end as it is now.
    """

    world: World
    calls: Sequence[Call]
    stage: Stage

    @property
    def bytes(self) -> int:
        """Of all answers' bodies together."""
        return sum(call.bytes for call in self.calls)

    def named(self, method: str, path: str) -> list[Call]:
        """Return the calls of a method to a path, a regular expression for all of it."""
        return [
            call
            for call in self.calls
            if call.request.method == method
            and re.fullmatch(path, call.request.path.partition("?")[0])
        ]


@dataclass(frozen=True, slots=True)
class Goal:
    """What has to hold when all requests were sent.

    Attributes:
        name: of the goal, in words joined by hyphens.
        says: what the learner reads when it does not hold: what was seen, and what to look at.
        holds: whether it does.
        title: the goal as a statement, for the table of what was looked at.
    """

    name: str
    says: str
    holds: Callable[[Played], bool]
    title: str


def _nothing(*_: Any) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Scenario:
    """What an exercise of calls is played in.

    Attributes:
        worlds: the public one, then the hidden one.
        goals: in the order in which they are told.
        prepare: what happens before the first request.
        after: what happens after each request, beginning with the first.
        lost: whether the answer to a request never arrives; asked with the requests so far, the
            last one that very one.
        most_requests: a budget.
        too_many: what is said when there are more.
        most_bytes: a budget of the answers' bodies together, None without one.
        too_large: what is said when they are larger; `{bytes}` in it is what was measured.
    """

    worlds: tuple[World, World]
    goals: Sequence[Goal]
    prepare: Callable[[Stage], None] = _nothing
    after: Callable[[Stage, Call], None] = _nothing
    lost: Callable[[Sequence[Request]], bool] = lambda requests: False
    most_requests: int = MOST_REQUESTS
    too_many: str = ""
    most_bytes: int | None = None
    too_large: str = ""

    def all_goals(self) -> list[Goal]:
        """Return the goals, and behind them the budgets as goals."""
        found = list(self.goals)
        if self.most_requests < MOST_REQUESTS:
            most = self.most_requests
            found.append(
                Goal(
                    "most-requests",
                    self.too_many,
                    lambda played: len(played.calls) <= most,
                    f"at most {most} requests",
                )
            )
        if self.most_bytes is not None:
            size = self.most_bytes
            found.append(
                Goal(
                    "most-bytes",
                    self.too_large,
                    lambda played: played.bytes <= size,
                    f"answers of at most {size:,} bytes in all",
                )
            )
        return found


def read(value: Any, scenario: Scenario) -> list[Request]:
    """Return the requests of an answer.

    Args:
        value: the data of the YAML.
        scenario: in which they are to be played.

    Raises:
        CallsError: when it is no list of requests.
    """
    if not isinstance(value, list) or not value:
        raise CallsError(
            "your answer is no list of requests: begin each one with a dash, as in "
            "`- as: rider`, and its other lines below, two spaces in"
        )
    if len(value) > MOST_REQUESTS:
        raise CallsError(f"these are {len(value)} requests, and {MOST_REQUESTS} are the most")
    known = set(scenario.worlds[0].values)
    requests = []
    for number, each in enumerate(value, 1):
        request = _request(number, each, scenario.worlds[0])
        for name in _names([request.path, request.headers, request.query, request.body]):
            if name not in known:
                raise CallsError(
                    f"request {number}: `{{{name}}}` is neither given nor kept from an answer "
                    f"before{did_you_mean(name, known)}"
                )
        known |= set(request.keep)
        requests.append(request)
    return requests


def _request(number: int, value: Any, world: World) -> Request:
    where = f"request {number}"
    if not isinstance(value, Mapping):
        raise CallsError(f"{where} is {value!r}, wanted lines such as `method: GET` below its dash")
    for key in value:
        if key not in KEYS:
            near = did_you_mean(key, KEYS) or f"; there are {', '.join(KEYS)}"
            raise CallsError(f"{where} has a line `{key}` that means nothing here{near}")
    for key in ("as", "method", "path"):
        if not isinstance(value.get(key), str):
            raise CallsError(f"{where} lacks its line `{key}`, a text such as `{_EXAMPLES[key]}`")
    callers = [*world.callers, STRANGER]
    if value["as"] not in callers:
        near = did_you_mean(value["as"], callers) or f"; there are {', '.join(callers)}"
        raise CallsError(f"{where}: nobody here is called `{value['as']}`{near}")
    method = value["method"].upper()
    if method not in METHODS:
        near = did_you_mean(method, METHODS) or f"; there are {', '.join(METHODS)}"
        raise CallsError(f"{where}: `{value['method']}` is no method{near}")
    path = value["path"]
    if not path.startswith("/") and not _NAME.match(path):
        raise CallsError(f"{where}: the path `{path}` begins with a slash, as in `/v1/rides`")
    parts = {}
    for key in ("headers", "query", "keep"):
        part = value.get(key) or {}
        if not isinstance(part, Mapping) or not all(isinstance(name, str) for name in part):
            raise CallsError(f"{where}: `{key}` is a mapping of names, as in `{_EXAMPLES[key]}`")
        parts[key] = {name: _unquoted(each) for name, each in part.items()}
    for name, pointer in parts["keep"].items():
        if not _NAME.fullmatch(f"{{{name}}}") or not isinstance(pointer, str) or not pointer:
            raise CallsError(
                f"{where}: `keep` gives a part of the answer a name, as in `{_EXAMPLES['keep']}`"
            )
    has_body = value.get("body") is not None
    return Request(
        value["as"], method, path, **parts, body=_unquoted(value.get("body")), has_body=has_body
    )


_EXAMPLES: Final = {
    "as": "rider",
    "method": "GET",
    "path": "/v1/rides",
    "headers": "headers: {If-Match: some-tag}",
    "query": "query: {limit: 20}",
    "keep": "keep: {ride: /ride_id}",
}


def _unquoted(value: Any) -> Any:
    """Return a value with `{ride}` for the mapping that YAML reads where the quotes are missing."""
    if isinstance(value, Mapping):
        if len(value) == 1 and list(value.values()) == [None]:
            return f"{{{next(iter(value))}}}"
        return {name: _unquoted(each) for name, each in value.items()}
    return [_unquoted(each) for each in value] if isinstance(value, list) else value


def _names(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(_NAME.findall(value))
    if isinstance(value, Mapping):
        return {name for each in value.values() for name in _names(each)}
    return {name for each in value for name in _names(each)} if isinstance(value, list) else set()


def _filled(value: Any, known: Mapping[str, Any]) -> Any:
    """Return a value with the known ones for their names; a name alone keeps its value's type."""
    if isinstance(value, str):
        alone = _NAME.fullmatch(value)
        return known[alone[1]] if alone else _NAME.sub(lambda name: str(known[name[1]]), value)
    if isinstance(value, Mapping):
        return {name: _filled(each, known) for name, each in value.items()}
    return [_filled(each, known) for each in value] if isinstance(value, list) else value


def play(requests: Sequence[Request], scenario: Scenario, world: World) -> Played:
    """Send requests to a back end as new, one after the other.

    Args:
        requests: as `read` returns them.
        scenario: what happens meanwhile.
        world: one of its worlds.

    Raises:
        CallsError: when a request cannot be sent, or what is to be kept is not in its answer.
    """
    back_end = company()
    with back_end.lock:
        back_end.reset()
        stage = Stage(world, back_end)
        scenario.prepare(stage)
        known, calls = dict[str, Any](world.values), list[Call]()
        for number, written in enumerate(requests, 1):
            request = replace(
                written,
                path=str(_filled(written.path, known)),
                headers=_filled(written.headers, known),
                query=_filled(written.query, known),
                body=_filled(written.body, known),
            )
            answer = _sent(number, request, world, back_end)
            call = Call(
                number,
                request,
                answer.status_code,
                {name.lower(): value for name, value in answer.headers.items()},
                _json(answer),
                len(answer.content),
                scenario.lost(requests[:number]),
            )
            known |= {name: _kept(call, place) for name, place in request.keep.items()}
            calls.append(call)
            scenario.after(stage, call)
        return Played(world, calls, stage)


def judged(
    requests: Sequence[Request], scenario: Scenario, world: World
) -> tuple[Played, list[Goal]]:
    """Play requests in one world and return the goals that do not hold.

    Raises:
        CallsError: as `play` does.
    """
    back_end = company()
    with back_end.lock:  # the goals look at the database that the requests left
        played = play(requests, scenario, world)
        return played, [goal for goal in scenario.all_goals() if not goal.holds(played)]


def _sent(number: int, request: Request, world: World, back_end: InProcess) -> httpx.Response:
    who = world.callers.get(request.caller, (STRANGER, 0))
    try:
        return back_end.request(
            who,
            request.method,
            request.path,
            query={name: str(value) for name, value in request.query.items()} or None,
            headers={name: str(value) for name, value in request.headers.items()},
            **({"json": request.body} if request.has_body else {}),
        )
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise CallsError(f"request {number} cannot be sent: {error}") from None


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _kept(call: Call, place: str) -> Any:
    if call.is_lost:
        raise CallsError(
            f"request {call.number}: its answer got lost, so nothing can be kept from it: keep "
            "it from a request whose answer arrives"
        )
    value: Any = call.body
    if not place.startswith("/"):
        value = call.headers.get(place.lower())
    else:
        for part in place[1:].split("/"):
            if isinstance(value, list) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        raise CallsError(
            f"request {call.number}: {told(call)}; there is no `{place}` to keep in it"
        )
    return value


def told(call: Call) -> str:
    """Return what came of a call in words: its status, and of an error what the service says."""
    if call.is_lost:
        return f"{call} got lost on its way back"
    said = call.body.get("detail") if isinstance(call.body, Mapping) else None
    return f"{call} was answered {call.status}" + (f" ({said})" if said else "")


def _new_rides(played: Played) -> list[Any]:
    """Return the rides of the world's rider that were asked for while the scenario ran."""
    rider = int(played.world.values["rider_id"])
    return [row for row in played.stage.rides_of(rider) if row.ride_id >= tables.FIRST_NEW_ID]


# --- first-ride: the answer to the first POST gets lost ---------------------------------------


def _others_ask(stage: Stage) -> None:
    """Let another rider ask for some rides, so that the numbers of rides differ between worlds."""
    rider, rides, pickup, dropoff = _OTHERS[str(stage.world.values["pickup"])]
    for _ in range(rides):
        body = {"pickup_location": pickup, "dropoff_location": dropoff}
        stage.request(("rider", rider), "POST", "/v1/rides", json=body)


_OTHERS: Final = {
    "HBV-DTN": (15, 3, "HBV-OLD", "HBV-AIR"),
    "BRK-UNI": (7, 8, "BRK-OLD", "BRK-AIR"),
}


def _asks(played: Played) -> list[Call]:
    return played.named("POST", "/v[12]/rides")


def _lost_answer(requests: Sequence[Request]) -> bool:
    asks = [each for each in requests if each.method == "POST" and each.path.endswith("/rides")]
    return len(asks) == 1 and requests[-1] is asks[0]


def _the_way(played: Played) -> bool:
    way = (played.world.values["pickup"], played.world.values["dropoff"])
    return all((row.pickup_location, row.dropoff_location) == way for row in _new_rides(played))


def _read_back(played: Played) -> bool:
    last, rides = played.calls[-1], _new_rides(played)
    return (
        last.request.method == "GET"
        and last.request.caller == "rider"
        and last.status == 200
        and isinstance(last.body, Mapping)
        and last.body.get("ride_id") in {row.ride_id for row in rides}
    )


_FIRST_RIDE: Final = Scenario(
    worlds=(
        World(
            {"rider_id": 123, "pickup": "HBV-DTN", "dropoff": "HBV-AIR"},
            {"rider": ("rider", 123), "driver": ("driver", 57)},
        ),
        World(
            {"rider_id": 5, "pickup": "BRK-UNI", "dropoff": "BRK-STH"},
            {"rider": ("rider", 5), "driver": ("driver", 4)},
        ),
    ),
    prepare=_others_ask,
    lost=_lost_answer,
    goals=(
        Goal(
            "there-is-a-ride",
            "The rider has no new ride: no request of yours created one.",
            lambda played: bool(_new_rides(played)),
            "the rider has a new ride",
        ),
        Goal(
            "the-way",
            "A ride goes another way than from `{pickup}` to `{dropoff}`: look at the two fields "
            "of the body.",
            _the_way,
            "it goes from {pickup} to {dropoff}",
        ),
        Goal(
            "asked-again",
            "The phone asked once, and the answer got lost: it does not know of any ride. Let it "
            "ask again.",
            lambda played: sum(call.status == 201 for call in _asks(played)) > 1,
            "the phone asks again",
        ),
        Goal(
            "one-ride",
            "The rider has more than one new ride now, and two cars come. Nothing told the "
            "service that the second request is the first one again.",
            lambda played: len(_new_rides(played)) == 1,
            "the rider has one new ride, not two",
        ),
        Goal(
            "read-back",
            "The last request is not a `GET` by the rider that this ride came back from: read it at "
            "its own address.",
            _read_back,
            "the rider reads that ride, last of all",
        ),
    ),
    most_requests=3,
    too_many="All of it holds, with more than three requests: leave out what nobody asked for.",
)

SCENARIOS: Final[dict[str, Scenario]] = {"first-ride": _FIRST_RIDE}
"""The scenarios by the names that `calls` of an exercise gives."""
