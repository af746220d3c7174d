"""How old may it be: how soon what is shown stops being true, feature by feature, from the data."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ridealong.dataset.connection import current_connection
from ridealong.labs.sql.database import LabError
from ridealong.show import pictures
from ridealong.show.views import View, frame

if TYPE_CHECKING:
    import duckdb

QUARTER_SECONDS: Final = 900
LOOK_EVERY_SECONDS: Final = 10.0
"""How often somebody looks at the price of a city, on average."""

AGES_SECONDS: Final = (60, 300, 900, 3_600, 86_400)
LONGEST_SECONDS: Final = 7 * 86_400

_CARS: Final = """
WITH pings AS (
    FROM driver_pings WHERE ping_at > (SELECT MAX(ping_at) FROM driver_pings) - INTERVAL 8 HOURS
),
counted AS (
    SELECT z.zone_code, m.ping_at, COUNT(p.driver_id) FILTER (WHERE p.state = 'available') AS cars
    FROM (SELECT DISTINCT zone_code FROM pings) AS z
    CROSS JOIN (SELECT DISTINCT ping_at FROM pings) AS m
    LEFT JOIN pings AS p USING (zone_code, ping_at)
    GROUP BY ALL
)
SELECT a.age, AVG((shown.cars <> here.cars)::INTEGER),
       AVG(((shown.cars > 0) <> (here.cars > 0))::INTEGER)
FROM counted AS here
CROSS JOIN (SELECT UNNEST($ages::INTEGER[]) AS age) AS a
JOIN counted AS shown
  ON shown.zone_code = here.zone_code AND shown.ping_at = here.ping_at - to_seconds(a.age)
GROUP BY a.age ORDER BY a.age
"""
_SURGE: Final = """
WITH asked AS MATERIALIZED (
    SELECT a.age, r.city_id, time_bucket(INTERVAL 15 MINUTES, r.requested_at) AS here_at,
           time_bucket(INTERVAL 15 MINUTES, r.requested_at - to_seconds(a.age)) AS shown_at
    FROM rides AS r CROSS JOIN (SELECT UNNEST($ages::INTEGER[]) AS age) AS a
)
SELECT q.age, AVG((shown.multiplier <> here.multiplier)::INTEGER)
FROM asked AS q
JOIN surge_snapshots AS here ON here.city_id = q.city_id AND here.snapshot_at = q.here_at
JOIN surge_snapshots AS shown ON shown.city_id = q.city_id AND shown.snapshot_at = q.shown_at
GROUP BY q.age ORDER BY q.age
"""
_RATING: Final = """
WITH means AS (
    SELECT r.driver_id, s.created_at, AVG(s.stars) OVER (
        PARTITION BY r.driver_id ORDER BY s.created_at RANGE UNBOUNDED PRECEDING) AS rating
    FROM ratings AS s JOIN rides AS r USING (ride_id)
    WHERE s.rated_by = 'user' AND r.driver_id IS NOT NULL
),
asked AS (
    SELECT a.age, r.driver_id, r.requested_at, r.requested_at - to_seconds(a.age) AS shown_at
    FROM rides AS r CROSS JOIN (SELECT UNNEST($ages::INTEGER[]) AS age) AS a
    WHERE r.driver_id IS NOT NULL
)
SELECT q.age, AVG((ROUND(shown.rating, 2) <> ROUND(here.rating, 2))::INTEGER),
       AVG((ROUND(shown.rating, 1) <> ROUND(here.rating, 1))::INTEGER)
