"""Play a list of requests on the company's back end, in a scenario of which only the givens are known.

A scenario has two worlds: in the second one other people go other ways, so that a number that was
copied from an answer fails there. Between the requests things may happen: an answer gets lost, a
driver accepts, rides are inserted. At its end goals have to hold.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import httpx
import sqlalchemy as sa

from ridealong.service import store as tables
from ridealong.service.bodies import FIELDS_OF_A_RIDE
from ridealong.systems.in_process import InProcess, Who, company
from ridealong.text import did_you_mean

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
KEYS: Final = ("as", "method", "path", "headers", "query", "body", "keep")
MOST_REQUESTS: Final = 50
STRANGER: Final = "stranger"
FIRST_ERROR: Final = 400

_TAG_HEADERS: Final = ("if-match", "if-none-match")
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
    holds: Callable[[Played], bool] = field(compare=False)
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
    try:
        return _requests(value, scenario)
    except RecursionError:
        raise CallsError("a request holds itself: a name behind & stands inside of it") from None


def _requests(value: list[Any], scenario: Scenario) -> list[Request]:
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
        for name, tag in request.headers.items():
            if name.lower() in _TAG_HEADERS and isinstance(tag, str) and tag in known:
                raise CallsError(
                    f"request {number}: {name} says `{tag}` as it stands: in braces it is what was "
                    f'kept, `{name}: "{{{tag}}}"`'
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
    value = {**value, "path": _unquoted(value.get("path"))}
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
        raise CallsError(f"{where}: the path `{path}` has to begin with a slash, as in `/v1/rides`")
    parts = {}
    for key in ("headers", "query", "keep"):
        part = value.get(key) or {}
        if not isinstance(part, Mapping) or not all(isinstance(name, str) for name in part):
            raise CallsError(f"{where}: `{key}` is a mapping of names, as in `{_EXAMPLES[key]}`")
        parts[key] = {name: _unquoted(each) for name, each in part.items()}
        if key == "query":
            _ask_for_texts(where, parts[key])
        if key != "keep":  # what has no value is not sent
            parts[key] = {name: each for name, each in parts[key].items() if each is not None}
    for name, pointer in parts["keep"].items():
        if not _NAME.fullmatch(f"{{{name}}}") or not isinstance(pointer, str) or not pointer:
            raise CallsError(
                f"{where}: `keep` gives a part of the answer a name of letters, digits and _, as "
                f"in `{_EXAMPLES['keep']}`"
            )
    body = value.get("body")
    if isinstance(body, str):
        raise CallsError(
            f"{where}: `body` is a text, and the back end wants fields: leave out the quotes around "
            f"the whole, as in `{_EXAMPLES['body']}`"
        )
    if isinstance(body, Mapping):
        body = {name: _unquoted(each) for name, each in body.items()}
    return Request(value["as"], method, path, **parts, body=body, has_body=body is not None)


def _ask_for_texts(where: str, query: Mapping[str, Any]) -> None:
    """Refuse parameters that YAML reads in another way than they are meant."""
    text = 'write one text in quotes, as in `fields: "ride_id,status"`'
    for name, value in query.items():
        if isinstance(value, list | Mapping):
            raise CallsError(f"{where}: `{name}` in `query` is no text: {text}")
        if value is None and name in FIELDS_OF_A_RIDE and "fields" in query:
            raise CallsError(
                f"{where}: `{name}` became a parameter of its own, without a value, because "
                f"between braces a comma ends a text: {text}"
            )


_EXAMPLES: Final = {
    "as": "rider",
    "method": "GET",
    "path": "/v1/rides",
    "headers": "headers: {If-Match: some-tag}",
    "query": "query: {limit: 20}",
    "body": 'body: {dropoff_location: "{dropoff}"}',
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


def _ask_for_values(requests: Sequence[Request], known: Mapping[str, Any]) -> None:
    """Raise a CallsError when the last of these requests needs what an answer left empty."""
    *before, request = requests
    for name in _names([request.path, request.headers, request.query, request.body]):
        if known[name] is None:
            source = max(n for n, each in enumerate(before, 1) if name in each.keep)
            raise CallsError(
                f"request {len(requests)}: `{{{name}}}` was kept from the answer to request "
                f"{source}, in which it is null, so there is nothing to send; look at what "
                f"request {source} asks for, or leave request {len(requests)} out"
            )


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
            _ask_for_values(requests[:number], known)
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
            query=_query(request),
            headers={name: str(value) for name, value in request.headers.items()},
            **({"json": request.body} if request.has_body else {}),
        )
    except UnicodeEncodeError as error:
        letter = error.object[error.start]
        raise CallsError(
            f"request {number} cannot be sent: its path and header fields are plain ASCII, and "
            f"there is a {letter!r}"
        ) from None
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise CallsError(f"request {number} cannot be sent: {error}") from None


def _query(request: Request) -> dict[str, str] | None:
    """Return the parameters of a request, with those that stand in its path."""
    named = {name: str(value) for name, value in request.query.items()}
    # httpx lets the ones take the place of the others.
    return {**httpx.URL(request.path).params, **named} if named else None


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
    found = _at(call, place)
    if found is _NOT_THERE:
        near = "" if _at(call, f"/{place}") is _NOT_THERE else f"; did you mean `/{place}`?"
        raise CallsError(
            f"request {call.number}: {told(call)}; there is no `{place}` to keep in it{near}"
        )
    return found


_NOT_THERE: Final = object()


def _at(call: Call, place: str) -> Any:
    """Return what stands at a place of an answer, which may be null."""
    if not place.startswith("/"):
        return call.headers.get(place.lower(), _NOT_THERE)
    value: Any = call.body
    for part in place[1:].split("/"):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            value = value.get(part, _NOT_THERE) if isinstance(value, Mapping) else _NOT_THERE
    return value


def shape(request: Request) -> str:
    """Return what a request asks for, whoever it is about: a sign that a known mistake was made.

    In `rider GET /v*/rides/{} ?fields` stands `{}` for a name in braces and `0` for a number.
    """
    path, _, behind = request.path.partition("?")
    parts = [
        _NAME.sub("{}", re.sub(r"^[0-9]+$", "0", re.sub(r"^v[12]$", "v*", part)))
        for part in path.split("/")
    ]
    query = sorted({*request.query, *httpx.QueryParams(behind)})
    return " ".join([request.caller, request.method, "/".join(parts), *(f"?{n}" for n in query)])


def copied(requests: Sequence[Request], played: Played) -> str:
    """Return a text of the requests that belongs to the world in which they were played.

    It is a given that was written out, or a number or cursor that stands in an answer.

    Args:
        requests: as they were written.
        played: what came of them in that world.
    """
    given = {str(value) for value in played.world.values.values()}
    made = {each for call in played.calls for each in _leaves([call.body, call.headers])}
    for request in requests:
        parts = re.split(r"[/?&=]", _NAME.sub("", request.path))
        for text in (*parts, *_leaves([request.headers, request.query, request.body])):
            if text in given or (text in made and len(text) >= _MADE and re.search(r"\d", text)):
                return text
    return ""


_MADE: Final = 4  # shorter texts with a digit may be in an answer by chance


def _leaves(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [each for one in value.values() for each in _leaves(one)]
    if isinstance(value, list):
        return [each for one in value for each in _leaves(one)]
    return [] if value is None else [str(value)]


def told(call: Call) -> str:
    """Return what came of a call in words: its status, and of an error what the service says."""
    if call.is_lost and call.status < FIRST_ERROR:
        return f"{call} got lost on its way back"
    said = call.body.get("detail") if isinstance(call.body, Mapping) else None
    errors = call.body.get("errors") if isinstance(call.body, Mapping) else None
    if isinstance(errors, list) and errors:
        first = errors[0]
        wanted = str(first["wanted"]).removeprefix("Value error, ")
        said = f"{first['in']}, {first['pointer']}: {wanted}"
    lost = ", which got lost on its way back" if call.is_lost else ""
    return f"{call} was answered {call.status}" + (f" ({said})" if said else "") + lost


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
    asks = [
        each
        for each in requests
        if each.method == "POST" and each.path.partition("?")[0].endswith("/rides")
    ]
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
            "Your last request does not bring the rider this ride: it has to be a `GET` by the rider "
            "at the ride's own address.",
            _read_back,
            "the rider reads that ride, last of all",
        ),
    ),
    most_requests=3,
    too_many="All of it holds, with more than three requests: leave out what nobody asked for.",
)

# --- page-walk: a ride comes in behind each request -------------------------------------------

_RIDES_A_PAGE: Final = 5
_WAYS: Final = {123: (0, "HBV-DTN", "HBV-AIR"), 5: (6, "BRK-UNI", "BRK-STH")}


def _ask_for_rides(stage: Stage, rides: int) -> None:
    rider = int(stage.world.values["rider_id"])
    _, pickup, dropoff = _WAYS[rider]
    for _ in range(rides):
        body = {"pickup_location": pickup, "dropoff_location": dropoff}
        stage.request(("rider", rider), "POST", "/v1/rides", json=body)


def _a_history(stage: Stage) -> None:
    """Let the rider have as many rides as three pages hold, and remember which."""
    rider = int(stage.world.values["rider_id"])
    _ask_for_rides(stage, _WAYS[rider][0])
    stage.notes["start"] = [row.ride_id for row in stage.rides_of(rider)]


def _page_of(call: Call) -> list[int] | None:
    """Return the numbers of a page's rides, None for what is no page of a history."""
    if call.status != 200 or not isinstance(call.body, Mapping) or "next_cursor" not in call.body:
        return None
    rides = [ride.get("ride_id") for ride in call.body["rides"]]
    return None if None in rides else rides


