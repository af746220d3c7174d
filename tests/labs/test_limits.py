"""What the labs on limits and screens show, on a clock of their own and on the running back end."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from ridealong.dataset import connection
from ridealong.labs.limits import around_a_boundary, bucket_over_time, callers, replay_day
from ridealong.labs.request_log import COLUMNS, request_log
from ridealong.labs.screens import Meter, count_screens, paid_trips
from ridealong.labs.sql.database import LabError
from ridealong.service import Service, Settings
from ridealong.show.views import rows_of


def rows(view: Any) -> dict[Any, tuple[Any, ...]]:
    """The rows of a view by their first column."""
    return {row[0]: row[1:] for row in rows_of(view.table)}


def test_runaway_gets_the_burst_and_the_rate_and_no_more() -> None:
    shown = bucket_over_time(2, 15, runaway_per_second=20, runaway_seconds=(4, 9), seconds=12)

    before, wild, after = rows(shown).values()
    assert before == (2, 2, 0, 0)
    assert wild[0] == 100 and 20 <= wild[1] <= 15 + 5 * 2 and wild[3] == 1
    assert after[2] == 0, "it is let through again when it calms down"
    assert "15 + 5 x 2 = 25" in shown.summary
    assert shown.picture and "the first refusal comes at" in shown.picture.alt


def test_bucket_that_is_large_enough_refuses_nothing() -> None:
    shown = bucket_over_time(5, 100, runaway_per_second=2)

    assert shown.picture and "nothing is refused" in shown.picture.alt


@pytest.mark.parametrize(
    "choice", [{"runaway_per_second": 0}, {"runaway_per_second": 1e9}, {"burst": 0}]
)
def test_bucket_that_cannot_be_drawn_is_refused(choice: dict[str, Any]) -> None:
    with pytest.raises(LabError):
        bucket_over_time(**{"requests_per_second": 1, "burst": 5} | choice)


@pytest.mark.parametrize(("limit", "seconds"), [(100, 60), (10, 60), (7, 3600)])
def test_fixed_window_lets_twice_its_limit_pass_around_the_boundary(
    limit: int, seconds: int
) -> None:
    shown = rows(around_a_boundary(limit, seconds))

    assert shown["fixed window"][-1] == 2 * limit
    assert limit <= shown["token bucket"][-1] <= limit + 2 * limit / seconds + 1


@pytest.mark.parametrize(("limit", "seconds"), [(0, 60), (10, 1), (10**6, 60)])
def test_window_that_is_none_is_refused(limit: int, seconds: int) -> None:
    with pytest.raises(LabError):
        around_a_boundary(limit, seconds)


def test_day_is_shown_with_and_without_limits() -> None:
    wild = replay_day()
    assert "without limits" in wild.title and "0 honest requests refused" in wild.summary
    narrow = {"per": "address", "requests_per_second": 1, "burst": 9}
    held = replay_day({"rider": narrow, "partner": narrow, "support": narrow})
    assert "the first: " in held.summary and held.picture
    assert len(held.table) == 6
    with pytest.raises(LabError, match="lacks partner"):
        replay_day({"rider": narrow})
    assert len(rows(callers())) == 3


@pytest.fixture(scope="module")
def company() -> Iterator[Service]:
    """A back end with wide limits and ten trips."""
    with Service(Settings(database="", requests_per_second=500, burst=2_000)) as running:
        paid_trips(running)
        yield running


def test_screens_are_counted_on_the_running_back_end(company: Service) -> None:
    screens = count_screens(company)

    counted = {name: (trips, size) for name, trips, size in screens.counted}
    assert [trips for trips, _ in counted.values()] == [21, 1, 21, 21, 1, 1]
    sizes = [size for _, size in counted.values()]
    assert sizes[0] > sizes[1] > sizes[2] > sizes[4] > sizes[5] == 0 < sizes[3] < sizes[2]
    assert count_screens(company).counted == screens.counted, "the same each time"


def test_constraint_flips_which_change_is_the_quicker(company: Service) -> None:
    screens = count_screens(company)

    assert "'batched'" in screens.over(round_trip_ms=400, kilobytes_per_second=400).summary
    assert (
        "'chatty, fewer fields'" in screens.over(round_trip_ms=20, kilobytes_per_second=2).summary
    )
    for network in ((-1, 5), (10, 0)):
        with pytest.raises(LabError, match="is no network"):
            screens.over(round_trip_ms=network[0], kilobytes_per_second=network[1])


def test_refusal_is_told_and_not_counted(company: Service) -> None:
    meter = Meter(company.client(rider=15))

    with pytest.raises(LabError, match="was answered 404"):
        meter.get("/v1/users/123/rides")
    assert meter.requests == 0


def test_request_log_is_a_table(company: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    con = duckdb.connect()
    monkeypatch.setattr(connection, "_current", con)
    company.client(rider=15).get("/v1/users/15/rides", headers={"X-Request-ID": "seen-17"})
    company.client().get("/v1/rides/1")

    shown = request_log(company)

    asked = "SELECT subject, status, path_template FROM request_log WHERE request_id = 'seen-17'"
    assert con.execute(asked).fetchall() == [("rider-15", 200, "/v1/users/{user_id}/rides")]
    last = con.execute("SELECT role, status FROM request_log ORDER BY log_id DESC LIMIT 1")
    assert last.fetchall() == [(None, 401)]
    described = con.execute("DESCRIBE request_log").fetchall()
    assert [row[0] for row in described] == list(COLUMNS)
    assert set(company.requests(1)[0]) == set(COLUMNS)
    assert "ask it with %%sql" in shown.summary
    request_log(company, limit=2)
    assert con.execute("SELECT COUNT(*) FROM request_log").fetchall() == [(2,)]
    con.close()
