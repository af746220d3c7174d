"""`check("completed-by-city")` and `hint("completed-by-city")`, as a learner calls them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from ridealong import catalogue, timing
from ridealong.judging import judge
from ridealong.text import did_you_mean
from ridealong.verdict import CheckFailed, Verdict

FAILURES_BEFORE_HINT: Final = 2

_failures: Counter[str] = Counter()
_hints_given: Counter[str] = Counter()


def check(exercise_id: str) -> float | None:
    """Check the answer of this notebook to an exercise or a quiz; print what holds.

    Args:
        exercise_id: the id in the exercise's heading, such as `"completed-by-city"`.

    Returns:
        None when all of it holds; the points earned so far when a part of it does.

    Raises:
        CheckFailed: when the answer does not hold yet: one line with what was seen, what was
            wanted and what to try. Never anything else.
    """
    try:
        verdict = _verdict(exercise_id)
    except CheckFailed:
        raise
    except KeyboardInterrupt:
        raise CheckFailed("you stopped this check; run the cell again to check anew") from None
    except Exception as error:
        # Whatever breaks here is no fault of the answer, and says so in one line.
        if hasattr(error, "_render_traceback_"):
            raise CheckFailed(_one_line(error)) from None
        raise CheckFailed(
            f"the check could not run: {type(error).__name__}: {_one_line(error)}; "
            "`ridealong doctor` in a terminal looks for the cause"
        ) from error
    if verdict.passed:
        _failures.pop(verdict.exercise, None)
        print(verdict.message)
        timing.passed(verdict.exercise)
        return None
    _show_properties(verdict)
    message = verdict.message + _offer(verdict)
    of = float(_entry(exercise_id).get("points", 0))
    earned = verdict.points(of)
    if not earned:
        raise CheckFailed(message)
    # nbgrader takes the value of the cell as points.
    print(f"{message}\nEarned so far: {earned:g} of {of:g} points.")
    return earned


def hint(exercise_id: str, level: int | None = None) -> None:
    """Print a hint to what is asked: a question, then a pointer, then a near-solution.

    Args:
        exercise_id: the id of an exercise, a quiz or a rubric task.
        level: 1, 2 or 3; without it the next one at each call, at the end the last again.

    Raises:
        CheckFailed: when there is no such exercise or level.
    """
    hints = list(_entry(exercise_id).get("hints") or ())
    if not hints:
        raise CheckFailed(f'there is no hint for "{exercise_id}"')
    if level is None:
        level = min(_hints_given[exercise_id] + 1, len(hints))
    if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= len(hints):
        raise CheckFailed(f"there is no hint of level {level!r}: levels are 1 to {len(hints)}")
    _hints_given[exercise_id] = max(level, _hints_given[exercise_id])
    print(f"Hint {level} of {len(hints)}: {hints[level - 1]}")


def _show_properties(verdict: Verdict) -> None:
    """Show what was tried and what was seen, where a check tells that for every property."""
    looked = [each for each in verdict.properties if each.seen]
    if looked:
        from IPython.display import display

        from ridealong.show.report import Report

        display(Report(tuple(looked)))  # type: ignore[no-untyped-call]


def _verdict(exercise_id: object) -> Verdict:
    from IPython.core.getipython import get_ipython

    from ridealong.notebook import magics, session

    _entry(exercise_id)
    assert isinstance(exercise_id, str)
    if exercise_id in catalogue.rubrics():
        raise CheckFailed(
            f'"{exercise_id}" is graded by a person, no check can: compare your text with '
            f'rubric("{exercise_id}") and rubric("{exercise_id}", samples=True)'
        )
    shell = get_ipython()
    if shell is None:
        raise CheckFailed(
            "check() looks for your answer in a notebook, and here is none: "
            "elsewhere use ridealong.judging.judge(exercise_id, answer, worker)"
        )
    answer = magics.bound(shell, exercise_id.replace("-", "_"))
    return judge(exercise_id, answer, session.worker())


def _entry(exercise_id: object) -> Mapping[str, Any]:
    """Return the exercise, quiz or rubric task of an id.

    Raises:
        CheckFailed: when there is none; the text names the nearest id.
    """
    if not isinstance(exercise_id, str):
        raise CheckFailed(
            f"{type(exercise_id).__name__} is no id of an exercise: it is the text in the "
            'heading, such as check("completed-by-city")'
        )
    others = catalogue.quizzes() | catalogue.rubrics()
    if exercise_id in others:
        return others[exercise_id]
    try:
        return catalogue.exercise(exercise_id)[1]
    except catalogue.CatalogueError as error:
        known = [each for module in catalogue.modules() for each in module.exercises]
        close = did_you_mean(exercise_id, [*known, *others])
        if known or others:
            text = f'no exercise and no quiz is called "{exercise_id}"{close}'
            raise CheckFailed(_one_line(text)) from None
        raise CheckFailed(_one_line(error)) from None


def _offer(verdict: Verdict) -> str:
    """Count a wrong answer; from the second on return the offer of a hint."""
    if verdict.message.startswith("no answer yet"):
        return ""
    _failures[verdict.exercise] += 1
    if _failures[verdict.exercise] < FAILURES_BEFORE_HINT:
        return ""
    stop = "" if verdict.message.endswith((".", "?", "!")) else "."
    return f'{stop} For a hint, run hint("{verdict.exercise}").'


def _one_line(error: object) -> str:
    text = " ".join(str(error).encode(errors="replace").decode().split())
    return text if len(text) <= 400 else f"{text[:396]} ..."
