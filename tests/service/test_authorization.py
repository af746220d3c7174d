"""The authorization server over real HTTP: the flows, and each attack on them."""

import asyncio
import base64
import hashlib
import html
import logging
import random
import re
import socket
import threading
import time
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ridealong.service import authorization, tokens
from ridealong.service.authorization import (
    AuthorizationServer,
    Client,
    MemoryStore,
    Person,
    digest,
    passphrase_digest,
    routes,
)

AUDIENCE = "ridealong-api"
CALLBACK = "http://127.0.0.1:8765/callback"
PASSPHRASE = "green umbrella & <rain>"
SECRET = "secret-of-the-trip-planner-0123456789"
PEOPLE = [
    Person("17", "Amara O'Neil <Rider>", "rider", passphrase_digest(PASSPHRASE, cost=2)),
    Person("4", "Bruno Keller", "driver", passphrase_digest("another one", cost=2)),
]
CLIENTS = [
    Client(
        "rider-app", "Ridealong for riders", frozenset({"rides:read", "rides:write"}), (CALLBACK,)
    ),
    Client(
        "other-app", "Another app", frozenset({"rides:read"}), (CALLBACK, "app.other:/back?x=1")
    ),
    Client(
        "trip-planner",
        "City trip planner",
        frozenset({"drivers:read", "rides:read"}),
        ("https://planner.example/back",),
        frozenset({"authorization_code", "client_credentials"}),
        digest(SECRET),
    ),
]
VERIFIER = "a-verifier-of-forty-three-characters-at-least"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


class Clock:
    def __init__(self):
        self.now = 1_795_000_000.0

    def __call__(self):
        return self.now


