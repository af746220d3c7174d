"""`03_killed_in_the_middle`: what its text says of kills is what they do, on processes that are killed
and in the evenings by which designs are judged; the rows of its table are those of the real service."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from brokers import small
from ridealong.authoring import cells, sources
from ridealong.authoring.format import read
from ridealong.child import Child
from ridealong.judging.evenings import EVENINGS
from ridealong.judging.queue import LIMITS
from ridealong.labs import queues, real_broker
from ridealong.labs.sql.database import LabError
from ridealong.service import Service, Settings
from ridealong.service.store import FIRST_NEW_ID
from ridealong.systems.broker.server import Broker
from ridealong.systems.queues.design import read_design
from ridealong.systems.queues.stories import story
from ridealong.systems.queues.virtual import TAKEOVER_SECONDS, Outcome, followed_up
from ridealong.systems.queues.work import read_event

from ..conftest import COURSE

__all__ = ["small"]  # a fixture that this file uses

FOLDER = COURSE / "solutions" / "09_queues"
NOTEBOOK = "03_killed_in_the_middle.ipynb"
MODULE = sources.load(FOLDER)
SECONDS = 20
KILL = signal.SIGTERM if os.name == "nt" else signal.SIGKILL
MIDDLE = "between work and commit"
ELSEWHERE = ("before the work", "after the commit")


def reference(identifier: str) -> Any:
    (cell,) = [cell for cell in read(FOLDER / NOTEBOOK).cells if cell.id == identifier]
    return yaml.safe_load(cells.solution(cell.source))


def form(identifier: str) -> Any:
    (cell,) = [cell for cell in read(FOLDER / NOTEBOOK).cells if cell.id == f"{identifier}-task"]
    return yaml.safe_load(cell.source.partition("```yaml\n")[2].partition("```")[0])


def evenings(task: str, design: dict[str, Any]) -> Iterator[Outcome]:
    own = MODULE.exercises[task].own
    for name, seed in EVENINGS:
        told = story(
            name,
            seed=seed,
            troubles=own["troubles"],
            times_as_many=own.get("times_as_many", 1),
        )
        yield followed_up(read_design({**own["given"], **design}), told)


def kept(task: str, design: dict[str, Any]) -> list[bool]:
    limits = MODULE.exercises[task].own["limits"]
    return [
        all(LIMITS[name].holds(run, most) for name, most in limits.items())
        and not any(each.ghosts for each in run.counted.values())
        for run in evenings(task, design)
    ]


# ---------------------------------------------------------------------------- kills that are kills


def counted(
    small: Broker, monkeypatch: pytest.MonkeyPatch, design: dict[str, str], *at: str
) -> Any:
    """Return the rows of a run in which the consumer of the receipt is killed at these points."""
    monkeypatch.setattr(queues, "_broker", small)
    view = queues.run(design, kill=[("receipt", point) for point in at])
    assert f"receipt: {36 - sum(view.table['lost'])} done" in str(view)
    assert list(view.table["wanted"]) == [36, 36, 36], "thirty rides and six corrected fares"
    return view.table.set_index("step")


@pytest.mark.weekly  # in each run the cells of the notebook count the same
@pytest.mark.parametrize(
    ("design", "points", "lost", "twice"),
    [
        ({"commit": "after_work"}, (MIDDLE,), 0, 1),
        ({"commit": "before_work"}, (MIDDLE,), 1, 0),
        ({"commit": "after_work"}, ELSEWHERE, 0, 0),
        ({"commit": "after_work", "remember": "before_work"}, ("between memory and work",), 1, 0),
        ({"commit": "after_work", "remember": "after_work"}, ("between work and memory",), 0, 1),
        (
            {"commit": "after_work", "remember": "with_work"},
            ("before the work", MIDDLE, "after the commit"),
            0,
            0,
        ),
    ],
)
def test_what_a_kill_does_is_what_the_text_says(
    small: Broker,
    monkeypatch: pytest.MonkeyPatch,
    design: dict[str, str],
    points: tuple[str, ...],
    lost: int,
    twice: int,
) -> None:
    rows = counted(small, monkeypatch, design, *points)

    assert (rows.at["receipt", "lost"], rows.at["receipt", "done twice"]) == (lost, twice)
    assert not rows.loc[["charge", "rating_prompt"], ["lost", "done twice"]].to_numpy().any()


def test_receipts_wait_for_the_takeover_and_charges_do_not(
    small: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = counted(small, monkeypatch, {"commit": "after_work"}, MIDDLE)
    receipt, charge = (float(rows.at[step, "p99 (s)"]) for step in ("receipt", "charge"))

    assert receipt > 2 * charge
    assert small.consumer_settings()["session.timeout.ms"] == 1500


def test_four_consumers_hold_up_one_partition_of_four() -> None:
    assert TAKEOVER_SECONDS == 2.5
    alone = {"in_request": ["charge", "receipt"], "consumers": 1}
    view = queues.compare(
        alone, {**alone, "consumers": 4}, troubles=["crashes"], times_as_many=2
    ).table.set_index("measured")

    assert list(view.loc["rating prompt, p99 (s)"]) == ["2.1", "0.5"]
    assert list(view.loc["steps done twice"]) == [1, 1]


def test_what_one_failure_costs_decides_and_not_how_many() -> None:
    def dollars(kills: int, twice: float) -> list[float]:
        view = queues.price_of_kills("receipt", kills, missing_dollars=4.0, twice_dollars=twice)
        after, before = view.table.to_dict("records")
        assert (after["missing"], after["twice"]) == (0, kills)
        assert (before["missing"], before["twice"]) == (kills, 0)
        return [after["dollars"], before["dollars"]]

    for kills in (1, 12, 50):
        assert dollars(kills, 0.05) == pytest.approx([kills * 0.05, kills * 4.0])
        assert dollars(kills, 3.9)[0] < dollars(kills, 3.9)[1]
        assert dollars(kills, 4.1)[0] > dollars(kills, 4.1)[1]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"step": "letter"}, "step is 'letter', wanted one of charge, receipt, rating_prompt"),
        ({"kills": 0}, "kills is 0, wanted a whole number from 1 to 50"),
        ({"kills": True}, "kills is True, wanted a whole number from 1 to 50"),
        ({"twice_dollars": "4"}, "twice_dollars is '4', wanted dollars from 0 to 10,000"),
        ({"missing_dollars": -1}, "missing_dollars is -1, wanted dollars from 0 to 10,000"),
    ],
)
def test_a_price_that_cannot_be_is_told_in_one_line(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(LabError, match=says):
        queues.price_of_kills(**wrong)


# ------------------------------------------------------------------------------------- the designs


@pytest.mark.parametrize("task", ["commit-order", "safe-to-repeat"])
def test_right_designs_keep_all_limits_and_the_form_of_the_task_does_not(task: str) -> None:
    others = [yaml.safe_load(each.answer) for each in MODULE.exercises[task].alternatives]

    for design in (reference(task), *others):
        assert kept(task, design) == [True, True, True], design
    assert not any(kept(task, form(task)))


@pytest.mark.parametrize("consumers", [1, 2, 3, 4, 8])
def test_the_time_of_a_prompt_has_room_on_both_sides(consumers: int) -> None:
    for run in evenings("commit-order", {"commit": "before_work", "consumers": consumers}):
        seconds = run.counted["rating_prompt"].delay(0.99)
        assert seconds < 0.8 if consumers > 1 else seconds > 2
        kills = [each for each in run.timeline if each.what.startswith("killed")]
        assert [each.who for each in kills] == ["rating_prompt"] * 3
        assert len(run.counted["rating_prompt"].lost) == 1


@pytest.mark.weekly  # 24 designs on three evenings
def test_only_one_choice_of_the_three_lines_is_safe() -> None:
    safe = [
        (event, commit, remember)
        for event in ("outbox", "after_commit", "before_commit")
        for commit in ("after_work", "before_work")
        for remember in ("nothing", "before_work", "with_work", "after_work")
        if any(kept("safe-to-repeat", {"event": event, "commit": commit, "remember": remember}))
    ]

    assert safe == [("outbox", "after_work", "with_work")]


# ------------------------------------------------------------------- who knows of the ride, for real


class _Company:
    """The service with its database, a topic, and whatever is killed."""

    def __init__(self, folder: Path, broker: Broker, row: str, way: str) -> None:
        self.path = folder / "rides.sqlite"
        self.broker = broker
        self.name = f"rows-{row}"
        self.topic = broker.topic(self.name)
        self.settings: dict[str, Any] = {
            "database": f"sqlite:///{self.path.as_posix()}",
            "burst": 10_000,
            "events": way,
            "events_broker": broker.bootstrap,
            "events_topic": self.topic,
        }

    def completes(self, service: Service) -> None:
        """Let the first ride of the database be driven to its end, or to the kill."""
        way = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}
        with closing(service.client(rider=123)) as rider:
            assert rider.post("/v1/rides", json=way).json()["ride_id"] == FIRST_NEW_ID
        with closing(service.client(driver=57)) as phone:
            for action in ("accept", "start", "complete"):
                with suppress(httpx.HTTPError):
                    phone.post(f"/v1/rides/{FIRST_NEW_ID}/{action}")

    def waiting(self) -> int:
        with closing(sqlite3.connect(self.path)) as database:
            query = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
            return int(database.execute(query).fetchone()[0])

    @contextmanager
    def relay(self, killed_at: list[str]) -> Iterator[Child]:
        asked = {
            "database": self.settings["database"],
            "broker": self.broker.bootstrap,
            "topic": self.topic,
            "killed_at": killed_at,
        }
        child = Child("ridealong.service.relay", asked)
        try:
            yield child
        finally:
            child.stop()

    def afterwards(self) -> tuple[str, int]:
        """Let everything run again; return the ride's state and its events in the topic."""
        with Service(Settings(**self.settings)) as service, self.relay([]):
            ends = time.monotonic() + SECONDS
            while self.waiting() and time.monotonic() < ends:
                time.sleep(0.05)
            time.sleep(0.5)  # a relay that sent what has its note would have done so by now
            with closing(service.client(support=True)) as support:
                state = support.get(f"/v1/rides/{FIRST_NEW_ID}").json()["status"]
        sent = [read_event(each.value()).ride_id for each in self.broker.read(self.name)]
        return state, sent.count(FIRST_NEW_ID)


