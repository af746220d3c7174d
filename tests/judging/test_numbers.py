"""Numbers that somebody worked out are judged part by part, and the first wrong one is told."""

from typing import Any

import pytest

from ridealong.answer import Answer
from ridealong.judging import Worker, numbers
from ridealong.judging.kind import Known, KnownWrong, Task
from ridealong.judging.kinds import KINDS
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
REFERENCE = """
wait_ms: 0.9 * 2 + 0.1 * 42
reads: 50
dearest: earnings
megabytes: 800
"""
ENTRY: dict[str, Any] = {
    "judge": "numbers",
    "parts": [
        {"name": "wait_ms", "within": 0.05, "said": "is not the mean."},
        {"name": "reads", "within": 0.5, "said": "is not what reaches the database."},
        {"name": "dearest", "choices": ["map", "earnings"], "said": "is not the dearest."},
        {"name": "megabytes", "choices": [0, 400, 800], "said": "MB is not the cheapest."},
    ],
}
MISTAKES = {
    "without-its-look": REFERENCE.replace("42", "40"),
    "hits": REFERENCE.replace("50", "450"),
    "hits-and-map": REFERENCE.replace("50", "450").replace("earnings", "map"),
}


def entry(mistakes: dict[str, str] = MISTAKES, **alternatives: str) -> dict[str, Any]:
    known = Known("a-cost", ENTRY, REFERENCE, alternatives, mistakes, 7)
    found = YAML.results(known)  # type: ignore[misc]
    told = [
        {"name": name, "message": f"This is {name}.", "results": marked}
        for name, marked in found["mistakes"].items()
    ]
    return {**ENTRY, "right": found["right"], "mistakes": told}


def verdict(text: str) -> Verdict:
    return YAML.judge(Task("a-cost", entry(), 7, 1), Answer("a_cost", "yaml", text), Worker())


@pytest.mark.parametrize(
    "text",
    [
        REFERENCE,
        "megabytes: 400 * 2\ndearest: Earnings\nreads: 50.0\nwait_ms: 6",
        "wait_ms: 6.04\nreads: 5e1\ndearest: ' earnings '\nmegabytes: 800.0",
    ],
)
def test_right_answer_passes_however_it_is_written(text: str) -> None:
    found = verdict(text)

    assert found.passed, found.message
    assert "all of 4 parts" in found.message


@pytest.mark.parametrize(
    ("change", "said", "name"),
    [
        (("50", "51"), "reads 51 is not what reaches the database.", None),
        (("50", "450.4"), "This is hits.", "hits"),
        (("42", "40"), "This is without-its-look.", "without-its-look"),
        (("earnings", "map"), "dearest map is not the dearest.", None),
        (("800", "400"), "megabytes 400 MB is not the cheapest.", None),
    ],
)
def test_first_wrong_part_is_told(change: tuple[str, str], said: str, name: str | None) -> None:
    found = verdict(REFERENCE.replace(*change))

    assert not found.passed
    assert found.message == f"{said} 3 of 4 parts hold."
    assert found.mistake == name
    assert found.share == 0.75


def test_mistake_that_explains_more_is_named_first() -> None:
    found = verdict(REFERENCE.replace("50", "450").replace("earnings", "map"))

    assert found.mistake == "hits-and-map"