class Switch:
    """An ASGI app that is another one for each test, so that one real server serves all."""

    app = None

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def served():
    switch = Switch()
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(switch, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield switch, f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    listening.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server(served, clock):
    switch, url = served
    issuer = tokens.Issuer(url, AUDIENCE, clock=clock)
    server = AuthorizationServer(issuer, CLIENTS, PEOPLE, clock=clock)
    app = FastAPI()
    app.include_router(routes(server))

    @app.get("/me")
    def me(request: Request):
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = server.verifier().verify(token)
        except tokens.TokenRefused as refusal:
            return JSONResponse({"reason": refusal.reason}, 401)
        return {
            "subject": claims.subject,
            "role": claims.role,
            "client": claims.client_id,
            "scopes": sorted(claims.scopes),
        }

    switch.app = app
    return server


@pytest.fixture(scope="module")
def browser(served):
    with httpx.Client(base_url=served[1], timeout=10) as client:
        yield client


@pytest.fixture
def http(server, browser):
    browser.cookies.clear()
    return browser


class Form(HTMLParser):
    """What a browser finds in the page's form."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.choices, self.labels = "", {}, [], 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "form":
            self.action = found["action"]
            assert found["method"] == "post"
        elif tag == "label":
            self.labels += 1
        elif tag == "input" and found.get("type") == "hidden":
            self.fields[found["name"]] = found["value"]
        elif tag == "input" and found.get("type") == "radio":
            self.choices.append(found["value"])


def asked(**changes):
    usual = {
        "response_type": "code",
        "client_id": "rider-app",
        "redirect_uri": CALLBACK,
        "scope": "rides:read rides:write",
        "state": "a state, with = & and ü",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def page(http, **changes):
    return http.get("/oauth/authorize", params=asked(**changes), headers={"Accept": "text/html"})


def decide(http, shown, **changes):
    form = Form(shown.text)
    answers = {"subject": "17", "passphrase": PASSPHRASE, "decision": "allow"}
    return http.post(form.action, data=form.fields | answers | changes)


def arrived(response):
    """Return what a redirect brings to the application."""
    assert response.status_code == 303, response.text
    location = urlsplit(response.headers["location"])
    assert not location.fragment
    return {name: values[0] for name, values in parse_qs(location.query).items()}


def code_for(http, **changes):
    return arrived(decide(http, page(http, **changes)))["code"]


def redeem(http, good_code, auth=None, **changes):
    usual = {
        "grant_type": "authorization_code",
        "client_id": "rider-app",
        "redirect_uri": CALLBACK,
        "code": good_code,
        "code_verifier": VERIFIER,
    }
    data = {name: value for name, value in (usual | changes).items() if value is not None}
    return http.post("/oauth/token", data=data, auth=auth)


def renew(http, refresh_token, **changes):
    usual = {"grant_type": "refresh_token", "client_id": "rider-app"}
    return http.post("/oauth/token", data=usual | {"refresh_token": refresh_token} | changes)


def me(http, token):
    return http.get("/me", headers={"Authorization": f"Bearer {token}"})


def assert_error(response, error, status=400):
    body = response.json()
    assert (response.status_code, body["error"]) == (status, error), response.text
    assert set(body) <= {"error", "error_description"}
    # RFC 6749 section 5.2 names the characters of a description.
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", body["error_description"])
    assert response.headers["cache-control"] == "no-store"


# The flow


def test_an_application_acts_for_a_person_who_allowed_it(http):
    shown = page(http)
    assert shown.status_code == 200

    answer = arrived(decide(http, shown))
    assert set(answer) == {"code", "state", "iss"}
    assert answer["state"] == asked()["state"]
    assert answer["iss"] == str(http.base_url)

    response = redeem(http, answer["code"])
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (body["token_type"], body["scope"]) == ("Bearer", "rides:read rides:write")
    assert me(http, body["access_token"]).json() == {
        "subject": "17",
        "role": "rider",
        "client": "rider-app",
        "scopes": ["rides:read", "rides:write"],
    }


def test_less_may_be_asked_for_than_is_registered(http):
    body = redeem(http, code_for(http, scope="rides:read")).json()

    assert body["scope"] == "rides:read"
    assert me(http, body["access_token"]).json()["scopes"] == ["rides:read"]


def test_a_stranger_verifies_a_token_with_what_the_metadata_leads_to(http, clock):
    metadata = http.get("/.well-known/oauth-authorization-server").json()
    keys = httpx.get(metadata["jwks_uri"]).json()
    token = redeem(http, code_for(http)).json()["access_token"]

    verifier = tokens.Verifier(metadata["issuer"], AUDIENCE, keys, clock=clock)

    assert verifier.verify(token).subject == "17"


def test_metadata_says_what_is_there(http):
    metadata = http.get("/.well-known/oauth-authorization-server").json()

    assert metadata["issuer"] == str(http.base_url)
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert httpx.get(metadata["authorization_endpoint"]).status_code == 400
    assert_error(httpx.post(metadata["token_endpoint"], data={"a": "b"}), "invalid_request")
    assert_error(
        httpx.post(metadata["revocation_endpoint"], data={"token": "x"}), "invalid_client", 401
    )
    assert [set(key) & {"d"} for key in httpx.get(metadata["jwks_uri"]).json()["keys"]] == [set()]


def test_a_person_says_no(http):
    answer = arrived(decide(http, page(http), decision="deny", passphrase=""))

    assert (answer["error"], answer["state"]) == ("access_denied", asked()["state"])
    assert "code" not in answer and answer["iss"] == str(http.base_url)


def test_an_application_with_a_secret_and_a_person(http):
    there = {"client_id": "trip-planner", "redirect_uri": "https://planner.example/back"}
    code = code_for(http, scope="drivers:read", **there)

    assert_error(redeem(http, code, **there), "invalid_client", 401)
    body = redeem(http, code, auth=("trip-planner", SECRET), **there).json()

    assert me(http, body["access_token"]).json()["client"] == "trip-planner"
    assert "refresh_token" not in body  # it is not registered for one


def test_a_redirect_uri_with_a_query_of_its_own_keeps_it(http):
    shown = page(
        http, client_id="other-app", redirect_uri="app.other:/back?x=1", scope="rides:read"
    )

    response = decide(http, shown)

    assert response.headers["location"].startswith("app.other:/back?x=1&code=")
    assert arrived(response)["state"] == asked()["state"]


# The page


def test_the_page_says_who_wants_what_and_can_be_used_by_keyboard(http):
    shown = page(http)
    form = Form(shown.text)

    assert "Ridealong for riders" in shown.text
    for scope in ("rides:read", "rides:write"):
        assert html.escape(tokens.SCOPES[scope]) in shown.text
    assert "payments:read" not in shown.text
    assert form.choices == ["17", "4"]
    assert form.labels == 3  # two people and a passphrase
    assert "<legend>" in shown.text and "lang='en'" in shown.text
    assert shown.text.count("<button") == 2 and "tabindex" not in shown.text
    assert "<script" not in shown.text


def test_the_page_cannot_be_framed_stored_or_run_scripts(http):
    for shown in (page(http), page(http, client_id="nobody")):
        policy = shown.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "script-src" not in policy and "unsafe" not in policy
        assert shown.headers["x-frame-options"] == "DENY"
        assert shown.headers["referrer-policy"] == "no-referrer"
        assert shown.headers["cache-control"] == "no-store"


def test_the_style_that_the_policy_allows_is_the_style_of_the_page(http):
    shown = page(http)
    style = re.search(r"<style>(.*?)</style>", shown.text, re.DOTALL)[1]
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"'sha256-{hashed}'" in shown.headers["content-security-policy"]


def test_what_comes_from_outside_is_text_on_the_page(http):
    attack = "'><script>alert(1)</script>"
    for changes in ({"state": attack}, {"client_id": attack}, {"redirect_uri": attack}):
        assert "<script" not in page(http, **changes).text
    assert "Amara O&#x27;Neil &lt;Rider&gt; (rider)" in page(http).text


def test_the_cookie_is_for_this_form_alone(http):
    cookie = page(http).headers["set-cookie"]

    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/oauth/authorize" in cookie
    assert "Secure" not in cookie  # plain HTTP on the loopback interface


def test_two_forms_in_two_tabs_are_both_good(http):
    one, two = page(http, state="one"), page(http, state="two")

    assert arrived(decide(http, two))["state"] == "two"
    assert arrived(decide(http, one))["state"] == "one"


@pytest.mark.parametrize(
    "changes",
    [
        {"passphrase": "wrong"},
        {"passphrase": ""},
        {"subject": "4"},
        {"subject": "99"},
        {"subject": ""},
    ],
)
def test_without_the_passphrase_nobody_is_logged_in(http, changes):
    again = decide(http, page(http), **changes)

    assert again.status_code == 403 and "location" not in again.headers
    assert "role='alert'" in again.text and PASSPHRASE not in again.text
    assert "code" in arrived(decide(http, again))


def test_guessing_a_passphrase_ends_after_a_few_tries(http, clock):
    shown = page(http)
    for guess in range(authorization.TRIES):
        assert decide(http, shown, passphrase=f"guess {guess}").status_code == 403

    stopped = decide(http, shown)
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["retry-after"]) <= authorization.TRIES_WINDOW_SECONDS + 1
    assert decide(http, shown, subject="4", passphrase="another one").status_code == 303

    clock.now += authorization.TRIES_WINDOW_SECONDS + 1
    assert decide(http, shown).status_code == 303


def test_a_right_passphrase_forgets_the_wrong_ones(server):
    for _ in range(3):
        for _ in range(authorization.TRIES - 1):
            assert server.log_in("17", "wrong") is None
        assert server.log_in("17", PASSPHRASE).subject == "17"


def test_guessing_many_at_the_same_time_is_no_faster(server):
    together = threading.Barrier(20)
    stopped = []

    def guess():
        together.wait()
        try:
            assert server.log_in("17", "guess") is None
        except authorization.TooManyTries as many:
            stopped.append(many)

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(stopped) == 20 - authorization.TRIES


def test_an_answer_that_is_neither_yes_nor_no_is_asked_again(http):
    again = decide(http, page(http), decision="perhaps")

    assert again.status_code == 400 and "Allow or Deny" in again.text


# Attacks on the consent form (CSRF)


def test_a_form_sent_from_another_browser_is_refused(http):
    shown = page(http)
    form = Form(shown.text)
    answers = {"subject": "17", "passphrase": PASSPHRASE, "decision": "allow"}

    with httpx.Client(base_url=http.base_url) as victim:
        assert victim.post(form.action, data=form.fields | answers).status_code == 403
        page(victim)  # a cookie of its own
        assert victim.post(form.action, data=form.fields | answers).status_code == 403
    assert arrived(http.post(form.action, data=form.fields | answers))["code"]


@pytest.mark.parametrize(
    "token", ["", "0.00", "x", "9" * 30 + ".00", "²." + "0" * 64, "1795000000."]
)
def test_a_form_without_the_pages_token_is_refused(http, token):
    refusal = decide(http, page(http), form_token=token)

    assert_error(refusal, "access_denied", 403)
    assert "location" not in refusal.headers


def test_a_form_that_was_shown_for_another_request_is_refused(http):
    shown = page(http, scope="rides:read")
    form = Form(shown.text)
    answers = form.fields | {"subject": "17", "passphrase": PASSPHRASE, "decision": "allow"}

    widened = http.post("/oauth/authorize", params=asked(), data=answers)

    assert_error(widened, "access_denied", 403)


def test_an_old_form_is_refused(http, clock):
    shown = page(http)
    clock.now += authorization.FORM_TTL_SECONDS

    assert_error(decide(http, shown), "access_denied", 403)


# Attacks on the authorization request


@pytest.mark.parametrize(
    "uri",
    [
        "https://attacker.example/callback",
        CALLBACK + "/",
        CALLBACK + "?more=1",
        CALLBACK + "#part",
        CALLBACK.replace("8765", "8766"),
        CALLBACK.replace("127.0.0.1", "localhost"),
        CALLBACK.replace("127.0.0.1", "127.0.0.1@attacker.example"),
        CALLBACK.replace("callback", "Callback"),
        CALLBACK.replace("callback", "x/../callback"),
        CALLBACK + "%00",
        "//attacker.example",
        "javascript:alert(1)",
        'http://127.0.0.1:8765/"ü\\',
        "https://planner.example/back",
        None,
        "",
    ],
)
def test_no_other_redirect_uri_is_ever_gone_to(http, uri):
    for more in ({}, {"scope": "nonsense"}, {"response_type": "token"}, {"code_challenge": None}):
        refusal = http.get("/oauth/authorize", params=asked(redirect_uri=uri, **more))

        assert "location" not in refusal.headers
        assert refusal.status_code == 400
        assert "attacker" not in refusal.text


@pytest.mark.parametrize("client_id", ["nobody", "", None, "rider-app ", "'\"\\ü"])
def test_an_unknown_application_is_told_to_the_person(http, client_id):
    refusal = page(http, client_id=client_id)

    assert refusal.status_code == 400 and "location" not in refusal.headers
    assert "<code>invalid_client</code>" in refusal.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "ü" * 43}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": '"ü\\'}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "payments:read"}, "invalid_scope"),
        ({"scope": "rides:read payments:read"}, "invalid_scope"),
        ({"scope": "rides:*"}, "invalid_scope"),
        ({"scope": '"ü\\'}, "invalid_scope"),
        ({"scope": "RIDES:READ"}, "invalid_scope"),
    ],
)
def test_a_wrong_request_of_a_known_application_is_told_to_it(http, changes, error):
    answer = arrived(http.get("/oauth/authorize", params=asked(**changes)))

    assert (answer["error"], answer["state"]) == (error, asked()["state"])
    assert answer["iss"] == str(http.base_url) and "code" not in answer
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", answer["error_description"])


def test_an_application_without_pkce_is_told_what_is_missing(http):
    without = asked(code_challenge=None, code_challenge_method=None)

    answer = arrived(http.get("/oauth/authorize", params=without))

    assert "code_challenge" in answer["error_description"] and "PKCE" in answer["error_description"]


@pytest.mark.parametrize("state", [None, "", "x" * 500, "ü\n&state=other", "%41", "+", "'\"<>"])
def test_state_comes_back_as_it_was_sent(http, state):
    answer = arrived(decide(http, page(http, state=state)))

    assert answer.get("state") == (state or None)


def test_a_parameter_twice_is_refused(http):
    for name, value in asked().items():
        query = urlencode([*asked().items(), (name, value)])
        refusal = http.get(f"/oauth/authorize?{query}")

        assert_error(refusal, "invalid_request")
        assert "location" not in refusal.headers


@pytest.mark.parametrize("query", ["a=%ff", "&".join(f"a{n}=b" for n in range(60)), "%ff"])
def test_a_query_that_is_no_form_is_refused(http, query):
    assert_error(http.get(f"/oauth/authorize?{query}"), "invalid_request")


def test_a_huge_query_or_body_is_refused(http):
    huge = "x" * 20_000

    assert_error(http.get("/oauth/authorize", params=asked(state=huge)), "invalid_request", 414)
    for path in ("/oauth/token", "/oauth/revoke", "/oauth/authorize"):
        assert_error(http.post(path, data={"token": huge}), "invalid_request", 413)


ODD = [
    *("", "ü", "\x00", '"', "\\", "'", " ", "%", "\n", "-1", "[]", "😀", "a" * 300),
    *("none", "code", "S256", CALLBACK, "rider-app", "trip-planner", "rides:read"),
    *("authorization_code", "refresh_token", "client_credentials"),
]
NAMES = [
    *("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge"),
    *("code_challenge_method", "grant_type", "code", "code_verifier", "refresh_token"),
    *("client_secret", "token", "token_type_hint", "subject", "decision", "form_token"),
]
HEADERS = [
    *("", "Basic", "Basic AA==", "Basic Og==", "Basic w7w6w7w=", "Bearer x", "\xff"),
    *("Basic dHJpcC1wbGFubmVyOg==", "Basic JWZmOiVmZg=="),
]


@pytest.mark.parametrize("seed", range(2))
def test_nothing_that_is_sent_makes_the_server_fail(http, seed):
    chance = random.Random(seed)
    for _ in range(60):
        sent = asked() if chance.random() < 0.5 else {}
        sent |= {name: chance.choice(ODD) for name in chance.sample(NAMES, chance.randint(0, 8))}
        headers = {"Authorization": chance.choice(HEADERS).encode("latin-1")}
        path = chance.choice(["authorize", "consent", "token", "revoke"])
        if path == "authorize":
            answer = http.get("/oauth/authorize", params=sent, headers=headers)
        elif path == "consent":
            answer = http.post("/oauth/authorize", params=asked(), data=sent)
        else:
            answer = http.post(f"/oauth/{path}", data=sent, headers=headers)

        assert answer.status_code < 500, (path, sent, headers)
        if answer.status_code >= 400:
            assert answer.json()["error"] and answer.json()["error_description"]


# Attacks on the code


def test_a_code_is_good_once_and_a_second_use_revokes_what_came_of_the_first(http):
    code = code_for(http)
    body = redeem(http, code).json()
    renewed = renew(http, body["refresh_token"]).json()
    assert me(http, renewed["access_token"]).status_code == 200

    assert_error(redeem(http, code), "invalid_grant")

    for token in (body["access_token"], renewed["access_token"]):
        assert me(http, token).json() == {"reason": "The token is revoked."}
    assert_error(renew(http, renewed["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("changes", [{}, {"code_verifier": VERIFIER[::-1]}])
def test_a_second_use_is_noticed_after_the_code_has_expired_and_without_its_verifier(
    http, clock, changes
):
    code = code_for(http)
    body = redeem(http, code).json()
    clock.now += authorization.CODE_TTL_SECONDS + 1
    assert me(http, body["access_token"]).status_code == 200

    assert_error(redeem(http, code, **changes), "invalid_grant")

    assert me(http, body["access_token"]).json() == {"reason": "The token is revoked."}


def test_of_many_at_the_same_time_one_redeems_a_code(http):
    code = code_for(http)
    answers = []

    def try_it():
        with httpx.Client(base_url=http.base_url, timeout=10) as client:
            answers.append(redeem(client, code))

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert me(http, won["access_token"]).status_code == 401  # somebody had the code twice


def test_who_loses_a_race_for_a_ticket_revokes_what_the_winner_gets(http, server, monkeypatch):
    code = code_for(http)
    ticket = server.store.find("code", digest(code))
    monkeypatch.setattr(server.store, "use", lambda kind, digest: False)  # another was faster

    assert_error(redeem(http, code), "invalid_grant")

    assert server.store.is_revoked(ticket.grant_id)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": VERIFIER[::-1]}, "invalid_grant"),
        ({"code_verifier": CHALLENGE}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": "ü" * 50}, "invalid_request"),
        ({"redirect_uri": "https://attacker.example/"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"client_id": "other-app"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"code": "x" * 48}, "invalid_grant"),
        ({"code": "ü\x00"}, "invalid_grant"),
    ],
)
def test_a_code_is_worth_nothing_to_a_thief(http, changes, error):
    code = code_for(http)

    assert_error(redeem(http, code, **changes), error)
    assert redeem(http, code).status_code == 200  # nor can the thief spoil it for its owner


def test_a_thief_with_an_account_cannot_use_somebody_elses_code_in_their_own_flow(http):
    """Code injection: the stolen code, with the verifier of the thief's own session."""
    stolen = code_for(http)
    own_verifier = "another-verifier-of-forty-three-characters-or-so"

    assert_error(redeem(http, stolen, code_verifier=own_verifier), "invalid_grant")


def test_a_code_is_good_for_a_minute(http, clock):
    early, late = code_for(http), code_for(http)

    clock.now += authorization.CODE_TTL_SECONDS - 1
    assert redeem(http, early).status_code == 200
    clock.now += 1
    assert_error(redeem(http, late), "invalid_grant")


def test_a_scope_at_the_token_endpoint_widens_nothing(http):
    code = code_for(http, scope="rides:read")

    assert redeem(http, code, scope="rides:read rides:write").json()["scope"] == "rides:read"


# Refresh tokens


def test_a_refresh_token_is_replaced_at_each_use(http, clock):
    first = redeem(http, code_for(http)).json()
    clock.now += 3600
    assert me(http, first["access_token"]).json() == {"reason": "The token is expired."}

    second = renew(http, first["refresh_token"]).json()

    assert second["refresh_token"] != first["refresh_token"]
    assert me(http, second["access_token"]).json()["subject"] == "17"
    assert second["scope"] == first["scope"]


def test_a_refresh_token_used_twice_revokes_all_that_came_of_the_consent(http):
    first = redeem(http, code_for(http)).json()
    second = renew(http, first["refresh_token"]).json()
    elsewhere = redeem(http, code_for(http)).json()

    assert_error(renew(http, first["refresh_token"]), "invalid_grant")

    assert_error(renew(http, second["refresh_token"]), "invalid_grant")
    for token in (first["access_token"], second["access_token"]):
        assert me(http, token).status_code == 401
    assert me(http, elsewhere["access_token"]).status_code == 200


def test_less_may_be_renewed_but_never_more(http):
    first = redeem(http, code_for(http)).json()

    less = renew(http, first["refresh_token"], scope="rides:read").json()
    assert less["scope"] == "rides:read"
    full = renew(http, less["refresh_token"]).json()
    assert full["scope"] == "rides:read rides:write"  # as consented, RFC 6749 section 6
    for more in ("rides:read payments:read", "payments:read"):
        assert_error(renew(http, full["refresh_token"], scope=more), "invalid_scope")
    assert renew(http, full["refresh_token"]).status_code == 200


def test_a_narrow_consent_is_never_widened(http):
    first = redeem(http, code_for(http, scope="rides:read")).json()

    assert_error(renew(http, first["refresh_token"], scope="rides:write"), "invalid_scope")


@pytest.mark.parametrize("token", ["x" * 43, "ü\x00"])
def test_an_unknown_refresh_token_is_refused(http, token):
    assert_error(renew(http, token), "invalid_grant")


def test_a_refresh_token_is_for_its_application_and_no_code(http):
    body = redeem(http, code_for(http)).json()

    assert_error(renew(http, body["refresh_token"], client_id="other-app"), "invalid_grant")
    assert_error(redeem(http, body["refresh_token"]), "invalid_grant")
    assert_error(renew(http, code_for(http)), "invalid_grant")
    assert_error(renew(http, body["access_token"]), "invalid_grant")
    assert renew(http, body["refresh_token"]).status_code == 200


def test_renewing_does_not_move_the_end(http, clock):
    token = redeem(http, code_for(http)).json()["refresh_token"]
    clock.now += authorization.REFRESH_TTL_SECONDS - 1
    token = renew(http, token).json()["refresh_token"]
    clock.now += 1

    assert_error(renew(http, token), "invalid_grant")


# Applications on their own


@pytest.mark.parametrize("way", ["header", "body"])
def test_a_partner_gets_a_token_of_its_own(http, way):
    data = {"grant_type": "client_credentials", "scope": "drivers:read"}
    if way == "header":
        response = http.post("/oauth/token", data=data, auth=("trip-planner", SECRET))
    else:
        credentials = {"client_id": "trip-planner", "client_secret": SECRET}
        response = http.post("/oauth/token", data=data | credentials)

    body = response.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    assert me(http, body["access_token"]).json() == {
        "subject": "trip-planner",
        "role": "partner",
        "client": "trip-planner",
        "scopes": ["drivers:read"],
    }


@pytest.mark.parametrize(
    ("data", "auth", "error", "status"),
    [
        ({}, ("trip-planner", "wrong"), "invalid_client", 401),
        ({}, ("trip-planner", ""), "invalid_client", 401),
        ({}, ("nobody", SECRET), "invalid_client", 401),
        ({}, ("ü", "ü"), "invalid_client", 401),
        ({}, None, "invalid_client", 401),
        ({"client_id": "trip-planner"}, None, "invalid_client", 401),
        ({"client_id": "trip-planner", "client_secret": "wrong"}, None, "invalid_client", 401),
        ({"client_id": "rider-app"}, None, "invalid_client", 401),
        ({"client_id": "rider-app", "client_secret": SECRET}, None, "invalid_client", 401),
        ({"client_id": "rider-app"}, ("trip-planner", SECRET), "invalid_request", 400),
        ({"client_secret": SECRET}, ("trip-planner", SECRET), "invalid_request", 400),
        ({"scope": "rides:write"}, ("trip-planner", SECRET), "invalid_scope", 400),
        ({"scope": ""}, ("trip-planner", SECRET), "invalid_scope", 400),
        ({"scope": "nonsense"}, ("trip-planner", SECRET), "invalid_scope", 400),
        ({"grant_type": "password"}, ("trip-planner", SECRET), "unsupported_grant_type", 400),
        ({"grant_type": '"ü\\'}, ("trip-planner", SECRET), "unsupported_grant_type", 400),
        ({"grant_type": ""}, ("trip-planner", SECRET), "invalid_request", 400),
        ({"grant_type": "refresh_token"}, ("trip-planner", SECRET), "unauthorized_client", 400),
    ],
)
def test_an_application_that_may_not_is_refused(http, data, auth, error, status):
    usual = {"grant_type": "client_credentials", "scope": "drivers:read"}

    refusal = http.post("/oauth/token", data=usual | data, auth=auth)

    assert_error(refusal, error, status)
    assert ("www-authenticate" in refusal.headers) == (status == 401)


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic /w==",
        "Basic bm9jb2xvbg==",
        "Bearer x",
        "Digest a=b",
        "Basic Og==",
    ],
)
def test_a_broken_header_is_a_wrong_secret(http, header):
    refusal = http.post(
        "/oauth/token",
        data={"grant_type": "client_credentials", "scope": "drivers:read"},
        headers={"Authorization": header},
    )

    assert_error(refusal, "invalid_client", 401)


