-- Supply: driver pings of two evenings, and the surge snapshots of every quarter of an hour.

-- One ping per minute from every driver on shift in the concert's city, from two hours before the
-- concert (S1) to two hours after it, and at the same hours one week earlier.
CREATE TEMP TABLE ping AS
WITH evening AS (
    SELECT getvariable('s1_start_s') - 7200 AS from_s, 's1' AS evening
    UNION ALL
    SELECT getvariable('s1_control_s') - 7200, 'control'
),
on_duty AS (
    SELECT DISTINCT e.evening, e.from_s, s.driver_id
    FROM evening AS e
    CROSS JOIN range(3) AS blocks (k)
    JOIN shift AS s
      ON s.crew = (((e.from_s // 14400 + k) // 84) * 42 + (e.from_s // 14400 + k) % 42) * 8
                  + getvariable('s1_city')
),
minute AS (
    SELECT evening, driver_id, from_s + 60 * m AS ping_s
    FROM on_duty CROSS JOIN range(480) AS minutes (m)
),
trip AS (
    SELECT driver_id, requested_s + accept_after_s AS from_s, end_s
    FROM ride
    WHERE city_id = getvariable('s1_city') AND driver_id IS NOT NULL
      AND requested_s BETWEEN getvariable('s1_control_s') - 21600
                          AND getvariable('s1_end_s') + 21600
),
busy AS (
    SELECT DISTINCT t.driver_id,
           unnest(range((t.from_s + 59)::BIGINT // 60, (t.end_s + 59)::BIGINT // 60)) AS minute
    FROM trip AS t
)
SELECT m.evening, m.driver_id, m.ping_s,
       row_draw((m.driver_id::BIGINT * 32768 + m.ping_s // 900) % 4294967296,
                getvariable('supply_key'))::UINTEGER AS h,
       CASE WHEN b.driver_id IS NOT NULL THEN 'on_trip'
            WHEN s.driver_id IS NULL
                 -- S1: for ten minutes nobody is left who is not on a trip
                 OR (m.ping_s >= getvariable('s1_stuck_s') + 600
                     AND m.ping_s < getvariable('s1_stuck_s') + 1200)
                 -- a break of a quarter of an hour now and then
                 OR below(row_draw((m.driver_id::BIGINT * 32768 + m.ping_s // 900) % 4294967296,
                                   getvariable('supply_key')), 100) < 4 THEN 'offline'
            ELSE 'available' END AS state
FROM minute AS m
LEFT JOIN busy AS b ON b.driver_id = m.driver_id AND b.minute = m.ping_s // 60
LEFT JOIN shift AS s
  ON s.driver_id = m.driver_id
     AND s.crew = ((m.ping_s // 14400 // 84) * 42 + m.ping_s // 14400 % 42) * 8
                  + getvariable('s1_city')
ORDER BY m.driver_id, m.ping_s;

INSERT INTO driver_pings
SELECT driver_id, at_second(ping_s) AS ping_at,
       getvariable('zone_codes')[(getvariable('s1_city') - 1) * 12
                                 + getvariable('place_slots')[below(attribute(h, 1), 64) + 1]]
           AS zone_code,
       state
FROM ping
ORDER BY driver_id, ping_at;

-- How many riders wait and how many drivers are busy at each snapshot: one up when it begins, one
-- down when it is over, added up over time.
CREATE TEMP TABLE load AS
WITH step AS (
    SELECT city_id, (requested_s + 899) // 900 AS quarter, 1 AS waiting, 0 AS busy FROM ride
    UNION ALL
    SELECT city_id,
           (CASE WHEN outcome = 'completed' THEN requested_s + wait_s ELSE end_s END + 899) // 900,
           -1, 0
    FROM ride
    UNION ALL
    SELECT city_id, (requested_s + accept_after_s + 899) // 900, 0, 1
    FROM ride WHERE driver_id IS NOT NULL
    UNION ALL
    SELECT city_id, (end_s + 899) // 900, 0, -1 FROM ride WHERE driver_id IS NOT NULL
),
net AS (
    SELECT city_id, quarter, sum(waiting)::BIGINT AS waiting, sum(busy)::BIGINT AS busy
    FROM step GROUP BY city_id, quarter
)
SELECT s.city_id, s.quarter, s.tenths,
       sum(coalesce(n.waiting, 0)) OVER so_far::INTEGER AS waiting,
       sum(coalesce(n.busy, 0)) OVER so_far::INTEGER AS busy
FROM snapshot AS s
LEFT JOIN net AS n USING (city_id, quarter)
WINDOW so_far AS (PARTITION BY s.city_id ORDER BY s.quarter
                  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
ORDER BY s.city_id, s.quarter;

-- On the two evenings with pings the number of available drivers is counted from them. During the
-- concert the cache is ten minutes behind (S14).
INSERT INTO surge_snapshots
WITH pinged AS (
    SELECT ping_s, count(*) FILTER (WHERE state = 'available') AS available
    FROM ping GROUP BY ping_s
)
SELECT l.city_id, at_second(l.quarter * 900) AS snapshot_at,
       l.waiting AS open_requests,
       coalesce(p.available, greatest(0, coalesce(c.drivers, 0) - l.busy))::INTEGER
           AS available_drivers,
       (l.tenths::DECIMAL(3, 0) * 0.1)::DECIMAL(3, 2) AS multiplier
FROM load AS l
LEFT JOIN crew AS c
  ON c.crew = ((l.quarter // 16 // 84) * 42 + l.quarter // 16 % 42) * 8 + l.city_id
LEFT JOIN pinged AS p
  ON l.city_id = getvariable('s1_city')
     AND p.ping_s = l.quarter * 900
         - CASE WHEN l.quarter * 900 >= getvariable('s1_start_s')
                     AND l.quarter * 900 <= getvariable('s1_end_s') THEN 600 ELSE 0 END
ORDER BY l.city_id, snapshot_at;
