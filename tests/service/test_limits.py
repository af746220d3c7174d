"""The token bucket, with a clock of our own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridealong.service.limits import BUCKETS_KEPT, TokenBuckets


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_burst_then_the_rate() -> None:
    clock = Clock()
    buckets = TokenBuckets(per_second=2.0, burst=3, clock=clock)
    assert [buckets.take("one").retry_after_seconds for _ in range(4)] == [0, 0, 0, 1]
    assert buckets.take("two").remaining == 2, "each caller has a bucket of their own"
    clock.seconds += 0.5
    assert [buckets.take("one").retry_after_seconds for _ in range(2)] == [0, 1]
    clock.seconds += 100
    assert [buckets.take("one").remaining for _ in range(3)] == [2, 1, 0]


def test_retry_after_is_how_long_one_has_to_wait() -> None:
    clock = Clock()
    buckets = TokenBuckets(per_second=0.1, burst=1, clock=clock)
    buckets.take("one")
    wait = buckets.take("one").retry_after_seconds
    assert wait == 10
    clock.seconds += wait - 0.01
    assert buckets.take("one").retry_after_seconds
    clock.seconds += 0.01
    assert not buckets.take("one").retry_after_seconds


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.integers(1, 5), st.floats(0.1, 9))
def test_never_more_than_the_burst_and_the_rate(
    pauses: list[float], burst: int, per_second: float
) -> None:
    clock = Clock()
    buckets = TokenBuckets(per_second, burst, clock)
    begun, passed = clock.seconds, 0
    for pause in pauses:
        clock.seconds += pause
        allowance = buckets.take("one")
        passed += not allowance.retry_after_seconds
        assert 0 <= allowance.remaining < burst
        assert passed <= burst + (clock.seconds - begun) * per_second + 1e-6


def test_callers_without_number_do_not_fill_the_memory() -> None:
    buckets = TokenBuckets(1.0, 2, Clock())
    for number in range(BUCKETS_KEPT + 10):
        buckets.take(f"caller {number}")
    assert len(buckets._buckets) == BUCKETS_KEPT
    buckets.take("caller 5000")
    assert buckets.take("caller 5000").retry_after_seconds, "one that calls is not forgotten"


@pytest.mark.parametrize(
    ("per_second", "burst"), [(0.0, 5), (-1.0, 5), (1.0, 0), (float("nan"), 1)]
)
def test_bucket_that_lets_nobody_pass_is_refused(per_second: float, burst: int) -> None:
    with pytest.raises(ValueError, match="both have to be positive"):
        TokenBuckets(per_second, burst)
