-- S8: about one event in eighty arrives one to two days late, and on one day all events of one app
-- version arrive two days later. Counted by arrival, that day's sign-ups drop.

CREATE TEMP TABLE truth AS
SELECT at_second(getvariable('s8_day') * 86400)::DATE AS day,
       '5.2.8' AS app_version,
       count(*) FILTER (WHERE occurred_at::DATE = at_second(getvariable('s8_day') * 86400)::DATE
                              AND app_version = '5.2.8'
                              AND received_at >= occurred_at + INTERVAL 2 DAY) AS events_two_days_late,
       count(*) FILTER (WHERE received_at >= occurred_at + INTERVAL 1 DAY
                              AND NOT (occurred_at::DATE = at_second(getvariable('s8_day') * 86400)::DATE
                                       AND app_version = '5.2.8')) AS background_late_events,
       avg((received_at >= occurred_at + INTERVAL 1 DAY)::INTEGER) AS late_share
FROM app_events;

CREATE TEMP TABLE naive AS
SELECT count(*) FILTER (WHERE occurred_at::DATE = at_second(getvariable('s8_day') * 86400)::DATE)
           AS events_by_occurrence,
       count(*) FILTER (WHERE occurred_at::DATE = at_second(getvariable('s8_day') * 86400)::DATE
                              AND received_at::DATE = occurred_at::DATE) AS events_seen_that_evening,
       count(*) FILTER (WHERE received_at::DATE = at_second((getvariable('s8_day') + 2) * 86400)::DATE)
           AS events_two_days_later_by_arrival
FROM app_events;

SELECT promise
FROM truth, naive, (VALUES
    ('at least 40 events are two days late', events_two_days_late >= 40),
    ('that evening the day looks a fifth lower',
     events_seen_that_evening < 0.8 * events_by_occurrence),
    ('there is a background of late events', background_late_events BETWEEN 0.008 * (SELECT count(*) FROM app_events)
                                                                 AND 0.016 * (SELECT count(*) FROM app_events))
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
