-- The way from opening the app to the first request.
--
-- The account is made when the phone number is verified; before that the event has no user. Somebody
-- without a payment method cannot request a ride. An event that has not arrived by the end of the
-- history is not in the table.

CREATE TEMP TABLE app_event AS
WITH first_ride AS (
    SELECT user_id, min(requested_s) AS requested_s FROM ride GROUP BY user_id
),
-- seven people in a hundred never get past the phone number
stranger AS (
    SELECT getvariable('user_count') + number AS person_id,
           row_draw(getvariable('user_count') + number, getvariable('user_key')) AS h,
           below(row_draw(number, getvariable('app_event_key')), getvariable('history_s') - 600)
               AS started_s
    FROM range(1, getvariable('user_count') * 7 // 93 + 1) AS numbers (number)
),
step AS (
    SELECT user_id::BIGINT AS person_id, NULL::BIGINT AS user_id, h::UBIGINT AS h, platform, 1 AS step,
           created_s - 40 - below(attribute(h, 20), 90) AS occurred_s, created_s
    FROM person
    UNION ALL
    SELECT user_id, user_id, h, platform, 2, created_s, created_s FROM person
    UNION ALL
    SELECT user_id, user_id, h, platform, 3, created_s + 30 + below(attribute(h, 21), 200), created_s
    FROM person
    WHERE adds_payment
    UNION ALL
    SELECT p.user_id, p.user_id, p.h, p.platform, 4, f.requested_s, p.created_s
    FROM person AS p JOIN first_ride AS f USING (user_id)
    UNION ALL
    SELECT person_id, NULL, h, ['android', 'ios'][below(attribute(h, 5), 2) + 1], 1, started_s,
           started_s
    FROM stranger
),
versioned AS (
    SELECT *,
           row_draw((person_id * 4 + step) % 4294967296, getvariable('app_event_key')) AS step_h,
           CASE WHEN occurred_s >= 161 * 86400 + 32400
                THEN CASE WHEN below(attribute(h, 6), 100) < 50 THEN '5.4.0' ELSE '5.3.2' END
                WHEN occurred_s >= 84 * 86400
                THEN CASE WHEN below(attribute(h, 22), 100) < 50 THEN '5.3.2' ELSE '5.2.8' END
                ELSE '5.2.8' END AS app_version
    FROM step
),
-- S8: 12 events in 1,000 arrive one to two days late; on one day all events of version 5.2.8 do
sent AS (
    SELECT person_id, user_id, step, platform, app_version, occurred_s,
           CASE WHEN app_version = '5.2.8' AND occurred_s // 86400 = getvariable('s8_day')
                THEN occurred_s + 172800 + below(attribute(step_h, 2), 3600)
                WHEN below(attribute(step_h, 1), 1000) < 12
                THEN occurred_s + 86400 + below(attribute(step_h, 2), 86400)
                ELSE occurred_s + 1 + below(attribute(step_h, 2), 4) END AS received_s
    FROM versioned
)
SELECT person_id, user_id, step, platform, app_version, occurred_s, received_s
FROM sent
WHERE received_s <= getvariable('history_s')
ORDER BY received_s, person_id, step;

INSERT INTO app_events
SELECT e.rowid + 1 AS event_id,
       coalesce(d.device_id, device_of(e.person_id, 0)) AS device_id,
       e.user_id,
       ['signup_started', 'phone_verified', 'payment_added', 'first_request'][e.step] AS event_name,
       e.platform, e.app_version,
       at_second(e.occurred_s) AS occurred_at, at_second(e.received_s) AS received_at
FROM app_event AS e
LEFT JOIN shared_device AS d ON d.user_id = e.person_id
ORDER BY event_id;
