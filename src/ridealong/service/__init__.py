"""Ridealong's back end, called over HTTP: `company = start()`, `company.client(rider=123)`."""

import atexit
import dataclasses
import json
import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from ridealong.child import Child, ChildError
from ridealong.service.settings import ServiceError, Settings, issuer

if TYPE_CHECKING:
    import httpx  # the process of the service itself does without: it starts half a second sooner

__all__ = ["Service", "ServiceError", "Settings", "start"]

ANSWER_SECONDS: Final = 10.0
TOKEN_SECONDS: Final = 12 * 3600  # of a client made here: longer than a day of learning


class Service:
    """The company's back end in a process of its own.

    `start()` and `stop()` may be called, or `with` used; both end it, and so does the end of this
    program, however it comes.

    Args:
        settings: how it is set up.

    Attributes:
        settings: the same, after the start with the port and the database that it has.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings(database=os.environ.get("RIDEALONG_DATABASE_URL", ""))
        self._wanted = self.settings
        self._child: Child | None = None
        self._clients: list[httpx.Client] = []
        self._store: Any = None

    def __repr__(self) -> str:
        return f"<Ridealong's back end, {'running' if self.is_running else 'stopped'}>"

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._child is not None and self._child.is_running

    @property
    def pid(self) -> int | None:
        """The number of the process, None when it is stopped."""
        return self._child.pid if self._child and self.is_running else None

    @property
    def url(self) -> str:
        """The address, without a slash at its end.

        Raises:
            ServiceError: when it is stopped.
        """
        if not self.is_running:
            raise ServiceError("the back end is stopped: start it with company.start()")
        return f"http://127.0.0.1:{self.settings.port}"

    def start(self) -> Self:
        """Start it, and wait until it answers; started twice it is one.

        Raises:
            ServiceError: for a port that is taken, or a database that cannot be used.
        """
        if self.is_running:
            return self
        try:
            self._child = Child("ridealong.service.process", dataclasses.asdict(self._wanted))
        except ChildError as error:
            if error.told:
                raise ServiceError(error.told) from None
            raise ServiceError(
                f"the back end did not start: {error}. Run ridealong doctor."
            ) from None
        ready = self._child.ready
        self.settings = dataclasses.replace(
            self._wanted, port=ready["port"], database=ready["database"]
        )
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """End it; what it has answered is kept, when the database was given. Twice is fine."""
        atexit.unregister(self.stop)
        for client in self._clients:
            client.close()
        self._clients = []
        if self._store is not None:
            self._store.close()
            self._store = None
        child, self._child = self._child, None
        if child is not None:
            child.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def client(
        self,
        *,
        rider: int | None = None,
        driver: int | None = None,
        support: bool = False,
        partner: str | None = None,
        token: str | None = None,
        scopes: frozenset[str] | None = None,
        **options: Any,
    ) -> "httpx.Client":
        """Return an HTTP client that calls as somebody, or as a stranger when nobody is named.

        Args:
            rider: number of a rider, such as 123.
            driver: number of a driver, such as 57.
            support: as a support agent.
            partner: name of a partner, who gets a new API key.
            token: a bearer token that you have.
            scopes: what the application may do; all that there is by default.
            options: of `httpx.Client`.

        Raises:
            ValueError: when several are named.
        """
        import httpx

        named = [
            rider is not None,
            driver is not None,
            support,
            partner is not None,
            token is not None,
        ]
        if sum(named) > 1:
            raise ValueError(
                "a client calls as one: name a rider, a driver, support, a partner or a token"
            )
        headers = dict(options.pop("headers", {}))
        if partner is not None:
            headers["X-API-Key"] = self.api_key(partner, scopes)
        elif rider is not None:
            token = self.token(f"rider-{rider}", "rider", scopes)
        elif driver is not None:
            token = self.token(f"driver-{driver}", "driver", scopes)
        elif support:
            token = self.token("support-1", "support", scopes)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        options = {"timeout": 30.0, "trust_env": False, "base_url": self.url, **options}
        client = httpx.Client(headers=headers, **options)
        self._clients.append(client)
        return client

    def token(self, subject: str, role: str, scopes: frozenset[str] | None = None) -> str:
        """Return a bearer token, signed with the service's own key.

        Args:
            subject: such as `rider-123`.
            role: rider, driver, support or partner.
            scopes: all that there are by default.
        """
        from ridealong.service.tokens import SCOPES

        return issuer(self.settings).issue(
            subject=subject,
            role=role,
            client_id="ridealong-app",
            scopes=frozenset(SCOPES) if scopes is None else scopes,
            ttl_seconds=TOKEN_SECONDS,
        )

    def api_key(self, partner: str, scopes: frozenset[str] | None = None) -> str:
        """Return a new API key for a partner."""
        from ridealong.service.access import StoredKeys
        from ridealong.service.keys import ApiKeys

        allowed = frozenset({"drivers:read"}) if scopes is None else scopes
        return ApiKeys(StoredKeys(self._database())).issue(client_id=partner, scopes=allowed)[0]

    def requests(self, limit: int = 1_000) -> list[dict[str, Any]]:
        """Return the last rows of the request log, the oldest first, up to this moment.

        Args:
            limit: how many at most.

        Raises:
            ServiceError: when the service does not answer.
        """
        from ridealong.service.log import NEWEST

        if self._child is None or not self.is_running:
            raise ServiceError("the back end is stopped: start it with company.start()")
        self._child.send("flush")
        if "flushed" not in self._child.hear(ANSWER_SECONDS):
            raise ServiceError("the back end does not write its log: stop it and start it again")
        rows = self._database().read(NEWEST, {"rows": limit})
        return [row._asdict() for row in reversed(rows)]

    def _database(self) -> Any:
        if self._store is None:
            from ridealong.service.store import Store

            self._store = Store(self.settings.database)
        return self._store


class RunningCache(Protocol):
    """A cache that runs, such as `ridealong.labs.cache.start_cache` gives."""

    @property
    def address(self) -> str:
        """Where it is, as redis-py takes it."""

    @property
    def prefix(self) -> str:
        """Of all keys."""


_started: Service | None = None


def start(
    settings: Settings | None = None,
    *,
    cache: RunningCache | None = None,
    policy: object = None,
    **choices: Any,
) -> Service:
    """Start the company's back end for this notebook; one that was started before is stopped.

    Args:
        settings: how it is set up; the database of `RIDEALONG_DATABASE_URL` by default.
        cache: one through which free drivers are counted.
        policy: how answers are kept there, the data of a `%%yaml` answer.
        choices: single settings instead, such as `burst=10`.

    Raises:
        ServiceError: when it does not start, or one of cache and policy is missing.
        PolicyError: when the policy cannot be followed.
        TypeError: for a setting that does not exist.
    """
    global _started
    if cache is not None or policy is not None:
        choices |= _read_through(cache, policy)
    if settings is None:
        choices.setdefault("database", os.environ.get("RIDEALONG_DATABASE_URL", ""))
        settings = Settings(**choices)
    elif choices:
        settings = dataclasses.replace(settings, **choices)
    if _started is not None:
        _started.stop()
    _started = Service(settings)
    return _started.start()


def _read_through(cache: RunningCache | None, policy: object) -> dict[str, Any]:
    from ridealong.service.caching import read_policy

    if cache is None or policy is None:
        missing = "cache" if cache is None else "policy"
        raise ServiceError(f"the {missing} is missing: start(cache=cache, policy=policy)")
    read_policy(policy)
    return {
        "cache_url": cache.address,
        "cache_prefix": f"{cache.prefix}service:",
        "cache_policy": json.loads(json.dumps(policy)),  # plain data, whatever an answer is
    }
