"""Credentials that are read, changed, stolen and taken back, on a running back end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ridealong.labs import tokens as lab
from ridealong.labs.sql.database import LabError
from ridealong.service import Service, Settings


@pytest.fixture(scope="module")
def company() -> Iterator[Service]:
    with Service(Settings()) as running:
        yield running


def cells(view: Any, column: str) -> list[Any]:
    return list(view.table[column])


def test_a_token_is_read_without_a_key_and_its_times_are_times() -> None:
    shown = str(lab.decode(lab.found_tokens()["bug-report"]))

    assert "trip-diary" in shown
    assert "not good from then on: 2026-03-30 12:08:00 UTC" in shown
    assert "The signature was not verified" in shown
    assert "There is no signature" in str(lab.decode(lab.found_tokens()["chat-message"]))
    assert "+1-323-555-0123" in str(lab.decode(lab.proposed_token()))


@pytest.mark.parametrize("text", ["", "abc", "a.b.c", "e30.e30.", "bnVsbA.bnVsbA.", "é.é.é"])
def test_what_is_no_token_is_said_in_words(text: str) -> None:
    with pytest.raises(LabError, match="this is no JWT"):
        lab.decode(text)


def test_only_the_token_as_it_was_issued_is_accepted(company: Service) -> None:
    good = company.token("rider-123", "rider", frozenset({"rides:read"}))
    tried = lab.try_tokens(company, lab.forgeries(company, good))

    assert (tried.accepted, tried.refused) == (1, 10)
    assert cells(tried, "status") == [200] + [401] * 10
    assert cells(tried, "WWW-Authenticate")[1] == 'Bearer error="invalid_token"'
    reasons = dict(zip(cells(tried, "sent"), cells(tried, "reason"), strict=True))
    for sent, reason in {
        "role changed to support": "does not fit its content",
        "alg: none, no signature": "another signature algorithm",
        "alg: HS256, the public key as the secret": "another signature algorithm",
        "signed with a key of one's own": "a key that this service does not know",
        "signed with a key of one's own, called ours": "does not fit its content",
        "our key, copied to a test bench": "another issuer",
        "signed by us, past its end": "expired",
        "signed by us, for payroll": "another service",
        "signed by us, a login's ID token": "another type",
    }.items():
        assert reason in reasons[sent], sent


def test_a_changed_token_keeps_its_signature_and_says_something_else() -> None:
    token = lab.found_tokens()["bug-report"]
    other = lab.changed(token, role="support")

    assert lab.read_parts(other)[1] == lab.read_parts(token)[1] | {"role": "support"}
    assert other.split(".")[2] == token.split(".")[2]


def test_answers_are_told_with_challenge_and_reason(company: Service) -> None:
    partner = company.client(partner="harbour")
    told = lab.told(
        {
            "nobody": company.client().get("/v1/rides/67154"),
            "partner": partner.get("/v1/rides/67154"),
            "counted": partner.get("/v1/cities/1/available-drivers"),
        }
    )

    assert cells(told, "status") == [401, 403, 200]
    assert cells(told, "WWW-Authenticate") == ["Bearer", "", ""]
    assert told.summary == "1 of 3 requests accepted, 2 refused."


def test_a_passphrase_opens_every_scope_in_the_companys_own_name(company: Service) -> None:
    shown = lab.passphrase_thief(company)

    assert cells(shown, "status") == [200, 200, 201]
    assert "7 of 7 scopes" in shown.summary
    assert shown.summary.endswith("The request log says who called: rider-app.")


def test_the_flow_shows_every_message_and_no_secret(company: Service) -> None:
    flow = lab.Flow(company)
    shown = [
        flow.ask(),
        flow.allow("rider-123", lab.passphrase_of("rider-123")),
        flow.exchange(),
        flow.call("/v1/users/123/rides?limit=3"),
        flow.call("/v1/rides", method="POST"),
    ]

    assert [len(view.table) for view in shown] == [4, 3, 2, 2, 2]
    picture = flow.picture()
    everything = "".join(map(str, shown)) + picture.svg + picture.alt + repr(flow)
    for secret in (
        flow.code,
        flow.code_verifier,
        flow.state,
        flow.access_token,
        flow.refresh_token,
        lab.passphrase_of("rider-123"),
        company.url,
    ):
        assert secret
        assert secret not in everything
    assert "200, 3 rides" in picture.alt
    assert "403: The credentials lack the scope rides:write" in picture.alt

    held = flow.holders()
    by_secret = {row[0]: row[1:] for row in held.table.itertuples(index=False)}
    assert by_secret["passphrase"] == ("yes", "", "yes", "")
    assert by_secret["code_verifier"] == ("", "yes", "yes", "")
    assert by_secret["access token"] == ("", "yes", "yes", "yes")
    assert held.summary == "Trip Diary has seen the passphrase: no."


def test_a_denied_flow_and_a_scope_too_many_are_refused_in_the_picture(company: Service) -> None:
    denied = lab.Flow(company)
    denied.ask()
    assert "303: " in str(denied.deny())
    greedy = lab.Flow(company, "trip-diary", ["rides:write"])
    assert "303: " in str(greedy.ask())
    wrong = lab.Flow(company)
    wrong.ask()
    assert "403: Name and passphrase do not fit" in str(wrong.allow("rider-123", "wrong"))
    for flow in (denied, greedy, wrong):
        assert flow.code == ""
        assert "stroke-dasharray" in flow.picture().svg
        with pytest.raises(LabError, match="there is no code yet"):
            flow.exchange()
    with pytest.raises(LabError, match="there is no page to answer"):
        greedy.allow("rider-123", "blue umbrella")


def test_steps_out_of_order_say_what_comes_first(company: Service) -> None:
    flow = lab.Flow(company)
    with pytest.raises(LabError, match=r"call ask\(\) first"):
        flow.deny()
    with pytest.raises(LabError, match=r"call exchange\(\) first"):
        flow.call()
    with pytest.raises(LabError, match=r"call its exchange\(\) first"):
        lab.revoked(company, flow)
    with pytest.raises(LabError, match="registered are rider-app, trip-diary"):
        lab.Flow(company, "diary")
    with pytest.raises(LabError, match="nobody logs in as 'rider-1'"):
        lab.passphrase_of("rider-1")


def test_a_stolen_code_is_worth_nothing_and_its_second_use_costs_all(company: Service) -> None:
    shown = lab.stolen_code(company)

    assert cells(shown, "status") == [400, 400, 400, 400, 200, 400, 401]
    assert cells(shown, "reason")[-1] == "The token is revoked."
    assert "PKCE is required" in shown.summary


def test_a_signature_does_not_tell_of_a_revocation_and_the_service_does(company: Service) -> None:
    flow = lab.finished_flow(company, "trip-diary", ["rides:read"], "rider-123")
    flow.exchange()
    shown = lab.revoked(company, flow)

    assert cells(shown, "a service that looks at signature and claims") == ["accepts"] * 2
    assert cells(shown, "Ridealong's API") == ["accepts", "401: The token is revoked."]


def test_a_stolen_token_works_until_its_end_or_not_at_all() -> None:
    shown = lab.time_to_stop([1, 10, 60], hours=8)
    assert [tuple(row) for row in shown.table.itertuples(index=False)] == [
        (1, 1, 0, 480),
        (10, 10, 0, 48),
        (60, 60, 0, 8),
    ]
    with pytest.raises(LabError, match="a minute or more"):
        lab.time_to_stop([])


def test_a_scope_table_is_tried_with_exactly_its_scopes(company: Service) -> None:
    before = company.client(support=True).get("/v1/users/123/rides?limit=100").json()
    shown = lab.try_scopes(
        company,
        {
            "see-a-ride": {"scopes": ["rides:read", "rides:write"], "roles": ["rider"]},
            "booking-screen": {"scopes": ["quotes:write", "rides:write"], "roles": ["rider"]},
            "receipts-screen": {"scopes": "rides:read", "roles": []},
        },
    )

    assert cells(shown, "let in") == ["rider, driver, support", "rider", "nobody"]
    assert cells(shown, "so it is") == [
        "not as your table says; works without rides:write",
        "as your table says",
        "as your table says",
    ]
    assert (shown.as_said, shown.tried) == (10, 12)
    assert company.client(support=True).get("/v1/users/123/rides?limit=100").json() == before


@pytest.mark.parametrize("table", [None, ..., {}, "text", {"nothing": {}}, {"see-a-ride": "x"}])
def test_what_is_no_scope_table_is_said_in_words(company: Service, table: Any) -> None:
    with pytest.raises(LabError, match=r"there is no table yet|is no row of the task"):
        lab.try_scopes(company, table)


def test_no_private_key_is_kept_with_the_found_tokens() -> None:
    kept = Path(lab.__file__).with_name("found_tokens.json").read_text("utf-8")
    assert '"d"' not in kept
