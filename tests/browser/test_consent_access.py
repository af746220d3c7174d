"""The login-and-consent page in a real browser, with the keyboard alone."""

import base64
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page, expect, sync_playwright

from ridealong.service import tokens
from ridealong.service.authorization import (
    AuthorizationServer,
    Client,
    Person,
    passphrase_digest,
    routes,
)

from .test_learner_path import FLAGS, browser_program

PASSPHRASE = "green umbrella"
VERIFIER = "a-verifier-of-forty-three-characters-at-least"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")


@contextmanager
def serving(app: FastAPI, listening: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join(timeout=10)


def address(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(scope="module")
def consent() -> Iterator[str]:
    """Serve the authorization server and an application to come back to; give the page's address."""
    with ExitStack() as stack:
        here, there = (
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)
        )
        callback = f"{address(there)}/callback"
        server = AuthorizationServer(
            tokens.Issuer(address(here), "ridealong-api"),
            [Client("rider-app", "Ridealong for riders", frozenset({"rides:read"}), (callback,))],
            [
                Person("17", "Amara", "rider", passphrase_digest(PASSPHRASE, cost=2)),
                Person("18", "Bruno", "rider", passphrase_digest("another", cost=2)),
            ],
        )
        ours, theirs = FastAPI(), FastAPI()
        ours.include_router(routes(server))

        @theirs.get("/callback")
        def back(code: str = "", error: str = "") -> dict[str, Any]:
            return {"answer": "a code" if code else error}

        stack.enter_context(serving(ours, here))
        stack.enter_context(serving(theirs, there))
        query = {
            "response_type": "code",
            "client_id": "rider-app",
            "redirect_uri": callback,
            "scope": "rides:read",
            "code_challenge": CHALLENGE.decode(),
            "code_challenge_method": "S256",
        }
        yield f"{address(here)}/oauth/authorize?{urlencode(query)}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, consent: str) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(consent)
    yield page
    page.close()


def test_a_person_allows_with_the_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="Amara (rider)")).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Bruno (rider)")).to_be_checked()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Passphrase")).to_be_focused()
    page.keyboard.type(PASSPHRASE)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Allow")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text("a code")).to_be_visible()


def test_a_person_denies_without_a_passphrase(page: Page) -> None:
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Deny")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text("access_denied")).to_be_visible()


def test_a_wrong_passphrase_is_announced_and_the_form_stays(page: Page) -> None:
    page.get_by_role("radio", name="Amara (rider)").check()
    page.get_by_label("Passphrase").fill("wrong")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("do not fit")
    expect(page.get_by_role("group", name="Who are you?")).to_be_visible()
    expect(page.get_by_label("Passphrase")).to_be_empty()


def test_the_page_has_its_style_and_runs_no_script(page: Page) -> None:
    style = "getComputedStyle(document.querySelector('fieldset')).borderTopStyle"
    assert page.evaluate(style) == "solid"

    page.evaluate(
        "document.body.appendChild(Object.assign(document.createElement('script'),"
        " {textContent: 'window.ran = true'}))"
    )
    assert page.evaluate("window.ran") is None
