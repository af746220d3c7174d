-- S9: 2025-11-02 has 25 hours and 2026-03-08 has 23 where the clocks change; Drymesa's do not.

CREATE TEMP TABLE local_ride AS
SELECT r.ride_id, c.name AS city, r.requested_at,
       r.requested_at AT TIME ZONE 'UTC' AT TIME ZONE c.timezone AS local_at,
       c.timezone <> 'America/Phoenix' AS changes
FROM rides AS r JOIN cities AS c USING (city_id);

CREATE TEMP TABLE truth AS
SELECT (SELECT count(DISTINCT date_trunc('hour', requested_at)) FROM local_ride
        WHERE city = 'Harborview' AND local_at::DATE = DATE '2025-11-02') AS hours_with_rides_november,
       (SELECT count(*) FROM local_ride
        WHERE changes AND local_at >= TIMESTAMP '2025-11-02 01:00:00'
          AND local_at < TIMESTAMP '2025-11-02 02:00:00') AS rides_in_the_repeated_hour,
       (SELECT count(*) FROM local_ride
        WHERE changes AND local_at >= TIMESTAMP '2025-11-02 00:00:00'
          AND local_at < TIMESTAMP '2025-11-02 01:00:00') AS rides_in_the_hour_before,
       (SELECT min(rides) FROM (
            SELECT count(r.ride_id) AS rides
            FROM (VALUES (TIMESTAMP '2025-11-02 05:00:00'), (TIMESTAMP '2025-11-02 06:00:00'))
                AS instant (hour)
            LEFT JOIN local_ride AS r
              ON r.city = 'Harborview' AND date_trunc('hour', r.requested_at) = instant.hour
            GROUP BY instant.hour)) AS rides_in_the_emptier_of_the_two_hours,
       (SELECT count(*) FROM local_ride
        WHERE changes AND local_at >= TIMESTAMP '2026-03-08 02:00:00'
          AND local_at < TIMESTAMP '2026-03-08 03:00:00') AS rides_in_the_skipped_hour,
       (SELECT count(*) FROM local_ride
        WHERE NOT changes AND local_at::DATE = DATE '2026-03-08') AS rides_in_drymesa_that_day;

CREATE TEMP TABLE naive AS
SELECT count(*) FILTER (WHERE requested_at::DATE <> local_at::DATE)
           AS rides_on_another_day_when_grouped_in_utc,
       count(*) FILTER (WHERE requested_at::DATE = DATE '2025-11-02') AS rides_of_the_utc_day,
       count(*) FILTER (WHERE local_at::DATE = DATE '2025-11-02') AS rides_of_the_local_day
FROM local_ride;

SELECT promise
FROM truth, naive, (VALUES
    ('the repeated hour is filled both times', rides_in_the_emptier_of_the_two_hours > 0),
    ('the repeated hour has more rides than the one before',
     rides_in_the_repeated_hour > rides_in_the_hour_before),
    ('the skipped hour has none', rides_in_the_skipped_hour = 0),
    ('days in UTC are other days', rides_on_another_day_when_grouped_in_utc > 0)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
