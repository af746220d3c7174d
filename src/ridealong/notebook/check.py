"""`check("completed-by-city")` and `hint("completed-by-city")`, as a learner calls them."""

from collections.abc import Mapping
from typing import Any, Final

from ridealong import catalogue, timing
from ridealong.judging import judge
from ridealong.notebook.session import session, worker
from ridealong.show.card import NO_ANSWER, NOT_GRADED, Card
from ridealong.text import did_you_mean
from ridealong.verdict import CheckFailed, Verdict

FAILURES_BEFORE_HINT: Final = 2


def check(exercise_id: str) -> Card:
    """Check the answer of this notebook to an exercise or a quiz; show what holds.

    Args:
        exercise_id: the id in the exercise's heading, such as `"completed-by-city"`.

    Returns:
        The card, which a notebook shows: what was seen, what was wanted and what to try; its
        text is the number of points earned, which nbgrader takes as the grade.

    Raises:
        CheckFailed: when nothing can be checked, such as an unknown id, in one line. Never
            anything else.
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
    _count(verdict)
    card = _card(verdict)
    session().announce(card)
    if verdict.passed:
        timing.passed(verdict.exercise)
    return card


def hint(exercise_id: str, level: int | None = None) -> None:
    """Print a hint to what is asked: a question, then a pointer, then a near-solution.

    Args:
        exercise_id: the id of an exercise, a quiz or a rubric task.
        level: 1, 2 or 3; without it the next one at each call, at the end the last again.

    Raises:
        CheckFailed: when there is no such exercise or level.
    """
    hints = list(entry_of(exercise_id).get("hints") or ())
    if not hints:
        raise CheckFailed(f'there is no hint for "{exercise_id}"')
    given = session().hints
    if level is None:
        level = min(given[exercise_id] + 1, len(hints))
    if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= len(hints):
        raise CheckFailed(f"there is no hint of level {level!r}: levels are 1 to {len(hints)}")
    given[exercise_id] = max(level, given[exercise_id])
    print(f"Hint {level} of {len(hints)}: {hints[level - 1]}")


def _count(verdict: Verdict) -> None:
    """Remember a verdict; an empty answer is no failed attempt."""
    known = session()
    if verdict.passed:
        known.passed.add(verdict.exercise)
        known.failures.pop(verdict.exercise, None)
        return
    known.passed.discard(verdict.exercise)
    if not verdict.message.lower().startswith((NO_ANSWER, NOT_GRADED)):
        known.failures[verdict.exercise] += 1


def _card(verdict: Verdict) -> Card:
    """Return the card of a verdict, with its place in the notebook."""
    known, entry = session(), entry_of(verdict.exercise)
    asked = catalogue.beside(verdict.exercise)
    here = asked.index(verdict.exercise)
    following = [each for each in (*asked[here + 1 :], *asked[:here]) if each not in known.passed]
    offered = not verdict.passed and known.failures[verdict.exercise] >= FAILURES_BEFORE_HINT
    return Card(
        verdict,
        title=_title(verdict.exercise),
        of=float(entry.get("points", 0)),
        done=len(known.passed.intersection(asked)),
        asked=len(asked),
        next_title=_title(following[0]) if following else "",
        hints=tuple(entry.get("hints") or ()) if offered else (),
    )


def _title(exercise_id: str) -> str:
    return str(entry_of(exercise_id).get("title") or exercise_id)


def _verdict(exercise_id: object) -> Verdict:
    from IPython.core.getipython import get_ipython

    from ridealong.notebook import magics

    entry_of(exercise_id)
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
    return judge(exercise_id, answer, worker())


def entry_of(exercise_id: object) -> Mapping[str, Any]:
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


def _one_line(error: object) -> str:
    text = " ".join(str(error).encode(errors="replace").decode().split())
    return text if len(text) <= 400 else f"{text[:396]} ..."
