"""What every request passes on its way in and out: one plain ASGI middleware.

In this order: a number for the request, a place among those at work, who calls, their token
bucket, the size and the speed of the body; then the operation; then the header fields of the
answer and the row in the log. Starlette's BaseHTTPMiddleware would cost a task and a queue for
each request.
"""

import asyncio
import re
import secrets
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ridealong.service import store as tables
from ridealong.service.access import Caller, Gate
from ridealong.service.limits import Allowance, TokenBuckets
from ridealong.service.log import PATH_CHARACTERS, RequestLog
from ridealong.service.problems import MEDIA_TYPE, Problem
from ridealong.service.settings import Settings
from ridealong.service.versions import FIELDS_OF_V1

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_GUARDED: Final = ("/v1/", "/v2/")


class Edge:
    """The middleware.

    Args:
        app: what stands behind it.
        settings: limits of size, time and number.
        gate: knows who calls.
        buckets: how many requests each caller has left.
        log: takes a row for each request.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        gate: Gate,
        buckets: TokenBuckets,
        log: RequestLog,
    ) -> None:
        self._app = app
        self._settings = settings
        self._gate = gate
        self._buckets = buckets
        self._policy = buckets.policy.encode()
        self._log = log
        self._at_work = 0
        self._begun = secrets.token_hex(4)
        self._count = 0

    def next_id(self) -> bytes:
        """Return a number for a request: no two are the same, also after a new start."""
        self._count += 1
        return b"%s-%d" % (self._begun.encode(), self._count)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(self, scope, receive, send)
        self._at_work += 1
        try:
            await passage.run()
        finally:
            self._at_work -= 1
            self._log.add(passage.row())


class _Passage:
    """One request on its way."""

    def __init__(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self._edge = edge
        self._scope = scope
        self._receive = receive
        self._send = send
        self._started = time.perf_counter()
        self._headers = dict(scope["headers"])
        given = self._headers.get(b"x-request-id", b"")
        self._request_id = given if _REQUEST_ID.fullmatch(given) else edge.next_id()
        self._caller: Caller | None = None
        self._allowance: Allowance | None = None
        self._status = 0
        self._bytes = 0
        self._body_bytes = 0
        self._deadline = 0.0
        self._is_over = False  # refused in the middle of its body, and answered

    async def run(self) -> None:
        state: MutableMapping[str, Any] = self._scope.setdefault("state", {})
        state["request_id"] = self._request_id.decode()
        try:
            self._admit(state)
            await self._edge._app(self._scope, self._body, self._answer)
        except Problem as problem:
            await self._tell(problem)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            await self._tell(
                Problem(
                    500,
                    "internal-error",
                    "This is our mistake: tell support the number under instance.",
                )
            )

    def _admit(self, state: MutableMapping[str, Any]) -> None:
        edge = self._edge
        if edge._at_work > edge._settings.concurrent_requests:
            raise Problem(503, "overloaded", "Too many requests at one time.", {"Retry-After": "1"})
        address = (self._scope.get("client") or ("unknown",))[0]
        if self._scope["path"].startswith(_GUARDED):
            try:
                self._caller = edge._gate.caller(
                    self._headers.get(b"authorization", b"").decode("latin-1"),
                    self._headers.get(b"x-api-key", b"").decode("latin-1"),
                )
            except Problem:
                # Whoever guesses credentials is slowed down as well.
                self._take(f"address:{address}")
                raise
            state["caller"] = self._caller
            self._take(f"{self._caller.client_id}:{self._caller.role}:{self._caller.subject}")
        else:
            self._take(f"address:{address}")
        length = self._headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length[:20]) > edge._settings.body_limit_bytes:
            raise self._too_large()

    def _take(self, caller: str) -> None:
        self._allowance = self._edge._buckets.take(caller)
        seconds = self._allowance.retry_after_seconds
        if seconds:
            raise Problem(
                429,
                "too-many-requests",
                f"You have used up your requests for now: wait {seconds} s, then go on slower.",
                {"Retry-After": str(seconds)},
            )

    def _too_large(self) -> Problem:
        limit = self._edge._settings.body_limit_bytes
        detail = f"The body is larger than {limit} bytes, which is the most we read."
        return Problem(413, "body-too-large", detail, {"Connection": "close"})

    async def _body(self) -> Message:
        """Receive a part of the body, within the limits of size and time."""
        if not self._deadline:
            self._deadline = self._started + self._edge._settings.slow_client_seconds
        try:
            async with asyncio.timeout(self._deadline - time.perf_counter()):
                message = await self._receive()
        except TimeoutError:
            raise await self._refused(
                Problem(
                    408,
                    "body-too-slow",
                    "The body did not arrive in time: send it at once.",
                    {"Connection": "close"},
                )
            ) from None
        if message["type"] == "http.request":
            self._body_bytes += len(message.get("body", b""))
            if self._body_bytes > self._edge._settings.body_limit_bytes:
                raise await self._refused(self._too_large())
        return message

    async def _refused(self, problem: Problem) -> Problem:
        """Answer at once: the framework takes whatever goes wrong in a body for one without JSON."""
        await self._tell(problem)
        self._is_over = True
        return problem

    async def _answer(self, message: Message) -> None:
        """Send a part of the answer, the header fields with what each answer has."""
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = message.setdefault("headers", [])
            headers.append((b"x-request-id", self._request_id))
            if self._allowance is not None:
                buckets = self._edge._buckets
                headers.append((b"ratelimit-policy", self._edge._policy))
                headers.append((b"ratelimit", buckets.fields(self._allowance).encode()))
            path = self._scope["path"]
            if path.startswith(_GUARDED):
                headers.append((b"cache-control", b"private, no-cache"))
                headers.append((b"vary", b"Authorization, X-API-Key"))
                if path.startswith("/v1/"):
                    headers.extend(FIELDS_OF_V1)
        else:
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    async def _tell(self, problem: Problem) -> None:
        if self._status:
            return  # the answer is on its way already; the connection is closed by the server
        body = problem.body(self._request_id.decode())
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
        headers += [
            (name.lower().encode(), value.encode("latin-1", "replace"))
            for name, value in problem.headers.items()
        ]
        await self._answer(
            {"type": "http.response.start", "status": problem.status, "headers": headers}
        )
        await self._answer({"type": "http.response.body", "body": body})

    def row(self) -> dict[str, Any]:
        """Return the row of the log. No query string: it may hold what is nobody's business."""
        caller, route = self._caller, self._scope.get("route")
        path = self._scope["path"][:PATH_CHARACTERS].encode("utf-8", "replace").decode()
        return {
            "request_id": self._request_id.decode(),
            "occurred_at": tables.now(),
            "method": self._scope["method"],
            "path": path.replace("\0", "\N{REPLACEMENT CHARACTER}"),
            "path_template": getattr(route, "path", None),
            "status": self._status,
            "duration_ms": (time.perf_counter() - self._started) * 1000,
            "response_bytes": self._bytes,
            "role": caller.role if caller else None,
            "subject": caller.subject if caller else None,
            "client_id": caller.client_id if caller else None,
        }
