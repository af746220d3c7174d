"""The quiz without a mouse, without colours and without eyes: keys, contrast, names.

The widget is drawn in an empty page with a kernel that only listens, so each of the three is
looked at by itself. The path through JupyterLab is in `test_learner_path.py`.
"""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from ridealong.quizzes import bank, record
from ridealong.quizzes.widget import Quiz

from .test_learner_path import FLAGS, browser_program

PACKAGE = Path(__file__).parents[2] / "src" / "ridealong" / "quizzes"
QUESTIONS = Path(__file__).parents[1] / "quizzes" / "questions.toml"
KINDS = ("clause-order", "null-tests", "clause-steps", "downtime")
# What JupyterLab's two themes set of the variables that the widget uses.
THEMES = {
    "light": {
        "--jp-content-font-color1": "rgba(0, 0, 0, 0.87)",
        "--jp-layout-color1": "#ffffff",
        "--jp-layout-color2": "#eeeeee",
        "--jp-border-color0": "#bdbdbd",
        "--jp-brand-color1": "#1976d2",
    },
    "dark": {
        "--jp-content-font-color1": "rgba(255, 255, 255, 1)",
        "--jp-layout-color1": "#111111",
        "--jp-layout-color2": "#424242",
        "--jp-border-color0": "#616161",
        "--jp-brand-color1": "#1e88e5",
    },
}
CONTRAST = """
() => {
  const parsed = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b]
    .map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const over = ([r, g, b, a = 1], ground) => [r, g, b].map((part, i) => part * a + ground[i] * (1 - a));
  const ground = (node) => {
    const chain = [];
    for (let each = node; each; each = each.parentElement) chain.unshift(each);
    return chain.reduce(
      (below, each) => over(parsed(getComputedStyle(each).backgroundColor), below), [255, 255, 255]);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !node.closest(".ridealong-quiz")) continue;
    if (node.closest(".ridealong-quiz-unseen")) continue;
    const below = ground(node);
    const [light, dark] = [luminance(over(parsed(getComputedStyle(node).color), below)),
      luminance(below)].sort((a, b) => b - a);
    found.push([texts.currentNode.textContent.trim(), (light + 0.05) / (dark + 0.05)]);
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program(), args=FLAGS)
        yield browser.new_page()
        browser.close()


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Quiz]:
    """One widget of each kind; the sample questions stand in for the course's."""
    raw = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))
    tables = {"quizzes": {each["id"]: each for each in raw["quiz"]}, "predictions": {}}
    monkeypatch.setattr(bank, "_tables", tables.__getitem__)
    monkeypatch.chdir(tmp_path)
    record._answer_file.cache_clear()
    return {quiz_id: Quiz(bank.find_quiz(quiz_id)) for quiz_id in KINDS}


def draw(page: Page, widget: Quiz, theme: str = "light") -> None:
    variables = "".join(f"{name}: {value};" for name, value in THEMES[theme].items())
    css = (PACKAGE / "widget.css").read_text(encoding="utf-8")
    script = (PACKAGE / "widget.js").read_text(encoding="utf-8")
    page.goto("about:blank")
    page.set_content(
        f"<style>:root {{ {variables} }} body {{ background: var(--jp-layout-color1); }} {css}</style>"
        f'<body data-jp-theme-light="{str(theme == "light").lower()}">'
        '<button id="before">before</button><div id="quiz"></div><button id="after">after</button>'
    )
    given = json.dumps({"question": widget.question, "state": widget.state})
    page.add_script_tag(
        type="module",
        content=script.replace("export default", "const widget =")
        + f"""
        const given = {given};
        window.sent = [];
        window.reached = [];
        document.addEventListener("keydown", (event) => window.reached.push(event.key));
        widget.render({{
          model: {{ get: (name) => given[name], on() {{}}, off() {{}}, send: (what) => window.sent.push(what) }},
          el: document.getElementById("quiz"),
        }});
        window.drawn = true;
        """,
    )
    page.wait_for_function("window.drawn")


