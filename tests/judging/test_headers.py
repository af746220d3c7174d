"""Header fields are judged by what riders get, not by how they are written."""

import copy
from typing import Any

import pytest
import yaml

from ridealong.judging import headers
from ridealong.systems.edge import stories
from ridealong.systems.edge.stories import HIDDEN, PUBLIC, story_of

RIGHT: dict[str, dict[str, Any]] = {
    "zone_map": {"Cache-Control": "public, max-age=31536000, immutable"},
    "icons": {"Cache-Control": "max-age=600, s-maxage=86400"},
    "fare_table": {
        "Cache-Control": "public, max-age={seconds_to_change}",
        "Vary": "Accept-Language",
    },
    "cars": {"Cache-Control": "public, max-age=6"},
    "own_rides": {"Cache-Control": "private, no-cache"},
}
VARY: dict[str, dict[str, Any]] = {
    "fare_page": {"Vary": "X-Language"},
    "board": {"Vary": "X-Role, X-Language"},
}
EDGE, PAGES = {"headers": "edge"}, {"headers": "vary"}


def changed(resource: str, control: str, vary: str | None = None) -> str:
    """The right fields with one block changed."""
    answer = copy.deepcopy(RIGHT)
    answer[resource] = {"Cache-Control": control} | ({} if vary is None else {"Vary": vary})
    return yaml.safe_dump(answer)


def pages(**vary: str) -> str:
    return yaml.safe_dump({**VARY, **{name: {"Vary": each} for name, each in vary.items()}})


def test_right_fields_hold_on_all_days() -> None:
    seen = headers.judged("edge-headers", EDGE, yaml.safe_dump(RIGHT))

    assert seen.passed and len(seen.properties) == 5 and all(p.held for p in seen.properties)
    assert "on three days nobody sees what is another's" in seen.message
    assert headers.marks(yaml.safe_dump(RIGHT), EDGE) == {}
    assert headers.marks(yaml.safe_dump(VARY), PAGES) == {}


@pytest.mark.parametrize(
    ("resource", "control", "vary"),
    [
        ("zone_map", "max-age=31536000, must-revalidate", None),
        ("zone_map", "max-age=31536000, s-maxage=31536000", "Accept-Encoding"),
        ("icons", "no-transform, max-age=0, s-maxage=172800", None),
        ("icons", "public, max-age=600, s-maxage=57600", None),
        ("fare_table", "max-age={seconds_to_change}, s-maxage={seconds_to_change}",
         "accept-encoding, ACCEPT-LANGUAGE"),
        ("fare_table", "max-age=0, s-maxage={seconds_to_change}", "Accept-Language"),
        ("cars", "PUBLIC, Max-Age=4", None),
        ("cars", "public, max-age=11", None),
        ("cars", "max-age=0, s-maxage=10", None),
        ("cars", "public, max-age=4, stale-while-revalidate=7", None),
        ("own_rides", "private, max-age=0", None),
        ("own_rides", "private, no-cache", "Authorization, Cookie"),
        ("own_rides", "public, private, no-cache", None),
    ],
)  # fmt: skip
def test_whatever_has_the_right_effect_passes(
    resource: str, control: str, vary: str | None
) -> None:
    assert headers.marks(changed(resource, control, vary), EDGE) == {}


