"""What is asked in a module, and what answers give on every data set, as data.

The catalogue of a module holds its exercises with the fingerprints of the reference answer's
result, the fingerprints by which its known mistakes are recognised, its quizzes, its predictions
and its rubrics with their sample answers. It holds no query and no reference text. A module is refused, exercise by exercise, while a mistake cannot
be told from the reference or from another mistake, or an alternative is not equal to the
reference, on every data set that answers are checked on.
"""

import importlib.metadata
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from ridealong.authoring import cells, format, sources
from ridealong.authoring.problems import BuildError
from ridealong.authoring.sources import Exercise, Module, Rubric
from ridealong.authoring.steps import (
    MEMORY,
    Options,
    Show,
    Step,
    digest,
    digest_of_files,
    package_digest,
    write,
)
from ridealong.engine import sqltext
from ridealong.judging.kind import Known, KnownWrong, digest_of_starter
from ridealong.judging.kinds import KINDS
from ridealong.judging.sql import query
from ridealong.quizzes import question as schema

_BY_QUERY = (
    "engine",
    "judging",
    "systems",
    "dataset",
)  # the parts of the package that a fingerprint depends on
_EXPANDED_LEVELS = 4  # of the JSON; what lies deeper stands on one line


def steps(course: Path, modules: list[Path], options: Options) -> Iterator[Step]:
    """Yield one step per module: its file in `src/ridealong/catalogue/`."""
    for folder in modules:
        target = path_of(course, folder.name)
        yield Step(
            name=f"catalogue {folder.name}",
            mend=f"ridealong build catalogue {folder.name}",
            inputs=partial(_inputs, course, folder, options),
            make=partial(_made, course, folder, options),
            targets=partial(list, [target]),
        )


def path_of(course: Path, module: str) -> Path:
    """Return where the catalogue of a module lies."""
    return course / "src" / "ridealong" / "catalogue" / f"{module}.json"


def hidden_seed(course: Path, module: str, options: Options) -> int:
    """Return the seed of the hidden data: the wanted one, else the one in use, else the usual."""
    if options.hidden_seed is not None:
        return options.hidden_seed
    try:
        return int(json.loads(path_of(course, module).read_text(encoding="utf-8"))["hidden_seed"])
    except (OSError, ValueError, TypeError, KeyError):
        return query.HIDDEN_SEED


def _inputs(course: Path, folder: Path, options: Options) -> str:
    return digest(
        digest_of_files(folder.glob("*.toml"), course),
        *(format.without_outputs(format.read(path)) for path in sources.notebooks(folder)),
        package_digest(only=(*_BY_QUERY, "quizzes", "authoring")),
        importlib.metadata.version("duckdb"),
        str(hidden_seed(course, folder.name, options)),
        repr(options.hold_quiz_key),
    )


def _made(course: Path, folder: Path, options: Options, show: Show) -> dict[Path, bytes]:
    module = sources.load(folder)
    notebooks = {path.stem: format.canonical(format.read(path)) for path in module.notebooks}
    problems = format.module_problems(notebooks, module)
    where = _places(notebooks)
    seed = hidden_seed(course, folder.name, options)
    exercises = {}
    for done, exercise in enumerate(module.exercises.values()):
        show(done, len(module.exercises), exercise.id)
        if exercise.id not in where:
            continue
        notebook, source = where[exercise.id]
        try:
            found = _remembered(course, module, exercise, cells.answer(source), seed)
        except BuildError as error:
            problems += error.problems
            continue
        told = _told(cells.solution(source), notebooks[notebook])
        starter = _starter(exercise.kind, source)
        exercises[exercise.id] = _entry(exercise, notebook) | found | told | starter
    content = {
        "module": module.name,
        "hidden_seed": seed,
        "hidden_scale": query.HIDDEN_SCALE,
        "notebooks": {
            name: [
                each
                for each, (place, _) in where.items()
                if place == name and (each in exercises or each in module.quizzes)
            ]
            for name in notebooks
        },
        "exercises": exercises,
        "quizzes": {
            quiz.id: {**_quiz_entry(quiz.entry, options), "notebook": where[quiz.id][0]}
            for quiz in module.quizzes.values()
            if quiz.id in where
        },
        "predictions": {
            name: {**entry, "notebook": _shown_in(notebooks, name)}
            for name, entry in module.predictions.items()
        },
    }
    if module.rubrics:
        places = _places(notebooks, "manual")
        content["rubrics"] = {
            rubric.id: _rubric_entry(rubric, places[rubric.id][0])
            for rubric in module.rubrics.values()
            if rubric.id in places
        }
    made = {path_of(course, module.name): (dumps(content) + "\n").encode()}
    if problems:
        raise BuildError(problems, made)  # what is right can be checked already
    return made


def _places(
    notebooks: Mapping[str, NotebookNode], part: str = "answer"
) -> dict[str, tuple[str, str]]:
    """Return for each answer cell, or each manual one, its notebook's name and its source."""
    return {
        cell.id: (name, cell.source)
        for name, notebook in notebooks.items()
        for cell in notebook.cells
        if cells.part(cell.metadata) == part
    }


