"""Judge schemas by what they refuse and let in."""

from collections.abc import Iterator
from typing import Final

from ridealong.answer import Answer
from ridealong.engine import sqltext
from ridealong.judging.ddl import attacks
from ridealong.judging.ddl.judge import (
    attack_job,
    judge_schema,
    results_of_schema,
    trial_of_schemas,
)
from ridealong.judging.kind import Entry, Key, Kind
from ridealong.judging.mutants import Mutant
from ridealong.text import did_you_mean


def _is_blank(answer: Answer) -> bool:
    return sqltext.is_blank(answer.text)


def _problems(entry: Entry) -> Iterator[str]:
    fields, wanted = entry.get("fields", {}), entry.get("attacks", [])
    if not isinstance(fields, dict) or not isinstance(wanted, list):
        return
    known = attacks.fields()
    for table, columns in fields.items():
        if table not in known:
            yield f"'fields': no attack knows a table {table!r}{did_you_mean(table, known)}"
            continue
        for column in columns if isinstance(columns, list) else []:
            if column not in known[table]:
                near = did_you_mean(column, known[table])
                yield f"'fields': no attack knows {table}.{column}{near}"
    for identity in wanted:
        if identity not in attacks.attacks():
            yield f"unknown attack {identity!r}{did_you_mean(identity, attacks.attacks())}"
            continue
        for need in attacks.attacks()[identity].needs:
            table, _, column = need.partition(".")
            if table not in fields or (column and column not in fields[table]):
                yield f"attack {identity!r} needs {need}, which is not in 'fields'"
    if len(set(map(str, wanted))) < len(wanted):
        yield "'attacks' names one twice"


def _mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    from ridealong.judging.ddl.mutants import mutants  # sqlglot takes its time to load

    yield from mutants(reference, entry)


DDL: Final = Kind(
    name="ddl",
    wanted="statements that make tables",
    own="statements",
    stub="-- Write your statements here.",
    comment="--",
    is_blank=_is_blank,
    judge=judge_schema,
    keys={
        "fields": Key(dict),
        "attacks": Key(list, minimum=2),
        "given": Key(str, required=False),
    },
    problems=_problems,
    results=results_of_schema,
    mutants=_mutants,
    trial=trial_of_schemas,
    jobs={"attack": attack_job},
)
