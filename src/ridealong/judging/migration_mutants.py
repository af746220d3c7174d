"""Change a migration plan in one place: a step is dropped, doubled, moved or replaced."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ridealong.judging.mutants import Mutant, distinct
from ridealong.systems import migration as lab

Step = dict[str, Any]


def mutants(reference: str, entry: Mapping[str, Any]) -> Iterator[Mutant]:
    """Yield a right plan with one change each, and no two alike.

    Args:
        reference: the plan as YAML.
        entry: the exercise, of which a plan needs nothing.
    """
    yield from distinct(_all(yaml.safe_load(reference)), written(reference))


def written(reference: str) -> str:
    """Return a plan as a mutant writes it, without a change."""
    return _text(yaml.safe_load(reference))


def _text(plan: list[Step]) -> str:
    return yaml.safe_dump(plan, sort_keys=False) if plan else "[]\n"


def _all(plan: list[Step]) -> Iterator[Mutant]:
    for place, step in enumerate(plan):
        name = _name(step)
        rest = [*plan[:place], *plan[place + 1 :]]
        yield Mutant(f"without {name}", _text(rest))
        for to in sorted({0, min(place + 1, len(rest)), len(rest)}):
            behind = f"behind {_name(rest[to - 1])}" if to else "first of all"
            yield Mutant(f"{name} {behind}", _text([*rest[:to], step, *rest[to:]]))
        for to in (place, len(plan) - 1):
            twice = [*plan[: to + 1], dict(step), *plan[to + 1 :]]
            yield Mutant(f"{name} again behind {_name(plan[to])}", _text(twice))
        for other in _others(step):
            new = [*plan[:place], other, *plan[place + 1 :]]
            yield Mutant(f"{_name(other)} in place of {name}", _text(new))


def _others(step: Step) -> Iterator[Step]:
    """Yield the steps that begin with the same word and do another thing."""
    for name in lab.STEPS:
        word, _, what = name.partition(": ")
        if word in step and step[word] != what:
            yield {word: what}


def _name(step: Step) -> str:
    return ", ".join(f"{word}: {what}" for word, what in step.items())
