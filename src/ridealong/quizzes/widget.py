"""The quiz and the prediction in the notebook.

The browser shows what the kernel sends and says what the learner did; the kernel alone keeps,
saves and judges. The right answer and the feedback reach the browser only after the learner has
committed to an answer. No callback here asks the front end to change a cell (see
`ridealong.quizzes.cell` for why).
"""

from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets
from IPython.display import display, update_display

from ridealong.quizzes import fallback
from ridealong.quizzes.bank import find_prediction, find_quiz
from ridealong.quizzes.kinds import KINDS, Choice, ChoiceError, shown_options
from ridealong.quizzes.markup import block_html, inline_html
from ridealong.quizzes.question import CONFIDENCES, Question
from ridealong.quizzes.record import AnswerFile, answer_file
from ridealong.records import Entry, Saved

_HERE = Path(__file__).parent


class QuestionWidget(anywidget.AnyWidget):
    """A question in the notebook; `Quiz` and `Prediction` say what is kept of the answer."""

    _esm = _HERE / "widget.js"
    _css = _HERE / "widget.css"

    question = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    section: ClassVar[str]

    def __init__(self, question: Question, file: AnswerFile | None = None) -> None:
        super().__init__()
        self._question = question
        self._kind = KINDS[question.kind]
        self._file = file or answer_file()
        self._entry: Entry = self._file.entries(self.section).get(question.id, {})
        self._display_id = ""
        self.question = self._asked()
        self._show(self._greeting())
        self.on_msg(self._receive)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._question.id!r})"

    def _ipython_display_(self) -> None:
        # Two outputs: a question to read wherever no kernel is, which the style sheet of the
        # living widget hides, and the widget.
        self._display_id = f"ridealong-{self.model_id}"
        display(self._fallback(), display_id=self._display_id)  # type: ignore[no-untyped-call]
        bundle = self._repr_mimebundle_() or ({}, {})
        display(bundle[0], raw=True)  # type: ignore[no-untyped-call]

    def _fallback(self) -> fallback.ReadableQuestion:
        return fallback.ReadableQuestion(repr(self), self._question, self._chosen())

    def _chosen(self) -> Choice | None:
        """Return the recorded choice, None when there is none that fits the question."""
        recorded = self._entry.get(self._choice_key)
        if recorded is None:
            return None
        try:
            return self._kind.read(self._question, recorded)
        except ChoiceError:
            return None

    def _asked(self) -> dict[str, Any]:
        """Return what the browser may know of the question: never its key."""
        legend, rest = _legend(self._question)
        return {
            "id": self._question.id,
            "kind": self._question.kind,
            "legend": legend,
            "rest": rest,
            "unit": self._question.unit,
            "options": [
                {"id": option.id, "html": inline_html(option.text)}
                for option in shown_options(self._question)
            ],
            "confidences": [] if self._question.prediction else list(CONFIDENCES),
            "checkable": not (self._question.prediction or self._question.key_held_back),
        }

    _choice_key: ClassVar[str]

    def _greeting(self) -> str:
        raise NotImplementedError

    def _receive(self, _: object, content: object, buffers: object = None) -> None:
        """Handle what the learner did: {"do": ..., "value": ..., "view": ..., "serial": ...}."""
        if not isinstance(content, dict):
            return
        done = getattr(self, f"_do_{content.get('do')}", None)
        if done is None:
            return
        echo = {key: content.get(key) for key in ("view", "serial")}
        try:
            done(content.get("value"), echo)
        except ChoiceError as error:
            self._show(f"Not saved: {error}.", problem=True, **echo)

    def _do_choose(self, value: object, echo: dict[str, Any]) -> None:
        raise NotImplementedError

    def _save(self, change: Any) -> Saved:
        saved = self._file.update(self.section, self._question.id, change)
        self._entry = saved.entry
        if self._display_id:
            update_display(self._fallback(), display_id=self._display_id)  # type: ignore[no-untyped-call]
        return saved

    def _show(self, status: str, *, problem: bool = False, **more: Any) -> None:
        """Send the whole state to the browser."""
        self.state = {
            "choice": self._chosen(),
            "confidence": self._entry.get("confidence"),
            "status": status,
            "problem": problem,
            **self._feedback(),
            **more,
        }

    def _feedback(self) -> dict[str, Any]:
        """Return what may be told of the answer now."""
        return {"verdict": "", "remarks": []}

    def _say(self, saved: Saved, status: str, **more: Any) -> None:
        """Show `status`, or why nothing was saved."""
        words = saved.problem or " ".join(filter(None, (saved.notice, status)))
        self._show(words, problem=bool(saved.problem), **more)


