"""nbgrader's settings need nothing of the machine that they run on."""

import os
from pathlib import Path

import pytest
from nbgrader import preprocessors
from traitlets.config import Config

from ridealong.authoring import nbgrader


@pytest.fixture
def config(sample: Path) -> Config:
    config = Config()
    nbgrader.configure(config, sample)
    return config


def test_only_the_clearing_of_solutions_is_replaced(config: Config) -> None:
    stock = nbgrader.GenerateAssignment.class_traits()["preprocessors"].default_args[0]
    ours = config.GenerateAssignment.preprocessors

    replaced = [(old, new) for old, new in zip(stock, ours, strict=True) if old is not new]
    assert replaced == [(preprocessors.ClearSolutions, nbgrader.ClearSolutions)]


def test_answers_of_quizzes_come_with_the_submission(config: Config) -> None:
    assert config.Autograde.exclude_overwriting == {
        "04_sql_one": ["quiz_answers.json", "times.json"]
    }
    assert not any("quiz" in pattern for pattern in config.CourseDirectory.ignore)


def test_sources_that_are_no_notebooks_stay_here(config: Config) -> None:
    assert {"*.toml", "README.md"} <= set(config.CourseDirectory.ignore)


def test_nbgrader_finds_alembic(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    monkeypatch.setenv("PATH", "")
    nbgrader.configure(Config(), sample)

    assert shutil.which("alembic", path=os.environ["PATH"])


@pytest.mark.skipif(os.name == "nt", reason="nbgrader has no exchange on Windows")
def test_an_exchange_folder_is_made_unless_the_site_has_one(
    sample: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(nbgrader, "SITE_EXCHANGE", tmp_path / "none")
    monkeypatch.setattr(nbgrader, "jupyter_config_path", lambda: [str(tmp_path)])
    own = Config()
    nbgrader.configure(own, sample)
    assert Path(own.Exchange.root) == sample / "exchange"
    assert os.access(sample / "exchange", os.W_OK)

    (tmp_path / "nbgrader_config.py").touch()
    site = Config()
    nbgrader.configure(site, sample)
    assert "root" not in site.Exchange
