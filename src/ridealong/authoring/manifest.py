"""Row counts and checksums of the generated data, by scale: `data/manifest.json`."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ridealong.authoring.steps import Options, Show, Step, package_digest

_GENERATOR = [
    f"dataset/{name}" for name in ("build.py", "checksums.py", "manifest.py", "stories.py", "sql")
]


def steps(course: Path, modules: list[Path], options: Options) -> Iterator[Step]:
    """Yield the one step: it generates every data set that the manifest names."""
    target = course / "data" / "manifest.json"
    yield Step(
        name="manifest",
        mend="ridealong build manifest",
        inputs=partial(package_digest, only=_GENERATOR),
        make=partial(_made, target),
        targets=partial(list, [target]),
    )


def _made(target: Path, show: Show) -> dict[Path, bytes]:
    from ridealong.dataset import manifest

    with tempfile.TemporaryDirectory(prefix="ridealong-manifest-") as folder:
        written = Path(folder, target.name)
        manifest.write(written, show)
        return {target: written.read_bytes()}
