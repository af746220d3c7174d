"""DuckDB's error messages in one line, with the nearest name that exists."""

import re
from collections.abc import Collection
from difflib import get_close_matches

import duckdb

from ridealong.engine import dialects
from ridealong.engine.dialects import Language
from ridealong.engine.sqltext import tokens

_COLUMN = re.compile(
    r"""column\ named\ "(?P<a>[^"]+)"
      | [Cc]olumn\ "(?P<b>[^"]+)"\ (?:not\ found|does\ not\ exist)
    """,
    re.VERBOSE,
)
_TABLE = re.compile(r'Table with name "?(?P<name>[^"\s!]+)"? does not exist')
_NEAR = re.compile(r'syntax error at or near "(?P<near>[^\n]*?)"?$')
_NO_TABLE = re.compile(r'Referenced table "(?P<name>[^"]+)" not found')
_UNIT_OF_TIME = re.compile(r"second|minute|hour|day|week|month|quarter|year", re.IGNORECASE)
_FUNCTION = re.compile(
    r"""Function with name (?P<name>\w+) does not exist!\s*Did you mean "(?P<nearest>\w+)""",
    re.IGNORECASE,
)
_NO_MATCH = re.compile(r"argument types '(?P<function>[^(']+)\((?P<types>.*)\)'")
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
# What stands in the first line of an error, and the step that follows from it.
_STEPS = {
    "WHERE clause cannot contain aggregates": (
        "WHERE looks at single rows: a condition on a whole group stands behind HAVING"
    ),
    "clause cannot contain window functions": (
        "a window is computed after WHERE and HAVING: put the condition behind QUALIFY, or around "
        "a query inside"
    ),
    "Window functions are not supported here|requires an OVER clause": (
        "a window function needs OVER (...) behind its brackets"
    ),
    "aggregate function calls cannot be nested": (
        "compute the inner one first, in a WITH or a query inside FROM"
    ),
    "Ambiguous reference": "write the table or its alias before the column",
    "Referenced table": "name that table in FROM, or use the alias that it has there",
    "More than one row returned by a subquery": (
        "= compares with one value: use IN, or make the query inside give one row"
    ),
    "Set operations can only apply": "both queries of a UNION give the same number of columns",
    "values of type (DATE|TIMESTAMP).* and type INTERVAL": (
        "a moment is compared with a moment: as_of() - INTERVAL ..."
    ),
    "Cannot compare values of type": "compare values of one type, or change one with CAST",
    "-> INTERVAL": "a span of time has a number and a unit, as in INTERVAL 30 DAY",
    "Unknown TimeZone": "a time zone is called after its region, as 'America/New_York'",
    "QUANTILE can only": "the share stands between 0 and 1: the 90th percentile is 0.9",
    "to BOOL": "AND and OR join conditions: each side needs a comparison of its own",
    "Conversion Error|Could not convert": (
        "the text does not read as that type: look at the column and at the value"
    ),
    "Cannot mix values of type": "both values need one type: change one with CAST",
}
_LONGEST = 240


def shorten(
    error: Exception,
    text: str,
    con: duckdb.DuckDBPyConnection | None,
    parameters: Collection[str] = (),
    language: Language | None = None,
    lines_before: int = 0,
) -> str:
    """Return an error of DuckDB in one line, with the nearest real name and the remedy.

    Args:
        error: what DuckDB raised.
        text: the query that it was raised for.
        con: where the names of tables and columns are looked up; None to leave that out.
        parameters: the names that the query may ask for as `$name`.
        language: of the text; seen from its first word where it is not given.
        lines_before: how many lines of the text stand before the statement that failed, from whose
            start DuckDB counts.
    """
    message = str(error)
    first = message.strip().partition("\n")[0].partition(". Use ")[0].strip()
    first = first.removesuffix(" You might need to add explicit type casts.")
    if len(first) > _LONGEST:
        first = first[: _LONGEST - 4] + " ..."
    line = _LINE.search(message)
    where = f" (line {int(line[1]) + lines_before})" if line and "\n" in text.strip() else ""
    spoken = language or dialects.language_of(text)
    hint = dialects.dialect_hint(text, first, spoken)
    advice = hint or _advice(first, message, text, con, parameters, spoken)
    return f"{first.rstrip('.!')}{where}" + (f": {advice}" if advice else "")


