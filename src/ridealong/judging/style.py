"""Judge a contract by one style guide, which its author picks: consistent, and with nothing lost."""

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.systems.contract import style
from ridealong.systems.contract.document import ContractError, Document, load
from ridealong.systems.contract.style_checks import Act, View, words_of
from ridealong.text import did_you_mean
from ridealong.verdict import Property, Verdict

GUIDE: Final = "x-style-guide"
"""Where a contract says which guide it keeps to."""

_MAY_GO: Final = frozenset({"invalid-input", "action-path", "action-method"})
"""Questions that a contract need not meet any more: a guide may want no action and no 422 at all."""

_SAID: Final = {
    "cancel": (
        "cancel",
        "withdraw",
        "abort",
        "revo",
        "void",
        "annul",
        "rescind",
        "abandon",
        "retract",
    )
}
"""What a word that stands for an action may begin with, beside the action itself."""

_BROAD: Final = frozenset(
    [
        "action",
        "actions",
        "change",
        "changes",
        "command",
        "commands",
        "decision",
        "decisions",
        "event",
        "events",
        "operation",
        "operations",
        "request",
        "requests",
        "state",
        "states",
        "status",
        "statuses",
        "transition",
        "transitions",
        "update",
        "updates",
    ]
)
"""Words of a path behind which any change may stand."""

_ELSE: Final = frozenset(
    [
        "accept",
        "book",
        "comment",
        "comments",
        "complaint",
        "complaints",
        "complete",
        "driver",
        "drivers",
        "favorite",
        "favorites",
        "favourite",
        "favourites",
        "feedback",
        "invoice",
        "invoices",
        "like",
        "likes",
        "location",
        "locations",
        "message",
        "messages",
        "note",
        "notes",
        "pay",
        "payment",
        "payments",
        "photo",
        "photos",
        "rate",
        "rating",
        "ratings",
        "receipt",
        "receipts",
        "reminder",
        "reminders",
        "resume",
        "review",
        "reviews",
        "star",
        "stars",
        "start",
        "tip",
        "tips",
    ]
)
"""Words of a path behind which no end of a trip stands, whatever the summary says."""

_IDS: Final = frozenset(
    ["guid", "id", "identifier", "key", "name", "reference", "slug", "uid", "uri", "url", "uuid"]
)
"""What the name of a field may end in that tells one thing from all others; `name` is Google's."""

_COUNTS: Final = frozenset(["no", "nr", "num", "number"])

_ENUMS: Final = ("enum", "x-extensible-enum")
_UPPER: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")


class StyleError(ValueError):
    """An answer that cannot be held against a guide; one line for the learner."""


def draft(name: str) -> str:
    """Return a draft that several people wrote, each in their own style.

    Args:
        name: of a file in `systems/contract/drafts`.

    Raises:
        ValueError: when there is none.
    """
    folder = files("ridealong.systems.contract").joinpath("drafts")
    known = sorted(each.name.removesuffix(".yaml") for each in folder.iterdir())
    if name not in known:
        raise ValueError(f"no draft is called {name!r}{did_you_mean(name, known)}")
    return folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
    """Return the verdict on a contract.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise: `draft`, whose matters the contract has to keep.
        text: the contract as YAML, with its guide in `x-style-guide`.
    """
    try:
        document, guide = _read(text)
    except (ContractError, StyleError) as error:
        return refused(exercise_id, entry, {"error": _error(error)}, _error(error))
    lost = _lost(document, guide, entry)
    held, found = style.consistency(document, guide), style.judged(document, guide)
    if lost:
        return refused(exercise_id, entry, _marks(guide, found, lost), lost[0])
    if not held.broken:
        message = (
            f"{exercise_id} holds: it keeps each of the {len(held.kept)} rules of "
            f"{style.published(guide).name} that it meets"
        )
        return Verdict(exercise_id, True, message, tuple(_properties(document, guide, held)))
    first = found[0]
    rules = "one rule is" if len(held.broken) == 1 else f"{len(held.broken)} rules are"
    message = (
        f"by {style.published(guide).name} {rules} not kept. Line {first.line}: {first.seen}; "
        f"{first.rule} wants {first.wanted} ({first.link})"
    )
    before = len(style.consistency(_draft_of(entry), guide).broken)
    share = max(0.0, 1 - len(held.broken) / before) if before else 0.0
    properties = tuple(_properties(document, guide, held))
    return refused(exercise_id, entry, _marks(guide, found, lost), message, properties, share)


