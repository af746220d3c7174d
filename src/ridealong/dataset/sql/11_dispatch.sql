-- Which driver gets which request, and how it ends.
--
-- Requests are numbered in the order of time: the number is the ride's id. Within a city and a
-- four-hour block they go round the drivers on shift. A request that would overlap an earlier ride
-- of its driver finds no driver.

CREATE TEMP TABLE snapshot AS
WITH slot AS (
    SELECT c.city_id, quarter, behind_utc_s, observes_dst,
           row_draw(quarter::UBIGINT * 8 + c.city_id::UBIGINT, getvariable('supply_key')) AS h,
           w.weight
    FROM city_clock AS c
    CROSS JOIN range(getvariable('history_s') // 900) AS grid (quarter)
    JOIN hour_weight AS w
      ON w.weekday * 24 + w.hour
         = (quarter * 900 + 604800 - c.behind_utc_s
            + CASE WHEN c.observes_dst
                        AND (quarter * 900 < getvariable('dst_ends_s') + c.behind_utc_s - 3600
                             OR quarter * 900 >= getvariable('dst_begins_s') + c.behind_utc_s)
                   THEN 3600 ELSE 0 END) // 3600 % 168
)
SELECT city_id::TINYINT AS city_id,
       quarter::INTEGER AS quarter,
       CASE
           -- S1: the price is stuck at 1.00 for the quarters that touch the 26 minutes
           WHEN city_id = getvariable('s1_city') AND quarter * 900 >= getvariable('s1_stuck_s')
                AND quarter * 900 < getvariable('s1_stuck_s') + 1560 THEN 10
           WHEN city_id = getvariable('s1_city') AND quarter * 900 >= getvariable('s1_start_s')
                AND quarter * 900 < getvariable('s1_end_s') THEN 17 + below(attribute(h, 3), 8)
           WHEN below(attribute(h, 1), 1000) < weight * weight // 9
                THEN least(30, percentile(getvariable('surge_knots'), attribute(h, 2)))
           ELSE 10
       END::INTEGER AS tenths
FROM slot
ORDER BY city_id, quarter;

CREATE TEMP TABLE dispatch AS
WITH numbered AS (
    SELECT rowid + 1 AS ride_id, *, requested_s // 14400 AS block FROM request
),
queued AS (
    SELECT *, ((block // 84) * 42 + block % 42) * 8 + city_id AS crew,
           row_number() OVER (PARTITION BY city_id, block ORDER BY ride_id) AS number
    FROM numbered
)
SELECT q.ride_id::INTEGER AS ride_id, q.requested_s, q.user_id, q.city_id, q.h, q.wait_s, q.ride_s,
       q.distance, q.sees_note, q.planted_id,
       s.driver_id AS candidate_id
FROM queued AS q
LEFT JOIN crew AS c ON c.crew = q.crew
LEFT JOIN shift AS s ON s.crew = q.crew AND s.place = (q.number + q.block) % c.drivers;
