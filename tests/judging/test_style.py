"""A contract held to the guide that its author picks: verdict, share, mistakes, mutants."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ridealong.answer import Answer
from ridealong.judging import Worker
from ridealong.judging.kind import Known, Task
from ridealong.judging.kinds import KINDS
from ridealong.judging.style import draft
from ridealong.systems.contract.style import GUIDES
from ridealong.verdict import Verdict

YAML = KINDS["yaml"]
ENTRY = {"judge": "style", "draft": "three_hands"}
FOLDER = Path(__file__).parent / "contracts"
RIGHT = {guide: (FOLDER / f"trips_{guide}.yaml").read_text("utf-8") for guide in GUIDES}
DRAFT = draft("three_hands")


def verdict(text: str, **entry: Any) -> Verdict:
    task = Task("consistent-contract", {**ENTRY, **entry}, 7, 1)
    return YAML.judge(task, Answer("consistent_contract", "yaml", text), Worker())


def picked(text: str, guide: str) -> str:
    return text.replace("openapi: 3.1.0\n", f"openapi: 3.1.0\nx-style-guide: {guide}\n")


@pytest.mark.parametrize("guide", GUIDES)
def test_a_contract_holds_under_the_guide_it_picks_and_under_no_other(guide: str) -> None:
    seen = verdict(RIGHT[guide])

    assert seen.passed
    assert all(each.held for each in seen.properties)
    for other in GUIDES:
        if other != guide:
            assert not verdict(RIGHT[guide].replace(f"guide: {guide}", f"guide: {other}")).passed


@pytest.mark.parametrize(("guide", "count"), [("google", 9), ("azure", 16), ("zalando", 14)])
def test_the_draft_breaks_rules_of_each_guide_and_earns_nothing(guide: str, count: int) -> None:
    seen = verdict(picked(DRAFT, guide))

    assert not seen.passed
    assert f"{count} rules are not kept" in seen.message
    assert "https://" in seen.message
    assert seen.share == 0


def test_one_rule_that_is_left_earns_most() -> None:
    seen = verdict(RIGHT["zalando"].replace("pickup_zone", "pickupZone"))

    assert "one rule is not kept" in seen.message
    assert "#118 wants `pickup_zone`" in seen.message
    assert 0.9 < seen.share < 1
    assert [each.name[:4] for each in seen.properties if not each.held] == ["#118"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DRAFT, "does not say which guide"),
        (picked(DRAFT, "zalandoo"), 'did you mean "zalando"'),
        (RIGHT["zalando"].replace("responses:", "reponses:", 1), "responses"),
        (RIGHT["zalando"].split("  /rider-trips/{trip_id}")[0], "components"),
    ],
)
def test_what_cannot_be_held_against_a_guide_is_told(text: str, said: str) -> None:
    seen = verdict(text)

    assert said in seen.message
    assert (seen.passed, seen.share) == (False, 0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("        dropoff_zone: {type: string}\n", "", "keeps them all"),
        ("        - {name: cursor, in: query, schema: {type: string}}\n", "", "#159"),
        ("        requested_at: {type: string, format: date-time}\n", "", "a trip has 5 fields"),
    ],
)
def test_what_the_draft_says_has_to_stay(old: str, new: str, said: str) -> None:
    assert said in verdict(RIGHT["zalando"].replace(old, new)).message


POST_CANCEL = "cancellations:\n    post:"
VALUES = "enum: [WAITING, ON_THE_WAY, OVER]"


def test_cancelling_that_only_reads_is_missed() -> None:
    assert POST_CANCEL in RIGHT["zalando"]
    text = RIGHT["zalando"].replace(POST_CANCEL, POST_CANCEL.replace("post", "get"))

    assert "2 operations that change something and your contract 1" in verdict(text).message


def test_a_trip_in_the_list_keeps_its_fields() -> None:
    text, item = RIGHT["zalando"], "items: {$ref: '#/components/schemas/Trip'}"
    assert item in text
    thin = text.replace(item, "items: {type: object, properties: {trip_id: {type: string}}}")

    assert "a trip in the list has 5 fields in the draft and 1" in verdict(thin).message


def test_an_enumeration_keeps_its_values_and_may_be_open() -> None:
    text = RIGHT["zalando"]
    assert VALUES in text

    assert "3 values in the draft and 1" in verdict(text.replace(VALUES, "enum: [OVER]")).message
    assert verdict(text.replace("enum: [WAITING", "x-extensible-enum: [WAITING")).passed
    assert verdict(text.replace("enum: [WAITING", "examples: [WAITING")).passed
    small = text.replace(VALUES, "examples: [waiting, on_the_way, over]")
    assert "How are values of an enumeration written" in verdict(small).message


def test_an_operation_that_is_left_out_is_missed() -> None:
    text = RIGHT["zalando"]
    start = text.index("  /rider-trips/{trip_id}/cancellations")
    without = text[:start] + text[text.index("components:") :]

    assert "3 operations and your contract 2" in verdict(without).message


CANCEL = "/rider-trips/{trip_id}/cancellations"
SUMMARY = "summary: Cancel a trip before the pickup"
DONE = (
    "        '201':\n          description: The trip, cancelled.",
    "        '200':\n          description: The trip.",
)
PROBLEM = RIGHT["zalando"][
    RIGHT["zalando"].index("          schema:\n            type: object\n            properties:\n              title")
    : RIGHT["zalando"].index("  schemas:\n    NewTrip")
]  # fmt: skip
ZALANDO_ID, ID = "        trip_id: {type: string}\n", "        tripId: {type: string}\n"
LIST = "riderTrips: {type: array"


def changed(guide: str, *changes: tuple[str, str]) -> str:
    text = RIGHT[guide]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def as_method(method: str, body: str = "") -> tuple[tuple[str, str], tuple[str, str]]:
    taken = f"\n      requestBody: {{content: {{{body}}}}}" if body else ""
    written = f"    {method}:\n      summary: Change a trip{taken}"
    return (f"    post:\n      {SUMMARY}", written), DONE


def merge_patch(schema: str) -> str:
    return f"application/merge-patch+json: {{schema: {schema}}}"


@pytest.mark.parametrize(
    ("guide", "changes", "said"),
    [
        ("zalando", [(PROBLEM, "          example: {title: No zone}\n")], "with no schema; #176 wants"),
        ("zalando", [(PROBLEM, "          schema: {}\n")], "with a schema that says nothing; #176"),
        ("zalando", [(PROBLEM, "          schema: true\n")], "with a schema that says nothing; #176"),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}/ratings")],
         "the way to `cancel` has gone: the draft has `POST /v1/rider_trips/{tripId}/cancel`"),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}/passengers"), (SUMMARY, "summary: Add a passenger")],
         "(`POST /rider-trips/{trip_id}/passengers` does something else)"),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}"),
                     *as_method("patch", merge_patch("{properties: {pickup_zone: {type: string}}}"))],
         "(`PATCH /rider-trips/{trip_id}` does something else)"),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}/ratings"), *as_method("delete")], "way to `cancel`"),
        ("google", [(":cancel", ":rate")], "the way to `cancel` has gone"),
        ("azure", [(":cancel", ":board"), (SUMMARY, "summary: Board the car")], "way to `cancel`"),
        ("google", [(LIST, "rides: {type: array")],
         "`GET /v1/riderTrips` holds its resources in `rides`; AIP-132 wants `riderTrips`"),
        ("google", [(LIST, "items: {type: array")], "AIP-132 wants `riderTrips`, as the path calls them"),
        ("google", [(LIST, "data: {type: array")], "in `data`; AIP-132 wants"),
        ("zalando", [(ZALANDO_ID, "        number: {type: string}\n")],
         "the id of a trip has gone: it is `trip_id` in the draft"),
        ("google", [(ID, "        tripNo: {type: string}\n")], "If `tripNo` is it, call it an id"),
        ("azure", [(ID, "        key: {type: integer}\n        seats: {type: integer}\n")],
         "If `key` is it, call it an id"),
        ("zalando", [("items: {$ref: '#/components/schemas/Trip'}",
                      ("items: {type: object, properties: {number: {type: string}, status: {type: string, "
                      "enum: [WAITING, ON_THE_WAY, OVER]}, pickup_zone: {type: string}, dropoff_zone: "
                      "{type: string}, requested_at: {type: string, format: date-time}}}"))],
         "the id of a trip in the list has gone"),
        ("zalando", [("application/json: {schema: {$ref: '#/components/schemas/Trip'}}",
                      "application/json: {}")],
         "the 201 of `POST /rider-trips` has JSON in it and does not say which"),
    ],
)  # fmt: skip
def test_what_hides_behind_another_name_is_told_as_what_it_is(
    guide: str, changes: list[tuple[str, str]], said: str
) -> None:
    assert said in verdict(changed(guide, *changes)).message


@pytest.mark.parametrize(
    ("guide", "changes"),
    [
        ("zalando", [(PROBLEM, "          schema: {allOf: [{properties: {title: {type: string}}}]}\n")]),
        ("zalando", [(PROBLEM, "          schema: {$ref: '#/components/schemas/Wrong'}\n"),
                     ("  schemas:\n    NewTrip", "  schemas:\n    Wrong: {type: object}\n    NewTrip")]),
        ("zalando", [("application/problem+json:", "application/problem+json; charset=utf-8:")]),
        ("zalando", [(CANCEL, "/trip-cancellations"), ("name: trip_id, in: path", "name: trip_id, in: query")]),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}/withdrawals"), (SUMMARY, "summary: Take it back")]),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}/state-changes"), (SUMMARY, "summary: Change it")]),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}/no-shows")]),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}/cancellation"), *as_method("put")]),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}"), *as_method("delete")]),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}"),
                     *as_method("patch", merge_patch("{$ref: '#/components/schemas/Trip'}"))]),
        ("zalando", [(CANCEL, "/rider-trips/{trip_id}"),
                     *as_method("patch", "application/json-patch+json: {schema: {type: array}}")]),
        ("zalando", [("pickup_zone", "from_zone"), ("dropoff_zone", "to_zone")]),
        ("google", [(LIST, "trips: {type: array")]),
        ("google", [("/v1/riderTrips", "/v1/trips")]),
        ("google", [("/v1/riderTrips", "/v1/history")]),
        ("google", [(":cancel", ":cancelTrip")]),
        ("google", [(":cancel", ":end")]),
        ("google", [(ID, "        name: {type: string}\n")]),
        ("google", [(ID, f"{ID}        passengerCount: {{type: integer}}\n        tripNumber: {{type: string}}\n")]),
        ("google", [("    Trip:\n      type: object\n      properties:\n" + ID,
                     ("    Named: {type: object, properties: {tripId: {type: string}}}\n    Trip:\n"
                     "      allOf: [{$ref: '#/components/schemas/Named'}]\n      properties:\n"))]),
        ("azure", [("/rider-trips", "/riderTrips")]),
        ("azure", [(ID, "        id: {type: string}\n")]),
        ("azure", [(ID, "        tripUuid: {type: string, format: uuid}\n")]),
        ("azure", [(ID, "        trip: {type: string}\n        seats: {type: integer}\n")]),
        ("azure", [(":cancel", ":abort"), (SUMMARY, "summary: Stop it before the pickup")]),
    ],
)  # fmt: skip
def test_a_matter_may_be_brought_into_another_form(
    guide: str, changes: list[tuple[str, str]]
) -> None:
    seen = verdict(changed(guide, *changes))

    assert seen.passed, seen.message


def test_an_error_without_a_schema_is_not_taken_for_one_of_plain_json() -> None:
    mistakes = {"plain": RIGHT["zalando"].replace("application/problem+json", "application/json")}
    known = Known("consistent-contract", ENTRY, RIGHT["zalando"], {}, mistakes, 7)
    results = YAML.results(known)["mistakes"]["plain"]  # type: ignore[misc]
    told = [{"name": "plain", "message": "The errors are plain JSON.", "results": results}]

    assert verdict(mistakes["plain"], mistakes=told).mistake == "plain"
    assert (
        verdict(changed("zalando", (PROBLEM, "          schema: {}\n")), mistakes=told).mistake
        is None
    )


def test_known_mistakes_are_recognised() -> None:
    mistakes = {
        "camel": RIGHT["zalando"].replace("pickup_zone", "pickupZone"),
        "unprocessable": RIGHT["zalando"].replace("'400'", "'422'"),
        "draft": picked(DRAFT, "zalando"),
    }
    known = Known("consistent-contract", ENTRY, RIGHT["zalando"], {}, mistakes, 7)
    results = YAML.results(known)  # type: ignore[misc]
    told = [
        {"name": name, "message": f"This is {name}.", "results": found}
        for name, found in results["mistakes"].items()
    ]

    for name, text in mistakes.items():
        seen = verdict(text, mistakes=told)
        assert (seen.mistake, seen.message) == (name, f"This is {name}.")


def test_every_change_to_another_style_is_refused() -> None:
    made = list(YAML.mutants(RIGHT["zalando"], ENTRY))
    passes = YAML.trial(Task("consistent-contract", ENTRY, 7, 1))  # type: ignore[misc]

    assert len(made) > 35
    assert [each.change for each in made if passes(each.text)] == [
        "paths /rider-trips get parameters: without limit",
        *(
            "components responses Wrong content application/problem+json schema properties "
            f"{name}: dropped"
            for name in ("title", "status", "detail")
        ),
    ]


def test_a_draft_that_does_not_exist_is_told_to_the_author() -> None:
    (told,) = YAML.problems({"judge": "style", "draft": "three_hand"})

    assert 'did you mean "three_hands"' in told


def test_a_style_is_judged_without_what_is_slow_to_load() -> None:
    """jsonschema takes a second to load, and no rule of style validates a value."""
    code = (
        "import sys\n"
        "from ridealong.judging import style\n"
        f"verdict = style.judged('consistent-contract', {ENTRY!r}, sys.stdin.read())\n"
        "print(verdict.passed, 'jsonschema' in sys.modules)\n"
    )
    seen = subprocess.run(
        [sys.executable, "-c", code],
        input=RIGHT["zalando"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )

    assert seen.stdout.split() == ["True", "False"]
