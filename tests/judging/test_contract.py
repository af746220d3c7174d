"""A contract as an answer: its verdict, its known mistakes, its mutants."""

import re
from pathlib import Path
from typing import Any

import pytest

from ridealong.answer import Answer
from ridealong.judging import Worker, _is_untouched, contract
from ridealong.judging.kind import Known, KnownWrong, Task, digest_of_starter
from ridealong.judging.kinds import KINDS
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
REFERENCE = (Path(__file__).parent / "contracts/four_operations.yaml").read_text("utf-8")
ENTRY = {
    "judge": "contract",
    "operations": [["create_ride"], ["read_ride"], ["change_ride"], ["list_rides"]],
    "left_out": ["read-unchanged", "change-with-an-old-tag"],
}
MISTAKES = {
    "dropoff-optional": REFERENCE.replace(
        "required: [pickup_location, dropoff_location]", "required: [pickup_location]"
    ),
    "history-open": REFERENCE.replace("minimum: 1, maximum: 100", "minimum: 1"),
    "created-as-200": REFERENCE.replace("'201':", "'200':", 1),
    "no-history": REFERENCE.replace("/users/{user_id}/rides:", "/people/{user_id}/rides:"),
}


def verdict(text: str, **entry: Any) -> Verdict:
    task = Task("ride-contract", {**ENTRY, **entry}, 7, 1)
    return YAML.judge(task, Answer("ride_contract", "yaml", text), Worker())


def test_a_right_contract_holds_and_says_what_it_notices() -> None:
    seen = verdict(REFERENCE)

    assert seen.passed
    assert "describes what the service answers" in seen.message
    assert all(each.held for each in seen.properties)
    assert len(seen.properties) > 50


def test_known_mistakes_are_recognised_by_what_they_overlook() -> None:
    known = Known("ride-contract", ENTRY, REFERENCE, {}, MISTAKES, 7)
    results = YAML.results(known)  # type: ignore[misc]
    told = [
        {"name": name, "message": f"This is {name}.", "results": found}
        for name, found in results["mistakes"].items()
    ]

    for name, text in MISTAKES.items():
        seen = verdict(text, mistakes=told)
        assert (seen.mistake, seen.message) == (name, f"This is {name}.")


def test_an_alternative_that_fails_is_told_to_its_author() -> None:
    known = Known("ride-contract", ENTRY, REFERENCE, {"other": MISTAKES["history-open"]}, {}, 7)

    with pytest.raises(KnownWrong, match="alternative 'other' does not hold"):
        YAML.results(known)  # type: ignore[misc]


def test_a_contract_that_overlooks_little_earns_a_part() -> None:
    seen = verdict(MISTAKES["history-open"])

    assert not seen.passed
    assert "at GET /users/{user_id}/rides: A page of 1,000 rides is taken" in seen.message
    assert 0.9 < seen.share < 1
    assert verdict(MISTAKES["created-as-200"]).share == 0
    assert verdict(MISTAKES["no-history"]).share == 0


@pytest.mark.parametrize(
    ("old", "new", "leak"),
    [
        ("security:\n  - bearer: []\n", "", "without any credentials"),
        ("requested_at]\n      additionalProperties: false", "requested_at]", "card"),
        ("        rider: {type: [object, 'null']}\n",
         "        rider: {type: [object, 'null']}\n        card_number: {type: string}\n", "card"),
    ],
)  # fmt: skip
def test_a_contract_that_lets_a_leak_pass_earns_half_at_most(old: str, new: str, leak: str) -> None:
    seen = verdict(REFERENCE.replace(old, new))

    assert any(leak in each.name for each in seen.properties if not each.held)
    assert 0.4 < seen.share <= 0.5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("responses:", "reponses:", "responses"),
        ("openapi: 3.1.0", "openapi: 3.1", "3.1.0"),
        ("  /rides:", "\t/rides:", "line 6"),
    ],
)
def test_what_is_no_contract_is_told_by_its_line(old: str, new: str, said: str) -> None:
    seen = verdict(REFERENCE.replace(old, new, 1))

    assert not seen.passed
    assert said in seen.message
    assert len(seen.message) < 500


def test_own_words_are_given_in_a_comment() -> None:
    own = REFERENCE.replace("pickup_location", "start_zone")

    assert not verdict(own).passed
    assert verdict('# names: {"pickup_location": "start_zone"}\n' + own).passed
    assert "# names:" in verdict("# names: rides\n" + own).message


@pytest.mark.parametrize("nth", [7, pytest.param(1, marks=pytest.mark.weekly)])
def test_every_change_of_a_right_contract_is_refused(nth: int) -> None:
    made = list(YAML.mutants(REFERENCE, ENTRY))
    passes = YAML.trial(Task("ride-contract", ENTRY, 7, 1))  # type: ignore[misc]

    assert len(made) > 150
    assert [each.change for each in made[::nth] if passes(each.text)] == []
    assert len({each.change for each in made}) == len(made)


def test_an_operation_that_does_not_exist_is_told_to_the_author() -> None:
    told = list(YAML.problems({**ENTRY, "operations": [["create_rides"]]}))

    assert len(told) == 1
    assert "unknown operation 'create_rides'; did you mean" in told[0]


