import json
import textwrap

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridealong.answer import Answer
from ridealong.answers import reading
from ridealong.answers.reading import read


def answer_cell(source, name):
    mark = {"grade_id": name, "solution": True, "grade": False, "locked": False}
    return textwrap.dedent(source).strip("\n"), {"id": name, "metadata": {"nbgrader": mark}}


def check_cell(name):
    mark = {"grade_id": f"{name}-check", "solution": False, "grade": True, "locked": True}
    return f'check("{name}")', {"id": f"{name}-check", "metadata": {"nbgrader": mark}}


def with_checks(*cells):
    """The answer cells, each with its check below it."""
    return [each for cell in cells for each in (cell, check_cell(cell[1]["id"]))]


def test_every_kind_of_answer_is_read(notebook):
    cells = with_checks(
        answer_cell(
            """
            %%sql by_city
            -- BEGIN SOLUTION
            SELECT 1 AS n
            -- END SOLUTION
            """,
            "by-city",
        ),
        answer_cell("%%ddl tables\nCREATE TABLE a (b INT);", "tables"),
        answer_cell("%%yaml policy\n# Your answer:\nretries: 3", "policy"),
        answer_cell(
            '%%quiz clause_order\n{"choice": "b", "confidence": "certain"}', "clause-order"
        ),
        answer_cell("downtime = 30 * 24\nkinds: list = ['a', ('b',)]", "downtime"),
        answer_cell("def delay(attempt):\n    return 2 ** attempt", "delay"),
        answer_cell("\nX = 1", "X"),
    )

    found = read(notebook("from ridealong import check\ncon = connect()", *cells))

    assert found == {
        "by_city": Answer("by_city", "sql", "SELECT 1 AS n"),
        "tables": Answer("tables", "ddl", "CREATE TABLE a (b INT);"),
        "policy": Answer("policy", "yaml", "# Your answer:\nretries: 3", {"retries": 3}),
        "clause_order": Answer(
            "clause_order",
            "quiz",
            '{"choice": "b", "confidence": "certain"}',
            {"choice": "b", "confidence": "certain"},
        ),
        "downtime": Answer("downtime", "value", "30 * 24", 720),
        "kinds": Answer("kinds", "value", "['a', ('b',)]", ["a", ("b",)]),
        "delay": Answer("delay", "function", "def delay(attempt):\n    return 2 ** attempt"),
        "X": Answer("X", "value", "1", 1),
    }
    assert found.problems == []


def test_untouched_stubs_are_no_answers(notebook):
    cells = with_checks(
        answer_cell("%%sql by_city\n-- Write your query here.", "by-city"),
        answer_cell("%%sql empty", "empty"),
        answer_cell("%%ddl tables\n-- Write your statements here.", "tables"),
        answer_cell("%%yaml policy\n# Your answer:", "policy"),
        answer_cell("%%quiz clause_order\n# Run this cell after choosing above.", "clause-order"),
        answer_cell("downtime = ...", "downtime"),
        answer_cell('def delay(attempt):\n    """Return seconds."""\n    ...', "delay"),
    )

    found = read(notebook(*cells))

    assert found == {}
    assert found.problems == []


def test_nothing_in_the_notebook_is_run(notebook, tmp_path):
    touched = tmp_path / "touched"
    path = notebook(
        answer_cell(f"open({str(touched)!r}, 'w')\nx = open({str(touched)!r}, 'w')", "x"),
        answer_cell(f"%%yaml y\n!!python/object/apply:os.mkdir [{touched}]", "y"),
        answer_cell(f"%%quiz z\n__import__('os').mkdir({str(touched)!r})", "z"),
        answer_cell(f"!touch {touched}\nw = 1", "w"),
    )

    found = read(path)

    assert not touched.exists()
    assert found["w"].value == 1
    assert "x" not in found
    assert any("`x` cannot be read: `open(" in each for each in found.problems)


def test_the_last_cell_above_the_check_counts(notebook):
    path = notebook(
        answer_cell("%%sql by_city\nSELECT 1", "by-city"),
        "%%sql by_city\nSELECT 2",
        check_cell("by-city"),
        "%%sql by_city\nSELECT 3",
    )

    found = read(path)

    assert found["by_city"].text == "SELECT 2"
    assert len(found.problems) == 1
    assert "all give `by_city`: cell 2 counts" in found.problems[0]


