"""What the database did with a query, in plain words and with the rows that it really saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ridealong.labs.sql.database import Database
from ridealong.labs.sql.steps import Step, in_order, read_plan
from ridealong.show import pictures
from ridealong.show.views import View, frame, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb


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
    root = read_plan(database, query)
    steps = list(in_order(root))
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


def _summary(root: Step, steps: Sequence[Step]) -> str:
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


def _tree(root: Step, steps: Sequence[Step]) -> pictures.Picture:
    """Draw the steps from the tables at the left to the result at the right."""
    numbers = {id(step): place for place, step in enumerate(steps, start=1)}
    places: dict[int, tuple[float, float]] = {}

    def depth(step: Step) -> int:
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
            target = next((at for at in steps if any(step is part for part in at.inputs)), None)
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
