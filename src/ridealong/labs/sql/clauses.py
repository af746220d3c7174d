"""The clauses of a SELECT, one after the other, and what ORDER BY leaves open."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ridealong.labs.sql.database import Database, Node, walk
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

_LOG_SCALE_FROM = 200  # a bar this many times shorter than the longest can no longer be seen


def clause_steps(
    sql: str,
    *,
    parameters: Mapping[str, object] | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> View:
    """Show a SELECT's clauses in the order in which they take effect, with the rows left.

    Every number is measured: the query is cut after each clause, and the rows are counted.

    Args:
        sql: One SELECT; CTEs and joins are fine, UNION is not.
        parameters: Values of the query's `$names`.
        connection: The connection to ask; default: the notebook's.

    Raises:
        LabError: `sql` is not one SELECT, or DuckDB refuses it.

    Example:
        clause_steps("SELECT city_id, count(*) FROM rides GROUP BY city_id LIMIT 3")
    """
    database = Database(connection, parameters)
    tree = database.select(sql)
    columns = database.columns(sql)  # an error shows with the learner's own query
    steps = [
        *_from_steps(database, tree),
        *_middle_steps(database, tree, columns),
        *_last_steps(database, tree),
    ]
    rows = [(place, *step) for place, step in enumerate(steps, start=1)]
    names = " → ".join(step[0] for step in steps)
    summary = (
        f"{names}: {steps[0][2]:,} → {plural(steps[-1][2], 'row')}. This is the order of meaning, "
        "whatever order the clauses are written in; the database may work in another order "
        "when the result is the same."
    )
    return View(
        title="What is left after each clause",
        table=frame(["step", "clause", "what it does", "rows left"], rows),
        summary=summary,
        picture=_rows_left([(f"{place}  {clause}", count) for place, clause, _, count in rows]),
        counts=("rows left",),
    )


def is_aggregated(database: Database, tree: Node) -> bool:
    """Tell whether a SELECT without GROUP BY still makes one row of many (`SELECT count(*)`)."""
    names = {
        str(node.get("function_name", "")).lower()
        for node in walk([tree["select_list"], tree["having"]])
        if node.get("class") == "FUNCTION"
    }
    if not names:
        return False
    known = database.connection.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'"
    ).fetchall()
    return bool(names & ({str(row[0]) for row in known} | {"count_star"}))


def modifier(tree: Node, kind: str) -> Node | None:
    """Return the tree's DISTINCT, ORDER or LIMIT part, or None."""
    found = [part for part in tree["modifiers"] if part["type"].startswith(kind)]
    return found[0] if found else None


def order_text(database: Database, order: Node) -> str:
    """Return one key of ORDER BY as SQL."""
    text = database.expression_text(order["expression"])
    if order["expression"].get("class") == "STAR":
        text = "ALL"
    if order["type"] == "DESCENDING":
        text += " DESC"
    nulls = {"NULLS FIRST": " NULLS FIRST", "NULLS LAST": " NULLS LAST"}
    return text + nulls.get(str(order["null_order"]).replace("_", " "), "")


def _from_steps(database: Database, tree: Node) -> list[tuple[str, str, int]]:
    source = tree["from_table"]
    if source["type"] == "EMPTY":
        return [("FROM", "no table: one empty row", 1)]
    chain: list[Node] = []
    while source["type"] == "JOIN":
        chain.append(source)
        source = source["left"]
    steps = [("FROM", _table_text(source), _count_from(database, tree, source))]
    for join in reversed(chain):
        kind = str(join["join_type"]) if join["ref_type"] == "REGULAR" else str(join["ref_type"])
        clause = "JOIN" if kind in ("INNER", "CROSS") else f"{kind} JOIN"
        if kind == "CROSS":
            clause = "CROSS JOIN"
        steps.append((clause, _join_text(database, join), _count_from(database, tree, join)))
    return steps


def _middle_steps(
    database: Database, tree: Node, columns: tuple[str, ...]
) -> list[tuple[str, str, int]]:
    steps = []
    groups = [database.expression_text(part) for part in tree["group_expressions"]]
    everything = tree["aggregate_handling"] == "FORCE_AGGREGATES"  # GROUP BY ALL
    aggregated = bool(groups) or everything or is_aggregated(database, tree)
    if tree["where_clause"] is not None:
        partial = _only(database, tree) if aggregated else _without(tree, "qualify")
        partial["where_clause"] = copy.deepcopy(tree["where_clause"])
        condition = database.expression_text(tree["where_clause"])
        count = database.count(database.text(partial))
        steps.append(("WHERE", f"keeps rows where {condition} is TRUE", count))
    if aggregated:
        partial = _without(tree, "having", "qualify")
        by = ", ".join(groups) or "ALL columns without an aggregate"
        what = (
            f"one row per {by}" if groups or everything else "no GROUP BY: all rows are one group"
        )
        clause = "GROUP BY" if groups or everything else "aggregate"
        steps.append((clause, what, database.count(database.text(partial))))
    if tree["having"] is not None:
        condition = database.expression_text(tree["having"])
        count = database.count(database.text(_without(tree, "qualify")))
        steps.append(("HAVING", f"keeps groups where {condition} is TRUE", count))
    count = database.count(database.text(_without(tree)))
    if tree["qualify"] is not None:
        condition = database.expression_text(tree["qualify"])
        steps.append(("QUALIFY", f"keeps rows where {condition} is TRUE", count))
    steps.append(("SELECT", f"{plural(len(columns), 'column')}: {', '.join(columns)}", count))
    return steps


