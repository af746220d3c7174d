"""What every table and column of the company's data means, read from `dictionary.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ridealong.dataset.storage import DatasetArgumentError
from ridealong.text import nearest


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """One column: what it means and how its values are written.

    Attributes:
        name: the column's name in the database.
        meaning: what a value says, without a full stop at the end.
        unit: what the value counts or is written in.
        values: every value that occurs, where there are few; else empty.
        null: what an empty cell says, or None where there are no empty cells.
        references: the table of `main` whose key the column holds, or None.
    """

    name: str
    meaning: str
    unit: str
    values: tuple[str, ...]
    null: str | None
    references: str | None


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One table or view.

    Attributes:
        name: the name a query uses: `rides`, `basic.rides`, `staging.users_crm`.
        family: the group of tables it belongs to.
        row: what one row stands for.
        columns: its columns in the order of the database.
    """

    name: str
    family: str
    row: str
    columns: tuple[ColumnEntry, ...]

    @property
    def schema(self) -> str:
        """The schema it lies in: `main`, `basic` or `staging`."""
        return self.name.partition(".")[0] if "." in self.name else "main"


@cache
def dictionary() -> Mapping[str, TableEntry]:
    """Return all tables by name, in the order in which a lesson would show them."""
    source = Path(__file__).with_name("dictionary.toml").read_text(encoding="utf-8")
    schemas: dict[str, dict[str, Any]] = tomllib.loads(source)
    tables = {
        name: TableEntry(name, entry["family"], entry["row"], _columns(entry["columns"]))
        for name, entry in schemas["main"].items()
    }
    for short_name, entry in schemas["basic"].items():
        shown = tables[short_name]
        by_name = {column.name: column for column in shown.columns}
        name = f"basic.{short_name}"
        columns = tuple(by_name[column] for column in entry["columns"])
        tables[name] = TableEntry(name, "Basic", shown.row, columns)
    for short_name, entry in schemas["staging"].items():
        name = f"staging.{short_name}"
        tables[name] = TableEntry(name, "Staging", entry["row"], _columns(entry["columns"]))
    return MappingProxyType(tables)


def table(name: str) -> TableEntry:
    """Return the table of that name; `main.rides` and `Rides` mean `rides`.

    Raises:
        DatasetArgumentError: there is no such table; the message gives the nearest real name.
    """
    if not isinstance(name, str):
        raise DatasetArgumentError(
            f"a table is named by a text such as 'rides', not by {type(name).__name__}."
        )
    wanted = name.strip().lower().removeprefix("ridealong.").removeprefix("main.")
    tables = dictionary()
    if wanted in tables:
        return tables[wanted]
    near = nearest(wanted, tables, cutoff=0.5)
    suggestion = f"The nearest name is {near!r}. " if near else ""
    raise DatasetArgumentError(f"there is no table {name!r}. {suggestion}tables() lists them all.")


def _columns(entries: Mapping[str, Mapping[str, Any]]) -> tuple[ColumnEntry, ...]:
    return tuple(
        ColumnEntry(
            name=name,
            meaning=entry["meaning"],
            unit=entry.get("unit") or "one of " + ", ".join(entry["values"]),
            values=tuple(entry.get("values", ())),
            null=entry.get("null"),
            references=entry.get("references"),
        )
        for name, entry in entries.items()
    )