def test_only_a_form_is_read(http):
    data = {"grant_type": "client_credentials", "scope": "drivers:read"}
    auth = ("trip-planner", SECRET)

    assert_error(http.post("/oauth/token", json=data, auth=auth), "invalid_request")
    assert_error(http.post("/oauth/token", params=data, auth=auth), "invalid_request")
    assert_error(http.post("/oauth/token", files={"a": b"b"}, auth=auth), "invalid_request")
    assert http.get("/oauth/token", params=data, auth=auth).status_code == 405
    twice = urlencode([*data.items(), ("scope", "rides:read")])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert_error(
        http.post("/oauth/token", content=twice, headers=form, auth=auth), "invalid_request"
    )


# Revocation (RFC 7009)


def revoke(http, token, **changes):
    return http.post("/oauth/revoke", data={"token": token, "client_id": "rider-app"} | changes)


def test_a_revoked_access_token_is_refused_and_its_refresh_token_stays(http):
    body = redeem(http, code_for(http)).json()

    assert revoke(http, body["access_token"]).status_code == 200

    assert me(http, body["access_token"]).json() == {"reason": "The token is revoked."}
    assert renew(http, body["refresh_token"]).status_code == 200


def test_a_revoked_refresh_token_takes_its_access_tokens_along(http):
    body = redeem(http, code_for(http)).json()

    assert revoke(http, body["refresh_token"], token_type_hint="refresh_token").status_code == 200

    assert me(http, body["access_token"]).status_code == 401
    assert_error(renew(http, body["refresh_token"]), "invalid_grant")


