"""Who sees what, in the notebook: asked of the service and of a copy that follows a policy."""

from collections.abc import Iterator

import pytest

from ridealong.labs import access
from ridealong.labs.sql.database import LabError
from ridealong.service import Service


@pytest.fixture(scope="module")
def company() -> Iterator[Service]:
    with Service() as service:
        yield service


@pytest.fixture(scope="module")
def evening(company: Service) -> list[int]:
    return access.busy_evening(company)


def test_an_open_release_gives_everything_and_the_service_one_ride(
    company: Service, evening: list[int]
) -> None:
    release = access.Release(company, access.everything())
    leaked = access.walk(release.client(rider=123), evening).table
    kept = access.walk(company.client(rider=123), evening).table

    assert leaked.to_dict("records") == [
        {"status code": 200, "answers": 12, "first names": 6, "phone numbers": 6}
    ]
    assert [[*row][:2] for row in kept.itertuples(index=False)] == [[200, 1], [404, 11]]


def test_callers_see_different_parts_of_one_ride(company: Service, evening: list[int]) -> None:
    callers = {"rider": company.client(rider=123), "nobody": company.client()}

    view = access.seen_by(callers, evening[0])

    seen = view.table.set_index("part of the answer")
    assert list(seen.loc["status code"]) == ["200", "401"]
    assert list(seen.loc["driver's phone"]) == ["seen", "-"]
    assert list(seen.loc["driver's pay"]) == ["-", "-"]
    assert view.summary.startswith("1 of 2 callers")


def test_a_release_answers_strangers_and_wrong_addresses(
    company: Service, evening: list[int]
) -> None:
    release = access.Release(company, {**access.everything(), "partner": {"rides": "none"}})

    assert release.client().get(f"/v1/rides/{evening[0]}").status_code == 401
    assert release.client(partner="x").get(f"/v1/rides/{evening[0]}").status_code == 404
    assert release.client(support=True).get("/v1/rides/999999999").status_code == 404
    assert release.client(driver=3).get("/v1/rides/abc").status_code == 404
    assert release.client(driver=57).get(f"/v1/rides/{evening[0]}").json()["rider"]["phone"]


def test_numbers_are_seen_while_the_ride_is_under_way(company: Service) -> None:
    seen = access.phone_over_a_ride(company, rider=20, driver=40).table

    assert [list(row) for row in seen.itertuples(index=False)] == [
        ["requested", "-", "-", "-"],
        ["accepted", "seen", "seen", "-"],
        ["in_progress", "seen", "seen", "-"],
        ["completed", "-", "-", "-"],
    ]


def test_a_draft_is_replayed_and_what_is_no_policy_is_told() -> None:
    draft = {**access.everything(), "driver": {"rides": "their_own"}}

    view = access.replayed(draft)

    assert set(view.table["kind"]) == {"leak", "job"}
    assert view.summary.startswith("21 calls: ")
    with pytest.raises(LabError, match="no role is called"):
        access.replayed({"pilot": {}})


def test_a_rule_is_said_in_words() -> None:
    draft = access.everything()
    draft["rider"] = {"rides": "all", "driver_phone": "while_under_way"}

    assert access.in_words(draft, "rider", "driver_phone") == "while under way"
    assert access.in_words(draft, "rider", "fare") == "never"
    with pytest.raises(LabError, match="empty"):
        access.in_words(None, "rider", "fare")
