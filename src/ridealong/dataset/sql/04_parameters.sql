-- What the company looks like, in whole numbers: change a number here and the data follows.
--
-- Four variables come from outside: `seed`, `draw`, `user_count` and `driver_count`.

SET VARIABLE history_s = 15724800;          -- 26 weeks in seconds; the history ends at as_of()
SET VARIABLE user_key = (SELECT stream(1));
SET VARIABLE driver_key = (SELECT stream(2));
SET VARIABLE week_key = (SELECT stream(3));
SET VARIABLE shift_key = (SELECT stream(4));
SET VARIABLE story_key = (SELECT stream(5));
SET VARIABLE payment_key = (SELECT stream(6));
SET VARIABLE event_key = (SELECT stream(8));
SET VARIABLE job_key = (SELECT stream(9));
SET VARIABLE request_key = (SELECT stream(10));
SET VARIABLE supply_key = (SELECT stream(11));
SET VARIABLE promo_key = (SELECT stream(13));
SET VARIABLE app_event_key = (SELECT stream(14));
SET VARIABLE map_key = (SELECT stream(16));
SET VARIABLE staging_key = (SELECT stream(17));

-- Percentiles of everything that is measured. Between two lines the value grows evenly.
CREATE TEMP TABLE knot AS
SELECT quantity, percent, value
FROM (VALUES
    -- trip length in hundredths of a mile
    ('distance', 0, 30), ('distance', 5, 75), ('distance', 10, 103), ('distance', 25, 158),
    ('distance', 50, 297), ('distance', 75, 622), ('distance', 90, 1130), ('distance', 95, 1530),
    ('distance', 99, 2100), ('distance', 100, 3200),
    -- speed in tenths of a mile per hour, before the bonus for long trips
    ('speed', 0, 45), ('speed', 10, 75), ('speed', 25, 100), ('speed', 50, 135),
    ('speed', 75, 180), ('speed', 90, 240), ('speed', 100, 420),
    -- seconds from request to pickup
    ('wait', 0, 45), ('wait', 5, 90), ('wait', 25, 165), ('wait', 50, 250), ('wait', 75, 375),
    ('wait', 90, 560), ('wait', 95, 720), ('wait', 99, 1200), ('wait', 100, 1900),
    -- when a driver accepts, in hundredths of the time that the app gives them
    ('accept', 0, 4), ('accept', 25, 14), ('accept', 50, 26), ('accept', 75, 45),
    ('accept', 90, 68), ('accept', 100, 100),
    -- rides of a typical rider in a week with any ride
    ('rides', 0, 1), ('rides', 45, 1), ('rides', 46, 2), ('rides', 70, 2), ('rides', 71, 3),
    ('rides', 85, 3), ('rides', 86, 4), ('rides', 95, 6), ('rides', 99, 10), ('rides', 100, 14),
    -- how much a rider rides, in thousandths of a typical rider
    ('habit', 0, 250), ('habit', 40, 500), ('habit', 60, 900), ('habit', 75, 1500),
    ('habit', 88, 2600), ('habit', 95, 4200), ('habit', 99, 7000), ('habit', 100, 9000),
    -- surge in tenths, in a quarter of an hour with surge
    ('surge', 0, 11), ('surge', 40, 12), ('surge', 60, 13), ('surge', 75, 15), ('surge', 90, 18),
    ('surge', 98, 23), ('surge', 100, 31),
    -- days until a driver stops driving (400: stays)
    ('tenure', 0, 28), ('tenure', 15, 36), ('tenure', 30, 56), ('tenure', 45, 98),
    ('tenure', 65, 182), ('tenure', 66, 400), ('tenure', 100, 400),
    -- stars below 5 in a driver's mean, in thousandths
    ('stars_lost', 0, 20), ('stars_lost', 10, 70), ('stars_lost', 25, 120), ('stars_lost', 50, 198),
    ('stars_lost', 75, 270), ('stars_lost', 90, 335), ('stars_lost', 98, 393),
    ('stars_lost', 99, 490), ('stars_lost', 100, 600),
    -- milliseconds a request of the API takes
    ('latency', 0, 12), ('latency', 10, 24), ('latency', 50, 52), ('latency', 75, 80),
    ('latency', 90, 120), ('latency', 95, 160), ('latency', 99, 320), ('latency', 100, 900),
    -- second of the UTC day by which that share of the day's sign-ups has happened
    ('signup_clock', 0, 0), ('signup_clock', 20, 12600), ('signup_clock', 25, 18000),
    ('signup_clock', 30, 41400), ('signup_clock', 50, 55800), ('signup_clock', 75, 70200),
    ('signup_clock', 100, 86399)
) AS line (quantity, percent, value)
ORDER BY quantity, percent;

