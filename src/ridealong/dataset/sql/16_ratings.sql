-- Stars and comments.
--
-- A driver's ratings are put in an order, and the stars that the driver has lost in total are taken
-- off them one rating after the other: 1, 1, 2, 1, 4, 1, 1, 3, 1, 2 stars and again from the start. So
-- the mean comes out exactly as drawn, with whole stars.

SET VARIABLE star_losses = [1, 1, 2, 1, 4, 1, 1, 3, 1, 2]::BIGINT[];
SET VARIABLE star_losses_before = [0, 1, 2, 4, 5, 9, 10, 11, 14, 15]::BIGINT[];
SET VARIABLE praise = [
    'Great conversation, smooth ride', 'Right on time', 'Very clean car', 'Thanks!', 'thank you!!',
    'Driver waited while I found my keys', 'Best ride this week', 'Knew a shortcut, saved us 10 minutes',
    'Helped with my suitcase', 'Quiet and safe, just what I needed', '100% on time, every time',
    'Couldn''t have been nicer', 'Friendly and careful', 'LOVED the music', 'Car smelled fresh',
    'Found the pickup_spot at once', 'On Time and polite', 'It''s always a pleasure',
    'Perfect, no detours', 'Great driver, great car', 'smooth', 'A+', 'Good playlist',
    'Calm in heavy traffic']::VARCHAR[];
SET VARIABLE doubts = [
    'Fine, but the car was cold', 'Took a detour I did not ask for', 'Driver didn''t know the way',
    'Ok', 'Late by 5 minutes, otherwise good', 'Radio too loud', 'Car could be cleaner',
    'Dropped me at the wrong side of the street', 'A bit fast on the highway', 'Long wait at the airport',
    'App showed "2 minutes" for ten minutes', 'Had to call twice']::VARCHAR[];
SET VARIABLE complaints = [
    'Driver was on the phone the whole time', 'RUDE', 'Waited 20 minutes', 'Wouldn''t open the trunk',
    'Car was dirty and late', 'Unsafe driving', 'Charged 50% more than the quote',
    'Never again', 'Went the long way round', 'Driver cancelled, then came back']::VARCHAR[];

CREATE TEMP TABLE rider_rating AS
SELECT ride_id, driver_id, planted_id, h, rating_second(end_s, h)::INTEGER AS created_s
FROM ride
WHERE is_rated(status, end_s, h, planted_id)
ORDER BY ride_id;

-- S7: M drivers whose nightly copy stopped after a bad start. They lost their stars early; today they
-- are better than the copy says.
CREATE TEMP TABLE stale_driver AS
WITH candidate AS (
    SELECT s.driver_id, s.ratings, s.lost,
           row_number() OVER (ORDER BY attribute(d.h, 30), s.driver_id) AS place
    FROM driver_stars AS s
    JOIN chauffeur AS d USING (driver_id)
    WHERE s.ratings >= 40 AND s.lost >= 10 AND s.ratings * 2 >= s.lost * 7 AND d.last_roster = 12
      AND d.driver_id NOT IN (SELECT driver_id FROM reserved_driver)
)
SELECT driver_id, lost FROM candidate
WHERE place <= getvariable('s7_stale_drivers')
ORDER BY driver_id;

CREATE TEMP TABLE rider_stars AS
WITH ordered AS (
    SELECT g.ride_id, g.driver_id, g.created_s, g.h, s.lost,
           row_number() OVER (
               PARTITION BY g.driver_id
               ORDER BY CASE WHEN g.planted_id BETWEEN 1000 AND 1999 THEN 3   -- S6: five stars
                             WHEN d.driver_id IS NOT NULL THEN 1
                             -- S7: airport pickups come to the front of the queue for bad marks
                             WHEN r.pickup_location LIKE '%-AIR'
                                  AND below(attribute(g.h, 32), 100) < 35 THEN 1
                             ELSE 2 END,
                        CASE WHEN d.driver_id IS NOT NULL THEN g.created_s
                             ELSE attribute(g.h, 33)::BIGINT END,
                        g.ride_id) AS place
    FROM rider_rating AS g
    JOIN rides AS r USING (ride_id)
    JOIN driver_stars AS s ON s.driver_id = g.driver_id
    LEFT JOIN stale_driver AS d ON d.driver_id = g.driver_id
)
SELECT ride_id, driver_id, created_s, h,
       5 - greatest(0, least(getvariable('star_losses')[(place - 1) % 10 + 1],
                             lost - (place - 1) // 10 * 17
                             - getvariable('star_losses_before')[(place - 1) % 10 + 1])) AS stars
FROM ordered
ORDER BY ride_id;

-- The copy of a stale driver: made at 09:00 UTC after a little more than twice as many ratings as
-- stars were lost.
CREATE TEMP TABLE stale_copy AS
WITH counted AS (
    SELECT r.driver_id, r.created_s, r.stars, d.lost,
           row_number() OVER (PARTITION BY r.driver_id ORDER BY r.created_s, r.ride_id) AS place
    FROM rider_stars AS r
    JOIN stale_driver AS d USING (driver_id)
),
made AS (
    SELECT driver_id, (max(created_s) - 32400) // 86400 * 86400 + 118800 AS copied_s
    FROM counted WHERE place <= lost * 21 // 10
    GROUP BY driver_id
)
SELECT m.driver_id, m.copied_s, count(*) AS ratings, sum(c.stars)::BIGINT AS stars
FROM made AS m
JOIN counted AS c ON c.driver_id = m.driver_id AND c.created_s < m.copied_s
GROUP BY m.driver_id, m.copied_s
ORDER BY m.driver_id;

UPDATE drivers
SET rating = dollars((s.stars * 100 + s.ratings // 2) // s.ratings)::DECIMAL(3, 2),
    rating_updated_at = at_second(s.copied_s)
FROM stale_copy AS s
WHERE s.driver_id = drivers.driver_id;

-- Drivers rate riders less often, and mostly well.
INSERT INTO ratings
WITH given AS (
    SELECT ride_id, 'user' AS rated_by, stars, created_s, h FROM rider_stars
    UNION ALL
    SELECT ride_id, 'driver',
           CASE WHEN planted_id BETWEEN 1000 AND 1999 OR below(attribute(h, 35), 1000) < 905 THEN 5
                WHEN below(attribute(h, 35), 1000) < 965 THEN 4
                WHEN below(attribute(h, 35), 1000) < 985 THEN 3
                ELSE 1 END,
           end_s + 20 + below(attribute(h, 36), 5000),
           mix(h)
    FROM ride
    WHERE status = 'completed'
      AND (below(attribute(h, 34), 100) < 30 OR planted_id BETWEEN 1000 AND 1999)
      AND end_s + 5020 < getvariable('history_s')
)
SELECT row_number() OVER (ORDER BY created_s, ride_id, rated_by) AS rating_id,
       ride_id, rated_by, stars::TINYINT AS stars,
       CASE WHEN rated_by = 'driver' OR below(attribute(h, 37), 100) >= 12 + 8 * (5 - stars) THEN NULL
            WHEN stars = 5 THEN getvariable('praise')[below(attribute(h, 38), 24) + 1]
            WHEN stars >= 3 THEN getvariable('doubts')[below(attribute(h, 38), 12) + 1]
            ELSE getvariable('complaints')[below(attribute(h, 38), 10) + 1] END AS comment,
       at_second(created_s) AS created_at
FROM given
ORDER BY rating_id;
