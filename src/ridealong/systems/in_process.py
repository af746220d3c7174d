"""The company's back end inside this process: the same application, no port, as new at each reset.

A judge that plays many short stories needs a fresh company for each; a process for each would take
a second and a half, setting the database back takes some milliseconds.
"""

import asyncio
import atexit
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Coroutine, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from ridealong.service.access import StoredKeys
from ridealong.service.app import create_app
from ridealong.service.keys import ApiKeys
from ridealong.service.settings import Settings, issuer
from ridealong.service.store import Store
from ridealong.service.tokens import SCOPES

T = TypeVar("T")

Who = tuple[str, int]
"""A role (rider, driver, support, partner or stranger) and the number of the person, or 0."""

_TOKEN_SECONDS: Final = 12 * 3600
_ANSWER_SECONDS: Final = 30


class InProcess:
    """The application with a database of its own; one request at a time.

    Attributes:
        lock: held by whoever plays a story, from `reset` to its end.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._folder = Path(tempfile.mkdtemp(prefix="ridealong-company-"))
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        self._new = self._folder / "new.sqlite"
        self._used = self._folder / "used.sqlite"
        Store(f"sqlite:///{self._new}").close()
        shutil.copy(self._new, self._used)
        self._settings = Settings(
            database=f"sqlite:///{self._used}", requests_per_second=1e6, burst=10**6
        )
        self._app = create_app(self._settings)
        self._loop = asyncio.new_event_loop()
        threading.Thread(
            target=self._loop.run_forever, name="ridealong-company", daemon=True
        ).start()
        self._tokens: dict[Who, dict[str, str]] = {}

    @property
    def store(self) -> Store:
        """The database, for what happens without a request."""
        store: Store = self._app.state.store
        return store

    def reset(self) -> None:
        """Set the database back to how every company begins."""
        self._run(self._app.state.log.flush())
        with (
            closing(sqlite3.connect(self._new)) as new,
            closing(sqlite3.connect(self._used, timeout=10)) as used,
        ):
            new.backup(used)
        self._tokens = {
            who: headers for who, headers in self._tokens.items() if "X-API-Key" not in headers
        }

    def request(
        self,
        who: Who,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **sent: Any,
    ) -> httpx.Response:
        """Send a request as somebody and return the answer.

        Args:
            who: the role and the number.
            method: such as GET.
            path: such as /v1/rides.
            query: the parameters behind the question mark.
            headers: further header fields; they win over the credentials of `who`.
            sent: `json` or `content`, as httpx takes them.
        """
        known = {name.lower(): value for name, value in self._credentials(who).items()}
        known |= {name.lower(): value for name, value in (headers or {}).items()}

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://ridealong.example"
            ) as client:
                return await client.request(method, path, params=query, headers=known, **sent)

        return self._run(send())

    def _credentials(self, who: Who) -> dict[str, str]:
        role, number = who
        if role == "stranger":
            return {}
        if who not in self._tokens:
            self._tokens[who] = self._new_credentials(role, number)
        return self._tokens[who]

    def _new_credentials(self, role: str, number: int) -> dict[str, str]:
        if role == "partner":
            keys = ApiKeys(StoredKeys(self.store))
            scopes = frozenset({"drivers:read"})
            return {"X-API-Key": keys.issue(client_id=f"partner-{number}", scopes=scopes)[0]}
        token = issuer(self._settings).issue(
            subject=f"{role}-{number}",
            role=role,
            client_id="ridealong-app",
            scopes=frozenset(SCOPES),
            ttl_seconds=_TOKEN_SECONDS,
        )
        return {"Authorization": f"Bearer {token}"}

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_ANSWER_SECONDS)


@cache
def company() -> InProcess:
    """Return the one back end of this process; it is made when it is first asked for."""
    return InProcess()
