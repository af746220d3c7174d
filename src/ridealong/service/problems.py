"""Every error as a problem document: `application/problem+json` (RFC 9457).

The house style: 400 for what cannot be read (no JSON, a parameter that is not what it says), 422
for a body that can be read and breaks a rule, 401 for a caller who is not known, 403 for one who
may not, 404 also for what is somebody else's, 409 for a conflict with the state of things, 412 for
a precondition that does not hold, 429 for too many requests.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "https://ridealong.example/problems/"
ERRORS_TOLD: Final = 20  # a body may break a thousand rules; the first twenty are enough to mend it


class Problem(Exception):
    """An answer that is an error.

    Args:
        status: the HTTP status code.
        name: what kind of problem it is, in words joined by hyphens; clients may rely on it.
        detail: what was seen, what was wanted and what to try, for the developer who reads it.
        headers: further header fields of the answer.
        extensions: further members of the document (RFC 9457, section 3.2).
    """

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.name = name
        self.detail = detail
        self.headers = dict(headers or {})
        self.extensions = extensions

    def document(self, request_id: str) -> dict[str, Any]:
        """Return the members of the problem document (RFC 9457, section 3.1)."""
        return {
            "type": TYPES + self.name,
            "title": self.name.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "instance": f"urn:ridealong:request:{request_id}",
            **self.extensions,
        }

    def body(self, request_id: str) -> bytes:
        """Return the document as JSON; ASCII only, so that no odd character of a request breaks it."""
        return json.dumps(self.document(request_id), separators=(",", ":")).encode()

    def response(self, request_id: str) -> Response:
        """Return the answer."""
        return Response(self.body(request_id), self.status, self.headers, MEDIA_TYPE)


NOT_FOUND: Final = "There is nothing at this address for you: look at the number and the path."


def install(app: FastAPI) -> None:
    """Let every error of the application, and of FastAPI itself, end as a problem document."""

    @app.exception_handler(Problem)
    async def told(request: Request, error: Problem) -> Response:
        return error.response(request_id(request))

    @app.exception_handler(HTTPException)
    async def of_framework(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 404:
            problem = Problem(404, "not-found", NOT_FOUND)
        elif error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(app, request))
            seen = f"{request.method} is not possible here; possible: {headers['Allow']}."
            problem = Problem(405, "method-not-allowed", seen, headers)
        elif error.status_code == 400:
            problem = Problem(400, "unreadable-body", "The body cannot be read as JSON.", headers)
        else:
            name = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
            problem = Problem(error.status_code, name, str(error.detail), headers)
        return problem.response(request_id(request))

    @app.exception_handler(RequestValidationError)
    async def of_validation(request: Request, error: RequestValidationError) -> Response:
        return _of_validation(request, error.errors()).response(request_id(request))


def request_id(request: Request) -> str:
    """Return the number under which the request stands in the log."""
    return str(request.scope.get("state", {}).get("request_id", "unknown"))


def _methods(app: FastAPI, request: Request) -> list[str]:
    """Return all methods of an address; the framework names those of its first route only."""
    found: set[str] = set()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0].value == 2 for route in app.router.routes):  # a full match
            found.add(method)
    return sorted(found)


def _of_validation(request: Request, errors: Sequence[Any]) -> Problem:
    places = {error["loc"][0] for error in errors}
    if places == {"body"}:
        if any(error["type"] == "json_invalid" for error in errors):
            return Problem(400, "unreadable-body", "The body cannot be read as JSON.")
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not (media_type == "application/json" or media_type.endswith("+json")):
            return Problem(
                415,
                "unsupported-media-type",
                "The body has to come as application/json: set Content-Type.",
            )
        status, name = 422, "invalid-body"
        detail = "The body breaks a rule: see errors, each with the place and what is wanted."
    else:
        status, name = 400, "invalid-parameter"
        detail = "A parameter is not what it has to be: see errors."
        errors = [error for error in errors if error["loc"][0] != "body"] or errors
    told = [
        {
            "in": error["loc"][0],
            "pointer": "/".join(["", *(str(part)[:100] for part in error["loc"][1:])]),
            "wanted": error["msg"][:300],
        }
        for error in errors[:ERRORS_TOLD]
    ]
    return Problem(status, name, detail, errors=told)
