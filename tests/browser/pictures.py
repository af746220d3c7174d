"""Make the pictures of README and docs anew, from the course as it is: `docs/img/README.md`.

No test: pytest finds it only by its name. Each picture is made in a JupyterLab of its own.
"""

import io
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from ridealong.authoring import cells, sources

from .test_learner_path import COURSE, Notebook, address, course_folder, page

__all__ = ["address", "course_folder", "page"]  # the fixtures that this file uses

PICTURES = COURSE / "docs" / "img"
SCHEMA = '''from ridealong.labs.schema import attack, schema

ride_tables = """
CREATE TABLE users (user_id BIGINT PRIMARY KEY, email VARCHAR NOT NULL UNIQUE);
CREATE TABLE rides (
    ride_id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (user_id),
    status VARCHAR NOT NULL
        CHECK (status IN ('requested', 'accepted', 'in_progress', 'completed', 'cancelled')),
    requested_at TIMESTAMP NOT NULL,
    completed_at TIMESTAMP
);
"""
display(schema(ride_tables))
attack(ride_tables)'''
COST = '''from ridealong.labs.sql import cost_of

cost_of("""
SELECT r.city_id, SUM(p.amount) AS collected, COUNT(*) AS jobs
FROM rides AS r
JOIN payments AS p USING (ride_id)
JOIN jobs AS j USING (ride_id)
WHERE r.status = 'completed'
GROUP BY r.city_id
""")'''

SWEEP = """first_policy = {"key": "{city}", "ttl_seconds": 5, "never_shared": ["offer"]}
sweep(first_policy, [1, 2, 3, 5, 8, 10, 15])"""

KILLED = """start_broker()
design = {"commit": "before_work", "remember": "nothing"}
run(design, kill=[("receipt", "before the work"), ("charge", "between work and commit")])"""

MOVE = """careful = {
    "copy_per_second": 55,
    "first": "consumers",
    "start_at": "translated",
    "cut_over": "pause",
    "cut_over_when_behind": 10,
}
hasty = {**careful, "copy_per_second": 400}
compare_moves(careful, hasty)"""


