"""A learner's first half hour, in a real browser: run, fail, hint, pass, quiz, restart, come back.

Needs Chromium or Chrome. Without one the test is skipped, except on a build server: there it
fails, because a path that nobody has walked is not proved.
"""

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from ridealong import study
from ridealong.authoring import cells, sources

COURSE = Path(__file__).parents[2]
FIRST = Path(study.first_notebook(COURSE / "notebooks"))
START_SECONDS = 180
STEP_MILLISECONDS = 90_000

ON_PATH = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    *("chrome", "msedge"),
)
INSTALLED = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("C:/Program Files/Google/Chrome/Application/chrome.exe"),
    Path("C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe"),
)
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def browser_program() -> str:
    found = next(filter(None, map(shutil.which, ON_PATH)), None) or next(
        (str(path) for path in INSTALLED if path.is_file()), None
    )
    if found is not None:
        return found
    reason = "no Chromium or Chrome here; install one, on Debian: apt-get install chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True)
class Lesson:
    """The first notebook of the course, and what the learner will do in it."""

    path: Path
    exercise: sources.Exercise
    reference: str
    quiz: dict[str, Any]
    code_cells: list[str]

    @property
    def mistake(self) -> sources.KnownAnswer:
        return self.exercise.mistakes[0]

    @property
    def right_choice(self) -> str | list[str]:
        options = self.quiz["options"]
        if self.quiz["kind"] == "order":
            return [option["id"] for option in options]
        return next(option["id"] for option in options if option["right"])


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    path = FIRST
    module = sources.load(COURSE / "solutions" / path.parent)
    notebook = nbformat.read(COURSE / "solutions" / path, as_version=4)
    code = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}
    exercise = next(
        module.exercises[name]
        for name in code
        if name in module.exercises and not module.exercises[name].own.get("parameters")
    )
    quiz = next(
        module.quizzes[name].entry
        for name in code
        if name in module.quizzes and module.quizzes[name].entry["kind"] in {"one", "order"}
    )
    return Lesson(path, exercise, cells.solution(code[exercise.id]), quiz, list(code))


@pytest.fixture
def course_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "course"
    for name in ("solutions", "notebooks"):
        shutil.copytree(
            COURSE / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints")
        )
    shutil.copy(COURSE / "nbgrader_config.py", folder)
    return folder


