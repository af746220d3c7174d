"""Change a reference query in one place, as somebody who learns SQL could have written it.

Bounds, conditions, joins, order keys, limits, groups, windows, aggregates, literals, columns and
moments: each change is a mistake that people make. Whether it is one for a task is said by the
check: a mutant that passes is a hole in the check's data, or as right as the reference.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final

import sqlglot
from sqlglot import exp

from ridealong.dataset import dictionary as dictionary_module
from ridealong.dataset.connection import edge_connection
from ridealong.dataset.dictionary import dictionary
from ridealong.judging.mutants import Mutant, distinct

Change = tuple[str, Callable[[exp.Expr], object]]
"""What is changed, and a function that does it to the same node of a copy of the tree."""

_DIALECT: Final = "duckdb"
_LONGEST: Final = 70  # characters of a query's text in the name of a change
_BOUNDS: Final[dict[type[exp.Expr], type[exp.Expr]]] = {
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
}
_SIGN: Final[dict[type[exp.Expr], str]] = {
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.IntDiv: "//",
}
_ARITHMETIC: Final[dict[type[exp.Expr], type[exp.Expr]]] = {
    exp.Add: exp.Sub,
    exp.Sub: exp.Add,
    exp.Div: exp.IntDiv,
    exp.IntDiv: exp.Div,
}
_SWAPPED_AGGREGATES: Final[dict[type[exp.Expr], type[exp.Expr]]] = {
    exp.Sum: exp.Avg,
    exp.Avg: exp.Sum,
    exp.Max: exp.Min,
    exp.Min: exp.Max,
}
_RANKS: Final[dict[type[exp.Expr], str]] = {
    exp.RowNumber: "RANK",
    exp.Rank: "ROW_NUMBER",
    exp.DenseRank: "RANK",
}
_OF_THE_LARGER: Final = {"MILLISECOND": 1_000, "SECOND": 60, "MINUTE": 60, "HOUR": 24}
_LARGER: Final = {"MILLISECOND": "SECOND", "SECOND": "MINUTE", "MINUTE": "HOUR", "HOUR": "DAY"}
_MONTH_LIKE: Final = {"28", "30", "31"}
_OTHER_SIDES: Final = {"": ("LEFT",), "LEFT": ("", "RIGHT"), "RIGHT": ("",), "FULL": ("", "LEFT")}
_CUTS: Final = (10, 100, 1000)  # the limits that people and tools add to a query
_OF_A_COMPLETED_RIDE: Final = frozenset(
    {
        "status",
        "driver_id",
        "completed_at",
        "picked_up_at",
        "cancelled_at",
        "cancelled_by",
        "distance_mi",
        "fare",
        "driver_pay",
    }
)
_OF_A_PICKED_UP_RIDE: Final = frozenset({"driver_id", "cancelled_at", "cancelled_by"})
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}( 00:00(:00)?)?")
_MOMENTS: Final = frozenset({"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})


def mutants(reference: str, *, ordered: bool = True) -> Iterator[Mutant]:
    """Yield the mutants of a query, each with another text and another name.

    Args:
        reference: the query.
        ordered: whether the task asks for an order; where it does not, the order of the result is
            not changed.

    Raises:
        sqlglot.errors.ParseError: when the query cannot be read.
    """
    tree = parsed(reference)
    yield from distinct(_mutants(tree, ordered), reference, written(tree))


def parsed(query: str) -> exp.Expr:
    """Return the tree of a query, with calls of the course's clock left as they are."""
    tree: exp.Expr = sqlglot.parse_one(query, read=_DIALECT)
    for node in list(tree.find_all(exp.CurrentTimestamp)):
        node.replace(exp.Anonymous(this="now"))  # CURRENT_TIMESTAMP is the computer's clock
    return tree


def written(tree: exp.Expr) -> str:
    """Return a tree as the text of a query."""
    return tree.sql(dialect=_DIALECT, normalize_functions=False)


def _mutants(tree: exp.Expr, ordered: bool) -> Iterator[Mutant]:
    outermost = tree.args.get("order")
    free = (
        {id(node) for node in outermost.walk()}
        if outermost and not ordered and not tree.args.get("limit")
        else set()
    )
    for place, node in enumerate(list(tree.walk())):
        if id(node) in free:
            continue
        for change, act in _changes(node):
            copy = tree.copy()
            act(list(copy.walk())[place])
            yield Mutant(" ".join(change.split()), written(copy))


def _changes(node: exp.Expr) -> Iterator[Change]:
    for family in (
        _comparisons,
        _conditions,
        _joins,
        _results,
        _orders,
        _cuts,
        _literals,
        _moments,
        _values,
        _groups,
        _windows,
        _aggregates,
        _columns,
    ):
        yield from family(node)


