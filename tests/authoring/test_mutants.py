"""The build asks every check about every mutant, and keeps what it found."""

import contextlib
import json
from pathlib import Path

import pytest

from ridealong.authoring import catalogue, command, mutants, sources, steps
from ridealong.authoring.steps import Memory, Options, Outcome
from ridealong.judging import Worker

pytestmark = pytest.mark.usefixtures("databases")


@pytest.fixture
def folder(sample: Path) -> Path:
    """The module of the small course, with its catalogue built."""
    made = sample / "solutions" / "04_sql_one"
    (step,) = catalogue.steps(sample, [made], Options())
    assert steps.run(step, Memory(sample), lambda *_: None).problems == []
    return made


def build(folder: Path, *exercises: str) -> Outcome:
    course = folder.parents[1]
    (step,) = mutants.steps(course, [folder], Options(exercises=exercises))
    return steps.run(step, Memory(course), lambda *_: None)


def declare(folder: Path, exercise: str, *changes: str) -> None:
    """Write changes under `equal` of an exercise."""
    path = folder / "exercises.toml"
    tables = (f'{{ change = {json.dumps(change)}, reason = "as right" }}' for change in changes)
    entries = f"equal = [{', '.join(tables)}]\n"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(f'id = "{exercise}"\n', f'id = "{exercise}"\n{entries}'), encoding="utf-8"
    )


def test_what_passes_is_a_problem_and_is_kept(folder: Path) -> None:
    outcome = build(folder)

    found = mutants.read(folder.parents[1])["04_sql_one"]
    assert found.keys() == {"rides-by-city", "rider-rides"}
    assert all(each.generated > each.refused > 0 for each in found.values())
    for name, each in found.items():
        for change in each.open:
            assert any(name in p and repr(change) in p for p in outcome.problems)


def test_what_is_declared_passes_without_a_problem(folder: Path) -> None:
    build(folder)
    found = mutants.read(folder.parents[1])["04_sql_one"]
    for name, each in found.items():
        declare(folder, name, *each.open)

    assert build(folder).problems == []
    again = mutants.read(folder.parents[1])["04_sql_one"]
    assert {n: (e.refused, e.equal, e.open) for n, e in again.items()} == {
        n: (e.refused, e.open, []) for n, e in found.items()
    }


def test_a_declaration_that_no_mutant_needs_is_a_problem(folder: Path) -> None:
    declare(folder, "rider-rides", "no such change")

    assert [p for p in build(folder).problems if "'no such change'" in p]


def test_only_the_given_exercise_is_judged(folder: Path) -> None:
    build(folder, "rider-rides")

    assert mutants.read(folder.parents[1])["04_sql_one"].keys() == {"rider-rides"}


def test_a_part_leaves_the_rest_to_the_next_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutants, "STILL_OPEN", ("04_sql_one",))
    course = folder.parents[1]

    def is_fresh() -> bool:
        (step,) = mutants.steps(course, [folder], Options())
        return Memory(course).is_fresh(step)

    assert build(folder, "rider-rides").problems == []
    assert not is_fresh()
    assert build(folder).problems == []
    assert is_fresh()


def test_what_did_not_change_is_not_judged_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = build(folder)
    monkeypatch.setattr(mutants, "judged", None)

    assert build(folder).problems == before.problems


def test_the_command_names_what_passes_and_fails(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["mutants", "rider-rides"]) == 1

    seen = capsys.readouterr()
    found = mutants.read(folder.parents[1])["04_sql_one"]["rider-rides"]
    assert f"rider-rides: {len(found.open)} of {found.generated} pass" in seen.out
    assert "refused" in seen.out.splitlines()[-2]
    assert "rides-by-city" not in seen.out


def test_an_exercise_is_asked_for_after_mutants_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["rider-rides"]) == 2
    assert command.main(["mutants", "rider-ride"]) == 2
    assert 'did you mean "rider-rides"' in capsys.readouterr().err


def test_equal_is_read_and_checked(folder: Path) -> None:
    declare(folder, "rider-rides", "a change", "a change")

    with pytest.raises(sources.BuildError, match="two are called 'a change'"):
        sources.load(folder)


def test_some_of_the_mutants_are_spread_over_all_of_them(folder: Path) -> None:
    module = sources.load(folder)
    exercise = module.exercises["rider-rides"]
    reference = mutants.references(module)["rider-rides"]
    content = json.loads(catalogue.path_of(folder.parents[1], module.name).read_text("utf-8"))
    entry = content["exercises"]["rider-rides"]
    hidden = (content["hidden_seed"], content["hidden_scale"])
    with contextlib.closing(Worker()) as worker:
        every = mutants.judged(exercise, reference, entry, hidden, worker)
        some = mutants.judged(exercise, reference, entry, hidden, worker, at_most=3)

    assert every.generated > 3 >= some.generated > 1
    assert set(some.open) < set(every.open)
