"""`06_moving_a_topic`: what its text says of a move is what the lab measures, and its task has room
for right plans and none for wrong ones."""

import re
from configparser import RawConfigParser
from typing import Any

import pytest
import yaml

from ridealong.authoring import cells, sources
from ridealong.authoring.format import read
from ridealong.judging import move as judge
from ridealong.judging.move import LIMITS, TRAFFICS
from ridealong.labs.move import compare_moves
from ridealong.systems.queues.move import Moved, moved, read_plan, sample, traffic

from ..conftest import COURSE

FOLDER = COURSE / "solutions" / "09_queues"
NOTEBOOK = "06_moving_a_topic.ipynb"
MODULE = sources.load(FOLDER)
TASK = MODULE.exercises["move-plan"]
PLAN: dict[str, Any] = {
    "copy_per_second": 60,
    "first": "producers",
    "start_at": "translated",
    "cut_over": "dual_run",
    "cut_over_when_behind": 50,
}


def source(identifier: str) -> str:
    (cell,) = [cell for cell in read(FOLDER / NOTEBOOK).cells if cell.id == identifier]
    return str(cell.source)


def reference(identifier: str) -> str:
    return cells.solution(source(identifier))


def outcome(**changes: Any) -> Moved:
    return moved(read_plan({**PLAN, **changes}), traffic())


def test_the_plan_of_the_text_is_the_one_measured_here() -> None:
    said = source("a-copy-at-full-speed")
    assert all(
        f'"{name}": ' in said and repr(value).strip("'") in said for name, value in PLAN.items()
    )


def test_a_copy_at_full_speed_costs_what_the_text_works_out() -> None:
    fast, throttled = outcome(copy_per_second=400), outcome()

    assert round(fast.largest_lag_seconds, 1) == 26.7 and round(fast.pause_seconds, 1) == 25.3
    assert fast.ended_at is not None and throttled.ended_at is not None
    assert fast.ended_at < throttled.ended_at < 150, "before the peak"
    assert throttled.pause_seconds < 0.3
    assert fast.pause_seconds == pytest.approx(
        (1 - 60 * 100 / 520 / 20) * fast.cut_over_at, rel=0.1
    )
    assert throttled.cut_over_at == pytest.approx(4000 / (60 - 20), rel=0.1)
    assert outcome(copy_per_second=20).ended_at is None
    assert 60 * 100 / (120 + 51) > 35 > 60 * 100 / (120 + 52)


def test_where_consumers_begin_costs_what_the_text_says() -> None:
    small = moved(read_plan({**PLAN, "start_at": "latest"}), sample())
    assert small.counts == (8, 0, 0) and small.largest_lag_seconds < 0.2
    better = [
        moved(read_plan({**PLAN, "start_at": each}), sample()).largest_lag_seconds
        for each in ("translated", "earliest")
    ]
    assert min(better) > small.largest_lag_seconds, "the lag looks better than with any other"
    again = outcome(start_at="earliest")
    assert again.repeated == 6152 and round(again.largest_lag_seconds, 1) == 104.6
    assert outcome().counts == (0, 0, 0)


def test_a_cut_over_costs_what_the_text_says() -> None:
    pause, switch, both = (
        outcome(cut_over=each, cut_over_when_behind=200) for each in ("pause", "switch", "dual_run")
    )
    assert pause.counts == (0, 0, 0) and round(pause.pause_seconds, 1) == 3.4
    assert switch.counts == (0, 197, 4) and switch.pause_seconds < 0.3
    assert both.counts == (0, 0, 0) and both.written_twice == 103
    assert round(both.pause_seconds, 1) == 0.2
    near = [outcome(cut_over=each, cut_over_when_behind=5) for each in ("pause", "dual_run")]
    assert [round(each.pause_seconds, 1) for each in near] == [0.2, 0.2]
    anew = outcome(cut_over="dual_run", cut_over_when_behind=200, start_at="earliest")
    assert anew.overtaken == 5


def test_the_pause_gets_too_long_at_the_number_that_the_text_names() -> None:
    waits = [
        outcome(cut_over="pause", cut_over_when_behind=each).pause_seconds for each in (110, 130)
    ]
    assert waits[0] < 2 < waits[1]


def test_the_other_traffics_are_those_that_the_rules_name() -> None:
    rules = source("move-plan-rules")
    early, slow = [make() for make in TRAFFICS.values()][1:]
    for given, words in (
        (early, "3,000 messages lie there, and 36 a second come from 40 to 100 s"),
        (
            slow,
            "4,500 messages lie there, the link carries 90, and 32 a second come from 200 to 260",
        ),
    ):
        assert words in rules
        number = r"([\d,]+) messages .*?(\d+) a second come from (\d+) to (\d+)"
        found = re.search(number, words)
        assert found
        messages, rate, begins, ends = (int(each.replace(",", "")) for each in found.groups())
        assert len(given.history) == messages
        peak = sum(begins <= each.happened_at < ends for each in given.live)
        assert peak == pytest.approx(rate * (ends - begins), rel=0.03)
        assert given.client_per_second == 60 and given.handover_seconds == 2
    assert (early.link_per_second, slow.link_per_second) == (100, 90)


