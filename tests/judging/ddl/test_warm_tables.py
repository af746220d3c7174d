"""A database that is kept warm holds nothing of the schema before, functions included."""

import duckdb
import pytest

from ridealong.judging.ddl import attacks, names
from ridealong.judging.ddl import tables as ddl
from ridealong.judging.ddl.tables import Tables


@pytest.fixture(autouse=True)
def nothing_idle() -> None:
    """No database of another test waits to be used again."""
    while ddl._idle:
        ddl._idle.pop().close()


@pytest.mark.parametrize("place", ["", "main."])
def test_a_macro_is_not_there_for_the_next_schema(place: str) -> None:
    before = Tables(f"CREATE TABLE one (i INT); CREATE MACRO {place}left_behind(a) AS a + 1;")
    assert before.connection.execute("SELECT left_behind(1)").fetchall() == [(2,)]
    before.close()

    after = Tables("CREATE TABLE two (i INT)")

    with pytest.raises(duckdb.CatalogException, match="left_behind"):
        after.connection.execute("SELECT left_behind(1)")
    after.close()


def test_a_database_without_remains_is_used_again() -> None:
    before = Tables("CREATE TABLE one (i INT)")
    con = before.connection
    before.close()

    after = Tables("CREATE TABLE two (i INT)")

    assert after.connection is con
    after.close()


FARES = """
    CREATE TABLE rides (ride_id BIGINT PRIMARY KEY, user_id BIGINT, driver_id BIGINT,
                        pickup_location VARCHAR, dropoff_location VARCHAR, status VARCHAR,
                        requested_at TIMESTAMP, completed_at TIMESTAMP, fare {});"""


@pytest.mark.parametrize(
    ("kind", "held", "did"),
    [
        ("DECIMAL(10, 2)", True, "let it pass"),
        ("DECIMAL(10, 1)", False, "answered (1234.6) instead of (1234.56)"),
        ("DECIMAL(3, 2)", False, "refused it"),
    ],
)
def test_a_wrong_reply_is_not_held(kind: str, held: bool, did: str) -> None:
    """The attack adds a fare of 1,234.56, which both wide types take, and asks for it."""
    tables = Tables(FARES.format(kind))
    found = names.resolve(tables.structure, attacks.fields(), {})

    (outcome,) = attacks.run(tables, tables.structure, found, ["long-fare"], "public")

    tables.close()
    assert (outcome.held, outcome.did) == (held, did)
