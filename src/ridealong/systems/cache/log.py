"""The log of a replay: one row for each look, as a table for SQL."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from ridealong.engine.tables import Table
from ridealong.service.caching import read_policy
from ridealong.systems.cache.keepers import InMemory
from ridealong.systems.cache.replay import Measured, Replay, Situation
from ridealong.systems.cache.traffic import evening

NAME: Final = "replay_log"

LOG: Final = {
    "seen_at": ("DOUBLE", "seconds since the evening began"),
    "city_id": ("SMALLINT", "of the rider"),
    "zone_code": ("VARCHAR", "where the rider is"),
    "is_hit": ("BOOLEAN", "whether the cache answered"),
    "shown_cars": ("INTEGER", "free cars in the zone, on the map"),
    "free_cars": ("INTEGER", "free cars in the zone, in truth"),
    "stale_seconds": ("DOUBLE", "for how long what was shown had not been true any more"),
    "waited_ms": ("DOUBLE", "for the answer, in milliseconds of the replay's clock"),
}
"""The columns of `replay_log`: type, and what stands there."""

TYPES: Final = {column: kind for column, (kind, _) in LOG.items()}


def table_of(run: Measured) -> Table:
    """Return the log of a replay."""
    rows = [
        (
            round(each.at, 3), each.city, each.zone, each.hit, each.shown, each.there,
            round(each.stale_seconds, 3), round(each.waited_ms, 1),
        )
        for each in run.looks
    ]  # fmt: skip
    return Table(TYPES, rows)


def replayed(policy: Mapping[str, Any], name: str, seed: int) -> Table:
    """Return the log of an evening replayed in memory by a policy, the same at each call.

    Args:
        policy: what `read_policy` takes.
        name: of the evening.
        seed: of what the data do not record.

    Raises:
        PolicyError: when it holds no policy.
    """
    return _of_evening(json.dumps(policy), name, seed)


@lru_cache(maxsize=8)
def _of_evening(policy: str, name: str, seed: int) -> Table:
    read = read_policy(json.loads(policy))
    return table_of(Replay(read, evening(name, seed=seed), InMemory(), Situation()).run())
