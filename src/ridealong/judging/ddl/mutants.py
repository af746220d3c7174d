"""Change a schema in one place, as a learner might have got it wrong.

Each mutant is the reference with one rule dropped, moved, widened or added. A check is as sharp as
the rows that it tries: a mutant that every attack takes for right is either right as well, by the
words of the task, or shows an attack that is missing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import sqlglot
from sqlglot import exp

from ridealong.judging.mutants import Mutant, distinct
from ridealong.judging.sql import mutants as sql_mutants

# Words that somebody might add to a list: those that other companies have, and two that ours had.
WORDS: Final = ("canceled", "no_show", "refunded", "passenger")
_NEXT: Final[dict[type[exp.Expr], type[exp.Binary]]] = {
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
}
_WHOLE: Final = ("TINYINT", "SMALLINT", "INT", "BIGINT")

_Edit = tuple[str, Callable[[], exp.Expr | None]]
"""What is changed, and how a changed copy is made; None leaves the statement out."""


def mutants(reference: str, entry: Mapping[str, Any]) -> Iterator[Mutant]:
    """Yield the statements of a right answer with one change each, and no two alike.

    Args:
        reference: the statements.
        entry: the exercise, of which a schema needs nothing.
    """
    trees = _parsed(reference)
    texts = [_sql(tree) for tree in trees]
    yield from distinct(_all(trees, texts), _joined(texts))


def written(reference: str) -> str:
    """Return statements as a mutant writes them, without a change."""
    return _joined([_sql(tree) for tree in _parsed(reference)])


def _parsed(reference: str) -> list[exp.Expr]:
    return [tree for tree in sqlglot.parse(reference, read="duckdb") if tree is not None]


def _all(trees: list[exp.Expr], texts: list[str]) -> Iterator[Mutant]:
    for number, tree in enumerate(trees):
        for change, made in _edits(tree, trees):
            mutated = made()
            new = [] if mutated is None else [_sql(mutated)]
            yield Mutant(change, _joined([*texts[:number], *new, *texts[number + 1 :]]))


def _joined(texts: list[str]) -> str:
    return "".join(f"{text};\n" for text in texts)


def _sql(tree: exp.Expr) -> str:
    return tree.sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.IGNORE)


def _edits(tree: exp.Expr, trees: list[exp.Expr]) -> Iterator[_Edit]:
    if isinstance(tree, exp.Create) and tree.kind == "TABLE":
        yield from _table(tree, trees)
    elif isinstance(tree, exp.Create) and tree.kind == "INDEX":
        yield from _index(tree, trees)
    elif isinstance(tree, exp.Alter):
        yield f"without {_sql(tree)}", lambda: None
        yield from _keys(tree, _columns(tree.this.name, trees))
    elif isinstance(tree, exp.Create) and tree.kind == "VIEW":
        yield from _view(tree)


# ------------------------------------------------------------------------- tables


def _columns(table: str, trees: list[exp.Expr]) -> list[str]:
    return [
        column.name
        for tree in trees
        if isinstance(tree, exp.Create) and tree.kind == "TABLE" and tree.this.this.name == table
        for column in tree.this.find_all(exp.ColumnDef)
    ]


def _table(tree: exp.Create, trees: list[exp.Expr]) -> Iterator[_Edit]:
    table = tree.this.this.name
    names = _columns(table, trees)
    for column in tree.this.find_all(exp.ColumnDef):
        yield from _column(tree, column, table, names, trees)
    for part in tree.this.expressions:
        if not isinstance(part, exp.ColumnDef):
            yield f"{table} without {_sql(part)}", _without(tree, part)
        if isinstance(part, exp.ForeignKey):
            yield from _targets(tree, part.args["reference"], table, _sql(part), trees)
    yield from _keys(tree, names)
    for check in tree.find_all(exp.CheckColumnConstraint):
        yield from _rule(tree, check.this, f"{table}: CHECK ({_sql(check.this)})")


def _column(
    tree: exp.Create,
    column: exp.ColumnDef,
    table: str,
    names: list[str],
    trees: list[exp.Expr],
) -> Iterator[_Edit]:
    place = f"{table}.{column.name}"
    kinds = {type(c.kind): c for c in column.constraints}
    is_key = exp.PrimaryKeyColumnConstraint in kinds
    for constraint in column.constraints:
        what = _sql(constraint)
        if isinstance(constraint.kind, exp.NotNullColumnConstraint) and _in_key(tree, column.name):
            continue  # the key says so too
        yield f"{place} without {what}", _without(tree, constraint)
        if isinstance(constraint.kind, exp.Reference):
            yield from _targets(tree, constraint, table, f"{place} {what}", trees)
        if isinstance(constraint.kind, exp.PrimaryKeyColumnConstraint | exp.UniqueColumnConstraint):
            for other in names:
                if other != column.name:
                    yield (
                        f"{place}: {what} widened by {other}",
                        _widened(tree, constraint, column, other),
                    )
    if is_key:
        yield (
            f"{place} NOT NULL in place of PRIMARY KEY",
            _with(
                tree,
                column,
                exp.NotNullColumnConstraint(),
                without=kinds[exp.PrimaryKeyColumnConstraint],
            ),
        )
    elif exp.NotNullColumnConstraint not in kinds and not _in_key(tree, column.name):
        yield f"{place} with NOT NULL", _with(tree, column, exp.NotNullColumnConstraint())
    if not is_key and exp.UniqueColumnConstraint not in kinds:
        yield f"{place} with UNIQUE", _with(tree, column, exp.UniqueColumnConstraint())
    kind = _sql(column.args["kind"])
    for other in _other_kinds(column.args["kind"]):
        yield f"{place}: {other} in place of {kind}", _retyped(tree, column, other)
    if not is_key and exp.DefaultColumnConstraint not in kinds:
        value = _default(column, tree)
        default = exp.DefaultColumnConstraint(this=value)
        yield f"{place} with DEFAULT {_sql(value)}", _with(tree, column, default)


def _in_key(tree: exp.Create, column: str) -> bool:
    return any(
        column in (each.name for each in key.expressions) for key in tree.find_all(exp.PrimaryKey)
    )


def _other_kinds(kind: exp.DataType) -> Iterator[str]:
    """Yield narrower and wider types, and the two ways of losing half of a moment."""
    name = kind.this.name
    sizes = [
        int(size.this.this) for size in kind.expressions if isinstance(size, exp.DataTypeParam)
    ]
    if name in _WHOLE:
        place = _WHOLE.index(name)
        yield from _WHOLE[: max(0, place - 1)][-1:]
        yield from () if name == "BIGINT" else ("DOUBLE",)
        yield "TEXT"
    elif name == "DECIMAL" and len(sizes) == 2:
        digits, places = sizes
        yield f"DECIMAL({digits - 1}, {places})"
        yield f"DECIMAL({digits + 1}, {places + 1})"
        yield f"DECIMAL({digits - 1}, {places - 1})"
        yield from ("DOUBLE", "REAL", "BIGINT", "TEXT")
    elif name in ("TIMESTAMP", "TIMESTAMPNTZ"):
        yield from ("DATE", "TIME", "TEXT")
    elif name in ("TEXT", "VARCHAR"):
        yield "BIGINT"


def _default(column: exp.ColumnDef, tree: exp.Create) -> exp.Expr:
    """Return what somebody would let the database fill in: a member of a list, 0, now, nothing."""
    for check in tree.find_all(exp.In):
        if check.this.name == column.name and check.expressions:
            member: exp.Expr = check.expressions[0].copy()
            return member
    name = column.args["kind"].this.name
    if name.startswith("TIMESTAMP"):
        return exp.Anonymous(this="now")
    return exp.Literal.string("") if name in ("TEXT", "VARCHAR") else exp.Literal.number(0)


def _copy(tree: exp.Expr, node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """Return a copy of a tree and the node in it that stands where the given one does."""
    number = next(n for n, each in enumerate(tree.walk()) if each is node)
    other = tree.copy()
    return other, list(other.walk())[number]


def _without(tree: exp.Expr, node: exp.Expr) -> Callable[[], exp.Expr]:
    def made() -> exp.Expr:
        other, found = _copy(tree, node)
        found.pop()
        return other

    return made


def _replaced(tree: exp.Expr, node: exp.Expr, new: exp.Expr) -> Callable[[], exp.Expr]:
    def made() -> exp.Expr:
        if node is tree:
            return new.copy()
        other, found = _copy(tree, node)
        found.replace(new.copy())
        return other

    return made


def _with(
    tree: exp.Create,
    column: exp.ColumnDef,
    kind: exp.Expr,
    *,
    without: exp.Expr | None = None,
) -> Callable[[], exp.Expr]:
    def made() -> exp.Expr:
        other, found = _copy(tree, column)
        kept = [
            new
            for old, new in zip(column.constraints, found.args["constraints"], strict=True)
            if old is not without
        ]
        found.set("constraints", [*kept, exp.ColumnConstraint(kind=kind.copy())])
        return other

    return made


def _retyped(tree: exp.Create, column: exp.ColumnDef, kind: str) -> Callable[[], exp.Expr]:
    def made() -> exp.Expr:
        other, found = _copy(tree, column)
        found.set("kind", exp.DataType.build(kind, dialect="duckdb"))
        return other

    return made


def _widened(
    tree: exp.Create, constraint: exp.ColumnConstraint, column: exp.ColumnDef, other: str
) -> Callable[[], exp.Expr]:
    """Let a key of one column hold another one too; what was never missing is not missing now."""
    is_key = isinstance(constraint.kind, exp.PrimaryKeyColumnConstraint)

    def made() -> exp.Expr:
        if is_key:
            new = _with(tree, column, exp.NotNullColumnConstraint(), without=constraint)()
        else:
            new = _without(tree, constraint)()
        names = [exp.to_identifier(column.name), exp.to_identifier(other)]
        key = exp.UniqueColumnConstraint(this=exp.Schema(expressions=names))
        new.this.set("expressions", [*new.this.expressions, key])
        return new

    return made


def _keys(tree: exp.Expr, names: list[str]) -> Iterator[_Edit]:
    """Yield keys of a table with a column more or less."""
    for key in tree.find_all(exp.PrimaryKey, exp.UniqueColumnConstraint):
        holder = key if isinstance(key, exp.PrimaryKey) else key.this
        if holder is None:
            continue
        what = _sql(key)
        own = [each.name for each in holder.expressions]
        for name in own:
            if len(own) > 1:
                fewer = [exp.to_identifier(each) for each in own if each != name]
                yield f"{what} without {name}", _listed(tree, holder, fewer)
        for name in names:
            if name not in own:
                more = [exp.to_identifier(each) for each in (*own, name)]
                yield f"{what} widened by {name}", _listed(tree, holder, more)


def _listed(tree: exp.Expr, node: exp.Expr, listed: list[Any]) -> Callable[[], exp.Expr]:
    def made() -> exp.Expr:
        other, found = _copy(tree, node)
        found.set("expressions", [each.copy() for each in listed])
        return other

    return made


def _targets(
    tree: exp.Create,
    node: exp.Expr,
    table: str,
    what: str,
    trees: list[exp.Expr],
) -> Iterator[_Edit]:
    """Yield a foreign key that points elsewhere, or that is only a comparison."""
    reference = node.kind if isinstance(node, exp.ColumnConstraint) else node
    column = node.find_ancestor(exp.ColumnDef, exp.ForeignKey)
    assert column is not None
    own = column.name or column.expressions[0].name
    for other in trees:
        if not (isinstance(other, exp.Create) and other.kind == "TABLE"):
            continue
        name = other.this.this.name
        key = next(
            (
                each.name
                for each in other.this.find_all(exp.ColumnDef)
                if any(isinstance(c.kind, exp.PrimaryKeyColumnConstraint) for c in each.constraints)
            ),
            None,
        )
        if key is None or name == reference.this.this.name:
            continue
        new = exp.Reference(
            this=exp.Schema(this=exp.to_table(name), expressions=[exp.to_identifier(key)])
        )
        yield f"{what} to {name} instead", _replaced(tree, reference, new)
    if isinstance(node, exp.ColumnConstraint):
        key = next(
            each.name
            for each in tree.this.find_all(exp.ColumnDef)
            if reference.this.this.name == table or each.name != own
        )
        rule = f"{own} < {key}" if reference.this.this.name == table else f"{own} > 0"
        check = exp.CheckColumnConstraint(this=sqlglot.parse_one(rule, read="duckdb"))
        yield f"{what} as CHECK ({rule})", _replaced(tree, reference, check)


# ------------------------------------------------------------------------- rules


def _rule(tree: exp.Expr, rule: exp.Expr, where: str) -> Iterator[_Edit]:
    """Yield changes inside a CHECK or inside an expression of an index."""
    for node in list(rule.walk()):
        what = f"{where}: {_sql(node)}"
        if isinstance(node, tuple(_NEXT)):
            new = _NEXT[type(node)](this=node.this.copy(), expression=node.expression.copy())
            yield f"{what} as {_sql(new)}", _replaced(tree, node, new)
        if isinstance(node, exp.In):
            yield from _list(tree, node, where)
        if isinstance(node, exp.Between):
            for end in ("low", "high"):
                for step in (-1, 1):
                    moved = _moved(node.args[end], step)
                    if moved is not None:
                        yield (
                            f"{what}, {end} end {_sql(moved)}",
                            _replaced(tree, node.args[end], moved),
                        )
        elif isinstance(node, exp.Literal | exp.Neg) and isinstance(node.parent, (*_NEXT, exp.EQ)):
            for step in (-1, 1):
                moved = _moved(node, step)
                if moved is not None:
                    yield f"{where}: {_sql(moved)} for {_sql(node)}", _replaced(tree, node, moved)
        if isinstance(node, exp.EQ) and isinstance(node.this, exp.Paren):
            left, right = node.this, node.expression
            for first, second in ((left, right), (right, left)):
                either = exp.or_(exp.Not(this=first.copy()), second.copy())
                yield (
                    f"{where}: {_sql(first)} only if {_sql(second)}",
                    _replaced(tree, node, exp.Paren(this=either)),
                )
        if isinstance(node, exp.And | exp.Or):
            for part, rest in ((node.this, node.expression), (node.expression, node.this)):
                yield f"{what} without {_sql(part)}", _replaced(tree, node, rest)
        if isinstance(node, exp.EQ | exp.NEQ) and isinstance(node.expression, exp.Literal):
            turned = exp.NEQ if isinstance(node, exp.EQ) else exp.EQ
            new = turned(this=node.this.copy(), expression=node.expression.copy())
            yield f"{what} as {_sql(new)}", _replaced(tree, node, new)
        if isinstance(node, exp.Lower | exp.Upper | exp.Trim):
            yield f"{where}: without {node.sql_name()}", _replaced(tree, node, node.this)


def _moved(node: exp.Expr, step: int) -> exp.Expr | None:
    """Return a whole number with a step added."""
    text = _sql(node)
    if not text.lstrip("-").isdigit():
        return None
    return sqlglot.parse_one(str(int(text) + step), read="duckdb")


def _list(tree: exp.Expr, node: exp.In, where: str) -> Iterator[_Edit]:
    members = [each for each in node.expressions if isinstance(each, exp.Literal)]
    if not members or len(members) != len(node.expressions):
        return
    for member in members:
        if len(members) > 1:
            fewer = [each for each in members if each is not member]
            yield f"{where}: list without {_sql(member)}", _listed(tree, node, fewer)
    if members[0].is_string:
        words = [*WORDS, members[0].this.upper()]
        added = [
            exp.Literal.string(each) for each in words if each not in (m.this for m in members)
        ]
    else:
        added = []
    for word in added:
        yield f"{where}: list with {_sql(word)} too", _listed(tree, node, [*members, word])


# ------------------------------------------------------------------------- indexes and views


def _index(tree: exp.Create, trees: list[exp.Expr]) -> Iterator[_Edit]:
    name = tree.this.name
    yield f"without the index {name}", lambda: None
    params = tree.this.args["params"]
    keys = params.args["columns"]
    for column in _columns(tree.this.args["table"].name, trees):
        if column not in (_sql(each.this) for each in keys):

            def made(column: str = column) -> exp.Expr:
                other, found = _copy(tree, params)
                new = exp.Ordered(this=exp.column(column), nulls_first=False)
                found.set("columns", [*found.args["columns"], new])
                return other

            yield f"index {name} widened by {column}", made

    def plain() -> exp.Expr:
        other = tree.copy()
        other.set("unique", False)
        return other

    yield f"index {name} without UNIQUE", plain
    for key in keys:
        yield from _rule(tree, key.this, f"index {name}")
        for case in key.find_all(exp.Case):
            for branch in case.args["ifs"]:
                if isinstance(branch.args["true"], exp.Column):
                    yield (
                        f"index {name}: {_sql(branch.args['true'])} in every case",
                        _replaced(tree, key.this, branch.args["true"]),
                    )


def _view(tree: exp.Create) -> Iterator[_Edit]:
    for mutant in sql_mutants.mutants(_sql(tree.expression), ordered=False):
        if mutant.change.startswith("LIMIT "):
            continue  # nobody cuts a view, and no attack has a thousand rows

        def made(text: str = mutant.text) -> exp.Expr:
            other = tree.copy()
            other.set("expression", sqlglot.parse_one(text, read="duckdb"))
            return other

        yield f"view {tree.this.name}: {mutant.change}", made