@pytest.fixture
def address(course_folder: Path, tmp_path: Path) -> Iterator[str]:
    """Start the course as README says, and stop it in the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {
        f"JUPYTER_{name}": str(tmp_path / name.lower())
        for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    }
    command = [sys.executable, "-m", "ridealong", "study", "--no-browser", "--port", str(port)]
    # Only to find cells by their id: what a learner does is done by keys and clicks.
    command += ["--", "--LabApp.expose_app_in_browser=True"]
    log = tmp_path / "study.log"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            command,
            cwd=course_folder,
            env=os.environ | own,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield first_address(server, log)
    finally:
        server.terminate()
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()


def first_address(server: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        told = log.read_text(encoding="utf-8")
        if found := re.search(r"http://127\.0\.0\.1:\d+/lab\S*token=\w+", told):
            return found[0]
        time.sleep(0.5)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture
def page(address: str, tmp_path: Path) -> Iterator[Page]:
    program = browser_program()
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "browser",
            executable_path=program,
            headless=True,
            args=FLAGS,
            viewport={"width": 1400, "height": 1000},
        )
        context.set_default_timeout(STEP_MILLISECONDS)
        expect.set_options(timeout=STEP_MILLISECONDS)
        page = context.pages[0]
        page.goto(address)
        yield page
        context.close()


class Notebook:
    """The open notebook, used by keys and menus."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wait_for_kernel()

    def open(self, path: str) -> None:
        """Open another notebook, as a double click in the file browser would."""
        self.page.evaluate(
            """async (path) => {
                await window.jupyterapp.commands.execute("docmanager:open", {path});
            }""",
            path,
        )
        name = path.rpartition("/")[2]
        current = self.page.locator(".lm-TabBar-tab.lm-mod-current", has_text=name)
        expect(current).to_have_count(1)
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the kernel of the current notebook takes the next cell."""
        self.page.wait_for_function(
            """() => {
                const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
                return kernel?.status === "idle" && kernel.connectionStatus === "connected";
            }"""
        )

    def cell(self, name: str) -> Locator:
        """Go to the cell with this id, as scrolling and clicking would, and return it."""
        self.page.evaluate(
            """async (name) => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                const index = [...notebook.model.cells].findIndex((cell) => cell.id === name);
                if (index < 0) throw new Error(`no cell ${name}`);
                notebook.mode = "command";
                notebook.activeCellIndex = index;
                await notebook.scrollToItem(index, "center");
                notebook.activate();
            }""",
            name,
        )
        return self.active()

    def active(self) -> Locator:
        shown = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell.jp-mod-active"
        return self.page.locator(shown)

    def source(self, name: str) -> str:
        text = self.page.evaluate(
            """(name) => [...window.jupyterapp.shell.currentWidget.content.model.cells]
                .find((cell) => cell.id === name).sharedModel.source""",
            name,
        )
        return str(text)

    def write(self, name: str, text: str) -> None:
        cell = self.cell(name)
        self.page.keyboard.press("Enter")
        expect(cell.locator(".cm-content")).to_be_focused()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Escape")
        assert self.source(name) == text

    def run(self, name: str) -> Locator:
        """Run the cell and return what it shows, once it is done."""
        cell = self.cell(name)
        return self.run_active(cell)

    def run_active(self, cell: Locator) -> Locator:
        before = cell.locator(".jp-InputPrompt").inner_text()
        self.page.keyboard.press("ControlOrMeta+Enter")
        prompt = cell.locator(".jp-InputPrompt")
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"))
        return cell.locator(".jp-Cell-outputArea")

    def run_new_cell_below(self, name: str, text: str) -> Locator:
        self.cell(name)
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        expect(self.active().locator(".cm-content")).to_be_focused()
        self.page.keyboard.insert_text(text)
        return self.run_active(self.active())

    def menu(self, *names: str) -> None:
        self.page.get_by_role("menuitem", name=names[0], exact=True).first.click()
        for name in names[1:]:
            self.page.locator(".lm-Menu-item").get_by_text(name, exact=True).click()

    def restart_kernel(self) -> None:
        self.menu("Kernel", "Restart Kernel…")
        self.page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.wait_for_function(
            """() => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                return kernel.status === "idle" && kernel.connectionStatus === "connected";
            }"""
        )


def answer_by_keyboard(page: Page, form: Locator, choice: str | list[str]) -> None:
    """Take a quiz without a mouse: Tab into it, answer, Tab on to the confidence, Enter."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if form.locator("input:focus, button:focus").count():
            break
    if isinstance(choice, str):
        choose_by_keyboard(page, form, choice)
    else:
        order_by_keyboard(page, form, choice)
    expect_choice(form, choice)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(form.locator(".ridealong-quiz-sure input:checked")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(form.get_by_role("button", name="Check my answer")).to_be_focused()
    page.keyboard.press("Enter")


def choose_by_keyboard(page: Page, form: Locator, option: str) -> None:
    options = form.locator("fieldset").first.locator("input[type=radio]")
    page.keyboard.press("Space")
    for _ in range(options.count()):
        if form.locator(f"input[value='{option}']:checked").count():
            break
        page.keyboard.press("ArrowDown")


def order_by_keyboard(page: Page, form: Locator, wanted: list[str]) -> None:
    """Bring the lines into order from the top: go down to the line, press it up to its place."""
    for place, option in enumerate(wanted):
        for _ in wanted:
            if form.locator(f"li[data-id='{option}'] button:focus").count():
                break
            page.keyboard.press("ArrowDown")
        for _ in range(shown_order(form).index(option) - place):
            page.keyboard.press("Space")


def open_hint_by_keyboard(page: Page, card: Locator, hints: list[str]) -> None:
    """Open the first two hints of a card with Enter and Space; the notebook must not take them."""
    before = page.evaluate(
        "() => { const shown = window.jupyterapp.shell.currentWidget.content;"
        " return [shown.activeCellIndex, shown.mode]; }"
    )
    for number, key in enumerate(["Enter", "Space"], start=1):
        button = card.locator("summary", has_text=f"Show hint {number} of {len(hints)}")
        button.focus()
        page.keyboard.press(key)
        expect(card.get_by_text(hints[number - 1].strip().replace("`", ""))).to_be_visible()
        expect(button).to_be_focused()
        page.keyboard.press("Tab")
        following = card.locator("summary", has_text=f"Show hint {number + 1} of {len(hints)}")
        expect(following).to_be_focused()
    assert before == page.evaluate(
        "() => { const shown = window.jupyterapp.shell.currentWidget.content;"
        " return [shown.activeCellIndex, shown.mode]; }"
    )


def shown_order(form: Locator) -> list[str]:
    return [str(line.get_attribute("data-id")) for line in form.locator("li[data-id]").all()]


def expect_choice(form: Locator, choice: str | list[str]) -> None:
    """Wait until the form shows this answer."""
    if isinstance(choice, str):
        answer = form.locator("fieldset").first.locator(f"input[value='{choice}']")
        expect(answer).to_be_checked()
    else:
        for place, option in enumerate(choice):
            expect(form.locator("li[data-id]").nth(place)).to_have_attribute("data-id", option)


def recorded_choice(source: str) -> object:
    """The choice in a quiz's answer cell: a literal below its magic."""
    return ast.literal_eval(source.partition("\n")[2].strip())["choice"]


def test_first_lesson_from_start_to_a_browser_that_comes_back(
    page: Page, address: str, lesson: Lesson, course_folder: Path
) -> None:
    notebook = Notebook(page)
    exercise, quiz = lesson.exercise, lesson.quiz
    expect(page.locator(".jp-Dialog, .jp-toastContainer .Toastify__toast")).to_have_count(0)
    expect(page.locator(".lm-TabBar-tab.lm-mod-current", has_text=lesson.path.name)).to_have_count(
        1
    )

    # Run everything: no check has an answer, and the run reaches the last of them all the same.
    notebook.menu("Run", "Run All Cells")
    last_check = [name for name in lesson.code_cells if name.endswith(cells.CHECK_SUFFIX)][-1]
    shown = notebook.cell(last_check).locator(".jp-Cell-outputArea")
    expect(shown.get_by_role("group")).to_contain_text("No answer yet")
    expect(shown.get_by_role("group")).to_contain_text("passed in this notebook")

    # A known mistake: its own message, at the second failure the hints, then the right answer.
    magic = f"%%{exercise.kind} {exercise.answer_name}\n"
    check = exercise.id + cells.CHECK_SUFFIX
    notebook.write(exercise.id, magic + lesson.mistake.answer.strip())
    expect(notebook.run(exercise.id).locator("table, img")).to_have_count(1)
    card = notebook.run(check).get_by_role("group")
    expect(card).to_contain_text(lesson.mistake.message.strip())
    expect(card).to_contain_text(f"0 of {exercise.points} point")
    expect(card.locator("summary")).to_have_count(0)
    card = notebook.run(check).get_by_role("group")
    open_hint_by_keyboard(page, card, exercise.hints)
    hint = notebook.run_new_cell_below(check, f'hint("{exercise.id}")')
    expect(hint).to_contain_text(exercise.hints[0].strip())
    notebook.write(exercise.id, magic + lesson.reference.strip())
    notebook.run(exercise.id)
    card = notebook.run(check).get_by_role("group")
    expect(card).to_contain_text(f"{exercise.id} holds")
    expect(card).to_contain_text(f"{exercise.points} of {exercise.points} point")
    expect(card).to_contain_text(re.compile(r"1 of \d+ passed in this notebook"))

    # The quiz, without the mouse; running the cell below writes the answer into it.
    notebook.run(f"{quiz['id']}-quiz")
    form = notebook.active().locator(".ridealong-quiz")
    expect(form).to_be_visible()
    answer_by_keyboard(page, form, lesson.right_choice)
    expect(form.locator(".ridealong-quiz-feedback")).to_contain_text("Right.")
    notebook.run(quiz["id"])
    assert recorded_choice(notebook.source(quiz["id"])) == lesson.right_choice
    expect(notebook.run(quiz["id"] + cells.CHECK_SUFFIX).get_by_role("group")).to_contain_text(
        "Passed"
    )

    # After a restart everything is still there: in the file, in the cell, in the form.
    page.keyboard.press("ControlOrMeta+s")
    expect(page.locator(".jp-mod-current.jp-mod-dirty")).to_have_count(0)
    notebook.restart_kernel()
    notebook.run(lesson.code_cells[0])
    notebook.run(f"{quiz['id']}-quiz")
    expect_choice(notebook.active().locator(".ridealong-quiz"), lesson.right_choice)
    notebook.run(quiz["id"])
    expect(notebook.run(quiz["id"] + cells.CHECK_SUFFIX).get_by_role("group")).to_contain_text(
        "Passed"
    )

    saved = nbformat.read(course_folder / "work" / lesson.path, as_version=4)
    sources_saved = {cell.id: cell.source for cell in saved.cells}
    assert sources_saved[exercise.id] == magic + lesson.reference.strip()
    assert recorded_choice(sources_saved[quiz["id"]]) == lesson.right_choice
    released = (COURSE / "notebooks" / lesson.path).read_bytes()
    assert (course_folder / "notebooks" / lesson.path).read_bytes() == released

    # The browser is closed, and comes back at the same address.
    returned = page.context.new_page()
    page.close()
    returned.goto(address)
    notebook = Notebook(returned)
    notebook.run(f"{quiz['id']}-quiz")
    expect_choice(notebook.active().locator(".ridealong-quiz"), lesson.right_choice)
    assert notebook.source(exercise.id) == magic + lesson.reference.strip()


def test_lab_cells_show_what_they_measured(page: Page) -> None:
    """A schema is drawn and attacked, a query's plan is read as cost, in the learner's browser."""
    notebook = Notebook(page)
    notebook.open("05_schema/01_tables_that_refuse.ipynb")
    notebook.run("setup")
    notebook.run_new_cell_below(
        "setup",
        "from ridealong.labs.schema import attack, schema\n"
        "users = 'CREATE TABLE users (user_id BIGINT PRIMARY KEY, email VARCHAR NOT NULL)'",
    )
    drawn = notebook.run_new_cell_below("setup", "schema(users)")
    expect(drawn.get_by_role("img", name="Entity-relationship diagram")).to_be_visible()
    attacked = notebook.run_new_cell_below("setup", "attack(users)")
    expect(attacked.get_by_role("row", name="differ only by case")).to_contain_text("let it pass")
    expect(attacked.locator("caption")).to_contain_text("hostile rows bounce")

    notebook.open("06_sql_two/02_grain_before_sums.ipynb")
    notebook.run("setup")
    shown = notebook.run_new_cell_below(
        "setup",
        "from ridealong.labs.sql import cost_of\n"
        "cost_of('SELECT r.ride_id, p.amount FROM rides AS r JOIN payments AS p USING (ride_id)')",
    )
    expect(shown).to_contain_text("The query starts from rides")
    expect(shown.get_by_role("img", name="starts from rides")).to_be_visible()
