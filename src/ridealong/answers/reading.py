"""Read the answers of a notebook from its file, without running anything."""

import ast
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ridealong.answer import Answer
from ridealong.arithmetic import NotReadable, evaluate
from ridealong.engine.sqltext import without_markers
from ridealong.judging.kinds import KINDS
from ridealong.text import first_line

LARGEST_FILE_BYTES: Final = 20_000_000
LONGEST_CELL: Final = 200_000
CHECK_SUFFIX: Final = "-check"

_CHECK = re.compile(r"(?<![\w.])check\(")
_IPYTHON = re.compile(r"^(?:[%!?].*|[\w.]+\?[ \t]*)$", re.MULTILINE)
_MAGIC = re.compile(r"%%(?P<kind>[a-z]+)[ \t]+(?P<name>[^\W\d]\w*)[ \t]*\r?(?:\n|\Z)")


class Answers(dict[str, Answer]):
    """The answers of a notebook by name, and what is the matter with the file.

    Attributes:
        problems: one line each, naming the cell; empty when all is well.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []


@dataclass(frozen=True, slots=True)
class _Cell:
    number: int  # from 1, as a person counts
    kind: str
    source: str
    grade_id: str
    is_answer: bool  # has nbgrader's mark of a cell that the learner writes
    is_manual: bool = False  # a person grades it, whatever is written there
    is_check: bool = False  # judges the answer above it, with nbgrader's mark or without

    def __str__(self) -> str:
        return f"cell {self.number}" + (f" ({self.grade_id})" if self.grade_id else "")


def read(notebook: Path) -> Answers:
    """Read every kind of answer from a notebook file.

    Queries, statements, YAML and quiz answers are the text below the first line of their cell.
    Literals (numbers, texts, lists, tuples, dicts and arithmetic) and functions are taken from
    the syntax tree of answer cells. Unanswered stubs are left out. Where several cells give the
    same name, the last one above its check counts, as it does when the notebook is run. A text
    that a person grades is no answer here.

    A newer answer in `quiz_answers.json` beside the notebook takes the place of the one in the
    quiz's cell.

    Args:
        notebook: an `.ipynb` file. Whatever it holds, nothing in it is run, and what cannot be
            read is told in `problems`.
    """
    found = Answers()
    cells = _cells(Path(notebook), found.problems)
    _compare_cells(cells, found.problems)
    checks = {cell.grade_id: cell.number for cell in cells if cell.is_check}
    candidates: dict[str, list[tuple[_Cell, Answer]]] = {}
    for cell in cells:
        if cell.is_check or cell.is_manual:
            continue
        for answer in _answers(cell, Path(notebook).parent, found.problems):
            candidates.setdefault(answer.name, []).append((cell, answer))
    for name, given in candidates.items():
        check = checks.get(name.replace("_", "-") + CHECK_SUFFIX)
        above = [pair for pair in given if check is None or pair[0].number < check]
        cell, answer = (above or given)[-1]
        if len({pair[0].number for pair in given}) > 1:
            others = " and ".join(str(pair[0]) for pair in given)
            found.problems.append(f"{others} all give `{name}`: {cell} counts")
        if not KINDS[answer.kind].is_blank(answer):
            found[name] = answer
    return found


def _cells(path: Path, problems: list[str]) -> list[_Cell]:
    """Return the cells of a file in any state and any version of the format."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            problems.append(
                f"{path.name} has {path.stat().st_size:,} bytes, "
                f"{LARGEST_FILE_BYTES:,} is the most that is read: clear its outputs"
            )
            return []
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        problems.append(f"{path.name} cannot be read as a notebook: {first_line(error)}")
        return []
    cells = _listed(content)
    if cells is None:
        problems.append(f"{path.name} is no notebook: it has no list of cells")
        return []
    read = [_cell(number, each) for number, each in enumerate(cells, start=1)]
    for number, each in enumerate(read, start=1):
        if each is None:
            problems.append(f"cell {number} is damaged: it has no source")
        elif len(each.source) > LONGEST_CELL:
            problems.append(f"{each} has {len(each.source):,} characters: it is left out")
    return [each for each in read if each is not None and len(each.source) <= LONGEST_CELL]


def _listed(content: Any) -> list[Any] | None:
    """Return the cells in their order; before version 4 they lie in worksheets."""
    if not isinstance(content, dict):
        return None
    sheets = [content] if "cells" in content else content.get("worksheets")
    if not isinstance(sheets, list):
        return None
    listed: list[Any] = []
    for sheet in sheets:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(cells, list):
            return None
        listed += cells
    return listed


