"""What the labs on limits and screens show, replayed and on the running back end."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from ridealong.dataset import connection
from ridealong.labs.limits import around_a_boundary, callers, replay_day, runaway
from ridealong.labs.request_log import COLUMNS, request_log
from ridealong.labs.screens import Meter, count_screens, paid_trips
from ridealong.labs.sql.database import LabError
from ridealong.service import Service, Settings
from ridealong.show.views import rows_of


def rows(view: Any) -> dict[Any, tuple[Any, ...]]:
    """The rows of a view by their first column."""
    return {row[0]: row[1:] for row in rows_of(view.table)}


@pytest.fixture(scope="module")
def narrow() -> Iterator[Service]:
    """A back end that lets a caller send six requests at once, and two each second."""
    with Service(Settings(database="", requests_per_second=2, burst=6)) as running:
        yield running


def statuses(company: Service, subject: str) -> list[int]:
    """What the request log holds of a caller, the oldest request first."""
    return [row["status"] for row in company.requests() if row["subject"] == subject]


def test_runaway_on_the_running_back_end_gets_the_burst_and_the_rate(narrow: Service) -> None:
    narrow.client(rider=43).get("/v1/users/43/rides")

    shown = runaway(narrow, 84, requests_per_second=10, seconds=2)

    logged = statuses(narrow, "rider-84")
    accepted = logged.count(200)
    assert rows(shown) == {"accepted": (accepted,), "refused with 429": (21 - accepted,)}
    assert set(logged) == {200, 429} and len(logged) == 21
    assert 6 + 2 * 2 <= accepted < 21, "every token that came was taken"
    assert "21 requests in 2 s. The bucket held 6 tokens: at most 6 + 2 x 2 = 10" in shown.summary
    assert shown.picture and "the first refusal comes about 1 s after" in shown.picture.alt


def test_runaway_that_comes_back_finds_what_its_bucket_holds(narrow: Service) -> None:
    phone = narrow.client(rider=101)
    while phone.get("/v1/users/101/rides").status_code == 200:
        pass

    shown = runaway(narrow, 101, requests_per_second=5, seconds=1)

    sent = [answers[0] for answers in rows(shown).values()]
    assert sum(sent) == 6, "what the phone sent before is not counted"
    assert "The bucket held 0 tokens: at most 0 + 1 x 2 = 2" in shown.summary


def test_runaway_within_wide_limits_is_not_refused(company: Service) -> None:
    shown = runaway(company, 84, requests_per_second=10, seconds=1)

    assert rows(shown) == {"accepted": (11,), "refused with 429": (0,)}
    assert shown.picture and shown.picture.alt.endswith("all are accepted.")


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"requests_per_second": 0}, "0 requests a second for 4 s: take 1 to 100 a second"),
        ({"requests_per_second": 101}, "take 1 to 100 a second"),
        ({"seconds": 0}, "for 1 to 10 s"),
        ({"seconds": 11}, "for 1 to 10 s"),
        ({"rider": 10**9}, "was answered 404: take a rider that the back end knows"),
    ],
)
def test_phone_that_cannot_run_away_is_refused(
    company: Service, choice: dict[str, int], said: str
) -> None:
    with pytest.raises(LabError, match=said):
        runaway(company, **choice)


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
    assert "45 a second are left, 450 in ten seconds" in callers().summary


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
