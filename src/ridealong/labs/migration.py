"""What a migration plan does to two clients, as a table and a picture."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, Final

from ridealong.labs.sql.database import LabError
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural
from ridealong.systems.migration import (
    NEW,
    NEW_COLUMN,
    OLD,
    OLD_COLUMN,
    PUBLIC,
    STEPS,
    Failure,
    Gap,
    PlanError,
    Replay,
    Requests,
    read_plan,
    replay,
)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Migration(View):
    """A plan that was run, with every gap between its steps.

    Attributes:
        passed: Whether no request failed and the end state is reached.
        failure: The first failing request, None when there is none.
        replayed: All that happened.
    """

    passed: bool = False
    failure: Failure | None = None
    replayed: Replay | None = None

    def __repr__(self) -> str:
        lines = [self.title, self.summary]
        if self.failure is not None:
            lines.append(str(self.failure))
        return "\n".join(lines)

    def _html(self) -> str:
        parts = [self._html_table(), f"<p>{html.escape(self.summary)}</p>"]
        if self.failure is not None:
            parts.append(
                '<pre style="white-space: pre-wrap; text-align: left; '
                f'border-left: 4px solid {pictures.ORANGE}; padding-left: 8px">'
                f"{html.escape(str(self.failure))}</pre>"
            )
        if self.picture is not None:
            parts.append(self.picture.html())
        return "\n".join(parts)


def migrate(plan: object) -> Migration:
    """Run a plan on a live table and show what every step did to both clients.

    Args:
        plan: The data of a `%%yaml` answer: a list of steps, each `verb: object`.

    Raises:
        LabError: It is no list of steps, or a step is unknown or comes twice.

    Example:
        migrate([{"add": "pickup_zone_code"}, {"drop": "pickup_location"}])
    """
    try:
        steps = read_plan(plan)
    except PlanError as error:
        raise LabError(str(error)) from None
    run = replay(steps)
    rows = [_row(gap) for gap in run.gaps]
    first = run.failures[0] if run.failures else None
    return Migration(
        title=f"{plural(len(steps), 'step')} on a live table of {PUBLIC.rides} rides",
        table=frame(["step", "what ran", OLD, NEW, "verdict"], rows),
        summary=_summary(run),
        picture=_picture(run),
        gaps=_not_run(run),
        passed=run.passed,
        failure=first,
        replayed=run,
    )


def steps_view() -> View:
    """Show the steps that a plan can take, and what each one runs."""
    rows = [[f"- {name}", STEPS[name].ran] for name in sorted(STEPS)]
    return View(
        title="Steps that a plan can take",
        table=frame(["step", "what runs"], rows),
        summary="Each step comes at most once, but a backfill may be repeated. "
        "They are listed by the alphabet.",
    )


def _row(gap: Gap) -> list[object]:
    name = f"{gap.place}. {gap.step}" if gap.place else "before step 1"
    if gap.refused:
        return [name, gap.ran, "", "", "refused: the run ends here"]
    cells = [_client_cell(gap.requests.get(client)) for client in (OLD, NEW)]
    verdict = "all answered" if not gap.failed else f"{plural(gap.failed, 'request')} failed"
    if "riders" in gap.requests:
        verdict = "nobody answers riders"
    return [name, gap.ran, *cells, verdict]


def _client_cell(requests: Requests | None) -> str:
    if requests is None or not requests.sent:
        return "not live"
    writes = "both" if len(requests.writes) == 2 else _word(requests.writes[0])
    use = f"writes {writes}, reads {_word(requests.reads)}: "
    right = requests.sent - requests.failed
    return f"{use}{right} of {requests.sent} right"


def _word(column: str) -> str:
    return "old" if column == OLD_COLUMN else "new"


def _summary(run: Replay) -> str:
    sent = f"{plural(run.sent, 'request')} sent"
    if run.passed:
        return f"{sent}, all answered rightly, and the end state is reached."
    if run.failures:
        requests = sum(each.client != "migration" for each in run.failures)
        refused = ", and the last step is refused" if run.gaps[-1].refused else ""
        failed = f"{sent}, {requests} failed or answered wrongly{refused}."
        return f"{failed} The first: {run.failures[0].where}."
    ends = "; ".join(what for what, _ in run.open_ends)
    lost = f"; {plural(run.lost_rides, 'ride')} without the right pickup" if run.lost_rides else ""
    return f"{sent}, all answered rightly, but the end state is not reached: {ends}{lost}."


def _not_run(run: Replay) -> tuple[tuple[int, str], ...]:
    left = len(run.steps) - (len(run.gaps) - 1)
    return ((len(run.gaps), f"{plural(left, 'step')} not run"),) if left else ()


_FILLS: Final = {
    "old": ("#D9DCE0", "old"),
    "new": ("#BFE3F7", "new"),
    "both": ("#F7E3A8", "both"),
}


def _picture(run: Replay) -> pictures.Picture:
    """Draw which column each client reads and writes after each step, and where it fails."""
    lanes = [(client, use) for client in (OLD, NEW) for use in ("writes", "reads")]
    words: list[str] = []
    with pictures.style():
        figure, axes = pictures.axes(7.5, 2.5)
        for x, gap in enumerate(run.gaps):
            for y, (client, use) in enumerate(lanes):
                requests = gap.requests.get(client)
                if requests is None or not requests.sent:
                    continue
                columns = requests.writes if use == "writes" else (requests.reads,)
                fill, word = _FILLS["both" if len(columns) == 2 else _word(columns[0])]
                axes.add_patch(_box(x, y, fill, failed=bool(requests.failed)))
                axes.text(x, y, word, ha="center", va="center", fontsize=9)
            if gap.failed or gap.refused:
                word = "refused" if gap.refused else "fails"
                axes.text(
                    x, len(lanes) - 0.3, word, ha="center", va="center", fontsize=8.5,
                    color=pictures.ORANGE, fontweight="bold",
                )  # fmt: skip
                words.append(f"{gap.step or 'the start'}: {word}")
        axes.set_xlim(-0.6, max(len(run.gaps), 8) - 0.4)
        axes.set_ylim(len(lanes) + 0.1, -0.6)
        axes.set_yticks(range(len(lanes)), [f"{client} {use}" for client, use in lanes])
        axes.set_xticks(range(len(run.gaps)), ["start", *(str(gap.place) for gap in run.gaps[1:])])
        axes.tick_params(length=0)
        axes.set_xlabel("after step")
        axes.set_title(f"Which column: old is {OLD_COLUMN}, new is {NEW_COLUMN}")
        for side in axes.spines.values():
            side.set_visible(False)
        failing = "; ".join(words) if words else "no request fails"
        told: dict[str, str] = {}  # only what changes, with the step that changed it
        for gap in run.gaps:
            state = f"old client {_use(gap, OLD)}, new client {_use(gap, NEW)}"
            if not gap.refused and state not in list(told.values())[-1:]:
                told[gap.step or "the start"] = state
        changes = "; ".join(f"after {step} {state}" for step, state in told.items())
        return pictures.Picture(
            figure, f"Timeline of {plural(len(run.steps), 'step')}: {changes}. {failing}."
        )


def _use(gap: Gap, client: str) -> str:
    requests = gap.requests.get(client)
    if requests is None or not requests.sent:
        return "is not live"
    writes = "both" if len(requests.writes) == 2 else _word(requests.writes[0])
    return f"writes {writes} and reads {_word(requests.reads)}"


def _box(x: int, y: int, fill: str, *, failed: bool) -> Any:
    from matplotlib.patches import Rectangle

    edge = pictures.ORANGE if failed else pictures.GREY
    return Rectangle(
        (x - 0.45, y - 0.4), 0.9, 0.8, facecolor=fill, edgecolor=edge,
        linewidth=2.4 if failed else 0.6, hatch="//" if failed else None,
    )  # fmt: skip


__all__ = ["Migration", "migrate", "steps_view"]
