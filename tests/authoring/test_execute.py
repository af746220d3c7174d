"""Notebooks run in a copy; what they show is the same at every run, or it is refused."""

import json
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from ridealong.authoring import execute, format
from ridealong.authoring.problems import BuildError

from .conftest import graded

SEED = 7919


def written(sample: Path, *cells: NotebookNode) -> Path:
    path = sample / "solutions" / "04_sql_one" / "01_first_look.ipynb"
    text = format.text(format.canonical(new_notebook(cells=list(cells))))
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def run(path: Path) -> NotebookNode:
    return execute.execute(path, SEED, lambda *_: None)


def test_a_run_stores_outputs_and_leaves_nothing_behind(sample: Path, databases: None) -> None:
    path = written(
        sample,
        new_code_cell(
            "from pathlib import Path\n"
            "Path('quiz_answers.json').write_text('{}')\n"
            "print('one')\nprint('two')",
            id="writes",
        ),
        new_code_cell("{name for name in ['b']}", id="shows"),
        new_code_cell("1 / 0", id="fails", metadata={"tags": ["raises-exception"]}),
        new_code_cell(
            "import os, json\n"
            "json.dumps([Path(os.environ['RIDEALONG_DATA']).is_dir(),"
            " (Path.cwd().parents[1] / 'nbgrader_config.py').is_file()])",
            id="looks-around",
        ),
    )
    before = sorted(sample.rglob("*"))

    shows, result, error, around = [cell.outputs[0] for cell in run(path).cells]

    assert shows.text == "one\ntwo\n"
    assert result.data == {"text/plain": "{'b'}"}
    assert result.execution_count == 2
    assert error.traceback == ["ZeroDivisionError: division by zero"]
    assert json.loads(around.data["text/plain"].strip("'")) == [True, True]
    assert sorted(sample.rglob("*")) == before


def test_a_cell_that_fails_is_named(sample: Path, databases: None) -> None:
    path = written(
        sample, new_code_cell("fine = 1", id="fine"), new_code_cell("int('x')", id="fails")
    )

    with pytest.raises(BuildError, match="01_first_look.ipynb, cell 'fails': ValueError: invalid"):
        run(path)


def test_a_reference_that_earns_a_part_of_its_points_is_refused(
    sample: Path, databases: None
) -> None:
    words = "display({'text/plain': 'Partly right.', 'text/html': ''}, raw=True)\n1.5"
    checks = {f"{name}-check": points for name, points in {"whole": 1.5, "part": 2}.items()}
    path = written(
        sample,
        *(
            new_code_cell(words, id=name, metadata=graded(name, points=points))
            for name, points in checks.items()
        ),
    )

    with pytest.raises(BuildError) as raised:
        run(path)

    assert [problem.partition("cell ")[2] for problem in raised.value.problems] == [
        "'part-check': it gives 1.5 of 2 points: Partly right."
    ]


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("see /home/ann/x.csv", "a path: '/home/ann'"),
        (r"see C:\Users\ann", "a path"),
        ("<object at 0x7f3a5c2b10>", "a memory address: '0x7f3a5c2b10'"),
        ("Wall time: 3 s", "a timing"),
        ("id 3f2a91bc-6b0e-4d0f-9a55-3c1f6d1f2a10", "a random id"),
    ],
)
def test_outputs_that_change_are_refused(shown: str, said: str) -> None:
    outputs = [new_output("execute_result", {"text/html": shown})]
    notebook = new_notebook(cells=[new_code_cell("x", id="shows", outputs=outputs)])

    assert [(cell, said in problem) for cell, problem in execute.unstable(notebook)] == [
        ("shows", True)
    ]


@pytest.mark.parametrize(
    "shown",
    [
        "GET /rides/42 from https://example.org/home/page",
        "</tbody></table>",
        '<img alt="Rides" src="data:image/png;base64,/home/abcd0x12345678">',
        "the ride took 12.5 s",
    ],
)
def test_outputs_that_stay_are_taken(shown: str) -> None:
    outputs = [new_output("execute_result", {"text/html": shown})]
    notebook = new_notebook(cells=[new_code_cell("x", id="shows", outputs=outputs)])

    assert list(execute.unstable(notebook)) == []


def test_warnings_are_refused() -> None:
    outputs = [new_output("stream", name="stderr", text="UserWarning: beware")]
    notebook = new_notebook(cells=[new_code_cell("x", id="warns", outputs=outputs)])

    ((cell, problem),) = execute.unstable(notebook)
    assert cell == "warns"
    assert "beware" in problem
