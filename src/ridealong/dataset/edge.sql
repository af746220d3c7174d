-- Twelve rides, written by hand, that hold what a query can get wrong.
--
-- Every answer is also judged on these rows. They have the tables, types and constraints of the
-- real data and obey its rules (nobody drives two rides at once, a fare is paid 79 % to the
-- driver), so an answer that is right is right here too. Each row says which edge it is.
--
-- "Now" is 2026-03-30 00:00, so the last 30 days start at 2026-02-28 00:00 and the last 7 days at
-- 2026-03-23 00:00.

-- ------------------------------------------------------------------ map and supply

INSERT INTO cities
    (city_id, name, region, timezone, launched_on, base_fare, per_mile, per_minute, min_fare)
VALUES
    (1, 'Harborview', 'East', 'America/New_York', '2023-05-01', 2.55, 1.75, 0.35, 7.00),
    (2, 'Brookfall', 'East', 'America/New_York', '2024-02-12', 2.55, 1.75, 0.35, 7.00),     -- no ride, a second city of its region
    (3, 'Lakemont', 'Central', 'America/Chicago', '2023-09-18', 2.55, 1.75, 0.35, 7.00),
    (4, 'Drymesa', 'Mountain', 'America/Phoenix', '2024-06-03', 2.55, 1.75, 0.35, 7.00),    -- no ride in the whole region
    (5, 'Pinewater', 'West', 'America/Los_Angeles', '2023-05-01', 2.55, 1.75, 0.35, 7.00),  -- only a cancelled ride
    (6, 'Coralgate', 'West', 'America/Los_Angeles', '2025-09-29', 2.55, 1.75, 0.35, 7.00);  -- no ride, no driver, no rider

INSERT INTO zones (zone_code, city_id, name, kind) VALUES
    ('HBV-DTN', 1, 'Old Harbor', 'downtown'),
    ('HBV-AIR', 1, 'Harborview Airport', 'airport'),
    ('HBV-ST_', 1, 'St_Mary''s', 'campus'),           -- underscore and apostrophe
    ('LKM-DTN', 3, 'Lakemont Center', 'downtown'),
    ('LKM-FAIR', 3, 'Lakeside Fairground', 'venue'),   -- ends in AIR, and is no airport
    ('PNW-DTN', 5, 'Pinewater Center', 'downtown'),
    ('PNW-AIRY', 5, 'Airy Hill', 'residential'),       -- -AIR inside, and is no airport
    ('DRY-AIR', 4, 'Drymesa Airport', 'airport');      -- an airport without a ride

INSERT INTO city_events (event_id, city_id, zone_code, kind, starts_at, ends_at) VALUES
    (1, 3, 'LKM-FAIR', 'concert', '2026-03-22 20:00:00', '2026-03-22 23:30:00'),
    (2, 1, NULL, 'storm', '2026-02-27 22:00:00', '2026-02-28 06:00:00'),   -- the whole city; crosses midnight
    (3, 4, NULL, 'holiday', '2026-03-16 07:00:00', '2026-03-17 07:00:00'); -- where there is no ride

INSERT INTO surge_snapshots
    (city_id, snapshot_at, open_requests, available_drivers, multiplier)
VALUES
    (1, '2026-02-28 00:00:00', 3, 2, 1.30),
    (1, '2026-02-28 00:15:00', 0, 4, 1.00),
    (3, '2026-03-22 23:30:00', 9, 0, 2.00),            -- nobody free: a ratio divides by zero
    (3, '2026-03-22 23:45:00', 0, 0, 1.00);            -- nothing asked and nobody free

INSERT INTO driver_pings (driver_id, ping_at, zone_code, state) VALUES
    (3, '2026-03-22 23:58:00', 'LKM-DTN', 'on_trip'),
    (4, '2026-03-22 23:58:00', 'LKM-FAIR', 'on_trip'),
    (4, '2026-03-23 00:01:00', 'LKM-DTN', 'available'),
    (5, '2026-03-22 23:58:00', 'PNW-DTN', 'offline');  -- reports, but never drove

-- ------------------------------------------------------------------ marketplace

INSERT INTO users
    (user_id, name, email, created_at, home_city_id, signup_channel, referred_by, deleted_at)
