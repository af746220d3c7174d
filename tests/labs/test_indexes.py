"""What an index gives and costs is measured; directions are asserted, never times."""

import pytest

from ridealong.dataset import connect
from ridealong.labs.sql.database import LabError
from ridealong.labs.sql.indexes import SETS, IndexCost, index_cost


@pytest.fixture(scope="module")
def cost() -> IndexCost:
    return index_cost(connection=connect())


def test_index_that_fits_the_question_makes_it_faster(cost: IndexCost) -> None:
    assert cost.read_speedup["user_id"] > 3
    assert cost.read_speedup["user_id, completed_at"] > 3
    assert cost.read_speedup["no index"] == 1


def test_index_on_a_state_that_most_rides_have_is_no_help(cost: IndexCost) -> None:
    assert cost.read_speedup["status"] < 2
    assert cost.rows_visited["status"] > cost.rows / 2


def test_every_index_is_paid_for_at_each_insert_and_on_disk(cost: IndexCost) -> None:
    assert cost.write_slowdown["four indexes"] > 1.5
    assert cost.write_slowdown["four indexes"] > cost.write_slowdown["user_id"]
    assert 1 < cost.size_ratio["user_id"] < cost.size_ratio["four indexes"]


def test_plans_and_rows_looked_at_are_the_same_on_every_machine(cost: IndexCost) -> None:
    con = connect()
    rides, of_the_rider, recent, both = con.execute(
        """SELECT count(*), count(*) FILTER (WHERE user_id = 123),
                  count(*) FILTER (WHERE completed_at >= '2026-02-28'),
                  count(*) FILTER (WHERE user_id = 123 AND completed_at >= '2026-02-28')
           FROM rides"""
    ).fetchall()[0]

    assert cost.rows_visited["no index"] == cost.rows == rides
    assert cost.rows_visited["user_id"] == of_the_rider
    assert cost.rows_visited["completed_at, user_id"] == recent
    assert cost.rows_visited["user_id, completed_at"] == both
    assert cost.plans["no index"].startswith("SCAN rides")
    assert "SEARCH rides USING INDEX" in cost.plans["user_id"]
    assert "TEMP B-TREE" not in cost.plans["user_id, completed_at"]  # the order comes for nothing


def test_stored_text_holds_nothing_that_is_measured(cost: IndexCost) -> None:
    bundle = cost._repr_mimebundle_()

    assert repr(cost) == bundle["text/plain"]
    assert set(bundle) <= {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert repr(cost) == repr(index_cost(dict(SETS), connection=connect()))


@pytest.mark.parametrize(
    ("sets", "wanted"),
    [
        ({"x": [["fare"]]}, "no column 'fare'"),
        ({"x": ["user_id"]}, r"wanted a list of columns for each index, such as \[\['user_id'\]\]"),
        ({str(n): [["user_id"]] for n in range(9)}, "too many"),
    ],
)
def test_sets_that_cannot_be_measured_are_told(sets: dict, wanted: str) -> None:
    with pytest.raises(LabError, match=wanted):
        index_cost(sets, connection=connect())
