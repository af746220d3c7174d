"""A decision table as an answer: gaps, overlaps, wrong outcomes, each with its combination."""

from typing import Any

import pytest
import yaml

from ridealong.answer import Answer
from ridealong.judging import Worker
from ridealong.judging.kind import Known, Task
from ridealong.judging.kinds import KINDS
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
ENTRY = {"judge": "rule", "rule": "cancellation-fee"}
ROWS: list[dict[str, Any]] = [
    {"when": {"cancelled_by": ["driver", "system"]}, "fee": 0},
    {"when": {"cancelled_by": "rider", "status": "requested"}, "fee": 0},
    {"when": {"cancelled_by": "rider", "status": "accepted", "seconds": "at most 120"}, "fee": 0},
]
LATE = {"cancelled_by": "rider", "status": "accepted", "seconds": "more than 120"}
ROWS += [
    {"when": {**LATE, "minutes_late": "at least 5"}, "fee": 0},
    {"when": {**LATE, "minutes_late": "less than 5", "pickup": "airport"}, "fee": 8},
    {"when": {**LATE, "minutes_late": "less than 5", "pickup": "elsewhere"}, "fee": 5},
]


def verdict(table: Any, **entry: Any) -> Verdict:
    text = table if isinstance(table, str) else yaml.safe_dump(table)
    task = Task("fare-rule", {**ENTRY, **entry}, 7, 1)
    return YAML.judge(task, Answer("fare_rule", "yaml", text), Worker())


def changed(place: int, **when: Any) -> list[dict[str, Any]]:
    row = ROWS[place]
    return [*ROWS[:place], {**row, "when": {**row["when"], **when}}, *ROWS[place + 1 :]]


def test_a_right_table_holds_in_any_order() -> None:
    for table in (ROWS, ROWS[::-1]):
        seen = verdict(table)
        assert seen.passed
        assert "each of 48 combinations belongs to exactly one row" in seen.message
        assert all(each.held for each in seen.properties)


def test_a_gap_is_told_with_its_combination() -> None:
    seen = verdict(ROWS[:-1])

    assert seen.message.startswith("no row covers 1 of 48 combinations, such as: cancelled by the")
    assert "121 seconds after the request, 0 minutes past the promised pickup" in seen.message
    assert seen.share == 0


def test_an_overlap_is_told_with_its_rows_even_when_they_agree() -> None:
    seen = verdict([*ROWS, {"when": {"cancelled_by": "system", "pickup": "airport"}, "fee": 0}])

    assert "belong to more than one row, such as to rows 1 and 7" in seen.message
    assert 0.5 < seen.share < 1


def test_a_wrong_outcome_is_told_with_its_row_and_the_sentence_that_decides() -> None:
    table = changed(2, seconds="less than 120")
    for place in (3, 4, 5):
        table[place] = {**table[place], "when": {**table[place]["when"], "seconds": "at least 120"}}
    seen = verdict(table)

    assert "get another fee than the sentences say. Row 5 says 8 for:" in seen.message
    assert "120 seconds after the request" in seen.message
    assert seen.message.endswith(
        '"The first 120 seconds after the request are free, second 120 included."'
    )


def test_everything_that_was_looked_at_says_what_was_seen() -> None:
    seen = verdict(changed(2, seconds="less than 120"))

    assert [each.held for each in seen.properties] == [
        False,
        True,
        True,
        True,
        False,
        True,
        True,
        True,
    ]
    assert seen.properties[1].seen == "none does"
    assert seen.properties[2].seen == "decided as it says"
    for place in (0, 4):
        assert seen.properties[place].seen.startswith("no row covers: cancelled by the rider")
    assert all(each.plain for each in seen.properties)


def test_a_gap_between_limits_of_the_table_alone_is_found() -> None:
    assert not verdict(changed(2, seconds=["0 to 40", "42 to 120"])).passed
    assert verdict(changed(2, seconds=["0 to 40", "exactly 41", "42 to 120"])).passed
    assert not verdict(changed(5, minutes_late=[0, 1, 2, 4])).passed
    assert verdict(changed(5, minutes_late=[0, 1, 2, 3, 4])).passed


@pytest.mark.parametrize("fee", [0, 5, 8])
def test_one_fee_for_everything_earns_nothing(fee: int) -> None:
    seen = verdict([{"when": {}, "fee": fee}])

    assert not seen.passed
    assert seen.points(4) == 0


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("fee: 0", "wanted a list of rows"),
        ("[1]", "row 1 is a number, wanted when and fee"),
        ("- wen: {}\n  fee: 0", 'did you mean "when"?'),
        ("- {cancelled_by: rider, fee: 0}", "it belongs inside of when"),
        ("- when: {}", "row 1 has no 'fee'"),
        ("- when: {status: accepted, fee: 0}", "move fee out of when, into the next line"),
        (
            "- when: {cancelled_by: driver, system}\n  fee: 0",
            "write `cancelled_by: system`, and two values in brackets, as in `[one, another]`",
        ),
        ("- when: {}\n  fee: false", "wanted one of 0, 5, 8"),
        ("- when: {}\n  fee: 6", "row 1 has fee: 6"),
        ("- when: rider\n  fee: 0", "when is a text"),
        ("- when: {second: 3}\n  fee: 0", 'did you mean "seconds"?'),
        ("- when: {status: accept}\n  fee: 0", 'did you mean "accepted"?'),
        ("- when: {status: []}\n  fee: 0", "status is an empty list"),
        ("- when: {seconds: two minutes}\n  fee: 0", "at most 120"),
        ("- when: {seconds: yes}\n  fee: 0", "wanted a whole number"),
        ("- when: {seconds: 1.5}\n  fee: 0", "wanted a whole number"),
        ("- when: {seconds: 9 to 3}\n  fee: 0", "no number from 0 to 3600 fits"),
        ("- when: {minutes_late: more than 60}\n  fee: 0", "no number from 0 to 60 fits"),
        ("- {when: {}, fee: 0}\n" * 31, "30 is the most"),
    ],
)
def test_what_is_no_table_is_told_with_the_next_step(table: str, said: str) -> None:
    seen = verdict(table)

    assert not seen.passed
    assert said in seen.message
    assert seen.share == 0


