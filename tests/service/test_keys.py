"""API keys: shown once, kept as a hash, revoked at once."""

import hashlib
import hmac

import pytest

from ridealong.service import keys
from ridealong.service.keys import ApiKeys, KeyRefused, MemoryKeyStore, looks_like_a_key


@pytest.fixture
def store():
    return MemoryKeyStore()


@pytest.fixture
def api_keys(store):
    return ApiKeys(store, clock=lambda: 1_795_000_000.0)


def test_a_key_says_which_application_calls_and_what_for(api_keys):
    text, kept = api_keys.issue(client_id="trip-planner", scopes=["drivers:read"])

    found = api_keys.verify(text)

    assert found == kept
    assert (found.client_id, found.scopes) == ("trip-planner", {"drivers:read"})


def test_a_key_is_recognised_by_its_beginning(api_keys):
    text, kept = api_keys.issue(client_id="trip-planner", scopes=["drivers:read"])

    assert text.startswith(f"ridealong_key_{kept.key_id}_") and len(text) == 70
    assert looks_like_a_key(text)
    assert not looks_like_a_key("eyJhbGciOiJFUzI1NiJ9.e30.AA")


def test_nothing_that_is_kept_gives_the_key_back(api_keys, store):
    text, kept = api_keys.issue(client_id="trip-planner", scopes=["drivers:read"])
    secret = text[-43:]

    assert secret not in repr(kept) and secret not in repr(vars(store))
    assert kept.digest == hashlib.sha256(text.encode()).hexdigest()


def test_no_two_keys_are_alike(api_keys):
    texts = {api_keys.issue(client_id="c", scopes=["rides:read"])[0][-43:] for _ in range(50)}

    assert len(texts) == 50


def test_a_revoked_key_is_refused_from_then_on(api_keys):
    text, kept = api_keys.issue(client_id="c", scopes=["rides:read"])
    other, _ = api_keys.issue(client_id="c", scopes=["rides:read"])

    assert api_keys.revoke(kept.key_id)
    with pytest.raises(KeyRefused, match="revoked"):
        api_keys.verify(text)
    assert api_keys.verify(other)
    assert not api_keys.revoke(kept.key_id)
    assert not api_keys.revoke("000000000000")


def test_only_the_secret_tells_that_a_key_was_revoked(api_keys):
    text, kept = api_keys.issue(client_id="c", scopes=["rides:read"])
    api_keys.revoke(kept.key_id)

    with pytest.raises(KeyRefused, match="unknown"):
        api_keys.verify(text[:-43] + "A" * 43)


def test_every_character_of_a_key_counts(api_keys):
    text, _ = api_keys.issue(client_id="c", scopes=["rides:read"])
    for place in range(len(text)):
        other = "0" if text[place] != "0" else "1"
        with pytest.raises(KeyRefused) as refusal:
            api_keys.verify(text[:place] + other + text[place + 1 :])
        assert text[-43:] not in refusal.value.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ridealong_key_",
        "ridealong_key_000000000000_",
        "x" * 70,
        "é" * 70,
        "\ud800",
        "a" * 10**7,
    ],
)
def test_what_is_no_key_is_told_what_one_looks_like(api_keys, text):
    with pytest.raises(KeyRefused, match="ridealong_key_"):
        api_keys.verify(text)


def test_a_key_followed_by_anything_is_no_key(api_keys):
    text, _ = api_keys.issue(client_id="c", scopes=["rides:read"])

    for more in ("\n", " ", "\x00", "A"):
        with pytest.raises(KeyRefused):
            api_keys.verify(text + more)


def test_known_and_unknown_keys_cost_the_same_comparison(api_keys, monkeypatch):
    compared = []
    real = hmac.compare_digest

    def compare(one, two):
        compared.append((len(one), len(two)))
        return real(one, two)

    monkeypatch.setattr(keys.hmac, "compare_digest", compare)
    text, _ = api_keys.issue(client_id="c", scopes=["rides:read"])
    api_keys.verify(text)
    for wrong in (text[:-43] + "A" * 43, f"ridealong_key_000000000000_{'A' * 43}"):
        with pytest.raises(KeyRefused, match="unknown"):
            api_keys.verify(wrong)

    assert compared == [(64, 64)] * 3


@pytest.mark.parametrize(
    "wrong", [{"client_id": "", "scopes": ["rides:read"]}, {"client_id": "c", "scopes": []}]
)
def test_a_key_for_nobody_or_nothing_is_not_made(api_keys, wrong):
    with pytest.raises(ValueError, match="at least one scope"):
        api_keys.issue(**wrong)
