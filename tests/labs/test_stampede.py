"""What the labs on stampedes, cold starts and outages show."""

from collections.abc import Iterator
from typing import Any

import pytest

from ridealong.labs import cache as caches
from ridealong.labs.cache import running, start_cache
from ridealong.labs.sql.database import LabError
from ridealong.labs.stampede import cold_start, outage, stampede, warmed_at_once
from ridealong.show.views import rows_of
from ridealong.systems.cache.server import Cache


@pytest.fixture(autouse=True)
def _no_cache_stays() -> Iterator[None]:
    yield
    if caches._cache is not None:
        caches._cache.stop()


def rows(view: Any) -> dict[Any, tuple[Any, ...]]:
    """The rows of a view by their first column."""
    return {row[0]: row[1:] for row in rows_of(view.table)}


def test_stampede_has_a_cache_of_its_own_or_the_one_that_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[Cache] = []
    start = Cache.start
    monkeypatch.setattr(Cache, "start", lambda self: started.append(self) or start(self))

    own = stampede(clients=8)
    assert len(started) == 1 and not started[0].is_running, "it is stopped again"
    shared = start_cache()
    there = stampede(clients=8)

    assert len(started) == 2 and running() is shared and shared.is_running
    assert rows(own) == rows(there)
    assert rows(own)["lock, no second look"] == (8, 1, 8)
    assert rows(own)["refresh ahead and single flight"] == (1, 1, 0)
    assert "costs 8 reads, with single flight 1" in own.summary
    assert own.picture and "single flight: 1 read, 8 waited" in own.picture.alt


@pytest.mark.parametrize("clients", [-1, 0, 1, 101, 10**9])
def test_too_few_or_too_many_clients_are_refused(clients: int) -> None:
    with pytest.raises(LabError, match="take 2 to 100"):
        stampede(clients)


def test_jitter_is_shown_beside_none() -> None:
    shown = warmed_at_once(20)

    assert rows(shown)["0%"] == (60, 4, 240), "after 30, 60, 90 and 120 s"
    busiest, seconds, reads = rows(shown)["20%"]
    assert busiest < 20 and seconds > 30
    assert reads == pytest.approx(240 * 1.1, rel=0.03), "times that are 10% shorter"
    assert shown.picture and "jitter" in shown.picture.alt


@pytest.mark.parametrize("choice", [{"jitter_percent": 0}, {"jitter_percent": 101}, {"keys": 1}])
def test_warming_that_cannot_be_shown_is_refused(choice: dict[str, Any]) -> None:
    with pytest.raises(LabError, match="percent"):
        warmed_at_once(**choice)


def test_cold_start_is_shown_with_and_without_single_flight() -> None:
    shown = cold_start(keys=200, looks_per_second=160, database_reads_per_second=8)

    table = [tuple(row) for row in rows_of(shown.table)]
    assert [row[1] for row in table] == [10, 30, 60, 120] * 2
    naive, single = table[3], table[7]
    assert naive[3] > 1_000 and naive[4] == round(naive[3] / 8)
    assert single[3] < 16
    assert shown.picture and "each for themselves" in shown.picture.alt


@pytest.mark.parametrize(
    "choice",
    [{"keys": 0}, {"keys": 10**6}, {"looks_per_second": 0}, {"database_reads_per_second": 0}],
)
def test_cold_start_that_cannot_be_drawn_is_refused(choice: dict[str, Any]) -> None:
    with pytest.raises(LabError, match="a second: take"):
        cold_start(**choice)


def test_outage_is_said_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIDEALONG_REDIS_URL", "redis://127.0.0.1:1/0")  # nobody's to kill

    shown = outage({"key": "{city}:{zone}", "ttl_seconds": 15, "single_flight": True})

    spans = rows(shown)
    assert spans["killed"][1] == "0%" and spans["before"][1] != "0%"
    assert spans["killed"][2] > 5 * spans["before"][2]
    assert (
        "0 cars have two riders" in shown.summary and "calls of the cache failed" in shown.summary
    )
    assert shown.picture and "without a cache" in shown.picture.alt
    with pytest.raises(LabError, match="lacks key"):
        outage({"ttl_seconds": 5})
