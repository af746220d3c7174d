"""What the service does with rides, the same on both kinds of database."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from ridealong.service import Service, Settings
from service_callers import WAY, Callers, ok

PHONE = "phone"


def problem(answer: httpx.Response, status: int, name: str) -> Any:
    """Return the problem document of an answer that has to be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["type"] == f"https://ridealong.example/problems/{name}"
    assert document["status"] == status
    assert document["instance"].endswith(answer.headers["x-request-id"])
    return document


def test_ride_from_quote_to_payment(calling: Callers) -> None:
    quote = ok(calling.rider.post("/v2/quotes", json=WAY), 201)
    answer = calling.rider.post("/v2/rides", json=WAY | {"quote_id": quote["quote_id"]})
    ride = ok(answer, 201)
    assert ride["status"] == "requested" and ride["quoted_fare"] == quote["fare"]
    there = answer.headers["location"]
    assert ok(calling.rider.get(there)) == ride

    assert ok(calling.driver.post(f"{there}/accept"))["status"] == "driver_assigned"
    assert ok(calling.driver.post(f"{there}/start"))["status"] == "on_trip"
    done = ok(calling.driver.post(f"{there}/complete"))
    assert done["status"] == "completed" and done["completed_at"] > done["picked_up_at"]
    cents = quote["fare"]["amount_cents"]
    assert done["driver_pay"] == {"amount_cents": cents * 79 // 100, "currency": "USD"}
    paid = ok(calling.rider.post(f"{there}/payments", json={"method": "wallet"}), 201)
    assert paid["amount"] == quote["fare"] and paid["method"] == "wallet"
    again = calling.rider.post(f"{there}/payments", json={"method": "card"})
    problem(again, 409, "already-paid")
    assert ok(calling.rider.get(f"{there}/payments"))["payments"] == [paid]


def test_quote_is_good_once_and_for_its_rider(calling: Callers) -> None:
    quote = ok(calling.rider.post("/v1/quotes", json=WAY), 201)["quote_id"]
    wish = WAY | {"quote_id": quote}
    problem(calling.other_rider.post("/v1/rides", json=wish), 409, "quote-not-usable")
    ok(calling.rider.post("/v1/rides", json=wish), 201)
    problem(calling.rider.post("/v1/rides", json=wish), 409, "quote-not-usable")


@pytest.mark.parametrize(
    ("before", "action"),
    [
        ([], "start"),
        ([], "complete"),
        (["accept"], "accept"),
        (["accept"], "complete"),
        (["accept", "start"], "cancel"),
        (["accept", "start", "complete"], "cancel"),
        (["accept", "start", "complete"], "start"),
    ],
)
def test_illegal_transition_is_a_conflict(calling: Callers, before: list[str], action: str) -> None:
    ride_id = calling.ride(*before)
    seen = ok(calling.support.get(f"/v1/rides/{ride_id}"))
    caller = calling.rider if action == "cancel" else calling.driver
    answer = caller.post(f"/v1/rides/{ride_id}/{action}")
    if not before:  # not assigned to the driver, but offered
        assert problem(answer, 409, "illegal-transition")["legal_actions"] == ["accept", "cancel"]
    else:
        problem(answer, 409, "illegal-transition")
    assert ok(calling.support.get(f"/v1/rides/{ride_id}")) == seen


def test_driver_cancels_no_ride_that_is_only_offered(calling: Callers) -> None:
    there = f"/v1/rides/{calling.ride()}"
    problem(calling.driver.post(f"{there}/cancel"), 403, "not-its-driver")
    problem(calling.driver.patch(there, json={"status": "cancelled"}), 403, "not-its-driver")
    ok(calling.driver.post(f"{there}/accept"))
    assert ok(calling.driver.post(f"{there}/cancel"))["status"] == "cancelled"


def test_patch_and_transition_are_two_ways_to_the_same(calling: Callers) -> None:
    ride_id = calling.ride("accept")
    ok(calling.driver.patch(f"/v2/rides/{ride_id}", json={"status": "on_trip"}))
    one = ok(calling.support.get(f"/v1/rides/{ride_id}"))
    assert one["status"] == "in_progress" and one["picked_up_at"]

    same = calling.driver.patch(f"/v2/rides/{ride_id}", json={"status": "on_trip"})
    assert ok(same)["status"] == "on_trip"
    assert ok(calling.support.get(f"/v1/rides/{ride_id}")) == one  # the same patch changes nothing
    problem(
        calling.driver.patch(f"/v1/rides/{ride_id}", json={"status": "cancelled"}),
        409,
        "illegal-transition",
    )


def test_rider_changes_the_dropoff_before_the_pickup_only(calling: Callers) -> None:
    ride_id = calling.ride("accept")
    there = f"/v1/rides/{ride_id}"
    before = ok(calling.rider.get(there))
    changed = ok(calling.rider.patch(there, json={"dropoff_location": "HBV-WST"}))
    assert changed["dropoff_location"] == "HBV-WST"
    assert changed["quoted_fare"] > before["quoted_fare"]
    problem(calling.rider.patch(there, json={"dropoff_location": "BRK-AIR"}), 409, "between-cities")
    problem(
        calling.driver.patch(there, json={"dropoff_location": "HBV-AIR"}), 403, "role-not-allowed"
    )
    ok(calling.driver.post(f"{there}/start"))
    problem(
        calling.rider.patch(there, json={"dropoff_location": "HBV-AIR"}), 409, "illegal-transition"
    )


def test_driver_drives_one_ride_at_a_time(calling: Callers) -> None:
    calling.ride("accept")
    problem(calling.driver.post(f"/v1/rides/{calling.ride()}/accept"), 409, "driver-busy")


def test_of_two_drivers_one_gets_the_ride(calling: Callers) -> None:
    ride_id = calling.ride()
    start = threading.Barrier(2)

    def accept(client: httpx.Client) -> int:
        start.wait()
        return client.post(f"/v1/rides/{ride_id}/accept").status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(accept, [calling.driver, calling.other_driver]))
    for client in (calling.driver, calling.other_driver):
        client.post(f"/v1/rides/{ride_id}/cancel")
    # For the one who came too late it is somebody else's ride now.
    assert sorted(statuses) == [200, 404]


