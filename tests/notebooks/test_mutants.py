"""Every mutant of a reference is refused, or declared as right with its reason."""

from functools import cache

import pytest

from ridealong import catalogue
from ridealong.authoring import mutants, sources
from ridealong.judging import Worker

from .conftest import COURSE

MODULES = {folder.name: sources.load(folder) for folder in sources.folders(COURSE)}
REFERENCES = {
    (module, name): text
    for module in MODULES
    for name, text in mutants.references(MODULES[module]).items()
}


@cache
def worker() -> Worker:
    """The process in which schemas are attacked; it ends with this one."""
    return Worker()


@cache
def judged(module: str, name: str) -> mutants.Found:
    kept, entry = catalogue.exercise(name)
    hidden = (kept.hidden_seed, kept.hidden_scale)
    exercise = MODULES[module].exercises[name]
    return mutants.judged(exercise, REFERENCES[module, name], entry, hidden, worker())


def test_every_module_of_queries_is_looked_at() -> None:
    assert {module for module, _ in REFERENCES} >= {"04_sql_one", "06_sql_two"}
    assert MODULES.keys() >= mutants.STILL_OPEN


@pytest.mark.usefixtures("databases")
@pytest.mark.parametrize(("module", "name"), REFERENCES)
def test_every_mutant_is_refused_or_declared_equal(module: str, name: str) -> None:
    found = judged(module, name)
    listed = mutants.read(COURSE).get(module, {}).get(name, mutants.Found())

    assert found.generated > 0
    assert found.stale == [], "declared under 'equal', and not made, or refused"
    if module in mutants.STILL_OPEN:
        assert set(found.open) <= set(listed.open), "a mutant passes that is not listed"
    else:
        assert found.open == []


@pytest.mark.usefixtures("databases")
@pytest.mark.parametrize(("module", "name"), REFERENCES)
def test_the_docs_show_what_was_found(module: str, name: str) -> None:
    assert mutants.read(COURSE)[module][name] == judged(module, name)
