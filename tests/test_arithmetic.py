import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridealong.arithmetic import NotReadable, evaluate


def value(text):
    return evaluate(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    "text",
    [
        "30 * 24 * 60 * 0.0001",
        "-(2 + 3) // 2",
        "7 % 4 - +1",
        "2 ** 10",
        "2 ** -1",
        "[1, 'a', (None, True)]",
        "{'a': [1.5, {2}], 3: ()}",
        "'two ' 'parts'",
        "1_000_000",
    ],
)
def test_literals_and_arithmetic_have_pythons_value(text):
    expected = eval(text)

    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("minutes * 2", "`minutes` is neither"),
        ("len('a')", "`len('a')` is neither"),
        ("[x for x in y]", "is neither"),
        ("lambda: 1", "is neither"),
        ("f'{1}'", "is neither"),
        ("1 if True else 2", "is neither"),
        ("{**{}}", "is neither"),
        ("[*[1]]", "is neither"),
        ("1 < 2", "is neither"),
        ("not 1", "is neither"),
        ("1j", "is neither"),
        ("b'x'", "is neither"),
        ("...", "is neither"),
        ("'a' * 1000000000", "is no number"),
        ("[0] * 1000000000", "is no number"),
        ("True + 1", "is no number"),
        ("1 / 0", "division by zero"),
        ("10 ** 100000", "out of bounds"),
        ("9 ** 9 ** 9", "out of bounds"),
        ("0 ** (14 ** 269)", "out of bounds"),
        ("(-8) ** 0.5", "out of bounds"),
        ("1e308 * 10", "out of bounds"),
        ("2 ** 1000 * 2 ** 1000 * 2 ** 1000 * 2 ** 1000 * 2 ** 1000", "out of bounds"),
        ("{[]: 1}", "unhashable"),
        ("[" + "1, " * 5000 + "]", "more than 2,000 parts"),
    ],
)
def test_everything_else_is_refused_by_name(text, why):
    with pytest.raises(NotReadable, match=re.escape(why)):
        value(text)


_ARITHMETIC = st.recursive(
    st.integers(-1000, 1000) | st.floats(-1e6, 1e6, allow_nan=False),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner),
    max_leaves=8,
)


def _written(tree):
    if isinstance(tree, tuple):
        left, op, right = tree
        return f"({_written(left)}) {op} ({_written(right)})"
    return repr(tree)


@given(_ARITHMETIC)
def test_arithmetic_is_right_or_refused(tree):
    text = _written(tree)
    try:
        found = value(text)
    except NotReadable:
        return

    assert found == eval(text)