VALUES
    (1, 'Ana Silva', 'Ana.Silva@example.com', '2025-09-29 00:00:00', 1, 'organic', NULL, NULL),        -- first instant of the history
    (2, 'Ana S. Silva', 'ANA.SILVA@example.com', '2026-01-01 00:00:00', 1, 'paid_social', NULL, NULL), -- email differs from rider 1's by case alone, and neither is all lower case; another name; the first instant of a month
    (5, 'Percy 100% Sure', 'percy_100%@example.com', '2025-12-31 23:59:59', 3, 'organic', NULL, NULL), -- percent sign and underscore
    (6, 'Ida Quist', 'percy.100.quist@example.com', '2025-01-15 09:30:00', 1, 'organic', NULL, NULL), -- a January, but of the year before; older than the history; never rode; the pattern in the address of rider 5 matches it
    (9, 'Una Lisle', 'zoe.oneil@example.com', '2026-03-22 23:59:59', NULL, NULL, NULL, NULL),           -- never rode; home and channel unknown; the underscore in the address of rider 200 as a wildcard matches its full stop; a second too old for "last 7 days"
    (10, 'D''Arcy Lee', 'DArcy.Lee@Example.com', '2026-03-23 00:00:00', 5, 'referral', 77, NULL),      -- apostrophe; only cancelled rides; exactly 7 days old
    (123, 'Sam Rivers', 'sam.rivers@example.com', '2025-10-06 12:00:00', 1, 'referral', 77, NULL),     -- ties with rider 77 in created_at, and is stored first
    (77, 'Noor O''Brien', 'Noor.OBrien@Example.com', '2025-10-06 12:00:00', 3, 'partner', NULL, NULL), -- apostrophe and upper case
    (200, 'zoe o_neil', 'zoe_oneil@example.com', '2026-02-01 00:00:00', 5, NULL, 10, '2026-03-25 10:00:00'); -- lower case and underscore; the first instant after January; closed without a ride; invited by somebody who joined later

INSERT INTO drivers
    (driver_id, name, license_number, status, rating, city_id, joined_at, rating_updated_at)
VALUES
    (1, 'Ruth Okafor', 'LIC00000001', 'active', NULL, 1, '2025-10-01 08:00:00', NULL),                    -- drives, but nobody rated it
    (2, 'Ivan Petrov', 'LIC00000002', 'active', 5.00, 3, '2025-10-01 08:00:00', '2026-03-29 03:00:00'),   -- 5.00 on a single rating; ties in joined_at
    (3, 'Mei O''Connor', 'LIC00000003', 'active', 4.50, 3, '2026-03-01 08:00:00', '2026-03-29 03:00:00'), -- exactly 4.50, and so by its two ratings
    (4, 'Lars Berg', 'LIC00000004', 'suspended', 4.50, 3, '2025-11-20 08:00:00', '2026-02-01 03:00:00'),  -- 4.50 in a stale copy: its one rating has 3 stars
    (5, 'Ana Silva', 'LIC00000005', 'active', 4.93, 5, '2025-12-15 08:00:00', '2026-03-29 03:00:00'),     -- no ride; the name of a rider
    (6, 'Joy_Ann Reyes', 'LIC00000006', 'pending', NULL, 4, '2026-03-29 23:59:59', NULL),                 -- no ride, no rating, a city without rides
    (7, 'Otto Klein', 'LIC00000007', 'offboarded', 4.12, 5, '2025-09-29 00:00:00', '2026-01-01 03:00:00'), -- gone; only a ride that was cancelled
    (8, 'Nils Aune', 'LIC00000008', 'pending', 4.40, 1, '2025-10-20 08:00:00', '2026-03-01 03:00:00'),    -- pending again, while its papers are renewed: so it has a rating
    (9, 'Vera Holm', 'LIC00000009', 'suspended', NULL, 1, '2026-02-20 08:00:00', NULL),                   -- suspended before anybody rated it
    (10, 'Tom Abara', 'LIC00000010', 'offboarded', 4.80, 5, '2025-10-01 08:00:00', '2026-01-01 03:00:00'); -- exactly 4.80; no ride

INSERT INTO rides
    (ride_id, user_id, driver_id, pickup_location, dropoff_location, status, requested_at,
     completed_at, city_id, picked_up_at, cancelled_at, cancelled_by, distance_mi,
     surge_multiplier, quoted_fare, fare, driver_pay)
