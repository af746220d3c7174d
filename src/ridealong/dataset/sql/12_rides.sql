-- Which driver gets which request, how every ride ends, and the table `rides`.
--
-- Requests are numbered in the order of time: the number is the ride's id. Within a city and a
-- four-hour block they go round the drivers on shift. A request that would overlap an earlier ride
-- of its driver finds no driver.

CREATE TEMP TYPE ride_status AS ENUM
    ('requested', 'accepted', 'in_progress', 'completed', 'cancelled');
CREATE TEMP TYPE ride_outcome AS ENUM ('completed', 'rider', 'driver', 'system');

CREATE TEMP TABLE ride AS
WITH numbered AS (
    SELECT rowid + 1 AS ride_id, *, requested_s // 14400 AS block FROM request
),
waiting AS (
    SELECT *, ((block // 84) * 42 + block % 42) * 8 + city_id AS crew,
           row_number() OVER (PARTITION BY city_id, block ORDER BY ride_id) AS place
    FROM numbered
),
dispatched AS (
    SELECT w.ride_id, w.requested_s, w.user_id, w.city_id, w.h, w.wait_s, w.ride_s, w.distance,
           w.sees_note, w.planted_id, s.driver_id AS candidate_id
    FROM waiting AS w
    LEFT JOIN crew AS c ON c.crew = w.crew
    LEFT JOIN shift AS s ON s.rowid = c.first_row + (w.place + w.block) % c.drivers
),
drawn AS (
    SELECT d.* EXCLUDE (candidate_id, sees_note),
           least(60, d.wait_s // 3) AS accept_after_s,
           CASE
               WHEN p.outcome IS NOT NULL THEN p.outcome
               -- S1: while the price is stuck, drivers log off; for ten minutes there is none left
               WHEN d.city_id = getvariable('s1_city')
                    AND d.requested_s >= getvariable('s1_stuck_s') + 600
                    AND d.requested_s < getvariable('s1_stuck_s') + 1200 THEN 'system'
               -- riders give up 75 times in 1,000, less often when they see the driver's pickup
               -- note (S15)
               WHEN below(attribute(d.h, 11), 1000) < CASE
                        WHEN d.sees_note AND d.requested_s >= getvariable('s15_note_start_s')
                             AND d.requested_s < getvariable('s15_note_end_s') THEN 42
                        ELSE 75 END THEN 'rider'
               WHEN below(attribute(d.h, 12), 1000) < 37 THEN 'driver'
               ELSE 'completed' END::ride_outcome AS wish,
           coalesce(p.driver_id, d.candidate_id) AS driver_id
    FROM dispatched AS d
    LEFT JOIN planted AS p USING (planted_id)
),
queued AS (
    SELECT *,
           max(CASE WHEN wish = 'completed' THEN requested_s + wait_s + ride_s END) OVER earlier
               AS busy_until_s
    FROM drawn
    WINDOW earlier AS (PARTITION BY driver_id ORDER BY ride_id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
decided AS (
    SELECT *,
           CASE WHEN driver_id IS NULL OR busy_until_s > requested_s THEN 'system'
                ELSE wish END::ride_outcome AS outcome
    FROM queued
),
ended AS (
    SELECT *,
           requested_s
           + CASE outcome WHEN 'completed' THEN wait_s + ride_s
                          WHEN 'rider' THEN 20 + below(attribute(h, 13), wait_s - 20)
                          WHEN 'driver' THEN accept_after_s + 5
                                             + below(attribute(h, 13), wait_s - accept_after_s - 5)
                          ELSE 180 + below(attribute(h, 13), 120) END AS end_s
    FROM decided
)
SELECT ride_id::INTEGER AS ride_id,
       user_id,
       CASE WHEN outcome <> 'system'
                 AND least(end_s, getvariable('history_s')) >= requested_s + accept_after_s
            THEN driver_id END AS driver_id,
       ended.city_id, h, requested_s, wait_s, ride_s, distance, planted_id,
       s.tenths,
       greatest(c.min_cents,
                c.base_cents + c.cents_per_mile * distance // 100
                + c.cents_per_minute * ride_s // 60) * s.tenths // 10 AS fare_cents,
       accept_after_s::INTEGER AS accept_after_s,
       end_s::INTEGER AS end_s,
       outcome,
       CASE WHEN end_s <= getvariable('history_s')
            THEN CASE WHEN outcome = 'completed' THEN 'completed' ELSE 'cancelled' END
            WHEN outcome = 'system' OR getvariable('history_s') < requested_s + accept_after_s
            THEN 'requested'
            WHEN outcome <> 'completed' OR getvariable('history_s') < requested_s + wait_s
            THEN 'accepted'
            ELSE 'in_progress' END::ride_status AS status
FROM ended
JOIN city_clock AS c ON c.city_id = ended.city_id
JOIN snapshot AS s ON s.city_id = ended.city_id AND s.quarter = ended.requested_s // 900
ORDER BY ride_id;

DROP TABLE request;

-- S1: in the evening of the concert riders give up (by rank) until 32 requests in 100 have ended
-- without a ride.
UPDATE ride
SET outcome = 'rider', status = 'cancelled', end_s = requested_s + wait_s * 3 // 4
FROM (
    SELECT ride_id, status = 'completed' AND (planted_id = 0 OR planted_id >= 100000) AS may_give_up,
           count(*) OVER () AS requests,
           count(*) FILTER (WHERE status = 'cancelled') OVER () AS unfulfilled,
           row_number() OVER (PARTITION BY status = 'completed'
                                           AND (planted_id = 0 OR planted_id >= 100000)
                              ORDER BY attribute(h, 10), ride_id) AS place
    FROM ride
    WHERE city_id = getvariable('s1_city') AND requested_s >= getvariable('s1_start_s')
      AND requested_s < getvariable('s1_end_s')
) AS evening
WHERE evening.ride_id = ride.ride_id AND may_give_up
  AND place <= requests * 32 // 100 - unfulfilled;

-- One ride in twelve takes longer than the quote foresaw. One draw serves two purposes: its high
-- bits decide whether, its low bits by how much.
INSERT INTO rides
WITH drawn AS (
    SELECT *, attribute(h, 14) AS detour_draw, attribute(h, 15) AS pickup_draw,
           attribute(h, 16) AS dropoff_draw,
           -- airports are far away: long trips often begin or end there
           CASE WHEN distance >= 600 THEN 150 ELSE 8 END AS airport_share
    FROM ride
),
placed AS (
    SELECT d.*, c.min_cents, c.base_cents, c.cents_per_mile, c.cents_per_minute,
           CASE WHEN below(detour_draw, 12) = 0 THEN 104 + (detour_draw & 15)::INTEGER
                ELSE 100 END AS detour,
           (d.city_id::BIGINT - 1) * 12
           + CASE WHEN below(pickup_draw, 1000) < airport_share THEN 3
                  ELSE getvariable('place_slots')[(pickup_draw & 63)::BIGINT + 1] END AS origin,
           (d.city_id::BIGINT - 1) * 12
           + CASE WHEN below(dropoff_draw, 1000) < airport_share THEN 3
                  ELSE getvariable('place_slots')[(dropoff_draw & 63)::BIGINT + 1] END AS target
    FROM drawn AS d
    JOIN city_clock AS c ON c.city_id = d.city_id
)
SELECT ride_id, user_id, driver_id,
       getvariable('zone_codes')[origin] AS pickup_location,
       getvariable('zone_codes')[target] AS dropoff_location,
       status::VARCHAR AS status,
       at_second(requested_s) AS requested_at,
       CASE WHEN status = 'completed' THEN at_second(end_s) END AS completed_at,
       city_id,
       CASE WHEN status IN ('completed', 'in_progress')
            THEN at_second(requested_s + wait_s) END AS picked_up_at,
       CASE WHEN status = 'cancelled' THEN at_second(end_s) END AS cancelled_at,
       CASE WHEN status = 'cancelled' THEN outcome::VARCHAR END AS cancelled_by,
       CASE WHEN status = 'completed' THEN dollars(distance) END AS distance_mi,
       (tenths::DECIMAL(3, 0) * 0.1)::DECIMAL(3, 2) AS surge_multiplier,
       dollars(greatest(min_cents, base_cents + cents_per_mile * (distance * 100 // detour) // 100
                                   + cents_per_minute * (ride_s * 100 // detour) // 60)
               * tenths // 10) AS quoted_fare,
       CASE WHEN status = 'completed' THEN dollars(fare_cents) END AS fare,
       CASE WHEN status = 'completed' THEN dollars(fare_cents * 79 // 100) END AS driver_pay
-- `ride` is in the order of ride_id, and DuckDB keeps the order of insertion.
FROM placed;

ALTER TABLE rides ADD PRIMARY KEY (ride_id);
