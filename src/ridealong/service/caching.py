"""Reading through a cache, by a policy that is data: the same code for the service and the labs.

What is kept is an answer to "how many cars are free here?". A read looks in the cache first, and on
a miss reads the database and keeps what it found. What a policy may say:

    key: "{city}:{zone}"          # what the answer depends on
    ttl_seconds: 5                # how long it is kept
    jitter_percent: 0             # each time is up to so much shorter, by chance
    on_write: nothing             # or delete, or update: what a change does to what is kept
    writes: [accept]              # which changes do that: accept, free, move
    late_fills: keep              # or refuse: a read that began before the change fills nothing
    empty_ttl_seconds: 5          # how long "no car here" is kept; 0: not at all
    single_flight: false          # whether one reads the database for all who miss
    refresh_ahead_seconds: 0      # so long before the end one reads anew, while the old is shown
    never_shared: [offer]         # fields that are never kept
"""

import datetime
import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final, Protocol

from ridealong.text import meant, nearest

PLACES: Final = ("city", "zone", "rider")
"""What a key may hold of a read."""

WRITES: Final = ("accept", "free", "move")
"""The changes of a car: a driver takes a ride, is free again, drives to another zone."""

ON_WRITE: Final = ("nothing", "delete", "update")
LATE_FILLS: Final = ("keep", "refuse")
FIELDS: Final = ("cars", "offer")
"""The fields of an answer: the cars of the map, and a price that is this rider's alone."""

LONGEST_SECONDS: Final = 24 * 3600
LONGEST_KEY: Final = 60
_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_LOCK_SECONDS: Final = 5.0
_LEAST_REAL_SECONDS: Final = 600
"""How long the server keeps an entry at least; when it ends for us stands in the entry."""

PAUSE_SECONDS: Final = 1.0
"""For so long a cache that failed is not asked again."""


class PolicyError(Exception):
    """A policy that cannot be followed: what was seen, what was wanted, what to try."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How answers are kept; see the module for what each word means.

    Attributes:
        key: a template with the fields of `PLACES` in braces.
        ttl_seconds: how long an answer is kept.
        jitter_percent: by how much of it each time may be shorter.
        on_write: what a change does to what is kept.
        writes: which changes do that.
        late_fills: what becomes of a read that began before a change and ends after it.
        empty_ttl_seconds: how long an answer without cars is kept.
        single_flight: whether one reads for all.
        refresh_ahead_seconds: how long before the end one reads anew.
        never_shared: fields of an answer that are not kept.
    """

    key: str = "{city}"
    ttl_seconds: float = 5.0
    jitter_percent: float = 0.0
    on_write: str = "nothing"
    writes: frozenset[str] = frozenset(WRITES)
    late_fills: str = "keep"
    empty_ttl_seconds: float = 5.0
    single_flight: bool = False
    refresh_ahead_seconds: float = 0.0
    never_shared: frozenset[str] = frozenset({"offer"})

    @property
    def fields(self) -> frozenset[str]:
        """What the key holds."""
        return _fields(self.key)

    def key_of(self, place: Mapping[str, Any]) -> str:
        """Return the key of a read."""
        return self.key.format(**{name: place[name] for name in self.fields})


@cache
def _fields(key: str) -> frozenset[str]:
    return frozenset(_FIELD.findall(key))


KEYS: Final = tuple(Policy.__dataclass_fields__)
REQUIRED: Final = ("key", "ttl_seconds")


def read_policy(value: object) -> Policy:
    """Return the policy that an answer holds; what it leaves out is as `Policy` has it.

    `empty_ttl_seconds` is the other time where it is left out.

    Args:
        value: the data of the `%%yaml` answer.

    Raises:
        PolicyError: in one line.
    """
    if not isinstance(value, Mapping):
        what = "empty" if value is None else f"{value!r}"[:60]
        # Without the space all of it is one text.
        space = ", with a space after each colon" if isinstance(value, str) and ":" in value else ""
        raise PolicyError(f"the policy is {what}, wanted lines such as ttl_seconds: 5{space}")
    for name in value:
        if name not in KEYS:
            raise PolicyError(
                f"the policy has the line {str(name)[:40]!r}, not known: {meant(name, KEYS)}"
            )
    missing = [name for name in REQUIRED if name not in value]
    if missing:
        forms = {"key": 'key: "{city}"', "ttl_seconds": "ttl_seconds: 5"}
        raise PolicyError(
            f"the policy lacks {' and '.join(missing)}: write a line such as {forms[missing[0]]}"
        )
    ttl = _seconds(value, "ttl_seconds", above=0)
    given = Policy(
        key=_key(value["key"]),
        ttl_seconds=ttl,
        jitter_percent=_number(value, "jitter_percent", 0, 100, "a percentage from 0 to 100"),
        on_write=_word(value, "on_write", ON_WRITE),
        writes=_words(value, "writes", WRITES, WRITES),
        late_fills=_word(value, "late_fills", LATE_FILLS),
        empty_ttl_seconds=(
            _seconds(value, "empty_ttl_seconds") if "empty_ttl_seconds" in value else ttl
        ),
        single_flight=_flag(value, "single_flight"),
        refresh_ahead_seconds=_seconds(value, "refresh_ahead_seconds"),
        never_shared=_words(value, "never_shared", FIELDS, ()),
    )
    if given.refresh_ahead_seconds >= given.ttl_seconds:
        raise PolicyError(
            f"refresh_ahead_seconds is {given.refresh_ahead_seconds:g} and ttl_seconds "
            f"{given.ttl_seconds:g}: an answer would be old as soon as it is kept; take less than "
            "the time that it is kept"
        )
    if "cars" in given.never_shared:
        raise PolicyError(
            "never_shared holds cars: then nothing is left to keep; leave out the fields that are "
            "one rider's alone"
        )
    return given


