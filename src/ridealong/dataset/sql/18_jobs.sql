-- Promo redemptions, and the background jobs that follow a completed ride.

-- Phones. The fraud ring (S6) shares two; one family of four shares a tablet, which is no fraud.
CREATE TEMP TABLE shared_device AS
WITH family AS (
    SELECT p.user_id, row_number() OVER (ORDER BY p.user_id) AS place
    FROM promo AS p
    JOIN person AS who USING (user_id)
    WHERE p.code = 'WELCOME50' AND p.user_id <> 123 AND who.city_id <> getvariable('s6_city')
      AND p.user_id NOT IN (SELECT user_id FROM ring)
      AND p.requested_s > getvariable('s6_start_s') - 1209600
)
SELECT user_id, 'device-' || lpad(attribute(getvariable('story_key'), 59)::VARCHAR, 10, '0')
           AS device_id
FROM family WHERE place <= 4
UNION ALL
SELECT user_id,
       'device-' || lpad(attribute(getvariable('story_key'), 60 + place % 2)::VARCHAR, 10, '0')
FROM ring
ORDER BY user_id;

CREATE TEMP MACRO device_of(user_id, user_h) AS
    'device-' || lpad(row_draw(user_id, getvariable('app_event_key'))::VARCHAR, 10, '0');

INSERT INTO promo_redemptions
SELECT row_number() OVER (ORDER BY p.requested_s, p.ride_id) AS redemption_id,
       p.user_id, p.ride_id, p.code, dollars(p.discount_cents) AS discount,
       coalesce(d.device_id, device_of(p.user_id, 0)) AS device_id,
       at_second(p.requested_s) AS redeemed_at
FROM promo AS p
LEFT JOIN shared_device AS d USING (user_id)
ORDER BY redemption_id;

-- Three jobs per completed ride. After the outage (S2) the receipts pile up (S13): the delay grows
-- until the provider is back and shrinks while the queue drains; K of them die.
CREATE TEMP TABLE dead_receipt AS
WITH late AS (
    SELECT ride_id, row_number() OVER (ORDER BY attribute(h, 40), ride_id) AS place
    FROM ride
    WHERE status = 'completed' AND end_s >= getvariable('s2_start_s') + 900
      AND end_s < getvariable('s2_end_s') AND user_id <> 123
)
SELECT ride_id FROM late WHERE place <= getvariable('s13_dead')
ORDER BY ride_id;

CREATE TEMP TABLE finished_ride AS
SELECT r.ride_id, r.end_s, x.ride_id IS NOT NULL AS receipt_dies
FROM ride AS r
LEFT JOIN dead_receipt AS x USING (ride_id)
WHERE r.status = 'completed'
ORDER BY r.ride_id;

INSERT INTO jobs
WITH kind AS (
    SELECT rowid * 3 AS earlier_jobs, *, unnest([1, 2, 3]) AS kind_no FROM finished_ride
),
job AS (
    SELECT earlier_jobs + kind_no AS job_id, ride_id, kind_no, end_s,
           receipt_dies AND kind_no = 2 AS dead,
           row_draw(ride_id::UBIGINT * 4 + kind_no::UBIGINT, getvariable('job_key')) AS h
    FROM kind
),
delayed AS (
    SELECT *,
           CASE
               WHEN kind_no = 3 THEN 60 + below(attribute(h, 1), 30)
               WHEN kind_no = 2 AND end_s >= getvariable('s2_start_s')
                    AND end_s < getvariable('s2_end_s')
               THEN 5 + (end_s - getvariable('s2_start_s')) * 7 // 10
               WHEN kind_no = 2 AND end_s >= getvariable('s2_end_s')
                    AND end_s < getvariable('s2_end_s') + getvariable('s13_drain_s')
               THEN 5 + (getvariable('s2_end_s') - getvariable('s2_start_s')) * 7 // 10
                        * (getvariable('s2_end_s') + getvariable('s13_drain_s') - end_s)
                        // getvariable('s13_drain_s')
               ELSE 1 + below(attribute(h, 1), 8) END AS wait_s,
           1 + below(attribute(h, 2), 5) AS work_s,
           below(attribute(h, 3), 1000) < 15 AS twice
    FROM job
)
SELECT job_id, ride_id,
       ['charge', 'receipt', 'rating_prompt'][kind_no] AS kind,
       at_second(end_s) AS enqueued_at,
       CASE WHEN end_s + wait_s <= getvariable('history_s')
            THEN at_second(end_s + wait_s) END AS started_at,
       CASE WHEN NOT dead AND end_s + wait_s + work_s <= getvariable('history_s')
            THEN at_second(end_s + wait_s + work_s) END AS finished_at,
       CASE WHEN dead THEN 5 WHEN end_s + wait_s > getvariable('history_s') THEN 0
            WHEN twice THEN 2 ELSE 1 END::TINYINT AS attempts,
       CASE WHEN dead THEN 'dead'
            WHEN end_s + wait_s + work_s <= getvariable('history_s') THEN 'done'
            ELSE 'queued' END AS status
-- `finished_ride` is in the order of ride_id, and DuckDB keeps the order of insertion.
FROM delayed;
