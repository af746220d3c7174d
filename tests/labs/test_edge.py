"""What the lab of the edge shows, asked over HTTP of a release and of the running back end."""

import gc
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ridealong.labs.edge import (
    Edge,
    Release,
    ask_or_keep,
    from_far_and_near,
    replayed,
    second_looks,
)
from ridealong.labs.sql.database import LabError
from ridealong.service import Service, Settings
from ridealong.show.views import rows_of

PUBLIC = {"Cache-Control": "public, max-age=60"}


@pytest.fixture(scope="module")
def company() -> Iterator[Service]:
    with Service(Settings(database="", requests_per_second=500, burst=2_000)) as running:
        yield running


@pytest.fixture
def release(company: Service) -> Iterator[Any]:
    """Make releases that are closed in the end."""
    made: list[Release] = []

    def make(headers: object = None) -> Release:
        made.append(Release(company, headers))
        return made[-1]

    yield make
    for each in made:
        each.close()


def shown(edge: Edge) -> list[tuple[Any, ...]]:
    """Of each look: who, what they are shown, Cache-Status, ms, bytes from afar."""
    return [(row[1], *row[4:]) for row in rows_of(edge.log().table)]


def test_a_shared_cache_hands_one_riders_rides_to_another(release: Any) -> None:
    edge = Edge(release({"own_rides": PUBLIC}))
    answers = [edge.look("/me/rides", rider=rider) for rider in (5, 123)]

    assert answers[0].body == answers[1].body
    first, second = shown(edge)
    assert first[1:4] == ("rides of rider 5", "edge; fwd=uri-miss; stored", 128)
    assert second == ("rider 123", "rides of rider 5", "edge; hit", 8, 0)


@pytest.mark.parametrize("control", ["private, no-cache", "no-store", "max-age=60", ""])
def test_other_fields_leave_each_rider_their_own(release: Any, control: str) -> None:
    edge = Edge(release({"own_rides": {"Cache-Control": control}}))
    for rider in (5, 123):
        edge.look("/me/rides", rider=rider)

    assert [row[1] for row in shown(edge)] == ["rides of rider 5", "rides of rider 123"]


def test_the_back_end_decides_whose_rides_they_are(release: Any) -> None:
    made = release({"own_rides": {"Cache-Control": "no-store"}})
    assert Edge(made).look("/me/rides").status == 401
    forged = httpx.get(
        f"{made.url}/me/rides", headers={"Authorization": "Bearer a.e30.c"}, trust_env=False
    )
    assert forged.status_code == 401


def test_language_needs_vary(release: Any) -> None:
    for vary, told in (("", "fares in en, table 1"), ("Accept-Language", "fares in fr, table 1")):
        edge = Edge(release({"fare_table": {**PUBLIC, "Vary": vary}}))
        edge.look("/fares", language="en")
        edge.look("/fares", language="fr")
        assert shown(edge)[1][1] == told


def test_fare_table_counts_down_to_its_change(release: Any) -> None:
    edge = Edge(release({"fare_table": {"Cache-Control": "public, max-age={seconds_to_change}"}}))
    edge.wait(3_000)
    told = edge.look("/fares").headers["cache-control"]
    edge.wait(599)
    edge.look("/fares")
    edge.wait(1)
    edge.look("/fares")

    assert told == "public, max-age=600"
    assert [row[1] for row in shown(edge)] == ["fares in en, table 1"] * 2 + [
        "fares in en, table 2"
    ]


def test_purge_comes_late_and_reaches_no_phone_and_a_new_name_needs_none(release: Any) -> None:
    made = release({"zone_map": {"Cache-Control": "public, max-age=86400"}})
    edge = Edge(made, phones=True)
    edge.look("/static/zones.svg", rider=5)
    made.change("/static/zones.svg")
    edge.purge("/static/zones.svg", after_seconds=30)
    edge.wait(10)
    edge.look("/static/zones.svg", rider=7)
    edge.wait(30)
    for rider in (15, 5, 7):
        edge.look("/static/zones.svg", rider=rider)
    edge.look("/static/zones.b07e.svg", rider=5)

    old, new = "map, version 1", "map, version 2"
    assert [row[1] for row in shown(edge)] == [old, old, new, old, old, "map b07e"]


