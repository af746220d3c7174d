"""Who gets the car: the steps of an assignment, run by several riders in every order.

A step is one statement of SQLite and commits by itself, so between two steps of one rider any step
of another may run. All orders of two riders are tried; what each is told has to agree with the row
of the car.

    - sql: UPDATE cars SET ... WHERE driver_id = :driver_id AND ...
      no_row: refuse          # or go on: what follows when no row is found or changed
      keep: {seen: version}   # a column of the row, for later steps as :seen
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from ridealong.text import did_you_mean

MOST_STEPS: Final = 4
LONGEST_SQL: Final = 1_000
NO_ROW: Final = ("go on", "refuse")
STATES: Final = ("available", "on_trip", "offline")
COLUMNS: Final = ("driver_id", "zone_code", "state", "user_id", "version")
GIVEN: Final = ("driver_id", "user_id")
KEYS: Final = ("sql", "no_row", "keep")

_TABLE: Final = """
CREATE TABLE cars (
    driver_id INTEGER PRIMARY KEY,
    zone_code TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('available', 'on_trip', 'offline')),
    user_id INTEGER,
    version INTEGER NOT NULL DEFAULT 1) STRICT
"""
_CHANGED: Final = ("state", "user_id", "version")
_FUNCTIONS: Final = frozenset(
    {"abs", "coalesce", "count", "ifnull", "iif", "like", "lower", "max", "min", "nullif", "sum"}
)
_WORK: Final = 100_000  # steps of SQLite's machine: a thousand times what a step needs
_LONGEST_VALUE: Final = 10_000
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
_BEGINS: Final = re.compile(r"\s*(begin|commit|end|rollback|savepoint|release)\b", re.IGNORECASE)

CAR, OTHER_CAR, BYSTANDER = 7, 8, 9
ANN, BEN, SOMEBODY = 501, 502, 400
AFTER_LEAVING: Final = 2  # the version of a car whose driver alone has changed it


class StepsError(ValueError):
    """Steps that cannot be run; the text is one line for the learner."""


@dataclass(frozen=True, slots=True)
class Step:
    """One statement.

    Attributes:
        sql: with `:driver_id`, `:user_id` and what was kept as its parameters.
        refuses: whether the rider is refused when it finds or changes no row.
        keeps: names for later steps, each with a column of the first row.
    """

    sql: str
    refuses: bool = False
    keeps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one step did when its turn came.

    Attributes:
        who: the rider, or what else happened.
        step: its number from 1, 0 where it is no step.
        rows: found or changed.
        state: of the car afterwards.
        user: who has it then.
    """

    who: str
    step: int
    rows: int
    state: str
    user: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """What happens at once.

    Attributes:
        name: of the case.
        told: in words.
        riders: their names, each with number and the car that they ask for.
        state: of the car as it begins.
        leaves: whether the driver goes offline in between, where the car is free then.
        ends: whether the first rider's trip ends before the next one asks.
    """

    name: str
    told: str
    riders: Mapping[str, tuple[int, int]]
    state: str = "available"
    leaves: bool = False
    ends: bool = False


ONE: Final = {"Ann": (ANN, CAR)}
TWO: Final = {**ONE, "Ben": (BEN, CAR)}

CASES: Final = (
    Case("alone", "one rider asks for a free car", ONE),
    Case("two-at-once", "two riders ask for one free car", TWO),
    Case("on-trip", "a rider asks for a car that is on another trip", ONE, "on_trip"),
    Case("offline", "a rider asks for a car whose driver has gone home", ONE, "offline"),
    Case("leaves", "the driver goes offline while a rider asks", ONE, leaves=True),
    Case("two-cars", "two riders ask for two free cars", {**ONE, "Ben": (BEN, OTHER_CAR)}),
    Case("free-again", "a rider asks for a car whose last trip has ended", TWO, ends=True),
)
"""What the steps are tried in; each in every order that there is."""

WRONGS: Final = {
    "double": "{} riders are told that the same car is theirs",
    "taken": "a rider is told that a car is theirs that was not free",
    "others": "a rider's step has changed the row of a car that they did not ask for",
    "not-written": "a rider is told that the car is theirs, and its row does not say so",
    "changed": "a rider is refused, and the row of the car has changed all the same",
    "nobody": "the car is free and nobody gets it",
}
"""What may be wrong after a run, the worst first."""


