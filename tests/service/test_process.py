"""The service as a process: one line starts it, and it never outlives the one who did."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import sqlalchemy as sa

from processes import SECONDS, is_gone
from ridealong import cli
from ridealong.service import Service, ServiceError, Settings, start
from ridealong.service.process import listen
from ridealong.service.store import DatabaseError, Store, metadata
from service_callers import WAY, ok, sqlite_url

STARTED = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it
from ridealong.service import start
company = start()
print(company.pid, company.url, flush=True)
"""


def test_start_and_stop_and_with() -> None:
    with start() as company:
        pid = company.pid
        assert pid and company.url.startswith("http://127.0.0.1:")
        assert company.start() is company and company.pid == pid, "started twice it is one"
        ok(company.client(rider=123).get("/v1/rides/15468"))
        folder = Path(company.settings.database.removeprefix("sqlite:///")).parent
        assert folder.is_dir()
    assert is_gone(pid) and not folder.exists()
    company.stop()
    with pytest.raises(ServiceError, match=r"company.start\(\)"):
        _ = company.url
    assert "stopped" in repr(company)


def test_run_all_twice_leaves_one_and_two_notebooks_have_two() -> None:
    first = start()
    with Service() as of_another:
        pid = first.pid
        second = start()
        try:
            assert pid and is_gone(pid) and not first.is_running
            assert second.is_running and of_another.is_running and second.url != of_another.url
        finally:
            second.stop()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; the pipe is the same there")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_nothing_stays_when_the_parent_is_killed(name: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTED + "time.sleep(600)"], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    pid, url = parent.stdout.readline().split()
    assert psutil.pid_exists(int(pid))

    parent.send_signal(getattr(signal, name))
    parent.wait()
    parent.stdout.close()

    assert is_gone(int(pid))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 2)


def test_nothing_stays_when_the_parent_just_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, check=True
    )
    assert is_gone(int(done.stdout.split()[0]))


@pytest.mark.skipif(os.name == "nt", reason="an interrupt of Windows goes another way")
def test_interrupt_while_it_starts_leaves_none_and_later_leaves_it_alone() -> None:
    code = STARTED.replace("company = start()", "print('now', flush=True)\ncompany = start()")
    parent = subprocess.Popen(
        [sys.executable, "-c", code + "time.sleep(600)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout
    parent.stdout.readline()
    time.sleep(0.3)
    os.killpg(parent.pid, signal.SIGINT)  # as Jupyter does: the whole group
    parent.wait(SECONDS)
    assert not [
        each.pid
        for each in psutil.process_iter(["ppid", "cmdline"])
        if each.info["ppid"] == parent.pid and "ridealong.service.process" in each.info["cmdline"]
    ]
    with Service() as company:
        assert company.pid
        assert os.getpgid(company.pid) != os.getpgid(0), "an interrupt of ours is not meant for it"


def test_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        company = Service(Settings(port=port))
        with pytest.raises(ServiceError, match=f"port {port} on 127.0.0.1 is taken"):
            company.start()
    assert not company.is_running
    with pytest.raises(ServiceError, match="is no port"):
        listen(123_456)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "looks like postgresql://user:password@"),
        ("mysql://root:hush@127.0.0.1/x", "mysql is not supported"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:////no/such/folder/rides.sqlite", "there is no folder"),
        ("postgresql://somebody:hush-hush@127.0.0.1:1/rides", "cannot be used"),
    ],
)
def test_bad_database_is_told(url: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--database", url]) == 2

    error = capsys.readouterr().err
    assert told in error and "hush" not in error
    assert "Traceback" not in error and error.count("\n") == 1


def test_database_that_is_not_the_service_s_is_left_alone(tmp_path: Path) -> None:
    old, other = tmp_path / "old.sqlite", tmp_path / "other.sqlite"
    Store(f"sqlite:///{old.as_posix()}").close()
    for path, change in (
        (old, "UPDATE meta SET version = 0"),
        (other, "CREATE TABLE wages (wage INT)"),
    ):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(change)
            connection.commit()
    for path, told in ((old, "of another edition of the course"), (other, "not the service's")):
        before = path.read_bytes()
        with pytest.raises(DatabaseError, match=told):
            Store(f"sqlite:///{path.as_posix()}")
        assert path.read_bytes() == before
    text = tmp_path / "text.sqlite"
    text.write_text("this is no database" * 100, encoding="utf-8")
    with pytest.raises(DatabaseError, match="cannot be used"):
        Store(f"sqlite:///{text.as_posix()}")


def test_everything_in_postgresql_is_in_a_schema_of_our_own(postgresql: str) -> None:
    asked = (
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN "
        "('pg_catalog', 'information_schema', 'ridealong_service') ORDER BY 1, 2"
    )
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS public.rides (mine INT)")
        before = connection.execute(asked).fetchall()
        # Two at once: one makes the tables, both run.
        both = [Service(Settings(database=postgresql)) for _ in range(2)]
        threads = [threading.Thread(target=each.start) for each in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        try:
            for each in both:
                ok(each.client(rider=123).post("/v1/rides", json=WAY), 201)
        finally:
            for each in both:
                each.stop()
        assert connection.execute(asked).fetchall() == before
        assert connection.execute("SELECT count(*) FROM public.rides").fetchone() == (0,)
        ours = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'ridealong_service'"
        ).fetchone()
        assert ours and ours[0] == len(metadata.tables)


def test_command_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ridealong", "serve", "--database", sqlite_url(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        url = process.stdout.readline().split("answers at ")[1].split(",")[0]
        import httpx

        assert httpx.get(f"{url}/openapi.json", trust_env=False).status_code == 200
    finally:
        if os.name == "nt":
            process.kill()
        else:
            process.send_signal(signal.SIGINT)
        process.wait(SECONDS)
        process.stdout.close()
    assert os.name == "nt" or process.returncode == 0


def write_until_it_is_gone(company: Service, acknowledged: list[dict[str, Any]]) -> None:
    """Ask for rides and cancel every other one, and keep what was answered."""
    import httpx

    rider = company.client(rider=123)
    with contextlib.suppress(httpx.TransportError):
        while True:
            ride = rider.post("/v1/rides", json=WAY).json()
            acknowledged.append(ride)
            if ride["ride_id"] % 2:
                acknowledged.append(rider.post(f"/v1/rides/{ride['ride_id']}/cancel").json())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.weekly)])
