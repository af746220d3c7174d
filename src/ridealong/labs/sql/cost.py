"""What a query costs, in plain words: rows read, rows multiplied, the step that handles most."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ridealong.answers.texts import SqlAnswer
from ridealong.engine.sqltext import is_blank
from ridealong.labs.sql.database import Database, LabError, Node
from ridealong.labs.sql.steps import Step, in_order, read_plan
from ridealong.show import pictures
from ridealong.show.views import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

_MARK = "#FFF1D6"
_ANSWER_INCHES = 1.2
_KEEP_ONE_SIDE = ("SEMI", "ANTI", "MARK", "SINGLE")
_DOING = {
    "group": "grouping",
    "summarise": "summarising",
    "filter": "filtering",
    "sort": "sorting",
    "sort and cut": "sorting",
    "cut": "cutting",
    "window": "computing a window over",
    "distinct": "dropping repeats from",
    "put together": "putting together",
    "use again": "using again",
    "list": "listing",
    "repeat": "repeating the recursive part of",
}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Cost:
    """What a query costs; shows itself as sentences and a picture.

    Attributes:
        tables: Rows read by name of table, in alphabetical order; a table that is read
            twice counts twice.
        rows_scanned: Rows read from all tables.
        rows_returned: Rows in the answer.
        rows_multiplied: Largest factor by which a join's rows exceed its larger side; 1.0
            where no join gives more.
        dominant_step: The step that handles most rows, in words.
        sentences: All of it in words, the most important first.
        picture: The steps from tables to answer.
    """

    tables: Mapping[str, int]
    rows_scanned: int
    rows_returned: int
    rows_multiplied: float
    dominant_step: str
    sentences: tuple[str, ...]
    picture: pictures.Picture

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def __repr__(self) -> str:
        return "\n".join(["What the query costs", *(f"- {words}" for words in self.sentences)])

    def _html(self) -> str:
        first, *others = (html.escape(words) for words in self.sentences)
        lines = [f"<li><strong>{first}</strong></li>", *(f"<li>{words}</li>" for words in others)]
        listed = "\n".join(lines)
        return f"<p><strong>What the query costs</strong></p>\n<ul>\n{listed}\n</ul>\n{self.picture.html()}"


def cost_of(
    sql: str | SqlAnswer,
    *,
    parameters: Mapping[str, object] | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> Cost:
    """Run a query and say how many rows it reads, multiplies and gives.

    Every number is counted while the query runs, on one thread, and is the same on every
    run. There are no times: DuckDB is an analytics engine that reads whole columns quickly,
    and a database that serves an app would take other steps. Rows handled are a proxy for
    cost, not a time.

    A join multiplies rows when it gives more rows than the larger of its sides has; the factor is
    its output by that side. A join that looks up one row for each row of the larger side does not
    multiply.

    Args:
        sql: One query, or the name of a `%%sql` answer, which brings its own parameters.
        parameters: Values of the query's `$names`.
        connection: The connection to ask; default: the notebook's.

    Raises:
        LabError: `sql` is not one query, or DuckDB refuses it.

    Example:
        cost_of("SELECT r.ride_id, p.amount FROM rides AS r JOIN payments AS p USING (ride_id)")
    """
    if isinstance(sql, str) and is_blank(sql):
        message = "There is no query yet: answer the exercise first, then run this cell again."
        raise LabError(message)
    if parameters is None and isinstance(sql, SqlAnswer):
        parameters = sql._parameters
    database = Database(connection, parameters)
    root = read_plan(database, database.require_query(sql))
    return _Reading(database, root, _starting_table(database, sql)).cost()


@dataclass(frozen=True, slots=True)
class _Join:
    """A join that multiplies rows: those of `side` become `step.rows_out`."""

    step: Step
    side: Step

    @property
    def factor(self) -> float:
        return self.step.rows_out / self.side.rows_out


class _Reading:
    """Turns the steps of one plan into numbers and words."""

    def __init__(self, database: Database, root: Step, starts_from: str | None) -> None:
        self._database = database
        self._root = root
        self._steps = list(in_order(root))
        self._names = _table_names(self._steps)
        self._reads: dict[str, list[Step]] = {name: [] for name in sorted(self._names.values())}
        for step in self._steps:
            if (name := self._name(step)) is not None:
                self._reads[name].append(step)
        self._joins = [step for step in self._steps if step.join]
        found = (_multiplied(step) for step in self._joins)
        self._multiplying = sorted(
            (join for join in found if join is not None),
            key=lambda join: (-join.factor, -join.step.rows_out, self._doing(join.step)),
        )
        self._growth = self._grown(starts_from)
        self._dominant = max(
            self._steps,
            key=lambda step: (_handled(step), step.repeats is None, self._doing(step)),
        )

    def cost(self) -> Cost:
        tables = {name: sum(step.rows_in for step in reads) for name, reads in self._reads.items()}
        sentences = (*self._about_joins(), self._about_tables(), self._about_rows(tables),
                     self._about_step())  # fmt: skip
        return Cost(
            tables=tables,
            rows_scanned=sum(tables.values()),
            rows_returned=self._root.rows_out,
            rows_multiplied=max(
                1.0,
                *(join.factor for join in self._multiplying),
                self._growth[1].rows_out / self._growth[0].rows_out if self._growth else 1.0,
            ),
            dominant_step=self._dominant_words(),
            sentences=sentences,
            picture=_drawn(
                self._root, self._steps, self._boxes(), self._dominant, " ".join(sentences)
            ),
        )

    # --- words ---

    def _about_joins(self) -> Iterator[str]:
        if not self._joins:
            yield "No join multiplies rows: there is no join."
        elif self._growth:
            start, grown = self._growth
            factor = grown.rows_out / start.rows_out
            yield (
                f"The query starts from {self._label(start)}: {plural(start.rows_out, 'row')} "
                f"become {plural(grown.rows_out, 'row')}, x {_factor(factor)}. A row that has "
                "several partners appears once for each."
            )
        elif not self._multiplying:
            yield "No join multiplies rows."
        multiplying = {join.step: join for join in self._multiplying}
        for step in (*multiplying, *(step for step in self._joins if step not in multiplying)):
            larger, smaller = self._sides(step)
            sizes = sorted(_sizes(step), reverse=True)
            if sizes[1] <= 1:
                continue
            words = (
                f"Joining {larger} ({plural(sizes[0], 'row')}) with {smaller} "
                f"({plural(sizes[1], 'row')}) gives {plural(step.rows_out, 'row')}"
            )
            if step in multiplying:
                factor = multiplying[step].factor
                words += f": more than either side, x {_factor(factor)} of the larger one"
            yield f"{words}."
        for step in self._joins:
            if step.kind == "CROSS_PRODUCT" and min(_sizes(step)) > 1:
                larger, smaller = self._sides(step)
                yield (
                    f"No condition links {larger} with {smaller}: every row meets every row. "
                    "Make sure that every pair is wanted."
                )

    def _about_tables(self) -> str:
        parts = []
        for name, reads in self._reads.items():
            rows = sum(step.rows_in for step in reads)
            size = self._size(reads[0])
            times = {1: "", 2: " twice"}.get(len(reads), f" {len(reads)} times")
            out_of = "" if size is None else f" of {size:,}"
            if not times:
                parts.append(f"{name} ({rows:,}{out_of} rows)")
            else:
                has = "" if size is None else f", the table has {size:,}"
                parts.append(f"{name}{times} ({rows:,} rows{has})")
        made = [f"{self._label(step)} ({plural(step.rows_out, 'row')})"
                for step in self._steps if step.table is not None and self._name(step) is None]  # fmt: skip
        words = f"Read: {', '.join(parts)}." if parts else "No table is read."
        if any(step.kind == "EMPTY_RESULT" for step in self._steps) and not parts:
            words = "No table is read: no row can meet the condition."
        return f"{words} Made by the query: {', '.join(sorted(made))}." if made else words

    def _about_rows(self, tables: Mapping[str, int]) -> str:
        scanned = sum(tables.values())
        given = self._root.rows_out
        return (
            f"{plural(scanned, 'row')} {'is' if scanned == 1 else 'are'} read in total, "
            f"{plural(given, 'row')} {'is' if given == 1 else 'are'} in the answer."
        )

    def _about_step(self) -> str:
        step = self._dominant
        if not _handled(step):
            return "No step handles any row."
        return (
            f"Most rows are handled by {self._doing(step)}: {plural(_handled(step), 'row')}, "
            f"{step.rows_in:,} in and {step.rows_out:,} out."
        )

    def _dominant_words(self) -> str:
        rows = _handled(self._dominant)
        if not rows:
            return "no step handles any row"
        return f"{self._doing(self._dominant)} handles {plural(rows, 'row')}"

    def _doing(self, step: Step) -> str:
        if step.join:
            larger, smaller = self._sides(step)
            return f"joining {larger} with {smaller}"
        if step.table is not None:
            return f"{'making' if self._name(step) is None else 'reading'} {self._label(step)}"
        if step.what in _DOING:
            below = [self._label(source) for source in step.inputs] or [self._label(step)]
            return f"{_DOING[step.what]} {_and(below)}"
        return f"the step {step.what}"

    def _name(self, step: Step) -> str | None:
        """Return the name of the table that a step reads, None when it reads none."""
        return self._names.get((step.table, step.stored_as)) if step.table else None

    def _label(self, step: Step) -> str:
        """Name the rows that a step hands on by the tables that they come from."""
        if step.repeats is not None:
            return self._label(step.repeats)
        if step.table is not None:
            return self._name(step) or f"{step.table}()"
        if step.what == "list":
            return "listed values"
        if step.kind == "EMPTY_RESULT":
            return "nothing"
        if step.join.endswith(_KEEP_ONE_SIDE):
            return self._label(step.inputs[_kept_side(step)])
        labels = list(dict.fromkeys(self._label(source) for source in step.inputs))
        if len(labels) != 1:
            flat = dict.fromkeys(part for label in labels for part in re.split(", | and ", label))
            return _and(sorted(flat)) or step.what
        grouped = step.what in ("group", "summarise") and not labels[0].startswith("grouped ")
        return f"grouped {labels[0]}" if grouped else labels[0]

    def _sides(self, step: Step) -> tuple[str, str]:
        """Return the names of a join's sides, the larger first, however the plan has them."""
        sides = sorted(step.inputs, key=lambda side: (-side.rows_out, self._label(side)))
        larger, smaller = (self._label(side) for side in sides)
        return larger, "itself" if larger == smaller else smaller

    def _boxes(self) -> dict[Step, str]:
        factors = {join.step: join.factor for join in self._multiplying}
        boxes = {}
        for step in self._steps:
            words = [step.what]
            if step.table is not None or step.repeats is not None:
                words = [self._label(step) + (" again" if step.repeats else "")]
            if self._name(step) is not None:
                words.append(f"{step.rows_in:,} read")
            if step in factors:
                words.append(f"x {_factor(factors[step])}")
            if step is self._dominant:
                words.append(f"most rows: {_handled(step):,}")
            boxes[step] = "\n".join(words)
        return boxes

    # --- numbers ---

    def _grown(self, table: str | None) -> tuple[Step, Step] | None:
        """Return the step that reads the table a query starts from, and the join that repeats it.

        It is the largest join on the way to the answer before rows are grouped; None when no
        join there gives more rows than the table.
        """
        fed = {source: step for step in self._steps for source in step.inputs}
        for start in self._steps:
            if start.table != table or not start.rows_out:
                continue
            step, grown = start, start
            while step in fed and not fed[step].groups and fed[step].what != "summarise":
                below, step = step, fed[step]
                if step.join.endswith(_KEEP_ONE_SIDE):
                    if step.inputs[_kept_side(step)] is not below:
                        break  # only looked up there
                elif step.join and step.rows_out > grown.rows_out:
                    grown = step
            return (start, grown) if grown is not start else None
        return None

    def _size(self, step: Step) -> int | None:
        return None if step.stored_as is None else self._database.count(f"FROM {step.stored_as}")


