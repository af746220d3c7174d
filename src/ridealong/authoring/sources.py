"""Read what people wrote: the modules, `exercises.toml` and `quizzes.toml`.

Every key is checked: an unknown one is refused with the nearest known name, a missing one is
named, a value of the wrong type or range says what was expected. All problems of a module are
reported at once.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ridealong.authoring import cells, syllabus
from ridealong.authoring.problems import BuildError, did_you_mean_or_known
from ridealong.judging import kinds
from ridealong.judging.kind import Key
from ridealong.notebook.rubrics import LEVELS, MOST_PER_CRITERION
from ridealong.quizzes import question as schema

STORIES = tuple(f"S{number}" for number in range(1, 16))  # planted in the data
WORDS = re.compile(r"[a-z]+[0-9]{0,2}(-([a-z]+[0-9]{0,2}|[0-9]+))*")
MODULE = re.compile(r"[0-9]{2}_[a-z0-9_]+")
SAVED_BY_WIDGETS = ("quiz_answers*.json", "times.json", "times.damaged-*.json")

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """A known answer beside the reference: a mistake (with its message) or an alternative.

    Attributes:
        name: in words joined by -.
        answer: its text; where the file gives changes instead, the reference with these made.
        message: what a learner is told, of a mistake.
        sign: how a mistake is known in the text, where its author says so.
    """

    name: str
    answer: str
    message: str = ""
    sign: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Equal:
    """A mutant of the reference that is right as well, with the reason why.

    Attributes:
        change: what the mutant changes, as `ridealong build mutants` names it.
        reason: why it is right, as the instructor's page may print it.
        rule: the rule of the company's data that makes it so, where it is one; tests prove it.
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
    mistakes: list[KnownAnswer]
    alternatives: list[KnownAnswer]
    timed: bool = False
    story: str = ""
    equal: list[Equal] = field(default_factory=list)
    own: dict[str, Any] = field(default_factory=dict)  # the keys of its kind

    @property
    def answer_name(self) -> str:
        """The name that the learner's answer is bound to."""
        return self.id.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Quiz:
    """One `[[quiz]]` of a module's `quizzes.toml`, as written; `ridealong.quizzes` reads it."""

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


_HEAD = {
    "id": Key(str),
    "title": Key(str),
    "syllabus": Key(list, minimum=1),
    "level": Key(int, choices=(1, 2, 3, 4, 5)),
    "depth": Key(str, choices=schema.DEPTHS),
    "minutes": Key(int, minimum=1),
    "points": Key(int, minimum=1),
    "hints": Key(list, minimum=3),
}
_EXERCISE = _HEAD | {
    "timed": Key(bool, required=False),
    "story": Key(str, required=False, choices=STORIES),
    "mistakes": Key(list, minimum=3),
    "alternatives": Key(list, minimum=2),
    "equal": Key(list, required=False),
}
_MISTAKE = {
    "name": Key(str),
    "answer": Key(str, required=False),
    "change": Key(list, required=False, minimum=1),
    "message": Key(str),
    "sign": Key(list, required=False, minimum=1),
}
_ALTERNATIVE = {
    "name": Key(str),
    "answer": Key(str, required=False),
    "change": Key(list, required=False, minimum=1),
}
_EQUAL = {"change": Key(str), "reason": Key(str), "rule": Key(str, required=False)}
_RUBRIC = _HEAD | {"criteria": Key(list, minimum=1), "samples": Key(list, minimum=2)}
_CRITERION = {"name": Key(str), "levels": Key(list)}
_SAMPLE = {"name": Key(str), "text": Key(str), "scores": Key(list), "why": Key(str)}


