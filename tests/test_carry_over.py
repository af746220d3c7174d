"""A move of the course loses no answer, whenever it happens and whatever stands in the way."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.utils import compute_checksum

from ridealong import answers, carry_over, course, files, study
from ridealong.carry_over import KEPT
from ridealong.quizzes.record import AnswerFile
from ridealong.timing.record import TimesFile

STUBS = {
    "sql": "%%sql {name}\n-- Write your query here.",
    "ddl": "%%ddl {name}\n-- Write your statements here.",
    "yaml": "%%yaml {name}\n# Your answer:",
    "quiz": "%%quiz {name}\n# Run this cell after choosing above: your answer is written here.",
    "value": "{name} = ...",
    "function": "def {name}(attempt):\n    ...",
    "text": "*Write your answer here.*",
}
WRITTEN = {
    "sql": "%%sql {name}\nSELECT {number} AS rides",
    "ddl": "%%ddl {name}\nCREATE TABLE t{number} (a INTEGER)",
    "yaml": "%%yaml {name}\nretries: {number}",
    "quiz": '%%quiz {name}\n{{"choice": "c{number}", "confidence": "certain"}}',
    "value": "{name} = {number} * 60",
    "function": "def {name}(attempt):\n    return attempt + {number}",
    "text": "We add {number} servers.",
}
KIND = {
    "completed-by-city": "sql",
    "ride-tables": "ddl",
    "retry-policy": "yaml",
    "clause-order": "quiz",
    "monthly-downtime": "value",
    "retry-delay": "function",
    "capacity-sheet": "text",
}
ALL = tuple(KIND)
KIND["second-rides"] = "sql"  # in a module that keeps its name
OLD, NEW, LATER = "05_sql_one", "04_sql_one", "06_sql_two/01_joins.ipynb"


def stub(identity: str) -> str:
    return STUBS[KIND[identity]].format(name=identity.replace("-", "_"))


def written(identity: str, number: int = 7) -> str:
    return WRITTEN[KIND[identity]].format(name=identity.replace("-", "_"), number=number)


def cells_of(identity: str) -> list[Any]:
    """An answer cell, and its check where one is made, as nbgrader gives them out."""
    flags = {"schema_version": 3, "task": False, "points": 1}
    manual = KIND[identity] == "text"
    make = nbformat.v4.new_markdown_cell if manual else nbformat.v4.new_code_cell
    mark = {"grade_id": identity, "solution": True, "grade": manual, "locked": False}
    found = [make(stub(identity), id=identity, metadata={"nbgrader": flags | mark})]
    if not manual:
        check = f"{identity}-check"
        mark = {"grade_id": check, "solution": False, "grade": True, "locked": True}
        source = f'check("{identity}")'
        metadata = {"nbgrader": flags | mark}
        found.append(nbformat.v4.new_code_cell(source, id=check, metadata=metadata))
    for cell in found:
        cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
    return found


def notebook(title: str, asked: tuple[str, ...]) -> Any:
    cells = [nbformat.v4.new_markdown_cell(f"# {title}", id="title")]
    cells += [cell for identity in asked for cell in cells_of(identity)]
    return nbformat.v4.new_notebook(cells=cells)


def dump(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(content) + "\n", encoding="utf-8", newline="\n")


def ship(shipped: Path, notebooks: Mapping[str, tuple[str, ...]], title: str = "title") -> None:
    """Put a course into the folder, in place of what it gave out before."""
    shutil.rmtree(shipped, ignore_errors=True)
    for name, asked in notebooks.items():
        dump(shipped / name, notebook(title, asked))


def answer(path: Path, sources: Mapping[str, str], **added: str) -> None:
    """Write into a learner's notebook, and add cells of their own at its end."""
    content = nbformat.read(path, as_version=4)
    for cell in content.cells:
        cell.source = sources.get(cell.id, cell.source)
    for identity, source in added.items():
        content.cells.append(nbformat.v4.new_code_cell(source, id=identity.strip("_")))
    dump(path, content)


def found(work: Path, identity: str) -> list[tuple[str, object]]:
    """Every notebook of the course in which the answer is, and what is read there."""
    name = identity.replace("-", "_")
    places = []
    for path in sorted(work.glob("[0-9]*/[0-9]*.ipynb")):
        if KIND[identity] == "text":
            cells = nbformat.read(path, as_version=4).cells
            read = [c.source for c in cells if c.id == identity and c.source != stub(identity)]
        else:
            read = [each for key, each in answers.read(path).items() if key == name]
        places += [(path.relative_to(work).as_posix(), each) for each in read]
    return places


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    return tmp_path / "course" / "notebooks"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "course" / "work"


