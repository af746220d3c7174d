"""Judge the answer to a quiz."""

from typing import TYPE_CHECKING

from ridealong.quizzes.bank import find_quiz
from ridealong.quizzes.kinds import KINDS, ChoiceError, Remark
from ridealong.quizzes.markup import plain
from ridealong.quizzes.question import Question

if TYPE_CHECKING:
    from ridealong.verdict import Verdict

NO_ANSWER = "no answer yet: choose in the quiz, then run the answer cell below it"


def judge(quiz_id: str, answer: object) -> "Verdict":
    """Judge an answer such as `{"choice": "b", "confidence": "certain"}`; None is no answer.

    A bare choice (`"b"`, `["a", "c"]`, `12`) is judged too. Confidence earns and costs nothing.
    An answer of any other type or shape fails with a message.

    Raises:
        UnknownQuestion: when the course has no such quiz.
    """
    from ridealong.verdict import Verdict

    passed, message, mistake = marked(find_quiz(quiz_id), answer)
    return Verdict(exercise=quiz_id, passed=passed, message=message, properties=(), mistake=mistake)


def marked(question: Question, answer: object) -> tuple[bool, str, str | None]:
    """Return whether an answer is right, the message, and the name of the mistake made."""
    choice = answer.get("choice") if isinstance(answer, dict) else answer
    if choice is None or choice is ... or (isinstance(choice, str) and not choice.strip()):
        return False, NO_ANSWER, None
    kind = KINDS[question.kind]
    try:
        choice = kind.read(question, choice)
    except ChoiceError as error:
        return False, f"this is not an answer to {question.id}: {error}", None
    if question.key_held_back:
        words = kind.words(question, choice)
        later = "Feedback follows when your work is returned."
        return False, f"recorded, not graded yet: {words}. {later}", None
    right, remarks = kind.mark(question, choice)
    message = " ".join(_sentence(remark) for remark in remarks if right or remark.mark != "right")
    wrong = "+".join(str(each) for each in choice) if isinstance(choice, list) else str(choice)
    return right, message, None if right else f"chose {wrong}"


def _sentence(remark: Remark) -> str:
    text = plain(remark.text)
    if remark.mark == "missed":
        return f"Left out: {plain(remark.about).rstrip('.')}. {text}"
    return text
