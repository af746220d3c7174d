"""Run named jobs in a process of their own, so that no answer can harm the notebook.

DuckDB stops nearly every query that runs too long or takes too much memory, but not one that
makes a single huge value: that process is ended, and the next job gets a new one. Requests and
replies are lines of JSON. Where no process can be started, jobs run in the kernel.

Which jobs there are is said by the table of kinds (`kinds.py`), which the process reads itself.
"""

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, Any, Final

from ridealong.engine.locked import LIMIT_SECONDS
from ridealong.engine.statement import QueryFailed, QueryRefused, QueryStopped, stopped_text
from ridealong.text import first_line

START_SECONDS: Final = 60.0
GRACE_SECONDS: Final = 3.0
ADDRESS_SPACE_BYTES: Final = 6 * 2**30

Job = Callable[..., Mapping[str, Any]]
_ERRORS: Final = {each.__name__: each for each in (QueryFailed, QueryRefused, QueryStopped)}
_START: Final = "from ridealong.judging.worker import serve; serve()"


class Worker:
    """A process that runs one job at a time; started at the first, replaced when it dies.

    Attributes:
        limit_seconds: how long a query may run.
    """

    def __init__(self, limit_seconds: float = LIMIT_SECONDS) -> None:
        self.limit_seconds = limit_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._replies: queue.Queue[bytes] = queue.Queue()
        self._greeted = False
        self._without_process = False
        self._done: set[str] = set()
        self._lock = threading.Lock()

    def ask(
        self,
        job: str,
        arguments: Mapping[str, Any],
        limit_seconds: float,
        *,
        first: tuple[str, Mapping[str, Any]] | None = None,
        what: str = "query",
    ) -> dict[str, Any]:
        """Run a job and return its result.

        Args:
            job: its name in the table of kinds.
            arguments: of the job, fit for JSON.
            limit_seconds: after which the job stops by itself; a little later the process is
                ended.
            first: a job with its arguments that this process has to have done before, such as
                opening a database; its time does not count.
            what: the answer, as a message calls it.

        Raises:
            QueryFailed: what the job raises; QueryStopped also when the process had to be ended.
        """
        with self._lock:
            if not self._without_process and not self._started():
                self._without_process = True
            if self._without_process:
                return dict(_jobs()[job](**arguments))
            if first and (key := json.dumps(first, sort_keys=True)) not in self._done:
                self._ask(*first, START_SECONDS, START_SECONDS, what)
                self._done.add(key)
            reply = self._ask(job, arguments, limit_seconds + GRACE_SECONDS, limit_seconds, what)
        if "failed" in reply:
            raise _ERRORS.get(reply["failed"], QueryFailed)(reply["message"])
        return reply

    def warm(self) -> None:
        """Start the process without waiting for it, so that the first check need not."""
        with self._lock:
            if not self._without_process:
                self._spawn()

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        self._greeted = False
        self._done.clear()
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
                [sys.executable, "-c", _START],
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

    def _ask(
        self,
        job: str,
        arguments: Mapping[str, Any],
        seconds: float,
        limit_seconds: float,
        what: str,
    ) -> dict[str, Any]:
        assert self._process is not None and self._process.stdin is not None
        request = {"job": job, "arguments": dict(arguments)}
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            reply = self._replies.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise QueryStopped(stopped_text(limit_seconds).replace("query", what)) from None
        except BaseException as error:
            self.close()  # a reply to come would be taken for the next job's
            if isinstance(error, OSError):
                reply = b""
            else:
                raise
        if not reply:
            self.close()
            raise QueryStopped(
                f"the {what} ended the database engine, so it was stopped: most likely it needs "
                "too much memory; look for very long texts and lists"
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
    jobs = _jobs()
    _reply(replies, {"ready": True})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _reply(replies, _answered(jobs[request["job"]], request["arguments"]))


def _jobs() -> Mapping[str, Job]:
    from ridealong.judging.kinds import KINDS  # the kinds know the worker, which knows no kind

    return {name: job for kind in KINDS.values() for name, job in kind.jobs.items()}


def _answered(job: Job, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return job(**arguments)
    except QueryFailed as error:
        return {"failed": type(error).__name__, "message": str(error)}
    except Exception as error:  # a worker answers whatever happens
        return {"failed": "QueryFailed", "message": f"{type(error).__name__}: {first_line(error)}"}


def _reply(replies: IO[bytes], content: Mapping[str, Any]) -> None:
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
