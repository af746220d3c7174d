"""A course of one module with two exercises and a quiz, small enough to build in a test."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ridealong.authoring import format

MODULE = "04_sql_one"

EXERCISES = '''
[[exercise]]
id = "rides-by-city"
title = "Rides per city"
kind = "sql"
syllabus = ["D39", "D42"]
level = 2
depth = "core"
minutes = 4
points = 2
order = ["rides DESC", "city"]
hints = ["What is one row?", "Look at status.", "SELECT ... GROUP BY ___"]
mistakes = [
    { name = "cancelled-counted", message = "Cancelled rides are counted too.", answer = """
SELECT c.name AS city, count(*) AS rides FROM rides r JOIN cities c USING (city_id)
GROUP BY ALL ORDER BY 2 DESC, 1""" },
    { name = "sorted-by-city", message = "The order is by city.", answer = """
SELECT c.name AS city, count(*) AS rides FROM rides r JOIN cities c USING (city_id)
WHERE status = 'completed' GROUP BY ALL ORDER BY 1 DESC""" },
    { name = "misspelt", message = "The column is called status.", answer = """
SELECT c.name AS city, count(*) AS rides FROM rides r JOIN cities c USING (city_id)
WHERE state = 'completed' GROUP BY ALL ORDER BY 1 DESC""" },
]
alternatives = [
    { name = "count-filter", answer = """
SELECT c.name AS city, count(*) FILTER (status = 'completed') AS rides
FROM rides r JOIN cities c USING (city_id)
GROUP BY ALL HAVING rides > 0 ORDER BY rides DESC, city""" },
    { name = "count-first", answer = """
WITH counted AS (SELECT city_id, count(*) AS n FROM rides WHERE status = 'completed' GROUP BY 1)
SELECT name AS city, n AS rides FROM counted JOIN cities USING (city_id)
ORDER BY n DESC, city""" },
]

[[exercise]]
id = "rider-rides"
title = "Rides of one rider"
kind = "sql"
syllabus = ["D38"]
level = 1
depth = "core"
minutes = 2
points = 1
parameters = [{ rider_id = 123 }, { rider_id = 77 }]
hints = ["Whose rides?", "Bind the rider.", "WHERE user_id = $___"]
mistakes = [
    { name = "everybody", answer = "SELECT count(*) AS rides FROM rides", message = "All riders." },
    { name = "literal", message = "Bind the rider.", answer = """
SELECT count(*) AS rides FROM rides WHERE user_id = 123""" },
    { name = "driver", message = "That is the driver.", answer = """
SELECT count(*) AS rides FROM rides WHERE driver_id = $rider_id""" },
]
alternatives = [
    { name = "filter", answer = "SELECT count(*) FILTER (user_id = $rider_id) AS rides FROM rides" },
    { name = "sub", answer = "SELECT (SELECT count(*) FROM rides WHERE user_id = $rider_id) AS rides" },
]
'''

QUIZZES = """
[[quiz]]
id = "clause-order"
kind = "one"
title = "Which clause runs first"
syllabus = ["D42"]
level = 1
depth = "core"
minutes = 2
points = 1
question = "Which clause runs first?"
hints = ["Where do rows come from?", "Not the first word.", "F..."]

[[quiz.options]]
id = "select"
text = "SELECT"
right = false
feedback = "It is written first and runs late."

[[quiz.options]]
id = "from"
text = "FROM"
right = true
feedback = "Rows have to come from somewhere."
"""

BY_CITY = """%%sql rides_by_city
-- BEGIN SOLUTION
SELECT c.name AS city, count(*) AS rides
FROM rides AS r
JOIN cities AS c USING (city_id)
WHERE r.status = 'completed'
GROUP BY c.name
ORDER BY rides DESC, city
-- END SOLUTION"""

OF_RIDER = """%%sql rider_rides
-- BEGIN SOLUTION
SELECT count(*) AS rides FROM rides WHERE user_id = $rider_id
-- END SOLUTION"""

QUIZ = """%%quiz clause_order
# BEGIN SOLUTION
{"choice": "from", "confidence": "certain"}
# END SOLUTION"""


def graded(grade_id: str, *, points: float = 0) -> dict[str, Any]:
    """nbgrader's metadata of an answer cell, or with points of a check cell."""
    flags: dict[str, Any] = {
        "grade": bool(points),
        "grade_id": grade_id,
        "locked": bool(points),
        "schema_version": 3,
        "solution": not points,
        "task": False,
    }
    return {"nbgrader": flags | ({"points": points} if points else {})}


