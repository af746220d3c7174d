"""What changed between two versions of a contract, and which clients it breaks.

Every difference between two OpenAPI documents (3.0 or 3.1) is *breaking* (a client that keeps to
the old contract fails), *risky* (it depends on what the client does or on what the service did
so far without a word) or *safe*. The direction decides: what clients send may only be allowed
more, what they receive may only become less varied.

The rules are those of AIP-180 (backwards compatibility) and of Zalando's guidelines 106 to 111
(compatibility); `schema_changes` holds those on schemas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from ridealong.systems.contract.meaning import (
    Node,
    Side,
    as_list,
    as_map,
    component,
    form,
    references,
    shown,
    step,
)
from ridealong.systems.contract.schema_changes import (
    LEVELS,
    REFUSED,
    Direction,
    Finding,
    Level,
    Pair,
    SchemaComparison,
)
from ridealong.systems.contract.shape import METHODS

if TYPE_CHECKING:
    from ridealong.systems.contract.document import Document

_TEMPLATE: Final = re.compile(r"\{([^{}]*)\}")
_MOST_OPERATIONS: Final = 50  # that one change of a schema is said of one by one
_TYPED: Final = ("json", "yaml", "*")  # in others a number is its digits, as a text is
_NOT_A_HEADER: Final = ("accept", "authorization", "content-type")
_TEXTS: Final = ("summary", "description", "externalDocs", "tags", "example", "examples", "info")
_NOBODY: Final = "no client breaks"
_WORDS_ONLY: Final = f"{_NOBODY}: nothing that travels changes"

# What an operation, a parameter and so on hold that is compared by name below.
_OPERATION_KEYS: Final = frozenset(
    [
        "parameters",
        "requestBody",
        "responses",
        "security",
        "servers",
        "operationId",
        "deprecated",
        "callbacks",
        "x-sunset",
    ]
)
_PARAMETER_KEYS: Final = frozenset(
    [
        "name",
        "in",
        "required",
        "schema",
        "content",
        "style",
        "explode",
        "allowReserved",
        "allowEmptyValue",
        "deprecated",
        "x-sunset",
    ]
)


@dataclass(frozen=True)
class Change:
    """One difference between two contracts.

    Attributes:
        level: `breaking`, `risky` or `safe`.
        operation: The operation such as `POST /rides`; None where it concerns no single one, or a
            schema that more than 50 operations use.
        place: The JSON pointer (RFC 6901) of what changed, in the new document; what is gone has
            the place that it had in the old one.
        kind: What sort of change it is, in words that stay the same: `request value removed`.
        sentence: What changed, in a sentence.
        client: The client that breaks, or why none does.
    """

    level: Level
    operation: str | None
    place: str
    kind: str
    sentence: str
    client: str


def breaking_changes(
    old: Document | Mapping[str, Any],
    new: Document | Mapping[str, Any],
    *,
    today: date | None = None,
) -> list[Change]:
    """Classify every difference between two OpenAPI documents.

    Args:
        old: The contract that clients were built for: a `Document` or its content as plain data.
        new: The contract that is to take its place.
        today: The day by which an announced end (`x-sunset`) has passed; today if not given.

    Returns:
        The differences, breaking ones first; an empty list where the two say the same.

    Raises:
        TypeError: One of the two is no document.
    """
    sides = []
    for which, document in (("old", old), ("new", new)):
        content = getattr(document, "content", document)
        if not isinstance(content, Mapping):
            raise TypeError(
                f"the {which} contract is a {type(content).__name__}, not a document: "
                "read its text with `load(text)` first"
            )
        sides.append(Side(content))
    comparison = _Documents(sides[0], sides[1], today or datetime.now(UTC).date())
    comparison.run()
    order = {name: index for index, name in enumerate(comparison.operations)}
    return sorted(
        comparison.changes,
        key=lambda change: (LEVELS.index(change.level), order[change.operation]),
    )


@dataclass(frozen=True)
class _Scope:
    """Where a comparison stands: the operation and, in webhooks and callbacks, turned directions."""

    operation: str | None
    refused: str = "is refused"
    turned: bool = False

    def direction(self, sent: bool) -> Direction:
        """Return the direction of what the caller of this operation sends, or receives."""
        return "request" if sent != self.turned else "answer"


class _Documents:
    """The comparison of two documents."""

    def __init__(self, old: Side, new: Side, today: date) -> None:
        self.old, self.new, self.today = old, new, today
        self.changes: list[Change] = []
        self.operations: dict[str | None, None] = {None: None}  # in the order of the documents
        self._said: set[tuple[str | None, ...]] = set()
        unchanged = unchanged_components(old, new)
        self.schemas = SchemaComparison(old, new, unchanged)
        self._found: dict[tuple[Finding, bool], dict[_Scope, None]] = {}
        self._requirements_used: set[str] = set()

    # -- saying it -----------------------------------------------------------------------------

    def add(
        self, scope: _Scope, level: Level, kind: str, place: str, sentence: str, client: str
    ) -> None:
        """Add a change, once."""
        sentence = sentence[0].upper() + sentence[1:]
        if scope.turned:
            for mine, turned in (
                (" in the request", " that clients send"),
                (" in the answer", " that clients receive"),
            ):
                sentence = sentence.replace(mine, turned)
        client = client.replace(REFUSED, scope.refused)
        once = None if kind == "description changed" else scope.operation
        key = (once, kind, place, sentence)
        if key not in self._said:
            self._said.add(key)
            self.operations.setdefault(scope.operation)
            self.changes.append(Change(level, scope.operation, place, kind, sentence, client))

    def compare(
        self,
        scope: _Scope,
        old: Node,
        new: Node,
        sent: bool,
        name: str,
        *,
        written: bool = False,
        must: bool = False,
    ) -> None:
        """Compare two schemas of an operation."""
        named = self.new.reference(new) or self.old.reference(old)
        title = f"`{named}`" if named is not None else name
        pair = Pair(old, new, scope.direction(sent), title, written, must)
        for finding in self.schemas.findings(pair):
            self._found.setdefault((finding, scope.turned), {})[scope] = None

    def texts(
        self,
        scope: _Scope,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        place: str,
        what: str,
        known: frozenset[str],
    ) -> None:
        """Compare what is compared nowhere else: words for people, and extensions."""
        for key in dict.fromkeys([*old, *new]):
            if key in known or (
                form(old.get(key)) == form(new.get(key)) and (key in old) == (key in new)
            ):
                continue
            if key in _TEXTS:
                self.add(
                    scope,
                    "safe",
                    "description changed",
                    step(place, key),
                    f"{key} of {what} changed",
                    _WORDS_ONLY,
                )
            elif key.startswith("x-"):
                self.add(
                    scope,
                    "safe",
                    "extension changed",
                    step(place, key),
                    f"{shown(key)} of {what} changed",
                    f"{_NOBODY}, unless it was built to read this extension",
                )
            else:
                self.add(
                    scope,
                    "risky",
                    "other change",
                    step(place, key),
                    f"{shown(key)} of {what} changed",
                    "a client that relies on it",
                )

    # -- the whole document --------------------------------------------------------------------

    def run(self) -> None:
        """Compare the documents."""
        if self.old.content is self.new.content:
            return
        old, new = as_map(self.old.content), as_map(self.new.content)
        whole = _Scope(None)
        self.head(whole, old, new)
        self.servers(
            whole, old.get("servers"), new.get("servers"), "/servers", "/servers", "the service"
        )
        self.global_security(whole, old, new)
        self.paths(as_map(old.get("paths")), as_map(new.get("paths")))
        self.webhooks(as_map(old.get("webhooks")), as_map(new.get("webhooks")))
        self.security_schemes(whole, old, new)
        self.unused_components(whole, old, new)
        for (finding, turned), scopes in self._found.items():
            self.found(finding, turned, list(scopes))

    def found(self, finding: Finding, turned: bool, scopes: list[_Scope]) -> None:
        """Add what was found in a schema, for each operation that uses it, or once for very many."""
        sentence = finding.sentence
        if len(scopes) > _MOST_OPERATIONS:
            sentence = f"{sentence}, in {len(scopes)} operations"
            scopes = [_Scope(None, scopes[0].refused, turned)]
        for scope in scopes:
            self.add(scope, finding.level, finding.kind, finding.place, sentence, finding.client)

    def head(self, scope: _Scope, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Compare version, info, tags and extensions of the document."""
        if str(old.get("openapi")) != str(new.get("openapi")):
            self.add(
                scope,
                "safe",
                "openapi version changed",
                "/openapi",
                f"the contract is written in OpenAPI {new.get('openapi')} (before: {old.get('openapi')})",
                f"{_NOBODY}; a tool that reads contracts may be too old for it",
            )
        known = frozenset(
            {"openapi", "servers", "security", "paths", "webhooks", "components", "$self"}
        )
        self.texts(scope, old, new, "", "the contract", known | {"jsonSchemaDialect"})
        if form(old.get("jsonSchemaDialect")) != form(new.get("jsonSchemaDialect")):
            self.add(
                scope,
                "risky",
                "schema dialect changed",
                "/jsonSchemaDialect",
                "the words of all schemas are read by other rules",
                "a client whose tool knows only the old rules",
            )

    def servers(
        self, scope: _Scope, old: Any, new: Any, old_place: str, place: str, what: str
    ) -> None:
        """Compare the addresses under which the operations are called."""
        was = {str(as_map(one).get("url", "/")): as_map(one) for one in as_list(old)}
        now = {str(as_map(one).get("url", "/")): as_map(one) for one in as_list(new)}
        places = {
            str(as_map(one).get("url", "/")): step(place, index)
            for index, one in enumerate(as_list(new))
        }
        if bool(was) != bool(now):
            self.add(
                scope,
                "risky",
                "server written" if now else "server no longer written",
                place if now else old_place,
                f"the address of {what} is {'now' if now else 'no longer'} written in the contract",
                "a client that found the address in another way, if that is another address",
            )
            return
        for index, url in enumerate(was):
            if url not in now:
                self.add(
                    scope,
                    "breaking",
                    "server removed",
                    step(old_place, index),
                    f"{what} no longer has the address {shown(url)}",
                    f"a client that calls {shown(url)} reaches nobody once the address is switched off",
                )
        for url in now:
            if url not in was:
                self.add(
                    scope,
                    "safe",
                    "server added",
                    places[url],
                    f"{what} has one more address, {shown(url)}",
                    f"{_NOBODY}: the other addresses stay as they are",
                )
                continue
            self.variables(
                scope,
                as_map(was[url].get("variables")),
                as_map(now[url].get("variables")),
                step(places[url], "variables"),
            )
            self.texts(
                scope,
                was[url],
                now[url],
                places[url],
                f"the address {shown(url)}",
                frozenset({"url", "variables"}),
            )

    def variables(
        self, scope: _Scope, old: Mapping[str, Any], new: Mapping[str, Any], place: str
    ) -> None:
        """Compare the variables of an address."""
        for name in dict.fromkeys([*old, *new]):
            was, now = as_map(old.get(name)), as_map(new.get(name))
            here = step(place, name)
            allowed, allowed_now = (
                [str(v) for v in as_list(one.get("enum"))] for one in (was, now)
            )
            for value in allowed:
                if allowed_now and value not in allowed_now:
                    self.add(
                        scope,
                        "breaking",
                        "server variable value removed",
                        here,
                        f"`{name}` in the address may no longer be {shown(value)}",
                        f"a client that calls with {shown(value)}",
                    )
            if form(was.get("default")) != form(now.get("default")):
                self.add(
                    scope,
                    "risky",
                    "server variable default changed",
                    here,
                    f"`{name}` in the address is now {shown(now.get('default'))} unless said otherwise",
                    "a client that was built with the address as it stood",
                )
            elif form(was) != form(now):
                self.add(
                    scope,
                    "safe",
                    "server variable changed",
                    here,
                    f"`{name}` in the address changed",
                    f"{_NOBODY}: what was allowed still is",
                )

    def paths(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Compare the operations of all paths; the name of a path parameter is no difference."""
        shapes: dict[str, str] = {}
        for path in new:
            shapes.setdefault(_TEMPLATE.sub("{}", path), path)
        partner = {
            path: path if path in new else shapes.get(_TEMPLATE.sub("{}", path)) for path in old
        }
        taken = {path for path in old if path in new}
        for path, other in partner.items():
            if other is not None and other != path and other in taken:
                partner[path] = None
            elif other is not None:
                taken.add(other)
        for path, item in old.items():
            if path.startswith("x-"):
                continue
            other = partner[path]
            if other is None:
                self.path_removed(path, item)
            else:
                self.path_item(
                    path,
                    other,
                    Node(item, step("/paths", path)),
                    Node(new[other], step("/paths", other)),
                )
        for path, item in new.items():
            if path in taken or path.startswith("x-"):
                continue
            node = self.new.follow(Node(item, step("/paths", path)))
            for method in METHODS:
                if method in as_map(node.raw):
                    self.operation_added(method, path, step(node.place, method))

    def path_removed(self, path: str, item: Any) -> None:
        """Report every operation of a path that is gone."""
        node = self.old.follow(Node(item, step("/paths", path)))
        for method in METHODS:
            if method in as_map(node.raw):
                self.operation_removed(
                    method, path, as_map(as_map(node.raw)[method]), step(node.place, method)
                )

    def operation_added(self, method: str, path: str, place: str) -> None:
        """Report an operation that is new."""
        name = f"{method.upper()} {path}"
        self.add(
            _Scope(name),
            "safe",
            "operation added",
            place,
            f"{name} is new",
            f"{_NOBODY}: none calls it yet",
        )

    def operation_removed(
        self, method: str, path: str, operation: Mapping[str, Any], place: str
    ) -> None:
        """Report an operation that is gone, by whether its end was announced (RFC 8594)."""
        name = f"{method.upper()} {path}"
        self.removed(
            _Scope(name),
            "operation removed",
            place,
            name,
            operation,
            f"a client that calls {name} gets 404 or 405",
            "breaking",
        )

    def removed(
        self,
        scope: _Scope,
        kind: str,
        place: str,
        name: str,
        old: Mapping[str, Any],
        client: str,
        level: Level,
    ) -> None:
        """Report something that is gone; its announced end decides how bad that is."""
        sunset = old.get("x-sunset")
        if old.get("deprecated") is not True:
            self.add(
                scope, level, kind, place, f"{name} is gone without having been deprecated", client
            )
            return
        if sunset is None:
            self.add(
                scope,
                "risky",
                f"deprecated {kind}",
                place,
                f"{name} is gone; it was deprecated, though without a date",
                f"{client}, if it missed the notice",
            )
            return
        end = _day(sunset)
        if end is None:
            self.add(
                scope,
                level,
                f"{kind} before its end",
                place,
                f"{name} is gone; the date of its announced end, {shown(sunset)}, cannot be read",
                client,
            )
        elif end > self.today:
            self.add(
                scope,
                "breaking",
                f"{kind} before its end",
                place,
                f"{name} is gone before its announced end, {end.isoformat()}",
                f"{client}, though it had been promised time",
            )
        else:
            self.add(
                scope,
                "risky",
                f"{kind} after its end",
                place,
                f"{name} is gone after its announced end, {end.isoformat()}",
                f"{client}, if it never moved: look into the request log before",
            )

    def path_item(self, path: str, other: str, old: Node, new: Node) -> None:
        """Compare the operations of one path."""
        old, new = self.old.follow(old), self.new.follow(new)
        was, now = as_map(old.raw), as_map(new.raw)
        names = dict(zip(_TEMPLATE.findall(path), _TEMPLATE.findall(other), strict=False))
        for before, after in names.items():
            if before != after:
                self.add(
                    _Scope(None),
                    "safe",
                    "path parameter renamed",
                    new.place,
                    f"`{{{before}}}` in {path} is now called `{{{after}}}`",
                    f"{_NOBODY}: the name never travels; code generated from the contract names it anew",
                )
        for method in METHODS:
            if method in was and method not in now:
                self.operation_removed(method, path, as_map(was[method]), step(old.place, method))
            elif method in now and method not in was:
                self.operation_added(method, other, step(new.place, method))
            elif method in was:
                name = f"{method.upper()} {other}"
                self.operation(
                    name,
                    Node(was[method], step(old.place, method)),
                    Node(now[method], step(new.place, method)),
                    old,
                    new,
                    names,
                )
        known = frozenset({*METHODS, "parameters", "servers", "$ref"})
        self.texts(_Scope(None), was, now, new.place, other, known)

    # -- one operation -------------------------------------------------------------------------

    def operation(
        self,
        name: str,
        old: Node,
        new: Node,
        old_item: Node,
        new_item: Node,
        names: Mapping[str, str],
        *,
        turned: bool = False,
    ) -> None:
        """Compare one operation."""
        was, now = as_map(old.raw), as_map(new.raw)
        codes = as_map(now.get("responses"))
        code = next((code for code in ("400", "422") if code in codes), "400")
        scope = _Scope(
            name, "fails with the service" if turned else f"is refused with {code}", turned
        )
        self.operations.setdefault(name)
        self.parameters(scope, old, new, old_item, new_item, names)
        self.body(scope, was, now, new)
        self.responses(scope, was, now, old, new)
        if not turned:
            self.security(scope, was, now, new)
        own = [as_list(as_map(one.raw).get("servers")) for one in (old, old_item)]
        own_now = [as_list(as_map(one.raw).get("servers")) for one in (new, new_item)]
        before, after = own[0] or own[1], own_now[0] or own_now[1]
        if before or after:
            before = before or as_list(self.old.content.get("servers"))
            after = after or as_list(self.new.content.get("servers"))
            places = [
                step(one.place, "servers")
                if own_one[0]
                else step(item.place, "servers")
                if own_one[1]
                else "/servers"
                for one, item, own_one in ((old, old_item, own), (new, new_item, own_now))
            ]
            self.servers(scope, before, after, places[0], places[1], name)
        if was.get("operationId") != now.get("operationId"):
            self.add(
                scope,
                "risky",
                "operation id changed",
                step(new.place, "operationId"),
                f"{name} is now called {shown(now.get('operationId'))} (before: {shown(was.get('operationId'))})",
                "code generated from the contract: its method has another name when it is generated anew; what travels stays",
            )
        self.deprecation(scope, name, was, now, new.place)
        self.callbacks(
            scope, as_map(was.get("callbacks")), as_map(now.get("callbacks")), old.place, new.place
        )
        self.texts(scope, was, now, new.place, name, _OPERATION_KEYS)

    def deprecation(
        self, scope: _Scope, name: str, was: Mapping[str, Any], now: Mapping[str, Any], place: str
    ) -> None:
        """Compare deprecated and x-sunset."""
        before, after = was.get("deprecated") is True, now.get("deprecated") is True
        end, end_now = _day(was.get("x-sunset")), _day(now.get("x-sunset"))
        if after and not before:
            dated = f"until {end_now.isoformat()}" if end_now else "though no date is given"
            self.add(
                scope,
                "safe",
                "deprecated",
                step(place, "deprecated"),
                f"{name} is deprecated, {dated}",
                f"{_NOBODY} today; whoever uses it should plan to stop",
            )
        elif before and not after:
            self.add(
                scope,
                "safe",
                "no longer deprecated",
                step(place, "deprecated"),
                f"{name} stays after all",
                _NOBODY,
            )
        if before and after and end != end_now:
            earlier = end is not None and (end_now is None or end_now < end)
            self.add(
                scope,
                "risky" if earlier else "safe",
                "sunset changed",
                step(place, "x-sunset"),
                f"the end of {name} is now {end_now or 'open'} (before: {end or 'open'})",
                "a client that planned its move by the old date"
                if earlier
                else f"{_NOBODY}: it has more time",
            )

    def merged_parameters(
        self, side: Side, operation: Node, item: Node
    ) -> dict[tuple[str, str], tuple[Mapping[str, Any], Node]]:
        """Return the parameters of an operation, those of its path included, by place and name."""
        found: dict[tuple[str, str], tuple[Mapping[str, Any], Node]] = {}
        for holder in (item, operation):
            for index, raw in enumerate(as_list(as_map(holder.raw).get("parameters"))):
                node = side.follow(Node(raw, step(holder.place, "parameters", index)))
                content = as_map(node.raw)
                where, name = str(content.get("in")), str(content.get("name"))
                key = (where, name.lower() if where == "header" else name)
                if where == "header" and key[1] in _NOT_A_HEADER:
                    continue  # OpenAPI 3.1, Parameter Object: such a parameter is ignored
                found[key] = (content, node)
        return found

    def parameters(
        self,
        scope: _Scope,
        old: Node,
        new: Node,
        old_item: Node,
        new_item: Node,
        names: Mapping[str, str],
    ) -> None:
        """Compare the parameters of an operation."""
        was, now = (
            self.merged_parameters(self.old, old, old_item),
            self.merged_parameters(self.new, new, new_item),
        )
        was = {
            (where, names.get(name, name) if where == "path" else name): found
            for (where, name), found in was.items()
        }
        gone = [key for key in was if key not in now]
        come = [key for key in now if key not in was]
        for key in list(gone):
            moved = next((other for other in come if other[1].lower() == key[1].lower()), None)
            if moved is not None:
                gone.remove(key)
                come.remove(moved)
                self.add(
                    scope,
                    "breaking",
                    "parameter moved",
                    now[moved][1].place,
                    f"`{key[1]}` is now sent in the {moved[0]}, no longer in the {key[0]}",
                    f"a client that sends `{key[1]}` in the {key[0]}: it is not seen there",
                )
        for where, name in gone:
            content, node = was[where, name]
            level: Level = "breaking" if where == "path" else "risky"
            self.removed(
                scope,
                "parameter removed",
                node.place,
                f"the {where} parameter `{name}`",
                content,
                f"a client that sends `{name}`: it is ignored without a word, or refused",
                level,
            )
        for where, name in come:
            content, node = now[where, name]
            if content.get("required") is True:
                self.add(
                    scope,
                    "breaking",
                    "required parameter added",
                    node.place,
                    f"the {where} parameter `{name}` is new and must be sent",
                    f"a client that sends no `{name}` {REFUSED}",
                )
            else:
                self.new_optional(scope, where, name, content, node)
        for key, (before, before_node) in was.items():
            if key in now:
                self.parameter(scope, key, before, now[key][0], before_node, now[key][1])

    def new_optional(
        self, scope: _Scope, where: str, name: str, content: Mapping[str, Any], node: Node
    ) -> None:
        """Report a parameter that may be left out; a default makes leaving it out mean something."""
        schema = content.get("schema")
        default = (
            None
            if schema is None
            else self.new.shape(Node(schema, step(node.place, "schema"))).default
        )
        if default is None:
            self.add(
                scope,
                "safe",
                "parameter added",
                node.place,
                f"the {where} parameter `{name}` is new and may be left out",
                f"{_NOBODY}: nobody has to send it",
            )
        else:
            self.add(
                scope,
                "safe",
                "parameter added",
                node.place,
                f"the {where} parameter `{name}` is new; left out it means {shown(default)}",
                f"{_NOBODY} as long as {shown(default)} is what the service did before",
            )

    def parameter(
        self,
        scope: _Scope,
        key: tuple[str, str],
        was: Mapping[str, Any],
        now: Mapping[str, Any],
        old: Node,
        new: Node,
    ) -> None:
        """Compare one parameter."""
        where, name = key
        title = f"the {where} parameter `{name}`"
        required = was.get("required") is True, now.get("required") is True
        sent = scope.direction(True) == "request"
        if where != "path" and required[1] and not required[0]:
            self.add(
                scope,
                "breaking" if sent else "safe",
                "parameter became required",
                step(new.place, "required"),
                f"{title} must now be sent",
                f"a client that sends no `{name}` {REFUSED}" if sent else _NOBODY,
            )
        elif where != "path" and required[0] and not required[1]:
            self.add(
                scope,
                "safe" if sent else "breaking",
                "parameter became optional",
                step(new.place, "required"),
                f"{title} may now be left out",
                f"{_NOBODY}: all it sends is still accepted"
                if sent
                else f"a client that reads `{name}` without asking whether it is there",
            )
        usual = {"query": "form", "cookie": "form"}.get(where, "simple")
        style = str(was.get("style", usual)), str(now.get("style", usual))
        explode = tuple(
            bool(one.get("explode", one_style == "form"))
            for one, one_style in zip((was, now), style, strict=True)
        )
        if style[0] != style[1] or explode[0] != explode[1]:
            self.add(
                scope,
                "breaking",
                "parameter style changed",
                new.place,
                f"several values of {title} are written in another way",
                f"a client that writes a list into `{name}` the old way is misread",
            )
        for keyword in ("allowReserved", "allowEmptyValue"):
            before, after = was.get(keyword) is True, now.get(keyword) is True
            if before and not after:
                self.add(
                    scope,
                    "breaking",
                    f"parameter {keyword} withdrawn",
                    step(new.place, keyword),
                    f"{title} may no longer {'hold reserved characters' if keyword == 'allowReserved' else 'be empty'}",
                    f"a client that sends it so {REFUSED}",
                )
            elif after and not before:
                self.add(
                    scope,
                    "safe",
                    f"parameter {keyword} granted",
                    step(new.place, keyword),
                    f"{title} may now {'hold reserved characters' if keyword == 'allowReserved' else 'be empty'}",
                    f"{_NOBODY}: all it sends is still accepted",
                )
        self.deprecation(scope, title, was, now, new.place)
        if ("content" in was) != ("content" in now):
            self.add(
                scope,
                "breaking",
                "parameter form changed",
                new.place,
                f"{title} is written in another form",
                f"a client that writes it the old way {REFUSED}",
            )
        elif "content" in now:
            self.media(
                scope,
                as_map(was.get("content")),
                as_map(now.get("content")),
                old.place,
                new.place,
                title,
                sent=True,
            )
        elif "schema" in was or "schema" in now:
            self.compare(
                scope,
                Node(was.get("schema", {}), step(old.place, "schema")),
                Node(now.get("schema", {}), step(new.place, "schema")),
                True,
                title,
                written=True,
                must=all(required),
            )
        self.texts(scope, was, now, new.place, title, _PARAMETER_KEYS)

    def body(
        self, scope: _Scope, was: Mapping[str, Any], now: Mapping[str, Any], operation: Node
    ) -> None:
        """Compare the request body."""
        place = step(operation.place, "requestBody")
        sent = scope.direction(True) == "request"
        word = "request body" if sent else "message body"
        title = f"the {word}"
        if "requestBody" not in was and "requestBody" not in now:
            return
        new = self.new.follow(Node(now.get("requestBody"), place))
        old = self.old.follow(Node(was.get("requestBody"), place))
        before, after = as_map(old.raw), as_map(new.raw)
        required = before.get("required") is True, after.get("required") is True
        if "requestBody" not in was:
            if not sent:
                self.add(
                    scope,
                    "safe",
                    f"{word} added",
                    new.place,
                    f"{title} is new",
                    f"{_NOBODY} as long as it ignores what it does not know",
                )
            elif required[1]:
                self.add(
                    scope,
                    "breaking",
                    f"required {word} added",
                    new.place,
                    "a request body must now be sent",
                    f"a client that sends no body {REFUSED}",
                )
            else:
                self.add(
                    scope,
                    "safe",
                    f"{word} added",
                    new.place,
                    "a request body may now be sent",
                    f"{_NOBODY}: nobody has to send it",
                )
            return
        if "requestBody" not in now:
            self.add(
                scope,
                "breaking",
                f"{word} removed",
                old.place,
                f"{title} is gone",
                "a client that sends a body: what it says is ignored without a word, or refused"
                if sent
                else "a client that reads the body finds none",
            )
            return
        if required[0] != required[1]:
            if required[1] == sent:
                self.add(
                    scope,
                    "breaking",
                    f"{word} became {'required' if sent else 'optional'}",
                    step(new.place, "required"),
                    f"{title} {'must now be sent' if sent else 'may now be missing'}",
                    f"a client that sends no body {REFUSED}"
                    if sent
                    else "a client that reads the body without asking whether it is there",
                )
            else:
                self.add(
                    scope,
                    "safe",
                    f"{word} became {'optional' if sent else 'required'}",
                    step(new.place, "required"),
                    f"{title} {'may now be left out' if sent else 'is now always there'}",
                    _NOBODY,
                )
        self.media(
            scope,
            as_map(before.get("content")),
            as_map(after.get("content")),
            old.place,
            new.place,
            title,
            sent=True,
        )
        self.texts(scope, before, after, new.place, title, frozenset({"content", "required"}))

    def media(
        self,
        scope: _Scope,
        was: Mapping[str, Any],
        now: Mapping[str, Any],
        old_place: str,
        new_place: str,
        title: str,
        *,
        sent: bool,
    ) -> None:
        """Compare the media types of a body, of an answer or of a parameter."""
        is_request = scope.direction(sent) == "request"
        word = "request" if is_request else "answer"
        partner = {name: _media_partner(name, now, is_request) for name in was}
        for name, other in partner.items():
            before = as_map(was[name])
            old_here = step(old_place, "content", name)
            if other is None:
                self.add(
                    scope,
                    "breaking",
                    f"{word} media type removed",
                    old_here,
                    f"{title} no longer comes as {name}"
                    if not is_request
                    else f"{title} may no longer be {name}",
                    f"a client that sends {name} is refused with 415"
                    if is_request
                    else f"a client that asks for {name} gets another form, or 406",
                )
                continue
            after = as_map(now[other])
            here = step(new_place, "content", other)
            written = not any(word in name.lower() for word in _TYPED)
            self.media_name(scope, word, title, name, other, here, is_request)
            if "schema" in before or "schema" in after:
                self.compare(
                    scope,
                    Node(before.get("schema", {}), step(old_here, "schema")),
                    Node(after.get("schema", {}), step(here, "schema")),
                    sent,
                    title,
                    written=written,
                )
            if form(before.get("encoding")) != form(after.get("encoding")):
                self.add(
                    scope,
                    "risky",
                    f"{word} encoding changed",
                    step(here, "encoding"),
                    f"parts of {title} are written in another way",
                    "a client that writes them the old way",
                )
            self.texts(
                scope, before, after, here, f"{title} as {name}", frozenset({"schema", "encoding"})
            )
        for name in now:
            if name not in partner.values():
                if name in was:
                    continue
                self.add(
                    scope,
                    "safe",
                    f"{word} media type added",
                    step(new_place, "content", name),
                    f"{title} may now also be {name}",
                    f"{_NOBODY}: all it sends is still accepted"
                    if is_request
                    else f"{_NOBODY} as long as it says in Accept what it reads",
                )

    def media_name(
        self,
        scope: _Scope,
        word: str,
        title: str,
        name: str,
        other: str,
        place: str,
        is_request: bool,
    ) -> None:
        """Compare two names of media types of which one takes the place of the other."""
        if name == other:
            return
        sentence = f"{title} is now described as {other} (before: {name})"
        ranges = name.count("*"), other.count("*")
        if ranges[0] != ranges[1]:
            safe = is_request == (ranges[1] > ranges[0])
            self.add(
                scope,
                "safe" if safe else "breaking",
                f"{word} media type {'widened' if ranges[1] > ranges[0] else 'narrowed'}",
                place,
                sentence,
                _NOBODY if safe else f"a client that reads nothing but {name}",
            )
        elif _media_parameters(name) != _media_parameters(other):
            self.add(
                scope,
                "breaking",
                f"{word} media type parameter changed",
                place,
                sentence,
                f"a client that {'sends' if is_request else 'asks for'} {name}",
            )
        else:
            self.add(
                scope,
                "risky",
                f"{word} media type rewritten",
                place,
                sentence,
                f"a client that compares the whole name with {name}",
            )

    def responses(
        self, scope: _Scope, was: Mapping[str, Any], now: Mapping[str, Any], old: Node, new: Node
    ) -> None:
        """Compare the answers of an operation by status code."""
        before = {
            code: r for code, r in as_map(was.get("responses")).items() if not code.startswith("x-")
        }
        after = {
            code: r for code, r in as_map(now.get("responses")).items() if not code.startswith("x-")
        }
        used = set()
        for code, response in before.items():
            other = (
                code
                if code in after
                else next((c for c in (f"{code[:1]}XX", "default") if c in after), None)
            )
            old_node = self.old.follow(Node(response, step(old.place, "responses", code)))
            succeeds = code[:1] == "2" or (
                code == "default" and not any(c[:1] == "2" for c in before)
            )
            if (
                other == "default"
                and code not in after
                and succeeds
                and any(c[:1] == "2" for c in after)
            ):
                other = None
            if other is None:
                if succeeds:
                    self.add(
                        scope,
                        "breaking",
                        "success status removed",
                        old_node.place,
                        f"the answer {code} is gone",
                        f"a client that waits for {code} takes its success for a failure",
                    )
                else:
                    self.add(
                        scope,
                        "risky" if code[:1] == "3" else "safe",
                        "error status removed" if code[:1] in "45d" else "status removed",
                        old_node.place,
                        f"the answer {code} is gone",
                        f"{_NOBODY}: its branch for {code} is not taken any more"
                        if code[:1] != "3"
                        else f"a client that follows {code}",
                    )
                continue
            if other == code:
                used.add(other)
            new_node = self.new.follow(Node(after[other], step(new.place, "responses", other)))
            if other != code:
                self.add(
                    scope,
                    "safe",
                    "status covered by a range",
                    new_node.place,
                    f"the answer {code} is now described under {other}",
                    f"{_NOBODY} as long as {code} is still what it gets",
                )
            self.response(scope, code, old_node, new_node)
        for code in after:
            if code in before or code in used:
                continue
            place = step(new.place, "responses", code)
            range_before = next((c for c in (f"{code[:1]}XX", "default") if c in before), None)
            if code[:1] in ("2", "3") and range_before != f"{code[:1]}XX" and not scope.turned:
                self.add(
                    scope,
                    "risky",
                    "success status added" if code[:1] == "2" else "status added",
                    place,
                    f"the answer may now also be {code}",
                    f"a client that takes nothing but {_listed(c for c in before if c[:1] == '2')} for success",
                )
            else:
                self.add(
                    scope,
                    "safe",
                    "error status added" if code[:1] in "45d" else "success status added",
                    place,
                    f"the answer may now also be {code}",
                    f"{_NOBODY} as long as it treats an unknown code by its first digit (RFC 9110, section 15)",
                )

    def response(self, scope: _Scope, code: str, old: Node, new: Node) -> None:
        """Compare one answer: its headers, its content, its links."""
        before, after = as_map(old.raw), as_map(new.raw)
        title = f"the {code} answer"
        self.headers(scope, title, before, after, old, new)
        if before.get("content") and not after.get("content"):
            self.add(
                scope,
                "breaking",
                "answer body removed",
                step(old.place, "content"),
                f"{title} no longer has a body",
                "a client that reads the body finds none",
            )
        elif after.get("content") and not before.get("content"):
            self.add(
                scope,
                "safe",
                "answer body added",
                step(new.place, "content"),
                f"{title} now has a body",
                f"{_NOBODY} as long as it ignores a body that it did not expect",
            )
        else:
            self.media(
                scope,
                as_map(before.get("content")),
                as_map(after.get("content")),
                old.place,
                new.place,
                title,
                sent=False,
            )
        links, links_now = as_map(before.get("links")), as_map(after.get("links"))
        for name in dict.fromkeys([*links, *links_now]):
            if form(links.get(name)) == form(links_now.get(name)):
                continue
            if name not in links:
                self.add(
                    scope,
                    "safe",
                    "link added",
                    step(new.place, "links", name),
                    f"{title} names one more next step, `{name}`",
                    _NOBODY,
                )
            else:
                self.add(
                    scope,
                    "risky",
                    "link changed",
                    step(new.place, "links", name),
                    f"the next step `{name}` of {title} changed or is gone",
                    f"a client that follows `{name}` by the contract",
                )
        self.texts(
            scope, before, after, new.place, title, frozenset({"headers", "content", "links"})
        )

    def headers(
        self,
        scope: _Scope,
        title: str,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        old: Node,
        new: Node,
    ) -> None:
        """Compare the header fields of an answer; their names know no case (RFC 9110, section 5.1)."""
        was = {
            name.lower(): Node(raw, step(old.place, "headers", name))
            for name, raw in as_map(before.get("headers")).items()
        }
        now = {
            name.lower(): Node(raw, step(new.place, "headers", name))
            for name, raw in as_map(after.get("headers")).items()
        }
        for name in dict.fromkeys([*was, *now]):
            if name == "content-type":
                continue  # OpenAPI 3.1, Response Object: it is ignored
            header = f"the header `{name}` of {title}"
            if name not in was:
                self.add(
                    scope,
                    "safe",
                    "header added",
                    now[name].place,
                    f"{header} is new",
                    f"{_NOBODY} as long as it ignores headers that it does not know",
                )
                continue
            old_node = self.old.follow(was[name])
            one = as_map(old_node.raw)
            if name not in now:
                always = one.get("required") is True
                self.add(
                    scope,
                    "breaking" if always else "risky",
                    "required header removed" if always else "header removed",
                    was[name].place,
                    f"{header} is gone",
                    f"a client that reads `{name}`",
                )
                continue
            new_node = self.new.follow(now[name])
            other = as_map(new_node.raw)
            required = one.get("required") is True, other.get("required") is True
            if required[0] and not required[1]:
                self.add(
                    scope,
                    "breaking",
                    "header became optional",
                    new_node.place,
                    f"{header} may now be missing",
                    f"a client that reads `{name}` without asking whether it is there",
                )
            elif required[1] and not required[0]:
                self.add(
                    scope,
                    "safe",
                    "header became required",
                    new_node.place,
                    f"{header} is now always there",
                    _NOBODY,
                )
            if "schema" in one or "schema" in other:
                self.compare(
                    scope,
                    Node(one.get("schema", {}), step(old_node.place, "schema")),
                    Node(other.get("schema", {}), step(new_node.place, "schema")),
                    False,
                    header,
                    written=True,
                )
            elif form(one.get("content")) != form(other.get("content")):
                self.media(
                    scope,
                    as_map(one.get("content")),
                    as_map(other.get("content")),
                    old_node.place,
                    new_node.place,
                    header,
                    sent=False,
                )
            self.texts(scope, one, other, new_node.place, header, _PARAMETER_KEYS)

    # -- security ------------------------------------------------------------------------------

    def global_security(
        self, scope: _Scope, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        """Compare the security that holds for all operations without their own."""
        concerned = any(
            "security" not in as_map(operation)
            for content in (old, new)
            for operation in _operations(content)
        )
        self.requirements(
            scope,
            old.get("security"),
            new.get("security"),
            "/security",
            "every operation without its own rule",
            "for all operations",
            concerned,
        )

    def security(
        self, scope: _Scope, was: Mapping[str, Any], now: Mapping[str, Any], operation: Node
    ) -> None:
        """Compare the security of one operation that has, or had, its own."""
        if "security" not in was and "security" not in now:
            return
        before = was.get("security", self.old.content.get("security"))
        after = now.get("security", self.new.content.get("security"))
        self.requirements(
            scope, before, after, step(operation.place, "security"), str(scope.operation), "", True
        )

    def requirements(
        self, scope: _Scope, old: Any, new: Any, place: str, what: str, suffix: str, concerned: bool
    ) -> None:
        """Compare who may call: each requirement is a way in, of schemes with their scopes."""
        was, now = _ways(old), _ways(new)
        for way in (*was, *now):
            self._requirements_used |= set(way)
        kind = f" {suffix}" if suffix else ""
        if {form(_plain_way(way)) for way in was} == {form(_plain_way(way)) for way in now}:
            return
        if not concerned:
            self.add(
                scope,
                "safe",
                "security unused",
                place,
                "the security of all operations changed",
                f"{_NOBODY}: every operation has its own rule",
            )
            return
        open_before, open_now = {} in was, {} in now
        if open_before and not open_now:
            self.add(
                scope,
                "breaking",
                f"security added{kind}",
                place,
                f"{what} now asks who is calling: {_way_words(now)}",
                "a client that calls without credentials is refused with 401",
            )
            return
        if open_now and not open_before:
            self.add(
                scope,
                "risky",
                f"security removed{kind}",
                place,
                f"{what} may now be called by anyone",
                f"{_NOBODY}; everyone reads and does what only known callers could",
            )
            return
        for way in was:
            if any(_opens(other, way) for other in now):
                continue
            closest = next((other for other in now if set(other) <= set(way)), None)
            if closest is not None:
                more = sorted(
                    scope_name
                    for name, scopes in closest.items()
                    for scope_name in scopes - way.get(name, frozenset())
                )
                self.add(
                    scope,
                    "breaking",
                    f"security scope added{kind}",
                    place,
                    f"{what} now asks for the permission {_listed(more)} as well",
                    f"a client whose token lacks {_listed(more)} is refused with 403",
                )
            else:
                self.add(
                    scope,
                    "breaking",
                    f"security changed{kind}",
                    place,
                    f"{what} no longer takes {_way_words([way])}, but {_way_words(now)}",
                    f"a client that comes with {_way_words([way])} is refused with 401",
                )
        for way in now:
            if not any(_opens(way, other) and _opens(other, way) for other in was):
                easier = any(_opens(way, other) for other in was)
                known = any(_opens(other, way) for other in was)
                self.add(
                    scope,
                    "safe",
                    f"security {'eased' if easier else 'narrowed' if known else 'alternative added'}{kind}",
                    place,
                    f"{what} now takes {_way_words([way])}",
                    f"{_NOBODY}: who could come in so far still can"
                    if easier or not known
                    else _NOBODY,
                )

    def security_schemes(
        self, scope: _Scope, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        """Compare what the schemes of security are, used ones and others."""
        was = as_map(as_map(old.get("components")).get("securitySchemes"))
        now = as_map(as_map(new.get("components")).get("securitySchemes"))
        for way in (
            way
            for content in (old, new)
            for operation in _operations(content)
            for way in _ways(as_map(operation).get("security"))
        ):
            self._requirements_used |= set(way)
        for name in dict.fromkeys([*was, *now]):
            place = step("/components/securitySchemes", name)
            if name not in was:
                self.add(
                    scope,
                    "safe",
                    "security scheme added",
                    place,
                    f"`{name}` is a new way to say who is calling",
                    f"{_NOBODY}: an operation that asks for it is a change of its own",
                )
                continue
            if name not in now:
                self.add(
                    scope,
                    "safe",
                    "security scheme removed",
                    place,
                    f"`{name}` is gone as a way to say who is calling",
                    f"{_NOBODY}: an operation that asked for it is a change of its own",
                )
                continue
            before = as_map(self.old.follow(Node(was[name], place)).raw)
            after = as_map(self.new.follow(Node(now[name], place)).raw)
            self.scheme(scope, name, before, after, place)

    def scheme(
        self, scope: _Scope, name: str, was: Mapping[str, Any], now: Mapping[str, Any], place: str
    ) -> None:
        """Compare one security scheme."""
        used = name in self._requirements_used
        idle = f"{_NOBODY}: no operation asks for `{name}`"
        for key in ("type", "scheme", "in", "name"):
            before, after = (
                str(one.get(key, "")).lower() if key == "scheme" else one.get(key)
                for one in (was, now)
            )
            if before != after:
                self.add(
                    scope,
                    "breaking" if used else "safe",
                    "security scheme changed",
                    step(place, key),
                    f"{key} of `{name}` is now {shown(after)} (before: {shown(before)})",
                    "a client that shows its credentials the old way is refused with 401"
                    if used
                    else idle,
                )
        if was.get("openIdConnectUrl") != now.get("openIdConnectUrl"):
            self.add(
                scope,
                "risky" if used else "safe",
                "login address changed",
                step(place, "openIdConnectUrl"),
                f"the address for logging in with `{name}` changed",
                "a client that holds the old address, once it is switched off" if used else idle,
            )
        flows, flows_now = as_map(was.get("flows")), as_map(now.get("flows"))
        for flow in dict.fromkeys([*flows, *flows_now]):
            here = step(place, "flows", flow)
            before_flow, after_flow = as_map(flows.get(flow)), as_map(flows_now.get(flow))
            if flow not in flows_now:
                self.add(
                    scope,
                    "breaking" if used else "safe",
                    "login flow removed",
                    here,
                    f"`{name}` no longer offers {flow}",
                    f"a client that gets its token by {flow}" if used else idle,
                )
            elif flow not in flows:
                self.add(
                    scope,
                    "safe",
                    "login flow added",
                    here,
                    f"`{name}` now also offers {flow}",
                    _NOBODY,
                )
            else:
                for key in ("authorizationUrl", "tokenUrl", "refreshUrl"):
                    if before_flow.get(key) != after_flow.get(key):
                        self.add(
                            scope,
                            "risky" if used else "safe",
                            "login address changed",
                            step(here, key),
                            f"{key} of `{name}` changed",
                            "a client that holds the old address, once it is switched off"
                            if used
                            else idle,
                        )
                scopes, scopes_now = (
                    as_map(before_flow.get("scopes")),
                    as_map(after_flow.get("scopes")),
                )
                for permission in scopes:
                    if permission not in scopes_now:
                        self.add(
                            scope,
                            "risky" if used else "safe",
                            "permission removed",
                            step(here, "scopes"),
                            f"`{name}` no longer has the permission {shown(permission)}",
                            f"a client that asks for {shown(permission)} gets no token"
                            if used
                            else idle,
                        )
                for permission in scopes_now:
                    if permission not in scopes:
                        self.add(
                            scope,
                            "safe",
                            "permission added",
                            step(here, "scopes"),
                            f"`{name}` has a new permission {shown(permission)}",
                            _NOBODY,
                        )
                    elif form(scopes[permission]) != form(scopes_now[permission]):
                        self.add(
                            scope,
                            "safe",
                            "description changed",
                            step(here, "scopes", permission),
                            f"the description of {shown(permission)} changed",
                            _WORDS_ONLY,
                        )
        self.texts(
            scope,
            {**was, "bearerFormat": None},
            {**now, "bearerFormat": None},
            place,
            f"`{name}`",
            frozenset({"type", "scheme", "in", "name", "openIdConnectUrl", "flows"}),
        )
        if was.get("bearerFormat") != now.get("bearerFormat"):
            self.add(
                scope,
                "safe",
                "description changed",
                step(place, "bearerFormat"),
                f"the form of the token of `{name}` is described anew",
                f"{_NOBODY}: OpenAPI calls it a hint",
            )

    # -- webhooks, callbacks, the rest ---------------------------------------------------------

    def webhooks(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Compare webhooks: the service calls, so what it sends is what clients receive."""
        for name in dict.fromkeys([*old, *new]):
            place = step("/webhooks", name)
            was, now = (
                self.old.follow(Node(old.get(name), place)),
                self.new.follow(Node(new.get(name), place)),
            )
            self.calls_back(f"webhook {name}", was, now, _Scope(f"webhook {name}"), "webhook")

    def callbacks(
        self,
        scope: _Scope,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        old_place: str,
        new_place: str,
    ) -> None:
        """Compare callbacks, which turn the directions as webhooks do."""
        for name in dict.fromkeys([*old, *new]):
            was = self.old.follow(Node(old.get(name), step(old_place, "callbacks", name)))
            now = self.new.follow(Node(new.get(name), step(new_place, "callbacks", name)))
            before, after = as_map(was.raw), as_map(now.raw)
            addresses = (
                [a for a in before if not a.startswith("x-")],
                [a for a in after if not a.startswith("x-")],
            )
            pairs = [(a, a) for a in dict.fromkeys([*addresses[0], *addresses[1]])]
            if len(addresses[0]) == len(addresses[1]) == 1 and addresses[0] != addresses[1]:
                self.add(
                    scope,
                    "breaking",
                    "callback address changed",
                    now.place,
                    f"the callback `{name}` now goes to {shown(addresses[1][0])}",
                    f"a client that gives its address as {shown(addresses[0][0])} is not called",
                )
                pairs = [(addresses[0][0], addresses[1][0])]
            for one, other in pairs:
                self.calls_back(
                    f"{scope.operation} callback {name}",
                    self.old.follow(Node(before.get(one), step(was.place, one))),
                    self.new.follow(Node(after.get(other), step(now.place, other))),
                    scope,
                    "callback",
                )

    def calls_back(self, name: str, old: Node, new: Node, scope: _Scope, what: str) -> None:
        """Compare the calls that the service makes to a client."""
        was, now = as_map(old.raw), as_map(new.raw)
        for method in METHODS:
            if method in was and method not in now:
                self.removed(
                    scope,
                    f"{what} removed",
                    step(old.place, method),
                    f"the {what} {method.upper()} of {name}"
                    if what == "callback"
                    else f"the {name}",
                    as_map(was[method]),
                    f"a client that waits for this {what} waits in vain",
                    "breaking",
                )
            elif method in now and method not in was:
                self.add(
                    scope,
                    "safe",
                    f"{what} added",
                    step(new.place, method),
                    f"the {name} is new",
                    f"{_NOBODY} as long as it answers calls that it does not know with an error",
                )
            elif method in was:
                self.operation(
                    str(scope.operation) if what == "callback" else name,
                    Node(was[method], step(old.place, method)),
                    Node(now[method], step(new.place, method)),
                    old,
                    new,
                    {},
                    turned=True,
                )
        self.texts(scope, was, now, new.place, name, frozenset({*METHODS, "parameters", "servers"}))

    def unused_components(
        self, scope: _Scope, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        """Report components that no operation reaches, in either document, and that differ."""
        was, now = as_map(old.get("components")), as_map(new.get("components"))
        if was == now:
            return
        reached = _reached(self.old) | _reached(self.new)
        for section in dict.fromkeys([*was, *now]):
            if section == "securitySchemes":
                continue
            before, after = as_map(was.get(section)), as_map(now.get(section))
            for name in dict.fromkeys([*before, *after]):
                place = step("/components", section, name)
                if f"#{place}" in reached or form(before.get(name)) == form(after.get(name)):
                    continue
                self.add(
                    scope,
                    "safe",
                    "unused component changed",
                    place,
                    f"`{name}`, which no operation uses, changed",
                    _NOBODY,
                )


def unchanged_components(old: Side, new: Side) -> frozenset[str]:
    """Return the `$ref`s to components that are the same in both, with all that they refer to."""
    if old.is_30 != new.is_30:
        return frozenset()
    same: dict[str, set[str]] = {}
    for section, components in as_map(old.content.get("components")).items():
        others = as_map(as_map(new.content.get("components")).get(section))
        for name, raw in as_map(components).items():
            if name in others and raw == others[name] and form(raw) == form(others[name]):
                targets = set(map(component, references(raw)))
                same[f"#{step('/components', section, name)}"] = targets
    users: dict[str, list[str]] = {}
    for user, targets in same.items():
        for target in targets:
            users.setdefault(target, []).append(user)
    changed = [target for target in users if target not in same]
    while changed:
        for user in users.get(changed.pop(), ()):
            if same.pop(user, None) is not None:
                changed.append(user)
    return frozenset(same)


def _reached(side: Side) -> set[str]:
    """Return the `$ref`s that the operations of a document use, directly or through others."""
    found: set[str] = set()
    queue = [side.content.get("paths"), side.content.get("webhooks")]
    while queue:
        for target in references(queue.pop()):
            full = component(target)
            if full not in found:
                found.add(full)
                queue.append(side.at(full))
    return found


def _operations(content: Mapping[str, Any]) -> Iterator[Any]:
    for item in as_map(content.get("paths")).values():
        for method in METHODS:
            if method in as_map(item):
                yield as_map(item)[method]


def _ways(security: Any) -> list[dict[str, frozenset[str]]]:
    """Return the ways in; a document that asks nothing has the empty way."""
    ways = [
        {
            str(name): frozenset(str(scope) for scope in as_list(scopes))
            for name, scopes in as_map(way).items()
        }
        for way in as_list(security)
    ]
    return ways or [{}]


def _plain_way(way: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    return {name: sorted(scopes) for name, scopes in way.items()}


def _opens(way: Mapping[str, frozenset[str]], held: Mapping[str, frozenset[str]]) -> bool:
    """Return whether who holds `held` may come in by `way`."""
    return all(name in held and scopes <= held[name] for name, scopes in way.items())


def _way_words(ways: list[dict[str, frozenset[str]]]) -> str:
    words = []
    for way in ways:
        parts = [
            f"`{name}`" + (f" with {_listed(sorted(scopes))}" if scopes else "")
            for name, scopes in way.items()
        ]
        words.append(" and ".join(parts) or "no credentials")
    return " or ".join(words)


def _listed(names: Any) -> str:
    return " and ".join(shown(name) for name in names) or "the codes of before"


def _media_partner(name: str, now: Mapping[str, Any], is_request: bool) -> str | None:
    """Return the media type that takes the place of `name`: the same, or a range that holds it.

    In an answer a member of a range may take the place of the range: that promises no less.
    """
    if name in now:
        return name
    plain = {_bare(other): other for other in now}
    bare = _bare(name)
    for wanted in (bare, bare.split("/")[0] + "/*", "*/*"):
        if wanted in plain:
            return plain[wanted]
    if bare.endswith("/*") and not is_request:
        start = "" if bare == "*/*" else bare[:-1]
        return next((other for short, other in plain.items() if short.startswith(start)), None)
    return None


def _media_parameters(name: str) -> list[str]:
    """Return the parameters of a media type except charset, which JSON does not have (RFC 8259)."""
    found = (part.strip().lower() for part in name.split(";")[1:])
    return sorted(part for part in found if not part.startswith("charset"))


def _bare(name: str) -> str:
    return name.split(";")[0].strip().lower()


def _day(value: object) -> date | None:
    """Return the day of an `x-sunset`, given as a date or as a moment (RFC 3339)."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
