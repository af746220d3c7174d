"""Limits on requests as something to look at: a runaway phone, a window, a whole day."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from ridealong.labs.sql.database import LabError
from ridealong.service.limits import TokenBuckets
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural
from ridealong.systems import limits as systems

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import httpx

    from ridealong.service import Service
    from ridealong.systems.limits import Replay

MOST_PER_SECOND: Final = 100
MOST_SECONDS: Final = 10
LOGGED_BESIDE: Final = 1_000  # requests of others that the log may hold meanwhile
BARS_PER_SECOND: Final = 4
OK, TOO_MANY = 200, 429


def runaway(
    company: Service, rider: int = 84, *, requests_per_second: int = 20, seconds: int = 4
) -> View:
    """Let a rider's phone run away, and draw what the request log of the company holds of it.

    It takes these seconds of real time: the phone sends one request, and from its answer on the
    others evenly, the last one at the end.

    Args:
        company: the running back end.
        rider: whose phone.
        requests_per_second: that the phone sends.
        seconds: for how long.

    Raises:
        LabError: for other numbers than a phone can send, or a rider that there is not.
        ServiceError: when the back end is stopped.
    """
    count = requests_per_second * seconds
    if not (1 <= requests_per_second <= MOST_PER_SECOND and 1 <= seconds <= MOST_SECONDS):
        raise LabError(
            f"{requests_per_second} requests a second for {seconds} s: take 1 to "
            f"{MOST_PER_SECOND} a second, for 1 to {MOST_SECONDS} s"
        )
    before = max((row["log_id"] for row in company.requests(1)), default=0)
    phone = company.client(rider=rider)
    path = f"/v1/users/{rider}/rides?limit=1"
    first = phone.get(path)
    if first.status_code not in (OK, TOO_MANY):
        raise LabError(
            f"GET {path} was answered {first.status_code}: take a rider that the back end knows, "
            "such as 84"
        )
    begun = time.monotonic()
    for number in range(1, count + 1):
        time.sleep(max(0.0, begun + number / requests_per_second - time.monotonic()))
        phone.get(path)
    subject = f"rider-{rider}"
    rows = [
        (row["occurred_at"], row["status"])
        for row in company.requests(MOST_PER_SECOND * MOST_SECONDS + LOGGED_BESIDE)
        if row["log_id"] > before and row["subject"] == subject
    ]
    held = _remaining(first) + (first.status_code == OK)
    rate = company.settings.requests_per_second
    accepted = sum(status == OK for _, status in rows)
    table = [["accepted", accepted], ["refused with 429", len(rows) - accepted]]
    return View(
        f"{subject} runs away",
        frame(["in the request log", "requests"], table),
        f"{plural(len(rows), 'request')} in {seconds} s. The bucket held {held} tokens: at most "
        f"{held} + {seconds} x {rate:g} = {held + seconds * rate:g} may pass.",
        picture=_runaway_picture(rows, seconds),
    )


def _remaining(answer: httpx.Response) -> int:
    """Return `r` of the header field `RateLimit`: how many tokens the bucket has left."""
    found = re.search(r";r=(\d+)", answer.headers["ratelimit"])
    assert found, "the back end sends r with each answer that the limit was asked for"
    return int(found[1])


def _runaway_picture(rows: Sequence[tuple[datetime, int]], seconds: int) -> pictures.Picture:
    """Draw how many requests were accepted and refused in each quarter of a second."""
    begun = rows[0][0]
    places = [int((moment - begun).total_seconds() * BARS_PER_SECOND) for moment, _ in rows]
    bars = range(max(*places, seconds * BARS_PER_SECOND) + 1)
    accepted, refused = [0 for _ in bars], [0 for _ in bars]
    for place, (_, status) in zip(places, rows, strict=True):
        (accepted if status == OK else refused)[place] += 1
    left = [bar / BARS_PER_SECOND for bar in bars]
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        width = 0.85 / BARS_PER_SECOND
        axes.bar(left, accepted, width, align="edge", color=pictures.BLUE, label="accepted")
        axes.bar(
            left, refused, width, bottom=accepted, align="edge", color=pictures.YELLOW,
            hatch="//", edgecolor=pictures.ORANGE, linewidth=0, label="refused with 429",
        )  # fmt: skip
        axes.set_xlabel("seconds since the first request, by the request log")
        axes.set_ylabel("requests in a quarter second")
        axes.set_ylim(0, max(a + b for a, b in zip(accepted, refused, strict=True)) * 1.3)
        axes.set_title("Who runs away is slowed down to the rate")
        axes.legend(loc="upper right", ncols=2, fontsize=9)
        return pictures.Picture(figure, _told(rows, begun))


def _told(rows: Sequence[tuple[datetime, int]], begun: datetime) -> str:
    """Say what the picture shows, in whole seconds: the request log is never twice the same."""
    first = next((moment for moment, status in rows if status == TOO_MANY), None)
    if first is None:
        return "Requests in each quarter second by the request log: all are accepted."
    after = round((first - begun).total_seconds())
    later = sum(moment > first and status == OK for moment, status in rows)
    return (
        "Requests in each quarter second by the request log: the first refusal comes about "
        f"{after} s after the first request. Before it all are accepted, from then on "
        f"{later} of {sum(moment >= first for moment, _ in rows)}."
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
        "need up to 50 of them in their busiest ten seconds, and 5 stay in reserve: "
        f"{systems.SPARE_PER_SECOND} a second are left, "
        f"{systems.SPARE_PER_SECOND * systems.WINDOW_SECONDS} in ten seconds.",
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
        axes.bar(seconds, honest, 1, align="edge", color=pictures.BLUE, label="honest")
        axes.bar(
            seconds, runaway, 1, bottom=honest, align="edge", color=pictures.YELLOW, hatch="//",
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


__all__ = ["around_a_boundary", "callers", "replay_day", "runaway"]
