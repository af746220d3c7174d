"""What a lab shows: a table, a sentence, and a picture where one helps."""

from __future__ import annotations

import datetime
import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ridealong.show.table import Cell, html_table, is_number, text_table, with_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ridealong.show.pictures import Picture


# Own text and own background: legible whatever the theme behind, and never colour alone.
_BADGES = {
    "TRUE": ("#ffffff", "#0b5a8f"),
    "FALSE": ("#ffffff", "#a8430a"),
    "NULL": ("#1f2328", "#f0d264"),
    "kept": ("#ffffff", "#0b5a8f"),
    "dropped": ("#ffffff", "#a8430a"),
}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class View:
    """A result that shows itself in a notebook.

    Attributes:
        title: What is shown, one line.
        table: The rows shown; empty cells of the data are None.
        summary: The result in one or two sentences.
        picture: The same as a picture, or None.
        badges: Columns whose words are shown as coloured labels.
        counts: Columns of whole numbers to show with thousands separators.
        gaps: Positions of rows before which rows were left out, with the text to show there.
    """

    title: str
    table: pd.DataFrame
    summary: str
    picture: Picture | None = None
    badges: tuple[str, ...] = ()
    gaps: tuple[tuple[int, str], ...] = ()
    counts: tuple[str, ...] = ()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def __repr__(self) -> str:
        return f"{self.title}\n{self.summary}"

    def __str__(self) -> str:
        columns = [str(name) for name in self.table.columns]
        rows = [[cell_text(value) for value in row] for row in rows_of(self.table)]
        table = text_table(columns, rows, right=range(len(columns)), rule=False)
        parts = [self.title, table, self.summary]
        if self.picture is not None:
            parts.append(repr(self.picture))
        return "\n".join(parts)

    def _html(self) -> str:
        parts = [self._html_table(), f"<p>{html.escape(self.summary)}</p>"]
        if self.picture is not None:
            parts.append(self.picture.html())
        return "\n".join(parts)

    def _html_table(self) -> str:
        columns = [str(name) for name in self.table.columns]
        notes = dict(self.gaps)
        rows = []
        for position, row in enumerate(rows_of(self.table)):
            if position in notes:
                rows.append(_gap(notes[position], len(columns)))
            rows.append(
                [
                    _cell(value, badge=name in self.badges, count=name in self.counts)
                    for name, value in zip(columns, row, strict=True)
                ]
            )
        if len(self.table) in notes:
            rows.append(_gap(notes[len(self.table)], len(columns)))
        return html_table(columns, rows, caption=self.title)


def frame(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    """Return a DataFrame that keeps each value as it is (None stays None, ints stay ints).

    A name that comes twice gets a number, so that every column can be asked for by name.
    """
    series = {
        name: pd.Series([row[position] for row in rows], dtype=object)
        for position, name in enumerate(distinct_names(columns))
    }
    return pd.DataFrame(series)


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return the names with a number behind each one that was there before."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def rows_of(table: pd.DataFrame) -> list[tuple[object, ...]]:
    """Return the rows of a DataFrame as tuples."""
    return list(table.itertuples(index=False, name=None))


def cell_text(value: object) -> str:
    """Return a value as SQL people write it: NULL, TRUE, 2026-01-31 08:15:00."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return "NULL" if math.isnan(value) else f"{value:.6g}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def plural(count: int, noun: str) -> str:
    """Return "1 row", "2 rows", "1,200 rows"; a noun in -y or -ch must be given otherwise."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _cell(value: object, *, badge: bool, count: bool) -> Cell:
    text = f"{value:,}" if count and isinstance(value, int) else cell_text(value)
    shown = with_code(text)
    if badge and text in _BADGES:
        ink, ground = _BADGES[text]
        shown = (
            f'<span style="color: {ink}; background-color: {ground}; font-weight: bold; '
            f'padding: 1px 6px; border-radius: 3px">{shown}</span>'
        )
    elif value is None:
        shown = f"<em>{shown}</em>"
    return Cell(text, "right" if is_number(value) else "left", markup=shown)


def _gap(note: str, columns: int) -> list[Cell]:
    return [Cell(note, markup=f"<em>{html.escape(note)}</em>", columns=columns)]
