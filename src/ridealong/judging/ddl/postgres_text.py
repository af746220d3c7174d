"""Take a schema in PostgreSQL's syntax apart: statements that make tables, or a clear refusal.

DuckDB's parser does not know all of PostgreSQL's syntax, so this reads tokens. It is stricter than
PostgreSQL where a text can be read in two ways: what is not understood here is not run there.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ridealong.engine import sqltext
from ridealong.engine.sqltext import Token
from ridealong.engine.statement import QueryRefused
from ridealong.judging.ddl.tables import LONGEST_DDL, MOST_STATEMENTS, MOST_TABLES

_MADE: Final = ("TABLE", "TYPE", "INDEX", "VIEW", "SEQUENCE", "DOMAIN")
_OPERATORS: Final = frozenset("()[],;.:+-*/%<>=~!@#^&|")
# Functions that change on every call and still belong into a schema.
_HARMLESS: Final = frozenset(
    {"clock_timestamp", "gen_random_uuid", "nextval", "random", "uuidv4", "uuidv7"}
)
_BELONGS: Final = (
    "a schema is made of CREATE TABLE, CREATE TYPE, CREATE INDEX, CREATE VIEW, CREATE SEQUENCE, "
    "CREATE DOMAIN, ALTER TABLE, DROP of these and INSERT for fixed lists: leave everything else out"
)
_ALTERATIONS: Final = ("ADD", "ALTER", "DROP", "RENAME", "VALIDATE")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its text without comments, and the line of the answer where it begins."""

    text: str
    line: int


def statements(
    text: object, schemas: Collection[str] = (), changing: Collection[str] = ()
) -> list[Statement]:
    """Return the statements of a schema, or refuse them.

    Args:
        text: the learner's statements.
        schemas: names of all schemas of the database, which no name may have before it.
        changing: names of the functions that may do more than compute.

    Raises:
        QueryRefused: when the text holds anything but statements that make or change tables,
            or too much of it.
    """
    if not isinstance(text, str):
        raise QueryRefused(f"the answer is a {type(text).__name__}, wanted statements")
    if len(text) > LONGEST_DDL:
        raise QueryRefused(
            f"the answer has {len(text):,} characters, {LONGEST_DDL:,} is the most that is read"
        )
    if problem := sqltext.refusal(text):
        raise QueryRefused(problem)
    found = _split(text)
    if not found:
        raise QueryRefused("no answer yet: the cell holds no statement")
    made = sum(_words(each)[:2] == ["CREATE", "TABLE"] for each in found)
    if made > MOST_TABLES:
        raise QueryRefused(
            f"the answer makes {made:,} tables, {MOST_TABLES} is the most that is looked at: "
            "a schema of this company needs fewer than ten"
        )
    if len(found) > MOST_STATEMENTS:
        raise QueryRefused(
            f"the answer holds {len(found):,} statements, {MOST_STATEMENTS} is the most that is run"
        )
    for each in found:
        _refuse_signs(text, each)
        _refuse_names(each, schemas)
        _refuse_kind(each)
        _refuse_changes(each)
        _refuse_functions(each, changing)
    bare = _without_comments(text)
    return [
        Statement(
            bare[each[0].start : each[-1].start + len(each[-1].text)],
            text.count("\n", 0, each[0].start) + 1,
        )
        for each in found
    ]


def _split(text: str) -> list[list[Token]]:
    """Divide the tokens at their semicolons."""
    found: list[list[Token]] = [[]]
    for token in sqltext.tokens(text):
        if token.text == ";":
            found.append([])
        else:
            found[-1].append(token)
    return [each for each in found if each]


def _without_comments(text: str) -> str:
    """Return the text with spaces in place of what is no token; lines and places stay.

    PostgreSQL reads comments in its own way (they nest, and a carriage return ends a line), so it
    gets none.
    """
    bare = ["\n" if letter == "\n" else " " for letter in text]
    for token in sqltext.tokens(text):
        bare[token.start : token.start + len(token.text)] = token.text
    return "".join(bare)


def _words(found: Sequence[Token]) -> list[str]:
    return [token.text.upper() if token.kind == "word" else token.text for token in found]


def _name(token: Token) -> str:
    """Return the name that PostgreSQL reads; empty where the token is none."""
    if token.kind == "quoted":
        return token.text[1:-1].replace('""', '"')
    return token.text.lower() if token.kind == "word" else ""


def _refuse_signs(text: str, found: Sequence[Token]) -> None:
    """Refuse what PostgreSQL would read in another way than the tokens say."""
    for here, token in enumerate(found):
        line = text.count("\n", 0, token.start) + 1
        if token.kind == "operator" and token.text not in _OPERATORS:
            shown = "a quote that is not closed" if token.text in "'\"" else repr(token.text)
            raise QueryRefused(f"line {line} holds {shown}: take it out, or close it")
        if token.kind == "parameter" or token.text[0] == "$":
            raise QueryRefused(
                f"line {line} holds {token.text[:20]}: a schema takes no parameters, and texts "
                "stand in single quotes"
            )
        if token.kind == "string" and token.text[0] in "eE":
            raise QueryRefused(
                f"line {line} holds a text of the form E'...': write it as plain '...'"
            )
        after = found[here + 1] if here + 1 < len(found) else None
        if token.text.upper() == "U" and after and after.start == token.start + 1:
            raise QueryRefused(f"line {line} holds U&: write the letters themselves")


