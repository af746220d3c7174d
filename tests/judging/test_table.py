"""A table of words is judged cell by cell, and says which word does not hold."""

from typing import Any

import pytest
import yaml

from ridealong.answer import Answer
from ridealong.judging import Worker
from ridealong.judging.kind import Known, KnownWrong, Task
from ridealong.judging.kinds import KINDS
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
REFERENCE = """
read-a-ride: {method: GET, safe: yes, status: 200}
ask-for-a-ride: {method: POST, safe: no, status: 201}
move-a-driver: {method: PUT, safe: no, status: 200}
"""
ENTRY: dict[str, Any] = {
    "judge": "table",
    "rows": ["read-a-ride", "ask-for-a-ride", "move-a-driver"],
    "columns": {
        "method": ["GET", "POST", "PUT", "PATCH"],
        "safe": ["yes", "no"],
        "status": ["200", "201"],
    },
    "said": {"read-a-ride.method.POST": "Reading changes nothing, so it needs no POST."},
}
MISTAKES = {
    "post-for-all": REFERENCE.replace("GET", "POST").replace("PUT", "POST"),
    "always-200": REFERENCE.replace("201", "200"),
    "put-is-safe": REFERENCE.replace("PUT, safe: no", "PUT, safe: yes"),
}
PATCHED = REFERENCE.replace("PUT", "PATCH")
SCOPES: dict[str, Any] = {
    "judge": "table",
    "rows": ["read", "nobody"],
    "columns": {"scopes": {"several": ["rides:read", "rides:write", "users:read"]}},
}


def entry(own: dict[str, Any], reference: str, **known: dict[str, str]) -> dict[str, Any]:
    found = YAML.results(  # type: ignore[misc]
        Known(
            "a-table", own, reference, known.get("alternatives", {}), known.get("mistakes", {}), 7
        )
    )
    told = [
        {"name": name, "message": f"This is {name}.", "results": marked}
        for name, marked in found["mistakes"].items()
    ]
    return {**own, **found, "mistakes": told}


def verdict(text: str, made: dict[str, Any] | None = None) -> Verdict:
    task = Task("a-table", made or entry(ENTRY, REFERENCE, mistakes=MISTAKES), 7, 1)
    return YAML.judge(task, Answer("a_table", "yaml", text), Worker())


@pytest.mark.parametrize(
    "written",
    [
        REFERENCE,
        "\n".join(reversed(REFERENCE.strip().splitlines())),
        REFERENCE.replace("yes", "true").replace("no,", "'No',"),
        REFERENCE.replace("200", "'200'").replace("GET", "get"),
        yaml.safe_dump(yaml.safe_load(REFERENCE)),
    ],
)
def test_the_same_words_hold_however_they_are_written(written: str) -> None:
    seen = verdict(written)

    assert (seen.passed, seen.message) == (True, "a-table holds: all of 3 rows")


def test_each_mistake_is_known_by_its_cells_also_among_others() -> None:
    for name, text in MISTAKES.items():
        seen = verdict(text)
        assert (seen.passed, seen.mistake) == (False, name)
        assert seen.message.startswith(f"This is {name}.")

    both = verdict(MISTAKES["post-for-all"].replace("201", "200"))
    assert both.mistake == "post-for-all"  # the larger one of two
    assert both.message == "This is post-for-all. 0 of 3 rows hold."


def test_a_wrong_cell_has_its_own_sentence_or_is_named() -> None:
    told = verdict(REFERENCE.replace("GET", "POST")).message
    assert told == (
        "Row `read-a-ride`: Reading changes nothing, so it needs no POST. 2 of 3 rows hold."
    )
    other = verdict(REFERENCE.replace("GET", "PUT")).message
    assert other.startswith("Row `read-a-ride`: method PUT does not hold")


