"""The cell magics `%%sql`, `%%ddl`, `%%yaml` and `%%quiz`."""

import keyword
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from pprint import pformat
from typing import Any, Final

from ridealong.answer import Answer
from ridealong.answers.texts import AnswerText, DdlAnswer, SqlAnswer, with_text
from ridealong.engine.sqltext import is_blank, without_markers
from ridealong.judging.kind import Kind
from ridealong.judging.kinds import KINDS
from ridealong.notebook import session
from ridealong.notebook.running import run

MOST_LINES: Final = 40

# What the last run of each answer cell gave, with the object it bound (None after an error):
# an answer whose cell failed is still judged by its text, as it would be from the file.
_latest: dict[str, tuple[Any, Answer]] = {}


def register(shell: Any) -> None:
    """Give an IPython shell a cell magic for each kind of answer that has one."""
    for kind in KINDS.values():
        if not kind.has_magic:
            continue
        run_cell = _RUN.get(kind.name, partial(_run_value, kind))

        def cell_magic(line: str, cell: str, run_cell: Any = run_cell) -> Any:
            return run_cell(shell, line, cell)

        cell_magic.__doc__ = run_cell.__doc__
        shell.register_magic_function(cell_magic, magic_kind="cell", magic_name=kind.name)


def bound(shell: Any, name: str) -> Answer | None:
    """Return the answer that a notebook's name holds now, None when there is none yet."""
    value = shell.user_ns.get(name)
    if name in _latest and _latest[name][0] is value:
        return _latest[name][1]
    if value is None or value is ...:
        return None
    if isinstance(value, AnswerText):
        return Answer(name, value.kind, str(value))
    return Answer(name, "function" if callable(value) else "value", repr(value), value)


class CellError(Exception):
    """A cell magic that cannot be run; shown as one line."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback.
        return [str(self)]


def _sql(shell: Any, line: str, cell: str) -> Any:
    """Run a query and show its result; `%%sql name` also binds the text to the name.

    `$rider_id` in the query is the notebook's variable `rider_id`.
    """
    name = _name("sql", line, wanted=False)
    text = _begun(shell, name, cell)
    if is_blank(text):
        print("No query yet: write it in this cell and run it again.")
        return None
    if name:
        _latest[name] = (None, Answer(name, "sql", text))
        session.worker().warm()
    shown, values = run(text, shell.user_ns, as_answer=bool(name))
    if name:
        _bind(shell, name, SqlAnswer(text, values), Answer(name, "sql", text))
    return _print(shown)


def _ddl(shell: Any, line: str, cell: str) -> Any:
    """Make tables in an empty database, draw what was made, bind the text to the name."""
    from ridealong.labs.schema import schema

    name = _name("ddl", line)
    text = _begun(shell, name, cell)
    if is_blank(text):
        print("No statement yet: write it in this cell and run it again.")
        return None
    _latest[name] = (None, Answer(name, "ddl", text))
    shown = schema(text, given=_given(name))
    _bind(shell, name, DdlAnswer(text), Answer(name, "ddl", text))
    return shown


def _given(name: str) -> str:
    """Return the statements that the course runs before the answer of an exercise, if any."""
    from ridealong import catalogue

    try:
        return str(catalogue.exercise(name.replace("_", "-"))[1].get("given", ""))
    except catalogue.CatalogueError:
        return ""


def _run_value(kind: Kind, shell: Any, line: str, cell: str) -> None:
    """Read the data that the cell holds, show it, bind it to the name."""
    name = _name(kind.name, line)
    text = _begun(shell, name, cell)
    try:
        value = kind.read(name, text, Path.cwd())
    except ValueError as error:
        raise CellError(str(error)) from None
    if value is None:
        print("No answer yet: write it in this cell and run it again.")
        return
    bound_value = with_text(value, text) if kind.name == "yaml" else value
    _bind(shell, name, bound_value, Answer(name, kind.name, text, value))
    print(_read_aloud(value))


def _read_aloud(value: Any) -> str:
    """Return data as it was understood; of a contract what it describes, of much the first lines."""
    if isinstance(value, dict) and value.keys() & {"openapi", "paths", "components"}:
        return _described(value)
    lines = pformat(value, sort_dicts=False, width=88).split("\n")
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], f"and {more} more lines"] if more > 0 else lines)


def _described(contract: Mapping[str, Any]) -> str:
    """Return the operations of a contract; of a change to one, its schemas as well."""
    found = [
        f"{method.upper()} {path}: {', '.join(map(str, _mapping(_mapping(item)[method], 'responses')))}"
        for path, item in _mapping(contract, "paths").items()
        for method in ("get", "put", "post", "patch", "delete")
        if method in _mapping(item)
    ]
    if "openapi" in contract:
        head, missing = "A contract", "an operation: write one under paths"
    else:
        head, missing = "A change to a contract", "an operation or a schema: write one"
        schemas = _mapping(_mapping(contract, "components"), "schemas")
        found += [f"schemas: {', '.join(map(str, schemas))}"] if schemas else []
    if not found:
        return f"{head} without {missing} and run this cell again."
    return "\n".join([f"{head} with", *found])


def _mapping(value: Any, key: str | None = None) -> Mapping[Any, Any]:
    inside = value.get(key) if key is not None and isinstance(value, dict) else value
    return inside if isinstance(inside, dict) else {}


def _quiz(shell: Any, line: str, cell: str) -> None:
    """Record the answer to a quiz, and write it into this cell."""
    from ridealong.quizzes.cell import record_cell

    name = _name("quiz", line)
    text = _begun(shell, name, cell)
    value = record_cell(name, cell)
    if value is not None:
        _bind(shell, name, value, Answer(name, "quiz", text, value))


def _name(magic: str, line: str, *, wanted: bool = True) -> str:
    """Return the name behind a magic, which has to be one that Python can bind."""
    name = line.strip()
    if not name and not wanted:
        return ""
    if not name.isidentifier() or keyword.iskeyword(name):
        seen = f"`{name}`" if name else "nothing"
        raise CellError(
            f"behind %%{magic} stands {seen}, wanted one name such as `%%{magic} my_answer`; "
            "the answer itself starts on the next line"
        )
    return name


def _begun(shell: Any, name: str, cell: str) -> str:
    """Drop the old result of a cell that is run again and return the text of its answer."""
    if name:
        shell.user_ns.pop(name, None)
        _latest.pop(name, None)
    return without_markers(cell)


def _bind(shell: Any, name: str, value: Any, answer: Answer) -> None:
    shell.user_ns[name] = value
    _latest[name] = (value, answer)


def _print(shown: Any) -> Any:
    """Print a line of text; return a table, which shows itself."""
    if isinstance(shown, str):
        print(shown)
        return None
    return shown


# What running a cell does beside binding the answer, for the kinds that show more than its value.
_RUN = {"sql": _sql, "ddl": _ddl, "quiz": _quiz}
