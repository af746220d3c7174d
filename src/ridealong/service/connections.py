"""How a connection is read: a head that is too large or too slow is refused before it costs much.

uvicorn keeps every header field in memory until the last has come, however many there are and
however long it takes.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from ridealong.service.problems import MEDIA_TYPE, Problem
from ridealong.service.settings import Settings

JOINED_BYTES: Final = 64 * 1024

_TOO_LARGE: Final = Problem(
    431, "head-too-large", "Address and header fields are larger than we read: send less."
)
_TOO_SLOW: Final = Problem(408, "head-too-slow", "The header fields did not arrive in time.")
_UNREADABLE: Final = Problem(400, "unreadable-request", "This is no HTTP request that we can read.")


class _Joined:
    """A transport that joins head and body of an answer: sending is half the time of an answer."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send some bytes, with others that come in the same turn of the loop."""
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)
        self._size += len(data)
        if self._size > JOINED_BYTES:
            self._send()

    def close(self) -> None:
        """Close when all is sent."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._parts:
            data, self._parts, self._size = b"".join(self._parts), [], 0
            self._transport.write(data)


class Connection(HttpToolsProtocol):
    """One connection. A subclass made by `limited` says how much and how long."""

    head_limit_bytes: int
    slow_client_seconds: float

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.transport = cast("asyncio.Transport", _Joined(transport, self.loop))
        self._head_bytes = 0
        self._in_head = True
        self._waiting: asyncio.TimerHandle | None = None
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has become too large."""
        if self._in_head:
            if self._waiting is None:
                self._wait()
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self.head_limit_bytes:
            self._refuse(_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Hand the request on; its body is limited by `edge.py`."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        self._stop_waiting()
        self._in_head = False
        if size > self.head_limit_bytes:
            self._refuse(_TOO_LARGE)
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, unless the head was refused."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the head of the next request."""
        self._in_head = True
        self._head_bytes = 0
        if not self.transport.is_closing():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem document instead of plain text."""
        self._refuse(_UNREADABLE)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.slow_client_seconds, self._refuse, _TOO_SLOW)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _refuse(self, problem: Problem) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            body = problem.body("none")
            head = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close"
            self.transport.write(STATUS_LINE[problem.status] + head.encode() + b"\r\n\r\n" + body)
        self.transport.close()


def limited(settings: Settings) -> type[Connection]:
    """Return the class for uvicorn, which makes the connections itself."""
    members: dict[str, Any] = {
        "head_limit_bytes": settings.head_limit_bytes,
        "slow_client_seconds": settings.slow_client_seconds,
    }
    return type("LimitedConnection", (Connection,), members)
