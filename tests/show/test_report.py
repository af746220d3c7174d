"""What a schema did is a table in which three outcomes are told apart by word and sign."""

import re

from ridealong.show.report import Report, SideBySide
from ridealong.verdict import Property

RIGHT = Property("email-twice", True, seen="refused it", plain=False)
WRONG = Property("no <name>", False, seen="let it pass", matters="Who is it?", plain=False)
STUCK = Property("orphan", False, seen="could not be tried", tried=False, plain=False)
LEGAL = Property("joins", True, seen="let it pass", legal=True, plain=False)


def test_what_is_wrong_comes_first_and_what_was_not_tried_before_what_is_right() -> None:
    lines = repr(Report((RIGHT, STUCK, WRONG, LEGAL), "Attacked.")).splitlines()

    assert lines == [
        "Attacked.",
        "2 of 4 as it should be",
        "WRONG: no <name>: let it pass - Who is it?",
        "not tried: orphan: could not be tried",
        "right: email-twice: refused it",
        "right: joins: let it pass",
    ]


def test_the_outcome_is_read_aloud_and_names_are_escaped() -> None:
    shown = Report((RIGHT, STUCK, WRONG, LEGAL))._repr_html_()

    rows = re.findall(r'<th scope="row"[^>]*>.*?left:-9999px">(.*?): </span>(.*?)</th>', shown)
    assert rows == [
        ("WRONG", "no &lt;name&gt;"),
        ("not tried", "orphan"),
        ("right", "email-twice"),
        ("right", "joins"),
    ]
    assert re.findall(r"<td[^>]*>(pass|bounce)</td>", shown) == ["bounce"] * 3 + ["pass"]


def test_two_databases_stand_side_by_side() -> None:
    seen = SideBySide(("DuckDB", "PostgreSQL"), ((RIGHT, RIGHT), (WRONG, None)))

    assert repr(seen).splitlines() == [
        "no <name>: DuckDB WRONG: let it pass; PostgreSQL: has no place for it - Who is it?",
        "email-twice: DuckDB right: refused it; PostgreSQL right: refused it",
    ]
    assert "PostgreSQL did</th>" in seen._repr_html_()


def test_what_is_no_schema_is_shown_without_what_a_schema_should_do() -> None:
    plain = Property("read-a-ride", False, "`method` <POST>")
    shown = Report((plain,)).folded_html()

    assert re.findall(r"<th[^>]*>([^<]*)</th>", shown)[:2] == ["Looked at", "Seen"]
    assert "<code>method</code> &lt;POST&gt;" in shown
    assert "schema" not in shown
    assert "bounce" not in shown


def test_a_column_stands_only_where_it_says_something() -> None:
    costly = Property("no honest request is refused", False, "12 are refused", "Riders tap again.")
    silent = Property("the end state is reached", False)

    assert "What it costs the company</th>" in Report((costly,)).folded_html()
    assert "Seen</th>" not in Report((silent,)).folded_html()