VALUES
    -- completed one second before the last 30 days begin; its charge failed once; stored first,
    -- so that cities in the order of their first ride have city 3 before city 1, which has as many
    (1, 1, 2, 'LKM-DTN', 'LKM-FAIR', 'completed', '2026-02-27 23:30:00',
     '2026-02-27 23:59:59', 3, '2026-02-27 23:35:00', NULL, NULL, 9.10,
     1.00, 27.20, 27.20, 21.48),
    -- rider 123 books three cars in a storm, for friends too: rides 2, 3 and 4. Ride 3 is stored
    -- before ride 2, so that an order by distance without a last key shows it first (they tie in
    -- fare and distance), and before ride 4, so that an order by completed_at without a last key
    -- shows it first (they tie there, at the instant the last 30 days begin).
    -- requested before the last 30 days, completed at midnight; starts and ends in one zone
    (3, 123, 8, 'HBV-DTN', 'HBV-DTN', 'completed', '2026-02-27 23:40:00',
     '2026-02-28 00:00:00', 1, '2026-02-27 23:44:00', NULL, NULL, 3.00,
     1.00, 13.70, 13.70, 10.82),
    -- requested first of the three, beside ride 4, and completed last: orders that differ
    (2, 123, 1, 'HBV-AIR', 'HBV-DTN', 'completed', '2026-02-27 23:35:00',
     '2026-02-28 00:10:00', 1, '2026-02-27 23:54:00', NULL, NULL, 3.00,
     1.00, 13.70, 13.70, 10.82),
    -- ties with ride 3 in completed_at; the third and fourth of the rider's newest; ties with
    -- ride 2 in requested_at, and was requested before ride 3, against the order of their ids
    (4, 123, 9, 'HBV-DTN', 'HBV-ST_', 'completed', '2026-02-27 23:35:00',
     '2026-02-28 00:00:00', 1, '2026-02-27 23:50:00', NULL, NULL, 2.00,
     1.00, 9.55, 9.55, 7.54),
    -- the shortest, at the minimum fare; completed exactly 7 days ago; its payment is pending
    (5, 77, 3, 'LKM-DTN', 'LKM-DTN', 'completed', '2026-03-22 23:50:00',
     '2026-03-23 00:00:00', 3, '2026-03-22 23:57:00', NULL, NULL, 0.50,
     1.00, 7.00, 7.00, 5.53),
    -- the longest; ties with ride 5 in completed_at; surge; the driver is suspended by now; the
    -- only ride of its rider
    (6, 5, 4, 'LKM-FAIR', 'LKM-DTN', 'completed', '2026-03-22 23:20:00',
     '2026-03-23 00:00:00', 3, '2026-03-22 23:30:00', NULL, NULL, 11.30,
     1.50, 49.24, 49.24, 38.89),
    -- cancelled by the system while requested: no driver was found; requested at 08:00 UTC of the
    -- night in which the clocks of its city were set back
    (7, 1, NULL, 'HBV-DTN', 'HBV-AIR', 'cancelled', '2025-11-02 08:00:00',
     NULL, 1, NULL, '2025-11-02 08:05:00', 'system', NULL,
     2.00, 54.40, NULL, NULL),
    -- cancelled by the rider after a driver had accepted, for a fee
    (8, 123, 1, 'HBV-DTN', 'HBV-ST_', 'cancelled', '2026-03-18 08:00:00',
     NULL, 1, NULL, '2026-03-18 08:06:00', 'rider', NULL,
     1.00, 9.45, NULL, NULL),
    -- cancelled by the driver after accepting: the only ride of its city and of its driver;
    -- requested at midnight on the clocks of its city
    (9, 10, 7, 'PNW-AIRY', 'PNW-DTN', 'cancelled', '2026-03-28 07:00:00',
     NULL, 5, NULL, '2026-03-28 07:03:00', 'driver', NULL,
     1.00, 7.00, NULL, NULL),
    -- completed at the very instant of "now", which a half-open range leaves out; charged at once
    (10, 123, 1, 'HBV-DTN', 'HBV-AIR', 'completed', '2026-03-29 23:30:00',
     '2026-03-30 00:00:00', 1, '2026-03-29 23:35:00', NULL, NULL, 9.10,
     1.00, 27.20, 27.20, 21.48),
    -- requested at midnight UTC, exactly one day ago, when it is still 28 March on the clocks of
    -- its city; never charged; ties in fare with ride 6
    (11, 77, 3, 'LKM-FAIR', 'LKM-DTN', 'completed', '2026-03-29 00:00:00',
     '2026-03-29 00:25:00', 3, '2026-03-29 00:05:00', NULL, NULL, 5.20,
     3.00, 49.24, 49.24, 38.89),
    -- still under way when "now" strikes: picked up, and neither completed nor cancelled; by its wait
    -- the 90th percentile of Lakemont lies between two waits and is no whole number
    (12, 2, 2, 'LKM-DTN', 'LKM-FAIR', 'in_progress', '2026-03-29 23:40:00',
     NULL, 3, '2026-03-29 23:52:31', NULL, NULL, NULL,
     1.00, 27.20, NULL, NULL);