@pytest.fixture
def begun(shipped: Path, work: Path) -> Path:
    """A learner who has answered everything in the old order."""
    old = {f"{OLD}/01_rows.ipynb": ALL[:4], f"{OLD}/02_time.ipynb": ALL[4:]}
    old[LATER] = ("second-rides",)
    ship(shipped, old, "old")
    study.update_copy(shipped, work)
    for name, asked in old.items():
        answer(work / name, {identity: written(identity) for identity in asked})
    ship(
        shipped,
        {
            f"{NEW}/01_rows.ipynb": ALL[:2],
            f"{NEW}/02_filters.ipynb": ALL[2:5],
            f"{NEW}/03_time.ipynb": ALL[5:],
            "05_schema/01_tables.ipynb": (),
            LATER: ("second-rides",),
        },
    )
    return work


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != study.RECORD
    }


def kinds(changes: list[Any]) -> list[str]:
    return [change.kind for change in changes]


def test_moved_modules_of_the_course_are_there() -> None:
    modules = {path.name for path in (Path(__file__).parents[1] / "solutions").iterdir()}

    assert set(course.MOVED.values()) <= modules
    assert not course.MOVED.keys() & modules


def test_every_answer_follows_to_the_notebook_that_asks_for_it(shipped: Path, begun: Path) -> None:
    before = {identity: found(begun, identity) for identity in ALL}
    old = files_in(begun / OLD)

    changes = study.update_copy(shipped, begun)

    places = dict.fromkeys(ALL[:2], "01_rows") | dict.fromkeys(ALL[2:5], "02_filters")
    places |= dict.fromkeys(ALL[5:], "03_time")
    for identity in ALL:
        ((_, read),) = before[identity]
        assert found(begun, identity) == [(f"{NEW}/{places[identity]}.ipynb", read)]
    assert files_in(begun / KEPT / OLD) == old
    assert not (begun / OLD).exists()
    told = [str(change) for change in changes]
    assert (
        f"Your answers are in their new place, work/{NEW}/01_rows.ipynb: " + ", ".join(ALL[:2])
        in told
    )
    assert any(line.startswith(f"What you had in work/{OLD}") for line in told)


def test_in_a_move_notebooks_of_other_modules_are_renewed_with_their_answers(
    shipped: Path, begun: Path
) -> None:
    before = (begun / LATER).read_bytes()

    study.update_copy(shipped, begun)

    assert [place for place, _ in found(begun, "second-rides")] == [LATER]
    assert nbformat.read(begun / LATER, as_version=4).cells[0].source == "# title"
    assert (begun / KEPT / LATER).read_bytes() == before


def test_a_second_start_has_nothing_to_do(shipped: Path, begun: Path) -> None:
    study.update_copy(shipped, begun)
    before = files_in(begun)

    assert study.update_copy(shipped, begun) == []
    assert files_in(begun) == before


def test_a_folder_in_which_nothing_was_written_just_goes(shipped: Path, work: Path) -> None:
    ship(shipped, {f"{OLD}/01_rows.ipynb": ALL})
    study.update_copy(shipped, work)
    checkpoint = work / OLD / ".ipynb_checkpoints" / "01_rows-checkpoint.ipynb"
    checkpoint.parent.mkdir()
    shutil.copy(work / OLD / "01_rows.ipynb", checkpoint)
    ship(shipped, {f"{NEW}/01_rows.ipynb": ALL})

    assert sorted(kinds(study.update_copy(shipped, work))) == ["added", "withdrawn"]
    assert [path.name for path in work.iterdir() if path.is_dir()] == [NEW]


def test_the_copied_notebook_is_the_courses_apart_from_the_answers(
    shipped: Path, begun: Path
) -> None:
    study.update_copy(shipped, begun)

    for path in sorted(shipped.rglob("*.ipynb")):
        mine = (begun / path.relative_to(shipped)).read_bytes()
        assert carry_over.only_answers_differ(mine, path.read_bytes())
    assert not carry_over.only_answers_differ(
        (begun / KEPT / OLD / "01_rows.ipynb").read_bytes(),
        (shipped / NEW / "01_rows.ipynb").read_bytes(),
    )


