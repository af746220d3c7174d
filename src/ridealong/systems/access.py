"""Who sees what of a ride: a policy, replayed by callers with jobs and by callers without any.

A policy says for each role which rides it reads, and for each field of these rides when it is
visible. It is right when each caller gets what their job needs, and nobody gets anything more: what
no job needs is a leak (least privilege). The jobs are `JOBS`, the callers and rides are in
`Situation`; one of the two sets of situations is shown, the other is kept back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ridealong.service.transitions import UNDER_WAY
from ridealong.text import did_you_mean

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "rider": (
        "quoted_fare",
        "fare",
        "driver_pay",
        "driver_name",
        "driver_phone",
    ),
    "driver": ("quoted_fare", "fare", "driver_pay", "rider_name", "rider_phone"),
    "support": (
        "quoted_fare",
        "fare",
        "driver_pay",
        "driver_name",
        "driver_phone",
        "rider_name",
        "rider_phone",
    ),
    "partner": (
        "quoted_fare",
        "fare",
        "driver_pay",
        "driver_name",
        "driver_phone",
        "rider_name",
        "rider_phone",
    ),
}
"""The fields that a policy decides on, by role; one's own name and number are no matter of it."""

RIDES: Final = ("none", "their_own", "their_own_and_offered", "all")
"""Which rides a role reads. Its own: of a rider those asked for, of a driver those accepted.
Offered: rides that wait for a driver, in the caller's city."""

WHEN: Final = ("never", "while_under_way", "once_completed", "always")
"""When a field is visible, in a ride that the role reads at all."""

STATES: Final = ("requested", "accepted", "in_progress", "completed", "cancelled")

ALL_FIELDS: Final = FIELDS["support"]


class PolicyError(ValueError):
    """A text that is no policy; its text is one line with the next step.

    Attributes:
        mistake: a short name of what is wrong.
    """

    def __init__(self, mistake: str, message: str) -> None:
        """Keep both."""
        self.mistake = mistake
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Policy:
    """Who sees what.

    Attributes:
        rides: by role one of `RIDES`.
        fields: by role and field one of `WHEN`; what is not named is never seen.
    """

    rides: Mapping[str, str]
    fields: Mapping[str, Mapping[str, str]]

    def sees(self, caller: "Caller", ride: "Ride") -> frozenset[str] | None:
        """Return the fields that a caller sees of a ride, None when the ride is not there for them.

        Args:
            caller: who asks.
            ride: the ride; a field that it does not have yet cannot be seen.
        """
        if not self._reads(caller, ride):
            return None
        return frozenset(
            name
            for name, when in self.fields[caller.role].items()
            if name in ride.known and _is_visible(when, ride.status)
        )

    def _reads(self, caller: "Caller", ride: "Ride") -> bool:
        match self.rides[caller.role]:
            case "all":
                return True
            case "their_own":
                return _is_own(caller, ride)
            case "their_own_and_offered":
                return _is_own(caller, ride) or _is_offered(caller, ride)
            case _:
                return False


def _is_own(caller: "Caller", ride: "Ride") -> bool:
    if caller.role == "rider":
        return caller.number == ride.rider
    return caller.role == "driver" and caller.number == ride.driver


def _is_offered(caller: "Caller", ride: "Ride") -> bool:
    return ride.status == "requested" and caller.city == ride.city


def _is_visible(when: str, status: str) -> bool:
    match when:
        case "always":
            return True
        case "while_under_way":
            return status in UNDER_WAY
        case "once_completed":
            return status == "completed"
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks for a ride.

    Attributes:
        role: one of `FIELDS`.
        number: of the rider or driver.
        city: where a rider is, or a driver works.
        who: in words, such as "the rider's neighbour".
    """

    role: str
    number: int
    city: int
    who: str


@dataclass(frozen=True, slots=True)
class Ride:
    """A ride.

    Attributes:
        status: one of `STATES`.
        rider: number of the rider who asked for it.
        driver: number of the driver who accepted it, 0 when nobody did.
        city: where it begins.
    """

    status: str
    rider: int
    driver: int
    city: int

    @property
    def known(self) -> frozenset[str]:
        """The fields that have a value in this state."""
        fields = {"quoted_fare", "rider_name", "rider_phone"}
        if self.driver:
            fields |= {"driver_name", "driver_phone"}
        if self.status == "completed":
            fields |= {"fare", "driver_pay"}
        return frozenset(fields)


@dataclass(frozen=True, slots=True)
class Job:
    """Something that a role has to be able to do.

    Attributes:
        name: a short name.
        role: whose job it is.
        says: the job, in the words of the product; follows "the rider cannot".
        states: of the ride, in which it is done.
        fields: what has to be visible for it; nothing but the ride itself where it is empty.
        offered: whether it is done with a ride that is offered, rather than one's own.
    """

    name: str
    role: str
    says: str
    states: tuple[str, ...]
    fields: tuple[str, ...] = ()
    offered: bool = False

    def is_of(self, caller: Caller, ride: Ride) -> bool:
        """Return whether it is this caller's job with this ride."""
        if caller.role != self.role or ride.status not in self.states:
            return False
        if self.role == "support":
            return True
        return _is_offered(caller, ride) if self.offered else _is_own(caller, ride)


