"""The clock of a timed exercise: what is recorded, and that a check never suffers from it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ridealong import catalogue, timer
from ridealong.notebook import check as notebook
from ridealong.timing import Clock, NotTimed, passed, record
from ridealong.timing.record import times_file
from ridealong.verdict import Verdict

START = datetime(2026, 3, 30, 9, tzinfo=UTC)


class Now:
    """A clock on the wall that tests turn."""

    def __init__(self) -> None:
        self.time = START

    def now(self, zone: object) -> datetime:
        return self.time

    def fromisoformat(self, text: str) -> datetime:
        return datetime.fromisoformat(text)

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Now:
    from ridealong.timing import widget

    wall = Now()
    monkeypatch.setattr(record, "datetime", wall)
    monkeypatch.setattr(widget, "datetime", wall)
    return wall


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a module with a timed exercise, and settings of its own."""
    exercises = {
        "third-ride": {"minutes": 5, "timed": True},
        "first-ride": {"minutes": 1, "timed": True},
        "every-rider": {"minutes": 3},
    }
    module = catalogue.Module("14_mock_interviews", 7919, 1.0, exercises)
    monkeypatch.setattr(catalogue, "modules", lambda: (module,))
    monkeypatch.setattr(record, "settings_folder", lambda: tmp_path / "settings")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    forget()
    return work


def forget() -> None:
    """What a new kernel knows: nothing that is not in a file."""
    record._times_file.cache_clear()
    record._settings_file.cache_clear()


def clock(exercise_id: str = "third-ride") -> Clock:
    made = timer(exercise_id)
    assert isinstance(made, Clock)
    return made


def do(widget: Clock, what: str) -> None:
    widget._receive(None, {"do": what})


def stored(folder: Path) -> dict[str, Any]:
    content = json.loads((folder / record.FILE_NAME).read_text(encoding="utf-8"))
    found: dict[str, Any] = content["times"]
    return found


def test_its_text_is_short_and_stable() -> None:
    assert repr(clock()) == "timed question: third-ride, 5 minutes"
    assert repr(clock("first-ride")) == "timed question: first-ride, 1 minute"
    bundle = clock()._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/plain"] == "timed question: third-ride, 5 minutes"


def test_showing_a_clock_writes_nothing(folder: Path) -> None:
    do(clock(), "look")

    assert list(folder.iterdir()) == []


def test_a_passed_check_stops_the_clock_and_records_the_time(folder: Path, wall: Now) -> None:
    widget = clock()
    do(widget, "start")
    assert widget.state["running"]
    wall.forward(minutes=4, seconds=12.3)

    passed("third-ride")

    assert stored(folder)["third-ride"]["taken"] == [
        {"date": "2026-03-30", "seconds": 252, "target_seconds": 300}
    ]
    assert not widget.state["running"]
    assert widget.state["status"] == "Passed in 4:12, the target is 5:00."
    assert widget.state["summary"] == "Best 4:12, last 4:12."


def test_earlier_times_are_kept_and_the_best_is_shown(folder: Path, wall: Now) -> None:
    for seconds in (252, 190, 340):
        do(clock(), "start")
        wall.forward(seconds=seconds)
        passed("third-ride")

    assert [each["seconds"] for each in stored(folder)["third-ride"]["taken"]] == [252, 190, 340]
    assert clock().state["summary"] == "Best 3:10, last 5:40."


def test_a_clock_runs_on_through_a_restart_of_the_kernel(folder: Path, wall: Now) -> None:
    do(clock(), "start")
    forget()
    wall.forward(seconds=90)

    again = clock()

    assert again.state["running"]
    assert again.state["elapsed_seconds"] == 90
    assert again.state["status"] == "The clock is still running."
    passed("third-ride")
    assert stored(folder)["third-ride"]["taken"][0]["seconds"] == 90


def test_a_page_opened_later_gets_the_time_that_has_passed(wall: Now) -> None:
    widget = clock()
    do(widget, "start")
    wall.forward(seconds=60)

    do(widget, "look")

    assert widget.state["elapsed_seconds"] == 60


def test_a_stopped_clock_records_nothing(folder: Path, wall: Now) -> None:
    widget = clock()
    do(widget, "start")
    wall.forward(seconds=61)
    do(widget, "stop")
    passed("third-ride")

    assert "taken" not in stored(folder)["third-ride"]
    assert widget.state["status"].startswith("Stopped at 1:01, not recorded")


