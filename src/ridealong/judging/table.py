"""Judge a table of words: every row answers the same few questions with words from a short list.

An answer is a mapping of row to word, or of row to a mapping of column to word:

    read-a-ride: {method: GET, safe: yes}

What ships to learners is a hash of each right cell. Several words may be right in a cell: those of
the reference and of every alternative.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ridealong.judging.kind import Entry, Known, KnownWrong, results_by_marks
from ridealong.judging.yaml_text import read_yaml
from ridealong.text import did_you_mean
from ridealong.verdict import Property, Verdict

ONE_COLUMN: Final = "answer"
"""The name of the only column of a table that maps a row to a word."""

NOTHING: Final = "none"
"""How a set without a member is written."""

_CODE: Final = re.compile(r"([1-5]\d\d) [A-Za-z -]+")
"""A status code with its name, such as 409 Conflict."""

_NO_SPACE: Final = re.compile(r"^\s*([\w./{}-]+):(?=[^\s/])", re.MULTILINE)

Cell = tuple[str, str, str]  # row, column, word


@dataclass
class Read:
    """A table as it was read.

    Attributes:
        cells: the words that are there and allowed, by row and column.
        troubles: what cannot be judged, each in one line that ends with the next step.
    """

    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


def judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
    """Return the verdict on a table.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise: `rows`, `columns`, `said`, and `right`, the hashes of right cells.
        text: the table as YAML.
    """
    table = read(text, entry)
    wrong = _wrong(exercise_id, entry, table)
    rows, columns = entry["rows"], entry["columns"]
    whole = [row for row in rows if len(table.cells.get(row, {})) == len(columns)]
    held = [row for row in whole if not any(cell[0] == row for cell in wrong)]
    if len(held) == len(rows) and not table.troubles:
        return Verdict(exercise_id, True, f"{exercise_id} holds: all of {_rows(len(rows))}")
    properties = tuple(
        Property(
            row,
            row in held,
            ", ".join(_told(row, column, word) for column, word in table.cells[row].items()),
        )
        for row in rows
        if table.cells.get(row)
    )
    count = f" {len(held)} of {_rows(len(rows))} hold." if len(held) < len(rows) else ""
    name, message = _message(exercise_id, entry, table, wrong)
    share = min(len(held), len(rows) - 1) / len(rows)
    return Verdict(exercise_id, False, f"{message}{count}", properties, name, share)


def marks(text: str, entry: Entry) -> dict[str, Any]:
    """Return the wrong cells and troubles of a table; nothing for a right one.

    Args:
        text: the table as YAML.
        entry: of the exercise, with its `id` and `right`.
    """
    table = read(text, entry)
    wrong = [".".join(cell) for cell in _wrong(entry["id"], entry, table)]
    found = {"wrong": wrong, "troubles": table.troubles}
    return {key: value for key, value in found.items() if value}


def results(known: Known) -> Mapping[str, Any]:
    """Return what the catalogue keeps: hashes of the right cells, and the mistakes' wrong cells.

    Raises:
        KnownWrong: when a right answer is no whole table, or a mistake is right.
    """
    problems, right = [], set[str]()
    for name, text in {"the reference": known.reference, **known.alternatives}.items():
        table = read(text, known.entry)
        problems += [f"{name}: {trouble}" for trouble in table.troubles]
        right |= {_hash(known.id, cell) for cell in _cells(table)}
    if problems:
        raise KnownWrong(problems)
    # The order of the task, which JSON with sorted keys would not keep.
    shipped = {"right": sorted(right), "column_order": list(known.entry["columns"])}
    entry = {**known.entry, **shipped, "id": known.id}
    return {**shipped, **results_by_marks(replace(known, entry=entry), marks)}


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the keys of a table's exercise."""
    rows, columns = entry.get("rows", []), entry.get("columns", {})
    if not isinstance(rows, list) or not isinstance(columns, dict):
        return  # said already
    if not all(isinstance(row, str) for row in rows) or len(set(rows)) < len(rows):
        yield "'rows' are names, and no two alike"
    if ONE_COLUMN in columns and len(columns) > 1:
        yield f"a column {ONE_COLUMN!r} stands alone, and here are {len(columns)} columns"
    for column, words in columns.items():
        listed = words.get("several") if isinstance(words, dict) else words
        if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
            yield (
                f"column {column!r} is {words!r}, wanted its words as a list of texts, "
                "or { several = [...] } where a cell is a set of them"
            )
            return
    cells = [f"{row}.{column}" for row in rows for column in columns]
    for key in entry.get("said", {}):
        if not any(key.startswith(f"{cell}.") for cell in cells):
            yield f"'said': {key!r} is no row.column.word{did_you_mean(key, cells)}"


