-- Written from src/ridealong/dataset/sql/01_schema.sql, which the builder runs: edit it there.

-- The tables of Ridealong.
--
-- 18 tables in `main`, the first lesson's four views in `basic`, three untidy exports in `staging`.
--
-- Conventions: ids are BIGINT. Times are TIMESTAMP without a zone, in UTC. Money is DECIMAL(10,2) in
-- US dollars. Distances are miles. A duration is derived from two times, or carries its unit in its
-- name. Every table has a key. It is declared as PRIMARY KEY where rows stand for things that
-- somebody looks up, in the large tables only after they are filled, because building its index at
-- once costs a third of keeping it up to date row by row. In the long logs the key is only promised
-- (`-- key`): its index would be larger than the data. A foreign key is written as a comment too (`-> table`): checking it
-- for every row of a large table costs several times the load itself. CHECK is declared everywhere.

-- ---------------------------------------------------------------------------------------------
-- Map and supply
-- ---------------------------------------------------------------------------------------------

CREATE TABLE cities (
    city_id     SMALLINT PRIMARY KEY,
    name        VARCHAR NOT NULL UNIQUE,
    region      VARCHAR NOT NULL,               -- East, Central, Mountain, West
    timezone    VARCHAR NOT NULL,               -- IANA name; local time = UTC seen in this zone
    launched_on DATE NOT NULL,
    base_fare   DECIMAL(10, 2) NOT NULL,        -- dollars per ride
    per_mile    DECIMAL(10, 2) NOT NULL,        -- dollars
    per_minute  DECIMAL(10, 2) NOT NULL,        -- dollars
    min_fare    DECIMAL(10, 2) NOT NULL         -- dollars, before surge
);

CREATE TABLE zones (
    zone_code VARCHAR PRIMARY KEY,              -- 'HBV-AIR': city, then place
    city_id   SMALLINT NOT NULL,                -- -> cities
    name      VARCHAR NOT NULL,
    kind      VARCHAR NOT NULL
              CHECK (kind IN ('downtown', 'airport', 'venue', 'campus', 'residential', 'suburb'))
);

CREATE TABLE city_events (
    event_id  BIGINT PRIMARY KEY,
    city_id   SMALLINT NOT NULL,                -- -> cities
    zone_code VARCHAR,                          -- -> zones; NULL when the whole city is concerned
    kind      VARCHAR NOT NULL CHECK (kind IN ('concert', 'storm', 'holiday', 'strike')),
    starts_at TIMESTAMP NOT NULL,
    ends_at   TIMESTAMP NOT NULL,
    CHECK (ends_at > starts_at)
);

-- One row per city and quarter of an hour
-- key (city_id, snapshot_at)
CREATE TABLE surge_snapshots (
    city_id           SMALLINT NOT NULL,        -- -> cities
    snapshot_at       TIMESTAMP NOT NULL,
    open_requests     INTEGER NOT NULL CHECK (open_requests >= 0),  -- riders waiting at that moment
    available_drivers INTEGER NOT NULL CHECK (available_drivers >= 0),  -- as the cache had it
    multiplier        DECIMAL(3, 2) NOT NULL CHECK (multiplier BETWEEN 1 AND 3)
);

-- One row per driver and minute, two evenings only
-- key (driver_id, ping_at)
CREATE TABLE driver_pings (
    driver_id BIGINT NOT NULL,                  -- -> drivers
    ping_at   TIMESTAMP NOT NULL,
    zone_code VARCHAR NOT NULL,                 -- -> zones
    state     VARCHAR NOT NULL CHECK (state IN ('available', 'on_trip', 'offline'))
);

-- ---------------------------------------------------------------------------------------------
-- Marketplace
-- ---------------------------------------------------------------------------------------------

CREATE TABLE users (
    user_id        BIGINT NOT NULL,             -- PRIMARY KEY
    name           VARCHAR NOT NULL,
    email          VARCHAR NOT NULL,            -- not UNIQUE: finding out why is a lesson
    created_at     TIMESTAMP NOT NULL,
    home_city_id   SMALLINT,                    -- -> cities; NULL when unknown
    signup_channel VARCHAR
                   CHECK (signup_channel IN ('organic', 'paid_social', 'referral', 'partner')),
    referred_by    BIGINT,                      -- -> users
    deleted_at     TIMESTAMP
);

CREATE TABLE drivers (
    driver_id         BIGINT PRIMARY KEY,
    name              VARCHAR NOT NULL,
    license_number    VARCHAR NOT NULL UNIQUE,
    status            VARCHAR NOT NULL
                      CHECK (status IN ('pending', 'active', 'suspended', 'offboarded')),
    rating            DECIMAL(3, 2),            -- mean stars from riders, copied here at night;
                                                -- NULL until somebody has rated the driver
    city_id           SMALLINT NOT NULL,        -- -> cities
    joined_at         TIMESTAMP NOT NULL,
    rating_updated_at TIMESTAMP                 -- when the copy was made
);