def _key(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PolicyError(
            f'key is {repr(value)[:60]}, wanted a text with fields in braces, such as "{{city}}"; in YAML '
            "it needs its quotation marks"
        )
    if len(value) > LONGEST_KEY:
        raise PolicyError(f"key has {len(value)} characters, wanted at most {LONGEST_KEY}")
    for name in _FIELD.findall(value):
        if name not in PLACES:
            near = nearest(name, PLACES)
            step = f"did you mean {{{near}}}?" if near else f"a read has {', '.join(PLACES)}"
            raise PolicyError(f"key holds {{{name}}}, which no read has: {step}")
    rest = _FIELD.sub("", value)
    if not re.fullmatch(r"[A-Za-z0-9:_./-]*", rest):
        raise PolicyError(
            f"key holds {rest!r} beside its fields, wanted letters, digits and : _ . / - between "
            "them; a key is one text and no pattern"
        )
    return value


def _shown(value: object) -> str:
    if isinstance(value, str):
        number = re.fullmatch(r"\d{1,20}(\.\d{1,20})?\s*([a-z]{1,20}|%)?", value)
        if re.fullmatch(r"\d{1,20},\d{1,20}", value):
            return f"{value!r}: write a point in place of the comma"
        if number and number[2]:
            return f"{value!r}: leave the unit away, it stands in the name"
        if number:
            return f"{value!r}, a text for its quotation marks"
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.date):
        return f"{value}, a date"
    return repr(value)[:60]


def _number(value: Mapping[Any, Any], name: str, least: float, most: float, wanted: str) -> float:
    given = value.get(name, 0)
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not least <= given <= most:
        raise PolicyError(f"{name} is {_shown(given)}, wanted {wanted}")
    return float(given)


def _seconds(value: Mapping[Any, Any], name: str, *, above: float | None = None) -> float:
    span = f"seconds from 0 to {LONGEST_SECONDS:,}, which is a day"
    if above is None:
        return _number(value, name, 0, LONGEST_SECONDS, span)
    least = above + 1e-3
    span = f"seconds from {least:g} to {LONGEST_SECONDS:,}, which is a day"
    return _number(value, name, least, LONGEST_SECONDS, span)


def _word(value: Mapping[Any, Any], name: str, words: tuple[str, ...]) -> str:
    given = value.get(name, words[0])
    if given not in words:
        raise PolicyError(f"{name} is {_shown(given)}, wanted one of {', '.join(words)}")
    return str(given)


def _words(
    value: Mapping[Any, Any], name: str, words: tuple[str, ...], default: tuple[str, ...]
) -> frozenset[str]:
    given = value.get(name, list(default))
    if given is None:
        given = []
    if not isinstance(given, list) or not all(each in words for each in given):
        step = (
            f": write [{given}]"
            if isinstance(given, str) and given in words
            else f", such as [{words[-1]}]"
        )
        raise PolicyError(f"{name} is {_shown(given)}, wanted a list of {', '.join(words)}{step}")
    return frozenset(given)


def _flag(value: Mapping[Any, Any], name: str) -> bool:
    given = value.get(name, False)
    if not isinstance(given, bool):
        raise PolicyError(f"{name} is {_shown(given)}, wanted true or false")
    return given


class Keeper(Protocol):
    """What keeps texts by key: a cache."""

    def get(self, key: str) -> bytes | str | None:
        """Return what is kept, or None."""

    def set(self, key: str, text: str, seconds: float) -> None:
        """Keep a text for so long."""

    def set_if(self, key: str, text: str, seconds: float, mark: str, seen: str) -> bool:
        """Keep a text only if what is kept under `mark` is still `seen`; tell whether it was."""

    def add(self, key: str, text: str, seconds: float) -> bool:
        """Keep a text unless something is kept; tell whether it was."""

    def delete(self, key: str) -> None:
        """Forget what is kept."""

    def count_up(self, key: str, seconds: float, forgotten: str = "") -> None:
        """Add one to a number and keep it for so long; then forget another key, if one is named."""