-- One row for each state a ride entered. Those of ride 11 were recorded a day late.
INSERT INTO ride_events (ride_id, seq, status, occurred_at, recorded_at) VALUES
    (1, 1, 'requested', '2026-02-27 23:30:00', '2026-02-27 23:30:01'),
    (1, 2, 'accepted', '2026-02-27 23:31:00', '2026-02-27 23:31:01'),
    (1, 3, 'in_progress', '2026-02-27 23:35:00', '2026-02-27 23:35:01'),
    (1, 4, 'completed', '2026-02-27 23:59:59', '2026-02-28 00:00:01'),   -- recorded on the other side of midnight
    (2, 1, 'requested', '2026-02-27 23:35:00', '2026-02-27 23:35:01'),
    (2, 2, 'accepted', '2026-02-27 23:48:00', '2026-02-27 23:48:01'),
    (2, 3, 'in_progress', '2026-02-27 23:54:00', '2026-02-27 23:54:01'),
    (2, 4, 'completed', '2026-02-28 00:10:00', '2026-02-28 00:10:01'),
    (3, 1, 'requested', '2026-02-27 23:40:00', '2026-02-27 23:40:01'),
    (3, 2, 'accepted', '2026-02-27 23:41:00', '2026-02-27 23:41:01'),
    (3, 3, 'in_progress', '2026-02-27 23:44:00', '2026-02-27 23:44:01'),
    (3, 4, 'completed', '2026-02-28 00:00:00', '2026-02-28 00:00:00'),   -- recorded at once
    (4, 1, 'requested', '2026-02-27 23:35:00', '2026-02-27 23:35:01'),
    (4, 2, 'accepted', '2026-02-27 23:43:00', '2026-02-27 23:43:01'),
    (4, 3, 'in_progress', '2026-02-27 23:50:00', '2026-02-27 23:50:01'),
    (4, 4, 'completed', '2026-02-28 00:00:00', '2026-02-28 00:00:01'),
    (5, 1, 'requested', '2026-03-22 23:50:00', '2026-03-22 23:50:01'),
    (5, 2, 'accepted', '2026-03-22 23:51:00', '2026-03-22 23:51:01'),
    (5, 3, 'in_progress', '2026-03-22 23:57:00', '2026-03-22 23:57:01'),
    (5, 4, 'completed', '2026-03-23 00:00:00', '2026-03-23 00:00:01'),
    (6, 1, 'requested', '2026-03-22 23:20:00', '2026-03-22 23:20:01'),
    (6, 2, 'accepted', '2026-03-22 23:21:00', '2026-03-22 23:21:01'),
    (6, 3, 'in_progress', '2026-03-22 23:30:00', '2026-03-22 23:30:01'),
    (6, 4, 'completed', '2026-03-23 00:00:00', '2026-03-23 00:00:01'),
    (7, 1, 'requested', '2025-11-02 08:00:00', '2025-11-02 08:00:01'),
    (7, 2, 'cancelled', '2025-11-02 08:05:00', '2025-11-02 08:05:01'),
    (8, 1, 'requested', '2026-03-18 08:00:00', '2026-03-18 08:00:01'),
    (8, 2, 'accepted', '2026-03-18 08:01:00', '2026-03-18 08:01:01'),
    (8, 3, 'cancelled', '2026-03-18 08:06:00', '2026-03-18 08:06:01'),
    (9, 1, 'requested', '2026-03-28 07:00:00', '2026-03-28 07:00:01'),
    (9, 2, 'accepted', '2026-03-28 07:01:00', '2026-03-28 07:01:01'),
    (9, 3, 'cancelled', '2026-03-28 07:03:00', '2026-03-28 07:03:01'),
    (10, 1, 'requested', '2026-03-29 23:30:00', '2026-03-29 23:30:01'),
    (10, 2, 'accepted', '2026-03-29 23:31:00', '2026-03-29 23:31:01'),
    (10, 3, 'in_progress', '2026-03-29 23:35:00', '2026-03-29 23:35:01'),
    (10, 4, 'completed', '2026-03-30 00:00:00', '2026-03-30 00:00:00'),  -- the end of the history
    (11, 1, 'requested', '2026-03-29 00:00:00', '2026-03-29 23:30:00'),
    (11, 2, 'accepted', '2026-03-29 00:01:00', '2026-03-29 23:30:00'),
    (11, 3, 'in_progress', '2026-03-29 00:05:00', '2026-03-29 23:30:00'),
    (11, 4, 'completed', '2026-03-29 00:25:00', '2026-03-29 23:30:00'),  -- four changes with one recorded_at
    (12, 1, 'requested', '2026-03-29 23:40:00', '2026-03-29 23:40:01'),
    (12, 2, 'accepted', '2026-03-29 23:41:00', '2026-03-29 23:41:01'),
    (12, 3, 'in_progress', '2026-03-29 23:52:31', '2026-03-29 23:52:32');

