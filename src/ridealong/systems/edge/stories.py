"""Riders look at resources through phones and an edge, and what each of them gets is counted.

A story is one resource over some time: who looks when, when it changes, what is purged. The back
end gives the header fields that are tried; phones (private caches) and the edge (a shared one) act
on them. There is a public day and there are hidden ones: other moments, cities and numbers within
what the tasks state.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

from ridealong.systems.edge.cache import BEGINS, Answer, Clock, HttpCache, Request, date_of
from ridealong.systems.edge.headers import REQUEST_FIELDS, Fields

MINUTE, HOUR, DAY = 60, 3600, 86_400

LANGUAGES: Final = ("en", "fr", "es")
ROLES: Final = ("rider", "driver", "support")

PUBLIC: Final = "the public day"
HIDDEN: Final = ("hidden day 1", "hidden day 2")
_SEEDS: Final = {PUBLIC: 1, HIDDEN[0]: 2, HIDDEN[1]: 3}

CARS_OLDEST_SECONDS, CARS_PER_MINUTE, CARS_MINUTES = 10, 15, 3
ICONS_OLDEST_SECONDS, ICONS_REQUESTS, ICONS_DAYS = 600, 5, 2
HOTFIX_SECONDS: Final = 60
MAP_DAYS: Final = 30
PAGE_SECONDS: Final = 60
HIT_PERCENT: Final = 90


@dataclass(frozen=True, slots=True)
class Look:
    """One request of a person's phone or browser.

    Attributes:
        seconds: when, since the story began.
        who: such as `rider 5`.
        phone: whose cache is asked; empty where the person's phone keeps nothing.
        url: what is asked for.
        headers: fields of the request, names in small letters.
        own: what this person has to see of it: their own list, their language, their role.
    """

    seconds: int
    who: str
    phone: str
    url: str
    headers: Mapping[str, str]
    own: str


@dataclass(frozen=True, slots=True)
class Story:
    """One resource over some time, and what must hold.

    Attributes:
        resource: its name in the answer.
        day: the name of the day.
        looks: in the order of time.
        changes: when it becomes another one, by `Look.own`; under "" for all.
        known: whether the back end knows the next change beforehand.
        purges: when the edge is told to forget it.
        oldest_seconds: how long ago what is shown may have been replaced.
        origin_requests: how many requests may reach the back end for one address, None for any.
        hit_percent: how many of 100 looks the edge has to answer, 0 for any.
        at_edge: whether it may be kept at the edge.
        asks_again: whether a phone may ask for an address that it has had.
        loads_again: whether a phone may be sent what it has.
        several: phones that more than one person uses.
    """

    resource: str
    day: str
    looks: tuple[Look, ...]
    changes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    known: bool = False
    purges: tuple[int, ...] = ()
    oldest_seconds: int = 0
    origin_requests: int | None = None
    hit_percent: int = 0
    at_edge: bool = True
    asks_again: bool = True
    loads_again: bool = True
    several: frozenset[str] = frozenset()

    def version(self, own: str, seconds: int) -> int:
        """Return how often it has changed until a moment."""
        return sum(each <= seconds for each in self._changes(own))

    def changed(self, own: str, seconds: int) -> int:
        """Return when it changed last, before the story began where it did not since."""
        return max((each for each in self._changes(own) if each <= seconds), default=-10 * DAY)

    def replaced(self, own: str, version: int, seconds: int) -> int:
        """Return for how many seconds a version is no longer the one that is true."""
        changes = self._changes(own)
        return max(0, seconds - changes[version] + 1) if version < len(changes) else 0

    def to_change(self, own: str, seconds: int) -> int:
        """Return the seconds to the next change, to the end of the day where none comes."""
        return next((each - seconds for each in self._changes(own) if each > seconds), DAY)

    def _changes(self, own: str) -> tuple[int, ...]:
        return self.changes.get(own, self.changes.get("", ()))


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a story under header fields.

    Attributes:
        story: what was played.
        hits: looks that the edge or the phone answered.
        origin_requests: of the address that was asked for most at the back end.
        origin_url: that address.
        wrong: looks that showed what is somebody else's, each with whose it was.
        old_looks: looks that showed what had been replaced.
        oldest_seconds: the longest time since what was shown had been replaced.
        oldest: the look that showed it.
        kept: most answers that lay at the edge at one time.
        asked_again: requests of phones for an address that they had had.
        loaded_again: bodies sent to a phone that had just them.
    """

    story: Story
    hits: int
    origin_requests: int
    origin_url: str
    wrong: tuple[tuple[Look, str], ...]
    old_looks: int
    oldest_seconds: int
    oldest: Look | None
    kept: int
    asked_again: int
    loaded_again: int

    @property
    def hit_percent(self) -> float:
        """Looks of 100 that did not reach the back end."""
        return 100 * self.hits / len(self.story.looks)

    @property
    def broken(self) -> tuple[str, ...]:
        """What does not hold, the worst first."""
        story = self.story
        most = story.origin_requests
        held = {
            "wrong": not self.wrong,
            "kept": story.at_edge or not self.kept,
            "old": self.oldest_seconds <= story.oldest_seconds,
            "origin": most is None or self.origin_requests <= most,
            "hits": self.hit_percent >= story.hit_percent,
            "asked": story.asks_again or not self.asked_again,
            "loaded": story.loads_again or not self.loaded_again,
        }
        return tuple(name for name, holds in held.items() if not holds)


