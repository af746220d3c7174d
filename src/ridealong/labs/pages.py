"""Pages of a list that grows while somebody reads it: by numbers of rows, and by a cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import sqlalchemy as sa

from ridealong.labs.sql.database import LabError
from ridealong.service import store as tables
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from ridealong.service import Service

Way = Literal["offset", "cursor"]
WAYS: Final = ("offset", "cursor")
PAGES: Final = 3
RIDES_A_PAGE: Final = 2
_RIDERS: Final = {"offset": 84, "cursor": 25}  # six rides each, so that both begin alike
_rides: Final = tables.rides
_OFFSET_PAGE: Final = (
    sa.select(_rides.c.ride_id)
    .where(_rides.c.user_id == sa.bindparam("user_id"))
    .order_by(_rides.c.requested_at.desc(), _rides.c.ride_id.desc())
    .limit(sa.bindparam("taken"))
    .offset(sa.bindparam("skipped"))
)
"""What a back end asks its database for when pages have numbers."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Walk(View):
    """What a reader saw who turned the pages.

    Attributes:
        shown: the rides of each page; 1 is the oldest at the start, 0 is newer than the start.
        twice: how many rides of the start were shown more than once.
        never: how many rides of the start were not shown on these pages.
    """

    shown: tuple[tuple[int, ...], ...] = ()
    twice: int = 0
    never: int = 0


def walk(company: Service, way: Way, *, new_rides: int = 1) -> Walk:
    """Turn three pages of a rider's history while rides come in.

    The cursor is the service's own, over HTTP. The service has no offset: these pages come from
    the query of such a back end, on the same database.

    Args:
        company: the running back end.
        way: `"offset"` or `"cursor"`.
        new_rides: how many rides the rider asks for between two pages.

    Raises:
        LabError: for another way.
    """
    if way not in WAYS:
        raise LabError(f"there is no way {way!r}: there are {' and '.join(WAYS)}")
    rider = _RIDERS[way]
    with company.client(rider=rider) as client:
        start = _page(client, rider, PAGES * RIDES_A_PAGE)["rides"]
        number_of = {each["ride_id"]: len(start) - place for place, each in enumerate(start)}
        places = {name: start[0][name] for name in ("pickup_location", "dropoff_location")}
        shown, asked = [], []
        cursor = None
        for page in range(PAGES):
            for _ in range(new_rides if page else 0):
                client.post("/v1/rides", json=places).raise_for_status()
            if way == "cursor":
                content = _page(client, rider, RIDES_A_PAGE, cursor)
                ids = [each["ride_id"] for each in content["rides"]]
                asked.append("the first 2" if cursor is None else "2 behind the cursor")
                cursor = content["next_cursor"]
            else:
                ids = _ids(company, rider, skipped=page * RIDES_A_PAGE)
                asked.append(f"skip {page * RIDES_A_PAGE}, take 2")
            shown.append(tuple(number_of.get(each, 0) for each in ids))
    return _told(way, new_rides, asked, shown, len(start))


def _page(client: httpx.Client, rider: int, limit: int, cursor: str | None = None) -> Any:
    query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
    answer = client.get(f"/v1/users/{rider}/rides", params=query)
    answer.raise_for_status()
    return answer.json()


def _ids(company: Service, rider: int, skipped: int) -> list[int]:
    store = tables.Store(company.settings.database)
    try:
        values = {"user_id": rider, "taken": RIDES_A_PAGE, "skipped": skipped}
        return [row.ride_id for row in store.read(_OFFSET_PAGE, values)]
    finally:
        store.close()


