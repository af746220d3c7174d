-- Cities and zones: fictional names on real time zones.

INSERT INTO cities
SELECT * FROM (VALUES
    (1, 'Harborview', 'East', 'America/New_York', DATE '2025-07-14', 2.55, 1.75, 0.35, 7.00),
    (2, 'Brookfall', 'East', 'America/New_York', DATE '2025-08-04', 2.55, 1.75, 0.36, 7.00),
    (3, 'Lakemont', 'Central', 'America/Chicago', DATE '2025-08-18', 2.60, 1.80, 0.35, 7.00),
    (4, 'Drymesa', 'Mountain', 'America/Phoenix', DATE '2025-09-01', 2.40, 1.65, 0.33, 6.50),
    (5, 'Pinewater', 'West', 'America/Los_Angeles', DATE '2025-09-08', 2.75, 1.85, 0.38, 7.50),
    (6, 'Coralgate', 'West', 'America/Los_Angeles', DATE '2025-09-22', 2.60, 1.80, 0.36, 7.00)
) AS city (city_id, name, region, timezone, launched_on, base_fare, per_mile, per_minute, min_fare)
ORDER BY city_id;

-- What the generator needs to know about a city: the winter offset in seconds, and cents.
CREATE TEMP TABLE city_clock AS
SELECT city_id::TINYINT AS city_id, behind_utc_s::INTEGER AS behind_utc_s, observes_dst,
       (base_fare * 100)::INTEGER AS base_cents,
       (per_mile * 100)::INTEGER AS cents_per_mile,
       (per_minute * 100)::INTEGER AS cents_per_minute,
       (min_fare * 100)::INTEGER AS min_cents
FROM (VALUES
    (1, 18000, true), (2, 18000, true), (3, 21600, true), (4, 25200, false), (5, 28800, true),
    (6, 28800, true)
) AS clock (city_id, behind_utc_s, observes_dst)
JOIN cities USING (city_id)
ORDER BY city_id;

-- The city of a person: 38, 22, 16, 10, 9 and 5 in a hundred.
SET VARIABLE city_slots = (
    SELECT list(city_id ORDER BY city_id)
    FROM (SELECT city_id, unnest(range(share))
          FROM (VALUES (1, 38), (2, 22), (3, 16), (4, 10), (5, 9), (6, 5)) AS c (city_id, share)));
CREATE TEMP MACRO city_of(r) AS getvariable('city_slots')[below(r, 100) + 1];

-- Daylight saving ends on Sunday 2025-11-02 and begins on Sunday 2026-03-08, at 02:00 local time.
-- Both moments in seconds of local time since 2025-09-29 00:00.
SET VARIABLE dst_ends_s = 2944800;
SET VARIABLE dst_begins_s = 13831200;

-- Local seconds to UTC seconds. In the hour that happens twice, `second_time` says which one it is.
CREATE TEMP MACRO to_utc(local_s, behind_utc_s, observes_dst, second_time) AS
    local_s + behind_utc_s
    - CASE WHEN observes_dst
                AND ((local_s < getvariable('dst_ends_s') AND NOT second_time)
                     OR local_s >= getvariable('dst_begins_s'))
           THEN 3600 ELSE 0 END;

CREATE TEMP TABLE place AS
SELECT *
FROM (VALUES
    (1, 'DTN', 'Downtown', 'downtown'), (2, 'OLD', 'Old Town', 'downtown'),
    (3, 'AIR', 'Airport', 'airport'), (4, 'ARN', 'Arena', 'venue'),
    (5, 'EXH', 'Exhibition Hall', 'venue'), (6, 'UNI', 'University', 'campus'),
    (7, 'NTH', 'Northside', 'residential'), (8, 'EST', 'Eastgate', 'residential'),
    (9, 'WST', 'Westfield', 'residential'), (10, 'STH', 'Southbank', 'residential'),
    (11, 'HIL', 'Hillcrest', 'suburb'), (12, 'LAK', 'Lakeshore', 'suburb')
) AS place (place_no, code, name, kind)
ORDER BY place_no;

CREATE TEMP TABLE city_prefix AS
SELECT *
FROM (VALUES (1, 'HBV'), (2, 'BRK'), (3, 'LKM'), (4, 'DRY'), (5, 'PNW'), (6, 'CRG'))
    AS prefix (city_id, prefix)
ORDER BY city_id;

INSERT INTO zones
SELECT prefix || '-' || code AS zone_code, c.city_id, c.name || ' ' || p.name AS name, p.kind
FROM city_prefix
JOIN cities AS c USING (city_id)
CROSS JOIN place AS p
ORDER BY c.city_id, p.place_no;

-- Zone codes by (city_id - 1) * 12 + place_no, and 64 equal slots of places other than the airport.
SET VARIABLE zone_codes = (
    SELECT list(prefix || '-' || code ORDER BY city_id, place_no)
    FROM city_prefix CROSS JOIN place);
SET VARIABLE place_slots = [
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 5, 5, 6, 6, 6, 6, 6, 6, 7,
    7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10, 11, 11, 11, 11,
    12, 12, 12, 12]::INTEGER[];
