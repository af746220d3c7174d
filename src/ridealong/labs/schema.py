"""What a schema does: drawn, then attacked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ridealong.engine.statement import QueryFailed, together
from ridealong.judging.ddl import attacks
from ridealong.judging.ddl import names as names_of
from ridealong.judging.ddl import tables as ddl
from ridealong.labs.sql.database import LabError
from ridealong.show.diagrams import diagram
from ridealong.show.report import Report, SideBySide
from ridealong.verdict import Property

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ridealong.judging.ddl.attacks import Outcome
    from ridealong.judging.ddl.postgres import PostgresTables
    from ridealong.show.pictures import Drawing

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
class Battle:
    """What a schema did under attack; shows itself as a table.

    Attributes:
        bounced: how many hostile rows were refused.
        let_in: how many hostile rows were let pass.
        passed: how many ordinary cases were let pass.
        refused: how many ordinary cases were refused.
        no_place: the attacks that the schema has no tables or columns for.
        report: the table.
        postgresql: the same for PostgreSQL, where it was asked too and could make the schema. The
            numbers above are then those of DuckDB, or of PostgreSQL where only that made it.
    """

    bounced: int
    let_in: int
    passed: int
    refused: int
    no_place: tuple[str, ...]
    report: Report | SideBySide
    postgresql: Battle | None = None

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
) -> Battle:
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
        return battle(_in_duckdb(statements, wanted, own))
    try:
        return _in_both(statements, postgresql or statements, wanted, own, url)
    except _NoAnswer as error:
        origin = URL_VARIABLE if database_url is None else "database_url"
        raise LabError(f"{error}. Without {origin} only DuckDB is attacked") from None


def _in_duckdb(
    statements: str, wanted: Sequence[str], names: Mapping[str, str]
) -> Sequence[Outcome]:
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
) -> Sequence[Outcome]:
    """Run attacks on tables that are made: on each copy of them a part, at the same time.

    Raises:
        LabError: when a name does not fit or it takes too long.
    """
    try:
        own = {**names_of.in_comments(statements), **names}
        structure = tables[0].structure
        found = names_of.resolve(structure, attacks.fields(), own)
        if problem := ddl.needs_more(structure, found.tables, found.columns):
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
        return [by_attack[each] for each in wanted]
    except (names_of.NamesError, QueryFailed) as error:
        raise LabError(str(error)) from None


def _in_both(
    statements: str,
    postgresql: str,
    wanted: Sequence[str],
    names: Mapping[str, str],
    url: str,
) -> Battle:
    """Attack a schema in DuckDB and in PostgreSQL; one of them has to be able to make it."""
    seen: dict[str, Sequence[Outcome]] = {}
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
    battles = {name: battle(seen[name]) for name in both}
    lines = [f"{name}: {battles[name].report.title}" for name in both]
    lines += [f"{name} is left out: {why}" for name, why in failed.items()]
    by_attack = {name: _properties(seen[name]) for name in both}
    rows = tuple(
        tuple(by_attack[name].get(each) for name in both)
        for each in wanted
        if any(each in by_attack[name] for name in both)
    )
    first = battles[both[0]]
    return Battle(
        bounced=first.bounced,
        let_in=first.let_in,
        passed=first.passed,
        refused=first.refused,
        no_place=first.no_place,
        report=SideBySide(tuple(both), rows, " ".join(f"{x.rstrip('.')}." for x in lines)),
        postgresql=battles.get("PostgreSQL"),
    )


class _NoAnswer(LabError):
    """There is no PostgreSQL to be asked."""


class _NotMade(LabError):
    """PostgreSQL answers and cannot make or attack this schema."""


def _in_postgresql(
    statements: str, wanted: Sequence[str], names: Mapping[str, str], url: str
) -> Sequence[Outcome]:
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


def battle(outcomes: Sequence[Outcome]) -> Battle:
    """Return what came of attacks as a table with its counts."""
    tried = [(each, attacks.attacks()[each.attack]) for each in outcomes if each.held is not None]
    counts = {
        (legal, held): sum(a.legal == legal and bool(o.held) == held for o, a in tried)
        for legal in (True, False)
        for held in (True, False)
    }
    hostile = counts[False, True] + counts[False, False]
    title = (
        f"{counts[False, True]} of {hostile} hostile rows bounce, "
        f"{counts[True, True]} of {counts[True, True] + counts[True, False]} ordinary cases pass."
    )
    return Battle(
        bounced=counts[False, True],
        let_in=counts[False, False],
        passed=counts[True, True],
        refused=counts[True, False],
        no_place=tuple(each.attack for each in outcomes if each.held is None),
        report=Report(tuple(_properties(outcomes).values()), title),
    )


def _properties(outcomes: Sequence[Outcome]) -> dict[str, Property]:
    """Return by attack what came of each that was tried."""
    known = attacks.attacks()
    return {
        each.attack: Property(
            known[each.attack].says,
            bool(each.held),
            seen=each.did + (f": {each.reply}" if each.reply else ""),
            matters="" if each.held else known[each.attack].costs,
            legal=known[each.attack].legal,
        )
        for each in outcomes
        if each.held is not None
    }


def _made(statements: str, given: str = "") -> ddl.Tables:
    try:
        return ddl.Tables(statements, given)
    except QueryFailed as error:
        raise LabError(str(error)) from None