def test_more_differences_are_counted_as_what_they_are() -> None:
    seen = verdict(REFERENCE.replace("application/problem+json", "application/json"))

    assert re.search(r"\(\d+ more differences\)$", seen.message)


def test_the_lines_that_were_given_are_no_answer() -> None:
    given = REFERENCE.partition("paths:")[0]
    entry = {**ENTRY, "kind": "yaml", "starter": digest_of_starter(given, "#")}
    untouched = "# Your answer:\n" + given + "\n\n  # a note of my own\n"

    assert digest_of_starter("", "#") == digest_of_starter("# Your answer:\n", "#") == ""
    assert _is_untouched(Answer("ride_contract", "yaml", untouched), entry)
    assert not _is_untouched(Answer("ride_contract", "yaml", REFERENCE), entry)
    assert not _is_untouched(Answer("ride_contract", "yaml", untouched), ENTRY)


def test_a_mistake_is_named_only_when_all_of_it_is_there() -> None:
    status = "cancelled]}\n        pickup"
    any_text = re.sub(r"status: \{enum: \[requested[^}]*\}", "status: {type: string}", REFERENCE)
    known = Known("ride-contract", ENTRY, REFERENCE, {}, {"any-text": any_text}, 7)
    found = YAML.results(known)["mistakes"]["any-text"]  # type: ignore[misc]
    told = [{"name": "any-text", "message": "Any text is a status.", "results": found}]

    assert verdict(any_text, mistakes=told).mistake == "any-text"
    one_more = verdict(
        REFERENCE.replace(status, "cancelled, no_show]}\n        pickup"), mistakes=told
    )
    assert one_more.mistake is None
    assert "as with no_show: " in one_more.message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("requested_at]\n      additionalProperties", "requested_at]\n      additionalproperties",
         "`additionalproperties` is no keyword of a schema and does nothing; `additionalProperties` is one"),
        ("      required: [ride_id, status, pickup", "      require: [ride_id, status, pickup",
         "`require` is no keyword of a schema and does nothing; `required` is one"),
    ],
)  # fmt: skip
def test_a_keyword_that_does_nothing_is_told_behind_what_it_costs(
    old: str, new: str, told: str
) -> None:
    text = REFERENCE.replace(old, new)
    before = text.partition(told.split("`")[1] + ":")[0]
    line = before.count("\n") + 1

    seen = verdict(text)

    assert "broken services keep to your contract" in seen.message
    assert seen.message.endswith(f". Line {line}: {told}")
    assert ".." not in seen.message
    assert "does nothing" not in verdict(REFERENCE.replace("maximum: 100", "maximum: 1000")).message


@pytest.mark.parametrize("wide", ["default", "4XX"])
def test_a_code_that_stands_for_many_is_told_to_be_left_out(wide: str) -> None:
    seen = verdict(REFERENCE.replace("'403':", f"{wide}:"))

    assert seen.message.endswith(
        f" `{wide}` takes more codes than one: leave it out and name each code"
    )
    assert "leave it out" not in verdict(MISTAKES["history-open"]).message


def test_a_method_too_few_is_told_with_those_that_are_there() -> None:
    seen = verdict(REFERENCE.replace("    patch:", "    put:"))

    assert "the contract has GET and PUT at /rides/{ride_id} and no PATCH" in seen.message
    assert "under `patch`" in seen.message


def test_a_path_that_is_missing_is_told_with_its_own_words() -> None:
    assert '# names: {"/users/{user_id}/rides": ' in verdict(MISTAKES["no-history"]).message


def test_a_code_too_many_is_told() -> None:
    more = "        '403': {$ref: '#/components/responses/Error'}\n"
    seen = verdict(REFERENCE.replace(more, more + more.replace("403", "409")))

    assert "1 of " in seen.message
    assert "keeps to your contract" in seen.message
    assert "It is at POST /rides: Some requests are answered with 409" in seen.message
    assert 0.9 < seen.share < 1


def test_a_code_may_be_left_out_by_an_author() -> None:
    assert list(YAML.problems({**ENTRY, "left_out": ["another-404"]})) == []
    assert len(list(YAML.problems({**ENTRY, "left_out": ["another-4O4"]}))) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("$ref: '#/components/schemas/NewRide'", "$ref: #/components/schemas/NewRide", "`#` stands a comment"),
        ("status: {enum: [requested", "status: [requested", "`enum: [...]`"),
    ],
)  # fmt: skip
def test_a_trap_of_yaml_is_told_with_its_way_out(old: str, new: str, said: str) -> None:
    text = REFERENCE.replace(old, new)
    if "#/components/schemas/NewRide" in new:
        text = REFERENCE.replace("schema: {" + old + "}", "schema:\n              " + new)
    else:
        text = re.sub(r"(status: \[requested[^\]]*\])\}", r"\1", text)

    assert said in verdict(text).message


def test_the_back_end_starts_while_the_contract_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    load, recorded = contract.load, contract.recorded
    monkeypatch.setattr(contract, "begin", lambda: done.append("begun"))
    monkeypatch.setattr(contract, "load", lambda text: done.append("read") or load(text))
    monkeypatch.setattr(contract, "recorded", lambda: done.append("recorded") or recorded())

    assert contract.judged("ride-contract", ENTRY, REFERENCE).passed
    assert done == ["begun", "read", "recorded"]
