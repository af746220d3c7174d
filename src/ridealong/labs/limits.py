"""Limits on requests as something to look at: a bucket over time, a window, a whole day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ridealong.labs.sql.database import LabError
from ridealong.service.limits import TokenBuckets
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural
from ridealong.systems import limits as systems

if TYPE_CHECKING:
    from ridealong.systems.limits import Replay

MOST_REQUESTS: Final = 100_000


def bucket_over_time(
    requests_per_second: float,
    burst: int,
    *,
    runaway_per_second: float = 10,
    runaway_seconds: tuple[float, float] = (6, 14),
    seconds: float = 30,
) -> View:
    """Show one token bucket while its caller runs away, on a clock of its own.

    The caller sends one request every two seconds, and in between runs away.

    Args:
        requests_per_second: new tokens each second.
        burst: tokens in a full bucket.
        runaway_per_second: requests of the caller while it runs away.
        runaway_seconds: from when to when it does.
        seconds: how long the picture is.

    Raises:
        LabError: for numbers that make no bucket, or too many requests.
    """
    begun, ended = runaway_seconds
    if runaway_per_second <= 0 or seconds * max(runaway_per_second, 1) > MOST_REQUESTS:
        raise LabError(
            f"{runaway_per_second} requests a second for {seconds} s: take fewer, and more than 0"
        )
    now = 0.0
    try:
        buckets = TokenBuckets(requests_per_second, burst, lambda: now)
    except ValueError as error:
        raise LabError(str(error)) from None
    calm = [float(second) for second in range(0, int(seconds), 2) if not begun <= second < ended]
    wild = [
        begun + number / runaway_per_second
        for number in range(round((ended - begun) * runaway_per_second))
    ]
    rows: list[tuple[str, int, int, int, int]] = []
    spans = [("before", 0.0, begun), ("runs away", begun, ended), ("after", ended, seconds)]
    seen: list[tuple[float, int, int]] = []  # moment, tokens left, seconds to wait
    for now in sorted(calm + wild):
        allowance = buckets.take("one")
        seen.append((now, allowance.remaining, allowance.retry_after_seconds))
    for name, start, end in spans:
        within = [each for each in seen if start <= each[0] < end]
        passed = sum(not wait for _, _, wait in within)
        longest = max((wait for _, _, wait in within), default=0)
        rows.append((name, len(within), passed, len(within) - passed, longest))
    columns = ["the caller", "requests", "passed", "refused with 429", "longest Retry-After (s)"]
    sent, passed = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return View(
        f"A bucket of {burst} tokens that gets {requests_per_second:g} a second",
        frame(columns, rows),
        f"{plural(sent, 'request')}, {passed} passed. While it runs away the caller gets at most "
        f"{burst} + {ended - begun:g} x {requests_per_second:g} = "
        f"{burst + (ended - begun) * requests_per_second:g}.",
        picture=_bucket_picture(seen, burst, requests_per_second, runaway_seconds),
    )


def _bucket_picture(
    seen: Sequence[tuple[float, int, int]],
    burst: int,
    requests_per_second: float,
    runaway_seconds: tuple[float, float],
) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        begun, ended = runaway_seconds
        axes.axvspan(begun, ended, color="#F1F2F4", label="runs away")
        axes.step(
            [moment for moment, _, _ in seen], [tokens for _, tokens, _ in seen],
            where="post", color=pictures.BLUE, label="whole tokens left",
        )  # fmt: skip
        refused = [moment for moment, _, wait in seen if wait]
        axes.plot(
            refused, [-0.06 * burst] * len(refused), "x", color=pictures.ORANGE, markersize=5,
            label="refused", clip_on=False,
        )  # fmt: skip
        axes.set_ylim(-0.12 * burst, burst * 1.05)
        axes.set_xlabel("seconds")
        axes.set_ylabel("tokens")
        axes.set_title("What is left in the bucket")
        axes.legend(loc="upper right", fontsize=9)
        first = (
            f"the first refusal comes at {refused[0]:.1f} s" if refused else "nothing is refused"
        )
        return pictures.Picture(
            figure,
            f"Tokens over time: the bucket starts with {burst}, the runaway empties it from "
            f"second {begun:g} on, {first}, and after second {ended:g} it fills again, by "
            f"{requests_per_second:g} a second less what the caller takes.",
        )


def around_a_boundary(limit: int, window_seconds: int) -> View:
    """Show what a fixed window and a token bucket let through around the turn of a window.

    A client sends `limit` requests in the last second of a window and as many in the first of the
    next one. The bucket holds `limit` tokens and gets them back over one window.

    Args:
        limit: requests in each window.
        window_seconds: its length.

    Raises:
        LabError: for numbers that are no limit.
    """
    if not (1 <= limit <= 1_000 and 2 <= window_seconds <= 86_400):
        raise LabError(
            f"a limit of {limit} in {window_seconds} s: take 1 to 1,000 in 2 to 86,400 s"
        )
    moments = [
        window_seconds - 1 + half + number / limit for half in (0, 1) for number in range(limit)
    ]
    now = 0.0
    buckets = TokenBuckets(limit / window_seconds, limit, lambda: now)
    counts: dict[int, int] = {}
    rows = {"fixed window": [0, 0], "token bucket": [0, 0]}
    for now in moments:
        window = int(now // window_seconds)
        counts[window] = counts.get(window, 0) + 1
        rows["fixed window"][window] += counts[window] <= limit
        rows["token bucket"][window] += not buckets.take("one").retry_after_seconds
    table = [[name, limit, *passed, sum(passed)] for name, passed in rows.items()]
    columns = ["limit", "promised", "last second", "first second of the next", "in two seconds"]
    fixed, bucket = (sum(passed) for passed in rows.values())
    return View(
        f"{limit} requests in {window_seconds} s, and {2 * limit} sent around the boundary",
        frame(columns, table),
        f"Within two seconds the fixed window lets {fixed} pass, the bucket {bucket}.",
    )


def callers() -> View:
    """Show who calls in the three minutes, what they need, and how runaway clients behave."""
    day = systems.PUBLIC
    riders = (
        f"opens the app: {systems.RIDER_AT_ONCE} requests at once; then one every "
        f"{systems.RIDER_POLL_SECONDS:g} s; may come back once, {systems.RIDER_BACK_SECONDS:g} s "
        f"after opening, with {systems.RIDER_AT_ONCE} at once again"
    )
    partners = (
        f"one request a second; at the full hour {systems.BATCH} evenly over "
        f"{systems.BATCH_SECONDS:g} s instead"
    )
    agents = (
        f"opens a case every {systems.CASE_SECONDS:g} s: {systems.CASE_AT_ONCE} requests at once"
    )
    rows = [
        [
            "rider",
            f"{day.at_home} at home, {day.at_the_place} at {day.place}",
            riders,
            "their own; one for all in a shared network",
            _runaway("rider", "phones with a bad release, in that network"),
        ],
        [
            "partner",
            "1 trip planner",
            partners,
            "one for all partners in their cloud",
            _runaway("partner", "script of another partner"),
        ],
        [
            "support",
            "3 agents",
            agents,
            "one for the office",
            _runaway("support", "screens that reload themselves"),
        ],
    ]
    return View(
        "Who calls",
        frame(["kind", "honest callers", "what each of them sends", "address", "runaways"], rows),
        f"The back end answers {systems.CAPACITY_PER_SECOND} requests a second. Honest callers "
        "need up to 50 of them in their busiest ten seconds, and 5 stay in reserve.",
    )


def _runaway(kind: str, what: str) -> str:
    count, per_second = systems.RUNAWAYS[kind]
    return f"{count} {what}, {per_second} requests a second each"


def replay_day(policy: object = None) -> View:
    """Show what limits do to the callers of the public day.

    Args:
        policy: the data of a `%%yaml` answer, or None for no limits at all.

    Raises:
        LabError: when it holds no limits.
    """
    try:
        limits = None if policy is None else systems.read_policy(policy)
    except systems.PolicyError as error:
        raise LabError(str(error)) from None
    run = systems.replay(limits)
    rows = [
        [
            group.kind, "honest" if group.is_honest else "runaway", group.callers, group.sent,
            group.passed, group.sent - group.passed, group.most_in_window,
        ]
        for group in run.groups
    ]  # fmt: skip
    columns = ["kind", "client", "callers", "sent", "passed", "refused", "most in 10 s"]
    return View(
        f"Three minutes from {run.day.clock(0)} on" + ("" if limits else ", without limits"),
        frame(columns, rows),
        _summary(run),
        picture=_day_picture(run),
        counts=("sent", "passed", "refused", "most in 10 s"),
    )


def _summary(run: Replay) -> str:
    told = [f"{plural(len(run.refused), 'honest request')} refused"]
    if run.refused:
        first = run.refused[0].request
        moment = run.day.clock(first.seconds)
        told.append(f"the first: {first.caller} ({first.address}) at {moment} as it {first.doing}")
    told.append(
        f"runaway clients get up to {run.runaway_in_window:,} in ten seconds, "
        f"{systems.SPARE_PER_SECOND * systems.WINDOW_SECONDS} is the most"
    )
    told.append(f"95 in 100 honest requests wait at most {run.wait_seconds:.2f} s")
    return "; ".join(told) + "."


def _day_picture(run: Replay) -> pictures.Picture:
    """Draw how many requests pass in each second, honest and runaway, under the capacity."""
    honest = [0] * systems.DAY_SECONDS
    runaway = [0] * systems.DAY_SECONDS
    for moment, is_honest in run.passed:
        if moment < systems.DAY_SECONDS:
            (honest if is_honest else runaway)[int(moment)] += 1
    both = [a + b for a, b in zip(honest, runaway, strict=True)]
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        seconds = range(systems.DAY_SECONDS)
        axes.fill_between(seconds, honest, step="post", color=pictures.BLUE, label="honest")
        axes.fill_between(
            seconds, honest, both, step="post", color=pictures.YELLOW, hatch="//",
            edgecolor=pictures.ORANGE, linewidth=0, label="runaway",
        )  # fmt: skip
        axes.axhline(
            systems.CAPACITY_PER_SECOND, color=pictures.INK, linestyle="--", linewidth=1,
            label="what the back end answers",
        )  # fmt: skip
        axes.set_xlim(0, systems.DAY_SECONDS)
        axes.set_ylim(0, max(*both, systems.CAPACITY_PER_SECOND) * 1.25)
        axes.set_xticks(range(0, 181, 30), [run.day.clock(each) for each in range(0, 181, 30)])
        axes.set_ylabel("requests that pass, each second")
        axes.set_title("Who is let through")
        axes.legend(loc="upper right", ncols=3, fontsize=9)
        above = sum(each > systems.CAPACITY_PER_SECOND for each in both)
        return pictures.Picture(
            figure,
            f"Requests that pass in each of {systems.DAY_SECONDS} seconds: honest ones up to "
            f"{max(honest)}, runaway ones up to {max(runaway)}; in {above} seconds together more "
            f"than the {systems.CAPACITY_PER_SECOND} that the back end answers.",
        )


__all__ = ["around_a_boundary", "bucket_over_time", "callers", "replay_day"]
