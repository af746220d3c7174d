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

import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from ridealong.text import meant, nearest

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
_MOST_DIGITS: Final = 30

_SHORT: Final = reprlib.Repr()  # an answer may hold itself, or grow without end when written out
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxdict, _SHORT.maxlong = 2, 4, 4, 40
_SHORT.maxstring = _SHORT.maxother = 60


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
        step = (
            ": leave the dash away"
            if isinstance(value, list) and any(isinstance(each, Mapping) for each in value)
            else ": write a name, a colon, a blank and a word, without quotation marks"
        )
        what = "empty" if value is None else shown(value)
        raise DesignError(f"the design is {what}, wanted lines such as key: ride{step}")
    for name, under in value.items():
        if name in LINES:
            continue
        if isinstance(under, Mapping) and set(under) & set(LINES):
            step = "leave it away, and begin its lines at the left"
        elif not isinstance(name, str):
            step = "a line begins with a name, such as key: ride"
        else:
            step = meant(shown(name, plain=True), LINES)
        raise DesignError(f"the design has the line {shown(name)}, not known: {step}")
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
            f"{design.longest_backoff_seconds:g}: the first wait cannot be longer than the longest; "
            "lower the one or raise the other"
        )
    return design


def shown(value: object, *, plain: bool = False) -> str:
    """Return a value of an answer as it is told in a message, in one short line.

    Args:
        value: whatever YAML has made of the line.
        plain: a text without its quotation marks.
    """
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case int() if abs(value) >= 10**_MOST_DIGITS:
            return f"a number of more than {_MOST_DIGITS} digits"
        case date():
            return f"{value}, a date"
        case str() if plain:
            return value[:40]
    return _SHORT.repr(value)


def _steps(given: object) -> frozenset[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        named = [step for step in STEPS if isinstance(given, str | Mapping) and step in given]
        raise DesignError(
            f"in_request is {shown(given)}, wanted a list of {', '.join(STEPS)}: write "
            + (f"[{', '.join(named)}]" if named else "[] for none, [charge] for one")
        )
    for each in given:
        if each.lower() in ("none", "nothing", ""):
            raise DesignError(f"in_request names {shown(each)}, not known: for no step write []")
        if each not in STEPS:
            raise DesignError(f"in_request names {shown(each)}, not known: {meant(each, STEPS)}")
        if given.count(each) > 1:
            raise DesignError(f"in_request names {each} twice, wanted once: keep one")
    return frozenset(given)


def _groups(given: object, in_request: frozenset[str]) -> Mapping[str, str]:
    queued = [step for step in STEPS if step not in in_request]
    if given is None:
        return {step: step for step in queued}
    if not isinstance(given, Mapping):
        raise DesignError(
            f"groups is {shown(given)}, wanted a name for each step, such as "
            f"{{{', '.join(f'{step}: {step}' for step in queued)}}}"
        )
    for step, name in given.items():
        if step not in STEPS:
            # `one: [charge, receipt]` is the other way round.
            inside = [name] if isinstance(name, str) else name if isinstance(name, list) else []
            turned = [each for each in inside if isinstance(each, str) and each in STEPS]
            told = (
                f"the step comes before the colon, write {turned[0]}: {shown(step, plain=True)}"
                if turned
                else meant(shown(step, plain=True), STEPS)
            )
            raise DesignError(f"groups names {shown(step)}, not known: {told}")
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
                f"the group of {step} is {shown(name)}, wanted a name of up to {LONGEST_NAME} "
                f"characters: write one, such as {step}: {step}"
            )
        if not all(letter.isascii() and (letter.isalnum() or letter in "._-") for letter in name):
            raise DesignError(
                f"the group of {step} is {shown(name)}, wanted letters from a to z, digits and "
                ". _ - alone: write a dash for anything else"
            )
    return dict(given)


def _word(
    value: Mapping[Any, Any], name: str, words: tuple[str, ...], *, otherwise: str = ""
) -> str:
    given = value.get(name, otherwise or getattr(Design(), name))
    if isinstance(given, str) and given in words:
        return given
    step = "write one of them, or leave the line away"
    if isinstance(given, bool):
        step = "YAML makes true and false of yes, no, on and off; write one of the words"
    elif isinstance(given, list | Mapping):
        step = "write one word, without brackets"
    elif isinstance(given, str):
        close = nearest(given.replace(" ", "_").replace("-", "_"), words)
        step = f"did you mean {close}?" if close else "write one of them"
    raise DesignError(f"{name} is {shown(given)}, wanted one of {', '.join(words)}: {step}")


def _whole(value: Mapping[Any, Any], name: str, otherwise: int, most: int) -> int:
    given = value.get(name, otherwise)
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= most:
        return given
    raise DesignError(
        f"{name} is {shown(given)}, wanted a whole number from 1 to {most}: {_mended(given, 1, most)}"
    )


def _seconds(
    value: Mapping[Any, Any], name: str, otherwise: float, *, above: float | None = None
) -> float:
    given = value.get(name, otherwise)
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not 0 <= given <= LONGEST_SECONDS or given == above:
        least = "above 0" if above is not None else "from 0"
        raise DesignError(
            f"{name} is {shown(given)}, wanted seconds {least} up to {LONGEST_SECONDS:,.0f}, which "
            f"is an hour: {_mended(given, 0, LONGEST_SECONDS)}"
        )
    return float(given)


def _mended(given: object, least: float, most: float) -> str:
    """Return what to do about a number that cannot be taken."""
    if isinstance(given, str):
        if re.fullmatch(r"\s*[+-]?\d+(\.\d+)?\s*", given):
            return "leave the quotation marks away"
        if re.fullmatch(r"\d+,\d+", given):
            return f"write a point for the comma, as in {given.replace(',', '.')}"
        if re.match(r"\d+(\.\d+)?\s*[A-Za-z]*$", given) and not re.search(r"\de\d", given):
            return (
                "leave the unit away, it stands in the name" if least == 0 else "the number alone"
            )
        return "write it in digits"
    if given is None:
        return "write one, or leave the line away"
    if isinstance(given, bool):
        return "YAML makes true and false of yes, no, on and off; write a number"
    if isinstance(given, list | Mapping):
        return "write one number, without brackets"
    if isinstance(given, float) and least == 1 and given.is_integer():
        return f"write {min(max(given, least), most):.0f}, without a point"
    if isinstance(given, int | float) and given > most:
        return "write a smaller one"
    if isinstance(given, int | float) and given <= least:
        return "write a larger one"
    return "write a number"
