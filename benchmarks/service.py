"""Measure the company's back end against a bare FastAPI route: `python benchmarks/service.py`.

Both answer the same ride from the same model with FastAPI's own serialisation, in a process of
their own on one core, one after the other in the same run. The service reads the ride from its
database, verifies the token, takes from the token bucket, and logs; the bare route does none of it.
The load comes from another core: connections that each send a request as soon as they have the
answer. Compared is the rate per second of processor time that the server used, which is its rate
on one core of its own: what the load's own process and other programs take does not count. The
exit code is 1 when the service reaches less than half, or when an answer was not 200.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import psutil

from ridealong.service import Service, Settings

RIDE = 15468  # of rider 123, in the data that the service begins with
WANTED_SHARE = 0.5


def bare() -> None:
    """Serve one ride from memory, with nothing around it."""
    import uvicorn
    from fastapi import FastAPI

    from ridealong.service import bodies
    from ridealong.service.process import listen

    ride = bodies.RideV1.model_validate_json(sys.stdin.readline())
    app = FastAPI(openapi_url=None)

    @app.get("/rides/{ride_id}", response_model=bodies.RideV1, response_model_exclude_unset=True)
    async def get_ride(ride_id: int) -> Any:
        return ride

    sock = listen(0)
    print(sock.getsockname()[1], flush=True)
    config = uvicorn.Config(app, http="httptools", ws="none", log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[sock])


@dataclass
class Load:
    """What came of some load.

    Attributes:
        seconds: how long it took.
        processor_seconds: that the server used for it.
        milliseconds: of each answer.
        wrong: answers that were not 200, by status.
    """

    seconds: float = 0.0
    processor_seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    wrong: dict[int, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    @property
    def per_processor_second(self) -> float:
        return len(self.milliseconds) / self.processor_seconds

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.milliseconds, n=100)[98]


async def _connection(port: int, request: bytes, until: float, load: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = head.lower().index(b"content-length: ") + 16
        await reader.readexactly(int(head[length : head.index(b"\r", length)]))
        load.milliseconds.append((time.perf_counter() - started) * 1000)
        if status != 200:
            load.wrong[status] = load.wrong.get(status, 0) + 1
    writer.close()


def measure(pid: int, port: int, path: str, token: str, clients: int, seconds: float) -> Load:
    """Return what so many clients get from one path within some seconds."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )

    async def all_of_them(length: float) -> Load:
        load = Load()
        used = _processor_seconds(pid)
        started = time.perf_counter()
        await asyncio.gather(
            *(_connection(port, request, started + length, load) for _ in range(clients))
        )
        load.seconds = time.perf_counter() - started
        load.processor_seconds = _processor_seconds(pid) - used
        return load

    asyncio.run(all_of_them(0.5))  # warm
    return asyncio.run(all_of_them(seconds))


def _processor_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _on_core(pid: int, core: int) -> None:
    if hasattr(os, "sched_setaffinity"):  # Linux
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(pid, {cores[core % len(cores)]})


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", default="", help="SQLite or PostgreSQL, by default SQLite")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        bare()
        return
    settings = Settings(database=options.database, requests_per_second=1_000_000, burst=1_000_000)
    with Service(settings) as company:
        token = company.token("rider-123", "rider")
        path = f"/v1/rides/{RIDE}"
        ride = company.client(token=token).get(path).json()
        other = subprocess.Popen(
            [sys.executable, __file__, "--bare"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdin and other.stdout and company.pid
        other.stdin.write(json.dumps(ride) + "\n")
        other.stdin.flush()
        port = int(other.stdout.readline())
        for pid in (company.pid, other.pid):
            _on_core(pid, 1)
        _on_core(0, 0)
        shares: list[float] = []
        wrong = 0
        print(
            f"{'':<24}{'per second':>12}{'per cpu second':>16}"
            f"{'median ms':>12}{'p99 ms':>10}{'errors':>8}"
        )
        try:
            for _ in range(options.rounds):
                both = []
                for name, pid, where, address in (
                    ("bare FastAPI route", other.pid, port, f"/rides/{RIDE}"),
                    ("GET /v1/rides/{ride_id}", company.pid, company.settings.port, path),
                ):
                    load = measure(pid, where, address, token, options.clients, options.seconds)
                    both.append(load.per_processor_second)
                    wrong += sum(load.wrong.values())
                    print(
                        f"{name:<24}{load.per_second:>12.0f}{load.per_processor_second:>16.0f}"
                        f"{statistics.median(load.milliseconds):>12.1f}{load.p99:>10.1f}"
                        f"{sum(load.wrong.values()):>8}"
                    )
                shares.append(both[1] / both[0])
        finally:
            other.kill()
            other.wait()
    share = statistics.median(shares)
    print(f"the service reaches {share:.0%} of the bare route, {WANTED_SHARE:.0%} are wanted")
    raise SystemExit(share < WANTED_SHARE or wrong > 0)


if __name__ == "__main__":
    main()
