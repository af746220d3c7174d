-- S10: unrated drivers, riders without a known home city, rides that are still open. A condition and
-- its opposite together do not find them.

CREATE TEMP TABLE truth AS
SELECT (SELECT count(*) FROM drivers) AS drivers,
       (SELECT count(*) FROM drivers WHERE rating > 4.5) AS drivers_above_4_5,
       (SELECT count(*) FROM drivers WHERE NOT rating > 4.5) AS drivers_not_above_4_5,
       (SELECT count(*) FROM drivers WHERE rating IS NULL) AS drivers_unrated,
       (SELECT count(*) FROM users WHERE home_city_id IS NULL) AS users_without_home_city,
       (SELECT count(*) FROM rides WHERE status NOT IN ('completed', 'cancelled')) AS open_rides;

CREATE TEMP TABLE naive AS
SELECT (SELECT count(*) FROM users
        WHERE user_id NOT IN (SELECT referred_by FROM users)) AS users_who_referred_nobody_by_not_in,
       (SELECT count(*) FROM users AS u
        WHERE NOT EXISTS (SELECT * FROM users AS v WHERE v.referred_by = u.user_id))
           AS users_who_referred_nobody,
       (SELECT count(*) FROM rides WHERE completed_at IS NULL) AS open_rides_by_missing_end;

SELECT promise
FROM truth, naive, (VALUES
    ('the three counts add up',
     drivers = drivers_above_4_5 + drivers_not_above_4_5 + drivers_unrated),
    ('between 3 and 10 % of the drivers are unrated',
     drivers_unrated BETWEEN 0.03 * drivers AND 0.10 * drivers),
    ('somebody is not above 4.5', drivers_not_above_4_5 > 0),
    ('some rides are open', open_rides >= 15),
    ('NOT IN finds nobody', users_who_referred_nobody_by_not_in = 0)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
