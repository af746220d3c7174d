import pytest

from ridealong.engine.sqltext import (
    as_written,
    body,
    first_word,
    is_blank,
    is_ordered,
    limit,
    lint,
    refusal,
    suspicious_literals,
    tokens,
    without_markers,
)


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("", True),
        (" ;\n", True),
        ("-- Write your query here.", True),
        ("/* a */ -- b", True),
        ("SELECT 1 -- b", False),
        ("'-- a text'", False),
        ("$$ -- a text $$", False),
    ],
)
def test_comments_alone_are_blank(text, blank):
    assert is_blank(text) is blank


def test_texts_and_names_are_one_token_each():
    text = "SELECT 'it''s -- one', \"a \"\"name\"\"\", $rider_id, 1_000.5e3 -- x\n/* 'y' */"

    assert [each.text for each in tokens(text)] == [
        "SELECT",
        "'it''s -- one'",
        ",",
        '"a ""name"""',
        ",",
        "$rider_id",
        ",",
        "1_000.5e3",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT 1;", "SELECT 1"),
        ("SELECT 1 ; -- done\n;", "SELECT 1"),
        ("SELECT ';' -- x", "SELECT ';'"),
        ("", ""),
    ],
)
def test_the_body_is_what_can_stand_in_brackets(text, wanted):
    assert body(text) == wanted


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ("SELECT 1 ORDER BY 1", True),
        ("FROM rides SELECT fare ORDER BY ALL", True),
        ("((SELECT 1 ORDER BY 1))", True),
        ("SELECT 1 UNION SELECT 2 ORDER BY 1 LIMIT 3", True),
        ("SELECT row_number() OVER (ORDER BY fare) FROM rides", False),
        ("SELECT * FROM (SELECT 1 ORDER BY 1)", False),
        ("(SELECT 1 ORDER BY 1) UNION ALL (SELECT 2 ORDER BY 1)", False),
        ("SELECT 'ORDER BY' -- ORDER BY", False),
    ],
)
def test_an_order_inside_is_not_the_order_of_the_query(text, ordered):
    assert is_ordered(text) is ordered


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("SELECT 1 LIMIT 10", 10),
        ("(SELECT 1 ORDER BY 1 LIMIT 10 OFFSET 3);", 10),
        ("SELECT * FROM (SELECT 1 LIMIT 10)", None),
        ("SELECT (SELECT 1 LIMIT 1) LIMIT 1000", 1000),
        ("SELECT 1 LIMIT (SELECT count(*) FROM rides)", None),
        ("SELECT 1 LIMIT 10 PERCENT", None),
        ("SELECT 1 LIMIT 10%", None),
        ("SELECT 1", None),
        ("SELECT 'LIMIT 10'", None),
    ],
)
def test_a_limit_inside_is_not_the_limit_of_the_query(text, most):
    assert limit(text) == most


def test_the_first_word_is_looked_for_in_brackets():
    assert first_word("-- x\n((describe rides))") == "DESCRIBE"
    assert first_word("'a'") == ""


@pytest.mark.parametrize(
    "text",
    [
        "SELECT CURRENT_DATE",
        "SELECT today()",
        "SELECT x FROM t USING SAMPLE 10",
        "SELECT x FROM t TABLESAMPLE 10%",
        "SELECT random ( )",
        "SELECT gen_random_uuid()",
    ],
)
def test_what_changes_by_itself_is_found(text):
    assert lint(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT now()::DATE, as_of()",
        "SELECT 'current_date' -- today()",
        'SELECT "current_date" FROM t',
        "SELECT t.current_date FROM t",
        "SELECT 1 AS today, 2 AS random",
        "SELECT today FROM t",
        "SELECT * FROM a JOIN b USING (sample)",
    ],
)
def test_what_only_looks_like_it_is_not(text):
    assert lint(text) is None


def test_literals_are_named_from_the_most_telling_one():
    text = "SELECT 'x-7' FROM t WHERE name = 'Lakemont' AND a = 12 AND b > 1043 AND c < '2026-02-28' LIMIT 500"

    assert suspicious_literals(text) == ["'2026-02-28'", "1043", "'x-7'"]


def test_literals_of_any_right_answer_are_not_named():
    text = "SELECT date_part('hour', at AT TIME ZONE 'UTC') FROM t WHERE status = 'completed' "
    text += "AND at > as_of() - INTERVAL '30 days' AND a = 10431 AND b = 1043 AND c = '2026-01-01'"

    assert suspicious_literals(text) == ["'2026-01-01'", "10431", "1043"]
    assert suspicious_literals(text, "Write b = 1043 and c >= '2026-01-01'.") == ["10431"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT date_part('second', b - a)", "only date_part('second', ...) of it"),
        ("SELECT extract(second FROM b - a)", "only extract(second FROM ...) of it"),
        ("SELECT second(b - a)", "only second(...) of it"),
        ("SELECT 1", "only date_part('second', ...) of it"),
    ],
)
def test_a_message_names_the_function_as_the_query_writes_it(text, wanted):
    assert as_written("only date_part('second', ...) of it", text) == wanted


def test_a_clock_is_replaced_by_names_that_stand_still():
    assert "use NOW(), which stands still here, or as_of()" in lint("SELECT CURRENT_DATE")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 100_001, "100,001 characters"),
        ("(" * 101, "nested 101 deep"),
        ("a\0b", "character 2 of the answer is a NUL"),
        ("a\ud800", "character 2 of the answer is half"),
    ],
)
def test_what_the_parser_must_not_get_is_refused(text, why):
    assert why in refusal(text)


def test_ordinary_queries_are_not_refused():
    assert refusal("SELECT ((1)) FROM rides WHERE status IN ('a', 'ü', '🚕')") is None


def test_solution_markers_are_taken_out():
    text = "-- BEGIN SOLUTION\nSELECT 1\n-- END SOLUTION\n"

    assert without_markers(text) == "SELECT 1"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a /* one /* two */ 'still one' */ b", ["a", "b"]),
        ("a -- to the end\rb", ["a", "b"]),
        ("é 'ü' \"ö\" -- ß\nß", ["é", "'ü'", '"ö"', "ß"]),
        ("E'it\\'s', $tag$ 'x' $tag$", ["E'it\\'s'", ",", "$tag$ 'x' $tag$"]),
        ("x >= $1 -- y", ["x", ">", "=", "$1"]),
        ("`a;b`", ["`", "a", ";", "b", "`"]),
        ("a 'open", ["a", "'"]),
        ('a "open', ["a", '"']),
        ("a /* open", ["a"]),
        ("a\0b '\ud800'", ["a", "\0", "b", "'\ud800'"]),
    ],
)
def test_tokens_end_where_the_parser_ends_them(text, wanted):
    found = tokens(text)

    assert [each.text for each in found] == wanted
    assert all(text.startswith(each.text, each.start) for each in found)