JOBS: Final = (
    Job("watch", "rider", "see how their ride is getting on", STATES),
    Job("price", "rider", "see the price that was agreed", STATES, ("quoted_fare",)),
    Job(
        "find-the-car",
        "rider",
        "see which driver and which car to get into",
        UNDER_WAY,
        ("driver_name",),
    ),
    Job(
        "call-the-driver",
        "rider",
        "call the driver who is on the way or at the wheel",
        UNDER_WAY,
        ("driver_phone",),
    ),
    Job("receipt", "rider", "read on the receipt what they paid", ("completed",), ("fare",)),
    Job(
        "rate",
        "rider",
        "rate the driver by name, or complain about one who cancelled",
        ("completed", "cancelled"),
        ("driver_name",),
    ),
    Job(
        "weigh-an-offer",
        "driver",
        "look at a ride that is offered in their city and see whom it is for",
        ("requested",),
        ("rider_name",),
        offered=True,
    ),
    Job(
        "pick-up",
        "driver",
        "greet the right person at the pickup",
        UNDER_WAY,
        ("rider_name",),
    ),
    Job(
        "call-the-rider",
        "driver",
        "call the rider who is not at the corner",
        UNDER_WAY,
        ("rider_phone",),
    ),
    Job(
        "earnings",
        "driver",
        "see what a ride earned them",
        ("completed",),
        ("driver_pay",),
    ),
    Job(
        "rate-the-rider",
        "driver",
        "rate the rider by name, or report one who cancelled",
        ("completed", "cancelled"),
        ("rider_name",),
    ),
    Job(
        "find-a-ride",
        "support",
        "find the ride that somebody writes about, and both first names",
        STATES,
        ("rider_name", "driver_name"),
    ),
    Job(
        "settle",
        "support",
        "settle a quarrel about the fare: what was agreed, paid, and passed on",
        STATES,
        ("quoted_fare", "fare", "driver_pay"),
    ),
)
"""The jobs. Support reaches people through the switchboard, so no job of theirs needs a number; a
partner plans trips with counts of free drivers, so no job of theirs needs a ride."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A ride, and somebody who asks for it.

    Attributes:
        ride: the ride.
        caller: who asks.
    """

    ride: Ride
    caller: Caller

    def needed(self) -> Iterator[tuple[Job, frozenset[str]]]:
        """Yield each job that the caller has here, with the fields that it needs."""
        for job in JOBS:
            if job.is_of(self.caller, self.ride):
                yield job, self.ride.known.intersection(job.fields)


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that somebody sees and no job of theirs needs.

    Attributes:
        role: of who sees it.
        who: who sees it, in words.
        field: what is seen; `ride` for a ride that they should not find at all.
        status: of the ride.
    """

    role: str
    who: str
    field: str
    status: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """A job that a policy makes impossible.

    Attributes:
        job: the job.
        field: what is missing for it; `ride` where the ride is not there at all.
        status: of the ride.
    """

    job: Job
    field: str
    status: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a policy.

    Attributes:
        leaks: what is seen without a job.
        blocked: the jobs that cannot be done.
        calls: how many calls were made.
        shown: how many fields were shown in all.
    """

    leaks: Sequence[Leak]
    blocked: Sequence[Blocked]
    calls: int
    shown: int

    @property
    def passed(self) -> bool:
        """Whether everybody can work and nobody sees more."""
        return not (self.leaks or self.blocked)


def replay(policy: Policy, situations: Sequence[Situation]) -> Replay:
    """Make every call and return what leaks and what is impossible, each once.

    Args:
        policy: who sees what.
        situations: the calls.
    """
    leaks: dict[Leak, None] = {}
    blocked: dict[Blocked, None] = {}
    shown = 0
    for each in situations:
        caller, status = each.caller, each.ride.status
        seen = policy.sees(caller, each.ride)
        shown += len(seen or ())
        wanted: set[str] = set()
        jobs = list(each.needed())
        for job, fields in jobs:
            wanted |= fields
            if seen is None:
                blocked[Blocked(job, "ride", status)] = None
            for name in sorted(fields - (seen or frozenset())) if seen is not None else ():
                blocked[Blocked(job, name, status)] = None
        if seen is not None and not jobs:
            leaks[Leak(caller.role, caller.who, "ride", status)] = None
        for name in ALL_FIELDS:
            if seen and name in seen and name not in wanted:
                leaks[Leak(caller.role, caller.who, name, status)] = None
    return Replay(tuple(leaks), tuple(blocked), len(situations), shown)


