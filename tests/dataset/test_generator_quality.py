"""The mixing function behind every drawn number, and the rules the SQL keeps."""

import re
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ridealong.dataset import build

ROWS = 1 << 18
MASK = np.uint64(0xFFFFFFFF)
FILES = sorted(Path(build.__file__).with_name("sql").glob("*.sql"))


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as con:
        con.execute("SET VARIABLE seed = 42")
        con.execute("SET VARIABLE draw = 0")
        for statement in con.extract_statements(build.sql_text("03_arithmetic.sql")):
            con.execute(statement)
        yield con


def mix(x: np.ndarray) -> np.ndarray:
    """The mixing function again, in numpy."""
    x = x.astype(np.uint64)
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(2146121005)) & MASK
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(2221713035)) & MASK
    return x ^ (x >> np.uint64(16))


def row_draw(ids: np.ndarray, key: int) -> np.ndarray:
    return mix(mix(ids) ^ np.uint64(key))


def attribute(h: np.ndarray, k: int) -> np.ndarray:
    return mix((h + np.uint64(k * 2654435769 % 2**64)) & MASK)


def draws(con: duckdb.DuckDBPyConnection, expression: str, rows: int = ROWS) -> np.ndarray:
    return con.execute(f"SELECT {expression} AS v FROM range({rows}) AS t (i)").fetchnumpy()["v"]


def stream(con: duckdb.DuckDBPyConnection, table_no: int) -> int:
    return int(con.execute(f"SELECT stream({table_no})").fetchall()[0][0])


def test_mixing_in_sql_equals_the_one_in_numpy(con):
    ids = np.arange(100_000, dtype=np.uint64)
    assert np.array_equal(draws(con, "mix(i::UBIGINT)", 100_000), mix(ids))
    key = stream(con, 3)
    assert key == int(mix((mix(np.array([42])) + np.uint64(3 * 2654435769)) & MASK)[0])
    drawn = row_draw(ids, key)
    assert np.array_equal(draws(con, f"row_draw(i, {key}::UBIGINT)", 100_000), drawn)
    for k in (1, 7, 60):
        in_sql = draws(con, f"attribute(row_draw(i, {key}::UBIGINT), {k})", 100_000)
        assert np.array_equal(in_sql, attribute(drawn, k))


# The twin in numpy has just been shown to be equal, so the statistics may use it.


@pytest.fixture(scope="module")
def rows(con):
    """The numbers of 262,144 rows of the first table."""
    return row_draw(np.arange(ROWS, dtype=np.uint64), stream(con, 1))


def test_mixing_loses_no_number():
    """It only reorders the 32-bit numbers, so different inputs stay different."""
    assert len(np.unique(mix(np.arange(ROWS)))) == ROWS


@pytest.mark.parametrize("k", range(12))
def test_attributes_fill_all_bins_evenly(rows, k):
    values = attribute(rows, k).astype(np.int64)
    for bits in (values >> 24, values & 255):
        counts = np.bincount(bits, minlength=256)
        expected = ROWS / 256
        chi_square = float(((counts - expected) ** 2 / expected).sum())
        # 255 degrees of freedom: mean 255, standard deviation 22.6
        assert 150 < chi_square < 360


def test_attributes_of_a_row_do_not_depend_on_each_other(rows):
    columns = np.array([attribute(rows, k) for k in range(12)], dtype=float)
    correlation = np.corrcoef(columns) - np.eye(12)
    assert np.abs(correlation).max() < 0.01


@pytest.mark.parametrize("lag", [1, 2, 64, 1000])
def test_neighbouring_rows_do_not_depend_on_each_other(rows, lag):
    values = rows.astype(float)
    assert abs(np.corrcoef(values[lag:], values[:-lag])[0, 1]) < 0.01


