import duckdb
import pytest

from ridealong.engine.dialects import decimal_comma, dialect_hint, language_of
from ridealong.engine.errors import shorten

COMPANY = """
    CREATE TABLE users (user_id INT, name VARCHAR, created_at TIMESTAMP);
    CREATE TABLE rides (ride_id INT, user_id INT, status VARCHAR, fare DECIMAL(8, 2),
                        requested_at TIMESTAMP, completed_at TIMESTAMP);
    CREATE MACRO as_of() AS TIMESTAMP '2026-03-30'"""


def told(text: str, company: str = "") -> str:
    """Return what a learner reads about a text that DuckDB refuses."""
    with duckdb.connect() as con:
        con.execute(company or "SELECT 1")
        try:
            for statement in con.extract_statements(text):
                con.execute(statement)
        except duckdb.Error as error:
            return shorten(error, text, con)
    return "no error"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("SELECT fare FROM rides WHERE fare > 4,5", "a decimal point, not a comma: 4.5"),
        ("SELECT fare FROM rides LIMIT 3, 3", "write OFFSET"),
        ("SELECT ride_id fare status FROM rides", "stands a comma: ride_id, fare, status"),
        ("SELECT status COUNT(*) FROM rides GROUP BY status", "a comma is missing before COUNT"),
        ("SELECT fare FROM rides ORDER BY fare DESC ride_id", "a comma is missing before ride_id"),
        ("SELECT fare FROM rides WHERE status NOT 'completed'", "column <> 'completed'"),
        ("SELECT fare FROM rides WHERE fare > 1 AND < 3", "each side of AND needs a column"),
        ("SELECT fare FROM rides ORDER BY NULLS LAST fare", "ORDER BY column NULLS LAST"),
        ("SELECT ride_id DIV 2 FROM rides", "whole numbers are divided with //"),
        ("SELECT fare FROM rides WHERE fare < 88%", "0.88 for 88 %"),
        ("SELECT 1 FROM rides JOIN users USING user_id", "USING (user_id)"),
        ("SELECT COUNT(UNIQUE fare) FROM rides", "COUNT(DISTINCT value)"),
        ("SELECT fare FORM main.rides", "did you mean FROM?"),
        ("SELECT fare FROM rides HAVING status = 'completed'", "single rows stands behind WHERE"),
        ("SELECT status & ' ' FROM rides", "text is joined with ||"),
        ("SELECT as_of() - INTERVAL 30", "as in INTERVAL 30 DAY"),
        ("SELECT TOP 10 fare FROM rides", "LIMIT at the end of the query"),
        (
            "SELECT user_id FROM rides HAVING count(*) > 1 GROUP BY user_id",
            "HAVING comes after GROUP BY; the clauses of a query come in this order",
        ),
        ("SELECT fare FROM rides ORDER BY fare WHERE fare > 1", "ORDER BY comes after WHERE"),
        ("SELECT fare FROM rides LIMIT 3 ORDER BY fare", "LIMIT comes after ORDER BY"),
        ("# fares\nSELECT fare FROM rides", "a remark starts with --"),
        ("SELECT fare # fares\nFROM rides", "a remark starts with --"),
        ("%%sql fares\nSELECT fare FROM rides", "a line that starts with % names the cell"),
        ("SELECT 1;\n%%sql fares\nSELECT fare FROM rides", "a line that starts with %"),
        ("SELECT fare AS amount sum(fare) AS usd FROM rides", "a comma is missing before sum"),
        ("SELECT fare AS amount r.status FROM rides AS r", "comma is missing before r.status"),
        ("SELECT fare AS amount usd FROM rides", "a name is one word: amount_usd"),
        ("SELECT fare FROM rides WHERE status = “completed”", "“ is a quote of a word processor"),
        ("SELECT fare FROM rides WHERE status = ‘completed’", "type straight ones"),
        ("SELECT fare FROM rides WHERE status = `completed`", "single quotes: 'completed'"),
        ("SELECT ridе_id FROM rides", "ridе_id holds a Cyrillic letter"),
        ("SELECT fare FROM ridеs", "only looks like a Latin one: type the word anew"),
        ("SЕLECT fare FROM rides", "type the word anew"),
        ("```sql\nSELECT fare FROM rides\n```", "three backticks frame code"),
        ("SELECT fare FROM rides\n```", "three backticks frame code"),
        ("SELECT NVL(name, 'x') FROM users", "COALESCE(value, instead)"),
        ("SELECT ISNULL(name, 'x') FROM users", "COALESCE(value, instead)"),
        ("SELECT ZN(name) FROM users", "COALESCE(value, instead)"),
        ("SELECT 1 FROM users WHERE ISNULL(name)", "asked with IS NULL"),
        ("SELECT 1 FROM users WHERE created_at > 2026-01-31", "in single quotes, '2026-01-31'"),
        ("SELECT count(*) FROM rides ORDER BY 'fare'", "behind ORDER BY a name has no quotes"),
        ("SELECT status FROM rides GROUP BY 'status'", "behind GROUP BY a name has no quotes"),
        ("SELECT CAST('$user' AS INTEGER)", "in quotes $user is a text"),
        ("SELECT 1 WHERE TRUE = NOT 'Ann'", "different from is written <>"),
        ("SELECT 1 FROM rides WHERE fare ≥ 3", "at least is written >="),
        ("SELECT 1 – 2 FROM rides", "minus is the short sign -"),
        ("SELECT CASE WHEN fare > 3 THEN 1 AS high FROM rides", "CASE needs its END"),
        ("SELECT 1 FROM rides WHERE fare > 3 WHERE fare < 9", "joined to it with AND"),
        ("SELECT COALESCE(name, nobody) FROM users", "in single quotes: 'nobody'"),
        (
            "SELECT 1 FROM users AS u WHERE EXISTS (FROM rides AS r WHERE r.paid = u.user_id)",
            "paid",
        ),
        ("SELECT DATEADD(month, 1, created_at) FROM users", "time + INTERVAL 1 MONTH"),
        ("SELECT DATE_SUB(created_at, INTERVAL 1 MONTH) FROM users", "take one away with -"),
        ("SELECT DATEDIFF(day, created_at, created_at) FROM users", "the unit is a text"),
        ("SELECT DATEDIFF(created_at, created_at) FROM users", "date_diff('second', earlier"),
        ("SELECT TIMESTAMPDIFF(SECOND, requested_at, completed_at) FROM rides", "date_diff("),
        ("SELECT DATE_TRUNC(created_at, WEEK) FROM users", "a text and comes first: 'week'"),
        ("SELECT CONVERT(INT, fare) FROM rides", "CAST(value AS type)"),
        ("SELECT CONVERT(fare, SIGNED) FROM rides", "CAST(value AS type)"),
        ("SELECT CAST(fare AS UNSIGNED) FROM rides", "INTEGER or BIGINT here"),
        ("SELECT TO_CHAR(created_at, 'YYYY') FROM users", "strftime(time, format)"),
        ("SELECT GETDATE()", "NOW() or as_of()"),
        ("SELECT SYSDATE FROM rides", "NOW() or as_of()"),
        ("SELECT fare FROM rides WHERE completed_at < as_of", "as_of() with its brackets"),
        ("SELECT fare FROM [rides]", "without square brackets"),
        ("SELECT r.[fare] FROM rides r", "without square brackets"),
        ("SELECT fare FROM rides WHERE status = ANY (ARRAY('a', 'b'))", "compared with IN"),
        ("SELECT fare FROM rides WHERE status = ANY ('a', 'b')", "compared with IN"),
        ("SELECT fare FROM rides WHERE user_id IN 1, 2", "stands in round brackets"),
        ("SELECT fare FROM rides WHERE user_id = :rider_id", "dollar sign: $rider_id"),
        ("SELECT fare FROM rides WHERE user_id = @rider_id", "dollar sign: $rider_id"),
        ("SELECT fare FROM rides WHERE user_id = {rider_id}", "dollar sign, without braces"),
        ("SELECT fare FROM rides WHERE user_id = {{rider_id}}", "dollar sign, without braces"),
        ("SELECT fare FROM rides WHERE user_id = %(rider_id)s", "dollar sign"),
        ("SELECT 1 FROM users u, rides r WHERE u.user_id = r.user_id(+)", "LEFT JOIN ... ON"),
        ("SELECT fare FROM rides WHERE status IS 'completed'", "a text is compared with ="),
        ("SELECT fare FROM rides WHERE status = 'a' && fare > 1", "joined with AND"),
        ("SELECT fare FROM rides WHERE status = 'a' || status = 'b'", "joined with OR"),
        ("SELECT fare FROM rides WHERE created_at =< 3", "<=, the equals sign last"),
        ("SELECT name FROM users WHERE created_at LIKE '2026-01-%'", "LIKE compares text"),
        ("SELECT fare FROM rides MINUS SELECT fare FROM rides", "EXCEPT"),
        ("SELECT fare FROM rides WHERE completed_at > now() - 3 days", "INTERVAL 3 DAY"),
        ("SELECT fare FROM rides WHERE completed_at > now() - INTERVAL 3 DAYSS", "mean DAY?"),
        ("SELECT 1 FROM rides r JOIN users u WHERE r.user_id = u.user_id", "behind ON"),
        ("SELECT 1 FROM rides r LEFT JOIN users u", "behind ON"),
        ("SELECT CASE WHEN fare > 3 THEN 1 ELSE 0 FROM rides", "CASE needs its END"),
        ("SELECT count(* FROM rides", "opened and never closed"),
        ("SELECT fare FROM rides WHERE fare > 3)", "that nothing opens"),
        ("SELECT fare FROM rides WHERE fare > 3 AND", "something has to follow AND"),
        ("SELECT fare FROM rides ORDER fare", "write ORDER BY"),
        ("SELECT fare FROM rides WHERE count(*) > 3", "stands behind HAVING"),
        ("SELECT fare FROM rides WEHRE fare > 3", "did you mean WHERE?"),
        ("SELECT fare FROM rides ORDER BY fare DSC", "did you mean DESC?"),
        ("SELECT fare FROM public.rides", "no schema public here"),
        ("SELECT FROM_THE_MOON(fare) FROM rides", "look for another way to write it"),
    ],
)
def test_what_is_foreign_in_a_query_is_told_with_the_next_step(text, hint):
    seen = told(text, COMPANY)

    assert hint in seen
    assert "\n" not in seen
    assert "a comma, a bracket or a keyword" not in seen


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("CREATE TABLE t (id INT AUTO_INCREMENT)", "a sequence here"),
        ("CREATE TABLE t (id SERIAL)", "a sequence here"),
        ("CREATE TABLE t (id INT) ENGINE=InnoDB", "end the table at its closing bracket"),
        ("CREATE TABLE t (id int(11))", "no length here: write INT alone"),
        ("CREATE TABLE t (id INT UNSIGNED)", "CHECK (column >= 0)"),
        ("CREATE TABLE t (id UNSIGNED INT)", "CHECK (column >= 0)"),
        ("CREATE TABLE t (id INT, KEY (id))", "CREATE INDEX"),
        ("CREATE TABLE t (id INT, KEY by_id (id))", "CREATE INDEX"),
        ("CREATE TABLE t (id INT, INDEX by_id (id))", "CREATE INDEX"),
        ("CREATE TABLE t (id INT, UNIQUE KEY u (id))", "CREATE INDEX"),
        ("CREATE TABLE t (id JSONB)", "called JSON here"),
        ("CREATE TABLE public.t (id INT)", "no schema public here"),
        ("CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a) STORED)", "leave STORED out"),
        ("CREATE EXTENSION IF NOT EXISTS btree_gist", "leave CREATE EXTENSION out"),
        ("CREATE FUNCTION f() RETURNS INT AS $$ SELECT 1 $$ LANGUAGE sql", "functions are no part"),
        ("CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()", "triggers are no part"),
        ("CREATE TABLE t (id INT CHECK (id = ANY (ARRAY[1, 2])))", "CHECK (column IN ("),
        ("CREATE TABLE [t] (id INT)", "without square brackets"),
        ("CREATE TABLE t (id INT COMMENT 'x')", "a word of MySQL"),
        ("CREATE TABLE t (id INT, order INT)", "order is a word of SQL"),
        ("CREATE TABLE t (id INT UNIQE)", "did you mean UNIQUE?"),
        ("CREATE TABLE t (identity_card TEXT NOT NUL)", "did you mean NULL?"),
        ("CREATE TABLE t (id INT CHEK (id > 3))", "did you mean CHECK?"),
        ("CREATE TABLE t (id INTT)", "did you mean INTEGER?"),
        ("CREATE TABEL t (id INT)", "did you mean TABLE?"),
    ],
)
def test_what_is_foreign_in_a_schema_is_told_with_the_next_step(text, hint):
    assert hint in told(text)


