"""`on_write: update` in a replay: its read takes as long as any other, and may be overtaken."""

from ridealong.service.caching import Policy, ReadThrough, Ticket
from ridealong.systems.cache.keepers import InMemory
from ridealong.systems.cache.replay import Measured, Situation, replayed
from ridealong.systems.cache.traffic import Car, Evening, Event

ZONE = "HBV-DTN"
PLACE = {"city": 1, "zone": ZONE, "rider": 0}


def evening(*asks: float, looks: tuple[float, ...]) -> Evening:
    """One zone with two cars: requests and looks at the given seconds; no ride ends."""
    made = sorted([(at, "ask") for at in asks] + [(at, "look") for at in looks])
    events = tuple(
        Event(at, number, kind, 1, ZONE, number, to_zone=ZONE, busy_seconds=900)
        for number, (at, kind) in enumerate(made)
    )
    return Evening(
        "one zone", {1: "Harborview"}, {1: [ZONE]}, (Car(1, 1, ZONE), Car(2, 1, ZONE)), events
    )


def updated(of: Evening, late_fills: str = "keep") -> Measured:
    policy = Policy(key="{zone}", ttl_seconds=600, on_write="update", late_fills=late_fills)
    return replayed(policy, of, None, Situation(read_seconds=2, warmed=True))


def test_an_update_shows_the_old_number_until_its_read_is_there() -> None:
    run = updated(evening(1, looks=(2, 5)))

    assert [(each.shown, each.there) for each in run.looks] == [(2, 1), (1, 1)]
    assert next(at for at, _ in run.reads) == 1 and run.looks[0].hit


def test_each_change_is_one_read_also_where_nobody_looks() -> None:
    run = updated(evening(1, 10, looks=(30,)))

    changes = [at for at, _ in run.reads if at < 30]
    assert changes == [1, 10]


def test_an_update_that_is_overtaken_is_refused_where_changes_are_counted() -> None:
    """The ticket of the first change comes back after the second change."""
    for late_fills, kept in (("keep", True), ("refuse", False)):
        keeper = InMemory()
        through = ReadThrough(
            Policy(key="{zone}", on_write="update", late_fills=late_fills), keeper, lambda: 0.0
        )
        tickets: list[Ticket] = []
        for _ in range(2):
            through.wrote("accept", PLACE, dict, tickets.append)
        first, second = tickets

        assert through.keep(second, {"cars": {ZONE: 0}}, 0.0)
        assert through.keep(first, {"cars": {ZONE: 1}}, 0.0) is kept


def test_without_somebody_to_read_later_an_update_reads_at_once() -> None:
    through = ReadThrough(Policy(key="{zone}", on_write="update"), InMemory(), lambda: 0.0)

    assert through.wrote("accept", PLACE, lambda: {"cars": {ZONE: 3}})
    found = through.look(PLACE)
    assert found.answer == {"cars": {ZONE: 3}}
