"""Limits on requests, replayed: who calls in the three busiest minutes, and who is let through.

The callers are honest riders, partners and support agents, and three kinds of runaway clients. The
limits are those of the service: `service.limits.TokenBuckets`, with a clock that the replay sets.
What passes waits in one queue for a back end that answers `CAPACITY_PER_SECOND` requests.

Every day is made at random from its seed within what the task states, and each stated number is
reached: the most requests at once, the soonest return, the longest batch.
"""

import random
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ridealong.service.limits import TokenBuckets
from ridealong.text import meant

CAPACITY_PER_SECOND: Final = 100
SPARE_PER_SECOND: Final = 45  # what honest callers leave of it in their busiest ten seconds
WINDOW_SECONDS: Final = 10
LONGEST_WAIT_SECONDS: Final = 0.25  # of 95 in 100 honest requests
DAY_SECONDS: Final = 180

KINDS: Final = ("rider", "partner", "support")
PER: Final = ("caller", "address", "everyone")
KEYS: Final = ("per", "requests_per_second", "burst")
LARGEST: Final = 100_000

RIDER_AT_ONCE, RIDER_POLL_SECONDS, RIDER_BACK_SECONDS = 9, 5.0, 6.0
BATCH, BATCH_SECONDS, DISPLAY_SECONDS = 120, 6.0, 1.0
CASE_AT_ONCE, CASE_SECONDS = 8, 15.0
RUNAWAYS: Final = {"rider": (8, 15), "partner": (1, 40), "support": (2, 10)}
"""Runaway clients of each kind: how many, and how many requests each sends in a second."""


class PolicyError(Exception):
    """An answer that holds no limits: what was seen, what was wanted, what to try."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit for one kind of caller.

    Attributes:
        per: what has a bucket of its own: each caller, each address, or all of the kind together.
        requests_per_second: new tokens each second.
        burst: tokens in a full bucket.
    """

    per: str
    requests_per_second: float
    burst: int

    def key(self, kind: str, caller: str, address: str) -> str:
        """Return the name of the bucket that a request takes its token from."""
        return f"{kind} {({'caller': caller, 'address': address}).get(self.per, '')}"


Policy = Mapping[str, Limit]


def read_policy(value: object) -> dict[str, Limit]:
    """Return the limits that an answer holds.

    Args:
        value: the data of the `%%yaml` answer: kind of caller -> per, requests_per_second, burst.

    Raises:
        PolicyError: in one line.
    """
    if not isinstance(value, Mapping):
        raise PolicyError(
            f"the answer is {_what(value)}, wanted one block for each kind of caller: "
            f"{', '.join(KINDS)}"
        )
    inner = next(iter(value.values()), None)
    if len(value) == 1 and isinstance(inner, Mapping) and set(KINDS) & set(inner):
        raise PolicyError(
            f"the name {next(iter(value))!r} stands behind %%yaml already: take the line away, "
            "and begin the others at the margin"
        )
    _known(value, KINDS, "the answer", "kind of caller")
    return {kind: _limit(kind, value[kind]) for kind in KINDS}


def _limit(kind: str, value: object) -> Limit:
    if not isinstance(value, Mapping):
        raise PolicyError(f"{kind} holds {value!r}, wanted three lines below it: {', '.join(KEYS)}")
    _known(value, KEYS, kind, "key")
    per, rate, burst = (value[key] for key in KEYS)
    if per not in PER:
        raise PolicyError(f"{kind}: per is {per!r}, wanted one of {', '.join(PER)}")
    if not _is_number(rate) or not 0 < rate <= LARGEST:
        raise PolicyError(
            f"{kind}: requests_per_second is {_shown(rate)}, wanted a number above 0 and up to "
            f"{LARGEST:,}, such as 0.5"
        )
    if not _is_number(burst) or not 1 <= burst <= LARGEST or burst != int(burst):
        raise PolicyError(
            f"{kind}: burst is {_shown(burst)}, wanted a whole number from 1 to {LARGEST:,}, "
            "such as 5"
        )
    return Limit(per, float(rate), int(burst))


def _what(value: object) -> str:
    """Return what an answer is that is no mapping, in words."""
    if value is None:
        return "empty"
    if isinstance(value, list | str):
        return "a list" if isinstance(value, list) else "a text"
    return repr(value)


def _shown(value: object) -> str:
    """Return a value that is no number, and what makes it none."""
    if not isinstance(value, str):
        return repr(value)
    if re.fullmatch(r"\d+,\d+", value):
        return f"{value!r}, a text; a number has a point for its decimals and no comma"
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return f"{value!r}, a text for its quotation marks"
    return f"{value!r}, a text"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _known(value: Mapping[Any, Any], wanted: tuple[str, ...], where: str, noun: str) -> None:
    for name in value:
        if isinstance(name, int | float) and value[name] is None:
            raise PolicyError(
                f"{where} has the {noun} {name!r}, which is not known: a comma between braces ends "
                "a value, and a number has a point for its decimals"
            )
        if name not in wanted:
            raise PolicyError(
                f"{where} has the {noun} {name!r}, which is not known: {meant(name, wanted)}"
            )
    missing = [name for name in wanted if name not in value]
    if missing:
        raise PolicyError(f"{where} lacks {', '.join(missing)}: each {noun} is needed once")


