-- Rides that are written by hand: the pinned rider and the stories that need more rides than chance
-- gives. Columns left NULL are filled in like those of any other ride.

CREATE TEMP TABLE planted (
    planted_id  INTEGER,
    story       VARCHAR,
    user_id     INTEGER,
    city_id     TINYINT,
    draw_id     INTEGER,                 -- the number `h` is drawn from, once all rides are here
    h           UINTEGER,
    requested_s INTEGER,
    driver_id   INTEGER,
    wait_s      INTEGER,
    ride_s      INTEGER,
    distance    INTEGER,                 -- hundredths of a mile
    outcome     VARCHAR                  -- completed, rider, driver; NULL: as drawn
);

-- Rider 123: eight completed rides in the last 30 days and two cancelled ones. Ride 3 ends exactly
-- when the 30 days begin; ride 4 is requested before that moment and completed after it.
INSERT INTO planted
SELECT number, 'rider 123', 123, 1, number, NULL,
       second_of(requested_at),
       (SELECT driver_id FROM reserved_driver
        WHERE task = 'rider 123' AND place = number % 2 + 1),
       wait_s, ride_s, distance, outcome
FROM (VALUES
    (1, TIMESTAMP '2026-02-20 22:05:10', 240, 840, 310, 'completed'),
    (2, TIMESTAMP '2026-02-26 13:12:00', 200, 1100, 420, 'completed'),
    (3, TIMESTAMP '2026-02-27 23:35:00', 300, 1200, 515, 'completed'),
    (4, TIMESTAMP '2026-02-27 23:58:30', 450, 900, 280, 'completed'),
    (5, TIMESTAMP '2026-03-04 13:31:42', 185, 1260, 640, 'completed'),
    (6, TIMESTAMP '2026-03-05 22:48:15', 600, 0, 350, 'rider'),
    (7, TIMESTAMP '2026-03-11 12:40:08', 210, 1234, 640, 'completed'),
    (8, TIMESTAMP '2026-03-14 02:10:55', 330, 720, 198, 'completed'),
    (9, TIMESTAMP '2026-03-19 23:02:37', 540, 0, 450, 'driver'),
    (10, TIMESTAMP '2026-03-21 18:15:00', 150, 610, 122, 'completed'),
    (11, TIMESTAMP '2026-03-25 12:55:20', 260, 1180, 640, 'completed'),
    (12, TIMESTAMP '2026-03-28 21:44:03', 275, 1500, 870, 'completed')
) AS ride (number, requested_at, wait_s, ride_s, distance, outcome)
ORDER BY number;

-- S6: 96 short rides of 12 accounts with 2 drivers in 16 days, four a day with each driver.
CREATE TEMP TABLE ring AS
WITH candidate AS (
    SELECT user_id, row_number() OVER (ORDER BY attribute(h, 45), user_id) AS place
    FROM person
    WHERE city_id = getvariable('s6_city') AND adds_payment AND deleted_s IS NULL
      AND user_id <> 123 AND created_s < getvariable('s6_start_s') - 86400
      AND created_s >= getvariable('s6_start_s') - 40 * 86400
)
SELECT user_id, place - 1 AS place FROM candidate WHERE place <= 12
ORDER BY place;

INSERT INTO planted
WITH drawn AS (
    SELECT number, row_draw(1000 + number, getvariable('story_key')) AS h
    FROM range(96) AS numbers (number)
)
SELECT 1000 + number, 'S6', ring.user_id, getvariable('s6_city'), 1000 + number, NULL,
       getvariable('s6_start_s') + number // 6 * 86400 + 64800 + (number % 6) // 2 * 7200
           + below(attribute(h, 1), 2400),
       d.driver_id,
       90 + below(attribute(h, 2), 60),
       180 + below(attribute(h, 3), 180),
       50 + below(attribute(h, 4), 68),
       'completed'