@pytest.mark.parametrize(
    "text",
    ["CREATE TABLE t (id INT FOREIGN)", "CREATE TABLE t (id INT name TEXT)", "CREATE TABLE t id"],
)
def test_a_word_that_is_spelt_right_is_not_corrected(text):
    assert "did you mean" not in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t (identity_card TEXT NOT NUL)",
        "CREATE TABLE t (unsigned_total INT, serial_no TEXT NOT NUL)",
        "SELECT 'TOP 10', '# no remark', '“quoted”' FRM rides",
    ],
)
def test_what_stands_in_names_and_texts_is_no_sign_of_another_dialect(text):
    seen = told(text)

    for word in ("identity", "sequence", "MySQL", "remark", "word processor", "LIMIT"):
        assert word not in seen.partition(": ")[2].partition('"')[2]


def test_only_the_first_line_of_an_error_is_read():
    text = "CREATE TABLE t (a INT)"
    quoted = 'Parser Error: syntax error at or near "x"\nLINE 1: ... STORED SERIAL JSONB'

    assert dialect_hint(text, quoted, "ddl") == ""


def test_the_language_is_seen_from_the_first_word():
    assert language_of("-- x\ncreate table t (a INT)") == "ddl"
    assert language_of("CREAT TABLE t (a INT)") == "ddl"
    assert language_of("(WITH a AS (SELECT 1) SELECT * FROM a)") == "sql"


def test_a_decimal_comma_is_two_numbers_that_touch():
    assert decimal_comma("SELECT fare * 4,5 AS x") == "4,5"
    assert decimal_comma("SELECT 4, 5") == ""
    assert decimal_comma("SELECT '4,5'") == ""
