"""One contract under three style guides, and what each of them answers to one question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ridealong.judging import style as judging
from ridealong.labs.api import read
from ridealong.labs.sql.database import LabError
from ridealong.show.views import View, frame, plural
from ridealong.systems.contract import style
from ridealong.text import did_you_mean

if TYPE_CHECKING:
    from ridealong.labs.api import Contract
    from ridealong.service import Service

_WAY = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}


def three_hands() -> str:
    """Return a contract of three operations that three people wrote, each in their own style."""
    return judging.draft("three_hands")


def side_by_side(contract: Contract) -> View:
    """Show what each guide says about a contract, on the questions where they disagree.

    Args:
        contract: as `labs.api.read` takes it.

    Raises:
        LabError: when it is no contract.
    """
    document = read(contract)
    disputed = {question.key for question in style.conflicts()}
    rows = []
    for row in style.matrix(document):
        cells = [row.cells[guide] for guide in style.GUIDES]
        if row.question in disputed and any(cell.judged for cell in cells):
            rows.append([row.text, *(_told(cell) for cell in cells)])
    broken = [
        f"{style.published(guide).name} {len(style.consistency(document, guide).broken)}"
        for guide in style.GUIDES
    ]
    return View(
        "One contract under three guides, where they disagree",
        frame(["question", *(style.published(guide).name for guide in style.GUIDES)], rows),
        f"Rules that are not kept, these and all others: {', '.join(broken)}.",
    )


def _told(cell: style.Cell) -> str:
    if not cell.judged:
        return f"({cell.answer})" if cell.answer else "-"
    return f"{cell.answer}: {'not kept' if cell.broken else 'kept'}"


def answers_of_guides(*keys: str) -> View:
    """Show what the guides answer to questions, each with the number of its rule.

    Args:
        keys: of the questions, such as `action-path`.

    Raises:
        LabError: when there is no such question.
    """
    known = {question.key: question for question in style.questions()}
    rows = []
    for key in keys:
        if key not in known:
            raise LabError(f"no question is called {key!r}{did_you_mean(key, known)}")
        said = known[key].answers
        rows.append(
            [
                known[key].text,
                *(
                    f"{said[guide].says.replace('`', '').rstrip('.')} ({said[guide].number})"
                    if guide in said
                    else "says nothing"
                    for guide in style.GUIDES
                ),
            ]
        )
    return View(
        "The same question to three guides",
        frame(["question", *(style.published(guide).name for guide in style.GUIDES)], rows),
        f"{plural(len(rows), 'question')}.",
    )


def ticket_and_outcome(company: Service, *, rider: int, driver: int) -> View:
    """Do what a ticket asks for, and look at what the people of the ride have from it.

    Args:
        company: the running service.
        rider: who asks for a ride and cancels it.
        driver: who accepts it and drives on; must be free, and work in Harborview.
    """
    with company.client(rider=rider) as asks, company.client(driver=driver) as drives:
        ride = asks.post("/v1/rides", json=_WAY).raise_for_status().json()
        path = f"/v1/rides/{ride['ride_id']}"
        screen = drives.post(f"{path}/accept").raise_for_status().json()["status"]
        done = asks.post(f"{path}/cancel")
        now = drives.get(path).raise_for_status().json()["status"]
    rows = [
        ["the ticket", "the new operation answers", str(done.status_code), "done"],
        ["the rider", "the ride is", done.json()["status"], "done"],
        ["the driver", "the last answer on the screen says", screen, "drives on"],
        ["the driver", "an answer to a new question would say", now, "nobody asks"],
    ]
    return View(
        "Done, and what came of it",
        frame(["for", "what", "seen", "which means"], rows),
        "The ticket is done, and the driver is still on the way to nobody.",
    )