def test_later_versions_arrive_as_for_everybody(shipped: Path, begun: Path) -> None:
    study.update_copy(shipped, begun)
    text = (shipped / NEW / "01_rows.ipynb").read_text(encoding="utf-8")
    (shipped / NEW / "01_rows.ipynb").write_text(text.replace("# title", "# new"), encoding="utf-8")

    (change,) = study.update_copy(shipped, begun)

    assert (change.kind, change.path) == ("beside", f"{NEW}/01_rows.ipynb")
    assert [place for place, _ in found(begun, ALL[0])] == [f"{NEW}/01_rows.ipynb"]


def test_answers_to_quizzes_and_times_go_along(shipped: Path, begun: Path) -> None:
    quiz = {"choice": "from", "confidence": "certain", "in_cell": False, "saved_at": "2026-01-01"}
    guess = {"choice": "90", "saved_at": "2026-01-02"}
    took = {"date": "2026-01-03", "seconds": 200, "target_seconds": 300}
    AnswerFile(begun / OLD).add({"quizzes": {"clause-order": quiz}, "predictions": {"cost": guess}})
    TimesFile(begun / OLD).add({"times": {"completed-by-city": {"taken": [took]}}})
    predicts = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell('predict("cost")', id="cost-prediction")]
    )
    dump(shipped / "05_schema" / "01_tables.ipynb", predicts)

    study.update_copy(shipped, begun)

    assert AnswerFile(begun / NEW).entries("quizzes") == {"clause-order": quiz}
    assert AnswerFile(begun / "05_schema").entries("predictions") == {"cost": guess}
    assert TimesFile(begun / NEW).entries("times")["completed-by-city"] == {"taken": [took]}
    ((_, read),) = found(begun, "clause-order")
    assert isinstance(read, answers.reading.Answer)
    assert read.value == {"choice": "from", "confidence": "certain"}


def test_times_of_both_folders_are_joined_and_the_newer_choice_stays(
    shipped: Path, begun: Path
) -> None:
    took = [{"date": "d", "seconds": seconds, "target_seconds": 300} for seconds in (200, 150)]
    TimesFile(begun / OLD).add({"times": {"completed-by-city": {"taken": took[:1]}}})
    (begun / NEW).mkdir()
    TimesFile(begun / NEW).add({"times": {"completed-by-city": {"taken": took}}})
    AnswerFile(begun / OLD).add({"quizzes": {"clause-order": {"choice": "old"}}})
    AnswerFile(begun / NEW).add({"quizzes": {"clause-order": {"choice": "new"}}})

    study.update_copy(shipped, begun)

    assert TimesFile(begun / NEW).entries("times")["completed-by-city"]["taken"] == took
    assert AnswerFile(begun / NEW).entries("quizzes")["clause-order"] == {"choice": "new"}


def test_a_damaged_record_of_answers_is_kept_and_told(shipped: Path, begun: Path) -> None:
    (begun / OLD / "quiz_answers.json").write_bytes(b'{"quizzes": ')

    told = [str(change) for change in study.update_copy(shipped, begun)]

    kept = f"{KEPT}/{OLD}/quiz_answers.json"
    assert (begun / kept).read_bytes() == b'{"quizzes": '
    assert any(line.startswith(f"work/{kept} is damaged") for line in told)


def test_a_damaged_notebook_is_kept_and_told(shipped: Path, begun: Path) -> None:
    (begun / OLD / "02_time.ipynb").write_bytes(b'{"cells": [')

    told = [str(change) for change in study.update_copy(shipped, begun)]

    kept = f"{KEPT}/{OLD}/02_time.ipynb"
    assert (begun / kept).read_bytes() == b'{"cells": ['
    assert any(line.startswith(f"work/{kept} cannot be read as a notebook") for line in told)
    assert [len(found(begun, identity)) for identity in ALL] == [1, 1, 1, 1, 0, 0, 0]


def test_a_renamed_notebook_and_changed_check_cells_change_nothing(
    shipped: Path, begun: Path
) -> None:
    path = begun / OLD / "01_rows.ipynb"
    answer(path, {"completed-by-city-check": "check('completed-by-city')  # why?"})
    content = nbformat.read(path, as_version=4)
    content.cells = [cell for cell in content.cells if cell.id != "ride-tables-check"]
    dump(path, content)
    path.rename(path.with_name("my rows, done.ipynb"))

    study.update_copy(shipped, begun)

    assert [len(found(begun, identity)) for identity in ALL] == [1] * len(ALL)


