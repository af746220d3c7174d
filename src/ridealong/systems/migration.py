"""A schema change on a live table, replayed while an old and a new client keep sending requests.

The table is a small `rides` of the days before Ridealong had zones: `pickup_location` holds the
name of a place, as text. The change replaces it by `pickup_zone_code`, which refers to `zones`.
A plan is a list of steps chosen from `STEPS`; every statement that runs is written here, never
by a learner. Between any two steps each client that is live books rides, moves pickups and opens
ride histories, on the same database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final, Literal

import duckdb

from ridealong.text import first_line, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

OLD: Final = "old client"
NEW: Final = "new client"
OLD_COLUMN: Final = "pickup_location"
NEW_COLUMN: Final = "pickup_zone_code"
LONGEST_PLAN: Final = 30

FaultKind = Literal["no column", "required", "wrong answer", "conflict", "nobody", "refused"]

ZONES: Final = (
    ("BRK-AIR", "Brookfall Airport"),
    ("BRK-DTN", "Brookfall Downtown"),
    ("CRG-AIR", "Coralgate Airport"),
    ("CRG-DTN", "Coralgate Downtown"),
    ("HBV-AIR", "Harborview Airport"),
    ("HBV-DTN", "Harborview Downtown"),
    ("LKM-AIR", "Lakemont Airport"),
    ("LKM-DTN", "Lakemont Downtown"),
)
_NAME_OF: Final = dict(ZONES)

_TABLES: Final = f"""
CREATE TABLE zones (zone_code VARCHAR PRIMARY KEY, name VARCHAR NOT NULL UNIQUE);
CREATE TABLE rides (
    ride_id      BIGINT PRIMARY KEY,
    user_id      BIGINT NOT NULL,
    status       VARCHAR NOT NULL,
    requested_at TIMESTAMP NOT NULL,
    {OLD_COLUMN} VARCHAR NOT NULL
);
"""

_ADD: Final = f"ALTER TABLE rides ADD COLUMN {NEW_COLUMN} VARCHAR"
_REQUIRE: Final = f"ALTER TABLE rides ALTER COLUMN {NEW_COLUMN} SET NOT NULL"
_ALLOW: Final = f"ALTER TABLE rides ALTER COLUMN {OLD_COLUMN} DROP NOT NULL"
_DROP: Final = f"ALTER TABLE rides DROP COLUMN {OLD_COLUMN}"
_RENAME: Final = f"ALTER TABLE rides RENAME COLUMN {OLD_COLUMN} TO {NEW_COLUMN}"
_BACKFILL: Final = (
    f"UPDATE rides SET {NEW_COLUMN} = zones.zone_code FROM zones "
    f"WHERE zones.name = rides.{OLD_COLUMN} "
    f"AND rides.{NEW_COLUMN} IS DISTINCT FROM zones.zone_code"
)
# One transaction locks the whole row. DuckDB only sees a conflict where two transactions write the
# same column, and the old client writes the old one: so the step writes that one too, unchanged.
_BACKFILL_AND_LOCK: Final = _BACKFILL.replace(
    " FROM zones", f", {OLD_COLUMN} = rides.{OLD_COLUMN} FROM zones", 1
)
_BATCHES: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One step that a plan can take.

    Attributes:
        name: As a plan names it, such as `add: pickup_zone_code`.
        ran: The statement that runs, or what changes outside the database.
        repeatable: Whether a plan may take it more than once.
    """

    name: str
    ran: str
    repeatable: bool = False


ADD: Final = f"add: {NEW_COLUMN}"
WRITE_BOTH: Final = "deploy: new_client_writes_both"
READ_NEW: Final = "deploy: new_client_reads_new"
WRITE_NEW: Final = "deploy: new_client_writes_new_only"
RETIRE: Final = "retire: old_client"
WAIT: Final = "wait: until_old_client_is_silent"
BACKFILL: Final = "backfill: in_batches"
BACKFILL_AT_ONCE: Final = "backfill: in_one_transaction"
REQUIRE: Final = f"require: {NEW_COLUMN}"
ALLOW_EMPTY: Final = f"allow_empty: {OLD_COLUMN}"
DROP: Final = f"drop: {OLD_COLUMN}"
RENAME: Final = f"rename: {OLD_COLUMN}"

