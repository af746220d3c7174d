"""The catalogue says what answers give, and refuses answers that are not what their place says."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from ridealong.authoring import catalogue, sources, steps
from ridealong.authoring.problems import BuildError
from ridealong.authoring.sources import Exercise, KnownAnswer
from ridealong.authoring.steps import Memory, Options
from ridealong.judging.sql import query

MODULE = "04_sql_one"
REFERENCE = "SELECT count(*) AS rides FROM rides WHERE user_id = $rider_id"
SEED = 7919


@pytest.fixture
def exercise(sample: Path, databases: None) -> Exercise:
    return sources.load(sample / "solutions" / MODULE).exercises["rider-rides"]


@pytest.fixture
def build(sample: Path, databases: None) -> Callable[..., dict[str, Any]]:
    """A function that builds the catalogue of the small course and gives its content."""

    def run(**options: Any) -> dict[str, Any]:
        folder = sample / "solutions" / MODULE
        (step,) = catalogue.steps(sample, [folder], Options(**options))
        outcome = steps.run(step, Memory(sample), lambda *_: None)
        assert outcome.problems == []
        content: dict[str, Any] = json.loads(
            catalogue.path_of(sample, MODULE).read_text(encoding="utf-8")
        )
        return content

    return run


def test_results_are_kept_for_every_data_set_and_parameter(exercise: Exercise) -> None:
    found = catalogue.results(exercise, REFERENCE, SEED, MODULE)

    counts = {variant: len(results) for variant, results in found["expected"].items()}
    assert counts == {"public": 1, "hidden": 2, "edge": 2, "shifted": 2}
    assert found["mistakes"].keys() == {"everybody", "literal", "driver"}
    assert found["expected"]["public"][0]["columns"][0]["name"] == "rides"


def refused(exercise: Exercise, reference: str = REFERENCE) -> str:
    with pytest.raises(BuildError) as raised:
        catalogue.results(exercise, reference, SEED, MODULE)
    return str(raised.value)


def with_mistakes(exercise: Exercise, *texts: str) -> Exercise:
    return replace(
        exercise, mistakes=[KnownAnswer(f"m{i}", text, "x") for i, text in enumerate(texts)]
    )


def test_a_mistake_that_would_pass_is_refused(exercise: Exercise) -> None:
    said = refused(with_mistakes(exercise, f"SELECT * FROM ({REFERENCE})"))

    assert "mistake 'm0' gives the reference's result on every data set" in said


def test_a_mistake_that_fails_on_one_data_set_only_is_taken(exercise: Exercise) -> None:
    literal = with_mistakes(exercise, REFERENCE.replace("$rider_id", "123"))

    assert catalogue.results(literal, REFERENCE, SEED, MODULE)["mistakes"].keys() == {"m0"}


def test_rows_of_an_exercise_tell_a_mistake_apart(exercise: Exercise) -> None:
    text = f"{REFERENCE} AND distance_mi IS DISTINCT FROM 3.14"
    rounded = with_mistakes(exercise, text)

    assert "gives the reference's result on every data set" in refused(rounded)
    told = replace(
        rounded,
        own=rounded.own | {"cases": "UPDATE rides SET distance_mi = 3.14 WHERE ride_id = 2"},
    )
    assert catalogue.results(told, REFERENCE, SEED, MODULE)["mistakes"].keys() == {"m0"}
    wrong = replace(rounded, own=rounded.own | {"cases": "INSERT INTO rdies VALUES (1)"})
    assert "cases: Catalog Error: Table with name rdies does not exist" in refused(wrong)


def test_literals_that_the_text_gives_are_told_and_no_others() -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("Pairs with at least 100 riders."),
            nbformat.v4.new_code_cell("250"),
        ]
    )

    reference = "SELECT * FROM pairs WHERE riders >= 100 AND rides > 250"
    assert catalogue._told(reference, notebook) == {"told": ["100"]}
    assert catalogue._told("SELECT 1", notebook) == {}


def test_mistakes_that_cannot_be_told_apart_are_refused(exercise: Exercise) -> None:
    twice = with_mistakes(
        exercise, "SELECT count(*) AS rides FROM rides", "SELECT sum(1) AS rides FROM rides"
    )

    assert "mistakes 'm0' and 'm1' give the same results on every data set" in refused(twice)


def test_an_alternative_that_differs_is_refused(exercise: Exercise) -> None:
    other = replace(exercise, alternatives=[KnownAnswer("off", "SELECT 1 + 1 AS rides")])

    said = refused(other)
    assert "alternative 'off' differs from the reference on the public data" in said


def test_a_reference_that_fails_is_refused(exercise: Exercise) -> None:
    assert "the reference fails on the public data" in refused(exercise, "SELECT x FROM rides")


def test_a_reference_without_rows_needs_a_word(exercise: Exercise) -> None:
    nothing = "SELECT ride_id FROM rides WHERE user_id < $rider_id AND false"
    empty = replace(exercise, alternatives=[], mistakes=[])

    assert "gives no row on the public data" in refused(empty, nothing)
    allowed = replace(empty, own=empty.own | {"allow_empty": True})
    assert catalogue.results(allowed, nothing, SEED, MODULE)["mistakes"] == {}


def test_an_order_by_a_column_that_is_not_there_is_refused(exercise: Exercise) -> None:
    said = refused(replace(exercise, own=exercise.own | {"order": ["city"]}))

    assert "no column for the order key 'city', only rides" in said


def test_a_reference_that_changes_by_itself_is_refused(exercise: Exercise) -> None:
    said = refused(exercise, "SELECT count(*) AS rides FROM rides WHERE random() < 0.5")

    assert "random()" in said


def test_an_answer_that_is_no_query_is_refused(exercise: Exercise) -> None:
    said = refused(with_mistakes(exercise, "SELECT 1; SELECT 2"))

    assert "mistake 'm0': the answer holds 2 statements" in said


def test_the_same_sources_give_the_same_bytes(
    sample: Path, build: Callable[..., dict[str, Any]]
) -> None:
    build()
    path = catalogue.path_of(sample, MODULE)
    first = path.read_bytes()
    path.unlink()
    for kept in (sample / ".ridealong").rglob("*.json"):
        kept.unlink()

    build()

    assert path.read_bytes() == first
    assert first.endswith(b"}\n")


def test_catalogue_holds_no_query(sample: Path, build: Callable[..., dict[str, Any]]) -> None:
    content = build()

    assert content["exercises"]["rider-rides"]["notebook"] == "01_first_look"
    assert "SELECT count" not in json.dumps(content["exercises"])


def test_catalogue_tells_what_is_checked_in_a_notebook_in_its_order(
    build: Callable[..., dict[str, Any]],
) -> None:
    assert build()["notebooks"] == {
        "01_first_look": ["rides-by-city", "rider-rides", "clause-order"]
    }


def test_of_a_result_two_or_three_rows_ship(build: Callable[..., dict[str, Any]]) -> None:
    exercises = build()["exercises"]

    by_city, of_rider = exercises["rides-by-city"]["sample"], exercises["rider-rides"]["sample"]
    assert by_city["columns"] == [["city", "text"], ["rides", "whole number"]]
    assert (by_city["row_count"], by_city["places"], len(by_city["rows"])) == (6, [1, 6], 2)
    assert (of_rider["row_count"], of_rider["rows"]) == (1, [])
    assert of_rider["parameters"] == {"rider_id": 123}


def test_key_of_quizzes_can_be_held_back(build: Callable[..., dict[str, Any]]) -> None:
    full = build()["quizzes"]["clause-order"]
    held = build(hold_quiz_key=True)["quizzes"]["clause-order"]

    assert any(option["right"] for option in full["options"])
    assert held["key_held_back"] is True
    assert not [key for option in held["options"] for key in option if key not in ("id", "text")]


def test_a_hidden_seed_stays_until_another_is_given(
    build: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The public data stands in for another hidden one: a test builds no further database.
    assert build(hidden_seed=42)["hidden_seed"] == 42
    assert build()["hidden_seed"] == 42
    assert build(hidden_seed=SEED)["hidden_seed"] == SEED


def test_only_changed_exercises_run_again(
    sample: Path, build: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    build()
    asked: list[str] = []
    run = catalogue.results

    def counted(exercise: Exercise, *rest: Any) -> dict[str, Any]:
        asked.append(exercise.id)
        return run(exercise, *rest)

    monkeypatch.setattr(catalogue, "results", counted)
    path = sample / "solutions" / MODULE / "exercises.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("FROM rides r JOIN", "FROM rides AS r JOIN"), encoding="utf-8")
    build()

    assert asked == ["rides-by-city"]


def test_a_new_message_runs_no_query(
    sample: Path, build: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    build()
    monkeypatch.setattr(catalogue, "results", None)
    path = sample / "solutions" / MODULE / "exercises.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('message = "All riders."', 'message = "New."'), encoding="utf-8")

    messages = [m["message"] for m in build()["exercises"]["rider-rides"]["mistakes"]]
    assert "New." in messages


def test_on_a_cohort_s_own_data_signs_may_tell_two_mistakes_apart(
    exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_rider = "SELECT count(*) AS rides FROM rides"
    twins = with_mistakes(exercise, every_rider, f"{every_rider} WHERE ride_id IS NOT NULL")
    assert "give the same results on every data set" in refused(twins)

    monkeypatch.setattr(query, "HIDDEN_SEED", SEED + 1)

    found = catalogue.results(twins, REFERENCE, SEED, MODULE)["mistakes"]
    assert found.keys() == {"m0", "m1"}
