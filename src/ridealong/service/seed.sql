-- What the service begins with: a small extract of the company's data, which is always the same.
--
-- Of each of the five oldest cities four riders and four drivers, and rider 123 with the drivers of
-- their rides; then the six newest rides of each of these riders, for rider 123 all of them.
-- `tests/service/test_seed.py` runs this on the company's database and compares it with seed.json.

CREATE TEMP TABLE seed_cities AS
    SELECT city_id, name, region, timezone,
           CAST(base_fare * 100 AS INTEGER) AS base_fare_cents,
           CAST(per_mile * 100 AS INTEGER) AS per_mile_cents,
           CAST(min_fare * 100 AS INTEGER) AS minimum_fare_cents
    FROM cities WHERE city_id <= 5;

CREATE TEMP TABLE seed_zones AS
    SELECT zone_code, city_id, name, kind FROM zones WHERE city_id <= 5;

CREATE TEMP TABLE seed_riders AS
    SELECT user_id, name, home_city_id AS city_id FROM (
        SELECT user_id, name, home_city_id,
               row_number() OVER (PARTITION BY home_city_id ORDER BY user_id) AS place
        FROM users
        WHERE home_city_id <= 5 AND deleted_at IS NULL
          AND (SELECT count(*) FROM rides WHERE rides.user_id = users.user_id) BETWEEN 6 AND 60
    ) WHERE place <= 4
    UNION
    SELECT user_id, name, coalesce(home_city_id, 1) FROM users WHERE user_id = 123;

CREATE TEMP TABLE seed_rides AS
    SELECT ride_id, user_id, driver_id, city_id, pickup_location, dropoff_location, status,
           strftime(requested_at, '%Y-%m-%dT%H:%M:%S') AS requested_at,
           strftime(picked_up_at, '%Y-%m-%dT%H:%M:%S') AS picked_up_at,
           strftime(coalesce(completed_at, cancelled_at), '%Y-%m-%dT%H:%M:%S') AS ended_at,
           CAST(quoted_fare * 100 AS INTEGER) AS quoted_fare_cents,
           CAST(fare * 100 AS INTEGER) AS fare_cents,
           CAST(driver_pay * 100 AS INTEGER) AS driver_pay_cents
    FROM (
        SELECT rides.*, row_number() OVER (PARTITION BY user_id ORDER BY requested_at DESC, ride_id DESC) AS place
        FROM rides SEMI JOIN seed_riders USING (user_id)
        WHERE city_id <= 5 AND status IN ('completed', 'cancelled')
    ) WHERE place <= 6 OR user_id = 123;

CREATE TEMP TABLE seed_drivers AS
    SELECT driver_id, name, city_id, rating FROM (
        SELECT driver_id, name, city_id, CAST(rating AS VARCHAR) AS rating,
               row_number() OVER (PARTITION BY city_id ORDER BY driver_id) AS place
        FROM drivers WHERE city_id <= 5 AND status = 'active'
    ) WHERE place <= 4
    UNION
    SELECT driver_id, name, city_id, CAST(rating AS VARCHAR) FROM drivers
    SEMI JOIN seed_rides USING (driver_id);
