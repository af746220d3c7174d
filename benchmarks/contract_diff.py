"""Measure our classification of contract changes against oasdiff: `python benchmarks/contract_diff.py`.

oasdiff (https://github.com/oasdiff/oasdiff, Apache-2.0) is built from the Go module proxy into a
temporary folder (minutes at first, then from Go's cache) and run beside ours on pairs of contracts that its own tests label, and on public
contracts changed in one place each, forwards and backwards. The tables give the share of pairs on
which two of the three agree on breaking or not, and the seconds. Where Go is missing, the columns
of oasdiff are left out and the reason is printed.

The corpus is looked for beside the project's checkout or at RIDEALONG_CORPUS.
"""

import argparse
import collections
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import yaml

from ridealong.systems.contract.changes import breaking_changes

CHECKOUT = Path(__file__).resolve().parents[1]
CORPUS = Path(os.environ.get("RIDEALONG_CORPUS", CHECKOUT.parent / "shared" / "corpus"))
MODULE = "github.com/oasdiff/oasdiff"
ERROR = 3  # the level of what oasdiff calls breaking
METHODS = ("get", "put", "post", "delete", "patch")
Edit = Callable[[dict[str, Any], Random], str]


def build(folder: Path, version: str) -> Path:
    """Build oasdiff into a folder and return its program.

    Raises:
        RuntimeError: Go is missing or cannot build it; the text says why.
    """
    go = shutil.which("go")
    if go is None:
        raise RuntimeError("oasdiff is left out: no `go` on the path, see https://go.dev/dl/")
    environment = {**os.environ, "GOBIN": str(folder)}  # modules stay in Go's own cache
    built = subprocess.run(
        [go, "install", f"{MODULE}@{version}"], env=environment, capture_output=True, text=True
    )
    if built.returncode:
        last = (built.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RuntimeError(f"oasdiff is left out: go could not build it: {last}")
    return next(folder.glob("oasdiff*"))


def read(path: Path) -> Any:
    """Return a contract as plain data."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def ours(old: Any, new: Any) -> tuple[bool, float]:
    """Return whether we find a breaking change, and the seconds."""
    started = time.perf_counter()
    found = any(change.level == "breaking" for change in breaking_changes(old, new))
    return found, time.perf_counter() - started


def theirs(program: Path, old: Path, new: Path) -> tuple[bool, list[str], float]:
    """Return whether oasdiff finds a breaking change, which, and the seconds, reading included."""
    started = time.perf_counter()
    run = subprocess.run(
        [program, "changelog", str(old), str(new), "--format", "json"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    took = time.perf_counter() - started
    if not run.stdout.strip():
        raise RuntimeError(run.stderr.strip() or "oasdiff said nothing")
    errors = [one["id"] for one in json.loads(run.stdout) or [] if one["level"] == ERROR]
    return bool(errors), errors, took


# -- seeded changes of a contract ------------------------------------------------------------------


def schemas(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every schema in the bodies, parameters and components of a contract."""
    found = []
    stack: list[tuple[Any, bool]] = [
        (document.get("paths"), False),
        (document.get("components"), False),
    ]
    while stack:
        value, is_schema = stack.pop()
        if isinstance(value, dict):
            if is_schema and ("type" in value or "properties" in value):
                found.append(value)
            for key, inner in value.items():
                if key in ("schemas", "properties") and isinstance(inner, dict):
                    stack += [(one, True) for one in inner.values()]
                elif key not in ("example", "examples", "default", "enum"):
                    stack.append((inner, key in ("schema", "items")))
        elif isinstance(value, list):
            stack += [(one, is_schema) for one in value]
    return found


def operations(document: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Return every path item with one of its methods."""
    return [
        (item, method)
        for item in document["paths"].values()
        for method in METHODS
        if method in item
    ]


def on_schema(
    fits: Callable[[dict[str, Any]], bool], change: Callable[[dict[str, Any], Random], None]
) -> Edit:
    """Return an edit of one schema drawn from those that fit."""

    def edit(document: dict[str, Any], random: Random) -> str:
        fitting = [schema for schema in schemas(document) if fits(schema)]
        if not fitting:
            return ""
        change(random.choice(fitting), random)
        return "done"

    return edit


def _set(key: str, value: Any) -> Callable[[dict[str, Any], Random], None]:
    return lambda schema, random: schema.update({key: value})


def _drop_property(schema: dict[str, Any], random: Random) -> None:
    name = random.choice(sorted(schema["properties"]))
    del schema["properties"][name]
    if name in schema.get("required", ()):
        schema["required"].remove(name)
        if not schema["required"]:
            del schema["required"]


def _require(schema: dict[str, Any], random: Random) -> None:
    schema["required"] = sorted(
        set(schema.get("required", ())) | {random.choice(sorted(schema["properties"]))}
    )


def _drop_operation(document: dict[str, Any], random: Random) -> str:
    item, method = random.choice(operations(document))
    del item[method]
    return "done"


def _parameter(required: bool) -> Edit:
    def edit(document: dict[str, Any], random: Random) -> str:
        item, method = random.choice(operations(document))
        one = {
            "name": "zone_of_ride",
            "in": "query",
            "required": required,
            "schema": {"type": "string"},
        }
        item[method].setdefault("parameters", []).append(one)
        return "done"

    return edit


def _status(document: dict[str, Any], random: Random) -> str:
    item, method = random.choice(operations(document))
    codes = sorted(map(str, item[method]["responses"]))
    del item[method]["responses"][random.choice(codes)]
    return "done"


def _security(document: dict[str, Any], random: Random) -> str:
    item, method = random.choice(operations(document))
    known = (document.get("components") or {}).get("securitySchemes")
    if not known:
        return ""
    item[method]["security"] = (
        [] if item[method].get("security", document.get("security")) else [{sorted(known)[0]: []}]
    )
    return "done"


def _is(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda schema: (
        schema.get("type") == name and "enum" not in schema and "nullable" not in schema
    )


EDITS: dict[str, Edit] = {
    "operation dropped": _drop_operation,
    "answer dropped": _status,
    "optional parameter added": _parameter(False),
    "required parameter added": _parameter(True),
    "security turned": _security,
    "property dropped": on_schema(lambda s: bool(s.get("properties")), _drop_property),
    "property required": on_schema(lambda s: bool(s.get("properties")), _require),
    "property added": on_schema(
        lambda s: bool(s.get("properties")),
        lambda s, random: s["properties"].update(zone_of_ride={"type": "string"}),
    ),
    "text became number": on_schema(_is("string"), _set("type", "number")),
    "integer became number": on_schema(
        lambda s: s.get("type") == "integer", lambda s, random: (s.update(type="number"), s.pop("format", 0))[0]
    ),
    "pattern added": on_schema(lambda s: _is("string")(s) and "pattern" not in s, _set("pattern", "^[a-z]+$")),
    "null allowed": on_schema(_is("string"), _set("nullable", True)),
    "enum value dropped": on_schema(
        lambda s: len(s.get("enum", ())) > 1, lambda s, random: s["enum"].remove(random.choice(s["enum"]))
    ),
    "enum value added": on_schema(
        lambda s: "enum" in s and s.get("type") == "string", lambda s, random: s["enum"].append("zone_of_ride")
    ),
    "limit set": on_schema(lambda s: _is("string")(s) and "maxLength" not in s, _set("maxLength", 40)),
    "closed": on_schema(
        lambda s: bool(s.get("properties")) and "additionalProperties" not in s, _set("additionalProperties", False)
    ),
}  # fmt: skip


def changed(
    document: dict[str, Any], count: int, seed: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a contract with one change each, drawn by a seed."""
    for index in range(count):
        random = Random(f"{seed} {index}")
        name = sorted(EDITS)[index % len(EDITS)]
        new = copy.deepcopy(document)
        if EDITS[name](new, random):
            yield name, new


# -- the tables ------------------------------------------------------------------------------------


def labelled(program: Path | None) -> None:
    """Print how often labels, ours and oasdiff agree on the labelled pairs."""
    folder = CORPUS / "openapi-changes"
    pairs = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    agree: collections.Counter[str] = collections.Counter()
    seconds: collections.Counter[str] = collections.Counter()
    for pair in pairs:
        old, new = folder / pair["base"], folder / pair["revision"]
        found, took = ours(read(old), read(new))
        seconds["ours"] += took
        agree["ours and the labels"] += found == pair["breaking"]
        line = f"labels {pair['breaking']!s:<5} ours {found!s:<5}"
        different = found != pair["breaking"]
        if program is not None:
            other, _, took = theirs(program, old, new)
            seconds["oasdiff"] += took
            agree["oasdiff and the labels"] += other == pair["breaking"]
            agree["ours and oasdiff"] += found == other
            line += f" oasdiff {other!s:<5}"
            different = different or other != found
        if different:
            print(f"  {line} {pair['base']} -> {pair['revision']}")
    print(f"\n{'labelled pairs':<34} {'agree':>5} {'of':>5} {'share':>7}")
    for name, number in agree.items():
        print(f"{name:<34} {number:>5} {len(pairs):>5} {number / len(pairs):>7.1%}")
    for name, took in seconds.items():
        print(f"{'seconds, ' + name:<34} {took:>5.1f}")


def public(program: Path | None, count: int, seed: int, folder: Path) -> None:
    """Print how often ours and oasdiff agree on public contracts changed in one place."""
    print(
        f"\n{'public contract':<28} {'kB':>6} {'changes':>8} {'agree':>6} {'ours s':>8} {'theirs s':>9}"
    )
    differing: collections.Counter[tuple[str, str, bool, str]] = collections.Counter()
    total = same = 0
    for path in sorted((CORPUS / "openapi").iterdir()):
        document = read(path)
        number = agree = 0
        our_seconds = their_seconds = 0.0
        old_file, new_file = folder / "old.json", folder / "new.json"
        for name, new in changed(document, count, seed):
            for direction, (one, other) in (
                ("forwards", (document, new)),
                ("backwards", (new, document)),
            ):
                number += 1
                found, took = ours(one, other)
                our_seconds += took
                if program is None:
                    continue
                old_file.write_text(json.dumps(one, default=str), encoding="utf-8")
                new_file.write_text(json.dumps(other, default=str), encoding="utf-8")
                their, ids, took = theirs(program, old_file, new_file)
                their_seconds += took
                agree += found == their
                if found != their:
                    differing[name, direction, found, ", ".join(sorted(set(ids)))] += 1
        total, same = total + number, same + agree
        print(
            f"{path.name:<28} {path.stat().st_size // 1000:>6} {number:>8} "
            f"{agree if program else '-':>6} {our_seconds / max(number, 1):>8.3f} "
            f"{their_seconds / max(number, 1) if program else 0:>9.3f}"
        )
    if program is not None:
        print(f"{'all':<28} {'':>6} {total:>8} {same:>6} {same / total:>8.1%}")
        for (name, direction, found, ids), number in differing.most_common():
            print(
                f"  {number:>3} x {name}, {direction}: ours {'breaking' if found else 'not'}, oasdiff {ids or 'not'}"
            )


def large(program: Path | None, folder: Path, megabytes: float) -> None:
    """Print the seconds for one large contract: the largest public one many times over."""
    paths = sorted((CORPUS / "openapi").iterdir(), key=lambda path: path.stat().st_size)
    document = read(paths[-1])
    whole = copy.deepcopy(document)
    size = len(json.dumps(document))
    for copy_number in range(1, int(megabytes * 1e6 // size) + 1):
        text = json.dumps(document).replace(
            "#/components/schemas/", f"#/components/schemas/c{copy_number}."
        )
        one = json.loads(text)
        whole["paths"].update(
            {f"/c{copy_number}{path}": item for path, item in one["paths"].items()}
        )
        named = one["components"]["schemas"].items()
        whole["components"]["schemas"].update(
            {f"c{copy_number}.{name}": schema for name, schema in named}
        )
    new = copy.deepcopy(whole)
    for schema in schemas(new):
        if schema.get("type") == "string" and "enum" not in schema:
            schema["maxLength"] = 40
    started = time.perf_counter()
    changes = breaking_changes(whole, new)
    took = time.perf_counter() - started
    mega = len(json.dumps(whole)) / 1e6
    print(f"\n{mega:.1f} MB, {len(changes)} changes: ours {took:.1f} s", end="")
    if program is not None:
        old_file, new_file = folder / "old.json", folder / "new.json"
        old_file.write_text(json.dumps(whole, default=str), encoding="utf-8")
        new_file.write_text(json.dumps(new, default=str), encoding="utf-8")
        print(
            f", oasdiff {theirs(program, old_file, new_file)[2]:.1f} s (reading included)", end=""
        )
    print()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=32, help="changes of each public contract")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--version", default="v1.38.0", help="of oasdiff")
    parser.add_argument("--oasdiff", type=Path, help="a program that is there already")
    parser.add_argument("--megabytes", type=float, default=5)
    wanted = parser.parse_args()
    if not CORPUS.is_dir():
        sys.exit(f"the corpus is not at {CORPUS}: set RIDEALONG_CORPUS to its folder")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program: Path | None = wanted.oasdiff
        if program is None:
            try:
                program = build(folder, wanted.version)
            except RuntimeError as reason:
                print(reason)
        labelled(program)
        public(program, wanted.changes, wanted.seed, folder)
        large(program, folder, wanted.megabytes)


if __name__ == "__main__":
    main()
