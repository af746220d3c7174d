"""The application: its parts put together, and its OpenAPI document."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ridealong.service import authorization, bodies, problems
from ridealong.service.access import Gate, StoredKeys
from ridealong.service.authorization import AuthorizationServer, Client, Person, passphrase_digest
from ridealong.service.edge import Edge
from ridealong.service.events import Events
from ridealong.service.grants import StoredGrants
from ridealong.service.idempotency import Idempotency
from ridealong.service.keys import ApiKeys
from ridealong.service.limits import TokenBuckets
from ridealong.service.log import RequestLog
from ridealong.service.routes import Company, Guarded, add_routes
from ridealong.service.settings import Settings, issuer
from ridealong.service.store import Store
from ridealong.service.supply import Supply
from ridealong.service.tokens import SCOPES
from ridealong.service.versions import V1, V2

REDIRECT_URI: Final = "http://127.0.0.1/callback"
PASSPHRASES: Final = {
    ("rider-123", "Priya Levi", "rider"): "blue umbrella",
    ("driver-57", "Sofia Andersen", "driver"): "quiet motorway",
    ("support-1", "Sam from support", "support"): "patient listener",
}
"""Who can log in at the authorization server; fictional people, fictional secrets."""

CLIENTS: Final = (
    Client("rider-app", "Ridealong for riders", frozenset(SCOPES), (REDIRECT_URI,)),
    Client("trip-diary", "Trip Diary", frozenset({"rides:read"}), (REDIRECT_URI,)),
)
"""The applications that are registered; the second is somebody else's."""

_DESCRIPTION: Final = """The back end of Ridealong, a fictional ride-sharing company.

**Errors** are problem documents (RFC 9457). 400: it cannot be read; 422: it can be read and breaks
a rule; 404 also for what is somebody else's; 409: it does not fit how things stand.

**Versions.** In v2 an amount is whole cents with a currency, and two states have the names that
riders see: accepted is driver_assigned, in_progress is on_trip. v1 is deprecated.
"""


def create_app(settings: Settings) -> FastAPI:
    """Return the application for ASGI; it holds its database open until it is shut down.

    Args:
        settings: with a database; the port is where it will listen, for the issuer's name.

    Raises:
        DatabaseError: when the database cannot be used.
        PolicyError: when the policy of the cache cannot be followed.
        ValueError: for limits that let nobody pass, or a cache whose address is none.
    """
    buckets = TokenBuckets(settings.requests_per_second, settings.burst)
    reading_through = settings.cache_url, settings.cache_policy
    if any(reading_through) and not all(reading_through):
        raise ValueError("cache_url and cache_policy go together: give both, or none")
    events = Events(settings)
    store = Store(settings.database)
    log = RequestLog(store, settings.log_rows_kept)
    people = [
        Person(*who, passphrase_digest(passphrase)) for who, passphrase in PASSPHRASES.items()
    ]
    server = AuthorizationServer(
        issuer(settings),
        CLIENTS,
        people,
        store=StoredGrants(store),
        note="Names and passphrases stand in the notebook.",
    )
    gate = Gate(server.verifier().verify, server.store.is_revoked, ApiKeys(StoredKeys(store)))

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        yield
        await log.close()
        events.close()
        store.close()

    app = FastAPI(
        title="Ridealong",
        version="2.0.0",
        description=_DESCRIPTION,
        lifespan=running,
        docs_url=None,  # it would load its program from the internet
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=True,
    )
    app.state.log, app.state.store = log, store
    app.add_middleware(Edge, settings=settings, gate=gate, buckets=buckets, log=log)
    problems.install(app)
    company = Company(
        store,
        Idempotency(store, settings.pause_before_commit_seconds),
        Supply(store, settings),
        events,
    )
    app.router.route_class = Guarded
    for version in (V1, V2):
        add_routes(app.router, version, company)
    app.include_router(authorization.routes(server))
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # as FastAPI's manual says
    return app


_TAGS: Final = (
    ("rides", "Asking for rides, seeing and changing them."),
    ("transitions", "Each change of a ride's state, with its own permission."),
    ("quotes", "Prices that hold for a while."),
    ("drivers", "Who is free, and where."),
    ("payments", "What was paid."),
)
_HEADERS: Final = {
    "X-Request-ID": ("The number of the request in the log, yours if you sent one.", "0f3c"),
    "RateLimit-Policy": ("Requests (q) in seconds (w) that you may make.", '"default";q=100;w=5'),
    "RateLimit": (
        "Requests that remain (r), seconds until all are back (t).",
        '"default";r=99;t=1',
    ),
}
_HEADERS_OF_V1: Final = {
    "Deprecation": ("Since when it is deprecated, seconds since 1970 (RFC 9745).", "@1774828800"),
    "Sunset": ("Until when it is there (RFC 8594).", "Tue, 30 Mar 2027 00:00:00 GMT"),
}
_BEFORE_THE_EDGE: Final = ("408", "431", "500", "503")  # they may come without the header fields


def _document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document: FastAPI's, with what it cannot know."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS],
        servers=[{"url": "/", "description": "This service."}],
        license_info={"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
    )
    parts = document["components"]
    schema = bodies.ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    parts["schemas"] |= schema.pop("$defs")
    parts["schemas"]["ProblemDocument"] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    parts["securitySchemes"] = {
        "oauth2": {
            "type": "oauth2",
            "description": "For applications that act for a person; PKCE with S256 is required.",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": authorization.AUTHORIZE,
                    "tokenUrl": authorization.TOKEN,
                    "scopes": dict(SCOPES),
                }
            },
        },
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "apiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "For partners; it says which application calls, not for whom.",
        },
    }
    for path, item in document["paths"].items():
        for operation in item.values():
            _complete(operation, of_v1=path.startswith("/v1/"))
    app.openapi_schema = document
    return document


def _complete(operation: dict[str, Any], *, of_v1: bool) -> None:
    """Add the header fields of every answer, and take out what is FastAPI's own and not true here."""
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422", "")):
        del answers["422"]
    for parameter in operation.get("parameters", []):
        # A parameter that may be left out; there is no way to send null.
        choices = parameter["schema"].pop("anyOf", [])
        for choice in choices:
            if choice.get("type") != "null":
                parameter["schema"] |= choice
    headers = _HEADERS | (_HEADERS_OF_V1 if of_v1 else {})
    for status, answer in answers.items():
        for name, (text, example) in headers.items():
            answer.setdefault("headers", {})[name] = {
                "description": text,
                "required": status not in _BEFORE_THE_EDGE,
                "schema": {"type": "string"},
                "example": example,
            }
        if status in ("429", "503"):
            answer["headers"]["Retry-After"] = {
                "description": "Seconds to wait.",
                "required": True,
                "schema": {"type": "integer", "minimum": 1},
                "example": 1,
            }
        if status == "401":
            answer["headers"]["WWW-Authenticate"] = {
                "description": "How to make oneself known (RFC 9110, section 11.6.1).",
                "required": True,
                "schema": {"type": "string"},
                "example": 'Bearer realm="ridealong", error="invalid_token"',
            }