class _Origin:
    """The back end: whatever is asked for, as it is now, for the one who asks."""

    def __init__(self, story: Story, fields: Fields, clock: Clock) -> None:
        self._story = story
        self._fields = fields
        self._clock = clock
        self.requests: Counter[str] = Counter()
        self.own = ""
        """Whose look is on its way: what a real back end finds by its header fields."""

    def ask(self, request: Request) -> Answer:
        self.requests[request.url] += 1
        now = self._clock.seconds
        version = self._story.version(self.own, now)
        changed = self._story.changed(self.own, now)
        body = f"{request.url}\n{self.own}\n{version}\n".encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        headers = {
            "date": self._clock.date,
            "etag": tag,
            "last-modified": date_of(BEGINS + changed),
            **self._fields.headers(self._story.to_change(self.own, now)),
        }
        if tag in request.headers.get("if-none-match", ""):
            return Answer(304, headers)
        return Answer(200, headers, body)


class _Phone:
    """A phone with a cache of its own, which counts what comes over the air."""

    def __init__(self, edge: HttpCache, clock: Clock) -> None:
        self._edge = edge
        self._had: dict[str, bytes] = {}
        self.asked_again = 0
        self.loaded_again = 0
        self.cache = HttpCache("phone", self._over_the_air, clock, shared=False)

    def _over_the_air(self, request: Request) -> Answer:
        answer = self._edge.ask(request)
        self.asked_again += request.url in self._had
        if answer.status == 200:
            self.loaded_again += self._had.get(request.url) == answer.body
            self._had[request.url] = answer.body
        return answer


def play(story: Story, fields: Fields) -> Seen:
    """Let a story happen under header fields."""
    clock = Clock()
    origin = _Origin(story, fields, clock)
    edge = HttpCache("edge", origin.ask, clock, shared=True)
    phones = {look.phone: _Phone(edge, clock) for look in story.looks if look.phone}
    purges = list(story.purges)
    urls = {look.url for look in story.looks}
    hits, kept, old_looks, oldest_seconds = 0, 0, 0, 0
    oldest: Look | None = None
    wrong: list[tuple[Look, str]] = []
    for look in story.looks:
        while purges and purges[0] <= look.seconds:
            clock.seconds = purges.pop(0)
            for url in urls:
                edge.purge(url)
        clock.seconds = look.seconds
        origin.own = look.own
        before = origin.requests.total()
        asked = phones[look.phone].cache if look.phone else edge
        answer = asked.ask(Request(look.url, look.headers))
        hits += origin.requests.total() == before
        kept = max(kept, len(edge))
        _, own, version = answer.body.decode().split("\n")[:3]
        if own != look.own:
            wrong.append((look, own))
            continue
        age = story.replaced(own, int(version), look.seconds)
        old_looks += age > 0
        if age > oldest_seconds:
            oldest_seconds, oldest = age, look
    url, requests = origin.requests.most_common(1)[0]
    counted = [phone for name, phone in phones.items() if name not in story.several]
    return Seen(
        story, hits, requests, url, tuple(wrong), old_looks, oldest_seconds,
        oldest, kept,
        sum(phone.asked_again for phone in counted),
        sum(phone.loaded_again for phone in counted),
    )  # fmt: skip


def _phone(
    chance: random.Random, number: int, *, logged_in: bool = True, on_website: bool = False
) -> dict[str, str]:
    """Return what every request of one phone has; on the website a login is a cookie."""
    headers = {
        "user-agent": f"Ridealong/5.{chance.randrange(40)}",
        "accept-language": LANGUAGES[number % 3],
        "accept-encoding": "gzip",
    }
    if logged_in:
        headers["authorization"] = f"Bearer token-{number}"
    if on_website:
        headers["cookie"] = f"session=token-{number}"
    return headers