def test_a_cell_that_lost_its_marks_is_known_by_its_first_line(shipped: Path, begun: Path) -> None:
    path = begun / OLD / "01_rows.ipynb"
    content = nbformat.read(path, as_version=4)
    for cell in content.cells:
        cell.metadata.clear()
        if cell.id == "completed-by-city":
            cell.id = "9f3c1d20"
    dump(path, content)

    study.update_copy(shipped, begun)

    assert [len(found(begun, identity)) for identity in ALL] == [1] * len(ALL)


def test_a_misspelt_name_is_carried_as_it_is(shipped: Path, begun: Path) -> None:
    answer(begun / OLD / "01_rows.ipynb", {"completed-by-city": "%%sql complete_by_city\nSELECT 3"})

    study.update_copy(shipped, begun)

    cells = nbformat.read(begun / NEW / "01_rows.ipynb", as_version=4).cells
    (source,) = [cell.source for cell in cells if cell.id == "completed-by-city"]
    assert source == "%%sql complete_by_city\nSELECT 3"


def test_cells_of_the_learners_own_are_kept_and_counted(shipped: Path, begun: Path) -> None:
    answer(begun / OLD / "01_rows.ipynb", {}, _3c8e1f20="1 + 1", _4c8e1f21="tables()")
    notes = begun / OLD / "notes.md"
    notes.write_text("mine", encoding="utf-8")

    told = [str(change) for change in study.update_copy(shipped, begun)]

    assert (begun / KEPT / OLD / "notes.md").read_text(encoding="utf-8") == "mine"
    assert any("2 cells that you added and your notes are only there" in line for line in told)


def test_an_answer_that_nothing_asks_for_is_kept_and_told(shipped: Path, begun: Path) -> None:
    ship(shipped, {f"{NEW}/01_rows.ipynb": ALL[1:]})

    told = [str(change) for change in study.update_copy(shipped, begun)]

    assert any("no longer asks for completed-by-city" in line for line in told)
    assert "completed_by_city" in answers.read(begun / KEPT / OLD / "01_rows.ipynb")


def test_files_that_may_only_be_read_are_no_hindrance(shipped: Path, begun: Path) -> None:
    (begun / NEW).mkdir()
    shutil.copy(shipped / NEW / "01_rows.ipynb", begun / NEW)
    for path in [*(begun / OLD).iterdir(), begun / NEW / "01_rows.ipynb"]:
        path.chmod(0o444)

    study.update_copy(shipped, begun)

    assert [len(found(begun, identity)) for identity in ALL] == [1] * len(ALL)
    for path in [*(begun / KEPT / OLD).iterdir(), begun / NEW / "01_rows.ipynb"]:
        path.chmod(0o644)


def test_both_orders_keep_what_is_written_in_the_new_one(shipped: Path, begun: Path) -> None:
    (begun / NEW).mkdir()
    path = begun / NEW / "01_rows.ipynb"
    shutil.copy(shipped / NEW / "01_rows.ipynb", path)
    answer(path, {"completed-by-city": written("completed-by-city", 8)}, _3c8e1f20="1 + 1")

    told = [str(change) for change in study.update_copy(shipped, begun)]

    read = answers.read(path)
    assert read["completed_by_city"].text == "SELECT 8 AS rides"
    assert read["ride_tables"].text == "CREATE TABLE t7 (a INTEGER)"
    assert nbformat.read(path, as_version=4).cells[-1].source == "1 + 1"
    assert (
        f"Two answers to completed-by-city: the other one is kept in "
        f"work/{KEPT}/{OLD}/01_rows.ipynb"
    ) in told
    kept = answers.read(begun / KEPT / OLD / "01_rows.ipynb")
    assert kept["completed_by_city"].text == "SELECT 7 AS rides"


def test_a_work_folder_in_the_new_order_is_left_alone(shipped: Path, begun: Path) -> None:
    shutil.rmtree(begun / OLD)
    study.update_copy(shipped, begun)
    answer(begun / NEW / "01_rows.ipynb", {"completed-by-city": written("completed-by-city")})
    before = files_in(begun)

    assert study.update_copy(shipped, begun) == []
    assert files_in(begun) == before


