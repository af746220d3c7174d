"""A cache keeps, gives, asks again and forgets as RFC 9111 and RFC 5861 say."""

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from ridealong.systems.edge import cache
from ridealong.systems.edge.cache import Answer, Clock, HttpCache, Request, date_of

LOGGED_IN = {"authorization": "Bearer one"}


class Origin:
    """A back end with one page, which says what it is told to say."""

    def __init__(self, clock: Clock, **headers: str) -> None:
        self.clock = clock
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.version = 1
        self.asked: list[Request] = []
        self.status = 200

    def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        language = request.headers.get("accept-language", "")
        body = f"{request.url} {self.version}{language}"
        headers = {"date": self.clock.date, "etag": f'"{body}"', **self.headers}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Answer(304, headers)
        return Answer(self.status, headers, body.encode())


def edge(*, shared: bool = True, **headers: str) -> tuple[HttpCache, Origin, Clock]:
    clock = Clock()
    origin = Origin(clock, **headers)
    return HttpCache("edge", origin.ask, clock, shared=shared), origin, clock


def looks(
    held: HttpCache, clock: Clock, *moments: int, headers: Mapping[str, str] | None = None
) -> list[str]:
    """Who answers at each moment: the last word of Cache-Status."""
    told = []
    for moment in moments:
        clock.seconds = moment
        told.append(held.ask(Request("/page", headers or {})).headers["cache-status"])
    return told


KEPT, HIT = "edge; fwd=uri-miss; stored", "edge; hit"
PASSED, ASKED = "edge; fwd=uri-miss", "edge; fwd=stale; fwd-status=304"


@pytest.mark.parametrize(
    ("control", "headers", "told"),
    [
        ("max-age=30", {}, [KEPT, HIT, ASKED]),
        ("max-age=30", LOGGED_IN, [PASSED, PASSED, PASSED]),
        ("public, max-age=30", LOGGED_IN, [KEPT, HIT, ASKED]),
        ("s-maxage=30", LOGGED_IN, [KEPT, HIT, ASKED]),
        ("max-age=30, must-revalidate", LOGGED_IN, [KEPT, HIT, ASKED]),
        ("max-age=5, s-maxage=30", {}, [KEPT, HIT, ASKED]),
        ("private, max-age=30", {}, [PASSED, PASSED, PASSED]),
        ("no-store", {}, [PASSED, PASSED, PASSED]),
        ("no-store, max-age=30", {}, [PASSED, PASSED, PASSED]),
        ("public, no-cache", LOGGED_IN, [KEPT, ASKED, ASKED]),
        ("max-age=29", {}, [KEPT, ASKED, HIT]),
        ("max-age=31", {}, [KEPT, HIT, HIT]),
        ("public, max-age=10, stale-while-revalidate=20", {},
         [KEPT, "edge; hit; ttl=-19", HIT]),
        ("public, max-age=10, stale-while-revalidate=10", {}, [KEPT, ASKED, HIT]),
        ("s-maxage=10, stale-while-revalidate=60", {}, [KEPT, ASKED, HIT]),
        ("public, max-age=10, stale-while-revalidate=60, must-revalidate", {}, [KEPT, ASKED, HIT]),
        ("public, max-age=10, stale-while-revalidate=60, proxy-revalidate", {},
         [KEPT, ASKED, HIT]),
        ("public, no-cache, stale-while-revalidate=60", {}, [KEPT, ASKED, ASKED]),
    ],
)  # fmt: skip
def test_a_shared_cache_does_what_the_field_says(
    control: str, headers: Mapping[str, str], told: list[str]
) -> None:
    held, _, clock = edge(cache_control=control)

    assert looks(held, clock, 0, 29, 30, headers=headers) == told


