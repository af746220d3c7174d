"""The generated parts of `data/README.md`: the data dictionary, the calibration and the diagram."""

from collections.abc import Iterator

from ridealong.dataset.calibration import CALIBRATIONS
from ridealong.dataset.diagram import entity_relationship_svg
from ridealong.dataset.dictionary import Table, dictionary
from ridealong.dataset.structure import column_types

__all__ = ["calibration_table", "dictionary_tables", "entity_relationship_svg"]


def dictionary_tables() -> str:
    """Return the data dictionary as Markdown: a heading per family, a table per table."""
    parts: list[str] = []
    family = ""
    for entry in dictionary().values():
        if entry.family != family:
            family = entry.family
            parts.append(f"### {family[:1].upper()}{family[1:]}")
        parts.append(f"#### `{entry.name}`\n\n{entry.row}.")
        parts.append("\n".join(_rows(entry)))
    return "\n\n".join(parts)


def calibration_table() -> str:
    """Return the published figures, our aim and what came out as a Markdown table."""
    lines = [
        "| quantity | published | source | aim | measured |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        "| "
        + " | ".join(_cell(part) for part in (q.quantity, q.published, q.source, q.aim, q.found))
        + " |"
        for q in CALIBRATIONS
    ]
    return "\n".join(lines)


def _rows(entry: Table) -> Iterator[str]:
    types = column_types()
    yield "| column | type | meaning | unit | NULL means |"
    yield "| --- | --- | --- | --- | --- |"
    for column in entry.columns:
        unit = ", ".join(column.values) if column.values else column.unit
        points = f" (-> `{column.references}`)" if column.references else ""
        cells = (
            f"`{column.name}`",
            types[entry.name, column.name],
            column.meaning + points,
            unit,
            column.null or "never NULL",
        )
        yield "| " + " | ".join(_cell(part) for part in cells) + " |"


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|")
