"""The doctor: green on a well machine, and the right mend on every other one."""

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from cache_servers import NEEDS_VALKEY
from ridealong import doctor
from ridealong.doctor import Finding

ROOT = Path(__file__).parents[1]


@pytest.fixture
def findings() -> dict[str, Finding]:
    return {finding.part: finding for finding in doctor.examine(ROOT)}


def forbid(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make the packages look as if they were not installed."""
    for name in names:
        for loaded in list(sys.modules):
            if loaded == name or loaded.startswith(f"{name}."):
                monkeypatch.delitem(sys.modules, loaded)
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(
    "part",
    [
        *("Python", "packages", "course folder", "kernel", "quizzes"),
        *("data", "pictures", "ports", "cache", "broker", "nbgrader"),
    ],
)
def test_machine_that_runs_the_tests_is_well(findings: dict[str, Finding], part: str) -> None:
    assert findings[part].mend is None, findings[part]


def test_old_python_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    finding = doctor._python()
    assert finding.mend == "install Python 3.11 or newer"


@pytest.mark.parametrize(
    ("part", "look", "package"),
    [
        ("data", lambda: doctor._data(ROOT), "duckdb"),
        ("pictures", doctor._pictures, "matplotlib"),
        ("kernel", doctor._kernel, "jupyter_client"),
        ("packages", lambda: doctor._packages(ROOT), "packaging"),
        ("nbgrader", lambda: doctor._nbgrader(ROOT), "nbgrader"),
    ],
)
def test_missing_package_is_named_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, part: str, look: Callable[[], Finding], package: str
) -> None:
    forbid(monkeypatch, package)
    finding = doctor._examined(part, look, ROOT)
    assert finding.seen == f"needs the package {package}, which is missing"
    assert finding.mend is not None
    assert "install" in finding.mend


def test_all_parts_are_looked_at_when_a_package_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forbid(monkeypatch, "duckdb", "matplotlib", "nbgrader")
    found = {finding.part: finding.well for finding in doctor.examine(ROOT)}
    assert found["ports"]
    assert not any(found[part] for part in ("data", "pictures", "nbgrader"))


def test_command_runs_when_a_package_is_missing(tmp_path: Path) -> None:
    """In a process of its own: importing the course's package must not need DuckDB."""
    program = (
        "import sys; sys.modules['duckdb'] = None\n"
        "from ridealong import cli; sys.exit(cli.main(['doctor', '--json']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    found = {finding["part"]: finding for finding in json.loads(done.stdout)}
    assert "duckdb" in found["data"]["seen"]


def test_wrong_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        importlib.metadata,
        "requires",
        lambda name: ["duckdb>=99", "no-such-thing", "rich", "nothing; extra == 'test'"],
    )
    finding = doctor._packages(ROOT)
    assert "duckdb is " in finding.seen
    assert "needed: >=99" in finding.seen
    assert "no-such-thing is missing" in finding.seen
    assert "rich" not in finding.seen
    assert "nothing" not in finding.seen


def test_mend_without_pip_uses_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "distributions", lambda name: iter(()))
    assert "uv sync" in doctor._install(ROOT)
    monkeypatch.setattr(importlib.metadata, "distributions", lambda name: iter((name,)))
    assert "pip install -c constraints.txt -e ." in doctor._install(ROOT)


def test_outside_of_the_course_the_folder_is_asked_for() -> None:
    finding = doctor._course_folder(None)
    assert finding.mend is not None
    assert "change to the folder" in finding.mend


def test_the_kernel_called_python_is_this_python_without_activation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = {"argv": ["python", "-m", "ipykernel_launcher"], "display_name": "x"}
    kernel = tmp_path / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    assert doctor._kernel().well


def test_kernel_of_another_python_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec = {"argv": ["/elsewhere/bin/python", "-m", "ipykernel_launcher"], "display_name": "x"}
    kernel = tmp_path / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    finding = doctor._kernel()
    assert "elsewhere" in finding.seen
    assert finding.mend is not None
    assert "ipykernel install" in finding.mend


def test_missing_front_end_of_the_quizzes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import jupyter_core.paths

    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *parts: [])
    finding = doctor._quizzes()
    assert "anywidget" in finding.seen
    assert not finding.well


def test_unbuilt_data_is_no_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RIDEALONG_DATA", str(tmp_path / "not" / "there"))
    finding = doctor._data(ROOT)
    assert finding.well
    assert "not built yet" in finding.seen
    assert list(tmp_path.iterdir()) == []


def test_damaged_data_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ridealong.dataset import storage

    monkeypatch.setenv("RIDEALONG_DATA", str(tmp_path))
    storage.database_path().write_bytes(b"not a database")
    finding = doctor._data(ROOT)
    assert finding.mend is not None
    assert str(storage.database_path()) in finding.mend


def test_data_with_other_rows_than_the_manifest_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import duckdb

    from ridealong.dataset import storage

    monkeypatch.setenv("RIDEALONG_DATA", str(tmp_path))
    with duckdb.connect(storage.database_path()) as con:
        con.execute("CREATE SCHEMA staging")
        for table in doctor._row_counts(ROOT):
            con.execute(f"CREATE TABLE {table} AS SELECT 1 AS one")
    finding = doctor._data(ROOT)
    assert "has 1 rows, not" in finding.seen
    assert not finding.well


def test_missing_manifest_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ridealong.dataset import storage

    monkeypatch.setenv("RIDEALONG_DATA", str(tmp_path))
    storage.database_path().touch()
    assert doctor._data(tmp_path).mend == "git checkout -- data/manifest.json"


