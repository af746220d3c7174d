-- The company's clock.
--
-- The history ends at one fixed moment, so a question about "the last 30 days" has the same answer
-- next year. `now()` shadows the built-in function of that name; `current_date`, `today()` and
-- `current_timestamp` still give the real clock.

CREATE MACRO as_of() AS TIMESTAMP '2026-03-30 00:00:00';
CREATE MACRO now() AS TIMESTAMP '2026-03-30 00:00:00';