@pytest.mark.parametrize("by", [{"hours": 3, "seconds": 1}, {"seconds": -5}])
def test_a_forgotten_clock_records_nothing(folder: Path, wall: Now, by: dict[str, float]) -> None:
    widget = clock()
    do(widget, "start")
    wall.forward(**by)
    passed("third-ride")

    assert "taken" not in stored(folder)["third-ride"]
    assert not widget.state["running"]
    assert "no time is recorded" in widget.state["status"]


def test_without_a_running_clock_a_check_leaves_no_trace(folder: Path) -> None:
    passed("third-ride")
    passed("every-rider")

    assert list(folder.iterdir()) == []


def test_a_run_of_nbgrader_leaves_the_clock_alone(
    folder: Path, wall: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(clock(), "start")
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    passed("third-ride")

    assert "taken" not in stored(folder)["third-ride"]
    assert clock().state["running"]


def test_hiding_holds_for_every_clock_and_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, other = clock(), clock("first-ride")
    do(widget, "hide")
    assert widget.state["hidden"]
    assert other.state["hidden"]

    forget()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    again = clock()
    assert again.state["hidden"]
    do(again, "show")
    assert not clock().state["hidden"]


@pytest.mark.parametrize(
    "damage",
    [
        "{not json",
        "[]",
        '{"times": 3}',
        '{"times": {"third-ride": 3}}',
        '{"times": {"third-ride": {"started_at": 3, "taken": 4}}}',
        '{"times": {"third-ride": {"started_at": "x", "taken": [{}, 5, {"date": 1}]}}}',
        '{"times": {"third-ride": {"started_at": "2026-03-30T09:00:00", "taken": "x"}}}',
        "\x00\x01",
    ],
)
def test_a_damaged_file_hurts_nothing(folder: Path, damage: str) -> None:
    (folder / record.FILE_NAME).write_text(damage, encoding="utf-8")

    passed("third-ride")
    widget = clock()
    do(widget, "start")
    passed("third-ride")

    assert len(stored(folder)["third-ride"]["taken"]) >= 1
    assert repr(timer()).startswith("third-ride: Best 0:00, last 0:00.")


def test_a_file_that_cannot_be_written_stops_no_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ridealong import records as files

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "_write", refuse)
    widget = clock()
    do(widget, "start")
    assert widget.state["running"]
    assert "Not saved: times.json" in widget.state["status"]

    passed("third-ride")

    assert not widget.state["running"]
    assert widget.state["problem"]


def test_whatever_breaks_in_the_clock_the_check_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise RuntimeError("no times today")

    from ridealong.timing import widget

    holds = Verdict("third-ride", True, "third-ride holds.")
    monkeypatch.setattr(widget, "times_file", broken)
    monkeypatch.setattr(notebook, "_verdict", lambda exercise_id: holds)

    card = notebook.check("third-ride")

    assert card.passed
    assert "third-ride holds." in capsys.readouterr().out


def test_a_check_that_holds_stops_the_clock_of_its_exercise_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = clock(), clock("first-ride")
    do(one, "start")
    do(two, "start")
    verdicts = {
        "third-ride": Verdict("third-ride", False, "not yet"),
        "first-ride": Verdict("first-ride", True, "first-ride holds."),
    }
    monkeypatch.setattr(notebook, "_verdict", verdicts.__getitem__)

    notebook.check("first-ride")
    assert not notebook.check("third-ride").passed

    assert one.state["running"]
    assert not two.state["running"]
    assert times_file().entries("times")["first-ride"]["taken"]


def test_an_exercise_without_clock_is_an_error_that_names_the_timed_ones() -> None:
    with pytest.raises(NotTimed, match='"every-rider" has no clock.* third-ride, first-ride'):
        timer("every-rider")


def test_an_unknown_exercise_names_the_nearest() -> None:
    with pytest.raises(catalogue.CatalogueError, match='did you mean "third-ride"'):
        timer("third_ride")


def test_the_times_of_the_module_are_a_table(wall: Now) -> None:
    assert repr(timer()).startswith("No times are recorded in this folder yet")
    for seconds in (340, 252):
        do(clock(), "start")
        wall.forward(seconds=seconds)
        passed("third-ride")

    table = timer()

    assert repr(table) == "third-ride: Best 4:12, last 4:12. Last on 2026-03-30."
    bundle = table._repr_mimebundle_()
    assert bundle is not None
    shown = dict(bundle)["text/html"]
    assert ">third-ride</th>" in shown
    for text in ("5:00", "2", "4:12", "2026-03-30"):
        assert f">{text}</td>" in shown


@pytest.mark.parametrize("message", [None, "x", {}, {"do": "format_disk"}, {"do": None}])
def test_odd_messages_change_nothing(folder: Path, message: Any) -> None:
    clock()._receive(None, message)

    assert list(folder.iterdir()) == []
