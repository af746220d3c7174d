"""Every command, path and link in README, CONTRIBUTING and docs is real."""

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from nbgrader.apps import NbGraderApp

from ridealong import cli, doctor
from ridealong.authoring import command as build
from ridealong.systems.broker import apache, server

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "data").glob("*.md")),
    ]
}
README = PAGES["README.md"]
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
WORKFLOWS = {path.name: path for path in (ROOT / ".github" / "workflows").glob("*.yml")}

# What a program makes on the reader's machine: named in the pages, not in the repository.
MADE = (
    "work/",
    ".venv/",
    "data/",
    "submitted/",
    "autograded/",
    "feedback/",
    "downloaded/",
    "gradebook.db",
    "grades.csv",
    "times.json",
    "uv.lock",
)
# Words that stand for a name of the reader's own.
PLACEHOLDER = re.compile(r"NN_|STUDENT|MODULE|NAME|\*|\.\.\.|<")
PROGRAMS = [
    "ridealong",
    "nbgrader",
    "jupyter",
    "pytest",
    "python",
    "git",
    "uv",
    "pipx",
    "conda",
    "ruff",
    "mypy",
    "xcode-select",
]


def blocks(text: str) -> Iterator[str]:
    """Every line of every `sh` block, without indentation."""
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        yield from filter(None, (line.strip() for line in block.splitlines()))


def spans(text: str) -> list[str]:
    """Every piece of inline code."""
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", prose)


def commands() -> list[tuple[str, str]]:
    return [
        (page, line)
        for page, text in PAGES.items()
        for line in dict.fromkeys(
            [*blocks(text), *(span for span in spans(text) if is_command(span))]
        )
    ]


def is_command(span: str) -> bool:
    words = span.split()
    return len(words) > 1 and words[0] in PROGRAMS and "(" not in span


def exists(name: str) -> bool:
    path = name.partition("#")[0].rstrip("/")
    return (ROOT / path).exists() or (name.rstrip("/") + "/").startswith(MADE) or name in MADE


def assert_runs(words: list[str]) -> None:
    """Check one command: its program, its subcommand, its options, the paths it names."""
    program, *rest = words
    check = {
        "ridealong": ridealong,
        "nbgrader": nbgrader,
        "python": python,
        "uv": uv,
        "pipx": pipx,
        "git": git,
        "conda": conda,
        "jupyter": jupyter,
        "pytest": paths,
        "ruff": ruff,
        ".": lambda rest: paths(rest),
        "xcode-select": lambda rest: None,
    }.get(program)
    assert check is not None, f"unknown program {program!r}"
    check(rest)


def ridealong(words: list[str]) -> None:
    if words[:1] == ["test"]:
        modules = [word for word in words[1:] if not word.startswith("-")]
        assert all((ROOT / "solutions" / module).is_dir() for module in modules)
    if words[:1] == ["build"]:
        options = build._parser().parse_args(words[1:])
        build._chosen(options.what, ROOT)
        return
    if words == ["--help"]:
        return
    ours, _ = cli._split(words)
    cli._parser().parse_args(ours)


def nbgrader(words: list[str]) -> None:
    subcommand, *rest = words
    app = NbGraderApp.subcommands[subcommand][0]()
    known = {f"--{name}" for name in (*app.flags, *app.aliases)}
    for word in rest:
        if word.startswith("-"):
            assert word.partition("=")[0] in known, f"{subcommand} has no {word}"
    if rest and re.match(r"\d\d_", rest[0]):
        assert (ROOT / "solutions" / rest[0]).is_dir()


def python(words: list[str]) -> None:
    if words[0].endswith(".py"):
        assert exists(words[0]), words
        return
    assert words[0] == "-m", words
    module, rest = words[1], words[2:]
    if module == "pip":
        assert rest[0] == "install"
        for place, word in enumerate(rest):
            if word == "-c":
                assert exists(rest[place + 1])
            if word.startswith(".["):
                assert word in (".[test]", ".[mutation]")
    elif module == "uv":
        uv(rest)
    elif module == "ipykernel":
        assert rest[0] == "install"
    elif module.startswith("ridealong."):
        assert not rest and exists(f"src/{module.replace('.', '/')}.py")
    else:
        assert module in {"venv", "pytest", "ridealong"}, module


def uv(words: list[str]) -> None:
    verb, rest = words[0], words[1:]
    rest = [word for word in rest if word not in {"--no-dev", "--offline"}]
    if verb == "run":
        if rest:  # a page may name the beginning alone: what stands "in front"
            assert_runs(rest)
    else:
        assert (verb, rest) == ("sync", [])


def pipx(words: list[str]) -> None:
    assert words[:2] == ["run", "uv"]
    uv(words[2:])


def git(words: list[str]) -> None:
    assert words[0] in {"add", "checkout", "clone", "commit", "pull", "status"}
    if words[:2] == ["checkout", "--"]:
        paths(words[2:])


def conda(words: list[str]) -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    if words[0] == "activate":
        assert words[1:] == [environment["name"]]
    else:
        assert words == ["env", "create", "-f", "environment.yml"]


def jupyter(words: list[str]) -> None:
    assert words[0] == "lab"
    paths(words[1:])


def ruff(words: list[str]) -> None:
    assert words[0] in {"check", "format"}


def paths(words: list[str]) -> None:
    if "-m" in words:  # a marker, not a path
        words = [word for place, word in enumerate(words) if words[place - 1 : place] != ["-m"]]
    for word in words:
        assert word.startswith("-") or exists(word), f"{word} is not there"


@pytest.mark.parametrize(("page", "line"), commands())
def test_command_is_real(page: str, line: str) -> None:
    for part in line.split(" && "):
        words = shlex.split(part, posix="\\" not in part)
        if any(PLACEHOLDER.search(word) for word in words):
            words = [word for word in words if not PLACEHOLDER.search(word)]
        assert_runs(words)


