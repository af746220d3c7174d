"""What somebody may try who means no good: the right status, nothing leaked, nothing lost."""

import json
import re
import socket
import time
from typing import Any

import httpx
import psutil
import pytest

from ridealong.service import Service, Settings
from ridealong.service.tokens import Issuer
from service_callers import WAY, Callers, ok

SQL = "x'; DROP TABLE rides; --"
OPERATIONS = [
    ("GET", "/rides/{ride_id}", None),
    ("PATCH", "/rides/{ride_id}", {"status": "cancelled"}),
    ("POST", "/rides/{ride_id}/accept", None),
    ("POST", "/rides/{ride_id}/start", None),
    ("POST", "/rides/{ride_id}/complete", None),
    ("POST", "/rides/{ride_id}/cancel", None),
    ("GET", "/rides/{ride_id}/payments", None),
    ("POST", "/rides/{ride_id}/payments", {"method": "card"}),
    ("POST", "/rides", WAY),
    ("POST", "/quotes", WAY),
    ("GET", "/users/123/rides", None),
    ("GET", "/cities/1/available-drivers", None),
    ("PUT", "/drivers/57/location", {"zone_code": "HBV-AIR", "state": "available"}),
]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_somebody_else_s_ride_is_not_there(calling: Callers, version: str) -> None:
    ride_id = calling.ride("accept")
    before = ok(calling.support.get(f"/v1/rides/{ride_id}"))
    rider = calling.other_rider
    drivers = [calling.other_driver, calling.far_driver]
    for method, path, body in OPERATIONS[:8]:
        here = f"/{version}" + path.format(ride_id=ride_id)
        nowhere = f"/{version}" + path.format(ride_id=999_999_999)
        for client in [rider, *drivers]:
            seen = client.request(method, here, json=body)
            none = client.request(method, nowhere, json=body)
            assert seen.status_code in (403, 404), f"{method} {here}"
            told, told_of_none = seen.json(), none.json()
            assert told.pop("instance") != told_of_none.pop("instance")
            assert told == told_of_none, "no difference tells that the ride is there"
    assert rider.get(f"/{version}/users/123/rides").status_code == 404
    assert drivers[0].put("/v1/drivers/57/location", json=OPERATIONS[-1][2]).status_code == 404
    assert ok(calling.support.get(f"/v1/rides/{ride_id}")) == before


def test_ride_is_offered_in_its_own_city_only(calling: Callers) -> None:
    ride_id = calling.ride()
    ok(calling.other_driver.get(f"/v1/rides/{ride_id}"))
    assert calling.far_driver.get(f"/v1/rides/{ride_id}").status_code == 404
    assert calling.far_driver.post(f"/v1/rides/{ride_id}/accept").status_code == 404


def test_rider_cannot_drive_their_own_ride(calling: Callers) -> None:
    ride_id = calling.ride()
    for action in ("accept", "start", "complete"):
        assert calling.rider.post(f"/v1/rides/{ride_id}/{action}").status_code == 403
    seen = calling.rider.patch(f"/v1/rides/{ride_id}", json={"status": "completed"})
    assert seen.status_code == 403


@pytest.mark.parametrize(
    "field",
    ["user_id", "status", "fare", "quoted_fare", "driver_id", "ride_id", "version", "__proto__"],
)
def test_field_that_is_not_for_the_client_is_refused(calling: Callers, field: str) -> None:
    ride_id = calling.ride()
    before = ok(calling.support.get(f"/v1/rides/{ride_id}"))
    bodies: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/v1/rides", WAY),
        ("POST", "/v1/quotes", WAY),
        ("POST", f"/v1/rides/{ride_id}/payments", {"method": "card"}),
    ]
    if field != "status":
        bodies.append(("PATCH", f"/v1/rides/{ride_id}", {"status": "cancelled"}))
    for method, path, body in bodies:
        refused = calling.rider.request(method, path, json=body | {field: 15})
        assert refused.status_code == 422, f"{method} {path}"
        assert refused.json()["errors"][0]["pointer"] == f"/{field}"
    assert ok(calling.support.get(f"/v1/rides/{ride_id}")) == before


