"""Find exercises, quizzes, predictions and rubrics in the derived files beside this one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ridealong.text import did_you_mean

Entry = Mapping[str, Any]


class CatalogueError(LookupError):
    """The catalogue has no such entry, or one of its files cannot be read."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback.
        return [str(self)]


@dataclass(frozen=True, slots=True)
class Module:
    """One module's catalogue: what is asked in it, and which hidden data its answers meet.

    `hidden_seed` and `hidden_scale` are those that the fingerprints were made with; a cohort can
    have its own. `notebooks` holds for each notebook the ids of what is checked in it, in order.
    """

    name: str
    hidden_seed: int
    hidden_scale: float
    exercises: Mapping[str, Entry] = field(default_factory=dict)
    quizzes: Mapping[str, Entry] = field(default_factory=dict)
    predictions: Mapping[str, Entry] = field(default_factory=dict)
    rubrics: Mapping[str, Entry] = field(default_factory=dict)
    notebooks: Mapping[str, Sequence[str]] = field(default_factory=dict)


def modules() -> tuple[Module, ...]:
    """Return the catalogue of every module, in the course's order.

    Raises:
        CatalogueError: when a file is damaged; the text names it and the command that mends it.
    """
    return _loaded(tuple(_marks()))


def exercise(identity: object) -> tuple[Module, Entry]:
    """Return one exercise and the module it stands in.

    Raises:
        CatalogueError: when the course has none of this id; the text names the nearest.
    """
    for module in modules():
        if isinstance(identity, str) and identity in module.exercises:
            return module, module.exercises[identity]
    known = [each for module in modules() for each in module.exercises]
    raise CatalogueError(f"no exercise {identity!r} in this course{did_you_mean(identity, known)}")


def quizzes() -> dict[str, Entry]:
    """Return every quiz of the course by id."""
    return {each: entry for module in modules() for each, entry in module.quizzes.items()}


def predictions() -> dict[str, Entry]:
    """Return every prediction of the course by id."""
    return {each: entry for module in modules() for each, entry in module.predictions.items()}


def rubrics() -> dict[str, Entry]:
    """Return every rubric task of the course by id."""
    return {each: entry for module in modules() for each, entry in module.rubrics.items()}


def beside(identity: str) -> tuple[str, ...]:
    """Return the ids of what is checked in the notebook of an exercise or quiz, in its order."""
    for module in modules():
        for asked in module.notebooks.values():
            if identity in asked:
                return tuple(asked)
    return (identity,)


def _sources() -> list[Traversable]:
    found = [each for each in files(__name__).iterdir() if each.name.endswith(".json")]
    return sorted(found, key=lambda each: each.name)


def _marks() -> Iterator[tuple[str, int]]:
    # Read again after `ridealong build catalogue`, so that an open kernel never checks against
    # old results. Inside a zip file there is no time, and nothing changes.
    for source in _sources():
        yield source.name, source.stat().st_mtime_ns if isinstance(source, Path) else 0


@lru_cache(maxsize=1)
def _loaded(marks: tuple[tuple[str, int], ...]) -> tuple[Module, ...]:
    return tuple(_read(source) for source in _sources())


def _read(source: Traversable) -> Module:
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
        return Module(
            name=source.name.removesuffix(".json"),
            hidden_seed=int(content["hidden_seed"]),
            hidden_scale=float(content["hidden_scale"]),
            **{key: dict(content[key]) for key in ("exercises", "quizzes", "predictions")},
            rubrics=dict(content.get("rubrics", {})),  # few modules have one
            notebooks=dict(content.get("notebooks", {})),
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CatalogueError(
            f"the catalogue file {source.name} cannot be read ({type(error).__name__}: {error}): "
            "make it anew with `ridealong build catalogue`"
        ) from error
