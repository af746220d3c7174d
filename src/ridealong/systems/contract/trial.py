"""Does a contract describe the back end, and does it notice when the back end breaks?

A mock that is served from a contract keeps to it by construction, whatever it says. So a contract
is asked the other way round: it must describe what the running service answers (`exchanges`), and
it must contradict each of the services that are broken in one place (`breakages.toml`).
"""

import copy
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from ridealong.systems.contract.document import Document, Operation
from ridealong.systems.contract.exchanges import OPERATIONS, READ, READ_EVERYWHERE, Exchange

_VERSION: Final = re.compile(r"/v\d+(?=/|\Z)")
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_OWN_HEADERS: Final = frozenset(
    {"accept", "content-type", "authorization"}
)  # OpenAPI 3.1, 4.8.12.1

_TAKE_BODIES: Final = frozenset(
    {"create_quote", "create_ride", "change_ride", "create_payment", "put_location"}
)
_ALSO_TAKEN: Final = {"change_ride": ("application/merge-patch+json",)}
ANOTHER: Final = "another-"
MOST_WORDS: Final = 3
_VALUES: Final[tuple[Any, ...]] = (
    "a text",
    1,
    True,
    None,
    {},
    [],
    "2026-03-01T12:00:00Z",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
)
MOST_WORDS_TRIED: Final = 50


