"""The card that a check shows: passed or not, points, how far the notebook is, what comes next.

A card is the value of the check cell. Its `text/plain` is the number of points earned, because
stock nbgrader takes that number as the grade; its `text/html` is the card. `words()` says the same
for front ends that show plain text only.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ridealong.show.report import Report
from ridealong.show.table import with_code
from ridealong.verdict import Verdict

# Verdicts that no attempt has earned yet: neither right nor wrong.
NO_ANSWER: Final = "no answer yet"
NOT_GRADED: Final = "recorded, not graded yet"

# JupyterLab's own colours follow its theme; the second ones are for pages without it.
_COLOURS: Final = {
    "Passed": "var(--jp-success-color1, #2e7d32)",
    "Partly right": "var(--jp-warn-color1, #b26a00)",
    "Not yet": "var(--jp-error-color1, #c62828)",
}
_GREY: Final = "var(--jp-border-color1, #9e9e9e)"
_SIGNS: Final = {"Passed": "&#10003;", "Partly right": "&#9680;", "Not yet": "&#10007;"}
_LINE: Final = 'style="margin:0 0 6px 0"'
_BUTTON: Final = (
    f"cursor:pointer;width:fit-content;padding:1px 8px;border:1px solid {_GREY};border-radius:3px"
)
# JupyterLab would take Enter and Space for itself and leave the output.
_OWN_KEYS: Final = 'data-lm-suppress-shortcuts="true"'


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """The verdict on one answer, with its place in the notebook.

    Attributes:
        verdict: what the check found.
        title: of the exercise or quiz.
        of: the points that it is worth.
        done: how many of the notebook's checks have passed since the kernel started.
        asked: how many the notebook has.
        next_title: of the next one that has not passed yet; empty when there is no other.
        hints: those to offer, from the first on; none while it is too early.
    """

    verdict: Verdict
    title: str
    of: float
    done: int
    asked: int
    next_title: str = ""
    hints: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        """Whether the answer earns all its points."""
        return self.verdict.passed

    @property
    def points(self) -> float:
        """The points earned."""
        return self.verdict.points(self.of)

    def __repr__(self) -> str:
        return f"{self.points:g}"

    def words(self) -> str:
        """Return what the card says as plain text."""
        lines = [f"{self._state()}: {self.title}, {self._earned()}.", self.verdict.message]
        if report := self._report():
            lines.append(report.only_wrong())
        if self.hints:
            lines.append(f'For a hint, run hint("{self.verdict.exercise}").')
        return "\n".join([*lines, self._progress(), self._next()])

    def _repr_html_(self) -> str:
        state = self._state()
        sign = _SIGNS.get(state, "&#9675;")
        colour = _COLOURS.get(state, _GREY)
        report = self._report()
        return (
            f'<div role="group" aria-label="{html.escape(f"Check of {self.title}")}" '
            f'style="border:1px solid {_GREY};border-left:6px solid {colour};'
            'border-radius:4px;padding:8px 12px;max-width:60em">'
            f'<p {_LINE}><strong><span aria-hidden="true">{sign}</span> {state}</strong>: '
            f"{html.escape(self.title)}, <strong>{self._earned()}</strong></p>"
            f"<p {_LINE}>{with_code(self.verdict.message)}</p>"
            + (report.folded_html() if report else "")
            + self._hints_html()
            + f'<p style="margin:0">{self._progress()} {with_code(self._next())}</p></div>'
        )

    def _state(self) -> str:
        if self.passed:
            return "Passed"
        if self.verdict.message.lower().startswith(NO_ANSWER):
            return "No answer yet"
        if self.verdict.message.startswith(NOT_GRADED):
            return "Recorded"
        return "Partly right" if self.points else "Not yet"

    def _earned(self) -> str:
        return f"{self.points:g} of {self.of:g} {'point' if self.of == 1 else 'points'}"

    def _progress(self) -> str:
        return f"{self.done} of {self.asked} passed in this notebook since the kernel started."

    def _next(self) -> str:
        if not self.next_title:
            return "All done here." if self.passed else "Next: this one, the last that is open."
        if self.passed:
            return f"Next: {self.next_title}."
        return f"Next: this one again, or go on with: {self.next_title}."

    def _report(self) -> Report | None:
        """Return the table of what was tried, where the check tells that and not all of it held."""
        looked = tuple(each for each in self.verdict.properties if each.seen)
        return Report(looked) if looked and not self.passed else None

    def _hints_html(self) -> str:
        """Return the hints, each folded into the one before: no kernel and no widget is needed."""
        shown = ""
        for number, text in reversed(list(enumerate(self.hints, start=1))):
            shown = (
                f'<details {_OWN_KEYS} style="margin:0 0 6px 0">'
                f'<summary style="{_BUTTON}">Show hint {number} of {len(self.hints)}</summary>'
                f'<p style="margin:4px 0 6px 1em;white-space:pre-wrap">{with_code(text)}</p>'
                f"{shown}</details>"
            )
        return shown
