"""Access tokens that anybody can read and only the company can make.

An access token is a signed JWT (RFC 7519, RFC 7515) in the profile of RFC 9068. It is signed with
a private key on the curve P-256 (`ES256`, RFC 7518 section 3.4), so whoever has the public key can
verify it and nobody else can make one; it is not encrypted, so its content is for anybody to read
(`read_without_key`).

`Issuer` holds the private key; `Verifier` knows the public keys only. What a verifier refuses, and
why, follows RFC 8725 (JSON Web Token Best Current Practices), named beside each rule.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import ECKey

ALGORITHM: Final = "ES256"
TYPE: Final = "at+jwt"  # RFC 9068 section 2.1: no other kind of JWT passes for an access token
MAXIMUM_CHARACTERS: Final = 4096  # ours have about 700; nothing longer is taken apart
TTL_SECONDS: Final = 600

ROLES: Final = ("rider", "driver", "support", "partner")

# What a caller may be allowed, with the sentence that the consent page shows to a person.
SCOPES: Final[Mapping[str, str]] = {
    "rides:read": "See rides: where, when, with whom, and their state",
    "rides:write": "Request rides, change them and cancel them",
    "quotes:write": "Ask what a ride would cost",
    "drivers:read": "See how many drivers are free in a city",
    "locations:write": "Report where a driver is",
    "payments:read": "See what was paid for rides",
    "payments:write": "Pay for rides and refund payments",
}

_HEADER: Final = {"alg", "kid", "typ"}
_REQUIRED: Final = ("iss", "aud", "sub", "client_id", "iat", "nbf", "exp", "jti", "scope", "role")
_TEXTS: Final = ("iss", "sub", "client_id", "jti", "scope", "role")


class TokenRefused(Exception):
    """A token that is not accepted; `reason` is one sentence without anything of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says.

    Attributes:
        subject: Whom it speaks for, as text (`sub`); of a partner without a person its client id.
        role: One of `ROLES`.
        client_id: The application that was given the token.
        scopes: What the application may do for the subject.
        issuer: Who made it (`iss`).
        audience: The service it is meant for (`aud`).
        issued_at_seconds: Seconds since 1970-01-01 UTC (`iat`), as the two below.
        not_before_seconds: `nbf`.
        expires_at_seconds: `exp`.
        token_id: This token alone (`jti`).
        grant_id: The consent it goes back to, shared by all tokens that were renewed from it;
            empty where there was none.
    """

    subject: str
    role: str
    client_id: str
    scopes: frozenset[str]
    issuer: str
    audience: str
    issued_at_seconds: int
    not_before_seconds: int
    expires_at_seconds: int
    token_id: str
    grant_id: str


def new_private_key() -> str:
    """Return a new private signing key as JWK text (RFC 7517); keep it as a secret."""
    key = ECKey.generate_key("P-256", auto_kid=True)
    return json.dumps(key.as_dict(private=True))


class Issuer:
    """Signs access tokens.

    Args:
        issuer: The address of the authorization server, as in its metadata (`iss`).
        audience: The service the tokens are meant for (`aud`).
        private_key: JWK text of `new_private_key`; a new one where it is empty, and then the
            tokens of an earlier start are refused.
        clock: Seconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        private_key: str = "",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self._key = ECKey.import_key(json.loads(private_key or new_private_key()))
        self._key.ensure_kid()
        self._clock = clock

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the public key as a JWK set (RFC 7517 section 5), without the private part."""
        return {"keys": [dict(self._key.as_dict(private=False, use="sig", alg=ALGORITHM))]}

    def verifier(self, *, is_revoked: Callable[[str], bool] | None = None) -> "Verifier":
        """Return a verifier of this issuer's tokens, with the public key alone."""
        return Verifier(
            self.issuer, self.audience, self.jwks(), clock=self._clock, is_revoked=is_revoked
        )

    def issue(
        self,
        *,
        subject: str,
        role: str,
        client_id: str,
        scopes: Sequence[str] | frozenset[str],
        ttl_seconds: int = TTL_SECONDS,
        grant_id: str = "",
    ) -> str:
        """Return a signed token, with the claims of RFC 9068 section 2.2.

        Raises:
            ValueError: A subject or client without a name, or a role that does not exist.
        """
        if not subject or not client_id:
            raise ValueError("A token needs a subject and a client_id; one of them is empty.")
        if role not in ROLES:
            raise ValueError(f"The role is {role!r}; it is one of {', '.join(ROLES)}.")
        now = int(self._clock())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "client_id": client_id,
            "iat": now,
            "nbf": now,
            "exp": now + ttl_seconds,
            "jti": secrets.token_urlsafe(16),
            "scope": " ".join(sorted(scopes)),
            "role": role,
        }
        if grant_id:
            claims["grant_id"] = grant_id
        header = {"alg": ALGORITHM, "kid": self._key.kid, "typ": TYPE}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])


