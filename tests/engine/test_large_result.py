"""Results of more than 2,000 rows are compared by sums, fractions within a billionth."""

import pytest

from ridealong.engine.fingerprint import FEW_ROWS, Fingerprint, same_rows
from ridealong.judging.sql.query import fingerprint

ROWS = FEW_ROWS + 1
PLAIN = f"SELECT i, i / 7 AS share FROM range({ROWS}) AS t (i)"


def of(sql: str, wanted: Fingerprint | None = None) -> Fingerprint:
    return fingerprint(sql, "edge", like=wanted)


@pytest.mark.parametrize(
    ("sql", "same"),
    [
        (f"{PLAIN} ORDER BY i DESC", True),
        (f"SELECT i, i / 7 * (1 + 1e-12) AS share FROM range({ROWS}) AS t (i)", True),
        # every row is off by a hundred-millionth of itself
        (f"SELECT i, i / 7 * (1 + 1e-8) AS share FROM range({ROWS}) AS t (i)", False),
        # one row is off by more than a billionth of all together
        (f"SELECT i, i / 7 + if(i = 1000, 0.01, 0) AS share FROM range({ROWS}) AS t (i)", False),
        # the same numbers stand beside other rows
        (f"SELECT i, ({ROWS} - 1 - i) / 7 AS share FROM range({ROWS}) AS t (i)", False),
        # the sum is right, and one number is as much too large as another is too small
        (
            f"SELECT i, i / 7 + CASE i WHEN 10 THEN 1 WHEN 20 THEN -1 ELSE 0 END AS share FROM range({ROWS}) AS t (i)",
            False,
        ),
        # one sign is another, so that the sums of sizes agree
        (
            f"SELECT i, i / 7 * CASE i WHEN 10 THEN -1 ELSE 1 END AS share FROM range({ROWS}) AS t (i)",
            False,
        ),
        (
            f"SELECT i, i / 7 AS share FROM range({ROWS - 1}) AS t (i) UNION ALL SELECT 1, NULL",
            False,
        ),
    ],
)
def test_fractions_of_many_rows_are_equal_within_a_billionth(sql: str, same: bool) -> None:
    wanted = of(PLAIN)
    assert wanted.rows == ROWS and len(wanted.floats) == 1 and len(wanted.floats[0]) == 4

    assert same_rows(of(sql, wanted), wanted) is same


@pytest.mark.parametrize("n", range(4))
@pytest.mark.parametrize(("factor", "same"), [(1 + 1e-11, True), (1 + 1e-7, False), (0, False)])
def test_each_of_the_four_sums_counts(n: int, factor: float, same: bool) -> None:
    sums = [100.0, 200.0, 300.0, 400.0]
    changed = [value * factor if place == n else value for place, value in enumerate(sums)]
    wanted = Fingerprint(rows=ROWS, floats=(sums,))
    seen = Fingerprint(rows=ROWS, floats=(changed,))

    # the fourth only says how far the third may be off
    assert same_rows(seen, wanted) is (same or n == 3)
    assert same_rows(wanted, wanted)


def test_a_missing_column_of_fractions_is_no_equal_result() -> None:
    one, two = Fingerprint(rows=ROWS, floats=([1.0] * 4,)), Fingerprint(rows=ROWS, floats=())

    assert not same_rows(one, two)
    assert not same_rows(two, one)
