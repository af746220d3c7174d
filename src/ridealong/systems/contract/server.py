"""Serves a contract as a real HTTP service, from its examples and schemas.

Requests are held against the contract: path, method, credentials, parameters, body. Answers come
from its examples, else are made from its schemas; each fits its own schema. What is created is
remembered until the service stops: it can be read, listed, changed and deleted.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from ridealong.systems.contract.parts import PLACEHOLDER, Document, Operation
from ridealong.systems.contract.sample import NoSample, sample
from ridealong.systems.contract.values import (
    Unfit,
    items_of,
    property_schemas,
    read_parameter,
    typed,
    types_of,
)
from ridealong.text import first_line

MOST_BODY_BYTES: Final = 1_000_000
MOST_FAULTS: Final = 10
MOST_RESOURCES: Final = 1_000
START_SECONDS: Final = 10
PROBLEM: Final = "application/problem+json"
_OWN: Final = "/-"
# Headers that say how an answer is sent: the server's, whatever a contract says of them.
_NOT_OURS: Final = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "date", "keep-alive"}
    | {"server", "te", "trailer", "transfer-encoding", "upgrade"}
)
_PAGE_SIZE: Final = frozenset({"limit", "pagesize", "perpage", "maxpagesize", "size", "top"})


class Served:
    """A contract that is being served; `stop()` it, or use it in a `with`.

    Attributes:
        url: where, such as `http://127.0.0.1:40123`.
        docs_url: its interactive documentation.
        document: what is served.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        # asyncio sends at once (TCP_NODELAY) only where the protocol is named; else a client waits
        # 40 ms for every body.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.docs_url = f"{self.url}{_OWN}/docs"
        self._server = uvicorn.Server(
            uvicorn.Config(create_app(document), log_level="critical", lifespan="off", ws="none")
        )
        # A thread of this process ends with it, however it ends.
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()
        # Meanwhile what the first request needs is loaded, which takes a second.
        import_module("ridealong.systems.contract.validation")
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise OSError("the contract's service did not start; try again")
            time.sleep(0.005)

    def stop(self) -> None:
        """End the service; a second call does nothing."""
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<contract served at {self.url}>"


def serve(document: Document) -> Served:
    """Serve a contract on a free port of this machine, from now until `stop()`.

    Raises:
        OSError: when no port can be had or the service does not start.
    """
    return Served(document)


def create_app(document: Document) -> Starlette:
    """Return the service of a contract as an ASGI application, for a server or a test client."""
    service = _Service(document)
    folder = _viewer()

    async def docs(request: Request) -> Response:
        return HTMLResponse(_PAGE if folder else _NO_VIEWER, headers=_PAGE_HEADERS)

    async def start_script(request: Request) -> Response:
        return Response(_START_VIEWER, media_type="text/javascript")

    async def openapi(request: Request) -> Response:
        # The viewer's "try it out" calls this service, whatever servers the contract names.
        return JSONResponse({**document.content, "servers": [{"url": "../"}]})

    routes: list[Any] = [
        Route(f"{_OWN}/docs", docs),
        Route(f"{_OWN}/start.js", start_script),
        Route(f"{_OWN}/openapi.json", openapi),
    ]
    if folder:
        routes.append(Mount(f"{_OWN}/viewer", StaticFiles(directory=folder)))
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    app.router.default = service  # also for paths with a line break, which no `Route` fits
    return app


# The documentation page. Swagger UI's files come with the package fastapi-offline.


def _viewer() -> Path | None:
    package = importlib.util.find_spec("fastapi_offline")
    if package is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0]) / "static"
    return folder if (folder / "swagger-ui-bundle.js").is_file() else None


