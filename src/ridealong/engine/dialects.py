"""What other databases and other tools write, and what it is called in DuckDB.

One table for queries and for schemas. A hint reads the first line of DuckDB's error and the text
of the answer, never the SQL that DuckDB quotes below its error.
"""

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, Literal

import duckdb

from ridealong.engine.sqltext import Token, tokens

Language = Literal["sql", "ddl"]

_UNITS: Final = [
    "MICROSECOND",
    "MILLISECOND",
    "SECOND",
    "MINUTE",
    "HOUR",
    "DAY",
    "WEEK",
    "MONTH",
    "QUARTER",
    "YEAR",
    "DECADE",
    "DOW",
    "DOY",
    "EPOCH",
]
_DIFFERENCE = (
    "the unit is a text and comes first, then the earlier time, then the later one: "
    "date_diff('second', earlier, later)"
)
_PLUS = "add a span of time with +, take one away with -: time + INTERVAL 1 MONTH"
_CAST = "a type is changed with CAST(value AS type), as in CAST(value AS INTEGER)"
_TO_TEXT = "a time becomes text with strftime(time, format), as in strftime(time, '%Y-%m')"
_TO_TIME = (
    "a text becomes a time with strptime(text, format), as in strptime('31.01.2026', '%d.%m.%Y')"
)
_COALESCE = "the value in place of a missing one is COALESCE(value, instead)"
_CLOCK = "the time of this course is NOW() or as_of(), which stand still"
_INSERTED = "the moment of the insert is NOW(): DEFAULT NOW()"
_CASE = "a choice is CASE WHEN condition THEN value ELSE other END"
_PART = "a part of a time is date_part('year', time) or year(time)"
_ZONE = "a time zone is AT TIME ZONE: time AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York'"
_QUANTILE = "a percentile is quantile_cont(value, 0.9)"
_POSITION = "the place of a text in another is strpos(text, part)"

FUNCTIONS: Final[dict[str, str]] = {
    **dict.fromkeys(("nvl", "isnull", "ifnull", "zn"), _COALESCE),
    "nvl2": _CASE,
    "iif": _CASE,
    "decode": _CASE,
    "if": _CASE,
    **dict.fromkeys(("dateadd", "date_add", "timestampadd", "adddate", "addtime"), _PLUS),
    **dict.fromkeys(("timestamp_add", "datetime_add", "add_months", "add_days"), _PLUS),
    **dict.fromkeys(("date_sub", "subdate", "timestamp_sub", "datetime_sub"), _PLUS),
    **dict.fromkeys(("datediff", "date_diff", "timestampdiff", "timestamp_diff"), _DIFFERENCE),
    **dict.fromkeys(("datetime_diff", "months_between", "timediff", "datediff_big"), _DIFFERENCE),
    **dict.fromkeys(("convert", "try_convert", "to_number", "safe_cast", "parse", "cint"), _CAST),
    **dict.fromkeys(("to_char", "date_format", "format_date", "format_timestamp"), _TO_TEXT),
    **dict.fromkeys(("to_date", "str_to_date", "parse_date", "parse_timestamp"), _TO_TIME),
    **dict.fromkeys(("getdate", "getutcdate", "sysdate", "sysdatetime", "curdate"), _CLOCK),
    **dict.fromkeys(("curtime", "utc_timestamp", "systimestamp", "current_datetime"), _CLOCK),
    **dict.fromkeys(("datepart", "datename", "extract_year"), _PART),
    **dict.fromkeys(("convert_tz", "from_utc_timestamp", "to_utc_timestamp"), _ZONE),
    **dict.fromkeys(("percentile_cont", "percentile_disc", "percentile"), _QUANTILE),
    **dict.fromkeys(("approx_percentile", "percentile_approx", "approx_quantiles"), _QUANTILE),
    **dict.fromkeys(("charindex", "locate", "patindex", "find_in_set"), _POSITION),
    **dict.fromkeys(
        ("regexp_like", "rlike", "regexp"),
        "a regular expression is regexp_matches(text, pattern) here",
    ),
    "count_distinct": "different values are counted with COUNT(DISTINCT value)",
    "countdistinct": "different values are counted with COUNT(DISTINCT value)",
    "sumif": "a sum of some rows is SUM(value) FILTER (WHERE condition)",
    "avgif": "an average of some rows is AVG(value) FILTER (WHERE condition)",
    "averageif": "an average of some rows is AVG(value) FILTER (WHERE condition)",
    "average": "an average is AVG(value)",
    "safe_divide": "a division that may meet 0 is value / NULLIF(divisor, 0)",
    "div0": "a division that may meet 0 is value / NULLIF(divisor, 0)",
    "div": "whole numbers are divided with //",
    "truncate": "decimals are cut off with trunc(value)",
    "unix_timestamp": "the seconds since 1970 are epoch(time)",
    "from_unixtime": "seconds since 1970 become a time with to_timestamp(seconds)",
    "eomonth": "the last day of a month is last_day(time)",
    "time_to_sec": "the seconds of a span of time are epoch(span)",
    "datetrunc": "a time is cut down with date_trunc('day', time)",
    "newid": "a random key is uuid(), and an answer here leaves nothing to chance",
    "uuid_generate_v4": "a random key is uuid(), as in DEFAULT uuid()",
    "initcap": "DuckDB has no INITCAP: put upper(text[1]) before lower(text[2:])",
    "group_concat": "texts of a group are joined with string_agg(value, ', ')",
    "=@": "a parameter is written with a dollar sign: $name",
    "=>": "at least is written >=, the equals sign last",
    "=<": "at most is written <=, the equals sign last",
    "!": "the opposite of a condition is NOT (condition)",
}
"""What a function of another database is called here, by its name in small letters."""

