"""What the labs on old answers show, in memory and with a real cache."""

from collections.abc import Iterator
from typing import Any

import pytest

from ridealong.labs import cache as caches
from ridealong.labs.assignment import every_order, two_taps
from ridealong.labs.sql.database import LabError
from ridealong.labs.stale import (
    at_one_corner,
    busiest_zone,
    delete_or_update,
    slow_reader,
    write_through,
)
from ridealong.show.views import rows_of

POLICY = {"key": "{city}:{zone}", "ttl_seconds": 30, "never_shared": ["offer"]}


@pytest.fixture(params=["in memory", "fakeredis"])
def where(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where answers are kept."""
    monkeypatch.setattr(caches, "_cache", None)
    if request.param == "in memory":
        yield request.param
        return
    cache = caches.start_cache(request.param)
    yield request.param
    cache.stop()


def rows(view: Any) -> list[Any]:
    """The rows of a view."""
    return list(rows_of(view.table))


def sees(view: Any) -> list[str]:
    """What riders see, one after the other."""
    return [row[2] for row in rows(view) if str(row[2]).startswith("sees")]


@pytest.mark.usefixtures("where")
def test_slow_reader_puts_the_old_answer_back_until_its_time_is_over() -> None:
    shown = slow_reader("keep", 60)

    assert sees(shown) == [
        "sees 1 car, from the cache: NOT TRUE",
        "sees 1 car, from the cache: NOT TRUE",
        "sees 0 cars, from the database",
    ]
    assert "until second 59 at least" in shown.summary


@pytest.mark.usefixtures("where")
def test_late_fill_that_is_refused_is_seen_by_nobody() -> None:
    shown = slow_reader("refuse", 60)

    assert not any("NOT TRUE" in each for each in sees(shown))
    assert "no later rider sees it" in shown.summary


@pytest.mark.usefixtures("where")
def test_short_time_to_live_ends_the_old_answer_soon() -> None:
    assert "until second 4 at least; after 5 s" in slow_reader("keep", 5).summary


@pytest.mark.usefixtures("where")
def test_write_through_is_as_true_as_its_writers() -> None:
    shown = write_through()

    assert [row[1:] for row in rows(shown)] == [
        (0, 0, "0 cars, from the cache", "0 cars, from the database"),
        (0, 1, "1 car, from the cache: NOT TRUE", "0 cars, from the database"),
        (0, 1, "1 car, from the cache: NOT TRUE", "0 cars, from the database"),
    ]
    assert shown.summary == "2 of 3 leave a car on the map that is gone, for 60 s."


@pytest.mark.usefixtures("where")
def test_two_taps_book_one_car_twice_unless_the_write_asks() -> None:
    told = [row[2:] for row in rows(two_taps())]
    assert told == [(1, "the car is yours"), (1, "the car is yours")]
    assert "has 2 trips under way, and its row says Ben" in two_taps().summary

    told = [row[2:] for row in rows(two_taps(conditional=True))]
    assert told == [(1, "the car is yours"), (0, "the car is gone")]
    assert "has 1 trip under way, and its row says Ann" in two_taps(conditional=True).summary


@pytest.mark.weekly
@pytest.mark.usefixtures("where")
def test_threads_meet_alike_each_time() -> None:
    for lab in (slow_reader, two_taps):
        assert len({str(lab()) for _ in range(30)}) == 1


def test_rates_of_looks_decide_between_delete_and_update() -> None:
    shown = delete_or_update([0.2, 1, 20, 50])

    by_rate = {row[0]: row for row in rows(shown)}
    assert [row[-1] for row in by_rate.values()] == ["delete", "delete", "update", "update"]
    assert all(row[2] == 1 for row in by_rate.values()), "an update is one read for each change"
    assert all(row[4] == 0 < row[3] for row in by_rate.values()), "only a delete lets riders wait"
    assert shown.picture and "50 looks: delete" in shown.picture.alt


def test_one_who_reads_for_all_makes_delete_never_dearer() -> None:
    found = rows(delete_or_update([0.2, 20, 50], single_flight=True))

    assert [row[-1] for row in found] == ["delete", "neither", "neither"]


def test_numbers_of_the_quiz_are_measured() -> None:
    """Its feedback speaks of 0.5 reads against 2, and of 40 looks where an update wins."""
    (airport,) = rows(delete_or_update([0.5], 2))
    (stadium,) = rows(delete_or_update([40], 1))

    assert round(airport[1], 1) == 0.5 and airport[2] == 2
    assert stadium[-1] == "update"


def test_one_rate_needs_no_picture() -> None:
    assert delete_or_update([5]).picture is None


def test_a_corner_shows_ghosts_and_what_each_change_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "_cache", None)

    def counts(**more: Any) -> tuple[int, int]:
        found = rows(at_one_corner({**POLICY, **more}))
        return found[1][1], found[2][1]

    ghosts, hidden = counts()
    fewer_ghosts, more_hidden = counts(on_write="delete", writes=["accept"])
    no_ghosts, few_hidden = counts(on_write="delete")

    assert (ghosts, hidden) == (180, 68), "the notebook says so"
    assert (fewer_ghosts, more_hidden) == (16, 140), "the notebook says so"
    assert no_ghosts < fewer_ghosts and few_hidden < hidden / 4


def test_corner_is_drawn_with_what_it_shows_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "_cache", None)
    shown = at_one_corner(POLICY)

    assert shown.picture and "180 of them show a car where none is" in shown.picture.alt
    assert busiest_zone()[1] in shown.title


def test_every_order_of_steps_is_shown() -> None:
    take = "UPDATE cars SET state = 'on_trip', user_id = :user_id WHERE driver_id = :driver_id"
    bad = every_order([{"sql": take}])
    good = every_order([{"sql": f"{take} AND state = 'available'", "no_row": "refuse"}])

    assert "of them end with a rider or a row that is wrong" in bad.summary
    assert good.summary == "10 orders, and in each what the riders are told is true."
    assert {row[2] for row in rows(good)} == {0}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: slow_reader("drop"), "wanted one of keep, refuse"),
        (lambda: slow_reader(ttl_seconds=1), "wanted 3 to 3,600"),
        (lambda: write_through(10**12), "wanted 3 to 3,600"),
        (lambda: delete_or_update([]), "a list of one to eight numbers"),
        (lambda: delete_or_update([1000]), "a list of one to eight numbers"),
        (lambda: delete_or_update(5), "a list of one to eight numbers"),  # type: ignore[arg-type]
        (lambda: delete_or_update([1], 100), "wanted 0.05 to 10"),
        (lambda: delete_or_update([1], 1, 60), "wanted 0.001 to 5"),
        (lambda: at_one_corner({"key": "{city}"}), "lacks ttl_seconds"),
        (lambda: at_one_corner(POLICY, speed=2), "speed"),
        (lambda: every_order("UPDATE"), "holds no steps"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(call: Any, says: str) -> None:
    with pytest.raises(LabError) as caught:
        call()

    assert says in str(caught.value) and "\n" not in str(caught.value)