def test_rows_that_hold_earn_their_share_and_the_others_are_listed() -> None:
    seen = verdict(REFERENCE.replace("GET", "PUT"))

    assert seen.share == pytest.approx(2 / 3)
    assert [(each.name, each.held) for each in seen.properties] == [
        ("read-a-ride", False),
        ("ask-for-a-ride", True),
        ("move-a-driver", True),
    ]
    assert seen.properties[0].seen == "method PUT, safe yes, status 200"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("read-a-ride", "read-a-rid", 'No row is called `read-a-rid`; did you mean "read-a-ride"?'),
        ("read-a-ride:", "read-a-ride: GET #", "needs its columns: `read-a-ride: {method: ..."),
        ("method: GET, ", "", "row `read-a-ride`, column `method` is empty"),
        ("method: GET", "method:", "column `method` is empty"),
        ("safe", "save", 'a column `save` that nobody asked for; did you mean "safe"?'),
        ("GET", "GETS", '`GETS` is none of GET, POST, PUT, PATCH; did you mean "GET"?'),
        ("GET", "x", "`x` is none of GET, POST, PUT, PATCH"),
        ("move-a-driver", "read-a-ride", "`read-a-ride` stands twice, again in line 4: keep one."),
        ("safe: yes", "method: PUT, safe: yes", "`method` stands twice, again in line 2"),
        ("method: GET", "method:GET", "write `method`, a colon, a space and the word"),
        ("GET", "[GET, POST]", "here stand 2 words, and the cell takes one"),
        ("move-a-driver", "# move-a-driver", "There is no row `move-a-driver`: write it as"),
        ("read-a-ride:", "read-a-ride", "Mend the YAML first"),
    ],
)
def test_what_cannot_be_judged_is_told_with_the_next_step(old: str, new: str, said: str) -> None:
    seen = verdict(REFERENCE.replace(old, new, 1))

    assert not seen.passed
    assert said in seen.message


@pytest.mark.parametrize("text", ["- GET", "GET", "5", "null"])
def test_another_thing_than_a_table_is_told(text: str) -> None:
    seen = verdict(text)

    assert "is no table: write one line for each row" in seen.message
    assert seen.share == 0


def test_a_word_for_a_row_is_a_table_of_one_column() -> None:
    own = {"judge": "table", "rows": ["a", "404"], "columns": {"answer": ["yes", "no", "maybe"]}}
    made = entry(own, "a: yes\n404: maybe\n")

    assert verdict("404: maybe\na: true", made).passed
    seen = verdict("404: no\na: yes", made)
    assert seen.message == "Row `404`: no does not hold; think it through again. 1 of 2 rows hold."


def test_a_cell_may_be_a_set() -> None:
    made = entry(SCOPES, "read: {scopes: [rides:read, users:read]}\nnobody: {scopes: []}\n")

    assert verdict("read: {scopes: [users:read, rides:read]}\nnobody: {scopes: none}", made).passed
    assert not verdict("read: {scopes: [rides:read]}\nnobody: {scopes: []}", made).passed
    seen = verdict("read: {scopes: [ride:read]}\nnobody: {scopes: []}", made)
    assert 'did you mean "rides:read"?' in seen.message


@pytest.mark.parametrize(
    ("scopes", "step"),
    [
        ("[rides:read, rides:write, users:read]", "one of these words is too many."),
        ("[rides:read]", "one more word belongs to it."),
        ("[users:read]", "think it through again."),
        ("none", "think it through again."),
    ],
)
def test_of_a_set_it_is_said_whether_a_word_is_missing_or_too_many(scopes: str, step: str) -> None:
    made = entry(SCOPES, "read: {scopes: [rides:read, rides:write]}\nnobody: {scopes: none}")
    seen = verdict(f"read: {{scopes: {scopes}}}\nnobody: {{scopes: none}}", made)

    assert f"does not hold; {step} 1 of 2 rows" in seen.message

    seen = verdict("read: {scopes: [rides:read, rides:write]}\nnobody: {scopes: users:read}", made)
    assert "Row `nobody`: scopes users:read does not hold; one of these words" in seen.message


def test_a_number_that_is_no_word_gets_the_words_and_no_neighbour() -> None:
    own = {"judge": "table", "rows": ["a"], "columns": {"minutes": ["0", "5", "30"]}}
    seen = verdict("a: {minutes: 10}", entry(own, "a: {minutes: 0}"))

    assert "`10` is none of 0, 5, 30. 0 of 1 row" in seen.message


def test_a_list_is_a_word_of_several_in_any_order() -> None:
    own = {"judge": "table", "rows": ["a"], "columns": {"scopes": ["read write", "read"]}}

    assert verdict("a: {scopes: [write, read]}", entry(own, "a: {scopes: read write}")).passed


def test_cells_of_an_alternative_are_right_too() -> None:
    made = entry(ENTRY, REFERENCE, alternatives={"patched": PATCHED})

    assert verdict(PATCHED, made).passed
    assert verdict(REFERENCE, made).passed


def test_no_right_word_ships_in_the_clear() -> None:
    found = YAML.results(Known("a-table", ENTRY, REFERENCE, {}, {}, 7))  # type: ignore[misc]

    assert len(found["right"]) == 9
    assert "GET" not in str(found)


