"""A record as an answer: its rules, its messages, its known mistakes and its mutants."""

from typing import Any

import pytest
import yaml

from ridealong.answer import Answer
from ridealong.judging import Worker, record
from ridealong.judging.kind import Known, Task
from ridealong.judging.kinds import KINDS
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
FIELDS: dict[str, dict[str, Any]] = {
    "decision": {"choices": ["patch", "transitions"]},
    "repeat": {
        "choices": [200, 409],
        "agrees": {"decision": {"patch": [200], "transitions": [409]}},
        "said": {"agrees": "does not fit {seen}: try it."},
    },
    "because": {
        "words": [4, 12],
        "not_words": ["clean*", "best practice"],
        "one_of_words": [["permission", "may"], ["driver"]],
        "not_like": ["Every driver may change the field called status"],
        "said": {
            "not_words": 'says "{seen}", which is no reason.',
            "one_of_words": "names no person and permission.",
            "not_like": "repeats the ticket.",
        },
    },
    "gives_up": {
        "words": [3, 12],
        "differs_from": ["because"],
        "said": {"differs_from": "repeats {seen}."},
    },
    "today": {
        "words": [1, 8],
        "needs_number": ["%", "percent", "answers"],
        "said": {"needs_number": "has no share."},
    },
    "target": {"words": [1, 8], "below": "today", "said": {"below": "is not below today."}},
}
ENTRY = {"judge": "record", "record": FIELDS}
REFERENCE = """
decision: transitions
repeat: 409
because: A driver may start only what that driver accepted
gives_up: One more operation to document each time
today: 12.5% of calls, 1,200 in all
target: 3 percent
"""


def verdict(text: str, **entry: Any) -> Verdict:
    task = Task("a-decision", {**ENTRY, **entry}, 7, 1)
    return YAML.judge(task, Answer("a_decision", "yaml", text), Worker())


def changed(**fields: Any) -> str:
    return yaml.safe_dump(yaml.safe_load(REFERENCE) | fields, sort_keys=False)


def test_a_record_that_keeps_every_rule_holds() -> None:
    seen = verdict(REFERENCE)

    assert seen.passed
    assert [each.name for each in seen.properties] == list(FIELDS)
    assert verdict(changed(decision="Patch", repeat="200")).passed


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"decision": "transition"}, 'did you mean "transitions"?'),
        ({"decision": None}, "decision is empty: write one of patch, transitions"),
        ({"decision": "patch"}, "repeat does not fit patch: try it."),
        ({"repeat": True}, "repeat is 'yes', wanted one of 200, 409"),
        ({"because": "The driver may"}, "because has 3 words, wanted 4 to 12"),
        ({"because": "A driver may use this cleaner way"}, 'because says "cleaner"'),
        ({"because": "The driver may follow Best  Practice"}, 'because says "best practice"'),
        ({"because": "Riders may do less with it"}, "because names no person"),
        ({"because": "every driver may change the status field"}, "because repeats the ticket."),
        ({"gives_up": "A driver starts only what was accepted"}, "gives_up repeats because."),
        ({"today": "12 calls of many"}, "today has no share."),
        ({"today": "409 answers, too many"}, "today has no share."),
        ({"repeat": 410}, "repeat is '410', wanted one of 200, 409"),
        ({"target": "12.5 percent"}, "target is not below today."),
        ({"target": "less"}, "target is not below today."),
    ],
)
def test_a_broken_rule_is_told_in_its_own_words(fields: dict[str, Any], message: str) -> None:
    seen = verdict(changed(**fields))

    assert not seen.passed
    assert message in seen.message


def test_an_answer_of_another_form_is_told_which_form_is_wanted() -> None:
    assert "no record: write one line for each of decision, repeat" in verdict("- a\n- b").message
    assert "is missing: write one of patch" in verdict("repeat: 409").message
    assert "no field 'decisoin'; did you mean \"decision\"?" in verdict("decisoin: x").message
    assert "put a text with a colon in quotes" in verdict(changed(target={"a": 1})).message
    with pytest.raises(ValueError, match="no YAML"):
        verdict("decision: [")


