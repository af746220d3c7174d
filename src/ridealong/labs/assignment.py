"""Who gets the car: two riders who saw the same map, and the steps of an assignment in every order."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import Any, Final

from ridealong.labs import cache as caches
from ridealong.labs.sql.database import LabError
from ridealong.show.views import View, frame, plural
from ridealong.systems.assignment import CASES, WRONGS, StepsError, read, runs

KEY: Final = "car:7"
_TABLES: Final = """
CREATE TABLE cars (driver_id INTEGER PRIMARY KEY, state TEXT NOT NULL, user_id INTEGER);
CREATE TABLE trips (driver_id INTEGER NOT NULL, user_id INTEGER NOT NULL);
INSERT INTO cars VALUES (7, 'available', NULL);
"""
_TAKE: Final = "UPDATE cars SET state = 'on_trip', user_id = ? WHERE driver_id = 7"
_IF_FREE: Final = " AND state = 'available'"
_RIDERS: Final = {"Ann": 501, "Ben": 502}
_PATIENCE_SECONDS: Final = 10.0


def two_taps(*, conditional: bool = False) -> View:
    """Let two riders, two threads, tap on the same car that the cache calls available.

    Both have read the cache before either writes; then Ann's write comes, then Ben's, each by a
    connection of its own to a database in SQLite that has no constraint on trips.

    Args:
        conditional: whether the write asks for `state = 'available'`, and its rows decide.

    Raises:
        LabError: when the two threads do not meet.
    """
    keeper = caches.keeper()
    keeper.set(KEY, "available", 60.0)
    place = "file:two-taps?mode=memory&cache=shared"
    rows: list[list[Any]] = []
    errors: list[BaseException] = []
    both_have_read = threading.Barrier(len(_RIDERS), timeout=_PATIENCE_SECONDS)
    turns = {name: threading.Event() for name in _RIDERS}
    sql = _TAKE + (_IF_FREE if conditional else "")

    def tap(name: str, user: int, after: str) -> None:
        try:
            with closing(sqlite3.connect(place, uri=True, isolation_level=None)) as own:
                seen = keeper.get(KEY)
                both_have_read.wait()
                if after and not turns[after].wait(_PATIENCE_SECONDS):
                    raise TimeoutError("one of them waited for too long")
                changed = own.execute(sql, (user,)).rowcount
                gets_it = changed == 1
                if gets_it:
                    own.execute("INSERT INTO trips VALUES (7, ?)", (user,))
                told = "the car is yours" if gets_it else "the car is gone"
                rows.append([name, seen, changed, told])
        except BaseException as error:
            errors.append(error)
        finally:
            turns[name].set()

    with closing(sqlite3.connect(place, uri=True, isolation_level=None)) as database:
        database.executescript(_TABLES)
        threads = [
            threading.Thread(target=tap, args=(name, user, after), daemon=True)
            for (name, user), after in zip(_RIDERS.items(), ("", "Ann"), strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(3 * _PATIENCE_SECONDS)
        if errors:
            raise LabError(f"the two threads did not meet: {errors[0]}. Run the cell again")
        trips = database.execute("SELECT count(*) FROM trips WHERE driver_id = 7").fetchone()[0]
        user = database.execute("SELECT user_id FROM cars WHERE driver_id = 7").fetchone()[0]
    name = next(name for name, number in _RIDERS.items() if number == user)
    columns = ["rider", "the cache says", "rows that the write changed", "the rider is told"]
    return View(
        "Two riders tap on car 7",
        frame(columns, rows),
        f"Car 7 has {plural(trips, 'trip')} under way, and its row says {name}.",
    )


def every_order(steps: object) -> View:
    """Run the steps of an assignment in every case and every order, and show what came of each.

    Args:
        steps: the data of a `%%yaml` answer, a list of statements.

    Raises:
        LabError: when they cannot be run; one line.
    """
    try:
        tried = list(runs(read(steps)))
    except StepsError as error:
        raise LabError(str(error)) from None
    rows = []
    for case in CASES:
        alike = [each for each in tried if each.case is case]
        wrong = [each for each in alike if each.wrong]
        shown = wrong[0] if wrong else None
        says = WRONGS[shown.wrong].format(shown.count) if shown else ""
        rows.append([case.told, len(alike), len(wrong), says, shown.order if shown else ""])
    wrong_orders = sum(bool(each.wrong) for each in tried)
    columns = ["what happens at once", "orders", "wrong", "what is wrong", "such as in the order"]
    return View(
        "Each case in every order",
        frame(columns, rows),
        f"{plural(len(tried), 'order')}, {wrong_orders} of them end with a rider or a row that "
        "is wrong."
        if wrong_orders
        else f"{plural(len(tried), 'order')}, and in each what the riders are told is true.",
    )


__all__ = ["every_order", "two_taps"]
