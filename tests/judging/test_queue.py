"""A design is judged by what it leads to, on evenings that its author has not seen as well."""

import re
from typing import Any

import pytest
import yaml

from ridealong.judging import queue
from ridealong.judging.queue import ALWAYS, LIMITS

RIGHT: dict[str, Any] = {
    "event": "outbox",
    "key": "ride",
    "partitions": 6,
    "consumers": 3,
    "commit": "after_work",
    "remember": "with_work",
    "attempts": 10,
    "longest_backoff_seconds": 4,
    "when_attempts_end": "dead_letter",
    "unreadable": "dead_letter",
}
ENTRY: dict[str, Any] = {
    "limits": {
        "lost": 0,
        "repeated": 0,
        "overtaken": 0,
        "dead": 0,
        "failed_requests": 0,
        "p95_wait_ms": 100,
        "receipt_p99_seconds": 60,
    },
    "times_as_many": 3,
}


def judged(design: object, entry: dict[str, Any] = ENTRY) -> Any:
    return queue.judged("after-the-ride", entry, design)


def test_a_design_that_keeps_its_limits_holds_on_every_evening() -> None:
    seen = judged(RIGHT)

    assert seen.passed and all(each.held for each in seen.properties)
    assert len(seen.properties) == len(ALWAYS) + len(ENTRY["limits"])
    assert "on 3 evenings each of 8 limits is kept, and half of the receipts are" in seen.message
    assert queue.marks(RIGHT, ENTRY) == {}


@pytest.mark.parametrize(
    ("change", "broken", "words"),
    [
        ({"remember": "nothing"}, "repeated", "killed between work and commit"),
        ({"commit": "before_work"}, "lost", "killed between commit and work"),
        ({"remember": "before_work"}, "lost", "killed between memory and work"),
        ({"remember": "after_work"}, "repeated", "killed between work and memory"),
        ({"event": "after_commit"}, "lost", "wanted: of all rides at most 0 steps are never done"),
        ({"event": "before_commit"}, "ghosts", "killed after the event, before the commit"),
        ({"key": "none"}, "overtaken", "an older event comes after a newer one"),
        ({"attempts": 1}, "dead", "wait in the dead letters for a person"),
        ({"attempts": 1, "when_attempts_end": "skip"}, "lost", "are never done"),
        ({"consumers": 1}, "receipt_p99_seconds", "99 of 100 times receipt is done within 60 s"),
        ({"in_request": ["charge"]}, "failed_requests", "riders get an error"),
        ({"in_request": ["receipt"]}, "p95_wait_ms", "riders get an error"),
        ({"groups": dict.fromkeys(("charge", "receipt", "rating_prompt"), "one")}, "lost", "never"),
    ],
)
def test_each_wrong_choice_breaks_its_limit_and_is_told_by_what_happened(
    change: dict[str, Any], broken: str, words: str
) -> None:
    design = RIGHT | change
    seen = judged(design)

    assert not seen.passed and words in seen.message and "\n" not in seen.message
    found = queue.marks(design, ENTRY)
    assert broken in found["broken"]
    changed = {name: found["design"][name] for name in change if name in found["design"]}
    assert changed.items() <= change.items()


def test_a_design_that_survives_the_public_crash_alone_fails() -> None:
    # The notebook's evening kills consumers after the commit; the others kill them elsewhere too.
    entry = ENTRY | {"killed_at": ["after the commit"]}
    assert judged(RIGHT | {"remember": "nothing"}, entry | {"troubles": ["crashes"]}).passed
    seen = judged(RIGHT | {"remember": "nothing"})
    assert not seen.passed and "Ride " in seen.message


WAITS = ENTRY["limits"] | {"charge_p99_seconds": 60}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"commit": "before_work"},
            r"Ride \d+: \d+:\d\d\.\d charge: killed between commit and work$",
        ),
        (
            {"remember": "nothing"},
            r"Ride \d+: \S+ charge: done; \S+ charge: killed .*; \S+ charge: done again$",
        ),
        ({"event": "after_commit"}, r"service: the broker does not answer, the event is gone$"),
        (
            {"event": "before_commit"},
            r"service: killed after the event, before the commit; \S+ charge: done \(1 more\)$",
        ),
        (
            {"key": "none"},
            r"done for the corrected fare \(partition \d\); \S+ charge done for the first one \(",
        ),
        ({"attempts": 1}, r"ride \d+: \S+ charge: to the dead letters: no answer \("),
        (
            {"attempts": 1, "when_attempts_end": "skip"},
            r"charge: no answer, tried once, then skipped \(",
        ),
        (
            {"unreadable": "retry", "when_attempts_end": "stop"},
            r'never charge, which is at another message: \S+ charge: cannot read "\{not an event", tri',
        ),
        (
            {"groups": dict.fromkeys(("charge", "receipt", "rating_prompt"), "one")},
            r"Ride \d+: \S+ (receipt|rating prompt): done, and never charge \(",
        ),
        ({"in_request": ["charge"]}, r"service: charge does not answer, the ride fails \("),
        (
            {"in_request": ["charge", "receipt", "rating_prompt"]},
            r"service: charge done, then receipt does not answer, the ride fails \(",
        ),
    ],
)
def test_what_happened_is_told_truly_and_shortly(change: dict[str, Any], words: str) -> None:
    message = judged(RIGHT | change, ENTRY | {"limits": WAITS}).message
    assert re.search(words, message), message
    assert len(message) < 260 and "_" not in message.partition(". ")[2] and "inf" not in message