TYPES: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("SERIAL", "BIGSERIAL", "SMALLSERIAL"),
        "a number that counts up by itself is a sequence here: CREATE SEQUENCE numbers, then "
        "BIGINT DEFAULT nextval('numbers')",
    ),
    **dict.fromkeys(("JSONB", "HSTORE"), "the type is called JSON here"),
    **dict.fromkeys(("UNSIGNED", "ZEROFILL", "SIGNED"), ""),
    **dict.fromkeys(("MONEY", "SMALLMONEY"), "an amount is a DECIMAL here, as in DECIMAL(10, 2)"),
    "NUMBER": "a whole number is a BIGINT here, an amount a DECIMAL, as in DECIMAL(10, 2)",
    **dict.fromkeys(
        ("DATETIME2", "SMALLDATETIME", "DATETIMEOFFSET", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ"),
        "date and time are a TIMESTAMP here, with a time zone TIMESTAMPTZ",
    ),
    **dict.fromkeys(
        ("VARCHAR2", "NVARCHAR2", "NTEXT", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "CLOB"),
        "text of any length is VARCHAR or TEXT here",
    ),
    "CITEXT": (
        "text is VARCHAR or TEXT here, and capitals count in it: a unique index over lower(column) "
        "ignores them"
    ),
    "MEDIUMINT": "the whole numbers are SMALLINT, INTEGER and BIGINT here",
    "YEAR": "a year is an INTEGER here",
    **dict.fromkeys(
        ("UNIQUEIDENTIFIER", "GUID", "ROWID"), "the type of such keys is called UUID here"
    ),
    **dict.fromkeys(
        ("TSTZRANGE", "TSRANGE", "DATERANGE", "INT4RANGE"),
        "DuckDB has no type for a range: keep its two ends in two columns",
    ),
    **dict.fromkeys(("INET", "CIDR", "POINT", "GEOGRAPHY"), "keep it as VARCHAR or as numbers"),
}
"""What a type of another database is called here."""