@pytest.mark.parametrize(
    "body", [{}, {"status": None}, {"status": "requested"}, {"status": 1}, [], None, 7]
)
def test_patch_that_says_nothing_is_refused(calling: Callers, body: Any) -> None:
    ride_id = calling.ride()
    answer = calling.rider.patch(
        f"/v1/rides/{ride_id}",
        content=json.dumps(body),
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 422),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 20_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b'{"pickup_location": "\\ud800", "dropoff_location": "\\u0000"}', "application/json", 422),
        (b'{"pickup_location": NaN, "dropoff_location": 1e999}', "application/json", 422),
    ],
)
def test_body_that_is_none(calling: Callers, content: bytes, media_type: str, status: int) -> None:
    answer = calling.rider.post("/v1/rides", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_passes_without_credentials(company: Service, calling: Callers) -> None:
    own = Issuer(company.url, "ridealong-api")
    good = company.token("rider-123", "rider")
    head, claims, signature = good.split(".")
    credentials = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic cmlkZXI6MTIz"},
        {"Authorization": f"Bearer {head}.{claims}."},
        {"Authorization": f"Bearer {head}.{claims}.{signature[::-1]}"},
        {
            "Authorization": "Bearer "
            + own.issue(subject="rider-123", role="rider", client_id="x", scopes=["rides:read"])
        },
        {"Authorization": f"Bearer {calling.partner.headers['X-API-Key']}"},
        {"X-API-Key": "ridealong_key_000000000000_" + "A" * 43},
        {"X-API-Key": good},
    ]
    for headers in credentials:
        for method, path, body in OPERATIONS:
            answer = calling.stranger.request(
                method, "/v2" + path.format(ride_id=15468), json=body, headers=headers
            )
            assert answer.status_code == 401, f"{method} {path} with {headers}"
            assert answer.headers["www-authenticate"].startswith('Bearer realm="ridealong"')
            for secret in (good, signature):
                assert secret not in answer.text
    # Also where nothing is: a stranger learns nothing about addresses.
    assert calling.stranger.get("/v1/nothing").status_code == 401


def test_token_for_nobody_and_with_too_little(company: Service) -> None:
    for subject in ("rider-", "123", "driver-123", "rider-1e3", "rider-" + "9" * 16, "rider-12 3"):
        client = company.client(token=company.token(subject, "rider"))
        assert client.get("/v1/rides/15468").status_code == 401, subject
    nobody = company.client(rider=424242)
    assert nobody.get("/v1/rides/15468").status_code == 404
    assert nobody.post("/v1/rides", json=WAY).status_code == 404
    reader = company.client(rider=123, scopes=frozenset({"rides:read"}))
    ok(reader.get("/v1/rides/15468"))
    refused = reader.post("/v1/rides", json=WAY)
    assert refused.status_code == 403
    assert 'error="insufficient_scope", scope="rides:write"' in refused.headers["www-authenticate"]


def test_sql_in_every_field_is_text(company: Service, calling: Callers) -> None:
    asked = [
        calling.rider.get(f"/v1/rides/{SQL}"),
        calling.rider.get(f"/v1/users/{SQL}/rides"),
        calling.rider.get("/v1/users/123/rides", params={"cursor": SQL}),
        calling.rider.get("/v1/users/123/rides", params={"limit": SQL}),
        calling.partner.get(f"/v1/cities/{SQL}/available-drivers"),
        calling.rider.post("/v1/rides", json={"pickup_location": SQL, "dropoff_location": SQL}),
        calling.rider.post("/v1/rides", json=WAY | {"quote_id": SQL}),
        calling.rider.post("/v1/quotes", json={"pickup_location": SQL, "dropoff_location": SQL}),
        calling.rider.patch("/v1/rides/15468", json={"status": SQL, "dropoff_location": SQL}),
        calling.rider.post("/v1/rides/15468/payments", json={"method": SQL}),
        calling.driver.put("/v1/drivers/57/location", json={"zone_code": SQL, "state": SQL}),
        calling.rider.post("/v1/rides", json=WAY, headers={"Idempotency-Key": SQL}),
        calling.stranger.get("/v1/rides/1", headers={"X-API-Key": SQL}),
        calling.stranger.get("/v1/rides/1", headers={"Authorization": f"Bearer {SQL}"}),
        calling.stranger.get("/v1/rides/1", headers={"X-Request-ID": SQL}),
        calling.rider.get("/v1/rides/15468", headers={"If-None-Match": SQL}),
        calling.rider.post("/v1/rides/15468/cancel", headers={"If-Match": SQL}),
        calling.stranger.get(f"/{SQL}%00%ff"),
        company.client(token=company.token(SQL, "support")).get("/v1/rides/15468"),
    ]
    assert {answer.status_code for answer in asked} <= {200, 400, 401, 404, 412, 422}
    for answer in asked:
        assert not re.search(r"sqlite|psycopg|syntax|Traceback", answer.text, re.IGNORECASE)
    ok(calling.rider.get("/v1/rides/15468"))
    assert any(row["path"].startswith("/x'; DROP TABLE") for row in company.requests(100))