class Scene:
    """A notebook that stands open, and what of it gets into the picture."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.notebook = Notebook(page)
        self.notebook.open(path.as_posix())
        self.notebook.run("setup")

    def shoot(self, name: str, *cells_shown: str) -> None:
        """Save what the cells show, from the first to the last of them; without any, the active."""
        if cells_shown:
            self.notebook.cell(cells_shown[0])
        self.page.mouse.move(0, 0)
        failed = self.page.locator('.jp-Notebook [data-mime-type^="application/vnd.jupyter.std"]')
        expect(failed.filter(has_text="Traceback")).to_have_count(0)  # a stale notebook, say
        self.page.wait_for_timeout(1000)  # colours and layout follow the text
        box = self.page.evaluate(
            """(names) => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                const shown = notebook.widgets.filter((cell) =>
                    names.length ? names.includes(cell.model.id) : cell === notebook.activeCell);
                const boxes = shown.map((cell) => cell.node.getBoundingClientRect());
                const top = Math.min(...boxes.map((box) => box.top));
                const end = notebook.node.getBoundingClientRect().bottom;  // of what is in sight
                const bottom = Math.min(end, Math.max(...boxes.map((box) => box.bottom)));
                return {x: boxes[0].left, y: top, width: boxes[0].width, height: bottom - top};
            }""",
            list(cells_shown),
        )
        picture = Image.open(io.BytesIO(self.page.screenshot(clip=box)))
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            PICTURES / f"{name}.png", optimize=True
        )


def place_of(wanted: Callable[[nbformat.NotebookNode], bool]) -> tuple[Path, str]:
    """The first released notebook that has such a cell, and the id of the cell."""
    for path in sorted(COURSE.glob("notebooks/*/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if wanted(cell):
                return path.relative_to(COURSE / "notebooks"), cell.id
    raise LookupError("no notebook has this cell any more: say in this file what to show instead")


def answered(page: Page, identifier: str, mistake: str | None, attempts: int = 1) -> Scene:
    """An exercise with its reference, or a known mistake, in the answer cell, and checked."""
    path, _ = place_of(lambda cell: cell.id == identifier)
    exercise = sources.load(COURSE / "solutions" / path.parent).exercises[identifier]
    if mistake is None:
        notebook = nbformat.read(COURSE / "solutions" / path, as_version=4)
        (cell,) = (cell for cell in notebook.cells if cell.id == identifier)
        text = cells.answer(cell.source)
    else:
        (text,) = (each.answer for each in exercise.mistakes if each.name == mistake)
    scene = Scene(page, path)
    magic = f"%%{exercise.kind} {exercise.answer_name}\n"
    if exercise.kind == "sql":
        text = re.sub(r"\s+(FROM|WHERE|OR|AND)\b", r"\n\1", text.strip())  # wide lines are cut off
    scene.notebook.write(identifier, magic + text.strip())
    scene.notebook.run(identifier)
    for _ in range(attempts):
        scene.notebook.run(identifier + cells.CHECK_SUFFIX)
    return scene


@pytest.fixture(autouse=True)
def _size(page: Page) -> None:
    page.set_viewport_size({"width": 1200, "height": 1600})


def test_lesson(page: Page) -> None:
    path, cell = place_of(lambda cell: "row_by_row(" in cell.source)
    scene = Scene(page, path)
    scene.notebook.run(cell)
    names = [each.id for each in nbformat.read(COURSE / "notebooks" / path, as_version=4).cells]
    here = names.index(cell)
    scene.shoot("lesson", *names[here - 1 : here + 2])


def test_failed_check(page: Page) -> None:
    scene = answered(page, "drivers-to-review", "brackets-missing", attempts=2)
    scene.notebook.active().get_by_text("Show hint 1").click()
    scene.shoot("failed_check", "drivers-to-review", "drivers-to-review-check")


def test_passed_check(page: Page) -> None:
    answered(page, "drivers-to-review", None).shoot("passed_check", "drivers-to-review-check")


def test_expected(page: Page) -> None:
    path, _ = place_of(lambda cell: cell.id == "completed-by-city")
    scene = Scene(page, path)
    scene.notebook.run_new_cell_below(
        "setup", 'from ridealong import expected\n\nexpected("completed-by-city")'
    )
    scene.shoot("expected")


def test_quiz(page: Page) -> None:
    path, cell = place_of(lambda cell: 'quiz("clause-order")' in cell.source)
    scene = Scene(page, path)
    scene.notebook.run(cell)
    form = scene.notebook.active().locator(".ridealong-quiz")
    form.get_by_label("fairly sure").check()
    form.get_by_role("button", name="Check my answer").click()
    expect(form.locator(".ridealong-quiz-feedback")).to_contain_text("Not yet.")
    scene.shoot("quiz", cell)


def test_attacked_schema(page: Page) -> None:
    scene = Scene(page, Path("05_schema/01_tables_that_refuse.ipynb"))
    scene.notebook.run_new_cell_below("setup", SCHEMA)
    scene.shoot("attacked_schema")


def test_query_cost(page: Page) -> None:
    scene = Scene(page, Path("06_sql_two/02_grain_before_sums.ipynb"))
    scene.notebook.run_new_cell_below("setup", COST)
    expect(scene.notebook.active().get_by_role("img")).to_be_visible()
    scene.shoot("query_cost")


def test_served_documentation(page: Page) -> None:
    scene = answered(page, "read-contract", None)
    scene.notebook.run_new_cell_below(
        "read-contract-check", "serve(read_contract).documentation(height_pixels=900)"
    )
    frame = page.frame_locator("iframe").first
    frame.get_by_text("/rides/{ride_id}").first.click()
    expect(frame.get_by_text("Responses").first).to_be_visible()
    scene.shoot("served_documentation")


def test_contract_verdict(page: Page) -> None:
    scene = answered(page, "read-contract", "nothing-always-there")
    scene.shoot("contract_verdict", "read-contract-check")


def test_measured_policy(page: Page) -> None:
    scene = Scene(page, Path("08_caching/02_keys_and_time.ipynb"))
    scene.notebook.run_new_cell_below("setup", SWEEP)
    expect(scene.notebook.active().get_by_role("img").first).to_be_visible()
    scene.shoot("measured_policy")


def test_shared_cache(page: Page) -> None:
    path, cell = place_of(lambda cell: cell.id == "whose-rides")
    scene = Scene(page, path)
    scene.notebook.run(cell)
    scene.shoot("shared_cache", cell)


def test_killed_consumer(page: Page) -> None:
    scene = Scene(page, Path("09_queues/03_killed_in_the_middle.ipynb"))
    scene.notebook.run_new_cell_below("setup", KILLED)
    expect(scene.notebook.active().get_by_role("img").first).to_be_visible()
    scene.shoot("killed_consumer")


def test_moved_topic(page: Page) -> None:
    scene = Scene(page, Path("09_queues/06_moving_a_topic.ipynb"))
    scene.notebook.run_new_cell_below("setup", MOVE)
    expect(scene.notebook.active().get_by_role("img").first).to_be_visible()
    scene.shoot("moved_topic")