def test_mistake_is_not_named_when_another_part_is_wrong_before_it() -> None:
    found = verdict(REFERENCE.replace("0.9 * 2 + 0.1 * 42", "7").replace("50", "450"))

    assert found.mistake is None
    assert found.message.startswith("wait_ms 7 is not the mean.")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("reads: 50 reads", "reads: `50 reads` is neither a number nor arithmetic"),
        ("reads: 1,000", "leave units and thousands commas away"),
        ("reads: 1 / 0", "`1 / 0` cannot be worked out: division by zero"),
        ("reads: 9 ** 9 ** 9", "cannot be worked out: the power is out of bounds"),
        ("reads: 10 ** 400", "out of bounds"),
        ("reads: .inf", "out of bounds"),
        ("reads: .nan", "`nan` is no number"),
        ("reads: true", "`yes` is no number"),
        ("reads: [50]", "`[50]` is no number"),
        (f"reads: {'1 + ' * 80}1", "200 is the most"),
        (f"reads: {'(' * 150}1", "neither a number nor arithmetic"),
        ("reads: __import__('os').getpid()", "neither a number nor arithmetic"),
        ("reads:", "reads is empty: write `reads: ` and a number."),
        ("read: 50", 'No part is called `read`; did you mean "reads"?'),
        ("dearest: map\nreads: 50\nmegabytes: 500", "wait_ms is missing"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line(line: str, said: str) -> None:
    kept = [each for each in REFERENCE.split("\n") if not each.startswith("reads")]
    text = line if "\n" in line else "\n".join([*kept, line])
    found = verdict(text)

    assert not found.passed
    assert said in found.message
    assert "\n" not in found.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dearest: maps", '`maps` is none of map, earnings; did you mean "map"?'),
        ("megabytes: 500", "megabytes: 500 is none of 0, 400, 800; write one of these."),
        ("megabytes: none", "megabytes: `none` is none of 0, 400, 800; write one of these numbers"),
        ("megabytes: 800 MB", "`800 MB` is none of 0, 400, 800; write one of these numbers alone."),
        ("megabytes: [800]", "`[800]` is none of 0, 400, 800; write one of these numbers alone."),
    ],
)
def test_choice_that_is_none_is_told(line: str, said: str) -> None:
    name = line.partition(":")[0]
    kept = [each for each in REFERENCE.split("\n") if not each.startswith(name)]

    assert said in verdict("\n".join([*kept, line])).message


@pytest.mark.parametrize("text", ["50", "- 50", "fifty"])
def test_answer_without_parts_is_told_its_form(text: str) -> None:
    assert "wait_ms, reads, dearest, megabytes" in verdict(text).message


def test_right_values_do_not_ship() -> None:
    made = entry()

    assert "800" not in str(made["right"]) and "earnings" not in str(made["right"])
    assert len(made["right"]) == 4


def test_known_answers_are_held_to_their_place() -> None:
    with pytest.raises(KnownWrong, match="alternative 'other' does not hold"):
        entry({}, other=REFERENCE.replace("50", "60"))
    with pytest.raises(KnownWrong, match="mistake 'none' holds"):
        entry({"none": REFERENCE.replace("50", "50.2")})
    with pytest.raises(KnownWrong, match="the reference: reads is missing"):
        YAML.results(Known("a-cost", ENTRY, "wait_ms: 6", {}, {}, 7))  # type: ignore[misc]


def test_every_mutant_of_the_reference_is_refused() -> None:
    made = {**entry(), "id": "a-cost"}
    mutants = list(YAML.mutants(REFERENCE, made))

    assert len(mutants) > 25
    assert len({each.change for each in mutants}) == len(mutants)
    trial = YAML.trial(Task("a-cost", made, 7, 1))  # type: ignore[misc]
    assert [each.change for each in mutants if trial(each.text)] == []


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"name": "x", "said": "no."}, "wants 'within'"),
        ({"name": "x", "within": 0, "said": "no."}, "wanted a number above 0"),
        ({"name": "x", "choices": ["one"], "said": "no."}, "wanted a list of two words"),
        ({"name": "x", "within": 1}, "'said' is missing"),
        ({"name": "x", "within": 1, "said": "no.", "withn": 2}, "no key is called 'withn'"),
        ({"within": 1, "said": "no."}, "with a 'name' each"),
    ],
)
def test_author_is_told_what_is_wrong_with_a_part(part: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in numbers.problems({"parts": [part]}))


def test_numbers_are_told_as_one_reads_them() -> None:
    assert [numbers.shown(each) for each in (42.5, 76190.476, 1e9, 0.1 + 0.2, "map")] == [
        "42.5", "76,190.5", "1,000,000,000", "0.3", "map",
    ]  # fmt: skip