@dataclass(frozen=True, slots=True)
class Day:
    """What differs between the days that are replayed.

    Attributes:
        seed: of the moments and numbers.
        begins: the clock at its first second, in seconds since midnight.
        place: whose wireless network many riders share.
        full_hour_seconds: after its first second, when the partner's batch begins.
        at_home: riders who open the app from an address of their own.
        at_the_place: riders who open it over the shared network.
    """

    seed: int
    begins: int
    place: str
    full_hour_seconds: int = 60
    at_home: int = 55
    at_the_place: int = 40

    def clock(self, seconds: float) -> str:
        """Return a moment as people write it, 08:00:06."""
        whole = int(self.begins + seconds)
        return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


PUBLIC: Final = Day(42, 7 * 3600 + 59 * 60, "the airport")
HIDDEN: Final = (
    Day(7919, 16 * 3600 + 59 * 60, "the stadium", 60, 50, 44),
    Day(104729, 5 * 3600 + 59 * 60, "the night train", 60, 60, 36),
)
"""Days that a learner does not see: other callers, other moments, the same stated numbers."""


@dataclass(frozen=True, slots=True, order=True)
class Request:
    """One request that reaches the edge.

    Attributes:
        seconds: after the day's first second.
        kind: rider, partner or support.
        caller: as the log names the subject.
        address: where it comes from.
        doing: what the caller is at, in words; empty for a runaway client.
    """

    seconds: float
    kind: str
    caller: str
    address: str
    doing: str = ""

    @property
    def is_honest(self) -> bool:
        """Whether it is not of a runaway client."""
        return bool(self.doing)


@cache
def requests_of(day: Day) -> tuple[Request, ...]:
    """Return all requests of a day, the first one first."""
    made = sorted(request for each in _Day(day).all() for request in each)
    return tuple(made)


class _Day:
    """Makes the requests of a day."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._random = random.Random(day.seed)
        self._numbers = self._random.sample(range(1_000, 9_999), 200)

    def all(self) -> Iterable[list[Request]]:
        for _ in range(self._day.at_home):
            opened = self._random.uniform(0, DAY_SECONDS - 40)
            yield self._rider(opened, f"own address {self._numbers[-1]}")
        landed = self._day.full_hour_seconds - 10
        for place in range(self._day.at_the_place):
            yield self._rider(landed + place * 0.8, self._day.place)
        yield self._batch()
        for number in range(3):
            yield self._agent(f"support-{number + 1}", 4.0 * number)
        yield from self._runaways()

    def _rider(self, opened: float, address: str) -> list[Request]:
        """Open the app, look at the ride every five seconds, perhaps leave and come back once."""
        caller = f"rider-{self._numbers.pop()}"
        comes_back = self._random.random() < 0.5
        made = self._at_once(opened, RIDER_AT_ONCE, "rider", caller, address, "opens the app")
        back = opened + RIDER_BACK_SECONDS
        if comes_back:
            what = "comes back to the app"
            made += self._at_once(back, RIDER_AT_ONCE, "rider", caller, address, what)
        for number in range(1, self._random.randint(5, 9)):
            moment = opened + number * RIDER_POLL_SECONDS
            made.append(Request(moment, "rider", caller, address, "looks for the ride"))
        return made

    def _batch(self) -> list[Request]:
        hour = self._day.full_hour_seconds
        who = ("partner", "city-trip-planner", "the partners' cloud")
        made = [
            Request(
                hour + number * BATCH_SECONDS / (BATCH - 1), *who, "sends the batch of the hour"
            )
            for number in range(BATCH)
        ]
        begun = self._random.random()
        displayed = [begun + number * DISPLAY_SECONDS for number in range(DAY_SECONDS - 1)]
        made += [
            Request(moment, *who, "renews its display")
            for moment in displayed
            if not hour - DISPLAY_SECONDS < moment < hour + BATCH_SECONDS + DISPLAY_SECONDS
        ]
        return made

    def _agent(self, caller: str, begun: float) -> list[Request]:
        made = []
        while begun < DAY_SECONDS - 20:
            made += self._at_once(
                begun, CASE_AT_ONCE, "support", caller, "the support office", "opens a case"
            )
            begun += CASE_SECONDS
        return made

    def _runaways(self) -> Iterable[list[Request]]:
        places = {"rider": self._day.place, "partner": "the partners' cloud"}
        for kind, (count, per_second) in RUNAWAYS.items():
            for number in range(count):
                begun = 20 + self._random.uniform(0, 1)
                name = {"rider": f"rider-{self._numbers.pop()}", "partner": "fare-watch"}
                caller = name.get(kind, f"support-{number + 4}")
                address = places.get(kind, "the support office")
                yield [
                    Request(begun + each / per_second, kind, caller, address)
                    for each in range(int((DAY_SECONDS - begun) * per_second))
                ]

    def _at_once(self, moment: float, count: int, *who: str) -> list[Request]:
        return [Request(moment + number / 1_000, *who) for number in range(count)]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was answered with 429.

    Attributes:
        request: the one.
        place: the how-manieth of its caller it is.
    """

    request: Request
    place: int


