"""A file is written whole or not at all, and a reader on Windows only delays it."""

import os
import stat
from pathlib import Path

import pytest

from ridealong import files


class Refusals:
    """An `os.replace` that is refused a number of times, as Windows does to an open file."""

    def __init__(self, refusals: int) -> None:
        self.left = refusals
        self.replace = os.replace

    def __call__(self, source: object, target: object) -> None:
        if self.left:
            self.left -= 1
            raise PermissionError(13, "The process cannot access the file", str(target))
        self.replace(source, target)  # type: ignore[arg-type]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(files.time, "sleep", waited.append)
    return waited


def test_a_file_is_written_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.txt"

    files.write(path, b"one")
    files.write(path, b"two")

    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_a_reader_only_delays_the_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")
    monkeypatch.setattr(files.os, "replace", Refusals(2))

    files.write(path, b"new")

    assert path.read_bytes() == b"new"
    assert len(pauses) == 2


def test_a_refusal_that_stays_is_raised_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")
    monkeypatch.setattr(files.os, "replace", Refusals(files.TRIES))

    with pytest.raises(PermissionError):
        files.write(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    assert sum(pauses) <= 2


def test_a_folder_that_may_not_be_written_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    monkeypatch.setattr(files.os, "replace", Refusals(1))

    with pytest.raises(PermissionError):
        files.write(tmp_path / "file.txt", b"new")

    assert pauses == []
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "replace", full)

    with pytest.raises(OSError, match="disk full"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o444, 0o600])
def test_permissions_stay(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")
    path.chmod(mode)
    before = stat.S_IMODE(path.stat().st_mode)  # Windows knows read-only and nothing else

    files.write(path, b"new")

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == before
    path.chmod(0o644)  # so that the folder can be removed


def test_a_new_file_can_be_read_by_all(tmp_path: Path) -> None:
    files.write(tmp_path / "file.txt", b"new")

    assert (tmp_path / "file.txt").stat().st_mode & stat.S_IROTH
