-- Every request for a ride: who, where, when, how far.
--
-- A grid of riders and weeks; a rider is active in a week or not; an active week has some rides; a
-- ride falls into an hour of the local week. Then local time becomes UTC.

-- Riders whose days are written by hand get no drawn rides in that time.
CREATE TEMP TABLE hand_written AS
SELECT 123 AS user_id, 142 * 86400 AS from_s, getvariable('history_s') AS to_s
UNION ALL
SELECT user_id, getvariable('s6_start_s'), getvariable('s6_start_s') + 18 * 86400 FROM ring
ORDER BY user_id;

-- Everybody who can pay, with what the stories want of them. A table of its own, so that the long
-- query below is one pass without joins to people.
CREATE TEMP TABLE rider AS
SELECT p.user_id, p.city_id, p.habit, p.created_s, p.signup_week, s.stays,
       coalesce(p.deleted_s - 7200, getvariable('history_s')) AS until_s,
       coalesce(n.treated, false) AS sees_note,
       w.from_s AS hand_from_s, w.to_s AS hand_to_s
FROM person AS p
LEFT JOIN s5_cohort AS s USING (user_id)
LEFT JOIN s15_note AS n USING (user_id)
LEFT JOIN hand_written AS w USING (user_id)
WHERE p.adds_payment
ORDER BY p.user_id;

CREATE TEMP TABLE request AS
WITH weeks AS (
    SELECT *, first_round(user_id::UBIGINT * 32 + week::UBIGINT) AS once
    FROM (SELECT *, unnest(range(signup_week::BIGINT, 26)) AS week
          FROM in_quarters('rider', user_id))
),
drawn AS (
    SELECT user_id, city_id, habit, created_s, until_s, hand_from_s, hand_to_s, sees_note, stays,
           week, week - signup_week AS age, second_round(once, getvariable('week_key')) AS h
    FROM weeks
),
active AS (
    SELECT user_id, city_id, created_s, until_s, hand_from_s, hand_to_s, sees_note, week, h,
           greatest(1, drawn_from(getvariable('rides_slots'), attribute(h, 1)) * habit // 1000)
               AS rides
    FROM drawn
    WHERE CASE WHEN stays IS NOT NULL AND age = 4 THEN stays
               ELSE below(attribute(h, 2), 1000000)
                    < least(1900, 350 + habit * 55 // 100)
                      * getvariable('retention')[age + 1] END
),
-- In the week in which summer time ends every ride is drawn twice; the echo is kept only if it falls
-- into the hour that happens twice. So that hour has rides both times.
ride AS (
    SELECT *, unnest(range(CASE WHEN week = 4 THEN 2 * rides ELSE rides END)) AS number
    FROM active
),
timed AS (
    SELECT user_id, city_id, created_s, until_s, hand_from_s, hand_to_s, sees_note, week, number,
           number >= rides AS echo,
           mix((h + (number % rides + 11)::UBIGINT * 40503::UBIGINT) & 4294967295::UBIGINT)
               AS h
    FROM ride
),
placed AS (
    SELECT user_id, created_s, until_s, hand_from_s, hand_to_s, sees_note, week, number, echo,
           -- three in a hundred rides happen in another city than the rider's own
           CASE WHEN below(attribute(h, 1), 1000) < 970 THEN city_id
                ELSE city_of(attribute(h, 2)) END::TINYINT AS city_id,
           week * 604800
           + drawn_from(getvariable('hour_slots'), attribute(h, 3)) * 3600
           -- an echo has a minute of its own: the two hours are alike, not copies
           + below(CASE WHEN echo THEN attribute(h, 40) ELSE attribute(h, 4) END, 3600) AS local_s,
           CASE WHEN echo THEN mix(h) ELSE h END AS h
    FROM timed
),
in_utc AS (
    SELECT user_id, p.city_id, (week * 128 + number)::SMALLINT AS slot, h::UINTEGER AS h,
           created_s, until_s, hand_from_s, hand_to_s, sees_note,
           to_utc(local_s, behind_utc_s, observes_dst, echo)::INTEGER AS requested_s,
           drawn_from(getvariable('distance_slots'), attribute(h, 5))::INTEGER AS distance,
           drawn_from(getvariable('speed_slots'), attribute(h, 6))::INTEGER AS speed,
           drawn_from(getvariable('wait_slots'), attribute(h, 7))::INTEGER AS wait_s
    FROM placed AS p
    JOIN city_clock AS c USING (city_id)
    WHERE CASE week
              WHEN 4 THEN NOT echo OR (observes_dst AND local_s >= getvariable('dst_ends_s') - 3600
                                       AND local_s < getvariable('dst_ends_s'))
              -- the hour that is skipped in spring has no rides
              WHEN 22 THEN NOT (observes_dst AND local_s >= getvariable('dst_begins_s')
                                AND local_s < getvariable('dst_begins_s') + 3600)
              ELSE true END
),
kept AS (
    SELECT user_id, city_id, slot, h, requested_s, distance, speed, wait_s, sees_note,
           NULL::INTEGER AS ride_s, 0 AS planted_id
    FROM in_utc
    WHERE requested_s >= created_s + 240 AND requested_s < until_s
      AND (hand_from_s IS NULL OR requested_s < hand_from_s OR requested_s >= hand_to_s)
    UNION ALL
    SELECT user_id, city_id, 4000::SMALLINT AS slot, h, requested_s,
           coalesce(distance,
                    drawn_from(getvariable('distance_slots'), attribute(h, 5))::INTEGER),
           drawn_from(getvariable('speed_slots'), attribute(h, 6))::INTEGER,
           coalesce(wait_s, drawn_from(getvariable('wait_slots'), attribute(h, 7))::INTEGER),
           false, ride_s, planted_id
    FROM planted
),
-- S1: on the evening of the concert everybody in that city waits 2.2 times as long.
measured AS (
    SELECT user_id, city_id, slot, h, requested_s, distance, sees_note, planted_id,
           CASE WHEN city_id = getvariable('s1_city')
                     AND requested_s >= getvariable('s1_start_s')
                     AND requested_s < getvariable('s1_end_s')
                THEN wait_s * 22 // 10 ELSE wait_s END AS wait_s,
           -- long trips use faster roads
           coalesce(ride_s, distance * 360 // (speed + least(250, distance // 8) - 25)) AS ride_s
    FROM kept
),
-- Nobody sits in two cars: a request during the rider's previous ride is dropped.
queued AS (
    SELECT *, max(requested_s + wait_s + ride_s) OVER earlier AS busy_until_s
    FROM measured
    WINDOW earlier AS (PARTITION BY user_id ORDER BY requested_s, slot, planted_id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT requested_s::INTEGER AS requested_s,
       user_id::INTEGER AS user_id,
       city_id::TINYINT AS city_id,
       h::UINTEGER AS h,
       wait_s::INTEGER AS wait_s,
       ride_s::INTEGER AS ride_s,
       distance::INTEGER AS distance,
       sees_note,
       planted_id::INTEGER AS planted_id
FROM queued
WHERE busy_until_s IS NULL OR busy_until_s <= requested_s OR planted_id BETWEEN 1 AND 9999
ORDER BY requested_s, user_id, slot, planted_id;
