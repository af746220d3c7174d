"""The one way to draw a schema: tables, keys, how many rows belong to how many."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

from ridealong.judging.ddl.findings import tidy
from ridealong.show.pictures import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    Drawing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ridealong.judging.ddl.structure import Column, Reference, Structure, Table

_GAP, _MARGIN = 26, 18
_BEND = 75  # a reference on the right, with its numbers
_HEADER, _ROW, _RULE, _PADDING = 30, 19, 16, 8
_MOST_RULE_LINES = 12


@dataclass(frozen=True, slots=True)
class Look:
    """How a diagram is laid out and coloured.

    Attributes:
        box: the width of a table.
        gutter: the room between two columns of tables.
        letters: the most in a line of a rule.
        folded: whether columns that are neither key nor reference stand in one paragraph.
        layout: the names of the tables, one list per column; empty to place them by themselves.
        colours: of the frame of a table and of the lines to it, by its name; others take turns.
    """

    box: int = 316
    gutter: int = 110
    letters: int = 44
    folded: bool = False
    layout: Sequence[Sequence[str]] = ()
    colours: Mapping[str, str] = field(default_factory=dict)


PLAIN = Look()
COMPACT = Look(box=260, gutter=96, letters=36, folded=True)
_COLOURS = (BLUE, ORANGE, GREEN, GREY)
_STYLE = (
    "text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;"
    f"fill:{INK};font-size:13px}}"
    ".name{font-size:15px;font-weight:700}"
    ".key{font-weight:700}"
    f".soft{{fill:{GREY};font-size:11.5px}}"
    f".rule{{fill:{GREY};font-size:11px;font-family:ui-monospace,'DejaVu Sans Mono',monospace}}"
    ".many{font-size:12px;font-weight:700;paint-order:stroke;stroke:#ffffff;stroke-width:3px}"
    f".box{{fill:#f6f8fa;stroke:{GREY};stroke-width:1.3}}"
)


def diagram(structure: Structure, look: Look = PLAIN, *, title: str = "") -> Drawing:
    """Draw the tables of a schema with their keys and the references between them.

    A table stands to the right of those it points to. Beside the column that points stands how
    many rows of its table belong to how many of the other: `0..n : 1` is any number to exactly
    one. Rules that the database checks stand below the columns.

    Args:
        structure: the tables.
        look: how they are laid out and coloured.
        title: what the picture shows, for a drawing that stands in a file of its own.
    """
    boxes = _placed(structure, look)
    width = max((box.right(boxes) for box in boxes.values()), default=200) + _MARGIN
    height = max((box.top + box.height for box in boxes.values()), default=40) + _MARGIN
    named = ' role="img" aria-labelledby="title"' if title else ""
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}"{named}>'
        ),
        *([f'<title id="title">{escape(title)}</title>'] if title else []),
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(line for box in boxes.values() for line in box.arrows(boxes)),  # pass behind the boxes
        *(line for box in boxes.values() for line in box.lines()),
        *(line for box in boxes.values() for line in box.numbers(boxes)),
        "</svg>",
    ]
    words = in_words(structure)
    return Drawing("".join(parts), alt=title or _alt(structure), text=words, width=width)


def in_words(structure: Structure) -> str:
    """Return the schema as text: one line per table, then its columns and rules."""
    lines = []
    for table in structure.tables:
        lines.append(f"{table.name}{' (view)' if table.is_view else ''}")
        for column in table.columns:
            marks = ", ".join(_marks(table, column))
            lines.append(f"    {column.name} {_short(column.kind)}{': ' + marks if marks else ''}")
        lines += [f"    rule: {rule}" for rule in _rules(table)]
    return "\n".join(lines) or "no table"


def cardinality(table: Table, reference: Reference) -> tuple[str, str]:
    """Return how many rows of a table belong to one it points to, and the other way round.

    Returns:
        At the end of the table `0..n`, or `0..1` where its columns are unique; at the end of the
        table it points to `1`, or `0..1` where the columns may be empty.
    """
    columns = {name.lower() for name in reference.columns}
    keys = [set(map(str.lower, key)) for key in (table.primary_key, *table.unique) if key]
    alone = any(key <= columns for key in keys)
    held = [table.column(name) for name in reference.columns]
    required = all(
        column is not None and (column.required or column.name in table.primary_key)
        for column in held
    )
    return ("0..1" if alone else "0..n"), ("1" if required else "0..1")


@dataclass(frozen=True)
class _Box:
    """One table at its place."""

    table: Table
    left: int
    top: int
    look: Look = PLAIN

    @cached_property
    def columns(self) -> list[Column]:
        """The columns that have a line of their own."""
        pointing = {name for each in self.table.references for name in each.columns}
        return [
            column
            for column in self.table.columns
            if not self.look.folded
            or column.name in pointing
            or column.name in self.table.primary_key
        ]

    @cached_property
    def rules(self) -> list[str]:
        lines: list[str] = []
        rules = list(_rules(self.table))
        if others := [c.name for c in self.table.columns if c not in self.columns]:
            lines += wrap(", ".join(others), self.look.letters)
        for number, rule in enumerate(rules):
            wrapped = wrap(rule, self.look.letters, subsequent_indent="  ")
            left = len(rules) - number
            if len(lines) + len(wrapped) > _MOST_RULE_LINES - (left > 1):
                return [*lines, f"and {left} more rule{'s' if left > 1 else ''}"]
            lines += wrapped
        return lines

    @property
    def height(self) -> int:
        rows = _HEADER + len(self.columns) * _ROW + 2 * _PADDING
        return rows + len(self.rules) * _RULE

    def row_middle(self, column: str) -> int:
        names = [each.name.lower() for each in self.columns]
        number = names.index(column.lower()) if column.lower() in names else 0
        return self.top + _HEADER + number * _ROW + _ROW // 2 + 2

    def lines(self) -> Iterator[str]:
        dashed = ' stroke-dasharray="5 4"' if self.table.is_view else ""
        if frame := self.look.colours.get(self.table.name):
            dashed += f' style="stroke:{frame};stroke-width:3"'
        yield (
            f'<rect class="box" x="{self.left}" y="{self.top}" width="{self.look.box}" '
            f'height="{self.height}" rx="5"{dashed}/>'
        )
        x, right = self.left + 10, self.left + self.look.box - 10
        kind = '<tspan class="soft"> view</tspan>' if self.table.is_view else ""
        yield f'<text class="name" x="{x}" y="{self.top + 21}">{escape(self.table.name)}{kind}</text>'
        yield (
            f'<line x1="{self.left}" y1="{self.top + _HEADER - 1}" x2="{self.left + self.look.box}" '
            f'y2="{self.top + _HEADER - 1}" stroke="{GREY}" stroke-width="0.7"/>'
        )
        for column in self.columns:
            y = self.row_middle(column.name) + 4
            is_key = column.name in self.table.primary_key
            name = escape(_cut(column.name, 22))
            yield (
                f'<text class="{"key" if is_key else ""}" x="{x}" y="{y}">{name}'
                f'<tspan class="soft"> {escape(_cut(_short(column.kind), 18))}</tspan></text>'
            )
            said = _marks(self.table, column, brief=True)
            if self.look.folded:  # the numbers at the line say whether there has to be one
                said = (each for each in said if each not in ("required", "optional"))
            marks = ", ".join(said)
            yield (
                f'<text class="soft" x="{right}" y="{y}" text-anchor="end" '
                f'style="fill:{BLUE if is_key else GREY}">{escape(marks)}</text>'
            )
        top = self.top + _HEADER + len(self.columns) * _ROW + _PADDING
        for number, rule in enumerate(self.rules):
            y = top + number * _RULE + 12
            indent = 12 if rule.startswith("  ") else 0
            yield f'<text class="rule" x="{x + indent}" y="{y}">{escape(rule.strip())}</text>'

    def bends_to(self, target: _Box) -> bool:
        """Whether a reference leaves on the right: to itself or within a column."""
        return target is self or target.left == self.left

    def right(self, boxes: Mapping[str, _Box]) -> int:
        """Return where the box ends with the references that bend on its right."""
        targets = [boxes.get(reference.table.lower()) for reference in self.table.references]
        bends = any(target is not None and self.bends_to(target) for target in targets)
        return self.left + self.look.box + (_BEND if bends else 0)

    def arrows(self, boxes: Mapping[str, _Box]) -> Iterator[str]:
        for number, reference in enumerate(self.table.references):
            target = boxes.get(reference.table.lower())
            if target is not None:
                yield from self._arrow(reference, target, number)

    def _arrow(self, reference: Reference, target: _Box, number: int) -> Iterator[str]:
        y = self.row_middle(reference.columns[0])
        key = reference.targets[0] if reference.targets else ""
        end_y = target.row_middle(key) if key else target.top + 14
        colour = self._colour(reference, number)
        if target.left > self.left:
            x, end_x = self.left + self.look.box, target.left
            reach = max(40, (end_x - x) // 2)
            path = f"M{x} {y} C{x + reach} {y} {end_x - reach} {end_y} {end_x} {end_y}"
        elif self.bends_to(target):
            x = self.left + self.look.box
            end_x = target.left + self.look.box
            reach = 60
            path = f"M{x} {y} C{x + reach} {y} {end_x + reach} {end_y} {end_x} {end_y}"
        else:
            x, end_x = self.left, target.left + self.look.box
            reach = max(40, (x - end_x) // 2)
            path = f"M{x} {y} C{x - reach} {y} {end_x + reach} {end_y} {end_x} {end_y}"
        yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        yield f'<circle cx="{end_x}" cy="{end_y}" r="4" fill="{colour}"/>'

    def _colour(self, reference: Reference, number: int) -> str:
        return self.look.colours.get(reference.table, _COLOURS[number % 4])

    def numbers(self, boxes: Mapping[str, _Box]) -> Iterator[str]:
        """Yield how many rows to how many, beside the column that points to another table."""
        for number, reference in enumerate(self.table.references):
            target = boxes.get(reference.table.lower())
            if target is None:
                continue
            here, there = cardinality(self.table, reference)
            y = self.row_middle(reference.columns[0])
            on_the_right = target.left >= self.left
            x = self.left + self.look.box + 5 if on_the_right else self.left - 5
            is_below = self.bends_to(target) and target.top <= self.top
            y += 16 if is_below else -6  # outside of the bend
            yield (
                f'<text class="many" x="{x}" y="{y}" style="fill:{self._colour(reference, number)}" '
                f'text-anchor="{"start" if on_the_right else "end"}">{here} : {there}</text>'
            )


def _placed(structure: Structure, look: Look) -> dict[str, _Box]:
    by_hand = {name: place for place, names in enumerate(look.layout) for name in names}
    depths: dict[str, int] = {}
    for table in structure.tables:
        _depth(table, structure, depths, ())
    deepest = max(depths.values(), default=0)
    boxes: dict[str, _Box] = {}
    tops: dict[int, int] = {}
    for table in structure.tables:
        column = deepest + 1 if table.is_view and deepest else depths[table.name.lower()]
        column = by_hand.get(table.name, column)
        top = tops.get(column, _MARGIN)
        box = _Box(table, _MARGIN + column * (look.box + look.gutter), top, look)
        boxes[table.name.lower()] = box
        tops[column] = top + box.height + _GAP
    return boxes


def _depth(
    table: Table, structure: Structure, depths: dict[str, int], above: tuple[str, ...]
) -> int:
    name = table.name.lower()
    if name not in depths:
        parents = [structure.table(reference.table) for reference in table.references]
        depths[name] = max(
            (
                1 + _depth(parent, structure, depths, (*above, name))
                for parent in parents
                if parent is not None and parent.name.lower() not in (*above, name)
            ),
            default=0,
        )
    return depths[name]


def _marks(table: Table, column: Column, *, brief: bool = False) -> Iterator[str]:
    key = column.name in table.primary_key
    if key:
        yield "key" if len(table.primary_key) == 1 else "part of the key"
    for reference in table.references:
        if column.name in reference.columns:
            yield f"→ {reference.table}" if brief else f"points to {reference.table}"
    if any(unique == (column.name,) for unique in table.unique):
        yield "unique"
    if not key and not table.is_view:
        yield "required" if column.required else "optional"
    if column.has_default and not brief:
        yield "has a default"


def _rules(table: Table) -> Iterator[str]:
    for unique in table.unique:
        if len(unique) > 1:
            yield f"unique ({', '.join(unique)})"
    for rule in table.unique_rules:
        yield f"unique {tidy(rule)}"
    for check in table.checks:
        yield tidy(check)


def _short(kind: str) -> str:
    return kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _alt(structure: Structure) -> str:
    """Return the picture in words: the tables, and one sentence for each reference."""
    if not structure.tables:
        return "A diagram without a table."
    sentences = [f"Entity-relationship diagram of {', '.join(map(_counted, structure.tables))}."]
    for table in structure.tables:
        for reference in table.references:
            here, there = cardinality(table, reference)
            one = "exactly one" if there == "1" else "at most one"
            many = "at most one row" if here == "0..1" else "any number of rows"
            sentences.append(
                f"A row of {table.name} points to {one} of {reference.table}; "
                f"a row of {reference.table} has {many} of {table.name}."
            )
        rules = list(_rules(table))
        if rules:
            sentences.append(f"Rules of {table.name}: {'; '.join(rules)}.")
    if not any(table.references for table in structure.tables):
        sentences.append("No table points to another.")
    return " ".join(sentences)


def _counted(table: Table) -> str:
    if table.is_view:
        return f"{table.name} (view)"
    count = len(table.columns)
    key = f", key {' and '.join(table.primary_key)}" if table.primary_key else ", no key"
    return f"{table.name} ({count} column{'' if count == 1 else 's'}{key})"
