"""Numbers and times in a text, as people write them."""

import pytest

from ridealong.judging import amounts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from 1,200 on", 1200),
        ("1.5 seconds", 1.5),
        ("1,5 s", 1.5),
        ("12.5% of calls", 12.5),
        ("in nine of ten cases", 9),
        ("Twenty-five riders", 25),
        ("two hundred and forty of them", 240),
        ("a thousand and five", 1005),
        ("thirty thousand two hundred", 30200),
        ("hundred hundred drivers", 100),
        ("a hundred and more", 100),
        ("p95 of the answers", 95),
        ("for one week", 1),
        ("for a week", 1),
        ("at 12:30 sharp", 12),
        ("-20 seconds", -20),
        ("\u2212 3 of them", -3),
        ("one of the drivers", None),
        ("no one minute is like another", None),
        ("one day, perhaps", None),
        ("after one day", 1),
        ("RIDE-412 in v1", None),
        ("\u00b2 is no digit", None),
        ("\u0663 riders", 3),
        ("4:30 and 1.2.3", 4),
        ("none", None),
    ],
)
def test_the_first_number_of_a_text(text: str, found: float | None) -> None:
    assert amounts.number(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ten seconds at most", 10),
        ("10s", 10),
        ("4m on average", 240),
        ("4 MIN", 240),
        ("half a minute", 30),
        ("less than a minute", 60),
        ("half an hour", 1800),
        ("500 ms", 0.5),
        ("1:30 minutes", 90),
        ("0:00:30 hours", 0),
        ("20 whole seconds", 20),
        ("20 very short seconds", None),
        ("in 95 of 100 cases 20 seconds", 20),
        ("p95 below 15 s", 15),
        ("1 minute 30 seconds", 90),
        ("4 min (240 s)", 240),
        ("1 minute 60 seconds", 60),
        ("20 or fewer seconds", 20),
        ("20 or more very short seconds", None),
        ("minus 5 seconds", -5),
        ("1 minute and 30 seconds", 90),
        ("0 minutes 30 seconds", 30),
        ("30 seconds, 2 minutes", 30),
        ("95 drivers", None),
        ("soon", None),
    ],
)
def test_the_first_time_of_a_text_in_seconds(text: str, found: float | None) -> None:
    assert amounts.duration(text) == found


def test_each_time_has_the_place_of_its_number() -> None:
    text = "from four minutes to 20 s, and 1 minute and 5 seconds"

    assert list(amounts.times(text)) == [(1, 240), (4, 20), (7, 65)]
    assert amounts.numbered(text)[4] == "20"


def test_what_a_number_counts_stands_behind_it() -> None:
    found = amounts.numbered("3 or more angry partners, 2 or none")

    assert amounts.behind(found, 0) == (3, ["angry", "partners"])
    assert amounts.behind(found, 5) == (6, ["or", "none"])
    assert amounts.behind(found, 7) == (8, [])


def test_one_is_a_number_in_front_of_what_is_counted() -> None:
    assert amounts.numbered("one partner, one of them") == ["one", "partner", "one", "of", "them"]
    assert amounts.numbered("one partner", ["partner"]) == ["1", "partner"]


def test_words_are_small_and_their_apostrophes_straight() -> None:
    assert amounts.words("Support\u2019s If-Match, 12.5% e.g. 4s") == [
        *("support's", "if-match", "12.5%", "e.g", "4", "s")
    ]


def test_no_number_is_left_where_they_are_taken_out() -> None:
    bare = amounts.without_numbers("One of 1,200 riders, Twenty-five in 12.5% and a stone", "some")

    assert bare == "some of some riders, some-some in some and a stone"


def test_thousands_of_words_are_read_at_once() -> None:
    for text in ("hundred and " * 8000, "one second " * 8000, "9 of " * 20000):
        assert amounts.numbered(text)
        amounts.duration(text)