def test_a_share_is_earned_for_each_field_that_keeps_its_rules() -> None:
    seen = verdict(changed(today="many", target="fewer"))

    assert seen.share == pytest.approx(4 / 6)
    assert seen.message.endswith("(1 more)")
    assert verdict("decision: patch").share == 0


def test_lists_numbers_and_yes_are_texts() -> None:
    entry = {"record": {"a": {"choices": ["yes", "no"]}, "b": {"words": [2, 3]}}}

    assert record.read({"a": False, "b": ["one", 2]}, entry) == {"a": "no", "b": "one. 2"}
    assert "has no share" in verdict(changed(today="of 12 calls many")).message
    assert verdict(changed(today="12 % of calls")).passed
    assert record.marks({"a": False, "b": ["one", 2]}, entry) == {}


TIMES = {
    "today": {
        "words": [2, 9],
        "needs_number": ["s", "sec", "seconds", "min", "minutes"],
        "is": 240,
        "said": {"needs_number": "has no time.", "is": "is not what is counted."},
    },
    "target": {
        "words": [2, 9],
        "needs_number": ["s", "sec", "seconds", "min", "minutes"],
        "below": "today",
        "least": 1,
        "at_most": True,
        "said": {
            "needs_number": "has no time.",
            "below": "is not below today.",
            "least": "is too short.",
            "at_most": "is the least.",
        },
    },
}


@pytest.mark.parametrize(
    ("today", "target", "broken"),
    [
        ("240 seconds until they turn", "20 seconds", []),
        ("4 minutes until they turn", "30 seconds", []),
        ("on average 4 min", "in 95 of 100 cases 30s", []),
        ("240 s until they turn", "3,5 min at most", []),
        ("240 seconds until they turn", "10 minutes", ["target.below"]),
        ("240 seconds until they turn", "4 minutes", ["target.below"]),
        ("310 minutes for receipts", "20 seconds", ["today.is"]),
        ("four minutes until they turn", "20 seconds", []),
        ("a few minutes until they turn", "20 seconds", ["today.needs_number"]),
        ("240 seconds until they turn", "from 240 seconds to 20 seconds", []),
        ("240 seconds until they turn", "from 4 minutes to 5 minutes", ["target.below"]),
        ("240 seconds until they turn", "from 240 seconds to 0 seconds", ["target.least"]),
        ("240 seconds until they turn", "1 s", []),
        ("240 seconds until they turn", "0.9 seconds", ["target.least"]),
        ("240 seconds until they turn", "At least 20 seconds", ["target.at_most"]),
        ("240 seconds until they turn", "over 20 s for all", ["target.at_most"]),
        ("240 seconds until they turn", "at least 20 s sooner", []),
        ("240 seconds until they turn", "in at least 9 cases 20 s", []),
        ("240 seconds until they turn", "much sooner", ["target.needs_number"]),
    ],
)
def test_times_are_compared_whatever_their_unit(today: str, target: str, broken: list[str]) -> None:
    found = record.marks({"today": today, "target": target}, {"record": TIMES})

    assert found == ({"broken": broken} if broken else {})


def test_another_time_than_the_one_that_is_true_is_a_mutant() -> None:
    text = "today: 240 seconds or so\ntarget: 20 seconds"
    made = {each.change: each.text for each in record.mutants(text, {"record": TIMES})}

    assert "241 seconds or so" in made["today: another number"]
    assert "target: 0 seconds" in made["target: 0"]
    assert "target: at least 20 seconds" in made["target: at least"]
    assert all(record.marks(yaml.safe_load(each), {"record": TIMES}) for each in made.values())