def test_an_answer_below_its_check_is_still_found(notebook):
    path = notebook(check_cell("by-city"), answer_cell("%%sql by_city\nSELECT 1", "by-city"))

    assert read(path)["by_city"].text == "SELECT 1"


def test_copied_and_retyped_and_stripped_cells_are_read_and_reported(notebook):
    source, retyped = answer_cell("%%sql retyped\nSELECT 1", "retyped")
    path = notebook(
        answer_cell("%%sql twice\nSELECT 1", "twice"),
        answer_cell("%%sql other\nSELECT 2", "twice"),
        (source, retyped | {"cell_type": "markdown"}),
        ("%%sql stripped\nSELECT 3", {"id": "stripped"}),
        check_cell("stripped"),
        check_cell("gone"),
    )

    found = read(path)

    assert {name: each.text for name, each in found.items()} == {
        "twice": "SELECT 1",
        "other": "SELECT 2",
        "retyped": "SELECT 1",
        "stripped": "SELECT 3",
    }
    assert [each for each in found.problems if "2 cells are called twice" in each]
    assert [each for each in found.problems if "cell 3 (retyped) is a markdown cell" in each]
    assert [each for each in found.problems if "stripped has lost its nbgrader metadata" in each]
    assert [each for each in found.problems if "the answer cell gone is missing" in each]


def test_a_demonstration_named_like_a_check_is_none(notebook):
    """In 05_schema `drivers-with-check` shows what a CHECK lets through."""
    demonstration = (
        "%%ddl drivers_with_check\nCREATE TABLE drivers (status TEXT check(status <> ''));"
    )
    path = notebook((demonstration, {"id": "drivers-with-check"}))

    found = read(path)

    assert found["drivers_with_check"].text.startswith("CREATE TABLE")
    assert found.problems == []


def test_a_check_without_its_metadata_still_is_one(notebook):
    path = notebook(
        answer_cell("%%sql by_city\nSELECT 1", "by-city"),
        ('check("by-city")', {"id": "by-city-check"}),
        "%%sql by_city\nSELECT 2",
    )

    found = read(path)

    assert found["by_city"].text == "SELECT 1"
    assert [each for each in found.problems if "check" in each] == []


def test_a_check_with_its_metadata_is_one_whatever_stands_in_it(notebook):
    _, mark = check_cell("by-city")
    path = notebook(answer_cell("%%sql by_city\nSELECT 1", "by-city"), ("# done", mark))

    assert read(path).problems == []


@pytest.mark.parametrize("other", ["recheck('by-city')", "con.check('by-city')", "# nothing"])
def test_a_deleted_check_is_told(notebook, other):
    path = notebook(
        answer_cell("%%sql by_city\nSELECT 1", "by-city"), (other, {"id": "by-city-check"})
    )

    found = read(path)

    assert found["by_city"].text == "SELECT 1"
    assert found.problems == [
        "the check cell by-city-check is missing, or has lost its id: cell 1 (by-city) has none"
    ]


def test_a_deleted_check_of_a_copied_cell_is_told_once(notebook):
    path = notebook(*[answer_cell("%%sql twice\nSELECT 1", "twice")] * 2)

    assert sum("check cell" in each for each in read(path).problems) == 1


def test_a_text_that_a_person_grades_needs_no_check(notebook):
    mark = {"grade_id": "sheet", "solution": True, "grade": True, "locked": False}
    path = notebook(("# My sheet", {"id": "sheet", "metadata": {"nbgrader": mark}}))

    assert read(path).problems == []


def test_a_misspelt_name_is_told_with_the_wanted_one(notebook):
    path = notebook(*with_checks(answer_cell("%%sql badge_driver\nSELECT 1", "badge-drivers")))

    found = read(path)

    assert set(found) == {"badge_driver"}
    assert found.problems == [
        "the answer cell badge-drivers starts with `%%sql badge_driver`, wanted `%%sql badge_drivers`"
    ]


def test_a_cell_of_ones_own_may_have_any_name(notebook):
    path = notebook(("%%sql a_try\nSELECT 1", {"id": "another-name"}))

    found = read(path)

    assert set(found) == {"a_try"}
    assert found.problems == []


