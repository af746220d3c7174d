"""The tables of README, CONTRIBUTING, `docs/` and `data/README.md` that follow from the sources.

A generated part stands between two comments, `<!-- generated: modules -->` and `<!-- end -->`;
everything around it is written by people. Which parts there are is said by `_blocks`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from nbformat import NotebookNode

from ridealong.authoring import cells, data_pages, format, mutants, sources, syllabus
from ridealong.authoring.problems import BuildError, did_you_mean_or_known
from ridealong.authoring.steps import (
    Options,
    Show,
    Step,
    digest,
    digest_of_files,
    package_digest,
)
from ridealong.dataset.build import schema_sql
from ridealong.show.table import markdown_table

_BLOCK = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[\w -]+) -->\n)(?P<old>.*?)(?P<end><!-- end -->|\Z)",
    re.DOTALL,
)
_MINUTES = re.compile(r"\b(\d+) minutes\b")


def steps(course: Path, modules: list[Path], options: Options) -> Iterator[Step]:
    """Yield one step per Markdown file with a generated part, and one for the data's diagram."""
    for path in _pages(course):
        if "<!-- generated:" not in path.read_text(encoding="utf-8"):
            continue
        yield Step(
            name=f"docs {path.relative_to(course).as_posix()}",
            mend="ridealong build docs",
            inputs=partial(_inputs, course, path),
            make=partial(_written, course, path),
            targets=partial(list, [path]),
        )
    if (course / "data" / "README.md").is_file():
        for name, content in (
            ("er_diagram.svg", data_pages.entity_relationship_svg),
            ("schema.sql", schema_sql),
        ):
            path = course / "data" / name
            yield Step(
                name=f"docs data/{name}",
                mend="ridealong build docs",
                inputs=partial(package_digest, only=["dataset", "show", "authoring"]),
                make=partial(_made, path, content),
                targets=partial(list, [path]),
            )


def _inputs(course: Path, path: Path) -> str:
    read = [path, mutants.results_path(course)]
    for folder in sources.folders(course):  # a table names all modules, whichever are built now
        read += [*sources.notebooks(folder), *folder.glob("*.toml")]
    return digest(
        digest_of_files(read, course),
        package_digest(only=("authoring", "catalogue/syllabus.toml", "dataset")),
    )


def minutes(notebook: NotebookNode) -> int:
    """Return the minutes that a notebook's title cell says it takes, 0 when it says nothing."""
    found = _MINUTES.search(notebook.cells[0].source) if notebook.cells else None
    return int(found[1]) if found else 0


def title(notebook: NotebookNode) -> str:
    """Return the heading of a notebook's first cell."""
    first = notebook.cells[0].source.splitlines() if notebook.cells else []
    return first[0].removeprefix("# ").strip() if first else ""


def _pages(course: Path) -> list[Path]:
    named = [course / name for name in ("README.md", "CONTRIBUTING.md", "data/README.md")]
    return [path for path in named if path.is_file()] + sorted((course / "docs").rglob("*.md"))


def _written(course: Path, path: Path, show: Show) -> dict[Path, bytes]:
    name = path.relative_to(course).as_posix()
    blocks = _blocks(course)
    unknown: list[str] = []

    def filled(found: re.Match[str]) -> str:
        block = found["name"]
        if block not in blocks:
            unknown.append(
                f"{name}: unknown part 'generated: {block}'{did_you_mean_or_known(block, blocks)}"
            )
            return found[0]
        if not found["end"]:
            unknown.append(f"{name}: the part 'generated: {block}' has no '<!-- end -->'")
            return found[0]
        return f"{found['begin']}\n{blocks[block]().strip()}\n\n{found['end']}"

    text = _BLOCK.sub(filled, path.read_text(encoding="utf-8"))
    if unknown:
        raise BuildError(unknown)
    return {path: text.encode()}


def _made(path: Path, content: Callable[[], str], show: Show) -> dict[Path, bytes]:
    return {path: content().encode()}


