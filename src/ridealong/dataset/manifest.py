"""The manifest: row counts and checksums of the public databases, by scale.

`data/manifest.json` is committed. Whoever builds a database, on any system and with any supported
version of DuckDB, must get what it says.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ridealong import files
from ridealong.dataset import build

SCALES = (0.1, 1, 10)
SEED = 42


def manifest(
    scales: Sequence[float] = SCALES,
    *,
    progress: build.Progress | None = None,
    threads: int | None = None,
) -> dict[str, Any]:
    """Build the public databases and return what is in them.

    Args:
        scales: Sizes to build.
        progress: Called as `progress(done_steps, total_steps, what)`.
        threads: Threads DuckDB may use; its own choice by default.

    Returns:
        The generator's version, the seed and, for each scale, `rows` and `checksum` per table.
    """
    databases: dict[str, Any] = {}
    for number, scale in enumerate(scales):

        def step(done: int, total: int, what: str, number: int = number) -> None:
            if progress is not None:
                scale = scales[number]
                progress(number * total + done, len(scales) * total, f"scale {scale:g}: {what}")

        with tempfile.TemporaryDirectory(prefix="ridealong-") as folder:
            report = build.build_database(
                Path(folder, "manifest.duckdb"),
                scale=scale,
                seed=SEED,
                progress=step,
                threads=threads,
                checksums=True,
            )
        databases[f"{scale:g}"] = {
            name: {"rows": rows, "checksum": report.checksums[name]}
            for name, rows in report.row_counts.items()
        }
    return {
        "generator_version": build.GENERATOR_VERSION,
        "seed": SEED,
        "scales": databases,
    }


def write(path: Path, progress: build.Progress | None = None) -> None:
    """Build the public databases and write the manifest to `path`."""
    text = json.dumps(manifest(progress=progress), indent=2) + "\n"
    files.write(path, text.encode())


def check(
    path: Path,
    scales: Sequence[float] = SCALES,
    *,
    progress: build.Progress | None = None,
    threads: int | None = None,
) -> list[str]:
    """Build again and return what differs from the manifest at `path`, one line each.

    Args:
        path: A manifest that `write` made.
        scales: Sizes to compare; each must be in the manifest.
        progress: Called as `progress(done_steps, total_steps, what)`.
        threads: Threads DuckDB may use; its own choice by default.

    Raises:
        FileNotFoundError: There is no manifest at `path`.
        KeyError: The manifest does not hold one of the scales.
    """
    wanted = json.loads(path.read_text(encoding="utf-8"))
    found = manifest(scales, progress=progress, threads=threads)
    differences = [
        f"{key} is {found[key]}, the manifest says {wanted[key]}"
        for key in ("generator_version", "seed")
        if found[key] != wanted[key]
    ]
    for scale, tables in found["scales"].items():
        for name, facts in tables.items():
            promised = wanted["scales"][scale].get(name)
            if facts != promised:
                differences.append(
                    f"scale {scale}, {name}: {facts['rows']} rows with checksum "
                    f"{facts['checksum']}, the manifest says {promised}"
                )
    return differences
