"""The service in a process of its own, which ends when its parent does.

The parent holds the other end of our standard input: when that closes, however the parent ended,
we end. Until then its lines are commands, of which there is one, `flush`; standard output says
when we are ready, and when the log is written.
"""

import asyncio
import contextlib
import dataclasses
import errno
import gc
import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvicorn

from ridealong.child import tell, wanted
from ridealong.service.app import create_app
from ridealong.service.caching import PolicyError
from ridealong.service.connections import limited
from ridealong.service.settings import ServiceError, Settings, address
from ridealong.service.store import DatabaseError

END_SECONDS: Final = 3  # for what is at work when we are asked to end
CONNECTIONS: Final = 2_000


class _Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self._ready()


def listen(port: int) -> socket.socket:
    """Return a socket on 127.0.0.1; port 0 takes a free one.

    Raises:
        ServiceError: when the port is taken or may not be used.
    """
    sock = socket.socket()
    if os.name == "nt":
        # There, SO_REUSEADDR would let two programs share one port.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen(1024)
    except (OSError, OverflowError) as error:
        sock.close()
        taken = getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES)
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            reason = "is taken by another program"
        elif taken:
            reason = "may not be used by you"
        else:
            reason = "is no port"
        raise ServiceError(
            f"port {port} on 127.0.0.1 {reason}: choose another one, or none for a free one"
        ) from error
    return sock


def run(
    settings: Settings,
    ready: Callable[[Settings], None],
    started: Callable[[_Server, Any], None] = lambda server, app: None,
) -> None:
    """Serve until we are told to end.

    Args:
        settings: how.
        ready: called when requests are answered, with the settings and the port that it is.
        started: called before, with the server and the application.

    Raises:
        ServiceError: for a port that is taken, or a database that cannot be used.
    """
    folder: Path | None = None
    sock = listen(settings.port)
    try:
        if not settings.database:
            folder = Path(tempfile.mkdtemp(prefix="ridealong-service-"))
            settings = dataclasses.replace(
                settings, database=f"sqlite:///{folder / 'rides.sqlite'}"
            )
        settings = dataclasses.replace(settings, port=sock.getsockname()[1])
        try:
            app = create_app(settings)
        except (DatabaseError, PolicyError, ValueError) as error:
            raise ServiceError(str(error)) from error
        config = uvicorn.Config(
            app,
            http=limited(settings),
            ws="none",
            lifespan="on",
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=END_SECONDS,
        )
        server = _Server(config, lambda: ready(settings))
        # What is there now stays: no search for garbage has to look at it.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000)
        started(server, app)
        server.run(sockets=[sock])
    finally:
        sock.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Serve as a child: settings as JSON in the first line of standard input."""
    settings = Settings(**wanted())

    def watch(server: _Server, app: Any) -> None:
        def flushed() -> None:
            tell({"flushed": True})

        async def flush() -> None:
            await app.state.log.flush()
            flushed()

        def follow() -> None:
            for line in sys.stdin.buffer:
                if line.strip() == b"flush":
                    asyncio.run_coroutine_threadsafe(flush(), server.loop)
            server.should_exit = True
            ending = threading.Timer(END_SECONDS + 2, os._exit, (1,))
            ending.daemon = True
            ending.start()

        threading.Thread(target=follow, daemon=True, name="ridealong-guard").start()

    try:
        run(
            settings,
            lambda done: tell({"ready": True, "port": done.port, "database": done.database}),
            watch,
        )
    except ServiceError as error:
        tell({"error": str(error)})
        raise SystemExit(2) from None


def serve(port: int = 0, database: str | None = None) -> None:
    """Serve in this process, in sight, until Control-C.

    Args:
        port: on 127.0.0.1; 0 takes a free one.
        database: its address; that of `RIDEALONG_DATABASE_URL` by default.

    Raises:
        ServiceError: as `run` does.
    """

    def ready(done: Settings) -> None:
        url = address(done)
        print(f"Ridealong's back end answers at {url}, its OpenAPI document is {url}/openapi.json.")
        print("Control-C ends it.", flush=True)

    if database is None:
        database = os.environ.get("RIDEALONG_DATABASE_URL", "")
    with contextlib.suppress(KeyboardInterrupt):
        run(Settings(port=port, database=database), ready)


if __name__ == "__main__":
    main()
