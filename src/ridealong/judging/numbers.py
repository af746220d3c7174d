"""Judge numbers that somebody worked out: each part is a number, arithmetic, or one of few words.

An answer is a mapping of part to value:

    mean_ms: 0.9 * 2 + 0.1 * 42
    most_expensive: earnings

In `exercises.toml` each part says how near is near enough, or which words there are:

    [[exercise.parts]]
    name = "mean_ms"
    within = 0.1
    said = "is not the mean of both kinds of look: weigh each wait with its share."

    [[exercise.parts]]
    name = "most_expensive"
    choices = ["map", "earnings"]

What ships to learners is a hash of each right value, counted in steps of `within`.
"""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import yaml

from ridealong.arithmetic import NotReadable, evaluate
from ridealong.judging.kind import Entry, Known, KnownWrong, results_by_marks
from ridealong.judging.mutants import Mutant, distinct
from ridealong.text import did_you_mean
from ridealong.verdict import Property, Verdict

LONGEST: Final = 200
"""Characters of one part."""

LARGEST: Final = 1e15

KEYS: Final = ("name", "within", "choices", "said")

Value = float | str


@dataclass
class Read:
    """An answer as it was read.

    Attributes:
        values: a number or a word, by part.
        troubles: what cannot be judged, each in one line that ends with the next step.
    """

    values: dict[str, Value] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


def judged(exercise_id: str, entry: Entry, value: Any) -> Verdict:
    """Return the verdict on an answer.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise: `parts`, and `right`, the hashes of the right values.
        value: the data of the answer.
    """
    answer = read(value, entry)
    parts = _parts(entry)
    wrong = _wrong(exercise_id, entry, answer)
    held = [name for name in parts if name in answer.values and name not in wrong]
    count = f"{len(held)} of {len(parts)} parts"
    if len(held) == len(parts) and not answer.troubles:
        return Verdict(exercise_id, True, f"{exercise_id} holds: all of {len(parts)} parts")
    properties = tuple(
        Property(name, name in held, shown(answer.values[name]), plain=True)
        for name in parts
        if name in answer.values
    )
    name, message = _message(entry, answer, wrong)
    share = min(len(held), len(parts) - 1) / len(parts)
    return Verdict(exercise_id, False, f"{message} {count} hold.", properties, name, share)


def marks(value: Any, entry: Entry) -> dict[str, Any]:
    """Return the wrong parts and the troubles of an answer; nothing for a right one.

    Args:
        value: the data of the answer.
        entry: of the exercise, with its `id` and `right`.
    """
    answer = read(value, entry)
    wrong = _wrong(entry["id"], entry, answer)
    found = {
        "wrong": {name: _step(answer.values[name], _parts(entry)[name]) for name in wrong},
        "troubles": answer.troubles,
    }
    return {key: each for key, each in found.items() if each}