STEPS: Final[Mapping[str, Step]] = {
    step.name: step
    for step in (
        Step(ADD, _ADD),
        Step(WRITE_BOTH, f"new client from now on writes {OLD_COLUMN} and {NEW_COLUMN}"),
        Step(RETIRE, "old client is told to go; its last servers still answer for a while"),
        Step(WAIT, "nothing, until a check finds no more requests of the old client"),
        Step(BACKFILL, _BACKFILL + " AND ride_id BETWEEN …", repeatable=True),
        Step(BACKFILL_AT_ONCE, f"BEGIN; {_BACKFILL}; COMMIT", repeatable=True),
        Step(READ_NEW, f"new client from now on reads {NEW_COLUMN}"),
        Step(REQUIRE, _REQUIRE),
        Step(ALLOW_EMPTY, _ALLOW),
        Step(WRITE_NEW, f"new client from now on writes {NEW_COLUMN} only"),
        Step(DROP, _DROP),
        Step(RENAME, _RENAME),
    )
}
"""The steps a plan can take, by name."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the clients send while a plan runs.

    Attributes:
        seed: Of the random choices.
        riders: Riders whose histories are opened after every step.
        rides: Rides there are at the start.
        bookings: Rides that each live client books between two steps.
        moves: Rides whose pickup each live client moves between two steps.
        lingers: Gaps between steps in which the old client still sends requests after it is
            told to go.
    """

    seed: int
    riders: int = 12
    rides: int = 240
    bookings: int = 2
    moves: int = 2
    lingers: int = 2


PUBLIC: Final = Traffic(seed=42)
"""The traffic of the notebook."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A request, or a step, that did not give what it should.

    Attributes:
        place: 0 before the first step, else the number of the step, from 1.
        step: Name of that step; "" before the first.
        client: "old client", "new client", "riders" when nobody answers, "migration" for a step.
        statement: The SQL that ran.
        seen: DuckDB's message, or the wrong answer.
        wanted: What should have come.
        kind: The kind of fault.
        column: The column it is about, "" when about none.
        wrong_rows: How many rows of the answer are wrong.
    """

    place: int
    step: str
    client: str
    statement: str
    seen: str
    wanted: str
    kind: FaultKind
    column: str = ""
    wrong_rows: int = 0

    @property
    def where(self) -> str:
        """When it happened, such as `after step 3, drop: pickup_location`."""
        if not self.place:
            return "before the first step"
        word = "at" if self.client == "migration" else "after"
        return f"{word} step {self.place}, {self.step}"

    def __str__(self) -> str:
        return (
            f"{self.where}, {self.client}: {self.statement}\n  seen:   {self.seen}\n"
            f"  wanted: {self.wanted}"
        )


@dataclass(slots=True)
class Requests:
    """What one client sent in one gap between two steps.

    Attributes:
        reads: Column it reads; "" when it is not live.
        writes: Columns it writes.
        sent: Requests sent.
        failed: Requests that failed or were answered wrongly.
    """

    reads: str = ""
    writes: tuple[str, ...] = ()
    sent: int = 0
    failed: int = 0


@dataclass(slots=True)
class Gap:
    """One step and the traffic up to the next one.

    Attributes:
        place: 0 before the first step, else the number of the step.
        step: Name of the step.
        ran: What ran.
        requests: By client.
        refused: Why the step could not be done; "" when it was.
    """

    place: int
    step: str
    ran: str
    requests: dict[str, Requests] = field(default_factory=dict)
    refused: str = ""

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return sum(each.failed for each in self.requests.values())


