"""Judge queries by what they give on several data sets."""

from collections.abc import Iterator
from typing import Final

from ridealong.answer import Answer
from ridealong.engine import sqltext
from ridealong.judging.kind import Entry, Key, Kind
from ridealong.judging.mutants import Mutant
from ridealong.judging.sql.judge import judge_query
from ridealong.judging.sql.known import results_of_queries
from ridealong.judging.sql.run import open_job, query_job
from ridealong.judging.sql.trial import trial_of_queries
from ridealong.service.caching import PolicyError, read_policy


def _is_blank(answer: Answer) -> bool:
    return sqltext.is_blank(answer.text)


def _problems(entry: Entry) -> Iterator[str]:
    order, parameters = entry.get("order", []), entry.get("parameters", [])
    if isinstance(order, list) and not all(isinstance(key, str) and key.strip() for key in order):
        yield "'order' holds texts such as \"rides DESC\""
    try:
        read_policy(entry.get("replay_log", {"key": "{city}", "ttl_seconds": 1}))
    except PolicyError as error:
        yield f"'replay_log': {error}"
    for number, values in enumerate(parameters if isinstance(parameters, list) else [], 1):
        if not isinstance(values, dict) or not all(
            isinstance(value, str | int | float | bool) for value in values.values()
        ):
            yield (
                f"parameters {number} is {values!r}, wanted names with text, number or true/false"
            )


def _mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    from ridealong.judging.sql.mutants import mutants  # sqlglot takes its time to load

    yield from mutants(reference, ordered=bool(entry.get("order")))


SQL: Final = Kind(
    name="sql",
    wanted="a query",
    own="query",
    stub="-- Write your query here.",
    comment="--",
    is_blank=_is_blank,
    judge=judge_query,
    keys={
        "order": Key(list, required=False),
        "parameters": Key(list, required=False),
        "allow_empty": Key(bool, required=False, ships=False),
        "cases": Key(str, required=False),
        "replay_log": Key(dict, required=False),
    },
    problems=_problems,
    results=results_of_queries,
    mutants=_mutants,
    trial=trial_of_queries,
    jobs={"open": open_job, "query": query_job},
)
