"""The back end inside this process answers as the real one does, and begins anew at each reset."""

import sqlalchemy as sa

from ridealong.service import Service
from ridealong.service import store as tables
from ridealong.systems.in_process import company

WAY = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}
RIDER = ("rider", 123)


def test_a_reset_forgets_what_was_done() -> None:
    back_end = company()
    numbers = []
    for _ in range(2):
        with back_end.lock:
            back_end.reset()
            answer = back_end.request(RIDER, "POST", "/v1/rides", json=WAY)
            assert answer.status_code == 201
            numbers.append(answer.json()["ride_id"])

    assert numbers == [tables.FIRST_NEW_ID] * 2
    with back_end.lock:
        back_end.reset()
        assert back_end.request(RIDER, "GET", f"/v1/rides/{numbers[0]}").status_code == 404
        count = sa.select(sa.func.count()).select_from(tables.idempotency_records)
        assert back_end.store.change(lambda connection: connection.execute(count).scalar()) == 0


def test_it_answers_as_the_service_in_a_process_of_its_own() -> None:
    back_end = company()
    with Service() as running, back_end.lock:
        back_end.reset()
        clients = {
            RIDER: running.client(rider=123),
            ("driver", 57): running.client(driver=57),
            ("support", 1): running.client(support=True),
            ("partner", 1): running.client(partner="partner-1"),
            ("stranger", 0): running.client(),
        }
        for who, client in clients.items():
            for path in ("/v1/rides/1", "/v2/users/123/rides", "/v1/cities/1/available-drivers"):
                here, there = back_end.request(who, "GET", path), client.get(path)
                assert (here.status_code, path) == (there.status_code, path)
                if here.is_success:
                    assert here.content == there.content
