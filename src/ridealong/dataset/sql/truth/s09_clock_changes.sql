-- S9: 2025-11-02 has 25 hours and 2026-03-08 has 23 where the clocks change; Drymesa's do not.

CREATE TEMP TABLE local_ride AS
SELECT r.ride_id, c.name AS city, r.requested_at,
       r.requested_at AT TIME ZONE 'UTC' AT TIME ZONE c.timezone AS local_at,
       c.timezone <> 'America/Phoenix' AS changes
FROM rides AS r JOIN cities AS c USING (city_id);

CREATE TEMP TABLE truth AS
SELECT date_diff('hour', TIMESTAMP '2025-11-02 00:00:00' AT TIME ZONE 'America/New_York',
                 TIMESTAMP '2025-11-03 00:00:00' AT TIME ZONE 'America/New_York')
           AS hours_of_2025_11_02,
       date_diff('hour', TIMESTAMP '2026-03-08 00:00:00' AT TIME ZONE 'America/New_York',
                 TIMESTAMP '2026-03-09 00:00:00' AT TIME ZONE 'America/New_York')
           AS hours_of_2026_03_08,
       date_diff('hour', TIMESTAMP '2026-03-08 00:00:00' AT TIME ZONE 'America/Phoenix',
                 TIMESTAMP '2026-03-09 00:00:00' AT TIME ZONE 'America/Phoenix')
           AS hours_of_2026_03_08_in_drymesa,
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
              ON r.city IN ('Harborview', 'Brookfall') AND date_trunc('hour', r.requested_at) = instant.hour
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
    ('the days have 25, 23 and 24 hours', hours_of_2025_11_02 = 25
        AND hours_of_2026_03_08 = 23 AND hours_of_2026_03_08_in_drymesa = 24),
    ('the skipped hour has none', rides_in_the_skipped_hour = 0),
    ('days in UTC are other days', rides_on_another_day_when_grouped_in_utc > 0)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
