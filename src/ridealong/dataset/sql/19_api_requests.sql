-- Requests to the API in the last 28 days: what the apps of riders and drivers sent.

SET VARIABLE api_from_s = 154 * 86400;
SET VARIABLE new_app_s = 161 * 86400 + 32400;       -- app 5.4.0 is out, 2026-03-09 09:00 UTC

CREATE TEMP MACRO server_version_at(s) AS
    CASE WHEN s >= getvariable('s3_start_s') THEN '2026.12.0'
         WHEN s >= 168 * 86400 + 25200 THEN '2026.11.0'
         WHEN s >= 161 * 86400 + 25200 THEN '2026.10.0'
         ELSE '2026.9.0' END;

CREATE TEMP TABLE recent_ride AS
SELECT r.ride_id, r.user_id, r.city_id, r.h, r.requested_s, r.accept_after_s, r.wait_s, r.end_s,
       r.status, r.driver_id,
       CASE WHEN p.takes_new_version AND r.requested_s >= getvariable('new_app_s') THEN '5.4.0'
            ELSE '5.3.2' END AS app_version
FROM ride AS r
JOIN person AS p USING (user_id)
WHERE r.requested_s >= getvariable('api_from_s') + 120
ORDER BY r.ride_id;

-- Eight rides are watched by an app that asks every second and runs into the rate limit.
CREATE TEMP TABLE impatient AS
WITH candidate AS (
    SELECT ride_id, row_number() OVER (ORDER BY attribute(h, 41), ride_id) AS place
    FROM recent_ride
    WHERE status = 'completed' AND app_version = '5.3.2' AND user_id <> 123 AND wait_s >= 180
)
SELECT ride_id FROM candidate WHERE place <= 8
ORDER BY ride_id;

-- `call`: 1 POST /rides, 2 GET a ride, 3 PATCH a ride, 4 GET a rider's rides, 5 GET drivers of a
-- city, 6 POST /payments. `number` keeps the calls of a ride apart.
CREATE TEMP TABLE call AS
WITH app AS (
    SELECT ride_id, user_id, city_id, app_version, 5 AS call, 1 AS number,
           requested_s - 25 AS at_s, NULL AS payment_id
    FROM recent_ride
    UNION ALL
    SELECT ride_id, user_id, city_id, app_version, 1, 2, requested_s, NULL FROM recent_ride
    UNION ALL
    SELECT ride_id, user_id, city_id, app_version, 2, 3, requested_s + 15, NULL FROM recent_ride
    UNION ALL
    SELECT ride_id, user_id, city_id, app_version, 2, 4, requested_s + wait_s // 2 + 10, NULL
    FROM recent_ride
    UNION ALL
    SELECT ride_id, user_id, city_id, app_version, 3, 5, requested_s + accept_after_s, NULL
    FROM recent_ride WHERE driver_id IS NOT NULL
    UNION ALL
    SELECT ride_id, user_id, city_id, app_version, 3, 6, requested_s + wait_s, NULL
    FROM recent_ride WHERE status IN ('completed', 'in_progress')
    UNION ALL
    SELECT ride_id, user_id, city_id, app_version, 3, 7, end_s, NULL
    FROM recent_ride WHERE status IN ('completed', 'cancelled')
    UNION ALL
    SELECT ride_id, user_id, city_id, app_version, 4, 8, requested_s - 60, NULL
    FROM recent_ride WHERE below(attribute(h, 42), 100) < 45
    UNION ALL
    SELECT r.ride_id, user_id, city_id, app_version, 2, 100 + second, requested_s + 20 + second, NULL
    FROM recent_ride AS r
    JOIN impatient USING (ride_id)
    CROSS JOIN range(60) AS seconds (second)
),
sent AS (
    SELECT p.rowid + 1 AS payment_id, p.ride_id, p.part, p.created_s, t.doubled
    FROM payment AS p
    LEFT JOIN timed_out AS t USING (ride_id)
    WHERE p.part <= 3 AND p.created_s >= getvariable('api_from_s')
),
paid AS (
    SELECT c.ride_id, r.user_id, r.city_id,
           CASE WHEN p.takes_new_version AND c.created_s >= getvariable('new_app_s') THEN '5.4.0'
                ELSE '5.3.2' END AS app_version,
           6 AS call, 10 + c.part + again AS number,
           c.created_s + again * 4 AS at_s, c.payment_id
    FROM sent AS c
    JOIN ride AS r USING (ride_id)
    JOIN person AS p USING (user_id)
    -- S2: app 5.3.2 repeats a call that timed out, with the key it had
    CROSS JOIN (VALUES (0), (10)) AS repeats (again)
    WHERE again = 0 OR (c.part = 1 AND NOT c.doubled)
)
SELECT ride_id, user_id, city_id, app_version, call, number, at_s, payment_id,
       row_draw((ride_id::BIGINT * 256 + number) % 4294967296, getvariable('request_key'))::UINTEGER AS h
