-- S6: twelve accounts on two phones ride with two drivers, give and get five stars, and use a new
-- rider's code every time. The decoy: a family of four on one tablet.

CREATE TEMP TABLE device AS
SELECT p.device_id, list(DISTINCT p.user_id ORDER BY p.user_id) AS user_ids,
       count(*) AS redemptions, count(DISTINCT r.driver_id) AS drivers
FROM promo_redemptions AS p
JOIN rides AS r USING (ride_id)
GROUP BY p.device_id;

CREATE TEMP TABLE truth AS
WITH member AS (
    SELECT unnest(user_ids) AS user_id FROM device WHERE len(user_ids) > 4
),
ring_ride AS (
    SELECT r.*, p.discount
    FROM rides AS r
    JOIN promo_redemptions AS p USING (ride_id)
    JOIN member AS m ON m.user_id = r.user_id
    WHERE r.requested_at >= at_second(getvariable('s6_start_s'))
      AND r.requested_at < at_second(getvariable('s6_start_s') + 18 * 86400)
      AND p.code = 'WELCOME50'
)
SELECT (SELECT list(user_id ORDER BY user_id) FROM member) AS user_ids,
       (SELECT list(DISTINCT driver_id ORDER BY driver_id) FROM ring_ride) AS driver_ids,
       (SELECT list(device_id ORDER BY device_id) FROM device WHERE len(user_ids) > 4)
           AS device_ids,
       (SELECT name FROM cities WHERE city_id = getvariable('s6_city')) AS city,
       (SELECT count(*) FROM ring_ride) AS rides,
       (SELECT sum(discount) FROM ring_ride) AS discount_dollars,
       (SELECT max(distance_mi) FROM ring_ride) AS longest_ride_mi,
       (SELECT min(stars) FROM ratings WHERE ride_id IN (SELECT ride_id FROM ring_ride))
           AS fewest_stars,
       (SELECT count(*) FROM ratings WHERE ride_id IN (SELECT ride_id FROM ring_ride)) AS ratings;

CREATE TEMP TABLE naive AS
SELECT (SELECT list(DISTINCT user_id ORDER BY user_id)
        FROM (SELECT unnest(user_ids) AS user_id FROM device WHERE len(user_ids) > 1))
           AS everybody_who_shares_a_device,
       (SELECT user_ids FROM device WHERE len(user_ids) = 4) AS family_with_one_tablet;

SELECT promise
FROM truth, naive, (VALUES
    ('twelve accounts', len(user_ids) = 12),
    ('two drivers', len(driver_ids) = 2),
    ('two devices', len(device_ids) = 2),
    ('96 rides', rides = 96),
    ('all of them below 1.2 miles', longest_ride_mi < 1.2),
    ('five stars both ways', fewest_stars = 5 AND ratings = 192),
    ('a family of four shares a tablet', len(family_with_one_tablet) = 4)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