def _arrived(played: Played) -> list[int]:
    return [ride for call in played.calls for ride in _page_of(call) or ()]


def _goes_on(call: Call) -> bool:
    """Return whether there is a page behind this one; what is no page counts as one that goes on."""
    return _page_of(call) is None or call.body["next_cursor"] is not None


def _five_each(played: Played) -> bool:
    for call in played.calls:
        asked = {**httpx.URL(call.request.path).params, **call.request.query}
        if str(asked.get("limit")) != str(_RIDES_A_PAGE):
            return False
    return True


_PAGE_WALK: Final = Scenario(
    worlds=(
        World({"rider_id": 123}, {"rider": ("rider", 123)}),
        World({"rider_id": 5}, {"rider": ("rider", 5)}),
    ),
    prepare=_a_history,
    after=lambda stage, call: _ask_for_rides(stage, 1),
    goals=(
        Goal(
            "pages",
            "A request of yours brought no page of the rider's history: look at its path and at "
            "what stands under `query`.",
            lambda played: all(_page_of(call) is not None for call in played.calls),
            "every request brings a page of the history",
        ),
        Goal(
            "five-rides",
            "A request is not for five rides: look at `limit` under `query` of each.",
            _five_each,
            "every request is for five rides",
        ),
        Goal(
            "behind-the-page",
            "A ride arrived that came in behind your first request: a later request begins at the "
            "top of the history again. Look at the cursor of each.",
            lambda played: set(_arrived(played)) <= set(played.stage.notes["start"]),
            "only the first request begins at the top",
        ),
        Goal(
            "no-ride-twice",
            "A ride arrived twice: two of your requests begin at the same place of the history. "
            "Look at the cursor of each.",
            lambda played: len(set(_arrived(played))) == len(_arrived(played)),
            "no ride arrives twice",
        ),
        Goal(
            "every-ride",
            "A ride that was there at the start has not arrived. Look at whether your last answer "
            "has a next cursor, and where each request begins.",
            lambda played: set(played.stage.notes["start"]) <= set(_arrived(played)),
            "every ride of the start arrives",
        ),
        Goal(
            "to-the-end",
            "Your last request is not the one whose answer has no next cursor.",
            lambda played: not _goes_on(played.calls[-1]),
            "the last answer has no next cursor",
        ),
    ),
    most_requests=3,
    too_many="Every ride arrived, with more than three requests: three pages of five are enough.",
)

