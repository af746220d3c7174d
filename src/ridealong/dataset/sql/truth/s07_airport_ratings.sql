-- S7: pickups at an airport get fewer stars whoever drives, and for some drivers the nightly copy of
-- the rating stopped weeks ago.

CREATE TEMP TABLE star AS
SELECT r.driver_id, z.kind = 'airport' AS airport, s.stars
FROM ratings AS s
JOIN rides AS r USING (ride_id)
JOIN zones AS z ON z.zone_code = r.pickup_location
WHERE s.rated_by = 'user';

CREATE TEMP TABLE driver_mean AS
SELECT driver_id, avg(stars) AS mean, count(*) AS ratings,
       avg(stars) FILTER (WHERE airport) AS airport_mean,
       avg(stars) FILTER (WHERE NOT airport) AS other_mean,
       count(*) FILTER (WHERE airport) AS airport_ratings
FROM star GROUP BY driver_id;

CREATE TEMP TABLE truth AS
SELECT (SELECT sum((airport_mean - other_mean) * airport_ratings)
               / sum(airport_ratings) FILTER (WHERE other_mean IS NOT NULL)
        FROM driver_mean) AS effect_within_drivers,
       (SELECT list(d.driver_id ORDER BY d.driver_id) FROM drivers AS d JOIN driver_mean AS m USING (driver_id)
        WHERE abs(d.rating - m.mean) > 0.02) AS stale_driver_ids,
       (SELECT list(d.driver_id ORDER BY d.driver_id) FROM drivers AS d JOIN driver_mean AS m USING (driver_id)
        WHERE d.rating < 4.6 AND m.mean >= 4.6 AND abs(d.rating - m.mean) > 0.02)
           AS wrongly_below_4_6,
       (SELECT max(rating_updated_at) FROM drivers
        WHERE rating_updated_at < as_of() - INTERVAL 3 DAY) AS latest_stale_copy;

CREATE TEMP TABLE naive AS
SELECT (SELECT avg(stars) FILTER (WHERE airport) - avg(stars) FILTER (WHERE NOT airport)
        FROM star) AS effect_across_drivers,
       (SELECT count(*) FROM drivers WHERE rating IS NULL) AS unrated_taken_for_bad,
       (SELECT count(*) FROM drivers WHERE rating < 4.6) AS below_4_6_by_the_copy,
       (SELECT count(*) FROM driver_mean WHERE mean = 5) AS perfect_means,
       (SELECT max(ratings) FROM driver_mean WHERE mean = 5) AS most_ratings_of_a_perfect_mean;

SELECT promise
FROM truth, naive, (VALUES
    ('airport pickups lose between 0.25 and 0.45 stars',
     effect_within_drivers BETWEEN -0.45 AND -0.25),
    ('exactly the planted copies are stale',
     len(stale_driver_ids) = getvariable('s7_stale_drivers')),
    ('each of them looks worse than it is', wrongly_below_4_6 = stale_driver_ids)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
