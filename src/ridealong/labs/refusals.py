"""Errors as a product: what the company's back end answers when it refuses, and who would notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ridealong.labs.api import Contract, read
from ridealong.labs.sql.database import LabError
from ridealong.show.views import View, frame
from ridealong.systems.contract.exchanges import OPERATIONS, recorded
from ridealong.systems.contract.trial import Names, said, tried
from ridealong.text import did_you_mean

if TYPE_CHECKING:
    from ridealong.service import Service

MOST_SHOWN: Final = 8
_WAY: Final = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}


def refusals(company: Service) -> View:
    """Ask for six things that are refused, and show what each answer says.

    Args:
        company: the running back end; a ride is made in it, driven and completed.
    """
    rider, driver = company.client(rider=123), company.client(driver=57)
    stranger, other = company.client(), company.client(rider=3)
    ride = rider.post("/v1/rides", json=_WAY).json()["ride_id"]
    for action in ("accept", "start", "complete"):
        driver.post(f"/v1/rides/{ride}/{action}")
    cancel = f"/v1/rides/{ride}/cancel"
    between = {**_WAY, "dropoff_location": "BRK-AIR"}
    broken = {"content": "{", "headers": {"Content-Type": "application/json"}}
    answers = {
        "a price, and the body is no JSON": rider.post("/v1/quotes", **broken),  # type: ignore[arg-type]
        "a price without a drop-off": rider.post("/v1/quotes", json={"pickup_location": "HBV-DTN"}),
        "a price between two cities": rider.post("/v1/quotes", json=between),
        "to cancel a completed ride": rider.post(cancel),
        "to cancel another rider's ride": other.post(cancel),
        "to cancel without credentials": stranger.post(cancel),
    }
    bodies = {asked: answer.json() for asked, answer in answers.items()}
    rows = [
        [asked, answer.status_code, bodies[asked].get("title"), bodies[asked].get("detail")]
        for asked, answer in answers.items()
    ]
    kinds = sorted({answer.headers["Content-Type"] for answer in answers.values()})
    shared = set.intersection(*(set(body) for body in bodies.values()))
    return View(
        "Six requests that are refused",
        frame(["asked for", "status", "title", "detail"], rows),
        f"All of them come as {' or '.join(kinds)} with the fields {', '.join(sorted(shared))}.",
    )


def unnoticed(contract: Contract, *operations: str) -> View:
    """Show the broken back ends that keep to a contract, so that nobody would notice.

    Args:
        contract: as `labs.api.read` takes it.
        operations: names such as `cancel_ride`.

    Raises:
        LabError: when it is no contract, or no operation of ours.
    """
    for name in operations:
        if name not in OPERATIONS:
            raise LabError(f"no operation is called {name!r}{did_you_mean(name, OPERATIONS)}")
    trial = tried(read(contract), recorded(), [[name] for name in operations], Names({}, {}))
    count = len(trial.overlooked) + len(trial.noticed)
    says = [said(name) for name in trial.overlooked]
    rows = [[number, said] for number, said in enumerate(says[:MOST_SHOWN], start=1)]
    shown = f", the first {MOST_SHOWN} are shown" if len(says) > MOST_SHOWN else ""
    different = (
        f" The back end as it runs differs from it in {len(trial.deviations)} answers."
        if trial.deviations
        else " The back end as it runs keeps to it too."
    )
    return View(
        "Broken back ends that keep to this contract",
        frame(["number", "what goes wrong"], rows),
        f"{len(says)} of {count} broken back ends keep to it{shown}.{different}",
    )
