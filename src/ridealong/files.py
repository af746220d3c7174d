"""Write a file at once: whoever reads it meanwhile sees the old one or the new one, whole."""

import contextlib
import os
import stat
import tempfile
import time
from pathlib import Path
from typing import Final

TRIES: Final = 20
PAUSE_SECONDS: Final = 0.1


def write(path: Path, content: bytes) -> None:
    """Write a file in one step; a crash leaves the old one or the new one.

    The folder is made when it is not there. A file that is replaced keeps its permissions.

    Args:
        path: the file.
        content: what it holds afterwards.

    Raises:
        OSError: when it cannot be written; the old file is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:
            mode = 0o644  # mkstemp makes it readable by its owner only
        unfinished.chmod(mode)
        replace(unfinished, path)
    except BaseException:
        _remove(unfinished)
        raise


def replace(source: Path, target: Path) -> None:
    """Give a file or a folder its final name, in place of what has that name now.

    Windows refuses while another program has the old file open, if only to look at it; that
    passes, so this waits for up to two seconds. It also refuses to replace a file that is marked
    as read-only, which other systems do.

    Raises:
        OSError: when it cannot be done, or is still refused after that time.
    """
    for tried in range(1, TRIES + 1):
        try:
            os.replace(source, target)
        except PermissionError:
            # Where there is nothing to replace, or no time left, it is another refusal.
            if tried == TRIES or not (target.exists() or source.is_dir()):
                raise
            if os.name == "nt" and target.is_file() and not os.access(target, os.W_OK):
                target.chmod(stat.S_IWRITE)
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _remove(unfinished: Path) -> None:
    with contextlib.suppress(OSError):
        if os.name == "nt":
            unfinished.chmod(stat.S_IWRITE)  # it may have got the read-only mark already
        unfinished.unlink()