class InRedis:
    """A cache that speaks the Redis protocol.

    Args:
        client: of redis-py.
        prefix: of all keys.
        seconds: how long everything is kept, in place of what each call says; 0: as it says.
    """

    def __init__(self, client: Any, prefix: str, seconds: float = 0) -> None:
        self.client = client
        self.prefix = prefix
        self._seconds = seconds

    def get(self, key: str) -> bytes | str | None:
        """Return what is kept, or None."""
        found: bytes | str | None = self.client.get(self.prefix + key)
        return found

    def set(self, key: str, text: str, seconds: float) -> None:
        """Keep a text for so long."""
        self.client.set(self.prefix + key, text, px=self._px(seconds))

    def set_if(self, key: str, text: str, seconds: float, mark: str, seen: str) -> bool:
        """Keep a text only if what is kept under `mark` is still `seen`; tell whether it was."""
        import redis

        with self.client.pipeline() as pipe:
            pipe.watch(self.prefix + mark)
            if (_text(pipe.get(self.prefix + mark)) or "0") != seen:
                return False
            pipe.multi()
            pipe.set(self.prefix + key, text, px=self._px(seconds))
            try:
                pipe.execute()
            except redis.WatchError:  # `mark` changed since it was looked at
                return False
        return True

    def add(self, key: str, text: str, seconds: float) -> bool:
        """Keep a text unless something is kept; tell whether it was."""
        return bool(self.client.set(self.prefix + key, text, nx=True, px=self._px(seconds)))

    def delete(self, key: str) -> None:
        """Forget what is kept."""
        self.client.delete(self.prefix + key)

    def count_up(self, key: str, seconds: float, forgotten: str = "") -> None:
        """Add one to a number and keep it for so long; then forget another key, if one is named."""
        with self.client.pipeline(transaction=False) as pipe:
            pipe.incr(self.prefix + key)
            pipe.pexpire(self.prefix + key, self._px(seconds))
            if forgotten:
                pipe.delete(self.prefix + forgotten)
            pipe.execute()

    def _px(self, seconds: float) -> int:
        return max(1, round((self._seconds or seconds) * 1000))


