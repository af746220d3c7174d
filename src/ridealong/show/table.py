"""The one way to draw a table: HTML in the notebook, aligned text where there is none, Markdown."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any, Final, Literal

Side = Literal["left", "right"]

ROWS_SHOWN: Final = 10
LONGEST_CELL: Final = 80
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: what it says.
        align: to which side.
        heads: whether it is the heading of its row, so that a screen reader says it with each.
        is_bold: whether it stands out.
        markup: HTML to show in place of the text; the text itself is always escaped.
        columns: how many columns it spans.
    """

    text: str
    align: Side = "left"
    heads: bool = False
    is_bold: bool = False
    markup: str = ""
    columns: int = 1

    def html(self, *, above: bool = False) -> str:
        """Return it as `<th>` or `<td>`; `above` says that it is the heading of its column."""
        tag, scope = ("th", "col" if above else "row") if above or self.heads else ("td", "")
        style = f"text-align: {self.align}; vertical-align: top"
        if self.heads and not above:
            style += f"; font-weight: {'bold' if self.is_bold else 'normal'}"
        attributes = f' scope="{scope}"' * bool(scope) + f' style="{style}"'
        attributes += f' colspan="{self.columns}"' * (self.columns > 1)
        return f"<{tag}{attributes}>{self.markup or escape(self.text)}</{tag}>"


def html_table(
    headings: Sequence[str | Cell], rows: Sequence[Sequence[str | Cell]], *, caption: str = ""
) -> str:
    """Return a table as HTML, with everything that a screen reader needs.

    Args:
        headings: above the columns; none may be empty.
        rows: of cells; a text alone stands left.
        caption: stands above the table.
    """
    above = "".join(_cell_of(each).html(above=True) for each in headings)
    body = "\n".join(f"<tr>{''.join(_cell_of(each).html() for each in row)}</tr>" for row in rows)
    title = (
        '<caption style="text-align: left; caption-side: top; font-weight: bold">'
        f"{escape(caption)}</caption>\n"
        if caption
        else ""
    )
    return (
        f'<table style="margin-left: 0">\n{title}<thead><tr>{above}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


def text_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[int] = (),
    rule: bool = True,
    below: Sequence[str] = (),
) -> str:
    """Return a table as aligned lines of text.

    Args:
        headings: above the columns.
        rows: of texts without line breaks.
        right: the columns that stand right, counted from 0.
        rule: whether a line is drawn below the headings.
        below: a second line of headings, such as the types of the columns.
    """
    above = [headings, below] if below else [headings]
    widths = [max(map(len, column)) for column in zip(*above, *rows, strict=True)]
    lines = [*above, *([["-" * width for width in widths]] if rule else []), *rows]
    return "\n".join(
        "  ".join(
            each.rjust(width) if place in right else each.ljust(width)
            for place, (each, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown, for a page that people and GitHub read."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def with_code(text: str) -> str:
    """Return text as HTML; what stands between backticks is code."""
    # HTML shows several blanks as one, and an answer may be wrong by a blank alone.
    return _CODE.sub(r"<code>\1</code>", escape(text.strip()).replace("  ", " \u00a0"))


def read_aloud(word: str) -> str:
    """Return a word, as HTML, that is read aloud and not seen."""
    return f'<span style="position:absolute;left:-9999px">{escape(word)}: </span>'


def is_number(value: object) -> bool:
    """Return whether a value is a number, which stands right."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True, repr=False)
class ResultTable:
    """The first rows of the result of a query; shows itself as a table.

    Attributes:
        columns: the names above the columns.
        rows: the rows that are shown.
        row_count: the number of rows that there are.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    row_count: int

    def __repr__(self) -> str:
        cells = [[cell_text(each) for each in row] for row in self.rows]
        table = text_table(self.columns, cells, right=self._numeric())
        return f"{table}\n{self._summary()}"

    def _repr_html_(self) -> str:
        right = self._numeric()
        sides: list[Side] = [
            "right" if place in right else "left" for place in range(len(self.columns))
        ]
        rows = [
            [Cell(cell_text(cell), side) for cell, side in zip(row, sides, strict=True)]
            for row in self.rows
        ]
        headings = [Cell(name, side) for name, side in zip(self.columns, sides, strict=True)]
        return f"{html_table(headings, rows)}\n<p>{self._summary()}</p>"

    def _numeric(self) -> list[int]:
        return [
            place
            for place in range(len(self.columns))
            if all(row[place] is None or is_number(row[place]) for row in self.rows)
            and any(row[place] is not None for row in self.rows)
        ]

    def _summary(self) -> str:
        count = f"{self.row_count:,} row{'' if self.row_count == 1 else 's'}"
        cut = len(self.rows) < self.row_count
        return f"{count}, the first {len(self.rows)} are shown" if cut else count


def _cell_of(given: str | Cell) -> Cell:
    return Cell(given) if isinstance(given, str) else given


def cell_text(value: Any) -> str:
    """Return a cell as text: NULL for None, floats with at most six decimals."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        short = f"{value:.6f}".rstrip("0").rstrip(".")
        text = repr(value) if value and float(short or 0) == 0 else short
        return "0" if text == "-0" else text
    text = " ".join(str(value).split("\n"))
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 4]} ..."