def asked(identifier: str, source: str, points: int) -> list[NotebookNode]:
    """An answer cell and its check cell."""
    check = f"{identifier}-check"
    return [
        new_code_cell(source, id=identifier, metadata=graded(identifier)),
        new_code_cell(f'check("{identifier}")', id=check, metadata=graded(check, points=points)),
    ]


def sample_notebook() -> NotebookNode:
    return new_notebook(
        cells=[
            new_markdown_cell("# First look\n\n30 minutes, 4 points", id="title"),
            new_code_cell("1 + 1", id="setup", metadata={"tags": ["demo:D39"]}),
            new_markdown_cell("### Exercise 1 - Rides per city (2 points)", id="exercise-one"),
            *asked("rides-by-city", BY_CITY, 2),
            *asked("rider-rides", OF_RIDER, 1),
            new_code_cell('"""quiz("clause-order")"""', id="clause-order-quiz"),
            *asked("clause-order", QUIZ, 1),
        ]
    )


@pytest.fixture
def notebook() -> NotebookNode:
    """The notebook of the sample module, as an author has just written it."""
    return sample_notebook()


@pytest.fixture(scope="session")
def make_sample(course_folder: Path) -> Callable[[Path], Path]:
    """A function that makes a small course in an empty folder."""

    def make(root: Path) -> Path:
        folder = root / "solutions" / MODULE
        folder.mkdir(parents=True)
        shutil.copy(course_folder / "nbgrader_config.py", root)
        path = folder / "01_first_look.ipynb"
        text = format.text(format.canonical(sample_notebook()))
        path.write_text(text, encoding="utf-8", newline="\n")
        (folder / "exercises.toml").write_text(EXERCISES, encoding="utf-8")
        (folder / "quizzes.toml").write_text(QUIZZES, encoding="utf-8")
        return root

    return make


@pytest.fixture
def sample(
    make_sample: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder of a small course, which is the working folder of the test."""
    root = make_sample(tmp_path / "course")
    monkeypatch.chdir(root)
    return root


RUBRIC = '''
[[rubric]]
id = "capacity-sheet"
title = "Capacity sheet"
syllabus = ["D42"]
level = 3
depth = "core"
minutes = 10
points = 6
hints = ["Who reads it?", "Name the unit.", "At the peak we serve ___ requests per second."]

[[rubric.criteria]]
name = "Load"
levels = ["no number", "a number", "a number with its unit", "a number, its unit, its `source`"]

[[rubric.criteria]]
name = "Decision"
levels = ["none", "a choice", "a choice and a reason", "a choice, a reason, a trigger"]

[[rubric.samples]]
name = "A thin sheet"
text = """
We need **more** servers.

- soon
- <b>many</b>
"""
scores = [0, 1]
why = "It names a choice and no number."

[[rubric.samples]]
name = "A full sheet"
text = "At the peak 40 requests per second; we add one server at 60."
scores = [2, 3]
why = "The number has no source."
'''

REFERENCE_SHEET = "At the peak 40 requests per second, from the rides of March."


def rubric_cells() -> list[NotebookNode]:
    """A rubric task as it stands in a notebook."""
    flags = graded("capacity-sheet", points=6)
    flags["nbgrader"] |= {"solution": True, "locked": False}
    sheet = f"<!-- BEGIN SOLUTION -->\n{REFERENCE_SHEET}\n<!-- END SOLUTION -->"
    return [
        new_markdown_cell("### Exercise 3 - Capacity sheet (6 points)", id="exercise-sheet"),
        new_code_cell('rubric("capacity-sheet")', id="capacity-sheet-rubric"),
        new_markdown_cell(sheet, id="capacity-sheet", metadata=flags),
        new_code_cell('rubric("capacity-sheet", samples=True)', id="capacity-sheet-samples"),
    ]


@pytest.fixture
def with_rubric(sample: Path, notebook: NotebookNode) -> Path:
    """The small course, with a rubric task in its notebook."""
    folder = sample / "solutions" / MODULE
    (folder / "exercises.toml").write_text(EXERCISES + RUBRIC, encoding="utf-8")
    notebook.cells += rubric_cells()
    text = format.text(format.canonical(notebook))
    (folder / "01_first_look.ipynb").write_text(text, encoding="utf-8", newline="\n")
    return sample
