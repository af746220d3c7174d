"""Which rows of two tables find each other, and what happens when text becomes SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ridealong.labs.sql.database import Database, LabError, require_columns
from ridealong.show import pictures
from ridealong.show.views import View, cell_text, frame, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

_MOST_ROWS = 12
_KINDS = ("inner", "left")
_COLUMNS_SHOWN = 3


def join_view(
    left_sql: str,
    right_sql: str,
    *,
    on: str | Sequence[str],
    how: str = "inner",
    parameters: Mapping[str, object] | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> View:
    """Show which rows of two small results match, and how often each left row comes out.

    Args:
        left_sql: Query for the left rows, at most 12.
        right_sql: Query for the right rows, at most 12.
        on: The column, or columns, that must be equal; they exist on both sides.
        how: "inner" or "left".
        parameters: Values of the queries' `$names`.
        connection: The connection to ask; default: the notebook's.

    Raises:
        LabError: Too many rows, a column that one side does not have, or another `how`.

    Example:
        join_view("SELECT 1 AS k", "SELECT 1 AS k UNION ALL SELECT 1", on="k")
    """
    if how not in _KINDS:
        message = f"how is {how!r}; this view shows 'inner' and 'left' joins."
        raise LabError(message)
    database = Database(connection, parameters)
    keys = [on] if isinstance(on, str) else list(on)
    sides = []
    for side, sql in (("left", left_sql), ("right", right_sql)):
        query = database.require_query(sql)
        found = database.rows(query)
        require_columns(keys, found.columns, f"the {side} query")
        if len(found.rows) > _MOST_ROWS:
            message = (
                f"the {side} query gives {len(found.rows):,} rows; at most {_MOST_ROWS} can be "
                "drawn. Add a WHERE or a LIMIT."
            )
            raise LabError(message)
        sides.append(found)
    left, right = sides
    matches = _matches(left.columns, left.rows, right.columns, right.rows, keys)

    body: list[list[Any]] = []
    for position, row in enumerate(left.rows):
        found_for_row = [target for source, target in matches if source == position]
        rows_made = len(found_for_row) or (1 if how == "left" else 0)
        body.append([*row, len(found_for_row), rows_made])
    total = sum(int(row[-1]) for row in body)
    lonely = sum(1 for row in body if not row[-2])
    unused = len(right.rows) - len({target for _, target in matches})
    kept = "kept, filled with NULL" if how == "left" else "dropped"
    summary = (
        f"{plural(len(left.rows), 'row')} on the left and {len(right.rows)} on the right make "
        f"{plural(total, 'row')}. Left rows without a match: {lonely}"
        f"{f' ({kept})' if lonely else ''}; right rows without a match: {unused}"
        f"{' (dropped)' if unused else ''}."
    )
    return View(
        title=f"{how.upper()} JOIN on {', '.join(keys)}: what each left row becomes",
        table=frame([*left.columns, "matches", "rows in the result"], body),
        summary=summary,
        picture=_lines(left.columns, left.rows, right.columns, right.rows, matches, how, summary),
    )


def glued_or_bound(
    before: str,
    text: str,
    after: str = "",
    *,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> View:
    """Put a text into a query in two ways, glued into the SQL and bound as a value.

    Only a SELECT is ever run, so a text that carries more than a value can show what it
    would open, and can harm nothing.

    Args:
        before: The query up to the place of the value.
        text: What somebody typed.
        after: The rest of the query.
        connection: The connection to ask; default: the notebook's.

    Raises:
        LabError: The query without the text is no SELECT.

    Example:
        glued_or_bound("SELECT ride_id FROM rides WHERE user_id = ", "123 OR true")
    """
    database = Database(connection)
    bound_sql = f"{before}$value{after}"
    database.require_query(bound_sql)
    rows = []
    for way, sql, parameters in (
        ("glued into the text", f"{before}{text}{after}", {}),
        ("bound as a value", bound_sql, {"value": text}),
    ):
        asked = Database(database.connection, parameters)
        try:
            outcome = plural(asked.count(asked.require_query(sql)), "row")
        except LabError as error:
            outcome = f"refused: {error}"
        rows.append([way, sql, outcome])
    return View(
        title=f"The text {text!r} in a query, two ways",
        table=frame(["way", "what the database reads", "result"], rows),
        summary=(
            "Glued in, the text becomes part of the query and may change what it asks. "
            "Bound, it stays one value, whatever it contains."
        ),
    )


def _matches(
    left_columns: Sequence[str],
    left_rows: Sequence[tuple[Any, ...]],
    right_columns: Sequence[str],
    right_rows: Sequence[tuple[Any, ...]],
    keys: Sequence[str],
) -> list[tuple[int, int]]:
    """Return the pairs of positions whose keys are equal; NULL equals nothing."""

    def values(columns: Sequence[str], row: tuple[Any, ...]) -> list[Any]:
        lowered = [name.lower() for name in columns]
        return [row[lowered.index(key.lower())] for key in keys]

    pairs = []
    for source, left_row in enumerate(left_rows):
        wanted = values(left_columns, left_row)
        if any(value is None for value in wanted):
            continue
        for target, right_row in enumerate(right_rows):
            if values(right_columns, right_row) == wanted:
                pairs.append((source, target))
    return pairs


def _lines(
    left_columns: Sequence[str],
    left_rows: Sequence[tuple[Any, ...]],
    right_columns: Sequence[str],
    right_rows: Sequence[tuple[Any, ...]],
    matches: Sequence[tuple[int, int]],
    how: str,
    summary: str,
) -> pictures.Picture:
    height = max(len(left_rows), len(right_rows), 1)
    matched_left = {source for source, _ in matches}
    matched_right = {target for _, target in matches}
    with pictures.style():
        figure, axes = pictures.axes(9.0, 0.9 + 0.42 * height)
        for source, target in matches:
            axes.plot([4.1, 5.9], [source, target], color=pictures.BLUE, linewidth=1.6)
        for columns, rows, matched, edge, align, lost in (
            (left_columns, left_rows, matched_left, 4.0, "right", how != "left"),
            (right_columns, right_rows, matched_right, 6.0, "left", True),
        ):
            shown = list(columns)[:_COLUMNS_SHOWN]
            axes.text(edge, -0.9, " | ".join(shown), ha=align, va="center", fontweight="bold")
            for position, row in enumerate(rows):
                text = " | ".join(_short(value) for value in row[:_COLUMNS_SHOWN])
                alone = position not in matched
                if alone:
                    note = "no match, dropped" if lost else "no match, kept with NULL"
                    text = f"({note})  {text}" if align == "right" else f"{text}  ({note})"
                axes.text(
                    edge, position, text, ha=align, va="center",
                    color=pictures.ORANGE if alone else pictures.INK,
                    style="italic" if alone else "normal",
                )  # fmt: skip
        axes.set_xlim(0, 10)
        axes.set_ylim(height - 0.4, -1.4)
        axes.set_axis_off()
        return pictures.Picture(figure, f"Lines between the matching rows of two tables. {summary}")


def _short(value: object) -> str:
    text = cell_text(value)
    return text if len(text) <= 22 else f"{text[:21]}…"
