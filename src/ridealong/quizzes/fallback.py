"""A quiz as text: what is read where no kernel runs, such as a stored or printed notebook."""

import html
from collections.abc import Mapping
from dataclasses import dataclass

from ridealong.quizzes.kinds import KINDS, Choice, shown_options
from ridealong.quizzes.markup import block_html, inline_html
from ridealong.quizzes.question import Question


@dataclass(frozen=True, slots=True)
class ReadableQuestion:
    """A question as HTML, with a short stable text."""

    name: str
    question: Question
    choice: Choice | None = None

    def __repr__(self) -> str:
        return self.name

    def _repr_mimebundle_(self, **_: object) -> Mapping[str, str]:
        return {"text/plain": self.name, "text/html": self._html()}

    def _html(self) -> str:
        tag = "ol" if self.question.kind == "order" else "ul"
        lines = "".join(
            f"<li>{inline_html(option.text)}</li>" for option in shown_options(self.question)
        )
        options = f"<{tag}>{lines}</{tag}>" if lines else ""
        unit = f"<p>Unit: {html.escape(self.question.unit)}</p>" if self.question.unit else ""
        if self.choice is None:
            state = "Run this cell to answer."
        else:
            words = KINDS[self.question.kind].words(self.question, self.choice)
            state = f"Your answer: {html.escape(words)}. Run this cell to see or change it."
        return (
            '<div class="ridealong-quiz-readable">'
            f"{block_html(self.question.question)}{options}{unit}<p><em>{state}</em></p></div>"
        )
