"""The database files on this machine: where they lie, whether they are whole, how they are built."""

import errno
import hashlib
import json
import math
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from numbers import Real
from operator import index
from pathlib import Path
from typing import SupportsFloat, SupportsIndex

import duckdb
import platformdirs
from filelock import FileLock, Timeout

from ridealong import course, files
from ridealong.dataset import build
from ridealong.dataset.progress import Show, progress_bar
from ridealong.dataset.stories import StoryMissing

SMALLEST_SCALE = build.SMALLEST_SCALE
LARGEST_SCALE = build.LARGEST_SCALE
LARGEST_SEED = 2**32 - 1  # the generator mixes 32 bits: larger seeds would repeat smaller ones


class DatasetError(RuntimeError):
    """The course data cannot be had; the message says why and what to do next."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback.
        return [f"{type(self).__name__}: {self}"]


class DatasetArgumentError(DatasetError, ValueError):
    """A scale, a seed or a table name that does not exist."""


def data_folder() -> Path:
    """Return the folder of the built databases; it need not exist yet.

    `RIDEALONG_DATA` when it is set, else `data/` of the course folder, else the user's cache.
    """
    chosen = os.environ.get("RIDEALONG_DATA", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    root = course.root()
    return root / "data" if root else Path(platformdirs.user_cache_path("ridealong"))


def database_path(scale: SupportsFloat = 1, seed: SupportsIndex = 42) -> Path:
    """Return where the database of this scale and seed lies, whether it is built or not.

    Raises:
        DatasetArgumentError: scale or seed is out of range or no number.
    """
    return data_folder() / f"{_name(_checked_scale(scale), _checked_seed(seed))}.duckdb"


def truth_path(scale: SupportsFloat = 1, seed: SupportsIndex = 42) -> Path:
    """Return where the ground truth of that database lies: a JSON file outside of it."""
    path = database_path(scale, seed)
    return path.parent / "truth" / f"{path.stem}.json"


def ensure_database(
    scale: SupportsFloat = 1, seed: SupportsIndex = 42, *, show_progress: bool = True
) -> Path:
    """Return the path of a whole, current database file, building it first where needed.

    Several processes may ask at once: one builds, the others wait and use its file. The file
    appears under its name only when it is complete. A damaged file, and one written by another
    version of the generator, is built again, which is said in one line.

    Args:
        scale: size, 0.1 to 1000; 1 is 10,000 users and roughly 100,000 rides.
        seed: 0 to 4294967295; 42 is the public data set.
        show_progress: draw a bar while building. It is gone afterwards.

    Raises:
        DatasetArgumentError: scale or seed is out of range or no number.
        DatasetError: the folder cannot be written, the disk is full, or the generator stopped.
    """
    scale, seed = _checked_scale(scale), _checked_seed(seed)
    path = database_path(scale, seed)
    if _fault(path, scale, seed) is None:
        return path
    with _readable_errors(path), progress_bar(hidden=not show_progress) as show:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path, show):
            existed = path.exists()
            fault = _fault(path, scale, seed)  # whoever held the lock before us may have built it
            if fault is not None:
                with _readable_stops(scale, seed):
                    _build(path, scale, seed, show)
    if show_progress and existed and fault is not None:
        print(f"The course data {path.name} {fault}, so it was built again.")
    return path


# ---------------------------------------------------------------------------- arguments


def _checked_scale(scale: SupportsFloat) -> float:
    wanted = (
        f"a number from {SMALLEST_SCALE} to {LARGEST_SCALE}, such as 0.1, 1 or 10 "
        "(1 is 10,000 users)"
    )
    number = float(scale) if isinstance(scale, Real) and not isinstance(scale, bool) else math.nan
    if not SMALLEST_SCALE <= number <= LARGEST_SCALE:
        raise DatasetArgumentError(f"scale is {_shown(scale)}; it must be {wanted}.")
    return number


def _checked_seed(seed: SupportsIndex) -> int:
    try:
        number = -1 if isinstance(seed, bool) else index(seed)
    except TypeError:
        number = -1
    if not 0 <= number <= LARGEST_SEED:
        raise DatasetArgumentError(
            f"seed is {_shown(seed)}; it must be a whole number from 0 to {LARGEST_SEED}. "
            "The course's own data set has seed 42."
        )
    return number


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _name(scale: float, seed: int) -> str:
    return f"ridealong-scale{repr(scale).removesuffix('.0')}-seed{seed}"


# ---------------------------------------------------------------------------- is it whole?

_seen_whole: dict[Path, tuple[int, int]] = {}
"""Size and time of the files that this process has checked, so that it reads them once."""


def _fault(path: Path, scale: float, seed: int) -> str | None:
    """Return what is wrong with the file, to follow its name in a sentence, or None."""
    try:
        facts = path.stat()
        identity = (facts.st_size, facts.st_mtime_ns)
        if _seen_whole.get(path) == identity:
            return None
        if _recorded_digest(path) not in (None, _digest(path)):
            return "was damaged"
    except (FileNotFoundError, NotADirectoryError):
        return "was missing"
    try:
        with duckdb.connect() as con:
            con.execute(f"ATTACH {quoted(path)} AS found (READ_ONLY)")
            row = con.execute(
                "SELECT generator_version, scale, seed FROM found.meta.build"
            ).fetchone()
    except duckdb.Error:
        return "was damaged or made by another version of DuckDB"
    if row is None or str(row[0]) != str(build.GENERATOR_VERSION):
        return "was made by another version of the generator"
    if (float(row[1]), int(row[2])) != (scale, seed):
        return "held another data set"
    _seen_whole[path] = identity
    return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _recorded_digest(path: Path) -> str | None:
    try:
        return _digest_path(path).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def _digest_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def quoted(path: Path) -> str:
    """Return the path as an SQL text literal: a folder may be called O'Brien."""
    return "'" + str(path).replace("'", "''") + "'"


