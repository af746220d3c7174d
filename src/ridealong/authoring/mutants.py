"""Change every reference answer in one place and ask its check about each change.

A mutant that passes shows a hole in the check's data, unless it is as right as the reference: then
it stands under `equal` in `exercises.toml`, with the reason. `docs/instructors/mutants.json` keeps
what was found, exercise by exercise, so that only what changed is judged again and the docs can
show the share that is refused.
"""

import importlib.metadata
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any, Final

from ridealong.answer import Answer
from ridealong.authoring import cells, format, sources
from ridealong.authoring.catalogue import path_of
from ridealong.authoring.problems import BuildError
from ridealong.authoring.sources import Exercise, Module
from ridealong.authoring.steps import (
    Options,
    Show,
    Step,
    digest,
    digest_of_files,
    package_digest,
)
from ridealong.judging.kind import Task
from ridealong.judging.kinds import KINDS
from ridealong.judging.worker import Worker

_JUDGING: Final = Path(__file__).parents[1] / "judging"
STILL_OPEN: Final = frozenset({"06_sql_two"})
"""Modules with mutants that pass, which are listed; in all others every one is refused or equal."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of the mutants of one exercise.

    Attributes:
        generated: how many there are.
        equal: names of those that pass and are declared as right.
        open: names of those that pass and are not declared.
        stale: names that are declared and no longer made, or refused by now.
    """

    generated: int = 0
    equal: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many the check refuses."""
        return self.generated - len(self.equal) - len(self.open)


def steps(course: Path, modules: list[Path], options: Options) -> Iterator[Step]:
    """Yield the one step: the file of all modules, judged anew for the given ones."""
    yield Step(
        name="mutants",
        mend="ridealong build mutants",
        inputs=partial(_inputs, course),
        make=partial(_made, course, modules, options),
        targets=partial(list, [results_path(course)]),
        whole=not options.exercises and modules == sources.folders(course),
    )


def results_path(course: Path) -> Path:
    """Return where the results of all modules lie."""
    return course / "docs" / "instructors" / "mutants.json"


def read(course: Path) -> dict[str, dict[str, Found]]:
    """Return what was found, by module and exercise; nothing where nobody looked yet."""
    return {
        module: {name: Found(**_without_key(entry)) for name, entry in exercises.items()}
        for module, exercises in _stored(course).items()
    }


def references(module: Module) -> dict[str, str]:
    """Return the reference answers of a module's exercises that have mutants, by exercise."""
    return {
        cell.id: cells.answer(cell.source)
        for path in module.notebooks
        for cell in format.read(path).cells
        if cells.part(cell.metadata) == "answer"
        and cell.id in module.exercises
        and KINDS[module.exercises[cell.id].kind].has_mutants
    }


def judged(
    exercise: Exercise,
    reference: str,
    entry: Mapping[str, Any],
    hidden: tuple[int, float],
    worker: Worker,
    at_most: int | None = None,
) -> Found:
    """Ask the check about every mutant of an exercise.

    Args:
        exercise: the exercise as its author wrote it.
        reference: its reference answer.
        entry: what the catalogue holds about it.
        hidden: seed and scale of the hidden data.
        worker: the process that runs what is checked.
        at_most: so many of them, spread evenly, and what is told is about these.
    """
    kind = KINDS[exercise.kind]
    task = Task(exercise.id, {**entry, **exercise.own}, *hidden)

    def judge(text: str) -> bool:
        return kind.judge(task, Answer(task.name, kind.name, text), worker).passed

    passes = kind.trial(task) if kind.trial else judge
    made = list(kind.mutants(reference, exercise.own))
    asked = made[:: ceil(len(made) / at_most)] if at_most and made else made
    passing = [each.change for each in asked if passes(each.text)]
    left_out = {each.change for each in made} - {each.change for each in asked}
    declared = [each.change for each in exercise.equal if each.change not in left_out]
    return Found(
        generated=len(asked),
        equal=[change for change in passing if change in declared],
        open=[change for change in passing if change not in declared],
        stale=[change for change in declared if change not in passing],
    )


def _inputs(course: Path) -> str:
    read = [results_path(course)]
    for folder in sources.folders(course):
        read += [
            *sources.notebooks(folder),
            folder / "exercises.toml",
            path_of(course, folder.name),
        ]
    return digest(digest_of_files(read, course), *map(_machinery, KINDS))


