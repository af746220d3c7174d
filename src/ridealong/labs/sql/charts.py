"""Charts of a result, each with its description in words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ridealong.labs.sql.database import Database, LabError, Rows, require_columns
from ridealong.show import pictures

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import pandas as pd

_MOST_BARS = 40


def bars(
    data: str | pd.DataFrame,
    *,
    x: str,
    y: str,
    title: str,
    y_unit: str = "",
    parameters: Mapping[str, object] | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> pictures.Picture:
    """Draw one horizontal bar for each row, in the order of the rows.

    Args:
        data: A query, the name of a `%%sql` answer, or a DataFrame; at most 40 rows.
        x: Column with the name of each bar.
        y: Column with its length, a number.
        title: What the chart shows.
        y_unit: Unit of `y`, for the axis.
        parameters: Values of the query's `$names`.
        connection: The connection to ask; default: the notebook's.

    Raises:
        LabError: A column is missing, is no number, or there are no or too many rows.

    Example:
        bars("SELECT 'a' AS city, 3 AS rides", x="city", y="rides", title="Rides")
    """
    found = _rows(data, (x, y), parameters, connection)
    if len(found.rows) > _MOST_BARS:
        message = f"{len(found.rows):,} rows are too many bars; at most {_MOST_BARS}. Add a LIMIT."
        raise LabError(message)
    names = [str(value) for value in found.column(_match(x, found))]
    values = _numbers(found, y)
    with pictures.style():
        figure, axes = pictures.axes(7.5, 1.2 + 0.36 * len(names))
        places = range(len(names))
        axes.barh(places, values, height=0.65, color=pictures.BLUE)
        for place, value in zip(places, values, strict=True):
            axes.annotate(
                _short(value), (max(value, 0), place), xytext=(5, 0),
                textcoords="offset points", va="center",
            )  # fmt: skip
        axes.set_yticks(list(places), names)
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(min([*values, 0]), max([*values, 0]) * 1.15 or 1)
        axes.set_xlabel(y_unit or y)
        axes.set_title(title)
        listed = ", ".join(
            f"{name} {_short(value)}" for name, value in zip(names, values, strict=True)
        )
        unit = f" in {y_unit}" if y_unit else ""
        return pictures.Picture(figure, f"Bar chart, {title}{unit}: {listed}.")


def histogram(
    data: str | pd.DataFrame,
    *,
    x: str,
    title: str,
    unit: str = "",
    bins: int = 20,
    parameters: Mapping[str, object] | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> pictures.Picture:
    """Draw how often each range of values occurs, with mean, median and P90 marked.

    Args:
        data: A query, the name of a `%%sql` answer, or a DataFrame.
        x: Column of numbers; missing ones are left out.
        title: What the chart shows.
        unit: Unit of `x`, for the axis.
        bins: Number of bars, 2 to 200.
        parameters: Values of the query's `$names`.
        connection: The connection to ask; default: the notebook's.

    Raises:
        LabError: The column is missing or holds no number, or `bins` is out of range.

    Example:
        histogram("SELECT unnest(range(100)) AS wait", x="wait", title="Waits", unit="s")
    """
    if not 2 <= bins <= 200:
        message = f"bins is {bins}; give a number from 2 to 200."
        raise LabError(message)
    import numpy

    found = _rows(data, (x,), parameters, connection)
    values = numpy.array(_numbers(found, x))
    marks = (
        ("mean", float(values.mean()), "-", pictures.ORANGE),
        ("median", float(numpy.quantile(values, 0.5)), "--", pictures.INK),
        ("P90", float(numpy.quantile(values, 0.9)), ":", pictures.INK),
    )
    with pictures.style():
        figure, axes = pictures.axes(7.5, 3.6)
        axes.hist(values, bins=bins, color=pictures.SKY, edgecolor="white", linewidth=0.5)
        for name, value, line, colour in marks:
            axes.axvline(value, linestyle=line, color=colour, linewidth=1.8,
                         label=f"{name} {_short(value)}")  # fmt: skip
        axes.set_xlabel(unit or x)
        axes.set_ylabel("rows")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_title(title)
        axes.legend()
        described = ", ".join(f"{name} {_short(value)}" for name, value, _, _ in marks)
        return pictures.Picture(
            figure,
            f"Histogram, {title}, {len(values):,} values in {unit or x} from "
            f"{_short(float(values.min()))} to {_short(float(values.max()))}: {described}.",
        )


def _rows(
    data: str | pd.DataFrame,
    wanted: tuple[str, ...],
    parameters: Mapping[str, object] | None,
    connection: duckdb.DuckDBPyConnection | None,
) -> Rows:
    if isinstance(data, str):
        database = Database(connection, parameters)
        found = database.rows(database.require_query(data))
    else:
        rows = [tuple(row) for row in data.itertuples(index=False, name=None)]
        columns = tuple(str(name) for name in data.columns)
        found = Rows(columns, tuple(str(kind) for kind in data.dtypes), rows)
    require_columns(wanted, found.columns, "the result")
    if not found.rows:
        message = "the result has no rows, so there is nothing to draw. Widen the WHERE."
        raise LabError(message)
    return found


def _match(name: str, found: Rows) -> str:
    return next(known for known in found.columns if known.lower() == name.lower())


def _numbers(found: Rows, name: str) -> list[float]:
    values: list[Any] = [value for value in found.column(_match(name, found)) if value is not None]
    wrong = [value for value in values if not isinstance(value, int | float | Decimal)]
    if wrong or not values:
        seen = f"{wrong[0]!r}" if wrong else "only missing values"
        message = f"column {name!r} holds {seen}; numbers are needed."
        raise LabError(message)
    return [float(value) for value in values]


def _short(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:,.2f}"
