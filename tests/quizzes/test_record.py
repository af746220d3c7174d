import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ridealong.quizzes.record import FILE_NAME, AnswerFile, current_answer, recorded


def choose(file: AnswerFile, quiz_id: str, choice: object) -> str:
    return file.update("quizzes", quiz_id, lambda entry: entry.update(choice=choice)).problem


def test_an_answer_survives_in_the_file(folder: Path) -> None:
    choose(AnswerFile(folder), "clause-order", "b")

    assert recorded(folder)["quizzes"]["clause-order"]["choice"] == "b"
    assert json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))["version"] == 1


def test_many_writers_lose_nothing(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        problems = list(
            pool.map(lambda number: choose(AnswerFile(folder), f"quiz-{number}", "a"), range(40))
        )

    assert problems == [""] * 40
    assert len(recorded(folder)["quizzes"]) == 40


@pytest.mark.parametrize("damage", ["{not json", "[]", '{"quizzes": 3}', "\x00\x01"])
def test_a_damaged_file_is_kept_aside(folder: Path, damage: str) -> None:
    (folder / FILE_NAME).write_text(damage, encoding="utf-8")

    saved = AnswerFile(folder).update(
        "quizzes", "clause-order", lambda entry: entry.update(choice="b")
    )

    assert "kept as quiz_answers.damaged-1.json" in saved.notice
    assert (folder / "quiz_answers.damaged-1.json").read_text(encoding="utf-8") == damage
    assert recorded(folder)["quizzes"]["clause-order"]["choice"] == "b"


def test_what_cannot_be_saved_stays_and_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ridealong import records

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = AnswerFile(folder)
    with monkeypatch.context() as patched:
        patched.setattr(records, "_write", refuse)
        problem = choose(file, "clause-order", "b")

    assert "Not saved" in problem
    assert "permission denied" in problem
    assert file.entries("quizzes")["clause-order"]["choice"] == "b"

    assert choose(file, "null-tests", ["is"]) == ""
    assert recorded(folder)["quizzes"]["clause-order"]["choice"] == "b"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such mode of a folder")
def test_nothing_is_left_beside_the_file(folder: Path) -> None:
    choose(AnswerFile(folder), "clause-order", "b")

    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_the_newer_of_click_and_cell_counts(folder: Path) -> None:
    literal = {"choice": "a", "confidence": "certain"}
    file = AnswerFile(folder)

    assert current_answer("clause-order", literal, folder) == literal

    choose(file, "clause-order", "b")
    assert current_answer("clause-order", literal, folder) == {"choice": "b"}

    file.update("quizzes", "clause-order", lambda entry: entry.update(in_cell=True))
    assert current_answer("clause-order", literal, folder) == literal
