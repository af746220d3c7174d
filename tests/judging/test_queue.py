"""A design is judged by what it leads to, on evenings that its author has not seen as well."""

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
        ({"commit": "before_work"}, "lost", "killed between work and commit"),
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
