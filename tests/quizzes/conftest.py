"""The questions of `questions.toml` in place of the course's, and a folder to answer in."""

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ridealong.quizzes import bank, cell, record


@pytest.fixture
def raw() -> dict[str, Any]:
    text = (Path(__file__).parent / "questions.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@pytest.fixture
def folder(raw: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, with the questions above as the course's."""
    tables = {
        "quizzes": {each["id"]: each for each in raw["quiz"]},
        "predictions": {each["id"]: each for each in raw["prediction"]},
    }
    monkeypatch.setattr(bank, "_tables", tables.__getitem__)
    monkeypatch.chdir(tmp_path)
    record._answer_file.cache_clear()
    return tmp_path


class Shell(SimpleNamespace):
    """What the quiz uses of an IPython shell; it notes each request to replace a cell."""

    def __init__(self) -> None:
        super().__init__(user_ns={}, running="", requests=[])

    def get_parent(self) -> dict[str, Any]:
        return {"header": {"msg_type": "execute_request"}, "content": {"code": self.running}}

    def set_next_input(self, text: str, replace: bool = False) -> None:
        self.requests.append((text, replace))


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell()
    monkeypatch.setattr(cell, "get_ipython", lambda: made)
    return made