def path_names() -> list[tuple[str, str]]:
    def is_path(span: str) -> bool:
        known_end = re.search(r"\.(md|py|toml|txt|yml|ipynb|json|sql|lock|db)$", span)
        return not re.search(r"[\s(){}=:\"'%]|^https?|^/|^-|^\.", span) and (
            known_end is not None or ("/" in span and not span.startswith("--"))
        )

    return [
        (page, span)
        for page, text in PAGES.items()
        for span in dict.fromkeys(spans(text))
        if is_path(span) and not PLACEHOLDER.search(span)
    ]


@pytest.mark.parametrize(("page", "name"), path_names())
def test_path_is_there(page: str, name: str) -> None:
    beside = (ROOT / page).parent / name
    anywhere = "/" not in name and any((ROOT / "solutions").rglob(name))
    in_package = (ROOT / "src" / "ridealong" / name).exists()
    assert exists(name) or beside.exists() or anywhere or in_package


def headings(text: str) -> set[str]:
    """The anchors that a page's headings get."""
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


def links() -> list[tuple[str, str]]:
    return [
        (page, target)
        for page, text in PAGES.items()
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
        if "://" not in target
    ]


@pytest.mark.parametrize(("page", "target"), links())
def test_link_leads_somewhere(page: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = ((ROOT / page).parent / path).resolve() if path else ROOT / page
    assert file.exists()
    if anchor:
        assert anchor in headings(file.read_text(encoding="utf-8"))


def test_readme_starts_with_three_sentences_and_a_picture() -> None:
    title, sentences, picture = README.split("\n\n")[:3]
    assert title == "# Ridealong"
    assert len(re.findall(r"[.!?](?:\s|$)", sentences)) == 3
    assert re.fullmatch(r"!\[.{20,}\]\(docs/img/lesson\.png\)", picture)


def test_readme_gives_one_command_to_start_and_one_to_test() -> None:
    whole = [line for line in blocks(README) if line.startswith("python -m pip install uv")]
    assert whole == [
        "python -m pip install uv && python -m uv run --no-dev ridealong study",
        "python -m pip install uv && python -m uv run pytest",
    ]


def test_build_server_calls_the_readmes_test_command() -> None:
    (pattern,) = re.findall(r"sed -n 's/\^\\\((.*?)\\\)\$/\\1/p' README\.md", CI)
    found = re.findall(rf"^{pattern}$", README, re.MULTILINE)
    assert found == ["python -m pip install uv && python -m uv run pytest"]
    assert 'eval "$command"' in CI


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="needs bash")
def test_build_server_script_is_well_formed() -> None:
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def workflow(name: str) -> Any:
    return yaml.safe_load(WORKFLOWS[name].read_text(encoding="utf-8"))


def test_workflow_runs_the_readmes_command_on_all_systems_and_pythons() -> None:
    job = workflow("ci.yml")["jobs"]["tests"]
    matrix = job["strategy"]["matrix"]
    assert {system.partition("-")[0] for system in matrix["system"]} == {
        *("ubuntu", "macos", "windows")
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f">={matrix['python'][0]}" == project["requires-python"]
    commands = [step.get("run") for step in job["steps"]]
    assert "python -m pip install uv && python -m uv run pytest" in commands


def test_workflows_use_two_processes_and_fewer_notebooks_where_they_are_slow() -> None:
    job = workflow("ci.yml")["jobs"]["tests"]
    assert "--numprocesses=2" in job["env"]["PYTEST_ADDOPTS"]
    assert "--numprocesses=2" in CI
    narrowed = {each["system"]: each["narrowed"] for each in job["strategy"]["matrix"]["include"]}
    assert narrowed == dict.fromkeys(
        ("macos-latest", "windows-latest"), "--one-notebook-per-module"
    )


def test_workflow_has_an_outside_kafka_of_the_version_that_is_recorded() -> None:
    job = workflow("ci.yml")["jobs"]["broker"]
    assert job["services"]["kafka"]["image"] == f"apache/kafka:{apache.VERSION}"
    assert job["env"][server.VARIABLE] == "localhost:9092"
    files = re.findall(r"tests/\S+", job["steps"][-1]["run"])
    assert files and all(list(ROOT.glob(name)) for name in files)


def weekly(job: str) -> list[str]:
    steps = workflow("weekly.yml")["jobs"][job]["steps"]
    return [step["run"] for step in steps if "run" in step]


def test_weekly_workflow_takes_the_newest_of_everything() -> None:
    assert "schedule" in workflow("weekly.yml")[True]  # YAML reads the key `on` as true
    install, tests, _ = weekly("newest")
    assert "constraints" not in install
    assert "uv run" not in install
    assert "--nbval-lax" in tests


def test_weekly_workflow_runs_what_the_others_leave_out() -> None:
    (tests,) = weekly("repetitions")
    assert tests.endswith("pytest --numprocesses=2 -m weekly")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "-m not weekly" in project["tool"]["pytest"]["ini_options"]["addopts"]


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed")
def test_workflows_pass_actionlint() -> None:
    subprocess.run(["actionlint", *map(str, WORKFLOWS.values())], check=True)


def test_environment_variables_of_the_pages_are_read_by_the_code() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    named = {name for text in PAGES.values() for name in re.findall(r"RIDEALONG_[A-Z_]+", text)}
    assert {name for name in named if name not in code} == set()


def test_parts_of_the_doctor_that_the_pages_name_are_there() -> None:
    named = set(
        re.findall(r"ridealong doctor`, line \*([\w ]+)\*", PAGES["docs/learners/setup.md"])
    )
    assert named
    assert named <= {finding.part for finding in doctor.examine(None)}
