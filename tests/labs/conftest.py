"""A company small enough to check by hand."""

import duckdb
import pytest


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Three drivers, four rides, five payments."""
    con = duckdb.connect()
    con.execute(
        """
        CREATE TABLE drivers AS SELECT * FROM (VALUES
            (1, 'Mara', 'active', 4.90), (2, 'Noor', 'active', NULL),
            (3, 'Otto', 'suspended', 4.50)) AS t(driver_id, name, status, rating);
        CREATE TABLE rides AS SELECT * FROM (VALUES
            (10, 1, 'completed', TIMESTAMP '2026-01-01 00:00:00'),
            (11, 1, 'completed', TIMESTAMP '2026-01-31 00:00:00'),
            (12, 3, 'completed', TIMESTAMP '2026-01-31 09:00:00'),
            (13, NULL, 'requested', TIMESTAMP '2026-02-01 00:00:00'))
            AS t(ride_id, driver_id, status, requested_at);
        CREATE TABLE payments AS SELECT * FROM (VALUES
            (1, 10, 12.50), (2, 10, 2.00), (3, 11, 8.00), (4, 12, 9.00), (5, 12, 9.00))
            AS t(payment_id, ride_id, amount);
        """
    )
    return con
