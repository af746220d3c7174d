"""Three style guides: every rule true to its number and link, kept and broken by small contracts."""

import json
import os
from functools import cache
from pathlib import Path
from time import monotonic

import pytest
import yaml

from ridealong.systems.contract import style
from ridealong.systems.contract.document import Document, load
from ridealong.systems.contract.style_checks import CHECKS, in_case, is_plural, plural_of, words_of

CORPUS = Path(
    os.environ.get("RIDEALONG_CORPUS", Path(__file__).parents[4] / "shared" / "corpus"), "openapi"
)
"""Public contracts that nobody here wrote; they lie beside the repository, if anywhere."""
CASES = yaml.safe_load(Path(__file__).with_name("style_cases.yaml").read_text(encoding="utf-8"))
HOSTS = {
    "google": "https://google.aip.dev/",
    "azure": "https://github.com/microsoft/api-guidelines/",
    "zalando": "https://opensource.zalando.com/restful-api-guidelines/",
}
RULES = [(guide, rule) for guide in style.GUIDES for rule in style.published(guide).rules]
KEEPING = [
    pytest.param(guide, number, case["keeps"], id=f"{guide} {number}")
    for guide in style.GUIDES
    for number, case in CASES[guide]["rules"].items()
]
BREAKING = [
    pytest.param(guide, number, broken, id=f"{guide} {number} {at}")
    for guide in style.GUIDES
    for number, case in CASES[guide]["rules"].items()
    for at, broken in enumerate(case["breaks"])
]


