-- S13: during the outage (S2) receipts pile up; afterwards the queue drains. Some jobs die. Rating
-- prompts are not concerned.

CREATE TEMP TABLE lag AS
SELECT kind, enqueued_at, status, date_diff('second', enqueued_at, started_at) AS lag_s
FROM jobs;

CREATE TEMP TABLE truth AS
SELECT at_second(getvariable('s2_start_s')) AS starts_at,
       at_second(getvariable('s2_end_s')) AS worst_at,
       at_second(getvariable('s2_end_s') + getvariable('s13_drain_s')) AS drained_at,
       getvariable('s13_drain_s') // 60 AS drain_minutes,
       (SELECT max(lag_s) FROM lag WHERE kind = 'receipt') AS peak_lag_s,
       (SELECT count(*) FROM lag WHERE status = 'dead') AS dead_jobs,
       (SELECT max(lag_s) FROM lag WHERE kind = 'rating_prompt') AS peak_lag_of_rating_prompts_s;

CREATE TEMP TABLE naive AS
SELECT (SELECT avg(lag_s) FROM lag
        WHERE kind = 'receipt' AND enqueued_at::DATE = at_second(getvariable('s2_start_s'))::DATE)
           AS mean_lag_of_the_day_s,
       (SELECT median(lag_s) FROM lag
        WHERE kind = 'receipt' AND enqueued_at::DATE = at_second(getvariable('s2_start_s'))::DATE)
           AS median_lag_of_the_day_s;

SELECT promise
FROM truth, naive, (VALUES
    ('the peak lag is over half an hour', peak_lag_s >= 1800),
    ('exactly the planted jobs died', dead_jobs = getvariable('s13_dead')),
    ('rating prompts are in time', peak_lag_of_rating_prompts_s < 120),
    ('the mean of the day hides it', mean_lag_of_the_day_s < peak_lag_s / 2)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
