"""What a schema does: drawn, then attacked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ridealong.engine.statement import QueryFailed, together
from ridealong.judging.ddl import attacks, findings
from ridealong.judging.ddl import names as names_of
from ridealong.judging.ddl import tables as ddl
from ridealong.labs.sql.database import LabError
from ridealong.show.diagrams import diagram
from ridealong.show.report import Report, SideBySide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ridealong.judging.ddl.attacks import Outcome
    from ridealong.judging.ddl.postgres import PostgresTables
    from ridealong.show.pictures import Drawing
    from ridealong.verdict import Property

LIMIT_SECONDS = 15.0
FEW = 12  # attacks that are not worth a second copy of the tables
URL_VARIABLE = "RIDEALONG_DATABASE_URL"


def schema(statements: str, *, given: str = "") -> Drawing:
    """Make tables in an empty database and draw them: keys, references, how many rows to how many.

    Args:
        statements: CREATE TABLE and so on, such as an answer bound by `%%ddl`.
        given: statements that run before them.

    Raises:
        LabError: when a statement fails or is not part of a schema, in one line.
    """
    tables = _made(statements, given)
    try:
        return diagram(tables.structure)
    finally:
        tables.close()


@dataclass(frozen=True, slots=True, repr=False)
class AttackResult:
    """What a schema did under attack; shows itself as a table.

    Attributes:
        bounced: how many hostile rows were refused.
        let_in: how many hostile rows were let pass.
        passed: how many ordinary cases were let pass.
        refused: how many ordinary cases were refused, or came back wrong.
        not_tried: the attacks that did not come to the row that decides: neither let in nor refused.
        no_place: the attacks that the schema has no tables or columns for.
        report: the table.
        postgresql: the same for PostgreSQL, where it was asked too and could make the schema. The
            numbers above are then those of DuckDB, or of PostgreSQL where only that made it.
    """

    bounced: int
    let_in: int
    passed: int
    refused: int
    not_tried: tuple[str, ...]
    no_place: tuple[str, ...]
    report: Report | SideBySide
    postgresql: AttackResult | None = None

    def __repr__(self) -> str:
        return repr(self.report)

    def _repr_html_(self) -> str:
        return self.report._repr_html_()


def attack(
    statements: str,
    only: Sequence[str] = (),
    *,
    names: Mapping[str, str] | None = None,
    postgresql: str = "",
    database_url: str | None = None,
) -> AttackResult:
    """Try hostile rows and ordinary ones on a schema and show what it does with each.

    Every attack runs in empty tables. A hostile row has to bounce, an ordinary case has to pass.
    Attacks for which the schema has no table or column are left out and counted.

    With the address of a PostgreSQL database the same attacks run there too, in a schema that
    nobody else sees and that is gone afterwards.

    Args:
        statements: CREATE TABLE and so on, such as an answer bound by `%%ddl`.
        only: ids of attacks; by default all but those that only matter for one exercise.
        names: where the schema uses other names than the course, the course's name of each with
            the schema's: `{"rides": "trips", "rides.user_id": "rider_id"}`. A comment
            `-- names: {...}` in the statements says the same.
        postgresql: the same schema as PostgreSQL writes it, where that differs; it is read only
            where there is an address.
        database_url: an address such as `postgresql://name:password@host:5432/database`; by
            default what the environment variable `RIDEALONG_DATABASE_URL` holds; an empty text
            asks DuckDB only.

    Raises:
        LabError: when a statement fails, a name does not fit, there is no such attack, or no
            PostgreSQL answers at the address.
    """
    unknown = [each for each in only if each not in attacks.attacks()]
    if unknown:
        known = ", ".join(attacks.attacks())
        raise LabError(f"no attack is called {unknown[0]!r}; there are: {known}")
    wanted = list(only) or [a.id for a in attacks.attacks().values() if not a.named_only]
    own = names or {}
    url = os.environ.get(URL_VARIABLE, "") if database_url is None else database_url
    if not url:
        return summary(_in_duckdb(statements, wanted, own))
    try:
        return _in_both(statements, postgresql or statements, wanted, own, url)
    except _NoAnswer as error:
        origin = URL_VARIABLE if database_url is None else "database_url"
        raise LabError(f"{error}. Without {origin} only DuckDB is attacked") from None


def _in_duckdb(statements: str, wanted: Sequence[str], names: Mapping[str, str]) -> Attacked:
    try:
        tables = ddl.copies(statements, count=2 if len(wanted) > FEW else 1)
    except QueryFailed as error:
        raise LabError(str(error)) from None
    try:
        return _outcomes(tables, statements, wanted, names)
    finally:
        for each in tables:
            each.close()


def _outcomes(
    tables: Sequence[ddl.Tables | PostgresTables],
    statements: str,
    wanted: Sequence[str],
    names: Mapping[str, str],
) -> Attacked:
    """Run attacks on tables that are made: on each copy of them a part, at the same time.

    Raises:
        LabError: when a name does not fit or it takes too long.
    """
    try:
        own = {**names_of.in_comments(statements), **names}
        structure = tables[0].structure
        found = names_of.resolve(structure, attacks.fields(), own)
        rows = {t for each in wanted for t in attacks.touched(attacks.attacks()[each], found)}
        if problem := ddl.needs_more(structure, found, rows):
            raise LabError(problem)
        parts = together(
            [each.connection for each in tables],
            LIMIT_SECONDS,
            [
                partial(attacks.run, each, structure, found, wanted[number :: len(tables)])
                for number, each in enumerate(tables)
            ],
        )
        by_attack = {outcome.attack: outcome for part in parts for outcome in part}
        outcomes = [by_attack[each] for each in wanted]
        blocked = findings.blocks(outcomes, found, structure)
        return Attacked(findings.counted(outcomes, blocked, found), [str(each) for each in blocked])
    except (names_of.NamesError, QueryFailed) as error:
        raise LabError(str(error)) from None


def _in_both(
    statements: str,
    postgresql: str,
    wanted: Sequence[str],
    names: Mapping[str, str],
    url: str,
) -> AttackResult:
    """Attack a schema in DuckDB and in PostgreSQL; one of them has to be able to make it."""
    seen: dict[str, Attacked] = {}
    failed: dict[str, str] = {}
    try:
        seen["PostgreSQL"] = _in_postgresql(postgresql, wanted, names, url)
    except _NotMade as error:
        failed["PostgreSQL"] = str(error)
    try:
        seen["DuckDB"] = _in_duckdb(statements, wanted, names)
    except LabError as error:
        failed["DuckDB"] = str(error)
    both = [name for name in ("DuckDB", "PostgreSQL") if name in seen]
    if not both:
        raise LabError(
            f"DuckDB: {failed['DuckDB'].rstrip('.')}. PostgreSQL: {failed['PostgreSQL']}"
        )
    results = {name: summary(seen[name]) for name in both}
    lines = [f"{name}: {results[name].report.title}" for name in both]
    lines += [f"{name} is left out: {why}" for name, why in failed.items()]
    by_attack = {name: _properties(seen[name]) for name in both}
    rows = tuple(
        tuple(by_attack[name].get(each) for name in both)
        for each in wanted
        if any(each in by_attack[name] for name in both)
    )
    first = results[both[0]]
    return AttackResult(
        bounced=first.bounced,
        let_in=first.let_in,
        passed=first.passed,
        refused=first.refused,
        not_tried=first.not_tried,
        no_place=first.no_place,
        report=SideBySide(tuple(both), rows, " ".join(f"{x.rstrip('.')}." for x in lines)),
        postgresql=results.get("PostgreSQL"),
    )


@dataclass(frozen=True, slots=True)
class Attacked:
    """What each attack met, and what keeps every ordinary row out of a table."""

    outcomes: Sequence[Outcome]
    blocked: Sequence[str] = ()


class _NoAnswer(LabError):
    """There is no PostgreSQL to be asked."""


class _NotMade(LabError):
    """PostgreSQL answers and cannot make or attack this schema."""


def _in_postgresql(
    statements: str, wanted: Sequence[str], names: Mapping[str, str], url: str
) -> Attacked:
    try:
        from ridealong.judging.ddl import postgres
    except ImportError:
        raise _NoAnswer(
            "PostgreSQL cannot be asked, because the package psycopg is missing: run "
            'python -m pip install "psycopg[binary]" and restart the kernel'
        ) from None
    try:
        tables = postgres.PostgresTables(statements, url)
    except postgres.Unreachable as error:
        raise _NoAnswer(str(error)) from None
    except QueryFailed as error:
        raise _NotMade(str(error)) from None
    try:
        return _outcomes([tables], statements, wanted, names)
    except LabError as error:
        raise _NotMade(str(error)) from None
    finally:
        tables.close()


def summary(attacked: Attacked) -> AttackResult:
    """Return what came of attacks as a table with its counts."""
    known = attacks.attacks()
    met = [each for each in attacked.outcomes if each.held is not None]
    tried = [(each, known[each.attack]) for each in met if findings.was_tried(each)]
    counts = {
        (legal, held): sum(a.legal == legal and bool(o.held) == held for o, a in tried)
        for legal in (True, False)
        for held in (True, False)
    }
    not_tried = tuple(each.attack for each in met if not findings.was_tried(each))
    hostile = sum(not known[each.attack].legal for each in met)
    ordinary = len(met) - hostile
    title = (
        f"{counts[False, True]} of {hostile} hostile rows bounce, "
        f"{counts[True, True]} of {ordinary} ordinary cases pass"
    )
    title += f", {len(not_tried)} could not be tried." if not_tried else "."
    return AttackResult(
        bounced=counts[False, True],
        let_in=counts[False, False],
        passed=counts[True, True],
        refused=counts[True, False],
        not_tried=not_tried,
        no_place=tuple(each.attack for each in attacked.outcomes if each.held is None),
        report=Report(tuple(_properties(attacked).values()), " ".join([*attacked.blocked, title])),
    )


def _properties(attacked: Attacked) -> dict[str, Property]:
    """Return by attack what came of each that was tried."""
    return {
        each.attack: findings.shown(each) for each in attacked.outcomes if each.held is not None
    }


def _made(statements: str, given: str = "") -> ddl.Tables:
    try:
        return ddl.Tables(statements, given)
    except QueryFailed as error:
        raise LabError(str(error)) from None
