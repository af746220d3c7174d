"""Access tokens: made by one, read by anybody, accepted only whole."""

import base64
import hashlib
import hmac
import json

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from ridealong.service.tokens import (
    MAXIMUM_CHARACTERS,
    Issuer,
    TokenRefused,
    Verifier,
    new_private_key,
    read_without_key,
)

ISSUER = "http://127.0.0.1:8000"
AUDIENCE = "ridealong-api"
REQUIRED = ["iss", "aud", "sub", "client_id", "iat", "nbf", "exp", "jti", "scope", "role"]
NOW = 1_795_000_000
KEY = new_private_key()


@pytest.fixture
def issuer():
    return Issuer(ISSUER, AUDIENCE, KEY, clock=lambda: NOW)


@pytest.fixture
def token(issuer):
    return issuer.issue(
        subject="17", role="rider", client_id="rider-app", scopes=["rides:write", "rides:read"]
    )


def signed(key=KEY, header=(), **claims):
    """Return a token with one thing other than usual, well signed. None takes a claim away."""
    key = ECKey.import_key(json.loads(key))
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "17",
        "client_id": "rider-app",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 600,
        "jti": "an-id",
        "scope": "rides:read",
        "role": "rider",
    }
    content = {name: value for name, value in (usual | claims).items() if value is not None}
    head = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt", **dict(header)}
    head = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(head, content, key, algorithms=["ES256"], default_type=None)


