"""`ridealong build`: what it does, what it says, its exit code."""

import shutil
from pathlib import Path

import pytest

from ridealong.authoring import catalogue, command, format, main, release
from ridealong.authoring.steps import MEMORY


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_a_build_writes_once(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sample / "solutions" / "04_sql_one" / "01_first_look.ipynb"
    path.write_text(path.read_text(encoding="utf-8") + "\n\n", encoding="utf-8")

    assert main(["format"]) == 0
    assert "wrote solutions/04_sql_one/01_first_look.ipynb" in said(capsys)
    assert main(["format"]) == 0
    assert "wrote" not in said(capsys)


def test_a_check_names_the_stale_file_and_the_mend(
    sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["format", "--check"]) == 0
    path = sample / "solutions" / "04_sql_one" / "01_first_look.ipynb"
    spoilt = path.read_text(encoding="utf-8") + "\n\n"
    path.write_text(spoilt, encoding="utf-8")

    assert main(["format", "--check"]) == 1

    assert (
        "stale: solutions/04_sql_one/01_first_look.ipynb (mend: ridealong build format 04_sql_one)"
    ) in said(capsys)
    assert path.read_text(encoding="utf-8") == spoilt


def test_problems_are_said_and_fail(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sample / "solutions" / "04_sql_one" / "exercises.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("points = 2", "points = 3"), encoding="utf-8")

    assert main(["format"]) == 1
    assert "cell 'rides-by-city-check': worth 2 points here and 3 in the TOML" in said(capsys)


@pytest.mark.parametrize("stage", ["format", "catalogue", "execute", "release"])
def test_a_notebook_that_cannot_be_read_is_named(
    sample: Path, capsys: pytest.CaptureFixture[str], stage: str
) -> None:
    path = sample / "solutions" / "04_sql_one" / "01_first_look.ipynb"
    path.write_text("{", encoding="utf-8")

    assert main([stage]) == 1
    assert "problem: solutions/04_sql_one/01_first_look.ipynb: no JSON in UTF-8" in said(capsys)
    assert path.read_text(encoding="utf-8") == "{"


def test_a_build_stops_before_a_stage_whose_sources_are_wrong(
    sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sample / "solutions" / "04_sql_one" / "quizzes.toml").write_text("[", encoding="utf-8")

    assert main(["format", "release"]) == 1
    assert not (sample / "notebooks").exists()


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["as it is", "as on Windows"])
def test_a_fresh_clone_has_nothing_to_make(
    sample: Path,
    databases: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line_end: bytes,
) -> None:
    stages = ["format", "catalogue", "release"]
    assert main(stages) == 0, said(capsys)
    clone = tmp_path / "clone"
    shutil.copytree(sample, clone, ignore=shutil.ignore_patterns(MEMORY))
    for path in clone.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", line_end))
    monkeypatch.chdir(clone)
    for module, maker in ((format, "_formatted"), (catalogue, "_made"), (release, "_released")):
        monkeypatch.setattr(module, maker, lambda *_: pytest.fail("something is made"))

    assert main(stages) == 0, said(capsys)
    assert main([*stages, "--check"]) == 0, said(capsys)
    with pytest.raises(pytest.fail.Exception, match="something is made"):
        main([*stages, "--check", "--all"])


@pytest.mark.parametrize(
    ("word", "nearest"), [("relase", "release"), ("05_sql_on", "04_sql_one"), ("x", "")]
)
def test_an_unknown_word_is_refused_with_the_nearest(
    sample: Path, capsys: pytest.CaptureFixture[str], word: str, nearest: str
) -> None:
    assert main([word]) == 2

    text = said(capsys)
    assert f"'{word}' is neither a stage nor a module" in text
    assert nearest in text


def test_a_module_can_be_named_by_its_path(sample: Path) -> None:
    assert main(["format", "solutions/04_sql_one/"]) == 0


def test_outside_of_a_course_there_is_nothing_to_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main([]) == 2
    assert "not a clone of the course" in said(capsys)


def test_stages_come_in_the_order_in_which_one_needs_the_other() -> None:
    names = [stage.name for stage in command.STAGES]

    assert names == ["format", "catalogue", "execute", "release", "manifest", "mutants", "docs"]