INSERT INTO ratings (rating_id, ride_id, rated_by, stars, comment, created_at) VALUES
    (1, 1, 'user', 5, 'left bag_2 on the seat', '2026-02-28 00:10:00'),       -- the only rating of driver 2: 5.00; underscore
    (2, 3, 'user', 4, NULL, '2026-02-28 00:05:00'),
    (3, 3, 'driver', 5, NULL, '2026-02-28 00:05:00'),                         -- both sides, at the same time
    (4, 5, 'user', 4, 'Driver''s music at 100% volume', '2026-03-23 00:05:00'), -- apostrophe, percent sign
    (5, 2, 'driver', 1, 'LATE', '2026-02-28 00:20:00'),                       -- the driver rated, the rider did not; upper case
    (6, 6, 'user', 3, '', '2026-03-23 00:15:00'),                             -- an empty comment is not a missing one
    (7, 11, 'user', 5, NULL, '2026-03-29 00:40:00');                          -- driver 3 has exactly 4.50

-- ------------------------------------------------------------------ money

INSERT INTO payments
    (payment_id, ride_id, amount, method, status, processed_at, kind, attempt_no,
     idempotency_key, provider, failure_code, created_at)
VALUES
    -- failed, then succeeded, with one key: charged once
    (1, 1, 27.20, 'card', 'failed', '2026-02-28 00:00:05', 'fare', 1, 'ride-1-fare', 'alpha', 'card_declined', '2026-02-28 00:00:00'),
    (2, 1, 27.20, 'card', 'succeeded', '2026-02-28 01:00:05', 'fare', 2, 'ride-1-fare', 'alpha', NULL, '2026-02-28 01:00:00'),
    -- two that succeeded for one ride: the fare and the tip, processed in the same second
    (3, 2, 13.70, 'card', 'succeeded', '2026-02-28 00:10:10', 'fare', 1, 'ride-2-fare', 'alpha', NULL, '2026-02-28 00:10:01'),
    (4, 2, 2.00, 'card', 'succeeded', '2026-02-28 00:10:10', 'tip', 1, 'ride-2-tip', 'alpha', NULL, '2026-02-28 00:10:01'),
    -- charged, then given back: the refund is a negative amount
    (5, 3, 13.70, 'paypal', 'succeeded', '2026-02-28 00:00:08', 'fare', 1, 'ride-3-fare', 'beta', NULL, '2026-02-28 00:00:01'),
    (6, 3, -13.70, 'paypal', 'succeeded', '2026-03-01 09:00:00', 'refund', 1, 'ride-3-refund', 'beta', NULL, '2026-03-01 08:59:58'),
    -- a fee for a ride that never took place
    (7, 8, 5.00, 'card', 'succeeded', '2026-03-18 08:06:05', 'cancel_fee', 1, 'ride-8-cancel_fee', 'alpha', NULL, '2026-03-18 08:06:01'),
    -- not answered yet: no time, and not money either
    (8, 5, 7.00, 'wallet', 'pending', NULL, 'fare', 1, 'ride-5-fare', 'beta', NULL, '2026-03-23 00:00:01'),
    -- charged twice, and both succeeded: a retry under another key
    (9, 6, 49.24, 'wallet', 'succeeded', '2026-03-23 00:00:06', 'fare', 1, 'ride-6-fare', 'beta', NULL, '2026-03-23 00:00:01'),
    (11, 6, 49.24, 'wallet', 'succeeded', '2026-03-23 00:00:42', 'fare', 2, 'retry-6', 'beta', NULL, '2026-03-23 00:00:40'),
    (10, 4, 9.55, 'card', 'succeeded', '2026-02-28 00:00:06', 'fare', 1, 'ride-4-fare', 'alpha', NULL, '2026-02-28 00:00:01'),
    -- a tip that failed is no tip
    (12, 4, 3.00, 'card', 'failed', '2026-02-28 00:00:20', 'tip', 1, 'ride-4-tip', 'alpha', 'card_declined', '2026-02-28 00:00:18'),
    -- a second tip for one ride, a day later
    (13, 2, 1.50, 'card', 'succeeded', '2026-03-01 08:00:02', 'tip', 2, 'ride-2-tip-2', 'alpha', NULL, '2026-03-01 08:00:00'),
    -- taken at the very instant of "now", for the ride that was completed at it
    (14, 10, 27.20, 'card', 'succeeded', '2026-03-30 00:00:00', 'fare', 1, 'ride-10-fare', 'alpha', NULL, '2026-03-30 00:00:00');
    -- ride 11 was completed and has no payment at all

