"""A contract that clients live on, fifteen changes that somebody proposes, and one change request."""

import difflib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Proposal:
    """One change to the contract that somebody proposes.

    Attributes:
        name: such as `fifty-at-most`.
        says: what is proposed, in a sentence.
        old: the contract that clients know.
        new: the contract with the change.
        unseen: what a comparison of the two texts cannot see; empty where it sees all.
    """

    name: str
    says: str
    old: str
    new: str
    unseen: str

    @property
    def lines(self) -> Sequence[str]:
        """What is taken away and what is added, each line with - or + before it.

        Lines that stand together keep their indentation to each other.
        """
        old, new = self.old.splitlines(), self.new.splitlines()
        found = difflib.SequenceMatcher(None, old, new).get_opcodes()
        changes = [spans for kind, *spans in found if kind != "equal"]
        return [
            f"{sign} {line}"
            for old_from, old_to, new_from, new_to in changes
            for sign, lines in (("-", old[old_from:old_to]), ("+", new[new_from:new_to]))
            for line in dedent("\n".join(lines)).splitlines()
        ]


def rides_contract() -> str:
    """Return the contract that clients live on, as YAML."""
    return (_HERE / "rides.yaml").read_text(encoding="utf-8")


@cache
def proposals() -> tuple[Proposal, ...]:
    """Return the fifteen proposals in their order.

    Raises:
        ValueError: when one does not fit the contract.
    """
    old = rides_contract()
    entries = tomllib.loads((_HERE / "fifteen.toml").read_text(encoding="utf-8"))
    return tuple(_proposal(name, entry, old) for name, entry in entries.items())


def _proposal(name: str, entry: dict[str, Any], old: str) -> Proposal:
    new = old
    for was, becomes in ((entry["was"], entry["is"]), *entry.get("more", ())):
        if new.count(was) != 1:
            raise ValueError(f"{name}: {was!r} stands {new.count(was)} times in the contract")
        new = new.replace(was, becomes)
    return Proposal(name, entry["says"], old, new, entry.get("unseen", ""))
