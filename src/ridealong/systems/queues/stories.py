"""Evenings of completed rides, with what goes wrong on them: recorded rides, seeded accidents.

The rides are those of the concert evenings of `systems.cache.traffic`: who rode where and until when
is in the company's data, and four hours pass in twelve minutes. What the data do not record is made
from a seed: that the fare of one ride in five is corrected seconds later, and who is killed when.
"""

import json
import random
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final

from ridealong.systems.cache.traffic import EVENINGS, FASTER, SECONDS
from ridealong.systems.queues.design import STEPS
from ridealong.systems.queues.virtual import Crash, Outage, Story
from ridealong.systems.queues.work import POINTS, RideEvent

WORK_SECONDS: Final = {"charge": 0.9, "receipt": 1.2, "rating_prompt": 0.2}
"""How long each step takes: a call to a provider, a document and a letter, a message."""

CORRECTED: Final = 5  # one ride in so many
CORRECTED_AFTER_SECONDS: Final = (0.5, 4.0)
UNREADABLE: Final = 2
OUTAGE_SECONDS: Final = 20.0
BROKER_SECONDS: Final = 5.0

TROUBLES: Final = ("crashes", "outages", "unreadable", "broker", "producers")
"""What may go wrong: consumers are killed, providers are away, a message that nobody can read, the
broker is away, the service and the relay are killed."""

MORE_TROUBLES: Final = ("refused",)
"""What goes wrong only where it is asked for: the provider refuses one charge each time."""


@cache
def rides(name: str) -> tuple[tuple[float, int, int], ...]:
    """Return when each ride was completed, its number and its city, in order of time.

    Args:
        name: public or hidden.
    """
    recorded = json.loads(files("ridealong.systems.cache").joinpath("evenings.json").read_text())
    asks = recorded[str(EVENINGS[name])]["asks"]
    found = []
    for number, (second, city, _, _, _, busy) in enumerate(asks):
        if busy:
            at = (second + busy) / FASTER
            if at < SECONDS:
                found.append((at, 5_000_001 + number, city))
    return tuple(sorted(found))


def story(
    name: str = "public",
    *,
    seed: int = 0,
    troubles: Collection[str] = TROUBLES,
    points: Collection[str] = POINTS,
    times_as_many: int = 1,
) -> Story:
    """Return an evening; the same for the same seed.

    Args:
        name: public or hidden.
        seed: of what the data do not record.
        troubles: what goes wrong, of `TROUBLES` and `MORE_TROUBLES`.
        points: where consumers are killed, of `work.POINTS`.
        times_as_many: how many rides end for each recorded one.
    """
    chance = random.Random(f"{name} queues {seed}")
    events = []
    for at, ride_id, city in rides(name):
        for copy in range(times_as_many):
            number = ride_id + copy * 1_000_000
            happened = at + (chance.uniform(0, 2.0) if copy else 0.0)
            events.append(RideEvent(f"{number}-1", number, city, 1, happened))
            if chance.randrange(CORRECTED) == 0:
                later = happened + chance.uniform(*CORRECTED_AFTER_SECONDS)
                events.append(RideEvent(f"{number}-2", number, city, 2, later))
    events.sort(key=lambda each: each.happened_at)
    made = Story(name, tuple(events), WORK_SECONDS, seed=seed)
    if "unreadable" in troubles:
        times = tuple(sorted(chance.uniform(60, SECONDS - 60) for _ in range(UNREADABLE)))
        made = replace(made, unreadable_at=times)
    if "outages" in troubles:
        made = replace(made, outages=tuple(_outages(chance)))
    if "broker" in troubles:
        begins = chance.uniform(120, 240)
        away = Outage("broker", begins, begins + BROKER_SECONDS)
        made = replace(made, outages=(*made.outages, away))
    if "refused" in troubles:  # a chance of its own, so that the rest of the evening stays as it is
        event = random.Random(f"{name} refused {seed}").choice(events)
        made = replace(made, refused=(("charge", event.event_id),))
    crashes: list[Crash] = []
    if "crashes" in troubles:
        chosen = iter(chance.sample(events, len(STEPS) * len(POINTS)))
        crashes += [
            Crash(step, event.event_id, point)
            for step in STEPS
            for point in POINTS
            if (event := next(chosen)) and point in points
        ]
    if "producers" in troubles:
        service, relay = chance.sample(events, 2)
        crashes += [Crash("service", service.event_id), Crash("relay", relay.event_id)]
    return replace(made, crashes=tuple(crashes))


def _outages(chance: random.Random) -> list[Outage]:
    found = []
    for step in ("receipt", "charge"):
        begins = chance.uniform(300, 420)
        found.append(Outage(step, begins, begins + OUTAGE_SECONDS))
    return found
