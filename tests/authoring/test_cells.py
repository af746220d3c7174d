"""What stands in a learner's cell where the solution was."""

import pytest

from ridealong.authoring import cells


@pytest.mark.parametrize(
    ("source", "stub"),
    [
        ("%%sql rides\n-- BEGIN SOLUTION\nSELECT 1\n-- END SOLUTION", "-- Write your query here."),
        ("%%ddl t\n-- BEGIN SOLUTION\nx\n-- END SOLUTION", "-- Write your statements here."),
        ("%%yaml c\n# BEGIN SOLUTION\na: 1\n# END SOLUTION", "# Your answer:"),
        ("# BEGIN SOLUTION\nminutes = 30 * 24\n# END SOLUTION", "minutes = ..."),
        ("# BEGIN SOLUTION\na = 1\nb: int = 2\n# END SOLUTION", "a = ...\nb = ..."),
        ("def f(x):\n    # BEGIN SOLUTION\n    return x\n    # END SOLUTION", "..."),
        ("# BEGIN SOLUTION\nprint(1)\n# END SOLUTION", "..."),
    ],
)
def test_stub_fits_the_kind_of_cell(source: str, stub: str) -> None:
    assert cells.stub(source) == stub


def test_stub_of_a_quiz_is_the_one_the_quiz_cell_knows() -> None:
    from ridealong.quizzes.cell import STUB

    assert cells.stub("%%quiz clause_order\n# BEGIN SOLUTION\n{}\n# END SOLUTION") == STUB


def test_stub_of_a_query_is_the_one_the_checks_know() -> None:
    from ridealong.engine import sqltext

    assert sqltext.STUB in cells.stub("%%sql rides\n-- BEGIN SOLUTION\n-- END SOLUTION")


def test_solution_is_the_text_between_the_markers_without_indent() -> None:
    source = "def f(x):\n    # BEGIN SOLUTION\n    y = x\n    return y\n    # END SOLUTION\n"

    assert cells.solution(source) == "y = x\nreturn y"


YAML_CELL = """%%yaml ride_contract
openapi: 3.1.0
paths:
  # BEGIN SOLUTION
  /rides: {}
  # END SOLUTION
"""


def test_an_answer_is_what_was_given_and_what_was_written() -> None:
    assert cells.answer(YAML_CELL) == "openapi: 3.1.0\npaths:\n  /rides: {}"
    assert cells.starter(YAML_CELL) == "openapi: 3.1.0\npaths:"
    assert cells.solution(YAML_CELL) == "/rides: {}"


def test_a_solution_may_stand_in_several_places() -> None:
    source = YAML_CELL + "components:\n  # BEGIN SOLUTION\n  schemas: {}\n  # END SOLUTION\n"

    assert cells.answer(source).endswith("  /rides: {}\ncomponents:\n  schemas: {}")
    assert cells.starter(source) == "openapi: 3.1.0\npaths:\ncomponents:"
    assert cells.solution(source) == "/rides: {}\nschemas: {}"


def test_the_answer_of_a_function_is_its_body() -> None:
    source = "def f(x):\n    # BEGIN SOLUTION\n    return x\n    # END SOLUTION\n"

    assert cells.answer(source) == cells.solution(source) == "return x"