_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Your contract, served</title>
<link rel="icon" href="viewer/favicon.png">
<link rel="stylesheet" href="viewer/swagger-ui.css">
</head>
<body>
<main id="contract"></main>
<noscript>This page needs JavaScript. The contract itself is at <a href="openapi.json">openapi.json</a>.</noscript>
<script src="viewer/swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</body>
</html>
"""
_START_VIEWER: Final = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#contract",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""
_NO_VIEWER: Final = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Your contract, served</title>
<p>The viewer is not installed. Run <code>python -m pip install fastapi-offline</code>,
then load this page again. The contract itself is at <a href="openapi.json">openapi.json</a>.</p>
</html>
"""
# A contract's own texts may name pictures and scripts elsewhere: the page opens none of them.
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
}


# Routing


@dataclass
class _Template:
    """A path template and its operations."""

    path: str
    segments: list[list[str]]  # each: text, name, text, name, ..., text
    operations: dict[str, Operation] = field(default_factory=dict)

    @property
    def rank(self) -> list[tuple[int, int]]:
        """The most specific sorts first: fixed text before text with parameters in it."""
        return [
            (len(parts) // 2 and 1 + (len("".join(parts[::2])) == 0), -len("".join(parts[::2])))
            for parts in self.segments
        ]

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Return the parameters of a path's decoded segments, None when it is another path."""
        if len(segments) != len(self.segments):
            return None
        found: dict[str, str] = {}
        for parts, segment in zip(self.segments, segments, strict=True):
            values = _match_segment(parts, segment)
            if values is None:
                return None
            found.update(values)
        return found


def _match_segment(parts: list[str], segment: str) -> dict[str, str] | None:
    # The text between two parameters is looked for from the left, without a regular expression:
    # a template with many parameters cannot make this slow.
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return {} if segment == first else None
    if not segment.startswith(first) or not segment.endswith(last):
        return None
    position, end = len(first), len(segment) - len(last)
    found: dict[str, str] = {}
    for number in range(1, len(parts), 2):
        is_last = number == len(parts) - 2
        stop = end if is_last else segment.find(parts[number + 1], position + 1, end)
        if stop < position + 1:
            return None
        found[parts[number]] = segment[position:stop]
        position = stop + (0 if is_last else len(parts[number + 1]))
    return found


class _Router:
    def __init__(self, document: Document) -> None:
        templates: dict[str, _Template] = {}
        for operation in document.operations():
            # What stands behind # is never sent, and what stands behind ? is no part of a path.
            path = re.split("[?#]", operation.path)[0]
            if path not in templates:
                segments = [PLACEHOLDER.split(each) for each in path.split("/")[1:]]
                templates[path] = _Template(path, segments)
            templates[path].operations.setdefault(operation.method, operation)
        self._by_start: dict[tuple[int, str | None], list[_Template]] = {}
        for template in sorted(templates.values(), key=lambda each: each.rank):
            first = template.segments[0]
            start = first[0] if len(first) == 1 else None
            self._by_start.setdefault((len(template.segments), start), []).append(template)
        self.templates = templates
        self._bases = sorted(_base_paths(document), key=len, reverse=True)

    def find(self, path: str) -> Iterator[tuple[_Template, dict[str, str], list[str]]]:
        """Yield the templates that a raw path fits, the most specific first."""
        for base in ["", *self._bases]:
            if base and not path.startswith(base + "/"):
                continue
            segments = [unquote(each) for each in path[len(base) :].split("/")[1:]]
            for start in (segments[0] if segments else "", None):
                for template in self._by_start.get((len(segments), start), ()):
                    values = template.match(segments)
                    if values is not None:
                        yield template, values, segments


def _base_paths(document: Document) -> set[str]:
    found = set()
    for server in document.content.get("servers") or ():
        url = str(server.get("url", ""))
        for name, variable in (server.get("variables") or {}).items():
            url = url.replace("{" + name + "}", str(variable.get("default", "")))
        try:
            path = urlsplit(url).path.rstrip("/")
        except ValueError:
            continue
        if path.startswith("/"):
            found.add(path)
    return found


# Answering


class _Refused(Exception):
    """A request that gets an error for an answer."""

    def __init__(
        self, status: int, detail: str, errors: list[str] | None = None, **headers: str
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors or []
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class _Call:
    """One request to one operation."""

    operation: Operation
    template: _Template
    segments: list[str]
    path_values: dict[str, str]
    request: Request
    body: Any = None
    values: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def accept(self) -> str:
        return self.request.headers.get("accept", "*/*")

    @property
    def preferences(self) -> dict[str, str]:
        """The parts of `Prefer` (RFC 7240), such as code and example."""
        found: dict[str, str] = {}
        for header in self.request.headers.getlist("prefer"):
            for part in re.split(r"[,;]", header):
                name, _, value = part.partition("=")
                found.setdefault(name.strip().lower(), value.strip().strip('"'))
        return found


class _Service:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.router = _Router(document)
        self.samples: dict[int, Any] = {}
        # By the path of a collection and the id: what a client wrote. None: it was deleted.
        self.resources: dict[tuple[tuple[str, ...], str], dict[str, Any] | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        response = await self.answer(Request(scope, receive))
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        call: _Call | None = None
        try:
            call = self._call(request)
            return await self._answer(call)
        except _Refused as refused:
            return self._refusal(call, refused)
        except NoSample:
            detail = "No value was found that fits the schema of this response; an example that fits would be served."
            return _problem(_Refused(501, detail))
        except Exception as error:  # whatever a stranger's document leads to, there is an answer
            detail = f"The contract cannot be served here: {first_line(error)[:200]}"
            return _problem(_Refused(500, detail))

    def _call(self, request: Request) -> _Call:
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
        method = request.method.lower()
        allowed: set[str] = set()
        for template, values, segments in self.router.find(path.partition("?")[0]):
            operation = template.operations.get(method)
            if operation is None and method == "head":
                operation = template.operations.get("get")
            if operation is not None:
                return _Call(operation, template, segments, values, request)
            allowed |= {each.upper() for each in template.operations}
        if allowed:
            raise _Refused(
                405,
                f"{request.method} is not among the methods of this path: {', '.join(sorted(allowed))}.",
                Allow=", ".join(sorted(allowed)),
            )
        raise _Refused(404, f"No path of the contract fits {request.url.path}.")

    async def _answer(self, call: _Call) -> Response:
        if "code" in call.preferences:
            return self._preferred(call, call.preferences["code"])
        self._check_credentials(call)
        self._check_parameters(call)
        await self._check_body(call)
        self._check_deleted(call)
        key, status = self._success(call.operation)
        return self._success_response(call, key, status)

    # What the contract asks of a request

    def _check_credentials(self, call: _Call) -> None:
        choices = call.operation.content.get("security", self.document.content.get("security"))
        if not choices:
            return
        schemes = (self.document.content.get("components") or {}).get("securitySchemes") or {}
        challenges: list[str] = []
        for choice in choices:
            wanted = [self.document.resolve(schemes.get(name, {})) for name in choice]
            if all(_has_credentials(call.request, scheme) for scheme in wanted):
                return
            challenges.extend(_challenge(scheme) for scheme in wanted)
        names = " or ".join(" and ".join(choice) for choice in choices)
        raise _Refused(
            401,
            f"This operation wants credentials: {names}.",
            WWW_Authenticate=", ".join(dict.fromkeys(challenges)),
        )

    def _check_parameters(self, call: _Call) -> None:
        faults: list[str] = []
        for parameter in call.operation.parameters:
            name, place = str(parameter["name"]), str(parameter["in"])
            if place == "header" and name.lower() in {"accept", "content-type", "authorization"}:
                continue  # OpenAPI 3.1.1 section 4.8.12.1: such a definition is ignored
            try:
                found, value = read_parameter(
                    self.document, parameter, call.request, call.path_values
                )
            except Unfit as error:
                faults.append(f"{place} parameter {name}: {error}")
                continue
            if found:
                call.values[place, name] = value
            elif parameter.get("required"):
                faults.append(f"{place} parameter {name}: it is required and not there")
        if faults:
            raise self._invalid(call, faults)

    async def _check_body(self, call: _Call) -> None:
        raw = bytearray()
        async for chunk in call.request.stream():
            raw += chunk
            if len(raw) > MOST_BODY_BYTES:
                raise _Refused(413, f"The body has more than {MOST_BODY_BYTES:,} bytes.")
        described = call.operation.content.get("requestBody")
        if described is None:
            return
        described = self.document.resolve(described)
        content = described.get("content") or {}
        if not raw:
            if described.get("required"):
                raise self._invalid(call, ["body: it is required and empty"])
            return
        sent = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not sent:
            sent = next((each for each in content if _is_json(each)), "application/octet-stream")
        media = _fitting(content, sent)
        if media is None:
            raise _Refused(
                415,
                f"The body is {sent}; the contract takes {', '.join(content)}.",
                Accept=", ".join(content),
            )
        schema = media.get("schema", True)
        if _is_json(sent):
            try:
                call.body = json.loads(raw, parse_constant=_no_constant)
            except (ValueError, RecursionError) as error:
                raise self._invalid(call, [f"body: it is no JSON ({first_line(error)})"]) from None
        elif sent == "application/x-www-form-urlencoded":
            call.body = _form(self.document, bytes(raw), schema)
        else:
            return  # OpenAPI describes such bodies only for readers
        faults = self._faults(schema, call.body)
        if faults:
            raise self._invalid(call, faults)

    def _faults(self, schema: Any, value: Any) -> list[str]:
        found = islice(self.document.validator(schema).faults(value), MOST_FAULTS)
        return [f"body{each}" if each.startswith(".") else f"body: {each}" for each in found]

    def _invalid(self, call: _Call, faults: list[str]) -> _Refused:
        declared = call.operation.content.get("responses") or {}
        status = next((each for each in (400, 422) if str(each) in declared), 400)
        return _Refused(status, "; ".join(faults), faults)

    # State

    def _item(self, call: _Call) -> tuple[tuple[str, ...], str] | None:
        """Return the collection and the id when the path names one resource of a collection."""
        last = call.template.segments[-1]
        if len(last) == 3 and not last[0] and not last[2]:
            return tuple(call.segments[:-1]), call.segments[-1]
        return None

    def _check_deleted(self, call: _Call) -> None:
        for number, parts in enumerate(call.template.segments):
            if len(parts) >= 3 and not parts[0]:
                key = (tuple(call.segments[:number]), call.path_values[parts[1]])
                if key in self.resources and self.resources[key] is None:
                    raise _Refused(404, f"{call.path_values[parts[1]]} was deleted.")

    def _remember(self, key: tuple[tuple[str, ...], str], fields: dict[str, Any] | None) -> None:
        self.resources.pop(key, None)
        self.resources[key] = fields
        if len(self.resources) > MOST_RESOURCES:
            del self.resources[next(iter(self.resources))]

    def _success_response(self, call: _Call, key: str, status: int) -> Response:
        method = call.operation.method
        item = self._item(call)
        fields: dict[str, Any] = {}
        headers: dict[str, str] = {}
        if item is not None:
            known = self.resources.get(item)
            written = dict(call.body) if isinstance(call.body, dict) else {}
            if method == "delete":
                self._remember(item, None)
            elif method in {"put", "patch"}:
                known = {**(known or {}), **written}
                self._remember(item, known)
            elif method == "post":
                known = {**(known or {}), **written}
            fields = known or {}
        elif method == "post":
            return self._create(call, key, status)
        media_type, value, schema = self._content(call, key, call.accept)
        if isinstance(value, dict) and (fields or item):
            if item is not None:
                self._name_it(call, value, schema, fields, item[1])
            value = self._overlaid(value, fields, schema)
        elif method == "get":
            value = self._listed(call, value, schema)
        return self._response(call, key, status, media_type, value, headers)

    def _name_it(
        self, call: _Call, value: dict[str, Any], schema: Any, fields: dict[str, Any], text: str
    ) -> None:
        """Put the id that the path names into the fields, where the response has a place for it."""
        name = _id_name(value, call.template.segments[-1][1])
        if name and name not in fields:
            inner = property_schemas(self.document, schema).get(name, True)
            for candidate in _typed(text):
                if self.document.validator(inner).is_valid(candidate):
                    fields[name] = candidate
                    return

    def _create(self, call: _Call, key: str, status: int) -> Response:
        media_type, value, schema = self._content(call, key, call.accept)
        collection = tuple(call.segments)
        child = self._child(call.template)
        if child is None or not isinstance(call.body, (dict, type(None))):
            if isinstance(value, dict) and isinstance(call.body, dict):
                value = self._overlaid(value, call.body, schema)
            return self._response(call, key, status, media_type, value, {})
        fields = dict(call.body or {})
        parameter_name = child.segments[-1][1]
        name = _id_name(value, parameter_name) if isinstance(value, dict) else ""
        properties = property_schemas(self.document, schema)
        identity = self._new_id(
            child,
            parameter_name,
            properties.get(name, True),
            collection,
            value.get(name) if name else None,
        )
        headers = {}
        if identity is not None:
            if name:
                fields[name] = identity
            if isinstance(value, dict):
                value = self._overlaid(value, fields, schema)
                fields = {**fields, **value}
            self._remember((collection, str(identity)), fields)
            if status == 201:
                headers["Location"] = "/" + "/".join(
                    _quoted(each) for each in (*collection, str(identity))
                )
        return self._response(call, key, status, media_type, value, headers)

    def _child(self, template: _Template) -> _Template | None:
        """Return the template of one resource of a collection."""
        for other in self.router.templates.values():
            if (
                len(other.segments) == len(template.segments) + 1
                and other.path.rpartition("/")[0] == template.path
            ):
                last = other.segments[-1]
                if len(last) == 3 and not last[0] and not last[2]:
                    return other
        return None

    def _new_id(
        self, child: _Template, name: str, inner: Any, collection: tuple[str, ...], shown: Any
    ) -> Any:
        operation = next(iter(child.operations.values()))
        schemas = [inner] if inner is not True else []
        for parameter in operation.parameters:
            if parameter["name"] == name and parameter["in"] == "path" and "schema" in parameter:
                schemas.append(parameter["schema"])
        start = sum(1 for key in self.resources if key[0] == collection) + 2
        for number in range(start, start + 50):
            try:
                value = (
                    sample(self.document, schemas[0], name=name, number=number)
                    if schemas
                    else f"{name}-{number}"
                )
            except NoSample:
                return None
            tidy = value.replace(" ", "-") if isinstance(value, str) else value
            if all(self.document.validator(each).is_valid(tidy) for each in schemas):
                value = tidy
            if not isinstance(value, (str, int)) or value == "" or "/" in str(value):
                return None
            if value != shown and (collection, str(value)) not in self.resources:
                return value
        return None

    def _overlaid(
        self, value: dict[str, Any], fields: Mapping[str, Any], schema: Any
    ) -> dict[str, Any]:
        """Return a value with what a client wrote in it, as far as its schema lets it."""
        properties = property_schemas(self.document, schema)
        usable = _shown(fields, value, properties)
        validator = self.document.validator(schema)
        together = {**value, **usable}
        if validator.is_valid(together):
            return together
        for name, written in usable.items():
            together = {**value, name: written}
            if validator.is_valid(together):
                value = together
        return value

    def _listed(self, call: _Call, value: Any, schema: Any) -> Any:
        """Return a list with what was created in it and without what was deleted."""
        child = self._child(call.template)
        holder = value
        inside = ""
        if isinstance(value, dict):
            lists = [name for name, each in value.items() if isinstance(each, list)]
            if len(lists) != 1:
                return value
            inside = lists[0]
            holder = value[inside]
        if not isinstance(holder, list):
            return value
        entries = list(holder)
        validator = self.document.validator(schema)

        def whole(entries: list[Any]) -> Any:
            return {**value, inside: entries} if inside else entries

        if child is not None:
            collection = tuple(call.segments)
            own = {key[1]: fields for key, fields in self.resources.items() if key[0] == collection}
            first = entries[0] if entries else None
            name = _id_name(first, child.segments[-1][1]) if isinstance(first, dict) else ""
            entries = [
                each
                for each in entries
                if not (isinstance(each, dict) and str(each.get(name)) in own)
            ]
            listed = property_schemas(self.document, schema).get(inside, True) if inside else schema
            properties = property_schemas(self.document, items_of(self.document, listed))
            for written in own.values():
                if written is None:
                    continue
                fields = _shown(written, first, properties)
                full = {**first, **fields} if isinstance(first, dict) else fields
                known = {key: each for key, each in full.items() if key in (first or fields)}
                # As it was created, else with what an entry of this list has beside.
                choices = [[*entries, fields], [*entries, known], [*entries[1:], known]]
                entries = next(
                    (each for each in choices if validator.is_valid(whole(each))), entries
                )
        for (place, name), wanted in call.values.items():
            if (
                place == "query"
                and name.lower().replace("_", "") in _PAGE_SIZE
                and isinstance(wanted, int)
            ):
                entries = entries[: max(wanted, 0)]
        return whole(entries) if validator.is_valid(whole(entries)) else value

    # Answers

    def _success(self, operation: Operation) -> tuple[str, int]:
        """Return the key and the code of the answer to a good request."""
        declared = [
            key for key in operation.content.get("responses") or {} if not key.startswith("x-")
        ]
        for wanted in ("2", "3", "default", "4", "5"):
            keys = sorted(key for key in declared if key.startswith(wanted))
            if keys:
                return keys[0], _code(keys[0], 200)
        raise _Refused(501, "The contract describes no answer of this operation that can be given.")

    def _preferred(self, call: _Call, code: str) -> Response:
        declared = call.operation.content.get("responses") or {}
        key = _declared(declared, code)
        if key is None or not code.isdecimal() or not 200 <= int(code) <= 599:
            raise _Refused(
                400,
                f"Prefer asks for the code {code[:20]}; this operation describes {', '.join(declared)}.",
            )
        media_type, value, _ = self._content(call, key, call.accept)
        headers = {"Preference-Applied": f"code={code}"}
        return self._response(call, key, int(code), media_type, value, headers)

    def _content(self, call: _Call, key: str, accept: str) -> tuple[str, Any, Any]:
        """Return the media type, the value and the schema of a described response."""
        described = self.document.resolve((call.operation.content.get("responses") or {})[key])
        content = described.get("content") or {}
        if not content:
            return "", None, True
        media_type = _accepted(list(content), accept)
        if media_type is None:
            raise _Refused(
                406,
                f"The contract has {', '.join(content)} here; Accept asks for {accept[:80]}.",
            )
        media = content[media_type]
        schema = media.get("schema", True)
        return media_type, self._value(media, schema, call.preferences.get("example", "")), schema

    def _value(self, media: dict[str, Any], schema: Any, name: str) -> Any:
        validator = self.document.validator(schema)
        named = {
            key: self.document.resolve(each) for key, each in (media.get("examples") or {}).items()
        }
        if name and named:
            if name not in named or "value" not in named[name]:
                raise _Refused(
                    400,
                    f"Prefer asks for the example {name[:40]}; the contract has {', '.join(named)}.",
                )
            value = named[name]["value"]
            if not validator.is_valid(value):
                raise _Refused(400, f"The example {name[:40]} does not fit its own schema.")
            return copy.deepcopy(value)
        if id(media) not in self.samples:
            given = [media["example"]] if "example" in media else []
            given.extend(each["value"] for each in named.values() if "value" in each)
            fitting = [each for each in given if validator.is_valid(each)]
            self.samples[id(media)] = fitting[0] if fitting else sample(self.document, schema)
        return copy.deepcopy(self.samples[id(media)])

    def _response(
        self,
        call: _Call,
        key: str,
        status: int,
        media_type: str,
        value: Any,
        headers: dict[str, str],
    ) -> Response:
        described = self.document.resolve((call.operation.content.get("responses") or {})[key])
        found = {}
        for name, header in (described.get("headers") or {}).items():
            if name.lower() not in _NOT_OURS:
                text = self._header(header, name)
                if text is not None:
                    found[name] = text
        for name, text in headers.items():
            found = {other: each for other, each in found.items() if other.lower() != name.lower()}
            found[name] = text
        if status in {204, 205, 304} or not media_type:
            return Response(status_code=status, headers=found)
        media_type = _concrete(media_type)
        if _is_json(media_type):
            body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            body = text.encode("utf-8", "replace")
        return Response(body, status, {**found, "content-type": media_type})

    def _header(self, header: Any, name: str) -> str | None:
        header = self.document.resolve(header)
        schema = header.get("schema", True)
        named = [self.document.resolve(each) for each in (header.get("examples") or {}).values()]
        given = [header["example"]] if "example" in header else []
        given.extend(each["value"] for each in named if "value" in each)
        value = next(
            (each for each in given if self.document.validator(schema).is_valid(each)), None
        )
        if value is None:
            try:
                value = sample(self.document, schema, name=name)
            except NoSample:
                return None
        if isinstance(value, dict):
            value = [each for pair in value.items() for each in pair]
        if isinstance(value, list):
            text = ",".join(_plain(each) for each in value)
        else:
            text = _plain(value)
        return text if re.fullmatch(r"[\x20-\x7e]*", text) else None

    def _refusal(self, call: _Call | None, refused: _Refused) -> Response:
        """Answer with the contract's own error where it describes one, else with a problem."""
        declared = call.operation.content.get("responses") or {} if call else {}
        key = _declared(declared, str(refused.status))
        if call is None or key is None:
            return _problem(refused)
        try:
            # RFC 9110 section 12.4.1: an answer in another form is better than none.
            media_type, value, schema = self._content(call, key, "*/*")
        except (_Refused, NoSample):
            return _problem(refused)
        if isinstance(value, dict):
            told = {
                "status": refused.status,
                "title": HTTPStatus(refused.status).phrase,
                "detail": refused.detail,
                "message": refused.detail,
                "errors": refused.errors,
            }
            value = self._overlaid(
                value, {name: each for name, each in told.items() if name in value}, schema
            )
        return self._response(call, key, refused.status, media_type, value, refused.headers)


def _problem(refused: _Refused) -> Response:
    """Return an error as problem details (RFC 9457)."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "detail": refused.detail,
    }
    if refused.errors:
        content["errors"] = refused.errors
    return JSONResponse(content, refused.status, refused.headers, PROBLEM)


def _declared(declared: Mapping[str, Any], code: str) -> str | None:
    """Return the key under which a code is described: itself, its range, or default."""
    return next((key for key in (code, f"{code[:1]}XX", "default") if key in declared), None)


def _code(key: str, default: int) -> int:
    if key == "default":
        return default
    return int(key.replace("XX", "00"))


def _is_json(media_type: str) -> bool:
    return bool(
        re.fullmatch(
            r"application/(?:[\w.!#$&^-]+\+)?json|\*/\*|application/\*",
            media_type.partition(";")[0].strip().lower(),
        )
    )


def _concrete(media_type: str) -> str:
    return (
        "application/json"
        if media_type in {"*/*", "application/*"}
        else media_type.replace("/*", "/plain")
    )


def _fitting(content: Mapping[str, Any], sent: str) -> dict[str, Any] | None:
    """Return what is described for a media type, the most exact first."""
    for key in sorted(content, key=lambda each: each.count("*")):
        name = key.partition(";")[0].strip().lower()
        if name in {sent, "*/*"} or (name.endswith("/*") and sent.startswith(name[:-1])):
            found = content[key]
            return found if isinstance(found, dict) else {}
    return None


def _accepted(offered: list[str], accept: str) -> str | None:
    """Return the media type that a client likes best (RFC 9110 section 12.5.1), JSON on a tie."""
    ranges: list[tuple[str, float]] = []
    for part in accept.split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        try:
            ranges.append((name, float(quality)))
        except ValueError:
            ranges.append((name, 1.0))

    def liking(media_type: str) -> float:
        name = _concrete(media_type.partition(";")[0].strip().lower())
        for wanted in (name, name.partition("/")[0] + "/*", "*/*"):
            found = [quality for each, quality in ranges if each == wanted]
            if found:
                return found[0]
        return 0.0

    best = max(offered, key=lambda each: (liking(each), _is_json(each)))
    return best if liking(best) > 0 or not accept.strip() else None


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _form(document: Document, raw: bytes, schema: Any) -> dict[str, Any]:
    properties = property_schemas(document, schema)
    found: dict[str, Any] = {}
    for name, texts in parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True).items():
        inner = properties.get(name, True)
        if "array" in types_of(document, inner):
            found[name] = [
                typed(document, text, (document.resolve(inner) or {}).get("items", True))
                for text in texts
            ]
        else:
            found[name] = typed(document, texts[-1], inner)
    return found


def _has_credentials(request: Request, scheme: dict[str, Any]) -> bool:
    headers: Headers = request.headers
    kind, name = scheme.get("type"), str(scheme.get("name", ""))
    if kind == "apiKey":
        places: dict[str, Any] = {
            "header": headers,
            "query": request.query_params,
            "cookie": request.cookies,
        }
        return bool(places.get(str(scheme.get("in")), {}).get(name))
    if kind == "mutualTLS":
        return True  # settled before HTTP begins
    wanted = str(scheme.get("scheme", "bearer")).lower() if kind == "http" else "bearer"
    sent, _, rest = headers.get("authorization", "").strip().partition(" ")
    return sent.lower() == wanted and bool(rest.strip())


def _challenge(scheme: dict[str, Any]) -> str:
    kind = scheme.get("type")
    if kind == "apiKey":
        return f'ApiKey realm="contract", {scheme.get("in", "header")}="{scheme.get("name", "")}"'
    name = str(scheme.get("scheme", "bearer")) if kind == "http" else "bearer"
    return f'{name.capitalize()} realm="contract"'


def _id_name(value: Any, parameter: str) -> str:
    """Return the property that holds the id: `ride_id`, `rideId` or `id` for {ride_id}."""

    def plain(name: str) -> str:
        return name.lower().replace("_", "").replace("-", "")

    if not isinstance(value, dict):
        return ""
    names = [each for each in value if len(each) > 1 and plain(parameter).endswith(plain(each))]
    return max(names, key=len, default="")


def _typed(text: str) -> list[Any]:
    return [int(text), text] if re.fullmatch(r"-?(0|[1-9]\d{0,17})", text) else [text]


def _shown(fields: Mapping[str, Any], value: Any, properties: dict[str, Any]) -> dict[str, Any]:
    """Return of what a client wrote what an answer has a place for, and no password."""
    known = {name for name, each in properties.items() if not _is_write_only(each)}
    known |= set(value) if isinstance(value, dict) else set()
    return {
        name: each for name, each in fields.items() if name in known or not (known or properties)
    }


def _is_write_only(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("writeOnly") is True


def _quoted(segment: str) -> str:
    return quote(segment, safe="~:@!$&'()*+,;=")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
