"""What a wait feels like: the same action behind four screens, tapped a thousand times."""

from __future__ import annotations

import random
from statistics import median
from typing import Final, NamedTuple

from ridealong.labs.sql.database import LabError
from ridealong.show import pictures
from ridealong.show.views import View, frame

TAPS: Final = 1_000
SIGN_SECONDS: Final = 0.1
"""Until the phone itself shows something; up to about here an answer feels immediate."""

SPREAD: Final = 0.3
"""How far answers vary: the sigma of their logarithms."""


class _Screen(NamedTuple):
    """A screen, and what it does with an answer that takes so many seconds.

    Attributes:
        name: in words.
        sign: seconds until the rider sees that something happens.
        held: seconds until the rider may go on.
        is_promise: whether it says "done" before it knows.
    """

    name: str
    sign: float
    held: float
    is_promise: bool = False


def four_screens(
    *, answer_seconds: float, refused_percent: float, most_taken_back: int = 5
) -> View:
    """Let riders tap 1,000 times, on four screens, and count what each makes them wait for.

    Args:
        answer_seconds: how long the back end takes, half of the time less.
        refused_percent: of 100 taps, how many the back end refuses in the end.
        most_taken_back: of 1,000 riders, how many may be told "done" when it was not.

    Raises:
        LabError: for times or shares that are none.
    """
    if not (0 < answer_seconds <= 60 and 0 <= refused_percent <= 100 and most_taken_back >= 0):
        raise LabError(
            f"answer_seconds is {answer_seconds}, refused_percent {refused_percent} and "
            f"most_taken_back {most_taken_back}: take up to 60 s, 0 to 100%, and 0 or more riders"
        )
    chance = random.Random("four screens")
    waits = [answer_seconds * chance.lognormvariate(0, SPREAD) for _ in range(TAPS)]
    refused = round(TAPS * refused_percent / 100)
    whole = median(waits)
    screens = [
        _Screen("nothing, until the answer is there", whole, whole),
        _Screen("a sign at once, then the answer", min(SIGN_SECONDS, whole), whole),
        _Screen("shown as done at once", min(SIGN_SECONDS, whole), min(SIGN_SECONDS, whole), True),
        _Screen("nothing, and an answer in half the time", whole / 2, whole / 2),
    ]
    rows = [
        [each.name, f"{each.sign:.1f}", f"{each.held:.1f}", refused if each.is_promise else 0]
        for each in screens
    ]
    allowed = [each for each in screens if not each.is_promise or refused <= most_taken_back]
    best = min(allowed, key=lambda each: each.held)
    columns = [
        "what the rider sees", "s until something happens", "s until the rider may go on",
        "told 'done', then taken back",
    ]  # fmt: skip
    return View(
        f"{TAPS:,} taps: an answer takes {answer_seconds:g} s, {refused_percent:g}% are refused",
        frame(columns, rows),
        f"With at most {most_taken_back} riders who are told 'done' when it was not, the one that "
        f"lets riders go on soonest: {best.name}.",
        picture=_picture(screens, refused, most_taken_back),
    )


def _picture(screens: list[_Screen], refused: int, most_taken_back: int) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 2.6)
        names = [each.name for each in screens]
        axes.barh(
            names,
            [each.held for each in screens],
            color=pictures.BLUE,
            label="until the rider may go on",
        )
        axes.barh(
            names, [each.sign for each in screens], color=pictures.ORANGE, hatch="//",
            edgecolor="white", linewidth=0, label="of it without any sign",
        )  # fmt: skip
        axes.invert_yaxis()
        axes.set_xlabel("seconds, half of the riders wait less")
        axes.set_title("How long the rider waits")
        axes.legend(loc="lower right", fontsize=9)
        for place, each in enumerate(screens):
            if each.is_promise and refused > most_taken_back:
                axes.annotate(
                    f"  {refused} of {TAPS:,} taken back",
                    (each.held, place),
                    va="center",
                    fontsize=9,
                )
        told = "; ".join(f"{each.name} {each.held:.1f} s" for each in screens)
        return pictures.Picture(figure, f"Seconds until the rider may go on: {told}.")


__all__ = ["four_screens"]
