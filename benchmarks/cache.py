"""Measure replays and single reads on each cache server: `python benchmarks/cache.py`.

In one run, one after the other: in memory, Valkey, fakeredis, and an outside server where
`RIDEALONG_REDIS_URL` names one. Told are the seconds of a whole evening by a plain policy and by
one that counts changes and lets one read for all, the median of a read (GET) with its p99, and how
long a start takes. The exit code is 1 when two servers do not count alike, or a replay takes longer
than a cell of a notebook may.
"""

import argparse
import os
import statistics
import sys
import time
from contextlib import nullcontext
from typing import Any

from ridealong.service.caching import read_policy
from ridealong.systems.cache.keepers import InCache, InMemory
from ridealong.systems.cache.replay import replayed
from ridealong.systems.cache.server import VARIABLE, Cache, best
from ridealong.systems.cache.traffic import evening

LONGEST_SECONDS = 15.0
GETS = 2_000
PLAIN = {"key": "{city}:{zone}", "ttl_seconds": 5, "never_shared": ["offer"]}
CAREFUL = PLAIN | {
    "ttl_seconds": 20, "on_write": "delete", "late_fills": "refuse", "single_flight": True,
}  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evening", default="public")
    options = parser.parse_args()
    of = evening(options.evening)
    servers = ["memory", *dict.fromkeys([best(), "fakeredis"])]
    if os.environ.get(VARIABLE):
        servers.append("")
    print(
        f"{len(of.events):,} events\n{'':<34}{'start s':>9}{'plain s':>9}{'careful s':>11}"
        f"{'GET ms':>9}{'p99 ms':>9}"
    )
    counted: list[Any] = []
    slowest = 0.0
    for server in servers:
        began = time.perf_counter()
        cache = None if server == "memory" else Cache(server).start()
        start = time.perf_counter() - began
        with cache or nullcontext():
            keeper: Any = InCache(cache) if cache else InMemory()
            seconds = []
            for policy in (PLAIN, CAREFUL):
                keeper.clear()
                began = time.perf_counter()
                run = replayed(read_policy(policy), of, keeper)
                seconds.append(time.perf_counter() - began)
                counted.append((run.counts(), run.memory_bytes))
            keeper.set("x", "y" * 200, 60)
            waits = []
            for _ in range(GETS):
                began = time.perf_counter()
                keeper.get("x")
                waits.append((time.perf_counter() - began) * 1000)
            described = cache.described if cache else "a dictionary"
        slowest = max(slowest, *seconds)
        print(
            f"{described:<34}{start:>9.2f}{seconds[0]:>9.2f}{seconds[1]:>11.2f}"
            f"{statistics.median(waits):>9.3f}{statistics.quantiles(waits, n=100)[98]:>9.3f}"
        )
    alike = all(each == counted[place % 2] for place, each in enumerate(counted))
    print(f"the servers {'count alike' if alike else 'DO NOT count alike'}")
    print(f"the slowest replay took {slowest:.1f} s, a cell may take {LONGEST_SECONDS:g} s")
    sys.exit(not alike or slowest > LONGEST_SECONDS)


if __name__ == "__main__":
    main()
