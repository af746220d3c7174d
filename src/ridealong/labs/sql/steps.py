"""What the database does with a query, step by step, counted while the query runs."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ridealong.labs.sql.database import Database, LabError, Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# These change how fast a plan runs and how many helper steps it has, not what it does. Without
# them the rows of each step are the same on every run, and the steps are the ones people name.
_REFINEMENTS = (
    "column_lifetime,compressed_materialization,join_filter_pushdown,late_materialization,"
    "statistics_propagation"
)
# These choose which tables are joined first, and on which side. Their choice differs between patch
# releases of DuckDB; without them the tables are joined as the query names them.
_JOIN_ORDER = "build_side_probe_side,join_order"
# Joins that look at every pair. Tables that are only linked further down in the query would meet in one.
_EVERY_PAIR = ("BLOCKWISE_NL_JOIN", "CROSS_PRODUCT", "NESTED_LOOP_JOIN", "PIECEWISE_MERGE_JOIN")
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


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step of a plan, with the steps that feed it.

    Attributes:
        what: The step in one or two words, such as "join" or "read rides".
        detail: How it does it.
        rows_in: Rows that came in; for a table, rows looked at.
        rows_out: Rows handed on.
        inputs: The steps that feed it.
        table: Name of the table or function that it reads, None when it reads none.
        kind: DuckDB's name of the step.
        stored_as: The table's full name as SQL; None for a function's rows.
        columns: Names of the columns handed on; computed ones have a text that is no name.
        filters: Conditions that a table's rows had to meet, as SQL.
        join: DuckDB's name of the kind of join, such as INNER; empty for other steps.
        conditions: What a join compares: left, operator, right.
        groups: Names of the columns that a group has in common.
        repeats: The step whose rows are used a second time here, or None.
    """

    what: str
    detail: str
    rows_in: int
    rows_out: int
    inputs: tuple[Step, ...]
    table: str | None = None
    kind: str = ""
    stored_as: str | None = None
    columns: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    join: str = ""
    conditions: tuple[tuple[str, str, str], ...] = ()
    groups: tuple[str, ...] = ()
    repeats: Step | None = None


def read_plan(database: Database, query: str) -> Step:
    """Run a query and return the last step of its plan, with the steps that feed it below.

    The query runs on one thread, whatever the connection has set, so that a LIMIT stops
    after the same row on every run. Its tables are joined in the order in which it names them,
    unless every row of one would meet every row of another that way: then in DuckDB's order.

    Raises:
        LabError: DuckDB refuses the query, or gives no plan for it.
    """
    return _Reader().step(_profile(database, query))


def _profile(database: Database, query: str) -> Node:
    with _without(database, f"{_REFINEMENTS},{_JOIN_ORDER}"):
        as_named = _every_pair(_explained(database, query))
    with _without(database, _REFINEMENTS):
        as_chosen = _every_pair(_explained(database, query))
    unwanted = _REFINEMENTS if as_named > as_chosen else f"{_REFINEMENTS},{_JOIN_ORDER}"
    with _without(database, unwanted):
        explained = database.rows(f"EXPLAIN (ANALYZE, FORMAT json) {query}").rows
    profile: dict[str, Any] = json.loads(str(explained[0][1]))
    # DuckDB 2 keeps the operators below "operator", DuckDB 1 below "children".
    node = _only(profile.get("operator") or profile.get("children"))
    while _kind(node) in ("RESULT_COLLECTOR", "EXPLAIN_ANALYZE"):
        node = _only(node.get("children"))
    return node


def _explained(database: Database, query: str) -> Sequence[Node]:
    """Return the plan of a query that is not run."""
    explained = database.rows(f"EXPLAIN (FORMAT json) {query}").rows
    plan: Sequence[Node] = json.loads(str(explained[0][1]))
    return plan


def _every_pair(nodes: Sequence[Node]) -> int:
    """Count the steps of a plan in which every row meets every row."""
    return sum(
        (str(node.get("name")).strip() in _EVERY_PAIR) + _every_pair(node.get("children") or ())
        for node in nodes
    )


@contextlib.contextmanager
def _without(database: Database, optimizers: str) -> Iterator[None]:
    settings = "SELECT current_setting('disabled_optimizers'), current_setting('threads')"
    disabled, threads = database.rows(settings).rows[0]
    database.connection.execute(f"SET disabled_optimizers = '{optimizers}'")
    database.connection.execute("SET threads = 1")
    try:
        yield
    finally:
        database.connection.execute(f"SET threads = {int(threads)}")
        database.connection.execute(f"SET disabled_optimizers = '{disabled or ''}'")