def test_a_notebook_of_format_3_is_read(tmp_path):
    """Written by nbformat itself, as a tool that converts to the old format does."""
    cells = []
    for source, more in with_checks(
        answer_cell("%%sql by_city\nSELECT 1", "by-city"), answer_cell("x = 2 * 3", "x")
    ):
        cells.append(nbformat.v4.new_code_cell(source, metadata=more["metadata"]))
    old = nbformat.convert(nbformat.v4.new_notebook(cells=cells), 3)
    # a second worksheet, which nbformat never writes and the format allows
    extra = nbformat.v3.new_code_cell("%%sql second\nSELECT 2")
    old.worksheets.append(nbformat.v3.new_worksheet(cells=[extra]))
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old), encoding="utf-8")
    assert "cells" not in old and "input" in old.worksheets[0].cells[0]

    found = read(path)

    assert {name: each.text for name, each in found.items()} == {
        "by_city": "SELECT 1",
        "x": "2 * 3",
        "second": "SELECT 2",
    }
    assert found.problems == []


def test_a_newer_click_beside_the_notebook_counts(notebook, tmp_path):
    path = notebook(answer_cell('%%quiz clause_order\n{"choice": "a"}', "clause-order"))
    entry = {"choice": "b", "confidence": "certain", "in_cell": False}
    (tmp_path / "quiz_answers.json").write_text(
        json.dumps({"version": 1, "quizzes": {"clause-order": entry}, "predictions": {}}),
        encoding="utf-8",
    )

    assert read(path)["clause_order"].value == {"choice": "b", "confidence": "certain"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"[]",
        b"3",
        b"{}",
        b'{"cells": 3}',
        b'{"cells": {"0": []}}',
        b'{"worksheets": 3}',
        b'{"worksheets": [3]}',
        b'{"worksheets": [{"cells": []}, {}]}',
    ],
)
def test_what_is_no_notebook_is_a_problem_and_no_crash(tmp_path, content):
    path = tmp_path / "answers.ipynb"
    path.write_bytes(content)

    found = read(path)

    assert found == {}
    assert len(found.problems) == 1
    assert "answers.ipynb" in found.problems[0]


