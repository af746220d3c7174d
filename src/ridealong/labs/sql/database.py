"""Ask the database: read a query as a tree, change it, run it, and say plainly what is wrong.

DuckDB itself reads the query (`json_serialize_sql`) and writes the changed one, so a lab
understands exactly what the database understands.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from ridealong.text import first_line, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Node = dict[str, Any]
"""One node of DuckDB's own syntax tree."""


# How DuckDB writes INTERVAL 30 DAY once it has read it.
_INTERVAL = re.compile(
    r"to_(\w+?)s\((?:CAST\()?(?:trunc\()?(?:CAST\()?('?\d+'?)"
    r"(?: AS DOUBLE\))?\)?(?: AS \w+\))?\)"
)


class LabError(ValueError):
    """A lab was asked for something that it cannot show; the message says what to do."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True, slots=True)
class Rows:
    """A query's result: column names, DuckDB type names, and rows as tuples."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def column(self, name: str) -> list[Any]:
        """Return the values of one column."""
        position = self.columns.index(name)
        return [row[position] for row in self.rows]


class Database:
    """A connection with the values of a query's `$parameters`.

    Args:
        connection: The connection to ask; None takes the notebook's own.
        parameters: Values by name, without the dollar sign.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> None:
        if connection is None:
            from ridealong.dataset.connection import current_connection

            connection = current_connection()
        self.connection = connection
        self.parameters = dict(parameters or {})

    def rows(self, sql: str) -> Rows:
        """Run one query and return all of its rows.

        Raises:
            LabError: DuckDB refuses the query.
        """
        result = self._execute(sql)
        described = result.description or []
        columns = tuple(str(part[0]) for part in described)
        types = tuple(str(part[1]) for part in described)
        if any("TIME ZONE" in name for name in types):
            # Fetching such a value needs a package that the course does not use.
            shown = ", ".join(
                f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}"
                if "TIME ZONE" in type_name
                else quoted(name)
                for name, type_name in zip(columns, types, strict=True)
            )
            result = self._execute(f"SELECT {shown} FROM ({_bare(sql)}\n) AS result")
        return Rows(columns, types, result.fetchall())

    def count(self, sql: str) -> int:
        """Return how many rows a query gives."""
        counted = self._execute(f"SELECT count(*) FROM ({_bare(sql)}\n) AS counted").fetchall()
        return int(counted[0][0])

    def columns(self, sql: str) -> tuple[str, ...]:
        """Return the names of a query's columns, without running it."""
        described = self._execute(f"DESCRIBE ({_bare(sql)}\n)").fetchall()
        return tuple(str(row[0]) for row in described)

    def select(self, sql: str) -> Node:
        """Return the tree of the one SELECT in `sql`.

        Raises:
            LabError: There is no statement, or more than one, or it is no SELECT.
        """
        node = self._only_statement(sql)["node"]
        if node["type"] == "SET_OPERATION_NODE":
            message = (
                "this query joins several SELECTs with UNION, INTERSECT or EXCEPT; "
                "this view reads one SELECT. Show one of them at a time."
            )
            raise LabError(message)
        if node["type"] != "SELECT_NODE":
            message = f"this view reads a SELECT; here is a {node['type'].lower()}."
            raise LabError(message)
        return dict(node)

    def require_query(self, sql: str) -> str:
        """Return `sql` without a closing semicolon after making sure it is one query."""
        self._only_statement(sql)
        return _bare(sql)

    def text(self, node: Node) -> str:
        """Return a SELECT's tree as SQL again."""
        tree = {"error": False, "statements": [{"node": node, "named_param_map": []}]}
        return str(self._value("SELECT json_deserialize_sql(?::JSON)", json.dumps(tree)))

    def expression_text(self, expression: Node) -> str:
        """Return an expression's tree as SQL, without brackets around the whole."""
        node = self.empty_select()
        node["select_list"] = [{**copy.deepcopy(expression), "alias": ""}]
        return _readable(self.text(node).removeprefix("SELECT "))

    def empty_select(self, *, like: Node | None = None) -> Node:
        """Return the tree of `SELECT 1`, with the CTEs of another tree when one is given."""
        node = self.select("SELECT 1")
        if like is not None:
            node["cte_map"] = copy.deepcopy(like["cte_map"])
        return node

    def table(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Return a table's name as DuckDB reads it, and its columns.

        Raises:
            LabError: There is no such table or view, or `name` is more than a name.
        """
        tree = self.select(f"SELECT * FROM {name}")
        if tree["from_table"]["type"] != "BASE_TABLE" or tree["modifiers"] or tree["where_clause"]:
            message = f"table is {name!r}; give the name of one table or view, such as 'rides'."
            raise LabError(message)
        return name, self.columns(f"SELECT * FROM {name}")

    def _only_statement(self, sql: str) -> Node:
        tree = json.loads(self._value("SELECT json_serialize_sql(?::VARCHAR)", str(sql)))
        if tree.get("error"):
            if tree.get("error_type") == "not implemented":
                message = "this is not a SELECT. The views only read data: write a SELECT."
                raise LabError(message)
            # Running it is safe here: what cannot be parsed cannot do anything.
            raise LabError(_first_words(str(tree.get("error_message", "cannot be read")), "syntax"))
        statements = tree.get("statements", [])
        if len(statements) != 1:
            seen = "no query" if not statements else f"{len(statements)} queries"
            message = f"{seen} where one SELECT is expected. Give one query, without a ';' inside."
            raise LabError(message)
        return dict(statements[0])

    def _value(self, sql: str, argument: str) -> str:
        # All rows are fetched: an unfinished result would block the learner's next query.
        return str(self.connection.execute(sql, [argument]).fetchall()[0][0])

    def _execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        names = set(re.findall(r"\$(\w+)", sql))
        given = {name: value for name, value in self.parameters.items() if name in names}
        try:
            return self.connection.execute(sql, given) if given else self.connection.execute(sql)
        except duckdb.Error as error:
            raise LabError(self._explained(error)) from None

    def _explained(self, error: duckdb.Error) -> str:
        text = str(error)
        missing = re.search(r"identifiers of the (?:excess|missing) parameters: (.+)", text)
        if missing or "Values were not provided" in text:
            message = _first_words(text, "parameter")
            return f"{message} Give its value: parameters={{'name': value}}."
        table = re.search(r"Table with name (\S+) does not exist", text)
        if table:
            return f"there is no table {table[1]}.{self._nearest_table(table[1])}"
        column = re.search(r'Referenced column "([^"]+)" not found', text)
        candidates = re.findall(r'"([^"]+)"', text.split("Candidate bindings:")[-1].split("\n")[0])
        if column and "Candidate bindings:" in text:
            return f'there is no column "{column[1]}" here.{_meant(column[1], candidates)}'
        return _first_words(text, "query")

    def _nearest_table(self, name: str) -> str:
        known = self.connection.execute(
            "SELECT DISTINCT table_name FROM information_schema.tables ORDER BY table_name"
        ).fetchall()
        return _meant(name.rpartition(".")[2], [str(row[0]) for row in known])


def quoted(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def walk(node: object) -> Iterator[Node]:
    """Yield every tree node below and including `node`, outside of subqueries."""
    if isinstance(node, dict):
        if "type" in node or "class" in node:
            yield node
        for key, value in node.items():
            if key not in ("subquery", "query", "query_node", "cte_map"):
                yield from walk(value)
    elif isinstance(node, list):
        for part in node:
            yield from walk(part)


def require_columns(wanted: Sequence[str], known: Sequence[str], where: str) -> None:
    """Make sure that the columns exist.

    Raises:
        LabError: One does not; the message names the nearest one that does.
    """
    lowered = {name.lower() for name in known}
    for name in wanted:
        if name.lower() not in lowered:
            message = f"there is no column {name!r} in {where}.{_meant(name, known)}"
            raise LabError(message)


def _meant(name: str, known: Sequence[str]) -> str:
    if close := nearest(name, known):
        return f" Did you mean {close}?"
    return f" There is: {', '.join(known)}." if 0 < len(known) <= 25 else ""


def _first_words(text: str, what: str) -> str:
    line = first_line(text) if text.strip() else what
    return line.removeprefix("Binder Error: ").removeprefix("Catalog Error: ").rstrip(".") + "."


def _bare(sql: str) -> str:
    return str(sql).strip().rstrip(";").rstrip()


def _readable(text: str) -> str:
    """Undo the forms DuckDB writes instead of the ones people write."""
    for written, usual in (
        ("!~~*", "NOT ILIKE"),
        ("~~*", "ILIKE"),
        ("!~~", "NOT LIKE"),
        ("~~", "LIKE"),
        ("count_star()", "count(*)"),
    ):
        text = text.replace(written, usual)
    text = re.sub(
        r"CAST\(('(?:[^']|'')*') AS (TIMESTAMP|DATE|INTERVAL)\)",
        _literal,
        text,
        flags=re.IGNORECASE,
    )
    text = _INTERVAL.sub(_interval, text)
    return without_outer_brackets(text)


def _interval(match: re.Match[str]) -> str:
    return f"INTERVAL {match[2].strip(chr(39))} {match[1].upper()}"


def _literal(match: re.Match[str]) -> str:
    return f"{match[2].upper()} {match[1]}"


def without_outer_brackets(text: str) -> str:
    """Return an expression without the brackets that hold the whole of it."""
    text = text.strip()
    while text.startswith("(") and text.endswith(")") and _closes_at_end(text):
        text = text[1:-1].strip()
    return text


def _closes_at_end(text: str) -> bool:
    depth = 0
    in_text = False
    for position, letter in enumerate(text):
        if letter == "'":
            in_text = not in_text
        elif not in_text and letter in "()":
            depth += 1 if letter == "(" else -1
            if depth == 0:
                return position == len(text) - 1
    return False