NO_PARTIAL_INDEX: Final = (
    "DuckDB has no partial index. PostgreSQL writes UNIQUE (...) WHERE condition; here a unique "
    "index over an expression does the same, because NULL never collides: "
    "CREATE UNIQUE INDEX name ON t ((CASE WHEN condition THEN column END))"
)
_UNSIGNED = (
    "UNSIGNED is a word of MySQL: write the type alone and let CHECK (column >= 0) refuse "
    "numbers below zero"
)
_ON_A_COLUMN: Final[dict[str, str]] = {
    "AUTO_INCREMENT": TYPES["SERIAL"],
    "AUTOINCREMENT": TYPES["SERIAL"],
    "IDENTITY": TYPES["SERIAL"],
    "ENGINE": "ENGINE= is a word of MySQL: end the table at its closing bracket",
    "CHARSET": "CHARSET is a word of MySQL: all text is UTF-8 here, leave it out",
    "CHARACTER": "CHARACTER SET is a word of MySQL: all text is UTF-8 here, leave it out",
    "COMMENT": "COMMENT inside a table is a word of MySQL: write the remark behind -- instead",
    "UNSIGNED": _UNSIGNED,
    "ZEROFILL": "ZEROFILL is a word of MySQL: leave it out",
    "CLUSTERED": "CLUSTERED is a word of SQL Server: leave it out",
    "NONCLUSTERED": "NONCLUSTERED is a word of SQL Server: leave it out",
    "NULLABLE": "a column may be empty unless it says NOT NULL: leave NULLABLE out",
    "OWNER": "owners and rights are no part of a schema here: leave the statement out",
    "GRANT": "owners and rights are no part of a schema here: leave the statement out",
    "EXCLUDE": "DuckDB has no EXCLUDE constraint: leave it out",
    "DOMAIN": "DuckDB has no DOMAIN: write the CHECK on the column itself",
    "DELIMITER": "DELIMITER is a word of MySQL's command line: leave it out",
}
_CREATED: Final[dict[str, str]] = {
    "EXTENSION": "DuckDB needs no extension here: leave CREATE EXTENSION out",
    "FUNCTION": (
        "functions are no part of a schema here: a rule is a CHECK, a key or a foreign key"
    ),
    "PROCEDURE": (
        "procedures are no part of a schema here: a rule is a CHECK, a key or a foreign key"
    ),
    "TRIGGER": "triggers are no part of a schema here: a rule is a CHECK, a key or a foreign key",
    "DOMAIN": _ON_A_COLUMN["DOMAIN"],
    "MATERIALIZED": "DuckDB has no materialized view: write CREATE VIEW, which is always up to date",
    "DATABASE": "the database is there already: leave CREATE DATABASE out",
}
_SPELT: Final[dict[str, str]] = {
    "MINUS": "rows of one query without those of another are EXCEPT here",
    "REGEXP": "a regular expression is regexp_matches(text, pattern) here",
    "RLIKE": "a regular expression is regexp_matches(text, pattern) here",
    "SEPARATOR": "texts of a group are joined with string_agg(value, ', ')",
    "APPLY": "CROSS APPLY is CROSS JOIN LATERAL here",
    "ELSEIF": "a further case is one more WHEN ... THEN",
    "ELSIF": "a further case is one more WHEN ... THEN",
    "NOLOCK": "readers wait for nobody here: leave WITH (NOLOCK) out",
    "DECLARE": "an answer is one SELECT: write the value where it is used",
    "GO": "GO is a word of SQL Server's tools: leave it out",
    "DELIMITER": "DELIMITER is a word of MySQL's command line: leave it out",
    "ROWNUM": "a number of rows is asked for with LIMIT at the end of the query",
    "SYSDATE": _CLOCK,
    "SYSTIMESTAMP": _CLOCK,
    "GETDATE": _CLOCK,
    "AS_OF": "as_of is a function: write as_of() with its brackets",
    "NOW": "NOW is a function: write NOW() with its brackets",
    "TODAY": _CLOCK,
}
_CLAUSES: Final = ("SELECT", "FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "ORDER", "LIMIT")
_ORDER_OF_CLAUSES: Final = (
    "the clauses of a query come in this order: SELECT, FROM, WHERE, GROUP BY, HAVING, ORDER BY, "
    "LIMIT"
)

# fmt: off
_OF_QUERIES: Final = [
    "ALL", "AND", "ANY", "AS", "ASC", "BETWEEN", "BY", "CASE", "CAST", "COUNT", "CROSS", "DESC",
    "DISTINCT", "ELSE", "END", "EXCEPT", "EXISTS", "FILTER", "FROM", "FULL", "GROUP", "HAVING",
    "ILIKE", "IN", "INNER", "INTERSECT", "INTERVAL", "IS", "JOIN", "LEFT", "LIKE", "LIMIT", "NOT",
    "NULL", "NULLS", "OFFSET", "ON", "OR", "ORDER", "OUTER", "OVER", "PARTITION", "QUALIFY",
    "RIGHT", "SELECT", "THEN", "UNION", "USING", "VALUES", "WHEN", "WHERE", "WITH",
]
_OF_SCHEMAS: Final = [
    "ADD", "ALTER", "AND", "AS", "BETWEEN", "CHECK", "COLUMN", "CONSTRAINT", "CREATE", "DEFAULT",
    "DROP", "ENUM", "EXISTS", "FOREIGN", "IF", "IN", "INDEX", "INSERT", "INTO", "IS", "KEY", "NOT",
    "NULL", "ON", "OR", "PRIMARY", "REFERENCES", "SEQUENCE", "TABLE", "TYPE", "UNIQUE", "VALUES",
    "VIEW",
]
_TYPES: Final = [
    "BIGINT", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "INTEGER", "INTERVAL", "JSON",
    "NUMERIC", "REAL", "SMALLINT", "TEXT", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "UUID", "VARCHAR",
]
# fmt: on
_KNOWN_TYPES: Final = {*_TYPES, "INT", "CHAR", "CHARACTER", "BOOL", "STRING", "DATETIME", "BLOB"}
_NEAR = re.compile(r'syntax error at or near "(?P<near>[^\n]*?)"?$')
_FUNCTION = re.compile(
    r"Function with name (?P<a>\S+) does not exist"
    r"|(?:argument types '|Macro )\x22?(?P<b>\w+|&&)\x22?\(.*(?:\)'|not support)"
)
_TYPE = re.compile(r"Type with name (?P<name>\w+) does not exist")
_COLUMN = re.compile(r'[Cc]olumn "(?P<name>[^"]+)"')
_SIGNS: Final[dict[str, str]] = {
    "≥": "at least is written >=",
    "≤": "at most is written <=",
    "≠": "different from is written <>",
    "–": "– is a dash of a word processor: minus is the short sign -",
    "—": "— is a dash of a word processor: minus is the short sign -",
    "−": "− is a sign of a word processor: minus is the short sign -",
    "×": "times is written *",
    "÷": "divided by is written /",
}
_CURLY: Final = "“”„‟‘’‚‛´«»"


def _is_keyword(word: str) -> bool:
    """Return whether DuckDB itself knows a word, so that it is not a misspelt one."""
    found = duckdb.tokenize(word)
    return len(found) == 1 and found[0][1] == duckdb.token_type.keyword


def misspelt(word: str, language: Language) -> str:
    """Return the keyword or type that a word is meant to be; empty when it is a word already."""
    written = word.upper()
    if len(word) < 3 or not word.isalpha() or _is_keyword(word) or written in _KNOWN_TYPES:
        return ""
    close = get_close_matches(written, words_of(language), n=1, cutoff=0.75)
    return close[0] if close and close[0] != written else ""


def words_of(language: Language) -> Sequence[str]:
    """Return the keywords and types of queries, or of statements that make tables."""
    return [*(_OF_QUERIES if language == "sql" else _OF_SCHEMAS), *_TYPES]


def language_of(text: str) -> Language:
    """Return whether a text holds a query or statements that make tables."""
    first = next((token.text.upper() for token in tokens(text) if token.text != "("), "")
    close = get_close_matches(first, ["CREATE", "ALTER", "DROP", "INSERT", "SELECT", "WITH"], 1)
    return "ddl" if close and close[0] not in ("SELECT", "WITH") else "sql"


def dialect_hint(text: str, error_first_line: str, language: Language) -> str:
    """Return what a foreign word or sign is called here and what to do; empty if there is none.

    Args:
        text: the query or the statements.
        error_first_line: of DuckDB's error; nothing below it is read.
        language: "sql" for a query, "ddl" for statements that make tables.
    """
    first = error_first_line.partition("\n")[0].rstrip()
    return _of_the_paste(text) or _of_the_error(text, first, language)


def _of_the_error(text: str, first: str, language: Language) -> str:
    if found := _NEAR.search(first):
        if found["near"].startswith(".."):
            return "dots stand for what you are to write: put it in their place"
        return _near(text, found["near"], language)
    if "at end of input" in first:
        return "the text ends too early: something has to follow its last word"
    if "type modifier" in first and re.search(
        r"(?i)(?<!PRIMARY)(?<!FOREIGN)\s(KEY|INDEX)\s+\w+\s*\(", text
    ):
        return _KEY_IN_TABLE
    if "type modifier" in first and re.search(r"(?i)\(\s*MAX\s*\)", text):
        return TYPES["CLOB"]
    if "type modifier" in first and _has(text, "GEOGRAPHY", "GEOMETRY"):
        return TYPES["GEOGRAPHY"]
    if "STORED" in first:
        return "DuckDB computes a generated column when it is read: leave STORED out"
    if found := re.search(r'[Ss]chema (?:with name )?"?(\w+)"? does not exist', first):
        return f"there is no schema {found[1]} here: write the name of the table alone"
    if "subqueries prohibited in CHECK" in first and _has(text, "ANY", "ARRAY"):
        return "a list of allowed values is IN here: CHECK (column IN ('one', 'other'))"
    if "Subquery returns" in first and _has(text, "ANY", "ALL"):
        return "a list of values is compared with IN: column IN ('one', 'other')"
    if "Cannot compare values of type" in first and (date := _bare_date(text)):
        return f"{date} without quotes is a subtraction: a date stands in single quotes, '{date}'"
    if "non-integer literal" in first and (told := _text_as_a_key(text, "ORDER")):
        return told
    if "must appear in the GROUP BY" in first and (told := _text_as_a_key(text, "GROUP")):
        return told
    if found := re.search(r"Could not convert string '(\$\w+)'", first):
        return f"in quotes {found[1]} is a text: a parameter stands without them"
    if "to BOOL" in first and _not_before_a_text(text):
        return "different from is written <>: column <> 'value'"
    if "Chained comparisons" in first:
        if signs := _signs_of_conditions(text):
            return signs
        if re.search(r"(?i)=\s*'[^']*'\s*(=|<>)|(=|<>)\s*\w+\s+IS\s+(NOT\s+)?NULL", text):
            return (
                "two conditions are compared in brackets of their own: (a = 'x') = (b IS NOT NULL)"
            )
    if "unterminated quoted identifier" in first and "`" in text:
        return "a backtick is opened there and not closed; names need no quotes here"
    if found := _TYPE.search(first):
        return _type(found["name"], language)
    if found := _FUNCTION.search(first):
        name = (found["a"] or found["b"]).lower()
        if name == "isnull" and not _has_two_arguments(text, name):
            return "whether a value is missing is asked with IS NULL: column IS NULL"
        if name == "&&":
            return _signs_of_conditions(text)
        if name == "=>" and language == "ddl":
            return f"{FUNCTIONS[name]}; if the first, then the second is NOT (first) OR second"
        if language == "ddl" and (FUNCTIONS.get(name) == _CLOCK or name == "as_of"):
            return _INSERTED
        return FUNCTIONS.get(name, "")
    if "DEFAULT value cannot contain column names" in first and (
        re.search(r"(?i)\bDEFAULT\s+(SYSDATE|SYSTIMESTAMP|GETDATE|NOW|TODAY|UTC_TIMESTAMP)\b", text)
    ):
        return _INSERTED
    if found := _COLUMN.search(first):
        return _column(text, found["name"])
    return ""


def _has_two_arguments(text: str, name: str) -> bool:
    """Return whether a call of a function has a comma between its own brackets."""
    found = tokens(text)
    for n, token in enumerate(found):
        if token.text.lower() == name and _word(found, n + 1) == "(":
            depth = 0
            for inside in found[n + 1 :]:
                depth += (inside.text == "(") - (inside.text == ")")
                if depth == 0:
                    break
                if depth == 1 and inside.text == ",":
                    return True
    return False


def _bare_date(text: str) -> str:
    """Return a date that is written without quotes, as 2026-01-31; empty when there is none."""
    found = tokens(text)
    for n, token in enumerate(found):
        five = found[n : n + 5]
        written = "".join(each.text for each in five)
        if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", written) and (
            text[token.start : token.start + len(written)] == written
        ):
            return written
    return ""


