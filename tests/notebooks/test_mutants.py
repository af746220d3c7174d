"""Every mutant of a reference is refused, or declared as right with its reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ridealong import catalogue
from ridealong.authoring import mutants, sources
from ridealong.authoring.sources import Module
from ridealong.judging import Worker

Mutated = tuple[Module, str, str]
Judged = tuple[Module, str, mutants.Found]


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """The process in which schemas are attacked."""
    made = Worker()
    yield made
    made.close()


@pytest.fixture(scope="session")
def judged(mutated: Mutated, worker: Worker, databases: None) -> Judged:
    """What the check of an exercise says about the mutants of its reference, asked once."""
    module, name, reference = mutated
    kept, entry = catalogue.exercise(name)
    hidden = (kept.hidden_seed, kept.hidden_scale)
    found = mutants.judged(module.exercises[name], reference, entry, hidden, worker)
    return module, name, found


def test_every_mutant_is_refused_or_declared_equal(judged: Judged, course_folder: Path) -> None:
    module, name, found = judged
    listed = mutants.read(course_folder).get(module.name, {}).get(name, mutants.Found())

    assert found.generated > 0
    assert found.stale == [], "declared under 'equal', and not made, or refused"
    if module.name in mutants.STILL_OPEN:
        assert set(found.open) <= set(listed.open), "a mutant passes that is not listed"
    else:
        assert found.open == []


def test_the_docs_show_what_was_found(judged: Judged, course_folder: Path) -> None:
    module, name, found = judged

    assert mutants.read(course_folder)[module.name][name] == found


def test_only_modules_that_exist_may_have_open_mutants(course_folder: Path) -> None:
    assert {folder.name for folder in sources.folders(course_folder)} >= mutants.STILL_OPEN
