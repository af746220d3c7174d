-- S12: the same person twice, with the address in another case. Two people may share a name.

CREATE TEMP TABLE truth AS
WITH pair AS (
    SELECT lower(email) AS address, min(user_id) AS first_id, max(user_id) AS second_id,
           date_diff('hour', min(created_at), max(created_at)) / 24.0 AS days
    FROM users GROUP BY lower(email) HAVING count(*) > 1
)
SELECT count(*) AS people_with_two_accounts,
       (SELECT count(*) FROM users) AS accounts,
       (SELECT count(DISTINCT lower(email)) FROM users) AS people,
       avg(days) AS days_between,
       list(second_id ORDER BY second_id) AS second_accounts
FROM pair;

CREATE TEMP TABLE naive AS
SELECT (SELECT count(*) FROM (SELECT email FROM users GROUP BY email HAVING count(*) > 1))
           AS pairs_when_case_matters,
       (SELECT count(*) FROM (SELECT name FROM users GROUP BY name HAVING count(*) > 1))
           AS names_that_occur_twice;

SELECT promise
FROM truth, naive, (VALUES
    ('exactly the planted pairs', people_with_two_accounts = getvariable('s12_pairs')),
    ('about 40 days apart', days_between BETWEEN 39 AND 41),
    ('none when case matters', pairs_when_case_matters = 0),
    ('many share a name', names_that_occur_twice > people_with_two_accounts)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
