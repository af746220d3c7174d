"""What a ride goes through, shown: attempts and their answers, a machine drawn, retries counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ridealong.labs.sql.database import LabError
from ridealong.show import pictures
from ridealong.show.views import View, frame
from ridealong.systems.transitions import ACTIONS, BEGINS, STATES, MachineError, read

if TYPE_CHECKING:
    import httpx

    from ridealong.service import Service

WAY: Final = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}
RIDES: Final = 10

_RIDE: Final = re.compile(r"(?<=/rides/)\d+")
_PLACES: Final = {
    "requested": (0.0, 1.0),
    "accepted": (1.0, 1.0),
    "in_progress": (2.0, 1.0),
    "completed": (3.0, 1.0),
    "cancelled": (1.0, 0.0),
}


def answers(*attempts: tuple[str, httpx.Response]) -> View:
    """Show attempts in their order: who asked for what, and what came back.

    Args:
        attempts: who asked, in words, and the answer. Rides are called A, B and so on, in the
            order in which they come.
    """
    letters: dict[str, str] = {}
    rows = []
    for who, answer in attempts:
        request = answer.request
        body = answer.json() if answer.content else {}
        number = str(body.get("ride_id", "")) or _number(request.url.path)
        letter = letters.setdefault(number, chr(ord("A") + len(letters))) if number else ""
        path = _RIDE.sub(letter, request.url.path)
        rows.append([who, f"{request.method} {path}", answer.status_code, _says(body, letter)])
    refused = sum(answer.is_error for _, answer in attempts)
    return View(
        "Who asked for what, and what came back",
        frame(["who", "request", "status", "the answer says"], rows),
        f"{len(rows)} requests, {refused} refused.",
    )


def _number(path: str) -> str:
    found = _RIDE.search(path)
    return found[0] if found else ""


def _says(body: dict[str, Any], letter: str) -> str:
    if "detail" in body:
        return str(body["detail"])
    if "ride_id" in body:
        return f"ride {letter} is {body['status']}, to {body['dropoff_location']}"
    return ""


def drawn(machine: Any) -> pictures.Picture:
    """Draw a state machine as it was written down.

    Args:
        machine: the data of an answer such as `ride_states`.

    Raises:
        LabError: when it is none; one line.
    """
    try:
        rows = read(machine).rows
    except MachineError as error:
        raise LabError(str(error)) from None
    arrows: dict[tuple[str, str], list[str]] = {}
    for action in ACTIONS:
        for row in rows[action]:
            for source in STATES:
                if source in row.sources:
                    roles = ", ".join(sorted(row.roles))
                    arrows.setdefault((source, row.target), []).append(f"{action} ({roles})")
    words = "; ".join(
        f"from {source} to {target}: {' or '.join(labels)}"
        for (source, target), labels in arrows.items()
    )
    ends = [state for state in STATES if all(state != source for source, _ in arrows)]
    alt = f"The states of a ride, beginning with {BEGINS}. {words}. Nothing follows {_and(ends)}."
    return pictures.Picture(_figure(arrows), alt)


def _figure(arrows: dict[tuple[str, str], list[str]]) -> Any:
    with pictures.style():
        figure, axes = pictures.axes(8.0, 3.6)
        axes.set_axis_off()
        axes.set_xlim(-0.6, 3.4)
        axes.set_ylim(-0.35, 1.45)
        for state, (x, y) in _PLACES.items():
            axes.text(
                x,
                y,
                state,
                ha="center",
                va="center",
                weight="bold",
                zorder=3,
                bbox={"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": pictures.INK},
            )
        for (source, target), labels in arrows.items():
            _arrow(axes, _PLACES[source], _PLACES[target], "\n".join(labels))
        axes.set_title("A ride's states, as you wrote them down")
    return figure


def _arrow(axes: Any, begin: tuple[float, float], end: tuple[float, float], label: str) -> None:
    (from_x, from_y), (to_x, to_y) = begin, end
    level, upright = from_y == to_y, from_x == to_x
    right = 1 if to_x > from_x else -1
    if level and to_x - from_x == 1:
        start, stop, bent = (from_x + 0.29, from_y), (to_x - 0.29, to_y), 0.0
        place, sides = ((from_x + to_x) / 2, from_y + 0.13), ("center", "bottom")
    elif level:  # no way that the reference has: around what lies between
        start, stop, bent = (from_x, from_y - 0.12), (to_x, to_y - 0.12), 0.3 * right
        place, sides = ((from_x + to_x) / 2, from_y - 0.3), ("center", "top")
    elif upright:
        down = 0.12 if from_y > to_y else -0.12
        start, stop, bent = (from_x, from_y - down), (to_x, to_y + down), 0.0
        place, sides = (from_x + 0.05, (from_y + to_y) / 2), ("left", "center")
    else:
        start, stop = (from_x, from_y - 0.12), (to_x - 0.27 * right, to_y + 0.04)
        bent = 0.2 * right if from_y > to_y else 0.0
        place = (from_x * 0.75 + to_x * 0.25 - 0.08 * right, (from_y + to_y) / 2 - 0.12)
        sides = ("right" if right > 0 else "left", "center")
    style = f"arc3,rad={bent}"
    arrow = {"arrowstyle": "-|>", "color": pictures.BLUE, "connectionstyle": style}
    axes.annotate("", stop, start, arrowprops={**arrow, "shrinkA": 0, "shrinkB": 0})
    axes.text(
        *place,
        label,
        ha=sides[0],
        va=sides[1],
        fontsize=8.5,
        color=pictures.BLUE,
        zorder=4,
        bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"},
    )


def _and(words: Sequence[str]) -> str:
    return " and ".join(words) if words else "no state that is not left again"


def lost_answers(company: Service) -> View:
    """Lose the answer to a driver's *accept* ten times and ask again, in both forms of the API.

    Args:
        company: the back end; rider 123 and driver 57 call it.

    Raises:
        LabError: when a first attempt fails, so that nothing can be measured.
    """
    rider, driver = company.client(rider=123), company.client(driver=57)
    rows = []
    for form in ("PATCH", "POST"):
        done, changed, addresses = 0, 0, set[str]()
        for _ in range(RIDES):
            there = f"/v1/rides/{_made(rider.post('/v1/rides', json=WAY))['ride_id']}"
            lost = _accept(driver, form, there)  # done, and the phone never hears of it
            _made(lost)
            again = _accept(driver, form, there)
            done += again.status_code == 200
            changed += driver.get(there).headers["ETag"] != lost.headers["ETag"]
            cancelled = _change(driver, form, there, "cancel", "cancelled")
            for answer in (again, cancelled):
                addresses.add(_RIDE.sub("{ride_id}", answer.request.url.path))
        rows.append([form, RIDES, done, RIDES - done, changed, len(addresses)])
    return View(
        "A driver accepts and gets no answer, asks again, and later cancels",
        frame(
            [
                "form",
                "answers lost",
                "asked again: done",
                "asked again: refused",
                "rides changed by it",
                "addresses for accept and cancel",
            ],
            [["PATCH with a status", *rows[0][1:]], ["POST to the action", *rows[1][1:]]],
        ),
        "Whether the second answer says done or refused, the ride is as the first attempt left it.",
    )


def _accept(driver: httpx.Client, form: str, there: str) -> httpx.Response:
    return _change(driver, form, there, "accept", "accepted")


def _change(
    client: httpx.Client, form: str, there: str, action: str, status: str
) -> httpx.Response:
    if form == "PATCH":
        return client.patch(there, json={"status": status})
    return client.post(f"{there}/{action}")


def _made(answer: httpx.Response) -> Any:
    if not answer.is_success:
        detail = answer.json().get("detail", "")
        raise LabError(
            f"the back end answers {answer.status_code}: {detail} Start it anew: company = start()"
        )
    return answer.json()
