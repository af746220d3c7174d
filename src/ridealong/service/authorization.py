"""Ridealong's own small OAuth 2.0 authorization server.

A person lets an application act for them without giving it their passphrase: the application sends
them here (`/oauth/authorize`), they say who they are and what the application may do, and the
application fetches tokens with a code (`/oauth/token`). The flows are Authlib's; what is here is
what they leave to a server, and what RFC 9700 (Best Current Practice for OAuth 2.0 Security) asks:

===========  =======================================================================================
RFC 9700     Here
===========  =======================================================================================
2.1, 4.1.3   A redirect URI is registered and has to match character by character.
2.1.1, 4.8   PKCE is required of every client, with S256 only; `plain` and none are refused.
2.1.2, 2.4   No implicit grant and no password grant.
2.2.2, 4.14  A refresh token is good once; a second use revokes all that came from its consent.
2.3          Tokens name one audience and the least scope; what is not asked for is not given.
2.5          A client's secret is kept as a hash and compared in constant time.
2.6          Metadata says what is supported (RFC 8414).
4.2.4        Pages send no referrer, are not stored and load nothing.
4.4          Every answer to the redirect URI names the issuer (`iss`, RFC 9207).
4.5          A code is good once, for a minute, and for the client that asked for it.
4.7          `state` comes back as it was sent; the consent form has a token of its own.
4.11.2       Nobody is sent to a redirect URI that is not registered, not even with an error.
4.12         After a passphrase comes status 303, which makes the browser forget the form.
4.15         No client may be called like a person; its own tokens have the role `partner`.
4.16         The pages cannot be put into a frame.
===========  =======================================================================================

What it asks for and is not here: tokens bound to their sender (2.2.1), and clients that authenticate
with a key pair (2.5), because a course needs a token that one can read and copy; TLS (2.6), because
the service is reached on the loopback interface only; a login before an error is sent to a redirect
URI (4.11.2), because clients are registered by hand here, so none of them is a stranger's, and
RFC 6749 section 4.1.2.1 tells the application at once.

State stands behind `Store`: the company's is in its database (`grants.StoredGrants`), so that what
was revoked stays so after a restart. Wrong passphrases are counted, and pages that are open are
known, by one process and until it ends.
"""

import base64
import binascii
import hashlib
import hmac
import html
import re
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Protocol, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.oauth2 import OAuth2Error, rfc9207  # type: ignore[import-untyped]
from authlib.oauth2 import rfc6749 as oauth
from authlib.oauth2.rfc6749 import grants  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.errors import (  # type: ignore[import-untyped]
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnsupportedGrantTypeError,
    UnsupportedResponseTypeError,
)
from authlib.oauth2.rfc6749.requests import (  # type: ignore[import-untyped]
    BasicOAuth2Payload,
    OAuth2Request,
)
from authlib.oauth2.rfc7009 import RevocationEndpoint  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import CodeChallenge  # type: ignore[import-untyped]
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata  # type: ignore[import-untyped]
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response

from ridealong.service import tokens

CODE_TTL_SECONDS: Final = 60  # RFC 6749 section 4.1.2 allows ten minutes at most
REFRESH_TTL_SECONDS: Final = 30 * 24 * 3600
FORM_TTL_SECONDS: Final = 600
PASSPHRASE_COST: Final = 2**14  # 16 MB and some 50 ms for each try
TRIES: Final = 5  # wrong passphrases for one person ...
TRIES_WINDOW_SECONDS: Final = 60  # ... within this time
MAXIMUM_QUERY_BYTES: Final = 4096
MAXIMUM_BODY_BYTES: Final = 16384

AUTHORIZE: Final = "/oauth/authorize"
TOKEN: Final = "/oauth/token"
REVOKE: Final = "/oauth/revoke"
JWKS: Final = "/oauth/jwks.json"
METADATA: Final = "/.well-known/oauth-authorization-server"  # RFC 8414 section 3

# What Authlib says nothing about, or too little.
_DESCRIPTIONS: Final = {
    "invalid_scope": "The 'scope' is missing, unknown, or more than was consented to or registered.",
    "unsupported_grant_type": "The 'grant_type' has to be authorization_code, refresh_token or client_credentials.",
    "unsupported_response_type": "The 'response_type' has to be code.",
}