def _text_as_a_key(text: str, clause: str) -> str:
    """Return which text stands where GROUP BY or ORDER BY needs a column."""
    found = tokens(text)
    for n, token in enumerate(found):
        if token.kind == "string" and [_word(found, n - 2), _word(found, n - 1)] == [clause, "BY"]:
            told = f"single quotes make a text of {token.text}"
            return f"{told}: behind {clause} BY a name has no quotes"
    return ""


def _not_before_a_text(text: str) -> bool:
    found = tokens(text)
    return any(
        token.kind == "string" and _word(found, n - 1) == "NOT" for n, token in enumerate(found)
    )


_BEFORE_A_NAME: Final = ("TABLE", "(", ",", "EXISTS")
_NO_ON: Final = "a JOIN says behind ON which rows belong together"
_KEY_IN_TABLE: Final = (
    "an index inside a table is written in MySQL only: make it below with CREATE INDEX, and one "
    "that forbids duplicates with UNIQUE (column)"
)


def _of_the_paste(text: str) -> str:
    """Return what came along with a text that was copied from somewhere else."""
    found = tokens(text)
    signs = [token for token in found if token.kind == "operator"]
    if any("".join(t.text for t in signs[n : n + 3]) == "```" for n in range(len(signs))):
        return "three backticks frame code in a chat or a document: delete the lines that hold them"
    for before, token in zip([None, *found], found, strict=False):
        opens = before is None or text[: token.start].rstrip(" \t").endswith("\n")
        if token.text == "%" and opens:
            return "a line that starts with % names the cell: it stands once, at its very top"
    if curly := next((token.text for token in signs if token.text in _CURLY), ""):
        return (
            f"{curly} is a quote of a word processor: type straight ones, "
            "'...' around text and none around names"
        )
    for token in signs:
        if token.text in _SIGNS:
            return _SIGNS[token.text]
    for token in found:
        if token.kind == "word" and (letter := look_alike(token.text)):
            return (
                f"{token.text} holds {letter} that only looks like a Latin one: type the word anew"
            )
    return ""


