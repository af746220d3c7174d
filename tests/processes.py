"""Whether a process that somebody started has ended."""

import contextlib
import time
from typing import Final

import psutil

SECONDS: Final = 30


def is_gone(pid: int) -> bool:
    """Return whether a process has ended, after waiting for it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends and process.is_running():
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            time.sleep(0.05)
        return not process.is_running()
    return True