def _starting_table(database: Database, sql: str) -> str | None:
    """Return the first table behind FROM, looked up through subqueries; None when unclear."""
    try:
        node: Node | None = database.select(sql)
    except LabError:
        return None
    named: dict[str, Node | None] = {}
    while node is not None:
        if node.get("type") == "SELECT_NODE":
            for entry in (node.get("cte_map") or {}).get("map", []):
                query = (entry.get("value") or {}).get("query") or {}
                named[str(entry.get("key")).lower()] = query.get("node")
            node = node.get("from_table")
        elif node.get("type") == "JOIN":
            node = node.get("left")
        elif node.get("type") == "SUBQUERY":
            node = (node.get("subquery") or {}).get("node")
        elif node.get("type") == "BASE_TABLE":
            name = str(node.get("table_name", "")).lower()
            if name not in named:
                return name
            node = named.pop(name)
        else:
            return None
    return None


def _multiplied(step: Step) -> _Join | None:
    """Return the join with its larger side when it gives more rows than that; else None."""
    larger = max(step.inputs, key=lambda side: side.rows_out)
    # A join that keeps rows without a partner adds up to that many.
    kept = step.join in ("LEFT", "RIGHT", "FULL", "OUTER")
    most = larger.rows_out + (min(_sizes(step)) if kept else 0)
    return _Join(step, larger) if larger.rows_out > 0 and most < step.rows_out else None


