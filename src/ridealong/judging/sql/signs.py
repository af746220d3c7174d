"""The sign of a known mistake: what stands in its text and not in a right one, or is lacking.

Equal results do not prove an equal cause: an empty list has many. So a mistake is named only when
its parts stand in the answer as well. A part is a condition, an order key, a join, a function
call, a calculation, a limit; written in one form (`BETWEEN` as two comparisons, `IN` as one
condition per value, no aliases before columns) and kept as a hash, so that a catalogue holds no
SQL.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ridealong.engine.fingerprint import digest_of

LONGEST_READ: Final = 20_000
BY_RESULT: Final = "result"
"""The sign of a mistake whose message says only what its result shows."""

_HASH_BYTES: Final = 4
_LONGEST_PART: Final = 300
_STRONG: Final = "+"
_ORDER_OF_ALL: Final = re.compile(r"\+?order\b")
_FLIPPED: Final[dict[type[exp.Expr], type[exp.Expr]]] = {
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
}
_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.Like)
_CALCULATIONS: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe)
_CLAUSES: Final = (exp.Where, exp.Having, exp.Qualify, exp.Join, exp.Filter, exp.If, exp.Case)

Sign = Mapping[str, Any]


def sign_of(
    mistake: str,
    reference: str,
    alternatives: Iterable[str] = (),
    given: Sequence[str] = (),
    *,
    ordered: bool = True,
) -> Sign:
    """Return what an answer has to have, and must not have, to be taken for a mistake.

    Args:
        mistake: the text of the known mistake.
        reference: the text of the reference answer.
        alternatives: other right answers; their parts are no sign of a mistake.
        given: signs written by a person: pieces of SQL of which one has to stand in the answer,
            or `"result"` alone where the result is sign enough.
        ordered: whether the task asks for an order; else an ORDER BY is no part of it.
    """
    if list(given) == [BY_RESULT]:
        return {BY_RESULT: True}
    wrong, right, *others = (
        {part for part in parts(text) if ordered or not _ORDER_OF_ALL.match(part)}
        for text in (mistake, reference, *alternatives)
    )
    has = {part for text in given for part in parts(f"SELECT {text}")} & wrong
    has = has or wrong - right.union(*others)
    if has:
        return {"has": _hashed(_strongest(has)), "lacks": _hashed(_strongest(right - wrong))}
    # Something is left out: then nothing may stand in its place, in the words of any right answer.
    lacks = _strongest(right - wrong).union(*(_strong(other - wrong) for other in others))
    return {"lacks": _hashed(lacks)} if lacks else {"has": _hashed(_strongest(wrong - right))}


def stands_in(sign: Sign, text: str) -> bool:
    """Return whether the sign of a known mistake stands in the text of an answer."""
    if sign.get(BY_RESULT):
        return True
    own = set(_hashed(parts(text)))
    has, lacks = set(sign.get("has", ())), set(sign.get("lacks", ()))
    if has:
        # What has every part that the mistake lacks is another mistake.
        return bool(has & own) and not (lacks and lacks <= own)
    return bool(lacks) and bool(own) and not lacks & own


def right_parts(texts: Iterable[str]) -> list[str]:
    """Return the hashes of what stands in right answers, so that no message doubts it.

    Left out are the parts with their aliases, which only tell two sides of a join apart.
    """
    found = {part for text in texts for part in parts(text)}
    return _hashed(part for part in found if not part.startswith("written "))


def is_right_part(part: str, right: Collection[str]) -> bool:
    """Return whether a part, such as `"+limit 10"`, is known to stand in a right answer."""
    return digest_of([part], _HASH_BYTES) in right


def is_right_condition(condition: str, right: Collection[str], clause: str = "where") -> bool:
    """Return whether each part of a condition is known to stand in a clause of a right answer.

    Behind ON of an inner JOIN a condition does what it does behind WHERE.
    """
    clauses = {clause.lower(), *({"where", "join"} if clause.lower() in ("where", "join") else ())}
    start = "+where: "
    found = parts(f"SELECT 1 FROM t WHERE {condition}")
    own = [part.removeprefix(start) for part in found if part.startswith(start)]
    either = [part for part in found if part.startswith(_STRONG) and " or " in part]
    return (
        bool(own)
        and all(any(is_right_part(f"+{each}: {part}", right) for each in clauses) for part in own)
        and all(is_right_part(part, right) for part in either)
    )


def is_right_value(value: str, right: Collection[str]) -> bool:
    """Return whether a function call or a calculation is known to stand in a right answer."""
    given = "+gives "
    own = [part for part in parts(f"SELECT {value}") if part.startswith(given)]
    return any(
        is_right_part(part, right) or is_right_part(f"+{part.removeprefix(given)}", right)
        for part in own
    )


def _strong(found: Iterable[str]) -> set[str]:
    return {part for part in found if part.startswith(_STRONG)}


def _strongest(found: Iterable[str]) -> set[str]:
    return _strong(found) or set(found)


def _hashed(found: Iterable[str]) -> list[str]:
    return sorted(digest_of([part], _HASH_BYTES) for part in found)


@lru_cache(maxsize=64)
def parts(text: str) -> frozenset[str]:
    """Return the parts of a query in one form; none of a text that cannot be read."""
    if len(text) > LONGEST_READ:
        return frozenset()
    try:
        tree = sqlglot.parse_one(text, read="duckdb")
        found = [*_as_written(tree), *_parts(tree.transform(_plain))]
        return frozenset(part for part in found if len(part) <= _LONGEST_PART)
    except (SqlglotError, RecursionError, ValueError, AttributeError, KeyError, TypeError):
        return frozenset()  # sqlglot reads less than DuckDB does


def _as_written(tree: exp.Expr) -> Iterator[str]:
    """Yield conditions with the aliases before their columns: two sides may be swapped."""
    for node in tree.find_all(*_COMPARISONS, exp.Count, exp.Window):
        yield f"written {_written(node)}"
    for select in tree.find_all(exp.Select):
        for place, each in enumerate(select.expressions):
            yield f"written {place} {_written(each)}"


def _plain(node: exp.Expr) -> exp.Expr:
    """Return a node in the one form that parts are compared in."""
    if isinstance(node, exp.Column):
        return exp.Column(this=_lower(node.this))
    if isinstance(node, exp.Identifier):
        return _lower(node)
    if isinstance(node, exp.Paren):
        inside: exp.Expr = node.this.transform(_plain)
        return inside
    if isinstance(node, exp.Interval):
        words = re.sub(r"['\s]+", " ", f"{node.this} {node.args.get('unit') or ''}").split()
        return exp.Var(this=" ".join(["interval", *(w.rstrip("sS").lower() for w in words)]))
    if isinstance(node, exp.Between):
        value = node.this.transform(_plain)
        low, high = (node.args[each].transform(_plain) for each in ("low", "high"))
        return exp.And(
            this=exp.GTE(this=value, expression=low),
            expression=exp.LTE(this=value.copy(), expression=high),
        )
    turned = _FLIPPED.get(type(node))
    if turned and isinstance(node.this, exp.Literal):
        return turned(this=node.expression, expression=node.this).transform(_plain)
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        return node.this.transform(_plain)  # DATE '2026-01-01' and '2026-01-01'
    if isinstance(node, exp.Literal) and node.is_string:
        return exp.Literal.string(re.sub(r" 00:00(:00)?$", "", node.this))
    return node


def _lower(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Identifier):
        return exp.Identifier(this=str(node.this).lower(), quoted=node.args.get("quoted"))
    return node


def _parts(tree: exp.Expr) -> Iterator[str]:
    for node in tree.walk():
        for kind, describe in _PARTS.items():
            if isinstance(node, kind):
                yield from describe(node)
        if isinstance(node, (*_COMPARISONS, exp.In)):
            yield from _conditions(node)
        elif isinstance(node, _CALCULATIONS):
            yield f"{_STRONG}{_written(node)}"
        elif isinstance(node, exp.Func) and not isinstance(node, exp.And | exp.Or):
            yield f"{_STRONG}{_written(node)}"
            name = node.name if isinstance(node, exp.Anonymous) else type(node).__name__
            yield f"calls {name}".lower()
    yield from _values(tree)


def _conditions(node: exp.Expr) -> Iterator[str]:
    """Yield a condition by itself and with the clause it stands in."""
    clause = node.find_ancestor(*_CLAUSES)
    clause = clause.parent if clause and isinstance(clause.parent, exp.Filter) else clause
    kind = type(clause).__name__.lower() if clause else "select"
    negated = "not " if isinstance(node.parent, exp.Not) else ""
    written = [_written(node)]
    if isinstance(node, exp.In) and node.expressions:
        written = [f"{_written(node.this)} = {_written(each)}" for each in node.expressions]
    for each in written:
        yield f"{_STRONG}{kind}: {negated}{each}"
    for column in node.find_all(exp.Column):
        yield f"{_STRONG if kind in ('where', 'having') else ''}{kind} on {column.name.lower()}"


def _written(node: exp.Expr) -> str:
    return (
        str(node.sql(dialect="duckdb")).lower()
        if not isinstance(node, exp.Literal)
        else (f"'{node.this}'" if node.is_string else str(node.this))
    )


def _values(tree: exp.Expr) -> Iterator[str]:
    for literal in tree.find_all(exp.Literal):
        yield f"value {literal.this}"
    for column in tree.find_all(exp.Column):
        yield f"column {_written(column)}"
    for table in tree.find_all(exp.Table):
        yield f"table {table.name.lower()}"
    for span in tree.find_all(exp.DateDiff):
        yield f"date_diff by {unit_of(span).lower()}"


def unit_of(node: exp.Expr) -> str:
    """Return the unit of a function of time in capitals, as DAY."""
    return str(node.args.get("unit") or "").strip("'").upper()


def _order(node: exp.Expr) -> Iterator[str]:
    inside = "over " if isinstance(node.parent, exp.Window) else ""
    if not inside and node.find_ancestor(exp.Subquery, exp.CTE):
        inside = "inner "
    for place, key in enumerate(node.expressions):
        down = f"{' desc' if key.args.get('desc') else ''} {key.args.get('nulls_first')}"
        for name in _names_of(key.this, node.parent):
            yield f"{_STRONG}{inside}order {place}: {name}{down}"
    yield f"{inside}order"


def _names_of(key: exp.Expr, select: exp.Expr | None) -> set[str]:
    """Return the ways to write a key: its place in SELECT, the name there, what it stands for."""
    given = select.expressions if isinstance(select, exp.Select) else []
    if isinstance(key, exp.Literal) and not key.is_string and key.this.isdigit():
        chosen = given[int(key.this) - 1 : int(key.this)]
        return {name for each in chosen for name in (each.alias_or_name, _written(each.unalias()))}
    own = _written(key)
    same = [each for each in given if own in (each.alias_or_name, _written(each.unalias()))]
    return {own, *(each.alias_or_name for each in same), *(_written(e.unalias()) for e in same)}


def _join(node: exp.Expr) -> Iterator[str]:
    side = " ".join(filter(None, (node.args.get("side"), node.args.get("kind")))).lower()
    table = node.this.name.lower() if isinstance(node.this, exp.Table) else "query"
    yield f"{_STRONG}{side or 'inner'} join {table}"


def _group(node: exp.Expr) -> Iterator[str]:
    for key in node.expressions:
        for name in _names_of(key, node.parent):
            yield f"{_STRONG}group by {name}"


def _window(node: exp.Expr) -> Iterator[str]:
    for key in node.args.get("partition_by") or ():
        yield f"{_STRONG}partition by {_written(key)}"
    if not node.args.get("partition_by"):
        yield f"{_STRONG}without partition"
    if node.args.get("spec"):
        yield f"{_STRONG}{_written(node.args['spec'])}"


def _one(word: str) -> Callable[[exp.Expr], Iterator[str]]:
    def describe(node: exp.Expr) -> Iterator[str]:
        yield f"{_STRONG}{word}"

    return describe


def _sized(word: str) -> Callable[[exp.Expr], Iterator[str]]:
    def describe(node: exp.Expr) -> Iterator[str]:
        yield f"{_STRONG}{word}"
        yield f"{_STRONG}{word} {_written(node.expression)}"

    return describe


def _select(node: exp.Expr) -> Iterator[str]:
    for each in node.expressions:
        yield f"gives {each.alias_or_name.lower()}"
        yield f"{_STRONG}gives {_written(each.unalias())}"
    if node.args.get("distinct"):
        yield f"{_STRONG}select distinct"


def _in_a_query(node: exp.Expr) -> Iterator[str]:
    if node.args.get("query"):
        negated = "not " if isinstance(node.parent, exp.Not) else ""
        yield f"{_STRONG}{negated}in a query"


def _exists(node: exp.Expr) -> Iterator[str]:
    yield f"{_STRONG}{'not ' if isinstance(node.parent, exp.Not) else ''}exists"


def _negated(node: exp.Expr) -> Iterator[str]:
    yield f"{_STRONG}not {_written(node.this)}"


def _either(node: exp.Expr) -> Iterator[str]:
    sides = sorted(map(_written, node.flatten()))
    yield f"{_STRONG}or"
    for place, one in enumerate(sides[:10]):
        for other in sides[place + 1 : 10]:
            yield f"{_STRONG}{one} or {other}"


def _both(node: exp.Expr) -> Iterator[str]:
    for place, one in enumerate(sides := list(node.flatten())[:10]):
        for other in sides[place + 1 :]:
            if isinstance(one, exp.EQ) and isinstance(other, exp.EQ) and one.this == other.this:
                yield f"{_STRONG}{_written(one.this)} is two values"


def _branches(node: exp.Expr) -> Iterator[str]:
    default = node.args.get("default")
    yield f"{_STRONG}else {_written(default) if default else 'nothing'}"


_PARTS: Final[dict[type[exp.Expr], Callable[[Any], Iterator[str]]]] = {
    exp.Order: _order,
    exp.Join: _join,
    exp.Group: _group,
    exp.Window: _window,
    exp.Limit: _sized("limit"),
    exp.Offset: _sized("offset"),
    exp.Select: _select,
    exp.In: _in_a_query,
    exp.Exists: _exists,
    exp.Not: _negated,
    exp.Case: _branches,
    exp.Union: _one("union"),
    exp.Except: _one("except"),
    exp.Intersect: _one("intersect"),
    exp.Or: _either,
    exp.And: _both,
    exp.Star: _one("star"),
    exp.Having: _one("having"),
}
