-- S15: `pickup_note` lowers cancellations by riders. `quick_rebook` looks like a winner only because
-- assignments are missing on one side: the two groups should be equal in size and are not.

CREATE TEMP TABLE arm AS
SELECT e.experiment, e.variant, e.user_id,
       count(r.ride_id) AS requests,
       count(r.ride_id) FILTER (WHERE r.status = 'completed') AS completed,
       count(r.ride_id) FILTER (WHERE r.cancelled_by = 'rider') AS cancelled
FROM experiment_assignments AS e
LEFT JOIN rides AS r
  ON r.user_id = e.user_id
     AND r.requested_at >= CASE e.experiment WHEN 'pickup_note' THEN at_second(getvariable('s15_note_start_s'))
                                             ELSE at_second(getvariable('s15_rebook_start_s')) END
     AND r.requested_at < CASE e.experiment WHEN 'pickup_note' THEN at_second(getvariable('s15_note_end_s'))
                                            ELSE at_second(getvariable('s15_rebook_end_s')) END
GROUP BY e.experiment, e.variant, e.user_id;

CREATE TEMP TABLE result AS
SELECT experiment,
       count(*) FILTER (WHERE variant = 'control') AS control,
       count(*) FILTER (WHERE variant = 'treatment') AS treatment,
       sum(cancelled) FILTER (WHERE variant = 'control')
           / sum(requests) FILTER (WHERE variant = 'control') AS control_cancel_rate,
       sum(cancelled) FILTER (WHERE variant = 'treatment')
           / sum(requests) FILTER (WHERE variant = 'treatment') AS treatment_cancel_rate,
       avg(completed) FILTER (WHERE variant = 'control') AS control_rides,
       avg(completed) FILTER (WHERE variant = 'treatment') AS treatment_rides
FROM arm GROUP BY experiment;

CREATE TEMP TABLE truth AS
SELECT 'pickup_note' AS valid_experiment,
       n.control_cancel_rate, n.treatment_cancel_rate,
       n.treatment_cancel_rate - n.control_cancel_rate AS effect_on_cancel_rate,
       'quick_rebook' AS invalid_experiment,
       q.control AS invalid_control, q.treatment AS invalid_treatment,
       (q.control - q.treatment) ^ 2 / (q.control + q.treatment) AS invalid_chi_square,
       (n.control - n.treatment) ^ 2 / (n.control + n.treatment) AS valid_chi_square
FROM result AS n, result AS q
WHERE n.experiment = 'pickup_note' AND q.experiment = 'quick_rebook';

CREATE TEMP TABLE naive AS
SELECT 'quick_rebook' AS apparent_winner,
       treatment_rides / control_rides - 1 AS apparent_lift_in_rides,
       treatment_cancel_rate - control_cancel_rate AS its_effect_on_cancel_rate
FROM result WHERE experiment = 'quick_rebook';

SELECT promise
FROM truth, naive, (VALUES
    ('the note lowers cancellations by 1.5 to 5 points',
     effect_on_cancel_rate BETWEEN -0.05 AND -0.015),
    ('its groups are equal', valid_chi_square < 1),
    ('the groups of the other are not', invalid_chi_square > 10.83),
    ('the other looks like a winner', apparent_lift_in_rides > 0.05)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