def test_a_second_old_folder_gets_a_name_of_its_own(shipped: Path, begun: Path) -> None:
    study.update_copy(shipped, begun)
    shutil.copytree(begun / KEPT / OLD, begun / OLD)

    study.update_copy(shipped, begun)

    assert files_in(begun / KEPT / OLD) == files_in(begun / KEPT / f"{OLD} 2")
    assert not (begun / OLD).exists()


SPLIT = {
    f"{NEW}/01_rows.ipynb": ALL[:1],
    f"{NEW}/02_filters.ipynb": ALL[4:],
    f"{NEW}/03_time.ipynb": ALL[1:4],
}


@pytest.fixture
def split(shipped: Path, work: Path) -> Path:
    """A learner of the new order; then two notebooks swap answers and give some to a third."""
    ship(shipped, {f"{NEW}/01_rows.ipynb": ALL[2:], f"{NEW}/02_filters.ipynb": ALL[:2]}, "old")
    study.update_copy(shipped, work)
    answer(work / NEW / "01_rows.ipynb", {identity: written(identity) for identity in ALL[2:]})
    answer(work / NEW / "02_filters.ipynb", {identity: written(identity) for identity in ALL[:2]})
    ship(shipped, SPLIT)
    return work


def test_a_notebook_that_is_split_later_gives_its_answers_away(shipped: Path, split: Path) -> None:
    old = files_in(split / NEW)

    changes = study.update_copy(shipped, split)

    for name, asked in SPLIT.items():
        for identity in asked:
            assert [place for place, _ in found(split, identity)] == [name]
    assert files_in(split / KEPT / NEW) == old
    assert "beside" not in kinds(changes)
    assert study.update_copy(shipped, split) == []


def test_a_notebook_that_answers_come_to_is_renewed(shipped: Path, work: Path) -> None:
    """It has no cell for them yet, and what is written in it has to stay too."""
    ship(shipped, {f"{NEW}/01_rows.ipynb": ALL[:4], f"{NEW}/02_time.ipynb": ALL[4:]})
    study.update_copy(shipped, work)
    answer(work / NEW / "01_rows.ipynb", {ALL[3]: written(ALL[3])})
    answer(work / NEW / "02_time.ipynb", {ALL[4]: written(ALL[4])})
    ship(shipped, {f"{NEW}/01_rows.ipynb": ALL[:3], f"{NEW}/02_time.ipynb": ALL[3:]})

    study.update_copy(shipped, work)

    assert [place for place, _ in found(work, ALL[3])] == [f"{NEW}/02_time.ipynb"]
    assert [place for place, _ in found(work, ALL[4])] == [f"{NEW}/02_time.ipynb"]
    assert set(files_in(work / KEPT)) == {f"{NEW}/01_rows.ipynb", f"{NEW}/02_time.ipynb"}


def test_a_notebook_that_is_gone_gives_its_answers_away(shipped: Path, work: Path) -> None:
    ship(shipped, {f"{NEW}/01_rows.ipynb": ALL})
    study.update_copy(shipped, work)
    answer(work / NEW / "01_rows.ipynb", {identity: written(identity) for identity in ALL})
    ship(shipped, {f"{NEW}/01_first.ipynb": ALL[:3], f"{NEW}/02_second.ipynb": ALL[3:]})

    study.update_copy(shipped, work)

    assert [len(found(work, identity)) for identity in ALL] == [1] * len(ALL)
    assert list(files_in(work / NEW)) == ["01_first.ipynb", "02_second.ipynb"]


def test_scratch_work_for_another_notebook_is_no_move(shipped: Path, work: Path) -> None:
    notebooks = {f"{NEW}/01_rows.ipynb": ALL[:4], f"{NEW}/02_time.ipynb": ALL[4:]}
    ship(shipped, notebooks)
    study.update_copy(shipped, work)
    answer(work / NEW / "02_time.ipynb", {}, _3c8e1f20=written("completed-by-city"))
    before = files_in(work)
    ship(shipped, notebooks, "a new title")

    changes = study.update_copy(shipped, work)

    assert kinds(changes) == ["refreshed", "beside"]
    assert files_in(work)[f"{NEW}/02_time.ipynb"] == before[f"{NEW}/02_time.ipynb"]
    assert found(work, "completed-by-city")[0][0] == f"{NEW}/02_time.ipynb"


def test_a_lost_record_does_not_hide_a_split(shipped: Path, split: Path) -> None:
    (split / study.RECORD).write_bytes(b"{")

    study.update_copy(shipped, split)

    assert [len(found(split, identity)) for identity in ALL] == [1] * len(ALL)


