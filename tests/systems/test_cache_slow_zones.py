"""A source that takes longer for each zone: a read of a city pays for all of its zones."""

import pytest

from ridealong.service.caching import Policy
from ridealong.systems.cache.replay import Measured, Situation, replayed
from ridealong.systems.cache.traffic import evening

CITY = Policy(key="{city}", ttl_seconds=5)
ZONE = Policy(key="{city}:{zone}", ttl_seconds=5)


def run(policy: Policy | None, zone_seconds: float) -> Measured:
    return replayed(policy, evening(), None, Situation(zone_seconds=zone_seconds))


def test_a_source_that_is_not_slow_for_zones_is_the_usual_one() -> None:
    assert run(CITY, 0).counts() == replayed(CITY, evening()).counts()


@pytest.mark.parametrize(("policy", "zones"), [(CITY, 12), (ZONE, 1), (None, 1)])
def test_a_read_pays_for_each_zone_that_it_covers(policy: Policy | None, zones: int) -> None:
    shortest = min(each.waited_ms for each in run(policy, 0.2).looks if not each.hit)
    longer = shortest - min(each.waited_ms for each in run(policy, 0).looks if not each.hit)

    # Whoever looks while somebody's read is under way begins one of their own, which is no shorter.
    assert longer == pytest.approx(200 * zones, abs=1)


def test_the_key_that_wins_changes_with_the_cost_of_a_zone() -> None:
    flat, slow = ({p.key: run(p, cost) for p in (CITY, ZONE)} for cost in (0.0, 0.2))

    assert flat[CITY.key].reads_per_second < flat[ZONE.key].reads_per_second / 3
    assert flat[CITY.key].waited_ms(0.95) <= flat[ZONE.key].waited_ms(0.95)
    assert slow[CITY.key].reads_per_second > slow[ZONE.key].reads_per_second
    assert slow[CITY.key].waited_ms(0.95) > 5 * slow[ZONE.key].waited_ms(0.95)
    assert slow[CITY.key].most_at_once[0] > 3 * slow[ZONE.key].most_at_once[0]
