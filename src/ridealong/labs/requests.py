"""Requests to the back end as they go over the wire, several side by side, and one of them twice."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ridealong.show.views import View, frame, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

SENT: Final = (
    "authorization",
    "x-api-key",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
)
"""The header fields of a request that are shown."""

ANSWERED: Final = (
    "content-type",
    "location",
    "etag",
    "www-authenticate",
    "allow",
    "retry-after",
    "idempotency-replayed",
)
"""The header fields of an answer that are shown."""

SHOWN_CHARACTERS: Final = 24  # of a credential: it is long, and nobody's business
_PHRASES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
"""As RFC 9110 has them; Python has older ones up to 3.12."""

_TIMES: Final = re.compile(r'"\d{4}-\d\d-\d\dT[\d:.]+Z"')
_REQUEST_NUMBER: Final = re.compile(r"(urn:ridealong:request:)[A-Za-z0-9._-]+")
_CREDENTIALS: Final = {"authorization": "(a token)", "x-api-key": "(a key)"}


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """One request and its answer, as text.

    Attributes:
        sent: the request: its first line, the header fields that matter, the body.
        answered: the same of the answer.
    """

    sent: str
    answered: str

    def __repr__(self) -> str:
        return f"REQUEST\n{_indented(self.sent)}\nANSWER\n{_indented(self.answered)}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        parts = (("Request", self.sent, "#0072B2"), ("Answer", self.answered, "#D55E00"))
        return "".join(
            f'<p style="margin: 0.6em 0 0.2em 0"><strong>{title}</strong></p>'
            f'<pre style="white-space: pre-wrap; font-family: monospace; text-align: left; margin: 0; '
            f'border-left: 4px solid {colour}; padding-left: 8px">{html.escape(text)}</pre>'
            for title, text, colour in parts
        )


def raw(answer: httpx.Response) -> Exchange:
    """Show a request and its answer as they went over the wire.

    Credentials are shortened, times and the number of the request are left out, and so are header
    fields that this lesson has no use for.

    Args:
        answer: of a client, such as `company.client(rider=123).get("/v1/rides/1")`.
    """
    request = answer.request
    first = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"
    phrase = _PHRASES.get(answer.status_code, answer.reason_phrase)
    status = f"HTTP/1.1 {answer.status_code} {phrase}"
    return Exchange(
        _message(first, request.headers, SENT, request.content),
        _message(status, answer.headers, ANSWERED, answer.content),
    )


def _message(first: str, headers: Mapping[str, str], shown: tuple[str, ...], content: bytes) -> str:
    lines = [first]
    lines += [f"{_name(name)}: {_value(name, headers[name])}" for name in shown if name in headers]
    if content:
        lines += ["", _body(content)]
    return "\n".join(lines)


def _name(name: str) -> str:
    known = {"etag": "ETag", "www-authenticate": "WWW-Authenticate", "x-api-key": "X-API-Key"}
    return known.get(name) or "-".join(part.capitalize() for part in name.split("-"))


def _value(name: str, value: str) -> str:
    if name not in _CREDENTIALS or len(value) <= SHOWN_CHARACTERS:
        return value
    scheme = "Bearer " if value.lower().startswith("bearer ") else ""
    return scheme + _CREDENTIALS[name]


def _body(content: bytes) -> str:
    text = content.decode(errors="replace")
    try:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
    return _REQUEST_NUMBER.sub(r"\1...", _TIMES.sub('"(a time)"', text))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())


def compared(answers: Mapping[str, httpx.Response], title: str = "What was answered") -> View:
    """Show several requests with their answers side by side.

    Args:
        answers: by what makes each of them different.
        title: stands above the table.
    """
    rows = [
        [
            name,
            f"{answer.request.method} {answer.request.url.path}",
            answer.status_code,
            _said(answer),
        ]
        for name, answer in answers.items()
    ]
    return View(
        title,
        frame(["call", "request", "status", "what the service says"], rows),
        f"{plural(len(rows), 'request')}: {', '.join(str(each.status_code) for each in answers.values())}.",
    )


def _said(answer: httpx.Response) -> str:
    try:
        body: Any = answer.json()
    except ValueError:
        return ""
    if answer.status_code < 400 or not isinstance(body, dict):
        return ""
    places = [f"{each['pointer']}: {each['wanted']}" for each in body.get("errors", ())[:2]]
    return " ".join([str(body.get("detail", "")), *places])


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Repeated(View):
    """Requests that were sent twice.

    Attributes:
        asked: how many different ones.
        changed_once: how many changed something when they were sent first.
        changed_again: how many changed something more when they were sent again.
    """

    asked: int = 0
    changed_once: int = 0
    changed_again: int = 0


def repeated(
    requests: Mapping[str, Callable[[], httpx.Response]], look: Callable[[], Mapping[str, Any]]
) -> Repeated:
    """Send each request twice, and show what the company knows before, between and behind.

    Args:
        requests: what sends each of them, by name.
        look: what the company knows now, by name.
    """
    rows, once, again = [], 0, 0
    for name, send in requests.items():
        before = look()
        first = send()
        between = look()
        second = send()
        behind = look()
        once += before != between
        again += between != behind
        rows.append(
            [
                name,
                first.status_code,
                _difference(before, between),
                second.status_code,
                _difference(between, behind),
            ]
        )
    columns = ["request", "first answer", "what it changed", "second answer", "what that changed"]
    return Repeated(
        "Each request, sent twice",
        frame(columns, rows),
        f"{plural(len(rows), 'request')}: {once} changed something the first time, {again} of them "
        "once more.",
        asked=len(rows),
        changed_once=once,
        changed_again=again,
    )


def _difference(before: Mapping[str, Any], behind: Mapping[str, Any]) -> str:
    changes = [
        f"{name}: {before[name]} → {behind[name]}"
        for name in before
        if before[name] != behind[name]
    ]
    return ", ".join(changes) or "nothing"