def test_full_disk_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = SimpleNamespace(free=10_000_000)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    finding = doctor._disk(ROOT)
    assert "10 MB free" in finding.seen
    assert finding.mend is not None
    assert "RIDEALONG_DATA" in finding.mend


def test_the_back_end_is_started_and_gone() -> None:
    finding = doctor._back_end()
    assert finding.well
    assert finding.seen.endswith("in SQLite")


def test_a_back_end_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIDEALONG_DATABASE_URL", "mysql://127.0.0.1/rides")
    finding = doctor._back_end()
    assert "mysql" in finding.seen
    assert finding.mend is not None
    assert "RIDEALONG_DATABASE_URL" in finding.mend


@pytest.mark.parametrize(
    ("server", "seen"),
    [
        pytest.param("valkey", "Valkey keeps what it is given", marks=NEEDS_VALKEY),
        ("fakeredis", "fakeredis (a copy in Python) keeps what it is given; it cannot show: "),
    ],
)
def test_cache_is_named_with_what_it_cannot_show(
    server: str, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ridealong.systems.cache import server as serving

    monkeypatch.setattr(serving, "best", lambda: server)
    finding = doctor._cache()
    assert finding.well and finding.seen.startswith(seen)
    lacking = "" if server == "valkey" else "eviction, INFO, append-only file"
    assert finding.seen.endswith(seen + lacking)


def test_outside_cache_is_named_without_its_password(
    redis_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIDEALONG_REDIS_URL", redis_address)
    finding = doctor._cache()
    assert finding.well
    assert finding.seen.startswith("the outside server redis://127.0.0.1:")
    assert finding.seen.endswith("cannot show: eviction, append-only file, being killed")


def test_a_cache_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIDEALONG_REDIS_URL", "redis://:hush@127.0.0.1:1/0")
    finding = doctor._cache()
    assert "does not answer" in finding.seen and "hush" not in finding.seen
    assert finding.mend == "correct RIDEALONG_REDIS_URL, or unset it for a cache of your own"


def test_outside_broker_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from ridealong.systems.broker import server as serving

    monkeypatch.setattr(serving, "ANSWER_SECONDS", 1.5)
    monkeypatch.setenv("RIDEALONG_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    finding = doctor._broker()
    assert "does not answer" in finding.seen
    assert finding.mend == (
        "correct RIDEALONG_KAFKA_BOOTSTRAP, or unset it for a broker of your own"
    )


def test_a_cache_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from ridealong.systems.cache import server as serving

    monkeypatch.setattr(serving, "START_SECONDS", 0.0)
    finding = doctor._cache()
    assert "did not start" in finding.seen
    assert finding.mend is not None
    assert "install" in finding.mend


def test_closed_loopback_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*address: object, **options: object) -> None:
        raise OSError("forbidden")

    monkeypatch.setattr(doctor.socket, "create_connection", refuse)
    finding = doctor._ports()
    assert "forbidden" in finding.seen
    assert not finding.well


@pytest.fixture
def course_folder(tmp_path: Path) -> Path:
    notebook = tmp_path / "notebooks" / "04_sql_one" / "01_rows.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("released", encoding="utf-8")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "course"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    return tmp_path


def test_untouched_release_is_well(course_folder: Path) -> None:
    assert doctor._notebooks_untouched(course_folder).well


def test_work_in_the_release_folder_is_found(course_folder: Path) -> None:
    notebook = course_folder / "notebooks" / "04_sql_one" / "01_rows.ipynb"
    notebook.write_text("my answers", encoding="utf-8")
    finding = doctor._notebooks_untouched(course_folder)
    assert "notebooks/04_sql_one/01_rows.ipynb" in finding.seen
    assert finding.mend is not None
    assert "work/" in finding.mend


def test_quiz_answers_in_the_release_folder_are_found_without_git(tmp_path: Path) -> None:
    folder = tmp_path / "notebooks" / "04_sql_one"
    folder.mkdir(parents=True)
    assert doctor._notebooks_untouched(tmp_path).well
    (folder / "quiz_answers.json").write_text("{}", encoding="utf-8")
    assert "notebooks/04_sql_one" in doctor._notebooks_untouched(tmp_path).seen


def test_release_from_another_folder_is_found(tmp_path: Path) -> None:
    config = "c.CourseDirectory.source_directory = 'source'\n"
    config += "c.CourseDirectory.release_directory = 'release'\n"
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\n{config}", encoding="utf-8")
    finding = doctor._nbgrader(tmp_path)
    assert "releases source to release" in finding.seen


def test_report_has_one_line_per_part_and_one_per_mend() -> None:
    found = [Finding("disk", "9 GB free"), Finding("data", "gone", "build it")]
    assert "\n".join(map(doctor.line, found)).splitlines() == [
        "ok    disk           9 GB free",
        "MEND  data           gone",
        "                     -> build it",
    ]


def test_each_line_is_printed_before_the_next_part_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printed: list[str] = []

    def look(root: Path) -> Iterator[Finding]:
        for part in ("disk", "data"):
            printed.append(capsys.readouterr().out)
            yield Finding(part, "9 GB free")

    monkeypatch.setattr(doctor, "examine", look)
    doctor.run()
    assert printed == ["", "ok    disk           9 GB free\n"]


def test_exit_code_tells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [Finding("disk", "9 GB free")]
    monkeypatch.setattr(doctor, "examine", lambda root: found)
    assert doctor.run() == 0
    found.append(Finding("data", "gone", "build it"))
    assert doctor.run(as_json=True) == 1
    as_json = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [finding["well"] for finding in as_json] == [True, False]
