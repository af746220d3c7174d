"""The service's state in SQLite or PostgreSQL: tables, connections, the data it begins with.

Reads go over one connection that is kept open. Changes are made by one thread, one transaction
each. Why not in DuckDB, where the company's data is: it is made for questions over many rows, and
lets one process write.

SQLite is in WAL mode, so that a notebook can read while the service writes. `synchronous=NORMAL`
keeps every commit when the process is killed; after a power failure the last ones may be missing,
never half there (https://www.sqlite.org/pragma.html#pragma_synchronous).

In PostgreSQL everything lives in the schema `ridealong_service`; nothing else there is touched.
"""

import asyncio
import json
from collections import namedtuple
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from ridealong.text import first_line

SCHEMA: Final = "ridealong_service"
VERSION: Final = 3  # of the tables; raise it when they change
FIRST_NEW_ID: Final = 1_000_001  # beyond all ids of the company's data, in both databases
WAIT_SECONDS: Final = 10
SEED: Final = Path(__file__).with_name("seed.json")
CARS: Final = ("white Toyota Prius", "blue Kia Niro", "grey Tesla Model 3", "red Honda Civic")

T = TypeVar("T")


class DatabaseError(Exception):
    """A database that cannot be used: what was seen, what was wanted, what to try."""


metadata = sa.MetaData()


def _id(name: str) -> sa.Column[int]:
    # SQLite counts up by itself only in a column that is called INTEGER.
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column(name, kind, sa.Identity(start=FIRST_NEW_ID), primary_key=True)


def _cents(name: str, *, known: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.CheckConstraint(f"{name} >= 0"), nullable=not known)