CREATE TABLE rides (
    ride_id          BIGINT NOT NULL,           -- PRIMARY KEY
    user_id          BIGINT NOT NULL,           -- -> users
    driver_id        BIGINT,                    -- -> drivers; NULL until a driver has accepted
    pickup_location  VARCHAR NOT NULL,          -- -> zones
    dropoff_location VARCHAR NOT NULL,          -- -> zones
    status           VARCHAR NOT NULL
                     CHECK (status IN ('requested', 'accepted', 'in_progress', 'completed',
                                       'cancelled')),
    requested_at     TIMESTAMP NOT NULL,
    completed_at     TIMESTAMP,
    city_id          SMALLINT NOT NULL,         -- -> cities: where the ride was, not the rider's home
    picked_up_at     TIMESTAMP,
    cancelled_at     TIMESTAMP,
    cancelled_by     VARCHAR CHECK (cancelled_by IN ('rider', 'driver', 'system')),
    distance_mi      DECIMAL(6, 2),             -- miles driven; NULL unless completed
    surge_multiplier DECIMAL(3, 2) NOT NULL,    -- shown to the rider when the ride was requested
    quoted_fare      DECIMAL(10, 2) NOT NULL,   -- dollars, told to the rider beforehand
    fare             DECIMAL(10, 2),            -- dollars, before any promo; NULL unless completed
    driver_pay       DECIMAL(10, 2),            -- 79 % of the fare, cut to whole cents
    CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL))
);

-- Every state a ride has been in
-- key (ride_id, seq)
CREATE TABLE ride_events (
    ride_id     BIGINT NOT NULL,                -- -> rides
    seq         TINYINT NOT NULL,               -- 1, 2, 3, ... within the ride
    status      VARCHAR NOT NULL
                CHECK (status IN ('requested', 'accepted', 'in_progress', 'completed',
                                  'cancelled')),
    occurred_at TIMESTAMP NOT NULL,             -- on the phone
    recorded_at TIMESTAMP NOT NULL              -- in our database; later when a phone was offline
);

-- key (rating_id), also (ride_id, rated_by)
CREATE TABLE ratings (
    rating_id  BIGINT NOT NULL,
    ride_id    BIGINT NOT NULL,                 -- -> rides
    rated_by   VARCHAR NOT NULL CHECK (rated_by IN ('user', 'driver')),
    stars      TINYINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
    comment    VARCHAR,
    created_at TIMESTAMP NOT NULL
);

-- ---------------------------------------------------------------------------------------------
-- Money
-- ---------------------------------------------------------------------------------------------

CREATE TABLE payments (
    payment_id      BIGINT NOT NULL,            -- PRIMARY KEY
    ride_id         BIGINT NOT NULL,            -- -> rides; one ride can have several payments
    amount          DECIMAL(10, 2) NOT NULL,    -- dollars; negative for a refund
    method          VARCHAR NOT NULL CHECK (method IN ('card', 'wallet', 'paypal')),
    status          VARCHAR NOT NULL
                    CHECK (status IN ('pending', 'succeeded', 'failed', 'refunded')),
    processed_at    TIMESTAMP,                  -- NULL while pending
    kind            VARCHAR NOT NULL CHECK (kind IN ('fare', 'tip', 'cancel_fee', 'refund')),
    attempt_no      TINYINT NOT NULL,           -- 1, 2, ... within ride and kind
    idempotency_key VARCHAR NOT NULL,           -- no UNIQUE (provider, idempotency_key) on purpose
    provider        VARCHAR NOT NULL CHECK (provider IN ('alpha', 'beta')),
    failure_code    VARCHAR,
    created_at      TIMESTAMP NOT NULL,
    CHECK ((status = 'pending') = (processed_at IS NULL))
);

CREATE TABLE promo_redemptions (
    redemption_id BIGINT PRIMARY KEY,
    user_id       BIGINT NOT NULL,              -- -> users
    ride_id       BIGINT NOT NULL,              -- -> rides
    code          VARCHAR NOT NULL,
    discount      DECIMAL(10, 2) NOT NULL,      -- dollars taken off the fare
    device_id     VARCHAR NOT NULL,             -- the phone the code was entered on
    redeemed_at   TIMESTAMP NOT NULL
);

-- ---------------------------------------------------------------------------------------------
-- Plumbing
-- ---------------------------------------------------------------------------------------------

-- Background work, three jobs per completed ride
-- key (job_id)
CREATE TABLE jobs (
    job_id      BIGINT NOT NULL,
    ride_id     BIGINT NOT NULL,                -- -> rides
    kind        VARCHAR NOT NULL CHECK (kind IN ('charge', 'receipt', 'rating_prompt')),
    enqueued_at TIMESTAMP NOT NULL,
    started_at  TIMESTAMP,
    finished_at TIMESTAMP,
    attempts    TINYINT NOT NULL,
    status      VARCHAR NOT NULL CHECK (status IN ('queued', 'done', 'dead'))
);

