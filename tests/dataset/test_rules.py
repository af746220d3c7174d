"""Rules of the company's data, on which it stands that a changed answer is as right as a reference.

An entry under `equal` in `exercises.toml` names its rule; each rule is one query that must find no
row on the public data, on the hidden data and on the twelve rides, also with the rows that an
exercise adds to them.
"""

from collections.abc import Callable, Iterator

import duckdb
import pytest

from ridealong.authoring import sources
from ridealong.dataset.connection import attach, edge_connection
from ridealong.dataset.dictionary import dictionary
from ridealong.dataset.storage import ensure_database
from ridealong.judging.sql.query import HIDDEN_SEED

from ..conftest import COURSE

RULES = {
    "reference-points-to-a-row": " UNION ALL ".join(
        f"SELECT '{table.name}.{column.name}' FROM {table.name} AS one WHERE one.{column.name} IS NOT NULL "
        f"AND one.{column.name} NOT IN (SELECT {dictionary()[column.references].columns[0].name} FROM {column.references})"
        for table in dictionary().values() if table.schema == "main"
        for column in table.columns if column.references
    ),
    "city-names-are-unique": "SELECT name FROM cities GROUP BY name HAVING count(*) > 1",
    "completed-at-only-when-completed": "FROM rides WHERE (status = 'completed') <> (completed_at IS NOT NULL)",
    "completed-ride-has-a-driver": "FROM rides WHERE status = 'completed' AND (driver_id IS NULL OR driver_id NOT IN (SELECT driver_id FROM drivers))",
    "completed-ride-is-whole": "FROM rides WHERE status = 'completed' AND (picked_up_at IS NULL OR distance_mi IS NULL OR fare IS NULL OR driver_pay IS NULL OR cancelled_at IS NOT NULL OR cancelled_by IS NOT NULL)",
    "one-ping-per-driver-and-minute": "SELECT driver_id, ping_at FROM driver_pings GROUP BY ALL HAVING count(*) > 1",
    "one-rating-per-ride-and-side": "SELECT ride_id, rated_by FROM ratings GROUP BY ALL HAVING count(*) > 1",
    "one-row-per-ride": "SELECT ride_id FROM rides GROUP BY ride_id HAVING count(*) > 1",
    "one-row-per-rider": "SELECT user_id FROM users GROUP BY user_id HAVING count(*) > 1",
    "open-rides-are-recent": "FROM rides WHERE status NOT IN ('completed', 'cancelled') AND requested_at < as_of() - INTERVAL 12 HOUR",
    "picked-up-ride-has-a-driver": "FROM rides WHERE picked_up_at IS NOT NULL AND (driver_id IS NULL OR cancelled_at IS NOT NULL OR cancelled_by IS NOT NULL)",
    "pickup-only-under-way-or-completed": "FROM rides WHERE picked_up_at IS NOT NULL AND status NOT IN ('in_progress', 'completed')",
    "processed-unless-pending": "FROM payments WHERE (status = 'pending') <> (processed_at IS NULL)",
    "rated-ride-was-completed": "FROM ratings AS g LEFT JOIN rides AS r USING (ride_id) WHERE r.status IS DISTINCT FROM 'completed'",
    "settlement-amounts-are-short": r"SELECT reference FROM staging.payments_export WHERE NOT regexp_full_match(amount, '\d{1,7}(\.\d\d)?') OR NOT regexp_full_match(fee, '\d{1,7}\.\d\d') UNION ALL SELECT 'total' FROM staging.payments_export HAVING SUM(CAST(amount AS DECIMAL(12, 2)) + CAST(fee AS DECIMAL(12, 2))) >= 100000000",
    "zone-codes-in-capitals": "SELECT zone_code FROM zones WHERE zone_code <> upper(zone_code) UNION ALL SELECT pickup_location FROM rides WHERE pickup_location NOT IN (SELECT zone_code FROM zones)",
}  # fmt: skip
IN_THE_MUTATOR = {
    "city-names-are-unique",
    "completed-at-only-when-completed",
    "completed-ride-has-a-driver",
    "completed-ride-is-whole",
    "one-row-per-ride",
    "picked-up-ride-has-a-driver",
    "processed-unless-pending",
    "rated-ride-was-completed",
    "reference-points-to-a-row",
}
"""Rules by which `judging/sql/mutants.py` leaves out changes that can make no difference."""

MODULES = [sources.load(folder) for folder in sources.folders(COURSE)]
EQUAL = {
    (exercise.id, equal.rule): exercise
    for module in MODULES
    for exercise in module.exercises.values()
    for equal in exercise.equal
    if equal.rule
}
Opened = Callable[[], duckdb.DuckDBPyConnection]


@pytest.fixture(scope="module", params=["public", "hidden", "edge"])
def data(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """Each of the data sets that answers are judged on."""
    if request.param == "edge":
        with edge_connection() as con:
            yield con
        return
    with duckdb.connect() as con:
        attach(con, ensure_database(1, 42 if request.param == "public" else HIDDEN_SEED))
        yield con


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_holds(data: duckdb.DuckDBPyConnection, rule: str) -> None:
    assert data.execute(RULES[rule]).fetchmany(3) == []


@pytest.mark.parametrize(("exercise", "rule"), EQUAL)
def test_a_rule_that_an_exercise_leans_on_holds_with_the_rows_it_adds(
    exercise: str, rule: str
) -> None:
    assert rule in RULES, f"{exercise} names a rule that is not proven here"
    with edge_connection() as con:
        con.execute(EQUAL[exercise, rule].own.get("cases") or "SELECT 1")
        assert con.execute(RULES[rule]).fetchall() == []


def test_every_rule_is_leant_on() -> None:
    assert RULES.keys() == {rule for _, rule in EQUAL} | IN_THE_MUTATOR
