"""The generated parts of `data/`: the data dictionary, the calibration and the diagram."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ridealong.dataset.calibration import CALIBRATIONS
from ridealong.dataset.dictionary import TableEntry, dictionary
from ridealong.dataset.structure import column_types, primary_keys
from ridealong.judging.ddl.structure import Column, Reference, Structure, Table
from ridealong.show.diagrams import COMPACT, diagram
from ridealong.show.table import markdown_table

ALT_TEXT: Final = (
    "Entity-relationship diagram of the 18 tables. Rides stand in the middle: each points to its "
    "rider in users, its driver in drivers, its city in cities and two zones. Ride events, "
    "ratings, payments, promo redemptions, jobs, API requests and support tickets point to rides. "
    "App events and experiment assignments point to users, driver pings to drivers, and zones, "
    "city events, surge snapshots and incidents to cities."
)
# Laid out by hand: what points to a table stands beside it. One list per column, top to bottom.
_LAYOUT: Final = (
    ("app_events", "experiment_assignments", "support_tickets", "promo_redemptions"),
    ("users", "api_requests", "payments"),
    ("rides", "ride_events", "ratings", "jobs"),
    ("drivers", "driver_pings", "zones", "city_events"),
    ("cities", "surge_snapshots", "incidents"),
)
# One colour for each table that others point to; each has a contrast of 3 to 1 on white.
_COLOURS: Final = {
    "users": "#1f77b4",
    "rides": "#c0561f",
    "drivers": "#8a63c9",
    "cities": "#2b8a3e",
    "zones": "#0f8a8a",
}


def entity_relationship_svg() -> str:
    """Return the entity-relationship picture of the company's data as SVG text.

    Every box names its table's key (bold), the columns that point to another table, and the
    remaining columns in small type.
    """
    tables = tuple(_as_table(dictionary()[name]) for names in _LAYOUT for name in names)
    look = replace(COMPACT, colours=_COLOURS, layout=_LAYOUT)
    return diagram(Structure(tables), look, title=ALT_TEXT).svg + "\n"


def _as_table(entry: TableEntry) -> Table:
    keys = primary_keys()
    columns = tuple(
        Column(each.name, column_types()[entry.name, each.name], required=each.null is None)
        for each in entry.columns
    )
    references = tuple(
        Reference((each.name,), each.references, keys.get(each.references, ()))
        for each in entry.columns
        if each.references
    )
    return Table(entry.name, columns, keys.get(entry.name, ()), references=references)


def dictionary_tables() -> str:
    """Return the data dictionary as Markdown: a heading per family, a table per table."""
    parts: list[str] = []
    family = ""
    for entry in dictionary().values():
        if entry.family != family:
            family = entry.family
            parts.append(f"### {family[:1].upper()}{family[1:]}")
        parts.append(f"#### `{entry.name}`\n\n{entry.row}.")
        headings = ("column", "type", "meaning", "unit", "NULL means")
        parts.append(markdown_table(headings, list(_rows(entry))))
    return "\n\n".join(parts)


def calibration_table() -> str:
    """Return the published figures, our aim and what came out as a Markdown table."""
    rows = [
        [str(part) for part in (q.quantity, q.published, q.source, q.aim, q.found)]
        for q in CALIBRATIONS
    ]
    return markdown_table(("quantity", "published", "source", "aim", "measured"), rows)


def _rows(entry: TableEntry) -> Iterator[Sequence[str]]:
    types = column_types()
    for column in entry.columns:
        unit = ", ".join(column.values) if column.values else column.unit
        points = f" (-> `{column.references}`)" if column.references else ""
        yield (
            f"`{column.name}`",
            types[entry.name, column.name],
            column.meaning + points,
            unit,
            column.null or "never NULL",
        )
