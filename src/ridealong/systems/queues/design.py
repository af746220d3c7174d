"""The design of what follows a completed ride, as data.

What a design may say, of which each line may be left out:

    in_request: []                # of charge, receipt, rating_prompt: done before the answer
    event: outbox                 # or after_commit, before_commit: how the event gets out
    key: ride                     # or city, none: which events stay in one partition
    partitions: 4
    groups: {charge: charge, receipt: receipt, rating_prompt: rating}
    consumers: 1                  # in each group
    commit: after_work            # or before_work: when a message counts as read
    remember: with_work           # or nothing, before_work, after_work: which events were handled
    attempts: 5                   # for a message whose work fails
    backoff_seconds: 0.5          # before the second attempt, then twice as long each time
    longest_backoff_seconds: 30
    when_attempts_end: dead_letter  # or skip, stop
    unreadable: dead_letter       # or retry: as a message whose work fails
    freshness_seconds: 10         # 99 of 100 effects are there so long after the ride
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ridealong.text import meant

STEPS: Final = ("charge", "receipt", "rating_prompt")
"""What follows a completed ride."""

EVENTS: Final = ("outbox", "after_commit", "before_commit")
KEYS: Final = ("ride", "city", "none")
COMMITS: Final = ("after_work", "before_work")
REMEMBER: Final = ("nothing", "before_work", "with_work", "after_work")
UNREADABLE: Final = ("retry", "dead_letter")
ENDS: Final = ("dead_letter", "skip", "stop")
MOST_PARTITIONS: Final = 16
MOST_CONSUMERS: Final = 16
MOST_ATTEMPTS: Final = 20
LONGEST_SECONDS: Final = 3600.0
LONGEST_NAME: Final = 40


class DesignError(Exception):
    """A design that cannot be followed: what was seen, what was wanted, what to try."""


@dataclass(frozen=True, slots=True)
class Design:
    """How a completed ride is followed up; see the module for what each word means.

    Attributes:
        in_request: the steps that are done before the rider has the answer.
        event: how the event gets from the database to the broker.
        key: which events stay in one partition, and so in order.
        partitions: of the topic.
        groups: the consumer group of each step that is not in the request.
        consumers: in each group.
        commit: when a message counts as read.
        remember: when a consumer notes that an event was handled.
        attempts: for a message whose work fails.
        backoff_seconds: before the second attempt.
        longest_backoff_seconds: it doubles up to that.
        when_attempts_end: what becomes of the message.
        unreadable: what becomes of a message that nobody can read.
        freshness_seconds: so long after the ride 99 of 100 effects are there.
    """

    in_request: frozenset[str] = frozenset()
    event: str = "outbox"
    key: str = "ride"
    partitions: int = 4
    groups: Mapping[str, str] = field(default_factory=lambda: {step: step for step in STEPS})
    consumers: int = 1
    commit: str = "after_work"
    remember: str = "nothing"
    attempts: int = 1
    backoff_seconds: float = 0.5
    longest_backoff_seconds: float = 30.0
    when_attempts_end: str = "stop"
    unreadable: str = "retry"
    freshness_seconds: float = 10.0

    def backoff(self, attempt: int) -> float:
        """Return how long is waited after an attempt that failed, in seconds.

        Args:
            attempt: 1 for the first.
        """
        return float(min(self.longest_backoff_seconds, self.backoff_seconds * 2 ** (attempt - 1)))

    @property
    def queued(self) -> tuple[str, ...]:
        """The steps that consumers do."""
        return tuple(step for step in STEPS if step not in self.in_request)


LINES: Final = tuple(Design.__dataclass_fields__)


def read_design(value: object) -> Design:
    """Return the design that an answer holds; what it leaves out is as `Design` has it.

    Args:
        value: the data of the `%%yaml` answer.

    Raises:
        DesignError: in one line.
    """
    if not isinstance(value, Mapping):
        what = "empty" if value is None else f"{value!r}"[:60]
        raise DesignError(f"the design is {what}, wanted lines such as key: ride")
    for name in value:
        if name not in LINES:
            raise DesignError(
                f"the design has the line {str(name)[:40]!r}, not known: {meant(name, LINES)}"
            )
    plain = Design()
    in_request = _steps(value.get("in_request", []))
    design = Design(
        in_request=in_request,
        event=_word(value, "event", EVENTS),
        key=_word(value, "key", KEYS),
        partitions=_whole(value, "partitions", plain.partitions, MOST_PARTITIONS),
        groups=_groups(value.get("groups"), in_request),
        consumers=_whole(value, "consumers", plain.consumers, MOST_CONSUMERS),
        commit=_word(value, "commit", COMMITS),
        remember=_word(value, "remember", REMEMBER),
        attempts=_whole(value, "attempts", plain.attempts, MOST_ATTEMPTS),
        backoff_seconds=_seconds(value, "backoff_seconds", plain.backoff_seconds),
        longest_backoff_seconds=_seconds(
            value, "longest_backoff_seconds", plain.longest_backoff_seconds
        ),
        when_attempts_end=_word(
            value, "when_attempts_end", ENDS, otherwise=plain.when_attempts_end
        ),
        unreadable=_word(value, "unreadable", UNREADABLE),
        freshness_seconds=_seconds(value, "freshness_seconds", plain.freshness_seconds, above=0),
    )
    if design.backoff_seconds > design.longest_backoff_seconds:
        raise DesignError(
            f"backoff_seconds is {design.backoff_seconds:g} and longest_backoff_seconds "
            f"{design.longest_backoff_seconds:g}: the first wait cannot be longer than the longest"
        )
    return design


def _steps(given: object) -> frozenset[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise DesignError(f"in_request is {_shown(given)}, wanted a list of {', '.join(STEPS)}")
    for each in given:
        if each not in STEPS:
            raise DesignError(f"in_request names {each[:40]!r}, not known: {meant(each, STEPS)}")
    return frozenset(given)


def _groups(given: object, in_request: frozenset[str]) -> Mapping[str, str]:
    queued = [step for step in STEPS if step not in in_request]
    if given is None:
        return {step: step for step in queued}
    if not isinstance(given, Mapping):
        raise DesignError(
            f"groups is {_shown(given)}, wanted a name for each step, such as "
            f"{{{', '.join(f'{step}: {step}' for step in queued)}}}"
        )
    for step in given:
        if step not in STEPS:
            raise DesignError(f"groups names {str(step)[:40]!r}, not known: {meant(step, STEPS)}")
        if step in in_request:
            raise DesignError(f"groups names {step}, which stands in in_request: take one of them")
    missing = [step for step in queued if step not in given]
    if missing:
        raise DesignError(
            f"groups lacks {', '.join(missing)}: who reads no events does nothing; add the step, "
            "or name it in in_request"
        )
    for step, name in given.items():
        if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
            raise DesignError(
                f"the group of {step} is {_shown(name)}, wanted a name of up to {LONGEST_NAME} "
                "characters"
            )
        if not all(letter.isalnum() or letter in "._-" for letter in name):
            raise DesignError(
                f"the group of {step} is {_shown(name)}, wanted letters, digits and . _ - alone"
            )
    return dict(given)


def _shown(value: object) -> str:
    return repr(value)[:60]


def _word(
    value: Mapping[Any, Any], name: str, words: tuple[str, ...], *, otherwise: str = ""
) -> str:
    given = value.get(name, otherwise or getattr(Design(), name))
    if not isinstance(given, str) or given not in words:
        raise DesignError(f"{name} is {_shown(given)}, wanted one of {', '.join(words)}")
    return given


def _whole(value: Mapping[Any, Any], name: str, otherwise: int, most: int) -> int:
    given = value.get(name, otherwise)
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= most:
        raise DesignError(f"{name} is {_shown(given)}, wanted a whole number from 1 to {most}")
    return given


def _seconds(
    value: Mapping[Any, Any], name: str, otherwise: float, *, above: float | None = None
) -> float:
    given = value.get(name, otherwise)
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not 0 <= given <= LONGEST_SECONDS or given == above:
        least = "above 0" if above is not None else "from 0"
        step = (
            ": leave the unit away, it stands in the name"
            if isinstance(given, str) and given[:1].isdigit()
            else ""
        )
        raise DesignError(
            f"{name} is {_shown(given)}{step}, wanted seconds {least} up to "
            f"{LONGEST_SECONDS:,.0f}, which is an hour"
        )
    return float(given)
