"""Whatever text an answer holds, a check ends in a verdict, in time, and nothing is touched."""

import os
import random
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ridealong.answers.texts import SqlAnswer
from ridealong.notebook.check import check
from ridealong.verdict import Verdict
from small_course import WORKER, judge

SECRET = "the-canary-sings"
LIMIT_SECONDS = 0.5
CORPUS = tomllib.loads(Path(__file__).with_name("hostile_queries.toml").read_text(encoding="utf-8"))


def _generated() -> dict[str, object]:
    """Deep, long and odd texts, too large to be written down; and what is no text at all."""
    deep = {
        "brackets": ("(", "1", ")"),
        "subqueries": ("(SELECT ", "1", ")"),
        "tables": ("(SELECT * FROM ", "range(2)", ")"),
        "lists": ("[", "", "]"),
        "structs": ("{'a': ", "1", "}"),
        "functions": ("abs(", "1", ")"),
        "cases": ("CASE WHEN true THEN ", "1", " END"),
        "nots": ("NOT ", "true", ""),
        "minuses": ("- ", "1", ""),
        "casts": ("", "1", "::INT"),
        "indices": ("", "[1]", "[1]"),
        "lambdas": ("list_transform([1], lambda x: ", "x", ")"),
        "exists": ("EXISTS (SELECT 1 WHERE ", "true", ")"),
        "open brackets": ("(", "", ""),
        "closed brackets": ("", "1", ")"),
    }
    cases: dict[str, object] = {
        f"{times} {name}": f"SELECT {before * times}{middle}{after * times}"
        for name, (before, middle, after) in deep.items()
        for times in (90, 1_000, 100_000)
    }
    long = {
        "sums": ("SELECT 1", " + 1"),
        "ands": ("SELECT true", " AND true"),
        "joined texts": ("SELECT 'a'", " || 'a'"),
        "columns": ("SELECT 1", ", 1"),
        "rows": ("VALUES (1)", ", (1)"),
        "values of IN": ("SELECT 1 IN (1", ", 2"),
        "unions": ("SELECT 1", " UNION ALL SELECT 1"),
        "tables": ("SELECT 1 FROM cities c", ", cities"),
        "semicolons": ("SELECT 1", ";"),
        "comments": ("SELECT 1", " /* x */"),
        "spaces": ("SELECT 1", "    "),
        "quotes": ("SELECT '", "''"),
        "order keys": ("SELECT 1 AS a ORDER BY 1", ", 1"),
    }
    cases |= {
        f"{times} {name}": start + more * times
        for name, (start, more) in long.items()
        for times in (2_000, 200_000)
    }
    doubling = ", ".join(f"a{i} AS (FROM a{i - 1} UNION ALL FROM a{i - 1})" for i in range(1, 40))
    cases |= {
        "10 MB of text": "SELECT '" + "x" * 10_000_000 + "'",
        "10 MB of comment": "--" + "x" * 10_000_000,
        "10 MB of words": "SELECT " * 1_500_000,
        "doubling": f"WITH a0 AS (SELECT 1 AS x), {doubling} SELECT count(*) FROM a39",
        "a pattern of percent signs": f"SELECT repeat('a', 100000) LIKE '{'%a' * 5000}b'",
        "NUL": "SELECT 1\0",
        "NUL in a text": "SELECT 'a\0b' AS city, 1 AS completed_rides",
        "half of a character": "SELECT '\ud83d' AS city",
        "the other half": "SELECT '\ude95'",
        "control characters": "SELECT " + "".join(map(chr, range(1, 32))),
        "every plane": "SELECT '"
        + "".join(chr(i) for i in range(0x80, 0x10000, 97) if not 0xD800 <= i < 0xE000)
        + "'",
        "a number": 12,
        "a float": float("nan"),
        "bytes": b"SELECT 1",
        "a list": ["SELECT 1"],
        "a dict": {"text": "SELECT 1"},
        "a class": str,
        "an exception": ValueError("SELECT 1"),
        "a function": judge,
        "itself": Verdict("x", True, "forged"),
    }
    chance = random.Random(5)
    words = [
        "SELECT",
        "FROM",
        "WHERE",
        "rides",
        "(",
        ")",
        "*",
        ",",
        "'",
        '"',
        ";",
        "1",
        "GROUP",
        "BY",
        "count",
        "--",
        "/*",
        "$",
        "=",
        "NULL",
        "JOIN",
    ]
    cases |= {
        f"words in any order {n}": " ".join(chance.choices(words, k=chance.randint(2, 40)))
        for n in range(30)
    }
    return cases


