import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ridealong import answers
from ridealong.answers import running
from ridealong.dataset.connection import edge_connection


@pytest.fixture
def con(monkeypatch) -> duckdb.DuckDBPyConnection:
    """The notebook's connection, to the data set of twelve rides."""
    con = edge_connection()
    monkeypatch.setattr(running, "current_connection", lambda: con)
    return con


@pytest.fixture
def shell(con) -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance()
    answers.register(shell)
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def run(shell) -> Callable[..., Any]:
    """Run a cell as a notebook does; gives its result, and what it printed as `.stdout`."""

    def run(source: str):
        with capture_output() as shown:
            result = shell.run_cell(source)
        result.stdout, result.stderr = shown.stdout, shown.stderr
        return result

    return run


@pytest.fixture
def notebook(tmp_path) -> Callable[..., Path]:
    """Write a notebook of the given cells; a cell is a source, or a source with its metadata."""

    def write(*cells: Any) -> Path:
        path = tmp_path / "answers.ipynb"
        content = {
            "cells": [_cell(each) for each in cells],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


def _cell(content: Any) -> Any:
    if not isinstance(content, str | tuple):
        return content
    source, more = content if isinstance(content, tuple) else (content, {})
    cell = {"cell_type": "code", "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | {"outputs": [], "execution_count": None} | more
