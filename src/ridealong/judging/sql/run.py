"""Run a query on one data set in the worker's process."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ridealong.engine.fingerprint import Fingerprint
from ridealong.engine.locked import Engine
from ridealong.engine.statement import QueryFailed, QueryRefused, with_article
from ridealong.judging.sql.query import Log, tables_of
from ridealong.judging.worker import Worker

_engine = Engine()


def run(
    worker: Worker,
    text: object,
    path: Path | None,
    *,
    shifted: bool = False,
    parameters: Mapping[str, Any] | None = None,
    order: Sequence[str] = (),
    like: Fingerprint | None = None,
    cases: str = "",
    log: Log | None = None,
) -> Fingerprint:
    """Return the fingerprint of a query's result; arguments and errors as `Engine.run`.

    `log` says which log of a replay the query finds, see `query.log_of`.
    """
    if not isinstance(text, str):
        raise QueryRefused(
            f"the answer is {with_article(type(text).__name__)}, wanted the text of a query"
        )
    where = {"path": None if path is None else str(path), "shifted": shifted, "log": log}
    reply = worker.ask(
        "query",
        {
            **where,
            "text": text,
            "parameters": dict(parameters or {}),
            "order": list(order),
            "like": None if like is None else like.to_json(),
            "cases": cases,
            "limit_seconds": worker.limit_seconds,
        },
        worker.limit_seconds,
        first=("open", where),
    )
    return Fingerprint.from_json(reply)


def open_job(path: str | None, shifted: bool, log: Log | None) -> dict[str, Any]:
    """Open a data set and replay its evening, so that the first query need not wait for them."""
    _engine.open(_path(path), shifted)
    tables_of(log)
    return {}


def query_job(
    text: str,
    path: str | None,
    shifted: bool,
    log: Log | None,
    parameters: Mapping[str, Any],
    order: Sequence[str],
    like: Mapping[str, Any] | None,
    cases: str,
    limit_seconds: float,
) -> dict[str, Any]:
    """Run a query in this process; see `Engine.run`."""
    _engine.limit_seconds = limit_seconds
    try:
        result = _engine.run(
            text,
            _path(path),
            shifted=shifted,
            parameters=parameters,
            order=order,
            like=None if like is None else Fingerprint.from_json(like),
            cases=cases,
            tables=tables_of(log),
        )
    except QueryFailed:
        raise
    except Exception:
        _engine.close()  # what is not an error of the query may have broken a connection
        raise
    return result.to_json() | {"examples": result.examples, "fits_renamed": result.fits_renamed}


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
