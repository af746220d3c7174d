-- Promo codes and payments.

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

CREATE TEMP MACRO uses_alpha(ride_h) AS below(attribute(ride_h, 21), 100) < 60;

-- S2: among the fares that provider alpha had to charge during the outage, the first N (by rank) of
-- riders with app 5.4.0 are charged twice; ten of riders with 5.3.2 time out and are not.
CREATE TEMP TABLE timed_out AS
WITH candidate AS (
    SELECT r.ride_id, p.takes_new_version,
           row_number() OVER (PARTITION BY p.takes_new_version
                              ORDER BY attribute(r.h, 22), r.ride_id) AS place
    FROM ride AS r
    JOIN person AS p USING (user_id)
    WHERE r.status = 'completed' AND r.user_id <> 123
      AND r.end_s >= getvariable('s2_start_s') AND r.end_s < getvariable('s2_end_s')
      AND (uses_alpha(r.h)
           OR r.planted_id IN (SELECT planted_id FROM planted WHERE story = 'S2'))
)
SELECT ride_id, takes_new_version AS doubled
FROM candidate
WHERE place <= CASE WHEN takes_new_version THEN getvariable('s2_doubled')
                    ELSE getvariable('s2_not_doubled') END
ORDER BY ride_id;

-- One row per payment, narrow, in the order of time. Those after the end are left out later. `part` says what it is:
-- 1 fare, 2 fare tried again, 3 fare sent again by mistake (S2), 4 tip, 5 cancel fee, 6 refund.
CREATE TEMP TABLE payment AS
WITH drawn AS (
    SELECT r.ride_id, r.user_id, r.end_s, r.outcome,
           r.fare_cents - coalesce(p.discount_cents, 0) AS due_cents,
           row_draw(r.ride_id, getvariable('payment_key')) AS h,
           row_draw(r.user_id, getvariable('payment_key')) AS user_h,
           uses_alpha(r.h) OR t.ride_id IS NOT NULL AS alpha,
           t.doubled
    FROM ride AS r
    LEFT JOIN timed_out AS t USING (ride_id)
    LEFT JOIN promo AS p USING (ride_id)
    WHERE r.status = 'completed'
       -- a rider who gives up when the driver is on the way often pays for it
       OR (r.status = 'cancelled' AND r.outcome = 'rider' AND r.driver_id IS NOT NULL
           AND r.end_s > r.requested_s + 120)
),
decided AS (
    SELECT ride_id, end_s, outcome, h, alpha, doubled, due_cents,
           doubled IS NULL AND below(attribute(h, 1), 1000) < 42 AS declined,
           -- six riders in ten never tip, one in a hundred always does
           CASE WHEN below(attribute(user_h, 1), 100) < 60 THEN false
                WHEN below(attribute(user_h, 1), 100) = 99 THEN true
                ELSE below(attribute(h, 2), 100) < 40 END AS tipped,
           -- a refund takes up to five days; one that would not be booked in time is left out
           doubled IS NULL AND below(attribute(h, 3), 1000) < 5
               AND end_s < getvariable('history_s') - 450000 AS refunded,
           CASE WHEN below(attribute(user_h, 2), 100) < 66 THEN 1
                WHEN below(attribute(user_h, 2), 100) < 93 THEN 2
                ELSE 3 END AS method_no
    FROM drawn
),
split AS (
    SELECT *,
           unnest(CASE
               WHEN outcome = 'rider' THEN CASE WHEN below(attribute(h, 4), 100) < 70 THEN [5] END
               WHEN declined AND tipped THEN [1, 2, 4]
               WHEN declined THEN [1, 2]
               WHEN doubled AND tipped THEN [1, 3, 4]
               WHEN doubled THEN [1, 3]
               WHEN refunded THEN [1, 6]
               WHEN tipped THEN [1, 4]
               ELSE [1] END) AS part
    FROM decided
),
timed AS (
    SELECT ride_id, h, alpha, doubled, declined, refunded, method_no, part, due_cents,
           end_s + CASE part
               WHEN 1 THEN 1
               WHEN 2 THEN 3600 + below(attribute(h, 5), 3600)
               WHEN 3 THEN 35 + below(attribute(h, 6), 20)
               WHEN 4 THEN 300 + below(attribute(h, 7), 7200)
               WHEN 5 THEN 5
               ELSE 86400 + below(attribute(h, 8), 345600) END AS created_s
    FROM split
)
SELECT ride_id,
       h::UINTEGER AS h,
       alpha, doubled, declined, refunded,
       method_no::TINYINT AS method_no,
       part::TINYINT AS part,
       CASE part WHEN 4 THEN 100 * [1, 2, 2, 2, 3, 3, 3, 4, 5, 5][below(attribute(h, 11), 10) + 1]
                 WHEN 5 THEN 500
                 WHEN 6 THEN -due_cents
                 ELSE due_cents END::INTEGER AS cents,
       created_s::INTEGER AS created_s,
       (created_s
        + CASE WHEN doubled IS NOT NULL AND part = 1 THEN 1500 + below(attribute(h, 9), 1200)
               -- in the last hour some charges hang
               WHEN created_s > getvariable('history_s') - 3600
                    AND below(attribute(h, 10), 100) < 40 THEN 7200
               ELSE 2 + below(attribute(h, 9), 20) END)::INTEGER AS processed_s
FROM timed
ORDER BY created_s, ride_id, part;

INSERT INTO payments
WITH judged AS (
    SELECT rowid + 1 AS payment_id, *,
           CASE WHEN processed_s > getvariable('history_s') THEN 'pending'
                WHEN part = 1 AND declined THEN 'failed'
                WHEN part = 2 AND below(attribute(h, 12), 100) < 20 THEN 'failed'
                WHEN part = 1 AND refunded THEN 'refunded'
                ELSE 'succeeded' END AS status
    FROM payment
    WHERE created_s <= getvariable('history_s')
)
SELECT payment_id, ride_id, dollars(cents) AS amount,
       ['card', 'wallet', 'paypal'][method_no] AS method,
       status,
       CASE WHEN status <> 'pending' THEN at_second(processed_s) END AS processed_at,
       ['fare', 'fare', 'fare', 'tip', 'cancel_fee', 'refund'][part] AS kind,
       [1, 2, 2, 1, 1, 1][part]::TINYINT AS attempt_no,
       CASE WHEN part = 3 THEN 'retry-' || lpad(attribute(h, 13)::VARCHAR, 10, '0')
            ELSE 'ride-' || ride_id
                 || ['-fare', '-fare-2', '', '-tip', '-cancel', '-refund'][part]
       END AS idempotency_key,
       CASE WHEN alpha THEN 'alpha' ELSE 'beta' END AS provider,
       CASE WHEN status = 'failed'
            THEN ['card_declined', 'insufficient_funds', 'card_expired'][
                     below(attribute(h, 14), 3) + 1] END AS failure_code,
       at_second(created_s) AS created_at
-- `payment` is in the order of payment_id, and DuckDB keeps the order of insertion.
FROM judged;