def test_only_the_application_it_was_given_to_revokes_a_token(http):
    body = redeem(http, code_for(http)).json()

    for token in (body["access_token"], body["refresh_token"]):
        assert_error(revoke(http, token, client_id="other-app"), "invalid_grant")
        assert_error(revoke(http, token, client_id="trip-planner"), "invalid_client", 401)
    assert me(http, body["access_token"]).status_code == 200


def test_an_unknown_token_is_as_good_as_revoked(http):
    assert revoke(http, "unknown").status_code == 200
    assert revoke(http, "unknown", token_type_hint="nonsense").status_code == 200
    assert_error(revoke(http, ""), "invalid_request")


# Tokens that were not made here


def test_a_token_of_another_issuer_or_a_changed_one_is_refused(http, server, clock):
    other = tokens.Issuer("http://127.0.0.1:1", AUDIENCE, clock=clock)
    forged = other.issue(subject="17", role="support", client_id="rider-app", scopes=["rides:read"])
    head, payload, signature = redeem(http, code_for(http)).json()["access_token"].split(".")
    claims = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    changed = claims.replace(b'"rider"', b'"support"')
    assert changed != claims
    tampered = f"{head}.{base64.urlsafe_b64encode(changed).rstrip(b'=').decode()}.{signature}"

    assert "does not know" in me(http, forged).json()["reason"]
    assert "does not fit" in me(http, tampered).json()["reason"]