def _only(children: Sequence[Node] | None) -> Node:
    if not children:
        message = "DuckDB gave no plan for this query. Give one SELECT that reads a table."
        raise LabError(message)
    return children[0]


def _kind(node: Node) -> str:
    return str(node.get("type") or node.get("operator_type") or "")


def _counted(node: Node, name: str, name_in_duckdb_1: str) -> Any:
    return node.get(name, node.get(name_in_duckdb_1, 0))


class _Reader:
    """Reads DuckDB's nodes; keeps the rows that a query uses more than once."""

    def __init__(self) -> None:
        self._kept: dict[str, Node] = {}
        self._read: dict[str, Step] = {}

    def step(self, node: Node) -> Step:
        kind = _kind(node)
        info: dict[str, Any] = node.get("extra_info") or {}
        if kind == "CTE" and len(node.get("children", ())) == 2:
            kept, rest = node["children"]
            self._kept[str(info.get("Table Index"))] = kept
            return self.step(rest)
        if kind == "CTE_SCAN" and str(info.get("CTE Index")) in self._kept:
            return self._kept_rows(str(info["CTE Index"]))
        children = tuple(self.step(child) for child in node.get("children", ()))
        if kind == "PROJECTION" and len(children) == 1:
            columns = _named(_listed(info.get("Projections")), children[0].columns)
            return replace(children[0], columns=columns)  # computing columns changes no row
        rows_out = int(_counted(node, "intermediate_rows", "operator_cardinality"))
        if kind == "TABLE_SCAN":
            return _scan(node, info, rows_out)
        rows_in = sum(child.rows_out for child in children)
        if kind == "UNION":
            rows_out = rows_in  # DuckDB does not count them once more
        what, detail = _words(kind, info)
        groups: tuple[str, ...] = ()
        columns = tuple(name for child in children for name in child.columns)
        if "GROUP_BY" in kind and children:
            groups = _named(_listed(info.get("Groups")), children[0].columns)
            columns = (*groups, *_listed(info.get("Aggregates")))
        joins = what == "join" and len(children) == 2
        join = str(info.get("Join Type", "CROSS")).upper() if joins else ""
        conditions = tuple(_compared(part) for part in _listed(info.get("Conditions")))
        return Step(
            what, detail, rows_in, rows_out, children, None, kind, None, columns,
            join=join, conditions=conditions if joins else (), groups=groups,
        )  # fmt: skip

    def _kept_rows(self, index: str) -> Step:
        if index not in self._read:
            self._read[index] = self.step(self._kept[index])
            return self._read[index]
        first = self._read[index]
        return Step(
            "use again", "rows that an earlier step has made", first.rows_out, first.rows_out, (),
            None, "CTE_SCAN", None, first.columns, repeats=first,
        )  # fmt: skip


def _scan(node: Node, info: Mapping[str, Any], rows_out: int) -> Step:
    stored_as = str(info["Table"]) if info.get("Table") else None
    name = stored_as or str(info.get("Function") or "a function's rows")
    table = re.split(r"\.(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", name)[-1].strip('"').lower()
    looked_at = int(_counted(node, "rows_scanned", "operator_rows_scanned"))
    return Step(
        f"read {table}", _scan_detail(info), max(looked_at, rows_out), rows_out, (), table,
        "TABLE_SCAN", stored_as, tuple(_listed(info.get("Projections"))),
        tuple(_listed(info.get("Filters"))),
    )  # fmt: skip


def _named(expressions: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """Return names in place of positions such as `#0`."""
    names = []
    for expression in expressions:
        position = re.fullmatch(r"#(?:\[0\.)?(\d+)\]?", expression)
        known = position is not None and int(position[1]) < len(columns)
        names.append(columns[int(position[1])] if position and known else expression)
    return tuple(names)


def _compared(condition: str) -> tuple[str, str, str]:
    found = re.fullmatch(r"\(?(.+?) (IS NOT DISTINCT FROM|=|<>|!=|<=|>=|<|>) (.+?)\)?", condition)
    return (found[1], found[2], found[3]) if found else (condition, "", "")


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
    if kind == "UNION":
        return "put together", "the rows of one input after those of the other"
    if kind == "RECURSIVE_CTE":
        return "repeat", "run the recursive part until it makes no new row"
    if kind == "RECURSIVE_CTE_SCAN":
        return "last rows", "what the recursive part made last"
    if kind == "EMPTY_RESULT":
        return "nothing", "no row can meet the condition"
    if kind in ("COLUMN_DATA_SCAN", "DUMMY_SCAN"):
        return "list", "values that the query itself holds"
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


def in_order(step: Step) -> Iterator[Step]:
    """Yield a step after all the steps that feed it."""
    for source in step.inputs:
        yield from in_order(source)
    yield step
