"""What is asked in a module, and what answers give on every data set, as data.

The catalogue of a module holds its exercises with the fingerprints of the reference answer's
result, the fingerprints by which its known mistakes are recognised, its quizzes, its predictions
and its rubrics with their sample answers. It holds no query and no reference text. A module is refused, exercise by exercise, while a mistake cannot
be told from the reference or from another mistake, or an alternative is not equal to the
reference, on every data set that answers are checked on.
"""

import importlib.metadata
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
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
from ridealong.dataset.connection import edge_connection
from ridealong.engine import sqltext
from ridealong.engine.fingerprint import Fingerprint
from ridealong.engine.result import key_name
from ridealong.engine.statement import QueryFailed
from ridealong.judging.ddl import judge as schema_check
from ridealong.judging.document import judge_document
from ridealong.judging.sql import compare, query, signs
from ridealong.notebook.magics import read_yaml
from ridealong.quiz import question as schema

_BY_QUERY = (
    "engine",
    "judging",
    "systems",
    "dataset",
)  # the parts of the package that a fingerprint depends on
_EXPANDED_LEVELS = 4  # of the JSON; what lies deeper stands on one line

Results = Mapping[str, Sequence[Fingerprint]]
"""For each data set one result per set of parameters, one where there are none."""


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
        package_digest(only=(*_BY_QUERY, "quiz", "authoring")),
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
            found = _remembered(course, module, exercise, cells.solution(source), seed)
        except BuildError as error:
            problems += error.problems
            continue
        told = _told(cells.solution(source), notebooks[notebook])
        exercises[exercise.id] = _entry(exercise, notebook) | found | told
    content = {
        "module": module.name,
        "hidden_seed": seed,
        "hidden_scale": query.HIDDEN_SCALE,
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
    return {
        "title": exercise.title,
        "notebook": notebook,
        "kind": exercise.kind,
        "syllabus": exercise.syllabus,
        "level": exercise.level,
        "depth": exercise.depth,
        "minutes": exercise.minutes,
        "points": exercise.points,
        "order": exercise.order,
        "parameters": exercise.parameters,
        "hints": exercise.hints,
        **({"timed": True} if exercise.timed else {}),
        **({"story": exercise.story} if exercise.story else {}),
        **({"fields": exercise.fields} if exercise.fields else {}),
        **({"attacks": exercise.attacks} if exercise.attacks else {}),
        **({"given": exercise.given} if exercise.given else {}),
        **({"cases": exercise.cases} if exercise.cases else {}),
        **({"judge": exercise.judge} if exercise.judge else {}),
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
    known = [(a.name, a.answer, a.sign) for a in (*exercise.mistakes, *exercise.alternatives)]
    key = digest(
        reference,
        repr((exercise.id, exercise.order, exercise.parameters, exercise.allow_empty, known)),
        repr((exercise.kind, exercise.fields, exercise.attacks, exercise.given, exercise.judge)),
        exercise.cases,
        str(seed),
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
            "results": _found(exercise, reference, seed, module.name),
        }
        write(path, json.dumps(kept, ensure_ascii=False).encode())
    found: dict[str, Any] = kept["results"]
    # Messages are not part of the key: a new wording needs no query.
    recognised = found["mistakes"]
    mistakes = [
        {"name": m.name, "message": m.message.strip(), "results": recognised[m.name]}
        | ({"sign": found["signs"][m.name]} if "signs" in found else {})
        for m in exercise.mistakes
    ]
    return {**({"expected": found["expected"]} if found["expected"] else {}), "mistakes": mistakes}


def _found(exercise: Exercise, reference: str, seed: int, module: str) -> dict[str, Any]:
    if exercise.kind == "sql":
        return results(exercise, reference, seed, module)
    return _behaviour(exercise, reference, module)


def _behaviour(exercise: Exercise, reference: str, module: str) -> dict[str, dict[str, Any]]:
    """Return what the mistakes of a schema or a plan are recognised by.

    Raises:
        BuildError: when an answer does not do what its place says.
    """
    where = f"solutions/{module}, exercise {exercise.id!r}"
    problems: list[str] = []
    for what, text in [
        ("the reference", reference),
        *((f"alternative {a.name!r}", a.answer) for a in exercise.alternatives),
    ]:
        marks = _marks(exercise, text)
        if any(marks.values()):
            problems.append(f"{where}: {what} does not hold: {marks}")
    recognised: dict[str, Any] = {}
    for mistake in exercise.mistakes:
        what = f"mistake {mistake.name!r}"
        marks = _marks(exercise, mistake.answer)
        if not any(marks.values()):
            problems.append(f"{where}: {what} holds, so it would pass: change it, or add an attack")
        same = [name for name, other in recognised.items() if other == marks]
        if same:
            problems.append(
                f"{where}: mistakes {same[0]!r} and {mistake.name!r} fail alike ({marks}), so a "
                "check cannot tell which it was: keep one, or add an attack"
            )
        recognised[mistake.name] = marks
    if problems:
        raise BuildError(problems)
    return {"expected": {}, "mistakes": recognised}


def _marks(exercise: Exercise, text: str) -> dict[str, Any]:
    if exercise.kind == "ddl":
        found = schema_check.fight(text, exercise.fields, exercise.attacks, exercise.given)
        return found.marks()
    try:
        value = read_yaml(text)
    except ValueError as error:
        return {"error": str(error)}
    seen = judge_document(exercise.id, {"judge": exercise.judge}, value)
    return {} if seen.passed else {"mistake": seen.mistake or seen.message}


def results(exercise: Exercise, reference: str, seed: int, module: str) -> dict[str, Any]:
    """Run all known answers of an exercise on all data sets.

    Returns:
        `expected`, the fingerprints of the reference by data set, and `mistakes`, by name the
        fingerprints that each is recognised by; ready for `json`.

    Raises:
        BuildError: when an answer does not do what its place says.
    """
    where = f"solutions/{module}, exercise {exercise.id!r}"
    problems: list[str] = []

    def run(what: str, text: str, like: Results | None = None) -> Results:
        try:
            return query.fingerprints(
                text,
                exercise.parameters,
                exercise.order,
                like=like,
                cases=exercise.cases,
                hidden_seed=seed,
            )
        except QueryFailed as error:
            problems.append(f"{where}: {what}: {error}")
            raise BuildError(problems) from error

    if exercise.cases and (problem := _case_problem(exercise.cases)):
        raise BuildError([f"{where}: cases: {problem}"])
    expected = run("the reference", reference)
    problems += [f"{where}: the reference {p}" for p in _reference_problems(exercise, expected)]
    problems += [f"{where}: the reference: {lint}" for lint in [sqltext.lint(reference)] if lint]
    if problems:
        raise BuildError(problems)
    for alternative in exercise.alternatives:
        what = f"alternative {alternative.name!r}"
        seen = run(what, alternative.answer, expected)
        for place, why in islice(_differences(seen, expected, exercise.order), 1):
            problems.append(f"{where}: {what} differs from the reference on {place}: {why}")
        if lint := sqltext.lint(alternative.answer):
            problems.append(f"{where}: {what}: {lint}")
    recognised: dict[str, dict[str, Any]] = {}
    found_signs: dict[str, dict[str, Any]] = {}
    for mistake in exercise.mistakes:
        what = f"mistake {mistake.name!r}"
        seen = run(what, mistake.answer, expected)
        if not any(True for _ in _differences(seen, expected, exercise.order)):
            problems.append(
                f"{where}: {what} gives the reference's result on every data set, so it would "
                "pass: change it, or make it an alternative"
            )
        marks = _stored(seen, Fingerprint.recognised_by, exercise)
        same = [name for name, other in recognised.items() if other == marks]
        if same:
            problems.append(
                f"{where}: mistakes {same[0]!r} and {mistake.name!r} give the same results on "
                "every data set, so a check cannot tell which it was: keep one"
            )
        recognised[mistake.name] = marks
        sign = signs.sign_of(
            mistake.answer,
            reference,
            [each.answer for each in exercise.alternatives],
            mistake.sign,
            ordered=bool(exercise.order),
        )
        found_signs[mistake.name] = dict(sign)
        if not signs.stands_in(sign, mistake.answer):
            problems.append(
                f"{where}: {what} differs from the reference in no part of its text: "
                "name one with 'sign'"
            )
    if problems:
        raise BuildError(problems)
    return {
        "expected": _stored(expected, Fingerprint.to_catalogue, exercise),
        "mistakes": recognised,
        "signs": found_signs,
    }


def _case_problem(cases: str) -> str | None:
    """Return why rows cannot be added to the edge set; None when they can."""
    with edge_connection() as con:
        try:
            con.execute(cases)
        except duckdb.Error as error:
            return str(error).partition("\n")[0]
    return None


def _reference_problems(exercise: Exercise, expected: Results) -> Iterator[str]:
    for place, found in _places_of(expected):
        if found.error:
            yield f"fails on {place}: {found.error}"
            return
    public = expected["public"][0]
    if public.rows == 0 and not exercise.allow_empty:
        yield "gives no row on the public data; say 'allow_empty = true' where that is the point"
    if len(set(public.names)) < len(public.names):
        yield f"has two columns of one name: {', '.join(public.names)}"
    unknown = [key for key in exercise.order if key_name(key) not in public.names]
    for key in unknown:
        yield f"has no column for the order key {key!r}, only {', '.join(public.names)}"


def _differences(seen: Results, wanted: Results, order: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the places where two results differ, with what differs in words."""
    for (place, found), (_, want) in zip(_places_of(seen), _places_of(wanted), strict=True):
        if found.error:
            yield place, found.error
        elif different := compare.difference(found, want, order):
            yield place, f"{different.seen}"


def _places_of(found: Results) -> Iterator[tuple[str, Fingerprint]]:
    for variant, all_results in found.items():
        for number, result in enumerate(all_results, start=1):
            several = f", parameters {number}" if len(all_results) > 1 else ""
            yield f"the {variant} data{several}", result


def _stored(found: Results, store: Any, exercise: Exercise) -> dict[str, Any]:
    """Return results as the catalogue holds them: a list where there are parameters."""
    stored = {variant: [store(result) for result in each] for variant, each in found.items()}
    if exercise.parameters:
        return dict(stored)
    return {variant: each[0] for variant, each in stored.items()}


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
