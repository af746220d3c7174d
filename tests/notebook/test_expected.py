"""What a learner sees of a right result before the query is written."""

import re

import pytest

from ridealong import catalogue, expected
from ridealong.verdict import CheckFailed

COLUMNS = [["city", "text"], ["rides", "whole number"]]
EXERCISES = {
    "rides-by-city": {
        "sample": {
            "columns": COLUMNS,
            "row_count": 1200,
            "rows": [["Lakemont <1>", 1234], [None, 3]],
            "places": [1, 1200],
        },
    },
    "in-any-order": {
        "sample": {"columns": COLUMNS, "row_count": 4, "rows": [["Lakemont", 12]]},
    },
    "one-number": {
        "sample": {
            "columns": COLUMNS[1:],
            "row_count": 1,
            "rows": [],
            "parameters": {"rider_id": 123},
        },
    },
    "ride-tables": {"kind": "ddl"},
    "plan": {"kind": "yaml"},
}


@pytest.fixture(autouse=True)
def course(monkeypatch):
    module = catalogue.Module(
        "04_sql_one", 7919, 1.0, EXERCISES, quizzes={"order": {}}, rubrics={"sheet": {}}
    )
    monkeypatch.setattr(catalogue, "modules", lambda: (module,))


def test_an_ordered_result_numbers_its_rows_and_leaves_a_gap():
    assert repr(expected("rides-by-city")).splitlines() == [
        "  row  city                 rides",
        "       text          whole number",
        "-----  ------------  ------------",
        "    1  Lakemont <1>          1234",
        "  ...  ...                    ...",
        "1,200  NULL                     3",
        "1,200 rows, in the order that the task asks for; 2 of them are shown.",
    ]


def test_as_a_table_it_names_columns_with_their_types_and_escapes():
    table = expected("rides-by-city")._repr_html_()

    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table)
    assert [re.sub("<[^>]+>", " ", head).split() for head in heads] == [
        ["row"],
        ["city", "text"],
        ["rides", "whole", "number"],
    ]
    assert "Lakemont &lt;1&gt;" in table
    assert "<caption" in table and "What rides_by_city gives on the public data" in table


def test_a_result_in_any_order_says_so():
    shown = repr(expected("in-any-order"))

    assert "row " not in shown.partition("\n")[0]
    assert shown.endswith("4 rows, in any order; 1 of them is shown.")


def test_of_one_row_only_the_form_is_shown():
    shown = expected("one-number")

    assert repr(shown).splitlines() == [
        "       rides",
        "whole number",
        "------------",
        "1 row with $rider_id = 123; so few that showing one would give the answer away.",
    ]
    assert "<td" not in shown._repr_html_()


@pytest.mark.parametrize(
    ("exercise", "said"),
    [
        ("ride-tables", "statements that make tables, in the cell that starts with %%ddl ride_tab"),
        ("plan", "a text in YAML, in the cell that starts with %%yaml plan"),
        ("order", "order is a quiz"),
        ("sheet", 'rubric("sheet") shows what earns points'),
    ],
)
def test_what_has_no_rows_is_said_in_one_line(exercise, said, capsys):
    assert expected(exercise) is None

    shown = capsys.readouterr().out
    assert said in shown
    assert shown.count("\n") == 1


def test_an_unknown_id_names_the_nearest():
    with pytest.raises(CheckFailed, match='did you mean "rides-by-city"'):
        expected("rides_by_citi")
