"""How many requests a caller may make: a token bucket for each.

A bucket holds up to `burst` tokens and gets `per_second` new ones each second; a request takes one.
So a caller may make `burst` requests at once, and in the long run `per_second` each second. A limit
of N in each minute of the clock would let 2 N pass around the turn of a minute.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

BUCKETS_KEPT: Final = 10_000
_ROUNDING: Final = 1e-9  # a token that came in several steps is whole all the same


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a bucket says to one request.

    Attributes:
        remaining: requests that are possible now, this one not counted.
        retry_after_seconds: 0 when the request may pass, else after how many whole seconds one may.
        reset_seconds: until the bucket is full again.
    """

    remaining: int
    retry_after_seconds: int
    reset_seconds: int


class TokenBuckets:
    """One bucket for each caller; no more than 10,000 of them, the least recently used one goes.

    Args:
        per_second: new tokens each second.
        burst: tokens in a full bucket.
        clock: seconds that only ever grow.
    """

    def __init__(
        self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not (per_second > 0 and burst >= 1):
            raise ValueError(
                f"a bucket of {burst} tokens with {per_second} new ones each second lets nobody "
                "pass: both have to be positive"
            )
        self.per_second = per_second
        self.burst = burst
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, when that was
        self.policy = f'"default";q={burst};w={max(1, math.ceil(burst / per_second))}'

    def take(self, caller: str) -> Allowance:
        """Take one token from a caller's bucket, when there is one."""
        now = self._clock()
        tokens, then = self._buckets.pop(caller, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - then) * self.per_second)
        passes = tokens >= 1 - _ROUNDING
        if passes:
            tokens = max(0.0, tokens - 1)
        if len(self._buckets) >= BUCKETS_KEPT:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[caller] = (tokens, now)  # put at the end: the first one is the oldest
        return Allowance(
            remaining=int(tokens),
            retry_after_seconds=0 if passes else max(1, math.ceil((1 - tokens) / self.per_second)),
            reset_seconds=math.ceil((self.burst - tokens) / self.per_second),
        )

    def fields(self, allowance: Allowance) -> str:
        """Return the value of the header field `RateLimit` (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"default";r={allowance.remaining};t={allowance.reset_seconds}'
