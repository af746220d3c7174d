"""What a kernel keeps between two cells: the process that runs checks, and what they gave."""

from collections import Counter
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from ridealong.judging import Worker
from ridealong.show.card import Card


@cache
def worker() -> Worker:
    """Return the worker of this kernel; it starts with the first job."""
    return Worker()


class Session:
    """The checks and hints of one kernel, from its start on.

    Attributes:
        passed: ids whose latest check passed.
        failures: wrong answers by id since the last right one.
        hints: the highest level of hint given by id.
    """

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.failures: Counter[str] = Counter()
        self.hints: Counter[str] = Counter()
        self._of_this_cell: list[Card] = []

    def announce(self, card: Card) -> None:
        """Say the words of a card for front ends without HTML; the others show the card itself."""
        from IPython.display import display

        # An empty page in place of the words: a front end with HTML shows the card, not both.
        display({"text/plain": card.words(), "text/html": ""}, raw=True)  # type: ignore[no-untyped-call]
        self._of_this_cell.append(card)

    def show_others(self, result: Any) -> None:
        """Show, when a cell has run, the cards that are not its value."""
        from IPython.display import HTML, display

        cards, self._of_this_cell = self._of_this_cell, []
        for card in cards:
            if card is not result.result:
                display(HTML(card._repr_html_()))  # type: ignore[no-untyped-call]


class _NoShell:
    """Stands for the shell where there is none."""


_no_shell = _NoShell()
_sessions: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


def session() -> Session:
    """Return the session of the running shell; a new shell starts with an empty one."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    key = _no_shell if shell is None else shell
    if key not in _sessions:
        _sessions[key] = Session()
        if shell is not None:
            shell.events.register("post_run_cell", _sessions[key].show_others)
    return _sessions[key]
