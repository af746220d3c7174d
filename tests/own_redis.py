"""A Redis of the tests' own, from the system's package, on a free port of 127.0.0.1."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from own_postgresql import free_port, missing

START_SECONDS = 30


@contextmanager
def running(password: str = "") -> Iterator[str]:
    """Start it, give its address without the password, and stop it; skip where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        missing("no Redis here; install it, on Debian: apt-get install redis-server")
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="rl-redis-", ignore_cleanup_errors=True) as home:
        port = free_port()
        options = {"port": str(port), "bind": "127.0.0.1", "dir": home, "save": ""}
        if password:
            options["requirepass"] = password
        command = [
            program,
            *(part for name, value in options.items() for part in (f"--{name}", value)),
        ]
        with (Path(home) / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
            try:
                _wait_for(port, password, process, Path(home) / "log")
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                process.terminate()
                process.wait()


def _wait_for(port: int, password: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < ends:
        try:
            with redis.Redis(port=port, password=password or None) as client:
                client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"Redis did not start:\n{log.read_text('utf-8', 'replace')}")
