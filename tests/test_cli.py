"""The command line: what it accepts, where it sends it, what it exits with."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ridealong import authoring, cli, doctor, study
from ridealong.authoring import pins, testing


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ridealong", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


@pytest.fixture
def studied(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(study, "study", lambda **options: calls.append(options))
    return calls


def test_module_and_version() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("ridealong 0.")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    told = capsys.readouterr().out
    assert all(
        f"\n    {command} " in told for command in ("study", "doctor", "build", "test", "pins")
    )


HEAVY = ("IPython", "anywidget", "duckdb", "ipywidgets", "matplotlib", "nbformat", "nbgrader")


@pytest.mark.parametrize("arguments", [["--help"], ["study", "--help"], ["build", "--help"]])
def test_help_loads_nothing_that_it_does_not_need(arguments: list[str]) -> None:
    """In a process of its own: it is the first thing that a newcomer waits for."""
    program = (
        "import sys; from ridealong import cli\n"
        f"try: cli.main({arguments!r})\n"
        f"finally: print([name for name in {(*HEAVY, 'numpy', 'pandas', 'rich')!r} "
        "if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert "usage: ridealong" in done.stdout
    assert done.stderr == "[]\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["sing"], ["study", "--por", "1"], ["study", "--port", "x"], ["doctor", "--", "--debug"]],
)
def test_wrong_command_line_says_what_is_known(
    arguments: list[str], studied: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage: ridealong" in capsys.readouterr().err
    assert studied == []


def test_study_hands_its_options_on(studied: list[dict[str, Any]]) -> None:
    assert cli.main(["study"]) == 0
    assert cli.main(["study", "--no-browser", "--port", "9000", "--", "--debug", "--port=1"]) == 0
    assert cli.main(["study", "--copy-only"]) == 0
    plain = {"copy_only": False, "browser": True, "port": None, "extra": []}
    assert studied == [
        plain,
        plain | {"browser": False, "port": 9000, "extra": ["--debug", "--port=1"]},
        plain | {"copy_only": True},
    ]


def test_study_error_is_one_line_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**options: object) -> None:
        raise study.StudyError("no notebooks here. Change the folder.")

    monkeypatch.setattr(study, "study", fail)
    assert cli.main(["study"]) == 2
    assert capsys.readouterr().err == "no notebooks here. Change the folder.\n"


def test_stopping_by_hand_is_no_failure_of_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(**options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(study, "study", stop)
    assert cli.main(["study"]) == 130
    assert "Stopped" in capsys.readouterr().out


@pytest.mark.parametrize("code", [0, 1])
def test_doctor_gives_its_exit_code(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    asked: list[bool] = []

    def examine(*, as_json: bool) -> int:
        asked.append(as_json)
        return code

    monkeypatch.setattr(doctor, "run", examine)
    assert cli.main(["doctor", "--json"]) == code
    assert asked == [True]


@pytest.mark.parametrize("arguments", [["--check"], ["--help"], ["release", "--", "x"], []])
def test_build_is_handed_on_whole(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    handed: list[Sequence[str]] = []

    def build(argv: list[str]) -> int:
        handed.append(argv)
        return 7

    monkeypatch.setattr(authoring, "main", build)
    assert cli.main(["build", *arguments]) == 7
    assert handed == [arguments]


def test_test_hands_its_options_on(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[tuple[list[str], list[str]]] = []

    def run_tests(modules: list[str], extra: list[str]) -> int:
        handed.append((modules, extra))
        return 4

    monkeypatch.setattr(testing, "run", run_tests)
    assert cli.main(["test"]) == 4
    assert cli.main(["test", "04_sql_one", "--", "-k", "mistakes"]) == 4
    assert handed == [([], []), (["04_sql_one"], ["-k", "mistakes"])]


def test_pins_hands_its_options_on(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[dict[str, bool]] = []

    def run_pins(**options: bool) -> int:
        handed.append(options)
        return 3

    monkeypatch.setattr(pins, "run", run_pins)
    assert cli.main(["pins", "--upgrade"]) == 3
    assert handed == [{"upgrade": True, "check": False}]
