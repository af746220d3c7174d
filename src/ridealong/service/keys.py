"""API keys of partner applications.

A key says which application calls, not for which person (trap: "an API key logs somebody in").
It is shown once, when it is made; kept is its SHA-256 only. A slow password hash is not needed,
because a key holds 256 random bits that nobody can guess, unlike a password (NIST SP 800-63B
section 5.1.2.2 asks for a salt only below 112 bits).

A key reads `ridealong_key_<id>_<secret>`: the beginning is recognised by a person and by a program
that searches for leaked secrets, the id finds the record, the secret proves that the caller has it.
"""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

PREFIX: Final = "ridealong_key_"

_FORM: Final = re.compile(re.escape(PREFIX) + r"([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_NO_DIGEST: Final = hashlib.sha256(b"").hexdigest()


class KeyRefused(Exception):
    """An API key that is not accepted; `reason` is one sentence without anything of the key."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key. Nothing of it is secret.

    Attributes:
        key_id: Twelve hexadecimal digits; stands in the key and may stand in a log.
        client_id: The partner application.
        scopes: What the application may do, as in `tokens.SCOPES`.
        digest: SHA-256 of the whole key, in hexadecimal.
        created_at_seconds: Seconds since 1970-01-01 UTC.
        revoked_at_seconds: The same, or None while the key is good.
    """

    key_id: str
    client_id: str
    scopes: frozenset[str]
    digest: str
    created_at_seconds: float
    revoked_at_seconds: float | None = None


class KeyStore(Protocol):
    """Where keys are kept. Each method is one transaction."""

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""

    def find(self, key_id: str) -> ApiKey | None:
        """Return the key with this id, revoked or not."""

    def revoke(self, key_id: str, at_seconds: float) -> bool:
        """Mark a good key as revoked; return whether there was one."""


class MemoryKeyStore:
    """Keys for as long as the process lives."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self._lock = threading.Lock()

    def add(self, key: ApiKey) -> None:
        with self._lock:
            self._keys[key.key_id] = key

    def find(self, key_id: str) -> ApiKey | None:
        with self._lock:
            return self._keys.get(key_id)

    def revoke(self, key_id: str, at_seconds: float) -> bool:
        with self._lock:
            key = self._keys.get(key_id)
            if key is None or key.revoked_at_seconds is not None:
                return False
            self._keys[key_id] = replace(key, revoked_at_seconds=at_seconds)
            return True


class ApiKeys:
    """Makes, verifies and revokes API keys."""

    def __init__(
        self, store: KeyStore | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store: KeyStore = MemoryKeyStore() if store is None else store
        self._clock = clock

    def issue(self, *, client_id: str, scopes: Iterable[str]) -> tuple[str, ApiKey]:
        """Return a new key, to be shown this once, and what is kept of it.

        Raises:
            ValueError: A client without a name, or no scope at all.
        """
        allowed = frozenset(scopes)
        if not client_id or not allowed:
            raise ValueError("An API key needs a client_id and at least one scope.")
        key_id = secrets.token_hex(6)
        text = f"{PREFIX}{key_id}_{secrets.token_urlsafe(32)}"
        kept = ApiKey(key_id, client_id, allowed, _digest(text), self._clock())
        self._store.add(kept)
        return text, kept

    def verify(self, text: str) -> ApiKey:
        """Return what is kept of a good key.

        Raises:
            KeyRefused: The text is no API key, an unknown one or a revoked one.
        """
        form = _FORM.fullmatch(text)
        if form is None:
            raise KeyRefused(
                f"This is no API key of Ridealong: one begins with {PREFIX} and is 70 characters long."
            )
        kept = self._store.find(form[1])
        # The same work with and without a record, and a comparison whose time tells nothing.
        fits = hmac.compare_digest(_digest(text), _NO_DIGEST if kept is None else kept.digest)
        if kept is None or not fits:
            raise KeyRefused("The API key is unknown.")
        if kept.revoked_at_seconds is not None:
            raise KeyRefused("The API key is revoked.")
        return kept

    def revoke(self, key_id: str) -> bool:
        """Revoke a key from now on; return whether there was a good one with this id."""
        return self._store.revoke(key_id, self._clock())


def looks_like_a_key(text: str) -> bool:
    """Return whether a text begins as an API key does, so that it is never taken for a token."""
    return text.startswith(PREFIX)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