def marks(text: str, entry: Entry) -> dict[str, Any]:
    """Return what a wrong contract is recognised by, nothing for a right one."""
    try:
        document, guide = _read(text)
    except (ContractError, StyleError) as error:
        return {"error": _error(error)}
    lost, found = _lost(document, guide, entry), style.judged(document, guide)
    return _marks(guide, found, lost) if lost or found else {}


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the keys of an exercise."""
    try:
        draft(str(entry.get("draft")))
    except ValueError as error:
        yield f"'draft': {error}"


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right contract with one matter each as another guide would have it.

    Args:
        reference: the contract as YAML.
        entry: the exercise, of which nothing is needed.
    """
    document = yaml.safe_load(reference)
    yield from distinct(
        (Mutant(change, _text(changed)) for change, changed in _all(document)), _text(document)
    )


def _read(text: str) -> tuple[Document, str]:
    document = load(text)
    guide = document.content.get(GUIDE)
    known = ", ".join(style.GUIDES)
    if guide is None:
        raise StyleError(
            f"the contract does not say which guide it keeps to: add `{GUIDE}:` below `openapi:`, "
            f"with one of {known}"
        )
    if guide not in style.GUIDES:
        near = did_you_mean(str(guide), style.GUIDES)
        raise StyleError(f"{GUIDE} is {guide!r}{near}; the guides are {known}")
    return document, str(guide)


def _error(error: Exception) -> str:
    if isinstance(error, ContractError):
        more = len(error.problems) - 1
        return f"{error.problems[0]}" + (f" ({more} more)" if more else "")
    return str(error)


@cache
def _document_of(name: str) -> Document:
    return load(draft(name))


def _draft_of(entry: Entry) -> Document:
    return _document_of(entry["draft"])


def _lost(document: Document, guide: str, entry: Entry) -> list[str]:
    """Return what the draft can say and the contract can not, in sentences."""
    before, told = _draft_of(entry), []
    wanted, there = list(before.operations()), list(document.operations())
    if len(there) < len(wanted):
        told.append(
            f"the draft has {len(wanted)} operations and your contract {len(there)}: a style guide "
            "changes what they are called, not what one can do"
        )
    else:
        changing, left = (sum(each.method != "get" for each in all_) for all_ in (wanted, there))
        if left < changing:
            told.append(
                f"a GET only reads: the draft has {changing} operations that change something and "
                f"your contract {left}, and both asking and cancelling change something"
            )
    most, least = _most_fields(before), _most_fields(document)
    for what, names in most.items():
        if len(least[what]) < len(names):
            told.append(
                f"{what} has {len(names)} fields in the draft and {len(least[what])} in your "
                "contract: a style guide changes their names, and keeps them all"
            )
    told += _verbs_lost(document, before)
    told += _ids_lost(document, before)
    told += _bodies_lost(document)
    if told:
        return told
    met = _met(document, guide)
    for question in style.questions():
        gone = question.key in _met(before, guide) and question.key not in met
        if gone and question.key == "enum-case" and _has_open_values(document, before):
            continue
        if gone and question.key not in _MAY_GO:
            told.append(
                f"your contract has nothing left to ask this about: {question.text} The draft has; "
                "bring it into the guide's form instead of leaving it out"
            )
    values, kept = _most_values(before), _most_values(document)
    if kept and kept < values and not told:
        told.append(
            f"an enumeration has {values} values in the draft and {kept} in your contract: a style "
            "guide changes how they are written, and keeps them all"
        )
    return told


def _verbs_lost(document: Document, before: Document) -> Iterator[str]:
    """Yield each action of a draft that certainly no operation of a contract stands for."""
    view = View(document)
    listed = {act.operation.path for act, _, _ in view.lists}
    changing = [act for act in view.acts if act.method != "get"]
    for lost in View(before).acts:
        verb = lost.action or lost.verb
        if not verb or any(_may_mean(view, act, verb, listed) for act in changing):
            continue
        others = [act.name for act in changing if act.operation.path not in listed]
        instead = f" (`{others[0]}` does something else)" if len(others) == 1 else ""
        yield (
            f"the way to `{verb}` has gone: the draft has `{lost.name}`, and no operation of your "
            f"contract says that it does this{instead}. A style guide changes what it is called: "
            "bring it back, and let its path or its `summary` say what it is for"
        )


def _may_mean(view: View, act: Act, verb: str, listed: set[str]) -> bool:
    """Whether an operation that changes something may stand for an action.

    Args:
        view: of the contract.
        act: the operation.
        verb: the action, such as `cancel`.
        listed: the paths that list something; a POST there adds to the list.
    """
    starts = (verb, *_SAID.get(verb, ()))
    named = [each for each in act.segments if "{" not in each]
    words = words_of(act.action or (named[-1] if named else ""))
    if _begin(words, starts):
        return True
    if set(words) & _ELSE or (act.method == "post" and act.operation.path in listed):
        return False
    body = view.json(view.body(act))
    fields = view.fields(body)
    inside = [*fields, *(each for node in _nodes(body or {}) for each in node.get("enum", ()))]
    texts = [
        act.operation.content.get(key, "") for key in ("operationId", "summary", "description")
    ]
    if _begin([word for each in (*texts, *inside) for word in words_of(str(each))], starts):
        return True
    if not act.ends_in_id:
        return bool(set(words) & _BROAD)
    states = any(set(words_of(each)) & {"state", "status"} for each in fields)
    return act.method == "delete" or (act.method in ("patch", "put") and (states or not fields))