def tab_into(page: Page) -> None:
    """Tab from before the quiz to its first control; a listing that scrolls is a stop, too."""
    page.locator("#before").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.locator(".ridealong-quiz :is(input, button):focus").count():
            return
    pytest.fail("Tab does not lead into the quiz")


@pytest.mark.parametrize("quiz_id", KINDS)
def test_every_control_has_a_name_and_stands_in_a_named_group(
    page: Page, asked: dict[str, Quiz], quiz_id: str
) -> None:
    draw(page, asked[quiz_id])

    expect(page.get_by_role("group", name="How sure are you?")).to_have_count(1)
    for sure in ("guessing", "fairly sure", "certain"):
        expect(page.get_by_role("radio", name=sure, exact=True)).to_have_count(1)
    for name in ("Check my answer", "Clear my answer"):
        expect(page.get_by_role("button", name=name)).to_have_count(1)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll(".ridealong-quiz :is(input, button)")].filter(
            (node) => !(node.labels?.length || node.ariaLabel || node.textContent.trim()))
            .length"""
    )
    assert nameless == 0
    assert page.locator(".ridealong-quiz [role=status], .ridealong-quiz [aria-live]").count() >= 2


def test_the_options_are_one_radio_group_with_one_tab_stop(
    page: Page, asked: dict[str, Quiz]
) -> None:
    draw(page, asked["clause-order"])
    group = page.get_by_role("group", name="Which clause of this query is worked out first?")
    expect(group.get_by_role("radio")).to_have_count(3)

    tab_into(page)
    page.keyboard.press("Space")
    expect(group.get_by_role("radio").nth(0)).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(group.get_by_role("radio").nth(1)).to_be_checked()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.ridealong-quiz-sure') !== null")
    page.keyboard.press("ArrowRight")
    for name in ("Check my answer", "Clear my answer"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#after")).to_be_focused()


@pytest.mark.parametrize("quiz_id", KINDS)
def test_keys_of_the_quiz_never_reach_the_notebook(
    page: Page, asked: dict[str, Quiz], quiz_id: str
) -> None:
    draw(page, asked[quiz_id])
    tab_into(page)
    page.evaluate("window.reached.length = 0")

    for key in ("ArrowDown", "ArrowUp", "d", "d", "a", "Space"):
        page.keyboard.press(key)
    assert page.evaluate("window.reached") == []

    page.keyboard.press("Shift+Enter")
    assert "Enter" in page.evaluate("window.reached")


def test_lines_are_put_in_order_and_announced(page: Page, asked: dict[str, Quiz]) -> None:
    draw(page, asked["clause-steps"])
    lines = page.locator("li[data-id]")
    second = lines.nth(1).get_attribute("data-id")

    tab_into(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")

    expect(lines.nth(0)).to_have_attribute("data-id", str(second))
    expect(page.locator(".ridealong-quiz-unseen")).to_contain_text("now 1 of 4")
    assert page.evaluate("window.sent.at(-1).do") == "choose"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("quiz_id", KINDS)
def test_every_text_stands_out_from_its_background(
    page: Page, asked: dict[str, Quiz], quiz_id: str, theme: str
) -> None:
    wrong: dict[str, Any] = {
        "clause-order": "a", "null-tests": ["is", "zero"], "downtime": 1,
        "clause-steps": ["select", "group", "where", "from"],
    }  # fmt: skip
    widget = asked[quiz_id]
    for do, value in (("choose", wrong[quiz_id]), ("sure", "certain"), ("check", None)):
        widget._receive(None, {"do": do, "value": value})
    draw(page, widget, theme)

    found = page.evaluate(CONTRAST)

    assert any("Not yet." in text for text, _ in found)
    assert [pair for pair in found if pair[1] < 4.5] == []