def _blocks(course: Path) -> Mapping[str, Callable[[], str]]:
    """Return what makes each generated part, by its name."""
    modules = [sources.load(folder) for folder in sources.folders(course)]
    return {
        "modules": partial(_modules, modules),
        "coverage": partial(_coverage, modules),
        "coverage summary": partial(_coverage_summary, modules),
        "coverage by module": partial(_coverage_by_module, modules, mutants.read(course)),
        "mutants": partial(_mutants, course, modules),
        "open mutants": partial(_open_mutants, modules, mutants.read(course)),
        **{f"rubrics {m.name}": partial(_rubrics, m) for m in modules if m.rubrics},
        "derived files": _derived_files,
        "data dictionary": data_pages.dictionary_tables,
        "calibration": data_pages.calibration_table,
    }


def _rubrics(module: sources.Module) -> str:
    """Return the criteria and the scored samples of a module's rubric tasks."""
    parts = []
    for rubric in module.rubrics.values():
        levels = [f"{points} point{'' if points == 1 else 's'}" for points in range(4)]
        rows = [[each.name, *each.levels] for each in rubric.criteria]
        parts.append(f"### {rubric.title} (`{rubric.id}`, {rubric.points} points)")
        parts.append(markdown_table(["criterion", *levels], rows))
        for sample in rubric.samples:
            scores = ", ".join(
                f"{criterion.name} {score}"
                for criterion, score in zip(rubric.criteria, sample.scores, strict=True)
            )
            parts.append(
                f"<details><summary>Sample: {sample.name}, {sum(sample.scores)} of "
                f"{rubric.points} points</summary>\n\n{sample.text.strip()}\n\n"
                f"Scores: {scores}.\n\n{sample.why.strip()}\n\n</details>"
            )
    return "\n\n".join(parts)


def _notebooks(module: sources.Module) -> dict[Path, NotebookNode]:
    return {path: format.canonical(format.read(path)) for path in module.notebooks}


def _asked(notebook: NotebookNode) -> list[str]:
    """Return the ids of the exercises, quizzes and rubric tasks of a notebook, in their order."""
    return [
        cell.id.removesuffix(cells.CHECK_SUFFIX)
        for cell in notebook.cells
        if cells.part(cell.metadata) in ("check", "manual")
    ]


def _modules(modules: list[sources.Module]) -> str:
    rows = []
    for module in modules:
        for path, notebook in _notebooks(module).items():
            asked = _asked(notebook)
            entries = [(module.exercises | module.quizzes | module.rubrics)[i] for i in asked]
            rows.append(
                [
                    f"`{module.name}`",
                    f"{title(notebook)} (`{path.name}`)",
                    str(minutes(notebook)),
                    str(sum(i not in module.quizzes for i in asked)),
                    str(sum(i in module.quizzes for i in asked)),
                    f"{sum(entry.points for entry in entries):g}",
                ]
            )
    header = ["Module", "Notebook", "Minutes", "Exercises", "Quizzes", "Points"]
    return markdown_table(header, rows)


def _mutants(course: Path, modules: list[sources.Module]) -> str:
    rows = mutants.summary(course, [module.name for module in modules])
    return markdown_table(["Module", "Mutants", "Refused", "Equal", "Open"], rows)


def _open_mutants(
    modules: list[sources.Module], found: Mapping[str, Mapping[str, mutants.Found]]
) -> str:
    parts = []
    for module in modules:
        for name in module.exercises:
            changes = each.open if (each := found.get(module.name, {}).get(name)) else []
            if changes:
                listed = "\n".join(f"- `{change}`" for change in changes)
                parts.append(
                    f"<details><summary>{module.name}, {name}: {len(changes)}</summary>\n\n"
                    f"{listed}\n\n</details>"
                )
    return "\n\n".join(parts) or "None."


def _exercises(module: sources.Module, found: Mapping[str, mutants.Found]) -> str:
    rows = []
    for path, notebook in _notebooks(module).items():
        for identifier in _asked(notebook):
            exercise = module.exercises.get(identifier) or module.rubrics.get(identifier)
            if exercise is None:
                continue
            rows.append(
                [
                    path.name[:2],
                    f"{exercise.title} (`{exercise.id}`)",
                    " ".join(exercise.syllabus),
                    str(exercise.level),
                    exercise.depth,
                    str(exercise.minutes),
                    str(exercise.points),
                    _share_refused(found.get(identifier)),
                    _judged_by(exercise),
                ]
            )
    header = ["Notebook", "Exercise", "Syllabus", "Level", "Depth", "Minutes", "Points"]
    return markdown_table([*header, "Mutants refused", "Mistakes it recognises"], rows)


