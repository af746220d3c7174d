"""What ORDER BY settles, and what it leaves to chance."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ridealong.labs.sql.clauses import modifier, order_text
from ridealong.labs.sql.database import Database, LabError, Node, walk
from ridealong.show.views import View, cell_text, frame, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

_HIDDEN = "__key_"
_MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class _Page:
    """Which positions of the whole sorted result LIMIT and OFFSET let through."""

    first: int
    end: int
    limited: bool


def order_view(
    sql: str,
    *,
    rows: int = 12,
    parameters: Mapping[str, object] | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> View:
    """Show a sorted result with its ties and its NULLs, and say whether the order is total.

    Rows that are equal on every key of ORDER BY form a tie group: the query does not say
    which of them comes first. Inside a group they are shown sorted by the columns from left
    to right, so that the view is the same on every run; the database promises nothing.

    Args:
        sql: One SELECT with ORDER BY.
        rows: About how many rows to show; the places that matter are kept.
        parameters: Values of the query's `$names`.
        connection: The connection to ask; default: the notebook's.

    Raises:
        LabError: `sql` is not one SELECT with ORDER BY, or its result is too large to look at.

    Example:
        order_view("SELECT name, rating FROM drivers ORDER BY rating DESC LIMIT 10")
    """
    database = Database(connection, parameters)
    tree = database.select(sql)
    columns = database.columns(sql)
    order = modifier(tree, "ORDER")
    if order is None:
        message = "this query has no ORDER BY: its rows may come in any order. Add one."
        raise LabError(message)
    keys = [order_text(database, key) for key in order["orders"]]
    found, key_places = _sorted_rows(database, tree, order, columns)
    page = _page(database, tree, found)
    key_values = [tuple(row[place] for place in key_places) for row in found]

    groups = _groups(key_values)
    ties = {number: size for number, (_, size) in enumerate(groups, start=1) if size > 1}
    number_of = [number for number, (_, size) in enumerate(groups, start=1) for _ in range(size)]
    tie_names = {number: place for place, number in enumerate(ties, start=1)}
    tied_rows = sum(ties.values())
    cut = _cut_groups(groups, page)

    body: list[list[object]] = []
    for place, row in enumerate(found):
        number = number_of[place]
        tie = f"tie {tie_names[number]} ({ties[number]} rows)" if number in ties else "alone"
        inside = page.first <= place < page.end
        shown = "yes" if inside else "no"
        if number in cut:
            shown = "chance"
        body.append([place + 1, *row[: len(columns)], tie, shown])
    header = ["place", *columns, "tie", "in the result"]
    if not page.limited:
        header, body = header[:-1], [line[:-1] for line in body]

    chosen, gaps = _chosen(body, groups, key_values, page, rows)
    summary = " ".join(
        part
        for part in (
            _tie_words(keys, tied_rows, len(ties), cut, page, len(found)),
            _missing_words(
                database,
                tree,
                sql_keys=keys,
                tied=bool(ties),
                found=found,
                columns=columns,
                key_values=key_values,
            ),
            _null_words(order, keys, key_values),
        )
        if part
    )
    return View(
        title=f"{plural(len(found), 'row')} sorted by {', '.join(keys)}",
        table=frame(header, chosen),
        summary=summary,
        gaps=gaps,
    )


def _sorted_rows(
    database: Database, tree: Node, order: Node, columns: Sequence[str]
) -> tuple[list[tuple[Any, ...]], list[int]]:
    """Return all rows without LIMIT, keys first then all columns, and where the keys stand."""
    whole = copy.deepcopy(tree)
    whole["modifiers"] = [part for part in whole["modifiers"] if part["type"][:5] != "LIMIT"]
    lowered = [name.lower() for name in columns]
    places: list[int] = []
    for key in order["orders"]:
        expression = key["expression"]
        text = database.expression_text(expression)
        if expression.get("class") == "STAR":
            places.extend(range(len(columns)))
        elif text.isdigit() and 1 <= int(text) <= len(columns):
            places.append(int(text) - 1)
        elif text.strip('"').lower() in lowered:
            places.append(lowered.index(text.strip('"').lower()))
        else:
            places.append(len(whole["select_list"]) - len(tree["select_list"]) + len(columns))
            hidden = {**copy.deepcopy(expression), "alias": f"{_HIDDEN}{len(places)}"}
            whole["select_list"].append(hidden)
    count = database.count(database.text(whole))
    if count > _MOST_ROWS:
        message = (
            f"the result without LIMIT has {count:,} rows; up to {_MOST_ROWS:,} can be "
            "searched for ties. Narrow it with WHERE."
        )
        raise LabError(message)
    # A stable order inside ties: the columns from left to right, compared as text.
    found = database.rows(database.text(whole)).rows
    keys = [tuple(row[place] for place in places) for row in found]
    settled: list[tuple[Any, ...]] = []
    for _, group in groupby(range(len(found)), key=lambda place: keys[place]):
        settled.extend(sorted((found[place] for place in group), key=_as_sortable))
    return settled, places


def _as_sortable(row: Sequence[object]) -> tuple[tuple[bool, Any], ...]:
    return tuple(
        (value is None, value if isinstance(value, int) else cell_text(value)) for value in row
    )


def _groups(key_values: Sequence[tuple[Any, ...]]) -> list[tuple[int, int]]:
    """Return (first place, size) of each run of rows with equal keys."""
    groups = []
    place = 0
    for _, group in groupby(key_values):
        size = sum(1 for _ in group)
        groups.append((place, size))
        place += size
    return groups


def _page(database: Database, tree: Node, found: Sequence[object]) -> _Page:
    limit = modifier(tree, "LIMIT")
    if limit is None:
        return _Page(0, len(found), limited=False)
    size = database.count(database.text(tree))
    first = 0
    if limit["offset"] is not None:
        offset = database.expression_text(limit["offset"])
        first = int(database.rows(f"SELECT CAST({offset} AS BIGINT)").rows[0][0])
    return _Page(first, first + size, limited=True)


def _cut_groups(groups: Sequence[tuple[int, int]], page: _Page) -> set[int]:
    """Return the numbers of the tie groups that an end of the page cuts through."""
    if not page.limited:
        return set()
    return {
        number
        for number, (first, size) in enumerate(groups, start=1)
        if any(first < end < first + size for end in (page.first, page.end))
    }


def _chosen(
    body: Sequence[list[object]],
    groups: Sequence[tuple[int, int]],
    key_values: Sequence[tuple[Any, ...]],
    page: _Page,
    rows: int,
) -> tuple[list[list[object]], tuple[tuple[int, str], ...]]:
    """Pick the rows worth seeing: the start, the page's end, the first tie, the NULLs."""
    total = len(body)
    wanted: set[int] = set()

    def around(place: int, before: int, after: int) -> None:
        wanted.update(range(max(0, place - before), min(total, place + after)))

    if total <= rows:
        around(0, 0, total)
    else:
        spots = []
        if page.limited:
            spots.extend([place for place in (page.first, page.end) if 0 < place < total])
        spots.extend([first + 1 for first, size in groups if size > 1][:1])
        nulls = [place for place, key in enumerate(key_values) if None in key]
        spots.extend([nulls[0]] if nulls else [])
        fair = max(2, rows // (len(spots) + 1))
        around(0, 0, fair)
        for spot in spots:
            around(spot, fair // 2, fair - fair // 2)
        extra = 0
        while len(wanted) < rows and extra < total:
            wanted.add(extra)
            extra += 1
    places = sorted(wanted)
    gaps = []
    previous = -1
    for position, place in enumerate(places):
        if place > previous + 1:
            gaps.append((position, f"… {plural(place - previous - 1, 'row')} not shown …"))
        previous = place
    if previous < total - 1:
        gaps.append((len(places), f"… {plural(total - 1 - previous, 'row')} not shown …"))
    return [body[place] for place in places], tuple(gaps)


def _tie_words(
    keys: Sequence[str], tied: int, groups: int, cut: set[int], page: _Page, total: int
) -> str:
    if not tied:
        return f"No two of the {plural(total, 'row')} are equal on {', '.join(keys)}."
    words = (
        f"{tied:,} of {plural(total, 'row')} are tied with another one on {', '.join(keys)} "
        f"({plural(groups, 'tie group')}): the query does not say which comes first."
    )
    if cut:
        words += (
            f" The page ({plural(page.end - page.first, 'row')}) ends or begins inside a tie, so "
            "even which rows are on it is left to chance."
        )
    return words


def _missing_words(
    database: Database,
    tree: Node,
    *,
    sql_keys: Sequence[str],
    tied: bool,
    found: Sequence[tuple[Any, ...]],
    columns: Sequence[str],
    key_values: Sequence[tuple[Any, ...]],
) -> str:
    """Say whether the order is total, and which column would make it so."""
    sources = [node for node in walk(tree["from_table"]) if node.get("type") == "BASE_TABLE"]
    identities = _identities(database, sources)
    if not tied:
        bare = {key.split(" ")[0].rpartition(".")[2].strip('"').lower() for key in sql_keys}
        alone = len(sources) == 1 and tree["from_table"]["type"] == "BASE_TABLE"
        if alone and any(set(names) <= bare for names in identities):
            return "The keys hold the table's primary key, so the order is total on any data."
        return "The order is total on this data; other data may still hold ties."
    lowered = [name.lower() for name in columns]
    likely = [names[0] for names in identities if len(names) == 1]
    likely += [name for name in columns if name.lower().endswith("_id")]
    for name in dict.fromkeys(likely):
        if name.lower() not in lowered:
            continue
        place = lowered.index(name.lower())
        pairs = [(*key, row[place]) for key, row in zip(key_values, found, strict=True)]
        if len(set(pairs)) == len(pairs):
            return f"Missing tie-break: add {name} as the last key and the order is total here."
    for names in identities:
        grouped = tree["group_expressions"] or modifier(tree, "DISTINCT")
        if len(sources) == 1 and not grouped:
            return (
                f"Missing tie-break: add {', '.join(names)}, the primary key, as the last key; "
                "it need not be among the columns shown."
            )
    return "Missing tie-break: add a key that is different for every row of the result."


def _identities(database: Database, sources: Sequence[Node]) -> list[list[str]]:
    """Return the primary keys of the tables read, each as a list of column names."""
    found: list[list[str]] = []
    for source in sources:
        name = str(source["table_name"])
        keys = database.connection.execute(
            "SELECT DISTINCT constraint_column_names FROM duckdb_constraints() "
            "WHERE table_name = ? AND constraint_type = 'PRIMARY KEY'",
            [name],
        ).fetchall()
        found.extend(list(row[0]) for row in keys)
    return found


def _null_words(order: Node, keys: Sequence[str], key_values: Sequence[tuple[Any, ...]]) -> str:
    words = []
    for place, key in enumerate(keys):
        nulls = sum(1 for values in key_values if place < len(values) and values[place] is None)
        if not nulls:
            continue
        where = "first" if "FIRST" in str(order["orders"][place]["null_order"]) else "last"
        asked = "NULLS" in key
        why = (
            "as the query asks"
            if asked
            else "DuckDB's default in both directions; PostgreSQL puts them first under DESC"
        )
        many = "its 1 NULL stands" if nulls == 1 else f"its {nulls:,} NULLs stand"
        words.append(f"{key.split(' ')[0]}: {many} {where} ({why}).")
    return " ".join(words)