@dataclass(frozen=True, slots=True)
class Run:
    """One case in one order.

    Attributes:
        case: what happened at once.
        turns: in their order.
        told: each rider, and whether they were told that the car is theirs.
        wrong: one of `WRONGS`, "" when all agrees.
        count: how many riders were told so of one car, at most.
    """

    case: Case
    turns: tuple[Turn, ...]
    told: Mapping[str, bool]
    wrong: str
    count: int

    @property
    def order(self) -> str:
        """The order in words."""
        return ", ".join(f"{t.who} {t.step}" if t.step else t.who for t in self.turns)


def read(value: Any) -> tuple[Step, ...]:
    """Return the steps of an answer.

    Args:
        value: the data of the answer: a list of steps, or one step alone.

    Raises:
        StepsError: in one line, with the step's number.
    """
    rows = [value] if isinstance(value, Mapping) else value
    if not isinstance(rows, list) or not rows:
        raise StepsError("the answer holds no steps, wanted a list: - sql: UPDATE cars SET ...")
    if len(rows) > MOST_STEPS:
        raise StepsError(f"the answer has {len(rows)} steps, {MOST_STEPS} is the most")
    steps: list[Step] = []
    known = set(GIVEN)
    for number, row in enumerate(rows, start=1):
        steps.append(_step(number, row))
        _try(number, steps[-1], known)
        known |= set(steps[-1].keeps)
    return tuple(steps)


def _step(number: int, row: Any) -> Step:
    if not isinstance(row, Mapping):
        raise StepsError(f"step {number} is {row!r:.60}, wanted sql: with a statement behind it")
    for key in row:
        if key not in KEYS:
            near = did_you_mean(str(key), KEYS)
            raise StepsError(
                f"step {number} has {key!r:.40}, wanted {', '.join(KEYS[:-1])} or {KEYS[-1]}{near}"
            )
    sql = row.get("sql")
    if not isinstance(sql, str) or not sql.strip():
        raise StepsError(f"step {number} has no sql: write one statement behind it")
    if len(sql) > LONGEST_SQL:
        raise StepsError(f"step {number} has {len(sql):,} characters, {LONGEST_SQL:,} is the most")
    if begun := _BEGINS.match(sql):
        raise StepsError(
            f"step {number} is {begun[1].upper()}: each step commits by itself here, and a step "
            "of another rider may come between two of yours"
        )
    word = row.get("no_row", NO_ROW[0])
    if word not in NO_ROW:
        raise StepsError(f"step {number}: no_row is {word!r:.40}, wanted {' or '.join(NO_ROW)}")
    keeps = row.get("keep", {})
    if not isinstance(keeps, Mapping) or not all(
        isinstance(name, str) and _NAME.fullmatch(name) and isinstance(column, str)
        for name, column in keeps.items()
    ):
        raise StepsError(
            f"step {number}: keep is {keeps!r:.60}, wanted a name and a column of the row, such "
            "as {seen: version}"
        )
    if taken := set(keeps) & set(GIVEN):
        raise StepsError(f"step {number} keeps {min(taken)}, which is given: take another name")
    return Step(sql, word == "refuse", dict(keeps))


