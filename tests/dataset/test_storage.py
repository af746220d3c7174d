"""When a database file counts as whole, and what is said when it cannot be built."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from ridealong.dataset import build, ensure_database, storage
from ridealong.dataset.storage import DatasetArgumentError, DatasetError, database_path, truth_path
from ridealong.dataset.stories import StoryMissing

SCALE = 0.1


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and a process that has not looked at any file."""
    folder = tmp_path / "data"
    monkeypatch.setenv("RIDEALONG_DATA", str(folder))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(storage, "_seen_whole", {})
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """The generator is replaced by one that writes only who made the file; what it was asked."""
    asked: list[tuple[float, int]] = []

    def build_database(path: Path, *, scale: float, seed: int, progress: object) -> object:
        asked.append((scale, seed))
        with duckdb.connect(str(path)) as con:
            con.execute("CREATE SCHEMA meta")
            con.execute(
                "CREATE TABLE meta.build AS SELECT ? AS generator_version, ? AS scale, ? AS seed",
                [build.GENERATOR_VERSION, str(scale), seed],
            )
            con.execute("CREATE TABLE filler AS SELECT hash(i) AS h FROM range(200000) AS t (i)")
        return build.BuildReport({}, {}, {"S3": {"present": True}}, 1, 0.0)

    monkeypatch.setattr(build, "build_database", build_database)
    return asked


def age(path: Path, seconds: int) -> None:
    """Move the time of a file, which is one of the two signs that it has changed."""
    facts = path.stat()
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + seconds * 1_000_000_000))


def flip_one_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    age(path, 5)