def _told(
    way: str, new_rides: int, asked: Sequence[str], shown: Sequence[tuple[int, ...]], most: int
) -> Walk:
    rows, seen = list[list[object]](), list[int]()
    for page, rides in enumerate(shown):
        again = [each for each in rides if each and each in seen]
        came_in = plural(new_rides, "ride") if page else "none"
        rows.append([page + 1, came_in, asked[page], _names(rides), _names(again) or "none"])
        seen += rides
    counts = {ride: seen.count(ride) for ride in range(1, most + 1)}
    twice = sum(count > 1 for count in counts.values())
    never = sum(not count for count in counts.values())
    return Walk(
        f"Three pages by {way}, {plural(new_rides, 'new ride')} between two pages",
        frame(["page", "came in before", "asked for", "rides on it", "shown before"], rows),
        f"Of {most} rides at the start {twice} came twice and {never} never.",
        picture=_picture(way, shown, most),
        shown=tuple(shown),
        twice=twice,
        never=never,
    )


def _names(rides: Sequence[int]) -> str:
    return ", ".join(f"ride {each}" if each else "a new ride" for each in rides)


def _picture(way: str, shown: Sequence[tuple[int, ...]], most: int) -> pictures.Picture:
    """Draw each page as a row, with the rides of the start from the newest to the oldest."""
    from matplotlib.patches import Rectangle

    seen: set[int] = set()
    told = []
    with pictures.style():
        figure, axes = pictures.axes(6.4, 2.0)
        for y, rides in enumerate(shown):
            for ride in range(most, 0, -1):
                again = ride in rides and ride in seen
                fill = "#BFE3F7" if ride in rides else "#FFFFFF"
                axes.add_patch(
                    Rectangle(
                        (most - ride - 0.45, y - 0.4), 0.9, 0.8, facecolor=fill,
                        edgecolor=pictures.ORANGE if again else pictures.GREY,
                        linewidth=2.4 if again else 0.6, hatch="//" if again else None,
                    )
                )  # fmt: skip
                if ride in rides:
                    word = "again" if again else "shown"
                    axes.text(most - ride, y, word, ha="center", va="center", fontsize=9)
            seen |= set(rides)
            told.append(f"page {y + 1} shows {_names(rides)}")
        axes.set_xlim(-0.6, most - 0.4)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_yticks(range(len(shown)), [f"page {page + 1}" for page in range(len(shown))])
        axes.set_xticks(range(most), [f"ride {most - place}" for place in range(most)])
        axes.tick_params(length=0)
        axes.set_title(f"Three pages by {way}, the newest ride on the left")
        for side in axes.spines.values():
            side.set_visible(False)
    return pictures.Picture(figure, f"Three pages by {way}: {'; '.join(told)}.")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Jump(View):
    """What it takes to see one page far down.

    Attributes:
        requests: how many there were, by way.
    """

    requests: dict[str, int] | None = None


def jump(company: Service, page: int, *, rider: int = 123) -> Jump:
    """Open one page of a history that nobody adds to, by number and by following the cursor.

    Args:
        company: the running back end.
        page: from 1, two rides on each.
        rider: whose history.

    Raises:
        LabError: when the history has no such page.
    """
    with company.client(rider=rider) as client:
        cursor, requests, rides = None, 0, list[int]()
        for _ in range(page):
            content = _page(client, rider, RIDES_A_PAGE, cursor)
            requests += 1
            rides += [each["ride_id"] for each in content["rides"]]
            cursor = content["next_cursor"]
            if cursor is None:
                break
        if requests < page:
            raise LabError(f"the history of rider {rider} has {requests} pages, not {page}")
        by_number = _ids(company, rider, skipped=(page - 1) * RIDES_A_PAGE)
    same = by_number == rides[(page - 1) * RIDES_A_PAGE :]
    rows = [["offset", 1, len(by_number)], ["cursor", requests, len(rides)]]
    return Jump(
        f"To open page {page} of a history that does not change",
        frame(["way", "requests", "rides sent"], rows),
        f"Both ways end at {'the same' if same else 'different'} rides.",
        requests={"offset": 1, "cursor": requests},
    )


__all__ = ["Jump", "Walk", "jump", "walk"]
