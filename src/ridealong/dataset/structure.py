"""Types and keys of the company's tables, as the database itself declares them."""

from functools import cache

from ridealong.dataset.connection import edge_connection


@cache
def column_types() -> dict[tuple[str, str], str]:
    """Return the SQL type of every column, by table (as a query names it) and column."""
    with edge_connection() as con:
        found = con.execute(
            """
            SELECT table_schema, table_name, column_name, data_type
            FROM information_schema.columns
            WHERE table_catalog = 'ridealong'
            ORDER BY table_schema, table_name, ordinal_position
            """
        ).fetchall()
    return {(_queried(schema, name), column): kind for schema, name, column, kind in found}


@cache
def primary_keys() -> dict[str, tuple[str, ...]]:
    """Return the key columns of every table that has a primary key."""
    with edge_connection() as con:
        found = con.execute(
            """
            SELECT schema_name, table_name, constraint_column_names
            FROM duckdb_constraints()
            WHERE database_name = 'ridealong' AND constraint_type = 'PRIMARY KEY'
            """
        ).fetchall()
    return {_queried(schema, name): tuple(columns) for schema, name, columns in found}


def _queried(schema: str, name: str) -> str:
    return name if schema == "main" else f"{schema}.{name}"