def test_an_etag_saves_bytes_and_no_trip_on_the_running_back_end(company: Service) -> None:
    edge = Edge(company, phones=True)
    path = "/v1/users/123/rides?limit=10"
    for _ in range(2):
        edge.look(path, rider=123)
        edge.wait(60)
    company.client(rider=123).post(
        "/v1/rides", json={"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}
    ).raise_for_status()
    edge.look(path, rider=123)

    first, again, changed = shown(edge)
    assert [row[3] for row in (first, again, changed)] == [128] * 3
    assert first[4] > 1_000 and again[4] == 0 and changed[4] > 1_000
    assert again[2].endswith("phone; fwd=stale; fwd-status=304")


def test_near_saves_trips_and_bytes(company: Service) -> None:
    far, edge, phones = rows_of(from_far_and_near(company).table)

    assert far[1:3] == (20, 20) and edge[1:3] == (20, 1) and phones[1:3] == (20, 1)
    assert far[3] == 20 * edge[3] == 20 * phones[3]
    assert far[4] > edge[4] > phones[4]


def test_second_looks_by_field(company: Service) -> None:
    controls = ("max-age=30", "public, max-age=30", "s-maxage=30, stale-while-revalidate=60",
                "public, max-age=30, stale-while-revalidate=60")  # fmt: skip
    rows = {row[0]: row[1:] for row in rows_of(second_looks(company, *controls).table)}

    assert rows["max-age=30"] == ("back end", 0, "back end", 0)
    assert rows["public, max-age=30"] == ("edge", 4, "back end", 0)
    assert rows["s-maxage=30, stale-while-revalidate=60"] == ("edge", 4, "back end", 0)
    assert rows[controls[3]] == ("edge", 4, "edge, and fetches anew", 40)


def test_the_constraint_flips_which_way_is_the_better() -> None:
    def told(minutes: int, far_ms: int) -> dict[Any, tuple[Any, ...]]:
        view = ask_or_keep(changes_every_minutes=minutes, far_ms=far_ms)
        return {row[0]: row[1:] for row in rows_of(view.table)}

    rare, often = told(600, 300), told(20, 20)
    keep, ask = "max-age=3600", "no-cache, with an ETag"
    assert rare[ask][1] - rare[keep][1] == 250 and rare[keep][2] < 120 / 10
    assert often[ask][1] == 20 and often[ask][2] == 0 and often[keep][2] > 120 / 2
    with pytest.raises(LabError, match="take 1 to 10,000"):
        told(0, 20)


def test_replay_shows_the_public_day() -> None:
    held = replayed({"fare_page": {"Vary": "X-Language"}, "board": None}, task="vary")

    rows = {row[0]: row[-1] for row in rows_of(held.table)}
    assert rows == {"fare_page": "kept", "board": "broken"}
    assert "1 of 2 resources" in held.summary
    with pytest.raises(LabError, match="lacks"):
        replayed({"cars": {}})


def test_what_is_none_is_told_in_one_line(release: Any) -> None:
    for headers, words in (
        ({"zone_map": {"Cache-Control": "max-age=6s"}}, "leave the unit away"),
        ({"zonemap": {}}, "did you mean zone_map?"),
        ([], "wanted one block"),
    ):
        with pytest.raises(LabError, match=words):
            release(headers)
    edge = Edge(release())
    assert edge.look("/nowhere").status == 404
    for path in ("fares", "/a\nb"):
        with pytest.raises(LabError, match="is no path"):
            edge.look(path)
    for seconds in (-1, 10**12):
        with pytest.raises(LabError, match="ten years"):
            edge.wait(seconds)
    with pytest.raises(LabError, match="no edge to purge"):
        Edge(release(), shared=False).purge("/fares")
    with pytest.raises(LabError, match="'pages' is no task: there are edge, vary"):
        replayed({}, task="pages")


def test_a_back_end_that_is_stopped_is_told_and_nothing_hangs(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Service(Settings(database="")) as running:
        made = Release(running, {"own_rides": {"Cache-Control": "no-store"}})
        edge, direct = Edge(made), Edge(running)
        edge.look("/me/rides", rider=5)
    token = edge._tokens[5]
    direct._tokens[5] = token

    assert edge.look("/me/rides", rider=5).status == 502
    with pytest.raises(LabError, match="nobody answers behind the edge"):
        direct.look("/v1/rides/1", rider=5)
    made.close()
    with pytest.raises(LabError, match="this release is closed"):
        edge.look("/fares")
    assert capfd.readouterr().err == ""


def test_a_closed_release_leaves_no_thread(company: Service) -> None:
    made = Release(company)
    mine = made._thread
    assert mine in threading.enumerate()
    made.close()

    assert mine not in threading.enumerate()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{made.url}/fares", trust_env=False)


def test_a_release_that_nobody_holds_ends_by_itself(company: Service) -> None:
    """A notebook binds the names of release and edge anew, and closes nothing."""
    made = Release(company)
    edge = Edge(made, phones=True)
    edge.look("/fares", rider=5)
    mine = made._thread
    del made
    gc.collect()
    assert mine.is_alive(), "the edge in front of it still asks it"
    assert edge.look("/map/cars", rider=5).status == 200

    del edge
    gc.collect()
    mine.join(10)

    assert not mine.is_alive()


def test_age_counts_in_the_phone_what_the_edge_has_used_up(release: Any) -> None:
    """Ten minutes for phones and a day for the edge: later copies arrive old, and are asked about."""
    keeps = {"Cache-Control": "public, max-age=600, s-maxage=86400"}
    edge = Edge(release({"zone_map": keeps}), phones=True)
    edge.look("/static/zones.svg", rider=5)
    edge.wait(601)
    for _ in range(2):
        edge.look("/static/zones.svg", rider=7)

    _, _, second = shown(edge)
    assert second[2:] == ("edge; hit, phone; fwd=stale; fwd-status=304", 8, 0)
