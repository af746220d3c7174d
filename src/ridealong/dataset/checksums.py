"""Content checksums: the same for the same rows, whatever their order and the DuckDB version."""

from collections.abc import Iterable

import duckdb

_PRIME = 18446744073709551557  # the largest prime below 2^64
_NULL = "~"


def checksum(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return the content checksum of a table as a decimal number.

    Every row is written as text, its MD5 hash taken as a number, and the numbers added up, so that
    order plays no part.

    Args:
        con: A connection in which `table` can be read.
        table: The table's name, with its schema unless that is `main`.

    Raises:
        duckdb.Error: There is no such table.
    """
    columns = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
    row_text = ", ".join(f"coalesce(\"{column}\"::VARCHAR, '{_NULL}')" for column in columns)
    (total,) = con.execute(
        f"SELECT coalesce(sum(md5_number_lower(concat_ws('|', {row_text}))::HUGEINT), 0) "
        f"% {_PRIME}::HUGEINT FROM {table}"
    ).fetchall()[0]
    return str(total)


def checksums(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> dict[str, str]:
    """Return the content checksum of each table."""
    return {table: checksum(con, table) for table in tables}
