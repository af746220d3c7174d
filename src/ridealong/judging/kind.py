"""What a kind of answer is: one entry of the table in `kinds.py`, made in the kind's own room."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ridealong.answer import Answer
from ridealong.judging.mutants import Mutant
from ridealong.judging.worker import Worker
from ridealong.verdict import Property, Verdict

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """What a key of `exercises.toml` has to hold.

    Attributes:
        type: of its value.
        required: whether it has to be there.
        choices: the only values it may have, where there are such.
        minimum: of a number, or of the length of a list.
        ships: whether the catalogue gets it, and with it the learners.
    """

    type: type
    required: bool = True
    choices: Sequence[Any] = ()
    minimum: int | None = None
    ships: bool = True

    def problems(self, value: Any) -> list[str]:
        """Return what is wrong with a value, in words that follow the key's name."""
        if not isinstance(value, self.type) or (isinstance(value, bool) and self.type is not bool):
            return [f"is {value!r}, wanted a {self.type.__name__}"]
        if self.choices and value not in self.choices:
            return [f"is {value!r}, wanted one of {', '.join(map(str, self.choices))}"]
        if self.minimum is not None and isinstance(value, list) and len(value) < self.minimum:
            return [f"holds {len(value)}, wanted {self.minimum} or more"]
        if self.minimum is not None and isinstance(value, int) and value < self.minimum:
            return [f"is {value}, wanted {self.minimum} or more"]
        return ["is empty"] if isinstance(value, str) and not value.strip() else []


@dataclass(frozen=True, slots=True)
class Task:
    """What an answer is judged by.

    Attributes:
        id: of the exercise or quiz.
        entry: its catalogue entry.
        hidden_seed: of the hidden data that its results were made with.
        hidden_scale: of the same.
    """

    id: str
    entry: Entry
    hidden_seed: int
    hidden_scale: float

    @property
    def name(self) -> str:
        """The name that the answer is bound to."""
        return self.id.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Known:
    """The known answers of an exercise, as its author wrote them.

    Attributes:
        id: of the exercise.
        entry: the keys of its kind in `exercises.toml`.
        reference: the text of the reference answer.
        alternatives: other right answers, by name.
        mistakes: wrong answers, by name.
        hidden_seed: of the hidden data.
        signs: of a mistake by name, how it is known in the text, where its author says so.
    """

    id: str
    entry: Entry
    reference: str
    alternatives: Mapping[str, str]
    mistakes: Mapping[str, str]
    hidden_seed: int
    signs: Mapping[str, Sequence[str]] = field(default_factory=dict)


class KnownWrong(Exception):
    """Known answers that do not do what their place says; `problems` tells each."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the problems in their order."""
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def holds_only_comments(answer: Answer) -> bool:
    """Return whether a text whose comments start with # holds nothing else, and no value."""
    lines = (line.strip() for line in answer.text.split("\n"))
    return answer.value is None and not any(line and line[0] != "#" for line in lines)


def digest_of_starter(text: str, comment: str) -> str:
    """Return what the given lines of an answer cell are known by, "" where there are none.

    Args:
        text: of the cell, without the line of the magic.
        comment: what starts a comment in its language; such lines and blank ones do not count.
    """
    lines = [line.rstrip() for line in text.split("\n")]
    told = [line for line in lines if line and not line.lstrip().startswith(comment)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16] if told else ""


def _text_alone(name: str, text: str, folder: Path) -> Any:
    return None


def _no_problem(entry: Entry) -> Iterator[str]:
    yield from ()


