"""Read what people wrote: the modules, `exercises.toml` and `quizzes.toml`.

Every key is checked: an unknown one is refused with the nearest known name, a missing one is
named, a value of the wrong type or range says what was expected. All problems of a module are
reported at once.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ridealong.authoring import syllabus
from ridealong.authoring.problems import BuildError, nearest
from ridealong.judging.ddl import attacks
from ridealong.notebook.rubrics import LEVELS, MOST_PER_CRITERION
from ridealong.quiz import question as schema

EXERCISE_KINDS = ("sql", "ddl", "yaml")
STORIES = tuple(f"S{number}" for number in range(1, 16))  # planted in the data
WORDS = re.compile(r"[a-z]+[0-9]{0,2}(-([a-z]+[0-9]{0,2}|[0-9]+))*")
MODULE = re.compile(r"[0-9]{2}_[a-z0-9_]+")
SAVED_BY_WIDGETS = ("quiz_answers*.json", "times.json", "times.damaged-*.json")

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A known answer beside the reference: a mistake (with its message) or an alternative."""

    name: str
    answer: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Equal:
    """A change of the reference that is as right as the reference.

    Attributes:
        change: the name of the change, as `ridealong build mutants` prints it.
        reason: why the changed answer is right too.
        rule: the rule of the company's data that the reason stands on, a key of
            `tests/dataset/test_rules.py`; empty where it stands on the task's words or on SQL.
    """

    change: str
    reason: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Exercise:
    """One `[[exercise]]` of a module's `exercises.toml`."""

    id: str
    title: str
    kind: str
    syllabus: list[str]
    level: int
    depth: str
    minutes: int
    points: int
    hints: list[str]
    mistakes: list[Answer]
    alternatives: list[Answer]
    order: list[str] = field(default_factory=list)
    parameters: list[dict[str, Scalar]] = field(default_factory=list)
    allow_empty: bool = False
    timed: bool = False
    story: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    attacks: list[str] = field(default_factory=list)
    given: str = ""
    cases: str = ""
    judge: str = ""
    equal: list[Equal] = field(default_factory=list)

    @property
    def answer_name(self) -> str:
        """The name that the learner's answer is bound to."""
        return self.id.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Quiz:
    """One `[[quiz]]` of a module's `quizzes.toml`, as written; `ridealong.quiz` reads it."""

    id: str
    points: float
    minutes: float
    syllabus: list[str]
    entry: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a rubric: what an answer looks like that earns 0, 1, 2, 3 points on it."""

    name: str
    levels: list[str]


@dataclass(frozen=True, slots=True)
class Sample:
    """A made-up answer to a rubric task, scored on each criterion, and the reasons."""

    name: str
    text: str
    scores: list[int]
    why: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """One `[[rubric]]` of a module's `exercises.toml`: a task that a person grades."""

    id: str
    title: str
    syllabus: list[str]
    level: int
    depth: str
    minutes: int
    points: int
    hints: list[str]
    criteria: list[Criterion]
    samples: list[Sample]


@dataclass(frozen=True, slots=True)
class Module:
    """One folder of `solutions/`: its notebooks and what stands beside them."""

    name: str
    folder: Path
    notebooks: list[Path]
    exercises: dict[str, Exercise]
    quizzes: dict[str, Quiz]
    predictions: dict[str, dict[str, Any]]
    rubrics: dict[str, Rubric]


def folders(course: Path) -> list[Path]:
    """Return the module folders of `solutions/` that hold a notebook, in their order."""
    return [
        folder
        for folder in sorted((course / "solutions").iterdir())
        if folder.is_dir() and MODULE.fullmatch(folder.name) and notebooks(folder)
    ]


def notebooks(folder: Path) -> list[Path]:
    """Return the notebooks of a module in their order."""
    return sorted(folder.glob("*.ipynb"))


def load(folder: Path) -> Module:
    """Read a module's notebooks list, exercises, rubric tasks, quizzes and predictions.

    Raises:
        BuildError: With every problem found in the two TOML files.
    """
    reader = _Reader(folder)
    exercises, rubrics = reader.exercises()
    quizzes, predictions = reader.quizzes()
    reader.unique([e.id for e in exercises] + [q.id for q in quizzes] + [r.id for r in rubrics])
    if reader.problems:
        raise BuildError(reader.problems)
    return Module(
        name=folder.name,
        folder=folder,
        notebooks=notebooks(folder),
        exercises={e.id: e for e in exercises},
        quizzes={q.id: q for q in quizzes},
        predictions={p["id"]: p for p in predictions},
        rubrics={r.id: r for r in rubrics},
    )