def merged(target: object, patch: object) -> object:
    """Return a target changed by a patch, as JSON Merge Patch (RFC 7396, section 2) says."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def contract(guide: str, patch: object) -> Document:
    return load(json.dumps(merged(CASES[guide]["minimal"], patch), indent=1))


@cache
def minimal(guide: str) -> Document:
    return contract(guide, {})


@pytest.mark.parametrize("guide", style.GUIDES)
def test_a_minimal_contract_breaks_nothing(guide: str) -> None:
    assert style.judged(minimal(guide), guide) == []


def test_every_rule_has_a_contract_that_keeps_it_and_one_that_breaks_it() -> None:
    for guide in style.GUIDES:
        assert set(CASES[guide]["rules"]) == {rule.number for rule in style.published(guide).rules}
        assert all(case["breaks"] for case in CASES[guide]["rules"].values())


@pytest.mark.parametrize(("guide", "number", "patch"), KEEPING)
def test_a_contract_keeps_the_rule(guide: str, number: str, patch: object) -> None:
    document = contract(guide, patch)
    assert style.judged(document, guide) == []
    assert number in [rule.number for rule in style.consistency(document, guide).kept]


@pytest.mark.parametrize(("guide", "number", "case"), BREAKING)
def test_a_contract_breaks_the_rule_and_no_other(
    guide: str, number: str, case: dict[str, object]
) -> None:
    document = contract(guide, case["merge"])
    found = style.judged(document, guide)
    assert {finding.rule for finding in found} == {number, *case.get("also", ())}
    own = [finding for finding in found if finding.rule == number]
    assert any(str(case["seen"]) in finding.seen for finding in own), [each.seen for each in own]
    for finding in found:
        assert finding.wanted
        assert "\n" not in str(finding)
        document.at(f"#{finding.place}")  # a LookupError where nothing stands there
        assert 1 < finding.line <= document.text.count("\n") + 1


def test_every_check_of_every_rule_is_broken_by_some_contract() -> None:
    broken = {
        (guide, rule.number, check.question)
        for guide in style.GUIDES
        for number, case in CASES[guide]["rules"].items()
        for each in case["breaks"]
        for rule in style.published(guide).rules
        if rule.number == number
        for check in rule.checks
        if any(
            not site.kept
            for site in CHECKS[check.name](
                style.View(contract(guide, each["merge"])), **check.options
            )
        )
    }
    every = {(guide, rule.number, check.question) for guide, rule in RULES for check in rule.checks}
    assert every == broken


@pytest.mark.parametrize("guide", style.GUIDES)
def test_each_guide_has_rules_with_numbers_of_their_own(guide: str) -> None:
    numbers = [rule.number for rule in style.published(guide).rules]
    assert len(numbers) >= 15
    assert len(numbers) == len(set(numbers))


def test_every_rule_says_where_it_stands_and_how_strong_it_is() -> None:
    for guide, rule in RULES:
        bare = rule.number.removeprefix("AIP-").removeprefix("#")
        assert rule.link.startswith(HOSTS[guide])
        assert rule.link.endswith(bare)
        assert rule.title
        assert rule.says.endswith(".")
        for check in rule.checks:
            assert check.strength in {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT"}


def test_every_check_is_used_and_answers_a_known_question() -> None:
    checks = [(guide, check) for guide, rule in RULES for check in rule.checks]
    assert {check.name for _, check in checks} == set(CHECKS)
    known = {question.key: question for question in style.questions()}
    for guide, check in checks:
        assert guide in known[check.question].answers


def test_a_dispute_has_at_least_two_different_answers_with_their_sources() -> None:
    conflicts = style.conflicts()
    assert len(conflicts) >= 20
    for question in conflicts:
        assert question.text.endswith("?")
        assert len({answer.short for answer in question.answers.values()}) > 1
        for guide, answer in question.answers.items():
            assert answer.link.startswith(HOSTS[guide])
            assert answer.strength in {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}
            assert answer.says.endswith(".")


def test_what_the_guides_agree_on_is_no_dispute() -> None:
    known = {question.key: question for question in style.questions()}
    for key in ("plural", "id-type", "invalid-input", "top-level"):
        assert not known[key].disputed
        assert known[key].silent == ()
    assert known["rate-limit"].silent == ("google", "azure")
    assert known["property-case"].answers["google"].short == "camelCase"
    assert known["property-case"].answers["zalando"].short == "snake_case"


def test_the_same_contract_fares_differently_under_each_guide() -> None:
    document = contract(
        "zalando",
        {
            "paths": {
                "/rides/{ride}": {"delete": {"responses": {"204": {"description": "Gone."}}}},
                "/rides/{ride}:cancel": {
                    "post": {
                        "parameters": CASES["zalando"]["minimal"]["paths"]["/rides/{ride}"][
                            "parameters"
                        ],
                        "responses": {"200": {"description": "Cancelled."}},
                    }
                },
            }
        },
    )
    rows = {row.question: row.cells for row in style.matrix(document)}
    cells = rows["action-path"]
    assert [str(cells[guide]) for guide in style.GUIDES] == ["kept", "kept", "1 of 3 broken"]
    cells = rows["delete-answer"]
    assert [str(cells[guide]) for guide in style.GUIDES] == ["1 of 1 broken", "kept", "kept"]
    assert str(rows["security"]["google"]) == "silent"
    assert str(rows["top-level"]["google"]) == "not judged"
    assert rows["paging"]["zalando"].rules == ("#159", "#161")
    assert str(rows["money"]["google"]) == "not met"
    broken = {guide: sum(cells[guide].broken for cells in rows.values()) for guide in style.GUIDES}
    assert broken == {guide: len(style.judged(document, guide)) for guide in style.GUIDES}


def test_consistency_counts_the_rules_that_a_contract_met() -> None:
    document = contract("zalando", CASES["zalando"]["rules"]["#118"]["breaks"][0]["merge"])
    found = style.consistency(document, "zalando")
    assert [rule.number for rule in found.broken] == ["#118"]
    assert "#173" in [rule.number for rule in found.not_met]
    assert len(found.kept) + len(found.broken) + len(found.not_met) == len(
        style.published("zalando").rules
    )
    assert found.share == len(found.kept) / (len(found.kept) + 1)
    assert style.consistency(minimal("zalando"), "zalando").share == 1


def test_a_contract_that_meets_no_rule_keeps_nothing() -> None:
    empty = load('{"openapi": "3.1.0", "info": {"title": "Rides", "version": "1"}, "paths": {}}')
    assert style.judged(empty, "google") == []
    assert style.consistency(empty, "google").share == 0


def test_an_unknown_guide_is_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match='did you mean "google".*google, azure, zalando'):
        style.judged(minimal("google"), "gogle")


def test_what_holds_itself_is_judged_once() -> None:
    ride = {"properties": {"next_ride": {"$ref": "#/components/schemas/Ride"}}}
    document = contract("google", {"components": {"schemas": {"Ride": ride}}})
    assert [finding.rule for finding in style.judged(document, "google")] == ["AIP-127"]


@pytest.mark.parametrize("paths", [1_000, pytest.param(10_000, marks=pytest.mark.weekly)])
def test_many_paths_are_judged_in_time(paths: int) -> None:
    item = CASES["zalando"]["minimal"]["paths"]["/rides/{ride}"]
    document = contract(
        "zalando", {"paths": {f"/rides/{{ride}}/stops{at}": item for at in range(paths)}}
    )
    for guide in style.GUIDES:
        began = monotonic()
        style.judged(document, guide)
        assert monotonic() - began < 10


@pytest.mark.parametrize("guide", style.GUIDES)
@pytest.mark.skipif(
    not CORPUS.is_dir(),
    reason="no public contracts: set RIDEALONG_CORPUS to the folder that has `openapi`",
)
def test_public_contracts_are_judged_in_time(guide: str) -> None:
    documents = [load(path.read_text(encoding="utf-8")) for path in sorted(CORPUS.iterdir())]
    found = []
    for document in documents:
        began = monotonic()
        found.append(style.judged(document, guide))
        assert monotonic() - began < 10
    assert len(found) >= 8
    assert sum(len(each) > 0 for each in found) >= 7
    for finding in (each for findings in found for each in findings[:20]):
        assert "\n" not in str(finding)


@pytest.mark.parametrize(
    ("name", "words", "camel", "snake"),
    [
        ("driverPhone", ["driver", "phone"], "driverPhone", "driver_phone"),
        ("driver_phone", ["driver", "phone"], "driverPhone", "driver_phone"),
        (
            "vehicleVINNumber",
            ["vehicle", "vin", "number"],
            "vehicleVinNumber",
            "vehicle_vin_number",
        ),
        ("X-City", ["x", "city"], "xCity", "x_city"),
    ],
)
def test_names_are_rewritten_by_their_words(
    name: str, words: list[str], camel: str, snake: str
) -> None:
    assert words_of(name) == words
    assert in_case(name, "camel") == camel
    assert in_case(name, "snake") == snake


@pytest.mark.parametrize(
    "name", ["rides", "driver-locations", "people", "addresses", "data", "self", "apis", "menus"]
)
def test_plurals_are_known(name: str) -> None:
    assert is_plural(name)


@pytest.mark.parametrize(
    "name", ["ride", "driver-location", "status", "address", "person", "analysis"]
)
def test_singulars_are_known(name: str) -> None:
    assert not is_plural(name)


def test_plurals_are_made() -> None:
    assert [plural_of(name) for name in ("ride", "city", "day", "address", "branch")] == [
        "rides",
        "cities",
        "days",
        "addresses",
        "branches",
    ]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("createdAt", "createTime"),
        ("created_at", "create_time"),
        ("dateCreated", "createTime"),
        ("completed_at", "complete_time"),
        ("cancelledAt", "cancelTime"),
        ("acceptedAt", "acceptTime"),
        ("arrived_at", "arrive_time"),
        ("expirationDate", "expirationTime"),
    ],
)
def test_google_names_a_time_in_the_imperative(name: str, wanted: str) -> None:
    ride = {"properties": {name: {"type": "string", "format": "date-time"}}}
    document = contract("google", {"components": {"schemas": {"Ride": ride}}})
    assert f"`{wanted}`" in [
        finding.wanted for finding in style.judged(document, "google") if finding.rule == "AIP-142"
    ]


@pytest.mark.parametrize(
    ("name", "schema", "wanted"),
    [
        ("created", {"type": "string", "format": "date-time"}, "`created_at`"),
        ("givenname", {"type": "string"}, None),
        ("given_name", {"type": "string"}, "`first_name`"),
        ("zipCode", {"type": "string"}, "`zip`"),
        ("price", {"type": "number", "format": "decimal"}, "an object of `amount` and `currency`"),
    ],
)
def test_zalando_s_names_are_told_in_zalando_s_case(
    name: str, schema: dict[str, str], wanted: str | None
) -> None:
    ride = {"properties": {name: schema}}
    document = contract("zalando", {"components": {"schemas": {"Ride": ride}}})
    found = [
        finding.wanted
        for finding in style.judged(document, "zalando")
        if finding.rule in {"#173", "#235", "#249"}
    ]
    assert found == ([wanted] if wanted else [])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/rides/{ride}/accept"),
        ("post", "/rides/{ride}/start"),
        ("post", "/rides/accept"),
        ("get", "/getRide"),
        ("post", "/rides/{ride}/rate-driver"),
    ],
)
def test_a_path_that_ends_in_a_verb_is_an_action(method: str, path: str) -> None:
    assert "#141" in [finding.rule for finding in _one_operation(method, path)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/rate-limits"),
        ("post", "/rides/{ride}/cancellations"),
        ("get", "/search"),
        ("get", "/rides/{ride}/track"),
        ("post", "/quotes"),
        ("get", "/users/self"),
    ],
)
def test_a_path_of_nouns_is_no_action(method: str, path: str) -> None:
    assert "#141" not in [finding.rule for finding in _one_operation(method, path)]


def _one_operation(method: str, path: str) -> list[style.Finding]:
    operation = {"responses": {"204": {"description": "Done."}}}
    if "{ride}" in path:
        item = CASES["zalando"]["minimal"]["paths"]["/rides/{ride}"]
        operation["parameters"] = item["parameters"]
    return style.judged(contract("zalando", {"paths": {path: {method: operation}}}), "zalando")
