"""Put a table of rows beside the company's data, for one connection alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the types of their columns.

    Attributes:
        types: DuckDB's type of each column, by name.
        rows: each as long as there are columns.
    """

    types: Mapping[str, str]
    rows: Sequence[tuple[Any, ...]]


def put(con: duckdb.DuckDBPyConnection, name: str, table: Table) -> None:
    """Make a temporary table of some rows; one of the same name is replaced.

    Raises:
        duckdb.Error: when a row does not fit.
    """
    columns = ", ".join(f"{column} {kind}" for column, kind in table.types.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    if not table.rows:
        return
    lists = ", ".join(f"unnest(${column}::{kind}[])" for column, kind in table.types.items())
    values = {
        column: [row[place] for row in table.rows] for place, column in enumerate(table.types)
    }
    con.execute(f"INSERT INTO {name} SELECT {lists}", values)