def _advice(
    first: str,
    message: str,
    text: str,
    con: duckdb.DuckDBPyConnection | None,
    parameters: Collection[str],
    language: Language,
) -> str:
    if found := _COLUMN.search(first):
        name = found["a"] or found["b"]
        if any(each.kind == "quoted" and each.text == f'"{name}"' for each in tokens(text)):
            return (
                f"double quotes name a column; text stands in single quotes: '{name}'"
                + _nearest_column(name, text, con, cutoff=0.75)
            )
        if _is_bare(name, text):
            if name in parameters:
                return f"{name} is a parameter, not a column: write ${name}"
            if _is_compared_with_text(name, text, con):
                return f"a text value stands in single quotes: '{name}'" + _nearest_column(
                    name, text, con, cutoff=0.75
                )
        if view := _view_without(name, text, con):
            return f"basic.{view} has no {name}; the full table {view} has it"
        if _is_a_value(name, text) and not _nearest_column(name, text, con, cutoff=0.75):
            return f"a text stands in single quotes: '{name}'"
        nearest = _nearest_column(name, text, con).removeprefix("; ")
        return nearest or "DESCRIBE table lists the columns that there are" * (language == "sql")
    if (found := _NO_TABLE.search(first)) and (told := _of_an_alias(found["name"], text, con)):
        return told
    if found := _NO_MATCH.search(first):
        return _other_way(found["function"], found["types"], text)
    if (found := _TABLE.search(first)) and language == "sql":
        return _nearest_table(found["name"], text, con)
    if found := _NEAR.search(first):
        if _UNIT_OF_TIME.fullmatch(found["near"]):
            return f"as the name of a column {found['near']} needs AS before it"
        for word in _words_at(found["near"], text, con, language):
            if meant := dialects.misspelt(word, language):
                return f"did you mean {meant}?"
        return "up to there it can be read; look at what stands there and at the word before it"
    if "unterminated" in first:
        return "a quote is opened there and not closed"
    if "must appear in the GROUP BY" in message and _has_having_alone(text):
        return "HAVING asks about whole groups: a condition on single rows stands behind WHERE"
    if "must appear in the GROUP BY" in message:
        return (
            "add it to GROUP BY, or say which of its values to take: min(...), max(...), count(...)"
        )
    if found := _FUNCTION.search(message):
        close = get_close_matches(found["name"].lower(), [found["nearest"].lower()], 1, 0.75)
        known = "DuckDB has no function of this name: look for another way to write it"
        return f"did you mean {found['nearest']}?" if close else known
    steps = [step for seen, step in _STEPS.items() if re.search(seen, first)]
    return "".join([*steps, "look at that part of the query" * (language == "sql")][:1])


def _has_having_alone(text: str) -> bool:
    """Return whether a query has a HAVING, and neither a GROUP BY nor an aggregate."""
    words = {each.text.upper() for each in tokens(text)}
    return "HAVING" in words and not words & {"GROUP", "COUNT", "SUM", "AVG", "MIN", "MAX"}


def _words_at(
    near: str, text: str, con: duckdb.DuckDBPyConnection | None, language: Language
) -> list[str]:
    """Return the word at an error and the one before it, unless they are known names."""
    found = tokens(text)
    places = [n for n, each in enumerate(found) if each.text == near]
    words = [found[n].text for place in places for n in (place, place - 1) if n >= 0]
    known = {
        part for pair in _columns("", con) for name in pair for part in name.lower().split(".")
    }
    return [word for word in words if language == "ddl" or word.lower() not in known]


def _other_way(function: str, types: str, text: str) -> str:
    """Return how to write what no function does, for what other databases do allow."""
    if function in ("~~", "!~~", "~~*", "!~~*") and re.search("DATE|TIME", types):
        return "LIKE compares text: give a span of time by its two ends, with >= and <"
    if function == "&" and "VARCHAR" in types:
        return "text is joined with ||"
    if function == "+" and ("VARCHAR" in types or types.count("STRING_LITERAL") == 2):
        return "text is joined with ||"
    distinct = any(each.text.upper() == "DISTINCT" for each in tokens(text))
    if function == "count" and ", " in types and distinct:
        return "put the columns into brackets of their own: COUNT(DISTINCT (a, b))"
    if function in ("+", "-") and "INTERVAL" not in types and "TIMESTAMP" in types:
        return "a span of time is written INTERVAL 30 DAY"
    return "look at the types in the brackets: another column belongs there, or a CAST"


