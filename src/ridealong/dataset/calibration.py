"""How close the invented data come to published figures, as data: one row per quantity.

The table in `data/README.md` is written from here, and a test holds every quantity inside its range.
Only numbers are taken from the sources. Where no citable figure was found the row says so.
"""

from dataclasses import dataclass

import duckdb

_NOT_FOUND = "no citable figure found"


@dataclass(frozen=True, slots=True)
class Calibration:
    """One quantity of the generated data.

    Attributes:
        quantity: What is measured, with its unit.
        published: The published figure, in words.
        source: Where it was published; empty when `published` says that none was found.
        aim: The figure the generator aims at, in words.
        found: What the public data at scale 1 have, with as many places as are shown.
        low: Smallest value accepted.
        high: Largest value accepted.
        query: SQL that returns the value, on a database of scale 1 or more.
    """

    quantity: str
    published: str
    source: str
    aim: str
    found: str
    low: float
    high: float
    query: str

    def measured(self, con: duckdb.DuckDBPyConnection) -> float:
        """Return the value in the database behind `con`."""
        (value,) = con.execute(self.query).fetchall()[0]
        return float(value)


_COMPLETED = "FROM rides WHERE status = 'completed'"
_WAIT = "date_diff('second', requested_at, picked_up_at)"
_MINUTES = "date_diff('second', picked_up_at, completed_at) / 60"
_TLC = "NYC TLC trip records 2025, analysed by Chilaka on dev.to"
_SECOND_MEASURE = "Second Measure, Uber in the US"
_TIPS = "Chandar, Gneezy, List and Muir, NBER 2019 (40 million trips)"

_MONTHLY = """
WITH rider AS (
    SELECT user_id, count(*) AS rides FROM rides
    WHERE status = 'completed' AND requested_at >= as_of() - INTERVAL 30 DAY
    GROUP BY user_id
)
SELECT {} FROM rider
"""

_RETENTION = """
WITH first_request AS (
    SELECT user_id, min(requested_at) AS first_at FROM rides GROUP BY user_id
),
cohort AS (
    SELECT * FROM first_request WHERE first_at < TIMESTAMP '2025-12-29 00:00:00'
),
active AS (
    SELECT DISTINCT r.user_id
    FROM rides AS r JOIN cohort AS c USING (user_id)
    WHERE date_diff('second', c.first_at, r.requested_at) // 604800 = {week}
)
SELECT (SELECT count(*) FROM active) / (SELECT count(*) FROM cohort)
"""

