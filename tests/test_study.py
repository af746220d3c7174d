"""The learner's copy: what is new arrives, what is theirs stays."""

import json
import os
from pathlib import Path

import pytest
from jupyterlab.labapp import LabApp

from ridealong import files, study

FIRST = "04_sql_one/01_rows_and_columns.ipynb"
SECOND = "04_sql_one/02_null_and_order.ipynb"


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "course" / "notebooks"
    write(folder, FIRST, "rows, version 1")
    write(folder, SECOND, "null, version 1")
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "course" / "work"


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def contents(folder: Path) -> dict[str, str]:
    """What the learner sees: every file that is not hidden."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def test_first_start_copies_everything(shipped: Path, work: Path) -> None:
    changes = study.update_copy(shipped, work)
    assert [(change.path, change.kind) for change in changes] == [
        (FIRST, "added"),
        (SECOND, "added"),
    ]
    assert contents(work) == contents(shipped)


def test_second_start_has_nothing_to_do(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    assert study.update_copy(shipped, work) == []


def test_new_notebook_is_added(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    write(shipped, "06_sql_two/01_windows.ipynb", "windows")
    assert [change.kind for change in study.update_copy(shipped, work)] == ["added"]
    assert contents(work)["06_sql_two/01_windows.ipynb"] == "windows"


def test_untouched_notebook_is_refreshed(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    write(shipped, FIRST, "rows, version 2")
    assert [(c.path, c.kind) for c in study.update_copy(shipped, work)] == [(FIRST, "refreshed")]
    assert contents(work)[FIRST] == "rows, version 2"


def test_touched_notebook_stays_when_the_course_did_not_change(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    write(work, FIRST, "my answers")
    assert study.update_copy(shipped, work) == []
    assert contents(work)[FIRST] == "my answers"


def test_new_version_is_put_beside_a_touched_notebook_once(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    write(work, FIRST, "my answers")
    write(shipped, FIRST, "rows, version 2")
    (change,) = study.update_copy(shipped, work)
    assert (change.kind, change.beside) == ("beside", "01_rows_and_columns.new.ipynb")
    assert change.path in str(change)
    assert change.beside in str(change)
    assert contents(work)[FIRST] == "my answers"
    assert contents(work)["04_sql_one/01_rows_and_columns.new.ipynb"] == "rows, version 2"
    assert study.update_copy(shipped, work) == []


def test_each_later_version_gets_a_name_of_its_own(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    write(work, FIRST, "my answers")
    for version in (2, 3):
        write(shipped, FIRST, f"rows, version {version}")
        study.update_copy(shipped, work)
    assert contents(work) == {
        FIRST: "my answers",
        "04_sql_one/01_rows_and_columns.new.ipynb": "rows, version 2",
        "04_sql_one/01_rows_and_columns.new-2.ipynb": "rows, version 3",
        SECOND: "null, version 1",
    }


def test_learner_may_take_the_version_beside(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    write(work, FIRST, "my answers")
    write(shipped, FIRST, "rows, version 2")
    study.update_copy(shipped, work)
    beside = work / "04_sql_one/01_rows_and_columns.new.ipynb"
    beside.replace(work / FIRST)
    write(shipped, FIRST, "rows, version 3")
    assert [change.kind for change in study.update_copy(shipped, work)] == ["refreshed"]


def test_deleted_notebook_comes_back_fresh(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    (work / FIRST).unlink()
    assert [(c.path, c.kind) for c in study.update_copy(shipped, work)] == [(FIRST, "restored")]
    assert contents(work) == contents(shipped)


def test_learners_own_files_are_never_touched(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    own = {
        "my notes.md": "mine",
        "04_sql_one/quiz_answers.json": "{}",
        SECOND[:-6] + ".new.ipynb": "?",
    }
    for name, text in own.items():
        write(work, name, text)
    write(work, SECOND, "my answers")
    write(shipped, FIRST, "rows, version 2")
    write(shipped, SECOND, "null, version 2")
    study.update_copy(shipped, work)
    after = contents(work)
    assert {name: after[name] for name in own} == own
    assert after["04_sql_one/02_null_and_order.new-2.ipynb"] == "null, version 2"


def test_learners_file_under_a_later_notebooks_name_stays(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    write(work, "06_sql_two/01_windows.ipynb", "mine")
    write(shipped, "06_sql_two/01_windows.ipynb", "windows")
    assert [change.kind for change in study.update_copy(shipped, work)] == ["beside"]
    assert contents(work)["06_sql_two/01_windows.ipynb"] == "mine"


def test_withdrawn_notebook_goes_only_when_untouched(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    write(work, SECOND, "my answers")
    for name in (FIRST, SECOND):
        (shipped / name).unlink()
    write(shipped, "04_sql_one/01_renamed.ipynb", "rows, version 2")
    kinds = {change.path: change.kind for change in study.update_copy(shipped, work)}
    assert kinds == {FIRST: "withdrawn", "04_sql_one/01_renamed.ipynb": "added"}
    assert contents(work) == {
        "04_sql_one/01_renamed.ipynb": "rows, version 2",
        SECOND: "my answers",
    }


@pytest.mark.parametrize(
    "record", [b"", b"{", b"[]", b'{"copied": 3}', b'{"copied": {"a": 1}}', b"\xff\xfe"]
)
def test_damaged_record_is_set_aside_and_all_counts_as_touched(
    shipped: Path, work: Path, record: bytes
) -> None:
    study.update_copy(shipped, work)
    write(work, FIRST, "my answers")
    write(shipped, FIRST, "rows, version 2")
    (work / study.RECORD).write_bytes(record)
    changes = study.update_copy(shipped, work)
    assert [change.kind for change in changes] == ["record", "beside"]
    assert (work / changes[0].path).read_bytes() == record
    assert contents(work)[FIRST] == "my answers"
    assert contents(work)[SECOND] == "null, version 1"
    assert study.update_copy(shipped, work) == []


def test_record_naming_files_outside_of_the_copy_is_damaged(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    outside = work.parent / "diary.md"
    outside.write_text("mine", encoding="utf-8")
    digest = study._digest(b"mine")
    record = json.dumps({"copied": {"../diary.md": digest}})
    (work / study.RECORD).write_text(record, encoding="utf-8")
    assert study.update_copy(shipped, work)[0].kind == "record"
    assert outside.read_text(encoding="utf-8") == "mine"


def test_interrupted_copy_leaves_no_half_file_and_goes_on(
    shipped: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.replace

    def pull_the_plug(source: Path, target: Path) -> None:
        if "02_null" in target.name:
            raise KeyboardInterrupt
        whole(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", pull_the_plug)
        with pytest.raises(KeyboardInterrupt):
            study.update_copy(shipped, work)
    assert contents(work) == {FIRST: "rows, version 1"}
    assert not list(work.rglob("*.tmp"))
    assert [change.kind for change in study.update_copy(shipped, work)] == ["added"]
    assert contents(work) == contents(shipped)


def test_file_in_the_way_of_a_folder_is_said(shipped: Path, work: Path) -> None:
    write(work, "04_sql_one", "a file of mine")
    with pytest.raises(study.StudyError, match="rename it"):
        study.update_copy(shipped, work)
    assert contents(work) == {"04_sql_one": "a file of mine"}


def test_empty_release_folder_changes_nothing(shipped: Path, work: Path) -> None:
    study.update_copy(shipped, work)
    before = contents(work)
    for name in (FIRST, SECOND):
        (shipped / name).unlink()
    with pytest.raises(study.StudyError, match="git checkout"):
        study.update_copy(shipped, work)
    assert contents(work) == before


def test_leftovers_of_work_in_the_release_folder_are_not_copied(shipped: Path, work: Path) -> None:
    write(shipped, "04_sql_one/quiz_answers.json", "{}")
    write(shipped, "04_sql_one/.ipynb_checkpoints/01-checkpoint.ipynb", "old")
    assert {change.path for change in study.update_copy(shipped, work)} == {FIRST, SECOND}


@pytest.fixture
def course_folder(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shipped.parent
    (folder / "solutions").mkdir()
    (folder / "nbgrader_config.py").touch()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    return folder


def test_copy_only_copies_and_stops(
    course_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(study, "build_databases", lambda: pytest.fail("built the data"))
    study.study(copy_only=True)
    assert "2 files copied to work/" in capsys.readouterr().out
    assert contents(course_folder / "work") == contents(course_folder / "notebooks")
    study.study(copy_only=True)
    assert capsys.readouterr().out == "work/ is up to date.\n"


def test_jupyterlab_opens_the_first_notebook_and_later_what_was_open(
    course_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(study, "build_databases", lambda: None)
    monkeypatch.setattr(
        study, "start_jupyterlab", lambda root, arguments: started.append(arguments)
    )
    study.study(port=9999, browser=False, extra=["--debug"], say=lambda line: None)
    (course_folder / "work" / study.WORKSPACES).mkdir()
    study.study(say=lambda line: None)
    first, later = started
    assert f"--LabApp.default_url=/lab/tree/{FIRST}" in first
    assert {"--ServerApp.ip=127.0.0.1", "--ServerApp.port=9999", "--no-browser"} <= set(first)
    assert first[-1] == "--debug"
    assert not any("default_url" in argument or "port" in argument for argument in later)
    assert "--no-browser" not in later


def test_arguments_are_ones_that_jupyterlab_knows(course_folder: Path) -> None:
    study.study(copy_only=True)
    work = course_folder / "work"
    app = LabApp()
    app.parse_command_line(
        study.jupyter_arguments(work, first=FIRST, port=9999, browser=False, extra=[])
    )
    assert app.default_url == f"/lab/tree/{FIRST}"
    assert Path(app.workspaces_dir) == work / study.WORKSPACES
    assert app.config.ServerApp.root_dir == str(work)
    assert app.config.ServerApp.port == 9999
    assert app.config.ServerApp.open_browser is False


def test_jupyterhub_gets_a_path_instead_of_a_second_server(
    course_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ines/")
    monkeypatch.setattr(study, "build_databases", lambda: None)
    monkeypatch.setattr(study, "start_jupyterlab", lambda *_: pytest.fail("started a server"))
    study.study()
    assert f"open work/{FIRST}" in capsys.readouterr().out


def test_settings_of_the_course_come_before_the_learners_own(
    course_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "their-settings")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setattr(LabApp, "launch_instance", lambda argv: None)
    study.start_jupyterlab(course_folder, [])
    ours, theirs = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert theirs == "their-settings"
    page = json.loads(Path(ours, "labconfig", "page_config.json").read_text(encoding="utf-8"))
    off = page["disabledExtensions"]
    assert off["@jupyterlab/apputils-extension:announcements"]
    assert off["@jupyter/nbgrader:create-assignment"]
    assert "@jupyter/nbgrader:validate-assignment" not in off


def test_outside_of_a_course_folder_the_next_step_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(study.course, "root", lambda start=None: None)
    with pytest.raises(study.StudyError, match="Change to the folder that you cloned"):
        study.study(copy_only=True)


def test_the_course_begins_where_it_is_explained(tmp_path: Path) -> None:
    for name in ("03_api/01_a.ipynb", "04_sql_one/02_c.ipynb", "04_sql_one/01_b.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert study.first_notebook(tmp_path) == "04_sql_one/01_b.ipynb"
    (tmp_path / "00_start").mkdir()
    (tmp_path / "00_start" / "01_start.ipynb").touch()
    assert study.first_notebook(tmp_path) == "00_start/01_start.ipynb"