_COOKIE: Final = "ridealong_consent"
_AUTHENTICATION: Final = ["none", "client_secret_basic", "client_secret_post"]
_GRANT_TYPES: Final = ("authorization_code", "refresh_token", "client_credentials")
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True)
class Client:
    """An application that is registered here.

    Attributes:
        client_id: Its public name in requests.
        name: Its name for people, on the consent page.
        scopes: The most it may ask for.
        redirect_uris: Where codes may be sent, matched character by character.
        grant_types: Of `authorization_code`, `refresh_token` and `client_credentials`.
        secret_digest: `digest` of its secret; empty for a public client, which has none because
            it runs on its users' devices (RFC 6749 section 2.1).

    Raises:
        ValueError: A redirect URI or a grant type that cannot be registered.
    """

    client_id: str
    name: str
    scopes: frozenset[str]
    redirect_uris: tuple[str, ...] = ()
    grant_types: frozenset[str] = frozenset({"authorization_code", "refresh_token"})
    secret_digest: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for uri in self.redirect_uris:
            parts = urlsplit(uri)
            own_scheme = "." in parts.scheme  # com.example.app:/callback, RFC 8252 section 7.1
            loopback = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1"}
            if not (parts.scheme == "https" or own_scheme or loopback) or "#" in uri:
                raise ValueError(
                    f"The redirect URI {uri!r} of {self.client_id} cannot be registered: it begins with "
                    "https://, http://127.0.0.1 or a scheme of the app's own with a dot, without #."
                )
        unknown = self.grant_types.difference(_GRANT_TYPES)
        if unknown or ("client_credentials" in self.grant_types and not self.secret_digest):
            raise ValueError(
                f"The grant types of {self.client_id} are of {', '.join(_GRANT_TYPES)}, and "
                f"client_credentials needs a secret; seen are {', '.join(sorted(self.grant_types))}."
            )

    # The names below are Authlib's (authlib.oauth2.rfc6749.ClientMixin).

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Return nothing: a request has to say where its answer goes."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope if all of it may be asked for, and None if not or if it is empty.

        There is no default scope: RFC 6749 section 3.3 lets a server refuse a request without one.
        """
        wanted = (scope or "").split()
        return " ".join(sorted(set(wanted))) if wanted and self.scopes.issuperset(wanted) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(self.secret_digest) and hmac.compare_digest(
            digest(client_secret), self.secret_digest
        )

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method == "none") == (not self.secret_digest)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody fictional who can say who they are.

    Attributes:
        subject: The `sub` of their tokens, such as the text of a user's id.
        name: Shown on the consent page.
        role: Of `tokens.ROLES`, but `partner`.
        passphrase_digest: `passphrase_digest` of their passphrase.
    """

    subject: str
    name: str
    role: str
    passphrase_digest: str = field(repr=False)


def digest(secret: str) -> str:
    """Return the SHA-256 of a random secret in hexadecimal; a passphrase needs more, see below."""
    return hashlib.sha256(secret.encode()).hexdigest()


def passphrase_digest(passphrase: str, *, cost: int = PASSPHRASE_COST, salt: str = "") -> str:
    """Return cost, salt and scrypt of what a person can remember and another one can guess.

    Args:
        passphrase: What the person types.
        cost: N of RFC 7914 section 2, a power of two; less only for a passphrase that is no secret.
        salt: Hexadecimal; a new one where it is empty.
    """
    salt = salt or secrets.token_hex(16)
    hashed = hashlib.scrypt(passphrase.encode(), salt=bytes.fromhex(salt), n=cost, r=8, p=1)
    return f"{cost}${salt}${hashed.hex()}"


def _knows_passphrase(person: Person, passphrase: str) -> bool:
    cost, salt, _ = person.passphrase_digest.split("$")
    tried = passphrase_digest(passphrase, cost=int(cost), salt=salt)
    return hmac.compare_digest(tried, person.passphrase_digest)


