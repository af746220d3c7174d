"""Clients that were built for one version, and what they make of the next one."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ridealong.labs.api import breaking_changes, read
from ridealong.labs.sql.database import LabError
from ridealong.show.table import with_code
from ridealong.show.views import View, frame
from ridealong.systems import versions
from ridealong.systems.contract.changes import breaking_changes as changes_between
from ridealong.systems.contract.document import ContractError, Document
from ridealong.systems.contract.schema_changes import LEVELS
from ridealong.systems.versions import request

if TYPE_CHECKING:
    import httpx

    from ridealong.service import Service

RIDER, DRIVER, PAGE = 123, 57, 15
WAY: Final = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}
WORDS: Final = {
    "requested": "Looking for a driver",
    "accepted": "Driver on the way",
    "in_progress": "On the way to your destination",
    "completed": "Ride over",
    "cancelled": "Cancelled",
}
"""What the old app shows for each state that it knows: version 1 has these five."""


@dataclass(frozen=True, slots=True)
class Text:
    """A contract to read: folded in a notebook, whole by `print`.

    Attributes:
        text: the contract as YAML.
    """

    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"The rides contract, {len(self.text.splitlines())} lines."

    def _repr_html_(self) -> str:
        return (
            f"<details><summary>{html.escape(repr(self))}</summary>"
            f"<pre>{html.escape(self.text)}</pre></details>"
        )


def rides_contract() -> Text:
    """Return the contract that the clients of this notebook live on."""
    return Text(versions.rides_contract())


@dataclass(frozen=True, slots=True)
class Proposals:
    """Changes that somebody proposes, with the lines that go and come.

    Attributes:
        proposed: the changes.
    """

    proposed: Sequence[versions.Proposal]

    def __str__(self) -> str:
        return "\n\n".join(
            "\n".join([f"{each.name}: {each.says}", *each.lines]) for each in self.proposed
        )

    def __repr__(self) -> str:
        return f"{len(self.proposed)} changes to the rides contract, each one alone."

    def _repr_html_(self) -> str:
        rows = "".join(
            '<tr style="vertical-align: top">'
            f'<th scope="row" style="text-align: left">{html.escape(each.name)}</th>'
            f'<td style="text-align: left">{with_code(each.says)}</td>'
            f'<td style="text-align: left"><pre style="margin: 0; background: transparent; font-family: monospace; white-space: pre-wrap; word-break: normal">'
            f"{html.escape(chr(10).join(each.lines))}</pre></td></tr>"
            for each in self.proposed
        )
        head = "".join(
            f'<th scope="col" style="text-align: left">{name}</th>'
            for name in ("change", "what is proposed", "lines that go (-) and come (+)")
        )
        return (
            f'<table><caption style="text-align: left; font-weight: bold">'
            f"{html.escape(repr(self))}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


def proposals() -> Proposals:
    """Return fifteen changes to the rides contract that somebody proposes, line by line."""
    return Proposals(versions.proposals())


def proposal(name: str) -> View:
    """Show what a comparison of the two contracts says about one proposal.

    Args:
        name: such as `fifty-at-most`.

    Raises:
        LabError: when no proposal has this name.
    """
    found = {each.name: each for each in versions.proposals()}
    if name not in found:
        raise LabError(f"no proposal is called {name!r}: there are {', '.join(found)}")
    return breaking_changes(found[name].old, found[name].new)


def settled() -> View:
    """Show what `breaking_changes` says about each of the fifteen, and what it cannot see."""
    rows = []
    for each in versions.proposals():
        changes = changes_between(read(each.old), read(each.new))
        worst = min(changes, key=lambda change: LEVELS.index(change.level))
        rows.append([each.name, worst.level, worst.client, each.unseen])
    unseen = sum(1 for row in rows if row[3])
    return View(
        "The fifteen changes, compared",
        frame(["change", "comparison says", "who notices", "what it cannot see"], rows),
        f"{len(rows)} changes compared; of {unseen} of them the contract says too little.",
    )


def changed(answer: str | Mapping[str, Any]) -> Document:
    """Return the rides contract with changes, to be served or compared.

    Args:
        answer: a merge patch to the contract (RFC 7396) or a whole contract, as YAML or as the
            data that it holds.

    Raises:
        LabError: when the outcome is no contract.
    """
    try:
        return request.contract_with(answer if isinstance(answer, str) else json.dumps(answer))
    except ContractError as error:
        raise LabError("\n".join(map(str, error.problems))) from None


def compared(answer: str | Mapping[str, Any]) -> View:
    """Show what an answer changes in the rides contract, and which clients it breaks.

    Args:
        answer: as `changed` takes it.

    Raises:
        LabError: when the outcome is no contract.
    """
    return breaking_changes(versions.rides_contract(), changed(answer))


# -- the old app on the running back end ----------------------------------------------------------


def old_app(company: Service) -> View:
    """Run an app that was built for version 1 on both versions of the running back end.

    Args:
        company: the back end, started.
    """
    rows = [
        [says, *(_outcome(run, company, version) for version in ("v1", "v2"))]
        for says, run in _SCREENS
    ]
    fails = [sum(1 for row in rows if str(row[place]).startswith("fails")) for place in (1, 2)]
    return View(
        "An app that was built for version 1",
        frame(["what the app does", "calls /v1", "calls /v2"], rows),
        f"Of {len(rows)} screens {fails[0]} fail on version 1 and {fails[1]} on version 2.",
    )


def _outcome(run: Callable[[Service, str], str], company: Service, version: str) -> str:
    try:
        return run(company, version)
    except KeyError as error:
        return f"fails: no words for the state {error}"
    except TypeError:
        return "fails: the amount is no number"


def _price(company: Service, version: str) -> str:
    quote = _json(company.client(rider=RIDER).post(f"/{version}/quotes", json=WAY))
    _dollars(quote["fare"])
    return "shows the price in dollars"


def _book(company: Service, version: str) -> str:
    ride = _json(company.client(rider=RIDER).post(f"/{version}/rides", json=WAY))
    return f"shows: {WORDS[ride['status']]}"


def _accepted(company: Service, version: str) -> str:
    rider, driver = company.client(rider=RIDER), company.client(driver=DRIVER)
    ride = _json(rider.post(f"/{version}/rides", json=WAY))["ride_id"]
    driver.post(f"/v1/rides/{ride}/accept")
    shown = _json(rider.get(f"/{version}/rides/{ride}"))["status"]
    driver.post(f"/v1/rides/{ride}/cancel")
    return f"shows: {WORDS[shown]}"


def _spent(company: Service, version: str) -> str:
    rides = _json(_history(company.client(rider=RIDER), version))["rides"]
    sum(ride["fare"] for ride in rides if ride["fare"] is not None)
    return "shows what the last rides cost together"


_SCREENS: Final[Sequence[tuple[str, Callable[[Any, str], str]]]] = (
    ("asks for a price", _price),
    ("books a ride", _book),
    ("shows the ride after a driver accepts", _accepted),
    ("adds up the last rides", _spent),
)


def _dollars(fare: float) -> str:
    return f"${fare:.2f}"


def _history(client: httpx.Client, version: str) -> httpx.Response:
    return client.get(f"/{version}/users/{RIDER}/rides", params={"limit": PAGE})


def _json(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


# -- who can stand a new word ---------------------------------------------------------------------


def readers(company: Service) -> View:
    """Let three clients read a page of the history in which one state is new to them.

    A driver accepts a ride, so version 2 calls its state `driver_assigned`, which no client of
    version 1 knows. Each client draws the list, and each would pay out the rides that are over.

    Args:
        company: the back end, started.
    """
    rider, driver = company.client(rider=RIDER), company.client(driver=DRIVER)
    ride = _json(rider.post("/v1/rides", json=WAY))["ride_id"]
    driver.post(f"/v1/rides/{ride}/accept").raise_for_status()
    states = [each["status"] for each in _json(_history(rider, "v2"))["rides"]]
    driver.post(f"/v1/rides/{ride}/cancel").raise_for_status()
    rows = [[name, *_read(states, meaning)] for name, meaning in _READERS.items()]
    new = sorted(set(states) - set(WORDS))
    return View(
        f"A page of {len(states)} rides, with a state that is new: {', '.join(new)}",
        frame(
            [
                "client",
                "rides it shows",
                "rides it pays",
                "paid, not driven",
                "says that a word is new",
            ],
            rows,
        ),
        f"{states.count(new[0])} of {len(states)} rides has the new state.",
    )


_READERS: Final[dict[str, Callable[[str], str]]] = {
    "strict: refuses a page with a state it does not know": lambda state: {
        word: word for word in WORDS
    }[state],
    "tolerant: an unknown state is 'under way'": lambda state: (
        state if state in WORDS else "under way"
    ),
    "careless: whatever is not cancelled is over": lambda state: (
        state if state in ("requested", "accepted", "in_progress", "cancelled") else "completed"
    ),
}


def _read(states: Sequence[str], meaning: Callable[[str], str]) -> tuple[int, int, int, str]:
    """Return how many rides a client shows, pays, pays before they are over; whether it complains."""
    try:
        meant = [meaning(state) for state in states]
    except KeyError:
        return 0, 0, 0, "yes"
    paid = [state for state, word in zip(states, meant, strict=True) if word == "completed"]
    return len(meant), len(paid), sum(1 for state in paid if state != "completed"), "no"
