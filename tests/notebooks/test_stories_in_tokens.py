"""The reference answers of `05_keys_and_tokens` are what the back end's own code does."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ridealong.authoring import cells, format
from ridealong.labs import tokens as lab
from ridealong.service import routes
from ridealong.service.access import Gate, require
from ridealong.service.keys import ApiKeys
from ridealong.service.problems import Problem
from ridealong.service.routes import Allowed
from ridealong.service.settings import AUDIENCE
from ridealong.service.tokens import Verifier

COURSE = Path(__file__).parents[2]
NOTEBOOK = COURSE / "solutions" / "03_api" / "05_keys_and_tokens.ipynb"
KEPT = json.loads((COURSE / "src" / "ridealong" / "labs" / "found_tokens.json").read_text("utf-8"))
NOON = datetime(2026, 3, 30, 12, tzinfo=UTC).timestamp()
LONGEST_MINUTES = 60
OPERATIONS = {
    "see-a-ride": [routes.READ_RIDES],
    "list-rides": [routes.LIST_RIDES],
    "ask-for-a-ride": [routes.ASK_FOR_RIDES],
    "accept-a-ride": [routes.DRIVE],
    "cancel-a-ride": [routes.CHANGE_RIDES],
    "ask-for-a-price": [routes.ASK_FOR_PRICES],
    "count-free-drivers": [routes.SEE_SUPPLY],
    "report-a-location": [routes.SAY_WHERE],
    "pay-for-a-ride": [routes.PAY],
    "see-payments": [routes.SEE_PAYMENTS],
    "receipts-screen": [routes.LIST_RIDES, routes.SEE_PAYMENTS],
    "booking-screen": [routes.ASK_FOR_PRICES, routes.ASK_FOR_RIDES],
}


def reference(exercise: str) -> dict[str, dict[str, Any]]:
    (source,) = [cell.source for cell in format.read(NOTEBOOK).cells if cell.id == exercise]
    table: dict[str, dict[str, Any]] = yaml.safe_load(cells.solution(source))
    return table


def answered(token: str, allowed: Allowed, success: int, at_seconds: float) -> int:
    """The status that the service's gate gives a token at some moment."""
    verifier = Verifier(KEPT["issuer"], AUDIENCE, KEPT["jwks"], clock=lambda: at_seconds)
    gate = Gate(verifier.verify, lambda identifier: False, ApiKeys(), lambda: at_seconds)
    try:
        require(gate.caller(f"Bearer {token}", ""), allowed.scope, allowed.roles)
    except Problem as problem:
        return problem.status
    return success


@pytest.mark.parametrize("name", lab.found_tokens())
def test_each_found_token_opens_what_the_reference_says(name: str) -> None:
    token, row = lab.found_tokens()[name], reference("token-claims")[name]

    assert answered(token, routes.READ_RIDES, 200, NOON) == row["see_ride"]
    assert answered(token, routes.ASK_FOR_RIDES, 201, NOON) == row["request_ride"]
    accepted = [
        minute
        for minute in range(LONGEST_MINUTES)
        if answered(token, routes.READ_RIDES, 200, NOON + 60 * minute) != 401
    ]
    assert accepted == list(range(row["minutes_left"]))


@pytest.mark.parametrize("name", lab.found_tokens())
def test_signed_tokens_fit_the_key_of_the_issuer_that_they_name(name: str) -> None:
    """The task says that security has verified every signature."""
    token, row = lab.found_tokens()[name], reference("token-claims")[name]
    header, claims = lab.read_parts(token)
    keys = {"ours": KEPT["jwks"], "other": KEPT["other_jwks"]}.get(row["issued_by"])

    assert (keys is None) == (header["alg"] == "none")
    assert (claims["iss"] == KEPT["issuer"]) == (row["issued_by"] != "other")
    if keys is not None:
        seen = Verifier(claims["iss"], claims["aud"], keys, clock=lambda: claims["iat"])
        seen.verify(token)
    speaks_for = "application" if claims["role"] == "partner" else claims["role"]
    assert speaks_for == row["speaks_for"]


def test_a_token_ends_at_the_very_moment_of_the_question() -> None:
    _, claims = lab.read_parts(lab.found_tokens()["old-screenshot"])
    assert claims["exp"] == NOON
    token = lab.found_tokens()["old-screenshot"]
    assert answered(token, routes.ASK_FOR_RIDES, 201, NOON - 1) == 201


def test_the_scope_table_is_the_services_own() -> None:
    table = reference("scope-table")

    assert list(table) == list(OPERATIONS) == list(lab.GATES)
    for name, needed in OPERATIONS.items():
        assert set(table[name]["scopes"]) == {each.scope for each in needed}, name
        assert set(table[name]["roles"]) == frozenset.intersection(
            *(each.roles for each in needed)
        ), name