def _no_mutant(reference: str, entry: Entry) -> Iterator[Mutant]:
    yield from ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of answer.

    Attributes:
        name: as in `kind = "sql"` of an exercise, and of its magic: `%%sql`.
        wanted: what an answer is, in words: "a query".
        own: the same with "your" before it: "query".
        judge: gives the verdict on an answer that is there; a worker runs what may be slow.
        stub: the comment in the cell of a learner who has not begun; "" where the kind has no
            magic, so that its answers are Python.
        comment: what starts a comment in its language.
        read: gives the value that a text holds, None where the text is the answer; takes the
            name, the text and the notebook's folder; raises ValueError in one line.
        is_blank: whether a text holds nothing but the stub.
        keys: of its exercises in `exercises.toml`, beside those that every exercise has.
        problems: what is wrong with the values of these keys.
        results: runs the known answers; gives `expected` and, by name of the mistake, what each
            is recognised by; raises `KnownWrong`. None where no exercise is of this kind.
        mutants: changes the reference answer in one place.
        trial: for a task, a quick "does this text pass?", asked about many texts in this process;
            None where the judge is quick enough.
        jobs: what its judge lets a worker run, by name; arguments and results are JSON.
    """

    name: str
    wanted: str
    own: str
    judge: Callable[[Task, Answer, Worker], Verdict]
    stub: str = ""
    comment: str = "#"
    read: Callable[[str, str, Path], Any] = _text_alone
    is_blank: Callable[[Answer], bool] = field(default=lambda answer: not answer.text.strip())
    keys: Mapping[str, Key] = field(default_factory=dict)
    problems: Callable[[Entry], Iterator[str]] = _no_problem
    results: Callable[[Known], Mapping[str, Any]] | None = None
    mutants: Callable[[str, Entry], Iterator[Mutant]] = _no_mutant
    trial: Callable[[Task], Callable[[str], bool]] | None = None
    jobs: Mapping[str, Callable[..., Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def has_magic(self) -> bool:
        """Whether an answer cell starts with `%%name`."""
        return bool(self.stub)

    @property
    def has_mutants(self) -> bool:
        """Whether its reference answers can be changed in one place."""
        return self.mutants is not _no_mutant


def results_by_marks(known: Known, marks: Callable[[str, Entry], Mapping[str, Any]]) -> Entry:
    """Return the results of a kind whose wrong answers are recognised by what went wrong.

    Args:
        known: the answers.
        marks: what went wrong with a text; nothing but empty values when nothing did.

    Raises:
        KnownWrong: when a right answer fails, a wrong one holds, or two mistakes fail alike.
    """
    problems: list[str] = []
    right = {"the reference": known.reference} | {
        f"alternative {name!r}": text for name, text in known.alternatives.items()
    }
    for what, text in right.items():
        found = marks(text, known.entry)
        if any(found.values()):
            problems.append(f"{what} does not hold: {found}")
    recognised: dict[str, Any] = {}
    for name, text in known.mistakes.items():
        found = marks(text, known.entry)
        if not any(found.values()):
            problems.append(
                f"mistake {name!r} holds, so it would pass: change it, or add an attack"
            )
        same = [other for other, marked in recognised.items() if marked == found]
        if same:
            problems.append(
                f"mistakes {same[0]!r} and {name!r} fail alike ({found}), so a check cannot tell "
                "which it was: keep one, or add an attack"
            )
        recognised[name] = found
    if problems:
        raise KnownWrong(problems)
    return {"mistakes": recognised}


def refused(
    exercise_id: str,
    entry: Entry,
    found: Mapping[str, Any],
    message: str,
    properties: Sequence[Property] = (),
    share: float = 0.0,
    *,
    keeps_message: bool = False,
) -> Verdict:
    """Return the verdict on a wrong answer, with the words of the mistake that it is known as.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise; each of its `mistakes` has the `results` it is recognised by.
        found: what went wrong, in the form of these results.
        message: of an answer that is none of these mistakes.
        properties: of the answer.
        share: of the points that the answer earns all the same.
        keeps_message: whether what is said of a known mistake follows the message, which speaks of
            the answer at hand, in place of standing alone.
    """
    for mistake in entry.get("mistakes", ()):
        if mistake["results"] == found:
            told, name = mistake["message"], mistake["name"]
            if keeps_message:
                end = "" if message.endswith('"') else "."
                told = f"{message}{end} {told}"
            return Verdict(exercise_id, False, told, tuple(properties), name, share)
    return Verdict(exercise_id, False, message, tuple(properties), None, share)
