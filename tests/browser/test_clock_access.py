"""The clock of a timed question by keyboard, for a screen reader and in both themes.

The widget is drawn in an empty page; what it sends goes to a real `Clock`, whose state comes back.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from ridealong.timing import Clock, passed, record

from .test_learner_path import FLAGS, browser_program
from .test_quiz_access import CONTRAST, THEMES

PACKAGE = Path(__file__).parents[2] / "src" / "ridealong" / "timing"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(record, "settings_folder", lambda: tmp_path / "settings")
    monkeypatch.chdir(tmp_path)
    record._times_file.cache_clear()
    record._settings_file.cache_clear()
    return Clock("third-ride", 5)


def draw(page: Page, clock: Clock, theme: str = "light") -> None:
    variables = "".join(f"{name}: {value};" for name, value in THEMES[theme].items())
    css = (PACKAGE / "widget.css").read_text(encoding="utf-8")
    script = (PACKAGE / "widget.js").read_text(encoding="utf-8")

    def kernel(content: Any) -> Any:
        clock._receive(None, content)
        return clock.state

    page.expose_function("kernel", kernel)
    page.goto("about:blank")
    page.set_content(
        f"<style>:root {{ {variables} }} body {{ background: var(--jp-layout-color1); }} {css}</style>"
        f'<body data-jp-theme-light="{str(theme == "light").lower()}">'
        '<button id="before">before</button><div id="clock"></div><button id="after">after</button>'
    )
    given = json.dumps({"question": clock.question, "state": clock.state})
    page.add_script_tag(
        type="module",
        content=script.replace("export default", "const widget =")
        + f"""
        const given = {given};
        let changed = () => {{}};
        window.reached = [];
        window.answers = 0;
        document.addEventListener("keydown", (event) => window.reached.push(event.key));
        window.arrive = (state) => {{
          given.state = state;
          changed();
          window.answers += 1;
        }};
        widget.render({{
          model: {{
            get: (name) => given[name],
            on: (_, handler) => {{ changed = handler; }},
            off() {{}},
            send: (what) => window.kernel(what).then(window.arrive),
          }},
          el: document.getElementById("clock"),
        }});
        """,
    )
    page.wait_for_function("window.answers === 1")  # to "look"


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name)


def test_it_starts_hides_and_stops_by_keyboard(page: Page, clock: Clock) -> None:
    draw(page, clock)
    digits = page.get_by_role("timer", name="Time so far")
    expect(digits).to_have_text("0:00")
    expect(page.get_by_role("group", name="Timed question third-ride")).to_contain_text(
        "of 5:00 minutes"
    )

    page.locator("#before").focus()
    page.keyboard.press("Tab")
    expect(button(page, "Start the clock")).to_be_focused()
    page.keyboard.press("Space")
    expect(button(page, "Stop the clock")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Started.")
    expect(digits).to_have_text("0:01")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(button(page, "Show the clock")).to_be_focused()
    expect(page.locator("[role=timer]")).to_be_hidden()
    expect(button(page, "Stop the clock")).to_be_visible()

    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(button(page, "Start the clock")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("not recorded")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(digits).to_have_text("0:00")
    page.keyboard.press("Tab")
    expect(page.locator("#after")).to_be_focused()


def test_no_second_is_announced(page: Page, clock: Clock) -> None:
    draw(page, clock)
    button(page, "Start the clock").click()
    page.evaluate(
        """() => {
          window.said = [];
          for (const live of document.querySelectorAll("[role=status], [aria-live=polite]")) {
            new MutationObserver(() => window.said.push(live.textContent))
              .observe(live, { childList: true, characterData: true, subtree: true });
          }
        }"""
    )
    digits = page.get_by_role("timer")
    expect(digits).to_have_attribute("aria-live", "off")
    expect(digits).to_have_text("0:02")

    assert [text for text in page.evaluate("window.said") if text != "Started."] == []


def test_the_end_of_the_target_is_announced_once(page: Page, clock: Clock) -> None:
    draw(page, clock)
    clock._receive(None, {"do": "start"})
    page.evaluate("(state) => window.arrive(state)", clock.state | {"elapsed_seconds": 299.5})

    expect(page.get_by_role("status")).to_have_text(
        "5:00 is over. Go on: the time has no influence on points."
    )
    expect(page.get_by_role("timer")).to_have_text("5:01")


def test_a_passed_check_stops_it(page: Page, clock: Clock) -> None:
    draw(page, clock)
    button(page, "Start the clock").click()
    expect(button(page, "Stop the clock")).to_be_visible()

    passed("third-ride")
    page.evaluate("(state) => window.arrive(state)", clock.state)

    expect(button(page, "Start the clock")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("the target is 5:00")
    expect(page.locator(".ridealong-clock-summary")).to_contain_text("Best 0:0")


def test_keys_of_the_clock_never_reach_the_notebook(page: Page, clock: Clock) -> None:
    draw(page, clock)
    button(page, "Start the clock").focus()

    for key in ("ArrowDown", "d", "d", "a", "Space"):
        page.keyboard.press(key)
    assert page.evaluate("window.reached") == []

    page.keyboard.press("Shift+Enter")
    assert "Enter" in page.evaluate("window.reached")


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_stands_out_from_its_background(page: Page, clock: Clock, theme: str) -> None:
    clock._receive(None, {"do": "start"})
    passed("third-ride")
    clock.show("Not saved: the folder cannot be written.", problem=True)
    draw(page, clock, theme)

    found = page.evaluate(CONTRAST.replace("ridealong-quiz", "ridealong-clock"))

    assert {"0:00", "Start the clock", "Hide the clock"} <= {text for text, _ in found}
    assert any(text.startswith("Best") for text, _ in found)
    assert [pair for pair in found if pair[1] < 4.5] == []
