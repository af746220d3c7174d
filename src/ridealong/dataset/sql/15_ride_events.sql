-- Every state of every ride. A phone that is offline reports later what happened.

INSERT INTO ride_events
WITH passed AS (
    SELECT ride_id, h, requested_s, accept_after_s, wait_s, end_s,
           CASE status::VARCHAR
               WHEN 'completed' THEN [1, 2, 3, 4]
               WHEN 'in_progress' THEN [1, 2, 3]
               WHEN 'accepted' THEN [1, 2]
               WHEN 'requested' THEN [1]
               ELSE CASE WHEN driver_id IS NULL THEN [1, 5] ELSE [1, 2, 5] END END AS states
    FROM ride
),
numbered AS (
    SELECT *, unnest(range(1, len(states) + 1)) AS seq FROM passed
),
timed AS (
    SELECT ride_id, seq, states[seq] AS state,
           row_draw(ride_id::UBIGINT * 8 + seq::UBIGINT, getvariable('event_key')) AS h,
           CASE states[seq] WHEN 1 THEN requested_s
                            -- within the time that a driver has to accept, most of them early
                            WHEN 2 THEN requested_s + greatest(3, accept_after_s
                                * drawn_from(getvariable('accept_slots'), attribute(h, 17)) // 100)
                            WHEN 3 THEN requested_s + wait_s
                            ELSE end_s END AS occurred_s
    FROM numbered
)
SELECT ride_id, seq::TINYINT AS seq,
       ['requested', 'accepted', 'in_progress', 'completed', 'cancelled'][state] AS status,
       at_second(occurred_s) AS occurred_at,
       at_second(least(getvariable('history_s'),
                       occurred_s + CASE WHEN state IN (2, 3, 4)
                                              AND below(attribute(h, 1), 1000) < 6
                                         THEN 300 + below(attribute(h, 2), 2100)
                                         ELSE below(attribute(h, 2), 3) END)) AS recorded_at
-- `ride` is in the order of ride_id, and DuckDB keeps the order of insertion.
FROM timed;
