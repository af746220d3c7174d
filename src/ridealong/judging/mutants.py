"""A change of a reference answer in one place, which its check has to refuse."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed reference.

    Attributes:
        change: what was changed, in a few words that stay the same from run to run.
        text: the whole answer with the change.
    """

    change: str
    text: str
