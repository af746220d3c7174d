"""Look at every part that the course needs, and say how to mend what is wrong.

Everything outside the standard library is imported inside the check that needs it: this is the
command that must still work when a package is missing.
"""

import contextlib
import importlib.metadata
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ridealong import course

NEEDED_PYTHON: Final = (3, 11)
NEEDED_MEGABYTES: Final = 1_000
_WIDGET_EXTENSIONS: Final = ("anywidget", "@jupyter-widgets/jupyterlab-manager")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one part looks like: what was seen, and the mend when it is not well."""

    part: str
    seen: str
    mend: str | None = None

    @property
    def well(self) -> bool:
        """Tell whether there is nothing to mend."""
        return self.mend is None


def examine(root: Path | None) -> Iterator[Finding]:
    """Look at every part, in the order in which to mend them.

    Args:
        root: The course folder, or None outside of one.

    Yields:
        One finding per part, as soon as it is there. Nothing is raised and nothing is changed.
    """
    parts: list[tuple[str, Callable[[], Finding]]] = [
        ("Python", _python),
        ("packages", lambda: _packages(root)),
        ("course folder", lambda: _course_folder(root)),
        ("kernel", _kernel),
        ("quizzes", _quizzes),
        ("data", lambda: _data(root)),
        ("disk", lambda: _disk(root)),
        ("pictures", _pictures),
        ("ports", _ports),
        ("back end", _back_end),
        ("cache", _cache),
        ("broker", _broker),
        ("nbgrader", lambda: _nbgrader(root)),
        ("your work", lambda: _notebooks_untouched(root)),
    ]
    for part, look in parts:
        yield _examined(part, look, root)


def _examined(part: str, look: Callable[[], Finding], root: Path | None) -> Finding:
    """Return what `look` finds; a missing or broken package is a finding too."""
    try:
        return look()
    except ModuleNotFoundError as missing:
        package = (missing.name or str(missing)).split(".")[0]
        return Finding(part, f"needs the package {package}, which is missing", _install(root))
    except Exception as error:
        lines = str(error).splitlines() or [type(error).__name__]
        return Finding(part, f"cannot be looked at: {lines[0]}", _install(root))


def _install(root: Path | None) -> str:
    """Return the command that installs what the course needs into this environment."""
    where = f"in {root}: " if root else "in your copy of the course: "
    # Not by find_spec: looking for pip like an import makes setuptools hand over to pip.
    if not any(importlib.metadata.distributions(name="pip")):
        return f"{where}python -m pip install uv && python -m uv sync --no-dev"
    return f'{where}"{sys.executable}" -m pip install -c constraints.txt -e .'


def _python() -> Finding:
    version = sys.version.split()[0]
    if sys.version_info < NEEDED_PYTHON:
        needed = ".".join(map(str, NEEDED_PYTHON))
        return Finding(
            "Python", f"{version}, needed: {needed}", f"install Python {needed} or newer"
        )
    return Finding("Python", f"{version} at {sys.executable}")


def _packages(root: Path | None) -> Finding:
    from packaging.requirements import Requirement

    faults, count = [], 0
    for text in importlib.metadata.requires("ridealong") or []:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        count += 1
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            faults.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            faults.append(f"{requirement.name} is {version}, needed: {requirement.specifier}")
    if faults:
        return Finding("packages", "; ".join(faults), _install(root))
    return Finding("packages", f"{count} needed, all here")


def _course_folder(root: Path | None) -> Finding:
    if root is None:
        return Finding(
            "course folder",
            f"{Path.cwd()} is not in a copy of the course",
            "change to the folder that you cloned, then run: ridealong doctor",
        )
    return Finding("course folder", str(root))


def _kernel() -> Finding:
    """The notebooks' kernel is called python3: a kernel of the same name elsewhere hides it."""
    from jupyter_client.kernelspec import KernelSpecManager

    spec = KernelSpecManager().get_kernel_spec("python3")
    version = sys.version_info
    own = {"python", f"python{version.major}", f"python{version.major}.{version.minor}"}
    # By these names Jupyter starts its own Python, whatever stands on PATH.
    named = sys.executable if spec.argv[0] in own else spec.argv[0]
    program = Path(shutil.which(named) or named)
    # Not resolved: the Pythons of two environments may be links to one file.
    if program.parent.absolute() == Path(sys.executable).parent.absolute():
        return Finding("kernel", "python3 starts this Python")
    return Finding(
        "kernel",
        f"python3 starts {program}, not {sys.executable}",
        f'"{sys.executable}" -m ipykernel install --sys-prefix',
    )