-- Each quantity as 4,096 equally likely values: slot k stands for the percentile (2k + 1) / 81.92.
CREATE TEMP TABLE distribution AS
WITH line AS (
    SELECT quantity, percent * 8192 AS position, value,
           lead(percent) OVER later * 8192 AS next_position,
           lead(value) OVER later AS next_value
    FROM knot
    WINDOW later AS (PARTITION BY quantity ORDER BY percent)
),
point AS (
    SELECT quantity, slot,
           value + (next_value - value) * ((2 * slot + 1) * 100 - position)
                   // (next_position - position) AS value
    FROM line
    JOIN range(4096) AS grid (slot)
      ON (2 * slot + 1) * 100 >= position AND (2 * slot + 1) * 100 < next_position
)
SELECT quantity, list(value::BIGINT ORDER BY slot) AS slots
FROM point
GROUP BY quantity
ORDER BY quantity;

SET VARIABLE distance_slots = (SELECT slots FROM distribution WHERE quantity = 'distance');
SET VARIABLE speed_slots = (SELECT slots FROM distribution WHERE quantity = 'speed');
SET VARIABLE wait_slots = (SELECT slots FROM distribution WHERE quantity = 'wait');
SET VARIABLE accept_slots = (SELECT slots FROM distribution WHERE quantity = 'accept');
SET VARIABLE rides_slots = (SELECT slots FROM distribution WHERE quantity = 'rides');
SET VARIABLE habit_slots = (SELECT slots FROM distribution WHERE quantity = 'habit');
SET VARIABLE surge_slots = (SELECT slots FROM distribution WHERE quantity = 'surge');
SET VARIABLE tenure_slots = (SELECT slots FROM distribution WHERE quantity = 'tenure');
SET VARIABLE stars_lost_slots = (SELECT slots FROM distribution WHERE quantity = 'stars_lost');
SET VARIABLE latency_slots = (SELECT slots FROM distribution WHERE quantity = 'latency');
SET VARIABLE signup_clock_slots = (SELECT slots FROM distribution WHERE quantity = 'signup_clock');

-- Share of riders who still ride, in thousandths, by whole weeks since sign-up.
SET VARIABLE retention = [
    1000, 460, 343, 290, 256, 233, 216, 203, 192, 182, 174, 168, 161,
    156, 151, 147, 143, 139, 136, 133, 130, 128, 125, 123, 121, 119]::BIGINT[];

-- Requests by hour of the local week: 24 weights per day, midnight first.
CREATE TEMP TABLE hour_weight AS
SELECT weekday, unnest(range(24)) AS hour, unnest(weights) AS weight
FROM (VALUES
    (0, [8, 5, 3, 3, 4, 9, 22, 38, 45, 36, 30, 30, 33, 34, 36, 40, 47, 55, 58, 52, 44, 38, 30, 18]),
    (1, [9, 6, 4, 4, 5, 10, 23, 39, 46, 37, 31, 31, 34, 35, 37, 41, 48, 56, 59, 53, 45, 39, 31, 19]),
    (2, [10, 7, 5, 5, 6, 11, 24, 40, 47, 38, 32, 32, 35, 36, 38, 42, 49, 57, 60, 54, 46, 40, 32, 20]),
    (3, [12, 9, 7, 7, 8, 13, 26, 42, 49, 40, 34, 34, 37, 38, 40, 44, 51, 59, 62, 56, 48, 42, 34, 22]),
    (4, [10, 6, 4, 3, 4, 9, 21, 36, 42, 35, 31, 32, 36, 38, 41, 46, 53, 60, 66, 66, 62, 62, 60, 50]),
    (5, [42, 36, 28, 16, 8, 7, 10, 15, 21, 28, 35, 40, 44, 45, 45, 46, 49, 54, 60, 64, 63, 65, 66, 58]),
    (6, [50, 44, 36, 20, 9, 7, 9, 12, 17, 24, 31, 36, 39, 40, 40, 41, 43, 44, 42, 38, 33, 28, 22, 14])
) AS day (weekday, weights)
ORDER BY weekday, hour;

