"""Show rows as a table: HTML in the notebook, aligned text where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any, Final

ROWS_SHOWN: Final = 10
LONGEST_CELL: Final = 80


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """The first rows of a result.

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
        widths = [max(map(len, column)) for column in zip(self.columns, *cells, strict=True)]
        rights = self._numeric()
        lines = [self.columns, ["-" * width for width in widths], *cells]
        text = "\n".join(
            "  ".join(
                each.rjust(width) if right else each.ljust(width)
                for each, width, right in zip(line, widths, rights, strict=True)
            ).rstrip()
            for line in lines
        )
        return f"{text}\n{self._summary()}"

    def _repr_html_(self) -> str:
        styles = ["right" if right else "left" for right in self._numeric()]
        head = "".join(
            f'<th scope="col" style="text-align: {style}">{escape(name)}</th>'
            for name, style in zip(self.columns, styles, strict=True)
        )
        body = "\n".join(
            "<tr>"
            + "".join(
                f'<td style="text-align: {style}">{escape(cell_text(cell))}</td>'
                for cell, style in zip(row, styles, strict=True)
            )
            + "</tr>"
            for row in self.rows
        )
        return (
            f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
            f"<p>{self._summary()}</p>"
        )

    def _numeric(self) -> list[bool]:
        numbers = (int, float, Decimal, type(None))
        return [
            all(isinstance(row[i], numbers) and not isinstance(row[i], bool) for row in self.rows)
            and any(row[i] is not None for row in self.rows)
            for i in range(len(self.columns))
        ]

    def _summary(self) -> str:
        count = f"{self.row_count:,} row{'' if self.row_count == 1 else 's'}"
        cut = len(self.rows) < self.row_count
        return f"{count}, the first {len(self.rows)} are shown" if cut else count


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
