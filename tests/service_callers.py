"""Those who call the company's back end in tests, and the ways they have."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ridealong.service import Service

WAY = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}


@dataclass
class Callers:
    """Somebody for each role, and a stranger."""

    rider: httpx.Client
    other_rider: httpx.Client
    driver: httpx.Client
    other_driver: httpx.Client
    far_driver: httpx.Client
    support: httpx.Client
    partner: httpx.Client
    stranger: httpx.Client

    def ride(self, *actions: str) -> int:
        """Return the number of a new ride of the rider, moved on by its driver."""
        ride_id = int(ok(self.rider.post("/v1/rides", json=WAY), 201)["ride_id"])
        for action in actions:
            ok(self.driver.post(f"/v1/rides/{ride_id}/{action}"))
        return ride_id

    def freed(self) -> None:
        """End what the driver has under way."""
        for status, action in (("in_progress", "complete"), ("accepted", "cancel")):
            rides = self.support.get("/v1/users/123/rides", params={"limit": 100}).json()["rides"]
            for ride in rides:
                if ride["status"] == status:
                    self.driver.post(f"/v1/rides/{ride['ride_id']}/{action}")


def ok(answer: httpx.Response, status: int = 200) -> Any:
    """Return the body of an answer that has to have a status."""
    assert answer.status_code == status, answer.text
    return answer.json()


def callers(company: Service) -> Callers:
    """Return clients of a service."""
    return Callers(
        rider=company.client(rider=123),
        other_rider=company.client(rider=15),
        driver=company.client(driver=57),
        other_driver=company.client(driver=1),
        far_driver=company.client(driver=4),  # in another city
        support=company.client(support=True),
        partner=company.client(partner="airport-display"),
        stranger=company.client(),
    )


def sqlite_url(folder: Path) -> str:
    """Return the address of a SQLite file in a folder."""
    return f"sqlite:///{folder.as_posix()}/rides.sqlite"
