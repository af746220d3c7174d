"""A PostgreSQL of the tests' own, from the system's package, on a free port of 127.0.0.1."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

PASSWORD = "to/the:moon@8"
WRITTEN = "to%2Fthe%3Amoon%408"
START_SECONDS = 60


def programs() -> Path | None:
    """Return the folder with PostgreSQL's programs, the newest where there are several."""
    found = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda folder: float(folder.parent.name),
    )
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def missing(reason: str) -> None:
    if os.environ.get("CI") == "true" and sys.platform == "linux":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running() -> Iterator[str]:
    """Start it, give the address of its database, and stop it; skip the test where there is none."""
    folder = programs()
    if folder is None:
        missing("no PostgreSQL here; install it, on Debian: apt-get install postgresql")
    assert folder is not None
    run_as: dict[str, Any] = {}
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # initdb refuses root
        import pwd

        try:
            pwd.getpwnam("postgres")
        except KeyError:
            missing("the tests run as root, PostgreSQL does not, and there is no user postgres")
        run_as = {"user": "postgres", "group": "postgres", "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="rl-pg-", ignore_cleanup_errors=True) as home:
        (Path(home) / "password").write_text(PASSWORD, encoding="utf-8")
        if run_as:
            shutil.chown(home, "postgres", "postgres")
            shutil.chown(f"{home}/password", "postgres", "postgres")
        yield from _running(folder, Path(home), run_as)


def _running(folder: Path, home: Path, run_as: dict[str, Any]) -> Iterator[str]:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
    initialise = [folder / "initdb", "--pgdata", home / "data", "--username", "postgres"]
    initialise += ["--pwfile", home / "password", "--auth", "scram-sha-256", "--encoding", "UTF8"]
    subprocess.run(
        [*map(str, initialise), "--no-sync"],
        cwd=home,
        env=environment,
        check=True,
        capture_output=True,
        **run_as,
    )
    port = free_port()
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "" if os.name == "nt" else str(home),
        "fsync": "off",
    }
    command = [str(folder / "postgres"), "-D", str(home / "data")]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    url = f"postgresql://postgres:{WRITTEN}@127.0.0.1:{port}/postgres"
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdout=log, stderr=log, **run_as
        )
        try:
            _wait_for(url, process, home / "log")
            yield url
        finally:
            _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the server by its process id: at first politely, whoever is still connected."""
    if os.name == "nt":
        process.terminate()
    for name in ("SIGINT", "SIGQUIT", "SIGKILL") if os.name != "nt" else ():
        process.send_signal(getattr(signal, name))
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
        return
    process.wait()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < ends:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"PostgreSQL did not start:\n{log.read_text('utf-8', 'replace')}")