def look_alike(word: str) -> str:
    """Return the foreign letter of a word that mixes alphabets, with its name; else empty."""
    names = [unicodedata.name(letter, "").partition(" ")[0] for letter in word if letter.isalpha()]
    foreign = [name for name in names if name in ("CYRILLIC", "GREEK")]
    return f"a {foreign[0].capitalize()} letter" if foreign and "LATIN" in names else ""


def _near(text: str, near: str, language: Language) -> str:
    """Return what stands wrong at the place where DuckDB stopped reading."""
    found = tokens(text)
    word = near.upper()
    places = [n for n, token in enumerate(found) if token.text == near or near[:1] == token.text]
    told = _foreign(text, found, places, near, word, language) or _missing(found, places)
    forms = (_form_of_a_query(found, n) for n in places if language == "sql")
    return told or next(filter(None, forms), "")


def _form_of_a_query(found: Sequence[Token], n: int) -> str:
    """Return what is wrong with the form of a query at a place; empty when it is uncertain."""
    here, before, after = _word(found, n), _word(found, n - 1), _word(found, n + 1)
    shown = found[n].text
    is_name = found[n].kind == "word" and here not in _OF_QUERIES
    if before == "NOT" and found[n].kind == "string":
        return f"different from is written <>: column <> {shown}"
    if before == "DIV" and _number(found, n):
        return FUNCTIONS["div"]
    if before in ("AND", "OR") and here in ("<", ">", "="):
        return f"each side of {before} needs a column of its own before the comparison"
    if before == "NULLS" and here in ("FIRST", "LAST"):
        return f"NULLS {here} stands behind its column: ORDER BY column NULLS {here}"
    if here == "UNIQUE" and before == "(":
        return FUNCTIONS["count_distinct"]
    if here == "%" and _number(found, n - 1):
        return f"a share is a number without a percent sign: {float(before) / 100:g} for {before} %"
    if here == "AGO":
        return "a span before the clock is taken away with - alone: leave AGO out"
    if is_name and before == "USING":
        return f"behind USING the columns stand in brackets: USING ({shown})"
    if is_name and before in ("ASC", "DESC"):
        return f"a comma is missing before {shown}"
    names = [token.text for token in found[max(0, n - 2) : n] if token.kind == "word"]
    called = here == "(" and len(names) == 2
    if called and names[0].upper() not in _OF_QUERIES and before in _CALLED:
        return f"a comma is missing before {names[1]}"
    plain = len(names) == 2 and not {name.upper() for name in names} & {*_OF_QUERIES}
    selected = "FROM" not in [token.text.upper() for token in found[:n]]
    if is_name and plain and selected and after in (",", "FROM"):
        return f"between two columns stands a comma: {names[0]}, {names[1]}, {shown}"
    return ""


_CALLED: Final = ("COUNT", "SUM", "AVG", "MIN", "MAX", "MEDIAN", "ROUND", "COALESCE")


def _foreign(
    text: str,
    found: Sequence[Token],
    places: Sequence[int],
    near: str,
    word: str,
    language: Language,
) -> str:
    before = [found[n - 1].text.upper() if n else "" for n in places]
    if near[:1] == "#":
        return "a remark starts with -- here, or stands between /* and */"
    if near[:1] == "%" and any(_word(found, n + 1) == "(" for n in places):
        return "a parameter is written with a dollar sign, without brackets: $name"
    if near[:1] in (":", "@") and language == "sql":
        names = [found[n + 1].text for n in places if n + 1 < len(found)]
        return f"a parameter is written with a dollar sign: ${names[0]}" if names else ""
    if near[:1] in ("{", "}") and language == "sql":
        return "a parameter is written with a dollar sign, without braces: $name"
    if near[:1] == "[":
        return "names stand without square brackets here, or in double quotes"
    if near[:1] == "," and (hint := _comma(found, places)):
        return hint
    if near[:1] == ")" and any(
        [token.text for token in found[n - 2 : n]] == ["(", "+"] for n in places
    ):
        return "(+) is a word of Oracle: rows without a partner are kept with LEFT JOIN ... ON"
    if language == "ddl":
        return _near_in_schema(found, places, near)
    if near[:1] == "'" and "IS" in before:
        return "IS asks for NULL, TRUE or FALSE only: a text is compared with ="
    if near[:1] == "'" and "(" in before and _has(text, "ARRAY"):
        return "a list of values is compared with IN: column IN ('one', 'other')"
    if word == "S" and "%" in "".join(_word(found, n - 4) for n in places):
        return "a parameter is written with a dollar sign, without brackets: $name"
    if near[:1].isdigit() and "TOP" in before:
        return "the first rows are asked for with LIMIT at the end of the query: LIMIT 10"
    if word in _SPELT:
        return _SPELT[word]
    if any(_word(found, n - 1) == "MINUS" for n in places):
        return _SPELT["MINUS"]
    if any(_word(found, n - 2) == "INTERVAL" for n in places):
        close = get_close_matches(word, _UNITS, n=1, cutoff=0.6)
        return f"did you mean {close[0]}?" if close else ""
    if word.rstrip("S") in _UNITS and any(_number(found, n - 1) for n in places):
        return f"a span of time has the word INTERVAL before it: INTERVAL 3 {word.rstrip('S')}"
    if word == "WITH" and _has(text, "NOLOCK"):
        return _SPELT["NOLOCK"]
    if word in ("AS", "FROM") and any(_open_case(found[:n]) for n in places):
        return "CASE needs its END"
    if word in _CLAUSES:
        return _clause(found, places, word)
    return _two_words(found, places)


