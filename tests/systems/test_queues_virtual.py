"""An evening followed up in virtual time: each choice has its price, and it is always the same."""

from dataclasses import replace
from typing import Any

import pytest

from ridealong.systems.queues.design import STEPS, read_design
from ridealong.systems.queues.stories import MORE_TROUBLES, TROUBLES, rides, story
from ridealong.systems.queues.virtual import (
    Crash,
    Outage,
    Outcome,
    Story,
    counted,
    followed_up,
)
from ridealong.systems.queues.work import POINTS, RideEvent, Store, Unreadable, read_event

CAREFUL: dict[str, Any] = {
    "event": "outbox",
    "key": "ride",
    "partitions": 4,
    "consumers": 2,
    "commit": "after_work",
    "remember": "with_work",
    "attempts": 10,
    "longest_backoff_seconds": 4,
    "when_attempts_end": "dead_letter",
    "unreadable": "dead_letter",
}
QUICK = dict.fromkeys(STEPS, 0.1)


def event(ride: int, at: float, version: int = 1, city: int = 1) -> RideEvent:
    return RideEvent(f"{ride}-{version}", ride, city, version, at)


def small(*crashes: Crash, **more: Any) -> Story:
    """Ten rides, one each second."""
    events = tuple(event(number, float(number)) for number in range(1, 11))
    return Story("small", events, QUICK, crashes=crashes, **more)


def outcome(of: Story, **changes: Any) -> Outcome:
    return followed_up(read_design({**CAREFUL, **changes}), of)


def sums(seen: Outcome) -> dict[str, tuple[int, int]]:
    return {step: (len(each.lost), each.repeated) for step, each in seen.counted.items()}


@pytest.mark.parametrize(("name", "seed"), [("public", 0), ("hidden", 0), ("hidden", 1)])
def test_a_careful_design_loses_and_repeats_nothing(name: str, seed: int) -> None:
    seen = outcome(story(name, seed=seed))

    for each in seen.counted.values():
        assert each.lost == () and each.dead == each.repeated == each.overtaken == each.ghosts == 0
        assert each.wanted == len(each.delays) == len(story(name, seed=seed).events)
    assert seen.failed_requests == 0
    assert seen.unreadable_in_dead_letters == 6, "two messages, in each of three steps"
    assert all(points[-1][1] == 0 for points in seen.backlog.values()), "nothing is left"


def test_same_seed_is_the_same_evening_and_another_is_not() -> None:
    assert outcome(story()) == outcome(story())
    assert story(seed=1) != story() and story("hidden").events != story().events
    assert len(story(times_as_many=3).events) > 2.5 * len(story().events)
    assert len(rides("public")) > 200


@pytest.mark.parametrize(
    ("point", "changes", "lost", "repeated"),
    [
        # commit after the work: at least once
        ("before the work", {"remember": "nothing"}, 0, 0),
        ("between work and commit", {"remember": "nothing"}, 0, 1),
        ("after the commit", {"remember": "nothing"}, 0, 0),
        # commit before it: at most once
        ("before the work", {"remember": "nothing", "commit": "before_work"}, 0, 0),
        ("between work and commit", {"remember": "nothing", "commit": "before_work"}, 1, 0),
        ("after the commit", {"remember": "nothing", "commit": "before_work"}, 0, 0),
        # a memory: with the work it has effects once, beside it it comes apart
        ("between work and commit", {"remember": "with_work"}, 0, 0),
        ("between memory and work", {"remember": "before_work"}, 1, 0),
        ("between work and memory", {"remember": "after_work"}, 0, 1),
        ("between work and commit", {"remember": "before_work"}, 0, 0),
        ("between work and commit", {"remember": "after_work"}, 0, 0),
    ],
)
def test_a_kill_at_each_point(
    point: str, changes: dict[str, Any], lost: int, repeated: int
) -> None:
    assert point in POINTS
    seen = outcome(small(Crash("receipt", "5-1", point)), **changes)

    assert sums(seen) == {"charge": (0, 0), "receipt": (lost, repeated), "rating_prompt": (0, 0)}
    turned = "commit" in changes and point == "between work and commit"
    killed = f"killed {'between commit and work' if turned else point}"
    assert any(each.what == killed for each in seen.timeline)
    assert any(each.what == "its partitions are read again" for each in seen.timeline)


def test_two_writes_come_apart_and_an_outbox_does_not() -> None:
    killed = small(Crash("service", "5-1"))
    assert outcome(killed).counted["receipt"].lost == ()
    assert outcome(killed, event="after_commit").counted["receipt"].lost == ("5-1",)
    before = outcome(killed, event="before_commit").counted["receipt"]
    assert before.ghosts == 1 and before.wanted == 9

    relay = small(Crash("relay", "5-1"))
    assert sums(outcome(relay, remember="nothing"))["receipt"] == (0, 1), "sent twice"
    assert sums(outcome(relay))["receipt"] == (0, 0)


def test_a_broker_that_is_away() -> None:
    away = small(outages=(Outage("broker", 4.5, 6.5),))
    assert outcome(away).failed_requests == 0 and sums(outcome(away))["charge"] == (0, 0)
    assert outcome(away, event="after_commit").counted["charge"].lost == ("5-1", "6-1")
    assert outcome(away, event="before_commit").failed_requests == 2


def test_what_is_in_the_request_makes_the_rider_wait_and_fails_with_it() -> None:
    away = small(outages=(Outage("receipt", 4.5, 6.5),))
    seen = outcome(away, in_request=list(STEPS))

    assert seen.failed_requests == 2 and seen.counted["receipt"].wanted == 8
    assert seen.counted["charge"].ghosts == 2, "charged, and the ride failed"
    assert min(seen.waits) == pytest.approx(0.33)
    queued = outcome(away)
    assert queued.failed_requests == 0 and max(queued.waits) == pytest.approx(0.03)