FROM drawn
JOIN ring ON ring.place = (number * 5 + number // 12) % 12
JOIN reserved_driver AS d ON d.task = 'ring' AND d.place = number % 2 + 1
ORDER BY number;

-- S2: 44 short rides that end while the provider is down, by riders of all cities, so that there are
-- always enough to choose from; most of the riders have the new app version.
INSERT INTO planted
WITH candidate AS (
    SELECT user_id, city_id, takes_new_version, h,
           row_number() OVER (PARTITION BY takes_new_version
                              ORDER BY attribute(h, 46), user_id) AS place
    FROM person
    WHERE adds_payment AND deleted_s IS NULL AND created_s < 155 * 86400
      AND user_id <> 123 AND user_id NOT IN (SELECT user_id FROM ring)
)
SELECT 10000 + row_number() OVER (ORDER BY takes_new_version, place), 'S2', user_id, city_id,
       10000 + user_id, NULL,
       getvariable('s2_start_s') - 180
           + below(attribute(h, 47), getvariable('s2_end_s') - getvariable('s2_start_s') - 600),
       NULL, 120 + below(attribute(h, 48), 120), 240 + below(attribute(h, 49), 400),
       90 + below(attribute(h, 50), 260), 'completed'
FROM candidate
WHERE place <= CASE WHEN takes_new_version THEN 30 ELSE 14 END
ORDER BY takes_new_version, place;

-- S1: the concert brings 10 in a hundred of the city's riders onto the street in four hours. This
-- story grows with the city, because it is told as a ratio to an ordinary evening.
-- Its decoy, New Year's Eve in another city, brings 5 in a hundred in six hours.
INSERT INTO planted
WITH rider AS (
    SELECT user_id, city_id, h, created_s,
           row_number() OVER (PARTITION BY city_id
                              ORDER BY attribute(h, 51), user_id) AS place,
           count(*) OVER (PARTITION BY city_id) AS people
    FROM person
    WHERE city_id = getvariable('s1_city') AND created_s < getvariable('s1_start_s')
      AND adds_payment AND deleted_s IS NULL AND user_id <> 123
)
SELECT 100000 + place, 'S1', user_id, city_id,
       100000 + user_id, NULL,
       -- evenly over the four hours
       getvariable('s1_start_s')
           + ((place - 1) * 100 + below(attribute(h, 52), 100)) * 144 // (people * 10 // 100 + 1),
       NULL, NULL, NULL, NULL, NULL
FROM rider
WHERE place * 100 <= people * 10
ORDER BY place;

INSERT INTO planted
WITH rider AS (
    SELECT user_id, city_id, h,
           row_number() OVER (ORDER BY attribute(h, 53), user_id) AS place,
           count(*) OVER () AS people
    FROM person
    WHERE city_id = getvariable('s1_decoy_city')
      AND created_s < getvariable('s1_decoy_start_s') AND adds_payment
      AND deleted_s IS NULL AND user_id <> 123
)
SELECT 50000000 + place, 'decoy', user_id, city_id,
       50000000 + user_id, NULL,
       getvariable('s1_decoy_start_s') + below(attribute(h, 54), 21600),
       NULL, NULL, NULL, NULL, NULL
FROM rider
WHERE place * 100 <= people * 5
ORDER BY place;

-- 20 riders ask for a car in the last quarter of an hour, so that some thirty rides are still open
-- when the history ends.
INSERT INTO planted
WITH candidate AS (
    SELECT user_id, city_id, h,
           row_number() OVER (ORDER BY attribute(h, 55), user_id) AS place
    FROM person
    WHERE adds_payment AND deleted_s IS NULL AND user_id <> 123
      AND created_s < getvariable('history_s') - 86400
      AND user_id NOT IN (SELECT user_id FROM ring)
)
SELECT 60000000 + place, 'open', user_id, city_id,
       60000000 + user_id, NULL,
       getvariable('history_s') - 1 - below(attribute(h, 56), 900),
       NULL, NULL, NULL, NULL, NULL
FROM candidate
WHERE place <= 20
ORDER BY place;

UPDATE planted SET h = row_draw(draw_id, getvariable('story_key'));
