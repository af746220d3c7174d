"""Judge header fields by running them: riders look through phones and an edge, on three days.

Any fields with the right effect pass. What goes wrong is named by resource and effect; its cause is
named where it is certain: when the effect is gone as soon as this one thing is changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import yaml

from ridealong.judging.mutants import Mutant, distinct
from ridealong.judging.yaml_text import read_yaml
from ridealong.systems.edge.cache import directives, names_in
from ridealong.systems.edge.headers import (
    REQUEST_FIELDS,
    TO_CHANGE,
    Fields,
    HeaderError,
    read_headers,
)
from ridealong.systems.edge.stories import (
    CARS_MINUTES,
    HIDDEN,
    PUBLIC,
    TASKS,
    Look,
    Seen,
    Task,
    seen,
)
from ridealong.verdict import Property, Verdict

DAYS: Final = (PUBLIC, *HIDDEN)

_ADVICE: Final = {
    "no-store": "no-store forbids every cache to keep it, also the phone's own.",
    "private": "private keeps it out of every shared cache, so the edge has nothing to give.",
    "no-cache": "no-cache lets a cache keep it and makes it ask the back end before each use.",
    "authorization": "The app's requests carry Authorization: a shared cache keeps such an answer "
    "only where public, s-maxage or must-revalidate allows it.",
    "short": "It is fresh for too short a time where it is kept.",
    "no time": "It says no time, so each cache guesses one from Last-Modified: set max-age.",
    "long": "It is fresh for longer than the limit allows; where nothing old may be shown, let the "
    "cache ask before each use.",
    "swr": "stale-while-revalidate lets a cache show what is old while it fetches the new one: "
    "its seconds come on top of max-age.",
    "phone": "The copy lies in the phone, and only the phone's own time ends it: set max-age for "
    "the phones and s-maxage for the edge.",
    "guess": "You say nothing about the phone's time, so it guesses one from Last-Modified: set "
    "max-age, or no-cache.",
    "shared": "The edge keeps one person's answer, and may give it to another: say who may keep it.",
    "tablet": "Two people use one phone, and its cache does not know who holds it: let it ask the "
    "back end before each use.",
    "missing": "The address is the same for both, so Vary has to name the field of the request "
    "that decides.",
    "*": "Vary: * fits no request at all: name the fields that decide.",
    "vary": "Vary names fields with many values, and the edge keeps a copy for each.",
}
"""What is said of a cause where the author of an exercise has not said it better."""

_SAYS_TIME: Final = {"max-age", "no-cache", "no-store"}


def judged(exercise_id: str, entry: Mapping[str, Any], text: str) -> Verdict:
    """Return the verdict on header fields.

    Args:
        exercise_id: of the exercise.
        entry: its catalogue entry, with the name of its task under `headers`.
        text: the answer, YAML as `systems.edge.headers.read_headers` takes it.

    Raises:
        ValueError: in one line, when it is no YAML.
    """
    name = entry["headers"]
    task = TASKS[name]
    try:
        fields = _read(task, text)
    except HeaderError as error:
        unread = Property("each resource has header fields", False, plain=True)
        return Verdict(exercise_id, False, str(error), (unread,))
    first: tuple[str, str] | None = None
    properties = []
    looks = 0
    for resource, given in fields.items():
        found = _first_broken(name, resource, given)
        own_looks = sum(len(seen(name, resource, day, given).story.looks) for day in DAYS)
        looks += own_looks
        told = "" if found is None else _told(found)
        shown = told or f"all its limits are kept in {own_looks:,} looks"
        properties.append(Property(f"{resource} holds on three days", not told, shown, plain=True))
        if found is not None and first is None:
            first = _mark(name, found, given), told
    if first is None:
        message = (
            f"{exercise_id} holds: in {looks:,} looks on three days nobody sees what is another's "
            "or too old, and all limits are kept"
        )
        return Verdict(exercise_id, True, message, tuple(properties))
    mark, told = first
    share = sum(each.held for each in properties) / len(properties)
    for known in entry.get("mistakes", ()):
        if known["results"] == {"mistake": mark}:
            message = f"{told} {known['message']}"
            return Verdict(exercise_id, False, message, tuple(properties), known["name"], share)
    message = f"{told} {_advice(mark)}"
    return Verdict(exercise_id, False, message, tuple(properties), share=share)


def marks(text: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a wrong answer is recognised by, nothing for a right one."""
    name = entry["headers"]
    try:
        fields = _read(TASKS[name], text)
    except (HeaderError, ValueError) as error:
        return {"error": str(error)}
    for resource, given in fields.items():
        found = _first_broken(name, resource, given)
        if found is not None:
            return {"mistake": _mark(name, found, given)}
    return {}