# --- one-screen: the same trips opened three times, and a payment that comes in between ---------

_SHOWN: Final = frozenset({"ride_id", "status", "dropoff_location", "requested_at", "fare"})
_TRIPS: Final = 10
_SCREENS: Final = {
    # rider: driver, city, pickup, dropoffs, trips there are, after which request the payment comes
    123: (57, 1, "HBV-DTN", ("HBV-AIR", "HBV-OLD", "HBV-LAK"), 12, 2),
    5: (4, 2, "BRK-UNI", ("BRK-STH", "BRK-HIL"), 15, 1),
}


def _some_trips(stage: Stage) -> None:
    """Let the rider have some completed trips, all but the newest one paid."""
    rider = int(stage.world.values["rider_id"])
    driver, city, pickup, dropoffs, count, _ = _SCREENS[rider]
    begun = tables.now()

    def work(connection: sa.Connection) -> None:
        for number in range(count):
            moment = begun + timedelta(minutes=number, microseconds=1 + number)
            cents = 1_025 + 311 * (number % 5)
            ride = {
                "user_id": rider, "driver_id": driver, "city_id": city, "status": "completed",
                "pickup_location": pickup, "dropoff_location": dropoffs[number % len(dropoffs)],
                "requested_at": moment, "picked_up_at": moment, "ended_at": moment,
                "quoted_fare_cents": cents, "fare_cents": cents,
                "driver_pay_cents": cents * 79 // 100, "version": 4,
            }  # fmt: skip
            inserted = tables.rides.insert().returning(tables.rides.c.ride_id)
            ride_id = connection.execute(inserted, ride).scalar_one()
            if number < count - 1:
                payment = {
                    "ride_id": ride_id, "amount_cents": cents, "status": "succeeded",
                    "method": ("card", "wallet", "paypal")[number % 3],
                    "provider_reference": f"alpha-{ride_id:016x}", "created_at": moment,
                }  # fmt: skip
                connection.execute(tables.payments.insert(), payment)

    stage.change(work)


