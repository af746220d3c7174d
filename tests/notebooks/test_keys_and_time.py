"""`02_keys_and_time`: its tasks have room for right answers and none for wrong ideas, and what its
text says of the evening is what the replay measures."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ridealong import connect
from ridealong.authoring import cells, sources
from ridealong.authoring.format import read
from ridealong.dataset import ensure_database
from ridealong.dataset.storage import truth_path
from ridealong.judging.cache import LIMITS, situation
from ridealong.judging.evenings import EVENINGS
from ridealong.labs.cache import measured, replay_log
from ridealong.service.caching import Policy, read_policy
from ridealong.systems.cache.replay import Measured, replayed
from ridealong.systems.cache.traffic import evening

from ..conftest import COURSE

FOLDER = COURSE / "solutions" / "08_caching"
NOTEBOOK = "02_keys_and_time.ipynb"
MODULE = sources.load(FOLDER)
TASKS = ("city-availability", "supply-card")
FIRST = {"key": "{city}", "ttl_seconds": 5, "never_shared": ["offer"]}
SEEDS = (42, 7919)


def reference(identifier: str) -> str:
    notebook = read(FOLDER / NOTEBOOK)
    (cell,) = [cell for cell in notebook.cells if cell.id == identifier]
    return cells.solution(cell.source)


def used(run: Measured, limits: dict[str, float]) -> dict[str, float]:
    """Return of each limit the part that an evening uses; above 1 it is broken."""
    return {name: LIMITS[name].measured(run) / most for name, most in limits.items()}


def evenings(task: str, text: str) -> Iterator[tuple[Measured, dict[str, float]]]:
    own = MODULE.exercises[task].own
    for name, seed in EVENINGS:
        policy: Policy = read_policy(yaml.safe_load(text))
        run = replayed(policy, evening(name, seed=seed), None, situation(own))
        yield run, used(run, own["limits"])


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (task, name)
        for task in TASKS
        for name in ("", *(each.name for each in MODULE.exercises[task].alternatives))
    ],
)
def test_right_answers_keep_a_tenth_of_each_limit_on_every_evening(task: str, name: str) -> None:
    others = {each.name: each.answer for each in MODULE.exercises[task].alternatives}

    for run, parts in evenings(task, others.get(name) or reference(task)):
        assert max(parts.values()) < 0.9, (run.evening, parts)
        assert not any(each.mixed or each.leaked for each in run.looks)


@pytest.mark.parametrize("task", TASKS)
def test_the_form_that_a_task_shows_keeps_none_of_its_limits(task: str) -> None:
    (cell,) = [cell for cell in read(FOLDER / NOTEBOOK).cells if cell.id == f"{task}-task"]
    form = cell.source.partition("```yaml\n")[2].partition("```")[0]

    broken = [
        {name for name, part in parts.items() if part > 1.1} for _, parts in evenings(task, form)
    ]
    assert set().union(*broken) == set(MODULE.exercises[task].own["limits"])


@pytest.mark.parametrize("ttl", [19, 25, 30])
def test_the_times_that_the_last_hint_names_keep_the_limits(ttl: float) -> None:
    text = f'key: "{{city}}:{{zone}}"\nttl_seconds: {ttl}\nnever_shared: [offer]\n'

    assert all(max(parts.values()) <= 1 for _, parts in evenings("supply-card", text))


@pytest.mark.weekly
@pytest.mark.parametrize(
    ("task", "name"),
    [(task, each.name) for task in TASKS for each in MODULE.exercises[task].mistakes],
)
def test_wrong_ideas_break_a_limit_clearly(task: str, name: str) -> None:
    (mistake,) = [each for each in MODULE.exercises[task].mistakes if each.name == name]
    broken = [
        max(parts.values()) > 1.1 or any(each.mixed or each.leaked for each in run.looks)
        for run, parts in evenings(task, mistake.answer)
    ]

    if name == "this-evening-alone":
        assert broken[0] is False and any(broken[1:])
    else:
        assert all(broken)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_old_number_is_found_with_its_lag_and_its_largest_error(seed: int) -> None:
    ensure_database(1, seed)
    truth = json.loads(truth_path(1, seed).read_text("utf-8"))["S14"]["truth"]
    with connect(seed=seed) as con:
        rows = con.execute(reference("stale-availability")).fetchall()
    found = {lag: (snapshots, right, largest) for lag, snapshots, right, largest in rows}

    snapshots, right, largest = found[truth["lag_minutes"]]
    assert right == snapshots and largest == 0
    assert found[0][2] == truth["largest_error"] > 0
    assert all(each[1] < each[0] for lag, each in found.items() if lag != truth["lag_minutes"])


def rows_of_the_log(task: str) -> list[tuple[Any, ...]]:
    """Return what the reference gives on the log that the notebook has made."""
    with connect() as con:
        replay_log(FIRST)
        return con.execute(reference(task)).fetchall()


def test_one_city_breaks_the_promise_that_all_together_keep() -> None:
    rows = rows_of_the_log("stale-looks")
    looks, late = sum(row[1] for row in rows), sum(row[2] for row in rows)

    assert 100 - round(100 * late / looks) == 96
    assert [(row[0], row[3]) for row in rows if row[3] > 5] == [("Harborview", 5.1)]
    run = measured(FIRST)
    (number,) = [city for city, name in evening().cities.items() if name == "Harborview"]
    assert not any(each.is_ghost for each in run.looks if each.city == number)


def test_the_city_with_the_concert_is_hot_from_its_first_minute() -> None:
    rows = rows_of_the_log("hot-cities")
    minutes = {row[0]: row[3] for row in rows}
    looks = {row[0]: row[1] for row in rows}

    assert rows[0][0] == "Brookfall" and rows[0][2] > 50 and rows[0][3] == 0
    assert 0.8 < rows[0][4] / looks["Pinewater"] < 1
    assert [city for city, minute in minutes.items() if minute == 0] == ["Brookfall", "Lakemont"]


@pytest.mark.parametrize("task", ["stale-looks", "hot-cities"])
def test_the_log_that_is_asked_is_the_notebook_s(task: str) -> None:
    assert MODULE.exercises[task].own["replay_log"] == FIRST


def thousandth(run: Measured, attribute: str) -> int:
    return round(run.share(lambda each: bool(getattr(each, attribute))) * 1000)


def test_what_the_text_says_of_the_evening_is_measured() -> None:
    none, first = measured(None), measured(FIRST)
    one_key = measured({**FIRST, "key": "free-cars"})
    by_rider = measured({**FIRST, "key": "{city}:{rider}"})
    kept: dict[str, Any] = {name: FIRST[name] for name in ("key", "ttl_seconds")}
    offer = measured(kept)

    assert round(none.reads_per_second) == 18 and round(first.reads_per_second) == 1
    assert (thousandth(none, "is_ghost"), thousandth(first, "is_ghost")) == (1, 12)
    assert round(first.hit_ratio * 100) == 94
    late = [each.stale_seconds for each in first.looks if each.stale_seconds > 5]
    assert len(first.looks) == 13091 and len(late) == 4 and 5.5 < max(late) < 5.6
    assert round(one_key.hit_ratio * 100) == 98 and 0.6 < one_key.share(lambda e: e.mixed) < 2 / 3
    assert one_key.reads_per_second == pytest.approx(first.reads_per_second / 3, rel=0.05)
    assert by_rider.hit_ratio < 0.5 and by_rider.memory_bytes > 100 * first.memory_bytes
    assert offer.counts() == first.counts() | {"leaked": offer.counts()["leaked"]}
    assert offer.share(lambda each: each.leaked) > 0.5
    second = measured({**FIRST, "ttl_seconds": 1})
    assert 3.5 < second.reads_per_second < 4 and max(e.stale_seconds for e in second.looks) > 1


def test_a_key_is_read_about_once_in_its_time_and_sometimes_by_two() -> None:
    runs = {ttl: measured({**FIRST, "ttl_seconds": ttl}) for ttl in (1, 2, 2.2, 2.5, 5, 10)}

    for short, long in ((1, 2), (5, 10)):
        assert 0.5 < runs[long].reads_per_second / runs[short].reads_per_second < 0.6, "nearly half"
    assert runs[5].reads_per_second > 1, "more than five keys, each once in five seconds"
    assert runs[2.5].reads_per_second < 2 < runs[2.2].reads_per_second, "about 2.5 s"


def test_a_zone_key_wins_where_each_zone_makes_a_read_longer() -> None:
    by_zone = {**FIRST, "key": "{city}:{zone}"}
    for seconds, wins in ((0.0, (False, False)), (0.02, (True, False)), (0.2, (True, True))):
        city, zone = (measured(each, zone_seconds=seconds) for each in (FIRST, by_zone))
        waits, reads = (
            zone.waited_ms(0.95) < city.waited_ms(0.95),
            len(zone.reads) < len(city.reads),
        )
        assert (waits, reads) == wins


def test_hits_say_nothing_about_ghosts() -> None:
    run = measured(FIRST)
    looks = Counter(each.city for each in run.looks)
    hits = Counter(each.city for each in run.looks if each.hit)
    ghosts = Counter(each.city for each in run.looks if each.is_ghost)
    names = {name: city for city, name in evening().cities.items()}
    harborview, pinewater = names["Harborview"], names["Pinewater"]

    assert round(100 * hits[names["Brookfall"]] / looks[names["Brookfall"]]) == 97
    assert [city for city, _ in looks.most_common()][1] == harborview and not ghosts[harborview]
    assert round(100 * hits[pinewater] / looks[pinewater]) == 86
    assert max(looks, key=lambda city: ghosts[city] / looks[city]) == pinewater


def test_the_next_ten_seconds_cost_more_than_they_save() -> None:
    one, five, fifteen = (measured({**FIRST, "ttl_seconds": ttl}) for ttl in (1, 5, 15))

    assert five.peak[0] == pytest.approx(one.peak[0] / 3, rel=0.1)
    assert five.peak[0] - fifteen.peak[0] < 1
    assert thousandth(fifteen, "is_ghost") >= 2 * thousandth(five, "is_ghost")