@dataclass(frozen=True, slots=True)
class _Key:
    """What a key of a table has to hold."""

    type: type
    required: bool = True
    choices: Sequence[Any] = ()
    minimum: int | None = None  # of a number, or of the length of a list

    def problems(self, value: Any) -> list[str]:
        if not isinstance(value, self.type) or (isinstance(value, bool) and self.type is not bool):
            return [f"is {value!r}, wanted a {self.type.__name__}"]
        if self.choices and value not in self.choices:
            return [f"is {value!r}, wanted one of {', '.join(map(str, self.choices))}"]
        if self.minimum is not None and isinstance(value, list) and len(value) < self.minimum:
            return [f"holds {len(value)}, wanted {self.minimum} or more"]
        if self.minimum is not None and isinstance(value, int) and value < self.minimum:
            return [f"is {value}, wanted {self.minimum} or more"]
        return ["is empty"] if isinstance(value, str) and not value.strip() else []


_HEAD = {
    "id": _Key(str),
    "title": _Key(str),
    "syllabus": _Key(list, minimum=1),
    "level": _Key(int, choices=(1, 2, 3, 4, 5)),
    "depth": _Key(str, choices=schema.DEPTHS),
    "minutes": _Key(int, minimum=1),
    "points": _Key(int, minimum=1),
    "hints": _Key(list, minimum=3),
}
_EXERCISE = _HEAD | {
    "kind": _Key(str, choices=EXERCISE_KINDS),
    "order": _Key(list, required=False),
    "parameters": _Key(list, required=False),
    "allow_empty": _Key(bool, required=False),
    "timed": _Key(bool, required=False),
    "fields": _Key(dict, required=False),
    "attacks": _Key(list, required=False, minimum=2),
    "given": _Key(str, required=False),
    "cases": _Key(str, required=False),
    "judge": _Key(str, required=False, choices=("migration",)),
    "story": _Key(str, required=False, choices=STORIES),
    "mistakes": _Key(list, minimum=3),
    "alternatives": _Key(list, minimum=2),
    "equal": _Key(list, required=False),
}
_KEYS_OF_KIND = {"sql": ("cases",), "ddl": ("fields", "attacks", "given"), "yaml": ("judge",)}
_MISTAKE = {"name": _Key(str), "answer": _Key(str), "message": _Key(str)}
_ALTERNATIVE = {"name": _Key(str), "answer": _Key(str)}
_EQUAL = {"change": _Key(str), "reason": _Key(str), "rule": _Key(str, required=False)}
_RUBRIC = _HEAD | {"criteria": _Key(list, minimum=1), "samples": _Key(list, minimum=2)}
_CRITERION = {"name": _Key(str), "levels": _Key(list)}
_SAMPLE = {"name": _Key(str), "text": _Key(str), "scores": _Key(list), "why": _Key(str)}