def test_entity_tag(calling: Callers) -> None:
    ride_id = calling.ride()
    there = f"/v1/rides/{ride_id}"
    tag = calling.rider.get(there).headers["etag"]
    for field in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        unchanged = calling.rider.get(there, headers={"If-None-Match": field})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == tag
    support = calling.support.get(there)
    assert support.headers["etag"] != tag, "another view of the ride has another tag"

    moved = calling.driver.post(f"{there}/accept")
    assert calling.rider.get(there, headers={"If-None-Match": tag}).status_code == 200
    late = calling.rider.post(f"{there}/cancel", headers={"If-Match": tag})
    problem(late, 412, "changed-meanwhile")
    weak = {"If-Match": "W/" + calling.rider.get(there).headers["etag"]}
    problem(calling.rider.post(f"{there}/cancel", headers=weak), 412, "changed-meanwhile")
    right = {"If-Match": calling.rider.get(there).headers["etag"]}
    assert ok(moved)["status"] == "accepted"
    assert ok(calling.rider.post(f"{there}/cancel", headers=right))["status"] == "cancelled"


def test_pages_stay_whole_while_rides_come_in(calling: Callers) -> None:
    there = "/v1/users/123/rides"
    for _ in range(3):
        calling.ride()
    wanted = [
        ride["ride_id"] for ride in ok(calling.rider.get(there, params={"limit": 100}))["rides"]
    ]
    assert len(wanted) == len(set(wanted)) > 14
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        params: dict[str, Any] = {"limit": 4} | ({"cursor": cursor} if cursor else {})
        page = ok(calling.rider.get(there, params=params))
        seen += [ride["ride_id"] for ride in page["rides"]]
        cursor = page["next_cursor"]
        calling.ride()  # one comes in between any two pages
    assert seen == wanted


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=", "cursor=" + "!" * 20, "limit=0", "limit=101", "limit=1.0", "limit=1_0"],
)
def test_what_is_no_page_is_unreadable(calling: Callers, query: str) -> None:
    told = problem(calling.rider.get(f"/v1/users/123/rides?{query}"), 400, "invalid-parameter")
    assert told["errors"][0]["in"] == "query"


