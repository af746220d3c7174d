-- Two experiments (S15): `pickup_note` works; `quick_rebook` does nothing, but the assignments of
-- some riders who never opened the app are missing on the treatment side.

CREATE TEMP TABLE rebook AS
WITH eligible AS (
    SELECT user_id, h, row_number() OVER (ORDER BY attribute(h, 60), user_id) % 2 = 0 AS treated
    FROM person
    WHERE created_s < getvariable('s15_rebook_start_s') AND adds_payment
),
rode AS (
    SELECT DISTINCT user_id FROM ride
    WHERE status = 'completed' AND requested_s >= getvariable('s15_rebook_start_s')
      AND requested_s < getvariable('s15_rebook_end_s')
),
ranked AS (
    SELECT e.user_id, e.h, e.treated, r.user_id IS NULL AS idle,
           row_number() OVER (PARTITION BY e.treated, r.user_id IS NULL
                              ORDER BY attribute(e.h, 61), e.user_id) AS place,
           count(*) OVER (PARTITION BY e.treated) AS people
    FROM eligible AS e
    LEFT JOIN rode AS r USING (user_id)
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