def _begin(words: list[str], starts: tuple[str, ...]) -> bool:
    return any(word.startswith(starts) for word in words)


def _ids_lost(document: Document, before: Document) -> Iterator[str]:
    """Yield where a trip of the draft has an id and a trip of the contract certainly none."""
    view, most, least = View(document), _most_fields(before), _most_fields(document)
    for what in ("a trip", "a trip in the list"):
        id_ = next((name for name in sorted(most[what]) if words_of(name)[-1:] == ["id"]), "")
        fields = {
            name: node
            for name, _, node, holder in view.properties
            if set(holder["properties"]) <= least[what]
        }
        numbers = {each for each in fields if view.types(fields[each]) & {"integer", "number"}}
        # A number that is called an id is a matter of the guide's rules.
        if not id_ or any(
            words_of(name)[-1:] == ["id"]
            or (set(words_of(name)[-1:]) & _IDS and name not in numbers)
            for name in least[what]
        ):
            continue
        others = {word for name in most[what] - {id_} for word in words_of(name)}
        left = {
            name
            for name, node in fields.items()
            if not set(words_of(name)) & others
            and not set(_ENUMS) & set(view.resolved(node))
            and view.resolved(node).get("format") != "date-time"
        }
        # A text that might be one by another name is taken for it.
        if left and all(name in numbers or set(words_of(name)[-1:]) & _COUNTS for name in left):
            yield (
                f"the id of {what} has gone: it is `{id_}` in the draft, and no field of your "
                f"contract is one by its name. If `{min(left)}` is it, call it an id, so that one "
                "sees what your guide wants of it"
            )


def _bodies_lost(document: Document) -> Iterator[str]:
    """Yield each answer of success that is JSON and does not say what is in it."""
    view = View(document)
    for act in view.acts:
        for response in view.successes(act):
            body = view.json(response.content)
            if body is not None and not view.resolved(body):
                yield (
                    f"the {response.code} of `{act.name}` has JSON in it and does not say which: "
                    "write its `schema`, as the draft does"
                )


def _most_values(document: Document) -> int:
    """Return how many values the longest enumeration of a document has."""
    lists = (each.get(key) for each in _nodes(document.content) for key in _ENUMS)
    return max((len(each) for each in lists if isinstance(each, list)), default=0)


def _has_open_values(document: Document, before: Document) -> bool:
    """Return whether the values of an enumeration stand in `examples`, so that they may grow."""
    for node in _nodes(document.content):
        values = node.get("examples")
        if isinstance(values, list) and len(values) >= _most_values(before):
            return all(isinstance(each, str) and _UPPER.fullmatch(each) for each in values)
    return False