FROM asked AS q
ASOF JOIN means AS here ON here.driver_id = q.driver_id AND here.created_at <= q.requested_at
ASOF JOIN means AS shown ON shown.driver_id = q.driver_id AND shown.created_at <= q.shown_at
GROUP BY q.age ORDER BY q.age
"""
_MEASURED: Final = (
    (_CARS, ("free cars of a zone, the number", "free cars of a zone, any or none")),
    (_SURGE, ("surge multiplier",)),
    (_RATING, ("driver rating, two decimals", "driver rating, one decimal")),
)

KEPT: Final[Mapping[str, float]] = {
    "15 minutes": QUARTER_SECONDS,
    "a minute": 60,
    "until the quarter hour ends": 0,
}
"""How long the lab keeps a price, in seconds; 0: until the quarter of an hour ends."""


def how_wrong(ages_seconds: Sequence[int] = AGES_SECONDS) -> View:
    """Show of 1,000 looks how many show something else than is true, by the age of what is shown.

    Cars: each zone and minute of the concert evening, from the drivers' pings. Surge and rating:
    each ride of the company, at the moment of its request.

    Args:
        ages_seconds: one to six ages, each a whole number of minutes, up to a week.

    Raises:
        LabError: for other ages.
    """
    ages = [_age(each) for each in ages_seconds]
    if not 1 <= len(ages) <= 6:
        raise LabError(f"{len(ages)} ages: give one to six, such as [60, 900]")
    con = current_connection()
    measured: dict[str, dict[int, float]] = {}
    for query, names in _MEASURED:
        for age, *shares in con.execute(query, {"ages": ages}).fetchall():
            for name, share in zip(names, shares, strict=True):
                measured.setdefault(name, {})[age] = share * 1000
    rows = [
        [name, *(f"{of[age]:,.1f}" if age in of else "-" for age in ages)]
        for name, of in measured.items()
    ]
    return View(
        "Of 1,000 looks, how many show something else than is true",
        frame(["what is shown", *(f"{_span(age)} old" for age in ages)], rows),
        "Cars: the concert evening in Brookfall, minute by minute; a day before, nobody counted "
        "them. Surge and rating: at the request of each ride.",
        picture=_picture(measured) if len(ages) > 1 else None,
    )


def _age(value: object) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool) and value % 60 == 0
    if not is_whole or not 60 <= value <= LONGEST_SECONDS:  # type: ignore[operator]
        raise LabError(
            f"{value!r} is no age for this lab: give seconds that make whole minutes, from 60 to "
            f"{LONGEST_SECONDS:,}, such as 300"
        )
    return int(value)  # type: ignore[call-overload, no-any-return]


def _span(seconds: int) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    raise AssertionError(f"{seconds} s are no whole minutes")


def _picture(measured: Mapping[str, Mapping[int, float]]) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3.4)
        for place, (name, of) in enumerate(measured.items()):
            axes.plot(
                list(of), list(of.values()), color=pictures.SERIES[place],
                marker=pictures.SERIES_MARKERS[place], linestyle=pictures.SERIES_LINES[place],
                label=name,
            )  # fmt: skip
        axes.set_xscale("log")
        ages = sorted({age for of in measured.values() for age in of})
        axes.set_xticks(ages, [_span(age) for age in ages])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel("age of what is shown")
        axes.set_ylabel("wrong in 1,000 looks")
        axes.set_title("How soon it stops being true")
        axes.legend(fontsize=8)
        told = "; ".join(
            f"{name}: {of[min(of)]:,.1f} after {_span(min(of))} and {of[max(of)]:,.1f} after "
            f"{_span(max(of))}"
            for name, of in measured.items()
        )
        return pictures.Picture(figure, f"Looks in 1,000 that are not true, by age. {told}.")


@dataclass(frozen=True, slots=True)
class _Prices:
    """The multipliers of a city by the second at which they were set, in order."""

    set_at: list[float]
    multipliers: list[float]

    def at(self, moment: float) -> float:
        """Return the multiplier of a moment; the first one before there was any."""
        return self.multipliers[max(0, bisect_right(self.set_at, moment) - 1)]


def surge_told(late_seconds: float = 0) -> View:
    """Keep the surge multiplier in three ways, and show what riders are told.

    Multipliers and rides are those of the last four weeks in each city. A rider is told what the
    cache holds at the request; true is what pricing has set by then. Who fills the cache are looks
    at the price, made from a seed, one in `LOOK_EVERY_SECONDS` on average.

    Args:
        late_seconds: how long after the quarter hour pricing sets the new multiplier.

    Raises:
        LabError: for a time that is none, or longer than a quarter of an hour.
    """
    is_number = isinstance(late_seconds, int | float) and not isinstance(late_seconds, bool)
    if not is_number or not 0 <= late_seconds < QUARTER_SECONDS:
        raise LabError(
            f"late_seconds is {late_seconds!r}, wanted seconds from 0 to below {QUARTER_SECONDS}, "
            "such as 10"
        )
    con = current_connection()
    prices = _prices(con, late_seconds)
    rides = con.execute(
        "SELECT city_id, epoch(requested_at), quoted_fare::DOUBLE FROM rides WHERE requested_at >="
        " (SELECT MAX(snapshot_at) FROM surge_snapshots) - INTERVAL 28 DAYS"
        " ORDER BY city_id, requested_at, ride_id"
    ).fetchall()
    rows = [[name, *_told(prices, rides, seconds)] for name, seconds in KEPT.items()]
    best = min(rows, key=lambda row: (row[2], row[1]))
    return View(
        f"The multiplier is set {late_seconds:g} s after the quarter hour",
        frame(["kept", "reads a day in a city", "told wrong in 1,000 rides",
               "dollars off in 1,000 rides"], rows),
        f"Kept {best[0]}, fewest riders are told a wrong price: {best[2]} in 1,000.",
    )  # fmt: skip


def _prices(con: duckdb.DuckDBPyConnection, late_seconds: float) -> dict[int, _Prices]:
    found: dict[int, _Prices] = defaultdict(lambda: _Prices([], []))
    for city, at, multiplier in con.execute(
        "SELECT city_id, epoch(snapshot_at), multiplier::DOUBLE FROM surge_snapshots"
        " WHERE snapshot_at >="
        " (SELECT MAX(snapshot_at) FROM surge_snapshots) - INTERVAL 28 DAYS - INTERVAL 15 MINUTES"
        " ORDER BY city_id, snapshot_at"
    ).fetchall():
        found[city].set_at.append(at + late_seconds)
        found[city].multipliers.append(multiplier)
    return dict(found)


def _told(
    prices: Mapping[int, _Prices], rides: Sequence[tuple[Any, ...]], seconds: float
) -> tuple[int, int, int]:
    """Return reads a day in a city, and wrong prices and dollars off in 1,000 rides."""
    reads = wrong = 0
    dollars = 0.0
    kept: dict[int, tuple[list[float], list[float]]] = {}
    for city, of in prices.items():
        filled, ends = kept[city] = _fills(of, seconds, random.Random(f"looks {city}"))
        reads += len(filled)
    for city, at, fare in rides:
        filled, ends = kept[city]
        place = bisect_right(filled, at) - 1
        true = prices[city].at(at)
        is_kept = place >= 0 and at < ends[place]
        told = prices[city].at(filled[place]) if is_kept else true
        wrong += told != true
        dollars += abs(told / true - 1) * fare
    days = 28 * len(prices)
    return round(reads / days), round(wrong / len(rides) * 1000), round(dollars / len(rides) * 1000)


def _fills(of: _Prices, seconds: float, chance: random.Random) -> tuple[list[float], list[float]]:
    """Return when the price of a city was read, and when each copy ended."""
    filled, ends = [], []
    at = of.set_at[0] + chance.expovariate(1 / LOOK_EVERY_SECONDS)
    while at < of.set_at[-1] + QUARTER_SECONDS:
        end = at + seconds if seconds else (at // QUARTER_SECONDS + 1) * QUARTER_SECONDS
        filled.append(at)
        ends.append(end)
        at = end + chance.expovariate(1 / LOOK_EVERY_SECONDS)
    return filled, ends


__all__ = ["how_wrong", "surge_told"]
