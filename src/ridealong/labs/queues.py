"""What follows a completed ride, to operate: a broker, a design, and consumers that are killed."""

from __future__ import annotations

import itertools
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ridealong.child import Child
from ridealong.labs.sql.database import LabError
from ridealong.labs.waits import progress
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural
from ridealong.systems.broker.server import FEATURES, Broker, Partition
from ridealong.systems.queues.design import COMMITS, STEPS, Design, DesignError, read_design
from ridealong.systems.queues.down import Moment, down_for_real
from ridealong.systems.queues.pressure import WAYS, pressed_for_real
from ridealong.systems.queues.run import followed_up_for_real
from ridealong.systems.queues.stories import MORE_TROUBLES, TROUBLES
from ridealong.systems.queues.stories import story as evening_of
from ridealong.systems.queues.virtual import Crash, Entry, Outage, Outcome, Story, followed_up
from ridealong.systems.queues.work import POINTS, RideEvent
from ridealong.text import meant

if TYPE_CHECKING:
    from collections.abc import Collection

    from matplotlib.axes import Axes

RIDES: Final = 30
RIDES_PER_SECOND: Final = 12
WORK_SECONDS: Final = {"charge": 0.03, "receipt": 0.03, "rating_prompt": 0.01}
DRIVERS: Final = (57, 1)
DEAD_LETTERS: Final = "dead-letters-"
MOST_KILLS: Final = 50
MOST_DOLLARS: Final = 10_000
MOST_BACKLOG: Final = 400
DRAIN_WORK_SECONDS: Final = 0.02
MOST_PARTITIONS_SHOWN: Final = 16
COLORS: Final = {
    "charge": pictures.BLUE,
    "receipt": pictures.ORANGE,
    "rating_prompt": pictures.SKY,
}

MARKERS: Final = {
    "done": ("o", 4),
    "done again": ("D", 6),
    "to the dead letters": ("s", 6),
    "killed": ("X", 9),
}
"""How the lines of a timeline are drawn."""

_broker: Broker | None = None
_names = itertools.count(1)


def start_broker(server: str = "", *, nodes: int = 1) -> Broker:
    """Start a broker for this notebook; one that was started before is stopped.

    Args:
        server: built-in, or kafka for Apache Kafka of our own; by default the outside cluster of
            `RIDEALONG_KAFKA_BOOTSTRAP`, else the built-in one.
        nodes: how many Apache Kafka has, 1 or 3.

    Raises:
        BrokerError: when it does not start.
    """
    global _broker
    if _broker is not None:
        _broker.stop()
        _broker = None
    broker = Broker(server, nodes=nodes)
    _broker = broker.start()
    return _broker


def running() -> Broker:
    """Return the broker of this notebook.

    Raises:
        LabError: when none runs.
    """
    if _broker is None or not _broker.is_running:
        raise LabError("no broker runs: start_broker() starts one")
    return _broker


def look_inside(broker: object = None, topic: str = "") -> View:
    """Show what a broker holds: each partition, and how far each group has read it.

    This is what the user of a broker sees of it, whoever operates it.

    Args:
        broker: one that runs; by default that of this notebook.
        topic: only this one, by its name without the prefix; all of them by default.

    Raises:
        LabError: when no broker runs, or there is no such topic, or none at all.
        BrokerError: when the broker does not answer.
    """
    seen = running() if broker is None else broker
    if not isinstance(seen, Broker):
        raise LabError(f"broker is {seen!r:.60}, wanted one such as start_broker() returns")
    if not seen.is_running:
        raise LabError("the broker is stopped: start it with broker.start()")
    topics = seen.topics()
    if not topics:
        raise LabError("the broker has no topic yet: run(design) makes some and fills them")
    if topic and topic not in topics:
        raise LabError(f"no topic is called {topic!r:.60}: {meant(topic, topics)}")
    partitions, committed = seen.partitions(), seen.committed()
    chosen = _newest(partitions, topic)
    rows: list[list[object]] = []
    for name in chosen:
        readers = [group for group in committed if name in committed[group]] or [""]
        kept = seen.retention(name)
        for each in partitions[name]:
            for group in readers:
                at = committed[group][name].get(each.number, each.first) if group else None
                rows.append(
                    [name, each.number, each.end - each.first, each.first, each.end, each.copies,
                     kept, group or "nobody", at, None if at is None else each.end - at]
                )  # fmt: skip
    columns = [
        "topic", "partition", "messages", "first offset", "next offset", "copies", "kept",
        "group", "committed", "lag",
    ]  # fmt: skip
    left_out = len(partitions) - len(chosen)
    told = f"{plural(left_out, 'older topic')}: look_inside(topic=...) shows one"
    return View(
        f"Inside {seen.described}",
        frame(columns, rows),
        _inside(seen, partitions, committed),
        picture=_inside_picture(chosen, partitions, committed),
        gaps=((0, told),) if left_out and not topic else (),
        counts=("messages", "first offset", "next offset", "committed", "lag"),
    )


