"""Judge a few numbers that were worked out: each by itself, within what rounding may change.

An answer is a mapping of name to number:

    reads_on_expiry: 40
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.text import did_you_mean
from ridealong.verdict import Property, Verdict

WITHIN: Final = 0.01
"""By which part of itself a number may differ, where the exercise says nothing else."""

OF_A_FIGURE: Final[Mapping[str, Any]] = {
    "right": (int, float),
    "unit": str,
    "low": str,
    "high": str,
}
"""What `[exercise.figures.NAME]` holds: the number, its unit, what is said of less and of more."""


def judged(exercise_id: str, entry: Entry, value: object) -> Verdict:
    """Return the verdict on some numbers; the points are shared among them.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise: `figures`.
        value: the data of the answer.
    """
    figures = entry["figures"]
    troubles, read = _read(value, figures)
    wrong = _wrong(read, figures)
    if not troubles and not wrong:
        return Verdict(exercise_id, True, f"{exercise_id} holds: all of {len(figures)} numbers")
    properties = tuple(
        Property(name, name not in wrong, _told(read[name], figures[name]), plain=True)
        for name in figures
        if name in read
    )
    held = len(read) - len(wrong)
    share = min(held, len(figures) - 1) / len(figures)
    name = next(iter(wrong), "")
    if troubles:
        message = troubles[0]
    else:
        side = "low" if wrong[name] < figures[name]["right"] else "high"
        seen = _told(wrong[name], figures[name])
        message = f"{name}: {seen} is too {side}. {figures[name][side]}"
    if len(wrong) > 1:
        message += f" ({held} of {len(figures)} numbers hold)"
    found = {"wrong": wrong, "troubles": troubles}
    return refused(exercise_id, entry, _marked(found), message, properties, share)


def marks(value: object, entry: Entry) -> dict[str, Any]:
    """Return the wrong numbers and troubles of an answer; nothing for a right one."""
    troubles, read = _read(value, entry["figures"])
    return _marked({"wrong": _wrong(read, entry["figures"]), "troubles": troubles})


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the keys of an exercise."""
    for name, figure in entry.get("figures", {}).items():
        if not isinstance(figure, Mapping):
            yield f"'figures': {name} is {figure!r}, wanted a table of its own"
            continue
        for key, kind in OF_A_FIGURE.items():
            if not isinstance(figure.get(key), kind):
                yield f"'figures': {name} lacks {key!r}, or it is {figure.get(key)!r}"
        for key in figure:
            if key not in (*OF_A_FIGURE, "within"):
                known = (*OF_A_FIGURE, "within")
                yield f"'figures': {name} has {key!r}{did_you_mean(key, known)}"


def _marked(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value}


def _read(value: object, figures: Mapping[str, Any]) -> tuple[list[str], dict[str, float]]:
    """Return what cannot be judged, each in one line, and the numbers that can."""
    if not isinstance(value, Mapping):
        first = next(iter(figures))
        seen = "empty" if value is None else f"{value!r}"[:60]
        return [f"your answer is {seen}, wanted one line for each number, such as {first}: 12"], {}
    troubles: list[str] = []
    read: dict[str, float] = {}
    for name, number in value.items():
        if name not in figures:
            near = did_you_mean(str(name), figures) or f": they are {', '.join(figures)}"
            troubles.append(f"no number is called {str(name)[:40]!r}{near}")
        elif (
            isinstance(number, bool)
            or not isinstance(number, int | float)
            or not math.isfinite(number)
        ):
            troubles.append(
                f"{name} is {number!r}"[:80] + ", wanted one number: work it out, and leave the "
                f"unit away ({figures[name]['unit']})"
            )
        else:
            read[name] = float(number)
    missing = [name for name in figures if name not in value]
    if missing:
        troubles.append(f"there is no line {missing[0]}: write it as {missing[0]}: 12")
    return troubles, read


def _wrong(read: Mapping[str, float], figures: Mapping[str, Any]) -> dict[str, float]:
    """Return the wrong numbers, in the order in which they were written."""
    return {
        name: number
        for name, number in read.items()
        if abs(number - figures[name]["right"])
        > abs(figures[name]["right"]) * figures[name].get("within", WITHIN) + 1e-9
    }


def _told(number: float, figure: Mapping[str, Any]) -> str:
    return f"{number:,.10g} {figure['unit']}"


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield the right numbers with one change each: another number, or a line that is gone.

    Args:
        reference: the numbers as YAML.
        entry: of the exercise, of which nothing is needed.
    """
    numbers = yaml.safe_load(reference)
    yield from distinct(_all(numbers), reference, yaml.safe_dump(numbers, sort_keys=False))


def _all(numbers: dict[str, Any]) -> Iterator[Mutant]:
    for name, number in numbers.items():
        rest = {each: numbers[each] for each in numbers if each != name}
        yield Mutant(f"without {name}", yaml.safe_dump(rest, sort_keys=False) if rest else "{}\n")
        for how, other in (
            ("doubled", number * 2),
            ("halved", number / 2),
            ("a tenth more", number * 1.1),
            ("a thousand times", number * 1000),
        ):
            text = yaml.safe_dump({**numbers, name: other}, sort_keys=False)
            yield Mutant(f"{name}: {how}", text)