def read(text: str, entry: Entry) -> Read:
    """Return the table that a text holds, as far as it can be read.

    Args:
        text: YAML.
        entry: of the exercise, with `rows` and `columns`.
    """
    found = Read()
    try:
        value = read_yaml(text)
    except ValueError as error:
        found.troubles.append(f"Mend the YAML first: {error}.")
        return found
    if not isinstance(value, Mapping):
        glued = _NO_SPACE.search(text)
        if glued:
            found.troubles.append(
                f"Behind the colon of `{glued[1]}:` stands no space: write "
                f"`{_form(entry, entry['rows'][0])}`."
            )
            return found
        found.troubles.append(
            f"Your answer is no table: write one line for each row, such as "
            f"`{_form(entry, entry['rows'][0])}`."
        )
        return found
    for key, cell in value.items():
        _read_row(found, entry, _text(key), cell)
    missing = [row for row in entry["rows"] if row not in {_text(key) for key in value}]
    if missing:
        found.troubles.append(
            f"There is no row `{missing[0]}`"
            + (f", and {len(missing) - 1} more are missing" if len(missing) > 1 else "")
            + f": write it as `{_form(entry, missing[0])}`."
        )
    return found


def _read_row(found: Read, entry: Entry, row: str, cell: Any) -> None:
    rows, columns = entry["rows"], _columns(entry)
    if row not in rows:
        near = did_you_mean(row, rows) or ": take the names of the task."
        found.troubles.append(f"No row is called `{row}`{near}")
        return
    if ONE_COLUMN in columns:
        cell = {ONE_COLUMN: cell}
    if not isinstance(cell, Mapping):
        found.troubles.append(f"Row `{row}` needs its columns: `{_form(entry, row)}`.")
        return
    words = {_text(column): word for column, word in cell.items()}
    read = found.cells.setdefault(row, {})
    for column in words:
        if column not in columns:
            found.troubles.append(
                f"Row `{row}` has a column `{column}` that nobody asked for"
                f"{_no_column(column, columns)}"
            )
    for column, allowed in columns.items():
        if words.get(column) is None:
            where = f"row `{row}`" if column == ONE_COLUMN else f"row `{row}`, column `{column}`"
            found.troubles.append(f"The cell of {where} is empty: write a word into it.")
            continue
        word, trouble = _word(words[column], allowed)
        if trouble:
            found.troubles.append(
                f"Row `{row}`{_column(column)}: {trouble}" + ("" if trouble.endswith("?") else ".")
            )
        else:
            read[column] = word


def _word(value: Any, allowed: Any) -> tuple[str, str]:
    """Return the allowed word that a value is, and "", or "" and what is wrong with it."""
    if isinstance(allowed, Mapping):
        return _several(value, allowed["several"])
    if isinstance(value, Mapping):
        return "", f"`{_pair(value)}` is no word; behind its colon stands no space"
    if isinstance(value, list):
        members = sorted(_text(each).lower() for each in value)
        for word in allowed:
            if sorted(word.lower().split()) == members:
                return word, ""
        return "", f"here stand {len(value)} words, and the cell takes one"
    allowed_as = {word.lower(): word for word in allowed}
    said = _text(value)
    code = _CODE.fullmatch(said)
    for text in (said, str(value), code[1] if code else said):
        if text.lower().strip() in allowed_as:
            return allowed_as[text.lower().strip()], ""
    return "", _not_allowed(_text(value), allowed)


def _several(value: Any, allowed: list[str]) -> tuple[str, str]:
    members = value if isinstance(value, list) else re.split(r"[\s,]+", _text(value))
    if isinstance(value, Mapping):
        members = [value]
    if [_text(each).lower() for each in members] == [NOTHING]:
        members = []
    words = set()
    for each in members:
        word, trouble = _word(each, allowed)
        if trouble:
            return "", trouble
        words.add(word)
    return " ".join(sorted(words)) or NOTHING, ""