FROM (FROM app UNION ALL FROM paid)
WHERE at_s <= getvariable('history_s')
ORDER BY at_s, ride_id, number;

-- S3: of all reads of a rider's rides since the release, 7 in 100 (by rank) are slow, and all of
-- them are for riders who had more than 20 rides by then.
CREATE TEMP TABLE earlier_rides AS
SELECT user_id, count(*) AS rides FROM ride
WHERE status = 'completed' AND end_s < getvariable('s3_start_s')
GROUP BY user_id
ORDER BY user_id;

CREATE TEMP TABLE slow_call AS
WITH since AS (
    SELECT ride_id, number, user_id, h,
           user_id IN (SELECT user_id FROM earlier_rides WHERE rides > 20) AS many_rides,
           count(*) OVER () AS calls
    FROM call
    WHERE call = 4 AND at_s >= getvariable('s3_start_s')
),
ranked AS (
    SELECT ride_id, number, calls,
           row_number() OVER (ORDER BY attribute(h, 1), ride_id, number) AS place
    FROM since WHERE many_rides AND user_id <> 123
)
SELECT ride_id, number FROM ranked WHERE place * 100 <= calls * 7
ORDER BY ride_id, number;

-- A call can also be as slow by chance. Of the riders with few rides to whom that happens since the
-- release, at most one for nine riders with many keeps it; the calls of the others are quick.
CREATE TEMP TABLE quick_call AS
WITH by_chance AS (
    SELECT ride_id, number,
           dense_rank() OVER (ORDER BY row_draw(user_id, getvariable('request_key')), user_id)
               AS place
    FROM call
    JOIN earlier_rides USING (user_id)
    WHERE call = 4 AND at_s >= getvariable('s3_start_s') AND rides <= 20
      AND drawn_from(getvariable('latency_slots'), attribute(h, 5)) * 15 // 10 >= 940
)
SELECT ride_id, number FROM by_chance
WHERE place * 9 > (SELECT count(DISTINCT user_id) FROM slow_call JOIN call USING (ride_id, number))
ORDER BY ride_id, number;

INSERT INTO api_requests
WITH judged AS (
    SELECT c.*, c.rowid + 1 AS request_id,
           p.idempotency_key, p.status AS payment_status,
           t.doubled IS NOT NULL AND c.number = 11 AS timeout,
           s.ride_id IS NOT NULL AS slow,
           q.ride_id IS NOT NULL AS quick,
           CASE
               WHEN c.call = 6 THEN CASE WHEN t.doubled IS NOT NULL AND c.number = 11 THEN 504
                                         WHEN c.number >= 20 THEN 200
                                         WHEN p.status = 'failed' THEN 402 ELSE 201 END
               WHEN c.number >= 130 THEN 429
               WHEN below(attribute(c.h, 2), 10000) < 25 THEN 500
               WHEN c.call = 1 THEN 201
               WHEN c.call = 3 AND below(attribute(c.h, 3), 1000) < 9 THEN 409
               WHEN c.call = 2 AND below(attribute(c.h, 3), 1000) < 3 THEN 404
               ELSE 200 END AS status_code
    FROM call AS c
    LEFT JOIN payments AS p ON p.payment_id = c.payment_id
    LEFT JOIN timed_out AS t ON t.ride_id = c.ride_id AND c.call = 6
    LEFT JOIN slow_call AS s ON s.ride_id = c.ride_id AND s.number = c.number
    LEFT JOIN quick_call AS q ON q.ride_id = c.ride_id AND q.number = c.number
)
SELECT request_id,
       at_second(at_s) AS occurred_at,
       ['POST', 'GET', 'PATCH', 'GET', 'GET', 'POST'][call] AS method,
       ['/rides', '/rides/{ride_id}', '/rides/{ride_id}', '/users/{user_id}/rides',
        '/cities/{city_id}/drivers', '/payments'][call] AS path_template,
       -- a driver's app sends the PATCH
       CASE WHEN call <> 3 THEN user_id END AS user_id,
       CASE WHEN call IN (1, 2, 3, 6) THEN ride_id END AS ride_id,
       city_id,
       status_code::SMALLINT AS status_code,
       CASE WHEN timeout THEN 30000
            WHEN status_code = 429 THEN 2 + below(attribute(h, 4), 4)
            WHEN slow THEN 940 + below(attribute(h, 5), 200)
            WHEN quick THEN 60 + below(attribute(h, 6), 60)
            -- few calls at night find nothing in the cache of a city's drivers
            WHEN call = 5 AND at_s % 86400 BETWEEN 25200 AND 39600
            THEN 90 + drawn_from(getvariable('latency_slots'), attribute(h, 5))
            ELSE drawn_from(getvariable('latency_slots'), attribute(h, 5))
                 * [20, 10, 12, 15, 7, 40][call] // 10 END::INTEGER AS latency_ms,
       idempotency_key,
       app_version,
       server_version_at(at_s) AS server_version
FROM judged
ORDER BY request_id;