def test_a_file_that_is_not_there_is_a_problem(tmp_path):
    assert "cannot be read" in read(tmp_path / "gone.ipynb").problems[0]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (None, "cell 1 is damaged"),
        ({}, "cell 1 is damaged"),
        ({"cell_type": "code", "source": 3}, "cell 1 is damaged"),
        ({"cell_type": "code", "source": [1]}, "cell 1 is damaged"),
        ({"cell_type": "code", "source": "x" * 300_000}, "it is left out"),
        (answer_cell("x = (", "x"), "is no Python"),
        (answer_cell("x = " + "(" * 5000, "x"), "is no Python"),
        (answer_cell("x = 1 +" + "+" * 50_000 + "1", "x"), "cell 1 (x)"),
        (answer_cell("%%time\nx = 1", "x"), "starts with `%%time`"),
        (answer_cell("%%yaml x\na: [", "x"), "this is no YAML"),
        (answer_cell("%%quiz x\nchoose b", "x"), "not an answer"),
        (answer_cell("x = y", "x"), "`y` is neither a literal nor arithmetic"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(notebook, cell, problem):
    assert problem in " ".join(read(notebook(cell)).problems)


def test_lines_of_ipython_are_left_out_where_the_rest_is_python(notebook):
    source = """
        %time
        !ls
        ?x
        delay.__doc__?
        x = 7
        def delay(attempt):
            return 2 ** attempt
    """
    found = read(notebook(*with_checks(answer_cell(source, "x"))))

    assert found["x"].value == 7
    assert found["delay"].text == "def delay(attempt):\n    return 2 ** attempt"
    assert found.problems == []


def test_what_looks_like_a_line_of_ipython_inside_of_python_is_kept(notebook):
    found = read(notebook(*with_checks(answer_cell('x = """\n% of rides\n"""\ny = (7\n% 4)', "x"))))

    assert found["x"].value == "\n% of rides\n"
    assert found["y"].value == 3
    assert found.problems == []


def test_a_cell_that_is_no_python_is_told_by_its_own_line(notebook):
    (told,) = read(notebook(*with_checks(answer_cell("%time\nx = (", "x")))).problems

    assert told.startswith("cell 1 (x) is no Python: ")


def test_several_cells_that_give_one_name_are_all_named(notebook):
    path = notebook(
        answer_cell("x = 1", "x"), ("%%sql x\nSELECT 2", {}), check_cell("x"), "%%sql x\nSELECT 3"
    )

    found = read(path)

    assert found["x"].text == "SELECT 2"
    assert "cell 1 (x) and cell 2 and cell 4 all give `x`: cell 2 counts" in found.problems


def test_one_cell_may_give_a_name_twice(notebook):
    found = read(notebook(*with_checks(answer_cell("x = 1\nx = 2", "x"))))

    assert found["x"].value == 2
    assert found.problems == []


def test_annotated_and_chained_and_odd_assignments_are_read(notebook):
    source = "a = b = 3\nc: int = 4\nd: int\ne, f = 1, 2\nasync def g():\n    return 1"
    found = read(notebook(*with_checks(answer_cell(source, "a"))))

    assert {name: each.value for name, each in found.items()} == {
        "a": 3,
        "b": 3,
        "c": 4,
        "g": None,
    }
    assert found["a"].text == "3"
    assert found["g"].kind == "function"


def test_one_value_that_cannot_be_read_hides_no_other(notebook):
    found = read(notebook(*with_checks(answer_cell("x = y\nz = 3", "x"))))

    assert set(found) == {"z"}
    (told,) = found.problems
    assert told.startswith("cell 1 (x): `x` cannot be read: `y` is neither")


def test_text_that_a_kind_cannot_read_has_no_value(notebook):
    found = read(notebook(*with_checks(answer_cell("%%yaml x\na: [", "x"))))

    assert found["x"] == Answer("x", "yaml", "a: [", None)
    assert found.problems[0].startswith("cell 1 (x): ")


MANUAL = {"grade_id": "sheet", "solution": True, "grade": True, "locked": False}


def test_a_text_that_a_person_grades_hides_no_other_cell(notebook):
    sheet = ("%%sql mine\nSELECT 1", {"id": "sheet", "metadata": {"nbgrader": MANUAL}})
    copied = answer_cell("%%sql x\nSELECT 1", "x")
    found = read(notebook(sheet, (copied[0], copied[1] | {"cell_type": "raw"}), check_cell("x")))

    assert set(found) == {"x"}
    assert found.problems == ["cell 2 (x) is a raw cell: it is read as the code it was"]


def test_python_in_a_cell_that_is_not_code_is_read_unless_it_is_raw(notebook):
    source, more = answer_cell("x = 3", "x")

    for kind, names in (("markdown", {"x"}), ("raw", set())):
        found = read(notebook((source, more | {"cell_type": kind}), check_cell("x")))
        assert set(found) == names
        assert found.problems == [f"cell 1 (x) is a {kind} cell: it is read as the code it was"]


def test_only_answer_cells_and_cells_with_a_magic_are_read(notebook):
    found = read(notebook("x = 3", ("y = 4", {"id": "y"}), "\n\n%%sql z\nSELECT 1", "%%time\n1"))

    assert set(found) == {"z"}
    assert found["z"].text == "SELECT 1"
    assert found.problems == []


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("%%sql by_city", "by_city"),
        ("%%sql \t by_city \t", "by_city"),
        ("%%sql by_city\r", "by_city"),
        ("%%SQL by_city", None),
        ("%%sql 1_city", None),
        ("%%sql by-city", None),
        ("%%sql by_city and more", None),
        ("%%value x", None),
        ("%%python by_city", None),
    ],
)
def test_the_first_line_of_an_answer_is_a_magic_and_one_name(notebook, first, name):
    found = read(notebook({"cell_type": "code", "source": f"{first}\nSELECT 1"}))

    assert list(found) == ([name] if name else [])


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_may_end_as_windows_ends_them(notebook, newline):
    found = read(notebook({"cell_type": "code", "source": f"%%sql x{newline}SELECT 1,{newline}2"}))

    assert found["x"].text == "SELECT 1,\n2"


def test_a_long_first_line_is_cut_where_it_is_told(notebook):
    (told,) = read(notebook(*with_checks(answer_cell("%%time " + "x" * 60, "x")))).problems

    assert told == f"cell 1 (x) starts with `%%time {'x' * 33}`, which holds no answer"