def _newest(played: Played) -> list[int]:
    """Return the numbers of the trips that belong on the screen, the newest first."""
    rides = played.stage.rides_of(int(played.world.values["rider_id"]))
    rides.sort(key=lambda row: (row.requested_at, row.ride_id), reverse=True)
    return [row.ride_id for row in rides[:_TRIPS]]


def _newest_is_paid(stage: Stage, call: Call) -> None:
    rider = int(stage.world.values["rider_id"])
    if call.number == _SCREENS[rider][-1]:
        newest = max(stage.rides_of(rider), key=lambda row: row.requested_at).ride_id
        there = f"/v1/rides/{newest}/payments"
        stage.request(("rider", rider), "POST", there, json={"method": "card"})


def _openings(played: Played) -> list[Call]:
    pages = played.named("GET", "/v[12]/users/[0-9]+/rides")
    return [call for call in pages if call.status in (200, 304)]


def _pages(played: Played) -> list[list[Mapping[str, Any]]]:
    return [call.body["rides"] for call in _openings(played) if call.status == 200]


def _shows_the_newest(played: Played) -> bool:
    wanted, pages = _newest(played), _pages(played)
    return bool(pages) and all(
        len(page) == _TRIPS
        and all(
            ride.get("ride_id", number) == number
            for ride, number in zip(page, wanted, strict=False)
        )
        for page in pages
    )


def _shows_the_payment(played: Played) -> bool:
    """Whether the page that the phone has in the end holds the payment of the newest trip."""
    pages = _pages(played)
    return bool(pages and pages[-1] and pages[-1][0].get("payments"))


_ONE_SCREEN: Final = Scenario(
    worlds=(
        World({"rider_id": 123}, {"rider": ("rider", 123)}),
        World({"rider_id": 5}, {"rider": ("rider", 5)}),
    ),
    prepare=_some_trips,
    after=_newest_is_paid,
    goals=(
        Goal(
            "ten-trips",
            "The screen needs the list of the rider's rides, the ten newest and no more: look at "
            "how many a page holds.",
            _shows_the_newest,
            "each page holds the ten newest trips",
        ),
        Goal(
            "what-it-shows",
            "A trip on the screen lacks one of `ride_id`, `status`, `dropoff_location`, "
            "`requested_at` and `fare`: look at your `fields`.",
            lambda played: all(set(ride) >= _SHOWN for page in _pages(played) for ride in page),
            "each trip has what the screen shows",
        ),
        Goal(
            "which-are-paid",
            "The screen cannot say which trips are paid: the list does not bring the payments by "
            "itself.",
            lambda played: all("payments" in ride for page in _pages(played) for ride in page),
            "each trip says whether it is paid",
        ),
        Goal(
            "three-openings",
            "The rider opens the screen three times, and the phone asked for the list fewer times "
            "than that.",
            lambda played: len(_openings(played)) >= 3,
            "the list is asked for three times",
        ),
        Goal(
            "not-sent-again",
            "Between two of the openings nothing had changed, and the whole page came again all "
            "the same: the phone did not say which copy it has, or named an old one.",
            lambda played: any(call.status == 304 for call in _openings(played)),
            "a page that did not change is not sent again",
        ),
        Goal(
            "paid-at-the-end",
            "The newest trip is paid, and the phone still shows it as unpaid.",
            _shows_the_payment,
            "in the end the newest trip is shown as paid",
        ),
    ),
    most_requests=3,
    too_many="All of it holds, with more than three requests: one for each opening is enough.",
    most_bytes=8_000,
    too_large="All of it holds, and the answers have {bytes} bytes, 8,000 is the most: leave out "
    "what the screen does not show.",
)

SCENARIOS: Final[dict[str, Scenario]] = {
    "first-ride": _FIRST_RIDE,
    "page-walk": _PAGE_WALK,
    "one-screen": _ONE_SCREEN,
}
"""The scenarios by the names that `calls` of an exercise gives."""
