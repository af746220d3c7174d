"""Which of four data sets is spoken of, and what is said: a query's results are given here."""

from pathlib import Path

import pytest

from ridealong.answer import Answer
from ridealong.engine.fingerprint import Column, of_error, of_rows
from ridealong.engine.statement import QueryFailed, QueryStopped
from ridealong.judging.kind import Task
from ridealong.judging.sql import judge as sql_judge
from ridealong.judging.sql import signs
from ridealong.judging.sql.judge import ALL_WELL, UNSTEADY, judge_query, where
from ridealong.judging.sql.query import VARIANTS
from ridealong.judging.sql.signs import BY_RESULT
from ridealong.verdict import Property

TEXT = "SELECT n FROM t"
EDGE = "All is right on the large data, so it is a case that is rare there"


def whole(*values, keys=()):
    return of_rows([(value,) for value in values], [Column("n", "exact")], keys=keys)


RIGHT = whole(1, 2, 3)
ORDERED = whole(1, 2, 3, keys=[0])


@pytest.fixture
def judged(monkeypatch):
    """Judge a query whose results on the data sets are given; a list is one for each asking."""

    def judge(results=(), text=TEXT, wanted=RIGHT, **entry):
        asked = {}

        def run(worker, text, path, *, shifted, parameters, order, like, cases, log):
            name = "shifted" if shifted else path.name
            given = dict(results).get(name, wanted)
            number = asked[name] = asked.get(name, -1) + 1
            found = given[min(number, len(given) - 1)] if isinstance(given, list) else given
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(sql_judge, "run", run)
        monkeypatch.setattr(sql_judge, "database", lambda variant, seed, scale: Path(variant))
        sets = len(entry.get("parameters", [1]))
        expected = {
            variant: [wanted.to_json()] * (1 if variant == "public" else sets)
            for variant in VARIANTS
        }
        task = Task("some-rides", {"expected": expected, **entry}, 1, 1.0)
        return judge_query(task, Answer("some_rides", "sql", text), None)

    return judge


def mistake(name, *, sign=None, **results):
    """A known mistake that gives these results, and the right one on the other data sets."""
    held = {variant: results.get(variant, RIGHT).recognised_by() for variant in VARIANTS}
    return {
        "name": name,
        "message": f"It is {name}.",
        "results": held,
        "sign": sign or {BY_RESULT: True},
    }


@pytest.mark.parametrize(
    ("wanted", "entry", "words"),
    [
        (RIGHT, {}, "3 rows and 1 column"),
        (whole(1), {}, "1 row and 1 column"),
        (ORDERED, {"order": ["n"]}, "3 rows and 1 column, their order"),
        (
            of_rows([(1, 2)], [Column("a", "exact"), Column("b", "exact")]),
            {},
            "1 row and 2 columns",
        ),
    ],
)
def test_praise_says_what_was_looked_at(judged, wanted, entry, words):
    text = "SELECT n FROM t ORDER BY n" if entry else TEXT
    found = judged(text=text, wanted=wanted, **entry)

    assert found.passed
    assert found.message == f"some-rides holds: {words}; {ALL_WELL}."
    assert found.exercise == "some-rides"
    assert all(each.held for each in found.properties)
    assert len(found.properties) == len(VARIANTS) * (4 if entry else 3)


def test_what_is_looked_at_ends_with_the_first_that_does_not_hold(judged):
    found = judged({"hidden": whole(1, 2, 4)})

    shown = [(each.name, each.held) for each in found.properties if "other data" in each.name]
    assert shown == [
        ("columns on other data of the same shape", True),
        ("row count on other data of the same shape", True),
        ("values on other data of the same shape", False),
    ]
    assert [each.held for each in found.properties if "public" in each.name] == [True] * 3


def test_a_query_that_fails_is_told_as_the_database_does(judged):
    everywhere = judged(dict.fromkeys(VARIANTS, QueryFailed("no column x")))
    elsewhere = judged({"hidden": QueryFailed("no such day")})

    assert everywhere.message == "The query fails: no column x."
    assert elsewhere.message == "On other data of the same shape: the query fails: no such day."
    assert next((each.name, each.held) for each in everywhere.properties) == (
        "runs on the public data",
        False,
    )
    assert not everywhere.passed


