"""A YAML or JSON text becomes plain data, with the line of every value and the traps it fell into.

YAML is read event by event with libyaml, never by PyYAML's constructors: so nesting, aliases and
duplicate keys are under control, and a plain `no`, `200` or `2026-01-31` keeps the text as it was
written beside the value that YAML's rules (version 1.1, which most tools follow) make of it.
Dates and times stay texts, because JSON, which OpenAPI describes, has no type for them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml
from yaml import events as happening

LONGEST_TEXT: Final = 5_500_000  # 5 MB, whichever way one counts a MB
LONGEST_TEXT_WITHOUT_LIBYAML: Final = 500_000
DEEPEST: Final = 100
MOST_VALUES: Final = 1_000_000
MOST_KEYS: Final = 5_000
MOST_REPEATED_VALUES: Final = 100_000
LONGEST_SHOWN: Final = 40

_PARSER: Final[Any] = getattr(yaml, "CLoader", None)
_BOOLEANS: Final = {
    "yes": True,
    "no": False,
    "on": True,
    "off": False,
    "true": True,
    "false": False,
}
_WORDS: Final = {
    form: value
    for word, value in _BOOLEANS.items()
    for form in (word, word.capitalize(), word.upper())
}
_PLAIN_WORDS: Final = {form for form in _WORDS if form.lower() in {"true", "false"}}
_NULLS: Final = {"", "~", "null", "Null", "NULL"}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)\Z")
_OTHER_INTEGER: Final = re.compile(r"([-+]?)0(?:b([01_]+)|x([0-9a-fA-F_]+)|([0-7_]+))\Z")
_FLOAT: Final = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)\Z"
)
_NO_NUMBER: Final = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)?\Z"
)
_TIME: Final = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_KEY_WITHOUT_SPACE: Final = re.compile(r"\s*(?:- )*([A-Za-z$/_][\w$/{}.-]*):(?![\s/])(\S.*)")
_BRACKET_WITHOUT_SPACE: Final = re.compile(r"\s*(?:- )*([A-Za-z$_][\w$.-]*):[{\[]")
_REFERENCE_WITHOUT_BRACES: Final = re.compile(
    r"\s*(?:- )*([^\s:]+):\s+\$ref:\s+(?:(['\"])(#/[^'\"\s]+)\2|(#/\S+))\s*\Z"
)
_LONGEST_NUMBER: Final = 400


class Unreadable(ValueError):
    """A text that is no YAML or JSON, or not of the kind that a contract is made of.

    Attributes:
        line: where, counted from 1.
        seen: what stands there.
        wanted: what would be right.
        step: what to do next.
        column: where in the line, counted from 1; 0 when only the line is known.
    """

    def __init__(self, line: int, seen: str, wanted: str, step: str) -> None:
        super().__init__(f"line {line}: {seen}; {wanted}; {step}")
        self.line, self.seen, self.wanted, self.step = line, seen, wanted, step
        self.column = 0


@dataclass
class Plain:
    """A value written without quotation marks that is no text: what was written, and where."""

    text: str
    line: int
    kind: str  # "word" (no, yes, on, off), "bool", "null", "number", "date", "time"


@dataclass
class Read:
    """What a text holds.

    Attributes:
        data: dictionaries, lists, texts, numbers, true, false, None; keys are always texts.
        plain: by the identity of a dictionary or list and a key or index in it, what was written
            there without quotation marks and is no text.
        keys: keys that YAML does not read as texts, such as an unquoted 200.
    """

    data: Any
    plain: dict[tuple[int, str | int], Plain] = field(default_factory=dict)
    keys: list[Plain] = field(default_factory=list)
    _lines: dict[int, dict[str, int] | list[int]] = field(default_factory=dict)
    _json: str = ""

    def line(self, steps: list[str]) -> int:
        """Return the line of what stands under these keys and indexes, or of the nearest above."""
        if self._json:
            return _json_line(self._json, steps)
        found, node = 1, self.data
        for step in steps:
            lines = self._lines.get(id(node))
            if isinstance(node, dict) and isinstance(lines, dict) and step in lines:
                found, node = lines[step], node.get(step)
            elif isinstance(node, list) and isinstance(lines, list) and step.isdecimal():
                if int(step) >= len(lines):
                    break
                found, node = lines[int(step)], node[int(step)] if int(step) < len(node) else None
            else:
                break
        return found


def read(text: str) -> Read:
    """Return the data that a YAML or JSON text holds.

    Raises:
        Unreadable: when it is neither, too long, too deep, or repeats itself without end.
    """
    if not isinstance(text, str):
        raise Unreadable(
            1,
            f"this is {type(text).__name__}",
            "a text is wanted",
            "hand in the text of the document",
        )
    if len(text) > LONGEST_TEXT or len(text.encode("utf-8", "replace")) > LONGEST_TEXT:
        raise Unreadable(
            1,
            f"the document has {len(text) / 1e6:,.1f} million characters",
            "at most 5 MB are read",
            "leave out what the contract does not need, or split it",
        )
    text = text.removeprefix("\ufeff")
    start = text.lstrip()
    if start[:1] in {"{", "["}:
        try:
            return _read_json(text)
        except _Duplicate:
            pass  # YAML's reader knows the line
        except json.JSONDecodeError as error:
            if start[0] == "[" or start[1:].lstrip()[:1] == '"':
                raise _no_json(error, text) from None
    if _PARSER is None and len(text) > LONGEST_TEXT_WITHOUT_LIBYAML:
        raise Unreadable(
            1,
            f"the document has {len(text):,} characters, and this Python has no fast YAML reader",
            f"at most {LONGEST_TEXT_WITHOUT_LIBYAML:,} are read without it",
            "install PyYAML from a wheel, which brings libyaml, or write the document as JSON",
        )
    return _Composer(text).read()


def shown(value: object) -> str:
    """Return a value as it looks in a message: short, in one line, texts in quotation marks."""
    if isinstance(value, str):
        one = " ".join(value.split())
        return f'"{one[:LONGEST_SHOWN]}…"' if len(one) > LONGEST_SHOWN else f'"{one}"'
    if isinstance(value, dict):
        keys = ", ".join(list(value)[:3]) + (", …" if len(value) > 3 else "")
        return f"a set of keys ({keys})" if value else "an empty set of keys"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:LONGEST_SHOWN]


class _Duplicate(Exception):
    pass


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Duplicate
    return found


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise OverflowError(text)
    return value


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise OverflowError(text)
    return int(text)


def _no_constant(text: str) -> NoReturn:
    raise OverflowError(text)


def _read_json(text: str) -> Read:
    try:
        data = json.loads(
            text,
            object_pairs_hook=_no_twice,
            parse_float=_finite,
            parse_int=_whole,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise _too_deep(1) from None
    except OverflowError as error:
        number = str(error)
        raise _huge(text.count("\n", 0, max(text.find(number), 0)) + 1, number) from None
    _bound(data)
    return Read(data, _json=text)


def _bound(data: Any) -> None:
    """Refuse what is nested too deep or holds too many values."""
    level, values = [data], 0
    for _ in range(DEEPEST + 1):
        inner: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                inner.extend(node.values())
                if len(node) > MOST_KEYS:
                    raise _too_many_keys(1)
            elif isinstance(node, list):
                inner.extend(node)
        values += len(inner)
        if values > MOST_VALUES:
            raise _too_many(1)
        if not inner:
            return
        level = inner
    raise _too_deep(1)


def _no_json(error: json.JSONDecodeError, text: str) -> Unreadable:
    rest = text[error.pos :].lstrip()[:1]
    before = text[: error.pos].rstrip()[-1:]
    seen = f"this is no JSON ({error.msg[0].lower()}{error.msg[1:]})"
    if (before == "," and rest in {"}", "]"}) or (
        rest == "," and text[error.pos + 1 :].lstrip()[:1] in {"}", "]"}
    ):
        return Unreadable(
            error.lineno,
            "a comma stands before a closing bracket",
            "JSON wants no comma after the last entry",
            "delete the comma",
        )
    if rest == "'":
        return Unreadable(
            error.lineno,
            "a text stands in single quotation marks",
            'JSON wants "double" ones',
            "write double quotation marks",
        )
    if not rest:
        return Unreadable(
            error.lineno,
            "the JSON ends too early",
            "every bracket and quotation mark wants its end",
            "close what is open",
        )
    return Unreadable(
        error.lineno,
        seen,
        "one JSON object is wanted",
        f"look at column {error.colno}: a comma, a colon, a bracket or a quotation mark may be missing",
    )


def _too_deep(line: int) -> Unreadable:
    return Unreadable(
        line,
        f"the document is nested more than {DEEPEST} levels deep",
        f"at most {DEEPEST} are read",
        "name the inner parts under `components` and refer to them with `$ref`",
    )


def _too_many(line: int) -> Unreadable:
    return Unreadable(
        line,
        f"the document holds more than {MOST_VALUES:,} values",
        "so many are not read",
        "leave out what the contract does not need, or split it",
    )


def _too_many_keys(line: int) -> Unreadable:
    return Unreadable(
        line,
        f"one part, such as `paths`, has more than {MOST_KEYS:,} keys",
        "so many are not read",
        "leave out what the contract does not need, or split it",
    )


def _huge(line: int, number: str) -> Unreadable:
    return Unreadable(
        line,
        f"{number[:LONGEST_SHOWN]} is no number that JSON can carry",
        "a number of at most 400 digits is wanted",
        "write a smaller number, or put it in quotation marks",
    )


class _Composer:
    """Builds data from YAML's events; no value is made twice and nothing is called by name."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain: dict[tuple[int, str | int], Plain] = {}
        self.keys: list[Plain] = []
        self.lines: dict[int, dict[str, int] | list[int]] = {}
        self.anchors: dict[str, tuple[Any, int, Plain | None]] = {}
        self.open_anchors: dict[str, int] = {}
        self.values = self.repeated = 0

    def read(self) -> Read:
        try:
            parser = _PARSER(self.text) if _PARSER else yaml.Loader(self.text)
            data = self._compose(parser.get_event)
        except yaml.reader.ReaderError as error:
            raise no_character(error, self.text) from None
        except UnicodeEncodeError as error:
            line = self.text.count("\n", 0, error.start) + 1
            raise Unreadable(
                line,
                "half a character stands here",
                "whole characters are wanted",
                "delete it; it may have come in with copy and paste",
            ) from None
        except yaml.MarkedYAMLError as error:
            raise no_yaml(error, self.text) from None
        return Read(data, self.plain, self.keys, self.lines)

    def _compose(self, next_event: Callable[[], Any]) -> Any:
        root: list[Any] = []
        # Each open collection: itself, whether it is a dictionary, its key in waiting, its lines,
        # its anchor, the number of values before it, and the line where it begins.
        stack: list[list[Any]] = []
        self.lines[id(root)] = []
        current: list[Any] = [root, False, None, self.lines[id(root)], None, 0, 1]
        documents = 0
        merges: list[tuple[dict[str, Any], list[Any], int]] = []
        while True:
            event = next_event()
            kind = type(event)
            if kind is happening.ScalarEvent:
                line = event.start_mark.line + 1
                if current[1] and current[2] is None:
                    self._key(current, event, line)
                    continue
                value, plain = self._scalar(event, line)
                if event.anchor:
                    self.anchors[event.anchor] = (value, 1, plain)
                self._put(current, value, line, plain, merges)
            elif kind is happening.MappingStartEvent or kind is happening.SequenceStartEvent:
                is_mapping = kind is happening.MappingStartEvent
                line = event.start_mark.line + 1
                if current[1] and current[2] is None:
                    raise self._no_key(event, line)
                self._tag(
                    event.tag,
                    {"tag:yaml.org,2002:map"} if is_mapping else {"tag:yaml.org,2002:seq"},
                    line,
                )
                value = {} if is_mapping else []
                self.lines[id(value)] = {} if is_mapping else []
                self._put(current, value, line, None, merges)
                if event.anchor:
                    self.open_anchors[event.anchor] = line
                    self.anchors.pop(event.anchor, None)
                stack.append(current)
                if len(stack) > DEEPEST:
                    raise _too_deep(line)
                current = [
                    value,
                    is_mapping,
                    None,
                    self.lines[id(value)],
                    event.anchor,
                    self.values,
                    line,
                ]
            elif kind is happening.MappingEndEvent or kind is happening.SequenceEndEvent:
                value, anchor, before = current[0], current[4], current[5]
                if anchor:
                    self.open_anchors.pop(anchor, None)
                    self.anchors[anchor] = (value, self.values - before + 1, None)
                current = stack.pop()
            elif kind is happening.AliasEvent:
                line = event.start_mark.line + 1
                if current[1] and current[2] is None:
                    raise self._no_key(event, line)
                value, plain = self._repeat(event.anchor, line)
                self._put(current, value, line, plain, merges)
            elif kind is happening.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise Unreadable(
                        event.start_mark.line + 1,
                        "a second document begins here, after `---`",
                        "one document is wanted",
                        "delete the line `---` and what follows it, or merge the two",
                    )
            elif kind is happening.StreamEndEvent:
                break
        for mapping, sources, line in merges:
            self._merge(mapping, sources, line)
        return root[0] if root else None

    def _put(
        self, current: list[Any], value: Any, line: int, plain: Plain | None, merges: list[Any]
    ) -> None:
        self.values += 1
        if self.values > MOST_VALUES:
            raise _too_many(line)
        holder, is_mapping, key, lines = current[:4]
        if not is_mapping:
            if plain is not None:
                self.plain[id(holder), len(holder)] = plain
            holder.append(value)
            lines.append(line)
            return
        current[2] = None
        if key == "<<":
            merges.append((holder, value if isinstance(value, list) else [value], line))
            return
        if plain is not None:
            self.plain[id(holder), key] = plain
        holder[key] = value

    def _key(self, current: list[Any], event: Any, line: int) -> None:
        key = event.value
        holder, lines = current[0], current[3]
        if event.anchor:
            self.anchors[event.anchor] = (key, 1, None)
        if key in holder:
            raise Unreadable(
                line,
                f"the key `{key[:LONGEST_SHOWN]}` stands here a second time; the first is in line {lines[key]}",
                "each key may stand once in its place",
                "delete one of the two or merge what stands below them",
            )
        if event.implicit[0] and key != "<<":
            _, kind = _resolved(key)
            if kind:
                self.keys.append(Plain(key, line, kind))
        current[2] = key
        if key != "<<":
            lines[key] = line
            if len(lines) > MOST_KEYS:
                raise _too_many_keys(line)

    def _scalar(self, event: Any, line: int) -> tuple[Any, Plain | None]:
        text = event.value
        if event.implicit[0]:
            value, kind = _resolved(text)
            if not kind:
                return value, None
            if kind == "huge":
                raise _huge(line, text)
            return value, Plain(text, line, kind)
        if event.tag and not event.implicit[1]:
            self._tag(
                event.tag,
                {
                    f"tag:yaml.org,2002:{name}"
                    for name in ("str", "int", "float", "bool", "null", "timestamp")
                },
                line,
            )
            if event.tag.endswith((":int", ":float", ":bool", ":null")):
                value, kind = _resolved(text)
                if kind == "huge":
                    raise _huge(line, text)
                return value, None
        return text, None

    def _tag(self, tag: str | None, known: set[str], line: int) -> None:
        if tag and tag != "!" and tag not in known:
            name = tag.replace("tag:yaml.org,2002:", "!!")
            raise Unreadable(
                line,
                f"the value carries the tag {shown(name)}",
                "a contract holds plain values",
                "delete the tag; a text that begins with ! wants quotation marks",
            )

    def _no_key(self, event: Any, line: int) -> Unreadable:
        written = (
            self.text.splitlines()[line - 1].strip() if isinstance(event, happening.Event) else ""
        )
        if isinstance(event, happening.MappingStartEvent) and written.startswith("{"):
            return Unreadable(
                line,
                f"the key {shown(written)} begins with a brace",
                "a key is a text",
                "put it in quotation marks",
            )
        return Unreadable(
            line,
            f"a key stands here that is no text ({shown(written)})",
            "a key is a text",
            "write a text before the colon",
        )

    def _repeat(self, anchor: str, line: int) -> tuple[Any, Plain | None]:
        if anchor in self.open_anchors:
            raise Unreadable(
                line,
                f"`*{anchor}` repeats the part in which it stands itself (line {self.open_anchors[anchor]})",
                "no part may hold itself",
                "name the part under `components` and refer to it with `$ref`",
            )
        if anchor not in self.anchors:
            raise Unreadable(
                line,
                f"`*{anchor}` repeats a part that is named nowhere above",
                f"a part marked `&{anchor}` is wanted above it",
                "mark it, or put a text that begins with * in quotation marks",
            )
        value, size, plain = self.anchors[anchor]
        self.repeated += size
        self.values += size - 1
        if self.repeated > MOST_REPEATED_VALUES:
            raise Unreadable(
                line,
                f"`*{anchor}` and other repeats blow the document up to more than {MOST_REPEATED_VALUES:,} values",
                "so many repeated values are not read",
                "name the part under `components` and refer to it with `$ref`",
            )
        return value, plain

    def _merge(self, mapping: dict[str, Any], sources: list[Any], line: int) -> None:
        for source in sources:
            if not isinstance(source, dict):
                raise Unreadable(
                    line,
                    f"`<<` stands before {shown(source)}",
                    "it takes over the keys of a part marked with `&`",
                    "write `<<: *name` with the name of such a part",
                )
            lines, own = self.lines[id(source)], self.lines[id(mapping)]
            for key, value in source.items():
                if key not in mapping:
                    mapping[key] = value
                    if isinstance(lines, dict) and isinstance(own, dict):
                        own[key] = lines.get(key, line)
                    if (id(source), key) in self.plain:
                        self.plain[id(mapping), key] = self.plain[id(source), key]


