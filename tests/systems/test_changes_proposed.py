"""The fifteen proposals, the merge patch, and the old client."""

import pytest

from ridealong.systems.contract.changes import breaking_changes
from ridealong.systems.contract.document import load
from ridealong.systems.contract.schema_changes import LEVELS
from ridealong.systems.versions import proposals, rides_contract
from ridealong.systems.versions.request import merged

# What a comparison says. Where it cannot see the harm, the proposal says so in `unseen`.
COMPARED = {
    "note-for-the-driver": "safe",
    "payment-must-be-said": "breaking",
    "destination-may-wait": "safe",
    "no-more-cash": "breaking",
    "paypal-by-default": "breaking",
    "fifty-at-most": "breaking",
    "history-in-pages": "safe",
    "minutes-to-wait": "safe",
    "driver-left-out": "breaking",
    "driver-has-arrived": "risky",
    "fare-as-text": "breaking",
    "fare-in-cents": "safe",
    "too-late-is-422": "safe",
    "token-everywhere": "breaking",
    "tips": "safe",
}
UNSEEN = {"history-in-pages", "fare-in-cents", "too-late-is-422"}


def test_there_are_fifteen_proposals() -> None:
    assert [each.name for each in proposals()] == list(COMPARED)
    assert {each.name for each in proposals() if each.unseen} == UNSEEN


@pytest.mark.parametrize("name", COMPARED)
def test_a_proposal_is_a_contract_and_compares_as_the_notebook_says(name: str) -> None:
    proposal = next(each for each in proposals() if each.name == name)
    found = breaking_changes(load(proposal.old), load(proposal.new))

    assert min((each.level for each in found), key=LEVELS.index) == COMPARED[name]
    assert proposal.lines
    assert all(line[:2] in ("+ ", "- ") for line in proposal.lines)


def test_lines_of_a_proposal_keep_their_indentation_to_each_other() -> None:
    lines = {each.name: list(each.lines) for each in proposals()}

    assert lines["tips"][:2] == ["+ /rides/{ride_id}/tips:", "+   parameters:"]
    assert lines["paypal-by-default"] == ["- default: card", "+ default: paypal"]


def test_a_token_for_everything_is_safe_where_each_operation_has_its_own_rule() -> None:
    """The condition that the notebook names for a label that it disagrees with."""
    summary = "      summary: See where one can be picked up\n"
    old = rides_contract().replace(summary, summary + "      security: []\n")
    new = old.replace("\npaths:", "\nsecurity: [{bearer: []}]\npaths:")

    assert {each.level for each in breaking_changes(load(old), load(new))} == {"safe"}


@pytest.mark.parametrize(
    ("old", "patch", "new"),
    [
        # RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_is_that_of_its_rfc(old: object, patch: object, new: object) -> None:
    assert merged(old, patch) == new
