"""What a check says about wrong schemas: what it saw, and a cause only where it is certain."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ridealong import catalogue
from ridealong.authoring import cells, format, sources
from ridealong.engine.statement import QueryFailed
from ridealong.judging.ddl import judge as schema
from ridealong.judging.ddl import tables as ddl
from ridealong.judging.ddl.judge import fight
from ridealong.verdict import Verdict

ROOT = Path(__file__).parents[2]
WRITTEN = tomllib.loads(Path(__file__).with_name("messages_schema.toml").read_text("utf-8"))
CASES = {f"{case['exercise']}: {case['name']}": case for case in WRITTEN["case"]}


@cache
def references() -> Mapping[str, str]:
    """The reference of each schema exercise, by its id."""
    return {
        cell.id: cells.solution(cell.source)
        for path in sources.notebooks(ROOT / "solutions" / "05_schema")
        for cell in format.read(path).cells
        if cells.part(cell.metadata) == "answer"
    }


def judged(exercise: str, text: str) -> Verdict:
    entry = catalogue.exercise(exercise)[1]
    battle = fight(text, entry["fields"], entry["attacks"], str(entry.get("given", "")))
    return schema.verdict(exercise, entry, battle)


def changed(case: Mapping[str, Any]) -> str:
    if "answer" in case:
        return str(case["answer"])
    text = references()[case["exercise"]]
    for old, new in case["change"]:
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", CASES)
def test_a_message_says_what_was_seen_and_no_cause_that_is_uncertain(name: str) -> None:
    case = CASES[name]

    seen = judged(case["exercise"], changed(case))

    assert seen.mistake == case.get("mistake"), seen.message
    for words in case.get("has", ()):
        assert words in seen.message
    for words in case.get("lacks", ()):
        assert words not in seen.message
    assert "\n" not in seen.message


@pytest.mark.parametrize("case", WRITTEN["syntax"], ids=lambda case: case["text"][:50])
def test_what_makes_no_schema_is_told_with_the_next_step(case: Mapping[str, str]) -> None:
    with pytest.raises(QueryFailed) as told:
        ddl.Tables(case["text"]).close()

    assert case["has"] in str(told.value)
    assert "comma, a bracket or a keyword is missing" not in str(told.value)


def test_nothing_counts_as_refused_where_no_ordinary_row_gets_in() -> None:
    text = references()["users-table"].replace("user_id BIGINT", "user_id UUID")

    seen = judged("users-table", text)

    assert not any(each.held for each in seen.properties)
    assert [each for each in seen.properties if not each.legal and each.tried] == []
    assert seen.points(2) == 0


def test_a_row_that_the_same_rule_refuses_to_ordinary_ones_was_not_tried() -> None:
    words = "'pending', 'matched', 'driving', 'done', 'cancelled'"
    text = references()["ride-timeline"].replace(
        "'requested', 'accepted', 'in_progress', 'completed', 'cancelled'", words
    )

    seen = {each.name: each for each in judged("ride-timeline", text).properties}

    early = seen["a requested ride that already has a moment of completion"]
    assert (early.held, early.tried) == (False, False)
    foreign = seen["a ride in a state that is not one of the five"]
    assert (foreign.held, foreign.seen) == (False, "let it pass: 'pending'")
