"""Where a policy keeps its answers: in a real cache, or in this process."""

import contextlib
from typing import TYPE_CHECKING, Final

from ridealong.service.caching import InRedis, Surviving
from ridealong.systems.cache.server import CacheError

if TYPE_CHECKING:
    from ridealong.systems.cache.server import Cache

LASTING_SECONDS: Final = 24 * 3600
"""What is left in somebody else's cache, should this program be killed, is gone after a day."""


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

    def count_up(self, key: str, seconds: float, forgotten: str = "") -> None:
        """Add one to the number that is kept; then forget another key, if one is named."""
        self.texts[key] = str(int(self.texts.get(key, "0")) + 1)
        if forgotten:
            self.delete(forgotten)

    def clear(self) -> None:
        """Forget everything."""
        self.texts.clear()

    def memory_bytes(self) -> int:
        """Return what the keys and their texts take."""
        return sum(len(key) + len(text) for key, text in self.texts.items())


class InCache(InRedis):
    """A real cache, over the Redis protocol.

    Nothing ends by itself: a replay has a clock of its own, and a laptop that sleeps in the middle
    of it wakes with all that it kept.

    Args:
        cache: a cache that runs.
    """

    def __init__(self, cache: "Cache") -> None:
        super().__init__(cache.client, cache.prefix, LASTING_SECONDS)
        self._cache = cache

    def clear(self) -> None:
        """Forget all our keys."""
        self._cache.clear()

    def memory_bytes(self) -> int:
        """Return what the keys and their texts take; the server's own books come on top."""
        keys = self._cache.keys()
        sizes = self.client.pipeline(transaction=False)
        for key in keys:
            sizes.strlen(self.prefix + key)
        return sum(map(len, keys)) + sum(int(size) for size in sizes.execute())


class Outlasting(Surviving):
    """A cache that may be killed in the middle of a replay; where it is ours it is started again.

    Args:
        cache: a cache that runs.

    Attributes:
        restarts: how often it was started again.
    """

    def __init__(self, cache: "Cache") -> None:
        super().__init__(InCache(cache))
        self._cache = cache
        self.restarts = 0

    def clear(self) -> None:
        """Forget all our keys."""
        self._ask("clear", None)

    def memory_bytes(self) -> int:
        """Return what the keys and their texts take, 0 when it does not tell."""
        return int(self._ask("memory_bytes", 0))

    def _failed(self) -> None:
        if self._cache.has("kill") and not self._cache.is_running:
            with contextlib.suppress(CacheError):
                self._cache.restart()
                self.inner = InCache(self._cache)
                self.restarts += 1
                self._asked_again_at = 0.0
