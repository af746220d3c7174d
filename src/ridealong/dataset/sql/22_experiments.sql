-- Two experiments (S15): `pickup_note` works; `quick_rebook` does nothing, but the assignments of
-- some riders who never opened the app are missing on the treatment side.

CREATE TEMP TABLE rebook AS
WITH eligible AS (
    SELECT user_id, h,
           rides,
           -- the groups are equal in how much they ride: the button does nothing
           row_number() OVER (ORDER BY rides, attribute(h, 60), user_id) % 2 = 0 AS treated
    FROM person
    LEFT JOIN (
        SELECT user_id, count(*) AS rides FROM ride
        WHERE status = 'completed' AND requested_s >= getvariable('s15_rebook_start_s')
          AND requested_s < getvariable('s15_rebook_end_s')
        GROUP BY user_id
    ) AS ridden USING (user_id)
    WHERE created_s < getvariable('s15_rebook_start_s') AND adds_payment
),
ranked AS (
    SELECT user_id, h, treated, rides IS NULL AS idle,
           row_number() OVER (PARTITION BY treated, rides IS NULL
                              ORDER BY attribute(h, 61), user_id) AS place,
           count(*) OVER (PARTITION BY treated) AS people
    FROM eligible
)
SELECT user_id, h, treated FROM ranked
WHERE NOT (treated AND idle AND place * 100 <= people * 14)
ORDER BY user_id;

INSERT INTO experiment_assignments
SELECT experiment, user_id, CASE WHEN treated THEN 'treatment' ELSE 'control' END AS variant,
       at_second(assigned_s) AS assigned_at
FROM (
    SELECT 'pickup_note' AS experiment, n.user_id, n.treated,
           getvariable('s15_note_start_s') AS assigned_s
    FROM s15_note AS n
    UNION ALL
    SELECT 'quick_rebook', user_id, treated,
           getvariable('s15_rebook_start_s') + below(attribute(h, 62), 43200)
    FROM rebook
) AS assignment
ORDER BY experiment, user_id;