def results(known: Known) -> Mapping[str, Any]:
    """Return what the catalogue keeps: hashes of the right values, and the mistakes' wrong ones.

    Raises:
        KnownWrong: when the reference is no whole answer, an alternative is wrong, or a mistake
            is right.
    """
    from ridealong.judging.yaml_text import read_yaml

    reference = read(read_yaml(known.reference), known.entry)
    if reference.troubles:
        raise KnownWrong([f"the reference: {trouble}" for trouble in reference.troubles])
    parts = _parts(known.entry)
    right = sorted(
        _hash(known.id, name, _step(value, parts[name])) for name, value in reference.values.items()
    )
    entry = {**known.entry, "right": right, "id": known.id}

    def marked(text: str, of: Entry) -> dict[str, Any]:
        return marks(read_yaml(text), of)

    return {"right": right, **results_by_marks(replace(known, entry=entry), marked)}


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with `parts` in `exercises.toml`."""
    parts = entry.get("parts")
    if not isinstance(parts, list):
        return  # said already
    names = [rules.get("name") if isinstance(rules, dict) else None for rules in parts]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        yield "'parts' are tables [[exercise.parts]] with a 'name' each, and no two alike"
        return
    for name, rules in zip(names, parts, strict=True):
        where = f"'parts', {name!r}"
        if ("within" in rules) == ("choices" in rules):
            yield f"{where} wants 'within', how far off a number may be, or 'choices', the words"
            continue
        for key in rules.keys() - set(KEYS):
            yield f"{where}: no key is called {key!r}{did_you_mean(key, KEYS)}"
        within = rules.get("within", 1)
        if isinstance(within, bool) or not isinstance(within, int | float) or within <= 0:
            yield f"{where}: 'within' is {within!r}, wanted a number above 0"
        choices = rules.get("choices", ["one", "two"])
        if not isinstance(choices, list) or len(set(map(_plain, choices))) < 2:
            yield f"{where}: 'choices' is {choices!r}, wanted a list of two words or more"
        if not isinstance(rules.get("said"), str):
            yield f"{where}: 'said' is missing, what is told when the part is wrong"


def _parts(entry: Entry) -> dict[str, Mapping[str, Any]]:
    """Return the rules of each part by its name, in the order of the task."""
    return {rules["name"]: rules for rules in entry["parts"]}


def read(value: Any, entry: Entry) -> Read:
    """Return what an answer holds, as far as it can be read.

    Args:
        value: the data of the answer.
        entry: of the exercise, with `parts`.
    """
    found, parts = Read(), _parts(entry)
    if not isinstance(value, Mapping):
        found.troubles.append(
            f"Your answer has no parts: write one line for each of {', '.join(parts)}, a name, a "
            "colon, a space and the value."
        )
        return found
    for key in value:
        if key not in parts:
            near = did_you_mean(str(key), parts) or ": take the names of the task."
            found.troubles.append(f"No part is called `{key}`{near}")
    for name, rules in parts.items():
        if value.get(name) is None:
            what = "is empty" if name in value else "is missing"
            found.troubles.append(f"{name} {what}: write `{name}: ` and {_wanted(rules)}.")
            continue
        try:
            found.values[name] = _value(value[name], rules)
        except NotReadable as error:
            end = "" if str(error).endswith("?") else "."
            found.troubles.append(f"{name}: {error}{end}")
    return found


def _wanted(rules: Mapping[str, Any]) -> str:
    return (
        f"one of {', '.join(map(_plain, rules['choices']))}" if "choices" in rules else "a number"
    )


def _value(given: Any, rules: Mapping[str, Any]) -> Value:
    """Return the number or the word of a part.

    Raises:
        NotReadable: when it holds neither.
    """
    choices = rules.get("choices", ())
    if not all(isinstance(each, str) for each in choices):
        wanted = ", ".join(map(str, choices))
        try:
            number = _number(given)
        except NotReadable:  # a word such as `none`, or `800 MB`
            raise NotReadable(
                f"`{_plain(given)[:40]}` is none of {wanted}; write one of these numbers alone"
            ) from None
        if number not in choices:
            raise NotReadable(f"{shown(number)} is none of {wanted}; write one of these")
        return str(choices[choices.index(number)])
    if choices:
        words: dict[str, str] = {each.casefold(): each for each in choices}
        word = _plain(given)
        if word.casefold() not in words:
            raise NotReadable(
                f"`{word[:40]}` is none of {', '.join(choices)}{did_you_mean(word, choices)}"
            )
        return words[word.casefold()]
    return _number(given)


def _number(given: Any) -> float:
    if isinstance(given, str):
        given = _worked_out(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given:
        raise NotReadable(f"`{_plain(given)[:40]}` is no number; write one, or arithmetic")
    if abs(given) > LARGEST:
        raise NotReadable(f"the number is out of bounds, {LARGEST:,.0f} is the most; look it over")
    return float(given)


def _worked_out(text: str) -> Any:
    """Return the value of arithmetic that somebody wrote.

    Raises:
        NotReadable: when it is none.
    """
    if len(text) > LONGEST:
        raise NotReadable(f"it has {len(text)} characters, {LONGEST} is the most; work a part out")
    trouble = NotReadable(
        f"`{text[:40]}` is neither a number nor arithmetic such as 0.9 * 2 + 1; leave units and "
        "thousands commas away"
    )
    try:
        found = evaluate(ast.parse(text.strip(), mode="eval").body)
    except NotReadable as error:
        if str(error).startswith("`"):  # it names what is no arithmetic
            raise trouble from None
        raise NotReadable(f"`{text[:40]}` cannot be worked out: {error}; look it over") from None
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        raise trouble from None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise trouble
    return found


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split())


def shown(value: Value) -> str:
    """Return a value as it is told: `42.5`, `76,190`, `earnings`."""
    if isinstance(value, str):
        return value
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def _step(value: Value, rules: Mapping[str, Any]) -> int | str:
    """Return a number in steps of what it may be off by, a word as it is."""
    return value if isinstance(value, str) else round(value / rules["within"])


def _near(step: int | str) -> tuple[int | str, ...]:
    # One step more on either side, so that a value on the edge of a step is as near as another.
    return (step,) if isinstance(step, str) else (step - 1, step, step + 1)


def _hash(exercise_id: str, name: str, step: int | str) -> str:
    return hashlib.sha256(f"{exercise_id}\n{name}\n{step}".encode()).hexdigest()[:16]


def _wrong(exercise_id: str, entry: Entry, answer: Read) -> list[str]:
    """Return the parts that are wrong, in the order of the task."""
    right = set(entry["right"])
    return [
        name
        for name, rules in _parts(entry).items()
        if name in answer.values
        and not right
        & {_hash(exercise_id, name, step) for step in _near(_step(answer.values[name], rules))}
    ]


def _message(entry: Entry, answer: Read, wrong: list[str]) -> tuple[str | None, str]:
    """Return the name of the known mistake, if it is one, and what is said first."""
    parts = _parts(entry)
    seen = {name: _near(_step(answer.values[name], parts[name])) for name in wrong}
    known = [
        each
        for each in entry.get("mistakes", ())
        if each["results"].get("troubles", []) == answer.troubles
        and (not wrong or wrong[0] in each["results"].get("wrong", {}))  # the first is told first
        and all(
            step in seen.get(name, ()) for name, step in each["results"].get("wrong", {}).items()
        )
    ]
    if known:
        told = max(known, key=lambda each: len(each["results"].get("wrong", ())))
        return told["name"], told["message"]
    if answer.troubles:
        return None, answer.troubles[0]
    first = wrong[0]
    return None, f"{first} {shown(answer.values[first])} {parts[first]['said']}"


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right answer with one part changed each, dropped, or two in each other's place.

    Args:
        reference: the answer as YAML.
        entry: of the exercise, with `parts`.
    """
    value = yaml.safe_load(reference)
    yield from distinct(_changed(value, entry), _text(value))


def _changed(value: Mapping[str, Any], entry: Entry) -> Iterator[Mutant]:
    numbers = read(value, entry).values
    for name, rules in _parts(entry).items():
        yield Mutant(f"without {name}", _text({key: value[key] for key in value if key != name}))
        for change, other in _others(numbers[name], rules):
            yield Mutant(f"{name}: {change}", _text({**value, name: other}))
    for one in numbers:
        for other in numbers:
            if one < other and numbers[one] != numbers[other]:
                both = {**value, one: value[other], other: value[one]}
                yield Mutant(f"{one} as {other}", _text(both))


def _others(value: Value, rules: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str):
        yield from ((word, word) for word in map(_plain, rules["choices"]) if word != value)
        return
    for factor in (2, 0.5, 1.1, 0.9, 10, 100, 0.01, -1, 0):
        yield f"x {factor}", value * factor


def _text(value: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(value), sort_keys=False)) if value else "{}\n"