# Secrets


def test_no_secret_is_in_a_log_in_the_state_or_in_an_object(http, server, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    for name in ("uvicorn", "uvicorn.access"):  # another server of this process may have set them
        caplog.set_level(logging.DEBUG, name)
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    shown = page(http)
    cookie = http.cookies["ridealong_consent"]
    code = arrived(decide(http, shown))["code"]
    redeem(http, code, code_verifier=VERIFIER[::-1])
    body = redeem(http, code).json()
    renewed = renew(http, body["refresh_token"]).json()
    data = {"grant_type": "client_credentials", "scope": "drivers:read"}
    partner = http.post("/oauth/token", data=data, auth=("trip-planner", SECRET)).json()
    http.post("/oauth/token", data=data, auth=("trip-planner", SECRET + "x"))
    http.post(
        "/oauth/token", data=data, headers={"Authorization": "Basic " + SECRET.encode().hex()}
    )
    secrets = [PASSPHRASE, SECRET, SECRET.encode().hex(), code, VERIFIER, cookie]
    for tokens_of in (body, renewed, partner):
        secrets += [tokens_of["access_token"], tokens_of.get("refresh_token", SECRET)]

    # httpx and httpcore are the caller's side.
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("http")
    )
    state = repr(vars(server.store)) + repr(server.clients) + repr(server.people)

    assert "rider-app" in logged  # Authlib does log
    assert "/oauth/token" in logged  # and so does the web server
    for secret in secrets:
        assert secret not in logged
        assert secret not in state


