from datetime import datetime
from decimal import Decimal

from ridealong.show.table import Table


def test_every_kind_of_cell_has_one_fixed_form():
    row = (None, True, 2.50, 1 / 3, 1e-9, Decimal("5.00"), datetime(2026, 3, 30), "a\nb", [1], -0.0)
    table = Table([f"c{i}" for i in range(len(row))], [row], 1)

    cells = repr(table).splitlines()[2].split("  ")

    assert [each.strip() for each in cells if each.strip()] == [
        "NULL",
        "true",
        "2.5",
        "0.333333",
        "1e-09",
        "5.00",
        "2026-03-30 00:00:00",
        "a b",
        "[1]",
        "0",
    ]


def test_html_names_its_columns_and_escapes_what_it_shows():
    html = Table(["<b>", "n"], [("<script>", 1)], 1)._repr_html_()

    assert '<th scope="col" style="text-align: left">&lt;b&gt;</th>' in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "<th></th>" not in html


def test_long_cells_are_cut():
    text = repr(Table(["a"], [("x" * 500,)], 1))

    assert max(map(len, text.splitlines())) == 80


def test_an_empty_result_still_shows_its_columns():
    assert repr(Table(["city", "rides"], [], 0)).splitlines() == [
        "city  rides",
        "----  -----",
        "0 rows",
    ]


def test_numbers_stand_right_and_texts_left():
    text = repr(Table(["city", "rides"], [("Lakemont", 5), ("Ohio", None)], 2))

    assert text.splitlines()[2:4] == ["Lakemont      5", "Ohio       NULL"]