def _newest(partitions: Mapping[str, Sequence[Partition]], topic: str) -> list[str]:
    """Return the topic that is asked for, else as many of the newest as fit on a page."""
    if topic:
        return [topic]
    chosen: list[str] = []
    for name in reversed(list(partitions)):
        if (
            chosen
            and sum(len(partitions[each]) for each in [*chosen, name]) > MOST_PARTITIONS_SHOWN
        ):
            break
        chosen.append(name)
    return chosen[::-1]


def _inside(
    broker: Broker,
    partitions: Mapping[str, Sequence[Partition]],
    committed: Mapping[str, Mapping[str, Mapping[int, int]]],
) -> str:
    ends = {
        (name, each.number): (each.first, each.end)
        for name, parts in partitions.items()
        for each in parts
    }
    behind = {
        group: sum(
            end - committed[group][name].get(number, first)
            for (name, number), (first, end) in ends.items()
            if name in committed[group]
        )
        for group in committed
    }
    messages = sum(end - first for first, end in ends.values())
    told = (
        f"{plural(messages, 'message')} in {plural(len(ends), 'partition')} of "
        f"{plural(len(partitions), 'topic')}"
    )
    if behind and not any(behind.values()):
        told += "; no group is behind"
    elif behind:
        last = max(behind, key=lambda group: behind[group])
        told += f"; furthest behind is {last}, by {plural(behind[last], 'message')}"
    has_copies = any(each.copies > 1 for parts in partitions.values() for each in parts)
    missing = [
        says.partition(",")[0]
        for feature, says in FEATURES.items()
        if feature != "kill"
        and not broker.has(feature)
        and not (feature == "replication" and has_copies)
    ]
    if not missing:
        return f"{told}."
    step = "" if broker.server == "outside" else ": start_broker('kafka', nodes=3) starts one"
    listed = ", ".join(missing[:-1]) + (", and " if missing[1:] else "") + missing[-1]
    return f"{told}. Only another broker {listed}{step}."


def _inside_picture(
    chosen: Sequence[str],
    partitions: Mapping[str, Sequence[Partition]],
    committed: Mapping[str, Mapping[str, Mapping[int, int]]],
) -> pictures.Picture:
    """Draw each partition from its first to its next offset, and where each group goes on."""
    lines = [(name, each) for name in chosen for each in partitions[name]]
    groups = [group for group in committed if set(committed[group]) & set(chosen)]
    with pictures.style():
        figure, axes = pictures.axes(7.5, 1.4 + 0.24 * len(lines))
        axes.barh(
            range(len(lines)), [each.end - each.first for _, each in lines],
            left=[each.first for _, each in lines], height=0.6, color=pictures.SKY,
            label="messages",
        )  # fmt: skip
        for place, group in enumerate(groups):
            points = [
                (committed[group][name][each.number], row - 0.3 + 0.6 * (place + 0.5) / len(groups))
                for row, (name, each) in enumerate(lines)
                if each.number in committed[group].get(name, {})
            ]
            axes.plot(
                [at for at, _ in points], [row for _, row in points], "ov^sDXP*"[place % 8],
                color=pictures.INK if place % 2 else pictures.ORANGE, markersize=5,
                linestyle="none", label=f"{group} goes on",
            )  # fmt: skip
        axes.set_yticks(
            range(len(lines)), [f"{name}, {each.number}" for name, each in lines], fontsize=8
        )
        axes.invert_yaxis()
        axes.set_xlabel("offset")
        axes.set_title("What lies in each partition, and where each group goes on")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8)
        told = "; ".join(
            f"{name}, partition {each.number}: offsets {each.first} to {each.end}"
            + "".join(
                f", {group} goes on at {committed[group][name][each.number]}"
                for group in groups
                if each.number in committed[group].get(name, {})
            )
            for name, each in lines
        )
        return pictures.Picture(figure, f"A bar for each partition over the offsets. {told}.")


