"""Fingerprint a query on the data sets that every answer is judged on.

- `public`: the data of the lessons;
- `hidden`: the same company from another seed;
- `edge`: twelve rides written by hand, with ties, NULLs and empty groups, and the rows that an
  exercise adds to them;
- `shifted`: the hidden data, with as_of() and now() `locked.SHIFT` earlier.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from ridealong.engine.fingerprint import Fingerprint, of_error
from ridealong.engine.locked import Engine
from ridealong.engine.statement import QueryFailed, QueryRefused, QueryStopped
from ridealong.engine.tables import Table
from ridealong.systems.cache import log

VARIANTS: Final = ("public", "hidden", "edge", "shifted")
HIDDEN_SEED: Final = 7919
HIDDEN_SCALE: Final = 1.0

Log = Mapping[str, Any]
"""Which evening's log a query finds beside the data set: `policy`, `evening`, `seed`."""

_databases: dict[tuple[float, int], Path] = {}


def database(
    variant: str, hidden_seed: int = HIDDEN_SEED, hidden_scale: float = HIDDEN_SCALE
) -> Path | None:
    """Return the database file of a data set, built where needed; None for the edge set.

    Raises:
        ValueError: when there is no such data set.
        DatasetError: when it can be neither found nor built.
    """
    if variant not in VARIANTS:
        raise ValueError(f"no data set {variant!r}, there are: {', '.join(VARIANTS)}")
    if variant == "edge":
        return None
    scale, seed = (1.0, 42) if variant == "public" else (hidden_scale, hidden_seed)
    if (scale, seed) not in _databases or not _databases[scale, seed].is_file():
        from ridealong.dataset.storage import ensure_database

        _databases[scale, seed] = ensure_database(scale, seed)
    return _databases[scale, seed]


def log_of(variant: str, policy: Mapping[str, Any], hidden_seed: int = HIDDEN_SEED) -> Log | None:
    """Return which log a query finds on a data set, None where its exercise names no policy.

    The edge set has an empty one, which the exercise's `cases` fill.
    """
    if not policy:
        return None
    evening, seed = {"public": ("public", 0), "edge": ("", 0)}.get(variant, ("hidden", hidden_seed))
    return {"policy": dict(policy), "evening": evening, "seed": seed}


def tables_of(chosen: Log | None) -> dict[str, Table]:
    """Return the tables that a query finds beside the data set: `replay_log`, or none."""
    if chosen is None:
        return {}
    if not chosen["evening"]:
        return {log.NAME: Table(log.TYPES, ())}
    return {log.NAME: log.replayed(chosen["policy"], chosen["evening"], chosen["seed"])}


def parameter_sets(
    variant: str, parameters: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Return the parameter sets used on a data set: the first on the public one, else all."""
    if not parameters:
        return [{}]
    return parameters[:1] if variant == "public" else parameters


def fingerprint(
    sql: str,
    variant: str,
    parameters: Mapping[str, Any] | None = None,
    order: Sequence[str] = (),
    *,
    like: Fingerprint | None = None,
    cases: str = "",
    policy: Mapping[str, Any] | None = None,
    hidden_seed: int = HIDDEN_SEED,
    hidden_scale: float = HIDDEN_SCALE,
) -> Fingerprint:
    """Return the fingerprint of a query on one data set, run in this process.

    An error of DuckDB is a result too. Known mistakes are taken `like` the expected result, as
    answers are, so that their digests can be compared.

    Raises:
        QueryRefused: when the text is not one SELECT.
        QueryStopped: when it runs past the limit of time or memory.
    """
    path = database(variant, hidden_seed, hidden_scale)
    try:
        return _engine().run(
            sql,
            path,
            shifted=variant == "shifted",
            parameters=parameters,
            order=order,
            like=like,
            cases=cases if variant == "edge" else "",
            tables=tables_of(log_of(variant, policy or {}, hidden_seed)),
        )
    except (QueryRefused, QueryStopped):
        raise
    except QueryFailed as error:
        return of_error(str(error))


def fingerprints(
    sql: str,
    parameters: Sequence[Mapping[str, Any]] = (),
    order: Sequence[str] = (),
    *,
    like: Mapping[str, Sequence[Fingerprint]] | None = None,
    cases: str = "",
    policy: Mapping[str, Any] | None = None,
    hidden_seed: int = HIDDEN_SEED,
    hidden_scale: float = HIDDEN_SCALE,
) -> dict[str, list[Fingerprint]]:
    """Return the fingerprints on all four data sets, one per parameter set used there.

    Args:
        sql: the query.
        parameters: the exercise's parameter sets, if it has any.
        order: the exercise's order keys, if it asks for an order.
        like: the expected results in the same form, for a known mistake or an alternative.
        cases: the rows that the exercise adds to the edge set.
        policy: the one whose replay `replay_log` holds, where the exercise names it.
        hidden_seed: seed of the hidden data.
        hidden_scale: its scale.

    Raises:
        QueryRefused: when the text is not one SELECT.
        QueryStopped: when it runs past the limit of time or memory.
    """
    return {
        variant: [
            fingerprint(
                sql,
                variant,
                values,
                order,
                like=like[variant][n] if like else None,
                cases=cases,
                policy=policy,
                hidden_seed=hidden_seed,
                hidden_scale=hidden_scale,
            )
            for n, values in enumerate(parameter_sets(variant, parameters))
        ]
        for variant in VARIANTS
    }


@cache
def _engine() -> Engine:
    return Engine()
