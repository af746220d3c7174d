"""Read a query as text: what can be said about it without running it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import duckdb

LONGEST_TEXT = 100_000
DEEPEST_NESTING = 100
STUB = "Write your query here."

_TEXT = re.compile(
    r"""[eE]'(?:[^'\\]|\\.|'')*' | [xXbBnN]?'(?:[^']|'')*' | (?P<tag>\$\w*\$).*?(?P=tag)""",
    re.VERBOSE | re.DOTALL,
)
_OPENED = re.compile(r"[eExXbBnN]?['\"$]")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_PLAIN = re.compile(
    r"""
      (?P<parameter>\$\w+|\?)
    | (?P<number>(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<operator>\S)
    """,
    re.VERBOSE,
)
_END_OF_PLAIN = re.compile(r"\s|--|/\*")
_SKIPPED = re.compile(r"(?:\s|--[^\r\n]*|/\*.*?\*/)*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a query: its kind, its text, where it starts."""

    kind: str
    text: str
    start: int


@lru_cache(maxsize=8)
def tokens(text: str) -> tuple[Token, ...]:
    """Return the tokens of a query without spaces and comments.

    DuckDB says where texts, quoted names and comments begin and end. What lies between them is
    divided into words, numbers, parameters and single signs; a quote that is never closed and a
    backtick are signs as well.
    """
    found: list[Token] = []
    plain = text.encode("utf-8", "replace").decode().replace("\0", "\1")
    begin = behind = 0  # of words and signs that follow one another without a gap
    for start, end in _pieces(plain):
        piece = plain[start:end]
        quoted = _TEXT.match(piece) or _QUOTED.match(piece)
        if quoted is None and piece[0] not in "'\"`":
            length = stop.start() if (stop := _END_OF_PLAIN.search(piece)) else len(piece)
            if start != behind:
                found += _plain_tokens(text, begin, behind)
                begin = start
            behind = start + length
            continue
        found += _plain_tokens(text, begin, behind)
        begin = behind = end
        kind = "operator" if quoted is None else "quoted" if piece[0] == '"' else "string"
        while quoted:  # DuckDB 1.5 takes 'a' and 'b' on the next line for one
            last = start + len(quoted[0])
            found.append(Token(kind, text[start:last], start))
            start = last + _gap(plain[last:end])
            quoted = _TEXT.match(plain[start:end])
        if kind == "operator":
            found.append(Token(kind, piece[0], start))
            if piece[0] == "`":
                found += _plain_tokens(text, start + 1, start + len(piece.rstrip()))
    found += _plain_tokens(text, begin, behind)
    last = found[-1].start + len(found[-1].text) if found else 0
    # DuckDB 1.5 gives nothing from a quote that is not closed.
    last += _gap(plain[last:])
    if opened := _OPENED.match(plain, last):
        found.append(Token("operator", opened[0][-1], opened.end() - 1))
    return tuple(found)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each token begins that is no comment, and where the next one begins."""
    found = duckdb.tokenize(text)
    starts = [start for start, _ in found]
    if not text.isascii():  # DuckDB counts bytes
        encoded = text.encode()
        here = letters = 0
        for n, start in enumerate(starts):
            letters += len(encoded[here:start].decode("utf-8", "ignore"))
            here, starts[n] = start, letters
    ends = [*starts[1:], len(text)]
    for (_, kind), start, end in zip(found, starts, ends, strict=False):
        if kind != duckdb.token_type.comment and start < end:
            yield start, end


def _plain_tokens(text: str, start: int, end: int) -> list[Token]:
    return [
        Token(found.lastgroup or "operator", found.group(), found.start())
        for found in _PLAIN.finditer(text, start, end)
    ]


def _gap(text: str) -> int:
    """Return how many letters of spaces and comments a text starts with."""
    skipped = _SKIPPED.match(text)
    return skipped.end() if skipped else 0


def refusal(text: str) -> str | None:
    """Return why a text is not even given to the parser, or None.

    The parser takes seconds on megabytes, and minutes on a hundred thousand open brackets.
    """
    if len(text) > LONGEST_TEXT:
        return (
            f"the answer has {len(text):,} characters, {LONGEST_TEXT:,} is the most that is read: "
            "write a query that computes the rows instead of listing them"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return (
            f"character {error.start + 1} of the answer is half of a character "
            f"({text[error.start]!a}): delete it and type it anew"
        )
    if "\0" in text:
        return f"character {text.index(chr(0)) + 1} of the answer is a NUL character: delete it"
    depth = deepest = 0
    for token in tokens(text):
        if token.kind == "operator":
            depth += (token.text in "([{") - (token.text in ")]}")
            deepest = max(deepest, depth)
    if deepest > DEEPEST_NESTING:
        return (
            f"the brackets are nested {deepest:,} deep, {DEEPEST_NESTING} is the most that is "
            "read: use WITH to name the inner steps"
        )
    return None


def is_blank(text: str) -> bool:
    """Return whether a query holds nothing but spaces, comments and semicolons."""
    return len(text) <= LONGEST_TEXT and all(token.text == ";" for token in tokens(text))


def without_markers(text: str) -> str:
    """Return the text without nbgrader's solution markers and the line breaks around it."""
    lines = [
        line
        for line in text.split("\n")
        if not re.search(r"(?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS)\s*$", line)
    ]
    return "\n".join(lines).strip("\n")


def body(text: str) -> str:
    """Return the query without the semicolon and comments behind it, to be put in brackets."""
    found = tokens(text)
    last = len(found)
    while last and found[last - 1].text == ";":
        last -= 1
    return text[: found[last - 1].start + len(found[last - 1].text)] if last else ""


def is_ordered(text: str) -> bool:
    """Return whether a query itself, not one inside it, has an ORDER BY."""
    found = list(tokens(body(text)))
    while found and found[0].text == "(" and _closing(found) == len(found) - 1:
        found = found[1:-1]
    depth = 0
    for token in found:
        if token.kind == "operator":
            depth += (token.text in "([{") - (token.text in ")]}")
        elif depth == 0 and token.text.upper() == "ORDER":
            return True
    return False


def limit(text: str) -> int | None:
    """Return the number of a query's own LIMIT, not of one inside it; None where it has none."""
    found = list(tokens(body(text)))
    while found and found[0].text == "(" and _closing(found) == len(found) - 1:
        found = found[1:-1]
    depth, most = 0, None
    words = [token.text.upper() for token in found]
    for here, token in enumerate(found):
        if token.kind == "operator":
            depth += (token.text in "([{") - (token.text in ")]}")
        elif depth == 0 and words[here] == "LIMIT":
            number, unit = [*words[here + 1 : here + 3], "", ""][:2]
            if number.isdecimal() and unit not in ("%", "PERCENT"):
                most = int(number)
    return most


def _closing(found: list[Token]) -> int:
    """Return the place of the bracket that closes the first one."""
    depth = 0
    for here, token in enumerate(found):
        if token.kind == "operator":
            depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            return here
    return len(found)


def first_word(text: str) -> str:
    """Return the first keyword in capitals, looking into brackets."""
    for token in tokens(text):
        if token.text != "(":
            return token.text.upper() if token.kind == "word" else ""
    return ""


def asks_the_time(text: str) -> bool:
    """Return whether a query names as_of() or now(); no view of the data does."""
    return any(token.text.lower().strip('"') in ("as_of", "now") for token in tokens(text))


# Name -> whether a call needs brackets to be meant (a column may be called `today`).
_CLOCKS = {
    "current_date": False,
    "current_time": False,
    "current_timestamp": False,
    "current_localtime": True,
    "current_localtimestamp": True,
    "get_current_time": True,
    "get_current_timestamp": True,
    "localtime": False,
    "localtimestamp": False,
    "today": True,
    "transaction_timestamp": True,
}
_CHANCE = ("random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid")


def lint(text: str) -> str | None:
    """Return what in a query makes its result change by itself, with the remedy, or None."""
    found = tokens(text)
    for here, token in enumerate(found):
        if token.kind != "word":
            continue
        name = token.text.lower()
        called = here + 1 < len(found) and found[here + 1].text == "("
        qualified = here > 0 and found[here - 1].text == "."
        named = here > 0 and found[here - 1].text.upper() == "AS"
        if name in _CLOCKS and not named and not qualified and (called or not _CLOCKS[name]):
            shown = f"{name}()" if called else name
            return (
                f"the query uses {shown}, the clock of this computer, so it gives other rows "
                "tomorrow: use NOW(), which stands still here, or as_of()"
            )
        if name in _CHANCE and called:
            return (
                f"the query uses {name}(), so every run can give another result: "
                "take it out, nothing here is left to chance"
            )
        sampled = name == "tablesample" or (
            name == "using" and here + 1 < len(found) and found[here + 1].text.upper() == "SAMPLE"
        )
        if sampled:
            return (
                "the query takes a random sample, so every run can give another result: "
                "leave the sample out and use all rows"
            )
    return None


_DATE = re.compile(r"'\s*\d{4}-\d{1,2}(?:-\d{1,2})?\b[^']*'")


_UNIT = re.compile(
    r"'\s*(?:\d+\s+)?(?:(?:micro|milli)?second|minute|hour|day|week|month|quarter|year|isodow|dow"
    r"|doy|epoch)s?\s*'",
    re.IGNORECASE,
)


def suspicious_literals(text: str, told: str = "", most: int = 4) -> list[str]:
    """Return the literals that most likely fit one data set only: dates, long numbers, codes.

    Dates come first, then numbers of three digits and more, then texts with a digit; each in query
    order. Left out are units and spans of time, time zones, and all values that a column is known to have.

    Args:
        text: the query.
        told: texts that the exercise itself shows; what stands there is no guess.
        most: number of literals.
    """
    dates: list[str] = []
    numbers: list[str] = []
    texts: list[str] = []
    found = tokens(text)
    for here, token in enumerate(found):
        before = found[here - 1].text.upper() if here else ""
        if before in ("INTERVAL", "ZONE", "LIMIT") or token.text[1:-1] in _known_values():
            continue
        if re.search(rf"(?<!\w){re.escape(token.text)}(?!\w)", told):
            continue
        if token.kind == "string" and not _UNIT.fullmatch(token.text):
            if re.search(r"\d", token.text):  # names and patterns are part of many questions
                (dates if _DATE.fullmatch(token.text) else texts).append(token.text)
        elif token.kind == "number":
            digits = token.text.replace("_", "").replace(".", "").lstrip("0")
            if len(digits) >= 3:
                numbers.append(token.text)
    ordered = [each for each in dict.fromkeys(dates + numbers + texts) if len(each) <= 40]
    return ordered[:most]


@cache
def _known_values() -> frozenset[str]:
    """Return every value of the columns that have few: they are the same on all data."""
    from ridealong.dataset.dictionary import dictionary

    tables = dictionary().values()
    return frozenset(v for table in tables for column in table.columns for v in column.values)


def has_word(text: str, *words: str) -> bool:
    """Return whether a query holds one of these words, given in capitals."""
    return any(token.kind == "word" and token.text.upper() in words for token in tokens(text))


def has_call(text: str, *names: str) -> bool:
    """Return whether a query calls one of these functions, given in capitals."""
    found = tokens(text)
    return any(
        token.kind == "word" and token.text.upper() in names and after.text == "("
        for token, after in pairwise(found)
    )


def compares(text: str) -> bool:
    """Return whether a query asks for more or less, so that a row may lie on the limit."""
    found = tokens(text)
    for here, token in enumerate(found):
        beside = {each.text for each in found[max(0, here - 1) : here + 2]} - {token.text}
        if token.text in ("<", ">") and not beside & {"<", ">", "-"}:
            return True
    return has_word(text, "BETWEEN")


def filters_on(text: str, column: str) -> bool:
    """Return whether a query compares a column, so that it decides on rows."""
    found = tokens(text)
    for here, token in enumerate(found):
        if token.kind == "word" and token.text.lower() == column:
            after = found[here + 1].text.upper() if here + 1 < len(found) else ""
            if after in ("=", "<", ">", "!", "IN", "NOT", "IS", "LIKE", "ILIKE", "BETWEEN"):
                return True
    return False


def row_filters(text: str) -> list[str]:
    """Return, in words, what in a query decides on the number of its rows."""
    filters = []
    if compares(text):
        filters.append("the bounds (> or >=, < or <=)")
    if has_word(text, "OR"):
        filters.append("the conditions that OR joins")
    if filters_on(text, "status"):
        filters.append("the status")
    if has_word(text, "IS") and has_word(text, "NULL"):
        filters.append("the test for NULL")
    if has_word(text, "GROUP"):
        filters.append("the columns of GROUP BY")
    if has_word(text, "DISTINCT"):
        filters.append("DISTINCT")
    if has_word(text, "LIMIT"):
        filters.append("LIMIT")
    return filters


_PART = re.compile(r"date_part\('(\w+)', [^()]*\)")


def as_written(message: str, text: str) -> str:
    """Return a message with `date_part('second', ...)` written as the query writes it."""

    def other(found: re.Match[str]) -> str:
        unit = found[1].upper()
        for name, call in (("DATE_PART", ""), ("EXTRACT", f"extract({found[1]} FROM ...)")):
            if has_word(text, name):
                return call or found[0]
        return f"{found[1]}(...)" if has_word(text, unit) else found[0]

    return _PART.sub(other, message)


def fixed_dates(text: str) -> list[str]:
    """Return the dates and times written as text in a query."""
    return [each.text for each in tokens(text) if _DATE.fullmatch(each.text)]