class _Reader:
    """Collects the problems while a module's files are read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self._references: dict[str, str] | None = None  # read when a known answer is a change

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
            self.problems.append(
                f"{self._name(file)}: unknown table {key!r}{did_you_mean_or_known(key, kinds)}"
            )
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
        kind = kinds.KINDS.get(str(entry.get("kind")))
        own = dict(kind.keys) if kind else {}
        named = {"kind": Key(str, choices=tuple(kinds.of_exercises()))}
        self._check(where, entry, _EXERCISE | named | own)
        self._check_values(where, entry)
        if kind:
            self.problems += [f"{where}: {problem}" for problem in kind.problems(entry)]
        answers = {
            key: self._answers(f"{where}, {key}", entry.get(key, []), keys, entry.get("id"))
            for key, keys in (("mistakes", _MISTAKE), ("alternatives", _ALTERNATIVE))
        }
        self._keyed_tables(f"{where}, equal", entry.get("equal", []), _EQUAL, "change")
        if len(self.problems) > before:
            return None
        equal = [Equal(**table) for table in entry.get("equal", [])]
        common = {key: value for key, value in entry.items() if key not in own}
        ours = {key: value for key, value in entry.items() if key in own}
        return Exercise(**(common | answers | {"equal": equal, "own": ours}))

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

    def _answers(
        self, where: str, tables: Any, keys: Mapping[str, Key], identifier: Any
    ) -> list[KnownAnswer]:
        before = len(self.problems)
        self._named_tables(where, tables, keys)
        if len(self.problems) > before:
            return []
        return [
            KnownAnswer(**self._written_out(f"{where} {table['name']!r}", table, identifier))
            for table in tables
        ]

    def _written_out(self, where: str, table: dict[str, Any], identifier: Any) -> dict[str, Any]:
        """Return a known answer with its whole text, and note what keeps it from having one."""
        if ("answer" in table) == ("change" in table):
            self.problems.append(f"{where}: wanted one of 'answer' and 'change'")
            return {"answer": "", **{k: v for k, v in table.items() if k != "change"}}
        if "answer" in table:
            return table
        text = self._reference(identifier)
        if not text:
            self.problems.append(f"{where}: 'change' needs the answer cell {identifier!r}")
        for pair in table["change"]:
            if not (isinstance(pair, list) and len(pair) == 2 and all(map(_is_str, pair))):
                self.problems.append(f"{where}: 'change' holds {pair!r}, wanted [old, new]")
            elif text and text.count(pair[0]) != 1:
                count = text.count(pair[0])
                self.problems.append(
                    f"{where}: {pair[0]!r} stands {count} times in the reference, wanted once"
                )
            else:
                text = text.replace(pair[0], pair[1])
        return {"answer": text, **{k: v for k, v in table.items() if k != "change"}}

    def _reference(self, identifier: Any) -> str:
        if self._references is None:
            self._references = {
                cell["id"]: cells.answer("".join(cell["source"]))
                for path in notebooks(self.folder)
                for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
                if cells.part(cell["metadata"]) == "answer"
            }
        return self._references.get(identifier, "")

    def _named_tables(self, where: str, tables: Any, keys: Mapping[str, Key]) -> None:
        self._keyed_tables(where, tables, keys, "name")

    def _keyed_tables(self, where: str, tables: Any, keys: Mapping[str, Key], key: str) -> None:
        """Note what is wrong with the keys of tables, and values of `key` that are used twice."""
        if not _are_tables(tables):
            self.problems.append(f"{where}: write them as tables [[...]]")
            return
        for number, table in enumerate(tables, start=1):
            self._check(f"{where} {number}", table, keys)
        names = [str(table.get(key)) for table in tables]
        for name in sorted({n for n in names if names.count(n) > 1}):
            self.problems.append(f"{where}: two are called {name!r}")

    def _check(self, where: str, entry: Mapping[str, Any], keys: Mapping[str, Key]) -> None:
        """Note unknown and missing keys, and values of the wrong type or range."""
        for key in sorted(entry.keys() - keys.keys()):
            self.problems.append(f"{where}: unknown key {key!r}{did_you_mean_or_known(key, keys)}")
        for key, rule in keys.items():
            if key in entry:
                self.problems += [f"{where}: {key!r} {p}" for p in rule.problems(entry[key])]
            elif rule.required:
                self.problems.append(f"{where}: {key!r} is missing")

    def _check_values(self, where: str, entry: Mapping[str, Any]) -> None:
        identifier, hints = entry.get("id"), entry.get("hints")
        if isinstance(identifier, str) and not WORDS.fullmatch(identifier):
            self.problems.append(f"{where}: an id is words in lower case joined by '-'")
        if isinstance(hints, list) and not (len(hints) == 3 and all(map(_is_text, hints))):
            self.problems.append(
                f"{where}: 'hints' are three texts: a question, a pointer, a near-solution"
            )
        if isinstance(entry.get("syllabus"), list):
            self._known_items(where, entry["syllabus"])

    def _known_items(self, where: str, items: Sequence[Any]) -> None:
        for item in items:
            if item not in syllabus.items():
                self.problems.append(
                    f"{where}: unknown syllabus id {item!r}{did_you_mean_or_known(str(item), syllabus.items())}"
                )


def _are_tables(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(entry, dict) for entry in found)


def _is_str(value: Any) -> bool:
    return isinstance(value, str)


def _is_score(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST_PER_CRITERION


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
