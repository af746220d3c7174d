"""What the database did with a query, in plain words and with the rows that it really saw."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ridealong import pictures
from ridealong.labs.sql import Database, LabError, Node
from ridealong.labs.views import View, frame, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

# These change how fast a plan runs and how many helper steps it has, not what it does. Without
# them the rows of each step are the same on every run, and the steps are the ones people name.
_REFINEMENTS = (
    "column_lifetime,compressed_materialization,join_filter_pushdown,late_materialization,"
    "statistics_propagation"
)
_JOIN_WORDS = {
    "INNER": "keep matching pairs",
    "LEFT": "keep every row of the first table",
    "RIGHT": "keep every row of the second table",
    "FULL": "keep every row of both tables",
    "OUTER": "keep every row of both tables",
    "SEMI": "keep rows that have a match",
    "ANTI": "keep rows that have no match",
    "RIGHT_SEMI": "keep rows that have a match",
    "RIGHT_ANTI": "keep rows that have no match",
    "MARK": "mark rows that have a match",
    "SINGLE": "look up one value for each row",
}


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of a plan, with the steps that feed it."""

    what: str
    detail: str
    rows_in: int
    rows_out: int
    inputs: tuple[_Step, ...]
    table: str | None = None


def plan(
    sql: str,
    *,
    parameters: Mapping[str, object] | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> View:
    """Run a query and show its plan: each step with the rows that went in and came out.

    Every number is counted while the query runs, none is an estimate, and no time is shown:
    a time says more about the machine than about the query.

    Args:
        sql: One query.
        parameters: Values of the query's `$names`.
        connection: The connection to ask; default: the notebook's.

    Raises:
        LabError: `sql` is not one query, or DuckDB refuses it.

    Example:
        plan("SELECT city_id, count(*) FROM rides GROUP BY city_id")
    """
    database = Database(connection, parameters)
    query = database.require_query(sql)
    root = _step(_profile(database, query))
    steps = list(_in_order(root))
    rows = [
        [place, step.what, step.detail, step.rows_in, step.rows_out]
        for place, step in enumerate(steps, start=1)
    ]
    return View(
        title="What the database does, first step first",
        table=frame(["step", "what", "how", "rows in", "rows out"], rows),
        summary=_summary(root, steps),
        picture=_tree(root, steps),
        counts=("rows in", "rows out"),
    )


def _profile(database: Database, query: str) -> Node:
    with _without_refinements(database):
        explained = database.rows(f"EXPLAIN (ANALYZE, FORMAT json) {query}").rows
    profile: dict[str, Any] = json.loads(str(explained[0][1]))
    # DuckDB 2 keeps the operators below "operator", DuckDB 1 below "children".
    node = _only(profile.get("operator") or profile.get("children"))
    while _kind(node) in ("RESULT_COLLECTOR", "EXPLAIN_ANALYZE"):
        node = _only(node.get("children"))
    return node


@contextlib.contextmanager
def _without_refinements(database: Database) -> Iterator[None]:
    before = database.rows("SELECT current_setting('disabled_optimizers')").rows[0][0]
    database.connection.execute(f"SET disabled_optimizers = '{_REFINEMENTS}'")
    try:
        yield
    finally:
        database.connection.execute(f"SET disabled_optimizers = '{before or ''}'")


def _only(children: Sequence[Node] | None) -> Node:
    if not children:
        message = "DuckDB gave no plan for this query. Give one SELECT that reads a table."
        raise LabError(message)
    return children[0]


def _kind(node: Node) -> str:
    return str(node.get("type") or node.get("operator_type") or "")


def _counted(node: Node, name: str, name_in_duckdb_1: str) -> Any:
    return node.get(name, node.get(name_in_duckdb_1, 0))


def _step(node: Node) -> _Step:
    kind = _kind(node)
    children = tuple(_step(child) for child in node.get("children", ()))
    if kind == "PROJECTION" and len(children) == 1:
        return children[0]  # computing columns changes no row
    info: dict[str, Any] = node.get("extra_info") or {}
    rows_out = int(_counted(node, "intermediate_rows", "operator_cardinality"))
    rows_in = sum(child.rows_out for child in children)
    if kind == "TABLE_SCAN":
        name = str(info.get("Table") or info.get("Function") or "a function's rows")
        table = name.rpartition(".")[2].lower()
        looked_at = int(_counted(node, "rows_scanned", "operator_rows_scanned"))
        return _Step(
            f"read {table}", _scan_detail(info), max(looked_at, rows_out), rows_out, (), table
        )
    what, detail = _words(kind, info)
    return _Step(what, detail, rows_in, rows_out, children)


def _scan_detail(info: Mapping[str, Any]) -> str:
    columns = _listed(info.get("Projections"))
    filters = [_plain(part) for part in _listed(info.get("Filters"))]
    words = [f"columns {', '.join(columns)}" if columns else "no column, rows are only counted"]
    if filters:
        words.append(f"keep rows where {' AND '.join(filters)}")
    if str(info.get("Type", "")).startswith("Index"):
        words.append("found through the index of the key")
    return "; ".join(words)


def _words(kind: str, info: Mapping[str, Any]) -> tuple[str, str]:
    if "JOIN" in kind:
        join = str(info.get("Join Type", "")).upper()
        condition = " AND ".join(_plain(part) for part in _listed(info.get("Conditions")))
        on = f"where {condition}, " if condition else ""
        return "join", on + _JOIN_WORDS.get(join, join.lower() or "every pair")
    if kind == "CROSS_PRODUCT":
        return "join", "every row with every row"
    if kind == "UNGROUPED_AGGREGATE":
        return "summarise", "all rows become one"
    if "GROUP_BY" in kind:
        return "group", "rows with the same key become one"
    if kind == "FILTER":
        return (
            "filter",
            f"keep rows where {_plain(str(info.get('Expression', 'a condition holds')))}",
        )
    if kind == "ORDER_BY":
        return "sort", f"by {', '.join(_plain(part) for part in _listed(info.get('Order By')))}"
    if kind == "TOP_N":
        keys = ", ".join(_plain(part) for part in _listed(info.get("Order By")))
        return "sort and cut", f"keep the first {info.get('Top', '')} by {keys}"
    if "LIMIT" in kind:
        return "cut", "stop after the rows that LIMIT allows"
    if "WINDOW" in kind:
        return "window", "compute over neighbouring rows"
    if "DISTINCT" in kind:
        return "distinct", "drop rows that repeat another"
    return kind.lower().replace("_", " "), ""


def _listed(value: object) -> list[str]:
    if value is None or value == "":
        return []
    return [str(part) for part in value] if isinstance(value, list) else [str(value)]


def _plain(text: str) -> str:
    """Take DuckDB's spelling of an expression a step towards the one people write."""
    text = text.strip().replace("count_star()", "count(*)").replace("::TIMESTAMP", "")
    parts = text.split(" ")
    cleaned = [part.rpartition(".")[2] if part.count(".") >= 2 else part for part in parts]
    text = " ".join(cleaned)
    wrapped = text.startswith("(") and text.endswith(")") and text.count("(") == 1
    return text[1:-1] if wrapped else text


def _in_order(step: _Step) -> Iterator[_Step]:
    for source in step.inputs:
        yield from _in_order(source)
    yield step


def _summary(root: _Step, steps: Sequence[_Step]) -> str:
    reads = [step for step in steps if step.table is not None]
    read = ", ".join(
        f"{step.table} ({step.rows_in:,} rows looked at, {step.rows_out:,} kept)" for step in reads
    )
    tables = len({step.table for step in reads})
    words = [
        f"The query reads {plural(tables, 'table')}: {read}." if reads else "It reads no table."
    ]
    for place, step in enumerate(steps, start=1):
        if step.what == "join" and len(step.inputs) == 2:
            sizes = " and ".join(f"{source.rows_out:,}" for source in step.inputs)
            words.append(f"Step {place} joins {sizes} rows and makes {step.rows_out:,}.")
    words.append(f"{plural(root.rows_out, 'row')} {'comes' if root.rows_out == 1 else 'come'} out.")
    return " ".join(words)


def _tree(root: _Step, steps: Sequence[_Step]) -> pictures.Picture:
    """Draw the steps from the tables at the left to the result at the right."""
    numbers = {id(step): place for place, step in enumerate(steps, start=1)}
    places: dict[int, tuple[float, float]] = {}

    def depth(step: _Step) -> int:
        return 1 + max((depth(source) for source in step.inputs), default=-1)

    leaves = [step for step in steps if not step.inputs]
    for row, leaf in enumerate(leaves):
        places[id(leaf)] = (0.0, float(row))
    for step in steps:
        if step.inputs:
            rows = [places[id(source)][1] for source in step.inputs]
            places[id(step)] = (float(depth(step)), sum(rows) / len(rows))
    columns = depth(root) + 2
    with pictures.style():
        figure, axes = pictures.axes(min(11.0, 0.4 + 1.75 * columns), 0.5 + 0.95 * len(leaves))
        for step in steps:
            x, y = places[id(step)]
            axes.text(
                x, y, f"{numbers[id(step)]}  {step.what}", ha="center", va="center",
                bbox={"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": pictures.BLUE},
                zorder=3,
            )  # fmt: skip
            target = next((at for at in steps if step in at.inputs), None)
            end = places[id(target)] if target is not None else (x + 1, y)
            axes.plot([x, end[0]], [y, end[1]], color=pictures.GREY, linewidth=1.2, zorder=1)
            middle = ((x + end[0]) / 2, (y + end[1]) / 2)
            axes.text(
                *middle, f"{step.rows_out:,}", ha="center", va="center", zorder=2, fontsize=9,
                bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"},
            )  # fmt: skip
        axes.text(
            columns - 1,
            places[id(root)][1],
            "result",
            ha="center",
            va="center",
            zorder=3,
            bbox={"boxstyle": "round,pad=0.5", "facecolor": "#EAF2F8", "edgecolor": pictures.INK},
        )
        axes.set_xlim(-0.6, columns - 0.5)
        axes.set_ylim(len(leaves) - 0.4, -0.6)
        axes.set_axis_off()
        described = "; ".join(
            f"step {numbers[id(step)]} {step.what} passes {plural(step.rows_out, 'row')} on"
            for step in steps
        )
        return pictures.Picture(figure, f"The steps as a tree, from tables to result: {described}.")