def _all() -> dict[str, object]:
    written = {
        f"{group} {n}": text for group, texts in CORPUS.items() for n, text in enumerate(texts)
    }
    return written | _generated()


CASES = _all()


@pytest.fixture(scope="module")
def canary(tmp_path_factory):
    """A folder with a secret; a worker with a short limit, started in it."""
    folder = tmp_path_factory.mktemp("canary")
    (folder / "secret.csv").write_text(f"secret\n{SECRET}\n", encoding="utf-8")
    before = os.getcwd()
    os.chdir(folder)
    os.environ["RIDEALONG_CANARY"] = SECRET
    WORKER.close()
    limit = WORKER.limit_seconds
    WORKER.limit_seconds = LIMIT_SECONDS
    yield folder
    WORKER.limit_seconds = limit
    WORKER.close()
    del os.environ["RIDEALONG_CANARY"]
    os.chdir(before)


def test_the_corpus_is_large_and_without_repetition():
    texts = [repr(each) for each in CASES.values()]

    assert len(texts) >= 200
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_answer_fails_in_one_line_and_touches_nothing(course, canary, name):
    text = CASES[name]
    if isinstance(text, str) and name.split()[0] in CORPUS:
        text = text.replace("{folder}", canary.as_posix()).replace("{{", "{").replace("}}", "}")

    started = time.monotonic()
    verdict = judge("completed-by-city", text)
    seconds = time.monotonic() - started

    assert not verdict.passed
    assert verdict.message and "\n" not in verdict.message
    assert len(verdict.message) < 2_000
    assert SECRET not in verdict.message
    assert [each.name for each in canary.iterdir()] == ["secret.csv"]
    assert (canary / "secret.csv").read_text(encoding="utf-8") == f"secret\n{SECRET}\n"
    assert seconds < 60  # a query that cannot be interrupted is ended, not waited for


def test_the_right_answer_still_passes_after_all_that(course, canary):
    WORKER.limit_seconds = 5
    try:
        verdict = judge("completed-by-city", course["completed-by-city"])
    finally:
        WORKER.limit_seconds = LIMIT_SECONDS

    assert verdict.passed, verdict.message


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.one_of(st.text(), st.from_regex(r"(?is)select .{0,60}"), st.binary(), st.integers()))
@example("SELECT 1")
def test_any_wrong_answer_is_worth_nothing_and_stops_nothing(course, notebook_shell, value):
    for answer in (value, SqlAnswer(value) if isinstance(value, str) else value):
        notebook_shell.user_ns["completed_by_city"] = answer

        card = check("completed-by-city")

        assert repr(card) == "0"
        assert "0 of 2 points" in card._repr_html_().encode().decode()


_NAMES = st.sampled_from(["rides", "users", "fare", "status", "city_id", "x", "1", "'a'", "*"])
_SQL = st.recursive(
    _NAMES,
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("{} + {}".format, inner, inner),
        st.builds("count({})".format, inner),
        st.builds("SELECT {} FROM {}".format, inner, inner),
        st.builds("SELECT {} FROM rides WHERE {} = {}".format, inner, inner, inner),
        st.builds("{}, {}".format, inner, inner),
        st.builds("{} GROUP BY {}".format, inner, inner),
        st.builds("{}; {}".format, inner, inner),
        st.builds("{} /* {} */ -- {}".format, inner, inner, inner),
    ),
    max_leaves=12,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_SQL)
def test_texts_that_look_like_sql_end_in_a_verdict(course, text):
    verdict = judge("completed-by-city", text)

    assert not verdict.passed
    assert "\n" not in verdict.message
