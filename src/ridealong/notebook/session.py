"""What a kernel keeps between two cells: the process that runs what is checked."""

from functools import cache

from ridealong.judging import Worker


@cache
def worker() -> Worker:
    """Return the worker of this kernel; it starts with the first job."""
    return Worker()
