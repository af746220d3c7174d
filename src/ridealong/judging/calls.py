"""Judge a list of requests by playing it on the company's back end, in two worlds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from ridealong.judging.kind import Entry
from ridealong.judging.mutants import Mutant, distinct
from ridealong.judging.yaml_text import read_yaml
from ridealong.systems import calls as lab
from ridealong.systems.calls import SCENARIOS, CallsError, Goal, Played, Scenario
from ridealong.text import did_you_mean
from ridealong.verdict import Property, Verdict

HIDDEN: Final = "For another rider, elsewhere, your requests do not do it. "
COPIED: Final = (
    "They hold `{copied}`, which is right for the first rider only: take what is given in braces, "
    "and keep what is made from the answers. "
)
MOST_STATUSES: Final = 12


def judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
    """Return the verdict on a list of requests.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise: `calls`, the name of its scenario.
        text: the requests as YAML.
    """
    scenario = SCENARIOS[entry["calls"]]
    found, played, missed = _tried(text, scenario)
    if not found:
        count = len(played.calls) if played else 0
        return Verdict(
            exercise_id,
            True,
            f"{exercise_id} holds in both worlds: {count} requests, answered {_answered(played)}",
        )
    goals = scenario.all_goals()
    properties = tuple(
        Property(goal.title, goal not in missed, _seen(goal, missed)) for goal in goals if played
    )
    share = 0.0 if played is None else _share(goals, missed)
    for mistake in entry.get("mistakes", ()):
        if mistake["results"] == found:
            told, name = mistake["message"], mistake["name"]
            return Verdict(exercise_id, False, told, properties, name, share)
    message = str(found.get("trouble", "")) or _message(missed[0], played)
    hidden = _elsewhere(text, scenario) if found["world"] == "hidden" else ""
    return Verdict(exercise_id, False, hidden + message, properties, None, share)


def _elsewhere(text: str, scenario: Scenario) -> str:
    """Return what is said before a failure in the hidden world: what was copied, if it was."""
    requests = lab.read(read_yaml(text), scenario)
    copied = lab.copied(requests, lab.play(requests, scenario, scenario.worlds[0]))
    return HIDDEN + (COPIED.replace("{copied}", copied) if copied else "") + "There: "


def marks(text: str, entry: Entry) -> dict[str, Any]:
    """Return what became of wrong requests in the first world that they fail in."""
    return _tried(text, SCENARIOS[entry["calls"]])[0]


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the keys of an exercise of calls."""
    name = entry.get("calls")
    if name is not None and name not in SCENARIOS:
        yield f"'calls': no scenario is called {name!r}{did_you_mean(name, SCENARIOS)}"


def _tried(text: str, scenario: Scenario) -> tuple[dict[str, Any], Played | None, Sequence[Goal]]:
    played, shapes = None, list[str]()
    for name, world in zip(("public", "hidden"), scenario.worlds, strict=True):
        try:
            requests = lab.read(read_yaml(text), scenario)
            shapes = [lab.shape(request) for request in requests]
            played, missed = lab.judged(requests, scenario, world)
        except ValueError as error:
            kind = "trouble" if isinstance(error, CallsError) else "error"
            told = {"world": name, "trouble": _sentence(str(error)), "kind": kind}
            return {**told, "requests": shapes}, None, ()
        if missed:
            statuses = [call.status for call in played.calls]
            goals = [goal.name for goal in missed]
            found = {"world": name, "goals": goals, "statuses": statuses, "requests": shapes}
            return found, played, missed
    return {}, played, ()


def _share(goals: Sequence[Goal], missed: Sequence[Goal]) -> float:
    """Return how far the goals hold before the first that does not: a budget is kept by nothing."""
    return goals.index(missed[0]) / len(goals)


def _seen(goal: Goal, missed: Sequence[Goal]) -> str:
    return "does not hold" if goal in missed else "holds"


def _message(goal: Goal, played: Played | None) -> str:
    assert played is not None
    says = goal.says.replace("{bytes}", f"{played.bytes:,}")
    errors = [call for call in played.calls if call.status >= lab.FIRST_ERROR]
    refused = min(errors, key=lambda call: call.is_lost, default=None)  # else one that got lost
    first = f" {_sentence(f'request {refused.number}: {lab.told(refused)}')}" if refused else ""
    return f"{says} Your requests were answered {_answered(played)}.{first}"


def _answered(played: Played | None) -> str:
    calls = played.calls if played else ()
    told = ["lost" if call.is_lost else str(call.status) for call in calls[:MOST_STATUSES]]
    return ", ".join(told) + (" and so on" if len(calls) > MOST_STATUSES else "")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", ")", "?")) else ".")


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield right requests with one change each: one gone, twice, moved, or with another part.

    Args:
        reference: the requests as YAML.
        entry: of the exercise: `calls`, the name of its scenario.
    """
    requests = yaml.safe_load(reference)
    yield from distinct(_all(requests, SCENARIOS[entry["calls"]]), _text(requests))


def _all(requests: list[dict[str, Any]], scenario: Scenario) -> Iterator[Mutant]:
    world = scenario.worlds[0]
    for place, request in enumerate(requests):
        name = f"request {place + 1}"
        before, behind = requests[:place], requests[place + 1 :]

        def changed(other: Mapping[str, Any], before: Any = before, behind: Any = behind) -> str:
            return _text([*before, other, *behind])

        yield Mutant(f"without {name}", _text([*before, *behind]))
        yield Mutant(f"{name} twice", _text([*before, request, dict(request), *behind]))
        if behind:
            yield Mutant(
                f"{name} after the next", _text([*before, behind[0], request, *behind[1:]])
            )
        for caller in (*world.callers, lab.STRANGER):
            if caller != request["as"]:
                yield Mutant(f"{name} as {caller}", changed({**request, "as": caller}))
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if method != request["method"]:
                yield Mutant(f"{name} by {method}", changed({**request, "method": method}))
        yield Mutant(
            f"{name} to a longer path", changed({**request, "path": request["path"] + "/x"})
        )
        for key in ("headers", "query", "body", "keep"):
            part = request.get(key)
            if not isinstance(part, Mapping):
                continue
            for field, value in part.items():
                without = {each: part[each] for each in part if each != field}
                yield Mutant(f"{name} without {field}", changed({**request, key: without}))
                if key != "keep":
                    for other in _others(value, world.values):
                        new = {**request, key: {**part, field: other}}
                        yield Mutant(f"{name}, {field}: {value} -> {other}", changed(new))
        for given, number in world.values.items():
            text = _text([request])
            if f"{{{given}}}" in text:
                copied = yaml.safe_load(text.replace(f"{{{given}}}", str(number)))[0]
                yield Mutant(f"{name} with {number} for {given}", changed(copied))


def _others(value: Any, given: Mapping[str, Any]) -> Iterator[Any]:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return
    if isinstance(value, int):
        yield from (value - 1, value + 1)
        return
    yield f"{value}x"
    if value.strip("{}") in given:
        yield from (f"{{{name}}}" for name in given if f"{{{name}}}" != value)


def _text(requests: Sequence[Mapping[str, Any]]) -> str:
    return yaml.safe_dump(list(requests), sort_keys=False) if requests else "[]\n"
