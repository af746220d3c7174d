"""Compute the value of a literal answer from its syntax tree, without running it."""

import ast
import math
import operator
from collections.abc import Callable
from typing import Any, Final

MOST_NODES: Final = 2_000
MOST_BITS: Final = 4_096
HIGHEST_EXPONENT: Final = 1_000

_BINARY: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_UNARY: Final[dict[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}


class NotReadable(ValueError):
    """An expression that is more than literals and arithmetic; the text says where."""


def evaluate(expression: ast.expr) -> Any:
    """Return the value of numbers, texts, lists, tuples, sets, dicts and arithmetic on numbers.

    Raises:
        NotReadable: when the expression holds anything else, or a number out of bounds.
    """
    if sum(1 for _ in ast.walk(expression)) > MOST_NODES:
        raise NotReadable(f"it has more than {MOST_NODES:,} parts")
    return _value(expression)


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.List(elts=elements):
            return [_value(each) for each in elements]
        case ast.Tuple(elts=elements):
            return tuple(_value(each) for each in elements)
        case ast.Set(elts=elements):
            return _hashed(set, [_value(each) for each in elements])
        case ast.Dict(keys=keys, values=values) if None not in keys:
            pairs = [(_value(k), _value(v)) for k, v in zip(keys, values, strict=True) if k]
            return _hashed(dict, pairs)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_number(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _computed(op, _number(left), _number(right))
    raise NotReadable(f"`{_shown(node)}` is neither a literal nor arithmetic")


def _hashed(kind: Callable[[Any], Any], content: list[Any]) -> Any:
    try:
        return kind(content)
    except TypeError as error:
        raise NotReadable(str(error)) from None


def _number(node: ast.expr) -> int | float:
    value = _value(node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotReadable(f"`{_shown(node)}` is no number, so it cannot be computed with")
    return value


def _computed(op: ast.operator, left: float, right: float) -> int | float:
    if isinstance(op, ast.Pow):
        bits = left.bit_length() if isinstance(left, int) else 1
        if abs(right) > HIGHEST_EXPONENT or bits * abs(right) > MOST_BITS:
            raise NotReadable("the power is out of bounds")
    try:
        value = _BINARY[type(op)](left, right)
    except (ZeroDivisionError, OverflowError) as error:
        raise NotReadable(str(error)) from None
    if isinstance(value, int):
        if value.bit_length() <= MOST_BITS:
            return value
    elif isinstance(value, float) and math.isfinite(value):
        return value
    raise NotReadable("the number is out of bounds")


def _shown(node: ast.expr) -> str:
    try:
        text = ast.unparse(node)
    except RecursionError:
        text = type(node).__name__
    return text if len(text) <= 40 else f"{text[:36]} ..."
