"""What is wrong with a source, said so that it can be mended."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ridealong.text import did_you_mean


class BuildError(Exception):
    """One or more problems in the sources of the course, one line each."""

    def __init__(self, problems: Iterable[str], made: Mapping[Path, bytes] | None = None) -> None:
        """Keep the problems in their order, and what could be made in spite of them."""
        self.problems = list(problems)
        self.made = dict(made or {})
        super().__init__("\n".join(self.problems))


def did_you_mean_or_known(word: str, known: Iterable[str]) -> str:
    """Return the question after the nearest known word, else the list of the known ones."""
    words = sorted(known)
    listed = f"; known are {', '.join(words)}" if 0 < len(words) <= 12 else ""
    return did_you_mean(word, words) or listed