-- The same weights as 4,096 equal slots: a slot drawn at random is an hour drawn by weight.
SET VARIABLE hour_slots = (
    WITH span AS (
        SELECT weekday * 24 + hour AS hour_of_week,
               sum(weight) OVER (ORDER BY weekday, hour) AS upper,
               sum(weight) OVER (ORDER BY weekday, hour) - weight AS lower,
               sum(weight) OVER () AS total
        FROM hour_weight
    )
    SELECT list(hour_of_week::INTEGER ORDER BY slot)
    FROM range(4096) AS grid (slot)
    JOIN span ON (2 * slot + 1) * total >= lower * 8192 AND (2 * slot + 1) * total < upper * 8192
);

SET VARIABLE first_names = [
    'Maya', 'Omar', 'Grace', 'Noah', 'Priya', 'Lucas', 'Amara', 'Ethan', 'Sofia', 'Kenji', 'Leila',
    'Marcus', 'Chloe', 'Diego', 'Hannah', 'Ivan', 'Jasmine', 'Kwame', 'Lena', 'Mateo', 'Nadia',
    'Oscar', 'Paula', 'Quentin', 'Rosa', 'Samir', 'Tessa', 'Umar', 'Vera', 'Wesley', 'Ximena',
    'Yusuf', 'Zara', 'Adam', 'Bianca', 'Caleb', 'Dalia', 'Elena', 'Felix', 'Gloria', 'Hugo', 'Ines',
    'Jonas', 'Keiko', 'Liam', 'Mina', 'Nikhil', 'Olive', 'Pedro', 'Ruth', 'Stefan', 'Tara', 'Uma',
    'Viktor', 'Wanda', 'Yara', 'Zoe', 'Anton', 'Brigid', 'Cyrus'];
SET VARIABLE last_names = [
    'Abbott', 'Okafor', 'Lindqvist', 'Moreau', 'Nakamura', 'O''Brien', 'Petrov', 'Quiroga', 'Rossi',
    'Silva', 'Tanaka', 'Ueda', 'Vargas', 'Weber', 'Xu', 'Yilmaz', 'Zhang', 'Andersen', 'Baptiste',
    'Castillo', 'Dube', 'Eriksen', 'Fontaine', 'Garcia', 'Haddad', 'Ibrahim', 'Jensen', 'Kowalski',
    'Larsen', 'McAllister', 'Novak', 'O''Neill', 'Park', 'Quinn', 'Reyes', 'Sharma', 'Torres',
    'Ullman', 'Van Dyke', 'Wolfe', 'Yang', 'Zimmer', 'Adeyemi', 'Becker', 'Chen', 'D''Angelo',
    'Ellis', 'Fischer', 'Gupta', 'Hansen', 'Ivanova', 'Jimenez', 'Khan', 'Lopez', 'Mbeki', 'Nguyen',
    'Ortiz', 'Patel', 'Ramirez', 'Schmidt', 'Turner', 'Usman', 'Vogel', 'Walsh', 'Young', 'Zafar',
    'Alvarez', 'Bianchi', 'Carter', 'Duarte', 'Evans', 'Flores', 'Green', 'Hughes', 'Ito', 'Jones',
    'Kim', 'Levi', 'Martins', 'Nolan'];