def base64url(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def encoded(content):
    return base64url(json.dumps(content).encode())


def refused(issuer, token):
    with pytest.raises(TokenRefused) as refusal:
        issuer.verifier().verify(token)
    reason = refusal.value.reason
    assert "\n" not in reason
    for part in str(token).split("."):
        assert len(part) < 8 or part not in reason
    return reason


def test_a_verified_token_says_who_calls_for_whom_and_what_for(issuer, token):
    claims = issuer.verifier().verify(token)

    assert (claims.subject, claims.role, claims.client_id) == ("17", "rider", "rider-app")
    assert claims.scopes == {"rides:read", "rides:write"}
    assert (claims.issuer, claims.audience) == (ISSUER, AUDIENCE)
    assert (claims.issued_at_seconds, claims.not_before_seconds) == (NOW, NOW)
    assert claims.expires_at_seconds == NOW + 600
    assert claims.grant_id == ""


def test_each_token_has_an_id_of_its_own(issuer):
    ids = {
        issuer.verifier()
        .verify(issuer.issue(subject="1", role="rider", client_id="c", scopes=[]))
        .token_id
        for _ in range(20)
    }

    assert len(ids) == 20


def test_anybody_reads_a_token_without_a_key(token):
    header, claims = read_without_key(token)

    assert header["alg"] == "ES256" and header["typ"] == "at+jwt"
    assert claims["sub"] == "17" and claims["exp"] == NOW + 600


def test_the_published_keys_verify_and_hold_no_private_part(issuer, token):
    published = json.loads(json.dumps(issuer.jwks()))

    verifier = Verifier(ISSUER, AUDIENCE, published, clock=lambda: NOW)

    assert verifier.verify(token).subject == "17"
    assert [set(key) for key in published["keys"]] == [
        {"kty", "crv", "x", "y", "kid", "use", "alg"}
    ]


def test_the_same_key_after_a_restart_accepts_what_was_issued_before(token):
    again = Issuer(ISSUER, AUDIENCE, KEY, clock=lambda: NOW)

    assert again.verifier().verify(token).subject == "17"
    assert "does not know" in refused(Issuer(ISSUER, AUDIENCE, clock=lambda: NOW), token)


def test_two_published_keys_are_both_good_while_one_replaces_the_other(token):
    new = Issuer(ISSUER, AUDIENCE, clock=lambda: NOW)
    both = {
        "keys": [*new.jwks()["keys"], *Issuer(ISSUER, AUDIENCE, KEY).jwks()["keys"]],
    }
    verifier = Verifier(ISSUER, AUDIENCE, both, clock=lambda: NOW)

    assert verifier.verify(token).subject == "17"
    fresh = new.issue(subject="18", role="rider", client_id="c", scopes=[])
    assert verifier.verify(fresh).subject == "18"


@pytest.mark.parametrize("role", ["rider", "driver", "support", "partner"])
def test_there_are_four_roles(issuer, role):
    token = issuer.issue(subject="1", role=role, client_id="c", scopes=[])

    assert issuer.verifier().verify(token).role == role


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"role": "admin"}, "rider, driver, support, partner"),
        ({"subject": ""}, "empty"),
        ({"client_id": ""}, "empty"),
    ],
)
def test_no_token_is_issued_for_what_does_not_exist(issuer, wrong, message):
    usual = {"subject": "1", "role": "rider", "client_id": "c", "scopes": []}

    with pytest.raises(ValueError, match=message):
        issuer.issue(**(usual | wrong))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": NOW}, "expired"),
        ({"exp": NOW - 1}, "expired"),
        ({"nbf": NOW + 1}, "not valid yet"),
        ({"iat": NOW + 1}, "in the future"),
        ({"iss": "http://127.0.0.1:9999"}, "another issuer"),
        ({"iss": ISSUER + "/"}, "another issuer"),
        ({"aud": "another-api"}, "another service"),
        ({"aud": ["another-api"]}, "another service"),
        ({"aud": 7}, "another service"),
        ({"sub": 17}, "sub is no text"),
        ({"sub": ""}, "subject is empty"),
        ({"jti": ""}, "id is empty"),
        ({"scope": ["rides:read"]}, "scope is no text"),
        ({"role": "admin"}, "role"),
        ({"client_id": ""}, "client"),
        ({"grant_id": 3}, "grant_id"),
        ({"exp": "tomorrow"}, "end is no time"),
        ({"exp": True}, "end is no time"),
        *[({name: None}, f"does not say {name}.") for name in REQUIRED],
    ],
)
def test_a_well_signed_token_with_a_wrong_claim_is_refused(issuer, changes, reason):
    assert reason in refused(issuer, signed(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"exp": NOW + 1},
        {"nbf": NOW - 1, "iat": NOW - 1},
        {"aud": ["another-api", AUDIENCE]},
        {"scope": ""},
    ],
)
def test_the_same_token_with_right_claims_is_accepted(issuer, changes):
    assert issuer.verifier().verify(signed(**changes)).subject == "17"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"typ": "JWT"}, "another type"),
        ({"typ": None}, "another type"),
        ({"kid": "unknown"}, "does not know"),
        ({"kid": None}, "does not know"),
        ({"jku": "https://attacker.example/keys"}, "more than alg, kid and typ"),
        ({"jwk": {"kty": "EC"}}, "more than alg, kid and typ"),
    ],
)
def test_a_header_that_is_not_ours_is_refused(issuer, token, header, reason):
    key = ECKey.import_key(json.loads(KEY))
    head = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt", **header}
    head = {name: value for name, value in head.items() if value is not None}
    content = f"{encoded(head)}.{token.split('.')[1]}"
    signature = base64url(JWSRegistry.algorithms["ES256"].sign(content.encode(), key))

    assert reason in refused(issuer, f"{content}.{signature}")


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_the_type_of_an_access_token_is_written_in_any_case(issuer, typ):
    assert issuer.verifier().verify(signed(header={"typ": typ})).subject == "17"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 0])
def test_a_token_without_a_signature_is_refused(issuer, token, alg):
    header, claims = read_without_key(token)
    for signature in ("", token.split(".")[2]):
        naked = f"{encoded(header | {'alg': alg})}.{encoded(claims | {'sub': '18'})}.{signature}"

        assert "ES256" in refused(issuer, naked)


