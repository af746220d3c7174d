"""What a question is: the tables of `quizzes.toml`, checked key by key.

`validate` is what the authoring commands call on a whole file; `quiz_question` and
`prediction_question` turn one table into a `Question`. What differs between the kinds of
question (one, several, order, number) is in `ridealong.quizzes.kinds`, one class per kind.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ridealong.text import did_you_mean

CONFIDENCES: Final = ("guessing", "fairly sure", "certain")
DEPTHS: Final = ("core", "probe", "deep")

_QUESTION_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_OPTION_ID = re.compile(r"[a-z0-9]([a-z0-9_-]{0,14}[a-z0-9])?")

# Keys of every quiz table. `notebook` is added when the catalogue is made.
_QUIZ_KEYS: Final = frozenset(
    [
        "id",
        "kind",
        "title",
        "syllabus",
        "level",
        "depth",
        "minutes",
        "points",
        "question",
        "hints",
        "notebook",
        "key_held_back",
    ]
)
_PREDICTION_KEYS: Final = frozenset(["id", "kind", "question", "syllabus", "notebook", "title"])


@dataclass(frozen=True, slots=True)
class Option:
    """One line to choose or to put in order."""

    id: str
    text: str
    right: bool | None = None  # None where the kind has no right option, or the key is held back
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A quiz or a prediction, as its table says it.

    `options` of an order question stand in the right order unless `key_held_back`.
    `right_value` and `tolerance` are in `unit`.
    """

    id: str
    kind: str
    question: str
    title: str = ""
    points: float = 0
    options: tuple[Option, ...] = ()
    unit: str = ""
    right_value: float | None = None
    tolerance: float = 0
    feedback_right: str = ""
    feedback_low: str = ""
    feedback_high: str = ""
    hints: tuple[str, ...] = ()
    prediction: bool = False
    key_held_back: bool = False

    def option(self, option_id: object) -> Option | None:
        """Return the option of this id, or None."""
        return next((option for option in self.options if option.id == option_id), None)


class QuestionError(ValueError):
    """A question's table is not as the schema wants it; `problems` says each fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def unknown_keys(table: Mapping[str, Any], known: Iterable[str], where: str) -> list[str]:
    """Return one problem per key of `table` that is not known."""
    names = sorted(known)
    return [
        f"{where}: unknown key {key!r}{did_you_mean(key, names) or ', known: ' + ', '.join(names)}"
        for key in table
        if key not in names
    ]


def text_problems(table: Mapping[str, Any], keys: Iterable[str], where: str) -> list[str]:
    """Return one problem per key that is missing or is no text with something in it."""
    return [
        f"{where}: {key} is {table.get(key)!r}, expected a text"
        if key in table
        else f"{where}: {key} is missing"
        for key in keys
        if not (isinstance(table.get(key), str) and table[key].strip())
    ]


def is_number(value: object) -> bool:
    """Return whether `value` is a finite int or float (True and False are not numbers)."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -1e300 < value < 1e300  # also False for NaN
    )


def option_problems(
    table: Mapping[str, Any], where: str, keys: Iterable[str], *, least: int
) -> list[str]:
    """Return what is wrong with the ids and texts of a question's options."""
    options = table.get("options")
    if not isinstance(options, list) or not all(isinstance(each, Mapping) for each in options):
        return [f"{where}: options is missing, expected at least {least} [[quiz.options]] tables"]
    problems = []
    if len(options) < least:
        problems.append(f"{where}: {len(options)} options, expected at least {least}")
    seen: set[str] = set()
    texts: set[str] = set()
    for number, option in enumerate(options, 1):
        here = f"{where}, option {option.get('id', number)!r}"
        problems += unknown_keys(option, keys, here)
        problems += text_problems(option, ("id", "text"), here)
        if isinstance(identity := option.get("id"), str):
            if not _OPTION_ID.fullmatch(identity):
                problems.append(f"{here}: id must be 1 to 16 of a-z 0-9 _ -")
            if identity in seen:
                problems.append(f"{here}: this id is used twice")
            seen.add(identity)
        if isinstance(text := option.get("text"), str):
            if text.strip() in texts:
                problems.append(f"{here}: another option has the same text")
            texts.add(text.strip())
    return problems


def _head_problems(table: Mapping[str, Any], where: str) -> list[str]:
    identity = table.get("id")
    if isinstance(identity, str) and not _QUESTION_ID.fullmatch(identity):
        return [f"{where}: id must be lower-case words joined by '-', for example 'clause-order'"]
    if isinstance(identity, str) and len(identity) > 40:
        return [f"{where}: id has {len(identity)} characters, expected at most 40"]
    return []


