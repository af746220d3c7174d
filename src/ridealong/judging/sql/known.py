"""What the known answers of a query exercise give on every data set, fit for the catalogue."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

import duckdb

from ridealong.dataset.connection import edge_connection
from ridealong.engine import sqltext
from ridealong.engine.fingerprint import Fingerprint
from ridealong.engine.locked import Engine
from ridealong.engine.result import key_name
from ridealong.engine.statement import QueryFailed
from ridealong.engine.tables import put
from ridealong.judging.kind import Entry, Known, KnownWrong
from ridealong.judging.sql import compare, query
from ridealong.judging.sql.sample import sample
from ridealong.text import first_line

Results = Mapping[str, Sequence[Fingerprint]]
"""For each data set one result per set of parameters, one where there are none."""


def results_of_queries(known: Known) -> dict[str, Any]:
    """Run all known answers of an exercise on all data sets.

    Returns:
        `expected`, the fingerprints of the reference by data set, `sample`, what a learner is
        shown of its result, `right`, the hashes of what stands in a right answer, `mistakes`, by
        name the fingerprints that each is recognised by, and `signs`, by name what stands in its
        text; ready for `json`.

    Raises:
        KnownWrong: when an answer does not do what its place says.
    """
    from ridealong.judging.sql import signs  # loads sqlglot, which no check of a right answer needs

    entry = known.entry
    order: Sequence[str] = entry.get("order") or ()
    parameters: Sequence[Mapping[str, Any]] = entry.get("parameters") or ()
    cases = str(entry.get("cases") or "")
    policy: Mapping[str, Any] = entry.get("replay_log") or {}
    problems: list[str] = []

    def run(what: str, text: str, like: Results | None = None) -> Results:
        try:
            return query.fingerprints(
                text,
                parameters,
                order,
                like=like,
                cases=cases,
                policy=policy,
                hidden_seed=known.hidden_seed,
            )
        except QueryFailed as error:
            raise KnownWrong([*problems, f"{what}: {error}"]) from error

    if cases and (problem := _case_problem(cases, policy)):
        raise KnownWrong([f"cases: {problem}"])
    expected = run("the reference", known.reference)
    problems += [f"the reference {p}" for p in _reference_problems(entry, order, expected)]
    problems += [f"the reference: {lint}" for lint in _lint(known.reference, expected)]
    if problems:
        raise KnownWrong(problems)
    for name, text in known.alternatives.items():
        what = f"alternative {name!r}"
        seen = run(what, text, expected)
        for place, why in islice(_differences(seen, expected, order), 1):
            problems.append(f"{what} differs from the reference on {place}: {why}")
        problems += [f"{what}: {lint}" for lint in _lint(text, expected)]
    recognised: dict[str, dict[str, Any]] = {}
    found_signs: dict[str, dict[str, Any]] = {}
    for name, text in known.mistakes.items():
        what = f"mistake {name!r}"
        seen = run(what, text, expected)
        if not any(True for _ in _differences(seen, expected, order)):
            problems.append(
                f"{what} gives the reference's result on every data set, so it would "
                "pass: change it, or make it an alternative"
            )
        marks = _stored(seen, Fingerprint.recognised_by, bool(parameters))
        same = [other for other, marked in recognised.items() if marked == marks]
        # A cohort's own data may not hold the rows that tell two mistakes apart: their signs do.
        if same and known.hidden_seed == query.HIDDEN_SEED:
            problems.append(
                f"mistakes {same[0]!r} and {name!r} give the same results on "
                "every data set, so a check cannot tell which it was: keep one"
            )
        recognised[name] = marks
        sign = signs.sign_of(
            text,
            known.reference,
            known.alternatives.values(),
            known.signs.get(name, ()),
            ordered=bool(order),
        )
        found_signs[name] = dict(sign)
        if not signs.stands_in(sign, text):
            problems.append(
                f"{what} differs from the reference in no part of its text, so an answer cannot "
                "be told to be this mistake: name a part with 'sign'"
            )
    if problems:
        raise KnownWrong(problems)
    public = query.parameter_sets("public", parameters)[0]
    return {
        "expected": _stored(expected, Fingerprint.to_catalogue, bool(parameters)),
        "sample": sample(_public_data(policy), known.reference, order, public),
        "right": signs.right_parts([known.reference, *known.alternatives.values()]),
        "mistakes": recognised,
        "signs": found_signs,
    }


def _public_data(policy: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    con = _public_engine().open(query.database("public"))
    for name, table in query.tables_of(query.log_of("public", policy)).items():
        put(con, name, table)
    return con


@cache
def _public_engine() -> Engine:
    return Engine()


def _lint(text: str, expected: Results) -> list[str]:
    """Return what a check holds against a query whose results are right."""
    found = (sqltext.lint(text), compare.needless_limit(text, expected.values()))
    return [lint for lint in found if lint]


def _case_problem(cases: str, policy: Mapping[str, Any]) -> str | None:
    """Return why rows cannot be added to the edge set; None when they can."""
    with edge_connection() as con:
        for name, table in query.tables_of(query.log_of("edge", policy)).items():
            put(con, name, table)
        try:
            con.execute(cases)
        except duckdb.Error as error:
            return first_line(error)
    return None


def _reference_problems(entry: Entry, order: Sequence[str], expected: Results) -> Iterator[str]:
    for place, found in _places_of(expected):
        if found.error:
            yield f"fails on {place}: {found.error}"
            return
    public = expected["public"][0]
    if public.rows == 0 and not entry.get("allow_empty"):
        yield "gives no row on the public data; say 'allow_empty = true' where that is the point"
    if len(set(public.names)) < len(public.names):
        yield f"has two columns of one name: {', '.join(public.names)}"
    unknown = [key for key in order if key_name(key) not in public.names]
    for key in unknown:
        yield f"has no column for the order key {key!r}, only {', '.join(public.names)}"


def _differences(seen: Results, wanted: Results, order: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the places where two results differ, with what differs in words."""
    for (place, found), (_, want) in zip(_places_of(seen), _places_of(wanted), strict=True):
        if found.error:
            yield place, found.error
        elif different := compare.difference(found, want, order):
            yield place, f"{different.seen}"


def _places_of(found: Results) -> Iterator[tuple[str, Fingerprint]]:
    for variant, all_results in found.items():
        for number, result in enumerate(all_results, start=1):
            several = f", parameters {number}" if len(all_results) > 1 else ""
            yield f"the {variant} data{several}", result


def _stored(
    found: Results, store: Callable[[Fingerprint], Any], has_parameters: bool
) -> dict[str, Any]:
    """Return results as the catalogue holds them: a list where there are parameters."""
    stored = {variant: [store(result) for result in each] for variant, each in found.items()}
    if has_parameters:
        return dict(stored)
    return {variant: each[0] for variant, each in stored.items()}