def run(
    design: object,
    kill: Sequence[tuple[str, str]] = (("receipt", "between work and commit"),),
    *,
    away: str = "",
    unreadable: bool = False,
    from_service: bool = False,
    patience_seconds: float = 30,
) -> View:
    """Let thirty rides be followed up on the broker, and kill consumers while they are.

    Args:
        design: the data of a `%%yaml` answer.
        kill: which step's consumer is killed where, of `POINTS`; each at another ride.
        away: a step whose provider does not answer for a second; none by default.
        unreadable: whether a message comes that nobody can read.
        from_service: whether the rides are completed at the real back end, over HTTP, whose relay
            sends the events; that takes some seconds more. By default the lab sends them. Corrected
            fares, which the back end does not know, are written into its outbox by the lab.
        patience_seconds: how long after the last ride the rest is waited for, 1 to 30.

    Raises:
        LabError: when it holds no design, no broker runs, or for another patience.
        BrokerError: when the broker does not answer.
        ServiceError: when the back end does not answer.
    """
    if not isinstance(patience_seconds, int | float) or not 1 <= patience_seconds <= 30:
        raise LabError(f"patience_seconds is {patience_seconds!r:.60}, wanted 1 to 30")
    read, broker = _read(design), running()
    first = 101
    if from_service:
        from ridealong.service.store import FIRST_NEW_ID as first
    told = _thirty_rides(kill, away, unreadable, first)
    with progress("Following up thirty rides") as show:
        seen = followed_up_for_real(
            read,
            told,
            broker,
            name=str(next(_names)),
            seconds=patience_seconds,
            progress=show,
            from_service=from_service,
        )
    return View(
        f"{RIDES} rides{' of the back end' if from_service else ''} on {broker.described}",
        _counts(seen),
        _summary(seen),
        picture=_timeline_picture(seen),
    )


def dead_letters() -> View:
    """Show what lies in the newest dead-letter topic of the broker, message by message.

    Raises:
        LabError: when no broker runs, or no design has run on it.
        BrokerError: when the broker does not answer.
    """
    broker = running()
    topics = [name for name in broker.topics() if name.startswith(DEAD_LETTERS)]
    if not topics:
        raise LabError("the broker has no dead-letter topic yet: run(design) makes one")
    topic = max(topics, key=lambda name: (len(name), name))  # they end with a number
    rows = []
    for message in broker.read(topic):
        headers = {name: value.decode() for name, value in message.headers() or ()}
        source = headers["source"].removeprefix(broker.prefix)
        rows.append([message.value().decode(), headers["step"], headers["reason"], source])
    steps = {row[1] for row in rows}
    told = (
        f"{plural(len(rows), 'message')} put aside by {plural(len(steps), 'step')}"
        if rows
        else "Nothing was put aside"
    )
    return View(
        f"The dead-letter topic {topic}",
        frame(["message", "header step", "header reason", "header source"], sorted(rows)),
        f"{told}.",
    )


def evening(
    design: object,
    name: str = "public",
    *,
    troubles: Collection[str] = TROUBLES,
    times_as_many: int = 1,
) -> View:
    """Let a whole evening be followed up in virtual time, with all that goes wrong on it.

    The consumers' code is that of `run`, which counts the same (a test compares them).

    Args:
        design: the data of a `%%yaml` answer.
        name: of the evening.
        troubles: what goes wrong, of `TROUBLES` and `MORE_TROUBLES`.
        times_as_many: how many rides end for each recorded one, up to 20.

    Raises:
        LabError: when it holds no design, or there is no such evening or trouble.
    """
    read = _read(design)
    seen = followed_up(read, _story(name, troubles, times_as_many))
    return View(
        "An evening in virtual time",
        _counts(seen),
        _summary(seen),
        picture=_backlog_picture(seen.backlog, "Messages that no consumer has committed"),
    )


def compare(
    first: object,
    second: object,
    name: str = "public",
    *,
    troubles: Collection[str] = TROUBLES,
    times_as_many: int = 1,
) -> View:
    """Follow up the same evening by two designs and show both.

    Args:
        first: the data of a `%%yaml` answer.
        second: the same.
        name: of the evening.
        troubles: as for `evening`.
        times_as_many: as for `evening`.

    Raises:
        LabError: when one holds no design, or there is no such evening or trouble.
    """
    told = _story(name, troubles, times_as_many)
    runs = [followed_up(_read(each), told) for each in (first, second)]
    rows = [[says, *(tell(seen) for seen in runs)] for says, tell in _MEASURES.items()]
    return View(
        "The same evening by two designs",
        frame(["measured", "first", "second"], rows),
        f"Lost {_lost(runs[0])} and {_lost(runs[1])}, done twice {_repeated(runs[0])} and "
        f"{_repeated(runs[1])}.",
    )