LEFT_OPEN = {
    "left_open": {
        "words": [2, 30],
        "left_to_choose": {
            "built": ["cach*", "queue", "push"],
            "options": ["or"],
            "asks": ["whether", "how often"],
            "theirs": ["choose"],
            "ordered": ["has to"],
        },
        "said": {"left_to_choose": "prescribes {seen}."},
    }
}


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("How the phone learns of it", ""),
        ("How it is cached", "cached"),
        ("How it is cached or sent", ""),
        ("Whether it is cached", ""),
        ("Which queue it is", ""),
        ("A queue which they know", "queue"),
        ("How: by radio", "How:"),
        ("Where exactly: on top", "Where exactly:"),
        ("How - by radio", "How -"),
        ("How: by radio or by post", ""),
        ("How: which way do they like", ""),
        ("What the way is: push, post", ""),
        ("What the way is: push, a post that is quick", "push"),
        ("How it gets there (push/post)", ""),
        ("Polling vs. push vs. post or so", ""),
        ("How: POST /v1/rides/cancel", "How:"),
        ("What it is: queue /v1/rides", "queue"),
        ("How it calls /v1/rides/cancel", "a path"),
        ("The path is /queue/push", "queue"),
        ("They choose the queue", ""),
        ("A queue comes first. They choose", ""),
        ("It has to have a queue. They choose the rest", "queue"),
        ("They choose; a push has to come", "push"),
    ],
)
def test_what_is_built_is_named_only_beside_a_choice(text: str, seen: str) -> None:
    told = YAML.judge(
        Task("open", {"judge": "record", "record": LEFT_OPEN}, 7, 1),
        Answer("open", "yaml", yaml.safe_dump({"left_open": text})),
        Worker(),
    )

    assert told.passed == (not seen)
    assert not seen or told.message == f"left_open prescribes {seen}."


SHARES = {
    "today": {"words": [1, 9]},
    "done_when": {
        "words": [2, 30],
        "shares": ["driver*", "cases"],
        "within": "today",
        "said": {"shares": "says {seen}.", "within": "says {seen}."},
    },
}


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("95 of 100 drivers", []),
        ("100 of 100 drivers", []),
        ("101 of 100 drivers", ["shares"]),
        ("twelve out of ten cases", ["shares"]),
        ("12 of 10 strange cases", ["shares"]),
        ("12 of 10 stars", []),
        ("4:30 of 4:15 cases", []),
        ("\u00b2 of 1 drivers", []),
        ("100 % of the drivers", []),
        ("101% of drivers", ["shares"]),
        ("a hundred and one per cent of all drivers", ["shares"]),
        ("120 percent more drivers", []),
        ("within 239 seconds all is well", []),
        ("all is well within 4 minutes", ["within"]),
        ("within 4 hours somebody looks", []),
        ("after 4 minutes all is well", []),
    ],
)
def test_a_share_or_a_time_that_cannot_be_is_refused(text: str, broken: list[str]) -> None:
    found = record.marks({"today": "240 seconds", "done_when": text}, {"record": SHARES})

    assert found == ({"broken": [f"done_when.{each}" for each in broken]} if broken else {})


def test_a_share_that_cannot_be_is_said_and_is_a_mutant() -> None:
    value = {"today": "240 seconds", "done_when": "Within 9 s 95 of 100 drivers or 5% of cases"}
    made = {each.change: each.text for each in record.mutants(_dump(value), {"record": SHARES})}

    assert "105 of 100 drivers" in made["done_when: more than all"]
    assert "200% of cases" in made["done_when: 200 percent"]
    changed = _dump(value | {"done_when": "in 3 days 12 out of 10 drivers"})
    told = YAML.judge(
        Task("shares", {"judge": "record", "record": SHARES}, 7, 1),
        Answer("shares", "yaml", changed),
        Worker(),
    )
    assert told.message == "done_when says 12 out of 10."


