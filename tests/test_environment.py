"""One set of dependencies: pyproject.toml, constraints.txt and environment.yml agree."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from ridealong.authoring import pins

ROOT = Path(__file__).parents[1]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PYPROJECT_TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PYPROJECT: dict[str, Any] = tomllib.loads(PYPROJECT_TEXT)
ENVIRONMENT: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def declared() -> list[str]:
    project = PYPROJECT["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["test"]]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_uv_reads_the_pins_of_the_constraints_file() -> None:
    listed = PYPROJECT["tool"]["uv"]["constraint-dependencies"]
    assert listed == pins.read_constraints(CONSTRAINTS)


def test_every_pin_is_an_exact_version_and_no_address() -> None:
    assert "://" not in CONSTRAINTS
    for pin in map(Requirement, pins.read_constraints(CONSTRAINTS)):
        assert pin.url is None
        assert [specifier.operator for specifier in pin.specifier] == ["=="], pin


def test_every_dependency_is_pinned_to_a_version_that_it_allows() -> None:
    pinned = [Requirement(pin) for pin in pins.read_constraints(CONSTRAINTS)]
    for wanted in map(Requirement, declared()):
        found = [pin for pin in pinned if normal(pin.name) == normal(wanted.name)]
        assert found, f"{wanted.name} has no pin: run `ridealong pins --upgrade`"
        for pin in found:
            (version,) = [specifier.version for specifier in pin.specifier]
            assert wanted.specifier.contains(version), (wanted, pin)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_no_package_is_pinned_twice_on_one_machine(python: str, system: str) -> None:
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.6",
        "sys_platform": system,
        "os_name": "nt" if system == "win32" else "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    pinned = [
        normal(pin.name)
        for pin in map(Requirement, pins.read_constraints(CONSTRAINTS))
        if pin.marker is None or pin.marker.evaluate(environment)
    ]
    assert len(pinned) == len(set(pinned))
    assert ("pywinpty" in pinned) == (system == "win32")


def test_conda_installs_the_same_dependencies_with_the_same_pins() -> None:
    (from_pip,) = [item["pip"] for item in ENVIRONMENT["dependencies"] if isinstance(item, dict)]
    assert from_pip[:2] == ["-c constraints.txt", "-e ."]
    assert list(map(Requirement, from_pip[2:])) == list(map(Requirement, declared()))


def test_conda_asks_for_the_same_python() -> None:
    assert f"python {PYPROJECT['project']['requires-python']}" in ENVIRONMENT["dependencies"]


def imported_packages() -> dict[str, set[str]]:
    """Every package outside the standard library that the course's code imports, and where."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names and top != "ridealong":
                    found.setdefault(top, set()).add(path.name)
    return found


def test_every_imported_package_is_a_declared_dependency() -> None:
    providers = importlib.metadata.packages_distributions()
    needed = {normal(Requirement(text).name) for text in PYPROJECT["project"]["dependencies"]}
    undeclared = {
        top: sorted(where)
        for top, where in imported_packages().items()
        if not {normal(name) for name in providers.get(top, [top])} & needed
    }
    # Optional, and imported only where somebody gave the address of a PostgreSQL.
    assert undeclared == {"psycopg": ["postgres.py"]}


def test_the_tests_need_every_optional_dependency() -> None:
    optional = PYPROJECT["project"]["optional-dependencies"]
    assert set(optional) == {"mutation", "postgresql", "test"}  # mutation tests these tests
    assert set(optional["postgresql"]) <= set(optional["test"])


def test_pins_are_copied_between_the_markers_only() -> None:
    changed = pins.with_pins(PYPROJECT_TEXT, ["rich==1.0", "six==2.0 ; os_name == 'nt'"])
    assert tomllib.loads(changed)["tool"]["uv"]["constraint-dependencies"] == [
        "rich==1.0",
        "six==2.0 ; os_name == 'nt'",
    ]
    assert pins.with_pins(changed, pins.read_constraints(CONSTRAINTS)) == PYPROJECT_TEXT


def test_lost_markers_are_said() -> None:
    with pytest.raises(pins.PinsError, match="holds 0 lists"):
        pins.with_pins(PYPROJECT_TEXT.replace(pins.END, "# gone"), [])


def test_stale_pins_are_found_and_written(tmp_path: Path) -> None:
    constraints = "# made by hand\nrich==1.0\n"
    (tmp_path / "constraints.txt").write_text(constraints, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT_TEXT, encoding="utf-8")
    assert pins.update(tmp_path, check=True) == ["pyproject.toml"]
    assert (tmp_path / "pyproject.toml").read_text(encoding="utf-8") == PYPROJECT_TEXT
    assert pins.update(tmp_path) == ["pyproject.toml"]
    assert pins.update(tmp_path, check=True) == []
    assert (tmp_path / "constraints.txt").read_text(encoding="utf-8") == constraints


def test_upgrade_without_uv_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pins.PinsError, match="pip install uv"):
        pins.resolve(PYPROJECT_TEXT)