def _not_allowed(word: str, allowed: list[str]) -> str:
    near = (
        "" if word.lstrip("-").isdigit() else did_you_mean(word, allowed)
    )  # near to a number is no number
    return f"`{word}` is none of {', '.join(allowed)}{near}"


def _no_column(column: str, columns: Mapping[str, Any]) -> str:
    """Return why a column is none: a word of another cell, a missing space, or a slip."""
    several = [each for each in columns.values() if isinstance(each, Mapping)]
    if any(column in each["several"] for each in several):
        return ": put several words of one cell in brackets, as in `[..., ...]`."
    name = next((each for each in columns if column.startswith((f"{each}:", f"{each} "))), None)
    if name:
        return f": write `{name}`, a colon, a space and the word."
    return did_you_mean(column, columns) or "."


def _pair(value: Mapping[Any, Any]) -> str:
    return ", ".join(f"{name}: {each}" for name, each in value.items())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()


def _form(entry: Entry, row: str) -> str:
    if ONE_COLUMN in entry["columns"]:
        return f"{row}: ..."
    return f"{row}: {{{', '.join(f'{column}: ...' for column in _columns(entry))}}}"


def _columns(entry: Entry) -> dict[str, Any]:
    """Return the columns in the order of the task."""
    columns = entry["columns"]
    return {name: columns[name] for name in entry.get("column_order", columns)}


def _cells(table: Read) -> Iterator[Cell]:
    for row, words in table.cells.items():
        for column, word in words.items():
            yield row, column, word


def _wrong(exercise_id: str, entry: Entry, table: Read) -> list[Cell]:
    right = set(entry["right"])
    order = {row: place for place, row in enumerate(entry["rows"])}
    wrong = [cell for cell in _cells(table) if _hash(exercise_id, cell) not in right]
    return sorted(wrong, key=lambda cell: order[cell[0]])


def _hash(exercise_id: str, cell: Cell) -> str:
    return hashlib.sha256("\n".join((exercise_id, *cell)).encode()).hexdigest()[:16]


def _message(
    exercise_id: str, entry: Entry, table: Read, wrong: list[Cell]
) -> tuple[str | None, str]:
    """Return the name of the known mistake, if it is one, and what is said first."""
    known = [
        each
        for each in entry.get("mistakes", ())
        if (each["results"].get("troubles", []) == table.troubles)
        and _has_made(each["results"].get("wrong", ()), wrong)
    ]
    if known:
        told = max(known, key=lambda each: len(each["results"].get("wrong", ())))
        return told["name"], told["message"]
    if table.troubles:
        return None, table.troubles[0]
    said = entry.get("said", {})
    for cell in wrong:
        if ".".join(cell) in said:
            return None, f"Row `{cell[0]}`: {said['.'.join(cell)]}"
    row, column, word = wrong[0]
    step = _step(exercise_id, entry, wrong[0])
    return None, f"Row `{row}`: {_told(row, column, word)} does not hold; {step}."


def _has_made(of_mistake: Sequence[str], wrong: Sequence[Cell]) -> bool:
    """Return whether the rows of a known mistake are wrong in just its way; others may be too."""
    rows = {key.split(".", 1)[0] for key in of_mistake}
    return {".".join(cell) for cell in wrong if cell[0] in rows} == set(of_mistake)


def _step(exercise_id: str, entry: Entry, cell: Cell) -> str:
    """Return what to try: of a set it is known whether one word is missing or too many."""
    row, column, word = cell
    allowed = entry["columns"][column]
    if isinstance(allowed, Mapping):
        members = set(word.split()) - {NOTHING}
        nearly = {
            "one of these words is too many": [members - {each} for each in members],
            "one more word belongs to it": [members | {each} for each in allowed["several"]],
        }
        for said, sets in nearly.items():
            words = [" ".join(sorted(each)) or NOTHING for each in sets if each != members]
            if any(_hash(exercise_id, (row, column, each)) in entry["right"] for each in words):
                return said
    return "think it through again"


def _told(row: str, column: str, word: str) -> str:
    return word if column == ONE_COLUMN else f"{column} {word}"


def _column(column: str) -> str:
    return "" if column == ONE_COLUMN else f", column `{column}`"


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"
