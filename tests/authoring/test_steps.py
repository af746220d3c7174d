"""Steps are made when something changed, write only what differs, and lose nothing."""

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
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


def test_what_was_made_is_known_in_a_fresh_clone(
    recipe: Recipe, run: Callable[..., steps.Outcome], tmp_path_factory: pytest.TempPathFactory
) -> None:
    run()
    clone = tmp_path_factory.mktemp("clone") / "course"
    shutil.copytree(recipe.folder, clone, ignore=shutil.ignore_patterns(steps.MEMORY))
    cloned = Recipe(clone)

    assert steps.run(cloned.step(), Memory(clone), silent).skipped
    assert steps.check(cloned.step(), Memory(clone), silent).skipped
    assert not steps.check(cloned.step(), Memory(clone), silent, again=True).skipped
    assert cloned.made == 1


def test_what_was_made_stands_in_one_line_each_in_order(recipe: Recipe) -> None:
    for name in ("b", "a c"):
        memory = Memory(recipe.folder)
        memory.keep(replace(recipe.step(), name=name))

    lines = (recipe.folder / steps.BUILT).read_text(encoding="utf-8").splitlines()

    assert [line.partition(":")[0] for line in lines if line[0] != "#"] == ["a c", "b"]
    assert all(
        re.fullmatch("[0-9a-f]{32} [0-9a-f]{32}", line.split(": ")[1]) for line in lines[-2:]
    )


def test_a_conflict_costs_a_step_and_no_more(
    recipe: Recipe, run: Callable[..., steps.Outcome]
) -> None:
    run()
    path = recipe.folder / steps.BUILT
    ours = path.read_text(encoding="utf-8")
    lines = ours.splitlines()
    theirs = f"recipe: {'0' * 32} {'0' * 32}"
    conflict = [*lines[:-1], "<<<<<<< ours", lines[-1], "=======", theirs, ">>>>>>> theirs", ""]
    path.write_text("\n".join(conflict), encoding="utf-8")

    assert run().changed == []
    assert recipe.made == 2
    assert path.read_text(encoding="utf-8") == ours


def test_steps_that_are_no_more_are_forgotten(
    recipe: Recipe, run: Callable[..., steps.Outcome]
) -> None:
    run()
    memory = Memory(recipe.folder)
    memory.keep(replace(recipe.step(), name="withdrawn"))
    memory.keep_only({"recipe"})

    text = (recipe.folder / steps.BUILT).read_text(encoding="utf-8")
    assert "withdrawn" not in text
    assert run().skipped


SOURCE = '''
"""A module."""

import os


def wait(seconds: float) -> str:
    """Wait."""
    query = """SELECT 1
    FROM rides"""
    return f"{seconds:.1f} {query}" + "#"
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A module."""', '"""What this module is for."""'),
        ('    """Wait."""\n', ""),
        ("import os\n", "import os  # for its name\n"),
        ("    query", "    # The rides.\n    query"),
        ("wait(seconds: float)", "wait(\n    seconds: float  # not minutes\n)"),
        ("\n", "\r\n"),
    ],
)
def test_what_changes_nothing_does_not_count(tmp_path: Path, old: str, new: str) -> None:
    assert _digest_of(tmp_path, SOURCE.replace(old, new)) == _digest_of(tmp_path, SOURCE)
    assert SOURCE.replace(old, new) != SOURCE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import os", "import sys"),
        ("SELECT 1\n", "SELECT 1\n\n"),
        ('+ "#"', '+ "#" '.replace("#", "##")),
        (":.1f", ":.2f"),
        ("    return", "    if seconds:\n        query = ''\n    return"),
        ('    """Wait."""\n', '    f"{os.getcwd()}"\n'),
        ("float", "int"),
    ],
)
def test_what_changes_something_counts(tmp_path: Path, old: str, new: str) -> None:
    assert _digest_of(tmp_path, SOURCE.replace(old, new)) != _digest_of(tmp_path, SOURCE)


def test_indentation_counts(tmp_path: Path) -> None:
    inside = "if a:\n    b()\n    c()\n"
    assert _digest_of(tmp_path, inside) != _digest_of(tmp_path, inside.replace("    c", "c"))


def test_only_python_is_read_so(tmp_path: Path) -> None:
    path = tmp_path / "rides.sql"
    path.write_bytes(b"SELECT 1 -- one")
    before = steps.digest_of_files([path])
    path.write_bytes(b"SELECT 1 -- two")
    assert steps.digest_of_files([path]) != before


def test_the_digest_of_the_package_is_the_same_under_every_python() -> None:
    """Kept by hand: it fails under one Python alone when they differ. Its text is frozen."""
    assert hashlib.sha256(steps._code(SOURCE.encode())).hexdigest()[:16] == "9b7ec91310318205"


def _digest_of(folder: Path, source: str) -> str:
    path = folder / "module.py"
    path.write_bytes(source.encode())
    return steps.digest_of_files([path], folder)


def test_digest_tells_names_contents_and_borders_apart(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"1")
    of = partial(steps.digest_of_files, names=tmp_path)

    assert of([tmp_path / "a"]) != of([tmp_path / "b"])
    assert of([tmp_path / "a"]) != of([tmp_path / "c"])
    assert steps.digest("ab", "c") != steps.digest("a", "bc")
