-- Arithmetic of the generator: repeatable "random" numbers from whole numbers only.
--
-- Nothing here depends on the order in which rows are made, on the number of threads, or on the
-- processor: a row's values follow from its id, the seed and the table it belongs to. The macros are
-- temporary, so they do not end up in the finished file.

-- Fold the high bits of x into the low ones.
CREATE TEMP MACRO fold(x, bits) AS xor(x, x >> bits);

-- Scramble a 32-bit number: close inputs give unrelated outputs. The products fit into 64 bits.
CREATE TEMP MACRO mix(x) AS fold(
    (fold(
        (fold(x, 16) * 2146121005::UBIGINT) & 4294967295::UBIGINT, 15
    ) * 2221713035::UBIGINT) & 4294967295::UBIGINT, 16);

-- One stream per table. The seed is scrambled first, so that neighbouring seeds and tables have
-- nothing in common. 2654435769 is 2^32 divided by the golden ratio.
-- A company in which chance leaves a planted story too weak is drawn again: `draw` counts from 0.
SET VARIABLE scrambled_seed = (
    SELECT CASE WHEN getvariable('draw') = 0 THEN mix(getvariable('seed')::UBIGINT)
                ELSE mix(xor(mix(getvariable('seed')::UBIGINT),
                             (getvariable('draw')::UBIGINT * 2654435769::UBIGINT)
                             & 4294967295::UBIGINT)) END);
CREATE TEMP MACRO stream(table_no) AS mix(
    (getvariable('scrambled_seed') + table_no::UBIGINT * 2654435769::UBIGINT)
    & 4294967295::UBIGINT);

-- The number that belongs to one row: two rounds, with the stream's key between them. Each round
-- repeats its argument eight times, so a query that is planned often or for long runs the rounds as
-- two steps: `first_round` in one subquery, `second_round` in the next.
CREATE TEMP MACRO first_round(id) AS mix(id::UBIGINT);
CREATE TEMP MACRO second_round(once, key) AS mix(xor(once, key));
CREATE TEMP MACRO row_draw(id, key) AS second_round(first_round(id), key);

-- The k-th attribute of a row. A new attribute takes a new k and changes none of the others.
CREATE TEMP MACRO attribute(h, k) AS mix(
    (h::UBIGINT + k::UBIGINT * 2654435769::UBIGINT) & 4294967295::UBIGINT);

-- A 32-bit number r scaled to 0, 1, ..., n - 1.
CREATE TEMP MACRO below(r, n) AS ((r * (n)::UBIGINT) >> 32)::BIGINT;

-- A 32-bit number r looked up in a list of 4,096 values, all equally likely.
CREATE TEMP MACRO drawn_from(slots, r) AS slots[(r >> 20)::BIGINT + 1];

-- Seconds since the first midnight of the history (2025-09-29 00:00 UTC) as a timestamp, and back.
CREATE TEMP MACRO at_second(s) AS make_timestamp((1759104000 + (s)::BIGINT) * 1000000);
CREATE TEMP MACRO second_of(t) AS (epoch_us(t) // 1000000 - 1759104000);

-- Whole cents as dollars. A division would go through floating point.
CREATE TEMP MACRO dollars(cents) AS ((cents)::DECIMAL(10, 0) * 0.01)::DECIMAL(10, 2);

-- The rows of a table in four parts. DuckDB gives a thread 122,880 rows at a time, so without this
-- one thread would work and the others wait when every row of a small table costs much.
CREATE TEMP MACRO in_quarters(small_table, id) AS TABLE
    SELECT * FROM query_table(small_table) WHERE id % 4 = 0
    UNION ALL
    SELECT * FROM query_table(small_table) WHERE id % 4 = 1
    UNION ALL
    SELECT * FROM query_table(small_table) WHERE id % 4 = 2
    UNION ALL
    SELECT * FROM query_table(small_table) WHERE id % 4 = 3;