class Verifier:
    """Decides whether a token is accepted, with public keys alone.

    Args:
        issuer: The only `iss` accepted (RFC 8725 section 3.8).
        audience: What `aud` has to name (RFC 8725 section 3.9).
        jwks: The issuer's public keys, as served at its `jwks_uri`. Keys that are not for ES256
            are passed over, so that none can be used with another algorithm.
        clock: Seconds since 1970-01-01 UTC.
        is_revoked: Asked with the token's id and with its grant's id; a signed token alone cannot
            tell that it was revoked.
        leeway_seconds: By how much the clocks of issuer and service may differ.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        clock: Callable[[], float] = time.time,
        is_revoked: Callable[[str], bool] | None = None,
        leeway_seconds: int = 0,
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self._keys: dict[str, ECKey] = {
            key["kid"]: ECKey.import_key(dict(key))
            for key in jwks["keys"]
            if key.get("kty") == "EC" and key.get("crv") == "P-256" and "kid" in key
        }
        self._is_revoked = is_revoked
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=leeway_seconds,
            iss={"value": issuer},
            aud={"value": audience},
            sub={"allow_blank": False},
            jti={"allow_blank": False},
        )

    def verify(self, token: str) -> Claims:
        """Return what the token says, if every check of this class holds.

        Raises:
            TokenRefused: With the first reason found, safe to show to the caller.
        """
        signature = _take_apart(token)
        key = self._keys[self._kid(signature.headers())]
        try:
            # The algorithm is ours, not the header's (RFC 8725 sections 3.1 and 3.2): neither
            # `none` nor HS256 with the public key as its secret reaches a key.
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except JoseError:
            raise TokenRefused(
                "The token's signature does not fit its content: it was changed, or signed with another key."
            ) from None
        return self._checked(claims)

    def _kid(self, header: Mapping[str, Any]) -> str:
        if header.get("alg") != ALGORITHM:
            raise TokenRefused(
                f"The token names another signature algorithm than {ALGORITHM}, the only one accepted."
            )
        kind = header.get("typ")
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") != TYPE:
            raise TokenRefused(
                f"The token is of another type than an access token ({TYPE})."  # RFC 8725 section 3.11
            )
        if not set(header) <= _HEADER:
            # `jwk`, `jku`, `x5u` bring a key of the sender's own (RFC 8725 section 3.10), `crit`
            # asks for what is not understood (RFC 7515 section 4.1.11).
            raise TokenRefused("The token's header holds more than alg, kid and typ.")
        kid = header.get("kid")
        if not isinstance(kid, str) or kid not in self._keys:
            raise TokenRefused("The token is signed with a key that this service does not know.")
        return kid

    def _checked(self, claims: dict[str, Any]) -> Claims:
        missing = [name for name in _REQUIRED if claims.get(name) is None]
        if missing:
            raise TokenRefused(f"The token does not say {', '.join(missing)}.")
        wrong = [name for name in _TEXTS if not isinstance(claims[name], str)]
        if wrong:
            raise TokenRefused(f"The token's {', '.join(wrong)} is no text.")
        try:
            self._claims.validate(claims)
        except ExpiredTokenError:
            raise TokenRefused("The token is expired.") from None
        except ClaimError as error:
            raise TokenRefused(_CLAIMS.get(error.claim, "A claim of the token is wrong.")) from None
        if claims["role"] not in ROLES or not claims["client_id"]:
            raise TokenRefused("The token's role or client is none of Ridealong's.")
        grant_id = claims.get("grant_id", "")
        if not isinstance(grant_id, str):
            raise TokenRefused("The token's grant_id is no text.")
        if self._is_revoked is not None and (
            self._is_revoked(claims["jti"]) or (grant_id and self._is_revoked(grant_id))
        ):
            raise TokenRefused("The token is revoked.")
        return Claims(
            subject=claims["sub"],
            role=claims["role"],
            client_id=claims["client_id"],
            scopes=frozenset(claims["scope"].split()),
            issuer=claims["iss"],
            audience=self.audience,
            issued_at_seconds=int(claims["iat"]),
            not_before_seconds=int(claims["nbf"]),
            expires_at_seconds=int(claims["exp"]),
            token_id=claims["jti"],
            grant_id=grant_id,
        )


_CLAIMS: Final = {
    "iss": "The token was made by another issuer.",
    "aud": "The token is meant for another service.",
    "sub": "The token's subject is empty or no text.",
    "jti": "The token's id is empty or no text.",
    "nbf": "The token is not valid yet.",
    "iat": "The token was issued in the future, or at no time at all.",
    "exp": "The token's end is no time.",
}


def read_without_key(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims as anybody can read them. Nothing is verified: trust none of it.

    Raises:
        TokenRefused: Text that is no signed JWT at all.
    """
    signature = _take_apart(token)
    try:
        claims = json.loads(signature.payload)
    except (TypeError, ValueError, RecursionError):
        raise TokenRefused(_NO_JWT) from None
    if not isinstance(claims, dict):
        raise TokenRefused(_NO_JWT)
    return dict(signature.headers()), claims


_NO_JWT: Final = "The token is no signed JWT: that is three parts of base64url with a dot between."


def _take_apart(token: str) -> jws.CompactSignature:
    if len(token) > MAXIMUM_CHARACTERS:
        raise TokenRefused(
            f"The token has {len(token)} characters; {MAXIMUM_CHARACTERS} is the most accepted."
        )
    try:
        signature = jws.extract_compact(token.encode("ascii"))
        headers = signature.headers()
    except (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise TokenRefused(_NO_JWT) from None
    if not isinstance(headers, dict):
        raise TokenRefused(_NO_JWT)
    return signature
