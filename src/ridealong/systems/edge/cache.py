"""An HTTP cache that keeps to RFC 9111: shared near the riders, or private in one phone.

What may be kept, how long it is fresh and what is sent to ask again, hishel decides. Four things
stand here with their rule: which stored answer fits a request (RFC 9111, section 4.1; hishel would
ask with the tag of another language and forget the third), a condition that the caller sends
(section 4.3.2), an old answer while a new one is fetched (RFC 5861, section 3), and a purge. What
was done stands in the field `Cache-Status` (RFC 9211).

Time is a clock that is set, so that nobody waits for an answer to get old.
"""

import calendar
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate, parsedate
from functools import lru_cache
from typing import Final

from hishel import (
    AnyState,
    CacheMiss,
    CacheOptions,
    Entry,
    FromCache,
    Headers,
    IdleClient,
    InvalidateEntries,
    NeedRevalidation,
    NeedToBeUpdated,
    StoreAndUse,
)
from hishel import Request as _Asked
from hishel import Response as _Given

BEGINS: Final = calendar.timegm((2026, 3, 30, 8, 0, 0))
"""When the clock begins: 2026-03-30 08:00:00 GMT, in seconds since 1970."""

_DATES: Final = ("date", "expires", "last-modified", "if-modified-since")


@dataclass(slots=True)
class Clock:
    """Seconds since the story began; all caches and the origin of a story have the same."""

    seconds: int = 0

    def wait(self, seconds: int) -> None:
        """Let time pass.

        Raises:
            ValueError: when it would go backwards.
        """
        if seconds < 0:
            raise ValueError(f"{seconds} seconds: time goes forward, wanted 0 or more")
        self.seconds += seconds

    @property
    def date(self) -> str:
        """Now, as the field `Date` has it."""
        return date_of(BEGINS + self.seconds)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for; names of header fields are in small letters."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back.

    Attributes:
        status: the code.
        headers: names in small letters.
        body: empty with a 304.
        hops: how many caches it passed on its way from where it lay: 0 from the first one asked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    hops: int = 0


Asker = Callable[[Request], Answer]


@dataclass(slots=True)
class _Kept:
    """A stored answer with the request that it answered, dates by the story's clock.

    Attributes:
        entry: as hishel takes it.
        body: of the answer.
        varies: what the request had in the fields that `Vary` names; None where it names `*`.
    """

    entry: Entry
    body: bytes
    varies: tuple[tuple[str, str | None], ...] | None

    def fits(self, request: Request) -> bool:
        """Whether it was given to a request like this one, in all that its `Vary` names."""
        return self.varies is not None and all(
            request.headers.get(name) == value for name, value in self.varies
        )