def _nodes(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node:
        if isinstance(each, dict | list):
            yield from _nodes(each)


def _met(document: Document, guide: str) -> set[str]:
    return {row.question for row in style.matrix(document) if row.cells[guide].judged}


def _most_fields(document: Document) -> dict[str, set[str]]:
    """Return the longest lists of fields: sent, answered as one thing, and answered in a list."""
    sent, answered, listed = set[str](), set[str](), set[str]()
    for operation in document.operations():
        body = document.resolve(operation.content.get("requestBody")) or {}
        sent = max(sent, _fields(document, body), key=len)
        for code, response in operation.content.get("responses", {}).items():
            if str(code).startswith("2"):
                holder = document.resolve(response) or {}
                answered = max(answered, _fields(document, holder), key=len)
                for items in _items(document, holder):
                    listed = max(listed, _names(document, items), key=len)
    return {
        "what a rider sends": sent,
        "a trip": max(answered, listed, key=len),
        "a trip in the list": listed,
    }


def _items(document: Document, holder: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what the lists of an answer hold: of the answer itself and of its fields."""
    for media in (holder.get("content") or {}).values():
        schema = (media or {}).get("schema")
        for part in _parts(document, schema):
            for each in (part, *part.get("properties", {}).values()):
                for array in _parts(document, each):
                    if "items" in array:
                        yield array["items"]


def _fields(document: Document, holder: Mapping[str, Any]) -> set[str]:
    found = set[str]()
    for media in (holder.get("content") or {}).values():
        found |= _names(document, (media or {}).get("schema"))
    return found


def _names(document: Document, schema: Any) -> set[str]:
    parts = _parts(document, schema)
    return {name for part in parts for name in part.get("properties", {})}


def _parts(document: Document, schema: Any) -> list[Mapping[str, Any]]:
    """Return a schema with what its `allOf` lists."""
    whole = document.resolve(schema) or {}
    if not isinstance(whole, dict):
        return []
    parts = [whole, *(document.resolve(each) or {} for each in whole.get("allOf", ()))]
    return [each for each in parts if isinstance(each, dict)]


def _marks(guide: str, found: list[style.Finding], lost: list[str]) -> dict[str, Any]:
    return {
        "guide": guide,
        "broken": sorted({f"{each.rule} {each.check}" for each in found}),
        "lost": [text.partition(" has ")[0] for text in lost],
    }


def _properties(document: Document, guide: str, held: style.Consistency) -> Iterator[Property]:
    found: dict[str, list[style.Finding]] = {}
    for finding in style.judged(document, guide):
        found.setdefault(finding.rule, []).append(finding)
    for rule in (*held.broken, *held.kept):
        findings = found.get(rule.number, [])
        seen = "; ".join(f"line {each.line}: {each.seen}" for each in findings[:2])
        more = f" and {len(findings) - 2} more" if len(findings) > 2 else ""
        name = f"{rule.number} {rule.title}"
        yield Property(name, not findings, (seen + more) or "kept", plain=True)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(document: Any) -> str:
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True)


Edit = Callable[[Any, Any], None]


def _all(document: Any) -> Iterator[tuple[str, Any]]:
    for guide in style.GUIDES:
        if guide != document[GUIDE]:
            yield f"{GUIDE}: {guide}", {**document, GUIDE: guide}
    for steps in _places(document, ()):
        for name, edit in _edits(steps, _at(document, steps)):
            changed = copy.deepcopy(document)
            edit(_at(changed, steps[:-1]), steps[-1])
            yield f"{' '.join(map(str, steps))}: {name}", changed


def _places(node: Any, steps: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*steps, key)
        if isinstance(value, dict | list):
            yield from _places(value, (*steps, key))


def _at(node: Any, steps: tuple[Any, ...]) -> Any:
    for step in steps:
        node = node[step]
    return node


def _edits(steps: tuple[Any, ...], value: Any) -> Iterator[tuple[str, Edit]]:
    key, above = steps[-1], steps[-2] if len(steps) > 1 else ""
    if above == "paths":
        yield "dropped", _drop
        for other in (_as_snake(key), _as_camel(key), _as_kebab(key), _versioned(key)):
            if other != key:
                yield f"{other} in its place", _rename(other)
    elif above == "properties":
        yield "dropped", _drop
        other = _as_camel(key) if "_" in key else _as_snake(key)
        if other != key:
            yield f"{other} in its place", _rename(other)
    elif key == "enum":
        yield "in small letters", _put([str(each).lower() for each in value])
    elif above == "responses" and key == "400":
        yield "422 in its place", _rename("422")
    elif above == "content" and key == "application/problem+json":
        yield "application/json in its place", _rename("application/json")
    elif key == "parameters" and isinstance(value, list):
        for place, each in enumerate(value):
            if each.get("in") == "query":
                yield f"without {each['name']}", _without(place)
    elif key == "security":
        yield "dropped", _drop
    elif key == "version":
        yield "1 in its place", _put("1")
    elif key == "format" and value in ("date-time", "int32", "int64"):
        yield "dropped", _drop
    elif key == "type" and value == "string" and str(above).lower().endswith("id"):
        yield "integer in its place", _put("integer")
    elif above == "headers":
        yield "dropped", _drop


def _drop(node: Any, key: Any) -> None:
    del node[key]


def _put(value: Any) -> Edit:
    def put(node: Any, key: Any) -> None:
        node[key] = value

    return put


def _rename(other: str) -> Edit:
    def rename(node: Any, key: Any) -> None:
        node[other] = node.pop(key)

    return rename


def _without(place: int) -> Edit:
    def without(node: Any, key: Any) -> None:
        del node[key][place]

    return without


def _segments(path: str, change: Callable[[list[str]], str]) -> str:
    parts = path.split("/")
    return "/".join(
        change(_WORD.findall(part)) if part and part[0] != "{" else part for part in parts
    )


def _as_snake(name: str) -> str:
    if name.startswith("/"):
        return _segments(name, lambda words: "_".join(words).lower())
    return "_".join(_WORD.findall(name)).lower()


def _as_camel(name: str) -> str:
    def joined(words: list[str]) -> str:
        first, *rest = words
        return first.lower() + "".join(word.capitalize() for word in rest)

    return _segments(name, joined) if name.startswith("/") else joined(_WORD.findall(name))


def _as_kebab(path: str) -> str:
    return _segments(path, lambda words: "-".join(words).lower())


def _versioned(path: str) -> str:
    return path.removeprefix("/v1") if path.startswith("/v1/") else "/v1" + path
