"""What an index gives and what it costs, measured on a row store with the company's rides.

SQLite keeps whole rows one after the other and finds them by B-trees, as the databases do that
serve an app. DuckDB reads columns and is made for questions over many rows, so an index says
little there: its timings would teach the wrong lesson.
"""

from __future__ import annotations

import html
import os
import sqlite3
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ridealong.dataset.progress import progress_bar
from ridealong.labs.sql.database import LabError
from ridealong.show.table import Cell, html_table

if TYPE_CHECKING:
    import duckdb

COLUMNS: Final = ("ride_id", "user_id", "driver_id", "status", "requested_at", "completed_at")
SETS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "no index": (),
    "status": (("status",),),
    "completed_at, user_id": (("completed_at", "user_id"),),
    "user_id": (("user_id",),),
    "user_id, completed_at": (("user_id", "completed_at"),),
    "four indexes": (
        ("user_id", "completed_at"),
        ("driver_id", "requested_at"),
        ("status", "requested_at"),
        ("completed_at", "user_id"),
    ),
}
"""The sets of indexes that are compared by default, by the name they are shown with."""

HISTORY: Final = (
    "SELECT ride_id, completed_at FROM rides WHERE user_id = ? AND status = 'completed' "
    "AND completed_at >= '2026-02-28 00:00:00' ORDER BY completed_at DESC"
)
"""The interview's query: a rider's completed rides of the last 30 days, newest first."""

