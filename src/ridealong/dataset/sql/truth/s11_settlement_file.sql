-- S11: provider alpha's settlement file against our payments. Lines that differ by the fee are right.

CREATE TEMP TABLE line AS
SELECT *, row_number() OVER (PARTITION BY reference, ride_id, amount, fee, status, processed_at) AS copy
FROM staging.payments_export;

CREATE TEMP TABLE matched AS
SELECT l.*, p.amount AS booked,
       l.amount NOT LIKE '%.%' AS in_cents
FROM line AS l
JOIN payments AS p ON p.idempotency_key = l.reference AND p.status IN ('succeeded', 'refunded')
WHERE l.copy = 1;

CREATE TEMP TABLE truth AS
SELECT (SELECT count(*) FROM line WHERE ride_id::BIGINT NOT IN (SELECT ride_id FROM rides))
           AS unknown_rides,
       (SELECT count(*) FROM line WHERE copy > 1) AS repeated_lines,
       (SELECT count(*) FROM matched WHERE in_cents) AS amounts_in_cents,
       (SELECT count(*) FROM line WHERE status = '') AS blank_statuses,
       (SELECT count(DISTINCT processed_at LIKE '%/%') FROM line) AS date_formats,
       (SELECT sum(booked) FROM matched) AS reconciled_dollars,
       (SELECT count(*) FROM matched) AS reconciled_lines;

CREATE TEMP TABLE naive AS
SELECT (SELECT sum(amount::DECIMAL(12, 2)) FROM line) AS dollars_when_simply_added,
       (SELECT count(*) FROM matched
        WHERE NOT in_cents AND amount::DECIMAL(12, 2) <> booked) AS lines_that_differ_by_the_fee,
       (SELECT count(*) FROM matched
        WHERE NOT in_cents AND (amount::DECIMAL(12, 2) + fee::DECIMAL(12, 2)) <> booked)
           AS lines_that_differ_by_more_than_the_fee;

SELECT promise
FROM truth, naive, (VALUES
    ('41 lines without a ride', unknown_rides = 41),
    ('17 repeated lines', repeated_lines = 17),
    ('9 amounts in cents', amounts_in_cents = 9),
    ('5 blank statuses', blank_statuses = 5),
    ('two date formats', date_formats = 2),
    ('fees explain the other differences', lines_that_differ_by_more_than_the_fee = 0),
    ('there are such fees', lines_that_differ_by_the_fee > 0)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
