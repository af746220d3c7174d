-- Incidents, city events and support tickets.

INSERT INTO incidents
SELECT row_number() OVER (ORDER BY started_s) AS incident_id, title, severity, service, city_id,
       at_second(started_s) AS started_at, at_second(detected_s) AS detected_at,
       at_second(mitigated_s) AS mitigated_at, at_second(resolved_s) AS resolved_at
FROM (
    SELECT 'Map tiles load slowly' AS title, 'sev3' AS severity, 'maps' AS service, NULL AS city_id,
           60 * 86400 + 54000 AS started_s, 60 * 86400 + 55800 AS detected_s,
           60 * 86400 + 61200 AS mitigated_s, 60 * 86400 + 64800 AS resolved_s
    UNION ALL
    SELECT 'Push notifications delayed', 'sev3', 'notifications', NULL,
           110 * 86400 + 36000, 110 * 86400 + 39600, NULL, 110 * 86400 + 50400
    UNION ALL
    SELECT 'Surge price not updated', 'sev2', 'pricing', getvariable('s1_city')::SMALLINT,
           getvariable('s1_stuck_s'), getvariable('s1_stuck_s') + 1080,
           getvariable('s1_stuck_s') + 1560, getvariable('s1_stuck_s') + 5400
    UNION ALL
    SELECT 'Payment provider alpha times out', 'sev1', 'payments', NULL,
           getvariable('s2_start_s'), getvariable('s2_start_s') + 720,
           getvariable('s2_end_s'), getvariable('s2_end_s') + 7200
    UNION ALL
    SELECT 'Receipts late', 'sev2', 'receipts', NULL,
           getvariable('s2_start_s') + 900, getvariable('s2_end_s') - 600,
           getvariable('s2_end_s') + 1200, getvariable('s2_end_s') + getvariable('s13_drain_s')
) AS incident
ORDER BY incident_id;

-- Some forty things happened in the cities; most of them changed nothing.
INSERT INTO city_events
WITH usual AS (
    SELECT number, row_draw(number, getvariable('map_key')) AS h FROM range(34) AS numbers (number)
),
placed AS (
    SELECT number, (below(attribute(h, 1), 6) + 1)::SMALLINT AS city_id,
           CASE WHEN below(attribute(h, 2), 100) < 62 THEN 'concert'
                WHEN below(attribute(h, 2), 100) < 92 THEN 'storm' ELSE 'strike' END AS kind,
           -- not in the weeks of the concert that matters
           5 + below(attribute(h, 3), 145) AS day,
           below(attribute(h, 4), 5) AS hour,
           CASE WHEN below(attribute(h, 5), 2) = 0 THEN 'ARN' ELSE 'EXH' END AS venue
    FROM usual
),
listed AS (
    SELECT city_id, CASE WHEN kind = 'concert' THEN venue END AS venue, kind,
           day * 86400 + 64800 + 3600 * hour AS local_s, 10800 AS length_s
    FROM placed
    UNION ALL
    SELECT city_id, NULL, 'holiday', day * 86400, 86400
    FROM city_clock CROSS JOIN (VALUES (59), (87), (93)) AS days (day)
    WHERE city_id IN (getvariable('s1_city'), getvariable('s1_decoy_city'))
    UNION ALL
    SELECT getvariable('s1_city')::SMALLINT, 'ARN', 'concert', getvariable('s1_local_s') + 3600, 10800
),
in_utc AS (
    SELECT l.city_id, prefix || '-' || l.venue AS zone_code, l.kind,
           to_utc(local_s, behind_utc_s, observes_dst, false) AS from_s, length_s
    FROM listed AS l
    JOIN city_clock USING (city_id)
    JOIN city_prefix USING (city_id)
)
SELECT row_number() OVER (ORDER BY from_s, city_id, kind, zone_code) AS event_id,
       city_id, zone_code, kind, at_second(from_s) AS starts_at,
       at_second(from_s + length_s) AS ends_at
FROM in_utc
ORDER BY event_id;

-- Tickets: about seven in a thousand rides; S1 and S2 bring more (by rank).
CREATE TEMP TABLE ticket AS
WITH s1_wait AS (
    SELECT ride_id, user_id, end_s, h,
           row_number() OVER (ORDER BY attribute(h, 50), ride_id) AS place
    FROM ride
    WHERE city_id = getvariable('s1_city') AND requested_s >= getvariable('s1_start_s')
      AND requested_s < getvariable('s1_end_s') AND user_id <> 123
),
s2_charge AS (
    SELECT r.ride_id, r.user_id, r.end_s, r.h,
           row_number() OVER (ORDER BY attribute(r.h, 50), r.ride_id) AS place,
           count(*) OVER () AS doubled
    FROM timed_out AS t JOIN ride AS r USING (ride_id)
    WHERE t.doubled
),
written AS (
    SELECT ride_id, user_id, 'long_wait' AS category, end_s, h FROM s1_wait
    WHERE place <= getvariable('s1_tickets')
    UNION ALL
    SELECT ride_id, user_id, 'double_charge', end_s, h FROM s2_charge WHERE place * 10 <= doubled * 6
    UNION ALL
    SELECT ride_id, user_id,
           CASE WHEN status = 'cancelled' OR below(attribute(h, 51), 100) < 16 THEN 'long_wait'
                WHEN below(attribute(h, 51), 100) < 60 THEN 'fare'
                WHEN below(attribute(h, 51), 100) < 88 THEN 'lost_item'
                WHEN below(attribute(h, 51), 100) < 95 THEN 'safety'
                ELSE 'double_charge' END,
           end_s, h
    FROM ride
    WHERE below(attribute(h, 52), 1000) < 7 AND user_id <> 123
      AND status IN ('completed', 'cancelled')
      AND NOT (city_id = getvariable('s1_city') AND requested_s >= getvariable('s1_start_s')
               AND requested_s < getvariable('s1_end_s'))
      AND ride_id NOT IN (SELECT ride_id FROM timed_out)
),
timed AS (
    SELECT *, end_s + 600 + below(attribute(h, 53), 86400) AS created_s FROM written
)
SELECT ride_id, user_id, category, h, created_s,
       created_s + 1800 + below(attribute(h, 54), 72000) AS reply_s,
       created_s + 73800 + below(attribute(h, 55), 260000) AS resolved_s
FROM timed
WHERE created_s <= getvariable('history_s')
ORDER BY created_s, ride_id, category;

INSERT INTO support_tickets
SELECT rowid + 1 AS ticket_id, user_id,
       -- one ticket in ten does not say which ride it is about
       CASE WHEN below(attribute(h, 56), 100) >= 10 OR category = 'double_charge' THEN ride_id END
           AS ride_id,
       category,
       at_second(created_s) AS created_at,
       CASE WHEN reply_s <= getvariable('history_s') THEN at_second(reply_s) END AS first_reply_at,
       CASE WHEN resolved_s <= getvariable('history_s') THEN at_second(resolved_s) END
           AS resolved_at,
       CASE WHEN resolved_s <= getvariable('history_s') AND below(attribute(h, 57), 100) < 40
            THEN [1, 2, 2, 3, 3, 4, 4, 4, 5, 5][below(attribute(h, 58), 10) + 1] END::TINYINT AS csat
FROM ticket
ORDER BY ticket_id;
