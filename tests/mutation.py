"""Change our own code in one place at a time, and ask whether a test notices.

    python tests/mutation.py --each 25 --seed 7

mutmut makes and runs the mutants, as `[tool.mutmut]` in pyproject.toml says; all of them would take
many hours, so that a sample of each file is drawn. A mutant that changes nothing but the wording of
a message is not drawn: no test should hold on to wording. One that changes nothing that anybody can
observe is listed in `mutants_equal.toml` with the reason, and does not count.

mutmut forks, so this runs on Linux and macOS. It needs the extra `mutation`.
"""

import argparse
import os
import random
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import libcst
from mutmut.configuration import config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import (
    combine_mutations_to_source,
    create_mutations,
    group_by_top_level_node,
)
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import get_mutant_name

COURSE = Path(__file__).parents[1]
EQUAL = tomllib.loads(Path(__file__).with_name("mutants_equal.toml").read_text(encoding="utf-8"))
NOTICED, UNNOTICED = ("killed",), ("survived", "no tests")
WORDS_OF_A_SENTENCE = 3
WANTED_OF_ALL, WANTED_OF_EACH = 0.95, 0.90


def main() -> int:
    """Draw, run, tell; 1 when tests notice too little."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--each", type=int, default=25, help="mutants of each file")
    options.add_argument("--seed", type=int, default=7, help="of the draw")
    options.add_argument("--only", default="", help="a part of the names of the files wanted")
    options.add_argument("--again", nargs="+", metavar="MUTANT", help="run these, draw none")
    chosen = options.parse_args()
    os.chdir(COURSE)
    drawn = {}
    for file in (each for each in config().only_mutate if chosen.only in each):
        names = list(mutants(Path(file)))
        if chosen.again:
            drawn[file] = [each for each in names if each in chosen.again]
        else:
            draw = random.Random(f"{chosen.seed} {file}")
            drawn[file] = draw.sample(names, min(chosen.each, len(names)))
    run([name for names in drawn.values() for name in names])
    return tell({file: names for file, names in drawn.items() if names})


def mutants(file: Path) -> Iterator[str]:
    """Yield the names of the mutants of a file, without those of wording alone."""
    module, mutations, *ignored = create_mutations(str(file), file.read_text(encoding="utf-8"))
    made = iter(combine_mutations_to_source(module, mutations, *ignored).mutant_names)
    functions = group_by_top_level_node(mutations)
    in_order = [each for node in functions_of(module) for each in functions.get(node, ())]
    for mutation, name in zip(in_order, made, strict=True):
        if not is_wording(mutation.original_node):
            yield get_mutant_name(file, name)


def functions_of(module: libcst.Module) -> Iterator[libcst.FunctionDef]:
    """Yield the functions and methods of a module in the order in which mutmut takes them."""
    for statement in module.body:
        inner = statement.body.body if isinstance(statement, libcst.ClassDef) else [statement]
        yield from (each for each in inner if isinstance(each, libcst.FunctionDef))


def is_wording(node: libcst.CSTNode) -> bool:
    """Return whether what is changed is a text of several words, as messages consist of."""
    if not isinstance(node, libcst.SimpleString):
        return False
    return len(str(node.evaluated_value).split()) >= WORDS_OF_A_SENTENCE


def run(names: list[str]) -> None:
    """Let mutmut run mutants; it keeps what came of them in mutants/."""
    environment = {"RIDEALONG_DATA": str(COURSE / "data"), **os.environ}
    command = [str(Path(sys.executable).with_name("mutmut")), "run", *names]
    done = subprocess.run(command, env=environment, check=False, stdout=subprocess.PIPE)
    if done.returncode:
        told = done.stdout.decode(errors="replace")
        sys.exit("\n".join(line.rpartition("\r")[2] for line in told.split("\n"))[-10_000:])


def tell(drawn: dict[str, list[str]]) -> int:
    """Print what came of the mutants drawn, and those that no test noticed."""
    print(f"{'file':44}{'mutants':>8}{'equal':>7}{'killed':>8}{'survived':>10}{'killed %':>10}")
    shares, left, unequal, killed_of_all = [], [], 0, 0
    for file, names in drawn.items():
        found = SourceFileMutationData(path=file)
        found.load()
        survived = [name for name in names if not is_noticed(name, found.exit_code_by_key[name])]
        counted = [name for name in survived if not is_equal(file, name)]
        equal = len(survived) - len(counted)
        killed = len(names) - len(survived)
        share = killed / max(1, len(names) - equal)
        print(f"{file:44}{len(names):8}{equal:7}{killed:8}{len(counted):10}{share:10.1%}")
        shares.append(share)
        left += [(file, name) for name in counted]
        unequal, killed_of_all = unequal + len(names) - equal, killed_of_all + killed
    share = killed_of_all / max(1, unequal)
    print(f"{'all':44}{unequal:8}{'':7}{killed_of_all:8}{len(left):10}{share:10.1%}")
    for file, name in left:
        print(f"\n{name}\n{get_diff_for_mutant(name, path=file)}")
    return int(share < WANTED_OF_ALL or min(shares, default=1) < WANTED_OF_EACH)


def is_noticed(name: str, exit_code: int) -> bool:
    """Return whether a test failed; asked again where mutmut only knows that the run broke off."""
    status = status_by_exit_code[exit_code]
    if status in (*NOTICED, *UNNOTICED):
        return status in NOTICED
    tests = config().pytest_add_cli_args_test_selection
    command = [sys.executable, "-m", "pytest", "-x", *config().pytest_add_cli_args, *tests]
    more = {"MUTANT_UNDER_TEST": name, "PYTHONPATH": "src", "RIDEALONG_DATA": str(COURSE / "data")}
    again = subprocess.run(
        command, cwd="mutants", env={**os.environ, **more}, check=False, capture_output=True
    )
    return again.returncode == 1


def is_equal(file: str, name: str) -> bool:
    """Return whether a mutant is listed as one that changes nothing to be seen."""
    changed = [
        line[1:].strip()
        for line in get_diff_for_mutant(name, path=file).splitlines()
        if line.startswith("+") and not line.startswith("+++")
    ]
    return any(
        each["file"] == file and each["function"] in name and each["becomes"] == "\n".join(changed)
        for each in EQUAL["mutant"]
    )


if __name__ == "__main__":
    sys.exit(main())