def test_idempotency_key(calling: Callers) -> None:
    key = {"Idempotency-Key": f"tap-{time.time_ns()}"}
    first = calling.rider.post("/v1/rides", json=WAY, headers=key)
    again = calling.rider.post("/v1/rides", json=dict(reversed(WAY.items())), headers=key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.headers["location"] == again.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"

    other = WAY | {"dropoff_location": "HBV-OLD"}
    refused = calling.rider.post("/v1/rides", json=other, headers=key)
    problem(refused, 422, "key-of-another-request")
    assert "a new key for each new wish" in refused.json()["detail"]  # and not for each request
    of_another = ok(calling.other_rider.post("/v1/rides", json=WAY, headers=key), 201)
    assert of_another["ride_id"] != first.json()["ride_id"], "each caller has keys of their own"
    two = [ok(calling.rider.post("/v1/rides", json=WAY), 201)["ride_id"] for _ in range(2)]
    assert len(set(two)) == 2, "without a key a double tap is two rides"


def test_refusal_is_not_kept_with_its_key(calling: Callers) -> None:
    ride_id = calling.ride("accept", "start")
    key = {"Idempotency-Key": f"pay-{ride_id}"}
    pay = f"/v1/rides/{ride_id}/payments"
    problem(calling.rider.post(pay, json={"method": "card"}, headers=key), 409, "nothing-to-pay")
    ok(calling.driver.post(f"/v1/rides/{ride_id}/complete"))
    ok(calling.rider.post(pay, json={"method": "card"}, headers=key), 201)


def test_many_taps_at_once_are_one_ride(calling: Callers) -> None:
    before = len(ok(calling.other_rider.get("/v1/users/15/rides?limit=100"))["rides"])
    key = {"Idempotency-Key": f"taps-{time.time_ns()}"}
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(
                lambda _: calling.other_rider.post("/v1/rides", json=WAY, headers=key), range(20)
            )
        )
    statuses = {answer.status_code for answer in answers}
    assert 201 in statuses and statuses <= {201, 409}
    assert len({answer.json()["ride_id"] for answer in answers if answer.status_code == 201}) == 1
    after = len(ok(calling.other_rider.get("/v1/users/15/rides?limit=100"))["rides"])
    assert after == before + 1


def test_second_request_is_refused_while_the_first_is_at_work(company: Service) -> None:
    slow = Settings(database=company.settings.database, pause_before_commit_seconds=2.0)
    key = {"Idempotency-Key": f"slow-{time.time_ns()}"}
    with Service(slow) as other, ThreadPoolExecutor(1) as pool:
        rider = other.client(rider=123)
        first = pool.submit(rider.post, "/v1/rides", json=WAY, headers=key)
        second = rider.post("/v1/rides", json=WAY, headers=key)
        answers = [second, first.result()]
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        refused = max(answers, key=lambda answer: answer.status_code)
        assert problem(refused, 409, "request-at-work") and refused.headers["retry-after"] == "1"
        ok(rider.post("/v1/rides", json=WAY, headers=key), 201)


def test_each_role_sees_its_fields(calling: Callers) -> None:
    ride_id = calling.ride()
    there = f"/v1/rides/{ride_id}"
    rider, driver, support = (
        ok(client.get(there)) for client in (calling.rider, calling.driver, calling.support)
    )
    assert rider["driver"] is None and "driver_pay" not in rider and "rider" not in rider
    assert driver["rider"] == {"first_name": "Priya"}
    assert not {"fare", "quoted_fare", "driver"} & set(driver)
    assert {"fare", "quoted_fare", "driver_pay", "driver", "rider"} <= set(support)


def test_phone_number_is_seen_while_the_ride_is_under_way(calling: Callers) -> None:
    ride_id = calling.ride()
    for action, is_seen in (("accept", True), ("start", True), ("complete", False)):
        ok(calling.driver.post(f"/v1/rides/{ride_id}/{action}"))
        for version in ("v1", "v2"):
            there = f"/{version}/rides/{ride_id}"
            assert (PHONE in ok(calling.rider.get(there))["driver"]) is is_seen
            assert (PHONE in ok(calling.driver.get(there))["rider"]) is is_seen
            assert PHONE not in calling.support.get(there).text
        page = ok(calling.rider.get("/v1/users/123/rides", params={"limit": 1}))
        assert (PHONE in page["rides"][0]["driver"]) is is_seen