@pytest.mark.parametrize(
    ("control", "told"),
    [
        ("private, max-age=30", [KEPT, HIT, ASKED]),
        ("max-age=30", [KEPT, HIT, ASKED]),
        ("max-age=5, s-maxage=30", [KEPT, ASKED, HIT]),
        ("s-maxage=10, max-age=10, stale-while-revalidate=60", [KEPT, "edge; hit; ttl=-19", HIT]),
        ("no-store", [PASSED, PASSED, PASSED]),
    ],
)
def test_a_private_cache_keeps_its_owners_answers_and_knows_no_s_maxage(
    control: str, told: list[str]
) -> None:
    held, _, clock = edge(shared=False, cache_control=control)

    assert looks(held, clock, 0, 29, 30, headers=LOGGED_IN) == told


def test_without_a_time_it_guesses_a_tenth_of_the_time_since_the_last_change() -> None:
    held, origin, clock = edge(last_modified=date_of(cache.BEGINS - 1_000))

    assert looks(held, clock, 0, 99, 112) == [KEPT, HIT, ASKED]
    assert origin.asked[-1].headers["if-modified-since"] == date_of(cache.BEGINS - 1_000)


def test_without_a_time_and_a_last_change_it_asks_each_time() -> None:
    held, _, clock = edge()

    assert looks(held, clock, 0, 1) == [KEPT, ASKED]


def test_expires_is_a_time_as_well() -> None:
    held, _, clock = edge(expires=date_of(cache.BEGINS + 30))

    assert looks(held, clock, 0, 29, 30) == [KEPT, HIT, ASKED]


def test_a_date_that_is_none_is_over() -> None:
    held, _, clock = edge(expires="0")

    assert looks(held, clock, 0, 1) == [KEPT, ASKED]


def test_age_and_body_of_a_hit() -> None:
    held, origin, clock = edge(cache_control="max-age=60")
    held.ask(Request("/page"))
    clock.wait(12)
    origin.version = 2
    answer = held.ask(Request("/page"))

    assert (answer.headers["age"], answer.body, answer.hops) == ("12", b"/page 1", 0)
    assert len(origin.asked) == 1


def test_an_old_answer_is_shown_once_while_the_new_one_is_fetched() -> None:
    held, origin, clock = edge(cache_control="public, max-age=10, stale-while-revalidate=60")
    held.ask(Request("/page"))
    origin.version = 2
    clock.wait(20)
    old, new = held.ask(Request("/page")), held.ask(Request("/page"))

    assert (old.body, old.hops) == (b"/page 1", 0)
    assert (new.body, new.headers["cache-status"]) == (b"/page 2", HIT)
    assert len(origin.asked) == 2


def test_after_a_change_asking_again_brings_the_new_body() -> None:
    held, origin, clock = edge(cache_control="public, no-cache")
    held.ask(Request("/page"))
    origin.version = 2

    assert held.ask(Request("/page")).body == b"/page 2"
    assert looks(held, clock, 1) == [ASKED]
    assert len(held) == 1, "the new answer stands in place of the old one"


def test_asking_again_makes_it_fresh_again() -> None:
    held, origin, clock = edge(cache_control="max-age=30")

    assert looks(held, clock, 0, 30, 59, 60) == [KEPT, ASKED, HIT, ASKED]
    assert origin.asked[1].headers["if-none-match"] == '"/page 1"'


def test_one_copy_for_each_value_that_vary_names() -> None:
    held, origin, _ = edge(cache_control="max-age=60", vary="Accept-Language")
    told = [
        held.ask(Request("/page", {"accept-language": language}))
        for language in ("en", "fr", "es", "en", "fr", "es")
    ]

    assert [answer.body.decode()[-2:] for answer in told] == ["en", "fr", "es"] * 2
    assert [answer.headers["cache-status"] for answer in told[1:4]] == [
        "edge; fwd=vary-miss; stored", "edge; fwd=vary-miss; stored", HIT,
    ]  # fmt: skip
    assert len(origin.asked) == len(held) == 3


def test_without_vary_the_first_answer_goes_to_all() -> None:
    held, _, _ = edge(cache_control="max-age=60")
    told = [
        held.ask(Request("/page", {"accept-language": language})).body for language in ("en", "fr")
    ]

    assert told == [b"/page 1en", b"/page 1en"]