@dataclass(frozen=True, slots=True)
class Replay:
    """What happened when a plan was run.

    Attributes:
        steps: The plan.
        gaps: What happened before the first step and after each step that ran.
        failures: All failing requests and refused steps, in order.
        open_ends: What is missing from the end state, each as (what, step that brings it).
        lost_rides: Rides whose pickup is not right in the end state.
        old_client: State of the old client when each step ran: live, leaving or gone.
        sent: Requests sent in all.
    """

    steps: tuple[str, ...]
    gaps: tuple[Gap, ...]
    failures: tuple[Failure, ...]
    open_ends: tuple[tuple[str, str], ...]
    lost_rides: int
    old_client: tuple[str, ...]
    sent: int

    @property
    def passed(self) -> bool:
        """Whether no request failed and the end state is reached."""
        return not (self.failures or self.open_ends or self.lost_rides)


class PlanError(ValueError):
    """A plan that cannot be run; the message says what was seen and what is wanted.

    Attributes:
        mistake: Name of the mistake.
    """

    def __init__(self, mistake: str, message: str) -> None:
        super().__init__(" ".join(message.split()))  # a key or a step can hold a line break
        self.mistake = mistake


def read_plan(value: object) -> tuple[str, ...]:
    """Return the names of a plan's steps.

    Args:
        value: What the YAML of the plan holds: a list of steps, each `verb: object`, at the top
            or under the key `steps`.

    Raises:
        PlanError: It is no such list, or a step is unknown or comes twice.
    """
    wanted = "wanted a list of steps, one per line, such as `- add: pickup_zone_code`"
    if value is None or value is ...:
        raise PlanError("no-answer", f"no plan yet: {wanted}")
    if isinstance(value, Mapping):
        if set(value) != {"steps"}:
            shown = ", ".join(str(key) for key in list(value)[:3]) or "no key"
            message = f"the plan is a mapping with {shown}: {wanted}; begin each with a dash"
            raise PlanError("not-a-list", message)
        value = value["steps"]
    if not isinstance(value, list):
        message = f"the plan is {_kind(value)}, {_short(value)}: {wanted}"
        raise PlanError("not-a-list", message)
    if not value:
        raise PlanError("no-answer", f"the plan has no steps: {wanted}")
    if len(value) > LONGEST_PLAN:
        message = f"the plan has {len(value)} steps, {LONGEST_PLAN} is the most: leave some out"
        raise PlanError("too-long", message)
    names = tuple(_step_name(number, step) for number, step in enumerate(value, start=1))
    for number, name in enumerate(names, start=1):
        first = names.index(name) + 1
        if first < number and not STEPS[name].repeatable:
            message = (
                f"`{name}` is step {first} and again step {number}: leave one out; "
                "only a backfill may come twice"
            )
            raise PlanError("same-step-twice", message)
    return names


def _step_name(number: int, step: object) -> str:
    if isinstance(step, Mapping) and len(step) == 1:
        verb, thing = next(iter(step.items()))
        name = f"{verb}:" if thing is None else f"{verb}: {thing}"
    elif isinstance(step, str) and step.strip():
        verb, _, thing = step.partition(":")
        name = f"{verb.strip()}: {thing.strip()}" if thing else verb.strip()
    else:
        message = (
            f"step {number} is {_kind(step)}, {_short(step)}: wanted one `verb: object`, such as "
            f"`- {ADD}`"
        )
        raise PlanError("not-a-step", message)
    if name in STEPS:
        return name
    close = nearest(name, STEPS, cutoff=0.5)
    if close and not nearest(name.partition(":")[0], [close.partition(":")[0]], cutoff=0.5):
        close = ""  # another verb does another thing, perhaps the opposite
    close = close or next((step for step in STEPS if step.startswith(f"{name.rstrip(':')}:")), "")
    known = f"Did you mean `{close}`?" if close else f"The steps are: {', '.join(STEPS)}."
    raise PlanError("unknown-step", f"step {number} is `{_short(name)}`, no such step. {known}")


