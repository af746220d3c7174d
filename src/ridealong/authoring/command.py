"""`ridealong build`: make what is derived from `solutions/`, or tell what is stale."""

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ridealong import course as course_folder
from ridealong.authoring import steps
from ridealong.authoring.problems import BuildError, did_you_mean_or_known
from ridealong.authoring.steps import Memory, Options, Outcome, Show, Step

# What takes long to load is loaded when there is something to build, and not for the help.
if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

Steps = Callable[[Path, list[Path], Options], Iterable[Step]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the build: its row in the table of derived files, and its steps."""

    name: str
    derived: str
    source: str
    what: str

    def steps(self, course: Path, modules: list[Path], options: Options) -> Iterator[Step]:
        """Yield the steps; a stage's module is imported when the stage is wanted."""
        import importlib

        yield from importlib.import_module(f"ridealong.authoring.{self.name}").steps(
            course, modules, options
        )


STAGES = (
    Stage(
        "format",
        "canonical form of `solutions/**.ipynb`",
        "the same notebook",
        "put the notebooks into their canonical form and check their cells",
    ),
    Stage(
        "catalogue",
        "`src/ridealong/catalogue/<module>.json`",
        "`exercises.toml`, `quizzes.toml`, the reference answers, the generated data",
        "run reference answers, mistakes and alternatives, keep their fingerprints",
    ),
    Stage(
        "execute",
        "stored outputs in `solutions/**.ipynb`",
        "the notebook's code, the package, the catalogue",
        "run the notebooks from top to bottom and store their outputs",
    ),
    Stage(
        "release",
        "`notebooks/**`",
        "`solutions/**`",
        "let nbgrader write the learners' notebooks",
    ),
    Stage(
        "manifest",
        "`data/manifest.json`",
        "the generator, `src/ridealong/dataset/`",
        "count and sum the generated data",
    ),
    Stage(
        "mutants",
        "`docs/instructors/mutants.json`",
        "the reference answers, `equal` in `exercises.toml`, the catalogue",
        "change each reference in one place and ask its check about every change",
    ),
    Stage(
        "docs",
        "the parts marked `generated` in `*.md`, , `data/er_diagram.svg` and `data/schema.sql`",
        "the sources of the modules, the syllabus, the data dictionary, this table",
        "write the tables of README, data/README and docs",
    ),
)


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Returns:
        0 when all is made, or all is fresh; 1 when something is stale or wrong; 2 when the
        command itself was wrong.
    """
    arguments = _parser().parse_args(argv)
    from rich.console import Console

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    course = course_folder.root()
    if course is None:
        console.print(
            "This is not a clone of the course: no folder above holds nbgrader_config.py and "
            "solutions/. Change into the clone and run the command again."
        )
        return 2
    try:
        stages, modules, exercises = _chosen(arguments.what, course)
    except BuildError as error:
        console.print(error, markup=False)
        return 2
    from ridealong.dataset import DatasetError

    options = Options(
        hidden_seed=arguments.hidden_seed,
        hold_quiz_key=arguments.hold_quiz_key,
        exercises=tuple(exercises),
    )
    try:
        outcomes = _run(stages, modules, course, options, arguments, console)
    except DatasetError as error:
        console.print(error, markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. Nothing is half written: the same command goes on from here.")
        return 130
    if [stage.name for stage in stages] == ["mutants"]:
        from ridealong.authoring import mutants

        names = [folder.name for folder in modules]
        print(mutants.report(course, names, exercises), end="")
    return _report(outcomes, course, arguments.check, console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ridealong build",
        description="Make everything that is derived from solutions/, in this order: "
        + "; ".join(f"{stage.name}: {stage.what}" for stage in STAGES)
        + ". Only what changed is made again.",
    )
    parser.add_argument(
        "what",
        nargs="*",
        metavar="STAGE or MODULE",
        help="stages to run and modules (folders of solutions/) to run them for; default: all. "
        "After `mutants` also ids of exercises, which are judged again",
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail and name what is stale"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="make, or check, everything anew, whatever solutions/built.txt says is fresh",
    )
    parser.add_argument(
        "--hidden-seed",
        type=int,
        metavar="N",
        help="seed of the hidden data set, for a cohort with its own; it stays until another is "
        "given (usual: 7919)",
    )
    parser.add_argument(
        "--hold-quiz-key",
        action="store_true",
        help="leave the right answers of the quizzes out of the catalogue, for a release to a "
        "cohort; build again without it to grade",
    )
    return parser


def _chosen(words: list[str], course: Path) -> tuple[list[Stage], list[Path], list[str]]:
    """Return the stages, the modules and the exercises that are asked for."""
    from ridealong.authoring import sources

    known = {stage.name: stage for stage in STAGES}
    folders = {folder.name: folder for folder in sources.folders(course)}
    stages, modules, exercises, unknown = [], [], list[str](), []
    owners = _owners(folders.values()) if "mutants" in words else {}
    for word in words:
        name = Path(word).name
        if word in known:
            stages.append(known[word])
        elif name in folders:
            modules.append(folders[name])
        elif name in owners:
            modules.append(owners[name])
            exercises.append(name)
        else:
            near = did_you_mean_or_known(word, [*known, *folders, *owners])
            unknown.append(f"{word!r} is neither a stage nor a module{near}")
    if unknown:
        raise BuildError(unknown)
    return (
        [stage for stage in STAGES if stage in stages or not stages],
        [folder for folder in folders.values() if folder in modules or not modules],
        exercises,
    )


def _owners(folders: Iterable[Path]) -> dict[str, Path]:
    """Return for each exercise the folder of its module."""
    from ridealong.authoring import sources

    return {name: folder for folder in folders for name in sources.load(folder).exercises}


def _run(
    stages: list[Stage],
    modules: list[Path],
    course: Path,
    options: Options,
    arguments: argparse.Namespace,
    console: "Console",
) -> list[Outcome]:
    """Run the stages in their order; a build stops after a stage that found problems."""
    memory = Memory(course)
    act = steps.check if arguments.check else steps.run
    outcomes: list[Outcome] = []
    with _progress(console) as progress:
        bar = progress.add_task("", total=None)
        for stage in stages:
            for step in _steps(stage, course, modules, options, outcomes):
                progress.reset(bar, description=step.name, total=None)
                outcomes.append(
                    act(step, memory, _show(progress, bar, step.name), again=arguments.all)
                )
            if not arguments.check and any(outcome.problems for outcome in outcomes):
                return outcomes
    if not (arguments.check or arguments.what):
        memory.keep_only({outcome.name for outcome in outcomes})
    return outcomes


def _steps(
    stage: Stage,
    course: Path,
    modules: list[Path],
    options: Options,
    outcomes: list[Outcome],
) -> Iterator[Step]:
    """Yield a stage's steps; a source that cannot be read is an outcome, not a crash."""
    try:
        yield from stage.steps(course, modules, options)
    except BuildError as error:
        outcomes.append(Outcome(stage.name, "", problems=error.problems))


def _progress(console: "Console") -> "Progress":
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _show(progress: "Progress", bar: "TaskID", name: str) -> Show:
    def show(done: int, total: int, what: str) -> None:
        progress.update(bar, description=f"{name}: {what}", completed=done, total=total or None)

    return show


def _report(outcomes: list[Outcome], course: Path, checking: bool, console: "Console") -> int:
    """Say what changed, what is stale and what is wrong, one line each."""
    said: set[str] = set()
    stale = 0
    for outcome in outcomes:
        for path in outcome.changed:
            name = path.relative_to(course).as_posix()
            if checking:
                stale += 1
                console.print(f"stale: {name} (mend: {outcome.mend})", markup=False)
            else:
                console.print(f"{'wrote' if path.exists() else 'removed'} {name}", markup=False)
    for outcome in outcomes:
        for problem in outcome.problems:
            if problem not in said:
                console.print(f"problem: {problem}", markup=False)
            said.add(problem)
    if said or stale:
        console.print(f"{len(said)} problems, {stale} stale files")
        return 1
    fresh = sum(not outcome.changed for outcome in outcomes)
    console.print(f"{len(outcomes)} steps: {fresh} fresh, {len(outcomes) - fresh} made anew")
    return 0