INSERT INTO promo_redemptions
    (redemption_id, user_id, ride_id, code, discount, device_id, redeemed_at)
VALUES
    (1, 123, 2, 'WELCOME50', 6.85, 'device-1', '2026-02-27 23:35:00'),
    (2, 77, 5, 'welcome50', 3.50, 'device-1', '2026-03-22 23:50:00'),   -- another rider on the same device; lower case
    (3, 5, 6, '10%_OFF', 4.92, 'device-2', '2026-03-22 23:20:00'),      -- percent sign and underscore
    (4, 77, 5, 'SPRING1', 1.00, 'device-1', '2026-03-22 23:50:00'),
    (5, 77, 5, 'SPRING2', 1.00, 'device-1', '2026-03-22 23:50:00'),
    (6, 77, 5, 'SPRING3', 1.00, 'device-1', '2026-03-22 23:50:00');     -- four uses by one account for one short ride: many redemptions, few accounts

-- ------------------------------------------------------------------ plumbing

INSERT INTO jobs
    (job_id, ride_id, kind, enqueued_at, started_at, finished_at, attempts, status)
VALUES
    (1, 2, 'charge', '2026-02-28 00:10:00', '2026-02-28 00:10:01', '2026-02-28 00:10:10', 1, 'done'),
    (2, 2, 'receipt', '2026-02-28 00:10:00', '2026-02-28 00:10:10', '2026-02-28 00:10:10', 1, 'done'), -- took no time at all
    (3, 2, 'rating_prompt', '2026-02-28 00:10:00', '2026-02-28 00:15:00', '2026-02-28 00:15:01', 1, 'done'),
    (4, 6, 'receipt', '2026-03-23 00:00:00', '2026-03-23 02:00:00', NULL, 5, 'dead'),                -- given up
    (5, 11, 'charge', '2026-03-29 00:25:00', NULL, NULL, 0, 'queued');                                 -- never started: why ride 11 is unpaid

INSERT INTO api_requests
    (request_id, occurred_at, method, path_template, user_id, ride_id, city_id, status_code,
     latency_ms, idempotency_key, app_version, server_version)
VALUES
    (1, '2026-02-27 23:40:00', 'POST', '/rides', 123, 3, 1, 201, 120, 'request-3', '5.4.0', '2026.10'),
    (2, '2026-02-27 23:40:00', 'POST', '/rides', 123, 3, 1, 201, 95, 'request-3', '5.4.0', '2026.10'), -- the same call again, same key, same instant
    (3, '2026-03-22 23:50:00', 'GET', '/users/{user_id}/rides', 77, NULL, 3, 200, 80, NULL, '5.3.2', '2026.11'),
    (4, '2026-03-22 23:51:00', 'GET', '/users/{user_id}/rides', 77, NULL, 3, 429, 2, NULL, '5.3.2', '2026.11'), -- too many calls
    (5, '2026-03-22 23:52:00', 'GET', '/cities/{city_id}/drivers', NULL, NULL, 4, 500, 3000, NULL, '5.10.0', '2026.11'), -- nobody's; 5.10 comes after 5.4, though not as text
    (6, '2026-03-22 23:51:00', 'PATCH', '/rides/{ride_id}', NULL, 5, 3, 200, 60, NULL, '5.4.0', '2026.11'),
    (7, '2026-03-22 23:55:00', 'GET', '/users/{user_id}/rides', 77, NULL, 3, 200, 100, NULL, '5.3.2', '2026.10'); -- served by the older version after the newer one began

INSERT INTO incidents
    (incident_id, title, severity, service, city_id, started_at, detected_at, mitigated_at,
     resolved_at)
VALUES
    (1, 'Card charges time out', 'sev1', 'payments', NULL, '2026-02-27 23:50:00', '2026-02-28 00:10:00', '2026-02-28 00:55:00', '2026-02-28 02:00:00'), -- every city; across the 30-day line
    (2, 'Pings stale in Lakemont', 'sev3', 'dispatch', 3, '2026-03-29 22:00:00', '2026-03-29 22:00:00', NULL, NULL);                                     -- still open, noticed at once

