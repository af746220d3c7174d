"""The syllabus: every teachable item by its id, with the module that owns it."""

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Item:
    """One teachable item: its stable id, a short title, and the modules that teach it."""

    id: str
    title: str
    modules: tuple[str, ...]


@functools.cache
def items() -> dict[str, Item]:
    """Return all items of the syllabus by id, in their order."""
    source = resources.files("ridealong.catalogue").joinpath("syllabus.toml")
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    return {
        identifier: Item(identifier, entry["title"], tuple(entry["modules"]))
        for identifier, entry in table.items()
    }
