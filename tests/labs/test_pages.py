"""Pages by number drift while rides come in, pages by cursor do not."""

from collections.abc import Iterator

import pytest

from ridealong.labs.pages import jump, walk
from ridealong.labs.sql.database import LabError
from ridealong.service import Service


@pytest.fixture(scope="module")
def company() -> Iterator[Service]:
    with Service() as running:
        yield running


def test_offset_repeats_a_ride_for_each_one_that_comes_in(company: Service) -> None:
    seen = walk(company, "offset")

    assert seen.shown == ((6, 5), (5, 4), (4, 3))
    assert (seen.twice, seen.never) == (2, 2)
    assert list(seen.table["shown before"]) == ["none", "ride 5", "ride 4"]
    assert "page 2 shows ride 5, ride 4" in str(seen.picture)
    assert seen.summary == "Of 6 rides at the start 2 came twice and 2 never."


def test_many_new_rides_push_the_reader_back(company: Service) -> None:
    seen = walk(company, "offset", new_rides=3)

    assert seen.shown == ((6, 5), (0, 6), (0, 0))
    assert (seen.twice, seen.never) == (1, 4)


def test_offset_is_right_while_nothing_comes_in(company: Service) -> None:
    assert walk(company, "offset", new_rides=0).shown == ((6, 5), (4, 3), (2, 1))


@pytest.mark.parametrize("new_rides", [0, 1, 3])
def test_a_cursor_shows_every_ride_once(company: Service, new_rides: int) -> None:
    seen = walk(company, "cursor", new_rides=new_rides)

    assert seen.shown == ((6, 5), (4, 3), (2, 1))
    assert (seen.twice, seen.never) == (0, 0)


def test_a_number_goes_to_a_page_at_once(company: Service) -> None:
    seen = jump(company, page=7)

    assert seen.requests == {"offset": 1, "cursor": 7}
    assert list(seen.table["rides sent"]) == [2, 14]
    assert "the same rides" in seen.summary
    with pytest.raises(LabError, match="has 7 pages, not 8"):
        jump(company, page=8)


def test_another_way_is_told(company: Service) -> None:
    with pytest.raises(LabError, match="there are offset and cursor"):
        walk(company, "keyset")  # type: ignore[arg-type]
