"""The one canonical form of a notebook, and what has to be true of its cells.

The form: nbformat 4.5 with sorted keys, one space of indent, UTF-8 and a newline at the end;
notebook metadata `kernelspec` and `language_info.name`; cell metadata `nbgrader` and `tags`;
cell ids that are words and equal the `grade_id` where there is one, so that a diff names its
exercise. `canonical` mends what has one right answer; `problems` says the rest.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from ridealong.authoring import cells, sources, syllabus
from ridealong.authoring.problems import BuildError, did_you_mean_or_known
from ridealong.authoring.steps import (
    Options,
    Show,
    Step,
    digest,
    digest_of_files,
    package_digest,
)

NBVAL_TAGS = ("nbval-skip", "nbval-ignore-output", "nbval-check-output", "raises-exception")
DEMO_TAG = "demo:"

_NBGRADER_KEYS = ("grade", "grade_id", "locked", "points", "schema_version", "solution", "task")
_MACHINE_MADE = re.compile(r"(?=.*[0-9])[0-9a-f]{8}(-.*)?|cell-[0-9a-f]{16}")
_LONGEST_ID = 64  # nbformat's own limit
_CELLS = {False: "answer cell", True: "check cell"}
_RUBRIC_CALL = re.compile(
    r"""\brubric\(\s*["'](?P<id>[\w-]+)["']\s*(?P<samples>,\s*samples\s*=\s*True\s*)?,?\s*\)"""
)
# What a widget shows lives in the browser: stored, it would say "model not found".
_WIDGET = "application/vnd.jupyter.widget-view+json"
# Of what a cell serves to its own reader; the tests leave it out as well, nbval_sanitize.cfg.
_OWN_PORT = re.compile(r"(http://127\.0\.0\.1):\d+")
_PATHS = re.compile(r"(?:/(?:home|Users|tmp|root|var|usr|opt)/|[A-Z]:\\\\?)\S+")


def steps(course: Path, modules: list[Path], options: Options) -> Iterator[Step]:
    """Yield one step per module: its notebooks in canonical form, and their problems."""
    for folder in modules:
        yield Step(
            name=f"format {folder.name}",
            mend=f"ridealong build format {folder.name}",
            inputs=partial(_inputs, course, folder),
            make=partial(_formatted, folder),
            targets=partial(sources.notebooks, folder),
        )


def _inputs(course: Path, folder: Path) -> str:
    read = [*sources.notebooks(folder), *folder.glob("*.toml")]
    return digest(
        digest_of_files(read, course),
        package_digest(only=("authoring", "quizzes", "catalogue/syllabus.toml")),
    )


def _formatted(folder: Path, show: Show) -> dict[Path, bytes]:
    notebooks = {path: canonical(read(path)) for path in sources.notebooks(folder)}
    made = {path: text(notebook).encode() for path, notebook in notebooks.items()}
    named = {f"solutions/{folder.name}/{path.name}": nb for path, nb in notebooks.items()}
    try:
        module = sources.load(folder)
    except BuildError as error:
        raise BuildError(error.problems, made) from error
    found = [p for name, notebook in named.items() for p in problems(notebook, module, name)]
    found += module_problems(named, module)
    if found:
        raise BuildError(found, made)
    return made


def read(path: Path) -> NotebookNode:
    """Read a notebook file.

    Raises:
        BuildError: When it is no notebook of nbformat 4, or two cells have the same id.
    """
    name = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BuildError([f"{name}: no JSON in UTF-8: {error}"]) from error
    if not isinstance(raw, dict) or raw.get("nbformat") != 4:
        raise BuildError([f"{name}: no notebook of nbformat 4; save it with JupyterLab once"])
    ids = Counter(cell.get("id") for cell in raw.get("cells", []) if cell.get("id"))
    twice = [identifier for identifier, count in ids.items() if count > 1]
    if twice:
        raise BuildError([f"{name}, cell {i!r}: two cells have this id" for i in twice])
    raw["nbformat_minor"] = 5
    _name_cells(raw.get("cells", []))
    notebook = node(raw)
    for cell in notebook.cells:
        _join(cell)
    return notebook


def canonical(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook in its canonical form; its outputs keep only what is stable."""
    kept = list(notebook.cells)
    while kept and not kept[-1].source.strip():
        kept.pop()
    return node(
        {
            "cells": [_canonical_cell(cell) for cell in kept],
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "name": "python3"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def node(content: Any) -> NotebookNode:
    """Return dictionaries as nbformat's nodes, all the way down."""
    made: NotebookNode = nbformat.from_dict(content)  # type: ignore[no-untyped-call]
    return made


def text(notebook: NotebookNode) -> str:
    """Return the content of the notebook's file."""
    written: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return written.rstrip("\n") + "\n"


def without_outputs(notebook: NotebookNode) -> str:
    """Return the content of the notebook's file as if it had never been run."""
    bare = json.loads(json.dumps(notebook))
    for cell in bare["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = None, []
    return text(node(bare))


def stable_outputs(outputs: list[Any], count: int | None) -> list[dict[str, Any]]:
    """Return outputs without what differs from run to run: model ids, sizes, paths, free ports.

    Neighbouring pieces of one stream become one; a traceback is cut to its last line.
    """
    kept: list[dict[str, Any]] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            if kept and kept[-1].get("name") == output["name"]:
                kept[-1]["text"] += output["text"]
            else:
                kept.append({"name": output["name"], "output_type": kind, "text": output["text"]})
        elif kind == "error":
            kept.append(_short_error(output))
        else:
            data = {
                mime: _OWN_PORT.sub(r"\1:port", value) if isinstance(value, str) else value
                for mime, value in output["data"].items()
                if mime != _WIDGET
            }
            if not data:
                continue
            entry = {"data": data, "metadata": {}, "output_type": kind}
            if kind == "execute_result":
                entry["execution_count"] = count
            kept.append(entry)
    return kept


def problems(notebook: NotebookNode, module: sources.Module, name: str) -> list[str]:
    """Return what is wrong with the cells of one notebook, each with the id of its cell.

    Args:
        notebook: in canonical form.
        module: the module that the notebook belongs to.
        name: how to name the notebook in a message.
    """
    found = []
    for cell in notebook.cells:
        found += [f"{name}, cell {cell.id!r}: {problem}" for problem in _cell(cell, module)]
    return found


def module_problems(notebooks: Mapping[str, NotebookNode], module: sources.Module) -> list[str]:
    """Return what is wrong between the notebooks of a module and its TOML files."""
    asked = module.exercises.keys() | module.quizzes.keys()
    where: dict[str, list[str]] = {}
    shown: set[str] = set()
    for name, notebook in notebooks.items():
        for cell in notebook.cells:
            if cells.part(cell.metadata) in ("answer", "check", "manual"):
                where.setdefault(cell.id, []).append(name)
            if cell.cell_type == "code":
                shown |= set(re.findall(r"\b(?:quiz|predict)\(\s*[\"']([\w-]+)[\"']", cell.source))
    found = [
        f"{' and '.join(names)}: the grade id {identifier!r} is used {len(names)} times"
        for identifier, names in where.items()
        if len(names) > 1
    ]
    for identifier in sorted(asked):
        file = "exercises.toml" if identifier in module.exercises else "quizzes.toml"
        missing = [i for i in (identifier, identifier + cells.CHECK_SUFFIX) if i not in where]
        if missing:
            found.append(
                f"solutions/{module.name}/{file}, {identifier!r}: no notebook has its "
                f"{' and its '.join(_CELLS[i.endswith(cells.CHECK_SUFFIX)] for i in missing)}"
            )
    known = module.quizzes.keys() | module.predictions.keys()
    for identifier in sorted(known - shown):
        call = "quiz" if identifier in module.quizzes else "predict"
        found.append(
            f"solutions/{module.name}/quizzes.toml, {identifier!r}: "
            f'no notebook shows it with {call}("{identifier}")'
        )
    for identifier in sorted(shown - known):
        found.append(
            f"solutions/{module.name}: a notebook shows the question {identifier!r}, which is "
            f"not in quizzes.toml{did_you_mean_or_known(identifier, known)}"
        )
    code = "\n".join(
        cell.source
        for notebook in notebooks.values()
        for cell in notebook.cells
        if cell.cell_type == "code"
    )
    clocks = set(re.findall(r"\btimer\(\s*[\"']([\w-]+)[\"']", code))
    for exercise in module.exercises.values():
        if exercise.timed and exercise.id not in clocks:
            found.append(
                f"solutions/{module.name}/exercises.toml, {exercise.id!r}: it is timed, and no "
                f'notebook shows its clock with timer("{exercise.id}")'
            )
    return found + list(_rubric_problems(notebooks, module))


def _rubric_problems(
    notebooks: Mapping[str, NotebookNode], module: sources.Module
) -> Iterator[str]:
    """Yield where a rubric task has not its rubric above and the sample answers below."""
    file = f"solutions/{module.name}/exercises.toml"
    seen: dict[str, list[str]] = {}
    for notebook in notebooks.values():
        for cell in notebook.cells:
            if cells.part(cell.metadata) == "manual":
                seen.setdefault(cell.id, []).append("the answer cell")
            elif cell.cell_type == "code":
                for call in _RUBRIC_CALL.finditer(cell.source):
                    seen.setdefault(call["id"], []).append(
                        _rubric_call(call["id"], call["samples"])
                    )
    for identifier in module.rubrics:
        wanted = [
            _rubric_call(identifier),
            "the answer cell",
            _rubric_call(identifier, samples=True),
        ]
        found = seen.get(identifier, [])
        if found != wanted:
            yield (
                f"{file}, {identifier!r}: the notebooks have {', '.join(found) or 'none of it'}; "
                f"wanted in this order {', '.join(wanted)}"
            )
    # An answer cell of no rubric is named with its cell.
    for identifier in sorted(seen.keys() - module.rubrics.keys()):
        if seen[identifier] != ["the answer cell"]:
            yield (
                f"solutions/{module.name}: a notebook shows the rubric {identifier!r}, which is "
                f"not in exercises.toml{did_you_mean_or_known(identifier, module.rubrics)}"
            )


def _rubric_call(identifier: str, samples: object = False) -> str:
    return f'rubric("{identifier}"{", samples=True" if samples else ""})'


def _cell(cell: NotebookNode, module: sources.Module) -> Iterator[str]:
    if not sources.WORDS.fullmatch(cell.id):
        yield "an id is words in lower case joined by '-'"
    for tag in cell.metadata.get("tags", []):
        if tag.startswith(DEMO_TAG):
            item = tag.removeprefix(DEMO_TAG)
            if item not in syllabus.items():
                yield f"tag {tag!r}: unknown syllabus id{did_you_mean_or_known(item, syllabus.items())}"
        elif tag not in NBVAL_TAGS:
            yield f"unknown tag {tag!r}{did_you_mean_or_known(tag, (*NBVAL_TAGS, DEMO_TAG + 'D39'))}"
    part = cells.part(cell.metadata)
    has_markers = cells.BEGIN in cell.source or cells.END in cell.source
    if has_markers and part not in ("answer", "manual"):
        yield "solution markers, but it is no answer cell"
    if part == "unknown":
        yield "nbgrader's grade, solution and locked fit no answer, check or manually graded cell"
    elif part == "answer":
        yield from _answer(cell, module)
    elif part == "check":
        yield from _check(cell, module)
    elif part == "manual":
        yield from _manual(cell, module)


def _answer(cell: NotebookNode, module: sources.Module) -> Iterator[str]:
    asked = module.exercises.keys() | module.quizzes.keys()
    if cell.id not in asked:
        yield (
            f"an answer, but neither exercises.toml nor quizzes.toml has {cell.id!r}"
            f"{did_you_mean_or_known(cell.id, asked)}"
        )
    yield from _solution(cell)
    kind, name = cells.magic(cell.source)
    wanted = cell.id.replace("-", "_")
    if cell.id in module.quizzes and kind != "quiz":
        yield f"a quiz's answer starts with '%%quiz {wanted}'"
    elif cell.id in module.exercises and kind != module.exercises[cell.id].kind:
        yield f"its answer starts with '%%{module.exercises[cell.id].kind} {wanted}'"
    elif kind and name != wanted:
        yield f"its answer is called {name!r}, wanted {wanted!r} as in its id"


def _manual(cell: NotebookNode, module: sources.Module) -> Iterator[str]:
    if cell.cell_type != "markdown":
        yield f"what a person grades is a markdown cell, and this is a {cell.cell_type} cell"
        return
    if cell.id not in module.rubrics:
        yield (
            f"manually graded, but exercises.toml has no rubric {cell.id!r}"
            f"{did_you_mean_or_known(cell.id, module.rubrics)}"
        )
        return
    yield from _solution(cell)
    points, wanted = cell.metadata.nbgrader.get("points"), module.rubrics[cell.id].points
    if points != wanted:
        yield f"worth {points} points here and {wanted} in the TOML file"


def _solution(cell: NotebookNode) -> Iterator[str]:
    begin, end = cells.marker_lines(cell)
    lines = [line.strip() for line in cell.source.splitlines()]
    found = [line for line in lines if line in (begin, end)]
    if not found or found != [begin, end] * (len(found) // 2):
        seen = ", ".join(map(repr, found)) or "neither"
        yield f"wanted the lines '{begin}' and '{end}' in turn, found {seen}"
    if not cells.solution(cell.source).strip():
        yield "no solution between the markers"


def _check(cell: NotebookNode, module: sources.Module) -> Iterator[str]:
    if not cell.id.endswith(cells.CHECK_SUFFIX):
        yield f"the id of a check cell ends with {cells.CHECK_SUFFIX!r}"
        return
    asked: dict[str, sources.Exercise | sources.Quiz] = {**module.exercises, **module.quizzes}
    identifier = cell.id.removesuffix(cells.CHECK_SUFFIX)
    if identifier not in asked:
        yield (
            f"a check, but neither exercises.toml nor quizzes.toml has {identifier!r}"
            f"{did_you_mean_or_known(identifier, asked)}"
        )
        return
    if cell.source != f'check("{identifier}")':
        yield f'wanted exactly the source check("{identifier}")'
    points, wanted = cell.metadata.nbgrader.get("points"), asked[identifier].points
    if points != wanted:
        yield f"worth {points} points here and {wanted} in the TOML file"


def _canonical_cell(cell: NotebookNode) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    flags = cell.metadata.get("nbgrader")
    if flags:
        metadata["nbgrader"] = {key: flags[key] for key in _NBGRADER_KEYS if key in flags}
    if cell.metadata.get("tags"):
        metadata["tags"] = sorted(set(cell.metadata["tags"]))
    entry = {
        "cell_type": cell.cell_type,
        "id": flags["grade_id"] if flags and flags.get("grade_id") else cell.id,
        "metadata": metadata,
        "source": cell.source.rstrip(),
    }
    if cell.get("attachments"):
        entry["attachments"] = cell.attachments
    if cell.cell_type == "code":
        entry["execution_count"] = cell.execution_count
        entry["outputs"] = stable_outputs(cell.outputs, cell.execution_count)
    return entry


def _short_error(output: Mapping[str, Any]) -> dict[str, Any]:
    lines = [line for line in output["traceback"] if isinstance(line, str)]
    shown = "\n".join(lines)
    if "Traceback" in shown or "\x1b" in shown or _PATHS.search(shown):
        lines = [f"{output['ename']}: {output['evalue']}"]
    return {
        "ename": output["ename"],
        "evalue": output["evalue"],
        "output_type": "error",
        "traceback": lines,
    }


def _join(cell: NotebookNode) -> None:
    """Join texts that the file splits into lines."""
    cell.setdefault("metadata", node({}))
    cell.source = _joined(cell.source)
    if cell.cell_type != "code":
        return
    cell.setdefault("execution_count", None)
    cell.setdefault("outputs", [])
    for output in cell.outputs:
        if "text" in output:
            output.text = _joined(output.text)
        for mime, value in output.get("data", {}).items():
            if not mime.endswith("json"):
                output.data[mime] = _joined(value)


def _joined(value: Any) -> Any:
    return "".join(value) if isinstance(value, list) else value


def _name_cells(cells_: list[dict[str, Any]]) -> None:
    """Give a name in words to every cell whose id a program has made."""
    taken = {cell["id"] for cell in cells_ if cell.get("id")}
    for cell in cells_:
        identifier = str(cell.get("id", ""))
        if identifier and not _MACHINE_MADE.fullmatch(identifier):
            continue
        grade_id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")
        wanted = name = grade_id or _slug(str(_joined(cell.get("source", ""))))
        number = 2
        while name in taken and not grade_id:
            name, number = f"{wanted}-{number}", number + 1
        taken.add(name)
        cell["id"] = name


def _slug(source: str) -> str:
    """Return up to five words of a heading, or of a cell's first line, joined by '-'."""
    first = next((line for line in source.splitlines() if line.startswith("#")), source)
    words = re.findall(r"[a-z]{2,}", re.sub(r"['`’]", "", first.lower()))
    return "-".join(words[:5])[: _LONGEST_ID - 4].strip("-") or "cell"
