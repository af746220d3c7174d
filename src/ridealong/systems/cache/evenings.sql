-- The evening of the company's busiest concert, in its five oldest cities: who asks for a ride, and
-- who drives. From one hour before the concert until one hour after it.
--
-- `python -m ridealong.systems.cache.traffic` writes what this gives into evenings.json.

CREATE TEMP TABLE concert AS
    SELECT arg_max(city_id, requests) AS city_id,
           arg_max(starts_at, requests) - INTERVAL 1 HOUR AS begins_at
    FROM (
        SELECT city_events.city_id, starts_at, count(*) AS requests
        FROM city_events JOIN rides ON rides.city_id = city_events.city_id
            AND requested_at >= starts_at - INTERVAL 1 HOUR
            AND requested_at < starts_at + INTERVAL 3 HOUR
        WHERE kind = 'concert' AND city_events.city_id <= 5
        GROUP BY city_events.city_id, starts_at
    );

CREATE TEMP TABLE evening_rides AS
    SELECT city_id, user_id, driver_id, pickup_location, dropoff_location, requested_at,
           CAST(date_diff('second', begins_at, requested_at) AS INTEGER) AS second,
           CAST(date_diff('second', requested_at, completed_at) AS INTEGER) AS busy_seconds
    FROM rides JOIN (SELECT begins_at FROM concert) AS concert
        ON requested_at >= begins_at AND requested_at < begins_at + INTERVAL 4 HOUR
    WHERE city_id <= 5;

CREATE TEMP TABLE asks AS
    SELECT second, city_id, pickup_location, dropoff_location, user_id, busy_seconds
    FROM evening_rides ORDER BY second, user_id;

-- A driver begins where they pick somebody up first.
CREATE TEMP TABLE cars AS
    SELECT city_id, driver_id, arg_min(pickup_location, requested_at) AS zone_code
    FROM evening_rides WHERE driver_id IS NOT NULL
    GROUP BY city_id, driver_id ORDER BY city_id, driver_id;