-- The last 28 days only
-- key (request_id)
CREATE TABLE api_requests (
    request_id      BIGINT NOT NULL,
    occurred_at     TIMESTAMP NOT NULL,
    method          VARCHAR NOT NULL,
    path_template   VARCHAR NOT NULL,           -- '/rides/{ride_id}'
    user_id         BIGINT,                     -- -> users
    ride_id         BIGINT,                     -- -> rides
    city_id         SMALLINT,                   -- -> cities
    status_code     SMALLINT NOT NULL,
    latency_ms      INTEGER NOT NULL,
    idempotency_key VARCHAR,
    app_version     VARCHAR NOT NULL,
    server_version  VARCHAR NOT NULL
);

CREATE TABLE incidents (
    incident_id  BIGINT PRIMARY KEY,
    title        VARCHAR NOT NULL,
    severity     VARCHAR NOT NULL CHECK (severity IN ('sev1', 'sev2', 'sev3')),
    service      VARCHAR NOT NULL,
    city_id      SMALLINT,                      -- -> cities; NULL when every city was concerned
    started_at   TIMESTAMP NOT NULL,
    detected_at  TIMESTAMP NOT NULL,
    mitigated_at TIMESTAMP,
    resolved_at  TIMESTAMP
);

CREATE TABLE support_tickets (
    ticket_id      BIGINT PRIMARY KEY,
    user_id        BIGINT NOT NULL,             -- -> users
    ride_id        BIGINT,                      -- -> rides
    category       VARCHAR NOT NULL
                   CHECK (category IN ('long_wait', 'double_charge', 'fare', 'safety',
                                       'lost_item')),
    created_at     TIMESTAMP NOT NULL,
    first_reply_at TIMESTAMP,
    resolved_at    TIMESTAMP,
    csat           TINYINT CHECK (csat BETWEEN 1 AND 5)  -- the rider's mark; NULL when not given
);

-- ---------------------------------------------------------------------------------------------
-- Growth
-- ---------------------------------------------------------------------------------------------

-- key (event_id)
CREATE TABLE app_events (
    event_id    BIGINT NOT NULL,
    device_id   VARCHAR NOT NULL,
    user_id     BIGINT,                         -- -> users; NULL before the account exists
    event_name  VARCHAR NOT NULL
                CHECK (event_name IN ('signup_started', 'phone_verified', 'payment_added',
                                      'first_request')),
    platform    VARCHAR NOT NULL CHECK (platform IN ('android', 'ios')),
    app_version VARCHAR NOT NULL,
    occurred_at TIMESTAMP NOT NULL,             -- on the phone
    received_at TIMESTAMP NOT NULL              -- by our servers
);

CREATE TABLE experiment_assignments (
    experiment  VARCHAR NOT NULL,
    user_id     BIGINT NOT NULL,                -- -> users
    variant     VARCHAR NOT NULL CHECK (variant IN ('control', 'treatment')),
    assigned_at TIMESTAMP NOT NULL,
    PRIMARY KEY (experiment, user_id)
);

-- ---------------------------------------------------------------------------------------------
-- The first lesson's four tables: views with only the columns a candidate would sketch
-- ---------------------------------------------------------------------------------------------

CREATE SCHEMA basic;

CREATE VIEW basic.users AS
SELECT user_id, name, email, created_at
FROM main.users;

CREATE VIEW basic.drivers AS
SELECT driver_id, name, license_number, status, rating
FROM main.drivers;

CREATE VIEW basic.rides AS
SELECT ride_id, user_id, driver_id, pickup_location, dropoff_location, status, requested_at,
       completed_at
FROM main.rides;

CREATE VIEW basic.payments AS
SELECT payment_id, ride_id, amount, method, status, processed_at
FROM main.payments;

-- ---------------------------------------------------------------------------------------------
-- Files as other systems exported them: everything is text, nothing is promised
-- ---------------------------------------------------------------------------------------------

CREATE SCHEMA staging;

CREATE TABLE staging.payments_export (          -- one week of provider alpha's settlement file
    reference    VARCHAR,                       -- our idempotency key
    ride_id      VARCHAR,
    amount       VARCHAR,                       -- dollars; some lines are not
    fee          VARCHAR,                       -- dollars the provider kept back
    status       VARCHAR,
    processed_at VARCHAR                        -- two date formats
);

CREATE TABLE staging.users_crm (                -- the marketing tool's contact list
    contact_id    VARCHAR,
    full_name     VARCHAR,
    email_address VARCHAR,
    city          VARCHAR,
    created       VARCHAR
);

CREATE TABLE staging.app_events_late (          -- app events that came a day late or more
    device_id   VARCHAR,
    user_id     VARCHAR,
    event_name  VARCHAR,
    app_version VARCHAR,
    occurred_at VARCHAR,
    received_at VARCHAR
);