def test_one_wrong_byte_is_noticed_although_duckdb_reads_the_file(
    data: Path, quick: list[tuple[float, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    path = ensure_database(SCALE)
    whole = path.read_bytes()
    flip_one_byte(path)
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("SELECT seed FROM meta.build").fetchall() == [(42,)]
    capsys.readouterr()

    assert ensure_database(SCALE) == path

    assert len(quick) == 2
    assert capsys.readouterr().out == (
        f"The course data {path.name} was damaged, so it was built again.\n"
    )
    assert len(path.read_bytes()) == len(whole)
    assert storage._digest(path) == storage._recorded_digest(path)


def test_a_file_is_read_yaml_for_each_size_and_time(
    data: Path, quick: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ensure_database(SCALE)
    read: list[Path] = []
    digest = storage._digest
    monkeypatch.setattr(storage, "_digest", lambda each: (read.append(each), digest(each))[1])

    for times in (1, 1):
        ensure_database(SCALE)
        assert len(read) == times
    age(path, 7)
    ensure_database(SCALE)

    assert len(read) == 2
    assert len(quick) == 1


def test_a_file_without_a_recorded_checksum_is_judged_by_its_content(
    data: Path, quick: list[tuple[float, int]]
) -> None:
    path = ensure_database(SCALE)
    (data / f"{path.name}.sha256").unlink()
    age(path, 5)

    ensure_database(SCALE)

    assert len(quick) == 1


@pytest.mark.parametrize(("scale", "seed"), [(0.2, 42), (SCALE, 7)])
def test_a_file_of_another_data_set_is_built_again(
    data: Path,
    quick: list[tuple[float, int]],
    capsys: pytest.CaptureFixture[str],
    scale: float,
    seed: int,
) -> None:
    other = ensure_database(scale, seed)
    other.rename(database_path(SCALE))

    path = ensure_database(SCALE)

    assert quick == [(scale, seed), (SCALE, 42)]
    assert "held another data set" in capsys.readouterr().out
    assert path == database_path(SCALE)


def test_a_file_without_the_table_of_its_maker_is_built_again(
    data: Path, quick: list[tuple[float, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    data.mkdir()
    with duckdb.connect(str(database_path(SCALE))) as con:
        con.execute("CREATE TABLE rides (ride_id INTEGER)")

    ensure_database(SCALE)

    assert "was damaged or made by another version of DuckDB" in capsys.readouterr().out
    assert quick == [(SCALE, 42)]


def test_a_file_that_no_generator_signed_is_built_again(
    data: Path, quick: list[tuple[float, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    path = ensure_database(SCALE)
    (data / f"{path.name}.sha256").unlink()
    with duckdb.connect(str(path)) as con:
        con.execute("DELETE FROM meta.build")
    age(path, 5)

    ensure_database(SCALE)

    assert "was made by another version of the generator" in capsys.readouterr().out
    assert len(quick) == 2


def test_a_first_build_says_nothing_and_a_hidden_one_neither(
    data: Path, quick: list[tuple[float, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    path = ensure_database(SCALE)
    assert capsys.readouterr().out == ""
    flip_one_byte(path)

    ensure_database(SCALE, show_progress=False)

    assert capsys.readouterr().out == ""
    assert len(quick) == 2


def test_names_say_scale_and_seed(data: Path) -> None:
    assert database_path().name == "ridealong-scale1-seed42.duckdb"
    assert database_path(0.1, 7).name == "ridealong-scale0.1-seed7.duckdb"
    assert database_path(10, 2**32 - 1).name == "ridealong-scale10-seed4294967295.duckdb"
    assert database_path(1000).name == "ridealong-scale1000-seed42.duckdb"
    assert truth_path() == data / "truth" / "ridealong-scale1-seed42.json"
    assert truth_path(2, 3) == data / "truth" / "ridealong-scale2-seed3.json"


def test_the_lessons_database_is_what_nobody_asks_for(
    data: Path, quick: list[tuple[float, int]]
) -> None:
    assert ensure_database() == database_path()
    assert quick == [(1, 42)]


def test_what_is_beside_a_new_file_is_complete(data: Path, quick: list[tuple[float, int]]) -> None:
    path = ensure_database(SCALE)

    assert truth_path(SCALE).read_text(encoding="utf-8") == (
        '{\n  "S3": {\n    "present": true\n  }\n}\n'
    )
    recorded = (data / f"{path.name}.sha256").read_text(encoding="utf-8")
    assert recorded == storage._digest(path) + "\n"
    assert len(recorded) == 65
    assert not list(data.glob("*.building*"))


def test_what_an_interrupted_build_left_is_removed(
    data: Path, quick: list[tuple[float, int]]
) -> None:
    name = database_path(SCALE).name
    data.mkdir()
    (data / f"{name}.1-2.building").write_text("half", encoding="utf-8")
    (data / f"{name}.1-2.building.wal").mkdir()
    (data / f"{name}.1-2.building.wal" / "file").touch()
    (data / "other.1-2.building").touch()

    ensure_database(SCALE)

    assert [path.name for path in data.glob("*.building*")] == ["other.1-2.building"]


@pytest.mark.parametrize(
    "stop",
    [
        StoryMissing("story S3 (A release) is not in the data: nor that\nmore lines"),
        duckdb.OutOfMemoryException(
            "story S3 (A release) is not in the data: nor that\nmore lines"
        ),
    ],
)
def test_a_generator_that_stops_is_one_line_with_a_next_step(
    data: Path, monkeypatch: pytest.MonkeyPatch, stop: Exception
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise stop

    monkeypatch.setattr(build, "build_database", stopped)

    with pytest.raises(DatasetError) as told:
        ensure_database(SCALE, 20260901)

    assert str(told.value) == (
        "The course data of scale 0.1 and seed 20260901 could not be built: the generator stopped "
        "(story S3 (A release) is not in the data: nor that). Take another seed or scale, and "
        "report this line: no seed should do this."
    )
    assert told.value._render_traceback_() == [f"DatasetError: {told.value}"]
    assert {path.suffix for path in data.glob("*.duckdb*")} <= {".lock"}


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (OSError(errno.ENOSPC, "full"), "is full ("),
        (OSError(errno.EDQUOT, "full"), "is full ("),
        (OSError(errno.EFBIG, "full"), "is full ("),
        (duckdb.IOException("Could not write: No space left on device"), "is full ("),
        (duckdb.IOException("There is not enough space on the disk"), "is full ("),
        (OSError("File too large"), "is full ("),
        (OSError(errno.EACCES, "denied\nmore"), "cannot be written ([Errno 13] denied)"),
        (duckdb.IOException("Cannot open\nmore"), "cannot be written (Cannot open)"),
        (duckdb.PermissionException("No right"), "cannot be written ("),
    ],
)
def test_a_disk_that_refuses_is_named_with_what_to_do(
    data: Path, monkeypatch: pytest.MonkeyPatch, stop: Exception, words: str
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise stop

    monkeypatch.setattr(build, "build_database", stopped)
    usage = SimpleNamespace(free=3_000_000)
    asked: list[Path] = []
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda path: asked.append(path) or usage)

    with pytest.raises(DatasetError) as told:
        ensure_database(SCALE)

    assert set(asked) <= {data}
    assert asked or "full" not in words

    assert words in str(told.value)
    assert str(data) in str(told.value)
    if "full" in words:
        assert "(3 MB free)" in str(told.value)
    assert str(told.value).endswith(
        "Or set the environment variable RIDEALONG_DATA to a folder of yours with some space, "
        "and start again."
    )


def test_a_disk_that_cannot_be_asked_has_nothing_free(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(storage.shutil, "disk_usage", gone)

    assert storage._free_megabytes(Path()) == 0


def test_a_quote_in_a_folders_name_is_doubled() -> None:
    assert storage.quoted(Path("O'Brien") / "x") == f"'O''Brien{os.sep}x'"


def test_the_folder_is_the_chosen_one_the_courses_or_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RIDEALONG_DATA", "  mine ")
    assert storage.data_folder() == tmp_path / "mine"
    monkeypatch.setenv("RIDEALONG_DATA", " ")
    monkeypatch.setattr(storage.course, "root", lambda: tmp_path)
    assert storage.data_folder() == tmp_path / "data"
    monkeypatch.delenv("RIDEALONG_DATA")
    monkeypatch.setattr(storage.course, "root", lambda: None)
    monkeypatch.setattr(storage.platformdirs, "user_cache_path", lambda name: tmp_path / name)
    assert storage.data_folder() == tmp_path / "ridealong"


def test_a_long_value_is_shortened_where_it_is_refused(data: Path) -> None:
    with pytest.raises(DatasetError) as told:
        ensure_database("x" * 100)  # type: ignore[arg-type]
    assert f"scale is '{'x' * 36}...; it must be" in str(told.value)
    with pytest.raises(DatasetError) as told:
        ensure_database(SCALE, "y" * 38)  # type: ignore[arg-type]
    assert f"seed is '{'y' * 38}'; it must be" in str(told.value)


def shown_by(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, str]]:
    """What a progress bar is told, in order."""
    told: list[tuple[int, int, str]] = []

    @contextmanager
    def bar(*, hidden: bool) -> Iterator[object]:
        yield lambda done, total, what: told.append((done, total, what))

    monkeypatch.setattr(storage, "progress_bar", bar)
    return told


def test_progress_is_shown_as_the_generator_tells_it(
    data: Path, quick: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = shown_by(monkeypatch)
    built = build.build_database

    def build_database(path: Path, *, progress: Any, **more: Any) -> object:
        progress(2, 7, "people")
        return built(path, progress=progress, **more)

    monkeypatch.setattr(build, "build_database", build_database)

    ensure_database(SCALE)

    assert told == [(2, 7, "Building the course data, once: people")]


def test_who_waits_for_another_notebook_is_told_so_and_uses_its_file(
    data: Path, quick: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ensure_database(SCALE)
    whole = made.read_bytes()
    made.unlink()
    storage._seen_whole.clear()
    told: list[tuple[int, int, str]] = []
    other = FileLock(made.with_name(f"{made.name}.lock"))

    @contextmanager
    def bar(*, hidden: bool) -> Iterator[object]:
        def show(done: int, total: int, what: str) -> None:
            told.append((done, total, what))
            made.write_bytes(whole)  # the other one has built it and lets go
            other.release()

        yield show

    monkeypatch.setattr(storage, "progress_bar", bar)
    other.acquire()

    assert ensure_database(SCALE) == made

    assert told == [(0, 0, "Another notebook is building the course data; this one waits for it")]
    assert len(quick) == 1


def test_days_in_the_truth_are_written_as_text(
    data: Path, quick: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build.build_database

    def build_database(*arguments: Any, **more: Any) -> object:
        report = built(*arguments, **more)
        report.truth["S9"] = {"day": date(2026, 3, 29)}
        return report

    monkeypatch.setattr(build, "build_database", build_database)

    ensure_database(SCALE)

    assert '"day": "2026-03-29"' in truth_path(SCALE).read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_removed_stops_no_build(
    data: Path, quick: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = data / f"{database_path(SCALE).name}.1-2.building.tmp"
    left.mkdir(parents=True)
    removed: list[bool] = []

    def rmtree(path: Path, ignore_errors: bool = False) -> None:
        removed.append(ignore_errors)
        if not ignore_errors:
            raise OSError("in use")

    monkeypatch.setattr(storage.shutil, "rmtree", rmtree)

    assert ensure_database(SCALE).is_file()
    assert removed
    assert all(removed)


@pytest.mark.parametrize("scale", [0.1, 1, 1000, 1000.0])
@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_the_ends_of_what_may_be_asked_for_are_taken(data: Path, scale: float, seed: int) -> None:
    assert database_path(scale, seed).parent == data


@pytest.mark.parametrize(
    ("scale", "seed", "words"),
    [
        (0.09, 42, "scale is 0.09; it must be a number from 0.1 to 1000, such as 0.1, 1 or 10"),
        (1000.1, 42, "scale is 1000.1; it must be a number from 0.1 to 1000"),
        (True, 42, "scale is True; it must be a number"),
        ("1", 42, "scale is '1'; it must be a number"),
        (float("nan"), 42, "scale is nan; it must be a number"),
        (1, -1, "seed is -1; it must be a whole number from 0 to 4294967295."),
        (1, 2**32, "seed is 4294967296; it must be a whole number"),
        (1, True, "seed is True; it must be a whole number"),
        (1, 4.2, "seed is 4.2; it must be a whole number"),
    ],
)
def test_what_cannot_be_asked_for_is_told_with_what_can(
    data: Path, scale: Any, seed: Any, words: str
) -> None:
    for ask in (database_path, truth_path, ensure_database):
        with pytest.raises(DatasetArgumentError) as told:
            ask(scale, seed)
        assert str(told.value).startswith(words)


def test_a_path_of_a_folder_that_is_a_file_is_told(data: Path) -> None:
    data.write_text("no folder", encoding="utf-8")

    with pytest.raises(DatasetError, match="cannot be written"):
        ensure_database(SCALE)


def test_a_data_folder_that_is_not_there_is_made_with_those_above_it(
    data: Path, quick: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIDEALONG_DATA", str(data / "of" / "mine"))

    path = ensure_database(SCALE, 42)

    assert path.is_file()
    assert path.parent == data / "of" / "mine"