def _dump(value: dict[str, str]) -> str:
    return yaml.safe_dump(value, sort_keys=False)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("fee fee fee fee fee", 'says "fee" 5 times in 5 words'),
        ("a driver, a driver, a driver", 'says "a" 3 times in 6 words'),
        ("a driver and a rider", ""),
        ("fee fee fee fee", ""),
        ("The driver asdfgh it", 'says "asdfgh"'),
    ],
)
def test_words_that_are_no_sentence_are_told(text: str, seen: str) -> None:
    rules = {"because": {"words": [2, 9]}}
    told = record.judged("a-decision", {"record": rules}, {"because": text})

    assert told.passed == (not seen)
    assert not seen or told.message == f"because {seen}: write a sentence of your own"


def test_a_long_part_that_is_copied_is_told_and_the_same_words_in_a_new_sentence_are_not() -> None:
    source = "after a cancellation a driver goes on for four minutes and then some"
    rules = {"outcome": {"words": [2, 20], "not_copied": [source]}}
    copied = ["so " + source, source.upper(), "driver goes on for four minutes and there"]
    own = ["after a cancellation a driver turns round", "minutes after that the driver goes home"]

    for text in copied:
        assert record.marks({"outcome": text}, {"record": rules})["broken"] == [
            "outcome.not_copied"
        ]
    for text in own:
        assert record.marks({"outcome": text}, {"record": rules}) == {}


def test_words_are_whole_unless_their_end_is_open() -> None:
    assert record.holds("Send If-Match with it", "if-match")
    assert not record.holds("the cached rides", "cache")
    assert record.holds("the cached rides", "cach*")
    assert not record.holds("POST to it", "post it")
    assert not record.holds("anything", "")


def test_known_mistakes_are_recognised_by_the_rules_that_they_break() -> None:
    mistakes = {"follows": changed(decision="patch"), "no-share": changed(today="many calls")}
    known = Known("a-decision", ENTRY, REFERENCE, {}, mistakes, 7)
    results = YAML.results(known)  # type: ignore[misc]
    told = [
        {"name": name, "message": f"This is {name}.", "results": found}
        for name, found in results["mistakes"].items()
    ]

    for name, text in mistakes.items():
        assert (verdict(text, mistakes=told).mistake) == name
    assert results["mistakes"]["follows"] == {"broken": ["repeat.agrees"]}


def test_every_mutant_breaks_a_rule() -> None:
    found = {each.change: each.text for each in YAML.mutants(REFERENCE, ENTRY)}

    assert len(found) > 30
    assert {"repeat: 200", "because: with clean*", "gives_up: as because", "target: 12.5"} <= set(
        found
    )
    assert [change for change, text in found.items() if verdict(text).passed] == []


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ({}, "wants 'choices', or 'words'"),
        ({"words": [1, 2], "wrds": 1}, "no rule is called 'wrds'; did you mean \"words\"?"),
        ({"words": [1, 2], "needs_number": True}, "'said.needs_number' is missing"),
        ({"words": [1, 2], "said": {"below": "x"}}, "the message of a rule that is not there"),
        ({"words": [1, 2], "below": "tody", "said": {"below": "x"}}, "names a field 'tody'"),
        ({"words": [1, 2], "within": "tody", "said": {"within": "x"}}, "names a field 'tody'"),
        (
            {"words": [1, 2], "left_to_choose": {"built": []}, "said": {"left_to_choose": "x"}},
            "'left_to_choose' wants built, options, asks, theirs, ordered",
        ),
    ],
)
def test_rules_that_do_not_fit_are_told_to_the_author(rules: dict[str, Any], problem: str) -> None:
    fields = {"today": {"words": [1, 2]}, "target": rules}
    assert any(problem in told for told in YAML.problems({"judge": "record", "record": fields}))
    assert list(YAML.problems({"judge": "record", "record": FIELDS})) == []
    assert "'record' is missing" in next(YAML.problems({"judge": "record"}))