def _quizzes() -> Finding:
    """The quiz widget's front end lies in the folders of the JupyterLab that shows the page."""
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    missing = [
        name
        for name in _WIDGET_EXTENSIONS
        if not any((folder / name / "package.json").is_file() for folder in folders)
    ]
    if missing:
        return Finding(
            "quizzes",
            f"JupyterLab has no {' and no '.join(missing)}",
            f'"{sys.executable}" -m pip install --force-reinstall anywidget jupyterlab_widgets',
        )
    return Finding("quizzes", "the widgets' front ends are installed")


def _data(root: Path | None) -> Finding:
    import duckdb

    from ridealong.dataset import storage

    path = storage.database_path()
    if not path.is_file():
        _try_writing(path.parent)
        return Finding("data", f"not built yet; the first start builds {path.name}")
    try:
        counts = _row_counts(root)
    except (FileNotFoundError, ValueError, KeyError):
        return Finding(
            "data",
            "data/manifest.json, which says what the data must hold, is missing or damaged",
            "git checkout -- data/manifest.json",
        )
    anew = f'delete "{path}": the next start builds it anew'
    try:
        with duckdb.connect() as con:
            con.execute(f"ATTACH {storage.quoted(path)} AS looked_at (READ_ONLY)")
            for table, expected in counts.items():
                # A table outside of the schema main is named with its schema.
                schema, name = table.split(".") if "." in table else ("main", table)
                row = con.execute(f'SELECT count(*) FROM looked_at."{schema}"."{name}"').fetchone()
                if row is None or row[0] != expected:
                    found = row[0] if row else "no"
                    return Finding("data", f"{table} has {found} rows, not {expected}", anew)
    except duckdb.Error as error:
        return Finding("data", f"{path.name}: {str(error).splitlines()[0]}", anew)
    return Finding("data", f"{path.name}: {len(counts)} tables with the rows they should have")


def _row_counts(root: Path | None) -> dict[str, int]:
    """Return the rows per table that `data/manifest.json` gives for the public data."""
    if root is None:
        return {}
    manifest = json.loads((root / "data" / "manifest.json").read_text(encoding="utf-8"))
    return {name: int(facts["rows"]) for name, facts in manifest["scales"]["1"].items()}


def _try_writing(folder: Path) -> None:
    """Raise OSError where nothing can be written in the folder, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    trial = folder / f".ridealong-doctor-{os.getpid()}"
    trial.touch()
    trial.unlink()


def _disk(root: Path | None) -> Finding:
    folder = root or Path.home()
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < NEEDED_MEGABYTES:
        return Finding(
            "disk",
            f"{free} MB free where {folder} is, needed: {NEEDED_MEGABYTES} MB",
            "make room, or set the environment variable RIDEALONG_DATA to a folder on a larger disk",
        )
    return Finding("disk", f"{free / 1000:.0f} GB free")


def _pictures() -> Finding:
    import matplotlib
    from matplotlib import font_manager

    font = Path(font_manager.findfont("DejaVu Sans", fallback_to_default=False))
    if not font.is_file():
        return Finding(
            "pictures",
            f"the font {font} is missing",
            f'delete the folder "{matplotlib.get_cachedir()}", matplotlib makes it anew',
        )
    return Finding("pictures", f"matplotlib {matplotlib.__version__} with {font.stem}")


def _ports() -> Finding:
    """JupyterLab, its kernels and the labs talk over 127.0.0.1."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(5)
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                server.accept()[0].close()
    except OSError as error:
        return Finding(
            "ports",
            f"this machine cannot talk to itself on 127.0.0.1: {error}",
            "allow Python connections to 127.0.0.1 in your firewall or security program",
        )
    return Finding("ports", "127.0.0.1 answers")


def _back_end() -> Finding:
    """The company's back end starts, answers, and ends."""
    from ridealong.service import Service, ServiceError

    try:
        with Service() as company, company.client(rider=123) as client:
            status = client.get("/v1/users/123/rides").status_code
            url = company.settings.database
    except ServiceError as error:
        database = os.environ.get("RIDEALONG_DATABASE_URL")
        mend = (
            "correct RIDEALONG_DATABASE_URL, or unset it: the back end takes SQLite then"
            if database
            else "run ridealong serve and read what it says"
        )
        return Finding("back end", str(error), mend)
    if status != 200:
        return Finding("back end", f"a request for rides gets {status}", _install(None))
    kept = "PostgreSQL" if url.startswith("postgres") else "SQLite"
    return Finding("back end", f"answers over HTTP and keeps its rides in {kept}")


def _broker() -> Finding:
    """A broker starts, takes a message and gives it back; some cannot show all that a lab shows."""
    from confluent_kafka import Producer

    from ridealong.systems.broker.server import FEATURES, VARIABLE, Broker, BrokerError

    try:
        with Broker() as broker:
            topic = broker.topic("doctor")
            producer = Producer(broker.producer_settings())
            producer.produce(topic, value=b"here")
            producer.flush(10)
            kept = [message.value() for message in broker.read("doctor")]
            described = broker.described
            lacks = [feature for feature in FEATURES if not broker.has(feature)]
    except BrokerError as error:
        has_outside = os.environ.get(VARIABLE)
        mend = f"correct {VARIABLE}, or unset it for a broker of your own" if has_outside else None
        return Finding("broker", str(error), mend or _install(None))
    if kept != [b"here"]:
        return Finding("broker", f"{described} does not keep what it is given", _install(None))
    words = {"kill": "being killed"}
    shown = ", ".join(words.get(feature, feature) for feature in lacks)
    return Finding("broker", f"{described} keeps what it is given; it cannot show: {shown}")