def _short(node: exp.Expr | None) -> str:
    assert node is not None
    text = " ".join(written(node).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."


def _parent(node: exp.Expr) -> exp.Expr:
    assert node.parent is not None
    return node.parent


def _put(new: exp.Expr) -> Callable[[exp.Expr], object]:
    return lambda node: node.replace(new.copy())


def _set(key: str, value: object) -> Callable[[exp.Expr], object]:
    return lambda node: node.set(key, value.copy() if isinstance(value, exp.Expr) else value)


def _without(key: str, place: int) -> Callable[[exp.Expr], object]:
    """Return what takes one out of a list that a node holds."""

    def act(node: exp.Expr) -> None:
        node.set(key, [each for n, each in enumerate(node.args[key]) if n != place])

    return act


# ---------------------------------------------------------------------------- conditions


def _comparisons(node: exp.Expr) -> Iterator[Change]:
    kind = type(node)
    if kind in _BOUNDS:
        other = _BOUNDS[kind]
        yield (
            f"{_short(node)}: {_SIGN[kind]} to {_SIGN[other]}",
            _put(other(this=node.this.copy(), expression=node.expression.copy())),
        )
    if kind in (exp.EQ, exp.NEQ) and not isinstance(node.parent, exp.Join):
        turned = exp.NEQ if kind is exp.EQ else exp.EQ
        yield (
            f"{_short(node)}: {_SIGN[kind]} to {_SIGN[turned]}",
            _put(turned(this=node.this.copy(), expression=node.expression.copy())),
        )
    if isinstance(node, exp.Between):
        low, high = node.args["low"], node.args["high"]
        ends = (
            ("upper end out", exp.GTE, exp.LT),
            ("lower end out", exp.GT, exp.LTE),
            ("both ends out", exp.GT, exp.LT),
        )
        for what, first, second in ends:
            yield (
                f"{_short(node)}: {what}",
                _put(
                    exp.paren(
                        exp.and_(
                            first(this=node.this.copy(), expression=low.copy()),
                            second(this=node.this.copy(), expression=high.copy()),
                        )
                    )
                ),
            )
    if isinstance(node, exp.Not):
        yield f"{_short(node)}: without NOT", _put(node.this)
    if isinstance(node, exp.Exists) and not isinstance(node.parent, exp.Not):
        yield f"{_short(node)}: NOT put before it", _put(exp.not_(node.copy()))
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        yield (
            f"{_short(node)}: IS to =",
            _put(exp.EQ(this=node.this.copy(), expression=exp.null())),
        )


def _parts(node: exp.Expr) -> list[exp.Expr]:
    return list(node.flatten()) if isinstance(node, exp.And | exp.Or) else [node]


def _conditions(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.And | exp.Or) and not isinstance(node.parent, type(node)):
        joint = exp.or_ if isinstance(node, exp.Or) else exp.and_
        parts = _parts(node)
        for place, part in enumerate(parts):
            rest = [each.copy() for n, each in enumerate(parts) if n != place]
            if not (isinstance(node, exp.And) and _is_implied(part, parts)):
                yield f"without {_short(part)}", _put(joint(*rest))
        turned = exp.and_ if isinstance(node, exp.Or) else exp.or_
        here, there = ("OR", "AND") if isinstance(node, exp.Or) else ("AND", "OR")
        yield (
            f"{_short(node)}: {here} to {there}",
            _put(exp.paren(turned(*(each.copy() for each in parts)))),
        )
    if isinstance(node, exp.Where | exp.Having) and not isinstance(node.this, exp.And | exp.Or):
        yield f"without {_short(node)}", lambda other: other.pop()
    if (
        isinstance(node, exp.Where)
        and isinstance(node.parent, exp.Select)
        and not node.find_ancestor(exp.Exists)
    ):
        yield from _added_conditions(node.parent, node)


def _is_implied(part: exp.Expr, parts: list[exp.Expr]) -> bool:
    """Return whether a condition asks for completed rides, as a bound on completed_at does."""
    if not (isinstance(part, exp.EQ) and part.expression.name == "completed"):
        return False
    column = part.this
    if not isinstance(column, exp.Column) or column.name != "status":
        return False
    return (_table_of(column) or "").endswith("rides") and any(
        type(each) in _BOUNDS
        and each.this.name == "completed_at"
        and each.this.table == column.table
        for each in parts
    )


def _added_conditions(select: exp.Select, where: exp.Where | None) -> Iterator[Change]:
    """Yield conditions that a task does not ask for, on columns of the query's tables."""

    def added(condition: exp.Expr) -> Callable[[exp.Expr], object]:
        if where is None:
            return lambda node: node.set("where", exp.Where(this=condition.copy()))
        return lambda node: node.set("this", exp.and_(node.this.copy(), condition.copy()))

    mentioned = {column.name for column in where.find_all(exp.Column)} if where else set()
    for alias, table in _tables(select).items():
        for column in dictionary()[table].columns:
            if column.name in mentioned or _is_settled(column, table, alias, select):
                continue
            name = exp.column(column.name, table=alias)
            if column.null is not None:
                condition = exp.not_(exp.Is(this=name, expression=exp.null()))
                yield f"{_short(name)} IS NOT NULL added", added(condition)
            for value in column.values:
                unlike: exp.Expr = exp.NEQ(this=name.copy(), expression=exp.Literal.string(value))
                if column.null is not None:
                    unlike = exp.paren(
                        exp.or_(unlike, exp.Is(this=name.copy(), expression=exp.null()))
                    )
                yield f"{_short(name)} <> '{value}' added", added(unlike)


def _is_settled(
    column: dictionary_module.ColumnEntry, table: str, alias: str, select: exp.Select | None
) -> bool:
    """Return whether a query itself already says what a column holds.

    A ride is completed when it has the status or the time of one, or is rated, and then it has a
    driver, a pickup, a distance and a fare, and nobody cancelled it; one with a pickup has a
    driver and nobody cancelled it; a payment with a status other than pending was processed. `tests/dataset/test_rules.py` holds the data to it.
    """
    if select is None:
        return False
    if table.endswith("rides") and _joins_ratings(select):
        return column.name in _OF_A_COMPLETED_RIDE
    return any(_says(part, column, table, alias) for part in _demands(select))


def _says(part: exp.Expr, column: dictionary_module.ColumnEntry, table: str, alias: str) -> bool:
    """Return whether one condition says what a column of a table holds."""
    turned = part.this if isinstance(part, exp.Not) else part
    named = turned.this if isinstance(turned.this, exp.Column) else None
    if named is None or named.table not in ("", alias) or _table_of(named) != table:
        return False
    value = turned.expression.name if isinstance(turned, exp.Binary) else ""
    if table.endswith("rides"):
        if (named.name, type(turned), value) == ("status", exp.EQ, "completed") or (
            named.name == "completed_at" and type(turned) in _BOUNDS
        ):
            return column.name in _OF_A_COMPLETED_RIDE
        if named.name == "picked_up_at" and isinstance(part, exp.Not):
            return column.name in _OF_A_PICKED_UP_RIDE
    if table.endswith("payments") and (named.name, type(turned)) == ("status", exp.EQ):
        return column.name == "processed_at"
    return False


def _demands(select: exp.Select) -> list[exp.Expr]:
    """Return the conditions that all rows of a query meet, those of its joins included."""
    where = select.args.get("where")
    ons = [join.args.get("on") for join in select.args.get("joins") or []]
    wholes = [each for each in (where.this if where else None, *ons) if each is not None]
    return [part for whole in wholes if not isinstance(whole, exp.Or) for part in _parts(whole)]


def _joins_ratings(select: exp.Select) -> bool:
    """Return whether only rides that are rated are left in a query."""
    inner = [join for join in select.args.get("joins") or [] if not join.args.get("side")]
    clause = select.args.get("from_") or select.args.get("from")
    kept = [*([clause.this] if clause is not None else []), *(join.this for join in inner)]
    return any(isinstance(each, exp.Table) and each.name == "ratings" for each in kept)


def _joins(node: exp.Expr) -> Iterator[Change]:
    if not isinstance(node, exp.Join) or node.args.get("method"):
        return
    side = str(node.args.get("side") or "").upper()
    kind = str(node.args.get("kind") or "").upper()
    joined = _short(node.this)
    if (node.args.get("on") or node.args.get("using")) and kind not in ("ANTI", "SEMI"):
        for other in _OTHER_SIDES.get(side, ()) if not _finds_always(node) else ():

            def turned(copy: exp.Expr, other: str = other) -> None:
                copy.set("side", other)
                copy.set("kind", None)

            yield f"{side or 'INNER'} JOIN {joined}: {other or 'INNER'} JOIN", turned
    on = node.args.get("on")
    if isinstance(on, exp.And):
        for place, part in enumerate(_parts(on)):
            rest = exp.and_(*(p.copy() for n, p in enumerate(_parts(on)) if n != place))

            def moved(
                copy: exp.Expr,
                rest: exp.Expr = rest,
                part: exp.Expr = part,
            ) -> None:
                copy.set("on", rest.copy())
                assert isinstance(copy.parent, exp.Select)
                copy.parent.where(part.copy(), copy=False)

            if side:
                yield f"JOIN {joined}: {_short(part)} moved to WHERE", moved
    where = node.parent.args.get("where") if isinstance(node.parent, exp.Select) else None
    if where is not None and side:
        for place, part in enumerate(_parts(where.this)):
            if not isinstance(where.this, exp.And) and len(_parts(where.this)) > 1:
                break

            def to_on(copy: exp.Expr, place: int = place) -> None:
                select = copy.parent
                assert isinstance(select, exp.Select)
                parts = [each.copy() for each in _parts(select.args["where"].this)]
                part = parts.pop(place)
                select.set("where", exp.Where(this=exp.and_(*parts)) if parts else None)
                copy.set(
                    "on", exp.and_(copy.args["on"].copy(), part) if copy.args.get("on") else part
                )

            if node.args.get("on"):
                yield f"{_short(part)} moved to ON of {joined}", to_on


# ---------------------------------------------------------------------------- result, order, cut


def _results(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.Distinct):
        if isinstance(node.parent, exp.Select):
            yield "without DISTINCT", lambda copy: _parent(copy).set("distinct", None)
        elif len(node.expressions) == 1:
            yield f"{_short(node.parent)}: without DISTINCT", _put(node.expressions[0])
    if isinstance(node, exp.Select):
        if not (node.args.get("distinct") or _rows_differ(node)):
            yield f"DISTINCT added to {_short(node)}", _set("distinct", exp.Distinct())
        if not node.args.get("where") and not node.find_ancestor(exp.Exists):
            yield from _added_conditions(node, None)
    if isinstance(node, exp.Union):
        before, after = (
            ("UNION", "UNION ALL")
            if node.args.get("distinct")
            else (
                "UNION ALL",
                "UNION",
            )
        )
        yield f"{before} to {after}", _set("distinct", not node.args.get("distinct"))
        if node.parent is not None:
            yield f"{before}: first part only", _put(node.this)
            yield f"{before}: second part only", _put(node.expression)
    if isinstance(node, exp.Except | exp.Intersect) and node.parent is not None:
        yield f"{_short(node)}: first part only", _put(node.this)


def _finds_always(join: exp.Join) -> bool:
    """Return whether a join finds a row for each row before it, so that LEFT makes no difference.

    Every reference points to a row, and the column that it stands in is never NULL here; or WHERE
    compares a column of the joined table, which is not true for a row that found none.
    """
    select = join.parent
    if join.args.get("side") or not isinstance(select, exp.Select):
        return False
    where = select.args.get("where")
    if where is not None and any(
        isinstance(part, exp.Predicate)
        and not isinstance(part, exp.Is | exp.Exists)
        and isinstance(part.this, exp.Column)
        and part.this.table == join.this.alias_or_name
        for part in ([] if isinstance(where.this, exp.Or) else _parts(where.this))
    ):
        return True
    tables = _tables(select)
    target = tables.get(join.this.alias_or_name)
    on = join.args.get("on")
    if target is None or on is None or not isinstance(on, exp.EQ):
        return False
    for one, other in ((on.this, on.expression), (on.expression, on.this)):
        if not (isinstance(one, exp.Column) and isinstance(other, exp.Column)):
            continue
        column, table = _described(one), _table_of(one)
        if column is None or table is None or other.table != join.this.alias_or_name:
            continue
        if (
            column.references == target.removeprefix("basic.")
            and other.name == _key_of(target)
            and (column.null is None or _is_settled(column, table, one.table, select))
        ):
            return True
    return False


def _rows_differ(select: exp.Select) -> bool:
    """Return whether no two rows of a query can be equal, or equal ones make no difference."""
    if isinstance(select.parent, exp.Exists | exp.In) or _is_one_row(select):
        return True
    shown = {written(each.unalias()) for each in select.expressions}
    shown |= {each.alias_or_name for each in select.expressions}
    group = select.args.get("group")
    if group is not None:
        return all(
            written(key) in shown or key.name in shown or _is_known_by_name(key, group)
            for key in group.expressions
        )
    clause = select.args.get("from_") or select.args.get("from")
    table = _tables(select).get(clause.this.alias_or_name) if clause is not None else None
    if table is None or _is_multiplied(select):
        return False
    return _key_of(table) in {each.rpartition(".")[2] for each in shown} or select.is_star


def _is_known_by_name(key: exp.Expr, group: exp.Group) -> bool:
    """Return whether a group of cities is one by their names already: no two share one."""
    return (
        isinstance(key, exp.Column)
        and _table_of(key) == "cities"
        and key.name == "city_id"
        and any(
            isinstance(each, exp.Column) and each.table == key.table and each.name == "name"
            for each in group.expressions
        )
    )


def _is_multiplied(select: exp.Select, alias: str = "") -> bool:
    """Return whether joins can give several rows of a result for one row of a table.

    A join gives one at most where it asks for the key of the table that it joins, or, for the
    rows of the joined table itself, for the key of another one.

    Args:
        select: the query.
        alias: the table; by default the first one.
    """
    tables = _tables(select)
    clause = select.args.get("from_") or select.args.get("from")
    alias = alias or (clause.this.alias_or_name if clause is not None else "")
    for join in select.args.get("joins") or []:
        name = join.this.alias_or_name
        if name not in tables:
            return True
        by_name = {each.name for each in join.args.get("using") or []}
        asked = [
            side
            for part in (_parts(join.args["on"]) if join.args.get("on") else [])
            if isinstance(part, exp.EQ)
            for side in (part.this, part.expression)
            if isinstance(side, exp.Column) and side.table in tables
        ]
        keyed = {side.table for side in asked if side.name == _key_of(tables[side.table])}
        keyed |= {each for each, table in tables.items() if _key_of(table) in by_name}
        if not (keyed - {name} if name == alias else name in keyed):
            return True
    return False


def _is_one_row(select: exp.Expr) -> bool:
    """Return whether a query sums everything up in one row."""
    if not isinstance(select, exp.Select) or select.args.get("group"):
        return False
    return any(
        each.find(exp.AggFunc) is not None and each.find(exp.Window) is None
        for each in select.expressions
    )


def _orders(node: exp.Expr) -> Iterator[Change]:
    if not isinstance(node, exp.Order):
        return
    keys = node.expressions
    for place, key in enumerate(keys):
        if not isinstance(key, exp.Ordered):
            continue

        def turned(copy: exp.Expr, place: int = place) -> None:
            one = copy.expressions[place]
            one.set("desc", not one.args.get("desc"))

        def nulls(copy: exp.Expr, place: int = place) -> None:
            one = copy.expressions[place]
            one.set("nulls_first", not one.args.get("nulls_first"))

        where = "" if isinstance(node.parent, exp.Select) else " in the window"
        yield f"order by {_short(key)}{where}: direction turned", turned
        if _may_be_null(key.this):
            yield f"order by {_short(key)}{where}: NULLs at the other end", nulls
        if len(keys) > 1:
            yield f"order by {_short(key)}{where}: key dropped", _without("expressions", place)
        else:
            yield f"order by {_short(key)}{where}: dropped", lambda copy: copy.pop()
        yield from _other_keys(node, place)
    if len(keys) > 1:
        yield (
            f"{_short(node)}: keys in reverse",
            lambda copy: copy.set("expressions", list(reversed(copy.expressions))),
        )


def _may_be_null(key: exp.Expr) -> bool:
    """Return whether an order key can be NULL, as far as that is plain."""
    select = key.find_ancestor(exp.Select)
    if isinstance(key, exp.Column) and not key.table and isinstance(select, exp.Select):
        for each in select.expressions:
            inside = key.find_ancestor(exp.Alias) is each  # as in CAST(week AS DATE) AS week
            if isinstance(each, exp.Alias) and each.alias == key.name and not inside:
                return _may_be_null(each.this)
    if isinstance(key, exp.Column):
        described, table = _described(key), _table_of(key)
        if described is None or table is None:
            return False  # a column of a query inside: nobody says
        outer = any(
            str(join.args["side"]).upper() != "LEFT" or join.this.alias_or_name == key.table
            for join in (select.args.get("joins") or [] if select else [])
            if join.args.get("side")
        )
        return outer or not (
            described.null is None or _is_settled(described, table, key.table, select)
        )
    if isinstance(key, exp.Nullif | exp.Lag | exp.Lead):
        return True
    if isinstance(key, exp.Count):
        return False
    return any(_may_be_null(each) for each in key.iter_expressions())


def _other_keys(order: exp.Order, place: int) -> Iterator[Change]:
    """Yield an order by each other column of the result in place of a key."""
    key = order.expressions[place]
    select = order.parent
    if not isinstance(select, exp.Select):
        return
    used = {written(each.this).lower() for each in order.expressions}
    names = {each.alias_or_name for each in select.expressions} - {"*"}
    if any(isinstance(each, exp.Star) for each in select.expressions):
        names |= {c.name for t in _tables(select).values() for c in dictionary()[t].columns}
    for name in sorted(names):
        if name.lower() in used or any(one.endswith(f".{name.lower()}") for one in used):
            continue

        def other(copy: exp.Expr, name: str = name) -> None:
            copy.expressions[place].set("this", exp.column(name))

        yield f"order by {_short(key)}: by {name} instead", other


def _cuts(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.Limit | exp.Offset) and isinstance(node.expression, exp.Literal):
        word, number = type(node).__name__.upper(), int(node.expression.this)
        for other in (number + 1, number - 1):
            if other >= 0:
                yield (
                    f"{word} {number}: {other}",
                    _set("expression", exp.Literal.number(other)),
                )
        yield f"without {word} {number}", lambda copy: copy.pop()
    whole = isinstance(node, exp.Query) and node.parent is None and not _is_one_row(node)
    if whole and not node.args.get("limit"):
        for most in _CUTS:
            limit = exp.Limit(expression=exp.Literal.number(most))
            yield f"LIMIT {most} added", _set("limit", limit)


# ---------------------------------------------------------------------------- literals, moments


def _literals(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.In) and node.expressions:
        for place, member in enumerate(node.expressions):
            if len(node.expressions) > 1:
                yield (
                    f"{_short(node)}: without {_short(member)}",
                    _without("expressions", place),
                )
        for value in _values_beside(node.this, {each.name for each in node.expressions}):

            def longer(copy: exp.Expr, value: str = value) -> None:
                copy.append("expressions", exp.Literal.string(value))

            yield f"{_short(node)}: with '{value}'", longer
    if isinstance(node, exp.Like):
        if not isinstance(node.parent, exp.Escape):
            yield (
                f"{_short(node)}: ILIKE",
                _put(exp.ILike(this=node.this.copy(), expression=node.expression.copy())),
            )
        if isinstance(node.expression, exp.Literal):
            for pattern in _other_patterns(node.expression.this):
                yield (
                    f"{_short(node)}: like '{pattern}'",
                    _set("expression", exp.Literal.string(pattern)),
                )
    if isinstance(node, exp.EQ | exp.NEQ) and node.expression.is_string:
        for value in _values_beside(node.this, {node.expression.name}):
            yield f"{_short(node)}: '{value}'", _set("expression", exp.Literal.string(value))
    if isinstance(node, exp.Literal):
        yield from _other_numbers(node)


def _other_numbers(node: exp.Literal) -> Iterator[Change]:
    parent = node.parent
    if isinstance(parent, exp.Limit | exp.Offset | exp.Tuple | exp.Cast):
        return
    if isinstance(parent, exp.Select) and isinstance(parent.parent, exp.Exists):
        return  # what EXISTS selects is never looked at
    interval = isinstance(parent, exp.Interval)
    if node.is_string and not interval:
        return
    if re.fullmatch(r"\d+", node.this):
        new = [str(int(node.this) + 1), str(int(node.this) - 1)]
    elif re.fullmatch(r"\d*\.\d+", node.this):
        places = len(node.this.partition(".")[2])
        step = 10**-places
        new = [f"{float(node.this) + sign * step:.{places}f}" for sign in (1, -1)]
    else:
        return
    for number in new:
        made = exp.Literal.string(number) if node.is_string else exp.Literal.number(number)
        yield f"{_short(parent)}: {node.this} to {number}", _put(made)


def _values_beside(column: exp.Expr, taken: set[str]) -> list[str]:
    """Return the other values that a column of few values holds."""
    if not isinstance(column, exp.Column):
        return []
    found = _described(column)
    if found is None or not taken <= set(found.values):
        return []
    return [value for value in found.values if value not in taken]


def _other_patterns(pattern: str) -> list[str]:
    core = pattern.strip("%")
    inner = core.strip("-_ ")
    made = [f"%{core}", f"{core}%", f"%{core}%", f"%{inner}", f"{inner}%", f"%{inner}%", core]
    return [each for each in dict.fromkeys(made) if each != pattern]


def _moments(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.Interval) and node.this is not None:
        if str(node.this.this) in _MONTH_LIKE and "DAY" in str(node.args.get("unit", "")).upper():
            month = sqlglot.parse_one("INTERVAL '1' MONTH", read=_DIALECT)
            yield f"{_short(node)}: one month", _put(month)
        if "DAY" in str(node.args.get("unit", "")).upper() and _is_clock(_parent(node).this):
            yield from _whole_days(node)
    if _is_clock(node) and not isinstance(node.parent, exp.Sub):
        yield (
            f"{_short(node)} of {_short(node.parent)}: midnight",
            _put(exp.cast(node.copy(), "DATE")),
        )
    whole_day = isinstance(node, exp.Binary) and _DATE.fullmatch(node.expression.name)
    if type(node) in _BOUNDS and _type(node.this) in _MOMENTS and not whole_day:
        column = node.this
        day = exp.cast(column.copy(), "DATE")
        yield (
            f"{_short(node)}: by calendar day",
            lambda copy: copy.this.replace(day.copy()),
        )
        end = exp.cast(exp.cast(node.expression.copy(), "TIMESTAMP"), "DATE")
        both = type(node)(this=day.copy(), expression=end)
        yield f"{_short(node)}: both by calendar day", _put(both)
    if isinstance(node, exp.AtTimeZone):
        yield f"{_short(node)}: without it", _put(node.this)
    if isinstance(node, exp.DateDiff):
        unit = str(node.args.get("unit") or "").strip("'").upper()
        if unit in _LARGER:
            factor = _OF_THE_LARGER[unit]

            def coarse(copy: exp.Expr) -> None:
                larger = copy.copy()
                larger.set("unit", exp.Var(this=_LARGER[unit]))
                copy.replace(exp.paren(exp.Mul(this=larger, expression=exp.Literal.number(factor))))

            yield f"{_short(node)}: in whole {_LARGER[unit].lower()}s", coarse
        yield (
            f"{_short(node)}: turned",
            lambda copy: copy.replace(
                exp.DateDiff(
                    this=copy.expression.copy(),
                    expression=copy.this.copy(),
                    unit=copy.args.get("unit"),
                )
            ),
        )
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
        yield f"{_short(node)}: without it", _put(node.this)


def _is_clock(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() in ("as_of", "now")


def _whole_days(interval: exp.Interval) -> Iterator[Change]:
    """Yield a window of whole days in place of one that goes back from the very moment."""
    start = interval.parent
    if not isinstance(start, exp.Sub):
        return
    midnight = exp.cast(start.this.copy(), "DATE")
    yield (
        f"{_short(start)}: from midnight",
        lambda copy: _parent(copy).this.replace(midnight.copy()),
    )
    yield (
        f"{_short(start)}: at midnight of the first day",
        lambda copy: _parent(copy).replace(exp.cast(exp.paren(_parent(copy).copy()), "DATE")),
    )
    if str(interval.this.this) in _MONTH_LIKE:
        yield (
            f"{_short(start)}: from the first of the month",
            lambda copy: _parent(copy).replace(
                exp.Anonymous(
                    this="date_trunc",
                    expressions=[exp.Literal.string("month"), start.this.copy()],
                )
            ),
        )


# ---------------------------------------------------------------------------- values


def _values(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.Coalesce):
        yield f"without {_short(node)}", _put(node.this)
    if isinstance(node, exp.Nullif):
        yield f"without {_short(node)}", _put(node.this)
    kind = type(node)
    if kind in _ARITHMETIC and not _is_clock(node.this):
        other = _ARITHMETIC[kind]
        fits = kind is not exp.Div or (_is_whole(node.this) and _is_whole(node.expression))
        if not isinstance(node.expression, exp.Interval) and fits:
            yield (
                f"{_short(node)}: {_SIGN[kind]} to {_SIGN[other]}",
                _put(other(this=node.this.copy(), expression=node.expression.copy())),
            )
    if isinstance(node, exp.Paren) and type(node.this) in _ARITHMETIC:
        yield f"{_short(node)}: without brackets", _put(node.this)
    truncated = isinstance(node.this, exp.TimestampTrunc | exp.DateTrunc) or (
        isinstance(node.this, exp.Column) and _type(node.this) is None
    )
    if isinstance(node, exp.Cast) and not truncated and not node.this.is_string:
        yield f"{_short(node)}: without CAST", _put(node.this)
    if isinstance(node, exp.Round):
        yield f"without {_short(node)}", _put(node.this)
    if isinstance(node, exp.Lower | exp.Upper | exp.Trim | exp.Abs):
        yield f"without {_short(node)}", _put(node.this)
    if isinstance(node, exp.Case):
        if node.args.get("default") is not None:
            yield f"{_short(node)}: without ELSE", _set("default", None)
        if len(node.args["ifs"]) > 1:
            for place, each in enumerate(node.args["ifs"]):
                yield f"{_short(node)}: without {_short(each)}", _without("ifs", place)
            yield (
                f"{_short(node)}: branches in reverse",
                lambda copy: copy.set("ifs", list(reversed(copy.args["ifs"]))),
            )
    if isinstance(node, exp.Column) and _is_own_id(node) and _inside_arithmetic(node):
        rank = sqlglot.parse_one(f"ROW_NUMBER() OVER (ORDER BY {written(node)})", read=_DIALECT)
        yield f"{_short(node)} in {_short(node.parent)}: its position", _put(rank)


def _is_whole(node: exp.Expr) -> bool:
    """Return whether a number may be a whole one: // divides all others as / does."""
    if isinstance(node, exp.Column):
        return (_type(node) or "BIGINT").endswith("INT") or _type(node) == "INTEGER"
    if isinstance(node, exp.Avg) or (isinstance(node, exp.Literal) and not node.is_int):
        return False
    return all(_is_whole(each) for each in node.find_all(exp.Column, exp.Avg) if each is not node)


def _is_own_id(column: exp.Column) -> bool:
    """Return whether a column is the key of the table that it comes from."""
    table = _table_of(column)
    return table is not None and _key_of(table) == column.name


def _inside_arithmetic(node: exp.Expr) -> bool:
    up = node.parent
    while isinstance(up, exp.Paren | exp.Cast):
        up = up.parent
    return isinstance(up, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.IntDiv)


# ---------------------------------------------------------------------------- groups and windows


def _groups(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.Group):
        for place, key in enumerate(node.expressions):
            if len(node.expressions) > 1 and not _is_known_by_name(key, node):
                yield f"GROUP BY without {_short(key)}", _without("expressions", place)
    if isinstance(node, exp.Filter):
        yield f"{_short(node)}: without FILTER", _put(node.this)


def _windows(node: exp.Expr) -> Iterator[Change]:
    if not isinstance(node, exp.Window):
        return
    for place, part in enumerate(node.args.get("partition_by") or []):
        yield (
            f"{_short(node)}: without PARTITION BY {_short(part)}",
            _without("partition_by", place),
        )
    if node.args.get("spec") is not None:
        yield f"{_short(node)}: without its frame", _set("spec", None)
        spec = node.args["spec"]
        if str(spec.args.get("kind")).upper() == "ROWS":
            yield (
                f"{_short(node)}: ROWS to RANGE",
                lambda copy: copy.args["spec"].set("kind", "RANGE"),
            )
    swap = _RANKS.get(type(node.this))
    if swap:
        yield f"{_short(node.this)}: {swap}", _set("this", exp.Anonymous(this=swap))
    if isinstance(node.this, exp.Lag | exp.Lead):
        other = exp.Lead if isinstance(node.this, exp.Lag) else exp.Lag
        yield f"{_short(node.this)}: the other way", _set("this", other(**node.this.copy().args))


def _aggregates(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.Count) and node.this is not None:
        if isinstance(node.this, exp.Star):
            select = node.find_ancestor(exp.Select)
            only = node.parent.expression if isinstance(node.parent, exp.Filter) else None
            for alias, table in (_tables(select) if select else {}).items():
                for column in dictionary()[table].columns:
                    if only is not None and any(
                        _says(part, column, table, alias) for part in _parts(only.this)
                    ):
                        continue
                    if column.null is not None and not _is_settled(column, table, alias, select):
                        name = exp.column(column.name, table=alias)
                        yield f"COUNT(*): COUNT({_short(name)})", _set("this", name)
            for key in _keys(select):
                yield (
                    f"COUNT(*): COUNT(DISTINCT {_short(key)})",
                    _set("this", exp.Distinct(expressions=[key.copy()])),
                )
        elif not isinstance(node.this, exp.Distinct):
            yield f"{_short(node)}: COUNT(*)", _set("this", exp.Star())
            if not _comes_once(node.this):
                yield (
                    f"{_short(node)}: DISTINCT added",
                    _set("this", exp.Distinct(expressions=[node.this.copy()])),
                )
        else:
            yield f"{_short(node)}: COUNT(*)", _set("this", exp.Star())
    kind = type(node)
    if kind in _SWAPPED_AGGREGATES and not node.expressions:
        other = _SWAPPED_AGGREGATES[kind]
        yield f"{_short(node)}: {other.__name__.upper()}", _put(other(this=node.this.copy()))
    if isinstance(node, exp.Sum | exp.Avg) and not isinstance(node.this, exp.Distinct):
        yield (
            f"{_short(node)}: DISTINCT added",
            _set("this", exp.Distinct(expressions=[node.this.copy()])),
        )
    called = _called(node)
    if called in ("quantile_cont", "percentilecont"):
        nearest = exp.Anonymous(this="quantile_disc", expressions=_arguments(node))
        yield f"{_short(node)}: quantile_disc", _put(nearest)
    if called == "median":
        yield f"{_short(node)}: AVG", _put(exp.Avg(this=_arguments(node)[0]))


def _called(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return type(node).__name__.lower() if isinstance(node, exp.Func) else ""


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Anonymous):
        return [each.copy() for each in node.expressions]
    return [each.copy() for each in node.args.values() if isinstance(each, exp.Expr)]


# ---------------------------------------------------------------------------- columns


def _columns(node: exp.Expr) -> Iterator[Change]:
    """Yield other columns of the same table and type in place of one."""
    if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
        return
    if isinstance(node.parent, exp.Select | exp.Alias | exp.Ordered | exp.Group):
        return  # a column of the result or a key: another one shows in every row
    table, wanted = _table_of(node), _type(node)
    if table is None or wanted is None:
        return
    only_presence = (
        isinstance(node.parent, exp.Count | exp.Is)
        and (described := _described(node)) is not None
        and described.null is None
    )
    for column in dictionary()[table].columns:
        if only_presence and column.null is None:
            continue
        if column.name != node.name and _types()[table].get(column.name) == wanted:
            other = exp.column(column.name, table=node.table or None)
            yield f"{_short(node)} in {_short(node.parent)}: {column.name}", _put(other)


def _keys(select: exp.Select | None) -> list[exp.Column]:
    """Return the columns of a query's tables that point to another table."""
    if select is None:
        return []
    return [
        exp.column(column.name, table=alias)
        for alias, table in _tables(select).items()
        for column in dictionary()[table].columns
        if column.references or (column.name == _key_of(table) and _is_multiplied(select, alias))
    ]


def _comes_once(node: exp.Expr) -> bool:
    """Return whether a column is the key of a table whose rows are joined once each."""
    select = node.find_ancestor(exp.Select)
    if not isinstance(node, exp.Column) or not isinstance(select, exp.Select) or not node.table:
        return False
    table = _tables(select).get(node.table)
    return (
        table is not None and node.name == _key_of(table) and not _is_multiplied(select, node.table)
    )


def _key_of(table: str) -> str:
    return dictionary()[table].columns[0].name


def _tables(select: exp.Select) -> dict[str, str]:
    """Return the real tables that a query reads itself, by the name it gives them."""
    clause = select.args.get("from") or select.args.get("from_")
    sources: Sequence[exp.Expr] = [
        *([clause.this] if clause is not None else []),
        *(join.this for join in select.args.get("joins") or []),
    ]
    made = {each.alias for each in select.root().find_all(exp.CTE)}
    found = {}
    for source in sources:
        if not isinstance(source, exp.Table) or source.name in made:
            continue
        name = f"{source.db}.{source.name}" if source.db not in ("", "main") else source.name
        if name in dictionary():
            found[source.alias_or_name] = name
    return found


def _table_of(column: exp.Column) -> str | None:
    """Return the real table that a column comes from, if that is plain."""
    select = column.find_ancestor(exp.Select)
    while select is not None:
        tables = _tables(select)
        if column.table:
            if column.table in tables:
                return tables[column.table]
        else:
            fits = [t for t in tables.values() if column.name in _types()[t]]
            if len(fits) == 1:
                return fits[0]
            if fits:
                return None
        select = select.find_ancestor(exp.Select)
    return None


def _described(column: exp.Column) -> dictionary_module.ColumnEntry | None:
    table = _table_of(column)
    if table is None:
        return None
    return next((c for c in dictionary()[table].columns if c.name == column.name), None)


def _type(node: exp.Expr) -> str | None:
    if not isinstance(node, exp.Column):
        return None
    table = _table_of(node)
    return None if table is None else _types()[table].get(node.name)


@cache
def _types() -> dict[str, dict[str, str]]:
    """Return the types of all columns by table, as the edge set has them."""
    found: dict[str, dict[str, str]] = {name: {} for name in dictionary()}
    with edge_connection() as con:
        for schema, table, column, kind in con.execute(
            "SELECT table_schema, table_name, column_name, data_type "
            "FROM information_schema.columns"
        ).fetchall():
            name = table if schema == "main" else f"{schema}.{table}"
            if name in found:
                found[name][column] = kind
    return found
