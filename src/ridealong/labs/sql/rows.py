"""Row by row: what WHERE makes of each row, and which rows of two tables match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from ridealong.labs.sql.database import (
    Database,
    LabError,
    Node,
    quoted,
    require_columns,
    walk,
    without_outer_brackets,
)
from ridealong.show.views import View, distinct_names, frame, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORDS = {True: "TRUE", False: "FALSE", None: "NULL"}


def row_by_row(
    condition: str,
    *,
    table: str,
    columns: Sequence[str] | None = None,
    rows: int = 8,
    order_by: str | None = None,
    parameters: Mapping[str, object] | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> View:
    """Show what a WHERE condition makes of each row: TRUE, FALSE or NULL, kept or dropped.

    Each part between AND and OR gets a column of its own, then the whole condition. The
    rows are chosen so that every outcome that exists in the table is among them.

    Args:
        condition: What stands behind WHERE.
        table: The table or view to read.
        columns: Columns to show; those in the condition are always shown.
        rows: How many example rows to show.
        order_by: Column or expression by which examples are picked and sorted; default: the
            table's first column.
        parameters: Values of the condition's `$names`.
        connection: The connection to ask; default: the notebook's.

    Raises:
        LabError: Unknown table or column, or the condition is not one condition.

    Example:
        row_by_row("rating > 4.5", table="drivers", columns=["driver_id", "rating"])
    """
    database = Database(connection, parameters)
    if rows < 1:
        message = f"rows is {rows}; at least 1 row is needed."
        raise LabError(message)
    name, known = database.table(table)
    tree = database.select(f"SELECT * FROM {name} WHERE {condition}\n")
    where = tree["where_clause"]
    if where is None or tree["group_expressions"] or tree["modifiers"]:
        message = 'give only what stands behind WHERE, such as "rating > 4.5".'
        raise LabError(message)
    shown = list(columns) if columns is not None else [known[0]]
    require_columns(shown, known, table)
    lowered = {column.lower() for column in shown}
    for column in _columns_in(where, known):
        if column.lower() not in lowered:
            shown.append(column)
            lowered.add(column.lower())

    if "--" in condition or "/*" in condition:
        condition = database.expression_text(where)  # a comment would end a column's heading
    parts = _parts(database, condition, where)
    tests = [*parts, condition] if len(parts) > 1 else [condition]
    order = order_by or quoted(known[0])
    values = ", ".join(quoted(column) for column in shown)
    outcomes = ", ".join(
        f"CAST(({test}\n) AS BOOLEAN) AS test_{position}" for position, test in enumerate(tests)
    )
    last = f"test_{len(tests) - 1}"
    examples = database.rows(
        f"""
        WITH judged AS (
            SELECT {values}, {outcomes},
                   row_number() OVER (ORDER BY {order}, {values}) AS place
            FROM {name}
        ),
        ranked AS (
            SELECT *, row_number() OVER (PARTITION BY {last} ORDER BY place) AS turn
            FROM judged
        ),
        picked AS (
            SELECT * FROM ranked ORDER BY turn, {last} DESC NULLS LAST LIMIT {rows:d}
        )
        SELECT * EXCLUDE (place, turn) FROM picked ORDER BY place
        """
    )
    counts = {True: 0, False: 0, None: 0}
    counted = database.rows(
        f"SELECT CAST(({condition}\n) AS BOOLEAN) AS outcome, count(*) FROM {name} GROUP BY outcome"
    )
    for outcome, count in counted.rows:
        counts[outcome] = int(count)

    body: list[list[Any]] = []
    for row in examples.rows:
        judged = row[len(shown) :]
        words = [_WORDS[value] for value in judged]
        body.append([*row[: len(shown)], *words, "kept" if judged[-1] else "dropped"])
    heads = [without_outer_brackets(" ".join(test.split())) for test in tests]
    if len(heads) > 1:
        heads[-1] = f"WHERE {heads[-1]}"
    header = distinct_names([*shown, *heads, "row is"])
    total = sum(counts.values())
    summary = (
        f"All {plural(total, 'row')} of {table}: TRUE {counts[True]:,}, FALSE {counts[False]:,}, "
        f"NULL {counts[None]:,}. WHERE keeps the {plural(counts[True], 'row')} that "
        f"{'is' if counts[True] == 1 else 'are'} TRUE; FALSE and NULL are both dropped."
    )
    return View(
        title=f"{plural(len(body), 'row')} of {table}, picked to show each outcome",
        table=frame(header, body),
        summary=summary,
        badges=tuple(header[len(shown) :]),
    )


def _columns_in(where: Node, known: Sequence[str]) -> list[str]:
    by_lower = {name.lower(): name for name in known}
    names = (
        str(node["column_names"][-1]).lower()
        for node in walk(where)
        if node.get("class") == "COLUMN_REF"
    )
    return list(dict.fromkeys(by_lower[name] for name in names if name in by_lower))


def _parts(database: Database, condition: str, where: Node) -> list[str]:
    """Return the parts between AND and OR, as the learner wrote them where that is sure."""
    leaves = _leaves(where)
    written = _split(condition)
    if len(written) == len(leaves):
        return written
    return [database.expression_text(leaf) for leaf in leaves]


def _leaves(node: Node) -> list[Node]:
    if node.get("class") == "CONJUNCTION":
        return [leaf for child in node["children"] for leaf in _leaves(child)]
    return [node]


def _split(condition: str) -> list[str]:
    """Split a condition at each AND and OR that is not inside brackets, BETWEEN or CASE."""
    text = without_outer_brackets(condition)
    tokens = duckdb.tokenize(text)
    ends = [start for start, _ in tokens[1:]] + [len(text)]
    depth = 0
    between = 0
    parts: list[str] = []
    begin = 0
    for (start, kind), end in zip(tokens, ends, strict=True):
        word = text[start:end].strip().upper()
        if kind == duckdb.token_type.operator:
            depth += word.count("(") - word.count(")")
        if kind != duckdb.token_type.keyword:
            continue
        if word in ("CASE", "END"):
            depth += 1 if word == "CASE" else -1
        elif depth == 0 and word == "BETWEEN":
            between += 1
        elif depth == 0 and word == "AND" and between:
            between -= 1
        elif depth == 0 and word in ("AND", "OR"):
            parts.append(text[begin:start])
            begin = end
    parts.append(text[begin:])
    if len(parts) == 1:
        return [text]
    return [leaf for part in parts for leaf in _split(part)]