def test_signs_and_words_say_the_same() -> None:
    assert verdict(changed(2, seconds="<= 120")).passed
    assert verdict(changed(2, seconds="< 121")).passed
    assert verdict(changed(3, minutes_late=">=5")).passed
    assert verdict(changed(3, minutes_late="  More  than 4 ")).passed


@pytest.mark.parametrize(
    ("place", "condition", "text"),
    [
        *((2, "seconds", text) for text in ("up to 120", "no more than 120", "not more than 120")),
        *(
            (2, "seconds", text)
            for text in ("120 or less", "120 or fewer", "0-120", "from 0 to 120")
        ),
        *((2, "seconds", text) for text in ("0 \u2013 120", "at most 120 seconds", "<= 120s")),
        *((2, "seconds", text) for text in ("under 121", "below 121 sec", "fewer than 121")),
        *((3, "minutes_late", text) for text in ("5 or more", "5+", "5 minutes or more", "over 4")),
        *((3, "minutes_late", text) for text in ("no less than 5", "not less than 5 min")),
        *((3, "minutes_late", text) for text in ("above 4", "greater than 4", "> 4 minutes")),
    ],
)
def test_a_limit_may_be_said_in_other_words(place: int, condition: str, text: str) -> None:
    assert verdict(changed(place, **{condition: text})).passed


@pytest.mark.parametrize(
    ("place", "condition", "text"),
    [
        *((2, "seconds", text) for text in ("up to 119", "120 or more", "under 120", "1-120")),
        *((2, "seconds", text) for text in ("at most 2 minutes", "at most 120 or less", "120 - ")),
        *((3, "minutes_late", text) for text in ("over 5", "5 or less", "4+", "300 s or more")),
    ],
)
def test_another_limit_or_unit_is_refused(place: int, condition: str, text: str) -> None:
    assert not verdict(changed(place, **{condition: text})).passed


def test_a_known_mistake_is_named_behind_its_own_combination() -> None:
    table = yaml.safe_dump(ROWS[1:])
    results = YAML.results(Known("fare-rule", ENTRY, yaml.safe_dump(ROWS), {}, {"m": table}, 7))  # type: ignore[misc]
    told = [{"name": "m", "message": "It is m.", "results": results["mistakes"]["m"]}]
    seen = verdict(ROWS[1:], mistakes=told)

    assert seen.mistake == "m"
    assert seen.message.startswith("no row covers")
    assert seen.message.endswith("It is m.")
    assert verdict(ROWS[2:], mistakes=told).mistake is None


def test_every_change_of_a_right_table_is_refused() -> None:
    made = list(YAML.mutants(yaml.safe_dump(ROWS), ENTRY))
    passes = YAML.trial(Task("fare-rule", ENTRY, 7, 1))  # type: ignore[misc]

    assert len(made) > 100
    assert [each.change for each in made if passes(each.text)] == []
    assert len({each.change for each in made}) == len(made)


def test_a_rule_that_does_not_exist_is_told_to_the_author() -> None:
    assert list(YAML.problems(ENTRY)) == []
    (told,) = YAML.problems({**ENTRY, "rule": "cancelation-fee"})
    assert 'did you mean "cancellation-fee"?' in told


def test_words_in_another_case_and_a_fee_in_quotes_are_taken() -> None:
    text = yaml.safe_dump(ROWS).replace("rider", "Rider").replace("fee: 8", "fee: '8'")

    assert verdict(text).passed


def test_a_limit_in_another_unit_is_told_from_one_that_is_off_by_one() -> None:
    def limit(least: str, beyond: str) -> str:
        text = yaml.safe_dump(ROWS)
        return text.replace("at most 120", least).replace("more than 120", beyond)

    known = {
        "unit": limit("at most 2", "more than 2"),
        "one": limit("less than 120", "at least 120"),
    }
    results = YAML.results(Known("fare-rule", ENTRY, yaml.safe_dump(ROWS), {}, known, 7))  # type: ignore[misc]
    marks = results["mistakes"]
    told = [{"name": n, "message": f"It is {n}.", "results": marks[n]} for n in known]

    for name, table in known.items():
        assert verdict(table, mistakes=told).mistake == name


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("status: requested", "status: any", "leave it out where any value fits"),
        ("seconds: at most 120", "seconds: '*'", "leave it out where any value fits"),
        ("fee: 8", "fee: 8 dollars", "has fee: '8 dollars', wanted one of 0, 5, 8"),
    ],
)
def test_a_value_that_cannot_be_read_is_told(old: str, new: str, said: str) -> None:
    assert said in verdict(yaml.safe_dump(ROWS).replace(old, new)).message


def test_numbers_one_by_one_are_stretches_and_too_many_are_refused() -> None:
    assert "each of 48 combinations" in verdict(changed(2, seconds=list(range(121)))).message
    seen = verdict(changed(2, seconds=list(range(0, 122, 2))))
    assert "row 3: seconds has 61 stretches of numbers, 10 is the most" in seen.message


def test_a_name_that_stands_twice_is_told() -> None:
    with pytest.raises(ValueError, match="`fee` stands twice, again in line 3: keep one"):
        verdict("- when: {}\n  fee: 5\n  fee: 8\n")