def drain(
    design: object,
    backlog: int = 120,
    consumers: Sequence[int] = (1, 3),
    *,
    work_ms: float = DRAIN_WORK_SECONDS * 1000,
) -> View:
    """Let a backlog be worked off on the broker, and compare it with arithmetic.

    All messages lie there when the clock begins, and the consumers have their partitions.

    Args:
        design: the data of a `%%yaml` answer; its `consumers` is replaced.
        backlog: how many messages.
        consumers: how many in the group, one run for each.
        work_ms: how long the work on one message takes, 5 to 40.

    Raises:
        LabError: when it holds no design, no broker runs, or the numbers take too long.
        BrokerError: when the broker does not answer.
    """
    broker = running()
    if not isinstance(backlog, int) or not 10 <= backlog <= MOST_BACKLOG:
        raise LabError(f"backlog is {backlog!r}, wanted 10 to {MOST_BACKLOG} messages")
    if not consumers or len(consumers) > 4:
        raise LabError(f"{len(consumers)} runs: name one to four numbers of consumers")
    if not isinstance(work_ms, int | float) or not 5 <= work_ms <= 40:
        raise LabError(f"work_ms is {work_ms!r:.60}, wanted 5 to 40")
    work_seconds = work_ms / 1000
    events = tuple(
        RideEvent(f"{ride}-1", ride, ride % 5 + 1, 1, 0.0) for ride in range(1, backlog + 1)
    )
    told = Story("backlog", events, dict.fromkeys(STEPS, work_seconds))
    rows, curves = [], {}
    with progress("Working off the backlog") as show:
        for place, count in enumerate(consumers):
            read = _read({**_mapping(design), "in_request": list(STEPS[1:]), "groups": {"charge": "drain"}, "consumers": count})  # fmt: skip
            seen = followed_up_for_real(read, told, broker, name=str(next(_names)))
            show((place + 1) / len(consumers))
            counted = seen.counted["charge"]
            most = -(-read.partitions // count)  # of the partitions, in the hands of one consumer
            seconds = backlog * most / read.partitions * work_seconds
            rows.append(
                [count, most, round(seconds, 1),
                 round(counted.delay(1.0), 1), counted.repeated]
            )  # fmt: skip
            curves[plural(count, "consumer")] = _curve(counted.delays, backlog)
    columns = [
        "consumers",
        "partitions of the busiest",
        "arithmetic (s)",
        "measured (s)",
        "done twice",
    ]
    return View(
        f"{backlog} messages of {work_ms:g} ms in {plural(_read(design).partitions, 'partition')}",
        frame(columns, rows),
        "Worked off in "
        + " and ".join(
            f"{rows[each][3]} s by {plural(consumers[each], 'consumer')}"
            for each in ([0, -1] if len(rows) > 1 else [0])
        )
        + ".",
        picture=_backlog_picture(curves, "Messages that wait"),
    )


def consumer_down(step: str = "receipt", rides: int = 30) -> View:
    """Let rides end on the broker while the consumer of one step does not run; then it is started.

    Each step has a group of its own; once the consumer has caught up, as many rides end again.

    Args:
        step: charge, receipt or rating_prompt.
        rides: how many end each time, 10 to 60.

    Raises:
        LabError: for another step or number, or when no broker runs.
        BrokerError: when the broker does not answer.
    """
    if step not in STEPS:
        raise LabError(f"step is {step!r:.60}, wanted one of {', '.join(STEPS)}")
    if not isinstance(rides, int) or isinstance(rides, bool) or not 10 <= rides <= 60:
        raise LabError(f"rides is {rides!r:.60}, wanted 10 to 60")
    broker, name = running(), step.replace("_", " ")
    told = Story("down", (), WORK_SECONDS)
    with progress("Completing rides") as show:
        seen = down_for_real(
            Design(), told, broker, step, rides, name=f"down-{next(_names)}", progress=show
        )
    rows = [
        [f"{rides} rides, {name} not running", *_moment(seen.moments[0])],
        [f"{name} has caught up", *_moment(seen.moments[1])],
        [f"{rides} more rides, all running", *_moment(seen.moments[2])],
    ]
    columns = [
        "moment", "events sent", "the broker took one in (ms)",
        *(f"{each.replace('_', ' ')} behind" for each in STEPS),
    ]  # fmt: skip
    down = dict(seen.moments[0].behind)
    waits, others = down.pop(step), sum(down.values())
    return View(
        f"The consumer of the {name} does not run, on {broker.described}",
        frame(columns, rows),
        f"{plural(waits, 'event')} wait for the {name} while its consumer does not run, {others} for "
        f"the other steps; it is started and catches up, and of {plural(seen.wanted, 'ride')} "
        f"{seen.done} have their {name}.",
        # What a group has open for a moment is another number each time.
        picture=_backlog_picture(
            seen.backlog,
            "Events that a group has not committed",
            f"{name}: {waits} when all are sent; the other steps: {others}",
        ),
    )


def _moment(moment: Moment) -> list[object]:
    took = "" if moment.took_ms is None else round(moment.took_ms, 1)
    return [moment.sent, took, *(moment.behind[step] for step in STEPS)]


def backpressure(messages: int = 120, *, times_as_fast: float = 3, bound: int = 20) -> View:
    """Let producers be faster than consumers on the broker, and see three ways to live with it.

    All three run at once, with a topic, a producer and a consumer each, which are processes of
    their own. The work on one message takes 20 ms.

    Args:
        messages: how many are due.
        times_as_fast: how many are due while one is worked on.
        bound: of messages that wait in the broker: then one producer refuses, and one waits.

    Raises:
        LabError: when no broker runs, or a number takes too long or shows nothing.
        BrokerError: when the broker does not answer.
    """
    for name, value, least, most in (
        ("messages", messages, 30, 300),
        ("times_as_fast", times_as_fast, 1.5, 10),
        ("bound", bound, 1, 100),
    ):
        kinds = int if name != "times_as_fast" else int | float
        if not isinstance(value, kinds) or isinstance(value, bool) or not least <= value <= most:
            raise LabError(f"{name} is {value!r:.60}, wanted {least:g} to {most:g}")
    broker = running()
    every = DRAIN_WORK_SECONDS / times_as_fast
    events = tuple(
        RideEvent(f"{ride}-1", ride, ride % 5 + 1, 1, ride * every)
        for ride in range(1, messages + 1)
    )
    told = Story("too fast", events, dict.fromkeys(STEPS, DRAIN_WORK_SECONDS))
    design = read_design({"in_request": list(STEPS[1:]), "partitions": 1})
    with progress("Working under pressure") as show:
        seen = pressed_for_real(
            design, told, broker, bound, name=f"pressure-{next(_names)}", progress=show
        )
    grown = round(messages - messages / times_as_fast)
    rows = [
        [each.way, each.sent, each.refused, grown if each.way == WAYS[0] else min(grown, bound),
         max(behind for _, behind in each.backlog), each.held_back,
         round(max(each.delays, default=0.0), 1)]
        for each in seen
    ]  # fmt: skip
    columns = [
        "the producer", "sent", "refused (429)", "backlog by arithmetic", "largest backlog",
        "held back at most", "oldest when done (s)",
    ]  # fmt: skip
    kept, refused, slowed = (max(behind for _, behind in each.backlog) for each in seen)
    return View(
        f"{messages} messages, {times_as_fast:g} due while one is worked on",
        frame(columns, rows),
        f"Without a bound up to {kept} messages wait in the broker, with it {max(refused, slowed)}: "
        f"then {plural(seen[1].refused, 'rider')} got 429, or the producer held back up to "
        f"{seen[2].held_back}.",
        picture=_backlog_picture(
            {each.way: each.backlog for each in seen}, "Messages that wait in the broker"
        ),
    )


def chain(
    *, receipt_seconds: float = 0.8, failing: str = "rating_prompt", in_request: object = STEPS
) -> View:
    """Complete two rides at the real back end, first with steps in the request, then with an event.

    Charge, receipt and rating prompt are servers of their own; what they did stands in their books.

    Args:
        receipt_seconds: how long the receipt takes, up to 3.
        failing: the step that answers with an error, or "" for none.
        in_request: the steps that the first ride waits for, in this order.

    Raises:
        LabError: for a step that does not exist, or a time that is too long.
        ServiceError: when the back end does not start.
    """
    from ridealong.service import Service, Settings

    if not isinstance(receipt_seconds, int | float) or not 0 <= receipt_seconds <= 3:
        raise LabError(f"receipt_seconds is {receipt_seconds!r}, wanted 0 to 3")
    if failing and failing not in STEPS:
        raise LabError(f"failing is {failing!r}, wanted one of {', '.join(STEPS)}, or none")
    if not isinstance(in_request, list | tuple) or not set(in_request) <= set(STEPS):
        raise LabError(f"in_request is {in_request!r}, wanted a list of {', '.join(STEPS)}")
    rows = []
    with _providers(receipt_seconds, failing) as (address, books):
        steps = tuple(f"{address}/{step}" for step in in_request)
        for way, settings in (
            ("in the request", Settings(steps_in_request=steps)),
            ("an event in the outbox", Settings(events="outbox")),
        ):
            with Service(settings) as company:
                began = len(books)
                ride, answer, seconds = _ride(company, DRIVERS[0])
                with closing(company.client(support=True)) as support:
                    state = support.get(f"/v1/rides/{ride}").json()["status"]
            done = ", ".join(books[began:]).replace("_", " ") or "nothing yet"
            rows.append([way, answer, round(seconds * 1000), state, done])
    columns = [
        "what follows is",
        "answer",
        "wait (ms)",
        "the ride is",
        "was done before the answer",
    ]
    return View(
        f"A ride ends; a receipt takes {receipt_seconds:g} s"
        + (f", the {failing.replace('_', ' ')} fails" if failing else ""),
        frame(columns, rows),
        f"The driver's app waits {rows[0][2]} ms for {rows[0][1]}, and {rows[1][2]} ms for "
        f"{rows[1][1]}.",
    )


@contextmanager
def _providers(receipt_seconds: float, failing: str) -> Iterator[tuple[str, list[str]]]:
    """Run charge, receipt and rating prompt as one server; give its address and its books."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    books: list[str] = []

    class Provider(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            step = self.path.strip("/")
            self.rfile.read(int(self.headers["Content-Length"]))
            if step == "receipt":
                time.sleep(receipt_seconds)
            if step != failing:
                books.append(step)
            self.send_response(503 if step == failing else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", books
    finally:
        server.shutdown()
        server.server_close()


def two_writes(way: str = "after_commit") -> View:
    """Complete three rides at the real back end, which is killed at the second, and look at both.

    With `outbox` it is the relay that is killed, between the event and its note, and started again.

    Args:
        way: after_commit, before_commit or outbox.

    Raises:
        LabError: for another way, or when no broker runs.
        ServiceError: when the back end does not start.
    """
    from ridealong.service import Service, Settings
    from ridealong.service.store import FIRST_NEW_ID

    if way not in ("after_commit", "before_commit", "outbox"):
        raise LabError(f"way is {way!r}, wanted after_commit, before_commit or outbox")
    broker = running()
    name = f"two-writes-{next(_names)}"
    topic = broker.topic(name)
    with (
        progress("Completing three rides") as show,
        tempfile.TemporaryDirectory(prefix="ridealong-two-writes-") as folder,
    ):
        database = f"sqlite:///{Path(folder).as_posix()}/rides.sqlite"
        plain = Settings(
            database=database, events=way, events_broker=broker.bootstrap, events_topic=topic
        )
        killed = FIRST_NEW_ID + 1  # the second ride of a new database
        deadly = replace(plain, killed_at_rides=() if way == "outbox" else (killed,))
        rides, answers = [], []
        show(0.05)
        with Service(deadly) as company:
            for driver in DRIVERS:
                ride, answer, _ = _ride(company, driver)
                rides.append(ride)
                answers.append(answer)
        show(0.5)
        with Service(plain) as company:
            ride, answer, _ = _ride(company, DRIVERS[0])
            rides.append(ride)
            answers.append(answer)
            if way == "outbox":
                _relayed(database, broker, topic, killed_at=f"{rides[1]}-1")
            with closing(company.client(support=True)) as support:
                states = [support.get(f"/v1/rides/{ride}").json()["status"] for ride in rides]
        sent = [json.loads(message.value())["ride_id"] for message in broker.read(name)]
    rows = [
        [ride, answer, state, sent.count(ride)]
        for ride, answer, state in zip(rides, answers, states, strict=True)
    ]
    apart = sum((state == "completed") != bool(sent.count(ride)) for ride, _, state, _ in rows)
    return View(
        f"Three rides, and who knows of them ({way})",
        frame(["ride", "the driver's app got", "in the database", "events in the topic"], rows),
        f"Database and topic disagree about {plural(apart, 'ride')}.",
    )


def price_of_kills(
    step: str = "receipt",
    kills: int = 12,
    *,
    missing_dollars: float = 1.0,
    twice_dollars: float = 1.0,
) -> View:
    """Kill a step's consumer in the middle, under both orders of work and commit, and add it up.

    An evening in virtual time for each order; nothing is remembered.

    Args:
        step: whose consumer is killed.
        kills: how many times, each at another ride, 1 to 50.
        missing_dollars: what an effect costs that never comes.
        twice_dollars: what a second effect costs.

    Raises:
        LabError: for another step, or a number that is not wanted.
    """
    if step not in STEPS:
        raise LabError(f"step is {step!r:.60}, wanted one of {', '.join(STEPS)}")
    if isinstance(kills, bool) or not isinstance(kills, int) or not 1 <= kills <= MOST_KILLS:
        raise LabError(f"kills is {kills!r:.60}, wanted a whole number from 1 to {MOST_KILLS}")
    for name, dollars in (("missing_dollars", missing_dollars), ("twice_dollars", twice_dollars)):
        is_number = isinstance(dollars, int | float) and not isinstance(dollars, bool)
        if not is_number or not 0 <= dollars <= MOST_DOLLARS:
            raise LabError(f"{name} is {dollars!r:.60}, wanted dollars from 0 to {MOST_DOLLARS:,}")
    quiet = _story("public", (), 1)
    chosen = quiet.events[:: len(quiet.events) // kills][:kills]
    crashes = tuple(Crash(step, each.event_id, "between work and commit") for each in chosen)
    told = replace(quiet, crashes=crashes)
    others = frozenset(each for each in STEPS if each != step)
    rows: list[list[object]] = []
    for commit in COMMITS:
        seen = followed_up(Design(in_request=others, commit=commit, consumers=4), told)
        counted = seen.counted[step]
        missing, twice = len(counted.lost), counted.repeated
        dollars = missing * missing_dollars + twice * twice_dollars
        rows.append([commit.replace("_", " the "), missing, twice, round(dollars, 2)])
    name = step.replace("_", " ")
    return View(
        f"A consumer of the {name} killed {'once' if kills == 1 else f'{kills} times'}, each time in the middle",
        frame(["commit", "missing", "twice", "dollars"], rows),
        f"Commit {rows[0][0]}: {rows[0][3]:,.2f} dollars; {rows[1][0]}: {rows[1][3]:,.2f} dollars.",
    )


def _ride(company: Any, driver: int) -> tuple[int, str, float]:
    """Return a new ride that the driver has driven, the answer at its end, and the wait for it."""
    import httpx

    way = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-AIR"}
    with closing(company.client(rider=123)) as rider:
        ride = int(rider.post("/v1/rides", json=way).json()["ride_id"])
    with closing(company.client(driver=driver)) as phone:
        for action in ("accept", "start", "complete"):
            began = time.monotonic()
            try:
                answer = phone.post(f"/v1/rides/{ride}/{action}")
            except httpx.HTTPError:
                return ride, "no answer", time.monotonic() - began
            if answer.status_code != 200 and action != "complete":
                raise LabError(f"the ride was not begun: {answer.text}")
    return ride, str(answer.status_code), time.monotonic() - began


def _relayed(database: str, broker: Broker, topic: str, *, killed_at: str) -> None:
    asked = {"database": database, "broker": broker.bootstrap, "topic": topic}
    first = Child("ridealong.service.relay", {**asked, "killed_at": [killed_at]})
    try:
        first.process.wait(20)
    finally:
        first.stop()
    second = Child("ridealong.service.relay", {**asked, "killed_at": []})
    try:
        ends = time.monotonic() + 20
        waits = 2
        while waits and time.monotonic() < ends:
            waits -= "sent" in second.hear(1)
    finally:
        second.stop()


# ------------------------------------------------------------------------------------ what is asked


def _mapping(design: object) -> Mapping[str, Any]:
    _read(design)
    assert isinstance(design, Mapping)
    return design


def _read(design: object) -> Design:
    try:
        return read_design(design)
    except DesignError as error:
        raise LabError(str(error)) from None


def _story(name: str, troubles: Collection[str], times_as_many: int) -> Story:
    if name not in ("public", "hidden"):
        raise LabError(f"no evening is called {name!r}: there are public, hidden")
    for each in troubles:
        if each not in (*TROUBLES, *MORE_TROUBLES):
            known = ", ".join((*TROUBLES, *MORE_TROUBLES))
            raise LabError(f"no trouble is called {each!r}: there are {known}")
    if not isinstance(times_as_many, int) or not 1 <= times_as_many <= 20:
        raise LabError(f"times_as_many is {times_as_many!r}, wanted 1 to 20")
    return evening_of(name, troubles=troubles, times_as_many=times_as_many)


def _thirty_rides(
    kill: Sequence[tuple[str, str]], away: str, unreadable: bool, first: int
) -> Story:
    events = [
        RideEvent(f"{ride}-1", ride, ride % 5 + 1, 1, (ride - first) / RIDES_PER_SECOND)
        for ride in range(first, first + RIDES)
    ]
    corrected = [
        replace(each, event_id=f"{each.ride_id}-2", version=2, happened_at=each.happened_at + 0.03)
        for each in events[::5]
    ]
    crashes = []
    for place, pair in enumerate(kill):
        step, point = pair if len(pair) == 2 else ("", "")
        if step not in STEPS or point not in POINTS:
            raise LabError(
                f"kill holds {pair!r}, wanted pairs such as ('receipt', 'between work and commit'): "
                f"steps are {', '.join(STEPS)}; points are {', '.join(POINTS)}"
            )
        crashes.append(Crash(step, events[4 + 5 * place % (RIDES - 5)].event_id, point))
    if away and away not in STEPS:
        raise LabError(f"away is {away!r}, wanted one of {', '.join(STEPS)}, or none")
    return Story(
        "thirty rides",
        tuple(sorted([*events, *corrected], key=lambda each: each.happened_at)),
        WORK_SECONDS,
        (1.0,) if unreadable else (),
        tuple(crashes),
        (Outage(away, 1.0, 2.0),) if away else (),
    )


# ------------------------------------------------------------------------------------ what is shown


def _counts(seen: Outcome) -> Any:
    rows = [
        [each.step, each.wanted, len(each.lost), each.repeated, each.overtaken, each.dead,
         _seconds(each.delay(0.5)), _seconds(each.delay(0.99))]
        for each in seen.counted.values()
    ]  # fmt: skip
    columns = [
        "step", "wanted", "lost", "done twice", "older after newer", "dead letters",
        "p50 (s)", "p99 (s)",
    ]  # fmt: skip
    return frame(columns, rows)


def _seconds(value: float) -> str:
    return "never" if value == float("inf") else f"{value:.1f}"


def _lost(seen: Outcome) -> int:
    return sum(len(each.lost) for each in seen.counted.values())


def _repeated(seen: Outcome) -> int:
    return sum(each.repeated for each in seen.counted.values())


_MEASURES: Final[Mapping[str, Callable[[Outcome], object]]] = {
    "steps never done": _lost,
    "steps done twice": _repeated,
    "rides with the older event last": lambda seen: sum(
        each.overtaken for each in seen.counted.values()
    ),
    "steps in the dead letters": lambda seen: sum(each.dead for each in seen.counted.values()),
    "steps for a ride that was not completed": lambda seen: sum(
        each.ghosts for each in seen.counted.values()
    ),
    "riders with an error": lambda seen: seen.failed_requests,
    "longest wait for the answer (ms)": lambda seen: round(max(seen.waits, default=0) * 1000),
    "charge, p99 (s)": lambda seen: _seconds(seen.counted["charge"].delay(0.99)),
    "receipt, p99 (s)": lambda seen: _seconds(seen.counted["receipt"].delay(0.99)),
    "rating prompt, p99 (s)": lambda seen: _seconds(seen.counted["rating_prompt"].delay(0.99)),
}


def _summary(seen: Outcome) -> str:
    kills = sum(each.what.startswith("killed") for each in seen.timeline)
    told = (
        f"{plural(kills, 'program')} killed; {plural(_lost(seen), 'step')} lost, "
        f"{_repeated(seen)} done twice"
    )
    if seen.unreadable_in_dead_letters:
        told += f", {plural(seen.unreadable_in_dead_letters, 'message')} nobody can read put aside"
    return told + "."


def _timeline_picture(seen: Outcome) -> pictures.Picture:
    """Draw what happened when, in which partition, and who died."""
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3.4)
        steps = [step for step in STEPS if any(each.who == step for each in seen.timeline)]
        partitions = sorted({each.partition for each in seen.timeline if each.partition >= 0})
        high = max(1, len(partitions))
        for row, step in enumerate(steps):
            lines = [each for each in seen.timeline if each.who == step]
            for what, (marker, size) in MARKERS.items():
                color = COLORS[step] if what == "done" else pictures.INK
                _points(axes, lines, what, row, high, marker, size, color)
        axes.set_yticks(range(len(steps)), [step.replace("_", " ") for step in steps])
        axes.set_ylim(len(steps) - 0.4, -0.6)
        axes.set_xlabel("seconds; within a step one line for each partition")
        axes.set_title("What happened when")
        for what, (marker, size) in MARKERS.items():
            axes.plot(
                [], [], marker, color=pictures.INK, markersize=size, linestyle="none", label=what
            )
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=len(MARKERS), fontsize=9)
        told = "; ".join(
            f"{step}: {sum(each.who == step and each.what == 'done' for each in seen.timeline)} done"
            f", {sum(each.who == step and each.what.startswith('killed') for each in seen.timeline)}"
            " times killed"
            for step in steps
        )
        return pictures.Picture(figure, f"A timeline of each step over the partitions. {told}.")


def _points(
    axes: Axes,
    lines: Sequence[Entry],
    what: str,
    row: int,
    high: int,
    marker: str,
    size: float,
    color: str,
) -> None:
    found = [
        each
        for each in lines
        if (each.what == what if what.startswith("done") else each.what.startswith(what))
    ]
    if found:
        axes.plot(
            [each.at for each in found],
            [row - 0.3 + 0.6 * (max(0, each.partition) + 0.5) / high for each in found],
            marker, color=color, markersize=size, linestyle="none",
        )  # fmt: skip


def _curve(delays: Sequence[float], backlog: int) -> tuple[tuple[float, int], ...]:
    ends = sorted(delays)
    return ((0.0, backlog), *((at, backlog - place - 1) for place, at in enumerate(ends)))


def _backlog_picture(
    backlog: Mapping[str, Sequence[tuple[float, int]]], title: str, told: str = ""
) -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3)
        colors = (pictures.BLUE, pictures.ORANGE, pictures.SKY, pictures.INK)
        for (name, points), color, line in zip(
            backlog.items(), itertools.cycle(colors), itertools.cycle(("-", "--", ":", "-.")),
            strict=False,
        ):  # fmt: skip
            axes.step(
                [at for at, _ in points], [behind for _, behind in points], line, where="post",
                color=color, label=name.replace("_", " "),
            )  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.set_xlabel("seconds")
        axes.set_ylabel("messages")
        axes.set_title(title)
        if backlog:
            axes.legend(loc="upper right", fontsize=9)
        told = told or "; ".join(
            f"{name}: {max((behind for _, behind in points), default=0)} at most"
            for name, points in backlog.items()
        )
        return pictures.Picture(figure, f"{title}, over time. {told}.")


__all__ = [
    "backpressure",
    "chain",
    "compare",
    "consumer_down",
    "dead_letters",
    "drain",
    "evening",
    "look_inside",
    "price_of_kills",
    "run",
    "running",
    "start_broker",
    "two_writes",
]
