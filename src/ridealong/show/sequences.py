"""The one way to draw who sends what to whom, from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from ridealong.show.pictures import BLUE, GREY, INK, ORANGE, Drawing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LANE, _MARGIN, _HEAD, _LINE, _GAP = 216, 14, 46, 16, 22
_LETTERS: Final = 31  # of a line between two neighbours, at 12 pixels
_ARROW: Final = 7
_STYLE: Final = (
    "text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;"
    f"fill:{INK};font-size:12px;paint-order:stroke;stroke:#ffffff;stroke-width:4px}}"
    ".name{font-size:14px;font-weight:700;stroke:none}.number{font-weight:700}"
)


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that somebody sends to somebody.

    Attributes:
        sender: one of the participants.
        receiver: another one, or the same for what somebody does alone.
        text: what is sent, one line.
        refused: whether it is a refusal, drawn dashed.
    """

    sender: str
    receiver: str
    text: str
    refused: bool = False

    def __str__(self) -> str:
        if self.sender == self.receiver:
            return f"{self.sender}: {self.text}"
        return f"{self.sender} to {self.receiver}: {self.text}"


def sequence(participants: Sequence[str], messages: Sequence[Message]) -> Drawing:
    """Draw messages as numbered arrows between the lines of their participants.

    Args:
        participants: from left to right.
        messages: from top to bottom; each sender and receiver is a participant.

    Raises:
        ValueError: for a sender or receiver who is no participant.
    """
    strangers = {name for each in messages for name in (each.sender, each.receiver)}
    if unknown := sorted(strangers.difference(participants)):
        raise ValueError(f"{unknown[0]!r} is no participant; there are {', '.join(participants)}.")
    middles = {name: _MARGIN + _LANE * n + _LANE // 2 for n, name in enumerate(participants)}
    width = 2 * _MARGIN + _LANE * len(participants)
    arrows, y = [], _MARGIN + _HEAD
    for number, message in enumerate(messages, 1):
        lines = _lines(number, message, middles)
        y += _GAP + _LINE * len(lines)
        arrows += list(_arrow(message, lines, middles, y))
    height = y + _GAP + _MARGIN
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}">'
        ),
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(line for name, x in middles.items() for line in _lane(name, x, height)),
        *arrows,
        "</svg>",
    ]
    told = [f"{number}. {message}" for number, message in enumerate(messages, 1)]
    named = f"{', '.join(participants[:-1])} and {participants[-1]}"
    words = f"Sequence diagram between {named}. {' '.join(f'{line}.' for line in told)}"
    return Drawing("".join(parts), alt=words, text="\n".join(told), width=width)


def _lines(number: int, message: Message, middles: dict[str, int]) -> list[str]:
    reach = abs(middles[message.sender] - middles[message.receiver]) // _LANE
    return wrap(f"{number}. {message.text}", _LETTERS * max(reach, 1)) or [f"{number}."]


def _lane(name: str, x: int, height: int) -> Iterator[str]:
    left, wide = x - _LANE // 2 + 8, _LANE - 16
    yield (
        f'<line x1="{x}" y1="{_MARGIN + _HEAD - 14}" x2="{x}" y2="{height - _MARGIN}" '
        f'stroke="{GREY}" stroke-width="1" stroke-dasharray="2 4"/>'
    )
    yield (
        f'<rect x="{left}" y="{_MARGIN}" width="{wide}" height="{_HEAD - 14}" rx="5" '
        f'fill="#f6f8fa" stroke="{GREY}" stroke-width="1.3"/>'
    )
    yield f'<text class="name" x="{x}" y="{_MARGIN + 21}" text-anchor="middle">{escape(name)}</text>'


def _arrow(
    message: Message, lines: Sequence[str], middles: dict[str, int], y: int
) -> Iterator[str]:
    start, end = middles[message.sender], middles[message.receiver]
    colour = ORANGE if message.refused else BLUE
    dashes = ' stroke-dasharray="6 4"' if message.refused else ""
    top = y - _LINE * (len(lines) - 1) - 7
    for number, line in enumerate(lines):
        yield (
            f'<text x="{(start + end) // 2}" y="{top + _LINE * number}" text-anchor="middle">'
            f"{escape(line)}</text>"
        )
    if start == end:
        yield f'<circle cx="{start}" cy="{y + 3}" r="4" fill="{colour}"/>'
        return
    side = 1 if end > start else -1
    yield (
        f'<line x1="{start}" y1="{y}" x2="{end - side * _ARROW}" y2="{y}" '
        f'stroke="{colour}" stroke-width="2"{dashes}/>'
    )
    yield (
        f'<path d="M{end} {y} l{-side * _ARROW - side * 3} {-_ARROW + 2} v{2 * _ARROW - 4} z" '
        f'fill="{colour}"/>'
    )
