-- Promo codes and payments.

CREATE TEMP TYPE payment_status AS ENUM ('pending', 'succeeded', 'failed', 'refunded');

-- Which completed rides were paid with a promo code. New riders get WELCOME50 on their first ride;
-- the fraud ring (S6) has it on every ride.
CREATE TEMP TABLE promo AS
WITH first_ride AS (
    SELECT user_id, min(ride_id) AS ride_id
    FROM ride WHERE status = 'completed'
    GROUP BY user_id
),
coded AS (
    SELECT ride_id, 'WELCOME50' AS code
    FROM first_ride
    WHERE below(row_draw(user_id, getvariable('promo_key')), 100) < 35
    UNION
    SELECT r.ride_id, 'WELCOME50'
    FROM ride AS r JOIN planted AS p USING (planted_id)
    WHERE p.story = 'S6' AND r.status = 'completed'
    UNION
    SELECT ride_id, 'CITY3'
    FROM ride
    WHERE status = 'completed' AND planted_id = 0
      AND below(attribute(h, 20), 1000) < 15
      AND ride_id NOT IN (SELECT ride_id FROM first_ride)
)
SELECT c.ride_id, r.user_id, c.code, r.requested_s,
       CASE c.code WHEN 'WELCOME50' THEN least(1000, r.fare_cents // 2)
                   ELSE 300 END::INTEGER AS discount_cents
FROM coded AS c
JOIN ride AS r USING (ride_id)
ORDER BY c.ride_id;

-- S2: among the rides that end during the outage, the first N (by rank) of riders with app 5.4.0 are
-- charged twice; ten of riders with 5.3.2 time out and are not. All of them go to provider alpha.
CREATE TEMP TABLE timed_out AS
WITH candidate AS (
    SELECT r.ride_id, p.takes_new_version,
           row_number() OVER (PARTITION BY p.takes_new_version
                              ORDER BY attribute(r.h, 22), r.ride_id) AS place
    FROM ride AS r
    JOIN person AS p USING (user_id)
    WHERE r.status = 'completed' AND r.user_id <> 123
      AND r.end_s >= getvariable('s2_start_s') AND r.end_s < getvariable('s2_end_s')
)
SELECT ride_id, takes_new_version AS doubled
FROM candidate
WHERE place <= CASE WHEN takes_new_version THEN getvariable('s2_doubled')
                    ELSE getvariable('s2_not_doubled') END
ORDER BY ride_id;

-- One row per ride that costs something, with everything that is decided about its payments.
CREATE TEMP TABLE charge AS
WITH owed AS (
    SELECT r.ride_id, r.end_s, r.outcome,
           attribute(r.h, 23) AS h,
           first_round(r.user_id) AS user_once,
           below(attribute(r.h, 21), 100) < 60 AS alpha,
           t.doubled,
           r.fare_cents - coalesce(p.discount_cents, 0) AS due_cents
    FROM ride AS r
    LEFT JOIN timed_out AS t USING (ride_id)
    LEFT JOIN promo AS p USING (ride_id)
    WHERE r.status = 'completed'
       -- a rider who gives up when the driver is on the way often pays for it
       OR (r.status = 'cancelled' AND r.outcome = 'rider' AND r.driver_id IS NOT NULL
           AND r.end_s > r.requested_s + 120)
),
drawn AS (
    SELECT *, second_round(user_once, getvariable('payment_key')) AS user_h FROM owed
)
SELECT ride_id,
       h::UINTEGER AS h,
       end_s::INTEGER AS end_s,
       due_cents::INTEGER AS due_cents,
       outcome = 'completed' AS completed,
       alpha OR doubled IS NOT NULL AS alpha,
       doubled,
       doubled IS NULL AND below(h, 1000) < 42 AS declined,
       -- six riders in ten never tip, one in a hundred always does
       CASE WHEN below(user_h, 100) < 60 THEN false
            WHEN below(user_h, 100) = 99 THEN true
            ELSE below(attribute(h, 1), 100) < 40 END AS tipped,
       -- a refund takes up to five days; one that would not be booked in time is left out
       doubled IS NULL AND below(h, 1000) >= 995 AND end_s < getvariable('history_s') - 450000
           AS refunded,
       CASE WHEN (user_h & 127) < 85 THEN 1 WHEN (user_h & 127) < 119 THEN 2 ELSE 3 END::TINYINT
           AS method_no
FROM drawn
ORDER BY ride_id;

-- One row per payment, narrow, in the order of time. `part` says what it is:
-- 1 fare, 2 fare tried again, 3 fare sent again by mistake (S2), 4 tip, 5 cancel fee, 6 refund.
CREATE TEMP TABLE payment AS
WITH part AS (
    SELECT ride_id, h, alpha, method_no, 1 AS part, due_cents AS cents, end_s + 1 AS created_s,
           CASE WHEN doubled IS NOT NULL THEN 1500 + below(attribute(h, 2), 1200)
                -- in the last hour some charges hang
                WHEN end_s > getvariable('history_s') - 3600 AND (h & 15) < 6 THEN 7200
                ELSE 2 + (h & 15)::BIGINT END AS takes_s,
           CASE WHEN declined THEN 'failed' WHEN refunded THEN 'refunded' ELSE 'succeeded' END
               AS status
    FROM charge WHERE completed
    UNION ALL
    SELECT ride_id, h, alpha, method_no, 2, due_cents, end_s + 3600 + below(attribute(h, 3), 3600),
           5, CASE WHEN below(attribute(h, 4), 100) < 20 THEN 'failed' ELSE 'succeeded' END
    FROM charge WHERE completed AND declined
    UNION ALL
    SELECT ride_id, h, alpha, method_no, 3, due_cents, end_s + 35 + below(attribute(h, 5), 20),
           4, 'succeeded'
    FROM charge WHERE doubled
    UNION ALL
    SELECT ride_id, h, alpha, method_no, 4,
           100 * [1, 2, 2, 2, 3, 3, 3, 4, 5, 5][below(attribute(h, 6), 10) + 1],
           end_s + 300 + below(attribute(h, 7), 7200), 3, 'succeeded'
    FROM charge WHERE completed AND tipped
    UNION ALL
    SELECT ride_id, h, alpha, method_no, 5, 500, end_s + 5, 6, 'succeeded'
    FROM charge WHERE NOT completed AND below(attribute(h, 8), 100) < 70
    UNION ALL
    SELECT ride_id, h, alpha, method_no, 6, -due_cents, end_s + 86400 + below(attribute(h, 9), 345600),
           9, 'succeeded'
    FROM charge WHERE completed AND refunded
)
SELECT ride_id, h, alpha, method_no, part::TINYINT AS part, cents::INTEGER AS cents,
       created_s::INTEGER AS created_s,
       (created_s + takes_s)::INTEGER AS processed_s,
       CASE WHEN created_s + takes_s > getvariable('history_s') THEN 'pending' ELSE status
       END::payment_status AS status
FROM part
WHERE created_s <= getvariable('history_s')
ORDER BY created_s, ride_id, part;

INSERT INTO payments
SELECT rowid + 1 AS payment_id, ride_id, dollars(cents) AS amount,
       CASE method_no WHEN 1 THEN 'card' WHEN 2 THEN 'wallet' ELSE 'paypal' END AS method,
       status::VARCHAR AS status,
       CASE WHEN status <> 'pending' THEN at_second(processed_s) END AS processed_at,
       CASE WHEN part <= 3 THEN 'fare' WHEN part = 4 THEN 'tip' WHEN part = 5 THEN 'cancel_fee'
            ELSE 'refund' END AS kind,
       CASE WHEN part IN (2, 3) THEN 2 ELSE 1 END::TINYINT AS attempt_no,
       CASE WHEN part = 3 THEN 'retry-' || lpad(attribute(h, 10)::VARCHAR, 10, '0')
            ELSE 'ride-' || ride_id
                 || CASE part WHEN 1 THEN '-fare' WHEN 2 THEN '-fare-2' WHEN 4 THEN '-tip'
                              WHEN 5 THEN '-cancel' ELSE '-refund' END
       END AS idempotency_key,
       CASE WHEN alpha THEN 'alpha' ELSE 'beta' END AS provider,
       CASE WHEN status = 'failed'
            THEN ['card_declined', 'insufficient_funds', 'card_expired'][
                     below(attribute(h, 11), 3) + 1] END AS failure_code,
       at_second(created_s) AS created_at
-- `payment` is in the order of payment_id, and DuckDB keeps the order of insertion.
FROM payment;

ALTER TABLE payments ADD PRIMARY KEY (payment_id);
