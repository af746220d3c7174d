from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ridealong.dataset.connection import edge_connection
from ridealong.notebook import magics, running


@pytest.fixture
def con(monkeypatch) -> duckdb.DuckDBPyConnection:
    """The notebook's connection, to the data set of twelve rides."""
    con = edge_connection()
    monkeypatch.setattr(running, "current_connection", lambda: con)
    return con


@pytest.fixture
def shell(con) -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance()
    magics.register(shell)
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