@pytest.mark.parametrize("end", ["?", "!", ".", "e"])
def test_a_sentence_ends_once(end):
    assert sql_judge._sentence(f"look her{end}") == f"Look her{end}{'.' if end == 'e' else ''}"


def test_a_query_that_is_stopped_ends_the_check(judged):
    found = judged({"public": QueryStopped("the query ran for 5 seconds")})

    assert found.message == "the query ran for 5 seconds"
    assert found.properties == ()


def test_a_text_that_is_no_query_is_not_run(judged):
    assert judged(dict.fromkeys(VARIANTS, KeyError()), text="SELECT 1\0").properties == ()


def test_a_message_is_one_printable_line(judged):
    found = judged({"public": QueryStopped("a\n  b\x1bc")})

    assert found.message == "a b\\x1bc"
    assert (found.exercise, found.passed) == ("some-rides", False)


def test_a_result_that_is_wrong_at_once_needs_no_word_about_other_data(judged):
    found = judged(dict.fromkeys(VARIANTS, whole(1, 2)))

    assert found.message == (
        "On the public data: 2 rows, wanted 3: those you have are right, 1 is missing. "
        "Ask what one row stands for, in the task and in your result."
    )


def test_a_query_that_fits_the_public_data_only_is_told_why(judged):
    plain = judged({"hidden": whole(1, 2)})
    literal = judged({"hidden": whole(1, 2)}, "SELECT n FROM t WHERE n < 4711")
    told = judged({"hidden": whole(1, 2)}, "SELECT n FROM t WHERE n < 4711", told=["below 4711"])
    hinted = judged({"hidden": whole(1, 2)}, "SELECT n FROM t WHERE n < 4711", hints=["4711"])

    two = judged({"hidden": whole(1, 2)}, "SELECT n FROM t WHERE n < 4711 AND n > 1234")

    assert "On the public data the result is right. Ask what one row" in plain.message
    assert "look at 4711, 1234. A condition" in two.message
    assert "The query fits the public data only; look at 4711. A condition" in literal.message
    assert "On the public data the result is right." in told.message
    assert "On the public data the result is right." in hinted.message


@pytest.mark.parametrize(
    ("text", "entry", "cases"),
    [
        (TEXT, {}, ""),
        *(
            (f"SELECT {words} AS n FROM t", {}, "a missing value")
            for words in ("coalesce(n, 0)", "NULL", "left(n, 1)", "right(n, 1)", "n FULL")
        ),
        (TEXT + " WHERE n > 3", {}, "a value or a moment exactly on a limit"),
        (TEXT + " ORDER BY n", {}, "rows that tie"),
        (TEXT + " LIMIT 3", {}, "rows that tie"),
        (TEXT + " ORDER BY n", {"order": ["n"]}, "rows that tie"),
        (TEXT + " GROUP BY n", {}, "a group or a partner without a row"),
        (TEXT + " JOIN u USING (a)", {}, "a group or a partner without a row"),
        ("SELECT a // 2 AS n FROM t", {}, "a rest that // drops"),
        (
            TEXT + " WHERE n > 3 GROUP BY n ORDER BY n",
            {},
            (
                "a value or a moment exactly on a limit, rows that tie or a group or a "
                "partner without a row"
            ),
        ),
    ],
)
def test_what_fails_on_the_edge_set_only_is_one_of_its_rare_cases(judged, text, entry, cases):
    found = judged({"edge": whole(1, 2, 9, keys=[0])}, text, wanted=ORDERED, **entry)

    assert f"{EDGE}{cases and f', such as {cases}'}." in found.message
    assert found.message.startswith("On the 12-row edge set: the values of n differ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "SELECT n FROM t WHERE a < DATE '2026-03-01' AND now() > a",
            "back: 2 rows, wanted 3: those you have are right, 1 is missing. '2026-03-01' stays where it is: count back from NOW() or as_of() instead.",
        ),
        (
            "SELECT n FROM t WHERE a < as_of()",
            "With the clock where it stands the result is right. The wanted rows are the same wherever",
        ),
    ],
)
def test_what_fails_when_the_clock_is_moved_only_is_about_time(judged, text, words):
    found = judged({"shifted": whole(1, 2)}, text)

    assert found.message.startswith("When the clock is moved 45 days and 7:30 hours back: 2 rows,")
    assert words in found.message


