"""A topic moved to another broker while rides end: on two brokers, and two plans side by side."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

from ridealong.labs.sql.database import LabError
from ridealong.labs.waits import progress
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural
from ridealong.systems.broker.server import Broker
from ridealong.systems.queues.move import (
    Moved,
    Plan,
    PlanError,
    moved,
    moved_for_real,
    read_plan,
    sample,
    traffic,
)

MOST_SECONDS: Final = 11.0
"""A plan that takes longer on the brokers is not begun: a cell takes 15 s at most."""

MOST_MESSAGES: Final = 20_000
MOST_PER_SECOND: Final = 60
MOST_LINK_PER_SECOND: Final = 1000
PEAK_SECONDS: Final = 60.0


def move(plan: object) -> View:
    """Move a topic of two hundred messages from one small broker to another while more come.

    Both brokers are started for it, and ended. The messages, offsets and commits are real, and the
    times are measured; that the old broker's link carries 100 messages a second is set by the lab.

    Args:
        plan: the data of a `%%yaml` answer.

    Raises:
        LabError: when it holds no plan, or one that takes too long to watch.
        BrokerError: when a broker does not start or does not answer.
    """
    read, given = _read(plan), sample()
    takes = moved(read, given).seconds
    if takes > MOST_SECONDS:
        raise LabError(
            f"the plan takes {takes:.0f} s on two brokers, wanted {MOST_SECONDS:.0f} at most: let "
            "the copy carry more, or look at it with compare_moves, in virtual time"
        )
    with (
        progress("Moving the topic") as show,
        Broker("built-in") as old,
        Broker("built-in") as new,
    ):
        seen = moved_for_real(read, given, old, new, name="lab", progress=show)
    return View(
        f"A topic moved between two brokers; the link carries {given.link_per_second:.0f} messages "
        "a second, which the lab sets",
        frame(["measured", "plan"], [[says, tell(seen)] for says, tell in _MEASURES.items()]),
        _summary(seen),
        picture=_picture({"plan": seen}),
    )


def compare_moves(
    first: object,
    second: object,
    *,
    messages: int = 4000,
    peak_per_second: float = 35,
    peak_begins_seconds: float = 150,
    link_per_second: float = 100,
) -> View:
    """Move the same large topic by two plans, in virtual time, and show both.

    20 more messages come each second for five minutes, and more in a peak of one minute. The steps
    are those of `move`, which counts the same (a test compares them).

    Args:
        first: the data of a `%%yaml` answer.
        second: the same.
        messages: that lie in the topic.
        peak_per_second: messages that come in the peak.
        peak_begins_seconds: when it begins.
        link_per_second: messages that the old broker's link carries.

    Raises:
        LabError: when one holds no plan, or a number is out of bounds.
    """
    for name, number, least, most in (
        ("messages", messages, 0, MOST_MESSAGES),
        ("peak_per_second", peak_per_second, 1, MOST_PER_SECOND),
        ("peak_begins_seconds", peak_begins_seconds, 0, 240),
        ("link_per_second", link_per_second, 1, MOST_LINK_PER_SECOND),
    ):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise LabError(f"{name} is {number!r:.40}, wanted a number from {least} to {most:,}")
        if not least <= number <= most:
            raise LabError(f"{name} is {number}, wanted a number from {least} to {most:,}")
    plans = [_read(each) for each in (first, second)]
    given = traffic(
        history=int(messages),
        peak_per_second=peak_per_second,
        peak=(peak_begins_seconds, peak_begins_seconds + PEAK_SECONDS),
        link_per_second=link_per_second,
    )
    runs = [moved(each, given) for each in plans]
    rows = [[says, *(tell(seen) for seen in runs)] for says, tell in _MEASURES.items()]
    return View(
        "The same topic moved by two plans",
        frame(["measured", "first", "second"], rows),
        f"First: {_summary(runs[0])} Second: {_summary(runs[1])}",
        picture=_picture(dict(zip(("first", "second"), runs, strict=True))),
    )


def _read(plan: object) -> Plan:
    try:
        return read_plan(plan)
    except PlanError as error:
        raise LabError(str(error)) from None


# ------------------------------------------------------------------------------------ what is shown


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"


_MEASURES: Final[Mapping[str, Callable[[Moved], Any]]] = {
    "the cut-over begins (s)": lambda seen: _seconds(seen.cut_over_at),
    "the move ends (s)": lambda seen: _seconds(seen.ended_at),
    "largest lag of the consumers (s)": lambda seen: _seconds(seen.largest_lag_seconds),
    "longest wait of a producer (s)": lambda seen: _seconds(seen.pause_seconds),
    "events lost": lambda seen: seen.lost,
    "events read again": lambda seen: seen.repeated,
    "rides with the older event last": lambda seen: seen.overtaken,
    "events written to both brokers": lambda seen: seen.written_twice,
}


def _summary(seen: Moved) -> str:
    counts = (
        f"{plural(seen.lost, 'event')} lost, {seen.repeated:,} read again, "
        f"{plural(seen.overtaken, 'ride')} with the older event last"
    )
    if seen.ended_at is None:
        return f"The copy never caught up, so all stay on the old broker; {counts}."
    return (
        f"All are on the new broker after {seen.ended_at:.1f} s; {counts}; the consumers were "
        f"{seen.largest_lag_seconds:.1f} s behind at most."
    )


def _picture(runs: Mapping[str, Moved]) -> pictures.Picture:
    """Draw the lag over time, and when the cut-over began and the move ended."""
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        told = []
        for (name, seen), color, line in zip(
            runs.items(), itertools.cycle(pictures.SERIES), ("-", "--"), strict=False
        ):
            label = f"{name}: lag" if len(runs) > 1 else "lag"
            axes.plot(
                [at for at, _ in seen.lag], [lag for _, lag in seen.lag], line, color=color,
                label=label,
            )  # fmt: skip
            for at, what, marker in (
                (seen.cut_over_at, "cut-over begins", "v"),
                (seen.ended_at, "move ends", "s"),
            ):
                if at is not None:
                    axes.axvline(at, color=color, linestyle=":", linewidth=1)
                    label = f"{name}: {what}" if len(runs) > 1 else what
                    axes.plot([at], [0], marker, color=color, clip_on=False, label=label)
            told.append(
                f"{name}: {seen.largest_lag_seconds:.1f} s at most, the cut-over begins after "
                f"{_seconds(seen.cut_over_at)} and the move ends after {_seconds(seen.ended_at)} s"
                if seen.cut_over_at is not None
                else f"{name}: {seen.largest_lag_seconds:.1f} s at most, no cut-over"
            )
        axes.set_ylim(bottom=0)
        axes.set_xlabel("seconds after the copy began")
        axes.set_ylabel("seconds")
        axes.set_title("How old the oldest event is that the consumers lack")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9)
        return pictures.Picture(figure, f"The lag of the consumers over time. {'; '.join(told)}.")


__all__ = ["compare_moves", "move"]
