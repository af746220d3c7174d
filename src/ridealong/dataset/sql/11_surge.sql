-- The surge multiplier of every city and quarter of an hour, in tenths. Busy hours have it more often.

CREATE TEMP TABLE snapshot AS
WITH slot AS (
    SELECT c.city_id, quarter, w.weight,
           first_round(quarter::UBIGINT * 8 + c.city_id::UBIGINT) AS once
    FROM city_clock AS c
    CROSS JOIN range(getvariable('history_s') // 900) AS grid (quarter)
    JOIN hour_weight AS w
      ON w.weekday * 24 + w.hour
         = (quarter * 900 + 604800 - c.behind_utc_s
            + CASE WHEN c.observes_dst
                        AND (quarter * 900 < getvariable('dst_ends_s') + c.behind_utc_s - 3600
                             OR quarter * 900 >= getvariable('dst_begins_s') + c.behind_utc_s)
                   THEN 3600 ELSE 0 END) // 3600 % 168
),
drawn AS (
    SELECT city_id, quarter, weight, second_round(once, getvariable('supply_key')) AS h FROM slot
)
SELECT city_id::TINYINT AS city_id,
       quarter::INTEGER AS quarter,
       CASE
           -- S1: the price is stuck at 1.00 for the quarters that touch the 26 minutes
           WHEN city_id = getvariable('s1_city') AND quarter * 900 >= getvariable('s1_stuck_s')
                AND quarter * 900 < getvariable('s1_stuck_s') + 1560 THEN 10
           WHEN city_id = getvariable('s1_city') AND quarter * 900 >= getvariable('s1_start_s')
                AND quarter * 900 < getvariable('s1_end_s') THEN 17 + below(attribute(h, 3), 8)
           WHEN below(attribute(h, 1), 1000) < weight * weight // 9
                THEN least(30, drawn_from(getvariable('surge_slots'), attribute(h, 2)))
           ELSE 10
       END::INTEGER AS tenths
FROM drawn
ORDER BY city_id, quarter;