def _in_time(looks: list[Look]) -> tuple[Look, ...]:
    return tuple(sorted(looks, key=lambda look: (look.seconds, look.who)))


def _zone_map(day: str) -> Story:
    chance = random.Random(_SEEDS[day])
    changed = chance.randrange(6, 24)
    looks = []
    for number in range(12):
        headers = _phone(chance, number, logged_in=number < 9, on_website=number > 9)
        for date in range(MAP_DAYS):
            # The first of a version is somebody in the app: all others look in the evening.
            begins = 8 * HOUR if number < 9 else 20 * HOUR
            moment = date * DAY + begins + chance.randrange(2 * HOUR)
            name = "4f1c" if date < changed else "b07e"
            looks.append(
                Look(moment, f"rider {number}", f"phone {number}", f"/static/zones.{name}.svg",
                     headers, "")
            )  # fmt: skip
    return Story("zone_map", day, _in_time(looks), origin_requests=1, asks_again=False)


def _icons(day: str) -> Story:
    chance = random.Random(_SEEDS[day])
    release = {PUBLIC: 30, HIDDEN[0]: 10, HIDDEN[1]: 27}[day] * HOUR + chance.randrange(HOUR)
    hotfix = release + HOTFIX_SECONDS
    looks = []
    for number in range(6):
        headers = _phone(chance, number, logged_in=number < 4, on_website=number > 4)
        phone = f"phone {number}"
        moments = {hotfix + late for late in range(30 + 20 * number, 1500, 120)}
        moment = number * MINUTE
        while moment < ICONS_DAYS * DAY:
            moments.add(moment)
            moment += chance.randrange(20, 90) * MINUTE
        # All fetch just before the correction, and look just before and after the limit.
        moments = {each for each in moments if not release <= each < hotfix}
        moments |= {hotfix + late for late in (-2, ICONS_OLDEST_SECONDS - 3)}
        moments.add(hotfix + ICONS_OLDEST_SECONDS + 1)
        looks += [Look(each, f"rider {number}", phone, "/static/icons.svg", headers, "")
                  for each in moments]  # fmt: skip
    return Story(
        "icons", day, _in_time(looks), changes={"": (release, hotfix)}, purges=(release, hotfix),
        oldest_seconds=ICONS_OLDEST_SECONDS, origin_requests=ICONS_REQUESTS,
    )  # fmt: skip


def _fare_table(day: str) -> Story:
    chance = random.Random(_SEEDS[day])
    hours = {PUBLIC: (1, 3), HIDDEN[0]: (2, 3), HIDDEN[1]: (1, 2)}[day]
    url = f"/fares?city={_SEEDS[day]}"
    looks = []
    for number in range(12):
        in_app = number not in (4, 7, 10)  # the others read French
        headers = _phone(chance, number, logged_in=in_app, on_website=not in_app and number != 4)
        language = headers["accept-language"]
        # Nobody who reads Spanish comes until just before the first change.
        moment = hours[0] * HOUR - 20 if language == "es" else chance.randrange(10 * MINUTE)
        moments = {hour * HOUR + late for hour in hours for late in (-1, 0, 5, 200)}
        while moment < 4 * HOUR:
            moments.add(moment)
            moment += chance.randrange(5, 15) * MINUTE
        if language == "es":
            moments = {each for each in moments if each >= hours[0] * HOUR - 20}
        looks += [
            Look(each, f"rider {number}", f"phone {number}", url, headers, language)
            for each in moments
        ]
    return Story(
        "fare_table", day, _in_time(looks), changes={"": tuple(hour * HOUR for hour in hours)},
        known=True, origin_requests=len(LANGUAGES) * (len(hours) + 1),
    )  # fmt: skip