def _situations(numbers: tuple[int, int, int, int], states: Sequence[str]) -> list[Situation]:
    """Return who asks for rides in some states.

    Args:
        numbers: a rider, a driver, the city of both, another city.
        states: of the rides; a cancelled one is there twice, without and with a driver.
    """
    rider, driver, city, elsewhere = numbers
    rides = []
    for status in states:
        if status in ("requested", "cancelled"):
            rides.append(Ride(status, rider, 0, city))
        if status != "requested":
            rides.append(Ride(status, rider, driver, city))
    callers = [
        Caller("rider", rider, city, "the rider"),
        Caller("rider", rider + 1, city, "another rider who types in the number of the ride"),
        Caller("driver", driver, city, "the driver"),
        Caller("driver", driver + 1, city, "another driver of the city"),
        Caller("driver", driver + 2, elsewhere, "a driver of another city"),
        Caller("support", 1, 0, "a support agent"),
        Caller("partner", 0, city, "a partner"),
    ]
    return [Situation(ride, caller) for ride in rides for caller in callers]


PUBLIC: Final = tuple(_situations((123, 57, 1, 3), ("requested", "accepted", "completed")))
"""What the notebook shows: rides that wait, are under way, and are over."""

HIDDEN: Final = tuple(_situations((8, 9_007, 5, 2), STATES))
"""Rides in every state, of other people."""

OPEN: Final = Policy(
    dict.fromkeys(FIELDS, "all"),
    {role: dict.fromkeys(names, "always") for role, names in FIELDS.items()},
)
"""Everybody sees everything: what there is to leak."""


def read_policy(value: object) -> Policy:
    """Return the policy that an answer holds.

    Args:
        value: role -> `rides` and fields -> a word.

    Raises:
        PolicyError: when it holds none.
    """
    if not isinstance(value, Mapping):
        raise PolicyError(
            "no-mapping",
            f"the policy is {_kind(value)}, wanted a mapping: a role, a colon, and indented below "
            "it its lines such as `rides: their_own`",
        )
    unknown = [role for role in value if role not in FIELDS]
    if unknown:
        raise PolicyError(
            "unknown-role",
            f"no role is called {unknown[0]!r}{did_you_mean(str(unknown[0]), FIELDS)}; the roles "
            f"are {', '.join(FIELDS)}",
        )
    missing = [role for role in FIELDS if role not in value]
    if missing:
        raise PolicyError(
            "role-missing",
            f"the policy says nothing about {missing[0]}: add `{missing[0]}:` and at least its "
            "line `rides:`",
        )
    rides, fields = dict[str, str](), dict[str, Mapping[str, str]]()
    for role, lines in value.items():
        rides[role], fields[role] = _role(role, lines)
    return Policy(rides, fields)


def _role(role: str, lines: Any) -> tuple[str, dict[str, str]]:
    if not isinstance(lines, Mapping):
        raise PolicyError(
            "no-mapping",
            f"{role} holds {_kind(lines)}, wanted lines such as `rides: their_own` below it",
        )
    if "rides" not in lines:
        raise PolicyError(
            "rides-missing",
            f"{role} has no line `rides:`: say which rides this role reads, one of "
            f"{', '.join(RIDES)}",
        )
    _word(role, "rides", lines["rides"], RIDES)
    if lines["rides"].startswith("their_own") and role not in ("rider", "driver"):
        raise PolicyError(
            "nothing-of-their-own",
            f"{role}, rides: {lines['rides']!r} fits riders, who ask for rides, and drivers, who "
            "take them; say none or all",
        )
    fields = {}
    for name, when in lines.items():
        if name == "rides":
            continue
        if name not in FIELDS[role]:
            own = name in ALL_FIELDS
            told = (
                "one's own name and number need no line"
                if own
                else f"the fields are {', '.join(FIELDS[role])}"
            )
            near = "" if own else did_you_mean(str(name), FIELDS[role])
            raise PolicyError("unknown-field", f"{role} has no field {name!r} here{near}; {told}")
        _word(role, name, when, WHEN)
        fields[name] = when
    return lines["rides"], fields


def _word(role: str, name: str, word: Any, words: Sequence[str]) -> None:
    if word not in words:
        near = did_you_mean(str(word), words)
        raise PolicyError(
            "unknown-word",
            f"{role}, {name}: {_told(word)} is no word of a policy{near}; the words are "
            f"{', '.join(words)}",
        )


def _told(word: Any) -> str:
    """Return a value as YAML writes it."""
    if word is None:
        return "an empty line"
    return str(word).lower() if isinstance(word, bool) else repr(word)


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    return {"list": "a list", "str": "one text"}.get(type(value).__name__, "one value")
