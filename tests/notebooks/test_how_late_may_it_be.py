"""`05_how_late_may_it_be`: it finds the planted evening, its tasks have room for right answers, and
what its text says of data, design and target is measured."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml

from brokers import small
from ridealong import connect
from ridealong.authoring import cells, sources
from ridealong.authoring.format import read
from ridealong.dataset import ensure_database
from ridealong.dataset.storage import truth_path
from ridealong.judging import queue
from ridealong.labs import queues
from ridealong.labs.lateness import how_late
from ridealong.systems.broker.server import Broker

from ..conftest import COURSE

__all__ = ["small"]  # the fixture that this file uses

FOLDER = COURSE / "solutions" / "09_queues"
NOTEBOOK = "05_how_late_may_it_be.ipynb"
MODULE = sources.load(FOLDER)
DRAFT: dict[str, Any] = {
    "partitions": 4,
    "consumers": 2,
    "attempts": 8,
    "when_attempts_end": "dead_letter",
    "unreadable": "dead_letter",
}
DAY = datetime(2026, 3, 18)


def cell(identifier: str) -> str:
    (found,) = [cell for cell in read(FOLDER / NOTEBOOK).cells if cell.id == identifier]
    return str(found.source)


def rows(con: Any, identifier: str) -> list[tuple[Any, ...]]:
    """What a cell in SQL gives."""
    found: list[tuple[Any, ...]] = con.execute(cell(identifier).removeprefix("%%sql\n")).fetchall()
    return found


def lags(con: Any, kind: str, days: int = 1) -> list[int | None]:
    """The lag of each job that joined the queue from that day on, in seconds."""
    found = con.execute(
        "SELECT date_diff('second', enqueued_at, finished_at) FROM jobs"
        " WHERE kind = ? AND enqueued_at >= ? AND enqueued_at < ?",
        [kind, DAY, DAY + timedelta(days=days)],
    ).fetchall()
    return [lag for (lag,) in found]


@pytest.mark.parametrize("seed", [42, 7919, 11])
def test_the_late_receipts_are_found_from_the_first_to_the_last(seed: int) -> None:
    ensure_database(1, seed)
    truth = json.loads(truth_path(1, seed).read_text("utf-8"))["S13"]["truth"]
    with connect(seed=seed) as con:
        found = con.execute(cells.solution(cell("receipt-backlog"))).fetchall()
    first, worst, drained = (
        datetime.fromisoformat(truth[name]) for name in ("starts_at", "worst_at", "drained_at")
    )
    quarter = timedelta(minutes=15)
    slowest = max(found, key=lambda row: row[4] or 0)

    assert first - quarter < found[0][0] <= first + quarter
    assert drained - 2 * quarter <= found[-1][0] <= drained
    assert worst - quarter <= slowest[0] <= worst + quarter
    assert sum(row[3] for row in found) == truth["dead_jobs"]
    assert 0.9 * truth["peak_lag_s"] < slowest[4] < truth["peak_lag_s"] + 10
    assert len(found) == (found[-1][0] - found[0][0]) / quarter + 1, "one after the other"


def test_what_the_text_says_of_the_day_is_in_the_data() -> None:
    with connect() as con:
        by_day = {at: (count, mean) for at, count, mean in rows(con, "mean-by-day")}
        by_kind = {row[0]: row[1:] for row in rows(con, "lag-by-kind")}
        receipts = lags(con, "receipt")
    others = [mean for at, (_, mean) in by_day.items() if at != DAY]

    assert by_day[DAY] == (627, 751) and len(others) == 4
    assert all(90 < 751 / mean < 110 for mean in others), "a hundred times"
    assert by_kind["receipt"][:4] == (627, 6, 9.0, 3875.0) and by_kind["receipt"][3] > 3600
    for kind, longest in (("charge", 13), ("rating_prompt", 94)):
        assert by_kind[kind][1] == 0 and by_kind[kind][4] == longest
    assert by_kind["rating_prompt"][2] > 60, "on purpose"
    done = [lag for lag in receipts if lag is not None]
    crowds = sum(lag < 60 for lag in done) + sum(lag > 1800 for lag in done)
    assert crowds / len(receipts) > 0.85 and sum(lag > 1800 for lag in done) / len(receipts) > 0.19
    assert sum(600 <= lag < 900 for lag in done) / len(receipts) < 0.02


def test_p95_rings_for_three_days_and_p99_for_the_week() -> None:
    seen = {}
    with connect() as con:
        for days in (1, 2, 3, 4, 7):
            text = cell("one-day-to-seven").removeprefix("%%sql\n")
            seen[days] = con.execute(
                text.replace("INTERVAL 1 DAY", f"INTERVAL {days} DAY")
            ).fetchone()
            receipts = lags(con, "receipt", days)
            late = sum(lag is None or lag > 1800 for lag in receipts) / len(receipts)
            assert (late > 0.05) == (days <= 3)

    assert [days for days, row in seen.items() if row and row[3] > 1800] == [1, 2, 3]
    assert seen[1] and seen[4] and seen[7]
    assert (seen[4][3], seen[7][3]) == (1568, 13) and seen[7][4] > 1800
    assert seen[1][1] == 751 and all(row and row[2] in (8, 9) for row in seen.values())


def test_most_quarter_hours_of_the_evening_are_late_as_a_whole() -> None:
    with connect() as con:
        found = con.execute(cells.solution(cell("receipt-backlog"))).fetchall()
        joined_last = con.execute(
            "SELECT max(enqueued_at) FROM jobs WHERE kind = 'receipt'"
            " AND date_diff('second', enqueued_at, finished_at) > 60"
        ).fetchone()
    assert found[0][0].hour == 19 and all(late / all_ > 0.5 for _, all_, late, _, _ in found[:-1])
    worst = max(found, key=lambda row: row[4])
    assert worst[0] == datetime(2026, 3, 18, 20, 45)
    assert joined_last and timedelta(hours=1.75) < joined_last[0] - worst[0] < timedelta(hours=2.1)


def test_one_design_is_late_in_four_ways() -> None:
    calm = how_late(DRAFT, times_as_many=(1,))
    busy = how_late(DRAFT, times_as_many=(4,))

    assert list(calm.table["p99 (s)"]) == ["3.3", "16.2"]
    assert list(busy.table["p99 (s)"]) == ["74.6", "110.4"]
    assert list(calm.table["to be done"]) == [297, 297]
    assert list(busy.table["to be done"]) == [1201, 1201]
    assert round(1201 / 720, 2) == round(2 / 1.2, 2) == 1.67


def test_a_step_in_the_request_is_sooner_and_costs_waits_and_errors() -> None:
    first = {"in_request": ["charge", "receipt", "rating_prompt"]}

    def compared(troubles: Sequence[str]) -> dict[str, list[Any]]:
        table = queues.compare(first, DRAFT, troubles=troubles).table
        return {row[0]: list(row[1:]) for row in table.itertuples(index=False)}

    seen, calm = compared(queues.TROUBLES), compared(())
    assert seen["receipt, p99 (s)"] == ["2.1", "16.2"] and calm["receipt, p99 (s)"] == [
        "2.1",
        "3.3",
    ]
    assert seen["longest wait for the answer (ms)"] == [2330, 30]
    assert seen["riders with an error"] == [16, 0] and calm["riders with an error"] == [0, 0]
    assert seen["steps for a ride that was not completed"] == [10, 0]
    assert seen["steps done twice"] == [0, 6]


@pytest.mark.weekly  # in each run the cell of the notebook does it
def test_a_second_without_the_provider_shows_in_the_end_of_one_step(
    small: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_broker", small)
    table = queues.run(DRAFT, [], away="receipt").table.set_index("step")

    assert list(table["lost"]) == [0, 0, 0] and list(table["done twice"]) == [0, 0, 0]
    p99 = {step: float(table.loc[step, "p99 (s)"]) for step in table.index}
    assert p99["receipt"] > 3 * max(p99["charge"], p99["rating_prompt"]), "several times"


def evenings(text: str) -> Iterator[tuple[Any, dict[str, float]]]:
    """Each evening of the last task with what a design uses of each limit that has a number."""
    own = MODULE.exercises["ride-completed"].own
    design = queue.read_design(yaml.safe_load(text))
    for run in queue._runs(design, own):
        yield (
            run,
            {
                name: queue.LIMITS[name].measured(run) / most if most else
                float(queue.LIMITS[name].measured(run) > 0) * 2
                for name, most in own["limits"].items()
            },
        )  # fmt: skip


@pytest.mark.parametrize("name", ["", "steady-backoff", "stops-for-what-fails"])
def test_right_designs_keep_a_tenth_of_each_limit(name: str) -> None:
    others = {each.name: each.answer for each in MODULE.exercises["ride-completed"].alternatives}
    text = others[name] if name else cells.solution(cell("ride-completed"))

    for run, parts in evenings(text):
        assert max(parts.values()) < 0.9, (run.story, parts)
        if not name:
            assert run.counted["receipt"].delay(0.99) < 24, "23 s, as the sample page says"


def test_the_form_that_the_task_shows_earns_nothing() -> None:
    form = cell("ride-completed-task").partition("```yaml\n")[2].partition("```")[0]
    own = MODULE.exercises["ride-completed"].own

    assert queue.judged("ride-completed", own, yaml.safe_load(form)).share == 0
    broken = {name for _, parts in evenings(form) for name, part in parts.items() if part > 1.1}
    assert len(broken) >= 5, broken


def test_a_design_for_the_shown_evening_alone_fails_on_another() -> None:
    (mistake,) = [
        each
        for each in MODULE.exercises["ride-completed"].mistakes
        if each.name == "attempts-end-in-the-outage"
    ]
    most = [max(parts.values()) for _, parts in evenings(mistake.answer)]
    assert most[0] <= 1 < max(most[1:])


def test_the_arithmetic_of_the_targets() -> None:
    done = {2: 1180, 5: 1900, 10: 1972, 30: 1986, 120: 1990}
    task = cell("freshness-target-task")
    assert all(f"{count:,} " in task and f"{seconds} s" in task for seconds, count in done.items())

    def within(share: float, of: int = 2000) -> int:
        return min(seconds for seconds, count in done.items() if count >= share * of)

    assert (within(0.5), within(0.99), within(0.99, 1990)) == (2, 30, 10)
    assert done[10] / 2000 < 0.99 <= done[10] / 1990 and done[5] / 2000 >= 0.95
    assert done[120] / 2000 < 0.999
    assert 40000 * (2000 - done[10]) / 2000 == 560
    room = 0.01 * 40000 - 40000 * (2000 - done[30]) / 2000
    assert room == 120 and 4 < room / (40000 / 1440) < 4.5, "about four minutes"