@pytest.mark.parametrize("way", ["Content-Length", "chunked"])
def test_huge_body_is_refused_before_it_is_read(calling: Callers, way: str) -> None:
    sent = 0

    def endless() -> Any:
        nonlocal sent
        for _ in range(2_000):
            sent += 100_000
            yield b"x" * 100_000

    if way == "chunked":
        try:
            answer = calling.rider.post(
                "/v1/rides", content=endless(), headers={"Content-Type": "application/json"}
            )
        except httpx.WriteError:  # the connection was closed while we wrote
            answer = None
        assert sent < 50_000_000
    else:
        answer = calling.rider.post("/v1/rides", content=b"x" * 1_000_000)
    if answer is not None:
        assert answer.status_code == 413, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    ok(calling.rider.get("/v1/rides/15468"))


def _raw(company: Service, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send some bytes with pauses between, and return all that comes back."""
    answer = b""
    with socket.create_connection(("127.0.0.1", company.settings.port), timeout=20) as line:
        try:
            for part in parts:
                line.sendall(part)
                time.sleep(pause)
            while chunk := line.recv(65536):
                answer += chunk
        except (ConnectionResetError, BrokenPipeError):
            pass
    return answer


def test_slow_client_is_cut_off(company: Service, calling: Callers) -> None:
    head = b"POST /v1/rides HTTP/1.1\r\nHost: x\r\n"
    token = b"Authorization: Bearer " + company.token("rider-123", "rider").encode() + b"\r\n"
    slow_head = _raw(company, head, *[b"X-Slow: 1\r\n"] * 2, pause=0.3)
    assert slow_head.startswith(b"HTTP/1.1 408 ") and b"head-too-slow" in slow_head
    length = b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    slow_body = _raw(company, head + token + length, *[b"{"] * 2, pause=0.3)
    assert slow_body.startswith(b"HTTP/1.1 408 ") and b"body-too-slow" in slow_body
    assert _raw(company).startswith(b"HTTP/1.1 408 ")  # who says nothing at all
    ok(calling.rider.get("/v1/rides/15468"))


def test_flood_of_header_fields_is_refused(company: Service, calling: Callers) -> None:
    start = b"GET /v1/rides/1 HTTP/1.1\r\nHost: x\r\n"
    for flood in (
        [b"X-%d: 1\r\n" % number for number in range(10_000)],
        [b"X-Long: " + b"y" * 100_000 + b"\r\n"],
        [b"X-Endless: ", *[b"z" * 65_536] * 50],
    ):
        answer = _raw(company, start + b"".join(flood) + b"\r\n")
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    long_query = _raw(company, b"GET /v1/rides/1?" + b"q=1&" * 20_000 + b" HTTP/1.1\r\n\r\n")
    assert long_query == b"" or long_query.startswith(b"HTTP/1.1 431 ")
    assert _raw(company, b"what is this\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    ok(calling.rider.get("/v1/rides/15468"))


def test_flood_of_queries_does_not_grow_the_memory() -> None:
    with Service(Settings(log_rows_kept=100)) as other:
        process = psutil.Process(other.pid)
        rider, stranger = other.client(rider=123), other.client()

        def flood(first: int) -> int:
            for number in range(first, first + 150):
                rider.get(f"/v1/rides/{number}", params={"q": f"{number}" * 500})
                stranger.get(
                    f"/v1/{number}", headers={"Authorization": f"Bearer {number}" + "x" * 3000}
                )
            other.requests(1)
            return int(process.memory_info().rss)

        flood(1)
        before = flood(1_000)
        assert flood(2_000) - before < 8 * 2**20
        rows = other.requests()
        assert len(rows) <= 100
        assert not [row["path"] for row in rows if "?" in row["path"] or len(row["path"]) > 30]


def test_mistake_of_ours_leaks_nothing(tmp_path: Any) -> None:
    import sqlite3

    database = tmp_path / "rides.sqlite"
    with Service(Settings(database=f"sqlite:///{database.as_posix()}")) as broken:
        rider = broken.client(rider=123)
        ok(rider.get("/v1/rides/15468"))
        with sqlite3.connect(database) as connection:
            connection.execute("ALTER TABLE rides RENAME TO gone")
        connection.close()
        answer = rider.get("/v1/rides/15468")
        assert answer.status_code == 500
        assert answer.json()["type"].endswith("/internal-error")
        assert not re.search("sqlite|rides|Traceback|select", answer.text, re.IGNORECASE)
        assert rider.get("/openapi.json").status_code == 200