def _last_steps(database: Database, tree: Node) -> list[tuple[str, str, int]]:
    steps = []
    shorter = copy.deepcopy(tree)
    shorter["modifiers"] = [part for part in tree["modifiers"] if part["type"][:5] == "DISTI"]
    count = database.count(database.text(shorter))
    distinct = modifier(tree, "DISTINCT")
    if distinct is not None:
        keys = [database.expression_text(part) for part in distinct["distinct_on_targets"]]
        what = f"one row per {', '.join(keys)}" if keys else "drops rows that repeat another row"
        steps.append(("DISTINCT", what, count))
    order = modifier(tree, "ORDER")
    if order is not None:
        keys = [order_text(database, part) for part in order["orders"]]
        steps.append(("ORDER BY", f"sorts by {', '.join(keys)}", count))
    limit = modifier(tree, "LIMIT")
    if limit is not None:
        left = database.count(database.text(tree))
        steps.append(("LIMIT", _limit_text(database, limit), left))
    return steps


def _limit_text(database: Database, limit: Node) -> str:
    words = []
    if limit["offset"] is not None:
        words.append(f"skips {database.expression_text(limit['offset'])}")
    if limit["limit"] is not None:
        percent = "PERCENT" in limit["type"] or limit.get("limit_type") == "PERCENTAGE"
        unit = " %" if percent else ""
        words.append(f"keeps at most {database.expression_text(limit['limit'])}{unit}")
    return ", ".join(words)


def _count_from(database: Database, tree: Node, source: Node) -> int:
    partial = _only(database, tree)
    partial["from_table"] = copy.deepcopy(source)
    return database.count(database.text(partial))


def _only(database: Database, tree: Node) -> Node:
    """Return `WITH … SELECT 1 FROM …` of a tree."""
    partial = database.empty_select(like=tree)
    partial["from_table"] = copy.deepcopy(tree["from_table"])
    return partial


def _without(tree: Node, *clauses: str) -> Node:
    """Return the tree without the named clauses and without DISTINCT, ORDER BY and LIMIT."""
    partial = copy.deepcopy(tree)
    partial["modifiers"] = []
    for clause in clauses:
        partial[clause] = None
    return partial


def _table_text(source: Node) -> str:
    if source["type"] == "BASE_TABLE":
        alias = f" AS {source['alias']}" if source["alias"] else ""
        return f"all rows of {source['table_name']}{alias}"
    return f"all rows of {source['alias'] or 'a subquery'}"


def _join_text(database: Database, join: Node) -> str:
    text = f"each row so far with {_table_text(join['right']).removeprefix('all rows of ')}"
    if join["condition"] is not None:
        return f"{text} ON {database.expression_text(join['condition'])}"
    if join["using_columns"]:
        return f"{text} USING ({', '.join(join['using_columns'])})"
    return f"{text}, every pair" if join["ref_type"] == "CROSS" else text


def _rows_left(steps: list[tuple[str, int]]) -> pictures.Picture:
    counts = [count for _, count in steps]
    positive = [count for count in counts if count > 0]
    log = bool(positive) and max(positive) > _LOG_SCALE_FROM * min(positive)
    with pictures.style():
        figure, axes = pictures.axes(7.5, 0.9 + 0.42 * len(steps))
        places = range(len(steps))
        start = 0.5 if log else 0
        widths: list[Any] = [max(count - start, 0) for count in counts]
        axes.barh(places, widths, left=start, height=0.62, color=pictures.BLUE)
        if log:
            axes.set_xscale("log")
            axes.set_xlim(start, max(counts) * 8)
        else:
            axes.set_xlim(0, max([*counts, 1]) * 1.15)
        for place, count in zip(places, counts, strict=True):
            axes.annotate(
                f"{count:,}",
                (max(count, start), place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_yticks(list(places), [name for name, _ in steps])
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else "")
        axes.set_xlabel(
            "rows left (log scale: each mark is ten times the one before)" if log else "rows left"
        )
        described = ", ".join(f"{name.strip()} {count:,}" for name, count in steps)
        scale = " The scale is logarithmic." if log else ""
        return pictures.Picture(
            figure, f"Bars of the rows left after each clause: {described}.{scale}"
        )
