"""`expected("completed-by-city")`: what the right result looks like, before it is written."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ridealong import catalogue
from ridealong.notebook.check import entry_of
from ridealong.show.table import Cell, Side, cell_text, html_table, text_table

_GAP: Final = "..."
_HANDED_IN: Final = {
    "ddl": "statements that make tables",
    "yaml": "a text in YAML",
}


@dataclass(frozen=True, slots=True, repr=False)
class Expected:
    """The columns, the size and two or three rows of a right result on the public data.

    Attributes:
        name: of the answer, such as `completed_by_city`.
        sample: as the catalogue holds it.
    """

    name: str
    sample: catalogue.Entry

    def __repr__(self) -> str:
        names, kinds = zip(*self._columns(), strict=True)
        right = [place for place, side in enumerate(self._sides()) if side == "right"]
        table = text_table(names, self._rows(), right=right, below=kinds)
        return f"{table}\n{self._size()}"

    def _repr_html_(self) -> str:
        sides = self._sides()
        headings = [
            Cell(
                name,
                side,
                markup=html.escape(name)
                + (
                    f'<br><span style="font-weight:normal">{html.escape(kind)}</span>'
                    if kind
                    else ""
                ),
            )
            for (name, kind), side in zip(self._columns(), sides, strict=True)
        ]
        rows = [
            [Cell(each, side) for each, side in zip(row, sides, strict=True)]
            for row in self._rows()
        ]
        table = html_table(headings, rows, caption=f"What {self.name} gives on the public data")
        return f"{table}<p>{html.escape(self._size())}</p>"

    def _columns(self) -> list[tuple[str, str]]:
        """Return names and types; before them, of an ordered result, the number of the row."""
        columns = [(str(name), str(kind)) for name, kind in self.sample["columns"]]
        return [("row", ""), *columns] if self._places() else columns

    def _places(self) -> Sequence[int]:
        return self.sample.get("places") or ()

    def _rows(self) -> list[list[str]]:
        """Return the shown rows as text, with a row of dots where others are left out."""
        cells = [[cell_text(each) for each in row] for row in self.sample["rows"]]
        places = self._places()
        rows: list[list[str]] = []
        before = 0
        for number, row in enumerate(cells):
            if places:
                if places[number] > before + 1:
                    rows.append([_GAP] * (len(row) + 1))
                before = places[number]
                row = [f"{before:,}", *row]
            rows.append(row)
        if rows and before < self.sample["row_count"]:
            rows.append([_GAP] * len(rows[0]))
        return rows

    def _sides(self) -> list[Side]:
        return [
            "right" if name == "row" or "number" in kind else "left"
            for name, kind in self._columns()
        ]

    def _size(self) -> str:
        count, shown = self.sample["row_count"], len(self.sample["rows"])
        if values := self.sample.get("parameters"):
            given = ", ".join(f"${name} = {value}" for name, value in values.items())
            given = f" with {given}"
        else:
            given = ""
        rows = f"{count:,} row{'' if count == 1 else 's'}{given}"
        if not shown:
            return f"{rows}; so few that showing one would give the answer away."
        order = "in the order that the task asks for" if self._places() else "in any order"
        return f"{rows}, {order}; {shown} of them {'is' if shown == 1 else 'are'} shown."


def expected(exercise_id: str) -> Expected | None:
    """Show what the right result of an exercise looks like on the public data.

    Columns, types, the number of rows and two or three rows of a query's result; for an answer
    of another kind one line that says what is handed in.

    Args:
        exercise_id: the id in the exercise's heading, such as `"completed-by-city"`.

    Raises:
        CheckFailed: when the course has no such exercise; the text names the nearest.
    """
    entry = entry_of(exercise_id)
    name = exercise_id.replace("-", "_")
    if sample := entry.get("sample"):
        return Expected(name, sample)
    print(_in_words(exercise_id, name, entry))
    return None


def _in_words(exercise_id: str, name: str, entry: catalogue.Entry) -> str:
    """Return what is handed in where there is no result to draw."""
    if exercise_id in catalogue.rubrics():
        return (
            f"{exercise_id} asks for a text in your own words, which a person reads: "
            f'rubric("{exercise_id}") shows what earns points.'
        )
    if exercise_id in catalogue.quizzes():
        return f"{exercise_id} is a quiz: you hand in your choice, there is no result to draw."
    kind = str(entry.get("kind", "sql"))
    what = _HANDED_IN.get(kind, "a query")
    return (
        f"{exercise_id} asks for {what}, in the cell that starts with %%{kind} {name}: "
        "there is no result to draw, the rules stand in the task."
    )