def _starter(kind: str, source: str) -> dict[str, str]:
    """Return how an answer cell is known in which only the given lines stand, if there are such."""
    mark = digest_of_starter(cells.starter(source), KINDS[kind].comment)
    return {"starter": mark} if KINDS[kind].has_magic and mark else {}


def _told(reference: str, notebook: NotebookNode) -> dict[str, list[str]]:
    """Return the literals of the reference that the notebook's own text gives to the learner."""
    words = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    own = sqltext.suspicious_literals(reference, most=50)
    told = sorted(set(own) - set(sqltext.suspicious_literals(reference, words, most=50)))
    return {"told": told} if told else {}


def _shown_in(notebooks: Mapping[str, NotebookNode], question: str) -> str:
    for name, notebook in notebooks.items():
        if any(f'predict("{question}")' in cell.source for cell in notebook.cells):
            return name
    return ""


def _entry(exercise: Exercise, notebook: str) -> dict[str, Any]:
    keys = KINDS[exercise.kind].keys
    return {
        "title": exercise.title,
        "notebook": notebook,
        "kind": exercise.kind,
        "syllabus": exercise.syllabus,
        "level": exercise.level,
        "depth": exercise.depth,
        "minutes": exercise.minutes,
        "points": exercise.points,
        "hints": exercise.hints,
        **({"timed": True} if exercise.timed else {}),
        **({"story": exercise.story} if exercise.story else {}),
        **{key: value for key, value in exercise.own.items() if keys[key].ships},
    }


def _rubric_entry(rubric: Rubric, notebook: str) -> dict[str, Any]:
    entry = asdict(rubric)
    del entry["id"]
    return entry | {"notebook": notebook}


def _quiz_entry(entry: dict[str, Any], options: Options) -> dict[str, Any]:
    return schema.without_key(entry) if options.hold_quiz_key else entry


def _remembered(
    course: Path, module: Module, exercise: Exercise, reference: str, seed: int
) -> dict[str, Any]:
    """Return the results of an exercise, from an earlier build when nothing of it changed."""
    known = _known(exercise, reference, seed)
    key = digest(
        exercise.kind,
        json.dumps(asdict(known), sort_keys=True, default=str),
        package_digest(only=_BY_QUERY),
        importlib.metadata.version("duckdb"),
    )
    path = course / MEMORY / "catalogue" / module.name / f"{exercise.id}.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = {}
    if kept.get("key") != key:
        kept = {
            "key": key,
            "results": results(exercise, reference, seed, module.name),
        }
        write(path, json.dumps(kept, ensure_ascii=False).encode())
    found: dict[str, Any] = kept["results"]
    # Messages are not part of the key: a new wording needs no query.
    recognised, signs = found["mistakes"], found.get("signs", {})
    mistakes = [
        {"name": m.name, "message": m.message.strip(), "results": recognised[m.name]}
        | ({"sign": signs[m.name]} if m.name in signs else {})
        for m in exercise.mistakes
    ]
    kept = {key: value for key, value in found.items() if key != "signs"}
    return kept | {"mistakes": mistakes}


def results(exercise: Exercise, reference: str, seed: int, module: str) -> Mapping[str, Any]:
    """Run all known answers of an exercise.

    Args:
        exercise: with its mistakes and alternatives.
        reference: the text of its reference answer.
        seed: of the hidden data.
        module: the folder's name, for messages.

    Returns:
        What the catalogue keeps of it: `mistakes`, by name what each is recognised by, and what
        else the exercise's kind needs, such as `expected` results; ready for `json`.

    Raises:
        BuildError: when an answer does not do what its place says.
    """
    run = KINDS[exercise.kind].results
    assert run is not None
    try:
        return run(_known(exercise, reference, seed))
    except KnownWrong as error:
        where = f"solutions/{module}, exercise {exercise.id!r}"
        raise BuildError(f"{where}: {problem}" for problem in error.problems) from error


def _known(exercise: Exercise, reference: str, seed: int) -> Known:
    return Known(
        id=exercise.id,
        entry=exercise.own,
        reference=reference,
        alternatives={each.name: each.answer for each in exercise.alternatives},
        mistakes={each.name: each.answer for each in exercise.mistakes},
        signs={each.name: each.sign for each in exercise.mistakes if each.sign},
        hidden_seed=seed,
    )


def dumps(value: Any, level: int = 0) -> str:
    """Return JSON with sorted keys, expanded only where a reader looks for changes."""
    inner, outer = " " * (level + 1), " " * level
    tables = isinstance(value, list) and any(isinstance(each, dict) for each in value)
    if level >= _EXPANDED_LEVELS or not value or not (tables or isinstance(value, dict)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, list):
        lines = [inner + json.dumps(each, ensure_ascii=False, sort_keys=True) for each in value]
        return "[\n" + ",\n".join(lines) + f"\n{outer}]"
    lines = [
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {dumps(value[key], level + 1)}"
        for key in sorted(value)
    ]
    return "{\n" + ",\n".join(lines) + f"\n{outer}}}"