@dataclass(frozen=True, slots=True)
class Names:
    """A learner's own words for what the task leaves open.

    Attributes:
        paths: ours, such as `/users/{user_id}/rides`, to theirs.
        fields: ours, such as `pickup_location`, to theirs: fields, parameters, not header fields.
    """

    paths: Mapping[str, str]
    fields: Mapping[str, str]

    @classmethod
    def of(cls, words: Mapping[str, str]) -> "Names":
        """Sort words into paths, which begin with a slash, and fields."""
        paths = {ours: theirs for ours, theirs in words.items() if ours.startswith("/")}
        return cls(paths, {ours: theirs for ours, theirs in words.items() if ours not in paths})

    def field(self, name: str) -> str:
        """Return the learner's name of a field or parameter."""
        return self.fields.get(name, name)

    def value(self, value: Any) -> Any:
        """Return a value with the learner's names in it."""
        if isinstance(value, dict):
            return {self.field(name): self.value(each) for name, each in value.items()}
        return [self.value(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Deviation:
    """A place where a service does something that a contract does not say.

    Attributes:
        step: of the exchange.
        operation: `GET /rides/{ride_id}`, in the contract's words.
        place: in the contract, as a JSON pointer.
        seen: what the service does.
        wanted: what the contract says.
    """

    step: str
    operation: str
    place: str
    seen: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.seen}; {self.wanted}"


@dataclass(frozen=True, slots=True)
class Breakage:
    """One way in which a back end is broken; see the head of `breakages.toml`."""

    name: str
    says: str
    steps: Sequence[str]
    status: int | None = None
    body: str = ""
    drop: Sequence[str] = ()
    put: Mapping[str, Any] | None = None
    empty: Sequence[str] = ()
    without: Sequence[str] = ()
    headers: Mapping[str, str] | None = None
    media_type: str = ""
    caller: str = ""
    words: str = ""
    fields: str = ""
    known: Sequence[str] = ()
    leaks: bool = False
    named_only: bool = False

    def touches(self, exchange: Exchange) -> bool:
        """Return whether an exchange comes out differently."""
        return any(fnmatchcase(exchange.step, step) for step in self.steps)

    def applied(self, exchange: Exchange, all_of_them: Iterable[Exchange]) -> Exchange:
        """Return what the broken service answers in this exchange.

        Args:
            exchange: with the service as it is.
            all_of_them: the whole round, for bodies that come from another exchange.
        """
        body, headers = copy.deepcopy(exchange.body), dict(exchange.headers)
        source, _, name = self.body.partition(":")
        if source == "none":
            body = None
        elif source == "of":
            other = next(
                each
                for each in all_of_them
                if each.step == name
                or (
                    name == "*"
                    and each.operation == exchange.operation
                    and each.status == self.status
                )
            )
            body, headers = copy.deepcopy(other.body), {**dict(other.headers)}
        elif source == "at":
            body = body[name.removeprefix("/")]
        for place in self.drop:
            _change(body, _steps(place), drop=True)
        for place, value in (self.put or {}).items():
            _change(body, _steps(place), value=value)
        for place in self.empty:
            _change(body, _steps(place), value=None)
        headers |= self.headers or {}
        if self.media_type:
            headers["content-type"] = self.media_type
        for header in self.without:
            headers.pop(header, None)
        return replace(
            exchange,
            caller=self.caller or exchange.caller,
            status=self.status or exchange.status,
            body=body,
            headers=headers,
        )

    def variants(
        self, exchange: Exchange, all_of_them: Iterable[Exchange], listed: "Listed"
    ) -> Iterator[tuple[str, Exchange]]:
        """Yield what the broken service may answer, each behind the word or field that is wrong in it.

        Nothing is yielded where the breakage changes nothing.

        Args:
            exchange: with the service as it is.
            all_of_them: the whole round.
            listed: words and fields of the contract; one too many there is one that may come.
        """
        broken = self.applied(exchange, all_of_them)
        if broken == exchange:
            return
        if not self.empty:
            yield "", broken
        for place in self.empty:
            body = copy.deepcopy(exchange.body)
            _change(body, _steps(place), value=None)
            yield place.rpartition("/")[2], replace(broken, body=body)
        if self.words:
            yield from self._with(broken, exchange, self.words, listed.words, ())
        if self.fields:
            yield from self._with(
                broken, exchange, self.fields, listed.fields, (*_VALUES, *listed.words)
            )

    def _with(
        self,
        broken: Exchange,
        exchange: Exchange,
        where: str,
        listed: Iterable[str],
        values: Sequence[Any],
    ) -> Iterator[tuple[str, Exchange]]:
        side, _, place = where.partition(":")
        before = _side(exchange, side)
        if values and side == "sent":
            before = {name: value for name, value in before.items() if name in self.known}
        steps = _steps(place)
        right = {*self.known, *_texts_at(before, steps), *(before if values else ())}
        for word in listed:
            if word in right:
                continue
            for value in values or (word,):
                node = copy.deepcopy(before if values else _side(broken, side))
                _change(node, [word] if values else steps, value=value)
                yield word, replace(broken, **{side: node})


@dataclass(frozen=True, slots=True)
class Listed:
    """What a contract lists anywhere.

    Attributes:
        words: of its lists and constants.
        fields: of its schemas, without those that are the learner's words for ours.
    """

    words: Sequence[str]
    fields: Sequence[str]


def _side(exchange: Exchange, side: str) -> Any:
    return exchange.sent if side == "sent" else exchange.body


def _steps(place: str) -> list[str]:
    return place.strip("/").split("/")


def _texts_at(node: Any, steps: list[str]) -> Iterator[str]:
    for number, step in enumerate(steps):
        if step == "*":
            for each in node if isinstance(node, list) else ():
                yield from _texts_at(each, steps[number + 1 :])
            return
        node = node.get(step) if isinstance(node, dict) else None
    if isinstance(node, str):
        yield node


def _change(node: Any, steps: list[str], *, drop: bool = False, value: Any = None) -> None:
    first, *rest = steps
    if first == "*":
        for each in node:
            _change(each, rest, drop=drop, value=value)
    elif rest:
        if isinstance(node, dict) and isinstance(node.get(first), dict | list):
            _change(node[first], rest, drop=drop, value=value)
    elif drop:
        node.pop(first, None)
    else:
        node[first] = value


@cache
def breakages() -> dict[str, Breakage]:
    """Return all breakages, by name."""
    text = Path(__file__).with_name("breakages.toml").read_text(encoding="utf-8")
    return {name: Breakage(name, **entry) for name, entry in tomllib.loads(text).items()}


def said(name: str) -> str:
    """Return what a breakage does, in a sentence; also of one that `tried` made up."""
    if name in breakages():
        return breakages()[name].says
    code = name.removeprefix(ANOTHER)
    if code.isdecimal():
        return f"Some requests are answered with {code}, which is none of the codes asked for."
    return f"Some requests are answered with a code that is none of those asked for: `{code}` takes it."


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a contract would not notice a broken service.

    Attributes:
        operation: `GET /rides/{ride_id}`, in the contract's words.
        answers: the answers where it would not, none if it is all of them.
        words: what the broken service has to say so that it would not, none if it is anything.
    """

    operation: str
    answers: Sequence[int] = ()
    words: Sequence[str] = ()

    def __str__(self) -> str:
        answers = f", answer {' and '.join(map(str, self.answers))}" if self.answers else ""
        words = f", as with {' or '.join(self.words[:MOST_WORDS])}" if self.words else ""
        return f"{self.operation}{answers}{words}"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a contract.

    Attributes:
        missing: operations that are asked for and that the contract does not have, by our names,
            each with the methods that the contract has at that path.
        deviations: of the service as it is; none where the contract describes it.
        noticed: breakages that the contract contradicts at every answer that they touch, each with
            where it does first, without what in a body does not fit.
        overlooked: breakages that it would not notice, with where it would not: the operation, and
            the answer or the word if it is not the whole of it.
    """

    missing: Mapping[str, Sequence[str]]
    deviations: Sequence[Deviation]
    noticed: Mapping[str, Deviation]
    overlooked: Mapping[str, Sequence["Gap"]]

    @property
    def passed(self) -> bool:
        """Whether it has every operation, describes the service, and notices every breakage."""
        return not (self.missing or self.deviations or self.overlooked)


def tried(
    document: Document,
    exchanges: Sequence[Exchange],
    wanted: Sequence[Sequence[str]],
    names: Names,
    left_out: frozenset[str] = frozenset(),
    also: frozenset[str] = frozenset(),
    *,
    only_these: bool = False,
) -> Trial:
    """Try a contract against the service and against every broken one.

    Args:
        document: the contract.
        exchanges: the whole round with the service as it is.
        wanted: the operations that the task asks for; one of each group is enough.
        names: the learner's own words.
        left_out: breakages, or steps of the round, that this task does not ask for; `another-404`
            for a code that may be described although the round never sees it.
        also: breakages that only tasks ask for which name them.
        only_these: whether a code that the round never sees is something overlooked.
    """
    contract, brief = _Contract(document, names), _Contract(document, names, is_brief=True)
    missing = {
        group[0]: contract.methods(group[0])
        for group in wanted
        if not any(contract.operation(name) for name in group)
    }
    asked = {name for group in wanted for name in group if contract.operation(name)}
    every = [each for each in exchanges if each.operation in asked]
    round_ = [each for each in every if each.step not in left_out]
    noticed, overlooked = dict[str, Deviation](), dict[str, list[Gap]]()
    for breakage in breakages().values():
        is_asked_for = breakage.name not in left_out and (
            not breakage.named_only or breakage.name in also
        )
        if not is_asked_for:
            continue
        outcome = _Outcome()
        for each in round_:
            if breakage.touches(each):
                for word, broken in breakage.variants(each, exchanges, contract.listed):
                    outcome.take(each, word, next(brief.deviations(broken), None))
        if blind := list(outcome.blind(contract)):
            overlooked[breakage.name] = blind
        elif outcome.first:
            noticed[breakage.name] = outcome.first
    if only_these:
        for name in sorted(asked):
            codes = {str(each.status) for each in every if each.operation == name}
            for code in contract.codes(name):
                if code not in codes and f"{ANOTHER}{code}" not in left_out:
                    overlooked.setdefault(f"{ANOTHER}{code}", []).append(Gap(contract.name(name)))
    deviations = [found for each in round_ for found in contract.deviations(each)]
    deviations += contract.invented(asked)
    return Trial(missing, deviations, noticed, overlooked)


class _Outcome:
    """Which answers of one broken service a contract notices."""

    def __init__(self) -> None:
        self.first: Deviation | None = None
        self._touched: dict[tuple[str, int], dict[str, bool]] = {}

    def take(self, exchange: Exchange, word: str, deviation: Deviation | None) -> None:
        """Keep what came of one answer: a contract has to notice each status of an operation."""
        self.first = self.first or deviation
        words = self._touched.setdefault((exchange.operation, exchange.status), {})
        # Of a broken service as it is one answer is enough; of a word too many none may pass.
        before = words.get(word, bool(word))
        words[word] = (before and bool(deviation)) if word else (before or bool(deviation))

    def blind(self, contract: "_Contract") -> Iterator[Gap]:
        """Yield where nothing is noticed."""
        for operation in dict.fromkeys(name for name, _ in self._touched):
            statuses = [status for name, status in self._touched if name == operation]
            blind = {
                status: [
                    word
                    for word, is_seen in sorted(self._touched[operation, status].items())
                    if not is_seen
                ]
                for status in statuses
            }
            open_ = [status for status in statuses if "" in blind[status]]
            words = dict.fromkeys(word for status in statuses for word in blind[status] if word)
            name = contract.name(operation)
            if open_:
                yield Gap(name, () if open_ == statuses else open_)
            elif words:
                yield Gap(name, (), [contract.word(word) for word in words])


class _Contract:
    """A contract that is asked about exchanges.

    Args:
        document: the contract.
        names: the learner's own words.
        is_brief: whether a deviation leaves out what in a body does not fit: finding that takes
            a hundred times as long as finding that it does not.
    """

    def __init__(self, document: Document, names: Names, *, is_brief: bool = False) -> None:
        self._document = document
        self._names = names
        self._is_brief = is_brief
        self._operations = {
            (each.method, self._shape(each.path)): each for each in document.operations()
        }

    def _shape(self, path: str) -> str:
        return _PLACEHOLDER.sub("{}", _VERSION.sub("", path, count=1)).rstrip("/")

    def operation(self, name: str) -> Operation | None:
        """Return the contract's operation for one of ours, None without one."""
        method, path = OPERATIONS[name]
        shape = self._shape(self._names.paths.get(path, path))
        return self._operations.get((method.lower(), shape))

    @cached_property
    def listed(self) -> Listed:
        """The words and the fields in the contract, the first `MOST_WORDS_TRIED` of each."""
        words, fields = set[str](), set[str]()
        for part in _parts(self._document.content):
            enum, properties = part.get("enum"), part.get("properties")
            words.update(
                each for each in (enum if isinstance(enum, list) else ()) if _is_text(each)
            )
            words.update([part["const"]] if _is_text(part.get("const")) else ())
            fields.update(properties if isinstance(properties, dict) else ())
        fields -= set(self._names.fields.values())
        return Listed(sorted(words)[:MOST_WORDS_TRIED], sorted(fields)[:MOST_WORDS_TRIED])

    def word(self, name: str) -> str:
        """Return the learner's name of a field; a word of the contract stays."""
        return self._names.field(name)

    def methods(self, name: str) -> list[str]:
        """Return the methods that the contract has at the path of one of our operations."""
        path = OPERATIONS[name][1]
        shape = self._shape(self._names.paths.get(path, path))
        return [method.upper() for method, other in self._operations if other == shape]

    def codes(self, name: str) -> list[str]:
        """Return the keys under `responses` of one of our operations."""
        operation = self.operation(name)
        responses = operation.content.get("responses", {}) if operation else {}
        return [code for code in responses if not code.startswith("x-")]

    def name(self, ours: str) -> str:
        """Return what the contract calls one of our operations that it has."""
        operation = self.operation(ours)
        return operation.name if operation else ours

    def invented(self, asked: Iterable[str]) -> Iterator[Deviation]:
        """Yield what the contract promises and the service does not have, whatever one asks.

        Args:
            asked: our names of the operations whose parameters are looked at.
        """
        for ours in sorted(asked):
            operation = self.operation(ours)
            if operation is None:
                continue
            read = {
                (place, self._names.field(name) if place == "query" else name)
                for place, name in READ.get(ours, frozenset()) | READ_EVERYWHERE
            }
            for parameter in operation.parameters:
                name, where = parameter["name"], parameter["in"]
                key = name.lower() if where == "header" else name
                is_left_to_others = where == "header" and key in _OWN_HEADERS
                if where == "path" or is_left_to_others or (where, key) in read:
                    continue
                elsewhere = [at for at, other in sorted(read) if other.lower() == name.lower()]
                yield Deviation(
                    "",
                    operation.name,
                    f"{operation.place}/parameters/{name}",
                    f"the service does not read `{name}` in the {where}",
                    f"it reads it in the {elsewhere[0]}: write `in: {elsewhere[0]}`"
                    if elsewhere
                    else "the contract promises that it means something: leave the parameter out",
                )
        known = {shape for name in OPERATIONS for shape in self._shapes(name)}
        methods = {method.lower() for method, _ in OPERATIONS.values()} | {"delete"}
        for (method, shape), operation in self._operations.items():
            if method in methods and (method, shape) not in known:
                yield Deviation(
                    "",
                    operation.name,
                    operation.place,
                    "the service has no such operation",
                    "the contract promises an answer: leave the operation out",
                )

    def _shapes(self, name: str) -> Iterator[tuple[str, str]]:
        method, path = OPERATIONS[name]
        for each in {path, self._names.paths.get(path, path)}:
            yield method.lower(), self._shape(each)

    def deviations(self, exchange: Exchange) -> Iterator[Deviation]:
        """Yield where an exchange is not what the contract says."""
        operation = self.operation(exchange.operation)
        if operation is None:
            return
        for place, seen, wanted in self._found(operation, exchange):
            yield Deviation(exchange.step, operation.name, operation.place + place, seen, wanted)

    def _found(self, operation: Operation, exchange: Exchange) -> Iterator[tuple[str, str, str]]:
        if exchange.is_success:
            yield from self._secured(operation, exchange)
            yield from self._parameters(operation, exchange)
            yield from self._sent(operation, exchange)
        yield from self._answered(operation, exchange)

    def _secured(self, operation: Operation, exchange: Exchange) -> Iterator[tuple[str, str, str]]:
        asked = operation.content.get("security", self._document.content.get("security")) or []
        if not asked or {} in asked:
            return
        if exchange.caller == "stranger":
            yield (
                "/security",
                f"a caller without credentials gets {exchange.status}",
                "the contract asks for credentials",
            )
            return
        parts = self._document.content.get("components", {}).get("securitySchemes", {})
        carried = "an API key" if exchange.caller == "partner" else "a bearer token"
        # One entry of the list is enough; of what stands inside an entry, all is asked for.
        entries = [
            sorted({_carries(self._document.resolve(parts[name])) for name in each})
            for each in asked
        ]
        if [carried] not in entries:
            wanted = dict.fromkeys(" and ".join(each) for each in entries)
            yield (
                "/security",
                f"callers send {carried}",
                f"the contract asks for {' or '.join(wanted)}",
            )

    def _parameters(
        self, operation: Operation, exchange: Exchange
    ) -> Iterator[tuple[str, str, str]]:
        given = {
            "query": {self._names.field(name): value for name, value in exchange.query.items()},
            "header": dict(exchange.sent_headers),
        }
        values = list(exchange.values.values())
        templated = [each[1:-1] for each in _PLACEHOLDER.findall(operation.path)]
        given["path"] = dict(zip(templated, values, strict=False))
        known = set()
        for parameter in operation.parameters:
            name, where = parameter["name"], parameter["in"]
            key = name.lower() if where == "header" else name
            known.add((where, key))
            if where not in given or (where == "header" and key in _OWN_HEADERS):
                continue
            value = given[where].get(key)
            if value is None:
                if parameter.get("required"):
                    yield (
                        "/parameters",
                        f"a request without {name} gets {exchange.status}",
                        f"the contract says that {name} is required",
                    )
                continue
            schema = parameter.get("schema")
            if schema is not None and not any(
                self._document.fits(schema, each) for each in _read_as(value)
            ):
                yield (
                    "/parameters",
                    f"a request with {name} {value} gets {exchange.status}",
                    f"the contract does not allow this value of {name}",
                )
        for name in given["header"]:
            if ("header", name) not in known and name not in _OWN_HEADERS:
                elsewhere = [place for place, other in known if other.lower() == name]
                yield (
                    f"/parameters/in {elsewhere[0]}" if elsewhere else "/parameters",
                    f"a request with the header field {name.title()} gets {exchange.status}",
                    f"in the contract it stands in: {elsewhere[0]}"
                    if elsewhere
                    else "the contract does not know this header field",
                )
        for name in given["query"]:
            if ("query", name) not in known:
                elsewhere = [place for place, other in known if other.lower() == name]
                yield (
                    f"/parameters/in {elsewhere[0]}" if elsewhere else "/parameters",
                    f"a request with the parameter {name} in its query gets {exchange.status}",
                    f"in the contract it stands in: {elsewhere[0]}"
                    if elsewhere
                    else "the contract does not know this parameter",
                )

    def _sent(self, operation: Operation, exchange: Exchange) -> Iterator[tuple[str, str, str]]:
        body = self._document.resolve(operation.content.get("requestBody"))
        if exchange.sent is None:
            if body and body.get("required"):
                yield (
                    "/requestBody",
                    f"a request without a body gets {exchange.status}",
                    "the contract says that the body is required",
                )
            elif body and exchange.operation not in _TAKE_BODIES:
                yield (
                    "/requestBody",
                    f"a request without a body gets {exchange.status}, and none is read",
                    "the contract describes a body",
                )
            return
        if not body:
            yield (
                "/requestBody",
                f"a request with a body gets {exchange.status}",
                "the contract knows no body here",
            )
            return
        content = body.get("content", {})
        taken = ("application/json", *_ALSO_TAKEN.get(exchange.operation, ()))
        if not any(_covers(each, media_type) for each in content for media_type in taken):
            yield (
                "/requestBody",
                f"a body as application/json gets {exchange.status}",
                f"the contract says {' or '.join(content) or 'no media type'}",
            )
            return
        schema = _schema(content, "application/json")
        value = self._names.value(exchange.sent)
        if not self._fits(schema, value):
            yield (
                "/requestBody",
                f"a body with {_shown(value)} gets {exchange.status}",
                f"by the contract it is not valid{self._told(schema, value)}",
            )

    def _answered(self, operation: Operation, exchange: Exchange) -> Iterator[tuple[str, str, str]]:
        responses = operation.content.get("responses", {})
        code = str(exchange.status)
        key = next((each for each in (code, f"{code[0]}XX", "default") if each in responses), None)
        if key is None:
            yield (
                "/responses",
                f"it answers {code} {_to(exchange)}",
                f"the contract knows {', '.join(responses) or 'no answer'}",
            )
            return
        place = f"/responses/{key}"
        response = self._document.resolve(responses[key])
        for name, header in response.get("headers", {}).items():
            header = self._document.resolve(header)
            if header.get("required") and name.lower() not in exchange.headers:
                yield (
                    place,
                    f"its answer {code} comes without {name}",
                    "the contract says that this header field is always there",
                )
            value = exchange.headers.get(name.lower())
            schema = header.get("schema")
            if value is None or schema is None:
                continue
            if not any(self._document.fits(schema, each) for each in _read_as(value)):
                yield (
                    place,
                    f"its answer {code} has {name}: {value or 'nothing'}",
                    "the contract does not allow this value of the header field",
                )
        content = response.get("content")
        if not content:
            return
        if exchange.body is None:
            yield (place, f"its answer {code} has no body", "the contract says what the body holds")
            return
        media_type = exchange.headers.get("content-type", "").partition(";")[0].strip()
        if not any(_covers(each, media_type) for each in content):
            yield (
                place,
                f"its answer {code} comes as {media_type or 'nothing'}",
                f"the contract says {' or '.join(content)}",
            )
            return
        value = self._names.value(exchange.body)
        schema = _schema(content, media_type)
        if not self._fits(schema, value):
            told = self._told(schema, value)
            yield (place, f"its answer {code} is not as described{told}", "see the schema")

    def _fits(self, schema: Any, value: Any) -> bool:
        return schema is None or self._document.fits(schema, value)

    def _told(self, schema: Any, value: Any) -> str:
        fault = "" if self._is_brief else next(self._document.validator(schema).faults(value), "")
        return f" ({fault})" if fault else ""


def _parts(root: Any) -> Iterator[dict[str, Any]]:
    stack, seen = [root], set[int]()
    while stack:
        node = stack.pop()
        if isinstance(node, dict | list) and id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, dict):
                yield node
            stack.extend(node.values() if isinstance(node, dict) else node)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _carries(scheme: Mapping[str, Any]) -> str:
    match scheme.get("type"), str(scheme.get("scheme", "")).lower():
        case ("oauth2" | "openIdConnect", _) | ("http", "bearer"):
            return "a bearer token"
        case "apiKey", _:
            return "an API key"
        case kind, name:
            return f"{kind} {name}".strip()


def _schema(content: Mapping[str, Any], media_type: str) -> Any:
    """Return the schema for a media type: of the closest range that is there."""
    ranges = [each for each in content if _covers(each, media_type)]
    # A merge patch and a problem are JSON as well; a contract that says so means the same body.
    ranges += [each for each in content if each.endswith("+json") or each == "application/json"]
    return content[ranges[0]].get("schema") if ranges else None


def _covers(media_range: str, media_type: str) -> bool:
    wanted = media_range.partition(";")[0].strip().lower()
    kind, _, _ = media_type.partition("/")
    return wanted in (media_type, "*/*", f"{kind}/*")


def _read_as(value: str) -> Iterator[Any]:
    """Yield what a text in an address may stand for."""
    yield value
    if re.fullmatch(r"-?\d{1,18}", value):
        yield int(value)
    elif re.fullmatch(r"-?\d{1,18}\.\d{1,18}", value):
        yield float(value)
    if value in ("true", "false"):
        yield value == "true"


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, dict) and value else "nothing"


def _to(exchange: Exchange) -> str:
    return {
        "stranger": "to a caller without credentials",
        "other rider": "to a rider whose ride it is not",
        "runaway": "to a client that calls too often",
    }.get(exchange.caller, f"to a {exchange.caller}")
