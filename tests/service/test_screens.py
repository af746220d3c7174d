"""What one screen of the app needs: chosen fields, payments in the list, pages that are not sent twice."""

import re
from typing import Any

import httpx
import pytest

from ridealong.service import Service
from ridealong.service.bodies import FIELDS_OF_A_RIDE
from service_callers import Callers, ok

THERE = "/{version}/users/123/rides"
versions = pytest.mark.parametrize("version", ["v1", "v2"])


def paid(calling: Callers) -> int:
    """The number of a new ride that is completed and paid."""
    ride_id = calling.ride("accept", "start", "complete")
    ok(calling.rider.post(f"/v1/rides/{ride_id}/payments", json={"method": "wallet"}), 201)
    return ride_id


@versions
def test_fields_are_those_of_the_whole_answer(calling: Callers, version: str) -> None:
    ride_id = calling.ride("accept")
    there = f"/{version}/rides/{ride_id}"
    whole = calling.rider.get(there)
    for names in (["ride_id"], ["status", "driver"], list(FIELDS_OF_A_RIDE)):
        some = calling.rider.get(there, params={"fields": ",".join(names)})
        assert ok(some) == {name: ok(whole)[name] for name in names if name in ok(whole)}
        assert some.headers["etag"] == whole.headers["etag"], "good for If-Match as well"
    assert len(calling.rider.get(there, params={"fields": "status"}).content) < 40


def test_fields_show_nothing_that_the_role_does_not_see(calling: Callers) -> None:
    there = f"/v2/rides/{calling.ride('accept')}?fields="
    assert ok(calling.rider.get(there + "driver_pay,rider")) == {}
    assert ok(calling.driver.get(there + "fare,quoted_fare,driver,status")) == {
        "status": "driver_assigned"
    }
    assert "phone" not in ok(calling.support.get(there + "driver,rider"))["driver"]


@versions
@pytest.mark.parametrize(
    "fields", ["", "phone", "ride_id,", ",", "ride_id,ride_id", "ride_id, status", "payments", "*"]
)
def test_field_that_no_ride_has_is_refused_by_name(
    calling: Callers, version: str, fields: str
) -> None:
    for path in (f"/{version}/rides/{calling.ride()}", THERE.format(version=version)):
        answer = calling.rider.get(path, params={"fields": fields})
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert (error["in"], error["pointer"]) == ("query", "/fields")
        assert "picked_up_at" in error["wanted"]
        assert ("include=payments" in error["wanted"]) == (fields == "payments")


@versions
def test_list_with_fields_keeps_its_cursor(calling: Callers, version: str) -> None:
    for _ in range(3):
        calling.ride()
    there = THERE.format(version=version)
    first = ok(calling.rider.get(there, params={"limit": 2, "fields": "ride_id"}))
    assert [list(ride) for ride in first["rides"]] == [["ride_id"], ["ride_id"]]
    following = {"limit": 2, "fields": "ride_id", "cursor": first["next_cursor"]}
    second = ok(calling.rider.get(there, params=following))
    whole = ok(calling.rider.get(there, params={"limit": 4}))
    assert [each["ride_id"] for page in (first, second) for each in page["rides"]] == [
        each["ride_id"] for each in whole["rides"]
    ]


@versions
def test_payments_in_the_list_are_those_of_each_ride(calling: Callers, version: str) -> None:
    done, waiting = paid(calling), calling.ride()
    there = THERE.format(version=version)
    for client in (calling.rider, calling.support):
        page = ok(client.get(there, params={"limit": 5, "include": "payments"}))
        for ride in page["rides"]:
            alone = ok(client.get(f"/{version}/rides/{ride['ride_id']}/payments"))["payments"]
            assert ride["payments"] == alone
        by_id = {ride["ride_id"]: ride["payments"] for ride in page["rides"]}
        assert len(by_id[done]) == 1 and by_id[waiting] == []
    assert "method" not in by_id[done][0], "support sees that it was paid, not with what"
    chosen: dict[str, Any] = {"limit": 2, "include": "payments", "fields": "status"}
    for ride in ok(calling.rider.get(there, params=chosen))["rides"]:
        assert set(ride) == {"status", "payments"}
    assert "payments" not in ok(calling.rider.get(there, params={"limit": 1}))["rides"][0]


def test_payments_in_the_list_are_for_those_who_may_see_them(
    company: Service, calling: Callers
) -> None:
    there = THERE.format(version="v1")
    only_rides = company.client(rider=123, scopes=frozenset({"rides:read"}))
    ok(only_rides.get(there))
    refused = only_rides.get(there, params={"include": "payments"})
    assert refused.status_code == 403
    assert 'scope="payments:read"' in refused.headers["www-authenticate"]
    params = {"include": "payments"}
    assert calling.driver.get(there, params=params).status_code == 403
    assert calling.other_rider.get(there, params=params).status_code == 404
    for wrong in ("driver", "payments,driver", ""):
        assert calling.rider.get(there, params={"include": wrong}).status_code == 400


@versions
def test_page_that_did_not_change_is_not_sent_again(calling: Callers, version: str) -> None:
    there = THERE.format(version=version)
    params: dict[str, Any] = {"limit": 3, "include": "payments"}

    def page(tag: str = "") -> httpx.Response:
        headers = {"If-None-Match": tag} if tag else {}
        return calling.rider.get(there, params=params, headers=headers)

    ride_id = calling.ride("accept", "start", "complete")
    first = page()
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    for same in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = page(same)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert page('"other"').content == first.content
    ok(calling.rider.post(f"/v1/rides/{ride_id}/payments", json={"method": "card"}), 201)
    changed = page(tag)
    assert changed.status_code == 200 and changed.headers["etag"] != tag, "a payment is a change"
    calling.ride()
    assert page(changed.headers["etag"]).status_code == 200, "a new ride is one as well"


def test_tag_of_a_page_is_of_one_view_only(calling: Callers) -> None:
    there = THERE.format(version="v1")
    tag = calling.rider.get(there).headers["etag"]
    headers = {"If-None-Match": tag}
    assert calling.support.get(there, headers=headers).status_code == 200
    assert calling.rider.get(there, params={"limit": 1}, headers=headers).status_code == 200
    assert calling.other_rider.get(there, headers=headers).status_code == 404
