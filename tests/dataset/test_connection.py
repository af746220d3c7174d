"""Where the database comes from, and that nobody can break it. All at the smallest scale."""

import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from ridealong.dataset import build, connect, ensure_database
from ridealong.dataset.connection import NOTEBOOKS_NOTICE, attach, current_connection
from ridealong.dataset.storage import DatasetArgumentError, DatasetError, database_path, truth_path

SCALE = 0.1
ASK = f"from ridealong import connect; print(connect(scale={SCALE}).sql('FROM rides').count('*').fetchall())"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder."""
    folder = tmp_path / "company's data"
    monkeypatch.setenv("RIDEALONG_DATA", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def started() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ASK], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def unfinished(data: Path) -> list[str]:
    return [
        path.name for path in data.rglob("*") if ".building" in path.name or path.suffix == ".tmp"
    ]


def test_several_processes_at_once_build_one_database(data: Path) -> None:
    processes = [started() for _ in range(3)]
    outcomes = [process.communicate(timeout=120) for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], outcomes
    assert len({out.splitlines()[-1] for out, _ in outcomes}) == 1
    assert len(list(data.glob("*.duckdb"))) == 1
    assert unfinished(data) == []


def test_an_interrupted_build_leaves_nothing_that_looks_finished(data: Path) -> None:
    process = started()
    deadline = time.monotonic() + 60
    while not unfinished(data) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert not list(data.glob("*.duckdb")), "the build was over before it could be interrupted"

    path = ensure_database(SCALE)

    assert path.is_file()
    assert unfinished(data) == []


@pytest.mark.parametrize("damage", [b"not a database", None])
def test_a_damaged_file_is_built_again_and_said_so(
    data: Path, damage: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ensure_database(SCALE)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    capsys.readouterr()

    con = connect(SCALE)

    assert con.execute("SELECT count(*) > 0 FROM rides").fetchall() == [(True,)]
    said = capsys.readouterr()
    assert "damaged" in said.out
    assert said.out.count("\n") == 1
    assert said.err == ""


def test_a_file_of_another_generator_is_built_again(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(build, "GENERATOR_VERSION", "0")
        path = ensure_database(SCALE)
    capsys.readouterr()
    path.touch()

    ensure_database(SCALE)

    assert "another version of the generator" in capsys.readouterr().out


def test_building_leaves_no_output_behind(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    connect(SCALE)
    connect(SCALE)

    said = capsys.readouterr()
    assert said.err == ""
    assert "Building" not in said.out


def test_the_truth_lies_outside_of_the_database(data: Path) -> None:
    path = ensure_database(SCALE)

    assert truth_path(SCALE).is_file()
    with duckdb.connect(str(path), read_only=True) as con:
        names = {
            name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        }
    assert not {name for name in names if "truth" in name or "story" in name}


def test_the_data_are_read_only_and_temporary_tables_are_free(data: Path) -> None:
    first, second = connect(SCALE), connect(SCALE)
    second.execute("CREATE TEMP TABLE mine AS FROM rides")

    for statement in ("DELETE FROM rides", "DROP TABLE main.rides", "CREATE TABLE other (a INT)"):
        with pytest.raises(duckdb.Error):
            first.execute(statement)
    rides = first.execute("SELECT count(*) FROM rides").fetchall()
    assert second.execute("SELECT count(*) FROM mine").fetchall() == rides
    assert second.execute("SELECT count(*) FROM basic.rides").fetchall() == rides


def test_the_clock_stands_still(data: Path) -> None:
    con = connect(SCALE)

    (moment,) = con.execute("SELECT as_of() = now() AND now() = '2026-03-30 00:00:00'").fetchall()
    assert moment == (True,)


def test_the_last_connection_is_the_notebooks_own(data: Path) -> None:
    con = connect(SCALE)
    assert current_connection() is con


@pytest.mark.parametrize("scale", [0, -1, 1e9, float("nan"), True, "1", None, 0.05])
def test_a_scale_that_cannot_be_is_named(data: Path, scale: object) -> None:
    with pytest.raises(DatasetArgumentError, match=r"scale is .*it must be a number from"):
        ensure_database(scale)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True, "42", None])
def test_a_seed_that_cannot_be_is_named(data: Path, seed: object) -> None:
    with pytest.raises(DatasetArgumentError, match=r"seed is .*it must be a whole number"):
        ensure_database(SCALE, seed)  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("RIDEALONG_DATA", str(in_the_way / "data"))

    with pytest.raises(DatasetError, match="RIDEALONG_DATA"):
        ensure_database(SCALE)


def test_attaching_what_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    path.write_text("no database", encoding="utf-8")

    with pytest.raises(DatasetError, match="cannot be read"):
        attach(duckdb.connect(), path)


def test_the_data_are_found_from_any_folder_of_the_course(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RIDEALONG_DATA", raising=False)
    deep = tmp_path / "course" / "autograded" / "student" / "04_sql_one"
    deep.mkdir(parents=True)
    (tmp_path / "course" / "solutions").mkdir()
    (tmp_path / "course" / "nbgrader_config.py").touch()
    monkeypatch.chdir(deep)

    assert database_path().parent == tmp_path / "course" / "data"


def test_a_notebook_in_the_generated_folder_is_told_so(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "solutions").mkdir()
    (tmp_path / "nbgrader_config.py").touch()
    for folder, told in (("notebooks/04_sql_one", True), ("work/04_sql_one", False)):
        (tmp_path / folder).mkdir(parents=True)
        monkeypatch.chdir(tmp_path / folder)
        connect(SCALE)
        said = capsys.readouterr()
        assert (NOTEBOOKS_NOTICE in said.out) is told
        assert said.err == ""