def test_a_query_that_does_not_ask_the_time_is_not_run_again_for_it(judged):
    assert judged({"shifted": whole(1, 2)}).passed


def test_the_values_of_a_parameter_are_named_where_they_fail(judged):
    both = [{"rider_id": 1}, {"rider_id": 2}]

    first = judged({"hidden": [RIGHT, whole(1, 2)]}, TEXT + " WHERE a = $rider_id", parameters=both)
    unused = judged({"hidden": [RIGHT, whole(1, 2)]}, parameters=both)

    assert first.message.startswith("On other data of the same shape with $rider_id = 2: 2 rows")
    assert unused.message.endswith("The query has to work for any value: ask for $rider_id.")


def test_a_missing_order_is_told_with_the_one_that_is_wanted(judged):
    found = judged(dict.fromkeys(VARIANTS, whole(3, 2, 1)), wanted=ORDERED, order=["n DESC"])

    assert found.message == (
        "On the public data: the rows are right, their order is not. The task asks for an order and "
        "the query has no ORDER BY at its end: wanted is the order of n descending."
    )


def test_rows_that_a_limit_takes_by_chance_lack_an_order(judged):
    chance = dict.fromkeys(VARIANTS, whole(7, 8, 9))

    cut = judged(chance, TEXT + " LIMIT 3", wanted=ORDERED, order=["n"])
    whole_list = judged(chance, TEXT, wanted=ORDERED, order=["n"])
    ordered = judged(chance, TEXT + " ORDER BY n LIMIT 3", wanted=ORDERED, order=["n"])

    assert "no ORDER BY at its end" in cut.message
    assert "no ORDER BY at its end" not in whole_list.message
    assert "no ORDER BY at its end" not in ordered.message


def test_other_rows_at_a_second_run_are_left_to_chance(judged):
    changing = judged({"public": [whole(1, 2, 8), whole(1, 2, 9)]})
    failing = judged({"public": [whole(1, 2, 8), QueryFailed("gone")]})
    steady = judged({"public": whole(1, 2, 8)})

    for found in (changing, failing):
        assert found.message.endswith(UNSTEADY)
        assert (found.properties[-1].name, found.properties[-1].held) == (
            "the same at every run",
            False,
        )
    assert UNSTEADY not in steady.message
    assert "the same at every run" not in {each.name for each in steady.properties}


def test_what_changes_by_itself_is_refused_although_the_result_is_right(judged):
    found = judged(text="SELECT n FROM t WHERE random() < 2")

    assert not found.passed
    assert "random" in found.message
    assert found.properties[-1].name == "the same at every run"


def test_a_limit_that_cuts_nothing_is_refused_although_the_result_is_right(judged):
    found = judged(text=TEXT + " LIMIT 50")

    assert found.message.startswith("LIMIT 50 cuts nothing now")
    assert (found.properties[-1].name, found.properties[-1].held) == (
        "all rows, however many there are",
        False,
    )


WRONG = dict.fromkeys(("public", "hidden", "edge", "shifted"), whole(1, 2, 8))


def test_a_known_mistake_is_named_behind_what_was_seen(judged):
    found = judged(WRONG, mistakes=[mistake("known", **WRONG), mistake("other", edge=whole(4))])

    assert found.mistake == "known"
    assert Property("values on the public data", False) in found.properties
    assert found.message.startswith("On the public data: the values of n differ")
    assert found.message.endswith(" It is known.")


def test_of_two_mistakes_alike_none_is_named(judged):
    two = [mistake("one", **WRONG), mistake("two", **WRONG)]

    assert judged(WRONG, mistakes=two).mistake is None


