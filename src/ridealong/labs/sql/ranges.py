"""The same phrase read as several ranges of time, over the events that fall into them."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ridealong.labs.sql.database import Database, LabError, Node, quoted
from ridealong.show import pictures
from ridealong.show.views import View, cell_text, frame, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    from matplotlib.axes import Axes

_MOST_DRAWN = 60
_INCLUSIVE = ("COMPARE_GREATERTHANOREQUALTO", "COMPARE_LESSTHANOREQUALTO")
_LOWER = ("COMPARE_GREATERTHAN", "COMPARE_GREATERTHANOREQUALTO")
_UPPER = ("COMPARE_LESSTHAN", "COMPARE_LESSTHANOREQUALTO")
_MIRRORED = {
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHAN",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHANOREQUALTO",
}


@dataclass(frozen=True, slots=True)
class _Range:
    """One reading: its bounds (None where open) and whether they belong to it."""

    name: str
    lower: datetime.datetime | None
    lower_inside: bool
    upper: datetime.datetime | None
    upper_inside: bool
    inside: tuple[bool, ...]  # for each event, in the order of the events


def range_view(
    events: str,
    ranges: Mapping[str, str],
    *,
    parameters: Mapping[str, object] | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> View:
    """Show which events fall into each of several readings of a stretch of time.

    The database itself decides about every event. Up to 60 events are drawn one by one, a
    filled dot inside and a cross outside of a range; more are drawn as a count for each day.

    Args:
        events: Query with one TIMESTAMP column.
        ranges: Conditions on that column by name, in the order to draw them. A condition is
            BETWEEN, or one lower and one upper bound joined by AND, or one of the two.
        parameters: Values of the `$names` in the query and the conditions.
        connection: The connection to ask; default: the notebook's.

    Raises:
        LabError: The query has not exactly one TIMESTAMP column, gives no row, or a condition
            has another form.

    Example:
        range_view("SELECT requested_at FROM rides", {"March": "requested_at >= '2026-03-01'"})
    """
    database = Database(connection, parameters)
    query = database.require_query(events)
    if not ranges:
        message = "ranges is empty; give at least one condition by name."
        raise LabError(message)
    column, moments, insides = _judged(database, query, list(ranges.values()))
    readings = [
        _reading(database, column, name, condition, tuple(inside))
        for (name, condition), inside in zip(ranges.items(), insides, strict=True)
    ]
    rows = []
    for reading in readings:
        others = [other.inside for other in readings if other is not reading]
        alone = sum(
            1
            for position, kept in enumerate(reading.inside)
            if kept and not any(other[position] for other in others)
        )
        rows.append(
            [
                reading.name,
                _bound_text(reading.lower, inside=reading.lower_inside, side="from"),
                _bound_text(reading.upper, inside=reading.upper_inside, side="to"),
                sum(reading.inside),
                alone,
            ]
        )
    counts = ", ".join(f"{reading.name} {sum(reading.inside):,}" for reading in readings)
    summary = f"{plural(len(moments), 'event')} in {column}; inside each range: {counts}."
    return View(
        title=f"{column}, read in {plural(len(readings), 'way')}",
        table=frame(["range", "from", "to", "events inside", "only in this range"], rows),
        summary=summary,
        picture=_picture(column, moments, readings, summary),
        counts=("events inside", "only in this range"),
    )


def _judged(
    database: Database, query: str, conditions: Sequence[str]
) -> tuple[str, list[datetime.datetime], list[list[bool]]]:
    columns = database.columns(query)
    if len(columns) != 1:
        message = f"the events query has {len(columns)} columns; give the one TIMESTAMP column."
        raise LabError(message)
    column = columns[0]
    tests = ", ".join(f"({condition}\n) IS TRUE" for condition in conditions)
    found = database.rows(
        f"SELECT {quoted(column)}, {tests} FROM ({query}\n) AS events "
        f"WHERE {quoted(column)} IS NOT NULL ORDER BY 1"
    )
    if not found.rows:
        message = "the events query gives no moment at all; widen its WHERE."
        raise LabError(message)
    if not isinstance(found.rows[0][0], datetime.datetime):
        message = f"{column} is a {found.types[0]}; range_view needs a TIMESTAMP column."
        raise LabError(message)
    moments = [row[0] for row in found.rows]
    insides = [[bool(row[1 + place]) for row in found.rows] for place in range(len(conditions))]
    return column, moments, insides


def _reading(
    database: Database, column: str, name: str, condition: str, inside: tuple[bool, ...]
) -> _Range:
    where = database.select(f"SELECT 1 FROM nothing WHERE {condition}\n")["where_clause"]
    bounds: dict[str, tuple[datetime.datetime, bool]] = {}
    for side, node, inclusive in _bounds(where, column):
        if side in bounds:
            _refuse(name)
        moment = database.rows(f"SELECT CAST({database.expression_text(node)} AS TIMESTAMP)")
        bounds[side] = (moment.rows[0][0], inclusive)
    if not bounds:
        _refuse(name)
    lower, lower_inside = bounds.get("lower", (None, False))
    upper, upper_inside = bounds.get("upper", (None, False))
    return _Range(name, lower, lower_inside, upper, upper_inside, inside)


def _bounds(node: Node | None, column: str) -> list[tuple[str, Node, bool]]:
    if node is None:
        return []
    kind = str(node.get("type", ""))
    if kind == "CONJUNCTION_AND":
        return [bound for child in node["children"] for bound in _bounds(child, column)]
    if kind == "COMPARE_BETWEEN" and _is_column(node["input"], column):
        return [("lower", node["lower"], True), ("upper", node["upper"], True)]
    if kind in _MIRRORED:
        left, right = node["left"], node["right"]
        if _is_column(right, column):
            left, right, kind = right, left, _MIRRORED[kind]
        if _is_column(left, column):
            return [("lower" if kind in _LOWER else "upper", right, kind in _INCLUSIVE)]
    return []


def _is_column(node: Node, column: str) -> bool:
    names = node.get("column_names") or [""]
    return node.get("class") == "COLUMN_REF" and str(names[-1]).lower() == column.lower()


def _refuse(name: str) -> None:
    message = (
        f"the range {name!r} is not one stretch of time. Write column BETWEEN a AND b, or "
        "column >= a AND column < b, or one of the two bounds."
    )
    raise LabError(message)


def _bound_text(moment: datetime.datetime | None, *, inside: bool, side: str) -> str:
    if moment is None:
        return "open"
    words = {("from", True): "including", ("from", False): "after",
             ("to", True): "including", ("to", False): "before"}  # fmt: skip
    return f"{words[(side, inside)]} {cell_text(moment)}"


def _day_format(first: datetime.datetime, last: datetime.datetime) -> str:
    if last - first < datetime.timedelta(days=3):
        return "%d %b %H:%M"
    return "%d %b" if last - first < datetime.timedelta(days=300) else "%b %Y"


def _days(moment: datetime.datetime) -> float:
    """Return a moment as matplotlib counts time: days since 1970."""
    return (moment - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1)


def _picture(
    column: str, moments: Sequence[datetime.datetime], readings: Sequence[_Range], summary: str
) -> pictures.Picture:
    from matplotlib import dates

    edges = [edge for reading in readings for edge in (reading.lower, reading.upper) if edge]
    first, last = min([*moments, *edges]), max([*moments, *edges])
    margin = (last - first) / 25 or datetime.timedelta(hours=1)
    counted = len(moments) > _MOST_DRAWN
    with pictures.style():
        figure, axes = pictures.axes(8.5, 1.1 + 0.75 * len(readings))
        for lane, reading in enumerate(readings):
            _band(axes, lane, reading, first - margin, last + margin)
            if counted:
                _daily_bars(axes, lane, moments, reading)
            else:
                _dots(axes, lane, moments, reading)
        axes.set_yticks(range(len(readings)), [reading.name for reading in readings])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(readings) - 0.45, -0.65)
        axes.set_xlim(_days(first - margin), _days(last + margin))
        locator: Any = dates.AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(dates.DateFormatter(_day_format(first, last)))  # type: ignore[no-untyped-call]
        axes.spines["left"].set_visible(False)
        marks = (
            "bars: events a day, solid inside and hatched outside"
            if counted
            else "dot: inside, cross: outside"
        )
        axes.set_xlabel(f"{column}, UTC\n{marks}; filled end of a line: belongs to the range")
        return pictures.Picture(figure, f"Ranges of time drawn above each other. {summary}")


def _band(
    axes: Axes,
    lane: int,
    reading: _Range,
    first: datetime.datetime,
    last: datetime.datetime,
) -> None:
    start, end = reading.lower or first, reading.upper or last
    axes.plot(
        [_days(start), _days(end)], [lane + 0.3] * 2,
        color=pictures.BLUE, linewidth=3, solid_capstyle="butt",
    )  # fmt: skip
    ends = ((reading.lower, reading.lower_inside), (reading.upper, reading.upper_inside))
    for moment, inside in ends:
        if moment is not None:
            axes.plot(
                [_days(moment)], [lane + 0.3], marker="o", markersize=7, markeredgecolor=pictures.BLUE,
                markerfacecolor=pictures.BLUE if inside else "white", markeredgewidth=1.8,
            )  # fmt: skip


def _dots(axes: Axes, lane: int, moments: Sequence[datetime.datetime], reading: _Range) -> None:
    for wanted, marker, colour in ((True, "o", pictures.INK), (False, "x", pictures.ORANGE)):
        chosen = [
            _days(moment)
            for moment, inside in zip(moments, reading.inside, strict=True)
            if inside is wanted
        ]
        axes.plot(chosen, [lane - 0.1] * len(chosen), linestyle="none", marker=marker,
                  color=colour, markersize=6)  # fmt: skip


def _daily_bars(
    axes: Axes, lane: int, moments: Sequence[datetime.datetime], reading: _Range
) -> None:
    totals = Counter(moment.date() for moment in moments)
    inside = Counter(
        moment.date() for moment, kept in zip(moments, reading.inside, strict=True) if kept
    )
    scale = 0.6 / max(totals.values())
    for day, total in sorted(totals.items()):
        noon = _days(datetime.datetime.combine(day, datetime.time(12)))
        kept = inside.get(day, 0)
        outside = total - kept
        if kept:
            axes.bar([noon], [-kept * scale], bottom=lane + 0.2, width=0.8, color=pictures.SKY)
        if outside:
            axes.bar([noon], [-outside * scale], bottom=lane + 0.2 - kept * scale, width=0.8,
                     facecolor="white", edgecolor=pictures.ORANGE, hatch="////", linewidth=0.8)  # fmt: skip
