-- S2: provider alpha times out; app 5.4.0 asks again with a new key, app 5.3.2 with the old one.
-- Rides charged twice have two succeeded fares under different keys.

CREATE TEMP TABLE truth AS
WITH doubled AS (
    SELECT ride_id, min(amount) AS extra
    FROM payments
    WHERE kind = 'fare' AND status = 'succeeded'
    GROUP BY ride_id
    HAVING count(DISTINCT idempotency_key) > 1
)
SELECT (SELECT count(*) FROM doubled) AS rides,
       (SELECT count(DISTINCT user_id) FROM rides WHERE ride_id IN (SELECT ride_id FROM doubled))
           AS riders,
       (SELECT sum(extra) FROM doubled) AS extra_dollars,
       at_second(getvariable('s2_start_s')) AS starts_at,
       at_second(getvariable('s2_end_s')) AS ends_at,
       'alpha' AS provider,
       '5.4.0' AS app_version,
       getvariable('s2_not_doubled') AS timed_out_but_charged_once,
       (SELECT count(*) FROM api_requests WHERE status_code = 504) AS timeouts,
       (SELECT list(DISTINCT app_version) FROM api_requests
        WHERE path_template = '/payments' AND status_code = 201 AND idempotency_key LIKE 'retry-%')
           AS versions_with_new_keys;

CREATE TEMP TABLE naive AS
SELECT (SELECT count(*) FROM (
            SELECT ride_id FROM payments WHERE status = 'succeeded'
            GROUP BY ride_id HAVING count(*) > 1)) AS rides_when_tips_are_counted,
       (SELECT count(*) FROM (
            SELECT ride_id FROM payments WHERE kind = 'fare'
            GROUP BY ride_id HAVING count(*) > 1)) AS rides_when_failed_attempts_are_counted,
       (SELECT timeouts FROM truth) AS rides_when_every_timeout_is_counted,
       (SELECT count(*) FROM support_tickets WHERE category = 'double_charge')
           AS rides_when_tickets_are_believed;

SELECT promise
FROM truth, naive, (VALUES
    ('exactly the planted rides are charged twice', rides = getvariable('s2_doubled')),
    ('the other timeouts are charged once', timeouts = rides + timed_out_but_charged_once),
    ('only the new app sends new keys', versions_with_new_keys = ['5.4.0']),
    ('counting tips misleads', rides_when_tips_are_counted > 20 * rides),
    ('tickets mislead', rides_when_tickets_are_believed <> rides)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