def _share_refused(found: mutants.Found | None) -> str:
    """Return how many mutants of a reference are refused, of those that are not as right as it."""
    if found is None:
        return ""
    return f"{found.refused} of {found.generated - len(found.equal)}"


def _judged_by(exercise: sources.Exercise | sources.Rubric) -> str:
    if isinstance(exercise, sources.Rubric):
        return "a person grades: " + ", ".join(each.name for each in exercise.criteria)
    return ", ".join(mistake.name for mistake in exercise.mistakes)


def demos(module: sources.Module) -> dict[str, list[str]]:
    """Return for each syllabus id the cells of a module that show it, "01 cell-id"."""
    found: dict[str, list[str]] = {}
    for path, notebook in _notebooks(module).items():
        for cell in notebook.cells:
            for tag in cell.metadata.get("tags", []):
                if tag.startswith(format.DEMO_TAG):
                    item = tag.removeprefix(format.DEMO_TAG)
                    found.setdefault(item, []).append(f"{path.name[:2]} {cell.id}")
    return found


def practice(module: sources.Module) -> dict[str, list[str]]:
    """Return for each syllabus id the exercises, quizzes and rubric tasks that practise it."""
    found: dict[str, list[str]] = {}
    everything: list[sources.Exercise | sources.Quiz | sources.Rubric] = [
        *module.exercises.values(),
        *module.quizzes.values(),
        *module.rubrics.values(),
    ]
    for asked in everything:
        for item in asked.syllabus:
            found.setdefault(item, []).append(asked.id)
    return found


def _coverage_by_module(
    modules: list[sources.Module], found: Mapping[str, Mapping[str, mutants.Found]]
) -> str:
    return "\n\n".join(
        f"### {module.name}\n\n{_module_coverage(module)}\n\n"
        + _exercises(module, found.get(module.name, {}))
        for module in modules
    )


def _module_coverage(module: sources.Module) -> str:
    shown, practised = demos(module), practice(module)
    wanted = {i for i, item in syllabus.items().items() if module.name in item.modules}
    rows = [
        [
            item.id,
            item.title,
            ", ".join(f"`{cell}`" for cell in shown.get(item.id, [])) or "none",
            ", ".join(f"`{i}`" for i in practised.get(item.id, []) if i not in module.quizzes)
            or "none",
            ", ".join(f"`{i}`" for i in practised.get(item.id, []) if i in module.quizzes)
            or "none",
        ]
        for item in syllabus.items().values()
        if item.id in wanted | shown.keys() | practised.keys()
    ]
    return markdown_table(["Item", "What", "Shown in", "Exercises", "Quizzes"], rows)


def _coverage(modules: list[sources.Module]) -> str:
    shipped = {module.name: (demos(module), practice(module)) for module in modules}
    rows = [
        [
            item.id,
            item.title,
            ", ".join(f"`{name}`" for name in item.modules),
            _state(item, shipped),
        ]
        for item in syllabus.items().values()
    ]
    return markdown_table(["Item", "What", "Belongs to", "State"], rows)


def _coverage_summary(modules: list[sources.Module]) -> str:
    shipped = {module.name: (demos(module), practice(module)) for module in modules}
    states = [_state(item, shipped) for item in syllabus.items().values()]
    counts = {state: states.count(state) for state in ("covered", "in part", "to come")}
    return (
        f"Covered: {counts['covered']} of {len(states)} items. "
        f"In part, in some of the modules that they belong to: {counts['in part']}. "
        f"To come: {counts['to come']}."
    )


def _state(
    item: syllabus.Item,
    shipped: Mapping[str, tuple[Mapping[str, list[str]], Mapping[str, list[str]]]],
) -> str:
    done = [
        name in shipped and all(item.id in part for part in shipped[name]) for name in item.modules
    ]
    return "covered" if all(done) else "in part" if any(done) else "to come"


def _derived_files() -> str:
    from ridealong.authoring.command import STAGES

    rows = [[s.derived, s.source, f"`ridealong build {s.name}`"] for s in STAGES]
    return markdown_table(["Derived", "From", "By"], rows)