INSERT INTO support_tickets
    (ticket_id, user_id, ride_id, category, created_at, first_reply_at, resolved_at, csat)
VALUES
    (1, 123, 3, 'fare', '2026-02-28 08:00:00', '2026-02-28 08:30:00', '2026-03-01 09:00:00', 5),
    (2, 1, 7, 'long_wait', '2025-11-02 08:10:00', '2025-11-02 17:00:00', '2025-11-02 17:00:00', NULL), -- settled by the first reply; said nothing
    (3, 9, NULL, 'safety', '2026-03-29 12:00:00', NULL, NULL, NULL),                                   -- never rode; not answered
    (4, 123, 2, 'long_wait', '2026-02-28 00:30:00', '2026-02-28 09:00:00', '2026-03-01 09:00:00', 2),  -- waited 19 minutes; the rider has other tickets and rides
    (5, 5, 6, 'long_wait', '2026-03-23 00:30:00', '2026-03-23 02:00:00', '2026-03-24 09:00:00', NULL), -- waited exactly 10 minutes
    (6, 123, 8, 'long_wait', '2026-03-18 08:20:00', '2026-03-18 12:00:00', '2026-03-19 09:00:00', 1),  -- a driver accepted, and nobody was picked up
    (7, 123, NULL, 'fare', '2026-03-28 10:00:00', '2026-03-28 11:00:00', NULL, NULL),                  -- names no ride, though its rider has five completed ones
    (8, 2, 12, 'safety', '2026-03-29 23:57:00', NULL, NULL, NULL);                                     -- about a ride that is still under way: picked up, not completed

-- ------------------------------------------------------------------ growth

INSERT INTO app_events
    (event_id, device_id, user_id, event_name, platform, app_version, occurred_at, received_at)
VALUES
    (1, 'device-9', NULL, 'signup_started', 'ios', '5.4.0', '2026-03-22 23:50:00', '2026-03-22 23:50:00'),
    (2, 'device-9', 9, 'phone_verified', 'ios', '5.4.0', '2026-03-22 23:59:59', '2026-03-24 10:00:00'),   -- arrives 34 hours late; goes no further
    (3, 'device-10', NULL, 'signup_started', 'android', '5.3.2', '2026-03-22 23:55:00', '2026-03-22 23:55:01'),
    (4, 'device-10', 10, 'phone_verified', 'android', '5.3.2', '2026-03-23 00:00:00', '2026-03-23 00:00:01'),
    (5, 'device-10', 10, 'payment_added', 'android', '5.3.2', '2026-03-23 00:00:00', '2026-03-23 00:00:01'), -- two steps at one instant
    (6, 'device-10', 10, 'first_request', 'android', '5.3.2', '2026-03-28 07:00:00', '2026-03-28 07:00:01'),
    (7, 'device-11', NULL, 'signup_started', 'ios', '5.4.0', '2026-03-29 23:59:59', '2026-03-29 23:59:59'), -- left after the first step
    (20, 'device-20', NULL, 'signup_started', 'ios', '5.4.0', '2026-03-24 12:00:00', '2026-03-26 12:00:00'),      -- arrives exactly two days late
    (21, 'device-21', NULL, 'signup_started', 'ios', '5.4.0', '2026-03-25 23:00:00', '2026-03-27 22:00:00'),      -- two dates late, and only 47 hours
    (22, 'device-22', NULL, 'signup_started', 'android', '5.3.2', '2026-03-26 08:00:00', '2026-03-28 09:00:00'),  -- one of two of its day and version is
    (23, 'device-23', NULL, 'signup_started', 'android', '5.3.2', '2026-03-26 09:00:00', '2026-03-26 09:00:01'),  -- late: exactly half
    (24, 'device-24', NULL, 'signup_started', 'ios', '5.4.0', '2026-03-27 06:00:00', '2026-03-28 12:00:00');      -- alone, and only 30 hours late

