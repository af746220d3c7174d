"""Change a table of words in one place: a cell gets each other word, or a row is gone."""

from collections.abc import Iterator

import yaml

from ridealong.judging.kind import Entry
from ridealong.judging.mutants import Mutant, distinct
from ridealong.judging.table import NOTHING, ONE_COLUMN, read

Cells = dict[str, dict[str, str]]


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right table with one change each, and no two alike.

    Args:
        reference: the table as YAML.
        entry: of the exercise, with `rows` and `columns`.
    """
    cells = read(reference, entry).cells
    yield from distinct(_all(cells, entry), _text(cells, entry))


def _all(cells: Cells, entry: Entry) -> Iterator[Mutant]:
    for row, words in cells.items():
        rest = {name: words for name, words in cells.items() if name != row}
        yield Mutant(f"without {row}", _text(rest, entry))
        for column, word in words.items():
            place = row if column == ONE_COLUMN else f"{row}, {column}"
            for change, other in _others(word, entry["columns"][column]):
                new = {**cells, row: {**words, column: other}}
                yield Mutant(f"{place}: {change}", _text(new, entry))


def _others(word: str, allowed: list[str] | dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Yield what else a cell may hold, each behind the name of the change."""
    if isinstance(allowed, list):
        yield from ((f"{word} -> {other}", other) for other in allowed if other != word)
        return
    members = set() if word == NOTHING else set(word.split())
    for each in allowed["several"]:
        change = f"without {each}" if each in members else f"with {each}"
        yield change, " ".join(sorted(members ^ {each})) or NOTHING


def _text(cells: Cells, entry: Entry) -> str:
    columns = entry["columns"]
    table = {
        row: {
            column: word.split() if isinstance(columns[column], dict) else word
            for column, word in words.items()
        }
        for row, words in cells.items()
    }
    if ONE_COLUMN in columns:
        return yaml.safe_dump(
            {row: words[ONE_COLUMN] for row, words in table.items()}, sort_keys=False
        )
    return yaml.safe_dump(table, sort_keys=False)