class PlugPulled(BaseException):
    """The machine stops."""


@pytest.mark.parametrize("learner", ["begun", "split"])
@pytest.mark.parametrize("after_writing", [False, True])
def test_stopped_at_any_write_it_goes_on_and_doubles_nothing(
    shipped: Path,
    learner: str,
    after_writing: bool,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    work: Path = request.getfixturevalue(learner)
    for folder in list(work.glob("0*")):
        AnswerFile(folder).add({"quizzes": {"clause-order": {"choice": folder.name}}})
    before = tmp_path / "before"
    shutil.copytree(work, before)
    study.update_copy(shipped, work)
    wanted = files_in(work)
    replace = os.replace
    for stop in range(50):
        shutil.rmtree(work)
        shutil.copytree(before, work)
        left = stop

        def pull_the_plug(source: Path, target: Path) -> None:
            nonlocal left
            if not left and not after_writing:
                raise PlugPulled
            replace(source, target)
            if not left:
                raise PlugPulled
            left -= 1

        with monkeypatch.context() as patch:
            patch.setattr(files.os, "replace", pull_the_plug)
            try:
                study.update_copy(shipped, work)
            except PlugPulled:
                pass
            else:
                assert stop > 3
                return
        study.update_copy(shipped, work)
        assert files_in(work) == wanted
        assert study.update_copy(shipped, work) == []
    pytest.fail("there are more writes than that")


def arrangements(folder: str, most: int) -> st.SearchStrategy[dict[str, tuple[str, ...]]]:
    """All answers, spread over some notebooks of a folder, some of which ask for nothing."""

    def spread(places: list[int]) -> dict[str, tuple[str, ...]]:
        asked = zip(ALL, places, strict=True)
        pairs = list(asked)
        return {
            f"{folder}/{number + 1:02}_part.ipynb": tuple(i for i, at in pairs if at == number)
            for number in range(most)
        }

    return st.lists(st.integers(0, most - 1), min_size=len(ALL), max_size=len(ALL)).map(spread)


@settings(max_examples=25, deadline=None)
@given(
    old=st.one_of(arrangements(OLD, 3), arrangements(NEW, 3)),
    new=arrangements(NEW, 4),
    texts=st.dictionaries(st.sampled_from(ALL), st.integers(0, 99)),
    lost=st.booleans(),
)
def test_no_answer_is_lost_in_any_move(
    old: dict[str, tuple[str, ...]],
    new: dict[str, tuple[str, ...]],
    texts: dict[str, int],
    lost: bool,
) -> None:
    with TemporaryDirectory() as folder:
        shipped, work = Path(folder, "notebooks"), Path(folder, "work")
        ship(shipped, old, "old")
        study.update_copy(shipped, work)
        for name, asked in old.items():
            mine = {i: written(i, texts[i]) for i in asked if i in texts}
            if mine:
                answer(work / name, mine)
        before = {identity: found(work, identity) for identity in ALL}
        ship(shipped, new)
        if lost:
            (work / study.RECORD).write_bytes(b"")
        study.update_copy(shipped, work)
        place = {identity: name for name, asked in new.items() for identity in asked}
        for identity in ALL:
            if identity in texts:
                ((_, read),) = before[identity]
                assert found(work, identity) == [(place[identity], read)]
            else:
                assert found(work, identity) == []
        assert study.update_copy(shipped, work) == []


@pytest.fixture
def _no_data(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(study, "build_databases", lambda: None)
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    return


@pytest.mark.usefixtures("_no_data")
def test_after_a_move_the_first_notebook_is_opened(
    shipped: Path, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (begun / study.WORKSPACES).mkdir()
    (shipped.parent / "solutions").mkdir()
    (shipped.parent / "nbgrader_config.py").touch()
    monkeypatch.chdir(shipped.parent)
    started: list[list[str]] = []
    start: Callable[[Path, list[str]], None] = lambda root, arguments: started.append(arguments)  # noqa: E731
    monkeypatch.setattr(study, "start_jupyterlab", start)

    study.study(say=lambda line: None)
    study.study(say=lambda line: None)

    wanted = f"--LabApp.default_url=/lab/tree/{NEW}/01_rows.ipynb"
    assert [wanted in arguments for arguments in started] == [True, False]
    json.loads((begun / study.RECORD).read_bytes())
