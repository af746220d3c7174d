-- A schema that meets every attack rightly, written for DuckDB 2.0.

CREATE TABLE cities (city_id BIGINT PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, region VARCHAR NOT NULL, timezone VARCHAR NOT NULL);

CREATE TABLE users (user_id BIGINT PRIMARY KEY, name VARCHAR NOT NULL, email VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL, home_city_id BIGINT REFERENCES cities (city_id));

CREATE UNIQUE INDEX one_account ON users (lower(email));

CREATE TABLE drivers (driver_id BIGINT PRIMARY KEY, name VARCHAR NOT NULL, license_number VARCHAR NOT NULL UNIQUE,
  status VARCHAR NOT NULL CHECK (status IN ('pending','active','suspended','offboarded')), city_id BIGINT NOT NULL REFERENCES cities (city_id), joined_at TIMESTAMP, rating DECIMAL(3,2) CHECK (rating BETWEEN 1 AND 5));

CREATE TABLE vehicles (vehicle_id BIGINT PRIMARY KEY, driver_id BIGINT NOT NULL UNIQUE REFERENCES drivers (driver_id), plate VARCHAR NOT NULL UNIQUE);

CREATE TABLE rides (
  ride_id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL REFERENCES users (user_id), driver_id BIGINT REFERENCES drivers (driver_id), city_id BIGINT NOT NULL REFERENCES cities (city_id),
  pickup_location VARCHAR NOT NULL, dropoff_location VARCHAR NOT NULL,
  pickup_latitude DECIMAL(8,6) CHECK (pickup_latitude BETWEEN -90 AND 90), pickup_longitude DECIMAL(9,6) CHECK (pickup_longitude BETWEEN -180 AND 180),
  dropoff_latitude DECIMAL(8,6) CHECK (dropoff_latitude BETWEEN -90 AND 90), dropoff_longitude DECIMAL(9,6) CHECK (dropoff_longitude BETWEEN -180 AND 180),
  status VARCHAR NOT NULL CHECK (status IN ('requested','accepted','in_progress','completed','cancelled')),
  requested_at TIMESTAMP NOT NULL, accepted_at TIMESTAMP, picked_up_at TIMESTAMP, completed_at TIMESTAMP, cancelled_at TIMESTAMP, cancelled_by VARCHAR CHECK (cancelled_by IN ('rider','driver','system')),
  fare DECIMAL(10,2) CHECK (fare >= 0),
  CHECK ((pickup_latitude IS NULL) = (pickup_longitude IS NULL)), CHECK ((dropoff_latitude IS NULL) = (dropoff_longitude IS NULL)),
  CHECK ((driver_id IS NULL) = (accepted_at IS NULL)), CHECK (accepted_at >= requested_at), CHECK (picked_up_at >= accepted_at), CHECK (completed_at >= requested_at), CHECK (completed_at >= picked_up_at),
  CHECK ((status = 'completed') = (completed_at IS NOT NULL)), CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)), CHECK ((status = 'cancelled') = (cancelled_by IS NOT NULL)),
  CHECK (status <> 'completed' OR driver_id IS NOT NULL));

CREATE UNIQUE INDEX one_active_ride ON rides ((CASE WHEN status IN ('requested','accepted','in_progress') THEN user_id END));

CREATE UNIQUE INDEX one_car ON rides ((CASE WHEN status IN ('accepted','in_progress') THEN driver_id END));

CREATE TABLE ride_events (ride_id BIGINT NOT NULL REFERENCES rides (ride_id), seq INTEGER NOT NULL CHECK (seq >= 1), status VARCHAR NOT NULL CHECK (status IN ('requested','accepted','in_progress','completed','cancelled')), occurred_at TIMESTAMP NOT NULL, PRIMARY KEY (ride_id, seq), UNIQUE (ride_id, status));

CREATE TABLE ride_riders (ride_id BIGINT NOT NULL REFERENCES rides (ride_id), user_id BIGINT NOT NULL REFERENCES users (user_id), PRIMARY KEY (ride_id, user_id));

CREATE TABLE ratings (rating_id BIGINT PRIMARY KEY, ride_id BIGINT NOT NULL REFERENCES rides (ride_id), rated_by VARCHAR NOT NULL CHECK (rated_by IN ('user','driver')), stars TINYINT NOT NULL CHECK (stars BETWEEN 1 AND 5), comment VARCHAR, created_at TIMESTAMP NOT NULL, UNIQUE (ride_id, rated_by));

CREATE TABLE payments (payment_id BIGINT PRIMARY KEY, ride_id BIGINT NOT NULL REFERENCES rides (ride_id), kind VARCHAR NOT NULL CHECK (kind IN ('capture','tip','refund')),
  amount DECIMAL(10,2) NOT NULL, currency VARCHAR NOT NULL CHECK (currency ~ '^[A-Z]{3}$'), method VARCHAR, status VARCHAR NOT NULL CHECK (status IN ('pending','succeeded','failed')), idempotency_key VARCHAR NOT NULL, provider VARCHAR NOT NULL, processed_at TIMESTAMP, refund_of BIGINT REFERENCES payments (payment_id),
  CHECK ((kind = 'refund') = (amount < 0)), CHECK ((kind = 'refund') = (refund_of IS NOT NULL)), UNIQUE (provider, idempotency_key));

CREATE UNIQUE INDEX one_capture ON payments ((CASE WHEN kind = 'capture' AND status = 'succeeded' THEN ride_id END));

CREATE VIEW driver_ratings AS SELECT d.driver_id, avg(r.stars) FILTER (WHERE r.rated_by = 'user') AS mean_stars, count(r.stars) FILTER (WHERE r.rated_by = 'user') AS ratings FROM drivers d LEFT JOIN rides USING (driver_id) LEFT JOIN ratings r USING (ride_id) GROUP BY d.driver_id;

CREATE VIEW matching_seconds AS SELECT ride_id, date_diff('second', requested_at, accepted_at) AS seconds FROM rides WHERE accepted_at IS NOT NULL;