def _refuse_kind(found: Sequence[Token]) -> None:
    words = _words(found)
    first = words[0]
    if first == "INSERT":
        if words[1:2] != ["INTO"]:
            raise QueryRefused("INSERT is not followed by INTO: write INSERT INTO table VALUES ...")
    elif first == "CREATE" or first == "DROP":
        rest = words[1:]
        if first == "CREATE" and rest[:2] == ["OR", "REPLACE"]:
            rest = rest[2:]
        if first == "CREATE" and rest[:2] == ["UNIQUE", "INDEX"]:
            rest = rest[1:]
        if not rest or rest[0] not in _MADE:
            thing = " ".join(rest[:1]) or "alone"
            raise QueryRefused(f"{first} {thing} is not part of a schema here: {_BELONGS}")
        if first == "CREATE" and rest[0] == "TYPE":
            _refuse_type(found)
    elif words[:2] == ["ALTER", "TABLE"]:
        _refuse_alteration(words)
    else:
        thing = f"{first} {words[1]}" if first == "ALTER" and len(words) > 1 else first
        shown = " ".join(thing.split())[:40] or "nameless"
        raise QueryRefused(f"the answer holds a {shown} statement; {_BELONGS}")


def _refuse_type(found: Sequence[Token]) -> None:
    words = _words(found)
    start = words.index("TYPE") + 2
    if words[start : start + 1] != ["AS"] or words[start + 1 : start + 2] not in (["ENUM"], ["("]):
        raise QueryRefused(
            "a type of a schema is a list of texts or a row here: write "
            "CREATE TYPE name AS ENUM ('one', 'other'), or make a DOMAIN"
        )


def _refuse_alteration(words: Sequence[str]) -> None:
    """Refuse all actions of ALTER TABLE but those on its columns, constraints and names."""
    depth, action = 0, False
    rest = list(words[2:])
    if rest[:2] == ["IF", "EXISTS"]:
        rest = rest[2:]
    if rest[:1] == ["ONLY"]:
        rest = rest[1:]
    rest = rest[1:]  # the table
    while rest[:1] == ["."]:
        rest = rest[2:]  # refused by name later
    for word in rest:
        depth += (word in ("(", "[")) - (word in (")", "]"))
        if not action and word != "*":
            if word not in _ALTERATIONS:
                raise QueryRefused(
                    f"ALTER TABLE ... {word} is not part of a schema here: columns, constraints "
                    "and names can be added, altered, dropped and renamed"
                )
            action = True
        elif word == "," and depth == 0:
            action = False


def _refuse_names(found: Sequence[Token], schemas: Collection[str]) -> None:
    for here, token in enumerate(found):
        name = _name(token)
        after = found[here + 1].text if here + 1 < len(found) else ""
        if name.startswith("pg_") or name == "information_schema":
            raise QueryRefused(
                f"{name} belongs to PostgreSQL itself: a schema stands on its own tables only"
            )
        if after == "." and name in schemas:
            raise QueryRefused(
                f"a name has the schema {name} before it: write CREATE TABLE rides, not "
                f"CREATE TABLE {name}.rides"
            )
        if token.kind == "word" and name == "tablespace":
            raise QueryRefused("a schema says nothing about files here: leave TABLESPACE out")


def _refuse_changes(found: Sequence[Token]) -> None:
    """Refuse statements inside a statement, such as WITH gone AS (DELETE ...)."""
    words = _words(found)
    for before, word in zip(["", *words], words, strict=False):
        if word in ("DELETE", "UPDATE") and before not in ("ON", "DO"):
            break
        if word in ("MERGE", "TRUNCATE", "COPY") or (word == "INSERT" and before):
            break
    else:
        return
    raise QueryRefused(f"the answer holds a {word} inside another statement; {_BELONGS}")


def _refuse_functions(found: Sequence[Token], changing: Collection[str]) -> None:
    for here, token in enumerate(found[:-1]):
        name = _name(token)
        if found[here + 1].text != "(" or not name:
            continue
        if (name in changing or "_to_xml" in name) and name not in _HARMLESS:
            raise QueryRefused(
                f"the answer calls {name}(), which does more than compute a value: leave it out"
            )
        if name == "nextval":
            given = found[here + 2 : here + 4]
            plain = len(given) == 2 and given[0].kind == "string" and given[1].text in (")", ":")
            if not plain or not re.fullmatch(r"'\w+'", given[0].text):
                raise QueryRefused("nextval takes the name of a sequence here: nextval('numbers')")