def _machinery(kind: str) -> str:
    """Return the digest of what decides which mutants an answer of a kind has."""
    if (_JUDGING / kind).is_dir():
        made = package_digest(only=("judging/mutants.py", f"judging/{kind}/mutants.py"))
    else:
        rooms = [f"judging/{each.name}" for each in _JUDGING.iterdir() if each.is_dir()]
        made = package_digest(only=("judging", "systems"), without=rooms)
    return digest(made, importlib.metadata.version("sqlglot"))


def _made(course: Path, folders: Sequence[Path], options: Options, show: Show) -> dict[Path, bytes]:
    modules = [sources.load(folder) for folder in folders]
    before, problems, worker = _stored(course), list[str](), Worker()
    content = {m: e for m, e in before.items() if (course / "solutions" / m).is_dir()}
    for module in modules:
        if options.exercises and not set(options.exercises) & module.exercises.keys():
            continue
        entries, hidden = _catalogue(course, module.name)
        kept, found = before.get(module.name, {}), dict[str, dict[str, Any]]()
        wanted = references(module)
        for done, (name, reference) in enumerate(wanted.items()):
            show(done, len(wanted), name)
            if options.exercises and name not in options.exercises:
                found |= {name: kept[name]} if name in kept else {}
                continue
            exercise = module.exercises[name]
            where = f"solutions/{module.name}, exercise {name!r}"
            if name not in entries:
                problems.append(f"{where}: not in the catalogue: build that first")
                continue
            key = _key(exercise, reference, entries[name])
            if kept.get(name, {}).get("key") == key and not options.exercises:
                result = Found(**_without_key(kept[name]))
            else:
                result = judged(exercise, reference, entries[name], hidden, worker)
            found[name] = {"key": key, **asdict(result)}
            problems += _problems(module.name, where, result)
        content[module.name] = found
    worker.close()
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    made = {results_path(course): text.encode()}
    if problems:
        raise BuildError(problems, made)
    return made


def _problems(module: str, where: str, found: Found) -> Iterator[str]:
    for change in found.stale:
        yield f"{where}: 'equal' names a change that is not made, or is refused: {change!r}"
    if module not in STILL_OPEN:
        for change in found.open:
            yield (
                f"{where}: the reference changed in one place passes: {change!r}; add rows to "
                "'cases', or say under 'equal' why it is right"
            )


def _key(exercise: Exercise, reference: str, entry: Mapping[str, Any]) -> str:
    """Return the digest of what decides how the mutants of an exercise fare.

    How the check compares is not part of it: a test judges every mutant anew.
    """
    return digest(
        reference,
        repr(sorted((each.change, each.reason) for each in exercise.equal)),
        json.dumps(exercise.own, sort_keys=True),
        json.dumps(entry.get("expected", {}), sort_keys=True),
        _machinery(exercise.kind),
    )[:16]


def _catalogue(course: Path, module: str) -> tuple[Mapping[str, Any], tuple[int, float]]:
    try:
        content = json.loads(path_of(course, module).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}, (0, 1.0)
    return content["exercises"], (content["hidden_seed"], content["hidden_scale"])


def _stored(course: Path) -> dict[str, dict[str, dict[str, Any]]]:
    try:
        content: dict[str, dict[str, dict[str, Any]]] = json.loads(
            results_path(course).read_text(encoding="utf-8")
        )
    except (OSError, ValueError):
        return {}
    return content


def _without_key(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "key"}


def report(course: Path, modules: Sequence[str], exercises: Sequence[str]) -> str:
    """Return what passes, exercise by exercise, and a table of the modules."""
    lines = []
    for module, found in sorted(read(course).items()):
        for name, each in found.items():
            if module in modules and (name in exercises or not exercises) and each.open:
                lines.append(f"{name}: {len(each.open)} of {each.generated} pass")
                lines += [f"    {change}" for change in each.open]
    rows = [["module", "generated", "refused", "equal", "open"], *summary(course, modules)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for first, *counts in rows:
        numbers = (count.rjust(width) for count, width in zip(counts, widths[1:], strict=True))
        lines.append("  ".join([first.ljust(widths[0]), *numbers]))
    return "\n".join(lines) + "\n"


def summary(course: Path, modules: Sequence[str]) -> list[list[str]]:
    """Return a row per module: its name, how many mutants, how many refused, equal and open."""
    rows = []
    for module, exercises in sorted(read(course).items()):
        if module in modules:
            counts = (
                sum(each.generated for each in exercises.values()),
                sum(each.refused for each in exercises.values()),
                sum(len(each.equal) for each in exercises.values()),
                sum(len(each.open) for each in exercises.values()),
            )
            rows.append([module, *(f"{count:,}" for count in counts)])
    return rows
