"""A cache near the riders: the back end far away, an edge in between, and what riders get of it.

What lies behind the edge is asked over real HTTP: the running back end, or a release of some of its
addresses with header fields that you give. Time and distance are not waited for: `wait` moves one
clock for all, and each way costs a stated number of milliseconds.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

import httpx

from ridealong.labs.sql.database import LabError
from ridealong.show.views import View, frame, plural
from ridealong.systems.edge.cache import BEGINS, Answer, Clock, HttpCache, Request, date_of
from ridealong.systems.edge.headers import Fields, HeaderError, read_headers
from ridealong.systems.edge.stories import DAY, LANGUAGES, TASKS, Look, Story, play, seen

if TYPE_CHECKING:
    from ridealong.service import Service

NEAR_MS, FAR_MS = 8, 120
"""A round trip from a phone to the edge, and one from the edge to the back end."""

CHANGE_SECONDS: Final = 3600
"""How long after the beginning the fare table changes, and after each change again."""

LOOK_MINUTES: Final = 10
_OLD_SECONDS: Final = 10 * DAY
_LONGEST_WAIT_SECONDS: Final = 10 * 365 * DAY
_ZONES: Final = re.compile(r"/static/zones(?:\.(\w{1,20}))?\.svg")
_TITLES: Final = {"en": "Fares", "fr": "Tarifs", "es": "Tarifas"}
RESOURCES: Final = {
    "zone_map": "/static/zones.svg",
    "fare_table": "/fares",
    "cars": "/map/cars",
    "own_rides": "/me/rides",
}
"""What a release answers, by the name under which its header fields are given."""


class Release:
    """A small release of four addresses, over HTTP, with the header fields that you give.

    `/static/zones.svg` is a picture, and so is any name with a version in it, such as
    `/static/zones.4f1c.svg`. `/fares` comes in the language of the rider, `/map/cars?city=1` is the
    same for everybody and changes every second, `/me/rides` are the rides of whoever asks, which
    the running back end looks up. It ends with `close`, or when nothing refers to it any more.

    Args:
        company: the running service.
        headers: resource -> name of the field -> value; what is left out has no fields of its own.

    Raises:
        LabError: when they are no header fields.
    """

    def __init__(self, company: Service, headers: object = None) -> None:
        given = headers if headers is not None else {}
        if isinstance(given, Mapping):
            given = {**dict.fromkeys(RESOURCES), **given}
        try:
            self._fields = read_headers(given, RESOURCES, with_known_change=("fare_table",))
        except HeaderError as error:
            raise LabError(str(error)) from None
        self._company = company
        self._behind = _client(company.url)
        self._changes: dict[str, int] = {}
        self.clock = Clock()
        # The thread does not hold the release, so that one which a notebook lets go can end.
        self._server = _Server(("127.0.0.1", 0), _handler(weakref.ref(self)))
        ended = threading.Event()
        self._thread = threading.Thread(
            target=_serve, args=(self._server, ended), name="release", daemon=True
        )
        self._thread.start()
        self._end = weakref.finalize(self, ended.set)
        self._client = _client(self.url)

    def __repr__(self) -> str:
        return "<a release with header fields of its own>"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop answering."""
        self._client.close()
        self._behind.close()
        self._end()
        self._thread.join()

    def change(self, path: str) -> None:
        """Put a new version of an address in place of the old one."""
        self._changes[path] = self._changes.get(path, 0) + 1

    def ask(self, request: Request) -> Answer:
        """Send a request over HTTP.

        Raises:
            LabError: when the release is closed.
        """
        if self._client.is_closed:
            raise LabError("this release is closed: make a new one, and an edge in front of it")
        return _sent(self._client, request, self.clock)

    def headers_for(self, resource: str) -> dict[str, str]:
        """Return the header fields of a resource as they are sent now."""
        left = CHANGE_SECONDS - self.clock.seconds % CHANGE_SECONDS
        return self._fields[resource].headers(left)

    def answered(self, target: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
        """Return status, header fields and body of what is asked for.

        Args:
            target: path and query.
            headers: of the request, names in small letters.
        """
        asked = urlsplit(target)
        made = BEGINS - _OLD_SECONDS
        if named := _ZONES.fullmatch(asked.path):
            resource, version = "zone_map", self._changes.get(asked.path, 0) + 1
            shows = f"map {named[1]}" if named[1] else f"map, version {version}"
            body = zone_map(shows)
        elif asked.path == "/fares":
            language = headers.get("accept-language", "en")[:2]
            language = language if language in LANGUAGES else "en"
            resource, version = "fare_table", self.clock.seconds // CHANGE_SECONDS + 1
            shows = f"fares in {language}, table {version}"
            body = json.dumps({"title": _TITLES[language], "table": version})
        elif asked.path == "/map/cars":
            city = parse_qs(asked.query).get("city", ["all"])[0][:20]
            resource, made = "cars", BEGINS + self.clock.seconds
            shows = f"cars of city {city} as of second {self.clock.seconds}"
            body = json.dumps({"city": city, "as_of_second": self.clock.seconds})
        elif asked.path == "/me/rides":
            resource = "own_rides"
            status, shows, body = self._rides(headers.get("authorization", ""))
            if status != 200:
                return status, {}, body
        else:
            return 404, {}, '{"detail": "the release has no such address"}'
        tag = f'"{hashlib.sha256(f"{target}{shows}{body}".encode()).hexdigest()[:12]}"'
        fields = {
            "etag": tag,
            "last-modified": date_of(made),
            "x-shows": shows,
            **self.headers_for(resource),
        }
        if tag in headers.get("if-none-match", ""):
            return 304, fields, ""
        return 200, fields, body

    def _rides(self, authorization: str) -> tuple[int, str, str]:
        rider = _subject(authorization)
        try:
            answer = self._behind.get(
                f"/v1/users/{rider}/rides?limit=5", headers={"Authorization": authorization}
            )
        except httpx.HTTPError:
            return 502, "", '{"detail": "the back end does not answer: company.start()"}'
        return answer.status_code, f"rides of rider {rider}", answer.text


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Asked often whether it shall end, so that many short releases do not add up to seconds.
    timeout = 0.01

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over a caller who hangs up in the middle; tell of all else, as usual."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _serve(server: _Server, ended: threading.Event) -> None:
    with server:
        while not ended.is_set():
            server.handle_request()


def _handler(held: weakref.ref[Release]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        wbufsize = 2**16  # head and body in one write: in two, the second waits for a receipt

        def do_GET(self) -> None:
            release = held()
            if release is None:  # it ends in this moment
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, fields, text = release.answered(self.path, headers)
            body = text.encode()
            self.send_response_only(status)
            for name, value in {"date": release.clock.date, **fields}.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            if status != 304:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: what was asked stands in the edge's log."""

    return Handler


def _subject(authorization: str) -> str:
    """Return the number of the rider whose token this is, without proving it: the back end does."""
    try:
        payload = authorization.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(int(str(claims["sub"]).removeprefix("rider-")))
    except (IndexError, ValueError, KeyError, TypeError):
        return "0"


def _client(url: str) -> httpx.Client:
    # This is plain HTTP on one machine; to load all certificates would take a tenth of a second.
    no_certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(base_url=url, trust_env=False, timeout=30, verify=no_certificates)


def _sent(client: httpx.Client, request: Request, clock: Clock) -> Answer:
    """Send a request over HTTP; the answer's date is by the clock of the lab."""
    try:
        answer = client.request(request.method, request.url, headers=dict(request.headers))
    except httpx.HTTPError as error:
        raise LabError(
            f"nobody answers behind the edge ({type(error).__name__}): start the back end with "
            "company.start(), and make release and edge anew"
        ) from None
    hop = ("content-encoding", "transfer-encoding", "connection", "keep-alive")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    headers = {name: value for name, value in headers.items() if name not in hop}
    return Answer(answer.status_code, {**headers, "date": clock.date}, answer.content)


def zone_map(name: str) -> str:
    """Return a picture of a city's 480 zones, as SVG.

    Args:
        name: of the map; two names give two pictures.
    """
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 200"><title>{name}</title>']
    for number in range(480):
        x, y = 10 * (number % 24), 10 * (number // 24)
        shade = 90 + number * 37 % 120
        parts.append(f'<path id="z{number}" d="M{x} {y}h9v9h-9z" fill="rgb({shade},{shade},255)"/>')
    return "\n".join([*parts, "</svg>"])


@dataclass(frozen=True, slots=True)
class _Row:
    """One look in the log."""

    seconds: int
    who: str
    path: str
    answer: Answer
    waited_ms: int
    far_bytes: int

    @property
    def shown(self) -> str:
        return self.answer.headers.get("x-shows", f"{len(self.answer.body):,} bytes")


class Edge:
    """A shared cache near the riders, and phones that ask it.

    Args:
        origin: what lies behind it: the running service or a `Release`.
        phones: whether each phone has a cache of its own as well.
        shared: whether there is an edge at all; without, phones ask what lies behind.
        near_ms: a round trip between phone and edge, in milliseconds.
        far_ms: one between edge and back end; without an edge, between phone and back end.
    """

    def __init__(
        self,
        origin: Service | Release,
        *,
        phones: bool = False,
        shared: bool = True,
        near_ms: int = NEAR_MS,
        far_ms: int = FAR_MS,
    ) -> None:
        self._phones = phones
        self._near_ms = near_ms if shared else 0
        self._far_ms = far_ms
        self._caches: dict[str, HttpCache] = {}
        self._tokens: dict[int, str] = {}
        self._rows: list[_Row] = []
        self._far_bytes = 0
        if isinstance(origin, Release):
            self._company, self.clock = origin._company, origin.clock
            self._ask_origin = origin.ask
        else:
            self._company, self.clock = origin, Clock()
            client = _client(origin.url)
            self._ask_origin = lambda request: _sent(client, request, self.clock)
        self._edge = HttpCache("edge", self._far, self.clock, shared=True) if shared else None

    def __repr__(self) -> str:
        return f"<an edge after {self.clock.seconds} s>"

    def _far(self, request: Request) -> Answer:
        answer = self._ask_origin(request)
        self._far_bytes += len(answer.body)
        return answer

    def wait(self, seconds: int) -> None:
        """Let time pass for the edge, the phones and what lies behind.

        Raises:
            LabError: for a time that is none.
        """
        if not 0 <= seconds <= _LONGEST_WAIT_SECONDS:
            raise LabError(
                f"{seconds} seconds: wanted 0 to {_LONGEST_WAIT_SECONDS:,}, which is ten years"
            )
        self.clock.wait(int(seconds))

    def purge(self, path: str, *, after_seconds: int = 0) -> None:
        """Tell the edge to forget an address; the order may take a while to arrive.

        Raises:
            LabError: when there is no edge.
        """
        if self._edge is None:
            raise LabError("there is no edge to purge: leave shared=False out")
        self._edge.purge(path, after_seconds=after_seconds)

    def look(self, path: str, *, rider: int | None = None, language: str = "en") -> Answer:
        """Ask for an address as one rider, or as somebody who is not logged in.

        Args:
            path: such as `/map/cars?city=1`.
            rider: number of the rider.
            language: what the phone says in Accept-Language.

        Raises:
            LabError: for what is no path, or when nobody answers.
        """
        if not path.startswith("/") or not path.isprintable():
            raise LabError(f"{path!r:.60} is no path: wanted one such as /map/cars?city=1")
        who = "a stranger" if rider is None else f"rider {rider}"
        headers = {
            "accept-language": language,
            "user-agent": f"Ridealong/5.{(rider or 0) % 40}",
        }
        if rider is not None:
            if rider not in self._tokens:
                self._tokens[rider] = self._company.token(f"rider-{rider}", "rider")
            headers["authorization"] = f"Bearer {self._tokens[rider]}"
        ask = self._edge.ask if self._edge is not None else self._far
        if self._phones and who not in self._caches:
            self._caches[who] = HttpCache("phone", ask, self.clock, shared=False)
        before = self._far_bytes
        answer = (self._caches[who].ask if self._phones else ask)(Request(path, headers))
        # Without a cache of its own the phone is no hop; without an edge there is one hop less.
        hops = answer.hops + (not self._phones)
        waited = self._near_ms * (hops >= 1) + self._far_ms * (hops >= 1 + (self._edge is not None))
        self._rows.append(
            _Row(self.clock.seconds, who, path, answer, waited, self._far_bytes - before)
        )
        return answer

    def log(self) -> View:
        """Show the looks since the last log."""
        rows, self._rows = self._rows, []
        table = [
            [row.seconds, row.who, row.path, row.answer.status, row.shown,
             row.answer.headers.get("cache-status", "-"), row.waited_ms, row.far_bytes]
            for row in rows
        ]  # fmt: skip
        columns = ["second", "who", "asks for", "status code", "is shown", "Cache-Status",
                   "waits (ms)", "bytes from afar"]  # fmt: skip
        far = sum(row.far_bytes > 0 or row.waited_ms >= self._far_ms for row in rows)
        return View(
            "What riders asked for, and who answered",
            frame(columns, table),
            f"{plural(len(rows), 'look')}: {plural(far, 'trip')} to the back end, "
            f"{sum(row.far_bytes for row in rows):,} bytes from there, "
            f"{sum(row.waited_ms for row in rows):,} ms waited in all.",
            counts=("bytes from afar",),
        )


def from_far_and_near(company: Service, *, riders: Sequence[int] = (3, 5, 7, 15, 20)) -> View:
    """Let riders look at the zone map four times each: without a cache, with an edge, with phones.

    Args:
        company: the running service.
        riders: their numbers.
    """
    rows = []
    keeps = {"zone_map": {"Cache-Control": "public, max-age=31536000"}}
    for name, headers, options in (
        ("all from afar, nothing is kept", {"zone_map": {"Cache-Control": "no-store"}}, {"shared": False}),
        ("an edge nearby", keeps, {}),
        ("an edge, and the phones keep it too", keeps, {"phones": True}),
    ):  # fmt: skip
        release = Release(company, headers)
        edge = Edge(release, **options)
        for _ in range(4):
            for rider in riders:
                edge.look(RESOURCES["zone_map"], rider=rider)
            edge.wait(60)
        looks = edge._rows
        far = sum(row.far_bytes > 0 for row in looks)
        rows.append(
            [name, len(looks), far, sum(row.far_bytes for row in looks),
             round(sum(row.waited_ms for row in looks) / len(looks), 1)]
        )  # fmt: skip
        release.close()
    columns = ["way", "looks", "trips to the back end", "bytes from there", "waits on average (ms)"]
    return View(
        f"{len(riders)} riders look at the zone map four times each",
        frame(columns, rows),
        f"A round trip takes {NEAR_MS} ms to the edge and {FAR_MS} ms from there, or from a phone, "
        "to the back end; a first look pays both.",
        counts=("bytes from there",),
    )


def second_looks(company: Service, *controls: str, age_seconds: Sequence[int] = (4, 40)) -> View:
    """Show for some Cache-Control values who answers a second and a third look, by another rider.

    Rider 5 looks at the cars of city 1; after some seconds rider 123 looks at the same address.

    Args:
        company: the running service.
        controls: values of Cache-Control.
        age_seconds: when the later looks are, counted from the first.

    Raises:
        LabError: when a value is no Cache-Control.
    """
    rows = []
    for control in controls:
        release = Release(company, {"cars": {"Cache-Control": control}})
        edge = Edge(release)
        edge.look("/map/cars?city=1", rider=5)
        cells = []
        for at in age_seconds:
            edge.wait(at - edge.clock.seconds)
            looked = edge.look("/map/cars?city=1", rider=123)
            old = at - int(json.loads(looked.body)["as_of_second"])
            by = "back end" if looked.hops else "edge"
            if "ttl=" in looked.headers["cache-status"]:
                by = "edge, and fetches anew"
            cells += [by, old]
        rows.append([control or "(none)", *cells])
        release.close()
    columns = ["Cache-Control"]
    for at in age_seconds:
        columns += [f"after {at} s answers", f"age of the cars after {at} s (s)"]
    return View(
        "The second and the third look at the cars of a city",
        frame(columns, rows),
        "Both riders are logged in, so their requests carry Authorization.",
    )


def ask_or_keep(*, changes_every_minutes: int, far_ms: int, looks: int = 120) -> View:
    """Compare three ways to keep a page in phones: for an hour, ask each time, name the version.

    One phone looks every ten minutes; the page changes at times that nobody knows beforehand.

    Args:
        changes_every_minutes: how often the page changes.
        far_ms: the way to where it is asked, in milliseconds.
        looks: how many.

    Raises:
        LabError: for numbers that make no story.
    """
    if not (1 <= changes_every_minutes <= 10_000 and 0 <= far_ms <= 10_000 and 1 <= looks <= 500):
        raise LabError(
            f"{changes_every_minutes} minutes, {far_ms} ms, {looks} looks: take 1 to 10,000 "
            "minutes, 0 to 10,000 ms and 1 to 500 looks"
        )
    minutes = LOOK_MINUTES * looks
    # Changes fall between two looks, the first one after half the time.
    first = 60 * ((changes_every_minutes + 1) // 2) + 300
    changes = tuple(range(first, 60 * minutes, 60 * changes_every_minutes))
    told = tuple(
        Look(60 * LOOK_MINUTES * number, "rider 5", "phone 5", "/page", {}, "")
        for number in range(looks)
    )
    story = Story("page", "", told, changes={"": changes})
    rows: list[list[object]] = []
    for name, control in (
        ("max-age=3600", "public, max-age=3600"),
        ("no-cache, with an ETag", "public, no-cache"),
    ):
        run = play(story, Fields(control))
        trips = 1 + run.asked_again
        rows.append(
            [name, trips, round(trips * far_ms / looks, 1), run.old_looks, run.oldest_seconds // 60]
        )
    seen_versions = len({story.version("", look.seconds) for look in told})
    rows.append(
        ["a year, and a name for each version", seen_versions,
         round(seen_versions * far_ms / looks, 1), 0, 0]
    )  # fmt: skip
    columns = ["what the phone is told", "trips", "waits on average (ms)",
               "looks that show the old one", "oldest shown (minutes)"]  # fmt: skip
    return View(
        f"{looks} looks in {minutes // 60} hours, a change every {changes_every_minutes} minutes, "
        f"{far_ms} ms away",
        frame(columns, rows),
        "The last row needs somebody who tells the phone the new name, such as a page that links "
        "to it and is itself asked for each time.",
    )


def replayed(headers: object, *, task: str = "edge") -> View:
    """Show what header fields do on the public day: who sees what, and who is asked.

    Args:
        headers: the data of a `%%yaml` answer.
        task: `edge` for the five resources, `vary` for the two pages.

    Raises:
        LabError: when it holds no header fields, or there is no such task.
    """
    if task not in TASKS:
        raise LabError(f"{task!r:.40} is no task: there are {', '.join(TASKS)}")
    wanted = TASKS[task]
    try:
        fields = read_headers(
            headers, tuple(wanted.stories), fields=wanted.fields,
            with_known_change=wanted.known_change, may_vary=wanted.may_vary,
        )  # fmt: skip
    except HeaderError as error:
        raise LabError(str(error)) from None
    rows = []
    for resource, given in fields.items():
        control = wanted.cache_control or given.cache_control
        run = seen(task, resource, "the public day", Fields(control, given.vary))
        rows.append(
            [resource, len(run.story.looks), run.origin_requests, round(run.hit_percent),
             len(run.wrong), run.oldest_seconds, run.kept, "kept" if not run.broken else "broken"]
        )  # fmt: skip
    columns = ["resource", "looks", "most requests for one address", "answered before the back end (%)",
               "looks at somebody else's", "oldest shown (s)", "most copies at the edge",
               "its limits"]  # fmt: skip
    held = sum(row[-1] == "kept" for row in rows)
    return View(
        "Header fields on the public day",
        frame(columns, rows),
        f"{held} of {plural(len(rows), 'resource')} within their limits.",
    )


__all__ = [
    "CHANGE_SECONDS",
    "FAR_MS",
    "NEAR_MS",
    "RESOURCES",
    "Edge",
    "Release",
    "ask_or_keep",
    "from_far_and_near",
    "replayed",
    "second_looks",
    "zone_map",
]