@pytest.mark.parametrize(("seed", "table_no"), [(42, 2), (43, 1), (41, 1), (7919, 1)])
def test_neighbouring_tables_and_seeds_do_not_echo_each_other(con, seed, table_no):
    """A single round gave the same stream shifted by a row; two rounds must not, at any shift."""
    ids = np.arange(ROWS, dtype=np.uint64)

    def key(seed: int, table_no: int) -> int:
        scrambled = mix(np.array([seed])) + np.uint64(table_no * 2654435769)
        return int(mix(scrambled & MASK)[0])

    first = row_draw(ids, key(42, 1)).astype(float)
    other = row_draw(ids, key(seed, table_no)).astype(float)
    first -= first.mean()
    other -= other.mean()
    by_shift = np.fft.irfft(np.fft.rfft(first) * np.conj(np.fft.rfft(other)), ROWS)
    strongest = np.abs(by_shift).max() / (np.linalg.norm(first) * np.linalg.norm(other))
    # the largest of 262,144 unrelated correlations is about 4.7 / sqrt(262144) = 0.0092
    assert strongest < 0.013


def test_below_reaches_every_number_and_no_other(con):
    values = draws(con, "below(row_draw(i, stream(1)), 7)", 2000)
    assert set(values.tolist()) == set(range(7))


def test_distributions_meet_their_knots(con):
    """Between two knots a quantity grows evenly: its percentiles are the numbers in the file."""
    text = build.sql_text("04_parameters.sql")
    start = text.index("CREATE TEMP TABLE knot AS")
    for statement in con.extract_statements(
        text[start : text.index("SET VARIABLE distance_slots")]
    ):
        con.execute(statement)
    slots = dict(con.execute("SELECT quantity, slots FROM distribution").fetchall())
    knots = con.execute("SELECT quantity, percent, value FROM knot").fetchall()
    assert len(knots) > 50
    for quantity, percent, value in knots:
        values = slots[quantity]
        assert len(values) == 4096
        assert values == sorted(values)
        # a knot lies between its two neighbouring slots
        before = (percent * 4096 - 50) // 100
        assert before < 0 or values[before] <= value
        assert before > 4094 or value <= values[before + 1]


def test_drawing_uses_every_slot_once(con):
    con.execute("SET VARIABLE slots = range(4096)")
    drawn = con.execute(
        "SELECT drawn_from(getvariable('slots'), (i << 20)::UBIGINT) FROM range(4096) AS t (i)"
    ).fetchall()
    assert [value for (value,) in drawn] == list(range(4096))


def test_dollars_are_exact(con):
    (value, kind) = con.execute("SELECT dollars(1999), typeof(dollars(1999))").fetchall()[0]
    assert str(value) == "19.99"
    assert kind == "DECIMAL(10,2)"


# ------------------------------------------------------------------------- rules of the SQL

FORBIDDEN = (
    r"\brandom\s*\(",
    r"\bsetseed\s*\(",
    r"\bhash\s*\(",
    r"\buuid\s*\(",
    r"\bgen_random_uuid\b",
    r"\busing\s+sample\b",
    r"\btablesample\b",
    r"\bany_value\s*\(",
    r"\bfirst\s*\(",
    r"\barray_distinct\s*\(",
    r"\bfloat\b",
    r"\bdouble\b",
    r"\breal\b",
    r"\bavg\s*\(",
    r"\bepoch\s*\(",
    r"\bcurrent_date\b",
    r"\bcurrent_timestamp\b",
    r"\btoday\s*\(",
    r"(?<!/)/(?!/)",  # a single slash divides in floating point
)


def code_of(path: Path) -> str:
    """The SQL without its comments and text literals."""
    text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    return re.sub(r"'(?:[^']|'')*'", "''", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_sql_uses_nothing_that_could_differ_between_machines(path):
    code = code_of(path)
    found = [rule for rule in FORBIDDEN if re.search(rule, code, re.IGNORECASE)]
    assert found == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_list_and_every_created_table_is_ordered(path):
    code = code_of(path)
    for call in re.findall(r"\blist\s*\([^()]*(?:\([^()]*\)[^()]*)*\)", code):
        assert "ORDER BY" in call, call
    for statement in code.split(";"):
        if re.match(r"\s*CREATE TEMP TABLE \w+ AS\b", statement):
            last_level = re.sub(r"\((?:[^()]|\([^()]*\))*\)", "", statement)
            assert re.search(r"ORDER BY [^()]*$", last_level.strip()), statement[:60]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_begins_with_what_it_is(path):
    assert path.read_text(encoding="utf-8").startswith("-- ")


def test_every_file_is_run():
    assert {path.name for path in FILES} == set(build.sql_files())