def _resolved(text: str) -> tuple[Any, str]:
    """Return what a plain scalar means, and its kind where it is no ordinary text."""
    first = text[:1]
    if first.isalpha():
        if text in _WORDS:
            return _WORDS[text], "bool" if text in _PLAIN_WORDS else "word"
        return (None, "null") if text in _NULLS else (text, "")
    if text in _NULLS:
        return None, "null"
    if first not in "0123456789-+.":
        return text, ""
    if len(text) > _LONGEST_NUMBER and text.lstrip("+-").isdecimal():
        return text, "huge"
    if _INTEGER.match(text):
        return int(text.replace("_", "")), "number"
    if other := _OTHER_INTEGER.match(text):
        sign, binary, hexadecimal, octal = other.groups()
        digits, base = (binary, 2) if binary else (hexadecimal, 16) if hexadecimal else (octal, 8)
        if not digits.replace("_", ""):
            return text, ""
        value = int(digits.replace("_", ""), base)
        return (-value if sign == "-" else value), "number"
    if _FLOAT.match(text):
        number = float(text.replace("_", ""))
        return (text, "huge") if math.isinf(number) else (number, "number")
    if _NO_NUMBER.match(text):
        return text, "huge"
    if _DATE.match(text):
        return text, "date"
    if _TIME.match(text):
        return text, "time"
    return text, ""


