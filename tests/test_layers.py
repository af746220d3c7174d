"""The order of the package's rooms, which pyproject.toml states, and what judging loads."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"IPython", "anywidget", "ipywidgets", "matplotlib", "nbgrader", "pandas"}


def test_each_room_knows_only_what_stands_below_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as l; l()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("ridealong", HEAVY | {"duckdb", "yaml"}),
        ("ridealong.judging", HEAVY | {"httpx", "jsonschema"}),
        ("ridealong.judging.contract", HEAVY),
        ("ridealong.service", HEAVY),
        ("ridealong.answers", HEAVY),
        ("ridealong.systems.migration", HEAVY),
        ("ridealong.judging.worker", HEAVY),
    ],
)
def test_what_a_grader_loads_needs_no_notebook(module: str, heavy: set[str]) -> None:
    code = f"import sys, {module}; print(*{{each.partition('.')[0] for each in sys.modules}})"

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "ridealong" in loaded
    assert heavy & set(loaded) == set()


def test_a_token_loads_no_application() -> None:
    """The back end is a process of its own: a notebook's first caller does not wait for it twice."""
    code = (
        "import sys; from ridealong.service import Service, Settings; "
        "Service(Settings()).token('rider-5', 'rider'); print('fastapi' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False"]
