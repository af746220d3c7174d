-- S3: since one release, reading a rider's rides is slow, but only for riders with many rides: the
-- 95th percentile shows it, median and mean hardly do. The decoy: the drivers of a city are slow to
-- read at night, whatever the release, because few requests find little in the cache.

CREATE TEMP TABLE endpoint AS
SELECT path_template, method, server_version = '2026.12.0' AS after,
       hour(occurred_at) BETWEEN 7 AND 10 AS night,
       latency_ms
FROM api_requests
WHERE method = 'GET';

CREATE TEMP TABLE truth AS
WITH slow AS (
    SELECT a.user_id, count(*) AS calls FROM api_requests AS a
    WHERE a.path_template = '/users/{user_id}/rides' AND a.server_version = '2026.12.0'
      AND a.latency_ms >= 940
    GROUP BY a.user_id
),
earlier AS (
    SELECT user_id, count(*) AS rides FROM rides
    WHERE status = 'completed' AND completed_at < at_second(getvariable('s3_start_s'))
    GROUP BY user_id
)
SELECT 'GET /users/{user_id}/rides' AS endpoint,
       '2026.12.0' AS server_version,
       at_second(getvariable('s3_start_s')) AS released_at,
       (SELECT quantile_cont(latency_ms, 0.95) FROM endpoint
        WHERE path_template = '/users/{user_id}/rides' AND NOT after) AS p95_before_ms,
       (SELECT quantile_cont(latency_ms, 0.95) FROM endpoint
        WHERE path_template = '/users/{user_id}/rides' AND after) AS p95_after_ms,
       (SELECT avg((latency_ms >= 940)::INTEGER) FROM endpoint
        WHERE path_template = '/users/{user_id}/rides' AND after) AS slow_share,
       20 AS riders_with_more_rides_than,
       (SELECT avg((rides > 20)::INTEGER) FROM slow JOIN earlier USING (user_id))
           AS slow_riders_with_many_rides_share;

CREATE TEMP TABLE naive AS
SELECT (SELECT median(latency_ms) FROM endpoint
        WHERE path_template = '/users/{user_id}/rides' AND NOT after) AS median_before_ms,
       (SELECT median(latency_ms) FROM endpoint
        WHERE path_template = '/users/{user_id}/rides' AND after) AS median_after_ms,
       (SELECT avg(latency_ms) FROM endpoint
        WHERE path_template = '/users/{user_id}/rides' AND NOT after) AS mean_before_ms,
       (SELECT avg(latency_ms) FROM endpoint
        WHERE path_template = '/users/{user_id}/rides' AND after) AS mean_after_ms,
       'GET /cities/{city_id}/drivers' AS decoy_endpoint,
       (SELECT median(latency_ms) FROM endpoint
        WHERE path_template = '/cities/{city_id}/drivers' AND after AND night)
           AS decoy_night_median_after_ms,
       (SELECT median(latency_ms) FROM endpoint
        WHERE path_template = '/cities/{city_id}/drivers' AND NOT after)
           AS decoy_all_day_median_before_ms,
       (SELECT median(latency_ms) FROM endpoint
        WHERE path_template = '/cities/{city_id}/drivers' AND NOT after AND night)
           AS decoy_night_median_before_ms;

SELECT promise
FROM truth, naive, (VALUES
    ('the 95th percentile at least triples', p95_after_ms >= 3 * p95_before_ms),
    ('the median moves by less than 25 %', median_after_ms < 1.25 * median_before_ms),
    ('between 6 and 9 % of the calls are slow', slow_share BETWEEN 0.06 AND 0.09),
    ('slow riders have many rides', slow_riders_with_many_rides_share >= 0.9),
    ('the decoy is slow at night before the release too',
     decoy_night_median_before_ms > 2 * decoy_all_day_median_before_ms)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