def quiz_problems(table: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with one [[quiz]] table; an empty list when nothing is."""
    from ridealong.quizzes.kinds import KINDS

    where = f"quiz {table.get('id', '?')!r}"
    problems = text_problems(table, ("id", "kind", "title", "question"), where)
    problems += _head_problems(table, where)
    hints, syllabus = table.get("hints"), table.get("syllabus")
    if not _texts(hints) or len(table["hints"]) != 3:
        problems.append(f"{where}: hints must be 3 texts: a question, a pointer, a near-solution")
    if not _texts(syllabus) or not syllabus:
        problems.append(f"{where}: syllabus must be a list of ids such as ['D42']")
    if table.get("level") not in range(1, 6) or isinstance(table.get("level"), bool):
        problems.append(f"{where}: level is {table.get('level')!r}, expected 1 to 5")
    if table.get("depth") not in DEPTHS:
        problems.append(f"{where}: depth is {table.get('depth')!r}, expected one of {DEPTHS}")
    for key in ("minutes", "points"):
        if not is_number(table.get(key)) or table[key] <= 0:
            problems.append(f"{where}: {key} is {table.get(key)!r}, expected a number above 0")
    kind = KINDS.get(table.get("kind", ""))
    if kind is None:
        problems.append(
            f"{where}: kind is {table.get('kind')!r}, expected one of {', '.join(KINDS)}"
        )
        return problems
    problems += unknown_keys(table, _QUIZ_KEYS | kind.keys, where)
    if table.get("key_held_back") is True:
        return problems + kind.view_problems(table, where, ("id", "text"))
    problems += kind.view_problems(table, where, kind.option_keys)
    return problems + kind.key_problems(table, where)


def prediction_problems(table: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with one [[prediction]] table; an empty list when nothing is."""
    from ridealong.quizzes.kinds import KINDS

    where = f"prediction {table.get('id', '?')!r}"
    problems = text_problems(table, ("id", "kind", "question"), where)
    problems += _head_problems(table, where)
    if table.get("kind") not in ("one", "number"):
        problems.append(f"{where}: kind is {table.get('kind')!r}, expected one or number")
        return problems
    kind = KINDS[table["kind"]]
    problems += unknown_keys(table, _PREDICTION_KEYS | kind.view_keys, where)
    return problems + kind.view_problems(table, where, ("id", "text"))


def validate(raw: Mapping[str, Any]) -> list[str]:
    """Return every problem of a quizzes.toml file already read; an empty list when there is none.

    Args:
        raw: the file as `tomllib.load` gives it, with the lists `quiz` and `prediction`.
    """
    problems = unknown_keys(raw, ("quiz", "prediction"), "quizzes.toml")
    seen: set[str] = set()
    for section, check in (("quiz", quiz_problems), ("prediction", prediction_problems)):
        tables = raw.get(section, [])
        if not isinstance(tables, list):
            problems.append(f"quizzes.toml: {section} must be written as [[{section}]] tables")
            continue
        for table in tables:
            if not isinstance(table, Mapping):
                problems.append(f"quizzes.toml: {section} must be written as [[{section}]] tables")
                continue
            problems += check(table)
            identity = table.get("id")
            if isinstance(identity, str):
                if identity in seen:
                    problems.append(f"{section} {identity!r}: this id is used twice")
                seen.add(identity)
    return problems


def quiz_question(table: Mapping[str, Any]) -> Question:
    """Return one [[quiz]] table as a `Question`.

    Raises:
        QuestionError: when the table is not as the schema wants it.
    """
    return _question(table, quiz_problems(table), prediction=False)


def prediction_question(table: Mapping[str, Any]) -> Question:
    """Return one [[prediction]] table as a `Question`.

    Raises:
        QuestionError: when the table is not as the schema wants it.
    """
    return _question(table, prediction_problems(table), prediction=True)


def without_key(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a [[quiz]] table that can be handed out before grading: no right answer in it.

    Options of an order question are put in the order in which they are shown.
    """
    from ridealong.quizzes.kinds import KINDS, shown_options

    question = quiz_question(table)
    kept = {key: table[key] for key in table if key not in KINDS[question.kind].secret_keys}
    kept["key_held_back"] = True
    if question.options:
        kept["options"] = [{"id": each.id, "text": each.text} for each in shown_options(question)]
    return kept


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each.strip() for each in value)


def _question(table: Mapping[str, Any], problems: list[str], *, prediction: bool) -> Question:
    if problems:
        raise QuestionError(problems)
    held_back = table.get("key_held_back") is True
    options = tuple(
        Option(
            id=option["id"],
            text=option["text"],
            right=None if held_back else option.get("right", False),
            feedback=option.get("feedback", ""),
        )
        for option in table.get("options", ())
    )
    return Question(
        id=table["id"],
        kind=table["kind"],
        question=table["question"].strip(),
        title=table.get("title", ""),
        points=table.get("points", 0),
        options=options,
        unit=table.get("unit", ""),
        right_value=table.get("right_value"),
        tolerance=table.get("tolerance", 0),
        feedback_right=table.get("feedback_right", ""),
        feedback_low=table.get("feedback_low", ""),
        feedback_high=table.get("feedback_high", ""),
        hints=tuple(table.get("hints", ())),
        prediction=prediction,
        key_held_back=held_back,
    )