INSERT INTO experiment_assignments (experiment, user_id, variant, assigned_at) VALUES
    ('pickup_note', 77, 'treatment', '2026-03-01 00:00:00'),
    ('pickup_note', 123, 'control', '2026-03-01 00:00:00'),
    ('pickup_note', 9, 'treatment', '2026-03-23 08:00:00'),     -- assigned, never rode
    -- five riders on one side and nobody on the other: a chi-square of 5, which one honest split
    -- in forty shows and which a limit of 3.84 would call broken
    ('quiet_ride', 123, 'control', '2026-03-18 09:00:00'),      -- an hour after ride 8: the day of the first assignment counts from midnight
    ('quiet_ride', 77, 'control', '2026-03-25 10:00:00'),       -- in two experiments; after ride 5, which still belongs to it
    ('quiet_ride', 1, 'control', '2026-03-18 10:00:00'),
    ('quiet_ride', 2, 'control', '2026-03-18 10:00:00'),
    ('quiet_ride', 5, 'control', '2026-03-18 10:00:00');

-- ------------------------------------------------------------------ exports as they came

INSERT INTO staging.payments_export (reference, ride_id, amount, fee, status, processed_at) VALUES
    -- ride 1 ends at 23:59:59
    ('ride-1-fare', '1', '27.20', '0.00', 'SETTLED', '2026-02-27 23:59:50'),   -- nine seconds too early, in the same minute; its key has a failed attempt too
    ('ride-1-tip', '1', '5.00', '0.00', 'SETTLED', '2026-02-27 23:19:59'),     -- forty minutes too early, in the same hour; not booked
    ('ride-1-extra', '1', '3.50', '0.10', 'SETTLED', '02/27/2026 23:19'),      -- the same without seconds
    ('ride-1-later', '1', '1.00', '0.00', 'SETTLED', '02/27/2026 23:59'),      -- in the minute of the end: not impossible
    -- ride 3 ends at 00:00:00
    ('ride-3-fare', '3', '13.20', '0.50', 'SETTLED', '2026-02-27 23:59:30'),   -- half a minute too early, and in the minute before
    ('ride-3-tip', '3', '4.00', '0.12', 'SETTLED', '02/27/2026 23:59'),        -- the same without seconds
    ('ride-3-fare', '3', '13.20', '0.50', 'SETTLED', '2026-02-27 23:59:30'),   -- a line twice
    -- cents: less than four dollars; with a fee, which is not added
    ('ride-2-tip', '2', '200', '0.00', 'SETTLED', '2026-02-28 00:10:10'),
    ('ride-2-fare', '2', '1370', '0.40', 'SETTLED', '02/28/2026 00:10'),
    -- one reference, and two lines: another status, another moment
    ('ride-4-fare', '4', '9.55', '0.00', 'SETTLED', '2026-02-28 00:00:06'),
    ('ride-4-fare', '4', '9.55', '0.00', '', '2026-02-28 00:00:06'),
    ('ride-4-fare', '4', '9.55', '0.00', 'SETTLED', '2026-02-28 00:00:07'),
    -- a ride that was cancelled, and one that is completed and has no payment of ours
    ('ride-8-cancel_fee', '8', '5.00', '0.00', 'SETTLED', '2026-03-18 08:06:05'),
    ('ride-11-fare', '11', '49.24', '0.00', 'SETTLED', '2026-03-29 00:25:05'),
    -- no ride: a number below all others, one with a key of ours, and one that comes twice
    ('ride-0-fare', '0', '8.00', '0.00', 'SETTLED', '2026-03-01 08:00:00'),
    ('ride-6-fare', '99', '49.24', '0.00', 'SETTLED', '2026-03-23 00:00:06'),
    ('ride-98-fare', '98', '7.00', '0.00', 'SETTLED', '03/01/2026 08:00'),
    ('ride-98-fare', '98', '7.00', '0.00', 'SETTLED', '03/01/2026 08:00');

INSERT INTO staging.users_crm (contact_id, full_name, email_address, city, created) VALUES
    ('C00000001', 'Ana Silva', ' Ana.Silva@example.com', 'Harborview', '29.09.2025'),
    ('C00000002', ' ANA SILVA ', 'ana.silva@EXAMPLE.com  ', 'Harborview', '01.01.2026'),  -- one address, in other letters and with blanks
    ('C00000005', 'Percy 100% Sure', 'percy_100%@example.com', 'Lakemont', '31.12.2025'), -- alone
    ('C00000009', 'Una Lisle', 'una@example.com', '', '22.03.2026'),
    ('C00000010', 'una lisle', '  ', '', '22.03.2026'),                                   -- blanks are no address
    ('C00000011', 'Una Lisle', 'una.lisle@example.com', '', '23.03.2026'),
    ('C00000012', 'D''Arcy Lee', '', 'Pinewater', '23.03.2026'),
    ('C00000013', 'd''arcy lee ', ' ', 'Pinewater', '23.03.2026');                        -- two people, and no address of either