@pytest.mark.parametrize(
    ("resource", "control", "vary", "mark", "words"),
    [
        ("zone_map", "max-age=31536000", None, "origin/authorization",
         "10 requests for /static/zones.4f1c.svg reach the back end, 1 is the most."),
        ("zone_map", "private, max-age=31536000", None, "origin/private", "every shared cache"),
        ("zone_map", "public, no-cache", None, "origin/no-cache", "before each use"),
        ("zone_map", "public", None, "origin/no time", "guesses one from Last-Modified"),
        ("zone_map", "max-age=60, s-maxage=31536000", None, "asked/short",
         "times for a map that they have. It is fresh for too short a time"),
        ("zone_map", "s-maxage=31536000", None, "asked/guess", "guesses one from Last-Modified"),
        ("icons", "max-age=1200, s-maxage=86400", None, "old/phone", "600 s is the most"),
        ("icons", "s-maxage=86400", None, "old/guess", "You say nothing about the phone's time"),
        ("icons", "max-age=600, s-maxage=3600", None, "origin/short", "5 is the most"),
        ("fare_table", "public, max-age={seconds_to_change}", None, "wrong/missing",
         "and is shown"),
        ("fare_table", "public, max-age={seconds_to_change}", "Accept-Language, User-Agent",
         "origin/vary user-agent", "a copy for each of its values"),
        ("fare_table", "public, max-age={seconds_to_change}", "*", "origin/*", "no request at all"),
        ("fare_table", "public, max-age=3600", "Accept-Language", "old/long", "0 s is the most"),
        ("fare_table", "max-age=60, s-maxage={seconds_to_change}", "Accept-Language", "old/phone",
         "only the phone's own time ends it"),
        ("fare_table", "public, max-age={seconds_to_change}, stale-while-revalidate=5",
         "Accept-Language", "old/swr", "on top of max-age"),
        ("cars", "no-store", None, "origin/no-store", "45 is the most in 3 minutes"),
        ("cars", "public, max-age=3", None, "origin/short", "60 requests for /map/cars?city=1"),
        ("cars", "public, max-age=12", None, "old/long", "11 s before, 10 s is the most"),
        ("cars", "public, max-age=6", "Authorization", "origin/vary authorization",
         "Vary names Authorization, and a cache keeps a copy for each of its values: leave it out"),
        ("own_rides", "public, max-age=60", None, "wrong/shared", "is shown the rides of rider"),
        ("own_rides", "private, max-age=60", None, "wrong/tablet", "on the family's tablet"),
        ("own_rides", "private, max-age=60", "Authorization, Cookie", "old/long", "0 s is the"),
        ("own_rides", "no-cache", None, "kept/shared", "lie at the edge, up to 1 at a time; none may."),
        ("own_rides", "no-store", None, "loaded/no-store", "is sent a list that it has"),
        ("own_rides", "", None, "wrong/shared", "say who may keep it"),
        ("own_rides", "private, no-cache", "*", "loaded/*", "no request at all"),
        # The website logs in by Cookie, everywhere.
        ("zone_map", "public, max-age=31536000", "Cookie", "origin/vary cookie", "leave it out"),
        ("icons", "public, max-age=600, s-maxage=86400", "Cookie", "origin/vary cookie", "Cookie"),
        ("fare_table", "public, max-age={seconds_to_change}", "Accept-Language, Cookie",
         "origin/vary cookie", "Vary names Cookie"),
        ("cars", "public, max-age=6", "Cookie", "origin/vary cookie", "Vary names Cookie"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_named_with_its_cause(
    resource: str, control: str, vary: str | None, mark: str, words: str
) -> None:
    text = changed(resource, control, vary)
    seen = headers.judged("edge-headers", EDGE, text)

    assert headers.marks(text, EDGE) == {"mistake": f"{resource}/{mark}"}
    assert not seen.passed and seen.mistake is None and words in seen.message
    assert seen.message.startswith(f"{resource}, ") and "\n" not in seen.message
    assert [each.name for each in seen.properties if not each.held] == [
        f"{resource} holds on three days"
    ]
    assert seen.share == 0.8, "four of five resources hold"
    # A card shows what was seen, so what holds has something to be seen as well.
    assert all(each.seen for each in seen.properties)


@pytest.mark.parametrize(
    ("resource", "control", "passes"),
    [
        ("icons", "max-age=600, s-maxage=86400", True),
        ("icons", "max-age=604, s-maxage=86400", False),
        ("icons", "max-age=600, s-maxage=86400, stale-while-revalidate=60", False),
        ("cars", "public, max-age=11", True),
        ("cars", "public, max-age=12", False),
        ("cars", "max-age=0, s-maxage=12", False),
        ("cars", "public, max-age=4", True),
        ("cars", "public, max-age=3, stale-while-revalidate=5", False),
        ("cars", "public, max-age=4, stale-while-revalidate=7", True),
        ("cars", "public, max-age=4, stale-while-revalidate=8", False),
    ],
)
def test_somebody_looks_right_before_and_after_a_limit(
    resource: str, control: str, passes: bool
) -> None:
    assert (headers.marks(changed(resource, control), EDGE) == {}) == passes


@pytest.mark.parametrize(
    ("page", "vary", "mark"),
    [
        ("fare_page", "", "wrong/missing"),
        ("fare_page", "X-Role", "wrong/missing"),
        ("fare_page", "User-Agent", "wrong/missing"),
        ("fare_page", "Accept-Language", "hits/vary accept-language"),
        ("fare_page", "Authorization", "hits/vary authorization"),
        ("fare_page", "X-Language, User-Agent", "hits/vary user-agent"),
        ("fare_page", "*", "hits/*"),
        ("board", "X-Role", "wrong/missing"),
        ("board", "X-Language", "wrong/missing"),
        ("board", "X-Role, Accept-Language", "hits/vary accept-language"),
        ("board", "X-Role, X-Language, Authorization", "hits/vary authorization"),
        # A field that decides is not named as the one too many.
        ("board", "X-Role, X-Language, Accept-Encoding", "hits/vary accept-encoding"),
        ("board", "Accept-Encoding, X-Language, X-Role", "hits/vary accept-encoding"),
        ("fare_page", "X-Language, X-Role, Accept-Encoding", "hits/vary x-role"),
    ],
)
def test_vary_is_neither_too_little_nor_too_much(page: str, vary: str, mark: str) -> None:
    assert headers.marks(pages(**{page: vary}), PAGES) == {"mistake": f"{page}/{mark}"}


def test_message_of_vary_says_whose_page_is_shown() -> None:
    seen = headers.judged("what-vary", PAGES, pages(board="X-Role"))

    assert "has to see the board of (" in seen.message and "and is shown that of (" in seen.message
    assert seen.share == 0.5


def test_message_of_the_author_follows_what_was_seen() -> None:
    mistake = {
        "name": "not-kept",
        "message": "Own words.",
        "results": {"mistake": "cars/origin/no-store"},
    }
    seen = headers.judged("x", {**EDGE, "mistakes": [mistake]}, changed("cars", "no-store"))

    assert seen.mistake == "not-kept"
    assert seen.message.endswith("in 3 minutes. Own words.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the answer is empty, wanted one block for each resource"),
        ("[]", "wanted one block for each resource"),
        ("cars: {Cache-Control: no-store}", "lacks zone_map, icons, fare_table, own_rides"),
        ("car: {}", "did you mean cars?"),
        (f"edge_headers: {RIGHT!r}", "the name 'edge_headers' stands behind %%yaml already"),
        (yaml.safe_dump({**RIGHT, "cars": "no-store"}), "cars holds 'no-store', wanted lines"),
        (yaml.safe_dump({**RIGHT, "cars": {"Cache-Controll": "a"}}), "did you mean Cache-Control?"),
        (yaml.safe_dump({**RIGHT, "cars": {"Cache-Control": 6}}), "is 6, wanted a text such as"),
        (yaml.safe_dump({**RIGHT, "cars": {"Vary": "A", "vary": "B"}}), "has Vary twice"),
        (yaml.safe_dump({**RIGHT, "cars": {"Cache-Control": "public, max-age=6", "max-age=7": None}}),
         "a comma between braces ends a value"),
        (yaml.safe_dump({**RIGHT, "cars": {"Cache-Control": "public", "max-age": 6}}),
         "write it behind Cache-Control:"),
        (changed("cars", "Cache-Control: no-store"), "leave Cache-Control: out there"),
        (changed("cars", "public; max-age=6"), "with commas between, not ;"),
        (changed("cars", "max-age=6s"), "leave the unit away"),
        (changed("cars", "max-age"), "wanted a whole number of seconds"),
        (changed("cars", "max-age=-1"), "wanted a whole number of seconds"),
        (changed("cars", "max-age=1000000000000"), "up to 2,147,483,648"),
        (changed("cars", "max_age=6"), "did you mean max-age?"),
        (changed("cars", "s-max-age=6"), "did you mean s-maxage?"),
        (changed("cars", "nonsense"), "which the caches here do not know"),
        (changed("cars", "public=1"), "public stands alone"),
        (changed("cars", "max-age=6, max-age=7"), "has max-age twice"),
        (changed("cars", "max-age={seconds_to_change}"), "nobody knows when this resource changes"),
        (changed("cars", "max-age=6", "Accept-Languages"), "did you mean Accept-Language?"),
        (changed("cars", "max-age = 6"), "no space stands beside the ="),
        (changed("cars", "public max-age=6"), "directives stand with commas between"),
        (changed("cars", "no-store, must-understand"), "which the caches here do not know"),
        (changed("fare_table", "public, max-age={ seconds_to_change }"),
         "write it as max-age={seconds_to_change}"),
        (changed("fare_table", "public, max-age=seconds_to_change"),
         "write it as max-age={seconds_to_change}"),
        (changed("fare_table", "public, max-age=60", "Accept-Language User-Agent"),
         "names stand with commas between"),
        (changed("fare_table", "public, max-age=60", "Accept-Language; Cookie"),
         "names stand with commas between"),
        (changed("fare_table", "public, max-age=60", "X-Language"),
         "which no request here has: did you mean Accept-Language?"),
        (yaml.safe_dump({**RIGHT, "fare_table": {"Vary": "Accept-Language", "Cookie": None}}),
         "a comma between braces ends a value"),
        (changed("cars", "max-age=6\n"), ""),
        (changed("cars", "x" * 301), "at most 300"),
        (changed("cars", "max-age=６"), "plain letters"),
    ],
)  # fmt: skip
def test_what_holds_no_fields_is_told_in_one_line(text: str, words: str) -> None:
    seen = headers.judged("edge-headers", EDGE, text)

    assert not seen.passed and words in seen.message and "\n" not in seen.message
    assert seen.share == 0
    assert headers.marks(text, EDGE) == {"error": seen.message}


def test_a_task_of_vary_takes_no_cache_control() -> None:
    seen = headers.judged("what-vary", PAGES, yaml.safe_dump(RIGHT))
    assert "the block 'cars'" in seen.message
    text = yaml.safe_dump({**VARY, "board": {"Cache-Control": "no-store"}})
    assert "not asked for: there is Vary" in headers.judged("what-vary", PAGES, text).message


def test_a_list_of_names_is_a_vary() -> None:
    answer = {**RIGHT, "fare_table": {**RIGHT["fare_table"], "Vary": ["Accept-Language"]}}

    assert headers.marks(yaml.safe_dump(answer), EDGE) == {}


def test_no_yaml_is_an_error() -> None:
    assert "this is no YAML" in headers.marks("a: [", EDGE)["error"]


def test_an_exercise_names_a_task_that_there_is() -> None:
    assert list(headers.problems({"judge": "headers", "headers": "edge"})) == []
    assert "wanted one of edge, vary" in next(headers.problems({"judge": "headers"}))
    assert list(headers.problems({"judge": "table"})) == []


@pytest.mark.weekly  # every run asks the reference's in tests/notebooks/test_mutants.py
@pytest.mark.parametrize(("right", "entry", "equal"), [(RIGHT, EDGE, 6), (VARY, PAGES, 0)])
def test_every_mutant_is_refused_or_equal(
    right: dict[str, Any], entry: dict[str, str], equal: int
) -> None:
    found = list(headers.mutants(yaml.safe_dump(right, sort_keys=False), entry))
    passing = [each.change for each in found if not headers.marks(each.text, entry)]

    assert len(passing) == equal, passing


def test_mutants_drop_directives_and_names_and_change_numbers() -> None:
    found = {each.change for each in headers.mutants(yaml.safe_dump(RIGHT), EDGE)}

    assert {
        "without cars",
        "cars.Cache-Control: public dropped",
        "cars.Cache-Control: public -> private",
        "cars.Cache-Control: max-age doubled",
        "cars.Cache-Control: max-age halved",
        "own_rides.Cache-Control: private -> public",
        "fare_table.Vary: Accept-Language dropped",
    } <= found


def test_stories_keep_what_the_task_states() -> None:
    for day in (PUBLIC, *HIDDEN):
        story = {name: story_of("edge", name, day) for name in stories.TASKS["edge"].stories}
        assert all(list(each.looks) == sorted(each.looks, key=lambda look: look.seconds)
                   for each in story.values())  # fmt: skip
        assert len({look.url for look in story["zone_map"].looks}) == 2
        first = next(look for look in story["zone_map"].looks)
        assert "authorization" in first.headers
        release, hotfix = story["icons"].purges
        assert hotfix - release == stories.HOTFIX_SECONDS
        assert {look.own for look in story["fare_table"].looks} == set(stories.LANGUAGES)
        (changes,) = story["fare_table"].changes.values()
        assert all(change % stories.HOUR == 0 for change in changes)
        tablet = {look.who for look in story["own_rides"].looks if "tablet" in look.phone}
        assert len(tablet) == 2
        web = [look for look in story["own_rides"].looks if "browser" in look.phone]
        assert web and all("cookie" in look.headers for look in web)
        for each in story.values():
            logins = [{"cookie", "authorization"} & set(look.headers) for look in each.looks]
            assert {"cookie"} in logins and {"authorization"} in logins
            assert all(len(login) < 2 for login in logins)
        board = story_of("vary", "board", day)
        assert len(board.looks) == 1_200
        assert len({look.headers["accept-language"] for look in board.looks}) == 18
        assert len({look.headers["x-language"] for look in board.looks}) == 3
        assert len({look.headers["x-role"] for look in board.looks}) == 3
        assert len({look.headers["user-agent"] for look in board.looks}) == 40
    urls = {story_of("vary", "board", day).looks[0].url for day in (PUBLIC, *HIDDEN)}
    assert len(urls) == 3