def test_a_mistake_whose_sign_is_not_in_the_text_is_not_named(judged):
    known = mistake("known", sign={"has": ["0000"], "lacks": []}, **WRONG)

    assert judged(WRONG, mistakes=[known]).mistake is None


def test_a_second_mistake_in_the_small_cases_hides_none_on_the_large_data(judged):
    known = mistake("known", **WRONG)
    also_there = {**WRONG, "edge": whole(5)}
    right_there = {**WRONG, "hidden": RIGHT, "edge": whole(5)}

    assert judged(also_there, mistakes=[known]).mistake == "known"
    assert judged(right_there, mistakes=[known]).mistake is None


def test_an_empty_result_on_the_large_data_tells_no_mistake(judged):
    empty = dict.fromkeys(VARIANTS, whole())
    known = mistake("known", **empty)

    assert judged({**empty, "edge": whole(5)}, mistakes=[known]).mistake is None
    assert judged(empty, mistakes=[known]).mistake == "known"


def ordered(name, *values):
    return mistake(name, **dict.fromkeys(VARIANTS, whole(*values, keys=[0])))


def test_a_mistake_in_the_order_is_told_by_its_message_alone(judged):
    reverse = dict.fromkeys(VARIANTS, whole(3, 2, 1, keys=[0]))
    text = TEXT + " ORDER BY n DESC"
    known = [ordered("reverse", 3, 2, 1)]

    everywhere = judged(reverse, text, wanted=ORDERED, order=["n"], mistakes=known)
    other = dict.fromkeys(VARIANTS, whole(2, 3, 1, keys=[0]))

    assert everywhere.mistake == "reverse"
    assert everywhere.message.strip() == "It is reverse."
    assert judged(other, text, wanted=ORDERED, order=["n"], mistakes=known).mistake is None


def test_a_mistake_in_the_values_is_known_in_any_order(judged):
    seen = dict.fromkeys(VARIANTS, whole(8, 2, 1, keys=[0]))
    known = [ordered("known", 1, 2, 8)]

    found = judged(seen, TEXT + " ORDER BY n", wanted=ORDERED, order=["n"], mistakes=known)

    assert found.mistake == "known"


def test_a_mistake_that_fails_is_told_without_the_databases_words(judged):
    error = of_error("no column x")
    known = mistake("known", **dict.fromkeys(VARIANTS, error))
    failing = dict.fromkeys(VARIANTS, QueryFailed("no column x"))

    found = judged(failing, mistakes=[known])

    assert found.message == "The query fails. It is known."


@pytest.mark.parametrize(
    ("variant", "cases", "words"),
    [
        ("edge", "", "On the 12-row edge set"),
        ("edge", "INSERT", "On the 12-row edge set, with rows added for this task"),
        (
            "edge",
            "CREATE MACRO as_of() AS TIMESTAMP '2026-03-30 00:00:00'",
            (
                "On the 12-row edge set, with rows added for this task and the clock at "
                "2026-03-30 00:00:00"
            ),
        ),
        ("public", "INSERT", "On the public data"),
    ],
)
def test_a_data_set_is_named_with_what_a_task_adds(variant, cases, words):
    assert where(variant, cases) == words


def test_a_second_run_is_asked_for_up_to_so_many_rows(judged, monkeypatch):
    changing = {"public": [whole(1, 2, 8), whole(1, 2, 9)]}

    for most, is_asked in ((3, True), (2, False)):
        monkeypatch.setattr(sql_judge, "FEW_ROWS", most)
        assert (UNSTEADY in judged(changing).message) == is_asked


def test_an_error_is_not_asked_for_a_second_time(judged):
    failing = judged({"public": [QueryFailed("gone"), whole(1, 2, 3)]})

    assert UNSTEADY not in failing.message


def test_what_a_right_answer_holds_too_is_not_doubted(judged):
    text = "SELECT n FROM t WHERE n > 3"
    few = dict.fromkeys(VARIANTS, whole(1, 2))

    doubted = judged(few, text)
    known = judged(few, text, right=signs.right_parts([text]))

    assert "n > 3" in doubted.message
    assert "n > 3" not in known.message
