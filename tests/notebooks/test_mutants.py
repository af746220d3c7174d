"""Every mutant of a reference is refused, or declared as right with its reason.

`ridealong build mutants` asks about all of them and lists what passes; that its list was made from
the references and the code of today is held by test_release.py. Here some of each exercise are asked
again, and once a week all.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ridealong import catalogue
from ridealong.authoring import mutants, sources
from ridealong.authoring.sources import Module
from ridealong.judging import Worker

Mutated = tuple[Module, str, str]

AT_MOST = 4
"""Changes of a reference that are judged in each run; in the weekly run all."""
REPLAYED = 2  # where each is judged by whole evenings


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """The process in which schemas are attacked."""
    made = Worker()
    yield made
    made.close()


@pytest.mark.parametrize("at_most", [AT_MOST, pytest.param(None, marks=pytest.mark.weekly)])
def test_every_mutant_is_refused_or_declared_equal(
    mutated: Mutated, at_most: int | None, worker: Worker, databases: None, course_folder: Path
) -> None:
    module, name, reference = mutated
    kept, entry = catalogue.exercise(name)
    hidden = (kept.hidden_seed, kept.hidden_scale)
    exercise = module.exercises[name]
    if at_most is not None and exercise.own.get("judge") in ("cache", "queue", "move"):
        at_most = REPLAYED
    found = mutants.judged(exercise, reference, entry, hidden, worker, at_most)

    assert found.generated > 0
    assert found.stale == [], "declared under 'equal', and not made, or refused"
    listed = mutants.read(course_folder)[module.name][name]
    assert set(found.open) <= set(listed.open), "a mutant passes that is not listed"
    assert set(found.equal) <= set(listed.equal)
    if at_most is None:
        assert found == listed, "run: ridealong build mutants"


def test_no_mutant_is_listed_as_open(module: Module, course_folder: Path) -> None:
    listed = mutants.read(course_folder)[module.name]

    assert listed.keys() == mutants.references(module).keys()
    if module.name not in mutants.STILL_OPEN:
        assert {name: found.open for name, found in listed.items() if found.open} == {}


def test_only_modules_that_exist_may_have_open_mutants(course_folder: Path) -> None:
    assert {folder.name for folder in sources.folders(course_folder)} >= mutants.STILL_OPEN