def test_a_clients_and_a_persons_digest_are_not_shown():
    assert CLIENTS[2].secret_digest not in repr(CLIENTS[2])
    assert PEOPLE[0].passphrase_digest not in repr(PEOPLE[0])
    kept = passphrase_digest(PASSPHRASE)
    assert kept.startswith("16384$") and PASSPHRASE not in kept
    assert kept != passphrase_digest(PASSPHRASE)  # salted


# Setting it up


@pytest.mark.parametrize(
    "uri",
    [
        "http://planner.example/back",
        "http://localhost/back",
        "https://planner.example/#part",
        "javascript:alert(1)",
        "planner",
        "",
    ],
)
def test_a_redirect_uri_that_leaks_cannot_be_registered(uri):
    with pytest.raises(ValueError, match="cannot be registered"):
        Client("app", "App", frozenset({"rides:read"}), (uri,))


def test_a_grant_type_that_does_not_exist_or_needs_a_secret_cannot_be_registered():
    for grant in ("password", "implicit", "client_credentials"):
        with pytest.raises(ValueError, match="grant types of app"):
            Client("app", "App", frozenset({"rides:read"}), (), frozenset({grant}))


@pytest.mark.parametrize(
    ("issuer", "clients", "message"),
    [
        ("http://127.0.0.1:1", [replace(CLIENTS[0], client_id="17")], "a client and a person"),
        ("http://127.0.0.1:1", [replace(CLIENTS[0], scopes=frozenset({"x"}))], "has the scope x"),
        ("http://127.0.0.1:1/", CLIENTS, "without a path"),
        ("http://127.0.0.1:1/auth", CLIENTS, "without a path"),
        ("http://ridealong.example", CLIENTS, "https"),
        ("https://ridealong.example?x", CLIENTS, "query"),
    ],
)
def test_a_server_that_cannot_be_right_does_not_start(issuer, clients, message):
    with pytest.raises(ValueError, match=message):
        AuthorizationServer(tokens.Issuer(issuer, AUDIENCE), clients, PEOPLE)