def used(plan: Any) -> list[dict[str, float]]:
    """Return of each limit in seconds the part that a plan uses, traffic by traffic."""
    limits = {name: most for name, most in TASK.own["limits"].items() if most}
    return [
        {name: LIMITS[name].measured(run) / most for name, most in limits.items()}
        for run in judge._moves(read_plan(plan))
    ]


@pytest.mark.parametrize("name", ["", *(each.name for each in TASK.alternatives)])
def test_right_plans_have_room_to_spare(name: str) -> None:
    others = {each.name: each.answer for each in TASK.alternatives}
    plan = yaml.safe_load(others.get(name) or reference("move-plan"))

    assert judge.judged("move-plan", TASK.own, plan).passed
    assert all(max(parts.values()) < 0.98 for parts in used(plan)), used(plan)


def test_the_form_that_the_task_shows_breaks_each_kind_of_limit() -> None:
    form = yaml.safe_load(source("move-plan-task").partition("```yaml\n")[2].partition("```")[0])
    broken = judge.marks(form, TASK.own)["broken"]
    assert set(broken) >= {"repeated", "overtaken", "wait_seconds", "lag_seconds"}


@pytest.mark.parametrize("copy", [43, 47, 51])
def test_the_throttles_that_discussion_and_hint_name_keep_the_limits(copy: int) -> None:
    plan = yaml.safe_load(reference("move-plan")) | {"copy_per_second": copy}
    assert judge.judged("move-plan", TASK.own, plan).passed
    for wrong in (42, 52):
        seen = judge.marks(plan | {"copy_per_second": wrong}, TASK.own)
        assert seen["broken"] and not seen["shown"], "it fits the shown traffic alone"


def test_what_a_learner_sees_of_another_traffic_tells_right_from_wrong() -> None:
    plan = yaml.safe_load(reference("move-plan"))
    for copy, more in (
        (60, {"messages": 3000, "peak_per_second": 36, "peak_begins_seconds": 40}),
        (
            41,
            {
                "messages": 4500,
                "peak_per_second": 32,
                "peak_begins_seconds": 200,
                "link_per_second": 90,
            },
        ),
    ):
        view = compare_moves(plan, plan | {"copy_per_second": copy}, **more)
        rows = view.table.set_index("measured")
        ends, waits = rows.loc["the move ends (s)"], rows.loc["longest wait of a producer (s)"]
        assert float(ends["first"]) < 295 and float(waits["first"]) < 2
        assert ends["second"] == "never" or float(waits["second"]) > 2


@pytest.mark.parametrize("copy", [40, 150])
def test_the_shown_traffic_alone_takes_more_throttles(copy: int) -> None:
    plan = yaml.safe_load(reference("move-plan")) | {"copy_per_second": copy}
    assert max(used(plan)[0].values()) <= 1 < max(max(each.values()) for each in used(plan))


def test_the_drivers_locations_take_as_long_as_the_box_says() -> None:
    said = source("decision")
    assert "10,000 - 3,000 - 3,000 = 4,000" in said and 3000 * 100 * 60 == 18_000_000
    assert "18,000,000 / 1,000 = 18,000 s, five hours" in said and 18_000 / 3600 == 5


def test_measured_times_alone_are_left_out_of_what_is_compared() -> None:
    rules = RawConfigParser()
    rules.read(COURSE / "tests" / "nbval_sanitize.cfg", encoding="utf-8")
    moves = rules["moved"]
    real = (
        "All are on the new broker after 2.8 s; 8 events lost, 1,000 read again, 0 rides with "
        "the older event last; the consumers were 0.2 s behind at most."
    )
    said = re.sub(moves["regex"], moves["replace"], real)
    assert "after some s; 8 events lost, 1,000 read again, 0 rides" in said
    assert said.endswith("last; the consumers were some s behind at most.")
    virtual = f"First: {real} Second: {real}"
    assert re.sub(moves["regex"], moves["replace"], virtual) == virtual
    table = rules["moved-table"]
    row = "<tr><td>the move ends (s)</td><td style=''>2.8</td></tr>"
    assert ">some</td></tr>" in re.sub(table["regex"], table["replace"], row)
    two = row.replace("</tr>", "<td style=''>3.1</td></tr>")
    assert re.sub(table["regex"], table["replace"], two) == two
