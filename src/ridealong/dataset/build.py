"""Build Ridealong's data: run the generator's SQL files, in order, into one DuckDB file.

The generator is SQL, so that it can be read and changed like any other query: the files lie in `sql/`
beside this module and are named in the order in which they run. This module only gives them the
seed and the size, and looks at the result.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from ridealong.dataset.checksums import checksums as content_checksums
from ridealong.dataset.stories import StoryMissing, tell

USERS_PER_SCALE = 10_000
SMALLEST_SCALE = 0.1
LARGEST_SCALE = 1000
LARGEST_SEED = 2**32 - 1

DRAWS = 20
"""How often a company is drawn from one seed, at most, until every story is in the data.

The stories are planted; what chance can still take from them it takes from a few seeds in a hundred,
so twenty draws in a row do not happen.
"""

CORE_TABLES = ("users", "drivers", "rides", "payments")

TABLES = (
    "cities",
    "zones",
    "city_events",
    "surge_snapshots",
    "driver_pings",
    "users",
    "drivers",
    "rides",
    "ride_events",
    "ratings",
    "payments",
    "promo_redemptions",
    "jobs",
    "api_requests",
    "incidents",
    "support_tickets",
    "app_events",
    "experiment_assignments",
)
STAGING_TABLES = ("payments_export", "users_crm", "app_events_late")

_SQL = Path(__file__).with_name("sql")

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build made.

    Attributes:
        row_counts: Rows per table; staging tables as `staging.name`.
        checksums: Content checksum per table, the same names; empty unless asked for.
        truth: What is true about each planted story, by its code. Never stored in the database.
        draws: How often the company was drawn until every promised story was in the data.
        seconds: Time the build took.
    """

    row_counts: dict[str, int]
    checksums: dict[str, str]
    truth: dict[str, Any]
    draws: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Step:
    file: str
    what: str
    core: bool


_STEPS = (
    _Step("01_schema.sql", "tables", core=True),
    _Step("02_clock.sql", "clock", core=True),
    _Step("03_arithmetic.sql", "arithmetic", core=True),
    _Step("04_parameters.sql", "parameters", core=True),
    _Step("05_map.sql", "cities and zones", core=True),
    _Step("06_stories.sql", "stories", core=True),
    _Step("07_people.sql", "people", core=True),
    _Step("08_shifts.sql", "shifts", core=True),
    _Step("09_planted_rides.sql", "planted rides", core=True),
    _Step("10_requests.sql", "ride requests", core=True),
    _Step("11_surge.sql", "surge prices", core=True),
    _Step("12_rides.sql", "rides", core=True),
    _Step("13_payments.sql", "payments", core=True),
    _Step("14_accounts.sql", "users and drivers", core=True),
    _Step("15_ride_events.sql", "ride events", core=False),
    _Step("16_ratings.sql", "ratings", core=False),
    _Step("17_supply.sql", "driver pings and surge snapshots", core=False),
    _Step("18_jobs.sql", "promo codes and background jobs", core=False),
    _Step("19_api_requests.sql", "API requests", core=False),
    _Step("20_support.sql", "incidents, events and tickets", core=False),
    _Step("21_app_events.sql", "app events", core=False),
    _Step("22_experiments.sql", "experiments", core=False),
    _Step("23_staging.sql", "exported files", core=False),
)


def sql_files() -> tuple[str, ...]:
    """Return the names of the generator's SQL files, in the order in which they run."""
    return tuple(step.file for step in _STEPS)


def sql_text(file: str) -> str:
    """Return the text of one of the generator's SQL files."""
    return (_SQL / file).read_text(encoding="utf-8")


def schema_sql() -> str:
    """Return the text of `data/schema.sql`: the tables, as the builder makes them."""
    return (
        "-- Written from src/ridealong/dataset/sql/01_schema.sql, which the builder runs: edit it there."
        "\n\n" + sql_text("01_schema.sql")
    )


def _generator_version() -> str:
    texts = [path.read_text(encoding="utf-8") for path in sorted(_SQL.rglob("*.sql"))]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


GENERATOR_VERSION = _generator_version()
"""Changes with every change of the SQL; part of every built file (`meta.build`)."""


