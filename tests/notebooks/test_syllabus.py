"""What a module promises to teach is shown in it and practised in it."""

from ridealong.authoring import docs, syllabus
from ridealong.authoring.sources import Module


def owned(module: Module) -> list[str]:
    return [i for i, item in syllabus.items().items() if module.name in item.modules]


def test_every_item_of_the_module_is_shown(module: Module) -> None:
    shown = docs.demos(module)

    assert [item for item in owned(module) if item not in shown] == []


def test_every_item_of_the_module_is_practised(module: Module) -> None:
    practised = docs.practice(module)

    assert [item for item in owned(module) if item not in practised] == []


def test_module_is_one_of_the_syllabus(module: Module) -> None:
    assert owned(module), f"no item of the syllabus names {module.name}"


def test_syllabus_is_complete() -> None:
    items = syllabus.items()

    counts = {letter: sum(i.startswith(letter) for i in items) for letter in "ABCD"}
    assert counts == {"A": 20, "B": 41, "C": 21, "D": 91}
    assert all(item.title and item.modules for item in items.values())
    assert len({item.title for item in items.values()}) == len(items)