def problems(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the keys of an exercise."""
    if entry.get("judge") == "headers" and entry.get("headers") not in TASKS:
        yield f"headers is {entry.get('headers')!r}, wanted one of {', '.join(TASKS)}"


def _read(task: Task, text: str) -> dict[str, Fields]:
    fields = read_headers(
        read_yaml(text), tuple(task.stories), fields=task.fields,
        with_known_change=task.known_change, may_vary=task.may_vary,
    )  # fmt: skip
    if not task.cache_control:
        return fields
    return {name: replace(each, cache_control=task.cache_control) for name, each in fields.items()}


def _first_broken(task: str, resource: str, fields: Fields) -> Seen | None:
    """Return the first day on which something does not hold, None when all hold."""
    played = (seen(task, resource, day, fields) for day in DAYS)
    return next((each for each in played if each.broken), None)


def _mark(task: str, found: Seen, fields: Fields) -> str:
    """Return resource, effect and cause, such as `cars-origin-authorization`."""
    effect = found.broken[0]
    return f"{found.story.resource}/{effect}/{_cause(task, found, fields, effect)}"


def _cause(task: str, found: Seen, fields: Fields, effect: str) -> str:
    story = found.story
    control = directives(fields.cache_control)
    names = names_in(fields.vary)

    def left(cache_control: str | None = None, vary: str | None = None) -> tuple[str, ...]:
        other = Fields(
            fields.cache_control if cache_control is None else cache_control,
            fields.vary if vary is None else vary,
        )
        return seen(task, story.resource, story.day, other).broken

    def helps(cache_control: str | None = None, vary: str | None = None) -> bool:
        return effect not in left(cache_control, vary)

    if effect == "wrong":
        if story.at_edge:
            return "missing"
        return "tablet" if _wrong(found)[0].phone in story.several else "shared"
    if effect == "kept":
        return "shared"
    if effect == "old":
        if "stale-while-revalidate" in control and helps(
            _without(control, "stale-while-revalidate")
        ):
            return "swr"
        if not _SAYS_TIME & set(control) and helps(_joined({**control, "max-age": "0"})):
            return "guess"
        lifetime = control.get("s-maxage", control.get("max-age", ""))
        shared = {**control, "max-age": "0"} | ({"s-maxage": lifetime} if lifetime else {})
        return "phone" if story.at_edge and helps(_joined(shared)) else "long"
    if effect == "loaded" and "no-store" not in control and helps(vary=""):
        return "*" if "*" in names else f"vary {names[0]}"
    for plain in ("no-store", "private", "no-cache"):
        if plain in control:
            return plain
    if effect in ("asked", "loaded"):
        return "short" if _SAYS_TIME & set(control) else "guess"
    if helps(_joined({**control, "public": ""})):
        return "authorization"
    if "*" in names:
        return "*"
    without = {name: ", ".join(other for other in names if other != name) for name in names}
    # First what can go without harm: a name that decides is too many only when it stands alone.
    for name in names:
        if not left(vary=without[name]):
            return f"vary {name}"
    for name in names:
        if helps(vary=without[name]):
            return f"vary {name}"
    if not {"max-age", "s-maxage"} & set(control):
        return "no time"
    return "vary" if names and helps(vary="") else "short"


def _wrong(found: Seen) -> tuple[Look, str]:
    """Return a look at what is another's, on a phone of one person where there is such a look."""
    alone = (each for each in found.wrong if each[0].phone not in found.story.several)
    return next(alone, found.wrong[0])


def _joined(control: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" if value else name for name, value in control.items())


def _without(control: Mapping[str, str], name: str) -> str:
    return _joined({other: value for other, value in control.items() if other != name})


def _advice(mark: str) -> str:
    cause = mark.rpartition("/")[2]
    if cause in _ADVICE:
        return _ADVICE[cause]
    small = cause.removeprefix("vary ")
    name = next(each for each in REQUEST_FIELDS if each.lower() == small)
    return (
        f"Vary names {name}, and a cache keeps a copy for each of its values: leave it out, or name "
        "a field with fewer values in its place."
    )


def _told(found: Seen) -> str:
    """Return what was seen of the first thing that does not hold, in one sentence."""
    story = found.story
    effect = found.broken[0]
    where = f"{story.resource}, {story.day}:"
    if effect == "wrong":
        look, other = _wrong(found)
        mine = {
            "own_rides": f"is shown the rides of {other}",
            "board": f"has to see the board of ({look.own}) and is shown that of ({other})",
        }.get(story.resource, f"reads {look.own} and is shown {other}")
        on = f" on {look.phone}" if look.phone in story.several else ""
        return f"{where} {_moment(look.seconds)} {look.who}{on} {mine}."
    if effect == "kept":
        return f"{where} answers of riders lie at the edge, up to {found.kept} at a time; none may."
    if effect == "old":
        assert found.oldest is not None
        return (
            f"{where} {_moment(found.oldest.seconds)} {found.oldest.who} sees what was replaced "
            f"{found.oldest_seconds:,} s before, {story.oldest_seconds} s is the most."
        )
    if effect == "origin":
        most = f"{story.origin_requests} is the most"
        if story.resource == "cars":
            most += f" in {CARS_MINUTES} minutes"
        return (
            f"{where} {found.origin_requests:,} requests for {found.origin_url} reach the back "
            f"end, {most}."
        )
    if effect == "hits":
        return (
            f"{where} the edge answers {found.hit_percent:.0f} of 100 looks, "
            f"{story.hit_percent} is the least."
        )
    if effect == "asked":
        return f"{where} phones ask {found.asked_again:,} times for a map that they have."
    return f"{where} {found.loaded_again:,} times a phone is sent a list that it has."


def _moment(seconds: int) -> str:
    """Return a moment of a story, such as `after 2 h 3 min`."""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if n]
    return "after " + (" ".join(parts) or "0 s")


def mutants(reference: str, entry: Mapping[str, Any]) -> Iterator[Mutant]:
    """Yield right header fields with one change each.

    A directive or a name of Vary is dropped, a number of seconds is halved, doubled or a hundredth,
    `public` and `private` change places, a known change becomes an hour, a block is left out.
    """
    value = yaml.safe_load(reference)
    yield from distinct(_all(value), _text(value))


def _all(value: dict[str, dict[str, str]]) -> Iterator[Mutant]:
    for resource, fields in value.items():
        rest = {name: each for name, each in value.items() if name != resource}
        yield Mutant(f"without {resource}", _text(rest))
        for name, text in fields.items():
            parts = [part.strip() for part in text.split(",")]
            for place, part in enumerate(parts):
                for change, other in _changed(name, part):
                    new = [*parts[:place], *([other] if other else []), *parts[place + 1 :]]
                    block = {**fields, name: ", ".join(new)}
                    yield Mutant(f"{resource}.{name}: {change}", _text({**value, resource: block}))


def _changed(field: str, part: str) -> Iterator[tuple[str, str]]:
    yield f"{part} dropped", ""
    if field == "Vary":
        for other in ("User-Agent", "Authorization", "*"):
            yield f"{part} -> {other}", other
        return
    name, _, seconds = part.partition("=")
    if seconds == TO_CHANGE:
        yield f"{part} -> {name}=3600", f"{name}=3600"
    elif seconds:
        for what, number in (
            ("halved", int(seconds) // 2),
            ("doubled", int(seconds) * 2),
            ("a hundredth", int(seconds) // 100),
        ):
            yield f"{name} {what}", f"{name}={number}"
    for one, other in (("public", "private"), ("private", "public"), ("no-cache", "no-store")):
        if part == one:
            yield f"{one} -> {other}", other


def _text(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(value), sort_keys=False) if value else "{}\n"