def test_attempts_that_end_too_soon_need_a_person_or_lose() -> None:
    away = small(outages=(Outage("receipt", 4.5, 6.5),))
    assert outcome(away, attempts=1).counted["receipt"].dead == 2
    assert outcome(away, attempts=1, when_attempts_end="skip").counted["receipt"].lost == (
        "5-1",
        "6-1",
    )
    assert outcome(away, attempts=1, when_attempts_end="stop").counted["receipt"].dead == 0


def test_one_message_that_nobody_can_read_stops_a_consumer_that_never_gives_up() -> None:
    poisoned = small(unreadable_at=(4.5,))
    stopped = outcome(
        poisoned, unreadable="retry", when_attempts_end="stop", partitions=1, consumers=1
    )
    assert len(stopped.counted["charge"].lost) == 6
    assert outcome(poisoned).counted["charge"].lost == ()
    assert outcome(poisoned).unreadable_in_dead_letters == 3


def test_steps_that_share_a_group_share_the_events() -> None:
    shared = outcome(small(), groups=dict.fromkeys(STEPS, "one"), consumers=1, partitions=3)
    assert sum(len(each.lost) for each in shared.counted.values()) == 20, "each event for one step"


def test_order_holds_within_a_key_alone() -> None:
    # Each ride is corrected at once; without a key the correction may meet a shorter queue.
    rides_ended = [event(number, 1 + number / 100, city=number) for number in range(2, 30)]
    events = [
        each
        for ride in rides_ended
        for each in (ride, replace(ride, version=2, event_id=f"{ride.ride_id}-2"))
    ]
    both = Story("order", tuple(events), dict.fromkeys(STEPS, 0.3))
    overtaken = {
        key: outcome(both, key=key, consumers=4).counted["receipt"].overtaken
        for key in ("ride", "city", "none")
    }
    assert overtaken["ride"] == overtaken["city"] == 0 < overtaken["none"]


def test_more_consumers_than_partitions_drain_no_faster() -> None:
    backlog = Story(
        "backlog",
        tuple(event(number, 0.0) for number in range(1, 201)),
        QUICK,
    )
    last = {
        consumers: outcome(backlog, consumers=consumers).counted["charge"].delay(1.0)
        for consumers in (1, 2, 4, 8)
    }
    assert last[1] == pytest.approx(20.2, abs=0.5), "200 messages of 0.1 s"
    assert last[1] > 1.6 * last[2] > 2.5 * last[4] and last[8] == last[4]


def test_counts_are_told_by_hand() -> None:
    def done(name: str, version: int, at: float) -> dict[str, Any]:
        ride = int(name.partition("-")[0])
        return {
            "event_id": name,
            "ride_id": ride,
            "version": version,
            "happened_at": 0.0,
            "done_at": at,
        }

    effects = [done("1-2", 2, 5.0), done("1-1", 1, 6.0), done("1-1", 1, 7.0), done("9-1", 1, 1.0)]
    seen = counted("charge", effects, {"1-1", "1-2", "2-1", "3-1"}, frozenset({"3-1", ""}))

    assert (seen.wanted, seen.lost, seen.dead) == (4, ("2-1",), 1)
    assert (seen.repeated, seen.overtaken, seen.ghosts) == (1, 1, 1)
    assert seen.delays == (5.0, 6.0)
    assert seen.delay(0.5) == 6.0 and seen.delay(0.75) == float("inf")


def test_what_is_no_event_is_unreadable() -> None:
    for value in (b"", b"{", b"[]", b'{"event_id": 1}', b"\xff"):
        with pytest.raises(Unreadable, match="cannot read"):
            read_event(value)
    assert read_event(event(7, 1.5).to_bytes()) == event(7, 1.5)


def test_a_store_notes_and_does_in_one_transaction() -> None:
    store = Store("charge")
    assert store.do(event(1, 0.0), 1.0, note=True) is False
    assert store.do(event(1, 0.0), 2.0, note=True) is None, "it was noted"
    assert store.do(event(1, 0.0), 3.0) is True, "done again"
    assert store.is_handled("1-1") and len(store.effects()) == 2
    store.close()


def test_what_a_provider_refuses_is_tried_to_the_end_and_holds_its_partition() -> None:
    refused = small(refused=(("charge", "4-1"),))
    seen = outcome(refused, attempts=3, backoff_seconds=1)
    assert [each.dead for each in seen.counted.values()] == [1, 0, 0]
    tries = [each.what for each in seen.timeline if each.event_id == "4-1" and each.who == "charge"]
    assert tries == [
        "refused, tried once",
        "refused, tried 2 times",
        "to the dead letters: refused",
    ]
    stopped = outcome(refused, when_attempts_end="stop", partitions=1)
    assert len(stopped.counted["charge"].lost) == 7, "itself and all behind it"
    assert stopped.counted["receipt"].lost == ()
    skipped = outcome(refused, when_attempts_end="skip")
    assert skipped.counted["charge"].lost == ("4-1",)


def test_one_more_trouble_leaves_the_rest_of_an_evening_as_it_is() -> None:
    plain, more = story(), story(troubles=(*TROUBLES, *MORE_TROUBLES))
    assert plain.refused == () and replace(more, refused=()) == plain
    ((step, event_id),) = more.refused
    assert step == "charge" and event_id in {each.event_id for each in plain.events}
