"""The same data and the same answers on DuckDB 1.5, the version that runs in the browser."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from ridealong.authoring import cells, sources
from ridealong.judging.sql.query import log_of, tables_of

from .conftest import Built

COURSE = Path(__file__).parents[2]
MODULES = [folder.name for folder in sources.folders(COURSE)]

BUILD_WITHOUT_THE_LEARNERS_NAMES = """
import json, sys, types
from pathlib import Path
source, path = sys.argv[1:]
for name in ("ridealong", "ridealong.dataset"):  # their __init__ would import everything
    package = types.ModuleType(name)
    package.__path__ = [str(Path(source, *name.split(".")))]
    sys.modules[name] = package
from ridealong.dataset.build import build_database
report = build_database(Path(path), scale=0.1, seed=42, checksums=True)
print(json.dumps([report.row_counts, report.checksums]))
"""

ASK = """
import json, sys
import duckdb
path = sys.argv[1]
con = duckdb.connect()
con.execute("SET TimeZone = 'UTC'")
con.execute(f"ATTACH '{path}' AS ridealong (READ_ONLY)")
con.execute("USE ridealong")
def plain(value):
    return f"{value:.9g}" if isinstance(value, float) else str(value)
found = {}
for name, sql, parameters, tables in json.load(sys.stdin):
    for table, (types, path) in tables.items():
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM read_csv('{path}', columns = {types})")
    for values in parameters:
        con.execute(sql, values or None)
        columns = [column[0] for column in con.description]
        rows = sorted([plain(value) for value in row] for row in con.fetchall())
        found[f"{name} {values}"] = [columns, rows]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def python_15(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has DuckDB 1.5."""
    given = os.environ.get("RIDEALONG_DUCKDB_15_PYTHON")
    if given:
        return Path(given)
    cache = tmp_path_factory.getbasetemp().parent / "duckdb-1.5"
    python = cache / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    commands = [
        ["uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(cache)],
        ["uv", "pip", "install", "--quiet", "--python", str(python), "duckdb==1.5.*"],
    ]
    if not python.exists() or not version(python).startswith("1.5."):
        try:
            for command in commands:
                # away from the course folder, whose pins name another version
                subprocess.run(
                    command, check=True, capture_output=True, timeout=300, cwd=cache.parent
                )
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"uv could not make an environment with DuckDB 1.5: {error}")
    return python


@pytest.fixture(scope="module")
def built_on_15(
    python_15: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, int], dict[str, str]]:
    """The database of scale 0.1 as DuckDB 1.5 builds it: path, row counts, checksums."""
    path = tmp_path_factory.mktemp("duckdb_15") / "on-1.5.duckdb"
    told = run(python_15, BUILD_WITHOUT_THE_LEARNERS_NAMES, str(COURSE / "src"), str(path))
    row_counts, checksums = json.loads(told)
    return path, row_counts, checksums


def version(python: Path) -> str:
    return run(python, "import duckdb; print(duckdb.__version__)").strip()


def run(python: Path, code: str, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [str(python), "-c", code, *arguments],
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def references(module: str) -> list[tuple[sources.Exercise, str]]:
    """Return every query among a module's reference answers, with its exercise."""
    loaded = sources.load(COURSE / "solutions" / module)
    found = []
    for path in loaded.notebooks:
        for cell in nbformat.read(path, as_version=4).cells:
            exercise = loaded.exercises.get(cell.id)
            if exercise is not None and exercise.kind == "sql":
                found.append((exercise, cells.solution(cell.source)))
    return found


def written(policy: dict[str, Any], folder: Path) -> dict[str, tuple[dict[str, str], str]]:
    """Write the tables that stand beside the data; return types and file of each, by name."""
    found = {}
    for name, table in tables_of(log_of("public", policy)).items():
        folder.mkdir()
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([list(table.types), *table.rows])
        found[name] = (dict(table.types), str(path))
    return found


def test_it_is_that_version(python_15: Path) -> None:
    assert version(python_15).startswith("1.5.")


def test_checksums_are_the_same(
    small: Built, built_on_15: tuple[Path, dict[str, int], dict[str, str]]
) -> None:
    _, row_counts, checksums = built_on_15

    assert row_counts == small.report.row_counts
    assert checksums == small.report.checksums


@pytest.mark.parametrize("module", [each for each in MODULES if references(each)])
def test_reference_answers_give_the_same_rows(
    small: Built,
    built_on_15: tuple[Path, dict[str, int], dict[str, str]],
    python_15: Path,
    module: str,
    tmp_path: Path,
) -> None:
    asked = [
        (
            exercise.id,
            sql,
            exercise.own.get("parameters") or [{}],
            written(exercise.own.get("replay_log") or {}, tmp_path / exercise.id),
        )
        for exercise, sql in references(module)
    ]
    given = json.dumps(asked)

    here = json.loads(run(Path(sys.executable), ASK, str(small.path), given=given))
    there = json.loads(run(python_15, ASK, str(built_on_15[0]), given=given))

    assert len(here) >= len(asked) > 0
    assert [name for name in here if here[name] != there[name]] == []
