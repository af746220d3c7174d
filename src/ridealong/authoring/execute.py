"""Run the notebooks of `solutions/` from top to bottom and store what they show."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils

from ridealong.authoring import catalogue, cells, format, sources
from ridealong.authoring.problems import BuildError
from ridealong.authoring.steps import (
    Options,
    Show,
    Step,
    digest,
    digest_of_files,
    package_digest,
)

CELL_TIMEOUT_SECONDS = 180
# Notebooks do not see these parts of the package, so changing them needs no new run.
_NOT_SEEN = ("authoring", "catalogue", "carry_over.py", "cli.py", "doctor.py", "study.py")
# Not Python itself: nbval compares the same outputs under every version.
_LIBRARIES = ("duckdb", "ipykernel", "ipython", "ipywidgets", "anywidget", "matplotlib", "pandas")

# What would differ on the next run or on another machine.
_UNSTABLE = {
    "a path": re.compile(
        r"(?<![\w.<])(?:/(?:home|Users|root|tmp|var|private|usr|opt|mnt)/[\w.-]+|[A-Z]:\\\w)"
    ),
    "a memory address": re.compile(r"\b0x[0-9a-fA-F]{6,}\b"),
    "a timing": re.compile(r"Wall time:|CPU times:|\bper loop\b|std\. dev\. of"),
    "a random id": re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
}
_PICTURE = re.compile(r"(data:image/[a-z+]+;base64,)[A-Za-z0-9+/=]+")


def steps(course: Path, modules: list[Path], options: Options) -> Iterator[Step]:
    """Yield one step per notebook: its stored outputs."""
    for folder in modules:
        for path in sources.notebooks(folder):
            yield Step(
                name=f"execute {folder.name}/{path.stem}",
                mend=f"ridealong build execute {folder.name}",
                inputs=partial(_inputs, course, path),
                make=partial(_executed, course, path, options),
                targets=partial(list, [path]),
                same=_same,
            )


def _inputs(course: Path, path: Path) -> str:
    asked = catalogue.path_of(course, path.parent.name)
    return digest(
        format.without_outputs(format.read(path)),
        package_digest(without=_NOT_SEEN),
        digest_of_files([asked], asked.parent),
        *(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES),
    )


def _executed(course: Path, path: Path, options: Options, show: Show) -> dict[Path, bytes]:
    seed = catalogue.hidden_seed(course, path.parent.name, options)
    return {path: format.text(execute(path, seed, show)).encode()}


def ensure_databases(seeds: list[int]) -> dict[str, str]:
    """Build what the notebooks ask for beforehand; return the environment for a kernel.

    A build inside a cell would leave its output there, and a copy of the course elsewhere
    would build everything again.
    """
    from ridealong.dataset.storage import data_folder, ensure_database

    for seed in seeds:
        ensure_database(1, seed)
    # A PostgreSQL of the maintainer's would add a column to what `attack` shows.
    return {"RIDEALONG_DATA": str(data_folder()), "RIDEALONG_DATABASE_URL": ""}


def execute(path: Path, hidden_seed: int, show: Show) -> NotebookNode:
    """Return the notebook in canonical form with the outputs of one fresh run.

    It runs in a copy of its folder, so that answers of quizzes and other files that the run
    leaves are gone afterwards.

    Raises:
        BuildError: When a cell fails, takes too long, or shows what changes from run to run, or
            a check does not give all its points.
    """
    # Only here: a build that has nothing to run starts without it.
    import nbclient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    name = f"solutions/{path.parent.name}/{path.name}"
    notebook = format.canonical(format.read(path))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.execution_count, cell.outputs = None, []
    done = 0

    def started(cell: NotebookNode, cell_index: int, **_: Any) -> None:
        nonlocal done
        show(done, len(code), cell.id)
        done += cell.cell_type == "code"

    with tempfile.TemporaryDirectory(prefix="ridealong-execute-") as scratch:
        copy = Path(scratch, "course")
        working = copy / "solutions" / path.parent.name
        shutil.copytree(
            path.parent,
            working,
            ignore=shutil.ignore_patterns(*sources.SAVED_BY_WIDGETS, ".ipynb_*"),
        )
        # A folder with these two is a course to `ridealong.course.root`.
        (copy / "nbgrader_config.py").touch()
        environment = os.environ | ensure_databases([42, hidden_seed])
        environment["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        # The user's own start-up files must not leave a trace in the outputs.
        environment["IPYTHONDIR"] = str(Path(scratch, "ipython"))
        client = nbclient.NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT_SECONDS,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            shutdown_kernel="immediate",
            resources={"metadata": {"path": str(working)}},
            on_cell_start=started,
        )
        try:
            # What the kernel's own process says there is no output of a cell.
            client.execute(env=environment, stderr=subprocess.DEVNULL)
        except CellExecutionError as error:
            failed = _failed_cell(code)
            raise BuildError([f"{name}, cell {failed!r}: {error.ename}: {error.evalue}"]) from error
        except (CellTimeoutError, DeadKernelError) as error:
            failed = code[max(done - 1, 0)].id
            raise BuildError([f"{name}, cell {failed!r}: {str(error).splitlines()[0]}"]) from error
    executed = format.canonical(notebook)
    for count, cell in enumerate((c for c in executed.cells if c.cell_type == "code"), start=1):
        cell.execution_count = count
        cell.outputs = [format.node(o) for o in format.stable_outputs(cell.outputs, count)]
    found = (*unsolved(executed), *unstable(executed))
    problems = [f"{name}, cell {cell!r}: {problem}" for cell, problem in found]
    if problems:
        raise BuildError(problems)
    return executed


def unsolved(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield the id of each check cell that does not give all its points, and what it says."""
    for cell in notebook.cells:
        if cells.part(cell.metadata) == "check":
            earned, wanted = utils.determine_grade(cell)
            if earned < wanted:
                texts = [each.get("data", {}).get("text/plain", "") for each in cell.outputs]
                said = " ".join("\n".join(texts[:-1]).split())
                yield cell.id, f"it gives {earned:g} of {wanted:g} points: {said}"


def unstable(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield the id of each cell that shows something unstable, and what it shows."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts = [output.get("text", ""), output.get("evalue", "")]
            texts += output.get("traceback", [])
            texts += [v for k, v in output.get("data", {}).items() if not k.startswith("image/")]
            shown = _PICTURE.sub(r"\1", "\n".join(map(str, texts)))
            for what, pattern in _UNSTABLE.items():
                found = pattern.search(shown)
                if found:
                    yield cell.id, f"its output holds {what}: {found[0]!r}"
            if output.get("name") == "stderr":
                yield cell.id, f"it writes to stderr: {shown.strip()[:200]!r}"


def _same(stored: bytes, executed: bytes) -> bool:
    """Compare as nbval does: a picture's bytes depend on the machine's fonts and libraries."""
    return _comparable(stored) == _comparable(executed)


def _comparable(content: bytes) -> str:
    notebook = format.node(json.loads(content))
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for mime in [mime for mime in output.get("data", {}) if mime.startswith("image/")]:
                output.data[mime] = ""
    return _PICTURE.sub(r"\1", format.text(notebook))


def _failed_cell(code: list[NotebookNode]) -> str:
    for cell in code:
        if any(output.output_type == "error" for output in cell.outputs):
            return str(cell.id)
    return str(code[0].id)
