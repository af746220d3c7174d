"""A program of ours in a process of its own, which ends when its parent does.

The parent holds the other end of the child's standard input: when that closes, however the parent
ended, the child ends. The first line there says what the child is to do, further ones are commands.
Each line that the child prints is an object of JSON; the first one says that it is ready, or has an
`error`. A child that watches over programs of others names them there, as `pids`: should it be
killed, they are.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any, Final

LAST_WORDS: Final = 20
_telling: Final = threading.Lock()


class ChildError(Exception):
    """A program that did not start.

    Attributes:
        told: its reason, "" when it gave none.
        last_words: the last line of its standard error, "" when there is none.
    """

    def __init__(self, told: str, last_words: str) -> None:
        super().__init__(told or last_words or "it said nothing")
        self.told = told
        self.last_words = last_words


class Child:
    """A module of ours that runs in a process of its own; it is ready when this is made.

    Args:
        module: what is run, such as `ridealong.service.process`.
        wanted: what it is to do.
        start_seconds: how long it may take to be ready.
        end_seconds: how long it may take to end before it is killed.

    Attributes:
        ready: what it said first.
        process: the process.

    Raises:
        ChildError: when it did not start; nothing of it is left.
    """

    def __init__(
        self,
        module: str,
        wanted: Mapping[str, Any],
        *,
        start_seconds: float = 60.0,
        end_seconds: float = 10.0,
    ) -> None:
        # A session of its own: an interrupt of the notebook is not meant for it.
        own: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined,unused-ignore]
            if os.name == "nt"
            else {"start_new_session": True}
        )
        self._end_seconds = end_seconds
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._has_ended = threading.Event()
        last_words: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **own,
        )
        try:
            keeps = threading.Thread(
                target=_keep, args=(self.process.stderr, last_words), daemon=True
            )
            listens = threading.Thread(
                target=_listen,
                args=(self.process.stdout, self._said, self._has_ended),
                daemon=True,
            )
            keeps.start()
            listens.start()
            self.send(json.dumps(wanted))
            self.ready = self.hear(start_seconds)
            if not self.ready or "error" in self.ready:
                if not self.is_running:
                    keeps.join(1)
                raise ChildError(self.ready.get("error", ""), "".join(last_words[-1:]))
            if self.ready.get("pids"):
                threading.Thread(target=self._end_with, daemon=True).start()
        except BaseException:  # an interrupt as well: no process stays behind
            self.stop()
            raise

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.process.poll() is None

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self.process.pid

    def send(self, line: str) -> None:
        """Send it a line."""
        assert self.process.stdin
        with contextlib.suppress(OSError, ValueError):  # it is gone; what it said last tells why
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    def hear(self, seconds: float) -> dict[str, Any]:
        """Return what it says next, {} when it says nothing for so long, or has ended."""
        try:
            return self._said.get(timeout=seconds)
        except queue.Empty:
            return {}

    def stop(self) -> None:
        """Ask it to end, and wait for it; kill it when it does not. Twice is fine."""
        assert self.process.stdin
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(self._end_seconds)
        except BaseException as error:
            self.kill()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise

    def kill(self, after_seconds: float = 0.0) -> None:
        """Kill it, as a crash would.

        Args:
            after_seconds: how long it is waited for first.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(after_seconds)
        self.process.kill()
        self.process.wait()

    def _end_with(self) -> None:
        """Wait until it has ended; where it was killed, kill what it watched over."""
        self._has_ended.wait()
        # Where it ended by itself it has ended them, and the numbers may be other programs'.
        if self.process.wait() < 0:
            for pid in self.ready["pids"]:
                with contextlib.suppress(OSError):  # it is gone, as it should be
                    os.kill(pid, signal.SIGKILL)


def wanted() -> dict[str, Any]:
    """Return what the parent wants of this child."""
    found: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    return found


def tell(what: Mapping[str, Any]) -> None:
    """Tell the parent of this child something."""
    with _telling, contextlib.suppress(OSError):  # nobody may be listening any more
        print(json.dumps(what), flush=True)


def _listen(
    stream: IO[bytes], said: "queue.Queue[dict[str, Any]]", has_ended: threading.Event
) -> None:
    for line in stream:
        said.put(json.loads(line))
    said.put({})
    has_ended.set()


def _keep(stream: IO[bytes], last_words: list[str]) -> None:
    for line in stream:
        last_words.append(line.decode(errors="replace").strip())
        del last_words[:-LAST_WORDS]