def test_killed_while_it_writes_it_loses_nothing_and_shows_nothing_half(
    kills: int, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = sqlite_url(tmp_path) if kind == "sqlite" else request.getfixturevalue("postgresql")
    settings = Settings(database=url, requests_per_second=100_000, burst=100_000)
    acknowledged: list[dict[str, Any]] = []
    for number in range(kills):
        with Service(settings) as company:
            writers = [
                threading.Thread(target=write_until_it_is_gone, args=(company, acknowledged))
                for _ in range(4)
            ]
            before = len(acknowledged)
            for writer in writers:
                writer.start()
            ends = time.monotonic() + SECONDS
            while len(acknowledged) < before + 20 + 7 * number and time.monotonic() < ends:
                time.sleep(0.001)
            assert company.pid
            psutil.Process(company.pid).kill()  # SIGKILL; on Windows TerminateProcess
            for writer in writers:
                writer.join()
            assert len(acknowledged) > before

    with Service(settings) as company:
        support = company.client(support=True)
        for ride in {each["ride_id"]: each for each in acknowledged}.values():
            seen = ok(support.get(f"/v1/rides/{ride['ride_id']}"))
            # What was acknowledged is there; a change whose answer was lost may be as well.
            assert seen["status"] in (ride["status"], "cancelled")
            if ride["status"] == "cancelled":
                assert seen["cancelled_at"] == ride["cancelled_at"]
        database = company._database()
        first = min(ride["ride_id"] for ride in acknowledged)
        half = database.change(
            lambda connection: connection.execute(HALF, {"first": first}).fetchall()
        )
        assert half == []


# The nth change of a ride is its nth event, and the last event's status is the ride's.
HALF = sa.text("""
SELECT rides.ride_id FROM rides
LEFT JOIN ride_events ON ride_events.ride_id = rides.ride_id
WHERE rides.ride_id >= :first
GROUP BY rides.ride_id, rides.status, rides.version, rides.ended_at
HAVING count(ride_events.seq) <> rides.version OR max(ride_events.seq) <> rides.version
    OR max(CASE WHEN ride_events.seq = rides.version THEN ride_events.status END) <> rides.status
UNION ALL
SELECT ride_events.ride_id FROM ride_events
LEFT JOIN rides ON rides.ride_id = ride_events.ride_id WHERE rides.ride_id IS NULL
""")