CALIBRATIONS = (
    Calibration(
        "trip distance, 10th percentile (mi)",
        "most frequent downtown hop 1.1 mi",
        "Chicago TNP analysis, 2018",
        "1.0",
        "1.02",
        0.95,
        1.10,
        f"SELECT quantile_cont(distance_mi, 0.10) {_COMPLETED}",
    ),
    Calibration(
        "trip distance, median (mi)",
        "mean about 5 mi",
        _TLC,
        "3.0",
        "2.95",
        2.8,
        3.2,
        f"SELECT median(distance_mi) {_COMPLETED}",
    ),
    Calibration(
        "trip distance, 90th percentile (mi)",
        _NOT_FOUND,
        "",
        "11.3",
        "11.29",
        10.8,
        11.8,
        f"SELECT quantile_cont(distance_mi, 0.90) {_COMPLETED}",
    ),
    Calibration(
        "trip distance, mean (mi)",
        "about 5; typical paid trip 5.2",
        f"{_TLC}; Schaller, The New Automobility",
        "4.9",
        "4.93",
        4.75,
        5.05,
        f"SELECT avg(distance_mi) {_COMPLETED}",
    ),
    Calibration(
        "trip time, 10th percentile (min)",
        _NOT_FOUND,
        "",
        "4",
        "4.00",
        3.5,
        4.6,
        f"SELECT quantile_cont({_MINUTES}, 0.10) {_COMPLETED}",
    ),
    Calibration(
        "trip time, median (min)",
        _NOT_FOUND,
        "",
        "13",
        "12.97",
        12,
        14,
        f"SELECT median({_MINUTES}) {_COMPLETED}",
    ),
    Calibration(
        "trip time, 90th percentile (min)",
        _NOT_FOUND,
        "",
        "30",
        "30.00",
        27.5,
        32.5,
        f"SELECT quantile_cont({_MINUTES}, 0.90) {_COMPLETED}",
    ),
    Calibration(
        "fare, mean ($)",
        "27.67 (Uber), 25.15 (Lyft) in New York 2025; half of Chicago's 2018 fares near 5 to 10",
        f"{_TLC}; Curbed Chicago 2019",
        "18.3, between the two on purpose",
        "18.13",
        17.4,
        19.4,
        f"SELECT avg(fare) {_COMPLETED}",
    ),
    Calibration(
        "fare, median ($)",
        _NOT_FOUND,
        "",
        "13.7",
        "13.70",
        12.9,
        14.5,
        f"SELECT median(fare) {_COMPLETED}",
    ),
    Calibration(
        "driver's share of the fare",
        "79 %",
        _TLC,
        "79 %",
        "78.98 %",
        0.789,
        0.790,
        f"SELECT sum(driver_pay) / sum(fare) {_COMPLETED}",
    ),
    Calibration(
        "share of trips with a tip",
        "16 % (Uber 2017); 17.3 % (Chicago)",
        f"{_TIPS}; CompassRed",
        "16 to 17 %",
        "16.54 %",
        0.14,
        0.19,
        "SELECT (SELECT count(*) FROM payments WHERE kind = 'tip') / count(*) "
        "FROM rides WHERE status = 'completed'",
    ),
    Calibration(
        "mean tip when tipped ($)",
        "3.11",
        _TIPS,
        "3.00",
        "2.97",
        2.9,
        3.1,
        "SELECT avg(amount) FROM payments WHERE kind = 'tip'",
    ),
    Calibration(
        "riders with 20 or more rides who never tip",
        "about 60 % of riders never tip",
        _TIPS,
        "60 %",
        "58.88 %",
        0.54,
        0.66,
        "SELECT avg((tips = 0)::INTEGER) FROM ("
        "SELECT r.user_id, count(DISTINCT r.ride_id) AS rides, count(p.payment_id) AS tips "
        "FROM rides AS r LEFT JOIN payments AS p ON p.ride_id = r.ride_id AND p.kind = 'tip' "
        "WHERE r.status = 'completed' GROUP BY r.user_id) WHERE rides >= 20",
    ),
    Calibration(
        "wait from request to pickup, median (s)",
        "2.6 min after a concert with surge working",
        "Hall, Kendrick and Nosko, 2015",
        "250",
        "249",
        238,
        262,
        f"SELECT median({_WAIT}) {_COMPLETED}",
    ),
    Calibration(
        "wait from request to pickup, 90th percentile (s)",
        _NOT_FOUND,
        "",
        "564",
        "559",
        530,
        600,
        f"SELECT quantile_cont({_WAIT}, 0.90) {_COMPLETED}",
    ),
    Calibration(
        "share of city quarter-hours with surge",
        "57 % in central San Francisco, 14 % in Manhattan",
        "Chen, Mislove and Wilson, IMC 2015",
        "14 to 20 %",
        "15.64 %",
        0.14,
        0.20,
        "SELECT avg((multiplier > 1)::INTEGER) FROM surge_snapshots",
    ),
    Calibration(
        "largest surge multiplier",
        _NOT_FOUND,
        "",
        "capped at 3.0",
        "3.0",
        2.0,
        3.0,
        "SELECT max(multiplier) FROM surge_snapshots",
    ),
    Calibration(
        "requests cancelled by the rider",
        _NOT_FOUND,
        "",
        "7.5 %",
        "7.15 %",
        0.065,
        0.085,
        "SELECT avg((cancelled_by IS NOT DISTINCT FROM 'rider')::INTEGER) FROM rides",
    ),
    Calibration(
        "requests cancelled by the driver",
        "2 to 7 %",
        "Brown, UCLA 2018 (1,704 trips)",
        "3.5 %",
        "3.37 %",
        0.028,
        0.042,
        "SELECT avg((cancelled_by IS NOT DISTINCT FROM 'driver')::INTEGER) FROM rides",
    ),
    Calibration(
        "requests that find no driver",
        "99.7 % of riders arrived",
        "Brown, UCLA 2018",
        "0.1 to 1 %",
        "0.55 %",
        0.001,
        0.010,
        "SELECT avg((cancelled_by IS NOT DISTINCT FROM 'system')::INTEGER) FROM rides",
    ),
    Calibration(
        "rated drivers below 4.6",
        "2 to 3 %",
        "Business Insider 2015, on one city's guide of 2014",
        "3 %",
        "3.59 %",
        0.015,
        0.05,
        "SELECT avg((rating < 4.6)::INTEGER) FROM drivers WHERE rating IS NOT NULL",
    ),
    Calibration(
        "rated drivers at or below 4.5",
        _NOT_FOUND,
        "",
        "1 %",
        "1.54 %",
        0.002,
        0.02,
        "SELECT avg((rating <= 4.5)::INTEGER) FROM drivers WHERE rating IS NOT NULL",
    ),
    Calibration(
        "drivers without a rating",
        _NOT_FOUND,
        "",
        "6 %, the new ones",
        "6.48 %",
        0.045,
        0.08,
        "SELECT avg((rating IS NULL)::INTEGER) FROM drivers",
    ),
    Calibration(
        "median driver rating",
        "ratings crowd at the top",
        "Filippas, Horton and Golden",
        "4.8",
        "4.82",
        4.76,
        4.84,
        "SELECT median(rating) FROM drivers",
    ),
    Calibration(
        "share of completed rides the rider rated",
        _NOT_FOUND,
        "",
        "60 %",
        "60.05 %",
        0.585,
        0.615,
        "SELECT (SELECT count(*) FROM ratings WHERE rated_by = 'user') / count(*) "
        "FROM rides WHERE status = 'completed'",
    ),
    Calibration(
        "active riders of a month with one ride",
        "30 %",
        _SECOND_MEASURE,
        "about 40 %",
        "42.59 %",
        0.30,
        0.45,
        _MONTHLY.format("avg((rides = 1)::INTEGER)"),
    ),
    Calibration(
        "active riders of a month with four rides or more",
        "40 %",
        _SECOND_MEASURE,
        "about 35 %",
        "33.12 %",
        0.30,
        0.45,
        _MONTHLY.format("avg((rides >= 4)::INTEGER)"),
    ),
    Calibration(
        "active riders of a month with seven rides or more",
        "20 %",
        _SECOND_MEASURE,
        "about 20 %",
        "20.17 %",
        0.16,
        0.26,
        _MONTHLY.format("avg((rides >= 7)::INTEGER)"),
    ),
    Calibration(
        "rides a month of the top 1 % of active riders",
        "33 or more",
        _SECOND_MEASURE,
        "about 40",
        "38",
        30,
        52,
        _MONTHLY.format("quantile_disc(rides, 0.99)"),
    ),
    *(
        Calibration(
            f"riders who ride in the {name} week after their first",
            _NOT_FOUND,
            "",
            f"{share * 100:.0f} %, invented",
            found,
            share - 0.035,
            share + 0.035,
            _RETENTION.format(week=week),
        )
        for week, name, share, found in (
            (1, "1st", 0.43, "40.45 %"),
            (2, "2nd", 0.35, "34.61 %"),
            (4, "4th", 0.28, "29.36 %"),
            (8, "8th", 0.22, "23.73 %"),
            (12, "12th", 0.19, "19.84 %"),
        )
    ),
    Calibration(
        "drivers of the first two weeks who are gone six months later",
        "65 % of men, 76.5 % of women",
        "Cook et al. 2018, as reported",
        "65 %",
        "61.82 %",
        0.55,
        0.75,
        "WITH early AS (SELECT driver_id FROM rides WHERE driver_id IS NOT NULL "
        "AND requested_at < TIMESTAMP '2025-10-13 00:00:00' GROUP BY driver_id), "
        "late AS (SELECT DISTINCT driver_id FROM rides "
        "WHERE requested_at >= TIMESTAMP '2026-03-16 00:00:00') "
        "SELECT 1 - (SELECT count(*) FROM early JOIN late USING (driver_id)) / count(*) "
        "FROM early",
    ),
    Calibration(
        "first charges that are declined",
        "about 20 % of card-not-present payments",
        "subrevival.com 2026, benchmark",
        "4.2 %, invented",
        "4.18 %",
        0.038,
        0.046,
        "SELECT avg((status = 'failed')::INTEGER) FROM payments "
        "WHERE kind = 'fare' AND attempt_no = 1",
    ),
    Calibration(
        "declined charges recovered at the second attempt",
        _NOT_FOUND,
        "",
        "80 %",
        "80.17 %",
        0.76,
        0.84,
        "SELECT avg((status = 'succeeded')::INTEGER) FROM payments "
        "WHERE kind = 'fare' AND attempt_no = 2 AND idempotency_key LIKE '%-fare-2'",
    ),
    Calibration(
        "busiest hour of the week compared with the mean hour (local time)",
        "peaks on Friday and Saturday nights and in weekday rush hours",
        "CMAP on Chicago TNP, 2019",
        "about twice",
        "2.18",
        1.7,
        2.3,
        "WITH hourly AS (SELECT dayofweek(t) AS weekday, hour(t) AS hour, count(*) AS requests "
        "FROM (SELECT requested_at AT TIME ZONE 'UTC' AT TIME ZONE timezone AS t "
        "FROM rides JOIN cities USING (city_id)) GROUP BY ALL) "
        "SELECT max(requests) / avg(requests) FROM hourly",
    ),
)