def test_what_is_never_done_has_no_time() -> None:
    seen = judged(RIGHT | {"attempts": 1}, ENTRY | {"limits": {"receipt_p99_seconds": 60}})
    assert seen.message.endswith("on your evening it is never, for more than 1 in 100")
    nobody = RIGHT | {"groups": dict.fromkeys(("charge", "receipt", "rating_prompt"), "one")}
    held = judged(nobody, ENTRY | {"limits": {"failed_requests": 0}})
    assert held.passed and held.message.endswith("half of the receipts never come")


@pytest.mark.parametrize("name", ["receipt_p99_seconds", "p95_wait_ms"])
def test_no_number_is_shown_that_looks_as_if_it_kept_the_limit(name: str) -> None:
    for design in (RIGHT, RIGHT | {"in_request": ["rating_prompt"]}):
        (run, *_) = queue._runs(queue.read_design(design), ENTRY)
        limit = LIMITS[name]
        for less in (0.3, 0.04, 0.003):
            most = round(limit.measured(run) - less, 3)
            seen = judged(design, ENTRY | {"limits": {name: most}})
            (shown,) = [each.seen for each in seen.properties if not each.held]
            assert float(shown.split()[0]) > most and f"it is {shown}" in seen.message


def test_the_order_of_steps_that_the_task_sets_says_nothing() -> None:
    entry = ENTRY | {"given": {"in_request": ["charge", "receipt"]}, "limits": {"lost": 0}}
    assert "this task sets it" not in judged({"in_request": ["receipt", "charge"]}, entry).message
    assert "in_request is ['charge'], and this" in judged({"in_request": ["charge"]}, entry).message


def test_limits_that_hold_give_their_points() -> None:
    seen = judged(RIGHT | {"consumers": 1})
    assert seen.share == pytest.approx(6 / 7)
    assert judged(RIGHT | {"event": "before_commit"}).share == 0, "nobody pays for no ride"


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (None, "the design is empty"),
        ({"key": "rider"}, "key is 'rider'"),
        ({"consumers": 5}, "consumers is 5, and there is room for 4 in each group"),
        ({"partitions": 3}, "partitions is 3, and this task sets it"),
    ],
)
def test_what_is_no_design_is_told(design: object, words: str) -> None:
    entry = ENTRY | {"most_consumers": 4, "given": {"partitions": 6}}
    seen = judged(design, entry)
    assert not seen.passed and words in seen.message
    assert queue.marks(design, entry)["error"].startswith(words[:10])


def test_lines_that_the_task_sets_may_be_left_out_or_repeated() -> None:
    entry = ENTRY | {"given": {"partitions": 6, "consumers": 3}}
    rest = {name: RIGHT[name] for name in RIGHT if name not in entry["given"]}
    assert judged(rest, entry).passed and judged(RIGHT, entry).passed


def test_keys_of_an_exercise_are_looked_at() -> None:
    assert list(queue.problems(ENTRY)) == []
    wrong = {
        "limits": {"lots": 0},
        "troubles": ["crash"],
        "killed_at": ["before work"],
        "times_as_many": 0,
        "given": {"key": "x"},
    }
    told = list(queue.problems(wrong))
    assert len(told) == 5 and "no limit is called 'lots'; did you mean \"lost\"?" in told[0]
    assert list(queue.problems({"limits": {}})) == ["'limits' is empty, wanted one limit at least"]


def test_mutants_change_one_line_each() -> None:
    reference = yaml.safe_dump(RIGHT | {"groups": {"charge": "a", "receipt": "b"}})
    changes = {each.change for each in queue.mutants(reference, ENTRY)}
    assert changes >= {
        "commit: before_work",
        "key: none",
        "attempts: one less",
        "without remember",
        "remember: nothing",
        "when_attempts_end: skip",
        "partitions: halved",
        "groups: one for all",
        "in_request: with charge",
    }
    for mutant in queue.mutants(yaml.safe_dump(RIGHT), ENTRY):
        assert yaml.safe_load(mutant.text) != RIGHT


def test_every_limit_can_break() -> None:
    assert {"lost", "repeated", "overtaken", "dead", "failed_requests"} <= set(LIMITS)
    for name, limit in {**ALWAYS, **LIMITS}.items():
        assert limit.matters.endswith(".") and "{" in limit.shown, name


@pytest.mark.parametrize(
    ("partitions", "consumers", "words"),
    [
        (2, 4, "some without a partition"),
        (4, 3, "some with one partition more"),
        (4, 1, "all alike"),
    ],
)
def test_a_wrong_number_of_consumers_is_told_apart_where_it_is_asked_for(
    partitions: int, consumers: int, words: str
) -> None:
    design = RIGHT | {"partitions": partitions, "consumers": consumers}
    entry = {"limits": {"receipt_p99_seconds": 1}, "troubles": ["outages"]}
    assert queue.marks(design, entry | {"most_consumers": 8})["consumers"] == words
    assert "consumers" not in queue.marks(design, entry)


def test_a_refused_charge_is_a_trouble_that_an_exercise_may_ask_for() -> None:
    entry = {"limits": {"dead": 0}, "troubles": ["refused"]}
    assert not list(queue.problems(entry)) and list(queue.problems({"troubles": ["refuse"]}))
    assert "charge: to the dead letters: refused" in judged(RIGHT, entry).message
