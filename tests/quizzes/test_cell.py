from pathlib import Path
from typing import Any

import pytest

from ridealong.quizzes.bank import find_quiz
from ridealong.quizzes.cell import STUB, read_literal, record_cell, rewritten
from ridealong.quizzes.record import answer_file
from ridealong.quizzes.widget import Quiz


def answered(choice: str = "b", confidence: str = "certain") -> None:
    widget = Quiz(find_quiz("clause-order"))
    widget._receive(None, {"do": "choose", "value": choice})
    widget._receive(None, {"do": "sure", "value": confidence})


def run(shell: Any, body: str) -> object:
    shell.running = f"%%quiz clause_order\n{body}"
    return record_cell("clause_order", body)


def test_running_the_cell_writes_the_answer_into_it(folder: Path, shell: Any) -> None:
    answered()

    answer = run(shell, STUB)

    assert answer == {"choice": "b", "confidence": "certain"}
    assert shell.user_ns["clause_order"] == answer
    assert shell.requests == [
        ('%%quiz clause_order\n{"choice": "b", "confidence": "certain"}', True)
    ]


def test_a_second_run_asks_for_nothing(folder: Path, shell: Any) -> None:
    answered()
    run(shell, STUB)
    text = shell.requests.pop()[0].split("\n", 1)[1]

    run(shell, text)

    assert shell.requests == []


def test_no_click_ever_asks_to_change_a_cell(folder: Path, shell: Any) -> None:
    widget = Quiz(find_quiz("clause-order"))

    for do, value in [
        ("choose", "a"), ("sure", "certain"), ("check", None), ("choose", "b"), ("check", None),
        ("clear", None), ("choose", "b"),
    ]:  # fmt: skip
        widget._receive(None, {"do": do, "value": value})

    assert answer_file(folder).entries("quizzes")["clause-order"]["choice"] == "b"
    assert shell.requests == []


@pytest.mark.parametrize(
    "running",
    ["other = 1", "%%quiz null_tests\n" + STUB, "%%quiz clause_order\nsomething else", ""],
)
def test_no_other_cell_can_be_changed(folder: Path, shell: Any, running: str) -> None:
    answered()
    shell.running = running

    record_cell("clause_order", STUB)

    assert shell.requests == []


def test_a_notebook_alone_is_enough(folder: Path, shell: Any) -> None:
    body = '{"choice": "b", "confidence": "certain"}'

    assert run(shell, body) == {"choice": "b", "confidence": "certain"}
    assert shell.requests == []


def test_a_newer_click_replaces_the_literal(folder: Path, shell: Any) -> None:
    answered("b")
    run(shell, STUB)
    answered("a", "guessing")

    run(shell, '{"choice": "b", "confidence": "certain"}')

    assert '"choice": "a"' in shell.requests[-1][0]


def test_text_that_is_no_answer_is_named(
    folder: Path, shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shell, "import os") is None
    assert "not an answer" in capsys.readouterr().out


@pytest.mark.parametrize("body", ["__import__('os')", "(" * 5000, "1 +", "f'{1}'"])
def test_only_a_literal_is_read(body: str) -> None:
    with pytest.raises(ValueError, match="not an answer"):
        read_literal(body)


def test_comments_and_markers_stay() -> None:
    body = "# BEGIN SOLUTION\n{'choice': 'a'}\n# END SOLUTION"

    assert rewritten(body, {"choice": "b"}) == '# BEGIN SOLUTION\n{"choice": "b"}\n# END SOLUTION'
    assert rewritten("# my note\n" + STUB, {"choice": "b"}) == '# my note\n{"choice": "b"}'
