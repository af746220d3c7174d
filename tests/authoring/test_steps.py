"""Steps are made when something changed, write only what differs, and lose nothing."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ridealong.authoring import steps
from ridealong.authoring.problems import BuildError
from ridealong.authoring.steps import Memory, Show, Step


def silent(done: int, total: int, what: str) -> None:
    """Show nothing."""


class Recipe:
    """A step that writes one file, and counts how often it is made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content = b"one"
        self.inputs = "a"
        self.made = 0

    def step(self) -> Step:
        return Step(
            name="recipe",
            mend="ridealong build recipe",
            inputs=lambda: self.inputs,
            make=self.make,
            targets=lambda: [path for path in self.folder.glob("made/*") if path.is_file()],
        )

    def make(self, show: Show) -> dict[Path, bytes]:
        self.made += 1
        return {self.folder / "made" / "file.txt": self.content}


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return Recipe(tmp_path)


@pytest.fixture
def run(recipe: Recipe) -> Callable[..., steps.Outcome]:
    return lambda **options: steps.run(recipe.step(), Memory(recipe.folder), silent, **options)


@pytest.fixture
def check(recipe: Recipe) -> Callable[..., steps.Outcome]:
    return lambda **options: steps.check(recipe.step(), Memory(recipe.folder), silent, **options)


def test_a_step_is_made_once(recipe: Recipe, run: Callable[..., steps.Outcome]) -> None:
    path = recipe.folder / "made" / "file.txt"

    assert run().changed == [path]
    assert run().skipped
    assert recipe.made == 1
    assert path.read_bytes() == b"one"


def test_a_step_is_made_again_when_its_inputs_change(
    recipe: Recipe, run: Callable[..., steps.Outcome]
) -> None:
    run()
    recipe.inputs, recipe.content = "b", b"two"

    assert run().changed == [recipe.folder / "made" / "file.txt"]


def test_a_step_is_made_again_when_its_file_was_touched(
    recipe: Recipe, run: Callable[..., steps.Outcome]
) -> None:
    run()
    path = recipe.folder / "made" / "file.txt"
    path.write_bytes(b"spoilt")

    assert run().changed == [path]
    assert path.read_bytes() == b"one"


def test_a_file_that_is_right_is_not_written(
    recipe: Recipe, run: Callable[..., steps.Outcome]
) -> None:
    run()
    before = (recipe.folder / "made" / "file.txt").stat().st_mtime_ns

    assert run(again=True).changed == []
    assert recipe.made == 2
    assert (recipe.folder / "made" / "file.txt").stat().st_mtime_ns == before


def test_files_that_are_not_made_are_removed(
    recipe: Recipe, run: Callable[..., steps.Outcome]
) -> None:
    run()
    stray = recipe.folder / "made" / "stray.txt"
    stray.write_text("x", encoding="utf-8")

    assert run().changed == [stray]
    assert not stray.exists()


def test_a_check_names_what_is_stale_and_writes_nothing(
    recipe: Recipe, check: Callable[..., steps.Outcome]
) -> None:
    stray = recipe.folder / "made" / "stray.txt"
    stray.parent.mkdir()
    stray.write_text("x", encoding="utf-8")

    outcome = check()

    assert outcome.changed == [recipe.folder / "made" / "file.txt", stray]
    assert sorted(path.name for path in recipe.folder.rglob("*")) == ["made", "stray.txt"]


def test_problems_keep_what_could_be_made_and_are_not_remembered(
    recipe: Recipe, run: Callable[..., steps.Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = recipe.folder / "made" / "good.txt"

    def fail(show: Show) -> dict[Path, bytes]:
        raise BuildError(["one is wrong"], {good: b"good"})

    monkeypatch.setattr(recipe, "make", fail)

    assert run().problems == ["one is wrong"]
    assert good.read_bytes() == b"good"
    assert not run().skipped


def test_digest_tells_names_contents_and_borders_apart(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"1")
    of = partial(steps.digest_of_files, names=tmp_path)

    assert of([tmp_path / "a"]) != of([tmp_path / "b"])
    assert of([tmp_path / "a"]) != of([tmp_path / "c"])
    assert steps.digest("ab", "c") != steps.digest("a", "bc")
