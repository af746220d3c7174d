-- S1: one evening in one city. Demand several times that of the same hour in other weeks, long waits,
-- and for 26 minutes a price that does not move. The decoy is New Year's Eve in another city: as
-- much demand, no longer waits.

CREATE TEMP TABLE city_hour AS
WITH local AS (
    SELECT r.city_id, r.status, r.cancelled_by,
           date_trunc('hour', r.requested_at AT TIME ZONE 'UTC' AT TIME ZONE c.timezone) AS hour,
           date_trunc('hour', r.requested_at) AS utc_hour,
           date_diff('second', r.requested_at, r.picked_up_at) AS wait_s
    FROM rides AS r JOIN cities AS c USING (city_id)
),
counted AS (
    SELECT city_id, hour, min(utc_hour) AS utc_hour, count(*) AS requests, median(wait_s) AS wait_s
    FROM local GROUP BY city_id, hour
),
slot AS (
    SELECT city_id, dayofweek(hour) AS weekday, hour(hour) AS hour_of_day, median(requests) AS usual
    FROM counted GROUP BY ALL
)
SELECT c.*, s.usual, c.requests / s.usual AS ratio
FROM counted AS c
JOIN slot AS s ON s.city_id = c.city_id AND s.weekday = dayofweek(c.hour)
                  AND s.hour_of_day = hour(c.hour);

CREATE TEMP TABLE truth AS
WITH evening AS (
    SELECT * FROM rides
    WHERE city_id = getvariable('s1_city')
      AND requested_at >= at_second(getvariable('s1_start_s'))
      AND requested_at < at_second(getvariable('s1_end_s'))
),
other AS (
    SELECT median(date_diff('second', requested_at, picked_up_at)) AS wait_s
    FROM rides
    WHERE city_id = getvariable('s1_city') AND status = 'completed'
      AND NOT (requested_at >= at_second(getvariable('s1_start_s'))
               AND requested_at < at_second(getvariable('s1_end_s')))
)
SELECT (SELECT name FROM cities WHERE city_id = getvariable('s1_city')) AS city,
       at_second(getvariable('s1_start_s')) AS starts_at,
       at_second(getvariable('s1_end_s')) AS ends_at,
       at_second(getvariable('s1_local_s')) AS starts_at_local,
       at_second(getvariable('s1_stuck_s')) AS price_stuck_from,
       26 AS price_stuck_minutes,
       (SELECT count(*) FROM evening) AS requests,
       (SELECT min(ratio) FROM city_hour
        WHERE city_id = getvariable('s1_city')
          AND hour >= at_second(getvariable('s1_local_s'))
          AND hour < at_second(getvariable('s1_local_s') + 14400)) AS smallest_hourly_ratio,
       (SELECT max(ratio) FROM city_hour
        WHERE city_id = getvariable('s1_city')
          AND hour >= at_second(getvariable('s1_local_s'))
          AND hour < at_second(getvariable('s1_local_s') + 14400)) AS largest_hourly_ratio,
       (SELECT median(date_diff('second', requested_at, picked_up_at)) FROM evening
        WHERE status = 'completed') AS median_wait_s,
       (SELECT wait_s FROM other) AS usual_median_wait_s,
       (SELECT avg((status = 'cancelled')::INTEGER) FROM evening) AS unfulfilled_share,
       (SELECT count(*) FROM support_tickets AS t JOIN ticket ON ticket.rowid + 1 = t.ticket_id
        WHERE t.category = 'long_wait' AND ticket.ride_id IN (SELECT ride_id FROM evening))
           AS long_wait_tickets;

CREATE TEMP TABLE naive AS
SELECT (SELECT date_trunc('hour', max_by(utc_hour, requests)) FROM city_hour
        WHERE city_id = getvariable('s1_city')) AS busiest_hour_read_as_utc,
       (SELECT max(ratio) FROM city_hour WHERE requests < 20) AS largest_ratio_of_a_quiet_hour,
       (SELECT name FROM cities WHERE city_id = getvariable('s1_decoy_city')) AS decoy_city,
       DATE '2025-12-31' AS decoy_local_date,
       (SELECT max(ratio) FROM city_hour
        WHERE city_id = getvariable('s1_decoy_city') AND hour >= TIMESTAMP '2025-12-31 18:00:00'
          AND hour < TIMESTAMP '2026-01-01 00:00:00') AS decoy_largest_ratio,
       (SELECT median(date_diff('second', requested_at, picked_up_at)) FROM rides
        WHERE city_id = getvariable('s1_decoy_city') AND status = 'completed'
          AND requested_at >= at_second(getvariable('s1_decoy_start_s'))
          AND requested_at < at_second(getvariable('s1_decoy_start_s') + 21600))
           AS decoy_median_wait_s;

SELECT promise
FROM truth, naive, (VALUES
    ('every hour has at least three times the usual requests', smallest_hourly_ratio >= 3),
    ('the wait is at least 1.8 times the usual one', median_wait_s >= 1.8 * usual_median_wait_s),
    ('between 25 and 45 % of the requests end without a ride',
     unfulfilled_share BETWEEN 0.25 AND 0.45),
    ('every planted ticket was written', long_wait_tickets >= getvariable('s1_tickets')),
    ('the decoy has much more than the usual demand', decoy_largest_ratio >= 1.8),
    ('the decoy has ordinary waits', decoy_median_wait_s < 1.5 * usual_median_wait_s)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
