"""Run queries in a process of their own, so that none of them can harm the notebook.

DuckDB stops nearly every query that runs too long or takes too much memory, but not one that
makes a single huge value: that process is ended, and the next query gets a new one. Requests and
replies are lines of JSON. Where no process can be started, queries run in the kernel.
"""

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from ridealong.engine.fingerprint import Fingerprint
from ridealong.engine.locked import LIMIT_SECONDS, Engine
from ridealong.engine.statement import (
    QueryFailed,
    QueryRefused,
    QueryStopped,
    stopped_text,
    with_article,
)
from ridealong.judging.ddl import judge as schema
from ridealong.judging.ddl.judge import Battle

START_SECONDS: Final = 60.0
GRACE_SECONDS: Final = 3.0
ADDRESS_SPACE_BYTES: Final = 6 * 2**30

_ERRORS: Final = {each.__name__: each for each in (QueryFailed, QueryRefused, QueryStopped)}

# `ridealong/__init__.py` and `ridealong/dataset/__init__.py` gather the learner's names and bring
# widgets, pictures and pandas, seconds of imports that a worker never uses: the packages are
# entered by a side door that does not run those files.
_START: Final = """
import sys, types
from pathlib import Path
for name, folder in (("ridealong", "."), ("ridealong.dataset", "dataset")):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [str(Path(sys.argv[1], folder))]
from ridealong.judging.worker import serve
serve()
"""


class Worker:
    """A process that runs one query at a time; started at the first, replaced when it dies."""

    def __init__(self, limit_seconds: float = LIMIT_SECONDS) -> None:
        self.limit_seconds = limit_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._replies: queue.Queue[bytes] = queue.Queue()
        self._engine: Engine | None = None
        self._greeted = False
        self._ready: set[tuple[Path | None, bool]] = set()
        self._lock = threading.Lock()

    def run(
        self,
        text: object,
        path: Path | None,
        *,
        shifted: bool = False,
        parameters: Mapping[str, Any] | None = None,
        order: Sequence[str] = (),
        like: Fingerprint | None = None,
        cases: str = "",
    ) -> Fingerprint:
        """Return the fingerprint of a query's result; arguments and errors as `Engine.run`."""
        if not isinstance(text, str):
            raise QueryRefused(
                f"the answer is {with_article(type(text).__name__)}, wanted the text of a query"
            )
        with self._lock:
            if self._engine is None and not self._started():
                self._engine = Engine(self.limit_seconds)
            if self._engine is not None:
                return self._engine.run(
                    text,
                    path,
                    shifted=shifted,
                    parameters=parameters,
                    order=order,
                    like=like,
                    cases=cases,
                )
            if (path, shifted) not in self._ready:
                opened = {"path": None if path is None else str(path), "shifted": shifted}
                self._ask({"open": opened}, START_SECONDS)
                self._ready.add((path, shifted))
            reply = self._ask(
                {
                    "text": text,
                    "path": None if path is None else str(path),
                    "shifted": shifted,
                    "parameters": dict(parameters or {}),
                    "order": list(order),
                    "like": None if like is None else like.to_json(),
                    "cases": cases,
                    "limit_seconds": self.limit_seconds,
                },
                self.limit_seconds + GRACE_SECONDS,
            )
        if "failed" in reply:
            raise _ERRORS.get(reply["failed"], QueryFailed)(reply["message"])
        return Fingerprint.from_json(reply)

    def fight(
        self, text: str, fields: Mapping[str, Sequence[str]], wanted: Sequence[str], given: str
    ) -> Battle:
        """Attack a schema; arguments as `schema.fight`."""
        with self._lock:
            if self._engine is None and not self._started():
                self._engine = Engine(self.limit_seconds)
            if self._engine is not None:
                return schema.fight(text, fields, wanted, given)
            request = {
                "text": text,
                "fields": {table: list(columns) for table, columns in fields.items()},
                "wanted": list(wanted),
                "given": given,
                "limit_seconds": schema.LIMIT_SECONDS,
            }
            try:
                reply = self._ask({"schema": request}, schema.LIMIT_SECONDS + GRACE_SECONDS)
            except QueryStopped as error:
                return Battle(str(error).replace("the query", "the schema"))
        return Battle(reply["message"]) if "failed" in reply else Battle.from_json(reply)

    def warm(self) -> None:
        """Start the process without waiting for it, so that the first check need not."""
        with self._lock:
            if self._engine is None:
                self._spawn()

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        self._greeted = False
        self._ready.clear()
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _started(self) -> bool:
        """Wait until a process is ready; return whether there is one."""
        if not self._spawn():
            return False
        with suppress(queue.Empty):
            self._greeted = self._greeted or bool(self._replies.get(timeout=START_SECONDS))
        if not self._greeted:
            self.close()
        return self._greeted

    def _spawn(self) -> bool:
        """Start a process unless one runs; return whether there is one."""
        if self._process is not None and self._process.poll() is None:
            return True
        self.close()
        # An interrupt of the kernel is none of the worker's, so it gets a group of its own.
        own_group: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            own_group = {"creationflags": flags}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, str(Path(__file__).parents[1])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                **own_group,
            )
        except (OSError, NotImplementedError):
            return False  # as in a browser's Python
        self._replies = queue.Queue()
        threading.Thread(
            target=_forward, args=(self._process.stdout, self._replies), daemon=True
        ).start()
        atexit.register(self.close)
        return True

    def _ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            reply = self._replies.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise QueryStopped(stopped_text(self.limit_seconds)) from None
        except BaseException as error:
            self.close()  # a reply to come would be taken for the next query's
            if isinstance(error, OSError):
                reply = b""
            else:
                raise
        if not reply:
            self.close()
            raise QueryStopped(
                "the query ended the database engine, so it was stopped: most likely it needs too "
                "much memory; look for very long texts and lists"
            )
        answer: dict[str, Any] = json.loads(reply)
        return answer


