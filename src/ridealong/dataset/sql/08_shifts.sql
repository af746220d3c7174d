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
