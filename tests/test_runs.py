"""Which tests run together, in which order, and how a run is narrowed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ridealong.authoring import testing

ROOT = Path(__file__).parents[1]
MODULES = sorted(path.name for path in (ROOT / "solutions").glob("[0-9]*") if path.is_dir())


@pytest.fixture
def shared(pytestconfig: pytest.Config) -> Any:
    """The module `tests/conftest.py`."""
    return pytestconfig.pluginmanager.get_plugin(str(ROOT / "tests" / "conftest.py"))


def collected(*arguments: str) -> set[str]:
    """The files that pytest would run, without running them."""
    found = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "-p",
            "no:cacheprovider",
            *arguments,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return {line for line in found.stdout.splitlines() if "::" in line}


def test_a_run_can_be_narrowed_to_a_module_and_to_one_notebook_of_each() -> None:
    wanted = MODULES[1]
    notebooks = "tests/notebooks/test_syllabus.py"

    found = collected("solutions", notebooks, f"--module={wanted}", "--one-notebook-per-module")

    files = {line.partition("::")[0] for line in found}
    first = min((ROOT / "solutions" / wanted).glob("*.ipynb"))
    assert files == {notebooks, first.relative_to(ROOT).as_posix()}
    assert any(f"[{wanted}" in line for line in found)
    assert not any(f"[{other}" in line for line in found for other in MODULES if other != wanted)


def test_tests_of_a_module_share_a_process_and_files_do_otherwise(shared: Any) -> None:
    parts = {
        "tests/notebooks/test_grading.py::test_mistakes[04_sql_one/mid-payments]": "[04_sql_one]",
        "tests/notebooks/test_grading.py::test_reference[05_schema]": "[05_schema]",
        "tests/notebooks/test_release.py::test_stage_is_fresh[docs]": "",
        "tests/notebooks/test_mutants.py::test_a[06_sql_two-second-rides]": "[06_sql_two]",
        "tests/judging/test_judge.py::test_a[1]": "",
        "solutions/04_sql_one/01_rows.ipynb::Cell 3": "",
    }
    for nodeid, module in parts.items():
        assert shared.part_of(nodeid) == nodeid.partition("::")[0] + module


def test_what_takes_long_is_there_and_comes_first(shared: Any) -> None:
    for name in shared.LONGEST_FIRST:
        assert (ROOT / name).exists(), f"{name} is no longer there"
    ranks = [shared.rank(f"{name}[x]") for name in shared.LONGEST_FIRST]
    assert ranks == sorted(ranks)
    assert shared.rank("tests/test_cli.py") > max(ranks)


def test_the_command_runs_what_concerns_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        started.append(command)
        return subprocess.CompletedProcess(command, 5)

    monkeypatch.chdir(ROOT / "solutions")
    monkeypatch.setattr(testing.subprocess, "run", run)

    assert testing.run([]) == 5
    assert testing.run(MODULES[:1], ["-k", "mistakes"]) == 5

    program = [sys.executable, "-m", "pytest"]
    module = MODULES[0]
    narrowed = [f"--module={module}", f"solutions/{module}", "tests/notebooks", "-k", "mistakes"]
    assert started == [program, [*program, *narrowed]]
    assert all((ROOT / path).exists() for path in narrowed[1:3])


def test_an_unknown_module_is_named_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)

    assert testing.run([MODULES[0][:-1]]) == 2
    assert f'did you mean "{MODULES[0]}"?' in capsys.readouterr().err


def test_missing_pytest_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(testing.importlib.util, "find_spec", lambda name: None)

    assert testing.run([]) == 2
    assert '-m pip install -c constraints.txt -e ".[test]"' in capsys.readouterr().err