def _cell(number: int, content: Any) -> _Cell | None:
    if not isinstance(content, dict):
        return None
    source = content.get("source", content.get("input"))  # a code cell's name before version 4
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    metadata = content.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    mark = mark if isinstance(mark, dict) else {}
    grade_id = mark.get("grade_id", content.get("id"))
    grade_id = grade_id if isinstance(grade_id, str) else ""
    is_answer, is_graded = mark.get("solution") is True, mark.get("grade") is True
    # A demonstration may be called `drivers-with-check`: a name alone makes no check.
    calls_check = not source.lstrip().startswith("%%") and _CHECK.search(source) is not None
    return _Cell(
        number,
        str(content.get("cell_type")),
        source.replace("\r\n", "\n"),
        grade_id,
        is_answer,
        is_answer and is_graded,
        grade_id.endswith(CHECK_SUFFIX) and not is_answer and (is_graded or calls_check),
    )


def _compare_cells(cells: list[_Cell], problems: list[str]) -> None:
    """Note cells that are there twice, are missing, lost their mark, or became text."""
    ids = [cell.grade_id for cell in cells if cell.grade_id]
    for identity in dict.fromkeys(each for each in ids if ids.count(each) > 1):
        problems.append(f"{ids.count(identity)} cells are called {identity}: one is a copy")
    for cell in cells:
        if cell.is_manual:
            continue
        if cell.kind != "code" and (_magic(cell.source.lstrip()) or cell.is_answer):
            problems.append(f"{cell} is a {cell.kind} cell: it is read as the code it was")
        if cell.is_check:
            wanted = cell.grade_id.removesuffix(CHECK_SUFFIX)
            answers = [each for each in cells if each.grade_id == wanted]
            if not answers:
                problems.append(f"the answer cell {wanted} is missing, or has lost its id")
            elif not any(each.is_answer for each in answers):
                problems.append(f"the answer cell {wanted} has lost its nbgrader metadata")
    checked = {cell.grade_id for cell in cells if cell.is_check}
    for cell in cells:
        check = cell.grade_id + CHECK_SUFFIX
        if cell.is_answer and not cell.is_manual and cell.grade_id and check not in checked:
            problems.append(
                f"the check cell {check} is missing, or has lost its id: {cell} has none"
            )
            checked.add(check)


def _answers(cell: _Cell, folder: Path, problems: list[str]) -> Iterator[Answer]:
    source = cell.source.lstrip("\n")
    if magic := _magic(source):
        name = cell.grade_id.replace("-", "_")
        if cell.is_answer and name.isidentifier() and magic["name"] != name:
            problems.append(
                f"the answer cell {cell.grade_id} starts with `{magic[0].strip()}`, "
                f"wanted `%%{magic['kind']} {name}`"
            )
        text = source[magic.end() :]
        yield from _of_magic(cell, magic["kind"], magic["name"], text, folder, problems)
    elif cell.is_answer and source.startswith("%%"):
        problems.append(
            f"{cell} starts with `{source.splitlines()[0][:40]}`, which holds no answer"
        )
    elif cell.is_answer and cell.kind != "raw":
        yield from _of_python(cell, problems)


def _of_magic(
    cell: _Cell, kind: str, name: str, body: str, folder: Path, problems: list[str]
) -> Iterator[Answer]:
    text = without_markers(body)
    value: Any = None
    try:
        value = KINDS[kind].read(name, text, folder)
    except ValueError as error:
        problems.append(f"{cell}: {error}")
    yield Answer(name, kind, text, value)


def _of_python(cell: _Cell, problems: list[str]) -> Iterator[Answer]:
    source = cell.source
    try:
        with warnings.catch_warnings(action="ignore"):
            try:
                tree = ast.parse(source)
            except SyntaxError:
                # Lines of IPython (`%time`, `!ls`, `name?`) are no Python; no answer is among them.
                source = _IPYTHON.sub("", source)
                tree = ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        problems.append(f"{cell} is no Python: {first_line(error)}")
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Answer(node.name, "function", ast.get_source_segment(source, node) or "")
            continue
        for name, expression in _assigned(node):
            text = ast.get_source_segment(source, expression) or ""
            if isinstance(expression, ast.Constant) and expression.value is ...:
                yield Answer(name, "value", "...", ...)
                continue
            try:
                yield Answer(name, "value", text, evaluate(expression))
            except (NotReadable, RecursionError) as error:
                problems.append(f"{cell}: `{name}` cannot be read: {first_line(error)}")


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value


def _magic(source: str) -> re.Match[str] | None:
    """Return the first line of an answer cell in a magic that a kind of answer has."""
    found = _MAGIC.match(source)
    kind = KINDS.get(found["kind"]) if found else None
    return found if kind and kind.has_magic else None