def _forward(pipe: IO[bytes], replies: "queue.Queue[bytes]") -> None:
    try:
        for line in pipe:
            replies.put(line)
    except (OSError, ValueError):
        pass  # closed on this side
    replies.put(b"")


def serve() -> None:
    """Answer requests until the other side closes; runs in the worker's process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what DuckDB prints must not mix with replies
    import ridealong.dataset.connection  # noqa: F401 - takes its time now, not at the first query

    engine = Engine()
    _reply(replies, {"ready": True})
    for line in sys.stdin.buffer:
        _reply(replies, _answered(engine, json.loads(line)))


def _answered(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    try:
        if opened := request.get("open"):
            engine.open(_path(opened["path"]), opened["shifted"])
            return {}
        if attacked := request.get("schema"):
            return schema.fight(**attacked).to_json()
        engine.limit_seconds = request["limit_seconds"]
        like = request["like"]
        result = engine.run(
            request["text"],
            _path(request["path"]),
            shifted=request["shifted"],
            parameters=request["parameters"],
            order=request["order"],
            like=None if like is None else Fingerprint.from_json(like),
            cases=request["cases"],
        )
    except QueryFailed as error:
        return {"failed": type(error).__name__, "message": str(error)}
    except Exception as error:  # a worker answers whatever happens
        engine.close()
        first = (str(error).splitlines() or [""])[0]
        return {"failed": "QueryFailed", "message": f"{type(error).__name__}: {first}"}
    return result.to_json() | {"examples": result.examples, "fits_renamed": result.fits_renamed}


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _reply(replies: IO[bytes], content: dict[str, Any]) -> None:
    replies.write(json.dumps(content).encode() + b"\n")
    replies.flush()


def _limit_memory() -> None:
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = ADDRESS_SPACE_BYTES if hard < 0 else min(ADDRESS_SPACE_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    except (ImportError, OSError, ValueError):
        pass  # no such limit on this system; the time limit ends the process all the same
