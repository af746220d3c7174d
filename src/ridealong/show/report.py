"""The table of what a schema did under attack, for people who look and for people who listen."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from ridealong.verdict import Property

_HEADINGS = ("Tried", "Should", "What the schema did", "What it costs the company")
_CELL = "text-align:left;vertical-align:top;padding:2px 12px 2px 0"
_RIGHT, _WRONG = "right", "WRONG"
_NO_PLACE = "has no place for it"


@dataclass(frozen=True, slots=True)
class Report:
    """Properties of an answer, each with what was seen; shows itself as a table.

    Attributes:
        properties: what was looked at; what does not hold is shown first.
        title: stands above the table.
    """

    properties: tuple[Property, ...]
    title: str = ""

    def __repr__(self) -> str:
        held = sum(each.held for each in self.properties)
        lines = [self.title] if self.title else []
        lines.append(f"{held} of {len(self.properties)} as it should be")
        lines += [
            f"{_RIGHT if each.held else _WRONG}: {each.name}: {each.seen}"
            + (f" - {each.matters}" if each.matters else "")
            for each in self._ordered()
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        held = sum(each.held for each in self.properties)
        caption = f"{self.title} " if self.title else ""
        return _table(f"{caption}{held} of {len(self.properties)} as it should be", self._ordered())

    def only_wrong(self) -> str:
        """Return what does not hold as text, and how many others do."""
        lines = [
            f"{_WRONG}: {each.name}: {each.seen}" + (f" - {each.matters}" if each.matters else "")
            for each in self.properties
            if not each.held
        ]
        held = len(self.properties) - len(lines)
        return "\n".join([*lines, f"{held} of {len(self.properties)} as it should be"])

    def folded_html(self) -> str:
        """Return the table of what does not hold, with all others folded below it."""
        wrong = tuple(each for each in self.properties if not each.held)
        held = tuple(each for each in self.properties if each.held)
        shown = ""
        if wrong:
            shown += _table(f"{len(wrong)} of {len(self.properties)} not as it should be", wrong)
        if held:
            shown += (
                '<details data-lm-suppress-shortcuts="true" style="margin:0 0 6px 0">'
                f'<summary style="cursor:pointer">Show the {len(held)} as it should be</summary>'
                f"{_table(f'{len(held)} of {len(self.properties)} as it should be', held)}</details>"
            )
        return shown

    def _ordered(self) -> list[Property]:
        return sorted(self.properties, key=lambda each: each.held)


def _table(caption: str, properties: Sequence[Property]) -> str:
    head = "".join(f'<th scope="col" style="{_CELL}">{h}</th>' for h in _HEADINGS)
    return (
        '<table style="border-collapse:collapse">'
        '<caption style="text-align:left;caption-side:top;font-weight:bold">'
        f"{html.escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(map(_row, properties))}</tbody></table>"
    )


def _aloud(word: str) -> str:
    """Return a word that is read aloud and not seen."""
    return f'<span style="position:absolute;left:-9999px">{word}: </span>'


def _row(looked: Property) -> str:
    mark = "&#10003; " if looked.held else "&#10007; "
    weight = "normal" if looked.held else "bold"
    cells = (
        looked.name,
        "pass" if looked.legal else "bounce",
        looked.seen,
        looked.matters,
    )
    first, *rest = (html.escape(cell) for cell in cells)
    word = _RIGHT if looked.held else _WRONG
    return (
        f'<tr><th scope="row" style="{_CELL};font-weight:{weight}">{mark}{_aloud(word)}{first}</th>'
        + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in rest)
        + "</tr>"
    )


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What the same schema did in several databases; shows itself as a table.

    Attributes:
        databases: their names.
        rows: what was tried, each with one property per database, in their order; None where
            that database has no place for it.
        title: stands above the table.
    """

    databases: tuple[str, ...]
    rows: tuple[tuple[Property | None, ...], ...]
    title: str = ""

    def __repr__(self) -> str:
        lines = [self.title] if self.title else []
        for row in self._ordered():
            did = "; ".join(
                f"{database} {_RIGHT if each.held else _WRONG}: {each.seen}"
                if each
                else f"{database}: {_NO_PLACE}"
                for database, each in zip(self.databases, row, strict=True)
            )
            matters = _matters(row)
            lines.append(f"{_one(row).name}: {did}" + (f" - {matters}" if matters else ""))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        headings = [*_HEADINGS[:2], *(f"{each} did" for each in self.databases), _HEADINGS[-1]]
        head = "".join(f'<th scope="col" style="{_CELL}">{html.escape(h)}</th>' for h in headings)
        rows = "".join(map(_row_of_several, self._ordered()))
        return (
            '<table style="border-collapse:collapse">'
            '<caption style="text-align:left;caption-side:top;font-weight:bold">'
            f"{html.escape(self.title)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )

    def _ordered(self) -> list[tuple[Property | None, ...]]:
        return sorted(self.rows, key=_all_held)


def _all_held(row: Sequence[Property | None]) -> bool:
    return all(each is None or each.held for each in row)


def _one(row: Sequence[Property | None]) -> Property:
    return next(each for each in row if each is not None)


def _matters(row: Sequence[Property | None]) -> str:
    return next((each.matters for each in row if each is not None and each.matters), "")


def _row_of_several(row: Sequence[Property | None]) -> str:
    one = _one(row)
    weight = "normal" if _all_held(row) else "bold"
    did = []
    for each in row:
        if each is None:
            did.append(_NO_PLACE)
            continue
        mark, word = ("&#10003; ", _RIGHT) if each.held else ("&#10007; ", _WRONG)
        did.append(f"{mark}{_aloud(word)}{html.escape(each.seen)}")
    cells = ["pass" if one.legal else "bounce", *did, html.escape(_matters(row))]
    return (
        f'<tr><th scope="row" style="{_CELL};font-weight:{weight}">{html.escape(one.name)}</th>'
        + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)
        + "</tr>"
    )
