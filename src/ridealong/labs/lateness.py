"""How late what follows a ride is: the same design on evenings of four kinds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ridealong.labs.sql.database import LabError
from ridealong.labs.waits import progress
from ridealong.show import pictures
from ridealong.show.views import View, frame
from ridealong.systems.queues.design import STEPS, DesignError, read_design
from ridealong.systems.queues.stories import TROUBLES, story
from ridealong.systems.queues.virtual import Counted, followed_up
from ridealong.text import meant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_TIMES: Final = 10
_LONGEST: Final = 1000.0
_LINES: Final = (
    (pictures.SKY, ":"),
    (pictures.BLUE, "-."),
    (pictures.ORANGE, "--"),
    (pictures.INK, "-"),
)


def how_late(
    design: object,
    step: str = "receipt",
    *,
    within_seconds: float = 10,
    times_as_many: Sequence[int] = (1, 4),
) -> View:
    """Follow up an evening in virtual time, with and without trouble, and show how late a step is.

    Args:
        design: the data of a `%%yaml` answer.
        step: charge, receipt or rating_prompt.
        within_seconds: of the ride: how many are done by then.
        times_as_many: how many rides end for each recorded one, one or two numbers up to 10.

    Raises:
        LabError: when it holds no design, or an argument does not fit.
    """
    try:
        read = read_design(design)
    except DesignError as error:
        raise LabError(str(error)) from None
    if step not in STEPS:
        raise LabError(f"no step is called {step!r:.60}: {meant(str(step), STEPS)}")
    if not isinstance(within_seconds, int | float) or not 0 < within_seconds <= _LONGEST:
        raise LabError(f"within_seconds is {within_seconds!r:.60}, wanted up to {_LONGEST:.0f}")
    loads = list(times_as_many) if isinstance(times_as_many, Sequence) else []
    if len(loads) not in (1, 2) or not all(
        isinstance(each, int) and 1 <= each <= MOST_TIMES for each in loads
    ):
        raise LabError(
            f"times_as_many is {times_as_many!r:.60}, wanted one or two whole numbers from 1 to "
            f"{MOST_TIMES}, such as (1, 4)"
        )
    seen: dict[tuple[int, str], Counted] = {}
    kinds = {"nothing": (), "everything": TROUBLES}
    with progress("Following up the evenings") as show:
        for times in loads:
            for goes_wrong, troubles in kinds.items():
                told = story(troubles=troubles, times_as_many=times)
                seen[times, goes_wrong] = followed_up(read, told).counted[step]
                show(len(seen) / (len(loads) * len(kinds)))
    rows = [
        [times, goes_wrong, each.wanted, *(_seconds(each.delay(q)) for q in (0.5, 0.95, 0.99, 1)),
         _percent(each, within_seconds)]
        for (times, goes_wrong), each in seen.items()
    ]  # fmt: skip
    columns = [
        "rides, times as many", "what goes wrong", "to be done", "p50 (s)", "p95 (s)", "p99 (s)",
        "longest (s)", f"within {within_seconds:g} s (%)",
    ]  # fmt: skip
    ends = [each.delay(0.99) for each in seen.values()]
    name = step.replace("_", " ")
    return View(
        f"How late the {name} is",
        frame(columns, rows),
        f"99 of 100 are done within {_seconds(min(ends))} s on the best of these evenings, and "
        f"within {_seconds(max(ends))} s on the worst."
        if math.isfinite(max(ends))
        else f"99 of 100 are done within {_seconds(min(ends))} s on the best of these evenings; on "
        "the worst, more than 1 of 100 is never done.",
        picture=_picture(seen, name, within_seconds),
    )


def _seconds(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "never"


def _percent(counted: Counted, within_seconds: float) -> str:
    done = sum(each <= within_seconds for each in counted.delays)
    return f"{math.floor(1000 * done / max(1, counted.wanted)) / 10:.1f}"


def _picture(
    seen: dict[tuple[int, str], Counted], name: str, within_seconds: float
) -> pictures.Picture:
    """Draw which share is done after how many seconds."""
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3.2)
        for ((times, goes_wrong), each), (color, line) in zip(seen.items(), _LINES, strict=False):
            _draw(axes, each, color, line, f"{times} times the rides, {goes_wrong} goes wrong")
        axes.axvline(within_seconds, color=pictures.INK, linewidth=0.8)
        axes.set_xscale("log")
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
        axes.minorticks_off()
        axes.set_ylim(0, 102)
        axes.set_xlabel("seconds after the ride, on a logarithmic scale")
        axes.set_ylabel("done, of 100")
        axes.set_title(f"How many of 100 have their {name} by when")
        axes.legend(loc="lower right", fontsize=8)
        told = "; ".join(
            f"{times} times the rides, {goes_wrong} goes wrong: {_percent(each, within_seconds)} of "
            f"100 within {within_seconds:g} s"
            for (times, goes_wrong), each in seen.items()
        )
        return pictures.Picture(figure, f"A line for each evening. {told}.")


def _draw(axes: Axes, counted: Counted, color: str, line: str, label: str) -> None:
    ends = sorted(counted.delays)
    shares = [100 * (place + 1) / max(1, counted.wanted) for place in range(len(ends))]
    axes.step(ends, shares, line, where="post", color=color, label=label)


__all__ = ["how_late"]