def _kind(value: object) -> str:
    names = {str: "a text", int: "a number", float: "a number", bool: "true or false"}
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return f"a mapping of {len(value)} keys"
    return names.get(type(value), f"a {type(value).__name__}")


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def replay(steps: Sequence[str], traffic: Traffic = PUBLIC) -> Replay:
    """Run a plan on a new database while the clients keep sending requests.

    A step that the database refuses ends the run; failing requests do not.

    Args:
        steps: Names of steps, as `read_plan` gives them.
        traffic: What the clients send.
    """
    run = _Run(traffic)
    try:
        return run.all(tuple(steps))
    finally:
        run.con.close()


class _Conflict(Exception):
    """A step that cannot be done for a reason outside of SQL."""


class _Run:
    """One database, two clients, and what every answer should be."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.random = Random(traffic.seed)
        self.con = duckdb.connect(config={"threads": 1})
        self.failures: list[Failure] = []
        self.old_state = "live"
        self.lingers = traffic.lingers
        self.new_live = False
        self.new_reads = OLD_COLUMN
        self.new_writes: tuple[str, ...] = (OLD_COLUMN,)
        self.place = 0
        self.step = ""
        # What is true, whatever the table says: ride -> (rider, zone code, who said so).
        self.truth: dict[int, tuple[int, str, str]] = {}
        self.next_ride = 1
        self._fill()

    def all(self, steps: tuple[str, ...]) -> Replay:
        gaps = [Gap(0, "", "nothing yet")]
        states: list[str] = []
        self._gap(gaps[0])
        for place, name in enumerate(steps, start=1):
            self.place, self.step = place, name
            gap = Gap(place, name, STEPS[name].ran)
            gaps.append(gap)
            states.append(self.old_state)
            try:
                self._do(name, gap)
            except (duckdb.Error, _Conflict) as error:
                gap.refused = first_line(error)
                column = OLD_COLUMN if OLD_COLUMN in gap.refused else NEW_COLUMN
                self.failures.append(
                    Failure(
                        place, name, "migration", gap.ran, gap.refused, "the step is done",
                        "refused", column,
                    )
                )  # fmt: skip
                break
            self._gap(gap)
        complete = len(gaps) - 1 == len(steps) and not gaps[-1].refused
        open_ends, lost = self._end_state()
        return Replay(
            steps=steps,
            gaps=tuple(gaps),
            failures=tuple(self.failures),
            open_ends=open_ends if complete else (),
            lost_rides=lost if complete else 0,
            old_client=tuple(states),
            sent=sum(each.sent for gap in gaps for each in gap.requests.values()),
        )

    def _fill(self) -> None:
        self.con.execute(_TABLES)
        self.con.executemany("INSERT INTO zones VALUES (?, ?)", [list(zone) for zone in ZONES])
        lines = []
        for _ in range(self.traffic.rides):
            ride, rider, code = self._new_ride()
            self.truth[ride] = (rider, code, "there from the start")
            lines.append(f"({ride}, {rider}, 'completed', {_time(ride)}, '{_NAME_OF[code]}')")
        self.con.execute(f"INSERT INTO rides VALUES {', '.join(lines)}")

    def _new_ride(self) -> tuple[int, int, str]:
        ride = self.next_ride
        self.next_ride += 1
        return ride, self.random.randrange(self.traffic.riders) + 1, self._zone()

    def _zone(self) -> str:
        return self.random.choice(ZONES)[0]

    # -- steps ------------------------------------------------------------------------------

    def _do(self, name: str, gap: Gap) -> None:
        if name == WRITE_BOTH:
            self.new_live, self.new_writes = True, (OLD_COLUMN, NEW_COLUMN)
        elif name == READ_NEW:
            self.new_live, self.new_reads = True, NEW_COLUMN
        elif name == WRITE_NEW:
            self.new_live, self.new_writes = True, (NEW_COLUMN,)
        elif name == RETIRE:
            self.old_state = "leaving" if self.lingers else "gone"
        elif name == WAIT:
            if self.old_state == "live":
                raise _Conflict(
                    "the old client keeps sending requests and nothing has told it to go"
                )
            while self.old_state == "leaving":
                self._gap(gap)
        elif name == BACKFILL:
            last = self.next_ride - 1
            size = -(-last // _BATCHES)
            for first in range(1, last + 1, size):
                end = min(first + size - 1, last)
                self.con.execute(f"{_BACKFILL} AND rides.ride_id BETWEEN {first} AND {end}")
                self._writes(gap)
        elif name == BACKFILL_AT_ONCE:
            with self.con.cursor() as cursor:
                cursor.begin()
                cursor.execute(_BACKFILL_AND_LOCK)
                self._writes(gap)
                cursor.commit()
        else:
            self.con.execute(STEPS[name].ran)

    # -- requests ---------------------------------------------------------------------------

    def _live(self) -> list[str]:
        return [OLD] * (self.old_state != "gone") + [NEW] * self.new_live

    def _reads(self, client: str) -> str:
        return OLD_COLUMN if client == OLD else self.new_reads

    def _written(self, client: str) -> tuple[str, ...]:
        return (OLD_COLUMN,) if client == OLD else self.new_writes

    def _gap(self, gap: Gap) -> None:
        """Let every live client send its requests once."""
        self._writes(gap)
        for client in self._live():
            for rider in range(1, self.traffic.riders + 1):
                self._history(client, rider, self._count(gap, client))
        if self.old_state == "leaving":
            self.lingers -= 1
            if self.lingers <= 0:
                self.old_state = "gone"

    def _writes(self, gap: Gap) -> None:
        live = self._live()
        if not live:
            statement = f"INSERT INTO rides (…, {OLD_COLUMN}) VALUES (…)"
            self._fail("riders", statement, "no client is live to take the request",
                       "a booked ride", "nobody")  # fmt: skip
            gap.requests.setdefault("riders", Requests()).failed += 1
        for client in live:
            requests = self._count(gap, client)
            for _ in range(self.traffic.bookings):
                self._book(client, requests)
            for _ in range(self.traffic.moves):
                self._move(client, requests)

    def _count(self, gap: Gap, client: str) -> Requests:
        requests = gap.requests.setdefault(client, Requests())
        requests.reads, requests.writes = self._reads(client), self._written(client)
        return requests

    def _book(self, client: str, requests: Requests) -> None:
        ride, rider, code = self._new_ride()
        columns = self._written(client)
        statement = (
            f"INSERT INTO rides (ride_id, user_id, status, requested_at, {', '.join(columns)}) "
            f"VALUES ({ride}, {rider}, 'requested', {_time(ride)}, {_values(columns, code)})"
        )
        if self._run(client, statement, requests, "a booked ride"):
            self.truth[ride] = (rider, code, f"booked by the {client} {self._when()}")

    def _move(self, client: str, requests: Requests) -> None:
        ride = self.random.choice(list(self.truth))
        rider, before, _ = self.truth[ride]
        code = self.random.choice([known for known, _ in ZONES if known != before])
        columns = self._written(client)
        sets = ", ".join(
            f"{column} = {_values((column,), code)}" for column in columns
        )  # the same place in each column that the client knows
        statement = f"UPDATE rides SET {sets} WHERE ride_id = {ride}"
        if self._run(client, statement, requests, "a moved pickup"):
            self.truth[ride] = (rider, code, f"moved by the {client} {self._when()}")

    def _run(self, client: str, statement: str, requests: Requests, wanted: str) -> bool:
        requests.sent += 1
        try:
            self.con.execute(statement).fetchall()
        except duckdb.Error as error:
            requests.failed += 1
            self._refused(client, statement, error, wanted)
            return False
        return True

    def _history(self, client: str, rider: int, requests: Requests) -> None:
        requests.sent += 1
        column = self._reads(client)
        statement = f"SELECT ride_id, {column} FROM rides WHERE user_id = {rider} ORDER BY ride_id"
        try:
            found = dict(self.con.execute(statement).fetchall())
        except duckdb.Error as error:
            requests.failed += 1
            self._refused(client, statement, error, "the rider's history")
            return
        wrong = [
            (ride, found.get(ride), _as_read(column, code), origin)
            for ride, (owner, code, origin) in self.truth.items()
            if owner == rider and found.get(ride) != _as_read(column, code)
        ]
        if wrong:
            requests.failed += 1
            # The first one that somebody wrote since the start says most about the cause.
            ride, seen, wanted, origin = min(wrong, key=lambda row: ("there" in row[3], row[0]))
            self._fail(
                client,
                statement,
                f"ride {ride} ({origin}): {column} is {_literal(seen)}",
                f"{_literal(wanted)}",
                "wrong answer",
                column,
                len(wrong),
            )

    def _refused(self, client: str, statement: str, error: duckdb.Error, wanted: str) -> None:
        message = first_line(error)
        kind: FaultKind = "no column"
        if isinstance(error, duckdb.ConstraintException):
            kind = "required"
        elif isinstance(error, duckdb.TransactionException) or "onflict" in message:
            kind = "conflict"
        # The first of the two names is the one complained about; a later one is a suggestion.
        named = [name for name in (OLD_COLUMN, NEW_COLUMN) if name in message]
        column = min(named, key=message.index) if named else ""
        self._fail(client, statement, message, wanted, kind, column)

    def _fail(
        self,
        client: str,
        statement: str,
        seen: str,
        wanted: str,
        kind: FaultKind,
        column: str = "",
        wrong_rows: int = 0,
    ) -> None:
        self.failures.append(
            Failure(
                self.place, self.step, client, statement, seen, wanted, kind, column, wrong_rows
            )
        )

    def _when(self) -> str:
        return f"after step {self.place}" if self.place else "before step 1"

    # -- the end ----------------------------------------------------------------------------

    def _end_state(self) -> tuple[tuple[tuple[str, str], ...], int]:
        columns = dict(
            self.con.execute(
                "SELECT column_name, is_nullable FROM duckdb_columns() WHERE table_name = 'rides'"
            ).fetchall()
        )
        ends = (
            (NEW_COLUMN not in columns, f"rides has no column {NEW_COLUMN}", ADD),
            (not self.new_live, "the new client is not live", WRITE_BOTH),
            (self.old_state == "live", "the old client is still live", RETIRE),
            (self.old_state == "leaving", "the old client still sends requests", WAIT),
            (
                self.new_live and self.new_reads != NEW_COLUMN,
                f"the new client still reads {OLD_COLUMN}",
                READ_NEW,
            ),
            (
                self.new_live and OLD_COLUMN in self.new_writes,
                f"the new client writes {OLD_COLUMN}",
                WRITE_NEW,
            ),
            (columns.get(NEW_COLUMN, True), f"{NEW_COLUMN} may still be empty", REQUIRE),
            (OLD_COLUMN in columns, f"{OLD_COLUMN} is still there", DROP),
        )
        lost = len(self.truth)
        if NEW_COLUMN in columns:
            found = dict(self.con.execute(f"SELECT ride_id, {NEW_COLUMN} FROM rides").fetchall())
            lost = sum(found.get(ride) != code for ride, (_, code, _) in self.truth.items())
        return tuple((what, step) for is_open, what, step in ends if is_open), lost


def _time(ride: int) -> str:
    return f"TIMESTAMP '2025-03-{1 + ride // 60 % 28:02} 08:{ride % 60:02}:00'"


def _values(columns: Sequence[str], code: str) -> str:
    return ", ".join(f"'{_as_read(column, code)}'" for column in columns)


def _as_read(column: str, code: str) -> str:
    return _NAME_OF[code] if column == OLD_COLUMN else code


def _literal(value: object) -> str:
    return "NULL" if value is None else f"'{value}'"
