-- Three files as other systems exported them: all text, with the faults of real exports.

-- S11: provider alpha's settlement file of week 20. By rank: 17 lines twice, 9 amounts in cents, 5
-- without a status; 41 lines belong to no ride of ours. Two date formats. For PayPal the provider
-- has kept its fee, which is as agreed.
INSERT INTO staging.payments_export
WITH line AS (
    SELECT payment_id, ride_id, amount, method, idempotency_key, processed_at,
           row_draw(payment_id % 4294967296, getvariable('staging_key')) AS h
    FROM payments
    WHERE provider = 'alpha' AND status IN ('succeeded', 'refunded') AND amount > 0
      AND processed_at >= at_second(20 * 604800) AND processed_at < at_second(21 * 604800)
),
ranked AS (
    SELECT *, row_number() OVER (ORDER BY attribute(h, 1), payment_id) AS place FROM line
),
priced AS (
    SELECT *, (amount * 0.03 + 0.30)::DECIMAL(10, 2) AS fee FROM ranked
),
written AS (
    SELECT payment_id, place, copy, h,
           idempotency_key AS reference, ride_id::VARCHAR AS ride_id,
           CASE WHEN place BETWEEN 18 AND 26 THEN (amount * 100)::BIGINT::VARCHAR
                WHEN method = 'paypal' THEN (amount - fee)::DECIMAL(10, 2)::VARCHAR
                ELSE amount::VARCHAR END AS amount,
           CASE WHEN method = 'paypal' THEN fee::VARCHAR ELSE '0.00' END AS fee,
           CASE WHEN place BETWEEN 27 AND 31 THEN '' ELSE 'SETTLED' END AS status,
           processed_at
    FROM priced
    CROSS JOIN (VALUES (1), (2)) AS copies (copy)
    WHERE copy = 1 OR place <= 17
    UNION ALL
    -- lines that belong to no ride
    SELECT 2000000000 + number, 0, 1, row_draw(number, getvariable('staging_key')),
           'ride-' || (700000000 + number * 37) || '-fare', (700000000 + number * 37)::VARCHAR,
           dollars(700 + below(row_draw(number + 1000, getvariable('staging_key')), 4000))::VARCHAR,
           '0.00', 'SETTLED',
           at_second(20 * 604800 + below(row_draw(number + 2000, getvariable('staging_key')), 604800))
    FROM range(41) AS numbers (number)
)
SELECT reference, ride_id, amount, fee, status,
       CASE WHEN below(attribute(h, 2), 100) < 30 THEN strftime(processed_at, '%m/%d/%Y %H:%M')
            ELSE strftime(processed_at, '%Y-%m-%d %H:%M:%S') END AS processed_at
FROM written
ORDER BY payment_id, copy;

-- The contact list: one rider in twenty, typed by hand.
INSERT INTO staging.users_crm
WITH contact AS (
    SELECT u.*, c.name AS city_name, row_draw(u.user_id, getvariable('staging_key')) AS h
    FROM users AS u
    LEFT JOIN cities AS c ON c.city_id = u.home_city_id
)
SELECT 'C' || lpad(user_id::VARCHAR, 8, '0') AS contact_id,
       CASE WHEN below(attribute(h, 11), 10) = 0 THEN upper(name)
            WHEN below(attribute(h, 11), 10) = 1 THEN ' ' || name || '  '
            ELSE name END AS full_name,
       CASE WHEN below(attribute(h, 12), 12) = 0 THEN upper(email)
            WHEN below(attribute(h, 12), 12) = 1 THEN email || ' '
            WHEN below(attribute(h, 12), 12) = 2 THEN ''
            ELSE email END AS email_address,
       CASE WHEN city_name IS NULL THEN 'n/a'
            WHEN below(attribute(h, 13), 8) = 0 THEN lower(city_name)
            WHEN below(attribute(h, 13), 8) = 1 THEN city_name || ', USA'
            ELSE city_name END AS city,
       strftime(created_at, '%d.%m.%Y') AS created
FROM contact
WHERE below(attribute(h, 10), 100) < 5
ORDER BY user_id;

-- App events that came a day late or more, as the collector wrote them.
INSERT INTO staging.app_events_late
SELECT device_id, coalesce(user_id::VARCHAR, 'null') AS user_id, event_name, app_version,
       CASE WHEN event_id % 5 = 0 THEN (epoch_us(occurred_at) // 1000)::VARCHAR
            ELSE strftime(occurred_at, '%Y-%m-%dT%H:%M:%SZ') END AS occurred_at,
       strftime(received_at, '%Y-%m-%dT%H:%M:%SZ') AS received_at
FROM app_events
WHERE received_at >= occurred_at + INTERVAL 1 DAY
ORDER BY event_id;
