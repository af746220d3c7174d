"""A learner's schema as an entity-relationship diagram: tables, keys, how many rows to how many."""

from __future__ import annotations

from dataclasses import dataclass
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
    from collections.abc import Iterator, Mapping

    from ridealong.judging.ddl.structure import Column, Reference, Structure, Table

_BOX, _GUTTER, _GAP, _MARGIN = 316, 110, 26, 18
_BEND = 75  # a reference on the right, with its numbers
_HEADER, _ROW, _RULE, _PADDING = 30, 19, 16, 8
_LETTERS_OF_A_RULE = 44
_MOST_RULE_LINES = 12
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


def diagram(structure: Structure) -> Drawing:
    """Draw the tables of a schema with their keys and the references between them.

    A table stands to the right of those it points to. Beside the column that points stands how
    many rows of its table belong to how many of the other: `0..n : 1` is any number to exactly
    one. Rules that the database checks stand below the columns.
    """
    boxes = _placed(structure)
    width = max((box.right(boxes) for box in boxes.values()), default=200) + _MARGIN
    height = max((box.top + box.height for box in boxes.values()), default=40) + _MARGIN
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}">'
        ),
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(line for box in boxes.values() for line in box.arrows(boxes)),  # pass behind the boxes
        *(line for box in boxes.values() for line in box.lines()),
        *(line for box in boxes.values() for line in box.numbers(boxes)),
        "</svg>",
    ]
    return Drawing("".join(parts), alt=_alt(structure), text=in_words(structure), width=width)


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

    @cached_property
    def rules(self) -> list[str]:
        lines: list[str] = []
        rules = list(_rules(self.table))
        for number, rule in enumerate(rules):
            wrapped = wrap(rule, _LETTERS_OF_A_RULE, subsequent_indent="  ")
            left = len(rules) - number
            if len(lines) + len(wrapped) > _MOST_RULE_LINES - (left > 1):
                return [*lines, f"and {left} more rule{'s' if left > 1 else ''}"]
            lines += wrapped
        return lines

    @property
    def height(self) -> int:
        rows = _HEADER + len(self.table.columns) * _ROW + 2 * _PADDING
        return rows + len(self.rules) * _RULE

    def row_middle(self, column: str) -> int:
        names = [each.name.lower() for each in self.table.columns]
        number = names.index(column.lower()) if column.lower() in names else 0
        return self.top + _HEADER + number * _ROW + _ROW // 2 + 2

    def lines(self) -> Iterator[str]:
        dashed = ' stroke-dasharray="5 4"' if self.table.is_view else ""
        yield (
            f'<rect class="box" x="{self.left}" y="{self.top}" width="{_BOX}" '
            f'height="{self.height}" rx="5"{dashed}/>'
        )
        x, right = self.left + 10, self.left + _BOX - 10
        kind = '<tspan class="soft"> view</tspan>' if self.table.is_view else ""
        yield f'<text class="name" x="{x}" y="{self.top + 21}">{escape(self.table.name)}{kind}</text>'
        yield (
            f'<line x1="{self.left}" y1="{self.top + _HEADER - 1}" x2="{self.left + _BOX}" '
            f'y2="{self.top + _HEADER - 1}" stroke="{GREY}" stroke-width="0.7"/>'
        )
        for column in self.table.columns:
            y = self.row_middle(column.name) + 4
            is_key = column.name in self.table.primary_key
            name = escape(_cut(column.name, 22))
            yield (
                f'<text class="{"key" if is_key else ""}" x="{x}" y="{y}">{name}'
                f'<tspan class="soft"> {escape(_cut(_short(column.kind), 18))}</tspan></text>'
            )
            marks = ", ".join(_marks(self.table, column, brief=True))
            yield (
                f'<text class="soft" x="{right}" y="{y}" text-anchor="end" '
                f'style="fill:{BLUE if is_key else GREY}">{escape(marks)}</text>'
            )
        top = self.top + _HEADER + len(self.table.columns) * _ROW + _PADDING
        for number, rule in enumerate(self.rules):
            y = top + number * _RULE + 12
            indent = 12 if rule.startswith("  ") else 0
            yield f'<text class="rule" x="{x + indent}" y="{y}">{escape(rule.strip())}</text>'

    def bends_to(self, target: _Box) -> bool:
        """Whether a reference leaves on the right: to itself or within a column."""
        return target is self or target.left >= self.left

    def right(self, boxes: Mapping[str, _Box]) -> int:
        """Return where the box ends with the references that bend on its right."""
        targets = [boxes.get(reference.table.lower()) for reference in self.table.references]
        bends = any(target is not None and self.bends_to(target) for target in targets)
        return self.left + _BOX + (_BEND if bends else 0)

    def arrows(self, boxes: Mapping[str, _Box]) -> Iterator[str]:
        for number, reference in enumerate(self.table.references):
            target = boxes.get(reference.table.lower())
            if target is not None:
                yield from self._arrow(reference, target, number)

    def _arrow(self, reference: Reference, target: _Box, number: int) -> Iterator[str]:
        y = self.row_middle(reference.columns[0])
        key = reference.targets[0] if reference.targets else ""
        end_y = target.row_middle(key) if key else target.top + 14
        colour = _COLOURS[number % 4]
        if self.bends_to(target):
            x = self.left + _BOX
            end_x = target.left + _BOX
            reach = 60
            path = f"M{x} {y} C{x + reach} {y} {end_x + reach} {end_y} {end_x} {end_y}"
        else:
            x, end_x = self.left, target.left + _BOX
            reach = max(40, (x - end_x) // 2)
            path = f"M{x} {y} C{x - reach} {y} {end_x + reach} {end_y} {end_x} {end_y}"
        yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        yield f'<circle cx="{end_x}" cy="{end_y}" r="4" fill="{colour}"/>'

    def numbers(self, boxes: Mapping[str, _Box]) -> Iterator[str]:
        """Yield how many rows to how many, beside the column that points to another table."""
        for number, reference in enumerate(self.table.references):
            target = boxes.get(reference.table.lower())
            if target is None:
                continue
            here, there = cardinality(self.table, reference)
            y = self.row_middle(reference.columns[0])
            on_the_right = self.bends_to(target)
            x = self.left + _BOX + 5 if on_the_right else self.left - 5
            y += 16 if on_the_right and target.top <= self.top else -6  # outside of the bend
            yield (
                f'<text class="many" x="{x}" y="{y}" style="fill:{_COLOURS[number % 4]}" '
                f'text-anchor="{"start" if on_the_right else "end"}">{here} : {there}</text>'
            )


def _placed(structure: Structure) -> dict[str, _Box]:
    depths: dict[str, int] = {}
    for table in structure.tables:
        _depth(table, structure, depths, ())
    deepest = max(depths.values(), default=0)
    boxes: dict[str, _Box] = {}
    tops: dict[int, int] = {}
    for table in structure.tables:
        column = deepest + 1 if table.is_view and deepest else depths[table.name.lower()]
        top = tops.get(column, _MARGIN)
        box = _Box(table, _MARGIN + column * (_BOX + _GUTTER), top)
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