def _table_names(steps: Sequence[Step]) -> dict[tuple[str, str | None], str]:
    """Name each table that is read; by its full name where two share the short one."""
    read = {(step.table, step.stored_as) for step in steps if step.table and not _made(step)}
    short = [table for table, _ in read]
    return {
        (table, stored_as): str(stored_as) if short.count(table) > 1 else table
        for table, stored_as in read
    }


def _made(step: Step) -> bool:
    return step.stored_as is None and step.table in ("range", "generate_series", "unnest", "repeat")


def _handled(step: Step) -> int:
    return step.rows_in + step.rows_out


def _sizes(step: Step) -> tuple[int, int]:
    left, right = step.inputs
    return left.rows_out, right.rows_out


def _kept_side(step: Step) -> int:
    return 1 if step.join.startswith("RIGHT") else 0


def _factor(factor: float) -> str:
    if factor >= 100:
        return f"{factor:,.0f}"
    return f"{factor:.2f}" if factor >= 1.005 else f"{factor:.5f}"


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _drawn(
    root: Step, steps: Sequence[Step], boxes: Mapping[Step, str], dominant: Step, words: str
) -> pictures.Picture:
    """Draw the steps from the tables at the left to the answer at the right."""
    columns: dict[Step, int] = {}
    rows: dict[Step, float] = {}
    leaves = [step for step in steps if not step.inputs]
    for step in steps:
        columns[step] = 1 + max((columns[source] for source in step.inputs), default=-1)
        below = [rows[source] for source in step.inputs]
        rows[step] = sum(below) / len(below) if below else float(leaves.index(step))
    fed = {source: step for step in steps for source in step.inputs}
    widths = _column_widths(steps, boxes, columns)
    places = [sum(widths[:column]) for column in range(len(widths))]
    tall = 1.15
    with pictures.style():
        figure, axes = pictures.axes(sum(widths) + 0.9, 0.3 + tall * len(leaves))
        for step in steps:
            start = (places[columns[step]], rows[step] * tall)
            target = fed.get(step)
            end = (
                (places[columns[target]], rows[target] * tall)
                if target is not None
                else (places[-1], start[1])
            )
            axes.plot(*zip(start, end, strict=True), color=pictures.SKY, zorder=1,
                      linewidth=_line_width(step.rows_out), solid_capstyle="butt")  # fmt: skip
            # In the middle of what the boxes leave free of the line.
            behind = _box_inches(boxes[target]) if target is not None else _ANSWER_INCHES
            length = end[0] - start[0]
            share = 0.5 + (_box_inches(boxes[step]) - behind) / (4 * length)
            axes.text(
                start[0] + share * length,
                start[1] + share * (end[1] - start[1]), f"{step.rows_out:,}",
                ha="center", va="center", zorder=2, fontsize=9,
                bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"},
            )  # fmt: skip
            most = step is dominant
            axes.text(
                *start, boxes[step], ha="center", va="center", zorder=3, linespacing=1.3,
                fontweight="bold" if most else "normal",
                bbox={"boxstyle": "round,pad=0.45", "facecolor": _MARK if most else "white",
                      "edgecolor": pictures.ORANGE if most else pictures.BLUE,
                      "linewidth": 2.5 if most else 1.0},
            )  # fmt: skip
        axes.text(
            places[-1], rows[root] * tall, f"answer\n{plural(root.rows_out, 'row')}",
            ha="center", va="center", zorder=3, linespacing=1.3,
            bbox={"boxstyle": "round,pad=0.45", "facecolor": "#EAF2F8",
                  "edgecolor": pictures.INK},
        )  # fmt: skip
        axes.set_xlim(-widths[0] / 2 - 0.1, places[-1] + 0.75)
        axes.set_ylim((len(leaves) - 0.5) * tall, -0.5 * tall)
        axes.set_axis_off()
        drawn = "; ".join(
            f"{' '.join(boxes[step].split())} passes {plural(step.rows_out, 'row')} to "
            + (fed[step].what if step in fed else "the answer")
            for step in steps
        )
        return pictures.Picture(
            figure,
            f"The steps from tables to answer, the more rows the wider the line: {drawn}. {words}",
        )


def _column_widths(
    steps: Sequence[Step],
    boxes: Mapping[Step, str],
    columns: Mapping[Step, int],
) -> list[float]:
    """Return the inches from each column's middle to the next one's, the last being the answer."""
    last = max(columns.values()) + 2
    wide = [1.1] * last
    for step in steps:
        wide[columns[step]] = max(wide[columns[step]], _box_inches(boxes[step]))
    return [
        (wide[column] + wide[min(column + 1, last - 1)]) / 2 + 0.85 for column in range(last - 1)
    ] + [0.0]


def _box_inches(text: str) -> float:
    bold = 1.12 if "most rows" in text else 1.0
    return 0.3 + 0.088 * bold * max(map(len, text.split("\n")))


def _line_width(rows: int) -> float:
    """Return points: 1 for no row, 2 more for each power of ten."""
    return 1.0 + 2.0 * math.log10(1 + rows)
