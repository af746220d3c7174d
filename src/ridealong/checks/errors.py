"""DuckDB's error messages in one line, with the nearest name that exists."""

import re
from difflib import get_close_matches

import duckdb

from ridealong.checks.sqltext import tokens

_COLUMN = re.compile(
    r"""column\ named\ "(?P<a>[^"]+)"
      | [Cc]olumn\ "(?P<b>[^"]+)"\ (?:not\ found|does\ not\ exist)
    """,
    re.VERBOSE,
)
_TABLE = re.compile(r'Table with name "?(?P<name>[^"\s!]+)"? does not exist')
_NEAR = re.compile(r'syntax error at or near "(?P<near>.*)"')
_FUNCTION = re.compile(
    r"""Function with name (?P<name>\w+) does not exist!\s*Did you mean "(?P<nearest>\w+)""",
    re.IGNORECASE,
)
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
_KEYWORDS = (
    ["AND", "AS", "ASC", "BETWEEN", "BY", "CASE", "COUNT", "DESC", "DISTINCT", "ELSE", "END"]
    + ["EXISTS", "FROM", "GROUP", "HAVING", "ILIKE", "IN", "INNER", "INTERVAL", "IS", "JOIN"]
    + ["LEFT", "LIKE", "LIMIT", "NOT", "NULL", "OFFSET", "ON", "OR", "ORDER", "SELECT", "THEN"]
    + ["UNION", "USING", "VALUES", "WHEN", "WHERE", "WITH"]
)
_LONGEST = 240


def shorten(error: Exception, text: str, con: duckdb.DuckDBPyConnection | None) -> str:
    """Return an error of DuckDB in one line, with the nearest real name and the remedy.

    Args:
        error: what DuckDB raised.
        text: the query that it was raised for.
        con: where the names of tables and columns are looked up; None to leave that out.
    """
    message = str(error)
    first = message.strip().partition("\n")[0].partition(". Use ")[0].strip()
    if len(first) > _LONGEST:
        first = first[: _LONGEST - 4] + " ..."
    line = _LINE.search(message)
    where = f" (line {line[1]})" if line and "\n" in text.strip() else ""
    advice = _advice(first, message, text, con)
    return f"{first.rstrip('.!')}{where}" + (f": {advice}" if advice else "")


def _advice(first: str, message: str, text: str, con: duckdb.DuckDBPyConnection | None) -> str:
    if found := _COLUMN.search(first):
        name = found["a"] or found["b"]
        if any(each.kind == "quoted" and each.text == f'"{name}"' for each in tokens(text)):
            return (
                f"double quotes name a column; text stands in single quotes: '{name}'"
                + _nearest_column(name, text, con, cutoff=0.75)
            )
        return _nearest_column(name, text, con).removeprefix("; ")
    if found := _TABLE.search(first):
        return _nearest_table(found["name"], text, con)
    if found := _NEAR.search(first):
        for word in _words_at(found["near"], text, con):
            if close := get_close_matches(word, _KEYWORDS, n=1, cutoff=0.65):
                return f"did you mean {close[0]}?"
        return "look at the word before it too; a comma, a bracket or a keyword is missing there"
    if "unterminated" in first:
        return "a quote is opened there and not closed"
    if "must appear in the GROUP BY" in message:
        return (
            "add it to GROUP BY, or say which of its values to take: min(...), max(...), count(...)"
        )
    if found := _FUNCTION.search(message):
        close = get_close_matches(found["name"].lower(), [found["nearest"].lower()], 1, 0.6)
        return f"did you mean {found['nearest']}?" if close else ""
    return ""


def _words_at(near: str, text: str, con: duckdb.DuckDBPyConnection | None) -> list[str]:
    """Return the word at an error and the one before it, unless they are known names."""
    found = tokens(text)
    places = [n for n, each in enumerate(found) if each.text == near]
    words = [found[n].text for place in places[:1] for n in (place, place - 1) if n >= 0]
    known = {name.lower() for pair in _columns("", con) for name in pair}
    return [
        word.upper()
        for word in words
        if word.upper() not in _KEYWORDS and word.lower() not in known and word.isalpha()
    ]


def _nearest_column(
    name: str, text: str, con: duckdb.DuckDBPyConnection | None, cutoff: float = 0.5
) -> str:
    columns = _columns(text, con)
    close = get_close_matches(name.lower(), [column.lower() for _, column in columns], 1, cutoff)
    for table, column in columns:
        if close and column.lower() == close[0]:
            return f"; the nearest column is {table}.{column}"
    return ""


def _columns(text: str, con: duckdb.DuckDBPyConnection | None) -> list[tuple[str, str]]:
    """Return table and column names; those of the tables named in the query, if there are any."""
    words = {each.text.lower().strip('"') for each in tokens(text)}
    rows = _look_up(
        con,
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "WHERE NOT internal ORDER BY schema_name <> 'main', table_name, column_index",
    )
    named = [
        (table, column)
        for schema, table, column in rows
        if table.lower() in words and (schema == "main" or schema.lower() in words)
    ]
    return named or [(table, column) for _, table, column in rows]


def _nearest_table(name: str, text: str, con: duckdb.DuckDBPyConnection | None) -> str:
    """Return the nearest table, looking first in the schema that the query names before it."""
    rows = _look_up(
        con,
        "SELECT DISTINCT schema_name, table_name FROM duckdb_columns() WHERE NOT internal "
        "ORDER BY schema_name = 'main', schema_name, table_name",
    )
    found = tokens(text)
    here = next((n for n, each in enumerate(found) if each.text.lower() == name.lower()), 0)
    asked = found[here - 2].text.lower() if here >= 2 and found[here - 1].text == "." else "main"
    rows.sort(key=lambda row: row[0].lower() == asked)
    known = {
        table.lower(): table if schema == "main" else f"{schema}.{table}" for schema, table in rows
    }
    close = get_close_matches(name.lower().rpartition(".")[2], known, 1, 0.5)
    return f"the nearest table is {known[close[0]]}" if close else "tables() lists what there is"


def _look_up(con: duckdb.DuckDBPyConnection | None, query: str) -> list[tuple[str, ...]]:
    try:
        return con.execute(query).fetchall() if con is not None else []
    except duckdb.Error:
        return []  # the connection is closed or broken: then without the nearest name
