"""Every mistake in the TOML files of a module is named."""

from pathlib import Path

import pytest

from ridealong.authoring import sources
from ridealong.authoring.problems import BuildError


def changed(sample: Path, file: str, old: str, new: str) -> Path:
    folder = sample / "solutions" / "04_sql_one"
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_a_module_is_read(sample: Path) -> None:
    module = sources.load(sample / "solutions" / "04_sql_one")

    assert list(module.exercises) == ["rides-by-city", "rider-rides"]
    assert module.exercises["rider-rides"].own["parameters"] == [
        {"rider_id": 123},
        {"rider_id": 77},
    ]
    assert [m.name for m in module.exercises["rider-rides"].mistakes] == [
        "everybody",
        "literal",
        "driver",
    ]
    assert list(module.quizzes) == ["clause-order"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minutes = 4", "minute = 4", "unknown key 'minute'; did you mean \"minutes\"?"),
        ("minutes = 4", "", "'rides-by-city': 'minutes' is missing"),
        ("points = 2", "points = 0", "'points' is 0, wanted 1 or more"),
        ("points = 2", "points = true", "'points' is True, wanted a int"),
        ("level = 2", "level = 9", "'level' is 9, wanted one of 1, 2, 3, 4, 5"),
        ('depth = "core"', 'depth = "cor"', "'depth' is 'cor', wanted one of core, probe, deep"),
        ('"D39", "D42"', '"D39", "D420"', "unknown syllabus id 'D420'; did you mean \"D42\"?"),
        ('"Look at status.", ', "", "'hints' holds 2, wanted 3 or more"),
        ('id = "rides-by-city"', 'id = "Rides by city"', "an id is words in lower case"),
        ('id = "rides-by-city"', 'id = "rider-rides"', "the id 'rider-rides' is used twice"),
        ('name = "sorted-by-city"', 'name = "misspelt"', "two are called 'misspelt'"),
        ('message = "The order is by city."', 'mesage = "x"', 'did you mean "message"?'),
        ("rider_id = 123", "rider_id = [1]", "wanted names with text, number or true/false"),
        ("[[exercise]]", "[[exercises]]", "unknown table 'exercises'; did you mean \"exercise\"?"),
        ("[[exercise]]", "[exercise", "not TOML"),
    ],
)
def test_a_mistake_in_exercises_is_named(sample: Path, old: str, new: str, said: str) -> None:
    folder = changed(sample, "exercises.toml", old, new)

    with pytest.raises(BuildError) as raised:
        sources.load(folder)

    assert said in str(raised.value)


def test_fewer_than_three_mistakes_are_refused(sample: Path) -> None:
    text = (sample / "solutions/04_sql_one/exercises.toml").read_text(encoding="utf-8")
    first = text[text.index('    { name = "everybody"') : text.index('    { name = "driver"')]
    folder = changed(sample, "exercises.toml", first, "")

    with pytest.raises(BuildError, match="'mistakes' holds 1, wanted 3 or more"):
        sources.load(folder)


def test_a_mistake_in_quizzes_is_named(sample: Path) -> None:
    folder = changed(sample, "quizzes.toml", 'feedback = "It', 'feedbak = "It')

    with pytest.raises(BuildError, match=r"quizzes\.toml, .*did you mean \"feedback\""):
        sources.load(folder)


def test_all_problems_are_said_at_once(sample: Path) -> None:
    changed(sample, "exercises.toml", "minutes = 4", "minute = 4")
    folder = changed(sample, "quizzes.toml", 'depth = "core"', 'depth = "shallow"')

    with pytest.raises(BuildError) as raised:
        sources.load(folder)

    assert len(raised.value.problems) == 3


ALL_RIDERS = 'name = "everybody", answer = "SELECT count(*) AS rides FROM rides"'


def test_a_known_answer_may_be_a_change_of_the_reference(sample: Path) -> None:
    change = 'name = "everybody", change = [["$rider_id", "user_id"], ["count(*)", "count(1)"]]'
    module = sources.load(changed(sample, "exercises.toml", ALL_RIDERS, change))

    mistake = module.exercises["rider-rides"].mistakes[0]
    assert "count(1)" in mistake.answer
    assert mistake.answer.endswith("user_id = user_id")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (', change = [["nowhere", "x"]]', "'nowhere' stands 0 times in the reference, wanted once"),
        (', change = [["nowhere"]]', "holds ['nowhere'], wanted [old, new]"),
        ("", "wanted one of 'answer' and 'change'"),
        (', answer = "x", change = [["a", "b"]]', "wanted one of 'answer' and 'change'"),
    ],
)
def test_a_change_that_cannot_be_made_is_told(sample: Path, change: str, said: str) -> None:
    folder = changed(sample, "exercises.toml", ALL_RIDERS, 'name = "everybody"' + change)

    with pytest.raises(BuildError) as raised:
        sources.load(folder)

    assert said in str(raised.value)
