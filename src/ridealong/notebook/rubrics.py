"""The rubric of a task that a person grades, and sample answers that were graded with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from textwrap import indent
from typing import TYPE_CHECKING, Final

from ridealong.show.table import Cell, html_table
from ridealong.text import did_you_mean

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

    from ridealong import catalogue

LEVELS: Final = 4  # of each criterion
MOST_PER_CRITERION: Final = LEVELS - 1  # points


class UnknownRubric(LookupError):
    """The catalogue holds no rubric of this name."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback.
        return [str(self)]


@dataclass(frozen=True, slots=True, repr=False)
class Rubric:
    """The criteria of a task, each with what earns 0, 1, 2 and 3 points, shown as a table."""

    entry: catalogue.Entry

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def __repr__(self) -> str:
        lines = [self._title()]
        for criterion in self.entry["criteria"]:
            lines += ["", criterion["name"]]
            lines += [f"  {points}: {text}" for points, text in enumerate(criterion["levels"])]
        return "\n".join(lines)

    def _title(self) -> str:
        return f"{self.entry['title']}: {self.entry['points']} points"

    def _html(self) -> str:
        rows = [
            [
                _heading(criterion["name"]),
                *(Cell(t, markup=_inline(t)) for t in criterion["levels"]),
            ]
            for criterion in self.entry["criteria"]
        ]
        return html_table(("Criterion", *_level_names()), rows, caption=self._title())


@dataclass(frozen=True, slots=True, repr=False)
class Samples:
    """Sample answers to a task, folded, each with its points per criterion and the reasons."""

    entry: catalogue.Entry

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def __repr__(self) -> str:
        lines = [f"{self.entry['title']}: {len(self.entry['samples'])} sample answers"]
        for sample in self.entry["samples"]:
            lines += ["", sample["name"], "", indent(sample["text"].strip(), "  ")]
            lines += ["", self._sum(sample)]
            lines += [f"  {points}: {name}" for name, points in self._scores(sample)]
            lines += [sample["why"].strip()]
        return "\n".join(lines)

    def _scores(self, sample: catalogue.Entry) -> Sequence[tuple[str, int]]:
        names = [criterion["name"] for criterion in self.entry["criteria"]]
        return list(zip(names, sample["scores"], strict=True))

    def _sum(self, sample: catalogue.Entry) -> str:
        return f"{sum(sample['scores'])} of {self.entry['points']} points"

    def _html(self) -> str:
        return "".join(self._sample_html(sample) for sample in self.entry["samples"])

    def _sample_html(self, sample: catalogue.Entry) -> str:
        rows = [(_heading(name), str(points)) for name, points in self._scores(sample)]
        table = html_table(("Criterion", "Points"), rows, caption=self._sum(sample))
        return (
            f"<details><summary>{_inline(sample['name'])}</summary>"
            f"<blockquote>{_markdown().render(sample['text'])}</blockquote>"
            f"{table}{_markdown().render(sample['why'])}</details>"
        )


def rubric(task_id: str, *, samples: bool = False) -> Rubric | Samples:
    """Show the rubric of a task that a person grades, or sample answers graded with it.

    Args:
        task_id: the id in the task's heading, such as `"capacity-sheet"`.
        samples: show the sample answers, folded, in place of the rubric.

    Raises:
        UnknownRubric: when the course has no such task; the text names the nearest.
    """
    from ridealong import catalogue

    known = catalogue.rubrics()
    if not isinstance(task_id, str) or task_id not in known:
        near = did_you_mean(task_id, known)
        listed = near or f", there are: {', '.join(sorted(known)) or 'none'}"
        raise UnknownRubric(f"no rubric {task_id!r} in this course{listed}")
    return Samples(known[task_id]) if samples else Rubric(known[task_id])


def _level_names() -> list[str]:
    return [f"{points} point{'s' if points != 1 else ''}" for points in range(LEVELS)]


def _heading(text: str) -> Cell:
    return Cell(text, heads=True, is_bold=True, markup=_inline(text))


def _inline(text: str) -> str:
    return str(_markdown().renderInline(text.strip()))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")
