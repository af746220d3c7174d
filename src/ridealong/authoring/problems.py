"""What is wrong with a source, said so that it can be mended."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path


class BuildError(Exception):
    """One or more problems in the sources of the course, one line each."""

    def __init__(self, problems: Iterable[str], made: Mapping[Path, bytes] | None = None) -> None:
        """Keep the problems in their order, and what could be made in spite of them."""
        self.problems = list(problems)
        self.made = dict(made or {})
        super().__init__("\n".join(self.problems))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the nearest known word, else the list of them."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known are {', '.join(words)}" if 0 < len(words) <= 12 else ""
