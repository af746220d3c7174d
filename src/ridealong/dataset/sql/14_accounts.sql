-- The tables `users` and `drivers`.

-- S12: N people made a second account 40 days later, with the same address in another case. Since
-- accounts are made at an even rate, it is the account that many numbers later.
CREATE TEMP TABLE second_account AS
WITH step AS (
    SELECT getvariable('user_count') * 40 // 182 AS accounts_in_40_days
),
candidate AS (
    SELECT user_id, h, accounts_in_40_days,
           row_number() OVER (ORDER BY attribute(h, 57), user_id) AS place
    FROM person, step
    -- every other run of 40 days, so that a second account is never somebody's first
    WHERE (user_id - 1) // accounts_in_40_days IN (0, 2) AND user_id <> 123
      AND user_id + accounts_in_40_days <> 123
)
SELECT user_id AS first_id, h AS first_h, user_id + accounts_in_40_days AS user_id
FROM candidate
WHERE place <= getvariable('s12_pairs')
ORDER BY user_id;

INSERT INTO users
WITH named AS (
    SELECT p.user_id, p.h, p.city_id, p.signup_channel, p.deleted_s, p.created_s,
           coalesce(s.first_id, p.user_id) AS person_id,
           s.first_id IS NOT NULL AS again,
           attribute(coalesce(s.first_h, p.h), 11) AS name_draw
    FROM in_quarters('person', user_id) AS p
    LEFT JOIN second_account AS s USING (user_id)
),
spelled AS (
    SELECT *,
           getvariable('first_names')[below(name_draw, 60) + 1] AS first_name,
           getvariable('last_names')[(name_draw & 65535)::BIGINT % 80 + 1] AS last_name
    FROM named
),
addressed AS (
    SELECT *,
           lower(first_name || '.' || replace(replace(last_name, '''', ''), ' ', '')) || person_id
           || '@example.com' AS email
    FROM spelled
)
SELECT user_id,
       first_name || ' ' || last_name AS name,
       CASE WHEN NOT again THEN email
            WHEN below(attribute(h, 12), 2) = 0 THEN upper(email)
            ELSE upper(email[1]) || email[2:] END AS email,
       at_second(created_s) AS created_at,
       CASE WHEN user_id = 123 OR below(attribute(h, 13), 1000) >= 20 THEN city_id END
           AS home_city_id,
       signup_channel,
       -- somebody who came by referral names an earlier rider, when there was one
       CASE WHEN signup_channel = 'referral' AND user_id > 20
                 AND below(attribute(h, 14), 100) < 92
            THEN 1 + below(attribute(h, 15), user_id - 1) END AS referred_by,
       CASE WHEN deleted_s <= getvariable('history_s') THEN at_second(deleted_s) END AS deleted_at
FROM addressed
ORDER BY user_id;

ALTER TABLE users ADD PRIMARY KEY (user_id);

-- Six completed rides in ten are rated by the rider, and all those of the fraud ring (S6), unless the
-- history ends before.
CREATE TEMP MACRO rating_second(end_s, h) AS end_s + 30 + below(attribute(h, 31), 40000);
CREATE TEMP MACRO is_rated(status, end_s, h, planted_id) AS
    status = 'completed'
    AND (below(attribute(h, 30), 100) < 60 OR planted_id BETWEEN 1000 AND 1999)
    AND rating_second(end_s, h) < getvariable('history_s');

-- The stars a driver lost in all ratings together: the whole number that brings the mean closest to
-- the one drawn for the driver. Beginners get the benefit of the doubt.
CREATE TEMP TABLE driver_stars AS
WITH counted AS (
    SELECT driver_id, count(*) AS ratings,
           count(*) FILTER (WHERE planted_id NOT BETWEEN 1000 AND 1999) AS honest_ratings
    FROM ride
    WHERE is_rated(status, end_s, h, planted_id)
    GROUP BY driver_id
)
SELECT c.driver_id, c.ratings,
       (d.stars_lost * c.honest_ratings + CASE WHEN c.honest_ratings < 10 THEN 0 ELSE 500 END)
       // 1000 AS lost
FROM counted AS c
JOIN chauffeur AS d USING (driver_id)
ORDER BY c.driver_id;

INSERT INTO drivers
SELECT d.driver_id,
       getvariable('first_names')[below(attribute(h, 11), 60) + 1] || ' '
           || getvariable('last_names')[below(attribute(h, 12), 80) + 1] AS name,
       'RL-' || lpad(driver_id::VARCHAR, 7, '0') || '-X' AS license_number,
       CASE WHEN joined_s > getvariable('history_s') - 777600 THEN 'pending'
            WHEN last_roster < 12 AND below(attribute(h, 13), 100) < 14 THEN 'suspended'
            WHEN last_roster < 12 AND below(attribute(h, 13), 100) < 55 THEN 'offboarded'
            ELSE 'active' END AS status,
       dollars(((5 * s.ratings - s.lost) * 100 + s.ratings // 2) // s.ratings)::DECIMAL(3, 2)
           AS rating,
       city_id,
       at_second(joined_s) AS joined_at,
       CASE WHEN s.ratings > 0 THEN TIMESTAMP '2026-03-30 00:00:00' END AS rating_updated_at
FROM chauffeur AS d
LEFT JOIN driver_stars AS s USING (driver_id)
ORDER BY d.driver_id;