def no_yaml(error: yaml.MarkedYAMLError, text: str) -> Unreadable:
    """Return in a sentence why a text is no YAML, with the column where the reader names one."""
    found = _no_yaml(error, text)
    marks = [error.problem_mark, error.context_mark]
    for mark in reversed(marks) if "opens here" in found.seen else marks:
        if mark is not None and mark.line + 1 == found.line:
            found.column = mark.column + 1
            break
    return found


def no_character(error: yaml.reader.ReaderError, text: str) -> Unreadable:
    """Return in a sentence which character no YAML text may hold."""
    return Unreadable(
        text.count("\n", 0, error.position) + 1,
        f"the character with the number {error.character} stands here",
        "YAML wants characters that can be seen",
        "delete it; it may have come in with copy and paste",
    )


def _no_yaml(error: yaml.MarkedYAMLError, text: str) -> Unreadable:
    """Name a cause only where it is certain."""
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines() or [""]
    at = min(mark.line if mark else 0, len(lines) - 1)
    column = mark.column if mark and mark.line == at else len(lines[at])
    context = str(error.context or "")
    problem = str(error.problem or context)
    # A parser often notices a fault one line late: look at this line, then at those above it.
    for number in (at, *(n for n in range(at - 1, max(at - 3, -1), -1) if lines[n].strip())):
        line = lines[number]
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent or (number == at and line[column : column + 1] == "\t"):
            return Unreadable(
                number + 1,
                "a tab stands where spaces belong",
                "YAML indents with spaces only",
                "replace the tab by two spaces for each level",
            )
    line = lines[at]
    for number in (at, at - 1):
        if (
            number >= 0
            and (found := _KEY_WITHOUT_SPACE.match(lines[number]))
            and "expected ':'" in problem + context
        ):
            return _no_space(number + 1, found[1])
    if found := _BRACKET_WITHOUT_SPACE.match(line):
        return _no_space(at + 1, found[1])
    if "unexpected ':'" in problem:
        found = re.search(r"([\w$-]+):(?=[\[{\]},])", line[max(column - 60, 0) :])
        if found:
            return _no_space(at + 1, found[1])
    if "simple key" in context and error.context_mark:
        key_at = min(error.context_mark.line, len(lines) - 1)
        if ":" not in lines[key_at]:
            return _no_colon(key_at + 1, lines[key_at])
    if "mapping values are not allowed" in problem:
        before = line[:column]
        if found := _REFERENCE_WITHOUT_BRACES.match(line):
            return Unreadable(
                at + 1,
                f"`$ref:` stands behind `{found[1]}:` in its line, without braces",
                "a key behind another one in its line stands in braces",
                f"write `{found[1]}: {{$ref: '{found[3] or found[4]}'}}`",
            )
        if ": " in before:
            return Unreadable(
                at + 1,
                "a second colon followed by a space stands in this line",
                "a text with `: ` in it wants quotation marks",
                "put the text behind the first colon in quotation marks",
            )
        for number in range(at - 1, max(at - 3, -1), -1):
            if (found := _KEY_WITHOUT_SPACE.match(lines[number])) is not None:
                return _no_space(number + 1, found[1])
        above = next((n for n in range(at - 1, -1, -1) if lines[n].strip()), None)
        if above is not None and ":" not in lines[above]:
            return _no_colon(above + 1, lines[above])
        return Unreadable(
            at + 1,
            "this line is indented further than the line above, which already has its value",
            "a key stands as far in as its neighbours",
            "move the line to the indentation of its neighbours",
        )
    if "sequence entries are not allowed" in problem:
        return Unreadable(
            at + 1,
            "a dash `- ` begins a list behind a colon, or further in than its neighbours",
            "each entry of a list has a line of its own, as far in as its neighbours",
            "write the dash in the next line, or put a text that begins with a dash in quotation marks",
        )
    if "cannot start any token" in problem:
        return Unreadable(
            at + 1,
            f"a value begins with {shown(line[column : column + 1])}",
            "YAML keeps this character for itself",
            "put the whole value in quotation marks",
        )
    if "undefined alias" in problem:
        return Unreadable(
            at + 1,
            "a value begins with *, which repeats a part named with & above, and no part has that name",
            "a text that begins with * wants quotation marks",
            "put the whole value in quotation marks",
        )
    if "escape" in problem:
        return Unreadable(
            at + 1,
            "a backslash stands in a text in double quotation marks",
            "there it begins a special character",
            "put the text in single quotation marks, or write the backslash twice",
        )
    if "quoted scalar" in context + problem:
        return _open_quotation((error.context_mark.line if error.context_mark else at) + 1)
    indent_wrong = _indentation(lines, at)
    if indent_wrong:
        return indent_wrong
    if "flow" in context + problem:
        start = (error.context_mark.line if error.context_mark else at) + 1
        return Unreadable(
            start,
            f"a bracket opens here, and what stands in line {at + 1}, column {column + 1} neither "
            "closes it nor follows a comma"
            if lines[at][column:].strip()
            else "a bracket opens here and is not closed",
            "inside { } and [ ] entries are separated by commas, and each bracket is closed by its own kind",
            "close the bracket, write the comma, or put the text in quotation marks",
        )
    return _out_of_place(error, lines, at, column)


