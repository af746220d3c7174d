"""Run a query that a learner wrote, safely: its text, its errors, its result as a fingerprint."""