def _cars(day: str) -> Story:
    chance = random.Random(_SEEDS[day])
    end = CARS_MINUTES * MINUTE
    looks = []
    for number in range(12):
        headers = _phone(chance, number, logged_in=number < 10, on_website=number >= 10)
        city = 1 + number % 2
        looks += [
            Look(each, f"rider {number}", f"phone {number}", f"/map/cars?city={city}", headers,
                 f"city {city}")
            for each in range(number // 2 % 5, end, 5)
        ]  # fmt: skip
    headers = _phone(chance, 30)
    moment = 0
    while moment < end:  # a small city, where somebody looks now and then
        looks.append(Look(moment, "rider 30", "phone 30", "/map/cars?city=5", headers, "city 5"))
        moment += chance.choice((11, 12, 14, 17, 47))
    return Story(
        "cars", day, _in_time(looks), changes={"": tuple(range(end + 1))},
        oldest_seconds=CARS_OLDEST_SECONDS, origin_requests=CARS_PER_MINUTE * CARS_MINUTES,
    )  # fmt: skip


def _own_rides(day: str) -> Story:
    chance = random.Random(_SEEDS[day])
    looks = []
    changes = {}
    for number in range(10):
        on_website = number in (6, 7)
        headers = _phone(chance, number, logged_in=not on_website, on_website=on_website)
        phone = "the family's tablet" if number >= 8 else f"phone {number}"
        if on_website:
            phone = f"browser {number}"
        own = f"rider {number}"
        changes[own] = tuple(sorted(chance.sample(range(600, 7000), 3)))
        moment = chance.randrange(120)
        while moment < 2 * HOUR:
            looks.append(Look(moment, own, phone, "/me/rides", headers, own))
            moment += chance.randrange(3, 12) * MINUTE
        looks += [Look(each + late, own, phone, "/me/rides", headers, own)
                  for each in changes[own] for late in (-8, 4)]  # fmt: skip
    return Story(
        "own_rides", day, _in_time(looks), changes=changes, at_edge=False, loads_again=False,
        several=frozenset({"the family's tablet"}),
    )  # fmt: skip


_SPELLINGS: Final = {
    "en": ("en", "en-US", "en-GB,en;q=0.9", "en-US,en;q=0.8", "en-IE,en;q=0.7", "en-AU,en"),
    "fr": ("fr", "fr-FR", "fr-CA,fr;q=0.9", "fr-FR,fr;q=0.8,en;q=0.5", "fr-BE,fr;q=0.7", "fr-CH"),
    "es": ("es", "es-MX", "es-ES,es;q=0.9", "es-AR,es;q=0.8,en;q=0.4", "es-CO,es;q=0.7", "es-CL"),
}
"""What phones say about three languages."""


def _spelled(resource: str, day: str) -> Story:
    """Return the looks of many phones at a page that depends on language, or on role as well."""
    chance = random.Random(f"{resource} {_SEEDS[day]}")
    by_role = resource == "board"
    url = f"/{'board' if by_role else 'fares/page'}?city={_SEEDS[day]}"
    looks = []
    for number in range(1_200):
        person = chance.randrange(300)
        language, role = LANGUAGES[person % 3], ROLES[(0, 0, 0, 0, 1, 1, 2)[person % 7]]
        headers = {
            "user-agent": f"Ridealong/5.{person % 40}",
            "accept-language": _SPELLINGS[language][person % 18 // 3],
            "accept-encoding": "gzip, br" if person % 2 else "gzip",
            "authorization": f"Bearer token-{person}",
            "x-language": language,
            "x-role": role,
        }
        own = f"{role}, {language}" if by_role else language
        looks.append(Look(number // 2, f"{role} {person}", "", url, headers, own))
    return Story(resource, day, tuple(looks), hit_percent=HIT_PERCENT)


@dataclass(frozen=True, slots=True)
class Task:
    """A set of resources whose header fields an answer gives.

    Attributes:
        stories: what makes the story of a day, by resource.
        fields: the header fields that are asked for.
        known_change: resources whose next change the back end knows.
        cache_control: what is sent as Cache-Control where the answer does not say it.
        may_vary: the fields that requests have, so that `Vary` may name them.
    """

    stories: Mapping[str, Callable[[str], Story]]
    fields: tuple[str, ...] = ("Cache-Control", "Vary")
    known_change: tuple[str, ...] = ()
    cache_control: str = ""
    may_vary: tuple[str, ...] = REQUEST_FIELDS


TASKS: Final = {
    "edge": Task(
        {
            "zone_map": _zone_map,
            "icons": _icons,
            "fare_table": _fare_table,
            "cars": _cars,
            "own_rides": _own_rides,
        },
        known_change=("fare_table",),
        # Nobody sends the fields of the gateway here.
        may_vary=tuple(name for name in REQUEST_FIELDS if not name.startswith("X-")),
    ),
    "vary": Task(
        {
            "fare_page": lambda day: _spelled("fare_page", day),
            "board": lambda day: _spelled("board", day),
        },
        fields=("Vary",),
        cache_control=f"public, s-maxage={PAGE_SECONDS}",
    ),
}
"""By the name that an exercise gives under `headers`."""


@cache
def story_of(task: str, resource: str, day: str) -> Story:
    """Return the story of a resource on a day."""
    return TASKS[task].stories[resource](day)


@lru_cache(maxsize=256)
def seen(task: str, resource: str, day: str, fields: Fields) -> Seen:
    """Play the story of a resource on a day; what was played before is remembered."""
    return play(story_of(task, resource, day), fields)