class _World:
    """The table of cars, and what the steps of riders may do to it."""

    def __init__(self) -> None:
        # A statement that is kept ready is not asked about again, and one of ours may read alike.
        self._db = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        self._db.execute(_TABLE)
        self._is_ours = True
        self._forbidden = ""
        self._db.set_authorizer(self._allowed)

    def close(self) -> None:
        """Let go of it."""
        self._db.close()

    def begin(self, state: str) -> None:
        """Put the cars back to how a case begins."""
        self._db.execute("DELETE FROM cars")
        user = SOMEBODY if state == "on_trip" else None
        self._db.executemany(
            "INSERT INTO cars (driver_id, zone_code, state, user_id) VALUES (?, 'HBV-DTN', ?, ?)",
            [(CAR, state, user), (OTHER_CAR, "available", None), (BYSTANDER, "available", None)],
        )

    def row(self, driver: int) -> tuple[str, int | None]:
        """Return state and rider of a car."""
        state, user, _ = self.rows()[driver]
        return state, user

    def rows(self) -> dict[int, tuple[str, int | None, int]]:
        """Return state, rider and version of each car."""
        query = "SELECT driver_id, state, user_id, version FROM cars"
        return {driver: (*rest,) for driver, *rest in self._db.execute(query)}

    def leave(self) -> int:
        """Let the driver go offline, where the car is free; return how many rows that changed."""
        return self._ours("offline", "available")

    def end(self) -> int:
        """End the trip of the car; return how many rows that changed."""
        return self._ours("available", "on_trip")

    def _ours(self, state: str, before: str) -> int:
        return self._db.execute(
            "UPDATE cars SET state = ?, user_id = NULL, version = version + 1"
            " WHERE driver_id = ? AND state = ?",
            (state, CAR, before),
        ).rowcount

    def do(self, step: Step, values: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        """Run a step; return how many rows it found or changed, and the first row.

        Raises:
            sqlite3.Error: when it cannot be run.
            _Forbidden: when it does what no step may.
        """
        self._is_ours, self._forbidden = False, ""
        self._db.set_progress_handler(lambda: 1, _WORK)
        try:
            cursor = self._db.execute(step.sql, values)
            names = [each[0] for each in cursor.description or ()]
            rows = cursor.fetchall()
        except sqlite3.DatabaseError as error:
            if self._forbidden:
                raise _Forbidden(self._forbidden) from None
            if "interrupted" in str(error):
                raise _Forbidden("it takes far more work than an assignment") from None
            raise
        finally:
            self._is_ours = True
            self._db.set_progress_handler(None, 0)
        if names:
            return len(rows), dict(zip(names, rows[0], strict=True)) if rows else {}
        return max(cursor.rowcount, 0), {}

    def _allowed(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        # SQLite asks this while it prepares a statement, before anything is done.
        if self._is_ours or action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and first in ("cars", ""):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_UPDATE and first == "cars" and second in _CHANGED:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and second in _FUNCTIONS:
            return sqlite3.SQLITE_OK
        what = {
            sqlite3.SQLITE_FUNCTION: f"calls {second}()",
            sqlite3.SQLITE_UPDATE: f"changes {second} of {first}",
            sqlite3.SQLITE_READ: f"reads {first}",
        }.get(action, "does what no assignment needs")
        self._forbidden = (
            f"it {what}; a step reads cars, or updates {', '.join(_CHANGED[:-1])} or "
            f"{_CHANGED[-1]} of it"
        )
        return sqlite3.SQLITE_DENY


class _Forbidden(Exception):
    """A statement that does what no step may."""


def _try(number: int, step: Step, known: set[str]) -> None:
    """Raise when a step cannot be run at all."""
    with closing(_World()) as world:
        world.begin("available")
        values = dict.fromkeys(known, 1) | {"driver_id": CAR, "user_id": ANN}
        try:
            rows, first = world.do(step, values)
        except _Forbidden as error:
            raise StepsError(f"step {number}: {error}") from None
        except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
            raise StepsError(f"step {number} does not run: {_told(error, known)}") from None
        for column in step.keeps.values():
            if rows and column not in first:
                has = f"it has {', '.join(first)}" if first else "an UPDATE has RETURNING for that"
                raise StepsError(f"step {number} keeps {column!r:.40}, no column of its row: {has}")


def _told(error: Exception, known: set[str]) -> str:
    text = str(error).rstrip(".")
    if "one statement at a time" in text:
        return "it holds several statements; make each one a step"
    if missing := re.search(r"parameter:? :?(\w+)", text):
        return f":{missing[1]} is not known here, wanted one of :{', :'.join(sorted(known))}"
    if "CHECK constraint" in text:
        return f"it sets a state that no car has, wanted {', '.join(STATES[:-1])} or {STATES[-1]}"
    if missing := re.search(r"no such table: (.{1,40})", text):
        return f"there is no table {missing[1]}: a step reads cars, or updates it"
    if missing := re.search(r"no such column: (.{1,40})", text):
        return (
            f"there is no column {missing[1]}: cars has {', '.join(COLUMNS)}, and a word that is "
            "a value stands in quotation marks, such as 'available'"
        )
    if "syntax error" in text or "incomplete input" in text:
        return f"{text[:100]}: wanted one SELECT or UPDATE as SQLite writes it"
    return text[:200]


def runs(steps: Sequence[Step], cases: Sequence[Case] = CASES) -> Iterator[Run]:
    """Yield each case in every order.

    Args:
        steps: of the assignment; all riders take the same.
        cases: to try.

    Raises:
        StepsError: when a step does in a case what it did not do when it was read.
    """
    with closing(_World()) as world:
        for case in cases:
            for order in _orders(case, len(steps)):
                try:
                    yield _run(world, steps, case, order)
                except _Forbidden as error:
                    raise StepsError(f"{case.told}: a step cannot be run: {error}") from None


def _orders(case: Case, steps: int) -> Iterator[tuple[str, ...]]:
    """Yield the orders of a case: whose turn it is, one after the other."""
    riders = list(case.riders)
    if case.ends:
        yield (riders[0],) * steps + ("the trip ends",) + (riders[1],) * steps
    elif case.leaves:
        for place in range(steps + 1):
            yield (riders[0],) * place + ("the driver leaves",) + (riders[0],) * (steps - place)
    elif len(riders) == 1:
        yield (riders[0],) * steps
    else:
        for places in combinations(range(2 * steps), steps):
            yield tuple(riders[place not in places] for place in range(2 * steps))


def _run(world: _World, steps: Sequence[Step], case: Case, order: Sequence[str]) -> Run:
    world.begin(case.state)
    values: dict[str, dict[str, Any]] = {
        name: {"user_id": user, "driver_id": driver} for name, (user, driver) in case.riders.items()
    }
    done = dict.fromkeys(case.riders, 0)
    told: dict[str, bool] = {}
    touched: dict[str, set[int]] = {name: set() for name in case.riders}
    has_left = has_ended = False
    turns: list[Turn] = []
    for who in order:
        if who not in case.riders:
            rows = world.leave() if case.leaves else world.end()
            has_left, has_ended = case.leaves and rows > 0, case.ends and rows > 0
            turns.append(Turn(who, 0, rows, *world.row(CAR)))
            continue
        if who in told:
            continue
        step = steps[done[who]]
        done[who] += 1
        before = world.rows()
        try:
            rows, first = world.do(step, values[who])
        except sqlite3.Error:  # refused by the table, as a CHECK does
            rows, first = 0, {}
            told[who] = False
        touched[who] |= {driver for driver, row in world.rows().items() if row != before[driver]}
        values[who] |= {name: first.get(column) for name, column in step.keeps.items()}
        if step.refuses and not rows:
            told[who] = False
        elif done[who] == len(steps):
            told.setdefault(who, True)
        turns.append(Turn(who, done[who], rows, *world.row(case.riders[who][1])))
    over = next(iter(case.riders)) if has_ended else ""
    wrong, count = _wrong(world, case, told, touched, over, has_left=has_left)
    return Run(case, tuple(turns), told, wrong, count)


def _wrong(
    world: _World,
    case: Case,
    told: Mapping[str, bool],
    touched: Mapping[str, set[int]],
    over: str,
    *,
    has_left: bool,
) -> tuple[str, int]:
    """Return what is wrong after a run, and how many riders were told that one car is theirs.

    Args:
        world: as it is now.
        case: that was run.
        told: each rider, and whether they were told that the car is theirs.
        touched: each rider, and the cars whose row a step of theirs has changed.
        over: whose trip has ended, "" where none has.
        has_left: whether the driver has gone offline.
    """
    winners: dict[int, list[str]] = {driver: [] for _, driver in case.riders.values()}
    for name, (_, driver) in case.riders.items():
        if told[name] and name != over:
            winners[driver].append(name)
    count = max(map(len, winners.values()))
    if count > 1:
        return "double", count
    was_free = case.state == "available" and not has_left
    if winners[CAR] and not was_free:
        return "taken", count
    if any(touched[name] - {driver} for name, (_, driver) in case.riders.items()):
        return "others", count
    for driver, names in winners.items():
        state, user = world.row(driver)
        if names and (state, user) != ("on_trip", case.riders[names[0]][0]):
            return "not-written", count
        free = "offline" if has_left else "available" if was_free else case.state
        before = (free, SOMEBODY if case.state == "on_trip" else None)
        if not names and (state, user) != before:
            return "changed", count
        if not names and (was_free or driver != CAR):
            return "nobody", count
    if has_left:  # which takes back what a rider has written, but for the version
        leaves_something = not any(told.values()) and world.rows()[CAR][2] != AFTER_LEAVING
    else:
        leaves_something = any(touched[name] and not told[name] for name in case.riders)
    if leaves_something:
        return "changed", count
    return "", count