def test_cells_and_files_have_a_largest_size(notebook, monkeypatch):
    path = notebook(answer_cell("x = 1", "x"), check_cell("x"), "y" * 11, "z" * 12)
    monkeypatch.setattr(reading, "LONGEST_CELL", 11)
    assert read(path).problems == ["cell 4 has 12 characters: it is left out"]

    size = path.stat().st_size
    monkeypatch.setattr(reading, "LARGEST_FILE_BYTES", size)
    assert set(read(path)) == {"x"}
    monkeypatch.setattr(reading, "LARGEST_FILE_BYTES", size - 1)
    assert read(path) == {}
    assert read(path).problems == [
        f"answers.ipynb has {size:,} bytes, {size - 1:,} is the most that is read: clear its outputs"
    ]


def test_a_file_with_a_byte_order_mark_is_read(notebook):
    path = notebook(answer_cell("x = 1", "x"), check_cell("x"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert read(path)["x"].value == 1


@pytest.mark.parametrize("metadata", [3, {"nbgrader": 3}, {"nbgrader": {"grade_id": 3}}, None])
def test_metadata_of_any_shape_is_none(notebook, metadata):
    found = read(
        notebook({"cell_type": "code", "source": "%%sql x\nSELECT 1", "metadata": metadata})
    )

    assert set(found) == {"x"}
    assert found.problems == []


def test_a_cell_is_called_by_its_nbgrader_id_before_its_own(notebook):
    source, more = answer_cell("x = y", "mine")

    (told, _) = read(notebook((source, more | {"id": "other"}))).problems

    assert told.startswith(
        "the check cell mine-check is missing, or has lost its id: cell 1 (mine)"
    )


def test_a_damaged_cell_hides_no_other_and_keeps_the_numbers(notebook):
    found = read(notebook(None, answer_cell("x = y", "x"), check_cell("x")))

    assert found.problems[0] == "cell 1 is damaged: it has no source"
    assert found.problems[1].startswith("cell 2 (x): ")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("%%sql x\nSELECT 1"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cell_type", "source", "metadata", "nbgrader", "grade_id", "id", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_JSON, max_size=4), st.integers(0, 4))
def test_an_answer_is_found_among_cells_of_any_shape(tmp_path_factory, cells, place):
    """Whatever lies around it, in any order: reading never raises and never loses the answer."""
    answer = {"cell_type": "code", "source": ["%%sql kept\n", "SELECT 1"]}
    path = tmp_path_factory.mktemp("any") / "answers.ipynb"
    around = [*cells[:place], answer, *cells[place:]]
    path.write_text(json.dumps({"cells": around}), encoding="utf-8")

    found = read(path)

    assert found["kept"] == Answer("kept", "sql", "SELECT 1")
    assert set(found) <= {"kept", "x"}
    damaged = [each for each in cells if not isinstance(each, dict) or "source" not in each]
    assert sum("is damaged" in each for each in found.problems) >= len(damaged)


def test_two_cells_that_give_one_answer_are_told(notebook):
    first = answer_cell("%%sql by_city\nSELECT 1", "by-city")

    found = read(notebook(first, "%%sql by_city\nSELECT 2", check_cell("by-city")))

    assert found["by_city"].text == "SELECT 2"
    assert found.problems == ["cell 1 (by-city) and cell 2 all give `by_city`: cell 2 counts"]


def test_a_magic_behind_an_empty_line_calls_no_check(notebook):
    source = '\n%%sql by_city\nSELECT 1 -- check("by-city") says no'

    found = read(notebook(answer_cell("%%sql by_city\nSELECT 2", "by-city"), source))

    assert found["by_city"].text.startswith("SELECT 1")


def test_letters_before_a_magic_are_not_taken_away(notebook):
    found = read(notebook(("X\n%%sql by_city\nSELECT 1", {}), check_cell("by-city")))

    assert "by_city" not in found


def test_what_stands_below_an_open_value_is_read(notebook):
    cell = answer_cell("first = ...\nsecond = 2", "first")

    found = read(notebook(cell, check_cell("first"), check_cell("second")))

    assert "first" not in found
    assert found["second"] == Answer("second", "value", "2", 2)