def _comma(found: Sequence[Token], places: Sequence[int]) -> str:
    for n in places:
        limit = [token.text.upper() for token in found[max(0, n - 2) : n]]
        if limit[:1] == ["LIMIT"]:
            return "to leave rows out write OFFSET: LIMIT 3 OFFSET 6 gives the rows 7 to 9"
        if "BETWEEN" in [token.text.upper() for token in found[max(0, n - 4) : n]]:
            return "the two ends of BETWEEN are joined with AND"
        if "EXTRACT" in [token.text.upper() for token in found[max(0, n - 3) : n]]:
            return "the unit is followed by FROM: extract(day FROM time)"
        if _word(found, n - 2) == "IN":
            return "the list of IN stands in round brackets: IN (1, 2)"
        after = found[n + 1] if n + 1 < len(found) else None
        if _word(found, n - 3) in ("FLOAT", "DOUBLE", "REAL") and _word(found, n - 2) == "(":
            return "a number with fixed decimals is a DECIMAL here: DECIMAL(10, 2)"
        # DECIMAL(3,2) and the members of a list are written with a comma, too.
        is_member = _word(found, n - 2) in ("(", ",")
        if _number(found, n - 1) and after and after.kind == "number" and not is_member:
            return f"a number has a decimal point, not a comma: {found[n - 1].text}.{after.text}"
    return ""


def decimal_comma(text: str) -> str:
    """Return a number that is written with a decimal comma, as 4,5; empty when there is none."""
    found = tokens(text)
    for before, comma, after in zip(found, found[1:], found[2:], strict=False):
        touching = after.start == comma.start + 1 == before.start + len(before.text) + 1
        if (before.kind, comma.text, after.kind) == ("number", ",", "number") and touching:
            return f"{before.text},{after.text}"
    return ""


def _near_in_schema(found: Sequence[Token], places: Sequence[int], near: str) -> str:
    words = [token.text.upper() for token in found]
    for n in places:
        start = max((m + 1 for m in range(n) if words[m] == ";"), default=0)
        statement = [word for word in words[start : start + 4] if word not in ("OR", "REPLACE")]
        if statement[:1] == ["CREATE"] and statement[1:2] and statement[1] in _CREATED:
            return _CREATED[statement[1]]
        before = _word(found, n - 1)
        if near[:1] == "(" and before in ("INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT"):
            return f"whole numbers have no length here: write {before} alone"
        if near[:1] == "(" and before in ("KEY", "INDEX") and _word(found, n - 2) != "PRIMARY":
            return _KEY_IN_TABLE
        if words[n] == "KEY":
            return _KEY_IN_TABLE
        if words[n] == "ON" and words[n + 1 : n + 2] == ["UPDATE"]:
            return "a column cannot follow changes of its row by itself: leave ON UPDATE out"
        if before == "UNSIGNED":
            return _UNSIGNED
        if words[n] == "EXCLUDE" or before == "USING":
            return _ON_A_COLUMN["EXCLUDE"]
    word = near.upper()
    for n in places:
        if found[n].kind == "word" and _is_keyword(near) and _word(found, n - 1) in _BEFORE_A_NAME:
            return f'{near} is a word of SQL: choose another name, or write "{near}"'
    if word == "REGEXP":
        return _SPELT["REGEXP"]
    if word in _ON_A_COLUMN or word == "GO":
        return _ON_A_COLUMN.get(word) or _SPELT[word]
    return next((hint for n in places if (hint := _form_of_a_table(found, n))), "")


_AT_A_TABLE: Final[dict[str, str]] = {
    "NOTNULL": "write it as two words: NOT NULL",
    "WITHOUT": "WITHOUT ROWID is a word of SQLite: end the table at its closing bracket",
    "PARTITION": "tables are not partitioned here: end the table at its closing bracket",
    "LOCAL": "a moment with a time zone is TIMESTAMPTZ here",
    "USING": "leave USING out: the kind of an index is not chosen here",
    "INHERITS": "tables inherit nothing here: write the columns into each table",
    "{": "columns stand in round brackets: CREATE TABLE name (column TYPE, column TYPE)",
    ":": "between the name of a column and its type stands a space only",
}


