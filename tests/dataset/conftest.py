"""Databases that the tests of the generator share: built once, opened read-only."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from ridealong.dataset.build import BuildReport, build_database


@dataclass(frozen=True, slots=True)
class Built:
    """A built database, an open connection to it, and what the build reported."""

    path: Path
    con: duckdb.DuckDBPyConnection
    report: BuildReport


def _built(folder: Path, scale: float) -> Iterator[Built]:
    path = folder / "ridealong.duckdb"
    report = build_database(path, scale=scale, seed=42, threads=2, checksums=True)
    with duckdb.connect(str(path), read_only=True) as con:
        yield Built(path, con, report)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Scale 0.1: 1,000 users."""
    yield from _built(tmp_path_factory.mktemp("small"), 0.1)


@pytest.fixture(scope="session")
def standard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Scale 1: 10,000 users, the database of the course."""
    yield from _built(tmp_path_factory.mktemp("standard"), 1)
