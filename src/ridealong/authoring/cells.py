"""What a cell is: its magic, the comment mark of its language, its part in the grading."""

import ast
import re
from collections.abc import Mapping
from textwrap import dedent
from typing import Any

from ridealong.engine.sqltext import without_markers
from ridealong.judging.kinds import KINDS

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
CHECK_SUFFIX = "-check"

_MAGIC = re.compile(r"%%(?P<kind>[a-z]+)[ \t]*(?P<name>[A-Za-z_][A-Za-z0-9_]*)?")
TEXT_STUB = "*Write your answer here.*"
_NOT_ANSWERED = "..."

# nbgrader's three flags of a cell -> what the cell is for.
_PARTS = {
    (False, True, False): "answer",
    (True, False, True): "check",
    (True, True, False): "manual",
}


def magic(source: str) -> tuple[str, str]:
    """Return the kind and the name of a cell's `%%kind name` line, each "" where there is none."""
    found = _MAGIC.match(source)
    return (found["kind"], found["name"] or "") if found else ("", "")


def marker_lines(cell: Mapping[str, Any]) -> tuple[str, str]:
    """Return the two lines that a cell's solution stands between."""
    if cell["cell_type"] != "code":
        return f"<!-- {BEGIN} -->", f"<!-- {END} -->"
    mark = comment_mark(cell["source"])
    return f"{mark} {BEGIN}", f"{mark} {END}"


def comment_mark(source: str) -> str:
    """Return the mark that starts a comment in the language of the cell."""
    kind = KINDS.get(magic(source)[0])
    return kind.comment if kind else "#"


def part(metadata: Mapping[str, Any]) -> str:
    """Return "answer", "check" or "manual" from a cell's metadata, "" for every other cell."""
    flags = metadata.get("nbgrader")
    if not flags:
        return ""
    key = (bool(flags.get("grade")), bool(flags.get("solution")), bool(flags.get("locked")))
    return _PARTS.get(key, "unknown")


def solution(source: str) -> str:
    """Return the text between the solution markers, without indentation; "" without markers."""
    inside, lines = False, []
    for line in source.splitlines():
        if BEGIN in line:
            inside = True
        elif END in line:
            inside = False
        elif inside:
            lines.append(line)
    return dedent("\n".join(lines))


def answer(source: str) -> str:
    """Return the text of a whole answer: the starter that stands outside of the markers as well.

    A function's body is all that its author writes; its first line is given.
    """
    kind = KINDS.get(magic(source)[0])
    if not (kind and kind.has_magic):
        return solution(source)
    return dedent(without_markers(source.partition("\n")[2]))


def starter(source: str) -> str:
    """Return the text that stands outside of the solution markers, below the magic's line."""
    inside, lines = False, []
    for line in source.splitlines()[1:]:
        if BEGIN in line or END in line:
            inside = BEGIN in line
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def stub(source: str) -> str:
    """Return what stands in the learner's cell where the solution was.

    A cell with a magic gets a comment of its own language. Python that binds
    names gets `name = ...` for each of them, a function's body gets `...`.
    """
    kind = KINDS.get(magic(source)[0])
    if kind and kind.has_magic:
        return kind.stub
    try:
        statements = ast.parse(solution(source)).body
    except SyntaxError:  # a part of a function's body, such as a lone `return`, is no module
        return _NOT_ANSWERED
    names = [
        target.id
        for statement in statements
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (
            statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        )
        if isinstance(target, ast.Name)
    ]
    if len(names) != len(statements):
        return _NOT_ANSWERED
    return "\n".join(f"{name} = ..." for name in names) or _NOT_ANSWERED
