"""What is certain about a query from its text alone, whatever its result is.

`status = NULL` is never true, a value that a column never holds is never found, a LIMIT without an
order takes rows by chance. Such a sentence is true even where the query has another fault, too.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ridealong.dataset.dictionary import dictionary
from ridealong.engine.dialects import decimal_comma, look_alike
from ridealong.engine.sqltext import Token, tokens
from ridealong.judging.sql.signs import (
    LONGEST_READ,
    is_right_condition,
    is_right_part,
    is_right_value,
    unit_of,
)

_MOST_VALUES: Final = 8
_COMPARED: Final = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_LONGEST_SHOWN: Final = 60
_MOST_SHOWN: Final = 3
_CLOCKS: Final = ("as_of", "now")
_MEASURED_IN: Final = ("USD", "mile", "seconds", "stars")
_ASKS_FOR_NULL: Final = (
    exp.Null,
    exp.Coalesce,
    exp.Or,
    exp.Not,
    exp.Case,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.Exists,
)


def facts(
    text: str, order: Sequence[str] = (), *, rows: str = "", right: Collection[str] = ()
) -> Iterator[str]:
    """Yield what is certain about a query, each in one or two sentences.

    Args:
        text: the query.
        order: the keys that the task orders by.
        rows: "none", "too few" or "too many" where the result has them; else empty.
        right: hashes of parts that are known to be right.
    """
    tree = _tree(text)
    if tree is None:
        return
    for find in _FACTS:
        yield from find(tree)
    if rows == "none":
        for find in _OF_NO_ROW:
            yield from find(tree)
        yield from _unit_of_a_limit(tree, right)
    if rows in ("none", "too few"):
        for find in _OF_MISSING_ROWS:
            yield from find(tree)
    if rows == "too many":
        yield from _or_without_brackets(tree)
        yield from _condition_of_the_left(tree)
        yield from _passes_as_replaced(tree)
    yield from _limit_by_chance(tree, order, ties=not rows)


def fact(
    text: str, order: Sequence[str] = (), *, rows: str = "", right: Collection[str] = ()
) -> str:
    """Return the first of `facts`, empty when there is none."""
    return next(facts(text, order, rows=rows, right=right), "")


def rare_case(text: str, right: Collection[str] = ()) -> str:
    """Return in what case, rare on large data, a part of a query does what few expect of it."""
    tree = _tree(text)
    return next((told for find in _RARE for told in find(tree, right)), "") if tree else ""


def of_the_clock(text: str) -> str:
    """Return what in a query begins where a calendar says, and not where the clock stands."""
    tree = _tree(text)
    found = [*_month_is_no_number_of_days(tree), *_cut_clock(tree)] if tree else []
    return found[0] if found else ""


def about_values(text: str, names: Sequence[str], right: Collection[str] = ()) -> str:
    """Return what to ask about the parts of SELECT that compute these columns; empty if nothing.

    Args:
        text: the query.
        names: of the columns that differ.
        right: hashes of parts that are known to be right.
    """
    behind = _behind(text, names)
    if all(each.find(exp.Distinct) for each in behind):
        for each in behind:
            if told := _of_distinct(each, right):
                return told
    for each in behind:
        for node in each.find_all(exp.Extract):
            span = node.expression.unnest()
            if isinstance(span, exp.Sub) and not span.find(exp.Interval, exp.Literal):
                unit = node.this.name.lower()
                return (
                    f"extract({unit} FROM ...) gives one part of a span, as a clock shows it, and "
                    f"not the whole span in {unit.rstrip('s')}s"
                )
        for filled in each.find_all(exp.Coalesce):
            if isinstance(filled.this, exp.Literal):
                return (
                    "COALESCE takes the first of its values that is not NULL, and "
                    f"{_shown(filled.this)} never is: what may be missing stands first"
                )
        for mean in each.find_all(exp.Avg):
            case = mean.this
            if (
                isinstance(case, exp.Case)
                and not case.args.get("default")
                and not (is_right_value(mean.sql(dialect="duckdb"), right))
            ):
                return (
                    "AVG leaves NULL out, and CASE without ELSE gives NULL where no WHEN fits: "
                    "do those rows count?"
                )
    return ""


def about_distinct(text: str, right: Collection[str] = ()) -> str:
    """Return the question about an aggregate of different values that is not known to be right."""
    tree = _tree(text)
    return _of_distinct(tree, right) if tree else ""


def _of_distinct(tree: exp.Expr, right: Collection[str]) -> str:
    for node in tree.find_all(exp.AggFunc):
        distinct = isinstance(node.this, exp.Distinct)
        if distinct and not is_right_value(node.sql(dialect="duckdb"), right):
            return (
                f"{_shown(node)} takes each value once, however many rows hold it: does the task "
                "ask for different values?"
            )
    return ""


def exists_in_words(text: str) -> str:
    """Return what a lone EXISTS of one comparison keeps, as a question; else empty."""
    tree = _tree(text)
    where = tree.args.get("where") if isinstance(tree, exp.Select) else None
    condition = where.this.unnest() if where else None
    negated = isinstance(condition, exp.Not)
    exists = condition.this.unnest() if condition and negated else condition
    inside = exists.this if isinstance(exists, exp.Exists) else None
    inner = inside.args.get("where") if isinstance(inside, exp.Select) else None
    equal = inner.this if inner else None
    table = inside.find(exp.Table) if inside else None
    if not table or not isinstance(equal, exp.EQ) or inside is None or inside.args.get("joins"):
        return ""
    alias = table.alias_or_name.lower()
    sides = [equal.this, equal.expression]
    if not all(isinstance(each, exp.Column) and each.table for each in sides):
        return ""
    own = [each for each in sides if each.table.lower() == alias]
    outer = [each for each in sides if each.table.lower() != alias]
    if len(own) != 1 or len(outer) != 1:
        return ""
    return (
        f"kept is each row whose {outer[0].name} is the {own[0].name} of "
        f"{'no' if negated else 'some'} row of {table.name}: is that what the task asks for?"
    )


def doubtful_numbers(text: str, names: Sequence[str], right: Collection[str]) -> list[str]:
    """Return the numbers in the parts of SELECT that compute these columns, but for right ones."""
    found = [
        literal.this
        for each in _behind(text, names)
        for literal in each.find_all(exp.Literal)
        if not literal.is_string and not is_right_part(f"value {literal.this}", right)
    ]
    return list(dict.fromkeys(found))


def rounds(text: str, names: Sequence[str]) -> bool:
    """Return whether something is rounded or cut off where these columns are computed."""
    return any(
        node
        for each in _behind(text, names)
        for node in each.find_all(exp.Round, exp.Floor, exp.Ceil, exp.Trunc, exp.Cast, exp.IntDiv)
        if not isinstance(node, exp.Cast) or not node.to.is_type("double", "date", "timestamp")
    )


def doubtful(text: str, names: Sequence[str], right: Collection[str]) -> list[exp.Expr]:
    """Return the parts of SELECT that compute these columns, but for what is known to be right."""
    own = {name.lower() for name in names}
    return [
        each
        for each in _behind(text, names)
        if not (isinstance(each, exp.Column) and each.name.lower() in own)
        and not is_right_value(each.sql(dialect="duckdb"), right)
    ]


def aggregates(parts: Sequence[exp.Expr]) -> bool:
    """Return whether one of several parts of a query makes one value of several rows."""
    return any(each.find(exp.AggFunc) for each in parts)


def about_computing(text: str, names: Sequence[str], right: Collection[str]) -> list[str]:
    """Return what to look at in the parts of SELECT that compute these columns."""
    own = doubtful(text, names, right)
    looked = []
    spans = [span for each in own for span in each.find_all(exp.DateDiff)]
    if any(not is_right_value(span.sql(dialect="duckdb"), right) for span in spans):
        looked.append("the unit of date_diff and the order of its two times")
    elif any(each.find(exp.Window) for each in own):
        looked.append("the rows that each window covers (PARTITION BY, ORDER BY, frame)")
    else:
        shown = {_shown(each): None for each in own if not isinstance(each, exp.Column)}
        if 0 < len(shown) <= _MOST_SHOWN and all(len(each) < _LONGEST_SHOWN for each in shown):
            looked.append(f"whether {', '.join(shown)} is what the task asks for")
    tied = [node for each in own for node in each.find_all(exp.ArgMax, exp.ArgMin)]
    if tied:
        looked.append(f"which row {tied[0].sql_name().lower()} takes where several tie")
    if rounds(text, names):
        looked.append("what is rounded or cut off, and when")
    return looked


def _behind(text: str, names: Sequence[str]) -> list[exp.Expr]:
    """Return the parts of the outermost SELECT that compute columns, and what they are named after."""
    tree = _tree(text)
    asked = {name.lower() for name in names}
    selects = list(tree.find_all(exp.Select)) if tree else []
    return [
        each.unalias()
        for select in selects
        for each in select.expressions
        if each.alias_or_name.lower() in asked
    ]


def about_columns(text: str, wanted: Sequence[str] = ()) -> str:
    """Return what makes another column of one: a comma in a number or a missing one, a letter.

    Args:
        text: the query.
        wanted: the names of the columns that the task asks for.
    """
    for token in tokens(text):
        if token.kind == "word" and (letter := look_alike(token.text)):
            return f"{token.text} holds {letter} that only looks like a Latin one: type it anew"
    found = tokens(text)
    for before, token in pairwise(found):
        if before.text.upper() in ("SELECT", ",") and token.text == "[":
            return "square brackets make a list: the name of a column stands without them"
    for token, after in pairwise(found):
        named = token.kind == "string" and token.text[1:-1].lower() in map(str.lower, wanted)
        if named and after.text.upper() in (",", "FROM"):
            return (
                f"single quotes make a text: {token.text} is the same text in every row, and the "
                "name of a column stands without them"
            )
    if number := decimal_comma(text):
        point = number.replace(",", ".")
        return f"{number} is read as two columns: a number has a decimal point, {point}"
    return _comma_between_columns(text, [name.lower() for name in wanted])


def _comma_between_columns(text: str, wanted: Sequence[str]) -> str:
    """Return where a comma is missing, so that one wanted column names another."""
    found = tokens(text)
    for here, (one, other) in enumerate(pairwise(found)):
        names = [one.text.lower(), other.text.lower()]
        if one.kind == other.kind == "word" and names[0] != names[1] and {*names} <= {*wanted}:
            behind = found[here + 2].text.upper() if here + 2 < len(found) else ""
            if behind in (",", "FROM", ""):
                return (
                    f"a comma is missing between {one.text} and {other.text}: without it "
                    f"{other.text} is the name that {one.text} is given"
                )
    return ""


_AFTER_WHERE: Final = {"GROUP", "ORDER", "HAVING", "QUALIFY", "LIMIT", "WINDOW", "UNION", "EXCEPT"}


def conditions(text: str) -> list[tuple[str, str]]:
    """Return the conditions of WHERE, HAVING and QUALIFY, each behind the word of its clause."""
    found: dict[tuple[str, str], None] = {}
    all_tokens = tokens(text)
    for here, token in enumerate(all_tokens):
        clause = token.text.upper() if token.kind == "word" else ""
        filters = here and all_tokens[here - 1].text == "("
        if clause in ("WHERE", "HAVING", "QUALIFY") and not filters:
            own = _conjuncts(text, all_tokens[here + 1 :])
            found |= {(clause, each): None for each in own}
    return list(found)


def _conjuncts(text: str, rest: Sequence[Token]) -> list[str]:
    """Return the conditions that AND joins, up to the end of their clause."""
    found: list[list[Token]] = [[]]
    depth, between, whole = 0, False, False
    for token in rest:
        word = token.text.upper() if token.kind in ("word", "operator") else ""
        depth += (word in ("(", "[")) - (word in (")", "]"))
        if depth < 0 or (depth == 0 and (word in _AFTER_WHERE or word == ";")):
            break
        whole = whole or (depth == 0 and word == "OR")
        if depth == 0 and word == "AND" and not between:
            found.append([])
            continue
        between = depth == 0 and (word == "BETWEEN" or (between and word != "AND"))
        found[-1].append(token)
    if whole:  # AND binds tighter, so that no part stands for itself
        found = [[token for each in found for token in each]]
    ends = [(each[0].start, each[-1].start + len(each[-1].text)) for each in found if each]
    return [" ".join(text[start:end].split()) for start, end in ends]


def moments(text: str) -> list[str]:
    """Return the columns of moments that a query compares, so that they bound a span of time."""
    tree = _tree(text)
    found: dict[str, None] = {}
    for node in tree.find_all(exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between) if tree else ():
        found |= {
            column.name.lower(): None
            for column in node.find_all(exp.Column)
            if column.name.lower().endswith("_at")
        }
    return list(found)[:3]


@lru_cache(maxsize=8)
def _tree(text: str) -> exp.Expr | None:
    if len(text) > LONGEST_READ:
        return None
    try:
        return sqlglot.parse_one(text, read="duckdb")
    except (SqlglotError, RecursionError, ValueError, AttributeError, KeyError, TypeError):
        return None


def _compared_with_null(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.EQ, exp.NEQ):
        if isinstance(node.expression, exp.Null) and node.find_ancestor(
            exp.Where, exp.Having, exp.Join, exp.If
        ):
            sign = "=" if isinstance(node, exp.EQ) else "<>"
            yield (
                f"the condition {_shown(node.this)} {sign} NULL is never true: a comparison with NULL is "
                "unknown; whether a value is missing is asked with IS"
            )
    for case in tree.find_all(exp.Case):
        if case.this and any(isinstance(each.this, exp.Null) for each in case.args["ifs"]):
            yield "WHEN NULL never fires: it compares with =, and a comparison with NULL is unknown"


def _null_in_a_list(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.In):
        if any(isinstance(each, exp.Null) for each in node.expressions):
            yield (
                f"IN finds no NULL: it compares {_shown(node.this)} with each value of its list, "
                "and a comparison with NULL is unknown; whether a value is missing is asked with IS"
            )


def _interval_without_unit(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Interval):
        value = node.this
        plain = isinstance(value, exp.Literal) and value.this.strip().isdigit()
        if plain and not node.args.get("unit"):
            yield f"INTERVAL '{value.this}' names no unit, so that it means seconds; a unit is DAY or HOUR"


def _share_above_one(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.GT, exp.GTE, exp.LT, exp.LTE):
        share, limit = node.this, node.expression
        if not isinstance(share, exp.Div) or not isinstance(limit, exp.Literal) or limit.is_string:
            continue
        part, whole = share.this, share.expression
        counted = isinstance(part, exp.Filter) and isinstance(part.this, exp.Count)
        if counted and part.this == whole and float(limit.this) > 1:
            yield f"{_shown(share)} is a share and lies between 0 and 1: {limit.this} is above that"


def _passes_as_replaced(tree: exp.Expr) -> Iterator[str]:
    passes = {exp.GT: operator.gt, exp.GTE: operator.ge, exp.LT: operator.lt, exp.LTE: operator.le}
    for node in tree.find_all(*passes):
        filled, limit = node.this, node.expression
        instead = filled.expressions[-1:] if isinstance(filled, exp.Coalesce) else []
        numbers = [each for each in (*instead, limit) if isinstance(each, exp.Literal)]
        if len(numbers) != 2 or any(each.is_string for each in numbers):
            continue
        if passes[type(node)](*(float(each.this) for each in numbers)):
            yield (
                f"COALESCE gives {instead[0].this} to a row without {_shown(filled.this)}, so "
                "that row passes the condition"
            )


def _or_null(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Or):
        if any(isinstance(side, exp.Null) for side in (node.this, node.expression)):
            yield (
                "OR NULL adds no row, because NULL alone is no condition: it has to say which "
                "column is missing, and that is asked with IS"
            )


def _values_that_never_occur(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.EQ, exp.NEQ, exp.In):
        if isinstance(node, exp.In):
            column, values = node.this, node.expressions
        else:
            column, values = node.this, [node.expression]
        if not isinstance(column, exp.Column):
            continue
        known = _known_values(column, tree)
        for value in values:
            if known and isinstance(value, exp.Literal) and value.is_string:
                if value.this in known:
                    continue
                alike = [each for each in known if each.lower() == value.this.lower()]
                told = (
                    "upper and lower case count, and it is stored as " + f"'{alike[0]}'"
                    if alike
                    else "its values are " + ", ".join(f"'{each}'" for each in known[:_MOST_VALUES])
                )
                yield f"the column {column.name} is never '{value.this[:40]}': {told}"


def _known_values(column: exp.Column, tree: exp.Expr) -> list[str]:
    """Return all values that a column has, of the tables that the query names."""
    named = {".".join(filter(None, (t.db, t.name))).lower() for t in tree.find_all(exp.Table)}
    aliases = {
        t.alias_or_name.lower(): ".".join(filter(None, (t.db, t.name))).lower()
        for t in tree.find_all(exp.Table)
    }
    if column.table and column.table.lower() in aliases:
        named = {aliases[column.table.lower()]}
    found: list[str] = []
    for table in dictionary().values():
        for each in table.columns:
            if table.name.lower() in named and each.name == column.name.lower():
                if not each.values:
                    return []
                found += [value for value in each.values if value not in found]
    return found


def _ends_the_wrong_way_round(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Between):
        low, high = node.args["low"], node.args["high"]
        earlier = isinstance(high, exp.Sub) and isinstance(high.expression, exp.Interval)
        if earlier and high.this == low:
            yield f"BETWEEN {_shown(low)} AND {_shown(high)} finds nothing: the earlier end comes first"
        if isinstance(low, exp.Literal) and isinstance(high, exp.Literal):
            try:
                turned = (
                    low.this > high.this if low.is_string else float(low.this) > float(high.this)
                )
            except ValueError:
                continue
            if turned:
                ends = f"{_shown(low)} AND {_shown(high)}"
                yield f"BETWEEN {ends} finds nothing: the smaller end comes first"


def _two_values_at_once(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.And):
        if isinstance(node.parent, exp.And):
            continue
        equal: dict[str, exp.Expr] = {}
        for each in node.flatten():
            if isinstance(each, exp.EQ) and isinstance(each.expression, exp.Literal):
                before = equal.setdefault(_shown(each.this), each.expression)
                if before != each.expression:
                    yield (
                        f"the column {_shown(each.this)} cannot be {_shown(before)} and "
                        f"{_shown(each.expression)} in one row: AND asks for both at once"
                    )


def _pattern_without_like(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.EQ, exp.NEQ, exp.In):
        values = node.expressions if isinstance(node, exp.In) else [node.expression]
        for value in values:
            if isinstance(value, exp.Literal) and value.is_string and "%" in value.this:
                yield f"the text {_shown(value)} is compared letter by letter: % stands for other letters only with LIKE"


def _counted_conditions(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Count):
        inside = node.this.unnest() if node.this else None
        if isinstance(inside, (*_COMPARED, exp.NEQ, exp.In, exp.Is, exp.Not)):
            yield (
                f"COUNT({_shown(inside)}) counts the rows where that is false, too: COUNT leaves "
                "out NULL alone"
            )


def _counted_names(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Count):
        inside = node.this.expressions if isinstance(node.this, exp.Distinct) else []
        if [each.name.lower() for each in inside if isinstance(each, exp.Column)] == ["name"]:
            yield (
                f"COUNT({_shown(node.this)}) counts two people of one name as one: a person is "
                "known by the id"
            )


def _exists_for_every_row(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Exists):
        inside = node.this
        tables = list(inside.find_all(exp.Table))
        aliases = {table.alias_or_name.lower() for table in tables}
        columns = {
            each.name
            for table in tables
            for name, held in dictionary().items()
            if name == ".".join(filter(None, (table.db, table.name))).lower()
            for each in held.columns
        }
        if not columns:
            continue
        outward = [
            each
            for each in inside.find_all(exp.Column)
            if (each.table and each.table.lower() not in aliases)
            or (not each.table and each.name.lower() not in columns)
        ]
        if not outward:
            yield (
                "the query inside EXISTS asks for nothing of the row outside, so its answer is the "
                "same for every row: compare a column of one with a column of the other"
            )


def _nothing_is_not_in_null(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Not):
        inside = node.this.unnest()
        query = inside.args.get("query") if isinstance(inside, exp.In) else None
        select = query.unnest() if query else None
        if not isinstance(select, exp.Select) or len(select.expressions) != 1:
            continue
        column = select.expressions[0].unalias()
        if isinstance(column, exp.Column) and _may_be_null(column, select):
            yield (
                f"NOT IN is never true while the list inside holds a NULL, and {column.name} has "
                "some: leave them out of the list"
            )


def _may_be_null(column: exp.Column, select: exp.Select) -> bool:
    where = select.args.get("where")
    if where and any(
        isinstance(each.parent, exp.Not) and _shown(each.this) == _shown(column)
        for each in where.find_all(exp.Is)
    ):
        return False
    tables = {".".join(filter(None, (t.db, t.name))).lower() for t in select.find_all(exp.Table)}
    return any(
        each.null is not None and each.name == column.name.lower()
        for name, table in dictionary().items()
        if name in tables
        for each in table.columns
    )


def _whole_share(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Cast):
        inside = node.this.unnest()
        whole = node.to.is_type("int") or node.to.is_type("bigint")
        if whole and isinstance(inside, exp.Div):
            yield (
                "the quotient is rounded to the nearest whole number by the CAST around it: "
                "0.4 becomes 0, 0.5 and more become 1"
            )


def _unit_of_a_limit(tree: exp.Expr, right: Collection[str]) -> Iterator[str]:
    for node in tree.find_all(exp.Between, exp.GT, exp.GTE, exp.LT, exp.LTE):
        limit = node.args["low"] if isinstance(node, exp.Between) else node.expression
        if is_right_condition(_shown(node), right):
            continue
        if isinstance(node.this, exp.Column) and isinstance(limit, exp.Literal):
            for unit in _units(node.this, tree):
                if not limit.is_string and not _is_within(limit.this, unit):
                    yield f"the column {node.this.name} is kept in {unit}: is {limit.this} in the same unit?"


def _is_within(number: str, unit: str) -> bool:
    """Return whether a number lies between the ends that a unit names, as in "stars, 1 to 5"."""
    ends = re.search(r"([\d.]+) to ([\d.]+)", unit)
    return bool(ends and float(ends[1]) <= float(number) <= float(ends[2]))


def _letters_of_a_pattern(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Like):
        pattern = node.expression
        if isinstance(pattern, exp.Literal) and "*" in pattern.this:
            yield f"in LIKE '{pattern.this}' the * is a star and no more: any letters are written %"
        elif isinstance(pattern, exp.Literal) and not {"%", "_"} & set(pattern.this):
            yield f"LIKE '{pattern.this}' compares the whole text: without % nothing may stand around it"
        elif isinstance(pattern, exp.Literal) and pattern.this.upper() != pattern.this.lower():
            yield f"LIKE tells upper from lower case: is '{pattern.this}' spelt as the values are?"


def _zero_for_missing(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.EQ):
        value = node.expression
        empty = isinstance(value, exp.Literal) and value.this in ("0", "")
        if empty and isinstance(node.this, exp.Column) and _has_gaps(node.this, tree):
            yield (
                f"a missing {node.this.name} is NULL, which equals no value, not even "
                f"{_shown(value)}"
            )


def _in_the_future(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.GT, exp.GTE):
        ahead = node.expression
        if isinstance(ahead, exp.Add) and isinstance(ahead.expression, exp.Interval):
            clock = ahead.this
            if isinstance(clock, exp.CurrentTimestamp) or clock.name.lower() in _CLOCKS:
                yield f"{_shown(ahead)} lies in the future: a span before the clock is taken away with -"


def _has_gaps(column: exp.Column, tree: exp.Expr) -> bool:
    named = {".".join(filter(None, (t.db, t.name))).lower() for t in tree.find_all(exp.Table)}
    return any(
        each.null is not None and each.name == column.name.lower()
        for name, table in dictionary().items()
        if name in named
        for each in table.columns
    )


def _every_pair(tree: exp.Expr) -> Iterator[str]:
    for select in tree.find_all(exp.Select):
        for join in select.args.get("joins") or ():
            known = (
                isinstance(join.this, exp.Table)
                and ".".join(filter(None, (join.this.db, join.this.name))).lower() in dictionary()
            )
            told = join.args.get("on") or join.args.get("using") or join.args.get("method")
            if not known or told or str(join.args.get("kind") or "").upper() == "CROSS":
                continue
            alias = join.alias_or_name.lower()
            where = select.args.get("where")
            tied = where and any(
                alias in (tables := {c.table.lower() for c in each.find_all(exp.Column)})
                and (len(tables) > 1 or "" in tables)
                for each in where.find_all(*_COMPARED)
            )
            bare = where and any(not c.table for c in where.find_all(exp.Column))
            if not tied and not bare:
                yield (
                    f"nothing says which rows of {join.this.name} belong to which: every row of "
                    "one table meets every row of the other"
                )


def _units(column: exp.Column, tree: exp.Expr) -> list[str]:
    named = {".".join(filter(None, (t.db, t.name))).lower() for t in tree.find_all(exp.Table)}
    return [
        each.unit
        for name, table in dictionary().items()
        if name in named
        for each in table.columns
        if each.name == column.name.lower() and any(word in each.unit for word in _MEASURED_IN)
    ][:1]


def _left_join_undone(tree: exp.Expr) -> Iterator[str]:
    for select in tree.find_all(exp.Select):
        where = select.args.get("where")
        kept = {
            join.alias_or_name.lower()
            for join in select.args.get("joins") or ()
            if str(join.args.get("side") or "").upper() == "LEFT"
        }
        if not where or not kept:
            continue
        for each in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
            tables = {column.table.lower() for column in each.find_all(exp.Column)}
            asks_null = any(True for _ in each.find_all(*_ASKS_FOR_NULL))
            if tables & kept and not asks_null:
                table = next(iter(tables & kept))
                yield (
                    f"WHERE looks at a column of {table}, which is NULL in the rows that the LEFT "
                    "JOIN kept without a partner, so they are dropped again"
                )


def _condition_of_the_left(tree: exp.Expr) -> Iterator[str]:
    for join in tree.find_all(exp.Join):
        on = join.args.get("on")
        if on is None or str(join.args.get("side") or "").upper() != "LEFT":
            continue
        for each in on.flatten() if isinstance(on, exp.And) else [on]:
            tables = {column.table.lower() for column in each.find_all(exp.Column)}
            if len(tables) == 1 and not tables & {"", join.alias_or_name.lower()}:
                yield (
                    f"the condition {_shown(each)} stands behind ON of a LEFT JOIN, which keeps "
                    "every row of the table before it: it takes no row away there"
                )


def _last_day_cut(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.LTE, exp.Between):
        end = node.args["high"] if isinstance(node, exp.Between) else node.expression
        end = end.this if isinstance(end, exp.Cast) else end
        is_day = isinstance(end, exp.Literal) and end.is_string and len(end.this.strip()) == 10
        if is_day and isinstance(node.this, exp.Column) and node.this.name.lower().endswith("_at"):
            yield (
                f"the end '{end.this}' is the first moment of that day: what happens later on it is left out"
            )


def _or_without_brackets(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Or):
        sides = (node.this, node.expression)
        # What asks for NULL beside OR belongs to an outer JOIN more often than to the AND.
        if any(isinstance(each, exp.And) for each in sides) and not node.find(exp.Is):
            yield "AND binds tighter than OR: without brackets, a OR b AND c is a OR (b AND c)"


def _or_of_all(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Or):
        one, other = node.this, node.expression
        pair = (type(one), type(other))
        if pair not in ((exp.NEQ, exp.NEQ), (exp.GTE, exp.LTE), (exp.LTE, exp.GTE)):
            continue
        low, high = (other, one) if pair == (exp.LTE, exp.GTE) else (one, other)
        ends = [low.expression, high.expression]
        if one.this != other.this or not all(isinstance(each, exp.Literal) for each in ends):
            continue
        numbers = not any(each.is_string for each in ends)
        below = numbers and float(ends[0].this) <= float(ends[1].this)
        if below if exp.GTE in pair else ends[0] != ends[1]:
            yield (
                f"every {_shown(one.this)} passes {_shown(node)}, because OR asks for one of the "
                "two only: what has to hold at once is joined with AND"
            )


def _limit_by_chance(tree: exp.Expr, order: Sequence[str], *, ties: bool) -> Iterator[str]:
    for node in tree.find_all(exp.Select):
        if node.args.get("limit") and not node.args.get("order") and node is not tree:
            yield (
                "the LIMIT inside takes any rows, because no order stands beside it: what is sorted "
                "outside are the rows that happened to be taken"
            )
    if ties and tree.args.get("limit") and (own := tree.args.get("order")):
        given = len(own.expressions)
        if given < len(order) and all(
            key.split()[0] in _names_of(each.this, tree)
            and bool(each.args.get("desc")) == ("DESC" in key.upper().split())
            for key, each in zip(order, own.expressions, strict=False)
        ):
            yield (
                f"the task orders by {len(order)} keys and the query by {given}: among rows that "
                "tie, the LIMIT takes any"
            )


def _names_of(key: exp.Expr, select: exp.Expr) -> set[str]:
    """Return the columns of a result that a key of ORDER BY may be."""
    given = select.expressions if isinstance(select, exp.Select) else []
    if isinstance(key, exp.Literal) and key.this.isdigit():
        return {each.alias_or_name for each in given[int(key.this) - 1 : int(key.this)]}
    written = {each.alias for each in given if each.unalias() == key}
    return {key.name, *written} if isinstance(key, exp.Column) else written


def _keys_joined_by_and(tree: exp.Expr) -> Iterator[str]:
    for order in tree.find_all(exp.Order):
        for key in order.expressions:
            if isinstance(key, exp.Ordered) and isinstance(key.this, exp.And):
                yield (
                    f"ORDER BY {_shown(key.this)} sorts by one value, true or false: between two "
                    "keys stands a comma, not AND"
                )


def _one_letter(tree: exp.Expr, _right: Collection[str] = ()) -> Iterator[str]:
    for node in tree.find_all(exp.Like, exp.ILike):
        pattern = node.expression
        if isinstance(pattern, exp.Literal) and "_" in pattern.this:
            told = f"in LIKE '{pattern.this}' each _ stands for one letter, whichever it is"
            behind = ", and the % at its end lets more follow" if pattern.this[-1] == "%" else ""
            yield told + behind


def _month_is_no_number_of_days(tree: exp.Expr, _right: Collection[str] = ()) -> Iterator[str]:
    for node in tree.find_all(exp.Interval):
        if str(node.args.get("unit") or "").upper().rstrip("S") == "MONTH":
            yield "a month has 28 to 31 days: does the task name a month, or a number of days?"


def _midnights(tree: exp.Expr, right: Collection[str]) -> Iterator[str]:
    for node in tree.find_all(exp.DateDiff):
        if unit_of(node) == "DAY" and not is_right_part("date_diff by day", right):
            yield (
                "with 'day' date_diff counts the midnights between two times, whatever the hour: "
                "does the task count days of the calendar, or spans of 24 hours?"
            )
    yield from _cut_clock(tree)


def _cut_clock(tree: exp.Expr) -> Iterator[str]:
    for cast in tree.find_all(exp.DateTrunc, exp.TimestampTrunc, exp.Cast):
        unit = unit_of(cast).lower()
        if isinstance(cast, exp.Cast):
            unit = "day" if cast.to.is_type("date") else ""
        clock = any(
            call.name.lower() in _CLOCKS if isinstance(call, exp.Anonymous) else True
            for call in cast.this.find_all(exp.Anonymous, exp.CurrentTimestamp)
        )
        if unit and clock and not cast.find(exp.AtTimeZone):
            start = "the midnight" if unit == "day" else f"the start of the {unit}"
            yield (
                f"{_shown(cast)} is {start} before the clock: does the task count from there, or "
                "from the clock itself?"
            )


def _sum_of_no_row(tree: exp.Expr, _right: Collection[str]) -> Iterator[str]:
    for node in tree.find_all(exp.Sum):
        case = node.this
        if isinstance(case, exp.Case) and not case.args.get("default"):
            yield (
                f"{_shown(node)} is NULL where no row fits, because CASE without ELSE gives NULL: "
                "a comparison with NULL is unknown, and the task may want 0"
            )


def _window_by_id(tree: exp.Expr, right: Collection[str]) -> Iterator[str]:
    for node in tree.find_all(exp.Window):
        order = node.args.get("order")
        key = order.expressions[0].this if order and order.expressions else None
        known = right and not is_right_part("over order", right)  # a window is no part of it
        if isinstance(key, exp.Column) and key.name.lower().endswith("_id") and not known:
            yield (
                f"the window goes by {key.name}: does the task mean that order, or one of time? "
                "Ids need not follow the time"
            )


def _shown(node: exp.Expr) -> str:
    return str(node.sql(dialect="duckdb"))[:_LONGEST_SHOWN]


_FACTS: Final[tuple[Callable[[exp.Expr], Iterator[str]], ...]] = (
    _compared_with_null,
    _values_that_never_occur,
    _ends_the_wrong_way_round,
    _two_values_at_once,
    _pattern_without_like,
    _counted_conditions,
    _counted_names,
    _exists_for_every_row,
    _every_pair,
    _whole_share,
    _null_in_a_list,
    _interval_without_unit,
    _share_above_one,
    _or_null,
    _or_of_all,
    _keys_joined_by_and,
)
_RARE: Final[tuple[Callable[[exp.Expr, Collection[str]], Iterator[str]], ...]] = (
    _sum_of_no_row,
    _one_letter,
    _month_is_no_number_of_days,
    _midnights,
    _window_by_id,
)
_OF_NO_ROW: Final[tuple[Callable[[exp.Expr], Iterator[str]], ...]] = (
    _zero_for_missing,
    _letters_of_a_pattern,
    _in_the_future,
)
_OF_MISSING_ROWS: Final[tuple[Callable[[exp.Expr], Iterator[str]], ...]] = (
    _nothing_is_not_in_null,
    _left_join_undone,
    _last_day_cut,
)