# ---------------------------------------------------------------------------- building


@contextmanager
def _locked(path: Path, show: Show) -> Iterator[None]:
    # The operating system lets go of this lock when its holder dies, so none is ever stale.
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        show(0, 0, "Another notebook is building the course data; this one waits for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _build(path: Path, scale: float, seed: int, show: Show) -> None:
    """Build beside the final name and rename. The caller holds the lock."""
    _remove_unfinished(path)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.building")

    def say(done: int, total: int, what: str) -> None:
        show(done, total, f"Building the course data, once: {what}")

    try:
        report = build.build_database(unfinished, scale=scale, seed=seed, progress=say)
        digest = _digest(unfinished)
        truth = path.parent / "truth" / f"{path.stem}.json"
        truth.parent.mkdir(exist_ok=True)
        files.write(truth, (json.dumps(report.truth, indent=2, default=str) + "\n").encode())
        # Without a digest a file is judged by its content alone, so a stop between these
        # three lines leaves nothing that contradicts itself.
        _digest_path(path).unlink(missing_ok=True)
        files.replace(unfinished, path)
        files.write(_digest_path(path), f"{digest}\n".encode())
    finally:
        _remove_unfinished(path)


def _remove_unfinished(path: Path) -> None:
    """Remove what interrupted builds left: while we hold the lock nobody else is building."""
    for left in path.parent.glob(f"{path.name}.*.building*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            with suppress(OSError):  # Windows keeps a file that is still open; next time then
                left.unlink()


@contextmanager
def _readable_errors(path: Path) -> Iterator[None]:
    """Turn what the disk and the database say into one sentence with a next step."""
    try:
        yield
    except (OSError, duckdb.IOException, duckdb.PermissionException) as error:
        folder = path.parent
        told = str(error).splitlines()[0]
        if _is_full(error):
            free = _free_megabytes(folder)
            why = f"the disk of {folder} is full ({free} MB free)"
        elif path.is_file() and os.name == "nt" and isinstance(error, PermissionError):
            why = f"another notebook still has {path} open; shut down the other kernels and retry"
        else:
            why = f"{folder} cannot be written ({told})"
        raise DatasetError(
            f"The course data could not be built: {why}. "
            "Or set the environment variable RIDEALONG_DATA to a folder of yours "
            "with some space, and start again."
        ) from error


@contextmanager
def _readable_stops(scale: float, seed: int) -> Iterator[None]:
    """Turn what stops the generator into one sentence with a next step."""
    try:
        yield
    except (duckdb.IOException, duckdb.PermissionException):
        raise  # about the disk, see `_readable_errors`
    except (StoryMissing, duckdb.Error) as error:
        raise DatasetError(
            f"The course data of scale {scale:g} and seed {seed} could not be built: the generator "
            f"stopped ({str(error).splitlines()[0]}). Take another seed or scale, and report this "
            "line: no seed should do this."
        ) from error


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    return any(
        sign in str(error) for sign in ("No space left", "not enough space", "File too large")
    )


def _free_megabytes(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free // 1_000_000
    except OSError:
        return 0