def _out_of_place(
    error: yaml.MarkedYAMLError, lines: list[str], at: int, column: int
) -> Unreadable:
    """Return what stands where nothing of its kind may, by the text around it."""
    context, problem = str(error.context or ""), str(error.problem or "")
    line = lines[at]
    before, sign = line[:column].strip(), line[column : column + 1]
    if "found another document" in problem:
        return Unreadable(
            at + 1,
            "a second document begins here, after `---`",
            "one document is wanted",
            "delete the line `---` and what follows it, or merge the two",
        )
    if "tag" in context + problem or "constructor" in context + problem:
        return Unreadable(
            at + 1,
            "a value begins with !, which would give it a tag",
            "plain values are wanted",
            "delete the tag; a text that begins with ! wants quotation marks",
        )
    if "unhashable" in problem:
        return Unreadable(
            at + 1,
            "a key stands here that begins with a bracket",
            "a key is a text",
            "put it in quotation marks",
        )
    if "for merging" in problem:
        return Unreadable(
            at + 1,
            "`<<` stands before a value that has no keys",
            "it takes over the keys of a part marked with `&`",
            "write `<<: *name` with the name of such a part",
        )
    if sign and sign in "]}":
        return Unreadable(
            at + 1,
            f"a bracket `{sign}` closes here and none is open",
            "each bracket has its partner",
            "delete it, or put a text with brackets in quotation marks",
        )
    if sign == ",":
        return Unreadable(
            at + 1,
            "a comma stands where a value begins",
            "YAML keeps this character for itself",
            "delete it, or put the whole value in quotation marks",
        )
    if before[-1:] in {'"', "'"}:
        mark = before[-1]
        if line.count(mark) % 2 == 0:
            for number in range(at - 1, -1, -1):
                opens = re.search(rf"(?:^|[\s\[{{,]){mark}", lines[number])
                if opens and lines[number].count(mark) % 2:
                    return _open_quotation(number + 1)
        return Unreadable(
            at + 1,
            "the text goes on behind its closing quotation mark",
            "quotation marks enclose the whole text",
            "move the mark to the end of the text, or write a mark inside '…' twice",
        )
    if before[-1:] in {"]", "}"}:
        return Unreadable(
            at + 1,
            f"something stands behind the closing `{before[-1]}`",
            "nothing follows a closing bracket in its line",
            "delete it, or put the whole text in quotation marks",
        )
    if "block scalar" in context:
        return Unreadable(
            at + 1,
            "a value begins with | or >, which announces a text in the lines below",
            "nothing stands behind it in its line",
            "begin the text in the next line, further in, or put the whole value in quotation marks",
        )
    if "anchor" in context or "alias" in context:
        return Unreadable(
            at + 1,
            "a value begins with & or *, which would name or repeat a part",
            "a text that begins with one of them wants quotation marks",
            "put the whole value in quotation marks",
        )
    if "directive" in context or "incompatible" in problem or line.startswith("%"):
        return Unreadable(
            at + 1,
            "this line begins with %",
            "YAML keeps this character for itself",
            "delete the line, or put the text in quotation marks",
        )
    if sign == ":" and before in {"", "-"}:
        return Unreadable(
            at + 1,
            "no key stands before the colon",
            "`key: value` is wanted",
            "write the key before the colon",
        )
    if "block collection" in context or "block sequence" in context:
        return Unreadable(
            at + 1,
            "this line is no entry of the list that its neighbours above make",
            "each entry of a list begins with `- `",
            "begin it with `- `, or move it further in or out, to the lines it belongs with",
        )
    if "block mapping" in context and line[column:].startswith("-"):
        return Unreadable(
            at + 1,
            "this line begins an entry of a list, and its neighbours above are keys",
            "a list stands below its key, which has nothing else behind its colon",
            "delete what stands behind the key, or move the line to the list it belongs to",
        )
    return Unreadable(
        at + 1,
        "this line does not go on as the lines above it begin",
        "`key: value` or `- entry` is wanted, as far in as its neighbours",
        "compare it and the line above with their neighbours: indentation, colon, quotation marks",
    )