def _form_of_a_table(found: Sequence[Token], n: int) -> str:
    """Return what is wrong with the form of CREATE TABLE at a place; empty when it is uncertain."""
    here, before, after = _word(found, n), _word(found, n - 1), _word(found, n + 1)
    signs = [token.text for token in found[:n] if token.kind == "operator"]
    is_inside = signs.count("(") > signs.count(")")
    if here in _AT_A_TABLE:
        return _AT_A_TABLE[here]
    if told := _form_of_a_change(found, n):
        return told
    if here == "DEFAULT" and before == ")" and after in ("CHARSET", "CHARACTER"):
        return _ON_A_COLUMN["CHARSET"]
    if here == "," == before:
        return "two commas follow one another: delete one of them"
    if here == ";" and is_inside:
        return (
            "columns and rules are divided by commas; the semicolon stands behind the bracket that "
            "closes the table"
        )
    if here == "CREATE" and n and before != ";":
        missing = "bracket that closes it" if is_inside else "semicolon at its end"
        return f"the statement before this CREATE lacks the {missing}"
    if "BETWEEN" in [_word(found, n - back) for back in (2, 3)] and here in ("TO", "OR", "BIS"):
        return "the two ends of BETWEEN are joined with AND"
    if here in ("INDEX", "KEY") and before == "UNIQUE":
        return _KEY_IN_TABLE
    if before == "CONSTRAINT" and here in ("PRIMARY", "UNIQUE", "CHECK", "FOREIGN", ")"):
        return "behind CONSTRAINT stands a name of your own, or leave the word CONSTRAINT out"
    if here == "(" and _is_in_unique(found, n):
        return (
            "UNIQUE inside a table takes columns only: an expression is made unique below the "
            "table, with CREATE UNIQUE INDEX name ON table (expression)"
        )
    words = [_word(found, back) for back in range(max(0, n - 3), n)]
    if words[-2:] == ["(", "IF"] and "CHECK" in words:
        return "if a, then b is written CHECK (NOT (a) OR b)"
    if here == "MODIFY":
        return "write ALTER COLUMN name SET NOT NULL, or ALTER COLUMN name TYPE type"
    if words[-3:-1] in (["ALTER", "COLUMN"],) and _is_type(here) and after == "NOT":
        return f"NOT NULL is set without the type: ALTER COLUMN {found[n - 1].text} SET NOT NULL"
    if words[-3:-1] in (["ALTER", "COLUMN"],) and _is_type(here):
        return f"the word TYPE stands before a type: ALTER COLUMN {found[n - 1].text} TYPE {here}"
    if here == "FOREIGN" and before not in ("(", ",") and _word(found, n - 2) != "CONSTRAINT":
        return (
            "at a column the word is REFERENCES alone; FOREIGN KEY (column) REFERENCES ... is a "
            "rule of its own, behind a comma"
        )
    if before == "CHECK" and here not in ("(", ")", ","):
        return "the whole condition stands in brackets: CHECK (column IN ('one', 'other'))"
    is_name = found[n].kind in ("word", "quoted") and not _is_keyword(found[n].text)
    if is_name and is_inside and before not in ("(", ",") and _is_type(after):
        return f"a comma is missing before {found[n].text}"
    if is_name and (before == "UNIQUE" or (before == "KEY" and n > 1)):
        rule = before if before == "UNIQUE" else f"{_word(found, n - 2)} KEY"
        return f"behind {rule} the columns stand in brackets: {rule} ({found[n].text})"
    if n == 0 and (is_name or here == "TABLE"):
        return "a table is made with CREATE TABLE name (column TYPE, column TYPE)"
    return ""


def _form_of_a_change(found: Sequence[Token], n: int) -> str:
    """Return which word is missing at a place of ALTER TABLE, of a key or of a CASE."""
    here, before, after = _word(found, n), _word(found, n - 1), _word(found, n + 1)
    start = max((m + 1 for m in range(n) if found[m].text == ";"), default=0)
    words = [token.text.upper() for token in found[start:n]]
    if here == "NOT" and words[-3:-1] == ["ALTER", "COLUMN"]:
        return f"the word SET is missing: ALTER COLUMN {found[n - 1].text} SET NOT NULL"
    if here == "NOT" and after == "NULL" and before == "ADD":
        return "NOT NULL is set at its column: ALTER COLUMN name SET NOT NULL"
    if here == "NOT" and after == "VALID":
        return "DuckDB has no NOT VALID: rows that are there are checked at once, leave it out"
    if here == "(" and "EXCLUDE" in words:
        return _ON_A_COLUMN["EXCLUDE"]
    if here == "WHERE" and before == ")" and "UNIQUE" in words and "SELECT" not in words:
        return NO_PARTIAL_INDEX
    if before == "PRIMARY":
        return "the word KEY is missing: PRIMARY KEY"
    if before == "CREATE" and found[n].kind in ("word", "quoted") and after == "(":
        return "a table is made with CREATE TABLE name (column TYPE, column TYPE)"
    if here == "THEN" and "CASE" in words and "WHEN" not in words[words.index("CASE") :]:
        return "behind CASE stands WHEN: CASE WHEN condition THEN value END"
    if here in (")", ",", ";") and words.count("CASE") > words.count("END"):
        return "CASE needs its END"
    return ""


def _is_in_unique(found: Sequence[Token], n: int) -> bool:
    """Return whether a bracket opens a call inside the brackets of a UNIQUE of a table."""
    depth = 0
    for back in range(n - 1, 0, -1):
        depth += (found[back].text == ")") - (found[back].text == "(")
        if depth < 0:
            return _word(found, back - 1) == "UNIQUE"
    return False


def _is_type(word: str) -> bool:
    return word in _KNOWN_TYPES or word in TYPES


def _open_case(before: Sequence[Token]) -> bool:
    """Return whether a CASE before a place has no END, in the brackets that it stands in."""
    words = [token.text.upper() for token in before if token.kind == "word"]
    signs = [token.text for token in before if token.kind == "operator"]
    is_inside = signs.count("(") > signs.count(")")
    return not is_inside and words.count("CASE") > words.count("END")


