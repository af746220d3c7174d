"""Where a policy keeps its answers: in a real cache, or in this process."""

import contextlib
from typing import TYPE_CHECKING, Any

from ridealong.systems.cache.server import CacheError

if TYPE_CHECKING:
    from ridealong.systems.cache.server import Cache


class InMemory:
    """A dictionary with the calls of a cache; nothing ends by itself."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """Return what is kept, or None."""
        return self.texts.get(key)

    def set(self, key: str, text: str, seconds: float) -> None:
        """Keep a text."""
        self.texts[key] = text

    def set_if(self, key: str, text: str, seconds: float, mark: str, seen: str) -> bool:
        """Keep a text only if what is kept under `mark` is still `seen`; tell whether it was."""
        if self.texts.get(mark, "0") != seen:
            return False
        self.texts[key] = text
        return True

    def add(self, key: str, text: str, seconds: float) -> bool:
        """Keep a text unless something is kept; tell whether it was."""
        if key in self.texts:
            return False
        self.texts[key] = text
        return True

    def delete(self, key: str) -> None:
        """Forget what is kept."""
        self.texts.pop(key, None)

    def count_up(self, key: str) -> None:
        """Add one to the number that is kept."""
        self.texts[key] = str(int(self.texts.get(key, "0")) + 1)

    def clear(self) -> None:
        """Forget everything."""
        self.texts.clear()

    def memory_bytes(self) -> int:
        """Return what the keys and their texts take."""
        return sum(len(key) + len(text) for key, text in self.texts.items())


class InCache:
    """A real cache, over the Redis protocol.

    Args:
        cache: a cache that runs.
    """

    def __init__(self, cache: "Cache") -> None:
        self._cache = cache
        self._client: Any = cache.client
        self._prefix = cache.prefix

    def get(self, key: str) -> str | None:
        """Return what is kept, or None."""
        text: str | None = self._client.get(self._prefix + key)
        return text

    def set(self, key: str, text: str, seconds: float) -> None:
        """Keep a text for so long."""
        self._client.set(self._prefix + key, text, px=max(1, round(seconds * 1000)))

    def set_if(self, key: str, text: str, seconds: float, mark: str, seen: str) -> bool:
        """Keep a text only if what is kept under `mark` is still `seen`; tell whether it was."""
        import redis

        with self._client.pipeline() as pipe, contextlib.suppress(redis.WatchError):
            pipe.watch(self._prefix + mark)
            if (pipe.get(self._prefix + mark) or "0") != seen:
                return False
            pipe.multi()
            pipe.set(self._prefix + key, text, px=max(1, round(seconds * 1000)))
            pipe.execute()  # refused when `mark` changed since it was looked at
            return True
        return False

    def add(self, key: str, text: str, seconds: float) -> bool:
        """Keep a text unless something is kept; tell whether it was."""
        px = max(1, round(seconds * 1000))
        return bool(self._client.set(self._prefix + key, text, nx=True, px=px))

    def delete(self, key: str) -> None:
        """Forget what is kept."""
        self._client.delete(self._prefix + key)

    def count_up(self, key: str) -> None:
        """Add one to the number that is kept."""
        self._client.incr(self._prefix + key)

    def clear(self) -> None:
        """Forget all our keys."""
        self._cache.clear()

    def memory_bytes(self) -> int:
        """Return what the keys and their texts take; the server's own books come on top."""
        keys = self._cache.keys()
        sizes = self._client.pipeline(transaction=False)
        for key in keys:
            sizes.strlen(self._prefix + key)
        return sum(map(len, keys)) + sum(int(size) for size in sizes.execute())


class Outlasting:
    """A cache that may be killed in the middle: what it does not answer is a miss, and is counted.

    After a failure the cache is started again where it is ours.

    Args:
        cache: a cache that runs.
    """

    def __init__(self, cache: "Cache") -> None:
        self._cache = cache
        self._inner = InCache(cache)
        self.failures = 0
        self.restarts = 0

    def __getattr__(self, name: str) -> Any:
        import redis

        call = getattr(self._inner, name)

        def safe(*arguments: Any) -> Any:
            try:
                return call(*arguments)
            except redis.exceptions.RedisError:
                self.failures += 1
                self._again()
                return name == "add" or None  # alone, so whoever asks reads the database

        return safe

    def _again(self) -> None:
        if self._cache.has("kill") and not self._cache.is_running:
            with contextlib.suppress(CacheError):
                self._cache.restart()
                self._inner = InCache(self._cache)
                self.restarts += 1