class HttpCache:
    """One cache.

    Args:
        name: as it names itself in `Cache-Status`, such as `edge`.
        behind: who is asked for what it does not have.
        clock: of the story.
        shared: whether it stands between many people and the origin; else it is one person's own.
    """

    def __init__(self, name: str, behind: Asker, clock: Clock, *, shared: bool) -> None:
        self._name = name
        self._behind = behind
        self._clock = clock
        self._shared = shared
        self._options = CacheOptions(
            shared=shared, supported_methods=["GET", "HEAD"], allow_stale=False
        )
        self._kept: dict[str, list[_Kept]] = {}
        self._purges: list[tuple[int, str]] = []

    def __len__(self) -> int:
        """Return how many answers are kept."""
        return sum(len(entries) for entries in self._kept.values())

    def purge(self, url: str, *, after_seconds: int = 0) -> None:
        """Forget all answers of an address, at once or when the order has arrived."""
        self._purges.append((self._clock.seconds + after_seconds, url))

    def ask(self, request: Request) -> Answer:
        """Answer a request, from what is kept or by asking behind."""
        for due, url in self._purges:
            if due <= self._clock.seconds:
                self._kept.pop(url, None)
        self._purges = [each for each in self._purges if each[0] > self._clock.seconds]

        known = self._kept.get(request.url, [])
        fitting = known
        if request.method in ("GET", "HEAD"):
            fitting = [kept for kept in known if kept.fits(request)]
        state, moved = self._decided(request, fitting)
        if isinstance(state, FromCache):
            return self._from_kept(request, self._found(state.entry.id), "hit")
        if isinstance(state, NeedRevalidation):
            old = self._found(state.revalidating_entries[0].id)
            if self._may_be_shown_old(request, old):
                answer = self._from_kept(request, old, f"hit; ttl={self._fresh_for(old)}")
                self._validated(request, state, moved)
                return answer
            return self._validated(request, state, moved)
        assert isinstance(state, CacheMiss)
        given = self._behind(request)
        told = "fwd=vary-miss" if known and request.method == "GET" else "fwd=uri-miss"
        if request.method not in ("GET", "HEAD"):
            told = "fwd=method"
        return self._taken(request, state, given, told)

    def _decided(
        self, request: Request, fitting: list[_Kept]
    ) -> tuple[CacheMiss | FromCache | NeedRevalidation, int]:
        """Return what is to be done, and by how many seconds the dates in it are moved.

        hishel reads the machine's clock, so dates are moved by as much as ours differs from it.
        The machine may come to its next second in between: then it is asked again.
        """
        while True:
            second = int(time.time())
            moved = second - (BEGINS + self._clock.seconds)
            entries = [_moved_entry(kept.entry, moved) for kept in fitting]
            state = IdleClient(self._options).next(_asked(request), entries)
            if int(time.time()) == second:
                return state, moved

    def _validated(self, request: Request, state: NeedRevalidation, moved: int) -> Answer:
        """Ask whether what is kept is still right, and return the answer to the request."""
        headers = {**request.headers, **_plain(_moved(state.request.headers, -moved))}
        given = self._behind(replace(request, headers=headers))
        follows = self._without_gone(state.next(_given(given, moved)))
        if isinstance(follows, NeedToBeUpdated):
            entry = _moved_entry(follows.updating_entries[-1], -moved)
            kept = self._found(entry.id)
            kept.entry = entry
            return self._from_kept(
                request, kept, "fwd=stale; fwd-status=304", hops=given.hops + 1, was=given
            )
        if isinstance(follows, CacheMiss):
            return self._taken(request, follows, self._behind(request), "fwd=stale")
        return self._stored(request, follows, given, "fwd=stale")

    def _taken(self, request: Request, state: CacheMiss, given: Answer, told: str) -> Answer:
        return self._stored(request, self._without_gone(state.next(_given(given, 0))), given, told)

    def _without_gone(self, state: AnyState) -> AnyState:
        """Forget what is to be forgotten, and return what is to be done then."""
        while isinstance(state, InvalidateEntries):
            for gone in state.entry_ids:
                for url, all_kept in self._kept.items():
                    self._kept[url] = [kept for kept in all_kept if kept.entry.id != gone]
            state = state.next()
        return state

    def _stored(self, request: Request, state: AnyState, given: Answer, told: str) -> Answer:
        """Keep an answer if it may be kept, and return it."""
        if isinstance(state, StoreAndUse):
            headers = {name: given.headers[name] for name in _plain(state.response.headers)}
            entry = Entry(
                uuid.uuid4(), _asked(request), replace(state.response, headers=Headers(headers))
            )
            names = names_in(headers.get("vary", ""))
            varies = tuple((name, request.headers.get(name)) for name in names)
            kept = _Kept(entry, given.body, None if "*" in names else varies)
            self._kept[request.url] = [
                other
                for other in self._kept.get(request.url, [])
                if other.entry.request.method != request.method
                or not (other.varies == kept.varies or other.fits(request))
            ] + [kept]
            return self._from_kept(request, kept, f"{told}; stored", hops=given.hops + 1, was=given)
        return replace(given, headers=self._marked(given.headers, told), hops=given.hops + 1)

    def _from_kept(
        self,
        request: Request,
        kept: _Kept,
        told: str,
        *,
        hops: int = 0,
        was: Answer | None = None,
    ) -> Answer:
        """Return what is kept; to somebody who has the same already, without its body."""
        headers = _plain(kept.entry.response.headers)
        headers["age"] = str(self._age(kept))
        if was is not None and "cache-status" in was.headers:
            headers["cache-status"] = was.headers["cache-status"]
        elif was is None:
            headers.pop("cache-status", None)
        headers = self._marked(headers, told)
        tags = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
        if _weak(headers.get("etag", "")) in [_weak(tag) for tag in tags if tag]:
            headers.pop("content-length", None)
            return Answer(304, headers, b"", hops)
        return Answer(kept.entry.response.status_code, headers, kept.body, hops)

    def _marked(self, headers: Mapping[str, str], told: str) -> dict[str, str]:
        before = headers.get("cache-status")
        mine = f"{self._name}; {told}"
        return {**headers, "cache-status": f"{before}, {mine}" if before else mine}

    def _found(self, entry_id: uuid.UUID) -> _Kept:
        return next(
            kept for all_kept in self._kept.values() for kept in all_kept
            if kept.entry.id == entry_id
        )  # fmt: skip

    def _age(self, kept: _Kept) -> int:
        made = _seconds(kept.entry.response.headers.get("date", "")) or BEGINS
        return max(0, BEGINS + self._clock.seconds - made)

    def _fresh_for(self, kept: _Kept) -> int:
        """Return for how many seconds it is fresh still; below 0 it has been old for so long."""
        control = directives(kept.entry.response.headers.get("cache-control", ""))
        lifetime = control.get("max-age")
        if self._shared and "s-maxage" in control:
            lifetime = control["s-maxage"]
        return int(lifetime or 0) - self._age(kept)

    def _may_be_shown_old(self, request: Request, kept: _Kept) -> bool:
        """Whether RFC 5861 lets an old answer pass while a new one is fetched.

        RFC 9111, section 4.2.4, forbids it where the answer says no-cache or must-revalidate, to a
        shared cache also with proxy-revalidate, and with s-maxage, which holds it (5.2.2.10).
        """
        control = directives(kept.entry.response.headers.get("cache-control", ""))
        asked = directives(request.headers.get("cache-control", ""))
        forbids = {"no-cache", "must-revalidate"}
        if self._shared:
            forbids |= {"proxy-revalidate", "s-maxage"}
        if forbids & set(control) or {"no-cache", "max-age"} & set(asked):
            return False
        most = control.get("stale-while-revalidate", "")
        return most.isdigit() and -self._fresh_for(kept) < int(most)