@contextmanager
def killer(killed: list[Service]) -> Iterator[str]:
    """Give the address of a step that kills the service which calls it from its transaction."""

    class Step(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            pid = killed[0].pid
            assert pid is not None
            os.kill(pid, KILL)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Step)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/step"
    finally:
        server.shutdown()
        server.server_close()


def is_over(service: Service) -> bool:
    """Whether a service that was killed is gone; its socket closes a moment before."""
    ends = time.monotonic() + SECONDS
    while service.is_running and time.monotonic() < ends:
        time.sleep(0.05)
    return not service.is_running


EACH_RUN = ("relay-before-note", "event-first-between")
ROWS = {
    "outbox-before-commit": "outbox",
    "outbox-after-commit": "outbox",
    "relay-before-note": "outbox",
    "relay-after-note": "outbox",
    "commit-first-before": "after_commit",
    "commit-first-between": "after_commit",
    "event-first-before": "before_commit",
    "event-first-between": "before_commit",
}


@pytest.mark.parametrize(
    "row",
    [
        # Each starts the back end twice: two of them in each run.
        pytest.param(row, marks=() if row in EACH_RUN else pytest.mark.weekly)
        for row in ROWS
    ],
)
def test_the_rows_of_the_table_are_those_of_the_real_service(
    small: Broker, tmp_path: Path, row: str
) -> None:
    company = _Company(tmp_path, small, row, ROWS[row])
    settings = dict(company.settings)
    if row.endswith("-between"):
        with Service(Settings(**settings, killed_at_rides=(FIRST_NEW_ID,))) as service:
            company.completes(service)
            assert is_over(service)
    elif row in ("outbox-before-commit", "commit-first-before", "event-first-before"):
        killed: list[Service] = []
        with (
            killer(killed) as address,
            Service(Settings(**settings, steps_in_request=(address,))) as service,
        ):
            killed.append(service)
            company.completes(service)
            assert is_over(service)
    else:
        with Service(Settings(**settings)) as service:
            company.completes(service)
            if row == "outbox-after-commit":
                assert service.pid is not None
                os.kill(service.pid, KILL)
            elif row == "relay-before-note":
                with company.relay([f"{FIRST_NEW_ID}-1"]) as child:
                    assert child.process.wait(SECONDS) != 0
            else:
                with company.relay([]) as child:
                    while "sent" not in child.hear(SECONDS):
                        pass
                    os.kill(child.pid, KILL)
                    assert child.process.wait(SECONDS) != 0
    waits = company.waiting()
    state, messages = company.afterwards()

    assert {"ride": state, "waiting": waits, "messages": messages} == reference("outbox-rows")[row]


@pytest.mark.weekly  # tests/labs/test_queues.py sends the outbox in each run
@pytest.mark.parametrize(
    ("way", "states", "events"),
    [
        ("after_commit", ["completed"] * 3, [1, 0, 1]),
        ("before_commit", ["completed", "in_progress", "completed"], [1, 1, 1]),
        ("outbox", ["completed"] * 3, [1, 2, 1]),
    ],
)
def test_two_writes_come_apart_as_the_text_says(
    small: Broker,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    states: list[str],
    events: list[int],
) -> None:
    monkeypatch.setattr(queues, "_broker", small)
    table = queues.two_writes(way).table

    assert list(table["in the database"]) == states
    assert list(table["events in the topic"]) == events


def test_a_transaction_covers_topics_and_places_and_no_provider(small: Broker) -> None:
    after = real_broker.aborted_transaction(small).table.set_index("measured").T.to_dict("list")

    assert after["messages that read_uncommitted sees"] == [3, 6]
    assert after["messages that read_committed sees"] == [0, 3]
    assert after["offset at which the group goes on"] == [0, 3]
    assert after["charges in the provider's books"] == [3, 6]