def test_vary_star_fits_no_request_and_does_not_pile_up() -> None:
    held, origin, _ = edge(cache_control="max-age=60", vary="*")
    for _ in range(5):
        held.ask(Request("/page"))

    assert len(origin.asked) == 5 and len(held) == 1


def test_who_has_it_already_gets_no_body() -> None:
    held, origin, clock = edge(cache_control="max-age=60")
    first = held.ask(Request("/page"))
    again = held.ask(Request("/page", {"if-none-match": f"W/{first.headers['etag']}"}))
    other = held.ask(Request("/page", {"if-none-match": '"another"'}))

    assert (again.status, again.body) == (304, b"")
    assert (other.status, other.body) == (200, b"/page 1")
    assert len(origin.asked) == 1
    clock.wait(60)
    assert held.ask(Request("/page", {"if-none-match": first.headers["etag"]})).status == 304


def test_a_request_with_an_effect_goes_through_and_drops_the_copy() -> None:
    held, origin, clock = edge(cache_control="max-age=60")
    held.ask(Request("/page"))
    sent = held.ask(Request("/page", {}, "POST"))

    assert sent.headers["cache-status"] == "edge; fwd=method"
    assert looks(held, clock, 1) == [KEPT]
    assert [request.method for request in origin.asked] == ["GET", "POST", "GET"]


def test_a_refused_request_drops_nothing() -> None:
    held, origin, clock = edge(cache_control="max-age=60")
    held.ask(Request("/page"))
    origin.status = 409
    held.ask(Request("/page", {}, "POST"))

    assert looks(held, clock, 1) == [HIT]


def test_a_purge_takes_effect_when_it_arrives_and_at_its_address_alone() -> None:
    held, _, clock = edge(cache_control="max-age=600")
    held.ask(Request("/page"))
    held.ask(Request("/other"))
    held.purge("/page", after_seconds=30)

    assert looks(held, clock, 29, 30, 31) == [HIT, KEPT, HIT]
    assert held.ask(Request("/other")).headers["cache-status"] == HIT


def test_a_phone_counts_the_age_from_the_back_end() -> None:
    held, _, clock = edge(cache_control="max-age=60")
    phone = HttpCache("phone", held.ask, clock, shared=False)
    held.ask(Request("/page"))
    clock.wait(50)
    first = phone.ask(Request("/page"))
    clock.wait(9)
    kept = phone.ask(Request("/page"))
    clock.wait(1)
    asked = phone.ask(Request("/page"))

    assert first.headers["cache-status"] == "edge; hit, phone; fwd=uri-miss; stored"
    assert [answer.hops for answer in (first, kept, asked)] == [1, 0, 2]
    assert kept.headers["cache-status"] == "phone; hit"


def test_a_copy_of_a_phone_survives_the_purge_of_the_edge() -> None:
    held, origin, clock = edge(cache_control="max-age=60")
    phone = HttpCache("phone", held.ask, clock, shared=False)
    phone.ask(Request("/page"))
    origin.version = 2
    held.purge("/page")

    assert held.ask(Request("/page")).body == b"/page 2"
    assert phone.ask(Request("/page")).body == b"/page 1"


def test_the_machines_clock_may_tick_while_it_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    held, _, clock = edge(cache_control="max-age=30")
    held.ask(Request("/page"))
    clock.seconds = 29
    ticks = iter([100.9, *[101.1] * 50])
    monkeypatch.setattr(time, "time", lambda: next(ticks))

    assert held.ask(Request("/page")).headers["cache-status"] == HIT


def test_time_goes_forward() -> None:
    with pytest.raises(ValueError, match="time goes forward"):
        Clock().wait(-1)


def test_nothing_is_written_to_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    held, _, clock = edge(cache_control="max-age=60")
    looks(held, clock, 0, 1, 70)

    assert list(tmp_path.iterdir()) == []
