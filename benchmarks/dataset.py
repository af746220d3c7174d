"""How fast, how large and how hungry the data generator is: one table.

    python benchmarks/dataset.py [--quick] [--prototype FOLDER]

Each line is measured in a process of its own, one after the other. Where the folder of the
prototype is at hand (`--prototype`, or `../shared/prototypes` beside the clone), both build the four
core tables of a million rides, three times in turn, and the medians are compared; elsewhere the time
per million rides stands alone. A
generator that makes and inserts one row at a time with Faker is measured too, if Faker is
installed (`pip install faker`).
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
SCALES = (1, 10, 100)  # about 0.09, 0.9 and 9 million rides
FAKER_RIDES = 10_000
MILLION_RIDES_SCALE = 11.4
MILLION_RIDES_PROTOTYPE_USERS = 84_000  # the two are compared at equal rides, not at equal users
PAIRS = 5  # single pairs differ by a fifth on a busy machine


def measured(what: str, *arguments: str) -> dict[str, Any]:
    """Run one of this file's measurements in a new process and return its figures."""
    command = [sys.executable, str(Path(__file__).resolve()), "--measure", what, *arguments]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def built(scale: str, *, tables: Literal["all", "core"]) -> dict[str, Any]:
    """Build the data: all 21 tables and the stories, or users, drivers, rides and payments."""
    from ridealong.dataset.build import build_database

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "built.duckdb")
        started = time.perf_counter()
        report = build_database(path, scale=float(scale), seed=42, tables=tables)
        seconds = time.perf_counter() - started
        size = path.stat().st_size
    return {
        "rides": report.row_counts["rides"],
        "rows": sum(report.row_counts.values()),
        "seconds": seconds,
        "file_megabytes": size / 1e6,
        "peak_gigabytes": peak_gigabytes(),
    }


def prototype(users: str, folder: str) -> dict[str, Any]:
    """Build the four core tables with the prototype, for as many users."""
    spec = importlib.util.spec_from_file_location("core_tables", Path(folder, "core_tables.py"))
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"there is no core_tables.py in {folder}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with tempfile.TemporaryDirectory() as scratch:
        path = str(Path(scratch, "prototype.duckdb"))
        con, seconds, _ = module.build(path, int(users), 42)
        counts = {
            name: con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
            for name in ("users", "drivers", "rides", "payments")
        }
        con.close()
        size = Path(path).stat().st_size
    return {
        "rides": counts["rides"],
        "rows": sum(counts.values()),
        "seconds": seconds,
        "file_megabytes": size / 1e6,
        "peak_gigabytes": peak_gigabytes(),
    }


