"""Measure how long a check takes, for every exercise of the course: `python benchmarks/checks.py`.

Every reference answer is read from `solutions/` and judged as a learner's is, on all four data
sets, in a worker that is warm. The table gives milliseconds per check; the last line is the
median over all checks of all exercises.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

from ridealong import answers, catalogue
from ridealong.answer import Answer
from ridealong.judging import Worker, judge
from ridealong.labs.schema import attack

WORKER = Worker()
COURSE = Path(__file__).parents[1]
SOLUTIONS = COURSE / "solutions"
WHOLE_SCHEMA = COURSE / "tests" / "judging" / "schemas" / "reference.sql"


def references() -> dict[str, Answer]:
    """Return the reference answer of every exercise in the catalogue."""
    found: dict[str, Answer] = {}
    for notebook in sorted(SOLUTIONS.glob("*/*.ipynb")):
        found |= answers.read(notebook)
    return {
        exercise: found[exercise.replace("-", "_")]
        for module in catalogue.modules()
        for exercise in module.exercises
        if exercise.replace("-", "_") in found
    }


def milliseconds(exercise: str, answer: Answer, rounds: int) -> list[float]:
    """Return the time of each of `rounds` checks of an answer."""
    took = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        verdict = judge(exercise, answer, WORKER)
        took.append((time.perf_counter() - started) * 1000)
    if not verdict.passed:
        print(f"{exercise} does not pass, is the catalogue stale? {verdict.message}")
    return took[1:]  # the first run warms what DuckDB keeps


def whole_attack(rounds: int) -> None:
    """Print how long it takes to try every attack on a schema with a place for all of them."""
    text = WHOLE_SCHEMA.read_text(encoding="utf-8")
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        seen = attack(text)
        took.append((time.perf_counter() - started) * 1000)
    tried = seen.bounced + seen.let_in + seen.passed + seen.refused
    print(f"{f'full attack of one schema, {tried} cases':<40} {statistics.median(took):>10.1f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="checks per exercise")
    rounds = parser.parse_args().rounds
    known = references()
    if not known:
        sys.exit("the catalogue holds no exercise: run `ridealong build catalogue` first")
    started = time.perf_counter()
    judge(*next(iter(known.items())))
    first_seconds = time.perf_counter() - started
    print(f"{'exercise':<40} {'median ms':>10} {'p95 ms':>8}")
    every: list[float] = []
    by_module: dict[str, list[float]] = {}
    for exercise, answer in sorted(known.items()):
        took = milliseconds(exercise, answer, rounds)
        every += took
        by_module.setdefault(catalogue.exercise(exercise)[0].name, []).extend(took)
        p95 = statistics.quantiles(took, n=20)[-1]
        print(f"{exercise:<40} {statistics.median(took):>10.1f} {p95:>8.1f}")
    for what, took in (*sorted(by_module.items()), ("all", every)):
        p95 = statistics.quantiles(took, n=20)[-1]
        print(f"{what:<40} {statistics.median(took):>10.1f} {p95:>8.1f}")
    whole_attack(rounds)
    print(
        f"{len(known)} exercises, {rounds} checks each; the first check took {first_seconds:.1f} s"
    )
    WORKER.close()


if __name__ == "__main__":
    main()