def build_database(
    path: Path,
    *,
    scale: float = 1,
    seed: int = 42,
    progress: Progress | None = None,
    threads: int | None = None,
    tables: Literal["all", "core"] = "all",
    checksums: bool = False,
) -> BuildReport:
    """Build the company's data into a new database file.

    Where chance leaves a planted story weaker than promised, the company is drawn again from the
    same seed, so that every seed has every story. The same seed and scale always give the same data.

    Args:
        path: File to write; it must not exist. Write to a temporary name and rename, so that an
            interrupted build leaves nothing that looks finished.
        scale: Size; 1 has 10,000 users and about 90,000 rides.
        seed: Which company: another seed gives other people, rides and story details.
        progress: Called as `progress(done_steps, total_steps, what)` before each step and once at
            the end.
        threads: Threads DuckDB may use; its own choice by default. The data do not depend on it.
        tables: "core" builds only users, drivers, rides and payments (for measuring), and takes the
            first draw: the stories need the other tables.
        checksums: Also compute the content checksum of every table. It costs about as much as
            the build itself.

    Raises:
        ValueError: `scale` or `seed` is out of range.
        FileExistsError: There is a file at `path`.
        StoryMissing: A story is in none of the draws; it is planted too weakly.
    """
    _refuse_bad_size(scale, seed)
    if path.exists():
        raise FileExistsError(f"{path} exists; build into a new file and rename it afterwards")
    started = time.perf_counter()
    for draw in range(DRAWS):
        try:
            row_counts, sums, truth = _draw(
                path, scale, seed, draw, progress, threads, tables, checksums
            )
            break
        except StoryMissing:
            path.unlink(missing_ok=True)
            if draw == DRAWS - 1:
                raise
    return BuildReport(row_counts, sums, truth, draw + 1, time.perf_counter() - started)


def _draw(
    path: Path,
    scale: float,
    seed: int,
    draw: int,
    progress: Progress | None,
    threads: int | None,
    tables: Literal["all", "core"],
    checksums: bool,
) -> tuple[dict[str, int], dict[str, str], dict[str, Any]]:
    """Build one draw of a company; return its row counts, checksums and the truth of its stories."""
    steps = [step for step in _STEPS if tables == "all" or step.core]
    total = len(steps) + 1
    with duckdb.connect(str(path)) as con:
        _set_up(con, scale, seed, draw, threads)
        for done, step in enumerate(steps):
            if progress is not None:
                progress(done, total, step.what)
            for statement in con.extract_statements(sql_text(step.file)):
                con.execute(statement)
        if progress is not None:
            progress(total - 1, total, "stories and checksums")
        con.execute(
            "CREATE TABLE meta.build AS SELECT ? AS generator_version, ? AS scale, ? AS seed",
            [GENERATOR_VERSION, str(scale), seed],
        )
        names = _names(tables)
        row_counts = {name: _row_count(con, name) for name in names}
        truth = tell(con, scale=scale) if tables == "all" else {}
        sums = content_checksums(con, names) if checksums else {}
        con.execute("CHECKPOINT")
    if progress is not None:
        progress(total, total, "done")
    return row_counts, sums, truth


def _row_count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _names(tables: str) -> list[str]:
    if tables == "core":
        return list(CORE_TABLES)
    return [*TABLES, *(f"staging.{name}" for name in STAGING_TABLES)]


def _refuse_bad_size(scale: float, seed: int) -> None:
    if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
        raise ValueError(
            f"scale is {scale}; it must lie between {SMALLEST_SCALE} (1,000 users) "
            f"and {LARGEST_SCALE}"
        )
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"seed is {seed}; it must lie between 0 and {LARGEST_SEED}")


def _set_up(
    con: duckdb.DuckDBPyConnection, scale: float, seed: int, draw: int, threads: int | None
) -> None:
    users = round(scale * USERS_PER_SCALE)
    con.execute("SET enable_progress_bar = false")  # the caller shows its own
    con.execute("SET preserve_insertion_order = true")
    con.execute("SET TimeZone = 'UTC'")
    # DuckDB 2.0.0: operators that collect small chunks fail on dictionaries that come out of a join
    # ("dict-surviving cache", duckdb issue 24807), and a join that spills to disk loses rows to a
    # filter that was pushed into its scan (duckdb issue 25702).
    con.execute("SET enable_caching_operators = false")
    con.execute("SET disabled_optimizers = 'join_filter_pushdown'")
    if threads is not None:
        con.execute(f"SET threads = {int(threads)}")
    con.execute("CREATE SCHEMA meta")
    con.execute(f"SET VARIABLE seed = {int(seed)}")
    con.execute(f"SET VARIABLE draw = {int(draw)}")
    con.execute(f"SET VARIABLE user_count = {users}")
    con.execute(f"SET VARIABLE driver_count = {max(180, users // 12)}")
