-- S4: from one week on, people on one platform stop at `payment_added`. Over both platforms it looks
-- like a mild decline.

CREATE TEMP TABLE funnel AS
SELECT user_id, any_value(platform) AS platform,
       -- the week of the sign-up, seven days after the event at most
       min(occurred_at) FILTER (WHERE event_name = 'phone_verified') AS verified_at,
       bool_or(event_name = 'payment_added') AS paid
FROM app_events
WHERE user_id IS NOT NULL
GROUP BY user_id
HAVING verified_at IS NOT NULL;

CREATE TEMP TABLE truth AS
SELECT getvariable('s4_platform') AS platform,
       at_second(getvariable('s4_week') * 604800) AS from_week,
       'payment_added' AS step,
       avg(paid::INTEGER) FILTER (WHERE affected AND NOT late) AS rate_before,
       avg(paid::INTEGER) FILTER (WHERE affected AND late) AS rate_after,
       avg(paid::INTEGER) FILTER (WHERE NOT affected AND NOT late) AS other_platform_before,
       avg(paid::INTEGER) FILTER (WHERE NOT affected AND late) AS other_platform_after,
       count(*) FILTER (WHERE affected AND late) AS people_affected
FROM (SELECT paid, platform = getvariable('s4_platform') AS affected,
             verified_at >= at_second(getvariable('s4_week') * 604800) AS late
      FROM funnel);

CREATE TEMP TABLE naive AS
SELECT avg(paid::INTEGER) FILTER (WHERE NOT late) AS both_platforms_before,
       avg(paid::INTEGER) FILTER (WHERE late) AS both_platforms_after
FROM (SELECT paid, verified_at >= at_second(getvariable('s4_week') * 604800) AS late FROM funnel);

SELECT promise
FROM truth, naive, (VALUES
    ('the platform loses at least 12 points', rate_before - rate_after >= 0.12),
    ('the other platform moves by less than 6 points',
     abs(other_platform_before - other_platform_after) < 0.06),
    ('together it looks milder', both_platforms_before - both_platforms_after
                                 < rate_before - rate_after)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