class Surviving:
    """A cache that may fail: what it does not answer is a miss, and for a moment it is not asked.

    Args:
        inner: the cache.

    Attributes:
        failures: calls that it did not answer, those among them for which it was not asked.
    """

    def __init__(self, inner: Keeper) -> None:
        self.inner = inner
        self.failures = 0
        self._asked_again_at = 0.0

    def get(self, key: str) -> bytes | str | None:
        """Return what is kept, or None."""
        found: bytes | str | None = self._ask("get", None, key)
        return found

    def set(self, key: str, text: str, seconds: float) -> None:
        """Keep a text for so long."""
        self._ask("set", None, key, text, seconds)

    def set_if(self, key: str, text: str, seconds: float, mark: str, seen: str) -> bool:
        """Keep a text only if what is kept under `mark` is still `seen`; tell whether it was."""
        return bool(self._ask("set_if", False, key, text, seconds, mark, seen))

    def add(self, key: str, text: str, seconds: float) -> bool:
        """Keep a text unless something is kept; true without a cache: nobody else has it there."""
        return bool(self._ask("add", True, key, text, seconds))

    def delete(self, key: str) -> None:
        """Forget what is kept."""
        self._ask("delete", None, key)

    def count_up(self, key: str, seconds: float, forgotten: str = "") -> None:
        """Add one to a number and keep it for so long; then forget another key, if one is named."""
        self._ask("count_up", None, key, seconds, forgotten)

    def _ask(self, name: str, otherwise: Any, *arguments: Any) -> Any:
        import redis

        if time.monotonic() >= self._asked_again_at:
            try:
                return getattr(self.inner, name)(*arguments)
            except redis.RedisError:
                self._asked_again_at = time.monotonic() + PAUSE_SECONDS
                self._failed()
        self.failures += 1
        return otherwise

    def _failed(self) -> None:
        """Do something about it; by default nothing."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a read of the database is for; it is handed to `keep` with the answer.

    Attributes:
        key: of the answer.
        seen: how many changes there were when the read began; "" where nobody counts.
        holds_lock: whether the others wait for it.
    """

    key: str
    seen: str = ""
    holds_lock: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a look in the cache gave.

    Attributes:
        answer: the fields that are kept; None on a miss.
        read_at: when they were read from the database, in seconds.
        ticket: for the read of the database that is to follow, now or in the background.
        waits: whether somebody else reads already.
    """

    answer: Mapping[str, Any] | None = None
    read_at: float = 0.0
    ticket: Ticket | None = None
    waits: bool = False


@dataclass
class ReadThrough:
    """Reads through a cache by a policy.

    Attributes:
        policy: how answers are kept.
        cache: where.
        clock: the time in seconds.
        chance: for the jitter.
    """

    policy: Policy
    cache: Keeper
    clock: Callable[[], float]
    chance: random.Random = field(default_factory=random.Random)

    def look(self, place: Mapping[str, Any]) -> Found:
        """Return what the cache holds for a read, and whether the database is to be read.

        Args:
            place: the fields of `PLACES`.
        """
        key = self.policy.key_of(place)
        entry = self._entry(key)
        if entry is not None and not self._is_due(entry):
            return Found(entry["answer"], entry["read_at"])
        ticket = self._ticket(key)
        if ticket is not None and ticket.holds_lock:
            # Between our look and our lock somebody may have read and let go of it.
            newer = self._entry(key)
            if newer is not None and not self._is_due(newer):
                self.cache.delete(_lock(key))
                return Found(newer["answer"], newer["read_at"])
        if entry is None:
            return Found(ticket=ticket, waits=ticket is None)
        return Found(entry["answer"], entry["read_at"], ticket)

    def keep(self, ticket: Ticket, answer: Mapping[str, Any], read_at: float) -> bool:
        """Keep what was read from the database; tell whether it was kept.

        Args:
            ticket: of the look.
            answer: with all of its fields.
            read_at: when the database was read.
        """
        kept = self._fill(ticket.key, answer, read_at, ticket.seen)
        if ticket.holds_lock:
            self.cache.delete(_lock(ticket.key))
        return kept

    def wrote(
        self,
        event: str,
        place: Mapping[str, Any],
        answer: Callable[[], Mapping[str, Any]],
        later: Callable[[Ticket], None] | None = None,
    ) -> bool:
        """Tell the cache of a change in the database; tell whether the database was read for it.

        A key that holds a rider cannot be found: nobody knows which riders have looked.

        Args:
            event: one of `WRITES`.
            place: where.
            answer: reads the answer anew, for `on_write: update`.
            later: is given a ticket in place of that, where the read takes its time and `keep`
                follows.
        """
        policy = self.policy
        if policy.on_write == "nothing" or event not in policy.writes or "rider" in policy.fields:
            return False
        key = policy.key_of(place)
        deletes = policy.on_write == "delete"
        if policy.late_fills == "refuse":
            self.cache.count_up(_changes(key), _LEAST_REAL_SECONDS, key if deletes else "")
        elif deletes:
            self.cache.delete(key)
        if deletes:
            return False
        if later is not None:
            later(Ticket(key, self._seen(key)))
        else:
            self._fill(key, answer(), self.clock(), "")
        return True

    def _fill(self, key: str, answer: Mapping[str, Any], read_at: float, seen: str) -> bool:
        policy = self.policy
        shared = {name: answer[name] for name in answer if name not in policy.never_shared}
        ttl = policy.ttl_seconds if any(answer["cars"].values()) else policy.empty_ttl_seconds
        ttl *= 1 - policy.jitter_percent / 100 * self.chance.random()
        if ttl <= 0:
            return False
        now = self.clock()
        text = json.dumps({"answer": shared, "read_at": read_at, "until": now + ttl})
        kept_seconds = max(ttl, _LEAST_REAL_SECONDS)
        if seen:
            return self.cache.set_if(key, text, kept_seconds, _changes(key), seen)
        self.cache.set(key, text, kept_seconds)
        return True

    def _entry(self, key: str) -> Any:
        """Return what is kept and not over: its `answer`, `read_at` and `until`; else None."""
        kept = self.cache.get(key)
        entry = None if kept is None else _parsed(kept)
        return entry if entry is not None and self.clock() < entry["until"] else None

    def _is_due(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry is so near to its end that it is to be read anew."""
        return self.clock() >= float(entry["until"]) - self.policy.refresh_ahead_seconds

    def _ticket(self, key: str) -> Ticket | None:
        """Return a ticket for a read of the database, None while somebody else reads."""
        if self.policy.single_flight and not self.cache.add(_lock(key), "1", _LOCK_SECONDS):
            return None
        return Ticket(key, self._seen(key), self.policy.single_flight)

    def _seen(self, key: str) -> str:
        """Return how many changes there were, "" where nobody counts."""
        if self.policy.late_fills != "refuse":
            return ""
        # As a text also where nothing changed yet, so that the first change is seen.
        return _text(self.cache.get(_changes(key))) or "0"


@lru_cache(maxsize=256)
def _parsed(text: bytes | str) -> Any:
    """Return what a kept text holds, the same object for all who look at it: nobody changes it."""
    return json.loads(text)


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


def _lock(key: str) -> str:
    return f"lock:{key}"


def _changes(key: str) -> str:
    return f"changes:{key}"
