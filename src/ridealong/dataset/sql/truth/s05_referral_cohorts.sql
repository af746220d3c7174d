-- S5: people who came by referral in two weeks ride more often in their fourth week. Referral as such
-- is not better, and the youngest cohorts have no fourth week yet.

CREATE TEMP TABLE cohort AS
SELECT u.user_id, u.signup_channel,
       date_trunc('week', u.created_at) AS week,
       bool_or(date_trunc('week', r.requested_at) = date_trunc('week', u.created_at)
                                                   + INTERVAL 4 WEEK) AS kept,
       date_trunc('week', u.created_at) + INTERVAL 5 WEEK <= as_of() AS complete,
       u.signup_channel IS NOT DISTINCT FROM 'referral'
           AND date_trunc('week', u.created_at) IN (
               at_second(getvariable('s5_week') * 604800),
               at_second((getvariable('s5_week') + 1) * 604800)) AS planted
FROM users AS u
JOIN rides AS r USING (user_id)
GROUP BY u.user_id, u.signup_channel, u.created_at;

CREATE TEMP TABLE truth AS
SELECT at_second(getvariable('s5_week') * 604800) AS first_week,
       at_second((getvariable('s5_week') + 1) * 604800) AS second_week,
       'referral' AS channel,
       avg(kept::INTEGER) FILTER (WHERE planted) AS week_4_retention,
       avg(kept::INTEGER) FILTER (WHERE complete AND NOT planted) AS week_4_retention_of_others,
       count(*) FILTER (WHERE planted) AS riders
FROM cohort;

CREATE TEMP TABLE naive AS
SELECT (SELECT avg(kept::INTEGER) FROM cohort
        WHERE complete AND NOT planted AND signup_channel = 'referral')
           AS referral_in_other_weeks,
       (SELECT avg(kept::INTEGER) FROM cohort
        WHERE complete AND NOT planted AND signup_channel = 'organic') AS organic_in_other_weeks,
       (SELECT avg(kept::INTEGER) FROM cohort WHERE NOT planted)
           AS others_with_unfinished_cohorts;

SELECT promise
FROM truth, naive, (VALUES
    ('the cohorts keep at least 10 points more', week_4_retention - week_4_retention_of_others >= 0.10),
    ('referral in other weeks is not special',
     week_4_retention - referral_in_other_weeks >= 0.08),
    ('unfinished cohorts pull the rate down',
     others_with_unfinished_cohorts < week_4_retention_of_others)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