def test_the_public_key_is_no_secret_to_sign_with(issuer, token):
    """The confusion of algorithms: the public key, in every form it has, as an HMAC secret."""
    header, claims = read_without_key(token)
    public = ECKey.import_key(issuer.jwks()["keys"][0])
    content = f"{encoded(header | {'alg': 'HS256'})}.{encoded(claims | {'sub': '18'})}"
    secrets = [
        public.as_pem(),
        public.as_der(),
        json.dumps(public.as_dict()).encode(),
        json.dumps(issuer.jwks()["keys"][0]).encode(),
    ]
    for secret in secrets:
        mac = hmac.new(secret, content.encode(), hashlib.sha256).digest()
        forged = f"{content}.{base64url(mac)}"

        assert "ES256" in refused(issuer, forged)


def test_another_key_under_our_keys_name_is_refused(issuer):
    ours = ECKey.import_key(json.loads(KEY))

    forged = signed(new_private_key(), header={"kid": ours.kid})

    assert "another key" in refused(issuer, forged)


def test_a_changed_payload_is_refused(issuer, token):
    header, payload, signature = token.split(".")
    claims = read_without_key(token)[1]
    for changed in ({"sub": "18"}, {"role": "support"}, {"exp": NOW + 10**6}, {"aud": "x"}):
        tampered = f"{header}.{encoded(claims | changed)}.{signature}"

        assert "does not fit" in refused(issuer, tampered)
    assert payload != encoded(claims | {"sub": "18"})


def test_every_character_of_a_token_counts(issuer, token):
    verifier = issuer.verifier()
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(TokenRefused):
            verifier.verify(token[:place] + other + token[place + 1 :])
        for added in ("!", "=", " ", "\n"):
            with pytest.raises(TokenRefused):
                verifier.verify(token[:place] + added + token[place:])


def test_a_signature_of_one_token_fits_no_other(issuer, token):
    other = issuer.issue(subject="18", role="support", client_id="c", scopes=["rides:read"])

    swapped = ".".join([*other.split(".")[:2], token.split(".")[2]])

    assert "does not fit" in refused(issuer, swapped)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "token",
        "ü.ü.ü",
        "a.b.c",
        "e30.e30.",
        f"{encoded([])}.{encoded({})}.AA",
        f"{encoded('ES256')}.{encoded({})}.AA",
        "\ud800",
        "[" * 4000,
        base64.urlsafe_b64encode(b"[" * 3000).decode() + ".e30.AA",
    ],
)
def test_what_is_no_token_is_refused_in_one_sentence(issuer, text):
    assert "no signed JWT" in refused(issuer, text)
    with pytest.raises(TokenRefused, match="no signed JWT"):
        read_without_key(text)


def test_a_huge_token_is_refused_before_it_is_taken_apart(issuer):
    huge = signed(name="x" * MAXIMUM_CHARACTERS)

    assert str(MAXIMUM_CHARACTERS) in refused(issuer, huge)
    assert str(MAXIMUM_CHARACTERS) in refused(issuer, "a" * 50_000_000)


def test_a_revoked_token_or_grant_is_refused(issuer):
    token = issuer.issue(
        subject="17", role="rider", client_id="c", scopes=["rides:read"], grant_id="consent"
    )
    token_id = issuer.verifier().verify(token).token_id

    for revoked in (token_id, "consent"):
        with pytest.raises(TokenRefused, match="revoked"):
            issuer.verifier(is_revoked={revoked}.__contains__).verify(token)
    assert issuer.verifier(is_revoked={"another"}.__contains__).verify(token).subject == "17"


def test_keys_for_other_algorithms_are_passed_over(issuer, token):
    secret = {"kty": "oct", "k": "AAAA", "kid": "shared", "alg": "HS256"}
    keys = {"keys": [secret, *issuer.jwks()["keys"]]}

    verifier = Verifier(ISSUER, AUDIENCE, keys, clock=lambda: NOW)

    assert verifier.verify(token).subject == "17"