def test_with_https_the_cookie_is_secure(clock):
    issuer = tokens.Issuer("https://ridealong.example", AUDIENCE, clock=clock)
    app = FastAPI()
    app.include_router(routes(AuthorizationServer(issuer, CLIENTS, PEOPLE, clock=clock)))

    async def shown():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=issuer.issuer) as client:
            return await client.get("/oauth/authorize", params=asked())

    assert "Secure" in asyncio.run(shown()).headers["set-cookie"]


def test_state_is_forgotten_when_it_can_no_longer_matter(clock):
    store = MemoryStore(clock=clock)
    ticket = authorization.Ticket(
        "code",
        "d",
        "g",
        "c",
        "s",
        "rides:read",
        CALLBACK,
        CHALLENGE,
        clock.now + 1,
        clock.now + 100,
    )
    store.add(ticket)
    store.revoke("g", clock.now + 100)
    clock.now += 99
    store.add(replace(ticket, digest="e", keep_until_seconds=clock.now + 1000))
    assert store.find("code", "d") == ticket and store.is_revoked("g")

    clock.now += 61
    store.add(replace(ticket, digest="f", keep_until_seconds=clock.now + 1000))

    assert store.find("code", "d") is None and not store.is_revoked("g")
    assert store.find("code", "e") is not None


def test_a_ticket_is_used_once(clock):
    store = MemoryStore(clock=clock)
    ticket = authorization.Ticket(
        "code",
        "d",
        "g",
        "c",
        "s",
        "rides:read",
        CALLBACK,
        CHALLENGE,
        clock.now + 1,
        clock.now + 100,
    )
    store.add(ticket)

    assert [store.use("code", "d"), store.use("code", "d"), store.use("refresh", "d")] == [
        True,
        False,
        False,
    ]