def test_a_right_answer_that_is_no_table_is_told_to_its_author() -> None:
    short = REFERENCE.replace("move-a-driver", "# move-a-driver")
    with pytest.raises(KnownWrong, match="other: There is no row"):
        entry(ENTRY, REFERENCE, alternatives={"other": short})
    with pytest.raises(KnownWrong, match="'same' holds"):
        entry(ENTRY, REFERENCE, mistakes={"same": REFERENCE})


def test_mutants_change_every_cell_and_all_are_refused() -> None:
    made = list(YAML.mutants(REFERENCE, ENTRY))
    names = {each.change for each in made}
    passes = YAML.trial(Task("a-table", entry(ENTRY, REFERENCE), 7, 1))  # type: ignore[misc]

    assert len(made) == 3 * (1 + 3 + 1 + 1)
    assert {"without read-a-ride", "read-a-ride, method: GET -> POST"} <= names
    assert passes(REFERENCE)
    assert not any(passes(each.text) for each in made)


def test_mutants_of_a_set_add_and_drop_a_member() -> None:
    reference = "read: {scopes: [rides:read, users:read]}\nnobody: {scopes: []}\n"
    found = {each.change: yaml.safe_load(each.text) for each in YAML.mutants(reference, SCOPES)}

    assert found["read, scopes: without rides:read"]["read"] == {"scopes": ["users:read"]}
    assert found["nobody, scopes: with rides:write"]["nobody"] == {"scopes": ["rides:write"]}
    assert len(found) == 8


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"rows": ["a", "a"]}, "no two alike"),
        ({"columns": {"answer": ["x"], "other": ["x"]}}, "stands alone"),
        ({"columns": {"method": "GET"}}, "wanted its words as a list of texts"),
        ({"said": {"read-a-rid.method.GET": "No."}}, 'did you mean "read-a-ride.method"?'),
    ],
)
def test_keys_that_do_not_fit_are_told_to_their_author(own: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in YAML.problems({**ENTRY, **own}))
    assert not list(YAML.problems(ENTRY))


def test_keys_are_required_only_by_the_check_that_has_them() -> None:
    assert list(YAML.problems({"judge": "table"})) == ["'rows' is missing", "'columns' is missing"]
    assert not list(YAML.problems({"judge": "migration"}))


def test_a_mistake_is_named_only_where_its_rows_are_wrong_in_its_way() -> None:
    other = verdict(REFERENCE.replace("PUT, safe: no", "PATCH, safe: yes"))

    assert (other.passed, other.mistake) == (False, None)
    assert "method PATCH does not hold" in other.message


def test_a_table_that_cannot_be_judged_to_its_end_does_not_earn_everything() -> None:
    seen = verdict(REFERENCE + "one-row-more: {method: GET}\n")

    assert seen.share == pytest.approx(2 / 3)
    assert seen.message == "No row is called `one-row-more`: take the names of the task."


@pytest.mark.parametrize("written", ["rides:read users:read", "users:read, rides:read"])
def test_a_set_may_be_written_as_a_text(written: str) -> None:
    own = {**SCOPES, "rows": ["read"]}
    made = entry(own, "read: {scopes: [rides:read, users:read]}")

    assert verdict(f"read:\n  scopes: {written}", made).passed


def test_what_yaml_reads_otherwise_in_a_set_is_told() -> None:
    own = {**SCOPES, "rows": ["read"]}
    made = entry(own, "read: {scopes: [rides:read, users:read]}")

    told = verdict("read: {scopes: [rides: read]}", made).message
    assert "`rides: read` is no word; behind its colon stands no space" in told
    told = verdict("read: {scopes: rides:read, users:read}", made).message
    assert "put several words of one cell in brackets" in told


def test_a_status_code_may_have_its_name_behind_it() -> None:
    assert verdict(REFERENCE.replace("201", "201 Created")).passed
    assert not verdict(REFERENCE.replace("201", "201 and more 3")).passed


def test_a_space_that_is_missing_behind_colons_is_named() -> None:
    seen = verdict("read-a-ride:GET\nask-for-a-ride:POST\n")

    assert (
        "Behind the colon of `read-a-ride:` stands no space: write `read-a-ride: {" in seen.message
    )


def test_columns_are_asked_for_in_the_order_of_the_task() -> None:
    made = entry(ENTRY, REFERENCE)
    shipped = {**made, "columns": dict(sorted(ENTRY["columns"].items(), reverse=True))}

    seen = verdict(
        REFERENCE.replace("read-a-ride: {method: GET, safe: yes, status: 200}", ""), shipped
    )

    assert "write it as `read-a-ride: {method: ..., safe: ..., status: ...}`" in seen.message
