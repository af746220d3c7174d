"""The table of what a schema did under attack, for people who look and for people who listen."""

from collections.abc import Sequence
from dataclasses import dataclass

from ridealong.show.table import Cell, html_table, read_aloud, with_code
from ridealong.verdict import Property

_LOOKED_AT, _SEEN, _COSTS = "Looked at", "Seen", "What it costs the company"
_HEADINGS = ("Tried", "Should", "What the schema did", _COSTS)
_RIGHT, _WRONG, _NOT_TRIED = "right", "WRONG", "not tried"
_SIGNS = {_RIGHT: "&#10003;", _WRONG: "&#10007;", _NOT_TRIED: "&#8211;"}
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
        lines = [self.title] if self.title else []
        lines.append(self._count())
        lines += [_line(each) for each in self._ordered()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        caption = f"{self.title} " if self.title else ""
        return _table(caption + self._count(), self._ordered())

    def only_wrong(self) -> str:
        """Return what does not hold as text, and how many others do."""
        return "\n".join(
            [*(_line(each) for each in self._ordered() if not each.held), self._count()]
        )

    def folded_html(self) -> str:
        """Return the table of what does not hold, with all others folded below it."""
        wrong = [each for each in self._ordered() if not each.held]
        held = [each for each in self.properties if each.held]
        shown = ""
        if wrong:
            shown += _table(f"{len(wrong)} of {len(self.properties)} not as it should be", wrong)
        if held:
            shown += (
                '<details data-lm-suppress-shortcuts="true" style="margin:0 0 6px 0">'
                f'<summary style="cursor:pointer">Show the {len(held)} as it should be</summary>'
                f"{_table(self._count(), held)}</details>"
            )
        return shown

    def _count(self) -> str:
        held = sum(each.held for each in self.properties)
        return f"{held} of {len(self.properties)} as it should be"

    def _ordered(self) -> list[Property]:
        return sorted(self.properties, key=_place)


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
                f"{database} {_word(each)}: {each.seen}" if each else f"{database}: {_NO_PLACE}"
                for database, each in zip(self.databases, row, strict=True)
            )
            matters = _matters(row)
            lines.append(f"{_one(row).name}: {did}" + (f" - {matters}" if matters else ""))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        headings = [*_HEADINGS[:2], *(f"{each} did" for each in self.databases), _HEADINGS[-1]]
        rows = [
            (
                Cell(_one(row).name, heads=True, is_bold=not _all_held(row)),
                _wanted(_one(row)),
                *(
                    Cell(each.seen, markup=_marked(each, each.seen)) if each else _NO_PLACE
                    for each in row
                ),
                _matters(row),
            )
            for row in self._ordered()
        ]
        return html_table(headings, rows, caption=self.title)

    def _ordered(self) -> list[tuple[Property | None, ...]]:
        return sorted(self.rows, key=lambda row: min(_place(each) for each in row if each))


def _line(looked: Property) -> str:
    matters = f" - {looked.matters}" if looked.matters else ""
    return f"{_word(looked)}: {looked.name}: {looked.seen}{matters}"


def _table(caption: str, properties: Sequence[Property]) -> str:
    names = [
        Cell(each.name, heads=True, is_bold=not each.held, markup=_marked(each, each.name))
        for each in properties
    ]
    if all(each.plain for each in properties):
        columns = {
            _SEEN: [each.seen for each in properties],
            _COSTS: [each.matters for each in properties],
        }
        said = {
            heading: [Cell(text, markup=with_code(text)) for text in texts]
            for heading, texts in columns.items()
            if any(texts)
        }
        rows = list(zip(names, *said.values(), strict=True))
        return html_table([_LOOKED_AT, *said], rows, caption=caption)
    wanted = [(_wanted(each), each.seen, each.matters) for each in properties]
    attacked = [(name, *each) for name, each in zip(names, wanted, strict=True)]
    return html_table(_HEADINGS, attacked, caption=caption)


def _word(looked: Property) -> str:
    if not looked.tried:
        return _NOT_TRIED
    return _RIGHT if looked.held else _WRONG


def _place(looked: Property) -> int:
    """Return where a property stands: what is wrong first, then what was not tried."""
    return (_WRONG, _NOT_TRIED, _RIGHT).index(_word(looked))


def _wanted(looked: Property) -> str:
    return "pass" if looked.legal else "bounce"


def _marked(looked: Property, text: str) -> str:
    """Return a text as HTML behind a sign, which is read aloud as a word."""
    word = _word(looked)
    return f"{_SIGNS[word]} {read_aloud(word)}{with_code(text)}"


def _all_held(row: Sequence[Property | None]) -> bool:
    return all(each is None or each.held for each in row)


def _one(row: Sequence[Property | None]) -> Property:
    return next(each for each in row if each is not None)


def _matters(row: Sequence[Property | None]) -> str:
    return next((each.matters for each in row if each is not None and each.matters), "")
