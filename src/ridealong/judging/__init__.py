"""Judge answers, each kind in its own room, the same wherever it is asked.

`judge` looks up the exercise and the kind of its answer; `kinds.py` is the table of the kinds.
Nothing here needs a notebook: no widget, no IPython, no pandas. What may be slow or harmful runs
in a `Worker`, which is handed in.
"""

from ridealong import catalogue
from ridealong.answer import Answer
from ridealong.engine.statement import with_article
from ridealong.judging.kind import Entry, Task, digest_of_starter
from ridealong.judging.kinds import KINDS
from ridealong.judging.worker import Worker
from ridealong.verdict import Verdict

__all__ = ["Worker", "judge"]


def judge(exercise_id: str, answer: Answer | None, worker: Worker) -> Verdict:
    """Judge an answer to an exercise or a quiz.

    Args:
        exercise_id: id in the catalogue, such as `"completed-by-city"`.
        answer: as `answers.read` gives it; None when there is no answer yet.
        worker: the process that runs what is checked.

    Raises:
        CatalogueError: when the course has no such exercise.
        DatasetError: when the data to judge on can be neither found nor built.
    """
    quizzes = catalogue.quizzes()
    if exercise_id in quizzes:
        if answer is None:
            answer = Answer(exercise_id.replace("-", "_"), "quiz", "")
        task = Task(exercise_id, quizzes[exercise_id], 0, 0)
        return KINDS["quiz"].judge(task, answer, worker)
    module, entry = catalogue.exercise(exercise_id)
    task = Task(exercise_id, entry, module.hidden_seed, module.hidden_scale)
    kind = KINDS[entry.get("kind", "sql")]
    if answer is None or KINDS[answer.kind].is_blank(answer) or _is_untouched(answer, entry):
        return Verdict(exercise_id, False, f"no answer yet: write your {kind.own} in {_cell(task)}")
    if answer.kind != kind.name:
        held = type(answer.value).__name__ if answer.kind == "value" else answer.kind
        return Verdict(
            exercise_id,
            False,
            f"{task.name} holds {with_article(held)}, wanted {kind.wanted}: write it in the answer "
            f"cell, below its first line `%%{kind.name} {task.name}`",
        )
    return kind.judge(task, answer, worker)


def _is_untouched(answer: Answer, entry: Entry) -> bool:
    """Return whether nothing but the lines that were given stand in the answer's cell."""
    given = entry.get("starter")
    return bool(given) and given == digest_of_starter(answer.text, KINDS[answer.kind].comment)


def _cell(task: Task) -> str:
    kind = task.entry.get("kind", "sql")
    return f"the cell that starts with `%%{kind} {task.name}` and run it"
