"""A mutant of a migration plan is the plan with one step elsewhere, missing, or twice."""

import yaml

from ridealong.judging.migration_mutants import mutants, written

PLAN = """
- add: pickup_zone_code
- deploy: new_client_writes_both
- retire: old_client
- backfill: in_batches
"""


def test_steps_are_dropped_moved_doubled_and_replaced() -> None:
    found = {each.change: yaml.safe_load(each.text) for each in mutants(PLAN, {})}
    add, both, retire, backfill = yaml.safe_load(PLAN)

    assert found["without retire: old_client"] == [add, both, backfill]
    swapped = "add: pickup_zone_code behind deploy: new_client_writes_both"
    assert found[swapped] == [both, add, retire, backfill]
    first = "retire: old_client first of all"
    assert found[first] == [retire, add, both, backfill]
    twice = "retire: old_client again behind retire: old_client"
    assert found[twice] == [add, both, retire, retire, backfill]
    other = "backfill: in_one_transaction in place of backfill: in_batches"
    assert found[other] == [add, both, retire, {"backfill": "in_one_transaction"}]


def test_no_two_plans_are_alike() -> None:
    found = [each.text for each in mutants(PLAN, {})]

    assert len(set(found)) == len(found) > 15
    assert written(PLAN) not in found
    assert yaml.safe_load(written(PLAN)) == yaml.safe_load(PLAN)