def _open_quotation(line: int) -> Unreadable:
    return Unreadable(
        line,
        "a quotation mark opens here and its end is missing or another one stands inside the text",
        "a quoted text ends with the mark it begins with",
        "close it, or double a mark that belongs to the text",
    )


def _no_colon(line: int, text: str) -> Unreadable:
    return Unreadable(
        line,
        f"no colon stands in this line ({shown(text.strip())})",
        "`key: value` is wanted",
        "write a colon and a space behind the key",
    )


def _no_space(line: int, key: str) -> Unreadable:
    return Unreadable(
        line,
        f"no space stands after the colon of `{key}`",
        "YAML wants a space after the colon of a key",
        f"write `{key}: ` with a space",
    )


def _indentation(lines: list[str], at: int) -> Unreadable | None:
    line = lines[at]
    width = len(line) - len(line.lstrip())
    open_widths: list[int] = []
    for above in lines[:at]:
        bare = above.lstrip()
        if not bare or bare.startswith("#"):
            continue
        indent = len(above) - len(bare)
        open_widths = [each for each in open_widths if each < indent] + [indent]
        while bare.startswith("- "):
            inner = bare[2:].lstrip()
            indent += len(bare) - len(inner)
            open_widths.append(indent)
            bare = inner
    if line.strip() and open_widths and width < open_widths[-1] and width not in open_widths:
        near = sorted(set(open_widths), key=lambda each: abs(each - width))[:2]
        return Unreadable(
            at + 1,
            f"this line is indented by {width} space{'s' * (width != 1)}, and nothing above it that is still open is",
            f"the nearest level{'s are' if len(near) > 1 else ' is'} {' and '.join(str(each) for each in sorted(near))} spaces",
            "indent it like the lines it belongs with",
        )
    return None