def test_support_sees_that_somebody_paid_and_not_with_what(calling: Callers) -> None:
    there = f"/v1/rides/{calling.ride('accept', 'start', 'complete')}/payments"
    ok(calling.rider.post(there, json={"method": "paypal"}), 201)
    (payment,) = ok(calling.support.get(there))["payments"]
    assert payment["amount"] > 0
    assert not {"method", "provider_reference"} & set(payment)
    problem(calling.driver.get(there), 403, "role-not-allowed")


def test_partner_sees_numbers_by_city_only(calling: Callers) -> None:
    supply = ok(calling.partner.get("/v1/cities/1/available-drivers"))
    assert supply["available_drivers"] == sum(zone["available_drivers"] for zone in supply["zones"])
    assert len(supply["zones"]) == 12
    ok(
        calling.driver.put(
            "/v1/drivers/57/location", json={"zone_code": "HBV-AIR", "state": "offline"}
        )
    )
    less = ok(calling.partner.get("/v1/cities/1/available-drivers"))["available_drivers"]
    place = {"zone_code": "HBV-AIR", "state": "available"}
    for _ in range(2):  # PUT: twice is as good as once
        assert ok(calling.driver.put("/v1/drivers/57/location", json=place))["state"] == "available"
    more = ok(calling.partner.get("/v2/cities/1/available-drivers"))["available_drivers"]
    assert more == less + 1
    problem(calling.partner.get("/v1/cities/99/available-drivers"), 404, "not-found")
    for path in (f"/v1/rides/{calling.ride()}", "/v1/users/123/rides"):
        problem(calling.partner.get(path), 403, "role-not-allowed")


def test_versions_differ_in_money_and_names(calling: Callers) -> None:
    ride_id = calling.ride("accept")
    old, new = (calling.rider.get(f"/{version}/rides/{ride_id}") for version in ("v1", "v2"))
    assert (old.json()["status"], new.json()["status"]) == ("accepted", "driver_assigned")
    cents = new.json()["quoted_fare"]["amount_cents"]
    assert old.json()["quoted_fare"] == cents / 100
    assert old.headers["deprecation"].startswith("@") and "GMT" in old.headers["sunset"]
    assert 'rel="successor-version"' in old.headers["link"]
    assert not {"deprecation", "sunset"} & set(new.headers)
    unknown = calling.stranger.get("/v1/rides/1")
    assert unknown.status_code == 401 and "deprecation" in unknown.headers


def test_request_id_is_echoed_or_made_and_stands_in_the_log(
    company: Service, calling: Callers
) -> None:
    own = calling.rider.get("/v1/rides/15468", headers={"X-Request-ID": "tap-17.a_b"})
    assert own.headers["x-request-id"] == "tap-17.a_b"
    for bad in ("a b", "x" * 65, "<script>"):
        made = calling.rider.get("/v1/rides/15468", headers={"X-Request-ID": bad})
        assert made.headers["x-request-id"] != bad
    calling.stranger.get("/v1/rides/15468?token=secret")
    *_, third, last = company.requests()
    assert (last["status"], last["role"], last["path"]) == (401, None, "/v1/rides/15468")
    assert third["request_id"] == made.headers["x-request-id"]
    assert third["path_template"] == "/v1/rides/{ride_id}"
    assert (third["role"], third["subject"], third["status"]) == ("rider", "rider-123", 200)
    assert third["response_bytes"] == len(made.content) and third["duration_ms"] > 0
    assert "secret" not in str(last)


def test_runaway_client_is_slowed_down_and_nobody_else(company: Service) -> None:
    narrow = Settings(database=company.settings.database, requests_per_second=1.0, burst=5)
    with Service(narrow) as other:
        runaway, honest = other.client(rider=123), other.client(rider=15)
        answers = [runaway.get("/v2/rides/15468") for _ in range(9)]
        passed = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(passed) >= 5 and refused and len(passed) + len(refused) == 9
        assert passed[0].headers["ratelimit-policy"] == '"default";q=5;w=5'
        assert passed[0].headers["ratelimit"] == '"default";r=4;t=1'
        problem(refused[0], 429, "too-many-requests")
        assert int(refused[0].headers["retry-after"]) == 1
        assert honest.get("/v2/users/15/rides").status_code == 200
        stranger = other.client()
        assert {stranger.get("/v2/rides/1").status_code for _ in range(12)} == {401, 429}