Kind = Literal["code", "refresh"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A code or a refresh token as it is kept: never itself, only its digest.

    Attributes:
        kind: What it is.
        digest: `digest` of the code or token.
        grant_id: The consent it goes back to.
        client_id: Whom it was given to.
        subject: Whom it speaks for.
        scope: What was consented to, words with a space between.
        redirect_uri: Where the code was sent; empty for a refresh token.
        code_challenge: PKCE, base64url of the verifier's SHA-256; empty for a refresh token.
        expires_at_seconds: Seconds since 1970-01-01 UTC; not accepted from then on.
        keep_until_seconds: Until then a second use has to be noticed.
        used: It was redeemed.
    """

    kind: Kind
    digest: str
    grant_id: str
    client_id: str
    subject: str
    scope: str
    redirect_uri: str
    code_challenge: str
    expires_at_seconds: float
    keep_until_seconds: float
    used: bool = False

    @property
    def code_challenge_method(self) -> str:
        return "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def check_client(self, client: Client) -> bool:
        return self.client_id == client.client_id


class Store(Protocol):
    """Where codes, refresh tokens and revocations are kept. Each method is one transaction."""

    def add(self, ticket: Ticket) -> None:
        """Keep a new ticket."""

    def find(self, kind: Kind, digest: str) -> Ticket | None:
        """Return the ticket with this digest, used or not."""

    def use(self, kind: Kind, digest: str) -> bool:
        """Mark a ticket as used; True for exactly one of all callers, also at the same time."""

    def revoke(self, identifier: str, until_seconds: float) -> None:
        """Remember a token's or a grant's id as revoked, at least until then."""

    def is_revoked(self, identifier: str) -> bool:
        """Return whether this id is revoked."""


class MemoryStore:
    """State for as long as the process lives; what is past its time is forgotten."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._tickets: dict[tuple[str, str], Ticket] = {}
        self._revoked: dict[str, float] = {}
        self._lock = threading.Lock()
        self._clock = clock
        self._tidy_at_seconds = 0.0

    def add(self, ticket: Ticket) -> None:
        with self._lock:
            self._tidy()
            self._tickets[ticket.kind, ticket.digest] = ticket

    def find(self, kind: Kind, digest: str) -> Ticket | None:
        with self._lock:
            return self._tickets.get((kind, digest))

    def use(self, kind: Kind, digest: str) -> bool:
        with self._lock:
            ticket = self._tickets.get((kind, digest))
            if ticket is None or ticket.used:
                return False
            self._tickets[kind, digest] = replace(ticket, used=True)
            return True

    def revoke(self, identifier: str, until_seconds: float) -> None:
        with self._lock:
            self._tidy()
            self._revoked[identifier] = max(until_seconds, self._revoked.get(identifier, 0.0))

    def is_revoked(self, identifier: str) -> bool:
        with self._lock:
            return identifier in self._revoked

    def _tidy(self) -> None:
        now = self._clock()
        if now < self._tidy_at_seconds:
            return
        self._tidy_at_seconds = now + 60
        self._tickets = {
            key: ticket for key, ticket in self._tickets.items() if ticket.keep_until_seconds > now
        }
        self._revoked = {key: until for key, until in self._revoked.items() if until > now}


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: Any
    headers: dict[str, str]


class _TokenAnswer(dict[str, Any]):
    """The body of a token response. Authlib writes it into its debug log, which must hold none."""

    def __repr__(self) -> str:
        return "<tokens, not shown>"


class _Request(OAuth2Request):  # type: ignore[misc]
    """A request as Authlib reads it. Its address is the issuer's, not one that the caller claims."""

    def __init__(self, method: str, uri: str, values: dict[str, str], authorization: str) -> None:
        super().__init__(method, uri, headers={"Authorization": authorization})
        self.payload = BasicOAuth2Payload(values)

    @property
    def args(self) -> dict[str, str]:
        return cast(dict[str, str], self.payload.data)

    @property
    def form(self) -> dict[str, str]:
        return cast(dict[str, str], self.payload.data)


class _PkceWithS256(CodeChallenge):  # type: ignore[misc]
    """PKCE that is required, with S256 alone (RFC 9700 section 2.1.1; RFC 7636 section 4.2)."""

    SUPPORTED_CODE_CHALLENGE_METHOD: Final = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:
        values = grant.request.payload.data
        if not values.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge': PKCE is required (RFC 7636).")
        if values.get("code_challenge_method") != "S256":
            # Without a method it would be `plain` (RFC 7636 section 4.3).
            raise InvalidRequestError("The 'code_challenge_method' has to be S256.")
        super().validate_code_challenge(grant, redirect_uri)


class _IssuesTokens:
    """What the three grants share: tokens are made by the server, from the ticket redeemed."""

    request: Any
    server: "_Flows"

    def generate_token(
        self,
        user: Person | None = None,
        scope: str = "",
        grant_type: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> _TokenAnswer:
        ticket = self.request.refresh_token or self.request.authorization_code
        return self.server.own.tokens_for(
            self.request.client, user, scope, ticket, renewable=include_refresh_token
        )

    def authenticate_user(self, ticket: Ticket) -> Person | None:
        return self.server.own.people.get(ticket.subject)

    def good(self, ticket: Ticket | None, name: str) -> Ticket:
        """Return a ticket that may be redeemed, or say why not; a second use revokes the grant."""
        own = self.server.own
        if ticket is None or not ticket.check_client(self.request.client):
            raise InvalidGrantError(f"The {name} is unknown.")
        if ticket.used:
            own.revoke_grant(ticket)
        if own.store.is_revoked(ticket.grant_id):
            raise InvalidGrantError(f"The {name} was used before or is revoked.")
        if ticket.expires_at_seconds <= own.clock():
            raise InvalidGrantError(f"The {name} is expired.")
        return ticket

    def redeem(self, ticket: Ticket, name: str) -> None:
        """Use a ticket up; of several at the same time one wins, and what it gets is revoked."""
        if not self.server.own.store.use(ticket.kind, ticket.digest):
            self.server.own.revoke_grant(ticket)
            raise InvalidGrantError(f"The {name} was used before or is revoked.")


class _CodeGrant(_IssuesTokens, grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = _AUTHENTICATION

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: Client) -> str:
        """Return the redirect URI, if it is one of the client's (RFC 9700 section 4.1.3)."""
        wanted = request.payload.redirect_uri
        if not wanted or not client.check_redirect_uri(wanted):
            raise InvalidRequestError(
                "The 'redirect_uri' is missing or none of those that the client has registered."
            )
        return cast(str, wanted)

    def save_authorization_code(self, code: str, request: Any) -> None:
        own = self.server.own
        now = own.clock()
        own.store.add(
            Ticket(
                kind="code",
                digest=digest(code),
                grant_id=secrets.token_urlsafe(16),
                client_id=request.client.client_id,
                subject=request.user.subject,
                scope=request.scope,
                redirect_uri=request.payload.redirect_uri,
                code_challenge=request.payload.data["code_challenge"],
                expires_at_seconds=now + own.code_ttl_seconds,
                keep_until_seconds=now + own.refresh_ttl_seconds + own.ttl_seconds,
            )
        )

    def query_authorization_code(self, code: str, client: Client) -> Ticket:
        self.request.client = client
        return self.good(self.server.own.store.find("code", digest(code)), "code")

    def create_token_response(self) -> Any:
        self.redeem(self.request.authorization_code, "code")
        return super().create_token_response()

    def delete_authorization_code(self, authorization_code: Ticket) -> None:
        """Keep it: a second use has to be noticed."""


class _RefreshGrant(_IssuesTokens, grants.RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = _AUTHENTICATION
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Ticket:
        return self.good(
            self.server.own.store.find("refresh", digest(refresh_token)), "refresh token"
        )

    def create_token_response(self) -> Any:
        self.redeem(self.request.refresh_token, "refresh token")
        return super().create_token_response()

    def revoke_old_credential(self, refresh_token: Ticket) -> None:
        """Nothing is left to do: it was used up before the new one was made."""


class _ClientGrant(_IssuesTokens, grants.ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS: Final = ["client_secret_basic", "client_secret_post"]

    def validate_token_request(self) -> None:
        super().validate_token_request()
        # Authlib asks what the server supports, not what this client may have.
        if self.request.client.get_allowed_scope(self.request.payload.scope) is None:
            raise InvalidScopeError()


@dataclass(frozen=True, slots=True)
class _Revocable:
    identifier: str
    client_id: str
    until_seconds: float

    def check_client(self, client: Client) -> bool:
        return self.client_id == client.client_id


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009. A refresh token takes along all that came from its consent (section 2.1)."""

    CLIENT_AUTH_METHODS = _AUTHENTICATION

    def check_params(self, request: _Request, client: Client) -> None:
        if "token" not in request.form:
            raise InvalidRequestError("Missing 'token'.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Revocable | None:
        own = self.server.own
        ticket = own.store.find("refresh", digest(token_string))
        if ticket is not None:
            return _Revocable(ticket.grant_id, ticket.client_id, ticket.keep_until_seconds)
        try:
            claims = own.verifier().verify(token_string)
        except tokens.TokenRefused:
            return None  # no longer good is as good as revoked (RFC 7009 section 2.2)
        return _Revocable(claims.token_id, claims.client_id, claims.expires_at_seconds)

    def revoke_token(self, token: _Revocable, request: Any) -> None:
        self.server.own.store.revoke(token.identifier, token.until_seconds)


class _Flows(oauth.AuthorizationServer):  # type: ignore[misc]
    """Authlib's server on our own state, without a web framework."""

    def __init__(self, own: "AuthorizationServer") -> None:
        super().__init__(scopes_supported=sorted(own.scopes))
        self.own = own
        self.register_grant(_CodeGrant, [_PkceWithS256(required=True)])
        self.register_grant(_RefreshGrant)
        self.register_grant(_ClientGrant)
        self.register_endpoint(_Revocation)

    def query_client(self, client_id: str) -> Client | None:
        return self.own.clients.get(client_id)

    def save_token(self, token: Any, request: Any) -> None:
        """Nothing is left to do: what has to be kept was kept when it was made."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: _Request) -> _Request:
        return request

    def handle_response(
        self, status: int, body: Any, headers: Iterable[tuple[str, str]]
    ) -> _Answer:
        return _Answer(status, body, dict(headers))

    def handle_error_response(self, request: Any, error: Any) -> _Answer:
        if isinstance(error, InvalidClientError):
            # RFC 6749 section 5.2 with RFC 7617 section 2; which part was wrong is not said.
            return _Answer(
                401,
                {
                    "error": "invalid_client",
                    "error_description": "The client is unknown, or its secret is missing or wrong.",
                },
                {"WWW-Authenticate": 'Basic realm="Ridealong", charset="UTF-8"'},
            )
        return cast(_Answer, super().handle_error_response(request, error))


class AuthorizationServer:
    """An authorization server: its clients, its people, its state and its settings.

    Args:
        issuer: Signs the tokens; its `issuer` is the address of this server without a path, with
            https or on the loopback interface.
        clients: The applications that are registered.
        people: Who can log in.
        scopes: Each scope with the sentence that the consent page shows.
        store: The state; in memory where none is given.
        ttl_seconds: How long an access token is good, as the two below.
        clock: Seconds since 1970-01-01 UTC.
        note: A sentence for the consent page, such as where the passphrases are found.

    Raises:
        ValueError: An issuer that no metadata may name (RFC 8414 section 2), a client that is
            called like a person, or a scope that does not exist.
    """

    def __init__(
        self,
        issuer: tokens.Issuer,
        clients: Iterable[Client],
        people: Iterable[Person],
        *,
        scopes: Mapping[str, str] = tokens.SCOPES,
        store: Store | None = None,
        ttl_seconds: int = tokens.TTL_SECONDS,
        code_ttl_seconds: int = CODE_TTL_SECONDS,
        refresh_ttl_seconds: int = REFRESH_TTL_SECONDS,
        clock: Callable[[], float] = time.time,
        note: str = "",
    ) -> None:
        self.issuer = issuer
        self.clients = {client.client_id: client for client in clients}
        self.people = {person.subject: person for person in people}
        self.scopes = scopes
        self.store: Store = MemoryStore(clock=clock) if store is None else store
        self.ttl_seconds = ttl_seconds
        self.code_ttl_seconds = code_ttl_seconds
        self.refresh_ttl_seconds = refresh_ttl_seconds
        self.clock = clock
        self.note = note
        self._secret = secrets.token_bytes(32)
        self._wrong_at_seconds: defaultdict[str, list[float]] = defaultdict(list)
        self._lock = threading.Lock()
        if same := sorted(self.clients.keys() & self.people.keys()):
            raise ValueError(
                f"{', '.join(same)} is a client and a person: their tokens would look alike. "
                "Give the client another client_id (RFC 9700 section 4.15)."
            )
        for client in self.clients.values():
            if unknown := sorted(client.scopes.difference(scopes)):
                raise ValueError(
                    f"{client.client_id} has the scope {unknown[0]}; there are {', '.join(scopes)}."
                )
        if urlsplit(issuer.issuer).path:
            raise ValueError(
                f"The issuer is {issuer.issuer!r}; wanted is an address without a path or a slash at its end."
            )
        AuthorizationServerMetadata(self.metadata()).validate(
            metadata_classes=[rfc9207.AuthorizationServerMetadata]
        )
        self.flows = _Flows(self)

    def metadata(self) -> dict[str, Any]:
        """Return what this server supports (RFC 8414 section 2, RFC 9207 section 3)."""
        base = self.issuer.issuer
        return {
            "issuer": base,
            "authorization_endpoint": base + AUTHORIZE,
            "token_endpoint": base + TOKEN,
            "revocation_endpoint": base + REVOKE,
            "jwks_uri": base + JWKS,
            "scopes_supported": sorted(self.scopes),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(_GRANT_TYPES),
            "token_endpoint_auth_methods_supported": _AUTHENTICATION,
            "revocation_endpoint_auth_methods_supported": _AUTHENTICATION,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def verifier(self) -> tokens.Verifier:
        """Return a verifier of this server's tokens that also knows what is revoked."""
        return self.issuer.verifier(is_revoked=self.store.is_revoked)

    def tokens_for(
        self,
        client: Client,
        person: Person | None,
        scope: str,
        ticket: Ticket | None,
        *,
        renewable: bool,
    ) -> _TokenAnswer:
        """Return the body of a token response (RFC 6749 section 5.1).

        A new refresh token has the scope and the end of the one it replaces (RFC 6749 section 6).
        """
        words = sorted(set(scope.split()))
        answer = _TokenAnswer(
            access_token=self.issuer.issue(
                subject=client.client_id if person is None else person.subject,
                role="partner" if person is None else person.role,
                client_id=client.client_id,
                scopes=words,
                ttl_seconds=self.ttl_seconds,
                grant_id="" if ticket is None else ticket.grant_id,
            ),
            token_type="Bearer",
            expires_in=self.ttl_seconds,
            scope=" ".join(words),
        )
        if renewable and ticket is not None:
            refresh_token = secrets.token_urlsafe(32)
            ends = (
                ticket.expires_at_seconds
                if ticket.kind == "refresh"
                else self.clock() + self.refresh_ttl_seconds
            )
            self.store.add(
                replace(
                    ticket,
                    kind="refresh",
                    digest=digest(refresh_token),
                    redirect_uri="",
                    code_challenge="",
                    expires_at_seconds=ends,
                    keep_until_seconds=ends + self.ttl_seconds,
                    used=False,
                )
            )
            answer["refresh_token"] = refresh_token
        return answer

    def revoke_grant(self, ticket: Ticket) -> None:
        """Revoke all that came and will come from one consent."""
        self.store.revoke(
            ticket.grant_id, self.clock() + self.refresh_ttl_seconds + self.ttl_seconds
        )

    # The consent form: a token that only this server makes, for one browser and one request.

    def form_token(self, cookie: str, query: str) -> str:
        """Return what the form has to send back, bound to the browser's cookie and the request."""
        return self._form_token(cookie, query, int(self.clock()))

    def is_own_form(self, token: str, cookie: str, query: str) -> bool:
        """Return whether a form came from this server's page, in this browser, and lately."""
        made_at = token.partition(".")[0]
        if not cookie or not re.fullmatch(r"[0-9]{1,12}", made_at, re.ASCII):
            return False
        expected = self._form_token(cookie, query, int(made_at))
        return (
            hmac.compare_digest(token.encode(), expected.encode())
            and self.clock() - int(made_at) < FORM_TTL_SECONDS
        )

    def _form_token(self, cookie: str, query: str, made_at_seconds: int) -> str:
        content = f"{made_at_seconds}\n{cookie}\n{query}".encode()
        return f"{made_at_seconds}.{hmac.new(self._secret, content, hashlib.sha256).hexdigest()}"

    def log_in(self, subject: str, passphrase: str) -> Person | None:
        """Return the person, if the passphrase is theirs.

        Raises:
            TooManyTries: After `TRIES` wrong ones within `TRIES_WINDOW_SECONDS`.
        """
        person = self.people.get(subject)
        if person is None:
            return None
        with self._lock:
            now = self.clock()
            wrong = self._wrong_at_seconds[subject]
            lately = [at for at in wrong if now - at < TRIES_WINDOW_SECONDS]
            if len(lately) >= TRIES:
                raise TooManyTries(int(lately[0] + TRIES_WINDOW_SECONDS - now) + 1)
            # Counted before it is compared, so that many at the same time are no more than a few.
            self._wrong_at_seconds[subject] = [*lately, now]
        if not _knows_passphrase(person, passphrase):
            return None
        self._wrong_at_seconds.pop(subject, None)
        return person


class TooManyTries(Exception):
    """Too many wrong passphrases; `retry_after_seconds` says when to try again."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"too many wrong passphrases, try again in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


def routes(server: AuthorizationServer, *, include_in_schema: bool = False) -> APIRouter:
    """Return the five addresses of an authorization server, for any FastAPI app at its root."""
    router = APIRouter(include_in_schema=include_in_schema, tags=["authorization"])

    @router.get(METADATA)
    def metadata() -> JSONResponse:
        return JSONResponse(server.metadata())

    @router.get(JWKS)
    def jwks() -> JSONResponse:
        return JSONResponse(server.issuer.jwks(), headers={"Cache-Control": "max-age=300"})

    @router.get(AUTHORIZE, response_class=HTMLResponse)
    async def show_consent(request: Request) -> Response:
        return await run_in_threadpool(_show_consent, server, request)

    @router.post(AUTHORIZE, response_class=HTMLResponse)
    async def answer_consent(request: Request) -> Response:
        try:
            form = await _form(request)
        except _BadForm as bad:
            return _failure(request, bad.status, "invalid_request", str(bad))
        return await run_in_threadpool(_answer_consent, server, request, form)

    @router.post(TOKEN)
    async def token(request: Request) -> Response:
        return await _direct(server, request, TOKEN, server.flows.create_token_response)

    @router.post(REVOKE)
    async def revoke(request: Request) -> Response:
        return await _direct(
            server,
            request,
            REVOKE,
            lambda asked: server.flows.create_endpoint_response("revocation", asked),
        )

    return router


class _BadForm(Exception):
    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


async def _form(request: Request) -> dict[str, str]:
    """Return the form of a request; a name twice is refused (RFC 6749 section 3.2)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise _BadForm("The body has to be application/x-www-form-urlencoded.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAXIMUM_BODY_BYTES:
            raise _BadForm(f"The body has more than {MAXIMUM_BODY_BYTES} bytes.", 413)
    return _values(bytes(body))


def _values(encoded: bytes) -> dict[str, str]:
    """Return parameters; one without a value is as good as none (RFC 6749 section 3.1)."""
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50
        )
    except ValueError:
        raise _BadForm("The parameters are not encoded as a form of UTF-8 text.") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise _BadForm("A parameter is there more than once.")
    return {name: value for name, value in pairs if value}


async def _direct(
    server: AuthorizationServer, request: Request, path: str, respond: Callable[[_Request], Any]
) -> Response:
    """Answer a client that speaks to the server itself, not through a person's browser."""
    try:
        values = await _form(request)
        asked = _client_request(server, path, values, request.headers.get("authorization", ""))
    except _BadForm as bad:
        return JSONResponse(
            {"error": "invalid_request", "error_description": str(bad)},
            bad.status,
            headers=_NO_STORE,
        )
    answer = await run_in_threadpool(respond, asked)
    body = answer.body
    if body.get("error") == UnsupportedGrantTypeError.error and "grant_type" not in values:
        body = {"error": "invalid_request", "error_description": "Missing 'grant_type'."}
    if body.get("error") in _DESCRIPTIONS:
        body["error_description"] = _DESCRIPTIONS[body["error"]]
    elif body.get("error") == InvalidGrantError.error:  # said without more only at a revocation
        body.setdefault("error_description", "The token was given to another application.")
    headers = {k: v for k, v in answer.headers.items() if k.lower() != "content-type"}
    return JSONResponse(body, answer.status, headers=headers | _NO_STORE)


def _client_request(
    server: AuthorizationServer, path: str, values: dict[str, str], authorization: str
) -> _Request:
    """Return a client's request, with one way of authentication (RFC 6749 section 2.3)."""
    values.pop("token_type_hint", None)  # only a hint, RFC 7009 section 2.1
    if authorization:
        if "client_secret" in values:
            raise _BadForm("The client authenticates twice: in the header and in the body.")
        name = _basic_name(authorization)
        if name is None:
            authorization = "Basic Og=="  # no name and no secret: refused as any other wrong one
            values.pop("client_id", None)
        elif values.get("client_id", name) != name:
            raise _BadForm("The header and the body name two clients.")
    return _Request("POST", server.issuer.issuer + path, values, authorization)


def _basic_name(authorization: str) -> str | None:
    """Return the user name of RFC 7617, or None for a header that Authlib would stumble over."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    name, colon, _ = decoded.partition(":")
    return name if scheme.lower() == "basic" and colon else None


def _consent_request(server: AuthorizationServer, request: Request) -> _Request:
    query: bytes = request.scope["query_string"]
    if len(query) > MAXIMUM_QUERY_BYTES:
        raise _BadForm(f"The query has more than {MAXIMUM_QUERY_BYTES} bytes.", 414)
    values = _values(query)
    if values.get("response_type", "code") != "code":
        values["response_type"] = "other"  # Authlib repeats it in an error
    return _Request("GET", server.issuer.issuer + AUTHORIZE, values, "")


def _checked_request(
    server: AuthorizationServer, request: Request
) -> tuple[_Request, Any] | Response:
    """Return the request and Authlib's grant for it, or the answer that refuses it."""
    try:
        asked = _consent_request(server, request)
    except _BadForm as bad:
        return _failure(request, bad.status, "invalid_request", str(bad))
    try:
        return asked, server.flows.get_consent_grant(asked)
    except OAuth2Error as error:
        code = error.error
        description = _DESCRIPTIONS.get(code, error.description)
        if code == UnsupportedResponseTypeError.error and "response_type" not in asked.payload.data:
            code = "invalid_request"
        if not error.redirect_uri:
            return _failure(request, 400, code, description)
        values = {"error": code, "error_description": description}
        if error.state:
            values["state"] = error.state
        return _redirect(server, _with(error.redirect_uri, values))


def _show_consent(
    server: AuthorizationServer, request: Request, problem: str = "", status: int = 200
) -> Response:
    checked = _checked_request(server, request)
    if isinstance(checked, Response):
        return checked
    asked, _ = checked
    cookie = request.cookies.get(_COOKIE, "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", cookie, re.ASCII):
        cookie = secrets.token_urlsafe(32)
    query = request.scope["query_string"].decode("ascii")
    response = _page(
        "Log in and decide",
        _consent_form(
            server,
            asked.client,
            asked.scope.split(),
            query,
            server.form_token(cookie, query),
            problem,
        ),
        status,
    )
    response.set_cookie(
        _COOKIE,
        cookie,
        max_age=FORM_TTL_SECONDS,
        path=AUTHORIZE,
        secure=server.issuer.issuer.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


def _answer_consent(
    server: AuthorizationServer, request: Request, form: dict[str, str]
) -> Response:
    query = request.scope["query_string"].decode("ascii", "replace")
    cookie = request.cookies.get(_COOKIE, "")
    if not server.is_own_form(form.get("form_token", ""), cookie, query):
        return _failure(
            request,
            403,
            "access_denied",
            "This form did not come from Ridealong's own page in this browser, or is too old. "
            "Go back to the application and start again.",
        )
    checked = _checked_request(server, request)
    if isinstance(checked, Response):
        return checked
    asked, grant = checked
    person: Person | None = None
    if form.get("decision") == "allow":
        try:
            person = server.log_in(form.get("subject", ""), form.get("passphrase", ""))
        except TooManyTries as many:
            response = _show_consent(
                server,
                request,
                f"Too many wrong passphrases. Try again in {many.retry_after_seconds} seconds.",
                429,
            )
            response.headers["Retry-After"] = str(many.retry_after_seconds)
            return response
        if person is None:
            return _show_consent(
                server, request, "Name and passphrase do not fit. Choose and type them again.", 403
            )
    elif form.get("decision") != "deny":
        return _show_consent(server, request, "Choose Allow or Deny.", 400)
    answer = server.flows.create_authorization_response(asked, grant_user=person, grant=grant)
    return _redirect(server, answer.headers["Location"])


def _with(uri: str, values: Mapping[str, str]) -> str:
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(values)}"


def _redirect(server: AuthorizationServer, location: str) -> Response:
    """Send the browser to a registered address, with the issuer's name (RFC 9207 section 2)."""
    location = _with(location, {"iss": server.issuer.issuer})
    return Response(
        status_code=303,
        headers=_NO_STORE | {"Location": location, "Referrer-Policy": "no-referrer"},
    )


def _failure(request: Request, status: int, code: str, description: str) -> Response:
    """Tell the person, not the application: it is not known to be one of ours."""
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse(
            {"error": code, "error_description": description}, status, headers=_NO_STORE
        )
    return _page(
        "This request cannot be answered",
        f"<p role='alert'>{html.escape(description)}</p><p>Error: <code>{html.escape(code)}</code></p>",
        status,
    )


_STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 34rem; padding: 0 1rem;
  color: #1b1b1b; background: #fff; }
fieldset { border: 1px solid #767676; margin: 1rem 0; }
label { display: block; padding: .25rem 0; }
button { font: inherit; padding: .5rem 1.25rem; margin-right: .5rem; }
:focus-visible { outline: 3px solid #0b57d0; outline-offset: 2px; }
[role=alert] { border-left: 4px solid #b3261e; padding-left: .75rem; }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def _page(title: str, content: str, status: int) -> HTMLResponse:
    # No `form-action`: browsers apply it to the redirect after the form as well.
    return HTMLResponse(
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title} - Ridealong</title>"
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style></head>"
        f"<body><main><h1>{title}</h1>{content}</main></body></html>",
        status,
        headers=_NO_STORE
        | {
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
            "frame-ancestors 'none'; base-uri 'none'",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _consent_form(
    server: AuthorizationServer,
    client: Client,
    scopes: list[str],
    query: str,
    form_token: str,
    problem: str,
) -> str:
    people = "".join(
        f"<label><input type='radio' name='subject' value='{html.escape(person.subject)}' required> "
        f"{html.escape(person.name)} ({html.escape(person.role)})</label>"
        for person in server.people.values()
    )
    wanted = "".join(
        f"<li>{html.escape(server.scopes[scope])} (<code>{html.escape(scope)}</code>)</li>"
        for scope in scopes
    )
    alert = f"<p role='alert'>{html.escape(problem)}</p>" if problem else ""
    note = f"<p>{html.escape(server.note)}</p>" if server.note else ""
    return (
        f"{alert}<p><strong>{html.escape(client.name)}</strong> wants to act for you at Ridealong:</p>"
        f"<ul>{wanted}</ul>{note}"
        f"<form method='post' action='{AUTHORIZE}?{html.escape(query)}'>"
        f"<input type='hidden' name='form_token' value='{form_token}'>"
        f"<fieldset><legend>Who are you?</legend>{people}"
        "<label>Passphrase <input type='password' name='passphrase' required "
        "autocomplete='current-password'></label></fieldset>"
        "<button name='decision' value='allow'>Allow</button>"
        "<button name='decision' value='deny' formnovalidate>Deny</button></form>"
    )
