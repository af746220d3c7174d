"""One builder draws every table: as HTML and as text."""

import re
from datetime import datetime
from decimal import Decimal

from ridealong.show.table import Cell, ResultTable, html_table, text_table


def test_every_kind_of_cell_has_one_fixed_form():
    row = (None, True, 2.50, 1 / 3, 1e-9, Decimal("5.00"), datetime(2026, 3, 30), "a\nb", [1], -0.0)
    table = ResultTable([f"c{i}" for i in range(len(row))], [row], 1)

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
    html = ResultTable(["<b>", "n"], [("<script>", 1)], 1)._repr_html_()

    assert '<th scope="col" style="text-align: left; vertical-align: top">&lt;b&gt;</th>' in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "<th></th>" not in html


def test_long_cells_are_cut():
    text = repr(ResultTable(["a"], [("x" * 500,)], 1))

    assert max(map(len, text.splitlines())) == 80


def test_an_empty_result_still_shows_its_columns():
    assert repr(ResultTable(["city", "rides"], [], 0)).splitlines() == [
        "city  rides",
        "----  -----",
        "0 rows",
    ]


def test_numbers_stand_right_and_texts_left():
    text = repr(ResultTable(["city", "rides"], [("Lakemont", 5), ("Ohio", None)], 2))

    assert text.splitlines()[2:4] == ["Lakemont      5", "Ohio       NULL"]


def test_a_table_says_its_caption_and_the_headings_of_rows_and_columns():
    rows = [(Cell("Load", heads=True), Cell("1,200", "right")), (Cell("left out", columns=2),)]
    html = html_table(("Criterion", "Points"), rows, caption="A & B")

    assert re.findall(r"<caption[^>]*>(.*?)</caption>", html) == ["A &amp; B"]
    assert re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html) == ["Criterion", "Points"]
    assert re.findall(r'<th scope="row"[^>]*>(.*?)</th>', html) == ["Load"]
    assert re.findall(r"<td[^>]*text-align: right[^>]*>(.*?)</td>", html) == ["1,200"]
    assert 'colspan="2">left out</td>' in html


def test_only_markup_of_our_own_is_shown_as_it_is():
    html = html_table(["a"], [[Cell("<b>", markup="<em>x</em>")], ["<b>"]])

    assert "<em>x</em>" in html
    assert "&lt;b&gt;" in html
    assert "<b>" not in html


def test_text_stands_in_columns_with_or_without_a_rule():
    rows = [("north", "7"), ("s", "1,200")]

    assert text_table(("zone", "rides"), rows, right=(1,)).splitlines() == [
        "zone   rides",
        "-----  -----",
        "north      7",
        "s      1,200",
    ]
    assert "---" not in text_table(("zone", "rides"), rows, rule=False)