meta = sa.Table("meta", metadata, sa.Column("version", sa.Integer, nullable=False))
cities = sa.Table(
    "cities",
    metadata,
    sa.Column("city_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    _cents("base_fare_cents", known=True),
    _cents("per_mile_cents", known=True),
    _cents("minimum_fare_cents", known=True),
)
zones = sa.Table(
    "zones",
    metadata,
    sa.Column("zone_code", sa.Text, primary_key=True),
    sa.Column("city_id", sa.ForeignKey("cities.city_id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
)
riders = sa.Table(
    "riders",
    metadata,
    sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("phone", sa.Text, nullable=False),
    sa.Column("city_id", sa.ForeignKey("cities.city_id"), nullable=False),
)
drivers = sa.Table(
    "drivers",
    metadata,
    sa.Column("driver_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("phone", sa.Text, nullable=False),
    sa.Column("car", sa.Text, nullable=False),
    sa.Column("rating", sa.Text),
    sa.Column("city_id", sa.ForeignKey("cities.city_id"), nullable=False),
)
driver_locations = sa.Table(
    "driver_locations",
    metadata,
    sa.Column(
        "driver_id", sa.ForeignKey("drivers.driver_id"), primary_key=True, autoincrement=False
    ),
    sa.Column("zone_code", sa.ForeignKey("zones.zone_code"), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),
    sa.CheckConstraint("state IN ('available', 'on_trip', 'offline')"),
)
quotes = sa.Table(
    "quotes",
    metadata,
    sa.Column("quote_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("riders.user_id"), nullable=False),
    sa.Column("city_id", sa.ForeignKey("cities.city_id"), nullable=False),
    sa.Column("pickup_location", sa.ForeignKey("zones.zone_code"), nullable=False),
    sa.Column("dropoff_location", sa.ForeignKey("zones.zone_code"), nullable=False),
    _cents("fare_cents", known=True),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime, nullable=False),
)
rides = sa.Table(
    "rides",
    metadata,
    _id("ride_id"),
    sa.Column("user_id", sa.ForeignKey("riders.user_id"), nullable=False),
    sa.Column("driver_id", sa.ForeignKey("drivers.driver_id")),
    sa.Column("city_id", sa.ForeignKey("cities.city_id"), nullable=False),
    sa.Column("pickup_location", sa.ForeignKey("zones.zone_code"), nullable=False),
    sa.Column("dropoff_location", sa.ForeignKey("zones.zone_code"), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("requested_at", sa.DateTime, nullable=False),
    sa.Column("picked_up_at", sa.DateTime),
    sa.Column("ended_at", sa.DateTime),
    sa.Column("quote_id", sa.ForeignKey("quotes.quote_id"), unique=True),
    _cents("quoted_fare_cents", known=True),
    _cents("fare_cents"),
    _cents("driver_pay_cents"),
    sa.Column("version", sa.Integer, nullable=False),  # counts the changes; the ETag is made of it
    sa.CheckConstraint(
        "status IN ('requested', 'accepted', 'in_progress', 'completed', 'cancelled')"
    ),
    sa.CheckConstraint("(status IN ('completed', 'cancelled')) = (ended_at IS NOT NULL)"),
    sa.CheckConstraint("status IN ('requested', 'cancelled') OR driver_id IS NOT NULL"),
    sa.Index("rides_of_a_rider", "user_id", "requested_at", "ride_id"),
    sa.Index("rides_by_city", "city_id", "status"),
    sa.Index(
        "one_ride_at_a_time",
        "driver_id",
        unique=True,
        sqlite_where=sa.text("status IN ('accepted', 'in_progress')"),
        postgresql_where=sa.text("status IN ('accepted', 'in_progress')"),
    ),
    sqlite_autoincrement=True,
)
ride_events = sa.Table(
    "ride_events",
    metadata,
    sa.Column("ride_id", sa.ForeignKey("rides.ride_id"), primary_key=True, autoincrement=False),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("occurred_at", sa.DateTime, nullable=False),
    sa.Column("by_role", sa.Text, nullable=False),
    sa.Column("by_subject", sa.Text, nullable=False),
)
outbox = sa.Table(
    "outbox",
    metadata,
    _id("outbox_id"),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("event_key", sa.Text),  # decides the partition
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("sent_at", sa.DateTime),  # NULL: the relay has not sent it yet
    sqlite_autoincrement=True,
)
payments = sa.Table(
    "payments",
    metadata,
    _id("payment_id"),
    # At most one payment that is not refused for each ride: a double tap charges once.
    sa.Column("ride_id", sa.ForeignKey("rides.ride_id"), nullable=False, unique=True),
    _cents("amount_cents", known=True),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("provider_reference", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sqlite_autoincrement=True,
)
idempotency_records = sa.Table(
    "idempotency_records",
    metadata,
    sa.Column("caller", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),  # of the request
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False, index=True),
)
api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # never the key itself
    sa.Column("created_at_seconds", sa.Double, nullable=False),
    sa.Column("revoked_at_seconds", sa.Double),
)
oauth_tickets = sa.Table(
    "oauth_tickets",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),  # never the code or token itself
    sa.Column("grant_id", sa.Text, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("redirect_uri", sa.Text, nullable=False),
    sa.Column("code_challenge", sa.Text, nullable=False),
    sa.Column("expires_at_seconds", sa.Double, nullable=False),
    sa.Column("keep_until_seconds", sa.Double, nullable=False, index=True),
    sa.Column("used", sa.Boolean, nullable=False),
)
oauth_revocations = sa.Table(
    "oauth_revocations",
    metadata,
    sa.Column("identifier", sa.Text, primary_key=True),  # of a token or of a consent
    sa.Column("until_seconds", sa.Double, nullable=False, index=True),
)
request_log = sa.Table(
    "request_log",
    metadata,
    sa.Column(
        "log_id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        sa.Identity(),
        primary_key=True,
    ),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("occurred_at", sa.DateTime, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("path_template", sa.Text),  # '/v1/rides/{ride_id}'
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("duration_ms", sa.Float, nullable=False),
    sa.Column("response_bytes", sa.Integer, nullable=False),
    sa.Column("role", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("client_id", sa.Text),
    sqlite_autoincrement=True,
)


def now() -> datetime:
    """Return the time in UTC, without a zone, as the tables keep it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Store:
    """The database of one service.

    Args:
        url: `sqlite:///path` or `postgresql://user:password@host/database`.

    Raises:
        DatabaseError: when it cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.url = _read(url)
        self.is_postgresql = self.url.get_backend_name() == "postgresql"
        self._prepared: dict[sa.Select[Any], _Prepared] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ridealong-writer")
        try:
            self._engine = self._connect()
            self._prepare()
            # Each statement sees what is committed at that moment, and holds nothing open.
            self._reader = self._connect(poolclass=StaticPool, isolation_level="AUTOCOMMIT")
            self._reading = self._reader.raw_connection()
        except ImportError as error:
            raise DatabaseError(
                f"PostgreSQL needs the package {error.name}, which is missing: "
                'python -m pip install "ridealong[postgresql]"'
            ) from error
        except sa.exc.DBAPIError as error:
            raise DatabaseError(
                f"the database {self.name} cannot be used: {first_line(error.orig)}. See that it "
                "runs and that the address is right, or leave the address out for a SQLite file."
            ) from error

    @property
    def name(self) -> str:
        """The address without its password."""
        return self.url.render_as_string(hide_password=True)

    def read(self, statement: sa.Select[Any], values: Mapping[str, Any]) -> list[Any]:
        """Return the rows of a query, at once: it takes less time than a thread would.

        Args:
            statement: one that lives as long as the program; it is prepared once.
            values: for all of its parameters.
        """
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared[statement] = _Prepared(statement, self._engine.dialect)
        try:
            return prepared.rows(self._reading.driver_connection, values)
        except Exception:
            if not (self.is_postgresql and self._reading.driver_connection.closed):  # type: ignore[union-attr]
                raise
            # The server was started anew meanwhile: once more, over a new connection.
            self._reading.invalidate()
            self._reading = self._reader.raw_connection()
            return prepared.rows(self._reading.driver_connection, values)

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Do some work in one transaction, all of it or nothing, and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._write, work)

    def change(self, work: Callable[[sa.Connection], T]) -> T:
        """Do some work in one transaction as `write` does, and wait for it."""
        return self._writer.submit(self._write, work).result()

    def close(self) -> None:
        """Wait for what is being written and let go of the database."""
        self._writer.shutdown()
        self._reading.close()
        self._reader.dispose()
        self._engine.dispose()

    def _write(self, work: Callable[[sa.Connection], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except sa.exc.DBAPIError as error:
            # Another service took the same key or ride first (IntegrityError), or the server was
            # started anew: look once more at how things stand now.
            if not (error.connection_invalidated or isinstance(error, sa.exc.IntegrityError)):
                raise
            with self._engine.begin() as connection:
                return work(connection)

    def _connect(self, **options: Any) -> sa.Engine:
        if self.is_postgresql:
            arguments = {
                "options": f"-csearch_path={SCHEMA} -ctimezone=UTC",
                "connect_timeout": WAIT_SECONDS,
                "application_name": "ridealong-service",
            }
            return sa.create_engine(self.url, connect_args=arguments, **options)
        arguments = {"check_same_thread": False, "timeout": WAIT_SECONDS}
        engine = sa.create_engine(self.url, connect_args=arguments, **options)

        @sa.event.listens_for(engine, "connect")
        def set_up(connection: Any, _: object) -> None:
            connection.isolation_level = None  # BEGIN is ours, below
            if "isolation_level" in options:  # the reader, when we know that the file is ours
                connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")

        if "isolation_level" not in options:

            @sa.event.listens_for(engine, "begin")
            def begin(connection: sa.Connection) -> None:
                # The lock for writing at once: taken later, it may be refused half-way.
                connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine

    def _prepare(self) -> None:
        """Make the tables and fill them, unless another service has."""
        with self._engine.begin() as connection:
            if self.is_postgresql:
                # Two services that start at the same time: one makes the tables.
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7433254326)")
                connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            there = set(
                sa.inspect(connection).get_table_names(SCHEMA if self.is_postgresql else None)
            )
            if not there:
                metadata.create_all(connection, checkfirst=False)
                _fill(connection, self.is_postgresql)
                return
            found = None
            if "meta" in there and "request_log" in there:
                found = connection.execute(sa.select(meta.c.version)).scalar()
            if found == VERSION and set(metadata.tables) <= there:
                return
        where = f"the schema {SCHEMA} in {self.name}" if self.is_postgresql else self.name
        if found is None:
            raise DatabaseError(
                f"{where} holds tables that are not the service's ({', '.join(sorted(there)[:3])}): "
                "give it a database of its own."
            )
        remedy = f"DROP SCHEMA {SCHEMA} CASCADE" if self.is_postgresql else "move the file away"
        raise DatabaseError(
            f"{where} is of another edition of the course: its tables have version {found}, this "
            f"edition needs version {VERSION}. Keep it for the other edition and name a new "
            f"database, or {remedy}, which loses its rides."
        )


class _Prepared:
    """A query as the driver takes it: SQLAlchemy's own way to it is half the time of reading a ride."""

    def __init__(self, statement: sa.Select[Any], dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._values = dict(compiled.params)  # those that stand in the statement itself
        self._order: list[str] = compiled.positiontup or []  # type: ignore[attr-defined,unused-ignore]
        self._is_text_time = dialect.name == "sqlite"
        columns = list(statement.selected_columns)
        self._row: Any = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]
        self._times = [
            place for place, column in enumerate(columns) if isinstance(column.type, sa.DateTime)
        ]

    def rows(self, connection: Any, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows, each with its columns as attributes."""
        values = {**self._values, **values}
        if not self._is_text_time:
            return [self._row._make(row) for row in connection.execute(self._text, values)]
        given = [
            value.isoformat(" ", "microseconds") if isinstance(value, datetime) else value
            for value in map(values.__getitem__, self._order)
        ]
        found = []
        for row in connection.execute(self._text, given):
            columns = list(row)
            for place in self._times:
                if columns[place] is not None:
                    columns[place] = datetime.fromisoformat(columns[place])
            found.append(self._row._make(columns))
        return found


def _read(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise DatabaseError(
            "the address of the database cannot be read: it looks like "
            "postgresql://user:password@127.0.0.1/ridealong or sqlite:///rides.sqlite"
        ) from error
    backend = parsed.get_backend_name()
    if backend == "postgres":  # as several hosts write it
        backend = "postgresql"
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise DatabaseError(
            f"{backend} is not supported: take a sqlite:/// or a postgresql:// address"
        )
    if parsed.database in (None, "", ":memory:"):
        raise DatabaseError("SQLite needs a file: sqlite:///rides.sqlite")
    folder = Path(str(parsed.database)).resolve().parent
    if not folder.is_dir():
        raise DatabaseError(f"there is no folder {folder} for the database: make it first")
    return parsed.set(drivername="sqlite")


def phone_of(number: int) -> str:
    """Return the phone number of a rider or driver; 555-01xx is kept for stories."""
    return f"+1-{200 + number % 700}-555-01{number % 100:02d}"


def _fill(connection: sa.Connection, is_postgresql: bool) -> None:
    """Fill new tables with the extract of the company's data in `seed.json`."""
    seed = json.loads(SEED.read_text("utf-8"))
    moment = datetime.fromisoformat
    connection.execute(meta.insert(), {"version": VERSION})
    for table in (cities, zones):
        connection.execute(table.insert(), seed[table.name])
    connection.execute(
        riders.insert(), [row | {"phone": phone_of(row["user_id"])} for row in seed["riders"]]
    )
    connection.execute(
        drivers.insert(),
        [
            row
            | {
                "phone": phone_of(row["driver_id"] + 37),
                "car": CARS[row["driver_id"] % len(CARS)],
            }
            for row in seed["drivers"]
        ],
    )
    places: dict[int, list[str]] = {city["city_id"]: [] for city in seed["cities"]}
    for zone in seed["zones"]:
        places[zone["city_id"]].append(zone["zone_code"])
    connection.execute(
        driver_locations.insert(),
        [
            {
                "driver_id": driver["driver_id"],
                "zone_code": places[driver["city_id"]][driver["driver_id"] % 12],
                "state": "available" if driver["driver_id"] % 3 else "offline",
                "updated_at": moment("2026-03-30T00:00:00"),
            }
            for driver in seed["drivers"]
        ],
    )
    finished = [
        row
        | {
            "requested_at": moment(row["requested_at"]),
            "picked_up_at": row["picked_up_at"] and moment(row["picked_up_at"]),
            "ended_at": moment(row["ended_at"]),
            "version": 1,
        }
        for row in seed["rides"]
    ]
    connection.execute(rides.insert(), finished)
    if not is_postgresql:
        # In PostgreSQL the column itself says where it begins.
        for table in (rides, payments):
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
            connection.exec_driver_sql(
                "INSERT INTO sqlite_sequence VALUES (?, ?)", (table.name, FIRST_NEW_ID - 1)
            )
    events = []
    for ride in finished:
        steps = [("requested", ride["requested_at"])]
        if ride["picked_up_at"]:
            steps.append(("in_progress", ride["picked_up_at"]))
        steps.append((ride["status"], ride["ended_at"]))
        events += [
            {
                "ride_id": ride["ride_id"],
                "seq": seq,
                "status": status,
                "occurred_at": occurred_at,
                "by_role": "system",
                "by_subject": "history",
            }
            for seq, (status, occurred_at) in enumerate(steps, 1)
        ]
    connection.execute(ride_events.insert(), events)
