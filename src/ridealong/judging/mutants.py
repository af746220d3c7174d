"""What a mutant is: a reference answer with one change, as somebody could have written it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """A reference answer with one change.

    Attributes:
        change: a short name of the change that stays the same while the reference does, such as
            "completed_at < as_of(): < to <="; no two mutants of a reference have the same.
        text: the changed answer.
    """

    change: str
    text: str


def distinct(found: Iterable[Mutant], *references: str) -> Iterator[Mutant]:
    """Yield mutants without those whose text came before, and number names that are used again.

    Args:
        found: mutants in the order in which they are made.
        references: texts that are no mutants: the reference, also as it is written anew.
    """
    texts, changes = set(references), dict[str, int]()
    for mutant in found:
        if mutant.text in texts:
            continue
        texts.add(mutant.text)
        count = changes[mutant.change] = changes.get(mutant.change, 0) + 1
        yield mutant if count == 1 else Mutant(f"{mutant.change} ({count})", mutant.text)