def _json_line(text: str, steps: list[str]) -> int:
    """Return the line of a value in a JSON text that is known to be well formed."""
    decoder = json.JSONDecoder()
    blank = re.compile(r"[\s,:]*")

    def skip(position: int) -> int:
        found = blank.match(text, position)
        return found.end() if found else position

    position = skip(0)
    found = position
    for step in steps:
        if text[position] == "{":
            position = skip(position + 1)
            while text[position] != "}":
                start = position
                key, position = decoder.raw_decode(text, position)
                position = skip(position)
                if key == step:
                    found = start
                    break
                position = skip(decoder.raw_decode(text, position)[1])
            else:
                break
        elif text[position] == "[" and step.isdecimal():
            position = skip(position + 1)
            for _ in range(int(step)):
                if text[position] == "]":
                    break
                position = skip(decoder.raw_decode(text, position)[1])
            if text[position] == "]":
                break
            found = position
        else:
            break
    return text.count("\n", 0, found) + 1


def pointer(steps: list[str]) -> str:
    """Return keys and indexes as a JSON pointer (RFC 6901 section 3)."""
    return "".join("/" + each.replace("~", "~0").replace("/", "~1") for each in steps)


def steps_of(place: str) -> list[str]:
    """Return the keys and indexes of a JSON pointer (RFC 6901 section 4)."""
    return [each.replace("~1", "/").replace("~0", "~") for each in place.split("/")[1:]]