@lru_cache(maxsize=4096)
def date_of(moment: int) -> str:
    """Return a moment, in seconds since 1970, as header fields have it."""
    return formatdate(moment, usegmt=True)


def directives(text: str) -> dict[str, str]:
    """Return the directives of a Cache-Control field, with an empty value where they have none."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name:
            found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def names_in(vary: str) -> list[str]:
    """Return the names of a Vary field in small letters."""
    return [name.strip().lower() for name in vary.split(",") if name.strip()]


def _asked(request: Request) -> _Asked:
    return _Asked(request.method, request.url, Headers(dict(request.headers)))


def _given(answer: Answer, moved: int) -> _Given:
    return _Given(answer.status, _moved(Headers(dict(answer.headers)), moved))


def _plain(headers: Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _moved_entry(entry: Entry, seconds: int) -> Entry:
    headers = _moved(entry.response.headers, seconds)
    return replace(entry, response=replace(entry.response, headers=headers))


def _moved(headers: Headers, seconds: int) -> Headers:
    """Return header fields with every date so many seconds later; what is no date stays."""
    changed = _plain(headers)
    for name in _DATES:
        moment = _seconds(changed.get(name, ""))
        if moment is not None:
            changed[name] = date_of(moment + seconds)
    return Headers(dict(changed))


@lru_cache(maxsize=4096)
def _seconds(date: str) -> int | None:
    parts = parsedate(date)
    try:
        return None if parts is None else calendar.timegm(parts)
    except (ValueError, OverflowError):
        return None


def _weak(tag: str) -> str:
    """Return an entity tag as the weak comparison takes it (RFC 9110, section 8.8.3.2)."""
    return tag.removeprefix("W/")