def _cache() -> Finding:
    """A cache starts, keeps something, and ends; some servers cannot show all that a lab shows."""
    from ridealong.systems.cache.server import FEATURES, VARIABLE, Cache, CacheError

    try:
        with Cache() as cache:
            cache.client.set(f"{cache.prefix}doctor", "here", px=60_000)
            kept = cache.keys()
            described = cache.described
            lacks = [feature for feature in FEATURES if not cache.has(feature)]
    except CacheError as error:
        has_outside = os.environ.get(VARIABLE)
        mend = f"correct {VARIABLE}, or unset it for a cache of your own" if has_outside else None
        return Finding("cache", str(error), mend or _install(None))
    if kept != ["doctor"]:
        return Finding("cache", f"{described} does not keep what it is given", _install(None))
    words = {"kill": "being killed", "info": "INFO"}
    shown = ", ".join(words.get(feature, feature) for feature in lacks)
    cannot = f"; it cannot show: {shown}" if lacks else ""
    return Finding("cache", f"{described} keeps what it is given{cannot}")


def _nbgrader(root: Path | None) -> Finding:
    """Instructors grade with it; a learner's Validate button uses it too."""
    import nbgrader
    from traitlets.config.loader import PyFileConfigLoader

    seen = str(nbgrader.__version__)
    if root is not None:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
        source = config.CourseDirectory.source_directory
        release = config.CourseDirectory.release_directory
        if (source, release) != ("solutions", "notebooks"):
            return Finding(
                "nbgrader",
                f"nbgrader_config.py releases {source} to {release}, not solutions to notebooks",
                "git checkout -- nbgrader_config.py",
            )
        seen += ", releases solutions/ to notebooks/"
    # The configuration adds the environment's programs to PATH, so this comes after it.
    if shutil.which("alembic") is None:
        return Finding(
            "nbgrader",
            "alembic, which nbgrader calls by name, is not on PATH",
            f"activate the environment, or add {Path(sys.executable).parent} to PATH",
        )
    return Finding("nbgrader", seen)


def _notebooks_untouched(root: Path | None) -> Finding:
    """Find work done in `notebooks/`, which the next release of the course would rewrite."""
    if root is None:
        return Finding("your work", "no course folder, nothing to look at")
    notebooks = root / "notebooks"
    touched = {
        path.parent.relative_to(root).as_posix()
        for name in ("quiz_answers.json", "times.json", ".ipynb_checkpoints")
        for path in notebooks.rglob(name)
    }
    touched.update(_changed_by_git(root))
    if touched:
        return Finding(
            "your work",
            f"work in {', '.join(sorted(touched))}, which a new release overwrites",
            "move what is yours to work/, then run: git checkout -- notebooks",
        )
    return Finding("your work", "nothing of yours in notebooks/, where it would be lost")


def _changed_by_git(root: Path) -> list[str]:
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return []
    done = subprocess.run(
        [git, "-c", "core.quotePath=false", "diff", "--name-only", "HEAD", "--", "notebooks"],
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []


def line(finding: Finding, *, colour: bool = False) -> str:
    """Return a finding as one line, with a second one for its mend."""
    word = "ok  " if finding.well else "MEND"
    if colour:
        word = f"\x1b[{32 if finding.well else 31}m{word}\x1b[0m"
    told = f"{word}  {finding.part:<14} {finding.seen}"
    return told if finding.mend is None else f"{told}\n{'':<21}-> {finding.mend}"


def run(*, as_json: bool = False) -> int:
    """Do what `ridealong doctor` says; return 0 when all is well, 1 when there is a mend.

    Each line is printed as soon as its part is looked at: some take a second or two.
    """
    root = course.root() or course.root(Path(__file__))
    colour = _shows_colour()
    findings = []
    with contextlib.chdir(root or Path.cwd()):  # where the data lies depends on it
        for finding in examine(root):
            findings.append(finding)
            if not as_json:
                print(line(finding, colour=colour), flush=True)
    if as_json:
        print(json.dumps([asdict(finding) | {"well": finding.well} for finding in findings]))
    return 0 if all(finding.well for finding in findings) else 1


def _shows_colour() -> bool:
    # Older Windows consoles print the codes instead of the colour.
    return sys.stdout.isatty() and os.name != "nt" and "NO_COLOR" not in os.environ
