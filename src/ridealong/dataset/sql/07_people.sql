-- Riders and drivers as the generator sees them, before they become rows of `users` and `drivers`.

-- One row per account. Sign-ups are spread evenly over the 26 weeks, busier by day than by night.
CREATE TEMP TABLE person AS
WITH numbered AS (
    SELECT id AS user_id, first_round(id) AS once
    FROM range(1, getvariable('user_count') + 1) AS ids (id)
),
drawn AS (
    SELECT user_id,
           second_round(once, getvariable('user_key')) AS h,
           ((user_id - 1) * getvariable('history_s') // getvariable('user_count')) AS slot_s
    FROM numbered
),
timed AS (
    SELECT user_id, h,
           slot_s + below(attribute(h, 1),
                          greatest(1, getvariable('history_s') // getvariable('user_count')))
               AS even_s
    FROM drawn
),
signed_up AS (
    SELECT user_id, h,
           even_s // 86400 * 86400
           + drawn_from(getvariable('signup_clock_slots'),
                        ((even_s % 86400)::UBIGINT << 32) // 86400) AS created_s
    FROM timed
)
SELECT user_id::INTEGER AS user_id,
       h::UINTEGER AS h,
       created_s::INTEGER AS created_s,
       (created_s // 604800)::TINYINT AS signup_week,
       CASE WHEN user_id = 123 THEN 1 ELSE city_of(attribute(h, 2)) END::TINYINT AS city_id,
       CASE WHEN below(attribute(h, 3), 1000) < 30 THEN NULL
            WHEN below(attribute(h, 4), 100) < 42 THEN 'organic'
            WHEN below(attribute(h, 4), 100) < 66 THEN 'paid_social'
            WHEN below(attribute(h, 4), 100) < 90 THEN 'referral'
            ELSE 'partner' END AS signup_channel,
       ['android', 'ios'][below(attribute(h, 5), 2) + 1] AS platform,
       -- the share of people who have moved to the new app version once it is out
       below(attribute(h, 6), 100) < 50 AS takes_new_version,
       user_id = 123 OR below(attribute(h, 7), 1000) < 780 AS adds_payment,
       drawn_from(getvariable('habit_slots'), attribute(h, 8))::INTEGER AS habit,
       -- two in a hundred close their account some weeks after they signed up
       CASE WHEN below(attribute(h, 9), 1000) < 20 AND user_id <> 123
            THEN created_s + 1209600 + below(attribute(h, 10), 8640000) END::INTEGER AS deleted_s
FROM signed_up
ORDER BY user_id;

-- S4: of those on the platform who would have added a payment method, the first 26 in a hundred (by
-- rank) do not.
UPDATE person SET adds_payment = false
FROM (
    SELECT user_id, row_number() OVER (ORDER BY attribute(h, 40), user_id) AS place,
           count(*) OVER () AS people
    FROM person
    WHERE platform = getvariable('s4_platform') AND signup_week >= getvariable('s4_week')
      AND adds_payment AND user_id <> 123
) AS would_add
WHERE would_add.user_id = person.user_id AND place * 100 <= people * 26;

-- S5: of the referral sign-ups of the two weeks, the first 42 in a hundred (by rank) ride in their
-- fourth week; nobody else of them does.
CREATE TEMP TABLE s5_cohort AS
WITH referred AS (
    SELECT user_id, row_number() OVER (ORDER BY attribute(h, 41), user_id) AS place,
           count(*) OVER () AS people
    FROM person
    WHERE signup_channel = 'referral' AND adds_payment AND deleted_s IS NULL
      AND signup_week IN (getvariable('s5_week'), getvariable('s5_week') + 1)
)
SELECT user_id, place * 100 <= people * 42 AS stays FROM referred
ORDER BY user_id;

-- S15: everybody who signed up before an experiment is in it, half and half by rank.
CREATE TEMP TABLE s15_note AS
SELECT user_id, row_number() OVER (ORDER BY attribute(h, 42), user_id) % 2 = 0 AS treated
FROM person
WHERE created_s < getvariable('s15_note_start_s') AND adds_payment
ORDER BY user_id;

-- One row per driver. One in five was there at the start, the others join evenly until the end.
CREATE TEMP TABLE chauffeur AS
WITH numbered AS (
    SELECT id AS driver_id, first_round(id) AS once
    FROM range(1, getvariable('driver_count') + 1) AS ids (id)
),
drawn AS (
    SELECT driver_id, second_round(once, getvariable('driver_key')) AS h FROM numbered
),
joined AS (
    SELECT driver_id, h,
           CASE WHEN driver_id * 5 <= getvariable('driver_count')
                THEN -86400 - (getvariable('driver_count') - 5 * driver_id) * 6000000
                              // getvariable('driver_count')
                ELSE (driver_id * 5 - getvariable('driver_count')) * getvariable('history_s')
                     // (getvariable('driver_count') * 4) - 1 - below(attribute(h, 1), 3600)
           END AS joined_s
    FROM drawn
),
left_at AS (
    SELECT driver_id, h, joined_s,
           greatest(joined_s, 0)
           + drawn_from(getvariable('tenure_slots'), attribute(h, 2)) * 86400 AS left_s
    FROM joined
)
SELECT driver_id::INTEGER AS driver_id,
       h::UINTEGER AS h,
       joined_s::INTEGER AS joined_s,
       left_s::INTEGER AS left_s,
       city_of(attribute(h, 3))::TINYINT AS city_id,
       -- drivers appear on two-week rosters, from the first one after they joined
       CASE WHEN joined_s < 0 THEN 0 ELSE joined_s // 1209600 + 1 END::TINYINT AS first_roster,
       least(12, left_s // 1209600 - 1)::TINYINT AS last_roster,
       drawn_from(getvariable('stars_lost_slots'), attribute(h, 4))::INTEGER AS stars_lost
FROM left_at
ORDER BY driver_id;