@dataclass(frozen=True, slots=True)
class Group:
    """What became of the requests of honest or runaway clients of one kind.

    Attributes:
        kind: rider, partner or support.
        is_honest: which of the two.
        callers: how many they are.
        sent: their requests.
        passed: those that were let through.
        most_in_window: the most of these in any ten seconds.
    """

    kind: str
    is_honest: bool
    callers: int
    sent: int
    passed: int
    most_in_window: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What a policy did to a day.

    Attributes:
        day: which.
        groups: honest and runaway clients of each kind.
        refused: honest requests that were refused, the first one first.
        runaway_in_window: the most that runaway clients together got in any ten seconds.
        wait_seconds: which 95 in 100 honest requests that passed did not exceed.
        passed: the moments of the requests that passed, with whether they are honest.
    """

    day: Day
    groups: tuple[Group, ...]
    refused: tuple[Refusal, ...]
    runaway_in_window: int
    wait_seconds: float
    passed: tuple[tuple[float, bool], ...]

    @property
    def holds(self) -> bool:
        """Whether all three promises are kept."""
        return not self.refused and self.spare_is_kept and self.wait_is_kept

    @property
    def spare_is_kept(self) -> bool:
        """Whether runaway clients get no more than honest ones leave."""
        return self.runaway_in_window <= SPARE_PER_SECOND * WINDOW_SECONDS

    @property
    def wait_is_kept(self) -> bool:
        """Whether the queue is short for nearly everybody."""
        return self.wait_seconds <= LONGEST_WAIT_SECONDS


def replay(policy: Policy | None, day: Day = PUBLIC) -> Replay:
    """Let a day happen under limits.

    Args:
        policy: the limit of each kind; None lets all pass.
        day: the public one by default.
    """
    now = 0.0
    buckets = {
        kind: TokenBuckets(limit.requests_per_second, limit.burst, lambda: now)
        for kind, limit in (policy or {}).items()
    }
    asked: dict[str, int] = {}
    refused: list[Refusal] = []
    passed: list[Request] = []
    all_requests = requests_of(day)
    for request in all_requests:
        now = request.seconds
        asked[request.caller] = asked.get(request.caller, 0) + 1
        if policy is not None:
            key = policy[request.kind].key(request.kind, request.caller, request.address)
            if buckets[request.kind].take(key).retry_after_seconds:
                if request.is_honest:
                    refused.append(Refusal(request, asked[request.caller]))
                continue
        passed.append(request)
    return Replay(
        day,
        tuple(_groups(all_requests, passed)),
        tuple(refused),
        _most([each.seconds for each in passed if not each.is_honest]),
        _wait(passed),
        tuple((each.seconds, each.is_honest) for each in passed),
    )


def _groups(sent: Sequence[Request], passed: list[Request]) -> Iterable[Group]:
    for is_honest in (True, False):
        for kind in KINDS:
            theirs = [r for r in sent if (r.kind, r.is_honest) == (kind, is_honest)]
            moments = [r.seconds for r in passed if (r.kind, r.is_honest) == (kind, is_honest)]
            callers = len({request.caller for request in theirs})
            yield Group(kind, is_honest, callers, len(theirs), len(moments), _most(moments))


def _most(moments: list[float]) -> int:
    """Return the most moments in any half-open window of ten seconds."""
    return max(
        (
            bisect_left(moments, moment + WINDOW_SECONDS) - place
            for place, moment in enumerate(moments)
        ),
        default=0,
    )


def _wait(passed: list[Request]) -> float:
    """Return the 95th percentile of the honest waits in a queue that is served in its order."""
    free, waits = 0.0, []
    for request in passed:
        begins = max(free, request.seconds)
        free = begins + 1 / CAPACITY_PER_SECOND
        if request.is_honest:
            waits.append(begins - request.seconds)
    waits.sort()
    # The smallest wait that 95 in 100 do not exceed (nearest rank).
    return waits[-(-95 * len(waits) // 100) - 1] if waits else 0.0