NEW_RIDES: Final = 10_000
RIDERS: Final = 10
ROUNDS: Final = 3
SHORTEST_READ: Final = 0.05
"""Seconds for which histories are read before the time is divided: one reading is too short."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class IndexCost:
    """What each set of indexes does to reads, writes and the file.

    The ratios are of one run on this machine, and wander where other programs run beside it;
    `plans` and `rows_visited` are the same everywhere.

    Attributes:
        plans: How SQLite finds a rider's history, by set of indexes, in its own words.
        rows_visited: How many rows it has to look at for rider 123.
        read_speedup: How many times faster the rider's history is than without an index.
        write_slowdown: How many times longer inserting new rides takes than without an index.
        size_ratio: How many times larger the file is than without an index.
        rows: Rides in the table.
    """

    plans: Mapping[str, str]
    rows_visited: Mapping[str, int]
    read_speedup: Mapping[str, float]
    write_slowdown: Mapping[str, float]
    size_ratio: Mapping[str, float]
    rows: int

    def __repr__(self) -> str:
        wide = max(map(len, self.plans))
        lines = [f"A rider's history in {self.rows:,} rides"]
        lines += [
            f"{name:<{wide}}  {self.rows_visited[name]:>7,} rows looked at: {plan}"
            for name, plan in self.plans.items()
        ]
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        # What is measured is another number on every run: it is shown by a widget, whose content
        # is not stored with the notebook. What is the same everywhere is the text beside it.
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        try:
            from ipywidgets import HTML  # type: ignore[import-untyped]

            shown = HTML(self._html())._repr_mimebundle_()
        except Exception:  # no kernel to show a widget in
            return bundle
        return {**(shown or {}), **bundle}

    def _html(self) -> str:
        headings = (
            "indexes",
            "rows looked at",
            "reads: times faster",
            "writes: times slower",
            "file: times larger",
            "how SQLite finds the rides",
        )
        rows = [
            (
                Cell(name, heads=True, is_bold=True),
                Cell(f"{self.rows_visited[name]:,}", "right"),
                Cell(f"{self.read_speedup[name]:,.1f}", "right"),
                Cell(f"{self.write_slowdown[name]:,.1f}", "right"),
                Cell(f"{self.size_ratio[name]:,.2f}", "right"),
                Cell(plan, markup=f"<code>{html.escape(plan)}</code>"),
            )
            for name, plan in self.plans.items()
        ]
        return (
            f"<p>A rider's history and {NEW_RIDES:,} new rides, in a table of {self.rows:,} rides. "
            f"Measured just now on this machine, compared with no index.</p>"
            f"{html_table(headings, rows)}"
        )


def index_cost(
    sets: Mapping[str, Sequence[Sequence[str]]] | None = None,
    *,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> IndexCost:
    """Measure what indexes do to the company's rides in a SQLite file.

    Args:
        sets: Indexes to compare, by a name to show: `{"by rider": [["user_id"]]}`. Columns are
            `ride_id`, `user_id`, `driver_id`, `status`, `requested_at` and `completed_at`.
            "no index" is always measured first.
        connection: The connection to read the rides from; default: the notebook's.

    Raises:
        LabError: A column does not exist, or there are more than eight sets.
    """
    bare: dict[str, Sequence[Sequence[str]]] = {"no index": ()}
    wanted = bare | dict(sets if sets is not None else SETS) | bare
    _refuse(wanted)
    if connection is None:
        from ridealong.dataset.connection import current_connection

        connection = current_connection()
    rides = connection.execute(
        f"SELECT {', '.join(f'CAST({column} AS VARCHAR)' for column in COLUMNS[3:])}, "
        f"{', '.join(COLUMNS[:3])} FROM rides ORDER BY ride_id"
    ).fetchall()
    rides = [(*row[3:], *row[:3]) for row in rides]
    busiest = connection.execute(
        "SELECT user_id FROM rides GROUP BY user_id ORDER BY count(*) DESC, user_id LIMIT $1",
        [RIDERS],
    ).fetchall()
    riders = [int(row[0]) for row in busiest]
    # A Jupyter server sets this name. Elsewhere nobody looks on, and nbval, which compares what a
    # cell shows, knows no output that is cleared again.
    unseen = "JPY_SESSION_NAME" not in os.environ
    with tempfile.TemporaryDirectory() as folder, progress_bar(hidden=unseen) as show:
        steps = len(wanted) * (1 + ROUNDS)
        files: dict[str, _File] = {}
        for number, (name, indexes) in enumerate(wanted.items()):
            show(number, steps, f"Rides with {name}")
            path = Path(folder, f"{number}.sqlite")
            files[name] = _File(path, rides, indexes, files.get("no index"))
        reads = {name: float("inf") for name in wanted}
        writes = dict(reads)
        done = len(wanted)
        for _ in range(ROUNDS):  # in turn, so that a busy moment hits all of them alike
            for name, file in files.items():
                show(done, steps, f"Reads and writes with {name}")
                done += 1
                reads[name] = min(reads[name], file.read_seconds(riders))
                writes[name] = min(writes[name], file.write_seconds(rides))
        found = IndexCost(
            plans={name: file.plan() for name, file in files.items()},
            rows_visited={name: file.rows_visited(123) for name, file in files.items()},
            read_speedup={name: reads["no index"] / reads[name] for name in wanted},
            write_slowdown={name: writes[name] / writes["no index"] for name in wanted},
            size_ratio={name: f.bytes / files["no index"].bytes for name, f in files.items()},
            rows=len(rides),
        )
        for file in files.values():
            file.connection.close()
    return found


def _refuse(sets: Mapping[str, Sequence[Sequence[str]]]) -> None:
    if len(sets) > 9:
        message = f"{len(sets)} sets of indexes are too many to measure: give eight or fewer."
        raise LabError(message)
    for name, indexes in sets.items():
        for columns in indexes:
            if isinstance(columns, str):
                message = (
                    f"{name!r} holds {columns!r}, wanted a list of columns for each index, "
                    f"such as [[{columns!r}]]."
                )
                raise LabError(message)
            for column in columns:
                if column not in COLUMNS:
                    known = ", ".join(COLUMNS)
                    message = f"rides has no column {column!r} here. It has {known}."
                    raise LabError(message)


class _File:
    """The rides in one SQLite file, with one set of indexes."""

    def __init__(
        self,
        path: Path,
        rides: Sequence[tuple[Any, ...]],
        indexes: Sequence[Sequence[str]],
        bare: _File | None,
    ) -> None:
        self.connection = sqlite3.connect(path)
        self.connection.execute("PRAGMA synchronous = OFF")  # the disk is not what is measured
        self.indexes = [tuple(columns) for columns in indexes]
        if bare is None:
            self.connection.execute(
                "CREATE TABLE rides (ride_id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, "
                "driver_id INTEGER, status TEXT NOT NULL, requested_at TEXT NOT NULL, "
                "completed_at TEXT)"
            )
            self._insert(rides)
        else:
            bare.connection.backup(self.connection)  # the same rows, not inserted again
        for number, columns in enumerate(self.indexes):
            name = f"by_{'_and_'.join(columns)}_{number}"
            self.connection.execute(f"CREATE INDEX {name} ON rides ({', '.join(columns)})")
        self.connection.commit()
        self.bytes = path.stat().st_size
        self._next_id = len(rides) + 1

    def _insert(self, rides: Sequence[tuple[Any, ...]]) -> None:
        places = ", ".join("?" * len(COLUMNS))
        self.connection.executemany(f"INSERT INTO rides VALUES ({places})", rides)
        self.connection.commit()

    def read_seconds(self, riders: Sequence[int]) -> float:
        """Return the time for one history of each rider.

        It is the time in which this thread computes: what other programs take, and waiting for
        the disk, would make the ratios wander.
        """
        started = time.thread_time()
        for times in count(1):
            for rider in riders:
                self.connection.execute(HISTORY, (rider,)).fetchall()
            passed = time.thread_time() - started
            if passed >= SHORTEST_READ:
                return passed / times
        raise AssertionError  # count() does not end

    def write_seconds(self, rides: Sequence[tuple[Any, ...]]) -> float:
        """Insert new rides like some that are there, then take them back; time the first part."""
        step = max(1, len(rides) // NEW_RIDES)
        new = [
            (self._next_id + number, *ride[1:])
            for number, ride in enumerate(rides[::step][:NEW_RIDES])
        ]
        started = time.thread_time()
        self._insert(new)
        seconds = time.thread_time() - started
        self.connection.execute("DELETE FROM rides WHERE ride_id >= ?", (self._next_id,))
        self.connection.commit()
        return seconds

    def plan(self) -> str:
        with closing(self.connection.execute(f"EXPLAIN QUERY PLAN {HISTORY}", (123,))) as rows:
            return "; ".join(str(row[3]) for row in rows)

    def rows_visited(self, rider: int) -> int:
        """Return how many rows the plan looks at: those that its index cannot leave out."""
        words = self.plan()
        conditions = {
            "user_id": "user_id = :rider",
            "status": "status = 'completed'",
            "completed_at": "completed_at >= '2026-02-28 00:00:00'",
        }
        if "SEARCH" not in words:
            used = []
        else:
            inside = words[words.index("(") + 1 : words.index(")")] if "(" in words else ""
            used = [rule for column, rule in conditions.items() if column in inside]
        where = f" WHERE {' AND '.join(used)}" if used else ""
        statement = f"SELECT count(*) FROM rides NOT INDEXED{where}"
        ((count,),) = self.connection.execute(statement, {"rider": rider}).fetchall()
        return int(count)
