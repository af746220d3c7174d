-- Who drives when.
--
-- A driver works the same four-hour blocks of the week for a whole two-week roster. 42 blocks make a
-- week, 13 rosters the history.

-- Drivers whose rides are written by hand, and the rosters they are therefore not on: two for user
-- 123 and two for the fraud ring (S6).
CREATE TEMP TABLE reserved_driver AS
WITH candidate AS (
    SELECT driver_id, city_id, h FROM chauffeur
    WHERE first_roster <= 9 AND last_roster = 12
),
for_rider AS (
    SELECT driver_id, row_number() OVER (ORDER BY attribute(h, 43), driver_id) AS place
    FROM candidate WHERE city_id = 1
),
for_ring AS (
    SELECT driver_id, row_number() OVER (ORDER BY attribute(h, 44), driver_id) AS place
    FROM candidate
    WHERE city_id = getvariable('s6_city')
      AND driver_id NOT IN (SELECT driver_id FROM for_rider WHERE place <= 2)
)
SELECT driver_id, 'rider 123' AS task, place, 10 AS from_roster, 12 AS to_roster
FROM for_rider WHERE place <= 2
UNION ALL
SELECT driver_id, 'ring', place, 9, 10
FROM for_ring WHERE place <= 2
ORDER BY task, place;

CREATE TEMP TABLE shift AS
WITH driver AS (
    SELECT driver_id, city_id, first_roster, last_roster,
           120 + below(attribute(h, 5), 360) AS habit
    FROM in_quarters('chauffeur', driver_id)
),
week_shift AS (
    SELECT d.driver_id, d.city_id, d.first_roster, d.last_roster, block, habit,
           first_round(d.driver_id::UBIGINT * 64 + block::UBIGINT) AS once,
           -- supply follows the local day: few at night, most in the evening
           [55, 75, 110, 105, 135, 115][
               ((block % 6) * 4 + 26 - c.behind_utc_s // 3600) % 24 // 4 + 1] AS weight
    FROM driver AS d
    JOIN city_clock AS c USING (city_id)
    CROSS JOIN range(42) AS blocks (block)
),
drawn AS (
    SELECT * EXCLUDE (once), second_round(once, getvariable('shift_key')) AS draw FROM week_shift
),
worked AS (
    SELECT driver_id, city_id, block, draw,
           unnest(range(first_roster::BIGINT, last_roster::BIGINT + 1)) AS roster
    FROM drawn
    WHERE below(draw, 100000) < habit * weight
)
-- A crew is everybody on shift in one city and one block of one roster. Within a crew the drivers
-- stand in a random order.
SELECT ((w.roster * 42 + w.block) * 8 + w.city_id)::INTEGER AS crew, w.driver_id
FROM worked AS w
LEFT JOIN reserved_driver AS r
  ON r.driver_id = w.driver_id AND w.roster BETWEEN r.from_roster AND r.to_roster
WHERE r.driver_id IS NULL
ORDER BY crew, w.draw, w.driver_id;

CREATE TEMP TABLE crew AS
SELECT crew, count(*) AS drivers, min(rowid) AS first_row FROM shift GROUP BY crew ORDER BY crew;

-- S1: a concert on a Thursday or Friday evening, 18:00-22:00 local, in week 22 or 23, in a city whose
-- crews of that evening have at least one driver for 64 riders. With fewer the evening would find
-- nobody to drive, concert or not. Of the twenty evenings in question the first such one counts, from
-- the wished one on; the largest city always has some.
CREATE TEMP TABLE concert AS
WITH evening AS (
    SELECT number, (number // 4 + 1)::TINYINT AS city_id,
           ((22 + number // 2 % 2) * 7 + 3 + number % 2) * 86400 + 64800 AS local_s
    FROM range(20) AS numbers (number)
),
in_utc AS (
    SELECT number, e.city_id, local_s,
           to_utc(local_s, behind_utc_s, observes_dst, false)::BIGINT AS start_s
    FROM evening AS e
    JOIN city_clock AS c ON c.city_id = e.city_id
),
-- an evening of four hours lies in one or two blocks
manned AS (
    SELECT number, u.city_id, local_s, start_s,
           least(coalesce(a.drivers, 0), coalesce(b.drivers, 0)) AS drivers,
           (SELECT count(*) FROM person AS p
            WHERE p.city_id = u.city_id AND p.created_s < u.start_s
              AND p.adds_payment AND p.deleted_s IS NULL AND p.user_id <> 123) AS riders
    FROM in_utc AS u
    LEFT JOIN crew AS a
      ON a.crew = (start_s // 14400 // 84 * 42 + start_s // 14400 % 42) * 8 + u.city_id
    LEFT JOIN crew AS b
      ON b.crew = ((start_s + 14399) // 14400 // 84 * 42 + (start_s + 14399) // 14400 % 42) * 8
                  + u.city_id
)
SELECT city_id, local_s, start_s
FROM manned
ORDER BY drivers * 64 >= riders DESC,
         CASE WHEN drivers * 64 >= riders THEN (number + 20 - getvariable('s1_wish')) % 20 END,
         drivers * 1000 // greatest(riders, 1) DESC, number
LIMIT 1;

SET VARIABLE s1_city = (SELECT city_id FROM concert);
SET VARIABLE s1_local_s = (SELECT local_s FROM concert);
SET VARIABLE s1_start_s = (SELECT start_s FROM concert);
SET VARIABLE s1_end_s = (SELECT getvariable('s1_start_s') + 14400);
-- For 26 minutes the surge multiplier is stuck at 1.00.
SET VARIABLE s1_stuck_s = (SELECT getvariable('s1_start_s') + getvariable('s1_stuck_after_s'));
-- The control evening is an ordinary one, a week earlier. It starts at the same local hour.
SET VARIABLE s1_control_s = (
    SELECT to_utc(getvariable('s1_local_s') - 604800, behind_utc_s, observes_dst, false)::BIGINT
    FROM city_clock WHERE city_id = getvariable('s1_city'));
-- The decoy: New Year's Eve in another city, with demand but without long waits.
SET VARIABLE s1_decoy_city = (SELECT (getvariable('s1_city') % 5) + 1);
SET VARIABLE s1_decoy_start_s = (
    SELECT to_utc(93 * 86400 + 64800, behind_utc_s, observes_dst, false)::BIGINT
    FROM city_clock WHERE city_id = getvariable('s1_decoy_city'));
