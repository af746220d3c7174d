-- A schema that meets every attack rightly, written for PostgreSQL.

CREATE TABLE cities (city_id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, region TEXT NOT NULL, timezone TEXT NOT NULL);

CREATE TABLE users (user_id BIGINT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, created_at TIMESTAMP NOT NULL, home_city_id BIGINT REFERENCES cities (city_id) ON DELETE RESTRICT);

CREATE UNIQUE INDEX one_account ON users (lower(email));

CREATE TABLE drivers (driver_id BIGINT PRIMARY KEY, name TEXT NOT NULL, license_number TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL CHECK (status IN ('pending','active','suspended','offboarded')), city_id BIGINT NOT NULL REFERENCES cities (city_id) ON DELETE RESTRICT, joined_at TIMESTAMP, rating DECIMAL(3,2) CHECK (rating BETWEEN 1 AND 5));

CREATE TABLE vehicles (vehicle_id BIGINT PRIMARY KEY, driver_id BIGINT NOT NULL UNIQUE REFERENCES drivers (driver_id) ON DELETE RESTRICT, plate TEXT NOT NULL UNIQUE);

CREATE TABLE rides (
  ride_id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL REFERENCES users (user_id) ON DELETE RESTRICT, driver_id BIGINT REFERENCES drivers (driver_id) ON DELETE RESTRICT, city_id BIGINT NOT NULL REFERENCES cities (city_id) ON DELETE RESTRICT,
  pickup_location TEXT NOT NULL, dropoff_location TEXT NOT NULL,
  pickup_latitude DECIMAL(8,6) CHECK (pickup_latitude BETWEEN -90 AND 90), pickup_longitude DECIMAL(9,6) CHECK (pickup_longitude BETWEEN -180 AND 180),
  dropoff_latitude DECIMAL(8,6) CHECK (dropoff_latitude BETWEEN -90 AND 90), dropoff_longitude DECIMAL(9,6) CHECK (dropoff_longitude BETWEEN -180 AND 180),
  status TEXT NOT NULL CHECK (status IN ('requested','accepted','in_progress','completed','cancelled')),
  requested_at TIMESTAMP NOT NULL, accepted_at TIMESTAMP, picked_up_at TIMESTAMP, completed_at TIMESTAMP, cancelled_at TIMESTAMP, cancelled_by TEXT CHECK (cancelled_by IN ('rider','driver','system')),
  fare DECIMAL(10,2) CHECK (fare >= 0),
  CHECK ((pickup_latitude IS NULL) = (pickup_longitude IS NULL)), CHECK ((dropoff_latitude IS NULL) = (dropoff_longitude IS NULL)),
  CHECK ((driver_id IS NULL) = (accepted_at IS NULL)), CHECK (accepted_at >= requested_at), CHECK (picked_up_at >= accepted_at), CHECK (completed_at >= requested_at), CHECK (completed_at >= picked_up_at),
  CHECK ((status = 'completed') = (completed_at IS NOT NULL)), CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)), CHECK ((status = 'cancelled') = (cancelled_by IS NOT NULL)),
  CHECK (status <> 'completed' OR driver_id IS NOT NULL));

CREATE UNIQUE INDEX one_active_ride ON rides (user_id) WHERE status IN ('requested','accepted','in_progress');

CREATE UNIQUE INDEX one_car ON rides (driver_id) WHERE status IN ('accepted','in_progress');

CREATE TABLE ride_events (ride_id BIGINT NOT NULL REFERENCES rides (ride_id) ON DELETE RESTRICT, seq INTEGER NOT NULL CHECK (seq >= 1), status TEXT NOT NULL CHECK (status IN ('requested','accepted','in_progress','completed','cancelled')), occurred_at TIMESTAMP NOT NULL, PRIMARY KEY (ride_id, seq), UNIQUE (ride_id, status));

CREATE TABLE ride_riders (ride_id BIGINT NOT NULL REFERENCES rides (ride_id) ON DELETE RESTRICT, user_id BIGINT NOT NULL REFERENCES users (user_id) ON DELETE RESTRICT, PRIMARY KEY (ride_id, user_id));

CREATE TABLE ratings (rating_id BIGINT PRIMARY KEY, ride_id BIGINT NOT NULL REFERENCES rides (ride_id) ON DELETE RESTRICT, rated_by TEXT NOT NULL CHECK (rated_by IN ('user','driver')), stars SMALLINT NOT NULL CHECK (stars BETWEEN 1 AND 5), comment TEXT, created_at TIMESTAMP NOT NULL, UNIQUE (ride_id, rated_by));

CREATE TABLE payments (payment_id BIGINT PRIMARY KEY, ride_id BIGINT NOT NULL REFERENCES rides (ride_id) ON DELETE RESTRICT, kind TEXT NOT NULL CHECK (kind IN ('capture','tip','refund')),
  amount DECIMAL(10,2) NOT NULL, currency TEXT NOT NULL CHECK (currency ~ '^[A-Z]{3}$'), method TEXT, status TEXT NOT NULL CHECK (status IN ('pending','succeeded','failed')), idempotency_key TEXT NOT NULL, provider TEXT NOT NULL, processed_at TIMESTAMP, refund_of BIGINT REFERENCES payments (payment_id) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CHECK ((kind = 'refund') = (amount < 0)), CHECK ((kind = 'refund') = (refund_of IS NOT NULL)), UNIQUE (provider, idempotency_key));

CREATE UNIQUE INDEX one_capture ON payments (ride_id) WHERE kind = 'capture' AND status = 'succeeded';

CREATE VIEW driver_ratings AS SELECT d.driver_id, avg(r.stars) FILTER (WHERE r.rated_by = 'user') AS mean_stars, count(r.stars) FILTER (WHERE r.rated_by = 'user') AS ratings FROM drivers d LEFT JOIN rides USING (driver_id) LEFT JOIN ratings r USING (ride_id) GROUP BY d.driver_id;

CREATE VIEW matching_seconds AS SELECT ride_id, EXTRACT(EPOCH FROM accepted_at - requested_at) AS seconds FROM rides WHERE accepted_at IS NOT NULL;