def _is_bare(name: str, text: str) -> bool:
    """Return whether a name stands in a query without quotes and without a table before it."""
    found = tokens(text)
    return any(
        each.kind == "word" and each.text == name and not (n and found[n - 1].text == ".")
        for n, each in enumerate(found)
    )


def _is_compared_with_text(name: str, text: str, con: duckdb.DuckDBPyConnection | None) -> bool:
    """Return whether a word is compared with a column of texts, as in `status = suspended`."""
    rows = _look_up(
        con,
        "SELECT column_name FROM duckdb_columns() WHERE NOT internal AND data_type = 'VARCHAR'",
    )
    of_text = {column.lower() for (column,) in rows}
    found = tokens(text)
    for here, each in enumerate(found):
        if each.kind != "word" or each.text != name:
            continue
        before = [other.text.upper() for other in found[:here]]
        while before[-1:] == [","] and len(before) > 1:  # further words of a list
            del before[-2:]
        if before[-2:] == ["IN", "("]:
            del before[-2:]
        elif before[-1:] in (["="], [">"], ["<"], ["LIKE"], ["ILIKE"]):
            while before and before[-1] in ("=", "<", ">", "!", "LIKE", "ILIKE"):
                before.pop()
        else:
            continue
        if before[-1:] == ["NOT"]:
            before.pop()
        if before and before[-1].lower() in of_text:
            return True
    return False


def _is_a_value(name: str, text: str) -> bool:
    """Return whether a word stands where values do: in COALESCE, behind THEN or ELSE."""
    found = [each.text for each in tokens(text)]
    for here, word in enumerate(found):
        if word != name or not here:
            continue
        before = [each.upper() for each in found[:here]]
        if before[-1] in ("THEN", "ELSE"):
            return True
        opened = max((n for n, each in enumerate(before) if each == "("), default=0)
        if before[-1] == "," and opened and before[opened - 1] == "COALESCE":
            return ")" not in before[opened:]
    return False


def _of_an_alias(alias: str, text: str, con: duckdb.DuckDBPyConnection | None) -> str:
    """Return which column a table lacks that is in FROM: DuckDB names the table then."""
    found = [each.text for each in tokens(text)]
    words = [each.lower() for each in found]
    asked = {
        words[n + 2]: found[n + 2]
        for n in range(len(words) - 2)
        if words[n] == alias.lower() and words[n + 1] == "."
    }
    columns = _columns("", con)
    for n, word in enumerate(words):
        behind = words[n + 1 : n + 3]
        if behind[:1] != [alias.lower()] and behind != ["as", alias.lower()]:
            continue
        table = f"{words[n - 2]}.{word}" if n >= 2 and words[n - 1] == "." else word
        held = {column.lower() for each, column in columns if each.lower() == table}
        for lower, column in asked.items():
            if held and lower not in held:
                full = table.removeprefix("basic.")
                other = {each.lower() for name, each in columns if name.lower() == full}
                rest = f"; the full table {full} has it" if lower in other - held else ""
                return f"{table} has no {column}{rest}"
    return ""


def _view_without(name: str, text: str, con: duckdb.DuckDBPyConnection | None) -> str:
    """Return the basic view in a query that lacks a column which its full table has."""
    basic = [table for schema, table in _named_tables(text) if schema == "basic"]
    rows = _look_up(
        con, "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main'"
    )
    full = {(table.lower(), column.lower()) for table, column in rows}
    return next((table for table in basic if (table, name.lower()) in full), "")


def _named_tables(text: str) -> set[tuple[str, str]]:
    """Return schema and name, in lower case, of all that a query may mean as a table."""
    words = [each.text.lower().strip('"') for each in tokens(text)]
    return {
        (words[n - 2] if n >= 2 and words[n - 1] == "." else "main", word)
        for n, word in enumerate(words)
        # Before a full stop stands a schema, or the table of a column.
        if words[n + 1 : n + 2] != ["."]
    }


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
    asked = _named_tables(text)
    rows = _look_up(
        con,
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "WHERE NOT internal ORDER BY schema_name <> 'main', table_name, column_index",
    )
    known = [
        ((schema, table.lower()), table if schema == "main" else f"{schema}.{table}", column)
        for schema, table, column in rows
    ]
    named = [(table, column) for place, table, column in known if place in asked]
    return named or [(table, column) for _, table, column in known]


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