class _Reader:
    """Collects the problems while a module's files are read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []

    def _name(self, file: str) -> str:
        return f"solutions/{self.folder.name}/{file}"

    def _table(self, file: str) -> dict[str, Any]:
        path = self.folder / file
        if not path.is_file():
            return {}
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.problems.append(f"{self._name(file)}: not TOML: {error}")
            return {}

    def exercises(self) -> tuple[list[Exercise], list[Rubric]]:
        file = "exercises.toml"
        table = self._table(file)
        kinds = ("exercise", "rubric")
        for key in table.keys() - set(kinds):
            self.problems.append(f"{self._name(file)}: unknown table {key!r}{nearest(key, kinds)}")
        for kind in kinds:
            if not _are_tables(table.get(kind, [])):
                self.problems.append(f"{self._name(file)}: write [[{kind}]] with two brackets")
                del table[kind]
        return (
            [made for entry in table.get("exercise", []) if (made := self._exercise(entry))],
            [task for entry in table.get("rubric", []) if (task := self._rubric(entry))],
        )

    def quizzes(self) -> tuple[list[Quiz], list[dict[str, Any]]]:
        file = "quizzes.toml"
        table = self._table(file)
        problems = [f"{self._name(file)}, {problem}" for problem in schema.validate(table)]
        self.problems += problems
        if problems:
            return [], []
        quizzes = [
            Quiz(entry["id"], entry["points"], entry["minutes"], entry["syllabus"], entry)
            for entry in table.get("quiz", [])
        ]
        predictions: list[dict[str, Any]] = table.get("prediction", [])
        for question in [q.entry for q in quizzes] + predictions:
            where = f"{self._name(file)}, {question['id']!r}"
            self._known_items(where, question.get("syllabus", []))
        return quizzes, predictions

    def unique(self, ids: list[str]) -> None:
        for name in sorted({i for i in ids if ids.count(i) > 1}):
            self.problems.append(f"solutions/{self.folder.name}: the id {name!r} is used twice")

    def _exercise(self, entry: dict[str, Any]) -> Exercise | None:
        """Check one exercise; None, and its problems noted, when it cannot be used."""
        before = len(self.problems)
        where = f"{self._name('exercises.toml')}, exercise {entry.get('id', '(no id)')!r}"
        self._check(where, entry, _EXERCISE)
        self._check_values(where, entry)
        self._check_kind(where, entry)
        answers = {
            key: self._answers(f"{where}, {key}", entry.get(key, []), keys)
            for key, keys in (("mistakes", _MISTAKE), ("alternatives", _ALTERNATIVE))
        }
        equal = self._equal(f"{where}, equal", entry.get("equal", []))
        if len(self.problems) > before:
            return None
        return Exercise(**(entry | answers | {"equal": equal}))

    def _rubric(self, entry: dict[str, Any]) -> Rubric | None:
        """Check one rubric task; None, and its problems noted, when it cannot be used."""
        before = len(self.problems)
        where = f"{self._name('exercises.toml')}, rubric {entry.get('id', '(no id)')!r}"
        self._check(where, entry, _RUBRIC)
        self._check_values(where, entry)
        criteria = entry.get("criteria", [])
        samples = entry.get("samples", [])
        self._named_tables(f"{where}, criteria", criteria, _CRITERION)
        self._named_tables(f"{where}, samples", samples, _SAMPLE)
        if len(self.problems) > before:
            return None
        for criterion in criteria:
            levels = criterion["levels"]
            if not (len(levels) == LEVELS and all(map(_is_text, levels))):
                self.problems.append(
                    f"{where}, criterion {criterion['name']!r}: 'levels' are {LEVELS} texts, "
                    f"what earns 0, 1, 2 and {MOST_PER_CRITERION} points"
                )
        for sample in samples:
            scores = sample["scores"]
            if len(scores) != len(criteria) or not all(map(_is_score, scores)):
                self.problems.append(
                    f"{where}, sample {sample['name']!r}: 'scores' are {scores!r}, wanted one "
                    f"whole number from 0 to {MOST_PER_CRITERION} for each of "
                    f"{len(criteria)} criteria"
                )
        wanted = MOST_PER_CRITERION * len(criteria)
        if entry["points"] != wanted:
            self.problems.append(
                f"{where}: 'points' is {entry['points']}, wanted {wanted}: "
                f"{MOST_PER_CRITERION} for each of {len(criteria)} criteria"
            )
        if len(self.problems) > before:
            return None
        made = {
            "criteria": [Criterion(**criterion) for criterion in criteria],
            "samples": [Sample(**sample) for sample in samples],
        }
        return Rubric(**(entry | made))

    def _answers(self, where: str, tables: Any, keys: Mapping[str, _Key]) -> list[Answer]:
        before = len(self.problems)
        self._named_tables(where, tables, keys)
        return [Answer(**table) for table in tables] if len(self.problems) == before else []

    def _equal(self, where: str, tables: Any) -> list[Equal]:
        before = len(self.problems)
        if not _are_tables(tables):
            self.problems.append(f"{where}: write them as tables [[exercise.equal]]")
            return []
        for number, table in enumerate(tables, start=1):
            self._check(f"{where} {number}", table, _EQUAL)
        changes = [str(table.get("change")) for table in tables]
        for change in sorted({c for c in changes if changes.count(c) > 1}):
            self.problems.append(f"{where}: two declare {change!r}")
        return [Equal(**table) for table in tables] if len(self.problems) == before else []

    def _named_tables(self, where: str, tables: Any, keys: Mapping[str, _Key]) -> None:
        """Note what is wrong with the keys of tables, and names that are used twice."""
        if not _are_tables(tables):
            self.problems.append(f"{where}: write them as tables [[...]]")
            return
        for number, table in enumerate(tables, start=1):
            self._check(f"{where} {number}", table, keys)
        names = [str(table.get("name")) for table in tables]
        for name in sorted({n for n in names if names.count(n) > 1}):
            self.problems.append(f"{where}: two are called {name!r}")

    def _check(self, where: str, entry: Mapping[str, Any], keys: Mapping[str, _Key]) -> None:
        """Note unknown and missing keys, and values of the wrong type or range."""
        for key in sorted(entry.keys() - keys.keys()):
            self.problems.append(f"{where}: unknown key {key!r}{nearest(key, keys)}")
        for key, rule in keys.items():
            if key in entry:
                self.problems += [f"{where}: {key!r} {p}" for p in rule.problems(entry[key])]
            elif rule.required:
                self.problems.append(f"{where}: {key!r} is missing")

    def _check_values(self, where: str, entry: Mapping[str, Any]) -> None:
        identifier, hints, order = entry.get("id"), entry.get("hints"), entry.get("order", [])
        if isinstance(identifier, str) and not WORDS.fullmatch(identifier):
            self.problems.append(f"{where}: an id is words in lower case joined by '-'")
        if isinstance(hints, list) and not (len(hints) == 3 and all(map(_is_text, hints))):
            self.problems.append(
                f"{where}: 'hints' are three texts: a question, a pointer, a near-solution"
            )
        if isinstance(order, list) and not all(map(_is_text, order)):
            self.problems.append(f"{where}: 'order' holds texts such as \"rides DESC\"")
        if isinstance(entry.get("syllabus"), list):
            self._known_items(where, entry["syllabus"])
        parameters = entry.get("parameters", [])
        for number, values in enumerate(parameters if isinstance(parameters, list) else [], 1):
            if not isinstance(values, dict) or not all(
                isinstance(value, Scalar) for value in values.values()
            ):
                self.problems.append(
                    f"{where}: parameters {number} is {values!r}, wanted names with text, "
                    "number or true/false"
                )

    def _check_kind(self, where: str, entry: Mapping[str, Any]) -> None:
        """Note keys that the kind of an exercise needs, or has no use for."""
        kind = entry.get("kind")
        wanted = _KEYS_OF_KIND.get(str(kind), ())
        for key in wanted:
            if key not in entry and key not in ("given", "cases"):
                self.problems.append(f"{where}: an exercise of kind {kind!r} needs {key!r}")
        for other, keys in _KEYS_OF_KIND.items():
            for key in keys:
                if other != kind and key in entry and key not in wanted:
                    self.problems.append(f"{where}: {key!r} is for exercises of kind {other!r}")
        fields, attacks = entry.get("fields", {}), entry.get("attacks", [])
        if isinstance(fields, dict) and isinstance(attacks, list):
            self.problems += [f"{where}: {p}" for p in _attack_problems(fields, attacks)]

    def _known_items(self, where: str, items: Sequence[Any]) -> None:
        for item in items:
            if item not in syllabus.items():
                self.problems.append(
                    f"{where}: unknown syllabus id {item!r}{nearest(str(item), syllabus.items())}"
                )


def _attack_problems(fields: Mapping[str, Any], wanted: Sequence[Any]) -> Iterator[str]:
    known = attacks.fields()
    for table, columns in fields.items():
        if table not in known:
            yield f"'fields': no attack knows a table {table!r}{nearest(table, known)}"
            continue
        for column in columns if isinstance(columns, list) else []:
            if column not in known[table]:
                yield (
                    f"'fields': no attack knows {table}.{column}{nearest(str(column), known[table])}"
                )
    for identity in wanted:
        if identity not in attacks.attacks():
            yield f"unknown attack {identity!r}{nearest(str(identity), attacks.attacks())}"
            continue
        for need in attacks.attacks()[identity].needs:
            table, _, column = need.partition(".")
            if table not in fields or (column and column not in fields[table]):
                yield f"attack {identity!r} needs {need}, which is not in 'fields'"
    if len(set(map(str, wanted))) < len(wanted):
        yield "'attacks' names one twice"


def _are_tables(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(entry, dict) for entry in found)


def _is_score(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST_PER_CRITERION


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