def _clause(found: Sequence[Token], places: Sequence[int], word: str) -> str:
    """Return what is wrong before a clause: a clause that belongs behind it, a missing ON."""
    words = [token.text.upper() for token in found]
    for n in places:
        depth, before = 0, []
        for m in range(n - 1, -1, -1):
            depth += (words[m] == ")") - (words[m] == "(")
            if depth < 0 or words[m] == "UNION":
                break
            if depth == 0 and found[m].kind == "word":
                before.append(words[m])
        late = [each for each in before if each in _CLAUSES]
        if word == "WHERE" in late:
            return "a query has one WHERE: further conditions are joined to it with AND"
        if any(_CLAUSES.index(each) > _CLAUSES.index(word) for each in late):
            behind = {"GROUP": "GROUP BY", "ORDER": "ORDER BY"}
            first = behind.get(late[0], late[0])
            return f"{first} comes after {behind.get(word, word)}; {_ORDER_OF_CLAUSES}"
        joined = before[: before.index("JOIN")] if "JOIN" in before else ["ON"]
        if not {"ON", "USING"} & set(joined) and "CROSS" not in before[before.index("JOIN") :][:2]:
            return _NO_ON
        if "CASE" in before and before.index("CASE") < (
            before.index("END") if "END" in before else len(before)
        ):
            return "CASE needs its END"
    return ""


def _missing(found: Sequence[Token], places: Sequence[int]) -> str:
    """Return what is certain to be missing: a bracket, BY, what follows the last word."""
    signs = [token.text for token in found if token.kind == "operator"]
    opened, closed = signs.count("("), signs.count(")")
    if opened > closed:
        return "a bracket is opened and never closed"
    if closed > opened:
        return "a bracket is closed that nothing opens"
    for n in places:
        before = _word(found, n - 1)
        if before in ("GROUP", "ORDER", "PARTITION"):
            return f"write {before} BY"
        if before == "OVER" or _word(found, n) == "OVER":
            return "a window function is written name() OVER (...)"
    words = [token.text.upper() for token in found if token.text != ";"]
    if places and places[-1] == len(words) - 1:
        behind = words[len(words) - words[::-1].index("JOIN") :] if "JOIN" in words else ["ON"]
        if not {"ON", "USING"} & set(behind):
            return _NO_ON
        if words[-1] in (*_OF_QUERIES, *_OF_SCHEMAS):
            return f"the text ends there: something has to follow {words[-1]}"
    return ""


def _two_words(found: Sequence[Token], places: Sequence[int]) -> str:
    """Return how a name of two words is written, as in `AS amount usd`."""
    for n in places:
        first = found[n - 1] if n else None
        if first is None or first.kind != "word" or found[n].kind != "word":
            continue
        if first.text.upper() in _OF_QUERIES or found[n].text.upper() in _OF_QUERIES:
            continue
        if _word(found, n - 2) == "AS":
            if _word(found, n + 1) in ("(", "."):  # a call or a column: no part of a name
                rest = found[n + 1 : n + 3] if found[n + 1].text == "." else []
                column = "".join(token.text for token in (found[n], *rest))
                return f"a comma is missing before {column}"
            joined = f"{first.text}_{found[n].text}"
            return f"a name is one word: {joined}, or in double quotes"
    return ""


def _signs_of_conditions(text: str) -> str:
    joined = "".join(token.text for token in tokens(text) if token.kind == "operator")
    if "&&" in joined:
        return "conditions are joined with AND; && is no AND here"
    if "||" in joined:
        return "conditions are joined with OR; || joins texts here"
    return ""


def _type(name: str, language: Language) -> str:
    word = name.upper()
    if word in TYPES:
        plain = "whole numbers are INTEGER or BIGINT here, with or without a sign"
        return TYPES[word] or (_UNSIGNED if language == "ddl" else plain)
    close = get_close_matches(word, _TYPES, n=1, cutoff=0.7)
    if word.startswith("INT"):
        close = close or ["INTEGER"]
    return f"did you mean {close[0]}?" if close else ""


def _column(text: str, name: str) -> str:
    found = tokens(text)
    word = name.upper()
    if word in _SPELT:
        return _SPELT[word]
    if word.rstrip("S") in _UNITS:
        for n, token in enumerate(found):
            called = found[n - 2].text.lower() if n >= 2 and found[n - 1].text == "(" else ""
            if token.text.upper() == word and called:
                return FUNCTIONS.get(called, f"a unit of time is a text: '{name.lower()}'")
            if token.text.upper() == word and found[n - 1].text == "," and _in_a_call(found, n):
                return f"a unit of time is a text and comes first: '{name.lower()}'"
    for n, token in enumerate(found):
        before = found[n - 1].text if n else ""
        if token.text == name and before in ("@", ":", "%"):
            return f"a parameter is written with a dollar sign: ${name}"
        if token.text == name and before == "`" and n >= 2 and found[n - 2].text in ("=", ">", "<"):
            return f"backticks name a column; text stands in single quotes: '{name}'"
    return ""


def _in_a_call(found: Sequence[Token], place: int) -> bool:
    """Return whether a place lies between the brackets of a function."""
    depth = 0
    for n in range(place - 1, 0, -1):
        depth += (found[n].text == ")") - (found[n].text == "(")
        if depth < 0:
            return found[n - 1].kind == "word" and not _is_keyword(found[n - 1].text)
    return False


def _has(text: str, *words: str) -> bool:
    return any(token.kind == "word" and token.text.upper() in words for token in tokens(text))


def _word(found: Sequence[Token], place: int) -> str:
    return found[place].text.upper() if 0 <= place < len(found) else ""


def _number(found: Sequence[Token], place: int) -> bool:
    return 0 <= place < len(found) and found[place].kind == "number"