class Quiz(QuestionWidget):
    """A graded question: each click is saved at once, feedback follows on "Check my answer"."""

    section = "quizzes"
    _choice_key = "choice"

    def _greeting(self) -> str:
        if self._entry.get("choice") is not None and self._chosen() is None:
            return f"Your earlier answer {self._entry['choice']!r} no longer fits: choose again."
        if self._chosen() is not None:
            return f"Your recorded answer is shown. {self._next_step()}"
        return ""

    def _next_step(self) -> str:
        if self._chosen() is None:
            return "Choose an answer." if self._entry.get("confidence") else ""
        if self._entry.get("confidence") is None:
            return "Now say how sure you are."
        if self._question.key_held_back:
            return "Run the cell below. Feedback follows when your work is returned."
        if verdict := self._feedback()["verdict"]:
            again = "Change it and check again, or " if verdict == "wrong" else ""
            said = f"{again}run the cell below to record it for grading."
            return said[0].upper() + said[1:]
        return "Check it when you are ready."

    def _do_choose(self, value: object, echo: dict[str, Any]) -> None:
        choice = self._kind.read(self._question, value) if value not in ([], "", None) else None

        def change(entry: Entry) -> None:
            entry["choice"] = choice
            entry["in_cell"] = False

        saved = self._save(change)
        self._say(saved, f"Saved. {self._next_step()}" if choice is not None else "", **echo)

    def _do_sure(self, value: object, echo: dict[str, Any]) -> None:
        if value not in CONFIDENCES:
            raise ChoiceError(f"how sure you are is one of {', '.join(CONFIDENCES)}")

        def change(entry: Entry) -> None:
            entry["confidence"] = value
            entry["in_cell"] = False

        self._say(self._save(change), f"Saved. {self._next_step()}", **echo)

    def _do_clear(self, _: object, echo: dict[str, Any]) -> None:
        def change(entry: Entry) -> None:
            entry["choice"] = None
            entry["confidence"] = None
            entry["in_cell"] = False

        self._say(self._save(change), "Your answer is cleared.", **echo)

    def _do_check(self, _: object, echo: dict[str, Any]) -> None:
        choice, confidence = self._chosen(), self._entry.get("confidence")
        if self._question.key_held_back:
            return
        if choice is None or confidence is None:
            missing = "Choose an answer first." if choice is None else "Say how sure you are first."
            self._show(
                missing, problem=True, missing="choice" if choice is None else "sure", **echo
            )
            return

        def change(entry: Entry) -> None:
            if "first_choice" not in entry:
                entry["first_choice"], entry["first_confidence"] = choice, confidence
            if entry.get("checked") != choice:
                entry["attempts"] = entry.get("attempts", 0) + 1
            entry["checked"] = choice

        saved = self._save(change)
        self._say(saved, self._next_step(), **echo)

    def _feedback(self) -> dict[str, Any]:
        # Only to the choice that was checked: a change hides it until it is checked too.
        choice = self._chosen()
        if self._question.key_held_back or choice is None or self._entry.get("checked") != choice:
            return super()._feedback()
        right, remarks = self._kind.mark(self._question, choice)
        return {
            "verdict": "right" if right else "wrong",
            "remarks": [
                {
                    "mark": remark.mark,
                    "about": inline_html(remark.about),
                    "html": inline_html(remark.text),
                }
                for remark in remarks
            ],
        }


class Prediction(QuestionWidget):
    """A guess before a measurement: saved at once, never judged."""

    section = "predictions"
    _choice_key = "value"

    def _greeting(self) -> str:
        return "Your prediction is shown." if self._chosen() is not None else ""

    def _do_choose(self, value: object, echo: dict[str, Any]) -> None:
        choice = self._kind.read(self._question, value) if value not in ([], "", None) else None
        saved = self._save(lambda entry: entry.update(value=choice))
        said = "Saved. Run the next cell to find out." if choice is not None else ""
        self._say(saved, said, **echo)

    def _do_clear(self, _: object, echo: dict[str, Any]) -> None:
        saved = self._save(lambda entry: entry.update(value=None))
        self._say(saved, "Your prediction is cleared.", **echo)


def quiz(quiz_id: str) -> Quiz:
    """Show a quiz, with the answer recorded earlier in this folder.

    Args:
        quiz_id: such as "clause-order".

    Raises:
        UnknownQuestion: when the course has no such quiz; the text names the nearest.
    """
    return Quiz(find_quiz(quiz_id))


def predict(prediction_id: str) -> Prediction:
    """Show a prediction to make before the measurement in the next cell. It is never judged.

    Raises:
        UnknownQuestion: when the course has no such prediction; the text names the nearest.
    """
    return Prediction(find_prediction(prediction_id))


def prediction(prediction_id: str) -> Choice | None:
    """Return the recorded prediction: an option's id or a number; None when there is none.

    Raises:
        UnknownQuestion: when the course has no such prediction; the text names the nearest.
    """
    question = find_prediction(prediction_id)
    value = answer_file().entries("predictions").get(question.id, {}).get("value")
    return None if value is None else KINDS[question.kind].read(question, value)


def _legend(question: Question) -> tuple[str, str]:
    """Return the question's first paragraph, which names the group, and the rest, as HTML."""
    blocks = block_html(question.question)
    if not blocks.startswith("<p>"):
        return inline_html(question.title or question.id), blocks
    first, _, rest = blocks.removeprefix("<p>").partition("</p>")
    return first, rest