def faker(rides: str) -> dict[str, Any]:
    """Make the same columns of the same four tables one row at a time with Faker."""
    import duckdb
    from faker import Faker

    from ridealong.dataset.build import sql_text

    fake = Faker()
    Faker.seed(42)
    count = int(rides)
    people = max(1, count // 9)
    staff = max(1, people // 12)
    first = datetime(2025, 9, 29)
    last = first + timedelta(182)
    started = time.perf_counter()
    users = [
        {
            "user_id": number,
            "name": fake.name(),
            "email": fake.email(),
            "created_at": fake.date_time_between(first, last),
            "home_city_id": fake.random_int(1, 6),
            "signup_channel": fake.random_element(("organic", "paid_social", "referral")),
            "referred_by": fake.random_int(0, people - 1),
            "deleted_at": None,
        }
        for number in range(people)
    ]
    drivers = [
        {
            "driver_id": number,
            "name": fake.name(),
            "license_number": fake.bothify("??-#######-?"),
            "status": fake.random_element(("pending", "active", "suspended", "offboarded")),
            "rating": fake.pydecimal(min_value=4, max_value=5, right_digits=2),
            "city_id": fake.random_int(1, 6),
            "joined_at": fake.date_time_between(first, last),
            "rating_updated_at": fake.date_time_between(first, last),
        }
        for number in range(staff)
    ]
    made = []
    payments = []
    for number in range(count):
        requested_at = fake.date_time_between(first, last)
        picked_up_at = requested_at + timedelta(seconds=fake.random_int(45, 1900))
        fare = fake.pydecimal(min_value=7, max_value=90, right_digits=2)
        made.append(
            {
                "ride_id": number,
                "user_id": fake.random_int(0, people - 1),
                "driver_id": fake.random_int(0, staff - 1),
                "pickup_location": fake.bothify("???-???"),
                "dropoff_location": fake.bothify("???-???"),
                "status": "completed",
                "requested_at": requested_at,
                "completed_at": picked_up_at + timedelta(seconds=fake.random_int(60, 3600)),
                "city_id": fake.random_int(1, 6),
                "picked_up_at": picked_up_at,
                "cancelled_at": None,
                "cancelled_by": None,
                "distance_mi": fake.pydecimal(min_value=0, max_value=30, right_digits=2),
                "surge_multiplier": fake.pydecimal(min_value=1, max_value=3, right_digits=2),
                "quoted_fare": fare,
                "fare": fare,
                "driver_pay": fare,
            }
        )
        payments.append(
            {
                "payment_id": number,
                "ride_id": number,
                "amount": fare,
                "method": fake.random_element(("card", "wallet", "paypal")),
                "status": fake.random_element(("succeeded", "failed")),
                "processed_at": fake.date_time_between(first, last),
                "kind": fake.random_element(("fare", "tip")),
                "attempt_no": fake.random_int(1, 2),
                "idempotency_key": fake.bothify("ride-########"),
                "provider": fake.random_element(("alpha", "beta")),
                "failure_code": None,
                "created_at": fake.date_time_between(first, last),
            }
        )
    tables = {"users": users, "drivers": drivers, "rides": made, "payments": payments}
    making = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(str(Path(folder, "f"))) as con:
        con.execute(sql_text("01_schema.sql"))
        con.execute("BEGIN")
        for name, rows in tables.items():
            columns = ", ".join(rows[0])
            places = ", ".join("?" for _ in rows[0])
            for row in rows:
                con.execute(f"INSERT INTO {name} ({columns}) VALUES ({places})", [*row.values()])
        con.execute("COMMIT")
    seconds = time.perf_counter() - started
    total = sum(len(rows) for rows in tables.values())
    return {
        "rides": count,
        "rows": total,
        "seconds": seconds,
        "making_seconds": making,
        "peak_gigabytes": peak_gigabytes(),
    }


def peak_gigabytes() -> float | None:
    """Return the most memory this process has held, None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "core": partial(built, tables="core"),
    "whole": partial(built, tables="all"),
    "prototype": prototype,
    "faker": faker,
}


def report(*, quick: bool, prototypes: Path | None) -> Table:
    """Measure everything and return the table."""
    table = Table(title="Generating the company's data")
    for heading in ("what", "rides", "rows", "seconds", "s per M rides", "rows/s", "peak GB",
                    "file MB", "ratio"):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "what" else "right")
    scales = SCALES[:2] if quick else SCALES
    before: dict[str, Any] | None = None
    fastest = 0.0
    for scale in scales:
        figures = measured("core", str(scale))
        note = ""
        if before is not None:
            growth = figures["seconds"] / before["seconds"]
            more = figures["rides"] / before["rides"]
            note = f"{growth / more:.2f} of linear"
        add(table, f"core tables, scale {scale}", figures, note)
        fastest = max(fastest, figures["rows"] / figures["seconds"])
        before = figures
    if prototypes is not None:
        compare_with_prototype(table, prototypes)
    add(table, "all tables and stories, scale 1", measured("whole", "1"), "")
    if importlib.util.find_spec("faker") is None:
        table.add_row("row by row with Faker", *[""] * 7, "not installed")
    else:
        slow = measured("faker", str(FAKER_RIDES))
        for what, seconds in (
            ("row by row with Faker, in memory", slow["making_seconds"]),
            ("the same, into a database", slow["seconds"]),
        ):
            ratio = fastest / (slow["rows"] / seconds)
            add(table, what, slow | {"seconds": seconds}, f"ours makes {ratio:,.0f} x its rows/s")
    return table


def compare_with_prototype(table: Table, prototypes: Path) -> None:
    """Build a million rides with both, in turn, and add the run in the middle of each."""
    ours, theirs = [], []
    for _ in range(PAIRS):
        ours.append(measured("core", str(MILLION_RIDES_SCALE)))
        theirs.append(measured("prototype", str(MILLION_RIDES_PROTOTYPE_USERS), str(prototypes)))
    middle, their_middle = (
        sorted(runs, key=lambda run: float(run["seconds"]))[PAIRS // 2] for runs in (ours, theirs)
    )
    ratio = (middle["seconds"] / middle["rides"]) / (
        their_middle["seconds"] / their_middle["rides"]
    )
    add(table, f"core tables, median of {PAIRS}", middle, "")
    add(table, f"prototype, median of {PAIRS}", their_middle, f"ours takes {ratio:.2f} x its time")


def add(table: Table, what: str, figures: dict[str, Any], note: str) -> None:
    """Add one line of figures."""
    per_million = figures["seconds"] / figures["rides"] * 1e6
    peak = figures["peak_gigabytes"]
    size = figures.get("file_megabytes")
    table.add_row(
        what,
        f"{figures['rides']:,}",
        f"{figures['rows']:,}",
        f"{figures['seconds']:.2f}",
        f"{per_million:.2f}",
        f"{figures['rows'] / figures['seconds']:,.0f}",
        "-" if peak is None else f"{peak:.2f}",
        "-" if size is None else f"{size:.1f}",
        note,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out the largest scale")
    parser.add_argument("--prototype", type=Path, help="folder that holds core_tables.py")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        what, *rest = arguments.measure
        print(json.dumps(MEASUREMENTS[what](*rest)))
        return
    beside = ROOT.parent / "shared" / "prototypes"
    prototypes = arguments.prototype or (beside if beside.is_dir() else None)
    Console(width=150).print(report(quick=arguments.quick, prototypes=prototypes))


if __name__ == "__main__":
    main()
