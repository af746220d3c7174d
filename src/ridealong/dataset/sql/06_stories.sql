-- When and where the planted stories happen. Every choice is drawn from the seed.
--
-- Windows do not touch each other and never lie on a day of a clock change. Seconds count from
-- 2025-09-29 00:00; week 0 is that day's week. The sizes do not grow with the number of users.

CREATE TEMP MACRO choose(k, n) AS below(attribute(getvariable('story_key'), k), n);

-- S1: a concert. The drawn evening is only wished for: it has to find enough drivers, so where and
-- when it is, is decided at the end of 08_shifts.sql.
SET VARIABLE s1_wish = (SELECT (choose(1, 5) * 2 + choose(2, 2)) * 2 + choose(3, 2));
SET VARIABLE s1_stuck_after_s = (SELECT 3600 + 900 * choose(4, 5));
SET VARIABLE s1_tickets = (SELECT 12 + choose(5, 9));

-- S2: provider alpha times out on a weekday of week 24, in busy hours.
SET VARIABLE s2_start_s = (SELECT (24 * 7 + choose(10, 4)) * 86400 + (17 + choose(11, 5)) * 3600);
SET VARIABLE s2_end_s = (SELECT getvariable('s2_start_s') + (60 + 10 * choose(12, 7)) * 60);
SET VARIABLE s2_doubled = (SELECT 24 + choose(13, 17));
SET VARIABLE s2_not_doubled = 10;

-- S3: a release on a day of the last week makes one endpoint slow for riders with many rides.
SET VARIABLE s3_start_s = (SELECT (25 * 7 + choose(20, 3)) * 86400 + 25200);

-- S4: from the Monday of this week on, one platform loses people at `payment_added`.
SET VARIABLE s4_week = (SELECT 17 + choose(30, 4));
SET VARIABLE s4_platform = (SELECT ['android', 'ios'][choose(31, 2) + 1]);

-- S5: people who came by referral in two weeks stay longer than others.
SET VARIABLE s5_week = (SELECT 5 + choose(40, 4));

-- S6: a fraud ring of 12 accounts, 2 devices and 2 drivers in weeks 19 to 21.
SET VARIABLE s6_city = (SELECT choose(50, 3) + 1);
SET VARIABLE s6_start_s = (SELECT (19 * 7 + choose(51, 3)) * 86400);

-- S7: airport pickups lose stars whoever drives; the nightly copy of this many drivers' ratings has
-- stopped weeks ago.
SET VARIABLE s7_stale_drivers = (SELECT 5 + choose(55, 5));

-- S8: one weekday of week 14, all events of one app version arrive two days late.
SET VARIABLE s8_day = (SELECT 14 * 7 + 1 + choose(60, 4));

-- S12: this many people have a second account.
SET VARIABLE s12_pairs = (SELECT 30 + choose(70, 9));

-- S13: after the outage the receipt queue needs this long to drain; this many jobs die.
SET VARIABLE s13_drain_s = (SELECT (80 + 10 * choose(80, 6)) * 60);
SET VARIABLE s13_dead = (SELECT 6 + choose(81, 7));

-- S15: two experiments of four and three weeks: `pickup_note` from week 15, `quick_rebook` from
-- week 10.
SET VARIABLE s15_note_start_s = 15 * 604800;
SET VARIABLE s15_note_end_s = 19 * 604800;
SET VARIABLE s15_rebook_start_s = 10 * 604800;
SET VARIABLE s15_rebook_end_s = 13 * 604800;
