"""The entity-relationship picture of the company's data, drawn from the data dictionary."""

from collections.abc import Iterator
from html import escape
from textwrap import wrap

from ridealong.dataset.dictionary import Table, dictionary
from ridealong.dataset.structure import primary_keys

ALT_TEXT = (
    "Entity-relationship diagram of the 18 tables. Rides stand in the middle: each points to its "
    "rider in users, its driver in drivers, its city in cities and two zones. Ride events, "
    "ratings, payments, promo redemptions, jobs, API requests and support tickets point to rides. "
    "App events and experiment assignments point to users, driver pings to drivers, and zones, "
    "city events, surge snapshots and incidents to cities."
)

# Laid out by hand: what points to a table stands beside it. One list per column, top to bottom.
_LAYOUT = (
    ("app_events", "experiment_assignments", "support_tickets", "promo_redemptions"),
    ("users", "api_requests", "payments"),
    ("rides", "ride_events", "ratings", "jobs"),
    ("drivers", "driver_pings", "zones", "city_events"),
    ("cities", "surge_snapshots", "incidents"),
)
_BOX, _GUTTER, _GAP, _MARGIN = 240, 64, 26, 20
_HEADER, _ROW, _SMALL_ROW, _PADDING = 30, 19, 16, 8
_LETTERS_PER_LINE = 33

# One colour for each table that others point to: arrows to it have the colour of its frame.
# Each keeps a contrast of 3 to 1 on both backgrounds.
_COLOURS = {
    "users": "#1f77b4",
    "rides": "#c0561f",
    "drivers": "#8a63c9",
    "cities": "#2b8a3e",
    "zones": "#0f8a8a",
}
_STYLE = """
svg { --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #8c959f; --box: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #0d1117; --ink: #e6edf3; --soft: #9aa4ae; --line: #6e7681; --box: #161b22; }
}
.paper { fill: var(--paper); }
.box { fill: var(--box); stroke: var(--line); stroke-width: 1.5; }
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
.name { font-size: 16px; font-weight: 700; }
.family { font-size: 12px; fill: var(--soft); }
.key { font-size: 13.5px; }
.primary { font-weight: 700; }
.other { font-size: 12px; fill: var(--soft); }
.arrow { fill: none; stroke-width: 1.6; }
"""


def entity_relationship_svg() -> str:
    """Return the picture as SVG text, legible on a light and on a dark page.

    Every box names its table's key (bold), the columns that point to another table, and the
    remaining columns in small type.
    """
    boxes = {
        name: _Box(dictionary()[name], column, top)
        for column, names in enumerate(_LAYOUT)
        for name, top in _stacked(names)
    }
    width = 2 * _MARGIN + len(_LAYOUT) * (_BOX + _GUTTER)  # a gutter for arrows at the right, too
    height = max(box.top + box.height for box in boxes.values()) + _MARGIN
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" aria-labelledby="title">'
        ),
        f'<title id="title">{escape(ALT_TEXT)}</title>',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}" rx="6"/>',
        *_markers(),
        *(line for box in boxes.values() for line in box.arrows(boxes)),
        *(line for box in boxes.values() for line in box.lines()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _stacked(names: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    top = _MARGIN
    for name in names:
        yield name, top
        top += _Box(dictionary()[name], 0, top).height + _GAP


def _markers() -> Iterator[str]:
    yield "<defs>"
    for name, colour in _COLOURS.items():
        yield (
            f'<marker id="to-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{colour}"/></marker>'
        )
    yield "</defs>"


class _Box:
    """One table at its place in the picture."""

    def __init__(self, table: Table, column: int, top: int) -> None:
        self.table = table
        self.column = column
        self.top = top
        self.left = _MARGIN + column * (_BOX + _GUTTER)
        self.primary = primary_keys().get(table.name, ())
        self.keys = [each for each in table.columns if each.references or each.name in self.primary]
        others = ", ".join(each.name for each in table.columns if each not in self.keys)
        self.others = wrap(others, _LETTERS_PER_LINE)
        self.height = _HEADER + len(self.keys) * _ROW + len(self.others) * _SMALL_ROW + 2 * _PADDING

    def lines(self) -> Iterator[str]:
        frame = _COLOURS.get(self.table.name)
        style = f' style="stroke: {frame}; stroke-width: 3"' if frame else ""
        yield (
            f'<rect class="box" x="{self.left}" y="{self.top}" width="{_BOX}" '
            f'height="{self.height}" rx="5"{style}/>'
        )
        x, right = self.left + 10, self.left + _BOX - 10
        yield f'<text class="name" x="{x}" y="{self.top + 22}">{self.table.name}</text>'
        for number, key in enumerate(self.keys):
            y = self._row_middle(number) + 5
            weight = " primary" if key.name in self.primary else ""
            yield f'<text class="key{weight}" x="{x}" y="{y}">{key.name}</text>'
            if key.references:
                yield (
                    f'<text class="key" x="{right}" y="{y}" text-anchor="end" '
                    f'style="fill: {_COLOURS[key.references]}">→ {key.references}</text>'
                )
        top = self.top + _HEADER + len(self.keys) * _ROW + _PADDING
        for number, line in enumerate(self.others):
            y = top + number * _SMALL_ROW + 12
            yield f'<text class="other" x="{x}" y="{y}">{escape(line)}</text>'

    def arrows(self, boxes: dict[str, "_Box"]) -> Iterator[str]:
        for number, key in enumerate(self.keys):
            if key.references:
                yield self._arrow(self._row_middle(number), boxes[key.references])

    def _arrow(self, y: int, target: "_Box") -> str:
        # Leave on the side that faces the target, arrive at its header; a table that points to
        # its own column (or itself) goes round on the right.
        end_y = target.top + 16
        if target.column > self.column:
            x, end_x, bend, end_bend = self.left + _BOX, target.left, 1, -1
        elif target.column < self.column:
            x, end_x, bend, end_bend = self.left, target.left + _BOX, -1, 1
        else:
            x = end_x = self.left + _BOX
            bend = end_bend = 1
        reach = _GUTTER * 0.75
        path = (
            f"M{x} {y} C{x + bend * reach:g} {y} {end_x + end_bend * reach:g} {end_y} "
            f"{end_x} {end_y}"
        )
        name = target.table.name
        return (
            f'<path class="arrow" d="{path}" stroke="{_COLOURS[name]}" '
            f'marker-end="url(#to-{name})"/>'
        )

    def _row_middle(self, number: int) -> int:
        return self.top + _HEADER + number * _ROW + _ROW // 2
